//! Rule: the platform itself failed.

use super::facts::Facts;
use super::{Rule, Ruling};
use crate::model::{Category, Confidence, SignKind, Status};

pub(super) const RULE: Rule = Rule {
    id: "sandbox",
    explanation: "An error type `Sandbox.*` or `Client.*`, or status failure on REPORT without any error of the function.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let proof = facts.ended.or(facts.crash);
    // A local emulator says so of any failure that it has no name for.
    let emulated = facts.attempt.emulated;
    if let Some(known) = facts.platform_error() {
        let category = crate::catalogue::code(known.code)?.category?;
        return matches!(category, Category::ServiceError | Category::InvalidRequest)
            .then(|| Ruling::new(known.code, if emulated { Confidence::Low } else { known.confidence }, proof));
    }
    // In `runtimeDone`, `failure` can also mean that the handler returned an error.
    let on_report = facts
        .ended
        .is_some_and(|sign| matches!(sign.kind, SignKind::Ended { status: Status::Failure, runtime_done: false, .. }));
    (on_report && facts.platform_code().is_none())
        .then(|| Ruling::new("service_error.sandbox", Confidence::Medium, proof))
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, Phase, Status};

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing(
                "sandbox failure",
                Build::new().app_lines(1).status(Status::Failure, Some("Sandbox.Failure")),
                "service_error.sandbox",
            ),
            failing(
                "failure without a type",
                Build::new().app_lines(1).status(Status::Failure, None),
                "service_error.sandbox",
            ),
            Sample::near_miss(
                "a time limit has the prefix, too",
                Build::new().status(Status::Error, Some("Sandbox.Timedout")),
            ),
            Sample::near_miss(
                "the handler failed",
                Build::new().error(Phase::Invoke, ErrorForm::Unhandled, "E", "m").status(Status::Failure, None),
            ),
            Sample::healthy("success", Build::new().report()),
        ]
    }
}
