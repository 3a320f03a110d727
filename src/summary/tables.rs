//! Names and facts of functions and findings, by id, after the last input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cause_key::{
    CAUSES_OF_A_FUNCTION, CauseKey, CausePlace, CauseTold, FailureKey, ToldInFunction, has_several_nameless,
    take_earlier,
};
use super::entries::{Entries, FINDINGS_OF_A_FUNCTION, NamedStreams, SharedTables};
use super::entry::unnamed_stream;
use super::findings::FindingFacts;
use super::names::{FindingKey, FunctionFacts, FunctionKey, NamelessOf};
use super::pieces::JoinedPieces;
use crate::model::{Place, Timestamp};

/// Merged tables of all workers.
pub(super) struct Tables {
    pub(super) functions: Vec<FunctionKey>,
    /// For every function, the id of the one under which it is counted.
    pub(super) canonical: Vec<u32>,
    /// A function and one without a name, or of its name, that have an attempt in common, which counts in both.
    in_two: Option<(u32, u32)>,
    pub(super) facts: FxHashMap<u32, FunctionFacts>,
    pub(super) versions: Vec<String>,
    pub(super) findings: Vec<FindingKey>,
    /// For every finding, the id of the one under which it is counted.
    finding_counted_under: Vec<u32>,
    finding_facts: FxHashMap<u32, Mutex<FindingFacts>>,
    /// Places of examples, and of those among them that are copies of other attempts.
    examples: FxHashSet<Place>,
    not_counted: Mutex<FxHashSet<Place>>,
    /// Starts of attempts of which an example is a piece, and whether it ended after that piece.
    begun: Mutex<FxHashMap<Place, (Option<Timestamp>, bool)>>,
    failure_keys: Vec<FailureKey>,
    /// For every failure, the finding and the cause that count it.
    pub(super) failures: Vec<FailureIds>,
    pub(super) causes: Vec<CauseKey>,
    /// Texts of causes, by function and cause.
    told: FxHashMap<(u32, u32), CauseTold>,
    told_in_function: FxHashMap<u32, ToldInFunction>,
    /// For every function, its place in the order of their keys.
    ranks: Vec<u32>,
    /// Whether more than one row is of functions without a name.
    pub(super) several_nameless: bool,
}

/// What may stand for the name of a function that the log does not tell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NamelessPlace<'a> {
    /// An input, by its number.
    Input(u32),
    /// A log group, or an input by the name that a record has of it.
    Told(&'a str),
}

/// Finding and cause of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FailureIds {
    pub(super) finding: u32,
    pub(super) cause: u32,
}

