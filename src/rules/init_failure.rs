//! Rule: the environment could not be initialised or restored, and the handler never ran.

use super::facts::{Exit, Facts, error_of, form, head_before, is_beside_log};
use super::{LastWords, Rule, Ruling};
use crate::catalogue::{is_entrypoint, load_failure_code, names_missing_code, platform_error, start_failure_code};
use crate::lambda::loaders;
use crate::lambda::platform::UNKNOWN_ERROR;
use crate::model::{AppError, Confidence, ErrorForm, InitPhase, KeptLine, Line, Phase, Sign, SignKind, Status};

pub(super) const RULE: Rule = Rule {
    id: "init_failure",
    explanation: "Init or restore failed and the handler never ran: INIT_REPORT or RESTORE_REPORT with a status, an error type of the \
                  init, an image or extension that could not be started, the runtime client's own init errors. An init that failed once and was \
                  repeated with success inside the request is an observation.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    restore(facts)
        .or_else(|| launch(facts))
        .or_else(|| reported(facts))
        .or_else(|| told_by_runtime(facts))
        .or_else(|| process_exit(facts))
        .or_else(|| unlabelled(facts))
        .or_else(|| told_before_start(facts))
}

/// Rules on a SnapStart restore that failed without a trace of the handler.
fn restore<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let status = facts.restore_failed()?;
    if facts.handler_ran() || !(facts.platform_failed() || facts.is_environment() || !facts.attempt.report_seen) {
        return None;
    }
    let code = if status == Status::Timeout { "init_failure.timeout" } else { "init_failure.restore" };
    let proof = facts.sign(|kind| matches!(kind, SignKind::RestoreFailed { .. })).or(facts.ended);
    Some(Ruling::new(code, Confidence::High, error_sign(facts).or(proof)))
}

/// Rules on an image or an extension that could not be started.
fn launch<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let unfinished = facts.platform_failed() || facts.is_environment() || !facts.attempt.report_seen;
    let code = facts.platform_code().unwrap_or("");
    // Then the lines before the end are the extension's own.
    let refused = refused_extension(facts);
    let never_started = is_of_start(code) || refused.is_some();
    let unfinished = unfinished || refused.is_some() && !facts.handler_ran();
    if facts.handler_done || facts.handler_ran() && !never_started || !unfinished {
        return None;
    }
    if let Some(sign) = facts.sign(|kind| matches!(kind, SignKind::ImageError { .. })) {
        return Some(Ruling::new("init_failure.entrypoint", Confidence::High, Some(sign)));
    }
    let extension = facts.sign(|kind| matches!(kind, SignKind::ExtensionFailed { .. }));
    let in_init = code.starts_with("Extension.")
        && !facts.init_succeeded()
        && (facts.inner_init_failed().is_some()
            || facts.outer_init_failed().is_some()
            || extension.is_some_and(|sign| sign.phase == Phase::Init));
    let environment = facts.is_environment()
        && (extension.is_some() || init_code(facts).is_some_and(|code| code.starts_with("Extension.")));
    (never_started || in_init || environment).then(|| {
        let proof = facts.failed_extension().or_else(|| facts.init_sign(None)).or(facts.crash).or(facts.ended);
        let told = refused.is_none() || facts.platform_failed() || environment;
        let confidence = if told { Confidence::High } else { Confidence::Medium };
        Ruling::new("init_failure.extension", confidence, proof).with_words(facts.last_words())
    })
}

/// Returns whether an error type says that an extension never got ready.
fn is_of_start(error_type: &str) -> bool {
    matches!(error_type, "Extension.LaunchError" | "Extension.InitError")
}

