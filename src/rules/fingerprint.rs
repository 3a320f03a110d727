//! The stable id of "the same error": derived from its type, place and text, never from its numbers, ids or the order
//! of lines.

use xxhash_rust::xxh3::Xxh3;

use super::Ruling;
use crate::model::{AppError, Category};

/// Characters of a text after which the rest no longer tells errors apart.
const MOST_CHARS: usize = 300;

/// Returns `v2:` and 16 hexadecimal digits; `None` where the verdict rests on no error text (timeouts, kills).
pub(super) fn of(category: Category, ruling: &Ruling<'_>, error: Option<&AppError<'_>>) -> Option<String> {
    let by_limit = matches!(category, Category::Timeout | Category::OutOfMemory);
    if !category.is_failure() || by_limit {
        return None;
    }
    let error = error?;
    let kind = error.error_type.as_deref().map(plain_type).unwrap_or("");
    let frame = error.frame.as_deref().unwrap_or("");
    let message = error.message.as_deref().unwrap_or("");
    // One function may fail in many ways at one place: a panic, a call, an assertion. Later lines are mostly values.
    let message = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    if [kind, frame, message].iter().all(|part| part.is_empty()) {
        return None;
    }
    let kind = if kind.is_empty() && message.is_empty() { ruling.code } else { kind };
    let parts = [kind.to_owned(), mask(frame), mask(message)];
    let mut hash = Xxh3::new();
    for part in &parts {
        hash.update(part.as_bytes());
        hash.update(b"\0");
    }
    Some(format!("v2:{:016x}", hash.digest()))
}

/// Strips `Runtime.`, because text and JSON logs print the same error with and without it.
fn plain_type(error_type: &str) -> &str {
    error_type.strip_prefix("Runtime.").unwrap_or(error_type).trim()
}

/// Masks what differs between occurrences: numbers, ids, addresses, quoted and bracketed text.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MOST_CHARS));
    let text = text.char_indices().nth(4 * MOST_CHARS).map_or(text, |(end, _)| &text[..end]);
    let (mut at, mut before) = (0, ' ');
    while let Some(c) = text[at..].chars().next().filter(|_| out.len() < MOST_CHARS) {
        let rest = &text[at + c.len_utf8()..];
        at += if let Some(length) = enclosed(before, c, rest) {
            out.push('?');
            before = '?';
            c.len_utf8() + length
        } else if c == '/'
            && let Some(length) = path_of_url(&text[..at], rest)
        {
            out.push_str("/?");
            before = '?';
            1 + length
        } else if c.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric() {
            let rest = &text[at..];
            before = 'a';
            if let Some(uuid) = uuid(rest) {
                out.push('#');
                uuid.len()
            } else {
                let word = word(rest);
                mask_word(word, &mut out);
                word.len()
            }
        } else {
            if !(c.is_whitespace() && before.is_whitespace()) {
                out.push(if c.is_whitespace() { ' ' } else { c });
            }
            before = c;
            c.len_utf8()
        };
    }
    out.truncate(out.trim_end().len());
    out
}

/// Returns the length of the path of a URL behind the slash with which it may begin: ids in it need not look like ids.
fn path_of_url(before: &str, rest: &str) -> Option<usize> {
    let word_at = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (_, authority) = before.get(word_at..)?.split_once("://")?;
    if authority.is_empty() {
        return None;
    }
    Some(rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '>')).unwrap_or(rest.len()))
}

/// Returns the length of quoted or bracketed text, including its closing mark.
fn enclosed(before: char, open: char, rest: &str) -> Option<usize> {
    let close = match open {
        // An apostrophe inside a word opens nothing.
        '\'' if before.is_alphanumeric() => return None,
        '\'' | '"' | '`' => open,
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '<' => '>',
        _ => return None,
    };
    rest.find(close).map(|at| at + close.len_utf8())
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

/// Returns a UUID at the start of a text, because its groups by themselves need not look like ids.
fn uuid(text: &str) -> Option<&str> {
    let head = text.get(..36)?;
    let shaped = head.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (shaped && !text[36..].starts_with(|c: char| c.is_ascii_alphanumeric())).then_some(head)
}

/// Writes a word with `#` for numbers and hexadecimal ids, also for digits inside other words.
fn mask_word(word: &str, out: &mut String) {
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return out.push_str(word);
    }
    let hex_id = word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Letters between numbers are an id in some other alphabet.
    let mixed = word.len() >= 8 && word.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).count() >= 2;
    if hex_id || mixed {
        return out.push('#');
    }
    let mut in_number = false;
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !in_number {
            out.push('#');
        }
        in_number = c.is_ascii_digit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, ErrorForm};

    fn id(error_type: &str, message: &str, frame: &str) -> Option<String> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned().into());
        let error = AppError {
            error_type: text(error_type),
            message: text(message),
            frame: text(frame),
            ..AppError::of(ErrorForm::Unhandled)
        };
        let ruling = Ruling::new("runtime_exception.unhandled", Confidence::High, None);
        of(Category::RuntimeException, &ruling, Some(&error))
    }

    #[test]
    fn is_the_same_for_the_same_error() {
        assert_eq!(id("KeyError", "'a'", ""), id("KeyError", "'b'", ""));
        assert_eq!(
            id("E", "order 17 of 9f8e7d6c-0000-4000-8000-000000000001 lost", ""),
            id("E", "order 4 of 1a2b3c4d-1111-4111-9111-111111111111 lost", "")
        );
        assert_eq!(
            id("E", "user 8c1b2fae-abcd-4bcd-bade-c0ffeec0ffee and key x9Kd83Lq2P", ""),
            id("E", "user 00112233-4455-4677-8899-aabbccddeeff and key 7dTq1Zz81m", "")
        );
        assert_eq!(
            id("E", "503 for https://api.example.com/users/bob now", "run (/var/task/a.py)"),
            id("E", "504 for https://api.example.com/users/alice now", "run (/var/task/a.py)")
        );
        assert_eq!(id("E", "no\nrow 3: a", "f"), id("E", "no\nline b", "f"));
        assert_eq!(id("Runtime.ImportModuleError", "no x", ""), id("ImportModuleError", "no x", ""));
    }

    #[test]
    fn differs_for_different_errors() {
        assert_ne!(id("KeyError", "'a'", ""), id("ValueError", "'a'", ""));
        assert_ne!(id("E", "cannot read file", ""), id("E", "cannot write file", ""));
        assert_ne!(id("E", "", "run (/var/task/a.py)"), id("E", "", "stop (/var/task/a.py)"));
        assert_ne!(id("panic", "no table", "src/main.rs"), id("panic", "no route", "src/main.rs"));
        assert_ne!(id("panic", "no table", "src/main.rs"), id("panic", "no table", "src/db.rs"));
        assert_ne!(id("E", "at https://a.example.com/x", ""), id("E", "at https://b.example.com/x", ""));
        assert_eq!(id("", "", ""), None);
    }

    #[test]
    fn keeps_its_form_between_versions() {
        let known = id("KeyError", "'a'", "").unwrap_or_default();
        assert!(known.starts_with("v2:") && known.len() == 19, "{known}");
        assert_eq!(mask("can't  read [1, 2] at 10.0.0.1:80"), "can't read ? at #.#.#.#:#");
    }

    proptest::proptest! {
        #[test]
        fn masking_never_panics(text in ".{0,200}") {
            let _ = mask(&text);
        }
    }
}
