//! Course of a finding over the window: whether it is still going on, has stopped, or cannot be told.

use crate::model::Timestamp;
use crate::wire::FindingState;

/// Expected further occurrences at which a finding that was not seen again counts as stopped (chance of none: 5 %).
pub(super) const EXPECTED_SINCE: f64 = 3.0;
/// Number of sightings below which the time before the first one also tells how frequent they are.
const FEW_SIGHTINGS: u64 = 3;
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

/// Attempts of one function around its sightings. Those of versions that never had them tell less: another version may
/// not have what fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartTraffic {
    /// First and last sighting in this function.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// Attempts of the versions that had it: from the start of the window to the first sighting, from there to the last,
    /// and since.
    pub(super) before: u64,
    pub(super) during: u64,
    pub(super) after: u64,
    /// Attempts of other versions since.
    pub(super) others_after: u64,
}

impl PartTraffic {
    /// Returns how many attempts started from one moment to another, if they are spread evenly over each of the three
    /// stretches.
    fn between(&self, from: Timestamp, to: Timestamp, window: WindowBounds) -> f64 {
        let stretch = |count: u64, start: Timestamp, end: Timestamp| {
            let length = end.ms_since(start).max(0);
            let inside = to.min(end).ms_since(from.max(start));
            match (inside, length) {
                (..0, _) => 0.0,
                (_, 0) => count as f64,
                _ => count as f64 * inside as f64 / length as f64,
            }
        };
        let end = window.end.max(self.last);
        // A moment that two stretches share belongs to the earlier one.
        let after = if to > self.last { stretch(self.after, self.last, end) } else { 0.0 };
        let before = if from < self.first { stretch(self.before, window.start, self.first) } else { 0.0 };
        before + stretch(self.during, self.first, self.last) + after
    }

    /// Returns the share of the time since the last sighting that lies behind a later moment.
    fn share_behind(&self, moment: Timestamp, window: WindowBounds) -> f64 {
        match (window.end.ms_since(self.last), window.end.ms_since(moment)) {
            (..=0, _) => 1.0,
            (all, rest) => rest.clamp(0, all) as f64 / all as f64,
        }
    }
}

/// Attempts of functions since the last sighting of all, none of which had it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Since {
    /// Number of them.
    pub(super) attempts: u64,
    /// Number of sightings to expect among those of the versions that had it, if it went on as before.
    expected: f64,
    /// The same among those of other versions, if they had it as well.
    expected_of_others: f64,
}

impl Since {
    /// Adds up what functions did after the last sighting in any of them. How frequent sightings are is told by all of
    /// them together: in a function with few, the stretch between them is one with many.
    pub(super) fn of(seen: &Sightings, parts: &[PartTraffic], window: Option<WindowBounds>) -> Self {
        let window = window.unwrap_or(WindowBounds { start: seen.first, end: seen.last });
        // Of few sightings, the attempts before tell better how frequent they are.
        let from = if seen.count < FEW_SIGHTINGS { window.start } else { seen.first };
        let sum = |of: &dyn Fn(&PartTraffic) -> f64| parts.iter().map(of).sum::<f64>();
        let during = sum(&|part| part.between(from, seen.last, window));
        let after = sum(&|part| part.after as f64 * part.share_behind(seen.last, window));
        let others = sum(&|part| part.others_after as f64 * part.share_behind(seen.last, window));
        let share = seen.count as f64 / during.max(seen.count as f64);
        Self { attempts: (after + others).ceil() as u64, expected: after * share, expected_of_others: others * share }
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
            // Another version has taken over.
            Some(_) if since.expected + since.expected_of_others >= EXPECTED_SINCE => FindingState::Stopped,
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

    fn six_hours() -> Option<WindowBounds> {
        Some(WindowBounds { start: at(0), end: at(360) })
    }

    fn part((first, last): (i64, i64), during: u64, (after, others_after): (u64, u64)) -> PartTraffic {
        PartTraffic { first: at(first), last: at(last), before: 0, during, after, others_after }
    }

    /// Judges `count` sightings from one minute to another in six hours.
    fn state(count: u64, (first, last): (i64, i64), during: u64, since: u64) -> FindingState {
        let seen = Sightings { count, first: at(first), last: at(last), last_end: at(last) };
        let part = part((first, last), during, (since, 0));
        seen.state(Since::of(&seen, &[part], six_hours()), six_hours())
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

    fn state_of(count: u64, (first, last): (i64, i64), parts: &[PartTraffic]) -> FindingState {
        let seen = Sightings { count, first: at(first), last: at(last), last_end: at(last) };
        seen.state(Since::of(&seen, parts, six_hours()), six_hours())
    }

    #[test]
    fn attempts_before_the_last_sighting_of_all_do_not_count() {
        // One function had it long ago, another one just now.
        let parts = [part((3, 3), 1, (980, 0)), part((10, 359), 900, (2, 0))];
        assert_eq!(state_of(7, (3, 359), &parts), Ongoing);
        // A steady share of one in fifty over fifty functions of sixty attempts, each with one or two sightings.
        let parts: Vec<PartTraffic> = (0..50)
            .map(|at| {
                let last = 7 * at + 10;
                PartTraffic { before: last as u64 / 6, ..part((last, last), 1, (60 - last as u64 / 6, 0)) }
            })
            .collect();
        assert_eq!(state_of(50, (10, 353), &parts), Ongoing);
    }

    #[test]
    fn other_versions_tell_of_the_end_once_the_usual_gaps_are_over() {
        // A canary with a thirtieth of the traffic.
        assert_eq!(state_of(359, (1, 359), &[part((1, 359), 359, (0, 59))]), Ongoing);
        // A version that was taken back an hour ago.
        assert_eq!(state_of(100, (100, 300), &[part((100, 300), 120, (0, 500))]), Stopped);
        assert_eq!(state_of(100, (100, 300), &[part((100, 300), 120, (1, 500))]), Stopped);
        assert_eq!(state_of(100, (100, 300), &[part((100, 300), 120, (0, 0))]), NoTraffic);
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
