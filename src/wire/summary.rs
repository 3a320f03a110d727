//! The summary: what all functions did, as one JSON document.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaughtBy, Comparison, EvidenceLine};
use crate::model::{Category, Timestamp};

/// Defines a struct and how two of them add up: by the fields that are marked as a `sum`. Others belong to one row alone,
/// or are computed when all is counted.
macro_rules! additive {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$about:meta])* pub $field:ident: $type:ty $(= $sum:ident)?, )* }
    ) => {
        $(#[$meta])*
        pub struct $name { $( $(#[$about])* pub $field: $type, )* }

        impl AddAssign<&$name> for $name {
            fn add_assign(&mut self, other: &Self) {
                $( additive!(@add $($sum)? self.$field, other.$field); )*
            }
        }
    };
    (@add sum $to:expr, $from:expr) => {
        $to += &$from
    };
    (@add $to:expr, $from:expr) => {};
}

/// The whole result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Version of this format.
    pub schema: u32,
    /// Version of the program.
    pub tool_version: String,
    /// Version of the catalogue of codes and signatures.
    pub catalogue_version: String,
    /// The time that the logs cover.
    pub window: Window,
    /// What was read, and what was not.
    pub coverage: Coverage,
    /// Causes of failures across functions, worst first: by events lost, then by attempts, then the earliest. At most
    /// 1,000.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Number of causes, those that are not listed included.
    #[serde(default)]
    pub causes_total: u64,
    /// The result of `--fail-on`; null where none was given.
    pub gate: Option<Gate>,
    /// All functions together. Names and versions are null or empty.
    pub totals: FunctionSummary,
    /// One row a function, worst first: by events lost, then those with a finding that goes on, then by the lower bound of
    /// the failure rate, then by failed attempts.
    pub functions: Vec<FunctionSummary>,
    /// Events that somebody must look at, worst first: lost, run again after a success, possibly half done; in each those
    /// with writes first, then by work that may be done, then the earliest. At most 1,000; `--ledger` lists all.
    #[serde(default)]
    pub events_to_check: Vec<EventToCheck>,
    /// Number of events that somebody must look at, those that are not listed included.
    #[serde(default)]
    pub events_to_check_total: u64,
    /// What the configuration of functions says against what they did, the gravest first; of runtimes without any
    /// configuration. At most 1,000.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Number of checks, those that are not listed included.
    #[serde(default)]
    pub checks_total: u64,
    /// Number of checks with severity high.
    #[serde(default)]
    pub checks_high: u64,
    /// What is new, worse, better and gone since the summary of `--baseline`; null without one.
    #[serde(default)]
    pub comparison: Option<Comparison>,
    /// The configuration file that was used; null without one.
    #[serde(default)]
    pub config_file: Option<String>,
    /// Failures that the gate leaves out, as the configuration file says: an item for each of its entries, in their order.
    #[serde(default)]
    pub ignored: Vec<IgnoredFailures>,
}

impl Summary {
    /// Returns whether it tells of no attempt, no environment that failed without one, and no event that never ran.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let totals = &self.totals;
        totals.attempts == 0 && totals.environment_failures == 0 && totals.never_ran.is_none_or(|events| events == 0)
    }

    /// Fills in what summaries of earlier versions lack and what follows from the rest.
    pub(crate) fn complete(&mut self) {
        for row in self.functions.iter_mut().chain([&mut self.totals]) {
            row.lost = row.outcomes.exhausted.saturating_sub(row.caught.unwrap_or(0));
        }
    }
}

/// Failures that the gate leaves out. They are told like all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IgnoredFailures {
    /// Glob for names of functions; null for all.
    pub function: Option<String>,
    /// Code or category of the failures; null for all.
    pub code: Option<String>,
    /// Fingerprint of the failures; null for all.
    pub fingerprint: Option<String>,
    /// Last day on which it holds, in UTC; null without an end.
    pub until: Option<String>,
    /// Why they are ignored.
    pub reason: String,
    /// Whether it holds for this log.
    pub state: IgnoreState,
    /// Failed attempts that were left out.
    pub attempts: u64,
    /// Inits that failed with no request seen and were left out.
    pub environments: u64,
}

