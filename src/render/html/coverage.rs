//! What was read, what was not, and what no log shows.

use maud::{Markup, html};

use super::super::coverage::{MOST_PROBLEMS, named, not_in_the_log, read, skipped};
use super::super::escape::one_line;
use super::super::words::{bytes, count};
use super::context::PageContext;
use super::markup::{number, sentence};
use crate::wire::CoverageBytes;

/// Returns the section.
pub(super) fn section(page: &PageContext<'_>) -> Markup {
    let summary = page.summary;
    let coverage = &summary.coverage;
    let more = |all: usize, one: &str, many: &str| {
        let more = all.checked_sub(MOST_PROBLEMS).filter(|more| *more > 0);
        more.map(|more| count(more as u64, one, many))
    };
    html! {
        section #coverage aria-labelledby="coverage-title" {
            h2 #coverage-title { "Coverage" }
            @if !coverage.complete { p.alert.warn { strong { "This answer is partial." } } }
            ul.lines {
                @if coverage.inputs > 0 { li { (sentence(&read(coverage))) } }
                @for problem in coverage.inputs_unreadable.iter().take(MOST_PROBLEMS) {
                    li { strong { "Not read: " } (one_line(&named(problem))) }
                }
                @if let Some(more) = more(coverage.inputs_unreadable.len(), "more input", "more inputs") { li { (more) " not read" } }
                @for note in coverage.notes.iter().take(MOST_PROBLEMS) { li { strong { "Note: " } (one_line(note)) } }
                @if let Some(more) = more(coverage.notes.len(), "more note", "more notes") { li { (more) ": " code { "--format json" } } }
                @if let Some(skipped) = skipped(coverage) { li { strong { "Skipped: " } (one_line(&skipped)) } }
                @if let Some(file) = &summary.config_file { li { "Settings of " code { (one_line(file)) } } }
            }
            @if coverage.bytes.sum() > 0 { (buckets(&coverage.bytes)) }
            @let unseen = not_in_the_log(summary);
            @if !unseen.is_empty() {
                h3 { "What these logs cannot show" }
                ul.lines { @for text in &unseen { li { (sentence(text)) } } }
            }
            p.foot { "Made by lambda-triage " (one_line(&summary.tool_version)) ", catalogue " (one_line(&summary.catalogue_version)) }
        }
    }
}

/// Returns where the bytes of the decoded input went: each in exactly one bucket.
fn buckets(found: &CoverageBytes) -> Markup {
    let CoverageBytes { attributed, environment, other_logs, unattributed, framing, dropped, unrecognized } = *found;
    let rows = [
        ("attributed", "Lines of attempts", attributed),
        ("environment", "Lines of execution environments", environment),
        ("framing", "Around the messages", framing),
        ("other_logs", "Other logs", other_logs),
        ("unattributed", "Of no known attempt", unattributed),
        ("dropped", "Left out: too long, or damaged", dropped),
        ("unrecognized", "Platform lines not understood", unrecognized),
    ];
    html! {
        details {
            summary { "Where every byte went" }
            table {
                caption.quiet { "Bytes of the decoded input, each in one row" }
                thead { tr { th scope="col" { "Part" } th.n scope="col" { "Size" } } }
                tbody {
                    @for (key, name, size) in rows {
                        tr { th scope="row" { (name) } td.n { (number(&format!("/coverage/bytes/{key}"), size, &bytes(size))) } }
                    }
                }
            }
        }
    }
}
