//! The command `explain`: shows the catalogue as a list, one page of it, or the page for a pasted log line.

use super::exit::{ExitStatus, RunError};
use crate::account::all_checks;
use crate::catalogue::{
    CATALOGUE_VERSION, CODES, CodeInfo, HttpStatus, Invoker, codes_of_cut_name, codes_of_name, codes_with_words,
    name_of_phrase, platform_error,
};
use crate::decode::SHAPES;
use crate::model::Category;
use crate::model::{nearest, suggestion};
use crate::pipeline::{recognise, recognise_message, unwrapped};
use crate::render::{Ink, Style, category_of_heading, document_text, one_line, page};
use crate::rules::RULES;
use crate::wire::{EXPLAIN_SCHEMA_VERSION, ExplainedCode, ExplainedName, Explanation};

/// What was found for what was typed or pasted.
#[derive(Debug, Default)]
struct Found {
    /// What it was taken for.
    taken_for: Option<String>,
    /// Codes whose pages are shown.
    pages: Vec<&'static CodeInfo>,
    /// Codes that are listed below.
    rows: Vec<&'static CodeInfo>,
    /// Names with a paragraph about each.
    glossary: Vec<(&'static str, &'static str)>,
}

impl Found {
    fn page(code: &'static CodeInfo) -> Self {
        Self { pages: vec![code], ..Self::default() }
    }

    fn rows(rows: Vec<&'static CodeInfo>) -> Self {
        match rows[..] {
            [only] => Self::page(only),
            _ => Self { rows, ..Self::default() },
        }
    }

    fn taken_for(mut self, what: String) -> Self {
        self.taken_for = Some(what);
        self
    }
}

/// Returns the list of codes, or the pages for what was typed or pasted: a code, a name, a status, a log line or a part
/// of one.
pub(super) fn text(typed: Option<&str>, invoker: Option<Invoker>, style: &Style) -> Result<String, RunError> {
    let found = find(typed)?;
    let mut parts: Vec<String> = found.taken_for.iter().map(|what| page(what, style)).collect();
    parts.extend(found.pages.iter().map(|code| page(&code.page(invoker), style)));
    if !found.rows.is_empty() {
        parts.push(list(&found.rows, style));
    }
    let entry = |(name, about): &(&str, &str)| format!("{}\n{}", style.paint(Ink::Strong, name), page(about, style));
    parts.extend(found.glossary.iter().map(entry));
    Ok(parts.join("\n"))
}

/// Returns the same as a JSON document.
pub(super) fn json(typed: Option<&str>, invoker: Option<Invoker>) -> Result<String, RunError> {
    let found = find(typed)?;
    let whole = |code: &&CodeInfo| explained(code, Some(code.page(invoker)));
    let short = |code: &&CodeInfo| explained(code, None);
    let document = Explanation {
        schema: EXPLAIN_SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        catalogue_version: CATALOGUE_VERSION.to_owned(),
        taken_for: found.taken_for,
        codes: found.pages.iter().map(whole).chain(found.rows.iter().map(short)).collect(),
        glossary: found
            .glossary
            .iter()
            .map(|(name, about)| ExplainedName { name: (*name).to_owned(), about: (*about).to_owned() })
            .collect(),
    };
    document_text(&document).map_err(|error| RunError::io(error.to_string()))
}

fn explained(code: &CodeInfo, page: Option<String>) -> ExplainedCode {
    ExplainedCode {
        code: code.id.to_owned(),
        category: code.category.map(|category| category.id().to_owned()),
        title: code.title.to_owned(),
        retryable: code.retryable.as_str().to_owned(),
        partial_work: code.partial_work.as_str().to_owned(),
        compensation: code.compensation.as_str().to_owned(),
        hint: code.hint.to_owned(),
        example: code.example().map(str::to_owned),
        see_also: code.related().map(str::to_owned).collect(),
        page,
    }
}

