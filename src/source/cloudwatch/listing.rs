//! Listing of a region's log groups and functions, with the log group of each function.

use aws_sdk_cloudwatchlogs::types::LogGroupClass;

use super::call::{Caller, Refusal};
use super::connect::Clients;
use super::selector::Owner;

/// Requests per second for listing, below the 10 that AWS allows for DescribeLogGroups.
const LISTING_RATE: u32 = 8;
/// Most pages read of one list, as a guard against endless paging.
const MOST_PAGES: usize = 2_000;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Standard,
    InfrequentAccess,
    Delivery,
}

/// A function and its log group.
#[derive(Clone, Debug)]
pub(super) struct FunctionInfo {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) owner: Option<Owner>,
}

/// Client for a region's lists.
pub(super) struct Lister {
    pub(super) clients: Clients,
    logs: Caller,
    lambda: Caller,
}

impl Lister {
    pub(super) fn new(clients: Clients) -> Self {
        let caller = || Caller::new(&clients.region, LISTING_RATE);
        Self { logs: caller(), lambda: caller(), clients: clients.clone() }
    }

    /// Returns the log groups whose name begins with `prefix`.
    pub(super) async fn groups(&self, prefix: &str) -> Result<Vec<GroupInfo>, Refusal> {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let request = || {
                let request = self.clients.logs.describe_log_groups().set_next_token(token.clone());
                request.set_log_group_name_prefix((!prefix.is_empty()).then(|| prefix.to_owned())).send()
            };
            let (page, _) = self.logs.call(request).await?;
            found.extend(page.log_groups().iter().filter_map(group_info));
            let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() || next == token {
                break;
            }
            token = next;
        }
        Ok(found)
    }

    /// Returns one log group, if it exists.
    pub(super) async fn group(&self, name: &str) -> Result<Option<GroupInfo>, Refusal> {
        // Groups come sorted by name, so the exact match is first: one page is enough.
        let request = || self.clients.logs.describe_log_groups().log_group_name_prefix(name).send();
        let (page, _) = self.logs.call(request).await?;
        Ok(page.log_groups().iter().filter_map(group_info).find(|group| group.name == name))
    }

    /// Returns every function with its log group.
    pub(super) async fn functions(&self) -> Result<Vec<FunctionInfo>, Refusal> {
        let (mut found, mut marker) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let (page, _) =
                self.lambda.call(|| self.clients.lambda.list_functions().set_marker(marker.clone()).send()).await?;
            found.extend(page.functions().iter().filter_map(|one| {
                let name = one.function_name()?;
                let group = one.logging_config().and_then(|config| config.log_group());
                Some(function_info(name, one.function_arn(), group))
            }));
            let next = page.next_marker().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() || next == marker {
                break;
            }
            marker = next;
        }
        Ok(found)
    }

    /// Returns one function with its log group.
    pub(super) async fn function(&self, name: &str) -> Result<FunctionInfo, Refusal> {
        let request = || self.clients.lambda.get_function_configuration().function_name(name).send();
        let (found, _) = self.lambda.call(request).await?;
        let group = found.logging_config().and_then(|config| config.log_group());
        Ok(function_info(name, found.function_arn(), group))
    }
}

/// Returns the log group of a function that configures no other.
pub(super) fn default_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

fn function_info(name: &str, arn: Option<&str>, group: Option<&str>) -> FunctionInfo {
    let group = group.filter(|group| !group.is_empty()).map_or_else(|| default_group(name), str::to_owned);
    FunctionInfo { name: name.to_owned(), group, owner: arn.and_then(Owner::of_arn) }
}

fn group_info(group: &aws_sdk_cloudwatchlogs::types::LogGroup) -> Option<GroupInfo> {
    let arn = group.arn().or(group.log_group_arn());
    Some(GroupInfo {
        name: group.log_group_name()?.to_owned(),
        owner: arn.and_then(Owner::of_arn),
        class: match group.log_group_class() {
            Some(LogGroupClass::InfrequentAccess) => Class::InfrequentAccess,
            Some(LogGroupClass::Delivery) => Class::Delivery,
            _ => Class::Standard,
        },
        stored_bytes: group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
        created_ms: group.creation_time().unwrap_or(0),
        retention_days: group.retention_in_days().and_then(|days| u32::try_from(days).ok()),
    })
}
