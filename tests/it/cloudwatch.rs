//! `pull` against a fake of CloudWatch Logs: whatever it answers, every true event is pulled once, within the request
//! rate.

#[path = "../fake/mod.rs"]
pub mod fake;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use fake::{Event, Fault, Group, START, Script, Server, World, lambda_log};
use serde_json::Value;

const SECRETS: [&str; 3] = ["AKIDNOTTOBESHOWN", "SECRETNOTTOBESHOWN", "TOKENNOTTOBESHOWN"];

/// Run of `pull` over the hour of the generated logs.
#[must_use]
pub struct Pull {
    pub command: Command,
    pub directory: tempfile::TempDir,
}

impl Pull {
    pub fn of(url: &str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = clean(env!("CARGO_BIN_EXE_lambda-triage"), directory.path());
        command
            .args(["pull", "--endpoint-url", url, "--from", "2026-10-01T00:00:00Z", "--to", "2026-10-01T01:00:00Z"])
            .args(["--format", "json", "--save", "saved.ndjson.zst"])
            .args(arguments)
            .envs([("AWS_ACCESS_KEY_ID", SECRETS[0]), ("AWS_SECRET_ACCESS_KEY", SECRETS[1])])
            .env("AWS_REGION", "eu-west-1");
        Self { command, directory }
    }

    fn saved(&self) -> PathBuf {
        self.directory.path().join("saved.ndjson.zst")
    }

    pub fn run(mut self) -> Pulled {
        let started = Instant::now();
        let output = self.command.output().expect("the program runs");
        Pulled { took: started.elapsed(), output, saved: self.saved(), directory: self.directory }
    }
}

/// Result of a pull.
pub struct Pulled {
    took: Duration,
    output: Output,
    saved: PathBuf,
    directory: tempfile::TempDir,
}

