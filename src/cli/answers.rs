//! What an earlier run saved, or what a run can be made of: a summary, records or logs, from a file, a directory or a
//! pipe, packed or not, known by content. The one reader for every command that takes a saved answer.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::exit::RunError;
use crate::decode::plain_text;
use crate::pipeline::{self, AnalyzeError, RunAnalysis, Silent};
use crate::render::one_line;
use crate::source::{OpenedInput, Stop, reason};
use crate::wire::{Redaction, SCHEMA_VERSION, Summary};

/// Bytes in which a summary shows that it is one: its first two keys.
const HEAD: u64 = 4 * 1_024;
/// Largest text that is taken for a summary: one of 100,000 functions has less.
const MOST_BYTES: u64 = 512 << 20;

/// What was named.
#[derive(Debug)]
pub(super) enum NamedAnswer {
    /// A summary as it was saved.
    Summary(Box<Summary>),
    /// Records or logs.
    Logs(Box<NamedLogs>),
}

/// Records or logs, opened unless they are a directory.
#[derive(Debug)]
pub(super) struct NamedLogs {
    path: PathBuf,
    opened: Option<OpenedInput>,
}

impl NamedAnswer {
    /// Opens what was named (`-` is standard input), and reads it if it is a summary.
    ///
    /// # Errors
    /// When it cannot be read, or is a summary that this version does not understand.
    pub(super) fn open(path: &Path, stop: &Stop) -> Result<Self, RunError> {
        let name = one_line(&path.display().to_string()).into_owned();
        let wrong = |text: &str| RunError::io(one_line(&format!("{name}: {text}")).into_owned());
        if std::fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            return Ok(Self::Logs(Box::new(NamedLogs { path: path.to_owned(), opened: None })));
        }
        let opened = OpenedInput::open(path, stop).map_err(|error| wrong(&reason(&error)))?;
        if !begins_as_summary(opened.head()) {
            return Ok(Self::Logs(Box::new(NamedLogs { path: path.to_owned(), opened: Some(opened) })));
        }
        let mut text = Vec::new();
        let whole = plain_text(opened.into_reader()).and_then(|whole| match whole {
            Some(whole) => whole.take(MOST_BYTES).read_to_end(&mut text),
            None => Ok(0),
        });
        if let Some(signal) = stop.requested() {
            return Err(wrong(&format!("interrupted by {} before the end of this summary", signal.name())));
        }
        whole.map_err(|error| wrong(&format!("this summary is damaged: {error}")))?;
        match serde_json::from_slice::<Summary>(&text) {
            Ok(summary) if summary.schema > SCHEMA_VERSION => Err(wrong(&format!(
                "a newer version of the program ({}) wrote this summary; use that one",
                summary.tool_version
            ))),
            Ok(mut summary) => {
                summary.complete();
                Ok(Self::Summary(Box::new(summary)))
            }
            // What is wrong may be quoted, and be a secret.
            Err(error) => Err(wrong(&Redaction::on().apply(&format!("this summary is damaged: {error}")))),
        }
    }
}

impl NamedLogs {
    /// Analyses them.
    ///
    /// # Errors
    /// As for every analysis.
    pub(super) fn analyze(self, options: &pipeline::Options) -> Result<RunAnalysis, AnalyzeError> {
        match self.opened {
            Some(opened) => pipeline::analyze_source(&opened, options, &Silent),
            None => pipeline::analyze(&pipeline::Options { paths: vec![self.path], ..options.clone() }, &Silent),
        }
    }
}

/// Returns whether an input begins like a summary: with its keys as they are written, or sorted as `jq -S` does.
fn begins_as_summary(head: &[u8]) -> bool {
    let mut text = Vec::new();
    // The end of the head is none of the input.
    if let Ok(Some(plain)) = plain_text(Box::new(head)) {
        let _ = plain.take(HEAD).read_to_end(&mut text);
    }
    let text: String = String::from_utf8_lossy(&text).split_ascii_whitespace().collect();
    let after_version =
        text.strip_prefix("{\"schema\":").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    after_version.is_some_and(|rest| rest.starts_with(",\"tool_version\":"))
        || text.starts_with("{\"catalogue_version\":")
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
            assert_eq!(begins_as_summary(text.as_bytes()), want, "{text}");
            let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            assert_eq!(begins_as_summary(&wide), want, "{text} in UTF-16");
        }
    }
}
