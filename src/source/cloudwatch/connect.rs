//! Connection to AWS: one session per profile, one place per session and region, no retries by the SDK.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudwatchlogs::config::IdentityCache;

use super::Request;
use super::ca_bundle::CaBundle;
use super::credentials::{KeptCredentials, Keys, Settings};
use super::exchange::{Exchange, Observer, host_of};
use super::failure::{CredentialFault, NOT_ENABLED, PullError, source_fault};
use super::http::http_client;
use super::profile::{CredentialSource, check_profile, key_of_environment, read_profiles};
use super::signed::{SignedClient, SignedClientParts};

/// Timeout for an answer of the Lambda API, on which a pull does not depend.
const LAMBDA_TIMEOUT: Duration = Duration::from_secs(5);

/// Credentials of one account, and what is known of them.
#[derive(Debug)]
pub(super) struct Session {
    /// Number among all sessions, to tell accounts apart that are not known.
    pub(super) number: usize,
    /// Profile that was named.
    pub(super) profile: Option<String>,
    pub(super) source: CredentialSource,
    pub(super) credentials: Arc<KeptCredentials>,
    /// Account id that the credentials name.
    pub(super) account: Option<String>,
}

/// A region of a session, with its clients.
pub(super) struct AccountRegion {
    pub(super) session: Arc<Session>,
    pub(super) region: String,
    /// Whether names without a region are looked up here; if not, only ARNs of this region.
    pub(super) for_names: bool,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) lambda: SignedClient,
    pub(super) logs_exchange: Arc<Exchange>,
    /// Client for the other services.
    pub(super) signed: SignedClient,
}

impl AccountRegion {
    /// Puts a fault of the credentials into words.
    pub(super) fn told(&self, fault: &CredentialFault) -> PullError {
        fault.told(&self.session.source, self.logs_exchange.ahead_s())
    }

    /// Returns the name of this place, for an account that may be known.
    pub(super) fn label(&self, account: Option<&str>) -> String {
        match (account, &self.session.profile) {
            (Some(account), _) => format!("account {account} in {}", self.region),
            (None, Some(profile)) => format!("profile {profile} in {}", self.region),
            (None, None) => self.region.clone(),
        }
    }

    /// Returns the failure for a region that rejects the credentials, which another region accepted.
    pub(super) fn not_enabled(&self, failure: PullError) -> PullError {
        match failure {
            PullError::Refused { code, .. } if NOT_ENABLED.contains(&code.as_str()) => PullError::NotEnabled { code },
            other => other,
        }
    }
}

/// Places to search, and what could not be connected.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) places: Vec<Arc<AccountRegion>>,
    /// Profiles that cannot be used, with the reason.
    pub(super) failures: Vec<(String, PullError)>,
    /// Remarks for the user that change no answer.
    pub(super) remarks: Vec<String>,
}

