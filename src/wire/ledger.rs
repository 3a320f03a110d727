//! The ledger: one row for each event that needs a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaughtBy, Redaction, Window};
use crate::model::{EffectState, Place, SideEffect, Timestamp};

/// A side effect that a line of an attempt shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideEffectLine {
    /// When the line was written.
    pub at: Option<String>,
    /// `dynamodb PutItem`, `POST`, or the name of a marker.
    pub operation: String,
    /// Table, queue or URL.
    pub target: Option<String>,
    /// An id in the line.
    pub id: Option<String>,
    /// started, confirmed or unknown.
    pub state: String,
    /// Whether a later attempt of the event did it again; null where there is none.
    pub repeated: Option<bool>,
    /// Line number in the decoded input, from 1.
    pub line_number: u64,
}

impl SideEffectLine {
    /// The wire form of a side effect.
    #[must_use]
    pub fn new(effect: &SideEffect, redaction: &Redaction) -> Self {
        Self {
            at: effect.at.map(|at| at.to_string()),
            operation: redaction.apply(&effect.operation),
            target: effect.target.as_deref().map(|target| redaction.apply_to_part(target)),
            id: effect.id.as_deref().map(|id| redaction.apply_to_part(id)),
            state: effect.state.as_str().to_owned(),
            repeated: None,
            line_number: effect.place.line,
        }
    }

    /// What of it matters when a record is read back.
    #[must_use]
    pub fn read(&self) -> Option<SideEffect> {
        let states = [EffectState::Started, EffectState::Confirmed, EffectState::Unknown];
        Some(SideEffect {
            at: None::<Timestamp>,
            place: Place::at(0, self.line_number),
            operation: self.operation.clone(),
            target: self.target.clone(),
            id: self.id.clone(),
            state: states.into_iter().find(|state| state.as_str() == self.state)?,
        })
    }

    /// Whether another attempt's line shows the same write.
    #[must_use]
    pub fn is_repeat_of(&self, earlier: &Self) -> bool {
        let same_id = self.id == earlier.id || self.id.is_none() || earlier.id.is_none();
        self.operation == earlier.operation && self.target == earlier.target && same_id
    }
}

/// All events that need a person, as one JSON document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventLedger {
    /// Version of this format.
    pub schema: u32,
    /// Version of the program.
    pub tool_version: String,
    /// The time that the logs cover.
    pub window: Window,
    /// One row an event, by function and start.
    pub events: Vec<LedgerRow>,
}

/// One event that needs a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerRow {
    /// Function name; null where the logs do not tell it.
    pub function: Option<String>,
    /// AWS account, where the input tells it.
    pub account_id: Option<String>,
    /// Region, where the input tells it.
    pub region: Option<String>,
    /// Lambda request id: names the event.
    pub request_id: Option<String>,
    /// exhausted, rerun_after_success or possibly_half_done.
    pub need: String,
    /// How the event ended.
    pub outcome: String,
    /// Attempts.
    pub attempts: u32,
    /// Start of the first attempt.
    pub first_started_at: Option<String>,
    /// End of the last attempt.
    pub last_ended_at: Option<String>,
    /// Category of the last attempt that failed.
    pub category: Option<String>,
    /// Its code.
    pub code: Option<String>,
    /// How sure its verdict is.
    pub confidence: Option<String>,
    /// Type of the error that ended the last attempt that failed.
    pub error_type: Option<String>,
    /// Its message.
    pub error_message: Option<String>,
    /// One line that proves it.
    pub evidence: Option<String>,
    /// The input that the line stands in.
    pub input: Option<String>,
    /// Its line number in the decoded input.
    pub line_number: Option<u64>,
    /// The most of the work that any failed attempt may have done.
    pub partial_work: Option<String>,
    /// Whether something must be undone or finished after any of them.
    pub compensation: Option<String>,
    /// Writes in the lines of its attempts that the lines say succeeded. None seen means unknown, not none.
    pub confirmed_writes: u64,
    /// Writes that were begun, and of which no line says how they ended.
    pub started_writes: u64,
    /// The writes, the first ones of each attempt.
    pub side_effects: Vec<LedgerEffect>,
    /// `no`, `safe_now`, `after_fix`, `only_idempotent` or `too_late`.
    pub retry_guidance: Option<String>,
    /// Why.
    pub retry_reason: Option<String>,
    /// Milliseconds between the end of each attempt and the start of the next; negative where they overlap.
    pub gaps_ms: Vec<Option<i64>>,
    /// For each gap: on_schedule, delayed, irregular, overlapping or unknown.
    pub schedule: Vec<String>,
    /// What the log of the function cannot tell about the event.
    pub unknown: String,
    /// What caught it, by the records of `--destinations`.
    #[serde(default)]
    pub caught_by: Option<CaughtBy>,
}

/// A side effect, with the attempt that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEffect {
    /// Number of the attempt.
    pub attempt: u32,
    /// What its line shows.
    #[serde(flatten)]
    pub effect: SideEffectLine,
}
