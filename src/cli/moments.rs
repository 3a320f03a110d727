//! Parsing of moments and durations as people type them.

use crate::model::Timestamp;

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeLength(pub(super) i64);

/// Parses `2026-01-02T03:04:05Z`, `2026-01-02 03:04` or `2026-01-02` (its first moment); UTC if no zone is given.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("'{text}' is not a date or time; write 2026-01-02 or 2026-01-02T03:04:05Z");
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        17 if text.ends_with(['Z', 'z']) => format!("{}:00Z", text.trim_end_matches(['Z', 'z'])),
        _ => text.replace('z', "Z").replace('t', "T"),
    };
    let (at, used) = Timestamp::parse_prefix(full.as_bytes()).ok_or_else(wrong)?;
    let day = full.get(8..10).and_then(|day| day.parse::<u32>().ok());
    let plausible = day.is_some_and(|day| day <= days_in_month(&full));
    if used == full.len() && plausible { Ok(at) } else { Err(wrong()) }
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

/// A moment, absolute or relative to now.
#[cfg(feature = "cloudwatch")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// An absolute moment.
    At(Timestamp),
    /// This long before now.
    Ago(TimeLength),
}

/// Parses `now`, `3h` (ago), or a moment.
#[cfg(feature = "cloudwatch")]
pub(super) fn when(text: &str) -> Result<When, String> {
    if text == "now" {
        return Ok(When::Ago(TimeLength(0)));
    }
    let ago = text.strip_suffix(" ago").or(text.strip_prefix('-')).unwrap_or(text);
    match span(ago) {
        Ok(span) => Ok(When::Ago(span)),
        Err(_) => moment(text).map(When::At).map_err(|error| format!("{error}, or 3h for three hours ago")),
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

    #[test]
    fn moments() {
        for (text, want) in [
            ("2026-01-02", "2026-01-02T00:00:00.000Z"),
            ("2026-01-02T03:04", "2026-01-02T03:04:00.000Z"),
            ("2026-01-02 03:04Z", "2026-01-02T03:04:00.000Z"),
            ("2026-01-02T03:04:05.5+01:00", "2026-01-02T02:04:05.500Z"),
            ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(moment(text).map(|at| at.to_string()), Ok(want.to_owned()));
        }
        for text in ["", "yesterday", "2026-02-30", "2026-01-02T03:04:05Zx", "2026-13-01", "3h", "äääää"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[cfg(feature = "cloudwatch")]
    #[test]
    fn moments_relative_to_now() {
        assert_eq!(when("3h"), Ok(When::Ago(TimeLength(10_800_000))));
        assert_eq!(when("now"), Ok(When::Ago(TimeLength(0))));
        assert!(matches!(when("2026-01-02"), Ok(When::At(_))));
        assert!(when("soon").unwrap_err().contains("3h"));
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
