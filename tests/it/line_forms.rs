//! Logs behind any form of line: the times, names and marks that tools and people put before every line, in any order, with
//! anything above and below the log.

use lambda_triage::internal::{Options, analyze_samples};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::harness::records_of;

/// Line of a log: seconds since its start, and the text.
pub(super) type Line = (i64, String);

/// Parts that stand before a line, as functions of the second and the number of the line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Text that is the same on every line.
    Same(&'static str),
    /// A time, in one of the styles.
    Time(usize),
    /// The number of the line.
    Number,
    /// One of a few words.
    OneOf(&'static [&'static str]),
}

/// Styles of times; those with a date can be told apart from others by the reader.
pub(super) const STYLES: usize = 14;

pub(super) fn time(style: usize, second: i64, number: usize) -> String {
    let (minute, second, ms) = (second / 60 % 60, second % 60, number % 1_000);
    let clock = format!("04:{minute:02}:{second:02}");
    match style {
        0 => format!("2026-10-01T{clock}.{ms:03}Z"),
        1 => format!("2026-10-01 {clock}.{ms:03}"),
        2 => format!("2026-10-01 {clock},{ms:03}"),
        3 => format!("2026-10-01T{clock}.{ms:03}4567Z"),
        4 => format!("2026-10-01T{clock}+02:00"),
        5 => format!("2026/10/01 {clock}"),
        6 => format!("10/1/2026, 4:{minute:02}:{second:02} AM"),
        7 => format!("01.10.2026 {clock}"),
        8 => format!("Oct  1 {clock}"),
        9 => format!("Oct 1, 2026, 4:{minute:02}:{second:02} PM"),
        10 => clock,
        11 => format!("{clock}.{ms:03}"),
        12 => format!("[2026-10-01 {clock}]"),
        _ => format!("{}", 1_790_827_200 + minute * 60 + second),
    }
}

impl Part {
    fn write(self, second: i64, number: usize) -> String {
        match self {
            Self::Same(text) => text.to_owned(),
            Self::Time(style) => time(style, second, number),
            Self::Number => (number + 1).to_string(),
            Self::OneOf(words) => words[number % words.len()].to_owned(),
        }
    }
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        3 => (0..STYLES).prop_map(Part::Time),
        1 => Just(Part::Number),
        2 => select(vec!["orders", "[orders]", "(lambda-1)", "pod/orders-7f9c", "web-1", "host", "stdout F", "app[12]:", "|", "orders.log", "{app=\"x\"}", "<14>", "#", "//"]).prop_map(Part::Same),
        1 => select(vec![&["INFO", "WARN"][..], &["a-1", "b-2"], &["stdout", "stderr"]]).prop_map(Part::OneOf),
    ]
}

fn separator() -> impl Strategy<Value = &'static str> {
    select(vec![" ", "  ", "\t", " | ", " - ", ": ", "│", " ┃ ", " → "])
}

/// Mark in front of a line: of a quotation, a list, a comment.
fn mark() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", "> ", "# ", "* ", "- ", "// ", "    ", "\t", "• ", "\u{a0}\u{a0}", "» "])
}

/// What stands above a log, and below it.
pub(super) fn around() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        ("", ""),
        ("Here is the log of this morning:\n\n", "\nThanks for any help!\n"),
        ("```\n", "```\n"),
        ("$ aws logs tail /aws/lambda/orders\n", "$ \n"),
        ("# Logs\n\n", "\n## Code\n\nThe handler is small.\n"),
        ("WARNING: no tty\n", ""),
    ])
}

const IDS: [&str; 3] = [
    "1f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11",
    "2f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11",
    "3f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11",
];

