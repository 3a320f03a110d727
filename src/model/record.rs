//! The statement that one message makes: a line of the platform, or a line of the function.
//!
//! Text is borrowed from the message. Durations are whole microseconds, so that sums and comparisons are exact.

use std::borrow::Cow;

use super::{InsightsReading, RequestId};

/// The meaning of one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement<'a> {
    /// `INIT_START`, `platform.initStart`.
    InitStart(InitStart<'a>),
    /// `INIT_REPORT`, `platform.initReport`.
    InitReport(InitReport<'a>),
    /// `RESTORE_START`, `platform.restoreStart`: SnapStart begins to restore a snapshot.
    RestoreStart(InitStart<'a>),
    /// `RESTORE_REPORT`, `platform.restoreReport`.
    RestoreReport(InitReport<'a>),
    /// `START`, `platform.start`.
    Start {
        /// Id of the request.
        id: RequestId,
        /// `$LATEST` or a number.
        version: Option<&'a str>,
        /// ARN of the function, in newer JSON logs.
        function_arn: Option<&'a str>,
        /// Tenant of an isolated function.
        tenant_id: Option<&'a str>,
        /// X-Ray trace id, in JSON logs.
        xray_trace_id: Option<&'a str>,
        /// Whether the platform wrote this line as JSON.
        json: bool,
    },
    /// `END`, `platform.end`.
    End {
        /// Id of the request.
        id: RequestId,
    },
    /// `platform.runtimeDone`, or the fault record of the Telemetry API (`RequestId: … Status: …`).
    RuntimeDone {
        /// Id of the request.
        id: RequestId,
        /// Status in the platform's words.
        status: Status,
        /// The platform's code.
        error_type: Option<&'a str>,
        /// X-Ray trace id, in JSON logs.
        xray_trace_id: Option<&'a str>,
    },
    /// `REPORT`, `platform.report`.
    Report(Report<'a>),
    /// `<time> <id> Task timed out after <n> seconds`: the older style of a timeout.
    TimedOut {
        /// Id of the request; `None` where a copy lost it.
        id: Option<RequestId>,
    },
    /// `RequestId: <id> Error: <message>` + code: the older style of a crash.
    Crash(CrashLine<'a>),
    /// `RequestId: <id> Process exited before completing request`, of runtimes before 2019.
    ExitedEarly {
        /// Id of the request.
        id: RequestId,
    },
    /// `EXTENSION`, `platform.extension`.
    Extension {
        /// Name of the extension.
        name: Cow<'a, str>,
        /// `Registered`, `Ready`, `LaunchError`, …
        state: Cow<'a, str>,
        /// Error type, present on failures.
        error_type: Option<&'a str>,
    },
    /// `TELEMETRY`, `LOGS` and other lines of the platform that say nothing about an end.
    Informational,
    /// `IMAGE` (and `SUPERNOVA`) lines: the container image could not be started.
    ImageError {
        /// The platform's message, without the entry point.
        message: &'a str,
    },
    /// `platform.logsDropped`: the platform lost lines.
    LogsDropped {
        /// Number of lost lines.
        records: u64,
    },
    /// A line of the function, its runtime client or its libraries. Boxed, as it is by far the largest and few of the lines
    /// that are parsed are one.
    App(Box<AppLine<'a>>),
    /// A line of a log that is not an invocation log, with the name of that kind of log.
    Foreign(&'static str),
    /// An event of Lambda Insights about one attempt. Boxed, as it is large and rare.
    Insights(Box<InsightsReading>),
    /// A message that is nothing but a beginning of REPORT, which was cut there, or a word of the function.
    ReportBegun,
    /// A REPORT of which neither a figure nor a status can be read, so that the end of the attempt is not known.
    UnreadableReport {
        /// Id of the request, where the line still has it.
        id: Option<RequestId>,
        /// Whether signs stand around its first word, as where something quotes it: it then says nothing of an attempt that
        /// is not known.
        quoted: bool,
    },
    /// A line that begins like one of the platform but does not continue like one.
    Unrecognized,
}

/// The platform's status of an attempt or a phase, ordered from the best to the worst and most telling: of two, the
/// greater one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// `success`
    Success,
    /// An unknown word. Lambda writes a status into text only when something went wrong, and a word introduced later
    /// must not look like a success.
    Unknown,
    /// `failure`: the sandbox failed, or (Telemetry API) the handler returned an error.
    Failure,
    /// `error`: the runtime or an extension failed.
    Error,
    /// `timeout`
    Timeout,
}

impl Status {
    /// Parses the platform's word; only the exact known words are accepted.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "success" => Some(Self::Success),
            "error" => Some(Self::Error),
            "failure" => Some(Self::Failure),
            "timeout" => Some(Self::Timeout),
            _ => None,
        }
    }

    /// Reads the value of a field that is known to be a status, in any case and whatever a copy appended to it
    /// (`Timeout`, `timeout,`, `timeout<br/>`).
    #[must_use]
    pub fn read(value: &str) -> Self {
        let value = value.trim_start_matches(|char: char| !char.is_ascii_alphabetic());
        let end = value.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(value.len());
        Self::parse(&value[..end].to_ascii_lowercase()).unwrap_or(Self::Unknown)
    }

    /// Returns the platform's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Timeout => "timeout",
            Self::Unknown => "unknown",
        }
    }
}

/// The phase in which an init ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InitPhase {
    /// Init before any request.
    Init,
    /// Init repeated inside the first request, under the function's timeout ("suppressed init").
    Invoke,
    /// Init for a SnapStart snapshot, at publish time.
    SnapStart,
}

/// Reason for which an environment was initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InitType {
    /// A waiting request.
    OnDemand,
    /// Provisioned concurrency, ahead of requests.
    ProvisionedConcurrency,
    /// Restore from a snapshot.
    SnapStart,
    /// Lambda Managed Instances: several requests at once, reports without memory or billing.
    ManagedInstances,
}

