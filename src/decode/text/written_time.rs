//! Times as people and tools write them before a line: ISO 8601, dates of any country, syslog, a clock alone, epochs.

use crate::decode::moment::moment;
use crate::model::Timestamp;

/// Time before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct WrittenTime {
    /// Moment that it means; `None` for a time without a date or a year.
    pub(in crate::decode) at: Option<Timestamp>,
    /// Number of its bytes.
    pub(in crate::decode) length: usize,
}

/// Reads the time at the start of a text. What follows it is not looked at.
pub(in crate::decode) fn written_time(text: &[u8]) -> Option<WrittenTime> {
    if !text.first().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    STYLES.iter().find_map(|style| style(text)).map(|time| with_zone_name(text, time))
}

type TimeStyle = fn(&[u8]) -> Option<WrittenTime>;

/// Styles, each of which refuses what another one reads.
const STYLES: [TimeStyle; 5] = [iso, year_first, named_month, numbers, epoch];

fn iso(text: &[u8]) -> Option<WrittenTime> {
    let (at, length) = Timestamp::parse_prefix(text)?;
    Some(WrittenTime { at: Some(at), length })
}

/// Takes a zone in words or parentheses into the time: ` UTC`, ` PDT`, ` +0200`, ` (+00:00)`.
fn with_zone_name(text: &[u8], time: WrittenTime) -> WrittenTime {
    let rest = &text[time.length..];
    if let Some((zone, length)) = rest.strip_prefix(b" ").and_then(zone_name) {
        return WrittenTime {
            at: zone.and_then(|minutes| in_zone(time.at?, minutes)),
            length: time.length + 1 + length,
        };
    }
    let (open, inside) = match rest {
        [b' ', b'(', inside @ ..] => (2, inside),
        [b' ', inside @ ..] => (1, inside),
        _ => return time,
    };
    let Some((minutes, length)) = offset(inside) else { return time };
    let closed = open == 1 || inside.get(length) == Some(&b')');
    let at = time.at.and_then(|at| in_zone(at, minutes));
    if closed { WrittenTime { at, length: time.length + open + length + usize::from(open == 2) } } else { time }
}

fn in_zone(at: Timestamp, minutes: i64) -> Option<Timestamp> {
    Timestamp::from_ms(at.ms() - minutes * 60_000)
}

/// Names of zones, with their minutes before UTC; none where two zones have the name.
const ZONES: [(&str, Option<i64>); 32] = [
    ("UTC", Some(0)),
    ("(UTC)", Some(0)),
    ("GMT", Some(0)),
    ("WET", Some(0)),
    ("WEST", Some(60)),
    ("CET", Some(60)),
    ("CEST", Some(120)),
    ("EET", Some(120)),
    ("EEST", Some(180)),
    ("MSK", Some(180)),
    ("PKT", Some(300)),
    ("WIB", Some(420)),
    ("SGT", Some(480)),
    ("HKT", Some(480)),
    ("AWST", Some(480)),
    ("JST", Some(540)),
    ("KST", Some(540)),
    ("AEST", Some(600)),
    ("AEDT", Some(660)),
    ("NZST", Some(720)),
    ("NZDT", Some(780)),
    ("BRT", Some(-180)),
    ("EDT", Some(-240)),
    ("EST", Some(-300)),
    ("CDT", Some(-300)),
    ("MDT", Some(-360)),
    ("MST", Some(-420)),
    ("PDT", Some(-420)),
    ("PST", Some(-480)),
    ("CST", None),
    ("IST", None),
    ("BST", None),
];

/// Reads the name of a zone, and the number of its bytes.
fn zone_name(text: &[u8]) -> Option<(Option<i64>, usize)> {
    let ends = |length: usize| !text.get(length).is_some_and(u8::is_ascii_alphanumeric);
    let is_here = |name: &str| text.starts_with(name.as_bytes()) && ends(name.len());
    ZONES.iter().find(|(name, _)| is_here(name)).map(|(name, minutes)| (*minutes, name.len()))
}

/// Reads `+02:00` or `+0200`: minutes, and the number of its bytes.
fn offset(text: &[u8]) -> Option<(i64, usize)> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut rest = TimeText(&text[1..]);
    let hours = rest.two_digits()?;
    let colon = rest.byte(b':').is_some();
    let minutes = rest.two_digits()?;
    (hours < 24 && minutes < 60).then(|| (sign * i64::from(hours * 60 + minutes), 5 + usize::from(colon)))
}

