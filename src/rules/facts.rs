//! Facts of an attempt that rules ask for, computed in one place.

use super::LastWords;
use crate::catalogue::{PlatformError, Stage, last_words, platform_error};
use crate::lambda::after_go_date;
use crate::lambda::emulator::{FUNCTION, RESET};
use crate::lambda::loaders::may_be_bad_handler;
use crate::lambda::platform::TASK_TIMED_OUT;
use crate::lambda::runtimes::{JVM_THREAD, MAIN_THREAD, PYTHON_ERROR, TRACEBACK};
use crate::model::{
    AppError, Attempt, ErrorForm, InitPhase, InitType, JsonShape, KeptLine, Line, Phase, RequestId, Sign, SignKind,
    Status, Subject, Timestamp, WindowCut,
};

/// An attempt with the facts for which its signs must be searched.
pub(super) struct Facts<'a> {
    pub(super) attempt: &'a Attempt,
    /// The platform's crash line, or the answer that has its words.
    pub(super) crash: Option<&'a Sign>,
    /// The statement of a bad end: of REPORT, else of `runtimeDone`.
    pub(super) ended: Option<&'a Sign>,
    /// `Task timed out …`
    pub(super) timed_out: Option<&'a Sign>,
    /// The error that can have ended the attempt, by its form.
    pub(super) fatal: Option<&'a Sign>,
    /// Whether the handler had returned.
    pub(super) handler_done: bool,
}

/// The way in which a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit<'a> {
    /// Exit status; 0 where no reason was given.
    Status(u32),
    /// Name of the signal.
    Signal(&'a str),
}

impl<'a> Facts<'a> {
    pub(super) fn of(attempt: &'a Attempt) -> Self {
        let is_told = |sign: &&Sign| !is_printed_end(attempt, sign);
        let last =
            |wanted: fn(&SignKind) -> bool| attempt.signs.iter().filter(is_told).rfind(|sign| wanted(&sign.kind));
        let report = last(|kind| matches!(kind, SignKind::Ended { runtime_done: false, .. }));
        let (answered_crash, fatal) = match fatal(attempt) {
            Some(sign) if answers_crash(sign) => (Some(sign), None),
            fatal => (None, fatal),
        };
        Self {
            attempt,
            // A code alone tells less than how the process ended.
            crash: last(|kind| matches!(kind, SignKind::Crash { message, .. } if !message.is_empty()))
                .or(answered_crash)
                .or_else(|| last(|kind| matches!(kind, SignKind::Crash { .. }))),
            ended: report.or_else(|| last(|kind| matches!(kind, SignKind::Ended { .. }))),
            timed_out: timed_out(attempt),
            fatal,
            handler_done: last(|kind| matches!(kind, SignKind::HandlerDone)).is_some(),
        }
    }

    /// Returns whether the function wrote nothing after this sign. The order of places does not tell, because an input
    /// may have the newest line first.
    pub(super) fn is_last_line(&self, sign: &Sign) -> bool {
        self.attempt.last_line.as_ref().is_none_or(|line| line.place == sign.line.place)
    }

    /// Returns the platform's status of the end; `None` where it reports no failure.
    pub(super) fn status(&self) -> Option<Status> {
        let said = self.ended.and_then(|sign| match &sign.kind {
            SignKind::Ended { status, .. } => Some(*status),
            _ => None,
        });
        said.or(self.attempt.platform_status).filter(|status| *status != Status::Success)
    }

