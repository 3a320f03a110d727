//! From what the user named to the log groups to read.

use std::collections::{BTreeMap, BTreeSet};

use super::Request;
use super::connect::Clients;
use super::failure::{Failure, Fault};
use super::listing::{Class, GroupInfo, Lister, default_group};
use super::selector::{Choice, GroupArn};
use crate::model::{function_from_arn, function_from_group};
use crate::source::saved::{Remark, Told, Unread};

/// A log group to read.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) region: String,
    pub(super) group: String,
    /// How the API is to be asked where the name is not enough: the ARN of a group of another account.
    pub(super) arn: Option<String>,
    pub(super) account: Option<String>,
    /// Only streams of these functions, where the group is shared with others.
    pub(super) only: Option<BTreeSet<String>>,
    /// Bytes that it may have in the window, as far as its size tells.
    pub(super) estimate: u64,
}

/// The log groups to read, and what is known to be missing.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) targets: Vec<Target>,
    pub(super) told: Told,
}

/// What was named, understood.
#[derive(Debug, Default)]
struct Wanted {
    functions: Vec<Choice>,
    groups: Vec<Choice>,
    arns: Vec<GroupArn>,
    /// Regions that ARNs name, besides those that were asked for.
    function_regions: Vec<(String, String)>,
}

impl Wanted {
    fn of(request: &Request) -> Result<Self, Failure> {
        let mut wanted = Self::default();
        for name in &request.functions {
            wanted.function(name)?;
        }
        if request.all {
            wanted.functions.push(Choice::beginning("")?);
        }
        for prefix in &request.prefixes {
            wanted.functions.push(Choice::beginning(prefix)?);
        }
        for group in &request.log_groups {
            match GroupArn::parse(group) {
                Some(arn) => wanted.arns.push(arn),
                None if group.starts_with("arn:") => {
                    return Err(Failure::Usage(format!("'{group}' is not the ARN of a log group")));
                }
                None => wanted.groups.push(Choice::parse(group)?),
            }
        }
        Ok(wanted)
    }

    fn function(&mut self, name: &str) -> Result<(), Failure> {
        if let Some(function) = function_from_arn(name) {
            let region = name.split(':').nth(3).unwrap_or_default().to_owned();
            self.function_regions.push((region, function.to_owned()));
            return Ok(());
        }
        if name.contains('/') {
            return Err(Failure::Usage(format!("'{name}' is no function; write --log-group '{name}' for a log group")));
        }
        self.functions.push(Choice::parse(name)?);
        Ok(())
    }
}

/// Finds the log groups in all regions.
pub(super) async fn select(request: &Request, regions: &[Clients]) -> Result<Selection, Failure> {
    let wanted = Wanted::of(request)?;
    let mut search = Search { request, found: BTreeMap::new(), missing: BTreeMap::new(), told: Told::default() };
    for clients in regions {
        search.region(&wanted, Lister::new(clients.clone())).await?;
    }
    Ok(search.finish())
}

/// The search through the regions.
struct Search<'r> {
    request: &'r Request,
    found: BTreeMap<(String, String), Target>,
    /// Names that were found nowhere so far, and why.
    missing: BTreeMap<String, Option<String>>,
    told: Told,
}