/// Errors of the runtimes, each as one event, with the code that they must get.
pub(super) const FAILURES: [(&str, &str); 10] = [
    (
        "[ERROR] ValueError: bad input\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    raise ValueError(\"bad input\")",
        "runtime_exception.unhandled",
    ),
    (
        "2026-10-01T04:00:02.000Z\t$ID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x is not a function\",\"stack\":[\"TypeError: x is not a function\",\"    at f (/var/task/a.js:1:2)\"]}",
        "runtime_exception.unhandled",
    ),
    ("2026-10-01T04:00:03.001Z $ID Task timed out after 3.00 seconds", "timeout.invoke"),
    ("RequestId: $ID Error: Runtime exited with error: exit status 2\nRuntime.ExitError", "runtime_exception.exit"),
    ("{\"errorMessage\":\"no such key\",\"errorType\":\"errorString\"}", "runtime_exception.unhandled"),
    (
        "no stock: com.acme.Orders$Broken\ncom.acme.Orders$Broken: no stock\n\tat com.acme.Orders.handle(Orders.java:7)",
        "runtime_exception.unhandled",
    ),
    (
        "2026-10-01T04:00:02.000Z\t$ID\tfail\tSystem.InvalidOperationException: no stock\n   at Shop.Fn.Run(String a) in /src/Fn.cs:line 3",
        "runtime_exception.unhandled",
    ),
    (
        "Error raised from handler method\n{\n  \"errorMessage\": \"no stock\",\n  \"errorType\": \"Function<KeyError>\",\n  \"stackTrace\": [\n    \"/var/task/app.rb:3:in `handler'\"\n  ]\n}",
        "runtime_exception.unhandled",
    ),
    (
        "ERROR Lambda runtime invoke{requestId=\"$ID\" xrayTraceId=\"Root=1-6a1-0\"}: Custom { kind: NotFound, error: \"no stock\" }",
        "runtime_exception.unhandled",
    ),
    (
        "$ID\tInvoke Error\t{\"errorType\":\"RuntimeException\",\"errorMessage\":\"no stock\",\"stack\":[\"#0 /var/task/index.php(3): f()\"]}",
        "runtime_exception.unhandled",
    ),
];

/// The errors are those of all runtimes, and end their attempt in the log alone.
#[test]
fn the_log_alone_has_the_failure() {
    for (number, (error, code)) in FAILURES.iter().enumerate() {
        let (found, _) = codes(&write(&log(number), &[], "", false));
        assert_eq!(found.iter().filter(|(_, found)| found == code).count(), 1, "{error}: {found:?}");
    }
}

/// Creates a log of three attempts, the second of which fails.
pub(super) fn log(failure: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, id) in IDS.iter().enumerate() {
        let at = number as i64 * 20;
        lines.push((at, format!("START RequestId: {id} Version: 7")));
        lines.push((at + 1, "an ordinary line".to_owned()));
        if number == 1 {
            lines.push((at + 2, FAILURES[failure].0.replace("$ID", id)));
        }
        lines.push((at + 2, format!("END RequestId: {id}")));
        lines.push((at + 2, format!("REPORT RequestId: {id}\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB")));
    }
    lines
}

/// Writes a log, with what stands before it on every line of an event, or on its first.
pub(super) fn write(log: &[Line], form: &[(Part, &str)], mark: &str, every_line: bool) -> String {
    let mut text = String::new();
    let mut number = 0;
    for (second, event) in log {
        for (at, line) in event.lines().enumerate() {
            if every_line || at == 0 {
                text += mark;
                for (part, separator) in form {
                    text += &part.write(*second, number);
                    text += separator;
                }
            }
            text += line;
            text.push('\n');
            number += 1;
        }
    }
    text
}

/// Returns what a log says of every request: its code.
pub(super) fn codes(text: &str) -> (Vec<(String, String)>, Value) {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("export", text.as_bytes())], &options).unwrap();
    let word = |record: &Value, key: &str| record[key].as_str().unwrap_or("").to_owned();
    let records = records_of(&mut analysis);
    let mut codes: Vec<_> = records.iter().map(|record| (word(record, "request_id"), word(record, "code"))).collect();
    codes.sort();
    (codes, json!(analysis.summary.coverage))
}

/// The verdicts are those of the log alone, whatever stands before its lines, above it and below it: in at least 95 of 100
/// cases, and the answer to any other says that it is partial.
#[test]
fn any_form_of_line_gives_the_verdicts_of_the_log_alone() {
    let cases = std::env::var("FORMS").map_or(500, |cases| cases.parse().unwrap());
    let drawn = (vec((part(), separator()), 0..4), mark(), around(), 0..FAILURES.len(), any::<bool>());
    let mut runner = TestRunner::deterministic();
    let (mut other, mut silent) = (Vec::new(), Vec::new());
    for _ in 0..cases {
        let (form, mark, (above, below), failure, every_line) = drawn.new_tree(&mut runner).unwrap().current();
        // Marks alone stand before every line of an event.
        let every_line = every_line || !form.iter().any(|(part, _)| matches!(part, Part::Time(_)));
        let log = log(failure);
        let (want, _) = codes(&write(&log, &[], "", false));
        let text = format!("{above}{}{below}", write(&log, &form, mark, every_line));
        let (found, coverage) = codes(&text);
        if found != want {
            let list = if coverage["complete"] == json!(false) { &mut other } else { &mut silent };
            list.push(format!("{form:?}, {mark:?}, every line {every_line}\n{text}\n{found:?}"));
        }
    }
    let wrong = other.len() + silent.len();
    let first = silent.iter().chain(&other).take(3).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(
        silent.is_empty() && wrong * 20 <= cases,
        "{wrong} of {cases}, {} of them silently:\n{first}",
        silent.len()
    );
}
