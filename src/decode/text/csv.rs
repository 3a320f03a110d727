//! CSV as consoles, stores and spreadsheets export it. Which column holds the message, the time and the names is told by
//! the header where it has the names that CloudWatch gives, and else by what stands in the columns.

use std::borrow::Cow;
use std::ops::Range;

use super::engine::KEPT;
use super::written_time::{WrittenTime, written_time};
use crate::decode::delivery::Delivery;
use crate::decode::feed::{Feed, LONGEST};
use crate::decode::head::{InputHead, without_return};
use crate::decode::json::event::EventObject;
use crate::decode::json::scan::RawValue;
use crate::decode::line_ends;
use crate::decode::{Decode, DecodeError, Shape};
use crate::lambda::platform::is_platform;
use crate::lambda::sentences::message_start;

pub(in crate::decode) const INSIGHTS: Shape = Shape {
    name: "insights-csv",
    about: "a Logs Insights result exported as CSV: any columns, among them @message",
    sniff: |head| CsvTable::by_header(head.bytes).is_some_and(|table| table.has(b"@message")),
    decode: Decode::Events(decode),
    samples: &[
        "@timestamp,@message,@requestId\n2026-10-01 00:00:00.123,\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 \"\"x\"\"\n\",8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "\"@message\",\"@log\"\r\nplain,123456789012:/aws/lambda/pay\r\n",
        "sep=,\n@timestamp,@message\n2026-10-01 00:00:00.123,plain\n",
    ],
};

pub(in crate::decode) const CONSOLE: Shape = Shape {
    name: "console-csv",
    about: "log events downloaded from the console as CSV: `timestamp,message`",
    sniff: |head| CsvTable::by_header(head.bytes).is_some_and(|table| !table.has(b"@message")),
    decode: Decode::Events(decode),
    samples: &[
        "timestamp,message\n1790812800123,\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\"\n",
    ],
};

pub(in crate::decode) const ANY: Shape = Shape {
    name: "csv",
    about: "CSV of any make: one column holds messages, others perhaps time and names, with any header or none",
    sniff: |head| !head.of_stream && CsvTable::by_header(head.bytes).is_none() && CsvTable::by_content(head).is_some(),
    decode: Decode::Events(decode),
    samples: &[
        "\"_time\",\"host\",\"_raw\"\n\"2026-10-01T00:00:00.123Z\",\"h\",\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\"\n",
        "1790812800123,\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n\"\n",
        "Zeit;Nachricht;Dienst\n2026-10-01 00:00:00;END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11;orders\n",
    ],
};

/// Lines above a table, at most.
const PREAMBLE_LINES: usize = 20;
/// A line longer than this names no columns.
const LONGEST_HEADER: usize = 4 * 1024;
/// Columns of a table, at most.
const MOST_COLUMNS: usize = 100;

/// What the first rows show of a table.
struct CsvTable {
    /// Bytes above it.
    start: usize,
    separator: u8,
    /// Names of the columns; empty names if the table has no header.
    names: Vec<Box<[u8]>>,
    /// Whether the first row holds the names.
    has_header: bool,
    /// Number of the column with the message.
    message: usize,
    /// Whether the columns were told by what stands in them.
    by_content: bool,
}

impl CsvTable {
    fn learn(head: &[u8]) -> Option<Self> {
        Self::by_header(head).or_else(|| Self::by_content(&InputHead::new(head)))
    }

    /// Finds a header with the names that CloudWatch gives.
    fn by_header(head: &[u8]) -> Option<Self> {
        let mut above = false;
        lines(head).take(PREAMBLE_LINES).find_map(|start| {
            let line = line_at(head, start);
            let below = above;
            above |= !line.trim_ascii().is_empty();
            // A query names the columns, too, after a word of its own.
            if line.len() >= LONGEST_HEADER || is_document(line) || below && line.contains(&b' ') {
                return None;
            }
            let separator = SEPARATORS.into_iter().find(|separator| line.contains(separator)).unwrap_or(b',');
            let names: Vec<&[u8]> = cells(line, separator).map(|cell| cell.text(line).trim_ascii()).collect();
            let column = |name: &[u8]| names.iter().position(|column| *column == name);
            let timed = || column(b"timestamp").and(column(b"message"));
            let message = column(b"@message").or_else(timed)?;
            // A function may print a table.
            if below && lines(head).take_while(|above| *above < start).any(|above| holds_sentence(head, above)) {
                return None;
            }
            let names = names.into_iter().map(Box::from).collect();
            Some(Self { start, separator, names, has_header: true, message, by_content: false })
        })
    }

