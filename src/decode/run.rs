//! Decoding of one input from its first byte to its last: removes the layers, recognises the shape, delivers the
//! events, and puts errors in words.

use std::io::{self, ErrorKind, Read};

use super::ahead::read_ahead;
use super::delivery::{Delivery, DeliveryEnd};
use super::fault::{Fault, fault_in};
use super::feed::{Feed, HEAD, SEARCHED, SEARCHED_TEXT};
use super::head::{InputHead, without_return};
use super::json::scan::value;
use super::json::tail::{broken_before_value, is_piece_of_json, tail_before_value};
use super::layers::{DEEPEST, Peeked, Peeled, beside_a_log, own_result, peel, refused_kind, refused_rendering};
use super::magic::archive_behind;
use super::rendered::yaml::begins_mapping;
use super::rendered::{Unreadable, decode_rest};
use super::text::{any_prefix, bare};
#[cfg(feature = "libdeflate")]
use super::whole_gzip::Inflated;
use super::windows::InputWindows;
use super::{Buffers, Carried, Decode, DecodeError, DecodeTexts, Decoded, SHAPES, Shape, zip};
use crate::lambda::sentences::sighting_in_message;
use crate::lambda::{has_trace, tells_of_run};
use crate::model::{Bucket, EventSink, Mentions, Origin, Sighting};

/// State of decoding one input.
pub(super) struct DecodeRun<'r> {
    context: &'r Origin<String>,
    buffers: &'r mut Buffers,
    sink: &'r mut dyn EventSink,
    windows: InputWindows,
    /// Number of bytes decoded before a failure.
    before_failure: u64,
    /// Number of bytes of a failed input whose content was counted instead.
    carried_before_failure: u64,
    /// Number of lines of the texts inside the input so far: entries of an archive, records of a carrier. Line numbers
    /// count on from one to the next.
    lines: u64,
    /// First sentence of the platform in text that was dropped.
    unread: Option<Sighting>,
}

/// Result of decoding without a failure.
#[derive(Clone, Copy)]
struct Whole {
    shape: &'static str,
    bytes: u64,
}

/// Name of the shape if there is nothing to decode.
const EMPTY: &str = "empty";
/// Name of the shape of an archive with something in front.
const ARCHIVE: &str = "archive";
/// Name of the file that an S3 export task writes to test its permissions.
const WRITE_TEST: &str = "aws-logs-write-test";

impl<'r> DecodeRun<'r> {
    pub(super) fn new(context: &'r Origin<String>, buffers: &'r mut Buffers, sink: &'r mut dyn EventSink) -> Self {
        let windows = InputWindows::new(&buffers.windows);
        Self { context, buffers, sink, windows, before_failure: 0, carried_before_failure: 0, lines: 0, unread: None }
    }

    pub(super) fn decode(mut self, input: &mut (dyn Read + Send)) -> Decoded {
        match self.input(input, 0) {
            Ok(Whole { shape, bytes }) => Decoded { shape: Some(shape), bytes, result: Ok(()) },
            Err(error) => Decoded { shape: None, bytes: self.before_failure, result: Err(error) },
        }
    }

    /// Decodes `input`, which is `depth` layers deep.
    fn input(&mut self, input: &mut (dyn Read + Send), depth: usize) -> Result<Whole, DecodeError> {
        let stream = Peeked::new(Box::new(input)).map_err(read_error)?;
        // Only the outermost gzip is inflated at once: the buffers for an inner one would add to those for the outer
        // one.
        #[cfg(feature = "libdeflate")]
        if depth == 0 && stream.is_gzip() {
            return self.whole_gzip(stream);
        }
        self.peeled(stream, depth)
    }

