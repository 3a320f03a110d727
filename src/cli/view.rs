//! The command `view`: shows a saved answer again, without the logs. A summary is taken as it is; records are added up.

use std::path::Path;

use super::again;
use super::analyze::{finish, open_outputs};
use super::answers::NamedAnswer;
use super::args::ViewArgs;
use super::exit::{ExitStatus, RunError};
use super::options::{RunOptions, Terminal};
use crate::pipeline::{self, AnalyzeError, RunAnalysis};
use crate::render::one_line;
use crate::source::{FileId, Stop};
use crate::wire::Summary;

/// Shows a saved answer.
pub(super) fn run(args: ViewArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let path = args.file;
    let mut options = RunOptions::shared(args.shared, None, terminal)?;
    options.pipeline.paths = vec![path.clone()];
    options.read_baseline()?;
    if let Some(output) =
        options.pipeline.outputs.iter().find(|output| FileId::of_input(&path) == Some(FileId::at(output)))
    {
        return Err(RunError::usage(AnalyzeError::OutputIsInput(output.clone()).to_string()));
    }
    let answer = NamedAnswer::open(&path, &options.pipeline.stop)?;
    let is_summary = matches!(answer, NamedAnswer::Summary(_));
    options.commands = again::of_saved_answer(&path, &options.pipeline.only, options.ledger.is_some() || is_summary);
    let mut summary = match answer {
        NamedAnswer::Summary(summary) => *summary,
        NamedAnswer::Logs(logs) => {
            let outputs = open_outputs(&mut options)?;
            let analysis = logs.analyze(&options.pipeline)?;
            return Ok(finish(outputs, analysis, &options));
        }
    };
    if options.pipeline.keep_records || options.pipeline.ledger {
        return Err(RunError::usage(format!(
            "{} is a summary, which has no records: --format ndjson and --ledger need the log, or saved records",
            one_line(&path.display().to_string())
        )));
    }
    let damaged = |error| RunError::io(one_line(&format!("{}: {error}", path.display())).into_owned());
    summary.mask(&options.pipeline.redaction).map_err(damaged)?;
    let filter = pipeline::NameFilter::new(&options.pipeline.only)?;
    let analysis =
        RunAnalysis::of_summary(summary.of_functions(|name| filter.wants(name), |place| filter.wants_place(place)));
    let outputs = open_outputs(&mut options)?;
    Ok(finish(outputs, analysis, &options))
}

/// Reads what was saved, a summary or records.
pub(super) fn saved_answer(path: &Path, stop: &Stop) -> Result<Summary, RunError> {
    match NamedAnswer::open(path, stop)? {
        NamedAnswer::Summary(summary) => Ok(*summary),
        NamedAnswer::Logs(logs) => {
            let options = pipeline::Options { stop: stop.clone(), ..pipeline::Options::default() };
            Ok(logs.analyze(&options)?.summary)
        }
    }
}
