//! Resources: durations against the timeout and memory against its size as distributions, and cold starts.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::super::words::{count, duration, thousands};
use super::context::PageContext;
use super::markup::{count_at, duration_at, number};
use crate::wire::{DurationCell, FunctionSummary, MemoryCell};

/// Most functions of each table, unless the user wants another number.
const MOST_ROWS: usize = 10;
/// Shades of a distribution.
const SHADES: f64 = 6.0;

/// Part of a distribution: where it begins and ends, as shares of the axis, and its attempts.
struct StripCell {
    from: f64,
    to: f64,
    attempts: u64,
}

/// Returns the section with the distributions.
pub(super) fn distributions(page: &PageContext<'_>) -> Markup {
    html! {
        section #distributions aria-labelledby="distributions-title" {
            h2 #distributions-title { "Resources" }
            div.columns { (durations(page)) (memory(page)) }
        }
    }
}

/// Returns the rows in the order of a measure, the largest first, and how many are left out. Functions that have none are
/// left out silently.
fn ranked(page: &PageContext<'_>, measure: impl Fn(&FunctionSummary) -> Option<f64>) -> (Vec<usize>, usize) {
    let functions = page.summary.functions.iter().enumerate();
    let mut rows: Vec<(usize, f64)> = functions.filter_map(|(row, one)| Some((row, measure(one)?))).collect();
    rows.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let shown = page.view.most(MOST_ROWS).min(rows.len());
    (rows[..shown].iter().map(|(row, _)| *row).collect(), rows.len() - shown)
}

fn left_out(more: usize) -> Markup {
    html! { @if more > 0 { p.left-out { (count(more as u64, "more function", "more functions")) ": " code { "--top 0" } } } }
}

fn name(page: &PageContext<'_>, row: usize) -> Markup {
    html! { a href={ "#" (page.anchor(row)) } { (page.names.get(row).map_or("", String::as_str)) } }
}

/// Returns a distribution as a strip: the darker, the more attempts. The axis is a thousand units long.
fn strip(cells: &[StripCell], limit: Option<f64>) -> Markup {
    let most = cells.iter().map(|cell| cell.attempts).max().unwrap_or(0).max(1);
    let shade = |cell: &StripCell| ((cell.attempts as f64 / most as f64).sqrt() * SHADES).ceil().clamp(1.0, SHADES);
    let path = |wanted: f64| {
        let mut path = String::new();
        for cell in cells.iter().filter(|cell| (shade(cell) - wanted).abs() < 0.5) {
            // Writing to a string cannot fail.
            let _ = write!(
                path,
                "M{:.0} 0h{:.0}v1H{:.0}z",
                cell.from * 1e3,
                ((cell.to - cell.from) * 1e3).max(4.0),
                cell.from * 1e3
            );
        }
        path
    };
    html! {
        svg.strip viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true" {
            @for wanted in 1..=6_u8 {
                @let path = path(f64::from(wanted));
                @if !path.is_empty() { path class={ "s" (wanted) } d=(path) {} }
            }
            @if let Some(limit) = limit { path.limit d={ "M" (format!("{:.0}", (limit * 1e3).min(998.0))) " 0v1" } {} }
        }
    }
}

/// Returns the place of a duration on an axis on which every step is a doubling.
fn doublings(ms: f64) -> f64 {
    if ms < 1.0 { -1.0 } else { ms.log2() }
}

fn durations(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    // Nearest to the timeout first, then the slowest of those whose timeout is not known.
    let (rows, more) = ranked(page, |one| {
        let longest = one.duration_ms.all.p95.or(one.duration_ms.all.max)?;
        let share = one.timeout_ms.map(|timeout| 1e9 + longest / timeout.max(1) as f64 * 1e6);
        (!one.duration_ms.histogram.is_empty()).then_some(share.unwrap_or(longest))
    });
    let shown = || rows.iter().map(|row| &summary.functions[*row]);
    let ends = shown().flat_map(|one| {
        let cells = one.duration_ms.histogram.iter();
        let cells =
            cells.flat_map(|cell| [doublings(cell.from_ms as f64), doublings(end(cell.from_ms, cell.below_ms))]);
        cells.chain(one.timeout_ms.map(|timeout| doublings(timeout as f64)))
    });
    let (least, most) = ends.fold((f64::MAX, f64::MIN), |(least, most), at| (least.min(at), most.max(at)));
    let place = |ms: f64| ((doublings(ms) - least) / (most - least).max(1.0)).clamp(0.0, 1.0);
    html! {
        div {
            h3 { "Duration against timeout" }
            @if rows.is_empty() { p.none { "No durations in the log." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Durations" {
                    table.strips {
                        caption.quiet { "Durations of all attempts; each step to the right is twice as long, the line is the timeout" }
                        thead { tr {
                            th scope="col" { "Function" } th scope="col" { "Distribution" } th.n scope="col" { "p50" }
                            th.n scope="col" { "p95" } th.n scope="col" { "Max" } th.n scope="col" { "Timeout" }
                        } }
                        tbody {
                            @for row in &rows { (duration_row(page, *row, &place)) }
                        }
                    }
                }
                (left_out(more))
            }
        }
    }
}

