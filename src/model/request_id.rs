//! Request ids: the UUIDs by which Lambda names an invocation event, held as 128-bit integers; and what people, proxies and
//! emulators write in their place.
//!
//! Any other word is a *token*: a number made of its hash, of a form that no UUID has, whose text is kept in a table of
//! the process so that it can be printed as it was written. A token with enough digits of the id left in it names an
//! event as the id would. Any other (`****`, `[REDACTED]`) is *anonymous*: it stands for every request of its log alike.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, PoisonError, RwLock};

use wide::{i16x8, u8x16};
use xxhash_rust::xxh3::xxh3_128;

/// A Lambda request id: a UUID or a token, compared and stored as a number.
///
/// Asynchronous retries reuse the id, so it identifies an invocation event and not an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

/// Bits of a token: a version and a variant that UUIDs do not have, and a mark, as test data has UUIDs of any digits.
const TOKEN_MASK: u128 = 0xffff_0000_0000_f000_e000_0000_0000_0000;
const TOKEN: u128 = 0xf0e1_0000_0000_f000_e000_0000_0000_0000;
/// Bit of a token that tells nothing of the id.
const ANONYMOUS: u128 = 1 << 60;
/// Bits of an anonymous token that tell apart those of one text.
const NUMBER: u128 = ANONYMOUS - 1;

/// Bytes of the longest token.
const LONGEST_TOKEN: usize = 64;
/// Tokens whose text is kept. No real log has so many: Lambda writes UUIDs.
const TEXTS: usize = 1 << 17;

/// Texts of the tokens.
static TEXTS_OF_TOKENS: LazyLock<RwLock<HashMap<u128, Box<str>>>> = LazyLock::new(RwLock::default);

