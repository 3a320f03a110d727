//! Look-up of what is wanted in one place: asks AWS for functions and log groups, each once, and gathers the answers.
//! What they mean is decided in `select`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use tokio::task::JoinSet;

use super::connect::AccountRegion;
use super::failure::{PullError, RequestError, network_advice};
use super::listing::{FunctionInfo, GroupInfo, Lister, LookupResult, default_group};
use super::selector::{Choice, GroupChoice, Owner, Wanted};
use super::signed::LAMBDA;

/// Beginning of the log groups of functions.
const GROUPS: &str = "/aws/lambda/";
/// Most requests in flight at once.
const IN_FLIGHT: usize = 8;

/// Everything that a place told about what is wanted.
#[derive(Debug, Default)]
pub(super) struct PlaceFacts {
    /// Functions that were named.
    pub(super) functions: BTreeMap<String, LookupResult<FunctionInfo>>,
    /// All functions, if globs choose among them.
    pub(super) listed: Option<LookupResult<Vec<FunctionInfo>>>,
    /// Log groups by their whole name.
    pub(super) named: BTreeMap<String, LookupResult<Vec<GroupInfo>>>,
    /// Log groups by the beginning of their names.
    pub(super) lists: BTreeMap<String, LookupResult<Vec<GroupInfo>>>,
    /// Names of log groups like those that do not exist.
    pub(super) near: BTreeSet<String>,
    /// Owner of the credentials.
    pub(super) own: Option<Owner>,
    /// Host of the Lambda API that was asked.
    pub(super) lambda_host: Option<String>,
}

/// Asks a place for everything that is wanted of it.
///
/// # Errors
/// If nothing can be read there: no connection, or no valid credentials.
pub(super) async fn look_up(place: Arc<AccountRegion>, wanted: Arc<Wanted>) -> Result<PlaceFacts, PullError> {
    let lister = Arc::new(Lister::new(Arc::clone(&place), wanted.linked));
    let mut facts = PlaceFacts::default();
    let (functions, listed) = tokio::join!(
        functions(&lister, wanted.names_of_functions(&place.region, place.for_names)),
        all_functions(&lister, place.for_names && wanted.has_globs()),
    );
    (facts.functions, facts.listed) = (functions, listed);
    facts.lambda_host = Some(place.lambda.host(&LAMBDA).await).filter(|host| !host.is_empty());
    let prefixes = prefixes(&wanted, &place);
    let list = |lister: Arc<Lister>, prefix: String| async move { lister.groups(&prefix).await };
    facts.lists = gather(&lister, prefixes, list).await;
    let names = facts.group_names(&wanted, &place);
    let (covered, open): (BTreeSet<String>, _) = names.into_iter().partition(|name| facts.covers(name));
    let named = |lister: Arc<Lister>, name: String| async move { lister.named(&name).await };
    facts.named = gather(&lister, open, named).await;
    for name in covered {
        let found: Vec<GroupInfo> =
            facts.listed_groups().filter(|group| group.name == name).cloned().collect::<Vec<_>>();
        facts.named.insert(name, Ok(found));
    }
    if let Some(failure) = facts.fatal(&place) {
        return Err(failure);
    }
    facts.own = own(&lister, &facts, wanted.linked).await;
    facts.near = near(&lister, &facts, &wanted).await;
    Ok(facts)
}

/// Asks for several names at once, and returns the answers by name.
async fn gather<T, F>(
    lister: &Arc<Lister>,
    names: BTreeSet<String>,
    ask: impl Fn(Arc<Lister>, String) -> F,
) -> BTreeMap<String, LookupResult<T>>
where
    T: Send + 'static,
    F: Future<Output = LookupResult<T>> + Send + 'static,
{
    let (mut answers, mut running, mut names) = (BTreeMap::new(), JoinSet::new(), names.into_iter());
    loop {
        while running.len() < IN_FLIGHT {
            let Some(name) = names.next() else { break };
            let asked = ask(Arc::clone(lister), name.clone());
            running.spawn(async move { (name, asked.await) });
        }
        match running.join_next().await {
            Some(Ok((name, answer))) => drop(answers.insert(name, answer)),
            // A panicked task has no answer; its name then counts as not looked up.
            Some(Err(_)) => {}
            None => return answers,
        }
    }
}

