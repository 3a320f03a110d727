//! Workflow commands: CI runners obey what a step prints, so no line of any output may be one, whatever the log holds.

use lambda_triage::internal::RENDERERS;
use serde_json::{Value, json};

use super::harness::{Run, directory, read_summary, write};

/// Commands that runners obey, and spellings that a plain comparison would miss.
const COMMANDS: [&str; 22] = [
    "::error file=app.js,line=1::Approved",
    "::stop-commands::token",
    "::add-mask::e",
    " \t::set-output name=x::y",
    "\u{a0}\u{3000}::error::x",
    "\u{fe0f}::\u{fe0f}error::x",
    ":\u{200b}:error::x",
    "text ##[add-mask]e",
    "##[error]x",
    "###[group]x",
    "##vso[task.setvariable variable=DEPLOY]yes",
    "x##VSO[task.complete result=Succeeded]",
    "#\u{fe0f}#vso[task.complete]x",
    "##teamcity[buildStatus status='SUCCESS']",
    "#\u{e0101}#vso[task.complete]x",
    "--- :rocket: a group",
    "+++ a group that is open",
    "~~~ a group",
    "^^^ +++",
    "section_start:1767322800:build[collapsed=true]\r\x1b[0Kx",
    "travis_fold:start:build\r\x1b[0Kx",
    "\x1b[8mha:4AAAAAAAAA=\x1b[0mx",
];

/// Returns whether a runner would obey a line: ignores colours and what linguistic comparison ignores.
fn is_command(line: &str) -> bool {
    let mut seen = String::new();
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            '\x1b' => drop(chars.by_ref().find(char::is_ascii_alphabetic)),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{200b}'..='\u{200f}' | '\u{ad}' => {}
            _ => seen.push(char.to_ascii_lowercase()),
        }
    }
    let is_group = ["---", "+++", "~~~", "^^^"]
        .iter()
        .any(|mark| seen.strip_prefix(mark).is_some_and(|rest| rest.starts_with(char::is_whitespace)));
    let is_drawn = line.contains('\r') || line.contains("\x1b[0K") || line.contains("\x1b[8m");
    is_group
        || is_drawn
        || seen.trim_start().starts_with("::")
        || ["##[", "##vso[", "##teamcity["].iter().any(|mark| seen.contains(mark))
}

#[track_caller]
fn inert(what: &str, text: &str) {
    let obeyed: Vec<&str> = text.lines().filter(|line| is_command(line)).collect();
    assert!(obeyed.is_empty(), "{what}: {obeyed:#?}");
}

/// Takes the annotations of ours apart, which a runner is to obey: what is left came from the log.
#[track_caller]
fn without_ours(format: &str, text: &str) -> String {
    if format != "github" {
        return text.to_owned();
    }
    let parts = text.lines().map(|line| {
        let ours = ["::error title=", "::warning title=", "::notice title="];
        let rest = ours.iter().find_map(|ours| line.strip_prefix(ours)).unwrap_or_else(|| panic!("not ours: {line}"));
        rest.replacen("::", "\n", 1) + "\n"
    });
    parts.collect()
}

pub fn id(number: usize) -> String {
    format!("{number:08x}-5b50-4f1e-8b5c-0d0b9f3c2a11")
}

fn log() -> String {
    log_of(&COMMANDS)
}

/// Number of attempts for each text of a log, each with the text in another place.
pub const PLACES: usize = 14;

