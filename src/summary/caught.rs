//! Events that a destination or a dead-letter queue caught, held against the attempts in the log.

use std::collections::{BTreeMap, BTreeSet};

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
}

impl Caught<'_> {
    /// Returns whether it is known at all.
    pub(super) fn is_known(&self) -> bool {
        self.named.is_some() || !self.recorded.is_empty()
    }

    pub(super) fn find(&self, request_id: RequestId, function: CaughtFunction<'_>) -> Option<&CaughtEvent> {
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
