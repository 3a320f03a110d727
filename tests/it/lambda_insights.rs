//! Events of Lambda Insights: joined by request id to the attempts of the log, whatever shape, order and input they come in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::harness::{Run, directory, function, read_records, read_summary, root, write};
use super::shapes::{self, BEGIN, Event, Files, GROUP, STREAMS, file, writers};

/// Creates an event about an attempt of 128 MB.
fn event(name: &str, id: &str, at: i64, figures: &Value) -> String {
    let mut event = json!({
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [{
                "Namespace": "LambdaInsights",
                "Dimensions": [["function_name"], ["function_name", "version"]],
                "Metrics": [{"Name": "cpu_total_time", "Unit": "Milliseconds"}],
            }],
            "LambdaInsights": {"ShareTelemetry": true},
        },
        "event_type": "performance", "function_name": name, "version": "$LATEST", "request_id": id, "cold_start": false,
        "used_memory_max": 70, "total_memory": 128, "tmp_free": 500 << 20, "tmp_max": 525 << 20, "fd_use": 40, "fd_max": 1024,
    });
    event.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
    event.to_string()
}

/// Returns the request id of an attempt of the log of all shapes.
fn id(number: usize) -> String {
    format!("{number}f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11")
}

/// Creates the log of Lambda Insights beside the log of all shapes: CPU time tells the attempts apart.
fn measured() -> Vec<Event> {
    [1, 2, 3, 4, 4, 5, 6]
        .into_iter()
        .enumerate()
        .map(|(number, request)| {
            let duration = if request == 3 { 3_000 } else { 500 };
            let at = BEGIN + number as i64 * 120_000 + 200 + duration;
            let figures = json!({"duration": duration, "cpu_total_time": 10 + number});
            Event { at, stream: usize::from(number > 2), message: event("orders", &id(request), at, &figures) + "\n" }
        })
        .collect()
}

/// Returns what each attempt has of Lambda Insights, by request id and number of the attempt.
fn told(records: &[Value]) -> BTreeMap<(String, u64), Value> {
    let key = |record: &Value| (record["request_id"].as_str().unwrap().to_owned(), record["attempt"].as_u64().unwrap());
    records.iter().map(|record| (key(record), record["lambda_insights"]["cpu_ms"].clone())).collect()
}

/// What every attempt of the log of all shapes has.
fn expected() -> BTreeMap<(String, u64), Value> {
    let attempts = [(1, 1), (2, 1), (3, 1), (4, 1), (4, 2), (5, 1), (6, 1)];
    attempts.into_iter().zip(10..).map(|((request, attempt), cpu)| ((id(request), attempt), json!(cpu))).collect()
}

/// Analyses files, named by their numbers: the summary, the records, and these as text.
fn records(files: &Files, backwards: bool) -> (Value, Vec<Value>, String) {
    let place = directory();
    let mut names: Vec<String> = (0..files.len()).map(|number| number.to_string()).collect();
    for ((_, bytes), name) in files.iter().zip(&names) {
        write(&place.path().join(name), bytes);
    }
    if backwards {
        names.reverse();
    }
    let run = || Run::analyze(&names).directory(place.path()).args(["--function", "orders"]);
    let text = run().args(["--format", "ndjson"]).stdout();
    (run().summary(), read_records(&text), text)
}

