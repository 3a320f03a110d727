//! The row of one function, or of all: sums over attempts and events.

use super::entry::Fact;
use std::collections::BTreeMap;

use super::causes::FailedStarts;
use super::cells::{self, MemoryCells};
use super::chains::Outcome;
use super::configured::{Configured, TimeoutSource};
use super::distribution::Distribution;
use super::early::Signs;
use super::entry::NO_FAILURE;
use super::findings::FindingCounts;
use super::insights::Measured;
use super::needs_person::NeedsPersonCounts;
use super::price::Costs;
use super::tables::FailureIds;
use super::timeline::Timeline;
use super::traffic::Traffic;
use super::versions::Versions;
use super::{Entry, retries};
use crate::account::{CountedSuccesses, duration_of_cell};
use crate::model::{Category, Timestamp};
use crate::wire::{Durations, FunctionSummary, InitPercentiles, Memory};

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
    handled_errors: u64,
    /// Successes that were counted and not read.
    counted: Option<u64>,
    /// Whether the longest duration is not known.
    longest_unknown: bool,
    /// Attempts that began within the time of the metrics.
    pub(super) in_metric_window: u64,
    /// Lost events that a destination or a dead-letter queue caught.
    pub(super) caught: u64,
    pub(super) versions: Versions,
    memory: MemoryCells,
    timeline: Timeline,
    /// Start times of attempts, for findings; `None` in the totals, which have no findings.
    pub(super) traffic: Option<Traffic>,
    /// Signs of failures to come, of functions only.
    signs: Option<Signs>,
    pub(super) findings: BTreeMap<u32, FindingCounts>,
    /// The same by cause.
    pub(super) causes: BTreeMap<u32, FindingCounts>,
    /// Starts of failed attempts.
    pub(super) failed_starts: FailedStarts,
    pub(super) needs_person: NeedsPersonCounts,
    pub(super) costs: Costs,
}

