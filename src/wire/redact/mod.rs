//! Masking of secrets in text from logs, before it reaches any output.
//!
//! What secrets look like is data: one file for each kind of knowledge. A mask keeps the name of what it hides, and text
//! that is masked stays as it is when masked again.

mod assignments;
mod below;
mod code;
mod commands;
mod decoded;
mod headers;
mod issuers;
mod keys;
mod lines;
mod named;
mod names;
#[cfg(test)]
mod notations;
mod pairs;
mod personal;
mod phrases;
mod random;
mod scan;
mod search;
mod siblings;
mod tables;
#[cfg(test)]
mod tests;
mod urls;
mod value;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use lines::LineMasking;

use decoded::{BehindEscapes, decode};
use scan::Scan;

/// What stands in place of a secret.
const MASK: &str = "[redacted]";
/// Rounds of masking in which each secret gets a mask of its own. A mask can complete the form of another secret, which is
/// rare and settles at once; only a text that was made for it goes on, one level of nested brackets in each round.
const FINE_ROUNDS: usize = 4;
/// Rounds of masking at most. In those behind the fine ones, one mask covers all that was found; what is not settled then is
/// masked as a whole. So every text settles, and what is masked stays as it is when masked again.
const MOST_ROUNDS: usize = 8;
/// Levels of escapes behind which secrets are looked for.
const LEVELS: usize = 3;
/// Length from which the end of a text may have been cut off, and a secret with it in part. A shorter text says so by an
/// ellipsis.
const MAY_BE_CUT: usize = 256;
/// Shortest secret that is looked for by itself.
const KNOWN_BY_ITSELF: usize = 8;
/// Largest compiled pattern of the user, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// How text from logs is masked.
#[derive(Clone, Debug)]
pub struct Redaction {
    enabled: bool,
    personal: bool,
    patterns: Arc<[Regex]>,
}

impl Redaction {
    /// Masks what looks like a secret.
    #[must_use]
    pub fn on() -> Self {
        Self { enabled: true, personal: false, patterns: Arc::default() }
    }

    /// Leaves text as it is (`--no-redact`).
    #[must_use]
    pub fn off() -> Self {
        Self { enabled: false, ..Self::on() }
    }

    /// Returns whether nothing is masked.
    #[must_use]
    pub(crate) fn is_off(&self) -> bool {
        !self.enabled
    }

    /// Masks personal data, too: addresses of e-mail, card numbers, one-time codes.
    #[must_use]
    pub fn with_personal(self, personal: bool) -> Self {
        Self { personal, ..self }
    }

    /// Masks what these patterns match, too.
    #[must_use]
    pub fn with_patterns(self, patterns: impl IntoIterator<Item = SecretPattern>) -> Self {
        Self { patterns: patterns.into_iter().map(|pattern| pattern.0).collect(), ..self }
    }

