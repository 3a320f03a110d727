//! Observation of every request and answer of one service: the host that was asked, and how far this machine's clock is
//! off.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cloudwatchlogs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudwatchlogs::error::BoxError;
use aws_sdk_lambda::primitives::{DateTime, DateTimeFormat};

use crate::model::Timestamp;

/// What the latest exchange with a service told.
#[derive(Debug)]
pub(super) struct Exchange {
    host: Mutex<Option<String>>,
    /// Seconds by which AWS's clock is ahead of this machine's, or [`Self::UNKNOWN`].
    ahead_s: AtomicI64,
}

impl Exchange {
    const UNKNOWN: i64 = i64::MIN;

    pub(super) fn new() -> Self {
        Self { host: Mutex::new(None), ahead_s: AtomicI64::new(Self::UNKNOWN) }
    }

    /// Returns host and port that were asked, once there was a request.
    pub(super) fn host(&self) -> Option<String> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the seconds by which AWS's clock is ahead of this machine's, if an answer told its time.
    pub(super) fn ahead_s(&self) -> Option<i64> {
        Some(self.ahead_s.load(Ordering::Relaxed)).filter(|ahead| *ahead != Self::UNKNOWN)
    }
}

/// The exchange as the SDK takes it.
#[derive(Debug)]
pub(super) struct Observer(pub(super) Arc<Exchange>);

impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "Observer"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let host = host_of(context.request().uri());
        *self.0.host.lock().unwrap_or_else(PoisonError::into_inner) = host;
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let told = context.response().headers().get("date").map(str::to_owned);
        let told = told.and_then(|date| DateTime::from_str(&date, DateTimeFormat::HttpDate).ok());
        if let Some((told, here)) = told.zip(now()) {
            self.0.ahead_s.store(told.secs() - here.ms().div_euclid(1_000), Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Returns host and port of a URL.
pub(super) fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_without_secrets() {
        for (url, want) in [
            ("https://logs.eu-west-1.amazonaws.com/", Some("logs.eu-west-1.amazonaws.com")),
            ("http://127.0.0.1:9801/2015-03-31/functions?x", Some("127.0.0.1:9801")),
            ("http://user:password@proxy:8080", Some("proxy:8080")),
            ("127.0.0.1:9801", None),
            ("http://", None),
        ] {
            assert_eq!(host_of(url).as_deref(), want, "{url}");
        }
    }
}
