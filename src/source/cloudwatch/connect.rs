//! Connection to AWS: the SDK's own configuration chain, one pair of clients per region, no retries by the SDK.

use std::collections::HashSet;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_cloudwatchlogs::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use super::Request;
use super::failure::{PullError, failure_of_credentials, root_cause};

/// Timeout for opening a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// API clients of one region.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) region: String,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
}

/// Clients of the regions to read, with the credentials of one account.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) clients: Vec<Clients>,
    /// Account id that the credentials name.
    pub(super) account: Option<String>,
}

/// Connects to every requested region, or to the configured one.
pub(super) async fn connect(request: &Request) -> Result<Connection, PullError> {
    if let Some(profile) = &request.profile {
        find_profile(profile).await?;
    }
    let base = load(request).await;
    let mut regions = request.regions.clone();
    if regions.is_empty() && !request.names_only_arns() {
        regions.push(base.region().ok_or(PullError::NoRegion)?.to_string());
    }
    regions.extend(request.regions_of_arns());
    // A region named twice is read once.
    let mut seen = HashSet::new();
    regions.retain(|region| seen.insert(region.clone()));
    let Some(provider) = base.credentials_provider() else { return Err(PullError::NoCredentials) };
    // Credentials are loaded once before everything else, so that a problem with them is reported once.
    let credentials = provider.provide_credentials().await.map_err(|error| match (&request.profile, error) {
        (Some(profile), CredentialsError::CredentialsNotLoaded(_)) if key_of_environment().is_some() => {
            PullError::Credentials(format!("the profile '{profile}' has none"))
        }
        (_, error) => failure_of_credentials(&error),
    })?;
    let account = account_of(&credentials);
    Ok(Connection { clients: regions.into_iter().map(|region| clients(&base, region)).collect(), account })
}

/// Checks that a profile exists. If there is no configuration at all, the SDK would silently use the machine's role
/// instead.
async fn find_profile(name: &str) -> Result<(), PullError> {
    let profiles = aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), None).await;
    match profiles {
        Ok(profiles) if profiles.get_profile(name).is_none() => {
            Err(PullError::Credentials(format!("there is no profile '{name}'")))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(PullError::Credentials(root_cause(&error))),
    }
}

/// Returns the access key id in the environment, which the SDK prefers to any profile.
fn key_of_environment() -> Option<String> {
    std::env::var("AWS_ACCESS_KEY_ID").ok().filter(|id| !id.trim().is_empty())
}

/// Returns the account id of the credentials. For keys from the environment it is ignored, since `AWS_ACCOUNT_ID` is
/// often set for other purposes.
fn account_of(credentials: &Credentials) -> Option<String> {
    let of_environment = key_of_environment().is_some_and(|id| id == credentials.access_key_id());
    credentials.account_id().filter(|_| !of_environment).map(|id| id.as_str().to_owned())
}

/// Creates the clients of another region with the same configuration.
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
    let http_client = http_client();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client.clone())
        // Every request must pass our limiter, which retries by the SDK would bypass.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // Without a region the chain may query the instance metadata service for one; a given region avoids that.
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
    let base = loader.load().await;
    match &request.profile {
        // The SDK prefers keys in the environment to any profile; the AWS CLI prefers them only to a profile that was
        // not named. Without such keys the SDK's own chain is right, and it also finds the machine's role for a profile
        // that has a region but no credentials.
        Some(profile) if key_of_environment().is_some() => {
            let config = ProviderConfig::default().with_region(base.region().cloned()).with_http_client(http_client);
            let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
            base.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
        }
        _ => base,
    }
}

/// Creates an HTTPS client: rustls, root certificates of the machine and of `AWS_CA_BUNDLE`, proxy from the
/// environment.
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

/// Reads the file from which the AWS CLI takes further root certificates.
fn extra_roots() -> Option<Vec<u8>> {
    std::env::var_os("AWS_CA_BUNDLE").and_then(|path| std::fs::read(path).ok())
}
