//! Values behind the name of a secret: `name=value` in any notation, pairs of a tuple, elements, flags, sentences.

use std::ops::Range;

use super::headers;
use super::named::{Named, value};
use super::names::{NAMES, NameKind, key_around};
use super::random::{is_harmless, looks_random};
use super::scan::Scan;
use super::value::{Quote, bare_end, blanks};

/// Most blanks around a sign.
const AROUND: usize = 16;
/// Longest space of names in front of an element.
const SPACE: usize = 16;

/// Looks for the value of a name.
pub(super) fn find(scan: &mut Scan<'_>, name: Range<usize>, number: usize) {
    let kind = NAMES[number].1;
    if kind == NameKind::Personal && !scan.personal {
        return;
    }
    let Some(key) = key_around(scan.text, name, kind) else { return };
    let text = scan.text;
    let before = key.start.checked_sub(1).map_or(b' ', |at| text[at]);
    let mut named = Named { kind, before, is_quoted: false, is_assigned: false, key: key.clone() };
    let mut at = key.end;
    let mut closing = None;
    if let Some((quote, next)) = Quote::at(text, at) {
        (closing, at) = (Some(quote), next);
        named.is_quoted = true;
    }
    at += usize::from(text.get(at) == Some(&b']'));
    let sign = at + blanks(text, at, AROUND);
    let rest = &text[sign.min(text.len())..];
    let length = match rest {
        [b'=', b'>', ..] | [b':', b'=', ..] => 2,
        [b'=', b'=', b'=', ..] => 3,
        [b'=', b'=', ..] => 2,
        [b'=' | b':', ..] => 1,
        _ => return without_sign(scan, &named, closing, at),
    };
    named.is_assigned = rest[..length].contains(&b'=');
    // In `arn:…:secret:name` it is a kind of resource.
    if before == b':' && !named.is_quoted && rest.starts_with(b":") && rest.get(1) != Some(&b' ') {
        return;
    }
    let behind = sign + length;
    let from = behind + blanks(text, behind, AROUND);
    match kind {
        NameKind::Authorization => headers::authorization(scan, &named, from),
        NameKind::Cookie => headers::cookie(scan, &named, from),
        _ => value(scan, &named, from, length == 1),
    }
}

/// Looks for a value behind a key that no sign of assignment follows.
fn without_sign(scan: &mut Scan<'_>, named: &Named, closing: Option<Quote>, at: usize) {
    let text = scan.text;
    match (closing, text.get(at)) {
        (Some(_), _) => pair(scan, named, at),
        (None, Some(b'>')) if in_element(text, named) => element(scan, at + 1),
        (None, Some(b' ' | b'\t')) if in_element(text, named) => {
            let attributes =
                text[at..].iter().take(200).take_while(|byte| !matches!(byte, b'>' | b'<' | b'\n')).count();
            if text.get(at + attributes) == Some(&b'>') {
                element(scan, at + attributes + 1);
            }
        }
        (None, Some(b' ' | b'\t')) => {
            let is_flag = text[named.key.start..].starts_with(b"-");
            if is_flag { flag(scan, at) } else { sentence(scan, named, at) }
        }
        _ => {}
    }
}

/// Returns whether the key is the name of an element that begins: `<Password>`, `<wsse:Password>`.
fn in_element(text: &[u8], named: &Named) -> bool {
    let front = &text[named.key.start.saturating_sub(SPACE)..named.key.start];
    let space = front.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b':').count();
    front.len() > space && front[front.len() - space - 1] == b'<'
}

/// Masks the text of an element.
fn element(scan: &mut Scan<'_>, from: usize) {
    let end = memchr::memchr(b'<', &scan.text[from..]).map_or(scan.text.len(), |length| from + length);
    let is_closed = scan.text[end..].starts_with(b"</") || scan.is_cut && end == scan.text.len();
    if is_closed && !is_harmless(&scan.text[from..end]) {
        scan.mask(from..end);
    }
}

/// Masks the value of a flag that stands behind a blank.
fn flag(scan: &mut Scan<'_>, at: usize) {
    let from = at + blanks(scan.text, at, AROUND);
    let text = scan.text;
    let (value, is_value) = match Quote::at(text, from) {
        Some((quote, inner)) => (inner..quote.close(text, inner).0, true),
        None => (from..bare_end(text, from), text.get(from) != Some(&b'-')),
    };
    if is_value && !is_harmless(&text[value.clone()]) {
        scan.mask(value);
    }
}

/// Masks what follows a quoted key: the other half of a tuple, or the value beside a name.
fn pair(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let Some(comma) = text[at..].iter().take(4).position(|byte| *byte == b',').map(|length| at + length + 1) else {
        return;
    };
    let next = comma + text[comma..].iter().take(AROUND).take_while(|byte| byte.is_ascii_whitespace()).count();
    let Some((quote, inner)) = Quote::at(text, next) else { return };
    const VALUE: &[u8] = b"value";
    if text[inner..].len() > VALUE.len() && text[inner..inner + VALUE.len()].eq_ignore_ascii_case(VALUE) {
        let behind = inner + VALUE.len();
        if let Some((_, sign)) = Quote::at(text, behind) {
            let sign = sign + blanks(text, sign, AROUND);
            if text.get(sign) == Some(&b':') {
                let named = Named { is_quoted: true, key: named.key.clone(), ..*named };
                return value(scan, &named, sign + 1 + blanks(text, sign + 1, AROUND), false);
            }
        }
    }
    let (end, behind) = quote.close(text, inner);
    // The next key of an object.
    if text.get(behind + blanks(text, behind, AROUND)) == Some(&b':') {
        return;
    }
    let key = &text[named.key.clone()];
    let in_tuple =
        matches!(text[..named.key.start].trim_ascii_end(), [.., b'(', b'"' | b'\'' | b'\\'] | [.., b'(', b'\\', b'"']);
    let is_header = key.contains(&b'-') || matches!(named.kind, NameKind::Authorization | NameKind::Cookie);
    let value = &text[inner..end];
    if (in_tuple || is_header || looks_random(value)) && !is_harmless(value) {
        scan.mask(inner..end);
    }
}

/// Masks what a sentence says a password is.
fn sentence(scan: &mut Scan<'_>, named: &Named, at: usize) {
    if !matches!(named.kind, NameKind::Password | NameKind::Phrase) {
        return;
    }
    let text = scan.text;
    let mut from = at + blanks(text, at, 2);
    for word in [&b"is "[..], b"was ", b"to ", b"of "] {
        if text[from..].starts_with(word) {
            from += word.len();
            break;
        }
    }
    let (value, is_value) = match Quote::at(text, from) {
        Some((quote, inner)) if from > at + 2 => (inner..quote.close(text, inner).0, true),
        _ => {
            let value = from..bare_end(text, from);
            let is_value = looks_random(&text[value.clone()]);
            (value, is_value)
        }
    };
    if is_value && !value.is_empty() && !is_harmless(&text[value.clone()]) {
        scan.mask(value);
    }
}
