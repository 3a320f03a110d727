//! Style of text: the room it has, whether it has colours, and whether it has signs beyond ASCII.

use super::words::columns_of;
use crate::model::{LocalTime, Timestamp, Zone};

/// Most bytes of a Markdown document: GitHub takes 1 MiB for the summary of a step, and drops what is longer.
const MOST_BYTES: usize = 1_000_000;

/// Style of the text of an output.
#[derive(Clone, Debug)]
pub struct Style {
    /// Most columns of a line.
    pub width: usize,
    /// Lines that are seen at once: the answer is within the first ones.
    pub height: usize,
    /// Whether colours may be used.
    pub color: bool,
    /// Whether signs beyond ASCII may be used.
    pub utf8: bool,
    /// Zone of the times.
    pub zone: Zone,
    /// How links to the console are shown.
    pub links: Links,
    /// Most bytes of a document for a place that takes no more. Text for a terminal has no bound.
    pub bytes: usize,
}

/// How links are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Not at all.
    None,
    /// As addresses.
    Addresses,
    /// As words that a terminal makes links of (OSC 8).
    Words,
}

/// Meaning of a piece of text, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Headings and names.
    Strong,
    /// Failures.
    Bad,
    /// Uncertain or incomplete facts.
    Warn,
    /// Successes.
    Good,
    /// Less important text.
    Faint,
}

impl Ink {
    /// Returns the SGR parameters (ECMA-48 8.3.117).
    fn code(self) -> &'static str {
        match self {
            Self::Strong => "1",
            Self::Bad => "31",
            Self::Warn => "33",
            Self::Good => "32",
            Self::Faint => "2",
        }
    }
}

/// Signs of ours, each with one of ASCII for a locale without UTF-8. Each takes one column, so columns stay straight.
const PLAIN_SIGNS: [(char, char); 12] = [
    ('…', '~'),
    ('·', '.'),
    ('↵', '/'),
    ('→', '>'),
    ('▁', ':'),
    ('▂', ':'),
    ('▃', '-'),
    ('▄', '-'),
    ('▅', '='),
    ('▆', '='),
    ('▇', '#'),
    ('█', '#'),
];

impl Style {
    /// Plain text of 80 columns, for files and pipes.
    pub const PLAIN: Self = Self {
        width: 80,
        height: 24,
        color: false,
        utf8: true,
        zone: Zone::UTC,
        links: Links::None,
        bytes: MOST_BYTES,
    };

    /// Colours the text, if colours may be used.
    #[must_use]
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", ink.code()) } else { text.to_owned() }
    }

    /// Returns a moment of the wire format as the clocks of the zone show it.
    #[must_use]
    pub(crate) fn local(&self, moment: &str) -> Option<LocalTime> {
        Timestamp::parse_prefix(moment.as_bytes()).map(|(at, _)| self.zone.local(at))
    }

    /// Replaces what the locale does not have: signs of ours by those of ASCII, others by a question mark a column.
    #[must_use]
    pub(crate) fn encode(&self, line: &str) -> String {
        if self.utf8 || line.is_ascii() {
            return line.to_owned();
        }
        let mut out = String::with_capacity(line.len());
        for char in line.chars() {
            match PLAIN_SIGNS.iter().find(|(sign, _)| *sign == char) {
                _ if char.is_ascii() => out.push(char),
                Some((_, plain)) => out.push(*plain),
                None => out.extend(std::iter::repeat_n('?', columns_of(char))),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::words::width;

    #[test]
    fn text_without_utf8_has_the_same_columns() {
        let plain = Style { utf8: false, ..Style::PLAIN };
        for (text, want) in [("plain", "plain"), ("a…b ▁▃▅█ → ↵ ·", "a~b :-=# > / ."), ("日e\u{301}", "??e")]
        {
            assert_eq!(plain.encode(text), want);
            assert_eq!(width(&plain.encode(text)), width(text));
            assert_eq!(Style::PLAIN.encode(text), text);
        }
    }
}
