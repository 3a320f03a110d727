//! Events of Lambda Insights: one for each attempt, in the embedded metric format.
//!
//! The documentation gives `used_memory_max` in megabytes in one table and in bytes in another; the published example has
//! megabytes.

use memchr::memmem;
use serde_json_borrow::Value;

use super::error_object::{Object, at, first_object, member};
use crate::model::{InsightsReading, RequestId, Timestamp};

/// Namespace of its metrics. Those that a function writes itself have the same form, and another namespace.
const NAMESPACE: &str = "LambdaInsights";
/// Least figure that can be no number of megabytes: no function has a terabyte.
const BYTES_FROM: u64 = 1 << 20;
/// Bytes of a megabyte.
const MEGABYTE: u64 = 1 << 20;

/// Bytes that may stand before an event in its line: what a tool puts there.
const MOST_BEFORE: usize = 256;

/// Deepest value of a document in which an event may be.
const DEEPEST: usize = 4;

/// Reads an event of Lambda Insights, if the text is one, behind what a tool put before it; `None` if it is about no request.
/// A log that has nothing else shows no sentence of the platform from which its shape could be learned, so the text may also be
/// a document or the row of a table with an event in it.
pub(crate) fn insights_reading(text: &str) -> Option<InsightsReading> {
    // Hardly any text is one.
    memmem::find(text.as_bytes(), NAMESPACE.as_bytes())?;
    let start = text.bytes().take(MOST_BEFORE).position(|byte| byte == b'{')?;
    let rest = text.get(start..)?;
    if let Some(object) = first_object(rest) {
        return in_object(&object, DEEPEST);
    }
    let end = rest.rfind('}')? + 1;
    let cell = rest.get(..end)?.replace("\"\"", "\"");
    in_object(&first_object(&cell)?, 0)
}

/// Reads the event that an object is, or that one of its members is or has as a text.
fn in_object(object: &Object<'_>, depth: usize) -> Option<InsightsReading> {
    if let Some(reading) = of_object(object) {
        return Some(reading);
    }
    let depth = depth.checked_sub(1)?;
    object.as_vec().iter().find_map(|(_, value)| match value {
        Value::Object(inner) => in_object(inner, depth),
        Value::Str(text) if text.starts_with('{') => {
            memmem::find(text.as_bytes(), NAMESPACE.as_bytes())?;
            in_object(&first_object(text)?, 0)
        }
        _ => None,
    })
}

/// Reads an object as an event about one attempt.
fn of_object(object: &Object<'_>) -> Option<InsightsReading> {
    if !is_insights(object) {
        return None;
    }
    let figure = |name: &str| member(object, name).and_then(figure);
    let request_id = RequestId::read(member(object, "request_id")?.as_str()?).filter(|id| !id.is_anonymous())?;
    let tmp_size_bytes = figure("tmp_max");
    let tmp_free = figure("tmp_free");
    let tmp_used =
        figure("tmp_used").or_else(|| tmp_size_bytes.zip(tmp_free).map(|(size, free)| size.saturating_sub(free)));
    let cpu =
        || figure("cpu_user_time").zip(figure("cpu_system_time")).map(|(user, system)| user.saturating_add(system));
    let written_at = at(object, "_aws.Timestamp").and_then(Value::as_i64).and_then(Timestamp::from_ms);
    Some(InsightsReading {
        request_id,
        at: written_at,
        function: member(object, "function_name")
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty())
            .map(Into::into),
        duration_ms: figure("duration"),
        cpu_ms: figure("cpu_total_time").or_else(cpu),
        memory_used_mb: figure("used_memory_max").map(megabytes),
        memory_size_mb: figure("total_memory").map(megabytes),
        tmp_used_bytes: tmp_used,
        tmp_size_bytes,
        open_files: figure("fd_use"),
        open_files_limit: figure("fd_max"),
    })
}

/// Returns whether an object has metrics of Lambda Insights.
pub(super) fn is_insights(object: &Object<'_>) -> bool {
    let directives = at(object, "_aws.CloudWatchMetrics").and_then(Value::as_array);
    directives
        .into_iter()
        .flatten()
        .filter_map(|directive| member(directive.as_object()?, "Namespace")?.as_str())
        .any(|name| name == NAMESPACE)
}

fn figure(value: &Value<'_>) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..=u32::MAX as f64).contains(number))?;
        Some(number.round() as u64)
    })
}

fn megabytes(figure: u64) -> u64 {
    if figure >= BYTES_FROM { figure / MEGABYTE } else { figure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_figures() {
        let text = r#"{"_aws":{"Timestamp":1767312000000,"CloudWatchMetrics":[{"Namespace":"LambdaInsights"}]},
            "function_name":"orders","request_id":"6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34","duration":3000,"cpu_total_time":90.4,
            "used_memory_max":129,"total_memory":256,"tmp_free":524288,"tmp_max":2097152,"fd_use":40,"fd_max":1024}"#;
        let read = insights_reading(text).expect("an event");
        assert_eq!((read.function.as_deref(), read.at.map(Timestamp::ms)), (Some("orders"), Some(1_767_312_000_000)));
        assert_eq!((read.duration_ms, read.cpu_ms), (Some(3_000), Some(90)));
        assert_eq!((read.memory_used_mb, read.memory_size_mb), (Some(129), Some(256)));
        assert_eq!((read.tmp_used_bytes, read.tmp_size_bytes), (Some(1_572_864), Some(2_097_152)));
        assert_eq!((read.open_files, read.open_files_limit), (Some(40), Some(1_024)));
    }

    #[test]
    fn memory_in_bytes_is_memory_in_megabytes() {
        let text = r#"{"_aws":{"CloudWatchMetrics":[{"Namespace":"LambdaInsights"}]},
            "request_id":"6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34","used_memory_max":135266304,"cpu_user_time":7,"cpu_system_time":2}"#;
        let read = insights_reading(text).expect("an event");
        assert_eq!((read.memory_used_mb, read.cpu_ms, read.at), (Some(129), Some(9), None));
    }

    #[test]
    fn metrics_of_others_and_events_without_a_request_are_none() {
        for text in [
            r#"{"_aws":{"CloudWatchMetrics":[{"Namespace":"Shop"}]},"request_id":"6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34"}"#,
            r#"{"_aws":{"CloudWatchMetrics":[{"Namespace":"LambdaInsights"}]},"cpu_total_time":1}"#,
            r#"{"_aws":{"CloudWatchMetrics":[{"Namespace":"LambdaInsights"}]},"request_id":7}"#,
            r#"{"request_id":"6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34","cpu_total_time":1}"#,
            "{",
            "LambdaInsights",
        ] {
            assert_eq!(insights_reading(text), None, "{text}");
        }
    }
}
