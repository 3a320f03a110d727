//! Client for calls of AWS that need no SDK of their own: signs a request, sends it over the connection that the SDK's
//! clients have, and returns the JSON of the answer.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_types::service_config::ServiceConfigKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::ca_bundle::CaBundle;
use super::call::Caller;
use super::credentials::{CONNECT, KeptCredentials};
use super::exchange::host_of;
use super::failure::{CredentialFault, RequestError, fault_of_answer, fault_of_connection, not_aws, source_fault};
use super::http::connector;

/// Most bytes of one answer: more comes from something else than AWS.
const MOST_BYTES: usize = 32 << 20;

/// A service of AWS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// Id by which the configuration names its endpoint.
    id: &'static str,
    /// First label of its hosts, and its name in signatures.
    label: &'static str,
}

pub(super) const CLOUDWATCH: Service = Service { id: "CloudWatch", label: "monitoring" };
pub(super) const SQS: Service = Service { id: "SQS", label: "sqs" };
/// CloudWatch Logs, for the calls that the SDK knows only in part.
pub(super) const LOGS: Service = Service { id: "CloudWatch Logs", label: "logs" };
pub(super) const LAMBDA: Service = Service { id: "Lambda", label: "lambda" };

/// A call of a service.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// GET of a path with its query.
    Get { path: String },
    /// POST of a JSON document to an operation (protocol AWS JSON, in the version of the service).
    Json { target: &'static str, body: Vec<u8> },
}

/// Client of one region with the credentials of one session.
#[derive(Debug)]
pub(super) struct SignedClient {
    config: SdkConfig,
    region: String,
    credentials: Arc<KeptCredentials>,
    bundle: CaBundle,
    /// URL that was named for all services, if it serves more than logs.
    endpoint_url: Option<String>,
    /// URL that was named for logs.
    logs_url: Option<String>,
    /// Whether a URL was named that serves only logs, so that no configured one counts either.
    only_logs: bool,
    /// Time limit for a part of an answer, and for all of it.
    timeout: Duration,
    patience: Duration,
    connector: OnceLock<SharedHttpConnector>,
}

/// What a client is made of.
pub(super) struct SignedClientParts<'a> {
    pub(super) config: &'a SdkConfig,
    pub(super) region: &'a str,
    pub(super) credentials: &'a Arc<KeptCredentials>,
    pub(super) bundle: &'a CaBundle,
    pub(super) endpoint_url: Option<&'a str>,
    pub(super) only_logs: bool,
    pub(super) timeout: Duration,
    pub(super) patience: Duration,
}

impl SignedClient {
    /// Creates a client. It connects only when it is used.
    pub(super) fn new(parts: &SignedClientParts<'_>) -> Self {
        Self {
            config: parts.config.clone(),
            region: parts.region.to_owned(),
            credentials: Arc::clone(parts.credentials),
            bundle: parts.bundle.clone(),
            endpoint_url: parts.endpoint_url.filter(|_| !parts.only_logs).map(str::to_owned),
            logs_url: parts.endpoint_url.map(str::to_owned),
            only_logs: parts.only_logs,
            timeout: parts.timeout,
            patience: parts.patience,
            connector: OnceLock::new(),
        }
    }

    /// Sends a call until there is an answer, and returns its JSON.
    pub(super) async fn call(&self, caller: &Caller, service: &Service, call: &Call) -> Result<Vec<u8>, RequestError> {
        self.call_counting(caller, service, call, &AtomicU64::new(0)).await
    }

    /// Sends a call until there is an answer, and returns its JSON. Tries that failed on the way, or at AWS, are counted: what
    /// was asked may have been done.
    pub(super) async fn call_counting(
        &self,
        caller: &Caller,
        service: &Service,
        call: &Call,
        unanswered: &AtomicU64,
    ) -> Result<Vec<u8>, RequestError> {
        let endpoint = self.url(service).await;
        let send = || async {
            let answer = self.send(service, &endpoint, call).await;
            if matches!(answer, Err(RequestError::NoAnswer(_) | RequestError::Passing(_))) {
                unanswered.fetch_add(1, Ordering::Relaxed);
            }
            answer
        };
        caller.repeat(send).await.map(|(body, _)| body)
    }

