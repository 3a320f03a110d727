//! Listing of a place's log groups and functions, with the log group of each function.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::LogGroupClass;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::{Caller, NEEDED, OPTIONAL};
use super::connect::AccountRegion;
use super::failure::RequestError;
use super::limiter::Limiter;
use super::selector::Owner;
use super::signed::{Call, LAMBDA, encoded};

/// Requests per second for listing log groups, below the 10 that AWS allows.
const LISTING_RATE: u32 = 8;
/// Requests per second to the Lambda API, whose quota of 15 an account shares with its deployments.
const LAMBDA_RATE: u32 = 5;
/// Most pages read of one list, as a guard against endless paging.
const MOST_PAGES: usize = 2_000;
/// Most pages of log groups read to find a name like one that does not exist.
const NEAR_PAGES: usize = 10;

/// A log group as CloudWatch describes it.
#[derive(Clone, Debug)]
pub(super) struct GroupInfo {
    pub(super) name: String,
    pub(super) owner: Option<Owner>,
    pub(super) class: Class,
    pub(super) stored_bytes: u64,
    /// Milliseconds since 1970.
    pub(super) created_ms: i64,
    pub(super) retention_days: Option<u32>,
}

/// Log class of a group, which decides whether it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Standard,
    InfrequentAccess,
    Delivery,
    /// A class that is not known here, by AWS's name; whether it can be read shows when it is tried.
    Other(String),
}

/// A function and its log group.
#[derive(Clone, Debug)]
pub(super) struct FunctionInfo {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) owner: Option<Owner>,
}

/// Result of a look-up.
pub(super) type LookupResult<T> = Result<T, RequestError>;

/// Client for a place's lists.
pub(super) struct Lister {
    pub(super) place: Arc<AccountRegion>,
    /// Whether log groups of linked accounts are listed, too.
    linked: bool,
    logs: Caller,
    lambda: Caller,
}

impl Lister {
    pub(super) fn new(place: Arc<AccountRegion>, linked: bool) -> Self {
        let caller =
            |rate, tries| Caller::new(Arc::new(Limiter::new(rate)), Arc::clone(&place.session.credentials), tries);
        Self {
            logs: caller(LISTING_RATE, NEEDED),
            lambda: caller(LAMBDA_RATE, OPTIONAL),
            linked,
            place: Arc::clone(&place),
        }
    }

    /// Returns the log groups whose name begins with `prefix`.
    pub(super) async fn groups(&self, prefix: &str) -> LookupResult<Vec<GroupInfo>> {
        self.pages(prefix, self.linked, MOST_PAGES).await
    }

    /// Returns some log groups whose name begins with `prefix`, to find one that was meant.
    pub(super) async fn some_groups(&self, prefix: &str) -> LookupResult<Vec<GroupInfo>> {
        self.pages(prefix, false, NEAR_PAGES).await
    }

    /// Returns any log group of the account of the credentials, by which the account is known.
    pub(super) async fn own_group(&self) -> LookupResult<Option<GroupInfo>> {
        let (page, _) = self.logs.call(|| self.place.logs.describe_log_groups().limit(1).send()).await?;
        Ok(page.log_groups().iter().find_map(group_info))
    }

    /// Returns the log groups of one name: one, none, or several of linked accounts.
    pub(super) async fn named(&self, name: &str) -> LookupResult<Vec<GroupInfo>> {
        if self.linked {
            let groups = self.pages(name, true, MOST_PAGES).await?;
            return Ok(groups.into_iter().filter(|group| group.name == name).collect());
        }
        // Groups come sorted by name, so the exact match is first, and one page is enough: unless it is empty.
        let mut token = None;
        for _ in 0..NEAR_PAGES {
            let request = self.place.logs.describe_log_groups().log_group_name_prefix(name);
            let (page, _) = self.logs.call(|| request.clone().set_next_token(token.clone()).send()).await?;
            let groups = page.log_groups();
            let found: Vec<GroupInfo> =
                groups.iter().filter_map(group_info).filter(|group| group.name == name).collect();
            token = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            let is_sorted = groups.is_sorted_by_key(|group| group.log_group_name());
            if token.is_none() || !found.is_empty() || is_sorted && !groups.is_empty() {
                return Ok(found);
            }
        }
        Err(endless())
    }

