//! Rule: an error that the code did not handle ended the attempt; the catalogue's signatures tell which service failed.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::facts::{
    Exit, Facts, error_of, form, goes_on_behind, has_answer, head_before, head_of_stack, is_above_own_log, is_answer,
    lacks_stack, may_be_of_another, stands_within,
};
use super::{LastWords, Rule, Ruling};
use crate::catalogue::{Diagnosis, diagnose, is_of_own_server, may_be_call, platform_error, resource_limit_code};
use crate::lambda::runtimes::{
    EVENT_NOT_READ, FAULT_HANDLER, MAIN_THREAD, PANICKED, PROVIDED, RESULT_NOT_WRITTEN, RESULT_SENT, RESULT_TOO_LARGE,
};
use crate::model::{AppError, Category, Confidence, ErrorForm, PartialWork, Phase, Sign, Status};

pub(super) const RULE: Rule = Rule {
    id: "unhandled_error",
    explanation: "The runtime client says that the handler failed, or the process ended after an error. A failed call to the Lambda API is \
                  throttling, service_error or invalid_request; to anything else downstream; the rest is runtime_exception. An error that the code \
                  logged and handled is an observation, whatever its text says.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let (sign, confidence) = ending_error(facts)?;
    let sign = refused_result(facts, sign).unwrap_or(sign);
    let whole = panic_behind(facts, sign).or_else(|| head_before(facts, sign)).or_else(|| stack_before(facts, sign));
    let error = whole.as_ref().map(|words| &words.error).or(error_of(sign))?;
    if error.form == ErrorForm::Response {
        return Some(response(facts, sign, error));
    }
    if let Some(code) = own_code(error) {
        return Some(Ruling::new(code, confidence, Some(sign)));
    }
    let found = diagnose(error, whole.as_ref().map_or(&*sign.line.text, |words| &*words.line.text));
    if let Some(Diagnosis { code, confidence: by_text, downstream }) = found {
        let ruling = Ruling::new(code, confidence.min(by_text), Some(sign)).with_downstream(Some(downstream));
        return Some(ruling.with_words(whole));
    }
    let code = match error.form {
        ErrorForm::Crash if names_signal(error) => "runtime_exception.signal",
        ErrorForm::Crash if error.error_type.is_none() && matches!(facts.exit(), Some(Exit::Signal(_))) => {
            "runtime_exception.signal"
        }
        _ if error.error_type.as_deref() == Some("Function<SystemExit>") => "runtime_exception.exit",
        ErrorForm::UnhandledRejection => "runtime_exception.unhandled_rejection",
        _ => labelled_code(error).unwrap_or("runtime_exception.unhandled"),
    };
    // A status without a URL may be that of another service, or what the function means to answer.
    let has_status = error.http_status.is_some_and(|status| (400..600).contains(&status));
    let text = whole.as_ref().map_or(&*sign.line.text, |words| &*words.line.text);
    let is_of_server = is_of_own_server(error.error_type.as_deref(), error.message.as_deref());
    let confidence = if has_status || may_be_call(error, text) || is_of_server {
        confidence.min(Confidence::Medium)
    } else {
        confidence
    };
    Some(Ruling::new(code, confidence, Some(sign)).with_words(whole))
}

/// Finds the error about a result that was refused, behind the error of a client that then could not report this one.
fn refused_result<'a>(facts: &Facts<'a>, ending: &Sign) -> Option<&'a Sign> {
    static SENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(RESULT_SENT));
    let message = error_of(ending)?.message.as_deref()?;
    SENT.find(message.as_bytes())?;
    facts.attempt.signs.iter().rfind(|sign| error_of(sign).and_then(result_size).is_some())
}

/// Returns whether the last words of a process are those of a signal, by libc, a shell or Python's `faulthandler`.
fn names_signal(error: &AppError<'_>) -> bool {
    const SIGNALS: [&str; 6] = [
        "Segmentation fault",
        "Aborted",
        "Bus error",
        "Illegal instruction",
        "Floating point exception",
        "Floating-point exception",
    ];
    let words = error.message.as_deref().unwrap_or("");
    let words = words.strip_prefix(FAULT_HANDLER).unwrap_or(words);
    SIGNALS.iter().any(|signal| words.starts_with(signal))
}

