//! What lies in a directory and is no file, or cannot be looked at: it is skipped and listed, or named with the reason;
//! what was named is told as what it is.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::harness::{Run, directory, read_summary, write};

const LOG: &str = "fixtures/logs/retries/aws/lambda/refund-processor/21.log";

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn socket(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
}

/// Something beside a log: what makes it, what a directory scan says, and what is said when it is named. Opening a pipe of
/// which nobody has the other end would wait.
struct Beside {
    name: &'static str,
    make: fn(&Path),
    skipped: &'static str,
    named: Option<&'static str>,
}

const BESIDE: &[Beside] = &[
    Beside { name: "pipe", make: fifo, skipped: "is a named pipe", named: None },
    Beside { name: "socket", make: socket, skipped: "is a socket", named: Some("is a socket") },
    Beside {
        name: "dangling",
        make: |path| symlink("gone", path).unwrap(),
        skipped: "is a link to nothing",
        named: Some("no such file or directory"),
    },
    Beside {
        name: "circle",
        make: |path| symlink("circle", path).unwrap(),
        skipped: "is a link to itself",
        named: Some("symbolic links"),
    },
    Beside { name: "null", make: |path| symlink("/dev/null", path).unwrap(), skipped: "is a device", named: None },
    Beside {
        name: "zero",
        make: |path| symlink("/dev/zero", path).unwrap(),
        skipped: "is a device",
        named: Some("is binary data of no known kind"),
    },
];

fn reasons(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(|one| (text(&one["input"]), text(&one["reason"]))).collect()
}

#[test]
fn what_is_no_file_is_skipped_and_listed() {
    let log = fs::read(super::harness::root().join(LOG)).unwrap();
    for Beside { name, make, skipped, named } in BESIDE {
        let folder = directory();
        write(&folder.path().join("in/good.log"), &log);
        let alone = Run::analyze(["in"]).directory(folder.path()).summary();
        make(&folder.path().join("in").join(name));
        for strict in [&[][..], &["--strict"], &["--fail-on", "failed > 1000000"]] {
            let done = Run::analyze(["in"]).directory(folder.path()).args(["--format", "json"]).args(strict).status(0);
            let summary = read_summary(&done.stdout);
            let coverage = &summary["coverage"];
            let found = reasons(&coverage["inputs_skipped"]);
            assert!(found.len() == 1 && found[0].0 == format!("in/{name}"), "{name}: {found:?}");
            assert!(found[0].1.starts_with(skipped), "{name}: {found:?}");
            assert_eq!((&coverage["complete"], &summary["totals"]), (&true.into(), &alone["totals"]), "{name}");
        }
        let excluded = Run::analyze(["in", "--exclude", name]).directory(folder.path()).summary();
        assert_eq!(excluded["coverage"]["inputs_skipped"].as_array().unwrap().len(), 0, "{name}");
        if let Some(named) = named {
            let path = format!("in/{name}");
            let run = Run::analyze(["in/good.log", &path]).directory(folder.path()).args(["--format", "json"]);
            let done = run.status(3);
            let found = reasons(&read_summary(&done.stdout)["coverage"]["inputs_unreadable"]);
            assert!(found.len() == 1 && found[0].0 == path && found[0].1.contains(named), "{name}: {found:?}");
            assert!(done.stderr.contains(named), "{}", done.stderr);
            assert_eq!(read_summary(&done.stdout)["totals"]["attempts"], alone["totals"]["attempts"], "{name}");
        }
    }
}

/// A directory that may be listed but not searched. Root may search everything.
#[test]
fn what_must_not_be_looked_at_is_told() {
    let folder = directory();
    write(&folder.path().join("in/good.log"), fs::read(super::harness::root().join(LOG)).unwrap());
    write(&folder.path().join("in/secret/a.log"), "x");
    fs::set_permissions(folder.path().join("in/secret"), fs::Permissions::from_mode(0o444)).unwrap();
    if fs::metadata(folder.path().join("in/secret/a.log")).is_err() {
        let done = Run::analyze(["in"]).directory(folder.path()).args(["--format", "json"]).status(3);
        let found = reasons(&read_summary(&done.stdout)["coverage"]["inputs_unreadable"]);
        assert!(found.iter().any(|(name, why)| name.contains("secret") && why.contains("permission")), "{found:?}");
    }
    fs::set_permissions(folder.path().join("in/secret"), fs::Permissions::from_mode(0o755)).unwrap();
}