impl Tables {
    /// Makes the tables for what these workers found.
    pub(super) fn of(shared: &SharedTables, workers: &[Entries<'_>]) -> Self {
        let functions = shared.functions.keys();
        let named_streams = shared.named_streams.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = workers.iter().flat_map(|worker| &worker.functions);
        let attempts = attempts.flat_map(|(id, facts)| facts.least_attempts.iter().map(|hash| (*hash, *id)));
        let (canonical, in_two) = canonical(&functions, &named_streams, attempts);
        Self {
            canonical,
            in_two,
            ranks: Vec::new(),
            several_nameless: false,
            functions,
            facts: FxHashMap::default(),
            versions: shared.versions.keys(),
            findings: shared.findings.keys(),
            finding_counted_under: Vec::new(),
            finding_facts: FxHashMap::default(),
            examples: FxHashSet::default(),
            not_counted: Mutex::default(),
            begun: Mutex::default(),
            failure_keys: shared.failures.keys(),
            failures: Vec::new(),
            causes: Vec::new(),
            told: FxHashMap::default(),
            told_in_function: FxHashMap::default(),
        }
    }

    pub(super) fn merge(
        &mut self,
        functions: FxHashMap<u32, FunctionFacts>,
        findings: FxHashMap<u32, FindingFacts>,
        told: FxHashMap<u32, ToldInFunction>,
    ) {
        for (id, facts) in functions {
            self.facts.entry(self.canonical[id as usize]).or_default().merge(facts);
        }
        for (id, facts) in findings {
            self.merge_finding(id, facts);
        }
        for (function, told) in told {
            let known = self.told_in_function.entry(self.canonical[function as usize]).or_default();
            told.into_iter().for_each(|(place, told)| take_earlier(known, place, told));
        }
    }

    /// Takes the time limits of functions, in milliseconds.
    pub(super) fn learn_timeouts(&mut self, limits_ms: impl Iterator<Item = (u32, u64)>) {
        for (function, ms) in limits_ms {
            self.facts.entry(function).or_default().timeout_ms = Some(ms);
        }
    }

    fn merge_finding(&mut self, id: u32, facts: FindingFacts) {
        let known = self.finding_facts.entry(id).or_default();
        known.get_mut().unwrap_or_else(PoisonError::into_inner).merge(facts);
    }

    /// Moves a finding's facts out (called once), so examples are not held twice. Those that do not count, or that began
    /// outside of what was asked for, are left out.
    pub(super) fn take_finding(&self, id: u32, within: impl Fn(Option<Timestamp>) -> bool) -> FindingFacts {
        let facts = self.finding_facts.get(&id).map(|facts| facts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut facts = facts.map(|mut facts| std::mem::take(&mut *facts)).unwrap_or_default();
        let not_counted = self.not_counted.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        facts.begin(|place| begun.get(&place).copied());
        facts.keep(|at, place| within(at) && !not_counted.contains(&place));
        facts
    }

    /// Takes note of an attempt that is a copy of another one.
    pub(super) fn note_copy(&self, place: Place) {
        if self.examples.contains(&place) {
            self.not_counted.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
        }
    }

    /// Takes note of two pieces of one attempt: an example is the one whose verdict is that of the whole.
    pub(super) fn note_joined(&self, joined: &JoinedPieces) {
        let JoinedPieces { kept, piece, tells, started_at } = *joined;
        let (telling, other) = if tells { (piece, kept) } else { (kept, piece) };
        self.note_copy(other);
        if self.examples.contains(&telling) {
            self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(telling, (started_at, !tells));
        }
    }

    /// Returns the functions without a name of which a place is wanted. Called before they are settled: then the numbers of
    /// their inputs are gone.
    pub(super) fn nameless_at(&self, wanted: &dyn Fn(NamelessPlace<'_>) -> bool) -> FxHashSet<u32> {
        let is_nameless = |id: &u32| self.functions[*id as usize].name.is_none();
        let by_input = (0u32..).zip(&self.functions).filter_map(|(id, key)| match key.input {
            Some(NamelessOf::Input(input)) => wanted(NamelessPlace::Input(input)).then_some(id),
            _ => None,
        });
        let by_group = self.facts.iter().filter_map(|(id, facts)| {
            let groups = facts.log_groups.list();
            groups.iter().any(|group| wanted(NamelessPlace::Told(group))).then_some(*id)
        });
        let by_proof = self.finding_facts.iter().filter_map(|(finding, facts)| {
            let facts = facts.lock().unwrap_or_else(PoisonError::into_inner);
            let is_wanted = facts.inputs().any(|input| wanted(NamelessPlace::Told(input)));
            is_wanted.then(|| self.findings[*finding as usize].function)
        });
        let found = by_input.chain(by_group).chain(by_proof).map(|id| self.canonical[id as usize]);
        found.filter(is_nameless).collect()
    }

    /// Decides under which finding and which cause each failure is counted.
    pub(super) fn settle(&mut self) {
        self.settle_functions();
        // First, as findings past their bound lose their fingerprints.
        self.settle_causes();
        self.settle_findings();
        for failure in &mut self.failures {
            failure.finding = self.finding_counted_under[failure.finding as usize];
        }
        for facts in self.finding_facts.values_mut() {
            self.examples.extend(facts.get_mut().unwrap_or_else(PoisonError::into_inner).places());
        }
    }

    /// Names functions without a name by their attempts: the place of their input would differ between runs.
    fn settle_functions(&mut self) {
        for (id, key) in (0u32..).zip(&mut self.functions) {
            let Some(NamelessOf::Input(_)) = key.input else { continue };
            let facts = self.facts.get(&self.canonical[id as usize]);
            key.input = facts.map(|facts| NamelessOf::Attempts(facts.sum)).or(key.input);
        }
        self.several_nameless = has_several_nameless(&self.functions);
        self.ranks = ranks(&self.functions);
    }

    /// Returns the names of two functions that have an attempt in common, if one of them is wanted; `None` for a name that is
    /// unknown.
    pub(super) fn in_two(&self, wants: impl Fn(u32) -> bool) -> Option<[Option<String>; 2]> {
        let (one, other) = self.in_two.filter(|(one, other)| wants(*one) || wants(*other))?;
        Some([one, other].map(|id| self.functions[id as usize].name.clone()))
    }

    /// Returns what stands for the input of a function without a name in its records.
    pub(super) fn nameless(&self, function: u32) -> Option<u64> {
        match self.functions[function as usize].input {
            Some(NamelessOf::Attempts(hash)) => Some(hash),
            _ => None,
        }
    }

    /// Decides under which cause each failure is counted: past the bound of a function, the rest by code.
    fn settle_causes(&mut self) {
        let mut places: Vec<(u32, CausePlace, usize)> = Vec::with_capacity(self.failure_keys.len());
        for (failure, FailureKey { finding, shared }) in std::mem::take(&mut self.failure_keys).into_iter().enumerate()
        {
            let FindingKey { function, code, fingerprint } = &self.findings[finding as usize];
            let place = CausePlace::new(shared, code, fingerprint.as_deref());
            places.push((self.canonical[*function as usize], place, failure));
            self.failures.push(FailureIds { finding, cause: 0 });
        }
        places.sort_unstable();
        let mut ids: FxHashMap<CauseKey, u32> = FxHashMap::default();
        let (mut of, mut told, mut kept, mut last) = (None, ToldInFunction::default(), 0, None);
        for (function, place, failure) in places {
            if of != Some(function) {
                (of, kept, last) = (Some(function), 0, None);
                told = self.told_in_function.remove(&function).unwrap_or_default();
            }
            if let Some((same, id)) = &last
                && *same == place
            {
                self.failures[failure].cause = *id;
                continue;
            }
            kept += usize::from(!place.is_rest());
            let under = if kept > CAUSES_OF_A_FUNCTION { CausePlace::rest(place.code()) } else { place.clone() };
            let told = told.remove(&under);
            let key = CauseKey::new(under, function);
            let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            let id = *ids.entry(key.clone()).or_insert(next);
            if id == next {
                self.causes.push(key);
            }
            self.told.extend(told.map(|told| ((function, id), told)));
            self.failures[failure].cause = id;
            last = Some((place, id));
        }
    }

    /// Returns the texts of a cause in a function.
    pub(super) fn told(&self, function: u32, cause: u32) -> Option<&CauseTold> {
        self.told.get(&(function, cause))
    }

    /// Returns the place of a function in the order of their keys, unlike its id the same in every run.
    pub(super) fn rank(&self, function: u32) -> u32 {
        self.ranks.get(function as usize).copied().unwrap_or(u32::MAX)
    }

    /// Returns the code of a failure.
    pub(super) fn code_of(&self, failure: u32) -> Option<&str> {
        let ids = self.failures.get(failure as usize)?;
        self.findings.get(ids.finding as usize).map(|key| key.code.as_str())
    }

    /// Returns the id of the cause of a failure, as it is printed.
    pub(super) fn cause_id(&self, failure: u32) -> Option<String> {
        let ids = self.failures.get(failure as usize)?;
        self.causes.get(ids.cause as usize).map(|key| key.id(&self.functions, self.several_nameless))
    }

    /// Decides under which finding each one is counted: the same finding of a function that has two ids, and, past the
    /// bound, one without a fingerprint for each code.
    fn settle_findings(&mut self) {
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
}

/// Maps functions to ids: one named with its account or region in one input and without in another is the same
/// function, if that is unambiguous. `named_streams` has the functions that attempts name, by input and stream. Returns two
/// functions, too, that have an attempt in common and may be the same: one has no name, or both have one name.
fn canonical(
    functions: &[FunctionKey],
    named_streams: &NamedStreams,
    attempts: impl Iterator<Item = (u64, u32)>,
) -> (Vec<u32>, Option<(u32, u32)>) {
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
    // What a stream says of no function is of the only one that its attempts name, in any input; else of the only one of
    // the input. What is left of an input has one row, with the other inputs that have
    // a stream or an attempt of it.
    let mut of_input: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut of_stream: FxHashMap<u64, BTreeSet<u32>> = FxHashMap::default();
    for ((input, stream), named) in named_streams {
        let named: BTreeSet<u32> = named.iter().map(|id| canonical[*id as usize]).collect();
        if *stream != unnamed_stream() {
            of_stream.entry(*stream).or_default().extend(&named);
        }
        of_input.entry(*input).or_default().extend(named);
    }
    let mut nameless: Vec<u32> =
        (0u32..).take(functions.len()).filter(|id| functions[*id as usize].name.is_none()).collect();
    nameless.sort_by_key(|id| &functions[*id as usize]);
    let mut rows = JoinedRows::of(functions.len());
    let mut by_stream: FxHashMap<u64, u32> = FxHashMap::default();
    let mut by_input: BTreeMap<(NamelessOf, Option<&str>, Option<&str>), u32> = BTreeMap::new();
    for id in nameless {
        let key = &functions[id as usize];
        let input = match key.input {
            Some(NamelessOf::Input(input)) => Some(input),
            _ => None,
        };
        let own = input.zip(key.stream).and_then(|place| named_streams.get(&place));
        let own: BTreeSet<u32> = own.into_iter().flatten().map(|id| canonical[*id as usize]).collect();
        let named = only(&own)
            .or_else(|| key.stream.and_then(|stream| of_stream.get(&stream)).and_then(only))
            .or_else(|| input.and_then(|input| of_input.get(&input)).and_then(only));
        if let Some(named) = named {
            canonical[id as usize] = named;
            continue;
        }
        let Some(nameless) = key.input else { continue };
        let place = (nameless, key.account_id.as_deref(), key.region.as_deref());
        rows.join(id, *by_input.entry(place).or_insert(id));
        if let Some(stream) = key.stream.filter(|stream| *stream != unnamed_stream()) {
            rows.join(id, *by_stream.entry(stream).or_insert(id));
        }
    }
    let mut by_attempt: FxHashMap<u64, u32> = FxHashMap::default();
    let mut of_named = Vec::new();
    for (hash, id) in attempts {
        if rows.has(id) {
            rows.join(id, *by_attempt.entry(hash).or_insert(id));
        } else {
            of_named.push((hash, canonical[id as usize]));
        }
    }
    // What another input names the function of is of that function.
    let mut named: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (hash, function) in &of_named {
        if let Some(id) = by_attempt.get(hash) {
            named.entry(rows.row_of(*id)).or_default().insert(*function);
        }
    }
    for id in rows.members() {
        let row = rows.row_of(id);
        canonical[id as usize] = named.get(&row).and_then(only).unwrap_or(row);
    }
    of_named.sort_unstable();
    let name = |id: u32| &functions[id as usize].name;
    let with_named = of_named.windows(2).filter(|two| two[0].0 == two[1].0).map(|two| (two[0].1, two[1].1));
    let with_named = with_named.filter(|(one, other)| name(*one) == name(*other));
    let with_nameless = of_named.iter().filter_map(|(hash, function)| Some((*function, *by_attempt.get(hash)?)));
    let with_nameless = with_nameless.map(|(function, id)| (function, canonical[id as usize]));
    let in_two = with_named.chain(with_nameless).filter(|(one, other)| one != other);
    let in_two = in_two.min_by_key(|(one, other)| (&functions[*one as usize], &functions[*other as usize]));
    (canonical, in_two)
}

/// Rows that are joined, by id: each leads to the smallest of its ids.
struct JoinedRows(Vec<Option<u32>>);

impl JoinedRows {
    /// Makes so many rows, none of which is joined.
    fn of(rows: usize) -> Self {
        Self(vec![None; rows])
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.row_of(one), self.row_of(other));
        self.0[one.max(other) as usize] = Some(one.min(other));
        self.0[one.min(other) as usize] = Some(one.min(other));
    }

    fn row_of(&mut self, id: u32) -> u32 {
        let mut root = id;
        while let Some(under) = self.0[root as usize].filter(|under| *under != root) {
            root = under;
        }
        // Shorter for the next one.
        let mut at = id;
        while at != root {
            at = self.0[at as usize].replace(root).unwrap_or(root);
        }
        root
    }

    fn has(&self, id: u32) -> bool {
        self.0[id as usize].is_some()
    }

    fn members(&self) -> Vec<u32> {
        (0u32..).zip(&self.0).filter(|(_, under)| under.is_some()).map(|(id, _)| id).collect()
    }
}

/// Returns for every function its place in the order of their keys.
fn ranks(functions: &[FunctionKey]) -> Vec<u32> {
    let mut order: Vec<u32> = (0u32..).take(functions.len()).collect();
    order.sort_by_key(|id| &functions[*id as usize]);
    let mut ranks = vec![0; functions.len()];
    for (rank, id) in (0u32..).zip(order) {
        ranks[id as usize] = rank;
    }
    ranks
}

fn only(functions: &BTreeSet<u32>) -> Option<u32> {
    functions.first().copied().filter(|_| functions.len() == 1)
}
