//! Watches decoded text for bytes that are none: compressed data or UTF-16 that was appended to a log. No line can be told in
//! them, so nothing else would say that they were not read.

use super::fault::Fault;

/// Bytes looked at around a byte that no text has.
const AROUND: usize = 64;
/// Such bytes of one piece that are looked at: a function may print some in every line.
const LOOKED_AT: usize = 16;

/// Bytes of an input from the first to the last that is no text, from which on they are no payload that a function printed.
const PAYLOAD: u64 = 16 * 1024;

/// Search for bytes that are no text, piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct NotTextWatch {
    /// Number of bytes searched so far.
    searched: u64,
    /// Where the first and the last of them stand.
    found: Option<(u64, u64)>,
    /// The last bytes, once some were found.
    tail: Vec<u8>,
    is_off: bool,
}

impl NotTextWatch {
    /// Creates a watch of an input that need not be text.
    pub(super) fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// Searches the next piece.
    #[inline]
    pub(super) fn look(&mut self, piece: &[u8]) {
        // Compressed data and UTF-16 have zeros in every few bytes.
        if !self.is_off
            && let Some(first) = memchr::memchr(0, piece)
        {
            self.note(piece, first);
        }
        if self.found.is_some() {
            self.tail.extend_from_slice(&piece[piece.len().saturating_sub(AROUND)..]);
            self.tail.drain(..self.tail.len().saturating_sub(AROUND));
        }
        self.searched += piece.len() as u64;
    }

    #[cold]
    fn note(&mut self, piece: &[u8], first: usize) {
        let last = memchr::memrchr(0, piece).map_or(0, |at| self.searched + at as u64);
        self.found = match self.found {
            Some((first, _)) => Some((first, last)),
            None => find(piece, first).map(|at| (self.searched + at as u64, last)),
        };
    }

    /// Returns what was found as a fault of the input, unless text goes on behind a few bytes: a function printed those.
    pub(super) fn fault(&self) -> Option<Fault> {
        let (first, last) = self.found?;
        let goes_on = self.searched - last > AROUND as u64 && !is_no_text(&self.tail);
        (last - first >= PAYLOAD || !goes_on).then_some(Fault::NoText(first))
    }
}

/// Finds a zero that stands among others, or among bytes that are no characters. A function may print a single one.
fn find(piece: &[u8], first: usize) -> Option<usize> {
    let zeros = memchr::memchr_iter(0, &piece[first..]).map(|at| first + at).take(LOOKED_AT);
    zeros.into_iter().find(|at| {
        let around = &piece[at.saturating_sub(AROUND / 2)..(at + AROUND / 2).min(piece.len())];
        let behind = &piece[*at..(at + AROUND).min(piece.len())];
        is_no_text(around) || is_no_text(behind)
    })
}

/// Returns whether a quarter of some bytes are no characters of a text.
fn is_no_text(bytes: &[u8]) -> bool {
    let foreign: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len() + controls(chunk.valid())).sum();
    foreign * 4 >= bytes.len()
}

fn controls(text: &str) -> usize {
    text.bytes()
        .filter(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | b'\x1b' | b'\x08'))
        .count()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn found(pieces: &[&[u8]]) -> Option<u64> {
        let mut watch = NotTextWatch::default();
        pieces.iter().for_each(|piece| watch.look(piece));
        watch.fault().and_then(|fault| if let Fault::NoText(at) = fault { Some(at) } else { None })
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text).expect("memory");
        packer.finish().expect("memory")
    }

    #[test]
    fn finds_what_is_no_text_and_nothing_else() {
        let text = "START RequestId: 8f507cfc\nGrüße, 世界\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (what, other, found_there) in [
            ("gzip", gzip(text.as_bytes()), true),
            ("UTF-16", utf16, true),
            (
                "a line with zeros",
                text.replace("START", "S\0T\0A\0R\0T\0R\0e\0q\0u\0e\0s\0t\0I\0d\0").into_bytes(),
                true,
            ),
            (
                "a zero in a line",
                b"user\0name is not a name that may be used in this place, says the library\n".to_vec(),
                false,
            ),
            ("text", text.into(), false),
            ("Latin-1", b"Gr\xfc\xdfe\n".to_vec(), false),
        ] {
            let whole = [text.as_bytes(), &other].concat();
            let at = found(&[&whole]);
            assert_eq!(at.is_some(), found_there, "{what}");
            let place = |at: u64| (text.len()..text.len() + other.len()).contains(&(at as usize));
            assert!(at.is_none_or(place), "{what}: {at:?}");
            assert_eq!(found(&[text.as_bytes(), &other]).is_some(), found_there, "{what}");
            // A function may print a payload; a whole file is longer.
            let more = text.repeat(3);
            assert_eq!(found(&[text.as_bytes(), &other, more.as_bytes()]), None, "{what}");
            let long = other.repeat(20_000 / other.len() + 1);
            assert_eq!(found(&[text.as_bytes(), &long, more.as_bytes()]).is_some(), found_there, "{what}");
        }
    }
}
