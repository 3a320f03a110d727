//! Progress bar on standard error, for work that takes a while.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::pipeline::Progress;
use crate::render::thousands;

/// Delay before the bar appears; shorter work needs none.
const PATIENCE: Duration = Duration::from_millis(500);

/// Bar for inputs whose size is known. Units are those of the coverage: a MB is a million bytes.
const KNOWN_SIZE: &str = "{decimal_bytes} of {decimal_total_bytes} {wide_bar} {msg}{decimal_bytes_per_sec} {eta}";
/// Line for a pipe, whose end is not known.
const UNKNOWN_SIZE: &str = "{spinner} {decimal_bytes} read, {msg}{decimal_bytes_per_sec}";

/// A progress bar that is hidden until the work has taken a while.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    started: Instant,
    shown: Once,
    /// Attempts that failed so far.
    failed: AtomicU64,
}

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let progress = Self { bar, started: Instant::now(), shown: Once::new(), failed: AtomicU64::new(0) };
        progress.look(UNKNOWN_SIZE);
        progress
    }

    fn look(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, bytes: u64) {
        if bytes > 0 {
            self.bar.set_length(bytes);
            self.look(KNOWN_SIZE);
        }
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
        // A pipe beside files, or a file that grows.
        if self.bar.length().is_some_and(|known| self.bar.position() > known) {
            self.bar.unset_length();
            self.look(UNKNOWN_SIZE);
        }
        if self.started.elapsed() > PATIENCE {
            if let failed @ 1.. = self.failed.load(Ordering::Relaxed) {
                self.bar.set_message(format!("{} failed so far, ", thousands(failed)));
            }
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5)));
        }
    }

    fn judged(&self, failed: bool) {
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_name_what_indicatif_knows() {
        for template in [KNOWN_SIZE, UNKNOWN_SIZE] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    /// What is read beyond the size that was known makes it an unknown one.
    #[test]
    fn a_pipe_has_no_end_in_sight() {
        let bar = Bar::new();
        bar.advance(5);
        assert_eq!(bar.bar.length(), None, "nothing is known of a pipe");
        let bar = Bar::new();
        bar.total(10);
        bar.advance(10);
        assert_eq!(bar.bar.length(), Some(10));
        bar.advance(1);
        assert_eq!((bar.bar.length(), bar.bar.position()), (None, 11));
    }
}
