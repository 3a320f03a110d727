//! Telemetry API events: arrays of `{"time", "type", "record"}`, or lines of them that hold a function's own output.

use super::event::EventObject;
use super::scan::RawValue;
use super::walk::{Layout, walk};
use crate::decode::delivery::Delivery;
use crate::decode::head::JsonHead;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "telemetry",
    about: "events of the Lambda Telemetry API: arrays or lines of time, type and record",
    sniff: |head| head.json.as_ref().is_some_and(is_telemetry),
    decode: Decode::Events(|feed, delivery| walk(feed, delivery, Layout { list: None, all_say: true, deliver })),
    samples: &[
        "[{\"time\":\"2026-10-01T00:00:00.000Z\",\"type\":\"platform.start\",\"record\":{\"requestId\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"}},\n {\"time\":\"2026-10-01T00:00:00.100Z\",\"type\":\"function\",\"record\":\"[INFO] hello\\n\"}]",
        "{\"time\":\"2026-10-01T00:00:00.100Z\",\"type\":\"function\",\"record\":\"[INFO] hello\\n\"}\n",
        "{\n  \"time\": \"2026-10-01T00:00:00.000Z\",\n  \"type\": \"platform.start\",\n  \"record\": {\n    \"requestId\": \"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"\n  }\n}\n{\n  \"time\": \"2026-10-01T00:00:01.000Z\",\n  \"type\": \"platform.report\",\n  \"record\": {\n    \"requestId\": \"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"\n  }\n}\n",
    ],
};

fn is_telemetry(json: &JsonHead<'_>) -> bool {
    // Lines of platform events alone, each in one line, are what CloudWatch has: bare messages.
    let own_output = || json.objects.iter().any(|event| matches!(event.kind, Some(b"function" | b"extension")));
    json.has_all(&["time", "type", "record"]) && (json.arrays > 0 || json.pretty || own_output())
}

fn deliver(event: &EventObject<'_>, whole: &[u8], line: u64, delivery: &mut Delivery<'_>) {
    let of_platform = event.kind.is_some_and(|kind| kind.starts_with(b"platform."));
    match event.message() {
        // What bears no `type` and has a level or an id is a line of the function itself.
        Some(RawValue::Text(_) | RawValue::Nested(_)) if !of_platform && (event.kind.is_some() || !event.app_line) => {
            event.deliver(whole, line, delivery);
        }
        _ if whole.is_empty() => {}
        _ => {
            let found = event.log_event(whole, false, line);
            if event.lacks_time(&found) {
                delivery.untimed(line);
            }
            delivery.event(&event.origin, found);
        }
    }
}