/// The start of an init or a restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitStart<'a> {
    /// `nodejs:22.v29`, `provided:al2023.v97`, …
    pub runtime_version: Option<&'a str>,
    /// Function name, in JSON logs.
    pub function: Option<&'a str>,
    /// Function version, in JSON logs.
    pub version: Option<&'a str>,
    /// Reason of the init, in JSON logs.
    pub init_type: Option<InitType>,
    /// Phase of the init, in JSON logs.
    pub phase: Option<InitPhase>,
    /// Whether the platform wrote this line as JSON.
    pub json: bool,
}

/// The end of an init or a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitReport<'a> {
    /// Duration of the phase.
    pub duration_us: Option<u64>,
    /// Phase of the init; `None` in the short form, which means success.
    pub phase: Option<InitPhase>,
    /// Status of the phase; `Success` in the short form.
    pub status: Status,
    /// The platform's code.
    pub error_type: Option<&'a str>,
    /// Reason of the init, in JSON logs.
    pub init_type: Option<InitType>,
    /// Whether a local emulator wrote the line: a running request is then the one that waited for the init.
    pub emulated: bool,
    /// Whether it is only `initRuntimeDone` or `restoreRuntimeDone`; the report follows, unless the log lacks it.
    pub runtime_done: bool,
}

/// The figures of a REPORT line. Absent ones were not on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Run time, without the init.
    pub duration_us: Option<u64>,
    /// Billed duration, in whole milliseconds.
    pub billed_ms: Option<u64>,
    /// Configured memory.
    pub memory_size_mb: Option<u32>,
    /// High-water mark of the environment, not of the attempt.
    pub max_memory_used_mb: Option<u32>,
    /// Duration of the init of a cold start.
    pub init_us: Option<u64>,
    /// Duration of the SnapStart restore of a cold start.
    pub restore_us: Option<u64>,
}

impl Metrics {
    /// Returns whether less was billed than the run took, in whole milliseconds. A bill is rounded up, so the run was cut
    /// at its time limit.
    #[must_use]
    pub(crate) fn are_capped(&self) -> bool {
        // Old emulators bill nothing.
        self.billed_ms
            .filter(|billed_ms| *billed_ms > 0)
            .zip(self.duration_us)
            .is_some_and(|(billed_ms, us)| billed_ms.saturating_mul(1_000) < us)
    }
}

