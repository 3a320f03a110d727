//! The most memory that a run may take: a fixed part, and a little for each attempt, whatever the logs weigh.
//!
//! A binary of its own, with logs that are written piece by piece: the kernel counts to a program what its parent had
//! when it started it, so a test that holds a log in memory would measure itself.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures, for --nocapture")]

#[path = "../../benches/corpus/mod.rs"]
mod corpus;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use corpus::Event;
use flate2::Compression;
use flate2::write::GzEncoder;
use wait4::Wait4;

/// What a log weighs, decompressed: enough to tell memory that grows with bytes from memory that does not.
const BYTES: usize = 100_000_000;

/// Any run.
const FIXED: u64 = 32 << 20;
/// Each attempt; in these logs each has a request id of its own.
const PER_ATTEMPT: u64 = 128;
/// Each thread after the first.
const PER_FURTHER_THREAD: u64 = 8 << 20;

/// A shape, and how a log of these environments is written in it below a folder; says how many attempts it wrote.
type Shape = (&'static str, fn(&Path, Environments<'_>) -> u64);
type Environments<'a> = &'a mut dyn Iterator<Item = Vec<Event>>;

const SHAPES: &[Shape] = &[
    ("s3 export, a file per stream", |root, all| file_per_stream(root, all, corpus::s3_export, false)),
    ("s3 export in gzip, a file per stream", |root, all| file_per_stream(root, all, corpus::s3_export, true)),
    ("log format JSON, a file per stream", |root, all| file_per_stream(root, all, corpus::json_format, false)),
    ("s3 export, one file", |root, all| one_file(root, all, ["", ""], |events, _| corpus::s3_export(events))),
    ("ndjson, one file", |root, all| one_file(root, all, ["", ""], |events, _| corpus::ndjson(events))),
    ("filter-log-events, one document", |root, all| {
        let around = [corpus::FILTER_LOG_EVENTS_HEAD, corpus::FILTER_LOG_EVENTS_TAIL];
        one_file(root, all, around, corpus::filter_log_events_part)
    }),
];

#[test]
fn memory_grows_with_attempts_only() {
    hold_to_the_bound(corpus::ATTEMPTS);
}

/// Functions that are called in bursts have many environments, each in a log stream of its own.
#[test]
fn short_lived_environments_take_no_more() {
    hold_to_the_bound(4);
}

fn hold_to_the_bound(attempts_per_environment: u64) {
    let mut over = Vec::new();
    for (shape, write) in SHAPES {
        let logs = tempfile::tempdir().unwrap();
        let attempts = write(logs.path(), &mut corpus::environments(attempts_per_environment));
        for threads in [1, 2] {
            let peak = peak(logs.path(), threads, attempts);
            let most = FIXED + PER_ATTEMPT * attempts + PER_FURTHER_THREAD * (threads - 1);
            let (mib, most_mib) = (mib(peak), mib(most));
            let told =
                format!("{shape}, {attempts} attempts, --threads {threads}: {mib:.1} MiB, at most {most_mib:.1}");
            println!("{told}");
            if peak > most {
                over.push(told);
            }
        }
    }
    assert!(over.is_empty(), "takes more memory than it may:\n{}", over.join("\n"));
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The most memory that the program had at any time while it read these logs.
#[track_caller]
fn peak(logs: &Path, threads: u64, attempts: u64) -> u64 {
    let answer = tempfile::NamedTempFile::new().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
    program.args(["analyze", "--format", "json", "--threads", &threads.to_string()]).arg(logs);
    let started = program.stdin(Stdio::null()).stdout(answer.reopen().unwrap()).spawn();
    let ended = started.unwrap().wait4().unwrap();
    assert!(ended.status.success(), "{:?}", ended.status);
    // A run that stopped early would be small.
    let summary: serde_json::Value = serde_json::from_reader(File::open(answer.path()).unwrap()).unwrap();
    assert_eq!(summary["totals"]["attempts"], attempts);
    ended.rusage.maxrss
}

/// A folder for each stream, as export tasks make them.
fn file_per_stream(root: &Path, all: Environments<'_>, write: fn(&[Event]) -> Vec<u8>, compress: bool) -> u64 {
    let (mut bytes, mut attempts) = (0, 0);
    while bytes < BYTES {
        let events = all.next().unwrap();
        let (folder, log) = (root.join(corpus::s3_folder(&events)), write(&events));
        fs::create_dir_all(&folder).unwrap();
        if compress {
            let mut packed = GzEncoder::new(File::create(folder.join("000000.gz")).unwrap(), Compression::fast());
            packed.write_all(&log).unwrap();
            packed.finish().unwrap();
        } else {
            fs::write(folder.join("000000"), &log).unwrap();
        }
        bytes += log.len();
        attempts += corpus::attempts(&events);
    }
    attempts as u64
}

/// All streams in one file, between what stands around them. `write` is told how many events went before.
fn one_file(root: &Path, all: Environments<'_>, [head, tail]: [&str; 2], write: fn(&[Event], usize) -> Vec<u8>) -> u64 {
    let mut file = BufWriter::new(File::create(root.join("log")).unwrap());
    file.write_all(head.as_bytes()).unwrap();
    let (mut bytes, mut before, mut attempts) = (0, 0, 0);
    while bytes < BYTES {
        let events = all.next().unwrap();
        let log = write(&events, before);
        file.write_all(&log).unwrap();
        bytes += log.len();
        before += events.len();
        attempts += corpus::attempts(&events);
    }
    file.write_all(tail.as_bytes()).unwrap();
    file.flush().unwrap();
    attempts as u64
}
