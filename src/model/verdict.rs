//! The verdict on an attempt: one category and code that say what ended it, with confidence and proof.

use super::Line;

/// What ended an attempt. Closed: codes refine it, the list itself does not grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// It succeeded.
    Ok,
    /// No end was seen.
    Incomplete,
    /// It failed and nothing says why.
    Unknown,
    /// A call to Lambda was refused for its rate or concurrency.
    Throttling,
    /// Lambda itself failed.
    ServiceError,
    /// A call to Lambda was refused for what it asked.
    InvalidRequest,
    /// The code failed.
    RuntimeException,
    /// It ran into the time limit.
    Timeout,
    /// It ran out of memory.
    OutOfMemory,
    /// The environment could not be made ready.
    InitFailure,
    /// A service that it depends on failed.
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

    /// The id in machine output.
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

    /// From the id in machine output.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.id() == id)
    }

    /// Whether an attempt with this verdict counts as failed.
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Incomplete)
    }
}

/// How sure a verdict is. High is right 99 times in 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The log does not settle it.
    Low,
    /// The likeliest reading.
    Medium,
    /// The log says so.
    High,
}

/// Whether the same work may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retryable {
    /// Nothing ran, or nothing that harms.
    Yes,
    /// After a pause that grows.
    WithBackoff,
    /// It fails the same way until something is changed.
    AfterFix,
    /// Work may be half done: only where it is idempotent.
    Risky,
    /// Depends on the cause.
    Depends,
    /// It will fail again.
    No,
}

/// How much of the work may have been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartialWork {
    /// The handler never ran.
    None,
    /// It ran for a while.
    Possible,
    /// It was cut in the middle.
    Likely,
    /// It goes on after the verdict.
    Certain,
    /// All of it; only the answer was lost.
    Finished,
    /// Nothing tells.
    Unknown,
}

impl PartialWork {
    /// Its place among the others, from nothing done to all done. What is unknown may be more than nothing.
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

    /// What may have to be undone after so much of the work.
    #[must_use]
    pub fn compensation(self) -> Compensation {
        match self {
            Self::None => Compensation::No,
            Self::Unknown | Self::Possible | Self::Finished => Compensation::Depends,
            Self::Likely | Self::Certain => Compensation::Yes,
        }
    }
}

/// Whether something must be undone or finished by hand, in the order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compensation {
    /// Nothing was done.
    No,
    /// Depends on what was done.
    Depends,
    /// Check each event.
    Yes,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in machine output.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From the word in machine output.
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

/// What ended an attempt, with the proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The category.
    pub category: Category,
    /// The code, which begins with the category and has a page in the catalogue.
    pub code: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
    /// The platform's name for what happened, printed or implied by its line.
    pub platform_error_type: Option<String>,
    /// Type of the error that ended it.
    pub error_type: Option<String>,
    /// Its message.
    pub error_message: Option<String>,
    /// First stack frame in the function's own code.
    pub frame: Option<String>,
    /// The service that failed a call.
    pub downstream: Option<Downstream>,
    /// Whether the same work may be tried again.
    pub retryable: Retryable,
    /// How much of the work may have been done.
    pub partial_work: PartialWork,
    /// Whether something must be undone or finished.
    pub compensation: Compensation,
    /// Causes behind the verdict: code and confidence.
    pub contributing: Vec<(&'static str, Confidence)>,
    /// Worth knowing and not a failure: code and count.
    pub observations: Vec<(&'static str, u32)>,
    /// The lines that prove it.
    pub evidence: Vec<Line>,
    /// Stable id of "the same error", where the verdict rests on an error with a text.
    pub fingerprint: Option<String>,
}

impl Verdict {
    /// Takes in evidence that at least so much of the work may have been done: the most that any evidence says counts.
    pub(crate) fn raise_partial_work(&mut self, work: PartialWork) {
        if work.rank() > self.partial_work.rank() {
            self.partial_work = work;
            self.compensation = self.compensation.max(work.compensation());
        }
    }

    /// Takes in that the attempt's own lines show a write. Where it failed, its work was then begun, whatever failed.
    pub(crate) fn take_write(&mut self) {
        if self.category.is_failure() {
            self.raise_partial_work(PartialWork::Likely);
        }
    }

    /// A verdict with nothing behind it: no error, no lines, nothing to repeat and nothing to undo.
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
