//! What a directory holds, by path. Exports have thousands of directories with a file each: where there are many, threads
//! take one each.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use walkdir::{DirEntry, Error, WalkDir};

/// Directories, or files, from which on more threads than one gain more than they cost.
const MANY: usize = 16;

/// Makes of an entry what is wanted of it, in any thread.
pub(super) trait Take<T>: Fn(Result<DirEntry, Error>) -> Option<T> + Sync {}

impl<T, F: Fn(Result<DirEntry, Error>) -> Option<T> + Sync> Take<T> for F {}

/// Everything below `root` and itself, in the order of paths; links are followed, as a directory of links to logs is one
/// of logs.
pub(super) fn walk<T: Send>(root: &Path, threads: usize, take: &impl Take<T>) -> Vec<T> {
    let alone = || WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter().filter_map(take).collect();
    if threads < 2 {
        return alone();
    }
    // Whether a link leads round in a circle can be told only on the way from the root; a file has nothing below it.
    let directory = Some(root).filter(|root| root.is_dir());
    directory.and_then(Nodes::of).and_then(|nodes| nodes.walk(threads, take)).unwrap_or_else(alone)
}

/// The upper part of a tree without links, in the order of paths: files, and directories that were not looked into.
struct Nodes(Vec<Node>);

enum Node {
    File(DirEntry),
    Directory(PathBuf),
}

impl Nodes {
    /// As many levels as it takes to have many directories, or all there are; `None` if there is a link or a level cannot
    /// be read.
    fn of(root: &Path) -> Option<Self> {
        let mut nodes = vec![Node::Directory(root.to_owned())];
        loop {
            let directories = nodes.iter().filter(|node| matches!(node, Node::Directory(_))).count();
            if matches!(directories, 0 | MANY..) {
                return Some(Self(nodes));
            }
            let mut below = Vec::with_capacity(nodes.len());
            for node in nodes {
                let Node::Directory(path) = node else {
                    below.push(node);
                    continue;
                };
                for entry in WalkDir::new(path).min_depth(1).max_depth(1).sort_by_file_name() {
                    let entry = entry.ok().filter(|entry| !entry.path_is_symlink())?;
                    let is_directory = entry.file_type().is_dir();
                    below.push(if is_directory { Node::Directory(entry.into_path()) } else { Node::File(entry) });
                }
            }
            nodes = below;
        }
    }

    /// Looks into every directory; `None` if there is a link.
    fn walk<T: Send>(&self, threads: usize, take: &impl Take<T>) -> Option<Vec<T>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut taken = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                match self.0.get(at) {
                    Some(node) => taken.push((at, node.walk(take)?)),
                    None => return Some(taken),
                }
            }
        };
        let mut taken = thread::scope(|scope| {
            let threads = if self.0.len() < MANY { 1 } else { threads.min(self.0.len()) };
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut taken = work()?;
            for other in others {
                // A panic goes on where it would have gone without the thread.
                taken.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Some(taken)
        })?;
        taken.sort_unstable_by_key(|(at, _)| *at);
        Some(taken.into_iter().flat_map(|(_, taken)| taken).collect())
    }
}

impl Node {
    fn walk<T>(&self, take: &impl Take<T>) -> Option<Vec<T>> {
        let path = match self {
            Self::Directory(path) => path,
            Self::File(entry) => return Some(take(Ok(entry.clone())).into_iter().collect()),
        };
        let mut taken = Vec::new();
        for entry in WalkDir::new(path).sort_by_file_name() {
            if entry.as_ref().is_ok_and(DirEntry::path_is_symlink) {
                return None;
            }
            taken.extend(take(entry));
        }
        Some(taken)
    }
}
