//! Format `html`: the answer as one page to mail. It is made of the summary alone, loads nothing, reads without a script
//! and does more with one.
//!
//! Parts of the page are functions that return markup, in the order of the page; `shell` puts the document around them.

mod causes;
mod chart;
mod checks;
mod context;
mod coverage;
mod diff;
mod events;
mod findings;
mod functions;
mod head;
mod markup;
mod pages;
mod resources;
mod shell;
mod time;
mod warnings;

use std::io::{self, Write};

use maud::html;

use super::headline;
use super::style::Style;
use super::{Answer, escape};
use context::PageContext;

pub(crate) use diff::diff_page;

pub(super) fn render(answer: &mut Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = answer.summary;
    let context = PageContext::new(summary, answer.view, style);
    let window = headline::window(&summary.window, style).map_or(String::new(), |window| format!(" | {window}"));
    let title = format!("{}{window}", headline::text(summary));
    let body = html! {
        (head::status(&context))
        main {
            (head::numbers(&context))
            (time::section(&context))
            (causes::section(&context))
            (functions::section(&context))
            (findings::section(&context))
            (checks::section(&context))
            (events::section(&context))
            (resources::distributions(&context))
            (resources::cold_starts(&context))
            (warnings::section(&context))
            (coverage::section(&context))
        }
    };
    out.write_all(shell::document(&escape::one_line(&title), &summary.tool_version, body).as_bytes())
}
