//! Early warnings: signs of failures to come are told, and healthy logs have none.

use serde_json::Value;

use super::harness::Run;

/// What one attempt shows.
struct Shown {
    duration_ms: u64,
    memory_mb: u64,
    errors: usize,
}

/// Returns the log of 600 attempts, ten a minute, in one environment.
fn log(of: impl Fn(u64) -> Shown) -> String {
    let mut text = String::new();
    for at in 0..600 {
        let (id, second) = (format!("{at:08x}-1111-4111-8111-111111111111"), at * 6);
        let time = format!("2026-01-02T{:02}:{:02}:{:02}.000Z", second / 3_600, second / 60 % 60, second % 60);
        let Shown { duration_ms, memory_mb, errors } = of(at);
        text += &format!("{time} START RequestId: {id} Version: 1\n");
        for _ in 0..errors {
            text += &format!("{time} {time}\t{id}\tERROR\tcould not refresh the cache\n");
        }
        text += &format!(
            "{time} END RequestId: {id}\n{time} REPORT RequestId: {id}\tDuration: {duration_ms}.00 ms\tBilled Duration: \
             {duration_ms} ms\tMemory Size: 256 MB\tMax Memory Used: {memory_mb} MB\t\n"
        );
    }
    text
}

fn warnings(log: &str) -> Vec<(String, Value)> {
    let summary = Run::analyze(["-", "--function", "shop", "--threads", "2"]).input(log).summary();
    let found = summary["functions"][0]["early_warnings"].as_array().unwrap().clone();
    found.into_iter().map(|one| (one["kind"].as_str().unwrap().to_owned(), one)).collect()
}

#[test]
fn signs_of_failures_to_come_are_told_and_only_these() {
    let usual =
        |at: u64| Shown { duration_ms: 100 + at * 37 % 40, memory_mb: 90, errors: usize::from(at.is_multiple_of(25)) };
    type Of<'a> = &'a dyn Fn(u64) -> Shown;
    let cases: [(&str, Of<'_>, &[&str]); 9] = [
        ("nothing changes", &usual, &[]),
        ("it warms up", &|at| Shown { memory_mb: 60 + at.min(60), ..usual(at) }, &[]),
        ("one jump", &|at| Shown { memory_mb: if at < 400 { 90 } else { 150 }, ..usual(at) }, &[]),
        (
            "one slow stretch",
            &|at| Shown { duration_ms: if (200..400).contains(&at) { 400 } else { 100 }, ..usual(at) },
            &[],
        ),
        ("faster at last", &|at| Shown { duration_ms: 700 - at, ..usual(at) }, &[]),
        ("a leak", &|at| Shown { memory_mb: 80 + at / 5, ..usual(at) }, &["memory_creep"]),
        ("slower and slower", &|at| Shown { duration_ms: 100 + at, ..usual(at) }, &["rising_duration"]),
        (
            "more errors",
            &|at| Shown {
                errors: usize::from(
                    at % if at < 200 {
                        50
                    } else if at < 400 {
                        10
                    } else {
                        4
                    } == 0,
                ),
                ..usual(at)
            },
            &["handled_errors"],
        ),
        (
            "nearly full",
            &|at| Shown { memory_mb: if at < 300 { 90 } else { 250 }, ..usual(at) },
            &["near_memory_limit"],
        ),
    ];
    for (name, of, want) in cases {
        let log = log(of);
        let found = warnings(&log);
        let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, want, "{name}: {found:?}");
        let table = Run::analyze(["-", "--function", "shop"]).input(log).stdout();
        assert_eq!(table.contains("\nSoon  "), !want.is_empty(), "{name}: {table}");
    }
}
