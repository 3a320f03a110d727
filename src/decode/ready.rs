//! Bytes that a rewriting reader has ready, given out as its caller asks for them.

/// Bytes that were rewritten and not given out yet.
#[derive(Debug, Default)]
pub(super) struct Ready {
    pub(super) bytes: Vec<u8>,
    /// Number of bytes given out.
    at: usize,
}

impl Ready {
    /// Returns whether all bytes were given out. Then they are dropped, so that their memory takes the next ones.
    pub(super) fn is_spent(&mut self) -> bool {
        let spent = self.at == self.bytes.len();
        if spent {
            self.bytes.clear();
            self.at = 0;
        }
        spent
    }

    /// Gives out as many bytes as there is room for; returns their number.
    pub(super) fn give(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.bytes.len() - self.at);
        buffer[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        count
    }
}
