//! Laws of containers, over all of them: a changed bit is noticed or changes nothing, and so is a missing end.

use std::io::{Read, Write};

use super::DecodeError;
use super::base64::encode;
use super::tests::{Collector, Seen, Whole, run};

/// Log of three attempts.
pub(super) const LOG: &[u8] = include_bytes!("../../fixtures/containers/plain.log");

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/containers/", $name))
    };
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A zstd frame without a checksum: raw blocks of at most so many bytes.
fn raw_zstd(bytes: &[u8], window: u8, block: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    let blocks = bytes.chunks(block).count();
    for (number, block) in bytes.chunks(block).enumerate() {
        let header = (block.len() << 3 | usize::from(number + 1 == blocks)) as u32;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(block);
    }
    frame
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// How the entry of an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    Deflated,
    /// In a way that is not read here.
    Foreign,
    Encrypted,
}

/// Where the sizes of an entry stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sizes {
    Before,
    Behind,
    /// Behind the data, without a signature.
    Unsigned,
    /// Behind the data, of eight bytes each.
    Wide,
}

const PACKINGS: [Packing; 4] = [Packing::Stored, Packing::Deflated, Packing::Foreign, Packing::Encrypted];
const SIZES: [Sizes; 4] = [Sizes::Before, Sizes::Behind, Sizes::Unsigned, Sizes::Wide];

/// Entry of an archive to be made.
pub(super) struct Entry<'e>(pub(super) &'e str, pub(super) &'e [u8], pub(super) Packing, pub(super) Sizes);

/// Archive with where its entries, its directory and its end begin.
pub(super) struct Archive {
    pub(super) bytes: Vec<u8>,
    pub(super) starts: Vec<usize>,
}

