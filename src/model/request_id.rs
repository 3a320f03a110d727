//! Request ids: the UUIDs by which Lambda names an event, held as 128-bit integers.

use std::fmt;

/// A Lambda request id: a UUID, compared and stored as a number.
///
/// Asynchronous retries reuse the id, so it names an event and not an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

/// Where the dashes of a UUID stand.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl RequestId {
    /// Length of the text form.
    pub const LENGTH: usize = 36;

    /// From its 128 bits.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its 128 bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Reads a UUID at the start of `text`, in either case; what follows must not go on with a word character.
    #[must_use]
    pub fn parse_prefix(text: &[u8]) -> Option<Self> {
        let uuid = text.get(..Self::LENGTH)?;
        if text.get(Self::LENGTH).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'-') {
            return None;
        }
        if DASHES.iter().any(|&at| uuid[at] != b'-') {
            return None;
        }
        let digits = |at: usize| uuid.get(at..)?.first_chunk::<4>().copied().map(u32::from_be_bytes);
        let word = |a: usize, b: usize| hex_digits(u64::from(digits(a)?) << 32 | u64::from(digits(b)?));
        let parts = [word(0, 4)?, word(9, 14)?, word(19, 24)?, word(28, 32)?];
        Some(Self(parts.iter().fold(0, |bits, part| bits << 32 | u128::from(*part))))
    }

    /// The ids that stand anywhere in `text`, first to last.
    pub fn all_in(text: &[u8]) -> impl Iterator<Item = Self> + '_ {
        // The first dash of an id is its ninth byte.
        memchr::memchr_iter(b'-', text).filter_map(|dash| {
            let start = dash.checked_sub(DASHES[0])?;
            let begins = start == 0 || !text[start - 1].is_ascii_alphanumeric() && text[start - 1] != b'-';
            if begins { Self::parse_prefix(&text[start..]) } else { None }
        })
    }

    /// Reads `text` as a whole.
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

/// The value of eight hexadecimal digits, the first in the highest byte; all are checked and read at once.
fn hex_digits(text: u64) -> Option<u32> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let each = |byte: u8| EACH * u64::from(byte);
    // A byte of at least `from` gets its high bit; no byte is above 0x7f, so none carries into the next.
    let at_least = |bytes: u64, from: u8| (bytes + each(0x80 - from)) & each(0x80);
    if text & each(0x80) != 0 {
        return None;
    }
    let lower = text | each(0x20);
    let digit = at_least(text, b'0') & !at_least(text, b'9' + 1);
    let letter = at_least(lower, b'a') & !at_least(lower, b'f' + 1);
    if digit | letter != each(0x80) {
        return None;
    }
    // '0' and 'a' end in 0 and 1; a letter is worth nine more than its last digit.
    let values = (text & each(0x0f)) + (letter >> 7) * 9;
    // Pairs of digits, then pairs of bytes, then of those.
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    u32::try_from((quads | quads >> 16) & 0xffff_ffff).ok()
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
        fn digits_are_read_as_one_by_one(bytes in proptest::array::uniform8(0u8..), letters in "[0-9a-fA-F@G/:`g]{8}") {
            for text in [&bytes[..], letters.as_bytes()] {
                let text: &[u8; 8] = text.try_into().expect("eight bytes");
                let want = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let want = want.and_then(|text| u32::from_str_radix(text, 16).ok());
                proptest::prop_assert_eq!(hex_digits(u64::from_be_bytes(*text)), want);
            }
        }

        #[test]
        fn print_then_parse_is_identity(bits in proptest::num::u128::ANY) {
            let id = RequestId::from_bits(bits);
            proptest::prop_assert_eq!(RequestId::parse(id.to_string().as_bytes()), Some(id));
        }
    }
}
