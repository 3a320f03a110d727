//! The events that somebody must look at, the worst of all functions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Entry;
use super::chains::Outcome;
use super::entry::Fact;
use super::guidance::{Advice, Need, advise_unrun};
use super::tables::Tables;
use crate::account::CaughtEvent;
use crate::model::{PartialWork, Place, RequestId, Timestamp};
use crate::wire::{CaughtBy, EventToCheck, moment};

/// Most events that are listed.
const LISTED: usize = 1_000;

/// The worst events so far, the least bad of them on top.
#[derive(Debug, Default)]
pub(super) struct ToCheck {
    worst: BinaryHeap<Event>,
}

/// Order of events, worst first: lost, run again after a success, possibly half done; in each those with writes, then by
/// work that may be done, then the earliest.
type Severity = (Need, Reverse<bool>, Reverse<u8>, Option<Timestamp>, u32, u128, Place);

#[derive(Debug)]
struct Event {
    severity: Severity,
    function: u32,
    request: Option<RequestId>,
    /// None if it never ran.
    outcome: Option<Outcome>,
    attempts: u32,
    /// What failed in the last attempt that failed.
    failure: Option<u32>,
    work: Option<PartialWork>,
    advice: Option<&'static Advice>,
    caught_by: Option<Box<CaughtBy>>,
}

impl ToCheck {
    /// Takes an event, given its attempts in order.
    pub(super) fn add(
        &mut self,
        attempts: &[Entry],
        (need, outcome): (Need, Outcome),
        advice: Option<&'static Advice>,
        caught: Option<&CaughtEvent>,
        (function, names): (u32, &Tables),
    ) {
        let Some(first) = attempts.first() else { return };
        let failed = || attempts.iter().filter(|attempt| attempt.category().is_failure());
        let writes = failed().any(|attempt| attempt.has(Fact::SideEffects));
        let work = failed().map(Entry::partial_work).max_by_key(|work| work.rank());
        let severity = (
            need,
            Reverse(writes),
            Reverse(work.map_or(0, PartialWork::rank)),
            first.started_at(),
            names.rank(function),
            first.request().map_or(0, RequestId::bits),
            first.place(),
        );
        if self.worst.len() >= LISTED && self.worst.peek().is_some_and(|last| severity >= last.severity) {
            return;
        }
        self.push(Event {
            severity,
            function,
            request: first.request(),
            outcome: Some(outcome),
            attempts: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
            failure: failed().next_back().map(|attempt| attempt.failure),
            work,
            advice,
            caught_by: caught.map(|event| Box::new(event.caught_by())),
        });
    }

    /// Takes an event that was caught before it ran.
    pub(super) fn add_unrun(&mut self, event: &CaughtEvent, function: u32, names: &Tables) {
        let id = event.request_id;
        let place = Place::default();
        let severity = (Need::NeverRan, Reverse(false), Reverse(0), event.at, names.rank(function), id.bits(), place);
        self.push(Event {
            severity,
            function,
            request: Some(id),
            outcome: None,
            attempts: 0,
            failure: None,
            work: None,
            advice: Some(advise_unrun()),
            caught_by: Some(Box::new(event.caught_by())),
        });
    }

    fn push(&mut self, event: Event) {
        self.worst.push(event);
        if self.worst.len() > LISTED {
            self.worst.pop();
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        other.worst.into_iter().for_each(|event| self.push(event));
    }

    /// Returns the events, worst first.
    pub(super) fn list(self, names: &Tables) -> Vec<EventToCheck> {
        self.worst.into_sorted_vec().iter().map(|event| event.to_check(names)).collect()
    }
}

impl Event {
    fn to_check(&self, names: &Tables) -> EventToCheck {
        let key = &names.functions[self.function as usize];
        let (need, Reverse(side_effects), _, first_started_at, ..) = self.severity;
        EventToCheck {
            function: key.name.clone(),
            account_id: key.account_id.clone(),
            region: key.region.clone(),
            request_id: self.request.map(|id| id.to_string()),
            need: need.as_str().to_owned(),
            outcome: self.outcome.map_or(need.as_str(), Outcome::as_str).to_owned(),
            attempts: self.attempts,
            first_started_at: moment(first_started_at),
            code: self.failure.and_then(|id| names.code_of(id)).map(str::to_owned),
            cause: self.failure.and_then(|id| names.cause_id(id)),
            partial_work: self.work.map(|work| work.as_str().to_owned()),
            side_effects,
            retry_guidance: self.advice.map(|advice| advice.word.to_owned()),
            retry_reason: self.advice.map(|advice| advice.reason.to_owned()),
            caught_by: self.caught_by.as_deref().cloned(),
        }
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.severity.cmp(&other.severity)
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Event {}
