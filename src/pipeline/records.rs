//! The records of a run: written to a temporary file (spool) as they come, read back in the order of inputs and lines.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::model::Place;
use crate::summary::{Patch, Patches, TimeoutSource, joined};
use crate::wire::{Record, RecordForm, SideEffectLine};

/// Text in a spooled record that stands for values known only after the last input.
const FIRST_ATTEMPT: &[u8] = b"\"attempt\":1,";
const NO_FUNCTION: &[u8] = b"\"function\":null,";
const NO_PLACE: &[u8] = b"\"account_id\":null,\"region\":null,";
const NO_INPUT: &[u8] = b"\"input\":null,";
const UNDERSTOOD: &[u8] = b"\"understood\":true,";
const NOT_UNDERSTOOD: &[u8] = b"\"understood\":false,";
const EVERY_SUCCESS: &[u8] = b"\"successes_left_out\":false,";
const NOT_EVERY_SUCCESS: &[u8] = b"\"successes_left_out\":true,";
const NO_TIMEOUT: &[u8] = b"\"timeout_ms\":null,\"timeout_source\":null";
/// What stands for what caught the event.
const NOT_CAUGHT: &[u8] = b"\"caught_by\":null";
/// What stands for what Lambda Insights measured.
const NOT_MEASURED: &[u8] = b"\"lambda_insights\":null";
const NO_OUTCOME: &[u8] = b"\"outcome\":null,\"retry_guidance\":null,\"retry_reason\":null";
const NOT_COMPARED: &[u8] = b"\"repeated\":null";

/// Position of a record in the spool of its worker.
#[derive(Clone, Copy, Debug)]
struct Spooled {
    place: Place,
    function: u32,
    length: u32,
    /// Start of the attempt, the least number where it is not known.
    start_ms: i64,
    /// Whether the record tells the runtime.
    has_runtime: bool,
    offset: u64,
    /// Whether the record is kept for the ledger only.
    hidden: bool,
}

/// The spool of one worker.
#[derive(Debug)]
pub(super) struct RecordSpool {
    file: BufWriter<File>,
    index: Vec<Spooled>,
    end: u64,
    line: Vec<u8>,
}

impl RecordSpool {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            index: Vec::new(),
            end: 0,
            line: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, record: &Record, place: Place, function: u32, hidden: bool) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record)?;
        self.file.write_all(&self.line)?;
        let length = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        let start_ms = record.started_at_ms.unwrap_or(i64::MIN);
        let has_runtime = record.runtime.is_some();
        self.index.push(Spooled { place, function, length, start_ms, has_runtime, offset: self.end, hidden });
        self.end += self.line.len() as u64;
        Ok(())
    }
}

/// The records of a run, or the reason why there are none.
#[derive(Debug, Default)]
pub struct Records {
    /// Reason of the failure, where the temporary file failed.
    failure: Option<String>,
    spools: Vec<BufReader<File>>,
    index: Vec<(u16, Spooled)>,
    patches: Patches,
    /// Whether all of the log was read and understood.
    understood: bool,
    /// Whether only failures are written.
    failures_only: bool,
    /// How they are written.
    form: RecordForm,
    /// Whether later attempts repeated each side effect, by place of the attempt.
    repeated: FxHashMap<Place, Vec<bool>>,
}

impl Records {
    /// Makes the records of a run. `understood` is whether all of its log was read and understood, `failures_only` whether
    /// records of other attempts are kept for the ledger only.
    pub(super) fn new(
        spools: Vec<RecordSpool>,
        patches: Patches,
        understood: bool,
        failures_only: bool,
        form: RecordForm,
    ) -> io::Result<Self> {
        let mut readers = Vec::with_capacity(spools.len());
        let mut index = Vec::with_capacity(spools.iter().map(|spool| spool.index.len()).sum());
        for (worker, spool) in (0u16..).zip(spools) {
            index.extend(spool.index.iter().map(|spooled| (worker, *spooled)));
            let mut file = spool.file.into_inner().map_err(io::IntoInnerError::into_error)?;
            io::Seek::rewind(&mut file)?;
            readers.push(BufReader::with_capacity(1 << 16, file));
        }
        index.sort_unstable_by_key(|(_, spooled)| spooled.place);
        if patches.has_pieces() {
            tell_of_pieces(&mut index, &patches);
        }
        let repeated = FxHashMap::default();
        let mut records =
            Self { failure: None, spools: readers, index, patches, understood, failures_only, form, repeated };
        for places in std::mem::take(&mut records.patches.repeats) {
            records.compare(&places)?;
        }
        Ok(records)
    }

    /// Creates records that only report the failure of the temporary file: reading them fails, but output that needs no
    /// records can still be printed.
    pub(super) fn missing(error: &io::Error) -> Self {
        Self { failure: Some(error.to_string()), ..Self::default() }
    }

    fn check(&self) -> io::Result<()> {
        self.failure.as_ref().map_or(Ok(()), |reason| {
            Err(io::Error::other(format!(
                "the temporary file for the records failed ({reason}); free space for temporary files, or set TMPDIR"
            )))
        })
    }

