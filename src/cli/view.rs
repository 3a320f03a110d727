//! The command `view`: shows a saved answer again, without the logs. A summary is taken as it is; records are added up.

use std::fs;
use std::path::{Path, PathBuf};

use super::again;
use super::analyze::{finish, open_outputs};
use super::args::ViewArgs;
use super::exit::{ExitStatus, RunError};
use super::options::{RunOptions, Terminal};
use super::sides::is_summary;
use crate::pipeline::{self, AnalyzeError, RunAnalysis, Silent};
use crate::render::one_line;
use crate::source::{FileId, reason};
use crate::wire::{SCHEMA_VERSION, Summary};

/// Largest file that is taken for a summary: one of 100,000 functions has less.
const MOST_BYTES: u64 = 512 << 20;

/// Shows a saved answer.
pub(super) fn run(args: ViewArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let path = args.file;
    let mut options = RunOptions::shared(args.shared, None, terminal)?;
    options.pipeline.paths = vec![path.clone()];
    options.read_baseline()?;
    if let Some(output) = options.pipeline.outputs.iter().find(|output| FileId::at(output) == FileId::at(&path)) {
        return Err(RunError::usage(AnalyzeError::OutputIsInput(output.clone()).to_string()));
    }
    let summary = saved_summary(&path)?;
    options.commands = again::of_saved_answer(&path, options.ledger.is_some() || summary.is_some());
    let Some(mut summary) = summary else {
        let outputs = open_outputs(&mut options)?;
        let analysis = pipeline::analyze(&options.pipeline, &Silent)?;
        return Ok(finish(outputs, analysis, &options));
    };
    if options.pipeline.keep_records || options.pipeline.ledger {
        return Err(RunError::usage(format!(
            "{} is a summary, which has no records: --format ndjson and --ledger need the log, or saved records",
            one_line(&path.display().to_string())
        )));
    }
    let damaged = |error| RunError::io(one_line(&format!("{}: {error}", path.display())).into_owned());
    summary.mask(&options.pipeline.redaction).map_err(damaged)?;
    let wanted = pipeline::name_filter(&options.pipeline.only)?;
    let analysis = RunAnalysis::of_summary(summary.of_functions(wanted));
    let outputs = open_outputs(&mut options)?;
    Ok(finish(outputs, analysis, &options))
}

/// Reads the summary that a file holds; `None` if it holds something else.
///
/// # Errors
/// When the file cannot be read, or holds a summary that this version does not understand.
pub(super) fn saved_summary(path: &Path) -> Result<Option<Summary>, RunError> {
    let name = one_line(&path.display().to_string()).into_owned();
    let wrong = |error: std::io::Error| RunError::io(format!("{name}: {}", reason(&error)));
    let about = fs::metadata(path).map_err(wrong)?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(wrong)?;
    match serde_json::from_slice::<Summary>(&bytes) {
        Ok(summary) if summary.schema > SCHEMA_VERSION => Err(RunError::io(format!(
            "{name}: a newer version of the program ({}) wrote this summary; use that one",
            one_line(&summary.tool_version)
        ))),
        Ok(summary) => Ok(Some(summary)),
        Err(error) if is_summary(&bytes) => {
            Err(RunError::io(one_line(&format!("{name}: this summary is damaged: {error}")).into_owned()))
        }
        Err(_) => Ok(None),
    }
}

/// Reads the answer that a file holds, a summary or records.
pub(super) fn saved_answer(path: PathBuf) -> Result<Summary, RunError> {
    if let Some(summary) = saved_summary(&path)? {
        return Ok(summary);
    }
    let options = pipeline::Options { paths: vec![path], ..pipeline::Options::default() };
    Ok(pipeline::analyze(&options, &Silent)?.summary)
}
