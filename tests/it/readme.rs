//! The README and the book: their commands run, the output that they show is real output, and their links lead somewhere.

use std::fs;
use std::path::Path;

use super::harness::{LOGS, Run, directory, documentation, documents, files_below, root, write};

/// Returns the contents of fenced blocks of a kind.
fn blocks(kind: &str) -> Vec<String> {
    let text = documentation();
    let fence = format!("```{kind}\n");
    let found: Vec<String> =
        text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect();
    assert!(!found.is_empty(), "no block of {kind}");
    found
}

/// Returns the commands of shell blocks, with continued lines joined and comments left out.
fn commands() -> Vec<String> {
    let lines = blocks("sh").join("\n").replace("\\\n", " ");
    let lines = lines.lines().map(|line| line.split("   #").next().unwrap().trim().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Splits a command into words, with quotes as in a shell.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for char in command.chars().chain([' ']) {
        match (quote, char) {
            (None, '\'' | '"') => quote = Some(char),
            (Some(open), _) if char == open => quote = None,
            (None, ' ') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(char),
        }
    }
    words
}

/// Creates a directory with everything that the commands read.
fn workshop() -> tempfile::TempDir {
    let folder = directory();
    let logs = root().join(LOGS);
    for file in files_below(&logs) {
        let bytes = fs::read(&file).unwrap();
        let place = file.strip_prefix(&logs).unwrap();
        write(&folder.path().join("logs").join(place), &bytes);
        write(&folder.path().join(LOGS).join(place), &bytes);
    }
    let copy = |from: &str, to: &str| write(&folder.path().join(to), fs::read(logs.join(from)).unwrap());
    copy("filter-log-events/aws/lambda/webhook-relay/events.json", "orders.json");
    copy("console/aws/lambda/legacy-import/console.txt", "console.txt");
    copy("filter-log-events/aws/lambda/webhook-relay/events.json", "acme.ndjson.zst");
    let functions = fs::read(root().join("fixtures/account/cli/list-functions.json")).unwrap();
    write(&folder.path().join("config/functions.json"), functions);
    // What the AWS CLI prints for the commands above those that read it.
    let record = r#"{"requestContext":{"requestId":"6d1f7c1a-83f0-4b7e-9a50-0c3f4be5a001","condition":"RetriesExhausted","functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders","approximateInvokeCount":3},"responseContext":{"statusCode":200}}"#;
    let messages = serde_json::json!({ "Messages": [{ "MessageId": "m", "Body": record }] });
    write(&folder.path().join("messages.json"), messages.to_string());
    let insights = fs::read(root().join("fixtures/insights/lambda-insights.ndjson")).unwrap();
    write(&folder.path().join("insights.json"), insights);
    let label = "webhook-relay Throttles 2026-03-01T10:00:00.000Z/2026-03-01T11:00:00.000Z";
    let metric = serde_json::json!({ "Id": "f0_2", "Label": label, "Values": [], "StatusCode": "Complete" });
    write(&folder.path().join("metrics.json"), serde_json::json!({ "MetricDataResults": [metric] }).to_string());
    let log = "logs/filter-log-events/aws/lambda/webhook-relay/events.json";
    let answer = Run::new(["analyze", log, "--format", "json"]).directory(folder.path()).stdout();
    write(&folder.path().join("answer.json"), answer);
    folder
}

/// Returns the arguments of our program in a command, if the command runs it.
fn ours(command: &str) -> Option<Vec<String>> {
    let words = words(command);
    let mut parts = words.split(|word| word == "|").filter_map(|part| part.split(|word| word == ">").next());
    let words = parts.find(|part| part[0] == "lambda-triage" || part[0] == "cargo")?;
    let skip = if words[0] == "cargo" { words.iter().position(|word| word == "--")? + 1 } else { 1 };
    // Commands that need AWS are covered by the tests of `pull`.
    (words.get(skip).map(String::as_str) != Some("pull")).then(|| words[skip..].to_vec())
}

fn run(arguments: &[String], place: &Path) -> i32 {
    let tail = fs::read(root().join(LOGS).join("aws-logs-tail/aws/lambda/geo-lookup/tail.txt")).unwrap();
    let done = Run::new(arguments).directory(place).input(tail).done();
    assert_ne!(done.status, 2, "{arguments:?}: {}", done.stderr);
    assert!(!done.stdout.is_empty(), "{arguments:?}: {}", done.stderr);
    done.status
}

#[test]
fn commands_run() {
    let folder = workshop();
    let mut ran = 0;
    for command in commands() {
        let Some(arguments) = ours(&command) else {
            let first = command.split(' ').next().unwrap();
            let pulls = command.starts_with("lambda-triage pull ");
            assert!(pulls || ["aws", "done", ".ci/test"].contains(&first), "not tested: {command}");
            continue;
        };
        let gated = arguments.iter().any(|word| word == "--fail-on");
        let selected = arguments.iter().any(|word| word == "--only" || word == "--from");
        let status = run(&arguments, folder.path());
        assert!(status == 0 || gated && status < 4 || selected && status == 4, "{command}: status {status}");
        ran += 1;
    }
    assert!(ran >= 8, "{ran} commands were found");
}

#[test]
fn shown_output_is_output() {
    let demo = Run::new(["demo"]).stdout();
    let mut rest = demo.as_str();
    for part in blocks("text")[0].split("\n...\n") {
        let at = rest.find(part).unwrap_or_else(|| panic!("the demo does not print this (any more):\n{part}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn the_main_command_of_the_readme_is_the_first_one() {
    let first = commands().into_iter().next().unwrap();
    assert_eq!(first, "cargo run --release -- analyze fixtures/logs");
    let tests = commands().into_iter().nth(1).unwrap();
    assert!(root().join(&tests).is_file(), "{tests}");
}

#[test]
fn exit_statuses_are_those_of_the_help() {
    let help = Run::new(["analyze", "--help"]).stdout();
    for status in 0..5 {
        assert!(documentation().contains(&format!("| {status} |")), "{status}");
        assert!(help.contains(&format!("\n  {status}  ")), "help: {status}");
    }
}

/// Returns the fragment by which a heading is linked to.
fn fragment(heading: &str) -> String {
    let letter = |char: char| match char {
        ' ' => Some('-'),
        '-' | '_' => Some(char),
        _ => char.is_alphanumeric().then(|| char.to_ascii_lowercase()),
    };
    heading.chars().filter_map(letter).collect()
}

#[test]
fn links_lead_somewhere() {
    let others =
        ["ARCHITECTURE.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md"];
    let files = documents().into_iter().chain(others.map(|name| root().join(name)));
    let mut links = 0;
    for file in files.chain([root().join("docs/src/SUMMARY.md")]) {
        let text = fs::read_to_string(&file).unwrap();
        let targets = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for target in targets.filter(|target| !target.contains("://") && !target.contains(' ')) {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            assert!(path.exists(), "{}: {target} leads nowhere", file.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&path).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.any(|line| fragment(line.trim_start_matches(['#', ' '])) == heading);
                assert!(is_there, "{}: {target} has no such heading", file.display());
            }
            links += 1;
        }
    }
    assert!(links > 40, "{links} links were found");
}

#[test]
fn every_page_is_in_the_book() {
    let listed: Vec<_> = documents().into_iter().skip(1).collect();
    for page in files_below(&root().join("docs/src")) {
        assert!(page.ends_with("SUMMARY.md") || listed.contains(&page), "{} is not in SUMMARY.md", page.display());
    }
}

#[test]
fn the_recording_is_of_the_demo() {
    let drawn = fs::read_to_string(root().join("docs/demo.svg")).unwrap().replace("&#160;", " ");
    let text: String = drawn.split('<').filter_map(|tag| Some(tag.split_once('>')?.1)).collect();
    let demo = Run::new(["demo"]).stdout();
    for line in demo.lines().take(2).chain(demo.lines().filter(|line| line.starts_with("Next"))) {
        for word in line.split("  ").filter(|word| word.len() > 3 && word.is_ascii()) {
            assert!(text.contains(word.trim()), "docs/record draws it anew: {word:?} is not in docs/demo.svg");
        }
    }
}
