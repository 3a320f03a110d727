//! `diff` and `--baseline`: what is new, worse, better and gone, from summaries, records and logs alike.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::harness::{LOGS, Run, directory, fits_schema, read_summary, write};

/// Writes a log in which of so many attempts of a function some time out, and some cannot reach a host. Returns its path.
pub fn log(folder: &Path, name: &str, attempts: usize, timed_out: usize, unreachable: usize) -> PathBuf {
    let mut text = String::new();
    for n in 0..attempts {
        let id = format!("{:08x}-1a2b-4c3d-8e4f-0123456789ab", n * 7_919);
        let second =
            |part: usize| format!("2026-01-02T{:02}:{:02}:{:02}.{part:03}Z", 3 + n / 3_600, n / 60 % 60, n % 60);
        let _ = writeln!(text, "{}\tSTART RequestId: {id} Version: 1", second(0));
        // Spread over the time.
        let place = n * 113 % attempts;
        let mut status = "";
        if place < timed_out {
            let _ = writeln!(text, "{}\t{} {id} Task timed out after 3.00 seconds", second(5), second(5));
            status = "\tStatus: timeout";
        } else if place < timed_out + unreachable {
            let _ = writeln!(
                text,
                "{}\t[ERROR] ConnectionError: HTTPSConnectionPool(host='api.crm.example.com', port=443): Max retries exceeded with url: /v1 (Caused by NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))\rTraceback (most recent call last):\r  File \"/var/task/app.py\", line 3, in handler\r    call()",
                second(5)
            );
        }
        let _ = writeln!(text, "{}\tEND RequestId: {id}", second(9));
        let _ = writeln!(
            text,
            "{}\tREPORT RequestId: {id}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB{status}",
            second(9)
        );
    }
    let path = folder.join(name).join("aws/lambda/checkout/a.log");
    write(&path, text);
    folder.join(name)
}

fn compared(arguments: &[&Path]) -> Value {
    let text = Run::new(["diff"]).args(arguments).args(["--format", "json"]).stdout();
    let value: Value = serde_json::from_str(&text).unwrap();
    fits_schema("diff", &value);
    value
}

#[test]
fn either_side_may_be_a_summary_records_or_logs() {
    let folder = directory();
    let at = |name: &str| folder.path().join(name);
    let logs = [log(folder.path(), "before", 300, 0, 30), log(folder.path(), "after", 300, 40, 30)];
    let mut sides = Vec::new();
    for (name, logs) in ["before", "after"].iter().zip(&logs) {
        let (summary, records) = (at(&format!("{name}-a")), at(&format!("{name}-b")));
        let mut run = Run::analyze([logs]).args(["--format", "json", "--output"]).args([&summary]);
        run = run.args(["--report", &format!("ndjson={}", records.display())]);
        run.status(0);
        sides.push([logs.clone(), summary, records]);
    }
    let mut answers = Vec::new();
    for base in &sides[0] {
        for head in &sides[1] {
            let mut value = compared(&[base, head]);
            let inputs = ["base", "head"].map(|side| value[side]["input"].take());
            assert_eq!(inputs, [base, head].map(|path| Value::from(path.to_str().unwrap())));
            answers.push(value);
        }
    }
    let first = &answers[0];
    let told: Vec<_> = first["causes"].as_array().unwrap().iter().map(|one| (&one["change"], &one["code"])).collect();
    assert_eq!(
        format!("{told:?}"),
        r#"[(String("new"), String("timeout.invoke")), (String("same"), String("downstream.connection"))]"#
    );
    assert_eq!(first["functions"][0]["change"], "worse");
    assert_eq!(first["counts"]["new_causes"], 1);
    for answer in &answers {
        assert_eq!(answer, first);
    }
    let back = compared(&[&sides[1][1], &sides[0][1]]);
    assert_eq!(back["causes"][0]["change"], "gone");
    let piped = Run::new(["diff", "-"]).args([&sides[1][0]]).input(std::fs::read(&sides[0][1]).unwrap()).stdout();
    assert!(piped.contains("\nNew\n") && piped.contains("BASE  -  30 of 300 attempts failed (10.0%)"), "{piped}");
}

