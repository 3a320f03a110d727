//! Law: JSON that a cut, a hole or stray brackets broke gives the answer of the whole, or is told to be incomplete.

use lambda_triage::{AnalyzeOptions, analyze_bytes};
use serde_json::{Value, json};

const STREAM: &str = "2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn events() -> Vec<Value> {
    let mut events = Vec::new();
    for (number, failed) in [(1, false), (2, true), (3, false)] {
        let id = format!("5f3c1a9e-1111-4222-8333-44445555666{number}");
        let at = 1_790_812_800_000_i64 + number * 10_000;
        let mut lines = vec![format!("START RequestId: {id} Version: $LATEST")];
        if failed {
            lines.push(format!("2026-10-01T00:00:23.000Z {id} Task timed out after 3.00 seconds"));
        }
        lines.push(format!("END RequestId: {id}"));
        lines.push(format!(
            "REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
        ));
        events.extend(lines.iter().enumerate().map(|(place, line)| {
            json!({"timestamp": at + 3000 * i64::from(place > 0), "message": line, "logStreamName": STREAM})
        }));
    }
    events
}

fn lines() -> String {
    events().iter().map(|event| format!("{event}\n")).collect()
}

/// A form of the same events: its name, its text, and whether it is whole records one after the other, so that a cut
/// between two of them leaves no trace.
type Form = (&'static str, String, bool);

fn forms() -> Vec<Form> {
    let list = Value::Array(events());
    let document = json!({"events": events(), "searchedLogStreams": []});
    let rows: Vec<Value> = events()
        .iter()
        .map(|event| {
            json!([{"field": "@timestamp", "value": "2026-10-01 00:00:10.000"},
            {"field": "@message", "value": event["message"]}, {"field": "@logStream", "value": STREAM}])
        })
        .collect();
    let pages: Vec<Value> = events().chunks(4).map(|page| json!({"events": page})).collect();
    let subscription = json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/orders",
        "logStream": STREAM, "subscriptionFilters": ["all"], "logEvents": events()});
    vec![
        ("a record a line", lines(), true),
        ("an array", list.to_string(), false),
        ("an array on lines", serde_json::to_string_pretty(&list).unwrap(), false),
        ("a record a line of an array", format!("[\n{}\n]\n", lines().trim_end().replace('\n', ",\n")), false),
        ("an answer", document.to_string(), false),
        ("an answer on lines", serde_json::to_string_pretty(&document).unwrap(), false),
        ("results of a query", json!({"results": rows, "status": "Complete"}).to_string(), false),
        ("rows of a query", Value::Array(rows).to_string(), false),
        ("pages", Value::Array(pages).to_string(), false),
        ("a subscription", subscription.to_string(), false),
        ("events in arrays", json!({"events": events().chunks(4).collect::<Vec<_>>()}).to_string(), false),
    ]
}

/// What must not change silently.
#[derive(Debug, PartialEq)]
struct Answer {
    attempts: u64,
    timeouts: u64,
    incomplete: u64,
}

/// Returns what is read of a text, and whether it is called complete; none where there is nothing to analyze.
fn read(text: &[u8]) -> Option<(Answer, bool)> {
    let summary = analyze_bytes(&[("orders.json", text)], &AnalyzeOptions::default()).ok()?.summary;
    let totals = &summary.totals;
    let answer = Answer { attempts: totals.attempts, timeouts: totals.failures.timeout, incomplete: totals.incomplete };
    Some((answer, summary.coverage.complete))
}

/// The name of its stream is cut off too, and in another stream a line would be an attempt of its own.
#[test]
fn a_cut_makes_no_attempts() {
    each_form(|_, (name, text, _)| {
        for at in 1..text.len() {
            let attempts = read(&text.as_bytes()[..at]).map_or(0, |(answer, _)| answer.attempts);
            assert!(attempts <= 3, "{name}, cut at {at}: {attempts} attempts");
        }
    });
}

/// Collects texts that look whole and are not.
struct Silent {
    whole: Answer,
    found: Vec<String>,
}

impl Silent {
    fn check(&mut self, what: &str, text: &str) {
        if let Some((answer, true)) = read(text.as_bytes())
            && answer != self.whole
        {
            self.found.push(format!("{what}: {answer:?}"));
        }
    }
}

fn each_form(mut check: impl FnMut(&mut Silent, &Form)) {
    let mut silent = Silent { whole: Answer { attempts: 3, timeouts: 1, incomplete: 0 }, found: Vec::new() };
    for form in forms() {
        let (name, text, _) = &form;
        assert_eq!(read(text.as_bytes()).map(|(answer, _)| answer).as_ref(), Some(&silent.whole), "{name}");
        check(&mut silent, &form);
    }
    assert!(silent.found.is_empty(), "{} look whole:\n{}", silent.found.len(), silent.found.join("\n"));
}

#[test]
fn a_cut_at_the_end_is_told() {
    each_form(|silent, (name, text, records)| {
        for at in (1..text.trim_end().len()).step_by(3).filter(|at| !records || !is_between_lines(text, *at)) {
            silent.check(&format!("{name}, cut at {at}"), &text[..at]);
        }
    });
}

#[test]
fn a_cut_at_the_start_is_told() {
    each_form(|silent, (name, text, records)| {
        for at in (1..text.trim_end().len()).step_by(3).filter(|at| !records || !is_between_lines(text, *at)) {
            silent.check(&format!("{name}, from {at}"), &text[at..]);
        }
    });
}

#[test]
fn a_hole_is_told() {
    each_form(|silent, (name, text, _)| {
        for length in [1, 3, 40, 400] {
            for at in (0..text.len().saturating_sub(length)).step_by(11) {
                let holed = [&text[..at], &text[at + length..]].concat();
                // A hole within a string, or of whole records, leaves no trace; nor does one behind half an escape.
                if !text[..at].ends_with('\\') && !is_json(&holed) {
                    silent.check(&format!("{name}, {length} missing at {at}"), &holed);
                }
            }
        }
    });
}

/// Whatever stands between values that are no values is told, also where all of them can be read.
#[test]
fn stray_brackets_between_records_are_told() {
    let strays = ["[", "]", "{", "}", ":", ",,", "[[[[", "]]]]", "{{{{", "}}}}", "][", "}{", "{]", "[}", "[,", "[[]"];
    let mut silent = Vec::new();
    let text = lines();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for stray in strays.map(str::to_owned).into_iter().chain(["[".repeat(100_000), "]".repeat(100_000)]) {
        for at in [0].iter().chain(&ends) {
            let spoilt = format!("{}{stray}\n{}", &text[..*at], &text[*at..]);
            if read(spoilt.as_bytes()).is_some_and(|(_, complete)| complete) {
                silent.push(format!("{stray:.8} at {at}"));
            }
        }
    }
    assert!(silent.is_empty(), "{} look whole:\n{}", silent.len(), silent.join("\n"));
}

fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<Value>().all(|value| value.is_ok())
}

fn is_between_lines(text: &str, at: usize) -> bool {
    at == 0 || at >= text.len() || text.as_bytes()[at - 1] == b'\n' || text.as_bytes()[at] == b'\n'
}
