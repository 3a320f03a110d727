//! Lines in which the runtime interface emulator says that an init, a request or a process failed.
//!
//! `24 Oct 2024 09:18:12,453 [ERROR] (rapid) Invoke failed error=<error> InvokeID=<id>`, with the fields in any order;
//! before 2022, and in LocalStack, `time="<time>" level=error msg="Init failed" InvokeID= error="<error>"`. The id may be
//! another than that of START, so it is not read: the emulator runs one request at a time.

use super::platform_text::is_code;
use super::text::{first_line, split_at_first, thousandths};
use crate::lambda::emulator::{
    DONE_FAILED, ERROR_KEY, EXTENSIONS, FIRST_FATAL, FUNCTION, FUNCTION_TIMED_OUT, INIT_FAILED, INVOKE_FAILED,
    INVOKE_ID_KEY, LOGGER, MESSAGE, NOT_STARTED, PROCESS, RESET,
};
use crate::lambda::platform::{RUNTIME_EXITED, RUNTIME_EXITED_WORDS};
use crate::model::{CrashLine, InitReport, Statement, Status};

/// Bytes in which date, level and logger stand.
const HEAD: usize = 48;

/// Parses a line of the emulator about a failure.
pub(super) fn parse(text: &str) -> Option<Statement<'_>> {
    let line = first_line(text).0.trim_end();
    let said = match line.as_bytes().first()? {
        b'0'..=b'9' => after_logger(line)?,
        b't' if line.starts_with("time=\"") => quoted(line)?,
        b'F' => return timed_out(line),
        _ => return None,
    };
    let (sentence, fields) = said;
    let of_init = sentence.starts_with(INIT_FAILED);
    if let Some(code) = DONE_FAILED.iter().find_map(|begin| sentence.strip_prefix(begin)) {
        let code = Some(code).filter(|code| is_code(code));
        return if sentence.starts_with(DONE_FAILED[1]) { Some(failed_init(code)) } else { crash("", code) };
    }
    if let Some(code) = sentence.strip_prefix(FIRST_FATAL) {
        return is_code(code).then(|| crash("", Some(code)))?;
    }
    if let Some(process) = sentence.strip_prefix(PROCESS.0) {
        let (_, exit) = process.split_once(PROCESS.1)?;
        return exit.starts_with(RUNTIME_EXITED).then(|| crash(exit, None))?;
    }
    let error = error(if fields.is_empty() { sentence } else { fields })?;
    if !(of_init || sentence.starts_with(INVOKE_FAILED)) {
        return None;
    }
    if error == RESET {
        // It is reset while a request runs when that takes too long; the duration decides.
        return (!of_init).then_some(Statement::TimedOut { id: None });
    }
    if !of_init {
        return crash(error, code_of(error));
    }
    Some(failed_init(code_of(error)))
}

fn failed_init(error_type: Option<&str>) -> Statement<'_> {
    Statement::InitReport(InitReport {
        duration_us: None,
        phase: None,
        status: Status::Error,
        error_type: error_type.or(Some("Runtime.ExitError")),
        init_type: None,
        emulated: true,
        runtime_done: false,
    })
}

/// Parses `Function 'NAME' timed out after 3 seconds`.
fn timed_out(line: &str) -> Option<Statement<'_>> {
    let (_, rest) = line.strip_prefix(FUNCTION)?.split_once(FUNCTION_TIMED_OUT)?;
    thousandths(rest.strip_suffix(" seconds").or_else(|| rest.strip_suffix(" second"))?)?;
    Some(Statement::TimedOut { id: None })
}

#[allow(clippy::unnecessary_wraps, reason = "the callers return it")]
fn crash<'a>(message: &'a str, error_type: Option<&'a str>) -> Option<Statement<'a>> {
    Some(Statement::Crash(CrashLine { id: None, message, error_type }))
}

/// Returns the error type that the platform gives to an error of the emulator.
fn code_of(error: &str) -> Option<&'static str> {
    match error {
        _ if error.contains(EXTENSIONS) => Some("Extension.LaunchError"),
        _ if error.starts_with(NOT_STARTED) => Some("Runtime.InvalidEntrypoint"),
        _ if error.starts_with(RUNTIME_EXITED_WORDS) => Some("Runtime.ExitError"),
        _ => None,
    }
}

/// Returns what follows date, level and logger; the fields are part of it.
fn after_logger(line: &str) -> Option<(&str, &str)> {
    let at = memchr::memmem::find(line.as_bytes().get(..HEAD.min(line.len()))?, LOGGER.as_bytes())?;
    let head = line.get(..at)?;
    (head.trim_end().ends_with(']')).then(|| Some((line.get(at + LOGGER.len()..)?, "")))?
}

/// Returns the sentence and what follows it in a line of quoted fields.
fn quoted(line: &str) -> Option<(&str, &str)> {
    let (head, rest) = split_at_first(line, MESSAGE)?;
    (head.ends_with("level=error") || head.ends_with("level=fatal")).then(|| rest.split_once('"'))?
}

/// Returns the value of the field `error`, which is quoted or goes on to the next field.
fn error(fields: &str) -> Option<&str> {
    let (_, value) = split_at_first(fields, ERROR_KEY)?;
    if let Some(quoted) = value.strip_prefix('"') {
        return Some(quoted.split('"').next().unwrap_or(quoted));
    }
    Some(value.split(INVOKE_ID_KEY).next().unwrap_or(value).trim_end())
}
