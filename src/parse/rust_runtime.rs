//! Lines of Rust's `tracing` subscriber: `LEVEL span{field="…"}: target: text`. The client's span carries the id.

use super::TextShape;
use super::exception::{self, described};
use super::text::{after_timestamp, first_line, is_type_name, split_at_first, trim_front, uuid, word};
use crate::lambda::levels::level_of_word;
use crate::lambda::runtimes::{EVENT_NOT_READ, HANDLER_RETURNED, PANICKED};
use crate::model::{AppError, AppLine, ErrorForm, Level, RequestId};

pub(super) const SPAN: &str = "Lambda runtime invoke";

pub(super) const SHAPE: TextShape = TextShape { begins: &[], parse };

/// Parses a line of the subscriber.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if let Some(line) = by_first_clients(text) {
        return Some(line);
    }
    let rest = after_timestamp(text).map_or_else(|| behind_print(text), trim_front);
    let (severity, rest) = word(rest);
    if !matches!(severity, "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR") {
        return None;
    }
    let (line, _) = first_line(rest);
    let id = request_id(line);
    let rest = rest.trim_start();
    if id.is_none() && !rest.starts_with(SPAN) {
        return None;
    }
    let level = level_of_word(severity);
    let error = (level >= Level::Error).then(|| failure(rest));
    Some(AppLine { id, level, error, ..AppLine::default() })
}

/// Parses what the clients before 0.4 log of a failed handler, behind the head of any logger:
/// `[lambda_runtime::runtime] Handler returned an error for <id>: <message>`.
fn by_first_clients(text: &str) -> Option<AppLine<'static>> {
    let (head, said) = split_at_first(first_line(text).0, HANDLER_RETURNED)?;
    let (id, message) = uuid(said)?;
    let message = message.strip_prefix(": ")?;
    let by_client = ["lambda_runtime::", "lambda_runtime_core::"].iter().any(|target| head.contains(target));
    let error = Some(described(ErrorForm::Unhandled, "", message, ""));
    by_client.then(|| AppLine { id: Some(id), level: Level::Error, error, ..AppLine::default() })
}

/// Strips what the function printed without a line end before the subscriber wrote.
fn behind_print(text: &str) -> &str {
    const BEGIN: &str = "ERROR Lambda runtime invoke{";
    if text.starts_with(BEGIN) {
        return text;
    }
    split_at_first(first_line(text).0, BEGIN).and_then(|(before, _)| text.get(before.len()..)).unwrap_or(text)
}

fn request_id(line: &str) -> Option<RequestId> {
    ["requestId=", "request_id=", "faas.invocation_id="].iter().find_map(|key| {
        let (_, value) = line.split_once(key)?;
        uuid(value.trim_start_matches('"')).map(|(id, _)| id)
    })
}

/// Reads the error of a line. Directly under the client's span the line is the client's, unless it names another
/// target; under a span of the function it is the function's.
fn failure(rest: &str) -> AppError<'static> {
    let said = rest.strip_prefix(SPAN).map(after_fields);
    let Some(said) = said.filter(|said| said.starts_with(": ")) else {
        return exception::logged(rest.split_once("}: ").map_or(rest, |(_, said)| said));
    };
    let said = said.trim_start_matches([':', ' ']);
    let (target, message) = said.split_once(": ").filter(|(target, _)| is_target(target)).unwrap_or(("", said));
    if !target.is_empty() && !target.starts_with("lambda_runtime") {
        return exception::logged(message);
    }
    by_client(message, None, !target.is_empty(), has_field(message)).unwrap_or_else(|| exception::logged(message))
}

/// Sentences of the client, each followed by a field `error`.
const SENTENCES: [&str; 2] = ["user handler panicked", EVENT_NOT_READ];

/// Reads an error directly under the client's span, of its `message` and the field `error`, which may be in the message.
/// Its own lines have no other field than those of its sentences, and a failed handler's error in its `Debug` form;
/// anything else may be a line of the function, and is one if it has `more` fields.
pub(super) fn by_client(message: &str, told: Option<&str>, named: bool, more: bool) -> Option<AppError<'static>> {
    if message.starts_with("user handler panicked") {
        // The client's answer to the caller; the message of the panic is on standard error.
        return Some(described(ErrorForm::Unhandled, PANICKED, message, ""));
    }
    if SENTENCES.iter().any(|sentence| message.starts_with(sentence)) {
        return Some(described(ErrorForm::Unhandled, "", message, told.unwrap_or("")));
    }
    if named {
        return Some(debug_of(ErrorForm::Unhandled, told.unwrap_or(message)));
    }
    if more {
        return None;
    }
    let form = if is_debug(message) { ErrorForm::Unhandled } else { ErrorForm::MaybeUnhandled };
    Some(debug_of(form, message))
}

/// Returns whether a text has the `Debug` form of a value: a name with its fields, or a string in quotes.
fn is_debug(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let fields = rest.starts_with('(') || rest.starts_with(" {") || rest.starts_with('{');
    text.starts_with('"')
        || fields
            && is_type_name(name)
            && name.starts_with(|c: char| c.is_uppercase() || name.contains("::") && c.is_alphabetic())
}

/// Returns whether the subscriber printed a field behind a message: ` name=value` outside of quotes and brackets.
fn has_field(text: &str) -> bool {
    let (mut quoted, mut depth, mut word_at) = (false, 0u32, 0);
    for (at, c) in first_line(text).0.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            ' ' => word_at = at + 1,
            '=' if depth == 0 && word_at > 0 => {
                let name = text.get(word_at..at).unwrap_or("");
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
                if !name.is_empty() && name.chars().all(plain) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn is_target(word: &str) -> bool {
    is_type_name(word) && !word.starts_with(|c: char| c.is_uppercase())
}

/// Returns what follows the fields of a span, which may hold braces in quotes.
fn after_fields(text: &str) -> &str {
    let mut quoted = false;
    let mut depth = 0u32;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(at + 1..).unwrap_or("");
                }
            }
            ':' if !quoted && depth == 0 => return text.get(at..).unwrap_or(""),
            _ => {}
        }
    }
    ""
}

/// Creates an error from its `Debug` form; the name before its fields is the best type available.
pub(super) fn debug_of(form: ErrorForm, message: &str) -> AppError<'static> {
    let end = message.find([' ', '(', '{', '"', ':', '\n']).unwrap_or(message.len());
    let (name, rest) = message.split_at(end);
    let rest = rest.trim_start();
    let shaped = rest.starts_with(['(', '{']) || message.get(end..).is_some_and(|rest| rest.starts_with("::"));
    let name = if shaped { message.split([' ', '(', '{']).next().unwrap_or(name) } else { "" };
    described(form, if is_type_name(name) { name } else { "" }, message, message)
}
