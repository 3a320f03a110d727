//! What all attempts together tell before any of them is counted: when the first began, when the last ended, and the time limits
//! that attempts ran into.
//!
//! It is learnt while attempts come, when nobody knows yet which of them were read twice. A copy that is dropped has no record, so
//! what only a dropped copy tells may not count: records read back would give another answer.

use std::io;

use rustc_hash::FxHashMap;

use super::Entry;
use super::chains::{Copies, continues, order_without_times};
use super::entry::Piece;
use super::runs::Sorted;
use crate::model::{Category, Confidence, Timestamp};

/// Number of entries that are gone through in the time in which one event is looked up in one run.
const ENTRIES_A_LOOKUP: usize = 256;

/// What attempts tell, each with the entry that tells it.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    first: Option<Entry>,
    last: Option<Entry>,
    /// End of the last attempt whose start is not known; entries of such have no end.
    last_without_start: Option<Timestamp>,
    /// The latest attempts that ran into their limit, by function.
    timeouts: FxHashMap<u32, Entry>,
    /// Whether an attempt ran into its limit whose REPORT, which tells the limit, may stand in another file.
    has_untold_limit: bool,
}

impl Learnt {
    /// Learns from an attempt.
    pub(super) fn add(&mut self, entry: &Entry, ended_at: Option<Timestamp>) {
        if let Some(start) = entry.started_at()
            && self.start().is_none_or(|first| start < first)
        {
            self.first = Some(*entry);
        }
        if entry.ended_at().is_none() {
            self.last_without_start = self.last_without_start.max(ended_at);
        } else if self.last.as_ref().and_then(Entry::ended_at) < entry.ended_at() {
            self.last = Some(*entry);
        }
        self.has_untold_limit |= is_at_limit(entry) && entry.piece() == Piece::WithoutReport;
        if limit_ms(entry).is_some() {
            let known = self.timeouts.entry(entry.function).or_insert(*entry);
            if told_limit(known) < told_limit(entry) {
                *known = *entry;
            }
        }
    }

    /// Adds what another worker learnt; `canonical` maps the id of a function to that of the function it counts for.
    pub(super) fn append(&mut self, other: Self, canonical: &[u32]) {
        let entries = other.first.into_iter().chain(other.last).chain(other.timeouts.into_values());
        for mut entry in entries {
            entry.function = canonical[entry.function as usize];
            self.add(&entry, None);
        }
        self.last_without_start = self.last_without_start.max(other.last_without_start);
        self.has_untold_limit |= other.has_untold_limit;
    }