    /// Returns the platform's error type.
    pub(super) fn platform_code(&self) -> Option<&'a str> {
        let of_sign = |sign: &'a Sign| match &sign.kind {
            SignKind::Ended { error_type, .. } | SignKind::Crash { error_type, .. } => error_type.as_deref(),
            SignKind::Error(error) => error.error_type.as_deref(),
            _ => None,
        };
        self.ended
            .and_then(of_sign)
            .or(self.attempt.platform_error_type.as_deref())
            .or_else(|| self.crash.and_then(of_sign))
    }

    /// Looks the platform's error type up in the catalogue.
    pub(super) fn platform_error(&self) -> Option<&'static PlatformError> {
        self.platform_code().and_then(platform_error)
    }

    /// Returns whether the platform says in any way that the attempt failed.
    pub(super) fn platform_failed(&self) -> bool {
        self.status().is_some()
            || self.crash.is_some()
            || self.timed_out.is_some()
            || self.platform_code().is_some()
            || self.sign(|kind| matches!(kind, SignKind::ExitedEarly)).is_some()
    }

    /// Returns whether the process is known to have ended.
    pub(super) fn process_ended(&self) -> bool {
        self.crash.is_some()
            || self.platform_code().is_some_and(|code| matches!(code, "Runtime.ExitError" | "Runtime.OutOfMemory"))
            || self.sign(|kind| matches!(kind, SignKind::ExitedEarly)).is_some()
            // Status `error` counts as the end of the process, whatever the error type: callers ask after a crash text
            // or an undelivered response.
            || matches!(self.status(), Some(Status::Error)) && !self.attempt.concurrent
    }

    /// Returns the way in which the process ended, where the crash line tells it.
    pub(super) fn exit(&self) -> Option<Exit<'a>> {
        match &self.crash?.kind {
            SignKind::Crash { message, .. } => exit_of(message),
            SignKind::Error(error) => exit_of(error.message.as_deref()?),
            _ => None,
        }
    }

    /// Returns whether the process got SIGKILL: by the crash line, or by the exit status of a wrapper.
    pub(super) fn killed(&self) -> bool {
        matches!(self.exit(), Some(Exit::Signal("killed") | Exit::Status(137)))
    }

    pub(super) fn sign(&self, wanted: impl Fn(&SignKind) -> bool) -> Option<&'a Sign> {
        self.attempt.signs.iter().rfind(|sign| wanted(&sign.kind))
    }

    /// Returns the memory used in percent of the memory size, where the figure can be trusted.
    pub(super) fn memory_percent(&self) -> Option<u32> {
        memory_percent(self.attempt)
    }

    /// Returns whether memory is at its limit, and not merely left over as the high-water mark of an earlier attempt.
    pub(super) fn memory_newly_at_limit(&self) -> bool {
        let size = self.attempt.metrics.memory_size_mb.unwrap_or(u32::MAX);
        self.memory_percent().is_some_and(|percent| percent >= 100)
            && self.attempt.earlier_peak_mb.is_none_or(|peak| peak < size)
    }

    /// Finds the last line that reads like the last words of a process. Extensions and threads may print after it.
    pub(super) fn last_words(&self) -> Option<LastWords> {
        const MOST_LINES: usize = 12;
        let lines: Vec<_> = self.attempt.lines.iter().filter(|line| line.own).collect();
        lines.iter().rev().take(MOST_LINES).find_map(|line| {
            let text = line.to_text();
            let error = last_words(text.trim_start())?;
            Some(LastWords { line: Line { at: line.at, place: line.place, text: text.trim_end().into() }, error })
        })
    }

    /// Returns the last words of the process, if the last line of the function is theirs: another may tell of anything.
    pub(super) fn spoken(&self) -> Option<LastWords> {
        let last = self.attempt.last_line.as_ref()?;
        self.last_words().filter(|words| words.line.place == last.place)
    }

    /// Finds the error of the init, as its runtime client or its last words tell it.
    pub(super) fn init_error(&self) -> Option<&'a Sign> {
        self.attempt
            .signs
            .iter()
            .rfind(|sign| sign.phase == Phase::Init && form(sign).is_some_and(|form| form != ErrorForm::Logged))
    }

    /// Finds the last error with which a runtime says, before START, that the init failed.
    pub(super) fn error_before_start(&self) -> Option<&'a Sign> {
        use ErrorForm::{Init, Uncaught, Unhandled, UnhandledRejection};
        // In an environment that has served requests, code that runs between them fails, too.
        let served = self.attempt.earlier_peak_mb.is_some();
        let tells = |sign: &&Sign| match form(sign) {
            Some(Init) => true,
            Some(Uncaught | Unhandled | UnhandledRejection) => !served,
            _ => false,
        };
        self.attempt.signs.iter().filter(|sign| sign.phase == Phase::Init).rfind(tells)
    }

    /// Returns whether anything says that an init succeeded: a figure of one, or a trace of the handler.
    pub(super) fn init_was_good(&self) -> bool {
        self.init_succeeded() || self.handler_ran()
    }

    /// Returns whether the platform gives a figure of an init that succeeded, or says that the request did.
    pub(super) fn init_succeeded(&self) -> bool {
        let init = self.attempt.init.unwrap_or_default();
        let succeeded =
            |phase: Option<(Status, Option<u64>)>| phase.is_some_and(|(status, _)| status == Status::Success);
        self.attempt.platform_status == Some(Status::Success)
            || self.attempt.metrics.init_us.is_some()
            || self.attempt.metrics.restore_us.is_some()
            || [init.init_phase, init.invoke_phase, init.restore].into_iter().any(succeeded)
    }

    /// Finds the extension that the platform names with a failed end, or of which it says only that it was started.
    pub(super) fn failed_extension(&self) -> Option<&'a Sign> {
        self.sign(|kind| matches!(kind, SignKind::ExtensionFailed { .. }))
            .or_else(|| self.sign(|kind| matches!(kind, SignKind::ExtensionStarted { .. })))
    }

    /// Returns whether the function wrote lines of its own, or reached its end.
    pub(super) fn handler_ran(&self) -> bool {
        self.handler_done
            || self.lines_beyond_errors() > 0
            || self.fatal.is_some_and(|sign| {
                sign.phase == Phase::Invoke
                    && matches!(form(sign), Some(ErrorForm::Unhandled | ErrorForm::MaybeUnhandled))
                    && error_of(sign).is_some_and(|error| !error.is_of_loading)
            })
    }

    /// Returns the number of lines of the function between START and the end, without errors of the runtime client.
    pub(super) fn lines_beyond_errors(&self) -> u32 {
        let errors = self
            .attempt
            .signs
            .iter()
            .filter(|sign| sign.phase == Phase::Invoke && form(sign).is_some_and(|form| form != ErrorForm::Logged))
            .count();
        self.attempt.app_lines.saturating_sub(u32::try_from(errors).unwrap_or(u32::MAX))
    }

    /// Returns the status of the init inside the request, if it did not succeed.
    pub(super) fn inner_init_failed(&self) -> Option<Status> {
        let figure = self.attempt.init.and_then(|init| init.invoke_phase).map(|(status, _)| status);
        let sign = self.init_sign(Some(InitPhase::Invoke)).and_then(init_status);
        figure.or(sign).filter(|status| *status != Status::Success)
    }

    /// Returns the status of the init before the request, if it did not succeed.
    pub(super) fn outer_init_failed(&self) -> Option<Status> {
        let figure = self.attempt.init.and_then(|init| init.init_phase).map(|(status, _)| status);
        let sign = self.init_sign(Some(InitPhase::Init)).and_then(init_status);
        figure.or(sign).filter(|status| *status != Status::Success)
    }

    /// Returns the status of the restore, if it did not succeed.
    pub(super) fn restore_failed(&self) -> Option<Status> {
        let figure = self.attempt.init.and_then(|init| init.restore).map(|(status, _)| status);
        let sign = self.sign(|kind| matches!(kind, SignKind::RestoreFailed { .. })).and_then(init_status);
        figure.or(sign).filter(|status| *status != Status::Success)
    }

    /// Finds the last failed init of this phase, or of any phase.
    pub(super) fn init_sign(&self, wanted: Option<InitPhase>) -> Option<&'a Sign> {
        self.sign(|kind| matches!(kind, SignKind::InitFailed { phase, .. } if wanted.is_none() || *phase == wanted))
    }

    /// Returns whether the environment was created for a waiting request.
    pub(super) fn init_on_demand(&self) -> bool {
        self.attempt.init.and_then(|init| init.init_type).is_none_or(|kind| kind == InitType::OnDemand)
    }

    /// Returns whether the platform's error type is one of the init.
    pub(super) fn platform_code_of_init(&self) -> bool {
        self.platform_error().is_some_and(|error| error.stage == Stage::Init || error.stage == Stage::Restore)
    }

    pub(super) fn is_environment(&self) -> bool {
        self.attempt.subject == Subject::Environment
    }
}

