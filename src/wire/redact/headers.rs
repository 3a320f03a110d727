//! Headers whose value is a secret: authorization with its schemes, and cookies.

use std::ops::Range;

use super::code;
use super::named::value;
use super::names::Named;
use super::random::{is_harmless, looks_random};
use super::scan::Scan;
use super::value::{Quote, bare_end, blanks, joined_mask, list};

/// Schemes in front of a token, in lower case, and whether parameters follow up to the end of the header.
static SCHEMES: &[(&str, bool)] = &[
    ("bearer", false),
    ("basic", false),
    ("token", false),
    ("apikey", false),
    ("api-key", false),
    ("ssws", false),
    ("bot", false),
    ("splunk", false),
    ("negotiate", false),
    ("ntlm", false),
    ("geniekey", false),
    ("digest", true),
    ("hawk", true),
    ("oauth", true),
    ("signature", true),
    ("sharedkey", false),
    ("sharedkeylite", false),
    ("sharedaccesssignature", true),
    ("aws", false),
    ("aws4-hmac-sha256", true),
    ("aws4-ecdsa-p256-sha256", true),
    ("aws4-hmac", true),
];

/// Schemes that are told also where no header is named.
pub(super) static BARE_SCHEMES: &[&str] = &["bearer ", "basic ", "ssws "];

/// Shortest credentials behind a scheme, and without one.
const WITH_SCHEME: usize = 6;
const WITHOUT: usize = 14;
/// Most parameters in quotes that a header has.
const PARAMETERS: usize = 16;
/// Longest value of a header as Go shows it.
const LONGEST_OF_GO: usize = 2_048;
/// Within so many bytes a cookie has its first sign.
const FIRST_PAIR: usize = 64;

/// Masks what authorises, and keeps the scheme.
pub(super) fn authorization(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    let go_list = if matches!(text.get(from), Some(b'[' | b'{')) { code::go_list(text, from) } else { None };
    let is_list = text.get(from) == Some(&b'[') || go_list.is_some();
    if is_list && !is_harmless(&text[from..text.len().min(from + super::MASK.len())]) {
        let open = go_list.unwrap_or(from);
        let near = &text[open..text.len().min(open + LONGEST_OF_GO)];
        let close = open + memchr::memchr2(b']', b'\n', near).unwrap_or(near.len());
        if scheme_at(&text[open + 1..close.max(open + 1)]).is_some() {
            // `[Token x]`, as Go shows a header.
            credentials(scan, open + 1..close, false);
        } else {
            list(text, open).0.into_iter().for_each(|value| credentials(scan, value, true));
        }
        return;
    }
    match Quote::at(text, from) {
        Some((quote, inner)) => {
            let (end, _) = quote.close(text, inner);
            credentials(scan, inner..end, true);
        }
        None => {
            let end = line_end(text, named, from);
            match folded(text, from..end) {
                Some(rest) => credentials(scan, rest, false),
                None => credentials(scan, from..end, false),
            }
        }
    }
}

/// Returns the line in which a header goes on that has nothing but a scheme in its own.
fn folded(text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let scheme = text[line.clone()].trim_ascii();
    let is_scheme = scheme.is_empty() || SCHEMES.iter().any(|(known, _)| known.as_bytes().eq_ignore_ascii_case(scheme));
    let ends = text[line.end..].iter().take(4).take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let from = line.end + ends + blanks(text, line.end + ends, 32);
    if !is_scheme || ends == 0 || from == line.end + ends {
        return None;
    }
    let length = text[from..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    Some(from..from + length)
}

/// Returns how long the scheme is that a value begins with, with the blanks behind it, and whether parameters follow it.
fn scheme_at(value: &[u8]) -> Option<(usize, bool)> {
    let word = value.iter().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let behind = word + blanks(value, word, 4);
    let known = SCHEMES.iter().find(|(scheme, _)| scheme.as_bytes().eq_ignore_ascii_case(&value[..word]));
    known.filter(|_| behind > word && behind < value.len()).map(|(_, to_end)| (behind, *to_end))
}

/// Masks the credentials in the value of a header.
fn credentials(scan: &mut Scan<'_>, value: Range<usize>, is_quoted: bool) {
    let text = scan.text;
    let (from, has_scheme, to_end) = match scheme_at(&text[value.clone()]) {
        Some((length, to_end)) => (value.start + length, true, to_end || is_quoted),
        None => (value.start, false, false),
    };
    let end = if to_end { value.end } else { bare_end(&text[..value.end], from) };
    let secret = &text[from..end];
    let least = if has_scheme { WITH_SCHEME } else { WITHOUT };
    if !is_harmless(secret) && (secret.len() >= least || !has_scheme && looks_random(secret)) {
        scan.mask(from..end);
    }
}

/// Masks the pairs of a cookie.
pub(super) fn cookie(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    if matches!(text.get(from), Some(b'[' | b'{')) || Quote::at(text, from).is_some() {
        return value(scan, named, from, false);
    }
    let has_pair = || text[from..].iter().take(FIRST_PAIR).take_while(|byte| **byte != b'\n').any(|byte| *byte == b'=');
    let end = match named.is_assigned {
        true => bare_end(text, from),
        false if has_pair() => line_end(text, named, from),
        false => return,
    };
    if !is_harmless(&text[from..end]) {
        scan.mask(from..end);
    }
}

/// Returns where a header ends: with its line, or with the quoted text that it stands in.
fn line_end(text: &[u8], named: &Named, from: usize) -> usize {
    let around = Quote::before(text, named.key.start).filter(|_| matches!(named.before, b'"' | b'\''));
    if let Some(quote) = around {
        let (mut end, mut behind) = quote.close(text, from);
        // The quote of a parameter, where that around the text stands three times: `"""Digest a="b""""`.
        for _ in 0..PARAMETERS {
            if behind == end || !text[..end].ends_with(b"=") {
                break;
            }
            let (_, value) = quote.next(text, behind);
            (end, behind) = quote.next(text, value);
        }
        return end;
    }
    let mut at = from;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' | b'\r' => break,
            b'\\' if matches!(text.get(at + 1), Some(b'n' | b'r')) => break,
            b'"' | b'\\' => match Quote::at(text, at).filter(|(quote, _)| quote.mark == b'"') {
                // A parameter in quotes.
                Some((quote, inner)) if text[..at].ends_with(b"=") => at = quote.close(text, inner).1,
                Some(_) => break,
                None => at += 1,
            },
            _ => at += 1,
        }
    }
    at
}

/// Masks the token behind a scheme that stands alone.
pub(super) fn scheme(scan: &mut Scan<'_>, found: Range<usize>) {
    let text = scan.text;
    if found.start > 0 && text[found.start - 1].is_ascii_alphanumeric() {
        return;
    }
    let from = found.end + blanks(text, found.end, 4);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"._~+/-".contains(byte);
    let begin = joined_mask(text, from).unwrap_or(from);
    let end = begin + text[begin..].iter().take_while(|byte| is_token(byte)).count();
    let padding = text[end..].iter().take(3).take_while(|byte| **byte == b'=').count();
    // A key with its value.
    if padding > 0 && text.get(end + padding).is_some_and(u8::is_ascii_alphanumeric) {
        return;
    }
    let end = end + padding;
    let token = &text[begin..end];
    let is_basic = text[found.start].eq_ignore_ascii_case(&b'b') && text[found.start + 1].eq_ignore_ascii_case(&b'a');
    // What is encoded has capitals.
    let is_encoded = !is_basic || token.iter().any(u8::is_ascii_uppercase);
    if token.len() >= 8 && looks_random(token) && is_encoded {
        scan.mask(from..end);
    }
}
