//! CloudWatch metrics of functions: the query for them, and the answer of `GetMetricData`.
//!
//! An answer names its metrics only by id and label, so the label of a query says all: function, metric, time, account and
//! region. Metrics of Lambda: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::documents;
use crate::model::Timestamp;
use crate::wire::{CloudwatchMetrics, Redaction, moment};

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
/// What stands in a label for an account that is not known.
const UNKNOWN: &str = "-";

/// A metric of the namespace `AWS/Lambda`.
#[derive(Debug)]
struct LambdaMetric {
    /// AWS's name.
    name: &'static str,
    /// AWS's word for how data points are joined.
    statistic: Statistic,
    field: fn(&mut CloudwatchMetrics) -> &mut Option<u64>,
}

impl LambdaMetric {
    fn is_unknown(&self, of: &Answered) -> bool {
        (self.field)(&mut of.metrics.clone()).is_none()
    }
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

    /// Returns how much of it lies before and behind a time, in milliseconds.
    fn beside(&self, start: Timestamp, end: Timestamp) -> i64 {
        start.ms_since(self.start).max(0) + self.end.ms_since(end).max(0)
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

/// Where functions are. Of one name there may be one in every region of every account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MetricPlace {
    /// Account id, if known.
    pub(crate) account_id: Option<String>,
    /// Region, if known.
    pub(crate) region: Option<String>,
}

impl MetricPlace {
    /// Returns what is known of a place.
    pub(crate) fn new(account_id: Option<&str>, region: Option<&str>) -> Self {
        Self { account_id: account_id.map(str::to_owned), region: region.map(str::to_owned) }
    }

    /// Returns how many parts of it are the same; `None` if one is another.
    fn likeness(&self, account_id: Option<&str>, region: Option<&str>) -> Option<u32> {
        let parts = [(self.account_id.as_deref(), account_id), (self.region.as_deref(), region)];
        parts.into_iter().try_fold(0, |same, part| match part {
            (Some(ours), Some(theirs)) => (ours == theirs).then_some(same + 1),
            _ => Some(same),
        })
    }
}

/// A call of `GetMetricData`, as `aws cloudwatch get-metric-data --cli-input-json` takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDataCall {
    start_time: String,
    end_time: String,
    metric_data_queries: Vec<MetricDataQuery>,
}