    /// Decodes gzip, inflating all of it at once if possible.
    #[cfg(feature = "libdeflate")]
    fn whole_gzip(&mut self, stream: Peeked<'_>) -> Result<Whole, DecodeError> {
        let mut buffers = std::mem::take(&mut self.buffers.whole_gzip);
        let result = match buffers.inflate(stream) {
            Inflated::Text(text) => {
                Peeked::new(Box::new(text)).map_err(read_error).and_then(|text| self.peeled(text, 1))
            }
            Inflated::Not(stream) => {
                Peeked::new(Box::new(stream)).map_err(read_error).and_then(|stream| self.peeled(stream, 0))
            }
        };
        buffers.shrink();
        self.buffers.whole_gzip = buffers;
        result
    }

    /// Removes the layers of `stream`, which is `depth` layers deep, and decodes the text below them.
    fn peeled(&mut self, mut stream: Peeked<'_>, depth: usize) -> Result<Whole, DecodeError> {
        let mut packed = false;
        for depth in depth..=DEEPEST {
            match peel(stream, &self.windows).map_err(read_error)? {
                Peeled::Wrapped(under) => {
                    stream = under;
                    packed = true;
                }
                Peeled::Plain(mut text) if packed && self.buffers.ahead => {
                    return read_ahead(&mut text, |text| self.text(text, depth));
                }
                Peeled::Plain(mut text) => return self.text(&mut text, depth),
                Peeled::Zip(mut archive) => return self.archive(&mut archive, depth),
            }
        }
        Err(too_deep())
    }

    /// Decodes the entries of an archive one after the other, and adds up their bytes. Entries that are no logs are left out
    /// and reported, unless no entry is a log; those that cannot be read, or not to their end, are named in the error.
    fn archive(&mut self, archive: &mut (dyn Read + Send), depth: usize) -> Result<Whole, DecodeError> {
        if depth >= DEEPEST {
            return Err(too_deep());
        }
        let mut entries = ArchiveEntries::default();
        let result = self.entries(archive, depth, &mut entries);
        let ArchiveEntries { all, refused, failed } = entries;
        let bytes = all.map_or(0, |all| all.bytes) + failed.bytes;
        let result = match (result, all) {
            (Err(error), _) => Err(error),
            (Ok(()), _) if failed.entries > 0 => Err(DecodeError::Corrupt(failed.told())),
            (Ok(()), Some(all)) => Ok(Whole { bytes: bytes + refused.bytes(), ..all }),
            (Ok(()), None) => match refused.last {
                // An archive without any log is refused as a whole.
                Some(error) => return Err(error),
                None => Ok(Whole { shape: EMPTY, bytes }),
            },
        };
        // Programs and documents are refused as a whole.
        if !matches!(result, Err(DecodeError::OtherKind(_))) {
            refused.tell(self.sink);
            // What was read of the entries before a failure was delivered, so it counts.
            self.before_failure += if result.is_err() { bytes + refused.bytes() } else { 0 };
        }
        result
    }

