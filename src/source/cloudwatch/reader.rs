//! Reader of a running pull: yields its events as soon as they arrive, and where they are saved the bytes of that file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use super::shared::PullState;
use super::spool::Cursor;
use crate::source::saved;

/// Bytes of text per frame of the file. The size is fixed, so the same events always make the same file.
const FRAME: usize = 1 << 20;

/// Reader that yields a pull from beginning to end, waiting for pages that have not arrived.
pub(super) struct PullReader {
    shared: Arc<PullState>,
    cursor: Cursor,
    text: Vec<u8>,
    bytes: Vec<u8>,
    at: usize,
    over: bool,
    /// Whether the events are saved.
    saves: bool,
    save: Option<File>,
}

impl PullReader {
    pub(super) fn new(shared: Arc<PullState>, save: Option<File>) -> Self {
        let (text, bytes) = (Vec::new(), Vec::new());
        let saves = save.is_some();
        Self { shared, cursor: Cursor::default(), text, bytes, at: 0, over: false, saves, save }
    }

    /// Produces the next bytes.
    fn fill(&mut self) -> io::Result<()> {
        if !self.saves {
            // Nobody sees the form, so packing and unpacking is spared.
            let text = self.shared.spool.next(&mut self.cursor)?;
            self.over = text.is_none();
            self.bytes = text.unwrap_or_default();
            self.at = 0;
            return Ok(());
        }
        let mut more = true;
        while more && self.text.len() < FRAME {
            match self.shared.spool.next(&mut self.cursor)? {
                Some(text) => self.text.extend(text),
                None => more = false,
            }
        }
        let length = self.text.len().min(FRAME);
        // An empty pull still makes a frame, so the file is a valid empty one.
        self.bytes = saved::text_frame(&self.text[..length]);
        self.text.drain(..length);
        self.at = 0;
        if !more && self.text.is_empty() {
            self.over = true;
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
        while self.at == self.bytes.len() {
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