/// Reads `2026/10/01 00:00:00` (Go, Insights), `2026.10.01 00:00:00` and `20261001T000000Z`.
fn year_first(text: &[u8]) -> Option<WrittenTime> {
    let mut rest = TimeText(text);
    if let Some(time) = compact(text) {
        return Some(time);
    }
    let year = rest.digits(4, 4)?;
    let separator = *rest.0.first().filter(|byte| matches!(byte, b'/' | b'.'))?;
    rest.byte(separator)?;
    let month = rest.digits(1, 2)?;
    rest.byte(separator)?;
    let day = rest.digits(1, 2)?;
    rest.date_end()?;
    let clock = rest.clock()?;
    moment_of(text, &rest, Some(year), month, day, clock)
}

/// Reads `20261001T000000Z` and `20261001-000000`.
fn compact(text: &[u8]) -> Option<WrittenTime> {
    let mut rest = TimeText(text.get(..15)?);
    let year = rest.two_digits()? * 100 + rest.two_digits()?;
    let (month, day) = (rest.two_digits()?, rest.two_digits()?);
    if !matches!(rest.0[0], b'T' | b'-' | b'_') {
        return None;
    }
    rest.0 = &rest.0[1..];
    let clock = WallClock { hour: rest.two_digits()?, minute: rest.two_digits()?, second: rest.two_digits()?, ms: 0 };
    let ends = text.get(15).is_none_or(|next| !next.is_ascii_alphanumeric() || *next == b'Z');
    moment_of(text, &TimeText(&text[15..]), Some(year), month, day, clock).filter(|_| ends)
}

/// Reads dates that name the month: `Oct  1 00:00:00` (syslog), `Oct 1, 2026, 12:00:00 AM`, `Thu Oct  1 00:00:00 2026`,
/// `Thu, 01 Oct 2026 00:00:00`, `01/Oct/2026:00:00:00`.
fn named_month(text: &[u8]) -> Option<WrittenTime> {
    let mut rest = TimeText(text);
    let days: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    if let Some(day) = days.iter().find(|day| text.starts_with(day)) {
        rest.0 = &rest.0[day.len()..];
        let _ = rest.byte(b',');
        rest.blanks()?;
    }
    if let Some(month) = rest.month() {
        rest.blanks()?;
        let day = rest.digits(1, 2)?;
        let _ = rest.byte(b',');
        rest.blanks()?;
        let mut after_year = rest;
        let mut year = after_year.digits(4, 4).filter(|_| after_year.date_end().is_some());
        if year.is_some() {
            rest = after_year;
        }
        let clock = rest.clock()?;
        let mut behind = rest;
        // `date` writes the zone before the year.
        let zone = rest.0.strip_prefix(b" ").and_then(zone_name).filter(|_| year.is_none());
        if let Some((_, length)) = zone {
            behind.0 = &behind.0[1 + length..];
        }
        if year.is_none() && behind.byte(b' ').is_some() {
            year = behind.digits(4, 4).filter(|_| {
                behind.0.first().is_none_or(|next| !next.is_ascii_alphanumeric() && !matches!(next, b'-' | b'/'))
            });
            rest = if year.is_some() { behind } else { rest };
        }
        let time = moment_of(text, &rest, year, month, day, clock)?;
        return Some(match zone.filter(|_| year.is_some()) {
            Some((minutes, _)) => WrittenTime { at: minutes.and_then(|minutes| in_zone(time.at?, minutes)), ..time },
            None => time,
        });
    }
    let day = rest.digits(1, 2)?;
    let separator = *rest.0.first()?;
    if !matches!(separator, b' ' | b'/' | b'-') {
        return None;
    }
    rest.byte(separator)?;
    let month = rest.month()?;
    rest.byte(separator)?;
    let year = rest.digits(4, 4)?;
    if rest.byte(b':').is_none() {
        rest.date_end()?;
    }
    let clock = rest.clock()?;
    moment_of(text, &rest, Some(year), month, day, clock)
}

