//! A comparison as text: what is new, worse, better and gone, by cause and then by function. Also the block of a comparison
//! with a baseline on the first screen.

use super::escape::{one_line, without_commands};
use super::gate;
use super::grid::{self, Cell, GAP, GridColumn};
use super::names::distinct;
use super::style::{Ink, Style};
use super::words::{count, fold, percent, shorten_end, shorten_middle, thousands, width};
use crate::wire::{CauseChange, Change, ComparedSide, Comparison, FunctionChange, RateRatio, SideCounts, Summary};

/// Changes that are told, in their order, each with its heading and colour.
pub(super) const SECTIONS: [(Change, &str, Ink); 4] = [
    (Change::New, "New", Ink::Bad),
    (Change::Worse, "Worse", Ink::Bad),
    (Change::Better, "Better", Ink::Good),
    (Change::Gone, "Gone", Ink::Good),
];
/// Most rows of a table without a wish.
const ROWS: usize = 20;
/// Most lines of the block on the first screen, its heading left out.
const BLOCK_ROWS: usize = 3;
/// Fewest columns of a title or a name.
const NAME: usize = 14;

/// Returns a comparison as text; `top` rows of each table, 0 for all.
#[must_use]
pub(crate) fn diff(comparison: &Comparison, top: Option<usize>, style: &Style) -> String {
    let most = match top {
        Some(0) => usize::MAX,
        top => top.unwrap_or(ROWS),
    };
    let mut lines = head(comparison, style);
    lines.extend(comparison.gate.iter().flat_map(|gate| gate::lines(gate, style)));
    for (change, heading, ink) in SECTIONS {
        let causes: Vec<&CauseChange> = comparison.causes.iter().filter(|one| one.change == change).collect();
        let functions: Vec<&FunctionChange> = comparison.functions.iter().filter(|one| one.change == change).collect();
        if causes.is_empty() && functions.is_empty() {
            continue;
        }
        lines.extend([String::new(), style.paint(ink, heading)]);
        if !causes.is_empty() {
            let titles = causes.iter().take(most).map(|one| title(one)).collect();
            lines.extend(table("CAUSE", titles, causes.iter().map(|one| row(*one)).take(most).collect(), style));
            lines.extend(more(causes.len(), most, style));
        }
        if !functions.is_empty() {
            let names = functions.iter().take(most).map(|one| name(one, comparison)).collect();
            lines.extend(table("FUNCTION", names, functions.iter().map(|one| row(*one)).take(most).collect(), style));
            lines.extend(more(functions.len(), most, style));
        }
    }
    let rest = folded(&rest(comparison), style);
    if !rest.is_empty() {
        lines.push(String::new());
        lines.extend(rest);
    }
    lines.iter().map(|line| without_commands(&style.encode(line.trim_end())).into_owned() + "\n").collect()
}

/// Returns the block of the first screen: nothing, unless something is new or worse.
pub(super) fn block(summary: &Summary, style: &Style) -> Vec<String> {
    let Some(comparison) = &summary.comparison else { return Vec::new() };
    let bad = |change: Change| matches!(change, Change::New | Change::Worse);
    let causes = comparison.causes.iter().filter(|one| bad(one.change));
    let causes = causes.map(|one| (one.change, title(one), row(one)));
    let functions = comparison.functions.iter().filter(|one| bad(one.change));
    let functions = functions.map(|one| (one.change, name(one, comparison), row(one)));
    let told: Vec<_> = causes.chain(functions).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let with = comparison.base.input.as_deref().map_or("the baseline".to_owned(), |name| one_line(name).into_owned());
    let lead = format!("{}, {}; against ", new_and_worse(comparison), worse_functions(comparison));
    let with = shorten_middle(&with, style.width.saturating_sub(width(&lead)).max(NAME));
    let mut out = vec![shorten_end(&format!("{lead}{with}"), style.width)];
    out[0] = style.paint(Ink::Bad, &out[0]);
    for (change, name, row) in told.iter().take(BLOCK_ROWS) {
        let label = if *change == Change::New { "new  " } else { "worse" };
        let rates = format!("{} → {}{}", side_rate(&row.base), side_rate(&row.head), times_in_words(&row.ratio));
        let room = style.width.saturating_sub(width(label) + width(&rates) + 6).max(NAME);
        out.push(format!("  {}  {}  {rates}", style.paint(Ink::Bad, label), shorten_middle(name, room)));
    }
    if told.len() > BLOCK_ROWS {
        let text = format!("  + {} more: lambda-triage diff", thousands((told.len() - BLOCK_ROWS) as u64));
        out.push(style.paint(Ink::Faint, &text));
    }
    out
}

