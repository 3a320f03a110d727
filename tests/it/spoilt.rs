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

const OTHER: &str = "0e5a3f0c-1b7e-4b52-9a55-7c1d2e3f4a5b";
const STREAM: &str = "2026/01/02/[7]0123456789abcdef0123456789abcdef";

/// Export shapes: their names, and how they write an event at some milliseconds after three o'clock.
type Shape = (&'static str, fn(u32, &str) -> String);

const SHAPES: [Shape; 5] = [
    ("events of a named stream", |ms, message| {
        let at = 1_767_322_800_000_u64 + u64::from(ms);
        json!({"timestamp": at, "logGroup": "/aws/lambda/f", "logStream": STREAM, "message": message}).to_string()
    }),
    ("events without a stream", |ms, message| {
        json!({"timestamp": 1_767_322_800_000_u64 + u64::from(ms), "message": message}).to_string()
    }),
    ("aws logs tail", |ms, message| {
        format!("2026-01-02T03:00:{}.{:03}000+00:00 {STREAM} {message}", seconds(ms), ms % 1000)
    }),
    ("aws logs tail --format short", |ms, message| format!("2026-01-02T03:00:{} {message}", seconds(ms))),
    ("bare text", |_, message| message.to_owned()),
];

fn seconds(ms: u32) -> String {
    format!("{:02}", ms / 1000)
}

/// Logs in one shape of an attempt whose last line is given, the last of the file and amid others.
fn logs_of((_, write): Shape, last: &str) -> [String; 2] {
    let at_its_end = [
        (0, format!("START RequestId: {OTHER} Version: 7")),
        (12, format!("END RequestId: {OTHER}")),
        (12, good(OTHER)),
        (1_000, format!("START RequestId: {ID} Version: 7")),
        (4_000, format!("END RequestId: {ID}")),
        (4_000, last.to_owned()),
    ]
    .map(|(ms, message)| write(ms, &message))
    .join("\n");
    let next = "1e5a3f0c-1b7e-4b52-9a55-7c1d2e3f4a5b";
    let behind = [
        (9_000, format!("START RequestId: {next} Version: 7")),
        (9_012, format!("END RequestId: {next}")),
        (9_012, good(next)),
    ]
    .map(|(ms, message)| write(ms, &message))
    .join("\n");
    [at_its_end.clone(), format!("{at_its_end}\n{behind}\n")]
}

fn good(id: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\t"
    )
}

/// REPORT lines as the platform writes them, and whether the attempt failed.
fn reports() -> [(String, bool); 4] {
    let figures = |ms: &str, billed: u32, behind: &str| {
        format!(
            "REPORT RequestId: {ID}\tDuration: {ms} ms\tBilled Duration: {billed} ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB{behind}"
        )
    };
    [
        (figures("3000.00", 3000, "\tStatus: timeout"), true),
        (figures("2999.12", 3000, "\tStatus: error\tError Type: Runtime.ExitError"), true),
        (figures("2999.45", 3000, "\t"), false),
        (figures("3000.45", 3001, "\t"), false),
    ]
}

/// What is wrong with an answer on a log, if something is: a failure that nothing tells of, or one that is invented.
fn wrong(log: &str, failed: bool) -> Option<&'static str> {
    let answer = analyze_bytes(&[("a", log.as_bytes())], &AnalyzeOptions::default()).expect("an answer").summary;
    if failed && answer.totals.failed == 0 && answer.coverage.complete {
        return Some("silent");
    }
    (!failed && answer.totals.failed > 0).then_some("invented")
}

