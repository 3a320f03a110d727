//! Form of the text before a line: a sequence of tokens, learned from the lines of the platform that have it.
//!
//! Tools put a time, a name, a level, a quote mark before every line, in every order. None of them is known by name here:
//! the platform's own sentences show where the messages begin, and what stands before them is the form.

use super::ansi::sequences;
use super::engine::{Column, NamePlaces, Prefix};
use super::written_time::{WrittenTime, written_time};
use crate::lambda::levels::is_any_line_level;
use crate::model::{RequestId, Timestamp, stream_parts};

/// Bytes before a message, at most.
const LONGEST: usize = 400;
/// Tokens of a form, at most.
const MOST_TOKENS: usize = 32;
/// Different texts of a word from which on it may have any.
const MANY_WORDS: usize = 4;

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Time,
    Stream,
    Group,
    Id,
    /// `[name]`, `(name)`, `{name}`, `<name>`, by the bracket that opens it.
    Bracket(u8),
    Number,
    Word,
    /// Character beyond ASCII that is no letter: the bar of a box, a bullet, an arrow, a blank that does not break.
    Sign,
    /// Blanks and tabs.
    Blank,
    /// Any other character.
    Mark(u8),
}

/// Token with what is known of its text.
#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    /// Texts that it had, if few.
    texts: Vec<Box<[u8]>>,
}

/// Learned form.
#[derive(Clone, Debug)]
pub(super) struct LineForm {
    tokens: Vec<Token>,
    /// Number of lines that it was learned from.
    lines: usize,
    /// Columns of the table whose rows the lines are, in every form in which they were seen, with the number of lines.
    rows: Vec<(RowForm, usize)>,
    /// Number of the token that tells whose line it is: the name of a pod, a container, a file.
    writer: Option<usize>,
}

/// Columns of a table with bars between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowForm {
    pub(super) bar: &'static str,
    /// Number of bars before the message.
    before: usize,
    /// Number of bars behind the message.
    behind: usize,
}

/// Bars between the columns of tables, and the tab of a copied one.
const BARS: [&str; 5] = ["|", "\u{2502}", "\u{2503}", "\u{2551}", "\t"];

impl RowForm {
    fn of(before: &[u8], message: &[u8]) -> Option<Self> {
        let bar = BARS.into_iter().find(|bar| bars(before, bar).next().is_some())?;
        Some(Self { bar, before: bars(before, bar).count(), behind: bars(message, bar).count() })
    }

    /// Returns where the message ends, which begins at the start of a text, and the cells behind it with their places.
    pub(super) fn split(self, text: &[u8]) -> (usize, Vec<(usize, usize)>) {
        let places: Vec<usize> = bars(text, self.bar).collect();
        let behind = &places[places.len().saturating_sub(self.behind)..];
        let ends = behind.iter().skip(1).copied().chain([text.len()]);
        let cells = behind.iter().zip(ends).map(|(bar, end)| trimmed(text, bar + self.bar.len(), end));
        (behind.first().copied().unwrap_or(text.len()), cells.collect())
    }

    /// Returns whether a line has all the columns that stand behind the message.
    pub(super) fn ends_in(self, message: &[u8]) -> bool {
        bars(message, self.bar).count() >= self.behind
    }

    /// Returns the cell below the message in a row that continues it.
    pub(super) fn below(self, line: &[u8]) -> Option<&[u8]> {
        let places: Vec<usize> = bars(line, self.bar).collect();
        if places.len() != self.before + self.behind || !line[..places[0]].trim_ascii().is_empty() {
            return None;
        }
        let from = places.get(self.before.checked_sub(1)?)? + self.bar.len();
        let to = places.get(self.before).copied().unwrap_or(line.len());
        let cell = line.get(from..to)?;
        Some(cell.strip_prefix(b" ").unwrap_or(cell).trim_ascii_end())
    }

