//! The catalogue as a document: what `explain --format json` writes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of this format: grows when a field is added.
pub const EXPLAIN_SCHEMA_VERSION: u32 = 1;

/// What was found for what was typed or pasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Version of this format.
    pub schema: u32,
    /// Version of the program.
    pub tool_version: String,
    /// Version of the catalogue.
    pub catalogue_version: String,
    /// What a line, a name or a status was taken for.
    pub taken_for: Option<String>,
    /// The codes: those that were asked for with their pages, others without.
    pub codes: Vec<ExplainedCode>,
    /// Names with a paragraph about each: shapes of input, or rules.
    pub glossary: Vec<ExplainedName>,
}

/// One code of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedCode {
    /// `timeout.invoke`
    pub code: String,
    /// Its category; null for an observation.
    pub category: Option<String>,
    /// A few words.
    pub title: String,
    /// Whether the same work may be tried again, as far as the code alone tells.
    pub retryable: String,
    /// How much of the work may have been done.
    pub partial_work: String,
    /// Whether something must be undone or finished.
    pub compensation: String,
    /// What to do, in a sentence or two.
    pub hint: String,
    /// A line of a log that leads to it.
    pub example: Option<String>,
    /// Codes that its page names, and its category.
    pub see_also: Vec<String>,
    /// Its page in Markdown; null in lists.
    pub page: Option<String>,
}

/// A name, and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedName {
    /// The name.
    pub name: String,
    /// What it means.
    pub about: String,
}
