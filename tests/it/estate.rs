//! `pull` over an estate of several accounts and regions: what each way of naming selects, that nothing is read twice or
//! from the wrong place, and that whatever cannot be read is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cloudwatch::fake::estate::{Asked, Estate, Group, ONE, Reply, Server, THREE, TWO};
use super::cloudwatch::unpack;

/// Secrets that no output may show.
const SECRETS: [&str; 3] = ["SECRETNOTTOBESHOWN", "TOKENNOTTOBESHOWN", "hunter2hunter2"];
/// Marks of texts that are meant for programmers.
const DEBUG_TEXT: [&str; 9] = [
    "panicked",
    "Error {",
    "Some(",
    "(os error",
    "DispatchFailure",
    "ServiceError(",
    "provider could not be built",
    "cargo feature",
    "source profile nosuch referenced",
];
/// Time after which a run is taken to hang.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs a test for every case, a few at once since they mostly wait, and reports all that fail.
#[track_caller]
pub fn in_all<C: Send>(cases: impl IntoIterator<Item = C, IntoIter: Send>, test: impl Fn(C) + Sync) {
    let (cases, failed) = (Mutex::new(cases.into_iter()), AtomicUsize::new(0));
    let next = || cases.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(case) = next() {
                    if catch_unwind(AssertUnwindSafe(|| test(case))).is_err() {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "cases failed, as told above");
}

/// Run of `pull` that is being prepared, with a home of its own.
#[must_use]
pub struct Pull {
    command: Command,
    format: Option<String>,
    home: Arc<tempfile::TempDir>,
}

impl Pull {
    /// Prepares a pull of the tests' hour, in JSON and saved, by account [`ONE`].
    pub fn of(server: &Server, arguments: &[&str]) -> Self {
        Self::new(server, &["--from", "2026-10-01T00:00:00Z", "--to", "2026-10-01T01:00:00Z"])
            .args(&["--save", "saved.ndjson.zst"])
            .format("json")
            .args(arguments)
    }

    /// Prepares a pull with these arguments only.
    pub fn new(server: &Server, arguments: &[&str]) -> Self {
        let pull = Self::in_home(Arc::new(tempfile::tempdir().expect("a directory")), arguments);
        pull.env("AWS_ENDPOINT_URL", &server.url)
    }

    /// Prepares a pull without an endpoint, in a home that is there already.
    pub fn in_home(home: Arc<tempfile::TempDir>, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
        clean(&mut command, home.path());
        command.arg("pull").args(arguments).stdin(Stdio::null());
        command.envs([("AWS_ACCESS_KEY_ID", "AKIAONE"), ("AWS_SECRET_ACCESS_KEY", SECRETS[0])]);
        command.env("AWS_REGION", "eu-west-1");
        Self { command, format: None, home }
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets the format of standard output; the last one counts.
    pub fn format(mut self, format: &str) -> Self {
        self.format = Some(format.to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value.replace("{HOME}", &self.home.path().display().to_string()));
        self
    }

    pub fn unset(mut self, names: &[&str]) -> Self {
        for name in names {
            self.command.env_remove(name);
        }
        self
    }

    /// Leaves the credentials to the configuration.
    pub fn without_keys(self) -> Self {
        self.unset(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    }

    pub fn key(self, id: &str) -> Self {
        self.env("AWS_ACCESS_KEY_ID", id)
    }

    /// Writes a file below the home; `{HOME}` stands for the home.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let content = content.as_ref();
        match std::str::from_utf8(content) {
            Ok(text) => fs::write(path, text.replace("{HOME}", &self.home.path().display().to_string())),
            Err(_) => fs::write(path, content),
        }
        .expect("a file");
        self
    }

    /// Writes the configuration file of AWS.
    pub fn config(self, text: &str) -> Self {
        self.file(".aws/config", text)
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs to the end.
    #[track_caller]
    pub fn run(self) -> Pulled {
        self.start().end()
    }

    /// Starts and returns at once.
    #[track_caller]
    pub fn start(mut self) -> Running {
        if let Some(format) = &self.format {
            self.command.args(["--format", format]);
        }
        let started = Instant::now();
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let (stdout, stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        Running { stdout: Lines::of(stdout), stderr: Lines::of(stderr), child, started, home: self.home }
    }
}

/// Takes this machine's AWS configuration and terminal from a command, and gives it another home.
fn clean(command: &mut Command, home: &Path) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("AWS_") || name.starts_with("LAMBDA_TRIAGE_") || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command.current_dir(home).env("HOME", home).env("USERPROFILE", home).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env_remove("COLUMNS").env_remove("GITHUB_ACTIONS");
}

/// Text of a pipe, read in the background.
struct Lines {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                sink.lock().expect("a lock").push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("a lock").clone()
    }

    fn whole(self) -> String {
        self.reader.join().expect("read to the end");
        self.text.lock().expect("a lock").clone()
    }
}

/// Run of `pull` that goes on.
#[must_use]
pub struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    started: Instant,
    home: Arc<tempfile::TempDir>,
}

impl Running {
    /// Waits until something holds, as long as the program runs.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&str, &str) -> bool) {
        loop {
            let (stdout, stderr) = (self.stdout.so_far(), self.stderr.so_far());
            if holds(&stdout, &stderr) {
                return;
            }
            let ended = self.child.try_wait().expect("a child");
            if ended.is_some() || self.started.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("{what}: ended with {ended:?}\nstdout: {stdout}\nstderr: {stderr}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
    }

    #[track_caller]
    pub fn end(mut self) -> Pulled {
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None if self.started.elapsed() > PATIENCE => {
                    let _ = self.child.kill();
                    panic!("still running after {PATIENCE:?}: {}{}", self.stdout.so_far(), self.stderr.so_far());
                }
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        let took = self.started.elapsed();
        let pulled = Pulled { status, stdout: self.stdout.whole(), stderr: self.stderr.whole(), took, home: self.home };
        pulled.is_decent();
        pulled
    }
}

/// What a pull has left behind.
pub struct Pulled {
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    pub home: Arc<tempfile::TempDir>,
}

impl Pulled {
    /// Returns the exit status.
    #[track_caller]
    pub fn status(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{:?}: {}", self.status, self.stderr))
    }

    /// Checks what holds for every run, however it ends.
    #[track_caller]
    fn is_decent(&self) {
        let status = self.status();
        assert!([0, 1, 2, 3, 4, 130, 143].contains(&status), "status {status}: {}", self.stderr);
        for word in DEBUG_TEXT.iter().chain(&SECRETS) {
            for text in [&self.stdout, &self.stderr] {
                assert!(!text.contains(word), "'{word}' is shown: {text}");
            }
        }
        for entry in fs::read_dir(self.home.path()).expect("a folder").flatten() {
            let saved = entry.path().extension().is_some_and(|ending| ending == "zst");
            let bytes = if saved { fs::read(entry.path()).unwrap_or_default() } else { Vec::new() };
            let holds = |secret: &&str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!SECRETS.iter().any(holds), "a secret is saved: {}", entry.path().display());
        }
        assert!(status != 2 || self.stdout.is_empty(), "wrong usage gives no answer: {}", self.stdout);
        assert!(status == 0 || !self.stderr.is_empty() || !self.stdout.is_empty(), "status {status} says nothing");
    }

    #[track_caller]
    pub fn ends(&self, statuses: &[i32], name: &str) {
        assert!(statuses.contains(&self.status()), "{name}: status {}: {}{}", self.status(), self.stderr, self.stdout);
    }

    #[track_caller]
    pub fn answer(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: '{}', stderr: {}", self.stdout, self.stderr))
    }

    /// Returns what could not be read, as `input: reason`.
    #[track_caller]
    pub fn unread(&self) -> Vec<String> {
        let answer = self.answer();
        let all = answer["coverage"]["inputs_unreadable"].as_array().expect("a list");
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        all.iter().map(|one| format!("{}: {}", text(one, "input"), text(one, "reason"))).collect()
    }

    #[track_caller]
    pub fn notes(&self) -> Vec<String> {
        let answer = self.answer();
        let all = answer["coverage"]["notes"].as_array().expect("a list");
        all.iter().map(|note| note.as_str().expect("text").to_owned()).collect()
    }

    #[track_caller]
    pub fn complete(&self) -> bool {
        self.answer()["coverage"]["complete"].as_bool().expect("a boolean")
    }

    #[track_caller]
    pub fn accounts(&self) -> Value {
        self.answer()["coverage"]["accounts"].clone()
    }

    /// Returns everything that was said: standard error, and the notes and problems of the answer.
    #[track_caller]
    pub fn said(&self) -> String {
        let mut said = self.stderr.clone();
        if let Ok(answer) = serde_json::from_str::<Value>(&self.stdout) {
            for key in ["notes", "inputs_unreadable"] {
                for one in answer["coverage"][key].as_array().into_iter().flatten() {
                    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
                    let line =
                        one.as_str().map_or_else(|| format!("{}: {}", text("input"), text("reason")), str::to_owned);
                    said.push_str(&line);
                    said.push('\n');
                }
            }
        }
        said
    }

    /// Checks that everything said has these words; `a|b` asks for one of them.
    #[track_caller]
    pub fn says(&self, name: &str, words: &[&str]) {
        let said = self.said();
        for word in words {
            assert!(word.split('|').any(|one| said.contains(one)), "{name}: '{word}' is missing: {said}");
        }
    }

    #[track_caller]
    pub fn never_says(&self, name: &str, words: &[&str]) {
        let said = self.said();
        for word in words {
            assert!(!said.contains(word), "{name}: says '{word}': {said}");
        }
    }

    /// Returns the answer of `analyze` for a saved file, in JSON.
    #[track_caller]
    pub fn analyze(&self, file: &str) -> String {
        let mut analyze = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
        clean(&mut analyze, self.home.path());
        let output = analyze.args(["analyze", file, "--format", "json"]).output().expect("the program runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Returns the events of a saved file, after checking that `analyze` gives the pull's answer for it.
    #[track_caller]
    pub fn saved_as(&self, file: &str) -> Vec<Value> {
        if self.stdout.starts_with('{') {
            assert_eq!(self.analyze(file), self.stdout, "analyze repeats the answer");
        }
        events_in(&self.home.path().join(file))
    }

    /// Returns the events of the saved file.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        self.saved_as("saved.ndjson.zst")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// Returns the events of a saved pull.
#[track_caller]
pub fn events_in(path: &Path) -> Vec<Value> {
    let bytes = unpack(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    String::from_utf8_lossy(&bytes).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Ids of events by account, region and log group.
pub type Ids = BTreeMap<(String, String, String), Vec<String>>;

/// Returns the ids of pulled events, sorted; events of an account that is not told are those of [`ONE`].
#[track_caller]
pub fn ids(events: &[Value]) -> Ids {
    let mut ids = Ids::new();
    for event in events {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let account = event["accountId"].as_str().unwrap_or(ONE).to_owned();
        ids.entry((account, text("region"), text("logGroup"))).or_default().push(text("eventId"));
    }
    for ids in ids.values_mut() {
        ids.sort();
    }
    ids
}

/// Returns the ids of all events of the groups that are chosen.
pub fn truth(estate: &Estate, chosen: impl Fn(&Group) -> bool) -> Ids {
    let mut truth = Ids::new();
    for group in estate.groups.iter().filter(|group| chosen(group) && !group.events.is_empty()) {
        let mut ids: Vec<String> = group.events.iter().map(|event| event.id.clone()).collect();
        ids.sort();
        truth.insert((group.account.clone(), group.region.clone(), group.name.clone()), ids);
    }
    truth
}

/// Checks that exactly these events were pulled, each once.
#[track_caller]
fn pulled_exactly(name: &str, pulled: &Pulled, want: &Ids) {
    let got = ids(&pulled.events());
    let groups = |ids: &Ids| ids.iter().map(|(key, ids)| (key.clone(), ids.len())).collect::<Vec<_>>();
    assert_eq!(groups(&got), groups(want), "{name}: {}", pulled.said());
    assert!(got == *want, "{name}: other events of the same number: {}", pulled.said());
}

fn function_arn(account: &str, rest: &str) -> String {
    format!("arn:aws:lambda:eu-west-1:{account}:function:{rest}")
}

fn group_arn(account: &str, name: &str) -> String {
    format!("arn:aws:logs:eu-west-1:{account}:log-group:{name}")
}

/// What is typed, and which groups it chooses.
type Choice<'c> = (&'c [&'c str], &'c dyn Fn(&Group) -> bool);

/// Profiles of all three accounts.
const PROFILES: &str = "[profile one]\nregion = eu-west-1\naws_access_key_id = AKIAONE\naws_secret_access_key = s\n\
     [profile again]\nregion = eu-west-1\naws_access_key_id = AKIAONE\naws_secret_access_key = s\n\
     [profile two]\nregion = eu-west-1\naws_access_key_id = AKIATWO\naws_secret_access_key = s\n\
     [profile three]\nregion = eu-west-1\naws_access_key_id = AKIATHREE\naws_secret_access_key = s\n";

/// Creates an estate in which accounts one and two have functions of the same names.
fn twins() -> Estate {
    let mut estate = Estate::default();
    for account in [ONE, TWO] {
        for name in ["pay", "ship"] {
            estate.function(account, "eu-west-1", name, 20);
        }
    }
    estate
}

#[test]
fn names_that_are_honoured_or_refused_never_mean_something_else() {
    let pay = |account: &'static str| move |group: &Group| group.account == account && group.name == "/aws/lambda/pay";
    // What is typed, and the account whose `pay` it means.
    let names: Vec<(Vec<String>, &'static str)> = vec![
        (vec![function_arn(ONE, "pay")], ONE),
        (vec![function_arn(TWO, "pay")], TWO),
        (vec![format!("{ONE}:function:pay")], ONE),
        (vec![format!("{TWO}:function:pay")], TWO),
        (vec!["function:pay".to_owned()], ONE),
        (vec!["--log-group".to_owned(), group_arn(ONE, "/aws/lambda/pay")], ONE),
        (vec!["--log-group".to_owned(), group_arn(ONE, "/aws/lambda/pay:*")], ONE),
        (vec!["--log-group".to_owned(), group_arn(TWO, "/aws/lambda/pay")], TWO),
        (vec!["--log-group".to_owned(), group_arn(TWO, "/aws/lambda/pay:*")], TWO),
        (vec!["--log-group".to_owned(), group_arn(ONE, "/aws/lambda/p*")], ONE),
        (vec!["--log-group".to_owned(), group_arn(TWO, "/aws/lambda/p*")], TWO),
        (vec!["--log-group".to_owned(), group_arn(ONE, "/aws/lambda/p??")], ONE),
        (vec!["--log-group".to_owned(), group_arn(ONE, "/*/pay")], ONE),
    ];
    for monitoring in [false, true] {
        let mut estate = twins();
        if monitoring {
            estate.linked.insert(ONE.to_owned(), BTreeSet::from([TWO.to_owned()]));
        }
        let server = Server::start(estate);
        for (typed, account) in &names {
            let arguments: Vec<&str> = typed.iter().map(String::as_str).collect();
            let pulled = Pull::of(&server, &arguments).run();
            let name = format!("{typed:?}, monitoring account: {monitoring}");
            match pulled.status() {
                0 => pulled_exactly(&name, &pulled, &truth(server.estate(), pay(account))),
                3 => {
                    assert!(*account == TWO || typed[0].contains("function:"), "{name}: {}", pulled.said());
                    assert!(!pulled.stdout.contains("\"attempts\": 20"), "{name}");
                    // By what was typed, or by the group and the account that it means.
                    let (unread, typed) = (pulled.unread(), arguments[arguments.len() - 1]);
                    let names =
                        |one: &String| one.contains(typed) || one.contains("/aws/lambda/") && one.contains(account);
                    assert!(unread.iter().any(names), "{name}: {unread:?}");
                }
                status => panic!("{name}: status {status}: {}", pulled.said()),
            }
        }
        assert_eq!(server.complaints(), [""; 0], "patterns are never sent as names");
    }
}

#[test]
fn a_version_or_alias_is_not_dropped_silently() {
    let server = Server::start(twins());
    for qualifier in ["42", "PROD", "$LATEST"] {
        for typed in [format!("pay:{qualifier}"), function_arn(ONE, &format!("pay:{qualifier}"))] {
            let pulled = Pull::of(&server, &[&typed]).run();
            // All of this log is of $LATEST.
            match pulled.status() {
                0 | 4 => {
                    let all = truth(server.estate(), |group| group.account == ONE && group.name.ends_with("/pay"));
                    let want = if qualifier == "$LATEST" { all } else { Ids::new() };
                    pulled_exactly(&typed, &pulled, &want);
                }
                status => {
                    assert!(status == 3 || status == 2, "{typed}: {}", pulled.said());
                    pulled.says(&typed, &[&format!(":{qualifier}")]);
                    pulled.never_says(&typed, &["the function never ran"]);
                }
            }
        }
    }
}

#[test]
fn linked_accounts_are_listed_and_read_by_their_arns() {
    let mut estate = twins();
    estate.function(THREE, "eu-west-1", "pay", 20);
    estate.group(TWO, "eu-west-1", "/acme/two", super::cloudwatch::fake::estate::log(TWO, "eu-west-1", "acme", 10));
    estate.linked.insert(ONE.to_owned(), BTreeSet::from([TWO.to_owned()]));
    let server = Server::start(estate);
    let cases: [Choice<'_>; 5] = [
        (&["--all"], &|group| group.account == ONE),
        (&["--all", "--linked"], &|group| group.account != THREE && group.name.starts_with("/aws/lambda/")),
        (&["pay", "--linked"], &|group| group.account != THREE && group.name == "/aws/lambda/pay"),
        (&["s*", "--linked"], &|group| group.account != THREE && group.name == "/aws/lambda/ship"),
        (&["--log-group", "/acme/*", "--linked"], &|group| group.name == "/acme/two"),
    ];
    for (arguments, chosen) in cases {
        let before = server.asked().len();
        let pulled = Pull::of(&server, arguments).run();
        let name = format!("{arguments:?}");
        pulled.ends(&[0], &name);
        pulled_exactly(&name, &pulled, &truth(server.estate(), chosen));
        let asked = server.asked().split_off(before);
        let linked = arguments.contains(&"--linked");
        // A listing of one group only tells whose credentials these are.
        let mut listings = asked.iter().filter(|one| one.is("DescribeLogGroups") && one.body["limit"] != 1);
        assert!(listings.all(|one| (one.body["includeLinkedAccounts"] == true) == linked), "{name}: {asked:?}");
        for one in asked.iter().filter(|one| one.is("FilterLogEvents")) {
            let foreign = one.name.contains(TWO);
            assert!(!foreign || one.body["logGroupIdentifier"].is_string(), "{name}: {one:?}");
        }
    }
    // Where the account is not a monitoring account, this is not an error.
    let server = Server::start(twins());
    let pulled = Pull::of(&server, &["--all", "--linked"]).run();
    pulled.ends(&[0], "nothing is linked");
    pulled_exactly("nothing is linked", &pulled, &truth(server.estate(), |group| group.account == ONE));
}

#[test]
fn several_profiles_are_read_in_one_run() {
    let mut estate = twins();
    estate.function(TWO, "us-east-1", "bill", 20);
    let server = Server::start(estate);
    let pulled = Pull::of(&server, &["--all", "--profile", "one", "--profile", "two"])
        .args(&["--region", "eu-west-1", "--region", "us-east-1"])
        .config(PROFILES)
        .run();
    pulled.ends(&[0], "two accounts");
    pulled_exactly("two accounts", &pulled, &truth(server.estate(), |_| true));
    assert_eq!(
        pulled.accounts(),
        json!([
            { "account_id": ONE, "regions": ["eu-west-1", "us-east-1"] },
            { "account_id": TWO, "regions": ["eu-west-1", "us-east-1"] },
        ])
    );
    for account in [ONE, TWO] {
        assert!(pulled.stderr.contains(account), "{}", pulled.stderr);
    }
    let answer = pulled.answer();
    let rows = answer["functions"].as_array().expect("a list");
    let mut found: Vec<_> =
        rows.iter().map(|row| [&row["account_id"], &row["region"], &row["function"]].map(Value::to_string)).collect();
    found.sort();
    let quoted = |text: &str| format!("\"{text}\"");
    let want = [
        [ONE, "eu-west-1", "pay"],
        [ONE, "eu-west-1", "ship"],
        [TWO, "eu-west-1", "pay"],
        [TWO, "eu-west-1", "ship"],
        [TWO, "us-east-1", "bill"],
    ];
    assert_eq!(found, want.map(|row| row.map(quoted)));

    let pulled = Pull::new(&server, &["--all", "--profile", "one", "--profile", "two", "--format", "table"])
        .args(&["--region", "eu-west-1", "--region", "us-east-1"])
        .args(&["--from", "2026-10-01T00:00:00Z", "--to", "2026-10-01T01:00:00Z"])
        .config(PROFILES)
        .run();
    pulled.ends(&[0], "table");
    for word in ["ACCOUNT", "REGION", ONE, TWO, "us-east-1", "eu-west-1"] {
        assert!(pulled.stdout.contains(word), "{word}: {}", pulled.stdout);
    }
    // One account and one region need no columns.
    let pulled = Pull::new(&server, &["--all", "--format", "table", "--from", "2026-10-01T00:00:00Z"]).run();
    for word in ["ACCOUNT", "REGION"] {
        assert!(!pulled.stdout.contains(word), "{word}: {}", pulled.stdout);
    }
}

#[test]
fn each_account_has_a_rate_of_its_own() {
    let server = Server::start(twins());
    let pulled =
        Pull::of(&server, &["--all", "--profile", "one", "--profile", "two", "--max-rate", "2"]).config(PROFILES).run();
    pulled.ends(&[0], "two accounts");
    for account in [ONE, TWO] {
        let of_account: Vec<Duration> = server
            .asked()
            .iter()
            .filter(|one| one.is("FilterLogEvents") && one.account == account)
            .map(|one| one.since)
            .collect();
        assert_eq!(of_account.len(), 2, "{account}: a page each");
    }
}

#[test]
fn a_group_that_is_reached_in_several_ways_is_read_once() {
    let mut estate = twins();
    estate.shared(ONE, "eu-west-1", "/acme/shared", &["alpha", "beta"], 20);
    estate.linked.insert(ONE.to_owned(), BTreeSet::from([TWO.to_owned()]));
    let server = Server::start(estate);
    let by_arn = group_arn(ONE, "/aws/lambda/pay");
    let with_star = group_arn(ONE, "/aws/lambda/pay:*");
    let of_two = group_arn(TWO, "/aws/lambda/pay");
    let function = function_arn(ONE, "pay");
    let own_pay: &dyn Fn(&Group) -> bool = &|group| group.account == ONE && group.name == "/aws/lambda/pay";
    let both: &dyn Fn(&Group) -> bool = &|group| group.name == "/aws/lambda/pay";
    let shared: &dyn Fn(&Group) -> bool = &|group| group.name == "/acme/shared";
    let cases: [Choice<'_>; 9] = [
        (&["pay", "pay"], own_pay),
        (&["pay", &function], own_pay),
        (&["pay", "--log-group", &by_arn], own_pay),
        (&["pay", "--log-group", "/aws/lambda/p*"], own_pay),
        (&["pay", "--log-group", &by_arn, "--log-group", &with_star, "--prefix", "pa"], own_pay),
        (&["pay", "--profile", "one", "--profile", "again"], own_pay),
        (&["pay", "--linked", "--log-group", &of_two], both),
        (&["pay", "--linked", "--profile", "one", "--profile", "two"], both),
        (&["alpha", "beta", "--log-group", "/acme/shared"], shared),
    ];
    for (arguments, chosen) in cases {
        let pulled = Pull::of(&server, arguments).config(PROFILES).run();
        let name = format!("{arguments:?}");
        pulled.ends(&[0], &name);
        pulled_exactly(&name, &pulled, &truth(server.estate(), chosen));
        assert_eq!(pulled.answer()["coverage"]["duplicates"], 0, "{name}: nothing is read twice and dropped");
    }
}

#[test]
fn one_function_of_a_shared_group_reads_only_its_streams() {
    let mut estate = Estate::default();
    let names: Vec<String> = (0..40).map(|at| format!("part{at:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    estate.shared(ONE, "eu-west-1", "/acme/shared", &names, 100);
    estate.page = 100;
    let pages_of_all = estate.groups[0].events.len() / estate.page;
    let server = Server::start(estate);
    let pulled = Pull::of(&server, &["part07", "--max-rate", "200"]).run();
    pulled.ends(&[0], "one of forty");
    let want: Vec<String> = {
        let events = server.estate().groups[0].events.iter();
        let mut ids: Vec<String> =
            events.filter(|event| event.stream.contains("/part07[")).map(|event| event.id.clone()).collect();
        ids.sort();
        ids
    };
    let got = ids(&pulled.events()).into_values().next().unwrap_or_default();
    assert_eq!(got, want, "{}", pulled.said());
    let asked: Vec<Asked> = server.asked().into_iter().filter(|one| one.is("FilterLogEvents")).collect();
    assert!(asked.len() < pages_of_all / 4, "{} requests; the whole group has {pages_of_all} pages", asked.len());
    let prefixes: BTreeSet<&str> =
        asked.iter().map(|one| one.body["logStreamNamePrefix"].as_str().unwrap_or("none")).collect();
    let days = ["2026/09/29", "2026/09/30", "2026/10/01"].map(|day| format!("{day}/part07["));
    assert_eq!(prefixes, days.iter().map(String::as_str).collect(), "a chain per day, and two days before");
    assert!(
        pulled.notes().iter().any(|note| note.contains("stream")),
        "old streams are not read: {:?}",
        pulled.notes()
    );
    assert_eq!(server.complaints(), [""; 0]);

    // Where all of its functions are chosen, the group is read as one, however many they are.
    let before = server.count("FilterLogEvents");
    let pulled = Pull::of(&server, &["--all", "--max-rate", "200"]).run();
    pulled_exactly("all of them", &pulled, &truth(server.estate(), |_| true));
    let asked = server.count("FilterLogEvents") - before;
    assert!(asked < pages_of_all * 3 / 2, "{asked} requests for {pages_of_all} pages");
    let of_streams = |note: &String| note.contains("streams");
    assert!(!pulled.notes().iter().any(of_streams), "nothing is left out: {:?}", pulled.notes());

    // So it is with a few, whose oldest environments count, too.
    let mut estate = Estate::default();
    estate.shared(ONE, "eu-west-1", "/acme/shared", &["alpha", "beta"], 20);
    for event in &mut estate.groups[0].events {
        event.stream = event.stream.replace("2026/10/01/alpha[", "2026/09/12/alpha[");
    }
    let server = Server::start(estate);
    for arguments in [&["--all"][..], &["--log-group", "/acme/shared"]] {
        let pulled = Pull::of(&server, arguments).run();
        pulled_exactly(&format!("{arguments:?}"), &pulled, &truth(server.estate(), |_| true));
    }

    // A name that begins another's is not taken for it.
    let mut estate = Estate::default();
    estate.shared(ONE, "eu-west-1", "/acme/shared", &["pay", "pay-late", "repay"], 20);
    let server = Server::start(estate);
    let pulled = Pull::of(&server, &["pay"]).run();
    pulled.ends(&[0], "pay");
    assert_eq!(pulled.answer()["functions"].as_array().map(Vec::len), Some(1), "{}", pulled.stdout);
    assert_eq!(pulled.answer()["totals"]["attempts"], 20);
}

/// Log group that is deleted while it is read.
const DELETED: &str = "/aws/lambda/doomed";

/// Creates three accounts in two regions with sixty groups and every kind of trouble.
fn scripted_world() -> Estate {
    let mut estate = Estate::default();
    for account in [ONE, TWO, THREE] {
        for region in ["eu-west-1", "us-east-1"] {
            for at in 0..8 {
                estate.function(account, region, &format!("f{at}"), 30 + at);
            }
            estate.shared(account, region, "/acme/shared", &["alpha", "beta", "gamma"], 20);
            estate.shared(account, region, "/custom/solo", &["solo"], 15);
        }
    }
    estate.groups.retain(|group| group.account != ONE || group.region != "us-east-1" || group.name != "/custom/solo");
    estate.function(ONE, "eu-west-1", "doomed", 60);
    assert_eq!(estate.groups.len(), 60);
    estate.page = 40;
    estate.script(|asked: &Asked| {
        let filter = asked.is("FilterLogEvents");
        if asked.account == TWO && asked.asks("logs") {
            let why = format!(
                "User: arn:aws:sts::{TWO}:assumed-role/Ops/joe is not authorized to perform: logs:{} with an explicit \
                 deny in a service control policy",
                asked.operation
            );
            return Some(Reply::error("AccessDeniedException", &why));
        }
        if asked.account == THREE && asked.region == "us-east-1" {
            let why = "The security token included in the request is invalid.";
            return Some(Reply::error("UnrecognizedClientException", why));
        }
        if filter && asked.name.contains(DELETED) && asked.body["nextToken"].is_string() {
            return Some(Reply::error("ResourceNotFoundException", "The specified log group does not exist."));
        }
        match asked.nth % 29 {
            3 if filter => Some(Reply::throttled()),
            8 | 21 if filter => Some(Reply::Reset),
            13 if filter => Some(Reply::Error(503, "ServiceUnavailableException", "try later".to_owned())),
            17 if filter => Some(Reply::Empty),
            25 if filter => Some(Reply::Cut),
            _ => None,
        }
    })
}

#[test]
fn of_a_world_of_trouble_everything_is_read_or_named() {
    let server = Server::start(scripted_world());
    let pulled = Pull::of(&server, &["--all", "--max-rate", "200", "--region", "eu-west-1", "--region", "us-east-1"])
        .args(&["--profile", "one", "--profile", "two", "--profile", "three"])
        .config(PROFILES)
        .run();
    pulled.ends(&[3], "the world");
    let readable = |group: &Group| {
        let off = group.account == THREE && group.region == "us-east-1";
        group.account != TWO && !off && group.name != DELETED
    };
    let mut got = ids(&pulled.events());
    let deleted = got.remove(&(ONE.to_owned(), "eu-west-1".to_owned(), DELETED.to_owned())).unwrap_or_default();
    let want = truth(server.estate(), readable);
    let sizes = |ids: &Ids| ids.iter().map(|(key, ids)| (key.clone(), ids.len())).collect::<Vec<_>>();
    assert_eq!(sizes(&got), sizes(&want), "{}", pulled.said());
    assert_eq!(got, want);
    // Of the deleted group there is what was read before.
    let of_deleted = truth(server.estate(), |group| group.name == DELETED).into_values().next().expect("a group");
    assert!(deleted.iter().all(|id| of_deleted.contains(id)));
    assert!(deleted.iter().collect::<BTreeSet<_>>().len() == deleted.len(), "no event comes twice");

    let unread = pulled.unread();
    for words in [
        &[DELETED][..],
        &[TWO, "explicit deny in a service control policy"],
        &["us-east-1", "not enabled|UnrecognizedClientException"],
    ] {
        let has = |line: &String| words.iter().all(|word| word.split('|').any(|one| line.contains(one)));
        assert!(unread.iter().any(has), "{words:?}: {unread:#?}");
    }
    assert!(unread.len() <= 9, "a region or account that is shut is not told group by group: {unread:#?}");
    // The accounts have groups of the same names, so a name alone tells nothing.
    let answer = pulled.answer();
    for one in answer["coverage"]["inputs_unreadable"].as_array().expect("a list") {
        let (input, reason) = (one["input"].as_str().unwrap_or_default(), one["reason"].as_str().unwrap_or_default());
        let of_two = reason.contains(TWO);
        assert!(!of_two || input.contains(TWO) || input.contains("two"), "whose is it? {input}: {reason}");
    }
    assert!(!pulled.complete());
    assert_eq!(server.complaints(), [""; 0]);
    assert!(pulled.took < Duration::from_secs(90), "{:?}", pulled.took);
}
