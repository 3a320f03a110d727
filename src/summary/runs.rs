//! Sorted runs of entries, which are merged at the end: in memory up to a bound, then in temporary files.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeSet, BinaryHeap};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Entry;
use super::entry::{ENCODED, EventKey};

/// Number of entries in one run: 2.5 MB.
const RUN: usize = 32 * 1024;
/// Number of entries that all workers together hold in memory (640 MB); further runs go to disk.
const IN_MEMORY: usize = 8 * 1024 * 1024;
/// Sampling interval, in entries, for finding the borders between parts.
const SAMPLED: usize = 64;
/// Number of entries of a run on disk that are read at once: 20 kB.
const READ_AT_ONCE: usize = 256;

/// Number of entries in memory, shared by all workers, and its bound.
#[derive(Debug)]
pub(super) struct Room {
    taken: AtomicUsize,
    bound: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { taken: AtomicUsize::new(0), bound: IN_MEMORY }
    }
}

impl Room {
    /// Makes room for so many entries.
    #[cfg(test)]
    pub(super) fn of(bound: usize) -> Self {
        Self { bound, ..Self::default() }
    }

    /// Counts the entries of a run; returns whether it may stay in memory.
    fn takes(&self, entries: usize) -> bool {
        self.taken.fetch_add(entries, Ordering::Relaxed) + entries <= self.bound
    }
}

/// Entries of one worker, in runs that are sorted as soon as they are full.
#[derive(Debug, Default)]
pub(super) struct Runs {
    full: Vec<Vec<Entry>>,
    disk: Option<Disk>,
    current: Vec<Entry>,
}

impl Runs {
    /// Takes an entry. A full run that cannot be written to disk stays in memory.
    pub(super) fn push(&mut self, entry: Entry, room: &Room) {
        self.current.push(entry);
        if self.current.len() >= RUN.min(room.bound.max(1)) {
            self.end_run(room);
        }
    }

    /// Sorts the entries since the last run, so that the merging thread need not.
    pub(super) fn end_run(&mut self, room: &Room) {
        if self.current.is_empty() {
            return;
        }
        let run = sorted(std::mem::take(&mut self.current));
        if room.takes(run.len()) || self.spill(&run).is_err() {
            self.full.push(run);
        }
    }

    fn spill(&mut self, run: &[Entry]) -> io::Result<()> {
        let disk = match &mut self.disk {
            Some(disk) => disk,
            none => none.insert(Disk::new()?),
        };
        disk.write(run)
    }

    fn finish(mut self) -> io::Result<Vec<SortedRun>> {
        self.full.push(sorted(std::mem::take(&mut self.current)));
        let mut runs: Vec<SortedRun> = self.full.into_iter().map(SortedRun::in_memory).collect();
        if let Some(disk) = self.disk {
            runs.extend(disk.into_runs()?);
        }
        Ok(runs)
    }
}

/// Sorts entries in the order of the final pass.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable_by(Entry::compare);
    entries.shrink_to_fit();
    entries
}

/// Runs of one worker in one temporary file.
#[derive(Debug)]
struct Disk {
    file: BufWriter<File>,
    runs: Vec<(u64, u64)>,
    end: u64,
    bytes: Vec<u8>,
}

impl Disk {
    fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            runs: Vec::new(),
            end: 0,
            bytes: Vec::new(),
        })
    }

    fn write(&mut self, run: &[Entry]) -> io::Result<()> {
        // Overwrites what a failed write may have left.
        self.file.seek(SeekFrom::Start(self.end))?;
        for part in run.chunks(READ_AT_ONCE) {
            self.bytes.clear();
            for entry in part {
                entry.encode(&mut self.bytes);
            }
            self.file.write_all(&self.bytes)?;
        }
        self.file.flush()?;
        let length = (run.len() * ENCODED) as u64;
        self.runs.push((self.end, self.end + length));
        self.end += length;
        Ok(())
    }

    fn into_runs(self) -> io::Result<Vec<SortedRun>> {
        let file = Arc::new(self.file.into_inner().map_err(io::IntoInnerError::into_error)?);
        let run = |(at, end)| SortedRun::Disk { file: file.clone(), at, end, read: Vec::new().into_iter() };
        Ok(self.runs.into_iter().map(run).collect())
    }
}

/// One sorted run.
#[derive(Clone)]
enum SortedRun {
    Memory { entries: Arc<Vec<Entry>>, at: usize, end: usize },
    Disk { file: Arc<File>, at: u64, end: u64, read: std::vec::IntoIter<Entry> },
}