    fn entries(
        &mut self,
        archive: &mut (dyn Read + Send),
        depth: usize,
        seen: &mut ArchiveEntries,
    ) -> Result<(), DecodeError> {
        let mut entries = zip::ZipEntries::new(archive);
        while let Some(mut entry) = entries.next_entry().map_err(read_error)? {
            let failed_before = self.before_failure;
            let mut error = match (zip::refused_entry(entry.name()), entry.opaque()) {
                (Some(what), _) => {
                    let error = DecodeError::OtherKind(format!("is {what}"));
                    if seen.all.is_none() && seen.failed.entries == 0 {
                        return Err(error);
                    }
                    Some(error)
                }
                (None, Some(why)) => Some(DecodeError::Corrupt(format!("{why}; unpack it"))),
                (None, None) => match self.input(&mut entry, depth + 1) {
                    Ok(decoded) => {
                        let before = seen.all.map_or(0, |all| all.bytes);
                        seen.all = Some(Whole { shape: decoded.shape, bytes: before + decoded.bytes });
                        None
                    }
                    Err(error @ DecodeError::Io(_)) => return Err(error),
                    Err(error) => Some(error),
                },
            };
            let is_read = error.is_none();
            let name = entry.name().to_owned();
            let passed = entry.pass().map_err(read_error)?;
            if let Some(fault) = passed.fault {
                error.get_or_insert_with(|| read_error(fault));
            }
            let bytes = self.before_failure - failed_before + passed.unread;
            match error {
                Some(error @ (DecodeError::NotALog(_) | DecodeError::OtherKind(_))) => {
                    seen.refused.push(name, bytes, error);
                }
                Some(error) => {
                    self.sink.count(Bucket::Dropped, passed.unread);
                    seen.failed.push(&name, bytes, &error);
                }
                None => {}
            }
            if !is_read {
                self.before_failure = failed_before;
            }
        }
        let holds_no_log = seen.all.is_none() && seen.failed.entries == 0;
        let behind = match entries.finish() {
            Ok(behind) => behind,
            // Other kinds of archives have directories of their own.
            Err(error) if holds_no_log && !matches!(fault_in(&error), None | Some(Fault::Cut)) => return Ok(()),
            Err(error) => return Err(read_error(error)),
        };
        if behind > 0 && !holds_no_log {
            self.sink.count(Bucket::Dropped, behind);
            seen.failed.bytes += behind;
            // They may be a log.
            return Err(DecodeError::Corrupt(format!(
                "{behind} bytes behind the end of the archive were not read: save them as a file"
            )));
        }
        Ok(())
    }

    /// Decodes a text without layers.
    fn text(&mut self, text: &mut (dyn Read + Send), depth: usize) -> Result<Whole, DecodeError> {
        let mut feed = Feed::new(text, self.buffers.blocks.pop().unwrap_or_default());
        feed.follows(self.lines);
        let mut result = self.shape(&mut feed, depth);
        let refused = matches!(result, Err(DecodeError::NotALog(_)));
        if let Err(DecodeError::NotALog(text)) = &result
            && let Some(bound) = feed.skip_rest(&SEARCHED)
        {
            let text = format!("{text}; no more than {} MiB of it were searched", bound.bytes >> 20);
            // Of a text, more may be a log.
            result = Err(if bound.binary { DecodeError::NotALog(text) } else { DecodeError::Corrupt(text) });
        }
        if let Some(mentions) = feed.mentions() {
            self.sink.mentions(Mentions { first: mentions.first + self.lines, ..mentions });
        }
        let sighting = feed.sighting().filter(|_| !matches!(result, Err(DecodeError::OtherKind(_))));
        let sighting = sighting.map(|seen| Sighting { refused, line: seen.line + self.lines, ..seen });
        self.sink.part_ends(self.unread.take().or(sighting));
        self.lines = self.lines.max(feed.line());
        let (mut bytes, failure, block) = feed.finish();
        self.buffers.blocks.push(block);
        if let Some(Fault::Torn(rest)) = failure.as_ref().and_then(fault_in) {
            self.sink.count(Bucket::Dropped, *rest);
            bytes += rest;
        }
        let is_known = |fault: &Fault| matches!(fault, Fault::NoText(_)) && result.is_err();
        let failure = failure.filter(|error| !fault_in(error).is_some_and(is_known));
        let result = failure.map_or(result, |error| Err(read_error(error)));
        let Shaped { name, carried, grown, damage } = result.inspect_err(|_| {
            self.before_failure += bytes.saturating_sub(std::mem::take(&mut self.carried_before_failure));
        })?;
        let bytes = bytes - carried.packed + carried.unpacked + grown;
        match damage {
            Some(Damage { what, whole_from }) => {
                self.before_failure += bytes;
                Err(DecodeError::Corrupt(format!(
                    "the JSON {what}; what is whole, from line {whole_from} on, counts, fetch the rest again"
                )))
            }
            None => Ok(Whole { shape: name, bytes }),
        }
    }

