//! Stretches of one stream: which lines are whole attempts, and whether a fetched stretch has all of those that are wanted.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::lambda::platform::step_of_request;
use crate::lambda::reports::{ReportFigures, begins_environment};

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamEvent {
    /// Time, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) ingested: Option<i64>,
    pub(super) message: String,
}

/// Time of lines whose attempts are wanted, in milliseconds since 1970, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Want {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// Time after a report within which what belongs to its attempt is in the log.
pub(super) const SETTLED_MS: i64 = 2_000;
/// Time before START within which lines name its request.
const NAMED_BEFORE_MS: i64 = 1_000;
/// Time before START within which its environment began, if it began for it: AWS ends an init after ten seconds.
const INIT_MS: i64 = 15_000;

/// What a line is to the division into attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineMark {
    Environment,
    Start,
    Report,
    None,
}

fn mark(event: &StreamEvent) -> LineMark {
    match step_of_request(event.message.as_bytes()) {
        Some((_, 0)) => LineMark::Start,
        Some((_, 2)) => LineMark::Report,
        _ if begins_environment(&event.message) => LineMark::Environment,
        _ => LineMark::None,
    }
}

/// A fetched stretch without holes.
#[derive(Debug, Default)]
pub(super) struct StreamStretch {
    /// First and last millisecond of which all events are here.
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) events: Vec<StreamEvent>,
    pub(super) wants: Vec<Want>,
}

impl StreamStretch {
    /// Divides the events into attempts, each with the init before it: a new one begins with START, or with the first
    /// line of an environment, behind a START or a report. Attempts that run side by side are one.
    fn attempts(&self) -> Vec<Range<usize>> {
        let until = self.reports_of_starts();
        let (mut all, mut began, mut has_run, mut open_to) = (Vec::new(), 0, false, 0);
        for (at, event) in self.events.iter().enumerate() {
            let mark = mark(event);
            if has_run && at > open_to && matches!(mark, LineMark::Start | LineMark::Environment) {
                all.push(began..at);
                (began, has_run) = (at, false);
            }
            open_to = open_to.max(until.get(&at).copied().unwrap_or(0));
            has_run |= matches!(mark, LineMark::Start | LineMark::Report);
        }
        if began < self.events.len() {
            all.push(began..self.events.len());
        }
        all
    }

    /// Returns the place of the report of each START that has one, by the place of the START.
    fn reports_of_starts(&self) -> FxHashMap<usize, usize> {
        let (mut reports, mut until) = (FxHashMap::default(), FxHashMap::default());
        for (at, event) in self.events.iter().enumerate().rev() {
            match step_of_request(event.message.as_bytes()) {
                Some((id, 2)) => drop(reports.insert(id, at)),
                Some((id, 0)) => until.extend(reports.remove(&id).map(|report| (at, report))),
                _ => {}
            }
        }
        until
    }

    /// Returns whether a report is of an attempt that began before all that is here, beside others. Only the JSON format
    /// has such.
    fn lacks_starts(&self, attempt: &Range<usize>) -> bool {
        let mut started = FxHashSet::default();
        self.events[attempt.clone()].iter().any(|event| match step_of_request(event.message.as_bytes()) {
            Some((id, 0)) => {
                started.insert(id);
                false
            }
            Some((id, 2)) => !started.is_empty() && event.message.starts_with('{') && !started.contains(&id),
            _ => false,
        })
    }

    /// Returns whether an attempt begins between START and report of another.
    fn runs_side_by_side(&self) -> bool {
        let mut open_to = 0;
        let until = self.reports_of_starts();
        let mut starts: Vec<(usize, usize)> = until.into_iter().collect();
        starts.sort_unstable();
        starts.into_iter().any(|(start, report)| {
            let is_within = start < open_to;
            open_to = open_to.max(report);
            is_within
        })
    }

    /// Returns whether every START has its report.
    fn is_reported(&self, attempt: &Range<usize>) -> bool {
        let mut open = FxHashSet::default();
        for event in &self.events[attempt.clone()] {
            match step_of_request(event.message.as_bytes()) {
                Some((id, 0)) => drop(open.insert(id)),
                Some((id, 2)) => drop(open.remove(&id)),
                _ => {}
            }
        }
        open.is_empty()
    }