/// One REPORT line.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<'a> {
    /// Id of the request.
    pub id: RequestId,
    /// Its figures.
    pub metrics: Metrics,
    /// Status; `None` where the line has none, which in text is also the case after a handler error.
    pub status: Option<Status>,
    /// The platform's code.
    pub error_type: Option<&'a str>,
    /// X-Ray trace id.
    pub xray_trace_id: Option<&'a str>,
    /// Tenant of an isolated function.
    pub tenant_id: Option<&'a str>,
    /// Time for which extensions went on after the handler had returned. Read only from reports of a timeout.
    pub extension_overhead_us: Option<u64>,
    /// Whether `Init Duration` stands before `Duration`: then the runtime interface emulator wrote the line, and its
    /// memory figures are made up.
    pub emulated: bool,
    /// Whether the platform wrote this line as JSON.
    pub json: bool,
    /// Whether the line ends where a REPORT ends and every value was understood. Otherwise a status may have been cut
    /// off or lost.
    pub whole: bool,
}

impl Report<'_> {
    /// Returns whether it is one of Managed Instances: JSON with a duration and neither billing nor memory.
    #[must_use]
    pub(crate) fn is_of_managed_instances(&self) -> bool {
        self.json && self.metrics.billed_ms.is_none() && self.metrics.memory_size_mb.is_none()
    }
}

/// A crash as the platform prints it in the older style, on one or two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashLine<'a> {
    /// Id of the request; `None` in `Unknown application error occurred`, and where a copy lost it.
    pub id: Option<RequestId>,
    /// `Runtime exited with error: exit status 1`, …
    pub message: &'a str,
    /// `Runtime.ExitError`, …; `None` where the second line did not arrive with the first.
    pub error_type: Option<&'a str>,
}

/// Severity of a line of the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// No level, or one below WARN.
    #[default]
    Info,
    /// WARN.
    Warn,
    /// ERROR.
    Error,
    /// FATAL, CRITICAL.
    Fatal,
}

/// A line of the function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppLine<'a> {
    /// The request id on the line, where there is one and it is a UUID.
    pub id: Option<RequestId>,
    /// Its severity.
    pub level: Level,
    /// The error that it reports, if any.
    pub error: Option<AppError<'a>>,
    /// Function name on the line (Powertools).
    pub function: Option<Cow<'a, str>>,
    /// ARN of the execution of a durable function on the line.
    pub execution_arn: Option<Cow<'a, str>>,
    /// Whether a runtime may have written the line of a handler that failed, and nothing tells: it is cut off before that, or
    /// the function writes such lines as well.
    pub in_doubt: bool,
}

impl<'a> AppLine<'a> {
    /// Creates the line of an error that names no request.
    #[must_use]
    pub fn of_error(error: AppError<'a>) -> Self {
        Self { level: Level::Error, error: Some(error), ..Self::default() }
    }
}

/// The form in which a line reports an error. It decides whether the error can have ended the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorForm {
    /// The runtime client's own line for a failed handler. The process goes on.
    Unhandled,
    /// The runtime client's own line for a failed handler, in a shape that the client also gives to an error that the
    /// code logs: Node.js in JSON. It ended the attempt only if the function says nothing after it.
    MaybeUnhandled,
    /// The runtime client's own line for an error outside the handler (uncaught exception, critical error, panic); the
    /// process exits after it.
    Uncaught,
    /// The runtime client's own line for a promise rejection that nobody handled; the process exits after it.
    UnhandledRejection,
    /// The runtime client's own line for code that could not be loaded.
    Init,
    /// The language's own last words on standard error (a panic, a fatal error, an unhandled exception of a raw
    /// process). They mean an end only if the process is then seen to exit, because other processes print the same.
    Crash,
    /// The language's statement on standard error that it ran out of memory. It means an end only if the process is
    /// then seen to exit.
    OutOfMemory,
    /// The native runtime client's line for a response that could not be sent (too large, refused).
    Response,
    /// The answer of an invocation that failed, as invokers save it and local emulators print it behind REPORT. Functions
    /// print those of others, so it counts only where no attempt runs.
    Answer,
    /// The same, above the title of the log of its attempt, as the test tab of the console shows it.
    AnswerAbove,
    /// A logger's line. The error counts as handled, unless something else says otherwise.
    Logged,
}

impl ErrorForm {
    /// Returns whether an error of this form alone, without any line of the platform, tells of an attempt that failed.
    #[must_use]
    pub(crate) fn ends_alone(self) -> bool {
        !matches!(self, Self::Logged | Self::Init)
    }

