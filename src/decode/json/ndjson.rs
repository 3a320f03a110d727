//! One JSON object per event, under any of the names that forwarders and scripts give message, time, group and stream.

use super::scan::RawValue;
use super::walk::{Layout, deliver_event, walk};
use crate::decode::head::JsonHead;
use crate::decode::{Decode, Shape};
use crate::lambda::has_trace;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "ndjson",
    about: "JSON objects, one per event, with a message and perhaps time, log group and log stream",
    sniff: |head| {
        let nests = |json: &JsonHead<'_>| {
            json.objects.iter().any(|event| match event.message() {
                Some(RawValue::Nested(_)) => true,
                // Several lines of the platform in one string are a log of their own.
                Some(text) => {
                    text.text().is_some_and(|text| memchr::memmem::find(text, b"\\nREPORT RequestId").is_some())
                }
                None => false,
            })
        };
        head.json.as_ref().is_some_and(|json| {
            is_wrapped(json)
                && (names_lambda(json) || has_trace(head.bytes))
                && (!nests(json) || head.has_list_of_messages(""))
        })
    },
    decode: Decode::Events(|feed, delivery| {
        delivery.watch_order();
        walk(feed, delivery, Layout { list: None, all_say: false, deliver: deliver_event })
    }),
    samples: &[
        "{\"timestamp\":1790812800123,\"logGroup\":\"/aws/lambda/pay\",\"logStream\":\"2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"message\":\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n\"}\n",
        "{\"@timestamp\":\"2026-10-01T00:00:00.123Z\",\"message\":\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\",\"aws\":{\"cloudwatch\":{\"log_group\":\"/aws/lambda/pay\"}}}\n",
        "{\"logStreamName\":\"s\",\"timestamp\":1790812800123,\"message\":\"Task timed out after 3.00 seconds\",\"eventId\":\"38\"}\n{\"logStreamName\":\"s\",\"timestamp\":1790812800123,\"message\":\"x\",\"eventId\":\"39\"}\n",
        "{\"timestamp\":1790812800123,\"logGroup\":\"/aws/lambda/pay\",\"logStream\":\"s\",\"message\":\"something ordinary\"}\n",
        "{\"@timestamp\":1790812800123,\"@log\":\"123456789012:/acme/shared\",\"@logStream\":\"2026/10/01/pay[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"message\":\"something ordinary\"}\n",
        "{\"date\":1790812800.123,\"log\":\"REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\tDuration: 1.00 ms\"}\n",
        "{\"message\":\"REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\tDuration: 1.00 ms\",\"time\":\"2026-10-01T00:00:00Z\"}\n",
    ],
};

/// The objects are wrappings around lines, rather than the lines that a function or the platform writes as JSON.
fn is_wrapped(json: &JsonHead<'_>) -> bool {
    let other =
        ["events", "logEvents", "results", "awslogs", "Records", "records", "LogResult", "rawData", "field", "record"];
    if other.iter().any(|key| json.has(key)) || json.is_own() || json.arrays > 1 {
        return false;
    }
    if json.arrays == 1 && json.objects.first().is_some_and(|event| event.is_api_event() || event.is_insights()) {
        return false;
    }
    let lines = || json.objects.iter();
    let wraps = lines().filter(|event| event.wraps()).count();
    // A message and a time and nothing that a structured line has: the message decides.
    let plain = || lines().any(|event| event.is_plain() && event.message_has_trace());
    wraps * 2 > json.objects.len() || wraps == 0 && plain()
}

/// The wrapping says that Lambda wrote the lines, so they need not say it themselves: a busy function may write any number
/// of ordinary lines before the platform writes one.
fn names_lambda(json: &JsonHead<'_>) -> bool {
    json.objects.iter().any(|event| event.is_pulled() || event.names_lambda())
}