/// Finds the sentence about the time limit. That of `sam local` may also be a line of the function, unless the request has no
/// end, as is so where the emulator ends it.
fn timed_out(attempt: &Attempt) -> Option<&Sign> {
    attempt.signs.iter().rfind(|sign| {
        let local = sign.line.text.trim_start().starts_with(FUNCTION);
        matches!(sign.kind, SignKind::TimedOut)
            && (!local || !attempt.report_seen || attempt.emulated)
            && !ended_before(attempt, &sign.line.text)
            && (!sign.line.text.contains(RESET) || lasted_whole_seconds(attempt))
    })
}

/// Returns whether an attempt may have run into its limit, by its duration: the emulator reports the limit then, and resets
/// itself for other reasons, too.
fn lasted_whole_seconds(attempt: &Attempt) -> bool {
    attempt.metrics.duration_us.is_none_or(|us| us >= 1_000_000 && us.is_multiple_of(1_000_000))
}

/// Returns whether an attempt had ended, by its REPORT, long before the limit that a sentence without an id names: then it is the
/// function's own, about something else.
fn ended_before(attempt: &Attempt, sentence: &str) -> bool {
    if RequestId::all_in(sentence.as_bytes()).next().is_some() {
        return false;
    }
    let limit = sentence.rsplit_once(TASK_TIMED_OUT).and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok());
    let lasted =
        attempt.metrics.duration_us.filter(|_| attempt.report_seen && attempt.platform_status != Some(Status::Timeout));
    limit.zip(lasted).is_some_and(|(limit, lasted_us)| (lasted_us as f64) < limit * 900_000.0)
}

