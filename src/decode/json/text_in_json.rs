//! JSON with whole logs as strings: the answer of a test run, a saved variable, one document inside another.

use super::nesting::{Nesting, is_log};
use super::texts::joined;
use crate::decode::rendered::rewrite;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "json-text",
    about: "JSON that holds a whole log, or another document, as a string",
    sniff: |head| !head.of_stream && matches!(head.nesting(), Some(Nesting::Texts(_))),
    // One text: a queue hands on every event as a document in a string of its own.
    decode: Decode::Texts(|feed, decode| {
        let keys = match Nesting::learn(feed.head()) {
            Some(Nesting::Texts(keys)) => keys,
            _ => Vec::new(),
        };
        rewrite(feed, |feed| {
            decode(&mut joined(feed, |key, beginning| keys.iter().any(|known| **known == *key) || is_log(beginning)))
        })
    }),
    samples: &[
        "{\"logs\":\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\\nEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"}",
        "{\"statusCode\":200,\"body\":\"{\\\"events\\\":[{\\\"timestamp\\\":1790812800123,\\\"message\\\":\\\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\\\n\\\"}]}\"}",
    ],
};
