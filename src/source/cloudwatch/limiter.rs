//! Rate limiter for requests: one per region, below the region's quota, slower after a throttle.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// FilterLogEvents per second and region that AWS documents (CloudWatch Logs quotas, autumn 2026). The quotas are not
/// adjustable and shared by everybody in the account. Regions not listed have [`OTHER_REGIONS`].
const QUOTAS: [(&str, u32); 6] = [
    ("us-east-1", 25),
    ("eu-central-1", 5),
    ("ap-northeast-3", 5),
    ("ap-southeast-3", 5),
    ("ca-west-1", 5),
    ("il-central-1", 5),
];
const OTHER_REGIONS: u32 = 10;
/// Percentage of a quota that a pull uses; the rest is left for deployments and dashboards.
const SHARE: u32 = 80;

/// Returns the default requests per second in a region.
pub(super) fn default_rate(region: &str) -> u32 {
    let quota = QUOTAS.iter().find(|(name, _)| *name == region).map_or(OTHER_REGIONS, |(_, quota)| *quota);
    quota * SHARE / 100
}

/// Sliding window of the limit: one second, and a margin because network delay may bring requests closer together.
const WINDOW: Duration = Duration::from_millis(1_050);
/// Lag that may be caught up; more is forgiven, so that no burst follows a pause.
const BURST: Duration = Duration::from_millis(100);
/// Factor applied to the pace after a throttle.
const CUT: f64 = 0.5;
/// Time within which throttles count once: they come from requests that were already in flight.
const ONE_THROTTLE: Duration = Duration::from_millis(1_000);
/// Slowest pace, in requests per second.
const FLOOR: f64 = 0.5;
/// Seconds to recover from zero to the full pace.
const RECOVERY_S: f64 = 20.0;

/// Calculation of when the next request may be sent. Time is a parameter, so tests need not wait.
#[derive(Debug)]
struct Pace {
    most: u32,
    rate: f64,
    /// Times of the latest requests, at most as many as may be sent in a second.
    sent: VecDeque<Instant>,
    next: Option<Instant>,
    cut: Option<Instant>,
}

impl Pace {
    fn new(most: u32) -> Self {
        let most = most.max(1);
        Self { most, rate: f64::from(most), sent: VecDeque::new(), next: None, cut: None }
    }

    fn earliest(&self, now: Instant) -> Instant {
        let full = self.sent.len() >= self.most as usize;
        let window = if full { self.sent.front().map(|first| *first + WINDOW) } else { None };
        [Some(now), self.next, window].into_iter().flatten().max().unwrap_or(now)
    }

    fn sent(&mut self, now: Instant) {
        if let Some(last) = self.sent.back() {
            let risen = f64::from(self.most) * (now - *last).as_secs_f64() / RECOVERY_S;
            self.rate = (self.rate + risen).min(f64::from(self.most));
        }
        if self.sent.len() >= self.most as usize {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        let due = self.next.map_or(now, |next| next.max(now.checked_sub(BURST).unwrap_or(now)));
        self.next = Some(due + Duration::from_secs_f64(1.0 / self.rate));
    }

    fn throttled(&mut self, now: Instant) {
        if self.cut.is_some_and(|cut| now < cut + ONE_THROTTLE) {
            return;
        }
        self.cut = Some(now);
        self.rate = (self.rate * CUT).max(FLOOR);
        self.next = Some(now + Duration::from_secs_f64(1.0 / self.rate));
    }
}

/// Gate that lets requests out one by one.
#[derive(Debug)]
pub(super) struct Limiter {
    turn: Mutex<()>,
    pace: std::sync::Mutex<Pace>,
}

impl Limiter {
    pub(super) fn new(most: u32) -> Self {
        Self { turn: Mutex::new(()), pace: std::sync::Mutex::new(Pace::new(most)) }
    }

    /// Waits until a request may be sent, and counts it. First come, first served.
    pub(super) async fn turn(&self) {
        let _turn = self.turn.lock().await;
        let at = self.pace().earliest(Instant::now());
        sleep_until(at).await;
        self.pace().sent(Instant::now());
    }

    /// Slows down after AWS throttled a request.
    pub(super) fn throttled(&self) {
        self.pace().throttled(Instant::now());
    }

    /// Returns the current requests per second.
    pub(super) fn rate(&self) -> f64 {
        self.pace().rate
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends requests as fast as the pace allows for `seconds`, each late by `delay_ms`.
    fn run(pace: &mut Pace, seconds: u64, delay_ms: impl Fn(usize) -> u64) -> Vec<Instant> {
        let start = Instant::now();
        let (mut now, mut out) = (start, Vec::new());
        while now < start + Duration::from_secs(seconds) {
            now = pace.earliest(now) + Duration::from_millis(delay_ms(out.len()));
            pace.sent(now);
            out.push(now);
        }
        out
    }

    fn most_in_a_second(sent: &[Instant]) -> usize {
        let within =
            |at: usize| sent[at..].iter().take_while(|other| **other < sent[at] + Duration::from_secs(1)).count();
        (0..sent.len()).map(within).max().unwrap_or(0)
    }

    #[test]
    fn keeps_the_rate_in_every_second_and_uses_it() {
        for most in [1, 4, 5, 20, 100] {
            for late in [0, 3, 30] {
                let delay = |at: usize| if at.is_multiple_of(17) { late } else { 0 };
                let sent = run(&mut Pace::new(most), 20, delay);
                assert!(most_in_a_second(&sent) <= most as usize, "{most}");
                assert!(sent.len() * 10 >= most as usize * 20 * 9, "{most}: {} in 20 s", sent.len());
            }
        }
    }

    #[test]
    fn slows_down_after_a_throttle_and_recovers() {
        let mut pace = Pace::new(20);
        let now = *run(&mut pace, 2, |_| 0).last().unwrap();
        pace.throttled(now);
        pace.throttled(now);
        assert!((pace.rate - 10.0).abs() < 1.0, "several at once count once: {}", pace.rate);
        for second in 1..30 {
            pace.throttled(now + Duration::from_secs(second * 2));
        }
        assert!((pace.rate - FLOOR).abs() < 0.1);
        let mut at = now + Duration::from_secs(60);
        for _ in 0..1_000 {
            at = pace.earliest(at);
            pace.sent(at);
        }
        assert!((pace.rate - 20.0).abs() < 0.1);
    }

    #[test]
    fn stays_below_the_quotas() {
        assert_eq!(default_rate("us-east-1"), 20);
        assert_eq!(default_rate("eu-central-1"), 4);
        assert_eq!(default_rate("eu-west-1"), 8);
        assert!(QUOTAS.iter().all(|(name, quota)| default_rate(name) < *quota));
    }
}
