//! Configuration of functions, mappings and queues of one region: asks Lambda and SQS, gently, and keeps of each answer
//! what the readers of the AWS CLI's documents use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Caller, EXTRA};
use super::connect::AccountRegion;
use super::failure::{RequestError, network_advice};
use super::limiter::Limiter;
use super::pruned::pruned;
use super::signed::{Call, LAMBDA, SQS, Service, SignedClient, encoded};
use crate::model::FunctionArn;

/// Requests per second to the Lambda API, whose quota of 15 an account shares with its deployments.
const LAMBDA_RATE: u32 = 3;
/// Requests per second to SQS.
const SQS_RATE: u32 = 5;
/// Most pages of one list, as a guard against endless paging.
const MOST_PAGES: usize = 2_000;
/// Number of functions up to which each is asked for by itself, so that no right to list all is needed.
const FEW: usize = 20;
/// Most failing functions that are asked about: with two requests for each, this takes half a minute.
const MOST_FAILING: usize = 50;
/// Most numbered versions of one function that are asked about.
const MOST_VERSIONS: usize = 3;
/// What is kept of answers: names of settings, none of which holds what a user stored in it.
const KEPT: &[&str] = &[
    "Functions",
    "NextMarker",
    "FunctionName",
    "FunctionArn",
    "Version",
    "Timeout",
    "MemorySize",
    "Runtime",
    "Architectures",
    "PackageType",
    "LastModified",
    "DeadLetterConfig",
    "TargetArn",
    "SnapStart",
    "ApplyOn",
    "LoggingConfig",
    "SystemLogLevel",
    "EventSourceMappings",
    "EventSourceArn",
    "SelfManagedEventSource",
    "State",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "OnFailure",
    "Destination",
    "FunctionResponseTypes",
    "FunctionEventInvokeConfigs",
    "ReservedConcurrentExecutions",
    "Attributes",
    "QueueArn",
    "VisibilityTimeout",
    "RedrivePolicy",
];

/// Functions that failed, with the numbers of the versions that did.
pub(super) type FailedVersions = BTreeMap<String, BTreeSet<String>>;

/// Client for the configuration in one region.
pub(super) struct Configuration<'p> {
    place: &'p AccountRegion,
    lambda: Caller,
    sqs: Caller,
    documents: Vec<Value>,
    /// What is not known and why, by the action that is needed.
    missing: BTreeMap<&'static str, String>,
}

impl<'p> Configuration<'p> {
    pub(super) fn new(place: &'p AccountRegion) -> Self {
        let caller = |rate| Caller::new(Arc::new(Limiter::new(rate)), Arc::clone(&place.session.credentials), EXTRA);
        let (lambda, sqs) = (caller(LAMBDA_RATE), caller(SQS_RATE));
        Self { place, lambda, sqs, documents: Vec::new(), missing: BTreeMap::new() }
    }

    /// Asks about these functions, and in depth about those that failed. Returns documents as the AWS CLI prints them, and
    /// what is not known.
    pub(super) async fn ask(
        mut self,
        functions: &BTreeSet<String>,
        failed: &FailedVersions,
    ) -> (Vec<Value>, Vec<String>) {
        if functions.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let described = self.functions(functions).await;
        let mappings = self.mappings(functions).await;
        for (name, versions) in failed.iter().take(MOST_FAILING) {
            self.invoke_configs(name, described.get(name)).await;
            self.concurrency(name, described.get(name)).await;
            for version in versions.iter().rev().take(MOST_VERSIONS) {
                self.version(name, version).await;
            }
        }
        let of_failed = mappings.iter().filter(|(name, _)| failed.contains_key(name));
        let queues: BTreeSet<&String> = of_failed.map(|(_, arn)| arn).collect();
        for arn in queues {
            self.queue(arn).await;
        }
        let mut notes: Vec<String> = self.missing.into_values().collect();
        if failed.len() > MOST_FAILING {
            notes.push(format!(
                "only the first {MOST_FAILING} of {} functions that fail were asked for retries and destinations: name \
                 those that matter",
                failed.len()
            ));
        }
        (self.documents, notes)
    }

