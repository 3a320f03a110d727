//! Events as they are delivered: each shape writes events one by one, so a file may be larger than memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use super::messages::iso;
use super::{Environment, Event};

/// As an S3 export task writes it. The function and the stream are in the path of the file.
pub(crate) fn s3_export(out: &mut impl Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{} {}", iso(event.ms), event.message)
}

/// Only messages, as the JSON log format is often kept.
pub(crate) fn messages(out: &mut impl Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{}", event.message)
}

/// As forwarders write it: a JSON object per line.
pub(crate) fn ndjson(out: &mut impl Write, function: &str, stream: &str, event: &Event) -> io::Result<()> {
    let (ms, message) = (event.ms, quoted_line(event));
    writeln!(
        out,
        r#"{{"timestamp":{ms},"logGroup":"/aws/lambda/{function}","logStream":"{stream}","message":{message}}}"#
    )
}

/// What `aws logs filter-log-events` prints: [`begin`](Self::begin), events, [`end`](Self::end).
#[derive(Default)]
pub(crate) struct FilterLogEvents {
    events: u64,
}

impl FilterLogEvents {
    pub(crate) fn begin(out: &mut impl Write) -> io::Result<Self> {
        out.write_all(b"{\n    \"events\": [")?;
        Ok(Self::default())
    }

    pub(crate) fn event(&mut self, out: &mut impl Write, stream: &str, event: &Event) -> io::Result<()> {
        let (comma, ms, message) = (if self.events == 0 { "" } else { "," }, event.ms, quoted_line(event));
        self.events += 1;
        write!(
            out,
            "{comma}\n        {{\n            \"logStreamName\": \"{stream}\",\n            \"timestamp\": {ms},\n            \"message\": {message},\n            \"ingestionTime\": {},\n            \"eventId\": \"{:056}\"\n        }}",
            ms + 900,
            self.events
        )
    }

    pub(crate) fn end(self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"\n    ],\n    \"searchedLogStreams\": []\n}\n")
    }
}

/// The message as CloudWatch keeps it, with its line end, as a JSON string.
fn quoted_line(event: &Event) -> serde_json::Value {
    format!("{}\n", event.message).into()
}

/// Brings environments that ran at the same time into one order, that of time.
#[derive(Default)]
pub(crate) struct Merge {
    /// When the next event of an environment is due, and its place in `open`.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    open: Vec<(Environment, usize)>,
}

impl Merge {
    /// Takes an environment, and tells the events that no later environment can come before.
    pub(crate) fn push<E>(
        &mut self,
        environment: Environment,
        tell: impl FnMut(&Environment, &Event) -> Result<(), E>,
    ) -> Result<(), E> {
        self.tell_before(environment.from_ms, tell)?;
        if let Some(first) = environment.events.first() {
            let at = self.open.len();
            self.next.push(Reverse((first.ms, at)));
            self.open.push((environment, 0));
        }
        Ok(())
    }

    /// Tells what is left.
    pub(crate) fn finish<E>(mut self, tell: impl FnMut(&Environment, &Event) -> Result<(), E>) -> Result<(), E> {
        self.tell_before(i64::MAX, tell)
    }

    fn tell_before<E>(
        &mut self,
        end_ms: i64,
        mut tell: impl FnMut(&Environment, &Event) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(&Reverse((ms, at))) = self.next.peek()
            && ms < end_ms
        {
            self.next.pop();
            let (environment, told) = &mut self.open[at];
            tell(environment, &environment.events[*told])?;
            *told += 1;
            match environment.events.get(*told) {
                Some(event) => self.next.push(Reverse((event.ms, at))),
                None => environment.events = Vec::new(),
            }
        }
        Ok(())
    }
}
