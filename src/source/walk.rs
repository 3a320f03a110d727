//! What a directory holds, by path. Exports have thousands of directories with a file each: where there are many, threads
//! take one each.

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use walkdir::{Error, WalkDir};

/// Directories from which on more threads than one gain more than they cost.
const MANY: usize = 16;

/// What is no directory: its path, and what the file system tells of it.
pub(super) type Found = (PathBuf, Option<Metadata>);

/// Makes of what was found what is wanted of it, in any thread.
pub(super) trait Take<T>: Fn(Result<Found, Error>) -> Option<T> + Sync {}

impl<T, F: Fn(Result<Found, Error>) -> Option<T> + Sync> Take<T> for F {}

/// What is below `root`, or `root` itself, in the order of paths; links are followed, as a directory of links to logs is
/// one of logs.
pub(super) fn walk<T: Send>(root: &Path, threads: usize, take: &impl Take<T>) -> Vec<T> {
    // Whether a link leads round in a circle can be told only on the way from the root; a file has nothing below it.
    plain_tree(root, threads, take).unwrap_or_else(|| any_tree(root, take))
}

fn any_tree<T>(root: &Path, take: &impl Take<T>) -> Vec<T> {
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    let found = entries.filter_map(|entry| match entry {
        Ok(entry) if entry.file_type().is_dir() => None,
        Ok(entry) => {
            let metadata = entry.metadata().ok();
            take(Ok((entry.into_path(), metadata)))
        }
        Err(error) => take(Err(error)),
    });
    found.collect()
}

/// The files of a tree, level by level; `None` if there is a link, or a part that cannot be read.
fn plain_tree<T: Send>(root: &Path, threads: usize, take: &impl Take<T>) -> Option<Vec<T>> {
    let mut levels = Vec::new();
    let mut directories = vec![root.to_owned()];
    while !directories.is_empty() {
        let (mut level, mut below) = (Vec::with_capacity(directories.len()), Vec::new());
        for Held { children, directories } in look_into(&directories, threads, take)? {
            level.push(children);
            below.extend(directories);
        }
        levels.push(level.into_iter());
        directories = below;
    }
    let mut files = Vec::new();
    in_order(&mut levels, &mut files);
    Some(files)
}

/// Takes the files below the next directory of the first of these levels.
fn in_order<T>(levels: &mut [std::vec::IntoIter<Vec<Child<T>>>], files: &mut Vec<T>) {
    let Some((level, below)) = levels.split_first_mut() else { return };
    for child in level.next().into_iter().flatten() {
        match child {
            Child::File(file) => files.push(file),
            Child::Directory => in_order(below, files),
        }
    }
}

/// What one directory holds, in the order of names.
struct Held<T> {
    children: Vec<Child<T>>,
    /// The directories among them.
    directories: Vec<PathBuf>,
}

enum Child<T> {
    File(T),
    /// The next one of the level below.
    Directory,
}

/// Looks into every directory of a level.
fn look_into<T: Send>(directories: &[PathBuf], threads: usize, take: &impl Take<T>) -> Option<Vec<Held<T>>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut seen = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match directories.get(at) {
                Some(directory) => seen.push((at, held(directory, take)?)),
                None => return Some(seen),
            }
        }
    };
    let mut seen = thread::scope(|scope| {
        let threads = if directories.len() < MANY { 1 } else { threads };
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut seen = work()?;
        for other in others {
            // A panic goes on where it would have gone without the thread.
            seen.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Some(seen)
    })?;
    seen.sort_unstable_by_key(|(at, _)| *at);
    Some(seen.into_iter().map(|(_, held)| held).collect())
}

fn held<T>(directory: &Path, take: &impl Take<T>) -> Option<Held<T>> {
    let entries: io::Result<Vec<DirEntry>> = fs::read_dir(directory).ok()?.collect();
    let mut entries = entries.ok()?;
    entries.sort_by_cached_key(DirEntry::file_name);
    let mut held = Held { children: Vec::with_capacity(entries.len()), directories: Vec::new() };
    for entry in entries {
        let kind = entry.file_type().ok().filter(|kind| !kind.is_symlink())?;
        if kind.is_dir() {
            held.children.push(Child::Directory);
            held.directories.push(entry.path());
        } else {
            // Asked for beside the open directory, which is quicker than by path.
            held.children.extend(take(Ok((entry.path(), entry.metadata().ok()))).map(Child::File));
        }
    }
    Some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More directories in a level than one thread takes, files before, between and behind them, and an empty one.
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
        let take = |found: Result<Found, Error>| found.ok().map(|(path, metadata)| (path, metadata.map(|it| it.len())));
        let want = any_tree(root.path(), &take);
        assert_eq!(want.len(), 4 + (0..2 * MANY).map(|number| number % 5).sum::<usize>());
        for threads in [1, 3] {
            assert_eq!(plain_tree(root.path(), threads, &take).as_ref(), Some(&want), "{threads} threads");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_file_is_left_to_the_other_way() {
        let root = tempfile::tempdir().expect("a directory");
        let file = root.path().join("x.log");
        fs::write(&file, "x").expect("a file");
        let take = |found: Result<Found, Error>| found.ok().map(|(path, _)| path);
        assert_eq!(plain_tree(&file, 1, &take), None);
        assert_eq!(walk(&file, 1, &take), std::slice::from_ref(&file));
        std::os::unix::fs::symlink(&file, root.path().join("y.log")).expect("a link");
        assert_eq!(plain_tree(root.path(), 1, &take), None);
        assert_eq!(walk(root.path(), 1, &take), [file, root.path().join("y.log")]);
    }
}
