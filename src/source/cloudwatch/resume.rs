//! Completion of a saved pull: reads only the stretches that it names as unread, and puts what it holds in between.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tokio::task::JoinSet;
use xxhash_rust::xxh3::Xxh3;

use super::Request;
use super::connect::{AccountRegion, Connection};
use super::failure::{PullError, plain_io};
use super::listing::Lister;
use super::lookup::{PlaceFacts, failure_of_place, look_up};
use super::select::{self, Searched, Selection};
use super::selector::{Owner, Wanted, group_arn};
use super::shared::PullState;
use super::spool::{PageSpool, SliceId};
use super::target::{Target, ToRead};
use crate::source::saved::{self, ChosenGroup, GroupPlace, Names, PullTrailer, UnreadStretch, UnsearchedRegion};
use crate::wire::AccountRead;

/// Bytes of text per page of what was read before.
const PAGE: usize = 1 << 20;

/// What a saved pull holds, and where each stretch of it belongs.
#[derive(Debug)]
pub(super) struct Resumed {
    path: PathBuf,
    /// Number of the target by group.
    targets: BTreeMap<GroupName, usize>,
    /// Prefixes of stream names by target.
    streams: Vec<Vec<String>>,
    /// Last millisecond of each stretch that was read.
    read: BTreeMap<SliceId, i64>,
    /// Groups that are read anew, with more of their streams.
    anew: BTreeSet<GroupName>,
    /// Hash of the text, if the file tells it.
    text_hash: Option<u64>,
}

/// Region, name and account of a log group.
type GroupName = (String, String, Option<String>);

fn name_of(group: &GroupPlace) -> GroupName {
    (group.region.clone(), group.name.clone(), group.account.clone())
}

/// Returns the request with the names, times and regions of the saved pull that it completes.
pub(super) fn adapted(request: &Request) -> Request {
    let mut request = request.clone();
    let Some((_, trailer)) = &request.resume else { return request };
    let moment = |ms: Option<i64>| ms.and_then(crate::model::Timestamp::from_ms);
    request.from = moment(trailer.from_ms).unwrap_or(request.from);
    request.to = moment(trailer.to_ms).unwrap_or(request.to);
    if request.regions.is_empty() {
        let of_gaps = trailer.gaps.iter().map(|gap| gap.group.region.clone());
        let unsearched = trailer.regions.iter().map(|one| one.region.clone()).filter(|region| !region.is_empty());
        request.regions = of_gaps.chain(unsearched).collect::<BTreeSet<String>>().into_iter().collect();
    }
    if request.profiles.is_empty() {
        request.profiles.clone_from(&trailer.profiles);
    }
    // Names are looked up again only where they could not be.
    request.names = if trailer.regions.is_empty() { Names::default() } else { trailer.wanted.clone() };
    request
}

