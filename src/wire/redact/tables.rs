//! Values in tables: a cell beside the name of a secret, or the cells below it (CSV, Markdown, what databases print).

use std::ops::Range;

use super::names::{NameKind, Named, is_secret};
use super::random::{is_harmless, is_made, looks_random};
use super::scan::{Scan, TableSeen};
use super::value::Quote;

/// Longest line of a table, and most of its columns.
const LINE: usize = 1_024;
const COLUMNS: usize = 32;
/// Longest title of a column.
const TITLE: usize = 40;

/// Masks the cell behind a name, or the cells of its column; returns whether the name stands in a table. `at` is behind
/// the name and its quote.
pub(super) fn find(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let text = scan.text;
    let near = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'' | b'*' | b'`');
    let gap = text[at..].iter().take(TITLE).take_while(|byte| near(byte)).count();
    let front = &text[named.key.start.saturating_sub(TITLE)..named.key.start];
    let lead = front.iter().rev().take_while(|byte| near(byte)).count();
    let (before, behind) = (front[..front.len() - lead].last().copied(), text.get(at + gap).copied());
    // Words in front of a header end so.
    let is_behind_words = |byte: &u8| match byte {
        b':' => front[front.len() - lead..].starts_with(b" "),
        b'\t' => matches!(behind, Some(b',' | b';' | b'|')),
        _ => false,
    };
    let before = before.filter(|byte| !is_behind_words(byte));
    let is_edge = |byte: Option<u8>| matches!(byte, None | Some(b'\n' | b'\r'));
    let sign = match (before, behind) {
        (_, Some(b'|')) | (Some(b'|'), _) => b'|',
        (_, Some(sign @ (b',' | b';' | b'\t'))) if is_edge(before) || before == Some(sign) => sign,
        (Some(sign @ (b',' | b';' | b'\t')), behind) if is_edge(behind) => sign,
        _ => return false,
    };
    if !is_edge(before) && before != Some(sign) {
        return false;
    }
    let low = named.key.start.saturating_sub(LINE);
    let start = match memchr::memrchr(b'\n', &text[low..named.key.start]) {
        Some(at) => low + at + 1,
        None if low == 0 => 0,
        None => return false,
    };
    let line = line_at(text, start);
    if line.len() > LINE || start >= scan.table.header && start < scan.table.end && start != scan.table.header {
        return false;
    }
    // Words may stand in front of a header, such as the type of an error or what a logger writes.
    let front = &text[start..named.key.start];
    let words = [memchr::memmem::rfind(front, b": ").map(|at| at + 2), memchr::memrchr(b'\t', front).map(|at| at + 1)];
    let words = words.into_iter().flatten().max().map(|at| start + at);
    in_line(scan, named, line.clone(), sign, false)
        || words.is_some_and(|from| in_line(scan, named, from..line.end, sign, true))
        || behind_sentence(scan, named, line, sign)
}

/// Masks the cell behind a name, or the cells of its column, where its line is a row of a table from `line.start` on.
fn in_line(scan: &mut Scan<'_>, named: &Named, line: Range<usize>, sign: u8, is_behind_words: bool) -> bool {
    let text = scan.text;
    let cells = cells(text, line.clone(), sign);
    let Some(column) = cells.iter().position(|cell| cell.contains(&named.key.start)) else { return false };
    if sign == b'|' && beside(scan, named, &cells, column, line.end, is_behind_words) {
        return true;
    }
    let is_table = !is_behind_words
        || match sign {
            b'|' => is_rule(&text[line_at(text, line.end + 1)]),
            _ => !text[line.clone()].contains(&b' '),
        };
    let is_header =
        cells.len() >= 2 && cells.len() <= COLUMNS && cells.iter().all(|cell| is_title(&text[cell.clone()]));
    is_table && is_header && below(scan, &cells, column, line, sign, |_| true)
}

