//! Two answers held against each other: a page of its own, and the changes since a baseline within a report.

use maud::{Markup, html};

use super::super::diff::{ChangeRow, SECTIONS, factor, first_line, name, rest, side_rate, side_window, times};
use super::super::escape::one_line;
use super::super::gate::gate_verdicts;
use super::super::style::{Ink, Style};
use super::super::words::{count, percent, thousands};
use super::markup::{count_at, number, percent_at};
use super::shell;
use crate::wire::{Change, Comparison, RateRatio, SideCounts};

/// Most rows of a table without a wish.
const ROWS: usize = 200;

/// A row of a table of changes.
struct ToldChange {
    name: String,
    /// Code of a cause, and what to do.
    code: Option<String>,
    brief: Option<String>,
    row: ChangeRow,
    /// Place in the JSON.
    path: String,
}

/// Returns the page; `top` rows of each table, 0 for all.
#[must_use]
pub(crate) fn diff_page(comparison: &Comparison, top: Option<usize>, style: &Style) -> String {
    let most = match top {
        Some(0) => usize::MAX,
        top => top.unwrap_or(ROWS),
    };
    let (headline, ink) = first_line(comparison);
    let body = html! {
        header #status {
            div.bar {
                p.brand { "lambda-triage diff" }
                div.what { h1 { (headline) } }
                p.badges {
                    span class={ "badge " (if ink == Ink::Bad { "bad" } else { "good" }) } {
                        (if ink == Ink::Bad { "Worse" } else { "Not worse" })
                    }
                }
            }
        }
        main {
            section #sides aria-labelledby="sides-title" {
                h2 #sides-title { "What is compared" }
                (sides(comparison, style))
                @if let Some(gate) = &comparison.gate {
                    div #gate class={ "gate " (if gate.passed { "good" } else { "bad" }) } {
                        ul {
                            @for verdict in gate_verdicts(gate) {
                                li { strong { (verdict.state.words()) } ": " code { (verdict.expression) } ": " (verdict.text) }
                            }
                        }
                    }
                }
            }
            section #changes aria-labelledby="changes-title" {
                h2 #changes-title { "Changes" }
                (changes(comparison, "", most, 3))
            }
            section #coverage aria-labelledby="coverage-title" {
                h2 #coverage-title { "The rest" }
                ul.lines { @for text in rest(comparison) { li { (text) } } }
                p.foot { "Made by lambda-triage " (one_line(&comparison.tool_version)) }
            }
        }
    };
    shell::document(&headline, &comparison.tool_version, body)
}

fn sides(comparison: &Comparison, style: &Style) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of both sides" {
            table {
                caption.quiet { "The two answers" }
                thead { tr {
                    th scope="col" { "Side" } th scope="col" { "Input" } th scope="col" { "From" } th.n scope="col" { "Functions" }
                    th.n scope="col" { "Attempts" } th.n scope="col" { "Failed" } th.n scope="col" { "Rate" } th.n scope="col" { "Lost" }
                    th scope="col" { "Whole" }
                } }
                tbody {
                    @for (key, side) in [("base", &comparison.base), ("head", &comparison.head)] {
                        @let path = |name: &str| format!("/{key}/{name}");
                        tr {
                            th scope="row" { (if key == "base" { "Base" } else { "Head" }) }
                            td { (one_line(side.input.as_deref().unwrap_or("this run"))) }
                            td { (side_window(side, style).unwrap_or_else(|| "-".to_owned())) }
                            td.n { (count_at(&path("functions"), side.functions)) }
                            td.n { (count_at(&path("attempts"), side.attempts)) }
                            td.n { (count_at(&path("failed"), side.failed)) }
                            td.n { @match side.failure_rate { Some(rate) => (percent_at(&path("failure_rate"), rate)), None => "n/a" } }
                            td.n { (count_at(&path("lost"), side.lost)) }
                            td { (if side.complete { "complete" } else { "partial" }) }
                        }
                    }
                }
            }
        }
    }
}

