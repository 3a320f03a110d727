//! The text behind escapes: what `\u0022`, `\t`, `%3D` and `&quot;` stand for, with plain blanks and signs in place of
//! those of other scripts, and without colours and invisible characters.
//!
//! A secret may stand in any of them. The decoded text is searched like the text itself, and knows where its bytes came from.

use wide::u8x16;

use super::names::ends_in_name;

/// A decoded text.
pub(super) struct BehindEscapes {
    pub(super) bytes: Vec<u8>,
    stretches: Vec<DecodedStretch>,
}

/// A stretch of a decoded text.
#[derive(Clone, Copy)]
struct DecodedStretch {
    /// Where it begins.
    begin: usize,
    /// Where it begins in the text that was decoded: from there on byte for byte.
    origin: usize,
    /// Whether it is what an escape stands for, which is longer as a rule.
    is_escape: bool,
}

/// Entities of HTML.
static ENTITIES: [(&[u8], char); 10] = [
    (b"&quot;", '"'),
    (b"&#34;", '"'),
    (b"&#x22;", '"'),
    (b"&#39;", '\''),
    (b"&#x27;", '\''),
    (b"&apos;", '\''),
    (b"&amp;", '&'),
    (b"&lt;", '<'),
    (b"&gt;", '>'),
    (b"&#61;", '='),
];

/// How often a percent sign may be escaped again.
const MOST_AGAIN: usize = 8;

/// Bytes with which an escape begins.
static BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    let signs = [b'%', b'\\', b'&', 0x1b, 0xc2, 0xe1, 0xe2, 0xe3, 0xef];
    let mut at = 0;
    while at < signs.len() {
        begins[signs[at] as usize] = true;
        at += 1;
    }
    begins
};

/// How much an escape may hide.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hides {
    /// A blank that is escaped hides nothing, and is all that most addresses have.
    Nothing,
    /// What stands apart from a name. The name itself is seen without it.
    Place,
    /// A name or a sign.
    Name,
}

/// An escape: what it stands for, `None` for what is not seen, its length and what it may hide.
struct Escape {
    char: Option<char>,
    length: usize,
    hides: Hides,
}

/// Returns the text without one level of escapes; `None` if it has none that hide something. Where the text `has_names`,
/// it matters how far from them their values are.
pub(super) fn decode(text: &[u8], has_names: bool) -> Option<BehindEscapes> {
    let mut decoded: Option<BehindEscapes> = None;
    let mut tells = false;
    let mut quoted = TextsInQuotes::default();
    let mut next_text = 0;
    let (mut at, mut copied) = (0, 0);
    while let Some(begin) = begin_of_escape(text, at) {
        while quoted.texts.get(next_text).is_some_and(|inner| inner.close < begin) {
            next_text += 1;
        }
        let run = text[begin..].iter().take_while(|byte| **byte == b'\\').count();
        let has_texts = run > 0 && matches!(text.get(begin + run), Some(b'n' | b'r')) || run > 2;
        if has_texts && !quoted.is_known {
            // Most texts have no such ones; from the start, as they begin in front of their first escape.
            quoted = TextsInQuotes::find(text);
            (decoded, tells, at, copied) = (None, false, 0, 0);
            continue;
        }
        let depth = quoted.texts.get(next_text).filter(|inner| inner.open < begin).map(|inner| inner.depth);
        let Some(escape) = escape(&text[begin..], run).or_else(|| quoted.backslashes(text, begin, run, depth)) else {
            // A run is looked at once. The last of it may begin an escape.
            let may_begin = run > 1 && matches!(text.get(begin + run), Some(b'u' | b'x'));
            at = begin + if may_begin { run - 1 } else { run.max(1) };
            continue;
        };
        let decoded = decoded.get_or_insert_with(|| BehindEscapes::new(text.len()));
        // A backslash in front of a line end, each of them escaped.
        let kept = usize::from(matches!(run, 3 | 6 | 12) && matches!(escape.char, Some('\n' | '\r')));
        decoded.bytes.extend_from_slice(&text[copied..begin + kept]);
        tells |= escape.hides == Hides::Name || escape.hides == Hides::Place && has_names;
        if let Some(char) = escape.char {
            decoded.begin_stretch(begin + kept, true);
            decoded.bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
        copied = begin + escape.length;
        // The backslashes that are left are those of this level.
        at = copied.max(begin + run);
        decoded.begin_stretch(copied, false);
    }
    let mut decoded = decoded.filter(|_| tells)?;
    decoded.bytes.extend_from_slice(&text[copied..]);
    // The quotes around a text with lines are no part of its lines.
    let mut next = 0;
    for end in quoted.texts.iter().flat_map(|inner| [inner.open, inner.close]) {
        while decoded.stretches.get(next + 1).is_some_and(|stretch| stretch.origin <= end) {
            next += 1;
        }
        let DecodedStretch { begin, origin, .. } = decoded.stretches[next];
        let quote = begin + (end - origin);
        if decoded.bytes.get(quote) == Some(&b'"') {
            let run = backslashes(&decoded.bytes, quote);
            // An empty line ends tables: what follows the text is no row.
            let sign = decoded.bytes.get(quote + 1).is_some_and(|byte| b",:]} ".contains(byte));
            decoded.bytes[quote - run..=quote + usize::from(sign)].fill(b'\n');
        }
    }
    Some(decoded)
}

/// Finds the next byte from `at` on with which an escape begins.
#[inline]
fn begin_of_escape(text: &[u8], mut at: usize) -> Option<usize> {
    let [percent, slash, and, colour, foreign] = [b'%', b'\\', b'&', 0x1b, 0x80].map(u8x16::splat);
    while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let block = u8x16::new(*block);
        let begins = block.simd_eq(percent)
            | block.simd_eq(slash)
            | block.simd_eq(and)
            | block.simd_eq(colour)
            | block.simd_eq(block.max(foreign));
        let mut marks = begins.to_bitmask();
        while marks != 0 {
            let place = at + marks.trailing_zeros() as usize;
            // Of the bytes of other scripts, few begin one.
            if BEGINS[usize::from(text[place])] {
                return Some(place);
            }
            marks &= marks - 1;
        }
        at += 16;
    }
    text.get(at..)?.iter().position(|byte| BEGINS[usize::from(*byte)]).map(|length| at + length)
}