/// Whether an entry of the ignore list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IgnoreState {
    /// It left something out.
    Used,
    /// Nothing that earlier entries have left fits it.
    Unused,
    /// The log ends after its last day, or tells no day, so it leaves nothing out.
    Expired,
}

/// One cause of failures, in every function where attempts failed for it. Each failed attempt has exactly one: by code
/// and target (failed calls that were throttled or went downstream, timeouts that waited for a call), by code and module
/// (imports), by code, type, masked message and frame (other errors), else by code and function. Past 256 causes of one
/// function, its others are joined by code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// Stable id, the same in every run: version of its form, and a hash.
    pub id: String,
    /// Code of the verdicts.
    pub code: String,
    /// What the attempts have in common besides the code: service, else host without its port; for imports the module.
    pub target: Option<String>,
    /// Stable id of "the same error", where that is what they have in common.
    pub fingerprint: Option<String>,
    /// A few plain words, with secrets masked.
    pub title: String,
    /// Names of the functions, sorted; null where the logs do not tell it. One for each row of `functions`.
    pub functions: Vec<Option<String>>,
    /// Owners of these functions, sorted, each once.
    #[serde(default)]
    pub owners: Vec<String>,
    /// All of it is left out by the gate.
    #[serde(default)]
    pub ignored: bool,
    /// Failed attempts. Those of all causes are the failed attempts of `totals`.
    pub attempts: u64,
    /// Failed inits without a request, which are no attempts.
    pub environments: u64,
    /// Events with such an attempt. An event whose attempts failed for two causes counts in both.
    pub events: u64,
    /// Events among them that were lost.
    pub lost: u64,
    /// Events among them that a retry saved.
    pub recovered: u64,
    /// Start of the first attempt.
    pub first_seen: Option<String>,
    /// Start of the last attempt.
    pub last_seen: Option<String>,
    /// Whether it is still going on at the end of the window, by the attempts of these functions.
    pub state: FindingState,
    /// It was first seen where the log begins, so it may have begun before.
    pub since_before_window: bool,
    /// Share of the failed attempts of all functions from `first_seen` to `last_seen`, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_within: Option<f64>,
    /// Versions it occurred in, of any of the functions.
    pub versions: Vec<String>,
    /// What began at the same time.
    pub began_with: BeganWith,
    /// What to do, in a few words.
    #[serde(default)]
    pub brief: String,
    /// What to do.
    pub hint: String,
}

/// What began when a cause began. Empty where the log does not show the beginning: the cause was there from the start of
/// the window, or is too rare to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BeganWith {
    /// Ids of the causes that began within a minute of this one (a sixtieth of a window shorter than an hour), nearest
    /// first. At most 16.
    pub causes: Vec<String>,
    /// Versions with whose first attempts it began: the attempts of earlier versions would have shown it.
    pub versions: Vec<FirstVersion>,
}

/// A version of a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FirstVersion {
    /// Function name.
    pub function: Option<String>,
    /// `$LATEST` or a version number.
    pub version: String,
    /// Start of its first attempt in the log.
    pub first_seen: Option<String>,
}

/// One event that somebody must look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventToCheck {
    /// Function name; null where the logs do not tell it.
    pub function: Option<String>,
    /// AWS account, where the input tells it.
    pub account_id: Option<String>,
    /// Region, where the input tells it.
    pub region: Option<String>,
    /// Lambda request id: names the event.
    pub request_id: Option<String>,
    /// exhausted, caught, never_ran, rerun_after_success or possibly_half_done.
    pub need: String,
    /// How the event ended: one of `outcomes`, or never_ran.
    pub outcome: String,
    /// Attempts.
    pub attempts: u32,
    /// Start of the first attempt.
    pub first_started_at: Option<String>,
    /// Code of the last attempt that failed.
    pub code: Option<String>,
    /// Id of its cause.
    pub cause: Option<String>,
    /// The most of the work that any failed attempt may have done.
    pub partial_work: Option<String>,
    /// Lines of its failed attempts show writes.
    pub side_effects: bool,
    /// Whether to send it again.
    pub retry_guidance: Option<String>,
    /// Why.
    pub retry_reason: Option<String>,
    /// What caught it, by the records of `--destinations`.
    #[serde(default)]
    pub caught_by: Option<CaughtBy>,
}