/// Returns the tables of what changed. `prefix` leads to the comparison in the JSON, `level` is that of the headings.
pub(super) fn changes(comparison: &Comparison, prefix: &str, most: usize, level: u8) -> Markup {
    let of = |change: Change| {
        let causes = comparison.causes.iter().enumerate().filter(move |(_, one)| one.change == change);
        let causes = causes.map(|(at, one)| ToldChange {
            name: one_line(&one.title).into_owned(),
            code: Some(one_line(&one.code).into_owned()),
            brief: Some(one_line(&one.brief).into_owned()).filter(|brief| !brief.is_empty()),
            row: one.into(),
            path: format!("{prefix}/causes/{at}"),
        });
        let functions = comparison.functions.iter().enumerate().filter(move |(_, one)| one.change == change);
        let functions = functions.map(|(at, one)| ToldChange {
            name: name(one, comparison),
            code: None,
            brief: None,
            row: one.into(),
            path: format!("{prefix}/functions/{at}"),
        });
        [("Cause", causes.collect::<Vec<_>>()), ("Function", functions.collect())]
    };
    let nothing = SECTIONS.iter().all(|(change, ..)| of(*change).iter().all(|(_, rows)| rows.is_empty()));
    html! {
        @if nothing { p.none { "No change beyond chance." } }
        @for (change, heading, ink) in SECTIONS {
            @let tables = of(change);
            @if tables.iter().any(|(_, rows)| !rows.is_empty()) {
                @if level == 3 { h3 class=(if ink == Ink::Bad { "bad" } else { "good" }) { (heading) } }
                @for (what, rows) in tables.iter().filter(|(_, rows)| !rows.is_empty()) { (table(what, heading, rows, most)) }
            }
        }
    }
}

fn table(what: &str, heading: &str, rows: &[ToldChange], most: usize) -> Markup {
    let plural = if what == "Cause" { ("more cause", "more causes") } else { ("more function", "more functions") };
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Table: " (heading) ", by " (what.to_ascii_lowercase()) } {
            table.wide {
                caption.quiet { (heading) ", by " (what.to_ascii_lowercase()) }
                thead { tr {
                    th scope="col" { (what) } th.n scope="col" { "Base" } th.n scope="col" { "Rate" } th.n scope="col" { "Head" }
                    th.n scope="col" { "Rate" } th.n scope="col" { "Times" } th.n scope="col" { "95%" }
                } }
                tbody {
                    @for one in rows.iter().take(most) {
                        tr {
                            th.lead scope="row" {
                                span.title { (one.name) }
                                @if let Some(code) = &one.code { " " code.faint { (code) } }
                                @if let Some(brief) = &one.brief { p.do { (brief) } }
                            }
                            td.n { (failed(&one.row.base, &format!("{}/base", one.path))) }
                            td.n { (rate(&one.row.base, &format!("{}/base", one.path))) }
                            td.n { (failed(&one.row.head, &format!("{}/head", one.path))) }
                            td.n { (rate(&one.row.head, &format!("{}/head", one.path))) }
                            td.n {
                                @match one.row.ratio.ratio {
                                    Some(ratio) => (number(&format!("{}/ratio/ratio", one.path), ratio, &times(&one.row.ratio))),
                                    None => "-",
                                }
                            }
                            td.n { (interval(&one.row.ratio, &format!("{}/ratio", one.path))) }
                        }
                    }
                }
            }
        }
        @if rows.len() > most { p.left-out { (count((rows.len() - most) as u64, plural.0, plural.1)) ": " code { "--top 0" } } }
    }
}

fn failed(side: &SideCounts, path: &str) -> Markup {
    match (side.failed, side.environments) {
        (0, inits) if inits > 0 => html! {
            (number(&format!("{path}/environments"), inits, &thousands(inits))) (if inits == 1 { " init" } else { " inits" })
        },
        (failed, _) => count_at(&format!("{path}/failed"), failed),
    }
}

fn rate(side: &SideCounts, path: &str) -> Markup {
    match side.rate {
        Some(rate) => number(&format!("{path}/rate"), rate, &percent(rate)),
        None => html! { (side_rate(side)) },
    }
}

/// Returns the quotients that are possible at 95 %.
fn interval(ratio: &RateRatio, path: &str) -> Markup {
    let bound = |key: &str, ratio: f64| number(&format!("{path}/{key}"), ratio, &factor(ratio));
    match (ratio.least, ratio.most) {
        (Some(least), Some(most)) => html! { (bound("least", least)) " to " (bound("most", most)) },
        (Some(least), None) => html! { "at least " (bound("least", least)) },
        (None, _) => html! { "-" },
    }
}