impl Search<'_> {
    async fn region(&mut self, wanted: &Wanted, lister: Lister) -> Result<(), Failure> {
        let region = lister.clients.region.clone();
        let exact = wanted.functions.iter().filter(|choice| choice.is_exact()).map(Choice::prefix);
        let by_arn = wanted.function_regions.iter().filter(|(of, _)| *of == region).map(|(_, name)| name.as_str());
        for name in exact.chain(by_arn) {
            self.function(&lister, name).await?;
        }
        let globs: Vec<&Choice> = wanted.functions.iter().filter(|choice| !choice.is_exact()).collect();
        if !globs.is_empty() {
            self.functions(&lister, &globs).await?;
        }
        for choice in &wanted.groups {
            self.groups(&lister, choice).await?;
        }
        for arn in wanted.arns.iter().filter(|arn| arn.region == region) {
            self.by_arn(&lister, arn).await?;
        }
        Ok(())
    }

    /// One function by its name.
    async fn function(&mut self, lister: &Lister, name: &str) -> Result<(), Failure> {
        let group = match lister.function(name).await {
            Ok(found) => found.group,
            Err(Fault::Fatal(failure)) => return Err(failure),
            // Not allowed, or deleted and its log still there.
            Err(_) => default_group(name),
        };
        let only = (group != default_group(name)).then(|| name.to_owned());
        self.named_group(lister, name, &group, only).await
    }

    /// Functions by globs: those that exist, wherever they log, and those of which only the log is left.
    async fn functions(&mut self, lister: &Lister, globs: &[&Choice]) -> Result<(), Failure> {
        let wanted = |name: &str| globs.iter().any(|glob| glob.holds(name));
        let mut custom: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        match lister.functions().await {
            Ok(functions) => {
                let elsewhere = functions.into_iter().filter(|one| one.group != default_group(&one.name));
                for one in elsewhere.filter(|one| wanted(&one.name)) {
                    custom.entry(one.group).or_default().insert(one.name);
                }
            }
            Err(Fault::Fatal(failure)) => return Err(failure),
            Err(_) => self.told.notes.push(Remark {
                incomplete: false,
                text: format!(
                    "functions in {} could not be listed (lambda:ListFunctions), so those that log to a group of \
                     another name were not looked for",
                    lister.clients.region
                ),
            }),
        }
        let prefixes: BTreeSet<String> = globs.iter().map(|glob| default_group(glob.prefix())).collect();
        for prefix in prefixes {
            for info in self.list(lister, &prefix).await? {
                if function_from_group(&info.name).is_some_and(wanted) {
                    self.found_group(lister, &info, None);
                }
            }
        }
        for (group, functions) in custom {
            for function in functions {
                self.named_group(lister, &group, &group, Some(function)).await?;
            }
        }
        Ok(())
    }

    async fn groups(&mut self, lister: &Lister, choice: &Choice) -> Result<(), Failure> {
        if let Choice::Exact(name) = choice {
            return self.named_group(lister, name, name, None).await;
        }
        for info in self.list(lister, choice.prefix()).await? {
            if choice.holds(&info.name) {
                self.found_group(lister, &info, None);
            }
        }
        Ok(())
    }

    async fn list(&self, lister: &Lister, prefix: &str) -> Result<Vec<GroupInfo>, Failure> {
        let region = &lister.clients.region;
        lister.groups(prefix).await.map_err(|fault| match fault {
            Fault::Fatal(failure) => failure,
            Fault::Denied => Failure::ListDenied(region.clone()),
            Fault::Other(detail) | Fault::Passing(detail) | Fault::Token(detail) => {
                Failure::Other { region: region.clone(), detail }
            }
            fault => Failure::Other { region: region.clone(), detail: format!("{fault:?}") },
        })
    }

    /// A group that was named, as itself or by its function `label`.
    async fn named_group(
        &mut self,
        lister: &Lister,
        label: &str,
        group: &str,
        only: Option<String>,
    ) -> Result<(), Failure> {
        match lister.group(group).await {
            Err(Fault::Fatal(failure)) => return Err(failure),
            Ok(Some(info)) => {
                self.missing.insert(label.to_owned(), None);
                self.found_group(lister, &info, only);
            }
            Ok(None) => {
                self.missing.entry(label.to_owned()).or_insert_with(|| Some(missing(group, &lister.clients.region)));
            }
            // Not allowed to look: reading will show.
            Err(_) => {
                self.missing.insert(label.to_owned(), None);
                self.target(&lister.clients.region, group, None, only, 0);
            }
        }
        Ok(())
    }

    async fn by_arn(&mut self, lister: &Lister, arn: &GroupArn) -> Result<(), Failure> {
        let info = match lister.group(&arn.name).await {
            Err(Fault::Fatal(failure)) => return Err(failure),
            other => other.ok().flatten().filter(|info| info.account.as_ref() == Some(&arn.account)),
        };
        if let Some(info) = info {
            self.found_group(lister, &info, None);
            return Ok(());
        }
        // A group of another account, which only its ARN names.
        let account = Some(arn.account.clone());
        let target = self.target(&arn.region, &arn.name, account, None, 0);
        target.arn = Some(arn.arn.clone());
        Ok(())
    }

    fn found_group(&mut self, lister: &Lister, info: &GroupInfo, only: Option<String>) {
        let region = &lister.clients.region;
        if let Some(reason) = unreadable(info.class) {
            let name = place(&info.name, region);
            self.told.unread.push(Unread { name, reason: reason.to_owned() });
            return;
        }
        let estimate = estimate(info, self.request);
        self.target(region, &info.name, info.account.clone(), only, estimate);
    }

    fn target(
        &mut self,
        region: &str,
        group: &str,
        account: Option<String>,
        only: Option<String>,
        estimate: u64,
    ) -> &mut Target {
        let new = only.clone();
        let target = self.found.entry((region.to_owned(), group.to_owned())).or_insert_with(|| Target {
            region: region.to_owned(),
            group: group.to_owned(),
            arn: None,
            account,
            only: new.map(|name| BTreeSet::from([name])),
            estimate,
        });
        // Wanted as a whole once is wanted as a whole.
        match (only, &mut target.only) {
            (Some(name), Some(names)) => drop(names.insert(name)),
            (None, only) => *only = None,
            (Some(_), None) => {}
        }
        target
    }

    fn finish(mut self) -> Selection {
        let missing = self.missing.into_iter().filter_map(|(name, reason)| Some(Unread { name, reason: reason? }));
        self.told.unread.extend(missing);
        self.told.unread.sort();
        self.told.unread.dedup();
        Selection { targets: self.found.into_values().collect(), told: self.told }
    }
}

