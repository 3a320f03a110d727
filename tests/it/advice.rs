//! Advice claims no more than the log shows: "safe now" only for events none of whose attempts reached the handler or
//! wrote anything, a leak only for environments that filled up before the request. The amount of work that an attempt
//! may have done is the same in records, ledger, table and `show`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::generate::Random;
use super::harness::{LOGS, Run, directory, write};

/// Course of an attempt, with the lines that show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fine,
    Unended,
    TimedOut,
    Thrown,
    /// A call to the Lambda API was refused, because of its rate or its contents, or Lambda failed.
    Refused(&'static str),
    /// The init failed and was repeated inside the request.
    Init,
    /// The init failed before START, and was not repeated.
    InitOnce,
    /// The init ended before START without an explanation; the platform says that the process did.
    InitExit,
}

impl Kind {
    fn is_init(self) -> bool {
        matches!(self, Self::Init | Self::InitOnce | Self::InitExit)
    }
}

const REFUSALS: [&str; 3] = [
    "TooManyRequestsException: An error occurred (TooManyRequestsException) when calling the Invoke operation (reached max retries: 4): Rate Exceeded.",
    "ServiceException: An error occurred (ServiceException) when calling the Invoke operation: try again",
    "ResourceConflictException: An error occurred (ResourceConflictException) when calling the Invoke operation: The operation cannot be performed at this time. The function is currently in the following state: Pending",
];

/// Output of an attempt before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    Prose,
    Progress,
    /// A write that was refused.
    Denied,
    Write,
}

/// Progress, which is no write.
const STEP: &str = "step 3/9 of the import";
/// A call that did nothing.
const DENIED: &str = "PutItem table=orders failed: AccessDeniedException: not authorized to perform: dynamodb:PutItem";

#[derive(Debug)]
struct Attempt {
    kind: Kind,
    says: Says,
}

impl Attempt {
    fn draw(random: &mut Random) -> Self {
        let refused = Kind::Refused(REFUSALS[random.below(3) as usize]);
        let kinds = [
            Kind::Fine,
            Kind::Unended,
            Kind::TimedOut,
            Kind::Thrown,
            refused,
            refused,
            Kind::Init,
            [Kind::InitOnce, Kind::InitExit][random.below(2) as usize],
        ];
        let says = [Says::Nothing, Says::Prose, Says::Progress, Says::Denied, Says::Write, Says::Write];
        Self { kind: kinds[random.below(8) as usize], says: says[random.below(6) as usize] }
    }

    /// Returns whether the handler ran or something was written.
    fn did_something(&self) -> bool {
        !self.kind.is_init() || self.says == Says::Write
    }

