//! What Lambda Insights measured, joined to the attempts of the log by their request ids.
//!
//! Its events may come before or after the log, in another input and in any order, so they are kept until the final pass: 48
//! bytes each, which with an entry are the 128 bytes that a request id may cost. Of more than [`MOST`] those with the smallest
//! ids are kept, whatever was read first.

use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::Entry;
use crate::catalogue::{CpuTold, InsightsTold};
use crate::model::{InsightsReading, RequestId, Timestamp};
use crate::wire::{LambdaInsights, Record};

/// Most events that are kept: 192 MiB of them. A worker may have twice as many before it drops the rest.
const MOST: usize = 4 * 1024 * 1024;
/// Attempts and events of one request that are held against each other.
const COMPARED: usize = 64;

/// Memory size with which a function has one processor.
const MB_OF_A_CPU: u64 = 1_769;
/// Share of one processor in percent from which on an attempt computed, and up to which it waited.
const COMPUTED_PERCENT: u64 = 80;
const WAITED_PERCENT: u64 = 25;
/// Processors that an init may use.
const CPUS_OF_INIT: u64 = 2;
/// Share of /tmp in percent from which on it is full.
const FULL_PERCENT: u32 = 95;
/// Share of memory in percent from which on an attempt is near its limit, as in the observation.
const NEAR_LIMIT_PERCENT: u32 = 95;

/// Difference of run times in milliseconds, and in a part of the longer one, up to which two may be of one attempt.
const SAME_MS: u64 = 1_000;
const SAME_PART: u64 = 10;
/// Time by which clocks may differ.
const CLOCKS_MS: i64 = 1_000;

const MEGABYTE: u64 = 1 << 20;
const NO_TIME: i64 = i64::MIN;
const ABSENT: u32 = u32::MAX;
const FEW_ABSENT: u16 = u16::MAX;

/// What was measured of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reading {
    request: u128,
    at_ms: i64,
    duration_ms: u32,
    cpu_ms: u32,
    memory_used_mb: u16,
    memory_size_mb: u16,
    tmp_used_mb: u16,
    tmp_size_mb: u16,
    open_files: u16,
    open_files_limit: u16,
    /// Hash of the name of the function; zero if that is unknown. Last, so that of two copies the one without is first.
    function: u32,
}

const _: () = assert!(size_of::<Reading>() == 48);

impl Reading {
    /// Takes what an event says. `function` is the masked name of its function.
    pub(super) fn new(read: &InsightsReading, function: Option<&str>) -> Self {
        let wide = |figure: Option<u64>| figure.and_then(|figure| u32::try_from(figure).ok()).unwrap_or(ABSENT);
        let few = |figure: Option<u64>| figure.and_then(|figure| u16::try_from(figure).ok()).unwrap_or(FEW_ABSENT);
        Self {
            request: read.request_id.bits(),
            at_ms: read.at.map_or(NO_TIME, Timestamp::ms),
            duration_ms: wide(read.duration_ms),
            cpu_ms: wide(read.cpu_ms),
            memory_used_mb: few(read.memory_used_mb),
            memory_size_mb: few(read.memory_size_mb),
            tmp_used_mb: few(read.tmp_used_bytes.map(|bytes| bytes.div_ceil(MEGABYTE))),
            tmp_size_mb: few(read.tmp_size_bytes.map(|bytes| bytes.div_ceil(MEGABYTE))),
            open_files: few(read.open_files),
            open_files_limit: few(read.open_files_limit),
            function: function.map_or(0, name_hash),
        }
    }

