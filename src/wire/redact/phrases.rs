//! Words of a language or a program that a secret follows, though none of them is the name of one.

use std::ops::Range;

use super::random::{is_harmless, is_made, looks_random};
use super::scan::Scan;
use super::value::{Quote, bare_end, blanks, unwrapped};

/// What follows the words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// A value, in quotes or bare.
    Value,
    /// A value in quotes, behind flags.
    AfterFlags,
    /// Words up to one of these, and a value in quotes.
    Until(&'static [&'static [u8]]),
    /// `user/password@host`.
    UserSlash,
    /// A pair in quotes, of which the second is the secret.
    Second,
    /// A value that a machine made.
    Made,
    /// An encoded value that looks made by a machine.
    Encoded,
    /// A digest in hex digits.
    Digest,
    /// The password of Redis, maybe behind a name: made by a machine.
    Redis,
    /// Nothing: `user:password` stands before it.
    Nothing,
}

/// The phrases, in lower case.
static PHRASES: &[(&str, Follows)] = &[
    ("identified by ", Follows::Value),
    ("identified with ", Follows::Until(&[b" by ", b" as ", b" BY ", b" AS "])),
    ("identified via ", Follows::Until(&[b" using ", b" as ", b" USING ", b" AS "])),
    ("password for ", Follows::Until(&[b" = ", b"= "])),
    ("convertto-securestring ", Follows::AfterFlags),
    ("auth plain ", Follows::Encoded),
    ("auth login ", Follows::Encoded),
    ("auth ", Follows::Redis),
    ("| chpasswd", Follows::Nothing),
    ("jdbc:oracle:thin:", Follows::UserSlash),
    ("jdbc:oracle:oci:", Follows::UserSlash),
    ("jdbc:oracle:oci8:", Follows::UserSlash),
    ("sqlplus ", Follows::UserSlash),
    ("auth=", Follows::Second),
    ("auth: ", Follows::Second),
    ("basicauth", Follows::Second),
    ("httpbasicauth", Follows::Second),
    // Signatures of webhooks, also without the name of their header.
    (",v1=", Follows::Digest),
    ("\"auth\":", Follows::Made),
    ("\\\"auth\\\":", Follows::Made),
];

/// Shortest digest.
const DIGEST: usize = 32;
/// Most bytes between the words and the value.
const APART: usize = 120;

/// The words to search for, each with its number.
pub(super) fn words() -> impl Iterator<Item = (&'static str, usize)> {
    PHRASES.iter().enumerate().map(|(at, (words, _))| (*words, at))
}

/// Masks what follows a phrase.
pub(super) fn find(scan: &mut Scan<'_>, found: Range<usize>, number: usize) {
    let text = scan.text;
    let is_word = text[found.start].is_ascii_alphanumeric();
    if is_word && found.start > 0 && text[found.start - 1].is_ascii_alphanumeric() {
        return;
    }
    if PHRASES[number].0.starts_with("identified") && !in_statement(text, &found) {
        return;
    }
    let from = found.end + blanks(text, found.end, APART);
    let rest = &text[from..text.len().min(from + APART)];
    let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..end]);
    let secret = match PHRASES[number].1 {
        Follows::Value => Some(value(text, past_word(text, from))),
        Follows::AfterFlags => {
            let quote = line.iter().position(|byte| matches!(byte, b'"' | b'\'')).filter(|at| {
                line[..*at].iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b' ' | b'\\'))
            });
            match (quote, line.first()) {
                (Some(at), _) => Some(value(text, from + at - usize::from(at > 0 && line[at - 1] == b'\\'))),
                (None, Some(b'-' | b'$' | b'(') | None) => None,
                (None, Some(_)) => Some(value(text, from)),
            }
        }
        Follows::Until(words) => {
            let found = words.iter().filter_map(|word| memchr::memmem::find(line, word).map(|at| at + word.len()));
            let place = found.min().map(|at| unwrapped(text, from + at + blanks(text, from + at, 4)));
            place.filter(|at| Quote::at(text, *at).is_some()).map(|at| value(text, at))
        }
        Follows::UserSlash => {
            let word = line.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            let slash = line[..word].iter().position(|byte| *byte == b'/');
            let sign = line[..word].iter().rposition(|byte| *byte == b'@');
            match (slash, sign) {
                (Some(slash), Some(sign)) if slash > 0 && slash < sign => Some(from + slash + 1..from + sign),
                _ => None,
            }
        }
        Follows::Second if !matches!(line, [b'(' | b'[', ..]) => None,
        Follows::Second => Quote::at(text, from + 1).and_then(|(quote, inner)| {
            let behind = quote.close(text, inner).1;
            let comma = behind + usize::from(text.get(behind) == Some(&b','));
            let next = comma + blanks(text, comma, 4);
            (comma > behind && Quote::at(text, next).is_some()).then(|| value(text, next))
        }),
        Follows::Made => Some(value(text, from)).filter(|value| is_made(&text[value.clone()])),
        Follows::Digest => {
            let length = text[from..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            (length >= DIGEST).then_some(from..from + length)
        }
        Follows::Redis if text[found.start..found.end] != *b"AUTH " => None,
        Follows::Redis => {
            let first = value(text, from);
            let next = value(text, first.end + blanks(text, first.end, 1));
            let is_near = |place: &Range<usize>| memchr::memchr2(b'\n', b'\r', &text[from..place.start]).is_none();
            [first, next].into_iter().find(|place| is_near(place) && is_of_redis(text, place.clone()))
        }
        Follows::Nothing => before(text, found.start),
        Follows::Encoded => Some(value(text, from)).filter(|value| looks_random(&text[value.clone()])),
    };
    if let Some(secret) = secret
        && !is_harmless(&text[secret.clone()])
    {
        scan.mask(secret);
    }
}

