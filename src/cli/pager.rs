//! Pager for long text on a terminal: the first screen is seen first, as with git.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;

use super::signals::leave_to_pager;

/// Program that shows text a screen at a time.
#[derive(Clone, Debug)]
pub(super) struct Pager {
    /// Command for the shell.
    pub(super) command: OsString,
    /// Lines of the terminal.
    pub(super) height: usize,
}

/// Exit statuses of a shell that could not run a command.
const NOT_RUN: [i32; 2] = [126, 127];

impl Pager {
    /// Shows text that is longer than the terminal. Returns false if it is not, or if the pager did not run.
    pub(super) fn show(&self, text: &[u8]) -> bool {
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        lines >= self.height && self.run(text).is_ok_and(|ran| ran)
    }

    fn run(&self, text: &[u8]) -> io::Result<bool> {
        // Ctrl-C is for the pager, which goes on; the program must wait for it.
        let interrupted = signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))?;
        leave_to_pager();
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command).stdin(Stdio::piped());
        // As git does: leave at the end if all fits, let colours through, leave the text on the screen.
        for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        let ended = command.spawn().and_then(|mut pager| {
            // A pager that is left before the end has read enough.
            let _ = pager.stdin.take().map(|mut input| input.write_all(text));
            pager.wait()
        });
        signal_hook::low_level::unregister(interrupted);
        Ok(!ended?.code().is_some_and(|code| NOT_RUN.contains(&code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(command: &str) -> Pager {
        Pager { command: command.into(), height: 3 }
    }

    #[test]
    fn long_text_goes_to_the_pager_and_short_text_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let to_file = pager(&format!("cat > {}", seen.display()));
        assert!(!to_file.show(b"one\ntwo\n"));
        assert!(!seen.exists());
        assert!(to_file.show(b"one\ntwo\nthree\n"));
        assert_eq!(std::fs::read(&seen).unwrap(), b"one\ntwo\nthree\n");
    }

    #[test]
    fn a_pager_that_does_not_exist_or_is_left_early_is_no_failure() {
        let long = "line\n".repeat(100_000);
        assert!(
            !pager("no-such-pager-of-anybody 2>/dev/null").show(long.as_bytes()),
            "the text is still to be written"
        );
        assert!(pager("head -1 > /dev/null").show(long.as_bytes()));
        assert!(pager("exit 1").show(long.as_bytes()), "it ran");
    }
}
