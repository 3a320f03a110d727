//! Joins the stages: opens inputs, runs every event through decode, parse, assemble and rules, and sums up.
//!
//! Inputs are read by a pool of workers, each with a ledger of its own. What a worker cannot finish alone, the two ends
//! of a log stream, it leaves as parts that are joined after the last input; so the number of workers changes nothing.

mod records;
mod run;
mod sink;
mod tally;
mod worker;

pub use records::Records;

use std::path::PathBuf;

use crate::model::Timestamp;
use crate::source::{self, Feed, Samples};
use crate::wire::{Redaction, Summary};

/// What to analyse, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, directories, or `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Name of the function, for input that does not say it.
    pub function: Option<String>,
    /// Only functions whose name matches one of these globs; empty means all.
    pub only: Vec<String>,
    /// Only attempts that start at or after this moment.
    pub from: Option<Timestamp>,
    /// Only attempts that start at or before this moment.
    pub to: Option<Timestamp>,
    /// Only attempts that start within so many milliseconds before the end of the window.
    pub since_ms: Option<i64>,
    /// Worker threads.
    pub threads: usize,
    /// Masking of secrets.
    pub redaction: Redaction,
    /// Keep the records for ndjson output.
    pub keep_records: bool,
    /// Keep only the records of failed attempts.
    pub failures_only: bool,
}

/// The answer.
#[derive(Debug)]
pub struct Analysis {
    /// The summary.
    pub summary: Summary,
    /// The records, where they were asked for.
    pub records: Option<Records>,
    /// An input could not be read, or not to its end.
    pub input_failed: bool,
    /// Nothing to analyse was found.
    pub empty: bool,
}

/// Told how far a run is; for progress bars.
pub trait Progress: Sync {
    /// The total of bytes to read, as far as known.
    fn total(&self, bytes: u64);
    /// So many more bytes were read.
    fn advance(&self, bytes: u64);
    /// One more attempt has its verdict.
    fn judged(&self, _failed: bool) {}
}

/// A progress that shows nothing.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn total(&self, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
}

/// Analyses log files.
///
/// # Errors
/// Only for what makes an answer impossible (no temporary file); an unreadable input is part of the answer.
pub fn analyze(options: &Options, progress: &dyn Progress) -> anyhow::Result<Analysis> {
    run::run(&source::list_inputs(&options.paths), options, progress)
}

/// Analyses logs held in memory: the sample logs of `demo`. Each is a name and its bytes.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_samples(samples: &[(&str, &[u8])], options: &Options) -> anyhow::Result<Analysis> {
    run::run(&Samples::new(samples), options, &Silent)
}

/// Analyses whatever a feed has; the paths in the options play no part.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_feed(feed: &dyn Feed, options: &Options, progress: &dyn Progress) -> anyhow::Result<Analysis> {
    run::run(feed, options, progress)
}
