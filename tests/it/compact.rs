//! Compact records: they give the answer of full ones, alone, mixed, in shards and in any order, and are small.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::generate::{self, Random};
use super::harness::{LOGS, Run, directory, files_below, read_summary, root};

/// Most bytes of a success with names of usual length: a function of 15 characters with account and region, or of 37 without.
const MOST_BYTES: usize = 200;

fn records(paths: &[PathBuf], form: &str) -> String {
    Run::analyze(paths).args(["--format", "ndjson", "--records", form]).stdout()
}

fn answer(records: String) -> Value {
    read_summary(&Run::analyze(["-"]).args(["--format", "json"]).input(records).stdout())
}

/// Compares all that is counted.
#[track_caller]
fn same(got: &Value, want: &Value, what: &str) {
    for key in ["window", "totals", "causes", "causes_total", "events_to_check", "events_to_check_total"] {
        assert_eq!(got[key].to_string(), want[key].to_string(), "{what}: {key}");
    }
    for (got, want) in got["functions"].as_array().unwrap().iter().zip(want["functions"].as_array().unwrap()) {
        assert_eq!(got.to_string(), want.to_string(), "{what}");
    }
    assert_eq!(got["functions"].to_string(), want["functions"].to_string(), "{what}");
    assert_eq!(got["coverage"]["duplicates"], want["coverage"]["duplicates"], "{what}: duplicates");
}

/// Puts lines into another order.
fn shuffled(text: &str, seed: u64) -> String {
    let (mut lines, mut random) = (text.lines().collect::<Vec<_>>(), Random(seed));
    for at in (1..lines.len()).rev() {
        lines.swap(at, random.below(at as u64 + 1) as usize);
    }
    lines.join("\n") + "\n"
}

/// Takes each line from one or the other.
fn mixed(full: &str, compact: &str, seed: u64) -> String {
    let mut random = Random(seed);
    assert_eq!(full.lines().count(), compact.lines().count());
    full.lines().zip(compact.lines()).map(|(a, b)| format!("{}\n", if random.below(2) == 0 { a } else { b })).collect()
}

