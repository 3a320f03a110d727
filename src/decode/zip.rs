//! ZIP reader: streams the entries one after the other by their local headers, without seeking. Checks them against their
//! checksums and against the directory at the end, without which an archive is not whole.

use std::hash::Hasher;
use std::io::{self, BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use memchr::memmem;
use rustc_hash::FxHasher;

use super::exact::{read_all, read_exactly};
use super::fault::{Fault, fault_in, of_decoder};

/// Flag: checksum and sizes follow the data.
const SIZES_FOLLOW: u16 = 1 << 3;
const ENCRYPTED: u16 = 1;
/// Marker for a size that is in the ZIP64 extra field.
const LARGE: u64 = 0xffff_ffff;

const ENTRY: [u8; 4] = *b"PK\x03\x04";
const DIRECTORY: [u8; 4] = *b"PK\x01\x02";
/// Signature before the sizes that follow the data.
const SIZES: [u8; 4] = *b"PK\x07\x08";
/// Most bytes of sizes that follow the data, with signature and checksum.
const LONGEST_SIZES: usize = 24;

/// Bytes read at a time.
const BLOCK: usize = 64 * 1024;

/// Archive, with as much of it in memory as is looked ahead.
struct ZipSource<'a> {
    archive: &'a mut (dyn Read + Send),
    block: Vec<u8>,
    from: usize,
    to: usize,
    /// Number of bytes consumed.
    passed: u64,
    ended: bool,
    /// Error behind the last byte in memory.
    failure: Option<io::Error>,
}

impl ZipSource<'_> {
    /// Returns the bytes ahead: at least so many, unless the archive ends.
    fn ahead(&mut self, bytes: usize) -> io::Result<&[u8]> {
        if self.to - self.from < bytes {
            self.block.copy_within(self.from..self.to, 0);
            self.to -= self.from;
            self.from = 0;
            while self.to < bytes && !self.ended {
                match self.archive.read(&mut self.block[self.to..]) {
                    Ok(0) => self.ended = true,
                    Ok(count) => self.to += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.ended = true;
                        self.failure = Some(error);
                    }
                }
            }
        }
        match self.failure.take_if(|_| self.from == self.to) {
            Some(failure) => Err(failure),
            None => Ok(&self.block[self.from..self.to]),
        }
    }
}

impl Read for ZipSource<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for ZipSource<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.ahead(1)
    }

    fn consume(&mut self, bytes: usize) {
        self.from += bytes;
        self.passed += bytes as u64;
    }
}

/// Reader of the entries of an archive.
pub(super) struct ZipEntries<'a> {
    source: ZipSource<'a>,
    /// What the entries were found to be, in any order: the directory must say the same.
    found: EntrySum,
}

/// Sum over entries of where they stand, their checksums and their sizes.
#[derive(Clone, Copy, Default)]
struct EntrySum {
    entries: u64,
    sum: u64,
    /// Sum of the places alone: all may be counted from something in front of the archive.
    places: u64,
    /// Whether an entry was damaged, so that nobody knows what it would have been.
    unsure: bool,
}

impl EntrySum {
    fn add(&mut self, at: u64, facts: EntryFacts) {
        let mut hash = FxHasher::default();
        for number in [u64::from(facts.crc), facts.packed, facts.unpacked] {
            hash.write_u64(number);
        }
        self.entries += 1;
        self.places = self.places.wrapping_add(at);
        self.sum = self.sum.wrapping_add(hash.finish());
    }
}

/// Checksum and sizes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EntryFacts {
    crc: u32,
    packed: u64,
    unpacked: u64,
}

/// One entry, which reads as its decompressed bytes. Ends at its last byte, or with an error if its checksum does not
/// match.
pub(super) struct ZipEntry<'e, 'a> {
    name: String,
    body: Body<'e, 'a>,
    /// Where its header stands, and its data.
    at: u64,
    data: u64,
    /// What the header says; `None` if it stands behind the data.
    told: Option<EntryFacts>,
    crc: Crc,
    unpacked: u64,
    found: &'e mut EntrySum,
    /// Whether its data was read and checked.
    ended: bool,
}

enum Body<'e, 'a> {
    Stored(&'e mut ZipSource<'a>),
    /// The bytes in sight are all there is for the decoder, if their number is known.
    Deflated(Box<DeflateDecoder<io::Take<&'e mut ZipSource<'a>>>>),
    /// Nothing of it can be read, for the reason given.
    Opaque(&'e mut ZipSource<'a>, String),
    Empty,
}

/// What is known once an entry was passed.
pub(super) struct Passed {
    /// Number of bytes that had not been read.
    pub(super) unread: u64,
    /// Fault of the entry, behind which the next one was found.
    pub(super) fault: Option<io::Error>,
}

