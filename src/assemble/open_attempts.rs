//! The open attempts of one stream, in the order in which they began.
//!
//! Nearly every stream has one, and a list is searched faster than anything else. Where environments are mixed in one
//! text there may be thousands, and each line would visit them all: from a certain number on an index tells, by what the
//! assembler asks, where to look. Whoever changes an attempt does so through [`Edit`], which keeps the index right.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use super::open::{BegunReport, OpenAttempt};
use super::work;
use crate::model::{RequestId, Timestamp};

/// Numbers of open attempts above which they have an index, and up to which they lose it again.
const MANY_AND_FEW: (usize, usize) = (16, 4);

#[cfg(test)]
thread_local! {
    /// Other numbers, for tests.
    pub(super) static FROM: std::cell::Cell<(usize, usize)> = const { std::cell::Cell::new(MANY_AND_FEW) };
}

/// Returns the number of attempts above which they have an index, and that up to which they lose it again.
#[inline(always)]
fn many_and_few() -> (usize, usize) {
    #[cfg(test)]
    return FROM.with(std::cell::Cell::get);
    #[cfg(not(test))]
    MANY_AND_FEW
}

/// Attempts that are not closed, the earliest first.
#[derive(Debug, Default)]
pub(super) struct OpenAttempts {
    /// Without gaps while there is no index. With one, what was removed leaves a gap, so that the others keep their
    /// places.
    list: Vec<Option<Box<OpenAttempt>>>,
    index: Option<Box<Index>>,
}

/// A mark for attempts that run when something happens of which nothing tells whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// The owner of an error is a guess.
    ErrorUnsure,
    /// A REPORT could not be read.
    ReportInDoubt,
    /// A REPORT may have begun.
    ReportBegun(BegunReport),
}

impl Mark {
    fn number(self) -> usize {
        match self {
            Self::ErrorUnsure => 0,
            Self::ReportInDoubt => 1,
            Self::ReportBegun(_) => 2,
        }
    }

    fn set(self, open: &mut OpenAttempt) {
        match self {
            Self::ErrorUnsure => open.attempt.error_unsure = true,
            Self::ReportInDoubt => open.attempt.report_in_doubt = true,
            // The format JSON has no such line.
            Self::ReportBegun(begun) => open.begun_report = Some(begun).filter(|_| !open.json),
        }
    }
}

/// The attempts that something closes.
#[derive(Clone, Copy, Debug)]
pub(super) enum ClosedBy {
    /// All.
    All,
    /// Those that are reported.
    Reported,
    /// Those that are reported or lack a START.
    ReportedOrHeadless,
    /// Those that get no more lines, as log time has passed.
    Overdue(Timestamp),
    /// Those that are reported and get no more late lines.
    ReportedAndOverdue(Timestamp),
}

impl ClosedBy {
    fn includes(self, open: &OpenAttempt) -> bool {
        match self {
            Self::All => true,
            Self::Reported => open.is_reported(),
            Self::ReportedOrHeadless => open.is_reported() || open.lacks_start(),
            Self::Overdue(now) => open.is_overdue(now),
            Self::ReportedAndOverdue(now) => open.is_reported() && open.is_overdue(now),
        }
    }
}

