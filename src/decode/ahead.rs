//! Reads in a thread of its own: decompressing and everything that comes after it overlap.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Bytes that go from thread to thread at once.
const BLOCK: usize = 128 * 1024;
/// Blocks under way: one being filled, one being read, one between.
const BLOCKS: usize = 3;

/// Calls `work` with a reader of the same bytes as `source`, which is read by another thread meanwhile.
pub(super) fn read_ahead<T>(source: &mut (dyn Read + Send), work: impl FnOnce(&mut (dyn Read + Send)) -> T) -> T {
    let (full, filled) = sync_channel(BLOCKS);
    let (empty, emptied) = channel();
    for _ in 0..BLOCKS {
        // Its other end is in this function.
        let _ = empty.send(Vec::with_capacity(BLOCK));
    }
    thread::scope(|scope| {
        scope.spawn(move || pump(source, &emptied, &full));
        // The reader goes before the thread is waited for: then the thread ends, however far it was.
        work(&mut ReadAhead { filled, empty, block: Vec::new(), at: 0, failure: None })
    })
}

/// Fills blocks until the source or the reader ends.
fn pump(source: &mut (dyn Read + Send), emptied: &Receiver<Vec<u8>>, full: &SyncSender<io::Result<Vec<u8>>>) {
    while let Ok(mut block) = emptied.recv() {
        block.clear();
        let read = source.take(BLOCK as u64).read_to_end(&mut block);
        let ended = block.len() < BLOCK;
        if !block.is_empty() && full.send(Ok(block)).is_err() {
            return;
        }
        if let Err(error) = read {
            // What came before the failure was sent.
            let _ = full.send(Err(error));
            return;
        }
        if ended {
            return;
        }
    }
}

struct ReadAhead {
    filled: Receiver<io::Result<Vec<u8>>>,
    empty: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    failure: Option<ErrorKind>,
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            if let Some(kind) = self.failure {
                return Err(kind.into());
            }
            match self.filled.recv() {
                Ok(Ok(block)) => {
                    // The other thread may have ended and need no memory any more.
                    let _ = self.empty.send(std::mem::replace(&mut self.block, block));
                    self.at = 0;
                }
                Ok(Err(error)) => {
                    self.failure = Some(error.kind());
                    return Err(error);
                }
                Err(_) => return Ok(0),
            }
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(source: &mut (dyn Read + Send)) -> io::Result<Vec<u8>> {
        read_ahead(source, |reader| {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        })
    }

    #[test]
    fn the_same_bytes_come_out() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 9 * BLOCK + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert!(through(&mut &bytes[..]).unwrap() == bytes, "{length}");
        }
    }

    #[test]
    fn a_failure_comes_after_what_was_read() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if self.0 == 0 {
                    return Err(io::Error::new(ErrorKind::InvalidData, "damaged"));
                }
                let count = self.0.min(buffer.len());
                self.0 -= count;
                Ok(count)
            }
        }
        let (mut read, error) = read_ahead(&mut Broken(2 * BLOCK + 5), |reader| {
            let mut all = Vec::new();
            let error = reader.read_to_end(&mut all).unwrap_err();
            (all.len(), error)
        });
        assert_eq!((read, error.to_string().as_str()), (2 * BLOCK + 5, "damaged"));
        // A reader that stops early does not hang.
        read = read_ahead(&mut io::repeat(7), |reader| reader.read(&mut [0; 10]).unwrap());
        assert_eq!(read, 10);
    }
}