    /// Compares the side effects of the attempts of one invocation event with those of later ones.
    fn compare(&mut self, places: &[Place]) -> io::Result<()> {
        let mut effects = Vec::with_capacity(places.len());
        for place in places {
            effects.push(self.get(*place)?.map(|record| record.side_effects).unwrap_or_default());
        }
        // No attempt follows the last one.
        for (at, place) in places.iter().enumerate().take(places.len().saturating_sub(1)) {
            let later = &effects[at + 1..];
            let again = |one| later.iter().flatten().any(|other: &SideEffectLine| other.is_repeat_of(one));
            let repeated = effects[at].iter().map(again).collect();
            self.repeated.insert(*place, repeated);
        }
        Ok(())
    }

    /// Returns the record of the attempt that begins at a place, including what is only known at the end of the run.
    ///
    /// # Errors
    /// When the temporary file failed or cannot be read.
    pub fn get(&mut self, place: Place) -> io::Result<Option<Record>> {
        self.check()?;
        let Ok(at) = self.index.binary_search_by_key(&place, |(_, spooled)| spooled.place) else { return Ok(None) };
        let (_, spooled) = self.index[at];
        let mut line = self.spooled(at)?;
        if !self.patches.pieces(place).is_empty() {
            line = self.joined(place, line)?;
        }
        self.complete(&mut line, &spooled);
        Ok(serde_json::from_slice(&line).ok())
    }

    /// Reads a record as it was spooled.
    fn spooled(&mut self, at: usize) -> io::Result<Vec<u8>> {
        let (worker, spooled) = self.index[at];
        let reader = &mut self.spools[usize::from(worker)];
        io::Seek::seek(reader, io::SeekFrom::Start(spooled.offset))?;
        let mut line = vec![0; spooled.length as usize];
        reader.read_exact(&mut line)?;
        Ok(line)
    }

    /// Joins a record with those of the other pieces of its attempt.
    fn joined(&mut self, place: Place, first: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut whole: Record = serde_json::from_slice(&first)?;
        for piece in self.patches.pieces(place).to_vec() {
            let Ok(at) = self.index.binary_search_by_key(&piece, |(_, spooled)| spooled.place) else { continue };
            let line = self.spooled(at)?;
            let line = if self.patches.pieces(piece).is_empty() { line } else { self.joined(piece, line)? };
            whole = joined::record(whole, serde_json::from_slice(&line)?);
        }
        Ok(serde_json::to_vec(&whole)?)
    }

    /// Fills in what was not known when the record was spooled; returns false if the record is to be left out.
    fn complete(&self, line: &mut Vec<u8>, spooled: &Spooled) -> bool {
        let Some(patch) = self.patches.of(spooled.place) else { return false };
        fill_in(line, patch, self.patches.timeout_ms(spooled.function));
        if let Some(told) = self.patches.function(spooled.function) {
            let name = serde_json::to_string(&told.name).unwrap_or_default();
            replace(line, NO_FUNCTION, format!("\"function\":{name},").as_bytes());
            let place = [&told.account_id, &told.region].map(|one| serde_json::to_string(one).unwrap_or_default());
            replace(line, NO_PLACE, format!("\"account_id\":{},\"region\":{},", place[0], place[1]).as_bytes());
        }
        if let Some(caught_by) = self.patches.caught_by(spooled.place) {
            let caught_by = serde_json::to_string(caught_by).unwrap_or_default();
            replace(line, NOT_CAUGHT, format!("\"caught_by\":{caught_by}").as_bytes());
        }
        if let Some(told) = self.patches.lambda_insights(spooled.place) {
            let told = serde_json::to_string(&told).unwrap_or_default();
            replace(line, NOT_MEASURED, format!("\"lambda_insights\":{told}").as_bytes());
        }
        if !self.understood {
            replace(line, UNDERSTOOD, NOT_UNDERSTOOD);
        }
        if self.failures_only || self.patches.lacks_successes(spooled.function) {
            replace(line, EVERY_SUCCESS, NOT_EVERY_SUCCESS);
        }
        if let Some(nameless) = self.patches.nameless(spooled.function) {
            replace(line, NO_INPUT, format!("\"input\":\"{nameless:016x}\",").as_bytes());
        }
        for repeated in self.repeated.get(&spooled.place).into_iter().flatten() {
            // Each call replaces the first placeholder left, so the values go to the side effects in order.
            replace(line, NOT_COMPARED, format!("\"repeated\":{repeated}").as_bytes());
        }
        true
    }

