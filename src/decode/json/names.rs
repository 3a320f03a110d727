//! Parts of an event in JSON of any make, known by the names that stores and SDKs give them, or else by their values.

use super::scan::{RawValue, items, members, unescape};
use crate::decode::moment::moment;
use crate::decode::text::written_time::written_time;
use crate::model::{FunctionArn, Timestamp, stream_parts};

/// EventPart of an event, or of what surrounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventPart {
    Group,
    Stream,
    Function,
    Account,
    Region,
    EventId,
    /// A time, with the rank of its name (0 is best).
    Time(u8),
}

/// Names as stores and SDKs write them, without case, marks and the namespaces before them.
const NAMES: &[(&str, EventPart)] = &[
    ("loggroup", EventPart::Group),
    ("awsloggroup", EventPart::Group),
    ("loggroupname", EventPart::Group),
    ("loggroupnames", EventPart::Group),
    ("loggrouparn", EventPart::Group),
    ("loggroupidentifier", EventPart::Group),
    ("awsloggroupnames", EventPart::Group),
    ("awscloudwatchloggroup", EventPart::Group),
    ("cloudwatchloggroup", EventPart::Group),
    ("logstream", EventPart::Stream),
    ("awslogstream", EventPart::Stream),
    ("logstreamname", EventPart::Stream),
    ("logstreamnames", EventPart::Stream),
    ("awslogstreamnames", EventPart::Stream),
    ("awscloudwatchlogstream", EventPart::Stream),
    ("cloudwatchlogstream", EventPart::Stream),
    ("functionname", EventPart::Function),
    ("functionarn", EventPart::Function),
    ("invokedfunctionarn", EventPart::Function),
    ("faasname", EventPart::Function),
    ("faasid", EventPart::Function),
    ("cloudresourceid", EventPart::Function),
    ("owner", EventPart::Account),
    ("accountid", EventPart::Account),
    ("cloudaccountid", EventPart::Account),
    ("awsaccountid", EventPart::Account),
    ("awsregion", EventPart::Region),
    ("cloudregion", EventPart::Region),
    ("region", EventPart::Region),
    ("eventid", EventPart::EventId),
    ("timestamp", EventPart::Time(0)),
    ("timeunixnano", EventPart::Time(0)),
    ("time", EventPart::Time(1)),
    ("eventtime", EventPart::Time(1)),
    ("receivedat", EventPart::Time(1)),
    ("loggedat", EventPart::Time(1)),
    ("timegenerated", EventPart::Time(1)),
    ("datetime", EventPart::Time(1)),
    ("realtimetimestamp", EventPart::Time(1)),
    ("date", EventPart::Time(2)),
    ("ts", EventPart::Time(2)),
    ("tsns", EventPart::Time(3)),
    ("observedtimeunixnano", EventPart::Time(5)),
    ("observedtimestamp", EventPart::Time(5)),
    ("ingestiontime", EventPart::Time(6)),
];
/// Length of the longest of these names.
const LONGEST_NAME: usize = 24;
/// Rank of a time that only its value shows.
const BY_VALUE: u8 = 4;

/// Longest value that is looked at as a name or a time.
const LONGEST_VALUE: usize = 512;

/// Returns which part of an event a member is.
pub(super) fn part_of(key: &[u8], value: &[u8]) -> Option<EventPart> {
    if value.is_empty() || value.len() > LONGEST_VALUE {
        return None;
    }
    named(key)
        .filter(|part| !matches!(part, EventPart::Time(_)) || time_of(value).is_some())
        .or_else(|| by_value(value))
}

fn named(key: &[u8]) -> Option<EventPart> {
    let mut name = [0; LONGEST_NAME];
    let mut length = 0;
    for byte in key.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        *name.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    NAMES.iter().find(|(known, _)| known.as_bytes() == &name[..length]).map(|(_, part)| *part)
}

/// Returns whether a text is the name of a log group, of a log stream or of a function by its form.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.len() <= LONGEST_VALUE
        && matches!(by_value(text), Some(EventPart::Group | EventPart::Stream | EventPart::Function))
}

/// Names of Lambda have forms of their own, and so have times.
fn by_value(value: &[u8]) -> Option<EventPart> {
    let text = unescape(value);
    if FunctionArn::parse(&text).is_some() {
        return Some(EventPart::Function);
    }
    // Logs Insights writes the account before the group.
    let group = text.trim_start_matches(|char: char| char.is_ascii_digit());
    if group.strip_prefix(':').unwrap_or(&text).starts_with("/aws/lambda/") {
        return Some(EventPart::Group);
    }
    if stream_parts(&text).is_some() {
        return Some(EventPart::Stream);
    }
    time_of(value).is_some().then_some(EventPart::Time(BY_VALUE))
}

/// Splits what names several parts at once: `eu-west-1:/aws/lambda/orders:2026/10/01/[7]0f1e…`, as an add-on of Splunk does.
pub(super) fn group_and_stream(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memrchr(b':', value)?;
    let (before, stream) = (&value[..colon], &value[colon + 1..]);
    stream_parts(&unescape(stream))?;
    let group = memchr::memrchr(b':', before).map_or(before, |colon| &before[colon + 1..]);
    group.starts_with(b"/").then_some((group, stream))
}

