//! `pull --engine insights` of log groups whose lines only queries tell (the class INFREQUENT_ACCESS), against a fake that
//! refuses them to every other request: the answer is that of the full pull of the same log as STANDARD, or null. And
//! attempts that run side by side in a stream, for both classes.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::cloudwatch::fake::estate::{Asked, Estate, ONE, Reply, Server, now_ms, rfc3339};
use super::cloudwatch::fake::insights::Insights;
use super::cloudwatch::fake::{Event, START};
use super::estate::{Pull, Pulled, in_all};
use super::generate::Random;
use super::insights::{comparable, differences, estate, is_equal_or_null, is_known_or_null};

const INFREQUENT: Option<&str> = Some("INFREQUENT_ACCESS");

/// Gives log groups a class.
fn with_class(mut estate: Estate, class: Option<&'static str>, is_of: impl Fn(usize) -> bool) -> Estate {
    for (_, group) in estate.groups.iter_mut().enumerate().filter(|(at, _)| is_of(*at)) {
        group.class = class;
    }
    estate
}

/// Pulls everything with these arguments.
fn pull(server: &Server, arguments: &[&str]) -> Pulled {
    Pull::of(server, &[&["--all", "--max-rate", "1000"], arguments].concat()).run()
}

/// Pulls the log in full as STANDARD, and as INFREQUENT_ACCESS by queries.
fn both(make: impl Fn() -> Estate, change: impl FnOnce(&mut Estate)) -> (Server, Pulled, Pulled) {
    let full = pull(&Server::start(make()), &[]);
    let mut estate = with_class(make(), INFREQUENT, |_| true);
    change(&mut estate);
    let server = Server::start(estate);
    let found = pull(&server, &["--engine", "insights"]);
    (server, full, found)
}

/// Returns the bytes of the hour that is pulled.
fn bytes(estate: &Estate) -> u64 {
    let events = estate.groups.iter().flat_map(|group| &group.events);
    let of_hour = events.filter(|event| (START..START + 3_600_000).contains(&event.at));
    of_hour.map(|event| event.message.len() as u64).sum()
}

