//! Identity of files: recognises two paths as the same file, whatever links lead to it.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// A value that is equal for all paths to one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId(FileKey);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum FileKey {
    /// Device and inode.
    #[cfg(unix)]
    Inode(u64, u64),
    /// Path without links, for files or systems without inodes.
    Path(PathBuf),
}

impl FileId {
    /// Returns the id of the file at a path, following links. If there is none yet, returns the id of where it would be
    /// created.
    #[must_use]
    pub(crate) fn at(path: &Path) -> Self {
        Self::of(path, fs::metadata(path).ok().as_ref())
    }

    #[cfg(unix)]
    pub(super) fn of(path: &Path, metadata: Option<&Metadata>) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(match metadata {
            Some(metadata) => FileKey::Inode(metadata.dev(), metadata.ino()),
            None => FileKey::Path(place(path)),
        })
    }

    #[cfg(not(unix))]
    pub(super) fn of(path: &Path, _metadata: Option<&Metadata>) -> Self {
        Self(FileKey::Path(place(path)))
    }

    /// Returns the id of what is read: a file, or for `-` standard input, if that is one.
    pub(crate) fn of_input(path: &Path) -> Option<Self> {
        if path.as_os_str() == "-" { Self::of_standard_input() } else { Some(Self::at(path)) }
    }

    /// Returns the id of standard input, if it is a file.
    pub(super) fn of_standard_input() -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            let file = fs::File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
            let metadata = file.metadata().ok().filter(Metadata::is_file)?;
            Some(Self::of(Path::new("-"), Some(&metadata)))
        }
        #[cfg(not(unix))]
        None
    }
}

/// Most links followed in a row, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// Resolves the links of a path, even if the file does not exist yet.
#[must_use]
pub(crate) fn place(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| target.clone(), |parent| parent.join(&target));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_to_the_same_file_whether_it_is_there_or_not() {
        let root = tempfile::tempdir().expect("a directory");
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("folder")).expect("a directory");
        symlink("folder/file", at("one")).expect("a link");
        symlink(at("one"), at("two")).expect("a link");
        symlink("folder", at("other")).expect("a link");
        for exists in [false, true] {
            if exists {
                fs::write(at("folder/file"), "x").expect("a file");
            }
            let file = FileId::at(&at("folder/file"));
            for same in ["one", "two", "other/file", "folder/../other/./file"] {
                assert_eq!(FileId::at(&at(same)), file, "{same}");
            }
            assert_ne!(FileId::at(&at("folder/other")), file);
            assert_ne!(FileId::at(&at("file")), file);
        }
        fs::hard_link(at("folder/file"), at("hard")).expect("a link");
        assert_eq!(FileId::at(&at("hard")), FileId::at(&at("one")));
    }
}