/// What rows of causes and functions have in common.
#[derive(Clone, Copy)]
pub(super) struct ChangeRow {
    pub(super) base: SideCounts,
    pub(super) head: SideCounts,
    pub(super) ratio: RateRatio,
}

impl From<&CauseChange> for ChangeRow {
    fn from(one: &CauseChange) -> Self {
        Self { base: one.base, head: one.head, ratio: one.ratio }
    }
}

impl From<&FunctionChange> for ChangeRow {
    fn from(one: &FunctionChange) -> Self {
        Self { base: one.base, head: one.head, ratio: one.ratio }
    }
}

fn row<'a, T>(one: &'a T) -> ChangeRow
where
    ChangeRow: From<&'a T>,
{
    ChangeRow::from(one)
}

/// Returns how much changed, and what either side is.
fn head(comparison: &Comparison, style: &Style) -> Vec<String> {
    let (first, ink) = first_line(comparison);
    let mut out: Vec<String> = fold(&first, style.width).iter().map(|line| style.paint(ink, line)).collect();
    for (word, side) in [("BASE", &comparison.base), ("HEAD", &comparison.head)] {
        out.push(told_of(word, side, style));
    }
    out
}

/// Returns how much changed, and whether that is bad.
pub(super) fn first_line(comparison: &Comparison) -> (String, Ink) {
    let counts = &comparison.counts;
    let told = counts.new_causes.is_some();
    let bad = [counts.new_causes, counts.worse_causes, counts.worse_functions].iter().any(|one| *one > Some(0));
    let first = match told {
        false => "Nothing can be told".to_owned(),
        true => format!(
            "{}, {} better, {} gone; {}, {} better",
            new_and_worse(comparison),
            number(counts.better_causes),
            number(counts.gone_causes),
            worse_functions(comparison),
            number(counts.better_functions)
        ),
    };
    (first, if bad { Ink::Bad } else { Ink::Good })
}

fn new_and_worse(comparison: &Comparison) -> String {
    let new = count(comparison.counts.new_causes.unwrap_or(0), "cause", "causes");
    format!("{new} new, {} worse", number(comparison.counts.worse_causes))
}

fn worse_functions(comparison: &Comparison) -> String {
    format!("{} worse", count(comparison.counts.worse_functions.unwrap_or(0), "function", "functions"))
}

fn number(count: Option<u64>) -> String {
    thousands(count.unwrap_or(0))
}

/// Returns `BASE  before.json  40 of 1,204 attempts failed (3.3%), 2 lost, from 2026-01-02 03:00`.
fn told_of(word: &str, side: &ComparedSide, style: &Style) -> String {
    let rate = side.failure_rate.map_or(String::new(), |rate| format!(" ({})", percent(rate)));
    let partial = if side.complete { "" } else { ", partial" };
    let from = side_window(side, style).map_or(String::new(), |from| format!(", {from}"));
    let attempts = count(side.attempts, "attempt", "attempts");
    let numbers = format!("{} of {attempts} failed{rate}{partial}{from}", thousands(side.failed));
    let name = side.input.as_deref().map_or("this run".into(), one_line);
    let room = style.width.saturating_sub(width(&numbers) + width(word) + 4).max(NAME);
    shorten_end(&format!("{word}  {}  {numbers}", shorten_middle(&name, room)), style.width)
}