/// Finds the extension of which the platform says within the attempt, as its last word before the end, that it never got
/// ready. What stands before START may be of an init that was repeated with success.
fn refused_extension<'a>(facts: &Facts<'a>) -> Option<&'a Sign> {
    let attempt = facts.attempt;
    let refused =
        |kind: &SignKind| matches!(kind, SignKind::ExtensionFailed { error_type, .. } if is_of_start(error_type));
    let sign = facts.sign(refused).filter(|sign| attempt.start_seen && sign.line.place > attempt.place)?;
    let went_on = attempt.last_line.as_ref().is_some_and(|last| last.place > sign.line.place);
    let in_time = sign.line.at.zip(attempt.started_at).is_none_or(|(at, start)| at >= start);
    (!went_on && in_time && !facts.init_succeeded()).then_some(sign)
}

/// Rules on a failed init that the platform reported and the request did not survive.
fn reported<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let inner = facts.inner_init_failed();
    let outer = facts.outer_init_failed();
    let proof = facts.init_sign(None).or(facts.ended).or(facts.crash);
    if facts.is_environment() {
        let confidence = if proof.is_some() { Confidence::High } else { Confidence::Medium };
        return Some(refine(facts, outer.or(inner) == Some(Status::Timeout), confidence, proof));
    }
    // If the init inside the request failed, the handler cannot have run. In the older style, REPORT did not mention
    // it.
    if inner.is_some() {
        return Some(refine(facts, inner == Some(Status::Timeout), Confidence::High, proof));
    }
    if !facts.platform_failed() {
        // If the log lacks the end, the platform's statement about the init is its last word.
        let cut = !facts.attempt.start_seen && !facts.attempt.report_seen && !facts.attempt.end_seen;
        let failed = outer.filter(|_| cut)?;
        return Some(refine(facts, failed == Status::Timeout, Confidence::Medium, proof));
    }
    if facts.platform_code_of_init() && !facts.handler_ran() {
        return Some(refine(facts, false, Confidence::High, proof));
    }
    // The init before the request failed, none succeeded later, and no trace of the handler is seen.
    (outer.is_some() && !facts.handler_ran() && facts.fatal.is_none_or(|sign| sign.phase == Phase::Init))
        .then(|| refine(facts, outer == Some(Status::Timeout), Confidence::Medium, proof))
}

/// Rules on code that, according to the runtime client, could not be loaded.
fn told_by_runtime<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let sign = facts.fatal?;
    let error = error_of(sign)?;
    if let Some(ruling) = told_by_stack(facts, sign, error) {
        return Some(ruling);
    }
    let ended_in_init = sign.phase == Phase::Init
        && (facts.platform_failed() || !facts.attempt.start_seen && !facts.attempt.report_seen);
    match error.form {
        ErrorForm::Init if sign.phase == Phase::Invoke || ended_in_init => {
            let vague = loaders::may_be_bad_handler(&sign.line.text);
            let confidence = if vague { Confidence::Medium } else { Confidence::High };
            Some(refine(facts, false, confidence, Some(sign)))
        }
        ErrorForm::MaybeUnhandled if is_beside_log(facts.attempt, sign) => {
            deferred_load_failure(sign).map(|code| Ruling::new(code, Confidence::Medium, Some(sign)))
        }
        ErrorForm::Unhandled | ErrorForm::MaybeUnhandled | ErrorForm::Uncaught | ErrorForm::UnhandledRejection
            if ended_in_init =>
        {
            let ran = facts.lines_beyond_errors() > 0 && facts.attempt.start_seen;
            (!ran).then(|| refine(facts, false, Confidence::High, Some(sign)))
        }
        ErrorForm::Answer | ErrorForm::AnswerAbove => {
            deferred_load_failure(sign).map(|code| Ruling::new(code, Confidence::Medium, Some(sign)))
        }
        // Java and .NET load the handler class only when the first request comes.
        ErrorForm::Unhandled | ErrorForm::MaybeUnhandled | ErrorForm::Uncaught if facts.lines_beyond_errors() == 0 => {
            let code = deferred_load_failure(sign)?;
            Some(Ruling::new(code, Confidence::Medium, Some(sign)))
        }
        _ => None,
    }
}