/// Finds the panic behind the line with which Rust's client reports one: only the panic has words and a place.
fn panic_behind(facts: &Facts<'_>, sign: &Sign) -> Option<LastWords> {
    let told = error_of(sign).filter(|error| error.error_type.as_deref() == Some(PANICKED))?;
    let of_panic = |sign: &&Sign| sign.phase == Phase::Invoke && form(sign) == Some(ErrorForm::Crash);
    let panic = facts.attempt.signs.iter().rfind(of_panic)?;
    let said = error_of(panic).filter(|error| error.error_type.as_deref() == Some("panic"))?;
    let error = AppError { form: told.form, error_type: told.error_type.clone(), ..said.clone() };
    Some(LastWords { line: panic.line.clone(), error })
}

/// Finds the error that a runtime printed before it said that it had sent one.
fn stack_before(facts: &Facts<'_>, sign: &Sign) -> Option<LastWords> {
    let told = error_of(sign).filter(|error| error.form == ErrorForm::Unhandled)?;
    if told.error_type.is_some() || told.message.is_some() {
        return None;
    }
    let signs = &facts.attempt.signs;
    let at = signs.iter().position(|other| std::ptr::eq(other, sign))?;
    let before = signs.get(at.checked_sub(1)?).filter(|before| before.phase == Phase::Invoke)?;
    let said = error_of(before).filter(|error| matches!(error.form, ErrorForm::Crash | ErrorForm::Logged))?;
    let error = AppError { form: told.form, ..said.clone() };
    Some(LastWords { line: before.line.clone(), error })
}

/// Finds the error that ended the attempt, and how certain it is that it did.
fn ending_error<'a>(facts: &Facts<'a>) -> Option<(&'a Sign, Confidence)> {
    let is_own = |sign: &Sign| is_above_own_log(facts.attempt, sign);
    let is_above = |sign: &Sign| form(sign) == Some(ErrorForm::AnswerAbove) || is_own(sign);
    if let Some(sign) = facts.fatal.filter(|sign| sign.phase != Phase::Init || is_above(sign)) {
        let failed = facts.platform_failed();
        match form(sign)? {
            _ if is_own(sign) => return Some((sign, Confidence::Medium)),
            ErrorForm::Answer | ErrorForm::AnswerAbove => return Some((sign, Confidence::Medium)),
            ErrorForm::Unhandled if sign.phase == Phase::Late => return Some((sign, Confidence::Medium)),
            ErrorForm::MaybeUnhandled if lacks_stack(sign) => return Some((sign, Confidence::Low)),
            // Nothing tells whether a line behind it is the function's, which had printed the answer of another one.
            ErrorForm::MaybeUnhandled | ErrorForm::Unhandled
                if may_be_of_another(sign)
                    && !failed
                    && stands_within(facts.attempt, sign)
                    && !facts.is_last_line(sign) =>
            {
                return Some((sign, Confidence::Low));
            }
            // Code that logs an error last and then succeeds writes the same line.
            ErrorForm::MaybeUnhandled => {
                let answered = if is_of_framework(sign) { Confidence::Low } else { Confidence::Medium };
                return Some((sign, if failed { Confidence::High } else { answered }));
            }
            // Only its shape tells that a client wrote it, and the function went on.
            ErrorForm::Unhandled
                if has_shape(sign) && !failed && (is_answer(sign) || goes_on_behind(facts.attempt, sign)) =>
            {
                return Some((sign, Confidence::Medium));
            }
            ErrorForm::Unhandled | ErrorForm::Init => return Some((sign, Confidence::High)),
            // The stack of Python's client, whose frames are indented by no-break spaces.
            ErrorForm::Crash if head_of_stack(facts.attempt, sign).is_some() => {
                let certain = failed || sign.line.text.contains('\u{a0}');
                return Some((sign, if certain { Confidence::High } else { Confidence::Medium }));
            }
            // The last words of a process may be those of another one, also where the log ends with them.
            ErrorForm::Crash | ErrorForm::OutOfMemory => return Some((sign, Confidence::Low)),
            ErrorForm::Uncaught => return Some((sign, if failed { Confidence::High } else { Confidence::Medium })),
            // On most Node.js versions the process exits after a rejection; a success by the platform means that it
            // went on.
            ErrorForm::UnhandledRejection if failed => return Some((sign, Confidence::High)),
            ErrorForm::UnhandledRejection if !facts.attempt.report_seen && !facts.attempt.end_seen => {
                return Some((sign, Confidence::Medium));
            }
            // The caller was told.
            ErrorForm::UnhandledRejection if has_answer(facts.attempt) => return Some((sign, Confidence::Medium)),
            ErrorForm::Response if failed || is_too_large(sign) => return Some((sign, Confidence::High)),
            _ => {}
        }
    }
    last_words(facts).or_else(|| logged_before_exit(facts)).or_else(|| caught_panic(facts))
}

