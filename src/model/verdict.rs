//! The verdict on an attempt: a category and a code for what ended it, with confidence and evidence.

use super::Line;
use super::WorkShown;

/// The cause that ended an attempt. The list is closed: codes refine it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Success.
    Ok,
    /// No end in the log.
    Incomplete,
    /// Failure without any stated cause.
    Unknown,
    /// Refusal of a call to Lambda for its rate or concurrency.
    Throttling,
    /// Failure of Lambda itself.
    ServiceError,
    /// Refusal of a call to Lambda for its content.
    InvalidRequest,
    /// Failure of the function's code.
    RuntimeException,
    /// End at the time limit.
    Timeout,
    /// End for lack of memory.
    OutOfMemory,
    /// Failure to make the environment ready.
    InitFailure,
    /// Failure of a service that the function depends on.
    Downstream,
}

impl Category {
    /// The eight kinds of failure, in the order of the taxonomy.
    pub const FAILURES: [Self; 8] = [
        Self::Throttling,
        Self::ServiceError,
        Self::InvalidRequest,
        Self::RuntimeException,
        Self::Timeout,
        Self::OutOfMemory,
        Self::InitFailure,
        Self::Downstream,
    ];

    /// Every category.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Incomplete,
        Self::Unknown,
        Self::Throttling,
        Self::ServiceError,
        Self::InvalidRequest,
        Self::RuntimeException,
        Self::Timeout,
        Self::OutOfMemory,
        Self::InitFailure,
        Self::Downstream,
    ];

    /// Returns the id in machine output.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Incomplete => "incomplete",
            Self::Unknown => "unknown",
            Self::Throttling => "throttling",
            Self::ServiceError => "service_error",
            Self::InvalidRequest => "invalid_request",
            Self::RuntimeException => "runtime_exception",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::InitFailure => "init_failure",
            Self::Downstream => "downstream",
        }
    }

    /// Parses the id in machine output.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.id() == id)
    }

    /// Returns whether an attempt with this verdict counts as failed.
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Incomplete)
    }
}

/// Certainty of a verdict. High verdicts are right 99 times in 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Reading that the log does not settle.
    Low,
    /// Likeliest reading.
    Medium,
    /// Reading that the log states.
    High,
}

/// Whether the same work may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retryable {
    /// Safe retry: nothing ran, or nothing that does harm.
    Yes,
    /// Retry after a growing pause.
    WithBackoff,
    /// Retry only after something is changed: it fails the same way until then.
    AfterFix,
    /// Retry only where the work is idempotent, because it may be half done.
    Risky,
    /// Retry that depends on the cause.
    Depends,
    /// No retry: it will fail again.
    No,
}

/// Amount of the work that may have been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartialWork {
    /// No work: the handler never ran.
    None,
    /// Some of it: the handler ran for a while.
    Possible,
    /// Part of it: the handler was cut off in the middle.
    Likely,
    /// Work that goes on after the verdict.
    Certain,
    /// All of it; only the response was lost.
    Finished,
    /// Unknown amount.
    Unknown,
}

impl PartialWork {
    /// Returns its rank, from no work to all of it. An unknown amount may be more than none.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unknown => 1,
            Self::Possible => 2,
            Self::Likely => 3,
            Self::Certain => 4,
            Self::Finished => 5,
        }
    }

    /// Returns whether anything may have to be undone after this amount of work.
    #[must_use]
    pub fn compensation(self) -> Compensation {
        match self {
            Self::None => Compensation::No,
            Self::Unknown | Self::Possible | Self::Finished => Compensation::Depends,
            Self::Likely | Self::Certain => Compensation::Yes,
        }
    }
}

/// Whether something must be undone or finished by hand, in order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compensation {
    /// No work to undo.
    No,
    /// Depending on the work that was done.
    Depends,
    /// A check of each event.
    Yes,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word in machine output.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Parses the word in machine output.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(Confidence { Low = "low", Medium = "medium", High = "high" });
