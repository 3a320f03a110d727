//! Private keys that stand as a whole: in PEM, in files of PuTTY, in XML, as JSON web keys.

use std::ops::Range;

use super::random::looks_random;
use super::scan::Scan;
use super::value::Quote;

/// What begins a key, in lower case.
pub(super) static BEGINS: &[&str] = &[
    "-----begin ",
    "-----begin+",
    "-----begin%20",
    "---- begin ",
    "key-----",
    "private-lines: ",
    "<rsakeyvalue>",
    "\"d\":",
    "\\\"d\\\":",
    "\"oct",
    "kind: secret",
];

/// Shortest private part of a JSON web key: 32 bytes.
const PRIVATE_PART: usize = 42;
/// Longest manifest in which the data of a secret is looked for.
const MANIFEST: usize = 2_048;

/// Masks a private key of which the beginning was found.
pub(super) fn find(scan: &mut Scan<'_>, found: Range<usize>) {
    let text = scan.text;
    match text[found.start] {
        b'-' => pem(scan, found),
        b'p' | b'P' => {
            let line = memchr::memchr(b'\n', &text[found.end..]).map_or(text.len(), |end| found.end + end);
            let end = memchr::memmem::find(&text[line..], b"Private-MAC").map_or(text.len(), |end| line + end);
            let body = text[line..end].trim_ascii();
            let start = line + text[line..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if text[found.end..line].trim_ascii().iter().all(u8::is_ascii_digit) && looks_random(body) {
                scan.mask(start..start + body.len());
            }
        }
        b'<' => {
            let end = memchr::memmem::find(&text[found.end..], b"</RSAKeyValue>");
            scan.mask(found.end..end.map_or(text.len(), |end| found.end + end));
        }
        b'"' if !text[found.end - 1].is_ascii_punctuation() => symmetric(scan, found),
        b'"' | b'\\' => {
            let from = found.end + usize::from(text.get(found.end) == Some(&b' '));
            let Some((quote, inner)) = Quote::at(text, from) else { return };
            let end = quote.close(text, inner).0;
            let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte);
            if end - inner >= PRIVATE_PART && text[inner..end].iter().all(is_base64) {
                scan.mask(inner..end);
            }
        }
        _ if text[found.start].eq_ignore_ascii_case(&b'k') && text[found.end - 1] == b'-' => torn(scan, found),
        _ => manifest(scan, found.end),
    }
}

/// Most bytes between the kind of a JSON web key and the key.
const JSON_KEY: usize = 300;
/// Shortest symmetric key: 16 bytes.
const SYMMETRIC: usize = 20;

/// Masks the key of a symmetric JSON web key, before its kind or behind it: `"kty":"oct","k":"x"`.
fn symmetric(scan: &mut Scan<'_>, found: Range<usize>) {
    let text = scan.text;
    let Some((quote, _)) = Quote::at(text, found.end) else { return };
    let lead = text[..found.start].iter().rev().take(4).take_while(|byte| matches!(byte, b' ' | b'\\')).count();
    if text[..found.start - lead].last() != Some(&b':') {
        return;
    }
    let low = found.start.saturating_sub(JSON_KEY);
    let near = &text[low..text.len().min(found.end + JSON_KEY)];
    for at in memchr::memmem::find_iter(near, b"\"k").map(|at| low + at + 2) {
        let Some(sign) = Quote::at(text, at).filter(|(end, _)| *end == quote).map(|(_, behind)| behind) else {
            continue;
        };
        let from = sign + 1 + usize::from(text.get(sign + 1) == Some(&b' '));
        let Some((_, inner)) = Quote::at(text, from).filter(|_| text[sign..].starts_with(b":")) else { continue };
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte);
        let length = text[inner..].iter().take_while(|byte| is_base64(byte)).count();
        if length >= SYMMETRIC && Quote::at(text, inner + length).is_some() {
            scan.mask(inner..inner + length);
        }
    }
}