/// Asks where functions log. The Lambda API is optional: once it fails for a reason that is not one function's own, it
/// is not asked again.
async fn functions(lister: &Arc<Lister>, names: BTreeSet<String>) -> BTreeMap<String, LookupResult<FunctionInfo>> {
    let broken: Arc<OnceLock<RequestError>> = Arc::default();
    let ask = |lister: Arc<Lister>, name: String| {
        let broken = Arc::clone(&broken);
        async move {
            if let Some(fault) = broken.get() {
                return Err(fault.clone());
            }
            let answer = lister.function(&name).await;
            if let Err(fault) = &answer
                && !matches!(fault, RequestError::Missing | RequestError::Denied(_))
            {
                let _ = broken.set(fault.clone());
            }
            answer
        }
    };
    let mut names = names.into_iter();
    // The first one alone shows whether the API can be asked at all.
    let mut answers = gather(lister, names.next().into_iter().collect(), ask).await;
    answers.extend(gather(lister, names.collect(), ask).await);
    answers
}

async fn all_functions(lister: &Lister, needed: bool) -> Option<LookupResult<Vec<FunctionInfo>>> {
    if needed { Some(lister.functions().await) } else { None }
}

/// Returns the beginnings of the names to list, without those that another one covers.
fn prefixes(wanted: &Wanted, place: &AccountRegion) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    if place.for_names {
        all.extend(
            wanted.functions.iter().filter(|choice| !choice.is_exact()).map(|glob| default_group(glob.prefix())),
        );
        all.extend(wanted.groups.iter().filter(|choice| !choice.is_exact()).map(|glob| glob.prefix().to_owned()));
    }
    let by_arn = wanted.group_arns.iter().filter(|arn| arn.region == place.region);
    all.extend(by_arn.filter_map(|arn| match &arn.name {
        GroupChoice::Exact(_) => None,
        GroupChoice::Glob(glob) => Some(glob.prefix().to_owned()),
    }));
    let shorter = |prefix: &String| all.iter().any(|other| other != prefix && prefix.starts_with(other.as_str()));
    all.iter().filter(|prefix| !shorter(prefix)).cloned().collect()
}

impl PlaceFacts {
    /// Returns the names of log groups to look up: those that were named, and those of named or chosen functions.
    fn group_names(&self, wanted: &Wanted, place: &AccountRegion) -> BTreeSet<String> {
        let of_function = |(name, told): (&String, &LookupResult<FunctionInfo>)| match told {
            Ok(info) => info.group.clone(),
            Err(_) => default_group(name),
        };
        let mut names: BTreeSet<String> = self.functions.iter().map(of_function).collect();
        // A function of a linked account is not known to the Lambda API of this one.
        if wanted.linked {
            names.extend(self.functions.keys().map(|name| default_group(name)));
        }
        let chosen = self.listed.iter().flatten().flatten().filter(|one| wanted.chooses(&one.name));
        names.extend(chosen.filter(|one| one.group != default_group(&one.name)).map(|one| one.group.clone()));
        if place.for_names {
            names.extend(wanted.groups.iter().filter(|choice| choice.is_exact()).map(|name| name.prefix().to_owned()));
        }
        let by_arn = wanted.group_arns.iter().filter(|arn| arn.region == place.region);
        names.extend(by_arn.filter_map(|arn| match &arn.name {
            GroupChoice::Exact(name) => Some(name.clone()),
            GroupChoice::Glob(_) => None,
        }));
        names
    }

    /// Returns all log groups of the lists.
    pub(super) fn listed_groups(&self) -> impl Iterator<Item = &GroupInfo> {
        self.lists.values().flatten().flatten()
    }

