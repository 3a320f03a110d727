//! Pages of the catalogue within a finding: what the code means, how to fix it, and what each invoker does after it.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::super::escape::one_line;
use super::markup::slug;
use crate::catalogue::code;
use crate::wire::Finding;

/// Sections of a page that say what to do; how it is detected is shown by the evidence.
const SECTIONS: [&str; 3] = ["Meaning", "First aid", "Lasting fix"];

/// Returns the explanation of a finding's code, folded. It stands once on a page; other findings lead to it.
pub(super) fn explanation(finding: &Finding, first: bool) -> Markup {
    let Some(info) = code(&finding.code) else { return html! {} };
    let anchor = format!("explain-{}", slug(info.id));
    if !first {
        return html! { p.explained { a href={ "#" (anchor) } { "Explanation: " (info.title) } } };
    }
    let page = info.page(None);
    html! {
        details.explanation id=(anchor) {
            summary { "Explanation: " (info.title) }
            @for name in SECTIONS {
                @if let Some(text) = part(&page, name) { h3 { (name) } (markdown(text)) }
            }
            (retries(&page, &anchor))
            @if let Some(links) = part(&page, "Links") { h3 { "Links" } (markdown(links)) }
            p.foot { code { "lambda-triage explain " (one_line(info.id)) } }
        }
    }
}

/// Returns what each invoker does after it. A script makes tabs of the paragraphs.
fn retries(page: &str, anchor: &str) -> Markup {
    let Some(section) = part(page, "Retries") else { return html! {} };
    html! {
        h3 { "Retries, by invoker" }
        div.invokers id={ (anchor) "-retries" } { (markdown(section)) }
    }
}

/// Returns the text of a section of a page.
fn part<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let start = page.find(&format!("\n## {name}\n"))? + name.len() + 5;
    let rest = page.get(start..)?;
    Some(rest.split("\n## ").next().unwrap_or(rest).trim())
}

/// Returns Markdown of ours as markup: no markup of its own, and links that tell nobody where they were followed.
fn markdown(text: &str) -> Markup {
    let events = Parser::new_ext(text, Options::empty()).map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => {
            let link =
                html! { (PreEscaped("<a rel=\"noopener noreferrer\" href=\"")) (&*dest_url) (PreEscaped("\">")) };
            Event::InlineHtml(link.into_string().into())
        }
        Event::End(TagEnd::Link) => Event::InlineHtml("</a>".into()),
        // What scrolls must be within reach of a keyboard.
        Event::Start(Tag::CodeBlock(_)) => Event::InlineHtml("<pre tabindex=\"0\"><code>".into()),
        Event::End(TagEnd::CodeBlock) => Event::InlineHtml("</code></pre>".into()),
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        event => event,
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    PreEscaped(out)
}
