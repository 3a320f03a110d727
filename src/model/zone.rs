//! Time zones: how a moment reads on the clocks of a place, and which moment a time on those clocks is.
//!
//! Only text for people has a zone; data for programs is in UTC.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::time::Timestamp;

/// A time zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A moment as the clocks of a zone show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// `2026-01-02`
    pub date: String,
    /// `03:04:05.678`
    time: String,
    /// Abbreviation of the zone at that moment: `CET`, or its offset where it has none.
    pub zone: String,
    /// Whether clocks show this time twice, as they are set back.
    twice: bool,
}

/// Which of two moments is meant, where clocks show a time twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// The earlier one.
    First,
    /// The later one.
    Last,
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Creates a zone from its rules.
    #[must_use]
    pub fn new(rules: TimeZone) -> Self {
        Self(rules)
    }

    /// Returns the name by which the zone is found: `local` where this machine does not say which it is.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("local")
    }

    /// Returns the time that clocks show at a moment.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> LocalTime {
        // jiff's last moment is 22 hours before the last one of a timestamp.
        let known = jiff::Timestamp::from_millisecond(at.ms()).ok().filter(|_| *self != Self::UTC);
        let Some(known) = known else {
            let text = at.to_string();
            let (date, time) = text.trim_end_matches('Z').split_once('T').unwrap_or_default();
            return LocalTime { date: date.to_owned(), time: time.to_owned(), zone: "UTC".to_owned(), twice: false };
        };
        let shown = self.0.to_datetime(known);
        let twice = matches!(self.0.to_ambiguous_timestamp(shown).offset(), AmbiguousOffset::Fold { .. });
        let (date, time) = (shown.date(), shown.time());
        LocalTime {
            date: format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
            time: format!("{:02}:{:02}:{:02}.{:03}", time.hour(), time.minute(), time.second(), time.millisecond()),
            zone: self.0.to_offset_info(known).abbreviation().to_owned(),
            twice,
        }
    }

    /// Returns the moment at which clocks show a time. A time that is skipped as clocks are set forward means the moment
    /// that long after they are set.
    #[must_use]
    pub fn moment(&self, shown: DateTime, which: Occurrence) -> Option<Timestamp> {
        let found = self.0.to_ambiguous_timestamp(shown);
        let fold = matches!(found.offset(), AmbiguousOffset::Fold { .. });
        let at = if fold && which == Occurrence::Last { found.later() } else { found.compatible() };
        Timestamp::from_ms(at.ok()?.as_millisecond())
    }

    /// Returns the last moment, not after `end`, at which clocks show a time of the day.
    #[must_use]
    pub fn last_at(&self, time: Time, which: Occurrence, end: Timestamp) -> Option<Timestamp> {
        let end_ms = jiff::Timestamp::from_millisecond(end.ms()).ok()?;
        let today: Date = self.0.to_datetime(end_ms).date();
        // Today, or the day before if that is yet to come; a place may even have left out a day.
        [Some(today), today.yesterday().ok(), today.yesterday().and_then(Date::yesterday).ok()]
            .into_iter()
            .flatten()
            // The end may lie between the two moments of a time that occurs twice.
            .flat_map(|day| [which, Occurrence::First].map(|which| self.moment(day.to_datetime(time), which)))
            .flatten()
            .find(|at| *at <= end)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl LocalTime {
    /// Returns a text of this time with the zone, which is there already where the time occurs twice.
    #[must_use]
    pub fn zoned(&self, text: String) -> String {
        if self.twice { text } else { self.named(&text) }
    }

    /// Returns `03:04`.
    #[must_use]
    pub fn minutes(&self) -> String {
        self.part(5)
    }

    /// Returns `03:04:05`.
    #[must_use]
    pub fn seconds(&self) -> String {
        self.part(8)
    }

    /// Returns `03:04:05.678`.
    #[must_use]
    pub fn millis(&self) -> String {
        self.part(12)
    }

    /// Adds the zone to a text of this time, unless it is the one that all times are taken to be in, or is there already.
    #[must_use]
    pub fn with_zone(&self, text: String, usual: Option<&str>) -> String {
        if usual.is_some_and(|usual| usual != self.zone) { self.zoned(text) } else { text }
    }

    /// Returns the time to so many digits, with the zone where the time alone would mean two moments.
    fn part(&self, length: usize) -> String {
        let time = self.time.get(..length).unwrap_or(&self.time);
        if self.twice { self.named(time) } else { time.to_owned() }
    }

    fn named(&self, text: &str) -> String {
        format!("{text} {}", self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::new(TimeZone::get(name).expect("a zone"))
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_prefix(text.as_bytes()).expect("a time").0
    }

    #[test]
    fn reads_as_on_the_clocks_of_the_place() {
        for (name, moment, want) in [
            ("UTC", "2026-01-02T03:04:05.678Z", ("2026-01-02", "03:04", "UTC")),
            ("Europe/Berlin", "2026-01-02T23:30:00Z", ("2026-01-03", "00:30", "CET")),
            ("Europe/Berlin", "2026-07-02T23:30:00Z", ("2026-07-03", "01:30", "CEST")),
            ("America/New_York", "2026-01-02T03:04:05Z", ("2026-01-01", "22:04", "EST")),
            ("Asia/Kolkata", "2026-01-02T03:04:05Z", ("2026-01-02", "08:34", "IST")),
            ("America/Sao_Paulo", "2026-01-02T03:04:05Z", ("2026-01-02", "00:04", "-03")),
            // Clocks are set back at 01:00 UTC: 02:30 occurs twice.
            ("Europe/Berlin", "2026-10-25T00:30:00Z", ("2026-10-25", "02:30 CEST", "CEST")),
            ("Europe/Berlin", "2026-10-25T01:30:00Z", ("2026-10-25", "02:30 CET", "CET")),
            ("Europe/Berlin", "9999-12-31T23:59:59Z", ("9999-12-31", "23:59", "UTC")),
        ] {
            let shown = zone(name).local(at(moment));
            assert_eq!((shown.date.as_str(), shown.minutes().as_str(), shown.zone.as_str()), want, "{name} {moment}");
        }
    }

    #[test]
    fn a_time_of_the_day_is_the_last_one_before_the_end() {
        let berlin = zone("Europe/Berlin");
        let three = Time::constant(3, 0, 0, 0);
        let half_past_two = Time::constant(2, 30, 0, 0);
        for (zone, time, which, end, want) in [
            (&Zone::UTC, three, Occurrence::First, "2026-01-02T04:00:00Z", "2026-01-02T03:00:00.000Z"),
            (&Zone::UTC, three, Occurrence::First, "2026-01-02T03:00:00Z", "2026-01-02T03:00:00.000Z"),
            (&Zone::UTC, three, Occurrence::First, "2026-01-02T02:59:59Z", "2026-01-01T03:00:00.000Z"),
            (&berlin, three, Occurrence::First, "2026-01-02T02:30:00Z", "2026-01-02T02:00:00.000Z"),
            (&berlin, half_past_two, Occurrence::First, "2026-10-25T12:00:00Z", "2026-10-25T00:30:00.000Z"),
            (&berlin, half_past_two, Occurrence::Last, "2026-10-25T12:00:00Z", "2026-10-25T01:30:00.000Z"),
            (&berlin, half_past_two, Occurrence::Last, "2026-10-25T01:10:00Z", "2026-10-25T00:30:00.000Z"),
            // Skipped on this day: half an hour after clocks were set from 02:00 to 03:00.
            (&berlin, half_past_two, Occurrence::First, "2026-03-29T12:00:00Z", "2026-03-29T01:30:00.000Z"),
        ] {
            let found = zone.last_at(time, which, at(end)).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(want), "{zone:?} {time} {end}");
        }
    }

    proptest::proptest! {
        /// What is shown, with the date and the zone of a time that occurs twice, is one moment.
        #[test]
        fn shows_each_moment_once(
            name in proptest::sample::select(&["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns"][..]),
            ms in 0i64..4_000_000_000_000,
        ) {
            let (zone, at) = (zone(name), Timestamp::from_ms(ms).expect("in range"));
            let shown = zone.local(at);
            let civil: DateTime = format!("{}T{}", shown.date, shown.time).parse().expect("a time");
            let both = [Occurrence::First, Occurrence::Last].map(|which| zone.moment(civil, which));
            proptest::prop_assert!(both.contains(&Some(at)));
            proptest::prop_assert_eq!(shown.twice, both[0] != both[1]);
            if shown.twice {
                proptest::prop_assert_ne!(zone.local(both[0].expect("in range")).zone, zone.local(both[1].expect("in range")).zone);
            }
        }
    }
}
