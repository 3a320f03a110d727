//! `pull --engine insights` where what Logs Insights answers is not what it seems: transformed events, reports that cannot be
//! read, halves of attempts, times without a log, answers that are lost or contradict themselves, and credentials that
//! expire. The answer is that of the full pull, or says what is not known.

use serde_json::{Value, json};

use super::cloudwatch::fake::estate::{Asked, Estate, ONE, Reply, Server, now_ms, rfc3339};
use super::cloudwatch::fake::{Event, START};
use super::estate::{Pull, Pulled, in_all};
use super::insights::{both, estate, is_equal_or_null};

const INSIGHTS: [&str; 5] = ["--all", "--max-rate", "1000", "--engine", "insights"];

fn row<'r>(answer: &'r Value, function: &str) -> Option<&'r Value> {
    answer["functions"].as_array()?.iter().find(|row| row["function"] == function)
}

/// What is not known of some function is told, and so are the totals.
#[track_caller]
fn is_told(name: &str, found: &Pulled, words: &str) {
    found.ends(&[3], name);
    assert!(!found.complete(), "{name}: {}", found.said());
    assert_eq!(found.answer()["totals"]["failure_rate"], Value::Null, "{name}");
    assert!(found.unread().iter().any(|one| one.contains(words)), "{name}: {:?}", found.unread());
}

#[test]
fn a_log_group_with_a_transformer_is_not_understood() {
    in_all([false, true], |json| {
        let mut estate = estate(7, json, 60);
        let healthy = estate.groups.len() - 1;
        estate.groups[0].transformed = true;
        estate.groups[healthy].transformed = true;
        let server = Server::start(estate);
        let (full, found) = both(&server, &["--fail-on", "lost > 1000000"]);
        full.ends(&[0], "full");
        is_told("transformed", &found, "healthy-fn");
        is_told("transformed", &found, "a transformer of the log group may have changed them; use --engine filter");
        let (full, found) = (full.answer(), found.answer());
        for one in found["functions"].as_array().unwrap().iter().filter(|one| !one["failure_rate"].is_null()) {
            assert_eq!(row(&full, one["function"].as_str().unwrap()).unwrap()["attempts"], one["attempts"]);
        }
    });
}

/// Reports that are masked, or of a form that is not known, are judged as by the full pull.
#[test]
fn a_report_that_cannot_be_read_is_no_success() {
    let masks: [(bool, &str, &str); 3] = [
        (false, "\tDuration: ", "\tDuration: **** ms\tWas: "),
        (false, "\tDuration: ", "\tLasted: "),
        (true, "\"durationMs\":", "\"durationMs\":\"****\",\"was\":"),
    ];
    in_all(masks, |(json, from, to)| {
        let mut estate = estate(5, json, 60);
        let healthy = estate.groups.len() - 1;
        let reports = |event: &&mut Event| {
            let begins = event.message.starts_with("REPORT ") || event.message.contains("\"platform.report\"");
            begins && (START..START + 3_600_000).contains(&event.at)
        };
        for event in estate.groups[healthy].events.iter_mut().filter(reports).skip(3).step_by(5) {
            assert!(event.message.contains(from), "{}", event.message);
            event.message = event.message.replacen(from, to, 1);
        }
        let server = Server::start(estate);
        let (full, found) = both(&server, &[]);
        assert_eq!(server.complaints(), [""; 0], "{to}");
        if found.unread().is_empty() {
            is_equal_or_null(to, &full, &found);
            assert_eq!(found.complete(), full.complete(), "{to}: {}", found.said());
        } else {
            is_told(to, &found, "no duration that can be read");
        }
        let (full, found) = (full.answer(), found.answer());
        assert_eq!(row(&full, "healthy-fn").unwrap()["ok"], row(&found, "healthy-fn").unwrap()["ok"], "{to}");
    });
}

fn event(number: usize, at: i64, stream: &str, message: String) -> Event {
    Event { at, id: format!("{number:056}"), stream: format!("2026/10/01/[$LATEST]{stream}"), message }
}

fn report(id: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 5.00 ms\tBilled Duration: 6 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
    )
}

