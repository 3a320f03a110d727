//! The text below containers and encodings, for who reads something else than a log.

use std::io::{self, Read};

use super::layers::{DEEPEST, Peeked, Peeled, peel};
use super::windows::{InputWindows, WindowMemory};

/// Returns a reader of the text in `stream`; `None` if that is an archive, or packed too many times over.
///
/// # Errors
/// When its beginning cannot be read or unpacked.
pub(crate) fn plain_text<'a>(stream: Box<dyn Read + Send + 'a>) -> io::Result<Option<Box<dyn Read + Send + 'a>>> {
    let windows = InputWindows::new(&WindowMemory::default());
    let mut stream = Peeked::new(stream)?;
    for _ in 0..=DEEPEST {
        match peel(stream, &windows)? {
            Peeled::Wrapped(under) => stream = under,
            Peeled::Plain(text) => return Ok(Some(Box::new(text))),
            Peeled::Zip(_) => return Ok(None),
        }
    }
    Ok(None)
}
