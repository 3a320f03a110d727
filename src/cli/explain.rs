//! `explain`: the catalogue as a list, one page of it, or the page that a pasted log line leads to.

use super::exit::Failure;
use super::nearest::{nearest, suggestion};
use crate::catalogue::{CODES, CodeInfo, codes_of_name, platform_error};
use crate::model::Category;
use crate::pipeline::recognise;
use crate::render::{Ink, Style, category_of_heading, one_line, page};

/// The list of codes, or what there is on one word. An error type of the platform leads to its code.
pub(super) fn text(word: Option<&str>, style: &Style) -> Result<String, Failure> {
    if let Some(error) = word.and_then(|word| platform_error(word.trim())) {
        let intro = format!("{}: {}\n\n", style.paint(Ink::Strong, error.id), error.meaning);
        return Ok(intro + &look_up(CODES, error.code, style)?);
    }
    if let Some(found) = word.and_then(recognise) {
        let pages = found.code.map(|code| look_up(CODES, code, style)).transpose()?;
        let intro = format!("{}.\n", found.what);
        return Ok(pages.map_or(intro.clone(), |pages| format!("{intro}\n{pages}")));
    }
    match word {
        None => Ok(list(&CODES.iter().collect::<Vec<_>>(), style)),
        Some(word) => look_up(CODES, word, style).or_else(|failure| name_of_error(word, style).ok_or(failure)),
    }
}

/// The page, or the pages to choose from, of an exception or errno name.
fn name_of_error(word: &str, style: &Style) -> Option<String> {
    let codes: Vec<&CodeInfo> = codes_of_name(word.trim()).into_iter().filter_map(catalogue_code).collect();
    match codes[..] {
        [] => None,
        [only] => Some(page(only.page, style)),
        ref several => Some(format!(
            "{}: of the Lambda API the first, of any other service the second.\n\n{}",
            style.paint(Ink::Strong, &one_line(word)),
            list(several, style)
        )),
    }
}

fn catalogue_code(id: &str) -> Option<&'static CodeInfo> {
    CODES.iter().find(|code| code.id == id)
}

/// A code has its page; a category, or the beginning of several codes, the list of them, after its own page if it has one.
fn look_up(codes: &'static [CodeInfo], word: &str, style: &Style) -> Result<String, Failure> {
    let typed = word.trim().trim_end_matches('.').to_lowercase();
    let word = match category_of_heading(&typed) {
        Some(category) => category.id(),
        None => &typed,
    };
    let prefix = format!("{word}.");
    let exact = codes.iter().find(|code| code.id == word);
    let below: Vec<&CodeInfo> = codes.iter().filter(|code| code.id.starts_with(&prefix)).collect();
    let last_part = || codes.iter().filter(|code| code.id.rsplit('.').next() == Some(word)).collect::<Vec<_>>();
    match (exact, &below[..]) {
        (Some(code), []) => Ok(page(code.page, style)),
        (Some(code), _) => Ok(format!("{}\n{}", page(code.page, style), list(&below, style))),
        (None, [code]) => Ok(page(code.page, style)),
        (None, []) => match last_part()[..] {
            [] => Err(unknown(codes, word)),
            [code] => Ok(page(code.page, style)),
            ref several => Ok(list(several, style)),
        },
        (None, _) => Ok(list(&below, style)),
    }
}

fn unknown(codes: &'static [CodeInfo], word: &str) -> Failure {
    let near = nearest(word, codes.iter().map(|code| code.id).chain(Category::FAILURES.map(Category::id)));
    Failure::usage(format!("no code '{}'{} (lambda-triage explain lists them)", one_line(word), suggestion(&near)))
}

