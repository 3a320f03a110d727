//! One attempt as a value of fixed size: all that the final pass needs of it.

use crate::model::{
    Attempt, Category, Confidence, PartialWork, Place, RequestId, Retryable, Subject, Timestamp, Verdict, WindowCut,
};

/// No such figure on the REPORT line.
const ABSENT: u32 = u32::MAX;
/// No clock in the log.
const NO_TIME: i64 = i64::MIN;

/// One attempt. Names are ids of the shared tables; durations are in hundredths of a millisecond, which is what REPORT
/// lines print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    request: u128,
    start_ms: i64,
    place: u64,
    pub(super) stream: u64,
    pub(super) function: u32,
    pub(super) finding: u32,
    event: u32,
    lasted_ms: u32,
    duration: u32,
    init: u32,
    billed_ms: u32,
    memory_size_mb: u16,
    max_memory_used_mb: u16,
    pub(super) handled_errors: u16,
    flags: u16,
    pub(super) version: u16,
    category: Category,
    /// What may be tried again (bits 0 to 2), how much may be done already (bits 4 to 6), and [`EMULATED`].
    terms: u8,
}

// The promise on memory: 128 bytes for each request id.
const _: () = assert!(size_of::<Entry>() <= 80);

/// Observations that a function's row counts.
pub(super) const COUNTED_OBSERVATIONS: [&str; 3] = [HANDLED_ERROR, NEAR_MEMORY_LIMIT, START_NOT_LOGGED];
const HANDLED_ERROR: &str = "handled_error";
const NEAR_MEMORY_LIMIT: &str = "near_memory_limit";
const START_NOT_LOGGED: &str = "start_not_logged";

const HAS_REQUEST: u16 = 1;
const START_CUT: u16 = 1 << 1;
const REPORT_SEEN: u16 = 1 << 2;
const COLD: u16 = 1 << 3;
const NEAR_MEMORY: u16 = 1 << 4;
const ENVIRONMENT: u16 = 1 << 5;
/// What advice needs of a failed attempt, by the code of the cause.
const CAUSES: [(u16, &str); 4] = [
    (AT_LIMIT, "memory_at_limit"),
    (GROWN, "memory_grown"),
    (SUDDEN, "memory_sudden"),
    (SLOW_INIT, "init_failure.timeout"),
];
pub(super) const SILENT: u16 = 1 << 6;
pub(super) const AT_LIMIT: u16 = 1 << 7;
const UNSTARTED: u16 = 1 << 13;
const CONFIDENCE: u32 = 8;
pub(super) const GROWN: u16 = 1 << 10;
pub(super) const SUDDEN: u16 = 1 << 11;
pub(super) const SLOW_INIT: u16 = 1 << 12;

/// It was cut in the middle: the process ended, not the handler.
const CUT: u16 = 1 << 14;
/// Its lines show side effects.
const EFFECTS: u16 = 1 << 15;
/// A local emulator wrote its log: the bit of the terms that retry and partial work leave free.
const EMULATED: u8 = 1 << 3;

/// Function and event of an entry.
pub(super) type EventKey = (u32, u128);

/// Bytes of an entry on disk.
pub(super) const ENCODED: usize = 80;

/// Marks an entry without a finding: it did not fail.
pub(super) const NO_FINDING: u32 = u32::MAX;