/// Shortest word that is a password of Redis at the end of its line.
const LAST_WORD: usize = 8;

/// Returns whether the argument of a command of Redis is a password: made by a machine, or the last word of its line and
/// neither the name of a mechanism nor that of a host.
fn is_of_redis(text: &[u8], place: Range<usize>) -> bool {
    let word = &text[place.clone()];
    let has = |is: fn(&u8) -> bool| word.iter().any(is);
    let is_last = text.get(place.end).is_none_or(|byte| matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'\\'));
    let is_word = has(u8::is_ascii_lowercase) || word.iter().all(u8::is_ascii_digit);
    is_made(word) || is_last && is_word && word.len() >= LAST_WORD && looks_random(word) && !word.contains(&b'.')
}

/// Returns the password in `user:password` that stands before a place, in quotes or as a word.
fn before(text: &[u8], at: usize) -> Option<Range<usize>> {
    let low = at.saturating_sub(APART);
    let front = text[low..at].trim_ascii_end();
    let is_mark = |byte: &u8| matches!(byte, b'"' | b'\'');
    let (front, word) = match front.split_last() {
        Some((mark, inner)) if is_mark(mark) => {
            let inner = inner.strip_suffix(b"\\").unwrap_or(inner);
            (inner, memchr::memrchr(*mark, inner).map_or(0, |open| open + 1))
        }
        _ => (front, front.iter().rposition(|byte| byte.is_ascii_whitespace()).map_or(0, |gap| gap + 1)),
    };
    let colon = memchr::memchr(b':', &front[word..])?;
    Some(low + word + colon + 1..low + front.len())
}

/// Returns whether words stand in a statement of SQL, not in a sentence: in capitals, or behind a verb of such statements.
fn in_statement(text: &[u8], found: &Range<usize>) -> bool {
    let front = text[found.start.saturating_sub(APART)..found.start].to_ascii_lowercase();
    let has = |word: &&[u8]| memchr::memmem::find(&front, word).is_some();
    text[found.start] == b'I' && text[found.start + 1] == b'D'
        || [&b"create "[..], b"alter ", b"grant ", b"set "].iter().any(has)
}

/// Passes over the word that some write in front of the value.
fn past_word(text: &[u8], from: usize) -> usize {
    for word in ["password ", "values "] {
        let front = &text[from..text.len().min(from + word.len())];
        if front.eq_ignore_ascii_case(word.as_bytes()) {
            return from + word.len();
        }
    }
    from
}

fn value(text: &[u8], from: usize) -> Range<usize> {
    let from = unwrapped(text, from);
    match Quote::at(text, from) {
        Some((quote, inner)) => inner..quote.close(text, inner).0,
        None => from..bare_end(text, from),
    }
}
