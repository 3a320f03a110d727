//! The record: one attempt (or one failed init without a request) as a line of ndjson.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::SideEffectLine;

/// One attempt with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Record {
    /// Version of this format.
    pub schema: u32,
    /// Hash of log group, log stream, request id and start: the same attempt read twice has the same id.
    pub id: String,
    /// What the record is about.
    pub kind: RecordKind,
    /// AWS account, where the input tells it.
    pub account_id: Option<String>,
    /// Region, where the input tells it.
    pub region: Option<String>,
    /// Log group.
    pub log_group: Option<String>,
    /// Log stream: one execution environment.
    pub log_stream: Option<String>,
    /// Stands for the log stream where its name was left out, as in compact records.
    #[serde(default)]
    pub stream_key: Option<String>,
    /// Function name.
    pub function: Option<String>,
    /// What tells functions without a name apart, the same for all records of one; null where the name is known.
    #[serde(default)]
    pub input: Option<String>,
    /// False where part of the log of the run was not read or not understood, so that no gate passes over its records.
    #[serde(default = "understood")]
    pub understood: bool,
    /// True where attempts of the function that succeeded have no records, as only failures were read or written: rates are
    /// not known.
    #[serde(default)]
    pub successes_left_out: bool,
    /// `$LATEST` or a version number.
    pub version: Option<String>,
    /// Runtime version as INIT_START prints it: `nodejs:22.v29`.
    pub runtime: Option<String>,
    /// Architecture, where known from configuration.
    pub architecture: Option<String>,
    /// Tenant of an isolated function.
    pub tenant_id: Option<String>,
    /// ARN of the execution of a durable function: its replays are attempts with request ids of their own.
    pub execution_arn: Option<String>,
    /// Lambda request id: names the event, not the attempt.
    pub request_id: Option<String>,
    /// Number of this attempt within its request id, by start, from 1.
    pub attempt: u32,
    /// START, or the earliest line.
    pub started_at: Option<String>,
    /// The same in milliseconds since the epoch.
    pub started_at_ms: Option<i64>,
    /// REPORT, or the last line.
    pub ended_at: Option<String>,
    /// The same in milliseconds since the epoch.
    pub ended_at_ms: Option<i64>,
    /// Which ends the window cut off.
    pub window_cut: CutEnds,
    /// One of ok, incomplete, unknown and the eight kinds of failure.
    pub category: String,
    /// Refines the category: `lambda-triage explain CODE` tells more.
    pub code: String,
    /// high, medium or low.
    pub confidence: String,
    /// success, error, failure or timeout, as the platform says.
    pub platform_status: Option<String>,
    /// The platform's code, such as Runtime.ExitError.
    pub platform_error_type: Option<String>,
    /// Type of the error that ended the attempt.
    pub error_type: Option<String>,
    /// Its message.
    pub error_message: Option<String>,
    /// Stable id of "the same error".
    pub fingerprint: Option<String>,
    /// yes, with_backoff, after_fix, risky, depends or no.
    pub retryable: String,
    /// How much of its work the attempt may have done, the most that any evidence says: its code, the writes that its
    /// lines show, whether the handler ran. none, possible, likely, certain, finished or unknown.
    pub partial_work: String,
    /// no, depends or yes.
    pub compensation: String,
    /// The environment was initialised or restored for this attempt.
    pub cold_start: bool,
    /// Run time without the init.
    pub duration_ms: Option<f64>,
    /// What is billed.
    pub billed_ms: Option<u64>,
    /// Init of a cold start.
    pub init_ms: Option<f64>,
    /// SnapStart restore of a cold start.
    pub restore_ms: Option<f64>,
    /// The function's timeout.
    pub timeout_ms: Option<u64>,
    /// config or observed.
    pub timeout_source: Option<String>,
    /// Configured memory.
    pub memory_size_mb: Option<u32>,
    /// High-water mark of the environment.
    pub max_memory_used_mb: Option<u32>,
    /// The call that failed.
    pub downstream: Option<DownstreamCall>,
    /// Causes behind the verdict.
    #[serde(default, deserialize_with = "none_are_null")]
    pub contributing: Vec<ContributingCause>,
    /// Worth knowing and not a failure.
    #[serde(default, deserialize_with = "none_are_null")]
    pub observations: Vec<ObservationCount>,
    /// The lines that prove the verdict.
    #[serde(default, deserialize_with = "none_are_null")]
    pub evidence: Vec<EvidenceLine>,
    /// Last line of the function before the end.
    pub last_line_before_end: Option<String>,
    /// Time between that line and the end.
    pub silence_before_end_ms: Option<i64>,
    /// X-Ray trace id.
    pub xray_trace_id: Option<String>,
    /// The writes that its lines show before the end. None seen means unknown, not none.
    #[serde(default, deserialize_with = "none_are_null")]
    pub side_effects: Vec<SideEffectLine>,
    /// First stack frame in the function's own code.
    #[serde(default)]
    pub frame: Option<String>,
    /// The last step that its lines show, such as `3/9`, where they show no write.
    #[serde(default)]
    pub progress: Option<String>,
    /// A local emulator wrote the log: its figures are made up, and it gives many requests one id.
    #[serde(default)]
    pub emulated: bool,
    /// How the event ended, of which this is one attempt.
    #[serde(default)]
    pub outcome: Option<String>,
    /// What to do about the event: already_recovered, wait, too_late, safe_now, after_fix, only_idempotent or no; null
    /// where it simply succeeded.
    #[serde(default)]
    pub retry_guidance: Option<String>,
    /// Why.
    #[serde(default)]
    pub retry_reason: Option<String>,
    /// What caught the event when it failed, by the records of `--destinations`; null where none says so.
    #[serde(default)]
    pub caught_by: Option<CaughtBy>,
    /// What Lambda Insights measured; null where its log has nothing on the attempt.
    #[serde(default)]
    pub lambda_insights: Option<LambdaInsights>,
}

