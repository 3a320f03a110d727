//! One stream of an input: who writes it, what is being put together, and which of its lines were counted and not kept.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::judge::Closing;
use super::stream_part::StreamPart;
use super::worker::Worker;
use crate::assemble::{Assembler, Message};
use crate::model::{Batch, FunctionArn, Keep, Note, Place, RequestId, Statement, StreamId, StreamKey, Stretch};
use crate::parse::Joiner;
use crate::summary::StreamNames;
use crate::wire::Identity;

/// One stream of the input.
pub(super) struct StreamState {
    pub(super) identity: Arc<Identity>,
    pub(super) names: StreamNames,
    pub(super) assembler: Assembler,
    pub(super) joiner: Joiner,
    /// What the joiner holds.
    pub(super) joined: Option<Joined>,
    /// It is listed among those whose joiner may hold something.
    pub(super) joining: bool,
    /// Not the stream of a function: the name of the kind of log.
    pub(super) foreign: Option<&'static str>,
    /// Number of its last event in the input.
    pub(super) last_event: u64,
    /// Lines of the batch at hand that were counted and not kept.
    pub(super) unread: Vec<Unread>,
}

/// Events in a row that were counted and not kept, each in a line of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread {
    /// Number of the first one in the batch.
    first: u32,
    events: u32,
    /// Number of the first one within its line.
    event: u32,
}

impl StreamState {
    /// A stream to which nothing was written yet.
    pub(super) fn new(identity: Identity, names: StreamNames, group: Option<&str>, event: u64) -> Self {
        Self {
            assembler: Assembler::new(identity.log_stream.is_some()),
            identity: Arc::new(identity),
            names,
            joiner: Joiner::default(),
            joined: None,
            joining: false,
            foreign: group.and_then(foreign_group),
            last_event: event,
            unread: Vec::new(),
        }
    }

    /// Ordinary lines need no further look.
    #[inline(always)]
    pub(super) fn dismisses(&self, keep: &Keep) -> bool {
        !self.joiner.is_open() && !self.assembler.wants_ids() && !keep.every_line
    }

    /// Remembers lines that were counted, the first of which has the number `event` in its line.
    pub(super) fn leave_unread(
        &mut self,
        lines: &Stretch,
        event: u32,
        stream: StreamId,
        with_unread: &mut Vec<StreamId>,
    ) {
        if self.unread.is_empty() {
            with_unread.push(stream);
        }
        self.unread.push(Unread { first: lines.first, events: lines.events, event });
    }

    /// Keeps the lines that were counted.
    pub(super) fn keep_unread(&mut self, batch: Option<&Batch<'_>>, input: u32, keep: &Keep) {
        let Some(batch) = batch.filter(|_| !self.unread.is_empty()) else { return };
        for Unread { first, events, event } in self.unread.drain(..) {
            for number in first..first + events {
                let Some(span) = batch.spans.get(number as usize) else { continue };
                let place = Place { input, line: batch.line(span), event: if number == first { event } else { 0 } };
                let text = batch.message(span);
                let bytes = text.len() as u64;
                let line = Message { at: span.at, place, text, escaped: span.escaped, bytes, keep };
                self.assembler.keep_unread(&line);
            }
        }
    }

    /// Takes what a message turned out to be.
    pub(super) fn take(&mut self, worker: &mut Worker<'_>, message: &Message<'_>, record: &Statement<'_>) {
        worker.understood |= is_about_an_attempt(record);
        match record {
            Statement::InitStart(start) | Statement::RestoreStart(start) => {
                // It names the function, too, but only once an environment: those that began before the window would be
                // a second row without a name.
                if let Some(runtime) = start.runtime_version {
                    worker.entries.runtime(self.names, message.at, runtime);
                }
            }
            Statement::Start { function_arn: Some(arn), .. } => {
                if let Some(arn) = FunctionArn::parse(arn) {
                    self.named(worker, message.place.input, arn);
                }
            }
            Statement::Report(report) if report.emulated => worker.note(message.place.input, emulator_note()),
            Statement::Foreign(kind) => worker.tally.foreign(kind, 1),
            Statement::LogsDropped { records } => worker.tally.logs_dropped(*records),
            _ => {}
        }
        self.assembler.record(message, record, &mut Closing::new(worker, &self.identity, self.names));
    }

