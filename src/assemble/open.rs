//! Attempts that are not closed yet, and lines between attempts whose owner is not known yet.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{
    LAST_LINE_BYTES, LATE_LINES_MS, LONGEST_RUN_MS, Message, NAMED_BEFORE_START_MS, SIGN_TEXT_BYTES, SIGNS_KEPT,
    evidence_line,
};
use crate::model::{
    AppError, AppLine, Attempt, ErrorForm, Init, JsonShape, Keep, Level, Line, Lines, Phase, Place, Report, RequestId,
    Sign, SignKind, Status, Stretch, Subject, Timestamp,
};

/// Other lines that a copied error may have above or below it.
const LINES_BESIDE_ERROR: u32 = 8;

/// An attempt that is not closed yet.
#[derive(Debug, Default)]
pub(super) struct OpenAttempt {
    pub(super) attempt: Attempt,
    /// Lines before its START. Kept apart until the attempt closes, because an earlier part may claim them.
    pub(super) before: Pending,
    pub(super) reported_at: Option<Timestamp>,
    /// Whether REPORT is evidence, by what was known when it was read. Without a START, the REPORT line is kept in any
    /// case: an earlier part may hold the signs that make it evidence.
    pub(super) report_tells: bool,
    /// Whether START or REPORT came as JSON, so that other requests may run beside it.
    pub(super) json: bool,
    /// Bytes of its messages.
    pub(super) bytes: u64,
    pub(super) last_at: Option<Timestamp>,
    /// Whether its START stands behind an end of the same request.
    pub(super) start_behind_end: bool,
    /// Whether it seems to have printed a START in text, in a log in JSON.
    pub(super) printed_start: bool,
    /// Whether its START stands in a stream with a name, so that what began there is its own environment.
    pub(super) named: bool,
    /// A line while it ran that is nothing but a beginning of REPORT: it was cut there, unless REPORT follows.
    pub(super) begun_report: Option<BegunReport>,
    /// Its last lines, in a buffer that the next attempt reuses.
    pub(super) lines: Lines,
}

/// The place and the bytes of a line that is nothing but a beginning of REPORT.
#[derive(Clone, Copy, Debug)]
pub(super) struct BegunReport {
    pub(super) place: Place,
    pub(super) bytes: u64,
}