/// Returns a log with a function for each text: in every name and every part of a message that some output shows.
pub fn log_of(texts: &[&str]) -> String {
    let mut out = String::new();
    for (number, command) in texts.iter().enumerate() {
        let id = id(number);
        let iso = "2026-01-02T03:00:00.500Z";
        let mut say = |after: usize, message: String| {
            let event = json!({"timestamp": 1_767_322_800_000_usize + number * 600_000 + after, "logGroup": format!("/aws/lambda/{command}"),
                "logStream": format!("{command}/{number}"), "message": message, "account": command, "region": command});
            out.push_str(&format!("{event}\n"));
        };
        // In sentences of every length, so that wrapping may move it to any column.
        let long = |blanks: usize| format!("{} {command}", "word ".repeat(blanks));
        let mut at = 0;
        for (kind, message) in [
            (
                "error",
                format!(
                    "[ERROR] {command}\nTraceback (most recent call last):\n  File \"{command}\", line 1\n{command}"
                ),
            ),
            (
                "error",
                format!(
                    "[ERROR] ValueError: {command}\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 1"
                ),
            ),
            (
                "error",
                format!(
                    "{iso}\t{id}\tERROR\tInvoke Error \t{}",
                    json!({"errorType": command, "errorMessage": command, "stack": [command, command]})
                ),
            ),
            (
                "error",
                format!("[ERROR] ValueError: {}\nTraceback (most recent call last):\n  File \"a\", line 1", long(9)),
            ),
            (
                "error",
                format!("[ERROR] KeyError: {}\nTraceback (most recent call last):\n  File \"a\", line 1", long(15)),
            ),
            ("timeout", format!("{iso}\t{id}\tINFO\t{command}")),
            ("timeout", format!("{iso}\t{id}\tINFO\tPOST https://{command}/orders 201 id={command}")),
            ("timeout", (*command).to_owned()),
            ("timeout", format!("EXTENSION\tName: {command}\tState: Ready\tEvents: [{command}]")),
            ("exit", format!("RequestId: {id} Error: {command}\nRuntime.ExitError")),
            ("error", format!("[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named '{command}'")),
            (
                "error",
                format!(
                    "{iso}\t{id}\tERROR\tInvoke Error \t{}",
                    json!({"errorType": "Error", "errorMessage": format!("getaddrinfo ENOTFOUND {command}"), "code": "ENOTFOUND",
                        "hostname": command, "stack": [format!("Error: getaddrinfo ENOTFOUND {command}"), format!("    at {command} (/var/task/{command}.js:1:2)")]})
                ),
            ),
            ("timeout", json!({"timestamp": iso, "level": "INFO", "requestId": id, "message": format!("PutItem table {command}"), "key": command}).to_string()),
            ("init", format!("INIT_START Runtime Version: {command}\tRuntime Version ARN: {command}")),
        ] {
            let start = format!("START RequestId: {id} Version: {command}\n");
            let (first, second) = if kind == "init" { (message, start) } else { (start, message) };
            say(at, first);
            say(at + 1, second);
            if kind == "timeout" {
                say(at + 3_001, format!("{iso} {id} Task timed out after 3.00 seconds\n\n"));
            }
            let report = format!(
                "REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
            );
            say(at + 3_002, report);
            at += 10_000;
        }
    }
    out
}

#[test]
fn no_line_of_an_answer_is_a_workflow_command() {
    let log = log();
    assert!(log.lines().any(is_command), "the law can be broken");
    for renderer in RENDERERS {
        for color in ["never", "always"] {
            let done =
                Run::analyze(["-"]).args(["--format", renderer.name, "--color", color]).input(log.clone()).done();
            assert!(done.stdout.len() > 1_000, "{}: {}", renderer.name, done.stderr);
            inert(renderer.name, &without_ours(renderer.name, &done.stdout));
            inert("messages", &done.stderr);
        }
    }
    let folder = directory();
    for ledger in ["ledger.csv", "ledger.json"] {
        let path = folder.path().join(ledger);
        Run::analyze(["-"]).args(["-q", "--ledger", path.to_str().unwrap()]).input(log.clone()).done();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() > COMMANDS.len(), "{text}");
        inert(ledger, &text);
    }
}

#[test]
fn json_keeps_what_it_says() {
    let summary = read_summary(&Run::analyze(["-"]).args(["--format", "json"]).input(log()).done().stdout);
    let names: Vec<&Value> = summary["functions"].as_array().unwrap().iter().map(|one| &one["function"]).collect();
    for command in COMMANDS {
        assert!(names.iter().any(|name| name.as_str() == Some(command)), "{command:?} is not in {names:?}");
    }
}

