//! zstd as a stream: frame after frame, over frames to be skipped. Checks what the frames say of their content, and takes
//! room for their windows.
//!
//! Frames and blocks are read here, so that a cut, a damage and a disk that fails are told apart; ruzstd decodes blocks.

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::exact::{only_zeros, read_all, read_exactly, read_some};
use super::fault::Fault;
use super::magic::is_layered;
use super::windows::{FREE, InputWindows, LayerWindow, MOST};

/// Magic number of a frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Bytes of content in a block, at most.
const LARGEST_BLOCK: usize = 128 * 1024;
/// Blocks of a frame that fit what needs no room.
const FREE_BLOCKS: u64 = FREE / LARGEST_BLOCK as u64;

/// Decodes all frames of `input`.
pub(super) struct ZstdReader<R> {
    input: R,
    decoder: FrameDecoder,
    window: LayerWindow,
    frame: Option<Frame>,
    /// A block with its header, packed.
    block: Vec<u8>,
    /// Whether the content begins like a container, once some of it was seen.
    nested: Option<bool>,
}

/// What is known of the frame at hand.
struct Frame {
    window: u64,
    /// Size of the content, if the frame gives it.
    size: Option<u64>,
    checksum: bool,
    /// Number of blocks decoded.
    blocks: u64,
    /// Whether the last block was decoded.
    ended: bool,
    /// Bytes of content handed on.
    given: u64,
}

impl<R: Read> ZstdReader<R> {
    /// Decodes `input`, whose windows are some of `windows`.
    pub(super) fn new(input: R, windows: &InputWindows) -> Self {
        let window = windows.layer("zstd -d --long=31");
        Self { input, decoder: decoder(), window, frame: None, block: Vec::new(), nested: None }
    }

    /// Goes to the next frame. Returns whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = [0; 4];
            let length = read_some(&mut self.input, &mut magic)?;
            if magic[..length].iter().all(|byte| *byte == 0) {
                only_zeros(&mut self.input)?;
                return Ok(false);
            }
            match magic {
                _ if length < 4 => return Err(Fault::Cut.into()),
                MAGIC => {
                    self.frame = Some(self.begin_frame()?);
                    return Ok(true);
                }
                [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                    let length = u64::from(u32::from_le_bytes(read_exactly(&mut self.input)?));
                    if io::copy(&mut (&mut self.input).take(length), &mut io::sink())? < length {
                        return Err(Fault::Cut.into());
                    }
                }
                _ => return Err(Fault::Behind.into()),
            }
        }
    }

    /// Reads the header of a frame.
    fn begin_frame(&mut self) -> io::Result<Frame> {
        let [flags] = read_exactly(&mut self.input)?;
        let single = flags & 0x20 != 0;
        if flags & 0x08 != 0 {
            return Err(Fault::Damaged.into());
        }
        // The decoder is not to look for the checksum, which is read here.
        let mut header = [&MAGIC[..], &[flags & !0x04]].concat();
        let mut field = |length: usize| {
            let mut bytes = [0; 8];
            read_all(&mut self.input, &mut bytes[..length])?;
            header.extend(&bytes[..length]);
            io::Result::Ok(u64::from_le_bytes(bytes))
        };
        let window = if single { 0 } else { field(1)? };
        let window = (1u64 << (10 + (window >> 3))) / 8 * (8 + (window & 7));
        if field([0, 1, 2, 4][usize::from(flags & 3)])? != 0 {
            let text = "it was compressed with a dictionary; unpack it first: zstd -d -D DICTIONARY".to_owned();
            return Err(Fault::Other(text).into());
        }
        let size = match flags >> 6 {
            0 if single => Some(field(1)?),
            0 => None,
            1 => Some(field(2)? + 256),
            2 => Some(field(4)?),
            _ => Some(field(8)?),
        };
        let window = match size {
            Some(size) if single => size,
            _ => window,
        };
        self.window.check(window)?;
        if self.window.bytes() > 0 && window > self.window.bytes() {
            // What is waited for must not be held.
            self.decoder = decoder();
            self.window.give_back();
        }
        self.decoder.reset(&header[..]).map_err(|_| Fault::Damaged)?;
        Ok(Frame { window, size, checksum: flags & 0x04 != 0, blocks: 0, ended: false, given: 0 })
    }

    /// Decodes the next block of the frame.
    fn next_block(&mut self) -> io::Result<()> {
        let Some(frame) = &mut self.frame else { return Ok(()) };
        let header: [u8; 3] = read_exactly(&mut self.input)?;
        let bits = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let (last, kind, size) = (bits & 1 == 1, bits >> 1 & 3, (bits >> 3) as usize);
        if size > LARGEST_BLOCK || kind == 3 {
            return Err(Fault::Damaged.into());
        }
        self.block.clear();
        self.block.extend(header);
        self.block.resize(3 + if kind == 1 { 1 } else { size }, 0);
        read_all(&mut self.input, &mut self.block[3..])?;
        let large = frame.window > FREE;
        if large && !last && self.nested.is_none() {
            self.nested = begins_layered(&self.block);
        }
        // The window is filled by the content, so what ends early needs no room, whatever its header asks for.
        if large && frame.blocks >= FREE_BLOCKS {
            let most = frame.window.next_power_of_two();
            let filled = (frame.blocks + 1) * LARGEST_BLOCK as u64;
            let need = most.min(filled.next_power_of_two());
            if need > self.window.bytes() {
                self.window.take(need, most, self.nested == Some(true))?;
            }
        }
        let mut block = &self.block[..];
        self.decoder.decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1)).map_err(|_| Fault::Damaged)?;
        if let Some(frame) = &mut self.frame {
            frame.blocks += 1;
            frame.ended = last;
        }
        Ok(())
    }

    /// Checks what the frame says of its content.
    fn end_frame(&mut self) -> io::Result<()> {
        let Some(frame) = self.frame.take() else { return Ok(()) };
        if frame.size.is_some_and(|size| size != frame.given) {
            return Err(Fault::Damaged.into());
        }
        if frame.checksum {
            let checksum = u32::from_le_bytes(read_exactly(&mut self.input)?);
            if self.decoder.get_calculated_checksum() != Some(checksum) {
                return Err(Fault::Checksum.into());
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.frame {
                Some(frame) if self.decoder.can_collect() > 0 => {
                    let count = self.decoder.read(buffer)?;
                    frame.given += count as u64;
                    return Ok(count);
                }
                Some(frame) if frame.ended => self.end_frame()?,
                Some(_) => self.next_block()?,
                None => {
                    if !self.next_frame()? {
                        self.decoder = decoder();
                        self.window.give_back();
                        return Ok(0);
                    }
                }
            }
        }
    }
}

fn decoder() -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MOST);
    decoder
}

/// Returns whether the content that begins with a block is in a container; `None` if that cannot be said.
///
/// The decoder hands nothing on before the window is full, so the block is decoded as a frame of its own.
fn begins_layered(block: &[u8]) -> Option<bool> {
    // A frame with a window of one block, without size and checksum, and the block as its last one.
    let header = [&MAGIC[..], &[0, 0x38]].concat();
    let mut decoder = decoder();
    decoder.reset(&header[..]).ok()?;
    let mut block = [&[block.first()? | 1], block.get(1..)?].concat();
    decoder.decode_blocks(&mut &block[..], BlockDecodingStrategy::UptoBlocks(1)).ok()?;
    block.resize(LARGEST_BLOCK, 0);
    let length = decoder.read(&mut block).ok().filter(|length| *length > 0)?;
    Some(is_layered(&block[..length]))
}