    /// Reads what the record of an earlier run has of it.
    fn of_record(record: &Record) -> Option<Self> {
        let told = record.lambda_insights.as_ref()?;
        let id = record.request_id.as_deref().and_then(RequestId::read)?;
        let wide = |figure: Option<u32>| figure.unwrap_or(ABSENT);
        let few = |figure: Option<u16>| figure.unwrap_or(FEW_ABSENT);
        Some(Self {
            request: id.bits(),
            at_ms: told.at_ms.unwrap_or(NO_TIME),
            duration_ms: wide(told.duration_ms),
            cpu_ms: wide(told.cpu_ms),
            memory_used_mb: few(told.memory_used_mb),
            memory_size_mb: few(told.memory_size_mb),
            tmp_used_mb: few(told.tmp_used_mb),
            tmp_size_mb: few(told.tmp_size_mb),
            open_files: few(told.open_files),
            open_files_limit: few(told.open_files_limit),
            function: record.function.as_deref().map_or(0, name_hash),
        })
    }

    /// Returns what a record says of it.
    pub(super) fn told(&self) -> LambdaInsights {
        let wide = |figure: u32| (figure != ABSENT).then_some(figure);
        let few = |figure: u16| (figure != FEW_ABSENT).then_some(figure);
        let at = (self.at_ms != NO_TIME).then_some(self.at_ms);
        LambdaInsights {
            at: at.and_then(Timestamp::from_ms).map(|at| at.to_string()),
            at_ms: at,
            duration_ms: wide(self.duration_ms),
            cpu_ms: wide(self.cpu_ms),
            memory_used_mb: few(self.memory_used_mb),
            memory_size_mb: few(self.memory_size_mb),
            tmp_used_mb: few(self.tmp_used_mb),
            tmp_size_mb: few(self.tmp_size_mb),
            open_files: few(self.open_files),
            open_files_limit: few(self.open_files_limit),
        }
    }

    /// Returns memory size and use, if both are known.
    fn memory_mb(&self) -> Option<(u16, u16)> {
        let known = self.memory_size_mb != FEW_ABSENT && self.memory_used_mb != FEW_ABSENT;
        known.then_some((self.memory_size_mb, self.memory_used_mb))
    }

    fn is_tmp_full(&self) -> bool {
        let (used, size) = (u32::from(self.tmp_used_mb), u32::from(self.tmp_size_mb));
        self.tmp_used_mb != FEW_ABSENT
            && self.tmp_size_mb != FEW_ABSENT
            && size > 0
            && used * 100 >= size * FULL_PERCENT
    }

    /// Returns how unlike an attempt it is, least first; `None` if it can only be of another one.
    fn distance(&self, attempt: &Entry) -> Option<(u64, u64)> {
        let hundredths = attempt.duration().filter(|_| self.duration_ms != ABSENT);
        let longer_by = match hundredths {
            Some(hundredths) => {
                let (one, other) = (u64::from(hundredths) / 100, u64::from(self.duration_ms));
                let differ = one.abs_diff(other);
                if differ > SAME_MS.max(one.max(other) / SAME_PART) {
                    return None;
                }
                // A part of a millisecond is rounding.
                differ.saturating_sub(1)
            }
            None => u64::MAX,
        };
        let at = Some(self.at_ms).filter(|at| *at != NO_TIME);
        if at.zip(attempt.started_at()).is_some_and(|(at, start)| at < start.ms().saturating_sub(CLOCKS_MS)) {
            return None;
        }
        let after = at.zip(attempt.ended_at()).map_or(u64::MAX, |(at, end)| at.abs_diff(end.ms()));
        Some((longer_by, after))
    }
}

/// Returns a hash of the name of a function that is never zero.
fn name_hash(name: &str) -> u32 {
    (xxh3_64(name.as_bytes()) as u32).max(1)
}

/// Events of one worker, in pieces, so that a growing list is never there twice.
#[derive(Debug, Default)]
pub(super) struct Readings {
    pieces: Vec<Vec<Reading>>,
    count: usize,
    /// Whether there were more than are kept.
    too_many: bool,
}

/// Number of events in one piece: 1.5 MB.
const PIECE: usize = 32 * 1024;

impl Readings {
    pub(super) fn push(&mut self, reading: Reading) {
        match self.pieces.last_mut().filter(|piece| piece.len() < PIECE) {
            Some(piece) => piece.push(reading),
            None => self.pieces.push(vec![reading]),
        }
        self.count += 1;
        self.bound();
    }

