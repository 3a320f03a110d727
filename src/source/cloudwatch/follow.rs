//! Following of log groups: asks again and again for the newest events, until a signal or the end of the window.
//!
//! CloudWatch shows events some seconds after their time, and sometimes in another order. Each round therefore asks
//! again for the last [`NEAR_MS`], and some rounds for the last [`LATE_MS`]; event ids tell what is new. Events become
//! part of the result, in the order of their time, once they are older than that.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::call::{Caller, NEEDED};
use super::connect::AccountRegion;
use super::failure::{PullError, RequestError};
use super::limiter::Limiter;
use super::line;
use super::lookup::failure_of_place;
use super::plan::page_request;
use super::reasons::{missing, refused_class};
use super::shared::PullState;
use super::signals::{self, Signals};
use super::slice::{AfterPage, Slice};
use super::spool::SliceId;
use super::target::Target;
use crate::model::Timestamp;
use crate::source::now;

/// Time before the latest look for which every round asks again.
const NEAR_MS: i64 = 20_000;
/// Time for which events may be late; later ones are not seen.
const LATE_MS: i64 = 5 * 60_000;
/// Time between two looks at all events that may be late.
const WIDE_EVERY: Duration = Duration::from_secs(30);
/// Time for which events are kept in memory, for attempts that are still running: the longest usual time limit, and a
/// minute.
const KEPT_MS: i64 = 16 * 60_000;
/// Most bytes of events in memory; older ones are let go early.
const MOST_BYTES: usize = 64 << 20;
/// Time between two looks, of which so many follow the end of the window to find late events, and the least time.
const LOOKS_AFTER_END: u32 = 12;
const LEAST_GRACE: Duration = Duration::from_secs(20);
/// Time that the last look after a signal may take.
const LAST_LOOK: Duration = Duration::from_secs(5);
/// Pause before a lost connection is tried again.
const RECONNECT: Duration = Duration::from_secs(5);
/// Most groups of a region that are asked at once.
const AT_ONCE: usize = 8;
/// Bytes of text per page of the result.
const PAGE: usize = 1 << 20;

/// What was seen by the end of a round.
pub(crate) struct Round {
    /// The events in memory, as lines of a saved pull.
    pub(crate) lines: Vec<u8>,
    /// Moment up to which was asked.
    pub(crate) until: Timestamp,
    /// Seconds that the round took.
    pub(crate) took_s: f64,
}

/// Region to follow.
pub(super) struct FollowedRegion {
    pub(super) place: Arc<AccountRegion>,
    pub(super) limiter: Arc<Limiter>,
    /// Indices of its log groups.
    pub(super) targets: Vec<usize>,
}

/// How to follow.
pub(super) struct Following {
    pub(super) from: Timestamp,
    /// End of the window, if it has one.
    pub(super) to: Option<Timestamp>,
    pub(super) interval: Duration,
    pub(super) rounds: SyncSender<Round>,
}

/// Time and key of an event: its place among the others.
type SeenKey = (i64, u64);

/// Event in memory.
struct SeenEvent {
    /// Place among the events of the same millisecond, as the latest answer had it.
    rank: u32,
    text: Box<[u8]>,
}

/// Newest events of a group's streams.
struct Tail {
    slice: SliceId,
    events: BTreeMap<SeenKey, SeenEvent>,
    bytes: usize,
    /// Latest moment up to which was asked with success.
    asked_to: i64,
    /// Latest moment up to which all late events were asked for.
    swept_to: i64,
    /// Latest moment whose events are part of the result.
    settled_to: i64,
    /// Why the latest look failed.
    trouble: Option<String>,
}

