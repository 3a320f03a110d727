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
        let mut bits = 0u128;
        let mut valid = 0u8;
        for (start, end) in [(0, 8), (9, 13), (14, 18), (19, 23), (24, 36)] {
            let mut part = 0u64;
            for &byte in &uuid[start..end] {
                let nibble = HEX[usize::from(byte)];
                valid |= nibble;
                part = part << 4 | u64::from(nibble & 0x0f);
            }
            bits = bits << ((end - start) * 4) | u128::from(part);
        }
        (valid & 0x80 == 0).then_some(Self(bits))
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

/// The value of a hexadecimal digit; 0x80 for every other byte.
const HEX: [u8; 256] = {
    let mut table = [0x80u8; 256];
    let mut digit = 0u8;
    while digit < 10 {
        table[(b'0' + digit) as usize] = digit;
        digit += 1;
    }
    let mut letter = 0u8;
    while letter < 6 {
        table[(b'a' + letter) as usize] = 10 + letter;
        table[(b'A' + letter) as usize] = 10 + letter;
        letter += 1;
    }
    table
};

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
        fn print_then_parse_is_identity(bits in proptest::num::u128::ANY) {
            let id = RequestId::from_bits(bits);
            proptest::prop_assert_eq!(RequestId::parse(id.to_string().as_bytes()), Some(id));
        }
    }
}
