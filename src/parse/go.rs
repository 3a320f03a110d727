//! Lines of the Go client: a date, and the payload of a failed handler or the sentence of a panic.

use super::TextShape;
use super::client_payload::said_by_client;
use super::exception;
use super::level;
use super::text::{first_line, split_at_first, uuid};
use crate::lambda::after_go_date;
use crate::lambda::emulator::NOT_STARTED;
use crate::lambda::runtimes::{GO_PANIC, GO_PLACE, GO1_STACKS};
use crate::model::{AppError, AppLine, ErrorForm, Level};

pub(super) const SHAPE: TextShape = TextShape { begins: &[GO1_STACKS[1]], parse };

/// Parses a line with the date of Go's `log` package, or of `slog` in its text form.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if text.starts_with("time=") {
        return Some(slog(text));
    }
    if let Some(line) = by_place(text) {
        return Some(line);
    }
    if let Some(error) = by_go1(text) {
        return Some(AppLine::of_error(error));
    }
    let rest = after_date(text).or_else(|| text.starts_with(GO_PANIC).then_some(text))?;
    if let Some(error) = said_by_client(rest, true) {
        return Some(AppLine::of_error(error));
    }
    let level = level::among_first_words(rest.split(['\n', '\r']).next().unwrap_or(""));
    let mut line = AppLine { level, ..AppLine::default() };
    super::structured::look_inside(rest, &mut line);
    if line.error.is_none() && line.level >= Level::Error {
        line.error = Some(exception::logged(rest));
    }
    Some(line)
}

/// Parses a line of `slog`: `time=… level=ERROR msg="…" requestId=…`.
fn slog(text: &str) -> AppLine<'static> {
    let level = level::among_first_words(first_line(text).0);
    let id = text.rsplit_once(" requestId=").and_then(|(_, id)| uuid(id)).map(|(id, _)| id);
    let said = text.split_once(" msg=").map_or(text, |(_, said)| said);
    let quoted = said.starts_with('"').then(|| serde_json::Deserializer::from_str(said).into_iter::<String>().next());
    let said = quoted.flatten().and_then(Result::ok).unwrap_or_else(|| said.to_owned());
    let severe = level >= Level::Error;
    let of_client = said_by_client(&said, severe || text.contains(GO_PLACE));
    let level = if of_client.is_some() { level.max(Level::Error) } else { level };
    let error = of_client.or_else(|| severe.then(|| exception::logged(&said)));
    AppLine { id, level, error, ..AppLine::default() }
}

/// Returns what follows the date of Go's `log` package.
fn after_date(text: &str) -> Option<&str> {
    let rest = after_go_date(text.as_bytes())?;
    text.get(text.len() - rest.len()..)
}

/// Parses a line with the client's file before the payload, whatever stands before it: flags of Go's `log` package, or
/// the head of zap's console lines.
fn by_place(text: &str) -> Option<AppLine<'static>> {
    let (head, rest) = split_at_first(first_line(text).0, GO_PLACE)?;
    if head.len() > 200 {
        return None;
    }
    let said =
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ':' | ' ' | '\t' | ']' | '|' | '-' | '>'));
    let error = said_by_client(said, true)?;
    Some(AppLine::of_error(error))
}

/// Parses what the runtime go1.x prints of a failed handler: `message: Type`, and its stack on the next line; the stack of a
/// panic also alone, where lines were parted.
fn by_go1(text: &str) -> Option<AppError<'static>> {
    if text.starts_with(GO1_STACKS[1]) {
        return text.contains("\"label\":\"").then(|| exception::described(ErrorForm::Uncaught, "panic", "", ""));
    }
    let stack = GO1_STACKS.iter().find_map(|stack| {
        let at = text.rfind(&format!("\n{stack}")).filter(|at| is_stack_of_go1(&text[at + 1..]));
        // Tables have lost the line end.
        let at = at.or_else(|| text.rfind(&format!(" {stack}")).filter(|at| is_error_of_go1(&text[..*at])))?;
        Some((&text[..at], *stack))
    });
    let (said, stack) = stack?;
    let (message, name) = go1_error(said)?;
    let form = if stack == GO1_STACKS[0] { ErrorForm::Unhandled } else { ErrorForm::Uncaught };
    // The binary could not be started.
    let form = if message.starts_with(NOT_STARTED) && name == "PathError" { ErrorForm::Init } else { form };
    Some(exception::described(form, name, message, ""))
}

/// Splits the line of an error of go1.x: the name of a type without its package stands last.
fn go1_error(text: &str) -> Option<(&str, &str)> {
    let (message, name) = text.trim_end().rsplit_once(": ")?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && name.starts_with(|char: char| char.is_ascii_alphabetic())).then_some((message, name))
}

/// Returns whether a line may be the first one of an error of go1.x, by the ends of the usual types: the pre-filter lets
/// others through only together with their stack.
pub(super) fn is_error_of_go1(line: &str) -> bool {
    ["rrorString", "apError", "athError"].iter().any(|end| line.ends_with(end))
}

/// Returns whether a line is the stack that go1.x prints below an error.
pub(super) fn is_stack_of_go1(line: &str) -> bool {
    let line = line.trim_end();
    line == GO1_STACKS[0] || line.starts_with(GO1_STACKS[1])
}