/// The REPORT of an attempt that began before the window and the START of its retry are of two attempts.
#[test]
fn halves_of_two_attempts_are_no_success() {
    const ID: &str = "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34";
    let start = format!("START RequestId: {ID} Version: $LATEST\n");
    let end = START + 3_600_000;
    // Stream and time of the REPORT, and of the START.
    let halves = [
        (("a", START + 5), ("b", end - 5)),
        (("a", START + 5), ("a", end - 5)),
        (("b", end - 5), ("a", START + 900_000)),
    ];
    in_all(halves, |((of_report, reported), (of_start, started))| {
        let name = format!("REPORT in {of_report} at {reported}, START in {of_start} at {started}");
        let mut events: Vec<Event> = Vec::new();
        for attempt in 0..20 {
            let (id, at) = (format!("6f0d1a52-93c1-4d0e-8a55-{attempt:012x}"), START + 60_000 + attempt * 30_000);
            let start = format!("START RequestId: {id} Version: $LATEST\n");
            events.push(event(events.len(), at, "c", start));
            events.push(event(events.len(), at + 5, "c", report(&id)));
        }
        events.push(event(events.len(), reported, of_report, report(ID)));
        events.push(event(events.len(), started, of_start, start.clone()));
        let mut estate = Estate::default();
        estate.group(ONE, "eu-west-1", "/aws/lambda/half", events);
        let server = Server::start(estate);
        let (full, found) = both(&server, &[]);
        is_equal_or_null(&name, &full, &found);
        let (of_full, of_found) = (full.answer(), found.answer());
        for key in ["attempts", "ok", "incomplete"] {
            assert_eq!(of_full["totals"][key], of_found["totals"][key], "{name}: {key}: {}", found.said());
        }
    });
}

/// AWS refuses a query for a time that ends before one of its log groups was created, or beyond what it keeps.
#[test]
fn a_time_without_a_log_has_no_events() {
    type Change = fn(&mut Estate);
    let cases: [(&str, Change); 4] = [
        ("a log group that was created later", |estate| estate.groups[1].created_ms = Some(START + 7_200_000)),
        ("a log group that was created just then", |estate| estate.groups[1].created_ms = Some(START + 3_601_000)),
        ("a log group that was created within", |estate| estate.groups[1].created_ms = Some(START + 1_800_000)),
        ("a log group that keeps nothing of it", |estate| estate.groups[1].retention_days = Some(1)),
    ];
    in_all(cases, |(name, change)| {
        let mut estate = estate(7, false, 60);
        change(&mut estate);
        let since = estate.groups[1].created_ms.unwrap_or(i64::MAX);
        let from = if name.contains("just then") { since - 30_000 } else { since };
        estate.groups[1].events.retain(|event| event.at >= from);
        // The answers of long times do not come, so that halves are asked for.
        estate.insights.status =
            Box::new(
                |_, text, seconds| {
                    if text.contains("log(greatest") && seconds > 1_000 { "Timeout" } else { "Complete" }
                },
            );
        // Where log groups may not be listed, nothing tells when they were created.
        let server = Server::start(estate);
        let (full, found) = both(&server, &[]);
        full.ends(&[0], name);
        found.ends(&[0], name);
        is_equal_or_null(name, &full, &found);
        assert!(found.complete(), "{name}: {}", found.said());
        let is_left_out = !name.contains("within") && !name.contains("just then");
        assert_eq!(found.said().contains("or keep nothing of it: 1 of "), is_left_out, "{name}: {}", found.said());
    });
    let denied =
        |asked: &Asked| asked.is("DescribeLogGroups").then(|| Reply::error("AccessDeniedException", "not authorized"));
    let mut unlisted = estate(7, false, 60).script(denied);
    unlisted.groups[1].created_ms = Some(START + 7_200_000);
    unlisted.groups[1].events.clear();
    let server = Server::start(unlisted);
    let names: Vec<String> =
        server.estate().groups.iter().map(|group| group.name.rsplit('/').next().unwrap().to_owned()).collect();
    let arguments: Vec<&str> = names.iter().map(String::as_str).chain(["--max-rate", "1000"]).collect();
    let full = Pull::of(&server, &arguments).run();
    let found = Pull::of(&server, &[&arguments[..], &["--engine", "insights"]].concat()).run();
    is_equal_or_null("not listed", &full, &found);
    assert!(found.complete(), "{}", found.said());
}

/// Credentials that expire leave what is known by then.
#[test]
fn credentials_that_expire_leave_what_is_known() {
    for (name, operation, at) in
        [("lines", "GetLogEvents", 4), ("first lines", "GetLogEvents", 0), ("queries", "GetQueryResults", 3)]
    {
        let expired = move |asked: &Asked| {
            let hit = asked.is(operation) && asked.nth >= at;
            hit.then(|| Reply::error("ExpiredTokenException", "The security token included in the request is expired"))
        };
        let server = Server::start(estate(7, false, 60).script(expired));
        let found = Pull::of(&server, &INSIGHTS).run();
        found.ends(&[3], name);
        found.says(name, &["expired"]);
        assert!(!found.complete(), "{name}");
        assert_eq!(found.answer()["totals"]["failure_rate"], Value::Null, "{name}");
        found.never_says(name, &["--resume"]);
        if name != "queries" {
            let full = Pull::of(&Server::start(estate(7, false, 60)), &["--all", "--max-rate", "1000"]).run().answer();
            let answer = found.answer();
            let known: Vec<&Value> = answer["functions"].as_array().unwrap().iter().collect();
            assert!(!known.is_empty(), "{name}: {}", found.said());
            for one in known.into_iter().filter(|one| !one["failure_rate"].is_null()) {
                assert_eq!(row(&full, one["function"].as_str().unwrap()).unwrap()["attempts"], one["attempts"]);
            }
        }
    }
}

