//! Records of destinations, metrics and configuration that tell of more, or of less, than the log: what they prove is said,
//! and what they do not prove is not.

use serde_json::{Value, json};

use super::harness::{Run, directory, function, write};

/// 2026-03-01T10:00:00Z
const START_MS: i64 = 1_772_359_200_000;
const MINUTE_MS: i64 = 60_000;

fn id(number: u64) -> String {
    format!("{number:08x}-0000-4000-8000-0123456789ab")
}

fn time(ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(ms).unwrap())
}

/// Writes an attempt that began so many milliseconds into the log.
fn attempt(name: &str, id: &str, at: i64, ok: bool) -> String {
    let at = START_MS + at;
    let mut text = String::new();
    let mut line = |after: i64, message: String| {
        let event = json!({"timestamp": at + after, "message": message, "logGroup": format!("/aws/lambda/{name}"),
            "logStream": format!("2026/03/01/[7]{at:032x}")});
        text += &format!("{event}\n");
    };
    line(0, format!("START RequestId: {id} Version: 7\n"));
    if !ok {
        line(1, "[ERROR] ValueError: broken\nTraceback (most recent call last):\n  File \"/var/task/a.py\", line 3, in handler\n    raise ValueError()".to_owned());
    }
    line(2, format!("END RequestId: {id}\n"));
    let figures = "Duration: 12.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n";
    line(2, format!("REPORT RequestId: {id}\t{figures}"));
    text
}

fn record(name: &str, id: &str, at: i64, condition: &str, invokes: u32) -> Value {
    json!({"version": "1.0", "timestamp": time(START_MS + at), "requestContext": {"requestId": id,
        "functionArn": format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}:$LATEST"), "condition": condition,
        "approximateInvokeCount": invokes}, "responseContext": {"statusCode": 200}})
}

fn dead_letter(id: &str) -> Value {
    json!({"Messages": [{"Body": "x", "MessageAttributes": {"RequestID": {"StringValue": id, "DataType": "String"},
        "ErrorCode": {"StringValue": "200", "DataType": "Number"}}}]})
}

/// Analyses a log of two hours with these attempts, and with these records.
fn analyzed(attempts: &str, records: &str, status: i32) -> Value {
    let place = directory();
    let (log, destinations) = (place.path().join("log"), place.path().join("records"));
    let edges = attempt("orders", &id(900), 0, true) + &attempt("orders", &id(901), 120 * MINUTE_MS, true);
    write(&log, edges + attempts);
    write(&destinations, records);
    let done = Run::analyze([&log]).arg_path("--destinations", &destinations).args(["--format", "json"]).status(status);
    super::harness::read_summary(&done.stdout)
}

fn notes(summary: &Value) -> String {
    summary["coverage"]["notes"].to_string()
}

const LACKS: &str = "the log lacks attempts (functions: orders)";

#[test]
fn a_record_of_more_attempts_than_the_log_has_makes_it_partial() {
    let failed = attempt("orders", &id(1), 60 * MINUTE_MS, false);
    for (record, lacks) in [
        (record("orders", &id(1), 64 * MINUTE_MS, "RetriesExhausted", 3), true),
        (record("orders", &id(1), 64 * MINUTE_MS, "RetriesExhausted", 1), false),
        // A success that the log does not show, of an event that failed, and of one of which it has nothing.
        (record("orders", &id(1), 64 * MINUTE_MS, "Success", 2), true),
        (record("orders", &id(2), 64 * MINUTE_MS, "Success", 1), true),
        // Further attempts may have come after the log.
        (record("orders", &id(1), 125 * MINUTE_MS, "RetriesExhausted", 3), false),
        (record("orders", &id(2), 125 * MINUTE_MS, "Success", 1), false),
        // What began before the log may end in it.
        (record("orders", &id(2), 3 * MINUTE_MS, "Success", 1), false),
        // Another function, which the log does not have.
        (record("billing", &id(2), 64 * MINUTE_MS, "Success", 1), false),
        (record("billing", &id(1), 64 * MINUTE_MS, "Success", 3), false),
    ] {
        let summary = analyzed(&failed, &record.to_string(), 0);
        assert_eq!(notes(&summary).contains(LACKS), lacks, "{record}: {}", notes(&summary));
        assert_eq!(summary["coverage"]["complete"], !lacks, "{record}: {}", notes(&summary));
    }
    // Attempts that came first may lie before a log that begins shortly before.
    let early = attempt("orders", &id(1), 3 * MINUTE_MS, false);
    let summary = analyzed(&early, &record("orders", &id(1), 5 * MINUTE_MS, "RetriesExhausted", 3).to_string(), 0);
    assert_eq!(summary["coverage"]["complete"], true, "{}", notes(&summary));
    let whole = [60, 61, 63].map(|minute| attempt("orders", &id(1), minute * MINUTE_MS, minute == 63)).concat();
    let summary = analyzed(&whole, &record("orders", &id(1), 64 * MINUTE_MS, "Success", 3).to_string(), 0);
    assert_eq!(summary["coverage"]["complete"], true, "{}", notes(&summary));
}

