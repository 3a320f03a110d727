//! Test of the memory bound: a fixed part plus a little per request id, independent of the size of the logs.
//!
//! A separate binary, which writes the logs and starts the program in separate processes: the peak that the kernel reports for a
//! program includes the memory that its parent had when it started it, so a test that had held part of a log or of an answer
//! in memory would measure itself.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures, for --nocapture")]

#[path = "../../benches/corpus/mod.rs"]
mod corpus;
#[path = "../../benches/corpus/export.rs"]
mod export;

use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use corpus::{Corpus, Life, LogFormat, USUAL, shapes};
use wait4::Wait4;

/// Size of a log, decompressed: large enough to show whether memory grows with it.
const BYTES: u64 = 100_000_000;

/// Memory that the code of a debug build with the AWS SDK takes beyond a release build, as measured: 58.0 MiB in a document of
/// FilterLogEvents, of which a release build may take 33.6 (pages of the file, and relocations), and a mebibyte and a half for
/// the spread. What is promised is held by a release build, in `.ci/long`.
const DEBUG_CODE: u64 = if cfg!(debug_assertions) { 26 << 20 } else { 0 };
/// Bound of the fixed part, for any run.
const FIXED: u64 = 32 << 20;
/// Bound per request id; they are kept to recognise retries.
const PER_REQUEST_ID: u64 = 128;
/// Bound per thread after the first.
const PER_FURTHER_THREAD: u64 = 8 << 20;

/// Name of a shape, log format of the functions, and function that writes their log below a folder.
type Shape = (&'static str, LogFormat, fn(&Path, &mut Corpus) -> io::Result<u64>);

const SHAPES: &[Shape] = &[
    ("s3 export, a file per stream", LogFormat::Text, |root, corpus| {
        let tell = |from: &_, text: &_| export::plain(root, from, text);
        shapes::by_stream(corpus, BYTES, shapes::s3_export, tell)
    }),
    ("s3 export in gzip, a file per stream", LogFormat::Text, |root, corpus| {
        let tell = |from: &_, text: &_| export::packed(root, from, text);
        shapes::by_stream(corpus, BYTES, shapes::s3_export, tell)
    }),
    ("log format JSON, a file per stream", LogFormat::Json, |root, corpus| {
        let tell = |from: &_, text: &_| export::plain(root, from, text);
        shapes::by_stream(corpus, BYTES, shapes::messages, tell)
    }),
    ("s3 export, one file", LogFormat::Text, |root, corpus| one_file(root, corpus, "s3-export")),
    ("ndjson, one file", LogFormat::Text, |root, corpus| one_file(root, corpus, "ndjson")),
    ("filter-log-events, one document", LogFormat::Text, |root, corpus| one_file(root, corpus, "filter-log-events")),
];

/// Environment variable that tells a process of this binary to write a log: number of the shape, median and spread of
/// the lives of environments, and a folder, in which it creates `logs` and `truth.json`.
const ORDER: &str = "MEMORY_TEST_WRITES";

#[test]
fn memory_grows_with_request_ids_only() {
    hold_to_the_bound(USUAL);
}

/// Functions called in bursts have many environments, each with its own log stream; they take no more memory.
#[test]
fn short_lived_environments_take_no_more() {
    hold_to_the_bound(Life { median: 4.0, spread: 0.0 });
}

/// Windows of decompressors share one bound, whatever the number of inputs, threads and layers.
#[test]
fn windows_share_one_bound() {
    const WINDOWS: u64 = 128 << 20;
    const THREADS: u64 = 8;
    let log = "START RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Version: 7\n".as_bytes();
    let mut over = Vec::new();
    for layers in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("logs")).unwrap();
        let packed = (0..layers).fold(log.to_vec(), |inside, _| filling_its_window(&inside));
        for number in 0..THREADS {
            fs::write(folder.path().join(format!("logs/{number}.zst")), &packed).unwrap();
        }
        let (peak, status) = peak_of(&folder.path().join("logs"), THREADS);
        // More layers need more than there is.
        assert_eq!(status, if layers <= 2 { 0 } else { 3 }, "{layers} layers");
        let most = FIXED + DEBUG_CODE + WINDOWS + PER_FURTHER_THREAD * (THREADS - 1);
        let told = format!("{layers} layers of zstd: {:.1} MiB, at most {:.1}", mib(peak), mib(most));
        println!("{told}");
        if peak > most {
            over.push(told);
        }
    }
    assert!(over.is_empty(), "takes more memory than it may:\n{}", over.join("\n"));
}

/// A few kilobytes of zstd that fill a window of 64 MiB with zeros, in a frame to be skipped in front of `inside`.
fn filling_its_window(inside: &[u8]) -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    const BLOCKS: u32 = 520;
    let header = |size: u32, kind: u32, last: bool| (size << 3 | kind << 1 | u32::from(last)).to_le_bytes();
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x80];
    let skipped = [&b"\x50\x2a\x4d\x18"[..], &(BLOCKS * BLOCK).to_le_bytes()].concat();
    frame.extend(&header(skipped.len() as u32, 0, false)[..3]);
    frame.extend(&skipped);
    for _ in 0..BLOCKS {
        frame.extend(&header(BLOCK, 1, false)[..3]);
        frame.push(0);
    }
    // The innermost text is no zstd, so it follows as a frame of its own.
    let inside = if inside.starts_with(b"\x28\xb5") { inside.to_vec() } else { raw(inside) };
    frame.extend(&header(inside.len() as u32, 0, true)[..3]);
    frame.extend(&inside);
    frame
}

