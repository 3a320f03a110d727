//! What an account tells beside its logs, held against a log: own throttles, balance of asynchronous events, caught and
//! lost events are those that were drawn, in whatever shape the records come; what is wrong is named and the rest used.

use std::fmt::Write;
use std::fs;

use serde_json::{Value, json};

use super::generate::Random;
use super::harness::{Run, directory, formats, function, read_records};
use super::html::html_is;

const START_MS: i64 = 1_772_359_200_000;
const MINUTE_MS: i64 = 60_000;
/// All of the log: metrics of any age are kept for whole hours.
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Text that stands in every payload, and nowhere else.
const PAYLOAD: &str = "PAYLOAD-THAT-NOBODY-SEES";

/// What is true of one function.
#[derive(Debug, Default)]
struct Truth {
    attempts: u64,
    failed: u64,
    succeeded: u64,
    caught: u64,
    lost: u64,
    never_ran: u64,
    throttles: u64,
    received: u64,
    dropped: u64,
}

/// Functions that are run asynchronously, with their log, their metrics and the records of their destinations.
#[derive(Debug, Default)]
struct Account {
    log: String,
    records: Vec<Value>,
    /// Request id and time of events in a dead-letter queue.
    dead_letters: Vec<(String, i64)>,
    truth: Vec<(String, Truth)>,
}

fn time(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap();
    format!("{at:.3}")
}

impl Account {
    /// Draws one.
    fn draw(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut account = Self::default();
        for number in 0..1 + random.below(4) {
            let name = format!("worker-{number}");
            let mut truth = Truth { throttles: random.below(4) * random.below(90), ..Truth::default() };
            for event in 0..20 + random.below(50) {
                let id = format!("{:08x}-0000-4000-8000-{seed:04x}{number:08x}", event + 1);
                // All over by the end of the log, which a last event holds open for long enough.
                account.event(&name, &id, START_MS + random.below(20) as i64 * MINUTE_MS, &mut random, &mut truth);
            }
            // The log begins and ends with an attempt, so that it has all of the hour.
            for (first, at) in [("eeeeeeee", START_MS), ("ffffffff", START_MS + HOUR_MS - 1_000)] {
                account.attempt(&name, &format!("{first}-0000-4000-8000-{seed:04x}{number:08x}"), at, true);
                truth.attempts += 1;
                truth.succeeded += 1;
                truth.received += 1;
            }
            account.truth.push((name, truth));
        }
        account
    }

    fn event(&mut self, name: &str, id: &str, at: i64, random: &mut Random, truth: &mut Truth) {
        truth.received += 1;
        let failures = match random.below(10) {
            0 => {
                truth.never_ran += 1;
                truth.dropped += 1;
                return self.records.push(record(name, id, at + MINUTE_MS, "EventAgeExceeded", 0));
            }
            1 | 2 => 3,
            3 => 1 + random.below(2) as i64,
            _ => 0,
        };
        for attempt in 0..3i64 {
            let ok = attempt >= failures;
            self.attempt(name, id, at + attempt * 90_000, ok);
            truth.attempts += 1;
            truth.failed += u64::from(!ok);
            if ok {
                truth.succeeded += 1;
                return;
            }
        }
        truth.dropped += 1;
        let end = at + 181_000;
        match random.below(3) {
            0 => truth.lost += 1,
            1 => {
                truth.caught += 1;
                self.dead_letters.push((id.to_owned(), end));
            }
            _ => {
                truth.caught += 1;
                self.records.push(record(name, id, end, "RetriesExhausted", 3));
            }
        }
    }

    fn attempt(&mut self, name: &str, id: &str, at: i64, ok: bool) {
        let mut line = |after: i64, message: String| {
            let event = json!({"timestamp": at + after, "message": message, "logGroup": format!("/aws/lambda/{name}"),
                "logStream": format!("2026/03/01/[7]{at:032x}")});
            writeln!(self.log, "{event}").unwrap();
        };
        line(0, format!("START RequestId: {id} Version: 7\n"));
        if !ok {
            let trace = "Traceback (most recent call last):\n  File \"/var/task/a.py\", line 3, in handler\n    raise ValueError()\n";
            line(1, format!("[ERROR] ValueError: the order is broken\n{trace}"));
        }
        line(2, format!("END RequestId: {id}\n"));
        let figures = "Duration: 12.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n";
        line(2, format!("REPORT RequestId: {id}\t{figures}"));
    }

