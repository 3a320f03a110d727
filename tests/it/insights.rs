//! `pull --engine insights` against a fake that runs our queries over stored logs: the answer is that of the full pull, or
//! null, whatever becomes of the queries.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::cloudwatch::fake::estate::{Asked, Estate, ONE, Reply, Server, rfc3339};
use super::cloudwatch::fake::insights::Insights;
use super::cloudwatch::fake::{Event, START};
use super::estate::{Pull, Pulled, in_all};
use super::generate::Random;
use super::harness::root;
use super::insights_corpus::{RUNTIMES, log};

/// Creates an estate with functions of half of the runtimes, the other half with the next seed, in one style of the log,
/// and one that never fails.
pub fn estate(seed: u64, json: bool, attempts: usize) -> Estate {
    let mut random = Random(seed);
    let mut estate = Estate::default();
    for runtime in RUNTIMES.into_iter().skip(seed as usize % 2).step_by(2) {
        let name = format!("{runtime}-fn");
        let events = log(&name, runtime, json, &mut random, attempts, START);
        estate.group(ONE, "eu-west-1", &format!("/aws/lambda/{name}"), events);
    }
    let healthy = log("healthy-fn", "python", json, &mut random, 40, START);
    let failed: Vec<String> = healthy
        .iter()
        .filter(|event| event.message.contains("rror") || event.message.contains("timed out"))
        .map(|event| event.stream.clone())
        .collect();
    let healthy = healthy.into_iter().filter(|event| !failed.contains(&event.stream)).collect();
    estate.group(ONE, "eu-west-1", "/aws/lambda/healthy-fn", healthy);
    estate
}

/// Pulls an estate by both engines.
pub fn both(server: &Server, arguments: &[&str]) -> (Pulled, Pulled) {
    let more = ["--all", "--max-rate", "1000"];
    let full = Pull::of(server, &more).run();
    let found = Pull::of(server, &[&more[..], &["--engine", "insights"], arguments].concat()).run();
    (full, found)
}

/// What differs between two values, other than that the second is null, or an empty list.
pub fn differences(path: &str, full: &Value, found: &Value, all: &mut Vec<String>) {
    let is_percentile = ["p50", "p95", "p99"].iter().any(|name| path.ends_with(name)) && path.contains("duration_ms");
    match (full, found) {
        (_, Value::Null) => {}
        (Value::Array(_), Value::Array(none)) if none.is_empty() => {}
        (Value::Number(full), Value::Number(found)) if is_percentile => {
            let (full, found) = (full.as_f64().unwrap(), found.as_f64().unwrap());
            // Between two samples a percentile may be either.
            if (full - found).abs() > full * 0.022 + 0.02 {
                all.push(format!("{path}: {full} and {found}"));
            }
        }
        (Value::Object(full), Value::Object(found)) => {
            for (key, value) in found {
                let name = format!("{path}.{key}");
                match full.get(key) {
                    Some(known) => differences(&name, known, value, all),
                    None => all.push(format!("{name} is new")),
                }
            }
        }
        (Value::Array(full), Value::Array(found)) if full.len() == found.len() => {
            for (at, (full, found)) in full.iter().zip(found).enumerate() {
                differences(&format!("{path}[{at}]"), full, found, all);
            }
        }
        (full, found) if full == found => {}
        (full, found) => all.push(format!("{path}: {full} and {found}")),
    }
}