    /// Returns whether logs are asked for on this machine: what answers there has no quotas.
    pub(super) fn is_local(&self) -> bool {
        let url = self.logs_url.as_deref().or_else(|| self.config.endpoint_url());
        let host = url.and_then(host_of).unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        name == "localhost" || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    /// Returns host and port that a service is asked at.
    pub(super) async fn host(&self, service: &Service) -> String {
        host_of(&self.url(service).await).unwrap_or_default()
    }

    /// Returns the URL of a service: the one that was named, else a configured one, else that of AWS.
    pub(super) async fn url(&self, service: &Service) -> String {
        let configured = || {
            let key =
                ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
            let set = self.config.service_config().zip(key.build().ok()).and_then(|(set, key)| set.load_config(key));
            set.or_else(|| self.config.endpoint_url().map(str::to_owned))
        };
        let named = match (&self.endpoint_url, self.only_logs) {
            _ if *service == LOGS && self.logs_url.is_some() => self.logs_url.clone(),
            (Some(url), _) => Some(url.clone()),
            (None, true) => None,
            (None, false) => configured(),
        };
        match named {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let fips = self.config.use_fips().unwrap_or(false);
                let dual_stack = self.config.use_dual_stack().unwrap_or(false);
                of_aws(service, &self.region, fips, dual_stack).await
            }
        }
    }

    async fn send(&self, service: &Service, endpoint: &str, call: &Call) -> Result<Vec<u8>, RequestError> {
        let credentials = self.credentials.get().await;
        let credentials =
            credentials.map_err(|error| RequestError::Credentials(CredentialFault::Source(source_fault(&error))))?;
        let (method, path, headers, body) = match call {
            Call::Get { path } => ("GET", path.as_str(), Vec::new(), &[][..]),
            Call::Json { target, body } => {
                let version =
                    if *service == LOGS { "application/x-amz-json-1.1" } else { "application/x-amz-json-1.0" };
                let headers = vec![("content-type", version), ("x-amz-target", *target)];
                ("POST", "/", headers, body.as_slice())
            }
        };
        let url = format!("{endpoint}{path}");
        let wrong =
            |error: &dyn std::fmt::Display| RequestError::Other(format!("the request cannot be made ({error})"));
        let identity = credentials.into();
        let signing = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service.label)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| wrong(&error))?
            .into();
        let signable = SignableRequest::new(method, url.as_str(), headers.iter().copied(), SignableBody::Bytes(body));
        let signed = signable.and_then(|signable| sign(signable, &signing)).map_err(|error| wrong(&error))?;
        let (instructions, _) = signed.into_parts();
        let request = http::Request::builder().method(method).uri(url.as_str()).body(SdkBody::from(body.to_vec()));
        let request = request.map_err(|error| wrong(&error))?;
        let mut request = HttpRequest::try_from(request).map_err(|error| wrong(&error))?;
        for (name, value) in headers.into_iter().chain(instructions.headers()) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned()).map_err(|error| wrong(&error))?;
        }
        let exchange = async {
            let answer = self.connector().call(request).await.map_err(|error| fault_of_connection(&error))?;
            read(answer).await
        };
        let late = |_| Err(RequestError::NoAnswer("no answer in time".to_owned()));
        tokio::time::timeout(self.patience, exchange).await.unwrap_or_else(late)
    }

    fn connector(&self) -> &SharedHttpConnector {
        self.connector.get_or_init(|| {
            let settings = HttpConnectorSettings::builder()
                .connect_timeout(CONNECT.min(self.timeout))
                .read_timeout(self.timeout)
                .build();
            SharedHttpConnector::new(connector(&self.bundle, Some(&settings), self.config.sleep_impl()))
        })
    }
}

/// Writes a name as a part of a path or query.
pub(super) fn encoded(name: &str) -> impl std::fmt::Display + '_ {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(name, KEPT)
}

/// Returns AWS's URL of a service in a region. The SDK knows that of logs, with the domain of every partition, and the
/// hosts of the other services differ from it in their first label.
async fn of_aws(service: &Service, region: &str, fips: bool, dual_stack: bool) -> String {
    let label = service.label;
    let params = Params::builder().region(region).use_fips(fips).use_dual_stack(dual_stack).build();
    let url = match params {
        Ok(params) => DefaultResolver::new().resolve_endpoint(&params).await.map(|found| found.url().to_owned()).ok(),
        Err(_) => None,
    };
    match url.as_deref().and_then(|url| url.strip_prefix("https://logs")) {
        Some(rest) => format!("https://{label}{rest}"),
        None => format!("https://{label}.{region}.amazonaws.com"),
    }
}

