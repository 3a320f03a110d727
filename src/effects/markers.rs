//! Markers of the user: a small TOML file of patterns for log lines of their own program that stand for a write.

use regex::bytes::{Regex as BytesRegex, RegexBuilder as BytesRegexBuilder};
use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::WriteEvidence;
use crate::model::EffectState;

/// The markers of one file.
#[derive(Clone, Debug, Default)]
pub struct Markers {
    markers: Vec<Marker>,
}

#[derive(Clone, Debug)]
struct Marker {
    name: String,
    pattern: Regex,
    /// The same pattern over bytes, to search many lines at once.
    search: BytesRegex,
    state: EffectState,
}

/// An error in a file of markers.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// The file is not TOML of the right form.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// A pattern is not a regular expression.
    #[error("marker {name:?}: {error}")]
    Pattern {
        /// Name of the marker.
        name: String,
        /// Error of the pattern.
        error: Box<regex::Error>,
    },
    /// The file has no marker.
    #[error("no [[marker]] in it")]
    Empty,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    marker: Vec<MarkerEntry>,
}

/// A pattern of the user, as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkerEntry {
    /// Name of the write.
    name: String,
    /// Regular expression for the line; its groups id and target are shown.
    pattern: String,
    /// Whether the line says that the write was begun or done.
    #[serde(default)]
    state: MarkerState,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MarkerState {
    Started,
    #[default]
    Confirmed,
}

/// Most memory of a compiled pattern, in bytes, and of all of them: each is compiled twice.
const PATTERN_BYTES: usize = 1 << 20;
const ALL_PATTERNS_BYTES: usize = 32 << 20;

impl Markers {
    /// Parses a file of markers:
    ///
    /// ```toml
    /// [[marker]]
    /// name = "charge"
    /// pattern = 'charged (?P<id>ch_\w+) on (?P<target>\w+)'
    /// state = "confirmed"   # or "started"
    /// ```
    ///
    /// # Errors
    /// When the text is no TOML of this form or a pattern is no regular expression.
    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        let file: File = toml::from_str(text)?;
        if file.marker.is_empty() {
            return Err(MarkerError::Empty);
        }
        Self::of(file.marker)
    }

    /// Prepares markers that were parsed.
    ///
    /// # Errors
    /// When a pattern is no regular expression.
    pub(crate) fn of(entries: Vec<MarkerEntry>) -> Result<Self, MarkerError> {
        let mut markers = Vec::with_capacity(entries.len());
        let most = PATTERN_BYTES.min(ALL_PATTERNS_BYTES / (2 * entries.len().max(1)));
        for MarkerEntry { name, pattern, state } in entries {
            let wrong = |error| MarkerError::Pattern { name: name.clone(), error: Box::new(error) };
            let search = BytesRegexBuilder::new(&pattern).multi_line(true).size_limit(most).build();
            let pattern = RegexBuilder::new(&pattern).multi_line(true).size_limit(most).build();
            let (pattern, search) = (pattern.map_err(wrong)?, search.map_err(wrong)?);
            let state = match state {
                MarkerState::Started => EffectState::Started,
                MarkerState::Confirmed => EffectState::Confirmed,
            };
            markers.push(Marker { name, pattern, search, state });
        }
        Ok(Self { markers })
    }

    /// Returns the position of the next line that a marker may match.
    pub(super) fn next(&self, text: &[u8]) -> Option<usize> {
        self.markers.iter().filter_map(|marker| marker.search.find(text)).map(|hit| hit.start()).min()
    }

    /// Returns the write shown by a line, from the first marker that matches.
    pub(super) fn tell(&self, text: &str) -> Option<WriteEvidence> {
        self.markers.iter().find_map(|marker| {
            let found = marker.pattern.captures(text)?;
            let group = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
            let first = || found.get(1).map(|part| part.as_str().to_owned());
            let named = marker.pattern.capture_names().flatten().next().is_some();
            Some(WriteEvidence {
                operation: marker.name.clone(),
                target: group("target"),
                id: if named { group("id") } else { first() },
                state: marker.state,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[marker]]
        name = "charge"
        pattern = 'charged (?P<id>ch_\w+) on (?P<target>\w+)'

        [[marker]]
        name = "mail"
        pattern = 'mail to queue (\d+)'
        state = "started"
    "#;

    #[test]
    fn markers_make_it_exact() {
        let markers = Markers::parse(FILE).unwrap();
        let told = markers.tell("INFO charged ch_1 on stripe").unwrap();
        assert_eq!((told.operation.as_str(), told.id.as_deref()), ("charge", Some("ch_1")));
        assert_eq!((told.target.as_deref(), told.state), (Some("stripe"), EffectState::Confirmed));
        let told = markers.tell("mail to queue 17").unwrap();
        assert_eq!((told.id.as_deref(), told.state), (Some("17"), EffectState::Started));
        assert_eq!(markers.tell("order created"), None);
        assert_eq!(markers.next(b"nothing\nbut a charged ch_7 on x"), Some(14));
        assert_eq!(markers.next(b"nothing"), None);
    }

    #[test]
    fn a_wrong_file_says_what_is_wrong() {
        for (text, want) in [
            ("", "no [[marker]] in it"),
            ("[[marker]]\nname = 'a'\npattern = '('", "marker \"a\""),
            ("[[marker]]\nname = 'a'", "pattern"),
            ("[[marker]]\nname = 'a'\npattern = 'x'\nstate = 'done'", "done"),
            ("[[markers]]\nname = 'a'", "markers"),
        ] {
            let error = Markers::parse(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
