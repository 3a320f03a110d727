//! Writes a corpus to measure with: one folder for each shape, with `truth.json`, what a right answer on it says.
//!
//! `write_corpus SHAPE BYTES DIR`, where SHAPE is one of
//!
//! - `s3-export`: `plain/FUNCTION/TASK/STREAM/000000` and the same in one file, `one.log`; both once more compressed, in
//!   `gz` and `one.log.gz`
//! - `ndjson`: `nd/corpus.ndjson`, all functions by time
//! - `filter-log-events`: `fj/FUNCTION.json`, one document per function
//! - `json-format`: `jf/FUNCTION.log`, messages in Lambda's JSON log format, stream after stream
#![allow(clippy::print_stderr, reason = "errors go there")]

#[path = "../corpus/mod.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use corpus::{Corpus, Environment, Event, LogFormat, shapes};
use flate2::Compression;
use flate2::write::GzEncoder;

const USAGE: &str = "usage: write_corpus s3-export|ndjson|filter-log-events|json-format BYTES DIR";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [shape, bytes, root] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (Some(write), Ok(bytes)) = (writer(shape), bytes.parse()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match write(Path::new(root), bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write a corpus in {root}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes about so many bytes, uncompressed.
type Writer = fn(&Path, u64) -> io::Result<()>;

fn writer(shape: &str) -> Option<Writer> {
    match shape {
        "s3-export" => Some(s3_export),
        "ndjson" => Some(ndjson),
        "filter-log-events" => Some(filter_log_events),
        "json-format" => Some(json_format),
        _ => None,
    }
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    Ok(BufWriter::with_capacity(1 << 20, File::create(path)?))
}

fn gzip<W: Write>(out: W) -> GzEncoder<W> {
    GzEncoder::new(out, Compression::new(6))
}

fn truth(folder: &Path, corpus: &Corpus) -> io::Result<()> {
    let mut out = create(&folder.join("truth.json"))?;
    serde_json::to_writer_pretty(&mut out, &corpus.truth())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The folder that an export task makes for a stream.
fn s3_folder(environment: &Environment) -> String {
    let Environment { function, stream, .. } = environment;
    format!("{function}/6f1d2c3b-0a9e-4b87-9c65-d4e3f2a1b0c9/{}", stream.replace('/', "-"))
}

fn s3_export(root: &Path, bytes: u64) -> io::Result<()> {
    let mut corpus = Corpus::new(LogFormat::Text);
    let (plain, packed) = (root.join("plain"), root.join("gz"));
    let (mut one, mut one_packed) = (create(&root.join("one.log"))?, gzip(create(&root.join("one.log.gz"))?));
    let (mut written, mut text) = (0, Vec::new());
    while written < bytes {
        let environment = corpus.environment();
        text.clear();
        for event in &environment.events {
            shapes::s3_export(&mut text, event)?;
        }
        let folder = s3_folder(&environment);
        fs::create_dir_all(plain.join(&folder))?;
        fs::write(plain.join(&folder).join("000000"), &text)?;
        let mut out = gzip(create(&packed.join(&folder).join("000000.gz"))?);
        out.write_all(&text)?;
        out.finish()?.flush()?;
        one.write_all(&text)?;
        one_packed.write_all(&text)?;
        written += text.len() as u64;
    }
    one.flush()?;
    one_packed.finish()?.flush()?;
    truth(&plain, &corpus)?;
    truth(&packed, &corpus)
}

/// Counts bytes, and drops them: what is merged by time is written much later than it is made.
#[derive(Default)]
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ndjson(root: &Path, bytes: u64) -> io::Result<()> {
    let (mut corpus, mut merge) = (Corpus::new(LogFormat::Text), shapes::Merge::default());
    let folder = root.join("nd");
    let (mut out, mut made) = (create(&folder.join("corpus.ndjson"))?, Count::default());
    while made.0 < bytes {
        let environment = corpus.environment();
        for event in &environment.events {
            shapes::ndjson(&mut made, &environment.function, &environment.stream, event)?;
        }
        merge.push(environment, |from, event| shapes::ndjson(&mut out, &from.function, &from.stream, event))?;
    }
    merge.finish(|from, event| shapes::ndjson(&mut out, &from.function, &from.stream, event))?;
    out.flush()?;
    truth(&folder, &corpus)
}

fn filter_log_events(root: &Path, bytes: u64) -> io::Result<()> {
    let (mut corpus, mut merge) = (Corpus::new(LogFormat::Text), shapes::Merge::default());
    let folder = root.join("fj");
    let mut documents = BTreeMap::new();
    let mut tell = |from: &Environment, event: &Event| -> io::Result<()> {
        let (out, document) = match documents.entry(from.function.clone()) {
            Entry::Occupied(document) => document.into_mut(),
            Entry::Vacant(place) => {
                let mut out = create(&folder.join(format!("{}.json", from.function)))?;
                let document = shapes::FilterLogEvents::begin(&mut out)?;
                place.insert((out, document))
            }
        };
        document.event(out, &from.stream, event)
    };
    let mut made = Count::default();
    let mut counted = shapes::FilterLogEvents::begin(&mut made)?;
    while made.0 < bytes {
        let environment = corpus.environment();
        for event in &environment.events {
            counted.event(&mut made, &environment.stream, event)?;
        }
        merge.push(environment, &mut tell)?;
    }
    merge.finish(&mut tell)?;
    for (mut out, document) in documents.into_values() {
        document.end(&mut out)?;
        out.flush()?;
    }
    truth(&folder, &corpus)
}

fn json_format(root: &Path, bytes: u64) -> io::Result<()> {
    let mut corpus = Corpus::new(LogFormat::Json);
    let folder = root.join("jf");
    let (mut files, mut written) = (BTreeMap::new(), 0);
    while written < bytes {
        let environment = corpus.environment();
        let out = match files.entry(environment.function.clone()) {
            Entry::Occupied(file) => file.into_mut(),
            Entry::Vacant(place) => place.insert(create(&folder.join(format!("{}.log", environment.function)))?),
        };
        for event in &environment.events {
            shapes::messages(out, event)?;
            written += event.message.len() as u64 + 1;
        }
    }
    for mut out in files.into_values() {
        out.flush()?;
    }
    truth(&folder, &corpus)
}
