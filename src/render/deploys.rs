//! New versions of the table that fail more often than those before them: whether it was the deployment.

use super::escape::one_line;
use super::matrix;
use super::style::{Ink, Style};
use super::time_axis::{Times, ms};
use super::words::{count, percent, shorten_middle, width};
use crate::wire::{FunctionSummary, FunctionVersion, Summary};

/// Most lines.
const MOST_LINES: usize = 2;
/// Part of the window, and time, without an attempt after which a version no longer runs.
const PAUSE: i64 = 20;
const PAUSE_MS: i64 = 300_000;
/// Fewest columns of a function's name.
const NAME: usize = 14;

/// Returns a line for each of the worst functions whose newest version is worse, unless the first of the causes say it.
pub(super) fn lines(summary: &Summary, causes: usize, style: &Style) -> Vec<String> {
    let told = |function: &FunctionSummary, version: &str| {
        let shown =
            summary.causes.iter().take(causes).filter(|cause| cause.began_with.versions.len() == cause.functions.len());
        let mut began = shown.flat_map(|cause| &cause.began_with.versions);
        began.any(|one| one.function == function.function && one.version == version)
    };
    let bad: Vec<(&FunctionSummary, &FunctionVersion)> = summary
        .functions
        .iter()
        .filter_map(|function| Some((function, function.versions.last().filter(|version| version.worse)?)))
        .filter(|(function, version)| is_running(function, version, summary) && !told(function, &version.version))
        .collect();
    let line = |(at, (function, version)): (usize, &(&FunctionSummary, &FunctionVersion))| {
        let more = if at + 1 == MOST_LINES { bad.len() - MOST_LINES.min(bad.len()) } else { 0 };
        line(function, version, (at == 0, more), summary, style)
    };
    bad.iter().enumerate().take(MOST_LINES).filter_map(line).collect()
}

/// Returns whether the version has attempts up to the end of the window, as far as any other one of its function: it was
/// not taken back.
fn is_running(function: &FunctionSummary, version: &FunctionVersion, summary: &Summary) -> bool {
    let window = [&summary.window.start, &summary.window.end].map(|at| at.as_deref().and_then(ms));
    let length = window[1].zip(window[0]).map_or(0, |(end, start)| end - start);
    let last = |version: &FunctionVersion| version.last_seen.as_deref().and_then(ms);
    let latest = function.versions.iter().filter_map(last).max();
    last(version).zip(latest).is_some_and(|(own, latest)| latest - own <= (length / PAUSE).max(PAUSE_MS))
}

/// Returns `New   orders-api version 58 since 09:42: 82.9% failed, before 0.4%`.
fn line(
    function: &FunctionSummary,
    version: &FunctionVersion,
    (is_first, more): (bool, usize),
    summary: &Summary,
    style: &Style,
) -> Option<String> {
    let since = Times::of(&summary.window, style).text(version.first_seen.as_deref()?)?;
    let others = version.compared_with?;
    let label = if is_first { "New " } else { "    " };
    let rate = |failed: u64, attempts: u64| percent(failed as f64 / attempts.max(1) as f64);
    let told = format!(
        " version {} since {since}: {} failed, {} {}{}",
        one_line(&version.version),
        rate(version.failed, version.attempts),
        if others.alongside { "others" } else { "before" },
        rate(others.failed, others.attempts),
        if more == 0 { String::new() } else { format!("; {}", count(more as u64, "more function", "more functions")) },
    );
    let room = style.width.saturating_sub(6 + width(&told)).max(NAME);
    let name = shorten_middle(&matrix::name(function, summary), room);
    Some(format!("{}  {name}{told}", style.paint(Ink::Warn, label)))
}
