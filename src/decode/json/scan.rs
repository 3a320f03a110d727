//! Structural scanner of JSON text: finds members, items and the ends of values without copying.

use crate::decode::line_ends;
use crate::model::unescape_json;

/// JSON value as raw text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum RawValue<'j> {
    /// A string, between its quotes and still escaped.
    Text(&'j [u8]),
    /// A number, `true`, `false` or `null`.
    Bare(&'j [u8]),
    /// An object or an array, with its brackets.
    Nested(&'j [u8]),
    /// A string whose end is not in the data.
    CutText(&'j [u8]),
    /// Any other value whose end is not in the data.
    Cut(&'j [u8]),
}

impl<'j> RawValue<'j> {
    /// Returns the inside of a string, whether complete or cut.
    pub(in crate::decode) fn text(self) -> Option<&'j [u8]> {
        match self {
            Self::Text(text) | Self::CutText(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text of a string or a bare value; `None` for `null` and all others.
    pub(in crate::decode) fn scalar(self) -> Option<&'j [u8]> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bare(b"null") => None,
            Self::Bare(text) => Some(text),
            _ => None,
        }
    }
}

/// Result of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Scanned {
    /// A complete value of this length.
    Whole(usize),
    /// An incomplete value: the data ends before it does.
    Cut,
    /// Text that is not JSON from this offset on.
    Broken(usize),
}

/// What may come next in an object or an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Its first member or item, or its end.
    First,
    /// A comma, or its end.
    Comma,
    /// A member or an item: a comma stands before it.
    Value,
}

/// Visits the members of the object at the start of `data`; the last one may be cut.
pub(in crate::decode) fn members<'j>(data: &'j [u8], visit: impl FnMut(&'j [u8], RawValue<'j>)) -> Scanned {
    members_and_lines(data, &mut 0, visit)
}

/// Visits members like [`members`], and adds the number of line ends in the object to `lines`. Strings are not
/// searched, because JSON allows no line ends in them.
#[inline]
pub(in crate::decode) fn members_and_lines<'j>(
    data: &'j [u8],
    lines: &mut u64,
    mut visit: impl FnMut(&'j [u8], RawValue<'j>),
) -> Scanned {
    let mut at = 1;
    let mut next = Next::First;
    loop {
        at += blanks(data, at, lines);
        match data.get(at) {
            None => return Scanned::Cut,
            Some(b'}') if next != Next::Value => return Scanned::Whole(at + 1),
            Some(b',') if next == Next::Comma => {
                at += 1;
                next = Next::Value;
            }
            Some(b'"') if next != Next::Comma => match member(data, at, lines) {
                Ok((key, value, end)) => {
                    visit(key, value);
                    at = end;
                    next = Next::Comma;
                }
                Err((found, scanned)) => {
                    if let Some((key, value)) = found {
                        visit(key, value);
                    }
                    return scanned;
                }
            },
            Some(_) => return Scanned::Broken(at),
        }
    }
}

type CutMember<'j> = (Option<(&'j [u8], RawValue<'j>)>, Scanned);

/// Scans the member whose key begins at `at`. Returns its key, its value, and the offset at which it ends.
#[inline]
fn member<'j>(data: &'j [u8], at: usize, lines: &mut u64) -> Result<(&'j [u8], RawValue<'j>, usize), CutMember<'j>> {
    let Some(end) = text_end(data, at + 1) else { return Err((None, Scanned::Cut)) };
    let key = &data[at + 1..end];
    let colon = end + 1 + blanks(data, end + 1, lines);
    match data.get(colon) {
        None => return Err((None, Scanned::Cut)),
        Some(b':') => {}
        Some(_) => return Err((None, Scanned::Broken(colon))),
    }
    let from = colon + 1 + blanks(data, colon + 1, lines);
    match value(data, from) {
        Ok((value, end)) => {
            if let RawValue::Nested(nested) = value {
                *lines += line_ends::count(nested);
            }
            Ok((key, value, end))
        }
        Err((cut, scanned)) => Err((cut.map(|cut| (key, cut)), scanned)),
    }
}