/// Rules on an error inside the request of which the stack says that the code was still being loaded: the init was repeated
/// for the request, or the log lacks what the platform says of the init, as those before 2023 do.
fn told_by_stack<'a>(facts: &Facts<'a>, sign: &'a Sign, error: &AppError<'_>) -> Option<Ruling<'a>> {
    use ErrorForm::{Answer, AnswerAbove, Crash, Init, MaybeUnhandled, Uncaught, Unhandled, UnhandledRejection};
    if !error.is_of_loading || facts.handler_done || sign.phase != Phase::Invoke && !is_beside_log(facts.attempt, sign)
    {
        return None;
    }
    let head = head_before(facts, sign);
    let sure = match error.form {
        Init => return None,
        Crash if head.is_none() => return None,
        Unhandled | Uncaught | UnhandledRejection | Crash => !facts.init_succeeded(),
        MaybeUnhandled => facts.platform_failed(),
        Answer | AnswerAbove => false,
        _ => return None,
    };
    let confidence = if sure { Confidence::High } else { Confidence::Medium };
    let ruling = refine(facts, false, confidence, Some(sign));
    Some(match head {
        Some(head) => {
            let code = load_failure_code(&head.error).unwrap_or("init_failure.exception");
            Ruling { code, ..ruling }.with_words(Some(head))
        }
        None => ruling,
    })
}

/// Log time before START within which the runtime says that the init for this request failed.
const JUST_BEFORE_START_MS: i64 = 2_000;

/// Rules on code that cannot be loaded, according to a runtime before START, where nothing after it says that the init was
/// repeated with success.
///
/// Other errors of an init are left alone: Lambda repeats the init, they may not come again, and a log may lack the lines
/// that say so. A module or handler that is not there is not there the next time either; even so, a later line of the
/// handler or a figure of an init proves that another init had what this one lacked.
fn told_before_start<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let attempt = facts.attempt;
    let ended = attempt.start_seen && (attempt.report_seen || attempt.end_seen);
    if !ended
        || facts.platform_failed()
        || facts.init_was_good()
        || facts.fatal.is_some_and(|it| it.phase != Phase::Init)
    {
        return None;
    }
    let sign = facts.error_before_start()?;
    let waited_ms = attempt.started_at.zip(sign.line.at).map_or(0, |(start, at)| start.ms_since(at));
    if !(0..=JUST_BEFORE_START_MS).contains(&waited_ms) {
        return None;
    }
    let code = error_of(sign).and_then(load_failure_code)?;
    Some(Ruling::new(code, Confidence::Medium, Some(sign)))
}

/// Returns the code of a handler that the runtime says it cannot load, unlike an import in the handler itself.
fn deferred_load_failure(sign: &Sign) -> Option<&'static str> {
    let error = error_of(sign)?;
    let message = error.message.as_deref().unwrap_or("");
    let own_words = loaders::OF_CLIENTS
        .iter()
        .any(|start| message.starts_with(start) || sign.line.text.trim_start().starts_with(start))
        || loaders::is_bad_handler(message)
        || error.error_type.as_deref().is_some_and(|name| name.ends_with(loaders::VALIDATION_OF_DOTNET));
    let labelled = error
        .error_type
        .as_deref()
        .and_then(platform_error)
        .is_some_and(|known| known.stage == crate::catalogue::Stage::Init);
    (own_words || labelled || is_entrypoint(message)).then(|| load_failure_code(error).unwrap_or("init_failure.import"))
}

