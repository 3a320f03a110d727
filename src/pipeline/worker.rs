//! One worker: its entries in the totals, its tally, its spool, and what else it collects from its inputs.

use std::io;
use std::sync::Arc;

use super::closed::Unjudged;
use super::records::RecordSpool;
use super::shown::Shown;
use super::stream_part::StreamPart;
use super::tally::Tally;
use super::{Options, Progress};
use crate::decode::{Buffers, WindowMemory};
use crate::model::{Attempt, Bucket, FunctionArn, Keep, Lines, Note, Origin, Place, RequestId, Stretch, Timestamp};
use crate::source::saved::{AccountTold, PullTrailer};
use crate::source::{Input, InputSource};
use crate::summary::{Entries, SharedTables, StreamNames, reset};
use crate::wire::{CutEnds, NotARecord, Record};

/// The data that all workers share.
pub(super) struct Job<'r> {
    pub(super) options: &'r Options,
    pub(super) inputs: &'r [Input],
    pub(super) feed: &'r dyn InputSource,
    pub(super) shared: &'r SharedTables,
    pub(super) windows: &'r WindowMemory,
    pub(super) keep: &'r Keep,
    pub(super) progress: &'r dyn Progress,
}

/// The origin of attempts that name another function than their stream does, with what it was made of.
pub(super) struct NamedByAttempt {
    function: Arc<str>,
    stream: Arc<Origin<String>>,
    /// `None` where it is the same.
    other: Option<(Arc<Origin<String>>, StreamNames)>,
}

/// A thread's state, from its first input to the end of the run.
pub(super) struct Worker<'r> {
    pub(super) options: &'r Options,
    pub(super) inputs: &'r [Input],
    pub(super) entries: Entries<'r>,
    pub(super) tally: Tally,
    pub(super) spool: Option<RecordSpool>,
    /// The reason why there is no spool although one was wanted: without it there are no records.
    pub(super) spool_error: Option<io::Error>,
    pub(super) stream_parts: Vec<StreamPart>,
    /// Time ranges for which inputs say they were requested.
    pub(super) windows: Vec<(Timestamp, Timestamp)>,
    /// What accounts told besides the logs, by input.
    pub(super) account: Vec<AccountTold>,
    pub(super) progress: &'r dyn Progress,
    /// The choice of lines of attempts that are kept.
    pub(super) keep: &'r Keep,
    pub(super) shown: Shown,
    pub(super) buffers: Buffers,
    /// Memory for the ordinary lines of a batch.
    pub(super) stretches: Vec<Stretch>,
    /// Attempts that are closed and judged later, if helpers do the judging.
    pub(super) unjudged: Option<Unjudged>,
    /// The helpers that share large inputs with this worker, with what they have judged.
    pub(super) helpers: Vec<Worker<'r>>,
    /// What the last attempt that named its function came to: mostly the next one says the same.
    named: Option<NamedByAttempt>,
}

impl<'r> Worker<'r> {
    pub(super) fn new(job: &Job<'r>) -> Self {
        let wanted = job.options.keep_records || job.options.ledger;
        let (spool, spool_error) = match wanted.then(RecordSpool::new).transpose() {
            Ok(spool) => (spool, None),
            Err(error) => (None, Some(error)),
        };
        Self {
            options: job.options,
            inputs: job.inputs,
            entries: Entries::new(job.shared),
            tally: Tally::new(job.options.each_log),
            spool,
            spool_error,
            stream_parts: Vec::new(),
            windows: Vec::new(),
            account: Vec::new(),
            progress: job.progress,
            keep: job.keep,
            shown: Shown::new(job.options.show.as_ref()),
            buffers: Buffers::new(job.windows),
            stretches: Vec::new(),
            unjudged: None,
            helpers: Vec::new(),
            named: None,
        }
    }

    /// Returns the helpers that shared its inputs, and this worker.
    pub(super) fn with_helpers(mut self) -> impl Iterator<Item = Self> {
        let helpers = std::mem::take(&mut self.helpers);
        helpers.into_iter().chain([self])
    }