/// Masks what a machine made below a name where words of a sentence or a logger stand in front of the header, so that only
/// the row below tells how many columns there are: `could not read user,password`.
fn behind_sentence(scan: &mut Scan<'_>, named: &Named, line: Range<usize>, sign: u8) -> bool {
    let text = scan.text;
    let row = line_at(text, line.end + 1);
    if sign == b'|' || row.len() > LINE {
        return false;
    }
    let columns = cells(text, row, sign).len();
    let cells = cells(text, line.clone(), sign);
    let header = match cells.len().checked_sub(columns) {
        Some(lead) if columns > 1 && cells.len() <= COLUMNS => cells.get(lead..).unwrap_or_default(),
        _ => return false,
    };
    let Some(column) = header.iter().position(|cell| cell.contains(&named.key.start)) else { return false };
    // Behind the first, titles of one word: an enumeration has blanks.
    let is_word = |cell: &Range<usize>| is_title(&text[cell.clone()]) && !text[cell.clone()].contains(&b' ');
    let has_blanks = header.windows(2).any(|two| text[two[0].end..two[1].start].contains(&b' '));
    let is_header = column > 0 && header[1..].iter().all(is_word) && !has_blanks;
    is_header && below(scan, header, column, line, sign, is_made)
}

/// Most tuples of values behind a list of columns.
const TUPLES: usize = 64;

/// Masks the values of a column that is named in brackets: `(user, password) VALUES ('bob', 'x')`, `(password)=(x)`.
pub(super) fn in_brackets(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let text = scan.text;
    let low = named.key.start.saturating_sub(LINE);
    let is_of_list = |byte: &u8| byte.is_ascii_alphanumeric() || b"_\"`., \n".contains(byte);
    let lead = text[low..named.key.start].iter().rev().take_while(|byte| is_of_list(byte)).count();
    let open = (named.key.start - lead).checked_sub(1).filter(|open| text[*open] == b'(');
    let tail = text[at..].iter().take(LINE).take_while(|byte| is_of_list(byte)).count();
    let close = at + tail;
    let Some(open) = open.filter(|_| text.get(close) == Some(&b')')) else { return false };
    let column = text[open..named.key.start].iter().filter(|byte| **byte == b',').count();
    let blanks = |at: usize| at + text[at..].iter().take(TITLE).take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut at = close + 1;
    match &text[blanks(at)..] {
        [b'=', b'(', ..] => at = blanks(at) + 1,
        rest if rest.len() > 6 && rest[..6].eq_ignore_ascii_case(b"values") => at = blanks(blanks(at) + 6),
        _ => return false,
    }
    for _ in 0..TUPLES {
        if text.get(at) != Some(&b'(') {
            break;
        }
        let mut end = at + 1;
        while let Some(byte) = text.get(end).filter(|byte| **byte != b')' && end - at < LINE) {
            end = match Quote::at(text, end) {
                Some((quote, inner)) if *byte != b'`' => quote.close(text, inner).1.max(end + 1),
                _ => end + 1,
            };
        }
        if let Some(cell) = cells(text, at + 1..end.min(text.len()), b',').get(column)
            && !is_harmless(&text[cell.clone()])
        {
            scan.mask(cell.clone());
        }
        let next = blanks((end + 1).min(text.len()));
        if text.get(next) != Some(&b',') {
            break;
        }
        at = blanks(next + 1);
    }
    true
}

/// Words in the cell beside a name that tell what is or was done with it.
static TELLING: &[&str] = &[
    "changed",
    "unchanged",
    "updated",
    "reset",
    "rotated",
    "set",
    "unset",
    "created",
    "deleted",
    "added",
    "disabled",
    "enabled",
    "optional",
    "ok",
    "valid",
    "verified",
    "accepted",
    "rejected",
    "match",
    "matches",
    "mismatch",
    "weak",
    "strong",
    "blank",
    "text",
    "varchar",
    "provided",
    "present",
    "absent",
    "unknown",
    "denied",
    "locked",
];