/// Removes what is of the examples and advice of one run, or depends on the state of findings, which is unknown here.
pub fn comparable(summary: &Value) -> Value {
    let mut summary = summary.clone();
    let rows = summary["functions"].as_array_mut().unwrap();
    rows.sort_by_key(|row| row["function"].as_str().unwrap_or_default().to_owned());
    let no_list = Value::Array(Vec::new());
    for row in rows.iter_mut() {
        row["duration_ms"]["histogram"] = no_list.clone();
        row["early_warnings"] = no_list.clone();
        row["versions"] = no_list.clone();
        row["ok_counted"] = Value::Null;
        // It is known where a failed attempt was the first of its environment.
        row["runtime"] = Value::Null;
        row["log_groups"] = no_list.clone();
        row["findings"]
            .as_array_mut()
            .unwrap()
            .sort_by_key(|one| (one["code"].as_str().unwrap_or_default().to_owned(), one["fingerprint"].to_string()));
        for finding in row["findings"].as_array_mut().unwrap() {
            for key in ["state", "ongoing", "attempts_since", "share", "hint", "examples"] {
                finding[key] = Value::Null;
            }
        }
    }
    let mut kept = json!({ "window": summary["window"], "functions": summary["functions"] });
    kept["totals"] = summary["totals"].clone();
    for key in ["duration_ms.histogram", "ok_counted", "versions"] {
        let place = key.split('.').fold(&mut kept["totals"], |at, key| &mut at[key]);
        *place = Value::Null;
    }
    let causes: Vec<Value> = summary["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| {
            let mut kept = json!({});
            for key in
                ["id", "code", "attempts", "environments", "events", "lost", "recovered", "first_seen", "last_seen"]
            {
                kept[key] = cause[key].clone();
            }
            kept
        })
        .collect();
    kept["causes"] = json!(causes);
    kept["to_check"] = json!(
        summary["events_to_check"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!([one["request_id"], one["need"], one["outcome"], one["attempts"], one["code"]]))
            .collect::<Vec<_>>()
    );
    kept
}

/// Holds an answer that is not whole to what it tells: what is not whole for some functions is not known of them, and so of
/// all; of the others it is right.
pub fn is_known_or_null(name: &str, full: &Pulled, found: &Pulled) {
    assert_eq!(found.answer()["totals"]["failure_rate"], Value::Null, "{name}: {}", found.said());
    assert!(!found.unread().is_empty(), "{name}");
    let (full, found) = (full.answer(), found.answer());
    for row in found["functions"].as_array().unwrap().iter().filter(|row| !row["failure_rate"].is_null()) {
        let of_full = full["functions"].as_array().unwrap().iter().find(|one| one["function"] == row["function"]);
        assert_eq!(of_full.unwrap()["attempts"], row["attempts"], "{name}");
    }
}

#[track_caller]
pub fn is_equal_or_null(name: &str, full: &Pulled, found: &Pulled) {
    let mut all = Vec::new();
    differences("", &comparable(&full.answer()), &comparable(&found.answer()), &mut all);
    assert!(all.is_empty(), "{name}: {}\n{}", all.join("\n"), found.said());
}

