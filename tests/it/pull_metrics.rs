//! `pull --cloudwatch-metrics` against a fake of CloudWatch: what it counts reaches the answer and the saved file, what it
//! does not tell is null with a note, and idle log groups are left out only where it is sure of them.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cloudwatch::fake::{ACCOUNT, Group, Metric, MetricScript, Server, World, lambda_log};
use super::cloudwatch::{Pull, Pulled, group, world};

const FLAG: &str = "--cloudwatch-metrics";
const REGION: &str = "eu-west-1";

fn complete(value: f64) -> Metric {
    Metric { value: Some(value), status: "Complete" }
}

/// Creates a world with these metrics of functions in the default region.
fn counted(functions: usize, metrics: &[(&'static str, &'static str, Metric)]) -> World {
    let metrics = metrics.iter().map(|(of, name, metric)| ((REGION, *of, *name), *metric)).collect();
    World { metrics, ..world(functions, 100) }
}

/// Returns the row of a function.
#[track_caller]
fn row(answer: &Value, function: &str, region: &str) -> Value {
    let rows = answer["functions"].as_array().expect("rows");
    let found = rows.iter().find(|row| row["function"] == function && row["region"] == region);
    found.unwrap_or_else(|| panic!("no row of {function} in {region}: {rows:?}")).clone()
}

/// Returns the notes that hold a word.
fn notes(answer: &Value, word: &str) -> Vec<String> {
    let notes = answer["coverage"]["notes"].as_array().expect("notes");
    notes.iter().filter_map(Value::as_str).filter(|note| note.contains(word)).map(str::to_owned).collect()
}

/// Checks that all went well and that the saved file gives the same answer.
#[track_caller]
fn answer(server: &Server, pulled: &Pulled) -> Value {
    assert_eq!(pulled.status(), Some(0), "{}", pulled.stderr());
    assert_eq!(server.complaints(), [""; 0]);
    pulled.events();
    pulled.answer()
}

#[test]
fn what_cloudwatch_counts_is_in_the_answer_and_in_the_saved_file() {
    let metrics = [
        ("f0000", "Invocations", complete(100.0)),
        ("f0000", "Throttles", complete(7.0)),
        ("f0000", "ConcurrentExecutions", complete(3.0)),
        ("f0001", "Invocations", complete(500.0)),
    ];
    for page in [500, 3] {
        let server = Server::start(World { metric_page: page, ..counted(2, &metrics) });
        let pulled = Pull::of(&server.url, &["f0000", "f0001", FLAG]).run();
        let answer = answer(&server, &pulled);
        let first = row(&answer, "f0000", REGION);
        let told = &first["cloudwatch_metrics"];
        assert_eq!(
            (&first["own_throttles"], &told["invocations"], &told["logged_attempts"]),
            (&json!(7), &json!(100), &json!(100))
        );
        assert_eq!((&told["concurrent_executions_max"], &told["errors"]), (&json!(3), &json!(0)));
        let second = row(&answer, "f0001", REGION);
        assert_eq!(second["own_throttles"], 0, "a complete answer without a data point means none");
        let missing = notes(&answer, "400 are missing");
        assert_eq!(missing.len(), 1, "{:?}", answer["coverage"]["notes"]);
        assert_eq!(answer["coverage"]["complete"], false);
        assert_eq!(server.metric_calls().len(), 20usize.div_ceil(page));
        let signed = server.signed();
        assert!(signed.iter().any(|one| one.service == "monitoring" && one.region == REGION));
    }
    // Without the flag nothing is asked, and own throttles are not known.
    let server = Server::start(counted(1, &metrics));
    let pulled = Pull::of(&server.url, &["f0000"]).run();
    assert_eq!(row(&answer(&server, &pulled), "f0000", REGION)["own_throttles"], Value::Null);
    assert!(server.metric_calls().is_empty());
}

