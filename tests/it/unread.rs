//! Unread input never gives an answer that looks healthy: sentences of the platform in an unknown form, odd values of
//! REPORT, any number of ordinary lines before the first relevant one.

use lambda_triage::internal::{Options, analyze_samples};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::harness::{Run, directory, formats, gzip, write};

const ID: &str = "6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34";

/// Lists the ways in which the platform reports one failed attempt.
fn failures() -> Vec<Vec<String>> {
    let start = format!("START RequestId: {ID} Version: 7");
    let end = format!("END RequestId: {ID}");
    let report = |rest: &str| {
        format!(
            "REPORT RequestId: {ID}\tDuration: 3003.12 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t{rest}"
        )
    };
    vec![
        vec![
            start.clone(),
            format!("2026-10-01T00:00:03.001Z {ID} Task timed out after 3.00 seconds"),
            end.clone(),
            report(""),
        ],
        vec![start.clone(), end.clone(), report("Status: timeout")],
        vec![report("Status: error\tError Type: Runtime.ExitError")],
        vec![start, end],
        vec![format!("2026-10-01T00:00:03.001Z {ID} Task timed out after 3.00 seconds")],
        vec![
            format!(r#"{{"time":"2026-10-01T00:00:00.000Z","type":"platform.start","record":{{"requestId":"{ID}"}}}}"#),
            format!(
                r#"{{"time":"2026-10-01T00:00:03.000Z","type":"platform.report","record":{{"requestId":"{ID}","status":"timeout"}}}}"#
            ),
        ],
    ]
}

/// Prefixes of lines: forms that are learned, and one that is not.
const PREFIXES: [&str; 9] = [
    "21:00:54  ",
    "> ",
    "[orders] ",
    "orders.log:12:",
    "2026-10-01 00:00:00.123 ",
    "2026-10-01T00:00:00.1234567Z ",
    "Oct 1, 12:00:00 AM: ",
    "# ",
    TOO_LONG,
];

/// What no tool puts before every line, as it is too long, so that nothing is learned from it.
const TOO_LONG: &str = match std::str::from_utf8(&[b'='; 500]) {
    Ok(text) => text,
    Err(_) => "",
};

fn good() -> String {
    let id = "11111111-93c1-4d0e-8a55-0b7c2f1e9d34";
    format!(
        "START RequestId: {id} Version: 7\nEND RequestId: {id}\nREPORT RequestId: {id}\tDuration: 3.12 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\n"
    )
}

/// A failure behind a prefix is found (status 1) or reported as unread (status 3), whatever the flags; never is the
/// answer that all is well.
#[test]
fn a_gate_never_passes_over_sentences_that_were_not_read() {
    for (failure, lines) in failures().into_iter().enumerate() {
        for prefix in PREFIXES {
            let text: String = lines.iter().map(|line| format!("{prefix}{line}\n")).collect();
            let far = format!("{}{text}", "some text that belongs to nobody\n".repeat(5_000));
            for (name, bytes) in [
                ("x.log", text.clone().into_bytes()),
                ("far.log", far.into_bytes()),
                ("x.log.gz", gzip(text.as_bytes())),
            ] {
                let folder = directory();
                write(&folder.path().join(name), &bytes);
                for beside in [false, true] {
                    if beside {
                        write(&folder.path().join("good.log"), good());
                    }
                    for flags in [&["--fail-on", "failed > 0"][..], &["--allow-empty", "--fail-on", "failed > 0"]] {
                        let done = Run::analyze([folder.path()]).args(flags).done();
                        let what = format!("failure {failure} behind {prefix:?} in {name}, {flags:?}: {}", done.stderr);
                        // Without a REPORT in view the attempt is incomplete, if it was read.
                        let read = failure == 3 && prefix != TOO_LONG && done.status == 0;
                        assert!(read || [1, 3].contains(&done.status), "status {}: {what}", done.status);
                    }
                    let plain = Run::analyze([folder.path()]).args(["--allow-empty", "--quiet"]).done();
                    let read_as_log = !name.starts_with("far");
                    let strict = Run::analyze([folder.path()]).args(["--strict", "--allow-empty"]).done();
                    let summary = Run::analyze([folder.path()]).args(["--format", "json"]).done().stdout;
                    let summary: Value = serde_json::from_str(&summary).unwrap();
                    let totals = &summary["totals"];
                    let found = ["failed", "incomplete"].iter().any(|kind| totals[*kind].as_u64() > Some(0));
                    assert!(
                        found || plain.status == 3 || !read_as_log && beside,
                        "failure {failure} behind {prefix:?} in {name}"
                    );
                    assert!(found || strict.status == 3, "failure {failure} behind {prefix:?} in {name}: {summary:#}");
                    assert!(found || summary["coverage"]["complete"] == json!(false), "{prefix:?} in {name}");
                }
            }
        }
    }
}

/// What may stand before a line: times, names, levels, ids, quote marks, anything.
fn prefix() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.,][0-9]{1,9})?( [AP]M)?",
        "20[0-3][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,9})?(Z|\\+00:00| UTC|)",
        "(Jan|Oct|Dec) [ 1-3][0-9],? [0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
        "[0-3]?[0-9][/.][01]?[0-9][/.]20[0-9][0-9]",
        "1[0-9]{9}([0-9]{3})?(\\.[0-9]{3})?",
        "\\[[a-z]{1,12}\\]|\\([a-z]{1,9}-[0-9]\\)|<[0-9]{1,3}>|\\{app=\"[a-z]{1,5}\"\\}",
        "INFO|ERROR|WARN|DEBUG|stdout|stderr F|pod/x|orders\\.log|[a-z]{1,9}|[0-9]{1,7}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        "20[0-9]{2}/[01][0-9]/[0-3][0-9]/\\[\\$LATEST\\][0-9a-f]{32}|/aws/lambda/[a-z]{1,9}",
        "[>#|*`~+\"'-]{1,3}|//|--|\\|\\||&gt;",
        "\\PC{1,12}",
    ];
    let separator = prop_oneof![" ", "  ", "\t", ": ", ":", " - ", " | ", ",", ", ", ""];
    vec((token, separator), 1..6)
        .prop_map(|parts| parts.into_iter().flat_map(|(token, after)| [token, after]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever stands before every line, a failure is found, or the answer says that lines were not read: no gate ends
    /// with 0.
    #[test]
    fn no_prefix_hides_a_failure(prefix in prefix(), failure in 0usize..6, beside in any::<bool>(), quoted in any::<bool>()) {
        let line = |line: &String| match quoted {
            true => format!("{prefix}{}\n", json!(line)),
            false => format!("{prefix}{line}\n"),
        };
        let text: String = failures()[failure].iter().map(line).collect();
        let good = good();
        let files = [("x.log", text.as_bytes()), ("good.log", good.as_bytes())];
        let analysis = analyze_samples(&files[..1 + usize::from(beside)], &Options::default()).unwrap();
        // Without a REPORT in view the attempt is incomplete.
        let totals = &analysis.summary.totals;
        let found = totals.failed > 0 || failure == 3 && totals.incomplete > 0;
        let said = analysis.unread_inputs > 0 || analysis.summary.coverage.bytes.unrecognized > 0 || analysis.input_failed;
        prop_assert!(found || said && !analysis.summary.coverage.complete, "{text}{:#?}", analysis.summary.coverage);
    }
}

#[test]
fn what_was_not_read_is_named_with_its_place() {
    let text = format!(
        "logs of today\n{}",
        failures()[0].iter().map(|line| format!("{TOO_LONG}{line}\n")).collect::<String>()
    );
    let folder = directory();
    write(&folder.path().join("notes.txt"), text);
    write(&folder.path().join("good.log"), good());
    let done = Run::analyze(["."]).args(["--strict"]).directory(folder.path()).status(3);
    let said = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("notes.txt: line 2 holds \"START RequestId:\" behind \"========"), "{said}");
    let show = Run::new(["show", "6f0d1a52", "notes.txt"]).directory(folder.path()).status(3);
    assert!(show.stderr.contains("line 2"), "{}", show.stderr);
    let empty = Run::analyze(["notes.txt"]).args(["--allow-empty"]).directory(folder.path()).status(3);
    assert!(empty.stderr.contains("line 2"), "{}", empty.stderr);
}

