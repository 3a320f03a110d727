//! The join of very many compact records: made on the fly, through a pipe, in an order in which no event stands together.
//!
//! A separate binary, as for `memory`: the peak that the kernel reports for a program includes what its parent had in memory when
//! it was started. The truth is counted while the records are made, never read back.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures, for --nocapture")]

use std::env;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;
use wait4::Wait4;

/// Bound for any number of records up to 100 million.
const MOST_BYTES: u64 = 2 << 30;

/// Functions, of which the first get the most attempts.
const FUNCTIONS: u64 = 2_000;
/// Attempts of one environment.
const LIFE: u64 = 200;
/// One event in so many fails, and half of those that fail are tried again with success.
const FAILS: u64 = 25;
/// One success in so many is given a second time, as by shards that overlap.
const TWICE: u64 = 1_000;

/// What the answer must say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Truth {
    attempts: u64,
    events: u64,
    failed: u64,
    recovered: u64,
    cold_starts: u64,
    duplicates: u64,
}

/// Spreads a number: the finalizer of SplitMix64, which no two numbers share.
fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Writes the records of so many events, first attempts first, and returns what is to be found.
fn write(events: u64, out: &mut dyn Write) -> std::io::Result<Truth> {
    let mut truth = Truth { events, ..Truth::default() };
    for event in 0..events {
        let drawn = spread(event);
        let fails = drawn.is_multiple_of(FAILS);
        write_attempt(event, 0, fails, out)?;
        truth.attempts += 1;
        truth.failed += u64::from(fails);
        truth.cold_starts += u64::from(!fails && is_cold(event));
        if !fails && (drawn >> 8).is_multiple_of(TWICE) {
            write_attempt(event, 0, false, out)?;
            truth.duplicates += 1;
        }
    }
    for event in
        (0..events).filter(|event| spread(*event).is_multiple_of(FAILS) && (spread(*event) >> 20).is_multiple_of(2))
    {
        write_attempt(event, 1, false, out)?;
        truth.attempts += 1;
        truth.recovered += 1;
        truth.cold_starts += u64::from(is_cold(event));
    }
    out.flush()?;
    Ok(truth)
}

fn is_cold(event: u64) -> bool {
    spread(event ^ 0x55).is_multiple_of(LIFE)
}

fn write_attempt(event: u64, retry: u64, fails: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let (one, other) = (spread(event), spread(event ^ 0xaaaa_0000));
    // Squared, so that a few functions have most of the attempts.
    let share = other % FUNCTIONS;
    let function = share * share / FUNCTIONS;
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        one >> 32,
        one >> 16 & 0xffff,
        one >> 4 & 0xfff,
        other & 0xfff,
        event
    );
    let start = 1_790_812_800_000 + event / 4 + retry * 60_000;
    let hundredths = 500 + other % 90_000;
    let duration = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let lasted = hundredths / 100 + 1;
    if fails {
        let message = ["connect ECONNREFUSED 10.0.0.7:5432", "Cannot read properties of undefined", "slot is taken"]
            [(other % 3) as usize];
        return writeln!(
            out,
            r#"{{"schema":5,"id":"{one:016x}{event:016x}","kind":"attempt","function":"service-{function}-worker","log_group":"/aws/lambda/service-{function}-worker","stream_key":"{}","understood":true,"version":"$LATEST","request_id":"{id}","attempt":1,"started_at_ms":{start},"ended_at_ms":{},"window_cut":"none","category":"runtime_exception","code":"runtime_exception.unhandled","confidence":"high","error_type":"Error","error_message":"{message}","fingerprint":"{:016x}","retryable":"depends","partial_work":"possible","compensation":"depends","cold_start":false,"duration_ms":{duration},"billed_ms":{lasted},"memory_size_mb":512,"max_memory_used_mb":120,"emulated":false,"outcome":"exhausted"}}"#,
            stream(event, retry),
            start + lasted,
            spread(other % 3),
        );
    }
    let init = if is_cold(event) { format!(r#","i":{}.5"#, 200 + other % 300) } else { String::new() };
    writeln!(
        out,
        r#"{{"lt":5,"f":"service-{function}-worker","s":"{}","r":"{id}","t":{start},"e":{lasted},"d":{duration},"m":512,"u":{}{init}}}"#,
        stream(event, retry),
        100 + other % 200
    )
}

/// Returns the key of a stream: 64 bits in base64, of which the last sign has four.
fn stream(event: u64, retry: u64) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash = spread((event / LIFE) ^ (retry << 40));
    let sign =
        |at: u32| char::from(SIGNS[(if at < 10 { hash >> (58 - 6 * at) & 63 } else { hash << 2 & 63 }) as usize]);
    (0..11).map(sign).collect()
}

/// Joins the records of so many events.
fn join(events: u64) {
    let program = env::var("LAMBDA_TRIAGE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_lambda-triage").to_owned());
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["analyze", "-", "--format", "json", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let truth = write(events, &mut BufWriter::with_capacity(1 << 18, pipe)).unwrap();
        (truth, begun.elapsed())
    });
    let answer: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    let (truth, read) = writer.join().unwrap();
    let ended = child.wait4().unwrap();
    let took = begun.elapsed();
    // Kilobytes, but for the crate that has made them bytes.
    let peak = ended.rusage.maxrss;
    println!(
        "{} attempts: {:.0} s, of which {:.0} s were reading; peak {} MiB",
        truth.attempts,
        took.as_secs_f64(),
        read.as_secs_f64(),
        peak >> 20
    );
    let number = |path: &str| answer.pointer(path).and_then(Value::as_u64).unwrap();
    let got = Truth {
        attempts: number("/totals/attempts"),
        events: number("/totals/events"),
        failed: number("/totals/failed"),
        recovered: number("/totals/outcomes/recovered"),
        cold_starts: number("/totals/cold_starts"),
        duplicates: number("/coverage/duplicates"),
    };
    assert_eq!(got, truth);
    assert!(peak <= MOST_BYTES, "{peak} bytes");
}

#[test]
fn many_records_are_joined() {
    join(60_000);
}

/// For `.ci/long`, with a release build: the number of events in JOIN_EVENTS, or 20 million.
#[test]
#[ignore = "takes minutes"]
fn twenty_million_records_fit() {
    join(env::var("JOIN_EVENTS").map_or(20_000_000, |events| events.parse().unwrap()));
}
