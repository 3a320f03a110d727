//! Records of events that did not succeed and were caught: by a failure destination (SQS, SNS, EventBridge, S3, Lambda),
//! by the destination of an event source mapping, or by the dead-letter queue of a function.
//!
//! A record tells the request id of its event, so it joins the attempts in the log. The payload of an event is dropped
//! while its record is parsed: nothing here can hold it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::documents;
use crate::model::{FunctionArn, RequestId, Timestamp, count};
use crate::wire::{CaughtBy, Record, Redaction, moment};

/// Deepest nesting of envelopes: a record in an SNS notification in an SQS message in a Lambda event.
const DEEPEST: usize = 4;

/// One event that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaughtEvent {
    /// The request id that its attempts have in the log.
    pub request_id: RequestId,
    /// Name of the function; none in a dead-letter queue.
    pub function: Option<String>,
    /// AWS account of the function.
    pub account_id: Option<String>,
    /// Region of the function.
    pub region: Option<String>,
    /// What caught it: `destination`, `mapping_destination` or `dead_letter_queue`.
    pub kind: CatcherKind,
    /// Time of the record.
    pub at: Option<Timestamp>,
    /// AWS's word for why it was given up.
    pub condition: Option<String>,
    /// Attempts that Lambda counted.
    pub attempts: Option<u32>,
    /// Whether a mapping of Kafka gave it up, not one of a stream.
    pub from_kafka: bool,
    /// Name of the input that holds the record.
    pub input: String,
}

/// Function of attempts in the log, as far as that tells it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CaughtFunction<'a> {
    pub name: Option<&'a str>,
    pub account_id: Option<&'a str>,
    pub region: Option<&'a str>,
}

/// What catches an event. Of two that caught the same one the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CatcherKind {
    Destination,
    MappingDestination,
    DeadLetterQueue,
}

impl CatcherKind {
    const ALL: [Self; 3] = [Self::Destination, Self::MappingDestination, Self::DeadLetterQueue];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::MappingDestination => "mapping_destination",
            Self::DeadLetterQueue => "dead_letter_queue",
        }
    }
}

/// AWS's word for an event that was too old before it ran, or ran again.
const AGE_EXCEEDED: &str = "EventAgeExceeded";
/// AWS's word for an event that succeeded.
const SUCCESS: &str = "Success";

impl CaughtEvent {
    /// Returns what the machine formats say of it.
    pub(crate) fn caught_by(&self) -> CaughtBy {
        CaughtBy {
            kind: self.kind.as_str().to_owned(),
            at: moment(self.at),
            condition: self.condition.clone(),
            input: self.input.clone(),
        }
    }

    /// Returns the name of the invoker that is told by what caught it, and what that is, for people; `None` in a record of an
    /// earlier run, which does not tell streams from Kafka.
    pub(crate) fn invoker(&self) -> Option<(&'static str, &'static str)> {
        match self.kind {
            CatcherKind::Destination => Some(("async", "a failure destination")),
            CatcherKind::DeadLetterQueue => Some(("async", "a dead-letter queue")),
            CatcherKind::MappingDestination if self.attempts.is_none() => None,
            CatcherKind::MappingDestination if self.from_kafka => Some(("kafka", "a destination of a mapping")),
            CatcherKind::MappingDestination => Some(("stream", "a destination of a mapping")),
        }
    }

    /// Returns whether Lambda gave it up without running it: it waited for too long, or was never let in.
    fn never_ran(&self) -> bool {
        self.attempts == Some(0) || self.attempts.is_none() && self.condition.as_deref() == Some(AGE_EXCEEDED)
    }

    /// Returns a key by which two records of one event are in the same order in every run.
    fn rank(&self) -> (CatcherKind, Option<Timestamp>, &str) {
        (self.kind, self.at, &self.input)
    }
}

/// All events that were caught.
#[derive(Debug, Default)]
pub struct Destinations {
    /// By the bits of the request id.
    events: FxHashMap<u128, HeldEvent>,
    /// Records of events that succeeded.
    pub(crate) successes: u64,
    /// What records say of the attempts of their event, those of successes included, by the bits of the request id.
    told: FxHashMap<u128, ToldAttempts>,
    /// Names of the functions in these.
    functions: Vec<String>,
    /// Messages without the id of a request, by input: a queue's own dead-letter queue, or attributes that were not saved.
    pub(crate) without_id: BTreeMap<String, u64>,
}

/// Event, and whether an attempt of it was seen.
#[derive(Debug)]
struct HeldEvent {
    event: CaughtEvent,
    seen: AtomicBool,
}

/// What Lambda says of the attempts of an event.
#[derive(Debug)]
struct ToldAttempts {
    /// Place of the name in the list of functions.
    function: Option<usize>,
    attempts: u32,
    succeeded: bool,
    /// Time of the latest record.
    at: Option<Timestamp>,
    seen: AtomicBool,
}

