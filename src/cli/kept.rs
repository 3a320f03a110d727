//! What the last pull of a terminal left for `show`: the events with a failed attempt, in a file of the user's own.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::Builder;

use crate::pipeline::FailedEvents;
use crate::wire::ShownEvent;

/// Most bytes of attempts that are kept: with what is written around them the file has at most 64 MiB.
pub(super) const MOST_BYTES: u64 = 60 << 20;
/// Name of the file in the directory.
const FILE: &str = "last-pull.ndjson";
/// Version of the file.
const VERSION: u32 = 1;

/// First line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptPull {
    /// Version of the file.
    kept_pull: u32,
    /// When it was pulled.
    pub(super) pulled_at: String,
    /// Number of attempts for which there was no room.
    pub(super) left_out: u64,
    /// Whether all of the log was read.
    pub(super) complete: bool,
    /// Number of events in the file.
    events: u64,
}

/// Returns the directory for state of this program, by the environment.
pub(super) fn directory(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    // A relative path in it is to be ignored, as the specification of the directories says.
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = match cfg!(windows) {
        true => absolute("LOCALAPPDATA"),
        false => absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state"))),
    };
    Some(state?.join(env!("CARGO_PKG_NAME")))
}

/// Keeps the events instead of those of an earlier pull. Returns the file, if there was none before.
///
/// # Errors
/// When the file cannot be written; that of an earlier pull is removed then.
pub(super) fn keep(
    directory: &Path,
    pulled_at: String,
    complete: bool,
    events: &mut FailedEvents,
) -> io::Result<Option<PathBuf>> {
    let path = directory.join(FILE);
    let is_new = !path.exists();
    let (left_out, count) = (events.left_out, events.count());
    let head = KeptPull { kept_pull: VERSION, pulled_at, left_out, complete, events: count };
    let written = write(directory, &path, &head, events);
    if let Err(error) = written {
        // What is left would pass for this pull.
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    Ok(is_new.then_some(path))
}

fn write(directory: &Path, path: &Path, head: &KeptPull, events: &mut FailedEvents) -> io::Result<()> {
    create(directory)?;
    // Temporary files are readable by their owner alone.
    let mut file = Builder::new().prefix(".last-pull").tempfile_in(directory)?;
    let mut out = BufWriter::new(file.as_file_mut());
    let head = serde_json::to_string(head)?;
    writeln!(out, "{head}")?;
    events.for_each(|event| {
        serde_json::to_writer(&mut out, event)?;
        out.write_all(b"\n")
    })?;
    out.flush()?;
    drop(out);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates the directory, for its owner alone.
fn create(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Returns what is kept of the last pull, and those of its events whose request id begins with a prefix; `None` if nothing
/// is kept.
///
/// # Errors
/// When the file cannot be read, or is damaged.
pub(super) fn find(directory: &Path, prefix: &str) -> io::Result<Option<(KeptPull, Vec<ShownEvent>)>> {
    let path = directory.join(FILE);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(about) if !about.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(_) => {}
    }
    let damaged = |_| io::Error::other("it is damaged");
    let mut lines = BufReader::new(File::open(path)?).lines();
    let head = lines.next().transpose()?.unwrap_or_default();
    let head: KeptPull = serde_json::from_str(&head).map_err(damaged)?;
    if head.kept_pull != VERSION {
        return Err(io::Error::other("another version of the program wrote it"));
    }
    let (mut found, mut events) = (Vec::new(), 0);
    for line in lines {
        let event: ShownEvent = serde_json::from_str(&line?).map_err(damaged)?;
        events += 1;
        if event.request_id.as_ref().is_some_and(|id| id.starts_with(prefix)) {
            found.push(event);
        }
    }
    if events == head.events { Ok(Some((head, found))) } else { Err(io::Error::other("its end is missing")) }
}

/// Returns the path of the file, for messages.
pub(super) fn file(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_follows_the_environment() {
        let given = |variables: &'static [(&str, &str)]| {
            directory(move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()))
        };
        if cfg!(windows) {
            return;
        }
        let want = |path: &str| Some(PathBuf::from(path));
        assert_eq!(given(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), want("/s/lambda-triage"));
        assert_eq!(given(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]), want("/h/.local/state/lambda-triage"));
        assert_eq!(given(&[("HOME", "/h")]), want("/h/.local/state/lambda-triage"));
        assert_eq!(given(&[]), None);
    }

    #[test]
    fn what_is_no_file_of_ours_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path(), "a").unwrap().is_none());
        let cut = r#"{"kept_pull":1,"pulled_at":"","left_out":0,"complete":true,"events":1}"#;
        for text in ["", "x", "{}", cut, r#"{"kept_pull":2,"pulled_at":"","left_out":0,"complete":true,"events":0}"#] {
            fs::write(file(folder.path()), text).unwrap();
            assert!(find(folder.path(), "a").is_err(), "{text}");
        }
        fs::write(file(folder.path()), r#"{"kept_pull":1,"pulled_at":"","left_out":0,"complete":true,"events":0}"#)
            .unwrap();
        assert_eq!(find(folder.path(), "a").unwrap().map(|(_, found)| found.len()), Some(0));
    }
}
