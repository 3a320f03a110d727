//! Severity of a line, in the words and numbers that loggers use.

use serde_json_borrow::Value;

use super::error_object::{Object, all_at};
use crate::lambda::levels::level_of_word;
use crate::model::Level;

/// Returns the severity of a JSON line. Pino and bunyan count in tens: 40 is a warning, 50 an error, 60 fatal.
pub(super) fn of_object(object: &Object<'_>) -> Option<Level> {
    const KEYS: [&str; 7] = ["level", "log_level", "Level", "severity", "@l", "log.level", "logLevel"];
    all_at(object, &KEYS).find_map(|value| match value {
        Value::Str(word) => Some(level_of_word(word)),
        number @ Value::Number(_) => Some(match number.as_u64()? {
            60.. => Level::Fatal,
            50.. => Level::Error,
            40.. => Level::Warn,
            _ => Level::Info,
        }),
        _ => None,
    })
}

/// Returns the severity among the first words of a line: in capitals, in brackets, or as `level=…`.
pub(super) fn among_first_words(line: &str) -> Level {
    line.split([' ', '\t', '|']).filter(|word| !word.is_empty()).take(6).map(of_token).max().unwrap_or_default()
}

fn of_token(token: &str) -> Level {
    let value = token.strip_prefix("level=").or_else(|| token.strip_prefix("lvl="));
    if let Some(value) = value {
        return level_of_word(value.trim_matches('"'));
    }
    let bare = token.trim_matches(['[', ']', '(', ')', ':', ',', '<', '>', '*']);
    let in_brackets = token.starts_with('[') && token.trim_end_matches(':').ends_with(']');
    let in_capitals = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_uppercase());
    if in_brackets || in_capitals { level_of_word(bare) } else { Level::Info }
}
