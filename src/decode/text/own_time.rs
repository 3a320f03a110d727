//! Time within a message: printed in front by runtimes and loggers, or a member of a structured line. Only used where
//! the wrapping has no time, and only read in forms that loggers write: any other date is data.

use crate::decode::json::scan::{RawValue, Scanned, members, text_end, value};
use crate::decode::moment::moment;
use crate::lambda::{go_date, key_of_function_line};
use crate::model::{RequestId, Timestamp};

/// Reads the time at which the message was written. The message may be escaped as the inside of a JSON string.
pub(in crate::decode) fn own_time(message: &[u8]) -> Option<Timestamp> {
    match message.first()? {
        b'0'..=b'9' => leading(message),
        b'[' => behind_level(message),
        b'{' => of_object(message),
        b'D' | b'I' | b'W' | b'E' | b'F' | b'A' => of_ruby(message),
        _ => None,
    }
}

/// Reads `2026-01-02T03:04:05.678Z …` (Node and the platform), `2026-01-02 03:04:05 ID …` (log4j) and
/// `2026/01/02 03:04:05 …` (Go).
fn leading(line: &[u8]) -> Option<Timestamp> {
    if line.get(4) == Some(&b'/') {
        return go_date(line);
    }
    let (at, used) = Timestamp::parse_prefix(line)?;
    if let Some(at) = in_local_time(line, used) {
        return Some(at);
    }
    let zoned =
        line[10] == b'T' && line[used - 1] == b'Z' && matches!(line.get(used), None | Some(b' ' | b'\t' | b'\\'));
    let named = || line.get(used) == Some(&b' ') && RequestId::parse_prefix(&line[used + 1..]).is_some();
    (zoned || named()).then_some(at)
}

/// Reads `2026-01-02 03:04:05.678 (+02:00)`, as `serverless logs` rewrites the time of a line of Node; `used` is its length
/// up to the blank.
fn in_local_time(line: &[u8], used: usize) -> Option<Timestamp> {
    let offset = line.get(used..)?.strip_prefix(b" (")?;
    let (offset, rest) = offset.split_first_chunk::<6>()?;
    if !rest.starts_with(b")") || line[used - 1] == b'Z' || !matches!(offset[0], b'+' | b'-') {
        return None;
    }
    // The offset stands directly behind the time where it is part of it.
    let zoned = [&line[..used], offset.as_slice()].concat();
    Timestamp::parse_prefix(&zoned).filter(|(_, all)| *all == zoned.len()).map(|(at, _)| at)
}

/// Reads `[INFO]<tab>2026-01-02T03:04:05.678Z<tab>ID<tab>…` (Python).
fn behind_level(line: &[u8]) -> Option<Timestamp> {
    let end = memchr::memchr(b']', line.get(..16.min(line.len()))?)?;
    let rest = line.get(end + 1..)?;
    let rest = rest.strip_prefix(b"\\t").unwrap_or(rest).trim_ascii_start();
    leading(rest).filter(|_| rest.get(10) == Some(&b'T'))
}

/// Reads `I, [2026-01-02T03:04:05.678901 #8]  INFO -- ID : …` (Ruby).
fn of_ruby(line: &[u8]) -> Option<Timestamp> {
    let rest = line.get(1..)?.strip_prefix(b", [")?;
    let (at, used) = Timestamp::parse_prefix(rest)?;
    rest[used..].starts_with(b" #").then_some(at)
}

/// Reads a JSON line of the platform or a structured line of the function, but no other object that a function printed.
fn of_object(text: &[u8]) -> Option<Timestamp> {
    if text.get(1) == Some(&b'\\') {
        // An escape that is none stays: then nothing was undone.
        let plain = crate::decode::json::scan::unescape(text).into_owned().into_bytes();
        return if plain.len() < text.len() { of_object(&plain) } else { None };
    }
    usual(text).unwrap_or_else(|| by_members(text))
}

