//! Selection and masking: only the requested functions, times and failures are analysed; what is masked stays masked.

use serde_json::Value;

use super::harness::{LOGS, Run, directory, formats, function, read_summary, write};

const RETRIES: &str = "fixtures/logs/retries";

fn names(summary: &Value) -> Vec<&str> {
    summary["functions"].as_array().unwrap().iter().map(|one| one["function"].as_str().unwrap()).collect()
}

#[test]
fn only_takes_globs() {
    let summary = Run::analyze([LOGS]).args(["--only", "order*", "--only", "geo-lookup"]).summary();
    let mut found = names(&summary);
    found.sort_unstable();
    assert_eq!(found, ["geo-lookup", "order-router", "orders-api"]);
    let whole = Run::analyze([LOGS]).summary();
    assert_eq!(function(&summary, "geo-lookup"), function(&whole, "geo-lookup"));
    let records = Run::analyze([LOGS]).args(["--only", "geo-*"]).records();
    assert!(records.iter().all(|record| record["function"] == "geo-lookup") && records.len() == 5);
}

/// A row whose function the log does not name is selected by what the table calls it: in the log, in its records, and in
/// the summary.
#[test]
fn what_stands_for_a_missing_name_is_selected() {
    let folder = directory();
    let log = |id: &str, ends: &str| {
        format!(
            "START RequestId: {id} Version: $LATEST\n\
             2026-01-02T03:04:05.678Z {id} Task timed out after 3.00 seconds\n\
             END RequestId: {id}\n\
             REPORT RequestId: {id} Duration: 3000.00 ms Billed Duration: 3000 ms Memory Size: 128 MB Max Memory Used: {ends} MB\n"
        )
    };
    let place = folder.path();
    std::fs::create_dir_all(place.join("logs")).unwrap();
    write(&place.join("logs/a[1].log"), log("11111111-2222-4333-8444-555555555551", "60"));
    write(&place.join("logs/b.log"), log("11111111-2222-4333-8444-555555555552", "61"));
    let analyze = |path: &'static str| Run::analyze([path]).directory(place);
    write(&place.join("records.ndjson"), analyze("logs").args(["--format", "ndjson"]).stdout());
    write(&place.join("summary.json"), analyze("logs").args(["--format", "json"]).stdout());
    let used = |run: Run, status| {
        let summary = read_summary(&run.args(["--format", "json"]).status(status).stdout);
        let rows = summary["functions"].as_array().unwrap();
        let mut used: Vec<_> = rows.iter().map(|row| row["memory"]["max_used_mb"].as_u64().unwrap()).collect();
        used.sort_unstable();
        used
    };
    for (only, want) in [
        ("(no name) logs/a[1].log", &[60][..]),
        ("(no name) logs/b.log", &[61]),
        ("(no name) lo…b.log", &[61]),
        ("(no name) */b.log", &[61]),
        ("(no name)", &[60, 61]),
        ("(no name) logs/nothing.log", &[]),
        ("*", &[]),
    ] {
        let status = if want.is_empty() { 4 } else { 0 };
        for run in [analyze("logs"), analyze("records.ndjson"), Run::new(["view", "summary.json"]).directory(place)] {
            assert_eq!(used(run.args(["--only", only]), status), want, "{only}");
        }
    }
    // The next commands are pasted as they are.
    write(&place.join("logs/c.log"), log("11111111-2222-4333-8444-555555555553", "62"));
    let screen = analyze("logs").args(["--exclude", "a*"]).stdout();
    assert!(screen.contains("\n(no name) logs/b.log ") && screen.contains(" --only '(no name) logs/"), "{screen}");
    let screen = analyze("logs").args(["--exclude", "c*"]).stdout();
    assert!(
        !screen.contains("--only '(no name) logs/a[1].log'"),
        "a path with signs of a glob is not offered: {screen}"
    );
    let life = Run::new(["show", "11111111", "logs", "--only", "(no name) logs/b.log"]).directory(place).stdout();
    assert!(life.contains("555555555552") && !life.contains("555555555551"), "{life}");
}

#[test]
fn times_cut_a_part_out() {
    let attempts = |arguments: &[&str]| {
        let records = Run::analyze([RETRIES]).args(arguments).records();
        records.iter().map(|record| record["started_at"].as_str().unwrap()[11..16].to_owned()).collect::<Vec<_>>()
    };
    let all = attempts(&[]);
    assert_eq!(all.len(), 9);
    assert_eq!(attempts(&["--from", "2026-01-02T16:03:00Z"]), ["16:03", "16:04", "16:06", "16:20"]);
    assert_eq!(attempts(&["--to", "2026-01-02T16:00:30Z"]), ["16:00", "16:00"]);
    assert_eq!(attempts(&["--from", "2026-01-02T16:03:00Z", "--to", "2026-01-02T16:05:00Z"]), ["16:03", "16:04"]);
    assert_eq!(attempts(&["--since", "15m"]), ["16:06", "16:20"], "counted back from the latest event");
    assert_eq!(attempts(&["--from", "-15m"]), attempts(&["--since", "15m"]));
    assert_eq!(attempts(&["--from=-15m", "--to", "10m ago"]), ["16:06"]);
    assert_eq!(attempts(&["--from", "16:03"]), ["16:03", "16:04", "16:06", "16:20"]);
    assert_eq!(attempts(&["--from", "16:03", "--to", "16:05:00"]), ["16:03", "16:04"]);
    assert_eq!(attempts(&["--from", "16:30"]), all, "the last 16:30 before the log ends is of the day before");
    // Tokyo is nine hours ahead, without summer time.
    for from in ["2026-01-03 01:03", "2026-01-03T01:03:00", "01:03"] {
        assert_eq!(attempts(&["--from", from, "--tz", "Asia/Tokyo"]), ["16:03", "16:04", "16:06", "16:20"], "{from}");
    }
}

