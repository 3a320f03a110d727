//! Throughput in bytes per second of each stage and of whole runs, by shape, printed by `cargo bench`. Ratios between
//! two versions on one machine mean more than the absolute figures.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark has no callers and may stop on an error")]

mod corpus;

use std::hint::black_box;

use corpus::{Corpus, Event, LogFormat, shapes};
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use lambda_triage::internal::{Options, Redaction, analyze_samples};
use lambda_triage::internal::{judge, may_matter, parse, platform_line};

/// Allocator that counts allocations, which divan prints beside the times.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const BYTES: u64 = 10 << 20;

fn main() {
    divan::main();
}

/// Creates events with about `BYTES` bytes of messages, environment after environment.
fn events() -> Vec<Event> {
    let mut corpus = Corpus::new(LogFormat::Text, corpus::USUAL);
    let (mut events, mut bytes) = (Vec::new(), 0);
    while bytes < BYTES as usize {
        let environment = corpus.environment();
        bytes += environment.events.iter().map(|event| event.message.len()).sum::<usize>();
        events.extend(environment.events);
    }
    events
}

/// Measures a whole run over one shape, in decoded bytes per second.
#[divan::bench(args = ["s3-export", "s3-export-gz", "ndjson", "filter-log-events", "json-format"], sample_count = 9)]
fn whole_run(bencher: Bencher<'_, '_>, shape: &str) {
    let (format, written) = match shape {
        "json-format" => (LogFormat::Json, "messages"),
        _ => (LogFormat::Text, shape),
    };
    let (mut corpus, mut input) = (Corpus::new(format, corpus::USUAL), Vec::new());
    let decoded = shapes::log(written, &mut corpus, BYTES, &mut input).expect("memory");
    let attempts: u64 = corpus.truth().iter().map(|truth| truth.attempts).sum();
    let options = Options::default();
    let run = || analyze_samples(&[("corpus", black_box(&input))], &options).expect("an answer");
    // A wrong answer does not count, however fast.
    assert_eq!(run().summary.totals.attempts, attempts, "{shape}");
    bencher.counter(BytesCount::new(decoded)).bench_local(run);
}

/// Measures the masking of texts as records have them: without a secret, and with some in every line.
#[divan::bench(args = ["none", "assignments", "addresses", "json", "headers", "escapes", "nested"], sample_count = 9)]
fn mask(bencher: Bencher<'_, '_>, secrets: &str) {
    let line = match secrets {
        "none" => {
            "2026-01-02T03:00:03.005Z 00000001-5b50-4f1e-8b5c-0d0b9f3c2a11 INFO order 4711 was stored in table orders\n"
        }
        "assignments" => "password=x token: secret=\"a\\\" ",
        "addresses" => "connect postgres://app:s3cr3t@db.internal:5432/x with password=hunter2 as user bob\n",
        "json" => {
            "{\\\"password\\\":\\\"hunter2\\\",\\\"user\\\":\\\"bob\\\",\\\"token\\\":\\\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.dBjft\\\"}\n"
        }
        "escapes" => {
            "2026-01-02T03:00:03.005Z INFO settings:\\n\\tuser: bob\\n\\tpassword: hunter2\\n\\tport: 5432\\n\n"
        }
        "nested" => {
            "{\"message\":\"got {\\\"body\\\":\\\"{\\\\\\\"user\\\\\\\":\\\\\\\"bob\\\\\\\",\\\\\\\"password\\\\\\\":\\\\\\\"hunter2\\\\\\\"}\\\"}\"}\n"
        }
        _ => "GET https://api.example.com/v1?x=%20a&access_token=abc12345 Authorization: Bearer abc.def-ghi1 rest\n",
    };
    let texts: Vec<String> = (0..256).map(|_| line.repeat(3_000 / line.len())).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let redaction = Redaction::on();
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| texts.iter().map(|text| redaction.apply(black_box(text)).len()).sum::<usize>());
}

/// Measures the pre-filter on every message.
#[divan::bench(sample_count = 9)]
fn look(bencher: Bencher<'_, '_>) {
    let events = events();
    let bytes: usize = events.iter().map(|event| event.message.len()).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| events.iter().filter(|event| may_matter(black_box(event.message.as_bytes()))).count());
}

/// Measures the parsing of what the pre-filter lets through.
#[divan::bench(sample_count = 9)]
fn parse_what_matters(bencher: Bencher<'_, '_>) {
    let mut events = events();
    events.retain(|event| may_matter(event.message.as_bytes()));
    bencher.counter(ItemsCount::new(events.len())).bench_local(|| {
        for event in &events {
            let message = black_box(&event.message);
            match platform_line(message.as_bytes()) {
                Some(record) => drop(black_box(record)),
                None => drop(black_box(parse(message))),
            }
        }
    });
}

/// Measures the verdict on a plain success, of which most logs consist.
#[divan::bench]
fn judge_success(bencher: Bencher<'_, '_>) {
    let attempt = lambda_triage::internal::Attempt { report_seen: true, start_seen: true, ..Default::default() };
    bencher.bench_local(|| judge(black_box(&attempt)));
}
