//! Where a value begins and ends: in quotes at any depth of escaping, bare, in a list, an object or a block of YAML.

use std::ops::Range;

use super::MASK;
use super::random::{is_harmless, is_made, looks_random};

/// Longest name of the next key that ends a bare value.
const NEXT_KEY: usize = 40;

/// Returns how many blanks stand there, at most so many.
pub(super) fn blanks(text: &[u8], at: usize, most: usize) -> usize {
    text[at..].iter().take(most).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// A quotation mark with the backslashes in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) mark: u8,
    backslashes: usize,
}

impl Quote {
    /// Returns the quote that begins at a place, and where the text behind it begins.
    pub(super) fn at(text: &[u8], at: usize) -> Option<(Self, usize)> {
        let backslashes = text[at..].iter().take(16).take_while(|byte| **byte == b'\\').count();
        let mark = *text.get(at + backslashes)?;
        matches!(mark, b'"' | b'\'' | b'`').then_some((Self { mark, backslashes }, at + backslashes + 1))
    }

    /// Returns how many backslashes stand in front of the mark.
    pub(super) fn backslashes(self) -> usize {
        self.backslashes
    }

    /// Returns where the text behind two such quotes begins, if they stand at a place.
    pub(super) fn behind_doubled(self, text: &[u8], at: usize) -> Option<usize> {
        let length = self.backslashes + 1;
        let two = text.get(at..at + 2 * length)?;
        let is_quote =
            |quote: &[u8]| quote.iter().rev().skip(1).all(|byte| *byte == b'\\') && quote.ends_with(&[self.mark]);
        (is_quote(&two[..length]) && is_quote(&two[length..])).then_some(at + 2 * length)
    }

    /// Returns the quote that ends at a place.
    pub(super) fn before(text: &[u8], at: usize) -> Option<Self> {
        let mark = *text[..at].last()?;
        let front = text[..at - 1].iter().rev().take(16).take_while(|byte| **byte == b'\\');
        matches!(mark, b'"' | b'\'' | b'`').then(|| Self { mark, backslashes: front.count() })
    }

    /// Returns where the quoted text ends, and where the text behind the quote begins. An open quote ends with its line.
    pub(super) fn close(self, text: &[u8], from: usize) -> (usize, usize) {
        let (mut run, mut skipped) = (0, usize::MAX);
        for (offset, byte) in text[from..].iter().enumerate() {
            let at = from + offset;
            match byte {
                b'\\' => run += 1,
                // Doubled, as in SQL, it is a part of the text.
                _ if *byte == self.mark && at > from && run == 0 && text.get(at + 1) == Some(byte) && skipped != at => {
                    skipped = at + 1;
                }
                _ if *byte == self.mark && skipped != at && self.is_closed_by(run) => {
                    return (at - run.min(self.backslashes), at + 1);
                }
                b'\n' | b'\r' => return (at, at),
                _ => run = 0,
            }
        }
        (text.len(), text.len())
    }

    /// Returns where the next such quote of the line begins and ends, whatever it is for.
    pub(super) fn next(self, text: &[u8], from: usize) -> (usize, usize) {
        let rest = &text[from.min(text.len())..];
        match memchr::memchr3(self.mark, b'\n', b'\r', rest).map(|length| from + length) {
            Some(at) if text[at] == self.mark => (at - self.backslashes.min(at - from), at + 1),
            Some(at) => (at, at),
            None => (text.len(), text.len()),
        }
    }

    /// Returns whether a mark behind so many backslashes ends the text. Each level of escaping doubles them and adds one.
    fn is_closed_by(self, backslashes: usize) -> bool {
        let (mut depth, mut left) = (self.backslashes, backslashes);
        if !(self.backslashes + 1).is_power_of_two() {
            return backslashes <= self.backslashes;
        }
        while depth > 0 {
            // The text around it ends.
            if left % 2 == 0 {
                return true;
            }
            (depth, left) = ((depth - 1) / 2, (left - 1) / 2);
        }
        left % 2 == 0
    }
}

