//! What a run may allocate: so much to begin with, and so much for each thousand log events, by shape.
//!
//! Allocations do not depend on the machine or on what else it does, so they tell of lost speed where a clock on a busy
//! machine would not. The allocator counts for the whole process: there is one test, in a binary of its own.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../../benches/corpus/mod.rs"]
mod corpus;

use std::alloc::System;
use std::io::Write;

use corpus::Event;
use lambda_triage::pipeline::{Options, analyze_samples};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the log weighs as an export to S3; in other shapes the same events weigh more.
const BYTES: usize = 10_000_000;

/// How the log is written.
type Writer = fn(&[Event]) -> Vec<u8>;

/// A shape, and the most that it may take for each 1,000 log events: allocations, and KiB allocated.
///
/// A quarter above what was measured. Where the program comes to need less, lower them; `--nocapture` shows the figures.
const SHAPES: &[(&str, Writer, usize, usize)] = &[
    ("s3 export", corpus::s3_export, 430, 68),
    ("s3 export in gzip", |events| gzip(&corpus::s3_export(events)), 430, 68),
    ("messages alone", corpus::bare, 510, 79),
    ("ndjson", corpus::ndjson, 680, 186),
    ("filter-log-events", corpus::filter_log_events, 480, 180),
    ("log format JSON", corpus::json_format, 920, 216),
];

/// The same in all, for what the first log of a process has built once: its first events, one invocation that ends well,
/// and then a log with failures.
const FIRST: &[(&str, usize, usize, usize)] =
    &[("the first invocation", 18, 1_420, 1_980), ("the first failures", 5_000, 27_400, 10_250)];

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
    let events = corpus::events(BYTES);
    for (what, log_events, allocations, kib) in FIRST {
        let cost = cost(&corpus::s3_export(&events[..*log_events]));
        hold(format!("{what}, allocations"), cost.allocations, *allocations);
        hold(format!("{what}, KiB"), cost.kib, *kib);
    }
    for (shape, write, allocations, kib) in SHAPES {
        let cost = cost(&write(&events));
        assert_eq!(cost.attempts, corpus::attempts(&events), "{shape}: all of the log was read");
        let each = |total: usize| total * 1_000 / cost.log_events;
        hold(format!("{shape}, allocations for each 1,000 log events"), each(cost.allocations), *allocations);
        hold(format!("{shape}, KiB for each 1,000 log events"), each(cost.kib), *kib);
    }
    assert!(over.is_empty(), "allocates more than it may:\n{}", over.join("\n"));
}

/// What a run allocated, and what it found.
struct Cost {
    allocations: usize,
    kib: usize,
    log_events: usize,
    attempts: usize,
}

/// Runs over a log with one thread.
fn cost(log: &[u8]) -> Cost {
    let options = Options::default();
    let region = Region::new(ALLOCATOR);
    let summary = analyze_samples(&[("log", log)], &options).expect("an answer").summary;
    let change = region.change();
    Cost {
        allocations: change.allocations + change.reallocations,
        kib: change.bytes_allocated.saturating_add_signed(change.bytes_reallocated) / 1_024,
        log_events: summary.coverage.log_events as usize,
        attempts: summary.totals.attempts as usize,
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(plain).expect("memory");
    packed.finish().expect("memory")
}
