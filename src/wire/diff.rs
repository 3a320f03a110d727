//! Two summaries held against each other as a document: what `diff --format json` writes, and `comparison` of a summary
//! with a baseline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Gate, Window};

/// Version of this format: grows when a field is added.
pub const DIFF_SCHEMA_VERSION: u32 = 2;

/// What became of causes and functions from one summary, the base, to another, the head.
///
/// A change is told where chance does not explain it: of a thousand pairs without a change, about five tell any that is new
/// or worse, and some more where failures come in outbursts. Events are what is tested, since the retries of one event are no evidence of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Version of this format.
    pub schema: u32,
    /// Version of the program.
    pub tool_version: String,
    /// The summary that is compared with.
    pub base: ComparedSide,
    /// The summary that is looked at.
    pub head: ComparedSide,
    /// How many changed.
    pub counts: ChangeCounts,
    /// Causes of either side: new, worse, better, gone, then those that tell no change; in each those with most attempts
    /// first.
    pub causes: Vec<CauseChange>,
    /// Functions of either side, by account, region and name, in the same order.
    pub functions: Vec<FunctionChange>,
    /// What else must be known about the comparison.
    pub notes: Vec<String>,
    /// The result of `diff --fail-on`; null where none was given, and within a summary, which has its own.
    pub gate: Option<Gate>,
}

/// One of the two summaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedSide {
    /// What was named; null for the run that a baseline was given to.
    pub input: Option<String>,
    /// The time that its logs cover.
    pub window: Window,
    /// Functions.
    pub functions: u64,
    /// Attempts.
    pub attempts: u64,
    /// Failed attempts.
    pub failed: u64,
    /// Failed attempts by finished ones; null without any, or where the log hides successes.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub failure_rate: Option<f64>,
    /// Events that were lost.
    pub lost: u64,
    /// Requests that were throttled, by CloudWatch; null without a complete answer.
    #[serde(default)]
    pub own_throttles: Option<u64>,
    /// Events that a destination or a dead-letter queue caught; null without its records.
    #[serde(default)]
    pub caught: Option<u64>,
    /// Events that were given up before they ran, by the same records.
    #[serde(default)]
    pub never_ran: Option<u64>,
    /// Nothing of its logs was left out.
    pub complete: bool,
}

/// Numbers of causes and functions that changed; all null where no function can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeCounts {
    /// Causes of the head that the base did not have and would have shown.
    pub new_causes: Option<u64>,
    /// Causes of both whose rate rose.
    pub worse_causes: Option<u64>,
    /// Causes of both whose rate fell.
    pub better_causes: Option<u64>,
    /// Causes of the base that the head does not have and would have shown.
    pub gone_causes: Option<u64>,
    /// Functions that fail more often.
    pub worse_functions: Option<u64>,
    /// Functions that fail less often.
    pub better_functions: Option<u64>,
}

/// What became of a cause or a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Not in the base, which would have shown it.
    New,
    /// Its rate rose.
    Worse,
    /// Its rate fell.
    Better,
    /// Not in the head, which would have shown it.
    Gone,
    /// On one side only, but too rare for the traffic of the other, or that is not known.
    Undecided,
    /// On both sides, without a difference that chance does not explain.
    Same,
}

/// One cause on both sides. The same id names the same cause in every run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CauseChange {
    /// What became of it.
    pub change: Change,
    /// Stable id.
    pub id: String,
    /// Code of the verdicts.
    pub code: String,
    /// What the attempts have in common besides the code.
    pub target: Option<String>,
    /// A few plain words.
    pub title: String,
    /// What to do, in a few words.
    pub brief: String,
    /// Names of its functions on either side, sorted.
    pub functions: Vec<Option<String>>,
    /// In the base.
    pub base: SideCounts,
    /// In the head.
    pub head: SideCounts,
    /// How the rate changed.
    pub ratio: RateRatio,
    /// Events that the base would have with the rate of the head; null where its traffic is not known.
    #[schemars(range(min = 0.0))]
    pub expected_in_base: Option<f64>,
    /// The chance of such a difference or a greater one without a change, with all comparisons taken together; null where
    /// it cannot be told.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_value: Option<f64>,
}

/// One function on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionChange {
    /// What became of it: never new or gone, which its traffic does not tell.
    pub change: Change,
    /// Function name; null where the logs do not tell it.
    pub function: Option<String>,
    /// AWS account, where the input tells it.
    pub account_id: Option<String>,
    /// Region, where the input tells it.
    pub region: Option<String>,
    /// In the base.
    pub base: SideCounts,
    /// In the head.
    pub head: SideCounts,
    /// How the rate changed.
    pub ratio: RateRatio,
    /// The chance of such a difference or a greater one without a change, with all comparisons taken together; null where
    /// it cannot be told.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_value: Option<f64>,
}

/// Counts of a cause or a function on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SideCounts {
    /// Failed attempts.
    pub failed: u64,
    /// Failed inits without a request, which are no attempts.
    pub environments: u64,
    /// Events with a failed attempt, which is what is tested.
    pub events: u64,
    /// Events that were lost.
    pub lost: u64,
    /// Requests that were throttled, by CloudWatch; null without a complete answer, and of a cause.
    #[serde(default)]
    pub own_throttles: Option<u64>,
    /// Events that a destination or a dead-letter queue caught; null without its records, and of a cause.
    #[serde(default)]
    pub caught: Option<u64>,
    /// Events that were given up before they ran, by the same records.
    #[serde(default)]
    pub never_ran: Option<u64>,
    /// Finished attempts of the functions concerned; null where it is not known.
    pub finished: Option<u64>,
    /// `failed` / `finished`, 0 to 1; null without any, or where it is not known.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate: Option<f64>,
    /// Least rate that these counts leave possible, at 95 %.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate_least: Option<f64>,
    /// Greatest rate that these counts leave possible, at 95 %.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate_most: Option<f64>,
}

/// The rate of the head divided by that of the base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RateRatio {
    /// The quotient; null where the base has none, or where it is not known.
    #[schemars(range(min = 0.0))]
    pub ratio: Option<f64>,
    /// Its least possible value, at 95 %.
    #[schemars(range(min = 0.0))]
    pub least: Option<f64>,
    /// Its greatest possible value, at 95 %; null without a bound.
    #[schemars(range(min = 0.0))]
    pub most: Option<f64>,
}
