//! `aws lambda list-functions`: every function as it is configured now, `$LATEST` of each.

use super::description::Description;
use super::facts::ConfigFacts;
use super::loose::{JsonObject, List, Tolerant, Value};
use super::section::{Section, takes};

#[derive(Debug, Default)]
pub(super) struct ListFunctions {
    functions: Option<Tolerant<List<Tolerant<JsonObject<Description>>>>>,
    token: Value,
}

impl Section for ListFunctions {
    const NAME: &'static str = "aws lambda list-functions";

    takes! {
        "Functions" => functions,
        "NextMarker" => token,
    }

    fn add(self, facts: &mut ConfigFacts, input: &str) -> Result<bool, String> {
        let Some(Tolerant(Some(List(functions)))) = self.functions else { return Ok(false) };
        facts.functions.extend(functions.into_iter().filter_map(|one| one.0?.0.fact(input)));
        if self.token.is_set() {
            facts.notes.push(format!("{input}: is not the whole list of functions: leave out --max-items"));
        }
        Ok(true)
    }
}
