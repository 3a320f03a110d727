//! `pull --aws-config live` against a fake of Lambda and SQS: what they tell reaches the answer and the saved file, without
//! environment variables; each right is optional; few requests are made, and in depth only about functions that fail.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::cloudwatch::fake::{ACCOUNT, ConfigTold, ENVIRONMENT, Server, World};
use super::cloudwatch::{Pull, Pulled, unpack, world};

const LIVE: [&str; 2] = ["--aws-config", "live"];

fn arn(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{name}")
}

/// Returns an account in which the queue of the function that fails is set wrongly, and nothing else.
fn told() -> ConfigTold {
    let mapping = |function: &str, queue: &str| {
        json!({
            "UUID": "u", "FunctionArn": arn("lambda", &format!("function:{function}")), "State": "Enabled",
            "EventSourceArn": arn("sqs", queue), "BatchSize": 10, "LastModified": 1_772_359_200.0,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumBatchingWindowInSeconds": 0,
        })
    };
    let attributes = |name: &str, visibility: &str| {
        let policy = format!("{{\"deadLetterTargetArn\":\"{}\",\"maxReceiveCount\":5}}", arn("sqs", "dead"));
        json!({ "QueueArn": arn("sqs", name), "VisibilityTimeout": visibility, "RedrivePolicy": policy })
    };
    ConfigTold {
        functions: [("f0000", json!({ "Timeout": 20 })), ("f0000:42", json!({ "Timeout": 7, "Version": "42" }))].into(),
        mappings: vec![mapping("f0000", "orders"), mapping("elsewhere", "other"), mapping("f0001", "quiet")],
        invoke_configs: [("f0000", json!({ "MaximumRetryAttempts": 0, "LastModified": 1_772_359_200.0 }))].into(),
        concurrency: [("f0000", 3)].into(),
        queues: [("orders", attributes("orders", "10")), ("quiet", attributes("quiet", "10"))].into(),
        ..ConfigTold::default()
    }
}

/// Checks that all went well, that the saved file gives the same answer, and that no environment is in either.
#[track_caller]
fn answer(pulled: &Pulled) -> Value {
    assert_eq!(pulled.status(), Some(0), "{}", pulled.stderr());
    pulled.events();
    let saved = pulled.saved_bytes();
    let text = String::from_utf8_lossy(&saved).into_owned() + &String::from_utf8_lossy(&unpack(&saved));
    let answer = pulled.answer();
    for (name, text) in [("the file", text), ("the answer", answer.to_string()), ("messages", pulled.stderr())] {
        assert!(!text.contains(ENVIRONMENT), "an environment is in {name}");
    }
    answer
}

fn row<'a>(answer: &'a Value, function: &str) -> &'a Value {
    let rows = answer["functions"].as_array().expect("rows");
    rows.iter().find(|row| row["function"] == function).unwrap_or_else(|| panic!("no row of {function}"))
}

/// Returns the checks of a function, by id.
fn checks(answer: &Value, function: &str) -> Vec<String> {
    let all = answer["checks"].as_array().expect("checks");
    let of = all.iter().filter(|check| check["function"] == function);
    of.map(|check| check["id"].as_str().expect("an id").to_owned()).collect()
}

fn calls(server: &Server) -> Vec<String> {
    let mut calls: Vec<String> = server.config_calls().into_iter().map(|(_, call)| call).collect();
    calls.sort();
    calls
}

fn notes(answer: &Value) -> Vec<String> {
    let notes = answer["coverage"]["notes"].as_array().expect("notes");
    notes.iter().filter_map(Value::as_str).filter(|note| note.contains("configuration")).map(str::to_owned).collect()
}

/// Removes the failures of a function's log.
fn healthy(mut world: World, function: &str) -> World {
    let group = world.groups.get_mut(&format!("/aws/lambda/{function}")).expect("a group");
    group.events.retain(|event| !event.message.contains("Task timed out"));
    for event in &mut group.events {
        event.message = event.message.replace("\tStatus: timeout", "").replace("Duration: 3000", "Duration: 12");
    }
    world
}