    /// Writes the records as ndjson.
    ///
    /// # Errors
    /// When the temporary file failed or cannot be read, or `out` cannot be written.
    pub fn write_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.check()?;
        let mut positions = vec![0u64; self.spools.len()];
        for reader in &mut self.spools {
            io::Seek::rewind(reader)?;
        }
        let (mut line, mut compact) = (Vec::new(), Vec::new());
        let telling = Telling::of(self.form, self.index.iter().map(|(_, one)| one).filter(|one| self.is_written(one)));
        for at in 0..self.index.len() {
            let (worker, spooled) = &self.index[at];
            if !self.is_written(spooled) {
                continue;
            }
            let (worker, spooled) = (usize::from(*worker), *spooled);
            let reader = &mut self.spools[worker];
            let distance = i64::try_from(spooled.offset).unwrap_or(i64::MAX)
                - i64::try_from(positions[worker]).unwrap_or(i64::MAX);
            reader.seek_relative(distance)?;
            line.resize(spooled.length as usize, 0);
            reader.read_exact(&mut line)?;
            positions[worker] = spooled.offset + u64::from(spooled.length);
            if !self.patches.pieces(spooled.place).is_empty() {
                line = self.joined(spooled.place, std::mem::take(&mut line))?;
                for (other, position) in positions.iter_mut().enumerate() {
                    *position = io::Seek::stream_position(&mut self.spools[other])?;
                }
            }
            self.complete(&mut line, &spooled);
            if self.form == RecordForm::Compact {
                let record: Record = serde_json::from_slice(&line)?;
                compact.clear();
                record.write_compact(telling.tells(&spooled), &mut compact)?;
                std::mem::swap(&mut line, &mut compact);
            }
            line.push(b'\n');
            out.write_all(&line)?;
        }
        out.flush()
    }

    fn is_written(&self, spooled: &Spooled) -> bool {
        !spooled.hidden && self.patches.of(spooled.place).is_some()
    }
}

/// Takes what the pieces of an attempt tell for the whole, by which it is found and written.
fn tell_of_pieces(index: &mut [(u16, Spooled)], patches: &Patches) {
    for at in 0..index.len() {
        for piece in patches.pieces(index[at].1.place) {
            let Ok(other) = index.binary_search_by_key(piece, |(_, spooled)| spooled.place) else { continue };
            let other = index[other].1;
            let whole = &mut index[at].1;
            whole.hidden &= other.hidden;
            whole.has_runtime |= other.has_runtime;
        }
    }
}

/// The latest starts of each function, whose records tell what is the same in all: of several, the latest one counts.
#[derive(Debug, Default)]
struct Telling {
    of_timeout: FxHashMap<u32, i64>,
    of_runtime: FxHashMap<u32, i64>,
}

impl Telling {
    fn of<'r>(form: RecordForm, records: impl Iterator<Item = &'r Spooled>) -> Self {
        let mut telling = Self::default();
        if form == RecordForm::Full {
            return telling;
        }
        for one in records {
            let add = |latest: &mut FxHashMap<u32, i64>| {
                let start_ms = latest.entry(one.function).or_insert(i64::MIN);
                *start_ms = one.start_ms.max(*start_ms);
            };
            add(&mut telling.of_timeout);
            if one.has_runtime {
                add(&mut telling.of_runtime);
            }
        }
        telling
    }

    /// Returns whether a record is one that tells. Of those without a time any may be.
    fn tells(&self, one: &Spooled) -> bool {
        let is_latest = |latest: &FxHashMap<u32, i64>| latest.get(&one.function) == Some(&one.start_ms);
        is_latest(&self.of_timeout) || one.has_runtime && is_latest(&self.of_runtime)
    }
}

/// Fills in what was not known when the record was spooled. The placeholders contain bare quotes, so they cannot occur
/// inside a string.
fn fill_in(line: &mut Vec<u8>, patch: Patch, timeout: Option<(u64, TimeoutSource)>) {
    if patch.number != 1 {
        replace(line, FIRST_ATTEMPT, format!("\"attempt\":{},", patch.number).as_bytes());
    }
    if let Some(outcome) = patch.outcome {
        let quoted = |text: Option<&str>| text.map_or("null".to_owned(), |text| format!("\"{text}\""));
        let known = format!(
            "\"outcome\":\"{}\",\"retry_guidance\":{},\"retry_reason\":{}",
            outcome.as_str(),
            quoted(patch.advice.map(|advice| advice.word)),
            quoted(patch.advice.map(|advice| advice.reason))
        );
        replace(line, NO_OUTCOME, known.as_bytes());
    }
    if let Some((ms, source)) = timeout {
        let known = format!("\"timeout_ms\":{ms},\"timeout_source\":\"{}\"", source.as_str());
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
        let mut line = br#"{"request_id":"a","attempt":1,"message":"\"attempt\":1,","timeout_ms":null,"timeout_source":null,"outcome":null,"retry_guidance":null,"retry_reason":null}"#
            .to_vec();
        let patch = Patch { number: 3, outcome: Some(crate::summary::Outcome::Recovered), advice: None };
        fill_in(&mut line, patch, Some((3_000, TimeoutSource::Observed)));
        let want = r#"{"request_id":"a","attempt":3,"message":"\"attempt\":1,","timeout_ms":3000,"timeout_source":"observed","outcome":"recovered","retry_guidance":null,"retry_reason":null}"#;
        assert_eq!(String::from_utf8(line).expect("UTF-8"), want);
    }
}
