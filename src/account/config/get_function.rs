//! `aws lambda get-function`: one version of a function, and the concurrency that is reserved for it.

use serde::Deserialize;

use super::description::Description;
use super::facts::ConfigFacts;
use super::loose::{JsonObject, Tolerant, Value};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct GetFunction {
    configuration: Tolerant<JsonObject<Description>>,
    concurrency: Tolerant<JsonObject<Concurrency>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Concurrency {
    reserved_concurrent_executions: Value,
}

impl Section for GetFunction {
    const NAME: &'static str = "aws lambda get-function";

    takes! {
        "Configuration" => configuration,
        "Concurrency" => concurrency,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(mut fact) = self.configuration.0.and_then(|one| one.0.fact(input)) else { return Ok(false) };
        fact.reserved_concurrency = self.concurrency.0.and_then(|one| one.0.reserved_concurrent_executions.count());
        facts.functions.push(fact);
        Ok(true)
    }
}
