//! Secrets in the lines below their name, as YAML has them: the items of a list, and the values of a map.

use std::ops::Range;

use super::names::{NameKind, Named, ends_in_name, is_secret};
use super::random::{is_harmless, is_made, is_number, looks_random};
use super::scan::Scan;
use super::value::{Quote, bare_end, blanks, yaml_tag};

/// Most lines below a name that are looked at without being masked.
const MOST_PLAIN: usize = 32;
/// Longest indent of a line, and most characters of a line in front of a key.
const LONGEST_LEAD: usize = 200;
/// Longest key of a map.
const LONGEST_KEY: usize = 64;

/// What a name says of the items below it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ItemsBelow {
    /// Passwords: any word.
    Passwords,
    /// Secrets and credentials: any word but the name of one.
    Secrets,
    /// Tokens and keys: what a machine made.
    Tokens,
}

impl ItemsBelow {
    fn of(text: &[u8], named: &Named) -> Self {
        let key = text[named.key.clone()].to_ascii_lowercase();
        let has = |word: &str| memchr::memmem::find(&key, word.as_bytes()).is_some();
        match named.kind {
            NameKind::Password | NameKind::Phrase => Self::Passwords,
            NameKind::Token if (has("secret") || has("cred")) && !has("key") && !has("token") => Self::Secrets,
            _ => Self::Tokens,
        }
    }
}

/// A line below a name.
struct LineBelow {
    /// How far it is indented.
    indent: usize,
    /// Whether the sign of an item stands before it.
    is_item: bool,
    /// Its key, if it is of a map.
    key: Option<Range<usize>>,
    /// Its value without quotes and comments.
    value: Range<usize>,
    /// Whether several words stand there without quotes.
    is_sentence: bool,
    end: usize,
}

/// Masks the secrets in the list or the map below a name; returns whether there is a list, or a value of a map was masked.
/// `at` is behind the colon.
pub(super) fn mask(scan: &mut Scan<'_>, named: &Named, at: usize) -> bool {
    let text = scan.text;
    let Some(own) = column(text, named.key.start) else { return false };
    let holds = ItemsBelow::of(text, named);
    let (mut end, mut plain, mut is_list, mut has_masked, mut has_rules) = (line_end(text, at), 0, false, false, None);
    while plain < MOST_PLAIN {
        let Some(line) = next_line(text, end) else { break };
        plain += 1;
        end = line.end;
        if line.value.is_empty() && line.key.is_none() {
            continue;
        }
        let is_below = line.indent > own || line.indent == own && line.is_item;
        let is_entry = line.is_item || line.key.is_some();
        if !is_below || !is_entry || line.key.is_none() && line.is_sentence {
            break;
        }
        is_list |= line.is_item;
        let has_rules = *has_rules.get_or_insert_with(|| holds != ItemsBelow::Tokens && has_rules_below(text, at, own));
        let may_be_any = holds != ItemsBelow::Tokens && !has_rules;
        let value = &text[line.value.clone()];
        let is_one = match &line.key {
            None => is_secret_item(named, value, holds, may_be_any),
            Some(key) => {
                let may_be_any = may_be_any
                    && match holds {
                        _ if text[key.clone()].eq_ignore_ascii_case(b"value") => true,
                        ItemsBelow::Passwords => looks_random(value) || is_plural(text, named),
                        // Credentials have parts, of which few are secret.
                        _ => looks_random(value) && !text[named.key.clone()].to_ascii_lowercase().starts_with(b"cred"),
                    };
                !line.is_sentence && !tells_of_it(&text[key.clone()]) && is_secret_item(named, value, holds, may_be_any)
            }
        };
        if is_one {
            scan.mask(line.value);
            (plain, has_masked) = (plain - 1, true);
        }
    }
    is_list || has_masked
}

/// Most values of a map in one line, and the longest of what of it is looked at.
const FLOW: usize = 32;
const LONGEST_FLOW: usize = 1_024;

/// Masks what a machine made in the map that begins here with its brace: `api_keys: {prod: x}`.
pub(super) fn mask_flow(scan: &mut Scan<'_>, named: &Named, from: usize) {
    let text = scan.text;
    let near = &text[..text.len().min(from + LONGEST_FLOW)];
    let spaces = |at: usize| {
        at + near[at.min(near.len())..].iter().take(LONGEST_LEAD).take_while(|byte| byte.is_ascii_whitespace()).count()
    };
    let mut at = spaces(from + 1);
    for _ in 0..FLOW {
        let Some(key) = key_of_map(near, at) else { break };
        let behind = Quote::at(near, key.end).map_or(key.end, |(_, behind)| behind);
        let start = spaces(behind + 1);
        let (value, end) = match Quote::at(near, start) {
            Some((quote, inner)) => {
                let (close, end) = quote.close(near, inner);
                (inner..close, end)
            }
            None => {
                let end = bare_end(near, start);
                (start..end, end)
            }
        };
        let word = &text[value.clone()];
        if !tells_of_it(&text[key]) && is_secret_item(named, word, ItemsBelow::Tokens, false) {
            scan.mask(value);
        }
        let comma = spaces(end);
        if near.get(comma) != Some(&b',') {
            break;
        }
        at = spaces(comma + 1);
    }
}

