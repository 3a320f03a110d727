//! Causes across functions: what is broken, how often, since when, and what to do.

use maud::{Markup, html};

use super::super::causes::{IGNORED, began, share, state_word};
use super::super::escape::one_line;
use super::super::words::count;
use super::chart::percent_of;
use super::context::PageContext;
use super::markup::{computed, count_at, slug};
use crate::wire::{Cause, FindingState};

/// Most causes, unless the user wants another number.
const MOST_CAUSES: usize = 20;
/// Most functions of a cause that are named.
const MOST_FUNCTIONS: usize = 12;

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let shown = page.view.most(MOST_CAUSES).min(summary.causes.len());
    let total = summary.causes_total.max(summary.causes.len() as u64);
    let most = summary.causes.iter().map(|cause| cause.attempts).max().unwrap_or(0).max(1);
    html! {
        section #causes aria-labelledby="causes-title" {
            h2 #causes-title { "Causes" }
            @if summary.causes.is_empty() { p.none { "No failed attempt, no cause." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Table of causes" {
                    table.wide #causes-table {
                        caption.quiet { "Causes of failures across functions, worst first" }
                        thead { tr {
                            th scope="col" { "Cause and what to do" } th.n scope="col" { "Failed" } th.n scope="col" { "Functions" }
                            th.n scope="col" { "Lost" } th scope="col" { "Since" } th scope="col" { "Last" } th scope="col" { "State" }
                        } }
                        tbody {
                            @for (at, cause) in summary.causes.iter().take(shown).enumerate() { (row(page, at, cause, most)) }
                        }
                    }
                }
                @if total > shown as u64 {
                    p.left-out { (count(total - shown as u64, "more cause", "more causes")) ": " code { "--top 0" } " shows them" }
                }
            }
        }
    }
}

fn row(page: &PageContext<'_>, at: usize, cause: &Cause, most: u64) -> Markup {
    let path = |key: &str| format!("/causes/{at}/{key}");
    let cells = page.cells(cause.first_seen.as_deref(), cause.last_seen.as_deref());
    let since = if cause.since_before_window { "before " } else { "" };
    let also: Vec<String> = cause
        .ignored
        .then(|| IGNORED.to_owned())
        .into_iter()
        .chain((!cause.owners.is_empty()).then(|| format!("owned by {}", one_line(&cause.owners.join(", ")))))
        .chain(began(cause))
        .chain(share(cause, page.summary))
        .collect();
    let category = cause.code.split('.').next().unwrap_or_default();
    html! {
        tr id={ "cause-" (slug(&cause.id)) } data-cells=[cells] {
            th.lead scope="row" {
                i class={ "dot c-" (slug(category)) } {}
                span.title { (one_line(&cause.title)) } " "
                code.faint { (one_line(&cause.code)) }
                details.more {
                    summary.do { (one_line(if cause.brief.is_empty() { "What to do" } else { &cause.brief })) }
                    p { (one_line(&cause.hint)) }
                    @if !also.is_empty() { p.faint { (also.join("; ")) } }
                    p.faint { "In " (functions(page, cause)) }
                }
            }
            td.n {
                @if cause.attempts == 0 && cause.environments > 0 {
                    (count_at(&path("environments"), cause.environments)) (if cause.environments == 1 { " init" } else { " inits" })
                } @else { (count_at(&path("attempts"), cause.attempts)) }
                svg.meter aria-hidden="true" { rect width=(percent_of(cause.attempts as f64 / most as f64)) height="100%" {} }
            }
            td.n { (computed(cause.functions.len() as u64)) }
            td.n { @if cause.lost > 0 { strong.bad { (count_at(&path("lost"), cause.lost)) } } }
            td { (since) (page.time(cause.first_seen.as_deref())) }
            td { (page.time(cause.last_seen.as_deref())) }
            td { span class={ "state " (state_class(cause.state)) } { (state_word(cause.state)) } }
        }
    }
}

pub(super) fn state_class(state: FindingState) -> &'static str {
    match state {
        FindingState::Ongoing => "bad",
        FindingState::Stopped => "good",
        FindingState::NoTraffic | FindingState::Unknown => "",
    }
}

/// Returns the functions of a cause, each with its link.
fn functions(page: &PageContext<'_>, cause: &Cause) -> Markup {
    html! {
        @for (number, name) in cause.functions.iter().take(MOST_FUNCTIONS).enumerate() {
            @if number > 0 { ", " }
            @match page.row(name.as_deref(), None, None).filter(|_| name.is_some()) {
                Some(row) => a href={ "#" (page.anchor(row)) } { (one_line(name.as_deref().unwrap_or_default())) },
                None => (one_line(name.as_deref().unwrap_or("(no name)"))),
            }
        }
        @if cause.functions.len() > MOST_FUNCTIONS {
            " and " (count((cause.functions.len() - MOST_FUNCTIONS) as u64, "more", "more"))
        }
    }
}