    /// Returns whether a line has as many columns as the rows.
    pub(super) fn has_as_many(self, line: &[u8]) -> bool {
        bars(line, self.bar).count() == self.before + self.behind
    }

    /// Returns whether a line is a rule of the table: `|---|---|`, `+----+----+`, `├────┼────┤`.
    pub(super) fn is_rule(line: &[u8]) -> bool {
        let text = String::from_utf8_lossy(line.trim_ascii());
        let of_rule = |char: char| matches!(char, '-' | '=' | '+' | '|' | ':' | ' ' | '\u{2500}'..='\u{257f}');
        text.chars().count() > 2 && text.chars().all(of_rule)
    }
}

/// Iterates over the places of bars that are not escaped.
fn bars<'t>(text: &'t [u8], bar: &'static str) -> impl Iterator<Item = usize> + 't {
    memchr::memmem::find_iter(text, bar).filter(|at| at.checked_sub(1).is_none_or(|before| text[before] != b'\\'))
}

fn trimmed(text: &[u8], from: usize, to: usize) -> (usize, usize) {
    let cell = &text[from..to];
    let start = from + (cell.len() - cell.trim_ascii_start().len());
    (start, start + cell.trim_ascii().len())
}

/// Token found in a text.
struct FoundToken {
    kind: Kind,
    length: usize,
    time: Option<Timestamp>,
}