/// Log time after the end of a process, or of an init, within which END follows.
const ENDS_WITHIN_MS: i64 = 1_000;

/// Returns whether a line that names no request tells the end of a process or of an init, and the attempt went on long after
/// it and ended well: then the function printed it about something else. Words that others say, too, must be all that was
/// said.
fn is_printed_end(attempt: &Attempt, sign: &Sign) -> bool {
    let others = || attempt.lines.iter().any(|line| line.own && line.place != sign.line.place);
    if may_be_bad_handler(&sign.line.text) && sign.phase == Phase::Invoke && (attempt.app_lines > 1 || others()) {
        return true;
    }
    let ends = matches!(sign.kind, SignKind::Crash { .. }) || form(sign) == Some(ErrorForm::Init);
    let is_within = sign.phase == Phase::Invoke && attempt.report_seen && attempt.platform_status.is_none();
    let went_on = attempt.ended_at.zip(sign.line.at).is_some_and(|(end, at)| end.ms_since(at) > ENDS_WITHIN_MS);
    ends && is_within && went_on && RequestId::all_in(sign.line.text.as_bytes()).next().is_none()
}

/// Returns whether an answer is what the caller of the attempt got, and not one that the function printed: it stands behind
/// the end, or is all that there is of the attempt, or what a text without times ends with. Log events have times.
fn is_of_caller(attempt: &Attempt, sign: &Sign) -> bool {
    let is_in_text = sign.line.at.is_none();
    let is_last = || attempt.last_line.as_ref().is_some_and(|last| last.place == sign.line.place);
    match sign.phase {
        Phase::Late => is_in_text,
        _ => is_alone(attempt) && (attempt.app_lines <= 1 || is_in_text && is_last()),
    }
}

