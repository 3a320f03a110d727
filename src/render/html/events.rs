//! Events that somebody must look at: to filter, to copy, to save as CSV.

use maud::{Markup, html};

use super::super::escape::one_line;
use super::super::needs::{CAVEAT, is_known_to_be_lost, need_word};
use super::super::words::{count, replay};
use super::context::PageContext;
use super::markup::{Anchors, count_at, slug};
use crate::wire::EventToCheck;

/// Most events, unless the user wants another number.
const MOST_EVENTS: usize = 90;

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let total = summary.events_to_check_total;
    html! {
        section #events aria-labelledby="events-title" {
            h2 #events-title { "Events to check" }
            @if total == 0 { p.none { "No event was lost, run again after a success, or left half done." } }
            @else {
                (table(page))
                @if summary.totals.caught.is_none() && !is_known_to_be_lost(summary) { p.note { (CAVEAT) } }
            }
        }
    }
}

fn table(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let shown = page.view.most(MOST_EVENTS).min(summary.events_to_check.len());
    let left_out = summary.events_to_check_total.saturating_sub(shown as u64);
    let mut anchors = Anchors::default();
    html! {
        div.tools.js hidden {
            label { "Filter " input #events-filter type="search" autocomplete="off" spellcheck="false"; }
            button #events-copy type="button" { "Copy request ids" }
            button #events-csv type="button" { "Download CSV" }
            p #events-count role="status" {}
        }
        div.scroll tabindex="0" role="region" aria-label="Table of events" {
            table.wide #events-table {
                caption.quiet { "Events to check, worst first" }
                thead { tr {
                    th scope="col" { "Request id" } th scope="col" { "Function" } th scope="col" { "What happened" }
                    th.n scope="col" { "Attempts" } th scope="col" { "First" } th scope="col" { "Code" } th scope="col" { "Send it again?" }
                } }
                tbody {
                    @for (at, event) in summary.events_to_check.iter().take(shown).enumerate() {
                        (row(page, at, event, &mut anchors))
                    }
                }
            }
        }
        @if left_out > 0 {
            p.left-out {
                (count(left_out, "more event", "more events")) ": " code { "--ledger events.csv" } " lists every event with its side effects"
            }
        }
    }
}

fn row(page: &PageContext<'_>, at: usize, event: &EventToCheck, anchors: &mut Anchors) -> Markup {
    let id = event.request_id.as_deref().unwrap_or("(no id)");
    let anchor = anchors.take(format!("event-{}", slug(id)));
    let first = event.first_started_at.as_deref();
    let function = page.row(event.function.as_deref(), event.account_id.as_deref(), event.region.as_deref());
    let name = one_line(event.function.as_deref().unwrap_or("(no name)"));
    html! {
        tr id=(anchor) data-cells=[page.cells(first, first)] {
            th scope="row" { code { (one_line(id)) } }
            td {
                @match function {
                    Some(row) => a href={ "#" (page.anchor(row)) } { (name) },
                    None => (name),
                }
            }
            td { (need_word(&event.need)) @if event.side_effects { ", writes logged" } }
            td.n { (count_at(&format!("/events_to_check/{at}/attempts"), u64::from(event.attempts))) }
            td { time datetime=[first.map(one_line)] { (page.time(first)) } }
            td { @if let Some(code) = &event.code { code { (one_line(code)) } } }
            td {
                (one_line(replay(event.retry_guidance.as_deref().unwrap_or(""))))
            }
        }
    }
}
