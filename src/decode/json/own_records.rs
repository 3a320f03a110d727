//! Our own ndjson output, read back: the shards of a run elsewhere.

use crate::decode::delivery::Delivery;
use crate::decode::feed::{Feed, LONGEST};
use crate::decode::head::{JsonHead, without_return};
use crate::decode::{Decode, DecodeError, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "records",
    about: "what `analyze --format ndjson` wrote: one record per attempt",
    sniff: |head| head.json.as_ref().is_some_and(JsonHead::is_own),
    decode: Decode::Events(decode),
    samples: &[
        "{\"lt\":5,\"f\":\"pay\",\"s\":\"k3J9x0aPq1Y\",\"r\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\",\"t\":1790812800123,\"e\":84,\"d\":82.31,\"m\":512,\"u\":91}\n",
        "{\"schema\":1,\"id\":\"0a\",\"kind\":\"attempt\",\"request_id\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\",\"category\":\"ok\",\"code\":\"ok\",\"log_group\":\"/aws/lambda/pay\",\"error_message\":null}\n",
    ],
};

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    loop {
        let data = feed.data();
        match memchr::memchr(b'\n', data) {
            Some(end) => {
                record(&data[..end], feed.line(), delivery);
                feed.pass_lines(end + 1, 1);
            }
            None if data.len() >= LONGEST => {
                return Err(DecodeError::Corrupt(format!(
                    "the record on line {} has no end; write the records again",
                    feed.line()
                )));
            }
            None if delivery.more(feed) => {}
            None => {
                record(feed.data(), feed.line(), delivery);
                let rest = feed.data().len();
                feed.pass_lines(rest, 0);
                return Ok(());
            }
        }
    }
}

fn record(line: &[u8], number: u64, delivery: &mut Delivery<'_>) {
    let line = without_return(line).trim_ascii();
    match line.first() {
        None => {}
        Some(b'{') => delivery.sink.own_record(line, number),
        Some(_) => {
            delivery.not_json(number);
            // Somebody may have appended a log to its records.
            delivery.dropped_text(line, number);
            delivery.dropped(line.len() as u64);
        }
    }
}
