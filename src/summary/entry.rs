//! Entry of an attempt in the totals: a value of fixed size with all that the final pass needs.

use std::cmp::{Ordering, Reverse};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::decision::{Decision, confidence_of_joined, work_of_joined};
use crate::model::{
    Attempt, Category, Confidence, PartialWork, Place, RequestId, Retryable, Subject, Timestamp, Verdict, WindowCut,
    WorkShown,
};

/// Marker for a figure that is not known, such as one that the REPORT line lacks.
const ABSENT: u32 = u32::MAX;
/// Marker for a start that the log does not give.
const NO_TIME: i64 = i64::MIN;

/// One attempt. Names are ids of the shared tables; durations are in hundredths of a millisecond, the precision of
/// REPORT lines.
///
/// There is one for every attempt of a run, so every added field costs memory per attempt: a [`Fact`] is free while the
/// bits of `facts` last, anything else costs 16 bytes, as the alignment of `request` rounds up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    request: u128,
    start_ms: i64,
    place: u64,
    pub(super) stream: u64,
    pub(super) function: u32,
    /// Id of what failed; [`NO_FAILURE`] if nothing did.
    pub(super) failure: u32,
    event: u32,
    lasted_ms: u32,
    duration: u32,
    init: u32,
    billed_ms: u32,
    facts: FactBits,
    memory_size_mb: u16,
    max_memory_used_mb: u16,
    pub(super) handled_errors: u16,
    pub(super) version: u16,
}

// The promised memory bound is 128 bytes per request id.
const _: () = assert!(size_of::<Entry>() <= 80);

/// Flag of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// The log gives the request id.
    HasRequest,
    /// The window cut off the start of the attempt.
    StartCut,
    ReportSeen,
    /// The environment was initialised or restored for this attempt.
    Cold,
    NearMemoryLimit,
    /// An init that failed with no request seen.
    Environment,
    /// The log, in JSON, lacks the start of the attempt.
    Unstarted,
    /// The process ended before the handler did.
    Cut,
    /// The lines show side effects.
    SideEffects,
    /// A local emulator wrote the log.
    Emulated,
    /// The function wrote nothing for half of the run time or more before the end.
    Silent,
    /// The process ended before the handler did, and the function had written nothing.
    Mute,
    /// Memory was at the limit.
    MemoryAtLimit,
    /// Memory had grown over earlier attempts.
    MemoryGrown,
    /// Memory was used up within this attempt.
    MemorySudden,
    /// The init ran into its time limit.
    SlowInit,
    /// An end was seen and no START.
    WithoutStart,
    /// START was seen and no end.
    WithoutEnd,
    /// A figure is larger than an entry can hold, and so not known to the totals.
    TooLarge,
    /// It failed, or its end is missing, and no line of the function is told.
    Wordless,
}

impl Fact {
    /// Number of facts.
    const COUNT: u32 = Self::Wordless as u32 + 1;
}

/// Facts about an attempt and the enums of its verdict, packed into one word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct FactBits(u32);

/// Bit fields above the facts (first bit, number of bits): category, confidence, retryability, partial work.
const CATEGORY: (u32, u32) = (Fact::COUNT, 4);
const CONFIDENCE: (u32, u32) = (CATEGORY.0 + CATEGORY.1, 2);
const RETRYABLE: (u32, u32) = (CONFIDENCE.0 + CONFIDENCE.1, 3);
const PARTIAL_WORK: (u32, u32) = (RETRYABLE.0 + RETRYABLE.1, 3);

const _: () = assert!(PARTIAL_WORK.0 + PARTIAL_WORK.1 <= u32::BITS, "no bit is left for another fact");
const _: () = assert!(Category::ALL.len() <= 1 << CATEGORY.1 && Confidence::ALL.len() <= 1 << CONFIDENCE.1);
const _: () = assert!(Retryable::ALL.len() <= 1 << RETRYABLE.1 && PartialWork::ALL.len() <= 1 << PARTIAL_WORK.1);