/// What of a text stands in quotes.
#[derive(Default)]
struct TextsInQuotes {
    /// The texts with lines, in their order.
    texts: Vec<TextInQuotes>,
    /// Whether some have texts in them that have texts in them.
    is_deep: bool,
    /// Whether it was looked for.
    is_known: bool,
}

/// A text in quotes that has escaped line ends: a text of its own.
struct TextInQuotes {
    /// Where its quotes are; the end of the text if it is open.
    open: usize,
    close: usize,
    /// Number of backslashes in front of its quotes.
    depth: usize,
}

impl TextsInQuotes {
    fn find(text: &[u8]) -> Self {
        let mut quoted = Self { is_known: true, ..Self::default() };
        let (mut at, mut low) = (0, 0);
        while let Some(begin) = memchr::memchr(b'\\', &text[at..]).map(|length| at + length) {
            let run = text[begin..].iter().take_while(|byte| **byte == b'\\').count();
            at = begin + run;
            match text.get(at) {
                Some(b'"') => quoted.is_deep |= run > 2,
                Some(b'n' | b'r') if begin >= low => {
                    let before = memchr::memrchr_iter(b'"', &text[low..begin]).map(|quote| low + quote);
                    let open = before.map(|quote| (quote, backslashes(text, quote))).find(|(_, depth)| *depth < run);
                    low = at;
                    let Some((open, depth)) = open.filter(|(_, depth)| depth + 1 == run) else { continue };
                    if ends_in_name(&text[..open - depth]) {
                        continue;
                    }
                    let mut behind = memchr::memchr_iter(b'"', &text[at..]).map(|quote| at + quote);
                    let close = behind.find(|quote| backslashes(text, *quote) <= depth).unwrap_or(text.len());
                    quoted.texts.push(TextInQuotes { open, close, depth });
                    low = close;
                }
                _ => {}
            }
        }
        quoted
    }

    /// Returns the backslashes in front of a quote that only tell how deep its text is in others: in a text with lines,
    /// whose quotes have so many; elsewhere one level of them.
    fn backslashes(&self, text: &[u8], at: usize, run: usize, depth: Option<usize>) -> Option<Escape> {
        let level = 2 * (depth.unwrap_or(0) + 1);
        let left = ((run + 1) / level).checked_sub(1)?;
        let is_told = depth.is_some() || self.is_deep;
        (is_told && run > left && text.get(at + run) == Some(&b'"')).then_some(Escape {
            char: None,
            length: run - left,
            hides: if self.is_deep { Hides::Name } else { Hides::Place },
        })
    }
}

fn backslashes(text: &[u8], at: usize) -> usize {
    text[..at].iter().rev().take_while(|byte| **byte == b'\\').count()
}

impl BehindEscapes {
    fn new(capacity: usize) -> Self {
        let whole = DecodedStretch { begin: 0, origin: 0, is_escape: false };
        // A text with one escape has several as a rule.
        let mut stretches = Vec::with_capacity(16);
        stretches.push(whole);
        Self { bytes: Vec::with_capacity(capacity), stretches }
    }