/// Looks up what is wanted where that failed before, and elsewhere only whose log it is.
///
/// # Errors
/// If this machine fails.
pub(super) async fn search(
    connection: &Connection,
    wanted: &Arc<Wanted>,
    trailer: &PullTrailer,
) -> Result<Vec<Searched>, PullError> {
    let mut running = JoinSet::new();
    for (seat, place) in connection.places.iter().enumerate() {
        let again = trailer.regions.iter().any(|one| is_of(one, place));
        let (place, wanted) = (Arc::clone(place), Arc::clone(wanted));
        running.spawn(async move {
            let facts = if again { look_up(Arc::clone(&place), wanted).await } else { owner(&place).await };
            (seat, Searched { place, asked: again, facts })
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = running.join_next().await {
        let (seat, searched) = answer.map_err(|error| PullError::Machine(error.to_string()))?;
        answers.insert(seat, searched);
    }
    Ok(answers.into_values().collect())
}

/// Returns whether a region that was not searched is this place.
fn is_of(one: &UnsearchedRegion, place: &AccountRegion) -> bool {
    (one.region.is_empty() || one.region == place.region)
        && (one.profile.is_none() || one.profile == place.session.profile)
}

/// Finds out whose credentials these are.
async fn owner(place: &Arc<AccountRegion>) -> Result<PlaceFacts, PullError> {
    let found = Lister::new(Arc::clone(place), false).own_group().await;
    match found {
        Ok(group) => Ok(PlaceFacts { own: group.and_then(|group| group.owner), ..PlaceFacts::default() }),
        Err(fault) => match failure_of_place(place, &fault) {
            Some(failure) => Err(failure),
            None => Ok(PlaceFacts::default()),
        },
    }
}

/// Decides what to read of a saved pull.
///
/// # Errors
/// If no place could be searched.
pub(super) fn select(
    request: &Request,
    wanted: &Wanted,
    searched: &[Searched],
    failures: &[(String, PullError)],
    path: &Path,
    trailer: &PullTrailer,
) -> Result<(Selection, Resumed), PullError> {
    let mut selection = match trailer.regions.is_empty() {
        true => Selection::default(),
        false => select::select(request, wanted, searched, failures)?,
    };
    if let Some(Err(failure)) = searched.first().map(|one| one.facts.as_ref().map(drop))
        && searched.iter().all(|one| one.facts.is_err())
    {
        return Err(failure.clone());
    }
    let told = &mut selection.told;
    told.wanted = trailer.wanted.clone();
    told.profiles.clone_from(&request.profiles);
    // What was looked up again is found, or is named again.
    let again = |name: &String| {
        let Names { functions, log_groups, .. } = &trailer.wanted;
        !trailer.regions.is_empty() && (functions.contains(name) || log_groups.contains(name))
    };
    told.unread.extend(trailer.unread.iter().filter(|problem| !again(&problem.input)).cloned());
    told.notes.extend(trailer.notes.iter().cloned());
    // What is asked again is not taken from before. Where nothing is left to read, there is nobody to ask.
    let again = !trailer.is_whole();
    if !(request.cloudwatch_metrics && again) {
        told.account.cloudwatch_metrics.clone_from(&trailer.account.cloudwatch_metrics);
    }
    if !(request.aws_config && again) {
        told.account.aws_config.clone_from(&trailer.account.aws_config);
    }
    if !(again && (request.cloudwatch_metrics || request.aws_config)) {
        told.account.notes.clone_from(&trailer.account.notes);
    }
    told.accounts = merged(&told.accounts, &trailer.accounts);
    let window = (request.from.ms(), request.to.ms());
    let mut targets: BTreeMap<GroupName, Target> = BTreeMap::new();
    for chosen in &trailer.groups {
        // What lies outside of the window was not written by us.
        let inside =
            |gap: &&UnreadStretch| window.0 <= gap.from_ms && gap.from_ms <= gap.to_ms && gap.to_ms <= window.1;
        let of_group = trailer.gaps.iter().filter(|gap| gap.group == chosen.group);
        let gaps: Vec<&UnreadStretch> = of_group.filter(inside).collect();
        let seat = seat_of(&chosen.group, searched);
        let mut target = target_of(chosen, seat.unwrap_or(0));
        match seat {
            Some(seat) => {
                target.to_read = to_read(&target.streams, &gaps);
                // Where nothing tells whose the credentials are, the ARN keeps AWS from reading another account's group.
                if let (None, Some(account)) = (searched[seat].account(), &chosen.group.account) {
                    let partition = partition_of(&chosen.group.region).to_owned();
                    let owner = Owner { partition, account: account.clone() };
                    target.group.arn.get_or_insert_with(|| group_arn(&owner, &chosen.group.region, &chosen.group.name));
                }
            }
            None => told.gaps.extend(
                gaps.iter().map(|gap| UnreadStretch { reason: other_account(gap, searched), ..(*gap).clone() }),
            ),
        }
        targets.insert(name_of(&chosen.group), target);
    }
    let mut old: BTreeSet<GroupName> = targets.keys().cloned().collect();
    let mut anew = BTreeSet::new();
    for target in std::mem::take(&mut selection.targets) {
        let name = name_of(&target.group);
        let narrower = targets.get(&name).is_some_and(|known| known.only.is_some() && known.only != target.only);
        if narrower {
            // What was read of it is read again, with the rest.
            old.remove(&name);
            anew.insert(name.clone());
            targets.insert(name, target);
        } else {
            targets.entry(name).or_insert(target);
        }
    }
    let mut resumed = Resumed {
        path: path.to_owned(),
        targets: targets.keys().cloned().zip(0..).collect(),
        streams: targets.values().map(|target| target.streams.clone()).collect(),
        read: BTreeMap::new(),
        anew,
        text_hash: trailer.text_hash,
    };
    for (at, (name, target)) in targets.iter().enumerate().filter(|(_, (name, _))| old.contains(*name)) {
        let unread: Vec<ToRead> = match seat_of(&target.group, searched) {
            Some(_) => target.to_read.clone(),
            None => to_read(
                &target.streams,
                &trailer.gaps.iter().filter(|gap| name_of(&gap.group) == *name).collect::<Vec<_>>(),
            ),
        };
        for stream in 0..target.streams.len().max(1) {
            let of_stream = unread.iter().filter(|stretch| stretch.stream == stream);
            for (start, end) in rest(window, of_stream.map(|stretch| (stretch.from, stretch.end))) {
                resumed.read.insert(SliceId { target: at, stream, start }, end);
            }
        }
    }
    selection.targets = targets.into_values().collect();
    Ok((selection, resumed))
}

fn target_of(chosen: &ChosenGroup, seat: usize) -> Target {
    let ChosenGroup { group, streams, functions } = chosen.clone();
    let only = (!functions.is_empty()).then(|| functions.into_iter().collect());
    Target { streams, ..Target::new(seat, group, only) }
}

/// Finds the place of a group: its region, and its account where both are known.
fn seat_of(group: &GroupPlace, searched: &[Searched]) -> Option<usize> {
    let readable = |one: &Searched| {
        let own = one.account();
        one.place.region == group.region
            && (group.arn.is_some() || own.is_none() || group.account.is_none() || own == group.account.as_deref())
    };
    let exact = searched.iter().position(|one| readable(one) && one.account() == group.account.as_deref());
    exact.or_else(|| searched.iter().position(readable))
}

/// Returns why a gap is not read with these credentials.
fn other_account(gap: &UnreadStretch, searched: &[Searched]) -> String {
    let here: BTreeSet<&str> =
        searched.iter().filter(|one| one.place.region == gap.group.region).filter_map(Searched::account).collect();
    let here: Vec<&str> = here.into_iter().collect();
    match (&gap.group.account, here.is_empty()) {
        (Some(account), false) => format!(
            "it belongs to account {account}, but the credentials are for {}; name a profile of that account with --profile",
            here.join(", ")
        ),
        _ => gap.reason.clone(),
    }
}

/// Returns the partition of a region.
fn partition_of(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 5] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

fn to_read(streams: &[String], gaps: &[&UnreadStretch]) -> Vec<ToRead> {
    let of_gap = |gap: &&UnreadStretch| {
        let (from, end) = (gap.from_ms, gap.to_ms);
        let all = 0..streams.len().max(1);
        let concerned = move |stream: &usize| match &gap.stream {
            Some(prefix) => streams.get(*stream) == Some(prefix),
            None => true,
        };
        all.filter(concerned).map(move |stream| ToRead { stream, from, end }).collect::<Vec<_>>()
    };
    let mut all: Vec<ToRead> = gaps.iter().flat_map(of_gap).collect();
    all.sort();
    all.dedup();
    all
}

/// Returns the stretches of a window outside of others, which are sorted.
fn rest(window: (i64, i64), unread: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let (mut next, mut all) = (window.0, Vec::new());
    for (from, end) in unread {
        if next < from {
            all.push((next, from - 1));
        }
        next = next.max(end.saturating_add(1));
    }
    if next <= window.1 {
        all.push((next, window.1));
    }
    all
}

fn merged(one: &[AccountRead], other: &[AccountRead]) -> Vec<AccountRead> {
    let mut regions_of: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
    for account in one.iter().chain(other) {
        regions_of.entry(account.account_id.clone()).or_default().extend(account.regions.iter().cloned());
    }
    let account = |(account_id, regions): (_, BTreeSet<String>)| AccountRead {
        account_id,
        regions: regions.into_iter().collect(),
    };
    regions_of.into_iter().map(account).collect()
}

/// Where a saved event belongs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedEvent<'e> {
    timestamp: Option<i64>,
    #[serde(borrow)]
    log_group: Cow<'e, str>,
    #[serde(borrow, default)]
    log_stream: Option<Cow<'e, str>>,
    #[serde(borrow, default)]
    account_id: Option<Cow<'e, str>>,
    #[serde(borrow)]
    region: Cow<'e, str>,
}

impl Resumed {
    /// Announces the stretches that were read before.
    pub(super) fn open(&self, spool: &PageSpool) {
        self.read.keys().for_each(|slice| spool.open(*slice));
    }

    /// Puts what was read before in its place.
    pub(super) fn fill(&self, shared: &PullState) {
        let filled = self.copy(&shared.spool);
        if let Err(error) = filled {
            let why = plain_io(&error);
            shared.fail(PullError::Machine(format!("cannot read {}: {why}", self.path.display())));
        }
        self.read.keys().for_each(|slice| shared.spool.close(*slice));
    }

    /// Puts what was read before of stretches that could not be read again in its place.
    pub(super) fn fill_gaps(&self, shared: &PullState) {
        let unread = shared.unread_stretches();
        if unread.is_empty() {
            return;
        }
        let filled = self.copy_to(&shared.spool, |event| {
            let before = unread.range(..=SliceId { start: event.start, ..event }).next_back();
            let (slice, (from, end)) =
                before.filter(|(slice, _)| (slice.target, slice.stream) == (event.target, event.stream))?;
            (*from..=*end).contains(&event.start).then_some(*slice)
        });
        if let Err(error) = filled {
            let why = plain_io(&error);
            shared.fail(PullError::Machine(format!("cannot read {}: {why}", self.path.display())));
        }
    }

    fn copy(&self, spool: &PageSpool) -> io::Result<()> {
        let mut hash = Xxh3::new();
        self.copy_to_hashed(spool, &mut hash, |event| {
            let before = self.read.range(..=event).next_back();
            let (slice, end) =
                before.filter(|(slice, _)| (slice.target, slice.stream) == (event.target, event.stream))?;
            (event.start <= *end).then_some(*slice)
        })?;
        match self.text_hash {
            Some(told) if told != hash.digest() => Err(damaged()),
            _ => Ok(()),
        }
    }

    fn copy_to(&self, spool: &PageSpool, place: impl Fn(SliceId) -> Option<SliceId>) -> io::Result<()> {
        self.copy_to_hashed(spool, &mut Xxh3::new(), place)
    }

    /// Copies the saved events for which `place` returns a slice; it is asked with target, stream and time of an event.
    fn copy_to_hashed(
        &self,
        spool: &PageSpool,
        hash: &mut Xxh3,
        place: impl Fn(SliceId) -> Option<SliceId>,
    ) -> io::Result<()> {
        let (mut open, mut text): (Option<SliceId>, Vec<u8>) = (None, Vec::new());
        let flush = |slice: Option<SliceId>, text: &mut Vec<u8>| match slice {
            Some(slice) => {
                let pushed = spool.push(slice, text).map_err(io::Error::other);
                text.clear();
                pushed
            }
            None => Ok(()),
        };
        saved::lines_of(&self.path, |line| {
            hash.update(line);
            let Some(slice) = self.event_of(line)?.and_then(&place) else { return Ok(()) };
            if open != Some(slice) || text.len() >= PAGE {
                flush(open, &mut text)?;
                open = Some(slice);
            }
            text.extend_from_slice(line);
            Ok(())
        })?;
        flush(open, &mut text)
    }

    /// Returns target, stream and time of a saved event; `None` for one of a group that is read anew.
    fn event_of(&self, line: &[u8]) -> io::Result<Option<SliceId>> {
        let event: SavedEvent<'_> = serde_json::from_slice(line).map_err(|_| damaged())?;
        let account = event.account_id.map(Cow::into_owned);
        let name = (event.region.into_owned(), event.log_group.into_owned(), account);
        if self.anew.contains(&name) {
            return Ok(None);
        }
        let target = *self.targets.get(&name).ok_or_else(damaged)?;
        let stream_name = event.log_stream.unwrap_or_default();
        let prefixes = self.streams.get(target).map(Vec::as_slice).unwrap_or_default();
        let stream = prefixes.iter().position(|prefix| stream_name.starts_with(prefix.as_str())).unwrap_or(0);
        Ok(Some(SliceId { target, stream, start: event.timestamp.unwrap_or_default() }))
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is damaged, and not all of its events can be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_and_the_gaps_cover_the_window() {
        for (gaps, want) in [
            (vec![], vec![(0, 99)]),
            (vec![(0, 99)], vec![]),
            (vec![(0, 9)], vec![(10, 99)]),
            (vec![(10, 19), (20, 29), (50, 99)], vec![(0, 9), (30, 49)]),
            (vec![(10, 30), (20, 25)], vec![(0, 9), (31, 99)]),
        ] {
            assert_eq!(rest((0, 99), gaps.iter().copied()), want, "{gaps:?}");
        }
    }
}
