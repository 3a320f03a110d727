//! `aws lambda get-function-configuration`: one version of a function.

use serde::de::MapAccess;

use super::description::Description;
use super::facts::ConfigFacts;
use super::section::Section;

#[derive(Debug, Default)]
pub(super) struct GetFunctionConfiguration(Description);

impl Section for GetFunctionConfiguration {
    const NAME: &'static str = "aws lambda get-function-configuration";

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        let Self(one) = self;
        match key {
            "FunctionName" => one.function_name = map.next_value()?,
            "FunctionArn" => one.function_arn = map.next_value()?,
            "Version" => one.version = map.next_value()?,
            "Timeout" => one.timeout = map.next_value()?,
            "MemorySize" => one.memory_size = map.next_value()?,
            "Runtime" => one.runtime = map.next_value()?,
            "Architectures" => one.architectures = map.next_value()?,
            "PackageType" => one.package_type = map.next_value()?,
            "LastModified" => one.last_modified = map.next_value()?,
            "DeadLetterConfig" => one.dead_letter_config = map.next_value()?,
            "SnapStart" => one.snap_start = map.next_value()?,
            "LoggingConfig" => one.logging_config = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Self(one) = self;
        // Every answer has them; other documents have keys of the same names.
        if !one.timeout.is_set() || !one.memory_size.is_set() {
            return Ok(false);
        }
        let fact = one.fact(input);
        let is_one = fact.is_some();
        facts.functions.extend(fact);
        Ok(is_one)
    }
}
