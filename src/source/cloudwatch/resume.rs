//! Completion of a saved pull: reads only the stretches that it names as unread, and puts what it holds in between.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tokio::task::JoinSet;

use super::Request;
use super::connect::{AccountRegion, Connection};
use super::failure::{PullError, plain_io};
use super::listing::Lister;
use super::lookup::{PlaceFacts, failure_of_place, look_up};
use super::select::{self, Searched, Selection};
use super::selector::Wanted;
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
    told.unread.extend(trailer.unread.iter().cloned());
    told.notes.extend(trailer.notes.iter().cloned());
    told.accounts = merged(&told.accounts, &trailer.accounts);
    let window = (request.from.ms(), request.to.ms());
    let mut targets: BTreeMap<GroupName, Target> = BTreeMap::new();
    for chosen in &trailer.groups {
        let gaps: Vec<&UnreadStretch> = trailer.gaps.iter().filter(|gap| gap.group == chosen.group).collect();
        let seat = seat_of(&chosen.group, searched);
        let mut target = target_of(chosen, seat.unwrap_or(0));
        match seat {
            Some(_) => target.to_read = to_read(&target.streams, &gaps),
            None => told.gaps.extend(
                gaps.iter().map(|gap| UnreadStretch { reason: other_account(gap, searched), ..(*gap).clone() }),
            ),
        }
        targets.insert(name_of(&chosen.group), target);
    }
    let old: BTreeSet<GroupName> = targets.keys().cloned().collect();
    for target in std::mem::take(&mut selection.targets) {
        targets.entry(name_of(&target.group)).or_insert(target);
    }
    let mut resumed = Resumed {
        path: path.to_owned(),
        targets: targets.keys().cloned().zip(0..).collect(),
        streams: targets.values().map(|target| target.streams.clone()).collect(),
        read: BTreeMap::new(),
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
    Target { seat, group, only, streams, class: None, to_read: Vec::new(), estimate: 0 }
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
    log_group: std::borrow::Cow<'e, str>,
    #[serde(borrow, default)]
    log_stream: Option<std::borrow::Cow<'e, str>>,
    #[serde(borrow, default)]
    account_id: Option<std::borrow::Cow<'e, str>>,
    #[serde(borrow)]
    region: std::borrow::Cow<'e, str>,
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

    fn copy(&self, spool: &PageSpool) -> io::Result<()> {
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
            // What lies in a gap will be read again.
            let Some(slice) = self.slice_of(line) else { return Ok(()) };
            if open != Some(slice) || text.len() >= PAGE {
                flush(open, &mut text)?;
                open = Some(slice);
            }
            text.extend_from_slice(line);
            Ok(())
        })?;
        flush(open, &mut text)
    }

    /// Returns the stretch to which a saved event belongs.
    fn slice_of(&self, line: &[u8]) -> Option<SliceId> {
        let event: SavedEvent<'_> = serde_json::from_slice(line).ok()?;
        let account = event.account_id.map(std::borrow::Cow::into_owned);
        let target = *self.targets.get(&(event.region.into_owned(), event.log_group.into_owned(), account))?;
        let name = event.log_stream.unwrap_or_default();
        let prefixes = self.streams.get(target)?;
        let stream = prefixes.iter().position(|prefix| name.starts_with(prefix.as_str())).unwrap_or(0);
        let at = event.timestamp.unwrap_or_default();
        let before = self.read.range(..=SliceId { target, stream, start: at }).next_back();
        let (slice, end) = before.filter(|(slice, _)| (slice.target, slice.stream) == (target, stream))?;
        (at <= *end).then_some(*slice)
    }
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
