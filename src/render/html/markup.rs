//! Pieces that every part of a page is made of: numbers that name their place in the JSON, sentences, anchors.

use std::collections::HashSet;

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::super::sentence::{SentencePart, SourcedSentence};
use super::super::words::{duration, percent, thousands};

/// Signs that an anchor keeps. A browser decodes percent signs of a link but not those of an id, so neither has any.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Longest name in an anchor; of a longer one the beginning and a hash stand for it.
const LONGEST_NAME: usize = 140;

/// Returns a number as people read it, with its raw value and its place in the JSON.
pub(super) fn number(path: &str, raw: impl Into<Value>, text: &str) -> Markup {
    html! { data value=(raw.into()) data-path=(path) { (text) } }
}

/// Returns a count with separators.
pub(super) fn count_at(path: &str, count: u64) -> Markup {
    number(path, count, &thousands(count))
}

/// Returns a ratio in percent.
pub(super) fn percent_at(path: &str, ratio: f64) -> Markup {
    number(path, ratio, &percent(ratio))
}

/// Returns a time in milliseconds with a unit that suits it.
pub(super) fn duration_at(path: &str, ms: f64) -> Markup {
    number(path, ms, &duration(ms))
}

/// Returns a number that is computed from several of the JSON.
pub(super) fn computed(count: u64) -> Markup {
    html! { data value=(count) { (thousands(count)) } }
}

/// Returns a sentence with the places of its numbers.
pub(super) fn sentence(sentence: &SourcedSentence) -> Markup {
    html! {
        @for part in sentence.parts() {
            @match part {
                SentencePart::Words(text) => (text),
                SentencePart::Number { text, raw, path } => data value=(raw) data-path=(path) { (text) },
            }
        }
    }
}

/// Returns words as the beginning of a sentence.
pub(super) fn sentence_case(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Returns a name as part of an anchor: the same name always gives the same, and different names different ones.
pub(super) fn slug(name: &str) -> String {
    let encoded = utf8_percent_encode(name, KEPT).to_string().replace('%', "~");
    match encoded.get(..LONGEST_NAME) {
        Some(start) if encoded.len() > LONGEST_NAME => format!("{start}~{:016x}", xxh3_64(name.as_bytes())),
        _ => encoded,
    }
}

/// Anchors of a page, each of which occurs once.
#[derive(Debug, Default)]
pub(super) struct Anchors(HashSet<String>);

impl Anchors {
    /// Returns the anchor, with a number behind it where it was given before.
    pub(super) fn take(&mut self, wanted: String) -> String {
        let mut anchor = wanted.clone();
        let mut number = 1;
        while !self.0.insert(anchor.clone()) {
            number += 1;
            anchor = format!("{wanted}~{number}");
        }
        anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_made_of_signs_that_no_address_encodes() {
        assert_eq!(slug("orders-api_v2.1"), "orders-api_v2.1");
        assert_eq!(slug("$LATEST ~/é\""), "~24LATEST~20~7E~2F~C3~A9~22");
        let long = |end: &str| slug(&format!("{}{end}", "x/".repeat(200)));
        assert!(long("a") != long("b") && long("a").len() < 180);
        let mut anchors = Anchors::default();
        let taken: Vec<String> = ["a", "a", "b", "a"].map(|name| anchors.take(name.to_owned())).into();
        assert_eq!(taken, ["a", "a~2", "b", "a~3"]);
    }

    proptest::proptest! {
        #[test]
        fn names_that_differ_have_anchors_that_differ(a in "(?s).{0,12}", b in "(?s).{0,12}") {
            proptest::prop_assert_eq!(a == b, slug(&a) == slug(&b));
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            proptest::prop_assert!(slug(&a).bytes().all(plain));
        }
    }
}
