//! Writer of a benchmark corpus: one folder for each shape, with the right answer in `truth.json`.
//!
//! `write_corpus SHAPE BYTES DIR`, where SHAPE is one of
//!
//! - `s3-export`: `plain/FUNCTION/TASK/STREAM/000000` and the same in one file, `one.log`; both again compressed, in
//!   `gz` and `one.log.gz`
//! - `ndjson`: `nd/corpus.ndjson`, all functions by time
//! - `filter-log-events`: `fj/FUNCTION.json`, one document per function
//! - `json-format`: `jf/FUNCTION.log`, messages in Lambda's JSON log format, stream after stream
#![allow(clippy::print_stderr, reason = "errors go there")]

#[path = "../corpus/mod.rs"]
mod corpus;
#[path = "../corpus/export.rs"]
mod export;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use corpus::{Corpus, LogFormat, USUAL, shapes};

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

/// Function that writes about so many bytes, uncompressed.
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

fn truth(folder: &Path, corpus: &Corpus) -> io::Result<()> {
    let mut out = create(&folder.join("truth.json"))?;
    serde_json::to_writer_pretty(&mut out, &corpus.truth())?;
    out.write_all(b"\n")?;
    out.flush()
}

fn s3_export(root: &Path, bytes: u64) -> io::Result<()> {
    let mut corpus = Corpus::new(LogFormat::Text, USUAL);
    let (plain, packed) = (root.join("plain"), root.join("gz"));
    let (mut one, mut one_packed) = (create(&root.join("one.log"))?, shapes::gzip(create(&root.join("one.log.gz"))?));
    shapes::by_stream(&mut corpus, bytes, shapes::s3_export, |environment, text| {
        export::plain(&plain, environment, text)?;
        export::packed(&packed, environment, text)?;
        one.write_all(text)?;
        one_packed.write_all(text)
    })?;
    one.flush()?;
    one_packed.finish()?.flush()?;
    truth(&plain, &corpus)?;
    truth(&packed, &corpus)
}

fn ndjson(root: &Path, bytes: u64) -> io::Result<()> {
    let mut corpus = Corpus::new(LogFormat::Text, USUAL);
    let folder = root.join("nd");
    let mut out = create(&folder.join("corpus.ndjson"))?;
    shapes::log("ndjson", &mut corpus, bytes, &mut out)?;
    out.flush()?;
    truth(&folder, &corpus)
}

fn filter_log_events(root: &Path, bytes: u64) -> io::Result<()> {
    let mut corpus = Corpus::new(LogFormat::Text, USUAL);
    let folder = root.join("fj");
    let (mut documents, mut weighed) = (BTreeMap::new(), shapes::FilterLogEvents::default());
    shapes::by_time(
        &mut corpus,
        bytes,
        |out, from, event| weighed.event(out, from, event),
        |from, event| {
            let (out, document) = match documents.entry(from.function.clone()) {
                Entry::Occupied(document) => document.into_mut(),
                Entry::Vacant(place) => {
                    let mut out = create(&folder.join(format!("{}.json", from.function)))?;
                    let document = shapes::FilterLogEvents::begin(&mut out)?;
                    place.insert((out, document))
                }
            };
            document.event(out, from, event)
        },
    )?;
    for (mut out, document) in documents.into_values() {
        document.end(&mut out)?;
        out.flush()?;
    }
    truth(&folder, &corpus)
}

fn json_format(root: &Path, bytes: u64) -> io::Result<()> {
    let mut corpus = Corpus::new(LogFormat::Json, USUAL);
    let folder = root.join("jf");
    let mut files = BTreeMap::new();
    shapes::by_stream(&mut corpus, bytes, shapes::messages, |environment, text| {
        let out = match files.entry(environment.function.clone()) {
            Entry::Occupied(file) => file.into_mut(),
            Entry::Vacant(place) => place.insert(create(&folder.join(format!("{}.log", environment.function)))?),
        };
        out.write_all(text)
    })?;
    for mut out in files.into_values() {
        out.flush()?;
    }
    truth(&folder, &corpus)
}