/// Checks every way from the logs below a directory to an answer. `shards` are parts of it that keep streams whole.
fn check(logs: &Path, shards: &[PathBuf], what: &str) {
    let of_logs = Run::analyze([logs]).summary();
    let whole = [logs.to_owned()];
    let (full, compact) = (records(&whole, "full"), records(&whole, "compact"));
    assert_eq!(full.lines().count(), compact.lines().count(), "{what}");
    assert_eq!(
        full.lines().filter(|line| !line.contains(r#""category":"ok""#)).count(),
        compact.lines().filter(|line| !line.contains(r#""category":"ok""#) && !line.starts_with(r#"{"lt":"#)).count(),
        "{what}"
    );
    same(&answer(full.clone()), &of_logs, &format!("{what}, full"));
    same(&answer(compact.clone()), &of_logs, &format!("{what}, compact"));
    // Records may be written again from compact ones, in either form.
    let again =
        |form| Run::analyze(["-"]).args(["--format", "ndjson", "--records", form]).input(compact.clone()).stdout();
    same(&answer(again("compact")), &of_logs, &format!("{what}, compact again"));
    same(&answer(again("full")), &of_logs, &format!("{what}, full again"));
    for seed in 1..3 {
        same(&answer(shuffled(&compact, seed)), &answer(shuffled(&full, seed)), &format!("{what}, shuffled"));
        same(&answer(mixed(&full, &compact, seed)), &of_logs, &format!("{what}, mixed"));
    }
    let (first, second) = shards.split_at(shards.len() / 2);
    if first.is_empty() {
        return;
    }
    for (forms, turned) in [(["compact", "compact"], false), (["full", "compact"], true), (["compact", "full"], true)] {
        let (one, other) = (records(first, forms[0]), records(second, forms[1]));
        let all = if turned { other + &one } else { one + &other };
        same(&answer(all), &of_logs, &format!("{what}, shards {forms:?}"));
    }
}

#[test]
fn the_fixtures_give_the_same_answer() {
    // Examples name their input as it was typed.
    let mut shards: Vec<PathBuf> = fs::read_dir(root().join(LOGS))
        .unwrap()
        .map(|entry| Path::new(LOGS).join(entry.unwrap().file_name()))
        .collect();
    shards.sort();
    check(Path::new(LOGS), &shards, "fixtures");
}

#[test]
fn random_logs_give_the_same_answer() {
    let cases = std::env::var("COMPACT_CASES").map_or(2, |cases| cases.parse().unwrap());
    for seed in 31..31 + cases {
        let corpus = generate::corpus(seed);
        for (name, write) in generate::SHAPES {
            let logs = directory();
            write(&corpus, logs.path());
            // Streams stand whole in one folder or file each, or all in one file.
            let shards = match *name {
                "s3 export" | "s3 export, gzip" => files_below(logs.path()),
                _ => Vec::new(),
            };
            check(logs.path(), &shards, &format!("seed {seed}, {name}"));
        }
    }
}

/// Writes a log of successes: functions with account and region, versions, cold starts, billed as before and after August 2025.
fn successes(shape: usize) -> (String, String) {
    let function = ["payments-worker", "nightly-invoice-reconciliation-job-eu"][shape];
    let mut log = String::new();
    let mut random = Random(7 + shape as u64);
    let at = |ms: u64| 1_790_812_800_123u64 + ms;
    for environment in 0..20u64 {
        let version = ["$LATEST", "142"][environment as usize % 2];
        let stream =
            format!("2026/10/01/[{version}]{:032x}", u128::from(random.next()) << 64 | u128::from(random.next()));
        for attempt in 0..10u64 {
            let id = format!(
                "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                random.below(1 << 32),
                random.below(1 << 16),
                random.below(1 << 12),
                random.below(1 << 12),
                random.below(1 << 48)
            );
            let (hundredths, start) = (100_000 + random.below(400_000), environment * 1_000_000 + attempt * 60_000);
            let duration = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let mut billed = hundredths.div_ceil(100);
            let init = if attempt == 0 {
                let init = 20_000 + random.below(70_000);
                billed = if environment % 4 < 2 { (hundredths + init).div_ceil(100) } else { billed };
                format!("Init Duration: {}.{:02} ms\t", init / 100, init % 100)
            } else {
                String::new()
            };
            let mut line = |ms: u64, message: String| {
                let mut event = json!({"timestamp": at(ms), "message": message, "logStream": stream,
                    "logGroup": format!("/aws/lambda/{function}")});
                if shape == 0 {
                    event["logGroup"] =
                        format!("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/{function}").into();
                }
                log += &format!("{event}\n");
            };
            line(start, format!("START RequestId: {id} Version: {version}\n"));
            let end = start + hundredths / 100 + 2;
            line(end, format!("END RequestId: {id}\n"));
            line(
                end,
                format!(
                    "REPORT RequestId: {id}\tDuration: {duration} ms\tBilled Duration: {billed} ms\tMemory Size: 1024 MB\tMax Memory \
                     Used: 480 MB\t{init}\n"
                ),
            );
        }
    }
    (log, function.to_owned())
}

#[test]
fn a_success_is_small() {
    for shape in 0..2 {
        let (log, function) = successes(shape);
        let compact = Run::analyze(["-"]).args(["--format", "ndjson", "--records", "compact"]).input(log).stdout();
        let lines: Vec<&str> = compact.lines().collect();
        assert_eq!(lines.len(), 200);
        assert!(lines.iter().all(|line| line.starts_with(r#"{"lt":5,"f":""#) && line.contains(&function)), "{compact}");
        // One line of a function tells what is the same in all.
        let telling = |line: &&&str| line.contains(r#""runtime":"#) || line.contains(r#""timeout_ms":"#);
        assert!(lines.iter().filter(telling).count() <= 2, "{compact}");
        for line in lines.iter().filter(|line| !telling(line)) {
            assert!(line.len() <= MOST_BYTES, "{} bytes: {line}", line.len());
        }
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        assert!(bytes < lines.len() * 185, "{}", bytes / lines.len());
    }
}

#[test]
fn every_plain_success_is_in_few_bytes() {
    let (full, compact) = (records(&[PathBuf::from(LOGS)], "full"), records(&[PathBuf::from(LOGS)], "compact"));
    let mut with_writes = 0;
    for (full, compact) in full.lines().zip(compact.lines()) {
        let record: Value = serde_json::from_str(full).unwrap();
        let is_plain = record["category"] == "ok"
            && record["outcome"] == "succeeded"
            && record["confidence"] == "high"
            && record["emulated"] == false
            && ["request_id", "started_at", "duration_ms", "billed_ms"].iter().all(|key| !record[key].is_null());
        if is_plain {
            assert!(compact.starts_with(r#"{"lt":"#), "{compact}");
            let line: Value = serde_json::from_str(compact).unwrap();
            with_writes += usize::from(!line["side_effects"].is_null() || !line["progress"].is_null());
        }
    }
    assert!(with_writes > 3, "{with_writes}");
}

/// A view must give the same times whatever zone the session has, which no test here can set.
#[test]
fn no_statement_asks_for_the_zone_of_the_session() {
    for engine in ["athena", "duckdb", "spark"] {
        let sql = Run::new(["schema", "record", "--ddl", engine]).stdout().to_lowercase();
        for word in [
            "timezone",
            "timestamp_millis",
            "utc_timestamp",
            "from_unixtime",
            "to_timestamp",
            "timestamptz",
            "time zone",
        ] {
            assert!(!sql.contains(word), "{engine}: {word}");
        }
        // Spark alone has no time stamp without a zone by default.
        assert!(engine != "spark" || !sql.contains("timestamp") && !sql.contains("date_format"), "{engine}: {sql}");
    }
}

#[test]
fn every_line_fits_its_schema() {
    let schema: Value = serde_json::from_str(&Run::new(["schema", "record"]).stdout()).unwrap();
    let of_line = json!({"$schema": schema["$schema"], "$ref": "#/$defs/CompactLine", "$defs": schema["$defs"]});
    let validator = jsonschema::validator_for(&of_line).unwrap();
    let compact = records(&[PathBuf::from(LOGS)], "compact");
    let mut short = 0;
    for line in compact.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        short += usize::from(value.get("lt").is_some());
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
        assert!(value.as_object().unwrap().values().all(|field| !field.is_null()), "{line}");
    }
    assert!(short > 20, "{short}");
    assert!(!validator.is_valid(&json!({"f": "pay"})) && !validator.is_valid(&json!({"lt": 5, "t": "now"})));
}

#[test]
fn every_command_reads_them() {
    let folder = directory();
    let (full, compact) = (folder.path().join("full.ndjson"), folder.path().join("compact.ndjson"));
    for (path, form) in [(&full, "full"), (&compact, "compact")] {
        fs::write(path, records(&[PathBuf::from(LOGS)], form)).unwrap();
    }
    let of = |command: &[&str], path: &Path| Run::new(command).args([path]).summary();
    same(&of(&["view"], &compact), &of(&["view"], &full), "view");
    let diff = Run::new(["diff"]).args([&full, &compact]).args(["--format", "json"]).done();
    let diff: Value = serde_json::from_str(&diff.stdout).unwrap();
    assert!(diff["counts"].as_object().unwrap().values().all(|count| *count == 0), "{}", diff["counts"]);
    // The number of bytes is not that of the answer.
    let metrics = |path: &Path| {
        let list = Run::new(["metrics"]).args([path]).stdout();
        list.lines().filter(|line| !line.starts_with("coverage.bytes")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(metrics(&compact), metrics(&full));
}

#[test]
fn one_that_was_written_by_a_table_is_read() {
    let demo = Run::new(["demo", "--format", "ndjson", "--records", "compact"]).stdout();
    // Engines write columns in their own order, and those that a line lacks as null.
    let rows: String = demo
        .lines()
        .map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            let fields = row.as_object_mut().unwrap();
            for key in
                ["category", "code", "id", "schema", "retryable", "t", "lt", "f", "r", "evidence", "side_effects"]
            {
                fields.entry(key).or_insert(Value::Null);
            }
            fields.sort_keys();
            format!("{row}\n")
        })
        .collect();
    same(&answer(rows), &answer(demo), "rows");
}

/// Lines that somebody appends to records, and that are not records.
const NOT_RECORDS: [(&str, &str); 5] = [
    (
        "START RequestId: 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Version: $LATEST\nREPORT RequestId: \
         6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 3 \
         MB\tStatus: timeout\n",
        "START RequestId:",
    ),
    (
        "2026-10-01T00:00:03.001Z 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Task timed out after 3.00 seconds\n",
        "Task timed out",
    ),
    ("{\"lt\":99,\"f\":\"pay\",\"r\":\"6f0d\",\"t\":1790812800123,\"d\":3.0}\n", "a later version"),
    ("{\"lt\":5,\"f\":\"pay\",\"t\":1790812800123,\"d\":3.0}\n", "1 record could not be read, the first at line "),
    (
        "{\"lt\":5,\"f\":\"pay\",\"r\":\"6f0d\",\"t\":1790812800123,\"d\":3.0,\"category\":\"timeout\"}\n",
        "1 record could not be read, the first at line ",
    ),
];

#[test]
fn no_gate_passes_over_lines_that_are_not_records() {
    let whole = successes(0).0;
    for form in ["full", "compact"] {
        let records = Run::analyze(["-"]).args(["--format", "ndjson", "--records", form]).input(whole.clone()).stdout();
        let gated =
            |records: String| Run::analyze(["-"]).args(["--format", "json", "--fail-on", "failed > 0"]).input(records);
        gated(records.clone()).stdout();
        let middle = records[..records.len() / 2].rfind('\n').unwrap() + 1;
        let (first, second) = records.split_at(middle);
        for (line, told) in NOT_RECORDS {
            for text in [format!("{first}{line}{second}"), format!("{records}{line}")] {
                let done = gated(text).status(3);
                let summary = read_summary(&done.stdout);
                let coverage = &summary["coverage"];
                assert_eq!(
                    (&coverage["complete"], &summary["gate"]["passed"]),
                    (&json!(false), &json!(false)),
                    "{form}: {line}"
                );
                assert!(coverage["notes"].to_string().contains(told), "{form}: {line}: {coverage}");
                assert_eq!(summary["totals"]["attempts"], 200, "{form}: {line}");
            }
        }
    }
}

#[test]
fn records_of_failures_alone_give_no_rate() {
    let failures = |paths: &[&str], form: &str| {
        Run::analyze(paths).args(["--format", "ndjson", "--failures-only", "--records", form]).stdout()
    };
    for form in ["full", "compact"] {
        let records = failures(&[LOGS], form);
        let all = answer(records.clone());
        let (totals, rows) = (&all["totals"], all["functions"].as_array().unwrap());
        assert!(totals["failed"].as_u64() > Some(20), "{form}: {totals}");
        for row in rows.iter().chain([totals]) {
            assert_eq!(
                (&row["failure_rate"], &row["duration_ms"]["all"]["max"]),
                (&Value::Null, &Value::Null),
                "{form}: {row}"
            );
        }
        assert_eq!(all["coverage"]["complete"], false, "{form}");
        let gated = |records: String, gate| Run::analyze(["-"]).args(["--fail-on", gate]).input(records);
        gated(records.clone(), "failure_rate > 50%").status(3);
        gated(records.clone(), "failed > 20").status(1);
        // What is written from them says it, too.
        let again = Run::analyze(["-"]).args(["--format", "ndjson", "--records", form]).input(records).stdout();
        gated(again, "failure_rate > 50%").status(3);
    }
    // Of another function in the same input every success is there.
    let (log, function) = successes(1);
    let whole = Run::analyze(["-"]).args(["--format", "ndjson"]).input(log).stdout();
    let mixed = answer(whole + &failures(&[LOGS], "full"));
    let row = mixed["functions"].as_array().unwrap().iter().find(|row| row["function"] == function).unwrap();
    assert_eq!((&row["failure_rate"], &mixed["totals"]["failure_rate"]), (&json!(0.0), &Value::Null));
}

#[test]
fn without_records_the_form_is_refused() {
    let done = Run::new(["demo", "--records", "compact"]).status(2);
    assert!(done.stderr.contains("--format ndjson"), "{}", done.stderr);
    let done = Run::new(["schema", "summary", "--ddl", "duckdb"]).status(2);
    assert!(done.stderr.contains("schema record --ddl"), "{}", done.stderr);
}
