//! Reading of one input: it is opened, decoded with as many threads as it is worth, and counted in coverage.

use crate::lambda::sentences::is_prose;
use crate::model::{Origin, Sighting};
use std::io::{self, Read};
use std::thread;

use super::Progress;
use super::sharing::relay;
use super::stream_part::StreamPart;
use super::streams::Streams;
use super::tally::masked_sighting;
use super::worker::{Job, Worker};
use crate::decode::{self, Buffers, DecodeError, Decoded, Opened};
use crate::source::{self, Stop, StopSignal};
use crate::wire::InputProblem;

/// Number of helpers above which waiting for the turn costs more than the helper gains: a good third of the work is
/// done in turn.
const MOST_HELPERS: usize = 3;

impl<'r> Worker<'r> {
    /// Reads one input to its end with `threads` threads, and closes the streams that no other input continues.
    pub(super) fn read(&mut self, job: &Job<'r>, at: usize, threads: usize, is_whole: impl Fn(&StreamPart) -> bool) {
        let input = &job.inputs[at];
        if !input.named && input.path.as_deref().is_some_and(source::is_document) {
            let reason = "a document or source code by its name, no log; name it to read it".to_owned();
            self.tally.inputs += 1;
            self.tally.skipped.push(InputProblem { input: input.name.clone(), reason });
            return;
        }
        let mut buffers = std::mem::take(&mut self.buffers);
        buffers.read_ahead(threads > 1);
        let mut helpers = std::mem::take(&mut self.helpers);
        while threads > 1 && helpers.len() < threads.min(MOST_HELPERS) {
            helpers.push(Worker::new(job));
        }
        let sharing = if threads > 1 { helpers.as_mut_slice() } else { &mut [] };
        let (function, keep) = (self.options.function.as_deref(), self.keep);
        let mut streams = Streams::new(self, u32::try_from(at).unwrap_or(u32::MAX), function, keep);
        let before = streams.output().tally.mark();
        let seen = decode_input(job, at, sharing, &mut buffers, &mut streams);
        let (unread, read_any) = (streams.take_unread_part(), streams.read_any());
        if let Some(sighting) = streams.only_quotes()
            && !input.named
            && seen.left_early.is_none()
            && is_prose(&sighting.before)
        {
            let reason = format!("no log: line {} quotes {:?}", sighting.line, sighting.sentence);
            drop(streams);
            self.tally.reset(before);
            self.tally.inputs += 1;
            self.tally.skipped.push(InputProblem { input: input.name.clone(), reason });
            self.buffers = buffers;
            self.helpers = helpers;
            return;
        }
        for mut stream_part in streams.into_stream_parts() {
            if is_whole(&stream_part) {
                self.close_stream(vec![stream_part]);
            } else {
                stream_part.part.shrink(self.keep);
                self.stream_parts.push(stream_part);
            }
        }
        self.buffers = buffers;
        self.helpers = helpers;
        // A part that is no log does not take back the events of those before it.
        let refused = self.tally.log_events == before.0
            && matches!(seen.result, Err(DecodeError::NotALog(_) | DecodeError::OtherKind(_)));
        let quotes = |sighting: &Sighting| refused && !input.named && is_prose(&sighting.before);
        if let Some(sighting) = unread.filter(|sighting| !quotes(sighting)) {
            let sighting = masked_sighting(&sighting, &self.options.redaction);
            self.tally.unread(&input.name, &sighting, refused && !input.named);
        }
        if !refused {
            self.tally.bytes_read += seen.bytes_read;
            self.tally.bytes_decoded += seen.bytes_decoded;
            if let Some(by_input) = &mut self.tally.by_input {
                by_input.decoded(u32::try_from(at).unwrap_or(u32::MAX), seen.bytes_decoded, read_any);
            }
        }
        self.tally.inputs += 1;
        if let Some(signal) = seen.left_early {
            // Whatever its decoder makes of the missing end.
            let reason = format!("interrupted by {} before its end: what came before counts", signal.name());
            self.tally.left_early += 1;
            self.tally.unreadable.push(InputProblem { input: input.name.clone(), reason });
            return;
        }
        if let Some(told) = job.feed.told(at, &seen.head) {
            self.told(at, told);
        }
        let Err(error) = seen.result else { return };
        let reason = match &error {
            DecodeError::Io(error) => source::reason(error),
            error => error.to_string(),
        };
        let problem = InputProblem { input: input.name.clone(), reason };
        match error {
            _ if refused && !input.named => self.tally.skipped.push(problem),
            _ => self.tally.unreadable.push(problem),
        }
    }
}

