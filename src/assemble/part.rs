//! The state of a stream at a cut, as a value with an open head and an open tail, and the joining of two parts.
//!
//! A part holds back its first attempts, because lines before the cut may belong to them, and its last ones, because
//! lines after the cut may. Everything between is already handed over.

use super::attach::{emit_lone_error, emit_pending, hand_over};
use super::disorder::TimeSteps;
use super::open::{OpenAttempt, Pending};
use super::open_attempts::ClosedBy;
use super::printed::{is_of_another, is_printed_error};
use super::quoted::{Quoted, is_of_runtime_done, tells_an_end};
use super::superseded::lacks_its_end;
use super::{Assembler, OPEN_AT_ONCE, Output, SIGNS_KEPT};
use crate::model::{Bucket, Keep, Timestamp};

/// The attempts at the head of a part that an earlier part may still change.
#[derive(Debug, Default)]
pub(super) struct PartHead {
    #[expect(clippy::vec_box, reason = "as in the assembler, which these come from")]
    held: Vec<Box<OpenAttempt>>,
    /// Lines of an environment without a request that end the head.
    pending: Option<Pending>,
    /// Whether the first attempt with a START of its own is held.
    started: bool,
    /// Whether a reported attempt without a START of its own is held.
    fragment: bool,
    /// Whether a reported attempt was let through after those that are held.
    passed: bool,
    /// Whether no earlier part can change what comes now.
    settled: bool,
}

impl PartHead {
    /// Takes a closed attempt; returns it if no earlier part can change it.
    pub(super) fn hold(&mut self, open: Box<OpenAttempt>) -> Option<Box<OpenAttempt>> {
        if self.settled || open.before.fresh || self.held.len() >= OPEN_AT_ONCE {
            self.settled |= open.before.fresh;
            return Some(open);
        }
        if open.lacks_start() {
            // With one request at a time, nothing of an earlier part is running after this REPORT. But the line that
            // reports the end of its process may stand before the cut, and the peak of the next attempt depends on it.
            self.settled = self.fragment && open.is_reported() && !open.json;
            self.fragment |= open.is_reported();
        } else {
            if self.started {
                self.passed |= open.is_reported();
                return Some(open);
            }
            self.started = true;
            // Requests that run side by side (JSON) may still report without a START in this part.
            self.settled = !open.json;
        }
        self.held.push(open);
        None
    }

    /// Returns the last attempt that is held: of those that run one at a time, the only one with a START.
    pub(super) fn last(&self) -> Option<&OpenAttempt> {
        self.held.last().map(|open| &**open)
    }

    /// Returns the same for changes.
    pub(super) fn last_mut(&mut self) -> Option<&mut OpenAttempt> {
        self.held.last_mut().map(|open| &mut **open)
    }

    /// Returns whether no earlier part can change an attempt.
    pub(super) fn is_settled_at(&mut self, open: &OpenAttempt) -> bool {
        self.settled |= open.before.fresh;
        self.settled || self.started && !open.lacks_start()
    }

    /// Returns whether no earlier part can change what comes now.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Frees memory that joining parts does not need.
    pub(super) fn shrink(&mut self, keep: &Keep) {
        self.held.iter_mut().for_each(|open| open.shrink(keep));
        self.pending.iter_mut().for_each(|pending| pending.shrink(keep));
    }

    /// Takes lines that no request followed; returns them if no earlier part can change them.
    pub(super) fn hold_pending(&mut self, pending: Pending) -> Option<Pending> {
        if self.settled || pending.fresh || pending.is_empty() {
            self.settled |= pending.fresh;
            return Some(pending);
        }
        self.settled = true;
        self.pending = Some(pending);
        None
    }
}

/// One piece of a stream, assembled except for its two ends.
#[derive(Debug)]
pub(crate) struct Part {
    head: PartHead,
    tail: Assembler,
}

