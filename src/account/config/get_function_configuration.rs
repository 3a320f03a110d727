//! `aws lambda get-function-configuration`: one version of a function.

use super::description::Description;
use super::facts::ConfigFacts;
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct GetFunctionConfiguration(Description);

impl Section for GetFunctionConfiguration {
    const NAME: &'static str = "aws lambda get-function-configuration";

    takes! {
        "FunctionName" => 0.function_name,
        "FunctionArn" => 0.function_arn,
        "Version" => 0.version,
        "Timeout" => 0.timeout,
        "MemorySize" => 0.memory_size,
        "Runtime" => 0.runtime,
        "Architectures" => 0.architectures,
        "PackageType" => 0.package_type,
        "LastModified" => 0.last_modified,
        "DeadLetterConfig" => 0.dead_letter_config,
        "SnapStart" => 0.snap_start,
        "LoggingConfig" => 0.logging_config,
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