    fn write(&self, second: &mut u64, id: &str, log: &mut String) {
        // In a shape without stream names, a line without an id belongs to any attempt that may still run, so each
        // attempt has a stream of its own.
        let stream = format!("2026/01/02/[$LATEST]{:032x}", *second);
        let mut say = |text: &str| {
            *second += 1;
            let (hour, minute) = (*second / 3_600, *second / 60 % 60);
            let (day, hour) = (2 + hour / 24, hour % 24);
            for line in text.lines() {
                log.push_str(&format!(
                    "2026-01-{day:02}T{hour:02}:{minute:02}:{:02}.000000+00:00 {stream} {line}\n",
                    *second % 60
                ));
            }
        };
        let wrote = format!("PUT https://api.example.com/orders/{id} 200");
        let trace = |error: &str| {
            format!(
                "[ERROR] {error}\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in pay\n    work()"
            )
        };
        let failed = "Status: error\tError Type: Runtime.Unknown";
        if self.kind.is_init() {
            say(
                "INIT_START Runtime Version: python:3.13.v61\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0",
            );
        }
        if matches!(self.kind, Kind::InitOnce | Kind::InitExit) {
            match self.says {
                Says::Nothing => {}
                Says::Prose => say("a line of no consequence"),
                Says::Progress => say(STEP),
                Says::Denied => say(DENIED),
                Says::Write => say(&wrote),
            }
        }
        if matches!(self.kind, Kind::Init | Kind::InitOnce) {
            say(&trace("KeyError: 'TABLE'"));
            say(&format!("INIT_REPORT Init Duration: 100.00 ms\tPhase: init\t{failed}"));
        }
        say(&format!("START RequestId: {id} Version: 7"));
        match self.says {
            _ if matches!(self.kind, Kind::InitOnce | Kind::InitExit) => {}
            Says::Nothing => {}
            Says::Prose => say("a line of no consequence"),
            Says::Progress => say(STEP),
            Says::Denied => say(DENIED),
            Says::Write => say(&wrote),
        }
        let mut status = String::new();
        match self.kind {
            Kind::Fine => {}
            Kind::Unended => return,
            Kind::TimedOut => status = "Status: timeout".to_owned(),
            Kind::Thrown => say(&trace("ValueError: no such product")),
            Kind::Refused(error) => say(&trace(error)),
            Kind::Init => {
                say(&trace("KeyError: 'TABLE'"));
                say(&format!("INIT_REPORT Init Duration: 100.00 ms\tPhase: invoke\t{failed}"));
                status = failed.to_owned();
            }
            Kind::InitOnce => status = failed.to_owned(),
            Kind::InitExit => status = "Status: error\tError Type: Runtime.ExitError".to_owned(),
        }
        say(&format!("END RequestId: {id}"));
        let figures = "Duration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 256 MB\tMax Memory Used: 90 MB";
        say(&format!("REPORT RequestId: {id}\t{figures}\t{status}"));
    }
}