#[cfg(any(test, feature = "cloudwatch"))]
impl MetricDataCall {
    /// Returns the call as the API takes it, where times are numbers. `token` asks for a further page.
    pub(crate) fn body(&self, token: Option<&str>) -> serde_json::Value {
        let seconds = |time: &str| Timestamp::parse_prefix(time.as_bytes()).map(|(at, _)| at.ms().div_euclid(1_000));
        let mut body = serde_json::json!({
            "StartTime": seconds(&self.start_time),
            "EndTime": seconds(&self.end_time),
            "MetricDataQueries": self.metric_data_queries,
        });
        if let Some(token) = token {
            body["NextToken"] = token.into();
        }
        body
    }
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

/// Returns the calls that ask for the metrics of these functions of one place. `now` decides how old they are.
pub(crate) fn calls<'f>(
    functions: impl IntoIterator<Item = &'f str>,
    place: &MetricPlace,
    window: MetricWindow,
    now: Timestamp,
) -> Vec<MetricDataCall> {
    let mut queries = Vec::new();
    let step_s = kept_s(window, now);
    let window = window.aligned(step_s);
    let settled = now.ms_since(window.end) >= SETTLED_MS;
    let mut end = if settled { String::new() } else { format!(" {UNSETTLED}") };
    if let Some(region) = &place.region {
        end.push_str(&format!(" {}/{region}", place.account_id.as_deref().unwrap_or(UNKNOWN)));
    }
    for (number, function) in functions.into_iter().enumerate() {
        for (at, metric) in METRICS.iter().enumerate() {
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
    // All metrics of a function in one call.
    divided(queries, QUERIES_OF_A_CALL / METRICS.len() * METRICS.len(), window)
}

/// Returns the calls that ask how many log events groups took, with the group as label.
#[cfg(feature = "cloudwatch")]
pub(super) fn calls_for_groups<'g>(
    metric_name: &'static str,
    groups: impl IntoIterator<Item = &'g str>,
    window: MetricWindow,
    now: Timestamp,
) -> Vec<MetricDataCall> {
    let window = window.aligned(kept_s(window, now));
    let query = |(number, group): (usize, &str)| MetricDataQuery {
        id: format!("g{number}"),
        label: group.to_owned(),
        metric_stat: MetricStat {
            metric: MetricName {
                namespace: "AWS/Logs",
                metric_name,
                dimensions: [Dimension { name: "LogGroupName", value: group.to_owned() }],
            },
            period: window.end.ms_since(window.start) / 1_000,
            stat: Statistic::Sum.as_str(),
        },
    };
    divided(groups.into_iter().enumerate().map(query).collect(), QUERIES_OF_A_CALL, window)
}

/// Divides queries into calls of at most so many.
fn divided(mut queries: Vec<MetricDataQuery>, most: usize, window: MetricWindow) -> Vec<MetricDataCall> {
    let mut calls = Vec::new();
    while !queries.is_empty() {
        let rest = queries.split_off(queries.len().min(most));
        let (start_time, end_time) = (window.start.to_string(), window.end.to_string());
        calls.push(MetricDataCall { start_time, end_time, metric_data_queries: std::mem::replace(&mut queries, rest) });
    }
    calls
}

/// Price of a metric in USD, in every region: <https://aws.amazon.com/cloudwatch/pricing/>.
const USD_OF_A_METRIC: f64 = 0.01 / 1_000.0;
/// Cost, in USD, from which on it is named.
const NAMED_FROM_USD: f64 = 1.0;

/// Returns what this many metrics cost in USD, if that is to be named.
pub(crate) fn cost_to_name(metrics: usize) -> Option<f64> {
    Some(metrics as f64 * USD_OF_A_METRIC).filter(|usd| *usd > NAMED_FROM_USD)
}

/// Metrics of all functions of a run.
#[derive(Clone, Debug, Default)]
pub struct FunctionMetrics {
    /// By name and place of the function: its time, its metrics, and those of which the answer is not complete.
    functions: BTreeMap<(String, MetricPlace), Answered>,
    /// Notes on answers that are not complete, by AWS's word for why.
    incomplete: BTreeMap<String, u64>,
}

/// What was answered of one function.
#[derive(Clone, Debug)]
struct Answered {
    window: MetricWindow,
    metrics: CloudwatchMetrics,
    /// Metrics of which a part is missing, by number.
    partial: Vec<usize>,
    /// Data points that were counted, by metric and time: the same answer may be read twice.
    seen: BTreeSet<(usize, i64)>,
}

/// How the time of a function's metrics lies to that of its log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetricFit {
    /// Time of the metrics.
    window: MetricWindow,
    /// Whether the log has all of it, so that its attempts can be counted against it.
    is_logged: bool,
    /// Whether it has all whole minutes of the log.
    covers_log: bool,
    /// Whether it has no minute beside those of the log.
    is_within_log: bool,
    /// Milliseconds of it in minutes that the log touches, before its first and after its last attempt.
    beside_log_ms: i64,
}

impl MetricFit {
    /// Returns whether an attempt that began at this time is held against the metrics.
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.is_logged && self.window.holds(at)
    }

    /// Returns a number of attempts, if the log has all of them.
    pub(crate) fn logged(&self, attempts: u64) -> Option<u64> {
        self.is_logged.then_some(attempts)
    }

    /// Returns how many of these invocations the log may lack because it begins or ends within a minute: twice as many as are
    /// usual in that time, for what is invoked comes in outbursts.
    pub(crate) fn beside_log(&self, invocations: u64) -> u64 {
        let all = u128::try_from(self.window.end.ms_since(self.window.start)).unwrap_or(0).max(1);
        let beside = u128::try_from(self.beside_log_ms).unwrap_or(0);
        u64::try_from(u128::from(invocations) * 2 * beside / all).unwrap_or(u64::MAX)
    }

    /// Returns a count of the metrics as one of the time of the log: none of a longer time is none of that.
    pub(crate) fn of_log(&self, count: Option<u64>) -> Option<u64> {
        count.filter(|count| self.covers_log && (self.is_within_log || *count == 0))
    }
}

