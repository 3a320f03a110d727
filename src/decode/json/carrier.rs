//! Log data as base64 inside JSON: what Lambda, Kinesis and Firehose hand on, and the tail of an Invoke answer.

use std::io::{self, Read};

use super::scan::text_end;
use crate::decode::base64::Base64Reader;
use crate::decode::feed::Feed;
use crate::decode::head::JsonHead;
use crate::decode::{DecodeError, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "carrier",
    about: "JSON that carries log data in base64: `awslogs`, Kinesis and Firehose records, `LogResult` of an invocation",
    sniff: |head| head.json.as_ref().is_some_and(is_carrier),
    // The data inside is decoded like an input of its own, by the caller that knows how deep it is.
    decode: |_, _| Ok(()),
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

/// Bytes of data inside.
#[derive(Clone, Copy, Default)]
pub(in crate::decode) struct Carried {
    /// As they stand in the text.
    pub(in crate::decode) packed: u64,
    /// Decoded.
    pub(in crate::decode) unpacked: u64,
}

/// Decodes what every text of data carries, with `inner`, which says how many bytes were in it.
pub(in crate::decode) fn each(
    feed: &mut Feed<'_>,
    mut inner: impl FnMut(&mut (dyn Read + Send)) -> Result<u64, DecodeError>,
) -> Result<Carried, DecodeError> {
    let (mut bytes, mut decoded, mut failed) = (Carried::default(), 0, None);
    while find_data(feed) {
        let mut text = QuotedText { feed, done: false, length: 0 };
        match inner(&mut Base64Reader::new(&mut text)) {
            Ok(more) => {
                bytes.unpacked += more;
                decoded += 1;
            }
            // Damage says more than a record of another kind.
            Err(DecodeError::NotALog(_)) if failed.is_some() => {}
            Err(error) => failed = Some(error),
        }
        io::copy(&mut text, &mut io::sink())?;
        bytes.packed += text.length;
    }
    match failed {
        // Records of something else may stand beside those of the log.
        Some(DecodeError::NotALog(_)) if decoded > 0 => Ok(bytes),
        Some(error) => Err(error),
        None => Ok(bytes),
    }
}

/// Goes to the next text of data: behind its opening quote.
fn find_data(feed: &mut Feed<'_>) -> bool {
    loop {
        let data = feed.data();
        let mut at = 0;
        while let Some(start) = memchr::memchr(b'"', &data[at..]).map(|quote| at + quote + 1) {
            let Some(end) = text_end(data, start) else { break };
            let after =
                data[end + 1..].iter().take_while(|byte| matches!(byte, b':') || byte.is_ascii_whitespace()).count();
            let value = end + 1 + after;
            if value == data.len() {
                break;
            }
            at = end + 1;
            if after > 0 && data[value] == b'"' && DATA_KEYS.contains(&&data[start..end]) {
                feed.pass(value + 1);
                return true;
            }
        }
        // What is left begins at a text that is cut: the next block has its end, unless it is very long.
        let keep = if data.len() - at > crate::decode::feed::BLOCK { data.len() } else { at };
        feed.pass(keep);
        if !feed.more() {
            return false;
        }
    }
}

/// The inside of a JSON string, up to its closing quote.
struct QuotedText<'q, 'f> {
    feed: &'q mut Feed<'f>,
    done: bool,
    /// Bytes of it so far.
    length: u64,
}

impl Read for QuotedText<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || (self.feed.data().is_empty() && !self.feed.more()) {
            return Ok(0);
        }
        let data = self.feed.data();
        let length = memchr::memchr(b'"', data).unwrap_or(data.len());
        if length == 0 {
            self.done = true;
            self.feed.pass(1);
            return Ok(0);
        }
        let count = length.min(buffer.len());
        buffer[..count].copy_from_slice(&data[..count]);
        self.feed.pass(count);
        self.length += count as u64;
        Ok(count)
    }
}