/// Returns when the log of a side begins: `2026-01-02 03:00`.
pub(super) fn side_window(side: &ComparedSide, style: &Style) -> Option<String> {
    let from = style.local(side.window.start.as_deref()?)?;
    Some(format!("{} {}", from.date, from.minutes()))
}

/// Returns the lines of a table of changes.
fn table(heading: &str, names: Vec<String>, rows: Vec<ChangeRow>, style: &Style) -> Vec<String> {
    let column = |heading: &str, text: &dyn Fn(&ChangeRow) -> Cell| {
        GridColumn::numbers(heading, rows.iter().map(text).collect())
    };
    let failed = |side: &SideCounts| match (side.failed, side.environments) {
        (0, inits) if inits > 0 => Cell::plain(count(inits, "init", "inits")),
        (failed, _) => Cell::failures(failed),
    };
    let mut columns = vec![
        column("BASE", &|row| failed(&row.base)),
        column("RATE", &|row| Cell::plain(side_rate(&row.base))),
        column("HEAD", &|row| failed(&row.head)),
        column("RATE", &|row| Cell::plain(side_rate(&row.head))),
        column("TIMES", &|row| Cell::plain(times(&row.ratio))),
        column("95%", &|row| Cell::plain(interval(&row.ratio))),
    ];
    let room = style.width.saturating_sub(grid::total(&columns) + GAP).max(NAME);
    let names = distinct(&names, room).into_iter().map(Cell::plain).collect();
    columns.insert(0, GridColumn::text(heading, names));
    grid::lines(&columns, style)
}

fn more(all: usize, most: usize, style: &Style) -> Option<String> {
    let more = all.checked_sub(most).filter(|more| *more > 0)?;
    Some(style.paint(Ink::Faint, &format!("  + {} more: --top 0", thousands(more as u64))))
}

/// Returns what tells no change, and what else must be known.
pub(super) fn rest(comparison: &Comparison) -> Vec<String> {
    let causes = |change| comparison.causes.iter().filter(|one| one.change == change).count() as u64;
    let functions = |change| comparison.functions.iter().filter(|one| one.change == change).count() as u64;
    let mut texts: Vec<String> = beside_log(comparison).into_iter().collect();
    let same =
        [count(causes(Change::Same), "cause", "causes"), count(functions(Change::Same), "function", "functions")];
    texts.push(format!("No change beyond chance: {} and {}", same[0], same[1]));
    let undecided = causes(Change::Undecided);
    if undecided > 0 {
        let text = "on one side only, too rare to tell or without traffic to compare";
        texts.push(format!("{} {text}", count(undecided, "cause", "causes")));
    }
    for (word, side) in [("BASE", true), ("HEAD", false)] {
        let only = comparison.functions.iter().filter(|one| one.change == Change::Undecided && is_only_in(one, side));
        let names: Vec<String> = only.map(|one| name(one, comparison)).collect();
        if !names.is_empty() {
            texts.push(format!("Only in {word}: {}", names.join(", ")));
        }
    }
    texts.extend(comparison.notes.iter().map(|note| format!("Note: {}", one_line(note))));
    texts
}