impl<'a> ZipEntries<'a> {
    pub(super) fn new(archive: &'a mut (dyn Read + Send)) -> Self {
        let block = vec![0; BLOCK];
        let source = ZipSource { archive, block, from: 0, to: 0, passed: 0, ended: false, failure: None };
        Self { source, found: EntrySum::default() }
    }

    /// Returns the next entry; the one before must have been passed ([`ZipEntry::pass`]).
    pub(super) fn next_entry(&mut self) -> io::Result<Option<ZipEntry<'_, 'a>>> {
        if self.source.ahead(4)?.get(..4) != Some(&ENTRY) {
            return Ok(None);
        }
        let at = self.source.passed;
        let header: [u8; 30] = read_exactly(&mut self.source)?;
        let (flags, method) = (short(&header, 6), short(&header, 8));
        let name = bytes(&mut self.source, short(&header, 26))?;
        let extra = bytes(&mut self.source, short(&header, 28))?;
        let name = String::from_utf8_lossy(&name).into_owned();
        let (mut packed, mut unpacked) = (long(&header, 18), long(&header, 22));
        large(&extra, [&mut unpacked, &mut packed]);
        let told = EntryFacts { crc: long(&header, 14) as u32, packed, unpacked };
        let told = (flags & SIZES_FOLLOW == 0).then_some(told);
        let data = self.source.passed;
        let source = &mut self.source;
        let body = match method {
            _ if flags & ENCRYPTED != 0 => Body::Opaque(source, "is encrypted".to_owned()),
            8 => {
                let packed = told.map_or(u64::MAX, |told| told.packed);
                Body::Deflated(Box::new(DeflateDecoder::new(source.take(packed))))
            }
            0 => Body::Stored(source),
            _ => Body::Opaque(source, format!("is packed in a way that is not read here ({})", method_name(method))),
        };
        let found = &mut self.found;
        Ok(Some(ZipEntry { name, body, at, data, told, crc: Crc::new(), unpacked: 0, found, ended: false }))
    }

    /// Reads the directory behind the last entry and what follows it. Returns the number of bytes that follow, unless they
    /// are zeros.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let unfit = || Fault::Other("the archive's directory does not fit its entries; copy the file again".to_owned());
        let directory = self.source.passed;
        let mut listed = EntrySum::default();
        let mut size = 0;
        loop {
            match read_exactly(&mut self.source)? {
                DIRECTORY => {
                    let header: [u8; 42] = read_exactly(&mut self.source)?;
                    let mut skip = |length| bytes(&mut self.source, length);
                    skip(short(&header, 24))?;
                    let extra = skip(short(&header, 26))?;
                    skip(short(&header, 28))?;
                    let (mut packed, mut unpacked, mut at) = (long(&header, 16), long(&header, 20), long(&header, 38));
                    large(&extra, [&mut unpacked, &mut packed, &mut at]);
                    listed.add(at, EntryFacts { crc: long(&header, 12) as u32, packed, unpacked });
                    size = self.source.passed - directory;
                }
                // The end of a large archive, and where it stands; a signature.
                [b'P', b'K', 6, 6] => {
                    let length = u64::from_le_bytes(read_exactly(&mut self.source)?);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                        return Err(Fault::Cut.into());
                    }
                }
                [b'P', b'K', 6, 7] => drop(read_exactly::<16>(&mut self.source)?),
                [b'P', b'K', 5, 5] => {
                    let length: [u8; 2] = read_exactly(&mut self.source)?;
                    bytes(&mut self.source, u16::from_le_bytes(length))?;
                }
                [b'P', b'K', 5, 6] => break,
                _ => return Err(Fault::Damaged.into()),
            }
        }
        let end: [u8; 18] = read_exactly(&mut self.source)?;
        bytes(&mut self.source, short(&end, 16))?;
        let in_front = long(&end, 12).wrapping_sub(directory & LARGE).wrapping_mul(listed.entries);
        let is = |told: u64, marker: u64, found: u64| told == marker || told == found & marker;
        let fits = is(u64::from(short(&end, 6)), 0xffff, listed.entries)
            && is(long(&end, 8), LARGE, size)
            && listed.entries == self.found.entries
            && (self.found.unsure || listed.sum == self.found.sum)
            && (long(&end, 12) == LARGE || listed.places == self.found.places.wrapping_add(in_front));
        if !fits {
            return Err(unfit().into());
        }
        let (mut follow, mut zeros) = (0, true);
        loop {
            let ahead = self.source.fill_buf()?;
            let length = ahead.len();
            if length == 0 {
                return Ok(if zeros { 0 } else { follow });
            }
            zeros &= ahead.iter().all(|byte| *byte == 0);
            follow += length as u64;
            self.source.consume(length);
        }
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(short(bytes, at)) | u64::from(short(bytes, at + 2)) << 16
}

