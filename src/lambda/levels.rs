//! Words for severity: those of loggers, and those in the head of a line.

use crate::model::Level;

/// Words, in lower case, that name a level above information; every other word counts as information.
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

/// Prefixes of the words that name Error or above.
pub(crate) const SEVERE_PREFIXES: [&[u8]; 9] =
    [b"err", b"fatal", b"crit", b"panic", b"emerg", b"alert", b"dpanic", b"severe", b"fail"];

/// Levels in the head of a line of Node.js and, with four letters, of .NET.
const LINE_LEVELS: [&str; 12] =
    ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "trce", "dbug", "info", "warn", "fail", "crit"];

/// Levels in the head of a line that only Python writes.
const PYTHON_LEVELS: [&str; 2] = ["WARNING", "CRITICAL"];

/// Returns the severity that a word names, in any case.
pub(crate) fn level_of_word(word: &str) -> Level {
    NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map_or(Level::Info, |(_, level)| *level)
}

/// Returns whether a word is a level in the head of a line of Node.js or .NET.
pub(crate) fn is_line_level(word: &str) -> bool {
    LINE_LEVELS.contains(&word)
}

/// Returns whether a word is a level in the head of a line of any runtime.
pub(crate) fn is_any_line_level(word: &str) -> bool {
    is_line_level(word) || PYTHON_LEVELS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every severe word begins with a prefix; the pre-filter would dismiss any other.
    #[test]
    fn severe_words_begin_with_a_prefix() {
        for (word, level) in NAMED {
            let severe = SEVERE_PREFIXES.iter().any(|prefix| word.as_bytes().starts_with(prefix));
            assert_eq!(severe, level >= Level::Error, "{word}");
        }
    }
}
