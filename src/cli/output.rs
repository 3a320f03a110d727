//! Destinations of output: standard output, or a file that appears only when it is complete.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::exit::RunError;
use crate::source::{FileId, place};

/// An open output.
#[derive(Debug)]
pub(super) enum OutputFile {
    Stdout,
    /// A regular file, written beside its place and renamed at the end, so that it is complete or absent.
    Whole {
        directory: PathBuf,
        path: PathBuf,
    },
    /// A file that others write to, too: what is written comes behind what they wrote.
    Shared {
        file: File,
        path: PathBuf,
    },
    /// A device or a named pipe, which cannot be replaced by renaming.
    Direct {
        file: File,
        path: PathBuf,
    },
}

impl OutputFile {
    /// Opens the output before the work starts, so that a wrong path fails at once.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, RunError> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        Self::open_file(path).map_err(|error| cannot_write(&path.display().to_string(), &error))
    }

    /// Opens a file that others write to, too.
    pub(super) fn open_shared(path: &Path) -> Result<Self, RunError> {
        let opened = match fs::metadata(path) {
            // Not every device can tell where it ends.
            Ok(found) if !found.is_file() => Self::open_file(path),
            _ => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                file.map(|file| Self::Shared { file, path: path.to_owned() })
            }
        };
        opened.map_err(|error| cannot_write(&path.display().to_string(), &error))
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                return Ok(Self::Direct { file: OpenOptions::new().write(true).open(path)?, path: path.to_owned() });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // A link stays a link: its target is replaced or created.
        let path = place(path);
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Only a test: the temporary file is removed at once, so that an interrupted run leaves nothing behind.
        drop(UnfinishedFile::create(&path, directory)?);
        Ok(Self::Whole { directory: directory.to_owned(), path })
    }

    /// Writes what `print` prints and moves the file to its place. A pipe closed by its reader is a normal end.
    pub(super) fn write(self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), RunError> {
        let (name, result) = match self {
            Self::Stdout => ("standard output".to_owned(), buffered(&mut io::stdout().lock(), print)),
            Self::Direct { mut file, path } => (path.display().to_string(), buffered(&mut file, print)),
            Self::Shared { mut file, path } => (path.display().to_string(), append(&mut file, print)),
            Self::Whole { directory, path } => (path.display().to_string(), write_whole(&directory, &path, print)),
        };
        closed_pipe_is_fine(result).map_err(|error| cannot_write(&name, &error))
    }
}

/// Describes why an output cannot be written, and what to do.
pub(super) fn cannot_write(name: &str, error: &io::Error) -> RunError {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory; make its directory first".to_owned(),
        io::ErrorKind::NotADirectory => "not a directory; write to another path".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory; name a file in it".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied; write to a directory of your own".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "its disk is read-only; write to another one".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!("{error}; make room on its disk"),
        _ => error.to_string(),
    };
    RunError::io(format!("cannot write {name}: {why}"))
}

pub(super) fn closed_pipe_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn buffered(out: &mut dyn Write, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    print(&mut out)?;
    out.flush()
}

/// Appends to a file all of an output or nothing.
fn append(file: &mut File, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut text = Vec::new();
    print(&mut text)?;
    let before = file.metadata()?.len();
    if before > 0 {
        // What stands before may lack the end of its line.
        text.insert(0, b'\n');
    }
    let written = file.write_all(&text);
    if written.is_err() {
        file.set_len(before)?;
    }
    written
}

fn write_whole(directory: &Path, path: &Path, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut unfinished = UnfinishedFile::create(path, directory)?;
    buffered(unfinished.file(), print)?;
    unfinished.finish(path, directory)
}

/// Beginning of the names of temporary files.
const PREFIX: &str = ".lambda-triage-";

/// A file that is not yet at its place.
enum UnfinishedFile {
    /// Without a name, so that nothing is left if the program is killed.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// With a name, where the file system has no files without.
    Named(NamedTempFile),
}

impl UnfinishedFile {
    /// Creates a file with the owner, group and permissions of the file that it replaces, or of any new file, rather than
    /// the private ones of temporary files.
    fn create(path: &Path, directory: &Path) -> io::Result<Self> {
        let replaced = fs::metadata(path).ok();
        #[cfg(target_os = "linux")]
        if let Ok(file) = nameless(directory) {
            keep_rights(&file, replaced.as_ref())?;
            return Ok(Self::Nameless(file));
        }
        let file = named(directory).map_err(without_path)?;
        keep_rights(file.as_file(), replaced.as_ref())?;
        Ok(Self::Named(file))
    }

