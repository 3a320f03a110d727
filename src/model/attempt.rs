//! One attempt (or one init without a request) as the log shows it: assembled facts, not yet a verdict.

use std::sync::Arc;

use super::{AppError, InitPhase, InitType, Lines, Metrics, Place, RequestId, SideEffect, Status, Timestamp};

/// What the facts are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One run for one request.
    #[default]
    Attempt,
    /// An execution environment whose init failed without any request seen.
    Environment,
}

/// All that is known of one attempt.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// An attempt, or an environment without a request.
    pub subject: Subject,
    /// The request; `None` where no line tells it.
    pub request_id: Option<RequestId>,
    /// Place of its first line.
    pub place: Place,
    /// START, else the earliest line, else REPORT less its duration.
    pub started_at: Option<Timestamp>,
    /// REPORT, else END, else the last line.
    pub ended_at: Option<Timestamp>,
    /// A START was seen.
    pub start_seen: bool,
    /// An END (or `platform.runtimeDone`) was seen.
    pub end_seen: bool,
    /// A REPORT was seen. Its figures are in `metrics`.
    pub report_seen: bool,
    /// A REPORT was cut off, had a value that was not understood, or (where `report_seen` is false) could not be read at
    /// all: that it tells of no failure proves little.
    pub report_in_doubt: bool,
    /// An error without a request id was written while it and others were running: whose that error is, is a guess.
    pub error_unsure: bool,
    /// The window cut its start or its end off.
    pub window_cut: WindowCut,
    /// `$LATEST` or a number.
    pub version: Option<Arc<str>>,
    /// Runtime version of the environment (`nodejs:22.v29`).
    pub runtime: Option<Arc<str>>,
    /// Tenant of an isolated function.
    pub tenant_id: Option<Box<str>>,
    /// X-Ray trace id.
    pub xray_trace_id: Option<Box<str>>,
    /// Figures of REPORT.
    pub metrics: Metrics,
    /// Status of REPORT (or of `runtimeDone`, where there is no REPORT).
    pub platform_status: Option<Status>,
    /// The platform's code, from REPORT, `runtimeDone` or the crash line.
    pub platform_error_type: Option<Box<str>>,
    /// The init before or inside the attempt, where the log tells of one.
    pub init: Option<Init>,
    /// What lines said that may matter for the verdict, in order. Bounded: see `signs_left_out`.
    pub signs: Vec<Sign>,
    /// Signs past the bound.
    pub signs_left_out: u32,
    /// Lines at level ERROR or above that the attempt survived or not.
    pub logged_errors: u32,
    /// The last line of the function before the end.
    pub last_line: Option<Line>,
    /// Its last lines, where they may be looked at: it did not end well, or every line is wanted.
    pub lines: Lines,
    /// Its lines show a write.
    pub has_side_effects: bool,
    /// The writes that its lines show, where they are wanted.
    pub side_effects: Vec<SideEffect>,
    /// The REPORT line, kept where it carries a status.
    pub report_line: Option<Line>,
    /// Lines of the function between START and the end.
    pub app_lines: u32,
    /// `Max Memory Used` of the attempt before in the same environment, unless it was reset in between. As the figure
    /// is a high-water mark, this is the peak of all earlier ones.
    pub earlier_peak_mb: Option<u32>,
    /// The environment runs several requests at once (Managed Instances).
    pub concurrent: bool,
    /// REPORT came as JSON, which has system log levels: at WARN, START and successes are not written.
    pub json: bool,
    /// A local emulator wrote the log: its memory figures are made up.
    pub emulated: bool,
}

/// Whether the window cut an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WindowCut {
    /// It is whole.
    #[default]
    None,
    /// Its start is missing.
    Start,
    /// Its end is missing.
    End,
    /// Both are missing.
    Both,
}

/// The init before or inside an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Init {
    /// INIT_START was seen.
    pub start_seen: bool,
    /// How the environment was initialised.
    pub init_type: Option<InitType>,
    /// Status and duration of the phase before the request, where reported.
    pub init_phase: Option<(Status, Option<u64>)>,
    /// Status and duration of the phase repeated inside the request, where reported.
    pub invoke_phase: Option<(Status, Option<u64>)>,
    /// Status and duration of a SnapStart restore, where reported.
    pub restore: Option<(Status, Option<u64>)>,
}

/// When a sign was seen, relative to the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before START: the init of the environment.
    Init,
    /// Between START and the end.
    Invoke,
    /// After REPORT.
    Late,
}

/// Something a line said that may matter for the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign {
    /// When in the attempt.
    pub phase: Phase,
    /// What it said.
    pub kind: SignKind,
    /// The line itself, shortened.
    pub line: Line,
}

/// What a line said.
#[derive(Clone, Debug, PartialEq)]
pub enum SignKind {
    /// `Task timed out after …`
    TimedOut {
        /// The limit, as printed.
        after_us: u64,
    },
    /// The platform's crash line.
    Crash {
        /// `Runtime exited with error: …`
        message: Box<str>,
        /// The platform's code.
        error_type: Option<Box<str>>,
    },
    /// `Process exited before completing request`
    ExitedEarly,
    /// A status of REPORT or `runtimeDone` other than success.
    Ended {
        /// As the platform says it.
        status: Status,
        /// The platform's code.
        error_type: Option<Box<str>>,
        /// The runtime was done; the report may differ (an extension, the platform).
        runtime_done: bool,
    },
    /// `runtimeDone` with success: the handler had returned before whatever came after.
    HandlerDone,
    /// An init phase that did not succeed.
    InitFailed {
        /// Which one.
        phase: Option<InitPhase>,
        /// As the platform says it.
        status: Status,
        /// The platform's code.
        error_type: Option<Box<str>>,
    },
    /// A SnapStart restore that did not succeed.
    RestoreFailed {
        /// As the platform says it.
        status: Status,
        /// The platform's code.
        error_type: Option<Box<str>>,
    },
    /// An extension that did not start or ended.
    ExtensionFailed {
        /// Its name.
        name: Box<str>,
        /// Its error type.
        error_type: Box<str>,
    },
    /// The container image could not be started.
    ImageError {
        /// What went wrong.
        message: Box<str>,
    },
    /// An error on a line of the function.
    Error(AppError<'static>),
}

/// One line of the log, kept as evidence: text shortened to a bound, lossy where it was no UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// Where it stands.
    pub place: Place,
    /// Its text.
    pub text: Box<str>,
}
