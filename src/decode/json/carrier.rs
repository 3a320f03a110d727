//! Log data as base64 inside JSON: what Lambda, Kinesis and Firehose hand on, and the tail of an Invoke answer.

use std::cell::RefCell;
use std::io::Read;

use super::texts::each_text;
use crate::decode::base64::Base64Reader;
use crate::decode::head::JsonHead;
use crate::decode::{Decode, Shape};
use crate::lambda::invoke::{FUNCTION_ERROR, function_error_line};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "carrier",
    about: "JSON that carries log data in base64: `awslogs`, Kinesis and Firehose records, `LogResult` of an invocation",
    sniff: |head| head.json.as_ref().is_some_and(is_carrier) && has_data(head.bytes),
    decode: Decode::Texts(|feed, decode| {
        // That the invocation failed stands in front of its log, which may not tell it.
        let told = RefCell::new(Vec::new());
        let is_text = |key: &[u8], text: &[u8]| {
            if key == FUNCTION_ERROR.as_bytes() {
                told.replace(function_error_line(text));
            }
            DATA_KEYS.contains(&key)
        };
        each_text(feed, is_text, |text| {
            let told = told.take();
            decode(&mut Base64Reader::new(text).chain(&told[..]))
        })
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

/// Returns whether one of the keys has a text in base64.
fn has_data(head: &[u8]) -> bool {
    let of_base64 =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\\');
    DATA_KEYS.iter().any(|key| {
        memchr::memmem::find_iter(head, key).any(|at| {
            let Some(value) = head[at + key.len()..].strip_prefix(b"\"") else { return false };
            let text = value.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
            let Some(text) = text.and_then(|text| text.strip_prefix(b"\"")) else { return false };
            let length = text.iter().take_while(|byte| of_base64(byte)).count();
            length > 0 && matches!(text.get(length), None | Some(b'"'))
        })
    })
}
