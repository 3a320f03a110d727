//! The command `metrics`: lists the numbers that a gate can test.

use std::path::Path;

use super::exit::{ExitStatus, RunError};
use super::metrics::{self, Metric};
use super::options::Terminal;
use super::{print_text, view};
use crate::render::{fold, with_unit};

/// Prints the name, unit and meaning of each number, and its value in a saved answer.
pub(super) fn run(file: Option<&Path>, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let style = terminal.style(super::args::ColorChoice::Never);
    let answer = file.map(|file| view::saved_answer(file, &terminal.stop)).transpose()?;
    let values = answer.map(|answer| serde_json::to_value(&answer).unwrap_or_default());
    let mut out = String::new();
    for metric in metrics::all() {
        let value = values.as_ref().map(|answer| {
            let source = if metric.is_of_summary() { answer } else { &answer["totals"] };
            metric.value(source).map_or("n/a".to_owned(), |value| with_unit(value, metric.unit()))
        });
        out.push_str(&entry(metric, value.as_deref(), style.width));
    }
    print_text(&style.encode(&out))
}

/// Returns the lines of one number: `failures.timeout  (count)  = 12`, and below what it means.
fn entry(metric: &Metric, value: Option<&str>, width: usize) -> String {
    let value = value.map_or(String::new(), |value| format!(" = {value}"));
    let mut out = format!("{} ({}){value}\n", metric.path, metric.unit());
    for line in fold(&metric.about, width.saturating_sub(4)) {
        out.push_str(&format!("    {line}\n"));
    }
    out
}