/// Reads dates of numbers, `9/30/2026, 4:00:00 PM` or `30.09.2026, 16:00:00`, and a clock alone. With slashes the month
/// comes first, unless it is over 12; with dots or dashes the day does.
fn numbers(text: &[u8]) -> Option<WrittenTime> {
    let mut rest = TimeText(text);
    if let Some(clock) = rest.clock() {
        let _ = clock;
        return Some(WrittenTime { at: None, length: text.len() - rest.0.len() });
    }
    rest = TimeText(text);
    let first = rest.digits(1, 2)?;
    let separator = *rest.0.first()?;
    if !matches!(separator, b'/' | b'.' | b'-') {
        return None;
    }
    rest.byte(separator)?;
    let second = rest.digits(1, 2)?;
    rest.byte(separator)?;
    let year = rest.digits(4, 4)?;
    rest.date_end()?;
    let clock = rest.clock()?;
    let (month, day) = if separator == b'/' && first <= 12 { (first, second) } else { (second, first) };
    moment_of(text, &rest, Some(year), month, day, clock)
}

/// Reads seconds, milliseconds or a smaller unit since 1970, with or without a fraction.
fn epoch(text: &[u8]) -> Option<WrittenTime> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !matches!(digits, 10 | 13 | 16 | 19) || text[0] != b'1' {
        return None;
    }
    let fraction = match &text[digits..] {
        [b'.', rest @ ..] => rest.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let length = if fraction > 0 { digits + 1 + fraction } else { digits };
    let ends = !text.get(length).is_some_and(u8::is_ascii_alphanumeric);
    ends.then(|| WrittenTime { at: moment(&text[..length]), length })
}

/// Time of the day.
#[derive(Clone, Copy, Debug)]
struct WallClock {
    hour: u32,
    minute: u32,
    second: u32,
    ms: u32,
}

fn moment_of(
    text: &[u8],
    rest: &TimeText<'_>,
    year: Option<u32>,
    month: u32,
    day: u32,
    clock: WallClock,
) -> Option<WrittenTime> {
    let WallClock { hour, minute, second, ms } = clock;
    let at = match year {
        None => {
            // The date must be one, though it says no year.
            (1..=12).contains(&month).then_some(())?;
            (1..=31).contains(&day).then_some(())?;
            None
        }
        Some(year) => {
            let iso = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z");
            Some(Timestamp::parse_prefix(iso.as_bytes())?.0)
        }
    };
    let mut length = text.len() - rest.0.len();
    length += usize::from(rest.0.first() == Some(&b'Z'));
    Some(WrittenTime { at, length })
}

/// Rest of a text that holds a time.
#[derive(Clone, Copy)]
struct TimeText<'t>(&'t [u8]);

