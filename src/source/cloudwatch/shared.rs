//! State shared by the chains of a pull, its reader and the command line: what is still unread, and why the pull ended.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::PullWatch;
use super::failure::PullError;
use super::select::Selection;
use super::signals::Signal;
use super::slice::Slice;
use super::spool::{PageSpool, SliceId};
use super::target::Target;
use crate::account::CountedSuccesses;
use crate::model::{Note, function_from_group};
use crate::source::saved::{AccountTold, PullTrailer, UnreadStretch};
use crate::wire::InputProblem;

/// Shared state of a pull.
pub(super) struct PullState {
    pub(super) targets: Vec<Target>,
    pub(super) spool: PageSpool,
    pub(super) watch: Arc<dyn PullWatch>,
    /// Whether slices that are given up are filled at the end with what was read of them before.
    pub(super) resumes: bool,
    pages: AtomicUsize,
    over: AtomicBool,
    unread: Mutex<Unread>,
    /// Successes that were counted and not read, by group.
    counted: Mutex<BTreeMap<usize, CountedSuccesses>>,
    told: Mutex<PullTrailer>,
    ends: Mutex<Ends>,
}

/// What is not read yet.
#[derive(Debug, Default)]
struct Unread {
    slices: BTreeMap<SliceId, SliceRest>,
    /// Whether the reading has ended: what is read from then on is not in the result.
    frozen: bool,
}

/// Rest of a slice.
#[derive(Clone, Debug)]
struct SliceRest {
    from: i64,
    end: i64,
    /// Whether nothing of the slice was read.
    whole: bool,
    /// Why it was given up.
    reason: Option<String>,
}

