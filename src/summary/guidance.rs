//! Advice on an event: whether to send it again, and why.

use super::Entry;
use super::chains::Outcome;
use super::entry::Fact;
use super::retries::LONGEST_AGE_MS;
use crate::model::{Category, PartialWork, Retryable, Timestamp};

/// Advice on one event: a word for machines and a reason for people.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// `already_recovered`, `wait`, `too_late`, `redrive`, `safe_now`, `after_fix`, `only_idempotent` or `no`.
    pub word: &'static str,
    /// Reason, for people.
    pub reason: &'static str,
}

macro_rules! advice {
    ($($name:ident: $word:literal, $reason:literal;)+) => {
        $(static $name: Advice = Advice { word: $word, reason: $reason };)+
    };
}

advice! {
    RECOVERED: "already_recovered", "a later attempt succeeded";
    RECOVERED_AFTER_WORK: "already_recovered",
        "a later attempt succeeded; work that a failed attempt began may be done twice";
    RAN_AGAIN: "no", "it had succeeded before it ran again: check for work done twice";
    STILL_OPEN: "wait", "Lambda may still retry it, or be running it, after the end of this log";
    NO_END: "wait", "no attempt ends within this log: read a longer window";
    GONE: "too_late",
        "Lambda keeps an asynchronous event for 6 hours at most: only its sender, a failure destination or a dead-letter queue can still have it";
    REDRIVE: "redrive", "a destination or dead-letter queue holds it: send it again from there once the cause is fixed";
    REDRIVE_AND_CHECK: "redrive",
        "a destination or dead-letter queue holds it: once the cause is fixed, send it again from there; part of the work may be done already";
    FINISHED: "no", "the work was finished and only the answer failed: a replay does it twice";
    FAILS_AGAIN: "no", "it will fail the same way";
    FIX: "after_fix", "it fails the same way until the cause is fixed; none of it was done";
    FIX_AND_CHECK: "after_fix", "it fails the same way until the cause is fixed, and part of it may be done already";
    SAFE: "safe_now", "the handler never ran";
    CUT: "only_idempotent", "it was cut off in the middle of its work";
    DEPENDS: "only_idempotent", "part of the work may be done already";
}

/// Returns the advice on an event, from its attempts in order; `None` if it simply succeeded.
/// `caught` is whether a destination or a dead-letter queue holds it.
pub(super) fn advise(
    attempts: &[Entry],
    (outcome, caught): (Outcome, bool),
    window_end: Option<Timestamp>,
) -> Option<&'static Advice> {
    let failed = attempts.iter().filter(|attempt| attempt.category().is_failure());
    let done = failed.map(Entry::partial_work).max_by_key(|work| work.rank());
    let no_clock = attempts.iter().any(|attempt| attempt.ended_at().is_none());
    Some(match (outcome, done) {
        (Outcome::Succeeded, _) => return None,
        (Outcome::RerunAfterSuccess, _) => &RAN_AGAIN,
        (Outcome::Recovered, Some(work)) if work.rank() >= PartialWork::Likely.rank() => &RECOVERED_AFTER_WORK,
        (Outcome::Recovered, _) => &RECOVERED,
        (_, None) => &NO_END,
        (Outcome::Open, _) if !no_clock => &STILL_OPEN,
        (_, Some(work)) if caught => redrive(attempts, with_open_ends(attempts, work)),
        (Outcome::Exhausted, _) if is_gone(attempts, window_end) => &GONE,
        (_, Some(work)) => again(attempts, with_open_ends(attempts, work)),
    })
}

/// Accounts for attempts whose ends are not in the log: what they did is unknown.
fn with_open_ends(attempts: &[Entry], done: PartialWork) -> PartialWork {
    let unended = attempts.iter().any(|attempt| attempt.category() == Category::Incomplete);
    if unended && done == PartialWork::None { PartialWork::Unknown } else { done }
}

/// Returns the advice on an event that Lambda does not retry any more.
fn again(attempts: &[Entry], done: PartialWork) -> &'static Advice {
    let last = attempts.iter().rfind(|attempt| attempt.category() != Category::Incomplete);
    match (last.map_or(Retryable::Depends, Entry::retryable), done) {
        (_, PartialWork::Finished) => &FINISHED,
        (Retryable::No, _) => &FAILS_AGAIN,
        (Retryable::AfterFix, PartialWork::None) => &FIX,
        (Retryable::AfterFix, _) => &FIX_AND_CHECK,
        (_, PartialWork::None) => &SAFE,
        (Retryable::Risky, _) => &CUT,
        (Retryable::Yes | Retryable::WithBackoff | Retryable::Depends, _) => &DEPENDS,
    }
}

/// Returns the advice on an event that a destination or a dead-letter queue holds.
fn redrive(attempts: &[Entry], done: PartialWork) -> &'static Advice {
    match (again(attempts, done), done) {
        (no, _) if no.word == FAILS_AGAIN.word => no,
        (_, PartialWork::None) => &REDRIVE,
        _ => &REDRIVE_AND_CHECK,
    }
}

/// Returns the advice on an event that was caught before it ran.
pub(super) fn advise_unrun() -> &'static Advice {
    &REDRIVE
}

fn is_gone(attempts: &[Entry], window_end: Option<Timestamp>) -> bool {
    let first = attempts.first().and_then(Entry::started_at);
    first.zip(window_end).is_some_and(|(first, end)| end.ms_since(first) > LONGEST_AGE_MS)
}