impl FunctionMetrics {
    /// Reads answers of `GetMetricData`. `input` is only for messages of the caller.
    ///
    /// # Errors
    /// When the text is not JSON, ends early or holds no answer to our query.
    pub(crate) fn read(&mut self, text: impl Read) -> Result<(), String> {
        let (mut answers, mut ours, mut goes_on) = (0u64, 0u64, false);
        documents::each(text, |answer: MetricDataAnswer| {
            goes_on = answer.next_token.is_some();
            for result in answer.metric_data_results.into_iter().flatten() {
                answers += 1;
                ours += u64::from(self.take(result));
            }
        })?;
        match (answers, ours) {
            _ if goes_on => {
                Err("is cut short: more pages of the answer follow; save all of them (without --max-items)".to_owned())
            }
            (0, _) => Err("holds no answer of `aws cloudwatch get-metric-data`; save what that prints".to_owned()),
            (_, 0) => Err(
                "its metrics have other labels than those of `lambda-triage cloudwatch-query`, which say what they \
                           are; ask with that query"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Adds what another answer tells. Of two of one function and time the one that lacks less counts: they are not pages
    /// of one answer.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, theirs) in other.functions {
            let lacking = |of: &Answered| {
                of.partial.iter().collect::<BTreeSet<_>>().len()
                    + METRICS.iter().filter(|metric| metric.is_unknown(of)).count()
            };
            let rank =
                |of: &Answered| (of.window.end, of.window.start, std::cmp::Reverse(lacking(of)), of.metrics.settled);
            match self.functions.entry(key) {
                Entry::Vacant(entry) => drop(entry.insert(theirs)),
                Entry::Occupied(mut entry) if rank(entry.get()) < rank(&theirs) => drop(entry.insert(theirs)),
                Entry::Occupied(_) => {}
            }
        }
        for (status, metrics) in other.incomplete {
            *self.incomplete.entry(status).or_default() += metrics;
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
            seen: BTreeSet::new(),
        };
        let answered = self.functions.entry((label.function.to_owned(), label.place)).or_insert_with(fresh);
        if answered.window != label.window {
            // Of two times of one function the later counts, whatever the order of the files.
            if (label.window.end, label.window.start) < (answered.window.end, answered.window.start) {
                return true;
            }
            *answered = fresh();
        }
        let status = result.status_code.as_deref().unwrap_or_default();
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
            let begins = time.and_then(MetricTime::moment).filter(|at| label.window.holds(*at));
            let Some(begins) = begins.filter(|_| point.is_finite() && *point >= 0.0) else {
                answered.partial.push(at);
                continue;
            };
            if !answered.seen.insert((at, begins.ms())) {
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

    /// Finds what was answered of a function: where it is not known where one of them is, only if there is no other.
    fn find(&self, function: Option<&str>, account_id: Option<&str>, region: Option<&str>) -> Option<&Answered> {
        let function = function?;
        let first = (function.to_owned(), MetricPlace::default());
        let of_name = self.functions.range(first..).take_while(|((name, _), _)| name == function);
        let mut alike: Vec<(u32, &Answered)> = of_name
            .filter_map(|((_, place), answered)| Some((place.likeness(account_id, region)?, answered)))
            .collect();
        alike.sort_by_key(|(same, _)| std::cmp::Reverse(*same));
        match alike[..] {
            [(best, _), (next, _), ..] if best == next => None,
            [(_, answered), ..] => Some(answered),
            [] => None,
        }
    }

    /// Returns the metrics of a function.
    pub(crate) fn of(
        &self,
        function: Option<&str>,
        account_id: Option<&str>,
        region: Option<&str>,
    ) -> Option<&CloudwatchMetrics> {
        self.find(function, account_id, region).map(|answered| &answered.metrics)
    }

    /// Returns how the time of a function's metrics lies to that of a log from `start` to `end`, which were `given` or are
    /// those of its attempts.
    pub(crate) fn fit(
        &self,
        function: Option<&str>,
        (account_id, region): (Option<&str>, Option<&str>),
        (start, end): (Timestamp, Timestamp),
        given: bool,
    ) -> Option<MetricFit> {
        let window = self.find(function, account_id, region)?.window;
        let touched = MetricWindow::of_log(start, end, false)?;
        let whole = MetricWindow::of_log(start, end, true);
        let logged = if given { whole } else { Some(touched) };
        Some(MetricFit {
            window,
            is_logged: logged.is_some_and(|logged| window.is_within(&logged)),
            covers_log: whole.unwrap_or(touched).is_within(&window),
            is_within_log: window.is_within(&touched),
            beside_log_ms: if given { 0 } else { window.beside(start, end) },
        })
    }

    /// Masks the names of functions, as those in logs are.
    pub(crate) fn mask(&mut self, redaction: &Redaction) {
        let masked = std::mem::take(&mut self.functions).into_iter();
        self.functions = masked.map(|((name, place), answered)| ((redaction.apply(&name), place), answered)).collect();
    }

    /// Lists the functions with metrics.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (&str, &MetricPlace)> {
        self.functions.keys().map(|(name, place)| (name.as_str(), place))
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
    place: MetricPlace,
}

impl<'a> MetricLabel<'a> {
    fn parse(label: &'a str) -> Option<Self> {
        let mut words = label.split(' ');
        let (function, metric, time) = (words.next()?, words.next()?, words.next()?);
        let mut next = words.next();
        let unsettled = next == Some(UNSETTLED);
        if unsettled {
            next = words.next();
        }
        let place = next.map_or(Some(MetricPlace::default()), place_of)?;
        if words.next().is_some() {
            return None;
        }
        let (start, end) = time.split_once('/')?;
        let minute = |text: &str| {
            let (at, length) = Timestamp::parse_prefix(text.as_bytes())?;
            (length == text.len() && at.ms() % MINUTE_MS == 0).then(|| at.ms() / MINUTE_MS)
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let named = !function.is_empty() && function.len() <= 140 && function.bytes().all(is_name);
        let window = MetricWindow::of_minutes(minute(start)?, minute(end)?)?;
        named.then_some(Self { function, metric, window, unsettled, place })
    }
}

/// Reads an account and a region.
fn place_of(text: &str) -> Option<MetricPlace> {
    let (account, region) = text.split_once('/')?;
    let is_account = account == UNKNOWN || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_region = !region.is_empty() && region.len() <= 40 && region.bytes().all(is_word);
    (is_account && is_region)
        .then(|| MetricPlace::new(Some(account).filter(|account| *account != UNKNOWN), Some(region)))
}

/// An answer of `GetMetricData`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataAnswer {
    /// Something, if the answer goes on.
    next_token: Option<serde::de::IgnoredAny>,
    metric_data_results: Option<Vec<MetricDataResult>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataResult {
    label: String,
    #[serde(default)]
    timestamps: Vec<MetricTime>,
    #[serde(default)]
    values: Vec<f64>,
    status_code: Option<String>,
}

/// Time of a data point: a text in what the AWS CLI prints, seconds since 1970 in what the API answers.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum MetricTime {
    Text(String),
    Seconds(f64),
}

impl MetricTime {
    fn moment(&self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => Timestamp::parse_prefix(text.as_bytes()).map(|(at, _)| at),
            Self::Seconds(seconds) => Timestamp::from_ms((seconds * 1_000.0).round() as i64),
        }
    }
}

#[cfg(test)]
mod tests;