impl FactBits {
    fn with(self, fact: Fact, holds: bool) -> Self {
        Self(self.0 | u32::from(holds) << fact as u32)
    }

    fn with_list(self, (from, bits): (u32, u32), value: u32) -> Self {
        let mask = (1 << bits) - 1;
        Self(self.0 & !(mask << from) | (value & mask) << from)
    }

    fn has(self, fact: Fact) -> bool {
        self.0 >> fact as u32 & 1 == 1
    }

    fn list<T: Copy>(self, (from, bits): (u32, u32), all: &[T]) -> T {
        all[((self.0 >> from & ((1 << bits) - 1)) as usize).min(all.len() - 1)]
    }
}

/// Observations that are counted in the row of a function.
pub(super) const COUNTED_OBSERVATIONS: [&str; 3] = [HANDLED_ERROR, NEAR_MEMORY_LIMIT, START_NOT_LOGGED];
const HANDLED_ERROR: &str = "handled_error";
const NEAR_MEMORY_LIMIT: &str = "near_memory_limit";
pub(super) const START_NOT_LOGGED: &str = "start_not_logged";

/// Facts about a failed attempt that advice needs, each with the code of the contributing cause that sets it.
const CAUSES: [(Fact, &str); 4] = [
    (Fact::MemoryAtLimit, "memory_at_limit"),
    (Fact::MemoryGrown, "memory_grown"),
    (Fact::MemorySudden, "memory_sudden"),
    (Fact::SlowInit, "init_failure.timeout"),
];

/// What a copy of an attempt proves, the most last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Nothing,
    /// It failed, as far as was seen: a success of which the beginning is missing disproves it no more than it proves itself.
    LikelyFailure,
    /// It failed for sure, unless the rest shows that this was about something else.
    FailureSoFar,
    /// All of it was seen.
    Whole,
    /// It failed for sure, up to its REPORT.
    Failure,
}

/// How much of an attempt was seen, to choose between copies of it: exports overlap, and each may lack lines. The most
/// is the largest; of equals the first in the order of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fullness {
    /// What it proves. What has no beginning may lack what tells of a failure.
    proof: Proof,
    /// The REPORT, the beginning, and START were seen.
    whole: (bool, bool, bool),
    /// It failed, for sure, and logged so many errors: a line of an error is lost more easily than it is made up.
    told: (bool, bool, u16),
    /// Figures that are known.
    known: [bool; 4],
    facts: u32,
    place: Reverse<(u64, u32)>,
}

/// What a log shows of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// All of it, or nothing that tells which attempt it is.
    Whole,
    /// Its beginning, or what is in the middle.
    WithoutReport,
    /// Its REPORT, and not its beginning.
    WithoutStart,
}

/// Function and request id of an entry.
pub(super) type EventKey = (u32, u128);

/// Size of an entry on disk, in bytes.
pub(super) const ENCODED: usize = 80;

/// Marker for an attempt that did not fail.
pub(super) const NO_FAILURE: u32 = u32::MAX;

impl Entry {
    /// Creates the entry of an attempt and its verdict; `names` are the ids of stream, function, version and failure.
    pub(super) fn new(attempt: &Attempt, verdict: &Verdict, names: EntryNames) -> Self {
        let metrics = &attempt.metrics;
        let observed = |wanted: &str| verdict.observations.iter().find(|(code, _)| *code == wanted);
        let mut fits = true;
        let lasted_ms = held(lasted(attempt.started_at, attempt.ended_at), &mut fits);
        let duration = held(metrics.duration_us.map(hundredths), &mut fits);
        let init = held(metrics.init_us.or(metrics.restore_us).map(hundredths), &mut fits);
        let billed_ms = held(metrics.billed_ms, &mut fits);
        let memory_size_mb = megabytes(metrics.memory_size_mb, &mut fits);
        let max_memory_used_mb = megabytes(metrics.max_memory_used_mb, &mut fits);
        // At most what it can hold: that there are many is worth more than nothing.
        let handled = observed(HANDLED_ERROR).map_or(0, |(_, count)| *count);
        let handled_errors = u16::try_from(handled).unwrap_or(u16::MAX);
        fits &= u64::from(handled_errors) == u64::from(handled);
        Self {
            request: attempt.request_id.map_or(0, |id| id.of_attempt(number(attempt.place)).bits()),
            start_ms: attempt.started_at.map_or(NO_TIME, Timestamp::ms),
            place: pack(attempt.place),
            event: attempt.place.event,
            stream: names.stream,
            function: names.function,
            failure: names.failure,
            lasted_ms,
            duration,
            init,
            billed_ms,
            memory_size_mb,
            max_memory_used_mb,
            handled_errors,
            facts: facts(attempt, verdict, names.cut).with(Fact::TooLarge, !fits),
            version: names.version,
        }
    }