fn duration_row(page: &PageContext<'_>, row: usize, place: &impl Fn(f64) -> f64) -> Markup {
    let one = &page.summary.functions[row];
    let path = |key: &str| format!("/functions/{row}/{key}");
    let cell = |cell: &DurationCell| StripCell {
        from: place(cell.from_ms as f64),
        to: place(end(cell.from_ms, cell.below_ms)),
        attempts: cell.attempts,
    };
    let cells: Vec<StripCell> = one.duration_ms.histogram.iter().map(cell).collect();
    let all = &one.duration_ms.all;
    html! {
        tr {
            th scope="row" { (name(page, row)) }
            td { (strip(&cells, one.timeout_ms.map(|timeout| place(timeout as f64)))) }
            @for (key, value) in [("p50", all.p50), ("p95", all.p95), ("max", all.max)] {
                td.n { (maybe_duration(&path(&format!("duration_ms/all/{key}")), value)) }
            }
            td.n {
                @match one.timeout_ms {
                    Some(timeout) => (number(&path("timeout_ms"), timeout, &duration(timeout as f64))),
                    None => "not known",
                }
            }
        }
    }
}

fn maybe_duration(path: &str, ms: Option<f64>) -> Markup {
    ms.map_or_else(|| html! { "-" }, |ms| duration_at(path, ms))
}

/// Returns where a cell ends; the last one has no bound.
fn end(from: u64, below: Option<u64>) -> f64 {
    below.unwrap_or(from.max(1).saturating_mul(2)) as f64
}

fn memory(page: &PageContext<'_>) -> Markup {
    let (rows, more) = ranked(page, |one| {
        let (used, size) = one.memory.max_used_mb.zip(one.memory.size_mb.filter(|size| *size > 0))?;
        (!one.memory.histogram.is_empty()).then_some(f64::from(used) / f64::from(size))
    });
    html! {
        div {
            h3 { "Memory against size" }
            @if rows.is_empty() { p.none { "No memory use in the log." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Memory" {
                    table.strips {
                        caption.quiet { "Largest use of the environment at each attempt; the right end is the configured size" }
                        thead { tr {
                            th scope="col" { "Function" } th scope="col" { "Distribution" } th.n scope="col" { "Most used" }
                            th.n scope="col" { "Size" } th.n scope="col" { "Near the limit" }
                        } }
                        tbody {
                            @for row in &rows { (memory_row(page, *row)) }
                        }
                    }
                }
                (left_out(more))
            }
        }
    }
}

fn memory_row(page: &PageContext<'_>, row: usize) -> Markup {
    let memory = &page.summary.functions[row].memory;
    let path = |key: &str| format!("/functions/{row}/memory/{key}");
    let size = f64::from(memory.size_mb.unwrap_or(1).max(1));
    let share = |mb: f64| (mb / size).clamp(0.0, 1.0);
    let cell = |cell: &MemoryCell| StripCell {
        // What is used beyond the size is seen at the end.
        from: share(f64::from(cell.from_mb)).min(0.98),
        to: share(end(u64::from(cell.from_mb), cell.below_mb.map(u64::from))),
        attempts: cell.attempts,
    };
    let cells: Vec<StripCell> = memory.histogram.iter().map(cell).collect();
    let mb = |key: &str, mb: Option<u32>| {
        mb.map_or_else(|| html! { "-" }, |mb| number(&path(key), mb, &format!("{} MB", thousands(u64::from(mb)))))
    };
    html! {
        tr {
            th scope="row" { (name(page, row)) }
            td { (strip(&cells, Some(1.0))) }
            td.n { (mb("max_used_mb", memory.max_used_mb)) }
            td.n { (mb("size_mb", memory.size_mb)) }
            td.n { @if memory.near_limit > 0 { (count_at(&path("near_limit"), memory.near_limit)) } }
        }
    }
}

/// Returns the section on cold starts.
pub(super) fn cold_starts(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let (rows, more) = ranked(page, |one| (one.cold_starts > 0).then_some(one.cold_starts as f64));
    let init = &summary.totals.init_ms;
    html! {
        section #cold-starts aria-labelledby="cold-starts-title" {
            h2 #cold-starts-title { "Cold starts" }
            @if rows.is_empty() { p.none { "No cold start in the log." } }
            @else {
                p.note {
                    (count_at("/totals/cold_starts", summary.totals.cold_starts)) " of "
                    (count_at("/totals/attempts", summary.totals.attempts)) " attempts"
                    @if let Some(p50) = init.p50 { ", " (duration_at("/totals/init_ms/p50", p50)) " at the median" }
                    @if let Some(max) = init.max { ", " (duration_at("/totals/init_ms/max", max)) " at most" }
                }
                div.scroll tabindex="0" role="region" aria-label="Table of cold starts" {
                    table.narrow {
                        caption.quiet { "Cold starts by function, most first" }
                        thead { tr {
                            th scope="col" { "Function" } th.n scope="col" { "Cold starts" } th.n scope="col" { "Attempts" }
                            th.n scope="col" { "Init p50" } th.n scope="col" { "p95" } th.n scope="col" { "Max" }
                        } }
                        tbody {
                            @for row in &rows {
                                @let one = &summary.functions[*row];
                                @let path = |key: &str| format!("/functions/{row}/{key}");
                                tr {
                                    th scope="row" { (name(page, *row)) }
                                    td.n { (count_at(&path("cold_starts"), one.cold_starts)) }
                                    td.n { (count_at(&path("attempts"), one.attempts)) }
                                    @for (key, value) in [("p50", one.init_ms.p50), ("p95", one.init_ms.p95), ("max", one.init_ms.max)] {
                                        td.n { (maybe_duration(&path(&format!("init_ms/{key}")), value)) }
                                    }
                                }
                            }
                        }
                    }
                }
                (left_out(more))
            }
        }
    }
}
