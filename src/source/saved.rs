//! File format of `pull --save`: zstd frames of NDJSON, one log event per line, followed by a trailer.
//!
//! The trailer (requested time range, whose log it is, and what could not be read) is in a frame that zstd decoders
//! skip: any tool can read the events, `analyze` gives the same answer as `pull`, and `pull --resume` reads the rest.

use std::fs::File;
#[cfg(feature = "cloudwatch")]
use std::io::{self, BufRead, BufReader};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

#[cfg(feature = "cloudwatch")]
use ruzstd::decoding::StreamingDecoder;
#[cfg(any(test, feature = "cloudwatch"))]
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::{Deserialize, Serialize};

use super::Input;
use crate::account::CountedSuccesses;
use crate::model::{Note, Timestamp};
use crate::wire::{AccountRead, InputProblem};

/// PlaceFacts about a pull besides its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PullTrailer {
    /// Start of the requested time range, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// End of the requested time range, inclusive, in milliseconds since 1970.
    pub to_ms: Option<i64>,
    /// Hash of the text of the events (XXH3, 64 bits), by which a damaged file is known.
    pub text_hash: Option<u64>,
    /// Accounts that were asked.
    pub accounts: Vec<AccountRead>,
    /// Log groups that were chosen, in the order of their events.
    pub groups: Vec<ChosenGroup>,
    /// What was asked for, to look up regions that could not be searched.
    pub wanted: Names,
    /// Profiles that were named for it.
    pub profiles: Vec<String>,
    /// Parts that cannot be read, and why: asking again would not help.
    pub unread: Vec<InputProblem>,
    /// Stretches of log groups that were not read, and can be read later.
    pub gaps: Vec<UnreadStretch>,
    /// Regions whose log groups were not looked up, and can be looked up later.
    pub regions: Vec<UnsearchedRegion>,
    /// Reasons why the pull ended early.
    pub ended: Vec<String>,
    /// Notes on the pull.
    pub notes: Vec<Note>,
    /// What the account told besides the log.
    pub account: AccountTold,
}

/// What an account told besides its logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AccountTold {
    /// Answers of GetMetricData to our query, cut down to what is used.
    pub cloudwatch_metrics: Vec<serde_json::Value>,
    /// Documents of the configuration as the AWS CLI prints them, cut down to what is used.
    pub aws_config: Vec<serde_json::Value>,
    /// Successes that were counted where the log is and not read.
    pub counted: Vec<CountedSuccesses>,
    /// Notes on what it did not tell.
    pub notes: Vec<Note>,
}

/// Names by which functions and log groups are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Names {
    /// Names, globs or ARNs of functions.
    pub functions: Vec<String>,
    /// Whether every function is chosen.
    pub all: bool,
    /// Prefixes of function names.
    pub prefixes: Vec<String>,
    /// Names, globs or ARNs of log groups.
    pub log_groups: Vec<String>,
    /// Whether the log groups of linked accounts are chosen, too.
    pub linked: bool,
}

impl Names {
    /// Returns whether something other than whole names chooses.
    #[cfg(feature = "cloudwatch")]
    pub(crate) fn chooses_many(&self) -> bool {
        let is_glob = |name: &String| name.contains(['*', '?', '[', '{']);
        self.all || !self.prefixes.is_empty() || self.functions.iter().chain(&self.log_groups).any(is_glob)
    }
}

/// A log group that was chosen to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ChosenGroup {
    pub group: GroupPlace,
    /// Prefixes of the log streams to read; empty means all.
    #[serde(default)]
    pub streams: Vec<String>,
    /// Functions of a shared group to keep; empty means all.
    #[serde(default)]
    pub functions: Vec<String>,
}

/// A stretch of a log group that was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct UnreadStretch {
    pub group: GroupPlace,
    /// Prefix of the log streams that are concerned; `None` means all that were chosen.
    #[serde(default)]
    pub stream: Option<String>,
    /// First millisecond since 1970.
    pub from_ms: i64,
    /// Last millisecond since 1970, inclusive.
    pub to_ms: i64,
    /// Whether nothing at all of the group was read.
    #[serde(default)]
    pub whole: bool,
    /// Why it was not read, and what to do.
    pub reason: String,
}

/// Where a log group is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GroupPlace {
    pub region: String,
    pub name: String,
    /// Account id, if it is known.
    pub account: Option<String>,
    /// ARN by which it must be asked, where the name alone may mean another account's group.
    #[serde(default)]
    pub arn: Option<String>,
    /// Whose group it is, where several accounts are read: the account id, or the profile if that is not known.
    #[serde(default)]
    pub holder: Option<String>,
}

impl GroupPlace {
    /// Returns the group's name in every output, with its account where the name alone may mean another account's
    /// group.
    pub(crate) fn label(&self) -> String {
        match (&self.holder, &self.arn, &self.account) {
            (Some(holder), _, _) | (None, Some(_), Some(holder)) => {
                format!("{} ({holder}, {})", self.name, self.region)
            }
            _ => format!("{} ({})", self.name, self.region),
        }
    }
}