/// Reads the time of any structured line: its best-ranked time member, provided that the object is complete.
fn by_members(text: &[u8]) -> Option<Timestamp> {
    let mut line = Structured::default();
    let scanned = members(text, |key, value| line.take(key, value));
    let of_logger = line.of_function || line.of_platform;
    let time = line.time.filter(|_| of_logger && matches!(scanned, Scanned::Whole(_)));
    time.and_then(|(_, value)| moment(value.scalar()?))
}

/// Reads the time like [`by_members`], but fast and only in the exact layouts of the platform and of the clients of
/// Node, Java, Go and Python, which nearly all lines have: members are recognised by position. Returns `None` for any
/// other line, and `Some(None)` if the time cannot be read.
fn usual(text: &[u8]) -> Option<Option<Timestamp>> {
    let mut line = TimeWalk(text);
    let at = if let Some(line) = line.skip(b"{\"timestamp\":\"") {
        let at = line.text()?;
        if line.skip(b",\"level\":\"").is_some() {
            line.text()?;
            line.skip(b",\"requestId\":\"")?.text()?;
            line.skip(b",\"message\":\"")?.text()?;
        } else {
            line.skip(b",\"message\":\"")?.text()?;
            line.skip(b",\"level\":\"")?.text()?;
            line.skip(b",\"AWSRequestId\":\"")?.text()?;
        }
        at
    } else if let Some(line) = line.skip(b"{\"time\":\"") {
        let at = line.text()?;
        if line.skip(b",\"type\":\"platform.").is_some() {
            line.text()?;
        } else {
            line.skip(b",\"level\":\"")?.text()?;
            line.skip(b",\"msg\":\"")?.text()?;
        }
        line.skip(b",\"record\":")?.nested()?;
        at
    } else {
        let at = line.skip(b"{\"timestamp\": \"")?.text()?;
        line.skip(b", \"level\": \"")?.text()?;
        line.skip(b", \"message\": \"")?.text()?;
        line.skip(b", \"logger\": \"")?.text()?;
        line.skip(b", \"requestId\": \"")?.text()?;
        at
    };
    (line.0 == b"}").then(|| moment(at))
}

/// Unread rest of a line.
struct TimeWalk<'l>(&'l [u8]);

impl<'l> TimeWalk<'l> {
    #[inline]
    fn skip(&mut self, text: &[u8]) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(text)?;
        Some(self)
    }

    /// Reads the rest of a string, up to and including its closing quote.
    #[inline]
    fn text(&mut self) -> Option<&'l [u8]> {
        let end = text_end(self.0, 0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(text)
    }

    fn nested(&mut self) -> Option<()> {
        let (RawValue::Nested(_), end) = value(self.0, 0).ok()? else { return None };
        self.0 = &self.0[end..];
        Some(())
    }
}

/// Members of a structured line that give its time: the few members of an [`EventObject`] that are needed here, since
/// every line is searched for them.
///
/// [`EventObject`]: crate::decode::json::event::EventObject
#[derive(Default)]
struct Structured<'j> {
    /// The time, and the rank of its key (0 is best).
    time: Option<(u8, RawValue<'j>)>,
    of_function: bool,
    of_platform: bool,
}

impl<'j> Structured<'j> {
    #[inline]
    fn take(&mut self, key: &[u8], value: RawValue<'j>) {
        match key {
            b"timestamp" => self.take_time(1, value),
            key_of_function_line!() => self.of_function = true,
            b"type" => self.of_platform = value.text().is_some_and(|kind| kind.starts_with(b"platform.")),
            b"time" => self.take_time(2, value),
            b"@timestamp" => self.take_time(0, value),
            b"date" => self.take_time(3, value),
            _ => {}
        }
    }