fn bytes(estate: &Estate) -> u64 {
    estate.groups.iter().flat_map(|group| &group.events).map(|event| event.message.len() as u64).sum()
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures are worth seeing")]
fn the_answer_is_that_of_the_full_pull_or_null() {
    let cases = (0..10u64).flat_map(|seed| [(seed, false), (seed, true)]);
    in_all(cases, |(seed, json)| {
        let mut estate = estate(seed, json, 900);
        estate.insights = Insights {
            whole_second: seed % 2 == 0,
            exponents: seed % 3 == 0,
            tells_count: seed % 4 != 3,
            page: [10_000, 100][seed as usize % 2],
            ..Insights::default()
        };
        let all = bytes(&estate);
        let server = Server::start(estate);
        let name = format!("seed {seed}, json {json}");
        let (full, found) = both(&server, &[]);
        full.ends(&[0], &name);
        found.ends(&[0], &name);
        assert_eq!(server.complaints(), [""; 0], "{name}");
        is_equal_or_null(&name, &full, &found);
        assert!(found.complete(), "{name}: {}", found.said());
        let (answer, moved) = (found.answer(), server.estate().insights.moved());
        assert_eq!(found.events().len() as u64, answer["coverage"]["log_events"], "{name}");
        let totals = &answer["totals"];
        println!(
            "{name}: {:.1} % of {} attempts failed, {} counted; rows {:.2} % of {:.1} MB, lines {:.1} %, {} fetches",
            totals["failure_rate"].as_f64().unwrap() * 100.0,
            totals["attempts"],
            totals["ok_counted"],
            moved as f64 / all as f64 * 100.0,
            all as f64 / 1e6,
            answer["coverage"]["bytes"]["attributed"].as_f64().unwrap() / all as f64 * 100.0,
            server.count("GetLogEvents"),
        );
        assert!(moved * 20 < all, "{name}: {moved} of {all} bytes were moved by rows");
        assert!(totals["ok_counted"].as_u64() > Some(2_000), "{name}");
        assert_eq!(totals["handled_errors"], Value::Null, "{name}");
    });
}

/// Every answer that is not whole is either completed or told as incomplete, with unknown rates.
#[test]
fn nothing_partial_looks_whole() {
    type Fault = fn(&mut Estate);
    let cases: [(&str, Fault, bool); 9] = [
        ("capped rows", |estate| estate.insights.cap = 60, false),
        (
            "a timeout of long times",
            |estate| {
                let slow = |_: usize, text: &str, seconds: i64| {
                    if text.contains("timed out") && seconds > 1_000 { "Timeout" } else { "Complete" }
                };
                estate.insights.status = Box::new(slow);
            },
            true,
        ),
        (
            "one failed query",
            |estate| {
                let fails = |_: usize, text: &str, seconds: i64| {
                    if text.contains("log(greatest") && seconds > 3_000 { "Failed" } else { "Complete" }
                };
                estate.insights.status = Box::new(fails);
            },
            true,
        ),
        (
            "repeated ids never end",
            |estate| {
                let slow =
                    |_: usize, text: &str, _: i64| if text.contains("reports != 1") { "Timeout" } else { "Complete" };
                estate.insights.status = Box::new(slow);
            },
            false,
        ),
        ("a group is left out", |estate| estate.insights.left_out = 1, false),
        (
            "a full account",
            |estate| {
                let full = |asked: &Asked| {
                    let is_full = asked.is("StartQuery") && asked.nth < 3;
                    is_full.then(|| Reply::error("LimitExceededException", "too many concurrent queries"))
                };
                estate.script = Box::new(full);
            },
            true,
        ),
        (
            "throttles and broken answers",
            |estate| {
                estate.script = Box::new(|asked| match (asked.operation.as_str(), asked.nth % 7) {
                    ("StartQuery" | "GetQueryResults" | "GetLogEvents", 2) => Some(Reply::throttled()),
                    ("GetQueryResults" | "GetLogEvents", 5) => Some(Reply::Cut),
                    _ => None,
                });
            },
            true,
        ),
        (
            "streams that may not be fetched",
            |estate| {
                let denied = |asked: &Asked| {
                    let hit = asked.is("GetLogEvents") && asked.name.contains("nodejs-fn");
                    hit.then(|| Reply::error("AccessDeniedException", "not authorized"))
                };
                estate.script = Box::new(denied);
            },
            false,
        ),
        (
            "queries that may not be made",
            |estate| {
                let denied = |asked: &Asked| {
                    asked.is("StartQuery").then(|| Reply::error("AccessDeniedException", "not authorized"))
                };
                estate.script = Box::new(denied);
            },
            false,
        ),
    ];
    in_all(cases, |(name, fault, is_mended)| {
        let mut estate = estate(7, false, 60);
        fault(&mut estate);
        let server = Server::start(estate);
        let (full, found) = both(&server, &[]);
        full.ends(&[0], name);
        found.ends(if is_mended { &[0] } else { &[0, 3, 4] }, name);
        if is_mended || found.complete() {
            is_equal_or_null(name, &full, &found);
            return;
        }
        assert!(!is_mended, "{name}: {}", found.said());
        is_known_or_null(name, &full, &found);
    });
}

#[test]
fn no_more_is_scanned_than_allowed() {
    // The listing tells 1,000 bytes stored, so the estimate is nothing: the scan itself tells.
    let server = Server::start(estate(3, true, 60));
    let pulled =
        Pull::of(&server, &["--all", "--engine", "insights", "--max-scan", "2000B", "--max-rate", "1000"]).run();
    pulled.ends(&[3], "over budget");
    pulled.says("over budget", &["it scans more than --max-scan allows"]);
    assert!(!pulled.complete());
    assert_eq!(pulled.answer()["totals"]["failure_rate"], Value::Null);
    let queries = server.estate().insights.queries();
    assert!(queries.iter().all(|(_, stopped)| *stopped), "every query is stopped: {}", queries.len());
    let mut large = estate(3, true, 20);
    large.stored_bytes = 1_000_000_000_000_000;
    let refusing = Server::start(large);
    let refused = Pull::of(&refusing, &["--all", "--engine", "insights"]).run();
    refused.ends(&[2], "refused");
    refused.says("refused", &["Logs Insights would scan about", "--max-scan allows 20 GB", "or allow --max-scan"]);
    let auto = Pull::of(&refusing, &["--all", "--engine", "auto", "--max-rate", "1000"]).run();
    auto.says("auto", &["engine filter: Logs Insights would scan about"]);
    assert_eq!(refusing.count("StartQuery"), 0);
    let auto = Pull::of(&server, &["--all", "--engine", "auto", "--max-rate", "1000"]).run();
    auto.ends(&[0], "auto");
    auto.says("auto", &["engine filter: this is little"]);
    assert_eq!(server.count("StartQuery"), queries.len());
}

#[test]
#[cfg(unix)]
fn a_signal_stops_the_queries() {
    let mut estate = estate(3, true, 20);
    estate.insights.running = usize::MAX;
    let server = Server::start(estate);
    let mut running = Pull::of(&server, &["--all", "--engine", "insights"]).start();
    running.until("a query runs", |_, _| server.count("GetQueryResults") > 1);
    running.signal("-INT");
    let pulled = running.end();
    pulled.ends(&[130], "interrupted");
    assert!(!pulled.complete());
    let queries = server.estate().insights.queries();
    assert!(!queries.is_empty() && queries.iter().all(|(_, stopped)| *stopped), "{queries:?}");
    pulled.never_says("interrupted", &["--resume"]);
}

#[test]
fn what_cannot_be_counted_is_refused_or_read() {
    let server = Server::start(estate(5, false, 30));
    for (arguments, words) in [
        (&["--follow"][..], "--follow waits for every event"),
        (&["--max-scan", "much"][..], "expected a size such as 20GB"),
    ] {
        let pulled = Pull::of(&server, &[&["--all", "--engine", "insights"], arguments].concat()).run();
        pulled.ends(&[2], words);
        pulled.says("refused", &[words]);
    }
    let mut estate = estate(5, false, 30);
    estate.shared(ONE, "eu-west-1", "/acme/shared", &["alpha", "beta"], 20);
    estate.group(ONE, "eu-west-1", "/aws/lambda/archive", Vec::new()).class = Some("INFREQUENT_ACCESS");
    let server = Server::start(estate);
    let named = ["alpha", "beta", "go-fn", "archive", "--max-rate", "1000"];
    let full = Pull::of(&server, &named).run();
    let found = Pull::of(&server, &[&named[..], &["--engine", "insights"]].concat()).run();
    full.ends(&[3], "an archive");
    full.says("an archive", &["only Logs Insights reads", "pull it with --engine insights"]);
    found.ends(&[0], "an archive");
    found.says("an archive", &["1 log group of other kinds is read by FilterLogEvents"]);
    is_equal_or_null("a shared group", &full, &found);
    let again = Pull::in_home(std::sync::Arc::clone(&found.home), &["--resume", "saved.ndjson.zst"]).run();
    again.ends(&[2], "resume");
    again.says("resume", &["pulled with --engine insights", "pull it again"]);
    let analyze = |file: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
        let output = command.current_dir(found.home.path()).args(["analyze", file]).args(arguments).output().unwrap();
        output.stdout
    };
    let summary = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
    let only = summary(&analyze("saved.ndjson.zst", &["--format", "json", "--only", "go-fn"]));
    let names: Vec<&Value> = only["functions"].as_array().unwrap().iter().map(|row| &row["function"]).collect();
    assert_eq!(names, [&json!("go-fn")]);
    // Records lack what was counted, and say so.
    let records = analyze("saved.ndjson.zst", &["--format", "ndjson"]);
    std::fs::write(found.home.path().join("records.ndjson"), records).unwrap();
    let of_records = summary(&analyze("records.ndjson", &["--format", "json"]));
    assert_eq!(of_records["coverage"]["complete"], json!(false));
    assert_eq!(of_records["totals"]["failure_rate"], Value::Null);
    // A part of the time is not what was counted.
    let part = summary(&analyze("saved.ndjson.zst", &["--format", "json", "--from", "2026-10-01T00:30:00Z"]));
    let go = part["functions"].as_array().unwrap().iter().find(|row| row["function"] == "go-fn").unwrap().clone();
    assert_eq!((&go["failure_rate"], &part["coverage"]["complete"]), (&Value::Null, &json!(false)));
}

