//! Course of a finding over the window: whether it is still going on, has stopped, or cannot be told.

use crate::model::Timestamp;
use crate::wire::FindingState;

/// Expected further occurrences at which a finding that was not seen again counts as stopped (chance of none: 5 %).
pub(super) const EXPECTED_SINCE: f64 = 3.0;
/// Usual gaps between two occurrences that may pass before the end of the window while the finding counts as ongoing.
const GAPS: i64 = 3;
/// The same for a finding without a usual gap, and at least: five minutes, but a tenth of a short window.
const LEAST_PAUSE_MS: i64 = 5 * 60_000;
const PART_OF_WINDOW: i64 = 10;
/// Beginnings that a window tells apart.
const MOMENTS_IN_WINDOW: i64 = 60;

/// When a finding was seen, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sightings {
    /// Number of attempts with it.
    pub(super) count: u64,
    /// Start of the first and of the last of them.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// End of the last one.
    pub(super) last_end: Timestamp,
}

/// Attempts of functions since their last sightings, all without it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Since {
    /// Number of them.
    pub(super) attempts: u64,
    /// Number of sightings to expect among them, if it went on as before.
    expected: f64,
}

impl Since {
    /// Creates it from the number of sightings, the attempts from the first one to the last, and the attempts since.
    pub(super) fn new(sightings: u64, during: u64, attempts: u64) -> Self {
        let share = sightings as f64 / during.max(sightings) as f64;
        Self { attempts, expected: attempts as f64 * share }
    }

    /// Returns the part that came after a later moment than `last`, their own last sighting, if attempts are spread evenly
    /// up to the end of the window. Some may have come then as long as there are any.
    pub(super) fn behind(self, last: Timestamp, moment: Timestamp, window: WindowBounds) -> Self {
        let (all, rest) = (window.end.ms_since(last), window.end.ms_since(moment));
        let share = if all > 0 { rest.clamp(0, all) as f64 / all as f64 } else { 1.0 };
        Self { attempts: (self.attempts as f64 * share).ceil() as u64, expected: self.expected * share }
    }

    /// Adds the attempts of another function.
    pub(super) fn and(self, other: Self) -> Self {
        Self { attempts: self.attempts + other.attempts, expected: self.expected + other.expected }
    }
}

/// Window of the logs.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowBounds {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl WindowBounds {
    /// Returns how far two beginnings may lie apart and count as one: a minute, but a sixtieth of a short window.
    pub(super) fn moment_ms(self) -> i64 {
        (self.end.ms_since(self.start) / MOMENTS_IN_WINDOW).clamp(1_000, 60_000)
    }
}

impl Sightings {
    /// Returns the mean time between two of them.
    fn usual_gap_ms(&self) -> Option<i64> {
        let gaps = i64::try_from(self.count.checked_sub(1)?).ok().filter(|gaps| *gaps > 0)?;
        Some(self.last.ms_since(self.first) / gaps)
    }

    /// Returns the state at the end of the window.
    pub(super) fn state(&self, since: Since, window: Option<WindowBounds>) -> FindingState {
        if since.expected >= EXPECTED_SINCE {
            return FindingState::Stopped;
        }
        let pause = window.map(|window| {
            let least = LEAST_PAUSE_MS.min(window.end.ms_since(window.start) / PART_OF_WINDOW);
            let usual = self.usual_gap_ms().map_or(0, |gap| gap.saturating_mul(GAPS));
            (window.end.ms_since(self.last_end.max(self.last)), usual.max(least))
        });
        match pause {
            Some((pause, most)) if pause <= most => FindingState::Ongoing,
            Some(_) if since.attempts == 0 => FindingState::NoTraffic,
            _ => FindingState::Unknown,
        }
    }

    /// Returns whether the log shows the time before it began: at its usual gaps, it would have been seen there (chance of
    /// none: 5 %).
    pub(super) fn has_begun_in(&self, window: WindowBounds) -> bool {
        let gap = self.usual_gap_ms().filter(|_| self.count > 2);
        gap.is_some_and(|gap| self.first.ms_since(window.start) as f64 >= EXPECTED_SINCE * gap.max(1_000) as f64)
    }

    /// Returns whether it was first seen where the log begins, so that it may have begun before.
    pub(super) fn may_precede(&self, window: WindowBounds) -> bool {
        let gap = self.usual_gap_ms().filter(|_| self.count > 2);
        gap.is_some_and(|gap| self.first.ms_since(window.start) <= gap.max(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FindingState::{NoTraffic, Ongoing, Stopped, Unknown};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_ms(1_767_312_000_000 + minutes * 60_000).unwrap()
    }

    /// Judges `count` sightings from one minute to another in six hours.
    fn state(count: u64, (first, last): (i64, i64), during: u64, since: u64) -> FindingState {
        let seen = Sightings { count, first: at(first), last: at(last), last_end: at(last) };
        seen.state(Since::new(count, during, since), Some(WindowBounds { start: at(0), end: at(360) }))
    }

    #[test]
    fn a_state_says_what_the_log_shows() {
        for (count, span, during, since, want) in [
            // Five failures in a minute, and nothing of the function in the six hours after.
            (5, (0, 1), 5, 0, NoTraffic),
            (5, (0, 1), 5, 2, Unknown),
            (5, (0, 1), 5, 3, Stopped),
            (5, (0, 1), 50, 29, Unknown),
            (5, (0, 1), 50, 31, Stopped),
            // One every hour, the last half an hour ago.
            (6, (30, 330), 600, 60, Ongoing),
            (6, (30, 330), 600, 600, Stopped),
            // Once: only its nearness to the end says anything.
            (1, (358, 358), 1, 0, Ongoing),
            (1, (300, 300), 1, 0, NoTraffic),
            (1, (300, 300), 1, 1, Unknown),
        ] {
            assert_eq!(state(count, span, during, since), want, "{count} {span:?} {during} {since}");
        }
    }

    /// A cause that one function had long ago and another one just now goes on.
    #[test]
    fn attempts_before_the_last_sighting_do_not_count() {
        let window = WindowBounds { start: at(0), end: at(360) };
        let seen = Sightings { count: 7, first: at(3), last: at(359), last_end: at(359) };
        let long_ago = Since::new(1, 1, 980);
        let just_now = Since::new(6, 900, 2);
        assert_eq!(seen.state(long_ago.and(just_now), Some(window)), Stopped);
        let since = long_ago.behind(at(3), seen.last, window).and(just_now.behind(seen.last, seen.last, window));
        assert_eq!(seen.state(since, Some(window)), Ongoing);
        assert_eq!(just_now.behind(at(360), at(360), window).attempts, 2);
    }

    proptest::proptest! {
        /// What is said to go on was seen near the end; what is said to have stopped has attempts behind it; and what had
        /// no attempt behind it is never said to have stopped.
        #[test]
        fn a_state_rests_on_what_was_seen(
            count in 1..500u64, first in 0..360i64, length in 0..360i64, during in 0..5_000u64, since in 0..5_000u64,
        ) {
            let last = (first + length).min(360);
            let seen = state(count, (first, last), during, since);
            match seen {
                Ongoing => proptest::prop_assert!(
                    360 - last <= 5.max(3 * (last - first) / (count.max(2) as i64 - 1)),
                    "{} at {}", count, last
                ),
                Stopped => proptest::prop_assert!(since >= 3),
                NoTraffic => proptest::prop_assert_eq!(since, 0),
                Unknown => proptest::prop_assert!(since > 0),
            }
        }
    }
}
