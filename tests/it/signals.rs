//! Signals to real processes: what was read so far is answered for, marked partial, and nothing temporary is left. The
//! tests wait for signs, such as an empty pipe; none depends on how long anything takes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;

use super::harness::{Run, directory, gzip, read_records, read_summary, write};

/// Signals by the name that `kill` takes, with the exit status and the name in messages.
const SIGNALS: [(&str, i32, &str); 3] = [("INT", 130, "SIGINT"), ("TERM", 143, "SIGTERM"), ("HUP", 129, "SIGHUP")];

/// Time after which a program counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

fn id(number: usize) -> String {
    format!("{number:08x}-5b50-4f1e-8b5c-0d0b9f3c2a11")
}

/// Returns the log of one attempt that failed.
fn attempt(number: usize) -> String {
    let (id, at) = (id(number), format!("2026-01-02T{:02}:{:02}:{:02}", number / 3600, number / 60 % 60, number % 60));
    format!(
        "{at}.000Z START RequestId: {id} Version: 7\n\
         {at}.003Z {id} Task timed out after 3.00 seconds\n\n\
         {at}.003Z END RequestId: {id}\n\
         {at}.003Z REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t\
         Max Memory Used: 9 MB\n"
    )
}

fn log(attempts: std::ops::Range<usize>) -> String {
    attempts.map(attempt).collect()
}

/// A log of the same attempts as NDJSON.
fn ndjson(attempts: std::ops::Range<usize>) -> String {
    let text = log(attempts);
    let lines = text.lines().filter(|line| !line.is_empty()).enumerate();
    let object = |(at, line): (usize, &str)| {
        let stream = "2026/01/02/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let message = line.split_once(' ').unwrap().1;
        let json = serde_json::json!({
            "timestamp": 1_767_322_800_000u64 + at as u64, "logGroup": "/aws/lambda/f", "logStream": stream,
            "message": message
        });
        format!("{json}\n")
    };
    lines.map(object).collect()
}

/// A program that runs, and is killed if a test ends before it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

