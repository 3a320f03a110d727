//! Work of the engine on the log groups of one region: asks the queries, fetches what they find, and counts the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use xxhash_rust::xxh3::xxh3_64;

use super::super::connect::AccountRegion;
use super::super::failure::{PullError, RequestError};
use super::super::line;
use super::super::lookup::failure_of_place;
use super::super::reasons::missing;
use super::super::shared::PullState;
use super::super::spool::SliceId;
use super::client::{Ended, Queries, QueryFault, ResultRow};
use super::fetcher::{FetchFault, Fetcher, WantedLines};
use super::queries::{COURSE, DURATIONS, FAILURES, IDS, PLACES, Query, REPEATED};
use super::stretch::{StreamEvent, Want};
use super::tally::{GroupTally, Repeated, number};
use crate::account::{CountedSuccesses, bucket_width_ms};
use crate::lambda::platform::step_of_request;
use crate::model::Timestamp;

/// Most log groups of one query.
const GROUPS: usize = 50;
/// Streams that are fetched at once.
const STREAMS: usize = 8;
/// Answers in a row that are not whole after which the rest of a query is given up: more than divisions lead down from years
/// to a second.
const NOT_WHOLE: usize = 40;
/// Bytes of text that are spooled at once.
const PAGE: usize = 1 << 20;

/// The engine in one region.
struct InsightsRegion {
    place: Arc<AccountRegion>,
    shared: Arc<PullState>,
    queries: Arc<Queries>,
    fetcher: Fetcher,
    window: (i64, i64),
    bucket_ms: i64,
    streams: Semaphore,
}

/// Failure that ends the pull from a region, and the remark on it.
type RegionEnding = (PullError, String);

/// What is known of a log group.
#[derive(Default)]
struct FoundGroup {
    tally: GroupTally,
    /// Wanted lines by stream.
    lines: BTreeMap<String, Vec<WantedLines>>,
    /// STARTs that were fetched.
    fetched: FxHashSet<u64>,
    /// Why not all is known that must be.
    lacks: BTreeSet<String>,
}

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
        streams: Semaphore::new(STREAMS),
        place,
        shared,
        queries,
        window,
    });
    let mut running = JoinSet::new();
    for batch in targets.chunks(GROUPS) {
        let (region, batch) = (Arc::clone(&region), batch.to_vec());
        running.spawn(async move { region.batch(batch).await });
    }
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err((failure, what))) => {
                running.abort_all();
                while running.join_next().await.is_some() {}
                region.queries.stop_all().await;
                return region.shared.region_failed(&targets, failure, what);
            }
            Err(error) => region.shared.remark(format!("a part of the pull failed: {error}")),
        }
    }
}

/// Key of the slice with which the reader waits for the streams of a group.
pub(in super::super) fn first_slice(target: usize, window: (i64, i64)) -> SliceId {
    SliceId { target, stream: 0, start: window.0 }
}

/// Key of the slice behind all streams of a group.
fn last_slice(target: usize, window: (i64, i64)) -> SliceId {
    SliceId { target, stream: usize::MAX, start: window.0 }
}

/// Answer of a query with the rows of all parts of its time, and what of it is not whole.
#[derive(Default)]
struct QueryAnswer {
    rows: Vec<ResultRow>,
    lacks: BTreeSet<String>,
}

/// Why a batch has no answer.
enum Refusal {
    Ending(RegionEnding),
    /// A log group is not there.
    Missing,
}

