//! Lines of other logs that occur beside or among invocation logs: pollers, metrics, workflows, gateways.

use super::error_object::{Object, text_at};
use super::insights::is_insights;
use super::text::uuid;

/// Returns the kind of log that writes such an object.
pub(super) fn of_object(object: &Object<'_>) -> Option<&'static str> {
    let has = |keys: &[&str]| keys.iter().all(|key| object.contains_key(key));
    if has(&["eventType", "eventSourceArn"]) && (has(&["eventProcessorId"]) || has(&["logLevel"])) {
        return Some("Kafka event source mapping");
    }
    if is_insights(object) {
        return Some("Lambda Insights");
    }
    if has(&["execution_arn", "event_timestamp", "type"]) {
        return Some("Step Functions");
    }
    if has(&["requestId", "httpMethod", "resourcePath"]) && (has(&["protocol"]) || has(&["ip"])) {
        return Some("API Gateway access log");
    }
    is_capacity_provider(object).then_some("Lambda capacity provider")
}

fn is_capacity_provider(object: &Object<'_>) -> bool {
    const EVENTS: [&str; 7] =
        ["Launching", "Launched", "LaunchFailed", "Terminating", "Terminated", "TerminateFailed", "HealthCheckFailed"];
    object.keys().any(|key| key.to_ascii_lowercase().starts_with("capacityprovider"))
        && text_at(object, &["event", "eventType", "type", "state"]).is_some_and(|event| EVENTS.contains(&event))
}

/// Recognises a line of an API Gateway execution log: `(<id>) <sentence>`.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    const SENTENCES: [&str; 13] = [
        "Extended Request Id:",
        "Verifying Usage Plan",
        "API Key",
        "Starting execution for request",
        "HTTP Method:",
        "Method request ",
        "Endpoint re",
        "Sending request to ",
        "Received response. ",
        "Method response ",
        "Method completed with status",
        "Successfully completed execution",
        "Execution failed due to",
    ];
    let rest = text.strip_prefix('(')?;
    let (_, rest) = uuid(rest)?;
    let said = rest.strip_prefix(") ")?;
    SENTENCES.iter().any(|sentence| said.starts_with(sentence)).then_some("API Gateway execution log")
}
