//! Reads AWS Lambda logs and gives every invocation a verdict.
//!
//! The way of a log through the crate, one direction only:
//!
//! ```text
//! bytes --decode--> LogEvent --parse--> Record --assemble--> Attempt --rules--> Verdict --summary--> Summary --render--> text
//! ```
//!
//! `source` opens what the user named, `pipeline` joins the stages, `cli` is the command line. `model` holds the data
//! that stages pass on, `catalogue` what is known about codes and error signatures, `wire` the machine formats.
//! ARCHITECTURE.md says which layer may know which; a test holds it.

pub mod assemble;
pub mod catalogue;
pub mod cli;
pub mod decode;
pub mod effects;
pub mod lambda;
pub mod model;
pub mod parse;
pub mod pipeline;
pub mod render;
pub mod rules;
pub mod source;
pub mod summary;
pub mod wire;