/// Connects to every requested region of every profile, or to the configured one.
///
/// # Errors
/// If the arguments or the configuration are wrong, or no profile can be used.
pub(super) async fn connect(request: &Request) -> Result<Connection, PullError> {
    check(request)?;
    let profiles = match read_profiles().await {
        Ok(profiles) => Some(profiles),
        // Without a profile that is named, the configuration matters only if nothing else has credentials.
        Err(failure) if !request.profiles.is_empty() || key_of_environment().is_none() => return Err(failure),
        Err(_) => None,
    };
    let named: Vec<Option<&str>> = match request.profiles.is_empty() {
        true => vec![None],
        false => request.profiles.iter().map(|name| Some(name.as_str())).collect(),
    };
    let mut connection = Connection::default();
    let mut first = None;
    let mut seen = BTreeSet::new();
    for name in named {
        // A profile named twice is used once.
        if !seen.insert(name) {
            continue;
        }
        // Keys of the environment win over a profile that only the environment names.
        let chosen = name.map(str::to_owned).or_else(profile_of_environment);
        if let (Some(name), Some(profiles)) = (chosen, &profiles) {
            check_profile(&name, profiles)?;
        }
        let bundle = profiles.as_ref().and_then(|profiles| {
            profiles.get_profile(name.unwrap_or(profiles.selected_profile()))?.get("ca_bundle").map(str::to_owned)
        });
        let bundle = CaBundle::find(bundle.as_deref())?;
        connection.remarks.extend(bundle.remark.clone().filter(|remark| !connection.remarks.contains(remark)));
        let source = CredentialSource::find(name, profiles.as_ref());
        if let Some(broken) = source.broken_chain() {
            return Err(PullError::Configuration(broken));
        }
        match session(request, connection.places.len(), name, source, bundle).await {
            Ok(places) => connection.places.extend(places),
            Err(failure) => {
                connection.failures.extend(name.map(|name| (name.to_owned(), failure.clone())));
                first = first.or(Some(failure));
            }
        }
    }
    match first {
        Some(failure) if connection.places.is_empty() => Err(failure),
        _ => Ok(connection),
    }
}

/// Returns the profile that the environment chooses and that is used.
fn profile_of_environment() -> Option<String> {
    let named = std::env::var("AWS_PROFILE").ok().filter(|name| !name.trim().is_empty());
    named.filter(|_| key_of_environment().is_none())
}

/// Checks what can be told wrong without asking anybody.
fn check(request: &Request) -> Result<(), PullError> {
    if let Some(url) = &request.endpoint_url {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let known = scheme.is_some_and(|scheme| scheme == "http" || scheme == "https");
        if !known || host_of(url).is_none() {
            // What stands before an @ is a password.
            let url = url.rsplit('@').next().unwrap_or_default();
            let message = format!("--endpoint-url '{url}' is not a URL: write it as https://HOST or http://HOST:PORT");
            return Err(PullError::Usage(message));
        }
    }
    match request.regions.iter().find(|region| !is_region(region)) {
        Some(region) => Err(PullError::Usage(format!(
            "--region '{region}' is not the name of a region, such as us-east-1; repeat --region for several"
        ))),
        None => Ok(()),
    }
}

/// Returns whether this may be the name of a region.
fn is_region(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Fetches the credentials of one profile, or of the environment, and creates the clients of its regions.
async fn session(
    request: &Request,
    number: usize,
    profile: Option<&str>,
    source: CredentialSource,
    bundle: CaBundle,
) -> Result<Vec<Arc<AccountRegion>>, PullError> {
    let settings = Settings {
        // Without a region the chain may query the instance metadata service for one; a given region avoids that.
        region: request.regions.first().cloned().or_else(|| request.regions_of_arns().next()),
        profile: profile.map(str::to_owned),
        endpoint_url: request.endpoint_url.clone(),
        timeout: request.timeout,
        http_client: http_client(bundle.clone()),
    };
    let base = settings.load().await;
    // Keys of a named profile win over those of the environment, so the regions may only be missing now.
    let mut regions = request.regions.clone();
    if regions.is_empty() && !request.names_only_arns() {
        let region = base.region().map(ToString::to_string).filter(|region| !region.is_empty());
        let region = region.ok_or(PullError::NoRegion)?;
        if !is_region(&region) {
            let message =
                format!("'{region}', which the AWS configuration gives, is not the name of a region; use --region");
            return Err(PullError::Configuration(message));
        }
        regions.push(region);
    }
    let credentials = KeptCredentials::new(settings, base.region().cloned());
    // Fetched before everything else, so that a problem with them is reported once.
    let fetched = credentials.get().await.map_err(|error| match source_fault(&error) {
        super::failure::SourceFault::None if profile.is_some() && key_of_environment().is_some() => {
            let name = profile.unwrap_or_default();
            let advice = "give it credentials, or leave out --profile to use the keys of the environment".to_owned();
            PullError::Credentials { detail: format!("the profile '{name}' has none"), advice }
        }
        fault => CredentialFault::Source(fault).told(&source, None),
    })?;
    let session = Arc::new(Session {
        number,
        profile: profile.map(str::to_owned),
        source,
        credentials: Arc::new(credentials),
        account: account_of(&fetched),
    });
    let base = base
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(Keys(Arc::clone(&session.credentials))))
        // The credentials are kept by our own provider, which can renew them.
        .identity_cache(IdentityCache::no_cache())
        .build();
    let named: BTreeSet<String> = regions.iter().cloned().collect();
    regions.extend(request.regions_of_arns());
    // A region named twice is read once.
    let mut seen = BTreeSet::new();
    regions.retain(|region| seen.insert(region.clone()));
    let place = |region: String| {
        let for_names = named.contains(&region);
        Arc::new(place(request, &base, &bundle, Arc::clone(&session), region, for_names))
    };
    Ok(regions.into_iter().map(place).collect())
}

