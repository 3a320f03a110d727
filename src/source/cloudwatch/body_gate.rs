//! Bound on the answers that are held at once: a page may have more than 1 MB, and many requests are under way.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Most answers that are received and parsed at once.
const AT_ONCE: usize = 2;
/// Time after which an answer is received in any case, as others may have stalled.
const PATIENCE: Duration = Duration::from_secs(5);

/// HTTP client whose answers are received one after the other, while their requests wait for AWS together.
#[derive(Debug)]
pub(super) struct GatedClient {
    inner: SharedHttpClient,
    gate: Arc<Semaphore>,
}

impl GatedClient {
    pub(super) fn new(inner: SharedHttpClient) -> Self {
        Self { inner, gate: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl HttpClient for GatedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GatedConnector { inner, gate: Arc::clone(&self.gate) })
    }
}

#[derive(Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    gate: Arc<Semaphore>,
}

/// Place in the gate, which is given back when the answer has been parsed.
#[derive(Clone)]
struct HeldPlace(#[expect(dead_code, reason = "it is held for its drop")] Arc<OwnedSemaphorePermit>);

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, gate) = (self.inner.call(request), Arc::clone(&self.gate));
        HttpConnectorFuture::new(async move {
            // The head has come; the body waits in the connection until it is read.
            let mut answer = answer.await?;
            if let Ok(Ok(place)) = timeout(PATIENCE, gate.acquire_owned()).await {
                answer.add_extension(HeldPlace(Arc::new(place)));
            }
            Ok(answer)
        })
    }
}