fn has_shape(sign: &Sign) -> bool {
    error_of(sign).is_some_and(|error| error.shape_of.is_some())
}

/// Returns whether the stack is that of a web framework, which logs an error last and answers it.
fn is_of_framework(sign: &Sign) -> bool {
    const FRAMES: [&str; 5] =
        ["/@middy/", "node_modules/express/", "node_modules/router/", "node_modules/fastify/", "node_modules/koa"];
    FRAMES.iter().any(|frame| sign.line.text.contains(frame))
}

/// Finds a crash text (panic, raw exception) before the observed end of the process.
fn last_words<'a>(facts: &Facts<'a>) -> Option<(&'a Sign, Confidence)> {
    if !facts.process_ended() || by_extension(facts) {
        return None;
    }
    let sign = facts.attempt.signs.iter().rfind(|sign| form(sign) == Some(ErrorForm::Crash))?;
    // In the first request of an environment whose init is not known to have ended, the crash may be one of the init.
    let maybe_init = facts.attempt.earlier_peak_mb.is_none() && facts.attempt.metrics.init_us.is_none();
    let confidence = if maybe_init { Confidence::Medium } else { Confidence::High };
    (sign.phase != Phase::Init || !facts.handler_ran()).then_some((sign, confidence))
}

/// Finds an error that was logged last before the process exited with a failure status: the code logged it and gave up.
///
/// Managed Instances report the status of a failed handler, so there the last logged error is the likeliest reason,
/// too.
fn logged_before_exit<'a>(facts: &Facts<'a>) -> Option<(&'a Sign, Confidence)> {
    if by_extension(facts) {
        return None;
    }
    let gave_up = matches!(facts.exit(), Some(Exit::Status(status)) if (1..128).contains(&status));
    let silent_failure = facts.crash.is_none()
        && matches!(facts.status(), Some(Status::Error | Status::Failure))
        && facts.platform_error().is_none_or(|known| known.code == "runtime_exception.unhandled");
    if !gave_up && !silent_failure {
        return None;
    }
    let sign = facts
        .attempt
        .signs
        .iter()
        .rfind(|sign| sign.phase == Phase::Invoke && form(sign) == Some(ErrorForm::Logged))?;
    // Words without an error tell that the code gave up by itself.
    let names_error = error_of(sign).is_some_and(|error| error.error_type.is_some());
    (silent_failure || names_error && facts.is_last_line(sign)).then_some((sign, Confidence::Medium))
}

/// Finds a panic of Rust's main thread behind which the function wrote nothing more. Old clients of Rust catch a panic of
/// the handler and tell the caller alone, so that only the words of the panic are in the log. A child process panics in the
/// same words; but of one that matters, its parent tells.
fn caught_panic<'a>(facts: &Facts<'a>) -> Option<(&'a Sign, Confidence)> {
    let is_panic =
        |error: &AppError<'_>| error.form == ErrorForm::Crash && error.error_type.as_deref() == Some("panic");
    let in_main = |sign: &Sign| sign.phase == Phase::Invoke && sign.line.text.trim_start().starts_with(MAIN_THREAD);
    let sign = facts.attempt.signs.iter().rfind(|sign| error_of(sign).is_some_and(is_panic) && in_main(sign))?;
    let runs_program = facts.attempt.runtime.as_deref().is_none_or(|runtime| runtime.starts_with(PROVIDED));
    let ended = facts.attempt.report_seen || facts.attempt.end_seen;
    let lasts = facts.is_last_line(sign) && !facts.handler_done && facts.attempt.platform_status.is_none();
    let confidence = if facts.attempt.runtime.is_some() { Confidence::Medium } else { Confidence::Low };
    (runs_program && ended && lasts).then_some((sign, confidence))
}