/// Returns whether an item of a list is a secret.
fn is_secret_item(named: &Named, value: &[u8], holds: ItemsBelow, may_be_any: bool) -> bool {
    if is_harmless(value) || is_place(value) {
        return false;
    }
    // Below a name stand rules and kinds, too.
    let is_made = (is_made(value) || is_mixed(value)) && !value.contains(&b'.') && is_secret(named, value);
    is_made
        || may_be_any
            && match holds {
                ItemsBelow::Passwords => !is_name_of_one(value) && is_secret(named, value),
                ItemsBelow::Secrets => {
                    !ends_in_name(value) && !is_constant(value) && (value.len() >= 6 || !is_number(value))
                }
                ItemsBelow::Tokens => false,
            }
}

/// Fewest characters and digits of a word that mixes them.
const MIXED: usize = 16;
const DIGITS: usize = 4;

/// Returns whether a word has letters of both kinds and several digits: a machine made it.
fn is_mixed(word: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| word.iter().any(is);
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_".contains(byte);
    let is_long = word.len() >= MIXED && digits >= DIGITS;
    is_long && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && word.iter().all(is_of_token)
}

/// Returns whether a word tells where something is, or which it is: a path, an address, an id.
fn is_place(word: &[u8]) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let has = |sign: &[u8]| memchr::memmem::find(word, sign).is_some();
    matches!(word, [b'/', ..] | [b'~', b'/', ..] | [b'.', b'/', ..])
        || word.starts_with(b"arn:")
        || has(b"://")
        || word.contains(&b'-') && word.iter().all(is_hex)
        || is_resource(word)
        || is_date(word)
}

/// Returns whether a word is the id of a resource of AWS: `subnet-0abc123def4567890`.
fn is_resource(word: &[u8]) -> bool {
    let is_of_kind = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'-';
    let dash = memchr::memrchr(b'-', word).unwrap_or(0);
    let tail = &word[dash..];
    dash > 0 && tail.len() > 8 && tail[1..].iter().all(u8::is_ascii_hexdigit) && word[..dash].iter().all(is_of_kind)
}

/// Returns whether a word begins with a date: `2026-01-02T03:04:05Z`.
fn is_date(word: &[u8]) -> bool {
    let digits = |range: Range<usize>| word.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    digits(0..4) && digits(5..7) && digits(8..10) && word[4] == b'-' && word[7] == b'-'
}

/// Returns whether a word is the name of a constant or a variable: `API_KEY`, `$TOKEN`.
fn is_constant(word: &[u8]) -> bool {
    let name = word.strip_prefix(b"$").unwrap_or(word);
    let is_of_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (name.len() < word.len() || name.contains(&b'_')) && name.iter().all(is_of_name)
}

fn is_name_of_one(word: &[u8]) -> bool {
    is_constant(word) && (ends_in_name(word) || word.starts_with(b"$"))
}

/// Returns whether a name is that of several: `passwords`, `passwords_prod`.
fn is_plural(text: &[u8], named: &Named) -> bool {
    let key = &text[named.key.clone()];
    key.ends_with(b"s") || key.windows(2).any(|two| matches!(two, b"s_" | b"s-"))
}

/// Last words of keys whose value only tells of a secret.
static TELLING: &[&str] = &[
    "name",
    "id",
    "ids",
    "arn",
    "url",
    "uri",
    "host",
    "path",
    "file",
    "type",
    "version",
    "region",
    "at",
    "on",
    "date",
    "time",
    "user",
    "username",
    "email",
    "count",
    "length",
    "min",
    "max",
    "size",
    "policy",
    "endpoint",
    "kind",
    "kid",
    "provider",
    "profile",
    "expiration",
    "instance",
    "subnet",
    "pod",
    "database",
    "dbname",
    "model",
    "namespace",
    "key",
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "hash",
    "digest",
    "checksum",
    "etag",
    "md5",
    "level",
    "status",
    "state",
    "role",
    "account",
    "issuer",
    "scope",
    "scopes",
    "format",
    "pattern",
    "source",
    "ref",
    "field",
    "label",
    "title",
    "description",
    "message",
    "error",
    "code",
    "line",
    "by",
    "expires",
    "expiry",
    "ttl",
    "algorithm",
    "address",
    "port",
    "table",
    "bucket",
    "queue",
    "topic",
    "function",
    "stream",
    "trace",
    "span",
    "image",
    "tag",
    "commit",
    "branch",
    "package",
    "class",
    "method",
    "module",
];

