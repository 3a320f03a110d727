//! Checks of asynchronous invocations: where failed events go, and how often they are tried.

use super::{CheckHit, CheckInfo, CheckedFunction, count};
use crate::account::config::FunctionConfig;
use crate::wire::CheckSeverity;

pub(super) const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        id: "lost_without_destination",
        severity: CheckSeverity::High,
        about: "Events were lost: no attempt succeeded, and neither a failure destination nor a dead-letter queue is set that \
                could have caught them. Set one.",
        test: lost,
    },
    CheckInfo {
        id: "async_without_destination",
        severity: CheckSeverity::Medium,
        about: "Lambda retried asynchronous events, and neither a failure destination nor a dead-letter queue is set: the next \
                event whose attempts all fail is lost. Set one.",
        test: retried,
    },
    CheckInfo {
        id: "two_failure_targets",
        severity: CheckSeverity::Low,
        about: "Both a failure destination and a dead-letter queue are set: a failed event goes to both, and may be sent again \
                twice. Keep the destination, which also tells the error.",
        test: two_targets,
    },
    CheckInfo {
        id: "no_async_retries",
        severity: CheckSeverity::Low,
        about: "MaximumRetryAttempts is 0, so an asynchronous event that failed once is not tried again.",
        test: no_retries,
    },
];

/// Returns the input that tells that failed events go nowhere.
fn goes_nowhere<'a>(now: &CheckedFunction<'a>) -> Option<&'a str> {
    let destination = now.config?.has_failure_destination()?;
    let queue = now.setting(FunctionConfig::has_dead_letter_queue)?;
    (!destination.value && !queue.value).then_some(queue.input)
}

const NOWHERE: &str = "neither a failure destination nor a dead-letter queue is set";

fn lost(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let lost = now.row.lost;
    match goes_nowhere(now) {
        Some(input) if lost > 0 => {
            CheckHit::by(input, format!("{} lost, and {NOWHERE}", count(lost, "event was", "events were")))
        }
        _ => Vec::new(),
    }
}

fn retried(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let retries = now.row.retries.on_schedule;
    match goes_nowhere(now) {
        Some(input) if now.row.lost == 0 && retries > 0 => CheckHit::by(
            input,
            format!("{} came on Lambda's schedule, and {NOWHERE}", count(retries, "retry", "retries")),
        ),
        _ => Vec::new(),
    }
}

fn two_targets(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let both = now
        .config
        .and_then(FunctionConfig::has_failure_destination)
        .zip(now.setting(FunctionConfig::has_dead_letter_queue));
    match both {
        Some((destination, queue)) if destination.value && queue.value => {
            CheckHit::by(destination.input, "both a failure destination and a dead-letter queue are set".to_owned())
        }
        _ => Vec::new(),
    }
}

fn no_retries(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let failed = now.row.outcomes.failed_once;
    match now.config.and_then(FunctionConfig::maximum_retries) {
        Some(retries) if retries.value == 0 && failed > 0 => CheckHit::by(
            retries.input,
            format!("MaximumRetryAttempts is 0, and {} failed at the only attempt", count(failed, "event", "events")),
        ),
        _ => Vec::new(),
    }
}