/// Returns events of one to three attempts each, by request id, and their log.
fn events(seed: u64) -> (BTreeMap<String, Vec<Attempt>>, String) {
    let (mut random, mut second, mut log) = (Random(seed), 0, String::new());
    let mut events = BTreeMap::new();
    for number in 0..150 {
        let id = format!("{number:08x}-7d70-4d4a-9b1c-3f0a5d0c2e11");
        let attempts: Vec<Attempt> = (0..=random.below(3)).map(|_| Attempt::draw(&mut random)).collect();
        for attempt in &attempts {
            attempt.write(&mut second, &id, &mut log);
            second += 70;
        }
        events.insert(id, attempts);
    }
    // Late enough that no retry of the others can still come.
    second += 1_000;
    Attempt { kind: Kind::Fine, says: Says::Nothing }.write(
        &mut second,
        "ffffffff-7d70-4d4a-9b1c-3f0a5d0c2e11",
        &mut log,
    );
    (events, log)
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

/// Groups records by event.
fn by_event(records: Vec<Value>) -> BTreeMap<(String, String), Vec<Value>> {
    let mut events: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for record in records {
        let key = (word(&record, "function").to_owned(), word(&record, "request_id").to_owned());
        events.entry(key).or_default().push(record);
    }
    events
}

#[test]
fn safe_now_means_that_nothing_was_done() {
    let mut safe = 0;
    for seed in 0..4 {
        let (truth, log) = events(seed);
        let events = by_event(Run::analyze(["-"]).args(["--function", "shop"]).input(log).records());
        for ((_, id), records) in &events {
            let said_safe = records.iter().any(|record| word(record, "retry_guidance") == "safe_now");
            let Some(attempts) = truth.get(id).filter(|_| said_safe) else { continue };
            safe += 1;
            assert!(!attempts.iter().any(Attempt::did_something), "{attempts:#?}\n{records:#?}");
        }
    }
    assert!(safe > 10, "{safe}");
}

#[test]
fn safe_now_in_the_fixtures_means_that_no_line_shows_a_write() {
    let events = std::fs::read_dir("fixtures/events").unwrap().map(|folder| folder.unwrap().path().join("input"));
    for logs in events.chain([LOGS.into()]) {
        for records in by_event(Run::analyze([logs]).records()).into_values() {
            for record in records.iter().filter(|_| word(&records[0], "retry_guidance") == "safe_now") {
                assert_eq!(record["side_effects"].as_array().unwrap().len(), 0, "{record:#}");
                assert_eq!(word(record, "partial_work"), "none", "{record:#}");
                let category = word(record, "category");
                assert!(!["throttling", "service_error", "invalid_request"].contains(&category), "{record:#}");
            }
        }
    }
}

/// Returns the rank of a value of `partial_work`.
fn rank(work: &str) -> usize {
    ["none", "unknown", "possible", "likely", "certain", "finished"].iter().position(|one| *one == work).unwrap()
}

#[test]
fn partial_work_is_the_most_that_any_evidence_says_everywhere() {
    let folder = directory();
    let (truth, log) = events(7);
    let path = folder.path().join("shop.log");
    write(&path, &log);
    let input = path.to_str().unwrap();
    let ledger = folder.path().join("ledger.json");
    let records = Run::analyze([input]).args(["--function", "shop"]).records();
    Run::analyze([input]).args(["--function", "shop", "--ledger", ledger.to_str().unwrap()]).stdout();
    // A summary alone keeps no records and does not look at lines of successes.
    let summary = Run::analyze([input]).args(["--function", "shop"]).summary();
    let mut most: BTreeMap<(String, String), usize> = BTreeMap::new();
    for record in &records {
        let (id, number) = (word(record, "request_id"), record["attempt"].as_u64().unwrap() as usize);
        let Some(attempt) = truth.get(id).map(|attempts| &attempts[number - 1]) else { continue };
        let (work, category) = (word(record, "partial_work"), word(record, "category"));
        match (attempt.kind, attempt.says) {
            (Kind::Refused(_) | Kind::Init | Kind::InitOnce, Says::Write) => {
                assert_eq!((work, word(record, "compensation")), ("likely", "yes"), "{record:#}");
            }
            (Kind::Refused(_), _) | (Kind::Init | Kind::InitOnce, Says::Progress) => {
                assert_eq!((work, word(record, "compensation")), ("possible", "depends"), "{record:#}");
            }
            (Kind::InitExit, Says::Write) => assert_eq!(work, "likely", "{record:#}"),
            (Kind::InitExit, _) => {}
            (Kind::Init | Kind::InitOnce, _) => {
                assert_eq!((work, word(record, "compensation")), ("none", "no"), "{record:#}");
            }
            (Kind::Thrown, Says::Write) | (Kind::TimedOut, _) => assert_eq!(work, "likely", "{record:#}"),
            (Kind::Thrown, _) => assert_eq!(work, "possible", "{record:#}"),
            (Kind::Unended, _) => assert_eq!(category, "incomplete", "{record:#}"),
            (Kind::Fine, _) => assert_eq!(category, "ok", "{record:#}"),
        }
        let key = (word(record, "code").to_owned(), word(record, "fingerprint").to_owned());
        let known = most.entry(key).or_default();
        *known = (*known).max(rank(work));
    }
    for finding in summary["functions"][0]["findings"].as_array().unwrap() {
        let key = (word(finding, "code").to_owned(), word(finding, "fingerprint").to_owned());
        assert_eq!(rank(word(finding, "partial_work")), most[&key], "{finding:#}");
    }
    let ledger: Value = serde_json::from_str(&std::fs::read_to_string(ledger).unwrap()).unwrap();
    let rows = ledger["events"].as_array().unwrap();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in rows {
        let of_event = records.iter().filter(|record| record["request_id"] == row["request_id"]);
        let failed = of_event.filter(|record| !["ok", "incomplete"].contains(&word(record, "category")));
        let most = failed.map(|record| word(record, "partial_work")).max_by_key(|work| rank(work));
        assert_eq!(row["partial_work"].as_str(), most, "{row:#}");
    }
    for (id, attempts) in truth.iter().take(20) {
        let shown = Run::new(["show", id, input]).stdout();
        assert!(shown.lines().any(|line| line.starts_with("Attempt 1  ")), "{shown}");
        let works: Vec<&str> =
            shown.lines().filter_map(|line| line.split_once("partial work: ")?.1.split(' ').next()).collect();
        let of_event = records.iter().filter(|record| record["request_id"] == **id);
        let want: Vec<&str> = of_event
            .filter(|record| !["ok", "incomplete"].contains(&word(record, "category")))
            .map(|record| word(record, "partial_work"))
            .collect();
        assert_eq!(works, want, "{attempts:#?}\n{shown}");
    }
}

/// Returns the hint of the finding of kills in an environment whose attempts report these megabytes of 128; `K` stands
/// for a kill.
fn hint_of_kills(attempts: &str, ending: fn(&str) -> [String; 2]) -> String {
    let mut log = String::new();
    for (number, word) in attempts.split(' ').enumerate() {
        let id = format!("{number:08x}-7d70-4d4a-9b1c-3f0a5d0c2e11");
        let mb = if word == "K" { "128" } else { word };
        let [before, behind] = if word == "K" { ending(&id) } else { <[String; 2]>::default() };
        log.push_str(&format!(
            "START RequestId: {id} Version: 7\n{before}END RequestId: {id}\nREPORT RequestId: {id}\tDuration: 90.00 ms\tBilled Duration: 90 ms\tMemory Size: 128 MB\tMax Memory Used: {mb} MB\t{behind}\n"
        ));
    }
    let summary = Run::analyze(["-"]).args(["--function", "shop"]).input(log).summary();
    let findings = summary["functions"][0]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| word(finding, "code") == "out_of_memory.killed");
    word(found.expect("a finding of kills"), "hint").to_owned()
}

