//! Rule: the platform says that the attempt failed, and nothing says why.

use super::facts::Facts;
use super::{Rule, Ruling};
use crate::model::Confidence;

pub(super) const RULE: Rule = Rule {
    id: "unknown",
    explanation: "A failure by the platform's word that no other rule can explain. It counts as failed.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    facts.platform_failed().then(|| Ruling::new("unknown", Confidence::Low, facts.ended.or(facts.crash)))
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::Status;

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing("status error and nothing else", Build::new().app_lines(2).status(Status::Error, None), "unknown"),
            failing("a status nobody knows", Build::new().app_lines(2).status(Status::Unknown, None), "unknown"),
            Sample::near_miss(
                "a type explains it",
                Build::new().app_lines(2).status(Status::Error, Some("Runtime.ExitError")),
            ),
            Sample::healthy("success", Build::new().report()),
        ]
    }
}
