//! The life of one event as a document: what `show --format json` writes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaughtBy, Record};

/// Version of this format: grows when a field is added.
pub const SHOW_SCHEMA_VERSION: u32 = 1;

/// One event, with every attempt that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShownEvent {
    /// Version of this format.
    pub schema: u32,
    /// Version of the program.
    pub tool_version: String,
    /// Lambda request id: names the event.
    pub request_id: Option<String>,
    /// Function name; null where the logs do not tell it.
    pub function: Option<String>,
    /// How the event ended.
    pub outcome: Option<String>,
    /// Whether to send it again; null where it simply succeeded.
    pub retry_guidance: Option<String>,
    /// Why.
    pub retry_reason: Option<String>,
    /// What caught it, by the records of `--destinations`.
    #[serde(default)]
    pub caught_by: Option<CaughtBy>,
    /// Its attempts by number.
    pub attempts: Vec<ShownAttempt>,
}

impl ShownEvent {
    /// Creates the event that these are the attempts of; `None` without any.
    #[must_use]
    pub fn of(attempts: Vec<ShownAttempt>) -> Option<Self> {
        let first = &attempts.first()?.record;
        Some(Self {
            schema: SHOW_SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            request_id: first.request_id.clone(),
            function: first.function.clone(),
            outcome: first.outcome.clone(),
            retry_guidance: first.retry_guidance.clone(),
            retry_reason: first.retry_reason.clone(),
            caught_by: first.caught_by.clone(),
            attempts,
        })
    }
}

/// One attempt with its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShownAttempt {
    /// Its record.
    pub record: Record,
    /// Its lines, in order; empty if they come from a file of records.
    pub lines: Vec<ShownLine>,
    /// Number of lines left out of the middle.
    pub lines_left_out: u32,
}

/// One line of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownLine {
    /// When it was written.
    pub at: Option<String>,
    /// The same in milliseconds since the epoch.
    pub at_ms: Option<i64>,
    /// Line number in the decoded input, from 1.
    pub line_number: u64,
    /// Whether the function wrote it while it ran; otherwise the platform did, or it came late.
    pub own: bool,
    /// Its text, secrets masked; a long line ends in `…`.
    pub text: String,
}
