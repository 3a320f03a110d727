//! Coverage of codes: each one is found in one of `fixtures/logs`, or in a sample of `fixtures/codes.txt`.

use std::collections::BTreeSet;
use std::fs;

use lambda_triage::internal::CODES;
use serde_json::{Value, json};

use super::harness::{LOGS, Run, root};

/// Codes that are counted for a function but given to no attempt.
const COUNTED_ONLY: [&str; 1] = ["near_timeout"];

const IDS: [(&str, &str); 2] =
    [("ID2", "1fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11"), ("ID", "0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11")];

/// Expands a line of a sample into its message.
fn message(line: &str) -> String {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let id = |word: &str| if word.ends_with('2') { "ID2" } else { "ID" };
    let message = match word {
        "START" | "START2" => format!("START RequestId: {} Version: 7", id(word)),
        "END" | "END2" => format!("END RequestId: {}", id(word)),
        "REPORT" | "REPORT2" => {
            let (figures, more) =
                rest.split_once('\t').map_or((rest, String::new()), |(f, more)| (f, format!("\t{more}")));
            let (duration, used) = figures.split_once(' ').expect("duration and memory");
            format!(
                "REPORT RequestId: {}\tDuration: {duration} ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: {used} MB{more}\t",
                id(word)
            )
        }
        _ => line.replace('↵', "\n"),
    };
    IDS.iter().fold(message, |text, (mark, id)| with_id(&text, mark, id)) + "\n"
}

/// Replaces a mark by an id wherever it is no part of a word.
fn with_id(text: &str, mark: &str, id: &str) -> String {
    let of_word = |char: char| char.is_ascii_alphanumeric();
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(mark) {
        let alone = !before.ends_with(of_word) && !after.starts_with(of_word);
        out += before;
        out += if alone { id } else { mark };
        rest = after;
    }
    out + rest
}

/// Writes the events of a sample, a millisecond apart, or as many as `+MS ` before a line says.
pub fn log(sample: &str) -> String {
    let mut at = 1_767_312_000_000_i64;
    let event = |line: &str| {
        let later = line.strip_prefix('+').and_then(|rest| rest.split_once(' '));
        let (wait, line) = later.and_then(|(wait, line)| Some((wait.parse().ok()?, line))).unwrap_or((1, line));
        at += wait;
        let event = json!({"timestamp": at, "logGroup": "/aws/lambda/pay",
                           "logStream": "2026/01/02/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0", "message": message(line)});
        format!("{event}\n")
    };
    sample.lines().filter(|line| !line.is_empty()).map(event).collect()
}

/// Returns every code in the records: of verdicts, causes and observations.
fn codes_of(records: &[Value]) -> BTreeSet<String> {
    let text = |value: &Value| value["code"].as_str().expect("a code").to_owned();
    let lists =
        |record: &Value| ["contributing", "observations"].map(|list| record[list].as_array().expect("a list").clone());
    records
        .iter()
        .flat_map(|record| lists(record).concat().iter().map(text).chain([text(record)]).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_code_is_recognised() {
    let mut seen = codes_of(&Run::analyze([LOGS]).records());
    let samples = fs::read_to_string(root().join("fixtures/codes.txt")).expect("samples");
    for sample in samples.split("\n== ").skip(1) {
        let (codes, messages) = sample.split_once('\n').expect("messages");
        // Messages of several lines are the same where each line is an event.
        for messages in [messages.to_owned(), messages.replace('↵', "\n")] {
            let found = codes_of(&Run::analyze(["-"]).input(log(&messages)).records());
            for code in codes.split(", ") {
                assert!(found.contains(code), "{code} is not recognised, but {found:?}:\n{messages}");
            }
            seen.extend(found);
        }
    }
    let is_category = |id: &str| CODES.iter().any(|other| other.id.starts_with(&format!("{id}.")));
    let missing: Vec<&str> = CODES
        .iter()
        .map(|code| code.id)
        .filter(|id| !is_category(id) && !COUNTED_ONLY.contains(id) && !seen.contains(*id))
        .collect();
    assert!(missing.is_empty(), "without a sample in fixtures/codes.txt: {missing:?}");
}