/// Codes with their titles, under a line for each category.
fn list(codes: &[&CodeInfo], style: &Style) -> String {
    let width = codes.iter().map(|code| code.id.len()).max().unwrap_or(0) + 2;
    let mut out = String::new();
    let mut last: Option<Option<Category>> = None;
    for code in codes {
        let heading = code.category.map_or("observations: worth knowing, not a failure", Category::id);
        if last != Some(code.category) {
            let gap = if last.is_some() { "\n" } else { "" };
            let title = if code.id == heading { code.title } else { "" };
            let line = format!("{}{}  {title}", style.paint(Ink::Strong, heading), pad(heading, width));
            out.push_str(&format!("{gap}{}\n", line.trim_end()));
            last = Some(code.category);
        }
        if code.id != heading {
            out.push_str(&format!("  {}{}  {}\n", code.id, pad(code.id, width - 2), code.title));
        }
    }
    out
}

/// Blanks after the text up to so many columns.
fn pad(text: &str, columns: usize) -> String {
    " ".repeat(columns.saturating_sub(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Compensation, PartialWork, Retryable};

    static SOME: [CodeInfo; 6] = [
        info("downstream", Category::Downstream, "# Downstream"),
        info("downstream.dns", Category::Downstream, "# DNS"),
        info("downstream.tls", Category::Downstream, "# TLS"),
        info("timeout.invoke", Category::Timeout, "# Timeout"),
        info("timeout.init", Category::Timeout, "# Init timeout"),
        info("out_of_memory.heap", Category::OutOfMemory, "# Heap"),
    ];

    const fn info(id: &'static str, category: Category, page: &'static str) -> CodeInfo {
        CodeInfo {
            id,
            category: Some(category),
            title: "title",
            retryable: Retryable::Risky,
            partial_work: PartialWork::Likely,
            compensation: Compensation::Yes,
            hint: "",
            page,
        }
    }

    #[test]
    fn an_error_type_of_the_platform_leads_to_its_page() {
        let text = text(Some("Runtime.ImportModuleError"), &Style::PLAIN).unwrap();
        assert!(text.starts_with("Runtime.ImportModuleError: ") && text.contains("init_failure.import"), "{text}");
    }

    #[test]
    fn names_of_errors_and_log_lines_lead_to_pages() {
        let found = |word: &str| text(Some(word), &Style::PLAIN).unwrap();
        assert!(found("NoSuchKey").starts_with("downstream.not_found"));
        assert!(found("ECONNREFUSED").starts_with("downstream.connection"));
        assert!(found("ReservedFunctionConcurrentInvocationLimitExceeded").starts_with("throttling.reserved"));
        let shared = found("TooManyRequestsException");
        assert!(shared.contains("throttling.unspecified") && shared.contains("downstream.throttled"), "{shared}");
        let line =
            found("2026-01-02T03:04:05.678Z 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Task timed out after 3.00 seconds");
        assert!(line.contains("timeout.invoke (high)"), "{line}");
        assert!(text(Some("shipped order 17"), &Style::PLAIN).is_err());
    }

    #[test]
    fn every_code_and_category_has_a_page() {
        for word in CODES.iter().map(|code| code.id).chain(Category::FAILURES.map(Category::id)) {
            assert!(text(Some(word), &Style::PLAIN).is_ok_and(|text| !text.trim().is_empty()), "{word}");
        }
    }

    #[test]
    fn finds_codes_categories_and_last_parts() {
        for (word, want) in [
            ("timeout.invoke", "Timeout\n"),
            ("Timeout.Init", "Init timeout\n"),
            ("heap", "Heap\n"),
            ("out_of_memory", "Heap\n"),
            ("OOM", "Heap\n"),
            ("downstream", "Downstream\n\ndownstream\n  downstream.dns  title\n  downstream.tls  title\n"),
            ("downstream.", "Downstream\n\ndownstream\n  downstream.dns  title\n  downstream.tls  title\n"),
            ("timeout", "timeout\n  timeout.invoke  title\n  timeout.init    title\n"),
        ] {
            assert_eq!(look_up(&SOME, word, &Style::PLAIN).unwrap(), want, "{word}");
        }
        let failure = look_up(&SOME, "timeout.invok", &Style::PLAIN).unwrap_err();
        assert!(failure.message.contains("did you mean timeout.invoke"), "{}", failure.message);
    }
}
