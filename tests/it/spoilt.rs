//! Law: a line of the platform that a copy spoilt still tells its failure, or the answer is not complete.

use lambda_triage::{AnalyzeOptions, analyze_bytes};
use serde_json::json;

const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

/// Lines by which the platform tells that an attempt failed, each alone in its attempt.
const FAILURES: [&str; 7] = [
    "2026-01-02T03:00:03.005Z ID Task timed out after 3.00 seconds",
    "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
    "RequestId: ID Process exited before completing request",
    "REPORT RequestId: ID\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tStatus: timeout",
    "REPORT RequestId: ID\tDuration: 12.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tStatus: error\tError Type: Runtime.ExitError",
    "RequestId: ID Status: timeout",
    "RequestId: ID Error: Task timed out after 3.00 seconds",
];

/// A way in which copies spoil a line, at one of its places: its name, and the spoilt line.
type Spoil = (&'static str, fn(&str, usize) -> String);

const SPOILS: [Spoil; 16] = [
    ("blanks that do not break", |line, _| line.replace(' ', "\u{a0}")),
    ("one blank that does not break", |line, at| nth_blank(line, at, "\u{a0}")),
    ("one blank doubled", |line, at| nth_blank(line, at, "  ")),
    ("one blank a tab", |line, at| nth_blank(line, at, "\t")),
    ("a mark of no width", |line, at| nth_blank(line, at, " \u{200b}")),
    ("a sign that cannot be read", |line, at| nth_blank(line, at, "\u{fffd}")),
    ("the end cut off", |line, at| {
        line.chars().take(line.chars().count().saturating_sub(at).max(KEPT_OF_CUT)).collect()
    }),
    ("line ends", |line, _| line.replace('\n', "\r\n")),
    ("colours", |line, _| format!("\u{1b}[33m{line}\u{1b}[0m")),
    ("colours that are bright", |line, _| format!("\u{1b}[1;31m{line}\u{1b}[0m")),
    ("a coloured first word", |line, _| {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        format!("\u{1b}[36m{word}\u{1b}[0m {rest}")
    }),
    // Without a word of the platform before it, it is the label of a function.
    ("a label in other letters", |line, at| {
        let other = ["REPORT RequestID:", "REPORT requestId:", "REPORT REQUESTID:", "REPORT Request-Id:"];
        line.replacen("REPORT RequestId:", other[at % 4], 1)
    }),
    ("brackets around the first word", |line, _| {
        line.strip_prefix("REPORT").map_or(line.to_owned(), |rest| format!("[REPORT]{rest}"))
    }),
    ("quotes around it", |line, at| quoted(line, ["\"", "'", "`"][at % 3])),
    ("a list's sign", |line, at| {
        if line.starts_with("REPORT") { format!("{}{line}", ["- ", "* ", "> ", "| "][at % 4]) } else { line.to_owned() }
    }),
    ("stars around the first word", |line, _| {
        line.strip_prefix("REPORT").map_or(line.to_owned(), |rest| format!("**REPORT**{rest}"))
    }),
];

/// Characters that a cut leaves: with fewer, nobody could tell what the line was.
const KEPT_OF_CUT: usize = "RequestId: ID Status: time".len();

/// Puts quotes around a REPORT; sentences in quotes are those of functions.
fn quoted(line: &str, quote: &str) -> String {
    if line.starts_with("REPORT") { format!("{quote}{line}{quote}") } else { line.to_owned() }
}

fn nth_blank(line: &str, nth: usize, by: &str) -> String {
    let blanks: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).collect();
    let Some(at) = blanks.get(nth % blanks.len().max(1)) else { return line.to_owned() };
    format!("{}{by}{}", &line[..*at], &line[at + 1..])
}

/// A log of a healthy attempt but for one line.
fn log(failure: &str) -> String {
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 12.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB"
    );
    let line = failure.replacen("ID", ID, 1);
    let mut messages = vec![format!("START RequestId: {ID} Version: 7"), line.clone(), format!("END RequestId: {ID}")];
    if !failure.starts_with("REPORT") {
        messages.push(report);
    }
    let event = |(at, message): (u64, &String)| {
        json!({"timestamp": 1_767_322_800_000_u64 + at, "logGroup": "/aws/lambda/f", "logStream": "2026/01/02/[7]01", "message": message}).to_string()
    };
    let lines: Vec<String> = (0..).zip(&messages).map(event).collect();
    lines.join("\n")
}

#[test]
fn a_spoilt_failure_is_told_or_the_answer_is_not_complete() {
    let mut silent = Vec::new();
    let mut check = |what: &str, spoilt: &str| {
        // A REPORT that was cut behind its figures is that of a success.
        if spoilt.trim_end().ends_with("Used: 90 MB") {
            return;
        }
        let log = log(spoilt);
        let answer = analyze_bytes(&[("a", log.as_bytes())], &AnalyzeOptions::default()).expect("an answer").summary;
        if answer.coverage.complete && answer.totals.failed == 0 && answer.totals.incomplete == 0 {
            silent.push(format!("{what}: {spoilt:?}"));
        }
    };
    for failure in FAILURES {
        for (what, spoil) in SPOILS {
            (0..16).for_each(|at| check(what, &spoil(failure, at)));
        }
    }
    silent.dedup();
    assert!(silent.is_empty(), "{} look healthy:\n{}", silent.len(), silent.join("\n"));
}

/// A function that says of something else that it timed out, after longer than the attempt took, did not time out itself.
#[test]
fn a_sentence_about_a_longer_limit_is_the_functions_own() {
    for (sentence, failed) in [("Task timed out after 30.00 seconds", 0), ("Task timed out after 0.01 seconds", 1)] {
        let log = log(sentence);
        let answer = analyze_bytes(&[("a", log.as_bytes())], &AnalyzeOptions::default()).expect("an answer").summary;
        assert_eq!(answer.totals.failed, failed, "{sentence}");
    }
}