/// What a log has of an event, to be held against what Lambda says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoggedEvent {
    pub attempts: usize,
    pub has_success: bool,
    /// End of the log.
    pub log_end: Option<Timestamp>,
}

/// Event that was caught and of which the log has no attempt.
#[derive(Debug)]
pub(crate) struct UnseenEvent<'a> {
    /// The event.
    pub event: &'a CaughtEvent,
    /// Whether Lambda gave it up without running it; else the log lacks its attempts.
    pub never_ran: bool,
}

impl Destinations {
    /// Reads the records in a text. `input` is its name.
    ///
    /// # Errors
    /// When it is not JSON, ends early or holds nothing of the kind.
    pub(crate) fn read(&mut self, text: impl Read, input: &str) -> Result<(), String> {
        let (mut documents, mut records) = (0u64, 0);
        documents::each(text, |envelope: CaughtEnvelope| {
            documents += 1;
            records += self.open(envelope, input, 0);
        })?;
        match records {
            // Of an empty queue the AWS CLI prints nothing.
            0 if documents > 0 => Err(
                "holds no record of a failure destination and no message of a dead-letter queue; save what `aws sqs \
                      receive-message --message-attribute-names All` prints, or the objects of an S3 destination"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Masks the names of functions and of inputs, as those in logs are.
    pub(crate) fn mask(&mut self, redaction: &Redaction) {
        for held in self.events.values_mut() {
            held.event.function = held.event.function.take().map(|name| redaction.apply(&name));
            redaction.mask(&mut held.event.input);
        }
        for name in &mut self.functions {
            *name = redaction.apply(name);
        }
    }

    /// Returns the caught event of this request, and notes that an attempt of it was seen.
    pub(crate) fn find(&self, request_id: RequestId, function: CaughtFunction<'_>) -> Option<&CaughtEvent> {
        let found = self.events.get(&request_id.bits())?;
        let event = &found.event;
        let differ = |one: &Option<String>, other: Option<&str>| {
            one.as_deref().zip(other).is_some_and(|(one, other)| one != other)
        };
        if differ(&event.function, function.name)
            || differ(&event.account_id, function.account_id)
            || differ(&event.region, function.region)
        {
            return None;
        }
        found.seen.store(true, Ordering::Relaxed);
        Some(&found.event)
    }

    /// Notes that the log has attempts of a request of this function, and returns whether Lambda says of more of them, or of a
    /// success, before the log ends.
    pub(crate) fn has_more(&self, request_id: RequestId, function: Option<&str>, logged: LoggedEvent) -> bool {
        let Some(told) = self.told.get(&request_id.bits()) else { return false };
        let named = told.function.and_then(|at| self.functions.get(at));
        if named.zip(function).is_some_and(|(named, function)| named != function) {
            return false;
        }
        told.seen.store(true, Ordering::Relaxed);
        let in_log = told.at.zip(logged.log_end).is_some_and(|(at, end)| at <= end);
        let more = usize::try_from(told.attempts).is_ok_and(|attempts| attempts > logged.attempts);
        in_log && (more || told.succeeded && !logged.has_success)
    }

    /// Lists the events that succeeded between two moments, by name of the function, and of which no attempt was seen.
    pub(crate) fn unseen_successes(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &str> {
        let unseen = self.told.values().filter(move |told| {
            told.succeeded && !told.seen.load(Ordering::Relaxed) && told.at.is_some_and(|at| from <= at && at <= to)
        });
        unseen.filter_map(|told| self.functions.get(told.function?).map(String::as_str))
    }

    /// Lists the requests whose records do not name a function.
    pub(crate) fn without_function(&self) -> impl Iterator<Item = RequestId> {
        self.events.values().filter(|held| held.event.function.is_none()).map(|held| held.event.request_id)
    }

    /// Notes that an attempt of this request was seen.
    pub(crate) fn note_seen(&self, request_id: RequestId) {
        if let Some(held) = self.events.get(&request_id.bits()) {
            held.seen.store(true, Ordering::Relaxed);
        }
    }

    /// Lists all events, in no order.
    pub(crate) fn events(&self) -> impl Iterator<Item = &CaughtEvent> {
        self.events.values().map(|found| &found.event)
    }

    /// Returns the events of which no attempt was seen, by time.
    pub(crate) fn unseen(&self) -> Vec<UnseenEvent<'_>> {
        let unseen = self.events.values().filter(|found| !found.seen.load(Ordering::Relaxed));
        let mut events: Vec<_> =
            unseen.map(|found| UnseenEvent { event: &found.event, never_ran: found.event.never_ran() }).collect();
        events.sort_by_key(|one| (one.event.at, one.event.request_id.bits()));
        events
    }

    /// Takes the records out of what they are packed in. Returns how many messages there were.
    fn open(&mut self, envelope: CaughtEnvelope, input: &str, depth: usize) -> u64 {
        if let Some(records) = envelope.messages.or(envelope.records) {
            return records.into_iter().map(|record| self.open(record, input, depth)).sum();
        }
        if let Some(context) = envelope.request_context {
            return u64::from(self.record(context, envelope.timestamp.as_deref(), envelope.mapping, input));
        }
        let sent_at = envelope.attributes.as_ref().and_then(Attributes::sent_at);
        if let Some(request_id) = envelope.message_attributes.as_ref().and_then(MessageAttributes::request_id) {
            let at = sent_at.or_else(|| envelope.timestamp.as_deref().and_then(time));
            self.add(CaughtEvent {
                request_id,
                function: None,
                account_id: None,
                region: None,
                kind: CatcherKind::DeadLetterQueue,
                at,
                condition: None,
                attempts: None,
                from_kafka: false,
                input: input.to_owned(),
            });
            return 1;
        }
        if depth >= DEEPEST {
            return 0;
        }
        if let Some(inner) = envelope.detail.or(envelope.sns) {
            return self.open(*inner, input, depth + 1);
        }
        let Some(text) = envelope.body.or(envelope.message) else { return 0 };
        // The event itself, which may be anything.
        let inner = serde_json::from_str::<CaughtEnvelope>(&text).ok();
        let found = inner.map_or(0, |inner| self.open(inner, input, depth + 1));
        if found == 0 && depth == 0 {
            *self.without_id.entry(input.to_owned()).or_default() += 1;
            return 1;
        }
        found
    }

    /// Takes one record of a destination. Returns whether it is one.
    fn record(&mut self, context: RequestContext, at: Option<&str>, mapping: Option<MappingKind>, input: &str) -> bool {
        // API Gateway's events have a context, too.
        let (Some(arn), Some(condition), Some(id)) = (context.function_arn, context.condition, context.request_id)
        else {
            return false;
        };
        let Some(request_id) = RequestId::parse(id.as_bytes()) else { return false };
        let Some(condition) = Some(condition).filter(|word| is_word(word)) else { return false };
        let arn =
            FunctionArn::parse(&arn).filter(|arn| [arn.name, arn.account_id, arn.region].into_iter().all(is_word));
        let told = (context.approximate_invoke_count.unwrap_or(0), condition == SUCCESS);
        self.tell(request_id, arn.as_ref().map(|arn| arn.name), told, at.and_then(time));
        if condition == SUCCESS {
            self.successes += 1;
            return true;
        }
        self.add(CaughtEvent {
            request_id,
            function: arn.as_ref().map(|arn| arn.name.to_owned()),
            account_id: arn.as_ref().map(|arn| arn.account_id.to_owned()),
            region: arn.as_ref().map(|arn| arn.region.to_owned()),
            kind: if mapping.is_some() { CatcherKind::MappingDestination } else { CatcherKind::Destination },
            at: at.and_then(time),
            condition: Some(condition),
            attempts: context.approximate_invoke_count,
            from_kafka: mapping == Some(MappingKind::Kafka),
            input: input.to_owned(),
        });
        true
    }

    /// Keeps what a record says of the attempts of its event: of several the most.
    fn tell(&mut self, id: RequestId, name: Option<&str>, (attempts, succeeded): (u32, bool), at: Option<Timestamp>) {
        // There are few, and mostly the next record is of the last one.
        let known = name.map(|name| {
            self.functions.iter().rposition(|known| known == name).unwrap_or_else(|| {
                self.functions.push(name.to_owned());
                self.functions.len() - 1
            })
        });
        let told = self.told.entry(id.bits()).or_insert_with(|| ToldAttempts {
            function: known,
            attempts,
            succeeded,
            at,
            seen: AtomicBool::new(false),
        });
        told.attempts = told.attempts.max(attempts);
        told.succeeded |= succeeded;
        told.at = told.at.max(at);
    }

    /// Takes what the record of an earlier run tells of its event.
    pub(crate) fn add_record(&mut self, record: &Record) {
        let Some(caught_by) = &record.caught_by else { return };
        let Some(request_id) = record.request_id.as_deref().and_then(RequestId::read) else { return };
        let Some(kind) = CatcherKind::parse(&caught_by.kind) else { return };
        self.add(CaughtEvent {
            request_id,
            function: record.function.clone(),
            account_id: record.account_id.clone(),
            region: record.region.clone(),
            kind,
            at: caught_by.at.as_deref().and_then(time),
            condition: caught_by.condition.clone().filter(|word| is_word(word)),
            attempts: None,
            from_kafka: false,
            input: caught_by.input.clone(),
        });
    }

    /// Returns what must be known about the records.
    pub(crate) fn notes(&self) -> Vec<String> {
        let without_id = self.without_id.iter().map(|(input, messages)| {
            let messages = count(*messages, "message", "messages");
            format!(
                "{input}: {messages} without the id of a Lambda request cannot be joined: messages of a queue's own dead-letter \
                 queue have none, others were saved without their attributes (--message-attribute-names All)"
            )
        });
        without_id.collect()
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn add(&mut self, event: CaughtEvent) {
        let found = self.events.entry(event.request_id.bits());
        let found = found.or_insert_with(|| HeldEvent { event: event.clone(), seen: AtomicBool::new(false) });
        if event.rank() < found.event.rank() {
            found.event = event;
        }
    }
}

/// Returns whether a text is a word or a name of AWS, and not something else that a payload put in its place.
fn is_word(text: &str) -> bool {
    const LONGEST: usize = 140;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_part)
}

fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse_prefix(text.as_bytes()).map(|(at, _)| at)
}

/// Kind of event source mapping that gave a batch up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MappingKind {
    Stream,
    Kafka,
}

/// What a record may be, or be packed in: the answer of `receive-message`, an SNS notification, an event of EventBridge or
/// of a function behind a queue. It names no payload, so a payload is dropped while it is parsed.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "AwsEnvelope")]
struct CaughtEnvelope {
    request_context: Option<RequestContext>,
    timestamp: Option<String>,
    mapping: Option<MappingKind>,
    messages: Option<Vec<CaughtEnvelope>>,
    records: Option<Vec<CaughtEnvelope>>,
    body: Option<String>,
    message: Option<String>,
    sns: Option<Box<CaughtEnvelope>>,
    detail: Option<Box<CaughtEnvelope>>,
    attributes: Option<Attributes>,
    message_attributes: Option<MessageAttributes>,
}

/// The same with AWS's names, as each of the sources spells them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AwsEnvelope {
    #[serde(rename = "requestContext")]
    request_context: Option<RequestContext>,
    #[serde(alias = "Timestamp")]
    timestamp: Option<String>,
    #[serde(rename = "KinesisBatchInfo", alias = "DDBStreamBatchInfo")]
    stream_batch: Option<serde::de::IgnoredAny>,
    #[serde(rename = "KafkaBatchInfo")]
    kafka_batch: Option<serde::de::IgnoredAny>,
    #[serde(rename = "Messages")]
    messages: Option<Vec<CaughtEnvelope>>,
    #[serde(rename = "Records")]
    records: Option<Vec<CaughtEnvelope>>,
    #[serde(rename = "Body", alias = "body")]
    body: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    #[serde(rename = "Sns")]
    sns: Option<Box<CaughtEnvelope>>,
    detail: Option<Box<CaughtEnvelope>>,
    #[serde(rename = "Attributes", alias = "attributes")]
    attributes: Option<Attributes>,
    #[serde(rename = "MessageAttributes", alias = "messageAttributes")]
    message_attributes: Option<MessageAttributes>,
}