impl OpenAttempt {
    /// Begins an attempt with the lines before it, in the memory of an earlier one.
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
        open.report_tells = false;
        open.json = false;
        open.bytes = 0;
        open.last_at = message.at;
        open.start_behind_end = false;
        open.printed_start = false;
        open.named = false;
        open.begun_report = None;
        open.lines.clear();
        open
    }

    /// Returns whether nothing but lines with its id tells of it.
    pub(super) fn is_lines_alone(&self) -> bool {
        let Attempt { start_seen, end_seen, report_seen, signs, .. } = &self.attempt;
        !start_seen && !end_seen && !report_seen && !signs.iter().chain(&self.before.signs).any(tells_of_failure)
    }

    pub(super) fn id(&self) -> Option<RequestId> {
        self.attempt.request_id
    }

    pub(super) fn is_reported(&self) -> bool {
        self.attempt.report_seen
    }

    /// Takes an ordinary line while the attempt runs.
    #[inline(always)]
    pub(super) fn ordinary(&mut self, message: &Message<'_>) {
        self.count_lines(1, message.bytes, message.at, message.at);
        self.keep(message);
    }

    /// Counts a stretch of ordinary lines without keeping their text.
    #[inline(always)]
    pub(super) fn count(&mut self, lines: &Stretch) {
        self.count_lines(lines.events, lines.bytes, lines.first_at, lines.last_at);
    }

    #[inline(always)]
    fn count_lines(&mut self, lines: u32, bytes: u64, first_at: Option<Timestamp>, last_at: Option<Timestamp>) {
        self.bytes += bytes;
        self.attempt.app_lines += lines;
        // In bare text, START has no time but lines of the function may have one.
        self.attempt.started_at = self.attempt.started_at.or(first_at);
        self.last_at = last_at.or(self.last_at);
    }

    /// Keeps the text of an ordinary line.
    #[inline(always)]
    pub(super) fn keep(&mut self, message: &Message<'_>) {
        self.lines.push(message.kept(true), message.keep);
    }

    /// Returns whether nothing is wrong with it or with the init before it, so that its lines are not needed unless
    /// those of every attempt are wanted.
    pub(super) fn ended_well(&self) -> bool {
        let Self { attempt, before, .. } = self;
        attempt.report_seen && attempt.signs.is_empty() && before.signs.is_empty() && !attempt.metrics.are_capped()
    }

    /// Returns whether it is reported and the platform says that its process ended with it: a crash, a kill, a timeout.
    /// On Managed Instances the process goes on after one of several requests has failed.
    pub(super) fn ended_process(&self) -> bool {
        let lost_sandbox = self.attempt.platform_error_type.as_deref().is_some_and(|code| code.starts_with("Sandbox."));
        let by_status = matches!(self.attempt.platform_status, Some(Status::Error | Status::Timeout));
        let tells =
            |sign: &Sign| matches!(sign.kind, SignKind::TimedOut | SignKind::Crash { .. } | SignKind::ExitedEarly);
        self.is_reported()
            && !self.attempt.concurrent
            && (by_status || lost_sandbox || self.attempt.signs.iter().any(tells))
    }

    /// Returns whether log time has passed the moment up to which it can still run or get late lines.
    pub(super) fn is_overdue(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|due| now.ms() > due)
    }

    /// Returns the moment up to which it can still run or get late lines, in milliseconds of log time.
    pub(super) fn due(&self) -> Option<i64> {
        match self.reported_at {
            Some(reported) => Some(reported.ms() + LATE_LINES_MS),
            None if self.is_reported() => None,
            None => Some(self.attempt.started_at?.ms() + LONGEST_RUN_MS + LATE_LINES_MS),
        }
    }

    /// Takes a line of the platform that belongs to the attempt.
    pub(super) fn touch(&mut self, message: &Message<'_>) {
        self.touch_only(message);
        if message.keep.every_line {
            self.lines.push(message.kept(false), message.keep);
        }
    }

    fn touch_only(&mut self, message: &Message<'_>) {
        self.bytes += message.bytes;
        if !self.is_reported() {
            self.attempt.started_at = self.attempt.started_at.or(message.at);
        }
        self.last_at = self.last_at.max(message.at);
    }

    /// Returns whether a line has the time of REPORT: exports have the lines of one millisecond in any order.
    pub(super) fn is_at_report(&self, message: &Message<'_>) -> bool {
        Timestamp::is_same_ms(self.reported_at, message.at)
    }

    pub(super) fn sign(&mut self, phase: Phase, kind: SignKind, message: &Message<'_>) {
        let sign = Sign { phase, kind, line: evidence_line(message, SIGN_TEXT_BYTES) };
        push_bounded(&mut self.attempt, sign);
    }

    /// Takes a line of the function that has a level or an error.
    pub(super) fn app_error(&mut self, level: Level, error: Option<&AppError<'_>>, message: &Message<'_>) {
        self.touch_only(message);
        let late = self.is_reported() && !self.is_at_report(message);
        if !late {
            self.attempt.app_lines += 1;
        }
        if !late || message.keep.every_line {
            self.lines.push(message.kept(!late), message.keep);
        }
        self.attempt.logged_errors += u32::from(counts_as_logged(level, error));
        if let Some(error) = error {
            let phase = if late { Phase::Late } else { Phase::Invoke };
            self.sign(phase, SignKind::Error(error.clone().into_owned()), message);
        }
    }

    /// Takes REPORT: its figures, and whatever it says about the end.
    pub(super) fn report(&mut self, report: &Report<'_>, message: &Message<'_>) {
        let attempt = &mut self.attempt;
        attempt.report_seen = true;
        // It settles what lines before it left in doubt.
        attempt.report_in_doubt = !report.whole;
        attempt.metrics = report.metrics;
        attempt.emulated |= report.emulated;
        attempt.json |= report.json;
        attempt.ended_at = message.at;
        self.reported_at = message.at;
        self.json |= report.json;
        attempt.concurrent |= report.is_of_managed_instances();
        if report.status.is_some() {
            attempt.platform_status = report.status;
        }
        if let Some(error_type) = report.error_type {
            attempt.platform_error_type = Some(error_type.into());
        }
        if report.xray_trace_id.is_some() && attempt.xray_trace_id.as_deref() != report.xray_trace_id {
            attempt.xray_trace_id = report.xray_trace_id.map(Into::into);
        }
        attempt.tenant_id = report.tenant_id.map(Into::into).or_else(|| attempt.tenant_id.take());
        let troubled = report.status.is_some_and(|status| status != Status::Success);
        let at_the_cap = report.metrics.max_memory_used_mb >= report.metrics.memory_size_mb;
        self.report_tells = troubled
            || at_the_cap
            || report.metrics.are_capped()
            || !attempt.signs.is_empty()
            || !self.before.signs.is_empty();
        if self.report_tells || !attempt.start_seen {
            attempt.report_line = Some(evidence_line(message, SIGN_TEXT_BYTES));
        }
        // At the usual level of the platform's log, the span is the only sign that the handler had returned.
        let (overhead, duration) = (report.extension_overhead_us, report.metrics.duration_us);
        if overhead.zip(duration).is_some_and(|(overhead, duration)| overhead >= duration.div_ceil(2)) {
            self.sign(Phase::Invoke, SignKind::HandlerDone, message);
        }
        if let (true, Some(status)) = (troubled, report.status) {
            let kind = SignKind::Ended { status, error_type: report.error_type.map(Into::into), runtime_done: false };
            self.sign(Phase::Invoke, kind, message);
        }
    }

    /// Merges the lines before the attempt into it and computes what needs the whole attempt.
    pub(super) fn close(&mut self) {
        let of_init = self.before.tells_of_init();
        let LinesBetween { init, signs, left_out, logged_errors, kept, .. } = self.before.take();
        let attempt = &mut self.attempt;
        let init_failed = signs.iter().any(tells_of_failure);
        if !signs.is_empty() {
            let own = std::mem::replace(&mut attempt.signs, signs);
            for sign in own {
                push_bounded(attempt, sign);
            }
        }
        attempt.signs_left_out += left_out;
        attempt.logged_errors += logged_errors;
        attempt.init = merge_init(init, attempt.init);
        self.disown();
        let attempt = &mut self.attempt;
        if attempt.ended_at.is_none() {
            // A line may have printed any time.
            let is_near = |last: &Timestamp| {
                attempt.started_at.is_none_or(|start| (0..=LONGEST_RUN_MS).contains(&last.ms_since(start)))
            };
            attempt.ended_at = self.last_at.filter(is_near).or(attempt.started_at);
        }
        if !attempt.start_seen
            && let (Some(end), Some(duration_us)) = (attempt.ended_at, attempt.metrics.duration_us)
        {
            let computed = Timestamp::from_ms(end.ms() - i64::try_from(duration_us / 1_000).unwrap_or(0));
            attempt.started_at = computed.min(attempt.started_at).or(attempt.started_at);
        }
        if let (Some(start), Some(end)) = (attempt.started_at, attempt.ended_at)
            && end < start
        {
            // The clock was put back in between; the run time was measured by another one.
            let lasted_ms = attempt.metrics.duration_us.map_or(0, |us| i64::try_from(us / 1_000).unwrap_or(0));
            attempt.ended_at = Timestamp::from_ms(start.ms().saturating_add(lasted_ms)).or(attempt.started_at);
        }
        if !self.report_tells {
            attempt.report_line = None;
        }
        if !self.ended_well() {
            self.attempt.last_line = last_line(&self.lines);
        }
        // Side effects in the lines of a failed init count as this attempt's, because a retry repeats them. An attempt
        // that failed without a line of its own may have failed in its init, too.
        let attempt = &self.attempt;
        let silent = of_init && attempt.last_line.is_none() && attempt.signs.iter().any(tells_of_failure);
        if init_failed || silent {
            self.lines.prepend(kept);
        }
    }

    /// Takes errors that only have the shape of a client's for lines of the function where that is one of another runtime, and
    /// doubts those that clients write in another format than that of the log.
    fn disown(&mut self) {
        let Self { attempt, json, named, .. } = self;
        let in_text = (attempt.start_seen || attempt.report_seen) && !*json && !attempt.emulated;
        // An environment that served its request well was initialised.
        let went_well = *json && attempt.report_seen && attempt.platform_status == Some(Status::Success);
        // On Managed Instances, the report of a handler that failed says so.
        let is_handled = went_well && attempt.concurrent;
        for sign in &mut attempt.signs {
            let SignKind::Error(error) = &mut sign.kind else { continue };
            if is_handled && matches!(error.form, ErrorForm::Unhandled | ErrorForm::MaybeUnhandled) {
                error.form = ErrorForm::Logged;
                attempt.error_unsure = true;
            }
            let Some(shape) = error.shape_of else { continue };
            let is_foreign = attempt.runtime.as_deref().is_some_and(|runtime| !shape.may_be_of(runtime));
            let is_of_init = error.form == ErrorForm::Init && sign.phase == Phase::Invoke;
            let is_doubtful = is_foreign || in_text && shape.is_of_format_json();
            if is_foreign && *named || is_of_init && went_well {
                error.form = ErrorForm::Logged;
            } else if is_doubtful && error.form != ErrorForm::Logged {
                (error.form, error.shape_of) = (ErrorForm::MaybeUnhandled, Some(JsonShape::InText));
            }
        }
    }

    /// Returns whether its last line stands just before a START, which then is its own: a failed init names the request
    /// before START does. Older lines belong to an earlier attempt.
    pub(super) fn is_just_before(&self, start: Option<Timestamp>) -> bool {
        self.last_at.zip(start).is_none_or(|(last, at)| at.ms_since(last) <= NAMED_BEFORE_START_MS)
    }

    /// Appends the rest of the same attempt, which begins with its START.
    pub(super) fn begin_with(&mut self, mut rest: Box<Self>, keep: &Keep) {
        let (mine, theirs) = (&mut self.attempt, &mut rest.attempt);
        mine.start_seen = true;
        mine.start_behind = Some(theirs.place);
        mine.window_cut = theirs.window_cut;
        mine.started_at = theirs.started_at.or(mine.started_at);
        mine.version = theirs.version.take().or(mine.version.take());
        mine.function = theirs.function.take().or(mine.function.take());
        mine.runtime = mine.runtime.take().or(theirs.runtime.take());
        self.append(rest, keep);
    }

    /// Appends a later fragment of the same attempt.
    pub(super) fn append(&mut self, mut later: Box<Self>, keep: &Keep) {
        let report_line = later.attempt.report_line.take();
        later.close();
        let later = *later;
        let phase_of_lines = if self.is_reported() { Some(Phase::Late) } else { None };
        self.bytes += later.bytes;
        self.last_at = later.last_at.max(self.last_at);
        self.json |= later.json;
        self.printed_start |= later.printed_start;
        self.begun_report = self.begun_report.or(later.begun_report);
        if !self.is_reported() || keep.every_line {
            self.lines.append(&later.lines, keep);
        }
        if later.attempt.report_seen && !self.attempt.report_seen {
            self.report_tells = later.report_tells || !self.attempt.signs.is_empty() || !self.before.signs.is_empty();
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
        mine.report_in_doubt &= mine.report_seen || !theirs.report_seen;
        mine.report_in_doubt |= theirs.report_in_doubt;
        mine.error_unsure |= theirs.error_unsure;
        mine.emulated |= theirs.emulated;
        mine.json |= theirs.json;
        mine.started_at = mine.started_at.or(theirs.started_at);
        mine.function = mine.function.take().or(theirs.function);
        mine.concurrent |= theirs.concurrent;
        if theirs.report_seen && !mine.report_seen {
            mine.report_seen = true;
            mine.metrics = theirs.metrics;
            mine.ended_at = theirs.ended_at;
            mine.report_line = report_line;
            self.reported_at = later.reported_at;
        } else if !mine.report_seen && theirs.end_seen {
            mine.ended_at = theirs.ended_at;
        }
        mine.platform_status = theirs.platform_status.or(mine.platform_status);
        mine.platform_error_type = theirs.platform_error_type.or(mine.platform_error_type.take());
        mine.xray_trace_id = theirs.xray_trace_id.or(mine.xray_trace_id.take());
        mine.tenant_id = theirs.tenant_id.or(mine.tenant_id.take());
        mine.execution_arn = theirs.execution_arn.or(mine.execution_arn.take());
    }

    /// Takes what a copy of the end says behind the REPORT, where this one ends there: the line that tells a timeout.
    pub(super) fn take_later_signs(&mut self, copy: &mut Self) {
        for sign in std::mem::take(&mut copy.attempt.signs) {
            let line = (sign.line.at, &sign.line.text);
            let is_known = self.attempt.signs.iter().any(|known| (known.line.at, &known.line.text) == line);
            if sign.phase == Phase::Late && !is_known {
                push_bounded(&mut self.attempt, sign);
            }
        }
        self.attempt.platform_status = self.attempt.platform_status.or(copy.attempt.platform_status);
    }

    /// Takes what a line of the function tells beside its error: the execution of a durable function, or that it is cut.
    pub(super) fn note_line(&mut self, line: &AppLine<'_>) {
        self.attempt.error_unsure |= line.in_doubt;
        if let (Some(arn), None) = (&line.execution_arn, &self.attempt.execution_arn) {
            self.attempt.execution_arn = Some(arn.as_ref().into());
        }
    }

    /// Adds a sign that turned out to be its own.
    pub(super) fn adopt_sign(&mut self, sign: Sign) {
        push_bounded(&mut self.attempt, sign);
    }

    /// Appends lines that were written while it ran.
    pub(super) fn adopt_running(&mut self, mut lines: Pending, keep: &Keep) {
        self.attempt.init = merge_init(self.attempt.init, lines.take_init());
        let first = self.attempt.signs.len();
        self.adopt(lines, keep);
        for sign in self.attempt.signs.iter_mut().skip(first).filter(|sign| is_of_environment(&sign.kind)) {
            sign.phase = Phase::Init;
        }
    }

    /// Appends lines that turned out to be its own.
    pub(super) fn adopt(&mut self, mut lines: Pending, keep: &Keep) {
        let lines = lines.take();
        self.bytes += lines.bytes;
        self.last_at = lines.last_at.max(self.last_at);
        if !self.is_reported() {
            self.attempt.started_at = self.attempt.started_at.or(lines.first_at);
        }
        self.attempt.app_lines += lines.lines;
        self.attempt.logged_errors += lines.logged_errors;
        self.attempt.signs_left_out += lines.left_out;
        for sign in lines.signs {
            push_bounded(&mut self.attempt, Sign { phase: Phase::Invoke, ..sign });
        }
        self.lines.append(&lines.kept, keep);
    }

    /// Inserts lines that turned out to be its own before all that it has.
    pub(super) fn adopt_earlier(&mut self, lines: Pending, keep: &Keep) {
        if lines.is_empty() {
            return;
        }
        self.attempt.place = lines.first_place;
        self.attempt.started_at = lines.first_at.or(self.attempt.started_at);
        let own = std::mem::take(&mut self.attempt.signs);
        let own_lines = std::mem::take(&mut self.lines);
        self.adopt(lines, keep);
        self.lines.append(&own_lines, keep);
        for sign in own {
            push_bounded(&mut self.attempt, sign);
        }
    }

    /// Moves the lines into the attempt if they may be looked at, and returns whether it did. Lines of an attempt that
    /// ended well stay, so that their buffer is reused.
    pub(super) fn hand_over_lines(&mut self) -> bool {
        let wanted = !self.ended_well() || self.lines.is_wanted();
        if wanted {
            self.attempt.lines = std::mem::take(&mut self.lines);
        }
        wanted
    }

    /// Takes the buffer of the lines back, for the next attempt.
    pub(super) fn take_lines_back(&mut self) {
        self.lines = std::mem::take(&mut self.attempt.lines);
    }

    /// Frees memory that joining parts does not need.
    pub(super) fn shrink(&mut self, keep: &Keep) {
        self.lines.shrink(keep);
        self.before.shrink(keep);
        self.attempt.signs.shrink_to_fit();
    }

    /// Frees memory that nothing uses yet, while it runs on.
    pub(super) fn fit(&mut self) {
        self.lines.fit();
        self.attempt.signs.shrink_to_fit();
    }

    /// Returns whether its START is not in this part.
    pub(super) fn lacks_start(&self) -> bool {
        !self.attempt.start_seen
    }

    pub(super) fn cut_start(&mut self) {
        self.attempt.window_cut = self.attempt.window_cut.with_start();
    }

    pub(super) fn cut_end(&mut self) {
        self.attempt.window_cut = self.attempt.window_cut.with_end();
    }
}

