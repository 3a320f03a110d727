//! Findings: a card for each that matters, with the proof and what to do; a line for the others.

use std::collections::HashSet;

use maud::{Markup, html};

use super::super::causes::state_word;
use super::super::escape::one_line;
use super::super::finding_text::{attempts, care, error, silent_end, versions, when};
use super::super::links::{self, LinkedPlace};
use super::super::said::Said;
use super::super::sentence::SourcedSentence;
use super::super::time_axis::Axis;
use super::super::words::{count, duration, percent};
use super::causes::state_class;
use super::chart::spark;
use super::context::{LOST_WEIGHS, PageContext, PlacedFinding};
use super::markup::{count_at, sentence, slug};
use super::pages;
use crate::model::{Category, LocalTime};
use crate::wire::{EvidenceLine, Example, FindingState, FunctionSummary};

/// Cards that are open at first.
const OPEN: usize = 3;
/// Most lines of evidence of a card, and most characters of each.
const MOST_EVIDENCE: usize = 3;
const LONGEST: usize = 300;
/// Most examples whose request ids are named.
const MOST_EXAMPLES: usize = 1;
/// Cells of the course of failures.
const COURSE_CELLS: usize = 48;

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let all = &page.findings;
    let (cards, lines) = page.finding_limits();
    let axis = Axis::over(&page.summary.window, &page.summary.totals.timeline, COURSE_CELLS);
    let mut explained = HashSet::new();
    html! {
        section #findings aria-labelledby="findings-title" {
            h2 #findings-title { "Findings" }
            @if all.is_empty() { p.none { "Nothing failed." } }
            @else {
                p.note {
                    "One finding is one way in which one function fails. Those with most attempts come first; a lost event weighs as much as "
                    (LOST_WEIGHS) "."
                }
                @for (number, one) in all.iter().enumerate().take(cards) {
                    (card(page, number, one, axis.as_ref(), explained.insert(one.finding.code.as_str())))
                }
                @if lines > cards {
                    h3 { (count((lines - cards) as u64, "smaller finding", "smaller findings")) }
                    ul.lines {
                        @for (number, one) in all.iter().enumerate().take(lines).skip(cards) { (line(page, number, one)) }
                    }
                }
                @if all.len() > cards {
                    p.left-out {
                        @if all.len() > lines {
                            (count((all.len() - lines) as u64, "more finding is", "more findings are")) " not on this page. "
                        }
                        code { "--top 0" } " shows every finding in full."
                    }
                }
            }
        }
    }
}

/// Returns the dot and the code of a finding.
fn code(one: &PlacedFinding<'_>) -> Markup {
    html! { i class={ "dot c-" (slug(&one.finding.category)) } {} code { (one_line(&one.finding.code)) } }
}

/// Returns `3 attempts from 03:20 to 03:23, stopped: 4 attempts since`.
fn how_often(page: &PageContext<'_>, one: &PlacedFinding<'_>) -> SourcedSentence {
    let path = one.path();
    let often = attempts(one.finding, &path);
    match when(one.finding, &path, &page.times) {
        Some(when) => often.words(" ").then(when),
        None => often,
    }
}

fn name<'p>(page: &'p PageContext<'_>, one: &PlacedFinding<'_>) -> &'p str {
    page.names.get(one.row).map_or("", String::as_str)
}

/// Returns a finding as one line.
fn line(page: &PageContext<'_>, number: usize, one: &PlacedFinding<'_>) -> Markup {
    let cells = page.cells(one.finding.first_seen.as_deref(), one.finding.last_seen.as_deref());
    html! {
        li id=(page.finding_anchor(number)) data-cells=[cells] {
            (code(one)) " " b { (name(page, one)) } " " (sentence(&attempts(one.finding, &one.path())))
            @if one.finding.lost > 0 { ", " (count_at(&format!("{}/lost", one.path()), one.finding.lost)) " lost" }
        }
    }
}

fn card(page: &PageContext<'_>, number: usize, one: &PlacedFinding<'_>, axis: Option<&Axis>, explain: bool) -> Markup {
    let finding = one.finding;
    let Some(function) = page.summary.functions.get(one.row) else { return html! {} };
    let anchor = page.finding_anchor(number);
    let cells = page.cells(finding.first_seen.as_deref(), finding.last_seen.as_deref());
    html! {
        details.finding id=(anchor) open[number < OPEN] data-cells=[cells] {
            summary {
                span.head {
                    (code(one)) " " b { (name(page, one)) } " "
                    @if finding.state != FindingState::Unknown {
                        span class={ "state " (state_class(finding.state)) } { (state_word(finding.state)) }
                    }
                    @if finding.lost > 0 {
                        " " span.state.bad { (count_at(&format!("{}/lost", one.path()), finding.lost)) " lost" }
                    }
                    @if finding.ignored { " " span.state { "ignored" } }
                }
                span.course { (course(axis, function, &finding.category)) }
                span.when {
                    (sentence(&how_often(page, one)))
                    @if let Some(error) = error(finding) { " " code.error { (shortened(&error, LONGEST)) } }
                }
            }
            div.body {
                p.do { (one_line(&finding.hint)) }
                dl.chips {
                    @for (what, value) in care(finding) {
                        div class={ "chip " (care_class(what, &value)) } { dt { (what) } dd { (value) } }
                    }
                    @if finding.confidence != "high" {
                        div.chip { dt { "confidence" } dd { (one_line(&finding.confidence)) } }
                    }
                }
                (outcome(page, function, one))
                @if let Some(example) = finding.examples.first() { (evidence(page, function, example)) }
                (examples(one))
                (pages::explanation(finding, explain))
                p.foot {
                    a href={ "#" (page.anchor(one.row)) } { "Row of the function" } " "
                    a href={ "#" (anchor) } { "Link to this finding" }
                }
            }
        }
    }
}