/// Something in the configuration of a function that explains a failure, or will make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was found: one of the ids that `lambda-triage explain checks` lists.
    pub id: String,
    /// Function name.
    pub function: Option<String>,
    /// AWS account, where the input tells it.
    pub account_id: Option<String>,
    /// Region, where the input tells it.
    pub region: Option<String>,
    /// How grave it is.
    pub severity: CheckSeverity,
    /// What says so, with the figures.
    pub evidence: String,
    /// The input that tells the configuration; null where the log alone tells it.
    pub source: Option<String>,
}

/// How grave a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckSeverity {
    /// Events are lost, blocked or refused, or nothing can be deployed any more.
    High,
    /// It fails, or will, where load or time grow.
    Medium,
    /// Worth knowing beside the failures.
    Low,
}

/// A way in which a function is invoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct KnownInvoker {
    /// sync, apigateway, async, sqs, stream, kafka or stepfunctions, as `--invoker` has them.
    pub kind: String,
    /// The input that tells it.
    pub source: String,
    /// What tells it.
    pub evidence: String,
}

/// The time that the logs cover.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Earliest start of any attempt, or `--from`.
    pub start: Option<String>,
    /// Latest end of any attempt, or `--to`.
    pub end: Option<String>,
    /// `observed` or `given`.
    pub source: String,
}

/// What was read, what was not, and what was understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Accounts that `pull` asked, by account id.
    #[serde(default)]
    pub accounts: Vec<AccountRead>,
    /// Inputs read (files, standard input).
    pub inputs: u64,
    /// Bytes read from them, before decompression.
    pub bytes_read: u64,
    /// Log events found.
    pub log_events: u64,
    /// Decoded bytes, each in exactly one bucket.
    pub bytes: CoverageBytes,
    /// Inputs that could not be read, or not to the end.
    pub inputs_unreadable: Vec<InputProblem>,
    /// What was found in a directory and is no log.
    pub inputs_skipped: Vec<InputProblem>,
    /// Events and attempts that were delivered more than once and counted once.
    pub duplicates: u64,
    /// Nothing was left out.
    pub complete: bool,
    /// What else must be known about the input.
    pub notes: Vec<String>,
}

/// An account that `pull` asked, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct AccountRead {
    /// Account id (12 digits), if AWS told it.
    pub account_id: Option<String>,
    /// Regions, sorted.
    pub regions: Vec<String>,
}

/// The buckets of decoded bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageBytes {
    /// Messages that belong to an attempt.
    pub attributed: u64,
    /// Messages that belong to an execution environment.
    pub environment: u64,
    /// Messages of logs that are not invocation logs.
    pub other_logs: u64,
    /// Messages that could not be given to any attempt.
    pub unattributed: u64,
    /// Everything around the messages.
    pub framing: u64,
    /// Text left out: ends of messages longer than 1 MiB, broken JSON, parts of an archive that are no logs.
    #[serde(default)]
    pub dropped: u64,
    /// Looks like a platform line and does not parse.
    pub unrecognized: u64,
}

impl CoverageBytes {
    /// Returns the bytes of all buckets.
    #[must_use]
    pub(crate) fn sum(&self) -> u64 {
        let Self { attributed, environment, other_logs, unattributed, framing, dropped, unrecognized } = self;
        attributed + environment + other_logs + unattributed + framing + dropped + unrecognized
    }
}

impl AddAssign for CoverageBytes {
    fn add_assign(&mut self, other: Self) {
        self.attributed += other.attributed;
        self.environment += other.environment;
        self.other_logs += other.other_logs;
        self.unattributed += other.unattributed;
        self.framing += other.framing;
        self.dropped += other.dropped;
        self.unrecognized += other.unrecognized;
    }
}

/// An input with what is wrong about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct InputProblem {
    /// Name of the input.
    #[serde(alias = "name")]
    pub input: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// The result of `--fail-on`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// No condition of `--fail-on` is true, and each could be evaluated.
    pub passed: bool,
    /// The conditions, in the order given.
    pub conditions: Vec<Condition>,
    /// Failed attempts, and inits that failed with no request seen, that the conditions leave out, as the configuration
    /// file says.
    #[serde(default)]
    pub ignored: u64,
}