/// Lines between attempts: the init of the next one, leftovers of the last one. Mostly there are none, and then it takes
/// no memory: there may be very many streams.
#[derive(Debug, Default)]
pub(super) struct Pending(Option<Box<LinesBetween>>);

impl Deref for Pending {
    type Target = LinesBetween;

    #[inline]
    fn deref(&self) -> &LinesBetween {
        self.0.as_deref().unwrap_or(&NO_LINES)
    }
}

impl DerefMut for Pending {
    #[inline]
    fn deref_mut(&mut self) -> &mut LinesBetween {
        self.0.get_or_insert_default()
    }
}

impl From<LinesBetween> for Pending {
    fn from(lines: LinesBetween) -> Self {
        Self(Some(Box::new(lines)))
    }
}

impl Pending {
    /// Returns whether an error stands in the lines that may have ended an attempt.
    pub(super) fn tells_of_error(&self) -> bool {
        self.signs.iter().any(|sign| matches!(sign.kind, SignKind::Error(_)) && tells_of_failure(sign))
    }

    /// Takes the lines out.
    pub(super) fn take(&mut self) -> LinesBetween {
        self.0.take().map_or_else(LinesBetween::default, |lines| *lines)
    }

    /// Takes out what is known of an init.
    fn take_init(&mut self) -> Option<Init> {
        self.0.as_mut()?.init.take()
    }