    fn shape(&mut self, feed: &mut Feed<'_>, depth: usize) -> Result<Shaped, DecodeError> {
        feed.more();
        feed.skip_blank(SEARCHED_TEXT);
        let data = feed.data();
        let head = &data[..data.len().min(HEAD)];
        // A query without a match returns an empty list.
        if feed.ended() && matches!(data.trim_ascii(), b"" | b"[]" | b"{}") {
            return Ok(Shaped { name: EMPTY, ..Shaped::default() });
        }
        if head.len() < 256 && head.starts_with(b"Permission Check Successful") {
            return Ok(Shaped { name: WRITE_TEST, ..Shaped::default() });
        }
        if let Some(what) = refused_kind(head).or_else(|| own_result(head)) {
            return Err(DecodeError::OtherKind(format!("is {what}")));
        }
        if let Some(what) = refused_rendering(head).or_else(|| beside_a_log(head)) {
            return Err(DecodeError::NotALog(format!("is {what}")));
        }
        let found = self.recognise(head).or_else(|| self.recognise_by_more(feed));
        let torn = if found.is_some_and(is_certain) { None } else { self.torn(feed.head()) };
        let below = torn.as_ref().and_then(|torn| Some((torn.length, torn.below?)));
        if let Some((length, _)) = below {
            self.drop_text(feed, length);
        }
        let damage = torn.map(|torn| Damage { what: torn.what, whole_from: feed.line() });
        let found = below.map(|(_, shape)| (shape, 0)).or(found);
        let Some((shape, preamble)) = found else {
            let data = feed.data();
            if let Some(stub) = archive_behind(&data[..data.len().min(HEAD)]) {
                // What unpacks an archive, in front of it.
                feed.pass(stub);
                let carried = self.carried(decode_rest, feed, depth);
                if !matches!(carried, Err(DecodeError::NotALog(_) | DecodeError::OtherKind(_))) {
                    self.sink.count(Bucket::Dropped, stub as u64);
                }
                let carried = carried?;
                let _ = feed.sighting();
                return Ok(Shaped { name: ARCHIVE, carried, ..Shaped::default() });
            }
            return Err(not_a_log(&data[..data.len().min(HEAD)]));
        };
        let broken = first_piece_of_json(&feed.data()[..preamble], feed.line());
        feed.pass(preamble);
        self.parts(shape, broken, feed, depth).map(|sum| Shaped { damage, ..sum })
    }

    /// Decodes a text of this shape, and what follows it of other shapes: several exports may be in one file. `broken` is a
    /// line above it that is a piece of JSON.
    fn parts(
        &mut self,
        first: &'static Shape,
        mut broken: Option<u64>,
        feed: &mut Feed<'_>,
        depth: usize,
    ) -> Result<Shaped, DecodeError> {
        let mut sum = Shaped { name: first.name, ..Shaped::default() };
        let mut shape = first;
        for part in 0.. {
            let decode = match shape.decode {
                Decode::Events(decode) | Decode::EventsInChunks(decode, _) => decode,
                Decode::Texts(decode) => {
                    let line = feed.line();
                    let carried = self.carried(decode, feed, depth);
                    sum.carried = carried.map_err(|error| if part > 0 { of_part(error, line) } else { error })?;
                    if sum.carried.unpacked > 0 {
                        // What its texts say of the platform was seen where they were decoded.
                        let _ = feed.sighting();
                    }
                    break;
                }
            };
            let spare = std::mem::take(&mut self.buffers.spare);
            let mut delivery = Delivery::new(self.context, self.sink, feed, spare);
            delivery.follows = part > 0;
            if let Some(line) = broken.take() {
                delivery.not_json(line);
            }
            let result = decode(feed, &mut delivery);
            let DeliveryEnd { grown, spare, unread, result: turned } = delivery.finish(feed);
            self.buffers.spare = spare;
            self.unread = self.unread.take().or(unread);
            result.and(turned)?;
            sum.grown += grown;
            if feed.data().is_empty() {
                break;
            }
            match self.shape_of_part(feed).filter(|_| part < MOST_PARTS) {
                Some(next) => shape = next,
                None => broken = Some(self.drop_document(feed)),
            }
        }
        Ok(sum)
    }