/// Finds the token at the start of a text.
fn token(text: &[u8]) -> Option<FoundToken> {
    let first = *text.first()?;
    let plain = |kind, length| Some(FoundToken { kind, length, time: None });
    if matches!(first, b' ' | b'\t') {
        return plain(Kind::Blank, text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count());
    }
    if RequestId::parse_prefix(text).is_some() {
        return plain(Kind::Id, RequestId::LENGTH);
    }
    let run = text.iter().take_while(|byte| !matches!(byte, b' ' | b'\t' | 0x1b | b',' | b'|' | b'"')).count();
    if text.starts_with(b"/aws/") {
        let group = text.iter().take_while(|byte| is_word(**byte) || matches!(byte, b'/' | b'.' | b'-' | b'#')).count();
        return plain(Kind::Group, group);
    }
    if first.is_ascii_digit() && text.get(4) == Some(&b'/') {
        let stream = std::str::from_utf8(&text[..run]).ok().and_then(stream_parts);
        if stream.is_some() {
            return plain(Kind::Stream, run);
        }
    }
    if let Some(WrittenTime { at, length }) = written_time(text) {
        return Some(FoundToken { kind: Kind::Time, length, time: at });
    }
    let closing = match first {
        b'[' => Some(b']'),
        b'(' => Some(b')'),
        b'{' => Some(b'}'),
        b'<' => Some(b'>'),
        _ => None,
    };
    if let Some(close) = closing
        && let Some(end) = text.iter().take(100).position(|byte| *byte == close)
        && end > 1
    {
        // A time in brackets is a time.
        let inside = written_time(&text[1..end]).filter(|time| time.length == end - 1);
        return Some(match inside {
            Some(time) => FoundToken { kind: Kind::Time, length: end + 1, time: time.at },
            None => FoundToken { kind: Kind::Bracket(first), length: end + 1, time: None },
        });
    }
    if first.is_ascii_digit() {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if letter(&text[digits..]).is_none() {
            return plain(Kind::Number, digits);
        }
    }
    if letter(text).is_some() {
        return plain(Kind::Word, word_length(text));
    }
    if first.is_ascii() { plain(Kind::Mark(first), 1) } else { plain(Kind::Sign, wide_character(text).0) }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn has_digit(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
}

/// Returns the length of the letter or digit at the start of a text, of any script.
fn letter(text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    if first.is_ascii() {
        return is_word(first).then_some(1);
    }
    let (length, is_letter) = wide_character(text);
    is_letter.then_some(length)
}

/// Returns the length of the character beyond ASCII at the start of a text, and whether it is a letter. A byte of another
/// encoding is a character, too.
fn wide_character(text: &[u8]) -> (usize, bool) {
    let valid = text[..text.len().min(4)].utf8_chunks().next().map_or("", |chunk| chunk.valid());
    valid.chars().next().map_or((1, false), |char| (char.len_utf8(), char.is_alphanumeric()))
}

fn word_length(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(rest) = text.get(length..) {
        length += match rest.first() {
            Some(b'-' | b'.' | b'/') => 1,
            _ => match letter(rest) {
                Some(letter) => letter,
                None => break,
            },
        };
    }
    length
}

impl LineForm {
    /// Reads the form of a line whose message begins at `start`; `None` for a text before it that is too long to be repeated
    /// before every line.
    pub(super) fn of(line: &[u8], start: usize) -> Option<Self> {
        let (before, message) = line.split_at(start);
        if before.len() > LONGEST {
            return None;
        }
        let (mut tokens, mut at) = (Vec::new(), 0);
        loop {
            at += sequences(&before[at..]);
            let rest = &before[at..];
            if rest.is_empty() {
                break;
            }
            let FoundToken { kind, length, .. } = token(rest)?;
            tokens.push(Token { kind, texts: vec![rest[..length].into()] });
            if tokens.len() > MOST_TOKENS {
                return None;
            }
            at += length;
        }
        Some(Self {
            tokens,
            lines: 1,
            rows: RowForm::of(before, message).map(|row| (row, 1)).into_iter().collect(),
            writer: None,
        })
    }

    /// Returns whether nothing stands before the message.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns the number of lines that it was learned from.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Returns whether the form holds something that only the start of an event has, so that other lines continue it.
    pub(super) fn marks_events(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token.kind, Kind::Time | Kind::Stream))
    }

    /// Returns whether it is marks of a quotation, a comment or a list, perhaps with a time or a number: nothing with which a
    /// logger introduces what it quotes, and more than the indentation of a stack.
    pub(super) fn is_of_marks(&self) -> bool {
        let fits = |kind| matches!(kind, Kind::Mark(_) | Kind::Sign | Kind::Blank | Kind::Time | Kind::Number);
        self.tokens.iter().all(|token| fits(token.kind)) && self.tokens.iter().any(|token| token.kind != Kind::Blank)
    }

    /// Returns whether it is the name of a member on a line of its own, and the quote mark of its value: `"msg": "`.
    pub(super) fn is_of_member(&self) -> bool {
        const QUOTE: Kind = Kind::Mark(b'"');
        let mut kinds = self.tokens.iter().map(|token| token.kind).filter(|kind| *kind != Kind::Blank);
        [QUOTE, Kind::Word, QUOTE, Kind::Mark(b':'), QUOTE].into_iter().all(|want| kinds.next() == Some(want))
            && kinds.next().is_none()
    }

    /// Returns whether the form is that of `grep`: a path, the number of a line, or both, and no blank.
    fn is_of_grep(&self) -> bool {
        let of_grep = |token: &Token| matches!(token.kind, Kind::Word | Kind::Number | Kind::Mark(b':'));
        self.last_mark() == Some(b':') && self.tokens.iter().all(of_grep)
    }

    /// Returns the mark directly before the message.
    pub(super) fn last_mark(&self) -> Option<u8> {
        match self.tokens.last()?.kind {
            Kind::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    /// Returns the columns of the table whose rows the lines are.
    pub(super) fn row(&self) -> Option<RowForm> {
        // A row that was cut or wrapped has fewer columns than most.
        self.rows.iter().max_by_key(|(_, lines)| *lines).map(|(row, _)| *row).filter(|row| row.behind > 0)
    }

    /// Returns the number of its tokens.
    pub(super) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Returns whether another line has the same form.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let kinds = |form: &Self| form.tokens.iter().map(|token| token.kind).collect::<Vec<_>>();
        kinds(self) == kinds(other)
    }

    /// Returns the texts of a line that may tell who wrote it, by the number of their token.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let is_name = |token: &&Token| matches!(token.kind, Kind::Word | Kind::Bracket(_) | Kind::Number);
        let tokens = self.tokens.iter().enumerate().filter(move |(_, token)| is_name(token));
        tokens.filter_map(|(number, token)| Some((number, &**token.texts.first()?)))
    }

    /// Keeps lines with different texts of a token apart.
    pub(super) fn tell_apart_by(&mut self, token: usize) {
        self.writer = Some(token);
    }

    /// Takes what another line of the same form shows of it.
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.tokens.iter_mut().zip(&other.tokens) {
            for text in &theirs.texts {
                if mine.texts.len() < MANY_WORDS && !mine.texts.contains(text) {
                    mine.texts.push(text.clone());
                }
            }
        }
        for (theirs, lines) in &other.rows {
            match self.rows.iter_mut().find(|(mine, _)| mine == theirs) {
                Some((_, mine)) => *mine += lines,
                None => self.rows.push((*theirs, *lines)),
            }
        }
        self.lines += other.lines;
    }

    /// Parses the text before the message of a line, if the line has this form.
    pub(super) fn prefix(&self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        let mut found = Prefix::<NamePlaces>::default();
        let mut at = 0;
        for (number, expected) in self.tokens.iter().enumerate() {
            at += sequences(&line[at..]);
            let rest = &line[at..];
            if rest.trim_ascii().is_empty() {
                // Editors and browsers take the blanks at the end of an empty line off.
                return (at > 0 && expected.kind == Kind::Blank).then_some(Prefix { message: line.len(), ..found });
            }
            let length = match expected.length(rest, &mut found, at) {
                Some(length) => length,
                // `grep` writes a dash instead of the colon before lines around a match.
                None if expected.kind == Kind::Mark(b':') && rest[0] == b'-' && self.is_of_grep() => 1,
                None => return None,
            };
            if self.writer == Some(number) && found.names.group == Column::default() {
                let bracket = usize::from(matches!(expected.kind, Kind::Bracket(_)));
                found.names.group = Column::new(at + bracket, at + length - bracket);
            }
            at += length;
        }
        at += sequences(&line[at..]);
        Some(Prefix { message: at, ..found })
    }
}