impl Part {
    pub(super) fn of(mut assembler: Assembler) -> Self {
        debug_assert!(assembler.unread.is_empty(), "counted lines outlived their batch");
        assembler.wake();
        assembler.spare = None;
        assembler.unread = Vec::new();
        Self { head: std::mem::take(&mut assembler.held), tail: assembler }
    }

    /// Returns the attempts at its head that an earlier part may change and that began before it, and whether there is
    /// nothing else in it.
    pub(super) fn begun_before(&self) -> (impl Iterator<Item = &OpenAttempt>, bool) {
        let attempts = || {
            let last = self.tail.open.iter().filter(|_| !self.head.settled);
            self.head.held.iter().map(|open| &**open).chain(last)
        };
        let is_all = !self.head.settled && attempts().all(OpenAttempt::lacks_start);
        (attempts().take_while(|open| open.lacks_start()), is_all)
    }

    /// Frees memory that joining parts does not need: there may be very many parts.
    pub(crate) fn shrink(&mut self, keep: &Keep) {
        self.head.shrink(keep);
        self.tail.open.shrink(|open| open.shrink(keep));
        self.tail.pending.shrink(keep);
    }

    /// Returns the times of the first and the last line, by which the parts of one stream are ordered: of two that
    /// begin in the same millisecond, the one that also ends in it comes first.
    #[must_use]
    pub(crate) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.tail.first_at, self.tail.last_at)
    }
}

/// Joins the parts of one stream, in their order, and closes what is left open at the end of the last.
pub(crate) fn join(parts: impl IntoIterator<Item = Part>, keep: &Keep, output: &mut dyn Output) {
    let mut parts: Vec<Part> = parts.into_iter().collect();
    let of_lambda = parts.iter().any(|part| part.tail.of_lambda);
    parts.iter_mut().for_each(|part| part.tail.of_lambda = of_lambda);
    let mut before: Option<Assembler> = None;
    let mut parts = parts.into_iter();
    while let Some(part) = parts.next() {
        before = Some(match before {
            Some(tail) => join_two(tail, part, parts.as_slice(), keep, output),
            None => begin(part, keep, output),
        });
    }
    if let Some(tail) = before {
        close(tail, output);
    }
}

/// Begins with the first part. Nothing stands before its head, so its first attempt, if it lacks a START, lost it to
/// the window.
fn begin(part: Part, keep: &Keep, output: &mut dyn Output) -> Assembler {
    let Part { head, mut tail } = part;
    let mut first = true;
    for mut open in head.held {
        if std::mem::take(&mut first) && open.lacks_start() {
            open.cut_start();
        }
        if lacks_its_end(&open) {
            let now = open.last_at;
            tail.supersede(open, now, keep, output);
        } else {
            hand_over(open, tail.of_lambda, output);
        }
    }
    if let Some(pending) = head.pending {
        emit_pending(pending, false, output);
    }
    if first
        && !head.settled
        && let Some(mut open) = tail.open.first().and_then(|at| tail.open.edit(at))
        && open.lacks_start()
    {
        open.cut_start();
    }
    tail.held.settled = true;
    tail
}

