//! Bytes per second of each stage and of whole runs, by shape. `cargo bench` prints them; ratios between two versions on
//! one machine are worth more than the figures.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark has no callers and may stop on an error")]

mod corpus;

use std::hint::black_box;
use std::io::Write;

use corpus::{Corpus, Environment, Event, LogFormat, shapes};
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use lambda_triage::pipeline::{Options, analyze_samples};
use lambda_triage::{parse, rules};

/// Counts allocations, which divan prints beside the times.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const BYTES: usize = 10 << 20;

fn main() {
    divan::main();
}

fn gz(plain: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    packed.write_all(plain).expect("memory");
    packed.finish().expect("memory")
}

/// About as many bytes of messages as asked for, environment after environment, and how many attempts they hold.
fn environments(format: LogFormat) -> (Vec<Environment>, u64) {
    let mut corpus = Corpus::new(format);
    let (mut environments, mut bytes) = (Vec::new(), 0);
    while bytes < BYTES {
        let environment = corpus.environment();
        bytes += environment.events.iter().map(|event| event.message.len() + 26).sum::<usize>();
        environments.push(environment);
    }
    (environments, corpus.truth().iter().map(|truth| truth.attempts).sum())
}

fn events(environments: Vec<Environment>) -> Vec<Event> {
    environments.into_iter().flat_map(|environment| environment.events).collect()
}

/// One log in some shape, and how many attempts it holds.
fn log(shape: &str) -> (Vec<u8>, u64) {
    let format = if shape == "json-format" { LogFormat::Json } else { LogFormat::Text };
    let (environments, attempts) = environments(format);
    let mut out = Vec::new();
    match shape {
        "ndjson" => merged(environments, |from, event| shapes::ndjson(&mut out, &from.function, &from.stream, event)),
        "filter-log-events" => {
            let mut document = shapes::FilterLogEvents::begin(&mut out).expect("memory");
            merged(environments, |from, event| document.event(&mut out, &from.stream, event));
            document.end(&mut out).expect("memory");
        }
        "json-format" => {
            for event in events(environments) {
                shapes::messages(&mut out, &event).expect("memory");
            }
        }
        _ => {
            for event in events(environments) {
                shapes::s3_export(&mut out, &event).expect("memory");
            }
        }
    }
    (out, attempts)
}

fn merged(environments: Vec<Environment>, mut tell: impl FnMut(&Environment, &Event) -> std::io::Result<()>) {
    let mut merge = shapes::Merge::default();
    for environment in environments {
        merge.push(environment, &mut tell).expect("memory");
    }
    merge.finish(tell).expect("memory");
}

/// A whole run over one shape, decoded bytes per second.
#[divan::bench(args = ["s3-export", "s3-export-gz", "ndjson", "filter-log-events", "json-format"], sample_count = 9)]
fn whole_run(bencher: Bencher<'_, '_>, shape: &str) {
    let (plain, attempts) = log(shape);
    let decoded = plain.len();
    let input = if shape.ends_with("-gz") { gz(&plain) } else { plain };
    let options = Options::default();
    let run = || analyze_samples(&[("corpus", black_box(&input))], &options).expect("an answer");
    // A fast wrong answer is none.
    assert_eq!(run().summary.totals.attempts, attempts, "{shape}");
    bencher.counter(BytesCount::new(decoded)).bench_local(run);
}

/// The first look at every message.
#[divan::bench(sample_count = 9)]
fn may_matter(bencher: Bencher<'_, '_>) {
    let events = events(environments(LogFormat::Text).0);
    let bytes: usize = events.iter().map(|event| event.message.len()).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| events.iter().filter(|event| parse::may_matter(black_box(event.message.as_bytes()))).count());
}

/// Parsing what the first look lets through.
#[divan::bench(sample_count = 9)]
fn parse_what_matters(bencher: Bencher<'_, '_>) {
    let mut events = events(environments(LogFormat::Text).0);
    events.retain(|event| parse::may_matter(event.message.as_bytes()));
    bencher.counter(ItemsCount::new(events.len())).bench_local(|| {
        for event in &events {
            let message = black_box(&event.message);
            match parse::platform_line(message.as_bytes()) {
                Some(record) => drop(black_box(record)),
                None => drop(black_box(parse::parse(message))),
            }
        }
    });
}

/// The verdict on a plain success, of which most logs consist.
#[divan::bench]
fn judge_success(bencher: Bencher<'_, '_>) {
    let attempt = lambda_triage::model::Attempt { report_seen: true, start_seen: true, ..Default::default() };
    bencher.bench_local(|| rules::judge(black_box(&attempt)));
}