    /// Returns the text with secrets masked.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        self.masked(text).into_owned()
    }

    /// Masks the secrets in a text, in place.
    pub fn mask(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.masked(text) {
            *text = masked;
        }
    }

    /// Returns the message of an error with secrets masked. Its type stood in front of it, and may be the name of a secret:
    /// `x-api-key: x`.
    #[must_use]
    pub(crate) fn apply_to_message(&self, error_type: Option<&str>, message: &str) -> String {
        let named = error_type.filter(|name| self.enabled && Self::may_name(name.as_bytes()));
        let Some(front) = named.map(|name| format!("{name}: ")) else { return self.apply(message) };
        let masked = self.apply(&format!("{front}{message}"));
        // A type may be masked itself.
        masked.strip_prefix(&front).map_or_else(|| self.apply(message), str::to_owned)
    }

    /// Returns a text that was taken out of another with secrets masked: one may be there in part.
    #[must_use]
    pub(crate) fn apply_to_part(&self, text: &str) -> String {
        if !self.enabled {
            return text.to_owned();
        }
        let marked = self.apply(&format!("{text}…"));
        marked.strip_suffix('…').unwrap_or(&marked).to_owned()
    }

    /// Returns a text of which the front was cut off with secrets masked. A first word that may be the end of one is left
    /// out: half a secret is not known as one.
    #[must_use]
    pub(crate) fn apply_to_tail(&self, text: &str) -> String {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let word = &text.as_bytes()[..end];
        let is_torn = self.enabled && word.iter().any(u8::is_ascii_alphanumeric) && random::looks_random(word);
        if is_torn { format!("…{}", self.masked(&text[end..])) } else { self.apply(text) }
    }

    /// Returns the secrets in a text that are long enough to be known by themselves.
    #[must_use]
    pub(crate) fn secrets_in<'t>(&self, text: &'t str) -> Vec<&'t str> {
        if !self.enabled {
            return Vec::new();
        }
        let found = self.found(text, &search::words(text.as_bytes()));
        let mut secrets: Vec<&str> = found.into_iter().filter_map(|range| text.get(range)).collect();
        secrets.retain(|secret| secret.len() >= KNOWN_BY_ITSELF && !secret.contains(MASK));
        // The longer first: one may be a part of another.
        secrets.sort_unstable_by_key(|secret| (std::cmp::Reverse(secret.len()), *secret));
        secrets.dedup();
        secrets
    }

    /// Masks secrets that were found elsewhere in a text that is masked already: in what stands around them there, they
    /// may not look like any.
    #[must_use]
    pub(crate) fn without(text: String, secrets: &[&str]) -> String {
        secrets.iter().fold(text, |text, secret| if text.contains(secret) { text.replace(secret, MASK) } else { text })
    }

    /// Masks the secrets in every text of a document that was written by an earlier run.
    ///
    /// # Errors
    /// If the document does not fit its own form.
    pub fn masked_document<T: Serialize + DeserializeOwned>(&self, document: &T) -> serde_json::Result<T> {
        let mut value = serde_json::to_value(document)?;
        self.mask_value(&mut value);
        serde_json::from_value(value)
    }

    fn mask_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_value(value)),
            Value::Object(fields) => {
                let text = |fields: &serde_json::Map<String, Value>, key: &str| {
                    fields.get(key).and_then(Value::as_str).map(str::to_owned)
                };
                let message = text(fields, "message").zip(text(fields, "error_type"));
                let message = message.map(|(message, name)| self.apply_to_message(Some(&name), &message));
                fields.values_mut().for_each(|value| self.mask_value(value));
                if let (Some(message), Some(value)) = (message, fields.get_mut("message")) {
                    *value = message.into();
                }
                // Codes and kinds, which a document of another origin may have of any name. Patterns are left out: they may
                // match the names of our fields.
                let own = Self { patterns: Arc::default(), ..self.clone() };
                let masked = |key: &String| matches!(own.masked(key), Cow::Owned(_));
                let keys: Vec<String> = fields.keys().filter(|key| masked(key)).cloned().collect();
                for key in keys {
                    if let Some(value) = fields.remove(&key) {
                        fields.insert(own.apply(&key), value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns the text with secrets masked; borrowed if there are none.
    #[must_use]
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        if !self.enabled {
            return text;
        }
        if lines::is_line_of_key(&text) {
            return Cow::Owned(MASK.to_owned());
        }
        let mut words = search::words(text.as_bytes());
        for round in 0..=MOST_ROUNDS {
            let mut found = self.found(&text, &words);
            if found.is_empty() {
                return text;
            }
            if round >= FINE_ROUNDS {
                found = vec![hull(&found)];
            }
            text = Cow::Owned(cover(&text, found, &mut words));
        }
        Cow::Owned(MASK.to_owned())
    }

    /// Returns what is to be masked in a text that may have masks already.
    fn found(&self, text: &str, words: &[search::FoundWord]) -> Vec<Range<usize>> {
        let mut found = self.scan(text.as_bytes(), words);
        found.extend(self.behind_escapes(text, !words.is_empty()));
        found.extend(self.by_patterns(text));
        if !found.is_empty() {
            widen(&mut found, text);
            found.retain(|range| !is_masked(&text[range.clone()]));
        }
        found
    }

    fn scan(&self, text: &[u8], words: &[search::FoundWord]) -> Vec<Range<usize>> {
        if words.is_empty() && !self.personal {
            return Vec::new();
        }
        let whole = text.strip_suffix("…".as_bytes()).unwrap_or(text);
        let is_cut = text.len() >= MAY_BE_CUT || whole.len() < text.len();
        search::secrets(Scan::new(whole, is_cut, self.personal), words)
    }

    /// Returns where secrets are in what escapes stand for.
    fn behind_escapes(&self, text: &str, mut has_names: bool) -> Vec<Range<usize>> {
        let (mut found, mut levels) = (Vec::new(), Vec::<BehindEscapes>::new());
        for _ in 0..LEVELS {
            let outer = levels.last().map_or(text.as_bytes(), |level| &level.bytes);
            let Some(level) = decode(outer, has_names) else { break };
            let words = search::words(&level.bytes);
            has_names = !words.is_empty();
            let inner = self.scan(&level.bytes, &words);
            levels.push(level);
            let outward = |range| levels.iter().rev().fold(range, |range, level| level.origin(range));
            found.extend(inner.into_iter().map(outward));
        }
        found
    }

    /// Returns what the patterns of the user match.
    fn by_patterns(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for pattern in self.patterns.iter() {
            if pattern.capture_names().flatten().any(|name| name == SecretPattern::GROUP) {
                let groups = pattern.captures_iter(text).filter_map(|found| found.name(SecretPattern::GROUP));
                found.extend(groups.map(|group| group.range()));
            } else {
                found.extend(pattern.find_iter(text).map(|found| found.range()));
            }
        }
        found
    }
}

/// Returns whether there is nothing to mask, or it is a mask already.
fn is_masked(secret: &str) -> bool {
    secret.is_empty() || secret == MASK
}

/// Returns the stretch from the first to the last of them.
fn hull(found: &[Range<usize>]) -> Range<usize> {
    let first = found.iter().map(|range| range.start).min().unwrap_or_default();
    let last = found.iter().map(|range| range.end).max().unwrap_or_default();
    first..last
}

/// Widens what is to be masked by the rest of the masks of which it has a part, for a mask is whole. So each round
/// leaves fewer bytes beside masks, or fewer masks.
fn widen(found: &mut [Range<usize>], text: &str) {
    let masks: Vec<usize> = memchr::memmem::find_iter(text.as_bytes(), MASK).collect();
    for range in found.iter_mut().filter(|range| range.start < range.end) {
        let first = masks.partition_point(|start| start + MASK.len() <= range.start);
        let behind = masks.partition_point(|start| *start < range.end);
        let touched = masks.get(first..behind).unwrap_or_default();
        if let (Some(first), Some(last)) = (touched.first(), touched.last()) {
            *range = range.start.min(*first)..range.end.max(last + MASK.len());
        }
    }
}

/// Puts a mask in place of each stretch; those that touch become one. Moves the words along, and drops those that are masked.
fn cover(text: &str, mut found: Vec<Range<usize>>, words: &mut Vec<search::FoundWord>) -> String {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    found.dedup_by(|next, last| {
        let joins = next.start <= last.end;
        if joins {
            last.end = last.end.max(next.end);
        }
        joins
    });
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for range in &found {
        out.push_str(&text[kept..range.start]);
        out.push_str(MASK);
        kept = range.end;
    }
    out.push_str(&text[kept..]);
    // Both are in the order of their beginnings.
    let (mut passed, mut longer, mut shorter) = (0, 0, 0);
    words.retain_mut(|word| {
        let at = word.at();
        while found.get(passed).is_some_and(|range| range.end <= at.start) {
            longer += MASK.len();
            shorter += found[passed].len();
            passed += 1;
        }
        word.move_to(at.start + longer - shorter);
        found.get(passed).is_none_or(|range| range.start >= at.end)
    });
    out
}

/// A pattern of the user for what is secret: its group `secret`, or all that it matches.
#[derive(Clone, Debug)]
pub struct SecretPattern(Regex);

impl SecretPattern {
    const GROUP: &'static str = "secret";

    /// Returns the pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Compiles a pattern.
    ///
    /// # Errors
    /// If it is no regular expression, is too large, or matches where nothing stands.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES).build();
        let compiled = compiled.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        })?;
        if compiled.is_match("") {
            return Err("the pattern matches an empty text".to_owned());
        }
        Ok(Self(compiled))
    }
}
