//! Findings: the ways in which a function failed, each with count, time and earliest examples.

use std::collections::BTreeSet;

use super::Entry;
use super::chains::Outcome;
use super::course::{EXPECTED_SINCE, PartTraffic, Sightings, Since, WindowBounds};
use super::entry::{Fact, Fullness};
use super::insights::{Measured, MeasuredCounts};
use super::names::FindingKey;
use super::traffic::Traffic;
use super::versions::names_of;
use crate::catalogue::{
    self, ErrorTold, Invoker, Situation, advise, diagnose_outgoing_call, is_durable, with_line_number,
};
use crate::model::{Category, Compensation, Confidence, PartialWork, Place, Timestamp};
use crate::wire::{EvidenceLine, Example, Finding, FindingState, FunctionSummary, Record, moment};

/// Most examples per finding.
const EXAMPLES: usize = 3;
/// Most that are kept until it is known which of them are copies of other attempts.
const CANDIDATES: usize = 2 * EXAMPLES;
/// Most evidence lines in an example, and their length; the record has them in full.
const EXAMPLE_LINES: usize = 4;
const EXAMPLE_LINE_BYTES: usize = 1_000;

/// Order of the attempts of a finding, the same in whatever order they are read: those whose beginning was seen; then by
/// start (from the end, if the latest are wanted), or where the log has no times by line; then by the id of the record.
type ExampleOrder = (bool, Option<i64>, u64, String);

/// Which attempts are examples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExampleChoice {
    /// Bounds of the time that was asked for, as far as they are known before the log is read.
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    /// Whether the latest are wanted, not the earliest: only the end of the log tells where the time begins.
    pub(crate) latest: bool,
}

impl ExampleChoice {
    fn order(&self, at: Option<Timestamp>, start_cut: bool, line: u64, id: &str) -> ExampleOrder {
        let ms = at.map(|at| if self.latest { -at.ms() } else { at.ms() });
        (start_cut, ms, if at.is_some() { 0 } else { line }, id.to_owned())
    }

    /// Returns whether a start is not outside of the bounds.
    fn takes(&self, at: Option<Timestamp>) -> bool {
        let Some(at) = at else { return true };
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }
}

/// An attempt that may be an example.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExampleAttempt {
    pub(super) at: Option<Timestamp>,
    pub(super) start_cut: bool,
    pub(super) place: Place,
    pub(super) fullness: Fullness,
}

/// Examples of a finding, in their order; the first also supplies the finding's texts.
#[derive(Debug, Default)]
pub(super) struct FindingFacts {
    examples: Vec<(ExampleOrder, Box<Seed>)>,
}

/// Example of a finding, with the texts that the attempt supplies.
#[derive(Debug)]
struct Seed {
    attempt: ExampleAttempt,
    /// Whether it is shown.
    counts: bool,
    example: Example,
    told: FindingText,
}

/// Texts of a finding, taken from its earliest example.
#[derive(Debug)]
struct FindingText {
    category: String,
    retryable: String,
    partial_work: String,
    compensation: String,
    /// Host or service that the attempt called last or failed to call.
    target: Option<String>,
    error: ErrorText,
}

/// What an attempt tells of the error that ended it.
#[derive(Clone, Debug, Default)]
pub(super) struct ErrorText {
    pub(super) error_type: Option<String>,
    pub(super) message: Option<String>,
    frame: Option<String>,
    service: Option<String>,
    operation: Option<String>,
    architecture: Option<String>,
}

impl ErrorText {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            error_type: record.error_type.clone(),
            message: record.error_message.clone(),
            frame: record
                .frame
                .as_deref()
                .map(|frame| with_line_number(frame, record.evidence.iter().map(|line| line.message.as_str()))),
            service: record.downstream.as_ref().and_then(|call| call.service.clone()),
            operation: record.downstream.as_ref().and_then(|call| call.operation.clone()),
            architecture: record.architecture.clone(),
        }
    }

    /// Cuts the message to so many bytes.
    pub(super) fn shortened(mut self, most: usize) -> Self {
        if let Some(message) = &mut self.message {
            message.truncate(message.floor_char_boundary(most));
        }
        self
    }

    pub(super) fn error(&self) -> ErrorTold<'_> {
        ErrorTold {
            error_type: self.error_type.as_deref(),
            message: self.message.as_deref(),
            frame: self.frame.as_deref(),
            service: self.service.as_deref(),
            operation: self.operation.as_deref(),
            architecture: self.architecture.as_deref(),
        }
    }
}