impl SortedRun {
    fn in_memory(entries: Vec<Entry>) -> Self {
        Self::Memory { at: 0, end: entries.len(), entries: Arc::new(entries) }
    }

    /// Counts the entries that are left.
    fn len(&self) -> usize {
        match self {
            Self::Memory { at, end, .. } => end - at,
            Self::Disk { at, end, read, .. } => {
                read.len() + usize::try_from((end - at) / ENCODED as u64).unwrap_or(usize::MAX)
            }
        }
    }

    /// Reads one of the entries that are left.
    fn entry(&self, number: usize) -> io::Result<Option<Entry>> {
        match self {
            Self::Memory { entries, at, end } => Ok(entries.get(at + number).filter(|_| at + number < *end).copied()),
            Self::Disk { file, at, end, .. } => {
                let from = at + (number * ENCODED) as u64;
                if from >= *end {
                    return Ok(None);
                }
                let mut bytes = [0; ENCODED];
                let mut file: &File = file;
                file.seek(SeekFrom::Start(from))?;
                file.read_exact(&mut bytes)?;
                Ok(Some(Entry::decode(&bytes)))
            }
        }
    }

    /// Adds the entries of one event, of a run of which nothing was read yet.
    fn of_event(&self, event: EventKey, found: &mut Vec<Entry>) -> io::Result<()> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from + (to - from) / 2;
            match self.entry(middle)? {
                Some(entry) if entry.event_key() < event => from = middle + 1,
                _ => to = middle,
            }
        }
        while let Some(entry) = self.entry(from)?.filter(|entry| entry.event_key() == event) {
            found.push(entry);
            from += 1;
        }
        Ok(())
    }

    /// Samples the event keys of a run in memory, one every [`SAMPLED`] entries.
    fn events(&self) -> impl Iterator<Item = EventKey> {
        let entries = match self {
            Self::Memory { entries, at, end } => entries.get(*at..*end).unwrap_or_default(),
            Self::Disk { .. } => &[],
        };
        entries.iter().step_by(SAMPLED).map(Entry::event_key)
    }

    /// Splits off the entries of events before this one; `None` for a run on disk.
    fn split_before(&mut self, event: EventKey) -> Option<Self> {
        let Self::Memory { entries, at, end } = self else { return None };
        let cut = *at + entries.get(*at..*end)?.partition_point(|entry| entry.event_key() < event);
        let before = Self::Memory { entries: Arc::clone(entries), at: *at, end: cut };
        *at = cut;
        Some(before)
    }

    fn next(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Self::Memory { entries, at, end } => {
                let entry = entries.get(*at).filter(|_| at < end).copied();
                *at += 1;
                Ok(entry)
            }
            Self::Disk { file, at, end, read } => {
                if let Some(entry) = read.next() {
                    return Ok(Some(entry));
                }
                let bytes = (*end - *at).min((READ_AT_ONCE * ENCODED) as u64);
                let mut buffer = vec![0u8; usize::try_from(bytes).unwrap_or(0)];
                let mut file: &File = file;
                file.seek(SeekFrom::Start(*at))?;
                file.read_exact(&mut buffer)?;
                *at += bytes;
                let (entries, _) = buffer.as_chunks::<ENCODED>();
                *read = entries.iter().map(Entry::decode).collect::<Vec<_>>().into_iter();
                Ok(read.next())
            }
        }
    }

    /// Replaces the function of every entry by its canonical one, and sorts the run again.
    fn renamed(mut self, canonical: &[u32]) -> io::Result<Self> {
        let mut entries = Vec::new();
        while let Some(mut entry) = self.next()? {
            entry.function = canonical[entry.function as usize];
            entries.push(entry);
        }
        let entries = sorted(entries);
        if let Self::Memory { .. } = self {
            return Ok(Self::in_memory(entries));
        }
        let mut disk = Disk::new()?;
        disk.write(&entries)?;
        disk.into_runs()?.pop().ok_or_else(|| io::Error::other("an empty run"))
    }
}

/// Sorted runs of all entries, each under its canonical function.
#[derive(Clone, Default)]
pub(super) struct Sorted {
    runs: Vec<SortedRun>,
}

impl Sorted {
    /// Collects the runs of all workers; `canonical` maps the id of a function to that of the function it counts for.
    pub(super) fn new(workers: Vec<Runs>, canonical: &[u32]) -> io::Result<Self> {
        let mut runs = Vec::new();
        for worker in workers {
            runs.extend(worker.finish()?);
        }
        if (0u32..).zip(canonical).any(|(id, counted_under)| id != *counted_under) {
            runs = runs.into_iter().map(|run| run.renamed(canonical)).collect::<io::Result<_>>()?;
        }
        Ok(Self { runs })
    }