#[test]
fn what_lambda_and_sqs_tell_is_in_the_answer_and_in_the_saved_file() {
    for page in [0, 1] {
        let config = ConfigTold { mapping_page: page, ..told() };
        let server = Server::start(World { config, ..healthy(world(2, 100), "f0001") });
        let pulled = Pull::of(&server.url, &[&["f0000", "f0001"], &LIVE[..]].concat()).run();
        let answer = answer(&pulled);
        let failing = row(&answer, "f0000");
        assert!(checks(&answer, "f0000").iter().any(|id| id.contains("visibility")), "{}", answer["checks"]);
        let invokers = failing["invokers"].as_array().expect("invokers");
        assert!(invokers.iter().any(|one| one["kind"] == "sqs"), "{invokers:?}");
        assert_eq!(row(&answer, "f0001")["timeout_ms"], 30_000, "a function without failures has its timeout, too");
        assert_eq!(notes(&answer), [""; 0]);
        let pages = if page == 0 { 1 } else { 3 };
        let lists = std::iter::repeat_n("ListEventSourceMappings".to_owned(), pages);
        let want: Vec<String> = ["GetFunctionConcurrency f0000", "GetQueueAttributes orders"]
            .map(str::to_owned)
            .into_iter()
            .chain(lists)
            .chain(["ListFunctionEventInvokeConfigs f0000".to_owned()])
            .collect();
        assert_eq!(calls(&server), want, "only what fails is asked about in depth");
    }
    // Without the flag nothing is asked.
    let server = Server::start(World { config: told(), ..world(1, 100) });
    answer(&Pull::of(&server.url, &["f0000"]).run());
    assert_eq!(calls(&server), [""; 0]);
}

#[test]
fn a_version_with_a_number_is_described_by_itself() {
    let mut world = World { config: told(), ..world(1, 100) };
    for event in &mut world.groups.get_mut("/aws/lambda/f0000").expect("a group").events {
        event.message = event.message.replace("Version: $LATEST", "Version: 42");
        event.stream = event.stream.replace("[$LATEST]", "[42]");
    }
    let server = Server::start(world);
    answer(&Pull::of(&server.url, &[&["f0000"], &LIVE[..]].concat()).run());
    assert!(calls(&server).contains(&"version f0000".to_owned()), "{:?}", calls(&server));
}

#[test]
fn each_right_is_optional() {
    for (denied, action) in [
        ("ListEventSourceMappings", "lambda:ListEventSourceMappings"),
        ("ListFunctionEventInvokeConfigs", "lambda:ListFunctionEventInvokeConfigs"),
        ("GetFunctionConcurrency", "lambda:GetFunctionConcurrency"),
        ("GetQueueAttributes", "sqs:GetQueueAttributes"),
    ] {
        let server = Server::start(World { config: told(), denied: vec![denied], ..world(3, 100) });
        let answer = answer(&Pull::of(&server.url, &[&["f*"], &LIVE[..]].concat()).run());
        let notes = notes(&answer);
        assert_eq!(notes.len(), 1, "{denied}: {notes:?}");
        assert!(notes[0].contains(&format!("allow {action} (")), "{denied}: {notes:?}");
        assert_eq!(row(&answer, "f0000")["attempts"], 100);
        let asked = calls(&server).iter().filter(|call| call.starts_with(denied)).count();
        assert!(asked <= 1, "it is asked once: {:?}", calls(&server));
    }
    let server = Server::start(World { config: told(), denied: vec!["lambda"], ..world(1, 100) });
    let answer = answer(&Pull::of(&server.url, &[&["f0000"], &LIVE[..]].concat()).run());
    assert_eq!(notes(&answer).len(), 1, "{:?}", notes(&answer));
    assert!(notes(&answer)[0].contains("allow lambda:GetFunctionConfiguration"), "{:?}", notes(&answer));
}

#[test]
fn throttles_are_waited_for_and_few_requests_are_made_a_second() {
    let config = ConfigTold { throttles: 2, ..told() };
    let server = Server::start(World { config, lists_all: true, ..world(30, 20) });
    let answer = answer(&Pull::of(&server.url, &[&["--all"], &LIVE[..]].concat()).run());
    assert_eq!(notes(&answer), [""; 0]);
    let of_lambda: Vec<_> =
        server.config_calls().into_iter().filter(|(_, call)| !call.starts_with("GetQueue")).map(|(at, _)| at).collect();
    assert_eq!(of_lambda.len(), 2 + 1 + 2 * 30, "one list, and two requests for each that fails");
    let within = |at: usize| {
        of_lambda[at..].iter().take_while(|other| **other < of_lambda[at] + Duration::from_millis(950)).count()
    };
    let most = (0..of_lambda.len()).map(within).max().unwrap_or(0);
    assert!(most <= 3, "{most} requests in a second");
}

#[test]
fn a_wrong_use_is_told_and_a_saved_configuration_can_be_left_out() {
    let program = env!("CARGO_BIN_EXE_lambda-triage");
    for (arguments, words) in [
        (&["analyze", "x", "--aws-config", "live"][..], "--aws-config live is of pull"),
        (&["pull", "orders", "--follow", "--aws-config", "live"], "leave it out with --follow"),
    ] {
        let output = Command::new(program).args(arguments).output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    }
    let server = Server::start(World { config: told(), ..world(1, 100) });
    let pulled = Pull::of(&server.url, &[&["f0000"], &LIVE[..]].concat()).run();
    answer(&pulled);
    let off = pulled.analyze(&["--aws-config", "off"]);
    assert_eq!(row(&off, "f0000")["invokers"], json!([]));
}