/// Reads an answer: the body if the call succeeded, else why it did not.
async fn read(answer: HttpResponse) -> Result<Vec<u8>, RequestError> {
    let status = answer.status().as_u16();
    let header = |name: &str| answer.headers().get(name).map(str::to_owned);
    let (kind, code) = (header("content-type"), header("x-amzn-errortype"));
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| RequestError::Passing(format!("an answer with status {status} that was cut")))?;
        if body.len() + part.len() > MOST_BYTES {
            return Err(RequestError::Other(format!("an answer of more than {} MB", MOST_BYTES >> 20)));
        }
        body.extend_from_slice(&part);
    }
    // What other servers of these APIs say of the type is not always right.
    let is_json = body.trim_ascii_start().starts_with(b"{");
    let page = not_aws(status, kind.as_deref(), &body).filter(|_| !is_json);
    if status == 200 && page.is_none() {
        return Ok(body);
    }
    let told: AwsError = serde_json::from_slice(&body).unwrap_or_default();
    let code = code.or(told.kind).or(told.code).unwrap_or_default();
    // A code stands behind the name of its service, and before an address.
    let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    match page {
        Some(what) if code.is_empty() => Err(RequestError::NotAws(what)),
        _ => Err(fault_of_answer(status, code, &told.message.unwrap_or_default())),
    }
}

/// Error of AWS in JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AwsError {
    #[serde(rename = "__type")]
    kind: Option<String>,
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_so_that_they_cannot_lead_elsewhere() {
        assert_eq!(encoded("pay_2-x").to_string(), "pay_2-x");
        assert_eq!(encoded("../a?b#c/d é").to_string(), "..%2Fa%3Fb%23c%2Fd%20%C3%A9");
    }

    #[test]
    fn the_hosts_of_aws_are_found_in_every_partition() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (region, fips, dual_stack, want) in [
            ("eu-west-1", false, false, "https://monitoring.eu-west-1.amazonaws.com"),
            ("us-east-1", true, false, "https://monitoring-fips.us-east-1.amazonaws.com"),
            ("eu-west-1", false, true, "https://monitoring.eu-west-1.api.aws"),
            ("cn-north-1", false, false, "https://monitoring.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", false, false, "https://monitoring.us-gov-west-1.amazonaws.com"),
            ("us-iso-east-1", false, false, "https://monitoring.us-iso-east-1.c2s.ic.gov"),
            ("eusc-de-east-1", false, false, "https://monitoring.eusc-de-east-1.amazonaws.eu"),
        ] {
            let found = runtime.block_on(of_aws(&CLOUDWATCH, region, fips, dual_stack));
            assert_eq!(found, want);
        }
    }

    #[test]
    fn errors_of_aws_are_read_in_every_spelling() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = |status: u16, header: Option<&'static str>, body: &'static str| {
            let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
            header.into_iter().for_each(|code| drop(answer.headers_mut().insert("x-amzn-errortype", code)));
            runtime.block_on(read(answer))
        };
        let throttled = Err(RequestError::Throttled);
        assert_eq!(answer(200, None, "{}"), Ok(b"{}".to_vec()));
        assert_eq!(answer(400, None, r#"{"__type":"com.amazonaws.cloudwatch#ThrottlingException"}"#), throttled);
        assert_eq!(answer(400, Some("Throttling:http://x/"), "{}"), throttled);
        assert_eq!(answer(429, None, ""), throttled);
        let denied = answer(403, None, r#"{"__type":"AccessDenied","Message":"User: x is not authorized"}"#);
        assert_eq!(denied, Err(RequestError::Denied("AccessDenied: User: x is not authorized".to_owned())));
        assert!(matches!(answer(200, None, "<html>"), Err(RequestError::NotAws(_))));
        let mut other = HttpResponse::new(200.try_into().unwrap(), SdkBody::from("{}"));
        other.headers_mut().insert("content-type", "text/html");
        assert_eq!(runtime.block_on(read(other)), Ok(b"{}".to_vec()));
        assert!(matches!(answer(503, None, ""), Err(RequestError::Passing(_))));
    }
}
