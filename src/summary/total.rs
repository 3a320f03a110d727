//! The final pass: all entries in order, duplicates dropped, attempts joined to events, rows and totals added up.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::chains::{drop_duplicates, outcome};
use super::findings::FindingFacts;
use super::function::Counts;
use super::ledger::{Ledger, Shared};
use super::names::{FindingKey, FunctionFacts, FunctionKey};
use super::{Entry, runs};
use crate::model::{Place, Timestamp};
use crate::wire::{Finding, FunctionSummary, Window, moment};

/// Which attempts count.
pub struct Bounds<'a> {
    /// Those that start at or after this moment.
    pub from: Option<Timestamp>,
    /// Those that start at or before this moment.
    pub to: Option<Timestamp>,
    /// Those that start within so many milliseconds before the end of the window.
    pub since_ms: Option<i64>,
    /// Those of functions with such a name.
    pub wanted: &'a dyn Fn(Option<&str>) -> bool,
}

impl Bounds<'_> {
    fn hold(&self, entry: &Entry, from: Option<Timestamp>) -> bool {
        let start = entry.started_at();
        let after = from.is_none() || start.is_some_and(|start| Some(start) >= from);
        let before = self.to.is_none() || start.is_some_and(|start| Some(start) <= self.to);
        after && before
    }
}

/// What all attempts add up to.
#[derive(Debug)]
pub struct Totals {
    /// The time they cover.
    pub window: Window,
    /// All functions together.
    pub totals: FunctionSummary,
    /// One row a function, worst first.
    pub functions: Vec<FunctionSummary>,
    /// Attempts that were read more than once.
    pub duplicates: u64,
    /// What the records can only learn now.
    pub patches: Patches,
}

/// What a record can only learn after the last input.
#[derive(Debug, Default)]
pub struct Patches {
    /// Attempts by number, where it is not 1, by the place of their first line.
    numbers: FxHashMap<Place, u32>,
    /// Records of attempts that were read twice or lie outside of the bounds.
    dropped: FxHashSet<Place>,
    /// Time limits of functions, by their id.
    timeouts_ms: FxHashMap<u32, u64>,
}

impl Patches {
    /// The number of an attempt within its event; `None` where its record is to be left out.
    #[must_use]
    pub fn attempt_number(&self, place: Place) -> Option<u32> {
        (!self.dropped.contains(&place)).then(|| self.numbers.get(&place).copied().unwrap_or(1))
    }

    /// The time limit of a function.
    #[must_use]
    pub fn timeout_ms(&self, function: u32) -> Option<u64> {
        self.timeouts_ms.get(&function).copied()
    }
}

/// Adds up the ledgers of all workers. `keep_patches` is for runs whose records are wanted.
#[must_use]
pub fn summarize(shared: &Shared, ledgers: Vec<Ledger<'_>>, bounds: &Bounds<'_>, keep_patches: bool) -> Totals {
    let mut names = Tables::of(shared);
    let mut runs = Vec::with_capacity(ledgers.len());
    let (mut first, mut last) = (None::<Timestamp>, None::<Timestamp>);
    for ledger in ledgers {
        first = [first, ledger.first_start].into_iter().flatten().min();
        last = last.max(ledger.last_end);
        names.merge(ledger.functions, ledger.findings);
        runs.push(ledger.runs);
    }
    let end = bounds.to.or(last);
    let since = bounds.since_ms.zip(end).and_then(|(since, end)| Timestamp::from_ms(end.ms() - since));
    let from = bounds.from.max(since);
    let start = from.max(first);
    let window_ms = start.zip(end).map_or(0, |(start, end)| end.ms_since(start).max(0));
    let mut pass = Pass {
        names: &names,
        bounds,
        from,
        end,
        window_ms,
        keep_patches,
        all: Counts::over(window_ms),
        rows: Vec::new(),
        duplicates: 0,
        patches: Patches::default(),
    };
    pass.run(runs::merged(runs, &names.canonical));
    let given = bounds.to.is_some() || from.is_some();
    pass.finish(Window {
        start: moment(start),
        end: moment(end),
        source: if given { "given" } else { "observed" }.to_owned(),
    })
}

/// Names and facts by id, after the last input.
struct Tables {
    functions: Vec<FunctionKey>,
    /// For every function, the id of the one that it is counted under.
    canonical: Vec<u32>,
    facts: FxHashMap<u32, FunctionFacts>,
    versions: Vec<String>,
    findings: Vec<FindingKey>,
    finding_facts: FxHashMap<u32, FindingFacts>,
}

impl Tables {
    fn of(shared: &Shared) -> Self {
        let functions = shared.functions.keys();
        Self {
            canonical: canonical(&functions),
            functions,
            facts: FxHashMap::default(),
            versions: shared.versions.keys(),
            findings: shared.findings.keys(),
            finding_facts: FxHashMap::default(),
        }
    }

    fn merge(&mut self, functions: FxHashMap<u32, FunctionFacts>, findings: FxHashMap<u32, FindingFacts>) {
        for (id, facts) in functions {
            self.facts.entry(self.canonical[id as usize]).or_default().merge(facts);
        }
        for (id, facts) in findings {
            self.finding_facts.entry(id).or_default().merge(facts);
        }
    }

    fn timeout_ms(&self, function: u32) -> Option<u64> {
        self.facts.get(&function).and_then(|facts| facts.timeout).map(|(_, ms)| ms)
    }
}

