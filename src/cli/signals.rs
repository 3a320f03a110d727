//! Signals that end a run early: the first one makes it answer for what was read so far, the next one ends it at once.

#[cfg(unix)]
pub(super) use unix::{leave_to_pager, listen};

use super::exit::ExitStatus;
use crate::source::StopSignal;

impl From<StopSignal> for ExitStatus {
    fn from(signal: StopSignal) -> Self {
        match signal {
            StopSignal::Hangup => Self::HungUp,
            StopSignal::Interrupt => Self::Interrupted,
            StopSignal::Terminate => Self::Terminated,
        }
    }
}

#[cfg(not(unix))]
pub(super) fn listen() -> crate::source::Stop {
    crate::source::Stop::default()
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::thread;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use signal_hook::consts::SIGINT;
    use signal_hook::{SigId, flag, low_level};

    use crate::source::{Stop, StopSignal};

    /// Time in which more signals count as the first one: `timeout` sends two at a time, and so does a program that
    /// passes on a Ctrl-C that the terminal has sent to us as well.
    const AT_ONCE: Duration = Duration::from_millis(250);

    /// What Ctrl-C does while no pager runs.
    static OF_CTRL_C: Mutex<Vec<SigId>> = Mutex::new(Vec::new());

    /// Begins to listen. Where that fails, a signal ends the program as it would without.
    pub(in super::super) fn listen() -> Stop {
        try_listen().unwrap_or_default()
    }

    fn try_listen() -> io::Result<Stop> {
        let signal = Arc::new(AtomicUsize::new(0));
        let ends_at_once = Arc::new(AtomicBool::new(false));
        let (awoken, wake) = UnixStream::pair()?;
        for (_, number, _) in StopSignal::ALL.into_iter().filter(|(_, number, _)| !is_ignored(*number)) {
            // What was registered first is done first.
            let registered = [
                flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&ends_at_once))?,
                flag::register_usize(number, Arc::clone(&signal), usize::try_from(number).unwrap_or_default())?,
                low_level::pipe::register(number, wake.try_clone()?)?,
            ];
            if number == SIGINT {
                OF_CTRL_C.lock().unwrap_or_else(PoisonError::into_inner).extend(registered);
            }
        }
        let first = awoken.try_clone()?;
        let arm = move || {
            while poll(&mut [PollFd::new(&first, PollFlags::IN)], None).is_err() {}
            thread::sleep(AT_ONCE);
            ends_at_once.store(true, Ordering::Relaxed);
        };
        // It only waits.
        thread::Builder::new().name("signals".to_owned()).stack_size(64 * 1024).spawn(arm)?;
        Ok(Stop::by_signal(signal, awoken))
    }

    /// Leaves Ctrl-C to a pager from now on: it goes on after one, and the program must wait for it.
    pub(in super::super) fn leave_to_pager() {
        for id in OF_CTRL_C.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            low_level::unregister(id);
        }
    }

    /// Returns whether whoever started the program wants it to go on after a signal, as `nohup` does, and a shell for what
    /// it puts into the background. Only Linux tells; elsewhere that is assumed of a terminal that is gone.
    fn is_ignored(number: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        match mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
            Some(mask) => mask >> (number - 1) & 1 == 1,
            None => number == signal_hook::consts::SIGHUP,
        }
    }
}
