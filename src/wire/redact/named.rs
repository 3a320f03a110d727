//! The value of a name: a text, a list, an object or a block, and whether it is a secret.

use std::ops::Range;

use super::names::NameKind;
use super::random::{is_harmless, is_made, is_number, looks_random};
use super::scan::Scan;
use super::value::{Quote, balanced_end, bare_end, block, list, long_text, unwrapped};

/// Shortest signature without quotes; twice that, a key may be all letters.
const LONG: usize = 16;

/// A key of which the name was found.
pub(super) struct Named {
    pub(super) kind: NameKind,
    pub(super) key: Range<usize>,
    /// The byte in front of the key, a blank at the start.
    pub(super) before: u8,
    /// Whether a quote ends the key.
    pub(super) is_quoted: bool,
    /// Whether a sign of assignment follows, and no colon.
    pub(super) is_assigned: bool,
}

/// Masks the value that begins here.
pub(super) fn value(scan: &mut Scan<'_>, named: &Named, from: usize, may_be_block: bool) {
    let text = scan.text;
    let from = from + yaml_tag(&text[from.min(text.len())..]);
    let Some(first) = text.get(from) else { return };
    if is_harmless(&text[from..text.len().min(from + super::MASK.len())]) && text[from..].starts_with(b"[") {
        return;
    }
    match first {
        // `[Getter]`, `[Function: x]`: what stands for a value that is not shown.
        b'[' if !named.is_assigned && text.get(from + 1).is_some_and(u8::is_ascii_uppercase) => {}
        b'[' => {
            let (values, _) = list(text, from);
            for value in values {
                let is_quoted = matches!(text[value.start - 1], b'"' | b'\'');
                if is_quoted || is_secret(named, &text[value.clone()]) {
                    scan.mask(value);
                }
            }
        }
        b'{' if named.is_quoted || named.is_assigned || named.kind == NameKind::Password => {
            let end = balanced_end(text, from);
            if !is_harmless(&text[from..end]) && end > from + 2 {
                scan.mask(from..end);
            }
        }
        b'|' | b'>' | b'\r' | b'\n' if may_be_block && !named.is_assigned => {
            if let Some(value) = block(text, named.key.start, from)
                && (matches!(first, b'|' | b'>') || is_secret(named, &text[value.clone()]))
            {
                scan.mask(value);
            }
        }
        _ => scalar(scan, named, from),
    }
}

/// Returns how long the tag or the anchor in front of a value of YAML is: `!!str x`, `&name x`.
fn yaml_tag(rest: &[u8]) -> usize {
    let sign = match rest {
        [b'!', b'!', ..] => 2,
        [b'&', ..] => 1,
        _ => return 0,
    };
    let word = rest[sign..].iter().take(LONG).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let behind = sign + word;
    let has_value = rest.get(behind) == Some(&b' ') && rest.get(behind + 1).is_some_and(u8::is_ascii_graphic);
    if word > 0 && has_value { behind + 1 } else { 0 }
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
    let from = unwrapped(text, from);
    if let Some((quote, inner)) = Quote::at(text, from) {
        let (end, _) = quote.close(text, inner);
        let value = &text[inner..end];
        let is_short = named.kind == NameKind::Signature && value.len() < LONG / 2;
        if !is_harmless(value) && !is_short {
            scan.mask(inner..end);
        }
        return;
    }
    // The working directory has the same name.
    let is_directory = matches!(&text[named.key.clone()], b"PWD" | b"OLDPWD" | b"pwd") && text[from] == b'/';
    if is_directory {
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

/// Returns the text in angle brackets that begins here: the name of a value, or one.
fn in_angles(text: &[u8], from: usize) -> Option<Range<usize>> {
    let inner = text[from..].strip_prefix(b"<")?;
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b' ' | b'.');
    let length = inner.iter().take(4 * LONG).take_while(|byte| is_inside(byte)).count();
    (inner.get(length) == Some(&b'>')).then_some(from + 1..from + 1 + length)
}

/// Returns whether a value without quotes is a secret.
pub(super) fn is_secret(named: &Named, value: &[u8]) -> bool {
    if is_harmless(value) {
        return false;
    }
    let is_told = named.is_assigned || named.is_quoted;
    match named.kind {
        NameKind::Password | NameKind::Phrase => value.len() >= 4 || !is_number(value),
        NameKind::Pass => !is_number(value) && (is_told || value.len() >= LONG / 2 && is_made(value)),
        NameKind::Signature => value.len() >= LONG,
        NameKind::Personal => is_told || value.len() >= 3 && value.iter().all(u8::is_ascii_digit),
        // A count has few digits.
        NameKind::Token | NameKind::Authorization | NameKind::Cookie if is_number(value) => {
            named.is_assigned && value.len() >= 6 || named.is_quoted && value.len() >= LONG
        }
        NameKind::Token | NameKind::Authorization | NameKind::Cookie => {
            is_told || looks_random(value) || value.len() >= 2 * LONG
        }
    }
}

/// Returns where words with blanks between them end: with the line, or before a comma or the end of what is quoted.
fn phrase_end(text: &[u8], from: usize) -> usize {
    let is_of_phrase = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_');
    let end = from + text[from..].iter().take_while(|byte| is_of_phrase(byte)).count();
    from + text[from..end].trim_ascii_end().len()
}
