//! Directory walk: lists the files below a path, sorted by path. Exports have thousands of directories with one file
//! each, so the directories of a large level are shared among threads.

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use walkdir::{Error, WalkDir};

use super::Stop;

/// Number of directories in a level from which more than one thread pays off.
const MANY: usize = 16;

/// Anything but a directory: its path, and its metadata if they can be read.
pub(super) type FoundFile = (PathBuf, io::Result<Metadata>);

/// Converter of a found file (or an error) to the value to collect; `None` drops it. Called from any thread.
pub(super) trait Take<T>: Fn(Result<FoundFile, Error>) -> Option<T> + Sync {}

impl<T, F: Fn(Result<FoundFile, Error>) -> Option<T> + Sync> Take<T> for F {}

/// Lists the files below `root`, or `root` itself if it is a file, in the order of paths. Links are followed, as a
/// directory may consist of links to logs. A request to stop ends it, with some of them.
pub(super) fn walk<T: Send>(root: &Path, threads: usize, stop: &Stop, take: &impl Take<T>) -> Vec<T> {
    // `plain_tree` gives up at links (loops can only be detected on the path from the root) and where `root` is a file.
    plain_tree(root, threads, stop, take).unwrap_or_else(|| any_tree(root, stop, take))
}

fn any_tree<T>(root: &Path, stop: &Stop, take: &impl Take<T>) -> Vec<T> {
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    let entries = entries.take_while(|_| stop.requested().is_none());
    let found = entries.filter_map(|entry| match entry {
        Ok(entry) if entry.file_type().is_dir() => None,
        Ok(entry) => {
            let metadata = entry.metadata().map_err(io::Error::from);
            take(Ok((entry.into_path(), metadata)))
        }
        Err(error) => take(Err(error)),
    });
    found.collect()
}

/// Lists the files of a tree level by level; `None` if it contains a link or a part that cannot be read, or a request to
/// stop came.
fn plain_tree<T: Send>(root: &Path, threads: usize, stop: &Stop, take: &impl Take<T>) -> Option<Vec<T>> {
    let mut levels = Vec::new();
    let mut directories = vec![root.to_owned()];
    while !directories.is_empty() {
        let (level, below) = look_into(&directories, threads, stop, take)?;
        levels.push(level);
        directories = below;
    }
    let mut files = Vec::new();
    in_order(&mut levels, &mut files);
    Some(files)
}

/// Appends the files below the next directory of the first of these levels.
fn in_order<T>(levels: &mut [TreeLevel<T>], files: &mut Vec<T>) {
    let Some((level, below)) = levels.split_first_mut() else { return };
    let Some((thread, children)) = level.directories.next() else { return };
    let Some(of_thread) = level.children.get_mut(thread) else { return };
    for child in of_thread.take(children) {
        match child {
            Child::File(file) => files.push(file),
            Child::Directory => in_order(below, files),
        }
    }
}

/// Children of all directories of a level, in a few large lists: a small one per directory would fragment the heap.
struct TreeLevel<T> {
    /// For each directory, the thread that listed it and the number of its children.
    directories: std::vec::IntoIter<(usize, usize)>,
    /// For each thread, the children of the directories that it listed, each sorted by name.
    children: Vec<std::vec::IntoIter<Child<T>>>,
}

enum Child<T> {
    File(T),
    /// The next directory of the level below.
    Directory,
}

/// Directories of a level that one thread listed.
struct SeenTree<T> {
    /// For each directory, its index in the level, the number of its children, and the directories among them.
    directories: Vec<(usize, usize, Vec<PathBuf>)>,
    children: Vec<Child<T>>,
}