#[test]
fn functions_without_a_log_have_a_row_if_cloudwatch_saw_them_at_work() {
    let mut world = counted(
        1,
        &[("never", "Throttles", complete(12.0)), ("/aws/lambda/f0000", "IncomingLogEvents", complete(1.0))],
    );
    world.custom.insert("never".to_owned(), "/aws/lambda/never".to_owned());
    world.custom.insert("asleep".to_owned(), "/aws/lambda/asleep".to_owned());
    let server = Server::start(world);
    let answer = answer(&server, &Pull::of(&server.url, &["--all", FLAG]).run());
    let never = row(&answer, "never", REGION);
    assert_eq!(
        (&never["own_throttles"], &never["attempts"], &never["account_id"]),
        (&json!(12), &json!(0), &json!(ACCOUNT))
    );
    assert!(answer["functions"].as_array().unwrap().iter().all(|row| row["function"] != "asleep"));
}

#[test]
fn what_is_not_answered_completely_is_null_with_a_note() {
    for status in ["PartialData", "Forbidden", "InternalError"] {
        let metrics =
            [("f0000", "Throttles", Metric { value: Some(7.0), status }), ("f0000", "Invocations", complete(100.0))];
        let server = Server::start(counted(1, &metrics));
        let answer = answer(&server, &Pull::of(&server.url, &["f0000", FLAG]).run());
        let row = row(&answer, "f0000", REGION);
        assert_eq!((&row["own_throttles"], &row["cloudwatch_metrics"]["invocations"]), (&Value::Null, &json!(100)));
        assert_eq!(notes(&answer, status).len(), 1, "{status}: {:?}", answer["coverage"]["notes"]);
        assert_eq!(answer["coverage"]["complete"], true);
    }
}

fn script(fails: impl Fn(usize) -> bool + Send + Sync + 'static, status: u16, body: Value) -> MetricScript {
    Box::new(move |number| fails(number).then(|| (status, body.clone())))
}

#[test]
fn a_pull_goes_on_whatever_cloudwatch_answers() {
    let error =
        |code: &str| json!({ "__type": format!("com.amazonaws.cloudwatch#{code}"), "message": "x is not\nallowed." });
    let throttle = || error("ThrottlingException");
    for (name, script, want) in [
        ("two throttles", script(|number| number < 2, 400, throttle()), None),
        ("one failure", script(|number| number == 0, 500, json!({})), None),
        ("a request that is in flight for ever", script(|_| true, 400, throttle()), Some("throttles again and again")),
        (
            "denied",
            script(|_| true, 403, error("AccessDenied")),
            Some("allow cloudwatch:GetMetricData (AccessDenied: x is not allowed)"),
        ),
        ("a page of a proxy", script(|_| true, 200, json!("<html>")), Some("not from AWS but a web page")),
        ("no JSON", script(|_| true, 200, json!("x")), Some("an answer that is not JSON")),
        (
            "pages without an end",
            script(|_| true, 200, json!({ "MetricDataResults": [], "NextToken": "0" })),
            Some("without an end"),
        ),
    ] {
        let world = World {
            metric_script: script,
            ..counted(1, &[("f0000", "Throttles", complete(7.0)), ("f0000", "Invocations", complete(100.0))])
        };
        let server = Server::start(world);
        let answer = answer(&server, &Pull::of(&server.url, &["f0000", FLAG]).run());
        let row = row(&answer, "f0000", REGION);
        assert_eq!(row["attempts"], 100, "{name}");
        assert_eq!(row["own_throttles"], if want.is_none() { json!(7) } else { Value::Null }, "{name}");
        let notes = notes(&answer, "CloudWatch");
        assert_eq!(notes.len(), usize::from(want.is_some()), "{name}: {notes:?}");
        if let Some(want) = want {
            assert!(notes[0].contains(want), "{name}: {notes:?}");
            assert!(notes[0].contains(&format!("account {ACCOUNT} in {REGION}")), "{name}: {notes:?}");
        }
    }
}

