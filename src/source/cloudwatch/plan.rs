//! Scheduling of page requests: the log groups of one region, cut into as many chains as the rate can feed.
//!
//! A group begins as one chain over the whole window. While fewer chains run than the rate allows, a chain whose pages
//! show that much is left is divided by time; using an idle rate costs at most one part-filled page per division.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::operation::filter_log_events::builders::FilterLogEventsFluentBuilder;
use tokio::task::JoinSet;

use super::call::Caller;
use super::connect::AccountRegion;
use super::failure::{PullError, RequestError};
use super::line;
use super::lookup::failure_of_place;
use super::reasons::{missing, refused_class};
use super::shared::PullState;
use super::slice::{AfterPage, Slice};
use super::spool::SliceId;
use super::target::{Target, ToRead};
use crate::source::now;

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
    pub(super) place: Arc<AccountRegion>,
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
}

/// Returns the slices with which the reading of a log group begins.
pub(super) fn first_slices(at: usize, target: &Target) -> Vec<Slice> {
    let slice =
        |stretch: &ToRead| Slice::new(SliceId { target: at, stream: stretch.stream, start: stretch.from }, stretch.end);
    target.to_read.iter().map(slice).collect()
}

/// Reads the given slices of a region's log groups; `targets` are the groups that belong to it.
pub(super) async fn pull(region: Arc<Region>, targets: Vec<usize>, slices: Vec<Slice>) {
    let mut plan = Plan { region, waiting: slices.into(), running: JoinSet::new(), latency_s: None };
    loop {
        plan.start();
        let Some(turn) = plan.running.join_next().await else { return };
        let failure = match turn {
            Ok(turn) => plan.turned(turn),
            // A panicked task has lost its slice, which stays unread.
            Err(error) => {
                plan.region.shared.remark(format!("a part of the pull failed: {error}"));
                None
            }
        };
        if let Some((failure, what)) = failure {
            plan.running.abort_all();
            while plan.running.join_next().await.is_some() {}
            return plan.region.shared.region_failed(&targets, failure, what);
        }
        if plan.region.shared.is_over() {
            return;
        }
    }
}

/// Failure that ends the pull from a region, and the remark on it.
type Ending = (PullError, String);

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

    fn turned(&mut self, turn: PageResult) -> Option<Ending> {
        let PageResult { slice, result, took } = turn;
        if let Some(took) = took {
            let took_s = took.as_secs_f64();
            self.latency_s = self.latency_s.map(|known| known + 0.2 * (took_s - known)).or(Some(took_s));
        }
        let shared = &self.region.shared;
        if !shared.is_open(slice.id) {
            // Its group was given up meanwhile.
            return None;
        }
        match result {
            Ok(AfterPage::Done) => shared.done(slice.id),
            Ok(AfterPage::More) => self.go_on(slice),
            Ok(AfterPage::Stuck) => shared.give_up(slice.id, "its pages lead nowhere; pull the rest with --resume"),
            Err(fault) => return self.failed(slice, fault),
        }
        None
    }

    /// Divides the rest of the slice if there are too few chains, and queues it again.
    fn go_on(&mut self, mut slice: Slice) {
        let busy = self.running.len() + self.waiting.len() + 1;
        let spare = self.chains().saturating_sub(busy).min(PIECES - 1);
        let pieces = slice.worth(spare);
        if pieces > 1 {
            let pieces = slice.divide(pieces);
            self.region.shared.begin(&pieces);
            self.region.shared.advance(&slice);
            for piece in pieces.into_iter().rev() {
                self.waiting.push_front(piece);
            }
        }
        // Chains of equal length take turns, so they end together and none is left to be divided at the end.
        self.waiting.push_back(slice);
    }

    fn failed(&mut self, mut slice: Slice, fault: RequestError) -> Option<Ending> {
        let (shared, place) = (&self.region.shared, &self.region.place);
        let target = shared.targets.get(slice.id.target)?;
        let id = slice.id;
        let give_up = |why: &str| shared.give_up(id, &format!("{why}; pull the rest with --resume"));
        match &fault {
            // AWS may answer an expired token with any parameter error.
            RequestError::Token(_) | RequestError::Other(_) if slice.token.is_some() && slice.begin_anew() => {
                self.waiting.push_front(slice);
            }
            RequestError::Lost(why) | RequestError::NoConnection(why) => {
                let at = now().map(|at| format!(" at {at}")).unwrap_or_default();
                let what = format!("connection lost{at}: CloudWatch Logs in {} does not answer ({why})", place.region);
                return failure_of_place(place, &fault).map(|failure| (failure, what));
            }
            RequestError::Credentials(_) | RequestError::NotAws(_) => {
                let failure = failure_of_place(place, &fault)?;
                let what = format!("ended early in {}: {failure}", place.region);
                return Some((failure, what));
            }
            RequestError::Denied(said) => {
                let reason = format!("access denied: allow logs:FilterLogEvents on it ({said})");
                for slice in shared.slices_of(slice.id.target) {
                    shared.give_up(slice, &reason);
                }
                self.waiting.retain(|other| other.id.target != slice.id.target);
            }
            RequestError::Missing if slice.is_untouched() => {
                let reason = missing(&target.group.name, &place.region, None, &BTreeSet::new());
                self.drop_group(slice.id.target, reason);
            }
            RequestError::Missing => {
                let reason = "the log group was deleted while it was read".to_owned();
                self.drop_group(slice.id.target, reason);
            }
            RequestError::Class(said) => {
                let reason = refused_class(target.class.as_deref(), said);
                self.drop_group(slice.id.target, reason);
            }
            RequestError::Throttled => give_up("throttled again and again"),
            RequestError::Passing(why) | RequestError::NoAnswer(why) => give_up(&format!("tried many times ({why})")),
            RequestError::Token(why) | RequestError::Other(why) => match &target.class {
                Some(class) => self.drop_group(slice.id.target, refused_class(Some(class), why)),
                None => give_up(&format!("AWS refuses ({why})")),
            },
        }
        None
    }

    /// Gives up on a whole log group, for reasons that hold for all of its slices and for a later try.
    fn drop_group(&mut self, target: usize, reason: String) {
        let shared = &self.region.shared;
        for slice in shared.slices_of(target) {
            shared.spool.close(slice);
        }
        shared.unreadable(target, reason);
        self.waiting.retain(|slice| slice.id.target != target);
    }
}