impl OpenAttempts {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.index.as_ref().map_or(self.list.len(), |index| index.live)
    }

    /// Returns the attempt, if it is the only one.
    #[inline(always)]
    pub(super) fn only(&self) -> Option<&OpenAttempt> {
        match self.list.as_slice() {
            [Some(open)] => Some(open),
            _ => None,
        }
    }

    /// Returns the attempt for changes, if it is the only one: then there is no index.
    #[inline(always)]
    pub(super) fn only_mut(&mut self) -> Option<&mut OpenAttempt> {
        match self.list.as_mut_slice() {
            [Some(open)] => Some(open),
            _ => None,
        }
    }

    /// Returns an attempt for changes.
    #[inline]
    pub(super) fn edit(&mut self, at: usize) -> Option<Edit<'_>> {
        let Self { list, index } = self;
        Some(Edit { open: list.get_mut(at)?.as_mut()?, at, index: index.as_deref_mut() })
    }

    /// Returns an attempt that has just been found, for changes.
    pub(super) fn edit_found(&mut self, at: usize) -> Edit<'_> {
        match self.edit(at) {
            Some(open) => open,
            None => unreachable!("a gap has no place"),
        }
    }

    /// Returns the place of the earliest attempt.
    pub(super) fn first(&self) -> Option<usize> {
        let earliest = |index: &Index| {
            let (running, reported) = (index.running.first(), index.reported.first());
            running.into_iter().chain(reported).min().map(|at| *at as usize)
        };
        match &self.index {
            None => (!self.list.is_empty()).then_some(0),
            Some(index) => earliest(index),
        }
    }

    /// Returns the place of the latest attempt.
    #[inline]
    pub(super) fn last(&self) -> Option<usize> {
        // The last place is never a gap.
        self.list.len().checked_sub(1)
    }

    /// Returns the place of the first attempt of a request, or of none that is known.
    #[inline]
    pub(super) fn first_of(&self, id: Option<RequestId>) -> Option<usize> {
        match &self.index {
            None => self.find(|open| open.id() == id),
            Some(_) => self.of(id).next(),
        }
    }

    /// Returns the place of the latest attempt of a request.
    #[inline]
    pub(super) fn latest_of(&self, id: Option<RequestId>) -> Option<usize> {
        self.latest_where(id, |_| true)
    }

    /// Returns the place of the latest attempt of a request for which something holds.
    #[inline]
    pub(super) fn latest_where(&self, id: Option<RequestId>, is_it: impl Fn(&OpenAttempt) -> bool) -> Option<usize> {
        match &self.index {
            None => self.find_back(|open| open.id() == id && is_it(open)),
            Some(_) => self.of(id).rev().find(|at| is_it(&self[*at])),
        }
    }

    /// Returns the place of the latest attempt that is running.
    #[inline]
    pub(super) fn latest_running(&self) -> Option<usize> {
        match &self.index {
            None => self.find_back(|open| !open.is_reported()),
            Some(index) => index.running.last().map(|at| *at as usize),
        }
    }

    #[inline]
    pub(super) fn has_running(&self) -> bool {
        match &self.index {
            None => self.any(|open| !open.is_reported()),
            Some(index) => !index.running.is_empty(),
        }
    }

    /// Returns whether an attempt before a place is running.
    #[inline]
    pub(super) fn has_running_before(&self, at: usize) -> bool {
        match &self.index {
            None => self.list.iter().take(at).flatten().any(|open| !open.is_reported()),
            Some(index) => index.running.first().is_some_and(|first| *first < key(at)),
        }
    }

    /// Returns whether an attempt behind a place is running.
    #[inline]
    pub(super) fn has_running_behind(&self, at: usize) -> bool {
        match &self.index {
            None => self.list.iter().skip(at + 1).flatten().any(|open| !open.is_reported()),
            Some(index) => index.running.last().is_some_and(|last| *last > key(at)),
        }
    }

    /// Returns the places of the attempts of a request (or of none that is known), in order.
    pub(super) fn of(&self, id: Option<RequestId>) -> impl DoubleEndedIterator<Item = usize> {
        let listed = self.index.is_none().then(|| self.filtered(move |open| open.id() == id));
        let indexed = self.index.as_ref().map(|index| index.by_id.range((id, 0)..=(id, u32::MAX)));
        either(listed, indexed.map(|indexed| indexed.map(|(_, at)| *at as usize)))
    }

    /// Returns the places of the attempts that are running, in order.
    pub(super) fn running(&self) -> impl DoubleEndedIterator<Item = usize> {
        let listed = self.index.is_none().then(|| self.filtered(|open| !open.is_reported()));
        let indexed = self.index.as_ref().map(|index| index.running.iter());
        either(listed, indexed.map(|indexed| indexed.map(|at| *at as usize)))
    }

    /// Returns the places of the attempts that are reported, in order.
    pub(super) fn reported(&self) -> impl DoubleEndedIterator<Item = usize> {
        let listed = self.index.is_none().then(|| self.filtered(OpenAttempt::is_reported));
        let indexed = self.index.as_ref().map(|index| index.reported.iter());
        either(listed, indexed.map(|indexed| indexed.map(|at| *at as usize)))
    }

    /// Returns the place of the latest attempt that is reported.
    pub(super) fn latest_reported(&self) -> Option<usize> {
        match &self.index {
            None => self.find_back(OpenAttempt::is_reported),
            Some(index) => index.reported.last().map(|at| *at as usize),
        }
    }

    pub(super) fn count_running(&self) -> usize {
        match &self.index {
            None => self.filtered(|open| !open.is_reported()).count(),
            Some(index) => index.running.len(),
        }
    }

    /// Returns whether one is running whose START was seen.
    pub(super) fn has_running_with_start(&self) -> bool {
        match &self.index {
            None => self.any(|open| !open.is_reported() && !open.lacks_start()),
            Some(index) => index.running.len() > index.headless.len(),
        }
    }

    /// Returns whether one is running beside which others may.
    pub(super) fn has_running_json(&self) -> bool {
        match &self.index {
            None => self.any(|open| open.json && !open.is_reported()),
            Some(index) => index.running_json > 0,
        }
    }

    /// Returns whether one of another request has ended its process.
    pub(super) fn has_ended_process_beside(&self, id: Option<RequestId>) -> bool {
        match &self.index {
            None => self.any(|open| open.id() != id && open.ended_process()),
            Some(index) => index.ended_process.iter().any(|at| index.facts[*at as usize].id != id),
        }
    }

    /// Takes the attempt out, if it is the only one.
    pub(super) fn take_only(&mut self) -> Option<Box<OpenAttempt>> {
        self.only()?;
        std::mem::take(&mut self.list).pop()?
    }

    pub(super) fn push(&mut self, open: Box<OpenAttempt>) {
        if let Some(index) = &mut self.index {
            if self.list.len() >= (2 * index.live).max(many_and_few().0) {
                self.close_gaps();
                return self.push(open);
            }
            index.add(IndexFacts::of(&open));
        }
        self.list.push(Some(open));
        if self.index.is_none() && self.list.len() > many_and_few().0 {
            self.index = Some(Box::new(Index::of(&self.list)));
        }
    }

    /// Takes an attempt out. Without an index, the later ones move up.
    pub(super) fn remove(&mut self, at: usize) -> Option<Box<OpenAttempt>> {
        let Some(index) = &mut self.index else {
            work::done(self.list.len() - at.min(self.list.len()));
            return if at < self.list.len() { self.list.remove(at) } else { None };
        };
        let open = self.list.get_mut(at)?.take()?;
        index.remove(at);
        self.removed_some();
        Some(open)
    }

    fn removed_some(&mut self) {
        let Some(index) = &mut self.index else { return };
        while let Some(None) = self.list.last() {
            self.list.pop();
            index.facts.pop();
        }
        index.marked = index.marked.map(|to| to.min(key(self.list.len())));
        if index.live <= many_and_few().1 {
            self.close_gaps();
        }
    }

    /// Returns whether log time closes an attempt.
    #[inline]
    pub(super) fn has(&self, by: ClosedBy) -> bool {
        match &self.index {
            None => self.any(|open| by.includes(open)),
            Some(index) => index.has(by),
        }
    }

    /// Takes out the next attempt that something closes, from a place on, which is then the place to go on from; with an
    /// index, all of them at once are cheaper.
    #[inline]
    pub(super) fn remove_next(&mut self, by: ClosedBy, from: &mut usize) -> Option<Box<OpenAttempt>> {
        let includes = |open: &OpenAttempt| by.includes(open);
        *from += self.list.iter().skip(*from).position(|open| open.as_deref().is_some_and(includes))?;
        self.remove(*from)
    }

    /// Takes out all attempts that something closes, in order, if there is an index.
    #[expect(clippy::vec_box, reason = "they are boxed already")]
    pub(super) fn remove_indexed(&mut self, by: ClosedBy) -> Option<Vec<Box<OpenAttempt>>> {
        let index = self.index.as_mut()?;
        if !index.has(by) {
            return Some(Vec::new());
        }
        let mut places = index.closed_by(by);
        places.sort_unstable();
        let mut removed = Vec::with_capacity(places.len());
        for at in places {
            removed.extend(self.list[at as usize].take());
            index.remove(at as usize);
        }
        if !removed.is_empty() {
            self.removed_some();
        }
        Some(removed)
    }

    /// Returns all attempts, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &OpenAttempt> {
        self.list.iter().flatten().map(|open| &**open)
    }

    /// Takes all attempts out, in order.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Box<OpenAttempt>> + use<> {
        std::mem::take(self).list.into_iter().flatten()
    }

    /// Gives all attempts that run a mark that stays. With an index, only those that began since the last time are looked
    /// at, as the others have it.
    pub(super) fn mark_running(&mut self, mark: Mark) {
        let Some(index) = &mut self.index else {
            work::done(self.list.len());
            let running = self.list.iter_mut().flatten().filter(|open| !open.is_reported());
            return running.for_each(|open| mark.set(open));
        };
        let from = std::mem::replace(&mut index.marked[mark.number()], key(self.list.len()));
        for at in index.running.range(from..) {
            work::done(1);
            if let Some(open) = &mut self.list[*at as usize] {
                mark.set(open);
            }
        }
    }

    /// Frees memory of attempts, which changes nothing that the index knows of.
    pub(super) fn shrink(&mut self, shrink: impl Fn(&mut OpenAttempt)) {
        self.list.iter_mut().flatten().for_each(|open| shrink(open));
        self.list.shrink_to_fit();
    }

    /// Returns the places of attempts for which something holds, by looking at each.
    fn filtered(&self, wanted: impl Fn(&OpenAttempt) -> bool) -> impl DoubleEndedIterator<Item = usize> {
        work::done(self.list.len());
        (0..self.list.len()).filter(move |at| self.list[*at].as_deref().is_some_and(&wanted))
    }

    #[inline]
    fn find(&self, wanted: impl Fn(&OpenAttempt) -> bool) -> Option<usize> {
        work::done(self.list.len());
        self.list.iter().position(|open| open.as_deref().is_some_and(&wanted))
    }

    #[inline]
    fn find_back(&self, wanted: impl Fn(&OpenAttempt) -> bool) -> Option<usize> {
        work::done(self.list.len());
        self.list.iter().rposition(|open| open.as_deref().is_some_and(&wanted))
    }

    #[inline]
    fn any(&self, wanted: impl Fn(&OpenAttempt) -> bool) -> bool {
        self.find(wanted).is_some()
    }

    fn close_gaps(&mut self) {
        work::done(self.list.len());
        self.list.retain(Option::is_some);
        self.index = (self.list.len() > many_and_few().1).then(|| Box::new(Index::of(&self.list)));
    }
}

