//! `view`: a saved answer shown again equals the answer, and a part of it equals the answer for that part as far as rows
//! add up; `metrics`: what it lists is what a gate takes.

use std::collections::BTreeMap;
use std::process::Command;
use std::{fs, thread};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::Value;

use super::harness::{LOGS, Run, directory, formats, gzip, read_summary, root};

/// Inputs of the fixtures: the demo's logs, and each folder of logs.
fn inputs() -> Vec<String> {
    let folders = fs::read_dir(root().join(LOGS)).unwrap();
    let mut found: Vec<String> =
        folders.map(|entry| format!("{LOGS}/{}", entry.unwrap().file_name().into_string().unwrap())).collect();
    found.push(LOGS.to_owned());
    found.sort();
    found
}

#[test]
fn a_saved_summary_is_shown_as_it_was() {
    let folder = directory();
    let saved = folder.path().join("saved.json").into_os_string().into_string().unwrap();
    for input in inputs() {
        let rules = ["--fail-on", "failed > 1000000", "--warn-on", "*:failed > 0 if attempts >= 3", "--allow-empty"];
        let json = Run::analyze([&input]).args(rules).args(["--format", "json"]).done();
        fs::write(&saved, &json.stdout).unwrap();
        let again = Run::new(["view", &saved, "--format", "json", "--allow-empty"]).done();
        assert_eq!((again.stdout, again.status), (json.stdout, json.status), "{input}");
        // The commands to go on with differ: they read the saved answer.
        let table = |run: Run| {
            let text = run.done().stdout;
            let rest = |line: &&str| !line.contains("lambda-triage ") && !line.starts_with("Next");
            text.lines().filter(rest).map(str::to_owned).collect::<Vec<_>>()
        };
        // With so many rows, the height of the commands does not matter.
        let of_log = table(Run::analyze([&input]).args(rules).args(["--details", "--top", "5"]));
        assert_eq!(table(Run::new(["view", &saved, "--details", "--top", "5", "--allow-empty"])), of_log, "{input}");
    }
}

#[test]
fn saved_records_are_added_up() {
    let folder = directory();
    let saved = folder.path().join("saved.ndjson").into_os_string().into_string().unwrap();
    let records = Run::analyze([LOGS]).args(["--format", "ndjson"]).stdout();
    fs::write(&saved, records).unwrap();
    let summary = |run: Run| {
        let mut summary = read_summary(&run.args(["--format", "json"]).stdout());
        summary["coverage"] = Value::Null;
        summary
    };
    assert_eq!(summary(Run::new(["view", &saved])), summary(Run::analyze([&saved])));
}