    /// Finds the shape of the document at the start of the data, which is not of the shape of those before it.
    fn shape_of_part(&self, feed: &Feed<'_>) -> Option<&'static Shape> {
        let data = feed.data();
        let of_stream = self.context.log_stream.is_some();
        let known = InputHead { of_stream, ..InputHead::new(&data[..data.len().min(HEAD)]) };
        SHAPES.iter().find(|shape| (shape.sniff)(&known)).filter(|shape| is_certain((shape, 0)))
    }

    /// Drops the document at the start of the data, as far as it is there. Returns the number of its line.
    fn drop_document(&mut self, feed: &mut Feed<'_>) -> u64 {
        let (data, line) = (feed.data(), feed.line());
        let length = value(data, 0).map_or(data.len(), |(_, end)| end);
        self.drop_text(feed, length);
        line
    }

    /// Drops so many bytes, and looks for a sentence of the platform in them.
    fn drop_text(&mut self, feed: &mut Feed<'_>, length: usize) {
        if self.unread.is_none() {
            let unread = sighting_in_message(&feed.data()[..length], feed.line());
            self.unread = unread.map(|sighting| Sighting { refused: true, ..sighting });
        }
        self.sink.count(Bucket::Dropped, length as u64);
        feed.pass(length);
    }

    /// Finds damaged JSON at the start of an input, and the shape of the documents below it.
    fn torn(&self, head: &[u8]) -> Option<Torn> {
        let begins_late = tail_before_value(head);
        let length = begins_late.or_else(|| broken_before_value(head))?;
        let what = if begins_late.is_some() { "begins in the middle" } else { "is broken at its start" };
        if length == head.len() {
            return Some(Torn { length, below: None, what });
        }
        let of_stream = self.context.log_stream.is_some();
        let below = InputHead { of_stream, ..InputHead::new(&head[length..]) };
        let shape = SHAPES.iter().find(|shape| (shape.sniff)(&below))?;
        let is_document = below.json.is_some() && shape.name != bare::SHAPE.name;
        is_document.then_some(Torn { length, below: Some(shape), what })
    }

    /// Finds the shape of an input that has many ordinary lines before the first one of Lambda.
    fn recognise_by_more(&self, feed: &mut Feed<'_>) -> Option<(&'static Shape, usize)> {
        /// Bytes looked at, at most.
        const MOST: usize = 1024 * 1024;

        while feed.data().len() < MOST && feed.more() {}
        let data = feed.data();
        let head = &data[..data.len().min(MOST)];
        // Text that cannot be a log is not searched by every shape.
        if head.len() <= HEAD || !has_trace(head) || memchr::memchr(0, head).is_some() {
            return None;
        }
        let found = self.recognise(head);
        let length = head.len();
        feed.recognised_by(length);
        found
    }

    /// Finds the shape of an input, and how much text stands above it.
    fn recognise(&self, head: &[u8]) -> Option<(&'static Shape, usize)> {
        // Of a stream that the path names, a file may hold quoted lines only.
        let of_stream = self.context.log_stream.is_some();
        let known = InputHead { of_stream, ..InputHead::new(head) };
        let find = |known: &InputHead<'_>| SHAPES.iter().find(|shape| (shape.sniff)(known));
        let found = find(&known);
        // Text shapes have their preamble as events of nobody; in JSON it has no place.
        let text_fits = found.is_some_and(|shape| is_certain((shape, 0)));
        if known.json.is_some() || text_fits {
            return found.map(|shape| (shape, 0));
        }
        let below = document_below(head).find_map(|preamble| {
            let below = InputHead { of_stream, ..InputHead::new(&head[preamble..]) };
            let is_document = |shape: &&Shape| {
                matches!(shape.decode, Decode::Texts(_)) || below.json.is_some() && shape.name != bare::SHAPE.name
            };
            let shape = find(&below).filter(is_document)?;
            Some((shape, preamble))
        });
        below.or(found.map(|shape| (shape, 0)))
    }

    fn carried(&mut self, decode: DecodeTexts, feed: &mut Feed<'_>, depth: usize) -> Result<Carried, DecodeError> {
        if depth >= DEEPEST {
            return Err(too_deep());
        }
        feed.is_no_text();
        let mut whole = 0;
        let mut inner = |data: &mut (dyn Read + Send)| {
            let decoded = self.input(data, depth + 1)?;
            whole += decoded.bytes;
            Ok(decoded.bytes)
        };
        let (carried, result) = decode(feed, &mut inner);
        if result.is_err() {
            // The texts before a damaged one were delivered, so their bytes count, instead of those that carry them.
            self.before_failure += whole;
            self.carried_before_failure += carried.packed;
        }
        result.map(|()| carried)
    }
}

/// Returns whether an input is of the shape that its first byte on shows, rather than text or a document below other text.
fn is_certain((shape, preamble): (&Shape, usize)) -> bool {
    preamble == 0 && shape.name != any_prefix::SHAPE.name && shape.name != bare::SHAPE.name
}

/// Damaged JSON at the start of an input.
struct Torn {
    length: usize,
    /// Shape of the documents below it; none if nothing stands there.
    below: Option<&'static Shape>,
    /// What the JSON does.
    what: &'static str,
}

/// Exports of other shapes in one input, at most; documents behind them are dropped.
const MOST_PARTS: usize = 100;

/// Makes an error of one part of an input one of the input: the others were logs.
fn of_part(error: DecodeError, line: u64) -> DecodeError {
    match error {
        DecodeError::NotALog(text) | DecodeError::OtherKind(text) => {
            DecodeError::Corrupt(format!("the part from line {line} on {text}"))
        }
        error => error,
    }
}

/// Lines above a JSON document, at most: a prompt, a title, a warning, a code fence.
const PREAMBLE_LINES: usize = 20;

/// Iterates over the lines that may begin a document below other text, which holds nothing of a log.
fn document_below(head: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let starts = memchr::memchr_iter(b'\n', head).map(|end| end + 1).take(PREAMBLE_LINES);
    let begins = |start: &usize| {
        let rest = head[*start..].trim_ascii_start();
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        matches!(rest.first(), Some(b'{' | b'[' | b'"')) || begins_mapping(without_return(line))
    };
    starts.take_while(|start| !tells_of_run(&head[..*start])).filter(begins)
}

/// Returns the number of the first line above a document that is a piece of JSON.
fn first_piece_of_json(preamble: &[u8], first_line: u64) -> Option<u64> {
    let mut lines = (first_line..).zip(preamble.split(|byte| *byte == b'\n'));
    lines.find(|(_, line)| is_piece_of_json(line)).map(|(number, _)| number)
}

/// Maximum number of entries of an archive that are reported as left out by name.
const MOST_NAMED: usize = 100;

/// Entries of an archive that are no logs.
#[derive(Default)]
struct RefusedEntries {
    /// Name, bytes read, and reason.
    named: Vec<(String, u64, String)>,
    more: u64,
    more_bytes: u64,
    last: Option<DecodeError>,
}

impl RefusedEntries {
    fn push(&mut self, name: String, bytes: u64, error: DecodeError) {
        if self.named.len() < MOST_NAMED {
            self.named.push((name, bytes, error.to_string()));
        } else {
            self.more += 1;
            self.more_bytes += bytes;
        }
        self.last = Some(error);
    }

