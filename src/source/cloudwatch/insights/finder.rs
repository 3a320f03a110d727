//! Work of the engine on the log groups of one region: asks the queries, fetches what they find, by GetLogEvents or by
//! queries, and counts the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use xxhash_rust::xxh3::xxh3_64;

use super::super::connect::AccountRegion;
use super::super::failure::{PullError, RequestError};
use super::super::line;
use super::super::reasons::missing;
use super::super::shared::PullState;
use super::super::spool::SliceId;
use super::super::target::Target;
use super::asking::{InsightsRegion, QueryAnswer, Refusal, RegionEnding};
use super::client::{Queries, ResultRow};
use super::fetcher::{FetchFault, Fetcher, WantedLines};
use super::found::FoundGroup;
use super::lines::{LinesWork, PORTION};
use super::queries::{COURSE, DURATIONS, FAILURES, IDS, LINES, PLACES, PRESENCE, REPEATED, quoted};
use super::stretch::{StreamEvent, Want};
use super::tally::{Repeated, number};
use crate::account::{CountedSuccesses, bucket_width_ms};
use crate::model::Timestamp;
use crate::source::now;

/// Most log groups of one query.
const GROUPS: usize = 50;
/// Streams that are fetched at once.
const STREAMS: usize = 8;
/// Bytes of text that are spooled at once.
const PAGE: usize = 1 << 20;
/// Pulls log groups of one region, whose first slices were announced.
pub(in super::super) async fn pull(
    (place, shared, queries): (Arc<AccountRegion>, Arc<PullState>, Arc<Queries>),
    window: (i64, i64),
    max_rate: Option<u32>,
    targets: Vec<usize>,
) {
    let region = Arc::new(InsightsRegion {
        fetcher: Fetcher::new(&place, window, max_rate),
        bucket_ms: bucket_width_ms(window.1 - window.0),
        now_ms: now().map_or(0, Timestamp::ms),
        streams: Semaphore::new(STREAMS),
        place,
        shared,
        queries,
        window,
    });
    let without = |target: &&Target| !target.may_have_events(window.1, region.now_ms);
    let left_out = targets.iter().filter_map(|at| region.shared.targets.get(*at)).filter(without).count();
    if left_out > 0 {
        region.shared.note(format!(
            "log groups in {} that were created after this time, or keep nothing of it: {left_out} of {}; no query can ask \
             for them",
            region.place.region,
            targets.len()
        ));
    }
    let mut running = JoinSet::new();
    // Whether a query may ask for log groups of two classes is not known.
    let of_class = |class: Option<bool>| -> Vec<usize> {
        let has = |at: &&usize| region.shared.targets.get(**at).is_some_and(|target| target.infrequent == class);
        targets.iter().filter(has).copied().collect()
    };
    for (class, most) in [(Some(false), GROUPS), (Some(true), GROUPS), (None, 1)] {
        for batch in of_class(class).chunks(most) {
            let (region, batch) = (Arc::clone(&region), batch.to_vec());
            running.spawn(async move { region.batch(batch, class == Some(true)).await });
        }
    }
    // What ends one batch soon ends all of them, and what they know by then is told.
    let mut first = None;
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(ending)) => drop(first.get_or_insert(ending)),
            Err(error) => region.shared.remark(format!("a part of the pull failed: {error}")),
        }
    }
    if let Some((failure, what)) = first {
        region.queries.stop_all().await;
        region.shared.region_failed(&targets, failure, what);
    }
}

/// Key of the slice with which the reader waits for the streams of a group.
pub(in super::super) fn first_slice(target: usize, window: (i64, i64)) -> SliceId {
    SliceId { target, stream: 0, start: window.0 }
}

/// Key of the slice of the lines that queries tell of a group.
fn lines_slice(target: usize, window: (i64, i64)) -> SliceId {
    SliceId { target, stream: 1, start: window.0 }
}

/// Key of the slice behind all streams of a group.
fn last_slice(target: usize, window: (i64, i64)) -> SliceId {
    SliceId { target, stream: usize::MAX, start: window.0 }
}

/// Function that takes a row of an answer for a log group.
type TakeRow = fn(&mut FoundGroup, &ResultRow);

