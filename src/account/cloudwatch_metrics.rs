//! CloudWatch metrics of functions: the query for them, and the answer of `GetMetricData`.
//!
//! An answer names its metrics only by id and label, so the label of a query says all: function, metric and time. Metrics of
//! Lambda: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::documents;
use crate::model::Timestamp;
use crate::wire::{CloudwatchMetrics, moment};

/// Most queries of one call.
const QUERIES_OF_A_CALL: usize = 500;
/// Milliseconds after which a minute of metrics changes no more.
pub(crate) const SETTLED_MS: i64 = 5 * 60_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Periods, in seconds, that CloudWatch keeps for so many days: of older metrics only the longer ones.
const KEPT: [(i64, i64); 3] = [(15, 60), (63, 300), (i64::MAX, 3_600)];
/// Word in a label of metrics that were asked for before they had settled.
const UNSETTLED: &str = "unsettled";

/// A metric of the namespace `AWS/Lambda`.
#[derive(Debug)]
struct LambdaMetric {
    /// AWS's name.
    name: &'static str,
    /// AWS's word for how data points are joined.
    statistic: Statistic,
    field: fn(&mut CloudwatchMetrics) -> &mut Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    Sum,
    Maximum,
}

impl Statistic {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::Maximum => "Maximum",
        }
    }
}

/// The metrics that are asked for.
const METRICS: [LambdaMetric; 10] = [
    LambdaMetric { name: "Invocations", statistic: Statistic::Sum, field: |of| &mut of.invocations },
    LambdaMetric { name: "Errors", statistic: Statistic::Sum, field: |of| &mut of.errors },
    LambdaMetric { name: "Throttles", statistic: Statistic::Sum, field: |of| &mut of.throttles },
    LambdaMetric {
        name: "ConcurrentExecutions",
        statistic: Statistic::Maximum,
        field: |of| &mut of.concurrent_executions_max,
    },
    LambdaMetric { name: "AsyncEventsReceived", statistic: Statistic::Sum, field: |of| &mut of.async_events_received },
    LambdaMetric { name: "AsyncEventsDropped", statistic: Statistic::Sum, field: |of| &mut of.async_events_dropped },
    LambdaMetric { name: "AsyncEventAge", statistic: Statistic::Maximum, field: |of| &mut of.async_event_age_max_ms },
    LambdaMetric { name: "DeadLetterErrors", statistic: Statistic::Sum, field: |of| &mut of.dead_letter_errors },
    LambdaMetric {
        name: "DestinationDeliveryFailures",
        statistic: Statistic::Sum,
        field: |of| &mut of.destination_delivery_failures,
    },
    LambdaMetric { name: "IteratorAge", statistic: Statistic::Maximum, field: |of| &mut of.iterator_age_max_ms },
];

/// Number of metrics that are asked for of each function.
pub(crate) const METRICS_OF_A_FUNCTION: usize = METRICS.len();

/// Time of which metrics are asked: whole minutes, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MetricWindow {
    start: Timestamp,
    end: Timestamp,
}

impl MetricWindow {
    /// Returns the whole minutes of a log: those that it touches, or if the time was `given`, those that it covers, as what
    /// lies beside it is not in the log. `None` if there are none.
    pub(crate) fn of_log(start: Timestamp, end: Timestamp, given: bool) -> Option<Self> {
        let up = |at: Timestamp| at.ms().div_euclid(MINUTE_MS) + i64::from(at.ms().rem_euclid(MINUTE_MS) > 0);
        let down = |at: Timestamp| at.ms().div_euclid(MINUTE_MS);
        let (start, end) = if given { (up(start), down(end)) } else { (down(start), down(end) + 1) };
        Self::of_minutes(start, end)
    }

    fn of_minutes(start: i64, end: i64) -> Option<Self> {
        let at = |minutes: i64| Timestamp::from_ms(minutes * MINUTE_MS);
        (start < end).then(|| Some(Self { start: at(start)?, end: at(end)? })).flatten()
    }