/// Returns the length of the white space from `at` on, and adds its line ends to `lines`.
#[inline]
fn blanks(data: &[u8], at: usize, lines: &mut u64) -> usize {
    match data.get(at) {
        Some(b' ' | b'\n' | b'\r' | b'\t') => {}
        _ => return 0,
    }
    let length = spaces(&data[at..]);
    *lines += data[at..at + length].iter().filter(|byte| **byte == b'\n').count() as u64;
    length
}

/// Visits the items of the array at the start of `data`.
pub(in crate::decode) fn items<'j>(data: &'j [u8], mut visit: impl FnMut(RawValue<'j>)) -> Scanned {
    let mut at = 1;
    let mut next = Next::First;
    loop {
        at += spaces(&data[at..]);
        match data.get(at) {
            None => return Scanned::Cut,
            Some(b']') if next != Next::Value => return Scanned::Whole(at + 1),
            Some(b',') if next == Next::Comma => {
                at += 1;
                next = Next::Value;
            }
            Some(_) if next == Next::Comma => return Scanned::Broken(at),
            Some(_) => match value(data, at) {
                Ok((value, end)) => {
                    visit(value);
                    at = end;
                    next = Next::Comma;
                }
                Err((cut, scanned)) => {
                    if let Some(cut) = cut {
                        visit(cut);
                    }
                    return scanned;
                }
            },
        }
    }
}

type Unfinished<'j> = (Option<RawValue<'j>>, Scanned);

/// Scans the value at `at`. Returns it with the offset at which it ends.
#[inline]
pub(in crate::decode) fn value(data: &[u8], at: usize) -> Result<(RawValue<'_>, usize), Unfinished<'_>> {
    match data.get(at) {
        None => Err((None, Scanned::Cut)),
        Some(b'"') => match text_end(data, at + 1) {
            Some(end) => Ok((RawValue::Text(&data[at + 1..end]), end + 1)),
            None => Err((Some(RawValue::CutText(&data[at + 1..])), Scanned::Cut)),
        },
        Some(b'{' | b'[') => match nested_end(&data[at..]) {
            Some(length) => Ok((RawValue::Nested(&data[at..at + length]), at + length)),
            None => Err((Some(RawValue::Cut(&data[at..])), Scanned::Cut)),
        },
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I') => {
            let length = data[at..].iter().take_while(|byte| !ends_bare(**byte)).count();
            match data.get(at + length) {
                Some(_) if !is_bare(&data[at..at + length]) => Err((None, Scanned::Broken(at))),
                Some(_) => Ok((RawValue::Bare(&data[at..at + length]), at + length)),
                None => Err((Some(RawValue::Cut(&data[at..])), Scanned::Cut)),
            }
        }
        Some(_) => Err((None, Scanned::Broken(at))),
    }
}

/// Returns whether a value without quotes is a number or a word of JSON, or one that scripts write for lack of a number.
fn is_bare(value: &[u8]) -> bool {
    let of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let has_zero_first = || {
        let digits = value.strip_prefix(b"-").unwrap_or(value);
        matches!(digits, [b'0', b'0'..=b'9', ..])
    };
    value.iter().all(of_number) && !has_zero_first()
        || matches!(value, b"true" | b"false" | b"null" | b"NaN" | b"None" | b"Infinity" | b"-Infinity")
}

