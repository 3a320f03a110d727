//! Tests of the first screen, from logs to text: golden files, and laws that hold for every width, height and style.

use std::fmt::Write as _;

use clap::Parser;
use unicode_width::UnicodeWidthChar;

use super::args::{Args, Command};
use super::options::{RunOptions, Terminal};
use super::{again, demo};
use crate::pipeline;
use crate::render::{Answer, RENDERERS, Style};
use crate::wire::Summary;

/// Logs of one test: names and contents.
struct Case {
    name: &'static str,
    logs: Vec<(String, Vec<u8>)>,
}

/// Writer of logs in the form of an export.
struct Log {
    text: String,
    /// State of the numbers, which are the same in every run.
    seed: u64,
}

impl Log {
    fn new(seed: u64) -> Self {
        Self { text: String::new(), seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 20) % below
    }

    fn line(&mut self, second: u64, text: &str) {
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let _ = writeln!(self.text, "2026-01-02T{hour:02}:{minute:02}:{second:02}.000Z {text}");
    }

    /// Writes an attempt that fails with these lines, or succeeds without any.
    fn attempt(&mut self, second: u64, id: &str, version: u32, failure: &[&str]) {
        self.line(second, &format!("START RequestId: {id} Version: {version}"));
        for text in failure {
            self.line(second, &text.replace("{id}", id));
        }
        self.line(second, &format!("END RequestId: {id}"));
        let killed = failure.iter().any(|text| text.contains("signal: killed"));
        let timed_out = failure.iter().any(|text| text.contains("Task timed out"));
        let (duration, memory) = (if timed_out { 3_000 } else { 40 }, if killed { 128 } else { 60 });
        self.line(
            second,
            &format!(
                "REPORT RequestId: {id}\tDuration: {duration}.00 ms\tBilled Duration: {duration} ms\tMemory Size: 128 MB\t\
                 Max Memory Used: {memory} MB\t"
            ),
        );
    }

    fn id(&mut self) -> String {
        let (a, b) = (self.next(1 << 32), self.next(1 << 44));
        format!("{a:08x}-1111-4111-8111-{b:012x}")
    }
}

const FAILURES: [&[&str]; 6] = [
    &[
        "[ERROR] KeyError: 'customer'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 12, in handler",
    ],
    &[
        "GET https://api.crm.example.com/v2/customers",
        "2026-01-02T00:00:03.000Z {id} Task timed out after 3.00 seconds",
    ],
    &["RequestId: {id} Error: Runtime exited with error: signal: killed", "Runtime.ExitError"],
    &["[ERROR] ClientError: An error occurred (ThrottlingException) when calling the PutItem operation: Rate exceeded"],
    &["[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'"],
    &[
        "[ERROR] TooManyRequestsException: An error occurred (TooManyRequestsException) when calling the Invoke operation: Rate Exceeded.",
    ],
];

/// Writes the log of one function of many: most fail now and then, some in one way only.
fn some(name: &str, number: u64, attempts: u64) -> (String, Vec<u8>) {
    let mut log = Log::new(number + 1);
    let (share, kind) = (log.next(30), log.next(8));
    for at in 0..attempts {
        let second = 20 + at * (3_000 / attempts) + log.next(20);
        let id = log.id();
        let fails = log.next(100) < share && number % 3 != 2;
        let failure = if kind < 6 { kind } else { log.next(6) };
        let failure = FAILURES[usize::try_from(failure).unwrap()];
        log.attempt(second, &id, 7, if fails { failure } else { &[] });
        if fails && log.next(2) == 0 {
            // Lambda's own retries: lost unless the last one works.
            log.attempt(second + 60, &id, 7, failure);
            let saved = log.next(2) == 0;
            log.attempt(second + 180, &id, 7, if saved { &[] } else { failure });
        }
    }
    (format!("logs/aws/lambda/{name}/x.log"), log.text.into_bytes())
}