    fn file(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    /// Moves the file to its place.
    fn finish(self, path: &Path, directory: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file) => give_name(&file, path, directory),
            Self::Named(file) => file.persist(path).map(drop).map_err(|error| without_path(error.error)),
        }
    }
}

/// Takes the path of a temporary file out of an error: users never named it.
fn without_path(error: io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Creates a file without a name.
#[cfg(target_os = "linux")]
fn nameless(directory: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
    let file = File::from(open(directory, flags, mode)?);
    // Without a way to give it a name it is of no use.
    fs::metadata(own_link(&file)).map(|_| file)
}

/// Returns a path to an open file.
#[cfg(target_os = "linux")]
fn own_link(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Gives a nameless file its name.
#[cfg(target_os = "linux")]
fn give_name(file: &File, path: &Path, directory: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    let from = own_link(file);
    let link = |name: &Path| linkat(CWD, &from, CWD, name, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from);
    if let Err(error) = link(path) {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Err(error);
        }
        // Only renaming replaces a file: it has a name of its own for no longer than that takes.
        let linked = tempfile::Builder::new().prefix(PREFIX).make_in(directory, link).map_err(without_path)?;
        linked.into_temp_path().persist(path).map_err(|error| without_path(error.error))?;
    }
    Ok(())
}

#[cfg(unix)]
fn named(directory: &Path) -> io::Result<NamedTempFile> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new().prefix(PREFIX).permissions(Permissions::from_mode(0o666)).tempfile_in(directory)
}

#[cfg(not(unix))]
fn named(directory: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(PREFIX).tempfile_in(directory)
}

/// Gives a new file the owner, the group and the permissions of the one that it replaces, as far as that is allowed.
#[cfg(unix)]
fn keep_rights(file: &File, replaced: Option<&Metadata>) -> io::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Some(replaced) = replaced else { return Ok(()) };
    let mut mode = replaced.mode() & 0o777;
    // Only root gives a file away; a group of one's own is free to choose.
    let (uid, gid) = (Some(replaced.uid()), Some(replaced.gid()));
    if fchown(file, uid, gid).is_err() && fchown(file, None, gid).is_err() && file.metadata()?.gid() != replaced.gid() {
        // Another group gets no more than everybody.
        mode = mode & 0o707 | (mode & 0o007) << 3 & mode;
    }
    // At creation the umask reduced the permissions.
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_rights(_: &File, _: Option<&Metadata>) -> io::Result<()> {
    Ok(())
}

/// Refuses two outputs to one file, however the paths spell it: the second would replace the first. A device or a pipe
/// may take both.
pub(super) fn refuse_one_file_twice<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), RunError> {
    let mut seen = Vec::new();
    for path in paths.into_iter().filter(|path| fs::metadata(path).map_or(true, |found| found.is_file())) {
        let file = FileId::at(path);
        if seen.contains(&file) {
            let text = format!("two outputs go to {}; give each a file of its own", path.display());
            return Err(RunError::usage(text));
        }
        seen.push(file);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_absent() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.json");
        let failing = OutputFile::open(Some(&path)).unwrap().write(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(failing.is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        OutputFile::open(Some(&path)).unwrap().write(|out| out.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_shared_file_keeps_what_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.md");
        for (text, want) in [("one\n", "one\n"), ("two", "one\n\ntwo"), ("three\n", "one\n\ntwo\nthree\n")] {
            OutputFile::open_shared(&path).unwrap().write(|out| out.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), want);
        }
        let failing = OutputFile::open_shared(&path).unwrap().write(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(failing.is_err());
        assert!(fs::read_to_string(&path).unwrap().ends_with("three\n"));
        assert!(OutputFile::open_shared(directory.path()).is_err());
    }

    #[test]
    fn a_wrong_path_fails_at_once() {
        let directory = tempfile::tempdir().unwrap();
        assert!(OutputFile::open(Some(directory.path())).is_err());
        assert!(OutputFile::open(Some(&directory.path().join("no/such/place.json"))).is_err());
    }

    #[test]
    fn a_closed_pipe_is_a_normal_end() {
        let closed = |_: &mut dyn Write| Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(OutputFile::Stdout.write(closed).is_ok());
    }
}
