//! CSV as CloudWatch exports it: results of Logs Insights with any columns, and downloads of log events.

use std::borrow::Cow;

use super::engine::KEPT;
use crate::decode::delivery::Delivery;
use crate::decode::feed::{Feed, LONGEST};
use crate::decode::head::{InputHead, without_return};
use crate::decode::json::event::EventObject;
use crate::decode::json::scan::RawValue;
use crate::decode::line_ends;
use crate::decode::{Decode, DecodeError, Shape};

pub(in crate::decode) const INSIGHTS: Shape = Shape {
    name: "insights-csv",
    about: "a Logs Insights result exported as CSV: any columns, among them @message",
    sniff: |head| header(head).any(|column| column == b"@message"),
    decode: Decode::Events(decode),
    samples: &[
        "@timestamp,@message,@requestId\n2026-10-01 00:00:00.123,\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 \"\"x\"\"\n\",8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "\"@message\",\"@log\"\r\nplain,123456789012:/aws/lambda/pay\r\n",
    ],
};

pub(in crate::decode) const CONSOLE: Shape = Shape {
    name: "console-csv",
    about: "log events downloaded from the console as CSV: `timestamp,message`",
    sniff: |head| {
        let has = |name: &[u8]| header(head).any(|column| column == name);
        has(b"timestamp") && has(b"message")
    },
    decode: Decode::Events(decode),
    samples: &[
        "timestamp,message\n1790812800123,\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\"\n",
    ],
};

/// A first line longer than this names no columns.
const LONGEST_HEADER: usize = 4 * 1024;

/// Columns of the first line.
fn header<'h>(head: &InputHead<'h>) -> impl Iterator<Item = &'h [u8]> {
    let line = head.first_line();
    let names = if line.len() < LONGEST_HEADER { columns(line) } else { Vec::new() };
    names.into_iter()
}

fn columns(line: &[u8]) -> Vec<&[u8]> {
    let separator = separator(line);
    line.split(|byte| *byte == separator).map(|column| unquoted(column.trim_ascii())).collect()
}

fn unquoted(column: &[u8]) -> &[u8] {
    column.strip_prefix(b"\"").and_then(|inside| inside.strip_suffix(b"\"")).unwrap_or(column)
}

/// Spreadsheets in some countries write semicolons; a copied table has tabs.
fn separator(line: &[u8]) -> u8 {
    [b',', b';', b'\t'].into_iter().find(|separator| line.contains(separator)).unwrap_or(b',')
}

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    delivery.watch_order();
    delivery.sampled("a console");
    let Some(length) = skip_to_header(feed) else { return Ok(()) };
    let header = without_return(&feed.data()[..length]).to_vec();
    let table = CsvTable { names: columns(&header), separator: separator(&header) };
    feed.pass((length + 1).min(feed.data().len()));
    loop {
        let data = feed.data();
        match row_end(data) {
            Some(end) => {
                table.row(without_return(&data[..end]), feed.line(), delivery);
                delivery.flush_if_full(feed);
                feed.pass(end + 1);
            }
            None if data.len() >= LONGEST => {
                table.row(&data[..KEPT], feed.line(), delivery);
                delivery.message_cut();
                let skipped = skip_row(feed, delivery);
                delivery.dropped(skipped.saturating_sub(KEPT as u64));
            }
            None if delivery.more(feed) => {}
            None => {
                let rest = feed.data().len();
                table.row(without_return(feed.data()), feed.line(), delivery);
                feed.pass(rest);
                return Ok(());
            }
        }
    }
}

fn skip_to_header(feed: &mut Feed<'_>) -> Option<usize> {
    loop {
        let data = feed.data();
        let blank = data.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank == data.len() {
            return None;
        }
        if blank > 0 {
            feed.pass(blank);
            continue;
        }
        return Some(memchr::memchr(b'\n', data).unwrap_or(data.len()));
    }
}

/// Where the row at the start ends: at a line end outside of quotes.
fn row_end(data: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b'\n', data) {
        match data[at] {
            b'"' => quoted = !quoted,
            _ if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Consumes a row that is longer than any event.
fn skip_row(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> u64 {
    let (mut quoted, mut skipped) = (false, 0);
    loop {
        let data = feed.data();
        let end = memchr::memchr2_iter(b'"', b'\n', data).find(|at| {
            quoted ^= data[*at] == b'"';
            !quoted && data[*at] == b'\n'
        });
        let length = end.map_or(data.len(), |end| end + 1);
        feed.pass_lines(length, line_ends::count(&data[..length]));
        skipped += length as u64;
        if end.is_some() || !delivery.more(feed) {
            return skipped;
        }
    }
}

struct CsvTable<'t> {
    names: Vec<&'t [u8]>,
    separator: u8,
}

impl CsvTable<'_> {
    fn row(&self, row: &[u8], line: u64, delivery: &mut Delivery<'_>) {
        let mut event = EventObject::default();
        let mut rest = Some(row);
        for name in &self.names {
            let Some(text) = rest else { break };
            let (cell, after) = cell(text, self.separator);
            rest = after;
            if !cell.is_empty() {
                // Inner quotes are doubled: only the message can have them, and is undone below.
                event.take(name, RawValue::Text(cell));
            }
        }
        let Some(RawValue::Text(message)) = event.message() else { return };
        let message = single_quotes(message);
        delivery.event(&event.origin, event.log_event(&message, false, line));
    }
}

/// The cell at the start, without its quotes, and what comes behind its separator.
fn cell(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let Some(inside) = text.strip_prefix(b"\"") else {
        return match memchr::memchr(separator, text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
    };
    let mut at = 0;
    loop {
        let Some(quote) = memchr::memchr(b'"', &inside[at..]).map(|quote| at + quote) else { return (inside, None) };
        if inside.get(quote + 1) == Some(&b'"') {
            at = quote + 2;
            continue;
        }
        let after = memchr::memchr(separator, &inside[quote + 1..]).map(|next| &inside[quote + 1 + next + 1..]);
        return (&inside[..quote], after);
    }
}

fn single_quotes(cell: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(cell, b"\"\"").is_none() {
        return Cow::Borrowed(cell);
    }
    let mut text = Vec::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        text.extend_from_slice(&rest[..=quote]);
        rest = &rest[quote + 1..];
        rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}
