//! A sentence in which every number knows where it stands in the JSON summary, so that a page can show both.

use serde_json::Value;

use super::words::{count, thousands};

/// Part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SentencePart {
    Words(String),
    /// A number as people read it.
    Number {
        text: String,
        /// As in JSON.
        raw: String,
        /// JSON pointer in the summary.
        path: String,
    },
}

/// Words and numbers in the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SourcedSentence(Vec<SentencePart>);

impl SourcedSentence {
    /// Appends words.
    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.0.push(SentencePart::Words(words.into()));
        self
    }

    /// Appends a number, which is `text` to people.
    pub(super) fn number(mut self, path: impl Into<String>, number: impl Into<Value>, text: impl Into<String>) -> Self {
        let (path, raw) = (path.into(), number.into().to_string());
        self.0.push(SentencePart::Number { text: text.into(), raw, path });
        self
    }

    /// Appends a count with its noun.
    pub(super) fn count(self, path: impl Into<String>, number: u64, one: &str, many: &str) -> Self {
        // The noun stands behind the number.
        let noun = count(number, one, many).split_once(' ').map_or_else(String::new, |(_, noun)| format!(" {noun}"));
        self.number(path, number, thousands(number)).words(noun)
    }

    /// Appends another sentence.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the parts.
    pub(super) fn parts(&self) -> &[SentencePart] {
        &self.0
    }

    /// Returns the sentence as text.
    pub(super) fn text(&self) -> String {
        let text = |part: &SentencePart| match part {
            SentencePart::Words(text) | SentencePart::Number { text, .. } => text.clone(),
        };
        self.0.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_text_for_people_and_raw_for_programs() {
        let sentence = SourcedSentence::default()
            .words("In all ")
            .count("/totals/attempts", 1_204, "attempt", "attempts")
            .words(", ")
            .number("/totals/failure_rate", 0.125, "12.5%");
        assert_eq!(sentence.text(), "In all 1,204 attempts, 12.5%");
        let raw: Vec<&str> = sentence
            .parts()
            .iter()
            .filter_map(|part| match part {
                SentencePart::Number { raw, .. } => Some(raw.as_str()),
                SentencePart::Words(_) => None,
            })
            .collect();
        assert_eq!(raw, ["1204", "0.125"]);
    }
}
