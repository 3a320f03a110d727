//! The platform's error type of a verdict: the printed one, else the one that the platform uses where its line has
//! none.

use super::Ruling;
use super::facts::{Facts, error_of};
use crate::lambda::loaders::UNABLE_TO_IMPORT;
use crate::model::{Category, SignKind};

/// Returns the platform's error type that the record shows.
///
/// Statuses and lines of the older style carry no type. Callers see the one given here in the answer of the Invoke API,
/// and people search for it.
pub(super) fn of(facts: &Facts<'_>, ruling: &Ruling<'_>, category: Category) -> Option<String> {
    let init = || facts.sign(|kind| named_init(kind).is_some()).and_then(|sign| named_init(&sign.kind));
    let printed = match category {
        Category::InitFailure => telling(facts.platform_code()).or_else(init).or(facts.platform_code()),
        _ => facts.platform_code(),
    };
    printed.map(str::to_owned).or_else(|| implied(facts, ruling, category).map(str::to_owned))
}

/// Drops error types that only say that the process ended, which is the case for every failed init.
fn telling(code: Option<&str>) -> Option<&str> {
    code.filter(|code| !matches!(*code, "Runtime.ExitError" | "Runtime.Unknown"))
}

/// Returns the error type that a failed init or restore was reported with.
fn named_init(kind: &SignKind) -> Option<&str> {
    match kind {
        SignKind::InitFailed { error_type, .. } | SignKind::RestoreFailed { error_type, .. } => error_type.as_deref(),
        SignKind::ExtensionFailed { error_type, .. } => Some(error_type),
        _ => None,
    }
}

/// Returns the error type that belongs to a line without one.
fn implied(facts: &Facts<'_>, ruling: &Ruling<'_>, category: Category) -> Option<&'static str> {
    let error = ruling.proof.and_then(error_of);
    match ruling.code {
        _ if category == Category::Timeout => Some("Sandbox.Timedout"),
        "init_failure.timeout" if facts.restore_failed().is_some() => Some("SnapStartTimeoutException"),
        "init_failure.timeout" => Some("Sandbox.Timedout"),
        "init_failure.entrypoint" => Some("Runtime.InvalidEntrypoint"),
        "runtime_exception.response_too_large" => Some("Function.ResponseSizeTooLarge"),
        // Runtimes that had no error types yet print these words.
        "init_failure.import" if ruling.proof.is_some_and(|sign| sign.line.text.contains(UNABLE_TO_IMPORT)) => {
            Some("Runtime.ImportModuleError")
        }
        "runtime_exception.exit" | "runtime_exception.signal" if error.is_none() => Some("Runtime.ExitError"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use super::super::samples::Build;
    use crate::model::{InitPhase, Status};

    fn name(build: Build) -> Option<String> {
        judge(&build.0).platform_error_type
    }

    #[test]
    fn what_the_platform_prints_is_kept() {
        let init = Build::new().init(InitPhase::Init, Status::Error, Some("Runtime.ExitError")).init(
            InitPhase::Invoke,
            Status::Error,
            Some("Runtime.ImportModuleError"),
        );
        assert_eq!(
            name(init.status(Status::Error, Some("Runtime.ExitError"))).as_deref(),
            Some("Runtime.ImportModuleError")
        );
        let alone = Build::new().environment().init(InitPhase::Init, Status::Error, Some("Runtime.ExitError"));
        assert_eq!(name(alone).as_deref(), Some("Runtime.ExitError"));
        let memory = Build::new().status(Status::Error, Some("Runtime.OutOfMemory"));
        assert_eq!(name(memory).as_deref(), Some("Runtime.OutOfMemory"));
    }

    #[test]
    fn lines_without_a_name_have_the_one_that_callers_see() {
        assert_eq!(name(Build::new().timed_out().report()).as_deref(), Some("Sandbox.Timedout"));
        let restore = Build::new().restore(Status::Timeout).status(Status::Timeout, None);
        assert_eq!(name(restore).as_deref(), Some("SnapStartTimeoutException"));
        let large = Build::new().response_refused(413).app_lines(3).report();
        assert_eq!(name(large).as_deref(), Some("Function.ResponseSizeTooLarge"));
        assert_eq!(name(Build::new().report()), None);
    }
}
