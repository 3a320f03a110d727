//! Queries of Logs Insights: begins them, waits for their ends, stops them, and adds up what they scan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::super::call::{Caller, NEEDED, OPTIONAL};
use super::super::connect::AccountRegion;
use super::super::failure::RequestError;
use super::super::limiter::Limiter;
use super::super::signed::{Call, LOGS};
use super::queries::LIMIT;

/// Queries that are begun in a second, and requests for their results: below the quotas, which are shared with dashboards.
const STARTS_PER_SECOND: u32 = 2;
const LOOKS_PER_SECOND: u32 = 4;
/// The same at an endpoint on this machine.
const LOCAL_PER_SECOND: u32 = 200;
/// Queries that run at once, of the hundred that an account may have.
const AT_ONCE: usize = 7;
/// Time between two looks at a query, at first and at most.
const LOOK: Duration = Duration::from_millis(250);
const LOCAL_LOOK: Duration = Duration::from_millis(20);
const SLOWEST_LOOK: Duration = Duration::from_secs(5);
/// Time to wait for others' queries to end, at first, at most, and in all.
const FULL: Duration = Duration::from_millis(500);
const SLOWEST_FULL: Duration = Duration::from_secs(15);
const FULL_IN_ALL: Duration = Duration::from_secs(15 * 60);
/// Time after which a query is given up: AWS ends them after an hour.
const PATIENCE: Duration = Duration::from_secs(65 * 60);
/// Time for the queries to be stopped at the end.
const GOODBYE: Duration = Duration::from_secs(5);
/// Most pages of one answer, as a guard against endless paging.
const PAGES: usize = 1_000;
/// Most bytes of one answer that are held.
const MOST_BYTES: usize = 128 << 20;

/// A row of an answer: values by field.
pub(super) type ResultRow = BTreeMap<String, String>;

/// End of a query.
#[derive(Debug)]
pub(super) enum Ended {
    /// All rows; the number of log groups that were scanned, and of events that were not filtered out, if they are told.
    Whole { rows: Vec<ResultRow>, groups: Option<u64>, matched: Option<u64> },
    /// Not all rows, for this reason: a shorter time may give all.
    Partial(String),
}

/// Why a query has no answer.
#[derive(Debug)]
pub(super) enum QueryFault {
    Request(RequestError),
    /// It would scan more than is allowed.
    OverBudget,
}

/// What may be scanned, and what was, over all regions.
#[derive(Debug)]
pub(in super::super) struct Budget {
    most: u64,
    ended: AtomicU64,
    /// What queries for lines have scanned, of all.
    for_lines: AtomicU64,
    running: Mutex<BTreeMap<String, u64>>,
    spent: AtomicBool,
    /// Requests to begin a query that had no answer.
    unanswered: AtomicU64,
}

impl Budget {
    pub(in super::super) fn new(most: u64) -> Self {
        Self {
            most,
            ended: AtomicU64::new(0),
            for_lines: AtomicU64::new(0),
            running: Mutex::default(),
            spent: AtomicBool::new(false),
            unanswered: AtomicU64::new(0),
        }
    }

    /// Records what a running query has scanned. Returns whether it may go on.
    fn scans(&self, query: &str, bytes: u64) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(query.to_owned(), bytes);
        let all = running.values().sum::<u64>().saturating_add(self.ended.load(Ordering::Relaxed));
        if all > self.most {
            self.spent.store(true, Ordering::Relaxed);
        }
        all <= self.most
    }

    fn ends(&self, query: &str, is_for_lines: bool) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = running.remove(query).unwrap_or(0);
        self.ended.fetch_add(bytes, Ordering::Relaxed);
        if is_for_lines {
            self.for_lines.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    /// Returns how often a query may have begun that nobody knows of.
    pub(in super::super) fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Returns the bytes that were scanned, and how many of them for lines.
    pub(in super::super) fn scanned(&self) -> (u64, u64) {
        (self.ended.load(Ordering::Relaxed), self.for_lines.load(Ordering::Relaxed))
    }
}

/// Queries of one region.
pub(in super::super) struct Queries {
    place: Arc<AccountRegion>,
    starts: Caller,
    looks: Caller,
    stops: Caller,
    at_once: Semaphore,
    /// Time between two looks at a query, at first.
    look: Duration,
    budget: Arc<Budget>,
    running: Mutex<BTreeSet<String>>,
    /// Queries that are being begun, whose ids are not known yet.
    starting: AtomicUsize,
}

