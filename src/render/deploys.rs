//! New versions of the table that fail more often than those before them: whether it was the deployment.

use super::escape::one_line;
use super::matrix;
use super::style::{Ink, Style};
use super::time_axis::Times;
use super::words::{percent, shorten_middle, width};
use crate::wire::{FunctionSummary, FunctionVersion, Summary};

/// Most lines.
const MOST_LINES: usize = 2;
/// Fewest columns of a function's name.
const NAME: usize = 14;

/// Returns a line for each of the worst functions whose newest bad version no cause names.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    let told = |function: &FunctionSummary, version: &str| {
        let mut began = summary.causes.iter().flat_map(|cause| &cause.began_with.versions);
        began.any(|one| one.function == function.function && one.version == version)
    };
    let mut out = Vec::new();
    for function in &summary.functions {
        let Some(at) = function.versions.iter().rposition(|version| version.worse) else { continue };
        if told(function, &function.versions[at].version) {
            continue;
        }
        out.extend(line(function, at, summary, out.is_empty(), style));
        if out.len() == MOST_LINES {
            break;
        }
    }
    out
}

/// Returns `New   orders-api version 58 since 09:42: 82.9% failed, before 0.4%`.
fn line(function: &FunctionSummary, at: usize, summary: &Summary, is_first: bool, style: &Style) -> Option<String> {
    let (before, new) = (&function.versions[..at], function.versions.get(at)?);
    let since = Times::of(&summary.window, style).text(new.first_seen.as_deref()?)?;
    let label = if is_first { "New " } else { "    " };
    let sum = |count: fn(&FunctionVersion) -> u64| before.iter().map(count).sum::<u64>();
    let rate = |failed: u64, attempts: u64| percent(failed as f64 / attempts.max(1) as f64);
    let told = format!(
        " version {} since {since}: {} failed, before {}",
        one_line(&new.version),
        rate(new.failed, new.attempts),
        rate(sum(|version| version.failed), sum(|version| version.attempts))
    );
    let room = style.width.saturating_sub(6 + width(&told)).max(NAME);
    let name = shorten_middle(&matrix::name(function, summary), room);
    Some(format!("{}  {name}{told}", style.paint(Ink::Warn, label)))
}