/// A group in every output.
pub(super) fn place(group: &str, region: &str) -> String {
    format!("{group} ({region})")
}

/// Why a group that was named is not there.
pub(super) fn missing(group: &str, region: &str) -> String {
    format!(
        "there is no log group {group} in {region}: the function never ran there or has another name, or its log was \
         deleted; check the name and --region"
    )
}

/// Why a group of this class cannot be read.
fn unreadable(class: Class) -> Option<&'static str> {
    match class {
        Class::Standard => None,
        Class::InfrequentAccess => Some(INFREQUENT_ACCESS),
        Class::Delivery => Some(DELIVERY),
    }
}

/// What to do about a group of the class INFREQUENT_ACCESS.
pub(super) const INFREQUENT_ACCESS: &str = "the log group has the class INFREQUENT_ACCESS, which only Logs Insights \
    reads: query `fields @timestamp, @logStream, @message` there and analyse the export";
/// What to do about a group of the class DELIVERY.
pub(super) const DELIVERY: &str = "the log group has the class DELIVERY, which cannot be read: analyse what it \
    delivers to S3 or Firehose";

const DAY_MS: i64 = 86_400_000;

/// The share of a group's bytes that falls into the window, as if they had come evenly.
fn estimate(info: &GroupInfo, request: &Request) -> u64 {
    let end = request.to.ms();
    let kept = info.retention_days.map_or(i64::MAX, |days| i64::from(days) * DAY_MS);
    let age = (end - info.created_ms).clamp(1, kept.max(1));
    let window = (end - request.from.ms()).clamp(0, age);
    (u128::from(info.stored_bytes) * window.unsigned_abs() as u128 / age.unsigned_abs() as u128) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn estimates_by_the_share_of_time() {
        let day = |n: i64| Timestamp::from_ms(n * DAY_MS).unwrap();
        let request = Request::new(day(99), day(100));
        let info = |retention_days| GroupInfo {
            name: String::new(),
            account: None,
            class: Class::Standard,
            stored_bytes: 1_000,
            created_ms: 0,
            retention_days,
        };
        assert_eq!(estimate(&info(None), &request), 10);
        assert_eq!(estimate(&info(Some(10)), &request), 100);
        assert_eq!(estimate(&info(Some(1)), &request), 1_000);
    }

    #[test]
    fn tells_functions_from_groups() {
        let now = Timestamp::from_ms(0).unwrap();
        let request = |name: &str| Request { functions: vec![name.to_owned()], ..Request::new(now, now) };
        let wanted = |name: &str| Wanted::of(&request(name));
        assert!(wanted("pay").is_ok());
        assert!(matches!(wanted("/aws/lambda/pay"), Err(Failure::Usage(_))));
        let by_arn = wanted("arn:aws:lambda:eu-west-1:123456789012:function:pay").unwrap();
        assert_eq!(by_arn.function_regions, [("eu-west-1".to_owned(), "pay".to_owned())]);
    }
}
