//! Rule: the attempt succeeded, which is the case if nothing says otherwise.

use super::facts::{Facts, form, may_be_of_another};
use super::{Rule, Ruling};
use crate::model::{Confidence, ErrorForm, Phase, Sign, SignKind};

pub(super) const RULE: Rule = Rule {
    id: "ok",
    explanation: "An end was seen and nothing says that it failed. Errors that the code logged and handled do not change that. \
                  It is sure only with START and REPORT in view.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

#[allow(clippy::unnecessary_wraps, reason = "the signature of every rule")]
fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    // Most Node.js versions end the process after such a rejection, so a success here is doubtful.
    let rejected = facts
        .attempt
        .signs
        .iter()
        .any(|sign| sign.phase == Phase::Invoke && form(sign) == Some(ErrorForm::UnhandledRejection));
    // What failed may stand in lines that were not read: before the window, or where only some lines were exported.
    let whole = facts.attempt.start_seen && facts.attempt.report_seen && !facts.attempt.report_in_doubt;
    // A report of a success whose bill is that of a run that was cut contradicts itself.
    let whole = whole && (facts.attempt.emulated || !facts.attempt.metrics.are_capped());
    let confidence = if rejected {
        Confidence::Low
    } else if whole && !crashed_last(facts) && !failed_before(facts) && !shows_shape(facts) {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some(Ruling::new("ok", confidence, None))
}

/// Returns whether an init failed before the request, or an extension, and nothing says that the next one succeeded: lines
/// may be missing.
fn failed_before(facts: &Facts<'_>) -> bool {
    let refused = |kind: &SignKind| matches!(kind, SignKind::ExtensionFailed { error_type, .. } if matches!(&**error_type, "Extension.InitError" | "Extension.LaunchError"));
    let failed = facts.error_before_start().is_some() && facts.outer_init_failed().is_none();
    failed && !facts.init_was_good() || facts.sign(refused).is_some() && !facts.init_succeeded()
}

/// Returns whether an error was written that has the shape of one of the function's own client, and may be its own after all:
/// a line follows, but that may be of an extension.
fn shows_shape(facts: &Facts<'_>) -> bool {
    let may_end = |sign: &Sign| matches!(form(sign), Some(ErrorForm::MaybeUnhandled | ErrorForm::Unhandled));
    facts.attempt.signs.iter().any(|sign| sign.phase == Phase::Invoke && may_end(sign) && may_be_of_another(sign))
}

/// Returns whether the function wrote nothing after the last words of a process: of a child, or its own in words that
/// are not known to be those of a runtime client.
fn crashed_last(facts: &Facts<'_>) -> bool {
    let crash = |sign: &&Sign| sign.phase == Phase::Invoke && form(sign) == Some(ErrorForm::Crash);
    facts.attempt.signs.iter().rfind(crash).is_some_and(|sign| facts.is_last_line(sign))
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, Phase, Status};

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing("success", Build::new().app_lines(1).report(), "ok"),
            failing(
                "errors handled",
                Build::new().error(Phase::Invoke, ErrorForm::Logged, "Error", "retrying").report(),
                "ok",
            ),
            failing("START not in view", Build::new().app_lines(1).without_start().report(), "ok"),
            Sample::near_miss("status", Build::new().status(Status::Error, None)),
            Sample::healthy("failure", Build::new().timed_out().report()),
        ]
    }
}