    /// Finds the column in which a sentence of the platform stands, and the rows above it that have as many columns.
    fn by_content(head: &InputHead<'_>) -> Option<Self> {
        let bytes = head.bytes;
        let (row_start, at) = lines(bytes).take(SEARCHED_LINES).find_map(|start| {
            let line = line_at(bytes, start);
            // Most lines have nothing that could stand before a cell.
            memchr::memchr3(b',', b';', b'"', line)?;
            let at = message_start(line)?;
            is_cell_start(line, at).then_some((start, at))
        })?;
        // In a text, a line may have what looks like a cell. A message over several lines may have what looks like a text.
        let searched = || lines(bytes).take(SEARCHED_LINES);
        let alone = searched().filter(|start| is_platform(line_at(bytes, *start))).count();
        let in_cell = |start: &usize| {
            let line = line_at(bytes, *start);
            message_start(line).is_some_and(|at| is_cell_start(line, at))
        };
        if alone > 0 && alone > searched().filter(in_cell).count() {
            return None;
        }
        // Strings that escape with backslashes are no cells.
        let escaped = memchr::memmem::find(bytes, b"\\tDuration: ").is_some();
        if is_document(line_at(bytes, row_start)) || escaped {
            return None;
        }
        SEPARATORS.into_iter().find_map(|separator| {
            let row = row_at(bytes, row_start, separator);
            let found: Vec<CsvCell> = cells(row, separator).collect();
            let message = found.iter().position(|cell| cell.text.start == at)?;
            let columns = found.len();
            // Unquoted tabs belong to the messages of the platform, and are columns of other shapes.
            if !(2..=MOST_COLUMNS).contains(&columns) || separator == b'\t' && !found[message].quoted {
                return None;
            }
            let start = lines(bytes).take_while(|start| *start < row_start).find(|start| {
                let mut at = *start;
                while at < row_start && cells(row_at(bytes, at, separator), separator).count() == columns {
                    at += row_at(bytes, at, separator).len();
                    at += usize::from(bytes.get(at) == Some(&b'\r'));
                    at += 1;
                }
                at == row_start
            });
            let start = start.unwrap_or(row_start);
            let first = row_at(bytes, start, separator);
            let texts: Vec<&[u8]> = cells(first, separator).map(|cell| cell.text(first).trim_ascii()).collect();
            let has_header = start < row_start && texts.iter().all(|text| is_column_name(text));
            let names = if has_header { texts } else { vec![&b""[..]; columns] };
            let names = names.into_iter().map(Box::from).collect();
            Some(Self { start, separator, names, has_header, message, by_content: true })
        })
    }

    fn has(&self, name: &[u8]) -> bool {
        self.names.iter().any(|column| **column == *name)
    }

    /// Delivers the event in a row. Returns whether it is one.
    fn row(&self, row: &[u8], line: u64, delivery: &mut Delivery<'_>) -> RowResult {
        let mut result = RowResult::default();
        let cells: Vec<CsvCell> = cells(row, self.separator).collect();
        // A message without quotes may hold separators.
        let more = cells.len().saturating_sub(self.names.len());
        let mut event = EventObject::default();
        let mut message = None;
        for (number, name) in self.names.iter().enumerate() {
            let from = if number > self.message { number + more } else { number };
            let Some(cell) = cells.get(from) else { break };
            let text = match cells.get(from + more) {
                Some(last) if number == self.message => row.get(cell.text.start..last.text.end).unwrap_or_default(),
                _ => cell.text(row),
            };
            if text.is_empty() {
                continue;
            }
            if number == self.message {
                message = Some(text);
            } else if is_rounded(text) {
                result.rounded = true;
            } else if self.by_content {
                let inside = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]"));
                event.take_any(name, inside.unwrap_or(text));
            } else {
                event.take(name, RawValue::Text(text));
                // Other stores export under the same names, with times of their own.
                if event.timed() && event.at().is_none() {
                    event.take_any(name, text);
                }
            }
        }
        let Some(message) = message else { return result };
        if self.by_content && cells.len() < self.names.len() {
            return result;
        }
        let message = single_quotes(message);
        let found = event.log_event(&message, false, line);
        if event.lacks_time(&found) {
            delivery.untimed(line);
            if !is_platform(&message) {
                // It may be a line of something else below the table.
                delivery.dropped_text(row, line);
            }
        }
        delivery.event(&event.origin, found);
        RowResult { delivered: true, ..result }
    }
}

/// What became of a row.
#[derive(Default)]
struct RowResult {
    delivered: bool,
    /// Whether a spreadsheet has rounded a time.
    rounded: bool,
}

/// Lines in which the first sentence must stand.
const SEARCHED_LINES: usize = 500;
/// Spreadsheets in some countries write semicolons; a copied table has tabs.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Iterates over the starts of lines.
fn lines(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|end| end + 1)).filter(|start| *start < bytes.len())
}

