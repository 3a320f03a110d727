//! Failures over time, stacked by kind, with the attempts and the versions that began; also as a table, and the filter by
//! time.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::super::escape::one_line;
use super::super::histogram::new_versions;
use super::super::matrix;
use super::super::time_axis::{Axis, NO_COURSE, TimeCell, ms};
use super::super::words::{count, thousands};
use super::chart::{place, round_up};
use super::context::PageContext;
use super::markup::{computed, count_at};
use crate::model::Category;
use crate::wire::FunctionVersion;

/// Room for the bars, in pixels: from the top, and in height.
const TOP: u64 = 22;
const HEIGHT: u64 = 150;
/// Most versions that are named below the chart.
const MOST_VERSIONS: usize = 6;
/// Cells that the table lists.
const MOST_IN_TABLE: usize = 20;
/// Times that are written below the axis.
const TICKS: usize = 6;

/// Kinds of failure in the order in which bars stack, each with its words.
pub(super) fn kinds() -> impl Iterator<Item = (Category, String)> {
    matrix::kinds().map(|(category, heading)| (category, title_case(heading)))
}

/// Returns `Timeout` for `TIMEOUT`; an abbreviation stays one.
pub(super) fn title_case(heading: &str) -> String {
    match heading.get(1..) {
        Some(rest) if heading != "OOM" => format!("{}{}", &heading[..1], rest.to_ascii_lowercase()),
        _ => heading.to_owned(),
    }
}

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let totals = &page.summary.totals;
    html! {
        section #time aria-labelledby="time-title" {
            h2 #time-title { "Failures over time" }
            @match &page.axis {
                Some(axis) => (chart_of(page, axis)),
                None => p.none { (NO_COURSE) },
            }
            @if totals.failed == 0 && page.axis.is_some() { p.none { "No attempt failed." } }
        }
    }
}

fn chart_of(page: &PageContext<'_>, axis: &Axis) -> Markup {
    let cells = axis.cells(&page.summary.totals.timeline);
    let versions: Vec<(usize, &FunctionVersion)> = new_versions(page.summary).collect();
    let failures = &page.summary.totals.failures;
    let occurring: Vec<(Category, String)> =
        kinds().filter(|(kind, _)| failures.get(*kind).is_some_and(|count| count > 0)).collect();
    let has_unknown = cells.iter().any(|cell| unknown(cell) > 0);
    let attempts = cells.iter().map(|cell| cell.attempts).max().unwrap_or(0).max(1);
    html! {
        ul.legend aria-label="Kinds of failure" {
            @for (kind, name) in &occurring { li { i class={ "dot c-" (kind.id()) } {} (name) } }
            @if has_unknown { li { i.dot.c-unknown {} "Unknown" } }
            li { i.dash {} "Attempts (own scale, at most " (thousands(attempts)) " per " (axis.unit()) ")" }
            @if !versions.is_empty() { li { i.dash.version {} "New version" } }
        }
        div.chart { (drawing(page, axis, &cells, attempts, &versions)) }
        @if !versions.is_empty() {
            p.note {
                "New versions: "
                @for (number, (row, version)) in versions.iter().take(MOST_VERSIONS).enumerate() {
                    @if number > 0 { ", " }
                    a href={ "#" (page.anchor(*row)) } { (version_text(page, *row, version)) }
                }
                @if versions.len() > MOST_VERSIONS {
                    " and " (count((versions.len() - MOST_VERSIONS) as u64, "more", "more")) ": " code { "--by version" }
                }
            }
        }
        (filter())
        (table(page, axis, &cells, &occurring, has_unknown))
    }
}

