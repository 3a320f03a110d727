//! Joins the stages: opens inputs, runs every event through decode, parse, assemble and rules, and sums up.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::model::Timestamp;
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
    /// Only events from this moment on.
    pub from: Option<Timestamp>,
    /// Only events up to this moment.
    pub to: Option<Timestamp>,
    /// Only the last so many milliseconds before the latest event of the input.
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
    /// An input that the user named could not be read, or not to its end.
    pub input_failed: bool,
    /// Nothing to analyse was found.
    pub empty: bool,
}

/// The records of a run, in the order of inputs and lines, in a temporary file.
#[derive(Debug)]
pub struct Records {}

impl Records {
    /// Writes them as ndjson.
    ///
    /// # Errors
    /// When the temporary file cannot be read or `out` cannot be written.
    pub fn write_to(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Told how far a run is; for progress bars.
pub trait Progress: Sync {
    /// The total of bytes to read, as far as known.
    fn total(&self, bytes: u64);
    /// So many more bytes were read.
    fn advance(&self, bytes: u64);
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
pub fn analyze(_options: &Options, _progress: &dyn Progress) -> anyhow::Result<Analysis> {
    anyhow::bail!("not wired yet")
}

/// Analyses logs held in memory: the sample logs of `demo`. Each is a name and its bytes.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_samples(_samples: &[(&str, &[u8])], _options: &Options) -> anyhow::Result<Analysis> {
    anyhow::bail!("not wired yet")
}