impl InsightsRegion {
    /// Pulls up to fifty log groups of one class; if that is INFREQUENT_ACCESS, their lines come from queries, too.
    async fn batch(self: &Arc<Self>, targets: Vec<usize>, is_infrequent: bool) -> Result<(), RegionEnding> {
        for target in &targets {
            self.shared.spool.open(last_slice(*target, self.window));
        }
        let mut waiting = vec![targets];
        while let Some(targets) = waiting.pop() {
            match self.find(&targets).await {
                Ok(groups) if is_infrequent => self.fetch_by_queries(groups).await?,
                Ok(groups) => self.fetch(groups).await?,
                Err(Refusal::Ending(ending)) => return Err(ending),
                Err(Refusal::Missing) => match targets.split_at(targets.len() / 2) {
                    // One of them is not there, and AWS does not say which.
                    (one, other) if !one.is_empty() => waiting.extend([other.to_vec(), one.to_vec()]),
                    (_, [target]) => self.is_missing(*target),
                    _ => {}
                },
            }
        }
        Ok(())
    }

    fn is_missing(&self, target: usize) {
        let name = self.shared.targets.get(target).map(|target| target.group.name.clone()).unwrap_or_default();
        self.shared.spool.close(first_slice(target, self.window));
        self.shared.spool.close(last_slice(target, self.window));
        self.shared.unreadable(target, missing(&name, &self.place.region, None, &BTreeSet::new()));
    }

