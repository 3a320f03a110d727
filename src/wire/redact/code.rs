//! Source text where a value would stand: a call, a member, an index, a type. It says where a secret comes from, and is none.

use super::names::ends_in_name;
use super::random::is_made;
use super::value::Quote;

/// Longest part of a line that is looked at.
const LONGEST: usize = 160;
/// Longest name of a variable or a function, and most that are joined.
const NAME: usize = 48;
const MOST_PARTS: usize = 8;

/// Words in front of an expression.
static BEFORE: &[&str] = &["await ", "new ", "yield ", "return ", "not ", "typeof ", "copy ", "move "];
/// First names of what holds settings, requests and the like.
static ROOTS: &[&str] = &[
    "self",
    "this",
    "cls",
    "os",
    "process",
    "env",
    "environ",
    "config",
    "cfg",
    "conf",
    "settings",
    "options",
    "opts",
    "args",
    "argv",
    "params",
    "props",
    "state",
    "ctx",
    "context",
    "req",
    "request",
    "res",
    "response",
    "event",
    "body",
    "headers",
    "query",
    "session",
    "user",
    "credentials",
    "creds",
    "secrets",
    "input",
    "data",
    "payload",
    "record",
];
/// Fronts of the names of functions that ask for what their argument names.
static ASKING: &[&str] = &[
    "get", "fetch", "find", "load", "read", "lookup", "env", "param", "input", "prompt", "resolve", "require", "query",
    "header",
];
/// Types of values, in lower case.
static TYPES: &[&str] = &[
    "string",
    "str",
    "bytes",
    "byte",
    "bool",
    "boolean",
    "number",
    "int",
    "integer",
    "char",
    "varchar",
    "any",
    "unknown",
    "never",
    "void",
    "float",
    "buffer",
    "uint8array",
    "bytearray",
    "bytestring",
    "charsequence",
    "securestring",
    "secretstr",
    "secretstring",
    "cstr",
    "cstring",
    "osstring",
];

/// Returns whether an expression of a programming language stands here and no value. `is_spaced` tells whether a blank
/// stands behind the sign in front of it, as in code.
pub(super) fn is_expression(text: &[u8], from: usize, is_spaced: bool) -> bool {
    let line = near(text, from);
    if !line.first().is_some_and(|first| first.is_ascii_alphabetic() || b"_$@&*:!".contains(first)) {
        return false;
    }
    let word = line.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(line.len());
    let next = line.get(word).copied();
    // Most values are one word.
    if word > 0 && !is_spaced && !next.is_some_and(|next| b".([:-?!".contains(&next)) {
        return false;
    }
    let word = BEFORE.iter().find(|word| is_spaced && next == Some(b' ') && line.starts_with(word.as_bytes()));
    let rest = &line[word.map_or(0, |word| word.len())..];
    let sigils = rest.iter().take(2).take_while(|byte| b"$@&*:!".contains(byte)).count();
    let chain = Chain::at(&rest[sigils..]);
    if chain.text.is_empty() || is_made(chain.text) {
        return false;
    }
    let behind = &rest[sigils + chain.text.len()..];
    let is_code = is_spaced || chain.parts > 1 || chain.is_joined();
    match behind.first() {
        Some(b'(') => match bracketed(behind) {
            Some(inside) if Quote::at(inside, 0).is_some() => chain.asks() && !is_made(inside),
            // `string(16) "x"`: the length of what follows.
            Some(inside) if inside.iter().all(u8::is_ascii_digit) && !inside.is_empty() => false,
            Some(inside) => (is_code || inside.is_empty()) && !is_made(inside),
            None => is_code && chain.parts > 1,
        },
        Some(b'[') => bracketed(behind).is_some_and(|inside| {
            let is_name = inside.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.'\"`\\$".contains(byte));
            is_name && !inside.is_empty() && !is_made(inside) && (is_code || Quote::at(inside, 0).is_some())
        }),
        next if next.is_none_or(|next| ends_expression(*next)) => {
            let is_named = ends_in_name(chain.last);
            match (chain.parts, sigils) {
                // Alone it may be a word that someone typed.
                (1, 0) => is_spaced && chain.is_joined() && is_named && next.is_some_and(|next| b",;)".contains(next)),
                (1, _) => is_named || rest[0] == b'$' && chain.is_of_shell(),
                _ => is_named || chain.begins_with_root() || is_spaced && ends_in_name(chain.first),
            }
        }
        _ => false,
    }
}