/// Masks the body of a key of which the front was cut off within its first rule. What kind of key it is went with it.
fn torn(scan: &mut Scan<'_>, found: Range<usize>) {
    let body = &scan.text[found.end..];
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-".contains(byte);
    let length = body.iter().take_while(|byte| is_of_key(byte)).count();
    if found.start == 0 && length >= TORN {
        scan.mask(found.end..found.end + length);
    }
}

/// Masks a private key in PEM, up to its end or that of the text. In a form, its blanks are encoded.
fn pem(scan: &mut Scan<'_>, found: Range<usize>) {
    const LABEL: usize = 72;
    let has_five = scan.text[found.start + 4] == b'-';
    let rule: &[u8] = if has_five { b"-----" } else { b" ----" };
    let text = scan.text;
    let label = &text[found.end..text.len().min(found.end + LABEL)];
    let Some(title) = memchr::memmem::find(label, rule) else { return };
    let is_private = |part: &[u8]| {
        part.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"PRIVATE"))
            && part[7..].iter().take(6).any(|byte| byte.eq_ignore_ascii_case(&b'K'))
    };
    if !(0..title).any(|at| is_private(&label[at..title])) {
        return;
    }
    let body = found.end + title + rule.len();
    let ends: &[u8] = if has_five { b"-----END" } else { b"---- END " };
    // After a mention no key follows, unless its end is near: one in a single line may begin with headers.
    let is_mention = is_mention(&text[body..]);
    let near = &text[body..if is_mention { text.len().min(body + WHOLE_KEY) } else { text.len() }];
    let end = memchr::memmem::find(near, ends).map(|at| body + at);
    if end.is_none() && is_mention {
        return;
    }
    let end = end.map_or(text.len(), |end| {
        let close = memchr::memmem::find(&text[end + 5..], rule).map(|at| end + 5 + at + rule.len());
        close.filter(|close| close - end < LABEL + 20).unwrap_or(end)
    });
    scan.mask(found.start..end);
}

/// Longest key in PEM.
const WHOLE_KEY: usize = 8_192;
/// Fewest characters of a key that stand in the same line behind its first rule.
const BODY: usize = 16;
/// Fewest characters of a key of which the front was cut off.
const TORN: usize = 6;

/// Returns whether a sentence goes on behind the first rule of a key: `expected -----BEGIN PRIVATE KEY----- in x`.
fn is_mention(body: &[u8]) -> bool {
    let from = body.iter().take(BODY).take_while(|byte| b" ,;.)'\"`\\".contains(byte)).count();
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let length = body[from..].iter().take(BODY).take_while(|byte| is_of_key(byte)).count();
    // An escaped line end.
    let is_line = from > 0 && body[from - 1] == b'\\' && matches!(body.get(from), Some(b'n' | b'r'));
    from > 0 && length < BODY && !is_line && from + length < body.len()
}

/// Masks the data of a secret of Kubernetes, value by value.
fn manifest(scan: &mut Scan<'_>, from: usize) {
    let text = &scan.text[..scan.text.len().min(from + MANIFEST)];
    let mut at = from;
    let mut in_data = false;
    while let Some(length) = memchr::memchr(b'\n', &text[at..]) {
        let start = at + length + 1;
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
        let line = &text[start..end];
        let key = line.iter().position(|byte| *byte == b':');
        match (line.first(), key) {
            (Some(b' ' | b'\t'), Some(colon)) if in_data => {
                let value = line[colon + 1..].trim_ascii();
                let lead = line[colon + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let value_at = start + colon + 1 + lead;
                if !super::random::is_harmless(value) && !matches!(value, [b'|' | b'>', ..]) {
                    scan.mask(value_at..value_at + value.len());
                }
            }
            (Some(b' ' | b'\t'), _) => {}
            (_, Some(_)) => in_data = matches!(line.trim_ascii_end(), b"data:" | b"stringData:"),
            _ => break,
        }
        at = end;
    }
}
