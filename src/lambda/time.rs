//! The date that Go's `log` package prints before a line.

use crate::model::Timestamp;

/// Returns what follows `2006/01/02 15:04:05 `, with or without microseconds.
pub(crate) fn after_go_date(text: &[u8]) -> Option<&[u8]> {
    let (date, rest) = text.split_at_checked("2006/01/02 15:04:05".len())?;
    let is_date = date.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'/',
        10 => *byte == b' ',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let fraction = rest.iter().take_while(|byte| **byte == b'.' || byte.is_ascii_digit()).count();
    rest[fraction..].strip_prefix(b" ").filter(|_| is_date)
}

/// Parses the date of Go's `log` package; a blank must follow it.
pub(crate) fn go_date(line: &[u8]) -> Option<Timestamp> {
    let mut text = [0; 26];
    let length = line.len().min(text.len());
    text[..length].copy_from_slice(&line[..length]);
    if text[7] != b'/' || text[10] != b' ' {
        return None;
    }
    (text[4], text[7]) = (b'-', b'-');
    let (at, used) = Timestamp::parse_prefix(&text[..length])?;
    (line.get(used) == Some(&b' ')).then_some(at)
}