/// Requests one page and stores its events.
async fn turn(region: Arc<Region>, mut slice: Slice) -> PageResult {
    let shared = &region.shared;
    let Some(target) = shared.targets.get(slice.id.target) else {
        return PageResult { slice, result: Ok(AfterPage::Done), took: None };
    };
    let stream = target.streams.get(slice.id.stream).map(String::as_str);
    let request = || {
        let request = page_request(&region.place, target, stream, slice.from, slice.end);
        request.set_next_token(slice.token.clone()).send()
    };
    let (page, took) = match region.caller.call(request).await {
        Ok(answer) => answer,
        Err(fault) => return PageResult { slice, result: Err(fault), took: None },
    };
    let next_token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
    let found = page.events.unwrap_or_default();
    let (mut text, mut events) = (Vec::with_capacity(line::bytes_of(&found)), 0);
    // Each event is let go as soon as it is written, so that a page is not held twice.
    for event in found {
        let is_new = slice.accept(event.timestamp().unwrap_or_default(), line::key(&event));
        if is_new && line::is_wanted(target, stream, &event) {
            line::append(&target.group, &event, &mut text);
            events += 1;
        }
    }
    if let Err(why) = shared.spool.push(slice.id, &text) {
        shared.fail(PullError::Machine(format!("the temporary file: {why}")));
    }
    let before = slice.reported_ms;
    slice.reported_ms = slice.covered_ms();
    let next = slice.turn(next_token);
    if next == AfterPage::Done {
        slice.reported_ms = slice.end - slice.id.start + 1;
    }
    shared.advance(&slice);
    shared.page(slice.id.target, slice.reported_ms - before, events);
    PageResult { slice, result: Ok(next), took: Some(took) }
}

/// Creates the request for events of a group in a stretch of time.
pub(super) fn page_request(
    place: &AccountRegion,
    target: &Target,
    stream: Option<&str>,
    from: i64,
    end: i64,
) -> FilterLogEventsFluentBuilder {
    let request = place.logs.filter_log_events().start_time(from).end_time(end);
    let request = match &target.group.arn {
        Some(arn) => request.log_group_identifier(arn),
        None => request.log_group_name(&target.group.name),
    };
    #[expect(deprecated, reason = "AWS ignores it, but other servers of this API sort only when told to")]
    let request = request.interleaved(true);
    request.set_log_stream_name_prefix(stream.map(str::to_owned))
}