impl Pulled {
    pub fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    pub fn answer(&self) -> Value {
        serde_json::from_slice(&self.output.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stderr()))
    }

    /// Returns the events of the saved file, after checking that `analyze` gives the same answer for it as the pull.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let again = clean(env!("CARGO_BIN_EXE_lambda-triage"), self.directory.path())
            .args(["analyze", "saved.ndjson.zst", "--format", "json"])
            .output()
            .expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (again, first) = (text(&again.stdout), text(&self.output.stdout));
        let apart = again.lines().zip(first.lines()).find(|(again, first)| again != first);
        assert_eq!(apart, None, "analyze repeats the answer");
        assert_eq!(again, first, "analyze repeats the answer");
        let bytes = unpack(&fs::read(&self.saved).expect("a saved file"));
        text(&bytes).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Pulled {
    /// Returns the bytes of the saved file.
    #[track_caller]
    pub fn saved_bytes(&self) -> Vec<u8> {
        fs::read(&self.saved).expect("a saved file")
    }

    /// Analyses the saved file with further arguments.
    #[track_caller]
    pub fn analyze(&self, arguments: &[&str]) -> Value {
        let output = clean(env!("CARGO_BIN_EXE_lambda-triage"), self.directory.path())
            .args(["analyze", "saved.ndjson.zst", "--format", "json"])
            .args(arguments)
            .output()
            .expect("the program runs");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// Creates a command without this machine's AWS configuration.
fn clean(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(directory)
        .envs([("AWS_CONFIG_FILE", "/nonexistent"), ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")])
        .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nonexistent")])
        .stdin(Stdio::null());
    command
}

/// Decompresses all frames of a zstd file; skippable frames are skipped.
pub fn unpack(mut bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    while bytes.len() >= 8 {
        if bytes[1..4] == [0x2a, 0x4d, 0x18] {
            let length = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes")) as usize;
            bytes = &bytes[8 + length..];
            continue;
        }
        let mut frame = ruzstd::decoding::StreamingDecoder::new(&mut bytes).expect("a frame");
        frame.read_to_end(&mut text).expect("a whole frame");
    }
    text
}

pub fn group(events: Vec<Event>) -> Group {
    Group { events, ..Group::default() }
}

/// Creates a world of functions with so many attempts each, spread over the hour.
pub fn world(functions: usize, attempts: usize) -> World {
    let step = 3_600_000 / attempts as i64;
    let one = |at: usize| {
        let name = format!("f{at:04}");
        (format!("/aws/lambda/{name}"), group(lambda_log(&name, attempts, step)))
    };
    World { groups: (0..functions).map(one).collect(), ..World::default() }
}

/// Returns the ids of the events by group, in the order of the file.
fn ids(events: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events {
        let text = |key: &str| event[key].as_str().expect("text").to_owned();
        ids.entry(text("logGroup")).or_default().push(text("eventId"));
    }
    ids
}

fn truth(world: &World) -> BTreeMap<String, Vec<String>> {
    let ids = |group: &Group| group.events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    let readable = world.groups.iter().filter(|(_, group)| group.refused.is_none() && group.class.is_none());
    readable.map(|(name, group)| (name.clone(), ids(group))).filter(|(_, ids)| !ids.is_empty()).collect()
}

fn pages(world: &World) -> usize {
    world.groups.values().map(|group| group.events.len().div_ceil(world.page).max(1)).sum()
}

/// Pulls all of a world whose answers fail by `script`, and checks that every event comes once, with few extra
/// requests.
#[track_caller]
fn survives(name: &str, world: World, faults: usize, more: &[&str]) {
    let (truth, pages) = (truth(&world), pages(&world));
    let server = Server::start(world);
    let pulled = Pull::of(&server.url, &[&["--all", "--max-rate", "500"], more].concat()).run();
    assert_eq!(pulled.status(), Some(0), "{name}: {}", pulled.stderr());
    assert_eq!(ids(&pulled.events()), truth, "{name}");
    assert_eq!(server.complaints(), [""; 0], "{name}");
    // Dividing a chain may cost a partly filled page for each piece.
    let bound = pages * 3 / 2 + faults * 2 + 40;
    assert!(server.requests() <= bound, "{name}: {} requests for {pages} pages", server.requests());
}

fn every(nth: usize, fault: Fault) -> Script {
    Box::new(move |number, _| (number % nth == nth - 1).then_some(fault))
}

#[test]
fn no_event_is_lost_or_doubled_whatever_the_pages_look_like() {
    let faults = [
        ("nothing", None),
        ("throttles", Some(Fault::Throttled)),
        ("5xx", Some(Fault::Unavailable)),
        ("resets", Some(Fault::Reset)),
        ("answers cut in the middle", Some(Fault::CutAnswer)),
        ("empty pages with a token", Some(Fault::Empty)),
        ("the same token, no events", Some(Fault::SameToken)),
        ("the same token, the page comes again", Some(Fault::SamePage)),
        ("lost tokens", Some(Fault::LostToken)),
    ];
    for (name, fault) in faults {
        let mut world = world(6, 300);
        if let Some(fault) = fault {
            world.script = every(if fault == Fault::Throttled { 25 } else { 4 }, fault);
        }
        survives(name, world, 60, &[]);
    }
}

#[test]
fn answers_that_do_not_come_are_asked_for_again() {
    let mut world = world(2, 100);
    world.script = every(5, Fault::Silent(Duration::from_secs(3)));
    survives("time-outs", world, 10, &["--timeout", "1s"]);
}

#[test]
fn everything_at_once() {
    let mut world = world(8, 400);
    world.latency = Duration::from_millis(5);
    world.script = Box::new(|number, _| match number % 23 {
        2 => Some(Fault::Empty),
        5 => Some(Fault::SameToken),
        9 => Some(Fault::LostToken),
        13 => Some(Fault::Unavailable),
        15 => Some(Fault::SamePage),
        17 => Some(Fault::Reset),
        20 => Some(Fault::CutAnswer),
        22 if number < 50 => Some(Fault::Throttled),
        _ => None,
    });
    survives("everything", world, 120, &[]);
}

#[test]
fn many_events_of_one_millisecond_survive_a_lost_token() {
    let mut world = world(1, 1);
    let mut events = lambda_log("burst", 120, 0);
    for (at, event) in events.iter_mut().enumerate() {
        event.at = START + 5;
        event.id = format!("{at:056}");
    }
    world.groups.insert("/aws/lambda/burst".to_owned(), group(events));
    // Within one millisecond only a token leads on, so some of them have to stay valid.
    world.script = Box::new(|number, _| [2, 5, 8].contains(&number).then_some(Fault::LostToken));
    survives("a burst", world, 40, &[]);
}

#[test]
fn two_thousand_groups() {
    let mut world = world(2_000, 1);
    world.page = 1_000;
    let truth = truth(&world);
    let server = Server::start(world);
    let pulled = Pull::of(&server.url, &["--all", "--max-rate", "1000"]).run();
    assert_eq!(pulled.status(), Some(0), "{}", pulled.stderr());
    assert!(
        pulled.stderr().contains("reading account 123456789012, eu-west-1: 1.0 hours of 2000 log groups"),
        "{}",
        pulled.stderr()
    );
    assert_eq!(ids(&pulled.events()), truth);
    assert_eq!(server.requests(), 2_000);
    assert!(server.most_in_a_second() <= 1_000);
}

/// Pulls 20 groups, 400 pages, 100 ms per page, at 100 requests a second, which the rate allows in 4 s. Returns the
/// used share of the rate, and the seconds from the first request to the last.
#[allow(clippy::print_stdout, reason = "the figures are worth seeing")]
fn at_full_rate() -> (f64, f64) {
    let mut world = world(20, 500);
    world.page = 105;
    world.latency = Duration::from_millis(100);
    let (truth, pages) = (truth(&world), pages(&world));
    assert_eq!(pages, 400);
    let server = Server::start(world);
    let pulled = Pull::of(&server.url, &["--all", "--max-rate", "100"]).run();
    assert_eq!(ids(&pulled.events()), truth);
    let (asked, most) = (server.asked_for().as_secs_f64(), server.most_in_a_second());
    let used = server.requests() as f64 / asked / 100.0;
    println!(
        "{pages} pages, {} requests in {asked:.2} s ({:.0} % of the rate), at most {most} in a second, {:.2} s in all",
        server.requests(),
        used * 100.0,
        pulled.took.as_secs_f64()
    );
    assert!(most <= 100, "{most} requests in one second");
    (used, asked)
}

#[test]
fn the_rate_is_kept_and_used() {
    // Other load on the machine may spoil a run, but not all of them.
    let runs: Vec<(f64, f64)> = (0..3)
        .scan(false, |enough, _| {
            (!*enough).then(|| {
                let run = at_full_rate();
                *enough = run.0 >= 0.9 && run.1 <= 1.2 * 4.0;
                run
            })
        })
        .collect();
    assert!(runs.iter().any(|(used, asked)| *used >= 0.9 && *asked <= 1.2 * 4.0), "{runs:?}");
}

#[test]
fn one_large_group_is_divided() {
    let mut world = world(1, 2_000);
    world.page = 105;
    world.latency = Duration::from_millis(100);
    let (truth, pages) = (truth(&world), pages(&world));
    let server = Server::start(world);
    let pulled = Pull::of(&server.url, &["f0000", "--max-rate", "50"]).run();
    assert_eq!(ids(&pulled.events()), truth);
    assert!(server.most_in_a_second() <= 50);
    // Page after page it would take 8 s; at the full rate 1.6 s. A loaded machine may take longer, but an undivided
    // chain cannot take less than the sum of its pages.
    let chained = Duration::from_millis(100) * u32::try_from(pages).unwrap();
    assert!(pulled.took < chained * 3 / 4, "{:?} for {pages} pages, {} requests", pulled.took, server.requests());
}

#[test]
fn throttles_slow_the_pull_down() {
    let mut world = world(4, 300);
    // A quota shared with others: everything above 20 requests in a row is refused for a while.
    world.script = Box::new(|number, _| (number % 40 >= 36).then_some(Fault::Throttled));
    survives("a shared quota", world, 60, &[]);
}

#[test]
fn groups_that_cannot_be_read_are_named_and_stop_nothing() {
    let mut world = world(2, 50);
    let class = |class| Group { class: Some(class), ..Group::default() };
    let refused = |code, message| Group { refused: Some((code, message)), ..Group::default() };
    world.groups.insert("/aws/lambda/archive".to_owned(), class("INFREQUENT_ACCESS"));
    world.groups.insert("/aws/lambda/shipped".to_owned(), class("DELIVERY"));
    let told = refused("InvalidOperationException", "not supported for log groups of the Infrequent Access log class");
    world.groups.insert("/aws/lambda/untold".to_owned(), told);
    world.groups.insert("/aws/lambda/secret".to_owned(), refused("AccessDeniedException", "not authorized"));
    let truth = truth(&world);
    let server = Server::start(world);
    let named = ["f0000", "f0001", "archive", "shipped", "untold", "secret", "never-ran", "--max-rate", "200"];
    let pulled = Pull::of(&server.url, &named).run();
    assert_eq!(pulled.status(), Some(3));
    assert_eq!(ids(&pulled.events()), truth);
    let answer = pulled.answer();
    assert_eq!(answer["coverage"]["complete"], false);
    let problems = answer["coverage"]["inputs_unreadable"].to_string();
    for words in [
        "/aws/lambda/archive (eu-west-1)",
        "/aws/lambda/untold (eu-west-1)",
        "only Logs Insights reads",
        "what it delivers",
        "allow logs:FilterLogEvents",
        "no log group /aws/lambda/never-ran in eu-west-1",
    ] {
        assert!(problems.contains(words), "{words}: {problems}");
    }
}

#[test]
fn of_a_shared_group_only_the_function_is_read() {
    let mut world = World::default();
    let mut events = Vec::new();
    for name in ["pay", "ship"] {
        for mut event in lambda_log(name, 30, 1_000) {
            event.stream = event.stream.replace("/[", &format!("/{name}["));
            events.push(event);
        }
    }
    events.sort_by_key(|event| event.at);
    world.groups.insert("/acme/all".to_owned(), group(events.clone()));
    world.custom = ["pay", "ship"].map(|name| (name.to_owned(), "/acme/all".to_owned())).into();
    let server = Server::start(world);
    for (arguments, functions) in [
        (vec!["pay"], vec!["pay"]),
        (vec!["sh*"], vec!["ship"]),
        (vec!["--log-group", "/acme/*"], vec!["pay", "ship"]),
        (vec!["--log-group", "arn:aws:logs:eu-west-1:123456789012:log-group:/acme/all:*"], vec!["pay", "ship"]),
    ] {
        let pulled = Pull::of(&server.url, &arguments).run();
        assert_eq!(pulled.status(), Some(0), "{arguments:?}: {}", pulled.stderr());
        let answer = pulled.answer();
        let mut found: Vec<&str> =
            answer["functions"].as_array().expect("a list").iter().filter_map(|one| one["function"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, functions);
        let wanted =
            events.iter().filter(|event| functions.iter().any(|name| event.stream.contains(&format!("/{name}["))));
        assert_eq!(pulled.events().len(), wanted.count());
    }
}

#[test]
fn what_is_wrong_with_the_account_is_one_sentence() {
    let server = Server::start(world(1, 10));
    let expired = World { script: every(1, Fault::Refused("ExpiredTokenException")), ..world(1, 10) };
    let expired = Server::start(expired);
    let unknown = World { script: every(1, Fault::Refused("UnrecognizedClientException")), ..world(1, 10) };
    let unknown = Server::start(unknown);
    let case = |pull: Pull, words: &str| {
        let pulled = pull.run();
        assert_eq!(pulled.status(), Some(3), "{words}: {}", pulled.stderr());
        assert!(pulled.stderr().contains(words), "{words}: {}", pulled.stderr());
        // Once the groups are known, the account is printed first.
        let stderr = pulled.stderr();
        let said = stderr.lines().filter(|line| !line.starts_with("lambda-triage: reading account ")).count();
        assert_eq!(said, 1, "{stderr}");
        assert!(pulled.output.stdout.is_empty(), "{words}");
        assert!(!pulled.saved.exists(), "{words}");
    };
    let mut missing = Pull::of(&server.url, &["f0000"]);
    missing.command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    case(missing, "found no AWS credentials");
    case(Pull::of(&expired.url, &["f0000"]), "the AWS credentials have expired");
    case(Pull::of(&unknown.url, &["f0000"]), "AWS refuses the credentials (UnrecognizedClientException)");
    let mut nowhere = Pull::of(&server.url, &["f0000"]);
    nowhere.command.env_remove("AWS_REGION");
    case(nowhere, "no AWS region");
    case(Pull::of("http://127.0.0.1:9", &["f0000"]), "cannot reach CloudWatch Logs in eu-west-1");
    case(Pull::of("http://logs.eu-wset-1.invalid", &["f0000", "--region", "eu-wset-1"]), "check the region's name");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_status_3() {
    let server = Server::start(world(2, 200));
    let pull = Pull::of(&server.url, &["f0000", "f0001"]);
    // Limits files to a kilobyte.
    let mut command = clean("bash", pull.directory.path());
    command.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]);
    command.arg(pull.command.get_program()).args(pull.command.get_args());
    command.envs(pull.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let pulled = Pull { command, directory: pull.directory }.run();
    assert_eq!(pulled.status(), Some(3), "{}", pulled.stderr());
    assert!(pulled.stderr().contains("the temporary file: File too large"), "{}", pulled.stderr());
    assert_eq!(pulled.answer()["coverage"]["complete"], false);
}

#[test]
fn no_secret_is_ever_shown() {
    let server = Server::start(world(1, 10));
    for url in [server.url.as_str(), "http://127.0.0.1:9"] {
        let mut pull = Pull::of(url, &["f0000"]);
        pull.command.envs([("RUST_LOG", "trace"), ("AWS_SESSION_TOKEN", SECRETS[2])]);
        let pulled = pull.run();
        let saved = fs::read(&pulled.saved).map(|bytes| unpack(&bytes)).unwrap_or_default();
        let all = [&pulled.output.stdout[..], &pulled.output.stderr, &saved].map(String::from_utf8_lossy).concat();
        assert!(SECRETS.iter().all(|secret| !all.contains(secret)), "{all}");
    }
}

#[test]
fn nothing_named_is_wrong_usage() {
    for (arguments, words) in [
        (vec![], "nothing to pull"),
        (vec!["/aws/lambda/pay"], "write --log-group"),
        (vec!["pay", "--from", "1h", "--to", "2h"], "--from is later than --to"),
        (vec!["--log-group", "arn:aws:s3:::bucket"], "not the ARN of a log group"),
        (vec!["arn:aws:lambda:eu-west-1:123456789012:layer:pay"], "not the ARN of a function"),
        (vec!["arn:aws:lambda:eu-west-1::function:pay"], "not the ARN of a function"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = clean(env!("CARGO_BIN_EXE_lambda-triage"), directory.path());
        command.arg("pull").args(&arguments).env("AWS_REGION", "eu-west-1").env("AWS_ACCESS_KEY_ID", "a");
        let output = command.env("AWS_SECRET_ACCESS_KEY", "b").output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_what_is_known() {
    for (signal, status) in [("-INT", 130), ("-TERM", 143)] {
        let mut world = world(10, 300);
        world.latency = Duration::from_millis(200);
        let server = Server::start(world);
        let mut pull = Pull::of(&server.url, &["--all", "--max-rate", "10"]);
        let child = pull.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        while server.requests() < 15 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        let output = child.wait_with_output().expect("it ends");
        let saved = pull.saved();
        let pulled = Pulled { took: Duration::ZERO, output, saved, directory: pull.directory };
        assert_eq!(pulled.status(), Some(status), "{}", pulled.stderr());
        let answer = pulled.answer();
        assert_eq!(answer["coverage"]["complete"], false);
        assert!(answer["coverage"]["notes"].to_string().contains("interrupted: "), "{}", answer["coverage"]);
        assert!(answer["totals"]["attempts"].as_u64() > Some(0));
        assert!(!pulled.events().is_empty());
    }
}
