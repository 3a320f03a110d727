//! Failures over time, a line for each stretch of the window: how many, in how many functions, and what began then.

use super::escape::one_line;
use super::grid::{self, Cell, GAP, GridColumn};
use super::matrix;
use super::style::{Ink, Style};
use super::time_axis::{self, Axis, LONGEST_BAR, NO_COURSE, Times, ms};
use super::words::{cell, shorten_end};
use crate::wire::{FunctionVersion, Summary};

/// Most stretches of time.
const MOST_CELLS: usize = 24;

/// Returns the lines; none if the log has no course.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    let timeline = &summary.totals.timeline;
    let Some(axis) = Axis::over(&summary.window, timeline, MOST_CELLS) else {
        return vec![NO_COURSE.to_owned()];
    };
    let cells = axis.cells(timeline);
    let failing = functions(summary, &axis);
    let began = began(summary, &axis);
    let times = Times::of(&summary.window, style);
    let rows = || 0..cells.len();
    let number = |number: u64| if number == 0 { Cell::painted(".", Ink::Faint) } else { Cell::plain(cell(number)) };
    let mut columns = vec![
        time_axis::starts(&axis, &times),
        GridColumn::numbers("FAILED", rows().map(|at| number(cells[at].failed)).collect()),
        GridColumn::numbers("FUNCTIONS", rows().map(|at| number(failing[at])).collect()),
    ];
    let free = style.width.saturating_sub(grid::total(&columns) + GAP);
    // The text beside the bars has more to say.
    let longest = LONGEST_BAR.min(free as u64 / 3).max(1);
    columns.push(time_axis::lying_bars(&cells, longest));
    if began.iter().any(|began| !began.is_empty()) {
        let room = style.width.saturating_sub(grid::total(&columns) + GAP);
        let text = |began: &String| Cell::painted(shorten_end(began, room), Ink::Faint);
        columns.push(GridColumn::text("BEGAN", began.iter().map(text).collect()));
    }
    grid::lines(&columns, style)
}

/// Returns the number of functions that failed in each cell.
fn functions(summary: &Summary, axis: &Axis) -> Vec<u64> {
    let mut failing = vec![0; axis.len()];
    for function in &summary.functions {
        for (count, cell) in failing.iter_mut().zip(axis.cells(&function.timeline)) {
            *count += u64::from(cell.failed > 0);
        }
    }
    failing
}

/// Returns the versions of functions with failures that the log does not begin with, each with the row of its function.
pub(super) fn new_versions(summary: &Summary) -> impl Iterator<Item = (usize, &FunctionVersion)> {
    let failing = summary.functions.iter().enumerate().filter(|(_, function)| matrix::has_failure(function));
    failing.flat_map(|(at, function)| {
        let first = function.versions.iter().filter_map(|version| version.first_seen.as_deref()).min();
        let new = function.versions.iter().filter(move |version| version.first_seen.as_deref() > first);
        new.map(move |version| (at, version))
    })
}

/// Returns the versions that were first seen in each cell, and the causes that began in it, the gravest first. What was
/// there when the log begins did not begin then.
fn began(summary: &Summary, axis: &Axis) -> Vec<String> {
    let mut began: Vec<Vec<String>> = vec![Vec::new(); axis.len()];
    let mut tell = |moment: Option<&str>, text: String| {
        if let Some(cell) = moment.and_then(ms).and_then(|ms| began.get_mut(axis.cell_of(ms)?)) {
            cell.push(text);
        }
    };
    for (at, version) in new_versions(summary) {
        let name = matrix::name(&summary.functions[at], summary);
        tell(version.first_seen.as_deref(), format!("version {} of {name}", one_line(&version.version)));
    }
    for cause in summary.causes.iter().filter(|cause| !cause.since_before_window) {
        tell(cause.first_seen.as_deref(), one_line(&cause.title).into_owned());
    }
    began.into_iter().map(|texts| texts.join("; ")).collect()
}
