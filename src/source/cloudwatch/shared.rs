//! State shared by the chains of a pull, its reader and the command line; and the signals that end a pull.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::failure::PullError;
use super::select::Selection;
use super::select::Target;
use super::spool::PageSpool;
use super::{PullWatch, Request};
use crate::model::{Note, Timestamp};
use crate::source::saved::PullTrailer;
use crate::wire::InputProblem;

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Shared state of a pull.
pub(super) struct PullState {
    pub(super) targets: Vec<Target>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) spool: PageSpool,
    pub(super) watch: Arc<dyn PullWatch>,
    groups_done: AtomicUsize,
    pages: AtomicUsize,
    over: AtomicBool,
    told: Mutex<PullTrailer>,
    ends: Mutex<Ends>,
}

/// Reasons for which the pull ended early or its file was not written.
#[derive(Debug, Default)]
struct Ends {
    failure: Option<PullError>,
    signal: Option<Signal>,
    save_error: Option<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PullState {
    pub(super) fn new(request: &Request, selection: Selection, watch: Arc<dyn PullWatch>) -> io::Result<Self> {
        let spool = PageSpool::new(selection.targets.len())?;
        for target in 0..selection.targets.len() {
            spool.open(target, request.from.ms());
        }
        let told = PullTrailer { from_ms: Some(request.from.ms()), to_ms: Some(request.to.ms()), ..selection.told };
        Ok(Self {
            targets: selection.targets,
            from: request.from,
            to: request.to,
            spool,
            watch,
            groups_done: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            told: Mutex::new(told),
            ends: Mutex::default(),
        })
    }

    /// Counts a page and reports it to the progress.
    pub(super) fn page(&self, target: usize, covered_ms: i64, events: u64) {
        self.pages.fetch_add(1, Ordering::Relaxed);
        self.watch.page(target, covered_ms, events);
    }

    /// Counts a log group that was read to its end or given up.
    pub(super) fn group_done(&self, target: usize) {
        self.groups_done.fetch_add(1, Ordering::Relaxed);
        self.watch.done(target);
    }

    /// Records a group, or a part of one, that remains unread.
    pub(super) fn unread(&self, unread: InputProblem) {
        locked(&self.told).unread.push(unread);
    }

    /// Adds a note that marks the result as incomplete.
    pub(super) fn remark(&self, text: String) {
        locked(&self.told).notes.push(Note { incomplete: true, text });
    }

    /// Ends the pull with a failure. The first failure is kept.
    pub(super) fn fail(&self, failure: PullError) {
        let mut ends = locked(&self.ends);
        if ends.failure.is_none() {
            self.remark(format!("ended early: {failure}"));
            ends.failure = Some(failure);
        }
        self.over.store(true, Ordering::Relaxed);
    }

    /// Records that a signal ended the pull.
    pub(super) fn interrupted(&self, signal: Signal) {
        locked(&self.ends).signal = Some(signal);
        let (done, all) = (self.groups_done.load(Ordering::Relaxed), self.targets.len());
        self.remark(format!("interrupted: {done} of {all} log groups were read to their end"));
    }

    pub(super) fn save_failed(&self, error: io::Error) {
        locked(&self.ends).save_error = Some(error.to_string());
    }

    /// Returns whether a failure ended the pull.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }

    pub(super) fn failure(&self) -> Option<PullError> {
        locked(&self.ends).failure.clone()
    }

    pub(super) fn signal(&self) -> Option<Signal> {
        locked(&self.ends).signal
    }

    pub(super) fn save_error(&self) -> Option<String> {
        locked(&self.ends).save_error.clone()
    }

    /// Returns what the file's trailer says besides the events. The order does not depend on which request finished
    /// first.
    pub(super) fn told(&self) -> PullTrailer {
        let mut told = locked(&self.told).clone();
        told.unread.sort();
        told.unread.dedup();
        told.notes.sort();
        told.notes.dedup();
        told
    }
}

/// Listens for signals in the background.
pub(super) fn listen() -> watch::Receiver<Option<Signal>> {
    let (heard, signals) = watch::channel(None);
    tokio::spawn(async move {
        let signal = first_signal().await;
        heard.send_replace(Some(signal));
        heard.closed().await;
    });
    signals
}

/// Waits for a signal, possibly for ever.
pub(super) async fn heard(mut signals: watch::Receiver<Option<Signal>>) -> Signal {
    let signal = signals.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
    match signal {
        Some(signal) => signal,
        None => std::future::pending().await,
    }
}

async fn first_signal() -> Signal {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => Signal::Interrupt,
        () = terminate() => Signal::Terminate,
    }
}

#[cfg(unix)]
async fn terminate() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