/// Programs that make such sentences, logs of other kinds and our own results are not unread logs.
#[test]
fn what_is_no_log_is_left_out_quietly() {
    let folder = directory();
    let at = |name: &str| folder.path().join(name);
    write(&at("good.log"), good());
    write(
        &at("test.py"),
        "print(f\"START RequestId: {request_id} Version: 1\")\nassert \"Task timed out after \" in log\n",
    );
    write(
        &at("states.ndjson"),
        format!(
            "{{\"timestamp\":1790812800123,\"logGroup\":\"/aws/vendedlogs/states/orders\",\"logStream\":\"s\",\"message\":\"{{\\\"cause\\\":\\\"2026-10-01T00:00:03.001Z {ID} Task timed out after 3.00 seconds\\\"}}\"}}\n"
        ),
    );
    let failed = failures()[0].join("\n");
    write(&at("failed.log"), &failed);
    for format in formats() {
        let result = Run::analyze([at("failed.log")]).args(["--format", format]).status(0).stdout;
        write(&at(&format!("result.{format}")), result);
    }
    for ledger in ["ledger.json", "ledger.csv"] {
        Run::analyze([at("failed.log")]).args(["--ledger".into(), at(ledger)]).status(0);
    }
    std::fs::remove_file(at("failed.log")).unwrap();
    let done = Run::analyze([folder.path()]).args(["--strict", "--fail-on", "failed > 1", "--format", "json"]).done();
    assert_eq!(done.status, 0, "{}{}", done.stderr, done.stdout);
    Run::analyze([at("result.json")]).status(3);
}

