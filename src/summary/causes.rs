//! Causes: what failed attempts of several functions have in common, added up and listed. Each failed attempt has
//! exactly one.

use std::collections::BTreeMap;

use super::cause_key::{CauseKey, CauseTold};
use super::course::{PartTraffic, Since, WindowBounds};
use super::findings::FindingCounts;
use super::tables::Tables;
use super::versions::names_of;
use crate::catalogue;
use crate::model::Timestamp;
use crate::wire::{BeganWith, Cause, FindingState, FirstVersion, moment};

/// Most causes that are listed, the worst.
const LISTED: usize = 1_000;
/// Most causes that are listed as having begun with another.
const TOGETHER: usize = 16;

/// Part that one function has in a cause.
#[derive(Debug)]
pub(super) struct InFunction<'a> {
    pub(super) function: u32,
    /// Attempts of the function around those with the cause.
    pub(super) traffic: Option<PartTraffic>,
    /// Some attempts of the function were counted and not read, so that its traffic is not known.
    pub(super) counted: bool,
    /// Version with whose first attempts it began here, and the start of the first of these.
    pub(super) began_with: Option<(u16, Timestamp)>,
    /// That version is the newest, and worse than what ran before or beside it: to go back helps.
    pub(super) can_go_back: bool,
    pub(super) told: Option<&'a CauseTold>,
}

/// Counts of a cause in all functions.
#[derive(Debug, Default)]
pub(super) struct CauseSums<'a> {
    counts: FindingCounts,
    functions: Vec<InFunction<'a>>,
    /// Advice with the figures of the function, while there is only one.
    hint: Option<String>,
}

impl<'a> CauseSums<'a> {
    /// Creates the counts of one function.
    pub(super) fn new(counts: FindingCounts, part: InFunction<'a>, hint: String) -> Self {
        Self { counts, functions: vec![part], hint: Some(hint) }
    }

    /// Adds the counts of other functions.
    pub(super) fn append(&mut self, other: Self) {
        self.counts.append(other.counts);
        self.hint = if self.functions.is_empty() { other.hint } else { None };
        self.functions.extend(other.functions);
    }
}

/// Starts of failed attempts of all functions, in order.
#[derive(Debug, Default)]
pub(super) struct FailedStarts(Vec<Timestamp>);

