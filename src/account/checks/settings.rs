//! Checks of other settings of a function.

use super::{CheckHit, CheckInfo, CheckedFunction, count};
use crate::account::config::FunctionConfig;
use crate::wire::CheckSeverity;

pub(super) const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        id: "reserved_concurrency_zero",
        severity: CheckSeverity::High,
        about: "The reserved concurrency is 0: every invocation is throttled, and asynchronous events are given up. Remove the \
                reservation or raise it.",
        test: no_concurrency,
    },
    CheckInfo {
        id: "reserved_concurrency_small",
        severity: CheckSeverity::Medium,
        about: "The function was throttled, and its concurrency is reserved: it cannot have more than that. Raise the \
                reservation, or slow its callers down.",
        test: little_concurrency,
    },
    CheckInfo {
        id: "changed_within_log",
        severity: CheckSeverity::Medium,
        about: "The configuration or the code was changed within the time of the log: what is configured now need not be what \
                earlier attempts had.",
        test: changed,
    },
    CheckInfo {
        id: "system_log_level_warn",
        severity: CheckSeverity::Low,
        about: "At SystemLogLevel WARN the platform logs no START and no REPORT of attempts that succeed, so the log tells no \
                failure rate. Set it to INFO.",
        test: log_level,
    },
    CheckInfo {
        id: "snap_start_init",
        severity: CheckSeverity::Medium,
        about: "Init failed, and SnapStart is on: init runs when a version is published, and what it keeps (connections, \
                credentials, random seeds) is restored later. Make them anew after restore.",
        test: snap_start,
    },
    CheckInfo {
        id: "image_entrypoint",
        severity: CheckSeverity::Medium,
        about: "The entrypoint of a container image could not be run. Check ENTRYPOINT and CMD, the execute permission, and \
                that the image is built for the architecture of the function.",
        test: image,
    },
];

fn no_concurrency(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    match now.config.and_then(FunctionConfig::reserved_concurrency) {
        Some(reserved) if reserved.value == 0 => {
            CheckHit::by(reserved.input, "the reserved concurrency is 0".to_owned())
        }
        _ => Vec::new(),
    }
}

fn little_concurrency(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let throttled = now.row.own_throttles.unwrap_or(0);
    match now.config.and_then(FunctionConfig::reserved_concurrency) {
        Some(reserved) if reserved.value > 0 && throttled > 0 => CheckHit::by(
            reserved.input,
            format!("{} throttled, and {} reserved", count(throttled, "request was", "requests were"), reserved.value),
        ),
        _ => Vec::new(),
    }
}

fn changed(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    now.changed_at().map_or_else(Vec::new, |changed| {
        let evidence = format!("it was changed at {}, within the time of the log{}", changed.value, changed.caveat);
        CheckHit::by(changed.input, evidence)
    })
}

fn log_level(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    match now.setting(FunctionConfig::system_log_level) {
        Some(level) if level.value == "WARN" => {
            CheckHit::by(level.input, format!("SystemLogLevel is WARN{}", level.caveat))
        }
        _ => Vec::new(),
    }
}

fn snap_start(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let failed = now.row.failures.init_failure + now.row.environment_failures;
    match now.setting(FunctionConfig::has_snap_start) {
        Some(snap_start) if snap_start.value && failed > 0 => CheckHit::by(
            snap_start.input,
            format!("{} failed, and SnapStart is on{}", count(failed, "init", "inits"), snap_start.caveat),
        ),
        _ => Vec::new(),
    }
}

/// Code of an entrypoint that cannot be run.
const ENTRYPOINT: &str = "init_failure.entrypoint";

fn image(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let finding = now.row.findings.iter().filter(|finding| finding.code == ENTRYPOINT).map(|finding| finding.count);
    let failed: u64 = finding.sum();
    match now.setting(FunctionConfig::is_image) {
        Some(image) if image.value && failed > 0 => CheckHit::by(
            image.input,
            format!("the entrypoint failed in {}, and the package is an image", count(failed, "attempt", "attempts")),
        ),
        _ => Vec::new(),
    }
}