/// Returns where a value without quotes ends. Signs end it only where what follows is plainly no part of it: a blank, the
/// next key, the end of what it stands in.
pub(super) fn bare_end(text: &[u8], from: usize) -> usize {
    let (mut at, mut open) = (from, 0_usize);
    while let Some(byte) = text.get(at) {
        // A mask is whole.
        if *byte == b'[' && text[at..].starts_with(MASK.as_bytes()) {
            at += MASK.len();
            continue;
        }
        let next = text.get(at + 1).copied();
        let ends = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' | b'\0' => true,
            b'\\' => {
                let run = text[at..].iter().take_while(|byte| **byte == b'\\').count();
                let ends = match text.get(at + run) {
                    Some(b'"' | b'\'' | b'`') => {
                        text.get(at + run + 1).is_none_or(|next| is_end(*next) || *next == b'\\')
                    }
                    Some(b'n' | b'r' | b't') => true,
                    Some(byte) => !byte.is_ascii_graphic(),
                    None => true,
                };
                at += if ends { 0 } else { run - 1 };
                ends
            }
            b'"' | b'\'' | b'`' => next.is_none_or(is_end),
            // A pair within the value: `${NAME}`.
            b'(' | b'[' | b'{' => {
                open += 1;
                false
            }
            b')' | b']' | b'}' if open > 0 => {
                open -= 1;
                false
            }
            b')' | b']' | b'}' | b'>' => next.is_none_or(|next| is_end(next) || matches!(next, b'&' | b'\\')),
            b'<' => is_tag(&text[at + 1..]) && (at > from || joined_mask(text, at).is_none()),
            b',' | b';' | b'&' | b'|' => {
                next.is_none_or(|next| is_end(next) || next == b'\\') || is_key(&text[at + 1..])
            }
            _ => false,
        };
        if ends {
            break;
        }
        at += 1;
    }
    let value = &text[from..at];
    let last =
        value.iter().rposition(|byte| !matches!(byte, b'.' | b',' | b';' | b':' | b'!' | b'?')).map_or(0, |at| at + 1);
    from + last
}

/// Returns whether the name of an element and its end stand here, behind `<`.
fn is_tag(text: &[u8]) -> bool {
    let length = text.iter().take(NEXT_KEY).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b':').count();
    text.first() == Some(&b'/')
        || text.first().is_some_and(u8::is_ascii_alphabetic) && matches!(text.get(length), Some(b'>' | b'/' | b' '))
}

/// Words that others mask with.
static MASKING: &[&str] =
    &["redacted", "hidden", "masked", "filtered", "removed", "secret", "sensitive", "protected", "omitted", "scrubbed"];
/// Longest of what others mask with.
const LONGEST_MASK: usize = 40;

/// Returns where a word in brackets ends that begins here, if a part of a value is joined to it that it was to mask:
/// `[redacted]x`, `<hidden>x`, `{{x}}x1y2z3`. Any word may stand there where the rest looks made by a machine.
pub(super) fn joined_mask(text: &[u8], from: usize) -> Option<usize> {
    let first = *text.get(from)?;
    let sigil = usize::from(first == b'$');
    let open = *text.get(from + sigil)?;
    let close = match open {
        b'[' => b']',
        b'<' => b'>',
        b'(' => b')',
        b'{' => b'}',
        _ => return None,
    };
    let twice = usize::from(open == b'{' && text.get(from + sigil + 1) == Some(&b'{'));
    let inner = from + sigil + 1 + twice;
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.*: ".contains(byte);
    let length = text[inner..].iter().take(LONGEST_MASK).take_while(|byte| is_inside(byte)).count();
    let end = inner + length + 1 + twice;
    let is_closed =
        length > 0 && text.get(inner + length..end).is_some_and(|signs| signs.iter().all(|sign| *sign == close));
    if !is_closed || !text.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let word = text[inner..inner + length].trim_ascii();
    let is_known = MASKING.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
        || word.iter().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.'));
    let rest = text[end..].iter().take(LONGEST_MASK).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (is_known || looks_random(&text[end..end + rest])).then_some(end)
}

/// Longest tag or anchor of YAML.
const LONGEST_TAG: usize = 16;

/// Returns how long the tag or the anchor in front of a value of YAML is: `!!str x`, `&name x`.
pub(super) fn yaml_tag(rest: &[u8]) -> usize {
    let sign = match rest {
        [b'!', b'!', ..] => 2,
        [b'&', ..] => 1,
        _ => return 0,
    };
    let word = rest[sign..].iter().take(LONGEST_TAG).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let behind = sign + word;
    let has_value = rest.get(behind) == Some(&b' ') && rest.get(behind + 1).is_some_and(u8::is_ascii_graphic);
    if word > 0 && has_value { behind + 1 } else { 0 }
}