/// Returns whether a variable stands here, alone in its line.
pub(super) fn is_variable(text: &[u8], from: usize) -> bool {
    let line = near(text, from);
    let chain = Chain::at(line);
    let end = line.get(chain.text.len());
    chain.parts == 1 && !is_made(chain.text) && end.is_none_or(|end| ends_expression(*end))
}

/// Returns whether the type of a value stands here, as behind the colon of a declaration.
pub(super) fn is_type(text: &[u8], from: usize) -> bool {
    let line = near(text, from);
    if line.first().is_none_or(|first| !first.is_ascii_alphabetic() && !b"&*?[".contains(first)) {
        return false;
    }
    let signs = line.iter().take(4).take_while(|byte| b"&*?[]".contains(byte)).count();
    let line = line[signs..].strip_prefix(b"mut ").unwrap_or(&line[signs..]);
    let length =
        line.iter().take(NAME).take_while(|byte| byte.is_ascii_alphanumeric() || b"_.:".contains(byte)).count();
    let word = line[..length].trim_ascii_end();
    let word = &word[..word.iter().rposition(|byte| !matches!(byte, b'.' | b':')).map_or(0, |at| at + 1)];
    let last = word.iter().rposition(|byte| matches!(byte, b'.' | b':')).map_or(word, |at| &word[at + 1..]);
    let is_known = last.len() > 2 && TYPES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(last));
    let behind = &line[word.len()..];
    match behind.first() {
        Some(b'<' | b'[') => {
            let close = if behind[0] == b'<' { b'>' } else { b']' };
            let inside = behind[1..].iter().position(|byte| *byte == close).map(|end| &behind[1..=end]);
            let is_of_type = |byte: &u8| byte.is_ascii_alphanumeric() || b"_<[,. |&'?:".contains(byte);
            word.first().is_some_and(|first| is_known || first.is_ascii_uppercase())
                && inside.is_some_and(|inside| inside.iter().all(is_of_type) && !is_made(inside))
        }
        next => is_known && next.is_none_or(|next| ends_expression(*next) || *next == b'?'),
    }
}

/// What stands in brackets for a value that is not shown, beside types.
static STAND_INS: &[&str] = &[
    "Getter",
    "Setter",
    "Function",
    "AsyncFunction",
    "GeneratorFunction",
    "AsyncGeneratorFunction",
    "Object",
    "Array",
    "Circular",
    "Symbol",
    "Date",
    "Map",
    "Set",
    "Promise",
    "Class",
    "Module",
    "Arguments",
    "Error",
    "BigInt",
    "Int8Array",
    "Int16Array",
    "Int32Array",
    "Uint16Array",
    "Uint32Array",
    "Float32Array",
    "Float64Array",
    "BigInt64Array",
    "BigUint64Array",
    "Uint8ClampedArray",
];

/// Returns whether a type or what stands for a value that is not shown is in the brackets that begin here: `[String]`,
/// `[Getter]`, `[Function: x]`.
pub(super) fn is_in_brackets(text: &[u8], from: usize) -> bool {
    let Some(line) = near(text, from).strip_prefix(b"[") else { return false };
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    let word = &line[..line.iter().take(NAME).take_while(|byte| is_of_name(byte)).count()];
    if !word.first().is_some_and(u8::is_ascii_uppercase) {
        return false;
    }
    let is_one_of = |list: &[&str]| list.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word));
    let behind = &line[word.len()..];
    if is_one_of(STAND_INS) || is_one_of(TYPES) {
        return behind.first().is_some_and(|next| b"]:/!?(<[; ".contains(next));
    }
    // Words in it begin with capitals, and have small letters behind them.
    let humps = word.windows(2).filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase()).count();
    let is_name = !word.iter().any(u8::is_ascii_digit) && humps * LETTERS_OF_HUMP <= word.len();
    // `[Byte; 12]`, of Rust.
    is_name
        && (behind.starts_with(b"; ")
            || matches!(behind, [b']' | b'!' | b'?' | b'<', ..] | [b':', b' ', ..] | [b' ', b'*' | b'{' | b'(', ..]))
}

