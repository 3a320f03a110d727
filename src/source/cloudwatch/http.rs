//! HTTPS: rustls, root certificates of the machine and of the bundle, proxy from the environment.

use aws_sdk_cloudwatchlogs::config::{SharedAsyncSleep, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider as TlsProvider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;

use super::body_gate::GatedClient;
use super::ca_bundle::CaBundle;

/// Creates the client of the SDK.
pub(super) fn http_client(bundle: CaBundle) -> SharedHttpClient {
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        connector(&bundle, settings, components.and_then(|components| components.sleep_impl()))
    });
    SharedHttpClient::new(GatedClient::new(client))
}

/// Creates what opens connections for a client.
pub(super) fn connector(
    bundle: &CaBundle,
    settings: Option<&HttpConnectorSettings>,
    sleep: Option<SharedAsyncSleep>,
) -> Connector {
    let mut store = TrustStore::default();
    if !bundle.pem.is_empty() {
        store.add_pem_certificate(bundle.pem.clone());
    }
    let mut builder = Connector::builder();
    builder.set_connector_settings(settings.cloned());
    builder.set_sleep_impl(sleep);
    let builder = builder.proxy_config(ProxyConfig::from_env()).tls_provider(TlsProvider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(store).build() {
        Ok(context) => builder.tls_context(context).build(),
        Err(_) => builder.build(),
    }
}
