//! xz as a stream: one stream of blocks after the other, with zeros between and behind. Takes room for the dictionaries.

use std::io::{self, ErrorKind, Read};

use super::exact::{read_all, read_some};
use super::fault::{Fault, of_decoder};
use super::magic::is_layered;
use super::windows::{FREE, InputWindows, LayerWindow, MOST};

const MAGIC: &[u8] = b"\xfd7zXZ\0";
/// Bytes of the header of a stream.
const HEADER: usize = 12;
/// What the library counts besides the dictionary.
const OVERHEAD_KIB: u64 = 256;

/// Decodes all streams of an input.
pub(super) struct XzReader<R: Read> {
    state: State<R>,
    window: LayerWindow,
    /// Bytes of content of the stream at hand, and of its dictionary.
    given: u64,
    dictionary: u64,
    /// Whether the content begins like a container, once some of it was seen.
    nested: Option<bool>,
}

enum State<R: Read> {
    Between(Source<R>),
    Stream(Box<lzma_rust2::XzReader<Source<R>>>),
    Ended,
}

/// Input of which some bytes were read ahead.
struct Source<R> {
    ahead: Vec<u8>,
    rest: R,
    ended: bool,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let count = self.rest.read(buffer)?;
            self.ended |= count == 0 && !buffer.is_empty();
            return Ok(count);
        }
        let count = self.ahead.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.ahead[..count]);
        self.ahead.drain(..count);
        Ok(count)
    }
}

impl<R: Read> XzReader<R> {
    /// Decodes `input`, whose dictionaries are some of `windows`.
    pub(super) fn new(input: R, windows: &InputWindows) -> Self {
        let state = State::Between(Source { ahead: Vec::new(), rest: input, ended: false });
        Self { state, window: windows.layer("xz -d"), given: 0, dictionary: 0, nested: None }
    }

    /// Begins the next stream, if there is one.
    fn next_stream(&mut self, mut source: Source<R>) -> io::Result<()> {
        let mut first = [0];
        while first[0] == 0 {
            if read_some(&mut source, &mut first)? == 0 {
                self.window.give_back();
                return Ok(());
            }
        }
        let mut header = first.to_vec();
        header.resize(HEADER + 1, 0);
        let length = 1 + read_some(&mut source, &mut header[1..])?;
        if !header.starts_with(&MAGIC[..MAGIC.len().min(length)]) {
            return Err(Fault::Behind.into());
        }
        if length < header.len() {
            return Err(Fault::Cut.into());
        }
        // A block header says how long it is; nothing but an index has none.
        let block = header.len() - 1..HEADER + (usize::from(header[HEADER]) + 1) * 4;
        self.dictionary = 0;
        if header[HEADER] != 0 {
            header.resize(block.end, 0);
            read_all(&mut source, &mut header[HEADER + 1..])?;
            self.dictionary = dictionary(&header[block]).unwrap_or(0);
        }
        self.window.check(self.dictionary)?;
        if self.dictionary > self.window.bytes() {
            self.window.give_back();
        }
        self.given = 0;
        source.ahead = header;
        let limit = (self.dictionary.max(FREE) / 1024 + OVERHEAD_KIB) as u32;
        self.state = State::Stream(Box::new(lzma_rust2::XzReader::new_mem_limit(source, false, limit)));
        Ok(())
    }
}

impl<R: Read> Read for XzReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(source) => self.next_stream(source)?,
                State::Stream(mut stream) => {
                    // The dictionary grows with the content, so what ends early needs no room.
                    let mut most = buffer.len();
                    // It has room for twice what it holds, for it grows that way.
                    while self.dictionary > self.window.bytes().max(FREE) {
                        let free = FREE.max(self.window.bytes() / 2).saturating_sub(self.given);
                        if free > 0 {
                            most = most.min(usize::try_from(free).unwrap_or(most));
                            break;
                        }
                        let need = self.dictionary.min(FREE.max(self.window.bytes()) * 2);
                        self.window.take(need, self.dictionary, self.nested == Some(true))?;
                    }
                    let count = match stream.read(&mut buffer[..most]) {
                        Ok(count) => count,
                        Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                            return Err(Fault::Window { need: MOST + 1, most: MOST, command: "xz -d" }.into());
                        }
                        Err(error) => return Err(of_decoder(error, stream.inner().ended)),
                    };
                    if count == 0 {
                        self.state = State::Between(stream.into_inner());
                        continue;
                    }
                    self.nested.get_or_insert_with(|| is_layered(&buffer[..count]));
                    self.given += count as u64;
                    self.state = State::Stream(stream);
                    return Ok(count);
                }
            }
        }
    }
}

/// Returns the size of the dictionary that the header of a block asks for.
fn dictionary(header: &[u8]) -> Option<u64> {
    /// Takes a number of seven bits per byte.
    fn number(rest: &mut &[u8]) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let (byte, behind) = rest.split_first()?;
            *rest = behind;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    let (flags, mut rest) = (header.get(1)?, header.get(2..)?);
    // Sizes, packed and unpacked, where they are known.
    for flag in [0x40, 0x80] {
        if flags & flag != 0 {
            number(&mut rest)?;
        }
    }
    for _ in 0..=flags & 3 {
        let filter = number(&mut rest)?;
        let length = usize::try_from(number(&mut rest)?).ok()?;
        if filter == 0x21 {
            return match u64::from(*rest.first()?) {
                40 => Some(u64::from(u32::MAX)),
                bits @ 0..40 => Some((2 | bits & 1) << (bits / 2 + 11)),
                _ => None,
            };
        }
        rest = rest.get(length..)?;
    }
    None
}