impl Entry {
    /// From an attempt and its verdict; `names` are the ids of stream, function, version and finding.
    pub(super) fn new(attempt: &Attempt, verdict: &Verdict, names: EntryNames) -> Self {
        let flag = |set: bool, bit: u16| if set { bit } else { 0 };
        let metrics = &attempt.metrics;
        let cold = metrics.init_us.is_some() || metrics.restore_us.is_some();
        let observed = |wanted: &str| verdict.observations.iter().find(|(code, _)| *code == wanted);
        Self {
            request: attempt.request_id.map_or(0, RequestId::bits),
            start_ms: attempt.started_at.map_or(NO_TIME, Timestamp::ms),
            place: pack(attempt.place),
            event: attempt.place.event,
            stream: names.stream,
            function: names.function,
            finding: names.finding,
            lasted_ms: lasted(attempt.started_at, attempt.ended_at),
            duration: hundredths(metrics.duration_us),
            init: hundredths(metrics.init_us.or(metrics.restore_us)),
            billed_ms: metrics.billed_ms.map_or(ABSENT, |ms| u32::try_from(ms).unwrap_or(ABSENT - 1)),
            memory_size_mb: megabytes(metrics.memory_size_mb),
            max_memory_used_mb: megabytes(metrics.max_memory_used_mb),
            handled_errors: observed(HANDLED_ERROR).map_or(0, |(_, count)| u16::try_from(*count).unwrap_or(u16::MAX)),
            flags: flag(attempt.request_id.is_some(), HAS_REQUEST)
                | flag(matches!(attempt.window_cut, WindowCut::Start | WindowCut::Both), START_CUT)
                | flag(attempt.report_seen, REPORT_SEEN)
                | flag(cold, COLD)
                | flag(observed(NEAR_MEMORY_LIMIT).is_some(), NEAR_MEMORY)
                | flag(observed(START_NOT_LOGGED).is_some(), UNSTARTED)
                | flag(attempt.subject == Subject::Environment, ENVIRONMENT)
                | flag(is_silent(attempt), SILENT)
                | flag(names.cut, CUT)
                | flag(attempt.has_side_effects, EFFECTS)
                | causes(verdict)
                | (verdict.confidence as u16) << CONFIDENCE,
            version: names.version,
            category: verdict.category,
            terms: terms(verdict.retryable, verdict.partial_work) | if attempt.emulated { EMULATED } else { 0 },
        }
    }

    /// As bytes, for a run on disk.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.request.to_le_bytes());
        out.extend_from_slice(&self.start_ms.to_le_bytes());
        out.extend_from_slice(&self.place.to_le_bytes());
        out.extend_from_slice(&self.stream.to_le_bytes());
        let Self { function, finding, event, lasted_ms, duration, init, billed_ms, .. } = *self;
        for word in [function, finding, event, lasted_ms, duration, init, billed_ms] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        for half in [self.memory_size_mb, self.max_memory_used_mb, self.handled_errors, self.flags, self.version] {
            out.extend_from_slice(&half.to_le_bytes());
        }
        out.extend_from_slice(&[self.category as u8, self.terms]);
        out.resize(out.len().next_multiple_of(ENCODED), 0);
    }

    /// From its bytes.
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
        let [function, finding, event, lasted_ms, duration, init, billed_ms] =
            std::array::from_fn(|_| u32::from_le_bytes(take(rest)));
        let [memory_size_mb, max_memory_used_mb, handled_errors, flags, version] =
            std::array::from_fn(|_| u16::from_le_bytes(take(rest)));
        let [category, terms] = take(rest);
        let category = Category::ALL.into_iter().find(|one| *one as u8 == category).unwrap_or(Category::Unknown);
        Self {
            request,
            start_ms,
            place,
            stream,
            function,
            finding,
            event,
            lasted_ms,
            duration,
            init,
            billed_ms,
            memory_size_mb,
            max_memory_used_mb,
            handled_errors,
            flags,
            version,
            category,
            terms,
        }
    }

    /// The order of the final pass: the attempts of an event stand together, earliest first.
    pub(super) fn key(&self) -> (u32, u128, i64, u64, u32) {
        (self.function, self.request, self.start_ms, self.place, self.event)
    }

    /// The start of its key that all attempts of an event have in common.
    pub(super) fn event_key(&self) -> EventKey {
        (self.function, self.request)
    }

    /// The start of its key: in the same order, but for keys that begin alike.
    pub(super) fn key_start(&self) -> u64 {
        u64::from(self.function) << 32 | (self.request >> 96) as u64
    }

    /// What ended the attempt.
    #[must_use]
    pub(crate) fn category(&self) -> Category {
        self.category
    }

    /// The event, where the log names it.
    #[must_use]
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.has(HAS_REQUEST).then(|| RequestId::from_bits(self.request))
    }

    pub(super) fn started_at(&self) -> Option<Timestamp> {
        (self.start_ms != NO_TIME).then(|| Timestamp::from_ms(self.start_ms)).flatten()
    }

    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        let start = self.started_at()?;
        (self.lasted_ms != ABSENT).then(|| Timestamp::from_ms(start.ms() + i64::from(self.lasted_ms))).flatten()
    }

    /// Place of its first line: unique among the entries of a run.
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
        Self { terms: terms(retryable, work) | self.terms & EMULATED, ..self }
    }

    pub(super) fn retryable(&self) -> Retryable {
        Retryable::ALL[usize::from(self.terms & 0b111).min(Retryable::ALL.len() - 1)]
    }

    pub(super) fn partial_work(&self) -> PartialWork {
        PartialWork::ALL[usize::from(self.terms >> 4 & 0b111).min(PartialWork::ALL.len() - 1)]
    }

    pub(super) fn memory_size_mb(&self) -> Option<u32> {
        (self.memory_size_mb > 0).then_some(u32::from(self.memory_size_mb))
    }

    pub(super) fn max_memory_used_mb(&self) -> Option<u32> {
        (self.max_memory_used_mb > 0).then_some(u32::from(self.max_memory_used_mb))
    }

    pub(super) fn confidence(&self) -> Confidence {
        Confidence::ALL[usize::from(self.flags >> CONFIDENCE & 3).min(Confidence::ALL.len() - 1)]
    }

    pub(super) fn is_start_cut(&self) -> bool {
        self.has(START_CUT)
    }

    pub(super) fn report_seen(&self) -> bool {
        self.has(REPORT_SEEN)
    }

    pub(super) fn is_cold(&self) -> bool {
        self.has(COLD)
    }

    pub(super) fn is_near_memory_limit(&self) -> bool {
        self.has(NEAR_MEMORY)
    }

    /// It came from a log in JSON without its start.
    pub(super) fn is_unstarted(&self) -> bool {
        self.has(UNSTARTED)
    }

    pub(super) fn is_environment(&self) -> bool {
        self.has(ENVIRONMENT)
    }

    /// The process ended before the handler did.
    pub(super) fn is_cut(&self) -> bool {
        self.has(CUT)
    }

    pub(super) fn has_side_effects(&self) -> bool {
        self.has(EFFECTS)
    }

    pub(super) fn is_emulated(&self) -> bool {
        self.terms & EMULATED != 0
    }

    pub(super) fn has(&self, bit: u16) -> bool {
        self.flags & bit != 0
    }
}

