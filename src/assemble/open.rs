//! An attempt in the making, and what stands between attempts until it is known whose it is.

use std::sync::Arc;

use super::{LAST_LINE_BYTES, Message, SIGN_TEXT_BYTES, SIGNS_KEPT, evidence_line};
use crate::model::{
    AppError, Attempt, ErrorForm, Init, Level, Line, Phase, Place, Report, RequestId, Sign, SignKind, Status, Subject,
    Timestamp, WindowCut,
};

/// An attempt that is not closed yet.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) attempt: Attempt,
    /// What stood before its START. Kept apart until the attempt closes: a part before may claim it.
    pub(super) before: Pending,
    pub(super) reported_at: Option<Timestamp>,
    /// START or REPORT came as JSON, so other requests may run beside it.
    pub(super) json: bool,
    /// Bytes of its messages.
    pub(super) bytes: u64,
    pub(super) last_at: Option<Timestamp>,
    last_line: LastLine,
}

/// The last line, as bytes in a buffer that is reused: most are never looked at.
#[derive(Debug, Default)]
pub(super) struct LastLine {
    at: Option<Timestamp>,
    place: Place,
    text: Vec<u8>,
}

impl LastLine {
    fn set(&mut self, message: &Message<'_>) {
        self.at = message.at;
        self.place = message.place;
        self.text.clear();
        self.text.extend_from_slice(&message.text[..message.text.len().min(LAST_LINE_BYTES)]);
    }

    fn line(&self) -> Option<Line> {
        let message = Message { at: self.at, place: self.place, text: &self.text, bytes: 0 };
        self.is_set().then(|| evidence_line(&message, LAST_LINE_BYTES))
    }

    fn is_set(&self) -> bool {
        self.place.line > 0
    }
}

impl Open {
    /// Begins an attempt, with what stood before it, in the memory of an earlier one.
    pub(super) fn begin(
        spare: Option<Box<Self>>,
        id: Option<RequestId>,
        message: &Message<'_>,
        before: Pending,
    ) -> Box<Self> {
        let mut open = spare.unwrap_or_default();
        open.attempt = Attempt {
            subject: Subject::Attempt,
            request_id: id,
            place: message.place,
            started_at: message.at,
            ..Attempt::default()
        };
        open.before = before;
        open.reported_at = None;
        open.json = false;
        open.bytes = 0;
        open.last_at = message.at;
        open.last_line.place = Place::default();
        open
    }

    pub(super) fn id(&self) -> Option<RequestId> {
        self.attempt.request_id
    }

    pub(super) fn is_reported(&self) -> bool {
        self.attempt.report_seen
    }

    /// An ordinary line of the running attempt.
    pub(super) fn ordinary(&mut self, message: &Message<'_>) {
        self.bytes += message.bytes;
        self.attempt.app_lines += 1;
        self.last_at = message.at.or(self.last_at);
        self.last_line.set(message);
    }

    /// Any other line that belongs to it.
    pub(super) fn touch(&mut self, message: &Message<'_>) {
        self.bytes += message.bytes;
        self.last_at = self.last_at.max(message.at);
    }

    pub(super) fn sign(&mut self, phase: Phase, kind: SignKind, message: &Message<'_>) {
        let sign = Sign { phase, kind, line: evidence_line(message, SIGN_TEXT_BYTES) };
        push_bounded(&mut self.attempt, sign);
    }

    /// A line of the function that says more than an ordinary one.
    pub(super) fn app_error(&mut self, level: Level, error: Option<&AppError<'_>>, message: &Message<'_>) {
        let late = self.is_reported();
        if !late {
            self.attempt.app_lines += 1;
            self.last_line.set(message);
        }
        self.attempt.logged_errors += u32::from(counts_as_logged(level, error));
        if let Some(error) = error {
            let phase = if late { Phase::Late } else { Phase::Invoke };
            self.sign(phase, SignKind::Error(error.clone().into_owned()), message);
        }
    }

    /// REPORT: the figures, and whatever the platform says about the end.
    pub(super) fn report(&mut self, report: &Report<'_>, message: &Message<'_>) {
        let attempt = &mut self.attempt;
        attempt.report_seen = true;
        attempt.metrics = report.metrics;
        attempt.emulated |= report.emulated;
        attempt.ended_at = message.at;
        self.reported_at = message.at;
        self.json |= report.json;
        // Managed Instances report a duration and nothing else.
        attempt.concurrent |=
            report.json && report.metrics.billed_ms.is_none() && report.metrics.memory_size_mb.is_none();
        if report.status.is_some() {
            attempt.platform_status = report.status;
        }
        if let Some(error_type) = report.error_type {
            attempt.platform_error_type = Some(error_type.into());
        }
        attempt.xray_trace_id = report.xray_trace_id.map(Into::into).or_else(|| attempt.xray_trace_id.take());
        attempt.tenant_id = report.tenant_id.map(Into::into).or_else(|| attempt.tenant_id.take());
        let troubled = report.status.is_some_and(|status| status != Status::Success);
        let at_the_cap = report.metrics.max_memory_used_mb >= report.metrics.memory_size_mb;
        if troubled || at_the_cap || !attempt.signs.is_empty() || !self.before.signs.is_empty() {
            attempt.report_line = Some(evidence_line(message, SIGN_TEXT_BYTES));
        }
        if let (true, Some(status)) = (troubled, report.status) {
            let kind = SignKind::Ended { status, error_type: report.error_type.map(Into::into), runtime_done: false };
            self.sign(Phase::Invoke, kind, message);
        }
    }