/// Facts about an input besides its events.
struct ReadOutcome {
    bytes_read: u64,
    bytes_decoded: u64,
    /// The first bytes of the input, before decoding.
    head: Vec<u8>,
    /// The signal because of which it was left before its end.
    left_early: Option<StopSignal>,
    result: Result<(), DecodeError>,
}

/// Opens an input and decodes it into a sink.
fn decode_input<'r>(
    job: &Job<'r>,
    at: usize,
    helpers: &mut [Worker<'r>],
    buffers: &mut Buffers,
    sink: &mut Streams<'_, Worker<'r>>,
) -> ReadOutcome {
    let mut source = match job.feed.open(at) {
        Ok(source) => source,
        Err(error) => {
            let result = Err(DecodeError::Io(error));
            let left_early = job.options.stop.requested();
            return ReadOutcome { bytes_read: 0, bytes_decoded: 0, head: Vec::new(), left_early, result };
        }
    };
    let mut reader = Counted {
        reader: &mut *source,
        bytes: 0,
        head: Vec::new(),
        progress: job.progress,
        stop: &job.options.stop,
        left_early: None,
    };
    let context = &job.inputs[at].context;
    let decoded = if helpers.is_empty() {
        decode::decode(&mut reader, context, buffers, sink)
    } else {
        decode_together(&mut reader, context, helpers, buffers, sink)
    };
    let Counted { bytes, head, left_early, .. } = reader;
    ReadOutcome { bytes_read: bytes, bytes_decoded: decoded.bytes, head, left_early, result: decoded.result }
}

/// Decodes with several threads: in chunks, or with the decoder in a thread of its own.
fn decode_together<'r>(
    reader: &mut Counted<'_>,
    context: &Origin<String>,
    helpers: &mut [Worker<'r>],
    buffers: &mut Buffers,
    sink: &mut Streams<'_, Worker<'r>>,
) -> Decoded {
    let mut whole = match decode::open(reader) {
        Opened::Splits(splits) => return splits.decode(context, helpers, sink),
        Opened::Whole(whole) => whole,
    };
    let (mut relay, arrivals) = relay();
    let decoded = thread::scope(|scope| {
        let decoder = scope.spawn(move || {
            let decoded = decode::decode(&mut *whole, context, buffers, &mut relay);
            relay.finish();
            decoded
        });
        arrivals.deliver(sink);
        decoder.join()
    });
    // Propagates the panic.
    decoded.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Number of first bytes of an input that are remembered.
const HEAD: usize = 4;

/// A reader that counts bytes, reports progress, and tells a request to stop from other failures.
struct Counted<'a> {
    reader: &'a mut (dyn Read + Send),
    bytes: u64,
    head: Vec<u8>,
    progress: &'a dyn Progress,
    stop: &'a Stop,
    left_early: Option<StopSignal>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer).inspect_err(|error| {
            // After this kind it is read on.
            if error.kind() != io::ErrorKind::Interrupted {
                self.left_early = self.stop.requested();
            }
        })?;
        if self.head.len() < HEAD {
            self.head.extend(buffer.iter().take(read.min(HEAD - self.head.len())));
        }
        self.bytes += read as u64;
        self.progress.advance(read as u64);
        Ok(read)
    }
}