/// One condition of the gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// As given.
    pub expression: String,
    /// The function it was evaluated for; null for the totals.
    pub scope: Option<String>,
    /// `fail` for a condition of `--fail-on`, `warn` for one of `--warn-on`.
    #[serde(default = "fail")]
    pub level: String,
    /// Unit of the value: count, share (0 to 1), ms, mb, gb_s or usd.
    #[serde(default)]
    pub unit: String,
    /// The value found; null where it could not be evaluated.
    pub value: Option<f64>,
    /// What it was compared with: for `80%limit` that share of the timeout. Null where it is not known.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// `pass`, `fail` (the condition is true), `not_evaluable`, or `too_few` where the sample that `if` asks for was not
    /// reached.
    pub result: String,
    /// Why it could not be evaluated; null where it could.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Returns the level of conditions before there were two.
fn fail() -> String {
    "fail".to_owned()
}

additive! {
    /// What one function (or all of them) did.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub struct FunctionSummary {
        /// Function name; null where the logs do not tell it.
        pub function: Option<String>,
        /// Its owner, by the configuration file.
        #[serde(default)]
        pub owner: Option<String>,
        /// AWS account, where the input tells it.
        pub account_id: Option<String>,
        /// Region, where the input tells it.
        pub region: Option<String>,
        /// Runtime version of the latest attempt that tells it.
        pub runtime: Option<String>,
        /// Versions seen, by their first attempt; empty in the totals, where a number tells nothing.
        pub versions: Vec<FunctionVersion>,
        /// Log groups the function was read from.
        pub log_groups: Vec<String>,
        /// Runs: every START, or what stands for one.
        pub attempts: u64 = sum,
        /// Events: all attempts under one request id.
        pub events: u64 = sum,
        /// Attempts that succeeded.
        pub ok: u64 = sum,
        /// Attempts among `ok` that Logs Insights counted where the log is and that were not read; null where every attempt was
        /// read.
        #[serde(default)]
        pub ok_counted: Option<u64>,
        /// Attempts without an end.
        pub incomplete: u64 = sum,
        /// Attempts that failed and nothing says why.
        pub unknown: u64 = sum,
        /// Attempts that failed: the eight kinds and unknown.
        pub failed: u64,
        /// `failed` / (`attempts` - `incomplete`), 0 to 1; null without any, or where the log hides successes.
        #[schemars(range(min = 0.0, max = 1.0))]
        pub failure_rate: Option<f64>,
        /// Failed attempts by kind.
        pub failures: Failures = sum,
        /// Inits that failed with no request seen.
        pub environment_failures: u64 = sum,
        /// How events ended.
        pub outcomes: Outcomes = sum,
        /// Events that were lost: all of `outcomes.exhausted` that nothing is known to have caught.
        #[serde(default)]
        pub lost: u64 = sum,
        /// Events of `outcomes.exhausted` that a destination or a dead-letter queue caught, by its records; null without
        /// `--destinations`.
        #[serde(default)]
        pub caught: Option<u64>,
        /// Events that were given up before they ran and caught, by the same records; null without them.
        #[serde(default)]
        pub never_ran: Option<u64>,
        /// When the second and later attempts of events came.
        #[serde(default)]
        pub retries: Retries = sum,
        /// Events that somebody must look at.
        #[serde(default)]
        pub needs_person: NeedsPerson,
        /// Throttled requests, from CloudWatch metrics: a function's own throttles are never in its log. Null without a
        /// complete answer.
        pub own_throttles: Option<u64>,
        /// What CloudWatch counted of the function; null without `--cloudwatch-metrics`, and in the totals.
        #[serde(default)]
        pub cloudwatch_metrics: Option<Box<CloudwatchMetrics>>,
        /// Attempts with an init or restore duration.
        pub cold_starts: u64 = sum,
        /// Run time.
        pub duration_ms: Durations,
        /// Init duration of cold starts.
        pub init_ms: InitPercentiles,
        /// Memory.
        pub memory: Memory,
        /// What Lambda Insights tells; all zero where nothing of it was read.
        #[serde(default)]
        pub lambda_insights: InsightsCounts = sum,
        /// The function's timeout: as attempts ran into it, else as `--aws-config` tells it for the versions in the log.
        pub timeout_ms: Option<u64>,
        /// Where `timeout_ms` is from: `observed` in the log or `config`; null while it is unknown.
        #[serde(default)]
        pub timeout_source: Option<String>,
        /// Attempts that succeeded with 90 % or more of the timeout used; null while the timeout is unknown.
        pub near_timeout: Option<u64>,
        /// Errors that the code logged and survived; null where successes were counted and not read.
        pub handled_errors: Option<u64>,
        /// What invokes it, by `--aws-config` and `--destinations`: a row for each way and source. Empty without them, and in
        /// the totals.
        #[serde(default)]
        pub invokers: Vec<KnownInvoker>,
        /// Signs that it may fail soon; empty in the totals.
        #[serde(default)]
        pub early_warnings: Vec<EarlyWarning>,
        /// What failed attempts and reruns after a success cost.
        pub waste: Option<Waste>,
        /// Attempts and failures over time.
        pub timeline: Vec<TimelineBucket>,
        /// What went wrong, worst first.
        pub findings: Vec<Finding>,
    }
}