/// Joins the open tail of the parts before with the next part; `behind` are those that follow.
fn join_two(mut tail: Assembler, part: Part, behind: &[Part], keep: &Keep, output: &mut dyn Output) -> Assembler {
    // Exports may overlap: then an attempt without a start in the later one is whole in the earlier one.
    let overlaps = part.tail.first_at.is_some() && part.tail.first_at < tail.last_at;
    let mut quoted = if overlaps { Quoted::default() } else { Quoted::of(&tail, std::iter::once(&part).chain(behind)) };
    let Part { head, tail: mut next } = part;
    tail.tell_of_mixed(next.printed.as_deref(), output);
    let settled_in_head = head.settled;
    for mut open in head.held {
        claim(&mut tail, &mut open.before, keep);
        if quoted.take(&mut tail, &mut open, keep) {
            continue;
        }
        if overlaps && open.lacks_start() && open.is_reported() {
            open.cut_start();
        }
        find_peak(&mut tail, &mut open);
        meet(&mut tail, open, keep, output);
    }
    if let Some(mut pending) = head.pending {
        claim(&mut tail, &mut pending, keep);
        pending.served |= tail.begun && tail.known_stream;
        tail.pending.append(pending, keep);
        tail.flush_environment(output);
    }
    if settled_in_head {
        // The next part was independent from here on, so whatever is still open in the tail has ended.
        tail.give_way(next.first_at, keep, output);
        emit_pending(std::mem::take(&mut tail.pending), false, output);
    } else {
        // The whole part is one head, so its open end meets the tail as well.
        for mut open in next.open.take_all() {
            claim(&mut tail, &mut open.before, keep);
            if quoted.take(&mut tail, &mut open, keep) {
                continue;
            }
            if !head.passed {
                find_peak(&mut tail, &mut open);
            }
            meet(&mut tail, open, keep, output);
        }
        let mut pending = std::mem::take(&mut next.pending);
        claim(&mut tail, &mut pending, keep);
        pending.served |= tail.begun && tail.known_stream;
        if tail.pending.signs.len() + pending.signs.len() > SIGNS_KEPT && !next.begun {
            tail.flush_errors_of_clients(output);
        }
        tail.pending.append(pending, keep);
        next.open = std::mem::take(&mut tail.open);
        next.pending = std::mem::take(&mut tail.pending);
        if !head.passed {
            // The tail has met every REPORT of the part; an init after them begins anew.
            next.peak_mb = tail.peak_mb.filter(|_| !next.pending.fresh);
        }
    }
    next.recent.append_earlier(&tail.recent);
    next.superseded.append_earlier(tail.superseded);
    next.known_stream &= tail.known_stream;
    next.starts_seen |= tail.starts_seen;
    next.broken_ids |= tail.broken_ids;
    next.begun |= tail.begun;
    next.in_text |= tail.in_text;
    next.in_json |= tail.in_json;
    next.concurrent |= tail.concurrent;
    next.first_at = tail.first_at.or(next.first_at);
    next.last_at = next.last_at.max(tail.last_at);
    next.emulated |= tail.emulated;
    next.add_printed_before(tail.printed.take());
    if let Some(mut lone) = tail.lone.take() {
        lone.extend(next.lone.take().map_or_else(Vec::new, |lone| *lone));
        next.lone = Some(lone);
    }
    TimeSteps::add(&mut next.steps, tail.steps);
    next.parted = tail.parted.or(next.parted);
    next.held.settled = true;
    next
}

/// Corrects the memory peak of the attempt that directly follows the tail: its own part may lack the attempt before, or
/// the end of that one's process.
fn find_peak(tail: &mut Assembler, open: &mut OpenAttempt) {
    let (left, found) = (tail.peak_mb, tail.peak_before(open.id()));
    let peak = &mut open.attempt.earlier_peak_mb;
    if left.is_some() && found.is_none() {
        *peak = None;
    } else if open.attempt.report_seen && !open.before.fresh {
        *peak = peak.or(found);
    }
}

