//! Rows of the table that stand for something else than functions: versions, hours or causes.

use super::causes;
use super::grid::{self, Cell, GAP, GridColumn};
use super::matrix;
use super::names::distinct;
use super::style::{Ink, Style};
use super::time_axis::{self, Axis, LONGEST_BAR, NO_COURSE, Times};
use super::view::{Grouping, View};
use super::words::{cell, percent, thousands};
use crate::wire::{FunctionVersion, Summary};

/// Most hours, of a window shorter than which cells of less are taken.
const FEW_HOURS: usize = 3;
/// Most stretches of time.
const MOST_CELLS: usize = 48;
/// Fewest columns of a function's name.
const NAME: usize = 14;

/// Returns at most so many lines: a row for each version, hour or cause.
pub(super) fn lines(summary: &Summary, by: Grouping, view: &View, most: usize, style: &Style) -> Vec<String> {
    match by {
        Grouping::Cause => causes::by_cause(summary, view.most(usize::MAX), style),
        Grouping::Hour => hours(summary, style),
        Grouping::Version => {
            let rows = view.most(most.saturating_sub(2)).max(1);
            versions(summary, rows, view.wide, style)
        }
    }
}

/// Returns attempts and failures of each version, those of functions with failures first.
fn versions(summary: &Summary, rows: usize, wide: bool, style: &Style) -> Vec<String> {
    let of = |function| summary.functions.iter().filter(move |one| matrix::has_failure(one) == function);
    let all: Vec<_> = of(true).chain(of(false)).flat_map(|one| one.versions.iter().map(move |it| (one, it))).collect();
    if all.is_empty() {
        return vec!["The logs do not name versions".to_owned()];
    }
    let shown = &all[..rows.min(all.len())];
    let times = Times::of(&summary.window, style);
    let column = |heading: &str, text: &dyn Fn(&FunctionVersion) -> Cell| {
        GridColumn::numbers(heading, shown.iter().map(|(_, version)| text(version)).collect())
    };
    let names: Vec<String> = shown.iter().map(|(function, _)| matrix::name(function, summary)).collect();
    let versions: Vec<String> =
        shown.iter().map(|(_, version)| super::escape::one_line(&version.version).into_owned()).collect();
    let mut columns = vec![
        GridColumn::numbers("VERSION", distinct(&versions, 12).into_iter().map(Cell::plain).collect()),
        column("SINCE", &|version| {
            Cell::plain(version.first_seen.as_deref().and_then(|at| times.text(at)).unwrap_or("-".to_owned()))
        }),
        column("ATTEMPTS", &|version| Cell::plain(thousands(version.attempts))),
        column("FAILED", &|version| Cell::failures(version.failed)),
        column("RATE", &|version| rate(version.failed, version.attempts)),
    ];
    if shown.iter().any(|(_, version)| version.worse) {
        let told = |worse: bool| if worse { Cell::painted("worse", Ink::Bad) } else { Cell::plain("") };
        columns.push(GridColumn::text("", shown.iter().map(|(_, version)| told(version.worse)).collect()));
    }
    // Versions of one function have one name in common.
    let mut different: Vec<String> = names.clone();
    different.dedup();
    let room = if wide { usize::MAX } else { style.width.saturating_sub(grid::total(&columns) + GAP).max(NAME) };
    let short = distinct(&different, room);
    let name = |full: &String| different.iter().position(|name| name == full).map_or("", |at| &short[at]);
    columns.insert(0, GridColumn::text("FUNCTION", names.iter().map(|full| Cell::plain(name(full))).collect()));
    let mut out = grid::lines(&columns, style);
    if all.len() > shown.len() {
        let more = format!("  + {} more: --top 0", thousands((all.len() - shown.len()) as u64));
        out.push(style.paint(Ink::Faint, &more));
    }
    out
}

/// Returns attempts and failures of each hour, or of less in a window of a few hours.
fn hours(summary: &Summary, style: &Style) -> Vec<String> {
    let timeline = &summary.totals.timeline;
    let mut axes = (1..=MOST_CELLS).filter_map(|most| Axis::over(&summary.window, timeline, most));
    // The longest cells of an hour or less; longer ones only where there are too many hours.
    let hourly = axes.clone().find(|axis| axis.is_hour_or_less() && axis.len() > FEW_HOURS);
    let Some(axis) = hourly.or_else(|| axes.next_back()) else {
        return vec![NO_COURSE.to_owned()];
    };
    let cells = axis.cells(timeline);
    let times = Times::of(&summary.window, style);
    let column = |heading: &str, text: &dyn Fn(usize) -> Cell| {
        GridColumn::numbers(heading, (0..cells.len()).map(text).collect::<Vec<_>>())
    };
    let mut columns = vec![
        time_axis::starts(&axis, &times),
        column("ATTEMPTS", &|at| Cell::plain(cell(cells[at].attempts))),
        column("FAILED", &|at| Cell::failures(cells[at].failed)),
        column("RATE", &|at| rate(cells[at].failed, cells[at].attempts)),
    ];
    let longest = LONGEST_BAR.min(style.width.saturating_sub(grid::total(&columns) + GAP) as u64);
    columns.push(time_axis::lying_bars(&cells, longest));
    grid::lines(&columns, style)
}

fn rate(failed: u64, attempts: u64) -> Cell {
    match (failed, attempts) {
        (0, _) | (_, 0) => Cell::painted(".", Ink::Faint),
        _ => Cell::plain(percent(failed as f64 / attempts as f64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_worse_is_marked() {
        let mut summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        let version = |name: &str, failed, worse| FunctionVersion {
            version: name.to_owned(),
            first_seen: None,
            attempts: 1_000,
            failed,
            worse,
            last_seen: None,
            compared_with: None,
        };
        let rows = |summary: &Summary| versions(summary, 100, false, &Style::PLAIN);
        summary.functions.iter_mut().for_each(|row| row.versions.clear());
        summary.functions[0].versions = vec![version("41", 4, false), version("42", 400, true)];
        let marked = rows(&summary);
        assert!(marked.iter().filter(|line| line.ends_with("worse")).count() == 1, "{marked:#?}");
        assert!(marked.iter().any(|line| line.contains(" 42 ") && line.ends_with("40.0%  worse")), "{marked:#?}");
        summary.functions[0].versions[1].worse = false;
        assert!(rows(&summary).iter().all(|line| line.ends_with('%') || line.ends_with("RATE")), "{marked:#?}");
    }
}
