//! The GitHub Action and the examples for CI systems: every shell step runs as it is written, with the status that the log
//! deserves, and nothing that an input of the action holds is taken for code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use roxmltree::Document;

use super::diff;
use super::harness::{LOGS, Run, directory, files_below, read_summary, root, write};
use super::runners::{CHANGED_VERSION, JobEnd, REPOSITORY, UNSIGNED_VERSION, Workshop, yaml};

/// Example, and how its system runs it.
struct Example {
    file: &'static str,
    run: fn(&Workshop, &Path) -> JobEnd,
    /// Number of shell steps, those of the action included, where none fails.
    steps: usize,
    compares: bool,
}

const EXAMPLES: [Example; 5] = [
    Example { file: "github-actions.yml", run: Workshop::github, steps: 4, compares: true },
    Example { file: "github-actions-without-action.yml", run: Workshop::github, steps: 4, compares: true },
    Example { file: "gitlab-ci.yml", run: Workshop::gitlab, steps: 2, compares: true },
    Example { file: "Jenkinsfile", run: Workshop::jenkins, steps: 3, compares: false },
    Example { file: "buildspec.yml", run: Workshop::codebuild, steps: 1, compares: false },
];

/// Log that a job judges, and the status that it deserves without and with a baseline.
struct Case {
    name: &'static str,
    alone: i32,
    compared: i32,
}

const CASES: [Case; 4] = [
    Case { name: "healthy", alone: 0, compared: 0 },
    // The same traffic, of which an eighth now times out: only the baseline tells.
    Case { name: "worse", alone: 0, compared: 1 },
    Case { name: "lost", alone: 1, compared: 1 },
    // A condition on functions is not evaluable where there are none, which comes before "nothing to analyse".
    Case { name: "none", alone: 3, compared: 3 },
];

/// Directory with a log for each case, and the answer of a healthy one.
struct Logs(tempfile::TempDir);

impl Logs {
    fn new() -> Self {
        let folder = directory();
        diff::log(folder.path(), "healthy", 300, 0, 0);
        diff::log(folder.path(), "worse", 300, 40, 0);
        diff::log(folder.path(), "lost", 300, 0, 0);
        let lost = "aws/lambda/refund-processor/21.log";
        let bytes = fs::read(root().join(LOGS).join("retries").join(lost)).unwrap();
        write(&folder.path().join("lost").join(lost), bytes);
        write(&folder.path().join("none/empty.log"), "");
        let logs = Self(folder);
        let baseline = logs.baseline();
        Run::analyze([logs.of("healthy")]).args(["--format", "json", "--output"]).args([baseline]).status(0);
        logs
    }

    fn of(&self, case: &str) -> PathBuf {
        self.0.path().join(case)
    }

    fn baseline(&self) -> PathBuf {
        self.0.path().join("baseline.json")
    }
}

fn examples() -> PathBuf {
    root().join("examples")
}

#[test]
fn every_example_is_run_and_described() {
    let entries: Vec<PathBuf> = fs::read_dir(examples()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let names: BTreeSet<&str> = entries.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    let described = fs::read_to_string(examples().join("README.md")).unwrap();
    for name in &names {
        assert!(*name == "README.md" || described.contains(&format!("[{name}]({name})")), "not described: {name}");
    }
    // Engines have a folder each, with pages of their own.
    let is_file = |name: &&str| examples().join(name).is_file();
    assert!(names.iter().filter(|name| !is_file(name)).all(|name| examples().join(name).join("README.md").is_file()));
    let jobs: BTreeSet<&str> = names.into_iter().filter(is_file).filter(|name| !name.ends_with(".md")).collect();
    assert_eq!(jobs, EXAMPLES.iter().map(|example| example.file).collect());
}

#[test]
fn each_job_ends_with_the_status_that_its_log_deserves() {
    let logs = Logs::new();
    for example in EXAMPLES {
        for case in CASES {
            for baseline in [None, Some(logs.baseline())].into_iter().take(1 + usize::from(example.compares)) {
                let shop = Workshop::new(&logs.of(case.name), baseline.as_deref());
                let end = (example.run)(&shop, &examples().join(example.file));
                let what = format!("{}, {}, baseline: {}\n{}", example.file, case.name, baseline.is_some(), end.text);
                let status = if baseline.is_some() { case.compared } else { case.alone };
                assert_eq!(end.status, status, "{what}");
                if status == 0 {
                    assert_eq!(end.steps, example.steps, "{what}");
                }
                answers_are_kept(&end, status, &what);
                assert!(!end.text.contains("\ncurl: (") || baseline.is_none(), "{what}");
                let from_here =
                    shop.requests().iter().any(|path| path.contains(REPOSITORY) && path.contains("/objects/"));
                assert!(from_here, "the program comes from the release page: {what}");
            }
        }
    }
}

/// Checks the files that a job keeps, whatever its end: the summary and, where there is one, the test results.
fn answers_are_kept(end: &JobEnd, status: i32, what: &str) {
    assert!(end.kept.iter().any(|path| path.ends_with("triage.json")), "{what}");
    for path in &end.kept {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => {
                let summary = read_summary(&fs::read_to_string(path).expect(what));
                assert_eq!(summary["gate"]["passed"], status == 0, "{what}");
            }
            Some("xml") => {
                let text = fs::read_to_string(path).expect(what);
                let document = Document::parse(&text).expect(what);
                let failures = document.descendants().any(|node| node.has_tag_name("failure"));
                assert!(failures || status != 1, "{what}");
            }
            _ => assert!(path.is_dir(), "{what}"),
        }
    }
}

