//! Signals that end a pull.

use tokio::sync::watch;

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Receiver of the first signal.
pub(super) type Signals = watch::Receiver<Option<Signal>>;

/// Listens for signals in the background.
pub(super) fn listen() -> Signals {
    let (heard, signals) = watch::channel(None);
    tokio::spawn(async move {
        let signal = first_signal().await;
        heard.send_replace(Some(signal));
        heard.closed().await;
    });
    signals
}

/// Waits for a signal, possibly for ever.
pub(super) async fn heard(mut signals: Signals) -> Signal {
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
