//! The value of a name: a text, a list, an object or a block.

use std::ops::Range;

use super::names::{LONG, NameKind, Named, is_secret};
use super::random::{is_harmless, is_made, looks_random};
use super::scan::Scan;
use super::value::{
    Quote, balanced_end, bare_end, blanks, block, continued, joined_mask, joined_texts, list, long_text, unwrapped,
    yaml_tag,
};
use super::{below, code};

/// Masks the value that begins here.
pub(super) fn value(scan: &mut Scan<'_>, named: &Named, from: usize, may_be_block: bool) {
    let text = scan.text;
    let from = from + yaml_tag(&text[from.min(text.len())..]);
    let Some(first) = text.get(from) else { return };
    if let Some(line) = next_text(text, named, from) {
        if let Some(value) = in_next_text(text, named, line) {
            scan.mask(value);
        }
        return;
    }
    if !named.is_quoted && ends_text(text, from) {
        return;
    }
    if let Some(end) = joined_mask(text, from) {
        scan.mask(from..bare_end(text, end));
        return;
    }
    if text[from..].starts_with(super::MASK.as_bytes()) {
        let end = bare_end(text, from);
        if !is_harmless(&text[from..end]) {
            scan.mask(from..end);
        }
        return;
    }
    match first {
        b'[' if !named.is_assigned && code::is_in_brackets(text, from) => {}
        b'[' => list_values(scan, named, code::go_list(text, from).unwrap_or(from)),
        b'{' if code::go_list(text, from).is_some() => list_values(scan, named, from),
        b'{' if named.is_quoted || named.is_assigned || named.kind == NameKind::Password => {
            let end = balanced_end(text, from);
            if !is_harmless(&text[from..end]) && end > from + 2 {
                scan.mask(from..end);
            } else {
                below::mask_flow(scan, named, from);
            }
        }
        b'{' if !named.is_assigned => below::mask_flow(scan, named, from),
        b'|' | b'>' if may_be_block && !named.is_assigned => {
            if let Some(value) = block(text, named.key.start, from) {
                scan.mask(value);
            }
        }
        b'#' if may_be_block && named.is_spaced && text.get(from + 1) == Some(&b' ') => {
            let near = &text[from..text.len().min(from + COMMENT)];
            if let Some(length) = memchr::memchr(b'\n', near) {
                below::mask(scan, named, from + length);
            }
        }
        b'\r' | b'\n' => {
            let may_be_block = may_be_block && !named.is_assigned;
            if may_be_block && below::mask(scan, named, from) {
                return;
            }
            let block = block(text, named.key.start, from).filter(|_| may_be_block);
            let block = block.filter(|value| is_secret(named, &text[value.clone()]));
            if let Some(value) = block.or_else(|| in_next_line(text, named, from)) {
                scan.mask(value);
            }
        }
        b'\\' => scalar(scan, named, continued(text, from).unwrap_or(from)),
        _ => scalar(scan, named, from),
    }
}

fn is_password(named: &Named) -> bool {
    matches!(named.kind, NameKind::Password | NameKind::Phrase)
}

/// Masks the secrets in a list that begins here with its bracket.
fn list_values(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    for value in list(text, from).0 {
        let is_quoted = matches!(text[value.start - 1], b'"' | b'\'');
        if is_quoted || is_secret(named, &text[value.clone()]) {
            scan.mask(value);
        }
    }
}

/// Returns whether the quote here ends a text of JSON that a name and its sign end: `"Enter password:","code":1`.
pub(super) fn ends_text(text: &[u8], from: usize) -> bool {
    let Some((quote, behind)) = Quote::at(text, from).filter(|(quote, _)| quote.mark == b'"') else { return false };
    let sign = behind + usize::from(matches!(text.get(behind), Some(b']' | b'}')));
    match text.get(sign) {
        Some(b',') => {
            let next = sign + 1 + blanks(text, sign + 1, 4);
            let is_next = Quote::at(text, next).is_some_and(|(next, _)| next == quote);
            is_next || matches!(text.get(next), Some(b'{' | b'['))
        }
        Some(b'}' | b']') => true,
        _ => sign > behind && text.get(sign).is_none_or(|byte| matches!(byte, b'\n' | b'\r')),
    }
}