impl TimeText<'_> {
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.iter().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if count < least || count > most {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// Reads two digits, whatever follows them.
    fn two_digits(&mut self) -> Option<u32> {
        let mut two = TimeText(self.0.get(..2)?);
        let number = two.digits(2, 2)?;
        self.0 = &self.0[2..];
        Some(number)
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn blanks(&mut self) -> Option<()> {
        let count = self.0.iter().take_while(|byte| **byte == b' ').count();
        self.0 = &self.0[count..];
        (1..=2).contains(&count).then_some(())
    }

    /// Passes what stands between a date and a clock: `, `, a blank, `T`, ` at `, ` @ ` (Kibana).
    fn date_end(&mut self) -> Option<()> {
        let between: [&[u8]; 6] = [b", ", b" at ", b" @ ", b" - ", b" ", b"T"];
        let found = between.iter().find(|text| self.0.starts_with(text))?;
        self.0 = &self.0[found.len()..];
        Some(())
    }

    fn month(&mut self) -> Option<u32> {
        const MONTHS: [&[u8]; 12] =
            [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
        let at = MONTHS.iter().position(|month| self.0.starts_with(month))?;
        self.0 = &self.0[3..];
        let _ = self.byte(b'.');
        u32::try_from(at + 1).ok()
    }

    /// Reads `0:00:00`, with a fraction or not, of 12 or 24 hours.
    fn clock(&mut self) -> Option<WallClock> {
        let mut rest = *self;
        let mut hour = rest.digits(1, 2)?;
        rest.byte(b':')?;
        let minute = rest.digits(2, 2)?;
        rest.byte(b':')?;
        let second = rest.digits(2, 2)?;
        let mut ms = 0;
        if let [b'.' | b',', b'0'..=b'9', ..] = rest.0 {
            let digits = rest.0[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let digit = |at: usize| rest.0[1..=digits].get(at).map_or(0, |digit| u32::from(digit - b'0'));
            ms = digit(0) * 100 + digit(1) * 10 + digit(2);
            rest.0 = &rest.0[1 + digits..];
        }
        // Browsers put a narrow no-break space before AM and PM.
        let halves: [(&[u8], bool); 8] = [
            (b" AM", false),
            (b" PM", true),
            (b" am", false),
            (b" pm", true),
            (b"AM", false),
            (b"PM", true),
            ("\u{202f}AM".as_bytes(), false),
            ("\u{202f}PM".as_bytes(), true),
        ];
        if let Some((half, after_noon)) = halves.iter().find(|(half, _)| rest.0.starts_with(half)) {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if *after_noon { 12 } else { 0 };
            rest.0 = &rest.0[half.len()..];
        }
        if hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        *self = rest;
        Some(WallClock { hour, minute, second, ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_in_every_usual_style() {
        for text in [
            "2026-10-01T15:04:05.678Z",
            "2026-10-01 15:04:05.678",
            "2026-10-01 15:04:05,678",
            "2026-10-01T15:04:05.6781234Z",
            "2026-10-01T17:04:05.678+02:00",
            "2026-10-01T17:04:05.678 +0200",
            "2026-10-01 15:04:05.678 (+00:00)",
            "2026-10-01 15:04:05.678 UTC",
            "2026/10/01 15:04:05.678",
            "2026/10/01T15:04:05.678Z",
            "10/1/2026, 3:04:05.678 PM",
            "10/01/2026 15:04:05.678",
            "01.10.2026, 15:04:05.678",
            "1.10.2026 15:04:05,678",
            "01-10-2026 15:04:05.678",
            "Oct 1, 2026, 3:04:05.678 PM",
            "Oct 1, 2026, 3:04:05.678\u{202f}PM",
            "Oct 1, 2026 at 3:04:05.678 PM",
            "Thu Oct  1 15:04:05.678 2026",
            "Thu Oct  1 15:04:05.678 UTC 2026",
            "Thu Oct  1 08:04:05.678 PDT 2026",
            "2026-10-01 17:04:05.678 CEST",
            "2026.10.01 15:04:05.678",
            "Thu, 01 Oct 2026 15:04:05.678 GMT",
            "01 Oct 2026 15:04:05.678",
            "01/Oct/2026:15:04:05.678 +0000",
            "1790867045678",
            "1790867045.678",
        ] {
            let time = written_time(text.as_bytes()).expect(text);
            assert_eq!(time.length, text.len(), "{text}");
            assert_eq!(time.at.map(|at| at.to_string()).as_deref(), Some("2026-10-01T15:04:05.678Z"), "{text}");
        }
        for text in
            ["15:04:05", "3:04:05 PM", "15:04:05.678", "15:04:05,678123", "Oct  1 15:04:05", "Oct 1, 3:04:05 PM"]
        {
            assert_eq!(written_time(text.as_bytes()), Some(WrittenTime { at: None, length: text.len() }), "{text}");
        }
        for text in ["20261001T150405Z", "20261001-150405", "20261001T150405"] {
            let at = written_time(text.as_bytes()).and_then(|time| time.at).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2026-10-01T15:04:05.000Z"), "{text}");
        }
        // Two zones have the name: the moment is not known.
        for text in ["2026-10-01 15:04:05 CST", "Thu Oct  1 15:04:05 IST 2026"] {
            assert_eq!(written_time(text.as_bytes()), Some(WrittenTime { at: None, length: text.len() }), "{text}");
        }
        // The year is that of the next time.
        assert_eq!(written_time(b"Oct  1 15:04:05 2026-10-01T15:04:05Z x").map(|time| time.length), Some(15));
        assert_eq!(written_time(b"31/12/2026 23:59:59 x").map(|time| time.at.is_some()), Some(true));
    }

    #[test]
    fn other_words_are_no_times() {
        for text in [
            "",
            "START",
            "12",
            "12:30",
            "1234567",
            "12345678901",
            "2026",
            "2026-10-01",
            "October came",
            "25:00:00",
            "Mon",
            "99/99/2026 00:00:00",
            "127.0.0.1",
            "1.2.3",
            "20261301T150405Z",
            "20261001T150405X",
            "2026.10.01",
            "Sunday",
        ] {
            assert_eq!(written_time(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9A-Za-z :/.,+()-]{0,40}|\\PC{0,30}") {
            if let Some(time) = written_time(text.as_bytes()) {
                proptest::prop_assert!(time.length <= text.len());
            }
        }
    }
}