pub(super) fn zip(entries: &[Entry<'_>]) -> Archive {
    let (mut bytes, mut directory, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    for Entry(name, body, packing, sizes) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(body);
        let mut packed = body.to_vec();
        if *packing == Packing::Deflated {
            let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(body).expect("memory");
            packed = out.finish().expect("memory");
        }
        let behind = *sizes != Sizes::Before;
        let flags = u16::from(behind) << 3 | u16::from(*packing == Packing::Encrypted);
        let method: u16 = match packing {
            Packing::Stored | Packing::Encrypted => 0,
            Packing::Deflated => 8,
            Packing::Foreign => 14,
        };
        let facts =
            |known: bool| [crc.sum(), packed.len() as u32, body.len() as u32].map(|it| if known { it } else { 0 });
        let head = |known: bool| {
            let mut head = vec![20, 0];
            head.extend(flags.to_le_bytes());
            head.extend(method.to_le_bytes());
            head.extend([0; 4]);
            head.extend(facts(known).map(u32::to_le_bytes).concat());
            head.extend((name.len() as u32).to_le_bytes());
            head
        };
        let at = bytes.len();
        starts.push(at);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(head(!behind));
        bytes.extend(name.as_bytes());
        bytes.extend(&packed);
        if matches!(sizes, Sizes::Behind | Sizes::Wide) {
            bytes.extend(b"PK\x07\x08");
        }
        match sizes {
            Sizes::Before => {}
            Sizes::Behind | Sizes::Unsigned => bytes.extend(facts(true).map(u32::to_le_bytes).concat()),
            Sizes::Wide => {
                let [crc, sizes @ ..] = facts(true);
                bytes.extend(crc.to_le_bytes());
                bytes.extend(sizes.map(|size| u64::from(size).to_le_bytes()).concat());
            }
        }
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(head(true));
        directory.extend([0; 10]);
        directory.extend((at as u32).to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = bytes.len();
    starts.extend([at, at + directory.len()]);
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend((entries.len() as u16).to_le_bytes().repeat(2));
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend((at as u32).to_le_bytes());
    bytes.extend([0, 0]);
    Archive { bytes, starts }
}

/// Container around [`LOG`].
struct Packed {
    name: String,
    bytes: Vec<u8>,
    /// Lengths at which its beginning is whole.
    whole_at: Vec<usize>,
}

fn halves() -> (&'static [u8], &'static [u8]) {
    let at = LOG.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(3).map_or(0, |(at, _)| at + 1);
    LOG.split_at(at)
}

/// Lists every container that has a checksum, alone, repeated and inside others.
fn containers() -> Vec<Packed> {
    let mut all: Vec<Packed> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>, whole_at: Vec<usize>| {
        all.push(Packed { name: name.to_owned(), bytes, whole_at });
    };
    let (first, second) = halves();
    for (name, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("bzip2", bzip2), ("zstd", zstd)] {
        add(name, pack(LOG), Vec::new());
        add(&format!("{name} twice"), [pack(first), pack(second)].concat(), vec![pack(first).len()]);
        add(&format!("{name} in gzip"), gzip(&pack(LOG)), Vec::new());
        add(&format!("gzip in {name}"), pack(&gzip(LOG)), Vec::new());
        add(&format!("base64 of {name} in gzip"), encode(&gzip(&pack(LOG))).into_bytes(), Vec::new());
        let entry = pack(LOG);
        add(&format!("{name} in zip"), zip(&[Entry("x", &entry, Packing::Stored, Sizes::Before)]).bytes, Vec::new());
        let archive = zip(&[Entry("x", LOG, Packing::Deflated, Sizes::Before)]).bytes;
        add(&format!("zip in {name}"), pack(&archive), Vec::new());
    }
    for (name, bytes) in [
        ("zstd, level 3", &fixture!("level3.zst")[..]),
        ("zstd, fast", fixture!("fast.zst")),
        ("zstd, ultra", fixture!("ultra.zst")),
        ("zstd, long", fixture!("long.zst")),
        ("xz, CRC-32", fixture!("crc32.xz")),
        ("xz, CRC-64, level 9", fixture!("crc64.xz")),
        ("xz, SHA-256", fixture!("sha256.xz")),
    ] {
        add(name, bytes.to_vec(), Vec::new());
    }
    for packing in [Packing::Stored, Packing::Deflated] {
        for sizes in SIZES {
            if (packing, sizes) != (Packing::Stored, Sizes::Unsigned) {
                let entries = [Entry("1.log", first, packing, sizes), Entry("2.log", second, packing, sizes)];
                add(&format!("zip, {packing:?}, sizes {sizes:?}"), zip(&entries).bytes, Vec::new());
            }
        }
    }
    all
}

/// What is read of an input, and whether the answer says that something is wrong with it.
fn answer(input: &[u8]) -> (Vec<Seen>, bool) {
    let (result, seen) = run(&mut &*input);
    let told = is_told(&result, &seen);
    (seen.events, told)
}

fn is_told(result: &Result<Whole, DecodeError>, seen: &Collector) -> bool {
    result.is_err() || seen.notes.iter().any(|note| note.incomplete) || seen.is_partial()
}

/// A cut in the text of a base64 container leaves out digits of the container below, which then says so.
#[test]
fn every_cut_is_told() {
    for Packed { name, bytes, whole_at } in containers() {
        assert!(!answer(&bytes).1, "{name}: {:?}", run(&mut &bytes[..]).0);
        let step = if name.contains(" in ") { 3 } else { 1 };
        for end in (1..bytes.len()).step_by(step) {
            let (result, seen) = run(&mut &bytes[..end]);
            // A digit of base64 may have no bit that counts.
            let last = name.starts_with("base64") && end + 4 > bytes.len();
            let what = format!("{name}, cut at {end} of {}: {result:?}", bytes.len());
            assert!(is_told(&result, &seen) || whole_at.contains(&end) || last, "{what}");
            if let Err(error) = result
                && end > 6
                && !name.starts_with("base64")
            {
                assert!(error.to_string().contains("ends too early"), "{what}");
            }
        }
    }
}

#[test]
fn every_changed_bit_is_told_or_changes_nothing() {
    let mut silent = Vec::new();
    for Packed { name, bytes, .. } in containers() {
        let (want, _) = answer(&bytes);
        assert_eq!(want.len(), 12, "{name}");
        // Every bit of what is not data, and some of the data; of what stands in something else, a part is enough.
        let alone = ![" in ", "twice"].iter().any(|word| name.contains(word));
        for at in 0..bytes.len() {
            let edge = alone && (at < 24 || at + 36 > bytes.len());
            let step = if alone { 3 } else { 17 };
            for bit in (0..8).filter(|bit| edge || at % step == 0 && *bit == at / step % 8) {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let (got, told) = answer(&changed);
                if !told && got != want {
                    silent.push(format!("{name}: bit {bit} of byte {at} of {}", bytes.len()));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{} are not noticed:\n{}", silent.len(), silent.join("\n"));
}

#[test]
fn what_follows_a_container_is_told_unless_it_is_zeros() {
    for Packed { name, bytes, .. } in containers() {
        if name.starts_with("base64") {
            continue;
        }
        for (what, behind, told) in [
            ("zeros", vec![0; 512], false),
            ("text", b"some text\n".to_vec(), true),
            ("a log", LOG.to_vec(), true),
            ("the beginning of another", bytes[..bytes.len() / 2].to_vec(), true),
        ] {
            let input = [&bytes[..], &behind].concat();
            assert_eq!(answer(&input).1, told, "{what} behind {name}: {:?}", run(&mut &input[..]).0);
            assert!(answer(&input).0.len() >= 12, "{what} behind {name}");
        }
    }
}

#[test]
fn splits_of_a_container_change_nothing() {
    /// Gives a few bytes at a time.
    struct Few<'f>(&'f [u8], usize);

    impl Read for Few<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

    for Packed { name, bytes, .. } in containers() {
        for (end, size) in [(0, 1), (0, 7), (1, 1), (bytes.len() / 3, 5)] {
            let bytes = &bytes[..bytes.len() - end];
            let (whole, split) = (run(&mut &*bytes), run(&mut Few(bytes, size)));
            assert_eq!(format!("{:?}", split.0), format!("{:?}", whole.0), "{name}, {size} at a time");
            assert_eq!(split.1.events, whole.1.events, "{name}, {size} at a time");
        }
    }
}

/// Whatever entries of an archive cannot be read, the others are, and each is named.
#[test]
fn other_entries_of_an_archive_are_read() {
    let (first, second) = halves();
    let damaged = |archive: &Archive, entry: usize| {
        let mut bytes = archive.bytes.clone();
        bytes[archive.starts[entry] + 45] ^= 0x55;
        bytes
    };
    for packing in PACKINGS {
        for sizes in SIZES {
            // Where only an unpacker knows the end of the data and no signature marks it, the archive is lost from there on.
            let lost = sizes == Sizes::Unsigned && packing != Packing::Deflated;
            let entries = [
                Entry("1.log", first, Packing::Deflated, Sizes::Before),
                Entry("a/b.log", first, packing, sizes),
                Entry("2.log", second, Packing::Stored, Sizes::Behind),
            ];
            let archive = zip(&entries);
            let readable = matches!(packing, Packing::Stored | Packing::Deflated);
            for damage in [false, true] {
                let bytes = if damage { damaged(&archive, 1) } else { archive.bytes.clone() };
                let (result, seen) = run(&mut &bytes[..]);
                let what = format!("{packing:?}, {sizes:?}, damaged {damage}: {result:?}");
                if lost {
                    assert!(result.is_err(), "{what}");
                    continue;
                }
                let texts = seen.texts();
                assert!(texts.len() >= 12 && texts.iter().any(|text| text.contains("2a02")), "{what}");
                if readable && !damage {
                    assert!(result.is_ok(), "{what}");
                    continue;
                }
                let Err(error) = result else { panic!("{what}") };
                let error = error.to_string();
                assert!(error.starts_with("entry a/b.log: "), "{what}");
                let says = match packing {
                    Packing::Encrypted => "is encrypted; unpack it",
                    Packing::Foreign => "(LZMA); unpack it",
                    Packing::Stored | Packing::Deflated => "damaged",
                };
                assert!(error.contains(says), "{what}");
            }
        }
    }
}

/// A frame may ask for a large window and not need it; one that needs more than there is is refused.
#[test]
fn windows_are_bounded() {
    for bytes in [&fixture!("long.zst")[..], fixture!("ultra.zst"), fixture!("crc64.xz")] {
        assert!(run(&mut &*bytes).0.is_ok());
    }
    for (bytes, command) in [(&fixture!("long28.zst")[..], "zstd -d"), (fixture!("dictionary256.xz"), "xz -d")] {
        let error = run(&mut &*bytes).0.expect_err("refused").to_string();
        assert!(error.contains("256 MiB") && error.contains("128 MiB") && error.contains(command), "{error}");
    }
    // What is asked for and not needed is not taken: four layers of 128 MiB.
    let skipped = [&b"\x50\x2a\x4d\x18"[..], &(1u32 << 20).to_le_bytes(), &vec![0; 1 << 20]].concat();
    let sparing = |bytes: Vec<u8>, _| raw_zstd(&[&skipped[..], &bytes].concat(), 0x88, 128 * 1024);
    assert_eq!(answer(&(0..3).fold(zstd(LOG), sparing)), answer(&zstd(LOG)));
    // Layers of 64 MiB each, all but the innermost filled by a frame to be skipped: two fit.
    let skipped = [&b"\x50\x2a\x4d\x18"[..], &(65u32 << 20).to_le_bytes(), &vec![0; 65 << 20]].concat();
    let packed = |bytes: &[u8]| raw_zstd(&[&skipped[..], bytes].concat(), 0x80, 128 * 1024);
    let twice = packed(&packed(&zstd(LOG)));
    assert!(run(&mut &twice[..]).0.is_ok());
    let error = run(&mut &packed(&twice)[..]).0.expect_err("refused").to_string();
    assert!(error.contains("192 MiB") && error.contains("128 MiB"), "{error}");
}

/// A script that unpacks the archive behind it; places in the directory may count it or not.
#[test]
fn archives_behind_a_script_are_read() {
    let script = b"#!/bin/sh\nexec unzip \"$0\"\n";
    let mut archive = zip(&[Entry("x", LOG, Packing::Deflated, Sizes::Before)]);
    for counted in [false, true] {
        if counted {
            let [_, directory, end] = archive.starts[..] else { panic!("one entry") };
            archive.bytes[directory + 42] += script.len() as u8;
            let at = archive.starts[1] + script.len();
            archive.bytes[end + 16..end + 20].copy_from_slice(&(at as u32).to_le_bytes());
        }
        let input = [&script[..], &archive.bytes].concat();
        let (result, seen) = run(&mut &input[..]);
        assert_eq!((seen.events.len(), seen.dropped()), (12, script.len() as u64), "{result:?}");
        assert_eq!(result.expect("a log").bytes, (LOG.len() + script.len()) as u64);
        assert!(answer(&input[..input.len() - 30]).1);
    }
}

#[test]
fn text_of_16_bits_that_ends_within_a_character_is_told() {
    let whole = utf16(LOG);
    assert!(!answer(&whole).1);
    for rest in [&b"x"[..], &[0x3d, 0xd8], &[0x3d, 0xd8, 0]] {
        let (result, seen) = run(&mut &[&whole[..], rest].concat()[..]);
        assert!(result.is_err_and(|error| error.to_string().contains("within a character")));
        assert_eq!((seen.events.len(), seen.dropped()), (12, rest.len() as u64));
    }
}

impl Collector {
    fn texts(&self) -> Vec<String> {
        self.events.iter().map(|event| event.text().to_owned()).collect()
    }
}