/// Returns whether an answer tells that the attempt failed: above its log, or behind it.
pub(super) fn has_answer(attempt: &Attempt) -> bool {
    attempt.signs.iter().any(|sign| match form(sign) {
        Some(ErrorForm::AnswerAbove) => sign.phase == Phase::Init || is_alone(attempt),
        Some(ErrorForm::Answer) => is_of_caller(attempt, sign),
        Some(ErrorForm::MaybeUnhandled) => is_above_own_log(attempt, sign),
        _ => false,
    })
}

/// Returns whether an error stands in a text above the START of the request that it names, as its answer does: nothing that
/// it printed can.
pub(super) fn is_above_own_log(attempt: &Attempt, sign: &Sign) -> bool {
    let is_before = || attempt.start_behind.is_some_and(|start| sign.line.place < start);
    let is_first = sign.line.at.is_none() && (sign.phase == Phase::Init || is_before());
    let is_own = || RequestId::all_in(sign.line.text.as_bytes()).any(|id| Some(id) == attempt.request_id);
    is_first && attempt.start_seen && is_own()
}

/// Returns whether an error stands in a text above the log of the request that it names, or behind its end, as answers do.
pub(super) fn is_beside_log(attempt: &Attempt, sign: &Sign) -> bool {
    sign.phase == Phase::Late && sign.line.at.is_none() || is_above_own_log(attempt, sign)
}

/// Returns whether no line of the platform tells of the attempt: a copied error, or its answer.
pub(super) fn is_alone(attempt: &Attempt) -> bool {
    !attempt.start_seen && !attempt.end_seen && !attempt.report_seen && attempt.subject == Subject::Attempt
}

fn init_status(sign: &Sign) -> Option<Status> {
    match &sign.kind {
        SignKind::InitFailed { status, .. } | SignKind::RestoreFailed { status, .. } => Some(*status),
        _ => None,
    }
}

/// Returns the error of a sign.
pub(super) fn error_of(sign: &Sign) -> Option<&AppError<'static>> {
    match &sign.kind {
        SignKind::Error(error) => Some(error),
        _ => None,
    }
}

/// Returns the form of a sign's error.
pub(super) fn form(sign: &Sign) -> Option<ErrorForm> {
    error_of(sign).map(|error| error.form)
}

/// Returns the memory used in percent of the memory size, rounded down.
pub(super) fn memory_percent(attempt: &Attempt) -> Option<u32> {
    let (used, size) = (attempt.metrics.max_memory_used_mb?, attempt.metrics.memory_size_mb?);
    if attempt.emulated || size == 0 {
        return None;
    }
    u32::try_from(u64::from(used) * 100 / u64::from(size)).ok()
}

/// Returns whether an answer has the words of the platform about the end of the process, which the log lacks.
fn answers_crash(sign: &Sign) -> bool {
    matches!(form(sign), Some(ErrorForm::Answer | ErrorForm::AnswerAbove))
        && error_of(sign)
            .and_then(|error| error.error_type.as_deref())
            .is_some_and(|name| matches!(name, "Runtime.ExitError" | "Runtime.OutOfMemory"))
}