/// Context of a finding: its function.
pub(super) struct Surroundings<'a> {
    /// Names of versions, by id.
    pub(super) version_names: &'a [String],
    /// Row of the function.
    pub(super) row: &'a FunctionSummary,
    pub(super) traffic: &'a Traffic,
    /// Window of all logs; `None` if they have no times.
    pub(super) window: Option<WindowBounds>,
    /// Number of attempts behind the percentiles of those that succeeded.
    pub(super) ok_durations: u64,
    /// Caller of the function, if given.
    pub(super) invoker: Option<Invoker>,
    /// Whether successes were counted and not read, so that it is not known what ran before an attempt.
    pub(super) counted: bool,
}

impl FindingFacts {
    /// Returns whether an attempt may be among the first so far.
    pub(super) fn wants(&self, choice: &ExampleChoice, attempt: &ExampleAttempt) -> bool {
        let order = choice.order(attempt.at, attempt.start_cut, 0, "");
        choice.takes(attempt.at)
            && (self.examples.len() < CANDIDATES
                || self.examples.last().is_some_and(|((cut, ms, ..), _)| (order.0, order.1) <= (*cut, *ms)))
    }

    pub(super) fn example(&mut self, choice: &ExampleChoice, attempt: ExampleAttempt, record: &Record) {
        let line = record.evidence.first().map_or(0, |line| line.line_number);
        let order = choice.order(attempt.at, attempt.start_cut, line, &record.id);
        if self.examples.len() < CANDIDATES || self.examples.last().is_some_and(|(last, _)| order <= *last) {
            self.insert(order, Box::new(Seed::of(attempt, record)));
        }
    }

    /// Gives examples that are pieces of attempts the starts of these. How long an attempt was silent before its end, a piece
    /// does not tell that ended before it.
    pub(super) fn begin(&mut self, begun: impl Fn(Place) -> Option<(Option<Timestamp>, bool)>) {
        let mut changed = false;
        for (order, seed) in &mut self.examples {
            let Some((start, goes_on)) = begun(seed.attempt.place) else { continue };
            seed.example.silence_before_end_ms = seed.example.silence_before_end_ms.filter(|_| !goes_on);
            let Some(start) = start else { continue };
            changed = true;
            // Counted from the end if the latest are wanted.
            let sign = if order.1.is_some_and(|ms| ms < 0) { -1 } else { 1 };
            (order.0, order.1) = (false, Some(sign * start.ms()));
            seed.attempt.at = Some(start);
            seed.example.started_at = Some(start.to_string());
        }
        if changed {
            self.examples.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
    }

    /// Leaves out the examples that do not count; the texts of the first stay.
    pub(super) fn keep(&mut self, counts: impl Fn(Option<Timestamp>, Place) -> bool) {
        let first = self.examples.first().map(|(order, _)| order.clone());
        self.examples.retain_mut(|(order, seed)| {
            seed.counts = counts(seed.attempt.at, seed.attempt.place);
            seed.counts || Some(&*order) == first.as_ref()
        });
        if self.examples.iter().any(|(_, seed)| seed.counts) {
            self.examples.retain(|(_, seed)| seed.counts);
        }
        self.examples.truncate(EXAMPLES);
    }

    /// Returns the places of the examples, which may turn out to be copies of other attempts.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.examples.iter().map(|(_, seed)| seed.attempt.place)
    }

    /// Returns the host or service that the examples called, if they agree.
    fn target(&self) -> Option<&str> {
        let (_, first) = self.examples.first()?;
        let agree = self.examples.iter().all(|(_, seed)| seed.told.target == first.told.target);
        first.told.target.as_deref().filter(|_| agree)
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (order, seed) in other.examples {
            self.insert(order, seed);
        }
    }

    fn insert(&mut self, order: ExampleOrder, seed: Box<Seed>) {
        // The same attempt from two exports is one example: the copy that counts.
        if let Some(at) = self.examples.iter().position(|(_, known)| known.example.id == seed.example.id) {
            if seed.attempt.fullness <= self.examples[at].1.attempt.fullness {
                return;
            }
            self.examples.remove(at);
        }
        let at = self.examples.partition_point(|(known, _)| *known < order);
        self.examples.insert(at, (order, seed));
        self.examples.truncate(CANDIDATES);
    }
}

