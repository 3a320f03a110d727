//! The way to AWS: the SDK's own chain of configuration, one pair of clients per region, no retries of its own.

use std::collections::HashSet;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_cloudwatchlogs::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use super::Request;
use super::failure::{Failure, failure_of_credentials};

/// To open a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The clients of one region.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) region: String,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
}

/// Connects to every region that was asked for, or to the one that the configuration names.
pub(super) async fn connect(request: &Request) -> Result<Vec<Clients>, Failure> {
    let base = load(request).await;
    let mut regions = request.regions.clone();
    if regions.is_empty() && !request.names_only_arns() {
        regions.push(base.region().ok_or(Failure::NoRegion)?.to_string());
    }
    regions.extend(request.regions_of_arns());
    // A region that was named twice is read once.
    let mut seen = HashSet::new();
    regions.retain(|region| seen.insert(region.clone()));
    let Some(provider) = base.credentials_provider() else { return Err(Failure::NoCredentials) };
    // Asked for once before everything else, so that what is wrong with them is said once.
    provider.provide_credentials().await.map_err(|error| failure_of_credentials(&error))?;
    Ok(regions.into_iter().map(|region| clients(&base, region)).collect())
}

/// The clients of another region with the same configuration.
pub(super) fn clients(base: &SdkConfig, region: String) -> Clients {
    let config = base.to_builder().region(Region::new(region.clone())).build();
    Clients { region, logs: aws_sdk_cloudwatchlogs::Client::new(&config), lambda: aws_sdk_lambda::Client::new(&config) }
}

async fn load(request: &Request) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(request.timeout)
        .operation_attempt_timeout(request.timeout * 2)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client())
        // Every request goes through our limiter; retries of the SDK would not.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // Without a region the chain may look for one at the instance metadata service; named ones spare that.
    let named = request.regions.first().cloned().or_else(|| request.regions_of_arns().next());
    if let Some(region) = named {
        loader = loader.region(Region::new(region));
    }
    if let Some(profile) = &request.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &request.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    loader.load().await
}

/// HTTPS with rustls, the roots of the machine and of `AWS_CA_BUNDLE`, and the proxy of the environment.
fn http_client() -> SharedHttpClient {
    let roots = extra_roots();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut store = TrustStore::default();
        if let Some(roots) = &roots {
            store.add_pem_certificate(roots.clone());
        }
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        let builder = builder.proxy_config(ProxyConfig::from_env()).tls_provider(Provider::Rustls(CryptoMode::Ring));
        match TlsContext::builder().with_trust_store(store).build() {
            Ok(context) => builder.tls_context(context).build(),
            Err(_) => builder.build(),
        }
    })
}

/// The file that the AWS CLI takes further roots from.
fn extra_roots() -> Option<Vec<u8>> {
    std::env::var_os("AWS_CA_BUNDLE").and_then(|path| std::fs::read(path).ok())
}