#[test]
fn the_workflow_shows_the_gate_and_the_numbers_of_the_summary() {
    let logs = Logs::new();
    let shop = Workshop::new(&logs.of("lost"), Some(&logs.baseline()));
    let end = shop.github(&examples().join("github-actions.yml"));
    let summary = read_summary(&fs::read_to_string(shop.directory().join("triage.json")).unwrap());
    let (failed, lost) = (&summary["totals"]["failed"], &summary["totals"]["outcomes"]["exhausted"]);
    assert!(failed.as_u64() > lost.as_u64() && lost.as_u64() > Some(0));
    assert!(end.text.contains(&format!("\nstatus 1, {failed} attempts failed, {lost} events lost\n")), "{}", end.text);
    assert!(end.text.contains("\n::error title=Gate failed%3A lost > 0::"), "{}", end.text);
    let step_summary = fs::read_to_string(shop.directory().join("../temp/summary.md")).unwrap();
    assert!(step_summary.starts_with("**Gate failed"), "{step_summary}");
}

#[test]
fn the_step_of_the_readme_runs() {
    let logs = Logs::new();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let step = readme.split("```yaml\n").nth(1).unwrap().split("\n```").next().unwrap();
    assert_eq!(step.lines().count(), 3);
    let shop = prepared(&logs, "lost");
    let workflow = shop.directory().join("workflow.yml");
    let steps = step.replace('\n', "\n      ");
    write(&workflow, format!("jobs:\n  triage:\n    steps:\n      {steps}\n"));
    let end = shop.github(&workflow);
    assert_eq!((end.status, end.steps), (1, 1), "{}", end.text);
    let outputs: Vec<_> = end.outputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(outputs, [("failed", "5"), ("lost", "1"), ("status", "1")]);
    for name in ["failed", "lost", "status"] {
        assert!(step.contains(name), "{name}");
    }
}

/// Inputs with which the action finds a program and a log.
fn inputs<'a>(program: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [("binary", program), ("path", "logs")].into_iter().chain(more.iter().copied()).collect()
}

/// Creates a workshop whose log is in place.
fn prepared(logs: &Logs, case: &str) -> Workshop {
    let shop = Workshop::new(&logs.of(case), None);
    for file in files_below(&logs.of(case)) {
        let place = file.strip_prefix(logs.of(case)).unwrap();
        write(&shop.directory().join("logs").join(place), fs::read(&file).unwrap());
    }
    shop
}

#[track_caller]
fn outputs_are(shop: &Workshop, inputs: &[(&str, &str)], want: [&str; 3]) {
    let (done, outputs) = shop.action(inputs);
    let found: Vec<&str> = ["status", "failed", "lost"].iter().map(|name| outputs[*name].as_str()).collect();
    assert_eq!(found, want, "{inputs:?}\n{}{}", done.stdout, done.stderr);
    assert_eq!(done.status.to_string(), want[0], "{inputs:?}");
}

#[test]
fn outputs_tell_the_status_and_the_numbers() {
    let logs = Logs::new();
    let (lost, none) = (prepared(&logs, "lost"), prepared(&logs, "none"));
    let program = lost.program();
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&'static str, String)> {
        let given = inputs(&program, more);
        let names = ["binary", "path"].into_iter().chain(more.iter().map(|(name, _)| *name));
        names.zip(given.into_iter().map(|(_, value)| value.to_owned())).collect()
    };
    for (more, want) in [
        (&[][..], ["0", "5", "1"]),
        (&[("fail-on", "lost > 0")], ["1", "5", "1"]),
        (&[("fail-on", "lost > 1\n\nfailed > 0\n")], ["1", "5", "1"]),
        (&[("path", "\r\nlogs\r\n")], ["0", "5", "1"]),
        (&[("warn-on", "lost > 0")], ["0", "5", "1"]),
        (&[("args", "--only=checkout\n--top=1")], ["0", "0", "0"]),
        (&[("fail-on", "own_throttles > 0")], ["3", "5", "1"]),
        (&[("fail-on", "fialed > 0")], ["2", "", ""]),
        (&[("strict", "true")], ["0", "5", "1"]),
        (&[("strict", "all")], ["0", "5", "1"]),
        (&[("strict", "sometimes")], ["2", "", ""]),
        (&[("path", "logs\nmissing")], ["3", "5", "1"]),
        (&[("path", "logs/aws/lambda/checkout\nlogs/aws/lambda/refund-processor")], ["0", "5", "1"]),
        (&[("path", "\n")], ["2", "", ""]),
        (&[("baseline", "missing.json")], ["3", "", ""]),
        (&[("binary", "")], ["2", "", ""]),
        (&[("version", "0.1.0")], ["2", "", ""]),
        (&[("binary", ""), ("version", "0.1.0")], ["0", "5", "1"]),
        (&[("binary", ""), ("version", "v0.1.0")], ["0", "5", "1"]),
        (&[("binary", ""), ("version", "latest")], ["2", "", ""]),
        (&[("binary", ""), ("version", "9.9.9")], ["3", "", ""]),
        (&[("binary", ""), ("version", CHANGED_VERSION)], ["3", "", ""]),
        (&[("binary", ""), ("version", UNSIGNED_VERSION)], ["3", "", ""]),
    ] {
        let given = with(more);
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        outputs_are(&lost, &given, want);
    }
    outputs_are(&none, &inputs(&program, &[]), ["4", "", ""]);
}

