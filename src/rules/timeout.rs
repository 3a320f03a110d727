//! Rule: the platform ended the attempt at its time limit.

use super::facts::Facts;
use super::{Rule, Ruling};
use crate::model::{Attempt, Confidence, PartialWork, Sign, SignKind, Status};

pub(super) const RULE: Rule = Rule {
    id: "timeout",
    explanation: "The platform says `Task timed out`, status timeout, or a timeout error type. It beats everything else, \
                  for whatever was going on, the limit ended it. A restore that timed out before the handler ran is an init failure.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    if facts.is_environment() {
        return None;
    }
    let Some(proof) = proof(facts) else { return capped(facts) };
    if facts.restore_failed().is_some() && !facts.handler_ran() {
        return None;
    }
    let ruling = if facts.inner_init_failed() == Some(Status::Timeout) {
        Ruling::new("timeout.init", Confidence::High, proof)
    } else if facts.handler_done {
        Ruling::new("timeout.extension", Confidence::High, proof)
    } else if facts.outer_init_failed() == Some(Status::Timeout)
        && facts.init_on_demand()
        && facts.attempt.app_lines == 0
    {
        // An init repeated inside the request is silent in the log if it was cut off.
        Ruling::new("timeout.init", Confidence::Medium, proof)
    } else {
        invoke(facts, proof)
    };
    Some(ruling)
}

/// Rules on a timeout of the handler. Managed Instances report it to the caller and let the code go on.
fn invoke<'a>(facts: &Facts<'a>, proof: Option<&'a Sign>) -> Ruling<'a> {
    let ruling = Ruling::new("timeout.invoke", Confidence::High, proof);
    if facts.attempt.concurrent { ruling.with_partial_work(PartialWork::Certain) } else { ruling }
}

/// Rules on a run whose bill ends before it does. A bill is rounded up, so it was cut at the limit: the older style of
/// REPORT has no other sign of that.
fn capped<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let silent = facts.fatal.is_none() && facts.crash.is_none() && !facts.platform_failed() && !facts.handler_done;
    let capped = super::is_capped(facts.attempt) || is_cut_at_a_limit(facts.attempt);
    (silent && capped).then(|| Ruling::new("timeout.invoke", Confidence::Medium, None))
}

/// Returns whether a REPORT that was cut off before its status could stand shows whole seconds to the hundredth of a
/// millisecond: of runs of any length, only those that ended at their limit took that.
fn is_cut_at_a_limit(attempt: &Attempt) -> bool {
    let whole_seconds = |us: u64| us > 0 && us.is_multiple_of(1_000_000);
    attempt.report_in_doubt && !attempt.emulated && attempt.metrics.duration_us.is_some_and(whole_seconds)
}

/// Finds the line that reports the timeout; `Some(None)` where only the status was kept.
#[allow(clippy::option_option, reason = "fired or not, and the line if there is one")]
fn proof<'a>(facts: &Facts<'a>) -> Option<Option<&'a Sign>> {
    if let Some(sign) = facts.timed_out {
        return Some(Some(sign));
    }
    let by_status = facts.status() == Some(Status::Timeout);
    let by_code = facts.platform_error().is_some_and(|error| error.code == "timeout.invoke");
    (by_status || by_code).then(|| facts.ended.or_else(|| facts.sign(|kind| matches!(kind, SignKind::Crash { .. }))))
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, InitPhase, Phase, Status};

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing("older style", Build::new().timed_out().report(), "timeout.invoke"),
            failing(
                "billed less than it took",
                Build::new().app_lines(1).billed(3_003_120, 3_000).report(),
                "timeout.invoke",
            ),
            failing(
                "REPORT cut off, at whole seconds",
                Build::new().app_lines(1).billed(3_000_000, 3_000).report_in_doubt().report(),
                "timeout.invoke",
            ),
            Sample::near_miss(
                "REPORT cut off",
                Build::new().app_lines(1).billed(2_999_120, 3_000).report_in_doubt().report(),
            ),
            Sample::near_miss("billed as much as it took", Build::new().app_lines(1).billed(2_999_120, 3_000).report()),
            failing("newer style", Build::new().app_lines(4).status(Status::Timeout, None), "timeout.invoke"),
            failing(
                "an error logged before does not matter",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Logged, "Error", "connect ECONNREFUSED 10.0.0.1:80")
                    .timed_out()
                    .report(),
                "timeout.invoke",
            ),
            failing(
                "init repeated inside the request",
                Build::new()
                    .init(InitPhase::Init, Status::Timeout, None)
                    .init(InitPhase::Invoke, Status::Timeout, None)
                    .status(Status::Timeout, None),
                "timeout.init",
            ),
            failing(
                "the extension held it",
                Build::new().app_lines(3).handler_done().status(Status::Timeout, None),
                "timeout.extension",
            ),
            Sample::near_miss(
                "an error that mentions a timeout",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Logged, "Error", "Task timed out after 3.00 seconds")
                    .report(),
            ),
            Sample::near_miss(
                "init timed out and was repeated in time",
                Build::new().init(InitPhase::Init, Status::Timeout, None).app_lines(2).report(),
            ),
            Sample::near_miss("restore timed out", Build::new().restore(Status::Timeout).status(Status::Timeout, None)),
            Sample::healthy("slow success", Build::new().duration_ms(29_998).report()),
        ]
    }
}