impl std::ops::Index<usize> for OpenAttempts {
    type Output = OpenAttempt;

    /// Returns the attempt at a place that this told of.
    fn index(&self, at: usize) -> &OpenAttempt {
        match &self.list[at] {
            Some(open) => open,
            None => unreachable!("a gap has no place"),
        }
    }
}

/// Access to an attempt that changes: when it ends, the index learns what has changed.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    open: &'a mut OpenAttempt,
    at: usize,
    index: Option<&'a mut Index>,
}

impl Deref for Edit<'_> {
    type Target = OpenAttempt;

    #[inline(always)]
    fn deref(&self) -> &OpenAttempt {
        self.open
    }
}

impl DerefMut for Edit<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut OpenAttempt {
        self.open
    }
}

impl Drop for Edit<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(index) = &mut self.index {
            index.update(self.at, IndexFacts::of(self.open));
        }
    }
}

/// What the index knows of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IndexFacts {
    id: Option<RequestId>,
    reported: bool,
    headless: bool,
    json: bool,
    ended_process: bool,
    /// Milliseconds after which it gets no more lines.
    due: Option<i64>,
}

impl IndexFacts {
    fn of(open: &OpenAttempt) -> Self {
        Self {
            id: open.id(),
            reported: open.is_reported(),
            headless: open.lacks_start(),
            json: open.json,
            ended_process: open.ended_process(),
            due: open.due(),
        }
    }
}

