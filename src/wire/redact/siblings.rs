//! Values that stand beside the name of a secret: two keys of one record, two attributes or two elements beside each other.

use std::ops::Range;

use super::named::value;
use super::names::{Named, is_secret};
use super::random::{is_harmless, looks_random};
use super::scan::Scan;
use super::value::{Quote, bare_end, blanks};

/// Keys whose value names something, in lower case; those that end like `parametername` are known by that end.
static NAMING: &[&str] = &[
    "name",
    "key",
    "k",
    "attribute",
    "attr",
    "column",
    "variable",
    "var",
    "field",
    "param",
    "header",
    "property",
    "option",
    "id",
    "path",
];
/// Keys whose value is what was named.
static VALUES: &[&str] = &[
    "value",
    "parametervalue",
    "stringvalue",
    "val",
    "v",
    "input",
    "rejectedvalue",
    "content",
    "body",
    "new",
    "old",
    "newvalue",
    "oldvalue",
];
/// Elements of which the next one has the value: of those in a table any text may follow.
static BEFORE_A_VALUE: &[&str] = &["key", "name", "string", "field", "td", "th", "dt"];
/// Most bytes of a record that are looked at, before a name and behind it.
const RECORD: usize = 300;
/// Longest name in front of a key, such as a path.
const LONGEST_NAME: usize = 96;
/// Longest word of a key of a record.
const WORD: usize = 24;

/// A key of a record of which the value is a name of a secret.
struct NamingKey {
    /// Where the key begins, with its quote.
    start: usize,
    /// Whether it is an attribute of an element.
    is_attribute: bool,
}

/// Masks the value beside a name; returns whether the name is one of a record. `at` is behind the name and its quote.
pub(super) fn find(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let Some(naming) = naming(scan.text, named) else { return false };
    let text = scan.text;
    let named = Named { is_quoted: true, is_assigned: false, ..named.clone() };
    let (mut next, mut has_value) = (at, false);
    // What it was, and what it is.
    for _ in 0..2 {
        let Some(from) = behind(text, next, naming.is_attribute) else { break };
        let is_element = naming.is_attribute && text[from - 1] == b'>';
        if is_element {
            let found = scan.found.len();
            element(scan, from, |_| true);
            // Of one without an end, such as that of a form, the value may be an attribute.
            has_value |= scan.found.len() > found;
        } else {
            value(scan, &named, from, true);
            has_value = true;
        }
        next = Quote::at(text, from).map_or(from, |(quote, inner)| quote.close(text, inner).1);
    }
    if has_value {
        return true;
    }
    if let Some(range) = before(text, naming.start)
        && is_secret(&named, &text[range.clone()])
    {
        scan.mask(range);
    }
    true
}

/// Returns the key of a record whose value is this name.
fn naming(text: &[u8], named: &Named) -> Option<NamingKey> {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:$".contains(byte);
    let mut at = named.key.start;
    if text[at - usize::from(at > 0)] == b'/' {
        at -= text[at.saturating_sub(LONGEST_NAME)..at].iter().rev().take_while(|byte| is_of_name(byte)).count();
    }
    let back = |at: usize| {
        at - text[at.saturating_sub(4)..at].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    };
    let unquoted = |at: usize| match Quote::before(text, at) {
        Some(quote) => at - 1 - quote.backslashes(),
        None => at,
    };
    at = back(unquoted(at));
    let (sign, is_assigned) = match text[..at] {
        [.., b'=', b'>'] => (2, true),
        [.., b'='] => (1, true),
        [.., b':'] => (1, false),
        _ => return None,
    };
    let is_attribute = is_assigned && sign == 1 && in_tag(text, at);
    at = unquoted(back(at - sign));
    let length = text[at.saturating_sub(WORD)..at]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let word = text[at - length..at].to_ascii_lowercase();
    let is_known = NAMING.iter().any(|known| known.as_bytes() == word)
        || word.ends_with(b"name")
        || word.ends_with(b"key")
        || is_attribute && word == b"type";
    is_known.then_some(NamingKey { start: unquoted(at - length), is_attribute })
}

/// Returns whether a place is in the tag of an element.
fn in_tag(text: &[u8], at: usize) -> bool {
    let front = &text[at.saturating_sub(RECORD)..at];
    memchr::memrchr2(b'<', b'>', front).is_some_and(|sign| front[sign] == b'<')
}

