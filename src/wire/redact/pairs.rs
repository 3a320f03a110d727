//! Pairs of a name and its value without a sign between them: tuples, terms of Erlang, what PHP serializes, variables of
//! Terraform.

use super::named::value;
use super::names::{NameKind, Named};
use super::random::{is_harmless, looks_random};
use super::scan::Scan;
use super::value::{Quote, blanks, unwrapped};

/// Most blanks around a sign.
const AROUND: usize = 16;
/// Longest description of a variable in front of its value.
const BLOCK: usize = 300;

/// Masks what follows a quoted key: the other half of a tuple.
pub(super) fn quoted(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let is_between = |byte: &u8| matches!(byte, b',' | b'.');
    let sign = at + blanks(text, at, 3);
    if serialized(scan, at) || variable(scan, named, at) {
        return;
    }
    let Some(comma) = text.get(sign).filter(|byte| is_between(byte)).map(|_| sign + 1) else {
        return in_quotes_beside(scan, named, at);
    };
    let next = comma + text[comma..].iter().take(AROUND).take_while(|byte| byte.is_ascii_whitespace()).count();
    let Some((quote, inner)) = Quote::at(text, unwrapped(text, next)) else { return };
    let (end, behind) = quote.close(text, inner);
    // The next key of an object.
    if text.get(behind + blanks(text, behind, AROUND)) == Some(&b':') {
        return;
    }
    let key = &text[named.key.clone()];
    let front = text[..named.key.start].trim_ascii_end();
    let front = front.strip_suffix(b"\"").or(front.strip_suffix(b"'")).unwrap_or(front);
    let front = front.strip_suffix(b"\\").unwrap_or(front);
    let in_tuple = front.ends_with(b"(") || matches!(front, [.., b'(', b'b' | b'u' | b'r']);
    // A sentence may end in the name of a header or a flag: `"unknown flag: --token"`.
    let is_alone = Quote::before(text, named.key.start).is_some();
    let is_header =
        is_alone && (key.contains(&b'-') || matches!(named.kind, NameKind::Authorization | NameKind::Cookie));
    let value = &text[inner..end];
    // Frames of a stack follow a message that ends in such a word.
    let is_random = looks_random(value) && !value.contains(&b' ');
    if (in_tuple || is_header || is_random) && !is_harmless(value) {
        scan.mask(inner..end);
    }
}

/// Masks a value that stands behind its key, both in quotes: `"password" "x"`.
fn in_quotes_beside(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let gap = blanks(text, at, AROUND);
    if gap == 0 || !matches!(named.kind, NameKind::Password | NameKind::Token) {
        return;
    }
    if let Some((quote, inner)) = Quote::at(text, at + gap) {
        let end = quote.close(text, inner).0;
        if looks_random(&text[inner..end]) && !is_harmless(&text[inner..end]) && !text[inner..end].contains(&b' ') {
            scan.mask(inner..end);
        }
    }
}

/// Masks the text behind a key that PHP serialized: `s:8:"password";s:6:"hunter";`; returns whether it is one. `at` is behind the
/// quote of the key.
fn serialized(scan: &mut Scan<'_>, at: usize) -> bool {
    let text = scan.text;
    let Some(rest) = text[at..].strip_prefix(b";s:") else { return false };
    let digits = rest.iter().take(AROUND).take_while(|byte| byte.is_ascii_digit()).count();
    let quote = at + 3 + digits + 1;
    let Some((quote, inner)) = Quote::at(text, quote).filter(|_| digits > 0 && rest.get(digits) == Some(&b':')) else {
        return false;
    };
    let end = quote.close(text, inner).0;
    if !is_harmless(&text[inner..end]) {
        scan.mask(inner..end);
    }
    true
}

/// Masks the value of a variable of Terraform: `variable "password" { default = "x" }`; returns whether it is one.
fn variable(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let text = scan.text;
    let open = at + blanks(text, at, AROUND);
    let front = &text[named.key.start.saturating_sub(AROUND)..named.key.start];
    if text.get(open) != Some(&b'{') || memchr::memmem::find(front, b"variable ").is_none() {
        return false;
    }
    let block = &text[open..text.len().min(open + BLOCK)];
    let block = &block[..memchr::memchr(b'}', block).unwrap_or(block.len())];
    let Some(key) = memchr::memmem::find(block, b"default").map(|key| open + key + 7) else { return true };
    let sign = key + blanks(text, key, AROUND);
    if text.get(sign) == Some(&b'=') {
        let named = Named { is_assigned: true, ..named.clone() };
        value(scan, &named, sign + 1 + blanks(text, sign + 1, AROUND), false);
    }
    true
}

/// Masks the text in a term of Erlang: `{password,<<"hunter">>}`, `{password,"hunter"}`. `at` is behind the comma.
pub(super) fn erlang(scan: &mut Scan<'_>, at: usize) {
    let text = scan.text;
    let from = at + blanks(text, at, 2);
    let is_binary = text[from..].starts_with(b"<<");
    let Some((quote, inner)) = Quote::at(text, from + if is_binary { 2 } else { 0 }) else { return };
    let (end, behind) = quote.close(text, inner);
    let ends: &[u8] = if is_binary { b">>}" } else { b"}" };
    if text[behind..].starts_with(ends) && !is_harmless(&text[inner..end]) {
        scan.mask(inner..end);
    }
}