    /// Returns the start of the first attempt.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.first.as_ref().and_then(Entry::started_at)
    }

    /// Returns the end of the last attempt.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.last.as_ref().and_then(Entry::ended_at).max(self.last_without_start)
    }

    /// Returns the time limits of functions, in milliseconds.
    pub(super) fn limits_ms(&self) -> impl Iterator<Item = (u32, u64)> {
        self.timeouts.iter().filter_map(|(function, entry)| Some((*function, limit_ms(entry)?)))
    }

    /// Returns what the attempts tell of which no copy is left.
    pub(super) fn without_copies(self, entries: &Sorted) -> io::Result<Self> {
        let lookups = (2 + self.timeouts.len()) * entries.runs();
        if !self.has_untold_limit && lookups <= entries.len() / ENTRIES_A_LOOKUP && self.is_of_kept(entries)? {
            return Ok(self);
        }
        let mut learnt = Self { last_without_start: self.last_without_start, ..Self::default() };
        let mut event: Vec<Entry> = Vec::new();
        let mut copies = Copies::default();
        let mut settle = |event: &mut Vec<Entry>| {
            keep_one_of_each(&mut copies, event);
            event.drain(..).for_each(|entry| learnt.add(&entry, None));
        };
        for entry in entries.clone().merged()? {
            let entry = entry?;
            if event.first().is_some_and(|first| !continues(first, &entry)) {
                settle(&mut event);
            }
            event.push(entry);
        }
        settle(&mut event);
        Ok(learnt)
    }

    /// Looks up whether attempts that are kept tell all of it.
    fn is_of_kept(&self, entries: &Sorted) -> io::Result<bool> {
        let mut copies = Copies::default();
        if let Some(first) = &self.first
            && !is_kept(first, Entry::started_at, entries, &mut copies)?
        {
            return Ok(false);
        }
        if let Some(last) = &self.last
            && !is_kept(last, Entry::ended_at, entries, &mut copies)?
        {
            return Ok(false);
        }
        for timeout in self.timeouts.values() {
            if !is_kept(timeout, told_limit, entries, &mut copies)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Returns whether an attempt is kept that tells the same.
fn is_kept<T: PartialEq>(
    teller: &Entry,
    told: impl Fn(&Entry) -> T,
    entries: &Sorted,
    copies: &mut Copies,
) -> io::Result<bool> {
    let mut event = entries.of_event(teller.event_key())?;
    event.retain(|entry| continues(teller, entry));
    keep_one_of_each(copies, &mut event);
    Ok(event.iter().any(|kept| told(kept) == told(teller)))
}

fn keep_one_of_each(copies: &mut Copies, event: &mut Vec<Entry>) {
    order_without_times(event);
    copies.drop_from(event, |_| {});
}

/// Returns the time limit that an attempt tells, after when it tells it.
fn told_limit(entry: &Entry) -> Option<(Option<Timestamp>, u64)> {
    Some((entry.started_at(), limit_ms(entry)?))
}

/// Derives the function's timeout from an attempt that ran into it: whole seconds, which the run time may slightly
/// exceed. What only seems to have run into its limit may be a spoilt copy of an attempt that ended well.
fn limit_ms(entry: &Entry) -> Option<u64> {
    let ms = u64::from(entry.duration().filter(|_| is_at_limit(entry))?) / 100;
    (ms >= 1_000).then_some(ms / 1_000 * 1_000)
}

/// Returns whether an attempt ran into its limit for sure.
fn is_at_limit(entry: &Entry) -> bool {
    entry.category() == Category::Timeout && entry.confidence() == Confidence::High
}

#[cfg(test)]
mod tests {
    use super::super::chains::tests::any_copy;
    use super::super::runs::{Room, Runs};
    use super::*;

    fn learnt(entries: &[Entry]) -> Learnt {
        let mut learnt = Learnt::default();
        entries.iter().for_each(|entry| learnt.add(entry, None));
        learnt
    }

    fn told(learnt: &Learnt) -> (Option<Timestamp>, Option<Timestamp>, Vec<(u32, u64)>) {
        (learnt.start(), learnt.end(), learnt.limits_ms().collect())
    }

    fn in_runs(entries: &[Entry], bound: usize) -> Sorted {
        let room = Room::of(bound);
        let mut runs = Runs::default();
        entries.iter().for_each(|entry| runs.push(*entry, &room));
        Sorted::new(vec![runs], &[0]).unwrap()
    }

    proptest::proptest! {
        /// What is learnt of all attempts is what those of them tell that are kept: whether the log is so short that it is learnt
        /// anew, or so long that those who told it are looked up, in memory or on disk.
        #[test]
        fn only_attempts_that_are_kept_tell_anything(
            copies in proptest::collection::vec(any_copy(), 0..10),
            bound in proptest::prop_oneof![proptest::strategy::Just(usize::MAX), 1..8usize],
        ) {
            let mut kept = copies.clone();
            kept.sort_by(Entry::compare);
            keep_one_of_each(&mut Copies::default(), &mut kept);
            let want = told(&learnt(&kept));
            let short = in_runs(&copies, bound);
            proptest::prop_assert_eq!(told(&learnt(&copies).without_copies(&short).unwrap()), want.clone());
            let looked_up = !learnt(&copies).has_untold_limit && learnt(&copies).is_of_kept(&short).unwrap();
            proptest::prop_assert!(!looked_up || told(&learnt(&copies)) == want);
            // Copies that are exact tell nothing that the one that is kept does not tell.
            let twice = [&kept[..], &kept[..]].concat();
            proptest::prop_assert!(learnt(&twice).is_of_kept(&in_runs(&kept, bound)).unwrap());
        }
    }
}
