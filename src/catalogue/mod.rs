//! What is known about failures: every code with its explanation, platform error types, error signatures.
//!
//! Data, and look-ups in it. Knows the model and nothing else of ours.

use crate::model::{Category, Compensation, PartialWork, Retryable};

/// Version of the catalogue: grows when a code, a signature or advice changes.
pub const CATALOGUE_VERSION: &str = "1";

/// One code.
#[derive(Debug)]
pub struct CodeInfo {
    /// `timeout.invoke`
    pub id: &'static str,
    /// Its category; `None` for an observation.
    pub category: Option<Category>,
    /// A few words for lists.
    pub title: &'static str,
    /// Whether the same work may be tried again, as far as the code alone tells.
    pub retryable: Retryable,
    /// How much of the work may have been done.
    pub partial_work: PartialWork,
    /// Whether something must be undone or finished.
    pub compensation: Compensation,
    /// What to do, in one or two sentences.
    pub hint: &'static str,
    /// The page that `explain` prints, in Markdown.
    pub page: &'static str,
}

/// Every code, in the order of the categories.
pub static CODES: &[CodeInfo] = &[];

/// The code with this id.
#[must_use]
pub fn code(id: &str) -> Option<&'static CodeInfo> {
    CODES.iter().find(|code| code.id == id)
}
