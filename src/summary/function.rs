//! The row of one function, or of all: sums over attempts and events.

use super::entry::Fact;
use std::collections::{BTreeMap, BTreeSet};

use super::chains::Outcome;
use super::distribution::Distribution;
use super::entry::NO_FINDING;
use super::findings::{FindingCounts, Traffic};
use super::needs_person::NeedsPersonCounts;
use super::price::Costs;
use super::timeline::Timeline;
use super::{Entry, retries};
use crate::model::Category;
use crate::wire::{Durations, FunctionSummary, Memory};

/// Share of the timeout, in percent, from which on an attempt that succeeded counts as near it.
const NEAR_TIMEOUT_PERCENT: u64 = 90;

/// Counts of one function.
#[derive(Debug)]
pub(super) struct Counts {
    /// Fields of the row that are sums; [`Counts::row`] fills in the rest.
    sums: FunctionSummary,
    durations: Distribution,
    ok_durations: Distribution,
    inits: Distribution,
    memory_size: Option<(i64, u64, u32)>,
    max_memory_used_mb: Option<u32>,
    near_memory_limit: u64,
    unstarted: u64,
    near_timeout: u64,
    pub(super) versions: BTreeSet<u16>,
    timeline: Timeline,
    /// Start times of attempts, for findings; `None` in the totals, which have no findings.
    pub(super) traffic: Option<Traffic>,
    pub(super) findings: BTreeMap<u32, FindingCounts>,
    pub(super) needs_person: NeedsPersonCounts,
    pub(super) costs: Costs,
}

impl Counts {
    pub(super) fn over(window_ms: i64) -> Self {
        Self {
            sums: FunctionSummary::default(),
            durations: Distribution::default(),
            ok_durations: Distribution::default(),
            inits: Distribution::default(),
            memory_size: None,
            max_memory_used_mb: None,
            near_memory_limit: 0,
            unstarted: 0,
            near_timeout: 0,
            versions: BTreeSet::new(),
            timeline: Timeline::over(window_ms),
            traffic: None,
            findings: BTreeMap::new(),
            needs_person: NeedsPersonCounts::default(),
            costs: Costs::default(),
        }
    }

    /// Creates the counts of one function, which has findings.
    pub(super) fn of_function(window_ms: i64) -> Self {
        Self { traffic: Some(Traffic::default()), ..Self::over(window_ms) }
    }

    /// Adds the attempts of one event.
    pub(super) fn add_event(&mut self, attempts: &[Entry], outcome: Outcome, timeout_ms: Option<u64>) {
        self.sums.events += 1;
        let outcomes = &mut self.sums.outcomes;
        let count = match outcome {
            Outcome::Succeeded => &mut outcomes.succeeded,
            Outcome::Recovered => &mut outcomes.recovered,
            Outcome::Exhausted => &mut outcomes.exhausted,
            Outcome::FailedOnce => &mut outcomes.failed_once,
            Outcome::Open => &mut outcomes.open,
            Outcome::RerunAfterSuccess => &mut outcomes.rerun_after_success,
        };
        *count += 1;
        retries::count(attempts, &mut self.sums.retries);
        for (at, attempt) in attempts.iter().enumerate() {
            self.add_attempt(attempt, timeout_ms);
            if attempt.finding == NO_FINDING {
                continue;
            }
            let first_of_event = attempts[..at].iter().all(|earlier| earlier.finding != attempt.finding);
            let finding = self.findings.entry(attempt.finding).or_default();
            finding.add_attempt(attempt);
            if first_of_event {
                finding.add_event(outcome);
            }
        }
    }

    /// Adds the counts of later events of the same function.
    pub(super) fn append(&mut self, mut other: Self) {
        self.absorb(&other);
        for (id, finding) in std::mem::take(&mut other.findings) {
            self.findings.entry(id).or_default().append(finding);
        }
        if let (Some(traffic), Some(others)) = (&mut self.traffic, other.traffic) {
            traffic.append(others);
        }
        self.needs_person.append_examples(other.needs_person);
    }

