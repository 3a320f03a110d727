//! Rule: the process or an extension ended, and no error explains it.

use super::facts::{Exit, Facts};
use super::{Rule, Ruling};
use crate::model::{Category, Confidence, Sign, SignKind};

pub(super) const RULE: Rule = Rule {
    id: "exit",
    explanation: "The platform says that the process exited, was ended by a signal, or that an extension crashed, and no line gives an error. \
                  Also the platform's other error types of the invoke phase that come without a line.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let proof = facts.crash.or(facts.ended);
    let code = facts.platform_code();
    if code.is_some_and(|code| code.starts_with("Extension.")) {
        let confidence = if facts.attempt.app_lines == 0 { Confidence::Low } else { Confidence::Medium };
        let proof = facts.failed_extension().or(proof);
        return Some(Ruling::new("runtime_exception.extension", confidence, proof));
    }
    if let Some(exit) = facts.exit() {
        return Some(by_exit(facts, exit, proof).with_words(facts.spoken()));
    }
    if let Some(sign) = facts.sign(|kind| matches!(kind, SignKind::ExitedEarly)) {
        return Some(Ruling::new("runtime_exception.exit", Confidence::Medium, Some(sign)));
    }
    // The platform's error type without a line is all the evidence there is.
    let known = facts.platform_error()?;
    let category = crate::catalogue::code(known.code)?.category?;
    (category == Category::RuntimeException || category == Category::Throttling)
        .then(|| Ruling::new(known.code, known.confidence, proof))
}

fn by_exit<'a>(facts: &Facts<'a>, exit: Exit<'a>, proof: Option<&'a Sign>) -> Ruling<'a> {
    match exit {
        // Memory was not at its limit: something else sent the signal, or a child process used the memory.
        Exit::Signal("killed") | Exit::Status(137) => Ruling::new("runtime_exception.signal", Confidence::Low, proof),
        Exit::Signal("terminated") | Exit::Status(143) => {
            Ruling::new("runtime_exception.signal", Confidence::Medium, proof)
        }
        Exit::Signal(_) | Exit::Status(134 | 135 | 136 | 139) => {
            Ruling::new("runtime_exception.signal", Confidence::High, proof)
        }
        Exit::Status(_) => {
            let sure = facts.platform_code().is_none_or(|code| code == "Runtime.ExitError");
            Ruling::new("runtime_exception.exit", if sure { Confidence::High } else { Confidence::Medium }, proof)
        }
    }
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, Phase, Status};

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing(
                "clean exit",
                Build::new()
                    .app_lines(2)
                    .crash("Runtime exited without providing a reason", "Runtime.ExitError")
                    .report(),
                "runtime_exception.exit",
            ),
            failing(
                "segmentation fault",
                Build::new()
                    .app_lines(2)
                    .crash("Runtime exited with error: signal: segmentation fault (core dumped)", "Runtime.ExitError")
                    .report(),
                "runtime_exception.signal",
            ),
            failing(
                "kill far from the limit",
                Build::new()
                    .memory(90, 1_024)
                    .crash("Runtime exited with error: signal: killed", "Runtime.ExitError")
                    .report(),
                "runtime_exception.signal",
            ),
            failing(
                "newer style",
                Build::new().app_lines(1).status(Status::Error, Some("Runtime.ExitError")),
                "runtime_exception.exit",
            ),
            failing(
                "extension",
                Build::new().app_lines(1).status(Status::Error, Some("Extension.Crash")),
                "runtime_exception.extension",
            ),
            failing("legacy", Build::new().app_lines(1).exited_early().report(), "runtime_exception.exit"),
            failing(
                "error type without a line",
                Build::new().app_lines(1).status(Status::Error, Some("Runtime.MarshalError")),
                "runtime_exception.response_format",
            ),
            Sample::near_miss(
                "an error explains it",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Uncaught, "TypeError", "no")
                    .crash("Runtime exited with error: exit status 129", "Runtime.ExitError")
                    .report(),
            ),
            Sample::near_miss("platform fault", Build::new().status(Status::Failure, Some("Sandbox.Failure"))),
            Sample::healthy("success", Build::new().report()),
        ]
    }
}
