//! One worker: its ledger, its tally, its spool, and what it does with an attempt that is closed.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;

use super::hand::Unjudged;
use super::records::Spool;
use super::relay::relay;
use super::shown::Shown;
use super::sink::InputSink;
use super::slot::Piece;
use super::tally::Tally;
use super::{Options, Progress};
use crate::assemble::{self, Output};
use crate::decode::{self, Buffers, DecodeError, Decoded, InputContext, Opened};
use crate::model::{Attempt, Bucket, Keep, Lines, Note, Place, Stretch, Timestamp};
use crate::rules;
use crate::source::saved::Told;
use crate::source::{Feed, Input};
use crate::summary::{Ledger, Shared, StreamNames};
use crate::wire::{Identity, InputProblem, Record};

/// More hands than this wait for their turn more than they gain: a good third of the work is done in turn.
const MOST_HANDS: usize = 3;

/// What all workers share.
pub(super) struct Job<'r> {
    pub(super) options: &'r Options,
    pub(super) inputs: &'r [Input],
    pub(super) feed: &'r dyn Feed,
    pub(super) shared: &'r Shared,
    pub(super) keep: &'r Keep,
    pub(super) progress: &'r dyn Progress,
}

/// One worker.
pub(super) struct Worker<'r> {
    pub(super) options: &'r Options,
    pub(super) inputs: &'r [Input],
    pub(super) ledger: Ledger<'r>,
    pub(super) tally: Tally,
    pub(super) spool: Option<Spool>,
    /// Why there is no spool although it was asked for: without it there are no records.
    pub(super) spool_error: Option<io::Error>,
    pub(super) pieces: Vec<Piece>,
    /// The time that inputs say they were asked for.
    pub(super) windows: Vec<(Timestamp, Timestamp)>,
    progress: &'r dyn Progress,
    /// Which lines of attempts are kept.
    pub(super) keep: &'r Keep,
    pub(super) shown: Shown,
    buffers: Buffers,
    /// Memory for the ordinary lines of a batch.
    pub(super) stretches: Vec<Stretch>,
    /// Attempts that are closed and judged later, where that is wanted.
    pub(super) unjudged: Option<Unjudged>,
    /// A line of the platform about an attempt was read as one, since the last text ended.
    pub(super) understood: bool,
    /// The hands that share a large input with this one, with what they have judged.
    pub(super) hands: Vec<Worker<'r>>,
}

impl<'r> Worker<'r> {
    pub(super) fn new(job: &Job<'r>) -> Self {
        let wanted = job.options.keep_records || job.options.ledger;
        let (spool, spool_error) = match wanted.then(Spool::new).transpose() {
            Ok(spool) => (spool, None),
            Err(error) => (None, Some(error)),
        };
        Self {
            options: job.options,
            inputs: job.inputs,
            ledger: Ledger::new(job.shared),
            tally: Tally::default(),
            spool,
            spool_error,
            pieces: Vec::new(),
            windows: Vec::new(),
            progress: job.progress,
            keep: job.keep,
            shown: Shown::new(job.options.show.as_deref()),
            buffers: Buffers::default(),
            stretches: Vec::new(),
            unjudged: None,
            understood: false,
            hands: Vec::new(),
        }
    }

