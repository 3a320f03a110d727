//! Files as an export task lays them out in S3: a folder for each function, and in it one for each stream.
//!
//! Outside of the corpus module: only users that write many files need this.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::corpus::{Environment, shapes};

/// Writes the text of a stream.
pub(crate) fn plain(root: &Path, environment: &Environment, text: &[u8]) -> io::Result<()> {
    fs::write(folder(root, environment)?.join("000000"), text)
}

/// Writes the text of a stream in gzip, as real tasks do.
pub(crate) fn packed(root: &Path, environment: &Environment, text: &[u8]) -> io::Result<()> {
    let mut out = shapes::gzip(File::create(folder(root, environment)?.join("000000.gz"))?);
    out.write_all(text)?;
    out.finish()?;
    Ok(())
}

fn folder(root: &Path, environment: &Environment) -> io::Result<PathBuf> {
    let Environment { function, stream, .. } = environment;
    let folder = root.join(function).join("6f1d2c3b-0a9e-4b87-9c65-d4e3f2a1b0c9").join(stream.replace('/', "-"));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
