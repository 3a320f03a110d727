//! Lines of the Go client: a date, and the payload of a failed handler or the sentence of a panic.

use super::TextShape;
use super::client_payload::payload;
use super::exception;
use super::level;
use super::text::{first_line, uuid};
use crate::lambda::after_go_date;
use crate::lambda::runtimes::GO_PANIC;
use crate::model::{AppError, AppLine, ErrorForm, Level};

pub(super) const SHAPE: TextShape = TextShape { begins: &[], parse };

/// Parses a line with the date of Go's `log` package, or of `slog` in its text form.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if text.starts_with("time=") {
        return Some(slog(text));
    }
    let rest = after_date(text)?;
    if let Some(error) = payload(rest).or_else(|| panic_sentence(rest)) {
        return Some(AppLine { level: Level::Error, error: Some(error), ..AppLine::default() });
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
    let error = (level >= Level::Error).then(|| payload(&said).unwrap_or_else(|| exception::logged(&said)));
    AppLine { id, level, error, ..AppLine::default() }
}

/// Returns what follows the date of Go's `log` package.
fn after_date(text: &str) -> Option<&str> {
    let rest = after_go_date(text.as_bytes())?;
    text.get(text.len() - rest.len()..)
}

fn panic_sentence(rest: &str) -> Option<AppError<'static>> {
    let sentence = rest.starts_with(GO_PANIC);
    sentence.then(|| exception::described(ErrorForm::Uncaught, "panic", rest, ""))
}