fn outage(functions: u64) -> Vec<(String, Vec<u8>)> {
    let down = "[ERROR] EndpointConnectionError: Could not connect to the endpoint URL: \
                \"https://dynamodb.eu-west-1.amazonaws.com/\"";
    let log = |number: u64| {
        let mut log = Log::new(number + 77);
        for second in (0..21_600).step_by(120) {
            let id = log.id();
            let failure = [down];
            log.attempt(second, &id, 3, if (18_000..19_800).contains(&second) { &failure } else { &[] });
        }
        (format!("logs/aws/lambda/svc-{number:02}/x.log"), log.text.into_bytes())
    };
    (0..functions).map(log).collect()
}

fn single(failing: Option<u64>) -> Vec<(String, Vec<u8>)> {
    let mut log = Log::new(5);
    for at in 0..200 {
        let id = log.id();
        log.attempt(at * 60, &id, 1, if Some(at) == failing { FAILURES[0] } else { &[] });
    }
    vec![("logs/aws/lambda/orders-api/x.log".to_owned(), log.text.into_bytes())]
}

fn cases() -> Vec<Case> {
    let samples = || demo::SAMPLES.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect::<Vec<_>>();
    let areas = ["orders", "payments", "inventory", "users", "search", "catalog", "audit", "notify"];
    let roles = ["api", "worker", "stream-consumer", "nightly", "authorizer", "resizer"];
    let name = |number: usize, of: usize| {
        let name = format!("{}-{}-prod", areas[number % 8], roles[number / 8 % 6]);
        if of > 48 { format!("{name}-{number}") } else { name }
    };
    let many =
        |of: usize, attempts: u64| (0..of).map(|number| some(&name(number, of), number as u64, attempts)).collect();
    let mut damaged = samples();
    damaged
        .push(("demo/aws/lambda/reports/bad.gz".to_owned(), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc".to_vec()));
    let long = "a-name-of-one-hundred-and-forty-characters-".repeat(4);
    let names = [
        "日本語の関数の名前".to_owned(),
        "e\u{301}te\u{301}-combining-marks".to_owned(),
        "שירות-הזמנות".to_owned(),
        format!("{}-first-of-two", &long[..126]),
        format!("{}-secondoftwo", &long[..126]),
        "x".to_owned(),
    ];
    let odd = names.iter().enumerate().map(|(at, name)| some(name, 3 * at as u64, 30)).collect();
    [
        ("demo", samples()),
        ("functions-24", many(24, 40)),
        ("functions-2000", many(2_000, 6)),
        ("outage", outage(12)),
        ("no-failure", single(None)),
        ("one-finding", single(Some(9))),
        ("nothing", Vec::new()),
        ("partial", damaged),
        ("names", odd),
    ]
    .into_iter()
    .map(|(name, logs)| Case { name, logs })
    .collect()
}

/// Returns the summary of the logs, and the options that were given.
fn analyze(case: &Case, arguments: &[&str]) -> (Summary, RunOptions) {
    let is_demo = case.logs.first().is_none_or(|(name, _)| name.starts_with("demo/"));
    let paths = if is_demo { Vec::new() } else { vec!["logs".into()] };
    let arguments = ["lambda-triage", "demo", "--threads", "2"].into_iter().chain(arguments.iter().copied());
    let Command::Demo(args) = Args::try_parse_from(arguments).unwrap().command else { panic!("demo was typed") };
    let commands = again::commands(&paths, &args);
    let mut options = RunOptions::resolve(Vec::new(), args, &Terminal::detect()).unwrap();
    options.commands = commands;
    let logs: Vec<(&str, &[u8])> = case.logs.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    (pipeline::analyze_samples(&logs, &options.pipeline).unwrap().summary, options)
}

fn table(summary: &Summary, options: &RunOptions, style: &Style) -> String {
    let mut answer = Answer { summary, commands: &options.commands, view: &options.view, records: None };
    let mut out = Vec::new();
    (RENDERERS[0].render)(&mut answer, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the characters by the columns that they take.
fn cells(line: &str) -> Vec<char> {
    line.chars().flat_map(|char| std::iter::repeat_n(char, char.width().unwrap_or(1))).collect()
}

fn is_command(line: &str) -> bool {
    line.contains("lambda-triage ")
}

/// Returns the number of lines of the first screen: up to the next commands, or to the first blank line behind the
/// matrix.
fn screen(text: &str) -> Option<usize> {
    let start = text.lines().position(|line| line.starts_with("Next  "))?;
    let rest = text.lines().skip(start).position(str::is_empty)?;
    Some(start + rest)
}

#[test]
fn screens_are_as_recorded() {
    for case in cases() {
        let (summary, options) = analyze(&case, &[]);
        let mut text = String::new();
        for (width, height) in [(80, 24), (100, 30), (120, 40), (200, 50)] {
            let style = Style { width, height, ..Style::PLAIN };
            let _ = writeln!(text, "=== {width}x{height}");
            text.extend(table(&summary, &options, &style).lines().take(height).map(|line| format!("{line}\n")));
        }
        text.push_str("=== in colour\n");
        let in_colour = table(&summary, &options, &Style { color: true, ..Style::PLAIN });
        text.extend(in_colour.lines().take(24).map(|line| format!("{}\n", line.replace('\x1b', "^["))));
        text.push_str("=== in ASCII\n");
        let ascii = table(&summary, &options, &Style { utf8: false, ..Style::PLAIN });
        text.extend(ascii.lines().take(24).map(|line| format!("{line}\n")));
        let path = format!("{}/src/cli/testdata/screen-{}.txt", env!("CARGO_MANIFEST_DIR"), case.name);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let want = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text == want, "{path}: run with UPDATE_EXPECTED=1 and review the difference");
    }
}

#[test]
fn the_screen_fits_whatever_its_size() {
    for case in cases() {
        for arguments in [&[][..], &["--by", "version"], &["--by", "hour"], &["--sort", "rate"]] {
            let (summary, options) = analyze(&case, arguments);
            for width in [60, 67, 80, 99, 100, 111, 112, 131, 160, 200] {
                for height in [24, 31, 50] {
                    let style = Style { width, height, ..Style::PLAIN };
                    let text = table(&summary, &options, &style);
                    let long = text.lines().find(|line| cells(line).len() > width && !is_command(line));
                    assert_eq!(long, None, "{} {arguments:?} at {width}", case.name);
                    let lines = screen(&text).unwrap_or(0);
                    let by_hour = arguments.contains(&"hour");
                    assert!(
                        lines <= height || by_hour,
                        "{} {arguments:?} {width}x{height}: {lines}\n{text}",
                        case.name
                    );
                    if arguments.is_empty() && width == 80 {
                        assert_eq!(text, table(&summary, &options, &style));
                        let ascii = table(&summary, &options, &Style { utf8: false, ..style.clone() });
                        assert!(ascii.is_ascii(), "{}", case.name);
                        let mut painted = table(&summary, &options, &Style { color: true, ..style.clone() });
                        for code in ["1", "31", "33", "32", "2", "0"] {
                            painted = painted.replace(&format!("\x1b[{code}m"), "");
                        }
                        let trim = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
                        assert_eq!(trim(&painted), trim(&text), "{}", case.name);
                    }
                }
            }
        }
    }
}

#[test]
fn columns_are_straight_and_names_stay_different() {
    for case in cases().into_iter().filter(|case| ["names", "functions-24", "functions-2000"].contains(&case.name)) {
        let (summary, options) = analyze(&case, &[]);
        for width in [60, 80, 100, 130, 200] {
            let text = table(&summary, &options, &Style { width, height: 50, ..Style::PLAIN });
            let lines: Vec<&str> = text.lines().collect();
            let head = lines.iter().position(|line| line.starts_with("FUNCTION ")).unwrap();
            let heads = cells(lines[head]);
            let name_end = lines[head].find("FAILED").unwrap() - 1;
            // Behind the end of each heading of numbers, all rows have a blank, and a digit or a dot before it.
            let ends: Vec<usize> =
                ["FAILED", "RATE", "LOST"].iter().map(|word| lines[head].find(word).unwrap() + word.len()).collect();
            let rows: Vec<&&str> =
                lines[head + 1..].iter().take_while(|line| !line.is_empty() && !line.starts_with("  + ")).collect();
            assert!(rows.len() > 2, "{text}");
            for row in &rows {
                let row = cells(row);
                for end in &ends {
                    assert!(row[end - 1] != ' ' && row.get(*end).is_none_or(|char| *char == ' '), "{width}: {row:?}");
                }
            }
            let mut names: Vec<String> = rows.iter().map(|row| cells(row)[..name_end].iter().collect()).collect();
            names.sort();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{width}: {text}");
            assert!(heads.len() <= width);
        }
    }
}

#[test]
fn flags_of_the_table_do_what_they_say() {
    let cases = cases();
    let case = cases.iter().find(|case| case.name == "functions-24").unwrap();
    let shown = |arguments: &[&str]| {
        let (summary, options) = analyze(case, arguments);
        table(&summary, &options, &Style::PLAIN)
    };
    let rows = |text: &str| {
        let behind = text.lines().skip_while(|line| !line.starts_with("FUNCTION "));
        behind
            .skip(1)
            .take_while(|line| !line.is_empty() && !line.starts_with("  "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&shown(&["--top", "2"])).len(), 2);
    assert_eq!(rows(&shown(&["--top", "0", "--sort", "name"])).len(), 24);
    let by_name = rows(&shown(&["--top", "0", "--sort", "name"]));
    assert!(by_name.is_sorted(), "{by_name:#?}");
    let wide = shown(&["--wide"]);
    assert!(["P95", "COLD", "MEM MB", "ATTEMPTS"].iter().all(|head| wide.contains(head)), "{wide}");
    assert!(!wide.contains("OTHER"), "{wide}");
    assert!(shown(&["--details"]).lines().count() > 2 * shown(&[]).lines().count());
    assert!(shown(&["--by", "cause"]).contains("  in "));
    assert!(shown(&["--by", "hour"]).contains("FROM "));
    assert!(shown(&["--by", "version"]).contains("VERSION "));
}

/// The histogram leaves no failure out, and marks what began: here version 43 of a function, whose attempts all fail.
#[test]
fn the_histogram_tells_every_failure() {
    let mut log = Log::new(7);
    for at in 0..90 {
        let (version, failure) =
            if at < 60 { (42, &[][..]) } else { (43, &["[ERROR] KeyError: '\u{1b}[31mtotal'"][..]) };
        log.attempt(at * 60, &format!("{at:08}-1111-4111-8111-111111111111"), version, failure);
    }
    let deploy =
        Case { name: "deploy", logs: vec![("logs/aws/lambda/orders/a.log".to_owned(), log.text.into_bytes())] };
    for case in cases().into_iter().chain([deploy]) {
        let (summary, options) = analyze(&case, &["--histogram"]);
        for width in [60, 80, 100, 137, 200] {
            let text = table(&summary, &options, &Style { width, ..Style::PLAIN });
            let long = text.lines().find(|line| cells(line).len() > width && !is_command(line));
            assert_eq!(long, None, "{} at {width}", case.name);
            assert!(!text.contains('\x1b'), "{}", case.name);
            let rows = text.lines().skip_while(|line| !line.starts_with("FROM ")).skip(1);
            let rows: Vec<&str> = rows.take_while(|line| !line.is_empty()).collect();
            if rows.is_empty() {
                assert!(summary.functions.is_empty() || text.contains("The log has no times"), "{}: {text}", case.name);
                continue;
            }
            let number = |row: &&str| row.split_whitespace().nth(1)?.replace(',', "").parse::<u64>().ok();
            assert_eq!(rows.iter().filter_map(number).sum::<u64>(), summary.totals.failed, "{}: {text}", case.name);
            if case.name == "deploy" {
                let marked: Vec<_> = rows.iter().filter(|row| row.contains("version 4")).collect();
                assert!(
                    matches!(marked[..], [row] if row.starts_with("01:00") && row.contains("43 of orders")),
                    "{text}"
                );
            }
        }
    }
}