/// Finds the error that can have ended the attempt: the most telling one, and of several such the latest.
///
/// An error inside the request beats one of the init before it, because the platform may have repeated the init
/// successfully.
fn fatal(attempt: &Attempt) -> Option<&Sign> {
    let alone = is_alone(attempt);
    let rank = |sign: &Sign| -> Option<(bool, bool, u8, bool)> {
        let error = error_of(sign)?;
        let strength = match error.form {
            ErrorForm::Answer | ErrorForm::AnswerAbove | ErrorForm::MaybeUnhandled
                if is_above_own_log(attempt, sign) =>
            {
                1
            }
            ErrorForm::Unhandled if is_answer(sign) && is_followed(attempt, sign) => return None,
            ErrorForm::Unhandled => 3,
            ErrorForm::MaybeUnhandled if !is_followed(attempt, sign) => 3,
            ErrorForm::Uncaught | ErrorForm::UnhandledRejection | ErrorForm::Init => 2,
            ErrorForm::Crash if head_of_stack(attempt, sign).is_some() => 3,
            ErrorForm::Response => 1,
            ErrorForm::Answer
                if alone && is_of_caller(attempt, sign) || attempt.emulated && sign.phase == Phase::Late =>
            {
                3
            }
            // What the log itself says of the end says more.
            ErrorForm::Answer if is_of_caller(attempt, sign) => 1,
            ErrorForm::AnswerAbove if sign.phase == Phase::Init || alone => 1,
            ErrorForm::Crash | ErrorForm::OutOfMemory if alone && attempt.request_id.is_none() => 2,
            ErrorForm::Crash if dies_at_the_cut(attempt, sign) => 1,
            ErrorForm::MaybeUnhandled
            | ErrorForm::Crash
            | ErrorForm::OutOfMemory
            | ErrorForm::Answer
            | ErrorForm::AnswerAbove
            | ErrorForm::Logged => return None,
        };
        // Background work after the end does not fail the attempt, but Java may print the handler's error late, and on
        // Managed Instances a line may stand behind the report that tells of the failure.
        let answered = (attempt.emulated || sign.line.at.is_none()) && error.form == ErrorForm::MaybeUnhandled;
        let tells_late = answered || matches!(error.form, ErrorForm::Unhandled | ErrorForm::Answer);
        if sign.phase == Phase::Late && !tells_late && !explains_report(attempt, sign) {
            return None;
        }
        let told = error.error_type.is_some() || error.message.is_some();
        Some((sign.phase != Phase::Init, told, strength, error.frame.is_some()))
    };
    let signs = &attempt.signs;
    signs
        .iter()
        .filter(|sign| !is_printed_end(attempt, sign))
        .filter_map(|sign| rank(sign).map(|rank| (rank, sign)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, sign)| sign)
}

/// Returns whether a process dies in the last lines of an attempt whose end is not in view. A child process may print the
/// same, but an attempt that survives it goes on, or ends: then it is an observation.
pub(super) fn dies_at_the_cut(attempt: &Attempt, sign: &Sign) -> bool {
    let is_cut = matches!(attempt.window_cut, WindowCut::End | WindowCut::Both) && attempt.start_seen;
    let has_end = attempt.end_seen || attempt.report_seen || attempt.report_in_doubt;
    if !is_cut || has_end || attempt.concurrent || sign.phase != Phase::Invoke {
        return false;
    }
    let text = sign.line.text.trim_start();
    // Stacks of languages whose code prints the errors that it caught do not count.
    let main_of_jvm = text.strip_prefix(JVM_THREAD).is_some_and(|rest| rest.starts_with("\"main\" "));
    let dies = main_of_jvm || DEATHS.iter().any(|begin| text.starts_with(begin)) || text.contains(NODE_ENDED);
    let mut below = attempt.lines.iter().filter(|line| line.own).skip_while(|line| line.place != sign.line.place);
    dies && below.next().is_some() && below.all(|line| is_below_death(&line.to_text()))
}

/// Beginnings of the last words of Go, Rust, PHP, .NET and C++.
const DEATHS: [&str; 8] = [
    "panic: ",
    "fatal error: ",
    MAIN_THREAD,
    "Fatal error: Uncaught ",
    "PHP Fatal error: ",
    "Unhandled exception. ",
    "Unhandled Exception: ",
    "terminate called ",
];

/// Words of Node.js as it ends.
const NODE_ENDED: &str = "\nNode.js v";

/// Returns whether a line stands below the last words of a process: the rest of its stack.
fn is_below_death(line: &str) -> bool {
    const BEGINS: [&str; 7] =
        ["#", "Stack trace:", "thrown in ", "at ", "exit status ", "goroutine ", "stack backtrace:"];
    let line = line.trim();
    line.is_empty() || BEGINS.iter().any(|begin| line.starts_with(begin))
}

