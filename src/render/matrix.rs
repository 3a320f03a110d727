//! Matrix of the table: a row per function that failed, a column per kind of failure that occurs.

use std::collections::BTreeSet;

use super::escape::one_line;
use super::grid::{self, Cell, GridColumn};
use super::style::{Ink, Style};
use super::words::{cell, count, duration, percent, thousands, wrap};
use crate::model::Category;
use crate::wire::{FunctionSummary, Summary};

/// Largest number of functions without a failure that still have rows of their own.
const FEW: usize = 5;
/// Most rows; the rest is counted.
const MOST_ROWS: usize = 100;

/// Column headings of the error-handling matrix, in the order of the taxonomy.
const HEADINGS: [(Category, &str); 8] = [
    (Category::Throttling, "THROTTLED"),
    (Category::ServiceError, "SERVICE"),
    (Category::InvalidRequest, "INVALID"),
    (Category::RuntimeException, "UNHANDLED"),
    (Category::Timeout, "TIMEOUT"),
    (Category::OutOfMemory, "OOM"),
    (Category::InitFailure, "INIT"),
    (Category::Downstream, "DOWNSTREAM"),
];

/// Returns the lines of the matrix, and below it what it leaves out.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    let (failed, fine): (Vec<_>, Vec<_>) = summary.functions.iter().partition(|function| has_failure(function));
    let shown_fine = if fine.len() <= FEW { fine.len() } else { 0 };
    let rows: Vec<&FunctionSummary> =
        failed.iter().take(MOST_ROWS).chain(fine.iter().take(shown_fine)).copied().collect();
    let mut out = Vec::new();
    if !rows.is_empty() {
        let places = places(&rows, summary);
        let name = |function: &&FunctionSummary| match &function.function {
            // The columns tell functions of one name apart.
            Some(name) if !places.is_empty() => one_line(name).into_owned(),
            _ => name(function, summary),
        };
        let names: Vec<String> = rows.iter().map(name).collect();
        let columns: Vec<GridColumn> = places.into_iter().chain(columns(&rows)).collect();
        out = grid::lines("FUNCTION", &names, &columns, style);
    }
    if failed.len() > MOST_ROWS {
        let more = failed.len() - MOST_ROWS;
        out.push(format!(
            "{} with failures not shown: --only NAME, or --format json",
            count(more as u64, "more function", "more functions")
        ));
    }
    let foot = sentence(&foot(summary, fine.len() - shown_fine).join(" · "));
    out.extend(wrap(&foot, style.width).iter().map(|line| style.paint(Ink::Faint, line)));
    out
}

/// Returns remarks on what the matrix does not show.
fn foot(summary: &Summary, folded: usize) -> Vec<String> {
    let totals = &summary.totals;
    let mut foot = Vec::new();
    if folded > 0 {
        foot.push(format!("{} without a failure", count(folded as u64, "function", "functions")));
    }
    if totals.incomplete > 0 {
        foot.push(format!("{} without an end in the log", count(totals.incomplete, "attempt", "attempts")));
    }
    if totals.outcomes.rerun_after_success > 0 {
        let reruns = count(totals.outcomes.rerun_after_success, "event", "events");
        foot.push(format!("{reruns} ran again after a success"));
    }
    if totals.own_throttles.is_none() {
        foot.push("a function's own throttles are not in its log".to_owned());
    }
    foot
}

/// Returns the category of the column with this heading, in any case: `oom`.
#[must_use]
pub(crate) fn category_of_heading(word: &str) -> Option<Category> {
    HEADINGS.iter().find(|(_, heading)| heading.eq_ignore_ascii_case(word)).map(|(category, _)| *category)
}

/// Returns whether the function has failed attempts or environments.
pub(super) fn has_failure(function: &FunctionSummary) -> bool {
    function.failed > 0 || function.environment_failures > 0
}

/// Returns the function's name, with account or region if several functions have the same name.
pub(super) fn name(function: &FunctionSummary, summary: &Summary) -> String {
    let Some(name) = function.function.as_deref() else {
        return one_line(&unnamed(function)).into_owned();
    };
    let twins = summary.functions.iter().filter(|other| other.function.as_deref() == Some(name)).count();
    let place = [function.account_id.as_deref(), function.region.as_deref()];
    let place: Vec<&str> = place.into_iter().flatten().collect();
    let name = one_line(name);
    if twins > 1 && !place.is_empty() { format!("{name} ({})", one_line(&place.join(" "))) } else { name.into_owned() }
}

