//! A function that a log names.

use std::collections::BTreeSet;

/// A function that a log names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LoggedFunction {
    pub(crate) name: String,
    pub(crate) account_id: Option<String>,
    pub(crate) region: Option<String>,
    /// Whether an attempt of it failed.
    pub(crate) failed: bool,
    /// Versions with a number of which an attempt failed.
    pub(crate) failed_versions: BTreeSet<String>,
}
