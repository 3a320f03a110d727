//! Joins the stages: opens inputs, runs every event through decode, parse, assemble and rules, and sums up.
//!
//! Inputs are read by a pool of workers, each with a ledger of its own. What a worker cannot finish alone, the two ends
//! of a log stream, it leaves as parts that are joined after the last input; so the number of workers changes nothing.

mod closed;
mod duplicates;
mod input;
mod judge;
mod ledger;
mod paste;
mod recognise;
mod records;
mod run;
mod sharing;
mod shown;
mod sift;
mod stream;
mod stream_part;
mod streams;
mod tally;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use ledger::ledger_row;
pub(crate) use paste::unwrapped;
pub(crate) use recognise::recognise;
pub(crate) use records::Records;
pub(crate) use shown::{ShownAttempt, ShownLine};

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::catalogue::Invoker;
use crate::effects::Effects;
use crate::model::{Keep, Timestamp};
use crate::source::{self, InputSource, MemoryInputs};
use crate::summary::{LedgerEvent, Prices};
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
    /// Who calls the functions: for the wording of advice.
    pub invoker: Option<Invoker>,
    /// Keep what the ledger of events that need a person is made of.
    pub ledger: bool,
    /// Keep the attempts whose request id begins so, with all their lines.
    pub show: Option<String>,
    /// What finds side effects in lines.
    pub effects: Arc<Effects>,
    /// What time costs.
    pub prices: Prices,
    /// Files that the answer is written to: none of them may be an input.
    pub outputs: Vec<PathBuf>,
}

impl Default for Options {
    /// Everything, with secrets masked, by one thread, for a summary only.
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            function: None,
            only: Vec::new(),
            from: None,
            to: None,
            since_ms: None,
            threads: 1,
            redaction: Redaction::on(),
            keep_records: false,
            failures_only: false,
            invoker: None,
            ledger: false,
            show: None,
            effects: Arc::default(),
            prices: Prices::default(),
            outputs: Vec::new(),
        }
    }
}

impl Options {
    /// Which lines of attempts are kept.
    fn keep(&self) -> Keep {
        Keep {
            filter: Some(self.effects.clone()),
            every_line: self.show.is_some(),
            every_attempt: self.keep_records || self.ledger || self.show.is_some(),
        }
    }
}

/// The answer.
#[derive(Debug)]
pub struct Analysis {
    /// The summary.
    pub summary: Summary,
    /// The records, where they were asked for.
    pub records: Option<Records>,
    /// The events that need a person, where the ledger was asked for.
    pub ledger_events: Vec<LedgerEvent>,
    /// The attempts to show, by request id and number.
    pub shown: Vec<ShownAttempt>,
    /// An input could not be read, or not to its end.
    pub input_failed: bool,
    /// Nothing to analyse was found.
    pub empty: bool,
    /// Inputs that hold sentences of the platform of which none was read: their failures are missing.
    pub unread_inputs: u64,
    /// Logs among them: all but files that were left out of a directory for being no logs.
    pub unread_logs: u64,
}

/// Told how far a run is; for progress bars.
pub(crate) trait Progress: Sync {
    /// The total of bytes to read, as far as known.
    fn total(&self, bytes: u64);
    /// So many more bytes were read.
    fn advance(&self, bytes: u64);
    /// One more attempt has its verdict.
    fn judged(&self, _failed: bool) {}
}

/// A progress that shows nothing.
#[derive(Debug)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn total(&self, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
}

/// Why there is no answer. Input that cannot be read is no such reason: it is part of the answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalyzeError {
    /// A file that the answer is to be written to is an input.
    #[error("{} is an input of this run, too: write to a file that is not read", .0.display())]
    OutputIsInput(PathBuf),
    /// A glob of function names is not valid.
    #[error("invalid glob {glob:?}: {source}")]
    InvalidGlob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// Attempts that did not fit into memory could not be read back.
    #[error("failed to read attempts back from a temporary file: {0}")]
    TemporaryFile(#[source] io::Error),
}

/// Analyses log files.
///
/// # Errors
/// Only for what makes an answer impossible; an unreadable input is part of the answer.
pub(crate) fn analyze(options: &Options, progress: &dyn Progress) -> Result<Analysis, AnalyzeError> {
    let mut inputs = source::list_inputs(&options.paths, options.threads);
    if let Some(path) = inputs.first_read(&options.outputs) {
        return Err(AnalyzeError::OutputIsInput(path.to_owned()));
    }
    analyze_source(&inputs, options, progress)
}

/// Analyses logs held in memory: the sample logs of `demo`. Each is a name and its bytes.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_samples(samples: &[(&str, &[u8])], options: &Options) -> Result<Analysis, AnalyzeError> {
    analyze_source(&MemoryInputs::new(samples), options, &Silent)
}

/// Analyses whatever a feed has; the paths in the options play no part.
///
/// # Errors
/// As [`analyze`].
pub(crate) fn analyze_source(
    feed: &dyn InputSource,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Analysis, AnalyzeError> {
    run::run(feed, options, progress)
}