impl Token {
    /// Returns the bytes that the token has at the start of a text, which is `at` bytes into its line.
    fn length(&self, rest: &[u8], found: &mut Prefix<NamePlaces>, at: usize) -> Option<usize> {
        let known = || self.texts.iter().filter(|text| rest.starts_with(text)).map(|text| text.len()).max();
        let (only, any) = (self.texts.len() == 1, self.texts.len() >= MANY_WORDS);
        match self.kind {
            // The indentation of the message must stay.
            Kind::Blank if only => return known().or_else(|| (rest.first() == Some(&b'\t')).then_some(1)),
            Kind::Blank if any => {}
            Kind::Blank | Kind::Mark(_) => return known(),
            Kind::Sign if !any => return known(),
            Kind::Word if only => return known().filter(|length| letter(&rest[*length..]).is_none()),
            _ => {}
        }
        let FoundToken { kind, length, time } = token(rest)?;
        if kind != self.kind {
            return None;
        }
        match kind {
            Kind::Time => found.at = found.at.or(time),
            Kind::Stream => found.names.stream = Column::new(at, at + length),
            Kind::Group => found.names.group = Column::new(at, at + length),
            Kind::Word if !any => {
                let is_level = |text: &[u8]| std::str::from_utf8(text).is_ok_and(|word| is_any_line_level(word.trim()));
                let levels = self.texts.iter().all(|text| is_level(text)) && is_level(&rest[..length]);
                return (levels || self.texts.iter().any(|text| **text == rest[..length])).then_some(length);
            }
            // A name that has a number in it on every line is none of the words of a sentence.
            Kind::Word if self.texts.iter().all(|text| has_digit(text)) && !has_digit(&rest[..length]) => return None,
            _ => {}
        }
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(befores: &[&str]) -> LineForm {
        let mut forms = befores.iter().map(|before| LineForm::of(before.as_bytes(), before.len()).expect(before));
        let mut form = forms.next().expect("a line");
        forms.for_each(|other| {
            assert!(form.is_like(&other), "{other:?}");
            form.merge(&other);
        });
        form
    }

    /// Forms, each with a line that has it, the message of that line, and lines that have not.
    #[test]
    fn forms_are_known_again() {
        for (befores, line, message, others) in [
            (&["> "][..], ">   at x", "  at x", &["no", ">", "  > x"][..]),
            (&["[orders] "], "[orders] hi", "hi", &["orders hi"]),
            (&["12:00:01 ", "12:00:02 "], "23:59:59 hi", "hi", &["hi", "12:00 hi"]),
            (&["2026-10-01T00:00:00.1234567Z "], "2026-10-01T00:00:09.7654321Z   hi", "  hi", &["2026-10-01 hi"]),
            (&["orders.log:12:", "orders.log:13:"], "orders.log:1777:hi", "hi", &["other.log:1:hi", "orders.log:hi"]),
            (&["INFO a - ", "WARN a - "], "ERROR a - hi", "hi", &["at a - hi"]),
            (&["Oct  1 00:00:00 host unit[1]: "], "Oct 11 10:00:00 host unit[99]: hi", "hi", &["hi", "Oct 11 hi"]),
            (&["pod/a-1 ", "pod/b-2 ", "pod/c-3 ", "pod/d-4 "], "pod/e-5 hi", "hi", &["[pod] hi"]),
            (&["| 12:00:01 | "], "| 12:00:02 | hi |", "hi |", &["|----|"]),
            (&["0│", "12│"], "  134│  hi".trim_start(), "  hi", &["hi", "│hi"]),
            (&["• "], "•   hi", "  hi", &["hi", "- hi"]),
            (&["\u{a0}\u{a0}"], "\u{a0}\u{a0}hi", "hi", &["hi", " hi"]),
            (&["служба 1: ", "служба 2: "], "служба 3: hi", "hi", &["служ 1: hi"]),
            (&["a.log:1:", "a.log:2:"], "a.log-3-hi", "hi", &["a.log 3 hi", "a.log-b-hi"]),
            (&["out.log:", "out.log:"], "out.log-  hi", "  hi", &["out.log hi"]),
            (&["x7-1 ", "x7-2 ", "x8-3 ", "x8-4 "], "x9-5 hi", "hi", &["Traceback (most recent"]),
            (
                &["/aws/lambda/f 2026/10/01/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0 "],
                "/aws/lambda/g 2026/10/01/[$LATEST]1f1e2d3c4b5a69788796a5b4c3d2e1f0 hi",
                "hi",
                &["hi"],
            ),
        ] {
            let form = learned(befores);
            let prefix = form.prefix(line.as_bytes()).unwrap_or_else(|| panic!("{line}: {form:?}"));
            assert_eq!(&line[prefix.message..], message, "{form:?}");
            for other in others {
                let found = form.prefix(other.as_bytes()).filter(|prefix| prefix.message < other.len());
                assert!(found.is_none(), "{other}: {form:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(before in "\\PC{0,40}|[ -~\\t]{0,60}", line in "\\PC{0,60}|[ -~\\t]{0,80}") {
            let before = format!("{before} ");
            if let Some(form) = LineForm::of(before.as_bytes(), before.len()) {
                let own = form.prefix(format!("{before}x").as_bytes());
                proptest::prop_assert_eq!(own.map(|prefix| prefix.message), Some(before.len()), "{:?}", form);
                if let Some(prefix) = form.prefix(line.as_bytes()) {
                    proptest::prop_assert!(prefix.message <= line.len());
                }
            }
        }
    }
}