/// Of a REPORT that is cut anywhere, a failure is told or the answer is not complete, and no failure is invented.
#[test]
fn a_report_that_is_cut_anywhere_hides_no_failure_and_makes_none() {
    // Fewer letters may be of any word.
    const LEAST: usize = "REPO".len();
    let mut found = Vec::new();
    for (report, failed) in reports() {
        for to in LEAST..report.len() {
            let cut = &report[..to];
            // Behind its figures, it is the REPORT of a success.
            if failed && matches!(cut.trim_end().rsplit_once(' '), Some((before, "MB")) if before.ends_with("Used: 90"))
            {
                continue;
            }
            for shape in SHAPES {
                for (where_, log) in ["at the end", "amid others"].iter().zip(logs_of(shape, cut)) {
                    found.extend(wrong(&log, failed).map(|what| format!("{what}, {} {where_}: {cut:?}", shape.0)));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}

/// The same of a REPORT whose beginning is cut off, with the half before in another file or lost.
#[test]
fn a_report_without_its_beginning_is_one() {
    let mut found = Vec::new();
    for (report, failed) in reports() {
        for from in 1..="REPORT RequestId: ".len() {
            for shape in SHAPES {
                for log in logs_of(shape, &report[from..]) {
                    let (what, wrong) = (&report[from..], wrong(&log, failed));
                    let answer =
                        analyze_bytes(&[("a", log.as_bytes())], &AnalyzeOptions::default()).expect("an answer").summary;
                    let told = answer.totals.failed == u64::from(failed) && answer.totals.incomplete == 0;
                    if wrong.is_some() || !told {
                        found.push(format!("{wrong:?} {}: {what:?}", shape.0));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}

/// The same of a REPORT of which any one byte is spoilt.
#[test]
fn a_report_with_any_byte_spoilt_hides_no_failure_and_makes_none() {
    let mut found = Vec::new();
    for (report, failed) in reports() {
        for at in 0..report.trim_end().len() {
            for (nth, by) in (0..).zip(["?", "x", "\u{fffd}", "\t", "="]) {
                let spoilt = format!("{}{by}{}", &report[..at], &report[at + 1..]);
                // Each in all shapes would take long.
                for shape in [SHAPES[(at + nth) % SHAPES.len()]] {
                    for (where_, log) in ["at the end", "amid others"].iter().zip(logs_of(shape, &spoilt)) {
                        found.extend(
                            wrong(&log, failed).map(|what| format!("{what}, {} {where_}: {spoilt:?}", shape.0)),
                        );
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}

/// A function may print the beginning of REPORT as a word: the REPORT that follows settles it.
#[test]
fn the_word_report_of_a_function_changes_nothing() {
    for shape in SHAPES {
        let (_, write) = shape;
        for word in ["REPORT", "REPO", "REPORT Request"] {
            let log = [
                (0, format!("START RequestId: {ID} Version: 7")),
                (5, word.to_owned()),
                (12, format!("END RequestId: {ID}")),
                (12, good(ID)),
                (20, word.to_owned()),
            ]
            .map(|(ms, message)| write(ms, &message))
            .join("\n");
            let answer =
                analyze_bytes(&[("a", log.as_bytes())], &AnalyzeOptions::default()).expect("an answer").summary;
            assert_eq!((answer.totals.ok, answer.coverage.complete), (1, true), "{} {word}", shape.0);
        }
    }
}

/// Ways in which a line loses something at one byte: its name, and the lines that are left of it.
type Loss = (&'static str, fn(&str, usize) -> Vec<String>);

const LOSSES: [Loss; 6] = [
    ("a byte replaced", |line, at| vec![format!("{}?{}", &line[..at], &line[at + 1..])]),
    ("a byte that cannot be read", |line, at| vec![format!("{}\u{fffd}{}", &line[..at], &line[at + 1..])]),
    ("a byte missing", |line, at| vec![format!("{}{}", &line[..at], &line[at + 1..])]),
    ("cut", |line, at| vec![line[..at].to_owned()]),
    ("split by a line end", |line, at| vec![line[..at].to_owned(), line[at..].to_owned()]),
    ("without its beginning", |line, at| vec![line[at..].to_owned()]),
];

/// Sentences that alone tell a failure, as the platform writes them, each with the first byte from which on it can be known when
/// it is cut there, and the last one from which on it can if its beginning is missing.
fn sentences() -> [(String, usize, usize); 2] {
    let timed_out = format!("2026-01-02T03:00:04.000Z {ID} Task timed out after 3.00 seconds");
    let crash = format!("RequestId: {ID} Error: Runtime exited with error: signal: killed");
    let (head, reason) =
        (timed_out.len() - "ask timed out after 3.00 seconds".len(), "RequestId: ".len() + ID.len() + 9);
    [(timed_out, 34, head), (crash, "RequestId: ".len() + ID.len() + 2, reason)]
}

/// Whatever one byte of a sentence about a failure is lost, the failure is told or the answer is not complete.
#[test]
fn a_sentence_with_any_byte_lost_hides_no_failure() {
    let mut found = Vec::new();
    for (sentence, from_cut, to_head) in sentences() {
        for (what, lose) in LOSSES {
            for at in 0..sentence.len() {
                let is_known = match what {
                    // Behind time and id alone stands an error of Node.js 6.
                    "cut" | "split by a line end" => at >= from_cut && !sentence[..at].trim_end().ends_with(ID),
                    "without its beginning" => at < to_head,
                    _ => true,
                };
                if !is_known {
                    continue;
                }
                let lost = lose(&sentence, at);
                for (shape, write) in &SHAPES[..3] {
                    let mut lines = vec![
                        write(0, &format!("START RequestId: {OTHER} Version: 7")),
                        write(12, &format!("END RequestId: {OTHER}")),
                        write(12, &good(OTHER)),
                        write(1_000, &format!("START RequestId: {ID} Version: 7")),
                    ];
                    lines.extend(lost.iter().map(|line| write(4_000, line)));
                    lines.push(write(4_001, &format!("END RequestId: {ID}")));
                    lines.push(write(4_001, &good(ID).replace("12.34", "3000.00").replace("13 ms", "3000 ms")));
                    found.extend(
                        wrong(&lines.join("\n"), true).map(|wrong| format!("{wrong}, {what}, {shape}: {lost:?}")),
                    );
                }
            }
        }
    }
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}

/// Whatever byte of the id of a START, END or another line of the platform is lost, there are as many attempts, and as many that
/// failed, or the answer is not complete.
#[test]
fn an_id_with_any_byte_lost_hides_no_failure_and_makes_no_attempt() {
    const ID_FROM: &str = "RequestId: ";
    const JSON_FROM: &str = "\"requestId\":\"";
    let texts = [
        (1_000, format!("START RequestId: {ID} Version: 7")),
        (4_000, format!("END RequestId: {ID}")),
        (4_000, reports()[0].0.clone()),
    ];
    let object = |kind: &str, behind: &str| {
        format!(
            "{{\"time\":\"2026-01-02T03:00:01.000Z\",\"type\":\"platform.{kind}\",\"record\":{{\"requestId\":\"{ID}\"{behind}}}}}"
        )
    };
    let figures =
        ",\"metrics\":{\"durationMs\":3000.0,\"billedDurationMs\":3000,\"memorySizeMB\":128,\"maxMemoryUsedMB\":90}";
    let objects = [
        (1_000, object("start", ",\"version\":\"7\"")),
        (4_000, object("runtimeDone", ",\"status\":\"timeout\"")),
        (4_000, object("report", &format!(",\"status\":\"timeout\"{figures}"))),
    ];
    let mut found = Vec::new();
    for (lines, label) in [(texts, ID_FROM), (objects, JSON_FROM)] {
        for (spoilt, (_, line)) in lines.iter().enumerate() {
            let from = line.find(label).expect("an id") + label.len();
            for (what, lose) in
                LOSSES.iter().filter(|(what, _)| !what.starts_with("split") && !what.starts_with("without"))
            {
                if *what == "cut" && label == JSON_FROM {
                    continue;
                }
                for at in from..from + ID.len() {
                    let lost = lose(line, at).concat();
                    for (shape, write) in &SHAPES[..3] {
                        let mut log = vec![
                            write(0, &format!("START RequestId: {OTHER} Version: 7")),
                            write(12, &format!("END RequestId: {OTHER}")),
                            write(12, &good(OTHER)),
                        ];
                        let own = lines.iter().enumerate();
                        log.extend(own.map(|(nth, (ms, line))| write(*ms, if nth == spoilt { &lost } else { line })));
                        let log = log.join("\n");
                        let answer =
                            analyze_bytes(&[("a", log.as_bytes())], &AnalyzeOptions::default()).expect("an answer");
                        let (totals, complete) = (&answer.summary.totals, answer.summary.coverage.complete);
                        if complete && (totals.attempts, totals.failed) != (2, 1) {
                            found.push(format!("{} {}, {what}, {shape}: {lost:?}", totals.attempts, totals.failed));
                        }
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}
