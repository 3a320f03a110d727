//! One line for one failed attempt, as it is told while a log is followed.

use super::escape::one_line;
use super::said::Said;
use super::style::{Ink, Style};
use super::words::{shorten_end, shorten_middle, width};
use crate::wire::{NO_NAME, Record};

/// Most columns of a function's name.
const NAME: usize = 24;
/// Columns of the beginning of a request id that tell it from others.
const ID: usize = 8;

/// Returns when a failed attempt ended, its function, the verdict, the beginning of its request id, and the line that
/// tells most. `columns` is the width of the longest name so far, which this one may widen.
#[must_use]
pub(crate) fn failed_line(record: &Record, columns: &mut usize, style: &Style) -> String {
    let time =
        record.ended_at.as_deref().and_then(|at| style.local(at)).map_or("--:--:--".to_owned(), |at| at.seconds());
    let name = record.function.as_deref().or(record.log_group.as_deref()).unwrap_or(NO_NAME);
    let name = shorten_middle(&one_line(name), NAME);
    *columns = (*columns).max(width(&name));
    let pad = " ".repeat(columns.saturating_sub(width(&name)));
    let id = record.request_id.as_deref().map_or("-", |id| id.get(..ID).unwrap_or(id));
    let head = format!("{time}  {name}{pad}  {}  {id}", record.code);
    let room = style.width.saturating_sub(width(&head) + 2);
    let told = shorten_end(&one_line(&words(record)), room);
    let code = style.paint(Ink::Bad, &record.code);
    style.encode(format!("{time}  {name}{pad}  {code}  {id}  {told}").trim_end())
}

/// Returns what the record tells of the failure.
fn words(record: &Record) -> String {
    match (&record.error_type, &record.error_message, record.evidence.first()) {
        (Some(of), Some(message), _) if !message.starts_with(of.as_str()) => format!("{of}: {message}"),
        (_, Some(message), _) => message.clone(),
        (Some(of), None, _) => of.clone(),
        (None, None, Some(line)) => Said::read(&line.message).text,
        (None, None, None) => record.platform_status.clone().unwrap_or_default(),
    }
}
