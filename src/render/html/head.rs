//! Head of the page, which stays in view: what it is about, when, whether it is whole, the gate. Below it the three numbers,
//! why the gate failed, what is missing, and what changed since the baseline.

use maud::{Markup, html};

use super::super::cloudwatch;
use super::super::diff::first_line;
use super::super::escape::one_line;
use super::super::gate::{GateState, gate_verdicts, ignored, with_unit};
use super::super::headline;
use super::super::style::Ink;
use super::super::words::count;
use super::context::PageContext;
use super::diff;
use super::markup::{computed, count_at, number, percent_at, sentence, sentence_case};
use crate::wire::{Condition, Gate, Summary};

/// Most conditions of the gate, each with its value.
const MOST_CONDITIONS: usize = 50;
/// Most changes since the baseline.
const MOST_CHANGES: usize = 20;
/// Most functions of which CloudWatch counts what no log shows.
const MOST_COUNTED: usize = 20;

/// Sections that the head links to, with their names there.
const LINKS: [(&str, &str); 10] = [
    ("time", "Time"),
    ("causes", "Causes"),
    ("functions", "Functions"),
    ("findings", "Findings"),
    ("events", "Events"),
    ("distributions", "Resources"),
    ("cold-starts", "Cold starts"),
    ("warnings", "Warnings"),
    ("coverage", "Coverage"),
    ("numbers", "Top"),
];

/// Returns the head.
pub(super) fn status(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let functions = summary.functions.len() as u64;
    html! {
        a.skip href="#numbers" { "Skip to the answer" }
        header #status {
            div.bar {
                p.brand { "lambda-triage" }
                div.what {
                    h1 { (sentence(&headline::sentence(summary))) }
                    @if functions > 0 {
                        p.window {
                            (computed(functions)) (if functions == 1 { " function" } else { " functions" })
                            @if let Some(window) = headline::window(&summary.window, page.style) { ", " (window) }
                        }
                    }
                }
                p.badges {
                    @if summary.coverage.complete {
                        span.badge.good { "Complete" }
                    } @else {
                        a.badge.warn href="#coverage" { "Partial" }
                    }
                    @if let Some(gate) = &summary.gate { " " (gate_badge(gate)) }
                }
            }
            nav aria-label="Sections" {
                ul {
                    @for (id, name) in LINKS.iter().filter(|(id, _)| *id != "numbers") {
                        li { a href={ "#" (id) } { (name) } }
                    }
                }
            }
        }
    }
}

fn gate_badge(gate: &Gate) -> Markup {
    let failed = gate_verdicts(gate).iter().any(|verdict| verdict.state == GateState::Failed);
    let (class, text) = match (gate.passed, failed) {
        (true, _) => ("badge good", "Gate passed"),
        (false, true) => ("badge bad", "Gate failed"),
        (false, false) => ("badge warn", "Gate not evaluable"),
    };
    html! { a class=(class) href="#gate" { (text) } }
}

/// Returns the three numbers that matter most, with what must be known before anything else is read.
pub(super) fn numbers(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    html! {
        section #numbers aria-labelledby="numbers-title" {
            h2.quiet #numbers-title { "In three numbers" }
            @if !summary.coverage.complete {
                p.alert.warn {
                    strong { "This answer is partial. " }
                    @if let Some(gap) = headline::gap(&summary.coverage) { (one_line(&gap)) " " }
                    a href="#coverage" { "What was not read" }
                }
            }
            @if !summary.functions.is_empty() { (tiles(summary)) }
            (counted(page))
            @if let Some(gate) = &summary.gate { (gate_details(gate)) }
            @if let Some(comparison) = &summary.comparison {
                @let (told, ink) = first_line(comparison);
                details.changes {
                    summary {
                        strong { "Since the baseline" } ": "
                        span class=(if ink == Ink::Bad { "bad" } else { "good" }) { (told) }
                    }
                    (diff::changes(comparison, "/comparison", MOST_CHANGES))
                }
            }
        }
    }
}

/// Returns what CloudWatch counts that no log shows.
fn counted(page: &PageContext<'_>) -> Markup {
    let found = cloudwatch::found(page.summary);
    let shown = page.view.most(MOST_COUNTED).min(found.len());
    html! {
        @if !found.is_empty() {
            div.alert.warn {
                strong { "CloudWatch counts what no log shows" }
                ul.lines {
                    @for one in &found[..shown] {
                        li {
                            a href={ "#" (page.anchor(one.row)) } { (page.names.get(one.row).map_or("", String::as_str)) }
                            ": " (sentence(&one.told()))
                        }
                    }
                }
                @if shown < found.len() {
                    p.left-out { (count((found.len() - shown) as u64, "more function", "more functions")) ": " code { "--top 0" } }
                }
            }
        }
    }
}