    /// Returns what CloudWatch counts, as an answer to the query of `cloudwatch-query`.
    fn metrics(&self, query: &str) -> String {
        let results = query.lines().flat_map(|line| {
            let call: Value = serde_json::from_str(line).unwrap();
            let start = call["StartTime"].clone();
            let queries = call["MetricDataQueries"].as_array().unwrap().clone();
            queries.into_iter().map(move |query| (query, start.clone()))
        });
        let result = |(query, start): (Value, Value)| {
            let metric = &query["MetricStat"]["Metric"];
            let name = metric["Dimensions"][0]["Value"].as_str().unwrap();
            let truth = &self.truth.iter().find(|(function, _)| function == name).unwrap().1;
            let value = match metric["MetricName"].as_str().unwrap() {
                "Invocations" => truth.attempts,
                "Errors" => truth.failed,
                "Throttles" => truth.throttles,
                "AsyncEventsReceived" => truth.received,
                "AsyncEventsDropped" => truth.dropped,
                _ => 0,
            };
            // A metric that is zero has no data point.
            let values: Vec<u64> = (value > 0).then_some(value).into_iter().collect();
            json!({"Id": query["Id"], "Label": query["Label"], "Timestamps": vec![start; values.len()], "Values": values, "StatusCode": "Complete"})
        };
        json!({"MetricDataResults": results.map(result).collect::<Vec<_>>(), "Messages": []}).to_string()
    }

    /// Returns the messages of its queues, as `receive-message` prints them.
    fn messages(&self) -> String {
        let of_destination = self.records.iter().map(|record| json!({"Body": record.to_string()}));
        let of_queue = self.dead_letters.iter().map(|(id, at)| {
            json!({"Body": PAYLOAD, "Attributes": {"SentTimestamp": at.to_string()}, "MessageAttributes": {
                "RequestID": {"StringValue": id, "DataType": "String"}, "ErrorCode": {"StringValue": "200", "DataType": "Number"}}})
        });
        json!({"Messages": of_destination.chain(of_queue).collect::<Vec<_>>()}).to_string()
    }
}

fn record(name: &str, id: &str, at: i64, condition: &str, invokes: u32) -> Value {
    json!({"version": "1.0", "timestamp": time(at), "requestContext": {"requestId": id,
        "functionArn": format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}:$LATEST"), "condition": condition,
        "approximateInvokeCount": invokes}, "requestPayload": {"card": PAYLOAD}, "responseContext": {"statusCode": 200,
        "functionError": "Unhandled"}, "responsePayload": {"errorMessage": PAYLOAD}})
}