    /// Returns whether only a runtime client writes it: an id on its line is that of the request that it serves.
    #[must_use]
    pub(crate) fn is_of_client(self) -> bool {
        matches!(self, Self::Unhandled | Self::Uncaught | Self::UnhandledRejection | Self::Response)
    }
}

/// An error as one line (or one joined block of lines) reports it.
#[derive(Clone, Debug, PartialEq)]
pub struct AppError<'a> {
    /// The form of the line.
    pub form: ErrorForm,
    /// Class, name or code of the error, as the runtime prints it.
    pub error_type: Option<Cow<'a, str>>,
    /// Its message.
    pub message: Option<Cow<'a, str>>,
    /// First stack frame in the function's own code, without line numbers: `handler (/var/task/app.py)`.
    pub frame: Option<Cow<'a, str>>,
    /// Whether its stack says that the runtime was still loading the code, so that no handler was called.
    pub is_of_loading: bool,
    /// A further code on the error object: `code`, `Code`, `errno` (`ECONNREFUSED`, `ERR_MODULE_NOT_FOUND`).
    pub code: Option<Cow<'a, str>>,
    /// `$metadata.httpStatusCode`, `statusCode`.
    pub http_status: Option<u16>,
    /// `Reason` of a throttle.
    pub reason: Option<Cow<'a, str>>,
    /// Type and message of the innermost cause (`Caused by:`, `--->`, `reason`), where the line shows one.
    pub cause: Option<Cow<'a, str>>,
    /// URL of the failed call, where the error object contains the request (axios).
    pub url: Option<Cow<'a, str>>,
    /// The clients that write this as a JSON object, where only its shape tells that a client wrote it: functions print
    /// objects of the same shape.
    pub shape_of: Option<JsonShape>,
}

/// A shape of the JSON objects in which runtime clients tell of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonShape {
    /// An object under `message`, or its text: Node.js in the format JSON.
    Nested,
    /// Members at the top: Python and .NET in the format JSON.
    Flat,
    /// The stack as the text of `message`: Java in the format JSON.
    Framed,
    /// The payload alone, as it is the answer, too: Go in text.
    Payload,
    /// The same with a type that tells what failed (`Function<KeyError>`): Ruby in text.
    Labelled,
    /// One of the format JSON in a log in text, where a client hardly writes it.
    InText,
}

impl JsonShape {
    /// Returns whether clients write it only where the log format is JSON, in which the platform writes no text, either.
    #[must_use]
    pub(crate) fn is_of_format_json(self) -> bool {
        matches!(self, Self::Nested | Self::Flat | Self::Framed)
    }

    /// Returns whether the client of a runtime (`python:3.12.v90`) may write it. Programs of one's own, and clients whose
    /// shapes are not known, may write any.
    #[must_use]
    pub(crate) fn may_be_of(self, runtime: &str) -> bool {
        let is_of = |name: &str| runtime.starts_with(name);
        match self {
            Self::InText => true,
            _ if is_of("nodejs") => self == Self::Nested,
            _ if is_of("python") || is_of("dotnet") => self == Self::Flat,
            _ if is_of("java") => self == Self::Framed,
            _ if is_of("ruby") => !matches!(self, Self::Framed | Self::Payload),
            _ => true,
        }
    }
}

impl<'a> AppError<'a> {
    /// Creates an error of which only the form is known.
    #[must_use]
    pub fn of(form: ErrorForm) -> Self {
        Self {
            form,
            error_type: None,
            message: None,
            frame: None,
            is_of_loading: false,
            code: None,
            http_status: None,
            reason: None,
            cause: None,
            url: None,
            shape_of: None,
        }
    }

    /// Converts all text to owned text.
    #[must_use]
    pub fn into_owned(self) -> AppError<'static> {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        AppError {
            form: self.form,
            error_type: own(self.error_type),
            message: own(self.message),
            frame: own(self.frame),
            is_of_loading: self.is_of_loading,
            code: own(self.code),
            http_status: self.http_status,
            reason: own(self.reason),
            cause: own(self.cause),
            url: own(self.url),
            shape_of: self.shape_of,
        }
    }
}
