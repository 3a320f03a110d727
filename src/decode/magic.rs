//! Magic numbers: recognises containers and encodings by their first bytes.

use super::utf16::ByteOrder;

/// Number of bytes that are enough to recognise every container.
pub(super) const MAGIC: usize = 16;
/// Magic number of a ZIP archive: the header of its first entry.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// A container or encoding, as recognised by the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Base64,
    Utf8Mark,
    Utf16(ByteOrder),
}

/// Returns whether a stream with this head is in a container or an encoding, or in what is left of one.
pub(super) fn is_layered(head: &[u8]) -> bool {
    let head = &head[..head.len().min(MAGIC)];
    head.starts_with(ZIP) || layer_of(head).is_some() || is_begun(head) || is_nearly(head)
}

/// Returns where an archive begins behind a text that unpacks it.
pub(super) fn archive_behind(head: &[u8]) -> Option<usize> {
    let is_header = |at: &usize| {
        let header = &head[*at..];
        let short = |at: usize| header.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        let fits = |at: usize, range: std::ops::RangeInclusive<u16>| short(at).is_some_and(|it| range.contains(&it));
        fits(4, 0..=0x3ff) && fits(8, 0..=99) && fits(26, 1..=1024)
    };
    memchr::memmem::find_iter(head, ZIP).find(is_header)
}

/// Returns whether a whole stream is the beginning of a container, and nothing else.
pub(super) fn is_begun(head: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 6] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", ZIP, b"\x50\x2a\x4d\x18"];
    let tells = head.len() > 1 || head.first().is_some_and(|byte| !(b' '..=b'~').contains(byte) && *byte > 0);
    tells && BEGINNINGS.iter().any(|magic| magic.starts_with(head))
}

/// Returns whether a stream would be a container but for one bit. Texts that are stored as they are would be read as a log
/// between scraps.
pub(super) fn is_nearly(head: &[u8]) -> bool {
    let bits = |magic: &[u8]| head.iter().zip(magic).map(|(head, magic)| (head ^ magic).count_ones()).sum::<u32>();
    head.len() >= 4 && [ZIP, b"\x28\xb5\x2f\xfd"].into_iter().any(|magic| bits(magic) == 1)
}

/// Recognises a layer.
pub(super) fn layer_of(head: &[u8]) -> Option<Layer> {
    let layers: [(&[u8], Layer); 9] = [
        (b"\x1f\x8b", Layer::Gzip),
        (b"\x28\xb5\x2f\xfd", Layer::Zstd),
        (b"BZh", Layer::Bzip2),
        (b"\xfd7zXZ\0", Layer::Xz),
        // Magic number and method byte of gzip in base64.
        (b"H4sI", Layer::Base64),
        (b"\xef\xbb\xbf", Layer::Utf8Mark),
        (b"\xff\xfe", Layer::Utf16(ByteOrder::Little)),
        (b"\xfe\xff", Layer::Utf16(ByteOrder::Big)),
        (b"\"H4sI", Layer::Base64),
    ];
    let by_magic = layers.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, layer)| *layer);
    by_magic.or_else(|| skippable_frame(head)).or_else(|| unmarked_utf16(head))
}

/// Recognises a skippable frame, with which zstd files may begin (pzstd writes one).
fn skippable_frame(head: &[u8]) -> Option<Layer> {
    (head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == *b"\x2a\x4d\x18").then_some(Layer::Zstd)
}

/// Recognises UTF-16 without a byte order mark: every other byte of ASCII text is zero.
fn unmarked_utf16(head: &[u8]) -> Option<Layer> {
    let zeros = |first: usize| head.iter().skip(first).step_by(2).all(|byte| *byte == 0);
    let texts = |first: usize| head.iter().skip(first).step_by(2).all(|byte| *byte != 0);
    match head.len() {
        0..8 => None,
        _ if zeros(1) && texts(0) => Some(Layer::Utf16(ByteOrder::Little)),
        _ if zeros(0) && texts(1) => Some(Layer::Utf16(ByteOrder::Big)),
        _ => None,
    }
}