    /// Adds the counts of one function to those of all. Findings and examples belong to functions only.
    pub(super) fn absorb(&mut self, one: &Self) {
        self.sums += &one.sums;
        self.durations.absorb(&one.durations);
        self.ok_durations.absorb(&one.ok_durations);
        self.inits.absorb(&one.inits);
        self.memory_size = self.memory_size.max(one.memory_size);
        self.max_memory_used_mb = self.max_memory_used_mb.max(one.max_memory_used_mb);
        self.near_memory_limit += one.near_memory_limit;
        self.unstarted += one.unstarted;
        self.near_timeout += one.near_timeout;
        self.versions.extend(&one.versions);
        self.timeline.absorb(&one.timeline);
        self.needs_person.absorb(&one.needs_person);
        self.costs.absorb(&one.costs);
    }

    /// Adds an init that failed without any request.
    pub(super) fn add_environment(&mut self, entry: &Entry) {
        self.sums.environment_failures += 1;
        if entry.version > 0 {
            self.versions.insert(entry.version);
        }
        if entry.finding != NO_FINDING {
            self.findings.entry(entry.finding).or_default().add_attempt(entry);
        }
    }

    fn add_attempt(&mut self, attempt: &Entry, timeout_ms: Option<u64>) {
        self.sums.attempts += 1;
        match attempt.category() {
            Category::Ok => self.sums.ok += 1,
            Category::Incomplete => self.sums.incomplete += 1,
            Category::Unknown => self.sums.unknown += 1,
            failure => self.sums.failures.add(failure),
        }
        self.sums.cold_starts += u64::from(attempt.has(Fact::Cold));
        self.sums.handled_errors += u64::from(attempt.handled_errors);
        self.near_memory_limit += u64::from(attempt.has(Fact::NearMemoryLimit));
        self.unstarted += u64::from(attempt.has(Fact::Unstarted));
        if let Some(duration) = attempt.duration() {
            self.durations.add(duration);
            if attempt.category() == Category::Ok {
                self.ok_durations.add(duration);
                let near = timeout_ms.is_some_and(|limit| u64::from(duration) >= limit * NEAR_TIMEOUT_PERCENT);
                self.near_timeout += u64::from(near);
            }
        }
        if let Some(init) = attempt.init() {
            self.inits.add(init);
        }
        self.max_memory_used_mb = self.max_memory_used_mb.max(attempt.max_memory_used_mb());
        if let Some(size) = attempt.memory_size_mb() {
            let at = attempt.started_at().map_or(i64::MIN, crate::model::Timestamp::ms);
            self.memory_size = self.memory_size.max(Some((at, attempt.place().line, size)));
        }
        if attempt.version > 0 {
            self.versions.insert(attempt.version);
        }
        if let Some(at) = attempt.started_at() {
            self.timeline.add(at, attempt.category().is_failure());
        }
        if let Some(traffic) = &mut self.traffic {
            traffic.add(attempt);
        }
    }

    /// Returns whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.sums.attempts == 0 && self.sums.environment_failures == 0
    }

    /// Returns whether the log has failures without their starts and no success: at system log level WARN, Lambda logs
    /// only failures.
    pub(super) fn hides_successes(&self) -> bool {
        let failed = self.failed();
        self.sums.ok == 0 && failed > 0 && self.unstarted == failed
    }

    /// Returns the number of attempts that succeeded and have a duration.
    pub(super) fn ok_durations(&self) -> u64 {
        self.ok_durations.len()
    }

    fn failed(&self) -> u64 {
        self.sums.attempts - self.sums.ok - self.sums.incomplete
    }

    /// Returns the row; names and findings are filled in by the caller.
    pub(super) fn row(&self, timeout_ms: Option<u64>) -> FunctionSummary {
        let failed = self.failed();
        let conclusive = self.sums.attempts - self.sums.incomplete;
        FunctionSummary {
            failed,
            failure_rate: (conclusive > 0 && !self.hides_successes()).then(|| failed as f64 / conclusive as f64),
            needs_person: self.needs_person.counts(),
            duration_ms: Durations { all: self.durations.percentiles(), ok: self.ok_durations.percentiles() },
            init_ms: self.inits.init_percentiles(),
            memory: Memory {
                size_mb: self.memory_size.map(|(_, _, size)| size),
                max_used_mb: self.max_memory_used_mb,
                near_limit: self.near_memory_limit,
            },
            timeout_ms,
            near_timeout: timeout_ms.map(|_| self.near_timeout),
            timeline: self.timeline.buckets(),
            ..self.sums.clone()
        }
    }
}
