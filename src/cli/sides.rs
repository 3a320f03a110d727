//! What `diff` and `--baseline` compare with: a saved summary, records or logs, known by their content.

use std::path::Path;

use super::answers::NamedAnswer;
use super::exit::RunError;
use crate::compare::NamedSummary;
use crate::pipeline::{self, RunAnalysis};
use crate::render::one_line;
use crate::wire::{InputProblem, RecordForm, Summary};

/// One side of a comparison.
#[derive(Debug)]
pub(super) struct ComparedInput {
    /// What was named.
    pub(super) name: String,
    pub(super) summary: Summary,
    /// Inputs that could not be read.
    pub(super) problems: Vec<InputProblem>,
    /// Whether something was not read that may decide the answer.
    pub(super) failed: bool,
    /// What a signal left unread, in words.
    pub(super) interrupted: Option<String>,
}

impl ComparedInput {
    /// Reads a summary as it was saved, or analyses records or logs.
    pub(super) fn read(path: &Path, options: &pipeline::Options) -> Result<Self, RunError> {
        let name = one_line(&path.display().to_string()).into_owned();
        let logs = match NamedAnswer::open(path, &options.stop)? {
            NamedAnswer::Summary(summary) => return Self::from_saved(name, *summary, options),
            NamedAnswer::Logs(logs) => logs,
        };
        let options = pipeline::Options {
            keep_records: false,
            failures_only: false,
            record_form: RecordForm::Full,
            ledger: false,
            show: None,
            each_log: false,
            outputs: Vec::new(),
            ..options.clone()
        };
        Ok(Self::from_analysis(name, logs.analyze(&options)?))
    }

    /// Returns the summary with what was named.
    pub(super) fn named(&self) -> NamedSummary<'_> {
        NamedSummary { input: Some(&self.name), summary: &self.summary }
    }

    fn from_analysis(name: String, analysis: RunAnalysis) -> Self {
        let coverage = &analysis.summary.coverage;
        let failed = analysis.input_failed || analysis.unread_inputs > 0 || coverage.bytes.unrecognized > 0;
        let problems = coverage.inputs_unreadable.clone();
        Self { name, summary: analysis.summary, problems, failed, interrupted: analysis.interrupted }
    }

    /// Takes a saved summary, of the functions that are looked at.
    fn from_saved(name: String, mut summary: Summary, options: &pipeline::Options) -> Result<Self, RunError> {
        let damaged = |error| RunError::io(one_line(&format!("{name}: {error}")).into_owned());
        summary.mask(&options.redaction).map_err(damaged)?;
        // Its causes stay: one of a function that is left out is not compared, since its traffic is not known then.
        let filter = pipeline::NameFilter::new(&options.only)?;
        let is_in = |name: Option<&str>| filter.wants(name);
        summary.functions.retain(|row| row.is_wanted(is_in, |place| filter.wants_place(place)));
        let before = summary.causes.len();
        summary.causes.retain(|cause| cause.functions.iter().any(|name| is_in(name.as_deref())));
        summary.causes_total -= ((before - summary.causes.len()) as u64).min(summary.causes_total);
        Ok(Self::from_analysis(name, RunAnalysis::of_summary(summary)))
    }
}

/// Refuses both sides of a comparison on standard input.
pub(super) fn refuse_one_input_twice(paths: [&Path; 2]) -> Result<(), RunError> {
    let stdin = paths.iter().filter(|path| **path == Path::new("-")).count();
    if stdin > 1 { Err(RunError::usage("standard input cannot be both sides of a comparison")) } else { Ok(()) }
}