/// Positions of the dashes in a UUID.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl RequestId {
    /// Length of the text form.
    pub const LENGTH: usize = 36;

    /// Creates an id from its 128 bits.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns its 128 bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Parses a UUID at the start of `text`, in either case; no alphanumeric character or dash may follow.
    #[must_use]
    pub fn parse_prefix(text: &[u8]) -> Option<Self> {
        let (uuid, rest) = text.split_first_chunk::<{ Self::LENGTH }>()?;
        if rest.first().is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'-') {
            return None;
        }
        if DASHES.iter().any(|&at| uuid[at] != b'-') {
            return None;
        }
        let word = |at: usize| u32::from_le_bytes([uuid[at], uuid[at + 1], uuid[at + 2], uuid[at + 3]]);
        let half =
            |words: [usize; 4]| words.into_iter().rev().fold(0u128, |half, at| half << 32 | u128::from(word(at)));
        hex_digits(half([0, 4, 9, 14]).to_le_bytes(), half([19, 24, 28, 32]).to_le_bytes()).map(Self)
    }

    /// Reads the id at the start of `text`, a UUID or a token; also returns its length.
    #[must_use]
    pub fn read_prefix(text: &[u8]) -> Option<(Self, usize)> {
        if let Some(id) = Self::parse_prefix(text) {
            return Some((id, Self::LENGTH));
        }
        let length = token_length(text)?;
        Some((Self::of_token(str::from_utf8(&text[..length]).ok()?), length))
    }

    /// Reads the id at the start of `text`, a UUID or a token that looks like one with its digits masked or cut: what
    /// stands where an id usually does may be any word.
    #[must_use]
    pub fn read_masked_prefix(text: &[u8]) -> Option<(Self, usize)> {
        let (id, length) = Self::read_prefix(text)?;
        (!id.is_token() || looks_masked(&text[..length])).then_some((id, length))
    }

    /// Reads a text that is known to be an id, whatever it looks like.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=LONGEST_TOKEN).contains(&text.len()) && !text.contains(char::is_whitespace);
        Self::parse(text.as_bytes()).or_else(|| fits.then(|| Self::of_token(text)))
    }

    fn of_token(text: &str) -> Self {
        let hash = xxh3_128(text.as_bytes()) & !TOKEN_MASK & !ANONYMOUS | TOKEN;
        let bits = if names_request(text.as_bytes()) { hash } else { hash & !NUMBER | ANONYMOUS };
        let known = |texts: &HashMap<u128, Box<str>>| texts.contains_key(&bits) || texts.len() >= TEXTS;
        if !known(&TEXTS_OF_TOKENS.read().unwrap_or_else(PoisonError::into_inner)) {
            let mut texts = TEXTS_OF_TOKENS.write().unwrap_or_else(PoisonError::into_inner);
            texts.entry(bits).or_insert_with(|| text.into());
        }
        Self(bits)
    }

    /// Returns whether this is no UUID.
    #[must_use]
    pub fn is_token(self) -> bool {
        self.0 & TOKEN_MASK == TOKEN
    }

    /// Returns whether this tells nothing of the id, so that other requests may have the same.
    #[must_use]
    pub fn is_anonymous(self) -> bool {
        self.is_token() && self.0 & ANONYMOUS != 0
    }

    /// Returns whether this is a UUID of which a copy cut off the end, or spoilt or lost a few characters in one place.
    #[must_use]
    pub fn is_broken_form_of(self, whole: Self) -> bool {
        const MOST_SPOILT: usize = 2;
        if !self.is_token() || whole.is_token() {
            return false;
        }
        let (broken, whole) = (self.to_string(), whole.to_string());
        let (broken, whole) = (broken.to_ascii_lowercase(), whole.as_bytes());
        let mut rest = broken.as_bytes();
        let same = rest.iter().zip(whole).take_while(|(one, other)| one == other).count();
        rest = &rest[same..];
        let mut lost = &whole[same..];
        if rest.is_empty() {
            return same > 0;
        }
        while let ([one @ .., last], [other @ .., lost_last]) = (rest, lost)
            && last == lost_last
        {
            (rest, lost) = (one, other);
        }
        // What stands for a byte that cannot be read takes three.
        rest.len() <= MOST_SPOILT + 1 && lost.len() <= MOST_SPOILT
    }

    /// Returns the id of one attempt, which differs from that of another of the same text if the text is anonymous.
    #[must_use]
    pub fn of_attempt(self, number: u64) -> Self {
        if self.is_anonymous() { Self(self.0 & !NUMBER | u128::from(number) & NUMBER) } else { self }
    }

    /// Finds all ids in `text`, first to last.
    pub fn all_in(text: &[u8]) -> impl Iterator<Item = Self> + '_ {
        // The first dash of an id is its ninth byte.
        memchr::memchr_iter(b'-', text).filter_map(|dash| {
            let start = dash.checked_sub(DASHES[0])?;
            let begins = start == 0 || !text[start - 1].is_ascii_alphanumeric() && text[start - 1] != b'-';
            if begins { Self::parse_prefix(&text[start..]) } else { None }
        })
    }

    /// Parses `text` as a whole.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        (text.len() == Self::LENGTH).then(|| Self::parse_prefix(text)).flatten()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        if self.is_token() {
            let key = if self.is_anonymous() { bits & !NUMBER } else { bits };
            let texts = TEXTS_OF_TOKENS.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(text) = texts.get(&key) {
                return f.write_str(text);
            }
        }
        // Every record has one, and the machinery of `write!` costs ten times as much as the digits.
        let mut text = *b"00000000-0000-0000-0000-000000000000";
        let mut rest = bits;
        for digit in text.iter_mut().rev().filter(|digit| **digit == b'0') {
            *digit = b"0123456789abcdef"[(rest & 0xf) as usize];
            rest >>= 4;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Returns the length of the token at the start of `text`: a word, but no place in a program, a pattern or a sentence where
/// an id will stand (`{id}`, `%s`, `.*`).
fn token_length(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(LONGEST_TOKEN + 1).position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let word = text.get(..length).filter(|word| (1..=LONGEST_TOKEN).contains(&word.len()))?;
    let inner = match word {
        [b'[', inner @ .., b']'] | [b'<', inner @ .., b'>'] | [b'(', inner @ .., b')'] => {
            let is_mask = inner.len() > 2 && inner.iter().all(|byte| matches!(byte, b'.' | b'*'));
            inner.first().filter(|first| first.is_ascii_alphabetic() || is_mask)?;
            inner
        }
        [b'.', second, ..] if *second != b'.' => return None,
        [b'*', second, ..] if *second != b'*' => return None,
        [b'.' | b'*'] => return None,
        inner => inner,
    };
    // Ellipses and dots of masks may not be of ASCII.
    let is_of_word =
        |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '*' | ':' | '#' | '…' | '•' | '█');
    let text = str::from_utf8(inner).ok()?;
    (text.chars().all(is_of_word) && !text.ends_with(':')).then_some(length)
}

