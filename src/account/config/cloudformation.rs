//! Templates of CloudFormation in JSON: as the CDK, Serverless and SAM write them after their transforms, and SAM's own
//! functions with what is common to all of a template.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::description::{LoggingConfig, SnapStart};
use super::facts::{
    CallerFact, ConfigFacts, DocumentForm, FactSource, FunctionFact, FunctionRef, InvokeSettings, KnownName,
    MappingFact, QueueFact, ResourceKey, SourceArn, event_type, has_batches, invoker_of_principal, invoker_of_service,
    is_name, retries, word,
};
use super::get_queue_attributes::RedrivePolicy;
use super::list_event_source_mappings::{REPORT_ITEMS, UNTIL_EXPIRY, seconds};
use super::loose::{JsonObject, List, Tolerant, Value, WordList};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct CloudFormation {
    resources: Tolerant<JsonObject<BTreeMap<String, Tolerant<JsonObject<TemplateResource>>>>>,
    globals: Tolerant<JsonObject<Globals>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Globals {
    function: Tolerant<JsonObject<Properties>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TemplateResource {
    #[serde(rename = "Type")]
    kind: Value,
    properties: Tolerant<JsonObject<Properties>>,
}

/// The properties that are used, of any kind of resource. No two kinds mean different things by one of these names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    // A function.
    function_name: Value,
    timeout: Value,
    memory_size: Value,
    runtime: Value,
    architectures: Tolerant<List<Value>>,
    package_type: Value,
    reserved_concurrent_executions: Value,
    dead_letter_config: Tolerant<JsonObject<DeadLetterTarget>>,
    dead_letter_queue: Tolerant<JsonObject<DeadLetterTarget>>,
    snap_start: Tolerant<JsonObject<SnapStart>>,
    logging_config: Tolerant<JsonObject<LoggingConfig>>,
    event_invoke_config: Tolerant<JsonObject<EventInvokeConfig>>,
    events: Tolerant<JsonObject<BTreeMap<String, Tolerant<JsonObject<SamEvent>>>>>,
    function_url_config: Tolerant<JsonObject<BTreeMap<String, Value>>>,
    // Its invoke config and its mappings.
    maximum_retry_attempts: Value,
    maximum_record_age_in_seconds: Value,
    batch_size: Value,
    destination_config: Tolerant<JsonObject<TemplateDestinations>>,
    event_source_arn: Value,
    self_managed_event_source: Tolerant<JsonObject<BTreeMap<String, Value>>>,
    enabled: Value,
    maximum_batching_window_in_seconds: Value,
    bisect_batch_on_function_error: Value,
    function_response_types: WordList,
    // Of events of a template.
    queue: Value,
    stream: Value,
    // Permissions, URLs and queues.
    principal: Value,
    target_function_arn: Value,
    queue_name: Value,
    visibility_timeout: Value,
    redrive_policy: Tolerant<JsonObject<RedrivePolicy>>,
}

/// What invokes a function of SAM.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct SamEvent {
    #[serde(rename = "Type")]
    kind: Value,
    properties: Tolerant<JsonObject<Properties>>,
}

/// Function of a template that stands in the place of an object, so that only a deployment knows its members.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Intrinsic {
    #[serde(
        rename = "Fn::If",
        alias = "Fn::FindInMap",
        alias = "Fn::GetAtt",
        alias = "Fn::ImportValue",
        alias = "Fn::Select",
        alias = "Fn::Transform",
        alias = "Ref"
    )]
    function: Value,
}

