//! How text may look: its width, and whether it has colours.

/// How text may look.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns that a line may take.
    pub width: usize,
    /// Whether colours may be used.
    pub color: bool,
}

/// What a piece of text is, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Headings and names.
    Strong,
    /// What failed.
    Bad,
    /// What is uncertain or incomplete.
    Warn,
    /// What is fine.
    Good,
    /// What matters less.
    Faint,
}

impl Ink {
    /// The SGR parameters (ECMA-48 8.3.117).
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
    /// Plain text of 80 columns: what goes into files and pipes.
    pub const PLAIN: Self = Self { width: 80, color: false };

    /// The text in a colour, where colours may be used.
    #[must_use]
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", ink.code()) } else { text.to_owned() }
    }
}