/// Where to find the attempts that something may ask for. All sets hold places, in order.
#[derive(Debug, Default)]
struct Index {
    live: usize,
    /// By place.
    facts: Vec<IndexFacts>,
    by_id: BTreeSet<(Option<RequestId>, u32)>,
    running: BTreeSet<u32>,
    reported: BTreeSet<u32>,
    /// Running without a START.
    headless: BTreeSet<u32>,
    ended_process: BTreeSet<u32>,
    /// By the time after which they get no more lines: those that are running, and those that are reported.
    due_running: BTreeSet<(i64, u32)>,
    due_reported: BTreeSet<(i64, u32)>,
    /// Number of those running beside which others may.
    running_json: usize,
    /// For each mark, the place up to which all that run have it.
    marked: [u32; 3],
}

impl Index {
    fn of(list: &[Option<Box<OpenAttempt>>]) -> Self {
        let mut index = Self::default();
        list.iter().flatten().for_each(|open| index.add(IndexFacts::of(open)));
        index
    }

    fn add(&mut self, facts: IndexFacts) {
        let at = self.facts.len();
        self.facts.push(facts);
        self.live += 1;
        self.enter(at, facts);
    }

    fn remove(&mut self, at: usize) {
        self.leave(at, self.facts[at]);
        self.live -= 1;
    }