/// Everything that is followed.
struct Follower {
    shared: Arc<PullState>,
    tails: Mutex<Vec<Tail>>,
    /// Latest moment whose events were let go before their time, because there were too many.
    crowded_to: Mutex<Option<i64>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Follows all regions until the end of the window or a signal.
pub(super) async fn follow(
    shared: Arc<PullState>,
    regions: Vec<FollowedRegion>,
    following: Following,
    signals: Signals,
) {
    let from = following.from.ms();
    let tail = |slice: SliceId| Tail {
        slice,
        events: BTreeMap::new(),
        bytes: 0,
        asked_to: from - 1,
        swept_to: from - 1,
        settled_to: from - 1,
        trouble: None,
    };
    let streams = |(target, one): (usize, &Target)| {
        (0..one.streams.len().max(1)).map(move |stream| SliceId { target, stream, start: from }).collect::<Vec<_>>()
    };
    let tails = shared.targets.iter().enumerate().flat_map(streams).map(tail).collect();
    let follower = Arc::new(Follower { shared, tails: Mutex::new(tails), crowded_to: Mutex::new(None) });
    let mut callers: Vec<Option<Arc<Caller>>> = regions.iter().map(|region| Some(region.caller())).collect();
    let mut wide = Instant::now();
    let grace = (following.interval * LOOKS_AFTER_END).max(LEAST_GRACE);
    let grace_ms = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
    let end = loop {
        let began = Instant::now();
        let look = if began >= wide { Look::Wide } else { Look::Near };
        let upto = clock(&regions, following.to);
        tokio::select! {
            biased;
            signal = signals::heard(signals.clone()) => {
                follower.shared.signalled(signal);
                break None;
            }
            () = follower.round(&regions, &mut callers, look, upto) => {}
        }
        if look == Look::Wide {
            wide = began + WIDE_EVERY;
        }
        follower.settle(upto - LATE_MS);
        let over = callers.iter().all(Option::is_none);
        let round = follower.told(upto, began.elapsed());
        if let Some(round) = round
            && let Err(TrySendError::Disconnected(_)) = following.rounds.try_send(round)
        {
            break following.to.map(Timestamp::ms);
        }
        let late = following.to.is_some_and(|to| now().is_some_and(|now| now.ms() > to.ms() + grace_ms));
        if late {
            break following.to.map(Timestamp::ms);
        }
        if over {
            break None;
        }
        tokio::select! {
            biased;
            signal = signals::heard(signals.clone()) => {
                follower.shared.signalled(signal);
                break None;
            }
            () = sleep_until(began + following.interval) => {}
        }
    };
    let end = end.unwrap_or_else(|| clock(&regions, following.to));
    // One last look at everything that may have been late.
    let last = follower.round(&regions, &mut callers, Look::Wide, end);
    let _ = timeout(LAST_LOOK, last).await;
    follower.shared.set_end(end);
    follower.finish(end);
    if let Some(round) = follower.told(end + LATE_MS, Duration::ZERO) {
        let _ = tokio::task::spawn_blocking(move || following.rounds.send(round)).await;
    }
}

/// Returns the moment up to which to ask, by AWS's clock where its answers told it.
fn clock(regions: &[FollowedRegion], to: Option<Timestamp>) -> i64 {
    let ahead_s = regions.iter().filter_map(|region| region.place.logs_exchange.ahead_s()).max().unwrap_or(0);
    let upto = now().map_or(0, Timestamp::ms).saturating_add(ahead_s.saturating_mul(1_000));
    to.map_or(upto, |to| upto.min(to.ms()))
}

impl FollowedRegion {
    fn caller(&self) -> Arc<Caller> {
        Arc::new(Caller::new(Arc::clone(&self.limiter), Arc::clone(&self.place.session.credentials), NEEDED))
    }
}

/// How far a round looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// At what is new, and a little before.
    Near,
    /// At everything that may be late.
    Wide,
}

