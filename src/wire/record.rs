//! The record: one attempt (or one failed init without a request) as a line of ndjson.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{Redaction, SCHEMA_VERSION, SideEffectLine};
use crate::model::{Attempt, Downstream, Line, RequestId, Subject, Timestamp, Verdict, WindowCut};

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
    /// Function name.
    pub function: Option<String>,
    /// `$LATEST` or a version number.
    pub version: Option<String>,
    /// Runtime version as INIT_START prints it: `nodejs:22.v29`.
    pub runtime: Option<String>,
    /// Architecture, where known from configuration.
    pub architecture: Option<String>,
    /// Tenant of an isolated function.
    pub tenant_id: Option<String>,
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
    pub contributing: Vec<Cause>,
    /// Worth knowing and not a failure.
    pub observations: Vec<ObservationCount>,
    /// The lines that prove the verdict.
    pub evidence: Vec<EvidenceLine>,
    /// Last line of the function before the end.
    pub last_line_before_end: Option<String>,
    /// Time between that line and the end.
    pub silence_before_end_ms: Option<i64>,
    /// X-Ray trace id.
    pub xray_trace_id: Option<String>,
    /// The writes that its lines show before the end. None seen means unknown, not none.
    #[serde(default)]
    pub side_effects: Vec<SideEffectLine>,
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
pub struct Cause {
    /// Its code.
    pub code: String,
    /// high, medium or low.
    pub confidence: String,
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

/// Who wrote the log of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// AWS account.
    pub account_id: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Function name.
    pub function: Option<String>,
    /// Log group.
    pub log_group: Option<String>,
    /// Log stream.
    pub log_stream: Option<String>,
}

impl Record {
    /// The record of an attempt. `attempt`, the timeout, the outcome and the advice are not known before the last input:
    /// they start as 1 and null.
    #[must_use]
    pub fn new(
        identity: &Identity,
        attempt: &Attempt,
        verdict: &Verdict,
        input_name: &dyn Fn(u32) -> String,
        redaction: &Redaction,
    ) -> Self {
        let text = |text: &str| redaction.apply(text);
        let silence = attempt
            .last_line
            .as_ref()
            .and_then(|line| line.at)
            .zip(attempt.ended_at)
            .map(|(last, end)| end.ms_since(last).max(0));
        let cut = verdict.category.is_failure() || !attempt.report_seen;
        Self {
            schema: SCHEMA_VERSION,
            id: format!("{:032x}", record_id(identity, attempt.request_id, attempt.started_at, attempt.place.line)),
            kind: match attempt.subject {
                Subject::Attempt => RecordKind::Attempt,
                Subject::Environment => RecordKind::Environment,
            },
            account_id: identity.account_id.clone(),
            region: identity.region.clone(),
            log_group: identity.log_group.clone(),
            log_stream: identity.log_stream.clone(),
            function: identity.function.clone(),
            version: attempt.version.as_deref().map(text),
            runtime: attempt.runtime.as_deref().map(text),
            architecture: None,
            tenant_id: attempt.tenant_id.as_deref().map(text),
            request_id: attempt.request_id.map(|id| id.to_string()),
            attempt: 1,
            started_at: attempt.started_at.map(|at| at.to_string()),
            started_at_ms: attempt.started_at.map(Timestamp::ms),
            ended_at: attempt.ended_at.map(|at| at.to_string()),
            ended_at_ms: attempt.ended_at.map(Timestamp::ms),
            window_cut: match attempt.window_cut {
                WindowCut::None => CutEnds::None,
                WindowCut::Start => CutEnds::Start,
                WindowCut::End => CutEnds::End,
                WindowCut::Both => CutEnds::Both,
            },
            category: verdict.category.id().to_owned(),
            code: verdict.code.to_owned(),
            confidence: verdict.confidence.as_str().to_owned(),
            platform_status: attempt.platform_status.map(|status| status.as_str().to_owned()),
            platform_error_type: verdict
                .platform_error_type
                .as_deref()
                .or(attempt.platform_error_type.as_deref())
                .map(text),
            error_type: verdict.error_type.as_deref().map(text),
            error_message: verdict.error_message.as_deref().map(text),
            fingerprint: verdict.fingerprint.clone(),
            retryable: verdict.retryable.as_str().to_owned(),
            partial_work: verdict.partial_work.as_str().to_owned(),
            compensation: verdict.compensation.as_str().to_owned(),
            cold_start: attempt.metrics.init_us.is_some() || attempt.metrics.restore_us.is_some(),
            duration_ms: attempt.metrics.duration_us.map(us_to_ms),
            billed_ms: attempt.metrics.billed_ms,
            init_ms: attempt.metrics.init_us.map(us_to_ms),
            restore_ms: attempt.metrics.restore_us.map(us_to_ms),
            timeout_ms: None,
            timeout_source: None,
            memory_size_mb: attempt.metrics.memory_size_mb,
            max_memory_used_mb: attempt.metrics.max_memory_used_mb,
            downstream: verdict.downstream.as_ref().map(|call| DownstreamCall::new(call, redaction)),
            contributing: verdict
                .contributing
                .iter()
                .map(|(code, confidence)| Cause {
                    code: (*code).to_owned(),
                    confidence: confidence.as_str().to_owned(),
                })
                .collect(),
            observations: verdict
                .observations
                .iter()
                .map(|(code, count)| ObservationCount { code: (*code).to_owned(), count: *count })
                .collect(),
            evidence: verdict.evidence.iter().map(|line| EvidenceLine::new(line, input_name, redaction)).collect(),
            last_line_before_end: attempt.last_line.as_ref().filter(|_| cut).map(|line| text(&line.text)),
            silence_before_end_ms: silence.filter(|_| cut),
            xray_trace_id: attempt.xray_trace_id.as_deref().map(text),
            side_effects: attempt.side_effects.iter().map(|effect| SideEffectLine::new(effect, redaction)).collect(),
            emulated: attempt.emulated,
            outcome: None,
            retry_guidance: None,
            retry_reason: None,
        }
    }
}

