//! Attempts that a file ends within: the next file has the rest. What failed as a whole failed in two pieces, too.

use lambda_triage::{AnalyzeOptions, analyze_bytes};
use serde_json::{Value, json};

use super::harness::{Run, directory, write};

const ID: &str = "5f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d10";
const ID_HERE: &str = "ID";
const BEGIN_MS: u64 = 1_790_812_800_000;

/// Messages of an attempt that failed, with ID and TIME where these stand, each a second after the one before.
struct Failed {
    name: &'static str,
    messages: &'static [&'static str],
}

const FAILED: [Failed; 6] = [
    Failed {
        name: "Node in JSON",
        messages: &[
            r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#,
            r#"{"timestamp":"TIME","level":"ERROR","requestId":"ID","message":{"errorType":"TypeError","errorMessage":"no items","stackTrace":["TypeError: no items","    at handler (/var/task/index.js:3:9)"]}}"#,
            r#"{"time":"TIME","type":"platform.report","record":{"requestId":"ID","status":"success","metrics":{"durationMs":1990.5,"billedDurationMs":1991,"memorySizeMB":128,"maxMemoryUsedMB":60}}}"#,
        ],
    },
    Failed {
        name: "Python in JSON",
        messages: &[
            r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#,
            r#"{"timestamp":"TIME","log_level":"ERROR","errorMessage":"no items","errorType":"KeyError","requestId":"ID","stackTrace":["  File \"/var/task/app.py\", line 4, in handler\n"]}"#,
            r#"{"time":"TIME","type":"platform.report","record":{"requestId":"ID","status":"error","errorType":"Runtime.Unknown","metrics":{"durationMs":1990.5,"billedDurationMs":1991,"memorySizeMB":128,"maxMemoryUsedMB":60}}}"#,
        ],
    },
    Failed {
        name: "a timeout in JSON",
        messages: &[
            r#"{"time":"TIME","type":"platform.start","record":{"requestId":"ID","version":"1"}}"#,
            r#"{"timestamp":"TIME","level":"INFO","requestId":"ID","message":"step 1"}"#,
            r#"{"time":"TIME","type":"platform.report","record":{"requestId":"ID","status":"timeout","metrics":{"durationMs":2000.0,"billedDurationMs":2000,"memorySizeMB":128,"maxMemoryUsedMB":60}}}"#,
        ],
    },
    Failed {
        name: "Node",
        messages: &[
            "START RequestId: ID Version: 1",
            "TIME\tID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"no items\",\"stack\":[\"TypeError: no items\",\"    at handler (/var/task/index.js:3:9)\"]}",
            "END RequestId: ID",
            "REPORT RequestId: ID\tDuration: 3017.30 ms\tBilled Duration: 3018 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB",
        ],
    },
    Failed {
        name: "Python",
        messages: &[
            "START RequestId: ID Version: 1",
            "[ERROR] KeyError: 'items'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", line 4, in handler",
            "END RequestId: ID",
            "REPORT RequestId: ID\tDuration: 3017.30 ms\tBilled Duration: 3018 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB",
        ],
    },
    Failed {
        name: "a process that ended",
        messages: &[
            "START RequestId: ID Version: 1",
            "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
            "END RequestId: ID",
            "REPORT RequestId: ID\tDuration: 3017.30 ms\tBilled Duration: 3018 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB",
        ],
    },
];

/// Writes events as a file of one export, with the names that it has.
type Form = fn(&[(u64, String)]) -> String;

const FORMS: [(&str, Form); 3] = [
    ("NDJSON without a stream", |events| {
        let line = |(at, message): &(u64, String)| json!({"timestamp": at, "logGroup": "/aws/lambda/orders", "message": message});
        events.iter().map(|event| line(event).to_string() + "\n").collect()
    }),
    ("pages of get-log-events", |events| {
        let one =
            |(at, message): &(u64, String)| json!({"timestamp": at, "message": message, "ingestionTime": at + 900});
        json!({"events": events.iter().map(one).collect::<Vec<_>>(), "nextForwardToken": "f/1"}).to_string()
    }),
    ("NDJSON with a stream", |events| {
        let stream = "2026/10/01/[1]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let line = |(at, message): &(u64, String)| json!({"timestamp": at, "logGroup": "/aws/lambda/orders", "logStream": stream, "message": message});
        events.iter().map(|event| line(event).to_string() + "\n").collect()
    }),
];

/// Returns the events of an attempt, with so many milliseconds more before its last line: extensions may have been busy.
fn events(failed: &Failed, late_ms: u64) -> Vec<(u64, String)> {
    events_after(failed, 0, late_ms)
}

/// Returns the same so many milliseconds later.
fn events_after(failed: &Failed, begin_ms: u64, late_ms: u64) -> Vec<(u64, String)> {
    let last = failed.messages.len() as u64 - 1;
    let event = |(number, message): (u64, &&str)| {
        let after_ms = begin_ms + number * 1_000 + if number == last { late_ms } else { 0 };
        let time = format!("2026-10-01T00:00:{:02}.{:03}Z", after_ms / 1_000, after_ms % 1_000);
        (BEGIN_MS + after_ms, message.replace(ID_HERE, ID).replace("TIME", &time))
    };
    (0..).zip(failed.messages).map(event).collect()
}

