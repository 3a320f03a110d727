//! Checks of the configuration: what explains a failure, or will make one.

use maud::{Markup, html};

use super::super::checks::severity_word;
use super::super::escape::one_line;
use super::super::words::count;
use super::context::PageContext;
use super::markup::{count_at, sentence_case};
use crate::wire::Check;

/// Most checks, unless the user wants another number.
const MOST: usize = 40;

/// Returns the section; nothing without a check.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let shown = page.view.most(MOST).min(summary.checks.len());
    let left_out = summary.checks_total.saturating_sub(shown as u64);
    html! {
        @if summary.checks_total > 0 {
            section #checks aria-labelledby="checks-title" {
                h2 #checks-title { "Checks of the configuration" }
                p.note {
                    (count_at("/checks_total", summary.checks_total)) " in all, " (count_at("/checks_high", summary.checks_high))
                    " high. What to do: " code { "lambda-triage explain checks" }
                }
                ul.lines { @for check in summary.checks.iter().take(shown) { (item(page, check)) } }
                @if left_out > 0 {
                    p.left-out { (count(left_out, "more check", "more checks")) ": " code { "--top 0" } }
                }
            }
        }
    }
}

fn item(page: &PageContext<'_>, check: &Check) -> Markup {
    let row = page.row(check.function.as_deref(), check.account_id.as_deref(), check.region.as_deref());
    let name = one_line(check.function.as_deref().unwrap_or("(no name)"));
    html! {
        li {
            (sentence_case(severity_word(check.severity))) ", "
            @match row {
                Some(row) => a href={ "#" (page.anchor(row)) } { (page.names.get(row).map_or("", String::as_str)) },
                None => (name),
            }
            ": " code { (one_line(&check.id)) } ": " (one_line(&check.evidence))
            @if let Some(source) = &check.source { " (" code { (one_line(source)) } ")" }
        }
    }
}