    fn bytes(&self) -> u64 {
        self.named.iter().map(|(_, bytes, _)| bytes).sum::<u64>() + self.more_bytes
    }

    fn tell(&self, sink: &mut dyn EventSink) {
        for (name, bytes, reason) in &self.named {
            sink.left_out(name, reason, *bytes);
        }
        if self.more > 0 {
            sink.left_out(&format!("{} more parts", self.more), "are no logs either", self.more_bytes);
        }
    }
}

/// What became of the entries of an archive.
#[derive(Default)]
struct ArchiveEntries {
    /// Those that are logs.
    all: Option<Whole>,
    /// Those that are none.
    refused: RefusedEntries,
    /// Those that could not be read, or not to their end.
    failed: FailedEntries,
}

/// Entries of an archive that could not be read to their end.
#[derive(Default)]
struct FailedEntries {
    /// What is said of the first ones.
    named: Vec<String>,
    entries: usize,
    bytes: u64,
}

impl FailedEntries {
    /// Maximum number of entries that are named.
    const MOST: usize = 10;

    fn push(&mut self, name: &str, bytes: u64, error: &DecodeError) {
        self.entries += 1;
        self.bytes += bytes;
        if self.named.len() < Self::MOST {
            self.named.push(format!("entry {}: {error}", name.escape_debug()));
        }
    }

