//! Log data as base64 inside JSON: what Lambda, Kinesis and Firehose hand on, and the tail of an Invoke answer.

use super::texts::each_text;
use crate::decode::base64::Base64Reader;
use crate::decode::head::JsonHead;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "carrier",
    about: "JSON that carries log data in base64: `awslogs`, Kinesis and Firehose records, `LogResult` of an invocation",
    sniff: |head| head.json.as_ref().is_some_and(is_carrier),
    decode: Decode::Texts(|feed, decode| {
        each_text(feed, |key, _| DATA_KEYS.contains(&key), |text| decode(&mut Base64Reader::new(text)))
    }),
    samples: &[
        "{\"awslogs\":{\"data\":\"H4sIAAAAAAAC/w==\"}}",
        "{\"StatusCode\":200,\"LogResult\":\"U1RBUlQgUmVxdWVzdElkOiA=\",\"ExecutedVersion\":\"$LATEST\"}",
        "{\"Records\":[{\"kinesis\":{\"data\":\"H4sIAAAAAAAC/w==\"},\"eventSource\":\"aws:kinesis\"}]}",
    ],
};

/// Keys whose text is the data.
const DATA_KEYS: [&[u8]; 4] = [b"data", b"Data", b"rawData", b"LogResult"];

fn is_carrier(json: &JsonHead<'_>) -> bool {
    ["awslogs", "Records", "records", "LogResult", "rawData"].iter().any(|key| json.has(key))
        || json.has("Data") && json.has("PartitionKey")
        || json.has("data") && (json.has("recordId") || json.has("approximateArrivalTimestamp"))
}