/// Returns the chart itself: places along the time in percent, places in height in pixels.
fn drawing(
    page: &PageContext<'_>,
    axis: &Axis,
    cells: &[TimeCell],
    attempts: u64,
    versions: &[(usize, &FunctionVersion)],
) -> Markup {
    let most = round_up(cells.iter().map(|cell| cell.failed).max().unwrap_or(0));
    let bottom = TOP + HEIGHT;
    html! {
        svg #time-chart role="img" aria-labelledby="time-chart-title time-chart-text" data-cells=(cells.len())
            data-edges=(edges(page, axis, cells.len())) {
            title #time-chart-title { "Failed attempts per " (axis.unit()) ", by kind" }
            desc #time-chart-text { (description(page, axis, cells)) }
            g.grid {
                @for part in 0..=2 {
                    @let y = bottom - HEIGHT * part / 2;
                    line x1="0" x2="100%" y1=(y) y2=(y) {}
                }
            }
            // Here a unit is a cell, and the height a share of it, so that a path for each kind does.
            svg y=(TOP) height=(HEIGHT) width="100%" viewBox={ "0 0 " (cells.len()) " " (HEIGHT) } preserveAspectRatio="none" {
                @for (kind, path) in bars(cells, most) { path class={ "c-" (kind) } d=(path) {} }
                path.attempts d=(line_of_attempts(cells, attempts)) {}
                @for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.failed > 0) {
                    rect.hit x=(at) width="1" height=(HEIGHT) { title { (cell_text(page, axis, at, cell)) } }
                }
            }
            g.labels {
                @for part in [1, 2].into_iter().filter(|part| part * most % 2 == 0) {
                    text x="0" y=(bottom - HEIGHT * part / 2 - 3) { (thousands(most * part / 2)) }
                }
            }
            g.versions {
                @for (row, version) in versions {
                    @if let Some(at) = version.first_seen.as_deref().and_then(ms).and_then(|ms| axis.cell_of(ms)) {
                        @let x = place(at as f64, cells.len());
                        line x1=(x) x2=(x) y1="6" y2=(bottom) { title { (version_text(page, *row, version)) } }
                    }
                }
            }
            g.ticks {
                @for at in axis.ticks(TICKS) {
                    @let x = place(at as f64, cells.len());
                    line x1=(x) x2=(x) y1=(bottom) y2=(bottom + 5) {}
                    text x=(x) y=(bottom + 18) class=[(at > 0).then_some("mid")] { (start_text(page, axis, at)) }
                }
            }
            rect #time-brush x="0" y=(TOP) width="0" height=(HEIGHT) {}
        }
    }
}

/// Returns when a cell begins.
fn start_text(page: &PageContext<'_>, axis: &Axis, at: usize) -> String {
    page.time(axis.start_of(at).map(|start| start.to_string()).as_deref())
}

fn version_text(page: &PageContext<'_>, row: usize, version: &FunctionVersion) -> String {
    format!(
        "{} {} {}",
        page.time(version.first_seen.as_deref()),
        page.names.get(row).map_or("", String::as_str),
        one_line(&version.version)
    )
}

/// Returns the bars of each kind as one path, stacked.
fn bars(cells: &[TimeCell], most: u64) -> Vec<(&'static str, String)> {
    let mut below = vec![0; cells.len()];
    let mut out = Vec::new();
    let counts = kinds().map(|(kind, _)| (kind.id(), Some(kind)));
    for (id, kind) in counts.chain([("unknown", None)]) {
        let mut path = String::new();
        for ((at, cell), below) in cells.iter().enumerate().zip(&mut below) {
            let failed = kind.map_or_else(|| unknown(cell), |kind| cell.failures.get(kind).unwrap_or(0));
            if failed == 0 {
                continue;
            }
            let bottom = *below * HEIGHT / most;
            *below += failed;
            // What failed once is seen beside thousands.
            let height = (*below * HEIGHT / most).saturating_sub(bottom).max(1);
            // Writing to a string cannot fail.
            let _ = write!(path, "M{at}.06 {}v-{height}h.88v{height}z", HEIGHT - bottom);
        }
        if !path.is_empty() {
            out.push((id, path));
        }
    }
    out
}

/// Returns the attempts of each cell as a line, on a scale of their own.
fn line_of_attempts(cells: &[TimeCell], most: u64) -> String {
    let mut path = String::new();
    for (at, cell) in cells.iter().enumerate() {
        let _ = write!(path, "{}{at}.5 {}", if at == 0 { 'M' } else { 'L' }, HEIGHT - cell.attempts * HEIGHT / most);
    }
    path
}

/// Returns the times between which the cells lie.
fn edges(page: &PageContext<'_>, axis: &Axis, cells: usize) -> String {
    (0..=cells).map(|at| start_text(page, axis, at)).collect::<Vec<_>>().join("|")
}

fn unknown(cell: &TimeCell) -> u64 {
    let known: u64 = kinds().filter_map(|(kind, _)| cell.failures.get(kind)).sum();
    cell.failed.saturating_sub(known)
}

