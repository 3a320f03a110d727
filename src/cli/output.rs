//! Destinations of output: standard output, or a file that appears only when it is complete.

use std::fs::{self, File, OpenOptions};
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
        Self::open_file(path).map_err(|error| RunError::io(format!("cannot write {}: {error}", path.display())))
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
        opened.map_err(|error| RunError::io(format!("cannot write {}: {error}", path.display())))
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::Error::other("it is a directory")),
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
        drop(temporary_for(&path, directory)?);
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
        closed_pipe_is_fine(result).map_err(|error| RunError::io(format!("cannot write {name}: {error}")))
    }
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
    let mut temporary = temporary_for(path, directory)?;
    buffered(temporary.as_file_mut(), print)?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a temporary file with the permissions of the file that it replaces, or of any new file, rather than the
/// private ones of temporary files.
fn temporary_for(path: &Path, directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".lambda-triage-");
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        let kept = fs::metadata(path).ok().map(|found| Permissions::from_mode(found.permissions().mode() & 0o777));
        builder.permissions(kept.clone().unwrap_or(Permissions::from_mode(0o666)));
        let temporary = builder.tempfile_in(directory)?;
        if let Some(kept) = kept {
            // At creation the umask reduced the permissions.
            temporary.as_file().set_permissions(kept)?;
        }
        Ok(temporary)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        builder.tempfile_in(directory)
    }
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
