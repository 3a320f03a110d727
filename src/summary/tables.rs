//! Names and facts of functions and findings, by id, after the last input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::entries::{FINDINGS_OF_A_FUNCTION, SharedTables};
use super::findings::FindingFacts;
use super::names::{FindingKey, FunctionFacts, FunctionKey};

/// Merged tables of all workers.
pub(super) struct Tables {
    pub(super) functions: Vec<FunctionKey>,
    /// For every function, the id of the one under which it is counted.
    pub(super) canonical: Vec<u32>,
    pub(super) facts: FxHashMap<u32, FunctionFacts>,
    pub(super) versions: Vec<String>,
    pub(super) findings: Vec<FindingKey>,
    /// For every finding, the id of the one under which it is counted.
    pub(super) finding_counted_under: Vec<u32>,
    finding_facts: FxHashMap<u32, Mutex<FindingFacts>>,
}

impl Tables {
    pub(super) fn of(shared: &SharedTables) -> Self {
        let functions = shared.functions.keys();
        Self {
            canonical: canonical(&functions, &shared.named_streams.lock().unwrap_or_else(PoisonError::into_inner)),
            functions,
            facts: FxHashMap::default(),
            versions: shared.versions.keys(),
            findings: shared.findings.keys(),
            finding_counted_under: Vec::new(),
            finding_facts: FxHashMap::default(),
        }
    }

    pub(super) fn merge(&mut self, functions: FxHashMap<u32, FunctionFacts>, findings: FxHashMap<u32, FindingFacts>) {
        for (id, facts) in functions {
            self.facts.entry(self.canonical[id as usize]).or_default().merge(facts);
        }
        for (id, facts) in findings {
            self.merge_finding(id, facts);
        }
    }

    fn merge_finding(&mut self, id: u32, facts: FindingFacts) {
        let known = self.finding_facts.entry(id).or_default();
        known.get_mut().unwrap_or_else(PoisonError::into_inner).merge(facts);
    }

    /// Moves a finding's facts out (called once), so examples are not held twice.
    pub(super) fn take_finding(&self, id: u32) -> FindingFacts {
        let facts = self.finding_facts.get(&id).map(|facts| facts.lock().unwrap_or_else(PoisonError::into_inner));
        facts.map(|mut facts| std::mem::take(&mut *facts)).unwrap_or_default()
    }

    /// Decides under which finding each one is counted: the same finding of a function that has two ids, and, past the
    /// bound, one without a fingerprint for each code.
    pub(super) fn settle_findings(&mut self) {
        let mut order: Vec<u32> = (0u32..).take(self.findings.len()).collect();
        let place = |key: &FindingKey, canonical: &[u32]| {
            (canonical[key.function as usize], key.code.clone(), key.fingerprint.clone())
        };
        order.sort_by_cached_key(|id| place(&self.findings[*id as usize], &self.canonical));
        self.finding_counted_under.clone_from(&order);
        let (mut function, mut kept, mut last) = (None, 0, None);
        let mut rest: BTreeMap<String, u32> = BTreeMap::new();
        for id in order {
            let key = self.findings[id as usize].clone();
            let place = place(&key, &self.canonical);
            if function != Some(place.0) {
                (function, kept, last) = (Some(place.0), 0, None);
                rest.clear();
            }
            let under = match &last {
                Some((same, first)) if *same == place => *first,
                _ if kept < FINDINGS_OF_A_FUNCTION => {
                    kept += 1;
                    id
                }
                _ => *rest.entry(key.code).or_insert(id),
            };
            last = Some((place, under));
            self.finding_counted_under[id as usize] = under;
            let facts =
                self.finding_facts.remove(&id).map(|facts| facts.into_inner().unwrap_or_else(PoisonError::into_inner));
            if rest.values().any(|one| *one == under) {
                // Examples of these are dropped: which worker has them depends on what else it read.
                self.findings[under as usize].fingerprint = None;
            } else if let Some(facts) = facts {
                self.merge_finding(under, facts);
            }
        }
    }

    pub(super) fn timeout_ms(&self, function: u32) -> Option<u64> {
        self.facts.get(&function).and_then(|facts| facts.timeout).map(|(_, ms)| ms)
    }
}

/// Maps functions to ids: one named with its account or region in one input and without in another is the same
/// function, if that is unambiguous. `named_streams` has the functions that attempts name, by input and stream.
fn canonical(functions: &[FunctionKey], named_streams: &BTreeMap<(u32, u64), BTreeSet<u32>>) -> Vec<u32> {
    let mut by_name: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (id, key) in (0u32..).zip(functions) {
        if let Some(name) = &key.name {
            by_name.entry(name).or_default().push(id);
        }
    }
    let mut canonical: Vec<u32> = (0u32..).take(functions.len()).collect();
    for ids in by_name.values().filter(|ids| ids.len() > 1) {
        let full =
            |id: &&u32| functions[**id as usize].account_id.is_some() || functions[**id as usize].region.is_some();
        let mut named = ids.iter().filter(full);
        if let (Some(only), None) = (named.next(), named.next()) {
            for id in ids {
                canonical[*id as usize] = *only;
            }
        }
    }
    // What a stream says of no function is of the only one that its attempts name, else of the only one of the input. What
    // is left of an input has one row.
    let mut of_input: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for ((input, _), named) in named_streams {
        of_input.entry(*input).or_default().extend(named.iter().map(|id| canonical[*id as usize]));
    }
    let mut nameless: Vec<u32> =
        (0u32..).take(functions.len()).filter(|id| functions[*id as usize].name.is_none()).collect();
    nameless.sort_by_key(|id| &functions[*id as usize]);
    let mut rest: BTreeMap<FunctionKey, u32> = BTreeMap::new();
    for id in nameless {
        let key = &functions[id as usize];
        let of_stream = key.input.zip(key.stream).and_then(|stream| named_streams.get(&stream));
        let of_stream: BTreeSet<u32> = of_stream.into_iter().flatten().map(|id| canonical[*id as usize]).collect();
        let of_input = key.input.and_then(|input| of_input.get(&input));
        canonical[id as usize] = only(&of_stream)
            .or_else(|| of_input.and_then(only))
            .unwrap_or_else(|| *rest.entry(FunctionKey { stream: None, ..key.clone() }).or_insert(id));
    }
    canonical
}

fn only(functions: &BTreeSet<u32>) -> Option<u32> {
    functions.first().copied().filter(|_| functions.len() == 1)
}
