//! Verdicts on streams in which more than one line matters, held to `fixtures/verdicts.txt`.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use super::codes::log;
use super::harness::{Run, root};

/// Returns a field of a record as the table writes it: lists as their codes, evidence as its lines.
fn field(records: &[Value], name: &str) -> String {
    let record = &records[0];
    let list = |list: &Value, key: &str| {
        let items = list.as_array().expect("a list");
        items.iter().filter_map(|item| item[key].as_str()).collect::<Vec<_>>().join(",")
    };
    match name {
        "records" => records.len().to_string(),
        "evidence" => list(&record[name], "message"),
        "contributing" | "observations" => list(&record[name], "code"),
        _ => match &record[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    }
}

/// Returns whether a field is what the table says: `=` for the same, `~` for a part; a `~` in a value is a blank.
fn holds(records: &[Value], want: &str) -> bool {
    let at = want.find(['=', '~']).expect("a condition");
    let (name, value) = (&want[..at], want[at + 1..].replace('~', " "));
    let got = field(records, name);
    if want[at..].starts_with('=') { got == value } else { got.contains(&value) }
}

/// Holds every stream of the table to what must stand in its first record, after the messages were `written` in some way.
#[track_caller]
fn every_stream(written: fn(&str) -> String) {
    let text = fs::read_to_string(root().join("fixtures/verdicts.txt")).expect("the table");
    let (mut wrong, mut count) = (String::new(), 0);
    for sample in text.split("\n== ").skip(1) {
        let (title, messages) = sample.split_once('\n').expect("messages");
        let (_, wanted) = title.rsplit_once(": ").expect("conditions");
        let records = Run::analyze(["-"]).input(log(&written(messages))).records();
        count += 1;
        for want in wanted.split(' ').filter(|want| !holds(&records, want)) {
            let name = &want[..want.find(['=', '~']).expect("a condition")];
            writeln!(wrong, "{title}\n  {name}: {}, code {}", field(&records, name), records[0]["code"])
                .expect("memory");
        }
    }
    assert!(wrong.is_empty() && count > 20, "of {count}:\n{wrong}");
}

#[test]
fn every_stream_has_its_verdict() {
    every_stream(str::to_owned);
}

/// Messages of several lines are the same where each line is an event.
#[test]
fn every_stream_has_its_verdict_line_by_line() {
    every_stream(|messages| messages.replace('↵', "\n"));
}