#[test]
fn what_failed_as_a_whole_failed_in_two_pieces() {
    let named: &[&str] = &["--function", "orders"];
    for (failed, late_ms) in FAILED.iter().flat_map(|failed| [(failed, 0), (failed, 2_700)]) {
        let events = events(failed, late_ms);
        for ((form, write_events), flags) in FORMS.into_iter().flat_map(|form| [(form, named), (form, &[])]) {
            let told = format!("{} as {form} {flags:?}, {late_ms} ms late", failed.name);
            let place = directory();
            let [whole, one, other, records] =
                ["whole", "1.json", "2.json", "records"].map(|name| place.path().join(name));
            let totals = |paths: &[&std::path::PathBuf]| -> Value {
                let summary = Run::analyze(paths).args(flags).summary();
                let rows = summary["functions"].as_array().map(Vec::len);
                json!([summary["totals"]["attempts"], summary["totals"]["failed"], rows])
            };
            write(&whole, write_events(&events));
            assert_eq!(totals(&[&whole]), json!([1, 1, 1]), "{told}");
            for cut in 1..events.len() {
                write(&one, write_events(&events[..cut]));
                write(&other, write_events(&events[cut..]));
                for paths in [[&one, &other], [&other, &one]] {
                    assert_eq!(totals(&paths), json!([1, 1, 1]), "{told}, cut at {cut}");
                }
                // Records of both, written apart.
                let record = |path| Run::analyze([path]).args(flags).args(["--format", "ndjson"]).stdout();
                write(&records, record(&other) + &record(&one));
                assert_eq!(totals(&[&records]), json!([1, 1, 1]), "records of {told}, cut at {cut}");
            }
        }
    }
}

/// Attempts of one event and their lines, each with the milliseconds after the first one.
fn told_events() -> Vec<(&'static str, Vec<(u64, String)>)> {
    let start = |at: u64| (at, format!("START RequestId: {ID} Version: 7"));
    let line = |at: u64, text: &str| (at, format!("2026-10-01T00:00:00.000Z\t{ID}\tINFO\t{text}"));
    let end = |at: u64, ms: u64, behind: &str| {
        let report = format!(
            "REPORT RequestId: {ID}\tDuration: {ms}.00 ms\tBilled Duration: {} ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t{behind}",
            ms + 1
        );
        [(at, format!("END RequestId: {ID}")), (at + 20, report)]
    };
    let well = |at: u64| {
        vec![start(at), line(at + 3, "hello"), line(at + 50, "goodbye")].into_iter().chain(end(at + 60, 55, ""))
    };
    let badly =
        |at: u64| vec![start(at), line(at + 3, "hello")].into_iter().chain(end(at + 3_010, 3_000, "Status: timeout"));
    let thrown = |at: u64| {
        let error = "[ERROR] KeyError: 'items'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", line 4, in handler";
        vec![start(at), line(at + 3, "hello"), (at + 40, error.to_owned())].into_iter().chain(end(at + 41, 37, ""))
    };
    vec![
        ("a success", well(0).collect()),
        ("a failure", badly(0).collect()),
        ("an error", thrown(0).collect()),
        ("a retry that saved it", badly(0).chain(well(64_000)).collect()),
        ("a retry at once", badly(0).chain(badly(4_500)).collect()),
        ("a retry that failed, too", thrown(0).chain(thrown(61_000)).collect()),
        ("a second run", well(0).chain(well(63_000)).collect()),
    ]
}

/// What records tell of attempts, but for what the place in a file decides.
fn told_of(logs: &[String], flags: bool) -> (Value, Vec<Value>, String) {
    let names: Vec<String> = (0..logs.len()).map(|at| format!("{at}.json")).collect();
    let logs: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(logs.iter().map(String::as_bytes)).collect();
    let mut options = AnalyzeOptions::default();
    options.records = true;
    options.function = flags.then(|| "orders".to_owned());
    let mut answer = analyze_bytes(&logs, &options).expect("an answer");
    let mut records = Vec::new();
    answer.write_records(&mut records).expect("records");
    let records = String::from_utf8(records).expect("UTF-8");
    let totals = &answer.summary.totals;
    let totals = json!([totals.attempts, totals.failed, totals.ok, totals.outcomes, totals.cold_starts]);
    let told = |record: &str| {
        let record: Value = serde_json::from_str(record).expect("JSON");
        let keys = [
            "attempt",
            "started_at_ms",
            "ended_at_ms",
            "window_cut",
            "category",
            "code",
            "confidence",
            "error_type",
            "duration_ms",
            "billed_ms",
            "max_memory_used_mb",
            "version",
            "outcome",
            "observations",
            "id",
            "partial_work",
        ];
        Value::from_iter(keys.map(|key| (key, record[key].clone())))
    };
    (totals, records.lines().map(told).collect(), records)
}