    /// Counts the entries.
    pub(super) fn len(&self) -> usize {
        self.runs.iter().map(SortedRun::len).sum()
    }

    /// Counts the runs.
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Looks up the entries of one event, in order.
    pub(super) fn of_event(&self, event: EventKey) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for run in &self.runs {
            run.of_event(event, &mut found)?;
        }
        Ok(sorted(found))
    }

    /// Splits the entries into at most `most` consecutive parts, none of which shares an event with another. Makes only
    /// one part if a run is on disk, as such a run is read from start to end.
    pub(super) fn parts(mut self, most: usize) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut events: Vec<EventKey> = self.runs.iter().flat_map(SortedRun::events).collect();
        events.sort_unstable();
        let cuts: BTreeSet<EventKey> =
            (1..most).filter_map(|part| events.get(events.len() * part / most)).copied().collect();
        if self.runs.iter().all(|run| matches!(run, SortedRun::Memory { .. })) {
            let cut = |event| Self { runs: self.runs.iter_mut().filter_map(|run| run.split_before(event)).collect() };
            parts.extend(cuts.into_iter().map(cut));
        }
        parts.push(self);
        parts
    }

    /// Merges the runs: iterates over all entries in order, and ends after a failure to read a run.
    pub(super) fn merged(mut self) -> io::Result<impl Iterator<Item = io::Result<Entry>>> {
        let mut heads: BinaryHeap<Reverse<RunHead>> = BinaryHeap::with_capacity(self.runs.len());
        for (run, entries) in self.runs.iter_mut().enumerate() {
            heads.extend(entries.next()?.map(|entry| Reverse(RunHead { entry, run })));
        }
        Ok(std::iter::from_fn(move || {
            let mut first = heads.peek_mut()?;
            let entry = match self.runs[first.0.run].next() {
                Ok(Some(next)) => std::mem::replace(&mut first.0.entry, next),
                Ok(None) => PeekMut::pop(first).0.entry,
                Err(error) => {
                    drop(first);
                    heads.clear();
                    return Some(Err(error));
                }
            };
            Some(Ok(entry))
        }))
    }
}

/// First entry of a run.
struct RunHead {
    entry: Entry,
    run: usize,
}

impl Ord for RunHead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.entry.compare(&other.entry).then(self.run.cmp(&other.run))
    }
}

impl PartialOrd for RunHead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RunHead {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RunHead {}

#[cfg(test)]
mod tests {
    use super::super::chains::tests::attempt;
    use super::*;
    use crate::model::Category;

    fn entries() -> Vec<Entry> {
        (0..1_000)
            .map(|n| {
                let minute = n * 7_919 % 1_000;
                let category = if n % 3 == 0 { Category::Timeout } else { Category::Ok };
                let mut entry = attempt(category, minute, 1);
                entry.function = u32::try_from(n % 5).unwrap();
                entry
            })
            .collect()
    }

    fn in_order(bound: usize, canonical: &[u32], parts: usize) -> (Vec<String>, usize) {
        let room = Room::of(bound);
        let mut workers = vec![Runs::default(), Runs::default()];
        for (at, entry) in entries().into_iter().enumerate() {
            workers[at % 2].push(entry, &room);
        }
        let spilled = workers.iter().filter_map(|runs| runs.disk.as_ref()).map(|disk| disk.runs.len()).sum();
        let parts = Sorted::new(workers, canonical).unwrap().parts(parts);
        let entries = parts.into_iter().flat_map(|part| part.merged().unwrap());
        (entries.map(|entry| format!("{:?}", entry.unwrap())).collect(), spilled)
    }

    #[test]
    fn past_the_bound_they_are_on_disk_and_come_back_the_same() {
        let same = [0, 1, 2, 3, 4];
        let joined = [0, 0, 2, 2, 4];
        for canonical in [same, joined] {
            let (memory, none) = in_order(1_000_000, &canonical, 1);
            for parts in [1, 3] {
                let (disk, spilled) = in_order(100, &canonical, parts);
                assert_eq!((none, spilled > 5, memory.len()), (0, true, 1_000));
                assert_eq!(memory, disk);
                assert_eq!(memory, in_order(1_000_000, &canonical, parts).0);
            }
        }
    }
}
