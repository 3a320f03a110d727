//! Logs whose request ids were masked by hand or by a proxy, or were no UUIDs from the start.

use std::collections::BTreeMap;

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::generate::corpus;
use super::harness::{LOGS, files_below, records_of};

/// Ways to write an id; the number tells the requests of a log apart.
type Mask = fn(&str, usize) -> String;

/// Masks that leave enough of an id to tell requests apart.
const OWN: [(&str, Mask); 7] = [
    ("first part", |id, _| format!("xxxxxxxx{}", &id[8..])),
    ("documentation", |id, _| format!("{}xmpl{}", &id[..9], &id[13..])),
    ("last parts", |id, _| format!("{}-xxxx-xxxx-xxxx-xxxxxxxxxxxx", &id[..8])),
    ("no dashes", |id, _| id.replace('-', "")),
    ("twelve digits", |id, _| id[24..].to_owned()),
    ("dots", |id, _| format!("....{}", &id[24..])),
    ("capitals", |id, _| format!("XXXXXXXX{}", id[8..].to_uppercase())),
];

/// Masks that make all ids the same.
const SAME: [(&str, Mask); 7] = [
    ("x", |_, _| "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".to_owned()),
    ("cut", |_, _| "xxxxxxxx-xxxx-...".to_owned()),
    ("brackets", |_, _| "[REDACTED]".to_owned()),
    ("angles", |_, _| "<guid>".to_owned()),
    ("stars", |_, _| "****".to_owned()),
    ("word", |_, _| "REDACTED".to_owned()),
    ("letters", |_, _| "xyz".to_owned()),
];

/// Replaces every UUID of a text.
fn masked(text: &str, mask: Mask) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let is_id = |word: &str| {
        word.len() == 36
            && word.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    let (mut out, mut from) = (String::new(), 0);
    while let Some(rest) = text.get(from..) {
        let Some(first) = rest.chars().next() else { break };
        if let Some(word) = rest.get(..36).filter(|word| is_id(word)) {
            let count = seen.len();
            let number = *seen.entry(word.to_owned()).or_insert(count);
            out += &mask(word, number);
            from += 36;
        } else {
            out.push(first);
            from += first.len_utf8();
        }
    }
    out
}

/// Facts of every record in the order of the input, without the ids.
fn facts(name: &str, text: &str) -> (Vec<String>, Value) {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[(name, text.as_bytes())], &options).unwrap();
    const KEYS: [&str; 6] = ["kind", "code", "confidence", "error_message", "duration_ms", "started_at_ms"];
    let mut facts: Vec<String> =
        records_of(&mut analysis).iter().map(|record| KEYS.map(|key| record[key].to_string()).join(" ")).collect();
    facts.sort();
    let summary = &analysis.summary;
    (
        facts,
        json!({"failures": summary.totals.failures, "events": summary.totals.events, "outcomes": summary.totals.outcomes, "notes": summary.coverage.notes}),
    )
}

/// Logs of one environment at a time.
fn logs() -> Vec<(String, String)> {
    let mut logs = Vec::new();
    for seed in 700..712 {
        for stream in corpus(seed).streams.into_iter().take(2) {
            let lines = |event: &super::generate::Event| format!("{}\n", event.message.trim_end());
            logs.push((format!("bare {seed}.log"), stream.events.iter().map(lines).collect()));
            let json = |event: &super::generate::Event| {
                format!(
                    "{}\n",
                    json!({"timestamp": event.at, "message": event.message, "logGroup": "/aws/lambda/f", "logStream": "s"})
                )
            };
            logs.push((format!("ndjson {seed}.ndjson"), stream.events.iter().map(json).collect()));
        }
    }
    logs
}

#[test]
fn masks_of_their_own_change_no_verdict() {
    for (name, log) in logs() {
        let (want, want_summary) = facts(&name, &log);
        assert!(!want.is_empty());
        for (way, mask) in OWN {
            let text = masked(&log, mask);
            let (found, summary) = facts(&name, &text);
            assert_eq!(found, want, "{name}, {way}:\n{text}");
            for key in ["failures", "events", "outcomes"] {
                assert_eq!(summary[key], want_summary[key], "{name}, {way}");
            }
            let notes = summary["notes"].to_string();
            assert!(notes.contains("masked"), "{name}, {way}: {notes}");
        }
    }
}

#[test]
fn one_mask_for_all_changes_no_verdict_and_makes_no_retries() {
    for (name, log) in logs() {
        let (want, want_summary) = facts(&name, &log);
        for (way, mask) in SAME {
            let text = masked(&log, mask);
            let (found, summary) = facts(&name, &text);
            assert_eq!(found, want, "{name}, {way}:\n{text}");
            assert_eq!(summary["failures"], want_summary["failures"], "{name}, {way}");
            assert_eq!(summary["outcomes"]["recovered"], 0, "{name}, {way}");
            assert_eq!(summary["outcomes"]["rerun_after_success"], 0, "{name}, {way}");
            assert!(summary["notes"].to_string().contains("masked"), "{name}, {way}");
        }
    }
}

/// The sample logs of every shape that keep one environment at a time.
#[test]
fn sample_logs_with_masks_of_their_own_keep_their_verdicts() {
    let (mut logs, mut other) = (0, Vec::new());
    for path in files_below(std::path::Path::new(LOGS)) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.file_name().unwrap().to_str().unwrap();
        let (want, _) = facts(name, &text);
        for (way, mask) in &OWN[..3] {
            logs += 1;
            let (found, _) = facts(name, &masked(&text, *mask));
            if found != want {
                other.push(format!("{} {way}\n{found:?}\n{want:?}", path.display()));
            }
        }
    }
    assert!(logs > 60, "{logs}");
    assert!(other.is_empty(), "{} of {logs}:\n{}", other.len(), other.join("\n\n"));
}

/// Words that stand for an id in programs and prose open no attempt.
#[test]
fn places_for_ids_are_no_ids() {
    for id in ["{id}", "%s", "#{id}", "${requestId}", "\" + id", "(\\S+)", ".*"] {
        let text = format!(
            "Task timed out: see errorType\nSTART RequestId: {id} Version: 1\nEND RequestId: {id}\nREPORT RequestId: {id}\tDuration: 1.00 ms\n"
        );
        let (found, _) = facts("x.log", &text);
        assert!(found.is_empty(), "{id}: {found:?}");
    }
}

/// Ids are printed as they were written.
#[test]
fn ids_are_told_as_they_were_written() {
    for id in ["xxxxxxxx-5719-46a2-bc93-849ac3a26d6e", "[REDACTED]", "xyz", "****", "a1b2c3d4e5f6"] {
        let text = format!(
            "START RequestId: {id} Version: 1\n2026-01-02T03:04:05.000Z {id} Task timed out after 3.00 seconds\n\
             END RequestId: {id}\nREPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\n"
        );
        let options = Options { keep_records: true, ..Options::default() };
        let mut analysis = analyze_samples(&[("x.log", text.as_bytes())], &options).unwrap();
        let records = records_of(&mut analysis);
        assert_eq!(records.len(), 1, "{id}");
        assert_eq!((&records[0]["request_id"], &records[0]["code"]), (&json!(id), &json!("timeout.invoke")), "{id}");
    }
}
