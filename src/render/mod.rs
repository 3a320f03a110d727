//! Rendering of a finished answer as text, one file for each output format.
//!
//! Knows the wire formats and the model only, not where the text goes, what a terminal is or how the answer was
//! computed: a [`Style`] gives the room, and
//! which colours and signs may be used.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod by;
mod causes;
mod checks;
mod cloudwatch;
mod coverage;
mod csv;
mod csv_line;
mod deploys;
mod diff;
mod early;
mod escape;
#[cfg(feature = "cloudwatch")]
mod failed_line;
mod finding_text;
mod findings;
mod gate;
mod github;
mod grid;
mod headline;
mod histogram;
mod html;
mod json;
mod junit;
mod ledger;
mod life;
mod life_markdown;
mod links;
mod markdown;
mod markdown_text;
mod matrix;
mod names;
mod ndjson;
mod needs;
mod next;
mod numbers;
mod page;
mod said;
mod screen;
mod sentence;
mod style;
mod table;
mod time_axis;
mod view;
mod words;

use std::io::{self, Write};

pub(crate) use diff::diff;
pub(crate) use escape::{one_line, without_commands};
#[cfg(feature = "cloudwatch")]
pub(crate) use failed_line::failed_line;
pub(crate) use gate::{GateState, gate_verdicts, ignored, with_unit};
pub(crate) use html::diff_page;
pub(crate) use json::{document, document_text};
pub(crate) use ledger::{ledger_csv, ledger_json};
pub(crate) use life::life;
pub(crate) use life_markdown::life_markdown;
pub(crate) use matrix::category_of_heading;
pub(crate) use next::Commands;
pub(crate) use page::page;
pub use style::Style;
pub(crate) use style::{Ink, Links};
pub use view::View;
pub(crate) use view::{Grouping, SORT_KEYS, SortKey};
pub(crate) use words::{count, fold, thousands};

use crate::wire::Summary;

/// One output format.
#[derive(Debug)]
pub struct Renderer {
    /// Name on the command line.
    pub name: &'static str,
    /// Description for help texts.
    pub description: &'static str,
    /// Whether it prints records, which are kept only if needed.
    pub needs_records: bool,
    /// Function that prints an answer.
    pub render: fn(&mut Answer<'_>, &Style, &mut dyn Write) -> io::Result<()>,
}

/// Every output format; the first is the default.
pub static RENDERERS: &[Renderer] = &[
    Renderer {
        name: "table",
        description: "Text for people: what is broken, since when, what to do",
        needs_records: false,
        render: table::render,
    },
    Renderer {
        name: "json",
        description: "One summary as a JSON document",
        needs_records: false,
        render: json::render,
    },
    Renderer {
        name: "ndjson",
        description: "One line of JSON per attempt",
        needs_records: true,
        render: ndjson::render,
    },
    Renderer {
        name: "csv",
        description: "One table of totals, functions, causes and the gate",
        needs_records: false,
        render: csv::render,
    },
    Renderer {
        name: "markdown",
        description: "Markdown for the summary of a CI step or a comment",
        needs_records: false,
        render: markdown::render,
    },
    Renderer {
        name: "html",
        description: "One page to mail: charts, findings with their proof, events to check",
        needs_records: false,
        render: html::render,
    },
    Renderer {
        name: "junit",
        description: "JUnit XML: a suite per function, a case per category of failure",
        needs_records: false,
        render: junit::render,
    },
    Renderer {
        name: "github",
        description: "Annotations for GitHub Actions: the failed gate and the top causes",
        needs_records: false,
        render: github::render,
    },
];

/// Returns the format with this name.
#[must_use]
pub(crate) fn renderer(name: &str) -> Option<&'static Renderer> {
    RENDERERS.iter().find(|renderer| renderer.name == name)
}

/// Content of an output.
pub struct Answer<'a> {
    /// Summary of the run.
    pub summary: &'a Summary,
    /// Commands that read the same input again.
    pub commands: &'a Commands,
    /// What of the answer is wanted.
    pub view: &'a View,
    /// Records, if they were kept.
    pub records: Option<&'a mut dyn RecordSource>,
}

/// Source of records that can be written as NDJSON more than once.
pub trait RecordSource {
    /// Writes all records.
    ///
    /// # Errors
    /// When they cannot be read back or `out` cannot be written.
    fn write_records(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_described() {
        for (index, one) in RENDERERS.iter().enumerate() {
            assert!(!one.description.is_empty(), "{}", one.name);
            assert!(RENDERERS[..index].iter().all(|other| other.name != one.name), "{}", one.name);
        }
    }
}
