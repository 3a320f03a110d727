//! Assembly of the statements of one log stream into attempts: which line belongs to which run, in bounded memory.
//!
//! A stream is one execution environment: one request at a time, unless ids say otherwise (Managed Instances), and
//! unless the stream is unknown (bare text may mix environments). The state of a stream at a cut between two files or
//! two pieces of a file is a value, [`Part`]. [`join`] joins parts and gives the result of one pass over all of them.
//!
//! Depends on the model only. It neither parses nor judges.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod attach;
mod broken_ids;
mod disorder;
mod failed_init;
mod lingering;
mod loose;
mod open;
mod open_attempts;
mod owner;
mod part;
mod printed;
mod quoted;
mod resting;
mod superseded;
#[cfg(test)]
mod tests;
mod unread;
pub(crate) mod work;

pub(crate) use part::{Part, join};
pub(crate) use unread::BatchLines;

use std::sync::Arc;

use open::{OpenAttempt, Pending};
use open_attempts::OpenAttempts;

use crate::model::{
    Attempt, Bucket, Keep, KeptLine, Line, Place, RequestId, Statement, Timestamp, cut_before_word, lossy_text,
};

/// A receiver of what an assembler has finished.
pub(crate) trait Output {
    /// Takes an attempt (or an environment without a request) that is closed.
    fn closed(&mut self, attempt: &mut Attempt);
    /// Counts bytes of messages of an input in a bucket.
    fn count(&mut self, input: u32, bucket: Bucket, bytes: u64);
    /// Counts a line of the platform that arrived a second time and was dropped.
    fn duplicate(&mut self);
    /// An attempt was closed because too many were open.
    fn crowded(&mut self, place: Place);
    /// A REPORT was cut off where it begins; its place.
    fn unread_report(&mut self, place: Place);
    /// Lines of the stream are in an order in which nobody wrote them; the place of the first one.
    fn disordered(&mut self, place: Place);
    /// Errors of one attempt were taken for an attempt each, because they were more than are kept; the place of the first one.
    fn parted(&mut self, place: Place);
}

/// One message on its way into an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Time at which it was written.
    pub at: Option<Timestamp>,
    /// Place in the input.
    pub place: Place,
    /// Its text. May be cut to what is worth keeping.
    pub text: &'a [u8],
    /// Whether the text is still escaped as the inside of a JSON string, which only holds for ordinary lines.
    pub escaped: bool,
    /// Its length in the input.
    pub bytes: u64,
    /// Rules by which lines are kept.
    pub keep: &'a Keep,
}

impl<'a> Message<'a> {
    /// Returns the message as a line to keep.
    #[inline(always)]
    fn kept(&self, own: bool) -> KeptLine<'a> {
        KeptLine { at: self.at, place: self.place, text: self.text, escaped: self.escaped, own, cut: false }
    }
}

/// Signs kept per attempt: of a noisy one, the first half and the last half.
pub(crate) const SIGNS_KEPT: usize = 16;
/// Bytes kept of a line that is evidence.
const SIGN_TEXT_BYTES: usize = 4 * 1024;
/// Bytes kept of a line that is only the last before the end.
const LAST_LINE_BYTES: usize = 512;
/// Log time after REPORT in which a line can still belong to the attempt (the contract's 60 s).
const LATE_LINES_MS: i64 = 60_000;
/// The longest an attempt can run: 90 minutes on Managed Instances, 15 elsewhere.
const LONGEST_RUN_MS: i64 = 90 * 60_000;
/// Attempts open at once in one environment: Managed Instances allow 1,600.
pub(crate) const OPEN_AT_ONCE: usize = 4_096;
/// Attempts with a REPORT that wait for late lines at once, where lines have no times.
const WHOLE_AT_ONCE: usize = 8_192;
/// Errors without a line of the platform that are held until one may follow.
const LONE_ERRORS: usize = 64;
/// Log time before START within which a line with the id of the request belongs to it.
const NAMED_BEFORE_START_MS: i64 = 1_000;
/// Log time after REPORT within which an unhandled error may still be the attempt's own (the Java client logs it late).
const TRAILING_ERROR_MS: i64 = 500;

/// Ids of the last closed attempts, as 64 bits each: every stream has them, and there may be very many streams.
#[derive(Clone, Copy, Debug, Default)]
struct RecentIds {
    ids: [u64; 4],
    count: u8,
}

impl RecentIds {
    fn short(id: RequestId) -> u64 {
        (id.bits() >> 64) as u64 ^ id.bits() as u64
    }

    fn push(&mut self, id: RequestId) {
        if id.is_anonymous() {
            return;
        }
        self.ids.rotate_right(1);
        self.ids[0] = Self::short(id);
        self.count = (self.count + 1).min(4);
    }

