//! Commands that lead on from the answer, ready to be pasted.

use super::escape::one_line;
use super::style::{Ink, Style};
use super::view::Grouping;
use super::words::count;
use super::{Answer, matrix};
use crate::wire::{FunctionSummary, NO_NAME};

/// Height from which on there is room for every command.
const ROOMY: usize = 28;

/// How the input of an answer can be read again.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    /// `lambda-triage analyze logs --since 2h`, without the selection of functions; `None` where the input cannot be read
    /// again.
    pub analyze: Option<String>,
    /// Selection of functions, with a blank before it: ` --only 'orders-*'`.
    pub only: String,
    /// Arguments of `show` behind the request id, none if it is kept for `show`; `None` where it cannot read the input.
    pub show: Option<String>,
    /// The events to check are already being written to a ledger.
    pub ledger: bool,
}

/// Returns the lines of the section. Only these may be longer than the width, since a command that is broken cannot be
/// pasted.
pub(super) fn lines(answer: &Answer<'_>, style: &Style) -> Vec<String> {
    let (summary, commands) = (answer.summary, answer.commands);
    let mut found: Vec<(String, String)> = Vec::new();
    let event = summary.events_to_check.iter().find_map(|event| Some((event, safe(event.request_id.as_deref()?)?)));
    if let (Some((event, id)), Some(show)) = (event, &commands.show) {
        let what = if event.need == "exhausted" { "a lost event" } else { "an event" };
        found.push((what.to_owned(), format!("lambda-triage show {id} {show}").trim_end().to_owned()));
    }
    let failing = summary.functions.iter().filter(|function| matrix::has_failure(function));
    if let Some(analyze) = &commands.analyze {
        let worst = failing.clone().next().and_then(selected);
        let all = failing.count();
        if let (Some(name), false, 2..) = (worst, answer.view.details, all) {
            found.push(("worst function".to_owned(), format!("{analyze} --only {name} --details")));
        } else if !answer.view.details && all > 0 {
            found.push(("everything".to_owned(), format!("{analyze}{} --details", commands.only)));
        }
        if summary.events_to_check_total > 1 && !commands.ledger {
            let what = format!("{} to check", count(summary.events_to_check_total, "event", "events"));
            found.push((what, format!("{analyze}{} --ledger events.csv", commands.only)));
        } else if summary.causes_total > 1 && answer.view.by != Some(Grouping::Cause) && !answer.view.details {
            found.push(("all causes".to_owned(), format!("{analyze}{} --by cause", commands.only)));
        }
    }
    if let Some(code) = summary.causes.first().and_then(|cause| safe(&cause.code)) {
        found.push(("top cause".to_owned(), format!("lambda-triage explain {code}")));
    }
    found.retain(|(_, command)| style.utf8 || command.is_ascii());
    found.truncate(if style.height < ROOMY { 3 } else { 4 });
    let widest = found.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
    let line = |(at, (what, command)): (usize, &(String, String))| {
        let label = if at == 0 { "Next" } else { "    " };
        format!("{}  {what:widest$}  {}", style.paint(Ink::Strong, label), one_line(command))
    };
    found.iter().enumerate().map(line).collect()
}

/// Returns what `--only` takes for a function: its name, or what stands for it.
fn selected(function: &FunctionSummary) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    match function.function.as_deref() {
        Some(name) => safe(name).map(str::to_owned),
        None => function.place().filter(|place| place.bytes().all(plain)).map(|place| format!("'{NO_NAME} {place}'")),
    }
}

/// Returns the word if a shell and a glob take it as it is.
fn safe(word: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!word.is_empty() && !word.starts_with('-') && word.bytes().all(plain)).then_some(word)
}
