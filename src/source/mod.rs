//! What the user named, as a list of inputs: files, directories, standard input.

use std::path::PathBuf;

use crate::decode::InputContext;

/// One input to read.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name in every output.
    pub name: String,
    /// Where it is; `None` for standard input.
    pub path: Option<PathBuf>,
    /// The user named it, rather than a directory that it is in.
    pub named: bool,
    /// Size in bytes, where known.
    pub size: Option<u64>,
    /// What its path tells.
    pub context: InputContext,
}