    /// Adds those before, as far as there is room.
    fn append_earlier(&mut self, earlier: &Self) {
        for id in earlier.ids.iter().take(usize::from(earlier.count)) {
            let count = usize::from(self.count);
            if count < self.ids.len() && !self.ids[..count].contains(id) {
                self.ids[count] = *id;
                self.count += 1;
            }
        }
    }

    fn contains(&self, id: RequestId) -> bool {
        self.ids[..usize::from(self.count)].contains(&Self::short(id))
    }
}

/// Assembles the attempts of one stream.
#[derive(Debug)]
pub(crate) struct Assembler {
    /// Whether the stream is named and shows nothing else, so that its lines come from one environment.
    known_stream: bool,
    /// The stream is one of Lambda: by its name or group, or as a line of the platform was read in it. Of any other, an id
    /// alone is no attempt: access logs and applications have ids, too.
    of_lambda: bool,
    open: OpenAttempts,
    /// The open attempt while nothing is written to the stream; then it is not in `open`.
    resting: Option<Box<resting::RestingAttempt>>,
    pending: Pending,
    /// Failures of an init that may be another environment's than the running attempt's.
    failed_init: Option<Pending>,
    /// The last error of a loading runtime that was given to the attempt that ended next.
    init_error_given: Option<Box<failed_init::InitErrorGiven>>,
    /// Whether the platform reports failed inits in this stream, as it does since 2022.
    inits_reported: bool,
    /// `Max Memory Used` of the last report since the last reset.
    peak_mb: Option<u32>,
    /// Whether START lines are written to this stream: then a line with an unknown id opens no attempt.
    starts_seen: bool,
    /// Whether the platform wrote START or REPORT in text.
    in_text: bool,
    /// Whether it wrote them in JSON.
    in_json: bool,
    /// Whether an attempt has begun: then a later one without a START did not lose it to the window.
    begun: bool,
    /// Whether several requests were seen to run side by side. Until then, an attempt that another START follows has
    /// lost its REPORT, and lines belong to the latest attempt.
    concurrent: bool,
    /// Ids of the last closed attempts; their late lines open no attempt.
    recent: RecentIds,
    /// Attempts that gave way to the next one without a REPORT.
    superseded: superseded::Superseded,
    /// Attempts that wait for lines of the millisecond of their REPORT, while another one runs.
    lingering: Option<Box<lingering::Lingering>>,
    /// Lines of the platform that seem to have been printed. Boxed, as hardly a stream has any.
    printed: Option<Box<printed::Printed>>,
    /// The head of the part: attempts that an earlier part may still change.
    held: part::PartHead,
    first_at: Option<Timestamp>,
    /// The latest time of all lines.
    last_at: Option<Timestamp>,
    /// Whether a START had an id that is no UUID.
    broken_ids: bool,
    /// Whether a local emulator writes the stream, which only REPORT lines with an init show.
    emulated: bool,
    /// An attempt that was handed over, whose memory the next one reuses.
    spare: Option<Box<OpenAttempt>>,
    /// The version in the last START, shared because nearly all name the same.
    version: Option<Arc<str>>,
    /// The same of the function.
    function: Option<Arc<str>>,
    /// Errors whose owner is not settled.
    loose: Option<Box<loose::LooseErrors>>,
    steps: Option<Box<disorder::TimeSteps>>,
    /// The first of the errors that were closed as an attempt each before the first line of the platform.
    parted: Option<Place>,
    /// Errors that stand alone so far, each an attempt unless a line of the platform follows.
    #[expect(clippy::box_collection, reason = "hardly a stream has any")]
    lone: Option<Box<Vec<Pending>>>,
    /// Lines of the current batch that were counted and not kept.
    unread: Vec<unread::UnreadRun>,
}

impl Assembler {
    /// Creates the assembler of a stream; `known_stream` is false for input that does not tell streams apart.
    #[must_use]
    pub(crate) fn new(known_stream: bool, of_lambda: bool) -> Self {
        Self {
            known_stream,
            of_lambda,
            open: OpenAttempts::default(),
            resting: None,
            pending: Pending::default(),
            failed_init: None,
            init_error_given: None,
            inits_reported: false,
            peak_mb: None,
            starts_seen: false,
            in_text: false,
            in_json: false,
            begun: false,
            concurrent: false,
            recent: RecentIds::default(),
            superseded: superseded::Superseded::default(),
            lingering: None,
            printed: None,
            held: part::PartHead::default(),
            first_at: None,
            last_at: None,
            broken_ids: false,
            emulated: false,
            spare: None,
            version: None,
            function: None,
            loose: None,
            steps: None,
            parted: None,
            lone: None,
            unread: Vec::new(),
        }
    }

