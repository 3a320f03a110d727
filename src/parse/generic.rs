//! All other lines of text: only a level among the first words and an id after a timestamp are read.

use super::exception;
use super::level;
use super::text::{BLANKS, after_timestamp, first_line, uuid};
use crate::lambda::platform::REQUEST_ID;
use crate::model::{AppLine, Level};

/// Parses a line of an unknown logger; always succeeds.
pub(super) fn parse(text: &str) -> AppLine<'static> {
    let rest = after_timestamp(text).map_or(text, |rest| rest.trim_start_matches(BLANKS));
    let rest = rest.strip_prefix(REQUEST_ID).map_or(rest, str::trim_start);
    let (id, rest) = uuid(rest.trim_start_matches('[')).map_or((None, rest), |(id, rest)| (Some(id), rest));
    let rest = rest.trim_start_matches([']', ':', ' ', '\t']);
    let (line, _) = first_line(rest);
    let level = level::among_first_words(line);
    let error = (level >= Level::Error).then(|| exception::logged(rest));
    AppLine { id, level, error, ..AppLine::default() }
}
