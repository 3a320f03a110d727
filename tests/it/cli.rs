//! Streams, exit statuses and files, as a shell, a pipe and a CI step see them.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use super::harness::{LOGS, Run, directory, formats, gzip, read_records, read_summary, root, write};

const RETRIES: &str = "fixtures/logs/retries/aws/lambda/refund-processor/21.log";

#[test]
fn data_goes_to_standard_output_and_nothing_else_does() {
    for format in formats() {
        let done = Run::analyze([LOGS]).args(["--format", format]).status(0);
        assert!(done.stderr.is_empty(), "{format}: {}", done.stderr);
        assert!(done.stdout.ends_with('\n') && !done.stdout.contains('\x1b'), "{format}");
    }
}

#[test]
fn wrong_usage_is_status_2_and_says_nothing_on_standard_output() {
    for arguments in [
        &["analyze", RETRIES, "--format", "xml"][..],
        &["analyze", RETRIES, "--threads", "0"],
        &["analyze", RETRIES, "--report", "json"],
        &["analyze", RETRIES, "--only", "[x"],
        &["analyze", RETRIES, "--output", "a", "--report", "json=a"],
        &["explain", "no.such.code"],
        &["analyse"],
        &[],
    ] {
        let done = Run::new(arguments).status(2);
        assert!(done.stdout.is_empty() && !done.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    assert!(Run::new(["--help"]).stdout().contains("analyze"));
    assert!(Run::new(["analyze", "--help"]).stdout().contains("--fail-on"));
    assert_eq!(Run::new(["--version"]).stdout(), concat!("lambda-triage ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn the_first_status_that_applies_wins() {
    let nothing = directory();
    let empty = nothing.path().to_str().unwrap();
    let gone = "no/such/file.log";
    for (status, paths, more) in [
        (0, &[RETRIES][..], &[][..]),
        (4, &[empty], &[]),
        (0, &[empty], &["--allow-empty"]),
        (3, &[gone], &["--allow-empty"]),
        (3, &[empty, gone], &[]),
        (3, &[RETRIES, gone], &[]),
        (1, &[RETRIES, gone], &["--fail-on", "failed > 0"]),
        (3, &[empty], &["--fail-on", "failure_rate > 0"]),
        (2, &[RETRIES, gone], &["--fail-on", "no_such_number > 0"]),
        (2, &[empty], &["--allow-empty", "--nonsense"]),
    ] {
        let done = Run::analyze(paths).args(more).done();
        assert_eq!(done.status, status, "{paths:?} {more:?}: {}", done.stderr);
    }
}

#[test]
fn a_directory_without_logs_says_what_was_looked_for() {
    let folder = directory();
    write(&folder.path().join("notes.txt"), "milk\neggs\n");
    let done = Run::analyze([folder.path()]).args(["--format", "json"]).status(4);
    assert!(done.stderr.contains("no START, END, REPORT, INIT_START"), "{}", done.stderr);
    let summary = read_summary(&done.stdout);
    assert_eq!(
        (&summary["totals"]["attempts"], &summary["coverage"]["inputs_skipped"][0]["input"].is_string()),
        (&0.into(), &true)
    );
    let quiet = Run::analyze([folder.path()]).args(["--allow-empty", "--quiet"]).status(0);
    assert!(quiet.stdout.starts_with("No Lambda invocation found"), "{}", quiet.stdout);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_done() {
    let folder = directory();
    let whole = gzip(&fs::read(root().join(RETRIES)).unwrap());
    let broken = folder.path().join("broken.gz");
    write(&broken, &whole[..whole.len() / 2]);
    let text = folder.path().join("shopping.txt");
    write(&text, "milk\neggs\n");
    let paths = [broken.to_str().unwrap(), text.to_str().unwrap(), "no/such/file.log", "fixtures/logs/healthy"];
    let done = Run::analyze(paths).args(["--format", "json"]).status(3);
    for name in ["broken.gz", "shopping.txt", "no/such/file.log: no such file"] {
        assert!(done.stderr.contains(name), "{name}: {}", done.stderr);
    }
    let summary = read_summary(&done.stdout);
    assert_eq!(summary["coverage"]["inputs_unreadable"].as_array().unwrap().len(), 3);
    assert_eq!(summary["coverage"]["complete"], false);
    let healthy = summary["functions"].as_array().unwrap().iter().find(|one| one["function"] == "log-shipper");
    assert_eq!(healthy.unwrap()["attempts"], 4);
    let table = Run::analyze(paths).status(3).stdout;
    assert!(table.contains("This answer is partial") && table.contains("broken.gz"), "{table}");
}

#[test]
fn standard_input_and_gzip_are_read_as_files_are() {
    let bytes = fs::read(root().join(RETRIES)).unwrap();
    let counts = |run: Run| {
        let summary = run.args(["--function", "refund-processor"]).summary();
        format!("{}{}", summary["totals"]["failures"], summary["totals"]["outcomes"])
    };
    let want = counts(Run::analyze([RETRIES]));
    assert_eq!(counts(Run::analyze(["-"]).input(bytes.clone())), want);
    assert_eq!(counts(Run::new(["analyze"]).input(bytes.clone())), want, "a pipe without a path");
    assert_eq!(counts(Run::analyze(["-"]).input(gzip(&bytes))), want);
    // Several gzip members, as in appended files.
    let half = bytes.len() / 2;
    let members = [gzip(&bytes[..half]), gzip(&bytes[half..])].concat();
    assert_eq!(counts(Run::analyze(["-"]).input(members)), want);
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    for format in formats() {
        let mut command = Run::analyze([LOGS]).args(["--format", format]).into_command();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn an_output_file_is_whole_or_absent() {
    let folder = directory();
    let path = folder.path().join("triage.json");
    let output = ["--format", "json", "--output", path.to_str().unwrap()];
    write(&path, "what was there");
    Run::analyze([RETRIES]).args(output).args(["--fail-on", "nonsense"]).status(2);
    assert_eq!(fs::read_to_string(&path).unwrap(), "what was there");
    let done = Run::analyze([RETRIES]).args(output).status(0);
    assert!(done.stdout.is_empty());
    read_summary(&fs::read_to_string(&path).unwrap());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing temporary is left: {left:?}");
    let nowhere = folder.path().join("no/folder/x.json");
    let done = Run::analyze([RETRIES]).args(["--output", nowhere.to_str().unwrap()]).status(3);
    assert!(done.stderr.contains("no/folder/x.json") && done.stdout.is_empty(), "{}", done.stderr);
}

#[test]
fn one_run_writes_several_outputs() {
    let folder = directory();
    let path = |name: &str| folder.path().join(name);
    let report = |format: &str, name: &str| format!("{format}={}", path(name).display());
    let table = Run::analyze([LOGS])
        .args(["--report", &report("json", "s"), "--report", &report("ndjson", "r"), "--report", &report("table", "t")])
        .stdout();
    assert_eq!(fs::read_to_string(path("t")).unwrap(), table);
    assert_eq!(fs::read_to_string(path("s")).unwrap(), Run::analyze([LOGS]).args(["--format", "json"]).stdout());
    let records = read_records(&fs::read_to_string(path("r")).unwrap());
    let summary = read_summary(&fs::read_to_string(path("s")).unwrap());
    assert_eq!(summary["totals"]["attempts"], records.iter().filter(|one| one["kind"] == "attempt").count());
}

#[test]
fn colours_are_asked_for_or_absent() {
    let colours = |run: Run| run.stdout().contains("\x1b[");
    assert!(!colours(Run::new(["demo"])), "a pipe has none");
    assert!(colours(Run::new(["demo", "--color", "always"])));
    assert!(colours(Run::new(["demo", "--color", "always"]).env("NO_COLOR", "1")), "an option wins over NO_COLOR");
    assert!(!colours(Run::new(["demo", "--color", "never"])));
}

#[test]
fn the_demo_shows_every_kind_of_failure() {
    let summary = Run::new(["demo"]).summary();
    for (category, count) in summary["totals"]["failures"].as_object().unwrap() {
        assert!(count.as_u64() > Some(0), "{category}");
    }
    // The logs are in the program, so the directory does not matter.
    let elsewhere = directory();
    assert_eq!(Run::new(["demo"]).directory(elsewhere.path()).stdout(), Run::new(["demo"]).stdout());
}

#[test]
fn what_was_pasted_is_explained_or_refused() {
    for (pasted, want) in [
        ("Task timed out after 3.00 seconds", "\ntimeout.invoke: Timed out\n"),
        ("`KeyError`", "\nruntime_exception.unhandled: "),
        ("502", "the function's own log tells which"),
    ] {
        let text = Run::new(["explain", pasted]).stdout();
        assert!(text.replace('\n', " ").contains(&want.replace('\n', " ")), "{pasted}: {text}");
    }
    for nothing in ["", "...", "\"\"", "| "] {
        let said = Run::new(["explain", nothing]).status(2).stderr;
        assert!(said.contains("explain lists them"), "{said}");
    }
    let said = Run::new(["explain", "shipped order 17"]).status(1).stderr;
    assert!(said.contains("nothing in the catalogue matches this line"), "{said}");
}

#[test]
fn completions_are_scripts() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(Run::new(["completions", shell]).stdout().contains("lambda-triage"), "{shell}");
    }
}
