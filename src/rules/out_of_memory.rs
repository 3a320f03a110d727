//! Rule: memory ran out, by the word of the platform or the language, or by a kill at the memory limit.

use super::facts::{Exit, Facts, error_of, form};
use super::{Rule, Ruling};
use crate::catalogue::{is_out_of_memory_type, lacks_memory};
use crate::model::{AppError, Confidence, ErrorForm, Phase, Sign, SignKind};

pub(super) const RULE: Rule = Rule {
    id: "out_of_memory",
    explanation: "Runtime.OutOfMemory; a language's own out-of-memory error that ended the attempt; or a process that was \
                  killed with its memory at the limit. Memory at the limit alone proves nothing: it is the high-water mark of the environment.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

/// Percent of the memory size from which on a kill was probably for memory: the last page is rarely counted.
const NEAR_PERCENT: u32 = 95;

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    if facts.platform_code() == Some("Runtime.OutOfMemory")
        || facts
            .init_sign(None)
            .is_some_and(|sign| says_out_of_memory(sign) && !facts.handler_ran() && facts.platform_failed())
    {
        return Some(Ruling::new(
            "out_of_memory.killed",
            Confidence::High,
            facts.ended.or(facts.crash).or_else(|| facts.init_sign(None)),
        ));
    }
    by_language(facts).or_else(|| by_kill(facts)).or_else(|| by_last_words(facts))
}

fn says_out_of_memory(sign: &Sign) -> bool {
    matches!(&sign.kind, SignKind::InitFailed { error_type: Some(error_type), .. } if &**error_type == "Runtime.OutOfMemory")
}

/// Rules on the language's own out-of-memory error, where it ended the attempt.
fn by_language<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    if let Some(sign) = facts.fatal
        && error_of(sign).is_some_and(is_out_of_memory)
        && (sign.phase != Phase::Init || facts.platform_failed() || facts.is_environment())
    {
        return Some(Ruling::new("out_of_memory.heap", Confidence::High, Some(sign)));
    }
    // Last words on standard error count only if the process then ended, because a child process prints the same.
    let last_words = facts.attempt.signs.iter().rfind(|sign| {
        let crash_text = form(sign) == Some(ErrorForm::Crash) && error_of(sign).is_some_and(is_out_of_memory);
        crash_text || form(sign) == Some(ErrorForm::OutOfMemory)
    })?;
    let repeated_later = last_words.phase == Phase::Init && facts.handler_ran();
    if !facts.process_ended() || repeated_later {
        return None;
    }
    let by_extension = facts.platform_code().is_some_and(|code| code.starts_with("Extension."));
    let confidence = if by_extension { Confidence::Medium } else { Confidence::High };
    Some(Ruling::new("out_of_memory.heap", confidence, Some(last_words)))
}

fn is_out_of_memory(error: &AppError<'_>) -> bool {
    let message = error.message.as_deref().unwrap_or("");
    let own = error.error_type.as_deref().is_some_and(|name| is_out_of_memory_type(name, message));
    // A wrapper around the error (ExecutionException, TypeInitializationException) has it as its cause.
    let cause = error.cause.as_deref().and_then(|cause| cause.split_once(": ").or(Some((cause, ""))));
    own || cause.is_some_and(|(name, message)| is_out_of_memory_type(name, message))
}

/// Rules on a process that ended right after it had said, in words of its own, that it had no memory.
fn by_last_words<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let explained = facts.fatal.is_some_and(|sign| sign.phase == Phase::Invoke);
    let by_extension = facts.platform_code().is_some_and(|code| code.starts_with("Extension."));
    if explained || by_extension || !facts.process_ended() {
        return None;
    }
    let words = facts.spoken().filter(|words| is_out_of_memory(&words.error) || lacks_memory(&words.error))?;
    let proof = facts.crash.or(facts.ended);
    Some(Ruling::new("out_of_memory.heap", Confidence::Medium, proof).with_words(Some(words)))
}

