//! Credentials of one run: fetched once, and again only when they end or AWS says that they have expired.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_cloudwatchlogs::config::SharedHttpClient;
use tokio::sync::Mutex;

use super::profile::key_of_environment;

/// Time before their end from which on credentials are fetched again.
const BEFORE_END: Duration = Duration::from_secs(60);
/// Least time between two fetches, since some sources give credentials that are about to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Timeout for opening a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// What the SDK's configuration is loaded with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) region: Option<String>,
    /// Profile that was named.
    pub(super) profile: Option<String>,
    pub(super) endpoint_url: Option<String>,
    /// Time limit for one answer.
    pub(super) timeout: Duration,
    pub(super) http_client: SharedHttpClient,
}

impl Settings {
    /// Loads the SDK's configuration.
    pub(super) async fn load(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(self.timeout)
            .operation_attempt_timeout(self.timeout * 2)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(self.http_client.clone())
            // Every request must pass our limiter, which retries by the SDK would bypass.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        loader.load().await
    }
}

/// Credentials that are kept once fetched. A source may ask the user for a touch or a code each time.
#[derive(Debug)]
pub(super) struct KeptCredentials {
    settings: Settings,
    region: Option<Region>,
    kept: Mutex<Option<FetchedCredentials>>,
    /// Number of times that different credentials were fetched.
    generation: AtomicU64,
}

#[derive(Debug)]
struct FetchedCredentials {
    credentials: Credentials,
    fetched: Instant,
}

impl FetchedCredentials {
    fn is_fresh(&self) -> bool {
        let ends_late = |end: SystemTime| end > SystemTime::now() + BEFORE_END;
        self.credentials.expiry().is_none_or(ends_late) || self.fetched.elapsed() < PATIENCE
    }
}

impl KeptCredentials {
    pub(super) fn new(settings: Settings, region: Option<Region>) -> Self {
        Self { settings, region, kept: Mutex::new(None), generation: AtomicU64::new(0) }
    }

    /// Returns the credentials, which are fetched if need be.
    pub(super) async fn get(&self) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept.lock().await;
        if let Some(fresh) = kept.as_ref().filter(|kept| kept.is_fresh()) {
            return Ok(fresh.credentials.clone());
        }
        self.fetch(&mut kept).await
    }

    /// Returns a number that changes whenever different credentials were fetched.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Fetches the credentials again after AWS called those of a generation expired. Returns whether there are others
    /// now.
    pub(super) async fn renew(&self, generation: u64) -> bool {
        let mut kept = self.kept.lock().await;
        if self.generation() != generation {
            return true;
        }
        self.fetch(&mut kept).await.is_ok() && self.generation() != generation
    }

    /// Creates the SDK's provider. It reads its files once, so each fetch takes a new one.
    async fn provider(&self) -> Result<SharedCredentialsProvider, CredentialsError> {
        match &self.settings.profile {
            // The SDK prefers keys in the environment to any profile; the AWS CLI prefers them only to a profile that was
            // not named.
            Some(name) if key_of_environment().is_some() => {
                let config = ProviderConfig::default()
                    .with_region(self.region.clone())
                    .with_http_client(self.settings.http_client.clone());
                let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name).build();
                Ok(SharedCredentialsProvider::new(provider))
            }
            // Without such keys the SDK's own chain is right, and it also finds the machine's role for a profile that
            // has a region but no credentials.
            _ => {
                let provider = self.settings.load().await.credentials_provider();
                provider.ok_or_else(|| CredentialsError::not_loaded("no provider of credentials"))
            }
        }
    }

    async fn fetch(&self, kept: &mut Option<FetchedCredentials>) -> Result<Credentials, CredentialsError> {
        let credentials = self.provider().await?.provide_credentials().await?;
        let is_other = |old: &FetchedCredentials| {
            let (old, new) = (&old.credentials, &credentials);
            (old.access_key_id(), old.session_token()) != (new.access_key_id(), new.session_token())
        };
        if kept.as_ref().is_some_and(is_other) {
            self.generation.fetch_add(1, Ordering::Release);
        }
        *kept = Some(FetchedCredentials { credentials: credentials.clone(), fetched: Instant::now() });
        Ok(credentials)
    }
}

/// The credentials as the SDK takes them.
#[derive(Debug)]
pub(super) struct Keys(pub(super) Arc<KeptCredentials>);

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.0.get())
    }
}