/// What CloudWatch counted of a function. Null is what was not answered completely.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloudwatchMetrics {
    /// Start of the time that was counted.
    pub start: Option<String>,
    /// Its end.
    pub end: Option<String>,
    /// False where its last minutes may still have changed when it was asked for.
    pub settled: bool,
    /// Attempts that ran: throttled requests are not among them.
    pub invocations: Option<u64>,
    /// Attempts that failed in the function, by the time of their start.
    pub errors: Option<u64>,
    /// Requests that were throttled: every internal retry of an asynchronous event counts.
    pub throttles: Option<u64>,
    /// Most attempts that ran at once.
    pub concurrent_executions_max: Option<u64>,
    /// Events that Lambda took to run later.
    pub async_events_received: Option<u64>,
    /// Events among these that were given up; a destination or dead-letter queue may have caught them.
    pub async_events_dropped: Option<u64>,
    /// Longest time, in milliseconds, that such an event waited.
    pub async_event_age_max_ms: Option<u64>,
    /// Events that could not be sent to the dead-letter queue, and so are lost.
    pub dead_letter_errors: Option<u64>,
    /// Events that could not be sent to a destination.
    pub destination_delivery_failures: Option<u64>,
    /// Longest time, in milliseconds, that the last record of a batch of a stream had waited.
    pub iterator_age_max_ms: Option<u64>,
    /// Attempts in the log that began within that time, to hold against `invocations`; null where the log does not have all
    /// of it.
    pub logged_attempts: Option<u64>,
    /// What became of the events that Lambda took to run later; null where the log cannot tell, or has other events, too: of
    /// other callers, or from before that time.
    pub async_balance: Option<AsyncBalance>,
}

/// What became of events that Lambda took to run later: received are the others and what nothing explains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AsyncBalance {
    /// `async_events_received`.
    pub received: u64,
    /// Events in the log that succeeded, at whatever attempt.
    pub succeeded: u64,
    /// `async_events_dropped`.
    pub dropped: u64,
    /// Events in the log that may still be retried.
    pub open: u64,
    /// The rest: events that wait, or of which the log lacks the end.
    pub unexplained: u64,
}

additive! {
    /// Failed attempts by kind.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct Failures {
        /// Calls to Lambda refused for rate or concurrency.
        pub throttling: u64 = sum,
        /// Lambda itself failed.
        pub service_error: u64 = sum,
        /// Calls to Lambda refused for what they asked.
        pub invalid_request: u64 = sum,
        /// The code failed.
        pub runtime_exception: u64 = sum,
        /// Ran into the time limit.
        pub timeout: u64 = sum,
        /// Ran out of memory.
        pub out_of_memory: u64 = sum,
        /// The environment could not be made ready.
        pub init_failure: u64 = sum,
        /// A service it depends on failed.
        pub downstream: u64 = sum,
    }
}

impl Failures {
    /// The count of one kind; `None` for a category that is not one of the eight.
    #[must_use]
    pub fn get(&self, category: Category) -> Option<u64> {
        self.clone().get_mut(category).copied()
    }

    /// Counts one more of a kind.
    pub fn add(&mut self, category: Category) {
        if let Some(slot) = self.get_mut(category) {
            *slot += 1;
        }
    }