impl Running {
    fn start(run: Run, stdin: Stdio, folder: &Path) -> Self {
        let out = |name: &str| Stdio::from(File::create(folder.join(name)).unwrap());
        let mut command = run.directory(folder).with_default_signals().into_command();
        command.env("TMPDIR", folder.join("tmp")).stdin(stdin).stdout(out("stdout")).stderr(out("stderr"));
        Self(command.spawn().unwrap())
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until something holds. Fails if the program ends before.
    #[track_caller]
    fn until(&mut self, what: &str, mut holds: impl FnMut(&Child) -> bool) {
        let began = Instant::now();
        while !holds(&self.0) {
            assert!(self.0.try_wait().unwrap().is_none(), "ended before {what}");
            assert!(began.elapsed() < PATIENCE, "never: {what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[track_caller]
    fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Returns the number of bytes that the program has read so far.
fn bytes_read(program: &Child) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/io", program.id())).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok()).unwrap_or(0)
}

/// Returns the size of the largest file without a name, in this folder, that the program writes.
fn nameless(program: &Child, folder: &Path) -> u64 {
    let entries = fs::read_dir(format!("/proc/{}/fd", program.id())).into_iter().flatten().flatten();
    let is_here = |path: &PathBuf| fs::read_link(path).is_ok_and(|target| target.starts_with(folder));
    entries
        .map(|entry| entry.path())
        .filter(is_here)
        .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
        .max()
        .unwrap_or(0)
}

fn place() -> tempfile::TempDir {
    let folder = directory();
    fs::create_dir(folder.path().join("tmp")).unwrap();
    folder
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Fails if something temporary is left, or a message tells of our own parts.
#[track_caller]
fn left_clean(folder: &Path, what: &str) {
    assert_eq!(fs::read_dir(folder.join("tmp")).unwrap().count(), 0, "{what}: left in TMPDIR");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with('.'), "{what}: {name} is left");
    }
    let stderr = text(folder, "stderr");
    assert!(!stderr.contains("panicked") && !stderr.contains("damaged"), "{what}: {stderr}");
}

/// A command that reads `-` last, and what must be in the answer: attempts that were read of the two that came.
struct Case {
    name: &'static str,
    arguments: &'static [&'static str],
    input: fn() -> Vec<u8>,
    check: fn(&Path, &str),
}

fn summary_of(text: &str, attempts: u64) -> Value {
    let summary = read_summary(text);
    assert_eq!((&summary["coverage"]["complete"], &summary["totals"]["attempts"]), (&false.into(), &attempts.into()));
    summary
}

fn plain() -> Vec<u8> {
    log(1..3).into_bytes()
}

/// Two attempts in a gzip stream that goes on.
fn packed() -> Vec<u8> {
    let mut whole = gzip(log(1..3).as_bytes());
    whole.extend(gzip(log(3..2_000).as_bytes()));
    let half = whole.len() / 2;
    whole.truncate(half);
    whole
}

const CASES: &[Case] = &[
    Case {
        name: "json",
        arguments: &["analyze", "-", "--function", "f", "--format", "json"],
        input: plain,
        check: |_, out| drop(summary_of(out, 2)),
    },
    Case {
        name: "one thread",
        arguments: &["analyze", "-", "--function", "f", "--format", "json", "--threads", "1"],
        input: plain,
        check: |_, out| drop(summary_of(out, 2)),
    },
    Case {
        name: "a table",
        arguments: &["analyze", "-", "--function", "f"],
        input: plain,
        check: |_, out| assert!(out.contains("2 of 2 attempts failed") && out.contains("partial"), "{out}"),
    },
    Case {
        name: "records",
        arguments: &["analyze", "-", "--function", "f", "--format", "ndjson"],
        input: plain,
        check: |_, out| assert_eq!(read_records(out).len(), 2),
    },
    Case {
        name: "a gate that would pass",
        arguments: &["analyze", "-", "--function", "f", "--format", "json", "--fail-on", "failed > 1000"],
        input: plain,
        check: |_, out| assert_eq!(summary_of(out, 2)["gate"]["passed"], false),
    },
    Case {
        name: "a gate that fails",
        arguments: &["analyze", "-", "--function", "f", "--format", "json", "--fail-on", "failed > 0"],
        input: plain,
        check: |_, out| assert_eq!(summary_of(out, 2)["gate"]["passed"], false),
    },
    Case {
        name: "outputs to files",
        arguments: &[
            "analyze",
            "-",
            "--function",
            "f",
            "--format",
            "json",
            "--output",
            "answer",
            "--report",
            "ndjson=records",
            "--ledger",
            "ledger.csv",
        ],
        input: plain,
        check: |folder, out| {
            assert!(out.is_empty());
            summary_of(&text(folder, "answer"), 2);
            assert_eq!(read_records(&text(folder, "records")).len(), 2);
            assert_eq!(text(folder, "ledger.csv").lines().count(), 1);
        },
    },
    Case {
        name: "NDJSON",
        arguments: &["analyze", "-", "--format", "json"],
        input: || ndjson(1..3).into_bytes(),
        check: |_, out| drop(summary_of(out, 2)),
    },
    Case {
        name: "an event that is cut",
        arguments: &["analyze", "-", "--format", "json", "--quiet"],
        input: || [ndjson(1..3).as_bytes(), br#"{"timestamp":17673"#].concat(),
        check: |_, out| drop(summary_of(out, 2)),
    },
    Case {
        name: "gzip",
        arguments: &["analyze", "-", "--function", "f", "--format", "json"],
        input: packed,
        check: |_, out| {
            let attempts = read_summary(out)["totals"]["attempts"].as_u64().unwrap();
            assert!((2..2_000).contains(&attempts), "{attempts}");
        },
    },
    Case {
        name: "nothing came",
        arguments: &["analyze", "-", "--format", "json"],
        input: Vec::new,
        check: |_, out| drop(summary_of(out, 0)),
    },
    Case {
        name: "too little to know what it is",
        arguments: &["analyze", "-", "--format", "json"],
        input: || b"milk".to_vec(),
        check: |_, out| drop(summary_of(out, 0)),
    },
    Case {
        name: "show",
        arguments: &["show", "00000001", "-", "--function", "f", "-q"],
        input: plain,
        check: |_, out| assert!(out.contains("Task timed out"), "{out}"),
    },
    Case {
        name: "show, of what did not come",
        arguments: &["show", "00000009", "-"],
        input: plain,
        check: |_, out| assert!(out.is_empty()),
    },
    Case {
        name: "diff",
        arguments: &["diff", "before.log", "-", "--format", "json"],
        input: plain,
        check: |_, out| {
            let diff: Value = serde_json::from_str(out).unwrap();
            assert_eq!((&diff["head"]["attempts"], &diff["head"]["complete"]), (&2.into(), &false.into()));
            assert!(diff["notes"].to_string().contains("interrupted by SIG"), "{diff:#}");
        },
    },
    Case {
        name: "a baseline",
        arguments: &["analyze", "before.log", "--baseline", "-", "--format", "json"],
        input: plain,
        check: |_, out| drop(read_summary(out)),
    },
    Case {
        name: "view",
        arguments: &["view", "-", "--format", "json"],
        input: || Run::new(["demo", "--format", "ndjson"]).stdout().into_bytes(),
        check: |_, out| drop(summary_of(out, 54)),
    },
    Case {
        name: "view, of a summary",
        arguments: &["view", "-"],
        input: || b"{\"schema\": 1, \"tool_version\": \"0\", ".to_vec(),
        check: |_, out| assert!(out.is_empty()),
    },
    Case {
        name: "metrics",
        arguments: &["metrics", "-"],
        input: || Run::new(["demo", "--format", "ndjson"]).stdout().into_bytes(),
        check: |_, out| assert!(out.contains("failed (count) = ")),
    },
];

#[test]
fn what_was_read_of_a_pipe_is_answered_for() {
    for (signal, status, name) in SIGNALS {
        for case in CASES {
            // The names of the cases and the signal tell which one failed.
            let what = format!("{name}, {}", case.name);
            let folder = place();
            write(&folder.path().join("before.log"), log(10..14));
            let (reader, mut writer) = std::io::pipe().unwrap();
            let same = reader.try_clone().unwrap();
            let mut program = Running::start(Run::new(case.arguments), reader.into(), folder.path());
            writer.write_all(&(case.input)()).unwrap();
            program.until("all is read", |child| ioctl_fionread(&same).unwrap() == 0 && is_listening(child));
            program.send(signal);
            assert_eq!(program.end().code(), Some(status), "{what}: {}", text(folder.path(), "stderr"));
            let stderr = text(folder.path(), "stderr");
            assert!(
                stderr.contains(&format!("interrupted by {name}")) || case.name.starts_with("metrics"),
                "{what}: {stderr}"
            );
            println!("{what}");
            (case.check)(folder.path(), &text(folder.path(), "stdout"));
            left_clean(folder.path(), &what);
            drop(writer);
        }
    }
}

/// Returns whether the program takes signals by now, as it does before it reads anything.
fn is_listening(program: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigCgt:")?.trim(), 16).ok());
    // SIGTERM is the last that it begins to take.
    caught.is_some_and(|caught| caught >> 14 & 1 == 1)
}

/// Files that take a while to read.
struct Files {
    name: &'static str,
    count: u64,
    make: fn(&Path),
}

const FILES: [Files; 3] = [
    Files { name: "big", count: 1, make: |folder| write(&folder.join("a/big.log"), log(1..80_000)) },
    Files {
        name: "packed",
        count: 1,
        make: |folder| write(&folder.join("a/big.gz"), gzip(ndjson(1..40_000).as_bytes())),
    },
    Files {
        name: "many",
        count: 2_000,
        make: |folder| {
            for number in 0..2_000 {
                write(&folder.join(format!("a/{number:04}.log")), attempt(number));
            }
        },
    },
];

/// A pipe behind the other inputs stays open, so the program cannot end however quick it is.
#[test]
fn what_was_read_of_files_is_answered_for() {
    for Files { name, count: inputs, make } in FILES {
        for (threads, (signal, status, _)) in ["1", "2"].into_iter().zip(SIGNALS) {
            let folder = place();
            make(folder.path());
            assert!(Command::new("mkfifo").arg(folder.path().join("b")).status().unwrap().success());
            let run = Run::analyze(["a", "b"]).args(["--function", "f", "--format", "json", "--threads", threads]);
            let mut program = Running::start(run, Stdio::null(), folder.path());
            program.until("a part is read", |child| is_listening(child) && bytes_read(child) > 200_000);
            program.send(signal);
            let what = format!("{name}, {threads} threads");
            assert_eq!(program.end().code(), Some(status), "{what}");
            let summary = read_summary(&text(folder.path(), "stdout"));
            let notes = summary["coverage"]["notes"].to_string();
            assert_eq!(summary["coverage"]["complete"], false, "{what}");
            assert!(
                notes.contains(&format!(" of {} inputs: what was not read is missing", inputs + 1)),
                "{what}: {notes}"
            );
            let whole = notes.split(" after ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
            let whole: u64 = whole.unwrap_or_else(|| panic!("{what}: {notes}"));
            let attempts = summary["totals"]["attempts"].as_u64().unwrap();
            assert!(whole <= inputs && attempts > 0, "{what}: {attempts} attempts, {notes}");
            assert!(name != "many" || attempts >= whole, "{what}: {attempts} attempts, {notes}");
            left_clean(folder.path(), &what);
        }
    }
}

/// Starts a run that writes to a pipe of which nobody reads, and waits until that is full.
fn blocked(folder: &Path) -> (Running, std::io::PipeReader) {
    write(&folder.join("in.log"), log(1..500));
    let (reader, writer) = std::io::pipe().unwrap();
    let run = Run::analyze(["in.log"]).args(["--function", "f", "--format", "ndjson", "--report", "json=answer"]);
    let mut command = run.directory(folder).with_default_signals().into_command();
    command.env("TMPDIR", folder.join("tmp")).stdin(Stdio::null()).stdout(writer);
    command.stderr(File::create(folder.join("stderr")).unwrap());
    let mut program = Running(command.spawn().unwrap());
    drop(command);
    program.until("the pipe is full", |_| ioctl_fionread(&reader).unwrap() >= 60_000);
    (program, reader)
}

/// A signal while outputs are written ends nothing half: they are written, and the status tells of it.
#[test]
fn outputs_are_written_whole() {
    for (signal, status, _) in SIGNALS {
        let folder = place();
        let (mut program, mut reader) = blocked(folder.path());
        program.send(signal);
        let mut records = String::new();
        reader.read_to_string(&mut records).unwrap();
        assert_eq!(program.end().code(), Some(status));
        assert_eq!(read_records(&records).len(), 499);
        assert_eq!(read_summary(&text(folder.path(), "answer"))["coverage"]["complete"], true);
        left_clean(folder.path(), signal);
    }
}

/// Whoever presses again wants it to end, whatever it is doing.
#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, status, _) in SIGNALS {
        let folder = place();
        let (mut program, _reader) = blocked(folder.path());
        let began = Instant::now();
        while program.0.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE);
            let _ =
                Command::new("kill").args(["-s", signal, &program.0.id().to_string()]).stderr(Stdio::null()).status();
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(program.end().code(), Some(status), "nobody has read its output");
        left_clean(folder.path(), signal);
    }
}

/// Not even SIGKILL leaves a file beside an output.
#[test]
fn a_killed_run_leaves_no_file() {
    let folder = place();
    write(&folder.path().join("in.log"), log(1..4_000));
    fs::create_dir(folder.path().join("out")).unwrap();
    write(&folder.path().join("out/old"), "before");
    let run = Run::analyze(["in.log"]).args(["--function", "f", "--format", "ndjson", "--output", "out/old"]);
    let mut program = Running::start(run, Stdio::null(), folder.path());
    let out = folder.path().join("out").canonicalize().unwrap();
    let mut seen = 0;
    program.until("it writes", |child| {
        seen = nameless(child, &out);
        seen > 0 || text(folder.path(), "out/old") != "before"
    });
    program.send("KILL");
    let status = program.end();
    assert!(status.signal() == Some(9) || status.success(), "{status}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    let left = text(folder.path(), "out/old");
    assert!(left == "before" || read_records(&left).len() == 3_999, "{seen} bytes were written");
    left_clean(folder.path(), "SIGKILL");
}

/// `nohup`, and shells for what runs in the background, have signals ignored: that is not for us to change.
#[test]
fn a_signal_that_is_ignored_stays_so() {
    let folder = place();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let same = reader.try_clone().unwrap();
    let analyze = Run::analyze(["-"]).args(["--function", "f", "--format", "json"]).into_command();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP INT; exec \"$0\" \"$@\""]).arg(analyze.get_program()).args(analyze.get_args());
    let out = |name: &str| Stdio::from(File::create(folder.path().join(name)).unwrap());
    command.stdin(reader).stdout(out("stdout")).stderr(out("stderr"));
    let mut program = Running(command.spawn().unwrap());
    drop(command);
    writer.write_all(&plain()).unwrap();
    program.until("all is read", |child| ioctl_fionread(&same).unwrap() == 0 && is_listening(child));
    program.send("HUP");
    program.send("INT");
    drop(writer);
    assert_eq!(program.end().code(), Some(0), "{}", text(folder.path(), "stderr"));
    assert_eq!(read_summary(&text(folder.path(), "stdout"))["coverage"]["complete"], true);
}