    /// Returns whether an attempt that began at this time is counted in its metrics.
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Returns whether a log of this time has all of it.
    fn is_within(&self, log: &Self) -> bool {
        log.start <= self.start && self.end <= log.end
    }

    /// Returns the shortest time around it that consists of whole steps.
    fn aligned(self, step_s: i64) -> Self {
        let step = step_s / 60;
        let minutes = |at: Timestamp| at.ms().div_euclid(MINUTE_MS);
        let (start, end) = (minutes(self.start), minutes(self.end));
        let aligned = Self::of_minutes(start.div_euclid(step) * step, (end + step - 1).div_euclid(step) * step);
        aligned.unwrap_or(self)
    }
}

/// Returns the shortest period, in seconds, for which metrics of this age are kept.
fn kept_s(window: MetricWindow, now: Timestamp) -> i64 {
    let age_days = now.ms_since(window.start).max(0) / DAY_MS;
    KEPT.iter().find(|(days, _)| age_days < *days).map_or(3_600, |(_, step)| *step)
}

/// A call of `GetMetricData`, as `aws cloudwatch get-metric-data --cli-input-json` takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDataCall {
    start_time: String,
    end_time: String,
    metric_data_queries: Vec<MetricDataQuery>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataQuery {
    id: String,
    label: String,
    metric_stat: MetricStat,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: MetricName,
    period: i64,
    stat: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricName {
    namespace: &'static str,
    metric_name: &'static str,
    dimensions: [Dimension; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: &'static str,
    value: String,
}

/// Returns the calls that ask for the metrics of these functions. `now` decides how old they are.
pub(crate) fn calls<'f>(
    functions: impl IntoIterator<Item = &'f str>,
    window: MetricWindow,
    now: Timestamp,
) -> Vec<MetricDataCall> {
    let mut queries = Vec::new();
    let step_s = kept_s(window, now);
    let window = window.aligned(step_s);
    let settled = now.ms_since(window.end) >= SETTLED_MS;
    for (number, function) in functions.into_iter().enumerate() {
        for (at, metric) in METRICS.iter().enumerate() {
            let end = if settled { String::new() } else { format!(" {UNSETTLED}") };
            queries.push(MetricDataQuery {
                id: format!("f{number}_{at}"),
                label: format!("{function} {} {}/{}{end}", metric.name, window.start, window.end),
                metric_stat: MetricStat {
                    metric: MetricName {
                        namespace: "AWS/Lambda",
                        metric_name: metric.name,
                        dimensions: [Dimension { name: "FunctionName", value: function.to_owned() }],
                    },
                    period: window.end.ms_since(window.start) / 1_000,
                    stat: metric.statistic.as_str(),
                },
            });
        }
    }
    let mut calls = Vec::new();
    while !queries.is_empty() {
        // All metrics of a function in one call.
        let rest = queries.split_off(queries.len().min(QUERIES_OF_A_CALL / METRICS.len() * METRICS.len()));
        let (start_time, end_time) = (window.start.to_string(), window.end.to_string());
        calls.push(MetricDataCall { start_time, end_time, metric_data_queries: std::mem::replace(&mut queries, rest) });
    }
    calls
}

/// Metrics of all functions of a run.
#[derive(Debug, Default)]
pub struct FunctionMetrics {
    /// By name of the function: its time, its metrics, and those of which the answer is not complete.
    functions: BTreeMap<String, Answered>,
    /// Notes on answers that are not complete, by AWS's word for why.
    incomplete: BTreeMap<String, u64>,
}

/// What was answered of one function.
#[derive(Debug)]
struct Answered {
    window: MetricWindow,
    metrics: CloudwatchMetrics,
    /// Metrics of which a part is missing, by number.
    partial: Vec<usize>,
}

impl FunctionMetrics {
    /// Reads answers of `GetMetricData`. `input` is only for messages of the caller.
    ///
    /// # Errors
    /// When the text is not JSON, ends early or holds no answer to our query.
    pub(crate) fn read(&mut self, text: impl Read) -> Result<(), String> {
        let (mut answers, mut ours) = (0u64, 0u64);
        documents::each(text, |answer: MetricDataAnswer| {
            for result in answer.metric_data_results.into_iter().flatten() {
                answers += 1;
                ours += u64::from(self.take(result));
            }
        })?;
        match (answers, ours) {
            (0, _) => Err("holds no answer of `aws cloudwatch get-metric-data`; save what that prints".to_owned()),
            (_, 0) => Err(
                "its metrics have other labels than those of `lambda-triage cloudwatch-query`, which say what they \
                           are; ask with that query"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Takes one metric. Returns whether its label is one of ours.
    fn take(&mut self, result: MetricDataResult) -> bool {
        let Some(label) = MetricLabel::parse(&result.label) else { return false };
        let Some(at) = METRICS.iter().position(|metric| metric.name == label.metric) else { return false };
        let fresh = || Answered {
            window: label.window,
            metrics: CloudwatchMetrics {
                start: moment(Some(label.window.start)),
                end: moment(Some(label.window.end)),
                settled: !label.unsettled,
                ..CloudwatchMetrics::default()
            },
            partial: Vec::new(),
        };
        let answered = self.functions.entry(label.function.to_owned()).or_insert_with(fresh);
        if answered.window != label.window {
            // Of two times of one function the later counts, whatever the order of the files.
            if (label.window.end, label.window.start) < (answered.window.end, answered.window.start) {
                return true;
            }
            *answered = fresh();
        }
        let status = result.status_code.as_deref().unwrap_or(COMPLETE);
        if status != COMPLETE {
            *self.incomplete.entry(word(status).to_owned()).or_default() += 1;
            answered.partial.push(at);
        }
        let metric = &METRICS[at];
        let slot = (metric.field)(&mut answered.metrics);
        // No data point means none of it, if the answer is complete. Pages of an answer come one after the other.
        let mut value = slot.unwrap_or(0);
        let points = result.values.iter().zip(result.timestamps.iter().map(Some).chain(std::iter::repeat(None)));
        for (point, time) in points {
            // A data point that begins before the time would count what lies before it.
            let begins = time.and_then(|time| Timestamp::parse_prefix(time.as_bytes())).map(|(at, _)| at);
            if !point.is_finite() || *point < 0.0 || begins.is_some_and(|at| !label.window.holds(at)) {
                answered.partial.push(at);
                continue;
            }
            let point = point.round() as u64;
            value = match metric.statistic {
                Statistic::Sum => value.saturating_add(point),
                Statistic::Maximum => value.max(point),
            };
        }
        *slot = Some(value);
        if answered.partial.contains(&at) {
            *(metric.field)(&mut answered.metrics) = None;
        }
        true
    }

    /// Returns the metrics of a function.
    pub(crate) fn of(&self, function: Option<&str>) -> Option<&CloudwatchMetrics> {
        self.functions.get(function?).map(|answered| &answered.metrics)
    }

    /// Returns the time of which the attempts of a function in a log of this time can be held against its metrics.
    pub(crate) fn comparable(&self, function: Option<&str>, log: Option<MetricWindow>) -> Option<MetricWindow> {
        let window = self.functions.get(function?)?.window;
        log.filter(|log| window.is_within(log)).map(|_| window)
    }

    /// Lists the functions with metrics.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// Returns what must be known about the answers.
    pub(crate) fn notes(&self) -> Vec<String> {
        let incomplete = self.incomplete.iter().map(|(status, metrics)| {
            format!("CloudWatch answered {metrics} metrics with {status}: they are not known; ask again")
        });
        incomplete.collect()
    }
}

/// AWS's word for an answer that has all data points.
const COMPLETE: &str = "Complete";

/// Returns a word of AWS, or what stands for anything else.
fn word(text: &str) -> &str {
    let is_word = !text.is_empty() && text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word { text } else { "an unknown status" }
}

/// What the label of a query says.
#[derive(Debug)]
struct MetricLabel<'a> {
    function: &'a str,
    metric: &'a str,
    window: MetricWindow,
    unsettled: bool,
}

impl<'a> MetricLabel<'a> {
    fn parse(label: &'a str) -> Option<Self> {
        let mut words = label.split(' ');
        let (function, metric, time) = (words.next()?, words.next()?, words.next()?);
        let unsettled = match words.next() {
            None => false,
            Some(UNSETTLED) => true,
            Some(_) => return None,
        };
        let (start, end) = time.split_once('/')?;
        let minute = |text: &str| {
            let (at, length) = Timestamp::parse_prefix(text.as_bytes())?;
            (length == text.len() && at.ms() % MINUTE_MS == 0).then(|| at.ms() / MINUTE_MS)
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let named = !function.is_empty() && function.len() <= 140 && function.bytes().all(is_name);
        let window = MetricWindow::of_minutes(minute(start)?, minute(end)?)?;
        named.then_some(Self { function, metric, window, unsettled })
    }
}

/// An answer of `GetMetricData`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataAnswer {
    metric_data_results: Option<Vec<MetricDataResult>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataResult {
    label: String,
    #[serde(default)]
    timestamps: Vec<String>,
    #[serde(default)]
    values: Vec<f64>,
    status_code: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_prefix(text.as_bytes()).unwrap().0
    }

    fn hour() -> MetricWindow {
        MetricWindow::of_log(at("2026-03-01T10:00:00.000Z"), at("2026-03-01T10:59:59.999Z"), false).unwrap()
    }

    /// Returns an answer to all queries, with these data points of metrics; the others have none.
    fn answer(calls: &[MetricDataCall], points: &[(&str, f64)], status: &str) -> String {
        let results = calls.iter().flat_map(|call| &call.metric_data_queries).map(|query| {
            let name = query.metric_stat.metric.metric_name;
            let values: Vec<f64> = points.iter().filter(|(metric, _)| *metric == name).map(|(_, value)| *value).collect();
            let times = vec!["2026-03-01T10:00:00+00:00"; values.len()];
            serde_json::json!({"Id": query.id, "Label": query.label, "Timestamps": times, "Values": values, "StatusCode": status})
        });
        serde_json::json!({"MetricDataResults": results.collect::<Vec<_>>(), "Messages": []}).to_string()
    }

    fn read(text: &str) -> FunctionMetrics {
        let mut metrics = FunctionMetrics::default();
        metrics.read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        metrics
    }

    #[test]
    fn an_answer_to_our_query_tells_each_metric_of_its_function() {
        let calls = calls(["orders", "pay_2"], hour(), at("2026-03-01T12:00:00.000Z"));
        let metrics =
            read(&answer(&calls, &[("Throttles", 7.0), ("Throttles", 2.0), ("IteratorAge", 3.5)], "Complete"));
        assert_eq!(metrics.functions().collect::<Vec<_>>(), ["orders", "pay_2"]);
        let orders = metrics.of(Some("orders")).unwrap();
        assert_eq!((orders.throttles, orders.invocations, orders.iterator_age_max_ms), (Some(9), Some(0), Some(4)));
        assert!(orders.settled);
        assert_eq!(orders.end.as_deref(), Some("2026-03-01T11:00:00.000Z"));
        assert!(metrics.of(Some("other")).is_none() && metrics.of(None).is_none());
    }

    #[test]
    fn what_is_not_complete_is_not_known() {
        let calls = calls(["orders"], hour(), at("2026-03-01T11:01:00.000Z"));
        for status in ["PartialData", "InternalError", "Forbidden", "<script>"] {
            let metrics = read(&answer(&calls, &[("Throttles", 7.0)], status));
            let orders = metrics.of(Some("orders")).unwrap();
            assert_eq!((orders.throttles, orders.invocations), (None, None), "{status}");
            assert!(!orders.settled, "it was asked for a minute after its end");
            assert_eq!(metrics.notes().len(), 1);
            assert!(!metrics.notes()[0].contains('<'));
        }
        // A later page completes nothing that an earlier one lacks.
        let text =
            answer(&calls, &[("Throttles", 7.0)], "PartialData") + &answer(&calls, &[("Throttles", 1.0)], "Complete");
        assert_eq!(read(&text).of(Some("orders")).unwrap().throttles, None);
        // Pages of one answer add up.
        let text =
            answer(&calls, &[("Throttles", 7.0)], "Complete") + &answer(&calls, &[("Throttles", 1.0)], "Complete");
        assert_eq!(read(&text).of(Some("orders")).unwrap().throttles, Some(8));
        // A data point from before the time counts more than was asked.
        let early = answer(&calls, &[("Throttles", 7.0)], "Complete").replace("T10:00:00+00:00", "T09:00:00+00:00");
        assert_eq!(read(&early).of(Some("orders")).unwrap().throttles, None);
    }

    #[test]
    fn of_other_documents_nothing_is_taken() {
        for wrong in [
            "{}",
            "{\"MetricDataResults\":[]}",
            "{\"MetricDataResults\":[{\"Id\":\"m\",\"Label\":\"orders Throttles\",\"Values\":[1]}]}",
            "{\"MetricDataResults\":[{\"Id\":\"m\",\"Label\":\"a<b Throttles 2026-03-01T10:00:00.000Z/2026-03-01T11:00:00.000Z\"}]}",
            "{\"MetricDataResults\":3}",
            "x",
        ] {
            assert!(FunctionMetrics::default().read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_data_point_covers_all_and_no_call_is_too_large() {
        let names: Vec<String> = (0..120).map(|number| format!("f-{number}")).collect();
        let now = at("2026-03-01T12:00:00.000Z");
        let calls = calls(names.iter().map(String::as_str), hour(), now);
        assert_eq!(calls.iter().map(|call| call.metric_data_queries.len()).collect::<Vec<_>>(), [500, 500, 200]);
        // Older metrics are kept for longer periods only: the time that is asked for grows to whole ones, and says so.
        let short =
            MetricWindow::of_log(at("2026-03-01T10:04:10.000Z"), at("2026-03-01T10:05:50.000Z"), false).unwrap();
        for (days, from, to, period) in
            [(0, "10:04", "10:06", 120), (20, "10:00", "10:10", 600), (100, "10:00", "11:00", 3_600)]
        {
            let now = Timestamp::from_ms(now.ms() + days * DAY_MS).unwrap();
            let call = &super::calls(["f"], short, now)[0];
            assert_eq!(call.metric_data_queries[0].metric_stat.period, period);
            assert_eq!(
                call.metric_data_queries[0].label,
                format!("f Invocations 2026-03-01T{from}:00.000Z/2026-03-01T{to}:00.000Z")
            );
            assert_eq!(
                (&call.start_time, &call.end_time),
                (&format!("2026-03-01T{from}:00.000Z"), &format!("2026-03-01T{to}:00.000Z"))
            );
        }
    }

    #[test]
    fn a_time_that_was_given_is_asked_for_as_far_as_its_minutes_are_whole() {
        let window = |from, to, given| {
            MetricWindow::of_log(at(from), at(to), given)
                .map(|window| (window.start.to_string(), window.end.to_string()))
        };
        let want = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        let (from, to) = ("2026-03-01T10:00:30.000Z", "2026-03-01T11:00:30.000Z");
        assert_eq!(window(from, to, true), want("2026-03-01T10:01:00.000Z", "2026-03-01T11:00:00.000Z"));
        assert_eq!(window(from, to, false), want("2026-03-01T10:00:00.000Z", "2026-03-01T11:01:00.000Z"));
        assert_eq!(window(from, "2026-03-01T10:00:50.000Z", true), None);
    }
}
