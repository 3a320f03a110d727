//! Events: the hand-made cases under `fixtures/events`, shards that add up to the whole, and the life of one event.
//!
//! A case is a folder with the log in `input` and the result in `expected.json`. `UPDATE_EXPECTED=1` rewrites the
//! latter; review the difference.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value, json};

use super::harness::{Run, read_summary};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lambda-triage"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

#[track_caller]
fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {errors}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(parsed).collect()
}

/// Returns the relevant parts of an answer, small enough to review. A GB-second costs one dollar.
fn answer(input: &str, folder: &Path) -> Value {
    let ledger = folder.join("ledger.json");
    let price = ["--price-gb-second", "1", "--function", "payments"];
    let common = [&["analyze", input][..], &price].concat();
    let ledger_path = ledger.to_str().expect("UTF-8");
    let summary = parsed(&stdout(&[&common[..], &["--format", "json", "--ledger", ledger_path]].concat()));
    let records = records(&stdout(&[&common[..], &["--format", "ndjson"]].concat()));
    let mut events: Map<String, Value> = Map::new();
    for record in &records {
        validate("record", record);
        let id = record["request_id"].as_str().expect("an id").to_owned();
        let event = events.entry(id).or_insert_with(|| json!([]));
        let line = format!(
            "{} {} {} {}",
            record["attempt"],
            record["code"].as_str().unwrap_or(""),
            record["outcome"].as_str().unwrap_or("-"),
            record["retry_guidance"].as_str().unwrap_or("-")
        );
        event.as_array_mut().expect("a list").push(json!(line));
    }
    events.values_mut().for_each(|event| event.as_array_mut().expect("a list").sort_by_key(Value::to_string));
    let ledger = parsed(&fs::read_to_string(&ledger).expect("a ledger"));
    validate("ledger", &ledger);
    let totals = &summary["totals"];
    json!({
        "events": events,
        "attempts": totals["attempts"],
        "outcomes": totals["outcomes"],
        "retries": totals["retries"],
        "duplicates": summary["coverage"]["duplicates"],
        "waste": totals["waste"],
        "needs_person": totals["needs_person"]["events"],
        "ledger": ledger["events"],
    })
}

#[track_caller]
fn validate(of: &str, value: &Value) {
    let schema = parsed(&stdout(&["schema", of]));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    if let Err(error) = validator.validate(value) {
        panic!("{of}: {error}");
    }
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(root).expect("fixtures").map(|entry| entry.expect("a case").path()).collect();
    cases.sort();
    cases
}

#[test]
fn every_case_comes_to_what_is_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = case.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        let folder = tempfile::tempdir().expect("a folder");
        let got = format!("{:#}\n", answer(&format!("fixtures/events/{name}/input"), folder.path()));
        let file = case.join("expected.json");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&file, &got).expect("written");
        }
        let want = fs::read_to_string(&file).unwrap_or_default();
        if got != want {
            wrong.push(format!("{name}: got {got}"));
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE_EXPECTED=1 and review the difference: {}", wrong.join("\n"));
}

/// Writes one attempt in the shape of `aws logs tail`, given the second at which it begins, and how it ends.
fn attempt(stream: &str, second: u32, id: u32, failed: bool) -> String {
    let id = format!("{id:08x}-0000-4000-8000-000000000000");
    let line = |offset: u32, message: &str| {
        let at = second + offset;
        format!("2026-01-02T{:02}:{:02}:{:02}.000000+00:00 {stream} {message}\n", at / 3600, at / 60 % 60, at % 60)
    };
    let mut text = line(0, &format!("START RequestId: {id} Version: 1"));
    text += &line(1, &format!("PUT https://a.example.com/items/i-{id}"));
    if failed {
        text += &line(2, &format!("2026-01-02T00:00:00.000Z {id} Task timed out after 2.00 seconds"));
    }
    text += &line(2, &format!("END RequestId: {id}"));
    text += &line(
        2,
        &format!(
            "REPORT RequestId: {id}\tDuration: 2000.00 ms\tBilled Duration: 2000 ms\tMemory Size: 512 MB\tMax Memory Used: 80 MB"
        ),
    );
    text
}

#[test]
fn shards_in_any_order_add_up_to_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for stream in 0..6u32 {
        let name = format!("2026/01/02/[1]{stream:032x}");
        // An event fails in one stream and is retried in the next ones.
        let text: String = (0..9)
            .map(|n| attempt(&name, n * 100 + stream * 10, (n * 6 + stream) / 2, (n + stream) % 3 != 0))
            .collect();
        let path = folder.path().join(format!("{stream}.log"));
        fs::write(&path, text).expect("written");
        files.push(path.to_str().expect("UTF-8").to_owned());
    }
    let analyze = |paths: &[String], format: &str| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        stdout(&[&["analyze", "--format", format, "--function", "shop"], &paths[..]].concat())
    };
    let whole = parsed(&analyze(&files, "json"));
    let mut shards: Vec<String> = Vec::new();
    for pair in files.chunks(2) {
        shards.extend(analyze(pair, "ndjson").lines().map(str::to_owned));
    }
    shards.reverse();
    let middle = shards.len() / 3;
    shards.rotate_left(middle);
    let records = folder.path().join("records.ndjson");
    fs::write(&records, shards.join("\n") + "\n").expect("written");
    let read_back = parsed(&analyze(&[records.to_str().expect("UTF-8").to_owned()], "json"));
    assert!(whole["totals"]["outcomes"]["exhausted"].as_u64() > Some(0), "{:#}", whole["totals"]);
    for part in ["totals", "functions"] {
        assert_eq!(format!("{:#}", read_back[part]), format!("{:#}", whole[part]), "{part}");
    }
}