    /// Returns it as if it stood in another place.
    #[cfg(test)]
    pub(super) fn at(self, place: Place) -> Self {
        Self { place: pack(place), event: place.event, ..self }
    }

    /// Appends the entry's bytes, for a run on disk.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.request.to_le_bytes());
        out.extend_from_slice(&self.start_ms.to_le_bytes());
        out.extend_from_slice(&self.place.to_le_bytes());
        out.extend_from_slice(&self.stream.to_le_bytes());
        let Self { function, failure, event, lasted_ms, duration, init, billed_ms, facts: FactBits(facts), .. } = *self;
        for word in [function, failure, event, lasted_ms, duration, init, billed_ms, facts] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        for half in [self.memory_size_mb, self.max_memory_used_mb, self.handled_errors, self.version] {
            out.extend_from_slice(&half.to_le_bytes());
        }
        out.resize(out.len().next_multiple_of(ENCODED), 0);
    }

    /// Reads an entry from its bytes.
    pub(super) fn decode(bytes: &[u8; ENCODED]) -> Self {
        fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
            let (head, tail) = rest.split_first_chunk().map_or(([0; N], &[][..]), |(head, tail)| (*head, tail));
            *rest = tail;
            head
        }
        let rest = &mut &bytes[..];
        let request = u128::from_le_bytes(take(rest));
        let start_ms = i64::from_le_bytes(take(rest));
        let [place, stream] = std::array::from_fn(|_| u64::from_le_bytes(take(rest)));
        let [function, failure, event, lasted_ms, duration, init, billed_ms, facts] =
            std::array::from_fn(|_| u32::from_le_bytes(take(rest)));
        let [memory_size_mb, max_memory_used_mb, handled_errors, version] =
            std::array::from_fn(|_| u16::from_le_bytes(take(rest)));
        Self {
            request,
            start_ms,
            place,
            stream,
            function,
            failure,
            event,
            lasted_ms,
            duration,
            init,
            billed_ms,
            memory_size_mb,
            max_memory_used_mb,
            handled_errors,
            facts: FactBits(facts),
            version,
        }
    }

    /// Compares two entries in the order of the final pass: the attempts of an event are adjacent, earliest first; of those that began
    /// in the same millisecond, the one that ended first. Environments, which have no request, are adjacent by stream.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        // Nearly all are told apart by the first three, and sorting is a large part of the final pass.
        let begun = |entry: &Self| (entry.function, entry.request, entry.start_ms);
        begun(self).cmp(&begun(other)).then_with(|| self.rest_of_key().cmp(&other.rest_of_key()))
    }

    fn rest_of_key(&self) -> (u64, u64, u64, u32) {
        let (first, then) = match self.has(Fact::HasRequest) {
            true => (u64::from(self.lasted_ms), self.stream),
            false => (self.stream, u64::from(self.lasted_ms)),
        };
        (first, then, self.place, self.event)
    }

    /// Returns whether a figure of its REPORT is another one in the REPORT of the other, as far as both are known: then they
    /// are no copies of one attempt.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let figures = |entry: &Self| {
            let megabytes = |mb: Option<u32>| mb.unwrap_or(ABSENT);
            let memory = (megabytes(entry.memory_size_mb()), megabytes(entry.max_memory_used_mb()));
            [entry.duration, entry.init, entry.billed_ms, memory.0, memory.1]
        };
        let differ = |(one, other): (u32, u32)| one != ABSENT && other != ABSENT && one != other;
        figures(self).into_iter().zip(figures(other)).any(differ)
    }

    /// Returns hashes of what an attempt is known by in any input: stream and request with its start, and with its end; or
    /// with the line where there is no time.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> + use<> {
        let (stream, request) = (self.stream, self.request);
        let figures = [self.duration, self.billed_ms, u32::from(self.max_memory_used_mb)];
        let end = self.ended_at().map(|end| (1, end.ms() as u64));
        let start = match self.started_at() {
            Some(start) => (0, start.ms() as u64),
            None => (2, self.place().line),
        };
        std::iter::once(start).chain(end).map(move |(kind, at)| {
            let mut hash = Xxh3::new();
            hash.update(&stream.to_le_bytes());
            hash.update(&request.to_le_bytes());
            hash.update(&[kind]);
            hash.update(&at.to_le_bytes());
            figures.iter().for_each(|figure| hash.update(&figure.to_le_bytes()));
            hash.digest()
        })
    }

    /// Returns a hash of what an attempt is known by in any form of its log, whether that tells the stream and the times or
    /// not: its request and the figures of its REPORT. Ids are random, so little is enough to spread them.
    pub(super) fn hash_anywhere(&self) -> Option<u64> {
        let is_known = self.has(Fact::HasRequest) && self.duration != ABSENT && !self.has(Fact::Emulated);
        let figures = u64::from(self.duration) << 32 | u64::from(self.billed_ms);
        let (high, low) = ((self.request >> 64) as u64, self.request as u64);
        let folded = u128::from(high ^ low.rotate_left(32) ^ figures) * 0x9e37_79b9_7f4a_7c15;
        is_known.then_some((folded >> 64) as u64 ^ folded as u64)
    }

    /// Returns what its log shows of an attempt, whose other pieces may stand in other files. Records tell a REPORT by its
    /// figures.
    pub(super) fn piece(&self) -> Piece {
        match (self.has(Fact::HasRequest), self.duration != ABSENT, self.has(Fact::StartCut)) {
            (true, false, _) => Piece::WithoutReport,
            (true, true, true) => Piece::WithoutStart,
            _ => Piece::Whole,
        }
    }

    /// Joins two pieces of one attempt, of which this one was written first and has no REPORT: the beginning is that of the
    /// piece that has it, the figures are those of the REPORT, and the verdict is the one that decides. It stands where the
    /// first one stands. [`super::joined::record`] does the same with their records.
    pub(super) fn joined(&self, then: &Self) -> Self {
        let start_cut = self.has(Fact::StartCut) && then.has(Fact::StartCut);
        let start_ms = match (self.has(Fact::StartCut), then.has(Fact::StartCut)) {
            (false, true) => self.start_ms,
            (true, false) => then.start_ms,
            _ if self.start_ms == NO_TIME || then.start_ms == NO_TIME => self.start_ms.max(then.start_ms),
            _ => self.start_ms.min(then.start_ms),
        };
        let mut fits = true;
        let end = self.ended_at().max(then.ended_at());
        let lasted_ms = held(lasted(Timestamp::from_ms(start_ms), end), &mut fits);
        let telling = if then.decision() >= self.decision() { then } else { self };
        let known = |own: u32, other: u32| if own == ABSENT { other } else { own };
        let megabytes = |own: u16, other: u16| if own == 0 { other } else { own };
        let duration = known(then.duration, self.duration);
        let category = telling.category();
        let confidence = confidence_of_joined(category, telling.confidence(), (start_cut, duration != ABSENT));
        let shows_work = self.has(Fact::SideEffects) || then.has(Fact::SideEffects);
        let work = work_of_joined(category, telling.partial_work(), shows_work);
        let has_line = |piece: &Self| piece.is_told() && !piece.has(Fact::Wordless);
        let wordless = !has_line(self) && !has_line(then);
        let is_told = category.is_failure() || duration == ABSENT;
        let either = |fact: Fact| self.has(fact) || then.has(fact);
        let unstarted = start_cut && either(Fact::Unstarted);
        let is_sure = category != Category::Ok || confidence == Confidence::High;
        let handled = self.handled_errors.checked_add(then.handled_errors);
        let of_telling = [Fact::Cut].into_iter().chain(CAUSES.map(|(fact, _)| fact));
        let of_both = [Fact::ReportSeen, Fact::Cold, Fact::NearMemoryLimit, Fact::SideEffects, Fact::Emulated];
        let facts = FactBits::default()
            .with(Fact::HasRequest, true)
            .with(Fact::StartCut, start_cut)
            .with(Fact::WithoutStart, duration != ABSENT && (start_cut || unstarted || !is_sure))
            .with(Fact::Unstarted, unstarted)
            .with(Fact::Silent, has_line(then) && then.has(Fact::Silent))
            .with(Fact::Mute, telling.has(Fact::Cut) && wordless)
            .with(Fact::Wordless, is_told && wordless)
            .with(Fact::TooLarge, either(Fact::TooLarge) || !fits || handled.is_none())
            .with_list(CATEGORY, category as u32)
            .with_list(CONFIDENCE, confidence as u32)
            .with_list(RETRYABLE, telling.retryable() as u32)
            .with_list(PARTIAL_WORK, work as u32);
        let facts = of_telling.fold(facts, |facts, fact| facts.with(fact, telling.has(fact)));
        let facts = of_both.into_iter().fold(facts, |facts, fact| facts.with(fact, either(fact)));
        Self {
            start_ms,
            lasted_ms,
            stream: if self.stream == unnamed_stream() { then.stream } else { self.stream },
            failure: telling.failure,
            duration,
            init: known(then.init, self.init),
            billed_ms: known(then.billed_ms, self.billed_ms),
            memory_size_mb: megabytes(then.memory_size_mb, self.memory_size_mb),
            max_memory_used_mb: megabytes(then.max_memory_used_mb, self.max_memory_used_mb),
            handled_errors: handled.unwrap_or(u16::MAX),
            version: if self.version == 0 { then.version } else { self.version },
            facts,
            ..*self
        }
    }

    /// Returns how much its verdict decides about the attempt of which it is a piece.
    pub(super) fn decision(&self) -> Decision {
        Decision::of(self.category(), self.confidence(), self.has(Fact::Cut))
    }

    /// Returns whether its record has the last line of the function.
    fn is_told(&self) -> bool {
        self.category().is_failure() || self.duration == ABSENT
    }

    /// Returns a hash of what all pieces of an attempt have: the request. It is a small one, as the smallest are kept, and a
    /// piece may be all that two inputs have in common.
    pub(super) fn hash_of_piece(&self) -> Option<u64> {
        const SMALL: u32 = 24;
        let is_known = self.piece() != Piece::Whole && !self.has(Fact::Emulated);
        is_known.then(|| xxh3_64(&self.request.to_le_bytes()) >> SMALL)
    }

    /// Returns what it tells of a failure: that there was one, for sure, and the errors that were logged.
    pub(super) fn told(&self) -> (bool, bool, u16) {
        (self.category().is_failure(), self.confidence() == Confidence::High, self.handled_errors)
    }

    /// Returns how much of the attempt it has seen.
    pub(super) fn fullness(&self) -> Fullness {
        let whole = (self.has(Fact::ReportSeen), !self.has(Fact::StartCut), !self.has(Fact::WithoutStart));
        let told = self.told();
        let proof = match (told, whole) {
            ((true, true, _), (true, ..)) => Proof::Failure,
            (_, (true, true, true)) => Proof::Whole,
            ((true, true, _), _) => Proof::FailureSoFar,
            ((true, ..), _) => Proof::LikelyFailure,
            _ => Proof::Nothing,
        };
        Fullness {
            proof,
            whole,
            told,
            known: [self.lasted_ms, self.duration, self.init, self.billed_ms].map(|known| known != ABSENT),
            facts: self.facts.0,
            place: Reverse((self.place, self.event)),
        }
    }

    /// Returns the prefix of the key that all attempts of an event share.
    pub(super) fn event_key(&self) -> EventKey {
        (self.function, self.request)
    }

    /// Returns the category of the attempt's end.
    #[must_use]
    pub(crate) fn category(&self) -> Category {
        self.facts.list(CATEGORY, &Category::ALL)
    }

    /// Returns the request id, if the log gives it.
    #[must_use]
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.has(Fact::HasRequest).then(|| RequestId::from_bits(self.request))
    }

    pub(super) fn started_at(&self) -> Option<Timestamp> {
        (self.start_ms != NO_TIME).then(|| Timestamp::from_ms(self.start_ms)).flatten()
    }

    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        let start = self.started_at()?;
        (self.lasted_ms != ABSENT).then(|| Timestamp::from_ms(start.ms() + i64::from(self.lasted_ms))).flatten()
    }

    /// Returns the place of the first line, which is unique among the entries of a run.
    pub(super) fn place(&self) -> Place {
        Place { event: self.event, ..unpack(self.place) }
    }

    pub(super) fn duration(&self) -> Option<u32> {
        (self.duration != ABSENT).then_some(self.duration)
    }

    pub(super) fn init(&self) -> Option<u32> {
        (self.init != ABSENT).then_some(self.init)
    }

    pub(super) fn billed_ms(&self) -> Option<u64> {
        (self.billed_ms != ABSENT).then_some(u64::from(self.billed_ms))
    }

    #[cfg(test)]
    pub(super) fn with_terms(self, retryable: Retryable, work: PartialWork) -> Self {
        let facts = self.facts.with_list(RETRYABLE, retryable as u32).with_list(PARTIAL_WORK, work as u32);
        Self { facts, ..self }
    }

    pub(super) fn retryable(&self) -> Retryable {
        self.facts.list(RETRYABLE, Retryable::ALL)
    }

    pub(super) fn partial_work(&self) -> PartialWork {
        self.facts.list(PARTIAL_WORK, PartialWork::ALL)
    }

    pub(super) fn memory_size_mb(&self) -> Option<u32> {
        (self.memory_size_mb > 0).then_some(u32::from(self.memory_size_mb))
    }

    pub(super) fn max_memory_used_mb(&self) -> Option<u32> {
        (self.max_memory_used_mb > 0).then_some(u32::from(self.max_memory_used_mb))
    }

    /// Takes memory size and use from elsewhere, where the REPORT has neither. Returns whether it did.
    pub(super) fn take_memory(&mut self, told: Option<(u16, u16)>, near_limit_percent: u32) -> bool {
        let Some((size, used)) = told.filter(|_| self.memory_size_mb == 0 && self.max_memory_used_mb == 0) else {
            return false;
        };
        (self.memory_size_mb, self.max_memory_used_mb) = (size, used);
        let near = size > 0 && u32::from(used) * 100 >= u32::from(size) * near_limit_percent;
        self.facts = self.facts.with(Fact::NearMemoryLimit, near && self.category() != Category::OutOfMemory);
        true
    }

    pub(super) fn confidence(&self) -> Confidence {
        self.facts.list(CONFIDENCE, Confidence::ALL)
    }

    pub(super) fn has(&self, fact: Fact) -> bool {
        self.facts.has(fact)
    }
}

