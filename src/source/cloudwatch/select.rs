//! Selection of log groups: decides from what the places told which groups to read, each once, and what is missing.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Request;
use super::connect::AccountRegion;
use super::failure::{PullError, RequestError};
use super::listing::{Class, GroupInfo, default_group};
use super::lookup::{PlaceFacts, failure_of_place};
use super::reasons::{NAMED_TWICE, foreign, missing, unread_infrequent, unreadable};
use super::selector::{FunctionByArn, GroupArn, GroupChoice, Owner, Wanted, group_arn};
use super::target::{Target, ToRead, estimate, narrow};
use crate::model::{Note, function_from_group, nearest, suggestion};
use crate::source::saved::{GroupPlace, PullTrailer, UnsearchedRegion};
use crate::wire::{AccountRead, InputProblem};

/// Unique key of a log group, in the order of the result. The account is part of it, since several accounts may have a
/// group of the same name; where it is unknown, the session stands for it.
type GroupKey = (String, String, Holder);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Session(usize),
    Account(String),
}

/// The log groups to read and what is known to be missing.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) targets: Vec<Target>,
    pub(super) told: PullTrailer,
}

/// A place with what it told.
pub(super) struct Searched {
    pub(super) place: Arc<AccountRegion>,
    /// Whether names were looked up there.
    pub(super) asked: bool,
    pub(super) facts: Result<PlaceFacts, PullError>,
}

impl Searched {
    /// Returns the account of the credentials, if known.
    pub(super) fn account(&self) -> Option<&str> {
        let own = self.facts.as_ref().ok().and_then(|facts| facts.own.as_ref());
        own.map(|own| own.account.as_str()).or(self.place.session.account.as_deref())
    }
}

/// Decides what to read.
///
/// # Errors
/// If no place could be searched.
pub(super) fn select(
    request: &Request,
    wanted: &Wanted,
    searched: &[Searched],
    profiles: &[(String, PullError)],
) -> Result<Selection, PullError> {
    let told = PullTrailer {
        unread: wanted.refused.clone(),
        wanted: request.names.clone(),
        profiles: request.profiles.clone(),
        ..PullTrailer::default()
    };
    let mut selector = Selector {
        request,
        searched,
        accepted: searched.iter().any(|one| one.facts.is_ok()),
        found: BTreeMap::new(),
        missing: BTreeMap::new(),
        first: None,
        told,
    };
    for (seat, one) in searched.iter().enumerate().filter(|(_, one)| one.asked) {
        match &one.facts {
            Ok(facts) => selector.place(seat, wanted, facts),
            Err(failure) => selector.unsearched(&one.place, failure.clone()),
        }
    }
    for (profile, failure) in profiles {
        let input = format!("profile {profile}");
        selector.told.unread.push(InputProblem { input, reason: failure.to_string() });
    }
    for arn in &wanted.function_arns {
        selector.function_by_arn(arn);
    }
    for arn in &wanted.group_arns {
        selector.group_by_arn(arn);
    }
    selector.finish()
}

/// State of the selection through the places.
struct Selector<'s> {
    request: &'s Request,
    searched: &'s [Searched],
    /// Whether a place accepted the credentials.
    accepted: bool,
    found: BTreeMap<GroupKey, Target>,
    /// Names found nowhere so far, with the reason; `None` once found, or if looking is not allowed.
    missing: BTreeMap<String, Option<String>>,
    /// First failure for which a place could not be searched.
    first: Option<PullError>,
    told: PullTrailer,
}

