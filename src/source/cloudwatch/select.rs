//! Selection of log groups: resolves the names that the user gave to the groups to read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::Request;
use super::connect::Connection;
use super::failure::{PullError, RequestError};
use super::listing::{Class, GroupInfo, Lister, default_group};
use super::selector::{Choice, FunctionByArn, GroupArn, Owner};
use crate::model::{Note, function_from_group};
use crate::source::saved::PullTrailer;
use crate::wire::InputProblem;

/// A log group to read.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) region: String,
    pub(super) group: String,
    /// ARN for the API where the name is not enough, as for a group of another account.
    pub(super) arn: Option<String>,
    pub(super) account: Option<String>,
    /// Functions whose streams are read, where the group is shared with others; `None` reads all.
    pub(super) only: Option<BTreeSet<String>>,
    /// Estimated bytes in the window, from the group's size.
    pub(super) estimate: u64,
}

impl Target {
    /// Returns the group's name in every output, with its account where the name alone may mean another account's
    /// group.
    pub(super) fn place(&self) -> String {
        match (&self.arn, &self.account) {
            (Some(_), Some(account)) => format!("{} ({account}, {})", self.group, self.region),
            _ => place(&self.group, &self.region),
        }
    }

    /// Returns the unique key, in the order of the result. The account is part of it, since several accounts may have a
    /// group of the same name.
    fn key(&self) -> GroupKey {
        (self.region.clone(), self.group.clone(), self.account.clone())
    }
}

/// Region, name and account of a log group.
type GroupKey = (String, String, Option<String>);

/// The log groups to read and what is known to be missing.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) targets: Vec<Target>,
    /// Account of the credentials, if known.
    pub(super) account: Option<String>,
    pub(super) told: PullTrailer,
}

/// The user's names, parsed.
#[derive(Debug, Default)]
struct Wanted {
    functions: Vec<Choice>,
    groups: Vec<Choice>,
    function_arns: Vec<FunctionByArn>,
    group_arns: Vec<GroupArn>,
    /// Names that cannot be read, whatever AWS answers.
    refused: Vec<InputProblem>,
}

impl Wanted {
    fn of(request: &Request) -> Result<Self, PullError> {
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
                Some(arn) => wanted.group_arns.push(arn),
                None if group.starts_with("arn:") => {
                    return Err(PullError::Usage(format!("'{group}' is not the ARN of a log group")));
                }
                None => wanted.groups.push(Choice::parse(group)?),
            }
        }
        Ok(wanted)
    }

    fn function(&mut self, name: &str) -> Result<(), PullError> {
        match FunctionByArn::parse(name) {
            Some(FunctionByArn { qualifier: Some(qualifier), .. }) => self.refuse(name, one_version(&qualifier)),
            Some(arn) => self.function_arns.push(arn),
            None if name.starts_with("arn:") => {
                return Err(PullError::Usage(format!("'{name}' is not the ARN of a function")));
            }
            None if name.contains('/') => {
                let message = format!("'{name}' is not a function; write --log-group '{name}' for a log group");
                return Err(PullError::Usage(message));
            }
            None => match name.split_once(':') {
                Some((_, rest)) if rest.starts_with("function:") => self.refuse(name, PART_OF_AN_ARN.to_owned()),
                Some((_, qualifier)) => self.refuse(name, one_version(qualifier)),
                None => self.functions.push(Choice::parse(name)?),
            },
        }
        Ok(())
    }

    fn refuse(&mut self, name: &str, reason: String) {
        self.refused.push(InputProblem { input: name.to_owned(), reason });
    }
}

/// Finds the log groups in all regions.
pub(super) async fn select(request: &Request, connection: &Connection) -> Result<Selection, PullError> {
    let mut wanted = Wanted::of(request)?;
    let told = PullTrailer { unread: std::mem::take(&mut wanted.refused), ..PullTrailer::default() };
    let mut search =
        GroupSearch { request, found: BTreeMap::new(), missing: BTreeMap::new(), by_arn: Vec::new(), own: None, told };
    for clients in &connection.clients {
        search.region(&wanted, Lister::new(clients.clone())).await?;
    }
    Ok(search.finish(connection.account.as_deref()))
}

/// A function named by ARN, and what the account of the credentials has under its name.
struct NamedByArn {
    arn: FunctionByArn,
    group: String,
    /// The function's name, where others may write to the group too.
    only: Option<String>,
    /// The group, if there is one; the outer `None` means that it could not be looked up.
    info: Option<Option<GroupInfo>>,
}

