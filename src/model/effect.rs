//! A side effect that a line shows: a write that was begun, and whether the line says that it was done.

use super::{Place, Timestamp};

/// What a line says about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EffectState {
    /// It was begun; the line tells no result.
    Started,
    /// It was done.
    Confirmed,
    /// It failed as far as the caller knows; it may have been done all the same.
    Unknown,
}

impl EffectState {
    /// The word in machine output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Confirmed => "confirmed",
            Self::Unknown => "unknown",
        }
    }
}

/// A write that a line of the function shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideEffect {
    /// When the line was written.
    pub at: Option<Timestamp>,
    /// Where it stands.
    pub place: Place,
    /// `dynamodb PutItem`, `POST`, `step`, the name of a marker.
    pub operation: String,
    /// Table, queue, URL, step.
    pub target: Option<String>,
    /// An id in the line.
    pub id: Option<String>,
    /// What the line says about it.
    pub state: EffectState,
}
