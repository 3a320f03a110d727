//! A log group to read: which of its streams, and about how much that is.

use std::collections::BTreeSet;

use super::Request;
use super::listing::GroupInfo;
use crate::model::{Note, Timestamp, function_from_group};
use crate::source::saved::GroupPlace;

/// A log group to read.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Index of the place through which it is read.
    pub(super) seat: usize,
    pub(super) group: GroupPlace,
    /// Functions whose streams are read, where the group is shared with others; `None` reads all.
    pub(super) only: Option<BTreeSet<String>>,
    /// Prefixes of the streams to read; empty reads all.
    pub(super) streams: Vec<String>,
    /// Class of the group, if it is one that may not be readable.
    pub(super) class: Option<String>,
    /// Whether the class is INFREQUENT_ACCESS, of which only queries of Logs Insights tell anything; `None` if the group was
    /// not listed.
    pub(super) infrequent: Option<bool>,
    /// When the group was created, in milliseconds since 1970, and the days for which it keeps events, as far as they are
    /// known.
    pub(super) created_ms: Option<i64>,
    pub(super) retention_days: Option<u32>,
    pub(super) to_read: Vec<ToRead>,
    /// Estimated bytes in the window, from the group's size.
    pub(super) estimate: u64,
    /// Whether they are what CloudWatch counted.
    pub(super) is_measured: bool,
}

/// A stretch to read of a log group, in milliseconds since 1970, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ToRead {
    /// Index of the prefix of stream names; 0 where all streams are read.
    pub(super) stream: usize,
    pub(super) from: i64,
    pub(super) end: i64,
}

impl Target {
    /// Creates a log group of which nothing but its place is known.
    pub(super) fn new(seat: usize, group: GroupPlace, only: Option<BTreeSet<String>>) -> Self {
        Self {
            seat,
            group,
            only,
            streams: Vec::new(),
            class: None,
            infrequent: None,
            created_ms: None,
            retention_days: None,
            to_read: Vec::new(),
            estimate: 0,
            is_measured: false,
        }
    }

    /// Returns whether it is the log group of one function, as a whole.
    pub(super) fn is_of_one_function(&self) -> bool {
        self.only.is_none() && function_from_group(&self.group.name).is_some()
    }

    /// Returns whether it may have events up to a time: some of the first may be older than the group, and what is beyond
    /// its retention is gone.
    pub(super) fn may_have_events(&self, to_ms: i64, now_ms: i64) -> bool {
        let kept_ms = self.retention_days.map_or(i64::MAX, |days| i64::from(days) * DAY_MS);
        let is_gone = to_ms.saturating_add(kept_ms).saturating_add(EXPIRY_MS) < now_ms;
        !is_gone && self.created_ms.is_none_or(|created| to_ms >= created.saturating_sub(BEFORE_CREATION_MS))
    }

    /// Returns whether only Logs Insights can read it.
    pub(super) fn is_infrequent(&self) -> bool {
        self.infrequent == Some(true)
    }
}

/// Time for which events may be older than their log group: it is created when they arrive.
const BEFORE_CREATION_MS: i64 = 60_000;
/// Time by which the clocks of the retention may differ.
const EXPIRY_MS: i64 = 60_000;
/// Most chains that one group is cut into by its streams.
const MOST_STREAM_CHAINS: usize = 40;
/// Days before the window whose environments are looked for. They live for some hours, those that are kept ready
/// longer.
const DAYS_BEFORE: i64 = 2;

/// Limits the reading of a shared group to the streams of the selected functions, where that is less work, and returns
/// what this may miss. Streams are named `YYYY/MM/DD/FUNCTION[VERSION]...` after the day on which they began.
pub(super) fn narrow(target: &mut Target, request: &Request) -> Option<Note> {
    // While a log is followed, a new day may begin.
    let only = target.only.as_ref().filter(|_| !request.follow)?;
    let (first, last) = (request.from.ms().div_euclid(DAY_MS) - DAYS_BEFORE, request.to.ms().div_euclid(DAY_MS));
    let days = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    if days.saturating_mul(only.len()) > MOST_STREAM_CHAINS {
        return None;
    }
    let day = |day: i64| Timestamp::from_ms(day.saturating_mul(DAY_MS)).map(|at| at.to_string()[..10].to_owned());
    let dates: Vec<String> = (first..=last).filter_map(day).collect();
    let streams = only.iter().flat_map(|name| dates.iter().map(move |date| (name, date)));
    target.streams = streams.map(|(name, date)| format!("{}/{name}[", date.replace('-', "/"))).collect();
    let names: Vec<&str> = only.iter().map(String::as_str).collect();
    let text = format!(
        "of the shared log group {} only the streams of {} were read that began on {} or later: an environment that has \
         run for longer is missed; --log-group reads all",
        target.group.label(),
        names.join(", "),
        dates.first().map_or("", String::as_str),
    );
    Some(Note { incomplete: false, text })
}

