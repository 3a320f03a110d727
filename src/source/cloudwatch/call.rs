//! Calls with retries: each try passes the limiter, temporary failures are retried, within a limit of tries.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::config::http::HttpResponse;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};

use super::failure::{PullError, RequestError, fault_of};
use super::limiter::Limiter;

/// Most tries of one request; the pauses between them add up to at most half a minute.
const TRIES: u32 = 10;
/// Most tries before the first answer ever, so that a wrong region or a missing network shows at once.
const FIRST_TRIES: u32 = 3;
/// Upper bound of the pause after the first failure; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Caller of one region's API.
pub(super) struct Caller {
    pub(super) region: String,
    pub(super) limiter: Limiter,
    answered: AtomicBool,
    /// State of the random number generator for pauses.
    dice: AtomicU64,
}

/// A failure that is not retried any more.
pub(super) type Refusal = RequestError;

impl Caller {
    pub(super) fn new(region: &str, rate: u32) -> Self {
        let seed = std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), region);
        Self {
            region: region.to_owned(),
            limiter: Limiter::new(rate),
            answered: AtomicBool::new(false),
            dice: AtomicU64::new(seed),
        }
    }

    /// Sends the request that `make` creates until there is an answer. Also returns how long the answer took.
    pub(super) async fn call<T, E, F>(&self, make: impl Fn() -> F) -> Result<(T, Duration), Refusal>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut tries = 0;
        loop {
            self.limiter.turn().await;
            let sent = Instant::now();
            let fault = match make().await {
                Ok(answer) => {
                    self.answered.store(true, Ordering::Relaxed);
                    return Ok((answer, sent.elapsed()));
                }
                Err(error) => fault_of(&error),
            };
            tries += 1;
            self.judge(&fault, tries)?;
            tokio::time::sleep(self.pause(tries)).await;
        }
    }

    /// Returns an error unless the request is worth another try.
    fn judge(&self, fault: &RequestError, tries: u32) -> Result<(), Refusal> {
        match fault {
            RequestError::Throttled => self.limiter.throttled(),
            RequestError::NoConnection(detail) if !self.answered.load(Ordering::Relaxed) => {
                if tries >= FIRST_TRIES {
                    let (region, detail) = (self.region.clone(), detail.clone());
                    return Err(RequestError::Fatal(PullError::Unreachable { region, detail }));
                }
            }
            RequestError::Passing(_) | RequestError::NoConnection(_) => {}
            _ => {
                // An error response is an answer too.
                self.answered.store(true, Ordering::Relaxed);
                return Err(fault.clone());
            }
        }
        if tries >= TRIES { Err(fault.clone()) } else { Ok(()) }
    }

    /// Returns a random pause below a bound that doubles with every try, so that requests that failed together do not
    /// all return together.
    fn pause(&self, tries: u32) -> Duration {
        let bound = (PAUSE * 2u32.saturating_pow(tries - 1)).min(LONGEST_PAUSE);
        bound.mul_f64(self.roll())
    }

    /// Returns a random number in 0..1 (splitmix64).
    fn roll(&self) -> f64 {
        let mut z = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
