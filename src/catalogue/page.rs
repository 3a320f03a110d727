//! Page of a code: its sections in the order in which they are needed, with what the catalogue knows of the code, the
//! paragraphs that many pages share, an example and related codes.

use super::{CODES, CodeInfo, Invoker, invoker};

/// Example lines, by code: a code, a tab, and a line as it stands in a log.
static EXAMPLES: &str = include_str!("examples.txt");

/// Section whose paragraphs are about invokers.
const RETRIES: &str = "## Retries";
/// Section before which the composed ones stand.
const LINKS: &str = "\n## Links";

impl CodeInfo {
    /// Returns its page as Markdown, with what one invoker does after it, or what each does.
    #[must_use]
    pub fn page(&self, invoker: Option<Invoker>) -> String {
        let mut written = invoker::with_paragraphs(self.markdown);
        if let Some(invoker) = invoker {
            written = about_one(&written, invoker);
        }
        let (title, body) = written.split_once('\n').unwrap_or((&written, ""));
        let (body, links) = body.split_once(LINKS).unwrap_or((body, ""));
        let mut page = format!("{title}\n");
        if self.category.is_some_and(|category| category.is_failure()) {
            let (retry, work, undo) = (self.retryable.as_str(), self.partial_work.as_str(), self.compensation.as_str());
            page += &format!("\nRetry: {} | partial work: {work} | compensation: {undo}\n", retry.replace('_', " "));
        }
        page += body.trim_end();
        page += "\n";
        if let Some(example) = self.example() {
            page += &format!("\n## Example\n\n```\n{example}\n```\n");
        }
        let related: Vec<&str> = self.related().collect();
        if !related.is_empty() {
            page += &format!("\n## See also\n\n{}\n", related.join(", "));
        }
        format!("{page}{LINKS}{links}")
    }

    /// Returns a line of a log that leads to this code.
    #[must_use]
    pub fn example(&self) -> Option<&'static str> {
        EXAMPLES.lines().find_map(|line| line.strip_prefix(self.id)?.strip_prefix('\t'))
    }

    /// Iterates over the codes that its page names, and its category.
    pub fn related(&self) -> impl Iterator<Item = &'static str> {
        let named = |other: &&CodeInfo| {
            let is_word = |text: &str, at: usize| {
                let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
                !text[..at].ends_with(of_name)
                    && !text[at + other.id.len()..].trim_end_matches('.').starts_with(of_name)
            };
            let text = self.markdown.split_once('\n').map_or("", |(_, body)| body);
            other.id.contains(['.', '_']) && text.match_indices(other.id).any(|(at, _)| is_word(text, at))
        };
        let category = self.id.split_once('.').map(|(category, _)| category);
        CODES
            .iter()
            .filter(move |other| other.id != self.id && (category == Some(other.id) || named(other)))
            .map(|code| code.id)
    }
}

/// Leaves only what is about one invoker in the section on retries.
fn about_one(page: &str, invoker: Invoker) -> String {
    let Some((before, section)) = page.split_once(RETRIES) else { return page.to_owned() };
    let end = section.find("\n## ").unwrap_or(section.len());
    let (section, after) = section.split_at(end);
    let mut kept = String::new();
    let mut told = true;
    for line in section.split_inclusive('\n') {
        told = if line.starts_with("- ") { invoker.is_told_by(line) } else { told || line.trim().is_empty() };
        if told {
            kept += line;
        }
    }
    format!("{before}{RETRIES}{kept}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTIONS: [&str; 6] = ["Meaning", "First aid", "Lasting fix", "Retries", "How it is detected", "Links"];

    #[test]
    fn every_page_has_its_sections_in_order() {
        for code in CODES {
            let page = code.page(None);
            assert!(page.starts_with(&format!("# {}: {}\n", code.id, code.title)), "{page}");
            let places: Vec<usize> = SECTIONS
                .iter()
                .map(|name| page.find(&format!("\n## {name}\n")).unwrap_or_else(|| panic!("{name}: {page}")))
                .collect();
            assert!(places.is_sorted(), "{}: {places:?}", code.id);
            assert!(!page.contains(['{', '}']) || page.contains("```"), "{}: a placeholder is left: {page}", code.id);
            let mut paragraphs: Vec<&str> = page.split("\n\n").filter(|part| part.len() > 40).collect();
            let all = paragraphs.len();
            paragraphs.sort_unstable();
            paragraphs.dedup();
            assert_eq!(paragraphs.len(), all, "{} says something twice", code.id);
        }
    }

    /// An invoker that gives a batch back does so whole, unless the handler itself says which items failed.
    #[test]
    fn failed_items_of_a_batch_are_reported_by_the_handler_alone() {
        for code in CODES {
            let page = code.page(None).replace("\n  ", " ");
            for (at, _) in page.match_indices("ReportBatchItemFailures") {
                assert!(
                    page[at..].starts_with("ReportBatchItemFailures helps only if the handler catches"),
                    "{}",
                    code.id
                );
            }
        }
    }

    /// Only Invoke has a caller that sees HTTP 200: whoever calls over HTTP sees 502.
    #[test]
    fn callers_over_http_see_no_200() {
        for code in CODES {
            let page = code.page(None).replace("\n  ", " ");
            for paragraph in page.lines().filter(|line| line.contains("FunctionError `Unhandled`")) {
                assert!(
                    paragraph.starts_with("- **Synchronous** (Invoke by an SDK or the CLI)"),
                    "{}: {paragraph}",
                    code.id
                );
            }
            for paragraph in page.lines().filter(|line| line.starts_with("- **Over HTTP** (API Gateway")) {
                assert!(paragraph.contains("502") && !paragraph.contains("200"), "{}: {paragraph}", code.id);
            }
        }
    }

    #[test]
    fn one_invoker_is_told_alone() {
        let page = super::super::code("timeout.invoke").unwrap().page(Some(Invoker::Sqs));
        assert!(page.contains("- **SQS**: the whole batch") && !page.contains("Step Functions**: only"), "{page}");
        assert!(!page.contains("- **Asynchronous**") && page.contains("## How it is detected"), "{page}");
        for code in CODES.iter().filter(|code| code.markdown.contains("{sqs}")) {
            for invoker in Invoker::ALL {
                let (all, one) = (code.page(None), code.page(Some(*invoker)));
                assert!(one.len() < all.len() && one.contains("- **"), "{} {invoker:?}: {one}", code.id);
            }
        }
    }

    #[test]
    fn every_failure_has_an_example_and_related_codes() {
        for code in CODES.iter().filter(|code| code.category.is_some_and(|category| category.is_failure())) {
            assert!(!code.id.contains('.') || code.example().is_some(), "{} has no example", code.id);
            assert!(!code.id.contains('.') || code.related().next().is_some(), "{}", code.id);
        }
        for line in EXAMPLES.lines() {
            let (id, _) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
            assert!(super::super::code(id).is_some(), "{id} is no code");
        }
    }
}