/// Returns whether enough digits of an id are left for it to name one request.
fn names_request(token: &[u8]) -> bool {
    const ENOUGH: usize = 6;
    let runs = token.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= 4);
    let (digits, decimal) = runs
        .fold((0, false), |(digits, decimal), run| (digits + run.len(), decimal || run.iter().any(u8::is_ascii_digit)));
    let zeros = token.iter().all(|byte| matches!(byte, b'0' | b'-'));
    digits >= ENOUGH && decimal && !zeros
}

/// Returns whether a token looks like an id with its digits masked or cut, rather than like a word.
fn looks_masked(token: &[u8]) -> bool {
    let has_form = token.len() == RequestId::LENGTH && DASHES.iter().all(|&at| token[at] == b'-');
    let is_mask = |byte: &u8| matches!(byte, b'x' | b'X' | b'*' | b'.' | b'#' | b'-' | b'_') || !byte.is_ascii();
    // Loggers put levels, names of threads and the like in brackets, too.
    let words = [
        "id",
        "uuid",
        "guid",
        "request",
        "requestid",
        "redacted",
        "masked",
        "hidden",
        "removed",
        "sanitized",
        "omitted",
    ];
    let says_so = |inner: &[u8]| {
        inner.windows(3).any(|three| three.iter().all(|byte| is_mask(byte) && *byte == three[0]))
            || inner
                .split(|byte| !byte.is_ascii_alphanumeric())
                .any(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())))
    };
    let bracketed = matches!(token, [b'[' | b'<' | b'(', inner @ ..] if says_so(inner));
    let capitals = ["REDACTED", "MASKED", "HIDDEN", "REMOVED", "SANITIZED", "OMITTED"];
    has_form
        || names_request(token)
        || token.len() >= 3 && token.iter().all(is_mask)
        || bracketed
        || capitals.iter().any(|word| word.as_bytes() == token)
}

/// Parses 32 hexadecimal digits, the most significant first; all are checked and converted at once.
fn hex_digits(first: [u8; 16], second: [u8; 16]) -> Option<u128> {
    let ((first, known), (second, also_known)) = (values(first), values(second));
    if (known & also_known).to_bitmask() != 0xffff {
        return None;
    }
    Some(u128::from_be_bytes(u8x16::narrow_i16x8(bytes(first), bytes(second)).to_array()))
}

/// Returns the value of each digit, and a mask of the bytes that are hexadecimal digits.
fn values(text: [u8; 16]) -> (u8x16, u8x16) {
    let text = u8x16::new(text);
    let digits = text - u8x16::splat(b'0');
    let letters = (text | u8x16::splat(0x20)) - u8x16::splat(b'a');
    let is_digit = digits.simd_eq(digits.min(u8x16::splat(9)));
    let is_letter = letters.simd_eq(letters.min(u8x16::splat(5)));
    (is_digit.bitselect(digits, letters + u8x16::splat(10)), is_digit | is_letter)
}