impl Seed {
    fn of(attempt: ExampleAttempt, record: &Record) -> Self {
        let shorten = |line: &EvidenceLine| {
            let mut line = line.clone();
            let end = char_boundary(&line.message, EXAMPLE_LINE_BYTES);
            line.message.truncate(end);
            line
        };
        Self {
            attempt,
            counts: true,
            example: Example {
                id: record.id.clone(),
                request_id: record.request_id.clone(),
                log_group: record.log_group.clone(),
                log_stream: record.log_stream.clone(),
                xray_trace_id: record.xray_trace_id.clone(),
                started_at: record.started_at.clone(),
                evidence: record.evidence.iter().take(EXAMPLE_LINES).map(shorten).collect(),
                last_line_before_end: record.last_line_before_end.clone(),
                silence_before_end_ms: record.silence_before_end_ms,
            },
            told: FindingText {
                category: record.category.clone(),
                retryable: record.retryable.clone(),
                partial_work: record.partial_work.clone(),
                compensation: record.compensation.clone(),
                target: target(record),
                error: ErrorText::of(record),
            },
        }
    }
}

impl FindingFacts {
    /// Lists the inputs with the proof.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &str> {
        let lines = self.examples.iter().flat_map(|(_, seed)| &seed.example.evidence);
        lines.map(|line| line.input.as_str())
    }
}

impl FindingText {
    /// Raises partial work and compensation to the most that was done in any attempt, which the first need not show.
    fn after(mut self, work: Option<PartialWork>) -> Self {
        let told = PartialWork::parse(&self.partial_work).map_or(0, PartialWork::rank);
        if let Some(work) = work.filter(|work| work.rank() > told) {
            let least = work.compensation();
            let compensation = Compensation::parse(&self.compensation).map_or(least, |told| told.max(least));
            self.partial_work = work.as_str().to_owned();
            self.compensation = compensation.as_str().to_owned();
        }
        self
    }

    /// Creates the texts from a code: all that is known of a finding that stands for many different errors, without
    /// examples.
    fn by_code(code: &str) -> Self {
        let code = catalogue::code(code);
        let known = |of_code: Option<&'static str>| of_code.unwrap_or_default().to_owned();
        Self {
            category: known(code.and_then(|code| code.category).map(Category::id)),
            retryable: known(code.map(|code| code.retryable.as_str())),
            partial_work: known(code.map(|code| code.partial_work.as_str())),
            compensation: known(code.map(|code| code.compensation.as_str())),
            target: None,
            error: ErrorText::default(),
        }
    }
}

/// Returns the larger of two amounts of work.
fn most(a: Option<PartialWork>, b: Option<PartialWork>) -> Option<PartialWork> {
    a.into_iter().chain(b).max_by_key(|work| work.rank())
}

/// Returns the last character boundary at or before this byte.
fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Returns whether a host is an address, not a name: it changes while the service stays the same.
fn is_address(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':')
}

/// Returns the target of an attempt: the failed call's service or host, else the host on its last line.
fn target(record: &Record) -> Option<String> {
    if let Some(call) = &record.downstream {
        return call
            .service
            .clone()
            .filter(|_| call.host.as_deref().is_none_or(is_address))
            .or_else(|| call.host.clone());
    }
    let last = record.last_line_before_end.as_deref()?;
    diagnose_outgoing_call(last)?.host
}

/// Counts of one finding.
#[derive(Debug, Default)]
pub(super) struct FindingCounts {
    count: u64,
    environments: u64,
    events: u64,
    recovered: u64,
    lost: u64,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    /// Latest end of an attempt.
    last_end: Option<Timestamp>,
    versions: BTreeSet<u16>,
    confidence: [u64; Confidence::ALL.len()],
    /// Most work that may have been done in any attempt.
    partial_work: Option<PartialWork>,
    /// Memory size and use, of the attempt with the largest size, then use.
    memory_mb: Option<(u32, u32)>,
    marks: [u64; MARKS.len()],
    measured: MeasuredCounts,
}

/// Facts that are counted by finding, as advice asks for them.
const MARKS: [Fact; 6] =
    [Fact::Silent, Fact::Mute, Fact::MemoryAtLimit, Fact::MemoryGrown, Fact::MemorySudden, Fact::SlowInit];

