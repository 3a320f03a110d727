//! Test of the bounds on allocations: for a fixed part, and per thousand log events of each shape.
//!
//! Allocations do not depend on the machine or its load, so they show lost speed where a clock on a busy machine would
//! not. The allocator counts for the whole process, so this is the only test in a separate binary.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../../benches/corpus/mod.rs"]
mod corpus;

use std::alloc::System;

use corpus::{Corpus, Life, LogFormat, USUAL, shapes};
use lambda_triage::internal::{Options, Redaction, analyze_samples};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Size of a log, decompressed.
const BYTES: u64 = 10_000_000;

/// Name of a shape, log format of the functions, name of the shape in the corpus, and bounds per 1,000 log events:
/// number of allocations, and KiB allocated.
///
/// Bounds are a quarter above what was measured. Lower them when the program needs less; `--nocapture` shows figures.
const SHAPES: &[(&str, LogFormat, &str, usize, usize)] = &[
    ("s3 export", LogFormat::Text, "s3-export", 615, 127),
    ("s3 export in gzip", LogFormat::Text, "s3-export-gz", 615, 169),
    ("messages alone", LogFormat::Text, "messages", 680, 140),
    ("ndjson", LogFormat::Text, "ndjson", 1_016, 231),
    ("filter-log-events", LogFormat::Text, "filter-log-events", 1_128, 335),
    ("log format JSON", LogFormat::Json, "messages", 990, 204),
];

/// Total bounds for the first logs of a process, which initialise what is built once: name, lives of environments, size
/// of the log in bytes, number of allocations, and KiB allocated. First one invocation that succeeds, then failures.
const FIRST: &[(&str, Life, u64, usize, usize)] = &[
    ("the first invocation", Life { median: 1.0, spread: 0.0 }, 1, 1_919, 2_636),
    ("the first failures", USUAL, 1_000_000, 15_739, 8_354),
];

#[test]
fn allocations_stay_within_bounds() {
    let mut over = Vec::new();
    let mut hold = |what: String, measured: usize, most: usize| {
        let told = format!("{what}: {measured}, at most {most}");
        println!("{told}");
        if measured > most {
            over.push(told);
        }
    };
    for (what, life, bytes, allocations, kib) in FIRST {
        let cost = cost("s3-export", Corpus::new(LogFormat::Text, *life), *bytes);
        hold(format!("{what}, allocations"), cost.allocations, *allocations);
        hold(format!("{what}, KiB"), cost.kib, *kib);
    }
    // The automaton for many texts is built once, whichever shape is the first with so many.
    for text in ["a line of a function\n".repeat(100_000), "another".to_owned()] {
        let _ = Redaction::on().apply(&text);
    }
    for (what, format, shape, allocations, kib) in SHAPES {
        let cost = cost(shape, Corpus::new(*format, USUAL), BYTES);
        let each = |total: usize| total * 1_000 / cost.log_events;
        hold(format!("{what}, allocations for each 1,000 log events"), each(cost.allocations), *allocations);
        hold(format!("{what}, KiB for each 1,000 log events"), each(cost.kib), *kib);
    }
    assert!(over.is_empty(), "allocates more than it may:\n{}", over.join("\n"));
}

/// Allocations of a run, and the number of log events in its log.
struct Cost {
    allocations: usize,
    kib: usize,
    log_events: usize,
}

/// Analyses a log with one thread; returns its cost.
fn cost(shape: &str, mut corpus: Corpus, bytes: u64) -> Cost {
    let (options, mut log) = (Options::default(), Vec::new());
    shapes::log(shape, &mut corpus, bytes, &mut log).expect("a log");
    let attempts: u64 = corpus.truth().iter().map(|truth| truth.attempts).sum();
    let region = Region::new(ALLOCATOR);
    let summary = analyze_samples(&[("log", &log)], &options).expect("an answer").summary;
    let change = region.change();
    // Checks that the run was complete: one that stopped early would be cheap.
    assert_eq!(summary.totals.attempts, attempts, "{shape}: all of the log was read");
    Cost {
        allocations: change.allocations + change.reallocations,
        kib: change.bytes_allocated.saturating_add_signed(change.bytes_reallocated) / 1_024,
        log_events: summary.coverage.log_events as usize,
    }
}
