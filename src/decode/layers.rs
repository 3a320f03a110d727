//! Containers and encodings around a log: recognises them by their first bytes and decodes them as streams.

use std::io::{self, Read};

use super::base64::Base64Reader;
use super::fault::Fault;
use super::magic::{Layer, MAGIC, ZIP, is_begun, is_nearly, layer_of};
use super::members::{bzip2, gzip};
use super::utf16::Utf16Reader;
use super::windows::InputWindows;
use super::xz::XzReader;
use super::zstd::ZstdReader;
use crate::lambda::sentences::message_start;
use crate::model::RequestId;

/// Maximum nesting depth of containers: Firehose alone makes gzip of base64 of gzip.
pub(super) const DEEPEST: usize = 4;

/// Stream whose first bytes were read ahead.
pub(super) struct Peeked<'a> {
    head: Vec<u8>,
    at: usize,
    rest: Box<dyn Read + Send + 'a>,
}

impl<'a> Peeked<'a> {
    /// Reads the first bytes of `rest` ahead.
    pub(super) fn new(mut rest: Box<dyn Read + Send + 'a>) -> io::Result<Self> {
        let mut head = Vec::with_capacity(MAGIC);
        rest.as_mut().take(MAGIC as u64).read_to_end(&mut head)?;
        Ok(Self { head, at: 0, rest })
    }

    /// Returns whether the stream begins like gzip.
    #[cfg(feature = "libdeflate")]
    pub(super) fn is_gzip(&self) -> bool {
        layer_of(&self.head) == Some(Layer::Gzip)
    }

    fn without_head(mut self, bytes: usize) -> Self {
        self.at += bytes;
        self
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = &self.head[self.at..];
        if left.is_empty() {
            return self.rest.read(buffer);
        }
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Content of a stream after [`peel`].
pub(super) enum Peeled<'a> {
    /// Content of a layer, which may be wrapped again.
    Wrapped(Peeked<'a>),
    /// A ZIP archive, whose entries are decoded one by one.
    Zip(Peeked<'a>),
    /// The text itself: there was no layer.
    Plain(Peeked<'a>),
}

/// Removes one layer, whose window is one of `windows`.
pub(super) fn peel<'a>(stream: Peeked<'a>, windows: &InputWindows) -> io::Result<Peeled<'a>> {
    if stream.head.starts_with(ZIP) {
        return Ok(Peeled::Zip(stream));
    }
    let Some(layer) = layer_of(&stream.head) else {
        if is_begun(&stream.head) {
            return Err(Fault::Cut.into());
        }
        if is_nearly(&stream.head) {
            return Err(Fault::Damaged.into());
        }
        return Ok(Peeled::Plain(stream));
    };
    let under: Box<dyn Read + Send> = match layer {
        Layer::Gzip => Box::new(gzip(stream)),
        Layer::Zstd => Box::new(ZstdReader::new(stream, windows)),
        Layer::Bzip2 => Box::new(bzip2(stream)),
        Layer::Xz => Box::new(XzReader::new(stream, windows)),
        Layer::Base64 => Box::new(Base64Reader::new(stream)),
        Layer::Utf8Mark => Box::new(stream.without_head(3)),
        Layer::Utf16(order) => Box::new(Utf16Reader::new(stream, order)),
    };
    Peeked::new(under).map(Peeled::Wrapped)
}

/// Returns, for file formats that hold no log text, what the file is and what to do instead.
pub(super) fn refused_kind(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 15] = [
        (
            b"PAR1",
            "a Parquet file; export the logs as text or JSON instead, or read the message column out of it first",
        ),
        (b"ORC", "an ORC file; export the logs as text or JSON instead, or read the message column out of it first"),
        (b"Obj\x01", "an Avro file; export the logs as text or JSON instead"),
        (b"SQLite format 3\0", "an SQLite database; query the log out of it first: sqlite3 -json FILE 'SELECT ...'"),
        (b"%PDF", "a PDF document; save the log as text instead"),
        (b"\xd0\xcf\x11\xe0", "an old Excel or Word document; save it as CSV instead"),
        (b"\xff\x06\0\0sNaPpY", "snappy-compressed; decompress it first, or set Firehose to GZIP"),
        (b"\x7fELF", "a program, not a log"),
        (b"MZ", "a program, not a log"),
        (b"\x89PNG", "an image, not a log"),
        (b"\xff\xd8\xff", "an image, not a log"),
        (b"GIF8", "an image, not a log"),
        (b"\x5d\0\0", "an lzma file; unpack it first: xz -d"),
        (b"\x04\x22\x4d\x18", "an lz4 file; unpack it first: lz4 -d"),
        (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    ];
    kinds.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, advice)| *advice)
}

/// Recognises results of this program, which quote lines of the log that they are about.
pub(super) fn own_result(head: &[u8]) -> Option<&'static str> {
    let head = &head[..head.len().min(1024)];
    let has = |key: &[u8]| memchr::memmem::find(head, key).is_some();
    let json = head.starts_with(b"{") && has(b"\"schema\"") && has(b"\"tool_version\"");
    let junit =
        (head.starts_with(b"<?xml") || head.starts_with(b"<testsuites")) && has(b"<testsuites name=\"lambda-triage\"");
    let is_title =
        |line: &[u8]| line.starts_with(b"FUNCTION") && memchr::memmem::find(line, b"ATTEMPTS  FAILED").is_some();
    // A function may print one.
    let is_above = |line: &&[u8]| message_start(line).is_none();
    let older_table = head.split(|byte| *byte == b'\n').take_while(is_above).any(is_title);
    let begins = RESULTS.iter().any(|beginning| head.starts_with(beginning));
    (json || junit || older_table || begins || begins_as_table(head) || begins_as_life(head))
        .then_some("a result of lambda-triage, not a log")
}