    /// Asks for the descriptions of functions, and returns them by name.
    async fn functions(&mut self, wanted: &BTreeSet<String>) -> BTreeMap<String, Value> {
        const LIST: &str = "lambda:ListFunctions";
        const ONE: &str = "lambda:GetFunctionConfiguration";
        let mut found = BTreeMap::new();
        if wanted.len() <= FEW {
            for name in wanted {
                let path = format!("/2015-03-31/functions/{}/configuration", encoded(name));
                if let Some(told) = self.lambda(ONE, path).await {
                    found.insert(name.clone(), told);
                }
            }
        } else {
            for page in self.pages(LIST, "/2015-03-31/functions").await {
                for function in members(page, "Functions") {
                    let name = function["FunctionName"].as_str().unwrap_or_default().to_owned();
                    if wanted.contains(&name) {
                        found.insert(name, function);
                    }
                }
            }
        }
        if !found.is_empty() {
            self.documents.push(json!({ "Functions": found.values().collect::<Vec<_>>() }));
        }
        found
    }

    /// Asks for the mappings of these functions. Returns the queues that they read, with the function of each.
    async fn mappings(&mut self, wanted: &BTreeSet<String>) -> Vec<(String, String)> {
        let (mut found, mut queues) = (Vec::new(), Vec::new());
        for page in self.pages("lambda:ListEventSourceMappings", "/2015-03-31/event-source-mappings").await {
            for mapping in members(page, "EventSourceMappings") {
                let function = mapping["FunctionArn"].as_str().and_then(FunctionArn::parse);
                let Some(name) = function.map(|arn| arn.name.to_owned()).filter(|name| wanted.contains(name)) else {
                    continue;
                };
                let source = mapping["EventSourceArn"].as_str().filter(|arn| arn.split(':').nth(2) == Some("sqs"));
                queues.extend(source.map(|arn| (name, arn.to_owned())));
                found.push(mapping);
            }
        }
        if !found.is_empty() {
            self.documents.push(json!({ "EventSourceMappings": found }));
        }
        queues
    }

    /// Asks for the settings of asynchronous invocations. Without any, the function has the defaults.
    async fn invoke_configs(&mut self, name: &str, described: Option<&Value>) {
        let path = format!("/2019-09-25/functions/{}/event-invoke-config/list", encoded(name));
        let action = "lambda:ListFunctionEventInvokeConfigs";
        let pages = self.pages(action, &path).await;
        if self.missing.contains_key(action) {
            return;
        }
        let mut configs: Vec<Value> =
            pages.into_iter().flat_map(|page| members(page, "FunctionEventInvokeConfigs")).collect();
        if configs.is_empty() {
            let arn = described.and_then(|function| function["FunctionArn"].as_str()).unwrap_or(name);
            configs.push(json!({ "FunctionArn": arn, "MaximumRetryAttempts": 2 }));
        }
        self.documents.push(json!({ "FunctionEventInvokeConfigs": configs }));
    }

    /// Asks for the concurrency that is reserved.
    async fn concurrency(&mut self, name: &str, described: Option<&Value>) {
        let path = format!("/2019-09-30/functions/{}/concurrency", encoded(name));
        let Some(told) = self.lambda("lambda:GetFunctionConcurrency", path).await else { return };
        if told.get("ReservedConcurrentExecutions").is_some() {
            let function = described.cloned().unwrap_or_else(|| json!({ "FunctionName": name }));
            self.documents.push(json!({ "Configuration": function, "Concurrency": told }));
        }
    }

    /// Asks for the description of a numbered version: that of `$LATEST` may be another one by now.
    async fn version(&mut self, name: &str, version: &str) {
        let path = format!("/2015-03-31/functions/{}/configuration?Qualifier={}", encoded(name), encoded(version));
        let told = self.lambda("lambda:GetFunctionConfiguration", path).await;
        self.documents.extend(told);
    }