/// Returns where the value begins whose key follows in the same record.
fn behind(text: &[u8], from: usize, is_attribute: bool) -> Option<usize> {
    let end = text.len().min(from + RECORD);
    let text = &text[..end];
    let mut at = from;
    while let Some(byte) = text.get(at) {
        if let Some((quote, inner)) = Quote::at(text, at) {
            let (close, next) = quote.close(text, inner);
            if let Some(from) = value_of(text, inner..close, next) {
                return Some(from);
            }
            at = next.max(at + 1);
            continue;
        }
        match byte {
            b'}' | b'{' | b']' => return None,
            b'<' | b'/' if is_attribute => return None,
            b'>' if is_attribute => return text_of_element(text, at + 1),
            b'\n' => {
                let indent = blanks(text, at + 1, RECORD);
                if matches!(text.get(at + 1 + indent), Some(b'-' | b'[' | b'\n')) {
                    return None;
                }
                at += 1 + indent;
            }
            byte if byte.is_ascii_alphabetic() => {
                let length =
                    text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                if let Some(from) = value_of(text, at..at + length, at + length) {
                    return Some(from);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

/// Returns where the value of a key begins, if the key says that it holds one.
fn value_of(text: &[u8], key: Range<usize>, behind: usize) -> Option<usize> {
    let is_known = |known: &&str| known.as_bytes().eq_ignore_ascii_case(&text[key.clone()]);
    if key.len() > WORD || !VALUES.iter().any(is_known) {
        return None;
    }
    let sign = behind + blanks(text, behind, 8);
    let length = match &text[sign.min(text.len())..] {
        [b'=', b'>', ..] => 2,
        [b'=' | b':', ..] => 1,
        _ => return None,
    };
    Some(sign + length + blanks(text, sign + length, 8))
}

/// Returns where the text of an element begins, or that of the only one in it.
fn text_of_element(text: &[u8], from: usize) -> Option<usize> {
    let at = from + text[from..].iter().take(32).take_while(|byte| byte.is_ascii_whitespace()).count();
    match text.get(at)? {
        b'<' if !matches!(text.get(at + 1), Some(b'/' | b'!')) => {
            let length = memchr::memchr(b'>', &text[at..text.len().min(at + 2 * WORD)])?;
            Some(at + length + 1)
        }
        _ => Some(from),
    }
}

/// Returns the value that stands directly before the key of a name.
fn before(text: &[u8], start: usize) -> Option<Range<usize>> {
    let low = start.saturating_sub(RECORD);
    let window = text[low..start].to_ascii_lowercase();
    let is_key = |at: usize, length: usize| {
        let is_of_word = |at: Option<usize>| at.and_then(|at| window.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        !is_of_word(at.checked_sub(1)) && !is_of_word(Some(at + length))
    };
    let last = |word: &&str| memchr::memmem::rfind_iter(&window, word.as_bytes()).find(|at| is_key(*at, word.len()));
    let (at, length) = VALUES.iter().filter_map(|word| Some((last(word)?, word.len()))).max()?;
    let word = low + at..low + at + length;
    let behind = Quote::at(text, word.end).map_or(word.end, |(_, behind)| behind);
    let from = value_of(text, word, behind)?;
    let (value, end) = match Quote::at(text, from) {
        Some((quote, inner)) => {
            let (close, end) = quote.close(text, inner);
            (inner..close, end)
        }
        None => {
            let end = bare_end(text, from);
            (from..end, end)
        }
    };
    // Of the same record, and of no other name.
    let between = window.get(end.saturating_sub(low)..).filter(|_| end <= start)?;
    let is_other = |word: &[u8]| memchr::memmem::find(between, word).is_some();
    let is_apart = between.iter().any(|byte| matches!(byte, b'{' | b'}' | b'<' | b'>'));
    (!is_apart && !is_other(b"name") && !is_other(b"key") && !is_other(b"\n-")).then_some(value)
}

/// Masks the text of the element that follows one with a name: `<key>password</key><string>x</string>`. `at` is behind
/// the name.
pub(super) fn element_pair(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let Some(length) = memchr::memchr(b'>', &text[at..text.len().min(at + WORD + 3)]) else { return };
    let tag = text[at..at + length].strip_prefix(b"</").unwrap_or_default();
    let is_known = |known: &&str| known.as_bytes().eq_ignore_ascii_case(tag);
    if named.before != b'>' || !BEFORE_A_VALUE.iter().any(is_known) {
        return;
    }
    let in_table = matches!(tag, [b't' | b'T' | b'd' | b'D', _]);
    let next = at + length + 1;
    let next = next + text[next..].iter().take(64).take_while(|byte| byte.is_ascii_whitespace()).count();
    if text.get(next) != Some(&b'<') || text.get(next + 1) == Some(&b'/') {
        return;
    }
    if let Some(length) = memchr::memchr(b'>', &text[next..text.len().min(next + RECORD)]) {
        element(scan, next + length + 1, |value| !in_table || looks_random(value));
    }
}

/// Masks the text of an element up to its end.
fn element(scan: &mut Scan<'_>, from: usize, is_secret: impl Fn(&[u8]) -> bool) {
    let text = scan.text;
    let value = match text[from..].strip_prefix(CDATA) {
        Some(rest) => {
            let from = text.len() - rest.len();
            let end = memchr::memmem::find(rest, b"]]>").map_or(text.len(), |length| from + length);
            from..end
        }
        None => {
            let end = memchr::memchr(b'<', &text[from..]).map_or(text.len(), |length| from + length);
            // What is cut off is no sentence: `replace <token> with yours`.
            let is_word = || !text[from..end].trim_ascii().iter().any(u8::is_ascii_whitespace);
            let is_closed = text[end..].starts_with(b"</") || scan.is_cut && end == text.len() && is_word();
            if !is_closed {
                return;
            }
            from..end
        }
    };
    if !is_harmless(&text[value.clone()]) && is_secret(&text[value.clone()]) {
        scan.mask(value);
    }
}

/// What begins a text without markup.
const CDATA: &[u8] = b"<![CDATA[";

/// Masks the text of an element that a secret is the name of. An argument of a type is none: `List<Token>`.
pub(super) fn own_element(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let is_around = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.');
    let front = &scan.text[named.key.start.saturating_sub(WORD)..named.key.start];
    let space = front.iter().rev().take_while(|byte| is_around(byte)).count();
    let is_argument = front[..front.len() - space].strip_suffix(b"<").and_then(<[u8]>::last).is_some_and(is_around);
    if is_argument && memchr::memchr(b'<', &scan.text[from..]).is_none() {
        return;
    }
    let inner = text_of_element(scan.text, from).filter(|inner| {
        // Of elements within, only those that hold a value.
        let tag = scan.text[from..*inner].trim_ascii().strip_prefix(b"<").unwrap_or_default();
        let tag = tag.strip_suffix(b">").unwrap_or_default();
        VALUES.iter().chain(&["string"]).any(|known| known.as_bytes().eq_ignore_ascii_case(tag))
    });
    element(scan, inner.unwrap_or(from), |_| true);
}