    /// Takes over what stood before the attempt and fills in what follows from the whole.
    pub(super) fn close(&mut self) {
        let Pending { init, signs, left_out, logged_errors, .. } = std::mem::take(&mut self.before);
        let attempt = &mut self.attempt;
        if !signs.is_empty() {
            let own = std::mem::replace(&mut attempt.signs, signs);
            for sign in own {
                push_bounded(attempt, sign);
            }
        }
        attempt.signs_left_out += left_out;
        attempt.logged_errors += logged_errors;
        attempt.init = merge_init(init, attempt.init);
        if attempt.ended_at.is_none() {
            attempt.ended_at = self.last_at;
        }
        if !attempt.start_seen
            && let (Some(end), Some(duration_us)) = (attempt.ended_at, attempt.metrics.duration_us)
        {
            let computed = Timestamp::from_ms(end.ms() - i64::try_from(duration_us / 1_000).unwrap_or(0));
            attempt.started_at = computed.min(attempt.started_at).or(attempt.started_at);
        }
        let plain = attempt.report_seen && attempt.signs.is_empty();
        if !plain {
            attempt.last_line = self.last_line.line();
        }
    }

    /// Puts a later fragment of the same attempt behind this one.
    pub(super) fn append(&mut self, mut later: Box<Self>) {
        later.close();
        let later = *later;
        let phase_of_lines = if self.is_reported() { Some(Phase::Late) } else { None };
        self.bytes += later.bytes;
        self.last_at = later.last_at.max(self.last_at);
        self.json |= later.json;
        if later.last_line.is_set() && !self.is_reported() {
            self.last_line = later.last_line;
        }
        let (mine, theirs) = (&mut self.attempt, later.attempt);
        for sign in theirs.signs {
            push_bounded(mine, Sign { phase: phase_of_lines.unwrap_or(sign.phase), ..sign });
        }
        mine.signs_left_out += theirs.signs_left_out;
        mine.logged_errors += theirs.logged_errors;
        mine.app_lines += theirs.app_lines;
        mine.request_id = mine.request_id.or(theirs.request_id);
        mine.end_seen |= theirs.end_seen;
        mine.emulated |= theirs.emulated;
        mine.concurrent |= theirs.concurrent;
        if theirs.report_seen && !mine.report_seen {
            mine.report_seen = true;
            mine.metrics = theirs.metrics;
            mine.ended_at = theirs.ended_at;
            mine.report_line = theirs.report_line;
            self.reported_at = later.reported_at;
        } else if !mine.report_seen && theirs.end_seen {
            mine.ended_at = theirs.ended_at;
        }
        mine.platform_status = theirs.platform_status.or(mine.platform_status);
        mine.platform_error_type = theirs.platform_error_type.or(mine.platform_error_type.take());
        mine.xray_trace_id = theirs.xray_trace_id.or(mine.xray_trace_id.take());
        mine.tenant_id = theirs.tenant_id.or(mine.tenant_id.take());
    }

    /// Takes lines that turned out to be its own.
    pub(super) fn adopt(&mut self, lines: Pending) {
        self.bytes += lines.bytes;
        self.last_at = lines.last_at.max(self.last_at);
        self.attempt.app_lines += lines.lines;
        self.attempt.logged_errors += lines.logged_errors;
        self.attempt.signs_left_out += lines.left_out;
        for sign in lines.signs {
            push_bounded(&mut self.attempt, Sign { phase: Phase::Invoke, ..sign });
        }
        if lines.last_line.is_set() {
            self.last_line = lines.last_line;
        }
    }

    /// The same for lines that stand before all that it has.
    pub(super) fn adopt_earlier(&mut self, mut lines: Pending) {
        if lines.is_empty() {
            return;
        }
        self.attempt.place = lines.first_place;
        self.attempt.started_at = lines.first_at.or(self.attempt.started_at);
        let own = std::mem::take(&mut self.attempt.signs);
        let own_last_line = std::mem::take(&mut self.last_line);
        if own_last_line.is_set() {
            lines.last_line = own_last_line;
        }
        self.adopt(lines);
        for sign in own {
            push_bounded(&mut self.attempt, sign);
        }
    }

    /// A fragment whose START is not in this part.
    pub(super) fn lacks_start(&self) -> bool {
        !self.attempt.start_seen
    }

