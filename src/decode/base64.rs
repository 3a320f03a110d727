//! Base64 as a stream: one text or several, with line breaks and quotes between and inside.

use std::io::{self, Read};

/// Decodes base64 while reading. Padding ends one text, the next begins behind it.
///
/// Bytes outside the alphabet are left out: line breaks, quotes, and the backslash of `\/` in JSON.
pub(super) struct Base64Reader<R> {
    input: R,
    block: Vec<u8>,
    at: usize,
    bits: u32,
    digits: u32,
}

impl<R: Read> Base64Reader<R> {
    /// Decodes `input`.
    pub(super) fn new(input: R) -> Self {
        Self { input, block: Vec::new(), at: 0, bits: 0, digits: 0 }
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.block.len() {
            self.block.resize(8 * 1024, 0);
            let count = self.input.read(&mut self.block)?;
            self.block.truncate(count);
            self.at = 0;
            if count == 0 {
                return Ok(None);
            }
        }
        self.at += 1;
        Ok(Some(self.block[self.at - 1]))
    }
}

impl<R: Read> Read for Base64Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() {
            let Some(byte) = self.next_byte()? else { break };
            if byte == b'=' {
                self.digits = 0;
                continue;
            }
            let Some(value) = digit(byte) else { continue };
            self.bits = self.bits << 6 | value;
            self.digits += 1;
            // The first digit of four completes no byte, each other one does.
            if self.digits % 4 != 1 {
                buffer[written] = (self.bits >> (6 - 2 * ((self.digits - 1) % 4))) as u8;
                written += 1;
            }
        }
        Ok(written)
    }
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
pub(super) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= group.len() { char::from(DIGITS[value]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, want: &str) {
        let mut decoded = Vec::new();
        Base64Reader::new(text.as_bytes()).read_to_end(&mut decoded).expect("no input error");
        assert_eq!(String::from_utf8_lossy(&decoded), want, "{text}");
    }

    #[test]
    fn decodes_texts_one_after_the_other() {
        case("", "");
        case("Zg==", "f");
        case("Zm8=", "fo");
        case("Zm9v", "foo");
        case("Zm9vYg==Zm9v", "foobfoo");
        case("Zm\n9v\r\nYmFy", "foobar");
    }

    proptest::proptest! {
        #[test]
        fn undoes_encoding(bytes in proptest::collection::vec(0u8.., 0..100)) {
            let mut decoded = Vec::new();
            Base64Reader::new(encode(&bytes).as_bytes()).read_to_end(&mut decoded).expect("no input error");
            proptest::prop_assert_eq!(decoded, bytes);
        }
    }
}
