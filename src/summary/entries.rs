//! The results of one worker: every attempt as an entry, with names and examples.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::cause_key::{CausePlace, FailureKey, Shared, ToldInFunction, tell};
use super::entry::{Entry, EntryNames, Fact, NO_FAILURE, is_cut, unnamed_stream};
use super::few::Few;
use super::findings::{ExampleAttempt, ExampleChoice, FindingFacts};
use super::insights::{Reading, Readings};
use super::learnt::Learnt;
use super::names::{FindingKey, FunctionFacts, FunctionKey, IdTable, NamelessOf};
use super::record::attempt_of;
use super::runs::{Room, Runs};
use crate::account::Destinations;
use crate::model::{Attempt, InsightsReading, LoggedFunction, Origin, Place, Timestamp, Verdict};
use crate::wire::{Record, Redaction, stream_hash};

/// Most findings of one function that are kept apart: the first by code and fingerprint, whatever the order of arrival.
/// This bounds the memory of a log whose every error is different.
pub(super) const FINDINGS_OF_A_FUNCTION: usize = 256;

/// Tables that all workers share.
#[derive(Debug, Default)]
pub(crate) struct SharedTables {
    pub(super) functions: IdTable<FunctionKey>,
    pub(super) versions: IdTable<String>,
    pub(super) findings: IdTable<FindingKey>,
    pub(super) failures: IdTable<FailureKey>,
    /// By input and stream that do not name the function, the functions that attempts name.
    pub(super) named_streams: Mutex<NamedStreams>,
    /// Number of entries that all workers hold in memory.
    pub(super) in_memory: Room,
    /// Events that records of earlier runs say were caught.
    caught: Mutex<Destinations>,
    /// Requests in records that do not name a function, each with the functions whose log has it, and whether it failed there.
    pub(super) contested: FxHashMap<u128, Mutex<BTreeMap<u32, bool>>>,
    /// Which attempts are examples of findings.
    examples: ExampleChoice,
}

impl SharedTables {
    /// Makes empty tables. `destinations` are the records of caught events that were given.
    #[must_use]
    pub(crate) fn new(examples: ExampleChoice, destinations: Option<&Destinations>) -> Self {
        let contested = destinations.into_iter().flat_map(Destinations::without_function);
        let contested = contested.map(|id| (id.bits(), Mutex::default())).collect();
        Self { examples, contested, ..Self::default() }
    }