    fn update(&mut self, at: usize, facts: IndexFacts) {
        let known = self.facts[at];
        if known != facts {
            self.leave(at, known);
            self.enter(at, facts);
            self.facts[at] = facts;
        }
    }

    fn enter(&mut self, at: usize, facts: IndexFacts) {
        work::done(1);
        let at = key(at);
        self.by_id.insert((facts.id, at));
        if facts.reported { &mut self.reported } else { &mut self.running }.insert(at);
        if facts.headless && !facts.reported {
            self.headless.insert(at);
        }
        if facts.ended_process {
            self.ended_process.insert(at);
        }
        if let Some(due) = facts.due {
            if facts.reported { &mut self.due_reported } else { &mut self.due_running }.insert((due, at));
        }
        self.running_json += usize::from(facts.json && !facts.reported);
    }

    fn leave(&mut self, at: usize, facts: IndexFacts) {
        work::done(1);
        let at = key(at);
        self.by_id.remove(&(facts.id, at));
        if facts.reported { &mut self.reported } else { &mut self.running }.remove(&at);
        self.headless.remove(&at);
        self.ended_process.remove(&at);
        if let Some(due) = facts.due {
            if facts.reported { &mut self.due_reported } else { &mut self.due_running }.remove(&(due, at));
        }
        self.running_json -= usize::from(facts.json && !facts.reported);
    }

    /// Returns whether something closes an attempt.
    fn has(&self, by: ClosedBy) -> bool {
        work::done(1);
        let overdue = |set: &BTreeSet<(i64, u32)>, now: Timestamp| set.first().is_some_and(|(due, _)| *due < now.ms());
        match by {
            ClosedBy::All => self.live > 0,
            ClosedBy::Reported => !self.reported.is_empty(),
            ClosedBy::ReportedOrHeadless => !self.reported.is_empty() || !self.headless.is_empty(),
            ClosedBy::Overdue(now) => overdue(&self.due_reported, now) || overdue(&self.due_running, now),
            ClosedBy::ReportedAndOverdue(now) => overdue(&self.due_reported, now),
        }
    }

    /// Returns the places of the attempts that something closes, in no order.
    fn closed_by(&self, by: ClosedBy) -> Vec<u32> {
        work::done(1);
        let overdue = |set: &BTreeSet<(i64, u32)>, now: Timestamp| -> Vec<u32> {
            set.range(..(now.ms(), 0)).map(|(_, at)| *at).collect()
        };
        match by {
            ClosedBy::Reported => self.reported.iter().copied().collect(),
            ClosedBy::Overdue(now) => {
                let mut places = overdue(&self.due_reported, now);
                places.extend(overdue(&self.due_running, now));
                places
            }
            ClosedBy::ReportedAndOverdue(now) => overdue(&self.due_reported, now),
            ClosedBy::ReportedOrHeadless => self.reported.union(&self.headless).copied().collect(),
            ClosedBy::All => self.running.union(&self.reported).copied().collect(),
        }
    }
}

/// Iterates over what a search of the list finds, or what an index tells.
#[inline]
fn either<I>(
    listed: Option<impl DoubleEndedIterator<Item = I>>,
    indexed: Option<impl DoubleEndedIterator<Item = I>>,
) -> impl DoubleEndedIterator<Item = I> {
    listed.into_iter().flatten().chain(indexed.into_iter().flatten())
}

fn key(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
