//! The events of a run with an attempt that failed, in a temporary file: what a pull keeps to be shown later.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use rustc_hash::FxHashSet;

use super::held::{EndTold, HeldAttempt, event_of};
use crate::model::{Place, RequestId};
use crate::summary::Patches;
use crate::wire::{ShownAttempt, ShownEvent};

/// The failed attempts, in a temporary file.
#[derive(Debug)]
pub(super) struct FailedAttempts {
    /// `None` once the file has failed.
    file: Option<BufWriter<File>>,
    most_bytes: u64,
    end: u64,
    index: Vec<SpooledAttempt>,
    /// Events with an attempt that failed.
    failed: FxHashSet<RequestId>,
    /// Those of which an attempt is in the file.
    kept: FxHashSet<RequestId>,
    left_out: u64,
    text: Vec<u8>,
}

/// Position of an attempt in the file.
#[derive(Clone, Copy, Debug)]
struct SpooledAttempt {
    id: RequestId,
    place: Place,
    function: u32,
    offset: u64,
    length: usize,
}

impl FailedAttempts {
    pub(super) fn new(most_bytes: u64) -> Self {
        Self {
            file: tempfile::tempfile().ok().map(BufWriter::new),
            most_bytes,
            end: 0,
            index: Vec::new(),
            failed: FxHashSet::default(),
            kept: FxHashSet::default(),
            left_out: 0,
            text: Vec::new(),
        }
    }

    /// Returns whether an attempt is wanted: one that failed, or a further one of its event, which comes after it.
    pub(super) fn wants(&mut self, request: RequestId, failed: bool) -> bool {
        if failed {
            self.failed.insert(request);
        }
        failed || self.failed.contains(&request)
    }

    /// Leaves out what another worker took: only runs with one worker keep what failed.
    pub(super) fn leave_out(&mut self, other: &Self) {
        self.left_out += other.index.len() as u64 + other.left_out;
    }

    pub(super) fn push(&mut self, id: RequestId, waiting: &HeldAttempt) {
        if self.write(id, waiting).is_err() {
            self.file = None;
            self.left_out += self.index.len() as u64 + 1;
            self.index.clear();
        }
    }

    fn write(&mut self, id: RequestId, waiting: &HeldAttempt) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            self.left_out += 1;
            return Ok(());
        };
        self.text.clear();
        serde_json::to_writer(&mut self.text, &waiting.shown)?;
        let length = self.text.len();
        // A part is for further attempts of events that are kept already.
        let is_new = !self.kept.contains(&id);
        let room = if is_new { self.most_bytes / 4 * 3 } else { self.most_bytes };
        if self.end + length as u64 > room {
            self.left_out += 1;
            return Ok(());
        }
        self.kept.insert(id);
        file.write_all(&self.text)?;
        let (place, function) = (waiting.place, waiting.function);
        self.index.push(SpooledAttempt { id, place, function, offset: self.end, length });
        self.end += length as u64;
        Ok(())
    }

    pub(super) fn finish(mut self, patches: &Patches) -> io::Result<FailedEvents> {
        let Some(file) = self.file else {
            return Ok(FailedEvents { left_out: self.left_out, ..FailedEvents::default() });
        };
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.index.sort_unstable_by_key(|spooled| (spooled.id, spooled.function, spooled.place));
        let known = |spooled: &SpooledAttempt| {
            Some((*spooled, EndTold::of(patches.told_by(spooled.place)?, spooled.function, patches)?))
        };
        let index = self.index.iter().filter_map(known).collect();
        Ok(FailedEvents { file: Some(BufReader::new(file)), index, left_out: self.left_out })
    }
}

/// The events of a run with an attempt that failed, in a temporary file.
#[derive(Debug, Default)]
pub struct FailedEvents {
    file: Option<BufReader<File>>,
    /// Attempts by event.
    index: Vec<(SpooledAttempt, EndTold)>,
    /// Number of attempts for which there was no room.
    pub left_out: u64,
}

#[cfg_attr(not(feature = "cloudwatch"), expect(dead_code, reason = "only a pull keeps what failed"))]
impl FailedEvents {
    /// Returns the number of events.
    #[must_use]
    pub(crate) fn count(&self) -> u64 {
        self.index.chunk_by(is_same).count() as u64
    }

    /// Returns whether the event is among them.
    #[must_use]
    pub(crate) fn has(&self, request_id: &str) -> bool {
        RequestId::read(request_id)
            .is_some_and(|id| self.index.binary_search_by_key(&id, |(spooled, _)| spooled.id).is_ok())
    }

    /// Passes every event to `take`, by request id.
    ///
    /// # Errors
    /// When the temporary file cannot be read, or `take` fails.
    pub(crate) fn for_each(&mut self, mut take: impl FnMut(&ShownEvent) -> io::Result<()>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        for of_one in self.index.chunk_by(is_same) {
            let mut attempts = Vec::with_capacity(of_one.len());
            for (spooled, told) in of_one {
                file.seek(io::SeekFrom::Start(spooled.offset))?;
                let mut text = vec![0; spooled.length];
                file.read_exact(&mut text)?;
                let mut shown: ShownAttempt = serde_json::from_slice(&text)?;
                told.fill_in(&mut shown.record);
                attempts.push(shown);
            }
            attempts.sort_by_key(|shown| (shown.record.attempt, shown.record.started_at_ms));
            if let Some(event) = event_of(attempts) {
                take(&event)?;
            }
        }
        Ok(())
    }
}

fn is_same((a, _): &(SpooledAttempt, EndTold), (b, _): &(SpooledAttempt, EndTold)) -> bool {
    (a.id, a.function) == (b.id, b.function)
}
