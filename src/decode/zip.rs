//! ZIP reader: streams the entries one after the other by their local headers, without seeking.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::DeflateDecoder;

type ZipSource<'a> = BufReader<&'a mut (dyn Read + Send)>;

/// Flag: checksum and sizes follow the data.
const SIZES_FOLLOW: u16 = 1 << 3;
const ENCRYPTED: u16 = 1;
/// Marker for a size that is in the ZIP64 extra field.
const LARGE: u64 = 0xffff_ffff;

/// Reader of the entries of an archive.
pub(super) struct ZipEntries<'a> {
    source: ZipSource<'a>,
}

/// One entry, which reads as its decompressed bytes.
pub(super) struct ZipEntry<'e, 'a> {
    name: String,
    body: ZipBody<'e, 'a>,
    sizes_follow: bool,
}

enum ZipBody<'e, 'a> {
    Stored(io::Take<&'e mut ZipSource<'a>>),
    Deflated(DeflateDecoder<&'e mut ZipSource<'a>>),
}

impl<'a> ZipEntries<'a> {
    pub(super) fn new(archive: &'a mut (dyn Read + Send)) -> Self {
        Self { source: BufReader::with_capacity(64 * 1024, archive) }
    }

    /// Returns the next entry; the previous one must have been read to its end ([`ZipEntry::skip_rest`]).
    pub(super) fn next_entry(&mut self) -> io::Result<Option<ZipEntry<'_, 'a>>> {
        let mut header = [0u8; 30];
        if self.source.fill_buf()?.is_empty() {
            return Ok(None);
        }
        self.source.read_exact(&mut header[..4])?;
        if header[..4] != *b"PK\x03\x04" {
            return Ok(None);
        }
        self.source.read_exact(&mut header[4..])?;
        let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let long = |at: usize| u64::from(short(at)) | u64::from(short(at + 2)) << 16;
        let (flags, method) = (short(6), short(8));
        let mut name = vec![0; usize::from(short(26))];
        self.source.read_exact(&mut name)?;
        let mut extra = vec![0; usize::from(short(28))];
        self.source.read_exact(&mut extra)?;
        let size = if long(18) == LARGE { large_size(&extra) } else { Some(long(18)) };
        let sizes_follow = flags & SIZES_FOLLOW != 0;
        let name = String::from_utf8_lossy(&name).into_owned();
        let body = match (method, size) {
            _ if flags & ENCRYPTED != 0 => return Err(unsupported(&name, "is encrypted")),
            (8, _) => ZipBody::Deflated(DeflateDecoder::new(&mut self.source)),
            (0, Some(size)) if !sizes_follow => ZipBody::Stored((&mut self.source).take(size)),
            _ => return Err(unsupported(&name, "is stored in a way that only an unpacker can read")),
        };
        Ok(Some(ZipEntry { name, body, sizes_follow }))
    }
}

fn unsupported(name: &str, what: &str) -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        format!("the archive's entry \"{}\" {what}; unpack it first", name.escape_debug()),
    )
}

/// Returns the compressed size from the ZIP64 extra field.
fn large_size(mut extra: &[u8]) -> Option<u64> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        if head[..2] == *b"\x01\0" {
            return rest.get(8..16)?.try_into().ok().map(u64::from_le_bytes);
        }
        extra = rest.get(length..)?;
    }
    None
}

impl ZipEntry<'_, '_> {
    /// Returns the name in the archive.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads to the end of the entry, where the next one begins. Returns the bytes that were left.
    pub(super) fn skip_rest(mut self) -> io::Result<u64> {
        let rest = io::copy(&mut self, &mut io::sink())?;
        if let (ZipBody::Deflated(decoder), true) = (self.body, self.sizes_follow) {
            skip_sizes(decoder.into_inner())?;
        }
        Ok(rest)
    }
}

/// Skips the checksum and the two sizes after the data: sizes of 4 or 8 bytes, with or without a signature.
fn skip_sizes(source: &mut ZipSource<'_>) -> io::Result<()> {
    let mut next = [0u8; 4];
    source.read_exact(&mut next)?;
    let mut rest = if next == *b"PK\x07\x08" { 12 } else { 8 };
    source.read_exact(&mut vec![0; rest])?;
    // If no header follows, the sizes have 8 bytes each, so the next header is 8 bytes further on.
    rest = 8;
    if !source.fill_buf()?.starts_with(b"PK") {
        source.read_exact(&mut vec![0; rest])?;
    }
    Ok(())
}

impl Read for ZipEntry<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.body {
            ZipBody::Stored(body) => body.read(buffer),
            ZipBody::Deflated(body) => body.read(buffer),
        }
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