/// Rules on a process that ended in its first request without a trace of the handler: in a new environment, after an error
/// during init, with words about its own start, or with the words that it had said before START.
fn process_exit<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let attempt = facts.attempt;
    let no_handler = !facts.handler_done && attempt.metrics.init_us.is_none();
    let fresh = attempt.earlier_peak_mb.is_none() && attempt.init.is_some_and(|init| init.start_seen);
    let silent = attempt.app_lines == 0 && no_handler;
    let printed = attempt
        .signs
        .iter()
        .any(|sign| sign.phase == Phase::Init && matches!(form(sign), Some(ErrorForm::Crash | ErrorForm::Uncaught)));
    let code = facts.platform_code();
    let ended = facts.crash.is_some() && code.is_none_or(|code| code.starts_with("Runtime."));
    let exited = ended || code == Some("Runtime.ExitError");
    // Code that is not there ends the process before the handler has written anything.
    let is_missing = |error: &AppError<'_>| {
        error.form == ErrorForm::Logged && load_failure_code(error).is_some()
            || error.form == ErrorForm::Crash
                && (error.is_of_loading || load_failure_code(error) == Some("init_failure.import"))
    };
    let told = |sign: &Sign| match error_of(sign) {
        Some(error) if error.form == ErrorForm::Crash => sign.phase == Phase::Invoke && is_missing(error),
        error => error.is_some_and(is_missing),
    };
    let missing = attempt.app_lines == 1 && no_handler && attempt.signs.iter().any(told);
    let missing = missing || lacks_required_module(facts);
    if facts.killed() || !exited {
        return None;
    }
    if let Some((code, words)) = start_words(facts).filter(|_| no_handler) {
        let proof = error_sign(facts);
        let words = Some(words).filter(|_| proof.is_none());
        return Some(Ruling::new(code, Confidence::Medium, proof.or(facts.crash).or(facts.ended)).with_words(words));
    }
    let repeats = no_handler && ended && says_all_again(facts);
    if !(ended && silent && (fresh || printed) || missing || repeats) {
        return None;
    }
    Some(refine(facts, false, Confidence::Medium, error_sign(facts).or(facts.crash)))
}

/// Rules on the sentence about an error that nobody labelled: before 2023, nearly all that was told of an init that failed.
fn unlabelled<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let crash = facts.crash?;
    let is_unknown = matches!(&crash.kind, SignKind::Crash { message, error_type } if &**message == UNKNOWN_ERROR && error_type.as_deref() == Some("Runtime.Unknown"));
    let ran = facts.handler_ran() || facts.init_succeeded() || facts.fatal.is_some();
    (is_unknown && !ran).then(|| refine(facts, false, Confidence::Medium, Some(crash)))
}

/// Lines that a process says of its start, at most.
const MOST_START_LINES: u32 = 6;

/// Finds the line in which the program of the runtime says that it could not be started.
fn start_words(facts: &Facts<'_>) -> Option<(&'static str, LastWords)> {
    if facts.attempt.app_lines > MOST_START_LINES {
        return None;
    }
    let attempt = facts.attempt;
    let start = attempt.started_at.filter(|_| attempt.start_seen);
    let is_within = |line: &KeptLine<'_>| line.at.zip(start).is_none_or(|(at, start)| at >= start);
    attempt.lines.iter().filter(|line| line.own && is_within(line)).find_map(|line| {
        let text = line.to_text();
        let (code, said) = text.lines().find_map(|said| Some((start_failure_code(said)?, said.trim())))?;
        let error = AppError { message: Some(said.to_owned().into()), ..AppError::of(ErrorForm::Crash) };
        Some((code, LastWords { line: Line { at: line.at, place: line.place, text: text.trim_end().into() }, error }))
    })
}

/// Returns whether all that was said after START was said before it, too: the process ran twice up to the same end, so that
/// the second run was not one of the handler.
fn says_all_again(facts: &Facts<'_>) -> bool {
    let attempt = facts.attempt;
    let Some(start) = attempt.started_at.filter(|_| attempt.start_seen) else { return false };
    let masked = |line: KeptLine<'_>| -> String {
        line.to_text().trim().chars().filter(|char| !char.is_ascii_digit()).collect()
    };
    let is_before = |line: &KeptLine<'_>| line.at.is_some_and(|at| at < start);
    let (before, after): (Vec<_>, Vec<_>) = attempt.lines.iter().filter(|line| line.own).partition(is_before);
    let before: Vec<String> = before.into_iter().map(masked).collect();
    !after.is_empty()
        && after.len() <= MOST_START_LINES as usize * 4
        && after.into_iter().map(masked).all(|line| before.contains(&line))
}

