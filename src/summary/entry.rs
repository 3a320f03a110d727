//! One attempt as a value of fixed size: all that the final pass needs of it.

use crate::model::{Attempt, Category, Confidence, Place, RequestId, Subject, Timestamp, Verdict, WindowCut};

/// No such figure on the REPORT line.
const ABSENT: u32 = u32::MAX;
/// No clock in the log.
const NO_TIME: i64 = i64::MIN;

/// One attempt. Names are ids of the shared tables; durations are in hundredths of a millisecond, which is what REPORT
/// lines print.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
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
}

/// Observations that a function's row counts.
pub(super) const COUNTED_OBSERVATIONS: [&str; 2] = [HANDLED_ERROR, NEAR_MEMORY_LIMIT];
const HANDLED_ERROR: &str = "handled_error";
const NEAR_MEMORY_LIMIT: &str = "near_memory_limit";

const HAS_REQUEST: u16 = 1;
const START_CUT: u16 = 1 << 1;
const REPORT_SEEN: u16 = 1 << 2;
const COLD: u16 = 1 << 3;
const NEAR_MEMORY: u16 = 1 << 4;
const ENVIRONMENT: u16 = 1 << 5;
const CONFIDENCE: u32 = 8;

/// Marks an entry without a finding: it did not fail.
pub(super) const NO_FINDING: u32 = u32::MAX;

impl Entry {
    /// From an attempt and its verdict; `names` are the ids of stream, function, version and finding.
    pub(super) fn new(attempt: &Attempt, verdict: &Verdict, names: Names) -> Self {
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
                | flag(attempt.subject == Subject::Environment, ENVIRONMENT)
                | (verdict.confidence as u16) << CONFIDENCE,
            version: names.version,
            category: verdict.category,
        }
    }

    /// The order of the final pass: the attempts of an event stand together, earliest first.
    pub(super) fn key(&self) -> (u32, u128, i64, u64, u32) {
        (self.function, self.request, self.start_ms, self.place, self.event)
    }

    /// What ended the attempt.
    #[must_use]
    pub fn category(&self) -> Category {
        self.category
    }

    /// The event, where the log names it.
    #[must_use]
    pub fn request(&self) -> Option<RequestId> {
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

    pub(super) fn is_environment(&self) -> bool {
        self.has(ENVIRONMENT)
    }

    fn has(&self, bit: u16) -> bool {
        self.flags & bit != 0
    }
}

/// Ids of an entry's names in the tables shared by all workers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) stream: u64,
    pub(super) function: u32,
    pub(super) version: u16,
    pub(super) finding: u32,
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