/// Returns `03:10: 34 of 400 attempts failed: timeout 12, OOM 22`.
fn cell_text(page: &PageContext<'_>, axis: &Axis, at: usize, cell: &TimeCell) -> String {
    let start = start_text(page, axis, at);
    let parts = kinds().filter_map(|(kind, name)| Some((name, cell.failures.get(kind)?)));
    let parts = parts.chain([("Unknown".to_owned(), unknown(cell))]).filter(|(_, failed)| *failed > 0);
    let parts: Vec<String> = parts.map(|(name, failed)| format!("{name} {}", thousands(failed))).collect();
    let attempts = count(cell.attempts, "attempt", "attempts");
    format!("{start}: {} of {attempts} failed: {}", thousands(cell.failed), parts.join(", "))
}

/// Returns what the chart shows, for those who do not see it.
fn description(page: &PageContext<'_>, axis: &Axis, cells: &[TimeCell]) -> String {
    let worst = cells.iter().enumerate().max_by_key(|(at, cell)| (cell.failed, std::cmp::Reverse(*at)));
    match worst.filter(|(_, cell)| cell.failed > 0) {
        Some((at, cell)) => format!("Most at {}. All numbers are in the table below.", cell_text(page, axis, at, cell)),
        None => "No attempt failed.".to_owned(),
    }
}

/// Returns the filter by time, for a keyboard as well as for a pointer. A script shows it and names the times.
fn filter() -> Markup {
    html! {
        form.brush.js hidden {
            span { "Drag over the chart, or choose: " }
            label { "From " select #time-from {} } " "
            label { "to " select #time-to {} }
        }
        p #time-filter.filter hidden role="status" {
            span #time-filter-text {} " "
            button #time-reset type="button" { "Show all times" }
        }
    }
}

/// Returns the same as a table.
fn table(
    page: &PageContext<'_>,
    axis: &Axis,
    cells: &[TimeCell],
    kinds: &[(Category, String)],
    unknown_too: bool,
) -> Markup {
    // A cell that is one bucket of the JSON can say which.
    let mut buckets: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    for (number, bucket) in page.summary.totals.timeline.iter().enumerate() {
        if let Some(cell) = ms(&bucket.start).and_then(|ms| buckets.get_mut(axis.cell_of(ms)?)) {
            cell.push(number);
        }
    }
    let number = |at: usize, key: &str, number: u64| match (number, &buckets[at][..]) {
        (0, _) => html! {},
        (_, [bucket]) => count_at(&format!("/totals/timeline/{bucket}/{key}"), number),
        _ => computed(number),
    };
    let mut failed: Vec<u64> = cells.iter().filter(|cell| cell.attempts > 0).map(|cell| cell.failed).collect();
    failed.sort_unstable_by(|a, b| b.cmp(a));
    // Of many cells those with most failures: equals of the last one may be a few more.
    let least = failed.get(MOST_IN_TABLE - 1).map_or(0, |failed| failed + u64::from(cells.len() > 2 * MOST_IN_TABLE));
    let left_out = failed.iter().filter(|failed| **failed < least).count() as u64;
    html! {
        details.as-table {
            summary { "As a table" }
            div.scroll tabindex="0" role="region" aria-label="Table of failures over time" {
                table {
                    caption.quiet { "Failures over time" }
                    thead { tr {
                        th scope="col" { "From" } th.n scope="col" { "Attempts" } th.n scope="col" { "Failed" }
                        @for (_, name) in kinds { th.n scope="col" { (name) } }
                        @if unknown_too { th.n scope="col" { "Unknown" } }
                    } }
                    tbody {
                        @for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.failed >= least && cell.attempts > 0) {
                            tr {
                                th scope="row" { (start_text(page, axis, at)) }
                                td.n { (number(at, "attempts", cell.attempts)) }
                                td.n { (number(at, "failed", cell.failed)) }
                                @for (kind, _) in kinds {
                                    td.n { (number(at, &format!("failures/{}", kind.id()), cell.failures.get(*kind).unwrap_or(0))) }
                                }
                                @if unknown_too {
                                    td.n { @if unknown(cell) > 0 { (computed(unknown(cell))) } }
                                }
                            }
                        }
                    }
                }
            }
            @if left_out > 0 {
                p.left-out { (count(left_out, "stretch", "stretches")) " with fewer failures: " code { "--format json" } }
            }
        }
    }
}