/// Reasons for which the pull ended early or its file was not written.
#[derive(Debug, Default)]
struct Ends {
    failures: Vec<PullError>,
    /// Why no more is read of groups whose region failed.
    reasons: BTreeMap<usize, String>,
    /// Regions that were pulled from, and those among them that failed.
    regions: usize,
    regions_failed: usize,
    signal: Option<Signal>,
    save_error: Option<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PullState {
    pub(super) fn new(selection: Selection, resumes: bool, watch: Arc<dyn PullWatch>) -> io::Result<Self> {
        Ok(Self {
            targets: selection.targets,
            spool: PageSpool::new()?,
            watch,
            resumes,
            pages: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            unread: Mutex::default(),
            counted: Mutex::default(),
            told: Mutex::new(selection.told),
            ends: Mutex::default(),
        })
    }

    /// Announces the slices to read. The reader waits for each until it is read or given up.
    pub(super) fn begin(&self, slices: &[Slice]) {
        let mut unread = locked(&self.unread);
        for slice in slices {
            self.spool.open(slice.id);
            unread
                .slices
                .insert(slice.id, SliceRest { from: slice.id.start, end: slice.end, whole: true, reason: None });
        }
    }

    /// Counts the regions to pull from.
    pub(super) fn set_regions(&self, regions: usize) {
        locked(&self.ends).regions = regions;
    }

    /// Records how far a slice was read.
    pub(super) fn advance(&self, slice: &Slice) {
        let mut unread = locked(&self.unread);
        if unread.frozen {
            return;
        }
        if let Some(stretch) = unread.slices.get_mut(&slice.id) {
            (stretch.from, stretch.end, stretch.whole) = (slice.unread_from(), slice.end, slice.is_untouched());
        }
    }

    /// Counts a page and reports it to the progress.
    pub(super) fn page(&self, target: usize, covered_ms: i64, events: u64) {
        self.pages.fetch_add(1, Ordering::Relaxed);
        self.watch.page(target, covered_ms, events);
    }

    /// Counts an answer that tells of logs and has no events.
    pub(super) fn answered(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a slice was read to its end.
    pub(super) fn done(&self, slice: SliceId) {
        self.spool.close(slice);
        let mut unread = locked(&self.unread);
        if !unread.frozen {
            unread.slices.remove(&slice);
        }
        let is_done = !unread.slices.keys().any(|other| other.target == slice.target);
        drop(unread);
        if is_done {
            self.watch.done(slice.target);
        }
    }

    /// Lets the reader go on behind a slice that is given up.
    fn close_unread(&self, slice: SliceId) {
        if !self.resumes {
            self.spool.close(slice);
        }
    }

    /// Returns the stretches that are not read: the first millisecond of which nothing was read, and the last one.
    pub(super) fn unread_stretches(&self) -> BTreeMap<SliceId, (i64, i64)> {
        let unread = locked(&self.unread);
        // Of the millisecond at which the reading ended, a part may have been read.
        let first = |rest: &SliceRest| if rest.whole { rest.from } else { rest.from.saturating_add(1) };
        unread.slices.iter().map(|(slice, rest)| (*slice, (first(rest), rest.end))).collect()
    }

    /// Records that the rest of a slice is not read.
    pub(super) fn give_up(&self, slice: SliceId, reason: &str) {
        if let Some(stretch) = locked(&self.unread).slices.get_mut(&slice) {
            stretch.reason.get_or_insert_with(|| reason.to_owned());
        }
        self.close_unread(slice);
        self.watch.done(slice.target);
    }

    /// Records a stretch that was not read by the end.
    pub(super) fn leave(&self, slice: SliceId, end: i64, reason: Option<String>) {
        let rest = SliceRest { from: slice.start, end, whole: false, reason };
        locked(&self.unread).slices.insert(slice, rest);
    }

    /// Records the signal that ended the following.
    pub(super) fn signalled(&self, signal: Signal) {
        locked(&self.ends).signal = Some(signal);
    }

    /// Sets the end of the window, which is known only when the following ends.
    pub(super) fn set_end(&self, end_ms: i64) {
        locked(&self.told).to_ms = Some(end_ms);
    }

    /// Records a group that cannot be read: asking again would not help.
    pub(super) fn unreadable(&self, target: usize, reason: String) {
        let mut unread = locked(&self.unread);
        unread.slices.retain(|slice, _| slice.target != target);
        drop(unread);
        let input = self.targets.get(target).map(|target| target.group.label()).unwrap_or_default();
        locked(&self.told).unread.push(InputProblem { input, reason });
        self.watch.done(target);
    }

    /// Records that something of a group is not known: asking again may help, but for nothing that can be resumed.
    pub(super) fn lacks(&self, target: usize, reason: String) {
        let input = self.targets.get(target).map(|target| target.group.label()).unwrap_or_default();
        locked(&self.told).unread.push(InputProblem { input, reason });
    }

    /// Records that the successes of a group are counted rather than read; until that is done nobody knows them.
    pub(super) fn is_to_count(&self, target: usize, (from_ms, to_ms): (i64, i64)) {
        let Some(of_target) = self.targets.get(target) else { return };
        let counted = CountedSuccesses {
            function: function_from_group(&of_target.group.name).unwrap_or_default().to_owned(),
            account_id: of_target.group.account.clone(),
            region: Some(of_target.group.region.clone()),
            log_group: Some(of_target.group.name.clone()),
            from_ms,
            to_ms,
            ..CountedSuccesses::default()
        };
        locked(&self.counted).insert(target, counted);
    }

    /// Records the successes of a group; `None` if all of its attempts were read.
    pub(super) fn tell_counted(&self, target: usize, counted: Option<CountedSuccesses>) {
        let mut all = locked(&self.counted);
        match (all.get_mut(&target), counted) {
            (Some(known), Some(counted)) => {
                let CountedSuccesses { function, account_id, region, log_group, from_ms, to_ms, .. } =
                    std::mem::take(known);
                *known = CountedSuccesses { function, account_id, region, log_group, from_ms, to_ms, ..counted };
            }
            _ => drop(all.remove(&target)),
        }
    }

    /// Returns the number of successes that were counted and not read.
    pub(super) fn counted(&self) -> u64 {
        locked(&self.counted).values().map(CountedSuccesses::attempts).sum()
    }

    /// Returns whether a slice is still to be read.
    pub(super) fn is_open(&self, slice: SliceId) -> bool {
        locked(&self.unread).slices.get(&slice).is_some_and(|stretch| stretch.reason.is_none())
    }

    /// Returns the slices of a group that are not read yet.
    pub(super) fn slices_of(&self, target: usize) -> Vec<SliceId> {
        locked(&self.unread).slices.keys().filter(|slice| slice.target == target).copied().collect()
    }

    /// Adds a note that leaves the result complete.
    pub(super) fn note(&self, text: String) {
        locked(&self.told).notes.push(Note { incomplete: false, text });
    }

    /// Adds a note that marks the result as incomplete.
    pub(super) fn remark(&self, text: String) {
        let note = Note { incomplete: true, text };
        let mut told = locked(&self.told);
        if !told.notes.contains(&note) {
            told.notes.push(note);
        }
    }

    /// Ends the pull from one region with a failure. What remains unread of its groups has this reason.
    pub(super) fn region_failed(&self, targets: &[usize], failure: PullError, what: String) {
        let mut unread = locked(&self.unread);
        for (slice, stretch) in unread.slices.iter_mut().filter(|(slice, _)| targets.contains(&slice.target)) {
            stretch.reason.get_or_insert_with(|| format!("{failure}; pull the rest with --resume"));
            self.close_unread(*slice);
        }
        drop(unread);
        locked(&self.told).ended.push(what);
        let mut ends = locked(&self.ends);
        ends.reasons.extend(targets.iter().map(|target| (*target, format!("{failure}; pull the rest with --resume"))));
        ends.regions_failed += 1;
        ends.failures.push(failure);
    }

    /// Ends the whole pull, because this machine failed.
    pub(super) fn fail(&self, failure: PullError) {
        let mut ends = locked(&self.ends);
        if !self.over.swap(true, Ordering::Relaxed) {
            locked(&self.told).ended.push(format!("ended early: {failure}"));
            ends.regions_failed = ends.regions;
            ends.failures.push(failure);
        }
    }

    /// Records that a signal ended the pull.
    pub(super) fn interrupted(&self, signal: Signal) {
        locked(&self.ends).signal = Some(signal);
        let unread = locked(&self.unread);
        let (mut open, mut given_up) = (BTreeSet::new(), BTreeSet::new());
        for (slice, stretch) in &unread.slices {
            open.insert(slice.target);
            if stretch.reason.is_some() {
                given_up.insert(slice.target);
            }
        }
        drop(unread);
        let all = self.targets.len();
        if all == 0 {
            return;
        }
        let mut text = format!("interrupted: {} of {all} log groups were read to their end", all - open.len());
        if !given_up.is_empty() {
            text.push_str(&format!(", {} were given up before", given_up.len()));
        }
        locked(&self.told).ended.push(text);
    }

    /// Records the hash of the text of all events.
    pub(super) fn set_text_hash(&self, hash: u64) {
        locked(&self.told).text_hash = Some(hash);
    }

    /// Records what the account told besides its logs.
    pub(super) fn tell_of_account(&self, account: &AccountTold) {
        let mut told = locked(&self.told);
        told.account.cloudwatch_metrics.extend_from_slice(&account.cloudwatch_metrics);
        told.account.aws_config.extend_from_slice(&account.aws_config);
        told.account.notes.extend_from_slice(&account.notes);
    }

    /// Ends the reading: what arrives from now on is not in the result.
    pub(super) fn freeze(&self) {
        locked(&self.unread).frozen = true;
        self.spool.end();
    }

    pub(super) fn save_failed(&self, error: &io::Error) {
        locked(&self.ends).save_error = Some(super::failure::plain_io(error));
    }

    /// Returns whether a failure of this machine ended the pull.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }

    /// Returns why nothing could be pulled, if every region failed before its first page.
    pub(super) fn failure(&self) -> Option<PullError> {
        let ends = locked(&self.ends);
        let all_failed = ends.regions > 0 && ends.regions_failed >= ends.regions;
        ends.failures.first().filter(|_| all_failed && self.pages() == 0).cloned()
    }

    /// Returns the failures for which regions were not read to their end.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut all: Vec<String> = locked(&self.ends).failures.iter().map(ToString::to_string).collect();
        all.sort();
        all.dedup();
        all
    }

    pub(super) fn signal(&self) -> Option<Signal> {
        locked(&self.ends).signal
    }

    pub(super) fn save_error(&self) -> Option<String> {
        locked(&self.ends).save_error.clone()
    }

    /// Returns what the file's trailer says besides the events. The order does not depend on which request finished
    /// first.
    pub(super) fn told(&self) -> PullTrailer {
        let gaps = self.gaps();
        let mut told = locked(&self.told).clone();
        told.gaps.extend(gaps);
        told.unread.sort();
        told.unread.dedup();
        told.notes.sort();
        told.notes.dedup();
        told.ended.sort();
        told.ended.dedup();
        told.gaps.sort();
        told.account.counted.extend(locked(&self.counted).values().cloned());
        told
    }

    /// Returns the stretches that were not read. Those of one group that touch and have the same reason are one.
    fn gaps(&self) -> Vec<UnreadStretch> {
        let unread = locked(&self.unread);
        let ends = locked(&self.ends);
        let otherwise = match ends.signal {
            Some(_) => "the pull was interrupted; pull the rest with --resume",
            None => "the pull ended before; pull the rest with --resume",
        };
        let mut gaps: Vec<UnreadStretch> = Vec::new();
        let told = locked(&self.told);
        let window = (told.from_ms, told.to_ms);
        drop(told);
        for (id, stretch) in &unread.slices {
            let Some(target) = self.targets.get(id.target) else { continue };
            let of_region = ends.reasons.get(&id.target).map(String::as_str);
            let reason = stretch.reason.as_deref().or(of_region).unwrap_or(otherwise);
            // What is counted in part cannot be put together with the rest.
            let again = reason.replace("pull the rest with --resume", "pull it again");
            let reason = if locked(&self.counted).contains_key(&id.target) { again.as_str() } else { reason };
            let stream = target.streams.get(id.stream).cloned();
            let whole = stretch.whole && window == (Some(stretch.from), Some(stretch.end));
            let touches = |gap: &&mut UnreadStretch| {
                let same = gap.group == target.group && gap.stream == stream && gap.reason == reason;
                same && !gap.whole && !whole && gap.to_ms.saturating_add(1) >= stretch.from
            };
            match gaps.last_mut().filter(touches) {
                Some(gap) => gap.to_ms = stretch.end,
                None => gaps.push(UnreadStretch {
                    group: target.group.clone(),
                    stream,
                    from_ms: stretch.from,
                    to_ms: stretch.end,
                    whole,
                    reason: reason.to_owned(),
                }),
            }
        }
        gaps
    }
}