    /// Keeps only some signs.
    pub(super) fn retain_signs(&mut self, stays: impl Fn(&Sign) -> bool) {
        if let Some(lines) = &mut self.0 {
            lines.signs.retain(stays);
        }
    }

    /// Appends later lines.
    pub(super) fn append(&mut self, mut later: Self, keep: &Keep) {
        match &mut self.0 {
            _ if later.is_empty() => {}
            Some(lines) => lines.append(later.take(), keep),
            lines => *lines = later.0,
        }
    }

    /// Takes out the errors that only a runtime client writes, each of an attempt of its own.
    pub(super) fn take_errors_of_clients(&mut self) -> Vec<Sign> {
        self.take_errors(|_, error| error.form.is_of_client())
    }

    /// Takes out the errors of a handler that have the very time of START: exports have the lines of one millisecond in any
    /// order.
    pub(super) fn take_errors_at(&mut self, start: Option<Timestamp>) -> Vec<Sign> {
        self.take_errors(|line, error| {
            Timestamp::is_same_ms(start, line.at) && error.form.ends_alone() && !error.is_of_loading
        })
    }

    /// Takes out the errors that are asked for, by their line and what it tells.
    fn take_errors(&mut self, is_wanted: impl Fn(&Line, &AppError<'_>) -> bool) -> Vec<Sign> {
        let is_wanted = |sign: &mut Sign| matches!(&sign.kind, SignKind::Error(error) if is_wanted(&sign.line, error));
        self.0.as_mut().map_or_else(Vec::new, |lines| lines.signs.extract_if(.., is_wanted).collect())
    }

    /// Creates the lines of which one error is all.
    pub(super) fn of_one(sign: Sign, bytes: u64) -> Self {
        let Line { at, place, text } = &sign.line;
        let line = Message { at: *at, place: *place, text: text.as_bytes(), escaped: false, bytes, keep: &Keep::LAST };
        let mut lines = LinesBetween::default();
        lines.ordinary(&line);
        lines.signs.push(sign);
        lines.into()
    }

    /// Frees memory that joining parts does not need.
    pub(super) fn shrink(&mut self, keep: &Keep) {
        if let Some(lines) = &mut self.0 {
            lines.kept.shrink(keep);
        }
    }
}

/// No lines.
static NO_LINES: LinesBetween = LinesBetween {
    init: None,
    signs: Vec::new(),
    left_out: 0,
    logged_errors: 0,
    bytes: 0,
    client_bytes: 0,
    lines: 0,
    first_at: None,
    first_place: Place { input: 0, line: 0, event: 0 },
    last_at: None,
    fresh: false,
    outlived: false,
    passed: false,
    served: false,
    runtime: None,
    version: None,
    function: None,
    kept: Lines::NONE,
};

/// What is known of lines between attempts.
#[derive(Debug, Default)]
pub(super) struct LinesBetween {
    pub(super) init: Option<Init>,
    pub(super) signs: Vec<Sign>,
    pub(super) left_out: u32,
    pub(super) logged_errors: u32,
    pub(super) bytes: u64,
    /// Those of its bytes that errors of runtime clients take.
    pub(super) client_bytes: u64,
    pub(super) lines: u32,
    pub(super) first_at: Option<Timestamp>,
    pub(super) first_place: Place,
    pub(super) last_at: Option<Timestamp>,
    /// Whether it begins with the start of an environment: lines before that cannot belong to the same attempt.
    pub(super) fresh: bool,
    /// Whether another environment began behind it.
    pub(super) outlived: bool,
    /// Whether a request began in an environment that is known to be another one.
    pub(super) passed: bool,
    /// Whether requests were served before: without a word of the platform about an init, an error then is one of an
    /// idle environment.
    pub(super) served: bool,
    pub(super) runtime: Option<Arc<str>>,
    pub(super) version: Option<Arc<str>>,
    pub(super) function: Option<Arc<str>>,
    pub(super) kept: Lines,
}

impl LinesBetween {
    pub(super) fn is_empty(&self) -> bool {
        self.lines == 0 && !self.fresh
    }