/// Returns whether brackets, commas, keys and values of a complete object or array stand as in JSON, at any depth.
pub(in crate::decode) fn is_well_formed(nested: &[u8]) -> bool {
    let mut open = Vec::new();
    let mut next = Next::Value;
    let mut at = 0;
    loop {
        at += spaces(&nested[at..]);
        let Some(byte) = nested.get(at) else { return open.is_empty() && next == Next::Comma };
        match (byte, open.last(), next) {
            (b',', Some(_), Next::Comma) => next = Next::Value,
            (b'}', Some(b'{'), Next::First | Next::Comma) | (b']', Some(b'['), Next::First | Next::Comma) => {
                open.pop();
                next = Next::Comma;
            }
            (_, _, Next::Comma) => return false,
            (b'"', Some(b'{'), _) => {
                let Some(end) = text_end(nested, at + 1) else { return false };
                at = end + 1 + spaces(&nested[end + 1..]);
                if nested.get(at) != Some(&b':') {
                    return false;
                }
                at += 1 + spaces(&nested[at + 1..]);
                match nested.get(at) {
                    Some(b'{' | b'[') => {
                        open.push(nested[at]);
                        next = Next::First;
                    }
                    _ => match value(nested, at) {
                        Ok((_, end)) => {
                            at = end - 1;
                            next = Next::Comma;
                        }
                        Err(_) => return false,
                    },
                }
            }
            (b'{' | b'[', None | Some(b'['), _) => {
                open.push(*byte);
                next = Next::First;
            }
            (_, Some(b'['), _) => match value(nested, at) {
                Ok((_, end)) => {
                    at = end - 1;
                    next = Next::Comma;
                }
                Err(_) => return false,
            },
            _ => return false,
        }
        at += 1;
    }
}

fn ends_bare(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']' | b':' | b'"' | b'{' | b'[') || byte.is_ascii_whitespace()
}

