//! GetMetricData of one region: asks, page by page, and says why there is no answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::call::{Caller, EXTRA};
use super::connect::AccountRegion;
use super::failure::{RequestError, network_advice};
use super::limiter::Limiter;
use super::pruned::pruned;
use super::signed::{CLOUDWATCH, Call};
use crate::account::MetricDataCall;

/// Requests per second, a tenth of what AWS allows.
const RATE: u32 = 5;
/// Most pages of one call, as a guard against endless paging.
const MOST_PAGES: usize = 100;
/// What is kept of an answer.
const KEPT: &[&str] = &["MetricDataResults", "Label", "Timestamps", "Values", "StatusCode", "NextToken"];

/// Client for the metrics of one region.
pub(super) struct MetricCaller<'p> {
    place: &'p AccountRegion,
    caller: Caller,
}

impl<'p> MetricCaller<'p> {
    pub(super) fn new(place: &'p AccountRegion) -> Self {
        let caller = Caller::new(Arc::new(Limiter::new(RATE)), Arc::clone(&place.session.credentials), EXTRA);
        Self { place, caller }
    }

    /// Asks for metrics, and passes every page to `take`.
    ///
    /// # Errors
    /// If there is no answer, or none that ends; the pages before it are passed.
    pub(super) async fn ask(&self, call: &MetricDataCall, mut take: impl FnMut(Value)) -> Result<(), RequestError> {
        const TARGET: &str = "GraniteServiceVersion20100801.GetMetricData";
        let (mut token, mut seen) = (None::<String>, BTreeSet::new());
        for _ in 0..MOST_PAGES {
            let body = call.body(token.as_deref()).to_string().into_bytes();
            let request = Call::Json { target: TARGET, body };
            let answer = self.place.signed.call(&self.caller, &CLOUDWATCH, &request).await?;
            let unread = || RequestError::Other("an answer that is not JSON".to_owned());
            let mut page = pruned(&answer, KEPT).filter(Value::is_object).ok_or_else(unread)?;
            let next = page.as_object_mut().and_then(|page| page.remove("NextToken"));
            if page["MetricDataResults"].as_array().is_some_and(|results| !results.is_empty()) {
                take(page);
            }
            token = next.and_then(|next| next.as_str().filter(|next| !next.is_empty()).map(str::to_owned));
            match &token {
                None => return Ok(()),
                Some(next) if !seen.insert(next.clone()) => break,
                Some(_) => {}
            }
        }
        Err(RequestError::Other("an answer without an end".to_owned()))
    }

    /// Puts into words why there is no answer, and what to do.
    pub(super) async fn told(&self, fault: &RequestError) -> String {
        let host = self.place.signed.host(&CLOUDWATCH).await;
        match fault {
            RequestError::Denied(said) => format!("allow cloudwatch:GetMetricData ({said})"),
            RequestError::Throttled => "CloudWatch throttles again and again; pull again later".to_owned(),
            RequestError::NoConnection(why) | RequestError::NoAnswer(why) | RequestError::Lost(why) => {
                format!("{host} does not answer ({why}); {}", network_advice(why))
            }
            RequestError::NotAws(what) => format!("{host}: {what}"),
            RequestError::Credentials(fault) => self.place.told(fault).to_string(),
            RequestError::Missing => format!("{host} knows no GetMetricData"),
            RequestError::Passing(why)
            | RequestError::Other(why)
            | RequestError::Token(why)
            | RequestError::Class(why) => format!("{host} answers: {why}"),
        }
    }
}
