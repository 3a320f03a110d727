//! JSON with whole logs as strings: the answer of a test run, a saved variable, one document inside another.

use super::nesting::{Nesting, is_log};
use super::texts::{Unescaped, each_text};
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "json-text",
    about: "JSON that holds a whole log, or another document, as a string",
    sniff: |head| !head.of_stream && Nesting::learn(head.bytes) == Some(Nesting::Texts),
    decode: Decode::Texts(|feed, decode| {
        each_text(feed, |_, beginning| is_log(beginning), |text| decode(&mut Unescaped::new(text)))
    }),
    samples: &[
        "{\"logs\":\"START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\\nEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"}",
        "{\"statusCode\":200,\"body\":\"{\\\"events\\\":[{\\\"timestamp\\\":1790812800123,\\\"message\\\":\\\"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\\\n\\\"}]}\"}",
    ],
};
