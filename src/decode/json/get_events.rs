//! `get-log-events`: one stream, its events without stream name and id, tokens for both directions.

use super::filter_events::{decode, is_page_of_stream};
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "get-log-events",
    about: "JSON of `aws logs get-log-events`: the events of one stream",
    sniff: |head| {
        head.json.as_ref().is_some_and(|json| json.has("events") && is_page_of_stream(json))
            && head.has_list_of_messages("events")
    },
    decode: Decode::Events(decode),
    samples: &[
        "{\"events\":[{\"timestamp\":1790812800123,\"message\":\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\",\"ingestionTime\":1790812803456}],\"nextForwardToken\":\"f/3800/s\",\"nextBackwardToken\":\"b/3800/s\"}",
    ],
};