fn by_extension(facts: &Facts<'_>) -> bool {
    facts.platform_code().is_some_and(|code| code.starts_with("Extension."))
}

/// Rules on a response that could not be delivered.
fn response<'a>(facts: &Facts<'a>, sign: &'a Sign, error: &AppError<'_>) -> Ruling<'a> {
    let labelled = labelled_code(error).is_some_and(|code| code == "runtime_exception.response_too_large");
    if labelled || is_too_large(sign) {
        return Ruling::new("runtime_exception.response_too_large", Confidence::High, Some(sign));
    }
    let exited = facts.process_ended();
    let code = if exited { "runtime_exception.exit" } else { "runtime_exception.unhandled" };
    Ruling::new(code, Confidence::Medium, Some(sign)).with_partial_work(PartialWork::Likely)
}

fn is_too_large(sign: &Sign) -> bool {
    let size = |text: &str| text.contains("code: 413") || says_too_large(text);
    size(&sign.line.text)
        || error_of(sign)
            .is_some_and(|error| error.http_status == Some(413) || error.message.as_deref().is_some_and(size))
}

/// Returns the code that an error has by itself, before any diagnosis of calls: a limit of the sandbox, a label of the
/// runtime client, or a malformed event.
fn own_code(error: &AppError<'_>) -> Option<&'static str> {
    resource_limit_code(error)
        .or_else(|| labelled_code(error).filter(|code| !is_vague(code)))
        .or_else(|| event_format(error))
        .or_else(|| result_format(error))
        .or_else(|| result_size(error))
}

/// Returns whether any cause may hide behind a code.
fn is_vague(code: &str) -> bool {
    matches!(code, "runtime_exception.unhandled" | "runtime_exception.unhandled_rejection" | "runtime_exception.exit")
}

/// Returns the code of an error type that is a label of the runtime client, if it belongs to runtime_exception and
/// matches a whole label, not a pattern.
fn labelled_code(error: &AppError<'_>) -> Option<&'static str> {
    let known = error.error_type.as_deref().and_then(platform_error)?;
    let category = crate::catalogue::code(known.code)?.category?;
    (category == Category::RuntimeException && !known.id.ends_with('*')).then_some(known.code)
}

/// Returns the code for an event that could not be turned into the handler's input: the serialisers of Java, .NET and
/// Rust say so before the handler runs.
fn event_format(error: &AppError<'_>) -> Option<&'static str> {
    let message = error.message.as_deref().unwrap_or("");
    let json = message.starts_with("An error occurred during JSON parsing");
    let dotnet = error.error_type.as_deref().is_some_and(|name| name.ends_with("JsonSerializerException"))
        && message.contains("Error converting the Lambda event JSON");
    let rust = message.starts_with(EVENT_NOT_READ);
    (json || dotnet || rust).then_some("runtime_exception.event_format")
}

/// Returns the code for a result that the runtime's client could not write as JSON, after the handler had finished.
fn result_format(error: &AppError<'_>) -> Option<&'static str> {
    let message = error.message.as_deref()?;
    RESULT_NOT_WRITTEN.iter().any(|begin| message.starts_with(begin)).then_some("runtime_exception.response_format")
}

/// Returns the code for a result that the Runtime API refused, after the handler had finished.
fn result_size(error: &AppError<'_>) -> Option<&'static str> {
    says_too_large(error.message.as_deref()?).then_some("runtime_exception.response_too_large")
}

/// Returns whether a text has the words of the Runtime API or a client about a result over the limit.
fn says_too_large(text: &str) -> bool {
    static REFUSED: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| RESULT_TOO_LARGE.map(Finder::new));
    REFUSED.iter().any(|words| words.find(text.as_bytes()).is_some())
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, Phase, Status};

    fn handler(error_type: &str, message: &str) -> Build {
        Build::new().error(Phase::Invoke, ErrorForm::Unhandled, error_type, message).app_lines(2).report()
    }

    pub(super) fn all() -> Vec<Sample> {
        let exit = "Runtime exited with error: exit status 1";
        vec![
            failing("plain exception", handler("KeyError", "'customer'"), "runtime_exception.unhandled"),
            failing(
                "refused connection",
                handler("Error", "connect ECONNREFUSED 10.1.2.3:6543"),
                "downstream.connection",
            ),
            failing(
                "throttled by Lambda",
                handler(
                    "TooManyRequestsException",
                    "An error occurred (TooManyRequestsException) when calling the Invoke operation (reached max retries: 4): Rate Exceeded.",
                ),
                "throttling.unspecified",
            ),
            failing(
                "Lambda failed",
                handler("Amazon.Lambda.Model.ServiceException", "try again"),
                "service_error.internal",
            ),
            failing(
                "payload",
                handler(
                    "OperationError",
                    "operation error Lambda: Invoke, https response error StatusCode: 413, RequestID: 1, RequestTooLargeException: too large",
                ),
                "invalid_request.payload_too_large",
            ),
            failing(
                "uncaught, then exit",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Uncaught, "TypeError", "x is not a function")
                    .crash(exit, "Runtime.ExitError")
                    .report(),
                "runtime_exception.unhandled",
            ),
            failing(
                "panic, then exit",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Crash, "panic", "index out of range")
                    .crash(exit, "Runtime.ExitError")
                    .report(),
                "runtime_exception.unhandled",
            ),
            failing(
                "disk",
                handler("OSError", "[Errno 28] No space left on device: '/tmp/a'"),
                "runtime_exception.disk_full",
            ),
            failing(
                "event",
                handler("java.lang.RuntimeException", "An error occurred during JSON parsing"),
                "runtime_exception.event_format",
            ),
            failing(
                "answer too large",
                Build::new().response_refused(413).app_lines(3).status(Status::Error, Some("Runtime.ExitError")),
                "runtime_exception.response_too_large",
            ),
            failing(
                "Node.js in JSON, nothing after it",
                Build::new().error(Phase::Invoke, ErrorForm::MaybeUnhandled, "TypeError", "no").app_lines(2).report(),
                "runtime_exception.unhandled",
            ),
            failing(
                "panic of Rust's main thread, nothing after it",
                Build::new().said(ErrorForm::Crash, "panic", "thread 'main' panicked at src/main.rs:3:5:").report(),
                "runtime_exception.unhandled",
            ),
            Sample::near_miss(
                "the same, the function goes on",
                Build::new()
                    .said(ErrorForm::Crash, "panic", "thread 'main' panicked at src/main.rs:3:5:")
                    .line("stored 3 orders")
                    .report(),
            ),
            Sample::near_miss(
                "the same, and the platform says success",
                Build::new()
                    .said(ErrorForm::Crash, "panic", "thread 'main' panicked at src/main.rs:3:5:")
                    .status(Status::Success, None),
            ),
            Sample::near_miss(
                "panic of another thread",
                Build::new().said(ErrorForm::Crash, "panic", "thread 'worker-1' panicked at src/main.rs:3:5:").report(),
            ),
            Sample::near_miss(
                "Node.js in JSON, the function goes on",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::MaybeUnhandled, "TypeError", "no")
                    .app_lines(2)
                    .last_words_of_request()
                    .report(),
            ),
            Sample::near_miss(
                "logged and survived",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Logged, "Error", "connect ECONNREFUSED 10.1.2.3:6543")
                    .app_lines(2)
                    .report(),
            ),
            Sample::near_miss(
                "a child process panicked",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Crash, "panic", "index out of range")
                    .app_lines(2)
                    .report(),
            ),
            Sample::near_miss(
                "rejection, and the platform says success",
                Build::new()
                    .error(
                        Phase::Invoke,
                        ErrorForm::UnhandledRejection,
                        "Runtime.UnhandledPromiseRejection",
                        "Error: late",
                    )
                    .report(),
            ),
            Sample::near_miss(
                "background error after the end",
                Build::new().report().error(Phase::Late, ErrorForm::Uncaught, "Error", "flush"),
            ),
            Sample::healthy("warm success", Build::new().app_lines(7).report()),
        ]
    }
}