/// Creates a failed attempt behind so many ordinary events, each with or without an id.
/// Documents, code and tickets that quote lines of Lambda in every way are no logs; beside a log they say nothing.
#[test]
fn documents_that_quote_lines_are_left_out() {
    let folder = directory();
    write(&folder.path().join("good.log"), good());
    let quotations: [fn(&str) -> String; 5] = [
        |line| format!("On retry there was still the line `{line}` in our log.\n"),
        |line| format!("    assert parse({line:?}) == expected\n"),
        |line| format!("> > {line}\n> please help\n"),
        |line| format!("Dear team, yesterday the function wrote: {line}\n"),
        |line| format!("| when | {line} |\n"),
    ];
    let names = ["a.md", "b.py", "c.rst", "ticket.eml", "d.tf", "e.ts", "f.html", "g.rb", "h.go", "i.java"];
    for (number, name) in names.iter().enumerate() {
        for (way, quote) in quotations.iter().enumerate() {
            let text: String = failures()[number % 6].iter().map(|line| quote(line)).collect();
            write(&folder.path().join(format!("{way}/{name}")), format!("Some words before.\n{text}"));
        }
    }
    let prose: String = failures()[0].iter().map(|line| quotations[0](line)).collect();
    write(&folder.path().join("note.txt"), &prose);
    let done = Run::analyze([folder.path()]).args(["--strict", "--fail-on", "failed > 0"]).status(0);
    assert!(done.stdout.contains("Skipped: 51 files that are not logs"), "{}", done.stdout);
    // Who names one means it.
    Run::analyze([folder.path().join("note.txt")]).status(3);
}

/// A stream whose own lines are read, in whatever file, may print those of others.
#[test]
fn a_stream_that_is_read_may_quote() {
    let at = "2026-10-01T00:00:00.123Z ";
    let quote = failures()[0].iter().map(|line| format!("{at}forwarded: {line}\n")).collect::<String>();
    let own = good().lines().map(|line| format!("{at}{line}\n")).collect::<String>();
    let stream = "2026-10-01-[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    for files in [&[("000000", own.clone() + &quote)][..], &[("000000", own.clone()), ("000001", quote.clone())]] {
        let folder = directory();
        for (name, text) in files {
            write(&folder.path().join(stream).join(name), text);
        }
        Run::analyze([folder.path()]).args(["--strict", "--fail-on", "failed > 0"]).status(0);
    }
    let folder = directory();
    write(&folder.path().join(stream).join("000001"), quote);
    let summary = Run::analyze([folder.path()]).args(["--format", "json"]).status(3).stdout;
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert!(summary["coverage"]["bytes"]["unrecognized"].as_u64() > Some(0), "{summary:#}");
}

/// A log of several attempts: each START, a line, END and REPORT, with their times if asked for.
fn attempts(count: usize, timed: bool) -> Vec<String> {
    let lines = |number: usize| {
        let id = format!("0f1e2d3c-93c1-4d0e-8a55-{number:012}");
        [
            format!("START RequestId: {id} Version: 7"),
            format!("order {number} is paid"),
            format!("END RequestId: {id}"),
            format!(
                "REPORT RequestId: {id}\tDuration: 3.12 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB"
            ),
        ]
    };
    let stamp = |(number, line): (usize, String)| match timed {
        true => format!("2026-10-01T00:{:02}:{:02}.{:03}Z {line}", number / 240, number / 4 % 60, number % 4),
        false => line,
    };
    (0..count).flat_map(lines).enumerate().map(stamp).collect()
}

/// Returns whether every request has its REPORT, its END and its START in this order.
fn is_turned_round(lines: &[String]) -> bool {
    let place = |word: &str, id: &str| lines.iter().position(|line| line.starts_with(word) && line.contains(id));
    let ids = lines.iter().filter_map(|line| Some(line.strip_prefix("START RequestId: ")?.split_once(' ')?.0));
    ids.into_iter().all(|id| place("REPORT", id) < place("END", id) && place("END", id) < place("START", id))
}

