//! The stages joined: opens inputs, runs every event through decode, parse, assemble and rules, and sums up.
//!
//! Inputs are read by a pool of workers, each with a ledger of its own. The two ends of a log stream, which a worker
//! cannot finish alone, are left as parts that are joined after the last input, so the number of workers changes
//! nothing.

mod closed;
mod disguised;
mod duplicates;
mod failed_events;
mod held;
mod input;
mod judge;
mod ledger;
mod name_filter;
mod own_sentences;
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
mod understood;
mod worker;

pub(crate) use failed_events::FailedEvents;
pub(crate) use ledger::ledger_row;
pub(crate) use name_filter::NameFilter;
pub(crate) use paste::unwrapped;
pub(crate) use recognise::{recognise, recognise_message};
pub(crate) use records::Records;
pub(crate) use shown::Showing;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::account::AccountFacts;
use crate::catalogue::Invoker;
use crate::effects::Effects;
use crate::model::{Keep, Moment};
use crate::source::{self, InputSource, MemoryInputs, Stop};
use crate::summary::{LedgerEvent, Prices};
use crate::wire::{InputProblem, RecordForm, Redaction, ShownEvent, Summary};

/// Inputs and options of an analysis.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, directories, or `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Globs of paths and names of files and directories to leave out.
    pub exclude: Vec<String>,
    /// Name of the function, for input that does not give it.
    pub function: Option<String>,
    /// Globs of function names to analyse; empty means all.
    pub only: Vec<String>,
    /// Earliest start of attempts to analyse.
    pub from: Option<Moment>,
    /// Latest start of attempts to analyse.
    pub to: Option<Moment>,
    /// Milliseconds before the end of the window within which attempts must start.
    pub since_ms: Option<i64>,
    /// Number of worker threads.
    pub threads: usize,
    /// Masking of secrets.
    pub redaction: Redaction,
    /// Whether to keep the records for ndjson output.
    pub keep_records: bool,
    /// Whether to keep only the records of failed attempts.
    pub failures_only: bool,
    /// How records are written.
    pub record_form: RecordForm,
    /// Caller of the functions, for the wording of advice.
    pub invoker: Option<Invoker>,
    /// Whether to keep the events that need a person, for the ledger.
    pub ledger: bool,
    /// Which attempts to keep with all their lines.
    pub show: Option<Showing>,
    /// Patterns that find side effects in lines.
    pub effects: Arc<Effects>,
    /// What is known of the account besides its logs.
    pub account: Arc<AccountFacts>,
    /// Prices of run time.
    pub prices: Prices,
    /// Whether to find the logs of which less than 95 % was understood.
    pub each_log: bool,
    /// Files to which the answer is written: none of them may be an input.
    pub outputs: Vec<PathBuf>,
    /// The request to stop reading early.
    pub stop: Stop,
}

impl Default for Options {
    /// Analyses everything, with secrets masked, on one thread, for a summary only.
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            exclude: Vec::new(),
            function: None,
            only: Vec::new(),
            from: None,
            to: None,
            since_ms: None,
            threads: 1,
            redaction: Redaction::on(),
            keep_records: false,
            failures_only: false,
            record_form: RecordForm::Full,
            invoker: None,
            ledger: false,
            show: None,
            effects: Arc::default(),
            account: Arc::default(),
            prices: Prices::default(),
            each_log: false,
            outputs: Vec::new(),
            stop: Stop::default(),
        }
    }
}

impl Options {
    /// Returns which lines of attempts are kept.
    fn keep(&self) -> Keep {
        Keep {
            filter: Some(self.effects.clone()),
            every_line: self.show.is_some(),
            every_attempt: self.keep_records || self.ledger || self.show.is_some(),
        }
    }
}