/// After a kill the next process begins with empty memory, so the full memory of the kill before is no leak.
#[test]
fn a_kill_after_a_kill_is_no_leak() {
    let endings: [fn(&str) -> [String; 2]; 3] = [
        |id| {
            [
                format!("RequestId: {id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"),
                String::new(),
            ]
        },
        |id| {
            [
                String::new(),
                format!("\nRequestId: {id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"),
            ]
        },
        |_| [String::new(), "Status: error\tError Type: Runtime.OutOfMemory".to_owned()],
    ];
    for ending in endings {
        for (attempts, leaks) in [
            ("40 K K", false),
            ("40 K K K", false),
            ("K K K K", false),
            ("40 K 45 K 50 K", false),
            ("90 110 120 K", true),
            ("90 120 K 90 120 K", true),
        ] {
            let hint = hint_of_kills(attempts, ending);
            assert_eq!(hint.contains("look for a leak"), leaks, "{attempts}: {hint}");
        }
    }
}

/// Returns the numbers in a text, without separators of thousands: `1,204` is 1204.
fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')));
    words.filter_map(|word| word.replace(',', "").trim_matches('.').parse().ok()).collect()
}

/// A call that hangs until the time limit after successes of 40 ms.
const SLOW_CALLS: &str = "POST https://api.example.com/v2/charges";
/// A kill for memory.
const SMALL_MEMORY: &str = "building the export";

/// Writes successes, and ten failures that begin with this line.
fn many(line: &str, successes: u64) -> String {
    let mut log = String::new();
    let mut say = |ms: u64, text: &str| {
        let (minute, second) = (ms / 60_000 % 60, ms / 1_000 % 60);
        log.push_str(&format!("2026-01-02T{:02}:{minute:02}:{second:02}.{:03}Z {text}\n", ms / 3_600_000, ms % 1_000));
    };
    for number in 0..successes + 10 {
        let id = format!("8f507cfc-7d70-4d4a-9b1c-{number:012x}");
        let (start, fails) = (number * 20_000, number % 16 == 15 && number < 160);
        let took = if fails { 10_000 } else { 40 + number };
        say(start, &format!("START RequestId: {id} Version: 7"));
        say(start + 1, line);
        let killed = fails && line == SMALL_MEMORY;
        if fails && !killed {
            say(start + took, &format!("2026-01-02T00:00:00.000Z {id} Task timed out after 10.00 seconds"));
        }
        say(start + took, &format!("END RequestId: {id}"));
        let used = if killed { "512 MB\tStatus: error\tError Type: Runtime.OutOfMemory" } else { "90 MB" };
        say(
            start + took,
            &format!(
                "REPORT RequestId: {id}\tDuration: {took}.00 ms\tBilled Duration: {took} ms\tMemory Size: 512 MB\tMax Memory Used: {used}"
            ),
        );
    }
    log
}