/// A region whose log groups could not be looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct UnsearchedRegion {
    pub region: String,
    /// Account id, if it is known.
    pub account: Option<String>,
    /// Profile that was named for it.
    pub profile: Option<String>,
    /// Why it was not searched, and what to do.
    pub reason: String,
}

impl PullTrailer {
    /// Returns whether nothing is left that could be read later.
    #[cfg(feature = "cloudwatch")]
    pub(crate) fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.regions.is_empty()
    }

    /// Returns everything that was not read, as every output names it.
    pub(crate) fn problems(&self) -> Vec<InputProblem> {
        let moment = |ms: i64| Timestamp::from_ms(ms).map(|at| at.to_string()).unwrap_or_default();
        let gap = |gap: &UnreadStretch| InputProblem {
            input: gap.group.label(),
            reason: match gap.whole {
                true => gap.reason.clone(),
                false => format!("not read from {} to {}: {}", moment(gap.from_ms), moment(gap.to_ms), gap.reason),
            },
        };
        let region = |one: &UnsearchedRegion| InputProblem {
            input: match (&one.account, &one.profile) {
                (Some(account), _) => format!("region {} of account {account}", one.region),
                (None, Some(profile)) => format!("region {} of profile {profile}", one.region),
                (None, None) if one.region.is_empty() => "all log groups".to_owned(),
                (None, None) => format!("region {}", one.region),
            },
            reason: one.reason.clone(),
        };
        let mut all = self.unread.clone();
        all.extend(self.gaps.iter().map(gap));
        all.extend(self.regions.iter().map(region));
        all.sort();
        all.dedup();
        all
    }

    /// Returns the notes, with those on an early end.
    pub(crate) fn all_notes(&self) -> impl Iterator<Item = Note> + '_ {
        let ended = self.ended.iter().map(|text| Note { incomplete: true, text: text.clone() });
        self.notes.iter().chain(&self.account.notes).cloned().chain(ended)
    }
}

/// Magic number of a skippable frame, one of several (RFC 8878, section 3.1.2).
const SKIPPED_FRAME: [u8; 4] = [0x5c, 0x2a, 0x4d, 0x18];
/// Last bytes of a file that ends in a [`PullTrailer`], preceded by the length of its JSON.
const MARK: &[u8; 8] = b"LTRIAGE1";
/// Maximum length of the JSON; anything longer was not written by us.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Puts text into a zstd frame; `packed` also compresses it, which takes most of a pull's time.
#[must_use]
#[cfg(any(test, feature = "cloudwatch"))]
pub(crate) fn text_frame(text: &[u8], packed: bool) -> Vec<u8> {
    compress_to_vec(text, if packed { CompressionLevel::Fastest } else { CompressionLevel::Uncompressed })
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
fn may_tell(head: &[u8]) -> bool {
    head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || head.starts_with(&SKIPPED_FRAME)
}

/// Passes each whole line of a saved pull to `take`, in order.
///
/// # Errors
/// If the file cannot be read or is damaged, or `take` fails.
#[cfg(feature = "cloudwatch")]
pub(crate) fn lines_of(path: &Path, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    let mut text = Vec::new();
    loop {
        let head = file.fill_buf()?;
        if head.is_empty() {
            break;
        }
        if head.starts_with(&SKIPPED_FRAME) {
            let mut frame = [0u8; 8];
            file.read_exact(&mut frame)?;
            let [.., a, b, c, d] = frame;
            io::copy(&mut (&mut file).take(u64::from(u32::from_le_bytes([a, b, c, d]))), &mut io::sink())?;
            continue;
        }
        let mut frame = StreamingDecoder::new(&mut file).map_err(io::Error::other)?;
        frame.read_to_end(&mut text)?;
        let mut rest = text.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            take(&rest[..=end])?;
            rest = &rest[end + 1..];
        }
        let done = text.len() - rest.len();
        text.drain(..done);
    }
    if text.is_empty() { Ok(()) } else { take(&text) }
}

/// Reads the trailer of an input with these first bytes, if it is a saved pull.
pub(super) fn told_by_input(input: &Input, head: &[u8]) -> Option<PullTrailer> {
    let may_tell = input.size.is_some() && may_tell(head);
    may_tell.then(|| told_by(input.path.as_deref()?)).flatten()
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
            gaps: vec![UnreadStretch { from_ms: 3, to_ms: 4, ..UnreadStretch::default() }],
            ended: vec!["interrupted".to_owned()],
            ..PullTrailer::default()
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("saved.ndjson.zst");
        let mut bytes = text_frame(b"{}\n", true);
        bytes.extend(trailer_frame(&told));
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(told_by(&path), Some(told));
        std::fs::write(&path, text_frame(b"{}\n", true)).unwrap();
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
