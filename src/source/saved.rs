//! File format of `pull --save`: zstd frames of NDJSON, one log event per line, followed by a trailer.
//!
//! The trailer (requested time range, and what could not be read) is in a frame that zstd decoders skip: any tool can
//! read the events, and `analyze` gives the same answer as `pull`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

#[cfg(any(test, feature = "cloudwatch"))]
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::{Deserialize, Serialize};

use crate::model::Note;
use crate::wire::InputProblem;

/// Facts about a pull besides its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PullTrailer {
    /// Start of the requested time range, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// End of the requested time range, inclusive, in milliseconds since 1970.
    pub to_ms: Option<i64>,
    /// Parts of the pull that could not be read, and why.
    pub unread: Vec<InputProblem>,
    /// Notes on the pull.
    pub notes: Vec<Note>,
}

/// Magic number of a skippable frame, one of several (RFC 8878, section 3.1.2).
const SKIPPED_FRAME: [u8; 4] = [0x5c, 0x2a, 0x4d, 0x18];
/// Last bytes of a file that ends in a [`PullTrailer`], preceded by the length of its JSON.
const MARK: &[u8; 8] = b"LTRIAGE1";
/// Maximum length of the JSON; anything longer was not written by us.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Compresses text to a zstd frame.
#[must_use]
#[cfg(any(test, feature = "cloudwatch"))]
pub(crate) fn text_frame(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

/// Returns the frame that ends a saved pull.
#[must_use]
#[cfg(any(test, feature = "cloudwatch"))]
pub(crate) fn trailer_frame(told: &PullTrailer) -> Vec<u8> {
    let json = serde_json::to_vec(told).unwrap_or_default();
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let mut frame = SKIPPED_FRAME.to_vec();
    frame.extend(length(json.len() + 4 + MARK.len()));
    frame.extend(&json);
    frame.extend(length(json.len()));
    frame.extend(MARK);
    frame
}

/// Returns whether a file with this head may be a saved pull: zstd frames, or just the skippable one.
#[must_use]
pub(crate) fn may_tell(head: &[u8]) -> bool {
    head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || head.starts_with(&SKIPPED_FRAME)
}

/// Reads the trailer of a file, if it is a saved pull.
#[must_use]
pub(crate) fn told_by(path: &Path) -> Option<PullTrailer> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut end = [0u8; 12];
    file.seek(SeekFrom::Start(size.checked_sub(12)?)).ok()?;
    file.read_exact(&mut end).ok()?;
    let (length, mark) = end.split_at(4);
    let length = u64::from(u32::from_le_bytes(length.try_into().ok()?));
    if mark != MARK || length > LONGEST {
        return None;
    }
    file.seek(SeekFrom::Start(size.checked_sub(12 + length)?)).ok()?;
    let mut json = Vec::new();
    file.take(length).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_what_was_told_to_it() {
        let told = PullTrailer {
            from_ms: Some(1),
            to_ms: Some(2),
            unread: vec![InputProblem { input: "/aws/lambda/pay".to_owned(), reason: "access denied".to_owned() }],
            notes: vec![Note { incomplete: true, text: "interrupted".to_owned() }],
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("saved.ndjson.zst");
        let mut bytes = text_frame(b"{}\n");
        bytes.extend(trailer_frame(&told));
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(told_by(&path), Some(told));
        std::fs::write(&path, text_frame(b"{}\n")).unwrap();
        assert_eq!(told_by(&path), None);
        std::fs::write(&path, "LTRIAGE1").unwrap();
        assert_eq!(told_by(&path), None);
    }

    /// Files of version 0.1.0 have the key `name` instead of `input`.
    #[test]
    fn older_files_are_read() {
        let told: PullTrailer = serde_json::from_str(r#"{"unread":[{"name":"/aws/lambda/pay","reason":"denied"}]}"#)
            .expect("a trailer of 0.1.0");
        assert_eq!(told.unread[0].input, "/aws/lambda/pay");
    }
}
