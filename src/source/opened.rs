//! One input that was opened to look at its beginning before anybody decides how it is read: it need not be a file that
//! can be read twice.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::stop::{open_file, open_standard_input};
use super::{Input, InputSource, Stop, context_of, saved, standard_input};

/// Bytes that are looked at: the first block of any compressed text is in them.
const HEAD: u64 = 1 << 20;

/// An input of which the beginning was read. It is read once.
pub(crate) struct OpenedInput {
    input: [Input; 1],
    head: Vec<u8>,
    rest: Mutex<Option<Box<dyn Read + Send>>>,
}

impl std::fmt::Debug for OpenedInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedInput").field("input", &self.input).finish_non_exhaustive()
    }
}

impl OpenedInput {
    /// Opens a file, a pipe, or standard input for `-`, and reads its beginning.
    ///
    /// # Errors
    /// When it cannot be opened, or nothing of it can be read.
    pub(crate) fn open(path: &Path, stop: &Stop) -> io::Result<Self> {
        let (input, mut rest) = if path.as_os_str() == "-" {
            (standard_input(), open_standard_input(stop))
        } else {
            let found = std::fs::metadata(path)?;
            let input = Input {
                name: path.to_string_lossy().into_owned(),
                path: Some(path.to_owned()),
                named: true,
                size: found.is_file().then_some(found.len()),
                context: context_of(path),
            };
            (input, open_file(path, stop)?)
        };
        let mut head = Vec::new();
        let read = rest.as_mut().take(HEAD).read_to_end(&mut head);
        // Behind what was read, the reason comes again.
        if head.is_empty() && stop.requested().is_none() {
            read?;
        }
        Ok(Self { input: [input], head, rest: Mutex::new(Some(rest)) })
    }

    /// Returns its beginning.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Returns all of it, beginning with the beginning.
    pub(crate) fn into_reader(self) -> Box<dyn Read + Send> {
        let rest = self.rest.into_inner().unwrap_or_else(PoisonError::into_inner);
        Box::new(Cursor::new(self.head).chain(rest.unwrap_or_else(|| Box::new(io::empty()))))
    }
}

impl InputSource for OpenedInput {
    fn inputs(&self) -> &[Input] {
        &self.input
    }

    fn open(&self, _: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let rest = rest.ok_or_else(|| io::Error::other("was read before"))?;
        Ok(Box::new(self.head.chain(rest)))
    }

    fn told(&self, _: usize, head: &[u8]) -> Option<saved::PullTrailer> {
        let [input] = &self.input;
        saved::told_by_input(input, head)
    }
}