/// A query that began without our knowing its id counts as scanned.
#[test]
fn a_query_of_which_no_answer_came_is_counted() {
    let make = || {
        let lost = |asked: &Asked| (asked.is("StartQuery") && asked.nth == 0).then_some(Reply::Cut);
        estate(3, true, 60).script(lost)
    };
    let (server, plain) = (Server::start(make()), Server::start(estate(3, true, 60)));
    let found = Pull::of(&server, &INSIGHTS).run();
    found.ends(&[0], "lost");
    found.says(
        "lost",
        &["requests to begin a query that had no answer (1) count as if AWS had run and charged for them"],
    );
    assert_eq!(server.count("StartQuery"), plain.count("StartQuery") + 5);
    let bytes: usize = server.estate().groups.iter().flat_map(|group| &group.events).map(|one| one.message.len()).sum();
    let most = format!("{}B", bytes * 4 + bytes / 10);
    let limited = |server: &Server| Pull::of(server, &[&INSIGHTS[..], &["--max-scan", &most]].concat()).run();
    limited(&plain).ends(&[0], "within what may be scanned");
    limited(&Server::start(make())).ends(&[3], "beyond it");
}

/// An answer without rows to which events belong is not whole.
#[test]
fn no_rows_of_events_that_match_are_not_taken_for_none() {
    for words in ["timed out", "as starts, min", "log(greatest"] {
        let mut estate = estate(7, false, 60);
        estate.insights.empties = Some(words);
        let found = Pull::of(&Server::start(estate), &INSIGHTS).run();
        is_told(words, &found, "no row came");
    }
}

/// Hints say nothing of requests that were not read, and log groups are known where nothing was.
#[test]
fn what_was_not_read_is_not_told_of() {
    let server = Server::start(estate(6, false, 900));
    let (full, found) = both(&server, &[]);
    let text = found.answer().to_string();
    assert!(!text.contains("earlier requests needed far less") && !text.contains("nearly full before the request"));
    let (full, found) = (full.answer(), found.answer());
    for one in full["functions"].as_array().unwrap() {
        let name = one["function"].as_str().unwrap();
        assert_eq!(row(&found, name).unwrap()["log_groups"], one["log_groups"], "{name}");
    }
    assert_eq!(row(&found, "healthy-fn").unwrap()["log_groups"], json!(["/aws/lambda/healthy-fn"]));
}

#[test]
fn a_table_of_nothing_says_whether_that_is_known() {
    let mut estate = Estate::default();
    estate.function(ONE, "eu-west-1", "young", 0);
    let (from, to) = (rfc3339(now_ms() - 60_000), rfc3339(now_ms()));
    let arguments = ["--all", "--from", &from, "--to", &to, "--engine", "insights"];
    let server = Server::start(estate);
    let none = Pull::new(&server, &arguments).format("table").run();
    assert!(none.stdout.starts_with("No Lambda invocation found\n"), "{}", none.stdout);
    let mut estate = self::estate(7, false, 60);
    estate.groups.retain(|group| group.name.ends_with("healthy-fn"));
    estate.insights.status = Box::new(|_, _, _| "Failed");
    let unknown = Pull::of(&Server::start(estate), &INSIGHTS).format("table").run();
    assert!(
        unknown.stdout.starts_with("No Lambda invocation found, but not all was read\nPartial: "),
        "{}",
        unknown.stdout
    );
}

/// What --only does not name is not queried, nor charged for.
#[test]
fn only_what_is_named_is_queried() {
    let server = Server::start(estate(7, false, 60));
    let (full, found) = both(&server, &["--only", "healthy-*"]);
    let asked = server.asked();
    let groups: Vec<&Value> =
        asked.iter().filter(|asked| asked.is("StartQuery")).map(|asked| &asked.body["logGroupIdentifiers"]).collect();
    assert!(groups.iter().all(|groups| **groups == json!(["/aws/lambda/healthy-fn"])), "{groups:?}");
    found.ends(&[0], "only");
    found.says("only", &["whose functions --only does not name"]);
    let (full, found) = (full.answer(), found.answer());
    assert_eq!(row(&full, "healthy-fn").unwrap()["attempts"], row(&found, "healthy-fn").unwrap()["attempts"]);
}