    fn told(&self) -> String {
        let mut text = self.named.join(". ");
        if self.entries > self.named.len() {
            text.push_str(&format!(". The same of {} more entries", self.entries - self.named.len()));
        }
        text
    }
}

/// A text whose shape was recognised, and the difference between the bytes that count as decoded and those that were read.
#[derive(Clone, Copy, Default)]
struct Shaped {
    name: &'static str,
    /// Data carried inside records, which counts at its unpacked size.
    carried: Carried,
    /// Number of bytes by which rewriting made messages longer.
    grown: u64,
    /// Damage to its start.
    damage: Option<Damage>,
}

/// Damage to the start of a text whose rest was decoded.
#[derive(Clone, Copy)]
struct Damage {
    /// What the JSON does.
    what: &'static str,
    /// Number of the line from which it is whole.
    whole_from: u64,
}

fn too_deep() -> DecodeError {
    DecodeError::Corrupt(format!("is packed more than {DEEPEST} times over; unpack it first"))
}

/// Tells damaged data from errors of the disk, because decompressors report damage as an I/O error.
pub(super) fn read_error(error: io::Error) -> DecodeError {
    match error.kind() {
        _ if fault_in(&error).is_some() => DecodeError::Corrupt(error.to_string()),
        _ if error.get_ref().is_some_and(|error| error.is::<Unreadable>()) => DecodeError::Corrupt(error.to_string()),
        ErrorKind::UnexpectedEof => DecodeError::Corrupt(Fault::Cut.to_string()),
        ErrorKind::InvalidData
        | ErrorKind::InvalidInput
        | ErrorKind::Other
        | ErrorKind::OutOfMemory
        | ErrorKind::Unsupported
            if error.raw_os_error().is_none() =>
        {
            DecodeError::Corrupt(format!(
                "the compressed data is damaged ({error}); what came before counts, copy the file again"
            ))
        }
        _ => DecodeError::Io(error),
    }
}

fn is_binary(head: &[u8]) -> bool {
    head.iter().filter(|byte| **byte < 9).count() * 50 > head.len()
}

fn not_a_log(head: &[u8]) -> DecodeError {
    let shown = head[..head.len().min(60)].trim_ascii_start().escape_ascii();
    let what = if is_binary(head) { "is binary data of no known kind" } else { "contains no Lambda log lines" };
    DecodeError::NotALog(format!(
        "{what} (looked for START, END and REPORT lines, request ids, errors of runtimes, and known exports in the \
         first 64 KiB); it starts with \"{shown}\""
    ))
}