    pub(super) fn cut_start(&mut self) {
        self.attempt.window_cut = match self.attempt.window_cut {
            WindowCut::None | WindowCut::Start => WindowCut::Start,
            WindowCut::End | WindowCut::Both => WindowCut::Both,
        };
    }

    pub(super) fn cut_end(&mut self) {
        self.attempt.window_cut = match self.attempt.window_cut {
            WindowCut::None | WindowCut::End => WindowCut::End,
            WindowCut::Start | WindowCut::Both => WindowCut::Both,
        };
    }
}

/// Lines that stand between attempts: the init of the next one, leftovers of the last one.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) init: Option<Init>,
    pub(super) signs: Vec<Sign>,
    pub(super) left_out: u32,
    pub(super) logged_errors: u32,
    pub(super) bytes: u64,
    pub(super) lines: u32,
    pub(super) first_at: Option<Timestamp>,
    pub(super) first_place: Place,
    pub(super) last_at: Option<Timestamp>,
    /// It begins with the start of an environment: nothing before can belong to the same attempt.
    pub(super) fresh: bool,
    pub(super) runtime: Option<Arc<str>>,
    pub(super) version: Option<Arc<str>>,
    last_line: LastLine,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.lines == 0 && !self.fresh
    }

    pub(super) fn touch(&mut self, message: &Message<'_>) {
        if self.lines == 0 {
            self.first_at = message.at;
            self.first_place = message.place;
        }
        self.lines += 1;
        self.bytes += message.bytes;
        self.last_at = message.at.or(self.last_at);
    }

    pub(super) fn ordinary(&mut self, message: &Message<'_>) {
        self.touch(message);
        self.last_line.set(message);
    }

    pub(super) fn sign(&mut self, kind: SignKind, message: &Message<'_>) {
        if self.signs.len() < SIGNS_KEPT {
            self.signs.push(Sign { phase: Phase::Init, kind, line: evidence_line(message, SIGN_TEXT_BYTES) });
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn app_error(&mut self, level: Level, error: Option<&AppError<'_>>, message: &Message<'_>) {
        self.last_line.set(message);
        self.logged_errors += u32::from(counts_as_logged(level, error));
        if let Some(error) = error {
            self.sign(SignKind::Error(error.clone().into_owned()), message);
        }
    }

    /// Something in it says that an init or a restore ran, rather than leftovers of the last attempt.
    pub(super) fn tells_of_init(&self) -> bool {
        self.fresh || self.init.is_some()
    }

    /// The init failed, whether or not a request ever came.
    pub(super) fn init_failed(&self) -> bool {
        self.signs.iter().any(|sign| match &sign.kind {
            SignKind::InitFailed { .. }
            | SignKind::RestoreFailed { .. }
            | SignKind::ImageError { .. }
            | SignKind::ExtensionFailed { .. }
            | SignKind::Crash { .. } => true,
            SignKind::Error(error) => matches!(error.form, ErrorForm::Init),
            _ => false,
        })
    }

    /// Takes later lines behind these.
    pub(super) fn append(&mut self, later: Self) {
        if later.lines == 0 && !later.fresh {
            return;
        }
        if self.lines == 0 {
            self.first_at = later.first_at;
            self.first_place = later.first_place;
        }
        for sign in later.signs {
            if self.signs.len() < SIGNS_KEPT {
                self.signs.push(sign);
            } else {
                self.left_out += 1;
            }
        }
        self.left_out += later.left_out;
        self.logged_errors += later.logged_errors;
        self.bytes += later.bytes;
        self.lines += later.lines;
        self.last_at = later.last_at.or(self.last_at);
        self.fresh |= later.fresh;
        self.init = merge_init(self.init, later.init);
        self.runtime = later.runtime.or(self.runtime.take());
        self.version = later.version.or(self.version.take());
        if later.last_line.is_set() {
            self.last_line = later.last_line;
        }
    }
}

/// A logged error, as opposed to the statement of the runtime that the handler failed.
fn counts_as_logged(level: Level, error: Option<&AppError<'_>>) -> bool {
    match error {
        Some(error) => error.form == ErrorForm::Logged && level >= Level::Error,
        None => level >= Level::Error,
    }
}

fn merge_init(earlier: Option<Init>, later: Option<Init>) -> Option<Init> {
    let (Some(a), Some(b)) = (earlier, later) else { return earlier.or(later) };
    Some(Init {
        start_seen: a.start_seen || b.start_seen,
        init_type: a.init_type.or(b.init_type),
        init_phase: b.init_phase.or(a.init_phase),
        invoke_phase: b.invoke_phase.or(a.invoke_phase),
        restore: b.restore.or(a.restore),
    })
}

/// Keeps the first half and the last half of the signs of an attempt that says too much.
fn push_bounded(attempt: &mut Attempt, sign: Sign) {
    if attempt.signs.len() >= SIGNS_KEPT {
        attempt.signs.remove(SIGNS_KEPT / 2);
        attempt.signs_left_out += 1;
    }
    attempt.signs.push(sign);
}