/// Log time after a report within which a line may still tell why it is one of a failure.
const EXPLAINED_WITHIN_MS: i64 = 1_000;

/// Returns whether an error behind the report may be the one of which the report of a Managed Instance tells.
fn explains_report(attempt: &Attempt, sign: &Sign) -> bool {
    let failed = matches!(attempt.platform_status, Some(Status::Error | Status::Failure));
    let soon = match (attempt.ended_at, sign.line.at) {
        (Some(end), Some(at)) => at.ms_since(end) <= EXPLAINED_WITHIN_MS,
        _ => true,
    };
    failed && attempt.concurrent && soon
}

/// Returns whether the function wrote a line of its own after this one. Lines of extensions, which have no id, do not
/// count.
fn is_followed(attempt: &Attempt, sign: &Sign) -> bool {
    let Some((last, id)) = attempt.last_line.as_ref().zip(attempt.request_id) else { return false };
    if sign.phase == Phase::Late {
        return false;
    }
    let later = last.place != sign.line.place;
    let names_request = || last.text.contains(&id.to_string());
    let is_within = stands_within(attempt, sign);
    match error_of(sign).and_then(|error| error.shape_of) {
        // Lines of Python have no id; its client writes no text in the JSON format.
        _ if lacks_stack(sign) => later || attempt.json,
        Some(JsonShape::InText) if is_within => later,
        // Go's client writes what Go's logger writes: with a date, if other lines have one.
        Some(JsonShape::Payload | JsonShape::Labelled) if is_within => {
            later && (names_request() || after_go_date(last.text.as_bytes()).is_some())
        }
        _ => later && names_request(),
    }
}

/// Returns whether a line stands behind the START of its attempt: answers stand above a log, in texts.
pub(super) fn stands_within(attempt: &Attempt, sign: &Sign) -> bool {
    let start = attempt.start_behind.unwrap_or(attempt.place);
    sign.phase == Phase::Invoke && (sign.line.at.is_some() || sign.line.place > start)
}

/// Returns whether a payload stands in one line, as in an answer: the clients that lead into it with a label part its members.
pub(super) fn is_answer(sign: &Sign) -> bool {
    let is_labelled = error_of(sign).is_some_and(|error| error.shape_of == Some(JsonShape::Labelled));
    is_labelled && !sign.line.text.trim_end().contains('\n')
}

/// Returns whether the function wrote a line with the id of its request after this one: then the handler went on.
pub(super) fn goes_on_behind(attempt: &Attempt, sign: &Sign) -> bool {
    let Some((last, id)) = attempt.last_line.as_ref().zip(attempt.request_id) else { return false };
    let at_the_end = attempt.report_seen && Timestamp::is_same_ms(last.at, attempt.ended_at);
    sign.phase == Phase::Invoke && last.place != sign.line.place && !at_the_end && last.text.contains(&id.to_string())
}

/// Returns whether an error is no more than the payload of a client, which is the answer, too, or one in another format than
/// that of the log: the function may have printed it, about another one or itself.
pub(super) fn may_be_of_another(sign: &Sign) -> bool {
    let shape = error_of(sign).and_then(|error| error.shape_of);
    matches!(shape, Some(JsonShape::Payload | JsonShape::Labelled | JsonShape::InText))
}

/// Finds the first line of Python's client before its stack, where further lines of the message stand between the two as
/// messages of their own. Only the client prints a stack without the exception behind it.
pub(super) fn head_of_stack<'a>(attempt: &'a Attempt, stack: &Sign) -> Option<&'a Sign> {
    let bare = form(stack) == Some(ErrorForm::Crash)
        && error_of(stack).is_some_and(|error| error.error_type.is_none())
        && last_of_message(stack).is_some();
    let at = attempt.signs.iter().position(|sign| std::ptr::eq(sign, stack)).filter(|_| bare)?;
    let head = attempt.signs.get(at.checked_sub(1)?)?;
    (error_of(head).is_some() && head.line.text.starts_with(PYTHON_ERROR)).then_some(head)
}

