//! Early warnings of the table: what did not fail yet, at most three lines.

use std::collections::BTreeMap;

use super::matrix;
use super::sentence::SourcedSentence;
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
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundWarning<'a> {
    pub(super) function: &'a FunctionSummary,
    pub(super) warning: &'a EarlyWarning,
    /// Place in the summary.
    place: [usize; 2],
}

impl FoundWarning<'_> {
    /// Returns the row of its function.
    pub(super) fn row(&self) -> usize {
        self.place[0]
    }

    /// Returns what the function shows.
    pub(super) fn told(&self) -> SourcedSentence {
        let [function, warning] = self.place;
        told(self.warning, &format!("/functions/{function}/early_warnings/{warning}"))
    }
}

/// Returns the warnings of each kind, the most pressing first; in each kind the worst first.
pub(super) fn by_kind(summary: &Summary) -> BTreeMap<WarningKind, Vec<FoundWarning<'_>>> {
    let mut kinds: BTreeMap<WarningKind, Vec<FoundWarning<'_>>> = BTreeMap::new();
    for (row, function) in summary.functions.iter().enumerate() {
        for (at, warning) in function.early_warnings.iter().enumerate() {
            kinds.entry(warning.kind).or_default().push(FoundWarning { function, warning, place: [row, at] });
        }
    }
    // The order of functions stays for equals.
    kinds.values_mut().for_each(|found| {
        found.sort_by(|a, b| b.warning.severity().total_cmp(&a.warning.severity()));
    });
    kinds
}

/// Returns a line for each kind of warning, the most pressing first.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    let kinds = by_kind(summary);
    let line = |(at, (kind, found)): (usize, (WarningKind, Vec<FoundWarning<'_>>))| {
        let label = if at == 0 { "Soon" } else { "    " };
        let worst = found[0];
        let others = match found.len() - 1 {
            0 => String::new(),
            more => format!("; {}", count(more as u64, "more function", "more functions")),
        };
        let (about, told) = (words(kind), worst.told().text());
        let taken = width(label) + width(about) + width(&told) + width(&others) + 5;
        let name = shorten_middle(&matrix::name(worst.function, summary), style.width.saturating_sub(taken).max(NAME));
        let room = style.width.saturating_sub(6 + width(&others));
        let text = format!("{about}: {name} {told}");
        format!("{}  {}{others}", style.paint(Ink::Warn, label), shorten_end(&text, room))
    };
    let most = if style.height < ROOMY { 1 } else { MOST_LINES };
    kinds.into_iter().take(most).enumerate().map(line).collect()
}

/// Returns what a kind of warning is about.
pub(super) fn words(kind: WarningKind) -> &'static str {
    match kind {
        WarningKind::NearTimeout => "near the timeout",
        WarningKind::NearMemoryLimit => "near the memory limit",
        WarningKind::MemoryCreep => "memory creeps up",
        WarningKind::RisingDuration => "slower and slower",
        WarningKind::HandledErrors => "more handled errors",
    }
}

/// Returns what one function shows: `79 of 1,046 attempts`. `path` leads to the warning in the summary.
fn told(warning: &EarlyWarning, path: &str) -> SourcedSentence {
    let of = |so_far: SourcedSentence, one, many| {
        so_far.number(format!("{path}/count"), warning.count, thousands(warning.count)).words(" of ").count(
            format!("{path}/of"),
            warning.of,
            one,
            many,
        )
    };
    let start = SourcedSentence::default;
    let course = warning.from.zip(warning.to);
    let from_to = |(from, to): (f64, f64), text: &dyn Fn(f64) -> String| {
        start().words("from ").number(format!("{path}/from"), from, text(from)).words(" to ").number(
            format!("{path}/to"),
            to,
            text(to),
        )
    };
    match (warning.kind, course) {
        (WarningKind::NearTimeout | WarningKind::NearMemoryLimit, _) | (_, None) => of(start(), "attempt", "attempts"),
        (WarningKind::MemoryCreep, Some(course)) => {
            of(from_to(course, &|mb| format!("{mb:.0}")).words(" MB in "), "environment", "environments")
        }
        (WarningKind::RisingDuration, Some(course)) => from_to(course, &duration).words(" (median)"),
        (WarningKind::HandledErrors, Some(course)) => from_to(course, &percent).words(" an attempt"),
    }
}
