//! Containers as files of a run: what is whole is read and complete, what is not is named with status 3, and what a
//! container may take is bounded.

use std::fs;

use serde_json::Value;

use super::harness::{Run, directory, formats, gzip, root, write};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(root().join("fixtures/containers").join(name)).unwrap()
}

/// Status, attempts, whether it is complete, and what is said of the input.
fn read(bytes: &[u8], threads: &str) -> (i32, u64, bool, String) {
    let folder = directory();
    write(&folder.path().join("x"), bytes);
    let done = Run::analyze(["x", "--format", "json", "--function", "f", "--strict", "--threads", threads])
        .directory(folder.path())
        .done();
    let summary: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
    let coverage = &summary["coverage"];
    let said = coverage["inputs_unreadable"].as_array().into_iter().flatten().map(|it| it["reason"].to_string());
    let noted = coverage["notes"].as_array().into_iter().flatten().map(Value::to_string);
    let said: Vec<String> = said.chain(noted).collect();
    let attempts = summary["totals"]["attempts"].as_u64().unwrap();
    (done.status, attempts, coverage["complete"] == true, said.join(" "))
}

#[test]
fn whole_containers_are_complete() {
    for name in [
        "plain.log",
        "level3.zst",
        "fast.zst",
        "long.zst",
        "ultra.zst",
        "nocheck.zst",
        "crc32.xz",
        "crc64.xz",
        "sha256.xz",
        "two.zip",
    ] {
        for threads in ["1", "3"] {
            assert_eq!(read(&fixture(name), threads), (0, 3, true, String::new()), "{name}");
        }
    }
}

#[test]
fn what_is_not_whole_has_status_3_and_its_reason() {
    let two = fixture("two.zip");
    let second = two.windows(4).rposition(|bytes| bytes == b"PK\x03\x04").unwrap();
    let directory = two.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let level3 = fixture("level3.zst");
    let changed = |name: &str, at: usize| {
        let mut bytes = fixture(name);
        bytes[at] ^= 1;
        bytes
    };
    let utf16: Vec<u8> =
        String::from_utf8(fixture("plain.log")).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cut = "ends too early";
    let cases: [(&str, Vec<u8>, u64, &str); 17] = [
        ("zip, cut at its second entry", two[..second].to_vec(), 1, cut),
        ("zip, cut at its directory", two[..directory].to_vec(), 3, cut),
        ("zip, cut in its directory", two[..directory + 20].to_vec(), 3, cut),
        ("zip, cut at its end", two[..two.len() - 1].to_vec(), 3, cut),
        ("zip, text behind", [&two[..], b"some text"].concat(), 3, "9 bytes behind the end of the archive"),
        ("zip, an entry encrypted", fixture("encrypted.zip"), 3, "entry a/b.log: is encrypted; unpack it"),
        ("zip, an entry in LZMA", fixture("foreign.zip"), 3, "entry a/b.log: is packed in a way that is not read here"),
        ("zip in gzip, an entry encrypted", gzip(&fixture("encrypted.zip")), 3, "entry a/b.log: is encrypted"),
        ("zstd, cut", level3[..level3.len() - 1].to_vec(), 3, cut),
        ("zstd, cut in its header", level3[..5].to_vec(), 0, cut),
        (
            "zstd, its checksum changed",
            changed("level3.zst", level3.len() - 1),
            3,
            "damaged (its checksum does not match)",
        ),
        ("zstd, half a frame behind", [&level3[..], &level3[..100]].concat(), 3, cut),
        ("zstd, text behind", [&level3[..], b"text"].concat(), 3, "something else follows"),
        ("zstd, a window of 256 MiB", fixture("long28.zst"), 0, "256 MiB"),
        ("xz, a dictionary of 256 MiB", fixture("dictionary256.xz"), 0, "xz -d"),
        ("xz, cut in its magic", fixture("crc32.xz")[..4].to_vec(), 0, cut),
        ("UTF-16, cut", utf16[..utf16.len() - 1].to_vec(), 3, "ends within a character"),
    ];
    for (what, bytes, attempts, says) in cases {
        for threads in ["1", "3"] {
            let (status, got, complete, said) = read(&bytes, threads);
            assert_eq!((status, got, complete), (3, attempts, false), "{what}: {said}");
            assert!(said.contains(says), "{what}: {said}");
            // Words of a library, as a program prints them.
            assert!(!said.contains("Error") && !said.contains("{ "), "{what}: {said}");
        }
    }
}

/// What holds no log is no loss, however its archive is made.
#[test]
fn archives_without_a_log_are_left_out() {
    let archive = fixture("no-log.zip");
    let script = b"#!/bin/sh\nexec python3 \"$0\"\n";
    for (what, bytes) in [
        ("an archive", archive.clone()),
        ("text behind it", [&archive[..], b"some text"].concat()),
        ("a script in front of it", [&script[..], &archive].concat()),
        ("gzip around it", gzip(&archive)),
    ] {
        let folder = directory();
        write(&folder.path().join("good.log"), fixture("plain.log"));
        write(&folder.path().join("other"), &bytes);
        let done = Run::analyze([folder.path()]).args(["--function", "f", "--strict", "--format", "json"]).done();
        assert_eq!(done.status, 0, "{what}: {done:?}");
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(summary["coverage"]["inputs_skipped"].as_array().map(Vec::len), Some(1), "{what}");
        assert_eq!(read(&bytes, "1").0, 3, "{what}");
    }
}

/// A gate must not pass over what a container in a folder lost.
#[test]
fn a_gate_does_not_pass_over_half_an_archive() {
    let two = fixture("two.zip");
    let second = two.windows(4).rposition(|bytes| bytes == b"PK\x03\x04").unwrap();
    let folder = directory();
    write(&folder.path().join("good.log"), fixture("plain.log"));
    write(&folder.path().join("cut.zip"), &two[..second]);
    let done = Run::analyze([folder.path()]).args(["--function", "f", "--fail-on", "failed > 0"]).done();
    assert_eq!(done.status, 3, "{done:?}");
}

/// No format says that all was understood of what could not be read.
#[test]
fn what_could_not_be_read_is_not_understood() {
    let folder = directory();
    let level3 = fixture("level3.zst");
    write(&folder.path().join("x"), &level3[..level3.len() - 1]);
    for format in formats() {
        let done = Run::analyze(["x", "--function", "f", "--format", format]).directory(folder.path()).done();
        assert_eq!(done.status, 3, "{format}: {done:?}");
        assert!(!done.stdout.contains("100% of the bytes"), "{format}: {}", done.stdout);
    }
}

/// A device without end is left, and so is what comes from a pipe.
#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_left() {
    for threads in ["1", "3"] {
        let done = Run::analyze(["/dev/zero", "--threads", threads]).done();
        assert_eq!(done.status, 3, "{done:?}");
        assert!(done.stderr.contains("no more than 64 MiB of it were searched"), "{done:?}");
    }
}