/// Returns a stand-in for a missing name: the log group, or the file that shows the first example.
fn unnamed(function: &FunctionSummary) -> String {
    let examples = function.findings.iter().flat_map(|finding| &finding.examples);
    let input = examples.flat_map(|example| &example.evidence).map(|line| &line.input).next();
    match function.log_groups.first().or(input) {
        Some(place) => format!("(no name) {place}"),
        None => "(no name)".to_owned(),
    }
}

/// Returns the columns of accounts and of regions, each where the functions are of more than one.
fn places(rows: &[&FunctionSummary], summary: &Summary) -> Vec<GridColumn> {
    let place = |heading, get: fn(&FunctionSummary) -> &Option<String>| {
        let known: BTreeSet<&String> = summary.functions.iter().filter_map(|function| get(function).as_ref()).collect();
        let cell = |function: &FunctionSummary| {
            plain(get(function).as_deref().map_or("-".to_owned(), |place| one_line(place).into_owned()))
        };
        (known.len() > 1).then(|| column(heading, rows, cell))
    };
    let places = [place("ACCOUNT", |function| &function.account_id), place("REGION", |function| &function.region)];
    places.into_iter().flatten().collect()
}

fn columns(rows: &[&FunctionSummary]) -> Vec<GridColumn> {
    let mut columns = vec![
        column("ATTEMPTS", rows, |function| plain(thousands(function.attempts))),
        column("FAILED", rows, |function| match function.failure_rate {
            Some(rate) if rate > 0.0 => Cell { text: percent(rate), ink: Some(Ink::Bad) },
            Some(_) => plain(".".to_owned()),
            None if function.failed > 0 => Cell { text: "n/a".to_owned(), ink: Some(Ink::Bad) },
            None => plain("n/a".to_owned()),
        }),
    ];
    for (category, heading) in HEADINGS {
        columns.push(column(heading, rows, |function| number(function.failures.get(category).unwrap_or(0))));
    }
    columns.push(column("UNKNOWN", rows, |function| number(function.unknown)));
    columns.push(column("ENV", rows, |function| number(function.environment_failures)));
    columns.push(column("LOST", rows, |function| number(function.outcomes.exhausted)));
    columns.push(column("RECOVERED", rows, |function| number(function.outcomes.recovered)));
    columns.push(column("RERUN", rows, |function| number(function.outcomes.rerun_after_success)));
    // Kinds that do not occur have no column; attempts and failure rate always do.
    let mut index = 0;
    columns.retain(|column| {
        index += 1;
        index <= 2 || column.cells.iter().any(|cell| cell.text != ".")
    });
    // With too few attempts there is no percentile, and the column would only take room.
    let p95 = column("P95", rows, |function| plain(function.duration_ms.all.p95.map_or("-".to_owned(), duration)));
    columns.extend(Some(p95).filter(|column| column.cells.iter().any(|cell| cell.text != "-")));
    columns.push(column("COLD", rows, |function| plain(cell(function.cold_starts))));
    columns.push(column("MEM MB", rows, memory));
    columns
}

fn column(heading: &'static str, rows: &[&FunctionSummary], cell: impl Fn(&FunctionSummary) -> Cell) -> GridColumn {
    GridColumn { heading, cells: rows.iter().map(|function| cell(function)).collect() }
}

fn plain(text: String) -> Cell {
    Cell { text, ink: None }
}

fn number(number: u64) -> Cell {
    Cell { text: cell(number), ink: (number == 0).then_some(Ink::Faint) }
}

/// Formats memory as `187/256` (used and configured MB), highlighted when close to the limit.
fn memory(function: &FunctionSummary) -> Cell {
    let (used, size) = (function.memory.max_used_mb, function.memory.size_mb);
    let text = |number: Option<u32>| number.map_or("?".to_owned(), |mb| thousands(u64::from(mb)));
    if used.is_none() && size.is_none() {
        return plain("-".to_owned());
    }
    let near = used.zip(size).is_some_and(|(used, size)| u64::from(used) * 100 >= u64::from(size) * 95);
    Cell { text: format!("{}/{}", text(used), text(size)), ink: near.then_some(Ink::Warn) }
}

/// Capitalises the first letter.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
