//! The platform's own name for what happened: printed by it, else the one that it uses where its line has none.

use super::Ruling;
use super::facts::{Facts, error_of};
use crate::model::{Category, SignKind};

/// What the record shows as the platform's error type.
///
/// Statuses and the lines of the older style carry no name; callers see the one given here in the answer of the
/// Invoke API, and people search for it.
pub(super) fn of(facts: &Facts<'_>, ruling: &Ruling<'_>, category: Category) -> Option<String> {
    let init = || facts.sign(|kind| named_init(kind).is_some()).and_then(|sign| named_init(&sign.kind));
    let printed = match category {
        Category::InitFailure => telling(facts.platform_code()).or_else(init).or(facts.platform_code()),
        _ => facts.platform_code(),
    };
    printed.map(str::to_owned).or_else(|| implied(facts, ruling, category).map(str::to_owned))
}

/// A type that says more than that the process ended, which every failed init does.
fn telling(code: Option<&str>) -> Option<&str> {
    code.filter(|code| !matches!(*code, "Runtime.ExitError" | "Runtime.Unknown"))
}

/// The error type that a failed init or restore was reported with.
fn named_init(kind: &SignKind) -> Option<&str> {
    match kind {
        SignKind::InitFailed { error_type, .. } | SignKind::RestoreFailed { error_type, .. } => error_type.as_deref(),
        SignKind::ExtensionFailed { error_type, .. } => Some(error_type.as_ref()),
        _ => None,
    }
}

/// The name that belongs to a line without one.
fn implied(facts: &Facts<'_>, ruling: &Ruling<'_>, category: Category) -> Option<&'static str> {
    let error = ruling.proof.and_then(error_of);
    match ruling.code {
        _ if category == Category::Timeout => Some("Sandbox.Timedout"),
        "init_failure.timeout" if facts.restore_failed().is_some() => Some("SnapStartTimeoutException"),
        "init_failure.timeout" => Some("Sandbox.Timedout"),
        "init_failure.entrypoint" => Some("Runtime.InvalidEntrypoint"),
        "runtime_exception.response_too_large" => Some("Function.ResponseSizeTooLarge"),
        // The words of runtimes that had no error types yet.
        "init_failure.import"
            if ruling.proof.is_some_and(|sign| sign.line.text.contains("Unable to import module")) =>
        {
            Some("Runtime.ImportModuleError")
        }
        "runtime_exception.exit" | "runtime_exception.signal" if error.is_none() => Some("Runtime.ExitError"),
        _ => None,
    }
}
