//! Fetcher of the lines of attempts: GetLogEvents on one stream, neighbours in one request, until the attempts are whole.

use std::sync::Arc;

use super::super::call::{Caller, NEEDED};
use super::super::connect::AccountRegion;
use super::super::failure::RequestError;
use super::super::limiter::Limiter;
use super::super::target::Target;
use super::stretch::{SETTLED_MS, StreamEvent, StreamStretch, Want};

/// Requests per second, where none is named: 80 % of the quota of GetLogEvents in the regions that have least, which is
/// shared by everybody in the account.
const RATE: u32 = 8;
/// Time before the first wanted line, and behind the last, that is fetched with it.
const AROUND_MS: i64 = SETTLED_MS;
/// Time between wanted lines that is fetched rather than asked for twice.
const NEIGHBOURS_MS: i64 = 30_000;
/// Events that are asked for at first where an attempt is not whole, and at most.
const FEW: i32 = 40;
const MANY: i32 = 10_000;
/// Most bytes of one stream that are held.
const MOST_BYTES: usize = 64 << 20;
/// Most pages of one request, as a guard against endless paging.
const PAGES: usize = 2_000;

/// Lines of a stream whose attempts are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WantedLines {
    pub(super) want: Want,
    /// Duration of the attempt, as far as it is known.
    pub(super) lasted_ms: i64,
}

/// Why the lines of a stream were not fetched.
#[derive(Debug)]
pub(super) enum FetchFault {
    Request(RequestError),
    TooMuch,
}

/// Direction in which a stream is read on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Past,
    Future,
}

/// Fetcher of one region.
pub(super) struct Fetcher {
    place: Arc<AccountRegion>,
    caller: Caller,
    /// First and last millisecond of what is pulled.
    window: (i64, i64),
}

impl Fetcher {
    pub(super) fn new(place: &Arc<AccountRegion>, window: (i64, i64), max_rate: Option<u32>) -> Self {
        let limiter = Arc::new(Limiter::new(max_rate.unwrap_or(RATE)));
        let caller = Caller::new(limiter, Arc::clone(&place.session.credentials), NEEDED);
        Self { place: Arc::clone(place), caller, window }
    }

    /// Fetches the attempts of a stream that have the given lines, in order.
    ///
    /// # Errors
    /// If a request fails for good, or the stream has too much.
    pub(super) async fn attempts(
        &self,
        target: &Target,
        stream: &str,
        mut lines: Vec<WantedLines>,
    ) -> Result<Vec<Vec<StreamEvent>>, FetchFault> {
        let begin = |lines: &WantedLines| lines.want.first.saturating_sub(lines.lasted_ms).saturating_sub(AROUND_MS);
        lines.sort_by_key(|lines| (begin(lines), *lines));
        let (first, last) = self.window;
        let mut done: Vec<StreamStretch> = Vec::new();
        for lines in &lines {
            let (from, to) = (begin(lines).max(first), lines.want.last.saturating_add(AROUND_MS).min(last));
            let near = done.last().is_some_and(|before| from <= before.to.saturating_add(NEIGHBOURS_MS));
            if !near {
                let free = done.last().map_or(first, |before| before.to.saturating_add(1));
                let mut stretch = StreamStretch { from: from.max(free), to, ..StreamStretch::default() };
                stretch.events = self.all(target, stream, stretch.from, to).await?;
                stretch.wants.push(lines.want);
                self.reach_beginning(target, stream, &mut stretch, free).await?;
                match done.last_mut() {
                    Some(before) if stretch.from == free => {
                        before.events.append(&mut stretch.events);
                        before.wants.append(&mut stretch.wants);
                        before.to = stretch.to;
                    }
                    _ => done.push(stretch),
                }
            }
            let Some(stretch) = done.last_mut() else { continue };
            stretch.wants.push(lines.want);
            if stretch.to < to {
                let more = self.all(target, stream, stretch.to + 1, to).await?;
                stretch.events.extend(more);
                stretch.to = to;
            }
            self.reach_end(target, stream, stretch).await?;
            let held: usize = done.iter().flat_map(|one| &one.events).map(|event| event.message.len() + 64).sum();
            if held > MOST_BYTES {
                return Err(FetchFault::TooMuch);
            }
        }
        Ok(done.into_iter().flat_map(StreamStretch::into_wanted).collect())
    }