fn find(typed: Option<&str>) -> Result<Found, RunError> {
    let Some(typed) = typed else { return Ok(Found { rows: CODES.iter().collect(), ..Found::default() }) };
    match typed {
        "shapes" => {
            let glossary = SHAPES.iter().map(|shape| (shape.name, shape.about)).collect();
            return Ok(Found { glossary, ..Found::default() });
        }
        "rules" => {
            let glossary = RULES.iter().map(|rule| (rule.id, rule.explanation)).collect();
            return Ok(Found { glossary, ..Found::default() });
        }
        "checks" => {
            let glossary = all_checks().map(|check| (check.id, check.about)).collect();
            return Ok(Found { glossary, ..Found::default() });
        }
        _ => {}
    }
    if let Some(check) = all_checks().find(|check| check.id == typed.trim()) {
        return Ok(Found { glossary: vec![(check.id, check.about)], ..Found::default() });
    }
    if let Some(found) = beginning_of_names(typed) {
        return Ok(found);
    }
    let word = unwrapped(typed);
    if let Some(found) = heading(word) {
        return Ok(found);
    }
    // For a name followed by more text, the text is tried first, since it says more than a family such as `Runtime.*`.
    let has_more = word.contains(char::is_whitespace);
    let by_name = |name: &str| -> Option<Result<Found, RunError>> {
        let error = platform_error(name)?;
        let what = format!("{}: {}", error.id, error.meaning);
        Some(look_up(CODES, error.code).map(|found| found.taken_for(what)))
    };
    if let Some(found) = by_name(word).filter(|_| !has_more) {
        return found;
    }
    if let Some(recognised) = recognise(typed) {
        let found = recognised.code.map(|code| look_up(CODES, code)).transpose()?.unwrap_or_default();
        return Ok(found.taken_for(format!("{}.", recognised.what)));
    }
    if let Some(found) = by_name(word.split(':').next().unwrap_or(word)).filter(|_| has_more) {
        return found;
    }
    look_up(CODES, word).or_else(|failure| {
        let by_message = || {
            let recognised = recognise_message(word)?;
            Some(look_up(CODES, recognised.code?).ok()?.taken_for(format!("{}.", recognised.what)))
        };
        // `errorType: ValueError`
        let last = || word.rsplit(": ").next().filter(|last| has_more && *last != word).and_then(error_of_code);
        let by_name = http_status(word).or_else(|| name_of_error(word)).or_else(|| error_of_code(word));
        let found = by_name.or_else(by_message).or_else(last).or_else(|| with_words(word));
        found.ok_or(if has_more { nothing_matches() } else { failure })
    })
}

/// Words that people use for a code.
const WORDS: [(&str, &str); 6] = [
    ("segfault", "runtime_exception.signal"),
    ("crash", "runtime_exception.exit"),
    ("throttle", "throttling"),
    ("throttles", "throttling"),
    ("permission", "downstream.auth"),
    ("timed out", "timeout"),
];

/// Headings of the table that are no category, and what they count.
const HEADINGS: [(&str, &str); 6] = [
    ("LOST", "Events whose attempts all failed, with no more to come; a destination or a queue may have caught them."),
    ("RECOVERED", "Events that failed first and that a later attempt completed."),
    ("RERUN", "Events that ran again after an attempt had succeeded: their work may be done twice."),
    ("FAILED", "Share of the attempts with an end that failed."),
    ("COLD", "Attempts for which an environment was created or restored first; see cold_start."),
    ("ENV", "Inits that failed with no request seen; see init_failure."),
];

fn heading(word: &str) -> Option<Found> {
    let known = HEADINGS.iter().find(|(heading, _)| *heading == word)?;
    Some(Found { glossary: vec![*known], ..Found::default() })
}

/// Text that is no name and no line that is known.
fn nothing_matches() -> RunError {
    let message = "nothing in the catalogue matches this line; lambda-triage explain lists the codes".to_owned();
    RunError { status: ExitStatus::Negative, message }
}

/// Returns the pages to choose from for an HTTP status.
fn http_status(word: &str) -> Option<Found> {
    let found = HttpStatus::read(word)?;
    let note = found.in_front.map_or(String::new(), |note| format!(" {note}"));
    Some(choice(&found.status.to_string(), &note, &[found.of_lambda, found.of_others]))
}

/// Returns the page, or the pages to choose from, for an exception or errno name.
fn name_of_error(word: &str) -> Option<Found> {
    let word = word.trim_end_matches('.');
    let phrase = name_of_phrase(&word.to_ascii_lowercase());
    let codes = codes_of_name(phrase.unwrap_or(word));
    match codes[..] {
        [] => catalogue_code(platform_error(phrase?)?.code).map(Found::page),
        [only] => catalogue_code(only).map(Found::page),
        ref several => Some(choice(word, "", several)),
    }
}

/// Returns the pages of all names that begin like a word cut off with `…`, `...` or `*`.
fn beginning_of_names(typed: &str) -> Option<Found> {
    let typed = typed.trim();
    let begin = ["…", "...", "*"].iter().find_map(|end| typed.strip_suffix(end)).filter(|begin| begin.len() >= 3)?;
    let codes: Vec<&CodeInfo> = codes_of_cut_name(begin).into_iter().filter_map(catalogue_code).collect();
    (!codes.is_empty()).then(|| Found::rows(codes))
}

