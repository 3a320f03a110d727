//! One attempt (or one init without a request) as the log shows it: assembled facts, without a verdict.

use std::sync::Arc;

use super::{
    AppError, InitPhase, InitType, Lines, Metrics, Place, RequestId, SideEffect, Status, Timestamp, WorkShown,
};

/// Subject of the facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One run for one request.
    #[default]
    Attempt,
    /// An execution environment whose init failed without any request seen.
    Environment,
}

/// All facts known of one attempt.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// Whether this is an attempt or an environment without a request.
    pub subject: Subject,
    /// Id of the request; `None` where no line tells it.
    pub request_id: Option<RequestId>,
    /// Place of its first line.
    pub place: Place,
    /// Time of START, else the earlier of the first line and REPORT minus its duration.
    pub started_at: Option<Timestamp>,
    /// Time of REPORT, else of END, else of the last line.
    pub ended_at: Option<Timestamp>,
    /// Whether a START was seen.
    pub start_seen: bool,
    /// Place of the START behind lines that name its request.
    pub start_behind: Option<Place>,
    /// Whether an END (or `platform.runtimeDone`) was seen.
    pub end_seen: bool,
    /// Whether a REPORT was seen. Its figures are in `metrics`.
    pub report_seen: bool,
    /// Whether a REPORT was cut off, had a value that was not understood, or (where `report_seen` is false) could not
    /// be read at all: such a REPORT without a failure proves little.
    pub report_in_doubt: bool,
    /// Whether an error without a request id was written while this and other attempts were running, so that its owner
    /// is a guess.
    pub error_unsure: bool,
    /// The ends of the attempt that the window cut off.
    pub window_cut: WindowCut,
    /// `$LATEST` or a number.
    pub version: Option<Arc<str>>,
    /// ARN of the function as START tells it, or its name as INIT_START does: both in JSON only.
    pub function: Option<Arc<str>>,
    /// Runtime version of the environment (`nodejs:22.v29`).
    pub runtime: Option<Arc<str>>,
    /// Tenant of an isolated function.
    pub tenant_id: Option<Box<str>>,
    /// ARN of the execution of a durable function: each replay is an attempt with a request id of its own.
    pub execution_arn: Option<Box<str>>,
    /// X-Ray trace id.
    pub xray_trace_id: Option<Box<str>>,
    /// Figures of REPORT.
    pub metrics: Metrics,
    /// Status of REPORT (or of `runtimeDone`, where there is no REPORT).
    pub platform_status: Option<Status>,
    /// The platform's code, from REPORT, `runtimeDone` or the crash line.
    pub platform_error_type: Option<Box<str>>,
    /// The init before or inside the attempt, where the log shows one.
    pub init: Option<Init>,
    /// Statements of lines that may matter for the verdict, in order. Bounded: see `signs_left_out`.
    pub signs: Vec<Sign>,
    /// Number of signs beyond the bound.
    pub signs_left_out: u32,
    /// Number of lines at level ERROR or above, whether or not the attempt survived them.
    pub logged_errors: u32,
    /// The last line of the function before the end.
    pub last_line: Option<Line>,
    /// Its last lines, where they may be needed: it did not end well, or the lines of every attempt are wanted.
    pub lines: Lines,
    /// The most that its lines show of its work.
    pub work_shown: WorkShown,
    /// The writes that its lines show, if they are wanted.
    pub side_effects: Vec<SideEffect>,
    /// The REPORT line, kept where it is evidence: a bad status, memory at the limit, or another sign of trouble.
    pub report_line: Option<Line>,
    /// Number of lines of the function between START and the end.
    pub app_lines: u32,
    /// `Max Memory Used` of the attempt before in the same environment, unless it was reset in between. As the figure
    /// is a high-water mark, this is the peak of all earlier attempts.
    pub earlier_peak_mb: Option<u32>,
    /// Whether the environment runs several requests at once (Managed Instances).
    pub concurrent: bool,
    /// Whether REPORT came as JSON. JSON logs have system log levels: at WARN, START and successes are not written.
    pub json: bool,
    /// Whether a local emulator wrote the log: its memory figures are made up.
    pub emulated: bool,
}

