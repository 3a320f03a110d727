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
    case(&["failures.out_of_memory > 0"], 1, "failures.out_of_memory > 0: all functions has 3");
    case(&["out_of_memory >= 4"], 0, "");
    case(&["orders-*:failure_rate > 50%"], 1, "orders-api has 0.5833");
    case(&["lost_events > 0"], 1, "lost_events > 0");
    case(&["duration.p99 > 3s"], 3, "not evaluable");
    case(&["nothing-*:failed > 0"], 3, "no value for nothing-*");
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
    let with = Run::new(["demo", "--fail-on", "failed > 0"]).status(1).stdout;
    assert_eq!(with, Run::new(["demo"]).stdout());
}