#[test]
fn fifty_groups_are_asked_at_once() {
    let mut estate = Estate::default();
    for at in 0..120 {
        estate.function(ONE, "eu-west-1", &format!("f{at:03}"), 10);
    }
    estate.latency = Duration::from_millis(2);
    let most = AtomicUsize::new(0);
    let server = Server::start(estate);
    let (full, found) = both(&server, &[]);
    is_equal_or_null("120 groups", &full, &found);
    assert!(found.complete(), "{}", found.said());
    for asked in server.asked().iter().filter(|asked| asked.is("StartQuery")) {
        most.fetch_max(asked.body["logGroupIdentifiers"].as_array().map_or(0, Vec::len), Ordering::SeqCst);
    }
    assert_eq!((server.count("StartQuery"), most.into_inner()), (12, 50));
}

/// Logs that AWS's own clients wrote: whatever fails there is found.
#[test]
fn failures_in_logs_of_real_clients_are_found() {
    let mut estate = Estate::default();
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for entry in std::fs::read_dir(root().join("fixtures/runtimes")).unwrap().flatten() {
        let text: Value = serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap();
        let Some(events) = text["events"].as_array() else { continue };
        let event = |(number, event): (usize, &Value)| Event {
            at: event["timestamp"].as_i64().unwrap(),
            id: format!("{number:056}"),
            stream: event["logStreamName"].as_str().unwrap().to_owned(),
            // The harness takes these words for ours.
            message: ["panicked", "Error {", "Some(", "(os error"]
                .iter()
                .fold(event["message"].as_str().unwrap().to_owned(), |text, word| {
                    text.replace(word, &format!("{}-{}", &word[..4], &word[4..]))
                }),
        };
        let events: Vec<Event> = events.iter().enumerate().map(event).collect();
        first = events.iter().map(|event| event.at).fold(first, i64::min);
        last = events.iter().map(|event| event.at).fold(last, i64::max);
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        estate.group(ONE, "eu-west-1", &format!("/aws/lambda/{name}"), events);
    }
    let server = Server::start(estate);
    let (from, to) = (rfc3339(first - 1_000), rfc3339(last + 1_000));
    let pull = |engine: &str| {
        let arguments = ["--all", "--from", &from, "--to", &to, "--engine", engine, "--max-rate", "1000"];
        Pull::new(&server, &arguments).format("json").run()
    };
    let (full, found) = (pull("filter"), pull("insights"));
    // The files hold several functions each, as no log group of this name does, so rows are not compared.
    let (of_full, of_found) = (comparable(&full.answer()), comparable(&found.answer()));
    let mut all = Vec::new();
    for key in ["totals", "causes", "to_check"] {
        differences(key, &of_full[key], &of_found[key], &mut all);
    }
    assert!(all.is_empty(), "{}\n{}", all.join("\n"), found.said());
    assert!(full.answer()["totals"]["failed"].as_u64() > Some(30), "{}", full.said());
}