words!(Retryable {
    Yes = "yes", WithBackoff = "with_backoff", AfterFix = "after_fix", Risky = "risky", Depends = "depends", No = "no",
});
words!(PartialWork {
    None = "none", Possible = "possible", Likely = "likely", Certain = "certain", Finished = "finished",
    Unknown = "unknown",
});
words!(Compensation { No = "no", Depends = "depends", Yes = "yes" });

/// The service that failed a call, as far as the line names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downstream {
    /// `DynamoDB`, `Lambda`, `PostgreSQL`, …
    pub service: Option<String>,
    /// `PutItem`, `POST`, …
    pub operation: Option<String>,
    /// Host and port.
    pub host: Option<String>,
    /// `ProvisionedThroughputExceededException`, `ECONNREFUSED`, …
    pub error_code: Option<String>,
    /// HTTP status.
    pub http_status: Option<u16>,
}

/// A circumstance that made the end likely, without being what ended the attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributing {
    /// Its code.
    pub code: &'static str,
    /// Certainty that it played a part.
    pub confidence: Confidence,
    /// The call that it is about, as far as a line names it.
    pub call: Option<Downstream>,
}

impl Contributing {
    /// Creates one that is about no call.
    #[must_use]
    pub fn new(code: &'static str, confidence: Confidence) -> Self {
        Self { code, confidence, call: None }
    }
}

/// The cause that ended an attempt, with the evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The category.
    pub category: Category,
    /// The code, which begins with the category and has a page in the catalogue.
    pub code: &'static str,
    /// Certainty of the verdict.
    pub confidence: Confidence,
    /// The platform's error type, printed or implied by its line.
    pub platform_error_type: Option<String>,
    /// Type of the error that ended it.
    pub error_type: Option<String>,
    /// Message of that error.
    pub error_message: Option<String>,
    /// First stack frame in the function's own code.
    pub frame: Option<String>,
    /// The service that failed a call.
    pub downstream: Option<Downstream>,
    /// Whether the same work may be tried again.
    pub retryable: Retryable,
    /// Amount of the work that may have been done.
    pub partial_work: PartialWork,
    /// Whether something must be undone or finished by hand.
    pub compensation: Compensation,
    /// Causes behind the verdict.
    pub contributing: Vec<Contributing>,
    /// Facts worth knowing that are not failures: code and count.
    pub observations: Vec<(&'static str, u32)>,
    /// The lines that prove it.
    pub evidence: Vec<Line>,
    /// Stable id of "the same error", where the verdict rests on an error with a text.
    pub fingerprint: Option<String>,
}

impl Verdict {
    /// Raises the amount of work to at least `work`: the evidence for the largest amount counts.
    pub(crate) fn raise_partial_work(&mut self, work: PartialWork) {
        if work.rank() > self.partial_work.rank() {
            self.partial_work = work;
            self.compensation = self.compensation.max(work.compensation());
        }
    }

    /// Takes into account what the attempt's own lines show of its work: if it failed, that much was done, whatever
    /// failed.
    pub(crate) fn take_work(&mut self, shown: &WorkShown) {
        match shown {
            _ if !self.category.is_failure() => {}
            WorkShown::Write => self.raise_partial_work(PartialWork::Likely),
            WorkShown::Progress(_) => self.raise_partial_work(PartialWork::Possible),
            WorkShown::Nothing => {}
        }
    }

    /// Creates a verdict without an error, evidence, retry or compensation.
    pub(crate) fn bare(category: Category, code: &'static str, confidence: Confidence) -> Self {
        Self {
            category,
            code,
            confidence,
            platform_error_type: None,
            error_type: None,
            error_message: None,
            frame: None,
            downstream: None,
            retryable: Retryable::No,
            partial_work: PartialWork::None,
            compensation: Compensation::No,
            contributing: Vec::new(),
            observations: Vec::new(),
            evidence: Vec::new(),
            fingerprint: None,
        }
    }
}
