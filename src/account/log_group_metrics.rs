//! CloudWatch metrics of log groups: which of them took no log event in some time, and how much the others took.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cloudwatch_metrics::{MetricDataCall, MetricWindow, calls_for_groups};
use crate::model::Timestamp;

/// Milliseconds after the end of a time until which its log events may still arrive.
pub(crate) const LATE_MS: i64 = 15 * 60_000;

/// Metric of what log groups take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Events,
    Bytes,
}

/// Returns the calls that ask how much each group took in this time and shortly after; none if that has not ended.
pub(crate) fn incoming_calls<'g>(
    metric: Incoming,
    groups: impl IntoIterator<Item = &'g str>,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<MetricDataCall> {
    let late = Timestamp::from_ms(to.ms().saturating_add(LATE_MS)).filter(|late| *late < now);
    let window = late.and_then(|late| MetricWindow::of_log(from, late, false));
    let name = match metric {
        Incoming::Events => "IncomingLogEvents",
        Incoming::Bytes => "IncomingBytes",
    };
    window.map_or_else(Vec::new, |window| calls_for_groups(name, groups, window, now))
}

/// What CloudWatch says of log groups.
#[derive(Debug, Default)]
pub(crate) struct IncomingEvents {
    none: BTreeSet<String>,
    some: BTreeSet<String>,
}

impl IncomingEvents {
    /// Reads an answer. A group of which it is not complete counts as one with events.
    pub(crate) fn read(&mut self, answer: &Value) {
        for result in answer["MetricDataResults"].as_array().into_iter().flatten() {
            let Some(group) = result["Label"].as_str() else { continue };
            let is_whole = result["StatusCode"].as_str() == Some("Complete");
            let points = result["Values"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is_none = is_whole && points.iter().all(|point| point.as_f64() == Some(0.0));
            if is_none { &mut self.none } else { &mut self.some }.insert(group.to_owned());
        }
    }

    /// Returns whether a group took no log event.
    pub(crate) fn is_idle(&self, group: &str) -> bool {
        self.none.contains(group) && !self.some.contains(group)
    }
}

/// Reads an answer about bytes: those that each group took. Groups of which it is not complete are left out.
pub(crate) fn incoming_bytes(answer: &Value) -> BTreeMap<String, u64> {
    let of_result = |result: &Value| {
        let is_whole = result["StatusCode"].as_str() == Some("Complete");
        let points: f64 = result["Values"].as_array()?.iter().map(|point| point.as_f64().unwrap_or(f64::NAN)).sum();
        let bytes = Some(points).filter(|points| is_whole && (0.0..1e18).contains(points))? as u64;
        Some((result["Label"].as_str()?.to_owned(), bytes))
    };
    answer["MetricDataResults"].as_array().into_iter().flatten().filter_map(of_result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_answer_without_events_makes_a_group_idle() {
        let mut events = IncomingEvents::default();
        for (group, status, values) in [
            ("none", Some("Complete"), "[]"),
            ("zero", Some("Complete"), "[0.0]"),
            ("some", Some("Complete"), "[0.0, 3]"),
            ("partial", Some("PartialData"), "[]"),
            ("forbidden", Some("Forbidden"), "[]"),
            ("unsaid", None, "[]"),
            ("text", Some("Complete"), "[\"x\"]"),
            ("later", Some("Complete"), "[]"),
            ("later", Some("Complete"), "[1]"),
        ] {
            let values: Value = serde_json::from_str(values).unwrap();
            let result = serde_json::json!({"Label": group, "StatusCode": status, "Values": values});
            events.read(&serde_json::json!({"MetricDataResults": [result]}));
        }
        events.read(&Value::Null);
        for group in ["none", "zero", "some", "partial", "forbidden", "unsaid", "text", "later", "other"] {
            assert_eq!(events.is_idle(group), matches!(group, "none" | "zero"), "{group}");
        }
    }

    #[test]
    fn bytes_are_known_only_of_a_complete_answer() {
        let result = |group: &str, status: &str, values: &str| {
            let values: Value = serde_json::from_str(values).unwrap();
            serde_json::json!({"Label": group, "StatusCode": status, "Values": values})
        };
        let results = [
            result("some", "Complete", "[5.0, 3]"),
            result("none", "Complete", "[]"),
            result("partial", "PartialData", "[1]"),
            result("text", "Complete", "[\"x\"]"),
            result("less", "Complete", "[-1]"),
        ];
        let bytes = incoming_bytes(&serde_json::json!({"MetricDataResults": results}));
        assert_eq!(bytes, BTreeMap::from([("some".to_owned(), 8), ("none".to_owned(), 0)]));
        assert!(incoming_bytes(&Value::Null).is_empty());
    }

    #[test]
    fn groups_are_asked_about_only_when_their_events_have_arrived() {
        let at = |ms: i64| Timestamp::from_ms(ms).unwrap();
        let names: Vec<String> = (0..1_001).map(|number| format!("/aws/lambda/f{number}")).collect();
        let calls =
            |now| incoming_calls(Incoming::Events, names.iter().map(String::as_str), (at(0), at(3_600_000)), at(now));
        assert!(calls(3_600_000 + LATE_MS).is_empty());
        let calls = calls(3_600_001 + LATE_MS);
        assert_eq!(calls.len(), 3);
        let body = calls[0].body(None);
        assert_eq!((&body["StartTime"], &body["EndTime"]), (&0.into(), &4_560.into()));
    }
}