impl FindingCounts {
    pub(super) fn add_attempt(&mut self, attempt: &Entry) {
        self.count += 1;
        self.environments += u64::from(attempt.has(Fact::Environment));
        let at = attempt.started_at();
        self.first_seen = [self.first_seen, at].into_iter().flatten().min();
        self.last_seen = self.last_seen.max(at);
        self.last_end = self.last_end.max(attempt.ended_at());
        if attempt.version > 0 {
            self.versions.insert(attempt.version);
        }
        self.confidence[attempt.confidence() as usize] += 1;
        self.partial_work = most(self.partial_work, Some(attempt.partial_work()));
        let used = attempt.memory_size_mb().zip(attempt.max_memory_used_mb());
        self.memory_mb = self.memory_mb.max(used);
        for (count, mark) in self.marks.iter_mut().zip(MARKS) {
            *count += u64::from(attempt.has(mark));
        }
    }

    /// Adds the counts of other attempts of the function.
    pub(super) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.environments += other.environments;
        self.events += other.events;
        self.recovered += other.recovered;
        self.lost += other.lost;
        self.first_seen = [self.first_seen, other.first_seen].into_iter().flatten().min();
        self.last_seen = self.last_seen.max(other.last_seen);
        self.last_end = self.last_end.max(other.last_end);
        self.versions.extend(other.versions);
        for (count, others) in self.confidence.iter_mut().zip(other.confidence) {
            *count += others;
        }
        self.partial_work = most(self.partial_work, other.partial_work);
        self.memory_mb = self.memory_mb.max(other.memory_mb);
        for (count, others) in self.marks.iter_mut().zip(other.marks) {
            *count += others;
        }
        self.measured.append(other.measured);
    }

    /// Adds what Lambda Insights measured of an attempt of it.
    pub(super) fn add_measured(&mut self, attempt: &Measured<'_>) {
        self.measured.add(attempt);
    }

    /// Returns whether Lambda Insights tells of most attempts that they computed all the time.
    pub(super) fn mostly_computed(&self) -> bool {
        let computed = self.measured.told().computed.attempts;
        computed > 0 && computed * 2 >= self.count
    }

    pub(super) fn add_event(&mut self, (outcome, caught): (Outcome, bool)) {
        self.events += 1;
        self.recovered += u64::from(outcome == Outcome::Recovered);
        self.lost += u64::from(outcome == Outcome::Exhausted && !caught);
    }

    /// Creates the finding, with the texts of its examples.
    pub(super) fn finding(&self, key: &FindingKey, facts: FindingFacts, around: &Surroundings<'_>) -> Finding {
        let traffic = around.traffic;
        let versions = names_of(&self.versions, around.version_names);
        let error = facts.examples.first().map_or_else(ErrorTold::default, |(_, seed)| seed.told.error.error());
        let hint = self.hint(&key.code, around, facts.target(), error);
        let (mut examples, mut first) = (Vec::with_capacity(facts.examples.len()), None);
        for (_, seed) in facts.examples {
            let Seed { example, told, counts, .. } = *seed;
            examples.extend(counts.then_some(example));
            first.get_or_insert(told);
        }
        examples.sort_by(|one, other| one.started_at.cmp(&other.started_at));
        let told = first.unwrap_or_else(|| FindingText::by_code(&key.code)).after(self.partial_work);
        let seen = self.sightings();
        let part = self.part(traffic, around.window);
        let since = seen.zip(part).map(|(seen, part)| Since::of(&seen, &[part], around.window));
        let state = seen.zip(since).map_or(FindingState::Unknown, |(seen, since)| seen.state(since, around.window));
        Finding {
            code: key.code.clone(),
            category: told.category,
            confidence: self.usual_confidence().as_str().to_owned(),
            count: self.count,
            environments: self.environments,
            events: self.events,
            recovered: self.recovered,
            lost: self.lost,
            first_seen: moment(self.first_seen),
            last_seen: moment(self.last_seen),
            state,
            attempts_since: since.map(|since| since.attempts),
            since_before_window: seen.zip(around.window).is_some_and(|(seen, window)| seen.may_precede(window)),
            ongoing: match state {
                FindingState::Ongoing => Some(true),
                FindingState::Stopped => Some(false),
                FindingState::NoTraffic | FindingState::Unknown => None,
            },
            share: self.share(traffic),
            versions,
            retryable: told.retryable,
            partial_work: told.partial_work,
            compensation: told.compensation,
            hint,
            fingerprint: key.fingerprint.clone(),
            ignored: false,
            error_type: told.error.error_type,
            message: told.error.message,
            examples,
        }
    }

    /// Returns the advice, with the figures of the function.
    pub(super) fn hint(
        &self,
        code: &str,
        around: &Surroundings<'_>,
        target: Option<&str>,
        error: ErrorTold<'_>,
    ) -> String {
        let versions = names_of(&self.versions, around.version_names);
        advise(code, &self.situation(around, &versions, target, error))
    }

    fn situation<'a>(
        &self,
        around: &Surroundings<'_>,
        versions: &'a [String],
        target: Option<&'a str>,
        error: ErrorTold<'a>,
    ) -> Situation<'a> {
        let row = around.row;
        let [silent, mute, at_limit, grown, sudden, slow_init] = self.marks;
        // Both are by the memory that earlier attempts of the environment used.
        let (grown, sudden) = if around.counted { (0, 0) } else { (grown, sudden) };
        Situation {
            count: self.count,
            failed: row.failed,
            share: self.share(around.traffic),
            versions,
            other_versions: row.versions.len() > versions.len(),
            timeout_ms: row.timeout_ms,
            ok_p99: row.duration_ms.ok.p99.map(|p99| (p99, around.ok_durations)),
            near_timeout: row.near_timeout.unwrap_or(0),
            memory_mb: self.memory_mb,
            silent,
            mute,
            durable: row.runtime.as_deref().is_some_and(is_durable),
            at_limit,
            grown,
            sudden,
            slow_init,
            target,
            measured: self.measured.told(),
            error,
            invoker: around.invoker,
            partial_work: self.partial_work,
        }
    }

    fn usual_confidence(&self) -> Confidence {
        let mut usual = Confidence::Low;
        for confidence in Confidence::ALL {
            if self.confidence[*confidence as usize] > self.confidence[usual as usize] {
                usual = *confidence;
            }
        }
        usual
    }

    /// Returns the share among the attempts of the same versions since the finding was first seen.
    fn share(&self, traffic: &Traffic) -> Option<f64> {
        let attempts = traffic.of_versions(&self.versions, self.first_seen?, None);
        (attempts >= self.count).then(|| self.count as f64 / attempts as f64)
    }

    pub(super) fn sightings(&self) -> Option<Sightings> {
        let (first, last) = (self.first_seen?, self.last_seen?);
        Some(Sightings { count: self.count, first, last, last_end: self.last_end.unwrap_or(last) })
    }

    /// Returns the attempts of the function around the sightings.
    pub(super) fn part(&self, traffic: &Traffic, window: Option<WindowBounds>) -> Option<PartTraffic> {
        let Sightings { first, last, .. } = self.sightings()?;
        let to_last = traffic.of_versions(&self.versions, first, Some(last));
        let from_first = traffic.of_versions(&self.versions, first, None);
        let all = window.map_or(from_first, |window| traffic.of_versions(&self.versions, window.start, None));
        let after = from_first - to_last;
        Some(PartTraffic {
            first,
            last,
            before: all.saturating_sub(from_first),
            during: to_last,
            after,
            others_after: traffic.after(last).saturating_sub(after),
        })
    }

    /// Returns the version with whose first attempts these began, and the start of the first of them: attempts of earlier
    /// versions would have shown it, and it was soon seen.
    pub(super) fn began_with_version(&self, traffic: &Traffic) -> Option<(u16, Timestamp)> {
        let first_of = |version: &u16| Some((traffic.first_of(*version)?, *version));
        let (began, version) = self.versions.iter().filter_map(first_of).min()?;
        let first_seen = self.first_seen.filter(|at| *at >= began)?;
        let all = traffic.of_versions(&self.versions, began, None);
        let since = traffic.of_versions(&self.versions, first_seen, None);
        let expected = |attempts: u64, of: u64| attempts as f64 * (self.count as f64 / of.max(self.count) as f64);
        let new = expected(traffic.of_versions_before(began), all) >= EXPECTED_SINCE;
        (new && expected(all.saturating_sub(since), since) < EXPECTED_SINCE).then_some((version, began))
    }

    /// Returns when these began, if the log shows the time before.
    pub(super) fn beginning(&self, window: WindowBounds) -> Option<Timestamp> {
        self.sightings().filter(|seen| seen.has_begun_in(window)).map(|seen| seen.first)
    }

    /// Returns how bad it is, for an order: events lost, then attempts.
    pub(super) fn weight(&self) -> (u64, u64) {
        (self.lost, self.count)
    }

    /// Returns the attempts, without environments that failed with no request.
    pub(super) fn attempts(&self) -> u64 {
        self.count - self.environments
    }

    pub(super) fn environments(&self) -> u64 {
        self.environments
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) fn recovered(&self) -> u64 {
        self.recovered
    }

    pub(super) fn versions(&self) -> &BTreeSet<u16> {
        &self.versions
    }
}
