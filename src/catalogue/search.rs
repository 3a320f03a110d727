//! Search of the catalogue by words, for what is neither a code nor a name that a table has.

use super::{CODES, CodeInfo};

/// Words of grammar, which tell nothing.
const GRAMMAR: [&str; 20] = [
    "a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "it", "no", "not", "of", "on", "or", "the", "to",
    "was", "with",
];

/// What every page is about.
const EVERYWHERE: [&str; 16] = [
    "aws",
    "call",
    "error",
    "errors",
    "event",
    "exception",
    "fail",
    "failed",
    "fails",
    "failure",
    "function",
    "invocation",
    "lambda",
    "log",
    "problem",
    "request",
];

/// Most words of a search: what has more is a line of a log.
const MOST_WORDS: usize = 6;
/// Most pages that are worth being listed.
const MOST_PAGES: usize = 12;
/// Fewest letters of a word that stands for all that begin with it.
const STEM: usize = 4;

/// Returns the codes of which the id and the title have all words of a text; if there is none, those that have them also
/// in what to do; else those that have them on their page. There are none for words that tell nothing, or that are on very
/// many pages.
#[must_use]
pub(crate) fn codes_with_words(text: &str) -> Vec<&'static CodeInfo> {
    let lower = text.to_lowercase();
    let typed: Vec<&str> = words(&lower).collect();
    let meant: Vec<&str> = typed.iter().copied().filter(|word| !GRAMMAR.contains(word)).collect();
    let telling: Vec<&str> = meant.iter().copied().filter(|word| !EVERYWHERE.contains(word)).map(stem).collect();
    let has_number = typed.iter().any(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let is_line = typed.len() > MOST_WORDS || has_number;
    if telling.is_empty() || is_line || typed.len() > 1 && meant.len() < 2 {
        return Vec::new();
    }
    let texts = |code: &'static CodeInfo| [code.id, code.title, code.brief, code.hint, code.markdown];
    let found = |most: usize| -> Vec<&'static CodeInfo> {
        let has_all = |code: &&'static CodeInfo| {
            telling.iter().all(|word| texts(code).iter().take(most).any(|text| has(text, word)))
        };
        CODES.iter().filter(has_all).collect()
    };
    // Id and title; what to do; the page.
    let found = [2, 4, 5].into_iter().map(found).find(|found| !found.is_empty()).unwrap_or_default();
    if found.len() > MOST_PAGES { Vec::new() } else { found }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Returns the word without the ending of a plural.
fn stem(word: &str) -> &str {
    word.strip_suffix('s').filter(|rest| rest.len() >= STEM && !rest.ends_with('s')).unwrap_or(word)
}

/// Returns whether a text has a word, or one that begins with it if it is not very short.
fn has(text: &str, word: &str) -> bool {
    words(&text.to_lowercase()).any(|one| one == word || word.len() >= STEM && one.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_to_the_pages_that_have_them() {
        for (text, want) in [
            ("kms", "service_error.configuration"),
            ("dead letter queue", "runtime_exception.unhandled"),
            ("DLQs", ""),
            ("import error", "init_failure.import"),
            ("function request too large", "invalid_request.payload_too_large"),
            ("rate limit", "throttling.rate"),
            ("snapshots", "throttling.snapshot"),
            ("NAT gateway", "downstream.connection"),
        ] {
            let found: Vec<&str> = codes_with_words(text).iter().map(|code| code.id).collect();
            assert!(found.contains(&want) || want.is_empty() && found.is_empty(), "{text}: {found:?}");
        }
    }

    #[test]
    fn words_that_tell_nothing_lead_nowhere() {
        for text in ["", "the end", "error", "Errors", "AWS Lambda function failed", "502 orders", "order: 5", "-"] {
            let found: Vec<&str> = codes_with_words(text).iter().map(|code| code.id).collect();
            assert!(found.is_empty(), "{text}: {found:?}");
        }
        assert!(codes_with_words("one two three four five six timeout").is_empty());
    }

    /// Whatever words of a title are typed, in any order, lead to its code.
    #[test]
    fn every_title_leads_to_its_code() {
        for code in CODES {
            let backwards: Vec<&str> = words(code.title).collect::<Vec<_>>().into_iter().rev().collect();
            let found = codes_with_words(&backwards.join(" "));
            let is_found = found.iter().any(|one| one.id == code.id);
            assert!(
                is_found || found.is_empty(),
                "{}: {:?}",
                code.title,
                found.iter().map(|one| one.id).collect::<Vec<_>>()
            );
        }
    }
}