/// The function wrote nothing for half of the run time or more before the end.
fn is_silent(attempt: &Attempt) -> bool {
    let (Some(last), Some(end), Some(duration_us)) =
        (attempt.last_line.as_ref().and_then(|line| line.at), attempt.ended_at, attempt.metrics.duration_us)
    else {
        return false;
    };
    u64::try_from(end.ms_since(last)).is_ok_and(|silent| silent * 2_000 >= duration_us)
}

fn causes(verdict: &Verdict) -> u16 {
    let has = |wanted: &str| verdict.contributing.iter().any(|(code, _)| *code == wanted);
    CAUSES.iter().filter(|(_, code)| has(code)).fold(0, |bits, (bit, _)| bits | bit)
}

/// Ids of an entry's names in the tables shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryNames {
    pub(super) stream: u64,
    pub(super) function: u32,
    pub(super) version: u16,
    pub(super) finding: u32,
    /// The attempt was cut in the middle.
    pub(super) cut: bool,
}

/// Whether a verdict says that the process ended before the handler did.
pub(super) fn is_cut(category: Category, code: &str) -> bool {
    const CRASHES: [&str; 3] = ["runtime_exception.exit", "runtime_exception.signal", "runtime_exception.extension"];
    matches!(category, Category::Timeout | Category::OutOfMemory) || CRASHES.contains(&code)
}

fn terms(retryable: Retryable, work: PartialWork) -> u8 {
    retryable as u8 | (work as u8) << 4
}

/// 24 bits of input, 40 bits of line: 16 million inputs of a million million lines.
fn pack(place: Place) -> u64 {
    u64::from(place.input) << 40 | place.line & 0xff_ffff_ffff
}

fn unpack(packed: u64) -> Place {
    Place::at((packed >> 40) as u32, packed & 0xff_ffff_ffff)
}

fn hundredths(us: Option<u64>) -> u32 {
    us.map_or(ABSENT, |us| u32::try_from((us + 5) / 10).unwrap_or(ABSENT - 1))
}

fn megabytes(mb: Option<u32>) -> u16 {
    mb.map_or(0, |mb| u16::try_from(mb).unwrap_or(u16::MAX))
}

fn lasted(start: Option<Timestamp>, end: Option<Timestamp>) -> u32 {
    match (start, end) {
        (Some(start), Some(end)) => u32::try_from(end.ms_since(start).max(0)).unwrap_or(ABSENT - 1),
        _ => ABSENT,
    }
}