/// Returns the page for an error name that no table has: most such errors come from the function's own code.
fn error_of_code(word: &str) -> Option<Found> {
    let named = ["Error", "Exception", "Fault", "Failure"].iter().any(|end| word.ends_with(end));
    let is_name = named && word.chars().all(|char| char.is_alphanumeric() || "_.:$".contains(char));
    let code = catalogue_code("runtime_exception.unhandled").filter(|_| is_name)?;
    let what = format!(
        "{word}: no service and no platform is known for it. Where nothing catches it, it is this; during init it is \
         init_failure.exception."
    );
    Some(Found::page(code).taken_for(what))
}

/// Returns the pages that have these words; none for what is nearly a code, or has the form of one.
fn with_words(typed: &str) -> Option<Found> {
    let has_more = typed.contains(char::is_whitespace);
    let has_form_of_code = !has_more && typed.contains(['.', '_', ':']);
    let found = if has_form_of_code { Vec::new() } else { codes_with_words(typed) };
    if found.is_empty() || !has_more && !near_codes(CODES, &typed.to_lowercase()).is_empty() {
        return None;
    }
    let have = if found.len() == 1 { "this page has" } else { "these pages have" };
    let words = if has_more { "these words" } else { "the word" };
    let what = format!("No code is called '{}'; {have} {words}:", one_line(typed));
    // One that only has the word need not be the one that was looked for.
    Some(Found { rows: found, ..Found::default() }.taken_for(what))
}

/// Lists codes, of which the first applies to the Lambda API.
fn choice(word: &str, note: &str, codes: &[&'static str]) -> Found {
    let rows = codes.iter().filter_map(|code| catalogue_code(code)).collect();
    let what = format!(
        "{} has two meanings: from the Lambda API see the first page, from another service the second.{note}",
        one_line(word)
    );
    Found { rows, ..Found::default() }.taken_for(what)
}

fn catalogue_code(id: &str) -> Option<&'static CodeInfo> {
    CODES.iter().find(|code| code.id == id)
}

/// Returns the page of a code; for a category, or a prefix of several codes, the list of them, after its own page if
/// there is one.
fn look_up(codes: &'static [CodeInfo], word: &str) -> Result<Found, RunError> {
    let spelt = word.trim().trim_end_matches('.').to_lowercase();
    let meant = WORDS.iter().find(|(other, _)| *other == spelt).map_or(&*spelt, |(_, code)| code);
    let typed = meant.replace([' ', '-'], "_");
    let word = match category_of_heading(&typed) {
        Some(category) => category.id(),
        None => &typed,
    };
    let prefix = format!("{word}.");
    let exact = codes.iter().find(|code| code.id == word);
    let below: Vec<&'static CodeInfo> = codes.iter().filter(|code| code.id.starts_with(&prefix)).collect();
    let last_part = || codes.iter().filter(|code| code.id.rsplit('.').next() == Some(word)).collect::<Vec<_>>();
    match (exact, &below[..]) {
        (Some(code), _) => Ok(Found { rows: below, ..Found::page(code) }),
        (None, []) => match (last_part(), of_words(codes, &spelt)) {
            (none, nothing) if none.is_empty() && nothing.is_empty() => Err(unknown(codes, &spelt)),
            (none, some) if none.is_empty() => Ok(Found::rows(some)),
            (several, _) => Ok(Found::rows(several)),
        },
        (None, _) => Ok(Found::rows(below)),
    }
}