/// What Lambda Insights measured of an attempt. Null is what its event does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LambdaInsights {
    /// When it was measured.
    pub at: Option<String>,
    /// The same in milliseconds since the epoch.
    pub at_ms: Option<i64>,
    /// Run time.
    pub duration_ms: Option<u32>,
    /// CPU time of all threads.
    pub cpu_ms: Option<u32>,
    /// Largest memory use of the environment.
    pub memory_used_mb: Option<u16>,
    /// Configured memory.
    pub memory_size_mb: Option<u16>,
    /// Used part of /tmp, in megabytes (1,048,576 bytes) rounded up.
    pub tmp_used_mb: Option<u16>,
    /// Size of /tmp, in the same.
    pub tmp_size_mb: Option<u16>,
    /// Most file descriptors in use.
    pub open_files: Option<u16>,
    /// Most file descriptors there can be.
    pub open_files_limit: Option<u16>,
}

/// What caught an event that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaughtBy {
    /// `destination` (of the function), `mapping_destination` (of an event source mapping) or `dead_letter_queue`.
    pub kind: String,
    /// Time of its record.
    pub at: Option<String>,
    /// AWS's word for why the event was given up, such as `RetriesExhausted`; null in a dead-letter queue.
    pub condition: Option<String>,
    /// The input that holds the record.
    pub input: String,
}

/// Reads a list, which may be null where a table wrote the record.
fn none_are_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(json).map(Option::unwrap_or_default)
}

/// Returns what older records say by not saying it.
fn understood() -> bool {
    true
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// One run for one request.
    Attempt,
    /// An init that failed with no request seen.
    Environment,
}

/// Which ends of an attempt the window cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutEnds {
    /// It is whole.
    None,
    /// Its start is missing.
    Start,
    /// Its end is missing.
    End,
    /// Both are missing.
    Both,
}

/// The call to another service that failed, as far as the log names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DownstreamCall {
    /// Name of the service.
    pub service: Option<String>,
    /// Operation or HTTP method.
    pub operation: Option<String>,
    /// Host and port.
    pub host: Option<String>,
    /// Error code of the service, driver or operating system.
    pub error_code: Option<String>,
    /// HTTP status.
    pub http_status: Option<u16>,
}

/// A cause behind a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContributingCause {
    /// Its code.
    pub code: String,
    /// high, medium or low.
    pub confidence: String,
    /// Service that was called, else the host without its port; null where it is about no call, or the log names neither.
    #[serde(default)]
    pub target: Option<String>,
}

/// An observation, with how often it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservationCount {
    /// Its code.
    pub code: String,
    /// How often.
    pub count: u32,
}

/// One line of proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceLine {
    /// When it was written.
    pub at: Option<String>,
    /// The line, shortened, secrets masked.
    pub message: String,
    /// The input that it stands in.
    pub input: String,
    /// Line number in the decoded input, from 1.
    pub line_number: u64,
}
