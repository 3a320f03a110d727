//! Reasons for which a log group is not read, with what to do.

use std::collections::BTreeSet;

use super::listing::Class;
use super::selector::Owner;
use super::target::Target;
use super::{Request, SearchEngine};
use crate::model::{function_from_group, nearest, suggestion};

/// Reason for not reading a group by its name.
pub(super) const NAMED_TWICE: &str = "it is also named by an ARN, and whether that is the same log group is not known; \
    allow logs:DescribeLogGroups on it, or name it once";

/// Returns why a function of another account is not read: a function of the same name in our own account is not what
/// was asked for.
pub(super) fn foreign(theirs: &Owner, own: Option<&Owner>, account: Option<&str>) -> String {
    let (what, of, other) = match own {
        Some(own) if own.partition != theirs.partition => ("partition", &theirs.partition, own.partition.as_str()),
        _ => ("account", &theirs.account, account.unwrap_or("another one")),
    };
    format!(
        "it belongs to {what} {of}, but the credentials are for {other}; name a profile of that {what} with --profile"
    )
}

/// Returns why a named group was not found. `doubt` says why it is not known where the function logs.
pub(super) fn missing(group: &str, region: &str, doubt: Option<&str>, near: &BTreeSet<String>) -> String {
    let short = |name: &'_ str| function_from_group(name).unwrap_or(name).to_owned();
    let near: Vec<String> = near.iter().map(|name| short(name)).collect();
    let word = short(group);
    let near = nearest(&word, near.iter().map(String::as_str).filter(|name| *name != word));
    let hint = suggestion(&near);
    match doubt {
        Some(why) => {
            format!("there is no log group {group} in {region}, and where the function logs is not known ({why}){hint}")
        }
        None => format!(
            "there is no log group {group} in {region}: the function never ran there or has another name, or its log was \
             deleted; check the name and --region{hint}"
        ),
    }
}

/// Returns why a group of this class cannot be read by anything.
pub(super) fn unreadable(class: &Class) -> Option<&'static str> {
    match class {
        Class::Standard | Class::Other(_) | Class::InfrequentAccess => None,
        Class::Delivery => Some(DELIVERY),
    }
}

/// Returns why a group is not read, if that is since only Logs Insights reads its class.
pub(super) fn unread_infrequent(target: &Target, request: &Request) -> Option<&'static str> {
    match request.engine {
        _ if !target.is_infrequent() => None,
        // Which is another engine, too.
        _ if request.follow => Some(FOLLOWED),
        _ if !target.is_of_one_function() => Some(SHARED),
        SearchEngine::Filter => Some(INFREQUENT_ACCESS),
        SearchEngine::Insights | SearchEngine::Auto => None,
    }
}

/// Advice for a group of the class INFREQUENT_ACCESS.
const INFREQUENT_ACCESS: &str = "the log group has the class INFREQUENT_ACCESS, which only Logs Insights reads: pull it \
    with --engine insights, for which AWS charges";
/// The same where it cannot be waited for.
const FOLLOWED: &str = "the log group has the class INFREQUENT_ACCESS, which only Logs Insights reads, and --follow does not: \
    pull it with --engine insights, without --follow";
/// The same where its numbers would be those of several functions.
const SHARED: &str = "the log group has the class INFREQUENT_ACCESS, which only Logs Insights reads, and is not the whole log \
    group of one function (/aws/lambda/NAME), as --engine insights needs: query `fields @timestamp, @logStream, @message` \
    there and analyse the export";
/// Advice for a group of the class DELIVERY.
const DELIVERY: &str = "the log group has the class DELIVERY, which cannot be read: analyse what it delivers to S3 or \
    Firehose";

/// Returns why a group could not be read that was refused for its class; `class` is AWS's name of it, if known.
pub(super) fn refused_class(class: Option<&str>, said: &str) -> String {
    let lower = said.to_lowercase();
    match class {
        Some(class) => format!("the log group has the class {class}, which FilterLogEvents does not read ({said})"),
        None if lower.contains("infrequent") => INFREQUENT_ACCESS.to_owned(),
        None if lower.contains("delivery") => DELIVERY.to_owned(),
        None => format!("the class of the log group is not one that can be read ({said})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_meant_is_offered() {
        let near = ["/aws/lambda/payments", "/aws/lambda/orders"].map(str::to_owned).into();
        let reason = missing("/aws/lambda/paymnts", "eu-west-1", None, &near);
        assert!(reason.ends_with("--region; did you mean payments?"), "{reason}");
        assert!(!missing("/aws/lambda/xyzzy", "eu-west-1", None, &near).contains("did you mean"));
    }
}