impl InsightsRegion {
    /// Pulls up to fifty log groups.
    async fn batch(self: &Arc<Self>, targets: Vec<usize>) -> Result<(), RegionEnding> {
        for target in &targets {
            self.shared.spool.open(last_slice(*target, self.window));
        }
        let mut waiting = vec![targets];
        while let Some(targets) = waiting.pop() {
            match self.find(&targets).await {
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

    /// Asks the queries, and sorts their rows by log group.
    async fn find(self: &Arc<Self>, targets: &[usize]) -> Result<BTreeMap<usize, FoundGroup>, Refusal> {
        let of = |target: &usize| self.shared.targets.get(*target).map(|target| &target.group);
        let names: Vec<String> = targets
            .iter()
            .filter_map(|target| of(target).map(|group| group.arn.clone().unwrap_or_else(|| group.name.clone())))
            .collect();
        let mut groups: BTreeMap<usize, FoundGroup> =
            targets.iter().map(|target| (*target, FoundGroup::default())).collect();
        let target_of = |row: &ResultRow| {
            let (account, name) = row.get("@log").and_then(|log| log.split_once(':'))?;
            let mut named = targets.iter().filter(|target| of(target).is_some_and(|group| group.name == name));
            let first = named.next()?;
            let is_its = |target: &&usize| of(target).is_some_and(|group| group.account.as_deref() == Some(account));
            Some(*[first].into_iter().chain(named).find(is_its).unwrap_or(first))
        };
        let course = self.ask(&COURSE, &names, self.window, &[]).await?;
        let (durations, failures, repeated) = tokio::join!(
            self.ask(&DURATIONS, &names, self.window, &[]),
            self.ask(&FAILURES, &names, self.window, &[]),
            self.ask(&REPEATED, &names, self.window, &[]),
        );
        type Take = fn(&mut FoundGroup, &ResultRow);
        let answers: [(QueryAnswer, Take); 4] = [
            (course, |group, row| group.tally.course(row)),
            (durations?, |group, row| group.tally.duration(row)),
            (failures?, FoundGroup::failure),
            (repeated?, FoundGroup::repeated),
        ];
        for (answer, take) in answers {
            for group in groups.values_mut() {
                group.lacks.extend(answer.lacks.iter().cloned());
            }
            for row in &answer.rows {
                match target_of(row).and_then(|target| groups.get_mut(&target)) {
                    Some(group) => take(group, row),
                    None => groups.values_mut().for_each(|group| {
                        group.lacks.insert("Logs Insights answered for a log group that was not asked for".to_owned());
                    }),
                }
            }
        }
        Ok(groups)
    }

    /// Asks one query, and divides its time where the answer is not whole.
    async fn ask(
        &self,
        query: &Query,
        groups: &[String],
        window: (i64, i64),
        ids: &[String],
    ) -> Result<QueryAnswer, Refusal> {
        let (mut answer, mut waiting, mut not_whole) = (QueryAnswer::default(), vec![window], 0);
        while let Some((from, to)) = waiting.pop() {
            let text = query.text((from, to), self.bucket_ms, ids);
            let (from_s, to_s) = (from.div_euclid(1_000), to.div_euclid(1_000));
            // The second behind the time is asked for, too, and left out by the query.
            let why = match self.queries.ask(groups, &text, (from_s, to_s + 1)).await {
                Ok(Ended::Whole(rows, scanned)) => {
                    not_whole = 0;
                    answer.rows.extend(rows);
                    if let Some(scanned) = scanned.filter(|scanned| *scanned < groups.len() as u64) {
                        answer.lacks.insert(format!(
                            "Logs Insights scanned {scanned} of {} log groups for the query {}",
                            groups.len(),
                            query.name
                        ));
                    }
                    continue;
                }
                Ok(Ended::Partial(why)) => {
                    not_whole += 1;
                    if query.divides && from_s < to_s && not_whole <= NOT_WHOLE {
                        let mid = from_s + (to_s - from_s) / 2;
                        waiting.extend([((mid + 1) * 1_000, to), (from, mid * 1_000 + 999)]);
                        continue;
                    }
                    why
                }
                Err(QueryFault::OverBudget) => "it scans more than --max-scan allows".to_owned(),
                Err(QueryFault::Request(fault)) => self.refused(fault)?,
            };
            let moment = |ms| Timestamp::from_ms(ms).map(|at| at.to_string()).unwrap_or_default();
            answer.lacks.insert(format!(
                "the query {} of Logs Insights has no whole answer from {} to {}: {why}",
                query.name,
                moment(from),
                moment(to)
            ));
            if not_whole > NOT_WHOLE {
                break;
            }
        }
        Ok(answer)
    }

    /// Says why a request failed, if the pull goes on.
    fn refused(&self, fault: RequestError) -> Result<String, Refusal> {
        match fault {
            RequestError::Missing => Err(Refusal::Missing),
            RequestError::Denied(said) => {
                Ok(format!("access denied: allow logs:StartQuery, logs:GetQueryResults and logs:StopQuery ({said})"))
            }
            RequestError::Throttled => Ok("throttled again and again".to_owned()),
            RequestError::Passing(why)
            | RequestError::NoAnswer(why)
            | RequestError::Token(why)
            | RequestError::Class(why)
            | RequestError::Other(why) => Ok(why),
            RequestError::Lost(_)
            | RequestError::NoConnection(_)
            | RequestError::NotAws(_)
            | RequestError::Credentials(_) => Err(Refusal::Ending(self.ending(&fault))),
        }
    }

    fn ending(&self, fault: &RequestError) -> RegionEnding {
        let region = self.place.region.clone();
        let failure = failure_of_place(&self.place, fault)
            .unwrap_or(PullError::Other { region, detail: "does not answer".to_owned() });
        let what = format!("ended early in {}: {failure}", self.place.region);
        (failure, what)
    }

    /// Fetches what was found in log groups, and counts what was not fetched.
    async fn fetch(self: &Arc<Self>, mut groups: BTreeMap<usize, FoundGroup>) -> Result<(), RegionEnding> {
        let mut running = JoinSet::new();
        for (target, group) in &mut groups {
            let lines = std::mem::take(&mut group.lines);
            for (at, _) in lines.iter().enumerate() {
                self.shared.spool.open(self.slice(*target, at + 1));
            }
            // The reader goes on to the streams.
            self.shared.spool.close(first_slice(*target, self.window));
            for (at, (stream, lines)) in lines.into_iter().enumerate() {
                let (region, target) = (Arc::clone(self), *target);
                running.spawn(async move {
                    let fetched = region.stream(target, &stream, lines).await;
                    (target, at + 1, stream, fetched)
                });
            }
        }
        while let Some(ended) = running.join_next().await {
            let (target, at, stream, fetched) = match ended {
                Ok(ended) => ended,
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
                Err(fault) => drop(group.lacks.insert(self.not_fetched(&stream, fault)?)),
            }
            self.shared.spool.close(self.slice(target, at));
        }
        for (target, mut group) in groups {
            self.others(target, &mut group).await?;
            self.settle(target, group);
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
    async fn others(&self, target: usize, group: &mut FoundGroup) -> Result<(), RegionEnding> {
        let missing: Vec<Repeated> = group.tally.missing().into_iter().cloned().collect();
        let Some(of_target) = self.shared.targets.get(target).filter(|_| !missing.is_empty()) else { return Ok(()) };
        let name = of_target.group.arn.clone().unwrap_or_else(|| of_target.group.name.clone());
        let mut lines: BTreeMap<String, Vec<WantedLines>> = BTreeMap::new();
        for some in missing.chunks(IDS) {
            let ids: Vec<String> = some.iter().map(|one| one.id.clone()).collect();
            let times = some.iter().map(|one| one.first).min().zip(some.iter().map(|one| one.last).max());
            let window = times.unwrap_or(self.window);
            let answer = match self.ask(&PLACES, std::slice::from_ref(&name), window, &ids).await {
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
        for (stream, lines) in lines {
            match self.stream(target, &stream, lines).await {
                Ok(attempts) => {
                    for attempt in attempts {
                        let is_new = starts_in(&stream, &attempt)
                            .any(|(id, start)| wanted.contains(&id) && !group.fetched.contains(&start));
                        if is_new {
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
        let counted = match lacks.is_empty() {
            true => tally.counted(self.bucket_ms),
            false => Ok(CountedSuccesses::default()),
        };
        let counted = counted.unwrap_or_else(|why| {
            lacks.insert(format!("{why}; end the time some minutes ago (--to), or use --engine filter"));
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

/// Iterates over the STARTs of an attempt: the hash of the request id, and one that also tells the place of the line.
fn starts_in<'e>(stream: &str, attempt: &'e [StreamEvent]) -> impl Iterator<Item = (u64, u64)> + use<'e> {
    let stream = xxh3_64(stream.as_bytes());
    attempt.iter().filter_map(move |event| {
        let (id, _) = step_of_request(event.message.as_bytes()).filter(|(_, step)| *step == 0)?;
        let key = [stream.to_le_bytes(), id.to_le_bytes(), event.at.to_le_bytes()].concat();
        Some((id, xxh3_64(&key)))
    })
}

impl FoundGroup {
    /// Takes a row of the query *failures*.
    fn failure(&mut self, row: &ResultRow) {
        let times = number(row, "first").zip(number(row, "last"));
        let (Some(stream), Some((first, last))) = (row.get("@logStream"), times) else {
            self.lacks.insert("a row of the query failures has no stream or time".to_owned());
            return;
        };
        let lasted_ms = number(row, "longest").unwrap_or(0.0).max(0.0) as i64;
        let want = Want { first: first as i64, last: last as i64 };
        self.lines.entry(stream.clone()).or_default().push(WantedLines { want, lasted_ms });
    }

    /// Takes a row of the query *repeated*.
    fn repeated(&mut self, row: &ResultRow) {
        let Some(Repeated { first, last, .. }) = self.tally.repeated(row) else {
            self.lacks.insert("a row of the query repeated has no request id or time".to_owned());
            return;
        };
        for (stream, at) in [(row.get("firstStream"), first), (row.get("lastStream"), last)] {
            let Some(stream) = stream else { continue };
            let want = Want { first: at, last: at };
            self.lines.entry(stream.clone()).or_default().push(WantedLines { want, lasted_ms: 0 });
        }
    }

    /// Takes an attempt that was fetched.
    fn take(&mut self, stream: &str, attempt: &[StreamEvent], bucket_ms: i64) {
        self.fetched.extend(starts_in(stream, attempt).map(|(_, start)| start));
        self.tally.fetched(attempt, bucket_ms);
    }
}