/// Returns the codes whose ids have all of these words, in any order.
fn of_words(codes: &'static [CodeInfo], typed: &str) -> Vec<&'static CodeInfo> {
    let apart = |c: char| matches!(c, ' ' | '_' | '.');
    let has_all = |code: &&CodeInfo| typed.split(apart).all(|word| code.id.split(apart).any(|part| part == word));
    codes.iter().filter(has_all).collect()
}

fn near_codes(codes: &'static [CodeInfo], word: &str) -> Vec<&'static str> {
    nearest(word, codes.iter().map(|code| code.id))
}

fn unknown(codes: &'static [CodeInfo], word: &str) -> RunError {
    let near = near_codes(codes, word);
    RunError::usage(format!("no page for '{}'{} (lambda-triage explain lists them)", one_line(word), suggestion(&near)))
}

/// Lists codes with their titles, under a heading per category.
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

/// Returns the blanks that pad the text to this many columns.
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

    const fn info(id: &'static str, category: Category, markdown: &'static str) -> CodeInfo {
        CodeInfo {
            id,
            category: Some(category),
            title: "title",
            retryable: Retryable::Risky,
            partial_work: PartialWork::Likely,
            compensation: Compensation::Yes,
            brief: "",
            hint: "",
            markdown,
        }
    }

    #[test]
    fn an_error_type_of_the_platform_leads_to_its_page() {
        let text = text(Some("Runtime.ImportModuleError"), None, &Style::PLAIN).unwrap();
        assert!(text.starts_with("Runtime.ImportModuleError: ") && text.contains("init_failure.import"), "{text}");
    }

    #[test]
    fn names_of_errors_and_log_lines_lead_to_pages() {
        let found = |word: &str| text(Some(word), None, &Style::PLAIN).unwrap();
        assert!(found("NoSuchKey").starts_with("downstream.not_found"));
        assert!(found("ECONNREFUSED").starts_with("downstream.connection"));
        assert!(found("ReservedFunctionConcurrentInvocationLimitExceeded").starts_with("throttling.reserved"));
        let shared = found("TooManyRequestsException");
        assert!(shared.contains("throttling.unspecified") && shared.contains("downstream.throttled"), "{shared}");
        let line =
            found("2026-01-02T03:04:05.678Z 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Task timed out after 3.00 seconds");
        assert!(line.contains("timeout.invoke (high)"), "{line}");
        assert!(text(Some("shipped order 17"), None, &Style::PLAIN).is_err());
    }

    /// Returns the text in code marks of a page's section on detection.
    fn marks(page: &str) -> impl Iterator<Item = &str> {
        let part =
            page.split("## How it is detected\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or("");
        part.split('`').skip(1).step_by(2)
    }

    #[test]
    fn what_a_page_quotes_leads_back_to_it() {
        // Placeholders, and error types that lead elsewhere unless they occurred during init.
        const OTHERS: [&str; 7] =
            ["Reason", "fail", "message: class", "platform.start", "killed", "Runtime.ExitError", "Extension.Crash"];
        let mut wrong = Vec::new();
        let mut seen = 0;
        for code in CODES {
            let page = code.page(None);
            let marks = marks(&page).map(|mark| mark.replace('\n', " "));
            let of_others = |mark: &String| OTHERS.contains(&mark.as_str()) || catalogue_code(mark).is_some();
            for mark in marks.filter(|mark| !of_others(mark)) {
                seen += 1;
                let found = text(Some(&mark), None, &Style::PLAIN).unwrap_or_default();
                if !found.contains(code.id) {
                    wrong.push((code.id, mark, found.lines().next().unwrap_or("").to_owned()));
                }
            }
        }
        assert!(seen > 80 && wrong.is_empty(), "{seen}: {wrong:#?}");
    }

    #[test]
    fn famous_words_lead_to_an_answer_that_says_how_sure_it_is() {
        for (pasted, wants) in [
            ("Task timed out after 3.00 seconds", &["timeout.invoke (high)", "timeout.invoke: Timed out"][..]),
            ("6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Task timed out after 3.00 seconds", &["timeout.invoke (high)"]),
            ("\"Task timed out after 900.00 seconds\"", &["timeout.invoke (high)"]),
            ("Error: Task timed out after 3.00 seconds", &["timeout.invoke (high)"]),
            ("…Task timed out after 3.0", &["timeout.invoke (high)"]),
            ("Task timed out", &["timeout.invoke (high)"]),
            (
                r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: x Error: Task timed out after 3.00 seconds"}"#,
                &["timeout.invoke (high)"],
            ),
            ("signal: killed", &["out_of_memory.killed (low)"]),
            ("exit status 1", &["runtime_exception.exit (high)"]),
            ("Process exited before completing request", &["runtime_exception.exit"]),
            ("Error Type: Runtime.OutOfMemory", &["out_of_memory.killed"]),
            ("JavaScript heap out of memory", &["out_of_memory.heap"]),
            (
                "Rate Exceeded.",
                &["from the Lambda API see the first page", "throttling.unspecified", "downstream.throttled"],
            ),
            ("KeyError", &["no service and no platform", "init_failure.exception", "runtime_exception.unhandled"]),
            ("KeyError: 'size'", &["A logged error alone is not a failure", "runtime_exception.unhandled"]),
            ("502", &["the function's own log tells which", "service_error.internal", "downstream.unavailable"]),
            (r#"{"message": "Internal server error"}"#, &["502 has two meanings", "the function failed"]),
            ("Endpoint request timed out", &["504 has two meanings", "the function keeps running"]),
            ("Error: Cannot find module 'x'", &["A logged error alone is not a failure", "runtime_exception"]),
            ("out of memory", &["out_of_memory: Out of memory", "out_of_memory.heap"]),
            ("ClassNotFoundException", &["init_failure.import: "]),
            ("EFSMount…", &["invalid_request.conflict: "]),
            ("Runtime.Unav…", &["throttling.capacity: "]),
            ("`timeout.invoke`", &["timeout.invoke: Timed out"]),
            ("TASK TIMED OUT AFTER 3.00 SECONDS", &["timeout.invoke (high)"]),
            (
                "Sandbox.Timedout: RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Error: Task timed out after 3.00 seconds",
                &["timeout.invoke (high)"],
            ),
            (
                "Runtime.ImportModuleError: Unable to import module 'app': No module named 'pandas'",
                &["init_failure.import (high)"],
            ),
            ("Runtime.HandlerNotFound: index.run is undefined or not exported", &["init_failure.handler_not_found"]),
            ("Runtime.NewName", &["Runtime.*", "runtime_exception.unhandled"]),
            ("index.run is undefined or not exported", &["init_failure.handler_not_found"]),
            ("Cannot find module '/var/task/index'", &["init_failure.import"]),
            ("fork/exec /var/task/bootstrap: permission denied", &["init_failure.entrypoint"]),
            ("Couldn't find valid bootstrap(s): [/opt/bootstrap]", &["init_failure.entrypoint"]),
            (
                "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).",
                &["runtime_exception.response_too_large"],
            ),
            (
                "An error occurred (ThrottlingException) when calling the PutItem operation: slow",
                &["downstream.throttled: "],
            ),
        ] {
            let found = text(Some(pasted), None, &Style::PLAIN).unwrap_or_else(|failure| failure.message);
            for want in wants {
                assert!(found.replace('\n', " ").contains(want), "{pasted}: {want} is not in\n{found}");
            }
        }
        for nothing in ["shipped order 17", "502 orders", "Errors", "Order: 5", "the end"] {
            assert!(text(Some(nothing), None, &Style::PLAIN).is_err(), "{nothing}");
        }
    }

    #[test]
    fn other_words_list_the_pages_that_have_them() {
        for (typed, wants) in [
            ("redis", &["No code is called 'redis'; this page has the word:", "downstream.database"][..]),
            (
                "Dead letter",
                &["No code is called 'Dead letter'; this page has these words:", "runtime_exception.unhandled"],
            ),
            ("idempotent", &["these pages have the word:", "timeout", "downstream"]),
        ] {
            let found = text(Some(typed), None, &Style::PLAIN).unwrap();
            assert!(wants.iter().all(|want| found.contains(want)) && !found.contains("Meaning"), "{typed}: {found}");
        }
        assert!(text(Some("no.such.code"), None, &Style::PLAIN).is_err());
        let near = text(Some("timeout.invok"), None, &Style::PLAIN).unwrap_err();
        assert!(near.message.contains("did you mean timeout.invoke"), "{}", near.message);
    }

    #[test]
    fn every_code_and_category_has_a_page() {
        for word in CODES.iter().map(|code| code.id).chain(Category::FAILURES.map(Category::id)) {
            assert!(text(Some(word), None, &Style::PLAIN).is_ok_and(|text| !text.trim().is_empty()), "{word}");
        }
    }

    #[test]
    fn finds_codes_categories_and_last_parts() {
        for (word, want) in [
            ("timeout.invoke", &["timeout.invoke"][..]),
            ("Timeout.Init", &["timeout.init"]),
            ("heap", &["out_of_memory.heap"]),
            ("out_of_memory", &["out_of_memory.heap"]),
            ("OOM", &["out_of_memory.heap"]),
            ("downstream", &["downstream", "downstream.dns", "downstream.tls"]),
            ("downstream.", &["downstream", "downstream.dns", "downstream.tls"]),
            ("timeout", &["timeout.invoke", "timeout.init"]),
        ] {
            let found = look_up(&SOME, word).unwrap();
            let ids: Vec<&str> = found.pages.iter().chain(&found.rows).map(|code| code.id).collect();
            assert_eq!(ids, want, "{word}");
        }
        let failure = look_up(&SOME, "timeout.invok").unwrap_err();
        assert!(failure.message.contains("did you mean timeout.invoke"), "{}", failure.message);
    }
}
