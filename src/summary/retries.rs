//! Timing of the attempts of one event: on Lambda's schedule, delayed, irregular, overlapping, or from an emulator.

use super::Entry;
use super::entry::Fact;
use crate::model::Category;
use crate::wire::Retries;

/// Pauses before Lambda's two retries of a failed asynchronous event (Developer Guide, error handling for asynchronous
/// invocation); approximate, because of queues.
const SCHEDULE_MS: [i64; 2] = [60_000, 120_000];
/// Longest age of an asynchronous event, after which Lambda discards it; until then throttles delay it.
pub(super) const LONGEST_AGE_MS: i64 = 6 * 3_600_000;
/// Number of attempts under one id from which on there are more than Lambda makes.
const TOO_MANY: usize = 4;

/// Kind of a later attempt, by the time since the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Retry after the pause that Lambda makes after an error.
    OnSchedule,
    /// Retry after a longer pause, within six hours: throttles or a backlog delayed it.
    Delayed,
    /// Attempt after any other pause.
    Irregular,
    /// Attempt that began before the previous one had ended.
    Overlapping,
    /// Attempt in a log without a clock.
    Unknown,
}

impl Gap {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OnSchedule => "on_schedule",
            Self::Delayed => "delayed",
            Self::Irregular => "irregular",
            Self::Overlapping => "overlapping",
            Self::Unknown => "unknown",
        }
    }
}

/// Returns the gaps before the second and later attempts, in order, with their milliseconds.
pub(super) fn gaps(attempts: &[Entry]) -> impl Iterator<Item = (Gap, Option<i64>)> {
    attempts.windows(2).enumerate().map(|(at, pair)| {
        let Some(ms) = pair[0].ended_at().zip(pair[1].started_at()).map(|(end, start)| start.ms_since(end)) else {
            return (Gap::Unknown, None);
        };
        let expected = SCHEDULE_MS.get(at).copied();
        let gap = match expected {
            _ if ms < 0 => Gap::Overlapping,
            // After a success no retry is due: the event was delivered twice, or somebody sent it again.
            _ if pair[0].category() == Category::Ok => Gap::Irregular,
            Some(expected) if (expected / 2..=expected * 2).contains(&ms) => Gap::OnSchedule,
            Some(expected) if ms > expected * 2 && ms <= LONGEST_AGE_MS => Gap::Delayed,
            _ => Gap::Irregular,
        };
        (gap, Some(ms))
    })
}

/// Returns whether a local emulator made these attempts: emulators give every invocation the same id, so that each
/// attempt is an event of its own.
pub(super) fn is_emulator(attempts: &[Entry]) -> bool {
    if attempts.len() < 2 {
        return false;
    }
    let one_stream = attempts.iter().all(|attempt| attempt.stream == attempts[0].stream);
    let kept_time = || gaps(attempts).filter(|(gap, _)| matches!(gap, Gap::OnSchedule | Gap::Delayed)).count();
    attempts.iter().all(|attempt| attempt.has(Fact::Emulated))
        || (one_stream && attempts.len() >= TOO_MANY && kept_time() * 2 < attempts.len() - 1)
}

/// Adds the gaps of one event to the counts of its function.
pub(super) fn count(attempts: &[Entry], retries: &mut Retries) {
    let mut overlapping = false;
    for (gap, _) in gaps(attempts) {
        retries.attempts += 1;
        match gap {
            Gap::OnSchedule => retries.on_schedule += 1,
            Gap::Delayed => retries.delayed += 1,
            Gap::Irregular => retries.irregular += 1,
            Gap::Overlapping => overlapping = true,
            Gap::Unknown => {}
        }
    }
    retries.overlapping_events += u64::from(overlapping);
}

#[cfg(test)]
mod tests {
    use super::super::chains::tests::{attempt, entry};
    use super::*;
    use crate::model::{Attempt, Timestamp};

    #[track_caller]
    fn case(minutes: &[i64], want: &[Gap]) {
        let attempts: Vec<Entry> = minutes.iter().map(|minute| attempt(Category::Timeout, *minute, 1)).collect();
        assert_eq!(gaps(&attempts).map(|(gap, _)| gap).collect::<Vec<_>>(), want, "{minutes:?}");
    }

    #[test]
    fn gaps_are_held_against_the_schedule() {
        case(&[0], &[]);
        case(&[0, 1, 3], &[Gap::OnSchedule, Gap::OnSchedule]);
        case(&[0, 1, 2], &[Gap::OnSchedule, Gap::Irregular]);
        case(&[0, 5, 300], &[Gap::Delayed, Gap::Delayed]);
        case(&[0, 362], &[Gap::Irregular]);
        case(&[0, 1, 3, 5], &[Gap::OnSchedule, Gap::OnSchedule, Gap::Irregular]);
    }

    #[test]
    fn emulators_are_no_retries() {
        let run = |minutes: &[i64], stream: fn(i64) -> u64, emulated: bool| {
            let build = |minute: &i64| {
                let start = Timestamp::from_ms(1_790_000_000_000 + minute * 10_000);
                let ended_at = start.and_then(|at| Timestamp::from_ms(at.ms() + 100));
                let attempt = Attempt { started_at: start, ended_at, emulated, ..Attempt::default() };
                entry(&attempt, Category::Ok, stream(*minute))
            };
            is_emulator(&minutes.iter().map(build).collect::<Vec<_>>())
        };
        assert!(run(&[0, 1], |_| 1, true));
        assert!(run(&[0, 1, 2, 3], |_| 1, false));
        assert!(!run(&[0, 1, 2, 3], |minute| minute.unsigned_abs(), false), "several environments");
        assert!(!run(&[0], |_| 1, true));
    }
}
