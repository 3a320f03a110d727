//! Causes of the table: what is broken across functions, since when, and what to do.

use super::escape::one_line;
use super::grid::{self, Cell, GAP, GridColumn};
use super::style::{Ink, Style};
use super::time_axis::Times;
use super::words::{cell, count, fold, percent, shorten_end, width};
use crate::wire::{Cause, FindingState, Summary};

/// Width from which on what to do stands beside its cause, not below it.
const BESIDE: usize = 112;
/// Width from which on the number of functions has a column; else it stands in the line below.
const WITH_FUNCTIONS: usize = 100;
/// Columns for what to do, beside its cause.
const TO_DO: usize = 30;

/// Returns how many lines a cause takes.
pub(super) fn lines_of_one(style: &Style) -> usize {
    if style.width >= BESIDE { 1 } else { 2 }
}

/// Returns the lines of so many causes: headings, the causes, and how many there are besides.
pub(super) fn lines(summary: &Summary, rows: usize, style: &Style) -> Vec<String> {
    let shown: Vec<&Cause> = summary.causes.iter().take(rows).collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let mut out = grid(&shown, summary, style);
    if style.width < BESIDE {
        let heads = out.split_off(1).into_iter();
        out.extend(heads.zip(&shown).flat_map(|(head, cause)| [head, below(cause, summary, style)]));
    }
    let more = summary.causes_total.saturating_sub(shown.len() as u64);
    if more > 0 {
        let listed: u64 = shown.iter().map(|cause| cause.attempts).sum();
        let rest = count(summary.totals.failed.saturating_sub(listed), "attempt", "attempts");
        let text = format!("  + {} ({rest}): --by cause", count(more, "more cause", "more causes"));
        out.push(style.paint(Ink::Faint, &text));
    }
    out
}

/// Returns every cause with its functions and what to do in full.
pub(super) fn by_cause(summary: &Summary, rows: usize, style: &Style) -> Vec<String> {
    let shown: Vec<&Cause> = summary.causes.iter().take(rows).collect();
    let mut lines = grid(&shown, summary, &Style { width: style.width.min(BESIDE - 1), ..style.clone() }).into_iter();
    let mut out: Vec<String> = lines.next().into_iter().collect();
    for (head, cause) in lines.zip(&shown) {
        let names = cause.functions.iter().map(|name| one_line(name.as_deref().unwrap_or("(no name)")).into_owned());
        let names = format!("in {}", names.collect::<Vec<_>>().join(", "));
        let ignored = cause.ignored.then(|| IGNORED.to_owned());
        let owners = cause.owners.iter().map(|owner| one_line(owner)).collect::<Vec<_>>().join(", ");
        let owners = (!owners.is_empty()).then(|| format!("owned by {owners}"));
        let also = ignored.into_iter().chain(owners).chain(began(cause)).chain(share(cause, summary));
        let also = also.collect::<Vec<_>>().join("; ");
        // The row may not have room for all of it.
        let title = if head.contains('…') { one_line(&cause.title).into_owned() } else { String::new() };
        out.push(head);
        for text in [title, names, also, one_line(&cause.hint).into_owned()] {
            let lines = fold(&text, style.width.saturating_sub(2).min(98));
            out.extend(lines.iter().map(|line| format!("  {line}")));
        }
    }
    out
}

fn grid(shown: &[&Cause], summary: &Summary, style: &Style) -> Vec<String> {
    let times = Times::of(&summary.window, style);
    let time = |moment: &Option<String>| moment.as_deref().and_then(|at| times.text(at)).unwrap_or("-".to_owned());
    let since = |cause: &Cause| match &cause.first_seen {
        Some(_) if cause.since_before_window => format!("<{}", time(&cause.first_seen)),
        first => time(first),
    };
    let column = |heading: &str, text: &dyn Fn(&Cause) -> Cell| {
        GridColumn::numbers(heading, shown.iter().map(|cause| text(cause)).collect())
    };
    let mut columns = vec![
        column("FAILED", &|cause| match (cause.attempts, cause.environments) {
            (0, inits) if inits > 0 => Cell::plain(count(inits, "init", "inits")),
            (attempts, _) => Cell::painted(cell(attempts), Ink::Bad),
        }),
        column("FUNCTIONS", &|cause| Cell::plain(cell(cause.functions.len() as u64))),
        column("LOST", &|cause| Cell::failures(cause.lost)),
        column("SINCE", &|cause| Cell::plain(since(cause))),
        column("LAST", &|cause| Cell::plain(time(&cause.last_seen))),
    ];
    if style.width < WITH_FUNCTIONS {
        columns.remove(1);
    }
    let state = |cause: &&Cause| match (cause.state, state_word(cause.state)) {
        (FindingState::Ongoing, word) => Cell::painted(word, Ink::Bad),
        (FindingState::Stopped, word) => Cell::painted(word, Ink::Good),
        (_, word) => Cell::plain(word),
    };
    columns.push(GridColumn::text("STATE", shown.iter().map(state).collect()));
    if style.width >= BESIDE {
        let room = TO_DO.max(style.width.saturating_sub(grid::total(&columns) + 2 * GAP + TITLE));
        let to_do = |cause: &&Cause| {
            let (brief, rest) = to_do(cause, summary, room, style);
            Cell::painted(brief + &rest, Ink::Strong)
        };
        columns.push(GridColumn::text("WHAT TO DO", shown.iter().map(to_do).collect()));
    }
    let room = style.width.saturating_sub(grid::total(&columns) + GAP).max(8);
    let title = |cause: &&Cause| Cell::plain(shorten_end(&one_line(&cause.title), room));
    columns.insert(0, GridColumn::text("CAUSE", shown.iter().map(title).collect()));
    grid::lines(&columns, style)
}