#[test]
fn a_dead_letter_queue_catches_an_id_in_one_function() {
    let lost = |name: &str| [60, 61, 63].map(|minute| attempt(name, &id(1), minute * MINUTE_MS, false)).concat();
    let fine = |name: &str| attempt(name, &id(1), 60 * MINUTE_MS, true);
    let caught = |summary: &Value, name: &str| function(summary, name)["caught"].as_u64().unwrap();
    let message = dead_letter(&id(1)).to_string();
    let alone = analyzed(&lost("orders"), &message, 0);
    assert_eq!((caught(&alone, "orders"), &alone["totals"]["caught"]), (1, &json!(1)));
    // The function that it called under the same id succeeded.
    let called = analyzed(&(lost("orders") + &fine("billing")), &message, 0);
    assert_eq!((caught(&called, "orders"), caught(&called, "billing")), (1, 0));
    let both = analyzed(&(lost("orders") + &lost("billing")), &message, 0);
    assert_eq!((caught(&both, "orders"), caught(&both, "billing"), &both["totals"]["lost"]), (0, 0, &json!(2)));
    assert!(notes(&both).contains("1 message of a dead-letter queue"), "{}", notes(&both));
    assert_eq!(both["totals"]["never_ran"], 0);
}

#[test]
fn a_line_of_another_kind_among_records_is_named_and_the_rest_counts() {
    let lost = |number: u64| {
        [60, 61, 63].map(|minute| attempt("orders", &id(number), minute * MINUTE_MS + number as i64, false)).concat()
    };
    let of = |number: u64| record("orders", &id(number), 64 * MINUTE_MS, "RetriesExhausted", 3);
    let records = format!("{}\nAn error occurred (ExpiredToken) when calling ReceiveMessage\n{}\n", of(1), of(2));
    let summary = analyzed(&(lost(1) + &lost(2)), &records, 3);
    assert_eq!(function(&summary, "orders")["caught"], 2);
    let problem = summary["coverage"]["inputs_unreadable"][0]["reason"].as_str().unwrap();
    assert!(problem.starts_with("the JSON document 2 cannot be read (line "), "{problem}");
}

/// Answers the query for the metrics of a log with so many invocations.
fn metrics(query: &str, invocations: u64) -> String {
    let results = query.lines().flat_map(|line| {
        let call: Value = serde_json::from_str(line).unwrap();
        let start = call["StartTime"].clone();
        call["MetricDataQueries"].as_array().unwrap().clone().into_iter().map(move |query| (query, start.clone()))
    });
    let result = |(query, start): (Value, Value)| {
        let count = if query["MetricStat"]["Metric"]["MetricName"] == "Invocations" { invocations } else { 0 };
        let values: Vec<u64> = (count > 0).then_some(count).into_iter().collect();
        json!({"Id": query["Id"], "Label": query["Label"], "Timestamps": vec![start; values.len()], "Values": values, "StatusCode": "Complete"})
    };
    json!({"MetricDataResults": results.map(result).collect::<Vec<_>>(), "Messages": []}).to_string()
}

#[test]
fn a_log_that_is_cut_within_a_minute_is_not_partial_for_it() {
    let place = directory();
    let path = |name: &str| place.path().join(name);
    // One a second, cut 45 seconds before the end of an hour, which is what metrics of any age are kept for.
    let log: String = (0..3_555).map(|n| attempt("orders", &id(n), n as i64 * 1_000, true)).collect();
    write(&path("log"), log);
    write(&path("answer.json"), Run::analyze([path("log")]).summary().to_string());
    let query = Run::new(["cloudwatch-query"]).args([path("answer.json")]).stdout();
    for (invocations, complete) in [(3_555, true), (3_600, true), (3_800, false)] {
        write(&path("metrics.json"), metrics(&query, invocations));
        let summary = Run::analyze([path("log")]).arg_path("--cloudwatch-metrics", &path("metrics.json")).summary();
        assert_eq!(summary["coverage"]["complete"], complete, "{invocations}: {}", notes(&summary));
    }
}

#[test]
fn diff_tells_what_changed_beside_the_log() {
    let place = directory();
    let path = |name: &str| place.path().join(name);
    let mut summary = analyzed("", "[]", 0);
    for (name, throttles, never_ran) in [("base.json", 0, 0), ("head.json", 120, 3)] {
        for row in [&mut "totals", &mut "functions"] {
            let row = if *row == "totals" { &mut summary["totals"] } else { &mut summary["functions"][0] };
            row["own_throttles"] = json!(throttles);
            row["never_ran"] = json!(never_ran);
        }
        write(&path(name), summary.to_string());
    }
    let run = || Run::new(["diff"]).args([path("base.json"), path("head.json")]);
    let text = run().stdout();
    assert!(text.contains("Beside the log: orders throttled 0 → 120, never ran 0 → 3"), "{text}");
    let value: Value = serde_json::from_str(&run().args(["--format", "json"]).stdout()).unwrap();
    super::harness::fits_schema("diff", &value);
    assert_eq!(
        (&value["head"]["own_throttles"], &value["functions"][0]["head"]["never_ran"]),
        (&json!(120), &json!(3))
    );
    summary["totals"]["own_throttles"] = Value::Null;
    summary["functions"][0]["own_throttles"] = Value::Null;
    write(&path("head.json"), summary.to_string());
    let text = run().stdout();
    assert!(text.contains("only the base has throttles") && !text.contains("throttled 0"), "{text}");
}