/// Lines in an order in which nobody wrote them are no whole answer: newest first without times, sorted, shuffled.
#[test]
fn lines_out_of_order_are_noted() {
    let coverage = |lines: &[String]| {
        let text = format!("{}\n", lines.join("\n"));
        let analysis = analyze_samples(&[("x.log", text.as_bytes())], &Options::default()).unwrap();
        let noted = analysis.summary.coverage.notes.iter().any(|note| note.contains("not in the order"));
        assert_eq!(noted, !analysis.summary.coverage.complete, "{:#?}", analysis.summary.coverage);
        noted
    };
    for count in [1, 2, 30, 300] {
        for timed in [false, true] {
            let written = attempts(count, timed);
            assert!(!coverage(&written), "{count} attempts, timed {timed}");
            let mut changed = written.clone();
            changed.reverse();
            // Lines of the platform without times tell that they were turned round.
            assert_eq!(coverage(&changed), timed, "{count} attempts turned round, timed {timed}");
            changed.sort_by_key(|line| {
                line.trim_start_matches(|c: char| !c.is_ascii_alphabetic() || "TZ".contains(c)).to_owned()
            });
            assert!(coverage(&changed), "{count} attempts sorted, timed {timed}: {changed:#?}");
            for seed in 1..9_u64 {
                let mut random = seed;
                for at in (1..changed.len()).rev() {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    changed.swap(at, usize::try_from(random >> 33).unwrap() % (at + 1));
                }
                let ends_first = changed.iter().position(|line| line.contains("END"))
                    < changed.iter().position(|line| line.contains("START"));
                assert!(
                    coverage(&changed) || count < 30 && (!ends_first || !timed && is_turned_round(&changed)),
                    "{count} attempts, seed {seed}, timed {timed}: {changed:#?}"
                );
            }
        }
    }
    // Several files of one day in a row, a retry behind a beginning that is cut off.
    let days: Vec<String> =
        (0..6).rev().flat_map(|part| attempts(60, true)[part * 40..part * 40 + 40].to_vec()).collect();
    assert!(!coverage(&days), "{days:#?}");
    let one = attempts(1, false);
    assert!(!coverage(&[&one[2..], &one[..]].concat()), "a retry");
}

/// A strict run asks for all inputs, or for nearly all bytes of each log too.
#[test]
fn a_strict_run_may_ask_for_each_log() {
    let folder = directory();
    let at = |name: &str| folder.path().join(name);
    let strict = |value: &str| Run::analyze([folder.path()]).args([value]).done();
    write(
        &at("good.log"),
        format!("Notes of today\n\n{}\nThat was it, more tomorrow. {}\n", good(), "Best regards! ".repeat(99)),
    );
    assert_eq!(strict("--strict=all").status, 0, "prose around a log is no part of it");
    // Of several requests at once in a stream without a name, a line without an id has no owner.
    let id = |number: u32| format!("{number}{number}{number}{number}1111-93c1-4d0e-8a55-0b7c2f1e9d34");
    let start = |number: u32| format!("START RequestId: {} Version: 7\n", id(number));
    let end = |number: u32| {
        let id = id(number);
        format!(
            "END RequestId: {id}\nREPORT RequestId: {id}\tDuration: 3.12 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\n"
        )
    };
    let lines = "somebody did something\n".repeat(40);
    let merged = [start(1), start(2), end(1), start(3), lines, end(2), end(3)];
    write(&at("merged.log"), merged.concat());
    for value in ["--strict", "--strict=files"] {
        assert_eq!(strict(value).status, 0, "{value}: {}", strict(value).stderr);
    }
    let done = strict("--strict=all");
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("merged.log: only ") && !done.stderr.contains("good.log"), "{}", done.stderr);
    assert_eq!(strict("--strict=some").status, 2);
}

/// Status 4 says what was looked for and what came closest.
#[test]
fn nothing_to_analyse_says_what_came_closest() {
    let line = json!({"timestamp": 1_790_812_800_123_u64, "logGroup": "/aws/lambda/f", "logStream": "s", "message": "GET / RequestId=17"});
    let other =
        json!({"timestamp": 1_790_812_800_124_u64, "logGroup": "/aws/lambda/f", "logStream": "s", "message": "GET /"});
    let done = Run::analyze(["-"]).input(format!("{other}\n{line}\n{line}\n")).status(4);
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("2 lines hold the word RequestId, the first one <stdin>:2 behind"), "{said}");
    let done = Run::analyze(["-"]).input(format!("{other}\n")).status(4);
    assert!(done.stderr.contains("no line holds the word RequestId"), "{}", done.stderr);
}

/// What was left out counts as not understood, and is in a bucket of its own.
#[test]
fn what_is_dropped_is_not_understood() {
    let event = json!({"timestamp": 1_790_812_800_123_u64, "logGroup": "/aws/lambda/f", "logStream": "s", "message": format!("START RequestId: {ID}\n")});
    let text = format!("{event}\nno JSON at all {}\n", "x".repeat(3_000_000));
    let done = Run::analyze(["-"]).args(["--format", "json"]).input(text.clone()).status(0);
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(summary["coverage"]["bytes"]["dropped"].as_u64() > Some(3_000_000), "{summary:#}");
    assert!(!Run::analyze(["-"]).input(text).status(0).stdout.contains("100% of the bytes"));
}