/// Reads a value that is a time as a whole.
pub(super) fn time_of(value: &[u8]) -> Option<Timestamp> {
    let text = unescape(value);
    let text = text.trim();
    // .NET writes `/Date(1790812800123)/`.
    let text = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")).unwrap_or(text);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'E' | b'e' | b'+'));
    if is_number {
        // A number with fewer digits counts something else.
        return if text.len() >= SHORTEST_EPOCH { moment(text.as_bytes()) } else { None };
    }
    written_time(text.as_bytes()).filter(|time| time.length == text.len())?.at
}

/// Digits of the shortest epoch: seconds, since 2001.
const SHORTEST_EPOCH: usize = 10;

/// Levels of nesting that are looked into.
const DEEPEST: usize = 10;

/// Keys of the name and of the value in objects that hold one pair: `{"key": "faas.name", "value": {"stringValue": "f"}}`.
const PAIRS: [(&[u8], &[u8]); 5] =
    [(b"key", b"value"), (b"field", b"value"), (b"name", b"value"), (b"Name", b"Value"), (b"Key", b"Value")];

/// Returns name and value of an object that holds one pair, and nothing else.
pub(super) fn pair(object: &[u8]) -> Option<(&[u8], RawValue<'_>)> {
    let (mut name, mut value, mut others) = (None, None, false);
    members(object, |key, found| {
        if PAIRS.iter().any(|(of_name, _)| key == *of_name) {
            name = Some((key, found.text()));
        } else if PAIRS.iter().any(|(_, of_value)| key == *of_value) {
            value = Some((key, found));
        } else {
            others = true;
        }
    });
    let ((of_name, name), (of_value, value)) = (name?, value?);
    if others || !PAIRS.contains(&(of_name, of_value)) {
        return None;
    }
    Some((name?, value))
}

/// Visits every scalar in a value, with the key that names it: a wrapper such as `{"stringValue": …}` has the name of what
/// it wraps.
pub(super) fn scalars<'j>(name: &'j [u8], value: RawValue<'j>, visit: &mut dyn FnMut(&'j [u8], &'j [u8])) {
    walk(name, value, 0, visit);
}

fn walk<'j>(name: &'j [u8], value: RawValue<'j>, depth: usize, visit: &mut dyn FnMut(&'j [u8], &'j [u8])) {
    match value {
        RawValue::Nested(_) if depth == DEEPEST => {}
        RawValue::Nested(object @ [b'{', ..]) => match pair(object) {
            Some((name, value)) => walk(name, value, depth + 1, visit),
            None => {
                members(object, |key, value| {
                    let key = if is_wrapper(key) { name } else { key };
                    walk(key, value, depth + 1, visit);
                });
            }
        },
        RawValue::Nested(list) => {
            items(list, |item| walk(name, item, depth + 1, visit));
        }
        _ => {
            if let Some(text) = value.scalar() {
                visit(name, text);
            }
        }
    }
}

/// Returns whether a key only says of what type the value is.
fn is_wrapper(key: &[u8]) -> bool {
    matches!(key, b"stringValue" | b"intValue" | b"arrayValue" | b"values" | b"value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_name_or_value() {
        for (key, value, want) in [
            ("@timestamp", "2026-10-01 00:00:00.123", Some(EventPart::Time(0))),
            ("Timestamp", "/Date(1790812800123)/", Some(EventPart::Time(0))),
            ("timeUnixNano", "1790812800123000000", Some(EventPart::Time(0))),
            ("__REALTIME_TIMESTAMP", "1790812800123000", Some(EventPart::Time(1))),
            ("when", "1790812800123", Some(EventPart::Time(BY_VALUE))),
            ("t", "10/1/2026, 4:00:00 AM", Some(EventPart::Time(BY_VALUE))),
            ("aws.logGroup", "/acme/orders", Some(EventPart::Group)),
            ("LogGroupName", "/acme/orders", Some(EventPart::Group)),
            ("@log", "123456789012:/aws/lambda/orders", Some(EventPart::Group)),
            ("x", "/aws/lambda/orders", Some(EventPart::Group)),
            ("s", "2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0", Some(EventPart::Stream)),
            ("host", "arn:aws:lambda:us-east-1:123456789012:function:orders", Some(EventPart::Function)),
            ("timestamp", "soon", None),
            ("count", "12", None),
            ("id", "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11", None),
        ] {
            assert_eq!(part_of(key.as_bytes(), value.as_bytes()), want, "{key}: {value}");
        }
    }

    #[test]
    fn scalars_have_the_name_of_what_wraps_them() {
        let text = br#"{"a":1,"attributes":[{"key":"faas.name","value":{"stringValue":"orders"}},{"key":"n","value":{"arrayValue":{"values":[{"stringValue":"x"}]}}}],"b":{"c":"d"}}"#;
        let mut seen = Vec::new();
        scalars(b"", RawValue::Nested(text), &mut |name, value| {
            seen.push(format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        });
        assert_eq!(seen, ["a=1", "faas.name=orders", "n=x", "c=d"]);
    }
}
