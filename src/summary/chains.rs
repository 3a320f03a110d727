//! Attempts to events: what was read twice, which attempt is which, and how each event ended.

use super::Entry;
use crate::model::{Category, Timestamp};

/// How an event ended. The six partition the events of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its first attempt succeeded.
    Succeeded,
    /// A later attempt succeeded.
    Recovered,
    /// Two or more attempts, all failed, no more to come.
    Exhausted,
    /// One failed attempt and no second under this id.
    FailedOnce,
    /// Not decided within the window.
    Open,
    /// An attempt ran after one had succeeded.
    RerunAfterSuccess,
}

/// Lambda makes two more attempts after a failed one.
const ATTEMPTS_OF_AN_EVENT: usize = 3;
/// A failure this close to the end of the window may still be retried (the retries come after one and two minutes).
const RETRY_MAY_COME_MS: i64 = 10 * 60_000;

/// Drops from the attempts of one event, which stand in order of their start, those that were read twice.
/// Returns how many; `dropped` is told of each.
pub(super) fn drop_duplicates(attempts: &mut Vec<Entry>, mut dropped: impl FnMut(&Entry)) -> u64 {
    if attempts.len() < 2 {
        return 0;
    }
    let before = attempts.len();
    let mut kept: Vec<Entry> = Vec::with_capacity(before);
    for attempt in attempts.drain(..) {
        match kept.iter_mut().find(|known| is_same(known, &attempt)) {
            Some(known) if completeness(&attempt) > completeness(known) => {
                dropped(known);
                *known = attempt;
            }
            Some(_) => dropped(&attempt),
            None => kept.push(attempt),
        }
    }
    *attempts = kept;
    (before - attempts.len()) as u64
}

/// How an event ended, from its attempts in order of their start.
pub(super) fn outcome(attempts: &[Entry], window_end: Option<Timestamp>) -> Outcome {
    let first_ok = attempts.iter().position(|attempt| attempt.category() == Category::Ok);
    if first_ok.is_some_and(|at| at + 1 < attempts.len()) {
        return Outcome::RerunAfterSuccess;
    }
    let Some(last) = attempts.iter().rfind(|attempt| attempt.category() != Category::Incomplete) else {
        return Outcome::Open;
    };
    if last.category() == Category::Ok {
        return if attempts.len() == 1 { Outcome::Succeeded } else { Outcome::Recovered };
    }
    let Some(settled_for_ms) = last.ended_at().zip(window_end).map(|(end, window)| window.ms_since(end)) else {
        return Outcome::Open;
    };
    if attempts.len() < ATTEMPTS_OF_AN_EVENT && settled_for_ms < RETRY_MAY_COME_MS {
        return Outcome::Open;
    }
    if attempts.len() == 1 { Outcome::FailedOnce } else { Outcome::Exhausted }
}

/// The same attempt from two overlapping exports: same stream and start, or (where one export begins in the middle of
/// it) a fragment without a start that ends at the same moment.
fn is_same(one: &Entry, other: &Entry) -> bool {
    if one.stream != other.stream || one.started_at().is_none() || other.started_at().is_none() {
        return false;
    }
    one.started_at() == other.started_at()
        || (one.is_start_cut() != other.is_start_cut() && one.ended_at() == other.ended_at())
}

fn completeness(attempt: &Entry) -> (bool, bool) {
    (attempt.report_seen(), !attempt.is_start_cut())
}