/// A frame of one raw block.
fn raw(text: &[u8]) -> Vec<u8> {
    let header = ((text.len() as u32) << 3 | 1).to_le_bytes();
    [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x38], &header[..3], text].concat()
}

/// What there may be very many of in a log: its name, the bytes that one may take besides its request id, as the documentation
/// states them, and a writer of so many, each with one attempt.
type Crowd = (&'static str, u64, fn(u64, &mut dyn Write) -> io::Result<()>);

const CROWDS: &[Crowd] = &[
    ("attempts open at once in bare text", 1_280, |count, log| {
        (0..count).try_for_each(|at| writeln!(log, "2026-01-02T03:00:00.005Z\t{}\tERROR\tit failed", id(at)))?;
        (0..count).try_for_each(|at| write!(log, "{}", report(at)))
    }),
    ("whole attempts in bare text without times", 160, |count, log| {
        (0..count).try_for_each(|at| write!(log, "{}", report(at)))
    }),
    ("attempts of one request", 160, |count, log| {
        (0..count).try_for_each(|at| {
            event(log, at, "fn", "s", &start(1))?;
            event(log, at, "fn", "s", &report(1))
        })
    }),
    ("log streams", 1_408, |count, log| {
        (0..count).try_for_each(|at| event(log, at, "fn", &format!("2026/01/02/[$LATEST]{at:032x}"), &start(at)))
    }),
    ("log streams without the name of a function", 2_112, |count, log| {
        let line = |log: &mut dyn Write, at: u64, message: &str| {
            write!(log, "2026-01-02T03:00:00.000000+00:00 2026/01/02/[$LATEST]{at:032x} {message}")
        };
        (0..count).try_for_each(|at| line(log, at, &start(at)).and_then(|()| line(log, at, &report(at))))
    }),
    ("functions", 3_392, |count, log| {
        (0..count).try_for_each(|at| {
            event(log, at, &format!("fn-{at}"), "s", &start(at))?;
            event(log, at, &format!("fn-{at}"), "s", &report(at))
        })
    }),
    ("failing functions", 7_168, |count, log| {
        (0..count).try_for_each(|at| {
            event(log, at, &format!("fn-{at}"), "s", &start(at))?;
            let error = "[ERROR] ValueError: boom\nTraceback (most recent call last):\n";
            event(log, at, &format!("fn-{at}"), "s", error)?;
            event(log, at, &format!("fn-{at}"), "s", &report(at))
        })
    }),
];

/// Memory that the allocator holds beyond what is in use.
const SPREAD: u64 = 3 << 20;

/// The memory of each further stream, function and open attempt is what the documentation states.
#[test]
fn memory_of_many_is_as_stated() {
    let (few, many) = (5_000, 20_000);
    let mut over = Vec::new();
    for (name, each, write) in CROWDS {
        let peak_of = |count: u64| {
            let folder = tempfile::tempdir().unwrap();
            let mut log = BufWriter::new(File::create(folder.path().join("log")).unwrap());
            write(count, &mut log).unwrap();
            log.flush().unwrap();
            let (peak, answer) = run(folder.path(), 1);
            assert_eq!(attempts_in(answer.path()), count, "{name}");
            peak
        };
        let grown = peak_of(many).saturating_sub(peak_of(few));
        let told = format!("{name}: {} bytes each, at most {each} and the id", grown / (many - few));
        println!("{told}");
        if grown > (many - few) * (each + PER_REQUEST_ID) + SPREAD {
            over.push(told);
        }
    }
    assert!(over.is_empty(), "take more memory than stated:\n{}", over.join("\n"));
}

fn id(at: u64) -> String {
    format!("{at:08x}-5b50-4f1e-8b5c-{:012x}", at.wrapping_mul(2_654_435_761) & 0xffff_ffff_ffff)
}

fn start(at: u64) -> String {
    format!("START RequestId: {} Version: 7\n", id(at))
}

fn report(at: u64) -> String {
    let figures = "Duration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB";
    format!("REPORT RequestId: {}\t{figures}\t\n", id(at))
}

fn event(log: &mut dyn Write, at: u64, function: &str, stream: &str, message: &str) -> io::Result<()> {
    let event = serde_json::json!({
        "timestamp": 1_767_322_800_000 + at,
        "logGroup": format!("/aws/lambda/{function}"),
        "logStream": stream,
        "message": message,
    });
    writeln!(log, "{event}")
}

#[test]
#[ignore = "the others start it"]
fn write_log() {
    let Ok(order) = env::var(ORDER) else { return };
    let [shape, median, spread, folder] = order.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let (_, format, write) = SHAPES[shape.parse::<usize>().unwrap()];
    let life = Life { median: median.parse().unwrap(), spread: spread.parse().unwrap() };
    let (mut corpus, folder) = (Corpus::new(format, life), Path::new(folder));
    write(&folder.join("logs"), &mut corpus).unwrap();
    serde_json::to_writer(File::create(folder.join("truth.json")).unwrap(), &corpus.truth()).unwrap();
}

fn hold_to_the_bound(life: Life) {
    let mut over = Vec::new();
    for (number, (shape, ..)) in SHAPES.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let (attempts, ids) = written(number, life, folder.path());
        let mut answers = Vec::new();
        for threads in [1, 2] {
            let (peak, answer) = peak(&folder.path().join("logs"), threads, attempts);
            answers.push(answer);
            let most = FIXED + DEBUG_CODE + PER_REQUEST_ID * ids + PER_FURTHER_THREAD * (threads - 1);
            let (mib, most_mib) = (mib(peak), mib(most));
            let told = format!("{shape}, {ids} request ids, --threads {threads}: {mib:.1} MiB, at most {most_mib:.1}");
            println!("{told}");
            if peak > most {
                over.push(told);
            }
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{shape}: threads change the answer");
    }
    assert!(over.is_empty(), "takes more memory than it may:\n{}", over.join("\n"));
}

/// Starts a process that writes a log; returns the numbers of attempts and of request ids in it.
fn written(shape: usize, life: Life, folder: &Path) -> (u64, u64) {
    fs::create_dir(folder.join("logs")).unwrap();
    let order = format!("{shape} {} {} {}", life.median, life.spread, folder.display());
    let mut writer = Command::new(env::current_exe().unwrap());
    let ended = writer.args(["--ignored", "--exact", "write_log"]).env(ORDER, order).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    let truth: Vec<serde_json::Value> =
        serde_json::from_reader(File::open(folder.join("truth.json")).unwrap()).unwrap();
    let total = |key: &str| truth.iter().filter_map(|function| function[key].as_u64()).sum();
    (total("attempts"), total("request_ids"))
}

fn one_file(root: &Path, corpus: &mut Corpus, shape: &str) -> io::Result<u64> {
    let mut file = BufWriter::new(File::create(root.join("log"))?);
    let made = shapes::log(shape, corpus, BYTES, &mut file)?;
    file.flush()?;
    Ok(made)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Runs the program on these logs; returns its peak memory and its status.
fn peak_of(logs: &Path, threads: u64) -> (u64, i32) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
    program.args(["analyze", "--quiet", "--threads", &threads.to_string()]).arg(logs);
    let started = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let ended = started.unwrap().wait4().unwrap();
    (ended.rusage.maxrss, ended.status.code().unwrap())
}

/// Runs the program on these logs; returns its peak memory and its answer.
#[track_caller]
fn peak(logs: &Path, threads: u64, attempts: u64) -> (u64, Vec<u8>) {
    let (peak, answer) = run(logs, threads);
    // Checks that the run was complete: one that stopped early would take little memory.
    assert_eq!(attempts_in(answer.path()), attempts);
    (peak, fs::read(answer.path()).unwrap())
}

/// Reads the number of attempts from an answer, and keeps nothing else: an answer about very many functions is large.
fn attempts_in(answer: &Path) -> u64 {
    #[derive(serde::Deserialize)]
    struct Summary {
        totals: Totals,
    }
    #[derive(serde::Deserialize)]
    struct Totals {
        attempts: u64,
    }
    let summary: Summary = serde_json::from_reader(io::BufReader::new(File::open(answer).unwrap())).unwrap();
    summary.totals.attempts
}

/// Environment variable that tells a process of this binary to run the program: threads, log, and files for its answer and
/// for its peak.
const MEASURED: &str = "MEASURED_RUN";

/// Runs the program in a process of its own, whose memory is small whatever this one had.
fn run(logs: &Path, threads: u64) -> (u64, tempfile::NamedTempFile) {
    let (answer, figure) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let paths = [logs, answer.path(), figure.path()].map(|path| path.display().to_string());
    let mut measuring = Command::new(env::current_exe().unwrap());
    let measuring = measuring.args(["--ignored", "--exact", "run_and_measure"]);
    let ended = measuring.env(MEASURED, format!("{threads} {}", paths.join(" "))).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    (fs::read_to_string(figure.path()).unwrap().parse().unwrap(), answer)
}

#[test]
#[ignore = "the others start it"]
fn run_and_measure() {
    let Ok(order) = env::var(MEASURED) else { return };
    let [threads, logs, answer, figure] = order.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
    program.args(["analyze", "--format", "json", "--threads", threads, logs]);
    let started = program.stdin(Stdio::null()).stdout(File::create(answer).unwrap()).spawn();
    let ended = started.unwrap().wait4().unwrap();
    assert!(ended.status.success(), "{:?}", ended.status);
    fs::write(figure, ended.rusage.maxrss.to_string()).unwrap();
}