    /// Returns whether ordinary lines must be parsed too, because only their request ids identify attempts.
    #[must_use]
    pub(crate) fn wants_ids(&self) -> bool {
        !self.starts_seen
    }

    /// Returns whether an attempt of a request is open, or was lately.
    #[must_use]
    pub(crate) fn had(&self, id: RequestId) -> bool {
        self.recent.contains(id) || self.open.first_of(Some(id)).is_some() || self.is_superseded(id)
    }

    /// Returns whether the attempt of a request runs.
    #[must_use]
    pub(crate) fn runs(&self, id: RequestId) -> bool {
        self.open.of(Some(id)).any(|at| !self.open[at].is_reported())
    }

    /// Returns whether requests were served, and none runs.
    #[must_use]
    pub(crate) fn is_between_attempts(&self) -> bool {
        self.starts_seen && !self.open.has_running()
    }

    /// Takes an ordinary line of the function; `lines` is its batch, if it came in one.
    #[inline(always)]
    pub(crate) fn ordinary(&mut self, message: &Message<'_>, lines: Option<&BatchLines<'_>>, output: &mut dyn Output) {
        self.keep_lines(lines);
        self.ordinary_line(message, output);
    }

    /// Takes the statement that a message makes; `lines` is its batch, if it came in one. The text of `message` is the
    /// whole (joined) text.
    pub(crate) fn record(
        &mut self,
        message: &Message<'_>,
        record: &Statement<'_>,
        lines: Option<&BatchLines<'_>>,
        output: &mut dyn Output,
    ) {
        self.settle_unread(message, record, lines);
        disorder::TimeSteps::see(&mut self.steps, self.last_at, message);
        self.see(message);
        self.attach(message, record, output);
    }

    /// Takes an ordinary line, as nearly every event is; inlined so that all values stay in registers.
    #[inline(always)]
    pub(super) fn ordinary_line(&mut self, message: &Message<'_>, output: &mut dyn Output) {
        self.see(message);
        if let Some(open) = self.open.only_mut()
            && !open.is_reported()
        {
            open.ordinary(message);
            return;
        }
        self.ordinary_between(message, output);
    }

    fn shrink(&mut self, keep: &Keep) {
        self.held.shrink(keep);
        self.open.shrink(|open| if open.is_reported() { open.shrink(keep) } else { open.fit() });
        self.superseded.shrink();
        self.spare = None;
        self.unread.shrink_to_fit();
    }

    /// Returns what is left at the end of the input, to be joined with other parts of the stream.
    #[must_use]
    pub(crate) fn finish(self) -> Part {
        Part::of(self)
    }

    #[inline(always)]
    fn see(&mut self, message: &Message<'_>) {
        if self.first_at.is_none() {
            self.first_at = message.at;
        }
        if message.at > self.last_at {
            self.last_at = message.at;
        }
    }

    /// Takes an ordinary line while not exactly one attempt is open and running: it belongs to the one that it names or
    /// to the latest, else to none yet.
    fn ordinary_between(&mut self, message: &Message<'_>, output: &mut dyn Output) {
        self.close_lingering(message.at, output);
        self.close_reported(message.at, output);
        let named = if self.concurrent { self.named_in(message) } else { None };
        if let Some(mut open) = named.or_else(|| self.current()).and_then(|at| self.open.edit(at)) {
            open.ordinary(message);
        } else if self.open.has_running() {
            output.count(message.place.input, Bucket::Unattributed, message.bytes);
        } else {
            self.pending.ordinary(message);
        }
    }

    /// Finds the running attempt whose id stands on a line.
    fn named_in(&self, message: &Message<'_>) -> Option<usize> {
        let is_running = |id: RequestId| self.open.latest_where(Some(id), |open| !open.is_reported());
        RequestId::all_in(message.text).find_map(is_running)
    }

    /// Finds the running attempt that a line without an id belongs to: the only one, or the latest where requests do
    /// not run side by side.
    fn current(&self) -> Option<usize> {
        let latest = self.open.latest_running()?;
        (!self.concurrent || !self.open.has_running_before(latest)).then_some(latest)
    }
}

/// Copies a line as evidence: lossy UTF-8, cut at a character boundary.
fn evidence_line(message: &Message<'_>, limit: usize) -> Line {
    let kept = cut_before_word(message.text, limit);
    let text = lossy_text(&message.text[..kept]);
    let text = if kept < message.text.len() { text.trim_end_matches(char::REPLACEMENT_CHARACTER) } else { &text };
    Line { at: message.at, place: message.place, text: text.trim_end_matches(['\n', '\r']).into() }
}
