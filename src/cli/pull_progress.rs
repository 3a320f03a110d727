//! Progress of a pull on standard error: what will be read, and the state of each log group.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::complain;
use crate::pipeline::Progress;
use crate::render::one_line;
use crate::source::cloudwatch::{Outlook, PullWatch};
use crate::wire::AccountRead;

/// Number of groups above which the amount is announced before reading.
const HANDFUL: usize = 5;
/// Number of bytes above which the amount is announced before reading.
const MANY_BYTES: u64 = 10_000_000_000;
/// Most progress lines on the terminal, one per group being read.
const LINES: usize = 6;

/// Progress bars of a pull.
#[derive(Debug)]
pub(super) struct Bars {
    shown: bool,
    quiet: bool,
    all: MultiProgress,
    state: Mutex<BarsState>,
    events: AtomicU64,
    failures: AtomicU64,
}

#[derive(Debug, Default)]
struct BarsState {
    /// Name of each group, and the milliseconds of its log that are covered.
    groups: Vec<(String, u64)>,
    window_ms: u64,
    /// Sign of life while log groups are looked up.
    search: Option<ProgressBar>,
    total: Option<ProgressBar>,
    /// Groups that have a line on the terminal.
    lines: Vec<(usize, ProgressBar)>,
}

impl Bars {
    /// Creates the bars; they stay hidden without a terminal or when `--quiet` is given.
    pub(super) fn new(shown: bool, quiet: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
        Self {
            shown,
            quiet,
            all: MultiProgress::with_draw_target(target),
            state: Mutex::default(),
            events: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Removes the bars.
    pub(super) fn clear(&self) {
        // A terminal that no longer exists needs no clearing.
        let _ = self.all.clear();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, BarsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the bar of one group.
    fn line(&self, state: &BarsState, group: usize) -> ProgressBar {
        let bar = self.all.add(ProgressBar::new(state.window_ms));
        if let Ok(style) = ProgressStyle::with_template("  {percent:>3}% {bar:20} {wide_msg}") {
            bar.set_style(style);
        }
        bar.set_message(state.groups.get(group).map(|(name, _)| one_line(name).into_owned()).unwrap_or_default());
        bar
    }

    fn tell(&self, state: &BarsState) {
        let Some(total) = &state.total else { return };
        let (events, failures) = (self.events.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed));
        total.set_message(format!("{events} log events, {failures} failed attempts so far"));
    }
}

impl PullWatch for Bars {
    fn costs(&self, usd: f64, what: &str) {
        self.all.suspend(|| complain(&format!("CloudWatch charges about {usd:.2} USD for {what}")));
    }

    fn searches(&self, regions: usize) {
        if !self.shown {
            return;
        }
        let spinner = self.all.add(ProgressBar::new_spinner());
        spinner.enable_steady_tick(Duration::from_millis(200));
        let regions = if regions == 1 { "one region".to_owned() } else { format!("{regions} regions") };
        spinner.set_message(format!("looking up log groups in {regions}"));
        self.state().search = Some(spinner);
    }

    fn begins(&self, outlook: &Outlook) {
        if let Some(spinner) = self.state().search.take() {
            spinner.finish_and_clear();
        }
        for remark in &outlook.remarks {
            complain(&one_line(remark));
        }
        // Printed even with `--quiet`: no output tells whose log was read, or that it was the wrong account.
        if !outlook.accounts.is_empty() {
            complain(&words(outlook, self.quiet));
        }
        if !self.shown {
            return;
        }
        let window_ms = outlook.window_ms.unsigned_abs().saturating_add(1);
        let total = self.all.add(ProgressBar::new(window_ms.saturating_mul(outlook.groups.len() as u64)));
        if let Ok(style) = ProgressStyle::with_template("{percent:>3}% {wide_bar} {msg} {elapsed}") {
            total.set_style(style);
        }
        let mut state = self.state();
        state.groups = outlook.groups.iter().map(|name| (name.clone(), 0)).collect();
        state.window_ms = window_ms;
        state.total = Some(total);
    }

    fn page(&self, group: usize, covered_ms: i64, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
        if !self.shown {
            return;
        }
        let mut state = self.state();
        let covered = covered_ms.max(0).unsigned_abs();
        let Some((_, so_far)) = state.groups.get_mut(group) else { return };
        *so_far += covered;
        let so_far = *so_far;
        if let Some(total) = &state.total {
            total.inc(covered);
        }
        if !state.lines.iter().any(|(of, _)| *of == group) && state.lines.len() < LINES {
            let line = self.line(&state, group);
            state.lines.push((group, line));
        }
        if let Some((_, line)) = state.lines.iter().find(|(of, _)| *of == group) {
            line.set_position(so_far);
        }
        self.tell(&state);
    }

    fn done(&self, group: usize) {
        if !self.shown {
            return;
        }
        let mut state = self.state();
        if let Some(at) = state.lines.iter().position(|(of, _)| *of == group) {
            let (_, line) = state.lines.swap_remove(at);
            line.finish_and_clear();
            self.all.remove(&line);
        }
    }

    fn warns(&self, trouble: &str) {
        self.all.suspend(|| complain(&one_line(trouble)));
    }
}

impl Bars {
    /// Prints a line to standard output or standard error, above the bars.
    pub(super) fn print(&self, print: impl FnOnce()) {
        self.all.suspend(print);
    }
}

impl Progress for Bars {
    fn total(&self, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn judged(&self, failed: bool) {
        self.failures.fetch_add(u64::from(failed), Ordering::Relaxed);
    }
}

/// Returns whose log will be read, and how much of it if that is much.
fn words(outlook: &Outlook, quiet: bool) -> String {
    let account = |account: &AccountRead| {
        format!("account {}, {}", account.account_id.as_deref().unwrap_or("unknown"), account.regions.join(", "))
    };
    let whose = outlook.accounts.iter().map(account).collect::<Vec<_>>().join("; ");
    let whose = one_line(&whose);
    if outlook.groups.is_empty() {
        return format!("found no log group to read: {whose}");
    }
    if quiet || (outlook.groups.len() <= HANDFUL && outlook.bytes <= MANY_BYTES) {
        return format!("reading {whose}");
    }
    let hours = outlook.window_ms as f64 / 3_600_000.0;
    let time = if hours < 48.0 { format!("{hours:.1} hours") } else { format!("{:.1} days", hours / 24.0) };
    let size = match outlook.bytes {
        0 => String::new(),
        bytes @ 0..1_000_000_000 => format!(", about {} MB by their size and age", bytes.div_ceil(1_000_000)),
        bytes => format!(", about {:.1} GB by their size and age", bytes as f64 / 1e9),
    };
    format!("reading {whose}: {time} of {} log groups{size}", outlook.groups.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(accounts: &[(Option<&str>, &[&str])], groups: usize, bytes: u64, quiet: bool, want: &str) {
        let account = |(id, regions): &(Option<&str>, &[&str])| AccountRead {
            account_id: id.map(str::to_owned),
            regions: regions.iter().map(|&region| region.to_owned()).collect(),
        };
        let accounts = accounts.iter().map(account).collect();
        let outlook = Outlook {
            groups: vec![String::new(); groups],
            accounts,
            bytes,
            window_ms: 10_800_000,
            remarks: Vec::new(),
        };
        assert_eq!(words(&outlook, quiet), want);
    }

    #[test]
    fn says_what_will_be_read() {
        let one: &[(_, &[_])] = &[(Some("123456789012"), &["eu-west-1", "us-east-1"])];
        let whose = "reading account 123456789012, eu-west-1, us-east-1";
        case(one, 1, 1, false, whose);
        case(one, HANDFUL, MANY_BYTES, false, whose);
        case(one, 12, 12_300_000_000, true, whose);
        case(one, 12, 0, false, &format!("{whose}: 3.0 hours of 12 log groups"));
        let much = format!("{whose}: 3.0 hours of 12 log groups, about 12.3 GB by their size and age");
        case(one, 12, 12_300_000_000, false, &much);
        let two: &[(_, &[_])] = &[(None, &["eu-west-1"]), (Some("999999999999"), &["us-east-1"])];
        case(two, 2, 0, false, "reading account unknown, eu-west-1; account 999999999999, us-east-1");
        case(&[(None, &["eu-west-1"])], 0, 0, false, "found no log group to read: account unknown, eu-west-1");
        case(&[(Some("\u{1b}[2J"), &["x"])], 1, 0, false, "reading account \\x1b[2J, x");
    }
}