/// Returns where the next text of an array begins, if the lines of one text are the elements of it, as in the stack of an
/// error: `["  password:","   'x'"]`. `from` is behind the sign.
fn next_text(text: &[u8], named: &Named, from: usize) -> Option<usize> {
    let (quote, behind) = Quote::at(text, from).filter(|(quote, _)| quote.mark == b'"')?;
    let around = Quote::before(text, named.key.start).filter(|own| named.is_quoted && own.mark == b'"');
    if text.get(behind) != Some(&b',') || around.is_some_and(|own| own.backslashes() <= quote.backslashes()) {
        return None;
    }
    let gap = text[behind + 1..].iter().take(INDENT).take_while(|byte| byte.is_ascii_whitespace()).count();
    let next = Quote::at(text, behind + 1 + gap).filter(|(next, _)| *next == quote)?.1;
    // The next key of an object.
    let (_, end) = quote.close(text, next);
    (text.get(end) != Some(&b':')).then_some(next)
}

/// Returns the value that stands alone in the next text of an array, where that is the line below its name: indented.
fn in_next_text(text: &[u8], named: &Named, start: usize) -> Option<Range<usize>> {
    let quote = Quote::before(text, start)?;
    let end = quote.close(text, start).0;
    let indent = blanks(text, start, INDENT);
    let is_item = matches!(text[start + indent..end], [b'-' | b'*', b' ', ..]);
    let from = start + indent + if is_item { 2 } else { 0 };
    if let Some((quote, inner)) = Quote::at(&text[..end], from) {
        let (close, behind) = quote.close(&text[..end], inner);
        let is_alone = behind > close && text[behind..end].iter().all(|byte| b" ,;})]".contains(byte));
        return (indent > 0 && is_alone && !is_harmless(&text[inner..close])).then_some(inner..close);
    }
    let word = text[from..end].trim_ascii_end();
    let is_value = is_made(word) && !is_id(word) || is_item && is_password(named) && looks_random(word);
    (is_value && !word.contains(&b' ') && is_secret(named, word)).then(|| from..from + word.len())
}

/// Longest comment between a name and the lines below it.
const COMMENT: usize = 120;
/// Most blanks in front of a value in the next line.
const INDENT: usize = 64;

/// Returns the value that stands alone in the line below its name, where one of them may be empty: in quotes, or made by a
/// machine, for any word may follow a title.
pub(super) fn in_next_line(text: &[u8], named: &Named, at: usize) -> Option<Range<usize>> {
    let gap = text[at..].iter().take(INDENT).take_while(|byte| byte.is_ascii_whitespace()).count();
    let ends = text[at..at + gap].iter().filter(|byte| **byte == b'\n').count();
    let from = at + gap;
    if !(1..=2).contains(&ends) || from >= text.len() {
        return None;
    }
    let (value, behind, is_quoted) = match Quote::at(text, from) {
        Some((quote, inner)) => {
            let (end, behind) = quote.close(text, inner);
            (inner..end, behind, true)
        }
        None => {
            let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(byte);
            let end = from + text[from..].iter().take_while(|byte| is_of_word(byte)).count();
            (from..end, end, false)
        }
    };
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b',' | b';' | b')' | b'}' | b']' | b'"' | b'\'' | b'\\');
    let rest = text[behind..].iter().take(INDENT).take_while(|byte| is_between(byte)).count();
    let is_alone =
        text.get(behind + rest).is_none_or(|byte| matches!(byte, b'\n' | b'\r')) || is_class(&text[behind..]);
    let word = &text[value.clone()];
    let is_told = is_quoted && (named.is_quoted || named.is_assigned);
    let is_value = is_told || is_made(word) && !is_id(word);
    (is_alone && is_value && !is_harmless(word)).then_some(value)
}

