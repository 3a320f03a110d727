//! Scheduling of page requests: the log groups of one region, cut into as many chains as the rate can feed.
//!
//! A group begins as one chain over the whole window. While fewer chains run than the rate allows, a chain whose pages
//! show that much is left is divided by time; using an idle rate costs at most one part-filled page per division.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::call::Caller;
use super::connect::Clients;
use super::failure::{PullError, RequestError};
use super::select::{DELIVERY, INFREQUENT_ACCESS, missing};
use super::slice::{AfterPage, Slice};
use super::{PullState, line};
use crate::model::Timestamp;
use crate::wire::InputProblem;

/// Limits on concurrent chains. Each may hold a page of 1 MB and what it is parsed into (estimated at 5 MB, not
/// measured).
const CHAINS: std::ops::RangeInclusive<usize> = 4..=64;
/// Chains per request in flight, so that one is ready when another ends.
const SLACK: f64 = 1.5;
/// Assumed seconds per page before the first page has arrived.
const FIRST_LATENCY_S: f64 = 0.25;
/// Most pieces of one division.
const PIECES: usize = 16;

/// Context for page requests in one region.
pub(super) struct Region {
    pub(super) caller: Caller,
    pub(super) clients: Clients,
    pub(super) shared: Arc<PullState>,
}

/// Outcome of one page request.
struct PageResult {
    slice: Slice,
    result: Result<AfterPage, RequestError>,
    took: Option<Duration>,
}

/// Work queue of one region.
struct Plan {
    region: Arc<Region>,
    waiting: VecDeque<Slice>,
    running: JoinSet<PageResult>,
    /// Smoothed seconds per page, known after the first.
    latency_s: Option<f64>,
    /// Number of unfinished slices per log group.
    open: rustc_hash::FxHashMap<usize, usize>,
}

/// Reads the given log groups of a region.
pub(super) async fn pull(region: Arc<Region>, targets: Vec<usize>) {
    let (from, to) = (region.shared.from.ms(), region.shared.to.ms());
    let waiting: VecDeque<Slice> = targets.iter().map(|target| Slice::new(*target, from, to)).collect();
    let open = targets.into_iter().map(|target| (target, 1)).collect();
    let mut plan = Plan { region, waiting, running: JoinSet::new(), latency_s: None, open };
    loop {
        plan.start();
        let Some(turn) = plan.running.join_next().await else { return };
        match turn {
            Ok(turn) => plan.turned(turn),
            // A panicked task has lost its slice, so the result is incomplete.
            Err(error) => plan.region.shared.remark(format!("a part of the pull failed: {error}")),
        }
        if plan.region.shared.is_over() {
            return;
        }
    }
}

impl Plan {
    /// Returns how many chains are worth running at once.
    fn chains(&self) -> usize {
        let under_way = self.region.caller.limiter.rate() * self.latency_s.unwrap_or(FIRST_LATENCY_S);
        ((under_way * SLACK).ceil() as usize + 1).clamp(*CHAINS.start(), *CHAINS.end())
    }

    fn start(&mut self) {
        while self.running.len() < self.chains() {
            let Some(slice) = self.waiting.pop_front() else { return };
            self.running.spawn(turn(Arc::clone(&self.region), slice));
        }
    }

    fn turned(&mut self, turn: PageResult) {
        let PageResult { slice, result, took } = turn;
        if let Some(took) = took {
            let took_s = took.as_secs_f64();
            self.latency_s = self.latency_s.map(|known| known + 0.2 * (took_s - known)).or(Some(took_s));
        }
        match result {
            Ok(AfterPage::Done) => self.done(&slice),
            Ok(AfterPage::More) => self.go_on(slice),
            Ok(AfterPage::Stuck) => self.give_up(&slice, "its pages lead nowhere; pull this time again"),
            Err(fault) => self.failed(slice, fault),
        }
    }

    /// Divides the rest of the slice if there are too few chains, and queues it again.
    fn go_on(&mut self, mut slice: Slice) {
        let busy = self.running.len() + self.waiting.len() + 1;
        let spare = self.chains().saturating_sub(busy).min(PIECES - 1);
        let pieces = slice.worth(spare);
        if pieces > 1 {
            for piece in slice.divide(pieces).into_iter().rev() {
                self.region.shared.spool.open(piece.target, piece.start);
                *self.open.entry(piece.target).or_default() += 1;
                self.waiting.push_front(piece);
            }
        }
        // Chains of equal length take turns, so they end together and none is left to be divided at the end.
        self.waiting.push_back(slice);
    }