/// What AWS says of a query.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Looked {
    status: String,
    results: Vec<Vec<FieldTold>>,
    statistics: Statistics,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldTold {
    field: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Statistics {
    bytes_scanned: f64,
    result_count: Option<f64>,
    log_groups_scanned: Option<f64>,
    records_matched: Option<f64>,
}

/// Returns about how much memory rows take.
pub(super) fn bytes_of(rows: &[ResultRow]) -> usize {
    let of_field = |(field, value): (&String, &String)| field.len() + value.len() + 64;
    rows.iter().map(|row| row.iter().map(of_field).sum::<usize>()).sum()
}

impl Queries {
    pub(in super::super) fn new(place: &Arc<AccountRegion>, budget: &Arc<Budget>) -> Self {
        let caller =
            |rate, tries| Caller::new(Arc::new(Limiter::new(rate)), Arc::clone(&place.session.credentials), tries);
        let is_local = place.signed.is_local();
        Self {
            place: Arc::clone(place),
            starts: caller(if is_local { LOCAL_PER_SECOND } else { STARTS_PER_SECOND }, NEEDED),
            looks: caller(if is_local { LOCAL_PER_SECOND } else { LOOKS_PER_SECOND }, NEEDED),
            stops: caller(100, OPTIONAL),
            at_once: Semaphore::new(AT_ONCE),
            look: if is_local { LOCAL_LOOK } else { LOOK },
            budget: Arc::clone(budget),
            running: Mutex::default(),
            starting: AtomicUsize::new(0),
        }
    }

    /// Runs a query over log groups, for seconds since 1970 that are both inclusive.
    ///
    /// # Errors
    /// If it cannot be run, or not within what may be scanned.
    pub(super) async fn ask(
        self: &Arc<Self>,
        groups: &[String],
        (text, is_for_lines): (&str, bool),
        (from_s, to_s): (i64, i64),
    ) -> Result<Ended, QueryFault> {
        let _turn = self.at_once.acquire().await;
        if self.budget.is_spent() {
            return Err(QueryFault::OverBudget);
        }
        let query = json!({
            "logGroupIdentifiers": groups, "startTime": from_s, "endTime": to_s, "queryString": text, "limit": LIMIT,
        });
        // If this is given up meanwhile, the query that begins must still be known, to be stopped.
        let starter = Arc::clone(self);
        self.starting.fetch_add(1, Ordering::SeqCst);
        let started = tokio::spawn(async move {
            let unanswered = AtomicU64::new(0);
            let id = starter.start(&query, &unanswered).await;
            starter.running().extend(id.iter().cloned());
            starter.starting.fetch_sub(1, Ordering::SeqCst);
            (id, unanswered.into_inner())
        });
        let failed = |error: tokio::task::JoinError| (Err(RequestError::Other(error.to_string())), 0);
        let (id, unanswered) = started.await.unwrap_or_else(failed);
        self.budget.unanswered.fetch_add(unanswered, Ordering::Relaxed);
        let id = id.map_err(QueryFault::Request)?;
        let ended = self.follow(&id, 1 + unanswered).await;
        self.budget.ends(&id, is_for_lines);
        if matches!(ended, Ok(Ended::Whole { .. })) {
            self.running().remove(&id);
        } else {
            self.stop(&id).await;
        }
        ended
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a query; waits while the account has as many as it may have. Requests without an answer are counted: they may
    /// have begun it, too, and nobody knows its id to stop it.
    async fn start(&self, query: &Value, unanswered: &AtomicU64) -> Result<String, RequestError> {
        let (began, mut pause) = (Instant::now(), FULL);
        loop {
            let call = Call::Json { target: "Logs_20140328.StartQuery", body: query.to_string().into_bytes() };
            match self.place.signed.call_counting(&self.starts, &LOGS, &call, unanswered).await {
                Ok(answer) => {
                    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
                    let id = answer["queryId"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
                    return id.ok_or_else(|| RequestError::Other("an answer without the id of the query".to_owned()));
                }
                Err(RequestError::Other(why))
                    if why.starts_with("LimitExceededException") && began.elapsed() < FULL_IN_ALL =>
                {
                    sleep(pause).await;
                    pause = (pause * 2).min(SLOWEST_FULL);
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Waits for the end of a query, and receives its rows. It may run so often, and is charged for as often.
    async fn follow(&self, id: &str, runs: u64) -> Result<Ended, QueryFault> {
        let (began, mut pause) = (Instant::now(), self.look);
        loop {
            sleep(pause).await;
            let looked = self.look(id, None).await.map_err(QueryFault::Request)?;
            let bytes = looked.statistics.bytes_scanned.max(0.0) as u64;
            if !self.budget.scans(id, bytes.saturating_mul(runs)) {
                return Err(QueryFault::OverBudget);
            }
            match looked.status.as_str() {
                "Complete" => return self.receive(id, looked).await,
                "Scheduled" | "Running" if began.elapsed() < PATIENCE => {
                    pause = pause.mul_f64(1.6).min(SLOWEST_LOOK);
                }
                "Scheduled" | "Running" => return Ok(Ended::Partial("it did not end".to_owned())),
                other => return Ok(Ended::Partial(format!("it ended with status {other:?}"))),
            }
        }
    }

    /// Receives the other pages of an answer, and checks whether it is whole.
    async fn receive(&self, id: &str, first: Looked) -> Result<Ended, QueryFault> {
        let Looked { results, statistics, mut next_token, .. } = first;
        let row = |fields: Vec<FieldTold>| fields.into_iter().map(|one| (one.field, one.value)).collect::<ResultRow>();
        let mut rows: Vec<ResultRow> = results.into_iter().map(row).collect();
        let (mut pages, mut held) = (1, bytes_of(&rows));
        while let Some(token) = next_token.filter(|token| !token.is_empty()) {
            pages += 1;
            if pages > PAGES || rows.len() > LIMIT {
                return Ok(Ended::Partial("its answer has no end".to_owned()));
            }
            let page = self.look(id, Some(&token)).await.map_err(QueryFault::Request)?;
            let before = rows.len();
            rows.extend(page.results.into_iter().map(row));
            held += rows.get(before..).map_or(0, bytes_of);
            if held > MOST_BYTES {
                return Ok(Ended::Partial("it has more than 128 MB".to_owned()));
            }
            next_token = page.next_token.filter(|next| *next != token);
        }
        let told = statistics.result_count.map(|count| count as usize);
        Ok(match told {
            Some(told) if told != rows.len() => Ended::Partial(format!("{} of {told} rows came", rows.len())),
            _ if rows.len() >= LIMIT => Ended::Partial(format!("it has {LIMIT} rows or more")),
            _ => Ended::Whole {
                rows,
                groups: statistics.log_groups_scanned.map(|groups| groups as u64),
                matched: statistics.records_matched.map(|records| records as u64),
            },
        })
    }

    async fn look(&self, id: &str, token: Option<&str>) -> Result<Looked, RequestError> {
        let mut body = json!({ "queryId": id });
        if let Some(token) = token {
            body["nextToken"] = json!(token);
        }
        let call = Call::Json { target: "Logs_20140328.GetQueryResults", body: body.to_string().into_bytes() };
        let answer = self.place.signed.call(&self.looks, &LOGS, &call).await?;
        serde_json::from_slice(&answer).map_err(|_| RequestError::Other("an answer that is not JSON".to_owned()))
    }

    /// Stops a query, which would else go on and be charged for.
    async fn stop(&self, id: &str) {
        let body = json!({ "queryId": id }).to_string().into_bytes();
        let call = Call::Json { target: "Logs_20140328.StopQuery", body };
        // It may have ended meanwhile.
        let _ = self.place.signed.call(&self.stops, &LOGS, &call).await;
        self.running().remove(id);
    }

    /// Stops all queries that still run.
    pub(in super::super) async fn stop_all(&self) {
        let stopped = async {
            loop {
                let running: Vec<String> = self.running().iter().cloned().collect();
                for id in &running {
                    self.stop(id).await;
                }
                if self.starting.load(Ordering::SeqCst) == 0 && self.running().is_empty() {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        let _ = tokio::time::timeout(GOODBYE, stopped).await;
    }
}
