//! Early warnings: what did not fail yet.

use maud::{Markup, html};

use super::super::early;
use super::super::words::count;
use super::context::PageContext;
use super::markup::{sentence, sentence_case};

/// Most functions of a kind of warning.
const MOST: usize = 10;

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let kinds = early::by_kind(page.summary);
    html! {
        section #warnings aria-labelledby="warnings-title" {
            h2 #warnings-title { "Early warnings" }
            @if kinds.is_empty() { p.none { "No sign that anything will fail soon." } }
            div.columns {
                @for (kind, found) in &kinds {
                    div {
                        h3 { (sentence_case(early::words(*kind))) }
                        ul.lines {
                            @for one in found.iter().take(page.view.most(MOST)) {
                                li {
                                    a href={ "#" (page.anchor(one.row())) } { (page.names.get(one.row()).map_or("", String::as_str)) }
                                    " " (sentence(&one.told()))
                                }
                            }
                        }
                        @if let Some(more) = found.len().checked_sub(page.view.most(MOST)).filter(|more| *more > 0) {
                            p.left-out { (count(more as u64, "more function", "more functions")) ": " code { "--top 0" } }
                        }
                    }
                }
            }
        }
    }
}