#[test]
fn one_event_is_shown_by_the_beginning_of_its_id() {
    let input = "fixtures/events/exhausted-after-3/input";
    let text = stdout(&["show", "1111", input]);
    for want in [
        "11111111-1111-4111-8111-111111111111",
        "lost after 3 attempts",
        "replay: only if idempotent",
        "Attempt 3",
        "START RequestId",
        "PutItem table=orders id=ord-17",
        "2.89 s of silence",
        "=> timeout.invoke",
        "started  dynamodb PutItem  orders  ord-17  (done again by a later attempt)",
        "started  POST  pay.example.com/v2/charges/ord-17  ord-17  (not repeated later)",
        "none seen in its log, which means unknown",
    ] {
        assert!(text.contains(want), "{want}: {text}");
    }
}

#[test]
fn a_beginning_that_fits_none_or_several_is_no_answer() {
    let input = "fixtures/events/new-ids/input";
    for (prefix, status, want) in [("abc", 4, "no request id starts with abc"), ("zz", 2, "a request id is a UUID")] {
        let output = run(&["show", prefix, input]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), errors.contains(want)), (Some(status), true), "{errors}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.log");
    let stream = format!("2026/01/02/[1]{:032x}", 1);
    fs::write(&path, attempt(&stream, 0, 0xaa01, false) + &attempt(&stream, 60, 0xaa02, false)).expect("written");
    let output = run(&["show", "0000aa", path.to_str().expect("UTF-8")]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("0000aa01-") && errors.contains("0000aa02-"), "{errors}");
}

/// What the answer names is understood as it stands: the whole id of a next command, and the beginning of it that `pull
/// --follow` prints; also where ids are masked in part, or are no UUIDs.
#[test]
fn the_ids_that_are_printed_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut inputs = vec!["fixtures/logs".to_owned()];
    let uuid = fs::read_to_string("fixtures/events/exhausted-after-2/input/first.log").expect("readable");
    let known =
        uuid.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).find(|word| word.len() == 36).expect("an id");
    for (number, other) in
        [known.to_uppercase(), format!("{}-xxxx", &known[..8]), format!("Req_{}", &known[..8])].iter().enumerate()
    {
        let path = folder.path().join(format!("{number}.log"));
        fs::write(&path, uuid.replace(known, other)).expect("written");
        inputs.push(path.to_str().expect("UTF-8").to_owned());
    }
    let mut shown = 0;
    for input in &inputs {
        let screen = stdout(&["analyze", input, "--function", "f"]);
        let next = screen.lines().filter_map(|line| line.split_once("lambda-triage show ")).map(|(_, rest)| rest);
        for command in next {
            let words: Vec<&str> = command.split_whitespace().collect();
            let whole = stdout(&[&["show"][..], &words].concat());
            let begin = words[0].get(..8).expect("long enough");
            assert_eq!(stdout(&[&["show", begin][..], &words[1..]].concat()), whole, "{command}");
            shown += 1;
        }
    }
    assert_eq!(shown, inputs.len(), "{inputs:?}");
}

#[test]
fn markers_and_ledgers_are_checked_before_the_work_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let markers = folder.path().join("markers.toml");
    fs::write(&markers, "[[marker]]\nname = 'charged'\npattern = 'table=(?P<target>\\w+) id=(?P<id>\\S+)'\n")
        .expect("written");
    let markers = markers.to_str().expect("UTF-8");
    let input = "fixtures/events/exhausted-after-2/input";
    let text = stdout(&["show", "1111", input, "--markers", markers]);
    assert!(text.contains("confirmed  charged  orders  ord-17"), "{text}");
    for (arguments, want) in [
        (["analyze", input, "--ledger", "lost.xls"], ".csv or .json"),
        (["analyze", input, "--markers", "no-such-file.toml"], "no-such-file.toml"),
        (["analyze", input, "--price-gb-second", "cheap"], "US dollars"),
    ] {
        let output = run(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), errors.contains(want)), (Some(2), true), "{errors}");
    }
}

/// Bare text gives no times but those in lines of the function: attempts of an event stay in the order of the input.
#[test]
fn attempts_without_times_are_in_the_order_of_the_input() {
    const ID: &str = "153e7c2a-26a2-40bd-bb12-87fff52d0001";
    let attempt = |line: &str| {
        format!(
            "START RequestId: {ID} Version: 1\n{line}END RequestId: {ID}\nREPORT RequestId: {ID}\tDuration: 3.00 ms\t\
             Billed Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\n"
        )
    };
    let timed_out = attempt(&format!("2026-01-02T03:00:03.000Z {ID} Task timed out after 3.00 seconds\n"));
    let fine = attempt("all is well\n");
    for (log, outcome) in [
        (format!("{timed_out}{fine}"), "recovered"),
        (format!("{fine}{timed_out}"), "rerun_after_success"),
        (format!("{timed_out}{timed_out}{fine}"), "recovered"),
    ] {
        let summary = read_summary(&Run::analyze(["-"]).args(["--format", "json"]).input(log).stdout());
        assert_eq!(summary["totals"]["outcomes"][outcome], 1, "{outcome}: {:#}", summary["totals"]["outcomes"]);
    }
}
