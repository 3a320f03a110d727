//! S3 export tasks: `2026-01-02T03:04:05.678Z message`, one file per log stream.

use super::engine::{self, Family, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::feed::Feed;
use crate::decode::head::InputHead;
use crate::decode::{Decode, DecodeError, Shape};
use crate::lambda::platform::{is_crash, is_platform};
use crate::lambda::sentences::message_start;
use crate::model::{TimeReader, Timestamp};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "s3-export",
    about: "files of an S3 export task: an ISO time with milliseconds and a blank before every event",
    sniff,
    decode: Decode::EventsInChunks(decode, last_event),
    samples: &[
        "2026-10-01T00:00:00.123Z START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\n\
         2026-10-01T00:00:00.456Z [ERROR] ValueError: bad input\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9\n\
         2026-10-01T00:00:00.500Z END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n\n",
        "2026-10-01T00:00:00.123Z {\"time\":\"2026-10-01T00:00:00.123Z\",\"type\":\"platform.start\",\"record\":{}}\n",
    ],
};

/// Maximum number of lines examined to recognise the shape.
const LINES: usize = 60;
/// Length of the time, in bytes.
const TIME: usize = 24;

fn sniff(head: &InputHead<'_>) -> bool {
    begins(head) && (head.of_stream || reads(head))
}

fn begins(head: &InputHead<'_>) -> bool {
    // Runtimes print such times, too, followed by a tab, which copying turns into several blanks.
    let mut runtimes_own = true;
    let mut times = S3Export::default();
    let mut begun = times.time(head.first_line()).is_some();
    for line in head.lines().take(LINES) {
        // If a line of the platform has no prefix, the times are the runtime's own.
        if is_platform(line) {
            return false;
        }
        if times.time(line).is_some() {
            let message = line.get(TIME + 1..).unwrap_or_default();
            runtimes_own &= message.first() == Some(&b' ');
            // Only exports have a time before a line of the platform; usually the first line is one.
            if is_platform(message) {
                return true;
            }
            begun = true;
        } else if !begun && message_start(line).is_some() {
            // A message of another shape, which may have such lines in it.
            return false;
        }
    }
    // Without a line of the platform, the first line must begin an event. With one it need not, as a part of a file may
    // begin within an event.
    !runtimes_own && times.time(head.first_line()).is_some()
}

/// Returns whether messages begin behind the time, as far as the first lines show.
fn reads(head: &InputHead<'_>) -> bool {
    // Other separators may stand at the same place.
    let reads = |line: &[u8]| message_start(line) == Some(TIME + 1) && S3Export::default().time(line).is_some();
    head.any_line(reads) || !head.any_line(|line| message_start(line).is_some())
}

/// Reader of the times in front of events. In some copies, lines of the platform lost their time: such a line begins an
/// event all the same, with the time of the event before.
#[derive(Default)]
struct S3Export {
    times: TimeReader,
    last: Option<Timestamp>,
}

impl Family for S3Export {
    type Names = ();

    #[inline]
    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        let Some(at) = self.time(line) else {
            let begins = is_platform(line) || is_crash(line);
            return begins.then(|| Prefix { at: self.last, ..Prefix::default() });
        };
        self.last = Some(at);
        Some(Prefix { at: Some(at), message: TIME + 1, ..Prefix::default() })
    }
}

impl S3Export {
    #[inline]
    fn time(&mut self, line: &[u8]) -> Option<Timestamp> {
        let time = line.first_chunk::<TIME>()?;
        if !matches!(line.get(TIME), None | Some(b' ' | b'\r')) {
            return None;
        }
        self.times.read(time)
    }
}

/// Returns the start of the last line that has a time; the first line of the text does not count.
fn last_event(text: &[u8]) -> Option<usize> {
    let mut reader = S3Export::default();
    let starts = memchr::memrchr_iter(b'\n', text).map(|newline| newline + 1);
    // The byte after the time must be in the text, as it is checked.
    starts.filter(|start| start + TIME < text.len()).find(|start| reader.time(&text[*start..]).is_some())
}

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    engine::decode(&mut S3Export::default(), feed, delivery);
    Ok(())
}
