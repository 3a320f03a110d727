//! Values behind the name of a secret: `name=value` in any notation, pairs of a tuple, elements, flags, sentences.

use std::ops::Range;

use super::headers;
use super::named::{ends_text, in_angles, in_next_line, value};
use super::names::{NAMES, NameKind, Named, is_count, is_secret, key_around};
use super::random::{is_harmless, is_made, looks_random};
use super::scan::Scan;
use super::value::{Quote, bare_end, blanks, continued};
use super::{pairs, siblings, tables};

/// Most blanks around a sign.
const AROUND: usize = 16;
/// Longest space of names in front of an element.
const SPACE: usize = 16;
/// Within so many bytes before its name a part of a form says what it is.
const FORM: usize = 64;
/// Longest part of a form that is looked at.
const PART_OF_FORM: usize = 4_096;
/// Shortest part of a path that is a secret.
const PART_OF_PATH: usize = 12;
/// Shortest token that a sentence tells.
const TOLD: usize = 12;
/// Longest word that ends lines.
const LONGEST_WORD: usize = 48;

/// Looks for the value of a name.
pub(super) fn find(scan: &mut Scan<'_>, name: Range<usize>, number: usize) {
    let kind = NAMES[number].1;
    if kind == NameKind::Personal && !scan.personal {
        return;
    }
    let is_dotted = scan.text[name.clone()].contains(&b'.');
    let Some(key) = key_around(scan.text, name, kind) else { return };
    let text = scan.text;
    let before = key.start.checked_sub(1).map_or(b' ', |at| text[at]);
    let mut named = Named {
        kind,
        before,
        is_quoted: false,
        is_assigned: false,
        is_spaced: false,
        is_count: false,
        key: key.clone(),
    };
    let mut at = key.end;
    let mut closing = None;
    if let Some((quote, next)) = Quote::at(text, at) {
        (closing, at) = (Some(quote), next);
        named.is_quoted = true;
        if let Some(inner) = in_a_cell(text, &key, quote) {
            if !inner.is_empty() && is_secret(&named, &text[inner.clone()]) {
                scan.mask(inner);
            }
            return;
        }
    }
    at += usize::from(text.get(at) == Some(&b']'));
    if let Some(access) = php_access(&text[at..]) {
        at += access;
        named.is_quoted = true;
    }
    let plain = at + emphasis(&text[at..], before);
    let sign = plain + blanks(text, plain, AROUND);
    let sign = sign_below(text, sign).unwrap_or(sign);
    let Some(length) = sign_of(&text[sign.min(text.len())..], sign > key.end) else {
        // In prose, a name with a dot is that of a file: `app.key`.
        if !is_dotted {
            without_sign(scan, &named, closing, at);
        }
        return;
    };
    let rest = &text[sign..];
    named.is_assigned = rest[..length].contains(&b'=') || rest.starts_with(WIDE_EQUALS);
    // In `arn:…:secret:name` it is a kind of resource.
    if before == b':' && !named.is_quoted && rest.starts_with(b":") && rest.get(1) != Some(&b' ') {
        return;
    }
    let behind = sign + length;
    let mut from = behind + blanks(text, behind, AROUND);
    named.is_spaced = from > behind;
    named.is_count = text.get(from).is_some_and(u8::is_ascii_digit)
        && (is_count(&text[named.key.clone()]) || text[..named.key.start].ends_with(b"nexpected "));
    if rest.starts_with(b"=>") && matches!(text.get(from), Some(b'\n' | b'\r')) {
        // In the next line, as PHP shows it.
        from += text[from..].iter().take(4 * AROUND).take_while(|byte| byte.is_ascii_whitespace()).count();
    }
    match kind {
        NameKind::Authorization => headers::authorization(scan, &named, from),
        NameKind::Cookie => headers::cookie(scan, &named, from),
        _ => value(scan, &named, from, rest[..length] == *b":"),
    }
}

