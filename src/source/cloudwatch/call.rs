//! Calls with retries: each try passes the limiter, temporary failures are retried within a limit of tries, and a
//! connection that is lost for good is found out once for all chains.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::config::http::HttpResponse;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};

use super::credentials::KeptCredentials;
use super::failure::{CredentialFault, RequestError, fault_of};
use super::limiter::Limiter;

/// Tries of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tries {
    /// Most tries in all.
    pub(super) most: u32,
    /// Most tries before the first answer ever, so that a wrong region or a missing network shows at once.
    pub(super) first: u32,
    /// Failed connections in a row, over all chains, after which the connection is lost.
    pub(super) lost_after: u32,
}

/// Tries of requests on which the pull depends; the pauses between them add up to at most half a minute.
pub(super) const NEEDED: Tries = Tries { most: 10, first: 3, lost_after: 20 };
/// Tries of requests without which the pull goes on.
pub(super) const OPTIONAL: Tries = Tries { most: 3, first: 2, lost_after: 3 };

/// Tries of requests for what a pull tells besides, after its log was read.
pub(super) const EXTRA: Tries = Tries { most: 5, first: 2, lost_after: 3 };

/// Upper bound of the pause after the first failure; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Time without any answer after which the connection is lost, and the failed requests that it takes.
const SILENCE: Duration = Duration::from_secs(60);
const SILENT_REQUESTS: u32 = 2;
/// Most times that a request is repeated with new credentials.
const RENEWALS: u32 = 2;

/// Caller of one service in one region.
pub(super) struct Caller {
    pub(super) limiter: Arc<Limiter>,
    credentials: Arc<KeptCredentials>,
    tries: Tries,
    answered: AtomicBool,
    /// Requests without an answer since the latest answer.
    unanswered: AtomicU32,
    latest_answer: Mutex<Instant>,
    /// Why the connection was lost.
    lost: OnceLock<String>,
    /// State of the random number generator for pauses.
    dice: AtomicU64,
}

impl Caller {
    pub(super) fn new(limiter: Arc<Limiter>, credentials: Arc<KeptCredentials>, tries: Tries) -> Self {
        let seed = std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), tries.most);
        Self {
            limiter,
            credentials,
            tries,
            answered: AtomicBool::new(false),
            unanswered: AtomicU32::new(0),
            latest_answer: Mutex::new(Instant::now()),
            lost: OnceLock::new(),
            dice: AtomicU64::new(seed),
        }
    }

    /// Sends the request that `make` creates until there is an answer. Also returns how long the answer took.
    pub(super) async fn call<T, E, F>(&self, make: impl Fn() -> F) -> Result<(T, Duration), RequestError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.repeat(|| {
            let answer = make();
            async { answer.await.map_err(|error| fault_of(&error)) }
        })
        .await
    }

    /// Makes a request until there is an answer. Also returns how long the answer took.
    pub(super) async fn repeat<T, F>(&self, make: impl Fn() -> F) -> Result<(T, Duration), RequestError>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        let (mut tries, mut renewals) = (0, 0);
        loop {
            self.check()?;
            self.limiter.turn().await;
            self.check()?;
            let generation = self.credentials.generation();
            let sent = Instant::now();
            let fault = match make().await {
                Ok(answer) => {
                    self.heard();
                    return Ok((answer, sent.elapsed()));
                }
                Err(fault) => fault,
            };
            if fault == RequestError::Credentials(CredentialFault::Expired) && renewals < RENEWALS {
                renewals += 1;
                if self.credentials.renew(generation).await {
                    continue;
                }
            }
            tries += 1;
            self.judge(&fault, tries)?;
            tokio::time::sleep(self.pause(tries)).await;
        }
    }

    /// Returns an error once the connection is lost.
    fn check(&self) -> Result<(), RequestError> {
        self.lost.get().map_or(Ok(()), |why| Err(RequestError::Lost(why.clone())))
    }

    /// Records an answer of any kind.
    fn heard(&self) {
        self.answered.store(true, Ordering::Relaxed);
        self.unanswered.store(0, Ordering::Relaxed);
        *self.latest_answer.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Records that a request had no answer. Returns whether the connection is lost.
    fn unheard(&self, why: &str) -> bool {
        let in_a_row = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        let silence = self.latest_answer.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        let lost = in_a_row >= self.tries.lost_after || in_a_row >= SILENT_REQUESTS && silence >= SILENCE;
        if lost {
            let _ = self.lost.set(why.to_owned());
        }
        lost
    }

    /// Returns an error unless the request is worth another try.
    fn judge(&self, fault: &RequestError, tries: u32) -> Result<(), RequestError> {
        match fault {
            RequestError::NoConnection(why) | RequestError::NoAnswer(why) => {
                let lost = self.unheard(why);
                let first = matches!(fault, RequestError::NoConnection(_)) && !self.answered.load(Ordering::Relaxed);
                match (lost, first) {
                    (true, _) => return Err(RequestError::Lost(why.clone())),
                    (false, true) if tries >= self.tries.first => return Err(fault.clone()),
                    (false, _) => {}
                }
            }
            RequestError::Throttled => {
                self.heard();
                self.limiter.throttled();
            }
            RequestError::Passing(_) => self.heard(),
            _ => {
                self.heard();
                return Err(fault.clone());
            }
        }
        if tries >= self.tries.most { Err(fault.clone()) } else { Ok(()) }
    }

    /// Returns a random pause below a bound that doubles with every try, so that requests that failed together do not
    /// all return together.
    fn pause(&self, tries: u32) -> Duration {
        let bound = (PAUSE * 2u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST_PAUSE);
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
