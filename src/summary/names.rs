//! Tables of names shared by all workers: an id for every function, version and finding.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::model::Timestamp;

/// Identity of a function: log streams with equal keys belong to the same one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FunctionKey {
    pub(super) name: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) region: Option<String>,
    /// What tells functions without a name apart.
    pub(super) input: Option<NamelessOf>,
    /// Hash of the name of the stream, if the name of the function is unknown: one line of a stream may tell it.
    pub(super) stream: Option<u64>,
}

/// What tells functions without a name apart: there is one row per input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum NamelessOf {
    /// The input.
    Input(u32),
    /// What stands for the input in records and ids: computed from its attempts, so it is the same in every run.
    Attempts(u64),
}

/// Facts about a function besides its attempts.
#[derive(Clone, Debug, Default)]
pub(super) struct FunctionFacts {
    pub(super) log_groups: LogGroups,
    /// Runtime version of the latest environment whose log has it.
    pub(super) runtime: Option<(Option<Timestamp>, String)>,
    /// `x86_64` or `arm64`, if known.
    pub(super) architecture: Option<String>,
    /// Time limit, in milliseconds, from the latest timeout; known when all attempts are.
    pub(super) timeout_ms: Option<u64>,
    /// The same, after when it was told, as records of an earlier run tell it: its timeouts need not be among them, as what
    /// lies outside of the window has no record.
    pub(super) told_timeout: Option<(Option<Timestamp>, u64)>,
    /// Time limit, in milliseconds, that records of earlier runs have from a configuration, of the latest attempt.
    pub(super) configured_timeout: Option<(Option<Timestamp>, u64)>,
    /// Whether records of earlier runs say that successes have none.
    pub(super) successes_left_out: bool,
    /// Sum of the hashes of all attempts, if the name is unknown: the same in whatever order they come.
    pub(super) sum: u64,
    /// The smallest of the hashes of attempts, sorted. Inputs that have many attempts in common have some
    /// of these in common (bottom-k sketches: Cohen and Kaplan 2007).
    pub(super) least_attempts: Vec<u64>,
}

/// Most hashes that are kept.
const LEAST: usize = 128;

impl FunctionFacts {
    pub(super) fn merge(&mut self, other: Self) {
        self.log_groups.append(other.log_groups);
        self.runtime = self.runtime.take().max(other.runtime);
        self.architecture = self.architecture.take().max(other.architecture);
        self.told_timeout = self.told_timeout.max(other.told_timeout);
        self.configured_timeout = self.configured_timeout.max(other.configured_timeout);
        self.successes_left_out |= other.successes_left_out;
        self.sum = self.sum.wrapping_add(other.sum);
        other.least_attempts.into_iter().for_each(|hash| self.least(hash));
    }

    /// Returns the time limit, in milliseconds, as attempts ran into it.
    pub(super) fn observed_timeout_ms(&self) -> Option<u64> {
        self.timeout_ms.or(self.told_timeout.map(|(_, ms)| ms))
    }

    /// Adds the hashes of an attempt. By those of emulators nothing is known again: all of their requests have one id.
    pub(super) fn attempt(&mut self, hashes: impl Iterator<Item = u64>, emulated: bool) {
        for hash in hashes {
            self.sum = self.sum.wrapping_add(hash);
            if !emulated {
                self.least(hash);
            }
        }
    }

    /// Keeps the hash of an attempt if it is one of the smallest.
    pub(super) fn least(&mut self, hash: u64) {
        let least = &mut self.least_attempts;
        let is_behind = least.len() >= LEAST && least.last().is_some_and(|last| *last <= hash);
        if let (false, Err(at)) = (is_behind, least.binary_search(&hash)) {
            least.insert(at, hash);
            least.truncate(LEAST);
        }
    }
}

/// Names of log groups. Nearly every function has one, and a set takes ten times as much.
#[derive(Clone, Debug, Default)]
pub(super) enum LogGroups {
    /// No name is known.
    #[default]
    None,
    /// The only one.
    One(String),
    /// More than one, in order.
    Several(BTreeSet<String>),
}

impl LogGroups {
    pub(super) fn add(&mut self, group: &str) {
        let is_known = match self {
            Self::None => false,
            Self::One(known) => known == group,
            Self::Several(known) => known.contains(group),
        };
        if !is_known {
            self.insert(group.to_owned());
        }
    }

    fn insert(&mut self, group: String) {
        match self {
            Self::None => *self = Self::One(group),
            Self::One(known) if *known == group => {}
            Self::One(known) => *self = Self::Several(BTreeSet::from([std::mem::take(known), group])),
            Self::Several(known) => {
                known.insert(group);
            }
        }
    }

    fn append(&mut self, other: Self) {
        match other {
            Self::None => {}
            Self::One(group) => self.insert(group),
            Self::Several(groups) => groups.into_iter().for_each(|group| self.insert(group)),
        }
    }

    /// Lists the names, in order.
    pub(super) fn list(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::One(group) => vec![group.clone()],
            Self::Several(groups) => groups.iter().cloned().collect(),
        }
    }
}

/// Identity of a finding: failed attempts with equal keys belong to the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FindingKey {
    pub(super) function: u32,
    pub(super) code: String,
    pub(super) fingerprint: Option<String>,
}

/// Ids of keys, assigned in order of arrival.
#[derive(Debug)]
pub(super) struct IdTable<K> {
    ids: Mutex<FxHashMap<K, u32>>,
}

impl<K> Default for IdTable<K> {
    fn default() -> Self {
        Self { ids: Mutex::new(FxHashMap::default()) }
    }
}

impl<K: Eq + std::hash::Hash + Clone> IdTable<K> {
    pub(super) fn id(&self, key: &K) -> u32 {
        let mut ids = self.lock();
        if let Some(id) = ids.get(key) {
            return *id;
        }
        let id = u32::try_from(ids.len()).unwrap_or(u32::MAX - 1);
        ids.insert(key.clone(), id);
        id
    }

    /// Returns the keys, by id.
    pub(super) fn keys(&self) -> Vec<K> {
        let ids = self.lock();
        let mut keys: Vec<(u32, K)> = ids.iter().map(|(key, id)| (*id, key.clone())).collect();
        keys.sort_unstable_by_key(|(id, _)| *id);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Locks the table; a worker that panicked while it held the lock left it consistent.
    fn lock(&self) -> MutexGuard<'_, FxHashMap<K, u32>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
