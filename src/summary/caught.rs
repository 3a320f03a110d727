//! Events that a destination or a dead-letter queue caught, held against the attempts in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::chains::Outcome;
use super::entries::SharedTables;
use super::guidance::{Need, advise_unrun};
use super::names::FunctionKey;
use crate::account::{CaughtEvent, CaughtFunction, Destinations, UnseenEvent};
use crate::model::RequestId;
use crate::wire::{FunctionSummary, NeedsPersonGroup, moment};

/// What is known to have been caught.
pub(super) struct Caught<'a> {
    /// By the records that the user named.
    pub(super) named: Option<&'a Destinations>,
    /// By the records of earlier runs.
    pub(super) recorded: Destinations,
    /// Function of each request whose record names none, as far as the log tells one.
    pub(super) owners: DeadLetterOwners,
}

/// Functions of requests whose records name none: messages of dead-letter queues.
#[derive(Debug, Default)]
pub(super) struct DeadLetterOwners(FxHashMap<u128, Option<u32>>);

impl DeadLetterOwners {
    /// Decides which function each is of: the only one whose log has the request, or the only one in which it failed.
    pub(super) fn of(shared: &SharedTables, canonical: &[u32]) -> Self {
        let owner = |functions: &BTreeMap<u32, bool>| {
            let mut of_row: BTreeMap<u32, bool> = BTreeMap::new();
            for (id, failed) in functions {
                *of_row.entry(canonical.get(*id as usize).copied().unwrap_or(*id)).or_default() |= failed;
            }
            let mut failing = of_row.iter().filter(|(_, failed)| **failed);
            match (of_row.len(), failing.next(), failing.next()) {
                (1, ..) => of_row.first_key_value().map(|(id, _)| *id),
                (_, Some((only, _)), None) => Some(*only),
                _ => None,
            }
        };
        let functions =
            |known: &Mutex<BTreeMap<u32, bool>>| known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = shared.contested.iter().map(|(id, known)| (*id, functions(known)));
        Self(
            known
                .filter(|(_, functions)| !functions.is_empty())
                .map(|(id, functions)| (id, owner(&functions)))
                .collect(),
        )
    }

    /// Returns the number of requests that may be of several functions.
    pub(super) fn contested(&self) -> u64 {
        self.0.values().filter(|owner| owner.is_none()).count() as u64
    }
}

impl Caught<'_> {
    /// Returns whether it is known at all.
    pub(super) fn is_known(&self) -> bool {
        self.named.is_some() || !self.recorded.is_empty()
    }

    /// Returns what caught a request of a function, given also by its id.
    pub(super) fn find(
        &self,
        request_id: RequestId,
        (id, function): (u32, CaughtFunction<'_>),
    ) -> Option<&CaughtEvent> {
        if self.owners.0.get(&request_id.bits()).is_some_and(|owner| *owner != Some(id)) {
            self.named.into_iter().for_each(|events| events.note_seen(request_id));
            return self.recorded.find(request_id, function);
        }
        let named = self.named.and_then(|events| events.find(request_id, function));
        named.or_else(|| self.recorded.find(request_id, function))
    }

    /// Returns the events of which no attempt was seen. Those of earlier runs have attempts.
    pub(super) fn unseen(&self) -> Vec<UnseenEvent<'_>> {
        self.named.map(Destinations::unseen).unwrap_or_default()
    }

    /// Gives functions an id that only their caught events name.
    pub(super) fn name_functions(&self, shared: &SharedTables) {
        let Some(named) = self.named else { return };
        let mut known: BTreeSet<Option<String>> = shared.functions.keys().into_iter().map(|key| key.name).collect();
        for event in named.events() {
            if event.function.is_some() && known.insert(event.function.clone()) {
                shared.functions.id(&key_of(event));
            }
        }
    }
}

fn key_of(event: &CaughtEvent) -> FunctionKey {
    FunctionKey {
        name: event.function.clone(),
        account_id: event.account_id.clone(),
        region: event.region.clone(),
        ..FunctionKey::default()
    }
}

/// Finds the function of a caught event: the one with this name, of its account and region where several have the name.
pub(super) fn function_of(event: &CaughtEvent, functions: &[FunctionKey]) -> Option<u32> {
    event.function.as_ref()?;
    let same = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
    let is_it = |key: &FunctionKey| {
        key.name == event.function && same(&key.account_id, &event.account_id) && same(&key.region, &event.region)
    };
    functions.iter().position(is_it).and_then(|at| u32::try_from(at).ok())
}

/// Returns how an event ended, given what caught it. Lambda's count of attempts tells of those that the log lacks.
pub(super) fn settled_by(outcome: Outcome, caught: Option<&CaughtEvent>) -> (Outcome, Option<&CaughtEvent>) {
    let Some(event) = caught else { return (outcome, None) };
    match outcome {
        Outcome::FailedOnce if event.attempts.is_some_and(|attempts| attempts > 1) => (Outcome::Exhausted, caught),
        Outcome::FailedOnce | Outcome::Exhausted => (outcome, caught),
        _ => (outcome, None),
    }
}

/// Caught events of functions that never ran, by the id of the function: how many, and the first.
#[derive(Debug, Default)]
pub(super) struct Unrun(BTreeMap<u32, (u64, Option<CaughtEvent>)>);

impl Unrun {
    /// Returns the number of events.
    pub(super) fn events(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    /// Counts an event. They come in order of time.
    pub(super) fn add(&mut self, function: u32, event: &CaughtEvent) {
        let (count, first) = self.0.entry(function).or_default();
        *count += 1;
        first.get_or_insert_with(|| event.clone());
    }

    /// Adds the counts to the rows of these functions, and a row for each function of which nothing ran.
    pub(super) fn count(
        self,
        rows: &mut Vec<FunctionSummary>,
        row_ids: &mut Vec<u32>,
        keys: &[FunctionKey],
        canonical: &[u32],
    ) {
        for row in &mut *rows {
            row.never_ran = Some(0);
        }
        for (id, (count, first)) in self.0 {
            let id = canonical.get(id as usize).copied().unwrap_or(id);
            let at = row_ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                let key = keys.get(id as usize).cloned().unwrap_or_default();
                rows.push(FunctionSummary {
                    function: key.name,
                    account_id: key.account_id,
                    region: key.region,
                    caught: Some(0),
                    handled_errors: Some(0),
                    ..FunctionSummary::default()
                });
                row_ids.push(id);
                rows.len() - 1
            });
            let (Some(row), Some(first)) = (rows.get_mut(at), first) else { continue };
            row.never_ran = Some(row.never_ran.unwrap_or(0) + count);
            row.needs_person.events += count;
            row.needs_person.groups.push(group(count, &first));
            row.needs_person.groups.sort_by_key(|group| std::cmp::Reverse(group.events));
        }
    }
}

fn group(events: u64, first: &CaughtEvent) -> NeedsPersonGroup {
    let advice = advise_unrun();
    NeedsPersonGroup {
        need: Need::NeverRan.as_str().to_owned(),
        code: None,
        retry_guidance: Some(advice.word.to_owned()),
        retry_reason: Some(advice.reason.to_owned()),
        events,
        with_writes: 0,
        first_request_id: Some(first.request_id.to_string()),
        first_started_at: moment(first.at),
    }
}