const DAY_MS: i64 = 86_400_000;

/// Share of a log that its stored bytes are, in percent: they are compressed, and what is read or scanned is not. AWS reckons
/// with it for what is archived; a log may shrink to less.
const STORED_PERCENT: u128 = 15;

/// Estimates the bytes of the log of a group in the window, assuming an even rate over its age or retention.
pub(super) fn estimate(info: &GroupInfo, request: &Request) -> u64 {
    let end = request.to.ms();
    let kept = info.retention_days.map_or(i64::MAX, |days| i64::from(days) * DAY_MS);
    let age = (end - info.created_ms).clamp(1, kept.max(1));
    let window = (end - request.from.ms()).clamp(0, age);
    let log = u128::from(info.stored_bytes) * 100 / STORED_PERCENT;
    let bytes = log * u128::from(window.unsigned_abs()) / u128::from(age.unsigned_abs());
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::listing::Class;
    use super::*;

    #[test]
    fn estimates_by_the_share_of_time() {
        let day = |n: i64| Timestamp::from_ms(n * DAY_MS).unwrap();
        let request = Request::new(day(99), day(100));
        let info = |retention_days| GroupInfo {
            name: String::new(),
            owner: None,
            class: Class::Standard,
            stored_bytes: 1_000,
            created_ms: 0,
            retention_days,
        };
        assert_eq!(estimate(&info(None), &request), 10 * 100 / 15);
        assert_eq!(estimate(&info(Some(10)), &request), 100 * 100 / 15);
        assert_eq!(estimate(&info(Some(1)), &request), 1_000 * 100 / 15);
    }

    #[test]
    fn a_group_has_events_of_the_time_of_its_life() {
        let of = |created_ms, retention_days, to_ms| {
            Target { created_ms, retention_days, ..target(&[]) }.may_have_events(to_ms, 20 * DAY_MS)
        };
        for (created_ms, retention_days, to_ms, want) in [
            (None, None, 0, true),
            (Some(DAY_MS), None, DAY_MS - BEFORE_CREATION_MS, true),
            (Some(DAY_MS), None, DAY_MS - BEFORE_CREATION_MS - 1, false),
            (None, Some(5), 15 * DAY_MS, true),
            (None, Some(5), 15 * DAY_MS - EXPIRY_MS - 1, false),
            (Some(i64::MIN), Some(u32::MAX), 0, true),
        ] {
            assert_eq!(of(created_ms, retention_days, to_ms), want, "{created_ms:?} {retention_days:?} {to_ms}");
        }
    }

    fn target(names: &[&str]) -> Target {
        let group = GroupPlace { name: "/acme/all".to_owned(), region: "r".to_owned(), ..GroupPlace::default() };
        Target::new(0, group, Some(names.iter().map(|&name| name.to_owned()).collect()))
    }

    #[test]
    fn a_shared_group_is_read_by_streams_where_that_is_less() {
        let day = |n: i64| Timestamp::from_ms(n * DAY_MS).unwrap();
        let hour = Request::new(day(20_000), Timestamp::from_ms(20_000 * DAY_MS + 3_600_000).unwrap());
        let mut one = target(&["pay"]);
        let note = narrow(&mut one, &hour).unwrap();
        assert_eq!(one.streams, ["2024/10/02/pay[", "2024/10/03/pay[", "2024/10/04/pay["]);
        assert!(note.text.contains("began on 2024-10-02 or later"), "{}", note.text);
        let month = Request::new(day(20_000), day(20_040));
        let mut much = target(&["pay"]);
        assert!(narrow(&mut much, &month).is_none() && much.streams.is_empty());
    }
}
