//! Lines of the Go client: a date, and the payload of a failed handler or the sentence of a panic.

use super::error_object::{self, first_object};
use super::exception;
use super::level;
use super::node::is_payload;
use crate::model::{AppError, AppLine, ErrorForm, Level};

/// What a line with the date of Go's `log` package says.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    let rest = after_date(text)?;
    let mut line = AppLine::default();
    line.error = payload(rest).or_else(|| panic_sentence(rest));
    if line.error.is_some() {
        line.level = Level::Error;
        return Some(line);
    }
    line.level = level::among_first_words(rest.split(['\n', '\r']).next().unwrap_or(""));
    super::structured::look_inside(rest, &mut line);
    if line.error.is_none() && line.level >= Level::Error {
        line.error = Some(exception::logged(rest));
    }
    Some(line)
}

/// What follows `2006/01/02 15:04:05 `, with or without microseconds.
fn after_date(text: &str) -> Option<&str> {
    let date = text.get(..19)?;
    let shape = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'/',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let rest = text.get(19..).filter(|_| shape)?;
    let rest = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    rest.strip_prefix(' ')
}

/// `{"errorMessage","errorType"}`; with a stack it was a panic, after which the process exits.
pub(super) fn payload(text: &str) -> Option<AppError<'static>> {
    if !text.starts_with('{') {
        return None;
    }
    let Some(object) = first_object(text) else {
        return text.starts_with("{\"errorMessage\"").then(|| error_object::torn(ErrorForm::Unhandled, text));
    };
    if !is_payload(&object) {
        return None;
    }
    let panicked =
        object.get("stackTrace").and_then(serde_json::Value::as_array).is_some_and(|stack| !stack.is_empty());
    let form = if panicked { ErrorForm::Uncaught } else { ErrorForm::Unhandled };
    Some(error_object::error(form, &object))
}

fn panic_sentence(rest: &str) -> Option<AppError<'static>> {
    let sentence = rest.starts_with("calling the handler function resulted in a panic");
    sentence.then(|| exception::described(ErrorForm::Uncaught, "panic", rest, ""))
}