impl Follower {
    /// Asks every group once for what is new.
    async fn round(
        self: &Arc<Self>,
        regions: &[FollowedRegion],
        callers: &mut [Option<Arc<Caller>>],
        look: Look,
        upto: i64,
    ) {
        let regions = regions.iter().zip(callers.iter_mut());
        let mut all: Vec<_> = regions.map(|(region, caller)| self.round_of(region, caller, look, upto)).collect();
        // The regions are polled together, so that none waits for another.
        let mut running: Vec<std::pin::Pin<Box<_>>> = all.drain(..).map(Box::pin).collect();
        std::future::poll_fn(|context| {
            running.retain_mut(|one| one.as_mut().poll(context).is_pending());
            if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }

    async fn round_of(
        self: &Arc<Self>,
        region: &FollowedRegion,
        caller: &mut Option<Arc<Caller>>,
        look: Look,
        upto: i64,
    ) {
        let Some(asked) = caller.clone() else { return };
        let (gate, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        let tails = locked(&self.tails).len();
        for at in 0..tails {
            let slice = locked(&self.tails).get(at).map(|tail| tail.slice);
            if !slice.is_some_and(|slice| region.targets.contains(&slice.target)) {
                continue;
            }
            let (follower, gate) = (Arc::clone(self), Arc::clone(&gate));
            let (caller, place) = (Arc::clone(&asked), Arc::clone(&region.place));
            running.spawn(async move {
                let _turn = gate.acquire().await;
                follower.look(&caller, &place, at, look, upto).await
            });
        }
        let mut failure = None;
        while let Some(result) = running.join_next().await {
            if let Ok(Err(fault)) = result {
                failure = failure.or(Some(fault));
            }
        }
        match failure {
            // A connection may come back: another network, or a machine that slept.
            Some(RequestError::Lost(why) | RequestError::NoConnection(why)) => {
                self.shared.watch.warns(&format!(
                    "no connection to CloudWatch Logs in {} ({why}): trying again",
                    region.place.region
                ));
                sleep(RECONNECT).await;
                *caller = Some(region.caller());
            }
            Some(fault) => {
                if let Some(failure) = failure_of_place(&region.place, &fault) {
                    let what = format!("ended early in {}: {failure}", region.place.region);
                    self.shared.region_failed(&region.targets, failure, what);
                    *caller = None;
                }
            }
            None => {}
        }
    }

    /// Asks for the newest events of one tail.
    async fn look(
        &self,
        caller: &Caller,
        place: &AccountRegion,
        at: usize,
        look: Look,
        upto: i64,
    ) -> Result<(), RequestError> {
        let (id, from) = {
            let tails = locked(&self.tails);
            let Some(tail) = tails.get(at) else { return Ok(()) };
            let near = (tail.asked_to - NEAR_MS).max(tail.settled_to) + 1;
            (tail.slice, if look == Look::Wide { tail.settled_to + 1 } else { near })
        };
        let Some(target) = self.shared.targets.get(id.target) else { return Ok(()) };
        let stream = target.streams.get(id.stream).map(String::as_str);
        if from > upto {
            return Ok(());
        }
        let mut slice = Slice::new(SliceId { start: from, ..id }, upto);
        let mut ranked = (i64::MIN, 0);
        loop {
            let request = || {
                let request = page_request(place, target, stream, slice.from, slice.end);
                request.set_next_token(slice.token.clone()).send()
            };
            let page = match caller.call(request).await {
                Ok((page, _)) => page,
                Err(RequestError::Token(_) | RequestError::Other(_)) if slice.token.is_some() && slice.begin_anew() => {
                    continue;
                }
                Err(fault) => return self.failed(place, at, id.target, fault),
            };
            let mut found = Vec::new();
            for event in page.events() {
                let (time, key) = (event.timestamp().unwrap_or_default(), line::key(event));
                if slice.accept(time, key) && line::is_wanted(target, stream, event) {
                    let mut text = Vec::new();
                    line::append(&target.group, event, &mut text);
                    // Without an id, an event is known by its content.
                    let key = key.unwrap_or_else(|| xxhash_rust::xxh3::xxh3_64(&text));
                    ranked = if ranked.0 == time { (time, ranked.1 + 1) } else { (time, 0) };
                    found.push(((time, key), SeenEvent { rank: ranked.1, text: text.into_boxed_slice() }));
                }
            }
            self.add(at, found);
            match slice.turn(page.next_token().filter(|token| !token.is_empty()).map(str::to_owned)) {
                AfterPage::Done => break,
                AfterPage::More => {}
                AfterPage::Stuck => return Ok(()),
            }
        }
        self.trouble(at, None);
        if let Some(tail) = locked(&self.tails).get_mut(at) {
            tail.asked_to = tail.asked_to.max(upto);
            if look == Look::Wide {
                tail.swept_to = tail.swept_to.max(upto);
            }
        }
        Ok(())
    }

    /// Decides what a failed request means: an error ends the round for its region, any other trouble may pass.
    fn failed(&self, place: &AccountRegion, at: usize, target: usize, fault: RequestError) -> Result<(), RequestError> {
        let Some(one) = self.shared.targets.get(target) else { return Ok(()) };
        let trouble = match &fault {
            RequestError::Denied(said) => format!("access denied: allow logs:FilterLogEvents on it ({said})"),
            RequestError::Missing => missing(&one.group.name, &place.region, None, &std::collections::BTreeSet::new()),
            RequestError::Class(said) => refused_class(one.class.as_deref(), said),
            RequestError::Throttled => "throttled again and again".to_owned(),
            RequestError::Passing(why) | RequestError::NoAnswer(why) => format!("tried many times ({why})"),
            RequestError::Token(why) | RequestError::Other(why) => format!("AWS refuses ({why})"),
            _ => return Err(fault),
        };
        self.trouble(at, Some(trouble));
        Ok(())
    }

    /// Records why a tail cannot be read just now, and says so once.
    fn trouble(&self, at: usize, trouble: Option<String>) {
        let mut tails = locked(&self.tails);
        let Some(tail) = tails.get_mut(at) else { return };
        if let Some(why) = trouble.as_ref().filter(|why| tail.trouble.as_ref() != Some(why)) {
            let group = self.shared.targets.get(tail.slice.target).map(|target| target.group.label());
            self.shared.watch.warns(&format!("{}: {why}; it is asked again", group.unwrap_or_default()));
        }
        tail.trouble = trouble;
    }

    /// Adds events that were not known, and lets go of the oldest ones where there are too many.
    fn add(&self, at: usize, found: Vec<(SeenKey, SeenEvent)>) {
        let mut tails = locked(&self.tails);
        let Some(tail) = tails.get_mut(at) else { return };
        let mut new = 0;
        for (key, event) in found {
            match tail.events.entry(key) {
                Entry::Occupied(mut known) => known.get_mut().rank = event.rank,
                // What is settled was seen, or came too late.
                Entry::Vacant(place) if key.0 > tail.settled_to => {
                    tail.bytes += event.text.len();
                    place.insert(event);
                    new += 1;
                }
                Entry::Vacant(_) => {}
            }
        }
        self.shared.page(tail.slice.target, 0, new);
        while tails.iter().map(|tail| tail.bytes).sum::<usize>() > MOST_BYTES {
            // A group is read in the order of time, so that only late events are missed of what is let go.
            let Some(tail) = tails.iter_mut().max_by_key(|tail| tail.bytes) else { return };
            let middle = tail.events.keys().nth(tail.events.len() / 2).map(|key| key.0);
            let last = tail.events.keys().next_back().map(|key| key.0);
            let Some(bound) = middle.filter(|middle| Some(*middle) < last) else { return };
            if bound > tail.settled_to {
                self.settle_one(tail, bound);
                let mut crowded = locked(&self.crowded_to);
                *crowded = (*crowded).max(Some(bound));
            }
            tail.forget(bound);
        }
    }

    /// Makes everything up to a moment part of the result, where all late events up to it were asked for.
    fn settle(&self, bound: i64) {
        for tail in locked(&self.tails).iter_mut() {
            // A look at late events sees those that were late by the time between it and the moment.
            let bound = bound.min(tail.swept_to - LATE_MS);
            self.settle_one(tail, bound);
            tail.forget(tail.settled_to.min(tail.swept_to - KEPT_MS));
        }
    }

    fn settle_one(&self, tail: &mut Tail, bound: i64) {
        if bound <= tail.settled_to {
            return;
        }
        let slice = SliceId { start: tail.settled_to + 1, ..tail.slice };
        self.shared.spool.open(slice);
        let mut text = Vec::new();
        let push = |text: &mut Vec<u8>| {
            if let Err(why) = self.shared.spool.push(slice, text) {
                self.shared.fail(PullError::Machine(format!("the temporary file: {why}")));
            }
            text.clear();
        };
        for line in tail.lines(tail.settled_to + 1, bound) {
            text.extend_from_slice(line);
            if text.len() >= PAGE {
                push(&mut text);
            }
        }
        push(&mut text);
        self.shared.spool.close(slice);
        tail.settled_to = bound;
    }

    /// Returns what is in memory.
    fn told(&self, upto: i64, took: Duration) -> Option<Round> {
        let tails = locked(&self.tails);
        let mut lines = Vec::with_capacity(tails.iter().map(|tail| tail.bytes).sum());
        for line in tails.iter().flat_map(|tail| tail.lines(i64::MIN, i64::MAX)) {
            lines.extend_from_slice(line);
        }
        Some(Round { lines, until: Timestamp::from_ms(upto)?, took_s: took.as_secs_f64() })
    }

    /// Makes everything part of the result, and records what could not be asked for at the end.
    fn finish(&self, end: i64) {
        let mut tails = locked(&self.tails);
        for tail in tails.iter_mut() {
            let unread_from = tail.swept_to + 1;
            self.settle_one(tail, end);
            if unread_from <= end {
                let reason = tail.trouble.as_ref().map(|why| format!("{why}; pull the rest with --resume"));
                self.shared.leave(SliceId { start: unread_from, ..tail.slice }, end, reason);
            }
        }
        if let Some(at) = locked(&self.crowded_to).and_then(Timestamp::from_ms) {
            self.shared.remark(format!(
                "too many events at once up to {at} to wait for late ones: events that came more than some seconds late \
                 may be missing"
            ));
        }
    }
}

impl Tail {
    /// Returns the events in a stretch of time, in their order.
    fn lines(&self, from: i64, end: i64) -> Vec<&[u8]> {
        let stretch = self.events.range((from, 0)..=(end, u64::MAX));
        let mut lines: Vec<(i64, u32, &[u8])> =
            stretch.map(|((time, _), event)| (*time, event.rank, event.text.as_ref())).collect();
        lines.sort_by_key(|(time, rank, _)| (*time, *rank));
        lines.into_iter().map(|(_, _, text)| text).collect()
    }

    /// Drops events from memory up to a moment.
    fn forget(&mut self, bound: i64) {
        let kept = self.events.split_off(&(bound.saturating_add(1), 0));
        let dropped = std::mem::replace(&mut self.events, kept);
        self.bytes -= dropped.values().map(|event| event.text.len()).sum::<usize>();
    }
}