    async fn pages(&self, prefix: &str, linked: bool, most: usize) -> LookupResult<Vec<GroupInfo>> {
        let (mut found, mut token, mut seen) = (Vec::new(), None::<String>, BTreeSet::new());
        for _ in 0..most {
            let request = || {
                let request = self.place.logs.describe_log_groups().set_next_token(token.clone());
                let request = request.set_include_linked_accounts(linked.then_some(true));
                request.set_log_group_name_prefix((!prefix.is_empty()).then(|| prefix.to_owned())).send()
            };
            let (page, _) = self.logs.call(request).await?;
            found.extend(page.log_groups().iter().filter_map(group_info));
            token = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            match &token {
                None => return Ok(found),
                Some(next) if !seen.insert(next.clone()) => return Err(endless()),
                Some(_) => {}
            }
        }
        if most < MOST_PAGES { Ok(found) } else { Err(endless()) }
    }

    /// Returns every function with its log group.
    pub(super) async fn functions(&self) -> LookupResult<Vec<FunctionInfo>> {
        let (mut found, mut marker, mut seen) = (Vec::new(), None::<String>, BTreeSet::new());
        for _ in 0..MOST_PAGES {
            let query = marker.iter().map(|marker| format!("?Marker={}", encoded(marker))).collect::<String>();
            let page: FunctionPage = self.lambda(format!("{FUNCTIONS}{query}")).await?;
            found.extend(page.functions.into_iter().flatten().filter_map(|one| {
                let name = one.function_name.clone()?;
                Some(function_info(&name, one))
            }));
            marker = page.next_marker.filter(|next| !next.is_empty());
            match &marker {
                None => return Ok(found),
                Some(next) if !seen.insert(next.clone()) => return Err(endless()),
                Some(_) => {}
            }
        }
        Err(endless())
    }

    /// Returns one function with its log group.
    pub(super) async fn function(&self, name: &str) -> LookupResult<FunctionInfo> {
        let found: FunctionTold = self.lambda(format!("{FUNCTIONS}/{}/configuration", encoded(name))).await?;
        if found.function_name.is_none() && found.function_arn.is_none() {
            return Err(RequestError::Other("an answer that names no function".to_owned()));
        }
        Ok(function_info(name, found))
    }

    /// Asks the Lambda API, and reads its answer.
    async fn lambda<T: DeserializeOwned>(&self, path: String) -> LookupResult<T> {
        let answer = self.place.lambda.call(&self.lambda, &LAMBDA, &Call::Get { path }).await?;
        serde_json::from_slice(&answer).map_err(|_| RequestError::Other("an answer that is not JSON".to_owned()))
    }
}

/// Path of functions in the Lambda API.
const FUNCTIONS: &str = "/2015-03-31/functions";

/// A page of ListFunctions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionPage {
    functions: Option<Vec<FunctionTold>>,
    next_marker: Option<String>,
}

/// The parts of a function's configuration that tell where it logs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionTold {
    function_name: Option<String>,
    function_arn: Option<String>,
    logging_config: Option<LoggingTold>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingTold {
    log_group: Option<String>,
}

/// Returns the failure of a list whose pages lead back to earlier ones.
fn endless() -> RequestError {
    RequestError::Other("its list has no end".to_owned())
}

/// Returns the log group of a function that configures no other.
pub(super) fn default_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

fn function_info(name: &str, told: FunctionTold) -> FunctionInfo {
    let group = told.logging_config.and_then(|config| config.log_group).filter(|group| !group.is_empty());
    let owner = told.function_arn.as_deref().and_then(Owner::of_arn);
    FunctionInfo { name: name.to_owned(), group: group.unwrap_or_else(|| default_group(name)), owner }
}

fn group_info(group: &aws_sdk_cloudwatchlogs::types::LogGroup) -> Option<GroupInfo> {
    let arn = group.arn().or(group.log_group_arn());
    Some(GroupInfo {
        name: group.log_group_name()?.to_owned(),
        owner: arn.and_then(Owner::of_arn),
        class: match group.log_group_class() {
            None | Some(LogGroupClass::Standard) => Class::Standard,
            Some(LogGroupClass::InfrequentAccess) => Class::InfrequentAccess,
            Some(LogGroupClass::Delivery) => Class::Delivery,
            Some(other) => Class::Other(other.as_str().to_owned()),
        },
        stored_bytes: group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
        created_ms: group.creation_time().unwrap_or(0),
        retention_days: group.retention_in_days().and_then(|days| u32::try_from(days).ok()),
    })
}
