//! Causes across functions: what is joined and what never is, by logs whose causes are known and by laws over all logs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use super::generate::{self, Random};
use super::harness::{LOGS, Run, directory, function, read_records, read_summary, write};

/// One attempt of a log: when it begins, under which version, and the line with which it ends.
struct Attempt<'a> {
    second: u32,
    version: &'a str,
    ends_with: Option<&'a str>,
}

fn attempt(second: u32, ends_with: Option<&str>) -> Attempt<'_> {
    Attempt { second, version: "1", ends_with }
}

/// Writes the log of a function, one attempt after the other.
fn log(root: &Path, name: &str, attempts: &[Attempt<'_>]) {
    stream(root, name, "x", attempts);
}

/// Writes one log stream of a function.
fn stream(root: &Path, name: &str, stream: &str, attempts: &[Attempt<'_>]) {
    let mut text = String::new();
    for (number, Attempt { second, version, ends_with }) in attempts.iter().enumerate() {
        let at =
            |ms: u32| format!("2026-01-02T{:02}:{:02}:{:02}.{ms:03}Z", second / 3_600, second / 60 % 60, second % 60);
        let key = name
            .bytes()
            .chain(stream.bytes())
            .fold(7u32, |key, byte| key.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let id = format!("{key:08x}-1111-4111-8111-{number:012x}");
        writeln!(text, "{} START RequestId: {id} Version: {version}", at(0)).unwrap();
        if let Some(line) = ends_with {
            writeln!(text, "{} {line}", at(5)).unwrap();
        }
        writeln!(text, "{} END RequestId: {id}", at(9)).unwrap();
        let figures = "Duration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t";
        writeln!(text, "{} REPORT RequestId: {id}\t{figures}", at(9)).unwrap();
    }
    write(&root.join(format!("aws/lambda/{name}/{stream}.log")), text);
}

/// Lists the causes of functions, each of which fails with these lines, in turns, all day.
#[track_caller]
fn causes_of(functions: &[(&str, &[&str])]) -> Vec<Value> {
    let place = directory();
    for (name, lines) in functions {
        let attempts: Vec<_> =
            lines.iter().cycle().zip(0..6).map(|(line, turn)| attempt(600 + turn * 900, Some(*line))).collect();
        log(place.path(), name, &attempts);
    }
    causes(&Run::analyze([place.path()]).summary())
}

fn causes(summary: &Value) -> Vec<Value> {
    summary["causes"].as_array().unwrap().clone()
}

fn texts<'a>(cause: &'a Value, key: &str) -> Vec<&'a str> {
    cause[key].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

const TRACE: &str = "\r\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler";
const REFUSED: &str = "[ERROR] EndpointConnectionError: Could not connect to the endpoint URL: \"https://dynamodb.eu-west-1.amazonaws.com/\"";

/// What two functions fail with, and whether it is one cause. Wrongly joined is worse than listed twice.
#[test]
fn functions_share_a_cause_or_do_not() {
    let python = |error: &str| format!("[ERROR] {error}\rTraceback (most recent call last):{TRACE}");
    for (a, b, joined) in [
        // The same type at the same place, and different messages.
        (python("ValueError: no such product"), python("ValueError: no such customer"), false),
        (python("ValueError: no such product"), python("ValueError: no such product"), true),
        (python("ValueError: row 17 of 40 is bad"), python("ValueError: row 3 of 41 is bad"), true),
        (python("TypeError: no such product"), python("ValueError: no such product"), false),
        // Names in quotes tell programs apart; other quoted text may be data of either.
        (python("KeyError: 'customer_id'"), python("KeyError: 'order_id'"), false),
        (python("KeyError: 'TABLE_NAME'"), python("KeyError: 'TABLE_NAME'"), true),
        (python("ValueError: unknown currency 'XXQ'"), python("ValueError: unknown currency 'ABC'"), false),
        (python("Exception: boom"), python("Exception: boom"), false),
        (python("AssertionError"), python("AssertionError"), false),
        // Failed calls are joined by target, whatever the words and the region.
        (REFUSED.to_owned(), REFUSED.replace("eu-west-1", "us-east-1"), true),
        (
            python(
                "ClientError: An error occurred (ThrottlingException) when calling the GetItem operation: Rate exceeded",
            ),
            python(
                "ClientError: An error occurred (ProvisionedThroughputExceededException) when calling the PutItem operation: The level of configured provisioned throughput for the table was exceeded",
            ),
            true,
        ),
        // Another code of the same target is another cause.
        (
            REFUSED.to_owned(),
            python(
                "ClientError: An error occurred (ThrottlingException) when calling the GetItem operation: Rate exceeded",
            ),
            false,
        ),
        (
            python("ConnectTimeoutError: Connect timeout on endpoint URL: \"https://a.example.com/x\""),
            python("ConnectTimeoutError: Connect timeout on endpoint URL: \"https://a.example.com:8443/y\""),
            true,
        ),
        (
            python("ConnectTimeoutError: Connect timeout on endpoint URL: \"https://a.example.com/x\""),
            python("ConnectTimeoutError: Connect timeout on endpoint URL: \"https://b.example.com/x\""),
            false,
        ),
        // Everybody has a localhost.
        (
            python("ConnectionRefusedError: connect ECONNREFUSED 127.0.0.1:2772"),
            python("ConnectionRefusedError: connect ECONNREFUSED 127.0.0.1:2772"),
            false,
        ),
        // Imports are joined by module.
        (
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'yaml'".to_owned(),
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'main': No module named 'yaml'".to_owned(),
            true,
        ),
        (
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'yaml'".to_owned(),
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'stripe'".to_owned(),
            false,
        ),
        // What ends at a limit, with nothing to wait for, is the function's own.
        ("Task timed out after 0.01 seconds".to_owned(), "Task timed out after 0.01 seconds".to_owned(), false),
    ] {
        let found = causes_of(&[("svc-a", &[&a]), ("svc-b", &[&b])]);
        let of_both: Vec<_> = found.iter().filter(|cause| texts(cause, "functions").len() == 2).collect();
        assert_eq!((found.len(), of_both.len()), if joined { (1, 1) } else { (2, 0) }, "{a}\n{b}\n{found:#?}");
        if joined {
            let want: BTreeSet<&str> = ["svc-a", "svc-b"].into();
            assert_eq!(texts(&found[0], "functions").into_iter().collect::<BTreeSet<_>>(), want);
            assert_eq!((&found[0]["attempts"], &found[0]["events"]), (&12.into(), &12.into()));
        }
    }
}

#[test]
fn an_outage_in_twelve_functions_is_one_cause() {
    let place = directory();
    let names: Vec<String> = (0..12).map(|k| format!("svc-{k:02}")).collect();
    for name in &names {
        let outage = |second: u32| (18_000..19_800).contains(&second).then_some(REFUSED);
        let attempts: Vec<_> = (0..21_600).step_by(60).map(|second| attempt(second, outage(second))).collect();
        log(place.path(), name, &attempts);
    }
    // An error that has nothing to do with it, now and then.
    let other: Vec<_> = (0..21_600)
        .step_by(60)
        .map(|second| attempt(second, (second % 3_600 == 0).then_some("[ERROR] ValueError: no such product")))
        .collect();
    log(place.path(), "other", &other);
    let summary = Run::analyze([place.path()]).summary();
    let found = causes(&summary);
    assert_eq!(found.len(), 2, "{found:#?}");
    let cause = &found[0];
    for (key, want) in [
        ("code", "downstream.connection"),
        ("target", "DynamoDB"),
        ("title", "No connection to DynamoDB"),
        ("state", "stopped"),
        ("first_seen", "2026-01-02T05:00:00.000Z"),
        ("last_seen", "2026-01-02T05:29:00.000Z"),
    ] {
        assert_eq!(cause[key], want, "{cause:#?}");
    }
    assert_eq!(texts(cause, "functions"), names);
    assert_eq!((&cause["attempts"], &cause["events"], &cause["lost"]), (&360.into(), &360.into(), &0.into()));
    assert_eq!(cause["since_before_window"], false);
    // One attempt of the other cause failed in that time.
    assert_eq!(cause["share_within"].as_f64().unwrap(), 360.0 / 361.0);
    assert_eq!(found[1]["title"], "ValueError: no such product");
    assert_eq!(cause["began_with"]["causes"].as_array().unwrap().len(), 0, "the other one is as old as the log");
}

#[test]
fn causes_that_began_together_and_with_a_version_say_so() {
    let place = directory();
    let throttled = "[ERROR] ClientError: An error occurred (ThrottlingException) when calling the GetItem operation: Rate exceeded";
    let from = |first: u32, line: &'static str| move |second: u32| (second >= first).then_some(line);
    let attempts = |line: &dyn Fn(u32) -> Option<&'static str>| -> Vec<Attempt<'static>> {
        (0..21_600).step_by(60).map(|second| attempt(second, line(second))).collect()
    };
    log(place.path(), "svc-a", &attempts(&from(18_000, REFUSED)));
    log(place.path(), "svc-b", &attempts(&from(18_020, throttled)));
    // As old as the log, and later.
    log(place.path(), "svc-c", &attempts(&from(0, "[ERROR] ValueError: no such product")));
    log(place.path(), "svc-d", &attempts(&from(19_000, "[ERROR] ValueError: no such customer")));
    // A version that fails from its second attempt on, and one that fails as the one before.
    let deployed = |second: u32| if second < 12_000 { "7" } else { "8" };
    let with_version = |line: &dyn Fn(u32) -> Option<&'static str>| -> Vec<Attempt<'static>> {
        attempts(line).into_iter().map(|one| Attempt { version: deployed(one.second), ..one }).collect()
    };
    log(place.path(), "svc-e", &with_version(&from(12_060, "[ERROR] ValueError: no such order")));
    log(place.path(), "svc-f", &with_version(&from(600, "[ERROR] ValueError: no such invoice")));
    let summary = Run::analyze([place.path()]).summary();
    let found: BTreeMap<String, Value> =
        causes(&summary).into_iter().map(|cause| (texts(&cause, "functions").concat(), cause)).collect();
    let with = |name: &str| &found[name]["began_with"];
    assert_eq!(with("svc-a")["causes"], serde_json::json!([found["svc-b"]["id"]]));
    assert_eq!(with("svc-b")["causes"], serde_json::json!([found["svc-a"]["id"]]));
    for (name, before) in [("svc-c", true), ("svc-d", false), ("svc-e", false)] {
        assert_eq!(with(name)["causes"].as_array().unwrap().len(), 0, "{name}");
        assert_eq!(found[name]["since_before_window"], before, "{name}");
    }
    let version = serde_json::json!([{"function": "svc-e", "version": "8", "first_seen": "2026-01-02T03:20:00.000Z"}]);
    assert_eq!(with("svc-e")["versions"], version);
    assert!(
        found.iter().all(|(name, cause)| name == "svc-e" || cause["began_with"]["versions"] == serde_json::json!([]))
    );
}

/// Makes a random log of functions that fail for a few causes that some of them share.
fn shared_failures(seed: u64, root: &Path) {
    let mut random = Random(seed);
    let lines = [
        REFUSED,
        "[ERROR] ValueError: no such product",
        "[ERROR] KeyError: 'customer_id'",
        "[ERROR] KeyError: 'order_id'",
        "[ERROR] ClientError: An error occurred (ThrottlingException) when calling the GetItem operation: Rate exceeded",
        "[ERROR] ReadTimeoutError: HTTPSConnectionPool(host='api.example.com', port=443): Read timed out.",
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'yaml'",
        "[ERROR] Exception: password=hunter2 was refused by 'bob'",
        "[ERROR] Exception: password=hunter3 was refused by 'alice'",
        "Task timed out after 3.00 seconds",
    ];
    for number in 0..9 {
        let pool: Vec<&str> = (0..3).map(|_| lines[random.below(lines.len() as u64) as usize]).collect();
        // Few seconds, so that attempts of several functions and streams begin at the same moment.
        for name in ["x", "y"] {
            let attempts: Vec<_> = (0..40)
                .map(|turn| Attempt {
                    second: 300 * turn + random.below(2) as u32,
                    version: if turn < 20 { "1" } else { "2" },
                    ends_with: (random.below(3) == 0).then(|| pool[random.below(3) as usize]),
                })
                .collect();
            stream(root, &format!("fn-{seed}-{number}"), name, &attempts);
        }
    }
}

/// Records of any shards, in any order, give the same causes, events to check and rows as the logs, byte for byte.
#[test]
fn records_in_any_order_give_the_causes_of_the_logs() {
    let place = directory();
    for seed in 0..4 {
        shared_failures(seed, &place.path().join(seed.to_string()));
        (generate::SHAPES[0].1)(&generate::corpus(seed), &place.path().join(format!("drawn-{seed}")));
    }
    let mut random = Random(5);
    let drawn: Vec<String> = (0..4).map(|seed| place.path().join(seed.to_string()).display().to_string()).collect();
    let corpora: Vec<String> =
        (0..4).map(|seed| place.path().join(format!("drawn-{seed}")).display().to_string()).collect();
    for logs in [vec![LOGS.to_owned()], drawn, corpora] {
        let whole = Run::analyze(&logs).summary();
        assert!(whole["causes"].as_array().unwrap().len() > 5);
        let mut lines: Vec<String> =
            Run::analyze(&logs).args(["--format", "ndjson"]).stdout().lines().map(str::to_owned).collect();
        for _ in 0..3 {
            for at in (1..lines.len()).rev() {
                lines.swap(at, random.below(at as u64 + 1) as usize);
            }
            let spool = directory();
            let shards = 1 + random.below(5) as usize;
            for (shard, part) in lines.chunks(lines.len().div_ceil(shards)).enumerate() {
                write(&spool.path().join(format!("{shard}.ndjson")), format!("{}\n", part.join("\n")));
            }
            let joined = read_summary(&Run::analyze([spool.path()]).args(["--format", "json"]).stdout());
            for key in
                ["window", "causes", "causes_total", "totals", "functions", "events_to_check", "events_to_check_total"]
            {
                same(key, &joined[key], &whole[key]);
            }
        }
    }
}

#[track_caller]
fn same(what: &str, got: &Value, want: &Value) {
    if let (Some(got), Some(want)) = (got.as_array(), want.as_array()) {
        for (got, want) in got.iter().zip(want) {
            assert_eq!(got.to_string(), want.to_string(), "{what}");
        }
    }
    assert!(got == want, "{what} differs");
}

/// Every failed attempt has exactly one cause, of its code.
#[test]
fn causes_partition_the_failed_attempts() {
    let place = directory();
    shared_failures(9, place.path());
    let logs = [LOGS.to_owned(), place.path().display().to_string()];
    let summary = Run::analyze(&logs).summary();
    let records = Run::analyze(&logs).records();
    let failed = |record: &&Value| !["ok", "incomplete"].contains(&record["category"].as_str().unwrap());
    let mut by_code: BTreeMap<(String, bool), u64> = BTreeMap::new();
    for record in records.iter().filter(failed) {
        let key = (record["code"].as_str().unwrap().to_owned(), record["kind"] == "environment");
        *by_code.entry(key).or_default() += 1;
    }
    let mut of_causes: BTreeMap<(String, bool), u64> = BTreeMap::new();
    let found = causes(&summary);
    for cause in &found {
        for (key, environment) in [("attempts", false), ("environments", true)] {
            let count = cause[key].as_u64().unwrap();
            if count > 0 {
                *of_causes.entry((cause["code"].as_str().unwrap().to_owned(), environment)).or_default() += count;
            }
        }
        assert!(cause["lost"].as_u64() <= cause["events"].as_u64(), "{cause}");
        assert!(cause["events"].as_u64() <= cause["attempts"].as_u64(), "{cause}");
        assert!(!cause["title"].as_str().unwrap().is_empty() && !cause["hint"].as_str().unwrap().is_empty(), "{cause}");
        assert!(!cause["functions"].as_array().unwrap().is_empty(), "{cause}");
        assert!(!cause.to_string().contains("hunter"), "{cause}");
    }
    assert_eq!(of_causes, by_code);
    assert_eq!(summary["causes_total"], found.len());
    let ids: BTreeSet<&str> = found.iter().map(|cause| cause["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), found.len(), "ids are unique");
    let weights: Vec<_> = found
        .iter()
        .map(|one| (one["lost"].as_u64(), one["attempts"].as_u64().unwrap() + one["environments"].as_u64().unwrap()))
        .collect();
    assert!(weights.is_sorted_by(|a, b| a >= b), "{weights:?}");

    // The same within each function; and its causes have the ids that they have among all.
    for row in summary["functions"].as_array().unwrap() {
        let name = row["function"].as_str().unwrap();
        let alone = Run::analyze(&logs).args(["--only", name]).summary();
        let sum = |key: &str| causes(&alone).iter().map(|cause| cause[key].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum("attempts"), function(&alone, name)["failed"].as_u64().unwrap(), "{name}");
        assert_eq!(sum("environments"), function(&alone, name)["environment_failures"].as_u64().unwrap(), "{name}");
        for cause in causes(&alone) {
            let all = found.iter().find(|one| one["id"] == cause["id"]).unwrap_or_else(|| panic!("{cause}"));
            assert!(texts(all, "functions").contains(&name), "{all}");
        }
    }
}

/// More causes than a function can have apart: the attempts of the rest are counted under their code.
#[test]
fn past_their_bound_causes_are_joined_by_code() {
    let place = directory();
    let word = |number: u32| {
        let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26u32.pow(place) % 26).unwrap());
        format!("{}{}", letter(0), letter(1))
    };
    let lines: Vec<String> =
        (0..400).map(|number| format!("[ERROR] ValueError: no such thing as {}", word(number))).collect();
    let attempts: Vec<_> = (0..).zip(&lines).map(|(number, line)| attempt(number * 30, Some(line))).collect();
    log(place.path(), "svc", &attempts);
    let outage: Vec<_> = (0..20).map(|number| attempt(number * 30, Some(REFUSED))).collect();
    log(place.path(), "svc-b", &outage);
    let run = || Run::analyze([place.path()]);
    let summary = run().summary();
    let found = causes(&summary);
    assert_eq!(found.len(), 256 + 2);
    assert_eq!(found.iter().map(|cause| cause["attempts"].as_u64().unwrap()).sum::<u64>(), 420);
    assert_eq!((&found[0]["title"], &found[0]["attempts"]), (&"Unhandled error in svc".into(), &(400 - 256).into()));
    assert_eq!(found[1]["target"], "DynamoDB");
    let mut records: Vec<String> = run().args(["--format", "ndjson"]).stdout().lines().map(str::to_owned).collect();
    records.reverse();
    let joined = Run::analyze(["-"]).input(records.join("\n")).summary();
    same("causes", &joined["causes"], &summary["causes"]);
}

/// What the rows gained adds up to what they had.
#[test]
fn versions_times_and_histograms_add_up() {
    let place = directory();
    shared_failures(3, place.path());
    let logs = [LOGS.to_owned(), place.path().display().to_string()];
    let summary = Run::analyze(&logs).summary();
    let records = read_records(&Run::analyze(&logs).args(["--format", "ndjson"]).stdout());
    let sum = |list: &Value, key: &str| {
        list.as_array().unwrap().iter().map(|one| one.pointer(key).unwrap().as_u64().unwrap()).sum::<u64>()
    };
    let rows = summary["functions"].as_array().unwrap();
    for row in rows.iter().chain([&summary["totals"]]) {
        let of_row: Vec<&Value> = records
            .iter()
            .filter(|one| one["kind"] == "attempt" && (row["function"].is_null() || one["function"] == row["function"]))
            .collect();
        let have = |key: &str| of_row.iter().filter(|one| !one[key].is_null()).count() as u64;
        assert_eq!(sum(&row["duration_ms"]["histogram"], "/attempts"), have("duration_ms"), "{row:#}");
        assert_eq!(sum(&row["memory"]["histogram"], "/attempts"), have("max_memory_used_mb"), "{row:#}");
        for (kind, count) in row["failures"].as_object().unwrap() {
            let in_time = sum(&row["timeline"], &format!("/failures/{kind}"));
            let timed = of_row.iter().filter(|one| one["category"] == *kind && !one["started_at"].is_null()).count();
            assert_eq!(in_time, timed as u64, "{kind} {count} {}", row["function"]);
        }
        if !row["function"].is_null() {
            assert_eq!(sum(&row["versions"], "/attempts"), have("version"), "{row:#}");
            for version in row["versions"].as_array().unwrap() {
                let of_version = || of_row.iter().filter(|one| one["version"] == version["version"]);
                let failed =
                    of_version().filter(|one| !["ok", "incomplete"].contains(&one["category"].as_str().unwrap()));
                assert_eq!(version["failed"], failed.count(), "{version}");
                let first = of_version().filter_map(|one| one["started_at"].as_str()).min();
                assert!(first >= version["first_seen"].as_str(), "{version}");
            }
        }
    }
    for list in ["/duration_ms/histogram", "/memory/histogram"] {
        let cells = summary["totals"].pointer(list).unwrap().as_array().unwrap();
        assert!(cells.len() <= 32);
        for cell in cells {
            let bound = cell.as_object().unwrap().keys().find(|key| key.starts_with("from_")).unwrap();
            let same_cell = |one: &&Value| one[bound] == cell[bound];
            let of_rows = rows.iter().flat_map(|row| row.pointer(list).unwrap().as_array().unwrap()).filter(same_cell);
            assert_eq!(
                of_rows.map(|one| one["attempts"].as_u64().unwrap()).sum::<u64>(),
                cell["attempts"].as_u64().unwrap()
            );
        }
    }
}

/// The events to check are those of the ledger, the worst first.
#[test]
fn events_to_check_are_the_worst_of_the_ledger() {
    let place = directory();
    shared_failures(11, place.path());
    let ledger = place.path().join("ledger.json");
    let run = Run::analyze([LOGS.to_owned(), place.path().display().to_string()]);
    let summary = read_summary(&run.args(["--format", "json", "--ledger"]).args([&ledger]).stdout());
    let events = summary["events_to_check"].as_array().unwrap();
    let ledger: Value = serde_json::from_str(&std::fs::read_to_string(&ledger).unwrap()).unwrap();
    let rows = ledger["events"].as_array().unwrap();
    assert!(events.len() > 5);
    assert_eq!(
        (&summary["events_to_check_total"], events.len()),
        (&summary["totals"]["needs_person"]["events"], rows.len())
    );
    for event in events {
        let row = rows.iter().find(|row| row["request_id"] == event["request_id"]).unwrap_or_else(|| panic!("{event}"));
        for key in [
            "function",
            "account_id",
            "region",
            "need",
            "outcome",
            "attempts",
            "first_started_at",
            "code",
            "partial_work",
            "retry_guidance",
            "retry_reason",
        ] {
            assert_eq!(event[key], row[key], "{key} of {event}");
        }
        let cause = causes(&summary).into_iter().find(|cause| cause["id"] == event["cause"]);
        assert_eq!(cause.map(|cause| cause["code"].clone()).unwrap_or_default(), event["code"]);
    }
    let place_of = |event: &&Value| {
        let need =
            ["exhausted", "rerun_after_success", "possibly_half_done"].iter().position(|need| event["need"] == *need);
        (need, event["side_effects"] == false)
    };
    assert!(events.iter().collect::<Vec<_>>().is_sorted_by_key(place_of));
}