/// Returns whether the value of a key only tells of a secret, or is found by the name of one that the key is.
fn tells_of_it(key: &[u8]) -> bool {
    if ends_in_name(key) {
        return true;
    }
    let is_joint = |at: usize| !key[at].is_ascii_alphanumeric();
    let is_hump = |at: usize| at > 0 && key[at].is_ascii_uppercase() && key[at - 1].is_ascii_lowercase();
    let last = (0..key.len()).rev().find(|at| is_joint(*at) || is_hump(*at));
    let last = last.map_or(key, |at| &key[at + usize::from(is_joint(at))..]);
    TELLING.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(last))
}

/// Words of rules that a value has to fit, and of what is wrong with one.
static RULES: &[&str] =
    &["required", "missing", "invalid", "expired", "incorrect", "wrong", "empty", "string", "failed", "optional"];

/// Returns whether rules or sentences stand in the list below a name. `at` is behind its colon.
fn has_rules_below(text: &[u8], at: usize, own: usize) -> bool {
    let mut end = line_end(text, at);
    for _ in 0..MOST_PLAIN {
        let Some(line) = next_line(text, end) else { break };
        end = line.end;
        let value = &text[line.value.clone()];
        if value.is_empty() && line.key.is_none() {
            continue;
        }
        if line.indent < own || !line.is_item || line.key.is_some() {
            break;
        }
        let is_rule = RULES.iter().any(|rule| rule.as_bytes().eq_ignore_ascii_case(value));
        let is_snake = value.contains(&b'_') && value.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
        if line.is_sentence || is_rule || is_snake {
            return true;
        }
    }
    false
}

/// Returns the column of a key, if nothing but the sign of a list, a quote or the type of an error stands before it in
/// its line.
fn column(text: &[u8], key: usize) -> Option<usize> {
    let front = &text[key.saturating_sub(LONGEST_LEAD)..key];
    let lead = match memchr::memrchr(b'\n', front) {
        Some(at) => &front[at + 1..],
        None if front.len() < LONGEST_LEAD => front,
        None => return None,
    };
    // Behind the type of an error, a message begins.
    if lead.ends_with(b": ") {
        return Some(blanks(lead, 0, LONGEST_LEAD));
    }
    let unquoted = lead.strip_suffix(b"\"").or(lead.strip_suffix(b"'")).unwrap_or(lead);
    matches!(unquoted.trim_ascii(), b"" | b"-").then_some(unquoted.len())
}

fn line_end(text: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |length| from + length)
}

/// Returns the line behind the one that ends here.
fn next_line(text: &[u8], end: usize) -> Option<LineBelow> {
    if end >= text.len() {
        return None;
    }
    let start = end + 1;
    let end = line_end(text, start);
    let indent = blanks(text, start, LONGEST_LEAD);
    let (mut from, mut is_item) = (start + indent, false);
    while matches!(text[from..end], [b'-' | b'*', b' ', ..]) {
        from += 2 + blanks(text, from + 2, LONGEST_LEAD);
        (from, is_item) = (from.min(end), true);
    }
    let key = key_of_map(&text[..end], from);
    if let Some(key) = &key {
        let behind = Quote::at(text, key.end).map_or(key.end, |(_, behind)| behind) + 1;
        from = (behind + blanks(text, behind.min(end), LONGEST_LEAD)).min(end);
    }
    let (value, is_sentence) = scalar(text, from..end);
    Some(LineBelow { indent, is_item, key, value, is_sentence, end })
}

/// Returns the key of a map that begins here.
fn key_of_map(line: &[u8], from: usize) -> Option<Range<usize>> {
    let (inner, behind) = match Quote::at(line, from) {
        Some((quote, inner)) => {
            let (close, behind) = quote.close(line, inner);
            (inner..close, behind)
        }
        None => {
            let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.$@/".contains(byte);
            let length = line.get(from..)?.iter().take(LONGEST_KEY).take_while(|byte| is_of_key(byte)).count();
            (from..from + length, from + length)
        }
    };
    let is_key = matches!(line.get(behind..), Some([b':'] | [b':', b' ' | b'\t' | b'\r', ..]));
    (is_key && !inner.is_empty() && !is_made(&line[inner.clone()])).then_some(inner)
}

/// Returns the scalar in a stretch of a line without its tag, its quotes and a comment behind it, and whether it is of several
/// words without quotes. What begins another thing than a scalar is none.
fn scalar(text: &[u8], part: Range<usize>) -> (Range<usize>, bool) {
    let from = (part.start + yaml_tag(&text[part.clone()])).min(part.end);
    let rest = &text[from..part.end];
    if let Some((quote, inner)) = Quote::at(&text[..part.end], from) {
        let (close, behind) = quote.close(&text[..part.end], inner);
        let is_alone = matches!(text[behind..part.end].trim_ascii(), b"" | b"," | [b'#', ..]);
        return (inner..close, !is_alone);
    }
    let comment = memchr::memmem::find(rest, b" #").unwrap_or(rest.len());
    let comment = if rest.starts_with(b"#") { 0 } else { comment };
    let word = rest[..comment].trim_ascii_end();
    let is_other = word.first().is_some_and(|first| b"!*&|>[{@%`".contains(first));
    let length = if is_other { 0 } else { word.len() };
    (from..from + length, word.contains(&b' '))
}