impl FailedStarts {
    pub(super) fn extend(&mut self, at: Option<Timestamp>) {
        self.0.extend(at);
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    fn within(&self, from: Timestamp, to: Timestamp) -> u64 {
        let first = self.0.partition_point(|at| *at < from);
        (self.0.partition_point(|at| *at <= to) - first) as u64
    }
}

/// Returns the causes, worst first and as many as are listed, and the number of all.
pub(super) fn list(
    causes: BTreeMap<u32, CauseSums<'_>>,
    names: &Tables,
    window: Option<WindowBounds>,
    failed: &FailedStarts,
) -> (Vec<Cause>, u64) {
    let total = causes.len() as u64;
    let mut all: Vec<(&CauseKey, String, CauseSums<'_>)> = causes
        .into_iter()
        .map(|(id, sums)| {
            let key = &names.causes[id as usize];
            (key, key.id(&names.functions, names.several_nameless), sums)
        })
        .collect();
    all.sort_by(|(_, one, a), (_, other, b)| {
        let first = |sums: &CauseSums<'_>| sums.counts.sightings().map(|seen| seen.first);
        let worse = b.counts.weight().cmp(&a.counts.weight());
        worse.then_with(|| first(a).cmp(&first(b))).then_with(|| one.cmp(other))
    });
    all.truncate(LISTED);
    let began: Vec<Option<Timestamp>> =
        all.iter().map(|(_, _, sums)| window.and_then(|window| sums.counts.beginning(window))).collect();
    let together = together(&began, window);
    let ids: Vec<String> = all.iter().map(|(_, id, _)| id.clone()).collect();
    let listed = all
        .into_iter()
        .zip(together)
        .map(|((key, id, sums), with)| {
            let with = with.into_iter().map(|at| ids[at].clone()).collect();
            cause((key, id), sums, with, (names, window, failed))
        })
        .collect();
    (listed, total)
}

fn cause(
    (key, id): (&CauseKey, String),
    mut sums: CauseSums<'_>,
    began_with: Vec<String>,
    (names, window, failed): (&Tables, Option<WindowBounds>, &FailedStarts),
) -> Cause {
    // Rounding depends on the order in which the shares are added.
    sums.functions.sort_by_key(|part| names.rank(part.function));
    let name = |id: u32| names.functions[id as usize].name.clone();
    let counts = &sums.counts;
    let seen = counts.sightings();
    let traffic: Vec<PartTraffic> = sums.functions.iter().filter_map(|part| part.traffic).collect();
    let code = key.code();
    let told = sums.functions.iter().filter_map(|part| part.told).min_by_key(|told| told.order());
    let by_error = key.fingerprint().and(told).and_then(CauseTold::title);
    let title = match (key.target(), by_error) {
        (Some(target), _) => catalogue::title_with_target(code, target),
        (None, Some(title)) => title,
        (None, None) => {
            let only = sums.functions.first().filter(|_| key.is_of_one_function()).and_then(|part| name(part.function));
            catalogue::title_in_function(code, only.as_deref())
        }
    };
    let versions = sums.functions.iter().filter_map(|part| {
        let (version, at) = part.began_with?;
        Some(FirstVersion {
            function: name(part.function),
            version: names.versions.get(usize::from(version).checked_sub(1)?)?.clone(),
            first_seen: moment(Some(at)),
        })
    });
    let versions: Vec<FirstVersion> = versions.collect();
    let is_known = sums.functions.iter().all(|part| !part.counted);
    let state = seen.filter(|_| is_known);
    let state = state.map_or(FindingState::Unknown, |seen| seen.state(Since::of(&seen, &traffic, window), window));
    let brief = catalogue::brief(code, counts.mostly_computed());
    let can_go_back = state == FindingState::Ongoing && sums.functions.iter().all(|part| part.can_go_back);
    let brief = match &versions[..] {
        [one] if can_go_back => {
            let (back, brief) =
                (format!("roll back version {}", one.version), brief.trim_end_matches(", or roll back"));
            format!("{back}, or {brief}")
        }
        [_, ..] if can_go_back && !brief.contains("roll back") => format!("roll back, or {brief}"),
        _ => brief.to_owned(),
    };
    Cause {
        code: code.to_owned(),
        target: key.target().map(str::to_owned),
        fingerprint: key.fingerprint().map(str::to_owned),
        title,
        functions: sums.functions.iter().map(|part| name(part.function)).collect(),
        owners: Vec::new(),
        ignored: false,
        attempts: counts.attempts(),
        environments: counts.environments(),
        events: counts.events(),
        lost: counts.lost(),
        recovered: counts.recovered(),
        first_seen: moment(seen.map(|seen| seen.first)),
        last_seen: moment(seen.map(|seen| seen.last)),
        state,
        since_before_window: seen.zip(window).is_some_and(|(seen, window)| seen.may_precede(window)),
        share_within: seen.and_then(|seen| {
            let all = failed.within(seen.first, seen.last);
            (all > 0 && all >= counts.attempts()).then(|| counts.attempts() as f64 / all as f64)
        }),
        versions: names_of(counts.versions(), &names.versions),
        began_with: BeganWith { causes: began_with, versions },
        brief,
        hint: sums.hint.take().unwrap_or_else(|| common_hint(code, &sums.functions)),
        id,
    }
}

/// Returns the hint that the errors of all functions lead to, else that of the code.
fn common_hint(code: &str, functions: &[InFunction<'_>]) -> String {
    let hint = |told: Option<&CauseTold>| {
        catalogue::hint_of_error(code, &told.map_or_else(catalogue::ErrorTold::default, CauseTold::error))
    };
    let of_code = || hint(None);
    let Some((first, others)) = functions.split_first() else { return of_code() };
    let first = hint(first.told);
    if others.iter().all(|part| hint(part.told) == first) { first } else { of_code() }
}

/// Returns for each cause the others that began together with it, nearest first.
fn together(began: &[Option<Timestamp>], window: Option<WindowBounds>) -> Vec<Vec<usize>> {
    let mut with = vec![Vec::new(); began.len()];
    let Some(most_ms) = window.map(WindowBounds::moment_ms) else { return with };
    let mut order: Vec<(Timestamp, usize)> =
        began.iter().enumerate().filter_map(|(at, began)| Some(((*began)?, at))).collect();
    order.sort_unstable();
    for (place, (began, one)) in order.iter().enumerate() {
        let near = |other: &&(Timestamp, usize)| (other.0.ms() - began.ms()).abs() <= most_ms;
        let before = order[..place].iter().rev().take_while(near);
        let behind = order[place + 1..].iter().take_while(near);
        let mut found: Vec<(i64, usize)> =
            before.chain(behind).map(|(at, other)| ((at.ms() - began.ms()).abs(), *other)).collect();
        found.sort_unstable();
        with[*one] = found.into_iter().take(TOGETHER).map(|(_, other)| other).collect();
    }
    with
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_that_began_within_a_minute_began_together() {
        let at = |seconds: i64| Timestamp::from_ms(1_767_312_000_000 + seconds * 1_000);
        let window = at(0).zip(at(21_600)).map(|(start, end)| WindowBounds { start, end });
        let began = [at(600), None, at(630), at(700), at(5_000), at(601)];
        assert_eq!(together(&began, window), [vec![5, 2], vec![], vec![5, 0], vec![], vec![], vec![0, 2]]);
        assert!(together(&began, None).iter().all(Vec::is_empty));
    }
}
