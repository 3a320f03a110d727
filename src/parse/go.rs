//! Lines of the Go client: a date, and the payload of a failed handler or the sentence of a panic.

use super::client_payload::payload;
use super::exception;
use super::level;
use super::text::{first_line, uuid};
use crate::model::{AppError, AppLine, ErrorForm, Level};

/// What a line with the date of Go's `log` package, or of `slog` in its text form, says.
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

/// `time=… level=ERROR msg="…" requestId=…`
fn slog(text: &str) -> AppLine<'static> {
    let level = level::among_first_words(first_line(text).0);
    let id = text.rsplit_once(" requestId=").and_then(|(_, id)| uuid(id)).map(|(id, _)| id);
    let said = text.split_once(" msg=").map_or(text, |(_, said)| said);
    let quoted = said.starts_with('"').then(|| serde_json::Deserializer::from_str(said).into_iter::<String>().next());
    let said = quoted.flatten().and_then(Result::ok).unwrap_or_else(|| said.to_owned());
    let error = (level >= Level::Error).then(|| payload(&said).unwrap_or_else(|| exception::logged(&said)));
    AppLine { id, level, error, ..AppLine::default() }
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

fn panic_sentence(rest: &str) -> Option<AppError<'static>> {
    let sentence = rest.starts_with("calling the handler function resulted in a panic");
    sentence.then(|| exception::described(ErrorForm::Uncaught, "panic", rest, ""))
}