/// Finds the value of a key within a cell of CSV, where each quote is doubled: `{""password"":""x""}`, also escaped. `quote` is the
/// first one behind the key.
fn in_a_cell(text: &[u8], key: &Range<usize>, quote: Quote) -> Option<Range<usize>> {
    // Nearly all keys end here.
    let behind = |at: usize| quote.behind_doubled(text, at);
    let sign = behind(key.end)?;
    let doubled = sign - key.end;
    if behind(key.start.checked_sub(doubled)?) != Some(key.start) {
        return None;
    }
    let sign = sign + blanks(text, sign, AROUND);
    if text.get(sign) != Some(&b':') {
        return None;
    }
    let from = behind(sign + 1 + blanks(text, sign + 1, AROUND))?;
    let line = memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |length| from + length);
    let end = (from..line).find(|at| behind(*at).is_some_and(|end| end <= line));
    Some(from..end.unwrap_or(line))
}

/// Signs as wide as a character of Chinese.
const WIDE_EQUALS: &[u8] = "＝".as_bytes();
const WIDE_COLON: &[u8] = "：".as_bytes();

/// Returns how long the sign between a key and its value is. An arrow is one only behind a blank: in code it has none.
fn sign_of(rest: &[u8], is_apart: bool) -> Option<usize> {
    let is_quoted = |from: usize| Quote::at(rest, from + blanks(rest, from, AROUND)).is_some();
    match rest {
        [b'=', b'>', ..] | [b':', b'=', ..] => Some(2),
        // As LDIF marks what is encoded; apart from the name, it is a type.
        [b':', b':', b' ', ..] if !is_apart => Some(2),
        [b'=', b'=', b'=', ..] => Some(3),
        [b'=', b'=', ..] => Some(2),
        [b'!', b'=', b'=', ..] if is_quoted(3) => Some(3),
        [b'!', b'=', ..] if is_quoted(2) => Some(2),
        [b'=' | b':', ..] => Some(1),
        [b'-' | b'~', b'>', ..] if is_apart => Some(2),
        [b'<', b'-', ..] if is_quoted(2) => Some(2),
        [b'?' | b'+', b'=', ..] => Some(2),
        [b'|', b'|', b'=', ..] => Some(3),
        // Signs of C strings in what a program dumps.
        [b'\0', next, ..] if next.is_ascii_graphic() => Some(1),
        _ => ["→", "⇒", "＝", "："]
            .iter()
            .map(|sign| sign.as_bytes())
            .find(|sign| rest.starts_with(sign))
            .filter(|sign| is_apart || *sign == WIDE_COLON || *sign == WIDE_EQUALS)
            .map(<[u8]>::len),
    }
}

/// Returns where a sign stands that the next line begins with, a blank behind it.
fn sign_below(text: &[u8], at: usize) -> Option<usize> {
    let end = match text[at.min(text.len())..] {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => return None,
    };
    let sign = at + end + blanks(text, at + end, AROUND);
    matches!(text[sign..], [b'=' | b':', b' ', ..] | [b'=', b'>', b' ', ..]).then_some(sign)
}

/// Returns how long what PHP shows of a property behind its name is: `:protected]`, `:Class:private]`.
fn php_access(rest: &[u8]) -> Option<usize> {
    if rest.first() != Some(&b':') {
        return None;
    }
    let is_of_class = |byte: &u8| byte.is_ascii_alphanumeric() || b"_\\:\"".contains(byte);
    let length = rest.iter().take(4 * SPACE).take_while(|byte| is_of_class(byte)).count();
    let is_access = rest[..length].ends_with(b"protected") || rest[..length].ends_with(b"private");
    (is_access && rest.get(length) == Some(&b']')).then_some(length + 1)
}

/// Returns how long what ends the emphasis of a key is: `**`, `</b>`.
fn emphasis(rest: &[u8], before: u8) -> usize {
    let stars = rest.iter().take(3).take_while(|byte| **byte == b'*').count();
    match rest {
        [b'<', b'/', tag @ ..] if before == b'>' => {
            let length = tag.iter().take(SPACE).take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let sign = 2 + length + 1;
            let is_sign = matches!(rest.get(sign + blanks(rest, sign.min(rest.len()), AROUND)), Some(b':' | b'='));
            if tag.get(length) == Some(&b'>') && is_sign { sign } else { 0 }
        }
        _ => stars,
    }
}