impl From<AwsEnvelope> for CaughtEnvelope {
    fn from(any: AwsEnvelope) -> Self {
        Self {
            request_context: any.request_context,
            timestamp: any.timestamp,
            mapping: any.stream_batch.map(|_| MappingKind::Stream).or(any.kafka_batch.map(|_| MappingKind::Kafka)),
            messages: any.messages,
            records: any.records,
            body: any.body,
            message: any.message,
            sns: any.sns,
            detail: any.detail,
            attributes: any.attributes,
            message_attributes: any.message_attributes,
        }
    }
}

/// The context of a record. Events of other sources have one with other keys.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    request_id: Option<String>,
    function_arn: Option<String>,
    condition: Option<String>,
    approximate_invoke_count: Option<u32>,
}

/// System attributes of an SQS message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attributes {
    #[serde(rename = "SentTimestamp")]
    sent_timestamp: Option<String>,
}

impl Attributes {
    fn sent_at(&self) -> Option<Timestamp> {
        Timestamp::from_ms(self.sent_timestamp.as_deref()?.parse().ok()?)
    }
}

/// Attributes that Lambda gives a message of a function's dead-letter queue.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageAttributes {
    #[serde(rename = "RequestID")]
    request_id: Option<AttributeValue>,
    /// Lambda always sets it; the id alone may be that of a producer.
    #[serde(rename = "ErrorCode")]
    error_code: Option<serde::de::IgnoredAny>,
}

/// Value of an attribute, as SQS, SNS and Lambda's events spell it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AttributeValue {
    #[serde(rename = "StringValue", alias = "stringValue", alias = "Value")]
    value: Option<String>,
}

impl MessageAttributes {
    fn request_id(&self) -> Option<RequestId> {
        self.error_code.as_ref()?;
        RequestId::parse(self.request_id.as_ref()?.value.as_deref()?.as_bytes())
    }
}