fn tiles(summary: &Summary) -> Markup {
    let totals = &summary.totals;
    let lost = totals.lost;
    let check = summary.events_to_check_total;
    // Not all is well with events that the log does not have.
    let unseen = cloudwatch::has_undelivered(summary) || totals.never_ran.is_some_and(|events| events > 0);
    let tone = |bad: bool| if bad { "tile bad" } else { "tile good" };
    let cost = totals.waste.as_ref().and_then(|waste| waste.usd).filter(|usd| *usd >= 0.01);
    let cost = cost.map(|usd| number("/totals/waste/usd", usd, &with_unit(usd, "usd")));
    html! {
        dl.tiles {
            div class=(tone(totals.failed > 0)) {
                dt { "Attempts failed" }
                dd.big { (count_at("/totals/failed", totals.failed)) }
                dd {
                    @if let Some(rate) = totals.failure_rate {
                        strong { (percent_at("/totals/failure_rate", rate)) } " of those that ended; "
                    }
                    (count_at("/totals/attempts", totals.attempts)) " in all"
                    @if totals.environment_failures > 0 {
                        ", and " (count_at("/totals/environment_failures", totals.environment_failures))
                        " failed inits without a request"
                    }
                }
            }
            div class=(if lost == 0 && unseen { "tile" } else { tone(lost > 0) }) {
                dt { "Events lost" }
                dd.big { (count_at("/totals/lost", lost)) }
                dd {
                    "of " (count_at("/totals/events", totals.events))
                    @if totals.outcomes.recovered > 0 {
                        "; " (count_at("/totals/outcomes/recovered", totals.outcomes.recovered)) " recovered on a retry"
                    }
                    @if let Some(caught) = totals.caught {
                        ", " (count_at("/totals/caught", caught)) " caught by a queue or destination"
                    }
                    @if let Some(never_ran) = totals.never_ran.filter(|events| *events > 0) {
                        ", " (count_at("/totals/never_ran", never_ran)) " never ran"
                    }
                }
            }
            div class=(tone(check > 0)) {
                dt { "Events to check" }
                dd.big { (count_at("/events_to_check_total", check)) }
                dd {
                    @let half_done = totals.needs_person.possibly_half_done;
                    @if half_done > 0 {
                        (count_at("/totals/needs_person/possibly_half_done", half_done)) " possibly half done"
                    }
                    @if let Some(cost) = &cost {
                        (if half_done > 0 { "; failures and reruns cost " } else { "Failures and reruns cost " }) (cost)
                    } @else if half_done == 0 { "lost, run twice or possibly half done" }
                }
            }
        }
    }
}

fn gate_details(gate: &Gate) -> Markup {
    let mut verdicts = gate_verdicts(gate);
    verdicts.sort_by_key(|verdict| verdict.state);
    let passed = verdicts.iter().filter(|verdict| verdict.state == GateState::Passed).count() as u64;
    let tone = match gate.passed {
        true => "good",
        false => "bad",
    };
    html! {
        div #gate class={ "gate " (tone) } {
            ul {
                @for verdict in verdicts.iter().filter(|verdict| verdict.state != GateState::Passed) {
                    li { strong { (sentence_case(verdict.state.words())) } ": " code { (verdict.expression) } ": " (verdict.text) }
                }
                @if verdicts.iter().all(|verdict| verdict.state == GateState::Passed) {
                    li {
                        @if gate.passed { strong { "Gate passed" } ": " (count(passed, "condition", "conditions")) }
                        @else { strong { "Gate not passed" } ": part of the log was not read or not understood" }
                    }
                } @else if passed > 0 {
                    li { (count(passed, "condition", "conditions")) " passed" }
                }
                @if let Some(ignored) = ignored(gate) { li { (ignored) } }
            }
            @if !gate.conditions.is_empty() { (conditions(gate)) }
        }
    }
}

/// Returns the conditions with their values, those that are true first.
fn conditions(gate: &Gate) -> Markup {
    let mut ordered: Vec<(usize, &Condition)> = gate.conditions.iter().enumerate().collect();
    ordered.sort_by_key(|(_, one)| (one.result != "fail", one.result != "not_evaluable"));
    let value = |key: &str, at: usize, value: Option<f64>, unit: &str| match value {
        Some(value) => number(&format!("/gate/conditions/{at}/{key}"), value, &with_unit(value, unit)),
        None => html! { "n/a" },
    };
    html! {
        details {
            summary { "Values of the conditions" }
            div.scroll tabindex="0" role="region" aria-label="Conditions of the gate" {
                table {
                    thead { tr {
                        th scope="col" { "Result" } th scope="col" { "Condition" } th scope="col" { "Function" }
                        th.n scope="col" { "Value" } th.n scope="col" { "Bound" }
                    } }
                    tbody {
                        @for (at, one) in ordered.iter().take(MOST_CONDITIONS) {
                            tr {
                                td { (one.result.replace('_', " ")) @if one.level != "fail" { " (warning)" } }
                                td { code { (one_line(&one.expression)) } }
                                td { (one_line(one.scope.as_deref().unwrap_or("all functions"))) }
                                td.n { (value("value", *at, one.value, &one.unit)) }
                                td.n { (value("threshold", *at, one.threshold, &one.unit)) }
                            }
                        }
                    }
                }
            }
            @if ordered.len() > MOST_CONDITIONS {
                p.left-out { (count((ordered.len() - MOST_CONDITIONS) as u64, "more condition", "more conditions")) ": " code { "--format json" } }
            }
        }
    }
}