/// Fewest letters of a word in the name of a type, as a mean.
const LETTERS_OF_HUMP: usize = 5;

/// Returns where the values of a list of Go begin that is written with its type: `[]string{"x"}`, or `{"x", "y"}` within a
/// map.
pub(super) fn go_list(text: &[u8], from: usize) -> Option<usize> {
    let line = near(text, from);
    let open = match line {
        [b'[', b']', rest @ ..] => {
            let name = rest.iter().take(NAME);
            let name = name.take_while(|byte| byte.is_ascii_alphanumeric() || b"_.*[]".contains(byte)).count();
            let empty = if rest[name..].starts_with(b" {}") { 3 } else { 0 };
            2 + name + empty
        }
        _ => 0,
    };
    let is_open = line.get(open) == Some(&b'{');
    // Within a map, only texts: `{"x"}`.
    let is_list = open > 0
        || Quote::at(line, 1).is_some_and(|(quote, inner)| {
            let behind = quote.close(line, inner).1;
            matches!(line.get(behind), Some(b',' | b'}') | None)
        });
    (is_open && is_list).then_some(from + open)
}

/// Names that are joined: `user.token`, `Some::secret`, `$this->token`.
struct Chain<'t> {
    text: &'t [u8],
    first: &'t [u8],
    last: &'t [u8],
    parts: usize,
}

impl<'t> Chain<'t> {
    fn at(text: &'t [u8]) -> Self {
        let mut chain = Self { text: &text[..0], first: &text[..0], last: &text[..0], parts: 0 };
        let mut at = 0;
        while chain.parts < MOST_PARTS {
            let rest = &text[at..];
            let length =
                rest.iter().take(NAME).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            if length == 0 || rest[0].is_ascii_digit() {
                return chain;
            }
            chain.last = &rest[..length];
            if chain.parts == 0 {
                chain.first = chain.last;
            }
            chain.parts += 1;
            chain.text = &text[..at + length];
            at += length;
            at += match &text[at..] {
                [b':', b':', ..] | [b'-', b'>', ..] | [b'?' | b'!', b'.', ..] => 2,
                [b'.', ..] => 1,
                _ => return chain,
            };
        }
        chain
    }

    /// Returns whether its last name is of several words, as those of functions are.
    fn is_joined(&self) -> bool {
        let inner = self.last.get(1..).unwrap_or_default();
        self.last.contains(&b'_') || self.last[0].is_ascii_lowercase() && inner.iter().any(u8::is_ascii_uppercase)
    }

    /// Returns whether it is a variable of a shell.
    fn is_of_shell(&self) -> bool {
        self.text.len() > 3 && self.text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
    }

    fn asks(&self) -> bool {
        let last = self.last.to_ascii_lowercase();
        ASKING.iter().any(|word| last.starts_with(word.as_bytes()))
    }

    fn begins_with_root(&self) -> bool {
        ROOTS.iter().any(|root| root.as_bytes() == self.first)
    }
}

/// Returns as much of the text as is looked at.
fn near(text: &[u8], from: usize) -> &[u8] {
    &text[from..text.len().min(from + LONGEST)]
}

/// Returns what stands between the bracket here and the one that closes it in the same line.
fn bracketed(text: &[u8]) -> Option<&[u8]> {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' | b'\r' => return None,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(text[1..at].trim_ascii());
                }
            }
            _ => {}
        }
    }
    None
}

fn ends_expression(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b",;)]}\"'`\\|:".contains(&byte)
}
