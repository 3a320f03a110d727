//! `aws lambda list-event-source-mappings`: the queues, streams and topics that functions read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::facts::{
    ConfigFacts, DocumentForm, FactSource, FunctionRef, MappingFact, SourceArn, has_batches, invoker_of_service,
};
use super::loose::{JsonObject, List, Setting, Tolerant, Value, WordList};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct ListEventSourceMappings {
    mappings: Option<Tolerant<List<Tolerant<JsonObject<ListedMapping>>>>>,
    token: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedMapping {
    function_arn: Value,
    event_source_arn: Value,
    self_managed_event_source: Option<IgnoredAny>,
    state: Value,
    maximum_batching_window_in_seconds: Value,
    maximum_retry_attempts: Value,
    maximum_record_age_in_seconds: Value,
    batch_size: Value,
    bisect_batch_on_function_error: Value,
    destination_config: Tolerant<JsonObject<DestinationConfig>>,
    function_response_types: WordList,
}

/// Where failed events go.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DestinationConfig {
    on_failure: Tolerant<JsonObject<OnFailure>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OnFailure {
    destination: Value,
}

impl DestinationConfig {
    /// Returns whether there is a destination on failure.
    pub(super) fn is_set(config: &Tolerant<JsonObject<Self>>) -> bool {
        let on_failure = config.0.as_ref().and_then(|config| config.0.on_failure.0.as_ref());
        on_failure.is_some_and(|one| one.0.destination.is_set())
    }
}

/// The response type by which a function names the items of a batch that failed.
pub(super) const REPORT_ITEMS: &str = "ReportBatchItemFailures";
/// How long a stream is repeated if nothing bounds it: as long as its records live.
pub(super) const UNTIL_EXPIRY: i64 = -1;

impl Section for ListEventSourceMappings {
    const NAME: &'static str = "aws lambda list-event-source-mappings";

    takes! {
        "EventSourceMappings" => mappings,
        "NextToken" => token,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(Tolerant(Some(List(mappings)))) = self.mappings else { return Ok(false) };
        facts.mappings.extend(mappings.into_iter().filter_map(|one| one.0?.0.fact(input)));
        if self.token.is_set() {
            facts.notes.push(format!("{input}: is not the whole list of mappings: leave out --max-items"));
        }
        Ok(true)
    }
}

impl ListedMapping {
    fn fact(&self, input: &str) -> Option<MappingFact> {
        let (function, _) = FunctionRef::parse(self.function_arn.text()?)?;
        let arn = self.event_source_arn.text().and_then(SourceArn::parse);
        let own_kafka = self.self_managed_event_source.map(|_| "kafka");
        Some(MappingFact {
            function,
            source: FactSource { form: DocumentForm::Answer, input: input.to_owned() },
            kind: arn.as_ref().and_then(|arn| invoker_of_service(arn.service)).or(own_kafka),
            event_source: arn.and_then(|arn| arn.key()),
            enabled: self.state.text().map(|state| !matches!(state, "Disabled" | "Disabling")),
            batching_window_s: seconds(&self.maximum_batching_window_in_seconds),
            maximum_retries: self.maximum_retry_attempts.number().or(UNTIL_EXPIRY),
            maximum_record_age_s: self.maximum_record_age_in_seconds.number().or(UNTIL_EXPIRY),
            has_batches: has_batches(&self.batch_size),
            bisects: self.bisect_batch_on_function_error.flag().or(false),
            has_destination: Some(DestinationConfig::is_set(&self.destination_config)),
            reports_item_failures: self.function_response_types.holds(REPORT_ITEMS),
        })
    }
}

/// Returns a span of time, which is none where it is not set.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    match value.number() {
        Setting::Unset => Some(0),
        Setting::Is(seconds) => u64::try_from(seconds).ok(),
        Setting::Unknown => None,
    }
}
