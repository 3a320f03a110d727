//! Logs Insights results as JSON: rows of fields from the API, flat objects from the console; usually newest first.

use super::walk::{Layout, deliver_event, walk};
use crate::decode::delivery::Delivery;
use crate::decode::feed::Feed;
use crate::decode::head::{InputHead, JsonHead};
use crate::decode::{Decode, DecodeError, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "insights-json",
    about: "JSON of a Logs Insights result: `aws logs get-query-results`, or exported from the console",
    sniff: |head| head.json.as_ref().is_some_and(is_insights) && head.has_list_of_messages("results"),
    decode: Decode::Events(decode),
    samples: &[
        "{\"results\":[[{\"field\":\"@timestamp\",\"value\":\"2026-10-01 00:00:00.123\"},{\"field\":\"@message\",\"value\":\"REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\tDuration: 1 ms\"}]],\"status\":\"Complete\"}",
        "[\n [\n  {\n   \"field\": \"@message\",\n   \"value\": \"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"\n  }\n ]\n]",
        "[{\"@timestamp\":\"2026-10-01 00:00:00.123\",\"@message\":\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"}]",
    ],
};

fn is_insights(json: &JsonHead<'_>) -> bool {
    let answer = json.has("results") && (json.has("status") || json.has("statistics") || json.keys.len() <= 2);
    let rows = json.arrays == 2 && json.has_all(&["field", "value"]);
    answer || json.has("queryLanguage") || rows || json.arrays == 1 && json.has("@message")
}

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    let documents = InputHead::new(feed.data()).json.is_some_and(|json| json.arrays == 0);
    let list: Option<&'static [u8]> = if documents { Some(b"results") } else { None };
    delivery.watch_order();
    delivery.sampled("a Logs Insights query");
    walk(feed, delivery, Layout { list, all_say: true, deliver: deliver_event })
}
