//! `--fail-on`: conditions that pass, fail, cannot be decided, or are invalid.

use super::harness::{Run, read_summary};

fn demo(conditions: &[&str]) -> Run {
    let arguments = conditions.iter().flat_map(|condition| ["--fail-on", condition]);
    Run::new(["demo", "--format", "json"]).args(arguments)
}

#[track_caller]
fn case(conditions: &[&str], status: i32, said: &str) {
    let done = demo(conditions).status(status);
    assert!(done.stderr.contains(said), "{conditions:?}: {}", done.stderr);
    let gate = &read_summary(&done.stdout)["gate"];
    assert_eq!(gate["passed"], status == 0, "{conditions:?}: {gate}");
}

#[test]
fn conditions_decide_the_status_and_are_printed_with_their_values() {
    case(&["failed > 1000"], 0, "");
    case(&["failures.out_of_memory > 0"], 1, "failures.out_of_memory > 0: 3");
    case(&["out_of_memory >= 4"], 0, "");
    case(&["orders-*:failure_rate > 50%"], 1, "orders-*:failure_rate > 50%: orders-api 58.3%");
    case(&["lost_events > 0"], 1, "lost_events > 0");
    case(&["failed > 0 if attempts >= 54"], 1, "failed > 0 if attempts >= 54: 27");
    case(&["failed > 0 if attempts >= 55"], 0, "");
    case(&["*:failed > 0"], 1, "*:failed > 0: 5 of 5 functions: ");
    case(&["failed > 0", "lost > 0", "failed > 100"], 1, "gate: 2 of 3 conditions failed");
    case(&["duration.p99 > 3s"], 3, "not evaluable");
    case(&["nothing-*:failed > 0"], 3, "nothing-*:failed > 0: no function matches");
}

#[test]
fn a_failed_gate_wins_over_one_that_cannot_be_told() {
    case(&["nothing-*:failed > 0", "failed > 0"], 1, "not evaluable");
}

#[test]
fn what_is_no_condition_is_wrong_usage() {
    for (condition, hint) in [
        ("fialed > 0", "did you mean failed"),
        ("failed", "it needs a path"),
        ("failed > x", "not a value"),
        ("failure_rate > 5", "did you mean 5%?"),
        ("*:failure_rate > 100%", "never above 1"),
        ("failed > -1", "0 or more"),
    ] {
        let done = Run::new(["demo", "--fail-on", condition]).status(2);
        assert!(done.stderr.contains(hint), "{condition}: {}", done.stderr);
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn all_findings_are_printed_whatever_the_gate_says() {
    let with = Run::new(["demo", "--fail-on", "failed > 0", "--details"]).status(1).stdout;
    assert!(with.contains("\nGate  failed  failed > 0: 27\n"), "{with}");
    let rest =
        |text: &str| text.lines().filter(|line| !line.starts_with("Gate")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rest(&with)[3..], rest(&Run::new(["demo", "--details"]).stdout())[3..]);
}

#[test]
fn a_warning_changes_no_status_and_a_gate_that_passes_says_so() {
    let done = Run::new(["demo", "--warn-on", "failed > 0"]).status(0);
    assert!(done.stderr.contains("gate warning: failed > 0: 27"), "{}", done.stderr);
    assert!(done.stdout.contains("\nGate  warning  failed > 0: 27\n"), "{}", done.stdout);
    let done = Run::new(["demo", "--fail-on", "failed > 100", "--fail-on", "lost > 5"]).status(0);
    assert!(done.stdout.contains("\nGate  passed: 2 conditions\n"), "{}", done.stdout);
}

/// Whatever the table calls a number, a condition may call it so.
#[test]
fn every_heading_of_the_table_is_a_number() {
    let mut headings = std::collections::BTreeSet::new();
    for arguments in [&["--wide"][..], &["--width", "80"], &["--width", "100"]] {
        let table = Run::analyze(["fixtures/logs"]).args(arguments).stdout();
        let row = table.lines().find(|line| line.starts_with("FUNCTION")).unwrap();
        headings.extend(row.split("  ").map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned));
    }
    for heading in headings {
        // Not numbers, or sums of what had no room.
        if ["FUNCTION", "TREND", "OTHER", "|", "LAMBDA CALLS:", "ACCOUNT", "REGION"].contains(&heading.as_str()) {
            continue;
        }
        let heading = heading.trim_start_matches("| ");
        Run::new(["demo", "--allow-empty", "--warn-on", &format!("{heading} >= 0")]).status(0);
    }
}
