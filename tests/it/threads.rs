//! Number of threads of a run: as many as inputs are read at a time, and the remaining ones share these. One more only
//! waits for signals.
//!
//! Inputs are pipes that we hold open: once the program waits for more of them, its threads can be counted.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::harness::{Run, directory};

/// Log of one invocation: its last line.
const LOG: &str = "2026-01-02T03:00:01.000Z REPORT RequestId: 153e7c2a-26a2-40bd-bb12-87fff52ddf5d\tDuration: 2.00 ms\t\
                   Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\n";

/// Size that exceeds what is read of an input before it is shared.
const BEGINNING: usize = 96 * 1024;

/// Thread that waits for signals.
const WAITS: usize = 1;

/// Cases: inputs, the value of `--threads`, and the other threads of the process.
const CASES: &[(usize, usize, usize)] = &[
    (1, 1, 1),
    (1, 2, 2),
    // More than three threads for one input gain nothing.
    (1, 8, 3),
    (2, 1, 1),
    // The first thread waits for the two that read.
    (2, 2, 3),
    (2, 8, 7),
];

#[test]
fn no_thread_is_started_without_need() {
    for (inputs, threads, want) in CASES {
        let place = directory();
        let empty = place.path().join("empty");
        fs::create_dir(&empty).unwrap();
        let pipes: Vec<PathBuf> = (0..*inputs).map(|at| place.path().join(at.to_string())).collect();
        assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());

        let run = Run::analyze([empty]).args(&pipes).args(["--threads", &threads.to_string()]);
        let mut program = run.into_command().stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let (first, rest) = pipes.split_at(*inputs.min(threads));
        let open: Vec<File> = first.iter().map(|pipe| opened(pipe, &mut program)).collect();
        let beginning = LOG.repeat(BEGINNING / LOG.len());
        for mut pipe in &open {
            pipe.write_all(beginning.as_bytes()).unwrap();
        }
        let counted = threads_of(&program, *want + WAITS);
        drop(open);
        for pipe in rest {
            opened(pipe, &mut program).write_all(LOG.as_bytes()).unwrap();
        }
        assert!(program.wait().unwrap().success(), "{inputs} inputs, --threads {threads}");
        assert_eq!(counted, *want + WAITS, "{inputs} inputs, --threads {threads}");
    }
}

/// Returns the number of threads of the program, once it is as wanted or after a timeout. It is counted twice, as more
/// may start.
fn threads_of(program: &Child, want: usize) -> usize {
    let count = || fs::read_dir(format!("/proc/{}/task", program.id())).unwrap().count();
    let patience = Instant::now() + Duration::from_secs(20);
    while count() < want && Instant::now() < patience {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(100));
    count()
}

/// Returns our end of a pipe, once the program has opened the other. A program that never does must not block the test.
#[track_caller]
fn opened(pipe: &Path, program: &mut Child) -> File {
    let (tell, told) = mpsc::channel();
    let pipe = pipe.to_owned();
    thread::spawn(move || tell.send(File::options().write(true).open(pipe)));
    let Ok(file) = told.recv_timeout(Duration::from_secs(60)) else {
        program.kill().unwrap();
        panic!("the program does not open its input");
    };
    file.unwrap()
}