    pub(super) fn touch(&mut self, message: &Message<'_>) {
        self.touch_only(message);
        if message.keep.every_line {
            self.kept.push(message.kept(false), message.keep);
        }
    }

    fn touch_only(&mut self, message: &Message<'_>) {
        if self.lines == 0 {
            self.first_at = message.at;
            self.first_place = message.place;
        }
        self.lines += 1;
        self.bytes += message.bytes;
        self.last_at = message.at.or(self.last_at);
    }

    pub(super) fn ordinary(&mut self, message: &Message<'_>) {
        self.touch_only(message);
        self.kept.push(message.kept(true), message.keep);
    }

    pub(super) fn sign(&mut self, kind: SignKind, message: &Message<'_>) {
        self.push(Sign { phase: Phase::Init, kind, line: evidence_line(message, SIGN_TEXT_BYTES) });
    }

    /// Adds a sign; past the bound, the first ones stay, but one of a failure takes the place of one that is none.
    fn push(&mut self, sign: Sign) {
        if self.is_full() {
            self.left_out += 1;
            let other = self.signs.iter().position(|kept| !tells_of_failure(kept));
            match other.filter(|_| tells_of_failure(&sign)) {
                Some(other) => drop(self.signs.remove(other)),
                None => return,
            }
        }
        self.signs.push(sign);
    }