fn bytes(source: &mut ZipSource<'_>, length: u16) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(length)];
    read_all(source, &mut bytes)?;
    Ok(bytes)
}

/// Replaces numbers that are in the ZIP64 extra field.
fn large<const N: usize>(mut extra: &[u8], numbers: [&mut u64; N]) {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let Some((mut field, behind)) = rest.split_at_checked(usize::from(short(head, 2))) else { return };
        if head[..2] == *b"\x01\0" {
            for number in numbers.into_iter().filter(|number| **number == LARGE) {
                let Some((large, rest)) = field.split_first_chunk::<8>() else { return };
                *number = u64::from_le_bytes(*large);
                field = rest;
            }
            return;
        }
        extra = behind;
    }
}

fn method_name(method: u16) -> String {
    let name = match method {
        9 => "Deflate64",
        12 => "bzip2",
        14 => "LZMA",
        93 => "zstd",
        95 => "xz",
        98 => "PPMd",
        _ => return format!("method {method}"),
    };
    name.to_owned()
}

impl ZipEntry<'_, '_> {
    /// Returns the name in the archive.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns why nothing of it can be read.
    pub(super) fn opaque(&self) -> Option<&str> {
        match &self.body {
            Body::Opaque(_, why) => Some(why),
            Body::Stored(_) | Body::Deflated(_) | Body::Empty => None,
        }
    }

    /// Goes to the end of the entry, where the next one begins.
    ///
    /// # Errors
    /// If that cannot be found.
    pub(super) fn pass(mut self) -> io::Result<Passed> {
        let before = self.unpacked;
        let mut fault = None;
        if self.opaque().is_none() && !self.ended {
            fault = io::copy(&mut self, &mut io::sink()).err();
        }
        if self.ended {
            return Ok(Passed { unread: self.unpacked - before, fault });
        }
        if fault.as_ref().is_some_and(|error| fault_in(error).is_none()) {
            return Err(fault.unwrap_or_else(|| Fault::Damaged.into()));
        }
        // Opaque, or damaged: only its place is still of interest.
        let unread = self.unpacked - before;
        let (at, data, told) = (self.at, self.data, self.told);
        let is_damaged = self.opaque().is_none();
        let source = match std::mem::replace(&mut self.body, Body::Empty) {
            Body::Stored(source) | Body::Opaque(source, _) => source,
            Body::Deflated(decoder) => decoder.into_inner().into_inner(),
            // What follows the data could not be read.
            Body::Empty => return Err(Fault::Cut.into()),
        };
        self.found.unsure |= is_damaged;
        let facts = match told {
            Some(told) => {
                let left = (data + told.packed).saturating_sub(source.passed);
                if io::copy(&mut (&mut *source).take(left), &mut io::sink())? < left {
                    return Err(Fault::Cut.into());
                }
                told
            }
            None => {
                skip_to_sizes(source, data, is_damaged)?;
                following_sizes(source, data, None)?.unwrap_or(EntryFacts { crc: 0, packed: 0, unpacked: 0 })
            }
        };
        self.found.add(at, facts);
        Ok(Passed { unread, fault })
    }

    /// Checks checksum and sizes at the end of the data.
    fn end(&mut self) -> io::Result<()> {
        let source = match std::mem::replace(&mut self.body, Body::Empty) {
            Body::Stored(source) | Body::Opaque(source, _) => source,
            Body::Deflated(decoder) => decoder.into_inner().into_inner(),
            Body::Empty => return Ok(()),
        };
        let found = EntryFacts { crc: self.crc.sum(), packed: source.passed - self.data, unpacked: self.unpacked };
        let told = match self.told {
            Some(told) => Some(told),
            None => following_sizes(source, self.data, Some(found))?,
        };
        if let Some(told) = self.told
            && let Some(left) = told.packed.checked_sub(found.packed)
            && io::copy(&mut source.take(left), &mut io::sink())? < left
        {
            return Err(Fault::Cut.into());
        }
        self.ended = true;
        if told != Some(found) {
            self.found.unsure = true;
            self.found.add(self.at, found);
            return Err(
                if told.is_some_and(|told| told.crc != found.crc) { Fault::Checksum } else { Fault::Damaged }.into()
            );
        }
        self.found.add(self.at, found);
        Ok(())
    }
}

