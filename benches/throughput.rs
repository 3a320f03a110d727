//! Bytes per second of each stage and of whole runs, by shape. `cargo bench` prints them; ratios between two versions on
//! one machine are worth more than the figures.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark has no callers and may stop on an error")]

mod corpus;

use std::hint::black_box;
use std::io::Write;

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

/// A log in some shape.
type Writer = fn(&[corpus::Event]) -> Vec<u8>;

/// A whole run over one shape, decoded bytes per second.
#[divan::bench(args = ["s3-export", "s3-export-gz", "ndjson", "filter-log-events"], sample_count = 9)]
fn whole_run(bencher: Bencher<'_, '_>, shape: &str) {
    let events = corpus::events(BYTES);
    let write: Writer = match shape {
        "ndjson" => corpus::ndjson,
        "filter-log-events" => corpus::filter_log_events,
        _ => corpus::s3_export,
    };
    let plain = write(&events);
    let input = if shape.ends_with("-gz") { gz(&plain) } else { plain.clone() };
    let options = Options::default();
    bencher
        .counter(BytesCount::new(plain.len()))
        .bench_local(|| analyze_samples(&[("corpus", black_box(&input))], &options).expect("an answer"));
}

/// The first look at every message.
#[divan::bench(sample_count = 9)]
fn may_matter(bencher: Bencher<'_, '_>) {
    let events = corpus::events(BYTES);
    let bytes: usize = events.iter().map(|event| event.message.len()).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| events.iter().filter(|event| parse::may_matter(black_box(event.message.as_bytes()))).count());
}

/// Parsing what the first look lets through.
#[divan::bench(sample_count = 9)]
fn parse_what_matters(bencher: Bencher<'_, '_>) {
    let mut events = corpus::events(BYTES);
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