/// Returns what changed of what no log shows: throttled requests, caught events and those that never ran. Each is a count of
/// all there were, so no chance is in it.
fn beside_log(comparison: &Comparison) -> Option<String> {
    let changed = comparison.functions.iter().filter_map(|one| {
        let (base, head) = (&one.base, &one.head);
        let numbers = [
            ("throttled", base.own_throttles, head.own_throttles),
            ("caught", base.caught, head.caught),
            ("never ran", base.never_ran, head.never_ran),
        ];
        let told = numbers.into_iter().filter_map(|(word, base, head)| {
            let (base, head) = base.zip(head).filter(|(base, head)| base != head)?;
            Some(format!("{word} {} → {}", thousands(base), thousands(head)))
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| format!("{} {}", name(one, comparison), told.join(", ")))
    });
    let changed: Vec<String> = changed.collect();
    (!changed.is_empty()).then(|| format!("Beside the log: {}", changed.join("; ")))
}

fn folded(texts: &[String], style: &Style) -> Vec<String> {
    let lines = texts.iter().map(|text| shorten_end(text, style.width * 2));
    lines.flat_map(|text| fold(&text, style.width)).map(|line| style.paint(Ink::Faint, &line)).collect()
}

/// Returns whether a function has traffic on this side only.
fn is_only_in(function: &FunctionChange, base: bool) -> bool {
    let has = |side: &SideCounts| side.finished != Some(0) || side.environments > 0;
    let (this, other) = if base { (&function.base, &function.head) } else { (&function.head, &function.base) };
    has(this) && !has(other)
}

fn title(cause: &CauseChange) -> String {
    one_line(&cause.title).into_owned()
}

/// Returns a function's name, with account and region where another has the same.
pub(super) fn name(function: &FunctionChange, comparison: &Comparison) -> String {
    let name = one_line(function.function.as_deref().unwrap_or("(no name)")).into_owned();
    let twins = comparison.functions.iter().filter(|other| other.function == function.function).count();
    let place = [function.account_id.as_deref(), function.region.as_deref()];
    let place: Vec<&str> = place.into_iter().flatten().collect();
    if twins > 1 && !place.is_empty() { format!("{name} ({})", one_line(&place.join(" "))) } else { name }
}

pub(super) fn side_rate(side: &SideCounts) -> String {
    side.rate.map_or("n/a".to_owned(), percent)
}

/// Returns `2.1x`; what the base has none of has no quotient.
pub(super) fn times(ratio: &RateRatio) -> String {
    ratio.ratio.map_or("-".to_owned(), factor)
}

fn times_in_words(ratio: &RateRatio) -> String {
    ratio.ratio.map_or(String::new(), |ratio| format!(" ({})", factor(ratio)))
}

fn interval(ratio: &RateRatio) -> String {
    match (ratio.least, ratio.most) {
        (Some(least), Some(most)) => format!("{}-{}", factor(least).trim_end_matches('x'), factor(most)),
        (Some(least), None) => format!(">{}", factor(least)),
        (None, _) => "-".to_owned(),
    }
}

pub(super) fn factor(ratio: f64) -> String {
    match ratio {
        some if some >= 1e6 => ">999999x".to_owned(),
        some if some >= 9.95 => format!("{some:.0}x"),
        some if some >= 0.095 || some == 0.0 => format!("{some:.1}x"),
        some if some >= 0.0095 => format!("{some:.2}x"),
        _ => "<0.01x".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ChangeCounts, Window};

    fn side(failed: u64, finished: u64) -> SideCounts {
        let rate = Some(failed as f64 / finished as f64);
        SideCounts { failed, events: failed, finished: Some(finished), rate, ..SideCounts::default() }
    }

    /// A comparison with hostile names and large numbers.
    fn fixture() -> Comparison {
        let compared = |input: &str| ComparedSide {
            input: Some(input.to_owned()),
            window: Window { start: Some("2026-01-02T03:00:00.000Z".to_owned()), ..Window::default() },
            functions: 12,
            attempts: 123_456_789,
            failed: 1_234_567,
            failure_rate: Some(0.01),
            lost: 5,
            own_throttles: None,
            caught: None,
            never_ran: None,
            complete: false,
        };
        let changes = [Change::New, Change::Worse, Change::Better, Change::Gone, Change::Undecided, Change::Same];
        let ratio = RateRatio { ratio: Some(2.13), least: Some(1.52), most: Some(1_204.0) };
        let cause = |(at, change): (usize, Change)| CauseChange {
            change,
            id: format!("c1:{at}"),
            code: "downstream.dns".to_owned(),
            target: None,
            title: format!("No address for a-very-long-host-name-{at}.internal.example.com\u{1b}[31m\n::error::x"),
            brief: "check the name".to_owned(),
            functions: vec![Some("f".to_owned())],
            base: if change == Change::New { side(0, 1_204_000) } else { side(1_204, 1_204_000) },
            head: side(2_408_000, 12_040_000),
            ratio: if change == Change::New { RateRatio { ratio: None, most: None, ..ratio } } else { ratio },
            expected_in_base: Some(10.0),
            p_value: Some(0.001),
        };
        let function = |(at, change): (usize, Change)| FunctionChange {
            change,
            function: Some(format!("a-function-with-a-long-name-production-{at}")),
            account_id: None,
            region: None,
            base: if change == Change::Undecided { side(0, 1).with_no_traffic() } else { side(1_204, 1_204_000) },
            head: side(2_408, 1_204_000),
            ratio,
            p_value: None,
        };
        Comparison {
            schema: 1,
            tool_version: "1".to_owned(),
            base: compared("a/path/that/is/very/long/and/goes/on/and/on/before.json"),
            head: compared("after.json"),
            counts: ChangeCounts {
                new_causes: Some(1),
                worse_causes: Some(1),
                better_causes: Some(1),
                gone_causes: Some(1),
                worse_functions: Some(1),
                better_functions: Some(1),
            },
            causes: changes.into_iter().enumerate().map(cause).collect(),
            functions: [Change::Worse, Change::Better, Change::Undecided]
                .into_iter()
                .enumerate()
                .map(function)
                .collect(),
            notes: vec!["the base is partial: what was not read may be what is missing".to_owned()],
            gate: None,
        }
    }

    impl SideCounts {
        fn with_no_traffic(self) -> Self {
            Self { finished: Some(0), rate: None, ..self }
        }
    }

    #[test]
    fn every_section_fits_and_is_inert() {
        let comparison = fixture();
        for columns in [60, 80, 120] {
            let text = diff(&comparison, None, &Style { width: columns, ..Style::PLAIN });
            for heading in
                ["\nNew\n", "\nWorse\n", "\nBetter\n", "\nGone\n", "Only in HEAD: a-function", "Note: the base"]
            {
                assert!(text.contains(heading), "{heading}: {text}");
            }
            let long = text.lines().find(|line| width(line) > columns.max(80));
            assert_eq!(long, None, "{text}");
            assert!(!text.contains(['\u{1b}', '\u{7}']) && !text.contains("\n::error"), "{text}");
        }
        let order = diff(&comparison, None, &Style::PLAIN);
        let at = |word: &str| order.find(word).unwrap();
        assert!(
            at("\nNew\n") < at("\nWorse\n") && at("\nWorse\n") < at("\nBetter\n") && at("\nBetter\n") < at("\nGone\n")
        );
        assert!(order.contains(">1.5x") && order.contains("1.5-1204x"), "{order}");
    }

    #[test]
    fn rows_are_limited_as_wished() {
        let mut comparison = fixture();
        let worse = comparison.causes[1].clone();
        comparison.causes = (0..50).map(|n| CauseChange { id: format!("{n}"), ..worse.clone() }).collect();
        let rows =
            |top| diff(&comparison, top, &Style::PLAIN).lines().filter(|line| line.contains("No address")).count();
        assert_eq!((rows(None), rows(Some(3)), rows(Some(0))), (ROWS, 3, 50));
    }

    #[test]
    fn the_block_is_there_only_for_what_is_new_or_worse() {
        let mut summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        assert!(block(&summary, &Style::PLAIN).is_empty());
        summary.comparison = Some(fixture());
        let lines = block(&summary, &Style::PLAIN);
        assert!(lines.len() == 4 && lines.iter().all(|line| width(line) <= 80), "{lines:#?}");
        assert!(
            lines[1].starts_with("  new    No address") && lines[2].starts_with("  worse  No address"),
            "{lines:#?}"
        );
        let comparison = summary.comparison.as_mut().unwrap();
        comparison.causes.retain(|one| one.change > Change::Worse);
        comparison.functions.retain(|one| one.change > Change::Worse);
        assert!(block(&summary, &Style::PLAIN).is_empty());
    }
}