    /// Returns the count of one kind to change it; `None` for a category that is not one of the eight.
    pub fn get_mut(&mut self, category: Category) -> Option<&mut u64> {
        Some(match category {
            Category::Throttling => &mut self.throttling,
            Category::ServiceError => &mut self.service_error,
            Category::InvalidRequest => &mut self.invalid_request,
            Category::RuntimeException => &mut self.runtime_exception,
            Category::Timeout => &mut self.timeout,
            Category::OutOfMemory => &mut self.out_of_memory,
            Category::InitFailure => &mut self.init_failure,
            Category::Downstream => &mut self.downstream,
            Category::Ok | Category::Incomplete | Category::Unknown => return None,
        })
    }
}

additive! {
    /// Attempts of which Lambda Insights tells something.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct InsightsCounts {
        /// Attempts with an event of it.
        pub measured: u64 = sum,
        /// Those whose memory only it tells: REPORT lines of Managed Instances have none.
        pub memory_known: u64 = sum,
        /// Attempts that timed out and had computed nearly all the time.
        pub timeouts_computing: u64 = sum,
        /// Attempts that timed out and had waited most of the time.
        pub timeouts_waiting: u64 = sum,
        /// Attempts that ended with /tmp 95 % full or more.
        pub tmp_full: u64 = sum,
    }
}

additive! {
    /// How events ended: a partition of the events.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct Outcomes {
        /// The first attempt succeeded.
        pub succeeded: u64 = sum,
        /// A later attempt succeeded.
        pub recovered: u64 = sum,
        /// Two or more attempts, all failed, no more to come.
        pub exhausted: u64 = sum,
        /// One failed attempt and no second under this id.
        pub failed_once: u64 = sum,
        /// Not decided within the window.
        pub open: u64 = sum,
        /// An attempt ran after one had succeeded.
        pub rerun_after_success: u64 = sum,
    }
}

additive! {
    /// When the second and later attempts of events came, held against Lambda's schedule: about one minute after a failed
    /// first attempt and two after a failed second, and up to six hours where throttles delay them.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub struct Retries {
        /// Attempts after the first of their event.
        pub attempts: u64 = sum,
        /// Those that came on schedule.
        pub on_schedule: u64 = sum,
        /// Those that came later, within six hours.
        pub delayed: u64 = sum,
        /// Those that came at another time: a caller or a queue sent the event again, or Lambda delivered it twice.
        pub irregular: u64 = sum,
        /// Events of which two attempts ran at the same time.
        pub overlapping_events: u64 = sum,
    }
}

/// Events that somebody must look at: exhausted, run again after a success, or possibly half done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeedsPerson {
    /// All of them.
    pub events: u64,
    /// Those that failed once, were cut in the middle or had written something, and no attempt completed them.
    pub possibly_half_done: u64,
    /// How many there are of each kind, most first; empty in the totals.
    pub groups: Vec<NeedsPersonGroup>,
    /// The earliest.
    pub examples: Vec<NeedsPersonExample>,
}

/// Events of one function that somebody must look at for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeedsPersonGroup {
    /// exhausted, caught, never_ran, rerun_after_success or possibly_half_done.
    pub need: String,
    /// Code of the last attempt that failed.
    pub code: Option<String>,
    /// Whether to send them again.
    pub retry_guidance: Option<String>,
    /// Why.
    pub retry_reason: Option<String>,
    /// Number of events.
    pub events: u64,
    /// Events among them whose failed attempts show writes.
    pub with_writes: u64,
    /// Request id of the earliest.
    pub first_request_id: Option<String>,
    /// Start of its first attempt.
    pub first_started_at: Option<String>,
}

/// One event that somebody must look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeedsPersonExample {
    /// Request id.
    pub request_id: Option<String>,
    /// exhausted, caught, never_ran, rerun_after_success or possibly_half_done.
    pub need: String,
    /// Attempts.
    pub attempts: u32,
    /// Start of the first.
    pub first_started_at: Option<String>,
    /// Code of the last that failed.
    pub code: Option<String>,
    /// Whether to send it again.
    pub retry_guidance: Option<String>,
    /// Why.
    pub retry_reason: Option<String>,
    /// Lines of its failed attempts show writes.
    pub side_effects: bool,
}

