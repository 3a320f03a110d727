//! Log event as a JSON object: recognises its parts by the names that exporters and forwarders give them.

use super::names::{EventPart, group_and_stream, part_of, time_of};
use super::scan::{RawValue, members, unescape};
use crate::decode::delivery::Delivery;
use crate::decode::moment::moment;
use crate::decode::text::own_time::own_time;
use crate::lambda::platform::is_platform;
use crate::lambda::{has_trace, key_of_function_line};
use crate::model::{LogEvent, Origin, RequestId, Timestamp, stream_parts};

/// Names of the message, as [`EventObject::take`] knows them.
pub(super) const MESSAGE_KEYS: [&[u8]; 5] = [b"@message", b"message", b"log", b"msg", b"record"];

/// Parts of one event object, still raw JSON text.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::decode) struct EventObject<'j> {
    /// The message, and the rank of its key (0 is best).
    message: Option<(u8, RawValue<'j>)>,
    time: Option<(u8, RawValue<'j>)>,
    /// Time of an object of any make, and the rank of its key.
    any_time: Option<(u8, Timestamp)>,
    /// Whether another member of an object of any make is a line of the platform.
    pub(super) says_more: bool,
    ingested: bool,
    event_id: Option<&'j [u8]>,
    request_id: Option<&'j [u8]>,
    /// Value of `type`, which telemetry events have.
    pub(in crate::decode) kind: Option<&'j [u8]>,
    /// Whether a key (level, request id…) marks the object as a structured line: then it is itself the message.
    pub(in crate::decode) app_line: bool,
    /// The record itself names its account and region, which in a centralised log group are not those of the group.
    own_account: bool,
    own_region: bool,
    /// Origin, as far as the object or the document around it tells it.
    pub(in crate::decode) origin: Origin<&'j [u8]>,
}

impl<'j> EventObject<'j> {
    /// Creates an event that starts with the origin given by the document around it.
    pub(in crate::decode) fn of(origin: Origin<&'j [u8]>) -> Self {
        Self { origin, ..Self::default() }
    }

    /// Takes one member of the object.
    pub(in crate::decode) fn take(&mut self, key: &[u8], value: RawValue<'j>) {
        match key {
            b"@message" => self.take_message(0, value),
            b"message" => self.take_message(1, value),
            b"log" => self.take_message(2, value),
            b"msg" => self.take_message(3, value),
            b"record" => self.take_message(4, value),
            b"@timestamp" => self.take_time(0, value),
            b"timestamp" => self.take_time(1, value),
            b"time" => self.take_time(2, value),
            b"date" => self.take_time(3, value),
            b"ingestionTime" => self.ingested = true,
            b"received_at" | b"receivedAt" | b"logged_at" | b"event_time" | b"eventTime" | b"TimeGenerated" => {
                self.any_time = value.scalar().and_then(time_of).map(|at| (1, at)).or(self.any_time);
            }
            b"type" => self.kind = value.text(),
            key_of_function_line!() => self.app_line = true,
            b"@requestId" => self.request_id = value.text(),
            _ => self.take_origin(key, value),
        }
    }

    /// Takes the message.
    pub(super) fn say(&mut self, message: RawValue<'j>) {
        self.take_message(0, message);
    }

    /// Takes one member of an object of any make.
    pub(in crate::decode) fn take_any(&mut self, key: &[u8], text: &'j [u8]) {
        match part_of(key, text) {
            Some(EventPart::Group) => self.take_log(RawValue::Text(text)),
            Some(EventPart::Stream) => self.origin.log_stream = Some(text),
            Some(EventPart::Function) => self.origin.function = Some(text),
            Some(EventPart::Account) => self.origin.account_id = Some(text),
            Some(EventPart::Region) => self.origin.region = Some(text),
            Some(EventPart::EventId) => self.event_id = Some(text),
            Some(EventPart::Time(rank)) if self.any_time.is_none_or(|(best, _)| rank < best) => {
                self.any_time = time_of(text).map(|at| (rank, at));
            }
            Some(EventPart::Time(_)) => {}
            None => match group_and_stream(text) {
                Some((group, stream)) => {
                    self.origin.log_group = Some(group);
                    self.origin.log_stream = Some(stream);
                }
                None => self.says_more |= is_platform(text),
            },
        }
    }

    /// Gives the event a time that stands before its object, if it has none of its own.
    pub(in crate::decode) fn or_at(mut self, at: Option<Timestamp>) -> Self {
        if let (false, Some(at)) = (self.timed(), at) {
            self.any_time = Some((u8::MAX, at));
        }
        self
    }

    fn take_message(&mut self, rank: u8, value: RawValue<'j>) {
        let fits = !matches!(value, RawValue::Bare(_) | RawValue::Cut(_));
        if fits && self.message.is_none_or(|(best, _)| rank < best) {
            self.message = Some((rank, value));
        }
    }

    fn take_time(&mut self, rank: u8, value: RawValue<'j>) {
        if self.time.is_none_or(|(best, _)| rank < best) {
            self.time = Some((rank, value));
        }
    }

    fn take_origin(&mut self, key: &[u8], value: RawValue<'j>) {
        let parts = &mut self.origin;
        match key {
            b"logStreamName"
            | b"logStream"
            | b"@logStream"
            | b"log_stream"
            | b"@log_stream"
            | b"log_stream_name"
            | b"logstream"
            | b"aws.logStream"
            | b"aws.cloudwatch.log_stream"
            | b"cloudwatch_logs.log_stream" => parts.log_stream = value.text(),
            b"logGroup"
            | b"logGroupName"
            | b"@logGroup"
            | b"log_group"
            | b"@log_group"
            | b"log_group_name"
            | b"loggroup"
            | b"logGroupArn"
            | b"logGroupIdentifier"
            | b"log_group_arn"
            | b"aws.logGroup"
            | b"aws.cloudwatch.log_group"
            | b"cloudwatch_logs.log_group" => parts.log_group = value.text(),
            b"@log" => self.take_log(value),
            b"@aws.account" if value.scalar().is_some() => {
                parts.account_id = value.scalar();
                self.own_account = true;
            }
            b"@aws.region" if value.scalar().is_some() => {
                parts.region = value.scalar();
                self.own_region = true;
            }
            b"owner" | b"@owner" | b"account_id" | b"accountId" | b"cloud.account.id" if !self.own_account => {
                parts.account_id = value.scalar();
            }
            b"region" | b"aws_region" | b"awsRegion" | b"cloud.region" if !self.own_region => {
                parts.region = value.scalar();
            }
            b"functionName" | b"function_name" => parts.function = value.text(),
            b"functionArn" | b"function_arn" | b"invokedFunctionArn" | b"invoked_function_arn" => {
                parts.function = parts.function.or(value.text());
            }
            b"eventId" | b"id" | b"@id" | b"@ptr" | b"event_id" | b"aws.cloudwatch.event_id" => {
                self.event_id = value.scalar();
            }
            b"aws" | b"cloudwatch" | b"awscloudwatch" | b"cloudwatch_logs" => self.take_nested(value),
            b"extractedFields" => self.take_system_fields(value),
            _ => {}
        }
    }

    /// Takes `@log` of Logs Insights: `ACCOUNT:GROUP`.
    fn take_log(&mut self, value: RawValue<'j>) {
        let Some(text) = value.text() else { return };
        match memchr::memchr(b':', text) {
            Some(colon) if text[..colon].iter().all(u8::is_ascii_digit) => {
                if !self.own_account {
                    self.origin.account_id = Some(&text[..colon]);
                }
                self.origin.log_group = Some(&text[colon + 1..]);
            }
            _ => self.origin.log_group = Some(text),
        }
    }

    /// Takes an object in which shippers nest the origin: `{"aws":{"cloudwatch":{"log_group":…}}}`.
    fn take_nested(&mut self, value: RawValue<'j>) {
        if let RawValue::Nested(object @ [b'{', ..]) = value {
            members(object, |key, value| self.take_origin(key, value));
        }
    }

    /// Takes the system fields among those that a subscription's filter extracted: the others are the function's own.
    fn take_system_fields(&mut self, value: RawValue<'j>) {
        if let RawValue::Nested(object @ [b'{', ..]) = value {
            members(object, |key, value| {
                if key.starts_with(b"@aws.") {
                    self.take_origin(key, value);
                }
            });
        }
    }

    /// Returns whether the object wraps a line rather than being one: it has a message, and an origin, an ingestion
    /// time or a message key that only wrappers use.
    pub(in crate::decode) fn wraps(&self) -> bool {
        let named = self.origin.log_group.is_some() || self.origin.log_stream.is_some();
        let known_key = self.ingested || self.message.is_some_and(|(rank, _)| rank == 0 || rank == 2);
        self.message.is_some() && (named || known_key)
    }

    /// Returns whether the name of the log group or of the log stream is one that Lambda gives.
    pub(in crate::decode) fn names_lambda(&self) -> bool {
        let Origin { log_group: group, log_stream: stream, .. } = self.origin;
        group.is_some_and(|group| unescape(group).contains("/aws/lambda/"))
            || stream.is_some_and(|stream| stream_parts(&unescape(stream)).is_some())
    }

    /// Returns whether this is an event as `pull` saves it, which is of a log group that the user asked for.
    pub(in crate::decode) fn is_pulled(&self) -> bool {
        let Origin { region, log_group: group, log_stream: stream, .. } = self.origin;
        self.ingested && self.event_id.is_some() && [region, group, stream].iter().all(Option::is_some)
    }

    /// Returns whether this is an event as the CloudWatch Logs API returns it.
    pub(in crate::decode) fn is_api_event(&self) -> bool {
        let by_stream = self.origin.log_stream.is_some() && self.origin.log_group.is_none() && self.event_id.is_some();
        self.message.is_some_and(|(rank, _)| rank == 1) && (self.ingested || by_stream)
    }

    /// Returns whether this is a flat row of Logs Insights.
    pub(in crate::decode) fn is_insights(&self) -> bool {
        self.message.is_some_and(|(rank, _)| rank == 0)
    }

    /// Returns whether there are a message and a time, and nothing that marks a structured line of a function.
    pub(in crate::decode) fn is_plain(&self) -> bool {
        !self.app_line && self.kind.is_none() && self.message.is_some() && self.time.is_some()
    }

    /// Returns whether the message has a trace of Lambda.
    pub(in crate::decode) fn message_has_trace(&self) -> bool {
        self.message().and_then(RawValue::text).is_some_and(has_trace)
    }

    /// Returns the message.
    pub(in crate::decode) fn message(&self) -> Option<RawValue<'j>> {
        self.message.map(|(_, value)| value)
    }

    /// Returns the time of the event.
    pub(in crate::decode) fn at(&self) -> Option<Timestamp> {
        let known = self.time.and_then(|(_, value)| moment(value.scalar()?));
        known.or(self.any_time.map(|(_, at)| at))
    }

    /// Returns whether there is a time, readable or not.
    pub(in crate::decode) fn timed(&self) -> bool {
        self.time.is_some() || self.any_time.is_some()
    }

    /// Returns whether the event has no time although there is a value for it.
    pub(in crate::decode) fn lacks_time(&self, event: &LogEvent<'_>) -> bool {
        let value = || self.time.and_then(|(_, value)| value.scalar());
        event.at.is_none() && value().is_some_and(|value| !matches!(value.trim_ascii(), b"" | b"null"))
    }

    /// Delivers the event; `whole` is the text of the object, used as the message if no member is one.
    pub(in crate::decode) fn deliver(&self, whole: &'j [u8], line: u64, delivery: &mut Delivery<'_>) {
        let (message, escaped) = match self.message() {
            Some(RawValue::Text(text) | RawValue::CutText(text)) => (text, true),
            Some(RawValue::Nested(text)) => (text, false),
            _ => (whole, false),
        };
        let mut event = self.log_event(message, escaped, line);
        if !self.timed() {
            event.at = own_time(message);
        } else if self.lacks_time(&event) {
            delivery.untimed(line);
        }
        delivery.event(&self.origin, event);
    }

    /// Returns the event with the given text as its message.
    pub(in crate::decode) fn log_event<'m>(&self, message: &'m [u8], escaped: bool, line: u64) -> LogEvent<'m> {
        LogEvent {
            at: self.at(),
            message,
            escaped,
            line,
            event_id: self.event_id.filter(|id| !id.is_empty()).map(xxhash_rust::xxh3::xxh3_64),
            split: false,
            request_id: self.request_id.and_then(RequestId::parse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_origin_in_nested_objects() {
        let text =
            br#"{"log":"x","aws":{"cloudwatch":{"log_group":"/aws/lambda/f","log_stream":"s"}},"date":1790812800.5}"#;
        let mut event = EventObject::default();
        members(text, |key, value| event.take(key, value));
        assert_eq!(event.origin.log_group, Some(&b"/aws/lambda/f"[..]));
        assert_eq!(event.origin.log_stream, Some(&b"s"[..]));
        assert_eq!(event.message(), Some(RawValue::Text(b"x")));
        assert_eq!(event.at().map(|at| at.ms() % 1000), Some(500));
    }

    /// In a centralised log group, the account of the group is that of whoever collects.
    #[test]
    fn the_account_of_the_record_wins_over_that_of_the_group() {
        for keys in [
            [r#""@aws.account":"111111111111","@aws.region":"eu-west-1""#, r#""@log":"999999999999:/aws/lambda/f""#],
            [
                r#""@aws.account":"111111111111","@aws.region":"eu-west-1""#,
                r#""owner":"999999999999","region":"us-east-1""#,
            ],
            [
                r#""extractedFields":{"id":"7","region":"x","@aws.account":"111111111111","@aws.region":"eu-west-1"}"#,
                r#""account_id":"999999999999","id":"3""#,
            ],
        ] {
            for [first, second] in [keys, [keys[1], keys[0]]] {
                let text = format!("{{{first},\"message\":\"x\",{second}}}");
                let mut event = EventObject::of(Origin { account_id: Some(b"999999999999"), ..Origin::default() });
                members(text.as_bytes(), |key, value| event.take(key, value));
                assert_eq!(event.origin.account_id, Some(&b"111111111111"[..]), "{text}");
                assert_eq!(event.origin.region, Some(&b"eu-west-1"[..]), "{text}");
            }
        }
    }
}