/// Reads checksum and sizes that follow the data: sizes of 4 or 8 bytes, with or without a signature. Returns `None` if
/// none fits the number of packed bytes. `found` is what they should be.
fn following_sizes(source: &mut ZipSource<'_>, data: u64, found: Option<EntryFacts>) -> io::Result<Option<EntryFacts>> {
    let packed = source.passed - data;
    let ahead = source.ahead(LONGEST_SIZES + 2)?;
    let signed = if ahead.starts_with(&SIZES) { 4 } else { 0 };
    let sizes = [(12, false), (20, true)].into_iter().filter_map(|(length, wide)| {
        let facts = facts(ahead.get(signed..)?, wide).filter(|facts| facts.packed == packed)?;
        let behind = ahead.get(signed + length..)?;
        // The next header tells the two apart where the sizes do not.
        Some(((Some(facts) == found, behind.starts_with(b"PK"), !wide), signed + length, facts))
    });
    let best = sizes.max_by_key(|(rank, ..)| *rank);
    let ended = ahead.len() < LONGEST_SIZES;
    let Some((_, length, facts)) = best.filter(|(rank, ..)| rank.0 || !ended) else {
        return if ended { Err(Fault::Cut.into()) } else { Ok(None) };
    };
    source.consume(length);
    Ok(Some(facts))
}

/// Reads checksum and sizes of 4 or of 8 bytes.
fn facts(bytes: &[u8], wide: bool) -> Option<EntryFacts> {
    let number = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let (packed, unpacked) = if wide {
        (number(4)?, number(12)?)
    } else {
        let both = number(4)?;
        (both & LARGE, both >> 32)
    };
    Some(EntryFacts { crc: long(bytes, 0) as u32, packed, unpacked })
}

/// Returns how many bytes ahead are certainly data, in front of sizes that tell how many bytes came before them.
fn data_ahead(source: &mut ZipSource<'_>, data: u64, fits: impl Fn(EntryFacts) -> bool) -> io::Result<usize> {
    let packed = source.passed - data;
    let ended = source.ahead(LONGEST_SIZES).map(|ahead| ahead.len() < LONGEST_SIZES)?;
    let ahead = source.ahead(1)?;
    let mut sizes = memmem::find_iter(ahead, &SIZES);
    let end = sizes.find(|at| {
        let packed = packed + *at as u64;
        let told = |wide| facts(&ahead[at + 4..], wide).is_some_and(|facts| facts.packed == packed && fits(facts));
        told(false) || told(true)
    });
    Ok(match end {
        Some(end) => end,
        None if ended => ahead.len(),
        // The signature may have begun, or the sizes not be in sight.
        None => ahead.len() - (LONGEST_SIZES - 1),
    })
}

/// Skips data up to the sizes that tell its length; after damage, which may have taken them, also up to the next header.
fn skip_to_sizes(source: &mut ZipSource<'_>, data: u64, damaged: bool) -> io::Result<()> {
    loop {
        let length = data_ahead(source, data, |_| true)?;
        let ahead = source.ahead(LONGEST_SIZES)?;
        let header = [ENTRY, DIRECTORY].iter().filter_map(|magic| memmem::find(&ahead[..length], magic)).min();
        if let Some(header) = header.filter(|_| damaged) {
            source.consume(header);
            return Ok(());
        }
        if length == 0 {
            return Ok(());
        }
        if length == ahead.len() && ahead.len() < LONGEST_SIZES {
            return Err(Fault::Cut.into());
        }
        source.consume(length);
    }
}

impl Read for ZipEntry<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.ended {
            return Ok(0);
        }
        let count = match &mut self.body {
            Body::Stored(source) => match self.told {
                Some(told) => {
                    let left = (self.data + told.packed).saturating_sub(source.passed);
                    let count = (&mut **source).take(left).read(buffer)?;
                    if count == 0 && left > 0 {
                        return Err(Fault::Cut.into());
                    }
                    count
                }
                None => {
                    let length = data_ahead(source, self.data, |facts| facts.packed == facts.unpacked)?;
                    let ahead = source.ahead(1)?;
                    if ahead.is_empty() {
                        return Err(Fault::Cut.into());
                    }
                    let length = length.min(buffer.len());
                    buffer[..length].copy_from_slice(&ahead[..length]);
                    source.consume(length);
                    length
                }
            },
            Body::Deflated(decoder) => match decoder.read(buffer) {
                Ok(count) => count,
                Err(error) => {
                    let ended = decoder.get_mut().get_mut().fill_buf()?.is_empty();
                    return Err(of_decoder(error, ended));
                }
            },
            Body::Opaque(..) | Body::Empty => 0,
        };
        if count == 0 {
            self.end()?;
        }
        self.crc.update(&buffer[..count]);
        self.unpacked += count as u64;
        Ok(count)
    }
}

/// Returns what an archive is that contains this entry, if it is another format based on ZIP.
pub(super) fn refused_entry(name: &str) -> Option<&'static str> {
    let office = name == "[Content_Types].xml" || name.starts_with("xl/") || name.starts_with("word/");
    let program = name.starts_with("META-INF/");
    match () {
        () if office => Some("an Office document (XLSX or DOCX); export the result as CSV or JSON instead"),
        () if program => Some("a Java archive, not a log"),
        () => None,
    }
}