    fn is_wanted(&self, attempt: &Range<usize>) -> bool {
        let (Some(first), Some(last)) = (self.events.get(attempt.start), self.events[..attempt.end].last()) else {
            return false;
        };
        self.wants.iter().any(|want| want.first <= last.at && first.at <= want.last)
    }

    /// Returns whether the first wanted attempt begins here; `least` is the first millisecond that there is to fetch.
    pub(super) fn has_beginning(&self, least: i64) -> bool {
        let attempts = self.attempts();
        let wanted = attempts.iter().position(|attempt| self.is_wanted(attempt));
        match wanted {
            _ if self.from <= least => true,
            Some(at) if self.lacks_starts(&attempts[at]) => false,
            Some(0) | None => self.events.first().is_some_and(|first| mark(first) == LineMark::Environment),
            Some(_) => true,
        }
    }

    /// Returns whether the first wanted attempt begins here, or what may be missing of it would be here: where looking
    /// further back is dear.
    pub(super) fn has_likely_beginning(&self, least: i64) -> bool {
        if self.has_beginning(least) {
            return true;
        }
        let attempts = self.attempts();
        let Some(first) = attempts.first().filter(|attempt| self.is_wanted(attempt)) else {
            return attempts.iter().all(|attempt| !self.is_wanted(attempt));
        };
        let events = &self.events[first.clone()];
        let Some(start) = events.first().filter(|event| mark(event) == LineMark::Start) else { return false };
        let report = events.iter().find(|event| mark(event) == LineMark::Report);
        // After a failure the report may say nothing of the init.
        let is_warm = report.is_some_and(|report| {
            let tells_status = report.message.contains("\tStatus: ") || report.message.starts_with('{');
            !tells_status && !ReportFigures::find(&report.message).is_cold
        });
        let before = if is_warm { NAMED_BEFORE_MS } else { INIT_MS };
        !self.lacks_starts(first) && self.from <= start.at.saturating_sub(before)
    }

    /// Returns whether the last wanted attempt ends here; `most` is the last millisecond that there is to fetch.
    pub(super) fn has_end(&self, most: i64) -> bool {
        let attempts = self.attempts();
        match attempts.iter().rposition(|attempt| self.is_wanted(attempt)) {
            _ if self.to >= most => true,
            None => false,
            // Where attempts run side by side, another START ends nothing.
            Some(at) if at + 1 < attempts.len() => self.is_reported(&attempts[at]) || !self.runs_side_by_side(),
            Some(at) => {
                let events = &self.events[attempts[at].clone()];
                let report = events.iter().rfind(|event| mark(event) == LineMark::Report);
                let is_settled = report.is_some_and(|report| report.at.saturating_add(SETTLED_MS) <= self.to);
                is_settled && self.is_reported(&attempts[at])
            }
        }
    }

    /// Returns whether lines are here that are wanted. Events are in the order of time.
    pub(super) fn has(&self, want: &Want) -> bool {
        let first = self.events.partition_point(|event| event.at < want.first);
        self.events.get(first).is_some_and(|event| event.at <= want.last)
    }