/// Returns the account id of the credentials. For keys from the environment it is ignored, since `AWS_ACCOUNT_ID` is
/// often set for other purposes.
fn account_of(credentials: &Credentials) -> Option<String> {
    let of_environment = key_of_environment().is_some_and(|id| id == credentials.access_key_id());
    credentials.account_id().filter(|_| !of_environment).map(|id| id.as_str().to_owned())
}

/// Creates the clients of a region.
fn place(
    request: &Request,
    base: &SdkConfig,
    bundle: &CaBundle,
    session: Arc<Session>,
    region: String,
    for_names: bool,
) -> AccountRegion {
    let config = base.to_builder().region(Region::new(region.clone())).build();
    let logs_exchange = Arc::new(Exchange::new());
    let logs = aws_sdk_cloudwatchlogs::config::Builder::from(&config).interceptor(Observer(Arc::clone(&logs_exchange)));
    let client = |timeout, patience| {
        SignedClient::new(&SignedClientParts {
            config: &config,
            region: &region,
            credentials: &session.credentials,
            bundle,
            endpoint_url: request.endpoint_url.as_deref(),
            only_logs: request.endpoint_url.as_deref().is_some_and(serves_only_logs),
            timeout,
            patience,
        })
    };
    let lambda_timeout = request.timeout.min(LAMBDA_TIMEOUT);
    let lambda = client(lambda_timeout, lambda_timeout);
    let signed = client(request.timeout, request.timeout * 2);
    AccountRegion {
        session,
        region,
        for_names,
        logs: aws_sdk_cloudwatchlogs::Client::from_conf(logs.build()),
        lambda,
        logs_exchange,
        signed,
    }
}

/// Returns whether a URL is an endpoint of CloudWatch Logs at AWS, as that of a private network
/// (`vpce-0abc-xyz.logs.eu-west-1.vpce.amazonaws.com`): Lambda is not behind it.
fn serves_only_logs(url: &str) -> bool {
    let host = host_of(url).unwrap_or_default().to_ascii_lowercase();
    let host = host.split(':').next().unwrap_or_default();
    host.contains(".amazonaws.") && host.split('.').any(|label| label == "logs" || label == "logs-fips")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_of_logs_is_not_asked_for_functions() {
        for (url, want) in [
            ("https://vpce-0abc-xyz.logs.eu-west-1.vpce.amazonaws.com", true),
            ("https://logs.us-east-1.amazonaws.com", true),
            ("https://logs-fips.us-gov-west-1.amazonaws.com", true),
            ("https://logs.cn-north-1.amazonaws.com.cn", true),
            ("http://127.0.0.1:4566", false),
            ("http://localhost.localstack.cloud:4566", false),
            ("https://logs.example.com", false),
            ("https://lambda.us-east-1.amazonaws.com", false),
        ] {
            assert_eq!(serves_only_logs(url), want, "{url}");
        }
    }
}