/// Lists every directory of a level. Also returns the directories of the level below.
fn look_into<T: Send>(
    directories: &[PathBuf],
    threads: usize,
    stop: &Stop,
    take: &impl Take<T>,
) -> Option<(TreeLevel<T>, Vec<PathBuf>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut seen = SeenTree { directories: Vec::new(), children: Vec::new() };
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(directory) = directories.get(at) else { return Some(seen) };
            if stop.requested().is_some() {
                return None;
            }
            let before = seen.children.len();
            let below = list(directory, take, &mut seen.children)?;
            seen.directories.push((at, seen.children.len() - before, below));
        }
    };
    let seen = thread::scope(|scope| {
        let threads = if directories.len() < MANY { 1 } else { threads.min(directories.len()) };
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut seen = vec![work()?];
        for other in others {
            // Propagates a panic.
            seen.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Some(seen)
    })?;
    let (mut looked_into, mut children) = (Vec::with_capacity(directories.len()), Vec::new());
    for (thread, seen) in seen.into_iter().enumerate() {
        looked_into.extend(seen.directories.into_iter().map(|(at, count, below)| (at, (thread, count), below)));
        children.push(seen.children.into_iter());
    }
    looked_into.sort_unstable_by_key(|(at, ..)| *at);
    let (mut in_order, mut all_below) = (Vec::with_capacity(looked_into.len()), Vec::new());
    for (_, children, below) in looked_into {
        in_order.push(children);
        all_below.extend(below);
    }
    Some((TreeLevel { directories: in_order.into_iter(), children }, all_below))
}

/// Adds the children of a directory to `children`, sorted by name. Returns the directories among them.
fn list<T>(directory: &Path, take: &impl Take<T>, children: &mut Vec<Child<T>>) -> Option<Vec<PathBuf>> {
    let entries: io::Result<Vec<DirEntry>> = fs::read_dir(directory).ok()?.collect();
    let mut entries = entries.ok()?;
    entries.sort_by_cached_key(DirEntry::file_name);
    let mut directories = Vec::new();
    for entry in entries {
        let kind = entry.file_type().ok().filter(|kind| !kind.is_symlink())?;
        if kind.is_dir() {
            children.push(Child::Directory);
            directories.push(entry.path());
        } else {
            // `DirEntry::metadata` is relative to the open directory, which is quicker than a lookup by path.
            children.extend(take(Ok((entry.path(), entry.metadata()))).map(Child::File));
        }
    }
    Some(directories)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree has more directories in a level than one thread takes, files between them, and empty directories.
    #[test]
    fn level_by_level_is_the_order_of_paths() {
        let root = tempfile::tempdir().expect("a directory");
        for number in 0..2 * MANY {
            let directory = root.path().join(format!("{}/{number}", number % 3));
            fs::create_dir_all(directory.join("empty")).expect("a directory");
            for file in ["b", "below/a", "below/deep/x", "c/1"].iter().take(number % 5) {
                let path = directory.join(file);
                fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
                fs::write(path, file).expect("a file");
            }
            fs::write(root.path().join(format!("{}.log", number % 4)), "x").expect("a file");
        }
        let take = |found: Result<FoundFile, Error>| {
            found.ok().map(|(path, metadata)| (path, metadata.ok().map(|it| it.len())))
        };
        let want = any_tree(root.path(), &Stop::default(), &take);
        assert_eq!(want.len(), 4 + (0..2 * MANY).map(|number| number % 5).sum::<usize>());
        for threads in [1, 3] {
            assert_eq!(
                plain_tree(root.path(), threads, &Stop::default(), &take).as_ref(),
                Some(&want),
                "{threads} threads"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_file_is_left_to_the_other_way() {
        let root = tempfile::tempdir().expect("a directory");
        let file = root.path().join("x.log");
        fs::write(&file, "x").expect("a file");
        let take = |found: Result<FoundFile, Error>| found.ok().map(|(path, _)| path);
        assert_eq!(plain_tree(&file, 1, &Stop::default(), &take), None);
        assert_eq!(walk(&file, 1, &Stop::default(), &take), std::slice::from_ref(&file));
        std::os::unix::fs::symlink(&file, root.path().join("y.log")).expect("a link");
        assert_eq!(plain_tree(root.path(), 1, &Stop::default(), &take), None);
        assert_eq!(walk(root.path(), 1, &Stop::default(), &take), [file, root.path().join("y.log")]);
    }
}
