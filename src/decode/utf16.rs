//! UTF-16 decoder: a stream to UTF-8. PowerShell's redirection writes logs as UTF-16.

use std::io::{self, Read};

use super::fault::Fault;

/// Byte order of the 16-bit units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

/// Reader that transcodes to UTF-8. Unpaired surrogates become the replacement character, byte order marks are dropped.
pub(super) struct Utf16Reader<R> {
    input: R,
    order: ByteOrder,
    odd: Option<u8>,
    high: Option<u16>,
    text: Vec<u8>,
    at: usize,
    block: Vec<u8>,
}

impl<R: Read> Utf16Reader<R> {
    pub(super) fn new(input: R, order: ByteOrder) -> Self {
        Self { input, order, odd: None, high: None, text: Vec::new(), at: 0, block: vec![0; 8 * 1024] }
    }

    /// Reads and transcodes the next block. Returns `false` at the end of the input.
    fn refill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.at = 0;
        let count = self.input.read(&mut self.block)?;
        for index in 0..count {
            let byte = self.block[index];
            match self.odd.take() {
                None => self.odd = Some(byte),
                Some(first) => self.take_unit(match self.order {
                    ByteOrder::Little => u16::from_le_bytes([first, byte]),
                    ByteOrder::Big => u16::from_be_bytes([first, byte]),
                }),
            }
        }
        Ok(count > 0)
    }

    fn take_unit(&mut self, unit: u16) {
        let pending = self.high.take();
        match (pending, unit) {
            (_, 0xd800..=0xdbff) => {
                self.high = Some(unit);
                if pending.is_some() {
                    self.push(char::REPLACEMENT_CHARACTER);
                }
            }
            (Some(high), 0xdc00..=0xdfff) => {
                let code = 0x1_0000 + (u32::from(high - 0xd800) << 10) + u32::from(unit - 0xdc00);
                self.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (pending, _) => {
                if pending.is_some() {
                    self.push(char::REPLACEMENT_CHARACTER);
                }
                if unit != 0xfeff {
                    self.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
    }

    /// Returns how many bytes there are of a character whose end is missing.
    fn torn(&mut self) -> u64 {
        2 * u64::from(self.high.take().is_some()) + u64::from(self.odd.take().is_some())
    }

    fn push(&mut self, character: char) {
        self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            if !self.refill()? {
                return match self.torn() {
                    0 => Ok(0),
                    bytes => Err(Fault::Torn(bytes).into()),
                };
            }
        }
        let left = &self.text[self.at..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcodes_pairs_and_broken_pairs() {
        let mut units: Vec<u16> = "\u{feff}é\u{1f600}\n".encode_utf16().collect();
        units.extend([0xd800, u16::from(b'x')]);
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let mut text = String::new();
        Utf16Reader::new(&bytes[..], ByteOrder::Little).read_to_string(&mut text).expect("UTF-8");
        assert_eq!(text, "é\u{1f600}\n\u{fffd}x");
    }
}
