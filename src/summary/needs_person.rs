//! Events that need a person: counted for every function, the earliest as examples, all of them for the ledger.

use std::collections::BTreeMap;

use super::Entry;
use super::chains::Outcome;
use super::entry::Fact;
use super::entry::NO_FAILURE;
use super::guidance::{Advice, Need, advise_unrun};
use super::names::FunctionKey;
use super::retries;
use super::tables::Tables;
use crate::account::CaughtEvent;
use crate::catalogue;
use crate::model::{Place, RequestId, Timestamp};
use crate::wire::{NeedsPerson, NeedsPersonExample, NeedsPersonGroup, moment};

/// Most examples kept per function.
const EXAMPLES: usize = 5;

type LedgerOrder = (Option<Timestamp>, u128);

/// Counts of one function's events that need a person, and the earliest as examples.
#[derive(Debug, Default)]
pub(super) struct NeedsPersonCounts {
    events: u64,
    possibly_half_done: u64,
    groups: BTreeMap<NeedKind, Group>,
    examples: Vec<(LedgerOrder, NeedsPersonExample)>,
}

/// What the events of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NeedKind {
    need: &'static str,
    code: Option<&'static str>,
    /// Word and reason of the advice.
    advice: Option<(&'static str, &'static str)>,
}

/// Counts of a group, and its earliest event.
#[derive(Clone, Copy, Debug)]
struct Group {
    events: u64,
    with_writes: u64,
    first: LedgerOrder,
}

/// Returns the place of an event in the ledger.
fn order_of(first: &Entry) -> LedgerOrder {
    (first.started_at(), first.request().map_or(0, RequestId::bits))
}

/// Returns the code of the last attempt that failed.
fn code_of<'n>(attempts: &[Entry], names: &'n Tables) -> Option<&'n str> {
    let failed = attempts.iter().rfind(|attempt| attempt.failure != NO_FAILURE)?;
    names.code_of(failed.failure)
}

fn shows_writes(attempts: &[Entry]) -> bool {
    attempts.iter().any(|one| one.category().is_failure() && one.has(Fact::SideEffects))
}

impl NeedsPersonCounts {
    /// Counts an event.
    pub(super) fn count(&mut self, attempts: &[Entry], need: Need, advice: Option<&'static Advice>, names: &Tables) {
        self.events += 1;
        self.possibly_half_done += u64::from(need == Need::PossiblyHalfDone);
        let Some(order) = attempts.first().map(order_of) else { return };
        let code = code_of(attempts, names).and_then(catalogue::code).map(|code| code.id);
        let advice = advice.map(|advice| (advice.word, advice.reason));
        let group = Group { events: 1, with_writes: u64::from(shows_writes(attempts)), first: order };
        self.add_to_group(NeedKind { need: need.as_str(), code, advice }, group);
    }

    fn add_to_group(&mut self, key: NeedKind, more: Group) {
        let group = self.groups.entry(key).or_insert(Group { events: 0, with_writes: 0, ..more });
        group.events += more.events;
        group.with_writes += more.with_writes;
        group.first = group.first.min(more.first);
    }

