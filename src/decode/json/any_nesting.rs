//! JSON of any make whose strings are messages: what other stores, SDKs and scripts make of a log.

use super::nesting::Nesting;
use super::walk::walk_places;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "any-json",
    about: "JSON of any make whose strings are messages: of Elasticsearch, Loki, Splunk, Datadog, OTLP, an SDK, a script",
    sniff: |head| !head.of_stream && matches!(head.nesting(), Some(Nesting::Events(_))),
    decode: Decode::Events(|feed, delivery| {
        let Some(Nesting::Events(places)) = Nesting::learn(feed.head()) else { return Ok(()) };
        delivery.watch_order();
        walk_places(feed, delivery, &places)
    }),
    samples: &[
        "{\"hits\":{\"hits\":[{\"_id\":\"1\",\"_source\":{\"@timestamp\":\"2026-10-01T00:00:00.123Z\",\"message\":\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n\"}}]}}",
        "{\"data\":{\"result\":[{\"stream\":{\"app\":\"orders\"},\"values\":[[\"1790812800123000000\",\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\"]]}]}}",
        "[{\"when\":1790812800123,\"what\":\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"}]",
        "\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n\"\n\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"\n",
    ],
};