    fn done(&mut self, slice: &Slice) {
        let shared = &self.region.shared;
        shared.spool.close(slice.target, slice.start);
        let left = self.open.entry(slice.target).or_default();
        *left = left.saturating_sub(1);
        if *left == 0 {
            shared.group_done(slice.target);
        }
    }

    /// Records that the rest of a slice remains unread.
    fn give_up(&mut self, slice: &Slice, why: &str) {
        let moment = |ms: i64| Timestamp::from_ms(ms).map(|at| at.to_string()).unwrap_or_default();
        let (from, to) = (moment(slice.start + slice.covered_ms()), moment(slice.end));
        self.unread(slice.target, format!("not read from {from} to {to}: {why}"));
        self.done(slice);
    }

    fn failed(&mut self, mut slice: Slice, fault: RequestError) {
        let target = &self.region.shared.targets[slice.target];
        let whole = match &fault {
            RequestError::Fatal(failure) => return self.region.shared.fail(failure.clone()),
            // AWS may answer an expired token with any parameter error.
            RequestError::Token(_) | RequestError::Other(_) if slice.token.is_some() && slice.begin_anew() => {
                return self.waiting.push_front(slice);
            }
            RequestError::Denied => "access denied: allow logs:FilterLogEvents on it".to_owned(),
            RequestError::Missing => missing(&target.group, &target.region),
            RequestError::Class(class) if class == "DELIVERY" => DELIVERY.to_owned(),
            RequestError::Class(_) => INFREQUENT_ACCESS.to_owned(),
            RequestError::Throttled => {
                return self.give_up(&slice, "throttled again and again; pull less at once or later");
            }
            RequestError::Passing(why) | RequestError::NoConnection(why) => {
                return self.give_up(&slice, &format!("tried many times ({why}); pull this time again"));
            }
            RequestError::Token(why) | RequestError::Other(why) => {
                return self.give_up(&slice, &format!("AWS refuses ({why})"));
            }
        };
        self.drop_group(&slice, whole);
    }

    /// Gives up on a whole log group, for reasons that hold for all of its slices.
    fn drop_group(&mut self, slice: &Slice, reason: String) {
        self.unread(slice.target, reason);
        self.done(slice);
        let (dropped, kept) = std::mem::take(&mut self.waiting).into_iter().partition(|one| one.target == slice.target);
        self.waiting = kept;
        let dropped: VecDeque<Slice> = dropped;
        for slice in &dropped {
            self.done(slice);
        }
    }

    fn unread(&self, target: usize, reason: String) {
        let target = &self.region.shared.targets[target];
        self.region.shared.unread(InputProblem { input: target.place(), reason });
    }
}

/// Requests one page and stores its events.
async fn turn(region: Arc<Region>, mut slice: Slice) -> PageResult {
    let target = &region.shared.targets[slice.target];
    let logs = &region.clients.logs;
    let request = || {
        let request = logs.filter_log_events().start_time(slice.from).end_time(slice.end);
        let request = match &target.arn {
            Some(arn) => request.log_group_identifier(arn),
            None => request.log_group_name(&target.group),
        };
        #[expect(deprecated, reason = "AWS ignores it, but other servers of this API sort only when told to")]
        let request = request.interleaved(true);
        request.set_next_token(slice.token.clone()).send()
    };
    let (page, took) = match region.caller.call(request).await {
        Ok(answer) => answer,
        Err(fault) => return PageResult { slice, result: Err(fault), took: None },
    };
    let (mut text, mut events) = (Vec::new(), 0);
    for event in page.events() {
        let is_new = slice.accept(event.timestamp().unwrap_or_default(), line::key(event));
        if is_new && line::is_wanted(target, event) {
            line::append(target, event, &mut text);
            events += 1;
        }
    }
    let shared = &region.shared;
    if let Err(why) = shared.spool.push(slice.target, slice.start, &text) {
        shared.fail(PullError::Machine(format!("the temporary file: {why}")));
    }
    let before = slice.reported_ms;
    slice.reported_ms = slice.covered_ms();
    let next = slice.turn(page.next_token().filter(|token| !token.is_empty()).map(str::to_owned));
    if next == AfterPage::Done {
        slice.reported_ms = slice.end - slice.start + 1;
    }
    shared.page(slice.target, slice.reported_ms - before, events);
    PageResult { slice, result: Ok(next), took: Some(took) }
}
