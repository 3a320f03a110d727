//! The payload of subscription filters: one document after the other, each with the events of one stream.

use super::event::EventObject;
use super::walk::{Layout, walk};
use crate::decode::delivery::Delivery;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "subscription",
    about: "payload of a CloudWatch Logs subscription filter: documents with `logEvents`, back to back",
    sniff: |head| {
        head.json.as_ref().is_some_and(|json| {
            json.has_all(&["messageType", "logGroup"])
                || json.has("logEvents") && head.has_list_of_messages("logEvents")
        })
    },
    decode: Decode::Events(|feed, delivery| {
        walk(feed, delivery, Layout { list: Some(b"logEvents"), all_say: true, deliver })
    }),
    samples: &[
        "{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"/aws/lambda/pay\",\"logStream\":\"2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"subscriptionFilters\":[\"f\"],\"logEvents\":[{\"id\":\"38000000000000000000000000000000000000000000000000000001\",\"timestamp\":1790812800123,\"message\":\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n\"}]}{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\",\"logGroup\":\"\",\"logStream\":\"\",\"logEvents\":[{\"id\":\"\",\"timestamp\":1790812800123,\"message\":\"CWL CONTROL MESSAGE: Checking health of destination Firehose.\"}]}",
    ],
};

fn deliver(event: &EventObject<'_>, whole: &[u8], line: u64, delivery: &mut Delivery<'_>) {
    // Where the kind of the document stands behind its events.
    let control = event
        .message()
        .and_then(super::scan::RawValue::text)
        .is_some_and(|text| text.starts_with(b"CWL CONTROL MESSAGE"));
    if !control {
        event.deliver(whole, line, delivery);
    }
}
