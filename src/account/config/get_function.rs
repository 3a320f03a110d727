//! `aws lambda get-function`: one version of a function, and the concurrency that is reserved for it.

use serde::Deserialize;
use serde::de::MapAccess;

use super::description::Description;
use super::facts::ConfigFacts;
use super::loose::{JsonObject, Tolerant, Value};
use super::section::Section;

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

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "Configuration" => self.configuration = map.next_value()?,
            "Concurrency" => self.concurrency = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(mut fact) = self.configuration.0.and_then(|one| one.0.fact(input)) else { return Ok(false) };
        fact.reserved_concurrency = self.concurrency.0.and_then(|one| one.0.reserved_concurrent_executions.count());
        facts.functions.push(fact);
        Ok(true)
    }
}
