//! The request to stop reading that comes from outside while a run goes on. What was read so far is still answered for.

use std::fs::File;
use std::io::{self, Read};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The signals that ask the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGHUP: the terminal is gone.
    Hangup,
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl StopSignal {
    /// Every signal with its number, which is the same on all systems (POSIX), and its name.
    pub(crate) const ALL: [(Self, i32, &str); 3] =
        [(Self::Hangup, 1, "SIGHUP"), (Self::Interrupt, 2, "SIGINT"), (Self::Terminate, 15, "SIGTERM")];

    /// Returns the name as users know it.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(signal, ..)| *signal == self).map_or("", |(.., name)| name)
    }
}

/// A request to stop reading, which may come at any time. The default is one that never comes.
#[derive(Clone, Debug, Default)]
pub struct Stop(Option<Arc<StopState>>);

#[derive(Debug)]
struct StopState {
    /// Number of the signal; 0 until one comes.
    signal: Arc<AtomicUsize>,
    /// End of a connection that can be read from once a signal has come.
    #[cfg(unix)]
    awoken: UnixStream,
}

impl Stop {
    /// Creates a request that comes when a number of a signal is in `signal`, and `awoken` can be read from.
    #[cfg(unix)]
    pub(crate) fn by_signal(signal: Arc<AtomicUsize>, awoken: UnixStream) -> Self {
        Self(Some(Arc::new(StopState { signal, awoken })))
    }

    /// Returns the signal that asked for it, if one did.
    pub(crate) fn requested(&self) -> Option<StopSignal> {
        let number = self.0.as_ref()?.signal.load(Ordering::Relaxed);
        StopSignal::ALL.iter().find(|(_, known, _)| usize::try_from(*known) == Ok(number)).map(|(signal, ..)| *signal)
    }

    /// Fails if reading is to stop.
    fn check(&self) -> io::Result<()> {
        // Not of the kind `Interrupted`, after which everybody reads on.
        if self.requested().is_some() { Err(io::Error::other("interrupted")) } else { Ok(()) }
    }
}

/// Time between two looks at a request while a named pipe waits for its writer, which nothing can cut short.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Opens what was a regular file when it was listed, to read until the request comes. Looks at it no more: exports have
/// thousands of files.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_regular_file(path: &Path, stop: &Stop) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(CheckedFile { file: File::open(path)?, stop: stop.clone() }))
}

/// Opens a file to read until the request comes, also if it is one that may keep its readers waiting, such as a pipe.
///
/// # Errors
/// When it cannot be opened, or the request came first.
pub(crate) fn open_file(path: &Path, stop: &Stop) -> io::Result<Box<dyn Read + Send>> {
    let opened = if stop.0.is_some() && is_pipe(path) { open_pipe(path, stop) } else { File::open(path) };
    // The system only says that there is no such device.
    let file =
        opened.map_err(|error| if is_socket(path) { io::Error::other("is a socket, not a log") } else { error })?;
    let waits = file.metadata().is_ok_and(|found| !found.is_file());
    Ok(if waits { waiting(file, stop) } else { Box::new(CheckedFile { file, stop: stop.clone() }) })
}

/// Opens standard input to read, which is left when the request comes.
pub(crate) fn open_standard_input(stop: &Stop) -> Box<dyn Read + Send> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        // Its reader in the library has a buffer, which waiting for the file would not see.
        if let Ok(file) = io::stdin().as_fd().try_clone_to_owned() {
            return waiting(File::from(file), stop);
        }
    }
    let _ = stop;
    Box::new(io::stdin())
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn is_socket(_: &Path) -> bool {
    false
}

/// Opens a named pipe, which takes until somebody opens its other end: in a thread that can be left behind.
fn open_pipe(path: &Path, stop: &Stop) -> io::Result<File> {
    let (tell, told) = channel();
    let path = path.to_owned();
    thread::spawn(move || tell.send(File::open(path)));
    loop {
        stop.check()?;
        match told.recv_timeout(LOOK_AGAIN) {
            Ok(opened) => return opened,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("could not be opened")),
        }
    }
}

#[cfg(unix)]
fn waiting(file: File, stop: &Stop) -> Box<dyn Read + Send> {
    match &stop.0 {
        Some(state) => Box::new(WaitingFile { file, state: Arc::clone(state), stop: stop.clone() }),
        None => Box::new(file),
    }
}

#[cfg(not(unix))]
fn waiting(file: File, _: &Stop) -> Box<dyn Read + Send> {
    Box::new(file)
}

/// A file that can always be read from, until the request comes.
struct CheckedFile {
    file: File,
    stop: Stop,
}

impl Read for CheckedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.check()?;
        self.file.read(buffer)
    }
}

/// A file that may keep its readers waiting. They are let go when the request comes.
#[cfg(unix)]
struct WaitingFile {
    file: File,
    state: Arc<StopState>,
    stop: Stop,
}

#[cfg(unix)]
impl Read for WaitingFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        loop {
            let mut both = [PollFd::new(&self.file, PollFlags::IN), PollFd::new(&self.state.awoken, PollFlags::IN)];
            match poll(&mut both, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.stop.check()?;
            if !both[0].revents().is_empty() {
                return self.file.read(buffer);
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Write;

    use super::*;

    fn stop() -> (Stop, Arc<AtomicUsize>, UnixStream) {
        let (awoken, wake) = UnixStream::pair().unwrap();
        let signal = Arc::new(AtomicUsize::new(0));
        (Stop::by_signal(Arc::clone(&signal), awoken), signal, wake)
    }

    #[test]
    fn who_waits_for_a_pipe_is_let_go() {
        let (stop, signal, mut wake) = stop();
        let (reader, mut writer) = io::pipe().unwrap();
        let mut file = waiting(File::from(std::os::fd::OwnedFd::from(reader)), &stop);
        writer.write_all(b"text").unwrap();
        let mut text = [0; 4];
        file.read_exact(&mut text).unwrap();
        assert_eq!((&text, stop.requested()), (b"text", None));
        let waits = thread::spawn(move || file.read(&mut [0; 4]));
        signal.store(15, Ordering::Relaxed);
        wake.write_all(b"x").unwrap();
        assert!(waits.join().unwrap().is_err());
        assert_eq!(stop.requested().map(StopSignal::name), Some("SIGTERM"));
    }

    #[test]
    fn a_pipe_that_nobody_opens_is_left() {
        let (stop, signal, _wake) = stop();
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let opens = thread::spawn(move || open_file(&path, &stop).is_err());
        signal.store(2, Ordering::Relaxed);
        assert!(opens.join().unwrap());
    }
}