/// Returns the line of a message that stands directly above a stack in its event, empty if there is none.
fn last_of_message(stack: &Sign) -> Option<&str> {
    let text = stack.line.text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match () {
        () if text.starts_with(TRACEBACK) => Some(""),
        () if rest.starts_with(TRACEBACK) => Some(first.trim_end()),
        () => None,
    }
}

/// Returns the class that Python's client prints in front of the message.
fn class_of_head(head: &str) -> Option<&str> {
    let (name, _) = head.strip_prefix(PYTHON_ERROR)?.trim_start().split_once(": ")?;
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_of_name)).then_some(name)
}

/// Most lines of a message between its first one and the stack.
const LINES_OF_MESSAGE: usize = 16;

/// Joins the first line of an error of Python's client with the rest of its message and its stack.
pub(super) fn head_before(facts: &Facts<'_>, stack: &Sign) -> Option<LastWords> {
    let head = head_of_stack(facts.attempt, stack)?;
    let AppError { frame, is_of_loading, .. } = error_of(stack)?.clone();
    let error = error_of(head)?.clone();
    // An input with its newest event first is read from its end.
    let (from, to) = (head.line.place.min(stack.line.place), head.line.place.max(stack.line.place));
    let is_between = |line: &KeptLine<'_>| line.own && line.place > from && line.place < to;
    let between = facts.attempt.lines.iter().filter(is_between).take(LINES_OF_MESSAGE);
    let mut message = error.message.as_deref().unwrap_or_default().to_owned();
    let between =
        between.map(|line| line.to_text().trim_end().to_owned()).chain(last_of_message(stack).map(str::to_owned));
    for line in between.filter(|line| !line.is_empty()) {
        message.push('\n');
        message.push_str(&line);
    }
    let error = AppError {
        form: ErrorForm::Unhandled,
        frame,
        is_of_loading,
        // The stack tells that the word before the message is a class, whatever its name.
        error_type: error.error_type.or_else(|| class_of_head(&head.line.text).map(|name| name.to_owned().into())),
        message: Some(message.into()).filter(|_| error.message.is_some()),
        ..error
    };
    Some(LastWords { line: head.line.clone(), error })
}

/// Returns whether a line is that of Python's client without the stack that it always prints: then a logger of the
/// function may have written it as well.
pub(super) fn lacks_stack(sign: &Sign) -> bool {
    form(sign) == Some(ErrorForm::MaybeUnhandled) && sign.line.text.starts_with(PYTHON_ERROR)
}

/// Parses `Runtime exited with error: exit status 1`, `signal: killed`, `exit code 0`, `… without providing a reason`.
fn exit_of(message: &str) -> Option<Exit<'_>> {
    if let Some((_, signal)) = message.split_once("signal: ") {
        return Some(Exit::Signal(signal.trim().trim_end_matches("(core dumped)").trim_end()));
    }
    let status = ["exit status ", "exit code "].iter().find_map(|mark| message.split_once(mark)).map(|(_, rest)| rest);
    if let Some(rest) = status {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return digits.parse().ok().map(Exit::Status);
    }
    message.contains("without providing a reason").then_some(Exit::Status(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_a_process_ended() {
        assert_eq!(
            exit_of("Runtime exited with error: signal: segmentation fault (core dumped)"),
            Some(Exit::Signal("segmentation fault"))
        );
        assert_eq!(exit_of("Runtime exited with error: exit status 129"), Some(Exit::Status(129)));
        assert_eq!(exit_of("Runtime exited without providing a reason"), Some(Exit::Status(0)));
        assert_eq!(exit_of("exit code 0"), Some(Exit::Status(0)));
        assert_eq!(exit_of("Couldn't find valid bootstrap(s)"), None);
    }
}
