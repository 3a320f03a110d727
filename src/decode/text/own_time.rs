//! The time that a message carries itself: what runtimes and loggers print in front, and what structured lines have as
//! a member. Asked only where the wrapping tells no time, and of forms that loggers write: any other date is data.

use crate::decode::json::event::EventObject;
use crate::decode::json::scan::{Scanned, members};
use crate::model::{RequestId, Timestamp};

/// When the message was written, as far as it says so. The message may be escaped as the inside of a JSON string.
pub(in crate::decode) fn own_time(message: &[u8]) -> Option<Timestamp> {
    match message.first()? {
        b'0'..=b'9' => leading(message),
        b'[' => behind_level(message),
        b'{' => of_object(message),
        b'D' | b'I' | b'W' | b'E' | b'F' | b'A' => of_ruby(message),
        _ => None,
    }
}

/// `2026-01-02T03:04:05.678Z …` of Node and of the platform, `2026-01-02 03:04:05 ID …` of log4j, Go's
/// `2026/01/02 03:04:05 …`.
fn leading(line: &[u8]) -> Option<Timestamp> {
    if line.get(4) == Some(&b'/') {
        return of_go(line);
    }
    let (at, used) = Timestamp::parse_prefix(line)?;
    let zoned =
        line[10] == b'T' && line[used - 1] == b'Z' && matches!(line.get(used), None | Some(b' ' | b'\t' | b'\\'));
    let named = || line.get(used) == Some(&b' ') && RequestId::parse_prefix(&line[used + 1..]).is_some();
    (zoned || named()).then_some(at)
}

/// `2026/01/02 03:04:05 `, perhaps with microseconds.
fn of_go(line: &[u8]) -> Option<Timestamp> {
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

/// `[INFO]<tab>2026-01-02T03:04:05.678Z<tab>ID<tab>…` of Python.
fn behind_level(line: &[u8]) -> Option<Timestamp> {
    let end = memchr::memchr(b']', line.get(..16.min(line.len()))?)?;
    let rest = line.get(end + 1..)?;
    let rest = rest.strip_prefix(b"\\t").unwrap_or(rest).trim_ascii_start();
    leading(rest).filter(|_| rest.get(10) == Some(&b'T'))
}

/// `I, [2026-01-02T03:04:05.678901 #8]  INFO -- ID : …`
fn of_ruby(line: &[u8]) -> Option<Timestamp> {
    let rest = line.get(1..)?.strip_prefix(b", [")?;
    let (at, used) = Timestamp::parse_prefix(rest)?;
    rest[used..].starts_with(b" #").then_some(at)
}

/// A line of the platform or a structured line of the function; not an object that the function merely printed.
fn of_object(text: &[u8]) -> Option<Timestamp> {
    if text.get(1) == Some(&b'\\') {
        return of_object(&crate::decode::json::scan::unescape(text).into_owned().into_bytes());
    }
    let mut line = EventObject::default();
    let scanned = members(text, |key, value| line.take(key, value));
    let of_logger = line.app_line || line.kind.is_some_and(|kind| kind.starts_with(b"platform."));
    (of_logger && matches!(scanned, Scanned::Whole(_))).then(|| line.at()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_loggers_print() {
        for text in [
            "2026-10-01T00:00:00.123Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi",
            "2026-10-01T00:00:00.123Z\\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\tINFO\\thi",
            "2026-10-01T00:00:00.123Z 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Task timed out after 3.00 seconds",
            "[INFO]\t2026-10-01T00:00:00.123Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\thi",
            "2026-10-01 00:00:00.123 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 INFO  Handler - hi",
            "2026/10/01 00:00:00.123000 hi",
            "I, [2026-10-01T00:00:00.123456 #8]  INFO -- 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 : hi",
            r#"{"time":"2026-10-01T00:00:00.123Z","type":"platform.start","record":{"time":1}}"#,
            r#"{\"level\":\"INFO\",\"timestamp\":\"2026-10-01T00:00:00.123Z\",\"message\":\"hi\"}"#,
            r#"{"level":30,"time":1790812800123,"msg":"hi"}"#,
        ] {
            let at = own_time(text.as_bytes()).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2026-10-01T00:00:00.123Z"), "{text}");
        }
        assert_eq!(own_time(b"2026/10/01 00:00:07 hi").map(|at| at.ms() % 60_000), Some(7_000));
    }

    #[test]
    fn dates_in_data_are_none() {
        for text in [
            "",
            "2019-01-01",
            "2019-01-01T00:00:00Z,42",
            "2019-01-01 00:00:00 order",
            "[x] 2019-01-01 00:00:00 y",
            r#"{"timestamp":"2019-01-01T00:00:00Z","order":1}"#,
            "2019/01/01 is long ago",
            "2019/01/01",
        ] {
            assert_eq!(own_time(text.as_bytes()), None, "{text}");
        }
    }
}
