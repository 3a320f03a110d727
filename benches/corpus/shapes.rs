//! Events as they are delivered, one by one or as a whole log. None is held for long, so a log may be larger than memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::messages::iso;
use super::{Corpus, Environment, Event};

/// Writes one log of about so many bytes, uncompressed, and says how many they are.
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

/// Tells the text of one stream after the other until they have so many bytes, and says how many they have.
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

/// Tells the events of all streams by time until they have so many bytes, as `weigh` writes them, and says how many they
/// have.
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

/// Counts bytes, and drops them: what is merged by time is written much later than it is made.
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

/// As export tasks compress.
pub(crate) fn gzip<W: Write>(out: W) -> GzEncoder<W> {
    GzEncoder::new(out, Compression::new(6))
}

/// As an S3 export task writes it. The function and the stream are in the path of the file.
pub(crate) fn s3_export(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{} {}", iso(event.ms), event.message)
}

/// Only messages, as the JSON log format is often kept.
pub(crate) fn messages(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{}", event.message)
}

/// As forwarders write it: a JSON object per line.
fn ndjson(out: &mut dyn Write, from: &Environment, event: &Event) -> io::Result<()> {
    let (Environment { function, stream, .. }, ms, message) = (from, event.ms, quoted_line(event));
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

/// The message as CloudWatch keeps it, with its line end, as a JSON string.
fn quoted_line(event: &Event) -> serde_json::Value {
    format!("{}\n", event.message).into()
}

/// Brings environments that ran at the same time into one order, that of time.
#[derive(Default)]
struct Merge {
    /// When the next event of an environment is due, and its place in `open`.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    open: Vec<(Environment, usize)>,
}

impl Merge {
    /// Takes an environment, and tells the events that no later environment can come before.
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

    /// Tells what is left.
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
