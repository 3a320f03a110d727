//! Inputs: lists the files, directories and standard input that the user named.

mod clock;
#[cfg(feature = "cloudwatch")]
pub(crate) mod cloudwatch;
mod document;
mod feed;
mod file_id;
mod identity;
mod opened;
pub(crate) mod saved;
mod stop;
mod walk;

use crate::model::Origin;
use crate::wire::InputProblem;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use globset::GlobSet;
use rustc_hash::FxHashSet;

use walk::{FoundFile, walk};

pub(crate) use clock::now;
pub(crate) use document::is_document;
pub(crate) use feed::{InputSource, MemoryInputs};
pub(crate) use file_id::{FileId, place};
pub(crate) use identity::context_of;
pub(crate) use opened::OpenedInput;
pub(crate) use stop::{Stop, StopSignal};

/// One input to read.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Name in every output.
    pub name: String,
    /// Path; `None` for standard input and for inputs in memory.
    pub path: Option<PathBuf>,
    /// Whether the user named the input itself, rather than a directory that contains it.
    pub named: bool,
    /// Size in bytes, where known.
    pub size: Option<u64>,
    /// Origin, as far as the path tells it.
    pub context: Origin<String>,
}

impl Input {
    /// Creates an input whose bytes are held in memory.
    #[must_use]
    pub(crate) fn in_memory(name: &str, bytes: &[u8]) -> Self {
        let size = Some(bytes.len() as u64);
        Self { name: name.to_owned(), path: None, named: true, size, context: context_of(Path::new(name)) }
    }
}

/// Inputs found at the named paths.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Inputs by path, standard input first: however they were named, the answer is the same.
    pub inputs: Vec<Input>,
    /// Paths that could not be read.
    pub problems: Vec<InputProblem>,
    /// What was found in a directory and is nothing to read there, such as a socket.
    pub skipped: Vec<InputProblem>,
    /// Ids of the files among the inputs.
    files: SeenFiles,
    /// The request to stop reading.
    stop: Stop,
}

impl Listing {
    /// Returns the first of these output paths that leads to an input file, which writing would destroy, and the directory
    /// in which it was found. A device or a pipe may be both. Call once: the list of files is dropped.
    pub(crate) fn first_read<'p>(
        &mut self,
        paths: &'p [PathBuf],
        named: &[PathBuf],
    ) -> Option<(&'p Path, Option<PathBuf>)> {
        let files = std::mem::take(&mut self.files);
        let is_input = |path: &&Path| {
            std::fs::metadata(path).is_ok_and(|found| found.is_file() && files.contains(&FileId::at(path)))
        };
        let output = paths.iter().map(PathBuf::as_path).find(is_input)?;
        let id = FileId::at(output);
        let read = self.inputs.iter().find(|input| input.path.as_deref().is_some_and(|path| FileId::at(path) == id));
        let found = read.filter(|input| !input.named).and_then(|input| input.path.as_deref());
        let directory = found.and_then(|path| named.iter().find(|named| path.starts_with(named)));
        Some((output, directory.cloned()))
    }
}

/// Name of standard input in every output.
const STDIN: &str = "<stdin>";

/// Lists the inputs of `paths`, using at most `threads` threads. A file that is found twice counts once.
#[must_use]
pub(crate) fn list_inputs(paths: &[PathBuf], exclude: &GlobSet, threads: usize, stop: &Stop) -> Listing {
    let mut listing = Listing { stop: stop.clone(), ..Listing::default() };
    let mut seen = SeenFiles::default();
    for path in paths {
        if path.as_os_str() == "-" {
            if listing.inputs.iter().all(|input| input.path.is_some()) {
                listing.inputs.push(standard_input());
            }
            continue;
        }
        list_path(path, exclude, threads, &mut listing, &mut seen);
    }
    listing.inputs.sort_by(|one, other| one.path.cmp(&other.path));
    if listing.inputs.iter().any(|input| input.path.is_none()) {
        seen.extend(FileId::of_standard_input());
    }
    Listing { files: seen, ..listing }
}

fn standard_input() -> Input {
    Input { name: STDIN.to_owned(), path: None, named: true, size: None, context: Origin::default() }
}

type SeenFiles = FxHashSet<FileId>;

fn list_path(path: &Path, exclude: &GlobSet, threads: usize, listing: &mut Listing, seen: &mut SeenFiles) {
    let is_directory = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => true,
        Ok(_) => false,
        Err(error) => {
            listing.problems.push(problem(path, &reason(&error)));
            return;
        }
    };
    let found = walk(path, threads, &listing.stop, &|found: Result<FoundFile, walkdir::Error>| match found {
        Ok((found, _)) if is_excluded(path, &found, exclude) => None,
        Ok(found) => Some(found_file(found, !is_directory)),
        Err(error) if error.path().is_some_and(|found| is_excluded(path, found, exclude)) => None,
        Err(error) => walk_problem(path, &error).map(Err),
    });
    listing.inputs.reserve(found.len());
    seen.reserve(found.len());
    for file in found {
        match file {
            Ok((file, input)) => {
                if seen.insert(file) {
                    listing.inputs.push(input);
                }
            }
            Err(UnreadPath { problem, skipped: true }) => listing.skipped.push(problem),
            Err(UnreadPath { problem, skipped: false }) => listing.problems.push(problem),
        }
    }
}