    /// Returns whether a list that was read holds a group, if it exists.
    fn covers(&self, name: &str) -> bool {
        self.lists.iter().any(|(prefix, told)| told.is_ok() && name.starts_with(prefix.as_str()))
    }

    /// Returns the failure for which nothing of the place can be read.
    fn fatal(&self, place: &AccountRegion) -> Option<PullError> {
        let of_functions = self.functions.values().filter_map(|told| told.as_ref().err());
        let of_list = self.listed.iter().filter_map(|told| told.as_ref().err());
        let of_lambda = of_functions.chain(of_list).filter(|fault| matches!(fault, RequestError::Credentials(_)));
        let of_names = self.named.values().filter_map(|told| told.as_ref().err());
        let of_lists = self.lists.values().filter_map(|told| told.as_ref().err());
        let of_logs = of_names.chain(of_lists);
        // What Lambda says of the credentials counts only where Logs says the same, or was not asked.
        let asked = !self.named.is_empty() || !self.lists.is_empty();
        let lambda = of_lambda.filter(|_| !asked);
        of_logs.chain(lambda).find_map(|fault| failure_of_place(place, fault))
    }
}

/// Translates a failure that holds for a whole place; `None` for one that holds for a request.
pub(super) fn failure_of_place(place: &AccountRegion, fault: &RequestError) -> Option<PullError> {
    let region = place.region.clone();
    let host = || place.logs_exchange.host().unwrap_or_else(|| "its endpoint".to_owned());
    match fault {
        RequestError::Credentials(fault) => Some(place.told(fault)),
        RequestError::NoConnection(detail) | RequestError::NoAnswer(detail) | RequestError::Lost(detail) => {
            let advice = network_advice(detail);
            Some(PullError::Unreachable { region, host: host(), detail: detail.clone(), advice })
        }
        RequestError::NotAws(what) => {
            Some(PullError::Other { region, detail: format!("cannot be asked at {}: {what}", host()) })
        }
        _ => None,
    }
}

/// Finds the owner of the credentials: AWS lists only what belongs to their account, but for linked accounts.
async fn own(lister: &Lister, facts: &PlaceFacts, linked: bool) -> Option<Owner> {
    let functions = facts.functions.values().flatten().chain(facts.listed.iter().flatten().flatten());
    let owner = functions.filter_map(|one| one.owner.clone()).next();
    let groups = || facts.named.values().flatten().flatten().chain(facts.listed_groups());
    match (owner, linked) {
        (Some(owner), _) => Some(owner),
        (None, false) => groups().find_map(|group| group.owner.clone()),
        (None, true) => lister.own_group().await.ok().flatten().and_then(|group| group.owner),
    }
}

/// Finds names like those that do not exist.
async fn near(lister: &Arc<Lister>, facts: &PlaceFacts, wanted: &Wanted) -> BTreeSet<String> {
    let missing = facts.named.iter().filter(|(_, told)| told.as_ref().is_ok_and(Vec::is_empty));
    let names = || facts.listed_groups().map(|group| group.name.as_str());
    let unmatched =
        |glob: &&Choice| !names().any(|name| name.strip_prefix(GROUPS).is_some_and(|name| glob.holds(name)));
    let globs = wanted.functions.iter().filter(|choice| lister.place.for_names && !choice.is_exact());
    let of_globs = globs.filter(|glob| !glob.prefix().is_empty()).filter(unmatched).map(|_| GROUPS.to_owned());
    let prefixes: BTreeSet<String> = missing
        .filter_map(|(name, _)| name.rsplit_once('/').map(|(folder, _)| format!("{folder}/")))
        .filter(|prefix| prefix.len() > 1)
        .chain(of_globs)
        .take(3)
        .collect();
    let list = |lister: Arc<Lister>, prefix: String| async move { lister.some_groups(&prefix).await };
    let lists = gather(lister, prefixes, list).await;
    lists.into_values().flatten().flatten().map(|group| group.name).collect()
}