    /// Adds what the record of an earlier run has.
    pub(super) fn push_record(&mut self, record: &Record) {
        Reading::of_record(record).into_iter().for_each(|reading| self.push(reading));
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.too_many |= other.too_many;
        self.count += other.count;
        self.pieces.append(&mut other.pieces);
        self.bound();
    }

    /// Drops what is not kept as soon as there is twice as much.
    fn bound(&mut self) {
        if self.count >= MOST * 2 {
            let all = self.settle();
            self.count = all.len();
            self.pieces.push(all);
        }
    }

    /// Takes them out, sorts them, takes out copies, and keeps the first: the same ones in whatever order they came.
    fn settle(&mut self) -> Vec<Reading> {
        let mut all = Vec::with_capacity(self.count);
        for piece in std::mem::take(&mut self.pieces) {
            all.extend(piece);
        }
        all.sort_unstable();
        all.dedup_by(|next, kept| {
            let same = Reading { function: kept.function, ..*next } == *kept
                && (kept.function == 0 || kept.function == next.function);
            if same {
                kept.function = next.function;
            }
            same
        });
        self.too_many |= all.len() > MOST;
        all.truncate(MOST);
        all
    }

    /// Makes them ready to be looked up.
    pub(super) fn finish(mut self) -> SortedReadings {
        let all = self.settle();
        let seen = all.iter().step_by(64).map(|_| AtomicU64::new(0)).collect();
        SortedReadings { all, seen, too_many: self.too_many }
    }
}

/// All events, by request id.
#[derive(Debug, Default)]
pub(super) struct SortedReadings {
    all: Vec<Reading>,
    /// A bit for each: the log has attempts of its request.
    seen: Vec<AtomicU64>,
    too_many: bool,
}

/// An event with the attempt that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured<'r> {
    reading: &'r Reading,
    cpu: Option<CpuUse>,
    /// Memory is known from here only.
    pub(super) tells_memory: bool,
}

/// CPU time of an attempt, and how much of it one thread could have had: as much as its memory gives, of one processor at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CpuUse {
    pub(super) busy_ms: u64,
    pub(super) room_ms: u64,
    /// CPU time that the init may have used.
    init_ms: u64,
}

impl CpuUse {
    /// Returns whether it computed nearly all the time.
    pub(super) fn computed(self) -> bool {
        self.busy_ms.saturating_sub(self.init_ms) * 100 >= self.room_ms * COMPUTED_PERCENT
    }

    /// Returns whether it waited most of the time.
    pub(super) fn waited(self) -> bool {
        self.busy_ms * 100 <= self.room_ms * WAITED_PERCENT
    }
}

impl<'r> Measured<'r> {
    fn new(reading: &'r Reading, attempt: &Entry) -> Self {
        Self { reading, cpu: cpu_use(reading, attempt), tells_memory: false }
    }

    pub(super) fn cpu(&self) -> Option<CpuUse> {
        self.cpu
    }

    pub(super) fn is_tmp_full(&self) -> bool {
        self.reading.is_tmp_full()
    }

    pub(super) fn told(&self) -> LambdaInsights {
        self.reading.told()
    }
}

/// Counts of what was measured of the attempts of one finding.
#[derive(Debug, Default)]
pub(super) struct MeasuredCounts {
    computed: CpuSum,
    waited: CpuSum,
    tmp_full: u64,
}