/// A sign that a function may fail soon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EarlyWarning {
    /// What it is a sign of.
    pub kind: WarningKind,
    /// Attempts that show it; of `memory_creep`, environments.
    pub count: u64,
    /// Attempts (environments) that were looked at.
    pub of: u64,
    /// In the first third of the window: median in milliseconds, errors per attempt; of `memory_creep`, megabytes at the
    /// start of the environment that grew most. Null where nothing changes.
    pub from: Option<f64>,
    /// The same in the last third, or at the end of that environment.
    pub to: Option<f64>,
}

impl EarlyWarning {
    /// Returns by how much this is worse than others of its kind.
    #[must_use]
    pub fn severity(&self) -> f64 {
        match (self.from, self.to) {
            (Some(from), Some(to)) => to / from.max(f64::EPSILON),
            _ => self.count as f64,
        }
    }
}

/// What an early warning is a sign of, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Attempts succeeded with 90 % or more of the timeout used.
    NearTimeout,
    /// Attempts used 95 % or more of the memory and did not fail.
    NearMemoryLimit,
    /// Memory grows over the life of environments, up to their end.
    MemoryCreep,
    /// Attempts that succeed take longer than before.
    RisingDuration,
    /// The code logs and survives more errors than before.
    HandledErrors,
}

/// One version of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionVersion {
    /// `$LATEST` or a version number.
    pub version: String,
    /// Start of its first attempt in the log.
    pub first_seen: Option<String>,
    /// Its attempts.
    pub attempts: u64,
    /// Those that failed.
    pub failed: u64,
    /// Start of its last attempt in the log.
    #[serde(default)]
    pub last_seen: Option<String>,
    /// What it is compared with: other versions. Null without any, and where the log hides successes.
    #[serde(default)]
    pub compared_with: Option<VersionSample>,
    /// Its attempts fail more often than those, beyond chance: the intervals of both rates at 95 % lie apart, and at least
    /// 5 attempts failed.
    #[serde(default)]
    pub worse: bool,
}

/// Attempts of other versions that a version is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionSample {
    /// They ran while this version ran; otherwise they are the last ones before its first attempt.
    pub alongside: bool,
    /// Attempts.
    pub attempts: u64,
    /// Those that failed.
    pub failed: u64,
}

/// Run time, of all attempts and of those that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Durations {
    /// All attempts with a duration.
    pub all: Percentiles,
    /// Those that succeeded.
    pub ok: Percentiles,
    /// Number of attempts by duration, in cells that double: the same in every function and run, so that they add up.
    /// Cells without an attempt are left out.
    #[serde(default)]
    pub histogram: Vec<DurationCell>,
}

/// Attempts whose durations lie between two bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DurationCell {
    /// Shortest duration, in milliseconds.
    pub from_ms: u64,
    /// Duration that all are below; null for the last cell.
    pub below_ms: Option<u64>,
    /// Attempts.
    pub attempts: u64,
}

/// Percentiles in milliseconds. p95 needs 20 samples, p99 needs 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Percentiles {
    /// Median.
    #[schemars(range(min = 0.0))]
    pub p50: Option<f64>,
    /// 95th percentile.
    #[schemars(range(min = 0.0))]
    pub p95: Option<f64>,
    /// 99th percentile.
    #[schemars(range(min = 0.0))]
    pub p99: Option<f64>,
    /// Largest.
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
}

/// Percentiles of init durations in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InitPercentiles {
    /// Median.
    #[schemars(range(min = 0.0))]
    pub p50: Option<f64>,
    /// 95th percentile.
    #[schemars(range(min = 0.0))]
    pub p95: Option<f64>,
    /// Largest.
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
}

/// Memory of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// Configured memory, of the latest attempt.
    pub size_mb: Option<u32>,
    /// Largest use of any attempt.
    pub max_used_mb: Option<u32>,
    /// Attempts that used 95 % or more of their memory and did not fail for it.
    pub near_limit: u64,
    /// Number of attempts by the largest use of their environment up to their end, in cells of a third of a doubling: the
    /// same in every function and run, so that they add up. Cells without an attempt are left out.
    #[serde(default)]
    pub histogram: Vec<MemoryCell>,
}