    /// Adds the counts of another function, without its examples.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.events += other.events;
        self.possibly_half_done += other.possibly_half_done;
    }

    /// Adds the examples of later events of the same function.
    pub(super) fn append_examples(&mut self, other: Self) {
        for (key, group) in other.groups {
            self.add_to_group(key, group);
        }
        for (order, example) in other.examples {
            self.insert(order, example);
        }
    }

    fn insert(&mut self, order: LedgerOrder, example: NeedsPersonExample) {
        let at = self.examples.partition_point(|(known, _)| *known <= order);
        self.examples.insert(at, (order, example));
        self.examples.truncate(EXAMPLES);
    }

    /// Keeps an event as an example if it is among the earliest.
    pub(super) fn example(&mut self, attempts: &[Entry], need: Need, advice: Option<&'static Advice>, names: &Tables) {
        let Some(first) = attempts.first() else { return };
        let order = order_of(first);
        if self.examples.len() == EXAMPLES && self.examples.last().is_some_and(|(last, _)| order >= *last) {
            return;
        }
        let example = NeedsPersonExample {
            request_id: first.request().map(|id| id.to_string()),
            need: need.as_str().to_owned(),
            attempts: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
            first_started_at: moment(first.started_at()),
            code: code_of(attempts, names).map(str::to_owned),
            retry_guidance: advice.map(|advice| advice.word.to_owned()),
            retry_reason: advice.map(|advice| advice.reason.to_owned()),
            side_effects: shows_writes(attempts),
        };
        self.insert(order, example);
    }

    /// Returns the groups, most events first.
    fn groups(&self) -> Vec<NeedsPersonGroup> {
        let mut groups: Vec<(&NeedKind, &Group)> = self.groups.iter().collect();
        groups.sort_by_key(|(key, group)| (std::cmp::Reverse(group.events), **key));
        let group = |(key, group): (&NeedKind, &Group)| NeedsPersonGroup {
            need: key.need.to_owned(),
            code: key.code.map(str::to_owned),
            retry_guidance: key.advice.map(|(word, _)| word.to_owned()),
            retry_reason: key.advice.map(|(_, reason)| reason.to_owned()),
            events: group.events,
            with_writes: group.with_writes,
            first_request_id: (group.first.1 > 0).then(|| RequestId::from_bits(group.first.1).to_string()),
            first_started_at: moment(group.first.0),
        };
        groups.into_iter().map(group).collect()
    }

    pub(super) fn counts(&self) -> NeedsPerson {
        NeedsPerson {
            events: self.events,
            possibly_half_done: self.possibly_half_done,
            groups: self.groups(),
            examples: self.examples.iter().map(|(_, example)| example.clone()).collect(),
        }
    }
}

/// Event that needs a person, with all that the final pass knows of it. The rest is in the records.
#[derive(Debug)]
pub struct LedgerEvent {
    /// Reason why it needs a person.
    pub need: Need,
    /// Outcome of the event; none if it never ran.
    pub outcome: Option<Outcome>,
    /// Advice on the event.
    pub advice: Option<&'static Advice>,
    /// Places of the attempts' first lines, in order.
    pub places: Vec<Place>,
    /// Gaps between attempts: how each fits Lambda's schedule, and its milliseconds from end to next start.
    pub gaps: Vec<(&'static str, Option<i64>)>,
    /// What caught it.
    pub caught: Option<CaughtEvent>,
    function: u32,
    order: LedgerOrder,
}

impl LedgerEvent {
    /// Makes the event of a caught one that never ran.
    pub(super) fn never_ran(event: &CaughtEvent, function: u32) -> Self {
        Self {
            need: Need::NeverRan,
            outcome: None,
            advice: Some(advise_unrun()),
            places: Vec::new(),
            gaps: Vec::new(),
            caught: Some(event.clone()),
            function,
            order: (event.at, event.request_id.bits()),
        }
    }

    pub(super) fn new(
        function: u32,
        attempts: &[Entry],
        (need, outcome): (Need, Outcome),
        advice: Option<&'static Advice>,
        caught: Option<&CaughtEvent>,
    ) -> Self {
        let first = attempts.first();
        let request = first.and_then(Entry::request).map_or(0, crate::model::RequestId::bits);
        Self {
            need,
            outcome: Some(outcome),
            advice,
            caught: caught.cloned(),
            places: attempts.iter().map(Entry::place).collect(),
            gaps: retries::gaps(attempts).map(|(gap, ms)| (gap.as_str(), ms)).collect(),
            function,
            order: (first.and_then(Entry::started_at), request),
        }
    }

    /// Returns the sort key: function, then start.
    pub(super) fn order<'k>(&self, functions: &'k [FunctionKey]) -> (Option<&'k FunctionKey>, LedgerOrder) {
        (functions.get(self.function as usize), self.order)
    }
}
