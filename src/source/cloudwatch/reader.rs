//! Reader of a running pull: yields the file that `--save` would keep, as soon as its events arrive.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::shared::PullState;
use super::spool::Cursor;
use crate::source::saved;

/// Bytes of text per frame of the file. The size is fixed, so the same events always make the same file.
const FRAME: usize = 1 << 20;

/// Reader that yields a pull from beginning to end, waiting for pages that have not arrived.
pub(super) struct PullReader {
    shared: Arc<PullState>,
    cursor: Cursor,
    /// Text of the page being read, and how much of it is read.
    page: Vec<u8>,
    page_at: usize,
    /// Text of the frame being filled.
    text: Vec<u8>,
    bytes: Vec<u8>,
    at: usize,
    over: bool,
    hash: Xxh3,
    /// Whether frames are compressed: only those of a file that stays.
    packed: bool,
    save: Option<File>,
}

impl PullReader {
    pub(super) fn new(shared: Arc<PullState>, save: Option<File>) -> Self {
        let packed = save.is_some();
        let (page, text, bytes) = (Vec::new(), Vec::with_capacity(FRAME), Vec::new());
        Self {
            shared,
            cursor: Cursor::default(),
            page,
            page_at: 0,
            text,
            bytes,
            at: 0,
            over: false,
            hash: Xxh3::new(),
            packed,
            save,
        }
    }

    /// Produces the next bytes.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        let mut more = true;
        while more && self.text.len() < FRAME {
            if self.page_at == self.page.len() {
                // The old page is let go before the new one is unpacked.
                (self.page, self.page_at) = (Vec::new(), 0);
                match self.shared.spool.next(&mut self.cursor)? {
                    Some(page) => self.page = page,
                    None => more = false,
                }
            }
            let end = self.page.len().min(self.page_at + FRAME - self.text.len());
            self.text.extend_from_slice(&self.page[self.page_at..end]);
            self.page_at = end;
        }
        self.hash.update(&self.text);
        // An empty pull still makes a frame, so the file is a valid empty one.
        self.bytes = saved::text_frame(&self.text, self.packed);
        self.at = 0;
        if !more {
            self.over = true;
            self.shared.set_text_hash(self.hash.digest());
            self.bytes.extend(saved::trailer_frame(&self.shared.told()));
        }
        self.keep();
        Ok(())
    }

    fn keep(&mut self) {
        let Some(file) = &mut self.save else { return };
        let written = file.write_all(&self.bytes).and_then(|()| if self.over { file.flush() } else { Ok(()) });
        if let Err(error) = written {
            self.save = None;
            self.shared.save_failed(&error);
        }
    }
}

impl Read for PullReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.bytes.len() {
            if self.over {
                return Ok(0);
            }
            self.fill()?;
        }
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