impl MeasuredCounts {
    pub(super) fn add(&mut self, attempt: &Measured<'_>) {
        self.tmp_full += u64::from(attempt.is_tmp_full());
        let Some(cpu) = attempt.cpu() else { return };
        if cpu.computed() {
            self.computed.add(cpu);
        } else if cpu.waited() {
            self.waited.add(cpu);
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.computed.append(&other.computed);
        self.waited.append(&other.waited);
        self.tmp_full += other.tmp_full;
    }

    /// Returns what advice asks for.
    pub(super) fn told(&self) -> InsightsTold {
        InsightsTold { computed: self.computed.told(), waited: self.waited.told(), tmp_full: self.tmp_full }
    }
}

/// Sum of the CPU times of attempts.
#[derive(Debug, Default)]
struct CpuSum {
    attempts: u64,
    busy_ms: u64,
    room_ms: u64,
}

impl CpuSum {
    fn add(&mut self, cpu: CpuUse) {
        self.append(&Self { attempts: 1, busy_ms: cpu.busy_ms, room_ms: cpu.room_ms });
    }

    fn append(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.busy_ms += other.busy_ms;
        self.room_ms += other.room_ms;
    }

    fn told(&self) -> CpuTold {
        let percent = (self.busy_ms * 100).checked_div(self.room_ms).unwrap_or(0).min(100);
        CpuTold { attempts: self.attempts, busy_percent: percent }
    }
}

/// Returns the CPU time of an attempt beside what it had. On Managed Instances, whose REPORT has no memory, several requests
/// share an environment, and processors do not go with memory.
fn cpu_use(reading: &Reading, attempt: &Entry) -> Option<CpuUse> {
    let size = u64::from(attempt.memory_size_mb()?);
    let duration_ms = u64::from(attempt.duration()?) / 100;
    let room_ms = duration_ms * size.min(MB_OF_A_CPU) / MB_OF_A_CPU;
    let init_ms = attempt.init().map_or(0, |hundredths| u64::from(hundredths) / 100) * CPUS_OF_INIT;
    (reading.cpu_ms != ABSENT && room_ms > 0).then(|| CpuUse { busy_ms: u64::from(reading.cpu_ms), room_ms, init_ms })
}

impl SortedReadings {
    /// Returns those of a request, with the place of the first.
    fn of(&self, request: RequestId) -> (usize, &[Reading]) {
        let first = self.all.partition_point(|known| known.request < request.bits());
        let rest = self.all.get(first..).unwrap_or_default();
        let found = rest.iter().take_while(|known| known.request == request.bits()).count();
        (first, rest.get(..found).unwrap_or_default())
    }

    /// Notes that the log has attempts of a request.
    pub(super) fn note(&self, request: Option<RequestId>, function: Option<&str>) {
        let Some(request) = request.filter(|_| !self.all.is_empty()) else { return };
        let function = function.map(name_hash);
        let (first, found) = self.of(request);
        for (at, _) in (first..).zip(found).filter(|(_, reading)| is_of(reading, function)) {
            if let Some(bits) = self.seen.get(at / 64) {
                bits.fetch_or(1 << (at % 64), Ordering::Relaxed);
            }
        }
    }

    /// Finds what was measured of each attempt of one event, and gives the attempts the memory that their REPORT lacks. Empty
    /// if nothing was.
    pub(super) fn measure(&self, attempts: &mut [Entry], function: Option<&str>) -> Vec<Option<Measured<'_>>> {
        let request = attempts.first().and_then(Entry::request).filter(|_| !self.all.is_empty());
        let Some(request) = request else { return Vec::new() };
        let function = function.map(name_hash);
        let found: Vec<&Reading> =
            self.of(request).1.iter().filter(|reading| is_of(reading, function)).take(COMPARED).collect();
        if found.is_empty() {
            return Vec::new();
        }
        let mut measured = vec![None; attempts.len()];
        if let ([attempt], [reading]) = (&mut *attempts, &found[..]) {
            measured[0] = Some(Measured::new(reading, attempt));
        } else {
            pair(attempts, &found, &mut measured);
        }
        for (attempt, measured) in attempts.iter_mut().zip(&mut measured) {
            let Some(measured) = measured else { continue };
            measured.tells_memory = attempt.take_memory(measured.reading.memory_mb(), NEAR_LIMIT_PERCENT);
        }
        measured
    }