/// A function that one input names with its account and another without is one function, where that is unambiguous.
fn canonical(functions: &[FunctionKey]) -> Vec<u32> {
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
    canonical
}

/// The state of the final pass.
struct Pass<'a> {
    names: &'a Tables,
    bounds: &'a Bounds<'a>,
    from: Option<Timestamp>,
    end: Option<Timestamp>,
    window_ms: i64,
    keep_patches: bool,
    all: Counts,
    rows: Vec<FunctionSummary>,
    duplicates: u64,
    patches: Patches,
}

impl Pass<'_> {
    fn run(&mut self, entries: impl Iterator<Item = Entry>) {
        let mut event: Vec<Entry> = Vec::new();
        let mut current: Option<(u32, Counts)> = None;
        for entry in entries {
            if current.as_ref().is_none_or(|(function, _)| *function != entry.function) {
                self.settle(&mut event, current.as_mut());
                self.close(current.take());
                current = Some((entry.function, Counts::over(self.window_ms)));
            }
            let goes_on = event.first().is_some_and(|first| continues(first, &entry));
            if !goes_on {
                self.settle(&mut event, current.as_mut());
            }
            event.push(entry);
        }
        self.settle(&mut event, current.as_mut());
        self.close(current);
    }

    /// An event is whole: drops what was read twice and counts the rest.
    fn settle(&mut self, event: &mut Vec<Entry>, current: Option<&mut (u32, Counts)>) {
        let Some((function, counts)) = current else { return };
        let name = self.names.functions[*function as usize].name.as_deref();
        let outside = |entry: &Entry| !(self.bounds.wanted)(name) || !self.bounds.hold(entry, self.from);
        let (patches, keep) = (&mut self.patches, self.keep_patches);
        let mut drop = |entry: &Entry| {
            if keep {
                patches.dropped.insert(entry.place());
            }
        };
        event.retain(|entry| {
            let out = outside(entry);
            if out {
                drop(entry);
            }
            !out
        });
        self.duplicates += drop_duplicates(event, drop);
        if event.is_empty() {
            return;
        }
        if event[0].is_environment() {
            for entry in event.drain(..) {
                counts.add_environment(&entry);
                self.all.add_environment(&entry);
            }
            return;
        }
        if keep {
            for (number, entry) in (1u32..).zip(event.iter()).skip(1) {
                self.patches.numbers.insert(entry.place(), number);
            }
        }
        let timeout_ms = self.names.timeout_ms(*function);
        let outcome = outcome(event, self.end);
        counts.add_event(event, outcome, timeout_ms);
        self.all.add_event(event, outcome, timeout_ms);
        event.clear();
    }

    fn close(&mut self, function: Option<(u32, Counts)>) {
        let Some((id, counts)) = function else { return };
        let names = self.names;
        let timeout_ms = names.timeout_ms(id);
        if let (Some(ms), true) = (timeout_ms, self.keep_patches) {
            self.patches.timeouts_ms.insert(id, ms);
        }
        if counts.is_empty() {
            return;
        }
        let key = &names.functions[id as usize];
        let facts = names.facts.get(&id);
        let mut row = counts.row(timeout_ms);
        row.function.clone_from(&key.name);
        row.account_id.clone_from(&key.account_id);
        row.region.clone_from(&key.region);
        row.runtime = facts.and_then(|facts| facts.runtime.as_ref()).map(|(_, runtime)| runtime.clone());
        row.log_groups = facts.map(|facts| facts.log_groups.iter().cloned().collect()).unwrap_or_default();
        row.versions =
            counts.versions.iter().filter_map(|id| names.versions.get(usize::from(*id) - 1).cloned()).collect();
        row.versions.sort_unstable();
        row.findings = findings(names, &counts);
        self.rows.push(row);
    }

    fn finish(self, window: Window) -> Totals {
        let mut functions = self.rows;
        functions.sort_by(worst_first);
        let near_timeout = functions.iter().filter_map(|row| row.near_timeout).reduce(|a, b| a + b);
        let totals = FunctionSummary { near_timeout, ..self.all.row(None) };
        Totals { window, totals, functions, duplicates: self.duplicates, patches: self.patches }
    }
}

/// Whether an entry belongs to the same event (or the same environment read twice).
fn continues(first: &Entry, entry: &Entry) -> bool {
    match (first.request(), entry.request()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            first.is_environment() == entry.is_environment()
                && first.stream == entry.stream
                && first.started_at().is_some()
                && first.started_at() == entry.started_at()
        }
        _ => false,
    }
}

fn findings(names: &Tables, counts: &Counts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = counts
        .findings
        .iter()
        .map(|(id, finding)| {
            let key = &names.findings[*id as usize];
            finding.finding(key, names.finding_facts.get(id), &names.versions, &counts.traffic)
        })
        .collect();
    findings.sort_by(|a, b| (b.count, &a.code, &a.fingerprint).cmp(&(a.count, &b.code, &b.fingerprint)));
    findings
}

/// Most failures first; then what has more attempts; then by name.
fn worst_first(a: &FunctionSummary, b: &FunctionSummary) -> std::cmp::Ordering {
    let rank = |row: &FunctionSummary| (row.failed, row.environment_failures, row.attempts);
    let name = |row: &FunctionSummary| (row.function.clone(), row.account_id.clone(), row.region.clone());
    rank(b).cmp(&rank(a)).then_with(|| name(a).cmp(&name(b)))
}