    /// Asks for what a queue does with messages that fail. It never receives any.
    async fn queue(&mut self, arn: &str) {
        const ACTION: &str = "sqs:GetQueueAttributes";
        let mut parts = arn.split(':').skip(4);
        let (Some(account), Some(name)) = (parts.next(), parts.next()) else { return };
        if self.missing.contains_key(ACTION) {
            return;
        }
        let url = format!("{}/{account}/{name}", self.place.signed.url(&SQS).await);
        let names = ["QueueArn", "VisibilityTimeout", "RedrivePolicy"];
        let body = json!({ "QueueUrl": url, "AttributeNames": names }).to_string().into_bytes();
        let call = Call::Json { target: "AmazonSQS.GetQueueAttributes", body };
        let answer = self.place.signed.call(&self.sqs, &SQS, &call).await;
        match answer.and_then(|body| read(&body)) {
            Ok(told) => self.documents.push(told),
            Err(fault) => self.fails(ACTION, &self.place.signed, &SQS, &fault).await,
        }
    }

    /// Asks the Lambda API. `None` if it gives no answer, or has none before.
    async fn lambda(&mut self, action: &'static str, path: String) -> Option<Value> {
        if self.missing.contains_key(action) {
            return None;
        }
        let answer = self.place.lambda.call(&self.lambda, &LAMBDA, &Call::Get { path }).await;
        match answer.and_then(|body| read(&body)) {
            Ok(told) => Some(told),
            // A function that was deleted has a log, and no configuration.
            Err(RequestError::Missing) => None,
            Err(fault) => {
                self.fails(action, &self.place.lambda, &LAMBDA, &fault).await;
                None
            }
        }
    }

    /// Asks the Lambda API for all pages of a list.
    async fn pages(&mut self, action: &'static str, path: &str) -> Vec<Value> {
        let (mut pages, mut marker, mut seen) = (Vec::new(), String::new(), BTreeSet::new());
        for _ in 0..MOST_PAGES {
            let Some(mut page) = self.lambda(action, format!("{path}{marker}")).await else { break };
            let next = page.as_object_mut().and_then(|page| page.remove("NextMarker"));
            pages.push(page);
            match next.as_ref().and_then(Value::as_str).filter(|next| !next.is_empty()) {
                Some(next) if seen.insert(next.to_owned()) => marker = format!("?Marker={}", encoded(next)),
                _ => break,
            }
        }
        pages
    }

    /// Records that something is not known. It is not asked for again.
    async fn fails(&mut self, action: &'static str, client: &SignedClient, service: &Service, fault: &RequestError) {
        let host = client.host(service).await;
        let why = match fault {
            RequestError::Denied(said) => format!("allow {action} ({said})"),
            RequestError::Throttled => format!("{host} throttles {action} again and again"),
            RequestError::NoConnection(why) | RequestError::NoAnswer(why) | RequestError::Lost(why) => {
                format!("{action}: {host} does not answer ({why}); {}", network_advice(why))
            }
            RequestError::NotAws(what) => format!("{action}: {host}: {what}"),
            RequestError::Credentials(fault) => format!("{action}: {}", self.place.told(fault)),
            RequestError::Missing => format!("{action}: {host} knows no such call"),
            RequestError::Passing(why)
            | RequestError::Other(why)
            | RequestError::Token(why)
            | RequestError::Class(why) => format!("{action}: {host} answers {why}"),
        };
        self.missing.insert(action, why);
    }
}

/// Reads an answer, and keeps what is used.
fn read(body: &[u8]) -> Result<Value, RequestError> {
    // GetFunctionConcurrency answers nothing at all where none is reserved.
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let told = pruned(body, KEPT).filter(Value::is_object);
    told.ok_or_else(|| RequestError::Other("an answer that is not JSON".to_owned()))
}

/// Takes the members of a list out of a page.
fn members(mut page: Value, list: &str) -> Vec<Value> {
    match page.get_mut(list).map(Value::take) {
        Some(Value::Array(members)) => members,
        _ => Vec::new(),
    }
}
