//! Asking of queries in one region: divides the time where an answer is not whole, leaves out log groups that have no log of it, and says
//! what is missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::super::connect::AccountRegion;
use super::super::failure::{PullError, RequestError};
use super::super::lookup::failure_of_place;
use super::super::shared::PullState;
use super::client::{Ended, Queries, QueryFault, ResultRow, bytes_of};
use super::fetcher::Fetcher;
use super::queries::{LINES, Query};
use crate::model::Timestamp;

/// Answers in a row that are not whole after which the rest of a query is given up: more than divisions lead down from years
/// to a second.
const NOT_WHOLE: usize = 40;
/// The same for lines, of which there are many queries over shorter times, besides the divisions.
const NOT_WHOLE_LINES: usize = 8;
/// Most bytes that the lines of one answer may have, all parts of its time together.
const MOST_BYTES: usize = 256 << 20;

/// The engine in one region.
pub(super) struct InsightsRegion {
    pub(super) place: Arc<AccountRegion>,
    pub(super) shared: Arc<PullState>,
    pub(super) queries: Arc<Queries>,
    pub(super) fetcher: Fetcher,
    pub(super) window: (i64, i64),
    pub(super) bucket_ms: i64,
    /// Now, in milliseconds since 1970, by which it is known what is beyond the retention of log groups.
    pub(super) now_ms: i64,
    pub(super) streams: Semaphore,
}

/// Failure that ends the pull from a region, and the remark on it.
pub(super) type RegionEnding = (PullError, String);

/// Answer of a query with the rows of all parts of its time, and what of it is not whole.
#[derive(Default)]
pub(super) struct QueryAnswer {
    pub(super) rows: Vec<ResultRow>,
    pub(super) lacks: BTreeSet<String>,
}

/// Why a batch has no answer.
pub(super) enum Refusal {
    Ending(RegionEnding),
    /// A log group is not there.
    Missing,
}

/// Returns the halves of a time, the later one first.
fn halves(targets: &[usize], (from, to): (i64, i64)) -> [(Vec<usize>, (i64, i64)); 2] {
    let (from_s, to_s) = (from.div_euclid(1_000), to.div_euclid(1_000));
    let mid = from_s + (to_s - from_s) / 2;
    [(targets.to_vec(), ((mid + 1) * 1_000, to)), (targets.to_vec(), (from, mid * 1_000 + 999))]
}

/// Returns whether AWS says of a query that a log group has no log of its time.
fn is_outside(said: &str) -> bool {
    said.starts_with("MalformedQueryException") && said.contains("creation time") && said.contains("retention")
}

impl InsightsRegion {
    /// Returns log groups as AWS takes them.
    pub(super) fn names<'t>(&self, targets: impl IntoIterator<Item = &'t usize>) -> Vec<String> {
        let groups = targets.into_iter().filter_map(|target| self.shared.targets.get(*target)).map(|one| &one.group);
        groups.map(|group| group.arn.clone().unwrap_or_else(|| group.name.clone())).collect()
    }

    /// Asks one query, and divides its time where the answer is not whole.
    pub(super) async fn ask(
        &self,
        query: &Query,
        targets: &[usize],
        window: (i64, i64),
        list: &str,
    ) -> Result<QueryAnswer, Refusal> {
        let (mut answer, mut waiting, mut not_whole) = (QueryAnswer::default(), vec![(targets.to_vec(), window)], 0);
        let (is_for_lines, mut held) = (query.name == LINES.name, 0);
        let divisions = ((window.1 - window.0) / 1_000).max(1).ilog2() as usize;
        let most_not_whole = if is_for_lines { (divisions + NOT_WHOLE_LINES).min(NOT_WHOLE) } else { NOT_WHOLE };
        while let Some((targets, (from, to))) = waiting.pop() {
            let (targets, latest_s) = self.with_events(targets, to);
            if targets.is_empty() {
                continue;
            }
            let groups = self.names(&targets);
            let text = query.text((from, to), self.bucket_ms, list);
            let (from_s, to_s) = (from.div_euclid(1_000), to.div_euclid(1_000));
            // The second behind the time is asked for, too, and left out by the query.
            let seconds = (from_s, (to_s + 1).max(latest_s));
            let ended = self.queries.ask(&groups, (&text, is_for_lines), seconds).await;
            if matches!(ended, Ok(Ended::Whole { .. })) {
                self.shared.answered();
            }
            let why = match ended {
                Ok(Ended::Whole { rows, .. }) if is_for_lines && held + bytes_of(&rows) > MOST_BYTES => {
                    waiting.clear();
                    format!("it has more than {} MB", MOST_BYTES >> 20)
                }
                Ok(Ended::Whole { rows, matched: Some(matched @ 1..), .. })
                    if query.shows_matches && rows.is_empty() =>
                {
                    format!("{matched} log events are of it, and no row came")
                }
                Ok(Ended::Whole { rows, groups: scanned, .. }) => {
                    not_whole = 0;
                    held += bytes_of(&rows);
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
                    if query.divides && from_s < to_s && not_whole <= most_not_whole {
                        waiting.extend(halves(&targets, (from, to)));
                        continue;
                    }
                    why
                }
                // The time of one of them has no log, and AWS does not say which.
                Err(QueryFault::Request(RequestError::Other(said))) if is_outside(&said) => {
                    let (one, other) = targets.split_at(targets.len() / 2);
                    if !one.is_empty() {
                        waiting.extend([(other.to_vec(), (from, to)), (one.to_vec(), (from, to))]);
                    }
                    continue;
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
            if not_whole > most_not_whole {
                break;
            }
        }
        Ok(answer)
    }

    /// Returns the log groups that may have events up to a time, and up to which second a query must ask for them: AWS
    /// refuses one that ends before a log group was created, or beyond its retention.
    fn with_events(&self, targets: Vec<usize>, to: i64) -> (Vec<usize>, i64) {
        let of = |target: &usize| self.shared.targets.get(*target);
        let has = |target: &usize| of(target).is_none_or(|target| target.may_have_events(to, self.now_ms));
        let targets: Vec<usize> = targets.into_iter().filter(has).collect();
        let created = targets.iter().filter_map(|target| of(target)?.created_ms).filter(|created| *created > to);
        let latest_s = created.max().map_or(i64::MIN, |created| created.div_euclid(1_000) + 1);
        (targets, latest_s)
    }

    /// Says why a request failed, if the pull goes on.
    pub(super) fn refused(&self, fault: RequestError) -> Result<String, Refusal> {
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
}
