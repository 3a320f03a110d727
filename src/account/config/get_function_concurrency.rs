//! `aws lambda get-function-concurrency`: does not tell of which function, so it cannot be used.

use super::facts::ConfigFacts;
use super::loose::Value;
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct GetFunctionConcurrency {
    reserved: Value,
}

impl Section for GetFunctionConcurrency {
    const NAME: &'static str = "aws lambda get-function-concurrency";

    takes! {
        "ReservedConcurrentExecutions" => reserved,
    }

    fn add(self, _: &mut ConfigFacts, _: &str) -> Result<bool, String> {
        match self.reserved.is_set() {
            true => {
                Err("does not tell of which function this concurrency is; save what `aws lambda get-function` prints, \
                         which has both"
                    .to_owned())
            }
            false => Ok(false),
        }
    }
}