#[test]
fn events_join_the_log_in_every_shape() {
    let log = &writers(&shapes::log())[0].2;
    let (mut joined, mut wrong) = (0, String::new());
    // What tells these from one message over several lines are sentences of the platform, of which it has none.
    const IN_ONE_TEXT: [&str; 3] = ["carriage returns", "log in a string", "document in a string"];
    for (name, _, files) in writers(&measured()).into_iter().filter(|(name, ..)| !IN_ONE_TEXT.contains(name)) {
        let beside = files.iter().map(|(name, bytes)| {
            let text = String::from_utf8_lossy(bytes).replace(GROUP, "/aws/lambda-insights");
            (name.clone(), if bytes.is_ascii() { text.into_bytes() } else { bytes.clone() })
        });
        let all: Files = log.iter().cloned().chain(beside).collect();
        let analysis = shapes::analyze(&all);
        let counts = analysis.summary.totals.lambda_insights;
        let names: Vec<_> = analysis.summary.functions.iter().map(|row| row.function.clone()).collect();
        let is_right = counts.measured == 7
            && counts.timeouts_waiting == 1
            && names == [Some("orders".to_owned())]
            && analysis.summary.coverage.complete;
        if !is_right {
            wrong.push_str(&format!("{name}: {counts:?} {names:?} {:?}\n", analysis.summary.coverage));
        }
        joined += 1;
    }
    assert!(joined > 30 && wrong.is_empty(), "{joined}\n{wrong}");
}

/// Consoles show an event over several lines.
#[test]
fn events_over_several_lines_join_too() {
    let log = &writers(&shapes::log())[0].2;
    let events: Vec<Value> = measured().iter().map(|event| serde_json::from_str(&event.message).unwrap()).collect();
    let printed = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    for text in [events.iter().map(printed).collect(), printed(&json!(events)), printed(&json!({"hits": events}))] {
        let mut files = log.clone();
        files.push(("printed".to_owned(), text.into_bytes()));
        let (summary, all, _) = records(&files, false);
        assert_eq!(told(&all), expected());
        assert_eq!(summary["functions"].as_array().unwrap().len(), 1);
    }
}

/// Extensions may write to the log of the function, and logs are merged.
#[test]
fn events_among_the_lines_of_the_function_join_too() {
    let mut log = shapes::log();
    let without = shapes::analyze(&writers(&log)[0].2);
    log.extend(measured());
    log.sort_by_key(|event| event.at);
    for (name, keeps, files) in writers(&log) {
        let analysis = shapes::analyze(&files);
        let totals = &analysis.summary.totals;
        assert_eq!(totals.lambda_insights.measured, 7, "{name} {keeps:?}: {:?}", analysis.summary.coverage);
        assert_eq!(totals.failures, without.summary.totals.failures, "{name}");
    }
}

#[test]
fn order_threads_and_copies_change_nothing() {
    let mut files = writers(&shapes::log())[0].2.clone();
    let lines: Vec<String> = measured().into_iter().map(|event| event.message).collect();
    files.push(("first.ndjson".to_owned(), lines[..4].concat().into_bytes()));
    files.push(("all.ndjson".to_owned(), lines.iter().rev().cloned().collect::<String>().into_bytes()));
    let (summary, all, _) = records(&files, false);
    assert_eq!(told(&all), expected());
    assert_eq!(summary["coverage"]["notes"], json!([]));
    let (other, backwards, _) = records(&files, true);
    assert_eq!(told(&backwards), expected());
    for part in ["totals", "functions", "causes"] {
        assert_eq!(summary[part], other[part], "{part}");
    }
}

#[test]
fn records_read_back_give_the_same_answer() {
    let mut files = writers(&shapes::log())[0].2.clone();
    files.push((
        "insights".to_owned(),
        measured().into_iter().map(|event| event.message).collect::<String>().into_bytes(),
    ));
    let (summary, _, text) = records(&files, false);
    let again = Run::analyze(["-"]).input(text.clone()).summary();
    for part in ["totals", "functions", "causes"] {
        assert_eq!(again[part].to_string(), summary[part].to_string(), "{part}");
    }
    let rewritten = Run::analyze(["-"]).args(["--format", "ndjson"]).input(text.clone()).stdout();
    assert_eq!(rewritten, text);
    // The log of Lambda Insights beside the records of a run that lacked it.
    let (_, _, bare) = records(&writers(&shapes::log())[0].2, false);
    let late = files.last().unwrap().1.clone();
    let (_, joined, _) = records(&vec![("records".to_owned(), bare.into_bytes()), ("late".to_owned(), late)], false);
    assert_eq!(told(&joined), expected());
}