/// Result of an analysis.
#[derive(Debug)]
pub struct RunAnalysis {
    /// The summary.
    pub summary: Summary,
    /// Records, if they were asked for.
    pub records: Option<Records>,
    /// Events that need a person, if the ledger was asked for.
    pub ledger_events: Vec<LedgerEvent>,
    /// Events that the user wants to see, by request id and function.
    pub shown: Vec<ShownEvent>,
    /// Events with a failed attempt, if they are kept.
    pub failed_events: Option<FailedEvents>,
    /// Number of attempts outside of what was selected, and some names of their functions.
    pub outside: (u64, BTreeSet<String>),
    /// Whether an input could not be read, or not to its end.
    pub input_failed: bool,
    /// What a signal left unread, in words.
    pub interrupted: Option<String>,
    /// Whether nothing to analyse was found.
    pub empty: bool,
    /// Number of inputs that hold sentences of the platform of which none was read: their failures are missing.
    pub unread_inputs: u64,
    /// Number of logs among them: all but files that were left out of a directory for being no logs.
    pub unread_logs: u64,
    /// Logs of which less than 95 % was understood, if asked for.
    pub poorly_understood: Vec<InputProblem>,
    /// Lines that hold words of the platform in texts without any of its sentences.
    pub platform_words: Option<PlatformWords>,
}

impl RunAnalysis {
    /// Creates what is known of a run by its summary.
    #[must_use]
    pub(crate) fn of_summary(summary: Summary) -> Self {
        Self {
            records: None,
            ledger_events: Vec::new(),
            shown: Vec::new(),
            failed_events: None,
            outside: (0, BTreeSet::new()),
            input_failed: !summary.coverage.inputs_unreadable.is_empty(),
            interrupted: None,
            empty: summary.is_empty(),
            unread_inputs: 0,
            unread_logs: 0,
            poorly_understood: Vec::new(),
            platform_words: None,
            summary,
        }
    }
}

/// Lines that hold words of the platform without being its own.
#[derive(Debug)]
pub struct PlatformWords {
    /// Number of these lines.
    pub lines: u64,
    /// Input of the first one.
    pub input: String,
    /// Number of its line.
    pub line: u64,
    /// End of the text before the words.
    pub before: String,
}

/// Observer of a run's progress, for progress bars.
pub(crate) trait Progress: Sync {
    /// Reports the total number of bytes to read, as far as known.
    fn total(&self, bytes: u64);
    /// Reports that so many more bytes were read.
    fn advance(&self, bytes: u64);
    /// Reports that one more attempt has its verdict.
    fn judged(&self, _failed: bool) {}
}

/// Progress that is not shown.
#[derive(Debug)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn total(&self, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
}

/// Reason why there is no answer. Input that cannot be read is none: it is part of the answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalyzeError {
    /// A file that the answer is to be written to is an input.
    #[error("{} is also an input of this run: write to a file that is not read", .0.display())]
    OutputIsInput(PathBuf),
    /// A file that the answer is to be written to was found in a directory that is read.
    #[error(
        "{} is also an input of this run, as it is in the directory {} that is read: write to a file outside of that, or \
         leave it out with --exclude",
        output.display(),
        directory.display()
    )]
    OutputIsFound {
        /// The file.
        output: PathBuf,
        /// The directory as it was named.
        directory: PathBuf,
    },
    /// A glob of function names is not valid.
    #[error("invalid glob {glob:?}: {source}")]
    InvalidGlob {
        /// The glob.
        glob: String,
        /// Error in the glob.
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
pub(crate) fn analyze(options: &Options, progress: &dyn Progress) -> Result<RunAnalysis, AnalyzeError> {
    let exclude = name_filter::glob_set(&options.exclude)?;
    let mut inputs = source::list_inputs(&options.paths, &exclude, options.threads, &options.stop);
    if let Some((output, directory)) = inputs.first_read(&options.outputs, &options.paths) {
        let output = output.to_owned();
        return Err(match directory {
            Some(directory) => AnalyzeError::OutputIsFound { output, directory },
            None => AnalyzeError::OutputIsInput(output),
        });
    }
    analyze_source(&inputs, options, progress)
}

/// Analyses logs held in memory: the sample logs of `demo`. Each is a name and its bytes.
///
/// # Errors
/// As for inputs of any other source.
pub fn analyze_samples(samples: &[(&str, &[u8])], options: &Options) -> Result<RunAnalysis, AnalyzeError> {
    analyze_source(&MemoryInputs::new(samples), options, &Silent)
}

/// Analyses the inputs of a source; the paths in the options are ignored.
///
/// # Errors
/// As for inputs of any other source.
pub(crate) fn analyze_source(
    feed: &dyn InputSource,
    options: &Options,
    progress: &dyn Progress,
) -> Result<RunAnalysis, AnalyzeError> {
    run::run(feed, options, progress)
}