    fn begin_stretch(&mut self, origin: usize, is_escape: bool) {
        self.stretches.push(DecodedStretch { begin: self.bytes.len(), origin, is_escape });
    }

    /// Returns where a stretch came from.
    pub(super) fn origin(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        let behind = self.stretches.partition_point(|stretch| stretch.begin <= range.start);
        let start = self.stretches[behind - 1];
        let start = if start.is_escape { start.origin } else { start.origin + (range.start - start.begin) };
        let behind = self.stretches.partition_point(|stretch| stretch.begin < range.end);
        let last = self.stretches[behind - 1];
        let end = match self.stretches.get(behind) {
            Some(next) if last.is_escape => next.origin,
            _ => last.origin + (range.end - last.begin),
        };
        start..end
    }
}

/// Returns the escape at the start, where so many backslashes stand.
fn escape(text: &[u8], run: usize) -> Option<Escape> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        [b'%', rest @ ..] => {
            // A sign that was escaped again and again: `%25253D`.
            let again = 2 * rest.chunks_exact(2).take(MOST_AGAIN).take_while(|two| *two == b"25").count();
            let digits = |at: usize| rest.get(at..at + 2).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
            let (digits, behind) = match digits(again) {
                Some(digits) => (digits, again + 2),
                None => (digits(again.checked_sub(2)?)?, again),
            };
            let byte = hex(digits).filter(u8::is_ascii)?;
            let is_plain = byte == b' ' || b"+,!()*|~%".contains(&byte);
            let hides = if is_plain { Hides::Nothing } else { hidden_by(char::from(byte)) };
            Some(Escape { char: Some(byte.into()), length: 1 + behind, hides })
        }
        [b'\\', ..] => behind_backslashes(text, run),
        [b'&', ..] => ENTITIES.iter().find(|(entity, _)| text.starts_with(entity)).map(|(entity, char)| Escape {
            char: Some(*char),
            length: entity.len(),
            hides: Hides::Name,
        }),
        [b'\x1b', b'[', rest @ ..] => {
            let length = rest.iter().take(32).take_while(|byte| matches!(byte, b'0'..=b'?')).count();
            rest.get(length).filter(|byte| matches!(byte, b'@'..=b'~')).map(|_| invisible(length + 3))
        }
        [0xc2, 0x85 | 0xa0 | 0xad, ..]
        | [0xe1, 0x9a, 0x80, ..]
        | [0xe2, 0x80 | 0x81, ..]
        | [0xe3, 0x80, 0x80, ..]
        | [0xef, 0xbb..=0xbd, ..] => {
            let length = if text[0] == 0xc2 { 2 } else { 3 };
            let char = std::str::from_utf8(text.get(..length)?).ok()?.chars().next()?;
            let plain = plain(char);
            (plain != Some(char)).then_some(Escape { char: plain, length, hides: Hides::Name })
        }
        _ => None,
    }
}

fn invisible(length: usize) -> Escape {
    Escape { char: None, length, hides: Hides::Name }
}

/// Returns the escape that begins with backslashes: `\t`, `\x3d`, `\u003d`.
fn behind_backslashes(text: &[u8], run: usize) -> Option<Escape> {
    let char = match text.get(run)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        sign @ (b'u' | b'x') => {
            let length = if *sign == b'u' { 4 } else { 2 };
            let digits = std::str::from_utf8(text.get(run + 1..run + 1 + length)?).ok()?;
            let char = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            let length = run + 1 + length;
            match plain(char) {
                None => return Some(invisible(length)),
                // The backslashes in front of a quote tell how deep it is.
                Some(shown) if shown == char && char.is_ascii_graphic() => {
                    let is_told = run == 1 || !matches!(char, '"' | '\'' | '`' | '\\');
                    return is_told.then_some(Escape { char: Some(shown), length, hides: Hides::Name });
                }
                Some(char) => return Some(Escape { char: Some(char), length, hides: hidden_by(char) }),
            }
        }
        _ => return None,
    };
    Some(Escape { char: Some(char), length: run + 1, hides: Hides::Place })
}

/// Returns what an escape may hide that stands for a character.
fn hidden_by(char: char) -> Hides {
    match char {
        '\t' | '\n' | '\r' => Hides::Place,
        '\0' | '\x1b' => Hides::Name,
        _ if char.is_control() => Hides::Nothing,
        _ => Hides::Name,
    }
}

/// Returns the plain character that looks like this one: a blank, a sign as wide as a character of Chinese; `None` if it is
/// not seen.
fn plain(char: char) -> Option<char> {
    match char {
        // Soft hyphen; zero-width characters and directions; the byte order mark.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => None,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{201c}'..='\u{201f}' => Some('"'),
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0),
        _ => Some(char),
    }
}
