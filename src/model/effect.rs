//! Side effects that lines show: a write that was begun, and whether the line says that it succeeded.

use super::{Place, Timestamp};

/// Outcome of a write, as its line reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EffectState {
    /// A write that was begun, without a result in the line.
    Started,
    /// A write that succeeded.
    Confirmed,
    /// A write that failed for the caller, but may have succeeded all the same.
    Unknown,
}

impl EffectState {
    /// Returns the word in machine output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Confirmed => "confirmed",
            Self::Unknown => "unknown",
        }
    }
}

/// What the lines of an attempt show of its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WorkShown {
    /// Nothing, which proves nothing.
    #[default]
    Nothing,
    /// A step that it had come to, such as `3/9`; what the steps do is not known.
    Progress(Box<str>),
    /// A write.
    Write,
}

/// A write that a line of the function shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideEffect {
    /// Time at which the line was written.
    pub at: Option<Timestamp>,
    /// Place of the line.
    pub place: Place,
    /// `dynamodb PutItem`, `POST`, the name of a marker.
    pub operation: String,
    /// Table, queue, URL.
    pub target: Option<String>,
    /// An id in the line.
    pub id: Option<String>,
    /// Outcome of the write, as the line reports it.
    pub state: EffectState,
}
