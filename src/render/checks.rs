//! Checks of the configuration: a line on the first screen if one is grave, a block below the findings.

use super::escape::one_line;
use super::matrix;
use super::style::{Ink, Style};
use super::view::View;
use super::words::{count, fold, shorten_end, shorten_middle, thousands, width};
use crate::wire::{Check, CheckSeverity, FunctionSummary, Summary};

/// Most checks that are shown; the rest is counted.
const MOST_CHECKS: usize = 5;
/// Widest column of prose, since longer lines are hard to read.
const MOST_PROSE: usize = 96;
/// Fewest columns of a function's name.
const NAME: usize = 14;

/// Returns the word for how grave a check is.
pub(super) fn severity_word(severity: CheckSeverity) -> &'static str {
    match severity {
        CheckSeverity::High => "high",
        CheckSeverity::Medium => "medium",
        CheckSeverity::Low => "low",
    }
}

/// Returns the name of the function of a check, with its place where several have the name.
pub(super) fn function_of(check: &Check, summary: &Summary) -> String {
    let is_it = |row: &&FunctionSummary| {
        (&row.function, &row.account_id, &row.region) == (&check.function, &check.account_id, &check.region)
    };
    // Of rows without a name, nothing tells which is meant.
    let mut rows = summary.functions.iter().filter(is_it);
    let only = rows.next().filter(|_| rows.next().is_none());
    only.map_or_else(
        || one_line(check.function.as_deref().unwrap_or("(no name)")).into_owned(),
        |row| matrix::name(row, summary),
    )
}

/// Returns a line on the gravest check; none if nothing is grave.
pub(super) fn first_line(summary: &Summary, style: &Style) -> Vec<String> {
    const LABEL: &str = "Check";
    let Some(first) = summary.checks.first().filter(|check| check.severity == CheckSeverity::High) else {
        return Vec::new();
    };
    let others = match summary.checks_high.saturating_sub(1) {
        0 => String::new(),
        more => format!("; {} more high", thousands(more)),
    };
    let what = one_line(&first.id).replace('_', " ");
    let taken = width(LABEL) + width(&what) + width(&others) + 6;
    let name = shorten_middle(&function_of(first, summary), style.width.saturating_sub(taken).max(NAME));
    let room = style.width.saturating_sub(width(LABEL) + 2 + width(&others));
    let text = shorten_end(&format!("{name}: {what}: {}", one_line(&first.evidence)), room);
    vec![format!("{}  {text}{others}", style.paint(Ink::Bad, LABEL))]
}

/// Returns the lines of the block; none without a check.
pub(super) fn lines(summary: &Summary, view: &View, style: &Style) -> Vec<String> {
    if summary.checks_total == 0 {
        return Vec::new();
    }
    let grave = match summary.checks_high {
        0 => String::new(),
        high => format!(" ({} high)", thousands(high)),
    };
    let head = format!("Checks: {}{grave}", thousands(summary.checks_total));
    let mut out = vec![String::new(), style.paint(Ink::Strong, &head)];
    let most = if view.details { view.most(usize::MAX) } else { view.most(MOST_CHECKS) };
    for check in summary.checks.iter().take(most) {
        let ink = if check.severity == CheckSeverity::High { Ink::Bad } else { Ink::Warn };
        let word = severity_word(check.severity);
        let id = one_line(&check.id);
        let name = shorten_middle(
            &function_of(check, summary),
            style.width.saturating_sub(width(word) + width(&id) + 6).max(NAME),
        );
        out.push(format!("  {}  {name}  {id}", style.paint(ink, word)));
        let source = check.source.as_deref().filter(|_| view.details);
        let source = source.map_or(String::new(), |source| format!(" ({source})"));
        let text = format!("{}{source}", check.evidence);
        let room = style.width.saturating_sub(4).clamp(20, MOST_PROSE);
        out.extend(fold(&one_line(&text), room).into_iter().map(|line| format!("    {line}")));
    }
    let shown = summary.checks.len().min(most) as u64;
    if let Some(more) = summary.checks_total.checked_sub(shown).filter(|more| *more > 0) {
        let how = if view.details { "--format json" } else { "--details" };
        out.push(style.paint(Ink::Faint, &format!("  and {}: {how}", count(more, "more check", "more checks"))));
    }
    out.push(style.paint(Ink::Faint, "  What to do: lambda-triage explain checks"));
    out
}

/// Returns how a function is invoked, as far as it is known: `async (2 events in a failure destination; dlq.json)`.
pub(super) fn invokers(function: &FunctionSummary) -> Option<String> {
    let told: Vec<String> = function
        .invokers
        .iter()
        .map(|one| format!("{} ({}; {})", one_line(&one.kind), one_line(&one.evidence), one_line(&one.source)))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}