#[test]
fn what_is_excluded_is_not_read() {
    let folder = directory();
    let unread: String = failures()[0].iter().map(|line| format!("{TOO_LONG}{line}\n")).collect();
    for name in ["good.log", "old/a.log", "old/deep/b.txt", "c.bak"] {
        write(&folder.path().join(name), if name == "good.log" { good() } else { unread.clone() });
    }
    let run = |globs: &[&str]| {
        let excluded = globs.iter().flat_map(|glob| ["--exclude", glob]);
        Run::analyze([folder.path()]).args(["--strict"]).args(excluded).done()
    };
    for globs in [&["old", "*.bak"][..], &["old/**", "c.*"], &["**/*.txt", "**/a.log", "*.bak"]] {
        let done = run(globs);
        assert_eq!(done.status, 0, "{globs:?}: {}", done.stdout);
        assert!(done.stdout.contains("Read 1 input"), "{globs:?}: {}", done.stdout);
    }
    let done = run(&["*.bak"]);
    assert!(done.status == 3 && done.stdout.contains("--exclude"), "{}", done.stdout);
    Run::analyze(["."]).args(["--exclude", "[x"]).status(2);
}

/// Ids are everywhere; an attempt is what Lambda says of one.
#[test]
fn an_id_alone_is_no_attempt() {
    for text in [
        format!("{{\"requestId\":\"{ID}\",\"level\":\"ERROR\",\"message\":\"no\"}}\n"),
        format!("10.0.0.1 - [01/Oct/2026:00:00:00 +0000] GET / {ID} 200\n"),
        format!("2026-10-01T00:00:03.001Z\t{ID}\tINFO\thi\n"),
    ] {
        let done = Run::analyze(["-"]).input(text.clone()).done();
        assert_eq!(done.status, 4, "{text}: {}", done.stdout);
        let wrapped =
            json!({"timestamp": 1_790_812_800_123_u64, "logGroup": "/aws/lambda/f", "logStream": "s", "message": text});
        let done = Run::analyze(["-"]).input(format!("{wrapped}\n")).done();
        // In a stream of Lambda a line of the function with an id is of an attempt; in a plain line an id is a word.
        let attempt = done.status == 0 && done.stdout.contains("1 attempt");
        assert!(attempt || text.starts_with("10.") && done.status == 4, "{text}: {}", done.stdout);
    }
    let failed = format!(
        "2026-10-01T00:00:03.001Z\t{ID}\tERROR\tInvoke Error \t{{\"errorType\":\"E\",\"errorMessage\":\"m\"}}\n"
    );
    assert!(Run::analyze(["-"]).input(failed).done().stdout.contains("1 attempt"));
}

fn late_failure(ordinary: usize, with_id: bool) -> Vec<(i64, String)> {
    let line = |number: usize| match with_id {
        true => format!("2026-10-01T00:00:00.000Z\t00000000-93c1-4d0e-8a55-0b7c2f1e9d34\tINFO\torder {number}"),
        false => format!("something ordinary about order {number}"),
    };
    let mut messages: Vec<String> = (0..ordinary).map(line).collect();
    messages.extend(failures().swap_remove(0));
    (1_790_812_800_000..).zip(messages).collect()
}

/// An input that names Lambda's log group or log stream is read, however late the platform's first line comes.
#[test]
fn ordinary_events_before_the_first_line_of_the_platform_hide_nothing() {
    const STREAM: &str = "2026/10/01/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    type Wrap = fn(i64, &str) -> Value;
    let shapes: [(&str, Wrap); 5] = [
        (
            "group",
            |at, message| json!({"timestamp": at, "logGroup": "/aws/lambda/fn", "logStream": "s", "message": message}),
        ),
        (
            "stream",
            |at, message| json!({"timestamp": at, "logGroup": "shared", "logStream": STREAM, "message": message}),
        ),
        ("@log", |at, message| json!({"@timestamp": at, "@log": "123456789012:/aws/lambda/fn", "@message": message})),
        (
            "nested",
            |at, message| json!({"date": at, "log": message, "aws": {"cloudwatch": {"log_group": "/aws/lambda/fn"}}}),
        ),
        ("pull", |at, message| {
            json!({"timestamp": at, "ingestionTime": at, "eventId": at.to_string(), "logGroup": "/acme/shared", "logStream": "s",
                   "accountId": "123456789012", "region": "eu-west-1", "message": message})
        }),
    ];
    for (name, wrap) in shapes {
        for ordinary in [0, 300, 600, 5_000] {
            for with_id in [false, true] {
                let text: String = late_failure(ordinary, with_id)
                    .iter()
                    .map(|(at, message)| format!("{}\n", wrap(*at, &format!("{message}\n"))))
                    .collect();
                let done = Run::analyze(["-"]).args(["--fail-on", "failures.timeout > 0"]).input(text).done();
                assert_eq!(done.status, 1, "{name}, {ordinary} lines, ids {with_id}: {}{}", done.stdout, done.stderr);
            }
        }
    }
}