    /// Reads back until the first wanted attempt begins, or the time is reached that is read already.
    async fn reach_beginning(
        &self,
        target: &Target,
        stream: &str,
        stretch: &mut StreamStretch,
        free: i64,
    ) -> Result<(), FetchFault> {
        let mut count = FEW;
        while !stretch.has_beginning(self.window.0) && stretch.from > free {
            let end = stretch.from - 1;
            let (mut events, whole) = self.some(target, stream, (free, end), Towards::Past, count).await?;
            let from = match events.first() {
                _ if whole => free,
                // Of the first millisecond there may be more.
                Some(first) => first.at + 1,
                None => stretch.from,
            };
            events.retain(|event| event.at >= from);
            events.append(&mut stretch.events);
            (stretch.events, stretch.from) = (events, from);
            count = count.saturating_mul(4).min(MANY);
            if from > end && count == MANY {
                let mut all = self.all(target, stream, free, end).await?;
                all.append(&mut stretch.events);
                (stretch.events, stretch.from) = (all, free);
            }
        }
        Ok(())
    }

    /// Reads on until the last wanted attempt ends.
    async fn reach_end(&self, target: &Target, stream: &str, stretch: &mut StreamStretch) -> Result<(), FetchFault> {
        let (most, mut count) = (self.window.1, FEW);
        while !stretch.has_end(most) && stretch.to < most {
            let (mut events, whole) = self.some(target, stream, (stretch.to + 1, most), Towards::Future, count).await?;
            let to = match events.last() {
                _ if whole => most,
                Some(last) => last.at - 1,
                None => stretch.to,
            };
            events.retain(|event| event.at <= to);
            stretch.events.append(&mut events);
            let stands = to <= stretch.to;
            stretch.to = to.max(stretch.to);
            count = count.saturating_mul(4).min(MANY);
            if stands && count == MANY {
                let all = self.all(target, stream, stretch.to + 1, most).await?;
                stretch.events.extend(all);
                stretch.to = most;
            }
        }
        Ok(())
    }

    /// Fetches all events of a time, both bounds inclusive.
    async fn all(&self, target: &Target, stream: &str, from: i64, to: i64) -> Result<Vec<StreamEvent>, FetchFault> {
        let (mut all, mut held, mut token) = (Vec::new(), 0usize, None);
        for _ in 0..PAGES {
            let (events, next) = self.page(target, stream, (from, to), Towards::Future, MANY, token.clone()).await?;
            held += events.iter().map(|event| event.message.len() + 64).sum::<usize>();
            if held > MOST_BYTES {
                return Err(FetchFault::TooMuch);
            }
            all.extend(events);
            // The end returns the token that it was asked with.
            if next.is_none() || next == token {
                return Ok(all);
            }
            token = next;
        }
        Err(FetchFault::TooMuch)
    }

    /// Fetches about so many events from one end of a time on, and returns whether these are all.
    async fn some(
        &self,
        target: &Target,
        stream: &str,
        within: (i64, i64),
        towards: Towards,
        count: i32,
    ) -> Result<(Vec<StreamEvent>, bool), FetchFault> {
        let (mut all, mut token): (Vec<StreamEvent>, _) = (Vec::new(), None);
        for _ in 0..PAGES {
            let (mut events, next) = self.page(target, stream, within, towards, count, token.clone()).await?;
            if towards == Towards::Past {
                events.append(&mut all);
                all = events;
            } else {
                all.append(&mut events);
            }
            if next.is_none() || next == token {
                return Ok((all, true));
            }
            // A page may be short, or empty, and not be the last.
            if all.len() >= count as usize {
                return Ok((all, false));
            }
            token = next;
        }
        Err(FetchFault::TooMuch)
    }

    async fn page(
        &self,
        target: &Target,
        stream: &str,
        (from, to): (i64, i64),
        towards: Towards,
        count: i32,
        token: Option<String>,
    ) -> Result<(Vec<StreamEvent>, Option<String>), FetchFault> {
        let request = || {
            let request = self.place.logs.get_log_events().log_stream_name(stream).limit(count);
            let request = match &target.group.arn {
                Some(arn) => request.log_group_identifier(arn),
                None => request.log_group_name(&target.group.name),
            };
            // The end is exclusive.
            let request = request.start_time(from).end_time(to.saturating_add(1));
            request.start_from_head(towards == Towards::Future).set_next_token(token.clone()).send()
        };
        let (page, _) = self.caller.call(request).await.map_err(FetchFault::Request)?;
        let next = match towards {
            Towards::Past => page.next_backward_token().map(str::to_owned),
            Towards::Future => page.next_forward_token().map(str::to_owned),
        };
        let event = |event: aws_sdk_cloudwatchlogs::types::OutputLogEvent| StreamEvent {
            at: event.timestamp().unwrap_or_default(),
            ingested: event.ingestion_time(),
            message: event.message.unwrap_or_default(),
        };
        let events = page.events.unwrap_or_default().into_iter().map(event);
        // Not every server of this API takes the end to be exclusive.
        Ok((events.filter(|event| (from..=to).contains(&event.at)).collect(), next.filter(|next| !next.is_empty())))
    }
}
