//! Failures over time, stacked by kind, with the attempts and the versions that began; also as a table, and the filter by
//! time.

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
    let most = round_up(cells.iter().map(|cell| cell.failed).max().unwrap_or(0));
    let attempts = cells.iter().map(|cell| cell.attempts).max().unwrap_or(0).max(1);
    let versions: Vec<(usize, &FunctionVersion)> = new_versions(page.summary).collect();
    let occurring: Vec<(Category, String)> =
        kinds().filter(|(kind, _)| page.summary.totals.failures.get(*kind).is_some_and(|count| count > 0)).collect();
    let unknown = cells.iter().any(|cell| unknown(cell) > 0);
    let unit = axis.unit();
    html! {
        ul.legend aria-label="Kinds of failure" {
            @for (kind, name) in &occurring { li { i class={ "dot c-" (kind.id()) } {} (name) } }
            @if unknown { li { i.dot.c-unknown {} "Unknown" } }
            li { i.dash.attempts {} "Attempts (own scale, at most " (thousands(attempts)) " per " (unit) ")" }
            @if !versions.is_empty() { li { i.dash.version {} "New version" } }
        }
        div.chart {
            svg #time-chart role="img" aria-labelledby="time-chart-title time-chart-text" data-cells=(cells.len()) {
                title #time-chart-title { "Failed attempts per " (unit) ", by kind" }
                desc #time-chart-text { (description(page, axis, &cells)) }
                g.grid {
                    @for (part, of) in [(0, 2), (1, 2), (2, 2)] {
                        @let y = TOP + HEIGHT - HEIGHT * part / of;
                        line x1="0" x2="100%" y1=(y) y2=(y) {}
                        @if part * most % of == 0 { text x="0" y=(y - 3) { (thousands(most * part / of)) } }
                    }
                }
                g.bars { @for (at, cell) in cells.iter().enumerate() { (bar(page, axis, at, cell, cells.len(), most)) } }
                g.attempts {
                    @for (at, pair) in cells.windows(2).enumerate() {
                        @let y = |cell: &TimeCell| TOP + HEIGHT - cell.attempts * HEIGHT / attempts;
                        line x1=(place(at as f64 + 0.5, cells.len())) x2=(place(at as f64 + 1.5, cells.len()))
                            y1=(y(&pair[0])) y2=(y(&pair[1])) {}
                    }
                }
                g.versions {
                    @for (row, version) in &versions {
                        @if let Some(at) = version.first_seen.as_deref().and_then(ms).and_then(|ms| axis.cell_of(ms)) {
                            @let x = place(at as f64, cells.len());
                            line x1=(x) x2=(x) y1="6" y2=(TOP + HEIGHT) {
                                title { (version_text(page, *row, version)) }
                            }
                        }
                    }
                }
                g.ticks {
                    @let step = cells.len().div_ceil(TICKS).max(1);
                    @for at in (0..cells.len()).step_by(step) {
                        @if let Some(start) = axis.start_of(at) {
                            @let x = place(at as f64, cells.len());
                            line x1=(x) x2=(x) y1=(TOP + HEIGHT) y2=(TOP + HEIGHT + 5) {}
                            text x=(x) y=(TOP + HEIGHT + 18) class=[(at > 0).then_some("mid")] {
                                (page.time(Some(&start.to_string())))
                            }
                        }
                    }
                }
                rect #time-brush x="0" y=(TOP) width="0" height=(HEIGHT) {}
            }
        }
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
        (filter(page, axis, cells.len()))
        (table(page, axis, &cells, &occurring, unknown))
    }
}

fn version_text(page: &PageContext<'_>, row: usize, version: &FunctionVersion) -> String {
    format!(
        "{} {} {}",
        page.time(version.first_seen.as_deref()),
        page.names.get(row).map_or("", String::as_str),
        one_line(&version.version)
    )
}

/// Returns the failures of one cell, stacked, with a title that a pointer shows.
fn bar(page: &PageContext<'_>, axis: &Axis, at: usize, cell: &TimeCell, cells: usize, most: u64) -> Markup {
    if cell.failed == 0 {
        return html! {};
    }
    let parts = kinds().map(|(kind, _)| (kind.id(), cell.failures.get(kind).unwrap_or(0)));
    let parts = parts.chain([("unknown", unknown(cell))]).filter(|(_, failed)| *failed > 0);
    let mut below = 0;
    let rects: Vec<(&str, u64, u64)> = parts
        .map(|(kind, failed)| {
            let bottom = below * HEIGHT / most;
            below += failed;
            let top = (below * HEIGHT / most).max(bottom + 1);
            (kind, TOP + HEIGHT - top, top - bottom)
        })
        .collect();
    let gap = 0.12;
    html! {
        g {
            title { (cell_text(page, axis, at, cell)) }
            @for (kind, y, height) in rects {
                rect class={ "c-" (kind) } x=(place(at as f64 + gap / 2.0, cells)) width=(place(1.0 - gap, cells))
                    y=(y) height=(height) {}
            }
        }
    }
}

fn unknown(cell: &TimeCell) -> u64 {
    let known: u64 = kinds().filter_map(|(kind, _)| cell.failures.get(kind)).sum();
    cell.failed.saturating_sub(known)
}

/// Returns `03:10: 34 of 400 attempts failed: timeout 12, OOM 22`.
fn cell_text(page: &PageContext<'_>, axis: &Axis, at: usize, cell: &TimeCell) -> String {
    let start = page.time(axis.start_of(at).map(|start| start.to_string()).as_deref());
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

/// Returns the filter by time, for a keyboard as well as for a pointer. A script shows it.
fn filter(page: &PageContext<'_>, axis: &Axis, cells: usize) -> Markup {
    let options = |chosen: usize, end: bool| {
        html! {
            @for at in 0..cells {
                @let edge = if end { at + 1 } else { at };
                @let text = page.time(axis.start_of(edge).map(|start| start.to_string()).as_deref());
                option value=(at) selected[at == chosen] { (text) }
            }
        }
    };
    html! {
        form.brush.js hidden {
            span { "Drag over the chart, or choose: " }
            label { "From " select #time-from { (options(0, false)) } } " "
            label { "to " select #time-to { (options(cells - 1, true)) } }
        }
        p #time-filter.filter hidden role="status" {
            span #time-filter-text {} " "
            button #time-reset type="button" { "Show all times" }
        }
    }
}

/// Returns the same as a table.
fn table(page: &PageContext<'_>, axis: &Axis, cells: &[TimeCell], kinds: &[(Category, String)], unknown_too: bool) -> Markup {
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
    html! {
        details.as-table {
            summary { "As a table" }
            div.scroll tabindex="0" role="region" aria-label="Failures over time" {
                table {
                    caption.quiet { "Failures over time" }
                    thead { tr {
                        th scope="col" { "From" } th.n scope="col" { "Attempts" } th.n scope="col" { "Failed" }
                        @for (_, name) in kinds { th.n scope="col" { (name) } }
                        @if unknown_too { th.n scope="col" { "Unknown" } }
                    } }
                    tbody {
                        @for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.attempts > 0) {
                            tr {
                                th scope="row" { (page.time(axis.start_of(at).map(|start| start.to_string()).as_deref())) }
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
        }
    }
}
