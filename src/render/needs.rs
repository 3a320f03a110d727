//! Section of the table on events to check: how many, what became of them and what to do, by function.

use super::Answer;
use super::escape::one_line;
use super::matrix;
use super::style::{Ink, Style};
use super::words::{cell, count, fold, replay, shorten_end};
use crate::wire::{FunctionSummary, NeedsPersonGroup, Summary};

/// Most functions, and most kinds of events of each, that are listed; the rest is counted.
const MOST_FUNCTIONS: usize = 5;
const MOST_GROUPS: usize = 3;

/// What a log cannot tell of lost events.
pub(super) const CAVEAT: &str = "A failure destination, dead-letter queue or redelivery may have caught a lost event; \
                                 the function's log cannot show that.";

/// Id of the check that finds that nothing can have caught lost events.
const NOTHING_CATCHES: &str = "lost_without_destination";

/// Returns the lines of the section; none if no event needs a person.
pub(super) fn lines(answer: &Answer<'_>, style: &Style) -> Vec<String> {
    let (summary, view) = (answer.summary, answer.view);
    let (most_functions, most_groups) = match view.details {
        true => (view.most(usize::MAX), usize::MAX),
        false => (view.most(MOST_FUNCTIONS), MOST_GROUPS),
    };
    let all = summary.totals.needs_person.events;
    if all == 0 {
        return Vec::new();
    }
    let mut out = vec![String::new(), style.paint(Ink::Strong, &format!("To check: {}", events(all)))];
    let functions: Vec<&FunctionSummary> =
        summary.functions.iter().filter(|function| function.needs_person.events > 0).collect();
    for function in functions.iter().take(most_functions) {
        let name = matrix::name(function, summary);
        out.push(shorten_end(&format!("  {name}: {}", kinds(function)), style.width));
        let groups = &function.needs_person.groups;
        for group in groups.iter().take(most_groups) {
            out.extend(lines_of(group, style));
        }
        if let Some(more) = groups.get(most_groups..).filter(|more| !more.is_empty()) {
            let rest = more.iter().map(|group| group.events).sum();
            out.push(style.paint(Ink::Faint, &format!("    and {} of other kinds", events(rest))));
        }
    }
    if functions.len() > most_functions {
        let more = functions.len() - most_functions;
        out.push(format!("  and {}", count(more as u64, "more function", "more functions")));
    }
    if summary.totals.caught.is_some() || is_known_to_be_lost(summary) {
        return out;
    }
    out.extend(
        fold(CAVEAT, style.width.saturating_sub(2)).iter().map(|line| style.paint(Ink::Faint, &format!("  {line}"))),
    );
    out
}

/// Returns a line on the cost of failures: `Failed and duplicate runs cost 1.34 USD (80,411 GB-seconds;
/// …)`.
pub(super) fn price(summary: &Summary, style: &Style) -> Vec<String> {
    let Some(waste) = summary.totals.waste.as_ref().filter(|waste| waste.billed_ms > 0) else { return Vec::new() };
    // Less than a cent is not worth a line.
    let Some(usd) = waste.usd.filter(|usd| *usd >= 0.01) else { return Vec::new() };
    let list = waste.price_list.as_deref().unwrap_or("");
    let text =
        format!("Failed and duplicate runs cost {usd:.2} USD ({} GB-seconds; {})", waste.gb_seconds, one_line(list));
    let lines = fold(&text, style.width);
    [String::new()].into_iter().chain(lines.iter().map(|line| style.paint(Ink::Faint, line))).collect()
}

/// Returns whether the configuration of every function with lost events tells that nothing could catch them.
pub(super) fn is_known_to_be_lost(summary: &Summary) -> bool {
    let mut losing = summary.functions.iter().filter(|row| row.lost > 0).peekable();
    let is_known = |row: &FunctionSummary| {
        summary.checks.iter().any(|check| {
            let same = (&row.function, &row.account_id, &row.region);
            check.id == NOTHING_CATCHES && (&check.function, &check.account_id, &check.region) == same
        })
    };
    losing.peek().is_some() && losing.all(is_known)
}

fn events(number: u64) -> String {
    count(number, "event", "events")
}

/// Returns how many events something caught, those that failed at their only attempt included.
fn caught(function: &FunctionSummary) -> u64 {
    let groups = function.needs_person.groups.iter().filter(|group| group.need == "caught");
    groups.map(|group| group.events).sum()
}

/// Returns `17 lost, 2 ran again after a success, 3 possibly half done`.
fn kinds(function: &FunctionSummary) -> String {
    let kinds = [
        (function.lost, "lost"),
        (caught(function), "caught"),
        (function.never_ran.unwrap_or(0), "never ran"),
        (function.outcomes.rerun_after_success, "ran again after success"),
        (function.needs_person.possibly_half_done, "possibly half done"),
    ];
    let kinds = kinds.iter().filter(|(number, _)| *number > 0);
    kinds.map(|(number, what)| format!("{} {what}", count(*number, "", "").trim())).collect::<Vec<_>>().join(", ")
}

/// Returns what became of an event that needs a person.
pub(super) fn need_word(need: &str) -> &'static str {
    match need {
        "exhausted" => "lost",
        "caught" => "caught",
        "never_ran" => "never ran, caught",
        "rerun_after_success" => "ran again after success",
        _ => "possibly half done",
    }
}

/// Formats a group: a line on what happened how often and what to do, and a line with the whole id of the first event,
/// which can be copied to `show`.
fn lines_of(group: &NeedsPersonGroup, style: &Style) -> [String; 2] {
    let what = need_word(&group.need);
    let code = group.code.as_deref().map_or(String::new(), |code| format!(": {}", one_line(code)));
    let writes = match group.with_writes {
        0 => String::new(),
        all if all == group.events => ", writes logged".to_owned(),
        some => format!(", writes logged in {}", cell(some)),
    };
    let advice = one_line(replay(group.retry_guidance.as_deref().unwrap_or("")));
    let at = group
        .first_started_at
        .as_deref()
        .and_then(|at| style.local(at))
        .map_or(String::new(), |at| format!(", first {}", at.seconds()));
    let head = format!("    {} {what}{code}{writes}{at}", cell(group.events));
    let id = group.first_request_id.as_deref().unwrap_or("(no id)");
    let tail = format!("      {}  replay: {advice}", one_line(id));
    [shorten_end(&head, style.width), style.paint(Ink::Faint, &shorten_end(&tail, style.width))]
}