/// Returns whether the line that begins there holds a sentence of the platform.
fn holds_sentence(bytes: &[u8], start: usize) -> bool {
    message_start(line_at(bytes, start)).is_some()
}

fn line_at(bytes: &[u8], start: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    without_return(&rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())])
}

fn row_at(bytes: &[u8], start: usize, separator: u8) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    without_return(&rest[..row_end(rest, separator).unwrap_or(rest.len())])
}

/// Returns whether a line belongs to a JSON document rather than to a table, whose first cell may be a time in brackets.
fn is_document(line: &[u8]) -> bool {
    match line.trim_ascii_start() {
        [b'{', ..] => true,
        [b'[', inside @ ..] => {
            let closed = |time: &WrittenTime| inside.get(time.length) == Some(&b']');
            written_time(inside).filter(closed).is_none()
        }
        _ => false,
    }
}

/// Returns whether a cell may begin at this place of a line, which may be the first line of a row.
fn is_cell_start(line: &[u8], at: usize) -> bool {
    match &line[..at] {
        [] => false,
        [before @ .., b'"'] => before.last().is_none_or(|byte| SEPARATORS.contains(byte)),
        [.., byte] => SEPARATORS.contains(byte),
    }
}

fn is_column_name(text: &[u8]) -> bool {
    text.len() < 64 && !text.first().is_some_and(u8::is_ascii_digit) && text.iter().all(|byte| *byte != b'"')
}

/// Returns whether a spreadsheet wrote a number of milliseconds in the short form that it shows: `1.79081E+12`.
fn is_rounded(text: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let Some(mark) = text.windows(2).position(|pair| pair.eq_ignore_ascii_case(b"e+")) else { return false };
    let (number, exponent) = (&text[..mark], &text[mark + 2..]);
    let point = number.iter().position(|byte| matches!(byte, b'.' | b','));
    digits(exponent) && point.is_some_and(|point| digits(&number[..point]) && digits(&number[point + 1..]))
}

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    let Some(table) = CsvTable::learn(feed.head()) else { return Ok(()) };
    delivery.watch_order();
    if !table.by_content {
        delivery.sampled("a console");
    }
    delivery.dropped_text(&feed.data()[..table.start], feed.line());
    feed.pass(table.start);
    let mut columns = None;
    if table.has_header {
        let length = line_end(feed.data());
        columns = Some(cells(without_return(&feed.data()[..length]), table.separator).count());
        feed.pass(length);
    }
    let mut result = Ok(());
    let (mut rounded, mut first_rounded) = (0_u64, 0);
    let mut take = |row: &[u8], line: u64, delivery: &mut Delivery<'_>| {
        let result = table.row(row, line, delivery);
        if result.rounded {
            first_rounded = if rounded == 0 { line } else { first_rounded };
            rounded += 1;
        }
        if !result.delivered {
            delivery.dropped_text(row, line);
        }
    };
    loop {
        let data = feed.data();
        match row_end(data, table.separator) {
            Some(end) => {
                let row = without_return(&data[..end]);
                columns.get_or_insert_with(|| cells(row, table.separator).count());
                take(row, feed.line(), delivery);
                delivery.flush_if_full(feed);
                feed.pass(end + 1);
            }
            None if data.len() >= LONGEST => {
                take(&data[..KEPT], feed.line(), delivery);
                delivery.message_cut();
                let skipped = skip_row(feed, delivery, table.separator);
                delivery.dropped(skipped.saturating_sub(KEPT as u64));
            }
            None if delivery.more(feed) => {}
            None => {
                let rest = feed.data().len();
                let row = without_return(feed.data());
                take(row, feed.line(), delivery);
                if is_cut(row, table.separator, columns) {
                    result = Err(DecodeError::Corrupt(format!(
                        "the table ends in the middle of the row at line {}; what came before counts, fetch the rest again",
                        feed.line()
                    )));
                }
                feed.pass(rest);
                break;
            }
        }
    }
    if rounded > 0 {
        delivery.remark(
            true,
            &format!(
                "a spreadsheet rounded the times of {rounded} rows to minutes or more (first: line {first_rounded}): \
                 they were left out; export the table again and do not save it with a spreadsheet"
            ),
        );
    }
    result
}

/// Returns whether the last row of a table, which has no line end, is cut: in a cell in quotes, or before its last cell. One
/// that has a line end within quotes may lack a quote.
fn is_cut(row: &[u8], separator: u8, columns: Option<usize>) -> bool {
    if row.ends_with(b"\n") {
        return false;
    }
    let mut scan = RowScan::default();
    let is_open = scan.end(row, separator).is_none() && scan.quoted;
    let lacks_cells = || columns.is_some_and(|columns| cells(row, separator).count() < columns);
    !row.is_empty() && (is_open || lacks_cells())
}