#[test]
fn functions_of_one_name_in_two_regions_are_counted_apart() {
    let mut world = world(1, 100);
    world.metrics.insert(("eu-west-1", "f0000", "Throttles"), complete(1.0));
    world.metrics.insert(("us-east-1", "f0000", "Throttles"), complete(2.0));
    let server = Server::start(world);
    let pulled = Pull::of(&server.url, &["f0000", FLAG, "--region", "eu-west-1", "--region", "us-east-1"]).run();
    let answer = answer(&server, &pulled);
    for (region, throttles) in [("eu-west-1", 1), ("us-east-1", 2)] {
        assert_eq!(row(&answer, "f0000", region)["own_throttles"], throttles, "{region}");
    }
    assert_eq!(answer["totals"]["own_throttles"], 3);
    let signed = server.signed();
    let regions: Vec<&str> =
        signed.iter().filter(|one| one.service == "monitoring").map(|one| one.region.as_str()).collect();
    assert_eq!(regions.len(), 2, "each is asked once: {regions:?}");
}

/// Where nothing tells the accounts of two profiles, the functions of one would be taken for those of the other.
#[test]
fn accounts_that_are_not_known_are_not_mixed() {
    let server = Server::start(World {
        denied: vec!["lambda", "DescribeLogGroups"],
        ..counted(1, &[("f0000", "Throttles", complete(7.0))])
    });
    let mut pull = Pull::of(&server.url, &["f0000", FLAG, "--profile", "one", "--profile", "two"]);
    let config = pull.directory.path().join("config");
    let profile = |name: &str| format!("[profile {name}]\naws_access_key_id = A{name}\naws_secret_access_key = s\n");
    std::fs::write(&config, profile("one") + &profile("two")).expect("a file");
    pull.command.env("AWS_CONFIG_FILE", &config);
    let answer = pull.run().answer();
    assert!(server.metric_calls().is_empty());
    assert_eq!(notes(&answer, "it is not known which accounts").len(), 1, "{}", answer["coverage"]);
}