impl Counts {
    /// Creates the counts of all functions; the timeline is over so many milliseconds.
    pub(super) fn over(timeline_ms: i64) -> Self {
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
            handled_errors: 0,
            counted: None,
            longest_unknown: false,
            in_metric_window: 0,
            caught: 0,
            versions: Versions::default(),
            memory: MemoryCells::default(),
            timeline: Timeline::over(timeline_ms),
            traffic: None,
            signs: None,
            findings: BTreeMap::new(),
            causes: BTreeMap::new(),
            failed_starts: FailedStarts::default(),
            needs_person: NeedsPersonCounts::default(),
            costs: Costs::default(),
        }
    }

    /// Creates the counts of one function, which has findings.
    pub(super) fn of_function(start: Option<Timestamp>, window_ms: i64, timeline_ms: i64) -> Self {
        let signs = Some(Signs::over(start, window_ms));
        Self { traffic: Some(Traffic::default()), signs, ..Self::over(timeline_ms) }
    }

    /// Adds the attempts of one event.
    pub(super) fn add_event(
        &mut self,
        (attempts, measured): (&[Entry], &[Option<Measured<'_>>]),
        (outcome, caught): (Outcome, bool),
        configured: &Configured<'_>,
        failures: &[FailureIds],
    ) {
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
        if outcome == Outcome::Exhausted {
            *if caught { &mut self.caught } else { &mut self.sums.lost } += 1;
        }
        retries::count(attempts, &mut self.sums.retries);
        for (at, attempt) in attempts.iter().enumerate() {
            self.add_attempt(attempt, configured.limit_of(attempt.version));
            let measured = measured.get(at).and_then(Option::as_ref);
            measured.into_iter().for_each(|measured| self.add_measured(attempt, measured));
            let Some(ids) = failure_of(attempt, failures) else { continue };
            let earlier = || attempts[..at].iter().filter_map(|earlier| failure_of(earlier, failures));
            let finding = self.findings.entry(ids.finding).or_default();
            finding.add_attempt(attempt);
            measured.into_iter().for_each(|measured| finding.add_measured(measured));
            if earlier().all(|earlier| earlier.finding != ids.finding) {
                finding.add_event((outcome, caught));
            }
            self.failed_starts.extend(attempt.started_at());
            let cause = self.causes.entry(ids.cause).or_default();
            cause.add_attempt(attempt);
            measured.into_iter().for_each(|measured| cause.add_measured(measured));
            if earlier().all(|earlier| earlier.cause != ids.cause) {
                cause.add_event((outcome, caught));
            }
        }
    }

    /// Adds the counts of later events of the same function.
    pub(super) fn append(&mut self, mut other: Self) {
        self.absorb(&other);
        for (id, finding) in std::mem::take(&mut other.findings) {
            self.findings.entry(id).or_default().append(finding);
        }
        for (id, cause) in std::mem::take(&mut other.causes) {
            self.causes.entry(id).or_default().append(cause);
        }
        self.failed_starts.append(std::mem::take(&mut other.failed_starts));
        if let (Some(traffic), Some(others)) = (&mut self.traffic, other.traffic) {
            traffic.append(others);
        }
        if let (Some(signs), Some(others)) = (&mut self.signs, other.signs.take()) {
            signs.append(others);
        }
        self.needs_person.append_examples(other.needs_person);
    }

    /// Adds the counts of one function to those of all. Findings and examples belong to functions only, causes are
    /// joined elsewhere.
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
        self.handled_errors += one.handled_errors;
        self.longest_unknown |= one.longest_unknown;
        self.counted = [self.counted, one.counted].into_iter().flatten().reduce(|one, other| one + other);
        self.in_metric_window += one.in_metric_window;
        self.caught += one.caught;
        self.versions.absorb(&one.versions);
        self.memory.absorb(&one.memory);
        self.timeline.absorb(&one.timeline);
        self.needs_person.absorb(&one.needs_person);
        self.costs.absorb(&one.costs);
    }

    /// Adds an init that failed without any request.
    pub(super) fn add_environment(&mut self, entry: &Entry, failures: &[FailureIds]) {
        self.sums.environment_failures += 1;
        self.versions.add(entry, false);
        if let Some(ids) = failure_of(entry, failures) {
            self.findings.entry(ids.finding).or_default().add_attempt(entry);
            self.causes.entry(ids.cause).or_default().add_attempt(entry);
        }
    }

    /// Adds successes that were counted and not read. Each is the only attempt of its event.
    pub(super) fn add_counted(&mut self, counted: &CountedSuccesses) {
        let attempts = counted.attempts();
        self.counted = Some(self.counted.unwrap_or(0) + attempts);
        self.sums.attempts += attempts;
        self.sums.ok += attempts;
        self.sums.events += attempts;
        self.sums.outcomes.succeeded += attempts;
        self.sums.cold_starts += counted.cold_starts;
        self.near_memory_limit += counted.near_memory_limit;
        for (start, attempts) in &counted.starts {
            if let Some(at) = Timestamp::from_ms(*start) {
                self.timeline.add_successes(at, *attempts);
            }
        }
        for (cell, attempts) in &counted.durations {
            self.durations.add_about(duration_of_cell(*cell), *attempts);
            self.ok_durations.add_about(duration_of_cell(*cell), *attempts);
        }
        counted.longest.into_iter().for_each(|longest| self.durations.set_max(longest));
        self.longest_unknown = counted.longest.is_none();
        // What the versions and the traffic of all attempts tell, those that were read do not.
        self.versions = Versions::default();
        self.signs = None;
    }

    /// Returns whether some attempts were counted and not read.
    pub(super) fn has_counted(&self) -> bool {
        self.counted.is_some()
    }

    /// Takes from a row what only attempts tell that were read.
    fn leave_what_is_known(row: &mut FunctionSummary) {
        row.handled_errors = None;
        row.near_timeout = None;
        row.duration_ms.ok.max = None;
        row.init_ms = InitPercentiles::default();
        (row.memory.size_mb, row.memory.max_used_mb) = (None, None);
        row.memory.histogram.clear();
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
        self.handled_errors += u64::from(attempt.handled_errors);
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
        if let Some(used) = attempt.max_memory_used_mb() {
            self.memory.add(used);
            self.max_memory_used_mb = self.max_memory_used_mb.max(Some(used));
        }
        if let Some(size) = attempt.memory_size_mb() {
            let at = attempt.started_at().map_or(i64::MIN, crate::model::Timestamp::ms);
            self.memory_size = self.memory_size.max(Some((at, attempt.place().line, size)));
        }
        self.versions.add(attempt, true);
        if let Some(at) = attempt.started_at() {
            self.timeline.add(at, attempt.category());
        }
        if let Some(traffic) = &mut self.traffic {
            traffic.add(attempt);
        }
        if let Some(signs) = &mut self.signs {
            signs.add(attempt);
        }
    }

    fn add_measured(&mut self, attempt: &Entry, measured: &Measured<'_>) {
        let counts = &mut self.sums.lambda_insights;
        counts.measured += 1;
        counts.memory_known += u64::from(measured.tells_memory);
        counts.tmp_full += u64::from(measured.is_tmp_full());
        if let (Category::Timeout, Some(cpu)) = (attempt.category(), measured.cpu()) {
            counts.timeouts_computing += u64::from(cpu.computed());
            counts.timeouts_waiting += u64::from(cpu.waited());
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
    pub(super) fn row(&self, timeout: Option<(u64, TimeoutSource)>) -> FunctionSummary {
        let failed = self.failed();
        let conclusive = self.sums.attempts - self.sums.incomplete;
        let mut row = FunctionSummary {
            failed,
            failure_rate: (conclusive > 0 && !self.hides_successes()).then(|| failed as f64 / conclusive as f64),
            needs_person: self.needs_person.counts(),
            duration_ms: Durations {
                all: self.durations.percentiles(),
                ok: self.ok_durations.percentiles(),
                histogram: cells::of_durations(&self.durations),
            },
            init_ms: self.inits.init_percentiles(),
            memory: Memory {
                size_mb: self.memory_size.map(|(_, _, size)| size),
                max_used_mb: self.max_memory_used_mb,
                near_limit: self.near_memory_limit,
                histogram: self.memory.histogram(),
            },
            timeout_ms: timeout.map(|(ms, _)| ms),
            timeout_source: timeout.map(|(_, source)| source.as_str().to_owned()),
            near_timeout: timeout.map(|_| self.near_timeout),
            handled_errors: Some(self.handled_errors),
            ok_counted: self.counted,
            timeline: self.timeline.buckets(),
            ..self.sums.clone()
        };
        if self.has_counted() {
            Self::leave_what_is_known(&mut row);
            row.duration_ms.all.max = row.duration_ms.all.max.filter(|_| !self.longest_unknown);
        }
        row.early_warnings = self.signs.as_ref().map(|signs| signs.warnings(&row)).unwrap_or_default();
        row
    }
}

/// Returns the finding and the cause of an attempt; `None` if it did not fail.
fn failure_of<'f>(attempt: &Entry, failures: &'f [FailureIds]) -> Option<&'f FailureIds> {
    (attempt.failure != NO_FAILURE).then(|| failures.get(attempt.failure as usize)).flatten()
}