    /// Returns whether one more sign takes the place of another.
    pub(super) fn is_full(&self) -> bool {
        self.signs.len() >= SIGNS_KEPT
    }

    pub(super) fn app_error(&mut self, level: Level, error: Option<&AppError<'_>>, message: &Message<'_>) {
        self.touch_only(message);
        self.kept.push(message.kept(true), message.keep);
        self.logged_errors += u32::from(counts_as_logged(level, error));
        if let Some(error) = error {
            self.client_bytes += if error.form.is_of_client() { message.bytes } else { 0 };
            self.sign(SignKind::Error(error.clone().into_owned()), message);
        }
    }

    /// Returns whether a line reports an init or a restore, so that these are not merely leftovers of the last
    /// attempt.
    pub(super) fn tells_of_init(&self) -> bool {
        self.fresh || self.init.is_some()
    }

    /// Returns whether it is an error that ended an attempt, and hardly more.
    pub(super) fn is_lone_error(&self) -> bool {
        let ends = |sign: &Sign| match &sign.kind {
            SignKind::TimedOut | SignKind::Crash { .. } => true,
            SignKind::Error(error) => error.form.ends_alone(),
            _ => false,
        };
        let signs = u32::try_from(self.signs.len()).unwrap_or(u32::MAX);
        self.signs.iter().any(ends) && self.lines.saturating_sub(signs) <= LINES_BESIDE_ERROR
    }