/// Opens a terminal of 24 lines: the side of the screen, and that of programs.
fn open_terminal() -> (OwnedFd, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(Path::new(name.to_str().unwrap())).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    (master, terminal)
}

/// Long answers to read go to the pager, short ones and those of programs do not.
#[test]
fn long_answers_are_paged_on_a_terminal() {
    let folder = place();
    write(&folder.path().join("in.log"), log(1..2));
    let lines: String = (0..40).map(|number| format!("2026-01-02T00:00:01.002Z {} line {number}\n", id(1))).collect();
    let mut long = attempt(1);
    long.insert_str(long.find('\n').unwrap() + 1, &lines);
    write(&folder.path().join("long.log"), long);
    let id = id(1);
    for (arguments, paged) in [
        (&["explain"][..], true),
        (&["explain", "--no-pager"], false),
        (&["explain", "--format", "json"], false),
        (&["explain", "LOST"], false),
        (&["show", &id, "long.log"], true),
        (&["show", &id, "long.log", "--no-pager"], false),
        (&["show", &id, "long.log", "--format", "json"], false),
        (&["show", &id, "in.log"], false),
    ] {
        let (master, terminal) = open_terminal();
        let same = || Stdio::from(terminal.try_clone().unwrap());
        let run = Run::new(arguments).directory(folder.path()).env("TERM", "xterm").env("PAGER", "cat > shown");
        let mut command = run.into_command();
        let mut program = Running(command.stdin(Stdio::null()).stdout(same()).stderr(same()).spawn().unwrap());
        drop((command, terminal));
        let reader = thread::spawn(move || {
            let (mut seen, mut screen) = (Vec::new(), File::from(master));
            // The end of a terminal is an error.
            let _ = screen.read_to_end(&mut seen);
            String::from_utf8_lossy(&seen).into_owned()
        });
        assert_eq!(program.end().code(), Some(0), "{arguments:?}");
        let screen = reader.join().unwrap();
        let shown = folder.path().join("shown");
        assert_eq!((shown.exists(), screen.is_empty()), (paged, paged), "{arguments:?}: {screen}");
        let _ = fs::remove_file(shown);
    }
}