/// Masks the cell beside a name, unless the line is a header.
fn beside(
    scan: &mut Scan<'_>,
    named: &Named,
    cells: &[Range<usize>],
    column: usize,
    end: usize,
    is_behind_words: bool,
) -> bool {
    let text = scan.text;
    let is_header = is_rule(&text[line_at(text, end + 1)]);
    let Some(cell) = cells.get(column + 1).filter(|_| !is_header) else { return false };
    // A text of JSON or a line in it ends there.
    let ends = |pair: &[u8]| matches!(pair, b"\"," | b"\\n");
    let length = text[cell.clone()].windows(2).position(ends).unwrap_or(cell.len());
    let cell = cell.start..cell.start + text[cell.start..cell.start + length].trim_ascii_end().len();
    let value = &text[cell.clone()];
    let is_behind_words =
        is_behind_words || memchr::memmem::find(&text[cells[column].start..named.key.start], b": ").is_some();
    let named = Named { is_quoted: true, is_assigned: false, ..named.clone() };
    // Choices of a sentence look the same.
    let tells = TELLING.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value));
    let is_password = matches!(named.kind, NameKind::Password | NameKind::Phrase) && !tells;
    let is_alone = cells.len() == 2 && !is_behind_words && is_password;
    let is_value = is_secret(&named, value) && (looks_random(value) || is_alone && !value.contains(&b' '));
    if is_value {
        scan.mask(cell);
    }
    is_value
}

/// Masks a column of the rows below a header; returns whether there are any.
fn below(
    scan: &mut Scan<'_>,
    cells_of_header: &[Range<usize>],
    column: usize,
    header: Range<usize>,
    sign: u8,
    is_one: impl Fn(&[u8]) -> bool,
) -> bool {
    let text = scan.text;
    let mut at = header.end + 1;
    let mut has_row = false;
    while at < text.len() {
        let line = line_at(text, at);
        if !(sign == b'|' && is_rule(&text[line.clone()])) {
            let cells = cells(text, line.clone(), sign);
            if cells.len() != cells_of_header.len() {
                break;
            }
            has_row = true;
            let cell = cells[column].clone();
            let value = &text[cell.clone()];
            if !is_harmless(value) && is_one(value) {
                scan.mask(cell);
            }
        }
        at = line.end + 1;
    }
    // The next of its names looks at the same rows; a row is no header.
    scan.table = TableSeen { header: header.start, end: at };
    has_row
}

/// Returns the line that begins here, without its end.
fn line_at(text: &[u8], start: usize) -> Range<usize> {
    let start = start.min(text.len());
    start..memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length)
}

/// Returns whether a line only draws a rule.
fn is_rule(line: &[u8]) -> bool {
    line.len() > 2 && line.iter().take(LINE).all(|byte| b"-+|:= \r".contains(byte))
}

/// Returns whether a cell can be the title of a column.
fn is_title(cell: &[u8]) -> bool {
    let is_of_title = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. /*`#".contains(byte) || !byte.is_ascii();
    let blanks = cell.iter().filter(|byte| **byte == b' ').count();
    !cell.is_empty() && cell.len() <= TITLE && blanks < 3 && cell.iter().all(is_of_title)
}

/// Returns the cells of a line without what is around them; those of a line with too many are more than a header has.
fn cells(text: &[u8], line: Range<usize>, sign: u8) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = line.start;
    let mut at = line.start;
    while at <= line.end && cells.len() <= COLUMNS {
        let is_start = text[start..at.min(line.end)].iter().all(|byte| *byte == b' ');
        match text[..line.end].get(at) {
            Some(byte) if *byte != sign => match Quote::at(&text[..line.end], at) {
                Some((quote, inner)) if is_start && sign != b'|' => {
                    at = quote.close(&text[..line.end], inner).1.max(at + 1);
                }
                _ => at += 1,
            },
            _ => {
                cells.push(trimmed(text, start..at));
                at += 1;
                start = at;
            }
        }
    }
    if sign == b'|' {
        // Signs around the line.
        if cells.first().is_some_and(Range::is_empty) {
            cells.remove(0);
        }
        if cells.last().is_some_and(Range::is_empty) {
            cells.pop();
        }
    }
    cells
}

/// Returns a cell without blanks and quotes around it.
fn trimmed(text: &[u8], cell: Range<usize>) -> Range<usize> {
    let is_around = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'*' | b'`');
    let lead = text[cell.clone()].iter().take_while(|byte| is_around(byte)).count();
    let start = cell.start + lead;
    let tail = text[start..cell.end].iter().rev().take_while(|byte| is_around(byte)).count();
    start..cell.end - tail
}
