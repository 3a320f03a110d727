//! Harness: runs the built program and checks every run's exit status and that output fits its schema.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use jsonschema::Validator;
use lambda_triage::internal::RunAnalysis;
use lambda_triage::{Analysis, AnalyzeOptions, analyze_bytes};
use serde_json::Value;

/// Logs of the fixtures, relative to the repository.
pub const LOGS: &str = "fixtures/logs";

/// Run of the program that has not started.
#[must_use = "a run proves something only when its end is checked"]
pub struct Run {
    command: Command,
    input: Vec<u8>,
}

/// Result of a run.
#[derive(Debug)]
pub struct Done {
    pub stdout: String,
    pub stderr: String,
    pub status: i32,
}

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lists the files for users, as they are read: the README, then the pages of the book in their order.
pub fn documents() -> Vec<PathBuf> {
    let book = root().join("docs/src");
    let summary = std::fs::read_to_string(book.join("SUMMARY.md")).unwrap();
    let pages = summary.split("](").skip(1).map(|rest| book.join(rest.split(')').next().unwrap()));
    std::iter::once(root().join("README.md")).chain(pages).collect()
}

/// Returns the text of all files for users.
pub fn documentation() -> String {
    documents().iter().map(|path| std::fs::read_to_string(path).unwrap() + "\n").collect()
}

/// Creates a directory for one test.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file, creating its folders.
#[track_caller]
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Compresses with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Lists all files below a folder, sorted.
#[track_caller]
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Lists the names of all output formats.
pub fn formats() -> impl Iterator<Item = &'static str> {
    lambda_triage::internal::RENDERERS.iter().map(|renderer| renderer.name)
}

impl Run {
    /// Prepares the program with these arguments, in the root of the repository.
    pub fn new<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
        command.args(arguments).current_dir(root());
        for name in
            ["NO_COLOR", "TERM", "COLUMNS", "CLICOLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"]
        {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LAMBDA_TRIAGE")) {
            command.env_remove(name);
        }
        Self { command, input: Vec::new() }
    }

    /// Prepares `analyze` with these paths.
    pub fn analyze<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(paths: I) -> Self {
        Self::new(["analyze"]).args(paths)
    }

    /// Appends arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    /// Appends a flag with a path.
    pub fn arg_path(self, flag: &str, path: &Path) -> Self {
        self.args([flag.as_ref(), path.as_os_str()])
    }

    /// Sets standard input.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Sets the working directory.
    pub fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets signals reach the program: whoever started the tests in the background may have made them ignore SIGINT.
    #[cfg(target_os = "linux")]
    pub fn with_default_signals(self) -> Self {
        let mut command = Command::new("env");
        command.arg("--default-signal=INT,TERM,HUP").arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = self.command.get_current_dir() {
            command.current_dir(directory);
        }
        Self { command, ..self }
    }

    /// Returns the command itself, for settings that the builder lacks.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs to the end, whatever the status.
    #[track_caller]
    pub fn done(mut self) -> Done {
        let piped = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let (mut stdin, input) = (child.stdin.take().unwrap(), std::mem::take(&mut self.input));
        let feeder = std::thread::spawn(move || {
            // The program may end without having read everything.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        let done = Done {
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8, whatever the input is"),
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8, whatever the input is"),
            status: output.status.code().expect("ended by itself"),
        };
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
        done
    }

    /// Runs and expects this exit status.
    #[track_caller]
    pub fn status(self, want: i32) -> Done {
        let done = self.done();
        assert_eq!(done.status, want, "stderr: {}\nstdout: {}", done.stderr, done.stdout);
        done
    }

    /// Runs, expects success and returns standard output.
    #[track_caller]
    pub fn stdout(self) -> String {
        self.status(0).stdout
    }

    /// Runs and returns the summary, validated by our schema.
    #[track_caller]
    pub fn summary(self) -> Value {
        read_summary(&self.args(["--format", "json"]).stdout())
    }

    /// Runs and returns the records, each validated by our schema.
    #[track_caller]
    pub fn records(self) -> Vec<Value> {
        read_records(&self.args(["--format", "ndjson"]).stdout())
    }
}

/// Parses and validates a summary.
#[track_caller]
pub fn read_summary(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).expect("one JSON document");
    check(&SUMMARY, &value);
    value
}

/// Analyzes a log. Returns the answer and the records.
pub fn analyze_log(log: &str) -> (Analysis, Vec<Value>) {
    let mut options = AnalyzeOptions::default();
    options.records = true;
    let mut answer = analyze_bytes(&[("a", log.as_bytes())], &options).expect("an answer");
    let mut records = Vec::new();
    answer.write_records(&mut records).expect("the spool is there");
    let lines = records.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let records = lines.map(|line| serde_json::from_slice(line).expect("a record is JSON")).collect();
    (answer, records)
}

/// Returns the records of an analysis that kept them.
pub fn records_of(analysis: &mut RunAnalysis) -> Vec<Value> {
    let mut text = Vec::new();
    analysis.records.as_mut().unwrap().write_to(&mut text).unwrap();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Parses and validates records.
#[track_caller]
pub fn read_records(text: &str) -> Vec<Value> {
    let read = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a JSON object on every line");
        check(&RECORD, &value);
        value
    };
    text.lines().map(read).collect()
}

static SUMMARY: LazyLock<Validator> = LazyLock::new(|| schema("summary"));
static RECORD: LazyLock<Validator> = LazyLock::new(|| schema("record"));

fn schema(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&Run::new(["schema", name]).stdout()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// Checks that a document fits the schema of this name.
#[track_caller]
pub fn fits_schema(name: &str, value: &Value) {
    check(&schema(name), value);
}

#[track_caller]
fn check(validator: &Validator, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "does not fit its schema: {errors:#?}");
}

/// Returns the function of this name in a summary.
#[track_caller]
pub fn function<'a>(summary: &'a Value, name: &str) -> &'a Value {
    let functions = summary["functions"].as_array().unwrap();
    functions.iter().find(|one| one["function"] == name).unwrap_or_else(|| panic!("no function {name}"))
}
