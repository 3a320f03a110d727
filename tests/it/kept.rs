//! What a pull on a terminal keeps for `show`: the events that failed, as the saved log would show them, and nothing
//! where nobody comes back to it.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use super::cloudwatch::fake::{Event, Group, START, Server, World};
use super::harness::fits_schema;

/// A secret in a line of the log.
const SECRET: &str = "AKIAIOSFODNN7EXAMPLE";

fn id(number: u32) -> String {
    format!("{number:08x}-7d70-4d4a-9b1c-000000000000")
}

/// Events of a function: one request that fails three times, one that a retry saves, one that succeeds.
fn world() -> World {
    let mut events = Vec::new();
    let mut push = |at: i64, message: String| {
        let number = events.len();
        let stream = "2026/10/01/[$LATEST]0123456789abcdef0123456789abcdef".to_owned();
        events.push(Event { at: START + at, id: format!("{number:056}"), stream, message });
    };
    let attempts = [
        (1, 0, true),
        (2, 10_000, true),
        (3, 20_000, false),
        (1, 70_000, true),
        (2, 80_000, false),
        (1, 200_000, true),
    ];
    for (number, at, failed) in attempts {
        let id = id(number);
        push(at, format!("START RequestId: {id} Version: 7\n"));
        push(at + 1, format!("2026-10-01T00:00:00.000Z\t{id}\tINFO\tkey {SECRET}\n"));
        push(
            at + 2,
            format!("2026-10-01T00:00:00.000Z\t{id}\tINFO\tPUT https://ledger.example.com/entries/{number} 200\n"),
        );
        if failed {
            let error = r#"{"errorType":"TypeError","errorMessage":"x is not a function","stack":["TypeError: x"]}"#;
            push(at + 3, format!("2026-10-01T00:00:00.000Z\t{id}\tERROR\tInvoke Error \t{error}\n"));
        }
        push(at + 4, format!("END RequestId: {id}\n"));
        push(
            at + 5,
            format!(
                "REPORT RequestId: {id}\tDuration: 4.00 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
            ),
        );
    }
    World { groups: [("/aws/lambda/pay".to_owned(), Group { events, ..Group::default() })].into(), ..World::default() }
}

/// A user's place: its state directory is there.
struct Home {
    folder: tempfile::TempDir,
    url: String,
}

impl Home {
    fn kept(&self) -> PathBuf {
        self.folder.path().join("state/lambda-triage/last-pull.ndjson")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-triage"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "eu-west-1")])
            .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("TERM", "dumb")])
            .env("XDG_STATE_HOME", self.folder.path().join("state"));
        command
    }

    fn pull(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&["pull", "pay", "--endpoint-url", &self.url]);
        command.args(["--from", "2026-10-01T00:00:00Z", "--to", "2026-10-01T01:00:00Z"]).args(arguments);
        command
    }
}

fn home() -> Home {
    Home { folder: tempfile::tempdir().unwrap(), url: Server::start(world()).url }
}

/// Runs a command whose input and output are a terminal; returns what it printed there.
fn on_terminal(mut command: Command) -> (String, ExitStatus) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(Path::new(name.to_str().unwrap())).unwrap();
    let same = || Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.stdin(same()).stdout(same()).stderr(same()).spawn().unwrap();
    drop((command, terminal));
    let reader = thread::spawn(move || {
        let (mut text, mut screen) = (Vec::new(), File::from(master));
        // The end of a terminal is an error.
        let _ = screen.read_to_end(&mut text);
        String::from_utf8_lossy(&text).replace("\r\n", "\n")
    });
    let status = child.wait().unwrap();
    (reader.join().unwrap(), status)
}

fn json(text: &str) -> Value {
    serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
}

/// What differs between a saved log and what was kept: the name of the input, and lines of a success before the failure.
fn without_input(mut event: Value) -> Value {
    for attempt in event["attempts"].as_array_mut().unwrap() {
        for line in attempt["record"]["evidence"].as_array_mut().unwrap() {
            line["input"] = Value::Null;
        }
    }
    event
}