/// Joins an attempt from the head of a part to the attempt that it continues, or puts it behind the open end of the
/// parts before.
fn meet(tail: &mut Assembler, mut open: Box<OpenAttempt>, keep: &Keep, output: &mut dyn Output) {
    if is_late(tail, &open) {
        tail.pending.append(std::mem::take(&mut open.before), keep);
        match tail.current().and_then(|at| tail.open.edit(at)) {
            Some(mut running) => running.take_quoted(*open, keep),
            None => output.count(open.attempt.place.input, Bucket::Attributed, open.bytes),
        }
        return;
    }
    if open.lacks_start() {
        if let Some(id) = open.id().filter(|id| tail.broken_ids && !id.is_token()) {
            tail.give_whole_id(id);
        }
        // What ended before another attempt of the event began is the end of an earlier one.
        let ended_before = |mine: &OpenAttempt| {
            let times = open.attempt.ended_at.zip(mine.attempt.started_at);
            mine.attempt.start_seen && times.is_some_and(|(end, start)| end < start)
        };
        let same = |mine: &OpenAttempt| !(ended_before(mine) || mine.is_reported() && open.is_reported());
        let owner = tail.open.latest_where(open.id(), same).or_else(|| foreign_lines_owner(tail, &mut open, output));
        let copy = tail.open.latest_where(open.id(), |mine| is_end_of(mine, &open));
        if let Some(mut copy) = copy.and_then(|at| tail.open.edit(at)) {
            copy.take_later_signs(&mut open);
            return;
        }
        if let Some(mut joined) = owner.and_then(|at| tail.open.edit(at)) {
            if open.is_reported() {
                joined.attempt.earlier_peak_mb = open.attempt.earlier_peak_mb;
                tail.peak_mb = open.attempt.metrics.max_memory_used_mb.or(tail.peak_mb);
            }
            joined.append(open, keep);
            return;
        }
    }
    // What names the request just before its START belongs to it, as in one piece.
    let named_before =
        |mine: &OpenAttempt| mine.lacks_start() && !mine.is_reported() && mine.is_just_before(open.attempt.started_at);
    let begins = !open.lacks_start() && !open.before.fresh;
    let named = if begins { tail.open.latest_where(open.id(), named_before) } else { None };
    if let Some(mut mine) = named.filter(|at| tail.open.last() == Some(*at)).and_then(|at| tail.open.edit(at)) {
        if open.is_reported() {
            mine.attempt.earlier_peak_mb = open.attempt.earlier_peak_mb;
            tail.peak_mb = open.attempt.metrics.max_memory_used_mb.or(tail.peak_mb);
        }
        mine.begin_with(open, keep);
        return;
    }
    // Exports may overlap within an attempt: the later one has all of it but what stood before its START.
    let is_copy = |mine: &OpenAttempt| {
        let (mine_at, at) = (mine.attempt.started_at, open.attempt.started_at);
        mine_at.is_some() && mine_at == at && !mine.lacks_start() && !mine.is_reported()
    };
    let copy = if open.lacks_start() { None } else { tail.open.latest_where(open.id(), is_copy) };
    if let Some(mut mine) = copy.and_then(|at| tail.open.edit(at)) {
        let mut before = std::mem::take(&mut mine.before);
        before.append(std::mem::take(&mut open.before), keep);
        open.before = before;
        let (theirs, kept) = (&mut mine.attempt, &mut open.attempt);
        kept.runtime = theirs.runtime.take().or(kept.runtime.take());
        kept.version = kept.version.take().or(theirs.version.take());
        kept.function = kept.function.take().or(theirs.function.take());
        kept.earlier_peak_mb = theirs.earlier_peak_mb.or(kept.earlier_peak_mb);
        let peak_mb = open.attempt.metrics.max_memory_used_mb.filter(|_| open.is_reported());
        std::mem::swap(&mut *mine, &mut *open);
        drop(mine);
        tail.peak_mb = peak_mb.or(tail.peak_mb);
        return;
    }
    let mut before = std::mem::take(&mut tail.pending);
    if open.lacks_start() && !tail.begun {
        open.cut_start();
    }
    tail.begun = true;
    before.append(std::mem::take(&mut open.before), keep);
    open.attempt.runtime = before.runtime.clone().or(open.attempt.runtime.take());
    open.attempt.version = open.attempt.version.take().or(before.version.clone());
    open.attempt.function = open.attempt.function.take().or(before.function.clone());
    if open.lacks_start() && !before.tells_of_init() {
        open.adopt_earlier(before, keep);
    } else {
        open.before = before;
    }
    match (tail.known_stream, open.json) {
        (true, true) => tail.close(ClosedBy::ReportedOrHeadless, output),
        (true, false) => tail.give_way(open.attempt.started_at, keep, output),
        (false, _) => tail.close(ClosedBy::Reported, output),
    }
    if open.before.fresh {
        tail.peak_mb = None;
    }
    if open.is_reported() {
        tail.peak_mb = open.attempt.metrics.max_memory_used_mb.or(tail.peak_mb);
    }
    tail.open.push(open);
}