/// The log of a function on Managed Instances, whose REPORT has no memory.
fn managed(id: &str) -> String {
    let line = |kind: &str, record: Value| {
        json!({"time": "2026-10-01T00:00:01.000Z", "type": kind, "record": record}).to_string() + "\n"
    };
    line("platform.start", json!({"requestId": id, "version": "7"}))
        + &line("platform.report", json!({"requestId": id, "metrics": {"durationMs": 812.5}, "status": "success"}))
}

#[test]
fn memory_that_no_report_has_comes_from_its_event() {
    let id = id(7);
    let figures = json!({"duration": 812, "used_memory_max": 1_980, "total_memory": 2_048});
    let text = managed(&id) + &event("pool", &id, BEGIN, &figures) + "\n";
    let run = || Run::analyze(["-"]).args(["--function", "pool"]).input(text.clone());
    let summary = run().summary();
    let row = function(&summary, "pool");
    assert_eq!((&row["memory"]["size_mb"], &row["memory"]["max_used_mb"]), (&json!(2_048), &json!(1_980)));
    assert_eq!(row["memory"]["near_limit"], 1);
    assert_eq!(row["lambda_insights"]["memory_known"], 1);
    let record = &run().records()[0];
    assert_eq!(
        (&record["max_memory_used_mb"], &record["lambda_insights"]["memory_used_mb"]),
        (&Value::Null, &json!(1_980))
    );
    let table = run().args(["--wide"]).stdout();
    assert!(table.contains("1,980/2,048"), "{table}");
}

/// Returns the hint on the timeouts of a function of this size, given the CPU time and /tmp of its attempts.
fn hint(memory_mb: u64, figures: &[Value]) -> String {
    let mut text = String::new();
    for (number, figures) in figures.iter().enumerate() {
        let id = format!("{number:08x}-7d70-4d4a-9b1c-3f0a5d0c2e11");
        let minute = format!("2026-10-01T00:{number:02}");
        text += &format!(
            "{minute}:00.000Z START RequestId: {id} Version: 7\n{minute}:00.010Z {minute}:00.010Z\t{id}\tINFO\tworking\n\
             {minute}:03.000Z {minute}:03.000Z {id} Task timed out after 3.00 seconds\n{minute}:03.000Z END RequestId: {id}\n\
             {minute}:03.000Z REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: {memory_mb} MB\t\
             Max Memory Used: 60 MB\tStatus: timeout\n"
        );
        text += &format!("{minute}:03.100Z ");
        text += &(event("orders", &id, BEGIN, &json!({"duration": 3_000})).replace("\"duration\":3000", &{
            let figures = figures.to_string();
            figures[1..figures.len() - 1].to_owned()
        }) + "\n");
    }
    let summary =
        read_summary(&Run::analyze(["-"]).args(["--function", "orders", "--format", "json"]).input(text).stdout());
    summary["functions"][0]["findings"][0]["hint"].as_str().unwrap().to_owned()
}

#[test]
fn advice_tells_computing_from_waiting() {
    // A function of 512 MB has 29 % of a processor: 868 ms of 3 s.
    let computed =
        hint(512, &[json!({"cpu_total_time": 860}), json!({"cpu_total_time": 840}), json!({"cpu_total_time": 30})]);
    assert!(
        computed.starts_with("It computed until the 3 s timeout in 2 of 3 attempts, using 97 % of its CPU time"),
        "{computed}"
    );
    assert!(computed.contains("Raise memory, which raises CPU") && !computed.contains("client timeout"), "{computed}");
    let waited = hint(512, &[json!({"cpu_total_time": 30}), json!({"cpu_total_time": 60})]);
    assert!(waited.starts_with("It waited in both attempts, using 5 % of its CPU time"), "{waited}");
    assert!(waited.contains("Set a client timeout well below 3 s"), "{waited}");
    // More memory makes no single thread faster.
    let large = hint(3_008, &[json!({"cpu_total_time": 2_950})]);
    assert!(large.starts_with("It computed") && !large.contains("Raise memory"), "{large}");
    // The init of a cold start computes, and what comes after it may wait.
    let neither = hint(512, &[json!({"cpu_total_time": 500})]);
    assert!(neither.starts_with("The log goes quiet"), "{neither}");
    let full = hint(512, &[json!({"cpu_total_time": 500, "tmp_free": 1 << 20})]);
    assert!(full.contains("/tmp was full in the attempt (Lambda Insights)"), "{full}");
}

