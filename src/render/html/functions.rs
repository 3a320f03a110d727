//! Functions as a heat map: a row each, worst first, and a column for each kind of failure that occurs.
//!
//! Every function is a row of the document, so that links lead to it and no script is needed to read it. Those beyond the
//! first ones are folded away: a browser does not lay them out, and a script shows as many rows as can be looked at.

use maud::{Markup, html};

use super::super::escape::one_line;
use super::super::matrix;
use super::super::time_axis::{Axis, TimeCell};
use super::super::words::count;
use super::chart::spark;
use super::context::PageContext;
use super::markup::{count_at, duration_at, percent_at};
use super::time::title_case;
use crate::model::Category;
use crate::wire::{FunctionSummary, TimelineBucket};

/// Most rows that are not folded, unless the user wants another number.
const MOST_ROWS: usize = 100;
/// Cells of the course of a function's failures.
const TREND_CELLS: usize = 30;
/// Shades of the heat map.
const SHADES: f64 = 6.0;
/// Key of the column of own throttles, which are known of some functions only.
const OWN_THROTTLES: &str = "own_throttles";

/// A column: its key for sorting, its heading, and the cell of a function.
struct HeatColumn {
    key: &'static str,
    heading: String,
    /// Kind of failure, whose cells are shaded.
    kind: bool,
    number: fn(&FunctionSummary, Option<Category>) -> u64,
    category: Option<Category>,
    path: String,
}

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    html! {
        section #functions aria-labelledby="functions-title" {
            h2 #functions-title { "Functions" }
            @if summary.functions.is_empty() { p.none { "No function." } } @else { (matrix_of(page)) }
        }
    }
}

fn matrix_of(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let columns = columns(page);
    let shades = Shades::of(page, &columns);
    let trend = Axis::over(&summary.window, &summary.totals.timeline, TREND_CELLS);
    let mut order: Vec<usize> = (0..summary.functions.len()).collect();
    if let Some(key) = page.view.sort {
        order.sort_by(|a, b| (key.order)(&summary.functions[*a], &summary.functions[*b]));
    }
    let shown = page.view.most(MOST_ROWS).min(order.len());
    let rows = |rows: &[usize]| {
        html! { @for row in rows { (row_of(page, *row, &columns, &shades, trend.as_ref())) } }
    };
    let owners = summary.functions.iter().any(|function| function.owner.is_some());
    html! {
        div.tools.js hidden {
            label { "Search " input #functions-search type="search" autocomplete="off" spellcheck="false"; }
            p #functions-count role="status" {}
        }
        div.scroll tabindex="0" role="region" aria-label="Table of functions" {
            table #functions-table data-rows=(order.len()) {
                caption.quiet { "Failures by function and kind; headings sort" }
                (heading(&columns, owners, true))
                tbody { (rows(&order[..shown])) }
            }
        }
        p.js hidden { button #functions-more type="button" { "Show more" } }
        @if shown < order.len() {
            details #functions-rest {
                summary { (count((order.len() - shown) as u64, "more function", "more functions")) }
                div.scroll tabindex="0" role="region" aria-label="More functions" {
                    table {
                        caption.quiet { "More functions" }
                        (heading(&columns, owners, false))
                        tbody { (rows(&order[shown..])) }
                    }
                }
            }
        }
    }
}

fn columns(page: &PageContext<'_>) -> Vec<HeatColumn> {
    let (totals, rows) = (&page.summary.totals, &page.summary.functions);
    let fixed =
        |key: &'static str, heading: &str, path: &str, number: fn(&FunctionSummary, Option<Category>) -> u64| {
            let (heading, path) = (heading.to_owned(), path.to_owned());
            HeatColumn { key, heading, kind: false, number, category: None, path }
        };
    let kind = |(category, heading): (Category, &str)| HeatColumn {
        key: category.id(),
        heading: title_case(heading),
        kind: true,
        number: |function, category| category.and_then(|kind| function.failures.get(kind)).unwrap_or(0),
        category: Some(category),
        path: format!("failures/{}", category.id()),
    };
    let mut columns = vec![
        fixed("failed", "Failed", "failed", |function, _| function.failed),
        fixed("lost", "Lost", "lost", |function, _| function.lost),
    ];
    columns.extend(matrix::kinds().map(kind));
    let other = [
        HeatColumn { kind: true, ..fixed("unknown", "Unknown", "unknown", |function, _| function.unknown) },
        HeatColumn {
            kind: true,
            ..fixed("environment_failures", "Init only", "environment_failures", |function, _| {
                function.environment_failures
            })
        },
        HeatColumn {
            kind: true,
            ..fixed(OWN_THROTTLES, "Own throttles", OWN_THROTTLES, |function, _| function.own_throttles.unwrap_or(0))
        },
        fixed("recovered", "Recovered", "outcomes/recovered", |function, _| function.outcomes.recovered),
    ];
    columns.extend(other);
    // What does not occur has no column.
    // The totals have own throttles only where they are known of every function.
    let occurs = |column: &HeatColumn| match column.key {
        OWN_THROTTLES => rows.iter().any(|function| function.own_throttles.is_some_and(|number| number > 0)),
        _ => (column.number)(totals, column.category) > 0,
    };
    columns.retain(|column| occurs(column) || !column.kind && column.key != "recovered");
    columns.push(fixed("attempts", "Attempts", "attempts", |function, _| function.attempts));
    columns
}

