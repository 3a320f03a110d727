//! What is known of one log group while it is worked on: its numbers, where failures are, and what was fetched of them.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::client::ResultRow;
use super::fetcher::WantedLines;
use super::stretch::{StreamEvent, Want};
use super::tally::{GroupTally, Repeated, number};
use crate::lambda::platform::step_of_request;

/// What is known of a log group.
#[derive(Default)]
pub(super) struct FoundGroup {
    pub(super) tally: GroupTally,
    /// Wanted lines by stream.
    pub(super) lines: BTreeMap<String, Vec<WantedLines>>,
    /// Attempts that were fetched: their STARTs, or the first line of one without.
    fetched: FxHashSet<u64>,
    /// Whether lines are still to be fetched.
    pub(super) is_open: bool,
    /// Why not all is known that must be.
    pub(super) lacks: BTreeSet<String>,
}

/// Iterates over what an attempt is known by: for each START the hash of the request id, and one that also tells the
/// place of the line; without any, the place of its first line.
fn keys_of<'e>(stream: &str, attempt: &'e [StreamEvent]) -> impl Iterator<Item = (u64, u64)> + use<'e> {
    let stream = xxh3_64(stream.as_bytes());
    let key = move |id: u64, at: i64| xxh3_64(&[stream.to_le_bytes(), id.to_le_bytes(), at.to_le_bytes()].concat());
    let step = |event: &StreamEvent| step_of_request(event.message.as_bytes());
    let has_start = attempt.iter().any(|event| step(event).is_some_and(|(_, step)| step == 0));
    let first = attempt.first().filter(|_| !has_start);
    let starts = attempt.iter().filter_map(move |event| {
        let (id, _) = step(event).filter(|(_, step)| *step == 0)?;
        Some((id, key(id, event.at)))
    });
    starts.chain(first.map(move |first| (0, key(xxh3_64(first.message.as_bytes()), first.at))))
}

impl FoundGroup {
    /// Takes a row of the query *failures*.
    pub(super) fn failure(&mut self, row: &ResultRow) {
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
    pub(super) fn repeated(&mut self, row: &ResultRow) {
        let Some(Repeated { first, last, .. }) = self.tally.repeated(row) else {
            self.lacks.insert("a row of the query repeated has no request id or time".to_owned());
            return;
        };
        for (stream, at) in [(row.get("a"), first), (row.get("z"), last)] {
            let Some(stream) = stream else { continue };
            let want = Want { first: at, last: at };
            self.lines.entry(stream.clone()).or_default().push(WantedLines { want, lasted_ms: 0 });
        }
    }

    /// Returns whether an attempt was not fetched before; if request ids are given, whether one of them is of an attempt
    /// in it that was not.
    pub(super) fn is_new(&self, stream: &str, attempt: &[StreamEvent], only: Option<&FxHashSet<u64>>) -> bool {
        let mut keys = keys_of(stream, attempt);
        keys.any(|(id, key)| only.is_none_or(|only| only.contains(&id)) && !self.fetched.contains(&key))
    }

    /// Takes an attempt that was fetched.
    pub(super) fn take(&mut self, stream: &str, attempt: &[StreamEvent], bucket_ms: i64) {
        let keys: Vec<u64> = keys_of(stream, attempt).map(|(_, key)| key).collect();
        let known = keys.iter().filter(|key| self.fetched.contains(key)).count();
        if known > 0 && known < keys.len() {
            self.lacks.insert("of attempts that ran side by side one was fetched twice".to_owned());
        }
        self.fetched.extend(keys);
        self.tally.fetched(attempt, bucket_ms);
    }
}