#[test]
fn everything_is_as_it_was_drawn() {
    for seed in 0..20 {
        let account = Account::draw(seed);
        let place = directory();
        let path = |name: &str| place.path().join(name);
        fs::write(path("log.ndjson"), &account.log).unwrap();
        fs::write(path("messages.json"), account.messages()).unwrap();
        let plain = Run::analyze([path("log.ndjson")]).summary();
        fs::write(path("answer.json"), plain.to_string()).unwrap();
        let query = Run::new(["cloudwatch-query"]).args([path("answer.json")]).stdout();
        fs::write(path("metrics.json"), account.metrics(&query)).unwrap();
        let run = || {
            let run = Run::analyze([path("log.ndjson")]).arg_path("--destinations", &path("messages.json"));
            run.arg_path("--cloudwatch-metrics", &path("metrics.json"))
        };
        let summary = run().summary();
        let mut all = Truth::default();
        for (name, truth) in &account.truth {
            let (before, row) = (function(&plain, name), function(&summary, name));
            assert!(before["own_throttles"].is_null() && before["caught"].is_null() && before["never_ran"].is_null());
            assert_eq!(before["lost"], truth.caught + truth.lost, "seed {seed}, {name}: {truth:?}");
            assert_eq!(row["outcomes"]["exhausted"], truth.caught + truth.lost, "seed {seed}, {name}");
            let told = |key: &str| row[key].as_u64().unwrap_or_else(|| panic!("seed {seed}, {name}: {key} is null"));
            assert_eq!(
                (told("caught"), told("lost"), told("never_ran"), told("own_throttles"), told("attempts")),
                (truth.caught, truth.lost, truth.never_ran, truth.throttles, truth.attempts),
                "seed {seed}, {name}"
            );
            let metrics = &row["cloudwatch_metrics"];
            assert_eq!(
                (&metrics["logged_attempts"], &metrics["errors"]),
                (&json!(truth.attempts), &json!(truth.failed))
            );
            let balance = json!({"received": truth.received, "succeeded": truth.succeeded, "dropped": truth.dropped,
                "open": 0, "unexplained": 0});
            assert_eq!(metrics["async_balance"], balance, "seed {seed}, {name}");
            all.caught += truth.caught;
            all.never_ran += truth.never_ran;
            all.throttles += truth.throttles;
        }
        let totals = &summary["totals"];
        assert_eq!(
            (&totals["caught"], &totals["never_ran"], &totals["own_throttles"]),
            (&json!(all.caught), &json!(all.never_ran), &json!(all.throttles)),
            "seed {seed}"
        );
        assert_eq!(summary["coverage"]["complete"], true, "seed {seed}: {}", summary["coverage"]);
        // The events that never ran are in the list, and in the ledger with what caught them.
        let ledger = path("ledger.json");
        run().arg_path("--ledger", &ledger).stdout();
        let ledger: Value = serde_json::from_str(&fs::read_to_string(&ledger).unwrap()).unwrap();
        for (rows, what) in [(&summary["events_to_check"], "list"), (&ledger["events"], "ledger")] {
            let count = |need: &str| rows.as_array().unwrap().iter().filter(|row| row["need"] == need).count() as u64;
            assert_eq!((count("never_ran"), count("caught")), (all.never_ran, all.caught), "seed {seed}, {what}");
        }
        // The page and the headline tell them, too.
        if seed < 3 {
            html_is(&run().args(["--format", "html", "--top", "0"]).stdout(), &summary);
        }
        let table = run().stdout();
        let told = table.lines().next().unwrap().contains(&format!("{} never ran", all.never_ran));
        assert_eq!(told, all.never_ran > 0, "seed {seed}: {table}");
        // No output has a payload.
        for format in formats().filter(|_| seed < 3) {
            assert!(!run().args(["--format", format, "--details"]).stdout().contains(PAYLOAD), "{format}");
        }
        // Records say what caught their events, and give the same answer when they are read back.
        let records = run().args(["--format", "ndjson"]).stdout();
        let caught = read_records(&records).iter().filter(|record| record["caught_by"].is_object()).count() as u64;
        assert_eq!(caught, 3 * all.caught, "seed {seed}");
        let again = Run::new(["analyze", "-"]).input(records).summary();
        if all.caught > 0 {
            assert_eq!((&again["totals"]["caught"], &again["totals"]["lost"]), (&totals["caught"], &totals["lost"]));
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_named_and_the_rest_is_used() {
    let account = Account::draw(1);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let records = path("records");
    fs::create_dir(&records).unwrap();
    for (number, record) in account.records.iter().enumerate() {
        fs::write(records.join(format!("{number:03}.json")), record.to_string()).unwrap();
    }
    let whole = Run::analyze([path("log.ndjson")]).arg_path("--destinations", &records).summary();
    fs::write(records.join("cut.json"), &account.records[0].to_string()[..90]).unwrap();
    fs::write(records.join("photo.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    fs::write(records.join("other.json"), "{\"a\":1}").unwrap();
    let done = Run::analyze([path("log.ndjson")])
        .arg_path("--destinations", &records)
        .arg_path("--cloudwatch-metrics", &path("absent.json"))
        .args(["--format", "json"])
        .status(3);
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(summary["totals"]["caught"], whole["totals"]["caught"]);
    let unreadable = summary["coverage"]["inputs_unreadable"].as_array().unwrap();
    for (name, flag) in [
        ("cut.json", "--destinations"),
        ("photo.png", "--destinations"),
        ("other.json", "--destinations"),
        ("absent.json", "--cloudwatch-metrics"),
    ] {
        let problem = unreadable.iter().find(|one| one["input"].as_str().unwrap().ends_with(name));
        let reason =
            problem.unwrap_or_else(|| panic!("{name} is not named: {unreadable:?}"))["reason"].as_str().unwrap();
        assert!(reason.contains(flag), "{reason}");
        assert!(done.stderr.contains(name), "{}", done.stderr);
    }
    assert!(summary["totals"]["own_throttles"].is_null());
}

#[test]
fn a_log_that_lacks_attempts_is_not_whole() {
    let account = Account::draw(2);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let query = Run::new(["cloudwatch-query"]).args([path("log.ndjson")]).stdout();
    fs::write(path("metrics.json"), account.metrics(&query)).unwrap();
    // Of one function only the first and the last attempt are left.
    let (name, truth) = &account.truth[0];
    let lines: Vec<&str> = account.log.lines().collect();
    let is_kept =
        |line: &&&str| !line.contains(name.as_str()) || line.contains("ffffffff-") || line.contains("eeeeeeee-");
    let cut: String = lines.iter().filter(is_kept).map(|line| format!("{line}\n")).collect();
    fs::write(path("cut.ndjson"), cut).unwrap();
    let run = |log: &str| Run::analyze([path(log)]).arg_path("--cloudwatch-metrics", &path("metrics.json"));
    assert_eq!(run("log.ndjson").args(["--strict"]).summary()["coverage"]["complete"], true);
    let summary = run("cut.ndjson").summary();
    assert_eq!(summary["coverage"]["complete"], false);
    let note = format!("{name}: CloudWatch counts {} invocations, the log has 2 attempts", truth.attempts);
    assert!(summary["coverage"]["notes"].to_string().contains(&note), "{}", summary["coverage"]["notes"]);
    run("cut.ndjson").args(["--strict"]).status(3);
}

#[test]
fn a_function_that_never_ran_has_a_row() {
    let account = Account::draw(3);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let label = |metric: &str| format!("throttled-fn {metric} {}/{}", time(START_MS), time(START_MS + HOUR_MS));
    let result = |metric: &str, value: u64| json!({"Id": "a", "Label": label(metric), "Timestamps": [time(START_MS)], "Values": [value], "StatusCode": "Complete"});
    let metrics = json!({"MetricDataResults": [result("Throttles", 480), result("Invocations", 0)]});
    fs::write(path("metrics.json"), metrics.to_string()).unwrap();
    let unrun = record("unrun-fn", "11111111-0000-4000-8000-000000000009", START_MS + MINUTE_MS, "EventAgeExceeded", 0);
    fs::write(path("records.json"), unrun.to_string()).unwrap();
    let run = || {
        let run = Run::analyze([path("log.ndjson")]).arg_path("--cloudwatch-metrics", &path("metrics.json"));
        run.arg_path("--destinations", &path("records.json"))
    };
    let summary = run().summary();
    assert_eq!(function(&summary, "throttled-fn")["own_throttles"], 480);
    assert_eq!(function(&summary, "unrun-fn")["never_ran"], 1);
    assert!(summary["totals"]["own_throttles"].is_null(), "of the other functions it is not known");
    let table = run().args(["--wide"]).stdout();
    assert!(table.contains("OWN THROTTLES") && table.contains("throttled-fn"), "{table}");
    // They are shown where they are known, and nothing says that they are not.
    for format in ["table", "markdown", "html", "github"] {
        let text = run().args(["--wide", "--format", format]).stdout();
        assert!(text.contains("480") && !text.contains("own throttles are not in"), "{format}: {text}");
        assert!(format == "github" || text.contains("n/a"), "{format}: {text}");
    }
    html_is(&run().args(["--format", "html", "--top", "0"]).stdout(), &summary);
    run().args(["--fail-on", "throttled-fn:own_throttles > 0"]).status(1);
    run().args(["--fail-on", "own_throttles > 0"]).status(3);
    // What is not wanted is not told.
    let selected = run().args(["--only", "worker-*"]).summary();
    assert!(selected["functions"].as_array().unwrap().iter().all(|row| row["own_throttles"].is_null()));
}

#[test]
fn events_of_other_callers_are_in_no_balance() {
    let account = Account::draw(5);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let query = Run::new(["cloudwatch-query"]).args([path("log.ndjson")]).stdout();
    fs::write(path("metrics.json"), account.metrics(&query)).unwrap();
    let name = &account.truth[0].0;
    for (principals, has_balance) in
        [(&[][..], true), (&["s3", "sns"], true), (&["apigateway"], false), (&["s3", "apigateway"], false)]
    {
        let mut resources = json!({"F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": name}}});
        for principal in principals {
            resources[format!("P{principal}")] = json!({"Type": "AWS::Lambda::Permission", "Properties": {
                "FunctionName": {"Ref": "F"}, "Principal": format!("{principal}.amazonaws.com")}});
        }
        fs::write(path("template.json"), json!({"Resources": resources}).to_string()).unwrap();
        let run = Run::analyze([path("log.ndjson")]).arg_path("--cloudwatch-metrics", &path("metrics.json"));
        let summary = run.arg_path("--aws-config", &path("template.json")).summary();
        let row = function(&summary, name);
        let known = row["cloudwatch_metrics"]["async_balance"].is_object();
        assert_eq!(known, has_balance, "{principals:?}: {}", row["invokers"]);
    }
}

#[test]
fn such_files_among_logs_are_named() {
    let account = Account::draw(4);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let query = Run::new(["cloudwatch-query"]).args([path("log.ndjson")]).stdout();
    let messages: Value = serde_json::from_str(&account.messages()).unwrap();
    let pretty = |text: &str| serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
    let received = messages.to_string().replace("\"Body\"", "\"ReceiptHandle\":\"r\",\"Body\"");
    let whole = Run::analyze([place.path()]).summary();
    for (name, text, flag) in [
        (
            "records.json",
            record("w", "11111111-0000-4000-8000-000000000009", START_MS, "RetriesExhausted", 3).to_string(),
            "--destinations",
        ),
        ("messages.json", pretty(&received), "--destinations"),
        ("metrics.json", pretty(&account.metrics(&query)), "--cloudwatch-metrics"),
    ] {
        fs::write(path(name), text).unwrap();
        let summary = Run::analyze([place.path()]).summary();
        let skipped = &summary["coverage"]["inputs_skipped"][0];
        assert!(skipped["input"].as_str().unwrap().ends_with(name), "{}", summary["coverage"]);
        assert!(skipped["reason"].as_str().unwrap().ends_with(&format!("name it with {flag}")), "{skipped}");
        assert_eq!(summary["totals"], whole["totals"], "{name}");
        let named = Run::analyze([path(name)]).status(3);
        assert!(named.stderr.contains(flag), "{}", named.stderr);
        fs::remove_file(path(name)).unwrap();
    }
}

#[test]
fn metrics_of_another_time_tell_nothing_of_the_log() {
    let account = Account::draw(5);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let answer = |from: i64, to: i64, throttles: u64| {
        let label = |name: &str| format!("{name} Throttles {}/{}", time(from), time(to));
        let result = |(name, _): &(String, Truth)| {
            json!({"Id": "a", "Label": label(name), "Timestamps": [time(from)],
            "Values": [throttles], "StatusCode": "Complete"})
        };
        json!({"MetricDataResults": account.truth.iter().map(result).collect::<Vec<_>>()}).to_string()
    };
    let (end, day) = (START_MS + HOUR_MS, 24 * HOUR_MS);
    for (from, to, throttles, want) in [
        (START_MS, end, 7, json!(7)),
        (START_MS, end, 0, json!(0)),
        (START_MS - day, end - day, 0, Value::Null),
        (START_MS, end - 30 * MINUTE_MS, 0, Value::Null),
        // None in a longer time is none in this one.
        (START_MS - day, end + day, 0, json!(0)),
        (START_MS - day, end + day, 7, Value::Null),
    ] {
        fs::write(path("metrics.json"), answer(from, to, throttles)).unwrap();
        let run = || Run::analyze([path("log.ndjson")]).arg_path("--cloudwatch-metrics", &path("metrics.json"));
        let summary = run().summary();
        assert_eq!(function(&summary, "worker-0")["own_throttles"], want, "{from} to {to}: {throttles}");
        assert_eq!(summary["coverage"]["notes"].to_string().contains("of another time"), want.is_null());
        let status = if want.is_null() { 3 } else { i32::from(want != 0) };
        run().args(["--fail-on", "worker-0:own_throttles > 0"]).status(status);
    }
}

#[test]
fn no_output_is_written_over_what_is_read() {
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::create_dir(path("records")).unwrap();
    for name in ["records/one.json", "metrics.json", "config.json", "log.ndjson"] {
        fs::write(path(name), "{}").unwrap();
    }
    for (flag, named, output) in [
        ("--destinations", "records/one.json", "records/one.json"),
        ("--destinations", "records", "records/one.json"),
        ("--cloudwatch-metrics", "metrics.json", "metrics.json"),
        ("--aws-config", "config.json", "config.json"),
    ] {
        for write in ["--output", "--ledger"] {
            let output = &path(output);
            let done =
                Run::analyze([path("log.ndjson")]).arg_path(flag, &path(named)).arg_path(write, output).status(2);
            assert!(done.stderr.contains("is also an input"), "{flag} {write}: {}", done.stderr);
            assert_eq!(fs::read_to_string(output).unwrap(), "{}");
        }
    }
    fs::write(path("lambda-triage.toml"), "").unwrap();
    let done = Run::analyze([path("log.ndjson")]).directory(place.path()).args(["-o", "lambda-triage.toml"]).status(2);
    assert!(done.stderr.contains("is also an input"), "{}", done.stderr);
}

#[test]
fn names_in_records_are_masked_like_names_in_logs() {
    let account = Account::draw(6);
    let place = directory();
    let path = |name: &str| place.path().join(name);
    fs::write(path("log.ndjson"), &account.log).unwrap();
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let unrun = record(secret, "11111111-0000-4000-8000-000000000009", START_MS + MINUTE_MS, "EventAgeExceeded", 0);
    fs::write(path("records.json"), unrun.to_string()).unwrap();
    for format in formats() {
        let run = Run::analyze([path("log.ndjson")]).arg_path("--destinations", &path("records.json"));
        let text = run.args(["--format", format, "--details"]).stdout();
        assert!(!text.contains(secret), "{format}");
    }
}