/// What is listed of one function is what the log of that function gives; sums of several are exact, and what cannot be
/// added up is null.
#[test]
fn a_part_of_a_saved_summary_is_the_answer_for_that_part() {
    let folder = directory();
    let saved = folder.path().join("saved.json").into_os_string().into_string().unwrap();
    let whole = Run::new(["demo", "--format", "json"]).stdout();
    fs::write(&saved, &whole).unwrap();
    for glob in ["orders-api", "o*", "nothing"] {
        let of_log =
            read_summary(&Run::new(["demo", "--only", glob, "--format", "json", "--allow-empty"]).done().stdout);
        let part = read_summary(
            &Run::new(["view", &saved, "--only", glob, "--format", "json", "--allow-empty"]).done().stdout,
        );
        let names = |summary: &Value| {
            summary["functions"].as_array().unwrap().iter().map(|row| row["function"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&part), names(&of_log), "{glob}");
        for key in [
            "attempts",
            "events",
            "ok",
            "failed",
            "failures",
            "outcomes",
            "cold_starts",
            "handled_errors",
            "failure_rate",
        ] {
            assert_eq!(part["totals"][key], of_log["totals"][key], "{glob}: {key}");
        }
        assert_eq!(part["totals"]["needs_person"]["events"], part["events_to_check_total"]);
        let note = |summary: &Value| summary["coverage"]["notes"].to_string().contains("of a saved summary");
        assert!(note(&part) && !note(&of_log), "{glob}");
    }
}

#[test]
fn what_is_no_saved_answer_is_told() {
    let folder = directory();
    let saved = folder.path().join("saved.json").into_os_string().into_string().unwrap();
    let whole = Run::new(["demo", "--format", "json"]).stdout();
    for (text, status, said) in [
        (whole.replacen("\"schema\": ", "\"schema\": 99", 1), 3, "a newer version of the program"),
        (whole[..whole.len() / 2].to_owned(), 3, "this summary is damaged"),
        ("no answer".to_owned(), 3, "contains no Lambda log lines"),
    ] {
        fs::write(&saved, text).unwrap();
        let done = Run::new(["view", &saved]).status(status);
        assert!(done.stderr.contains(said), "{said}: {}", done.stderr);
    }
    fs::write(&saved, whole).unwrap();
    let done = Run::new(["view", &saved, "--format", "ndjson"]).status(2);
    assert!(done.stderr.contains("has no records"), "{}", done.stderr);
    assert!(
        Run::new(["view", &saved, "--fail-on", "failed > 0"]).status(1).stderr.contains("gate failed: failed > 0: 27")
    );
}

/// How an answer may come: packed, in another encoding, indented otherwise.
fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let wide = |first: u16, bytes: fn(u16) -> [u8; 2]| {
        [first].into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let zstd = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
    vec![
        ("as it is", text.as_bytes().to_vec()),
        ("with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("UTF-16", wide(0xfeff, u16::to_le_bytes)),
        ("UTF-16, big end first", wide(0xfeff, u16::to_be_bytes)),
        ("gzip", gzip(text.as_bytes())),
        ("zstd", zstd(text.as_bytes())),
        ("gzip in zstd", zstd(&gzip(text.as_bytes()))),
    ]
}

/// Every command that takes a saved answer takes it from wherever it comes, however it is packed.
#[test]
fn a_saved_answer_comes_in_any_form_by_any_way() {
    let folder = directory();
    let path = |name: &str| folder.path().join(name).into_os_string().into_string().unwrap();
    let [saved, base, pipe] = ["saved", "base", "pipe"].map(path);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let summary = Run::new(["demo", "--format", "json"]).stdout();
    fs::write(&base, &summary).unwrap();
    let records = Run::new(["demo", "--format", "ndjson"]).stdout();
    let sorted: Value = serde_json::from_str(&summary).unwrap();
    let sorted: BTreeMap<String, Value> = serde_json::from_value(sorted).unwrap();
    let sorted = serde_json::to_string(&sorted).unwrap();
    for (kind, text) in [("a summary", &summary), ("records", &records), ("a sorted summary", &sorted)] {
        for (form, bytes) in forms(text) {
            let commands: [(&[&str], &[&str], &str); 4] = [
                (&["view"], &["--format", "json"], "\"failed\": 27,"),
                (&["metrics"], &[], "failed (count) = 27\n"),
                (&["diff", &base], &["--format", "json"], "\"failed\": 27,"),
                (&["analyze", "fixtures/logs/retries", "--baseline"], &["--format", "json"], "\"failed\": 27,"),
            ];
            fs::write(&saved, &bytes).unwrap();
            for (before, after, want) in commands {
                let run = |input: &str| Run::new(before).args([input]).args(after);
                let of_file = run(&saved).status(0).stdout;
                assert!(of_file.contains(want), "{before:?} {kind}, {form}: {of_file}");
                let named = |text: String| {
                    text.replace(&saved, "X").replace(&pipe, "X").replace("\"-\"", "\"X\"").replace("<stdin>", "X")
                };
                let of_file = named(of_file);
                let of_stdin = run("-").input(bytes.clone()).status(0).stdout;
                assert_eq!(named(of_stdin), of_file, "{before:?} {kind}, {form}, from standard input");
                let feeder = thread::spawn({
                    let (pipe, bytes) = (pipe.clone(), bytes.clone());
                    move || fs::write(pipe, bytes)
                });
                assert_eq!(named(run(&pipe).status(0).stdout), of_file, "{before:?} {kind}, {form}, from a pipe");
                feeder.join().unwrap().unwrap();
            }
        }
    }
    let newer = summary.replacen("\"schema\": ", "\"schema\": 99", 1);
    fs::write(&saved, gzip(newer.as_bytes())).unwrap();
    for arguments in [&["view", &saved][..], &["metrics", &saved], &["diff", &base, &saved], &["diff", &saved, &base]] {
        let done = Run::new(arguments).status(3);
        assert!(done.stderr.contains("a newer version of the program"), "{arguments:?}: {}", done.stderr);
    }
}

#[test]
fn a_gate_takes_every_number_that_is_listed() {
    let list = Run::new(["metrics"]).stdout();
    let names: Vec<&str> =
        list.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next()).collect();
    assert!(names.len() > 60 && names.contains(&"rates.timeout") && names.contains(&"cold_start_rate"), "{names:?}");
    // What changed since another answer needs that.
    let names: Vec<&str> = names.into_iter().filter(|name| !name.starts_with("comparison.")).collect();
    let rules = names.iter().flat_map(|name| ["--warn-on".to_owned(), format!("{name} >= 0")]);
    let done = Run::new(["demo", "--format", "json"]).args(rules).done();
    assert_eq!(done.status, 0, "{}", done.stderr);
    let gate = &read_summary(&done.stdout)["gate"]["conditions"];
    assert_eq!(gate.as_array().unwrap().len(), names.len());
    // The values are those of the summary.
    let folder = directory();
    let saved = folder.path().join("saved.json");
    fs::write(&saved, &done.stdout).unwrap();
    let values = Run::new(["metrics", saved.to_str().unwrap()]).stdout();
    assert!(values.contains("failed (count) = 27\n") && values.contains("failure_rate (share) = 50.0%\n"), "{values}");
}

/// Whatever the program prints of failures is no healthy log: saved beside logs, it must not pass a gate.
#[test]
fn no_output_is_read_back_as_a_log_without_failures() {
    let folder = directory();
    let lost = "469d0e8b";
    let mut outputs: Vec<(String, Run)> =
        formats().map(|format| (format.to_owned(), Run::new(["demo", "--format", format]))).collect();
    outputs.push(("details".to_owned(), Run::new(["demo", "--details", "--fail-on", "failed > 1000"])));
    outputs.push(("by cause".to_owned(), Run::new(["demo", "--by", "cause", "--histogram"])));
    let gated = |format: &str| Run::new(["demo", "--format", format, "--fail-on", "failed > 1000"]);
    outputs.extend(formats().map(|format| (format!("{format} with a gate"), gated(format))));
    outputs.push(("show as Markdown".to_owned(), Run::new(["show", lost, LOGS, "--format", "markdown"])));
    outputs.push(("show".to_owned(), Run::new(["show", lost, LOGS])));
    outputs.push(("show as JSON".to_owned(), Run::new(["show", lost, LOGS, "--format", "json"])));
    for (name, run) in outputs {
        let text = run.done().stdout;
        assert!(text.contains("timeout") || text.contains(lost), "{name} is an output: {text}");
        let again = Run::analyze(["-", "--fail-on", "failed > 0", "--format", "json"]).input(text.clone()).done();
        assert!(matches!(again.status, 1 | 3), "{name}: {} {}", again.status, again.stderr);
        let saved = folder.path().join("saved.txt");
        fs::write(&saved, text).unwrap();
        let beside = Run::analyze([saved.to_str().unwrap(), "--fail-on", "failed > 1000"]).done();
        assert!(beside.status == 3 || name.starts_with("ndjson"), "{name}: {} {}", beside.status, beside.stderr);
    }
}