#[test]
fn an_endpoint_of_cloudwatch_alone_is_used() {
    let (logs, metrics) =
        (Server::start(world(1, 100)), Server::start(counted(1, &[("f0000", "Throttles", complete(7.0))])));
    let mut pull = Pull::of(&logs.url, &["f0000", FLAG]);
    // What the command line names serves all.
    pull.command.env("AWS_ENDPOINT_URL_CLOUDWATCH", &metrics.url);
    assert_eq!(row(&pull.run().answer(), "f0000", REGION)["own_throttles"], 0);
    let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
    command
        .args([
            "pull",
            "f0000",
            FLAG,
            "--from",
            "2026-10-01T00:00:00Z",
            "--to",
            "2026-10-01T01:00:00Z",
            "--format",
            "json",
        ])
        .envs([("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", REGION)])
        .envs([("AWS_CONFIG_FILE", "/nonexistent"), ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")])
        .env("AWS_ENDPOINT_URL", &logs.url)
        .env("AWS_ENDPOINT_URL_CLOUDWATCH", &metrics.url);
    let output = command.output().expect("the program runs");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(row(&answer, "f0000", REGION)["own_throttles"], 7);
}

#[test]
fn idle_log_groups_are_left_out_only_where_cloudwatch_is_sure() {
    let idle = |status| Metric { value: None, status };
    let metrics = [
        ("/aws/lambda/f0000", "IncomingLogEvents", complete(400.0)),
        ("/aws/lambda/f0001", "IncomingLogEvents", idle("Complete")),
        ("/aws/lambda/f0002", "IncomingLogEvents", idle("PartialData")),
        ("/aws/lambda/f0003", "IncomingLogEvents", complete(0.0)),
    ];
    let busy = |pulled: &Pulled, server: &Server| {
        let mut groups = server.filtered();
        groups.sort();
        groups.dedup();
        (groups.len(), notes(&pulled.answer(), "left out "))
    };
    let server = Server::start(counted(4, &metrics));
    let pulled = Pull::of(&server.url, &["--all", FLAG]).run();
    answer(&server, &pulled);
    let (groups, notes) = busy(&pulled, &server);
    assert_eq!((groups, notes.len()), (2, 1), "{notes:?}");
    assert!(notes[0].contains("left out 2 of 4 log groups"), "{notes:?}");
    // Without the flag, by name, where CloudWatch does not answer, or shortly after the end, all are read.
    for (arguments, script) in [
        (&["--all"][..], None),
        (&["f*", FLAG], None),
        (&["--all", FLAG], Some(script(|number| number == 0, 403, json!({ "__type": "AccessDenied" })))),
    ] {
        let mut world = counted(4, &metrics);
        world.metric_script = script.unwrap_or(world.metric_script);
        let server = Server::start(world);
        let pulled = Pull::of(&server.url, arguments).run();
        let (groups, notes) = busy(&pulled, &server);
        assert_eq!((groups, notes.len()), (4, 0), "{arguments:?}: {notes:?}");
    }
    let server = Server::start(World {
        groups: [("/aws/lambda/f0001".to_owned(), group(Vec::new()))].into(),
        ..counted(0, &metrics)
    });
    let mut pull = Pull::of(&server.url, &[]);
    let directory = pull.directory.path().to_owned();
    let mut command = std::mem::replace(&mut pull.command, Command::new("true"));
    command.current_dir(&directory);
    let now = Command::new(env!("CARGO_BIN_EXE_lambda-triage"))
        .args(["pull", "--all", FLAG, "--since", "1h", "--endpoint-url", &server.url, "--allow-empty"])
        .envs([("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", REGION)])
        .envs([("AWS_CONFIG_FILE", "/nonexistent"), ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")])
        .output()
        .expect("the program runs");
    assert_eq!(now.status.code(), Some(0));
    let asked = server.metric_calls();
    let of_logs = asked.iter().filter(|call| call.to_string().contains("IncomingLogEvents")).count();
    assert_eq!((of_logs, server.filtered().len()), (0, 1), "the time has just ended");
}

#[test]
fn metrics_of_a_shared_group_are_those_of_the_functions_in_it() {
    let events = lambda_log("inside", 100, 36_000).into_iter().map(|mut event| {
        event.stream = event.stream.replace("/[$LATEST]", "/inside[$LATEST]");
        event
    });
    let groups = [("/acme/all".to_owned(), Group { events: events.collect(), ..Group::default() })].into();
    let server = Server::start(World { groups, ..counted(0, &[("inside", "Throttles", complete(5.0))]) });
    let answer = answer(&server, &Pull::of(&server.url, &["--log-group", "/acme/all", FLAG]).run());
    assert_eq!(row(&answer, "inside", REGION)["own_throttles"], 5);
}

/// A signal while CloudWatch is asked ends the waiting: the log was read, and its answer is given.
#[test]
#[cfg(unix)]
fn a_signal_ends_the_asking_and_not_the_answer() {
    let wait: MetricScript = Box::new(|_| {
        std::thread::sleep(Duration::from_secs(60));
        None
    });
    let server = Server::start(World { metric_script: wait, ..counted(1, &[]) });
    let mut pull = Pull::of(&server.url, &["f0000", FLAG]);
    pull.command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = pull.command.spawn().expect("the program runs");
    let began = Instant::now();
    while server.metric_calls().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(50), "it never asks");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-s", "INT", &program.id().to_string()]).status();
    assert!(sent.expect("a status").success());
    let output = program.wait_with_output().expect("an end");
    assert!(began.elapsed() < Duration::from_secs(55), "it waits for the answer");
    assert_eq!(output.status.code(), Some(130));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(row(&answer, "f0000", REGION)["attempts"], 100);
    assert_eq!(notes(&answer, "interrupted while the account was asked").len(), 1);
}

#[test]
fn a_wrong_use_is_told() {
    let program = env!("CARGO_BIN_EXE_lambda-triage");
    for (arguments, words) in [
        (&["analyze", "x", FLAG][..], "lambda-triage cloudwatch-query"),
        (&["analyze", FLAG, "live"], "lambda-triage cloudwatch-query"),
        (&["demo", FLAG], "lambda-triage cloudwatch-query"),
        (&["pull", FLAG, "orders", "pay"], "pull orders --cloudwatch-metrics"),
        (&["pull", "orders", "--follow", FLAG], "leave it out with --follow"),
    ] {
        let output = Command::new(program).args(arguments).output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    }
}