    /// Lists the functions that the log of these entries names.
    #[must_use]
    pub(crate) fn logged(&self, entries: &[Entries<'_>]) -> Vec<LoggedFunction> {
        let versions = self.versions.keys();
        let mut failed: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        for (function, version) in entries.iter().flat_map(|entries| &entries.failed) {
            let name = usize::from(*version).checked_sub(1).and_then(|at| versions.get(at));
            let number = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            failed.entry(*function).or_default().extend(number.cloned());
        }
        let logged = self.functions.keys().into_iter().zip(0u32..).filter_map(|(key, id)| {
            let FunctionKey { name, account_id, region, .. } = key;
            let failed_versions = failed.remove(&id);
            let failed = failed_versions.is_some();
            let failed_versions = failed_versions.unwrap_or_default();
            Some(LoggedFunction { name: name?, account_id, region, failed, failed_versions })
        });
        let mut logged: Vec<LoggedFunction> = logged.collect();
        logged.sort();
        logged
    }

    /// Takes out what records say was caught.
    pub(super) fn take_caught(&self) -> Destinations {
        std::mem::take(&mut self.caught.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Functions by input and stream.
pub(super) type NamedStreams = BTreeMap<(u32, u64), BTreeSet<u32>>;

/// Ids of a stream in entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamNames {
    pub(super) function: u32,
    pub(super) stream: u64,
    /// Whether the name of the function is unknown.
    is_nameless: bool,
}

impl StreamNames {
    /// Returns the id of the function in this run, by which [`super::Patches`] finds it.
    #[must_use]
    pub(crate) fn function(&self) -> u32 {
        self.function
    }
}

/// Collection of one worker's attempts and verdicts.
#[derive(Debug)]
pub(crate) struct Entries<'s> {
    pub(super) shared: &'s SharedTables,
    pub(super) runs: Runs,
    /// What Lambda Insights measured.
    pub(super) readings: Readings,
    pub(super) functions: FxHashMap<u32, FunctionFacts>,
    pub(super) findings: FxHashMap<u32, FindingFacts>,
    /// Texts of causes, by function.
    pub(super) told: FxHashMap<u32, ToldInFunction>,
    /// Findings that have facts, by function.
    kept: FxHashMap<u32, Few<(String, Option<String>), u32>>,
    pub(super) learnt: Learnt,
    last_version: Option<(Box<str>, u16)>,
    /// Functions and versions with failed attempts.
    failed: FxHashSet<(u32, u16)>,
}

impl<'s> Entries<'s> {
    /// Makes an empty collection.
    #[must_use]
    pub(crate) fn new(shared: &'s SharedTables) -> Self {
        Self {
            shared,
            runs: Runs::default(),
            readings: Readings::default(),
            functions: FxHashMap::default(),
            findings: FxHashMap::default(),
            told: FxHashMap::default(),
            kept: FxHashMap::default(),
            learnt: Learnt::default(),
            last_version: None,
            failed: FxHashSet::default(),
        }
    }

    /// Adds the stream of an input and returns its ids.
    pub(crate) fn stream(&mut self, origin: &Origin<String>, input: u32) -> StreamNames {
        self.stream_of(origin, NamelessOf::Input(input))
    }

    fn stream_of(&mut self, origin: &Origin<String>, nameless: NamelessOf) -> StreamNames {
        let stream = origin.log_stream.as_deref().map_or_else(unnamed_stream, |stream| xxh3_64(stream.as_bytes()));
        self.stream_by(origin, stream, nameless)
    }

    fn stream_by(&mut self, origin: &Origin<String>, stream: u64, nameless: NamelessOf) -> StreamNames {
        let is_nameless = origin.function.is_none();
        let key = FunctionKey {
            name: origin.function.clone(),
            account_id: origin.account_id.clone(),
            region: origin.region.clone(),
            input: is_nameless.then_some(nameless),
            stream: is_nameless.then_some(stream),
        };
        let function = self.shared.functions.id(&key);
        // Streams without a name may be many, and most have nothing to add.
        if let Some(group) = &origin.log_group {
            self.functions.entry(function).or_default().log_groups.add(group);
        }
        StreamNames { function, stream, is_nameless }
    }

    /// Remembers that an attempt of a stream that does not name its function names it.
    pub(crate) fn name_stream(&mut self, input: u32, names: StreamNames) {
        let mut named = self.shared.named_streams.lock().unwrap_or_else(PoisonError::into_inner);
        named.entry((input, names.stream)).or_default().insert(names.function);
    }

    /// Adds the runtime version of an environment; the latest one counts.
    pub(crate) fn runtime(&mut self, stream: StreamNames, at: Option<Timestamp>, runtime: &str) {
        let facts = self.functions.entry(stream.function).or_default();
        let newer = facts.runtime.as_ref().is_none_or(|(known_at, known)| (*known_at, known.as_str()) < (at, runtime));
        if newer {
            facts.runtime = Some((at, runtime.to_owned()));
        }
    }

    /// Adds an attempt. `record` makes its record, which is needed only for the examples of a finding; `redaction` masks
    /// what it takes from the verdict, as in the record.
    pub(crate) fn add(
        &mut self,
        stream: StreamNames,
        attempt: &Attempt,
        verdict: &Verdict,
        redaction: &Redaction,
        record: &dyn Fn() -> Record,
    ) {
        let version = attempt.version.as_deref().map_or(0, |version| self.version(version, redaction));
        let mut entry = entry(stream, (attempt, verdict), version, verdict.code);
        if verdict.category.is_failure() {
            let key = FindingKey {
                function: stream.function,
                code: verdict.code.to_owned(),
                fingerprint: verdict.fingerprint.clone(),
            };
            let shared = Shared::of_verdict(verdict, redaction);
            entry.failure = self.failure(key, shared, &entry, record);
            self.failed.insert((stream.function, version));
        }
        self.enter(stream, entry, attempt.ended_at);
    }

    /// Adds a record of an earlier run; `None` if a word in it is unknown.
    pub(crate) fn add_record(&mut self, record: &Record, place: Place) -> Option<StreamNames> {
        let (attempt, verdict) = attempt_of(record, place)?;
        let origin = Origin {
            account_id: record.account_id.clone(),
            region: record.region.clone(),
            function: record.function.clone(),
            log_group: record.log_group.clone(),
            log_stream: record.log_stream.clone(),
        };
        let saved = record.input.as_deref().and_then(|key| u64::from_str_radix(key, 16).ok());
        let nameless = saved.map_or(NamelessOf::Input(place.input), NamelessOf::Attempts);
        let stream = match record.stream_key.as_deref().filter(|_| record.log_stream.is_none()).map(stream_hash) {
            Some(hash) => self.stream_by(&origin, hash?, nameless),
            None => self.stream_of(&origin, nameless),
        };
        if let Some(runtime) = &record.runtime {
            self.runtime(stream, attempt.started_at, runtime);
        }
        if let Some(architecture) = &record.architecture {
            let facts = self.functions.entry(stream.function).or_default();
            facts.architecture = facts.architecture.take().max(Some(architecture.clone()));
        }
        if record.successes_left_out {
            self.functions.entry(stream.function).or_default().successes_left_out = true;
        }
        if let Some(ms) = record.timeout_ms {
            let facts = self.functions.entry(stream.function).or_default();
            let told = match record.timeout_source.as_deref() {
                Some("config") => &mut facts.configured_timeout,
                _ => &mut facts.told_timeout,
            };
            *told = (*told).max(Some((attempt.started_at, ms)));
        }
        let version = attempt.version.as_deref().map_or(0, |version| self.version(version, &Redaction::off()));
        let mut entry = entry(stream, (&attempt, &verdict), version, &record.code);
        if verdict.category.is_failure() {
            let key = FindingKey {
                function: stream.function,
                code: record.code.clone(),
                fingerprint: record.fingerprint.clone(),
            };
            let shared = Shared::of_record(record, verdict.category);
            entry.failure = self.failure(key, shared, &entry, &|| record.clone());
            self.failed.insert((stream.function, version));
        }
        if record.caught_by.is_some() {
            self.shared.caught.lock().unwrap_or_else(PoisonError::into_inner).add_record(record);
        }
        self.readings.push_record(record);
        self.enter(stream, entry, attempt.ended_at);
        Some(stream)
    }

    /// Adds what Lambda Insights measured of an attempt.
    pub(crate) fn add_insights(&mut self, read: &InsightsReading, redaction: &Redaction) {
        let function = read.function.as_deref().map(|name| redaction.apply(name));
        self.readings.push(Reading::new(read, function.as_deref()));
    }

    fn enter(&mut self, stream: StreamNames, entry: Entry, ended_at: Option<Timestamp>) {
        self.learnt.add(&entry, ended_at);
        let (hash_anywhere, hash_of_piece) = (entry.hash_anywhere(), entry.hash_of_piece());
        if stream.is_nameless || hash_anywhere.is_some() || hash_of_piece.is_some() {
            let facts = self.functions.entry(stream.function).or_default();
            if stream.is_nameless {
                facts.attempt(entry.hashes(), entry.has(Fact::Emulated));
            }
            hash_anywhere.into_iter().chain(hash_of_piece).for_each(|hash| facts.least(hash));
        }
        if let Some(functions) = entry.request().and_then(|id| self.shared.contested.get(&id.bits())) {
            let mut functions = functions.lock().unwrap_or_else(PoisonError::into_inner);
            *functions.entry(stream.function).or_default() |= entry.category().is_failure();
        }
        self.runs.push(entry, &self.shared.in_memory);
    }

    /// Ends the current run of entries: no more come for now.
    pub(crate) fn rest(&mut self) {
        self.runs.end_run(&self.shared.in_memory);
    }

    /// Returns the id of what failed, and keeps the texts of its finding and cause.
    fn failure(&mut self, key: FindingKey, shared: Shared, entry: &Entry, record: &dyn Fn() -> Record) -> u32 {
        // Both may want it, and making it costs more than the rest.
        let made = OnceCell::new();
        let record = || made.get_or_init(record);
        let place = CausePlace::new(shared, &key.code, key.fingerprint.as_deref());
        let told = self.told.entry(key.function).or_default();
        let shared = tell(told, place, entry.started_at(), &record).into_shared();
        let finding = self.finding(key, entry, &record);
        self.shared.failures.id(&FailureKey { finding, shared })
    }

    fn finding<'r>(&mut self, key: FindingKey, entry: &Entry, record: &dyn Fn() -> &'r Record) -> u32 {
        let id = self.shared.findings.id(&key);
        if !self.findings.contains_key(&id) && !self.admit(key, id) {
            return id;
        }
        let facts = self.findings.entry(id).or_default();
        let attempt = ExampleAttempt {
            at: entry.started_at(),
            start_cut: entry.has(Fact::StartCut),
            place: entry.place(),
            fullness: entry.fullness(),
        };
        if facts.wants(&self.shared.examples, &attempt) {
            facts.example(&self.shared.examples, attempt, record());
        }
        id
    }

    /// Returns whether a finding is among the first of its function by code and fingerprint; only these have examples.
    fn admit(&mut self, key: FindingKey, id: u32) -> bool {
        let kept = self.kept.entry(key.function).or_default();
        kept.insert((key.code, key.fingerprint), id);
        if kept.len() <= FINDINGS_OF_A_FUNCTION {
            return true;
        }
        let Some((_, dropped)) = kept.pop_last() else { return true };
        self.findings.remove(&dropped);
        dropped != id
    }

    /// Returns the id of a version by its masked name, from 1; 0 is unknown. It is nearly always the last one again.
    fn version(&mut self, name: &str, redaction: &Redaction) -> u16 {
        if let Some((last, id)) = &self.last_version
            && **last == *name
        {
            return *id;
        }
        let id = u16::try_from(self.shared.versions.id(&redaction.apply(name)) + 1).unwrap_or(0);
        self.last_version = Some((name.into(), id));
        id
    }
}

/// Makes the entry of an attempt; its failure has no id yet.
fn entry(stream: StreamNames, (attempt, verdict): (&Attempt, &Verdict), version: u16, code: &str) -> Entry {
    let StreamNames { stream, function, .. } = stream;
    let cut = is_cut(verdict.category, code);
    Entry::new(attempt, verdict, EntryNames { stream, function, version, failure: NO_FAILURE, cut })
}