fn facts(attempt: &Attempt, verdict: &Verdict, cut: bool) -> FactBits {
    let metrics = &attempt.metrics;
    let observed = |wanted: &str| verdict.observations.iter().any(|(code, _)| *code == wanted);
    let ended = attempt.report_seen || attempt.end_seen;
    let is_told = verdict.category.is_failure() || !attempt.report_seen;
    let caused = |wanted: &str| verdict.contributing.iter().any(|cause| cause.code == wanted);
    let facts = FactBits::default()
        .with(Fact::HasRequest, attempt.request_id.is_some())
        .with(Fact::StartCut, matches!(attempt.window_cut, WindowCut::Start | WindowCut::Both))
        .with(Fact::ReportSeen, attempt.report_seen)
        .with(Fact::WithoutStart, ended && !attempt.start_seen)
        .with(Fact::WithoutEnd, attempt.start_seen && !ended)
        .with(Fact::Cold, metrics.init_us.is_some() || metrics.restore_us.is_some())
        .with(Fact::NearMemoryLimit, observed(NEAR_MEMORY_LIMIT))
        .with(Fact::Unstarted, observed(START_NOT_LOGGED))
        .with(Fact::Environment, attempt.subject == Subject::Environment)
        .with(Fact::Silent, is_silent(attempt))
        .with(Fact::Mute, cut && attempt.last_line.is_none())
        .with(Fact::Wordless, is_told && attempt.last_line.is_none())
        .with(Fact::Cut, cut)
        .with(Fact::SideEffects, attempt.work_shown == WorkShown::Write)
        .with(Fact::Emulated, attempt.emulated)
        .with_list(CATEGORY, verdict.category as u32)
        .with_list(CONFIDENCE, verdict.confidence as u32)
        .with_list(RETRYABLE, verdict.retryable as u32)
        .with_list(PARTIAL_WORK, verdict.partial_work as u32);
    CAUSES.iter().fold(facts, |facts, (fact, code)| facts.with(*fact, caused(code)))
}