/// Reason why an event needs a person, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Every attempt failed, no more come, and nothing is known to have caught it.
    Exhausted,
    /// The same, and a destination or a dead-letter queue caught it.
    Caught,
    /// It was given up before it ran, and caught.
    NeverRan,
    /// The event ran again after it had succeeded.
    RerunAfterSuccess,
    /// An attempt was cut in the middle, or failed after it had written something, and no attempt completed the event.
    PossiblyHalfDone,
}

impl Need {
    /// Returns why an event needs a person, if it does.
    pub(super) fn of(attempts: &[Entry], (outcome, caught): (Outcome, bool)) -> Option<Self> {
        match outcome {
            Outcome::Exhausted | Outcome::FailedOnce if caught => Some(Self::Caught),
            Outcome::Exhausted => Some(Self::Exhausted),
            Outcome::RerunAfterSuccess => Some(Self::RerunAfterSuccess),
            Outcome::Succeeded | Outcome::Recovered => None,
            Outcome::Open if attempts.iter().all(|attempt| attempt.ended_at().is_some()) => None,
            Outcome::FailedOnce | Outcome::Open => attempts.iter().any(is_half_done).then_some(Self::PossiblyHalfDone),
        }
    }

    /// Returns the word in machine output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Caught => "caught",
            Self::NeverRan => "never_ran",
            Self::RerunAfterSuccess => "rerun_after_success",
            Self::PossiblyHalfDone => "possibly_half_done",
        }
    }

    /// Returns what the log of a function cannot tell about such an event.
    #[must_use]
    pub fn unknowable(self) -> &'static str {
        match self {
            Self::Exhausted => {
                "whether a failure destination, a dead-letter queue or a redelivery under another id caught it"
            }
            Self::Caught | Self::NeverRan => "whether somebody has sent it again since",
            Self::RerunAfterSuccess => "whether the code noticed that the work was done already",
            Self::PossiblyHalfDone => "whether its caller or its queue sent it again under another id",
        }
    }
}

fn is_half_done(attempt: &Entry) -> bool {
    let likely = attempt.partial_work().rank() >= PartialWork::Likely.rank();
    attempt.category().is_failure()
        && ((attempt.has(Fact::Cut) && likely)
            || (attempt.has(Fact::SideEffects) && attempt.partial_work() != PartialWork::None))
}

#[cfg(test)]
mod tests {
    use super::super::chains::tests::attempt;
    use super::*;

    #[track_caller]
    fn case(attempts: &[(Category, Retryable, PartialWork)], outcome: Outcome, want: &str, need: Option<Need>) {
        let attempts: Vec<Entry> = (0..)
            .zip(attempts)
            .map(|(minute, (category, retryable, work))| attempt(*category, minute, 1).with_terms(*retryable, *work))
            .collect();
        let end = attempts.last().and_then(Entry::ended_at).and_then(|end| Timestamp::from_ms(end.ms() + 900_000));
        assert_eq!(advise(&attempts, (outcome, false), end).map_or("", |advice| advice.word), want, "{attempts:?}");
        assert_eq!(Need::of(&attempts, (outcome, false)), need, "{attempts:?}");
    }

    #[test]
    fn advice_follows_outcome_and_verdict() {
        use Category::{Incomplete, InitFailure, Ok, RuntimeException, Throttling, Timeout};
        let ok = (Ok, Retryable::No, PartialWork::None);
        let cut = (Timeout, Retryable::Risky, PartialWork::Likely);
        let init = (InitFailure, Retryable::Yes, PartialWork::None);
        let import = (InitFailure, Retryable::No, PartialWork::None);
        let thrown = (RuntimeException, Retryable::Depends, PartialWork::Possible);
        let half = Some(Need::PossiblyHalfDone);
        case(&[ok], Outcome::Succeeded, "", None);
        case(&[cut, ok], Outcome::Recovered, "already_recovered", None);
        case(&[ok, ok], Outcome::RerunAfterSuccess, "no", Some(Need::RerunAfterSuccess));
        case(&[cut], Outcome::Open, "wait", None);
        case(&[cut], Outcome::FailedOnce, "only_idempotent", half);
        case(&[init], Outcome::FailedOnce, "safe_now", None);
        case(&[import], Outcome::FailedOnce, "no", None);
        // An attempt whose end is not in the log may have done anything.
        let unended = (Incomplete, Retryable::Depends, PartialWork::Unknown);
        case(&[unended, init], Outcome::FailedOnce, "only_idempotent", None);
        // The handler called Lambda and was refused: it ran, and may have written something before.
        let refused = |work| (Throttling, Retryable::WithBackoff, work);
        case(&[refused(PartialWork::Possible)], Outcome::FailedOnce, "only_idempotent", None);
        case(&[refused(PartialWork::None)], Outcome::FailedOnce, "safe_now", None);
        case(&[thrown], Outcome::FailedOnce, "only_idempotent", None);
        case(&[cut, init], Outcome::Exhausted, "only_idempotent", Some(Need::Exhausted));
        case(
            &[thrown, (RuntimeException, Retryable::AfterFix, PartialWork::Possible)],
            Outcome::Exhausted,
            "after_fix",
            Some(Need::Exhausted),
        );
        case(&[(RuntimeException, Retryable::No, PartialWork::Finished)], Outcome::FailedOnce, "no", None);
    }

    #[test]
    fn after_six_hours_it_is_too_late() {
        let attempts = [attempt(Category::Timeout, 0, 1), attempt(Category::Timeout, 1, 1)];
        let word = |hours: i64| {
            let end = attempts[0].started_at().and_then(|start| Timestamp::from_ms(start.ms() + hours * 3_600_000));
            advise(&attempts, (Outcome::Exhausted, false), end).map(|advice| advice.word)
        };
        assert_eq!(word(7), Some("too_late"));
        assert_ne!(word(5), Some("too_late"));
    }
}
