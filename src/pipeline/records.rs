//! The records of a run: spooled to a temporary file as they come, read back in the order of inputs and lines.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use memchr::memmem;

use crate::model::Place;
use crate::summary::Patches;
use crate::wire::Record;

/// What a spooled record says before the last input is read.
const FIRST_ATTEMPT: &[u8] = b"\"attempt\":1,";
const NO_TIMEOUT: &[u8] = b"\"timeout_ms\":null,\"timeout_source\":null";

/// Where a record lies in the spool of its worker.
#[derive(Clone, Copy, Debug)]
struct Spooled {
    place: Place,
    function: u32,
    length: u32,
    offset: u64,
}

/// Takes the records of one worker.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    index: Vec<Spooled>,
    end: u64,
    line: Vec<u8>,
}

impl Spool {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            index: Vec::new(),
            end: 0,
            line: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, record: &Record, place: Place, function: u32) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record)?;
        self.file.write_all(&self.line)?;
        let length = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        self.index.push(Spooled { place, function, length, offset: self.end });
        self.end += self.line.len() as u64;
        Ok(())
    }
}

/// The records of a run.
#[derive(Debug)]
pub struct Records {
    spools: Vec<BufReader<File>>,
    index: Vec<(u16, Spooled)>,
    patches: Patches,
}

impl Records {
    pub(super) fn new(spools: Vec<Spool>, patches: Patches) -> io::Result<Self> {
        let mut readers = Vec::with_capacity(spools.len());
        let mut index = Vec::with_capacity(spools.iter().map(|spool| spool.index.len()).sum());
        for (worker, spool) in (0u16..).zip(spools) {
            index.extend(spool.index.iter().map(|spooled| (worker, *spooled)));
            let mut file = spool.file.into_inner().map_err(io::IntoInnerError::into_error)?;
            io::Seek::rewind(&mut file)?;
            readers.push(BufReader::with_capacity(1 << 16, file));
        }
        index.sort_unstable_by_key(|(_, spooled)| spooled.place);
        Ok(Self { spools: readers, index, patches })
    }

    /// Writes them as ndjson.
    ///
    /// # Errors
    /// When the temporary file cannot be read or `out` cannot be written.
    pub fn write_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut at = vec![0u64; self.spools.len()];
        for reader in &mut self.spools {
            io::Seek::rewind(reader)?;
        }
        let mut line = Vec::new();
        for (worker, spooled) in &self.index {
            let Some(number) = self.patches.attempt_number(spooled.place) else { continue };
            let worker = usize::from(*worker);
            let reader = &mut self.spools[worker];
            let distance =
                i64::try_from(spooled.offset).unwrap_or(i64::MAX) - i64::try_from(at[worker]).unwrap_or(i64::MAX);
            reader.seek_relative(distance)?;
            line.resize(spooled.length as usize, 0);
            reader.read_exact(&mut line)?;
            at[worker] = spooled.offset + u64::from(spooled.length);
            patch(&mut line, number, self.patches.timeout_ms(spooled.function));
            line.push(b'\n');
            out.write_all(&line)?;
        }
        out.flush()
    }
}

/// Fills in what the record could not know. The fragments contain bare quotes, so they cannot occur inside a string.
fn patch(line: &mut Vec<u8>, number: u32, timeout_ms: Option<u64>) {
    if number != 1 {
        replace(line, FIRST_ATTEMPT, format!("\"attempt\":{number},").as_bytes());
    }
    if let Some(ms) = timeout_ms {
        let known = format!("\"timeout_ms\":{ms},\"timeout_source\":\"observed\"");
        replace(line, NO_TIMEOUT, known.as_bytes());
    }
}

fn replace(line: &mut Vec<u8>, old: &[u8], new: &[u8]) {
    if let Some(at) = memmem::find(line, old) {
        line.splice(at..at + old.len(), new.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_what_only_the_end_tells() {
        let mut line =
            br#"{"request_id":"a","attempt":1,"message":"\"attempt\":1,","timeout_ms":null,"timeout_source":null}"#
                .to_vec();
        patch(&mut line, 3, Some(3_000));
        let want = r#"{"request_id":"a","attempt":3,"message":"\"attempt\":1,","timeout_ms":3000,"timeout_source":"observed"}"#;
        assert_eq!(String::from_utf8(line).expect("UTF-8"), want);
    }
}