    /// Every START of an attempt names the function, and neither path nor wrapping nor user did.
    fn named(&mut self, worker: &mut Worker<'_>, input: u32, arn: FunctionArn<'_>) {
        if self.identity.function.is_some() {
            return;
        }
        let mut identity = (*self.identity).clone();
        identity.function = Some(arn.name.to_owned());
        identity.region.get_or_insert_with(|| arn.region.to_owned());
        identity.account_id.get_or_insert_with(|| arn.account_id.to_owned());
        self.names = worker.entries.stream(&identity, input);
        self.identity = Arc::new(identity);
    }

    /// The end of the input: what is left, to be joined with other stretches of the stream.
    pub(super) fn finish(self, input: u32) -> Option<StreamPart> {
        let Self { identity, names, assembler, foreign, .. } = self;
        let stream = identity.log_stream.is_some().then(|| stream_hash(&identity));
        foreign.is_none().then(|| StreamPart { stream, identity, names, input, part: assembler.finish() })
    }
}

/// What is known of the messages of a block besides their text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joined {
    pub(super) place: Place,
    pub(super) bytes: u64,
    pub(super) request_id: Option<RequestId>,
}

impl Joined {
    /// With a further message behind.
    pub(super) fn and(self, more: Self) -> Self {
        Self { bytes: self.bytes + more.bytes, request_id: self.request_id.or(more.request_id), ..self }
    }
}

/// The platform tells of the beginning or the end of an attempt.
fn is_about_an_attempt(record: &Statement<'_>) -> bool {
    match record {
        Statement::Start { .. }
        | Statement::End { .. }
        | Statement::RuntimeDone { .. }
        | Statement::Report(_)
        | Statement::TimedOut { .. }
        | Statement::Foreign(_) => true,
        Statement::InitStart(_)
        | Statement::InitReport(_)
        | Statement::RestoreStart(_)
        | Statement::RestoreReport(_)
        | Statement::Crash(_)
        | Statement::ExitedEarly { .. }
        | Statement::Extension { .. }
        | Statement::ImageError { .. }
        | Statement::Informational
        | Statement::LogsDropped { .. }
        | Statement::App(_)
        | Statement::UnreadableReport { .. }
        | Statement::Unrecognized => false,
    }
}

fn emulator_note() -> Note {
    let text = "written by a local emulator: its memory figures repeat the size, and make no finding".to_owned();
    Note { incomplete: false, text }
}

/// Log groups that hold no invocation logs of event functions.
fn foreign_group(group: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 9] = [
        ("/aws/lambda-insights", "Lambda Insights"),
        ("/aws/lambda/web/", "Lambda Web Functions"),
        ("/aws/lambda/capacity-provider/", "Lambda capacity provider"),
        ("/aws/vendedlogs/states/", "Step Functions"),
        ("/aws/states/", "Step Functions"),
        ("API-Gateway-Execution-Logs_", "API Gateway execution log"),
        ("/aws/apigateway/", "API Gateway access log"),
        ("/aws/api-gateway/", "API Gateway access log"),
        ("/aws/vendedlogs/apis/", "API Gateway access log"),
    ];
    KINDS.iter().find(|(prefix, _)| group.starts_with(prefix)).map(|(_, kind)| *kind)
}

/// Equal for equal keys.
pub(super) fn key_hash(key: &StreamKey<'_>) -> u64 {
    hash_parts([key.account_id, key.region, key.group, key.stream, key.function])
}

/// The same for a stream in whatever shape it arrives: function and stream name.
fn stream_hash(identity: &Identity) -> u64 {
    hash_parts([identity.function.as_deref(), identity.log_stream.as_deref()])
}

fn hash_parts<const N: usize>(parts: [Option<&str>; N]) -> u64 {
    let mut hash = Xxh3::new();
    for part in parts {
        hash.update(&[u8::from(part.is_some())]);
        hash.update(part.unwrap_or("").as_bytes());
        hash.update(&[0xff]);
    }
    hash.digest()
}
