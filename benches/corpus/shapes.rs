//! Shapes of delivery, for single events and whole logs. No event is held for long, so a log may be larger than memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::messages::iso;
use super::{Corpus, Environment, Event};

/// Writes one log of about so many bytes, uncompressed, and returns their exact number.
pub(crate) fn log(shape: &str, corpus: &mut Corpus, bytes: u64, out: &mut dyn Write) -> io::Result<u64> {
    match shape {
        "s3-export" => by_stream(corpus, bytes, s3_export, |_, text| out.write_all(text)),
        "s3-export-gz" => {
            let mut packed = gzip(out);
            let made = by_stream(corpus, bytes, s3_export, |_, text| packed.write_all(text))?;
            packed.finish()?;
            Ok(made)
        }
        "messages" => by_stream(corpus, bytes, messages, |_, text| out.write_all(text)),
        "ndjson" => by_time(corpus, bytes, ndjson, |from, event| ndjson(out, from, event)),
        "filter-log-events" => {
            let mut weighed = FilterLogEvents::default();
            let mut document = FilterLogEvents::begin(out)?;
            let made = by_time(
                corpus,
                bytes,
                |out, from, event| weighed.event(out, from, event),
                |from, event| document.event(out, from, event),
            )?;
            document.end(out)?;
            Ok(made)
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("no log has the shape {shape}"))),
    }
}

/// Passes the text of one stream after the other to `tell` until so many bytes are reached; returns their exact number.
pub(crate) fn by_stream(
    corpus: &mut Corpus,
    bytes: u64,
    write: impl Fn(&mut dyn Write, &Event) -> io::Result<()>,
    mut tell: impl FnMut(&Environment, &[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let (mut made, mut text) = (0, Vec::new());
    while made < bytes {
        let environment = corpus.environment();
        text.clear();
        for event in &environment.events {
            write(&mut text, event)?;
        }
        tell(&environment, &text)?;
        made += text.len() as u64;
    }
    Ok(made)
}

/// Passes the events of all streams to `tell` in order of time until so many bytes are reached, as `weigh` writes them;
/// returns their exact number.
pub(crate) fn by_time(
    corpus: &mut Corpus,
    bytes: u64,
    mut weigh: impl FnMut(&mut dyn Write, &Environment, &Event) -> io::Result<()>,
    mut tell: impl FnMut(&Environment, &Event) -> io::Result<()>,
) -> io::Result<u64> {
    let (mut merge, mut made) = (Merge::default(), Count::default());
    while made.0 < bytes {
        let environment = corpus.environment();
        for event in &environment.events {
            weigh(&mut made, &environment, event)?;
        }
        merge.push(environment, &mut tell)?;
    }
    merge.finish(tell)?;
    Ok(made.0)
}

/// Writer that counts bytes and drops them: events merged by time are written much later than they are made.
#[derive(Default)]
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compresses like export tasks.
pub(crate) fn gzip<W: Write>(out: W) -> GzEncoder<W> {
    GzEncoder::new(out, Compression::new(6))
}

/// Writes an event like an S3 export task. Function and stream are in the path of the file.
pub(crate) fn s3_export(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{} {}", iso(event.ms), event.message)
}

/// Writes only the message, as the JSON log format is often kept.
pub(crate) fn messages(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{}", event.message)
}

/// Writes an event like forwarders: a JSON object per line.
fn ndjson(out: &mut dyn Write, from: &Environment, event: &Event) -> io::Result<()> {
    let (Environment { function, stream, .. }, ms, message) = (from, event.ms, quoted_line(event));
    writeln!(
        out,
        r#"{{"timestamp":{ms},"logGroup":"/aws/lambda/{function}","logStream":"{stream}","message":{message}}}"#
    )
}

/// Writer of the output of `aws logs filter-log-events`: [`begin`](Self::begin), events, [`end`](Self::end).
#[derive(Default)]
pub(crate) struct FilterLogEvents {
    events: u64,
}

impl FilterLogEvents {
    pub(crate) fn begin(out: &mut dyn Write) -> io::Result<Self> {
        out.write_all(b"{\n    \"events\": [")?;
        Ok(Self::default())
    }

    pub(crate) fn event(&mut self, out: &mut dyn Write, from: &Environment, event: &Event) -> io::Result<()> {
        let (comma, ms, message) = (if self.events == 0 { "" } else { "," }, event.ms, quoted_line(event));
        let stream = &from.stream;
        self.events += 1;
        write!(
            out,
            "{comma}\n        {{\n            \"logStreamName\": \"{stream}\",\n            \"timestamp\": {ms},\n            \"message\": {message},\n            \"ingestionTime\": {},\n            \"eventId\": \"{:056}\"\n        }}",
            ms + 900,
            self.events
        )
    }

    pub(crate) fn end(self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n    ],\n    \"searchedLogStreams\": []\n}\n")
    }
}

/// Returns the message as CloudWatch keeps it, with its line end, as a JSON string.
fn quoted_line(event: &Event) -> serde_json::Value {
    format!("{}\n", event.message).into()
}

/// Merge of environments that ran at the same time into the order of time.
#[derive(Default)]
struct Merge {
    /// Times of the next event of each environment, with its index in `open`.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    open: Vec<(Environment, usize)>,
}

impl Merge {
    /// Takes an environment, and passes on the events before which no later environment can have any.
    fn push<E>(
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

    /// Passes on the remaining events.
    fn finish<E>(mut self, tell: impl FnMut(&Environment, &Event) -> Result<(), E>) -> Result<(), E> {
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