/// The ends of an attempt that the window cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WindowCut {
    /// Neither: the attempt is whole.
    #[default]
    None,
    /// Start missing.
    Start,
    /// End missing.
    End,
    /// Both missing.
    Both,
}

impl WindowCut {
    /// Returns it for an attempt of which the beginning is missing, too.
    #[must_use]
    pub fn with_start(self) -> Self {
        match self {
            Self::None | Self::Start => Self::Start,
            Self::End | Self::Both => Self::Both,
        }
    }

    /// Returns it for an attempt of which the end is missing, too.
    #[must_use]
    pub fn with_end(self) -> Self {
        match self {
            Self::None | Self::End => Self::End,
            Self::Start | Self::Both => Self::Both,
        }
    }
}

/// The init before or inside an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Init {
    /// Whether INIT_START was seen.
    pub start_seen: bool,
    /// Reason for which the environment was initialised.
    pub init_type: Option<InitType>,
    /// Status and duration of the phase before the request, where reported.
    pub init_phase: Option<(Status, Option<u64>)>,
    /// Status and duration of the phase repeated inside the request, where reported.
    pub invoke_phase: Option<(Status, Option<u64>)>,
    /// Status and duration of a SnapStart restore, where reported.
    pub restore: Option<(Status, Option<u64>)>,
}

/// Time of a sign, relative to the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Time before START: the init of the environment.
    Init,
    /// Time between START and the end.
    Invoke,
    /// Time after REPORT.
    Late,
}

/// A statement of a line that may matter for the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign {
    /// Phase of the attempt in which it was written.
    pub phase: Phase,
    /// Kind of the statement, with its details.
    pub kind: SignKind,
    /// The line itself, shortened.
    pub line: Line,
}

/// The kind of a sign.
#[derive(Clone, Debug, PartialEq)]
pub enum SignKind {
    /// `Task timed out after …`
    TimedOut,
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
        /// Status in the platform's words.
        status: Status,
        /// The platform's code.
        error_type: Option<Box<str>>,
        /// Whether `runtimeDone` says so; the report may differ (an extension, the platform).
        runtime_done: bool,
    },
    /// `runtimeDone` with success: the handler returned before anything that follows.
    HandlerDone,
    /// An init phase that did not succeed.
    InitFailed {
        /// Phase in which the init ran.
        phase: Option<InitPhase>,
        /// Status in the platform's words.
        status: Status,
        /// The platform's code.
        error_type: Option<Box<str>>,
        /// Whether `initRuntimeDone` says so; the report takes its place.
        runtime_done: bool,
    },
    /// A SnapStart restore that did not succeed.
    RestoreFailed {
        /// Status in the platform's words.
        status: Status,
        /// The platform's code.
        error_type: Option<Box<str>>,
        /// Whether `restoreRuntimeDone` says so; the report takes its place.
        runtime_done: bool,
    },
    /// An extension that did not start, or that ended.
    ExtensionFailed {
        /// Name of the extension.
        name: Box<str>,
        /// Error type of the extension.
        error_type: Box<str>,
    },
    /// An extension that the platform says was started, and not that it was ready.
    ExtensionStarted {
        /// Name of the extension.
        name: Box<str>,
    },
    /// A container image that could not be started.
    ImageError {
        /// The platform's message.
        message: Box<str>,
    },
    /// An error on a line of the function.
    Error(AppError<'static>),
}

impl SignKind {
    /// Returns whether `initRuntimeDone` or `restoreRuntimeDone` says so, which the report follows.
    #[must_use]
    pub fn is_init_runtime_done(&self) -> bool {
        matches!(self, Self::InitFailed { runtime_done: true, .. } | Self::RestoreFailed { runtime_done: true, .. })
    }
}

/// One line of the log, kept as evidence: text shortened to a bound, lossy where it was not UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Time at which it was written.
    pub at: Option<Timestamp>,
    /// Place in the input.
    pub place: Place,
    /// Its text.
    pub text: Box<str>,
}