/// Creates a REPORT with every field, in text and in JSON.
fn report(odd: Option<(&str, &str)>, status: Option<&str>, error_type: Option<&str>) -> [String; 2] {
    let value = |name: &str, usual: &str| {
        odd.filter(|(field, _)| *field == name).map_or(usual.to_owned(), |(_, value)| value.to_owned())
    };
    let mut text = format!(
        "REPORT RequestId: {ID}\tDuration: {}\tBilled Duration: {}\tMemory Size: {}\tMax Memory Used: {}\tInit Duration: {}\t",
        value("Duration", "12.10 ms"),
        value("Billed", "13 ms"),
        value("Size", "128 MB"),
        value("Used", "70 MB"),
        value("Init", "300.00 ms"),
    );
    if let Some(status) = status {
        text += &format!("Status: {status}\t");
    }
    if let Some(error_type) = error_type {
        text += &format!("Error Type: {error_type}\t");
    }
    let quoted = |name: &str, usual: &str| match odd.filter(|(field, _)| *field == name) {
        Some((_, value)) => json!(value),
        None => usual.parse::<f64>().map(|number| json!(number)).unwrap(),
    };
    let mut record = json!({
        "requestId": ID,
        "status": status.unwrap_or("success"),
        "metrics": {"durationMs": quoted("Duration", "12.1"), "billedDurationMs": quoted("Billed", "13"),
                    "memorySizeMB": quoted("Size", "128"), "maxMemoryUsedMB": quoted("Used", "70"),
                    "initDurationMs": quoted("Init", "300")},
    });
    if let Some(error_type) = error_type {
        record["errorType"] = json!(error_type);
    }
    [text, json!({"time": "2026-10-01T00:00:03.000Z", "type": "platform.report", "record": record}).to_string()]
}

/// Returns the verdict on an attempt with this REPORT: category, code and confidence.
fn verdict(report: &str) -> (String, String, String) {
    let text = if report.starts_with('{') {
        format!(
            "{{\"time\":\"2026-10-01T00:00:00.000Z\",\"type\":\"platform.start\",\"record\":{{\"requestId\":\"{ID}\",\"version\":\"7\"}}}}\n{report}\n"
        )
    } else {
        format!("START RequestId: {ID} Version: 7\nEND RequestId: {ID}\n{report}\n")
    };
    let done = Run::analyze(["-"]).args(["--format", "ndjson"]).input(text).done();
    let record: Value = serde_json::from_str(done.stdout.lines().next().unwrap_or("null")).unwrap();
    let part = |name: &str| record[name].as_str().unwrap_or("none").to_owned();
    (part("category"), part("code"), part("confidence"))
}

/// An odd value in a REPORT hides no other value: no failure is lost, and no success is certain.
#[test]
fn one_odd_value_of_a_report_hides_no_failure() {
    const ODD: [&str; 9] = ["***", "N/A", "", "-", "12,5 ms", "1.2.3", "many ms", "null", "99999999999999999999999999"];
    for field in ["Duration", "Billed", "Size", "Used", "Init"] {
        for odd in ODD {
            for (status, error_type, want) in [
                ("timeout", None, "timeout"),
                ("error", Some("Runtime.ExitError"), "runtime_exception"),
                ("error", Some("Runtime.OutOfMemory"), "out_of_memory"),
                ("error", None, "unknown"),
            ] {
                for line in report(Some((field, odd)), Some(status), error_type) {
                    assert_eq!(verdict(&line).0, want, "{line}");
                }
            }
            for line in report(Some((field, odd)), None, None) {
                let (category, _, confidence) = verdict(&line);
                assert!(category != "ok" || confidence != "high", "{category} {confidence}: {line}");
            }
        }
    }
}

#[test]
fn a_status_that_is_not_known_is_a_failure() {
    for (word, want) in
        [("Timeout", "timeout"), ("timeout,", "timeout"), ("timeout<br/>", "timeout"), ("ERROR", "unknown")]
    {
        for line in report(None, Some(word), None) {
            assert_eq!(verdict(&line).0, want, "{line}");
        }
    }
    for word in ["failed", "oom", "aborted", "***", "throttled!", "cancelled"] {
        for line in report(None, Some(word), None) {
            assert_eq!(verdict(&line).1, "unknown", "{line}");
        }
        for line in report(None, Some(word), Some("Runtime.OutOfMemory")) {
            assert_eq!(verdict(&line).0, "out_of_memory", "{line}");
        }
    }
}

