//! Early warnings of the table: what did not fail yet, at most three lines.

use std::collections::BTreeMap;

use super::matrix;
use super::style::{Ink, Style};
use super::words::{count, duration, percent, shorten_end, shorten_middle, thousands, width};
use crate::wire::{EarlyWarning, FunctionSummary, Summary, WarningKind};

/// Most lines.
const MOST_LINES: usize = 3;
/// Height from which on there is room for them; below it the most pressing has to do.
const ROOMY: usize = 28;
/// Fewest columns of a function's name.
const NAME: usize = 14;

/// A warning, and the function that it is about.
type FoundWarning<'a> = (&'a FunctionSummary, &'a EarlyWarning);

/// Returns a line for each kind of warning, the most pressing first.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    let mut kinds: BTreeMap<WarningKind, Vec<FoundWarning<'_>>> = BTreeMap::new();
    for function in &summary.functions {
        for warning in &function.early_warnings {
            kinds.entry(warning.kind).or_default().push((function, warning));
        }
    }
    let line = |(at, (kind, mut found)): (usize, (WarningKind, Vec<FoundWarning<'_>>))| {
        // The order of functions stays for equals.
        found.sort_by(|(_, a), (_, b)| b.severity().total_cmp(&a.severity()));
        let label = if at == 0 { "Soon" } else { "    " };
        let (function, warning) = found[0];
        let others = match found.len() - 1 {
            0 => String::new(),
            more => format!("; {}", count(more as u64, "more function", "more functions")),
        };
        let (about, told) = (words(kind), told(warning));
        let taken = width(label) + width(about) + width(&told) + width(&others) + 5;
        let name = shorten_middle(&matrix::name(function, summary), style.width.saturating_sub(taken).max(NAME));
        let room = style.width.saturating_sub(6 + width(&others));
        let text = format!("{about}: {name} {told}");
        format!("{}  {}{others}", style.paint(Ink::Warn, label), shorten_end(&text, room))
    };
    let most = if style.height < ROOMY { 1 } else { MOST_LINES };
    kinds.into_iter().take(most).enumerate().map(line).collect()
}

fn words(kind: WarningKind) -> &'static str {
    match kind {
        WarningKind::NearTimeout => "near the timeout",
        WarningKind::NearMemoryLimit => "near the memory limit",
        WarningKind::MemoryCreep => "memory creeps up",
        WarningKind::RisingDuration => "slower and slower",
        WarningKind::HandledErrors => "more handled errors",
    }
}

/// Returns what one function shows: `79 of 1,046 attempts`.
fn told(warning: &EarlyWarning) -> String {
    let of = |one, many| format!("{} of {}", thousands(warning.count), count(warning.of, one, many));
    let course = warning.from.zip(warning.to);
    match (warning.kind, course) {
        (WarningKind::NearTimeout | WarningKind::NearMemoryLimit, _) | (_, None) => of("attempt", "attempts"),
        (WarningKind::MemoryCreep, Some((from, to))) => {
            format!("from {from:.0} to {to:.0} MB in {}", of("environment", "environments"))
        }
        (WarningKind::RisingDuration, Some((from, to))) => {
            format!("from {} to {} (median)", duration(from), duration(to))
        }
        (WarningKind::HandledErrors, Some((from, to))) => {
            format!("from {} to {} an attempt", percent(from), percent(to))
        }
    }
}