    /// Returns whether a sign reports a failed init; a request need not have followed.
    pub(super) fn init_failed(&self) -> bool {
        self.signs.iter().any(|sign| match &sign.kind {
            SignKind::InitFailed { .. }
            | SignKind::RestoreFailed { .. }
            | SignKind::ImageError { .. }
            | SignKind::ExtensionFailed { .. }
            | SignKind::Crash { .. } => true,
            SignKind::Error(error) => error.form == ErrorForm::Init && (!self.served || self.tells_of_init()),
            _ => false,
        })
    }

    fn append(&mut self, later: Self, keep: &Keep) {
        if self.lines == 0 {
            self.first_at = later.first_at;
            self.first_place = later.first_place;
        }
        for sign in later.signs {
            self.push(sign);
        }
        self.left_out += later.left_out;
        self.logged_errors += later.logged_errors;
        self.bytes += later.bytes;
        self.client_bytes += later.client_bytes;
        self.lines += later.lines;
        self.last_at = later.last_at.or(self.last_at);
        self.fresh |= later.fresh;
        self.outlived &= later.outlived;
        self.passed &= later.passed;
        self.served |= later.served;
        self.init = merge_init(self.init, later.init);
        self.runtime = later.runtime.or(self.runtime.take());
        self.version = later.version.or(self.version.take());
        self.function = later.function.or(self.function.take());
        self.kept.append(&later.kept, keep);
    }
}

fn last_line(lines: &Lines) -> Option<Line> {
    let last = lines.last()?;
    let (at, place, text) = (last.at, last.place, last.to_text());
    let message = Message { at, place, text: text.as_bytes(), escaped: false, bytes: 0, keep: &Keep::LAST };
    Some(evidence_line(&message, LAST_LINE_BYTES))
}

/// Returns whether a sign reports a failure: every sign but an error that the code logged and may have survived.
pub(super) fn tells_of_failure(sign: &Sign) -> bool {
    match &sign.kind {
        SignKind::Error(error) => error.form != ErrorForm::Logged,
        SignKind::ExtensionStarted { .. } => false,
        _ => true,
    }
}

/// Returns whether a sign tells of the environment, and not of a request.
fn is_of_environment(kind: &SignKind) -> bool {
    matches!(
        kind,
        SignKind::InitFailed { .. }
            | SignKind::RestoreFailed { .. }
            | SignKind::ImageError { .. }
            | SignKind::ExtensionFailed { .. }
            | SignKind::ExtensionStarted { .. }
    )
}

/// Returns whether a line counts as a logged error, as opposed to the runtime's own statement that the handler failed.
fn counts_as_logged(level: Level, error: Option<&AppError<'_>>) -> bool {
    match error {
        Some(error) => error.form == ErrorForm::Logged && level >= Level::Error,
        None => level >= Level::Error,
    }
}

pub(super) fn merge_init(earlier: Option<Init>, later: Option<Init>) -> Option<Init> {
    let (Some(a), Some(b)) = (earlier, later) else { return earlier.or(later) };
    Some(Init {
        start_seen: a.start_seen || b.start_seen,
        init_type: a.init_type.or(b.init_type),
        init_phase: b.init_phase.or(a.init_phase),
        invoke_phase: b.invoke_phase.or(a.invoke_phase),
        restore: b.restore.or(a.restore),
    })
}

/// Adds a sign; past the bound, one from the middle is dropped, so that the first and the last ones stay: one that tells of no
/// failure, as long as there is any.
pub(super) fn push_bounded(attempt: &mut Attempt, sign: Sign) {
    // A sentence again tells nothing new, and would take the place of what does.
    let is_again =
        |known: &Sign| known.kind == sign.kind && known.phase == sign.phase && known.line.text == sign.line.text;
    if matches!(sign.kind, SignKind::TimedOut | SignKind::Crash { .. } | SignKind::ExitedEarly)
        && attempt.signs.iter().any(is_again)
    {
        return;
    }
    if attempt.signs.len() >= SIGNS_KEPT {
        let middle = SIGNS_KEPT / 2;
        let tells_nothing = |at: &usize| !tells_of_failure(&attempt.signs[*at]);
        let least = (middle..attempt.signs.len()).chain((0..middle).rev()).find(tells_nothing);
        attempt.signs_left_out += 1;
        if least.is_none() && !tells_of_failure(&sign) {
            return;
        }
        attempt.signs.remove(least.unwrap_or(middle));
    }
    attempt.signs.push(sign);
}