/// A cut-off REPORT is never a certain success, and the values in it are not lost.
#[test]
fn a_report_that_is_cut_off_is_no_proof() {
    for line in report(None, None, None) {
        for cut in 0..line.len() {
            let (category, _, confidence) = verdict(&line[..cut]);
            // From its last figure on, with the unit, it counts as whole: the field behind it is optional.
            let whole = line[..cut].trim_end().ends_with(" MB") && line[..cut].contains("Max Memory")
                || line[..cut].trim_end().ends_with(" ms") && line[..cut].contains("Init Duration");
            assert!(whole || category != "ok" || confidence != "high", "{category} {confidence}: {}", &line[..cut]);
        }
    }
}

/// An attempt with an unreadable REPORT is not judged by its END.
#[test]
fn an_unreadable_report_is_never_ok() {
    for rest in
        ["", "\t", "\tDuration: ***\tBilled Duration: ***\tMemory Size: ***\tMax Memory Used: ***", " [REDACTED]"]
    {
        let (category, code, _) = verdict(&format!("REPORT RequestId: {ID}{rest}"));
        assert_ne!(category, "ok", "{rest:?}");
        assert_eq!(code, "incomplete.no_report", "{rest:?}");
    }
    let (category, ..) = verdict("REPORT RequestId: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\tDuration: 3.00 ms");
    assert_ne!(category, "ok", "its id is masked");
}

/// Creates a zip with these entries, stored.
fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, text) in entries {
        archive.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        archive.extend(crc(text.as_bytes()).to_le_bytes());
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        archive.extend([length, length].concat());
        archive.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        archive.extend([0, 0]);
        archive.extend(name.as_bytes());
        archive.extend(text.as_bytes());
    }
    archive
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A readable entry of an archive does not hide an unread one.
#[test]
fn an_entry_that_was_read_hides_none_that_was_not() {
    let unread: String = failures()[1].iter().map(|line| format!("{TOO_LONG}{line}\n")).collect();
    let folder = directory();
    for (order, entries) in
        [[("a.log", good()), ("b.log", unread.clone())], [("a.log", unread), ("b.log", good())]].into_iter().enumerate()
    {
        let entries = entries.each_ref().map(|(name, text)| (*name, text.as_str()));
        let path = folder.path().join(format!("{order}.zip"));
        write(&path, zip(&entries));
        for threads in ["1", "4"] {
            let done = Run::analyze([&path]).args(["--fail-on", "failed > 0", "--threads", threads]).status(3);
            assert!(done.stderr.contains("behind"), "{}", done.stderr);
        }
    }
}

/// An answer that is partial says why.
#[test]
fn what_makes_an_answer_partial_is_said() {
    let masked = good().replace("11111111-93c1-4d0e-8a55-0b7c2f1e9d34", "id,of,nobody");
    let text = |done: &super::harness::Done| done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let done = Run::analyze(["-"]).args(["--allow-empty"]).input(format!("{}{masked}", good())).done();
    assert!(
        text(&done).contains("3 lines begin like those of the platform and could not be read, the first at line 4"),
        "{}",
        done.stdout
    );
    for flags in [&["--fail-on", "failed > 5"][..], &["--allow-empty", "--fail-on", "failed > 5"]] {
        Run::analyze(["-"]).args(flags).input(format!("{}{masked}", good())).status(3);
        Run::analyze(["-"]).args(flags).input(masked.as_str()).status(3);
    }
    let alone = Run::analyze(["-"]).input(masked.as_str()).status(3);
    assert!(alone.stderr.contains("line 1"), "{}", alone.stderr);
    let stopped = "aws: [ERROR]: 'charmap' codec can't encode character '\\u2705' in position 47";
    let done = Run::analyze(["-"]).args(["--strict"]).input(format!("{stopped}\n{}", good())).status(3);
    assert!(text(&done).contains("the AWS CLI stopped with an error at line 1"), "{}", done.stdout);
}

/// Of very many attempts that run at once the oldest are given up, which is said.
#[test]
fn more_attempts_than_can_be_open_are_a_note() {
    let starts = |count: u32| -> String {
        (0..count)
            .map(|number| format!("START RequestId: {number:08x}-93c1-4d0e-8a55-0b7c2f1e9d34 Version: 7\n"))
            .collect()
    };
    for (count, complete) in [(4_096, true), (4_097, false)] {
        let summary = Run::analyze(["-"]).input(starts(count)).summary();
        assert_eq!(summary["coverage"]["complete"], json!(complete), "{count}");
    }
}

