//! Conversion of a log event to the line of NDJSON that is analysed and saved.

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use super::select::Target;
use crate::model::stream_parts;

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

/// Appends an event of `target` to `text`.
pub(super) fn append(target: &Target, event: &FilteredLogEvent, text: &mut Vec<u8>) {
    let line = PulledEvent {
        timestamp: event.timestamp(),
        ingestion_time: event.ingestion_time(),
        event_id: event.event_id(),
        log_group: &target.group,
        log_stream: event.log_stream_name(),
        account_id: target.account.as_deref(),
        region: &target.region,
        message: event.message().unwrap_or_default(),
    };
    // Serialising numbers and text to memory cannot fail.
    if serde_json::to_writer(&mut *text, &line).is_ok() {
        text.push(b'\n');
    }
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

/// Returns whether a selected function wrote the event, in a group that several functions share.
pub(super) fn is_wanted(target: &Target, event: &FilteredLogEvent) -> bool {
    let Some(only) = &target.only else { return true };
    let function = event.log_stream_name().and_then(stream_parts).and_then(|parts| parts.function);
    function.is_some_and(|function| only.contains(function))
}