/// State of the search through the regions.
struct GroupSearch<'r> {
    request: &'r Request,
    found: BTreeMap<GroupKey, Target>,
    /// Names found nowhere so far, with the reason; `None` once found, or if looking is not allowed.
    missing: BTreeMap<String, Option<String>>,
    /// Functions named by ARN, and what was found under their names.
    by_arn: Vec<NamedByArn>,
    /// Owner of the credentials: AWS lists only what belongs to their account.
    own: Option<Owner>,
    told: PullTrailer,
}

impl GroupSearch<'_> {
    async fn region(&mut self, wanted: &Wanted, lister: Lister) -> Result<(), PullError> {
        let region = lister.clients.region.clone();
        let exact = wanted.functions.iter().filter(|choice| choice.is_exact()).map(Choice::prefix);
        for name in exact {
            self.function(&lister, name).await?;
        }
        for arn in wanted.function_arns.iter().filter(|arn| arn.region == region) {
            self.function_by_arn(&lister, arn).await?;
        }
        let globs: Vec<&Choice> = wanted.functions.iter().filter(|choice| !choice.is_exact()).collect();
        if !globs.is_empty() {
            self.functions(&lister, &globs).await?;
        }
        for choice in &wanted.groups {
            self.groups(&lister, choice).await?;
        }
        for arn in wanted.group_arns.iter().filter(|arn| arn.region == region) {
            self.group_by_arn(&lister, arn).await?;
        }
        Ok(())
    }

    /// Records the owner of the credentials, once known.
    fn learn(&mut self, owner: Option<&Owner>) {
        self.own = self.own.take().or_else(|| owner.cloned());
    }

    /// Looks up one function by name.
    async fn function(&mut self, lister: &Lister, name: &str) -> Result<(), PullError> {
        let (group, only) = self.group_of(lister, name).await?;
        self.named_group(lister, name, &group, only).await
    }

    /// Returns the log group of a function, and the function's name where others may write to the group too.
    async fn group_of(&mut self, lister: &Lister, name: &str) -> Result<(String, Option<String>), PullError> {
        let group = match lister.function(name).await {
            Ok(found) => {
                self.learn(found.owner.as_ref());
                found.group
            }
            Err(RequestError::Fatal(failure)) => return Err(failure),
            // The call may not be allowed, or the function is deleted but its log still exists.
            Err(_) => default_group(name),
        };
        let only = (group != default_group(name)).then(|| name.to_owned());
        Ok((group, only))
    }

    /// Looks up one function by ARN. Whether it belongs to the account of the credentials may be known only later.
    async fn function_by_arn(&mut self, lister: &Lister, arn: &FunctionByArn) -> Result<(), PullError> {
        let (group, only) = self.group_of(lister, &arn.name).await?;
        let info = match lister.group(&group).await {
            Err(RequestError::Fatal(failure)) => return Err(failure),
            looked_up => looked_up.ok(),
        };
        self.learn(info.iter().flatten().find_map(|info| info.owner.as_ref()));
        self.by_arn.push(NamedByArn { arn: arn.clone(), group, only, info });
        Ok(())
    }

    /// Looks up functions by globs: existing ones, wherever they log, and deleted ones whose log group remains.
    async fn functions(&mut self, lister: &Lister, globs: &[&Choice]) -> Result<(), PullError> {
        let region = &lister.clients.region;
        let wanted = |name: &str| globs.iter().any(|glob| glob.holds(name));
        let mut custom: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        match lister.functions().await {
            Ok(functions) => {
                self.learn(functions.iter().find_map(|one| one.owner.as_ref()));
                let elsewhere = functions.into_iter().filter(|one| one.group != default_group(&one.name));
                for one in elsewhere.filter(|one| wanted(&one.name)) {
                    custom.entry(one.group).or_default().insert(one.name);
                }
            }
            Err(RequestError::Fatal(failure)) => return Err(failure),
            Err(_) => self.told.notes.push(Note {
                incomplete: false,
                text: format!(
                    "functions in {region} could not be listed (lambda:ListFunctions), so those that log to a group of \
                     another name were not looked for"
                ),
            }),
        }
        let prefixes: BTreeSet<String> = globs.iter().map(|glob| default_group(glob.prefix())).collect();
        for prefix in prefixes {
            for info in self.list(lister, &prefix).await? {
                if function_from_group(&info.name).is_some_and(wanted) {
                    self.found_group(region, &info, None);
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

    async fn groups(&mut self, lister: &Lister, choice: &Choice) -> Result<(), PullError> {
        if let Choice::Exact(name) = choice {
            return self.named_group(lister, name, name, None).await;
        }
        for info in self.list(lister, choice.prefix()).await? {
            if choice.holds(&info.name) {
                self.found_group(&lister.clients.region, &info, None);
            }
        }
        Ok(())
    }

    async fn list(&mut self, lister: &Lister, prefix: &str) -> Result<Vec<GroupInfo>, PullError> {
        let region = &lister.clients.region;
        let groups = lister.groups(prefix).await.map_err(|fault| match fault {
            RequestError::Fatal(failure) => failure,
            RequestError::Denied => PullError::ListDenied(region.clone()),
            RequestError::Other(detail) | RequestError::Passing(detail) | RequestError::Token(detail) => {
                PullError::Other { region: region.clone(), detail }
            }
            fault => PullError::Other { region: region.clone(), detail: format!("{fault:?}") },
        })?;
        self.learn(groups.iter().find_map(|info| info.owner.as_ref()));
        Ok(groups)
    }

    /// Looks up a group that was named directly or through its function; `label` is the name that the user gave.
    async fn named_group(
        &mut self,
        lister: &Lister,
        label: &str,
        group: &str,
        only: Option<String>,
    ) -> Result<(), PullError> {
        match lister.group(group).await {
            Err(RequestError::Fatal(failure)) => return Err(failure),
            Ok(Some(info)) => {
                self.missing.insert(label.to_owned(), None);
                self.learn(info.owner.as_ref());
                self.found_group(&lister.clients.region, &info, only);
            }
            Ok(None) => {
                self.missing.entry(label.to_owned()).or_insert_with(|| Some(missing(group, &lister.clients.region)));
            }
            // Looking it up is not allowed; reading will show whether it exists.
            Err(_) => {
                self.missing.insert(label.to_owned(), None);
                self.target(Target {
                    region: lister.clients.region.clone(),
                    group: group.to_owned(),
                    arn: None,
                    account: None,
                    only: only.map(|name| BTreeSet::from([name])),
                    estimate: 0,
                });
            }
        }
        Ok(())
    }

    async fn group_by_arn(&mut self, lister: &Lister, arn: &GroupArn) -> Result<(), PullError> {
        let info = match lister.group(&arn.name).await {
            Err(RequestError::Fatal(failure)) => return Err(failure),
            other => other.ok().flatten(),
        };
        self.learn(info.as_ref().and_then(|info| info.owner.as_ref()));
        if let Some(info) = info.filter(|info| info.owner.as_ref() == Some(&arn.owner)) {
            self.found_group(&arn.region, &info, None);
            return Ok(());
        }
        // Another account's group can be read only by its ARN.
        self.target(Target {
            region: arn.region.clone(),
            group: arn.name.clone(),
            arn: Some(arn.arn.clone()),
            account: Some(arn.owner.account.clone()),
            only: None,
            estimate: 0,
        });
        Ok(())
    }

    fn found_group(&mut self, region: &str, info: &GroupInfo, only: Option<String>) {
        if let Some(reason) = unreadable(info.class) {
            let name = place(&info.name, region);
            self.told.unread.push(InputProblem { input: name, reason: reason.to_owned() });
            return;
        }
        self.target(Target {
            region: region.to_owned(),
            group: info.name.clone(),
            arn: None,
            account: info.owner.as_ref().map(|owner| owner.account.clone()),
            only: only.map(|name| BTreeSet::from([name])),
            estimate: estimate(info, self.request),
        });
    }

    /// Adds a group, or merges it with an earlier selection of the same group.
    fn target(&mut self, new: Target) {
        let target = match self.found.entry(new.key()) {
            Entry::Vacant(place) => {
                place.insert(new);
                return;
            }
            Entry::Occupied(place) => place.into_mut(),
        };
        // A group selected as a whole once stays selected as a whole.
        match (new.only, &mut target.only) {
            (Some(names), Some(all)) => all.extend(names),
            (None, only) => *only = None,
            (Some(_), None) => {}
        }
        target.estimate = target.estimate.max(new.estimate);
    }

    /// Returns whether a group of this name in a known account is selected too.
    fn is_named_by_arn(&self, target: &Target) -> bool {
        let next = self.found.range(target.key()..).next();
        next.is_some_and(|((region, group, _), _)| (region, group) == (&target.region, &target.group))
    }

    /// Adds the log group of a function named by ARN, if the function belongs to the account that the ARN names.
    fn decide(&mut self, named: NamedByArn, claimed: Option<&str>) {
        let NamedByArn { arn, group, only, info } = named;
        let account = self.own.as_ref().map(|own| own.account.as_str()).or(claimed);
        let reason = match (foreign(&arn.owner, self.own.as_ref(), account), &info) {
            (Some(reason), _) => reason,
            (None, Some(None)) if account.is_some() => missing(&group, &arn.region),
            (None, Some(None)) => {
                let missing = missing(&group, &arn.region);
                format!("{missing}, and that the credentials are for account {}", arn.owner.account)
            }
            (None, Some(Some(info))) if self.own.is_some() => return self.found_group(&arn.region, info, only),
            (None, _) => {
                // If the account of the credentials is unknown, the group's ARN keeps AWS from reading another
                // account's group.
                let group_arn = self.own.is_none().then(|| group_arn(&arn, &group));
                return self.target(Target {
                    region: arn.region,
                    group,
                    arn: group_arn,
                    account: Some(arn.owner.account),
                    only: only.map(|name| BTreeSet::from([name])),
                    estimate: 0,
                });
            }
        };
        self.told.unread.push(InputProblem { input: arn.arn, reason });
    }

    /// Completes the selection. `claimed` is the account that the credentials name, used where no answer of AWS tells
    /// it.
    fn finish(mut self, claimed: Option<&str>) -> Selection {
        let account = self.own.as_ref().map(|own| own.account.clone());
        for named in std::mem::take(&mut self.by_arn) {
            self.decide(named, claimed);
        }
        let (ours, known): (Vec<Target>, Vec<Target>) =
            std::mem::take(&mut self.found).into_values().partition(|target| target.account.is_none());
        known.into_iter().for_each(|target| self.target(target));
        // A group named without an account belongs to the account of the credentials.
        for target in ours {
            if account.is_none() && self.is_named_by_arn(&target) {
                self.told.unread.push(InputProblem { input: target.place(), reason: NAMED_TWICE.to_owned() });
            } else {
                self.target(Target { account: account.clone(), ..target });
            }
        }
        let account = account.or_else(|| claimed.map(str::to_owned));
        let missing =
            self.missing.into_iter().filter_map(|(name, reason)| Some(InputProblem { input: name, reason: reason? }));
        self.told.unread.extend(missing);
        self.told.unread.sort();
        self.told.unread.dedup();
        Selection { targets: self.found.into_values().collect(), account, told: self.told }
    }
}

/// Reason for not reading a group by its name.
const NAMED_TWICE: &str = "not read: it is also named by an ARN, and nothing tells whether that is the same log group; \
    allow logs:DescribeLogGroups on it, or name it once";

/// Returns why a function of another account is not read: a function of the same name in our own account is not what
/// was asked for.
fn foreign(theirs: &Owner, own: Option<&Owner>, account: Option<&str>) -> Option<String> {
    let (what, of, other) = match (own, account) {
        (Some(own), _) if own.partition != theirs.partition => ("partition", &theirs.partition, own.partition.as_str()),
        (_, Some(account)) if account != theirs.account => ("account", &theirs.account, account),
        _ => return None,
    };
    Some(format!(
        "not read: it belongs to {what} {of}, but the credentials are for {other}; name a profile of that {what} with \
         --profile"
    ))
}

/// Returns the ARN of a function's log group.
fn group_arn(function: &FunctionByArn, group: &str) -> String {
    let Owner { partition, account } = &function.owner;
    format!("arn:{partition}:logs:{}:{account}:log-group:{group}", function.region)
}

/// Returns why a function with a qualifier is not read.
fn one_version(qualifier: &str) -> String {
    format!("not read: one version or alias cannot be pulled by itself; leave out ':{qualifier}' to pull all versions")
}

/// Reason for not reading `ACCOUNT:function:NAME`.
const PART_OF_AN_ARN: &str = "not read: this is a part of an ARN; write the whole ARN, or only the function's name";

/// Returns a group's name in every output.
pub(super) fn place(group: &str, region: &str) -> String {
    format!("{group} ({region})")
}

/// Returns why a named group was not found.
pub(super) fn missing(group: &str, region: &str) -> String {
    format!(
        "there is no log group {group} in {region}: the function never ran there or has another name, or its log was \
         deleted; check the name and --region"
    )
}

/// Returns why a group of this class cannot be read.
fn unreadable(class: Class) -> Option<&'static str> {
    match class {
        Class::Standard => None,
        Class::InfrequentAccess => Some(INFREQUENT_ACCESS),
        Class::Delivery => Some(DELIVERY),
    }
}

/// Advice for a group of the class INFREQUENT_ACCESS.
pub(super) const INFREQUENT_ACCESS: &str = "the log group has the class INFREQUENT_ACCESS, which only Logs Insights \
    reads: query `fields @timestamp, @logStream, @message` there and analyse the export";
/// Advice for a group of the class DELIVERY.
pub(super) const DELIVERY: &str = "the log group has the class DELIVERY, which cannot be read: analyse what it \
    delivers to S3 or Firehose";

const DAY_MS: i64 = 86_400_000;

/// Estimates the bytes of a group in the window, assuming an even rate over its age or retention.
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
            owner: None,
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
        assert!(matches!(wanted("/aws/lambda/pay"), Err(PullError::Usage(_))));
        let by_arn = wanted("arn:aws:lambda:eu-west-1:123456789012:function:pay").unwrap();
        assert_eq!(by_arn.function_arns.len(), 1);
    }
}
