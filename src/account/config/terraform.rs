//! `terraform show -json`, of a state or of a plan: resources of the root module and of those below it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::description::time;
use super::facts::{
    CallerFact, ConfigFacts, DocumentForm, FactSource, FunctionFact, FunctionRef, InvokeSettings, KnownName,
    MappingFact, QueueFact, ResourceKey, SourceArn, has_batches, invoker_of_principal, invoker_of_service, retries,
    word,
};
use super::get_queue_attributes::RedrivePolicy;
use super::list_event_source_mappings::{REPORT_ITEMS, UNTIL_EXPIRY, seconds};
use super::loose::{JsonObject, List, Tolerant, Value, WordList};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct Terraform {
    state: Tolerant<JsonObject<Values>>,
    planned: Tolerant<JsonObject<Values>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Values {
    root_module: Tolerant<JsonObject<Module>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Module {
    resources: Tolerant<List<Tolerant<JsonObject<StateResource>>>>,
    child_modules: Tolerant<List<Tolerant<JsonObject<Module>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StateResource {
    mode: Value,
    #[serde(rename = "type")]
    kind: Value,
    values: Tolerant<JsonObject<ResourceValues>>,
}

/// Blocks of a resource, each with its attributes.
type AttributeBlocks = Tolerant<List<Tolerant<JsonObject<BTreeMap<String, Value>>>>>;

/// The attributes that are used, of any kind of resource. No two kinds mean different things by one of these names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResourceValues {
    arn: Value,
    name: Value,
    // A function.
    function_name: Value,
    timeout: Value,
    memory_size: Value,
    runtime: Value,
    architectures: Tolerant<List<Value>>,
    package_type: Value,
    last_modified: Value,
    reserved_concurrent_executions: Value,
    dead_letter_config: AttributeBlocks,
    snap_start: Tolerant<JsonObject<SnapStartBlock>>,
    logging_config: Tolerant<JsonObject<LoggingBlock>>,
    // Its invoke config and its mappings.
    function_arn: Value,
    maximum_retry_attempts: Value,
    maximum_record_age_in_seconds: Value,
    batch_size: Value,
    destination_config: Tolerant<List<Tolerant<JsonObject<DestinationBlock>>>>,
    event_source_arn: Value,
    self_managed_event_source: AttributeBlocks,
    enabled: Value,
    maximum_batching_window_in_seconds: Value,
    bisect_batch_on_function_error: Value,
    function_response_types: WordList,
    // Permissions and queues.
    principal: Value,
    visibility_timeout_seconds: Value,
    redrive_policy: Value,
    // A policy of its own.
    queue_url: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SnapStartBlock {
    apply_on: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoggingBlock {
    system_log_level: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DestinationBlock {
    on_failure: AttributeBlocks,
}

/// Deepest modules that are read.
const DEEPEST: usize = 64;

impl Section for Terraform {
    const NAME: &'static str = "terraform show -json";

    takes! {
        "values" => state,
        "planned_values" => planned,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let mut root = None;
        for values in [self.planned, self.state] {
            root = root.or(values.0.and_then(|values| values.0.root_module.0));
        }
        let Some(JsonObject(root)) = root else { return Ok(false) };
        let source = FactSource { form: DocumentForm::Terraform, input: input.to_owned() };
        Ok(add_module(&root, &source, facts, 0))
    }
}

/// Adds the resources of a module and of those below. Returns whether there is any.
fn add_module(module: &Module, source: &FactSource, facts: &mut ConfigFacts, depth: usize) -> bool {
    let resources = module.resources.0.iter().flat_map(|list| &list.0).filter_map(|one| Some(&one.0.as_ref()?.0));
    let mut any = false;
    for resource in resources {
        let (Some(kind), Some(JsonObject(values))) = (resource.kind.text(), &resource.values.0) else { continue };
        any = true;
        if resource.mode.text() != Some("data") {
            values.add(kind, source, facts);
        }
    }
    let children = module.child_modules.0.iter().flat_map(|list| &list.0).filter_map(|one| Some(&one.0.as_ref()?.0));
    if depth < DEEPEST {
        children.for_each(|child| any |= add_module(child, source, facts, depth + 1));
    }
    any
}

impl ResourceValues {
    /// Adds what a resource tells; `None` if it is of no use.
    fn add(&self, kind: &str, source: &FactSource, facts: &mut ConfigFacts) -> Option<()> {
        match kind {
            "aws_lambda_function" => facts.functions.push(self.function(source)?),
            "aws_lambda_function_event_invoke_config" => facts.add_invoke_config(
                self.function_ref(),
                source.clone(),
                InvokeSettings {
                    maximum_retries: retries(&self.maximum_retry_attempts),
                    has_destination: self.has_destination(),
                },
            ),
            "aws_lambda_event_source_mapping" => facts.mappings.push(self.mapping(source)?),
            "aws_lambda_function_url" => {
                facts.callers.push(self.caller("apigateway", "a function URL".to_owned(), source)?);
            }
            "aws_lambda_permission" => {
                let (kind, principal) = self.principal.text().and_then(invoker_of_principal)?;
                facts.callers.push(self.caller(kind, format!("{principal} may invoke it"), source)?);
            }
            "aws_sqs_queue" => facts.queues.push(self.queue(source)?),
            "aws_sqs_queue_redrive_policy" => self.redrive(source, facts)?,
            _ => return None,
        }
        Some(())
    }

    /// Returns the function that a resource names or is.
    fn function_ref(&self) -> Option<FunctionRef> {
        let named = |value: &Value| value.text().and_then(FunctionRef::parse).map(|(function, _)| function);
        named(&self.function_arn).or_else(|| named(&self.function_name))
    }

    fn function(&self, source: &FactSource) -> Option<FunctionFact> {
        let by_arn = self.arn.text().and_then(FunctionRef::parse).map(|(function, _)| function);
        let by_name = || self.function_name.text().and_then(KnownName::of).map(FunctionRef::named);
        let snap_start = self.snap_start.0.as_ref().map(|one| one.0.apply_on.text().is_some_and(|on| on != "None"));
        Some(FunctionFact {
            function: by_arn.or_else(by_name)?,
            source: source.clone(),
            // The attribute `version` is that of the last one published; what is described is `$LATEST`.
            version: None,
            // A plan has the defaults, and leaves out only what is known after it is applied.
            timeout_s: self.timeout.count(),
            memory_size_mb: self.memory_size.count(),
            runtime: word(&self.runtime),
            architecture: match &self.architectures.0 {
                Some(list) => list.0.first().and_then(word),
                None => None,
            },
            is_image: word(&self.package_type).map(|kind| kind == "Image"),
            last_modified: self.last_modified.text().and_then(time),
            has_dead_letter_queue: self.dead_letter_config.0.as_ref().map(|list| !list.0.is_empty()),
            has_snap_start: Some(snap_start.unwrap_or(false)),
            system_log_level: self.logging_config.0.as_ref().and_then(|one| word(&one.0.system_log_level)),
            // -1 stands for none.
            reserved_concurrency: self.reserved_concurrent_executions.count(),
        })
    }

    /// Returns whether failed events go somewhere. A plan leaves out what is known only after it is applied.
    fn has_destination(&self) -> Option<bool> {
        let blocks = self.destination_config.0.as_ref()?;
        let Some(block) = blocks.0.first() else { return Some(false) };
        let on_failure = block.0.as_ref()?.0.on_failure.0.as_ref()?;
        Some(!on_failure.0.is_empty())
    }

    fn mapping(&self, source: &FactSource) -> Option<MappingFact> {
        let arn = self.event_source_arn.text().and_then(SourceArn::parse);
        let own_kafka = self.self_managed_event_source.0.as_ref().filter(|list| !list.0.is_empty()).map(|_| "kafka");
        Some(MappingFact {
            function: self.function_ref()?,
            source: source.clone(),
            kind: arn.as_ref().and_then(|arn| invoker_of_service(arn.service)).or(own_kafka),
            event_source: arn.and_then(|arn| arn.key()),
            enabled: self.enabled.flag().or(true),
            batching_window_s: seconds(&self.maximum_batching_window_in_seconds),
            maximum_retries: self.maximum_retry_attempts.number().or(UNTIL_EXPIRY),
            maximum_record_age_s: self.maximum_record_age_in_seconds.number().or(UNTIL_EXPIRY),
            has_batches: has_batches(&self.batch_size),
            bisects: self.bisect_batch_on_function_error.flag().or(false),
            has_destination: self.has_destination(),
            reports_item_failures: self.function_response_types.holds(REPORT_ITEMS),
        })
    }

    fn caller(&self, kind: &'static str, evidence: String, source: &FactSource) -> Option<CallerFact> {
        Some(CallerFact { function: self.function_ref()?, source: source.clone(), kind, evidence })
    }

    fn queue(&self, source: &FactSource) -> Option<QueueFact> {
        let by_arn = self.arn.text().and_then(SourceArn::parse).and_then(|arn| arn.key());
        let by_name = || Some(ResourceKey { name: word(&self.name)?, template: None, account_id: None, region: None });
        Some(QueueFact {
            keys: vec![by_arn.or_else(by_name)?],
            source: source.clone(),
            visibility_timeout_s: self.visibility_timeout_seconds.count(),
            maximum_receives: RedrivePolicy::in_text(&self.redrive_policy),
        })
    }

    /// Gives a queue the policy that stands apart from it. The queue stands before it, as resources are in order of type.
    fn redrive(&self, source: &FactSource, facts: &mut ConfigFacts) -> Option<()> {
        let name = self.queue_url.text()?.rsplit('/').next()?;
        let receives = RedrivePolicy::in_text(&self.redrive_policy)?;
        let is_it = |queue: &&mut QueueFact| queue.source == *source && queue.keys.iter().any(|key| key.name == name);
        let mut fitting = facts.queues.iter_mut().filter(is_it);
        let (Some(queue), None) = (fitting.next(), fitting.next()) else { return None };
        queue.maximum_receives = Some(receives);
        Some(())
    }
}