fn heading(columns: &[HeatColumn], owners: bool, sorts: bool) -> Markup {
    let button = |key: &str, text: &str, kind: bool| {
        html! {
            @if kind { i class={ "dot c-" (key) } {} }
            @if sorts { button type="button" data-sort=(key) disabled { (text) } } @else { (text) }
        }
    };
    html! {
        thead { tr {
            th scope="col" { (button("name", "Function", false)) }
            @for column in columns {
                th.n scope="col" { (button(column.key, &column.heading, column.kind)) }
                @if column.key == "failed" { th.n scope="col" { (button("rate", "Rate", false)) } }
            }
            th.n scope="col" { (button("p95", "p95", false)) }
            @if owners { th scope="col" { (button("owner", "Owner", false)) } }
            th scope="col" { "Trend" }
        } }
    }
}

fn row_of(page: &PageContext<'_>, row: usize, columns: &[HeatColumn], shades: &Shades, trend: Option<&Axis>) -> Markup {
    let function = &page.summary.functions[row];
    let name = page.names.get(row).map_or("", String::as_str);
    let path = |key: &str| format!("/functions/{row}/{key}");
    let owners = page.summary.functions.iter().any(|function| function.owner.is_some());
    html! {
        tr id=(page.anchor(row)) data-function=(name) data-bits=[bits(page, &function.timeline)] {
            th scope="row" {
                @match page.first_finding(row) {
                    Some(number) => a href={ "#" (page.finding_anchor(number)) } { (name) },
                    None => (name),
                }
            }
            @for column in columns {
                @let number = (column.number)(function, column.category);
                td class=[shades.of_number(column, number)] {
                    @if number > 0 { (count_at(&path(&column.path), number)) }
                    @else if column.key == OWN_THROTTLES && function.own_throttles.is_none() { "n/a" }
                }
                @if column.key == "failed" {
                    td {
                        @match function.failure_rate {
                            Some(rate) if rate > 0.0 => (percent_at(&path("failure_rate"), rate)),
                            Some(_) => {},
                            None => "n/a",
                        }
                    }
                }
            }
            td { @if let Some(p95) = function.duration_ms.all.p95 { (duration_at(&path("duration_ms/all/p95"), p95)) } }
            @if owners { td.text { (one_line(function.owner.as_deref().unwrap_or("-"))) } }
            td { @if function.failed > 0 { (course(trend, &function.timeline)) } }
        }
    }
}

fn course(trend: Option<&Axis>, timeline: &[TimelineBucket]) -> Markup {
    let failed = |axis: &Axis| axis.cells(timeline).iter().map(|cell| cell.failed).collect::<Vec<_>>();
    trend.map_or_else(|| html! {}, |axis| spark(&failed(axis)))
}

/// Returns the cells of the time axis in which the function failed, as bits of hexadecimal digits, the first cell first.
fn bits(page: &PageContext<'_>, timeline: &[TimelineBucket]) -> Option<String> {
    let axis = page.axis.as_ref()?;
    if timeline.iter().all(|bucket| bucket.failed == 0) {
        return None;
    }
    let cells = axis.cells(timeline);
    let digit = |four: &[TimeCell]| {
        let bits = four.iter().enumerate().map(|(at, cell)| u32::from(cell.failed > 0) << at).sum();
        char::from_digit(bits, 16).unwrap_or('0')
    };
    let digits: String = cells.chunks(4).map(digit).collect();
    Some(digits.trim_end_matches('0').to_owned())
}

/// Shades of the heat map, by the largest number of any kind.
struct Shades {
    scale: f64,
}

impl Shades {
    fn of(page: &PageContext<'_>, columns: &[HeatColumn]) -> Self {
        let kinds = || columns.iter().filter(|column| column.kind);
        let all = page
            .summary
            .functions
            .iter()
            .flat_map(|one| kinds().map(move |column| (column.number)(one, column.category)));
        Self { scale: (all.max().unwrap_or(0) as f64 + 1.0).ln().max(f64::MIN_POSITIVE) }
    }

    /// Returns the class of a cell: numbers that are ten times as large are as many shades darker, wherever they stand.
    fn of_number(&self, column: &HeatColumn, number: u64) -> Option<String> {
        let shade = ((number as f64 + 1.0).ln() / self.scale * SHADES).ceil().clamp(1.0, SHADES);
        (column.kind && number > 0).then(|| format!("h{shade:.0}"))
    }
}