    /// Returns the number of events, and of those whose request has no attempt in the log.
    pub(super) fn without_attempt(&self) -> (u64, u64) {
        let seen: u64 = self.seen.iter().map(|bits| u64::from(bits.load(Ordering::Relaxed).count_ones())).sum();
        let all = self.all.len() as u64;
        (all, all - seen)
    }

    /// Returns the most that are kept, if there were more.
    pub(super) fn left_out_behind(&self) -> Option<usize> {
        self.too_many.then_some(MOST)
    }
}

/// Returns whether one may be of a function: a name that is known on both sides must be the same.
fn is_of(reading: &Reading, function: Option<u32>) -> bool {
    reading.function == 0 || function.is_none_or(|function| function == reading.function)
}

/// Gives each attempt of several the event that is most like it, the most alike pair first: a retry has the id of the attempt
/// before it, and events may come late.
fn pair<'r>(attempts: &[Entry], found: &[&'r Reading], measured: &mut [Option<Measured<'r>>]) {
    let mut pairs = Vec::new();
    for (at, attempt) in attempts.iter().enumerate().take(COMPARED) {
        pairs.extend(
            found.iter().enumerate().filter_map(|(number, reading)| Some((reading.distance(attempt)?, at, number))),
        );
    }
    pairs.sort_unstable();
    let mut taken = [false; COMPARED];
    for (_, at, number) in pairs {
        if measured[at].is_none() && !std::mem::replace(&mut taken[number], true) {
            measured[at] = Some(Measured::new(found[number], &attempts[at]));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record_of;
    use super::*;
    use crate::model::{Attempt, Category, Confidence, Origin, Verdict};
    use crate::wire::Redaction;

    fn reading(request: u64, at: i64, function: Option<&str>) -> Reading {
        let read = InsightsReading {
            request_id: RequestId::from_bits(u128::from(request)),
            at: Timestamp::from_ms(1_790_000_000_000 + at),
            function: None,
            duration_ms: Some(500),
            cpu_ms: Some(7),
            memory_used_mb: Some(70),
            memory_size_mb: Some(70_000),
            tmp_used_bytes: Some(3 << 20),
            tmp_size_bytes: Some(512 << 20),
            open_files: None,
            open_files_limit: Some(1_024),
        };
        Reading::new(&read, function)
    }

    proptest! {
        /// Which are kept depends neither on their order nor on the worker that read them; copies count once.
        #[test]
        fn any_order_and_split_gives_the_same(
            read in proptest::collection::vec((0u64..20, 0i64..3, proptest::option::of(0usize..2)), 0..60),
            split in 0usize..60,
        ) {
            let of = |read: &[(u64, i64, Option<usize>)]| {
                let mut readings = Readings::default();
                for (request, at, function) in read {
                    readings.push(reading(*request, *at, function.map(|number| ["a", "b"][number])));
                }
                readings
            };
            let (first, second) = read.split_at(split.min(read.len()));
            let whole = of(&read).finish().all;
            for (mut one, other) in [(of(first), of(second)), (of(second), of(first)), (of(&read), of(&read))] {
                one.append(other);
                prop_assert_eq!(&one.finish().all, &whole);
            }
        }

        /// What a record says of it is read back as it was.
        #[test]
        fn a_record_has_all_of_it(request in any::<u64>(), at in 0i64..1_000_000) {
            let reading = reading(request, at, Some("orders"));
            let json = serde_json::to_string(&reading.told()).expect("JSON");
            let told: LambdaInsights = serde_json::from_str(&json).expect("the same");
            let verdict = Verdict::bare(Category::Ok, "", Confidence::High);
            let origin = Origin::default();
            let name = |_: u32| String::new();
            let mut record = record_of(&origin, &Attempt::default(), &verdict, &name, &Redaction::off());
            record.request_id = Some(RequestId::from_bits(u128::from(request)).to_string());
            record.function = Some("orders".to_owned());
            record.lambda_insights = Some(told);
            prop_assert_eq!(Reading::of_record(&record), Some(reading));
        }
    }
}