#[test]
fn wrong_times_are_wrong_usage() {
    for arguments in [
        ["--from", "yesterday", "--to", "2026-01-02"],
        ["--from", "2026-01-03", "--to", "2026-01-02"],
        ["--since", "3h", "--from", "2026-01-02"],
        ["--from", "-1h", "--to", "-2h"],
        ["--from", "25:00", "--tz", "UTC"],
        ["--from", "03:00", "--tz", "Europe/Nowhere"],
    ] {
        Run::analyze([RETRIES]).args(arguments).status(2);
    }
}

/// A zone changes what people read, and nothing that programs read.
#[test]
fn zones_change_only_text() {
    for format in ["json", "ndjson"] {
        let output = |zone: &str| Run::analyze([LOGS]).args(["--format", format, "--tz", zone]).status(0).stdout;
        assert_eq!(output("UTC"), output("Asia/Tokyo"), "{format}");
    }
    let table = |arguments: &[&str]| Run::analyze([RETRIES]).args(arguments).status(0).stdout;
    assert!(table(&[]).contains(", 2026-01-02 16:00-16:20 UTC"), "{}", table(&[]));
    assert!(table(&["--tz", "Europe/Berlin"]).contains(", 2026-01-02 17:00-17:20 CET"));
    assert!(table(&["--tz", "asia/tokyo"]).contains(", 2026-01-03 01:00-01:20 JST"));
    let by_variable = |arguments: &[&str]| {
        let run = Run::analyze([RETRIES]).args(arguments).env("LAMBDA_TRIAGE_TZ", "Europe/Berlin");
        run.status(0).stdout
    };
    assert!(by_variable(&[]).contains("17:20 CET"));
    assert!(by_variable(&["--tz", "UTC"]).contains("16:20 UTC"), "the flag wins");
    let wrong = Run::analyze([RETRIES]).env("LAMBDA_TRIAGE_TZ", "Europe/Berln").status(2).stderr;
    assert!(wrong.contains("LAMBDA_TRIAGE_TZ") && wrong.contains("did you mean Europe/Berlin"), "{wrong}");
}

#[test]
fn a_log_without_a_name_takes_the_one_it_is_given() {
    let log = "START RequestId: 0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11 Version: 1\n\
               END RequestId: 0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11\n\
               REPORT RequestId: 0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11\tDuration: 3.00 ms\tBilled Duration: 3 ms\t\
               Memory Size: 128 MB\tMax Memory Used: 30 MB\t\n";
    let nameless = Run::analyze(["-"]).input(log).summary();
    assert_eq!(nameless["functions"][0]["function"], Value::Null);
    let named = Run::analyze(["-"]).input(log).args(["--function", "orders"]).summary();
    assert_eq!(names(&named), ["orders"]);
    let told = Run::analyze([RETRIES]).args(["--function", "orders"]).summary();
    assert_eq!(names(&told), ["refund-processor"], "what the input says wins");
}

#[test]
fn failures_only_leaves_the_rest_out() {
    let records = Run::analyze([RETRIES]).args(["--failures-only"]).records();
    assert_eq!(records.len(), 5);
    assert!(records.iter().all(|record| record["category"] != "ok"));
    Run::analyze([RETRIES]).args(["--failures-only"]).status(2);
}

#[test]
fn secrets_are_masked_unless_asked_for() {
    let secret = "AKIAIOSFODNN7EXAMPLE";
    let log = format!(
        "2026-01-02T03:00:00.000Z START RequestId: 0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11 Version: 1\n\
         2026-01-02T03:00:00.010Z [ERROR] ValueError: bad key {secret}\nTraceback (most recent call last):\n\
         2026-01-02T03:00:00.011Z END RequestId: 0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11\n\
         2026-01-02T03:00:00.011Z REPORT RequestId: 0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11\tDuration: 3.00 ms\t\
         Billed Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t\n"
    );
    for format in formats() {
        let run = || Run::analyze(["-"]).input(log.as_str()).args(["--format", format]);
        let masked = run().stdout();
        assert!(!masked.contains(secret) && masked.contains("[redacted]"), "{format}: {masked}");
        assert!(run().args(["--no-redact"]).stdout().contains(secret), "{format}");
    }
}