#[test]
fn the_status_is_that_of_the_gate() {
    let folder = directory();
    let before = log(folder.path(), "before", 300, 0, 30);
    let after = log(folder.path(), "after", 300, 40, 30);
    let empty = folder.path().join("empty.log");
    write(&empty, "nothing here\n");
    std::fs::create_dir(folder.path().join("none")).unwrap();
    let broken = folder.path().join("broken.json");
    write(&broken, "{\"schema\":3,\"tool_version\":\"1\"");
    let absent = folder.path().join("absent");
    let case = |base: &Path, head: &Path, conditions: &[&str], status: i32, said: &str| {
        let flags = conditions.iter().flat_map(|condition| ["--fail-on", condition]);
        let done = Run::new(["diff"]).args([base, head]).args(flags).status(status);
        assert!(done.stderr.contains(said), "{conditions:?}: {}", done.stderr);
        assert_eq!(done.stdout.contains("\nGate  "), !conditions.is_empty() && status != 2, "{}", done.stdout);
    };
    case(&before, &after, &[], 0, "");
    case(&before, &after, &["gone_causes > 0"], 0, "");
    case(&before, &after, &["new_causes > 0"], 1, "gate failed: new_causes > 0");
    case(&before, &after, &["worse_functions > 0"], 1, "worse_functions > 0");
    case(&before, &after, &["failures.timeout > 39"], 1, "failures.timeout > 39: 40");
    case(&after, &before, &["worse_functions > 0", "new_causes > 0"], 0, "");
    case(&before, &after, &["*:new_causes > 0"], 2, "not counted by function");
    case(&before, &after, &["new_causes > 1%"], 2, "not a ratio");
    case(&before, &absent, &[], 3, "absent");
    case(&broken, &after, &[], 3, "this summary is damaged");
    case(&before, &empty, &[], 3, "nothing to compare");
    case(&before, &folder.path().join("none"), &[], 4, "nothing to compare");
    case(&empty, &after, &["new_causes > 0"], 3, "not evaluable");
    case(&before, Path::new("fixtures/logs/aws"), &["new_causes > 0"], 3, "not evaluable");
    case(Path::new("-"), Path::new("-"), &[], 2, "standard input cannot be both sides");
}

#[test]
fn a_baseline_is_told_on_the_first_screen_and_in_the_summary() {
    let folder = directory();
    let [before, after] =
        [("before", 0), ("after", 40)].map(|(name, timed_out)| log(folder.path(), name, 300, timed_out, 30));
    let saved = folder.path().join("before.json");
    Run::analyze([&before]).args(["--format", "json", "--output"]).args([&saved]).status(0);
    let with = |logs: &Path, flags: &[&str]| Run::analyze([logs]).arg_path("--baseline", &saved).args(flags);
    let table = with(&after, &[]).stdout();
    assert!(table.contains("\n1 cause new, 0 worse, 1 function worse; against "), "{table}");
    let screen: Vec<&str> = table.lines().take(24).collect();
    assert!(screen.iter().any(|line| line.starts_with("Next  ")) && screen.iter().all(|line| line.len() <= 200));
    assert_eq!(with(&before, &[]).stdout(), Run::analyze([&before]).stdout(), "no change, no word");
    let summary = read_summary(&with(&after, &["--format", "json"]).stdout());
    assert_eq!(summary["comparison"]["counts"]["new_causes"], 1);
    assert_eq!(Run::analyze([&after]).summary()["comparison"], Value::Null);
    with(&after, &["--fail-on", "new_causes > 0"]).status(1);
    with(&before, &["--fail-on", "new_causes > 0", "--fail-on", "worse_functions > 0"]).status(0);
    let done = Run::analyze([&after]).args(["--fail-on", "new_causes > 0"]).status(2);
    assert!(done.stderr.contains("needs --baseline"), "{}", done.stderr);
    let done = with(&after, &[]).arg_path("--output", &saved).status(2);
    assert!(done.stderr.contains("also an input"), "{}", done.stderr);
    assert!(with(&after, &[]).arg_path("--baseline", &folder.path().join("absent")).done().status != 0);
    let done = Run::analyze(["-", "--baseline", "-"]).status(2);
    assert!(done.stderr.contains("standard input cannot be both sides"), "{}", done.stderr);
    // A part of the functions, with a baseline of all.
    let done = Run::new(["diff", "--format", "json", "--only", "other-*"]).args([&saved, &after]).status(4);
    let part: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&part["causes"], &part["counts"]["new_causes"]), (&Value::Array(Vec::new()), &Value::Null));
}

#[test]
fn the_same_logs_tell_no_change() {
    let value = compared(&[Path::new(LOGS), Path::new(LOGS)]);
    assert!(value["causes"].as_array().unwrap().iter().all(|one| one["change"] == "same"), "{value:#}");
    assert_eq!(value["counts"]["worse_functions"], 0);
}
