//! Configuration beside the logs: `--aws-config` in its forms, the checks in every output, bad files.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::harness::{Done, Run, directory, formats};

const LOGS: &str = "fixtures/account/logs";
/// The same facts in each form.
const FORMS: [&str; 3] = ["fixtures/account/cli", "fixtures/account/cloudformation", "fixtures/account/terraform"];
/// What stands in the environment of functions, in the fixtures.
const IN_ENVIRONMENT: &str = "ENVIRONMENT-VALUE";

fn with(configs: &[&str]) -> Run {
    let flags = configs.iter().flat_map(|path| ["--aws-config", path]);
    Run::analyze([LOGS]).args(flags)
}

#[track_caller]
fn summary(run: Run) -> Value {
    serde_json::from_str(&run.args(["--format", "json"]).done().stdout).expect("JSON")
}

/// Returns the checks without what the form decides: the name of the file.
fn checks(summary: &Value) -> Vec<Value> {
    let mut checks = summary["checks"].as_array().expect("a list").clone();
    for check in &mut checks {
        check["source"] = Value::Null;
    }
    checks
}

fn row<'a>(summary: &'a Value, name: &str) -> &'a Value {
    let rows = summary["functions"].as_array().expect("a list");
    rows.iter().find(|row| row["function"] == name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn every_form_gives_the_same_answer() {
    let answers = FORMS.map(|form| summary(with(&[form])));
    let ids: Vec<&str> = answers[0]["checks"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    let want = [
        "shard_blocked",
        "lost_without_destination",
        "few_receives",
        "item_failures_unreported",
        "visibility_below_six_timeouts",
        "item_failures_unreported",
        "memory_near_size",
        "timeout_near_p99",
        "runtime_deprecated",
    ];
    assert_eq!(ids, want, "{:#}", answers[0]["checks"]);
    for answer in &answers {
        assert_eq!(checks(answer), checks(&answers[0]));
        assert_eq!((&answer["checks_total"], &answer["checks_high"]), (&9.into(), &2.into()));
        for (name, timeout_ms, invoker) in
            [("orders", 10_000, "async"), ("billing", 60_000, "sqs"), ("clicks", 30_000, "stream")]
        {
            let row = row(answer, name);
            assert_eq!((&row["timeout_ms"], &row["timeout_source"]), (&timeout_ms.into(), &"config".into()), "{name}");
            assert!(row["near_timeout"].is_u64(), "{name}");
            assert!(row["invokers"].as_array().unwrap().iter().all(|one| one["kind"] == invoker), "{name}");
        }
    }
}

#[test]
fn a_known_invoker_gives_its_advice_and_the_flag_wins() {
    let hint = |answer: &Value, name: &str| row(answer, name)["findings"][0]["hint"].as_str().unwrap().to_owned();
    let plain = summary(Run::analyze([LOGS]));
    let known = summary(with(&[FORMS[0]]));
    let typed = summary(with(&[FORMS[0]]).args(["--invoker", "sync"]));
    for (name, words) in [("billing", "visibility timeout"), ("clicks", "shard is blocked"), ("orders", "twice more")] {
        assert!(!hint(&plain, name).contains(words), "{name}: {}", hint(&plain, name));
        assert!(hint(&known, name).contains(words), "{name}: {}", hint(&known, name));
        assert!(hint(&typed, name).contains("synchronous call"), "{name}: {}", hint(&typed, name));
    }
}

#[test]
fn without_it_only_runtimes_are_checked() {
    let plain = summary(Run::analyze([LOGS]));
    let off = summary(with(&[FORMS[0], "off"]));
    assert_eq!(plain, off);
    let ids: Vec<&str> = plain["checks"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, ["runtime_deprecated"]);
    assert_eq!(row(&plain, "orders")["timeout_source"], Value::Null);
    assert_eq!(row(&plain, "orders")["invokers"], Value::Array(Vec::new()));
}

#[test]
fn records_keep_the_timeout_that_was_configured() {
    let records = with(&[FORMS[0]]).args(["--format", "ndjson"]).stdout();
    let first: Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    assert_eq!(first["timeout_source"], "config");
    let again: Value = serde_json::from_str(&Run::analyze(["-", "--format", "json"]).input(records).stdout()).unwrap();
    let whole = summary(with(&[FORMS[0]]));
    for name in ["orders", "billing", "clicks"] {
        for key in ["timeout_ms", "timeout_source", "near_timeout"] {
            assert_eq!(row(&again, name)[key], row(&whole, name)[key], "{name} {key}");
        }
    }
}

#[test]
fn every_format_tells_the_checks_and_none_the_environment() {
    let folder = directory();
    let others = ["fixtures/account/other/get-function.json", "fixtures/account/other/photos.json"];
    for format in formats() {
        let done = with(&FORMS).args(others.iter().flat_map(|path| ["--aws-config", path])).args(["--format", format]);
        let done = done.args(["--details"]).args(["--invoker", "async"]).done();
        assert!(!done.stdout.contains(IN_ENVIRONMENT) && !done.stderr.contains(IN_ENVIRONMENT), "{format}");
        if ["table", "json", "csv", "markdown", "html"].contains(&format) {
            assert!(done.stdout.contains("lost_without_destination"), "{format}: {}", done.stdout);
        }
    }
    let file = folder.path().join("answer.json");
    let _ = with(&[FORMS[1]]).args(["--format", "json"]).arg_path("--output", &file).done();
    let shown = Run::new(["view"]).args([file.as_os_str()]).done().stdout;
    assert!(shown.contains("shard_blocked") && shown.contains("lambda-triage explain checks"), "{shown}");
    let some = Run::new(["view", "--only", "billing"]).args([file.as_os_str()]).done().stdout;
    assert!(some.contains("Checks: 3\n") && !some.contains("shard_blocked"), "{some}");
}

#[test]
fn what_nothing_can_have_caught_is_lost_without_a_caveat() {
    const CAVEAT: &str = "may have caught a lost";
    let plain = Run::analyze([LOGS]).done().stdout;
    let known = with(&[FORMS[2]]).done().stdout;
    assert!(plain.contains("1 event lost") && plain.contains(CAVEAT), "{plain}");
    assert!(known.contains("1 event lost") && !known.contains(CAVEAT), "{known}");
    assert!(known.lines().take(24).any(|line| line.starts_with("Check  ")), "{known}");
}

#[test]
fn a_gate_can_count_them() {
    let gate = |condition: &str, form: &[&str]| with(form).args(["--fail-on", condition]).done().status;
    assert_eq!(gate("checks_high > 0", &[FORMS[0]]), 1);
    assert_eq!(gate("checks_high > 0", &[]), 0);
    assert_eq!(gate("checks_total > 9", &[FORMS[0]]), 0);
    assert_eq!(gate("orders:checks_high > 0", &[FORMS[0]]), 2);
    let list = Run::new(["metrics"]).stdout();
    assert!(list.contains("checks_total (count)") && list.contains("checks_high (count)"), "{list}");
}

#[test]
fn explain_lists_every_check() {
    let list = Run::new(["explain", "checks"]).stdout();
    for id in ["timeout_near_p99", "shard_blocked", "runtime_update_blocked"] {
        assert!(list.contains(id), "{list}");
        assert!(Run::new(["explain", id]).stdout().starts_with(id), "{id}");
    }
}

#[test]
fn the_readme_lists_every_check() {
    let readme = super::harness::documentation();
    let list = Run::new(["explain", "checks", "--format", "json"]).stdout();
    let list: Value = serde_json::from_str(&list).unwrap();
    for check in list["glossary"].as_array().unwrap() {
        let name = check["name"].as_str().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
    }
}

/// Runs with a file of this content beside a good one.
fn beside_a_good_one(folder: &Path, content: &[u8]) -> Done {
    let bad = folder.join("bad.json");
    fs::write(&bad, content).unwrap();
    with(&["fixtures/account/cloudformation/shop.template.json"])
        .arg_path("--aws-config", &bad)
        .args(["--format", "json"])
        .done()
}

#[test]
fn a_bad_file_is_told_and_the_rest_goes_on() {
    let folder = directory();
    let whole = fs::read("fixtures/account/cli/list-functions.json").unwrap();
    // 10 MB of JSON that is something else.
    let mut unrelated = b"[".to_vec();
    while unrelated.len() < 10 << 20 {
        unrelated.extend_from_slice(
            br#"{"id":12345,"values":[1,2,{"password":"UNRELATED"}],"name":"x","nested":{"a":[{}]}},"#,
        );
    }
    unrelated.extend_from_slice(b"{}]");
    for (content, want) in [
        (&whole[..whole.len() / 2], "ends too early"),
        (&unrelated, "holds no configuration of functions"),
        (b"START RequestId: 1 Version: $LATEST", "not the JSON that this option reads"),
        (b"{\"ReservedConcurrentExecutions\": 5}", "does not tell of which function"),
        (b"", "holds no configuration of functions"),
        (b"\x00\xff\xfe", "JSON"),
    ] {
        let done = beside_a_good_one(folder.path(), content);
        assert_eq!(done.status, 3, "{want}: {}", done.stderr);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap();
        let problems = answer["coverage"]["inputs_unreadable"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{want}: {problems:?}");
        let reason = problems[0]["reason"].as_str().unwrap();
        assert!(reason.contains(want) && reason.ends_with("(--aws-config)"), "{want}: {reason}");
        assert!(!done.stdout.contains("UNRELATED"));
        assert_eq!(row(&answer, "orders")["timeout_ms"], 10_000, "{want}");
    }
    let missing = with(&["fixtures/account/nosuch.json"]).args(["--format", "json"]).done();
    assert_eq!(missing.status, 3, "{}", missing.stderr);
}

#[test]
fn of_a_directory_only_what_is_of_the_kind_is_read() {
    let folder = directory();
    let template = fs::read("fixtures/account/cloudformation/shop.template.json").unwrap();
    for (name, content) in [
        ("shop.template.json", &template[..]),
        ("network.template.json", br#"{"Resources":{"Vpc":{"Type":"AWS::EC2::VPC"}}}"#),
        ("manifest.json", br#"{"version":"48.0.0","artifacts":{}}"#),
        ("asset.1a/app.py", b"def handler(event, context): pass"),
    ] {
        super::harness::write(&folder.path().join(name), content);
    }
    let done = Run::analyze([LOGS]).arg_path("--aws-config", folder.path()).args(["--format", "json"]).done();
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.status, &answer["coverage"]["complete"]), (0, &true.into()), "{}", done.stderr);
    assert_eq!(answer["coverage"]["inputs_skipped"].as_array().unwrap().len(), 2, "{}", answer["coverage"]);
    assert_eq!(row(&answer, "orders")["timeout_ms"], 10_000);
    fs::remove_file(folder.path().join("shop.template.json")).unwrap();
    let none = Run::analyze([LOGS]).arg_path("--aws-config", folder.path()).done();
    assert!(none.status == 3 && none.stdout.contains("tells of no function"), "{}", none.stdout);
}

#[test]
fn a_saved_answer_of_an_earlier_version_has_no_checks() {
    let mut answer = summary(Run::analyze([LOGS]));
    for key in ["checks", "checks_total", "checks_high"] {
        answer.as_object_mut().unwrap().remove(key);
    }
    let file = directory();
    let file = file.path().join("answer.json");
    fs::write(&file, answer.to_string()).unwrap();
    let shown = Run::new(["view"]).args([file.as_os_str()]).done();
    assert!(shown.status == 0 && !shown.stdout.contains("Checks"), "{}", shown.stdout);
}

#[test]
fn records_of_destinations_tell_the_invoker() {
    let folder = directory();
    let record = |id: &str, condition: &str, batch: &str| {
        format!(
            r#"{{"version":"1.0","timestamp":"2026-01-02T03:04:05.568Z","requestContext":{{"requestId":"{id}","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:x:$LATEST","condition":"{condition}","approximateInvokeCount":3}}{batch}}}"#
        )
    };
    // The records name no function of the log, so only their ids join them.
    let nameless = |text: String| text.replace("function:x:", "function:");
    let event = nameless(record("00000001-1111-4111-8111-000000000001", "RetriesExhausted", ""));
    let batch = r#","KafkaBatchInfo":{"topic":"t"}"#;
    let batch = nameless(record("00002330-1111-4111-8111-000000002330", "RetryAttemptsExhausted", batch));
    let file = folder.path().join("dead.json");
    fs::write(&file, format!("{event}\n{batch}\n")).unwrap();
    let answer = summary(Run::analyze([LOGS]).arg_path("--destinations", &file));
    let told = |name: &str| {
        let one = &row(&answer, name)["invokers"][0];
        (one["kind"].as_str().unwrap_or("").to_owned(), one["evidence"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(told("orders"), ("async".to_owned(), "1 event in a failure destination".to_owned()));
    assert_eq!(told("clicks"), ("kafka".to_owned(), "1 event in a destination of a mapping".to_owned()));
    assert!(row(&answer, "orders")["findings"][0]["hint"].as_str().unwrap().contains("twice more"));
}