    /// Returns the attempts that are wanted.
    pub(super) fn into_wanted(self) -> Vec<Vec<StreamEvent>> {
        let wanted: Vec<(usize, bool)> =
            self.attempts().iter().map(|attempt| (attempt.len(), self.is_wanted(attempt))).collect();
        let mut events = self.events.into_iter();
        let attempts = wanted.into_iter().map(|(length, keep)| (events.by_ref().take(length).collect(), keep));
        attempts.filter_map(|(attempt, keep): (Vec<StreamEvent>, bool)| keep.then_some(attempt)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(lines: &[(i64, &str)], wants: &[(i64, i64)]) -> StreamStretch {
        let event =
            |(at, message): &(i64, &str)| StreamEvent { at: *at, ingested: None, message: (*message).to_owned() };
        StreamStretch {
            from: lines.first().map_or(0, |(at, _)| *at),
            to: lines.last().map_or(0, |(at, _)| *at),
            events: lines.iter().map(event).collect(),
            wants: wants.iter().map(|&(first, last)| Want { first, last }).collect(),
        }
    }

    const LOG: [(i64, &str); 10] = [
        (10, "INIT_START Runtime Version: x"),
        (20, "START RequestId: a Version: 1"),
        (30, "work"),
        (40, "REPORT RequestId: a\tDuration: 1 ms"),
        (50, "START RequestId: b Version: 1"),
        (60, "[ERROR] x"),
        (70, "REPORT RequestId: b\tDuration: 1 ms"),
        (70, "late"),
        (80, "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"c\"}}"),
        (90, "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"c\"}}"),
    ];

    #[test]
    fn whole_attempts_are_kept_and_no_others() {
        let kept = |wants: &[(i64, i64)]| -> Vec<i64> {
            stretch(&LOG, wants).into_wanted().into_iter().flatten().map(|event| event.at).collect()
        };
        assert_eq!(kept(&[(60, 60)]), [50, 60, 70, 70]);
        assert_eq!(kept(&[(70, 70)]), [50, 60, 70, 70]);
        assert_eq!(kept(&[(10, 10)]), [10, 20, 30, 40]);
        assert_eq!(kept(&[(40, 80)]).len(), LOG.len());
        assert_eq!(kept(&[(44, 46)]), [0i64; 0]);
    }

    /// Two requests at once, as on Managed Instances.
    const SIDE_BY_SIDE: [(i64, &str); 9] = [
        (10, "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"z\"}}"),
        (20, "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"z\"}}"),
        (30, "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"a\"}}"),
        (40, "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"b\"}}"),
        (50, "{\"errorType\":\"x\",\"requestId\":\"a\"}"),
        (60, "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"a\"}}"),
        (70, "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"b\"}}"),
        (80, "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"c\"}}"),
        (90, "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"c\"}}"),
    ];

    #[test]
    fn attempts_side_by_side_are_kept_together() {
        let kept: Vec<i64> =
            stretch(&SIDE_BY_SIDE, &[(50, 50)]).into_wanted().concat().iter().map(|event| event.at).collect();
        assert_eq!(kept, [30, 40, 50, 60, 70]);
        for (range, beginning, end) in
            [(2..7, false, false), (1..8, true, true), (3..8, false, true), (2..6, false, false), (0..7, true, false)]
        {
            let part = stretch(&SIDE_BY_SIDE[range.clone()], &[(50, 50)]);
            assert_eq!((part.has_beginning(0), part.has_end(1_000)), (beginning, end), "{range:?}");
        }
    }

    #[test]
    fn what_stands_first_is_taken_for_the_beginning_where_nothing_of_it_can_be_before() {
        for (report, from, likely) in [
            ("REPORT RequestId: a\tDuration: 1 ms", 99_000, true),
            ("REPORT RequestId: a\tDuration: 1 ms", 99_500, false),
            ("REPORT RequestId: a\tDuration: 1 ms\tInit Duration: 2 ms", 99_000, false),
            ("REPORT RequestId: a\tDuration: 1 ms\tInit Duration: 2 ms", 85_000, true),
            ("REPORT RequestId: a\tDuration: 1 ms\tStatus: timeout", 99_000, false),
        ] {
            let mut part = stretch(&[(100_000, "START RequestId: a"), (100_010, report)], &[(100_005, 100_010)]);
            part.from = from;
            assert_eq!(part.has_likely_beginning(0), likely, "{report} {from}");
        }
        let mut part = stretch(&[(100_000, "[ERROR] x"), (100_010, "REPORT RequestId: a")], &[(100_000, 100_000)]);
        part.from = 1;
        assert!(!part.has_likely_beginning(0));
    }

    #[test]
    fn a_stretch_is_fetched_until_its_attempts_are_whole() {
        for (range, want, beginning, end) in [
            (0..10, (60, 60), true, true),
            (4..8, (60, 60), false, false),
            (3..9, (60, 60), true, true),
            (0..4, (20, 20), true, false),
            (0..5, (20, 20), true, true),
            (1..5, (20, 20), false, true),
        ] {
            let part = stretch(&LOG[range.clone()], &[want]);
            assert_eq!((part.has_beginning(0), part.has_end(1_000)), (beginning, end), "{range:?}");
            assert!(part.has_beginning(LOG[range.start].0) && part.has_end(LOG[range.end - 1].0));
        }
        let mut settled = stretch(&LOG[..4], &[(20, 20)]);
        settled.to = 40 + SETTLED_MS;
        assert!(settled.has_end(10_000));
    }
}