impl Selector<'_> {
    /// Records a place that could not be searched.
    fn unsearched(&mut self, place: &AccountRegion, failure: PullError) {
        self.first.get_or_insert_with(|| failure.clone());
        let failure = if self.accepted { place.not_enabled(failure) } else { failure };
        self.told.regions.push(UnsearchedRegion {
            region: place.region.clone(),
            account: place.session.account.clone(),
            profile: place.session.profile.clone(),
            reason: failure.to_string(),
        });
    }

    fn place(&mut self, seat: usize, wanted: &Wanted, facts: &PlaceFacts) {
        let place = &self.searched[seat].place;
        for name in wanted.functions.iter().filter(|choice| place.for_names && choice.is_exact()) {
            self.function(seat, facts, name.prefix(), name.prefix(), wanted.linked);
        }
        if place.for_names && wanted.has_globs() {
            self.globs(seat, wanted, facts);
        }
        for choice in wanted.groups.iter().filter(|_| place.for_names) {
            if choice.is_exact() {
                self.named_group(seat, facts, choice.prefix(), choice.prefix(), None, None);
            } else {
                let chosen = facts.listed_groups().filter(|info| choice.holds(&info.name));
                for info in chosen {
                    self.found_group(seat, info, None);
                }
            }
        }
        let failed = facts.lists.values().find_map(|told| told.as_ref().err());
        if let Some(fault) = failed {
            let failure = self.list_failure(seat, fault);
            self.unsearched(&self.searched[seat].place.clone(), failure);
        }
    }

    /// Puts into words why log groups could not be listed.
    fn list_failure(&self, seat: usize, fault: &RequestError) -> PullError {
        let place = &self.searched[seat].place;
        let region = place.region.clone();
        match fault {
            RequestError::Denied(said) => PullError::ListDenied { region, said: said.clone() },
            RequestError::Throttled => PullError::Other {
                region,
                detail: "throttles the listing of log groups again and again; name fewer, or repeat it later"
                    .to_owned(),
            },
            RequestError::Other(detail) | RequestError::Passing(detail) | RequestError::Token(detail) => {
                PullError::Other { region, detail: format!("cannot list log groups ({detail})") }
            }
            RequestError::Class(said) => PullError::Other { region, detail: format!("refuses to list ({said})") },
            RequestError::Missing => PullError::Other { region, detail: "knows no log groups".to_owned() },
            fault => failure_of_place(place, fault)
                .unwrap_or(PullError::Other { region, detail: "cannot list log groups".to_owned() }),
        }
    }

    /// Selects the log group of a function, and the default groups of linked accounts; `label` is the name that the user
    /// gave.
    fn function(&mut self, seat: usize, facts: &PlaceFacts, label: &str, name: &str, linked: bool) {
        let default = default_group(name);
        let (group, only, doubt) = match facts.functions.get(name) {
            Some(Ok(info)) if info.group != default => (info.group.clone(), Some(name.to_owned()), None),
            Some(Ok(_) | Err(RequestError::Missing)) | None => (default.clone(), None, None),
            Some(Err(fault)) => (default.clone(), None, Some(fault)),
        };
        let doubt = doubt.map(|fault| self.lambda_doubt(seat, facts, fault, "lambda:GetFunctionConfiguration"));
        if let Some(why) = &doubt {
            self.remark(format!(
                "where functions log in {} is not known ({why}): the default log group was read, and a custom one would be \
                 missed",
                self.searched[seat].place.region
            ));
        }
        self.named_group(seat, facts, label, &group, only, doubt.as_deref());
        if linked && group != default {
            self.named_group(seat, facts, label, &default, None, None);
        }
    }

    /// Tells why the Lambda API did not say where functions log.
    fn lambda_doubt(&self, seat: usize, facts: &PlaceFacts, fault: &RequestError, action: &str) -> String {
        let region = &self.searched[seat].place.region;
        let host = facts.lambda_host.clone().unwrap_or_else(|| format!("the Lambda API in {region}"));
        match fault {
            RequestError::Denied(said) => format!("{action} at {host}: {said}"),
            RequestError::Throttled => format!("{host} throttles {action}"),
            RequestError::NoConnection(why) | RequestError::NoAnswer(why) | RequestError::Lost(why) => {
                format!("{action}: {host} does not answer, {why}")
            }
            RequestError::NotAws(what) => format!("{action}: {host}: {what}"),
            RequestError::Credentials(fault) => format!("{action}: {}", self.searched[seat].place.told(fault)),
            RequestError::Passing(why)
            | RequestError::Other(why)
            | RequestError::Token(why)
            | RequestError::Class(why) => {
                format!("{action}: {host} answers {why}")
            }
            RequestError::Missing => format!("{action}: {host} knows no such call"),
        }
    }

    /// Selects functions by globs: existing ones, wherever they log, and deleted ones whose log group remains.
    fn globs(&mut self, seat: usize, wanted: &Wanted, facts: &PlaceFacts) {
        let region = &self.searched[seat].place.region;
        let mut custom: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        match &facts.listed {
            Some(Ok(functions)) => {
                let elsewhere = functions.iter().filter(|one| one.group != default_group(&one.name));
                for one in elsewhere.filter(|one| wanted.chooses(&one.name)) {
                    custom.entry(&one.group).or_default().insert(one.name.clone());
                }
            }
            Some(Err(fault)) => {
                let why = self.lambda_doubt(seat, facts, fault, "lambda:ListFunctions");
                self.remark(format!(
                    "functions in {region} could not be listed ({why}): those that log to a group of another name were not \
                     looked for"
                ));
            }
            None => {}
        }
        let mut others = BTreeSet::new();
        for info in facts.listed_groups() {
            match function_from_group(&info.name) {
                Some(name) if wanted.chooses(name) => self.found_group(seat, info, None),
                Some(_) => {}
                // Groups of Lambda that belong to no function: `/aws/lambda/web/...` and the like.
                None if info.name.starts_with("/aws/lambda/") && wanted.chooses("") => {
                    others.insert(info.name.clone());
                }
                None => {}
            }
        }
        if let Some(first) = others.first() {
            let groups = if others.len() == 1 { "log group" } else { "log groups" };
            let text = format!(
                "left out {} {groups} in {region} that belong to no single function, such as {first}: read them with --log-group",
                others.len()
            );
            self.told.notes.push(Note { incomplete: false, text });
        }
        self.unmatched(seat, wanted, facts);
        for (group, functions) in custom {
            // A group of all functions is read as a whole: that of a deleted function may be in it, too.
            let functions = (!wanted.chooses("")).then_some(functions);
            // A group that does not exist is that of functions that never ran.
            match facts.named.get(group) {
                Some(Ok(infos)) => {
                    for info in infos {
                        self.found_group(seat, info, functions.clone());
                    }
                }
                _ => self.unverified(seat, group, functions),
            }
        }
    }

    /// Records the globs that choose no function here; one that chooses all may find none.
    fn unmatched(&mut self, seat: usize, wanted: &Wanted, facts: &PlaceFacts) {
        if facts.lists.values().any(Result::is_err) {
            return;
        }
        let region = &self.searched[seat].place.region;
        for glob in wanted.functions.iter().filter(|choice| !choice.is_exact() && !choice.holds("")) {
            let functions = facts.listed.iter().flatten().flatten().map(|one| one.name.as_str());
            let groups = facts.listed_groups().filter_map(|info| function_from_group(&info.name));
            let found = functions.chain(groups).any(|name| glob.holds(name));
            let reason = (!found).then(|| {
                let names = facts.near.iter().filter_map(|name| function_from_group(name));
                let hint = suggestion(&nearest(glob.prefix(), names));
                format!("no function in {region} has a name like this, nor has a log group of a deleted one{hint}")
            });
            match reason {
                None => drop(self.missing.insert(glob.text().to_owned(), None)),
                Some(reason) => drop(self.missing.entry(glob.text().to_owned()).or_insert(Some(reason))),
            }
        }
    }

    /// Selects a group that was named directly or through its function; `label` is the name that the user gave.
    fn named_group(
        &mut self,
        seat: usize,
        facts: &PlaceFacts,
        label: &str,
        group: &str,
        only: Option<String>,
        doubt: Option<&str>,
    ) {
        let only = only.map(|name| BTreeSet::from([name]));
        match facts.named.get(group) {
            Some(Ok(infos)) if infos.is_empty() => {
                let region = &self.searched[seat].place.region;
                let reason = || Some(missing(group, region, doubt, &facts.near));
                self.missing.entry(label.to_owned()).or_insert_with(reason);
            }
            Some(Ok(infos)) => {
                self.missing.insert(label.to_owned(), None);
                for info in infos {
                    self.found_group(seat, info, only.clone());
                }
            }
            // Looking it up is not allowed; reading will show whether it exists.
            Some(Err(_)) | None => {
                self.missing.insert(label.to_owned(), None);
                self.unverified(seat, group, only);
            }
        }
    }

    /// Selects a group that could not be looked up.
    fn unverified(&mut self, seat: usize, group: &str, only: Option<BTreeSet<String>>) {
        let place = GroupPlace {
            region: self.searched[seat].place.region.clone(),
            name: group.to_owned(),
            account: self.searched[seat].account().map(str::to_owned),
            holder: self.holder(seat, self.searched[seat].account()),
            arn: None,
        };
        self.target(Target::new(seat, place, only));
    }

    /// Returns whose a group is, where several accounts are read.
    fn holder(&self, seat: usize, account: Option<&str>) -> Option<String> {
        let profile = || self.searched[seat].place.session.profile.as_ref().map(|name| format!("profile {name}"));
        let several = self.request.profiles.len() > 1 || self.request.names.linked;
        account.map(str::to_owned).or_else(profile).filter(|_| several)
    }

    /// Selects a function by ARN in the place of the account that the ARN names.
    fn function_by_arn(&mut self, arn: &FunctionByArn) {
        let (searched, seats) = (self.searched, self.seats(&arn.region));
        for &seat in &seats {
            let Ok(facts) = &searched[seat].facts else { continue };
            let is_own = match &facts.own {
                Some(own) => *own == arn.owner,
                None => self.searched[seat].account() == Some(arn.owner.account.as_str()),
            };
            if is_own {
                return self.function(seat, facts, &arn.arn, &arn.name, false);
            }
        }
        // In a monitoring account, groups of linked accounts are read by ARN.
        for &seat in &seats {
            let Ok(facts) = &searched[seat].facts else { continue };
            let group = default_group(&arn.name);
            let infos = facts.named.get(&group).into_iter().flatten().flatten();
            let linked: Vec<&GroupInfo> = infos.filter(|info| info.owner.as_ref() == Some(&arn.owner)).collect();
            if !linked.is_empty() {
                for info in linked {
                    self.found_group(seat, info, None);
                }
                return;
            }
        }
        let known = seats.iter().find(|seat| self.searched[**seat].account().is_some());
        match (known, seats.first()) {
            (Some(&seat), _) => {
                let own = searched[seat].facts.as_ref().ok().and_then(|facts| facts.own.as_ref());
                let reason = foreign(&arn.owner, own, searched[seat].account());
                self.told.unread.push(InputProblem { input: arn.arn.clone(), reason });
            }
            // If the account of the credentials is unknown, the group's ARN keeps AWS from reading another account's
            // group.
            (None, Some(&seat)) => {
                let Ok(facts) = &searched[seat].facts else { return };
                let name = match facts.functions.get(&arn.name) {
                    Some(Ok(info)) => info.group.clone(),
                    _ => default_group(&arn.name),
                };
                if matches!(facts.named.get(&name), Some(Ok(infos)) if infos.is_empty()) {
                    let missing = missing(&name, &arn.region, None, &facts.near);
                    let reason = format!("{missing}, and that the credentials are for account {}", arn.owner.account);
                    self.told.unread.push(InputProblem { input: arn.arn.clone(), reason });
                    return;
                }
                let only = (name != default_group(&arn.name)).then(|| BTreeSet::from([arn.name.clone()]));
                self.by_arn(seat, &arn.owner, &name, only);
            }
            (None, None) => {}
        }
    }

    fn group_by_arn(&mut self, arn: &GroupArn) {
        let (searched, seats) = (self.searched, self.seats(&arn.region));
        let mut any = false;
        for &seat in &seats {
            let Ok(facts) = &searched[seat].facts else { continue };
            let infos = facts.named.values().flatten().flatten().chain(facts.listed_groups());
            for info in infos.filter(|info| info.owner.as_ref() == Some(&arn.owner) && arn.name.holds(&info.name)) {
                self.found_group(seat, info, None);
                any = true;
            }
        }
        let Some(&first) = seats.first() else { return };
        if any || self.searched[first].facts.is_err() {
            return;
        }
        match &arn.name {
            // Another account's group can be read only by its ARN.
            GroupChoice::Exact(name) => {
                let own = seats.iter().find(|seat| self.searched[**seat].account() == Some(&arn.owner.account));
                self.by_arn(own.copied().unwrap_or(first), &arn.owner, name, None);
            }
            GroupChoice::Glob(glob) => {
                let of_linked =
                    match self.request.names.linked || self.searched[first].account() == Some(&arn.owner.account) {
                        true => "",
                        false => "; groups of other accounts are listed only with --linked, in a monitoring account",
                    };
                let reason =
                    format!("no log group of account {} matches in {}{of_linked}", arn.owner.account, arn.region);
                let input = group_arn(&arn.owner, &arn.region, glob.text());
                self.told.unread.push(InputProblem { input, reason });
            }
        }
    }

    /// Returns the places in a region.
    fn seats(&self, region: &str) -> Vec<usize> {
        let is_in = |seat: &usize| self.searched[*seat].asked && self.searched[*seat].place.region == region;
        (0..self.searched.len()).filter(is_in).collect()
    }

    /// Selects a group by its ARN.
    fn by_arn(&mut self, seat: usize, owner: &Owner, name: &str, only: Option<BTreeSet<String>>) {
        let region = self.searched[seat].place.region.clone();
        let place = GroupPlace {
            arn: Some(group_arn(owner, &region, name)),
            region,
            name: name.to_owned(),
            account: Some(owner.account.clone()),
            holder: self.holder(seat, Some(&owner.account)),
        };
        self.target(Target::new(seat, place, only));
    }

    fn found_group(&mut self, seat: usize, info: &GroupInfo, only: Option<BTreeSet<String>>) {
        let searched = &self.searched[seat];
        let region = searched.place.region.clone();
        let own = searched.facts.as_ref().ok().and_then(|facts| facts.own.as_ref());
        let linked = info.owner.as_ref().filter(|owner| own.is_some_and(|own| own != *owner));
        let place = GroupPlace {
            arn: linked.map(|owner| group_arn(owner, &region, &info.name)),
            region,
            name: info.name.clone(),
            holder: self.holder(seat, info.owner.as_ref().map(|owner| owner.account.as_str())),
            account: info.owner.as_ref().map(|owner| owner.account.clone()),
        };
        if let Some(reason) = unreadable(&info.class) {
            self.told.unread.push(InputProblem { input: place.label(), reason: reason.to_owned() });
            return;
        }
        let class = if let Class::Other(name) = &info.class { Some(name.clone()) } else { None };
        let infrequent = Some(info.class == Class::InfrequentAccess);
        let estimate = estimate(info, self.request);
        let (created_ms, retention_days) = (Some(info.created_ms).filter(|at| *at > 0), info.retention_days);
        let new = Target::new(seat, place, only);
        self.target(Target { class, infrequent, created_ms, retention_days, estimate, ..new });
    }

    /// Adds a group, or merges it with an earlier selection of the same group.
    fn target(&mut self, new: Target) {
        let holder = match &new.group.account {
            Some(account) => Holder::Account(account.clone()),
            None => Holder::Session(self.searched[new.seat].place.session.number),
        };
        let key = (new.group.region.clone(), new.group.name.clone(), holder);
        let target = match self.found.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(new);
                return;
            }
            Entry::Occupied(entry) => entry.into_mut(),
        };
        // A group selected as a whole once stays selected as a whole.
        match (new.only, &mut target.only) {
            (Some(names), Some(all)) => all.extend(names),
            (None, only) => *only = None,
            (Some(_), None) => {}
        }
        // Asked by name in its own account, a group needs no ARN.
        if new.group.arn.is_none() {
            (target.group.arn, target.seat) = (None, new.seat);
        }
        target.estimate = target.estimate.max(new.estimate);
        target.infrequent = target.infrequent.or(new.infrequent);
        target.created_ms = target.created_ms.or(new.created_ms);
        target.retention_days = target.retention_days.or(new.retention_days);
    }

    /// Adds a note that marks the answer as incomplete.
    fn remark(&mut self, text: String) {
        let note = Note { incomplete: true, text };
        if !self.told.notes.contains(&note) {
            self.told.notes.push(note);
        }
    }

    fn finish(mut self) -> Result<Selection, PullError> {
        let unsearched_only = self.searched.iter().all(|one| one.facts.is_err()) || self.found.is_empty();
        if let Some(failure) = self.first.take().filter(|_| unsearched_only && self.missing.is_empty()) {
            return Err(failure);
        }
        self.told.accounts = self.accounts();
        // The same name may stand for groups of which one is named by ARN and the other by an account that is unknown.
        let by_arn: BTreeSet<(String, String)> = self
            .found
            .values()
            .filter(|target| target.group.arn.is_some())
            .map(|target| (target.group.region.clone(), target.group.name.clone()))
            .collect();
        let (mut targets, mut unread) = (Vec::new(), std::mem::take(&mut self.told.unread));
        for target in std::mem::take(&mut self.found).into_values() {
            let name = (target.group.region.clone(), target.group.name.clone());
            if let Some(reason) = unread_infrequent(&target, self.request) {
                unread.push(InputProblem { input: target.group.label(), reason: reason.to_owned() });
            } else if target.group.account.is_none() && by_arn.contains(&name) {
                unread.push(InputProblem { input: target.group.label(), reason: NAMED_TWICE.to_owned() });
            } else {
                targets.push(target);
            }
        }
        let missing = std::mem::take(&mut self.missing);
        unread.extend(missing.into_iter().filter_map(|(input, reason)| Some(InputProblem { input, reason: reason? })));
        unread.sort();
        unread.dedup();
        self.told.unread = unread;
        for target in &mut targets {
            self.told.notes.extend(narrow(target, self.request));
            let (from, end) = (self.request.from.ms(), self.request.to.ms());
            target.to_read = (0..target.streams.len().max(1)).map(|stream| ToRead { stream, from, end }).collect();
        }
        Ok(Selection { targets, told: self.told })
    }

    /// Returns the accounts that were asked, each with its regions.
    fn accounts(&self) -> Vec<AccountRead> {
        let mut regions_of: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
        for target in self.found.values() {
            regions_of.entry(target.group.account.clone()).or_default().insert(target.group.region.clone());
        }
        for one in self.searched.iter().filter(|one| one.facts.is_ok()) {
            let account = one.account().map(str::to_owned);
            regions_of.entry(account).or_default().insert(one.place.region.clone());
        }
        let account = |(account_id, regions): (_, BTreeSet<String>)| AccountRead {
            account_id,
            regions: regions.into_iter().collect(),
        };
        regions_of.into_iter().map(account).collect()
    }
}