/// Returns whether a fragment is the end of an attempt of which the earlier export has the same REPORT.
fn is_end_of(mine: &OpenAttempt, fragment: &OpenAttempt) -> bool {
    let (one, other) = (&mine.attempt, &fragment.attempt);
    mine.id().is_some()
        && mine.id() == fragment.id()
        && mine.is_reported()
        && fragment.is_reported()
        && one.ended_at.is_some()
        && one.ended_at == other.ended_at
        && one.metrics == other.metrics
}

/// Gives lines at the head of a part to the attempt that was running at the cut.
fn claim(tail: &mut Assembler, pending: &mut Pending, keep: &Keep) {
    if pending.fresh || pending.is_empty() {
        return;
    }
    let Some(mut open) = tail.current().and_then(|at| tail.open.edit(at)) else { return };
    open.adopt_running(std::mem::take(pending), keep);
}

/// Returns whether a fragment has nothing but late lines of a request whose attempt is closed: they open none.
fn is_late(tail: &Assembler, open: &OpenAttempt) -> bool {
    let is_recent = |id| tail.recent.contains(id) && tail.open.first_of(Some(id)).is_none() && !tail.is_superseded(id);
    open.lacks_start()
        && !open.is_reported()
        && !open.attempt.end_seen
        && !open.attempt.signs.iter().any(|sign| is_of_runtime_done(&sign.kind))
        && open.id().is_some_and(is_recent)
}

/// Finds the owner of a fragment that consists only of lines of a function with some id. Where START lines are written, the
/// id is a value in the text of the attempt that was running, unless a runtime client wrote it.
fn foreign_lines_owner(tail: &mut Assembler, fragment: &mut OpenAttempt, output: &mut dyn Output) -> Option<usize> {
    let only_lines = !fragment.attempt.end_seen && !tells_an_end(fragment);
    let ours = tail.starts_seen && tail.known_stream;
    let at = tail.current().filter(|_| only_lines && ours)?;
    let by = &tail.open[at];
    if !by.attempt.start_seen {
        return Some(at);
    }
    if fragment.attempt.signs.iter().any(|sign| is_of_another(sign, by)) {
        if !by.json {
            output.disordered(fragment.attempt.place);
            tail.known_stream = false;
        }
        return None;
    }
    fragment.attempt.signs.retain(|sign| !is_printed_error(sign, by));
    Some(at)
}

/// Closes all attempts at the end of the stream; one without a REPORT may have been cut off by the window.
fn close(mut tail: Assembler, output: &mut dyn Output) {
    if let Some(place) = tail.steps.as_ref().and_then(|steps| steps.disorder()) {
        output.disordered(place);
    }
    if let Some(place) = tail.parted.filter(|_| tail.begun) {
        output.parted(place);
    }
    tail.tell_of_reports_out_of_view(output);
    let lone_error = tail.has_errors_alone();
    if lone_error {
        let lone = tail.lone.take().map_or_else(Vec::new, |lone| *lone);
        lone.into_iter().for_each(|pending| emit_lone_error(pending, output));
    } else {
        tail.rejoin_lone_errors(&Keep::LAST);
    }
    tail.flush_errors_of_clients(output);
    tail.settle_failed_init_at_the_end();
    let last = tail.open.len();
    for (at, open) in tail.open.take_all().enumerate() {
        let Some(mut open) = tail.rejoin(open) else { continue };
        if !open.is_reported() && (at + 1 == last || open.json || !tail.known_stream) {
            open.cut_end();
        }
        hand_over(open, tail.of_lambda, output);
    }
    for open in tail.superseded.take_all() {
        hand_over(open, tail.of_lambda, output);
    }
    if lone_error && tail.pending.is_lone_error() {
        emit_lone_error(tail.pending, output);
    } else {
        emit_pending(tail.pending, false, output);
    }
    if let Some(failed) = tail.failed_init {
        emit_pending(failed, true, output);
    }
}
