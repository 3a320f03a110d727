//! Entries in sorted runs, merged at the end: in memory, and past a bound on disk.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Entry;

/// Entries in one run: 5 MB.
const RUN: usize = 64 * 1024;

/// Entries of one worker, in runs that are sorted as they fill.
#[derive(Debug, Default)]
pub(super) struct Runs {
    full: Vec<Vec<Entry>>,
    current: Vec<Entry>,
}

impl Runs {
    pub(super) fn push(&mut self, entry: Entry) {
        self.current.push(entry);
        if self.current.len() == RUN {
            let mut run = std::mem::take(&mut self.current);
            run.sort_unstable_by_key(Entry::key);
            self.full.push(run);
        }
    }

    fn finish(mut self) -> Vec<Vec<Entry>> {
        self.current.sort_unstable_by_key(Entry::key);
        self.current.shrink_to_fit();
        self.full.push(self.current);
        self.full
    }
}

/// All entries in order, each under the function that it counts for (`canonical`, by function id).
pub(super) fn merged(workers: Vec<Runs>, canonical: &[u32]) -> impl Iterator<Item = Entry> + use<> {
    let mut runs: Vec<Vec<Entry>> = workers.into_iter().flat_map(Runs::finish).filter(|run| !run.is_empty()).collect();
    if (0u32..).zip(canonical).any(|(id, counted_under)| id != *counted_under) {
        for run in &mut runs {
            for entry in &mut *run {
                entry.function = canonical[entry.function as usize];
            }
            run.sort_unstable_by_key(Entry::key);
        }
    }
    let mut runs: Vec<std::vec::IntoIter<Entry>> = runs.into_iter().map(Vec::into_iter).collect();
    let mut heads: BinaryHeap<Reverse<Head>> = BinaryHeap::with_capacity(runs.len());
    for (run, entries) in runs.iter_mut().enumerate() {
        heads.extend(entries.next().map(|entry| Reverse(Head { entry, run })));
    }
    std::iter::from_fn(move || {
        let Reverse(Head { entry, run }) = heads.pop()?;
        heads.extend(runs[run].next().map(|entry| Reverse(Head { entry, run })));
        Some(entry)
    })
}

/// The first entry of a run.
struct Head {
    entry: Entry,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.entry.key(), self.run).cmp(&(other.entry.key(), other.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}