/// Looks for a value behind a key that no sign of assignment follows.
fn without_sign(scan: &mut Scan<'_>, named: &Named, closing: Option<Quote>, at: usize) {
    if closing.is_none() && told_of(scan, named, at)
        || form_data(scan, named, at)
        || siblings::find(scan, named, at)
        || tables::find(scan, named, at)
        || tables::in_brackets(scan, named, at)
    {
        return;
    }
    let text = scan.text;
    match (closing, text.get(at)) {
        (Some(_), _) => pairs::quoted(scan, named, at),
        (None, Some(b'>')) if in_element(text, named) => siblings::own_element(scan, named, at + 1),
        (None, Some(b' ' | b'\t')) if in_element(text, named) => {
            let attributes =
                text[at..].iter().take(200).take_while(|byte| !matches!(byte, b'>' | b'<' | b'\n')).count();
            // `<secret name="x"/>` has no text.
            if text.get(at + attributes) == Some(&b'>') && text[at + attributes - 1] != b'/' {
                siblings::own_element(scan, named, at + attributes + 1);
            }
        }
        (None, Some(b' ' | b'\t')) => {
            let is_flag = text[named.key.start..].starts_with(b"-");
            if is_flag || is_set_by_command(text, named) { flag(scan, named, at) } else { sentence(scan, named, at) }
        }
        (None, Some(b'<')) if text[at..].starts_with(b"</") => siblings::element_pair(scan, named, at),
        (None, Some(b'<')) if text[at..].starts_with(b"<<") => here_document(scan, at + 2),
        (None, Some(b'(')) => call(scan, named, at + 1),
        (None, Some(b',')) if named.before == b'{' => pairs::erlang(scan, at + 1),
        (None, Some(b',' | b';')) => told_instead(scan, named, at + 1),
        (None, Some(b'/')) => segment(scan, named, at + 1),
        // The only key of a section: `[password]`.
        (None, Some(b'\n' | b'\r')) if text[..at].ends_with(b"]") && named.before == b'[' => section(scan, named, at),
        (None, Some(b'\n' | b'\r')) if begins_line(text, named) => {
            if let Some(value) = in_next_line(text, named, at) {
                scan.mask(value);
            }
        }
        _ => {}
    }
}