/// Returns the text between marks that stand three times, also over many lines: `"""` of TOML and Python.
pub(super) fn long_text(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (_, inner) = Quote::at(text, at)?;
    let mark = &text[at..inner];
    let body = text[inner..].strip_prefix(mark)?.strip_prefix(mark)?;
    let from = text.len() - body.len();
    let is_open = body.first().is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
    let end = match memchr::memmem::find(body, &mark.repeat(3)) {
        Some(length) => from + length,
        None if is_open => text.len(),
        None => return None,
    };
    let lead = text[from..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    Some(from + lead..end)
}

/// Longest name of a type around a value.
const LONGEST_TYPE: usize = 32;

/// Returns where the quote of a value stands that a type is written around or before: `Some("x")`, `b'x'`, `<<"x">>`,
/// `string(16) "x"`. Without such a quote, the same place.
pub(super) fn unwrapped(text: &[u8], from: usize) -> usize {
    let mut at = from;
    for _ in 0..3 {
        if Quote::at(text, at).is_some() {
            return at;
        }
        let rest = &text[at..];
        if rest.starts_with(b"<<") {
            at += 2;
            continue;
        }
        let is_of_type = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:&*@$".contains(byte);
        let name = rest.iter().take(LONGEST_TYPE).take_while(|byte| is_of_type(byte)).count();
        match &rest[name..] {
            [b'(', inner @ ..] if name > 0 => {
                let size = inner.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
                at += name + 1;
                if size > 0 && inner.get(size) == Some(&b')') {
                    at += size + 1;
                    at += blanks(text, at, 1);
                }
            }
            // Prefixes of literals: `b"x"`, `u'x'`, `N'x'`, `@"x"`.
            [b'"' | b'\'' | b'\\', ..]
                if name > 0 && rest[..name].iter().all(|byte| b"bBuUrRfFNL@$".contains(byte)) =>
            {
                at += name;
            }
            _ => return from,
        }
    }
    if Quote::at(text, at).is_some() { at } else { from }
}

/// Returns where the next line begins that a shell joins to this one: a backslash ends it.
pub(super) fn continued(text: &[u8], at: usize) -> Option<usize> {
    let line = match text.get(at..)? {
        [b'\\', b'\n', ..] => at + 2,
        [b'\\', b'\r', b'\n', ..] => at + 3,
        _ => return None,
    };
    Some(line + blanks(text, line, LONGEST_LEAD))
}

/// Returns the texts in quotes that a language joins to one that ends here: each begins a line.
pub(super) fn joined_texts(text: &[u8], behind: usize, quote: Quote) -> Vec<Range<usize>> {
    let (mut joined, mut at) = (Vec::new(), behind);
    loop {
        let gap = text[at..].iter().take(LONGEST_LEAD).take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_line = matches!(text[at..at + gap], [b'\n', b' ' | b'\t', ..] | [b'\r', b'\n', b' ' | b'\t', ..]);
        let Some((_, inner)) = Quote::at(text, at + gap).filter(|(next, _)| is_line && *next == quote) else { break };
        let (end, next) = quote.close(text, inner);
        // A key stands before its sign.
        if next == end || matches!(text.get(next), Some(b':' | b'=')) {
            break;
        }
        joined.push(inner..end);
        at = next;
    }
    joined
}

/// Returns whether a character ends what stands before a bracket or a comma.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b',' | b';' | b':' | b'.' | b')' | b']' | b'}' | b'>' | b'"' | b'\'' | b'`')
}

/// Returns whether a key with its sign begins here, or an escape of HTML.
fn is_key(text: &[u8]) -> bool {
    let name = text.iter().take(NEXT_KEY);
    let length = name.take_while(|byte| byte.is_ascii_alphanumeric() || b"_-. []".contains(byte)).count();
    let starts = text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    starts && matches!(text.get(length), Some(b'=' | b':')) || text.starts_with(b"amp;")
}