/// Rounds the times of events, so that many share one; their order stays.
fn rounded(mut estate: Estate, to_ms: i64) -> Estate {
    for event in estate.groups.iter_mut().flat_map(|group| &mut group.events) {
        event.at -= event.at.rem_euclid(to_ms);
    }
    for group in &mut estate.groups {
        // The order of the log is that of the ids.
        group.events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    }
    estate
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures are worth seeing")]
fn the_answer_is_that_of_the_full_pull_of_the_same_log() {
    let cases = (0..4u64).flat_map(|seed| [(seed, false), (seed, true)]);
    in_all(cases, |(seed, json)| {
        let name = format!("seed {seed}, json {json}");
        let (server, full, found) = both(
            || estate(seed, json, 500),
            |estate| {
                estate.insights = Insights {
                    whole_second: seed % 2 == 0,
                    exponents: seed % 3 == 0,
                    tells_count: seed % 4 != 3,
                    page: [10_000, 100][seed as usize % 2],
                    ..Insights::default()
                };
            },
        );
        full.ends(&[0], &name);
        found.ends(&[0], &name);
        assert_eq!(server.complaints(), [""; 0], "{name}");
        is_equal_or_null(&name, &full, &found);
        assert!(found.complete(), "{name}: {}", found.said());
        assert_eq!((server.count("FilterLogEvents"), server.count("GetLogEvents")), (0, 0), "{name}");
        let (answer, moved, all) = (found.answer(), server.estate().insights.moved(), bytes(server.estate()));
        assert_eq!(found.events().len() as u64, answer["coverage"]["log_events"], "{name}");
        let queries = server.estate().insights.queries();
        let lines = queries.iter().filter(|(text, _)| text.contains("sort @timestamp")).count();
        println!(
            "{name}: {:.1} % of {} attempts failed; rows {:.1} % of {:.1} MB, lines {:.1} %, {lines} of {} queries; {}",
            answer["totals"]["failure_rate"].as_f64().unwrap() * 100.0,
            answer["totals"]["attempts"],
            moved as f64 / all as f64 * 100.0,
            all as f64 / 1e6,
            answer["coverage"]["bytes"]["attributed"].as_f64().unwrap() / all as f64 * 100.0,
            queries.len(),
            found.notes().iter().find(|note| note.contains("scanned")).unwrap(),
        );
        assert!(answer["totals"]["ok_counted"].as_u64() > Some(1_000), "{name}");
        found.says(&name, &["for their lines in 5 log groups of the class INFREQUENT_ACCESS", "within a millisecond"]);
    });
}

/// Lines that share a millisecond come in any order, and are put in that of the log, or their function is unknown.
#[test]
fn lines_of_one_millisecond_are_assembled_rightly() {
    let cases = (0..2u64).flat_map(|seed| [(seed, false, 5), (seed, true, 5), (seed, false, 50), (seed, true, 50)]);
    let (known, all) = (AtomicUsize::new(0), AtomicUsize::new(0));
    in_all(cases, |(seed, json, to_ms)| {
        let name = format!("seed {seed}, json {json}, {to_ms} ms");
        let (server, full, found) = both(|| rounded(estate(seed, json, 200), to_ms), |_| {});
        found.ends(&[0, 3], &name);
        assert_eq!(server.complaints(), [""; 0], "{name}");
        let unread = found.unread();
        let (of_full, of_found) = (comparable(&full.answer()), comparable(&found.answer()));
        for (full, found) in
            of_full["functions"].as_array().unwrap().iter().zip(of_found["functions"].as_array().unwrap())
        {
            assert_eq!(full["function"], found["function"], "{name}");
            all.fetch_add(1, Ordering::SeqCst);
            if found["failure_rate"].is_null() {
                let function = found["function"].as_str().unwrap();
                let is_told = unread.iter().any(|one| one.contains(function) && one.contains("share a millisecond"));
                assert!(is_told, "{name}: {function}: {unread:?}");
                continue;
            }
            known.fetch_add(1, Ordering::SeqCst);
            let mut found = found.clone();
            // Of two lines that are alike but for the time in their text, either may be the example.
            found["findings"].as_array_mut().unwrap().iter_mut().for_each(|finding| finding["message"] = Value::Null);
            let mut different = Vec::new();
            differences("", full, &found, &mut different);
            assert!(different.is_empty(), "{name}: {}\n{}", different.join("\n"), found["function"]);
        }
    });
    let (known, all) = (known.into_inner(), all.into_inner());
    assert!(known * 10 > all * 7, "{known} of {all} are known");
}

/// Whatever becomes of the queries for lines is mended or told.
#[test]
fn nothing_partial_looks_whole() {
    type Fault = fn(&mut Estate);
    let cases: [(&str, Fault, bool); 8] =
        [
            ("capped rows", |estate| estate.insights.cap = 150, true),
            (
                "lines of long times never come",
                |estate| {
                    estate.insights.status = Box::new(|_, text, seconds| {
                        if text.contains("sort @timestamp") && seconds > 100 { "Timeout" } else { "Complete" }
                    });
                },
                true,
            ),
            (
                "lines never come",
                |estate| {
                    estate.insights.status =
                        Box::new(|_, text, _| if text.contains("sort @timestamp") { "Failed" } else { "Complete" });
                },
                false,
            ),
            ("messages are cut", |estate| estate.insights.longest = 40, false),
            ("a group is left out", |estate| estate.insights.left_out = 1, false),
            (
                "throttles and broken answers",
                |estate| {
                    estate.script = Box::new(|asked| match (asked.operation.as_str(), asked.nth % 7) {
                        ("StartQuery" | "GetQueryResults", 2) => Some(Reply::throttled()),
                        ("GetQueryResults", 5) => Some(Reply::Cut),
                        _ => None,
                    });
                },
                true,
            ),
            (
                "lines may not be asked for",
                |estate| {
                    let denied = |asked: &Asked| {
                        let hit = asked.is("StartQuery") && asked.body.to_string().contains("sort @timestamp");
                        hit.then(|| Reply::error("AccessDeniedException", "not authorized"))
                    };
                    estate.script = Box::new(denied);
                },
                false,
            ),
            (
                "the log group is deleted",
                |estate| {
                    let gone = |asked: &Asked| {
                        let hit = asked.is("StartQuery") && asked.body.to_string().contains("sort @timestamp");
                        hit.then(|| Reply::error("ResourceNotFoundException", "Log group does not exist"))
                    };
                    estate.script = Box::new(gone);
                },
                false,
            ),
        ];
    in_all(cases, |(name, fault, is_mended)| {
        let (_, full, found) = both(|| estate(7, false, 60), fault);
        full.ends(&[0], name);
        found.ends(if is_mended { &[0] } else { &[0, 3, 4] }, name);
        if is_mended || found.complete() {
            is_equal_or_null(name, &full, &found);
            assert!(found.complete(), "{name}: {}", found.said());
            return;
        }
        is_known_or_null(name, &full, &found);
    });
}

#[test]
fn each_engine_reads_what_it_can() {
    let make = || with_class(estate(4, true, 60), INFREQUENT, |at| at % 2 == 0);
    let full = pull(&Server::start(estate(4, true, 60)), &[]);
    let server = Server::start(make());
    let filter = pull(&server, &[]);
    filter.ends(&[3], "filter");
    assert_eq!((filter.unread().len(), server.count("StartQuery")), (3, 0), "{}", filter.said());
    filter.says("filter", &["pull it with --engine insights, for which AWS charges"]);
    assert_eq!(filter.answer()["totals"]["failure_rate"].is_null(), full.answer()["totals"]["failure_rate"].is_null());
    // Queries never mix classes: the fake complains.
    let insights = pull(&server, &["--engine", "insights"]);
    insights.ends(&[0], "insights");
    insights.says("insights", &["4 queries, 7 where they tell the lines, too, over"]);
    is_equal_or_null("insights", &full, &insights);
    assert_eq!(server.complaints(), [""; 0]);
    // What FilterLogEvents reads in no time, it reads.
    let (queries, pages) = (server.count("StartQuery"), server.count("FilterLogEvents"));
    let auto = pull(&server, &["--engine", "auto"]);
    auto.ends(&[0], "auto");
    auto.says("auto", &["engine insights: scans about", "2 log groups of other kinds are read by FilterLogEvents"]);
    is_equal_or_null("auto", &full, &auto);
    assert!(server.count("StartQuery") > queries && server.count("FilterLogEvents") > pages);
    assert!(auto.complete(), "{}", auto.said());
    let mut large = make();
    large.stored_bytes = 1_000_000_000_000_000;
    let large = Server::start(large);
    let refused = pull(&large, &["--engine", "insights"]);
    refused.ends(&[2], "large");
    let auto = pull(&large, &["--engine", "auto"]);
    auto.ends(&[3], "large");
    auto.says("large", &["for all of this class it would scan about", "or allow --max-scan"]);
    assert_eq!((auto.unread().len(), large.count("StartQuery")), (3, 0), "{}", auto.said());
    let followed = Pull::new(&server, &["--all", "--follow", "--interval", "1s", "--to", &rfc3339(now_ms() + 2_000)])
        .format("json")
        .run();
    followed.says("followed", &["--follow does not"]);
    // The whole of a shared log group would count for several functions.
    let mut shared = Estate::default();
    shared.shared(ONE, "eu-west-1", "/acme/shared", &["alpha", "beta"], 20);
    let shared = Server::start(with_class(shared, INFREQUENT, |_| true));
    let pulled = Pull::of(&shared, &["alpha", "--engine", "insights"]).run();
    pulled.ends(&[3], "shared");
    pulled.says("shared", &["is not the whole log group of one function"]);
}

/// Without permission to list log groups, the class shows when the lines are refused.
#[test]
fn a_class_that_is_not_told_is_found_out() {
    let denied =
        |asked: &Asked| asked.is("DescribeLogGroups").then(|| Reply::error("AccessDeniedException", "not authorized"));
    let standard = Server::start(estate(2, true, 100).script(denied));
    let server = Server::start(with_class(estate(2, true, 100), INFREQUENT, |at| at != 1).script(denied));
    let names: Vec<String> =
        server.estate().groups.iter().map(|group| group.name.rsplit('/').next().unwrap().to_owned()).collect();
    let arguments: Vec<&str> = names.iter().map(String::as_str).chain(["--max-rate", "1000"]).collect();
    let full = Pull::of(&standard, &arguments).run();
    let found = Pull::of(&server, &[&arguments[..], &["--engine", "insights"]].concat()).run();
    assert_eq!(server.complaints(), [""; 0]);
    is_equal_or_null("untold", &full, &found);
    let rows = found.answer()["functions"].as_array().unwrap().clone();
    assert_eq!(rows.iter().filter(|row| !row["failure_rate"].is_null()).count(), names.len(), "{}", found.said());
}

#[test]
fn lines_count_for_what_may_be_scanned() {
    let make = || with_class(estate(3, true, 60), INFREQUENT, |_| true);
    let all = bytes(&make());
    let server = Server::start(make());
    // Enough for the queries that find, and not for those that read.
    let most = format!("{}B", all * 4 + all / 100);
    let pulled = pull(&server, &["--engine", "insights", "--max-scan", &most]);
    pulled.ends(&[3], "over budget");
    pulled.says("over budget", &["it scans more than --max-scan allows"]);
    assert!(!pulled.complete());
    assert_eq!(pulled.answer()["totals"]["failure_rate"], Value::Null);
    let stopped = server.estate().insights.queries().iter().filter(|(_, stopped)| *stopped).count();
    assert!(stopped > 0);
}

/// What will be scanned is told by metrics, where they are asked for and answer.
#[test]
fn what_will_be_scanned_is_told_by_metrics() {
    let make = || {
        let mut estate = with_class(estate(3, true, 60), INFREQUENT, |at| at == 0);
        // By this size nothing could be read.
        estate.stored_bytes = 1_000_000_000_000_000;
        estate
    };
    let metrics = ["--engine", "insights", "--cloudwatch-metrics"];
    let server = Server::start(make());
    let pulled = pull(&server, &metrics);
    pulled.ends(&[0], "metrics");
    let log = bytes(server.estate());
    pulled.says("metrics", &["by the bytes that CloudWatch counted; it stops at", "over 1 MB"]);
    assert!(log < 1_000_000 && server.count("StartQuery") > 0);
    let denied =
        |asked: &Asked| asked.is("GetMetricData").then(|| Reply::error("AccessDeniedException", "not authorized"));
    let server = Server::start(make().script(denied));
    let refused = pull(&server, &metrics);
    refused.ends(&[2], "no metrics");
    refused.says("no metrics", &["Logs Insights would scan about"]);
}

/// Writes the log of a function on Managed Instances: several attempts at once in each stream, reports without memory and
/// billing. Some fail.
fn side_by_side(seed: u64, at_once: u64, attempts: usize) -> Vec<Event> {
    let mut random = Random(seed);
    let mut events = Vec::new();
    let mut line = |at: i64, stream: &str, message: Value| {
        let id = format!("{:056}", events.len());
        events.push(Event { at, id, stream: stream.to_owned(), message: message.to_string() });
    };
    let platform = |at: i64, kind: &str, record: Value| json!({"time": rfc3339(at), "type": format!("platform.{kind}"), "record": record});
    for stream in 0..2u64 {
        let name = format!("2026/10/01/[1]{stream:032x}");
        let mut free: Vec<i64> = (0..at_once).map(|slot| START + 5_000 + slot as i64 * 37).collect();
        let init = json!({"initializationType": "lambda-managed-instances", "phase": "init", "functionName": "mi-fn",
            "functionVersion": "1", "runtimeVersion": "python:3.13.v1", "runtimeVersionArn": "arn:x"});
        line(START + 1_000, &name, platform(START + 1_000, "initStart", init));
        for _ in 0..attempts {
            let slot = random.below(at_once) as usize;
            let mut at = free[slot] + random.below(20_000) as i64;
            let (a, b) = (random.next(), random.next());
            let id = format!(
                "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                a >> 32,
                a & 0xffff,
                a >> 16 & 0xfff,
                b & 0xfff,
                b >> 16
            );
            line(at, &name, platform(at, "start", json!({"requestId": id, "version": "1"})));
            let began = at;
            for _ in 0..3 {
                at += 1 + random.below(1_500) as i64;
                let text = "the order is billed once more; ".repeat(8);
                line(at, &name, json!({"timestamp": rfc3339(at), "level": "INFO", "message": text, "requestId": id}));
            }
            let fails = random.below(20) == 0;
            if fails {
                at += 3;
                line(
                    at,
                    &name,
                    json!({"timestamp": rfc3339(at), "level": "ERROR", "errorType": "ValueError", "requestId": id,
                    "errorMessage": "no price", "message": "no price", "stackTrace": ["  File \"/var/task/app.py\", line 3"]}),
                );
            }
            at += 2 + random.below(500) as i64;
            let mut record =
                json!({"requestId": id, "status": "success", "metrics": {"durationMs": (at - began) as f64 + 0.25}});
            if fails {
                (record["status"], record["errorType"]) = (json!("error"), json!("ValueError"));
            }
            line(at, &name, platform(at, "report", record));
            free[slot] = at + 1;
        }
    }
    events
}

/// Of attempts side by side what is known is right, for both classes; if they cannot be told apart, it is null.
#[test]
#[allow(clippy::print_stdout, reason = "the figures are worth seeing")]
fn attempts_side_by_side_are_right_or_null() {
    let cases =
        (0..4u64).flat_map(|seed| [(seed, 2, None), (seed, 2, INFREQUENT), (seed, 12, None), (seed, 12, INFREQUENT)]);
    let known = AtomicUsize::new(0);
    in_all(cases, |(seed, at_once, class)| {
        let name = format!("seed {seed}, {at_once} at once, {class:?}");
        let make = || {
            let mut estate = Estate::default();
            estate.group(ONE, "eu-west-1", "/aws/lambda/mi-fn", side_by_side(seed, at_once, 150));
            estate
        };
        let full = pull(&Server::start(make()), &[]);
        let server = Server::start(with_class(make(), class, |_| true));
        let found = pull(&server, &["--engine", "insights"]);
        let (of_full, of_found) = (full.answer()["totals"].clone(), found.answer()["totals"].clone());
        println!(
            "{name}: {} of {} failed, found {} of {}, rate {}; {}",
            of_full["failed"],
            of_full["attempts"],
            of_found["failed"],
            of_found["attempts"],
            of_found["failure_rate"],
            found.said().lines().last().unwrap_or_default()
        );
        assert!(of_full["failed"].as_u64() > Some(3), "{name}");
        match found.complete() {
            true => {
                known.fetch_add(1, Ordering::SeqCst);
                is_equal_or_null(&name, &full, &found);
                assert_eq!(of_found["failed"], of_full["failed"], "{name}");
            }
            false => {
                assert_eq!(of_found["failure_rate"], Value::Null, "{name}: {}", found.said());
                assert!(!found.unread().is_empty(), "{name}");
            }
        }
    });
    assert!(known.into_inner() >= 8, "few are known");
}