/// Returns whether a key is a title: the first of its line.
fn begins_line(text: &[u8], named: &Named) -> bool {
    let front = &text[named.key.start.saturating_sub(AROUND)..named.key.start];
    let lead = front.iter().rev().take_while(|byte| b" \t*#-\"'".contains(byte)).count();
    lead < AROUND && front[..front.len() - lead].last().is_none_or(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Masks a part of a form behind its headers; returns whether the name is one of a form.
fn form_data(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let text = scan.text;
    let front = &text[named.key.start.saturating_sub(FORM)..named.key.start];
    let quote = Quote::before(text, named.key.start).filter(|_| named.is_quoted);
    let quote = quote.map_or(named.key.start, |quote| named.key.start - 1 - quote.backslashes());
    let lines = &text[at..text.len().min(at + 4)];
    let is_above_body = lines.starts_with(b"\r\n\r\n") || lines.starts_with(b"\n\n");
    let is_form = is_above_body || memchr::memmem::find(front, b"form-data").is_some();
    if !text[..quote].ends_with(b"name=") || !is_form {
        return false;
    }
    let end_of = |at: usize| memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
    // Headers, and empty lines: at least one.
    let (mut line, mut is_body) = (end_of(at), false);
    while line < text.len() {
        let start = line + 1;
        let end = end_of(start);
        let is_empty = text[start..end].trim_ascii().is_empty();
        let is_header = !is_body && text[start..end].starts_with(b"Content-");
        if !is_empty && !is_header {
            let near = &text[start..text.len().min(start + PART_OF_FORM)];
            let close = memchr::memmem::find(near, b"\n--").map_or(end, |length| start + length);
            let value = start..start + text[start..close].trim_ascii_end().len();
            if is_body && !is_harmless(&text[value.clone()]) {
                scan.mask(value);
            }
            break;
        }
        is_body |= is_empty;
        line = end;
    }
    true
}

/// Returns whether a command sets what the key names: `configure set aws_secret_access_key x`.
fn is_set_by_command(text: &[u8], named: &Named) -> bool {
    let front = text[named.key.start.saturating_sub(2 * SPACE)..named.key.start].trim_ascii_end();
    let text_follows = matches!(text[named.key.end..], [b' ', b'"' | b'\'' | b'\\', ..]);
    let is_word = |word: &[u8]| {
        front.ends_with(word) && !front[..front.len() - word.len()].last().is_some_and(u8::is_ascii_alphanumeric)
    };
    (is_word(b"set") && text_follows || is_word(b"ENV"))
        || ["configure set", "config set", "config:set", "setenv", "setx", "set-secret", "secret set"].iter().any(
            |words| {
                front.len() >= words.len() && front[front.len() - words.len()..].eq_ignore_ascii_case(words.as_bytes())
            },
        )
}

/// Masks the lines up to the word that ends them.
fn here_document(scan: &mut Scan<'_>, at: usize) {
    let text = scan.text;
    let at = at + text[at..].iter().take(2).take_while(|byte| matches!(byte, b'-' | b'~' | b'\'' | b'"')).count();
    let length = text[at..]
        .iter()
        .take(LONGEST_WORD)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        .count();
    let from = at
        + length
        + text[at + length..].iter().take(3).take_while(|byte| matches!(byte, b'\'' | b'"' | b'\r' | b'\n')).count();
    if length == 0 || text[..from].last() != Some(&b'\n') {
        return;
    }
    let word = [b"\n", &text[at..at + length]].concat();
    let end = memchr::memmem::find(&text[from - 1..], &word).map_or(text.len(), |length| from - 1 + length);
    let value = from..end.max(from);
    if !is_harmless(&text[value.clone()]) {
        scan.mask(value);
    }
}

/// Fronts of the names of functions that give a secret.
static ASKING: &[&str] = &["get", "fetch", "find", "load", "read", "lookup", "is", "has"];

/// Masks the argument of a call, or what a type is written around: `password("x")`.
fn call(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    let (value, is_value) = match Quote::at(text, from) {
        Some((quote, inner)) => {
            let value = inner..quote.close(text, inner).0;
            let argument = &text[value.clone()];
            // What is asked for is named: `getPassword("prod-db1")`.
            let asks = ASKING.iter().any(|word| text[named.key.clone()].starts_with(word.as_bytes()));
            let is_value =
                !argument.contains(&b' ') && (named.kind == NameKind::Password && !asks || is_made(argument));
            (value, is_value)
        }
        None => {
            let value = from..bare_end(text, from);
            let argument = &text[value.clone()];
            // Arguments with names are looked at one by one: `Creds(user=bob, password=x)`.
            let is_plain = argument.is_ascii()
                && !argument.trim_ascii_end().windows(2).any(|two| two[0] == b'=' && two[1] != b'=');
            let is_value = is_plain && is_made(argument) && text.get(value.end) == Some(&b')');
            (value, is_value)
        }
    };
    if is_value && !is_harmless(&text[value.clone()]) {
        scan.mask(value);
    }
}

/// Masks the next part of a path, if it is made by a machine.
fn segment(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    let is_of_segment = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let end = from + text[from..].iter().take_while(|byte| is_of_segment(byte)).count();
    let segment = &text[from..end];
    // An id of five groups is the id of a secret.
    let is_id = segment.len() == 36 && segment.iter().filter(|byte| **byte == b'-').count() == 4;
    let is_kind = matches!(named.kind, NameKind::Password | NameKind::Token);
    let is_file = matches!(&text[end..], [b'.', ..] | [b':', b'0'..=b'9', ..]);
    if is_kind && end - from >= PART_OF_PATH && !is_id && !is_file && is_made(segment) {
        scan.mask(from..end);
    }
}

/// Masks the value that a section of an INI file holds for its name.
fn section(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let from = at + text[at..].iter().take(AROUND).take_while(|byte| byte.is_ascii_whitespace()).count();
    let key = text[from..].iter().take(SPACE).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let sign = from + key + blanks(text, from + key, AROUND);
    if text[from..from + key].eq_ignore_ascii_case(b"value") && text.get(sign) == Some(&b'=') {
        let named = Named { is_assigned: true, key: named.key.clone(), ..*named };
        value(scan, &named, sign + 1 + blanks(text, sign + 1, AROUND), false);
    }
}

/// Returns whether the key is the name of an element that begins: `<Password>`, `<wsse:Password>`.
fn in_element(text: &[u8], named: &Named) -> bool {
    let front = &text[named.key.start.saturating_sub(SPACE)..named.key.start];
    let space = front.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b':').count();
    front.len() > space && front[front.len() - space - 1] == b'<'
}

/// Masks the value of a flag that stands behind a blank.
fn flag(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let from = at + blanks(text, at, AROUND);
    let from = continued(text, from).unwrap_or(from);
    let (value, is_value) = match Quote::at(text, from) {
        Some((quote, inner)) => (inner..quote.close(text, inner).0, true),
        None => (from..bare_end(text, from), text.get(from) != Some(&b'-')),
    };
    // `--password PASSWORD`: how a program is used.
    let name = text[named.key.clone()].trim_ascii_start();
    let name = name.strip_prefix(b"--").unwrap_or(name).to_ascii_uppercase();
    if is_value && !is_harmless(&text[value.clone()]) && text[value.clone()] != *name {
        scan.mask(value);
    }
}

/// Words between a name and what it is, with what stands behind them.
static TELLING: &[&str] = &[
    "is: ",
    "was: ",
    "is ",
    "was ",
    "to ",
    "of ",
    "set ",
    "changed ",
    "value ",
    "now ",
    "provided: ",
    "provided ",
    "given: ",
    "used: ",
];

/// Masks what a sentence says a password or a token is.
fn sentence(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let first = at + blanks(text, at, 2);
    let mut from = first;
    for _ in 0..3 {
        let word = TELLING.iter().find(|word| text[from..].starts_with(word.as_bytes()));
        from += word.map_or(0, |word| word.len());
    }
    let is_told = from > first;
    let is_password = matches!(named.kind, NameKind::Password | NameKind::Phrase);
    // Lisp and its kin write a key so.
    let is_keyword = !is_told && (named.before == b':' || named.before == b'(' && is_password);
    let (value, is_value) = match Quote::at(text, from) {
        Some((quote, inner)) if is_told && is_password || is_keyword => (inner..quote.close(text, inner).0, true),
        Some((quote, inner)) => {
            let value = inner..quote.close(text, inner).0;
            let told = &text[value.clone()];
            let is_value =
                !told.contains(&b' ') && if is_password { looks_random(told) } else { is_token(named, told) };
            (value, is_value)
        }
        None => {
            let value = in_angles(text, from).unwrap_or_else(|| from..bare_end(text, from));
            let told = &text[value.clone()];
            // In angles a name may stand for a value.
            let is_password = is_password && (value.start == from || is_made(told));
            let is_value = if is_password { looks_random(told) } else { is_token(named, told) };
            (value, is_value)
        }
    };
    if is_value && !value.is_empty() && !is_harmless(&text[value.clone()]) {
        scan.mask(value);
    }
}

/// Masks what a sentence says was given instead: `bad password, got x`.
fn told_instead(scan: &mut Scan<'_>, named: &Named, at: usize) {
    let text = scan.text;
    let from = at + blanks(text, at, 2);
    let front = ["got ", "got: ", "but got "].iter().find(|front| text[from..].starts_with(front.as_bytes()));
    if let Some(front) = front {
        sentence(scan, named, from + front.len());
    }
}

/// Words between a name and whose it is, or that it is typed again.
static WHOSE: &[&str] = &["for ", "of ", "from ", "on ", "at "];
static AGAIN: &[&str] = &["confirmation", "again", "(again)", "repeated", "verification", "below", "field", "value"];
/// Most words that say whose it is, and the longest of them.
const WORDS: usize = 3;
const LONGEST_OWNER: usize = 64;
/// Longest value that is told so.
const LONGEST_TOLD: usize = 512;

/// Masks what a sentence says is someone's; returns whether it does.
fn told_of(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let text = scan.text;
    let gap = blanks(text, at, 2);
    let Some((value, is_assigned)) = (gap > 0).then(|| behind_whose(text, at + gap)).flatten() else { return false };
    let told = &text[value.clone()];
    let is_quoted = Quote::before(text, value.start).is_some();
    let named = Named { is_assigned, ..named.clone() };
    let is_secret = is_told_value(&named, told, is_quoted) && !is_harmless(told);
    if is_secret {
        scan.mask(value);
    }
    is_secret
}

/// Returns the value that stands behind a sign and the words that say whose it is, and whether it is assigned:
/// `password for bob: x`, `password (bob) = x`, `password confirmation: x`.
fn behind_whose(text: &[u8], at: usize) -> Option<(Range<usize>, bool)> {
    let rest = &text[at..];
    let starts = |words: &[&str]| words.iter().find(|word| rest.starts_with(word.as_bytes())).map(|word| word.len());
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.@+-/".contains(byte);
    let mut end = at;
    if let Some(length) = starts(WHOSE) {
        end += length;
        for word in 0..WORDS {
            let gap = if word > 0 { blanks(text, end, 2) } else { 0 };
            let quote = usize::from(matches!(text.get(end + gap), Some(b'\'' | b'"')));
            let from = end + gap + quote;
            let length = text[from..].iter().take(LONGEST_OWNER).take_while(|byte| is_of_word(byte)).count();
            if length == 0 || &text[from..from + length] == b"is" {
                break;
            }
            end = text.len().min(from + length + quote);
        }
    } else if rest.starts_with(b"(") && !rest.starts_with(b"(again)") {
        let length = rest[1..].iter().take(LONGEST_OWNER).take_while(|byte| is_of_word(byte) || **byte == b' ').count();
        end += 1 + length;
        if text.get(end) != Some(&b')') {
            return None;
        }
        end += 1;
    } else {
        end += starts(AGAIN)?;
    }
    let sign = end + blanks(text, end, AROUND);
    let (length, is_assigned) = match &text[sign..] {
        [b'i', b's', b' ' | b':', ..] if sign > end => (3, false),
        [b':', b' ' | b'\t' | b'"' | b'\'', ..] => (1, false),
        [b'=', ..] => (1, true),
        _ => return None,
    };
    let from = sign + length + blanks(text, sign + length, AROUND);
    if ends_text(text, from) {
        return None;
    }
    let text = &text[..text.len().min(from + LONGEST_TOLD)];
    let value = match Quote::at(text, from) {
        Some((quote, inner)) => inner..quote.close(text, inner).0,
        None => from..bare_end(text, from),
    };
    (!value.is_empty()).then_some((value, is_assigned))
}

/// Returns whether what stands behind such words is a secret, and neither a word of the sentence nor an id.
fn is_told_value(named: &Named, told: &[u8], is_quoted: bool) -> bool {
    if told.contains(&b' ') {
        return false;
    }
    if !matches!(named.kind, NameKind::Password | NameKind::Phrase) {
        return is_token(named, told);
    }
    let has = |is: fn(&u8) -> bool| told.iter().any(is);
    let is_place = has(|byte| matches!(byte, b':' | b'/'))
        || told.iter().all(|byte| byte.is_ascii_hexdigit() || b"-.".contains(byte)) && told.contains(&b'-');
    let is_mixed = told.len() >= 6 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    // Up to a sign that may follow it: `x/orders`, `x.js:1:2`.
    let lead = told.split(|byte| matches!(byte, b':' | b'/' | b'.')).next().unwrap_or_default();
    let is_made = lead.len() >= TOLD && lead.iter().all(u8::is_ascii_alphanumeric) && is_made(lead);
    (is_quoted || named.is_assigned) && is_secret(named, told) || is_mixed && !is_place || is_made
}

/// Returns whether what a sentence says is a token: made by a machine, and no id.
fn is_token(named: &Named, told: &[u8]) -> bool {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'/' | b'=');
    named.kind == NameKind::Token && told.len() >= TOLD && told.iter().all(is_of_token) && is_made(told)
}