/// Bytes of the first line, with its end.
fn line_end(data: &[u8]) -> usize {
    memchr::memchr(b'\n', data).map_or(data.len(), |end| end + 1)
}

/// Where the row at the start ends: at a line end outside of quotes.
fn row_end(data: &[u8], separator: u8) -> Option<usize> {
    RowScan::default().end(data, separator)
}

/// Search for the end of a row, block by block. Quotes count only around a whole cell: any other is text.
#[derive(Default)]
struct RowScan {
    quoted: bool,
    /// Whether the quote before was the end of a cell in quotes, so that one behind it goes on.
    closed: bool,
    /// Last byte of the block before, 0 at the start of the row.
    last: u8,
}

impl RowScan {
    fn end(&mut self, data: &[u8], separator: u8) -> Option<usize> {
        for at in memchr::memchr2_iter(b'"', b'\n', data) {
            let before = at.checked_sub(1).map_or(self.last, |before| data[before]);
            match data[at] {
                // Doubled quotes close and open again.
                b'"' if self.quoted => (self.quoted, self.closed) = (false, true),
                b'"' => {
                    let goes_on = before == b'"' && std::mem::take(&mut self.closed);
                    self.quoted = goes_on || before == separator || before == 0;
                }
                _ if !self.quoted => return Some(at),
                _ => {}
            }
        }
        self.last = data.last().copied().unwrap_or(self.last);
        None
    }
}

/// Consumes a row that is longer than any event.
fn skip_row(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>, separator: u8) -> u64 {
    let (mut scan, mut skipped) = (RowScan::default(), 0);
    loop {
        let data = feed.data();
        let end = scan.end(data, separator);
        let length = end.map_or(data.len(), |end| end + 1);
        feed.pass_lines(length, line_ends::count(&data[..length]));
        skipped += length as u64;
        if end.is_some() || !delivery.more(feed) {
            return skipped;
        }
    }
}

/// Cell of a row.
#[derive(Clone)]
struct CsvCell {
    /// Place of its text in the row, without quotes around it.
    text: Range<usize>,
    quoted: bool,
}

impl CsvCell {
    fn text<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        row.get(self.text.clone()).unwrap_or_default()
    }
}

/// Iterates over the cells of a row.
fn cells(row: &[u8], separator: u8) -> impl Iterator<Item = CsvCell> + '_ {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let text = &row[start..];
        let Some(inside) = text.strip_prefix(b"\"") else {
            let end = memchr::memchr(separator, text).map(|end| start + end);
            next = end.map(|end| end + 1);
            return Some(CsvCell { text: start..end.unwrap_or(row.len()), quoted: false });
        };
        let mut at = 0;
        let length = loop {
            let Some(quote) = memchr::memchr(b'"', &inside[at..]).map(|quote| at + quote) else { break inside.len() };
            if inside.get(quote + 1) != Some(&b'"') {
                break quote;
            }
            at = quote + 2;
        };
        let end = start + 1 + length;
        let after = row.get(end + 1..).unwrap_or_default();
        next = memchr::memchr(separator, after).map(|next| end + 1 + next + 1);
        Some(CsvCell { text: start + 1..end, quoted: true })
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_a_spreadsheet_rounded_are_told_from_others() {
        for text in ["1.79081E+12", "1,79E+12", "1.8e+12"] {
            assert!(is_rounded(text.as_bytes()), "{text}");
        }
        for text in ["1790812800123", "2026-10-01", "E+12", "1.5", "a1.5E+3", ""] {
            assert!(!is_rounded(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn quotes_within_a_cell_are_text() {
        for (rows, end) in
            [("x\"\",y\nz", 5), ("\"a\"\"\nb\",c\n", 9), ("\"\",y\n", 4), ("a,\"b\n\"\n", 6), ("it\"s\"\"\nz", 6)]
        {
            assert_eq!(row_end(rows.as_bytes(), b','), Some(end), "{rows:?}");
        }
    }

    #[test]
    fn tables_are_known_by_their_rows() {
        const START: &str = "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7";
        for (text, want) in [
            (format!("a,b\n1,{START}\n"), Some((0, b',', true, 1))),
            (format!("1,\"x\ny\"\n2,\"{START}\"\n"), Some((0, b',', false, 1))),
            (format!("Title of it\n\nt;m;n\n1;{START};2\n"), Some((13, b';', true, 1))),
            (format!("\"m\"\t\"t\"\n\"{START}\"\t\"1\"\n"), Some((0, b'\t', true, 0))),
            (format!("1790812800123\t{START}\n"), None),
            (format!("{START}\n"), None),
            (format!("well, {START}\n"), None),
        ] {
            let table = CsvTable::by_content(&InputHead::new(text.as_bytes()));
            let found = table.map(|table| (table.start, table.separator, table.has_header, table.message));
            assert_eq!(found, want, "{text}");
        }
    }
}