    /// Reads one input to its end with so many threads, and closes the streams that no other input goes on with.
    pub(super) fn read(&mut self, job: &Job<'r>, at: usize, threads: usize, is_whole: impl Fn(&Piece) -> bool) {
        let mut buffers = std::mem::take(&mut self.buffers);
        buffers.read_ahead(threads > 1);
        let mut hands = std::mem::take(&mut self.hands);
        while threads > 1 && hands.len() < threads.min(MOST_HANDS) {
            hands.push(Worker::new(job));
        }
        let sharing = if threads > 1 { hands.as_mut_slice() } else { &mut [] };
        let mut sink = InputSink::new(self, u32::try_from(at).unwrap_or(u32::MAX));
        let seen = decode_input(job, at, sharing, &mut buffers, &mut sink);
        sink.end();
        let unread = sink.unread();
        for mut piece in sink.into_pieces() {
            if is_whole(&piece) {
                self.close_stream(vec![piece]);
            } else {
                piece.part.seal(self.keep);
                self.pieces.push(piece);
            }
        }
        self.buffers = buffers;
        self.hands = hands;
        let input = &job.inputs[at];
        let refused = matches!(seen.result, Err(DecodeError::NotALog(_) | DecodeError::OtherKind(_)));
        if let Some(sighting) = unread {
            self.tally.unread(&input.name, &sighting, refused && !input.named);
        }
        if !refused {
            self.tally.bytes_read += seen.bytes_read;
            self.tally.bytes_decoded += seen.bytes_decoded;
        }
        self.tally.inputs += 1;
        if let Some(told) = job.feed.told(at, &seen.head) {
            self.told(at, told);
        }
        let Err(error) = seen.result else { return };
        let problem = InputProblem { input: input.name.clone(), reason: error.to_string() };
        match error {
            _ if refused && !input.named => self.tally.skipped.push(problem),
            _ => self.tally.unreadable.push(problem),
        }
    }

    /// This worker and the hands that shared its inputs.
    pub(super) fn with_hands(mut self) -> impl Iterator<Item = Self> {
        let hands = std::mem::take(&mut self.hands);
        hands.into_iter().chain([self])
    }

    /// Takes what an input tells besides its events.
    fn told(&mut self, at: usize, told: Told) {
        let moment = |ms: Option<i64>| ms.and_then(Timestamp::from_ms);
        self.windows.extend(moment(told.from_ms).zip(moment(told.to_ms)));
        let unread = told.unread.into_iter().map(|part| InputProblem { input: part.name, reason: part.reason });
        self.tally.unreadable.extend(unread);
        for remark in told.notes {
            let input = u32::try_from(at).unwrap_or(u32::MAX);
            self.note(input, Note { incomplete: remark.incomplete, text: remark.text });
        }
    }

    /// Joins the pieces of one stream and closes it.
    pub(super) fn close_stream(&mut self, mut pieces: Vec<Piece>) {
        pieces.sort_by_key(|piece| (piece.part.span(), piece.input));
        let Some(first) = pieces.first() else { return };
        let (identity, names) = (first.identity.clone(), first.names);
        let parts = pieces.into_iter().map(|piece| piece.part);
        let keep = self.keep;
        assemble::join(parts, keep, &mut Closing::new(self, &identity, names));
    }

    pub(super) fn own_record(&mut self, json: &[u8], place: Place) {
        self.tally.log_events += 1;
        let bytes = json.len() as u64;
        let record: Option<Record> = serde_json::from_slice(json).ok();
        let entered = record.as_ref().and_then(|record| Some((record, self.ledger.add_record(record, place)?)));
        let Some((record, names)) = entered else {
            self.tally.count(Bucket::Unrecognized, bytes);
            return;
        };
        self.tally.count(Bucket::Attributed, bytes);
        let record = record.reset();
        self.shown.take(&record, place, names.function(), &Lines::default(), &self.options.redaction);
        self.spool(&record, place, names);
    }

    pub(super) fn note(&mut self, input: u32, note: Note) {
        let name = self.inputs.get(input as usize).map_or("", |input| input.name.as_str());
        self.tally.note(Note { text: format!("{name}: {}", note.text), ..note });
    }

    fn spool(&mut self, record: &Record, place: Place, names: StreamNames) {
        let hidden = self.options.failures_only
            && !crate::model::Category::from_id(&record.category).is_some_and(crate::model::Category::is_failure);
        if let (Some(spool), true) = (&mut self.spool, self.options.ledger || !hidden)
            && let Err(error) = spool.push(record, place, names.function(), hidden)
        {
            self.spool = None;
            self.spool_error = Some(error);
        }
    }
}

/// Takes what is closed in one stream.
pub(super) struct Closing<'a, 'r> {
    worker: &'a mut Worker<'r>,
    identity: &'a Arc<Identity>,
    names: StreamNames,
}

impl<'a, 'r> Closing<'a, 'r> {
    pub(super) fn new(worker: &'a mut Worker<'r>, identity: &'a Arc<Identity>, names: StreamNames) -> Self {
        Self { worker, identity, names }
    }
}

