//! `filter-log-events`: documents with `events`, arrays of event objects, and arrays that `--query` left of them.

use super::walk::{Layout, deliver_event, walk};
use crate::decode::delivery::Delivery;
use crate::decode::feed::Feed;
use crate::decode::head::{InputHead, JsonHead};
use crate::decode::{Decode, DecodeError, Shape};
use crate::lambda::has_trace;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "filter-log-events",
    about: "JSON of `aws logs filter-log-events`: whole answers, several of them, or what `--query` left of them",
    sniff: |head| {
        let is_known = |json: &JsonHead<'_>| is_filter(json) && (json.has("events") || has_trace(head.bytes));
        head.json.as_ref().is_some_and(is_known) && head.has_list_of_messages("events")
    },
    decode: Decode::Events(decode),
    samples: &[
        "{\"events\":[{\"logStreamName\":\"2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"timestamp\":1790812800123,\"message\":\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n\",\"ingestionTime\":1790812803456,\"eventId\":\"38000000000000000000000000000000000000000000000000000001\"}],\"searchedLogStreams\":[]}",
        "[\n  {\n    \"timestamp\": 1790812800123,\n    \"ingestionTime\": 1790812800456,\n    \"message\": \"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"\n  }\n]",
        "[[1790812800123,\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"]]",
        "[\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n\",\"x\"]",
    ],
};

/// Members that only answers of the API have beside `events`.
pub(super) fn is_page_of_stream(json: &JsonHead<'_>) -> bool {
    json.has("nextForwardToken") || json.has("nextBackwardToken")
}

fn is_filter(json: &JsonHead<'_>) -> bool {
    if json.has("events") {
        return !is_page_of_stream(json);
    }
    let plain_rows = json.keys.is_empty();
    plain_rows || json.arrays == 1 && json.objects.first().is_some_and(|event| event.is_api_event())
}

/// Decodes answers of either operation.
pub(super) fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    let documents = InputHead::new(feed.data()).json.is_some_and(|json| json.has("events"));
    let list: Option<&'static [u8]> = if documents { Some(b"events") } else { None };
    delivery.watch_order();
    walk(feed, delivery, Layout { list, all_say: true, deliver: deliver_event })
}