/// Returns the word for the course of a cause.
pub(super) fn state_word(state: FindingState) -> &'static str {
    match state {
        FindingState::Ongoing => "ongoing",
        FindingState::Stopped => "stopped",
        FindingState::NoTraffic => "no traffic",
        FindingState::Unknown => "unknown",
    }
}

/// Columns that the title of a cause keeps beside a long text on what to do.
const TITLE: usize = 48;

/// Returns what to do, and what else is known as far as it fits: `bound each outgoing call`, `; in payments-worker`.
fn to_do(cause: &Cause, summary: &Summary, room: usize, style: &Style) -> (String, String) {
    let brief = shorten_end(&one_line(&cause.brief), room);
    let mut rest = String::new();
    let began = began(cause).filter(|_| !is_to_roll_back(cause));
    let ignored = cause.ignored.then(|| IGNORED.to_owned());
    for fact in
        ignored.into_iter().chain(owned(cause)).chain(began).chain(place(cause, style)).chain(share(cause, summary))
    {
        if width(&brief) + width(&rest) + width(&fact) + 2 <= room {
            rest.push_str(&format!("; {fact}"));
        }
    }
    (brief, rest)
}

/// What stands at a cause that fails no gate.
pub(super) const IGNORED: &str = "ignored by the gate";

/// Returns whose it is: `team orders`, `team orders and 2 more`.
fn owned(cause: &Cause) -> Option<String> {
    let first = one_line(cause.owners.first()?);
    Some(match cause.owners.len() {
        1 => format!("owner {first}"),
        some => format!("owners {first} and {} more", some - 1),
    })
}

/// Returns the line below a cause.
fn below(cause: &Cause, summary: &Summary, style: &Style) -> String {
    let (brief, rest) = to_do(cause, summary, style.width.saturating_sub(4), style);
    format!("{}{}", style.paint(Ink::Strong, &format!("  → {brief}")), style.paint(Ink::Faint, &rest))
}

/// Returns how much of the failures of its time it explains, if that tells anything.
pub(super) fn share(cause: &Cause, summary: &Summary) -> Option<String> {
    // Where it is alone, or was rare, the share tells nothing.
    let told = |share: &f64| *share >= 0.5 && summary.causes_total > 1 && cause.attempts >= 10;
    cause.share_within.filter(told).map(|share| format!("{} of the failures of that time", percent(share)))
}

/// Returns where it is, if neither its title nor a column tells it.
fn place(cause: &Cause, style: &Style) -> Option<String> {
    match &cause.functions[..] {
        [Some(name)] if cause.title.ends_with(name.as_str()) => None,
        // A function without a name has a row of its own.
        [name] => name.as_deref().map(|name| format!("in {}", one_line(name))),
        _ if style.width >= WITH_FUNCTIONS => None,
        names => Some(format!("in {}", count(names.len() as u64, "function", "functions"))),
    }
}

/// Returns whether what to do already names the version.
fn is_to_roll_back(cause: &Cause) -> bool {
    cause.began_with.versions.first().is_some_and(|first| cause.brief.contains(&format!("version {},", first.version)))
}

/// Returns the versions with which it began.
pub(super) fn began(cause: &Cause) -> Option<String> {
    let versions = &cause.began_with.versions;
    let first = versions.first()?;
    let same = versions.iter().all(|version| version.version == first.version);
    let version = one_line(&first.version).into_owned();
    let function = one_line(first.function.as_deref().unwrap_or("(no name)"));
    // In others it may have been there before.
    let everywhere = versions.len() == cause.functions.len();
    Some(match versions.len() {
        1 if everywhere => format!("began with version {version}"),
        1 => format!("in {function} with version {version}"),
        some if same && everywhere => format!("began with version {version} of {some} functions"),
        some => format!("in {some} functions with new versions"),
    })
}