/// Returns where a list or an object ends that begins here with its bracket; the end of the text if it is open.
pub(super) fn balanced_end(text: &[u8], from: usize) -> usize {
    let (mut depth, mut at) = (0_usize, from);
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b'"' | b'\\' => {
                if let Some((quote, inner)) = Quote::at(text, at).filter(|(quote, _)| quote.mark == b'"') {
                    at = quote.close(text, inner).1;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Returns whether the next word of a sentence follows: words are no elements of a list.
fn goes_on(text: &[u8], end: usize) -> bool {
    let next = end + blanks(text, end, INNER);
    next > end && text.get(next).is_some_and(u8::is_ascii_alphanumeric)
}

/// Most blanks within a list that are looked at.
const INNER: usize = 16;

/// Returns the values of a list that begins here with its bracket, and where it ends.
pub(super) fn list(text: &[u8], from: usize) -> (Vec<Range<usize>>, usize) {
    let (mut values, mut at) = (Vec::new(), from + 1);
    let close = if text.get(from) == Some(&b'{') { b'}' } else { b']' };
    while let Some(byte) = text.get(at) {
        match byte {
            byte if *byte == close => return (values, at + 1),
            b' ' | b'\t' | b'\n' | b'\r' | b',' => at += 1,
            b'{' | b'[' => {
                let end = balanced_end(text, at);
                if goes_on(text, end) {
                    return (values, at);
                }
                values.push(at..end);
                at = end;
            }
            _ => {
                let (inner, end) = match Quote::at(text, at) {
                    Some((quote, inner)) => {
                        let (close, end) = quote.close(text, inner);
                        (inner..close, end)
                    }
                    None => {
                        let end = bare_end(text, at).max(at + 1);
                        // Of words, only what a machine made.
                        if goes_on(text, end) && !is_made(&text[at..end]) {
                            return (values, at);
                        }
                        (at..end, end)
                    }
                };
                if !is_harmless(&text[inner.clone()]) {
                    values.push(inner);
                }
                at = end;
            }
        }
    }
    (values, at)
}

/// Most characters of a line in front of the key of a block.
const LONGEST_LEAD: usize = 200;

/// Returns the block of YAML behind a key: what is indented deeper than its line. `at` is behind the colon.
pub(super) fn block(text: &[u8], key: usize, at: usize) -> Option<Range<usize>> {
    let is_block = matches!(text.get(at), Some(b'|' | b'>'));
    let sign = text[at..].iter().take(3).take_while(|byte| b"|>+-0123456789".contains(byte)).count();
    let first_end = at + sign + blanks(text, at + sign, 16);
    let first_end = first_end + usize::from(text.get(first_end) == Some(&b'\r'));
    if text.get(first_end) != Some(&b'\n') || (sign > 0) != is_block {
        return None;
    }
    let own = own_indent(text, key, is_block)?;
    let (mut start, mut end, mut at) = (None, first_end, first_end);
    while at < text.len() {
        let line = at + 1;
        let indent = blanks(text, line.min(text.len()), LONGEST_LEAD);
        let line_end = memchr::memchr(b'\n', &text[line.min(text.len())..]).map_or(text.len(), |to| line + to);
        let is_blank = text[line.min(line_end)..line_end].trim_ascii().is_empty();
        if !is_blank && indent <= own {
            break;
        }
        if !is_blank {
            start = start.or(Some(line + indent));
            end = line_end;
        }
        at = line_end;
        if !is_block && start.is_some() {
            break;
        }
    }
    let value = start?..end;
    let inner = text[value.clone()].trim_ascii_end();
    if let Some((quote, from)) = Quote::at(inner, 0).filter(|_| !is_block) {
        let (close, behind) = quote.close(inner, from);
        let is_alone = matches!(inner[behind..], [] | [b',' | b';']) && behind > close;
        return (is_alone && !is_harmless(&inner[from..close])).then(|| value.start + from..value.start + close);
    }
    // Without the sign of a block, one word: a message goes on in its next line, too.
    let is_one = is_block || !inner.contains(&b' ') && !inner.ends_with(b":");
    (is_one && !is_harmless(inner)).then(|| value.start..value.start + inner.len())
}

/// Returns how far the line of a key is indented, if nothing but the sign of a list or a quote stands before it, or the
/// sign of a block tells what follows.
fn own_indent(text: &[u8], key: usize, is_told: bool) -> Option<usize> {
    let front = &text[key.saturating_sub(LONGEST_LEAD)..key];
    let lead = match memchr::memrchr(b'\n', front) {
        Some(at) => &front[at + 1..],
        None if front.len() < LONGEST_LEAD => front,
        None => return None,
    };
    (is_told || matches!(lead.trim_ascii(), b"" | b"-" | b"\"" | b"'")).then(|| blanks(lead, 0, LONGEST_LEAD))
}
