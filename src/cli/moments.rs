//! Parsing of times and durations as people type them.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use crate::model::{Moment, Occurrence, Timestamp, Zone};

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeLength(pub(super) i64);

/// A bound of the log time, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypedTime {
    /// Text, for commands that do the same again.
    pub(super) text: String,
    form: TimeForm,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TimeForm {
    /// A moment: its zone was typed.
    At(Timestamp),
    /// Date and time on the clocks of the zone in use.
    Shown(DateTime),
    /// Time of the day on these clocks.
    TimeOfDay(Time),
    /// So long before the end of the log, or before now.
    Ago(TimeLength),
}

impl TypedTime {
    /// Returns the bound, with times that name no zone read in this one. `which` of two moments is meant, where clocks
    /// show a time twice.
    pub(super) fn bound(&self, zone: &Zone, which: Occurrence) -> Result<Moment, String> {
        Ok(match &self.form {
            TimeForm::At(at) => Moment::At(*at),
            TimeForm::Shown(shown) => Moment::At(zone.moment(*shown, which).ok_or_else(|| wrong(&self.text))?),
            TimeForm::TimeOfDay(time) => Moment::TimeOfDay(*time, zone.clone()),
            TimeForm::Ago(length) => Moment::Ago(length.0),
        })
    }
}

fn wrong(text: &str) -> String {
    format!("'{text}' is not a time; use 2026-01-02, 2026-01-02T03:04:05Z, 03:00 or -2h")
}

/// Parses a bound: `2026-01-02T03:04:05Z`, `2026-01-02 03:04`, `2026-01-02` (its first moment), `03:00` or `-2h`.
pub(super) fn time(text: &str) -> Result<TypedTime, String> {
    let ago = text.strip_suffix(" ago").or(text.strip_prefix('-')).unwrap_or(text);
    let form = match (span(ago), time_of_day(text)) {
        (Ok(length), _) => TimeForm::Ago(length),
        (Err(_), Some(time)) => TimeForm::TimeOfDay(time),
        (Err(_), None) => date_and_time(text).ok_or_else(|| wrong(text))?,
    };
    Ok(TypedTime { text: text.to_owned(), form })
}

/// Parses a bound of a pull, which may also be `now`.
#[cfg(feature = "cloudwatch")]
pub(super) fn time_or_now(text: &str) -> Result<TypedTime, String> {
    let now = || TypedTime { text: text.to_owned(), form: TimeForm::Ago(TimeLength(0)) };
    if text == "now" { Ok(now()) } else { time(text) }
}

/// Parses `03:00` or `03:00:30`.
fn time_of_day(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| digits)
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

fn date_and_time(text: &str) -> Option<TimeForm> {
    let full = match text.len() {
        10 => format!("{text}T00:00:00"),
        16 => format!("{text}:00"),
        17 if text.ends_with(['Z', 'z']) => format!("{}:00Z", text.trim_end_matches(['Z', 'z'])),
        _ => text.replace('z', "Z").replace('t', "T"),
    };
    let (at, used) = Timestamp::parse_prefix(full.as_bytes())?;
    let day: u32 = full.get(8..10)?.parse().ok()?;
    if used != full.len() || day > days_in_month(&full) {
        return None;
    }
    // The date has dashes, the time has none.
    if full.get(10..)?.contains(['Z', '+', '-']) {
        return Some(TimeForm::At(at));
    }
    let shown = jiff::Timestamp::from_millisecond(at.ms()).ok()?;
    Some(TimeForm::Shown(TimeZone::UTC.to_datetime(shown)))
}

/// Parses `90s`, `90m`, `3h`, `2d` or `1w`.
pub(super) fn span(text: &str) -> Result<TimeLength, String> {
    let wrong = || format!("'{text}' is not a duration; write 90m, 3h or 2d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let ms: i64 = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 604_800_000,
        _ => return Err(wrong()),
    };
    let number: u32 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| wrong())?;
    match i64::from(number).checked_mul(ms) {
        Some(ms) if ms > 0 => Ok(TimeLength(ms)),
        _ => Err(wrong()),
    }
}

fn days_in_month(date: &str) -> u32 {
    let part = |range| date.get::<std::ops::Range<usize>>(range).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let (year, month) = (part(0..4), part(5..7));
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, zone: &Zone) -> Result<String, String> {
        match time(text)?.bound(zone, Occurrence::First)? {
            Moment::At(at) => Ok(at.to_string()),
            Moment::Ago(ms) => Ok(format!("{ms} ms ago")),
            Moment::TimeOfDay(time, _) => Ok(time.to_string()),
        }
    }

    #[test]
    fn times() {
        let tokyo = Zone::new(TimeZone::get("Asia/Tokyo").unwrap());
        for (text, in_utc, in_tokyo) in [
            ("2026-01-02", "2026-01-02T00:00:00.000Z", "2026-01-01T15:00:00.000Z"),
            ("2026-01-02T03:04", "2026-01-02T03:04:00.000Z", "2026-01-01T18:04:00.000Z"),
            ("2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z", "2026-01-01T18:04:05.000Z"),
            ("2026-01-02 03:04Z", "2026-01-02T03:04:00.000Z", "2026-01-02T03:04:00.000Z"),
            ("2026-01-02T03:04:05.5+01:00", "2026-01-02T02:04:05.500Z", "2026-01-02T02:04:05.500Z"),
            ("2026-01-02T03:04:05-08:00", "2026-01-02T11:04:05.000Z", "2026-01-02T11:04:05.000Z"),
            ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-02-28T15:00:00.000Z"),
            ("03:00", "03:00:00", "03:00:00"),
            ("3:00", "03:00:00", "03:00:00"),
            ("23:59:59", "23:59:59", "23:59:59"),
            ("-2h", "7200000 ms ago", "7200000 ms ago"),
            ("2h", "7200000 ms ago", "7200000 ms ago"),
            ("90m ago", "5400000 ms ago", "5400000 ms ago"),
        ] {
            assert_eq!(read(text, &Zone::UTC).as_deref(), Ok(in_utc), "{text}");
            assert_eq!(read(text, &tokyo).as_deref(), Ok(in_tokyo), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-01-02T03:04:05Zx",
            "2026-13-01",
            "äääää",
            "24:00",
            "3:0:0:0",
            "-",
            "now",
            "--2h",
            "-03:00",
            "03",
            ":",
            "12:60",
            "0h",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn spans() {
        for (text, want) in [("90m", 5_400_000), ("3h", 10_800_000), ("2d", 172_800_000), ("1w", 604_800_000)] {
            assert_eq!(span(text), Ok(TimeLength(want)));
        }
        for text in ["", "h", "3", "-3h", "0h", "3x", "3 h", "3é", "99999999999d"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
