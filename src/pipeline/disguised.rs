//! Sentences of the platform in messages that are not written as text: in base64, or as a list of words or of codes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json_borrow::Value;

use crate::lambda::sentences::sighting_in_message;
use crate::model::Sighting;

/// Bytes of a message that are looked at: the longest sentence fits in them.
const LOOKED_AT: usize = 1024;
/// Digits of base64 that no word has in a row.
const LONGER_THAN_WORDS: usize = 48;

/// Finds the first sentence in a message that is not text, whose first line has this number.
pub(super) fn sighting(message: &[u8], line: u64) -> Option<Sighting> {
    let text = unpacked(message).or_else(|| joined(message))?;
    sighting_in_message(&text, line)
}

/// Decodes the beginning of a message that is one word of base64.
fn unpacked(message: &[u8]) -> Option<Vec<u8>> {
    let word = message.trim_ascii();
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let digits = word.iter().take(LOOKED_AT).take_while(|byte| is_digit(byte)).count();
    if digits < LONGER_THAN_WORDS {
        return None;
    }
    let whole = &word[..digits - digits % 4];
    STANDARD_NO_PAD.decode(whole).or_else(|_| URL_SAFE_NO_PAD.decode(whole)).ok()
}

/// Joins the words, or the codes of characters, of a message that is a list.
fn joined(message: &[u8]) -> Option<Vec<u8>> {
    if message.first() != Some(&b'[') || message.len() > 64 * LOOKED_AT {
        return None;
    }
    let Value::Array(items) = serde_json::from_slice::<Value<'_>>(message).ok()? else { return None };
    let word = |item: &Value<'_>| match item {
        Value::Str(word) => Some(Cow::into_owned(word.clone())),
        _ => None,
    };
    let words: Option<Vec<String>> = items.iter().map(word).collect();
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        return Some(words.join(" ").into_bytes());
    }
    items.iter().map(|item| u8::try_from(item.as_u64()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_sentences_in_what_is_no_text() {
        let sentence = "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST";
        let packed = base64::engine::general_purpose::STANDARD.encode(sentence);
        let words = serde_json::to_string(&sentence.split(' ').collect::<Vec<_>>()).expect("JSON");
        let codes = serde_json::to_string(sentence.as_bytes()).expect("JSON");
        for message in [&packed, &words, &codes] {
            assert!(sighting(message.as_bytes(), 3).is_some_and(|found| found.line == 3), "{message}");
        }
        let other =
            base64::engine::general_purpose::STANDARD.encode("a picture, or whatever functions write as base64");
        for message in [sentence, &other, "[1,2,3]", "[\"a\",\"b\"]", "[not a list", ""] {
            assert!(sighting(message.as_bytes(), 3).is_none(), "{message}");
        }
    }
}
