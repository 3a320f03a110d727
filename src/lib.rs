//! Reads AWS Lambda logs and gives every invocation a verdict.
//!
//! [`analyze_paths`] and [`analyze_bytes`] give a [`Summary`](wire::Summary), and records if asked for: the same that the
//! command prints as JSON.
//!
//! The way of a log through the crate, one direction only:
//!
//! ```text
//! bytes --decode--> LogEvent --parse--> Statement --assemble--> Attempt --rules--> Verdict --summary--> Summary --render--> text
//! ```
//!
//! `source` opens what the user named, `pipeline` joins the stages, `cli` is the command line. `model` holds the data
//! that stages pass on, `lambda` what Lambda and its runtimes write, `catalogue` what is known about codes and error
//! signatures, `wire` the machine formats. ARCHITECTURE.md says which layer may know which; a test holds it.

mod account;
mod api;
mod assemble;
mod catalogue;
mod cli;
mod compare;
mod decode;
mod effects;
mod lambda;
mod model;
mod parse;
mod pipeline;
mod render;
mod rules;
mod source;
mod stats;
mod summary;
pub mod wire;

pub use api::{Analysis, AnalyzeOptions, analyze_bytes, analyze_paths};
pub use pipeline::AnalyzeError;

/// What the binary, tests and benches of this package need. No part of it is kept stable.
#[doc(hidden)]
pub mod internal {
    pub use crate::catalogue::CODES;
    pub use crate::cli::{check_condition, check_configuration, run};
    pub use crate::decode::{SHAPES, shape_of};
    pub use crate::model::{Attempt, Category};
    pub use crate::parse::{may_matter, parse, platform_line};
    pub use crate::pipeline::{Options, RunAnalysis, analyze_samples};
    pub use crate::render::{Answer, RENDERERS, RecordSource, Style, View};
    pub use crate::rules::{RULES, judge};
    pub use crate::wire::{Redaction, SecretPattern};
}