/// Every figure that a hint states is in the same summary: the numbers behind these words, in this unit of the field.
#[test]
fn every_figure_of_a_hint_is_in_the_summary() {
    let drawn = Run::analyze(["-"]).args(["--function", "shop"]).input(events(19).1).summary();
    let folder = directory();
    for (name, messages) in [("slow", SLOW_CALLS), ("small", SMALL_MEMORY)] {
        write(&folder.path().join(format!("{name}.log")), many(messages, 150));
    }
    let made = Run::analyze([folder.path()]).summary();
    let kept =
        [LOGS.into(), "fixtures/runtimes".into()].map(|input: std::path::PathBuf| Run::analyze([input]).summary());
    let (mut figures, mut hints) = (0, 0);
    for summary in kept.iter().chain([&drawn, &made]) {
        for function in summary["functions"].as_array().unwrap() {
            for finding in function["findings"].as_array().unwrap() {
                let hint = finding["hint"].as_str().unwrap();
                hints += 1;
                let number = |value: &Value| value.as_f64().unwrap_or(-1.0);
                let count = number(&finding["count"]);
                // What stands in each sentence, and the numbers of the summary that it may state.
                let stated: [(&str, &str, Vec<f64>); 7] = [
                    ("in all ", " attempts", vec![count]),
                    ("(p99 of ", ")", vec![number(&function["ok"])]),
                    ("Used all ", " MB", vec![number(&function["memory"]["size_mb"])]),
                    (" is a call to", "", vec![]),
                    ("until the ", " s timeout", vec![number(&function["timeout_ms"]) / 1_000.0]),
                    ("more than the ", " s timeout", vec![number(&function["timeout_ms"]) / 1_000.0]),
                    (" of ", " attempts", vec![count]),
                ];
                for (before, after, may) in stated {
                    let Some((_, rest)) = hint.split_once(before) else { continue };
                    let Some((said, _)) =
                        rest.split_once(after).filter(|(said, _)| !after.is_empty() && said.len() < 12)
                    else {
                        continue;
                    };
                    for figure in numbers(said) {
                        figures += 1;
                        let quoted = finding["examples"].to_string().contains(&format!(": {figure} MB"));
                        let holds = quoted || may.iter().any(|may| (may - figure).abs() < 0.51);
                        assert!(holds, "{figure} in: {hint}\n{finding:#}");
                    }
                }
                if let Some((_, rest)) = hint.split_once("take up to ") {
                    let p99 = number(&function["duration_ms"]["ok"]["p99"]);
                    let said = numbers(rest)[0] * if rest.split(' ').nth(1) == Some("ms") { 1.0 } else { 1_000.0 };
                    figures += 1;
                    assert!(p99 > 0.0 && (said - p99).abs() <= 500.0_f64.min(1.0 + p99 * 0.5), "{hint}: p99 {p99}");
                    assert!(number(&function["ok"]) >= 100.0, "{hint}");
                }
                if let Some((failures, _)) = hint.split_once(" failures ").filter(|(before, _)| before.contains(" of "))
                {
                    let said = numbers(failures);
                    figures += 2;
                    assert_eq!(said, [count, number(&function["failed"])], "{hint}");
                }
            }
        }
    }
    assert!(hints > 50 && figures > 20, "{figures} figures in {hints} hints");
}