/// Attempts whose memory use lies between two bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryCell {
    /// Least use, in megabytes.
    pub from_mb: u32,
    /// Use that all are below; null for the last cell.
    pub below_mb: Option<u32>,
    /// Attempts.
    pub attempts: u64,
}

/// What failing cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waste {
    /// Billed milliseconds.
    pub billed_ms: u64,
    /// GB-seconds.
    #[schemars(range(min = 0.0))]
    pub gb_seconds: f64,
    /// In US dollars, by the price list named.
    #[schemars(range(min = 0.0))]
    pub usd: Option<f64>,
    /// The price list.
    pub price_list: Option<String>,
    /// By category of the attempts that failed, and what ran again after a success.
    #[serde(default)]
    pub by_category: Vec<WasteShare>,
}

/// What one kind of failure cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WasteShare {
    /// A category, or `rerun_after_success`.
    pub category: String,
    /// Billed milliseconds.
    pub billed_ms: u64,
    /// GB-seconds.
    #[schemars(range(min = 0.0))]
    pub gb_seconds: f64,
    /// In US dollars.
    #[schemars(range(min = 0.0))]
    pub usd: f64,
}

/// One bucket of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineBucket {
    /// Start of the bucket.
    pub start: String,
    /// Attempts that started in it.
    pub attempts: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that failed, by kind; those that failed for no known reason are only in `failed`.
    #[serde(default)]
    pub failures: Failures,
}

/// One way in which a function failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Its code.
    pub code: String,
    /// Its category.
    pub category: String,
    /// The commonest confidence of its verdicts.
    pub confidence: String,
    /// Attempts.
    pub count: u64,
    /// Failed inits without a request among them, which are no attempts.
    pub environments: u64,
    /// Events.
    pub events: u64,
    /// Events among them that a retry saved.
    pub recovered: u64,
    /// Events among them that were lost.
    pub lost: u64,
    /// Start of the first attempt.
    pub first_seen: Option<String>,
    /// Start of the last attempt.
    pub last_seen: Option<String>,
    /// Whether it is still going on at the end of the window.
    pub state: FindingState,
    /// Attempts of the function since the last one with the finding; null where the log has no times.
    pub attempts_since: Option<u64>,
    /// It was first seen where the log begins, so it may have begun before.
    pub since_before_window: bool,
    /// True where the state is `ongoing`, false where it is `stopped`, else null.
    pub ongoing: Option<bool>,
    /// Versions it occurred in.
    pub versions: Vec<String>,
    /// Share of the attempts of these versions since `first_seen`, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: Option<f64>,
    /// Whether the same work may be tried again.
    pub retryable: String,
    /// The most of its work that any of its attempts may have done.
    pub partial_work: String,
    /// Whether something must be undone or finished.
    pub compensation: String,
    /// What to do.
    pub hint: String,
    /// Stable id of "the same error".
    pub fingerprint: Option<String>,
    /// It is left out by the gate.
    #[serde(default)]
    pub ignored: bool,
    /// Type of the error.
    pub error_type: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// The earliest attempts, as examples.
    pub examples: Vec<Example>,
}

/// Course of a finding up to the end of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Seen within a few of its usual gaps from the end of the window.
    Ongoing,
    /// Enough attempts of the function since the last one with the finding, all without it.
    Stopped,
    /// The function had no attempt since.
    NoTraffic,
    /// Too few attempts since, or no times in the log.
    #[default]
    Unknown,
}

/// One attempt as an example of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// Record id.
    pub id: String,
    /// Request id.
    pub request_id: Option<String>,
    /// Log group.
    #[serde(default)]
    pub log_group: Option<String>,
    /// Log stream.
    pub log_stream: Option<String>,
    /// X-Ray trace id.
    #[serde(default)]
    pub xray_trace_id: Option<String>,
    /// Start.
    pub started_at: Option<String>,
    /// The lines that prove the verdict.
    pub evidence: Vec<EvidenceLine>,
    /// Last line of the function before the end.
    pub last_line_before_end: Option<String>,
    /// Time between that line and the end.
    pub silence_before_end_ms: Option<i64>,
}

/// A moment in the form of every output.
#[must_use]
pub fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
