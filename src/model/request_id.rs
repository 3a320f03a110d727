//! Request ids: the UUIDs by which Lambda names an invocation event, held as 128-bit integers.

use std::fmt;

use wide::{i16x8, u8x16};

/// A Lambda request id: a UUID, compared and stored as a number.
///
/// Asynchronous retries reuse the id, so it identifies an invocation event and not an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

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
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits >> 96,
            bits >> 80 & 0xffff,
            bits >> 64 & 0xffff,
            bits >> 48 & 0xffff,
            bits & 0xffff_ffff_ffff
        )
    }
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
