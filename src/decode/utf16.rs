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

/// Units in a row that are plain text rather than UTF-16: of Chinese, one in five or so looks like that.
const PLAIN_TEXT: u32 = 24;
/// What is said of such text.
const NOT_UTF16: &str = "the text goes on in another encoding than UTF-16 and was not read to its end; save what follows as a file of its own";

/// Reader that transcodes to UTF-8. Unpaired surrogates become the replacement character, byte order marks are dropped.
pub(super) struct Utf16Reader<R> {
    input: R,
    order: ByteOrder,
    odd: Option<u8>,
    high: Option<u16>,
    /// Units in a row, so far, of which both bytes are characters of plain text.
    plain: u32,
    /// Whether the text was found to go on in another encoding.
    gone_wrong: bool,
    text: Vec<u8>,
    at: usize,
    block: Vec<u8>,
}

impl<R: Read> Utf16Reader<R> {
    pub(super) fn new(input: R, order: ByteOrder) -> Self {
        Self {
            input,
            order,
            odd: None,
            high: None,
            plain: 0,
            gone_wrong: false,
            text: Vec::new(),
            at: 0,
            block: vec![0; 8 * 1024],
        }
    }

    /// Reads and transcodes the next block. Returns `false` at the end of the input.
    fn refill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.at = 0;
        if self.gone_wrong {
            return Err(Fault::Other(NOT_UTF16.to_owned()).into());
        }
        let count = self.input.read(&mut self.block)?;
        for index in 0..count {
            let byte = self.block[index];
            match self.odd.take() {
                None => self.odd = Some(byte),
                Some(first) => {
                    let is_plain = |byte: u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\t');
                    self.plain = if is_plain(first) && is_plain(byte) { self.plain + 1 } else { 0 };
                    if self.plain == PLAIN_TEXT {
                        self.gone_wrong = true;
                        return Ok(true);
                    }
                    self.take_unit(match self.order {
                        ByteOrder::Little => u16::from_le_bytes([first, byte]),
                        ByteOrder::Big => u16::from_be_bytes([first, byte]),
                    });
                }
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
    fn tells_of_text_in_another_encoding_behind_it() {
        let line = "START RequestId: 8f507cfc 中文，不是别的编码\n";
        let utf16: Vec<u8> = line.repeat(2_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let read = |bytes: &[u8]| {
            let mut text = String::new();
            let result = Utf16Reader::new(bytes, ByteOrder::Little).read_to_string(&mut text);
            result.map(|_| text.lines().count())
        };
        assert_eq!(read(&utf16).ok(), Some(2_000));
        assert!(
            read(&[&utf16[..], "plain text and nothing else in this long line\n".repeat(3).as_bytes()].concat())
                .is_err()
        );
    }

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