/// Returns whether the function wrote nothing for half of the run time or more before the end.
fn is_silent(attempt: &Attempt) -> bool {
    let (Some(last), Some(end), Some(duration_us)) =
        (attempt.last_line.as_ref().and_then(|line| line.at), attempt.ended_at, attempt.metrics.duration_us)
    else {
        return false;
    };
    u64::try_from(end.ms_since(last)).is_ok_and(|silent| silent * 2_000 >= duration_us)
}

/// Ids of an entry's names in the tables shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryNames {
    pub(super) stream: u64,
    pub(super) function: u32,
    pub(super) version: u16,
    pub(super) failure: u32,
    /// Whether the attempt was cut in the middle.
    pub(super) cut: bool,
}

/// Returns whether a verdict means that the process ended before the handler did.
pub(super) fn is_cut(category: Category, code: &str) -> bool {
    const CRASHES: [&str; 3] = ["runtime_exception.exit", "runtime_exception.signal", "runtime_exception.extension"];
    matches!(category, Category::Timeout | Category::OutOfMemory) || CRASHES.contains(&code)
}

/// Returns what stands for the hash of a stream whose name is unknown: inputs have such streams in common by chance only.
pub(super) fn unnamed_stream() -> u64 {
    xxh3_64(b"")
}