/// Recognises documents that tell of an account beside its logs; returns what they are and the option that reads them.
///
/// A function may log such a document: one that is meant begins so, and no sentence of the platform follows.
pub(super) fn beside_a_log(head: &[u8]) -> Option<&'static str> {
    const RECORDS: &str = "records of a destination of failed events, not a log; name it with --destinations";
    const MESSAGES: &str = "messages of a queue, not a log; name it with --destinations";
    const METRICS: &str = "CloudWatch metrics, not a log; name it with --cloudwatch-metrics";
    /// Beginnings without blanks, keys that are somewhere behind, and what that is.
    const KINDS: [(&[&str], &[&str], &str); 6] = [
        (&["{\"version\":\"1.0\"", "{\"requestContext\":", "{\"timestamp\":"], &["functionArn", "condition"], RECORDS),
        (&["{\"version\":\"0\""], &["Lambda Function Invocation Result", "functionArn"], RECORDS),
        (&["{\"Type\":\"Notification\""], &["functionArn", "condition"], RECORDS),
        (&["{\"Messages\":[{"], &["ReceiptHandle"], MESSAGES),
        (&["{\"Messages\":[{"], &["Body"], MESSAGES),
        (&["{\"MetricDataResults\":", "{\"Messages\":[],\"MetricDataResults\":"], &[], METRICS),
    ];
    const BEGINNING: usize = 64;
    const SENTENCES: [&str; 3] = ["RequestId: ", "platform.start", "platform.report"];
    let begins: Vec<u8> = head
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .skip_while(|byte| *byte == b'[')
        .take(BEGINNING)
        .collect();
    let has = |text: &&str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let is_one = |(beginnings, keys, _): &&(&[&str], &[&str], &str)| {
        beginnings.iter().any(|beginning| begins.starts_with(beginning.as_bytes())) && keys.iter().all(has)
    };
    KINDS.iter().find(is_one).filter(|_| !SENTENCES.iter().any(has)).map(|(.., what)| *what)
}

/// Beginnings of results: the ledger and the table as CSV, the gate in Markdown, annotations, an answer without a log.
const RESULTS: [&[u8]; 8] = [
    b"function,account_id,region,request_id,need,outcome,",
    b"kind,function,account_id,region,runtime,cause,",
    b"**Gate ",
    b"::error title=",
    b"::warning title=",
    b"::notice title=",
    b"No Lambda invocation found\n",
    b"No Lambda invocation found, but not all was read\n",
];

/// Returns whether a text begins with the headline of a table of this program: how much failed and whether that is all,
/// then functions and the window.
fn begins_as_table(head: &[u8]) -> bool {
    let end = memchr::memchr_iter(b'\n', head).nth(2).unwrap_or(head.len());
    let headline = &head[..end];
    let has = |word: &[u8]| memchr::memmem::find(headline, word).is_some();
    // A log may have these words, too, but hardly in that place.
    let tells_whether_all = |line: &[u8]| {
        let line = line.trim_ascii_end().strip_suffix(b"\x1b[0m").unwrap_or(line.trim_ascii_end());
        line.ends_with(b"complete") || line.ends_with(b"partial")
    };
    let whole = headline.split(|byte| *byte == b'\n').any(tells_whether_all);
    whole && has(b"attempt") && has(b" function") && has(b" UTC")
}

/// Returns whether a text begins as what `show` prints: function and request id, how the event ended, and its attempts.
fn begins_as_life(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut words = lines.next().unwrap_or_default().split(|byte| matches!(byte, b' ' | b'`'));
    let is_id = words.any(|word| RequestId::parse(word).is_some());
    let is_attempt = |line: &[u8]| line.strip_prefix(b"### ").unwrap_or(line).starts_with(b"Attempt ");
    is_id && lines.take(LINES_OF_HEAD).any(is_attempt)
}

/// Most lines between the first one of what `show` prints and its first attempt.
const LINES_OF_HEAD: usize = 8;

/// Recognises renderings of a log that cannot be parsed back; returns what it is and what to do instead.
pub(super) fn refused_rendering(first_lines: &[u8]) -> Option<&'static str> {
    // What a terminal showed is recorded in pieces that end anywhere.
    let first = &first_lines[..first_lines.len().min(200)];
    let has = |key: &[u8]| memchr::memmem::find(first, key).is_some();
    if first.starts_with(b"{\"version\"") && (has(b"\"width\"") && has(b"\"height\"") || has(b"\"term\"")) {
        return Some("a recording of a terminal; save it as text first: asciinema convert FILE.cast FILE.txt");
    }
    let of_cli = [&b"FilterLogEvents"[..], b"GetLogEvents", b"GetQueryResults"];
    let (_, rest) = first_lines.split_at(memchr::memchr(b'\n', first_lines)? + 1);
    let title = rest.strip_prefix(b"|")?.split(|byte| *byte == b'\n').next()?;
    let is_table = of_cli.iter().any(|name| memchr::memmem::find(title, name).is_some());
    is_table.then_some("a table of the AWS CLI, which wraps messages; save it with --output json instead")
}
