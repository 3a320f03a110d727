//! Words for severity: those that loggers use, and those that stand in the head of a line.

use crate::model::Level;

/// Words that name a level above information, in lower case; every other word is no more than information.
const NAMED: [(&str, Level); 14] = [
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("error", Level::Error),
    ("err", Level::Error),
    ("fail", Level::Error),
    ("severe", Level::Error),
    ("dpanic", Level::Error),
    ("fatal", Level::Fatal),
    ("critical", Level::Fatal),
    ("crit", Level::Fatal),
    ("panic", Level::Fatal),
    ("emerg", Level::Fatal),
    ("emergency", Level::Fatal),
    ("alert", Level::Fatal),
];

/// First letters of the words that name Error or above.
pub(crate) const SEVERE_PREFIXES: [&[u8]; 9] =
    [b"err", b"fatal", b"crit", b"panic", b"emerg", b"alert", b"dpanic", b"severe", b"fail"];

/// Levels in the head of a line of Node.js, and the four letters of .NET.
const LINE_LEVELS: [&str; 12] =
    ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "trce", "dbug", "info", "warn", "fail", "crit"];

/// Levels that only Python writes there.
const PYTHON_LEVELS: [&str; 2] = ["WARNING", "CRITICAL"];

/// Returns the severity that a word names, in whatever case.
pub(crate) fn level_of_word(word: &str) -> Level {
    NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map_or(Level::Info, |(_, level)| *level)
}

/// Returns whether a word stands as the level in the head of a line of Node.js or .NET.
pub(crate) fn is_line_level(word: &str) -> bool {
    LINE_LEVELS.contains(&word)
}

/// Returns whether a word stands as the level in the head of a line of any runtime.
pub(crate) fn is_any_line_level(word: &str) -> bool {
    is_line_level(word) || PYTHON_LEVELS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first look at a line would dismiss a severe word that begins with none of the prefixes.
    #[test]
    fn severe_words_begin_with_a_prefix() {
        for (word, level) in NAMED {
            let severe = SEVERE_PREFIXES.iter().any(|prefix| word.as_bytes().starts_with(prefix));
            assert_eq!(severe, level >= Level::Error, "{word}");
        }
    }
}