/// Returns whether the last thing before a bare exit is Node's text about a module that is not there, and no START is in
/// view: the code was being loaded. In a request, the runtime client tells of it.
fn lacks_required_module(facts: &Facts<'_>) -> bool {
    let attempt = facts.attempt;
    let exited = matches!(facts.exit(), Some(Exit::Status(1..128)));
    if attempt.start_seen || facts.handler_done || attempt.metrics.init_us.is_some() || !exited {
        return false;
    }
    let mut seen = false;
    for line in attempt.lines.iter().filter(|line| line.own) {
        for line in line.to_text().lines() {
            let is_stack = line.starts_with("- ") || line.starts_with([' ', '\t', '}', ']']) || line.trim().is_empty();
            let is_hint = line.starts_with("Did you forget to ") || line.starts_with("Node.js v");
            seen = line.contains(loaders::MISSING_MODULE)
                || seen && (is_stack || is_hint || line.starts_with(REQUIRE_STACK));
        }
    }
    let lists = |text: &str| text.lines().any(|line| line.starts_with(REQUIRE_STACK));
    seen && attempt.lines.iter().any(|line| line.own && lists(&line.to_text()))
}

/// Heading of the files that wanted a module.
const REQUIRE_STACK: &str = "Require stack:";

/// Chooses the most specific code: of the error on a line, else of the platform's error type, else of the status.
fn refine<'a>(facts: &Facts<'a>, timed_out: bool, confidence: Confidence, proof: Option<&'a Sign>) -> Ruling<'a> {
    let sign = error_sign(facts);
    let words = if sign.is_none() { facts.last_words() } else { None };
    if timed_out && sign.is_none() {
        return Ruling::new("init_failure.timeout", confidence, proof).with_words(words);
    }
    let missing = words.as_ref().filter(|words| names_missing_code(&words.error)).map(|_| "init_failure.import");
    let by_words = words.as_ref().and_then(|words| load_failure_code(&words.error)).or(missing);
    let by_error = sign.and_then(error_of).and_then(load_failure_code).or(by_words);
    let by_platform = init_code(facts).and_then(platform_error).map(|known| known.code);
    let code = match (by_error, by_platform) {
        (Some(code), _) => code,
        (None, Some(code)) if code.starts_with("init_failure.") && code != "init_failure.exception" => code,
        (None, Some("runtime_exception.exit")) if sign.is_none() => "init_failure.exit",
        (None, _) => "init_failure.exception",
    };
    Ruling::new(code, confidence, sign.or(proof)).with_words(words)
}

/// Returns the platform's error type, of the init if it has one, else of the end of the attempt.
fn init_code<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let of_init =
        facts.init_sign(Some(InitPhase::Invoke)).or_else(|| facts.init_sign(None)).and_then(|sign| match &sign.kind {
            SignKind::InitFailed { error_type, .. } => error_type.as_deref(),
            _ => None,
        });
    of_init.or_else(|| facts.platform_code())
}