/// Returns whether a file is excluded: by its displayed path or its name, or by the path or name of a directory between
/// it and `root`, relative to `root`.
fn is_excluded(root: &Path, path: &Path, exclude: &GlobSet) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    let shown = path.ancestors().zip(below.ancestors()).map(|(shown, _)| shown);
    let matches = |part: &Path| exclude.is_match(part) || part.file_name().is_some_and(|name| exclude.is_match(name));
    !exclude.is_empty()
        && (exclude.is_match(path)
            || matches(path)
            || below.ancestors().any(|part| !part.as_os_str().is_empty() && matches(part))
            || shown.into_iter().any(|part| exclude.is_match(part)))
}

/// Something found at a path that is no input.
struct UnreadPath {
    problem: InputProblem,
    /// Whether nobody expects it to be read: it is no file, and was not named.
    skipped: bool,
}

fn found_file((path, metadata): FoundFile, named: bool) -> Result<(FileId, Input), UnreadPath> {
    let metadata = match metadata {
        Ok(metadata) => Some(metadata),
        // What was named is opened, which tells more.
        Err(_) if named => None,
        Err(error) => return Err(UnreadPath { problem: problem(&path, &reason(&error)), skipped: false }),
    };
    // Sockets and pipes found in a directory would block; if the user named one, it is to be read.
    if let Some(kind) = metadata.as_ref().filter(|_| !named).and_then(special) {
        return Err(UnreadPath { problem: problem(&path, kind), skipped: true });
    }
    let size = metadata.as_ref().filter(|metadata| metadata.is_file()).map(Metadata::len);
    let file = FileId::of(&path, metadata.as_ref());
    let context = context_of(&path);
    Ok((file, Input { name: path.to_string_lossy().into_owned(), path: Some(path), named, size, context }))
}

/// Returns what something is that is no regular file.
fn special(found: &Metadata) -> Option<&'static str> {
    if found.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        let kinds = [
            (kind.is_socket(), "is a socket"),
            (kind.is_fifo(), "is a named pipe; name it to read it"),
            (kind.is_char_device() || kind.is_block_device(), "is a device; name it to read it"),
        ];
        if let Some((_, kind)) = kinds.iter().find(|(is, _)| *is) {
            return Some(kind);
        }
    }
    Some("not a regular file")
}

fn walk_problem(root: &Path, error: &walkdir::Error) -> Option<UnreadPath> {
    // A link to a directory above it contains nothing new.
    if error.loop_ancestor().is_some() {
        return None;
    }
    let path = error.path().unwrap_or(root);
    // A link that leads nowhere is no input, unless it was named.
    let is_link = path != root && std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if let Some(kind) = error.io_error().filter(|_| is_link).and_then(leads_nowhere) {
        return Some(UnreadPath { problem: problem(path, kind), skipped: true });
    }
    let text = error.io_error().map_or_else(|| error.to_string(), reason);
    Some(UnreadPath { problem: problem(path, &text), skipped: false })
}

/// Returns what a link is that was followed with this error, if it has no end.
fn leads_nowhere(error: &std::io::Error) -> Option<&'static str> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Some("is a link to nothing"),
        #[cfg(unix)]
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => Some("is a link to itself"),
        _ => None,
    }
}

fn problem(path: &Path, reason: &str) -> InputProblem {
    InputProblem { input: path.display().to_string(), reason: reason.to_owned() }
}

/// Returns why something could not be read, in words, with what to do where that is known.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory; check the path".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied; check the rights of the file".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        std::io::ErrorKind::NotADirectory => "not a directory; check the path".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(listing: &Listing, root: &Path) -> Vec<String> {
        let root = format!("{}/", root.display());
        listing.inputs.iter().map(|input| input.name.replace(&root, "")).collect()
    }

    #[test]
    fn lists_directories_in_order_and_each_file_once() {
        let root = tempfile::tempdir().expect("a directory");
        for file in ["b/2.log", "b/.hidden", "a.gz", "b/1.log"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, "x").expect("a file");
        }
        let listing = list_inputs(
            &[root.path().to_owned(), root.path().join("a.gz"), "-".into(), "-".into()],
            &GlobSet::empty(),
            2,
            &Stop::default(),
        );
        assert_eq!(names(&listing, root.path()), ["<stdin>", "a.gz", "b/.hidden", "b/1.log", "b/2.log"]);
        assert!(listing.problems.is_empty());
        assert!(!listing.inputs[1].named);
    }

    #[test]
    fn missing_paths_are_problems() {
        let listing = list_inputs(&["/nonexistent/x.log".into()], &GlobSet::empty(), 1, &Stop::default());
        assert_eq!(listing.problems[0].reason, "no such file or directory; check the path");
    }

    #[cfg(unix)]
    #[test]
    fn survives_link_loops() {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join("x.log"), "x").expect("a file");
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).expect("a link");
        std::os::unix::fs::symlink("nowhere", root.path().join("dangling")).expect("a link");
        let listing = list_inputs(&[root.path().to_owned()], &GlobSet::empty(), 2, &Stop::default());
        assert_eq!(names(&listing, root.path()), ["x.log"]);
        assert!(listing.problems.is_empty(), "{:?}", listing.problems);
        assert_eq!(listing.skipped[0].reason, "is a link to nothing");
    }
}