/// A failing log in another packing, behind a healthy one or before it.
fn other_packings() -> Vec<(&'static str, Vec<u8>)> {
    let lines: Vec<String> = failures()[0].iter().map(|line| format!("{line}\n")).collect();
    let text = lines.concat();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let message = |of: &dyn Fn(&str) -> Value| -> Vec<u8> {
        let event = |line: &String| {
            json!({"timestamp": 1_790_812_800_000_u64, "logGroup": "/aws/lambda/f", "logStream": "2026/10/01/[7]02", "message": of(line)}).to_string()
        };
        lines.iter().map(event).collect::<Vec<_>>().join("\n").into_bytes()
    };
    vec![
        ("gzip", gzip(text.as_bytes())),
        ("UTF-16, little", little),
        ("UTF-16, big", big),
        ("zeros between", text.bytes().flat_map(|byte| [byte, 0]).collect()),
        (
            "base64 messages",
            message(&|line| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, line).into()),
        ),
        ("lists of words", message(&|line| line.split(' ').collect())),
        ("lists of codes", message(&|line| line.bytes().collect())),
    ]
}

/// Files of several encodings that were put together are read, or said not to be whole.
#[test]
fn no_packing_of_a_part_makes_a_log_look_whole() {
    let nd_good: String = good()
        .lines()
        .map(|line| {
            json!({"timestamp": 1_790_812_800_000_u64, "logGroup": "/aws/lambda/f", "logStream": "2026/10/01/[7]01", "message": line})
                .to_string()
                + "\n"
        })
        .collect();
    let utf16: Vec<u8> = format!("\u{feff}{}", good().repeat(40)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let plain = failures()[0].iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes();
    let mut silent = Vec::new();
    for (what, packed) in other_packings() {
        for (first, text) in [("text", good()), ("NDJSON", nd_good.clone())] {
            // A list of messages has no place in a text.
            if packed.starts_with(b"{") && first == "text" {
                continue;
            }
            let whole = [text.as_bytes(), &packed].concat();
            let done = Run::analyze(["-"]).args(["--allow-empty", "--fail-on", "failed > 0"]).input(whole).done();
            if done.status == 0 {
                silent.push(format!("{what} behind {first}"));
            }
        }
    }
    if Run::analyze(["-"]).args(["--fail-on", "failed > 0"]).input([utf16, plain].concat()).done().status == 0 {
        silent.push("plain text behind UTF-16".to_owned());
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

/// A table that ends in the middle of a cell, or of a row, is told to be cut.
#[test]
fn a_cut_table_is_no_whole_one() {
    let id = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    let row = |message: &str| {
        format!("2026-01-02 03:00:00.000,\"{message}\n\",2026/01/02/[7]01,123456789012:/aws/lambda/f\n")
    };
    let rows = [
        format!("START RequestId: {id} Version: 7"),
        format!("END RequestId: {id}"),
        format!(
            "REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tStatus: timeout"
        ),
    ];
    let table = "@timestamp,@message,@logStream,@log\n".to_owned() + &rows.map(|message| row(&message)).concat();
    let last = table.trim_end().rfind('\n').expect("a line") + 1;
    let begins = table[..last].rfind("2026-01-02").expect("a row");
    for cut in begins + 30..last {
        let text = &table[..cut];
        if text.ends_with('\n') {
            continue;
        }
        let answer =
            lambda_triage::analyze_bytes(&[("a.csv", text.as_bytes())], &lambda_triage::AnalyzeOptions::default());
        let summary = answer.expect("an answer").summary;
        assert!(!summary.coverage.complete, "{cut}: {text:?}");
    }
}

/// What stands behind a line of the platform in one event is told, whatever the line.
#[test]
fn platform_lines_in_one_event_are_told() {
    let id = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    let rest = format!(
        "START RequestId: {id} Version: 7 END RequestId: {id} REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tStatus: timeout"
    );
    for begin in [
        "INIT_START Runtime Version: python:3.13.v61\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123",
        "INIT_REPORT Init Duration: 12.00 ms\tPhase: init\tStatus: success",
        "RESTORE_START Runtime Version: java:21.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123",
        "EXTENSION\tName: x\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
        "TELEMETRY\tName: x\tState: Subscribed\tTypes: [Platform]",
    ] {
        for between in [" ", "\r", "\u{b}"] {
            let message = format!("{begin}{between}{rest}");
            let event = serde_json::json!({"timestamp": 1_767_322_800_000_u64, "logGroup": "/aws/lambda/f", "logStream": "2026/01/02/[7]01", "message": message});
            let answer = lambda_triage::analyze_bytes(
                &[("a", event.to_string().as_bytes())],
                &lambda_triage::AnalyzeOptions::default(),
            );
            let summary = answer.expect("an answer").summary;
            assert!(!summary.coverage.complete || summary.totals.failed == 1, "{message:?}");
        }
    }
}