/// Values that a shell, a runner or our program could take for more than a value.
const HOSTILE: [&str; 28] = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "\"$(touch pwned)\"",
    "; touch pwned",
    "&& touch pwned",
    "| tee pwned",
    "> pwned",
    "\ntouch pwned\n",
    "x\\\n; touch pwned",
    "a[$(touch pwned)]",
    "eval",
    "source",
    "touch",
    "--",
    "-",
    "--output=pwned",
    "--report=json=pwned",
    "*",
    "~ ${HOME} $PATH $$",
    "a\tb  c",
    "::set-output name=lost::9",
    "a\n::set-output name=lost::9\n::error::pwned",
    "%0A::error::pwned%0D",
    "##[error]pwned",
    "status=0\nlost=9\nstatus<<EOF\n9\nEOF",
    "\u{202e}\u{1b}[31m\u{7}",
];

#[test]
fn no_input_is_taken_for_code() {
    let logs = Logs::new();
    let shop = prepared(&logs, "lost");
    let program = shop.program();
    let before = files_below(&shop.directory());
    let file = yaml(&root().join("action.yml"));
    for name in file["inputs"].as_object().unwrap().keys() {
        for value in HOSTILE {
            // Further arguments are what they are for.
            if name == "args" && value.starts_with("--") {
                continue;
            }
            let more: &[(&str, &str)] =
                if name == "version" { &[("binary", ""), ("version", value)] } else { &[(name, value)] };
            let (done, outputs) = shop.action(&inputs(&program, more));
            let what = format!("{name}: {value:?}\n{}{}", done.stdout, done.stderr);
            assert!((0..5).contains(&done.status), "{what}");
            assert_eq!(files_below(&shop.directory()), before, "{what}");
            let found = ["status", "failed", "lost"].map(|name| outputs[name].as_str());
            let status = done.status.to_string();
            assert!(
                found == [&status, "5", "1"] || found == [&status, "0", "0"] || found == [&status, "", ""],
                "{what}"
            );
            for line in done.stdout.lines().chain(done.stderr.lines()) {
                let command = line.trim_start().strip_prefix("::");
                let level = command.map_or("", |command| command.split(' ').next().unwrap());
                assert!(["", "error", "warning", "notice"].contains(&level), "{line}\n{what}");
                assert!(
                    !line.contains("##[") && !line.contains('\u{1b}') && !line.contains('\u{202e}'),
                    "{line}\n{what}"
                );
                assert!(!line.trim_start().starts_with("::error::pwned"), "{line}\n{what}");
            }
        }
    }
    assert_eq!(shop.requests(), Vec::<String>::new(), "nothing was asked for");
}

#[test]
fn names_arrive_whole() {
    let logs = Logs::new();
    let shop = prepared(&logs, "lost");
    let program = shop.program();
    let name = "-x $(touch pwned) \"'` * é";
    let here = |more: &str| shop.directory().join(format!("{name}{more}"));
    fs::rename(shop.directory().join("logs"), here("")).unwrap();
    fs::copy(logs.baseline(), here(".json")).unwrap();
    let report = format!("json={name}.new.json\njunit={name}.xml");
    let baseline = format!("{name}.json");
    let inputs = [
        ("binary", &program[..]),
        ("path", name),
        ("baseline", &baseline),
        ("report", &report),
        ("fail-on", "worse_functions > 0"),
    ];
    outputs_are(&shop, &inputs, ["0", "5", "1"]);
    let summary = read_summary(&fs::read_to_string(here(".new.json")).unwrap());
    assert_eq!(summary["comparison"]["base"]["input"], baseline);
    assert!(here(".xml").is_file() && !shop.directory().join("pwned").exists());
}