/// Returns the error line that explains the failed init.
fn error_sign<'a>(facts: &Facts<'a>) -> Option<&'a Sign> {
    facts.fatal.or_else(|| facts.attempt.signs.iter().rfind(|sign| form(sign) == Some(ErrorForm::Crash)))
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, InitPhase, Phase, Status};

    /// A process that ended after a line.
    fn started(line: &str) -> Build {
        Build::new().line(line).crash("Runtime exited with error: exit status 127", "Runtime.ExitError")
    }

    pub(super) fn all() -> Vec<Sample> {
        let import = "Unable to import module 'app': No module named 'yaml'";
        vec![
            failing(
                "import error in both inits",
                Build::new()
                    .error(Phase::Init, ErrorForm::Init, "Runtime.ImportModuleError", import)
                    .init(InitPhase::Init, Status::Error, Some("Runtime.Unknown"))
                    .init(InitPhase::Invoke, Status::Error, Some("Runtime.Unknown"))
                    .status(Status::Error, Some("Runtime.Unknown")),
                "init_failure.import",
            ),
            failing(
                "code on REPORT alone",
                Build::new().status(Status::Error, Some("Runtime.HandlerNotFound")),
                "init_failure.handler_not_found",
            ),
            failing(
                "top-level code threw",
                Build::new()
                    .error(Phase::Init, ErrorForm::Uncaught, "ReferenceError", "region is not defined")
                    .init(InitPhase::Init, Status::Error, Some("Runtime.ExitError"))
                    .status(Status::Error, Some("Runtime.ExitError")),
                "init_failure.exception",
            ),
            failing(
                "environment without a request",
                Build::new().environment().init(InitPhase::Init, Status::Timeout, None),
                "init_failure.timeout",
            ),
            failing(
                "restore took too long",
                Build::new().restore(Status::Timeout).status(Status::Timeout, None),
                "init_failure.timeout",
            ),
            failing(
                "image",
                Build::new()
                    .image("fork/exec /srv/run: exec format error")
                    .status(Status::Error, Some("Runtime.InvalidEntrypoint")),
                "init_failure.entrypoint",
            ),
            failing(
                "extension",
                Build::new()
                    .extension(Phase::Init, "agent", "Extension.Crash")
                    .init(InitPhase::Init, Status::Error, Some("Extension.Crash"))
                    .status(Status::Error, Some("Extension.Crash")),
                "init_failure.extension",
            ),
            failing(
                "Java class at the first request",
                Build::new()
                    .error(
                        Phase::Invoke,
                        ErrorForm::Unhandled,
                        "java.lang.ClassNotFoundException",
                        "Class not found: demo.Main",
                    )
                    .app_lines(1)
                    .report(),
                "init_failure.import",
            ),
            failing(
                "Java class without an interface, its sentence cut off",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Unhandled, "", "Class does not implement Handler")
                    .report(),
                "init_failure.import",
            ),
            failing(
                "older style: REPORT says nothing",
                Build::new()
                    .init(InitPhase::Init, Status::Error, Some("Runtime.Unknown"))
                    .error(Phase::Init, ErrorForm::Unhandled, "KeyError", "'TABLE'")
                    .init(InitPhase::Invoke, Status::Error, Some("Runtime.Unknown"))
                    .report(),
                "init_failure.exception",
            ),
            failing(
                "process ran to its end in both inits",
                Build::new()
                    .init(InitPhase::Init, Status::Error, Some("Runtime.ExitError"))
                    .init(InitPhase::Invoke, Status::Error, Some("Runtime.ExitError"))
                    .status(Status::Error, Some("Runtime.ExitError")),
                "init_failure.exit",
            ),
            failing(
                "code that cannot be loaded, before START",
                Build::new()
                    .error(Phase::Init, ErrorForm::Init, "Runtime.HandlerNotFound", "app.handler is undefined")
                    .report(),
                "init_failure.handler_not_found",
            ),
            failing(
                "an extension that never got ready",
                Build::new().extension(Phase::Init, "agent", "Extension.InitError").report(),
                "init_failure.extension",
            ),
            failing(
                "a program that could not be started",
                started("/usr/bin/env: 'python3': No such file or directory").report(),
                "init_failure.entrypoint",
            ),
            Sample::near_miss(
                "the same after an init that was good",
                started("/usr/bin/env: 'python3': No such file or directory").cold_start_ms(90).report(),
            ),
            Sample::near_miss(
                "the same among lines of a function",
                started("/usr/bin/env: 'python3': No such file or directory").app_lines(30).report(),
            ),
            Sample::near_miss(
                "the same of a child",
                Build::new().line("/usr/bin/env: 'python3': No such file or directory").report(),
            ),
            Sample::near_miss(
                "a program of the function's own",
                started("/var/task/bin/convert: error while loading shared libraries: libpng.so").report(),
            ),
            failing(
                "a handler that .NET's client refuses",
                Build::new()
                    .error(
                        Phase::Invoke,
                        ErrorForm::MaybeUnhandled,
                        "Amazon.Lambda.RuntimeSupport.ExceptionHandling.LambdaValidationException",
                        "Unable to find method 'Run' in type 'Cart.Fn'",
                    )
                    .app_lines(1)
                    .status(Status::Error, Some("Runtime.ExitError")),
                "init_failure.handler_not_found",
            ),
            failing(
                "top-level code inside the request",
                Build::new().loading(ErrorForm::Unhandled, "KeyError", "'TABLE'").app_lines(3).report(),
                "init_failure.exception",
            ),
            failing(
                "the same with a figure of an init",
                Build::new().loading(ErrorForm::Unhandled, "KeyError", "'TABLE'").cold_start_ms(90).report(),
                "init_failure.exception",
            ),
            failing(
                "the same in JSON of Node.js",
                Build::new().loading(ErrorForm::MaybeUnhandled, "TypeError", "no").app_lines(2).report(),
                "init_failure.exception",
            ),
            Sample::near_miss(
                "code that is loaded again while the function handles its error",
                Build::new().loading(ErrorForm::Logged, "KeyError", "'TABLE'").app_lines(3).report(),
            ),
            Sample::near_miss(
                "a child that could not load its code",
                Build::new().loading(ErrorForm::Crash, "KeyError", "'TABLE'").app_lines(3).report(),
            ),
            failing(
                "a handler setting without a dot, as old Node.js tells it",
                Build::new().error(Phase::Invoke, ErrorForm::Init, "", "Bad handler index").app_lines(1).report(),
                "init_failure.handler_not_found",
            ),
            Sample::near_miss(
                "the same words in the middle of a request",
                Build::new().error(Phase::Invoke, ErrorForm::Init, "", "Bad handler index").app_lines(3).report(),
            ),
            Sample::near_miss(
                "code that could be loaded the next time",
                Build::new().error(Phase::Init, ErrorForm::Init, "KeyError", "'TABLE'").report(),
            ),
            Sample::near_miss(
                "a handler that ran after all",
                Build::new()
                    .error(Phase::Init, ErrorForm::Init, "Runtime.ImportModuleError", import)
                    .app_lines(1)
                    .report(),
            ),
            Sample::near_miss(
                "an init that was good after all",
                Build::new()
                    .error(Phase::Init, ErrorForm::Init, "Runtime.ImportModuleError", import)
                    .cold_start_ms(300)
                    .report(),
            ),
            Sample::near_miss(
                "repeated with success",
                Build::new().init(InitPhase::Init, Status::Error, Some("Runtime.ExitError")).app_lines(2).report(),
            ),
            Sample::near_miss(
                "import inside the handler",
                Build::new()
                    .error(Phase::Invoke, ErrorForm::Unhandled, "ModuleNotFoundError", "No module named 'rare'")
                    .app_lines(3)
                    .report(),
            ),
            Sample::near_miss(
                "warning at level ERROR during init",
                Build::new().error(Phase::Init, ErrorForm::Logged, "Warning", "deprecated").app_lines(1).report(),
            ),
            Sample::near_miss(
                "extension died in the request",
                Build::new().app_lines(2).status(Status::Error, Some("Extension.Crash")),
            ),
            Sample::healthy("cold start", Build::new().cold_start_ms(800).report()),
        ]
    }
}