#[test]
fn what_failed_is_shown_as_the_saved_log_shows_it() {
    let home = home();
    let (screen, status) = on_terminal(home.pull(&[]));
    assert!(status.success(), "{screen}");
    assert!(screen.contains(&format!("lambda-triage show {}\n", id(1))), "the next command: {screen}");
    assert_eq!(screen.matches("last-pull.ndjson").count(), 1, "{screen}");
    let (again, _) = on_terminal(home.pull(&[]));
    assert!(!again.contains("last-pull.ndjson"), "said once: {again}");

    let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((rights(&home.kept()), rights(home.kept().parent().unwrap())), (0o600, 0o700));
    let text = fs::read_to_string(home.kept()).unwrap();
    assert!(!text.contains(SECRET) && text.contains("[redacted]"), "{text}");

    assert!(home.pull(&["--save", "saved.zst"]).output().unwrap().status.success());
    for (number, outcome, attempts) in [(1, "exhausted", 3), (2, "recovered", 2)] {
        let (kept, status) = on_terminal(home.command(&["show", &id(number)[..8], "--format", "json"]));
        assert!(status.success(), "{kept}");
        let saved = home.command(&["show", &id(number), "saved.zst", "--format", "json"]).output().unwrap();
        let (kept, saved) = (json(&kept), json(&String::from_utf8(saved.stdout).unwrap()));
        assert_eq!(kept["outcome"], outcome);
        assert_eq!(kept["attempts"].as_array().unwrap().len(), attempts);
        assert_eq!(kept["attempts"][0]["record"]["side_effects"][0]["repeated"], true, "{kept:#}");
        fits_schema("show", &kept);
        assert_eq!(without_input(kept), without_input(saved));
    }
    let (text, _) = on_terminal(home.command(&["show", "00000001"]));
    assert!(text.contains("lost after 3 attempts") && text.contains("(done again by a later attempt)"), "{text}");
    let (text, _) = on_terminal(home.command(&["show", "00000001", "--links"]));
    let stream = "console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fpay/";
    assert_eq!(text.matches(stream).count(), 3, "{text}");
    let mut command = home.command(&["show", "00000001", "--links"]);
    command.envs([("FORCE_HYPERLINK", "1"), ("TERM", "xterm")]);
    let (text, _) = on_terminal(command);
    assert!(text.contains("\x1b\\log stream\x1b]8;;\x1b\\   \x1b]8;;https://"), "{text:?}");
    let (text, status) = on_terminal(home.command(&["show", &id(3)]));
    assert!(status.code() == Some(4) && text.contains("only failures are kept"), "{text}");
    let (text, status) = on_terminal(home.command(&["show", "0000000"]));
    assert!(status.code() == Some(2) && text.contains("2 events"), "{text}");
    let (text, status) = on_terminal(home.command(&["show", &id(1), "--only", "pay"]));
    assert!(status.code() == Some(2) && text.contains("--only needs a PATH"), "{text}");
}

#[test]
fn nothing_is_kept_where_nobody_comes_back_or_wants_it() {
    let home = home();
    for arguments in [&["--no-keep"][..], &["--save", "saved.zst"], &["--no-redact"]] {
        let (screen, status) = on_terminal(home.pull(arguments));
        assert!(status.success() && !home.kept().exists(), "{arguments:?}: {screen}");
    }
    let mut ci = home.pull(&[]);
    ci.env("CI", "true");
    assert!(on_terminal(ci).1.success() && !home.kept().exists(), "CI");
    assert!(home.pull(&[]).stdin(Stdio::null()).output().unwrap().status.success() && !home.kept().exists(), "a pipe");
    let (text, status) = on_terminal(home.command(&["show", &id(1)]));
    assert!(status.code() == Some(2) && text.contains("there was none"), "{text}");
}

/// A place that cannot be written to costs the answer nothing, and no older pull is left to pass for this one.
#[test]
fn what_cannot_be_kept_is_told() {
    let home = home();
    fs::write(home.folder.path().join("state"), "a file").unwrap();
    let (screen, status) = on_terminal(home.pull(&[]));
    assert!(status.success() && screen.contains("is not kept for `show`"), "{screen}");
    assert!(screen.contains("of 6 attempts failed") && !screen.contains("lambda-triage show"), "{screen}");
}

#[test]
fn a_damaged_file_is_told() {
    let home = home();
    fs::create_dir_all(home.kept().parent().unwrap()).unwrap();
    fs::write(home.kept(), "{\"kept_pull\":1,\"pulled_at\":\"2026-10-01T00:00:00.000Z\",\"left_out\":0}\n{\"cut")
        .unwrap();
    let (text, status) = on_terminal(home.command(&["show", &id(1)]));
    assert!(status.code() == Some(3) && text.contains("pull again, or name a file"), "{text}");
}