#[test]
fn what_joins_nothing_is_counted_and_makes_no_function() {
    let log = &writers(&shapes::log())[0].2;
    let of = |name: &str, id: &str| (event(name, id, BEGIN, &json!({"cpu_total_time": 3})) + "\n").into_bytes();
    let other_metrics = event("orders", &id(1), BEGIN, &json!({"cpu_total_time": 9}))
        .replace("\"LambdaInsights\"}", "\"Shop\"}")
        .replace("\"Namespace\":\"LambdaInsights\"", "\"Namespace\":\"Shop\"")
        + "\n";
    let mut files = log.clone();
    files.push(("stranger".to_owned(), of("ghost", &id(9))));
    files.push(("other".to_owned(), of("billing", &id(1))));
    files.push(("shop".to_owned(), other_metrics.into_bytes()));
    let (summary, all, _) = records(&files, false);
    assert!(all.iter().all(|record| record["lambda_insights"].is_null()));
    assert_eq!(summary["functions"].as_array().unwrap().len(), 1);
    let notes = summary["coverage"]["notes"].to_string();
    assert!(notes.contains("2 of 2 events of Lambda Insights have no attempt in this log"), "{notes}");
    let (plain, ..) = records(log, false);
    assert_eq!(summary["functions"], plain["functions"]);
}

#[test]
fn a_log_of_it_alone_is_no_log_of_invocations_and_no_mistake() {
    let lines: String = measured().into_iter().map(|event| event.message).collect();
    let named = json!({"events": measured().iter().enumerate().map(|(number, event)| json!({
        "logStreamName": STREAMS[0], "timestamp": event.at, "message": event.message, "eventId": number.to_string(),
    })).collect::<Vec<_>>()});
    for text in [lines, named.to_string(), String::from_utf8(file("[]".to_owned())[0].1.clone()).unwrap()] {
        let done = Run::analyze(["-"]).args(["--format", "json"]).input(text.clone()).status(4);
        let summary = read_summary(&done.stdout);
        assert_eq!(summary["functions"], json!([]));
        assert_eq!(summary["coverage"]["bytes"]["unrecognized"], 0);
        assert_eq!(done.stderr.contains("Lambda Insights"), text.contains("LambdaInsights"), "{}", done.stderr);
    }
}

#[test]
fn show_has_the_figures_of_each_attempt() {
    let place = directory();
    let (log, insights) = (place.path().join("log"), place.path().join("insights"));
    write(&log, &writers(&shapes::log())[0].2[0].1);
    write(&insights, measured().into_iter().map(|event| event.message).collect::<String>());
    let shown = Run::new(["show", "4f507cfc"]).args([&insights, &log]).args(["--function", "orders"]);
    let text = shown.stdout();
    for part in ["CPU time 13 ms, memory 70 of 128 MB, /tmp 25 of 525 MB", "CPU time 14 ms"] {
        assert!(text.contains(part), "{text}");
    }
}

/// What people see of a log with Lambda Insights beside it.
#[test]
fn the_table_says_what_was_measured() {
    let expected = root().join("fixtures/insights/expected.txt");
    let text = Run::analyze(["fixtures/insights/functions.ndjson", "fixtures/insights/lambda-insights.ndjson"])
        .args(["--details", "--wide", "--width", "100"])
        .stdout();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        write(&expected, &text);
    }
    assert_eq!(
        text,
        std::fs::read_to_string(&expected).unwrap(),
        "run with UPDATE_EXPECTED=1 and review the difference"
    );
}