/// Joins each pair of half-bytes into one byte.
fn bytes(values: u8x16) -> i16x8 {
    let values = values.to_array();
    let (pairs, _) = values.as_chunks();
    let pairs = i16x8::new(std::array::from_fn(|at| i16::from_le_bytes(pairs[at])));
    (pairs << 4 | pairs >> 8) & i16x8::splat(0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        let text = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
        let id = RequestId::parse(text.as_bytes()).expect("a UUID");
        assert_eq!(id.to_string(), text);
        assert_eq!(RequestId::parse(text.to_uppercase().as_bytes()), Some(id));
        assert_eq!(RequestId::parse_prefix(format!("{text}\tDuration").as_bytes()), Some(id));
    }

    #[test]
    fn any_word_in_the_place_of_an_id_is_printed_as_it_was_written() {
        for (text, anonymous, masked) in [
            ("xxxxxxxx-5719-46a2-bc93-849ac3a26d6e", false, true),
            ("8f507cfc-xmpl-4697-b07a-ac58fc914c95", false, true),
            ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", true, true),
            ("xxxxxxxx-xxxx-...", true, true),
            ("6bc28136-xxxx-xxxx-xxxx-xxxxxxxxxxxx", false, true),
            ("[REDACTED]", true, true),
            ("<guid>", true, true),
            ("<...>", true, true),
            ("<request-id>", true, true),
            ("***", true, true),
            ("****", true, true),
            ("REDACTED", true, true),
            ("0123456789ab", false, true),
            ("8f507cfc7d704d4a9b1c3f0a5d0c2e11", false, true),
            ("....6c09f5", false, true),
            ("…6c09f5", false, true),
            ("xyz", true, false),
            ("1", true, false),
        ] {
            let (id, length) = RequestId::read_prefix(format!("{text}\tDuration").as_bytes()).expect(text);
            assert_eq!((id.to_string().as_str(), length), (text, text.len()));
            assert!(id.is_token() && RequestId::read(text) == Some(id), "{text}");
            assert_eq!(id.is_anonymous(), anonymous, "{text}");
            assert_eq!(RequestId::read_masked_prefix(text.as_bytes()).is_some(), masked, "{text}");
            let (one, other) = (id.of_attempt(1), id.of_attempt(u64::MAX));
            assert_eq!((one != other, one.to_string().as_str(), other.to_string().as_str()), (anonymous, text, text));
        }
    }

    #[test]
    fn places_where_an_id_will_stand_are_none() {
        for text in [
            "",
            " x",
            "{id}",
            "${id}",
            "%s",
            "#{id}",
            "{}",
            "\" + id",
            "' + id",
            "(\\S+)",
            ".*",
            "*",
            ".",
            "<%s>",
            "[0-9a-f]+",
            "id,",
            "`id`",
            "\\S+",
            "[^ ]+",
            "$id",
            "f(x)",
            "id;",
            "uuid:",
            "a=b",
            "x/y",
        ] {
            assert_eq!(RequestId::read_prefix(text.as_bytes()), None, "{text}");
        }
        assert_eq!(RequestId::read_prefix("x".repeat(65).as_bytes()), None);
        let id = RequestId::parse(b"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11").expect("a UUID");
        assert!(!id.is_token() && id.of_attempt(7) == id);
        assert!(!RequestId::from_bits(u128::MAX).is_token());
    }

    #[test]
    fn finds_ids_in_text() {
        let (one, other) = ("8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11", "00000000-0000-4000-8000-000000000001");
        let text = format!("2026-01-02 a-b {one}\t\"{other}\" x{one}");
        let found: Vec<String> = RequestId::all_in(text.as_bytes()).map(|id| id.to_string()).collect();
        assert_eq!(found, [one, other]);
    }

    #[test]
    fn refuses_look_alikes() {
        for text in [
            "",
            "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e1",
            "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e111",
            "8f507cfc_7d70_4d4a_9b1c_3f0a5d0c2e11",
            "8f507cfg-7d70-4d4a-9b1c-3f0a5d0c2e11",
        ] {
            assert_eq!(RequestId::parse_prefix(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn digits_are_read_as_one_by_one(bytes in proptest::array::uniform32(0u8..), letters in "[0-9a-fA-F@G/:`g]{32}|[0-9a-fA-F]{32}") {
            for text in [&bytes[..], letters.as_bytes()] {
                let (halves, _) = text.as_chunks();
                let want = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let want = want.and_then(|text| u128::from_str_radix(text, 16).ok());
                proptest::prop_assert_eq!(hex_digits(halves[0], halves[1]), want);
            }
        }

        #[test]
        fn print_then_parse_is_identity(bits in proptest::num::u128::ANY) {
            let id = RequestId::from_bits(bits);
            proptest::prop_assert_eq!(RequestId::parse(id.to_string().as_bytes()), Some(id));
        }
    }
}
