//! Coverage section at the end of the table: what was read, what was understood, and what was not.

use super::escape::one_line;
use super::sentence::SourcedSentence;
use super::style::{Ink, Style};
use super::words::{bytes, count, fold, percent, shorten_end};
use crate::wire::{Coverage, CoverageBytes, InputProblem, Summary};

/// Most problems listed one by one; the rest is counted.
pub(super) const MOST_PROBLEMS: usize = 10;

/// What a log cannot tell of throttles.
const NO_THROTTLES: &str = "A function's own throttles are not in its log";

/// Returns the lines of the section.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    let coverage = &summary.coverage;
    let mut out = Vec::new();
    for text in not_in_the_log(summary) {
        out.extend(fold(&text.text(), style.width).iter().map(|line| style.paint(Ink::Faint, line)));
    }
    if !coverage.complete {
        out.push(style.paint(Ink::Warn, "This answer is partial:"));
    }
    for problem in coverage.inputs_unreadable.iter().take(MOST_PROBLEMS) {
        wrapped(&mut out, style, "Not read", &named(problem));
    }
    if let Some(more) = coverage.inputs_unreadable.len().checked_sub(MOST_PROBLEMS).filter(|more| *more > 0) {
        out.push(format!("Not read: {}", count(more as u64, "more input", "more inputs")));
    }
    for note in &coverage.notes {
        wrapped(&mut out, style, "Note", note);
    }
    if let Some(skipped) = skipped(coverage) {
        wrapped(&mut out, style, "Skipped", &skipped);
    }
    if coverage.inputs > 0 {
        out.extend(fold(&read(coverage).text(), style.width));
    }
    if let Some(file) = &summary.config_file {
        out.push(style.paint(Ink::Faint, &shorten_end(&one_line(&format!("Settings of {file}")), style.width)));
    }
    out
}

/// Returns what this log does not tell.
pub(super) fn not_in_the_log(summary: &Summary) -> Vec<SourcedSentence> {
    let start = SourcedSentence::default;
    let mut out = Vec::new();
    if !summary.functions.is_empty() && summary.functions.iter().all(|function| function.own_throttles.is_none()) {
        out.push(start().words(NO_THROTTLES));
    }
    if summary.functions.iter().any(|function| function.function.is_none()) {
        out.push(start().words("If the log does not name its function, use --function NAME"));
    }
    if summary.totals.incomplete > 0 {
        let path = "/totals/incomplete";
        let without = start().count(path, summary.totals.incomplete, "attempt has", "attempts have");
        out.push(without.words(" no end in the log"));
    }
    out
}

/// Returns `3 files that are not logs, such as a.txt: …`.
pub(super) fn skipped(coverage: &Coverage) -> Option<String> {
    let first = coverage.inputs_skipped.first()?;
    let all = count(coverage.inputs_skipped.len() as u64, "file that is not a log", "files that are not logs");
    Some(format!("{all}, such as {}", named(first)))
}

/// Returns `Read 12 inputs, 4.2 MB, 51,204 log events; 99.8% of the bytes understood`.
pub(super) fn read(coverage: &Coverage) -> SourcedSentence {
    let mut text = SourcedSentence::default()
        .words("Read ")
        .count("/coverage/inputs", coverage.inputs, "input", "inputs")
        .words(", ")
        .number("/coverage/bytes_read", coverage.bytes_read, bytes(coverage.bytes_read))
        .words(", ")
        .count("/coverage/log_events", coverage.log_events, "log event", "log events");
    let share = understood(&coverage.bytes).map(percent);
    // Of what could not be read, nobody knows how many bytes it has.
    let is_all = |share: &String| share == "100%" && !coverage.inputs_unreadable.is_empty();
    if let Some(share) = share.filter(|share| !is_all(share)) {
        text = text.words(format!("; {share} of the bytes understood"));
    }
    if coverage.duplicates > 0 {
        let path = "/coverage/duplicates";
        text = text.words("; ").count(path, coverage.duplicates, "duplicate", "duplicates").words(" counted once");
    }
    text
}

/// Returns the share of bytes assigned to an attempt, an environment or another known place.
fn understood(bytes: &CoverageBytes) -> Option<f64> {
    let unclear = bytes.unattributed + bytes.dropped + bytes.unrecognized;
    let total = bytes.sum();
    (total > 0).then(|| (total - unclear) as f64 / total as f64)
}

pub(super) fn named(problem: &InputProblem) -> String {
    format!("{}: {}", problem.input, problem.reason)
}

fn wrapped(out: &mut Vec<String>, style: &Style, label: &str, text: &str) {
    let lines = fold(&one_line(text), style.width.saturating_sub(label.len() + 2).max(20));
    for (index, line) in lines.iter().enumerate() {
        let indent = " ".repeat(label.len() + 2);
        out.push(if index == 0 {
            format!("{}: {line}", style.paint(Ink::Warn, label))
        } else {
            format!("{indent}{line}")
        });
    }
}
