//! Style of text: its width and whether it has colours.

/// Style of the text of an output.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Most columns of a line.
    pub width: usize,
    /// Whether colours may be used.
    pub color: bool,
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

impl Style {
    /// Plain text of 80 columns, for files and pipes.
    pub const PLAIN: Self = Self { width: 80, color: false };

    /// Colours the text, if colours may be used.
    #[must_use]
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", ink.code()) } else { text.to_owned() }
    }
}