impl Intrinsic {
    fn is_set(&self) -> bool {
        self.function.is_set()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DeadLetterTarget {
    target_arn: Value,
    #[serde(flatten)]
    instead: Intrinsic,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EventInvokeConfig {
    maximum_retry_attempts: Value,
    destination_config: Tolerant<JsonObject<TemplateDestinations>>,
    #[serde(flatten)]
    instead: Intrinsic,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TemplateDestinations {
    on_failure: Tolerant<JsonObject<TemplateOnFailure>>,
    #[serde(flatten)]
    instead: Intrinsic,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TemplateOnFailure {
    destination: Value,
    #[serde(flatten)]
    instead: Intrinsic,
    /// SAM makes a queue or topic of this type where no destination is named.
    #[serde(rename = "Type")]
    kind: Value,
}

impl Section for CloudFormation {
    const NAME: &'static str = "a CloudFormation template in JSON";

    takes! {
        "Resources" => resources,
        "Globals" => globals,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(JsonObject(resources)) = self.resources.0 else { return Ok(false) };
        let globals = self.globals.0.and_then(|globals| globals.0.function.0).unwrap_or_default().0;
        // A loop or a macro may make any resource.
        let is_open = resources.keys().any(|key| key.starts_with("Fn::"));
        let resources: BTreeMap<String, Placed> = resources
            .into_iter()
            .filter_map(|(id, resource)| {
                let TemplateResource { kind, properties } = resource.0?.0;
                let properties = properties.0.unwrap_or_default().0;
                let kind = kind.text()?.to_owned();
                (is_name(&id) && kind.starts_with("AWS::")).then_some((id, Placed { kind, properties }))
            })
            .collect();
        // Other documents have a key of this name, too.
        let is_template = !resources.is_empty();
        let template = Template { resources, globals, input };
        template.add(facts);
        if is_template && is_open {
            facts.add_invoke_config(None, template.source(), InvokeSettings::default());
        }
        Ok(is_template)
    }
}

/// Resource with its type.
struct Placed {
    kind: String,
    properties: Properties,
}

struct Template<'a> {
    resources: BTreeMap<String, Placed>,
    /// What all functions of SAM have.
    globals: Properties,
    input: &'a str,
}

impl Template<'_> {
    fn add(&self, facts: &mut ConfigFacts) {
        for (id, Placed { kind, properties: own }) in &self.resources {
            match kind.as_str() {
                "AWS::Lambda::Function" => facts.functions.push(self.function(id, own, &Properties::default())),
                "AWS::Serverless::Function" => {
                    facts.functions.push(self.function(id, own, &self.globals));
                    self.events_of(id, own, facts);
                }
                "AWS::Lambda::EventInvokeConfig" => {
                    let settings = invoke_settings(&own.maximum_retry_attempts, &own.destination_config);
                    facts.add_invoke_config(self.function_ref(&own.function_name), self.source(), settings);
                }
                "AWS::Lambda::EventSourceMapping" => {
                    let function = self.function_ref(&own.function_name);
                    facts.mappings.extend(function.map(|function| self.mapping(function, own, &own.event_source_arn)));
                }
                "AWS::Lambda::Url" => {
                    facts.callers.extend(self.caller(&own.target_function_arn, "apigateway", "a function URL"));
                }
                "AWS::Lambda::Permission" => {
                    let known = own.principal.text().and_then(invoker_of_principal);
                    let caller = known.and_then(|(kind, principal)| {
                        self.caller(&own.function_name, kind, &format!("{principal} may invoke it"))
                    });
                    facts.callers.extend(caller);
                }
                "AWS::SQS::Queue" => facts.queues.push(self.queue(id, own)),
                _ => {}
            }
        }
    }

    fn source(&self) -> FactSource {
        FactSource { form: DocumentForm::Template, input: self.input.to_owned() }
    }

    /// Returns the name of a function of this template.
    fn name(&self, id: &str, own: &Properties) -> KnownName {
        let given = own.function_name.text().and_then(KnownName::of);
        given.unwrap_or_else(|| KnownName::Generated { logical_id: id.to_owned() })
    }

    fn function(&self, id: &str, own: &Properties, all: &Properties) -> FunctionFact {
        let either = |of: fn(&Properties) -> &Value| {
            let own = of(own);
            if own.is_set() { own.clone() } else { of(all).clone() }
        };
        let architectures = own.architectures.0.as_ref().or(all.architectures.0.as_ref());
        // SAM calls it by another name.
        let targets = [&own.dead_letter_config, &own.dead_letter_queue, &all.dead_letter_queue];
        let targets: Vec<&DeadLetterTarget> = targets.into_iter().filter_map(|one| Some(&one.0.as_ref()?.0)).collect();
        let is_unresolved = targets.iter().any(|target| target.instead.is_set());
        let has_target = targets.iter().any(|target| target.target_arn.is_set());
        let snap_start = own.snap_start.0.as_ref().or(all.snap_start.0.as_ref());
        let logging = own.logging_config.0.as_ref().or(all.logging_config.0.as_ref());
        FunctionFact {
            function: FunctionRef::named(self.name(id, own)),
            source: self.source(),
            version: None,
            // What Lambda takes where nothing is set.
            timeout_s: either(|one| &one.timeout).number().or(3).and_then(|seconds| u64::try_from(seconds).ok()),
            memory_size_mb: either(|one| &one.memory_size).number().or(128).and_then(|mb| u32::try_from(mb).ok()),
            runtime: word(&either(|one| &one.runtime)),
            architecture: match architectures {
                Some(list) => list.0.first().and_then(word),
                None => Some("x86_64".to_owned()),
            },
            is_image: Some(word(&either(|one| &one.package_type)).is_some_and(|kind| kind == "Image")),
            last_modified: None,
            has_dead_letter_queue: (!is_unresolved || has_target).then_some(has_target),
            has_snap_start: match snap_start {
                Some(one) => word(&one.0.apply_on).map(|word| word != "None"),
                None => Some(false),
            },
            system_log_level: logging.and_then(|one| word(&one.0.system_log_level)),
            reserved_concurrency: either(|one| &one.reserved_concurrent_executions).count(),
        }
    }

    /// Adds what the events of a SAM function and its own settings stand for.
    fn events_of(&self, id: &str, own: &Properties, facts: &mut ConfigFacts) {
        let function = FunctionRef::named(self.name(id, own));
        let caller =
            |kind, evidence: String| CallerFact { function: function.clone(), source: self.source(), kind, evidence };
        let config = own.event_invoke_config.0.as_ref().or(self.globals.event_invoke_config.0.as_ref());
        if let Some(JsonObject(config)) = config {
            let settings = match config.instead.is_set() {
                true => InvokeSettings::default(),
                false => invoke_settings(&config.maximum_retry_attempts, &config.destination_config),
            };
            facts.add_invoke_config(Some(function.clone()), self.source(), settings);
        }
        if own.function_url_config.0.is_some() {
            facts.callers.push(caller("apigateway", "a function URL".to_owned()));
        }
        for (name, event) in own.events.0.iter().flat_map(|events| &events.0) {
            let Some(JsonObject(event)) = &event.0 else { continue };
            let Some(kind) = event.kind.text().and_then(event_type) else { continue };
            if kind.is_mapping {
                let none = Properties::default();
                let properties = event.properties.0.as_ref().map_or(&none, |properties| &properties.0);
                let arn = [&properties.queue, &properties.stream].into_iter().find(|value| value.is_set());
                let mapping = self.mapping(function.clone(), properties, arn.unwrap_or(&Value::Absent));
                facts.mappings.push(MappingFact { kind: Some(kind.invoker), ..mapping });
            } else if is_name(name) {
                facts.callers.push(caller(kind.invoker, format!("the event {name} of type {}", kind.name)));
            }
        }
    }

    fn caller(&self, function: &Value, kind: &'static str, evidence: &str) -> Option<CallerFact> {
        let function = self.function_ref(function)?;
        Some(CallerFact { function, source: self.source(), kind, evidence: evidence.to_owned() })
    }

    fn mapping(&self, function: FunctionRef, own: &Properties, event_source: &Value) -> MappingFact {
        let (kind, key) = self.event_source(event_source);
        let own_kafka = own.self_managed_event_source.0.as_ref().map(|_| "kafka");
        MappingFact {
            function,
            source: self.source(),
            kind: kind.or(own_kafka),
            event_source: key,
            enabled: own.enabled.flag().or(true),
            batching_window_s: seconds(&own.maximum_batching_window_in_seconds),
            maximum_retries: own.maximum_retry_attempts.number().or(UNTIL_EXPIRY),
            maximum_record_age_s: own.maximum_record_age_in_seconds.number().or(UNTIL_EXPIRY),
            has_batches: has_batches(&own.batch_size),
            bisects: own.bisect_batch_on_function_error.flag().or(false),
            has_destination: has_destination(&own.destination_config),
            reports_item_failures: own.function_response_types.holds(REPORT_ITEMS),
        }
    }

    /// Returns the invoker that reads a source of events, and its key.
    fn event_source(&self, value: &Value) -> (Option<&'static str>, Option<ResourceKey>) {
        let Some(text) = value.text() else { return (None, None) };
        if let Some((id, resource)) = self.resource(text) {
            let service = resource.kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase();
            let service = if service == "msk" { "kafka".to_owned() } else { service };
            return (invoker_of_service(&service), Some(self.key(id)));
        }
        let Some(arn) = SourceArn::parse(text) else { return (None, None) };
        (invoker_of_service(arn.service), arn.key())
    }

    fn key(&self, id: &str) -> ResourceKey {
        ResourceKey { name: id.to_owned(), template: Some(self.input.to_owned()), account_id: None, region: None }
    }

    fn queue(&self, id: &str, own: &Properties) -> QueueFact {
        let named = word(&own.queue_name);
        let named = named.map(|name| ResourceKey { name, template: None, account_id: None, region: None });
        QueueFact {
            keys: named.into_iter().chain([self.key(id)]).collect(),
            source: self.source(),
            visibility_timeout_s: own
                .visibility_timeout
                .number()
                .or(30)
                .and_then(|seconds| u64::try_from(seconds).ok()),
            maximum_receives: own.redrive_policy.0.as_ref().and_then(|policy| policy.0.maximum_receives()),
        }
    }

    /// Returns the resource that a text refers to.
    fn resource(&self, text: &str) -> Option<(&str, &Placed)> {
        let id = text.strip_prefix("${")?.strip_suffix('}')?;
        self.resources.get_key_value(id).map(|(id, resource)| (id.as_str(), resource))
    }

    /// Returns the function that a value refers to, by its name, its ARN, a version or an alias of it.
    fn function_ref(&self, value: &Value) -> Option<FunctionRef> {
        let mut text = value.text()?;
        let mut seen = BTreeSet::new();
        'next: loop {
            for (at, _) in text.match_indices("${") {
                let end = at + text.get(at..)?.find('}')? + 1;
                let Some((id, resource)) = text.get(at..end).and_then(|referred| self.resource(referred)) else {
                    continue;
                };
                match resource.kind.as_str() {
                    "AWS::Lambda::Function" | "AWS::Serverless::Function" => {
                        return Some(FunctionRef::named(self.name(id, &resource.properties)));
                    }
                    "AWS::Lambda::Alias" | "AWS::Lambda::Version" if seen.insert(id) => {
                        text = resource.properties.function_name.text()?;
                        continue 'next;
                    }
                    _ => {}
                }
            }
            return FunctionRef::parse(text).map(|(function, _)| function);
        }
    }
}

fn invoke_settings(attempts: &Value, destinations: &Tolerant<JsonObject<TemplateDestinations>>) -> InvokeSettings {
    InvokeSettings { maximum_retries: retries(attempts), has_destination: has_destination(destinations) }
}

/// Returns whether failed events go somewhere; `None` where only a deployment knows.
fn has_destination(config: &Tolerant<JsonObject<TemplateDestinations>>) -> Option<bool> {
    let Some(JsonObject(config)) = &config.0 else { return Some(false) };
    let on_failure = config.on_failure.0.as_ref();
    let is_set = on_failure.is_some_and(|one| one.0.destination.is_set() || one.0.kind.is_set());
    let is_unresolved = config.instead.is_set() || on_failure.is_some_and(|one| one.0.instead.is_set());
    (is_set || !is_unresolved).then_some(is_set)
}