/// Returns failures of this kind in the function over time: a finding has no course of its own.
fn course(axis: Option<&Axis>, function: &FunctionSummary, category: &str) -> Markup {
    let kind = Category::FAILURES.into_iter().find(|kind| kind.id() == category);
    let cells = |axis: &Axis| {
        let cells = axis.cells(&function.timeline);
        cells
            .iter()
            .map(|cell| kind.map_or(cell.failed, |kind| cell.failures.get(kind).unwrap_or(0)))
            .collect::<Vec<_>>()
    };
    axis.map_or_else(|| html! {}, |axis| spark(&cells(axis)))
}

fn care_class(what: &str, value: &str) -> &'static str {
    match (what, value) {
        ("retry", "yes" | "with backoff") | ("partial work", "none") | ("compensation", "no") => "good",
        _ => "warn",
    }
}

/// Returns what became of the events, and in which versions it was.
fn outcome(page: &PageContext<'_>, function: &FunctionSummary, one: &PlacedFinding<'_>) -> Markup {
    let finding = one.finding;
    let path = |key: &str| format!("{}/{key}", one.path());
    let mut text = SourcedSentence::default().count(path("events"), finding.events, "event", "events");
    if finding.recovered > 0 {
        text = text.words(", ").number(path("recovered"), finding.recovered, count(finding.recovered, "", "").trim());
        text = text.words(" recovered on a retry");
    }
    if finding.lost > 0 {
        text = text.words(", ").number(path("lost"), finding.lost, count(finding.lost, "", "").trim()).words(" lost");
    }
    if let Some(versions) = versions(function, finding) {
        text = text.words(format!(", {versions}"));
    }
    if let Some(share) = finding.share.filter(|_| function.versions.len() > 1 || page.summary.functions.len() > 1) {
        text = text.words(", ").number(path("share"), share, percent(share)).words(" of the attempts since it began");
    }
    html! { p.outcome { (sentence(&text)) } }
}

/// Returns the lines that prove the finding, with the silence after the last one.
fn evidence(page: &PageContext<'_>, function: &FunctionSummary, example: &Example) -> Markup {
    let at = |moment: Option<&str>| {
        let local = moment.and_then(|at| page.times.local(at));
        local.map_or(String::new(), |local| page.times.dated(&local, LocalTime::millis(&local), &local.date))
    };
    let silent = silent_end(example);
    let is_last = |line: &EvidenceLine| silent.is_some_and(|(last, _)| line.message == last);
    let lines: Vec<&EvidenceLine> = example.evidence.iter().take(MOST_EVIDENCE).collect();
    let alone = silent.filter(|_| !lines.iter().any(|line| is_last(line)));
    let silence = |ms: f64| html! { p.faint { "then " (duration(ms)) " of silence" } };
    let place = LinkedPlace::of_example(function, example);
    let links = links::all(&place);
    html! {
        ol.evidence {
            @if let Some((last, ms)) = alone {
                @let said = Said::read(last);
                li { span.at { (at(said.at.as_deref())) } " " code { (shortened(&said.text, LONGEST)) } (silence(ms)) }
            }
            @for (number, line) in lines.iter().enumerate() {
                @let said = Said::read(&line.message);
                // The file is named once.
                @let same = number > 0 && lines[number - 1].input == line.input;
                li {
                    span.at { (at(line.at.as_deref().or(said.at.as_deref()))) } " " code { (shortened(&said.text, LONGEST)) }
                    p.faint { @if !same { (one_line(&line.input)) ", " } "line " (line.line_number) }
                    @if let Some((_, ms)) = silent.filter(|_| is_last(line)) { (silence(ms)) }
                }
            }
        }
        @if !links.is_empty() {
            p.links {
                "In the console: "
                @for (label, url) in &links { a href=(url) rel="noopener noreferrer" { (label) } " " }
            }
        }
    }
}

/// Returns how to see the events of the examples.
fn examples(one: &PlacedFinding<'_>) -> Markup {
    let ids = one.finding.examples.iter().filter_map(|example| example.request_id.as_deref());
    let mut ids: Vec<&str> = ids.collect();
    ids.dedup();
    html! {
        @if !ids.is_empty() {
            p.examples {
                "See the whole event: "
                @for id in ids.iter().take(MOST_EXAMPLES) { code { "lambda-triage show " (one_line(id)) " LOGS" } " " }
            }
        }
    }
}

/// Shortens a text from a log.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}