/// Whatever the pieces in which the log of an event comes, the answer is that of the whole: they are joined, not chosen from.
/// Records of each piece, written apart, give it, too.
#[test]
fn pieces_together_tell_what_the_whole_tells() {
    let mut found = Vec::new();
    for (name, events) in told_events() {
        let events: Vec<(u64, String)> = events.into_iter().map(|(at, text)| (BEGIN_MS + at, text)).collect();
        for ((form, write), flags) in FORMS.into_iter().flat_map(|form| [(form, true), (form, false)]) {
            let want = told_of(&[write(&events)], flags);
            for from in 1..events.len() {
                for to in from + 1..=events.len() {
                    let pieces = [&events[..from], &events[from..to], &events[to..]];
                    // Logs without a name are of one function if they have an attempt in common, or pieces of one.
                    let is_between = |at: usize| events.get(at).is_some_and(|(_, text)| text.starts_with("START"));
                    if !flags && (is_between(from) || is_between(to)) {
                        continue;
                    }
                    // Of what names no request, nobody knows whose it is.
                    if pieces.iter().any(|piece| !piece.is_empty() && !piece.iter().any(|(_, text)| text.contains(ID)))
                    {
                        continue;
                    }
                    let logs: Vec<String> = pieces.into_iter().filter(|piece| !piece.is_empty()).map(write).collect();
                    let what = format!("{name} as {form}, {flags}, cut at {from} and {to}");
                    let got = told_of(&logs, flags);
                    if (&got.0, &got.1) != (&want.0, &want.1) {
                        found.push(format!("{what}:\n{:?}\n{:?}\n{:#?}\n{:#?}", got.0, want.0, got.1, want.1));
                    }
                    let back = told_of(&[got.2], flags);
                    if (&back.0, &back.1) != (&got.0, &got.1) {
                        found.push(format!("read back, {what}: {:?}\n{:?}", back.0, got.0));
                    }
                    let shards: Vec<String> =
                        logs.iter().map(|log| told_of(std::slice::from_ref(log), flags).2).collect();
                    let of_shards = told_of(&shards, flags);
                    // Records do not tell which function nameless logs have in common.
                    if flags && of_shards.0 != want.0 {
                        found.push(format!("shards, {what}: {:?}\n{:?}", of_shards.0, want.0));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}:\n{}", found.len(), found[..found.len().min(4)].join("\n"));
}

/// A retry has the id of the first attempt: however much of each is seen, it is another attempt.
#[test]
fn a_retry_is_no_rest_of_the_attempt_before() {
    for failed in &FAILED {
        let first = events(failed, 0);
        let again: Vec<(u64, String)> =
            first.iter().map(|(at, message)| (at + 62_000, message.replace("T00:00:", "T00:01:"))).collect();
        for (form, write_events) in FORMS {
            for (cut_end, cut_start) in
                (1..=first.len()).flat_map(|end| (0..first.len()).map(move |start| (end, start)))
            {
                // A stream that lacks what is between them reads like one attempt.
                if form == "NDJSON with a stream" && cut_end < first.len() && cut_start > 0 {
                    continue;
                }
                let place = directory();
                let [one, other] = ["1.json", "2.json"].map(|name| place.path().join(name));
                write(&one, write_events(&first[..cut_end]));
                write(&other, write_events(&again[cut_start..]));
                let summary = Run::analyze([&one, &other]).args(["--function", "orders"]).summary();
                let told = format!("{} as {form}, {cut_end} lines and those from {cut_start}", failed.name);
                assert_eq!(summary["totals"]["attempts"], 2, "{told}");
            }
        }
    }
}

/// Attempts of several environments run at the cut: each is one with its rest, which need not be the first thing in its file.
#[test]
fn all_attempts_that_run_at_a_cut_are_joined() {
    let ids = [ID, "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d11", "7f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d12"];
    // What names no request could be of any of them.
    for failed in FAILED.iter().filter(|failed| failed.messages.iter().all(|message| message.contains(ID_HERE))) {
        let mut merged: Vec<(u64, String)> = Vec::new();
        for (id, begin_ms) in ids.into_iter().zip([0, 7, 11]) {
            let own = events_after(failed, begin_ms, 1).into_iter();
            merged.extend(own.map(|(at, message)| (at, message.replace(ID, id))));
        }
        merged.sort_by_key(|(at, _)| *at);
        for (form, write_events) in &FORMS[..2] {
            for cut in 1..merged.len() {
                let place = directory();
                let [one, other] = ["1.json", "2.json"].map(|name| place.path().join(name));
                write(&one, write_events(&merged[..cut]));
                write(&other, write_events(&merged[cut..]));
                let totals = &Run::analyze([&one, &other]).args(["--function", "orders"]).summary()["totals"];
                let told = json!([totals["attempts"], totals["failed"], totals["outcomes"]["recovered"]]);
                assert_eq!(told, json!([3, 3, 0]), "{} as {form}, cut at {cut}", failed.name);
            }
        }
    }
}