    /// Takes what an input says besides its events.
    pub(super) fn told(&mut self, at: usize, told: PullTrailer) {
        let moment = |ms: Option<i64>| ms.and_then(Timestamp::from_ms);
        self.windows.extend(moment(told.from_ms).zip(moment(told.to_ms)));
        self.tally.unreadable.extend(told.problems());
        for note in told.all_notes() {
            let input = u32::try_from(at).unwrap_or(u32::MAX);
            self.take_note(input, note);
        }
        self.tally.accounts(told.accounts);
        self.account.push(told.account);
    }

    pub(super) fn take_own_record(&mut self, json: &[u8], place: Place) {
        self.tally.log_events += 1;
        let bytes = json.len() as u64;
        let record = Record::read(json).and_then(|mut record| {
            record.mask(&self.options.redaction);
            let names = self.entries.add_record(&record, place).ok_or(NotARecord::NotWhole)?;
            Ok((record, names))
        });
        let (record, names) = match record {
            Ok((record, names)) => (record, names),
            Err(why) => {
                let input = self.inputs.get(place.input as usize).map_or("", |input| &input.name);
                self.tally.unread_record(input, place.line, why);
                self.tally.count(place.input, Bucket::Unrecognized, bytes);
                return;
            }
        };
        self.tally.count(place.input, Bucket::Attributed, bytes);
        if !record.understood {
            self.tally.partial.insert(place.input);
        }
        // Most runs want only the sums, and a copy costs as much as reading the record.
        if self.spool.is_none() && matches!(self.shown, Shown::None) {
            return;
        }
        let record = reset(&record);
        let request = record.request_id.as_ref().and_then(|id| RequestId::read(id));
        if let Some(request) = request.filter(|id| self.shown.wants(*id, false)) {
            let at = (place, names.function());
            self.shown.take(request, record.clone(), at, &Lines::default(), None, &self.options.redaction);
        }
        self.spool(&record, place, names);
    }

    /// Returns the origin of an attempt whose own lines name another function than its stream does.
    pub(super) fn named_by_attempt(
        &mut self,
        stream: &Arc<Origin<String>>,
        attempt: &Attempt,
    ) -> Option<(Arc<Origin<String>>, StreamNames)> {
        let function = attempt.function.as_ref()?;
        if let Some(known) = &self.named
            && Arc::ptr_eq(&known.stream, stream)
            && known.function == *function
        {
            return known.other.clone();
        }
        let mut origin = Origin::clone(stream);
        match FunctionArn::parse(function) {
            Some(arn) => {
                origin.function = Some(arn.name.to_owned());
                origin.region = Some(arn.region.to_owned());
                origin.account_id = Some(arn.account_id.to_owned());
            }
            None => origin.function = Some(function.to_string()),
        }
        origin.each_mut().for_each(|name| self.options.redaction.mask(name));
        let other = (origin != **stream).then(|| {
            let names = self.entries.stream(&origin, attempt.place.input);
            if stream.function.is_none() {
                self.entries.name_stream(attempt.place.input, names);
            }
            (Arc::new(origin), names)
        });
        self.named =
            Some(NamedByAttempt { function: Arc::clone(function), stream: Arc::clone(stream), other: other.clone() });
        other
    }

    pub(super) fn take_note(&mut self, input: u32, note: Note) {
        let name = self.inputs.get(input as usize).map_or("", |input| input.name.as_str());
        let text = self.options.redaction.masked(&note.text);
        self.tally.note(Note { text: format!("{name}: {text}"), ..note });
    }

    pub(super) fn spool(&mut self, record: &Record, place: Place, names: StreamNames) {
        let hidden = self.options.failures_only
            && !crate::model::Category::from_id(&record.category).is_some_and(crate::model::Category::is_failure);
        // It may be a piece of one that failed.
        let is_kept = self.options.ledger || !hidden || record.window_cut != CutEnds::None;
        if let (Some(spool), true) = (&mut self.spool, is_kept)
            && let Err(error) = spool.push(record, place, names.function(), hidden)
        {
            self.spool = None;
            self.spool_error = Some(error);
        }
    }
}