/// Returns a number of the attempt that begins at a place.
fn number(place: Place) -> u64 {
    pack(place) << 16 ^ u64::from(place.event)
}

/// Packs 24 bits of input and 40 bits of line: up to 16 million inputs of a million million lines each.
fn pack(place: Place) -> u64 {
    u64::from(place.input) << 40 | place.line & 0xff_ffff_ffff
}

fn unpack(packed: u64) -> Place {
    Place::at((packed >> 40) as u32, packed & 0xff_ffff_ffff)
}

fn hundredths(us: u64) -> u64 {
    us.saturating_add(5) / 10
}

/// Returns a figure as an entry holds it. One that does not fit is not known, rather than another one, and `fits` is
/// cleared.
fn held(figure: Option<u64>, fits: &mut bool) -> u32 {
    let Some(figure) = figure else { return ABSENT };
    let held = u32::try_from(figure).ok().filter(|held| *held != ABSENT);
    *fits &= held.is_some();
    held.unwrap_or(ABSENT)
}

/// Does the same for memory, of which 0 is not known.
fn megabytes(mb: Option<u32>, fits: &mut bool) -> u16 {
    let held = mb.map(u16::try_from).transpose();
    *fits &= held.is_ok();
    held.ok().flatten().unwrap_or(0)
}

fn lasted(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<u64> {
    let (start, end) = start.zip(end)?;
    Some(end.ms_since(start).max(0).unsigned_abs())
}