/// Rules on a process that the kernel killed, or that exited, with its memory at the limit.
fn by_kill<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    // The error that ended the handler explains the end better than the memory figure does.
    if facts.fatal.is_some_and(|sign| sign.phase == Phase::Invoke && form(sign) != Some(ErrorForm::Response)) {
        return None;
    }
    let proof = facts.crash.or(facts.ended);
    let killed = |confidence| Some(Ruling::new("out_of_memory.killed", confidence, proof));
    let percent = facts.memory_percent();
    let extension = matches!(facts.platform_code(), Some("Extension.Crash" | "Extension.ExitError"));
    if facts.killed() && !extension {
        return match percent {
            Some(100..) => killed(Confidence::High),
            Some(NEAR_PERCENT..) => killed(Confidence::Medium),
            Some(_) => None,
            None => killed(if earlier_near_limit(facts) { Confidence::Medium } else { Confidence::Low }),
        };
    }
    if !facts.memory_newly_at_limit() {
        return None;
    }
    match facts.exit() {
        // An abort at the limit means that an allocation failed and the library gave up.
        Some(Exit::Signal("aborted") | Exit::Status(134)) => {
            Some(Ruling::new("out_of_memory.heap", Confidence::Medium, proof))
        }
        Some(_) if extension => killed(Confidence::Medium),
        Some(_) => None,
        None if extension || facts.platform_code() == Some("Runtime.ExitError") => killed(Confidence::Medium),
        None => facts
            .sign(|kind| matches!(kind, SignKind::ExitedEarly))
            .map(|sign| Ruling::new("out_of_memory.killed", Confidence::Medium, Some(sign))),
    }
}

/// Returns whether an earlier attempt in the same environment was near the limit, for an attempt without figures of its
/// own.
fn earlier_near_limit(facts: &Facts<'_>) -> bool {
    facts.attempt.earlier_peak_mb.is_some_and(|peak| {
        facts
            .attempt
            .metrics
            .memory_size_mb
            .is_none_or(|size| u64::from(peak) * 100 >= u64::from(size) * u64::from(NEAR_PERCENT))
    })
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, Phase, Status};

    const KILLED: &str = "Runtime exited with error: signal: killed";
    const ABORTED: &str = "Runtime exited with error: signal: aborted (core dumped)";

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing(
                "platform code",
                Build::new().memory(511, 512).status(Status::Error, Some("Runtime.OutOfMemory")),
                "out_of_memory.killed",
            ),
            failing(
                "kill at the limit",
                Build::new().memory(512, 512).crash(KILLED, "Runtime.ExitError").report(),
                "out_of_memory.killed",
            ),
            failing(
                "kill near the limit",
                Build::new().memory(500, 512).crash(KILLED, "Runtime.ExitError").report(),
                "out_of_memory.killed",
            ),
            failing(
                "Java error from the handler",
                Build::new()
                    .memory(300, 512)
                    .error(Phase::Invoke, ErrorForm::Unhandled, "java.lang.OutOfMemoryError", "Java heap space")
                    .report(),
                "out_of_memory.heap",
            ),
            failing(
                "V8 gave up",
                Build::new()
                    .memory(1_500, 3_008)
                    .error(
                        Phase::Invoke,
                        ErrorForm::OutOfMemory,
                        "",
                        "Reached heap limit Allocation failed - JavaScript heap out of memory",
                    )
                    .crash(ABORTED, "Runtime.ExitError")
                    .report(),
                "out_of_memory.heap",
            ),
            failing(
                "extension crash at the limit",
                Build::new().memory(256, 256).status(Status::Error, Some("Extension.Crash")),
                "out_of_memory.killed",
            ),
            Sample::near_miss(
                "kill far from the limit",
                Build::new().memory(300, 1_024).crash(KILLED, "Runtime.ExitError").report(),
            ),
            Sample::near_miss(
                "thread limit",
                Build::new()
                    .error(
                        Phase::Invoke,
                        ErrorForm::Unhandled,
                        "java.lang.OutOfMemoryError",
                        "unable to create native thread: possibly out of memory",
                    )
                    .report(),
            ),
            Sample::near_miss(
                "a child process ran out of memory",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::OutOfMemory, "", "JavaScript heap out of memory")
                    .app_lines(5)
                    .report(),
            ),
            Sample::near_miss(
                "an error whose text mentions memory",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Unhandled, "ValueError", "device reported MemoryError")
                    .report(),
            ),
            Sample::near_miss(
                "limit reached by an earlier attempt",
                Build::new().memory(128, 128).earlier_peak(128).status(Status::Error, Some("Runtime.ExitError")),
            ),
            Sample::healthy("success at the limit", Build::new().memory(128, 128).report()),
        ]
    }
}
