//! The machine formats: the summary and the record, as documented types with their JSON Schema.
//!
//! Every key is always present; absent is null; arrays are never null; names carry units. Adding a field is fine,
//! renaming one is not. Knows the model, and neither how a summary comes about nor how it is printed.

mod compact;
mod diff;
mod explain;
mod ledger;
mod masked;
mod record;
mod redact;
mod select;
mod show;
mod summary;

pub(crate) use compact::stream_hash;
pub use compact::{CompactRecord, NotARecord, RecordForm};
pub use diff::{
    CauseChange, Change, ChangeCounts, ComparedSide, Comparison, DIFF_SCHEMA_VERSION, FunctionChange, RateRatio,
    SideCounts,
};
pub use explain::{EXPLAIN_SCHEMA_VERSION, ExplainedCode, ExplainedName, Explanation};
pub use ledger::{EventLedger, LedgerEffect, LedgerRow, SideEffectLine};
pub use record::{
    CaughtBy, ContributingCause, CutEnds, DownstreamCall, EvidenceLine, LambdaInsights, ObservationCount, Record,
    RecordKind,
};
pub(crate) use redact::LineMasking;
pub use redact::{Redaction, SecretPattern};
pub(crate) use select::NO_NAME;
pub use show::{SHOW_SCHEMA_VERSION, ShownAttempt, ShownEvent, ShownLine};
pub use summary::{
    AccountRead, AsyncBalance, BeganWith, Cause, Check, CheckSeverity, CloudwatchMetrics, Condition, Coverage,
    CoverageBytes, DurationCell, Durations, EarlyWarning, EventToCheck, Example, Failures, Finding, FindingState,
    FirstVersion, FunctionSummary, FunctionVersion, Gate, IgnoreState, IgnoredFailures, InitPercentiles, InputProblem,
    InsightsCounts, KnownInvoker, Memory, MemoryCell, NeedsPerson, NeedsPersonExample, NeedsPersonGroup, Outcomes,
    Percentiles, Retries, Summary, TimelineBucket, VersionSample, WarningKind, Waste, WasteShare, Window, moment,
};

/// Version of the summary and record formats: grows when a field is added.
pub const SCHEMA_VERSION: u32 = 5;