/// Returns the length of the white space at the start.
pub(in crate::decode) fn spaces(data: &[u8]) -> usize {
    data.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// Number of bytes of a string that are searched eight at a time, which is faster than a vector search for short
/// strings.
const SHORT: usize = 64;

/// Finds the next quote from `from` on.
#[inline]
fn quote_from(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < from + SHORT {
        let Some(word) = data.get(at..).and_then(<[u8]>::first_chunk::<8>) else { break };
        // A byte equal to the quote becomes zero; the borrow of the subtraction marks the first zero byte
        // (Mycroft's test, as in Hacker's Delight 6-1).
        let zeroed = u64::from_le_bytes(*word) ^ 0x2222_2222_2222_2222;
        let marks = zeroed.wrapping_sub(0x0101_0101_0101_0101) & !zeroed & 0x8080_8080_8080_8080;
        if marks != 0 {
            return Some(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr::memchr(b'"', data.get(at..)?).map(|quote| at + quote)
}

/// Finds the closing quote of the string whose text begins at `from`, and returns its offset.
#[inline]
pub(in crate::decode) fn text_end(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = quote_from(data, at)?;
        if quote == from || data[quote - 1] != b'\\' {
            return Some(quote);
        }
        let slashes = data[from..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return Some(quote);
        }
        // A string with one escaped quote usually has many, because whole JSON objects are logged as strings.
        at = quote + 1 + within_text(data, quote);
    }
}

/// Number of bytes examined together.
const CHUNK: usize = 32;

/// Returns how many bytes after the escaped quote at `quote` can be skipped. The string does not end in them, because
/// each quote among them follows a backslash, and no backslash follows another.
#[inline]
fn within_text(data: &[u8], quote: usize) -> usize {
    let mut at = quote;
    while let Some((before, here)) = neighbours(data, at) {
        let mut may_end = false;
        for (before, here) in before.iter().zip(here) {
            let after_slash = *before == b'\\';
            may_end |= (*here == b'"') & !after_slash | (*here == b'\\') & after_slash;
        }
        if may_end {
            break;
        }
        at += CHUNK;
    }
    at - quote
}

/// Returns the chunk of the data at `at`, and the chunk that begins one byte later.
#[inline]
fn neighbours(data: &[u8], at: usize) -> Option<(&[u8; CHUNK], &[u8; CHUNK])> {
    Some((data.get(at..)?.first_chunk()?, data.get(at + 1..)?.first_chunk()?))
}

/// Returns the length of the object or array at the start of `data`, if it is complete.
fn nested_end(data: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        match data.get(at)? {
            b'"' => at = text_end(data, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Scanner that skips one value of any length, block by block.
#[derive(Debug, Default)]
pub(in crate::decode) struct Skipper {
    depth: usize,
    in_text: bool,
    after_slash: bool,
}

impl Skipper {
    /// Continues with `data`. Returns the length of the rest of the value in it, or `None` if all of it belongs to the
    /// value.
    pub(in crate::decode) fn skip(&mut self, data: &[u8]) -> Option<usize> {
        for (at, byte) in data.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.after_slash => self.after_slash = false,
                    b'\\' => self.after_slash = true,
                    b'"' => {
                        self.in_text = false;
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' if self.depth == 0 => return Some(at),
                _ => {}
            }
        }
        None
    }
}

/// Undoes the escapes of a JSON string; a lone surrogate becomes the replacement character.
pub(in crate::decode) fn unescape(raw: &[u8]) -> std::borrow::Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut text = Vec::with_capacity(raw.len());
    unescape_json(raw, &mut text);
    String::from_utf8_lossy(&text).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_members_in_any_layout() {
        let mut seen = Vec::new();
        let text = br#"{ "a" : "x\"\\" ,"b":[1,{"c":"]"}], "d":-1.5e3 ,"e":null} tail"#;
        let scanned = members(text, |key, value| seen.push((key, value)));
        assert_eq!(scanned, Scanned::Whole(text.len() - 5));
        assert_eq!(
            seen,
            [
                (&b"a"[..], RawValue::Text(br#"x\"\\"#)),
                (b"b", RawValue::Nested(br#"[1,{"c":"]"}]"#)),
                (b"d", RawValue::Bare(b"-1.5e3")),
                (b"e", RawValue::Bare(b"null")),
            ]
        );
    }

    #[test]
    fn tells_cut_from_broken() {
        for (text, want) in [
            (&br#"{"a":"#[..], Scanned::Cut),
            (br#"{"a":"x"#, Scanned::Cut),
            (br#"{"a":1"#, Scanned::Cut),
            (br#"{"a" 1}"#, Scanned::Broken(5)),
            (br"{a:1}", Scanned::Broken(1)),
            (br#"{"a":?}"#, Scanned::Broken(5)),
        ] {
            assert_eq!(members(text, |_, _| {}), want, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn skips_values_cut_anywhere() {
        let text = br#"{"a":["\"}",{}],"b":"]"},next"#;
        for cut in 0..text.len() - 5 {
            let mut skipper = Skipper::default();
            assert_eq!(skipper.skip(&text[..cut]), None);
            assert_eq!(skipper.skip(&text[cut..]), Some(text.len() - 5 - cut));
        }
    }

    /// Finds the end of a string byte by byte, as a reference for [`text_end`].
    fn text_end_slowly(data: &[u8], from: usize) -> Option<usize> {
        let mut escaped = false;
        for (at, byte) in data.iter().enumerate().skip(from) {
            match byte {
                b'"' if !escaped => return Some(at),
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        None
    }

    proptest::proptest! {
        #[test]
        fn finds_the_end_of_any_string(
            parts in proptest::collection::vec(proptest::sample::select(
                &[r#"\""#, r"\\", r#"\\\""#, r"\\\\", "\"", "a", "0123456789", "tenant: 0123456789abcdef0123456789"][..],
            ), 0..40),
            from in 0..4usize,
        ) {
            let text = parts.concat();
            proptest::prop_assert_eq!(text_end(text.as_bytes(), from), text_end_slowly(text.as_bytes(), from));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::sample::select(&b"{}[]\",:\\ax1 \n"[..]), 0..40)) {
            let _ = members(&[b"{", &bytes[..]].concat(), |_, _| {});
            let _ = items(&[b"[", &bytes[..]].concat(), |_| {});
            let _ = Skipper::default().skip(&bytes);
            let _ = unescape(&bytes);
        }
    }
}