/// A pager handles Ctrl-C itself and goes on, so the program waits for it, however often it is pressed.
#[test]
fn ctrl_c_is_left_to_the_pager() {
    let folder = place();
    write(&folder.path().join("in.log"), log(1..40));
    let (master, terminal) = open_terminal();
    let same = || Stdio::from(terminal.try_clone().unwrap());
    let run = Run::analyze(["in.log"]).args(["--function", "f", "--details", "--report", "json=answer"]);
    let mut command = run.directory(folder.path()).env("TERM", "xterm").with_default_signals().into_command();
    // The shell that runs it is a child of the program.
    command.env("PAGER", "kill -s INT $PPID; sleep 0.3; kill -s INT $PPID; cat > shown");
    let mut program = Running(command.stdin(same()).stdout(same()).stderr(same()).spawn().unwrap());
    drop((command, terminal));
    let reader = thread::spawn(move || {
        let (mut shown, mut screen) = (Vec::new(), File::from(master));
        // The end of a terminal is an error.
        let _ = screen.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    let status = program.end();
    let screen = reader.join().unwrap();
    assert_eq!(status.code(), Some(0), "{screen}");
    assert!(text(folder.path(), "shown").contains("39 of 39 attempts failed"), "{screen}");
    assert_eq!(read_summary(&text(folder.path(), "answer"))["totals"]["attempts"], 39);
}
