//! Conversion of a log event to the line of NDJSON that is analysed and saved.

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use super::target::Target;
use crate::model::stream_parts;
use crate::source::saved::GroupPlace;

/// A pulled event with its origin.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PulledEvent<'e> {
    timestamp: Option<i64>,
    ingestion_time: Option<i64>,
    event_id: Option<&'e str>,
    log_group: &'e str,
    log_stream: Option<&'e str>,
    account_id: Option<&'e str>,
    region: &'e str,
    message: &'e str,
}

/// Appends an event of `group` to `text`.
pub(super) fn append(group: &GroupPlace, event: &FilteredLogEvent, text: &mut Vec<u8>) {
    let line = PulledEvent {
        timestamp: event.timestamp(),
        ingestion_time: event.ingestion_time(),
        event_id: event.event_id(),
        log_group: &group.name,
        log_stream: event.log_stream_name(),
        account_id: group.account.as_deref(),
        region: &group.region,
        message: event.message().unwrap_or_default(),
    };
    // Serialising numbers and text to memory cannot fail.
    if serde_json::to_writer(&mut *text, &line).is_ok() {
        text.push(b'\n');
    }
}

/// Appends an event of a stream of `group` to `text`: its times of logging and of ingestion, and its message.
pub(super) fn append_of_stream(
    group: &GroupPlace,
    stream: &str,
    (at, ingested, message): (i64, Option<i64>, &str),
    text: &mut Vec<u8>,
) {
    let line = PulledEvent {
        timestamp: Some(at),
        ingestion_time: ingested,
        event_id: None,
        log_group: &group.name,
        log_stream: Some(stream),
        account_id: group.account.as_deref(),
        region: &group.region,
        message,
    };
    // Serialising numbers and text to memory cannot fail.
    if serde_json::to_writer(&mut *text, &line).is_ok() {
        text.push(b'\n');
    }
}

/// Bytes of a line besides its message, about.
const AROUND: usize = 320;

/// Estimates the bytes of the lines of events.
pub(super) fn bytes_of(events: &[FilteredLogEvent]) -> usize {
    events.iter().map(|event| AROUND + event.message().map_or(0, str::len)).sum()
}

/// Returns a key that is unique in the event's log group; `None` if the event has no id.
pub(super) fn key(event: &FilteredLogEvent) -> Option<u64> {
    let id = event.event_id().filter(|id| !id.is_empty())?;
    let mut hash = Xxh3::new();
    hash.update(id.as_bytes());
    hash.update(&[0]);
    hash.update(event.log_stream_name().unwrap_or_default().as_bytes());
    hash.update(&event.timestamp().unwrap_or_default().to_le_bytes());
    Some(hash.digest())
}

/// Returns whether a selected function wrote the event, in a group that several functions share. `stream` is the prefix
/// of stream names that was asked for, which not every server of this API honours.
pub(super) fn is_wanted(target: &Target, stream: Option<&str>, event: &FilteredLogEvent) -> bool {
    let name = event.log_stream_name();
    if let Some(prefix) = stream {
        // It holds the name of the function.
        return name.is_some_and(|name| name.starts_with(prefix));
    }
    let Some(only) = &target.only else { return true };
    name.and_then(stream_parts).and_then(|parts| parts.function).is_some_and(|function| only.contains(function))
}