/// Returns whether the class of an error stands here, behind its message: `: java.lang.Error`.
fn is_class(rest: &[u8]) -> bool {
    let Some(name) = rest.strip_prefix(b": ") else { return false };
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.$".contains(byte);
    let length = name.iter().take(4 * INDENT).take_while(|byte| is_of_name(byte)).count();
    name[..length].contains(&b'.') && name.get(length).is_none_or(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Returns whether a word is an id, a place or a version: groups of hex digits, a path, names with dots.
fn is_id(word: &[u8]) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    word.contains(&b'-') && word.iter().all(is_hex) || word.contains(&b'.') || word.starts_with(b"/")
}

fn scalar(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    if let Some(value) = long_text(text, from) {
        if !is_harmless(&text[value.clone()]) {
            scan.mask(value);
        }
        return;
    }
    if let Some(value) = in_angles(text, from) {
        if is_made(&text[value.clone()]) {
            scan.mask(value);
        }
        return;
    }
    let is_own =
        named.is_spaced && [&b"self."[..], b"this."].iter().any(|own| text[named.key.clone()].starts_with(own));
    if code::is_expression(text, from, named.is_spaced)
        || is_own && code::is_variable(text, from)
        || !named.is_assigned && !named.is_quoted && code::is_type(text, from)
    {
        return;
    }
    let from = unwrapped(text, from);
    if let Some((quote, inner)) = Quote::at(text, from) {
        let (end, behind) = quote.close(text, inner);
        let value = &text[inner..end];
        let is_short = named.kind == NameKind::Signature && value.len() < LONG / 2;
        if !is_harmless(value) && !is_short {
            scan.mask(inner..end);
        }
        let joined = if behind > end { joined_texts(text, behind, quote) } else { Vec::new() };
        joined.into_iter().filter(|part| !is_harmless(&text[part.clone()])).for_each(|part| scan.mask(part));
        return;
    }
    // The working directory has the same name.
    let is_directory = matches!(&text[named.key.clone()], b"PWD" | b"OLDPWD" | b"pwd") && text[from] == b'/';
    if is_directory {
        return;
    }
    if named.kind == NameKind::Signature && signatures(scan, from) {
        return;
    }
    let mut end = bare_end(text, from);
    if named.kind == NameKind::Phrase {
        end = phrase_end(text, end);
    }
    let is_torn =
        scan.is_cut && end == text.len() && named.kind == NameKind::Signature && looks_random(&text[from..end]);
    if end > from && (is_torn || is_secret(named, &text[from..end])) {
        scan.mask(from..end);
    }
}

/// Most pairs of a header with signatures.
const PAIRS: usize = 16;

/// Masks the signatures in a list of pairs, as headers have them: `t=1767322800,v1=x,v0=y`; returns whether it is one.
fn signatures(scan: &mut Scan<'_>, from: usize) -> bool {
    let text = scan.text;
    let (mut at, mut has_one) = (from, false);
    for _ in 0..PAIRS {
        let key =
            text[at..].iter().take(LONG).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if key == 0 || text.get(at + key) != Some(&b'=') {
            break;
        }
        let start = at + key + 1;
        let is_of_value = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte);
        let mut end = start + text[start..].iter().take_while(|byte| is_of_value(byte)).count();
        if text[start..].starts_with(super::MASK.as_bytes()) {
            end = start + super::MASK.len();
            has_one = true;
        } else if end - start >= LONG {
            scan.mask(start..end);
            has_one = true;
        }
        match text.get(end) {
            Some(b',' | b';') => at = end + 1 + blanks(text, end + 1, 2),
            _ => break,
        }
    }
    has_one
}

/// Returns the text in angle brackets that begins here: the name of a value, or one.
pub(super) fn in_angles(text: &[u8], from: usize) -> Option<Range<usize>> {
    let inner = text[from..].strip_prefix(b"<")?;
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b' ' | b'.');
    let length = inner.iter().take(4 * LONG).take_while(|byte| is_inside(byte)).count();
    (inner.get(length) == Some(&b'>')).then_some(from + 1..from + 1 + length)
}

/// Returns where words with blanks between them end: with the line, or before a comma or the end of what is quoted.
fn phrase_end(text: &[u8], from: usize) -> usize {
    let is_of_phrase = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_');
    let end = from + text[from..].iter().take_while(|byte| is_of_phrase(byte)).count();
    from + text[from..end].trim_ascii_end().len()
}