impl Record {
    /// The same without what only a whole run knows.
    #[must_use]
    pub fn reset(&self) -> Self {
        let mut record = Self {
            attempt: 1,
            timeout_ms: None,
            timeout_source: None,
            outcome: None,
            retry_guidance: None,
            retry_reason: None,
            ..self.clone()
        };
        record.side_effects.iter_mut().for_each(|effect| effect.repeated = None);
        record
    }
}

impl DownstreamCall {
    /// The wire form of a failed call.
    #[must_use]
    pub fn new(call: &Downstream, redaction: &Redaction) -> Self {
        let text = |part: &Option<String>| part.as_deref().map(|part| redaction.apply(part));
        Self {
            service: text(&call.service),
            operation: text(&call.operation),
            host: text(&call.host),
            error_code: text(&call.error_code),
            http_status: call.http_status,
        }
    }
}

impl EvidenceLine {
    /// The wire form of a line.
    #[must_use]
    pub fn new(line: &Line, input_name: &dyn Fn(u32) -> String, redaction: &Redaction) -> Self {
        Self {
            at: line.at.map(|at| at.to_string()),
            message: redaction.apply(line.text.trim_end()),
            input: input_name(line.place.input),
            line_number: line.place.line,
        }
    }
}

/// The id of an attempt: equal for the same attempt in overlapping exports.
///
/// Where the log has no clock, the place of the first line stands for the start, so that two attempts stay apart.
#[must_use]
pub fn record_id(identity: &Identity, request: Option<RequestId>, start: Option<Timestamp>, line: u64) -> u128 {
    let mut hash = Xxh3::new();
    for part in [&identity.function, &identity.log_stream] {
        hash.update(part.as_deref().unwrap_or("").as_bytes());
        hash.update(&[0xff]);
    }
    hash.update(&request.map_or(0, RequestId::bits).to_le_bytes());
    match start {
        Some(at) => hash.update(&at.ms().to_le_bytes()),
        None => {
            hash.update(&[0xfe]);
            hash.update(&line.to_le_bytes());
        }
    }
    hash.digest128()
}

/// Microseconds as milliseconds with up to three decimals.
fn us_to_ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