    #[inline]
    fn take_time(&mut self, rank: u8, value: RawValue<'j>) {
        if self.time.is_none_or(|(best, _)| rank < best) {
            self.time = Some((rank, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json::event::EventObject;

    #[test]
    fn reads_what_loggers_print() {
        for text in [
            "2026-10-01T00:00:00.123Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi",
            "2026-10-01T00:00:00.123Z\\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\tINFO\\thi",
            "2026-10-01T00:00:00.123Z 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Task timed out after 3.00 seconds",
            "[INFO]\t2026-10-01T00:00:00.123Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\thi",
            "2026-10-01 00:00:00.123 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 INFO  Handler - hi",
            "2026/10/01 00:00:00.123000 hi",
            "2026-10-01 02:00:00.123 (+02:00)\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi",
            "2026-09-30 19:00:00.123 (-05:00)\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi",
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
            "2019-01-01 00:00:00 (+2) y",
            "2019-01-01 00:00:00 (12:00)",
            r#"{"timestamp":"2019-01-01T00:00:00Z","order":1}"#,
            "2019/01/01 is long ago",
            "2019/01/01",
        ] {
            assert_eq!(own_time(text.as_bytes()), None, "{text}");
        }
    }

    /// Reads the time of a structured line by way of a complete [`EventObject`].
    fn by_event_object(text: &[u8]) -> Option<Timestamp> {
        let mut line = EventObject::default();
        let scanned = members(text, |key, value| line.take(key, value));
        let of_logger = line.app_line || line.kind.is_some_and(|kind| kind.starts_with(b"platform."));
        (of_logger && matches!(scanned, Scanned::Whole(_))).then(|| line.at()).flatten()
    }

    proptest::proptest! {
        #[test]
        fn knows_the_members_that_an_event_object_knows(
            members in proptest::collection::vec((
                proptest::sample::select(vec![
                    "@timestamp", "timestamp", "time", "date", "ingestionTime", "type", "level", "log_level",
                    "requestId", "AWSRequestId", "AWSrequestId", "function_request_id", "errorType", "@requestId",
                    "message", "record", "id",
                ]),
                proptest::sample::select(vec![
                    "\"2026-10-01T00:00:00.123Z\"", "\"2026-10-01T00:00:00.456Z\"", "1790812800123", "null", "[1]",
                    "\"platform.start\"", "\"a \\\"word\\\"\"", "\"cut",
                ]),
            ), 0..6),
        ) {
            let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            let text = format!("{{{}}}", members.join(","));
            proptest::prop_assert_eq!(own_time(text.as_bytes()), by_event_object(text.as_bytes()), "{}", text);
        }
    }

    /// Lines in the layouts that [`usual`] reads.
    const USUAL: [&str; 6] = [
        r#"{"timestamp":"2026-10-01T00:00:00.123Z","level":"INFO","requestId":"8f507cfc","message":"a \"word\""}"#,
        r#"{"timestamp":"2026-10-01T00:00:00-01:00","message":"hi","level":"INFO","AWSRequestId":"8f507cfc"}"#,
        r#"{"time":"2026-10-01T00:00:00.123Z","level":"INFO","msg":"hi","record":{"requestId":"8f507cfc"}}"#,
        r#"{"time":"2026-10-01T00:00:00.123Z","type":"platform.start","record":{"requestId":"8f507cfc"}}"#,
        r#"{"timestamp": "2026-10-01T00:00:00Z", "level": "INFO", "message": "hi", "logger": "l", "requestId": "8"}"#,
        r#"{"time":"now","type":"platform.start","record":{}}"#,
    ];

    #[test]
    fn the_usual_layouts_are_known_by_their_places() {
        for text in USUAL {
            assert_eq!(usual(text.as_bytes()), Some(by_event_object(text.as_bytes())), "{text}");
            assert_eq!(usual(&text.as_bytes()[..text.len() - 1]), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nearly_usual_layouts_are_read_like_any(
            text in proptest::sample::select(&USUAL[..]),
            changes in proptest::collection::vec((
                proptest::prelude::any::<proptest::sample::Index>(),
                0..3usize,
                proptest::sample::select(&b"{}[]\",:\\ @T0-"[..]),
            ), 0..4),
        ) {
            let mut text = text.as_bytes().to_vec();
            for (at, change, byte) in changes {
                let at = at.index(text.len());
                match change {
                    0 => text[at] = byte,
                    1 => text.insert(at, byte),
                    _ => drop(text.remove(at)),
                }
            }
            if text.starts_with(b"{") && text.get(1) != Some(&b'\\') {
                proptest::prop_assert_eq!(own_time(&text), by_event_object(&text));
            }
        }
    }
}
