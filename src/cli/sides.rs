//! What `diff` and `--baseline` compare with: a saved summary, records or logs, known by their content.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::exit::RunError;
use crate::compare::NamedSummary;
use crate::pipeline::{self, RunAnalysis, Silent};
use crate::render::one_line;
use crate::wire::{InputProblem, Summary};

/// Bytes in which a summary shows that it is one: its first two keys.
const HEAD: usize = 4 * 1_024;

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
}

impl ComparedInput {
    /// Reads a summary as it was saved, or analyses records or logs.
    pub(super) fn read(path: &Path, options: &pipeline::Options) -> Result<Self, RunError> {
        let name = one_line(&path.display().to_string()).into_owned();
        let wrong = |error: &dyn std::fmt::Display| RunError::io(one_line(&format!("{name}: {error}")));
        let OpenedSide { head, file, spooled } = OpenedSide::at(path).map_err(|error| wrong(&error))?;
        if let Some(file) = file.filter(|_| is_summary(&head)) {
            let mut summary: Summary = serde_json::from_reader(io::BufReader::new(file))
                .map_err(|error| wrong(&format!("it begins like a summary and is none: {error}")))?;
            summary.mask(&options.redaction).map_err(|error| wrong(&error))?;
            return Self::from_saved(name, summary, options);
        }
        let read = spooled.as_ref().map_or(path, |spooled| spooled.path());
        let options = pipeline::Options {
            paths: vec![read.to_owned()],
            keep_records: false,
            failures_only: false,
            ledger: false,
            show: None,
            each_log: false,
            outputs: Vec::new(),
            ..options.clone()
        };
        Ok(Self::from_analysis(name, pipeline::analyze(&options, &Silent)?))
    }

    /// Returns the summary with what was named.
    pub(super) fn named(&self) -> NamedSummary<'_> {
        NamedSummary { input: Some(&self.name), summary: &self.summary }
    }

    fn from_analysis(name: String, analysis: RunAnalysis) -> Self {
        let coverage = &analysis.summary.coverage;
        let failed = analysis.input_failed || analysis.unread_inputs > 0 || coverage.bytes.unrecognized > 0;
        let problems = coverage.inputs_unreadable.clone();
        Self { name, summary: analysis.summary, problems, failed }
    }

    /// Takes a saved summary, of the functions that are looked at.
    fn from_saved(name: String, mut summary: Summary, options: &pipeline::Options) -> Result<Self, RunError> {
        // Its causes stay: one of a function that is left out is not compared, since its traffic is not known then.
        let is_in = pipeline::name_filter(&options.only)?;
        summary.functions.retain(|row| is_in(row.function.as_deref()));
        let before = summary.causes.len();
        summary.causes.retain(|cause| cause.functions.iter().any(|name| is_in(name.as_deref())));
        summary.causes_total -= ((before - summary.causes.len()) as u64).min(summary.causes_total);
        Ok(Self::from_analysis(name, RunAnalysis::of_summary(summary)))
    }
}

/// An input that was opened to look at its beginning.
struct OpenedSide {
    head: Vec<u8>,
    /// The input from its beginning; `None` for a directory.
    file: Option<File>,
    /// Copy of an input that cannot be read twice: a pipe.
    spooled: Option<tempfile::NamedTempFile>,
}

impl OpenedSide {
    fn at(path: &Path) -> io::Result<Self> {
        let is_stdin = path == Path::new("-");
        if !is_stdin && std::fs::metadata(path)?.is_dir() {
            return Ok(Self { head: Vec::new(), file: None, spooled: None });
        }
        let is_file = !is_stdin && std::fs::metadata(path)?.is_file();
        if is_file {
            let mut file = File::open(path)?;
            let head = head(&mut file)?;
            return Ok(Self { head, file: Some(file), spooled: None });
        }
        let mut spooled = tempfile::NamedTempFile::new()?;
        match is_stdin {
            true => io::copy(&mut io::stdin().lock(), spooled.as_file_mut())?,
            false => io::copy(&mut File::open(path)?, spooled.as_file_mut())?,
        };
        let mut file = spooled.reopen()?;
        let head = head(&mut file)?;
        Ok(Self { head, file: Some(file), spooled: Some(spooled) })
    }
}

/// Reads the beginning, and goes back to it.
fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

/// Returns whether a text begins like a summary: with its keys as they are written, or sorted as `jq -S` does.
pub(super) fn is_summary(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text: String = text.trim_start_matches('\u{feff}').split_ascii_whitespace().collect();
    let after_version =
        text.strip_prefix("{\"schema\":").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    after_version.is_some_and(|rest| rest.starts_with(",\"tool_version\":"))
        || text.starts_with("{\"catalogue_version\":")
}

/// Refuses both sides of a comparison on standard input.
pub(super) fn refuse_one_input_twice(paths: [&Path; 2]) -> Result<(), RunError> {
    let stdin = paths.iter().filter(|path| **path == Path::new("-")).count();
    if stdin > 1 { Err(RunError::usage("standard input cannot be both sides of a comparison")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_known_by_its_first_keys() {
        for (text, want) in [
            ("{\n  \"schema\": 3,\n  \"tool_version\": \"0.1.0\",", true),
            ("\u{feff}{\"schema\":3,\"tool_version\":\"0.1.0\",\"x\":1}", true),
            ("{\"schema\":3,\"id\":\"0a\",\"kind\":\"attempt\"}\n{\"tool_version\":1}", false),
            ("{\n \"catalogue_version\": \"4\", \"causes\": []", true),
            ("{\"events\":[{\"schema\":1}]}", false),
            ("START RequestId: x", false),
            ("", false),
        ] {
            assert_eq!(is_summary(text.as_bytes()), want, "{text}");
        }
    }
}