impl Output for Closing<'_, '_> {
    fn closed(&mut self, attempt: &mut Attempt) {
        if let Some(unjudged) = &mut self.worker.unjudged
            && !rules::is_plain_success(attempt)
        {
            unjudged.push(attempt, self.identity, self.names);
            return;
        }
        let effects = &self.worker.options.effects;
        let mut verdict = rules::judge(attempt);
        if self.worker.keep.every_attempt {
            attempt.side_effects = effects.of_lines(&attempt.lines);
            attempt.has_side_effects = !attempt.side_effects.is_empty();
        } else if verdict.category.is_failure() {
            // Nobody asks what a success wrote, unless a person wants its record.
            attempt.has_side_effects = effects.any(&attempt.lines);
        }
        if attempt.has_side_effects {
            verdict.take_write();
        }
        let attempt = &*attempt;
        self.worker.progress.judged(verdict.category.is_failure());
        let (inputs, options) = (self.worker.inputs, self.worker.options);
        let input_name = |at: u32| inputs.get(at as usize).map(|input| input.name.clone()).unwrap_or_default();
        let record = || Record::new(self.identity, attempt, &verdict, &input_name, &options.redaction);
        self.worker.ledger.add(self.names, attempt, &verdict, &record);
        if self.worker.spool.is_some() {
            let record = record();
            self.worker.spool(&record, attempt.place, self.names);
        }
        if self.worker.shown.wants(attempt.request_id) {
            let (record, place) = (record(), attempt.place);
            self.worker.shown.take(&record, place, self.names.function(), &attempt.lines, &options.redaction);
        }
    }

    fn count(&mut self, bucket: Bucket, bytes: u64) {
        self.worker.tally.count(bucket, bytes);
    }

    fn duplicate(&mut self) {
        self.worker.tally.duplicates += 1;
    }
}

/// What was seen of an input besides its events.
struct Seen {
    bytes_read: u64,
    bytes_decoded: u64,
    /// Its first bytes, as they were read.
    head: Vec<u8>,
    result: Result<(), DecodeError>,
}

/// Opens an input and decodes it into a sink.
fn decode_input<'r>(
    job: &Job<'r>,
    at: usize,
    hands: &mut [Worker<'r>],
    buffers: &mut Buffers,
    sink: &mut InputSink<'_, 'r>,
) -> Seen {
    let mut source = match job.feed.open(at) {
        Ok(source) => source,
        Err(error) => {
            let result = Err(DecodeError::Io(error));
            return Seen { bytes_read: 0, bytes_decoded: 0, head: Vec::new(), result };
        }
    };
    let mut reader = Counted { reader: &mut *source, bytes: 0, head: Vec::new(), progress: job.progress };
    let context = &job.inputs[at].context;
    let decoded = if hands.is_empty() {
        decode::decode(&mut reader, context, buffers, sink)
    } else {
        decode_together(&mut reader, context, hands, buffers, sink)
    };
    Seen { bytes_read: reader.bytes, bytes_decoded: decoded.bytes, head: reader.head, result: decoded.result }
}

/// Decodes with several threads: in chunks, or with the decoder in a thread of its own.
fn decode_together<'r>(
    reader: &mut Counted<'_>,
    context: &InputContext,
    hands: &mut [Worker<'r>],
    buffers: &mut Buffers,
    sink: &mut InputSink<'_, 'r>,
) -> Decoded {
    let mut whole = match decode::open(reader) {
        Ok(Opened::Splits(splits)) => return splits.decode(context, hands, sink),
        Ok(Opened::Whole(whole)) => whole,
        Err(error) => return Decoded { shape: None, bytes: 0, result: Err(error) },
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
    // A panic goes on where it would have gone without the thread.
    decoded.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// First bytes of an input that are remembered.
const HEAD: usize = 4;

/// Counts what is read, and tells the progress.
struct Counted<'a> {
    reader: &'a mut (dyn Read + Send),
    bytes: u64,
    head: Vec<u8>,
    progress: &'a dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if self.head.len() < HEAD {
            self.head.extend(buffer.iter().take(read.min(HEAD - self.head.len())));
        }
        self.bytes += read as u64;
        self.progress.advance(read as u64);
        Ok(read)
    }
}
