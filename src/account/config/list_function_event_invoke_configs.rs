//! `aws lambda list-function-event-invoke-configs`: retries and destinations of asynchronous invocations.

use serde::Deserialize;

use super::facts::{ConfigFacts, DocumentForm, FactSource, FunctionRef, InvokeFact, InvokeSettings, retries};
use super::list_event_source_mappings::DestinationConfig;
use super::loose::{JsonObject, List, Tolerant, Value};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct ListFunctionEventInvokeConfigs {
    configs: Option<Tolerant<List<Tolerant<JsonObject<InvokeConfig>>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct InvokeConfig {
    function_arn: Value,
    maximum_retry_attempts: Value,
    destination_config: Tolerant<JsonObject<DestinationConfig>>,
}

impl Section for ListFunctionEventInvokeConfigs {
    const NAME: &'static str = "aws lambda list-function-event-invoke-configs";

    takes! {
        "FunctionEventInvokeConfigs" => configs,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(Tolerant(Some(List(configs)))) = self.configs else { return Ok(false) };
        if configs.is_empty() {
            facts.notes.push(format!("{input}: an empty list does not tell which function has no invoke config"));
        }
        for config in configs.into_iter().filter_map(|one| Some(one.0?.0)) {
            let Some((function, _)) = config.function_arn.text().and_then(FunctionRef::parse) else { continue };
            facts.invoke_configs.push(InvokeFact {
                function,
                source: FactSource { form: DocumentForm::Answer, input: input.to_owned() },
                settings: InvokeSettings {
                    maximum_retries: retries(&config.maximum_retry_attempts),
                    has_destination: Some(DestinationConfig::is_set(&config.destination_config)),
                },
            });
        }
        Ok(true)
    }
}
