//! Attempts that gave way to the next START without a REPORT.
//!
//! In one environment their REPORT was lost. But some shippers write several environments into one named stream: then the
//! platform goes on to speak of a request that gave way. From that line on the stream is read like one without a name, and
//! what comes behind is appended to what stood before.

use super::attach::hand_over;
use super::open::OpenAttempt;
use super::open_attempts::ClosedBy;
use super::{Assembler, Message, Output};
use crate::model::{Keep, RequestId, Statement, Timestamp};

/// Attempts of one stream that are remembered: the first of them to end shows that environments are mixed.
const MOST: usize = 16;

/// Attempts that gave way. Hardly a stream has any.
#[derive(Debug, Default)]
pub(super) struct Superseded(Option<Box<GivenWay>>);

#[derive(Debug)]
struct GivenWay {
    /// Rules by which their lines are kept.
    keep: Keep,
    /// The attempts, the earliest first.
    #[expect(clippy::vec_box, reason = "as in the assembler, which these come from")]
    list: Vec<Box<OpenAttempt>>,
}

impl Superseded {
    fn get_or_insert(&mut self, keep: &Keep) -> &mut GivenWay {
        self.0.get_or_insert_with(|| Box::new(GivenWay { keep: keep.clone(), list: Vec::new() }))
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &OpenAttempt> {
        self.0.iter().flat_map(|given| &given.list).map(|open| &**open)
    }

    /// Adds an attempt, and returns those that cannot go on any more.
    #[expect(clippy::vec_box, reason = "they are boxed already")]
    fn push(&mut self, open: Box<OpenAttempt>, now: Option<Timestamp>, keep: &Keep) -> Vec<Box<OpenAttempt>> {
        let list = &mut self.get_or_insert(keep).list;
        list.push(open);
        let crowded = list.len().saturating_sub(MOST);
        let mut over: Vec<_> = list.drain(..crowded).collect();
        over.extend(list.extract_if(.., |open| now.is_some_and(|now| open.is_overdue(now))));
        over
    }

    /// Takes all out.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Box<OpenAttempt>> + use<> {
        self.0.take().map_or_else(Vec::new, |given| given.list).into_iter()
    }

    /// Puts those of an earlier part before its own.
    pub(super) fn append_earlier(&mut self, earlier: Self) {
        let own = std::mem::replace(self, earlier);
        match (&mut self.0, own.0) {
            (Some(given), Some(own)) => given.list.extend(own.list),
            (given, own) => *given = given.take().or(own),
        }
    }

    /// Frees memory that nothing uses yet.
    pub(super) fn shrink(&mut self) {
        self.0.iter_mut().flat_map(|given| &mut given.list).for_each(|open| open.fit());
    }
}

/// Returns whether an attempt has only its end to come.
pub(super) fn lacks_its_end(open: &OpenAttempt) -> bool {
    open.id().is_some_and(|id| !id.is_anonymous()) && !open.lacks_start() && !open.is_reported()
}

impl Assembler {
    /// Ends all open attempts as another one begins. Those without an end may still get it.
    pub(super) fn give_way(&mut self, now: Option<Timestamp>, keep: &Keep, output: &mut dyn Output) {
        if self.open.running().any(|at| lacks_its_end(&self.open[at])) {
            self.close(ClosedBy::Reported, output);
            self.superseded.get_or_insert(keep);
            for open in self.open.take_all() {
                // What an earlier part may still change is held in the head of this one.
                if self.held.is_settled_at(&open) && lacks_its_end(&open) {
                    self.supersede(open, now, keep, output);
                } else {
                    self.emit(open, output);
                }
            }
            return;
        }
        self.close(ClosedBy::All, output);
    }

    /// Remembers an attempt that gave way.
    pub(super) fn supersede(
        &mut self,
        open: Box<OpenAttempt>,
        now: Option<Timestamp>,
        keep: &Keep,
        output: &mut dyn Output,
    ) {
        for over in self.superseded.push(open, now, keep) {
            hand_over(over, self.of_lambda, output);
        }
    }

    /// Returns whether an attempt of a request gave way.
    pub(super) fn is_superseded(&self, id: RequestId) -> bool {
        self.superseded.iter().chain(self.held.last()).any(|open| open.id() == Some(id) && lacks_its_end(open))
    }

    /// Notes that the stream mixes environments, if the platform or the runtime speaks of a request that gave way, or now of
    /// one that began out of view.
    pub(super) fn note_mixed(&mut self, record: &Statement<'_>, message: &Message<'_>, output: &mut dyn Output) {
        let id = match record {
            Statement::App(line) => line.id,
            record => id_that_ends(record),
        };
        let Some(id) = id.filter(|_| self.known_stream) else { return };
        if self.open.first_of(Some(id)).is_some() {
            return;
        }
        if self.is_superseded(id) || self.tells_of_another(record, message) {
            self.known_stream = false;
            self.doubt_running();
            // Of which environment it is, nothing tells.
            if self.pending.tells_of_error() {
                output.disordered(message.place);
            }
            self.tell_of_own(id, output);
        }
    }

    /// Appends the rest of an attempt that gave way. Returns what is to be handed over now: the attempt if it is whole, or what
    /// is no such rest.
    pub(super) fn rejoin(&mut self, rest: Box<OpenAttempt>) -> Option<Box<OpenAttempt>> {
        let Some(id) = rest.id().filter(|_| rest.lacks_start()) else { return Some(rest) };
        let Some(given) = &mut self.superseded.0 else { return Some(rest) };
        // What ended before another attempt of the event began is the end of an earlier one.
        let ended_at = rest.attempt.ended_at.or(rest.last_at);
        let goes_on = |open: &OpenAttempt| {
            let ended_before = ended_at.zip(open.attempt.started_at).is_some_and(|(end, start)| end < start);
            open.id() == Some(id) && lacks_its_end(open) && !ended_before
        };
        if let Some(at) = given.list.iter().rposition(|open| goes_on(open)) {
            let is_whole = rest.is_reported();
            given.list[at].append(rest, &given.keep);
            return is_whole.then(|| given.list.remove(at));
        }
        match self.held.last_mut().filter(|open| goes_on(open)) {
            Some(open) => {
                open.append(rest, &given.keep);
                None
            }
            None => Some(rest),
        }
    }
}

/// Returns the id of a request of which a line of the platform tells how it ended.
pub(super) fn id_that_ends(record: &Statement<'_>) -> Option<RequestId> {
    match record {
        Statement::End { id } | Statement::ExitedEarly { id } | Statement::RuntimeDone { id, .. } => Some(*id),
        Statement::TimedOut { id, .. } | Statement::UnreadableReport { id, .. } => *id,
        Statement::Report(report) => Some(report.id),
        Statement::Crash(crash) => crash.id,
        _ => None,
    }
}