    /// Returns the log group that a row tells of.
    fn target_of<'t>(&self, targets: impl IntoIterator<Item = &'t usize>, row: &ResultRow) -> Option<usize> {
        let (account, name) = row.get("@log").and_then(|log| log.split_once(':'))?;
        let of = |target: &usize| self.shared.targets.get(*target).map(|target| &target.group);
        let mut named = targets.into_iter().filter(|target| of(target).is_some_and(|group| group.name == name));
        let first = named.next()?;
        let is_its = |target: &&usize| of(target).is_some_and(|group| group.account.as_deref() == Some(account));
        Some(*[first].into_iter().chain(named).find(is_its).unwrap_or(first))
    }

    /// Asks the queries, and sorts their rows by log group.
    async fn find(self: &Arc<Self>, targets: &[usize]) -> Result<BTreeMap<usize, FoundGroup>, Refusal> {
        let mut groups: BTreeMap<usize, FoundGroup> =
            targets.iter().map(|target| (*target, FoundGroup::default())).collect();
        let course = self.ask(&COURSE, targets, self.window, "").await?;
        let (durations, failures, repeated) = tokio::join!(
            self.ask(&DURATIONS, targets, self.window, ""),
            self.ask(&FAILURES, targets, self.window, ""),
            self.ask(&REPEATED, targets, self.window, ""),
        );
        let answers: [(QueryAnswer, TakeRow); 4] = [
            (course, |group, row| group.tally.course(row)),
            (durations?, |group, row| group.tally.duration(row)),
            (failures?, FoundGroup::failure),
            (repeated?, FoundGroup::repeated),
        ];
        for (answer, take) in answers {
            self.sort(targets, &mut groups, &answer, take);
        }
        let is_silent = |(target, group): (&usize, &FoundGroup)| group.tally.is_silent().then_some(*target);
        let silent: Vec<usize> = groups.iter().filter_map(is_silent).collect();
        if !silent.is_empty() {
            let lines = self.ask(&PRESENCE, &silent, self.window, "").await?;
            self.sort(&silent, &mut groups, &lines, |group, row| group.tally.presence(row));
        }
        Ok(groups)
    }

    /// Sorts the rows of an answer by log group, of those that were asked for.
    fn sort(&self, asked: &[usize], groups: &mut BTreeMap<usize, FoundGroup>, answer: &QueryAnswer, take: TakeRow) {
        let mut lack = |why: &String| {
            for (_, group) in groups.iter_mut().filter(|(target, _)| asked.contains(target)) {
                group.lacks.insert(why.clone());
            }
        };
        answer.lacks.iter().for_each(&mut lack);
        let is_foreign = |row: &ResultRow| self.target_of(asked, row).is_none();
        if answer.rows.iter().any(is_foreign) {
            lack(&"Logs Insights answered for a log group that was not asked for".to_owned());
        }
        for row in &answer.rows {
            if let Some(group) = self.target_of(asked, row).and_then(|target| groups.get_mut(&target)) {
                take(group, row);
            }
        }
    }

    /// Fetches what was found in log groups of which only queries tell lines, and counts what was not fetched.
    async fn fetch_by_queries(self: &Arc<Self>, mut groups: BTreeMap<usize, FoundGroup>) -> Result<(), RegionEnding> {
        let fetched = self.fetch_all_by_queries(&mut groups).await;
        self.end(groups, fetched)
    }

    async fn fetch_all_by_queries(
        self: &Arc<Self>,
        groups: &mut BTreeMap<usize, FoundGroup>,
    ) -> Result<(), RegionEnding> {
        for target in groups.keys() {
            self.shared.spool.open(lines_slice(*target, self.window));
            self.shared.spool.close(first_slice(*target, self.window));
        }
        let mut wanted: Vec<(WantedLines, usize, String)> = Vec::new();
        for (target, group) in groups.iter_mut() {
            let lines = std::mem::take(&mut group.lines);
            group.is_open = !lines.is_empty();
            wanted.extend(
                lines
                    .into_iter()
                    .flat_map(|(stream, lines)| lines.into_iter().map(move |lines| (lines, *target, stream.clone()))),
            );
        }
        // In the order of time, so that a portion scans a part of it.
        wanted.sort();
        for portion in wanted.chunks(PORTION) {
            self.portion(groups, portion, lines_slice, None).await?;
        }
        for (target, group) in groups.iter_mut() {
            self.shared.spool.close(lines_slice(*target, self.window));
            group.is_open = false;
        }
        for (target, group) in groups.iter_mut() {
            self.others(*target, group, true).await?;
        }
        Ok(())
    }

    /// Ends the work on log groups. If the pull ends early, what was not fetched is not known.
    fn end(&self, groups: BTreeMap<usize, FoundGroup>, fetched: Result<(), RegionEnding>) -> Result<(), RegionEnding> {
        for (target, mut group) in groups {
            if let Err((failure, _)) = &fetched
                && (group.is_open || !group.tally.missing().is_empty())
            {
                group.lacks.insert(format!("not all attempts that may have failed were fetched: {failure}"));
            }
            self.settle(target, group);
        }
        fetched
    }

    /// Fetches some wanted lines by queries.
    async fn portion(
        self: &Arc<Self>,
        groups: &mut BTreeMap<usize, FoundGroup>,
        wanted: &[(WantedLines, usize, String)],
        slice: fn(usize, (i64, i64)) -> SliceId,
        only: Option<&FxHashSet<u64>>,
    ) -> Result<(), RegionEnding> {
        let usual = |target: &usize| groups.get(target).map_or(0, |group| group.tally.usual_ms());
        let wanted = wanted.iter().map(|(lines, target, stream)| (*target, stream.clone(), *lines, usual(target)));
        let longest = groups.iter().filter_map(|(target, group)| Some((*target, group.tally.longest_ms()?)));
        let mut work = LinesWork::new(self.window, longest.collect(), wanted);
        let all: Vec<usize> = groups.keys().copied().collect();
        let mut lack = |target: usize, why: String| {
            groups.get_mut(&target).map(|group| group.lacks.insert(why));
        };
        loop {
            let mut running = JoinSet::new();
            for ask in work.asks() {
                let region = Arc::clone(self);
                running.spawn(async move {
                    let targets: Vec<usize> = ask.targets.iter().copied().collect();
                    let answer = region.ask(&LINES, &targets, ask.window, &ask.list).await;
                    (ask.targets, answer)
                });
            }
            if running.is_empty() {
                break;
            }
            while let Some(ended) = running.join_next().await {
                let (targets, answer) = match ended {
                    Ok((targets, Ok(answer))) => (targets, answer),
                    Ok((_, Err(Refusal::Ending(ending)))) => return Err(ending),
                    Ok((targets, Err(Refusal::Missing))) => {
                        targets.iter().for_each(|target| lack(*target, "a log group was deleted meanwhile".to_owned()));
                        continue;
                    }
                    Err(error) => {
                        self.shared.remark(format!("a part of the pull failed: {error}"));
                        all.iter().for_each(|target| lack(*target, "a part was lost".to_owned()));
                        continue;
                    }
                };
                for target in &targets {
                    answer.lacks.iter().for_each(|why| lack(*target, why.clone()));
                }
                for row in answer.rows {
                    if let Some(target) = self.target_of(&targets, &row) {
                        work.row(target, row);
                    }
                }
            }
            work.settle();
        }
        let (found, lacks) = work.finish();
        lacks.into_iter().for_each(|(target, why)| lack(target, why));
        for ((target, stream), attempts) in found {
            let Some(group) = groups.get_mut(&target) else { continue };
            for attempt in attempts.iter().filter(|attempt| group.is_new(&stream, attempt, only)).collect::<Vec<_>>() {
                group.take(&stream, attempt, self.bucket_ms);
                self.spool(slice(target, self.window), &stream, attempt);
            }
        }
        Ok(())
    }

    /// Fetches what was found in log groups, and counts what was not fetched.
    async fn fetch(self: &Arc<Self>, mut groups: BTreeMap<usize, FoundGroup>) -> Result<(), RegionEnding> {
        let fetched = self.fetch_all(&mut groups).await;
        self.end(groups, fetched)
    }

    async fn fetch_all(self: &Arc<Self>, groups: &mut BTreeMap<usize, FoundGroup>) -> Result<(), RegionEnding> {
        let (mut running, mut refused) = (JoinSet::new(), BTreeMap::<usize, Vec<_>>::new());
        let (mut left, mut first) = (BTreeMap::<usize, usize>::new(), None);
        for (target, group) in groups.iter_mut() {
            let lines = std::mem::take(&mut group.lines);
            group.is_open = !lines.is_empty();
            left.insert(*target, lines.len());
            for (at, _) in lines.iter().enumerate() {
                self.shared.spool.open(self.slice(*target, at + 1));
            }
            // The reader goes on to the streams.
            self.shared.spool.close(first_slice(*target, self.window));
            for (at, (stream, lines)) in lines.into_iter().enumerate() {
                let (region, target) = (Arc::clone(self), *target);
                running.spawn(async move {
                    let fetched = region.stream(target, &stream, lines.clone()).await;
                    (target, at + 1, stream, lines, fetched)
                });
            }
        }
        while let Some(ended) = running.join_next().await {
            let (target, at, stream, lines, fetched) = match ended {
                Ok(ended) => ended,
                Err(error) if error.is_cancelled() => continue,
                Err(error) => {
                    self.shared.remark(format!("a part of the pull failed: {error}"));
                    groups.values_mut().for_each(|group| group.lacks.extend(["a part was lost".to_owned()]));
                    continue;
                }
            };
            let Some(group) = groups.get_mut(&target) else { continue };
            match fetched {
                Ok(attempts) => {
                    for attempt in attempts {
                        group.take(&stream, &attempt, self.bucket_ms);
                        self.spool(self.slice(target, at), &stream, &attempt);
                    }
                }
                // The class of the log group was not known.
                Err(FetchFault::Request(RequestError::Class(_))) => {
                    let lines = lines.into_iter().map(|lines| (lines, target, stream.clone()));
                    refused.entry(target).or_default().extend(lines);
                }
                Err(fault) => match self.not_fetched(&stream, fault) {
                    Ok(why) => drop(group.lacks.insert(why)),
                    // What came before it is kept.
                    Err(ending) => {
                        first.get_or_insert(ending);
                        running.abort_all();
                        continue;
                    }
                },
            }
            if let Some(left) = left.get_mut(&target) {
                *left -= 1;
                group.is_open = *left > 0;
            }
            self.shared.spool.close(self.slice(target, at));
        }
        if let Some(ending) = first {
            return Err(ending);
        }
        for lines in refused.values_mut() {
            lines.sort();
            for portion in lines.chunks(PORTION) {
                self.portion(groups, portion, last_slice, None).await?;
            }
        }
        for (target, group) in groups.iter_mut() {
            self.others(*target, group, refused.contains_key(target)).await?;
        }
        Ok(())
    }

    fn slice(&self, target: usize, stream: usize) -> SliceId {
        SliceId { target, stream, start: self.window.0 }
    }

    async fn stream(
        &self,
        target: usize,
        stream: &str,
        lines: Vec<WantedLines>,
    ) -> Result<Vec<Vec<StreamEvent>>, FetchFault> {
        let _turn = self.streams.acquire().await;
        match self.shared.targets.get(target) {
            Some(target) => self.fetcher.attempts(target, stream, lines).await,
            None => Ok(Vec::new()),
        }
    }

    /// Says why a stream was not fetched, if the pull goes on.
    fn not_fetched(&self, stream: &str, fault: FetchFault) -> Result<String, RegionEnding> {
        let why = match fault {
            FetchFault::TooMuch => "it has more than 64 MB around failures; use --engine filter".to_owned(),
            FetchFault::Request(RequestError::Denied(said)) => {
                format!("access denied: allow logs:GetLogEvents on it ({said})")
            }
            FetchFault::Request(RequestError::Missing) => "it was deleted".to_owned(),
            FetchFault::Request(fault) => match self.refused(fault) {
                Ok(why) => why,
                Err(Refusal::Ending(ending)) => return Err(ending),
                Err(Refusal::Missing) => "it was deleted".to_owned(),
            },
        };
        Ok(format!("attempts of the log stream {stream} were not fetched: {why}"))
    }

    fn spool(&self, slice: SliceId, stream: &str, events: &[StreamEvent]) {
        let Some(target) = self.shared.targets.get(slice.target) else { return };
        let mut text = Vec::new();
        let push = |text: &mut Vec<u8>| {
            if let Err(why) = self.shared.spool.push(slice, text) {
                self.shared.fail(PullError::Machine(format!("the temporary file: {why}")));
            }
            text.clear();
        };
        for event in events {
            line::append_of_stream(&target.group, stream, (event.at, event.ingested, &event.message), &mut text);
            if text.len() >= PAGE {
                push(&mut text);
            }
        }
        push(&mut text);
        self.shared.page(slice.target, 0, events.len() as u64);
    }

    /// Fetches attempts of request ids of which not all were found: those between the first and the last that succeeded.
    async fn others(
        self: &Arc<Self>,
        target: usize,
        group: &mut FoundGroup,
        by_queries: bool,
    ) -> Result<(), RegionEnding> {
        let missing: Vec<Repeated> = group.tally.missing().into_iter().cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut lines: BTreeMap<String, Vec<WantedLines>> = BTreeMap::new();
        for some in missing.chunks(IDS) {
            let ids: Vec<String> = some.iter().map(|one| one.id.clone()).collect();
            let times = some.iter().map(|one| one.first).min().zip(some.iter().map(|one| one.last).max());
            let window = times.unwrap_or(self.window);
            let answer = match self.ask(&PLACES, &[target], window, &quoted(&ids)).await {
                Ok(answer) => answer,
                Err(Refusal::Ending(ending)) => return Err(ending),
                Err(Refusal::Missing) => QueryAnswer::default(),
            };
            group.lacks.extend(answer.lacks);
            for row in &answer.rows {
                let times = number(row, "first").zip(number(row, "last"));
                if let (Some(stream), Some((first, last))) = (row.get("@logStream"), times) {
                    let want = Want { first: first as i64, last: last as i64 };
                    lines.entry(stream.clone()).or_default().push(WantedLines { want, lasted_ms: 0 });
                }
            }
        }
        let wanted: FxHashSet<u64> = missing.iter().map(|one| xxh3_64(one.id.as_bytes())).collect();
        if by_queries {
            let lines = lines
                .into_iter()
                .flat_map(|(stream, lines)| lines.into_iter().map(move |lines| (lines, target, stream.clone())));
            let lines: Vec<(WantedLines, usize, String)> = lines.collect();
            let mut groups = BTreeMap::from([(target, std::mem::take(group))]);
            let done = self.portion(&mut groups, &lines, last_slice, Some(&wanted)).await;
            *group = groups.remove(&target).unwrap_or_default();
            return done;
        }
        for (stream, lines) in lines {
            match self.stream(target, &stream, lines).await {
                Ok(attempts) => {
                    for attempt in attempts {
                        if group.is_new(&stream, &attempt, Some(&wanted)) {
                            group.take(&stream, &attempt, self.bucket_ms);
                            self.spool(last_slice(target, self.window), &stream, &attempt);
                        }
                    }
                }
                Err(fault) => drop(group.lacks.insert(self.not_fetched(&stream, fault)?)),
            }
        }
        Ok(())
    }

    /// Ends the work on a log group: says how many successes were counted, or why they are not known.
    fn settle(&self, target: usize, group: FoundGroup) {
        let FoundGroup { tally, mut lacks, .. } = group;
        let is_infrequent = self.shared.targets.get(target).is_some_and(Target::is_infrequent);
        if let Some(lines) = tally.not_understood() {
            let remedy = if is_infrequent { "" } else { "; use --engine filter" };
            lacks.insert(format!(
                "in {lines} lines that Logs Insights shows no attempt begins or ends: a transformer of the log group may \
                 have changed them{remedy}"
            ));
        }
        let counted = match lacks.is_empty() {
            true => tally.counted(self.bucket_ms),
            false => Ok(CountedSuccesses::default()),
        };
        let counted = counted.unwrap_or_else(|why| {
            let or = if is_infrequent { "" } else { ", or use --engine filter" };
            lacks.insert(format!("{why}; end the time some minutes ago (--to){or}"));
            CountedSuccesses::default()
        });
        for why in lacks {
            self.shared.lacks(target, why);
        }
        // Where all attempts were fetched, nothing is left to count.
        let is_left = !counted.known || counted.attempts() > 0;
        self.shared.tell_counted(target, is_left.then_some(counted));
        self.shared.spool.close(last_slice(target, self.window));
        self.shared.done(first_slice(target, self.window));
    }
}