#[test]
fn no_line_of_an_event_or_of_a_message_is_a_workflow_command() {
    let log = log();
    for number in 0..COMMANDS.len() {
        let done = Run::new(["show", &id(number), "-", "--color", "always"]).input(log.clone()).done();
        assert!(done.stdout.matches("Attempt ").count() == PLACES, "{number}: {} {}", done.stdout, done.stderr);
        inert("show", &done.stdout);
        let done = Run::new(["show", &id(number), "-", "--format", "markdown"]).input(log.clone()).done();
        assert!(done.stdout.matches("### Attempt ").count() == PLACES, "{number}: {} {}", done.stdout, done.stderr);
        inert("show", &done.stdout);
        inert("show", &Run::new(["show", &id(number), "-", "--format", "json"]).input(log.clone()).done().stdout);
    }
    // A prefix that fits several events lists them all.
    let done = Run::new(["show", "0", "-"]).input(log.clone()).status(2);
    assert!(done.stderr.contains("type more of the id"), "{}", done.stderr);
    inert("show", &done.stderr);
    // In our records an id may be any text.
    let records = Run::analyze(["-"]).args(["--format", "ndjson"]).input(log).done().stdout;
    let forged = records.replace(&id(1), "00\\u001b[31m\\n::error::x").replace(&id(2), "00##[error]x");
    let done = Run::new(["show", "00", "-"]).input(forged).status(2);
    assert!(done.stderr.contains("::error::x") && !done.stderr.contains('\x1b'), "{}", done.stderr);
    inert("show", &done.stderr);
    for command in COMMANDS {
        let done = Run::new(["explain", command]).done();
        inert(command, &format!("{}{}", done.stdout, done.stderr));
        let line = format!("[ERROR] ValueError: {command}");
        inert(&line, &Run::new(["explain", &line]).done().stdout);
        inert(&line, &Run::new(["explain", &line, "--format", "json"]).done().stdout);
        inert("what was typed", &Run::analyze(["--no-such", command, "x"]).status(2).stderr);
        let typed = [["--fail-on", command], ["--only", command], ["--function", command], ["--format", command]];
        typed.iter().for_each(|typed| inert("what was typed", &Run::new(["demo"]).args(typed).done().stderr));
    }
}

#[test]
fn no_line_of_a_comparison_or_of_a_saved_answer_is_a_workflow_command() {
    let folder = directory();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (base, head) = (path("base.json"), path("head.json"));
    Run::new(["demo", "--format", "json", "--output", &base]).status(0);
    Run::analyze(["-", "--format", "json", "--output", &head]).input(log()).done();
    for format in ["table", "json"] {
        for sides in [[&base, &head], [&head, &base]] {
            let done = Run::new(["diff"]).args(sides).args(["--format", format, "--top", "0"]).done();
            assert!(done.stdout.len() > 200, "{}", done.stderr);
            inert(format, &done.stdout);
            inert(format, &done.stderr);
        }
    }
    inert("metrics", &Run::new(["metrics", &head]).done().stdout);
    for renderer in RENDERERS.iter().filter(|renderer| !renderer.needs_records) {
        let done = Run::new(["view", &head, "--baseline", &base, "--format", renderer.name]).done();
        assert!(done.stdout.len() > 1_000, "{}: {}", renderer.name, done.stderr);
        inert(renderer.name, &without_ours(renderer.name, &done.stdout));
        inert(renderer.name, &done.stderr);
    }
}

#[test]
fn no_name_of_an_input_is_a_workflow_command() {
    let folder = directory();
    for (number, command) in COMMANDS.iter().enumerate() {
        let name = command.replace('/', "_");
        write(&folder.path().join(&name), "milk\n");
        write(&folder.path().join(format!("{number}.gz")).join(&name), [0x1f, 0x8b, 8, 0]);
    }
    for renderer in RENDERERS {
        let run = Run::analyze([".", "--format", renderer.name, "--"]);
        let named = COMMANDS.iter().map(|command| command.replace('/', "_"));
        let done = run.args(named).directory(folder.path()).status(3);
        assert!(done.stderr.contains("error"), "{}", done.stderr);
        inert(renderer.name, &without_ours(renderer.name, &done.stdout));
        inert("messages", &done.stderr);
    }
}
