//! Parsing of messages into statements: lines of the platform in text or JSON, and lines of the function. Never fails.
//!
//! Each file owns the shapes of one writer. [`parse`] tries them in order and the first that recognises the message
//! decides, so a shape may rely on what those before it have refused. [`may_matter`] dismisses ordinary lines
//! beforehand, and [`Joiner`] joins the messages over which one error was written.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod canonical;
mod canonical_json;
mod client_payload;
mod crash;
mod dotnet;
mod emulator;
mod error_object;
mod exception;
mod filter;
mod foreign;
mod frame;
mod generic;
mod go;
mod insights;
mod invoke;
mod java;
mod joiner;
mod level;
mod loading;
mod node;
mod platform_json;
mod platform_text;
mod python;
mod restore;
mod ruby;
mod rust_runtime;
#[cfg(test)]
pub(crate) mod samples;
mod spoilt_report;
mod spoilt_sentence;
mod structured;
mod swift;
mod text;

pub use canonical::platform_line;
pub(crate) use canonical_json::platform_json_line;
pub(crate) use filter::Sieve;
pub use filter::may_matter;
pub(crate) use insights::insights_reading;
pub(crate) use joiner::{JoinedMessage, Joiner};
pub(crate) use restore::restored;

use serde_json_borrow::Value;

use crate::model::{AppLine, Statement};

/// Shape in which a runtime, its client or its loggers write a line.
struct TextShape {
    /// Beginnings of lines that have none of the fragments and levels that [`filter`] searches for: without them the
    /// pre-filter would dismiss such lines.
    begins: &'static [&'static str],
    parse: fn(&str) -> Option<AppLine<'static>>,
}

/// Text shapes of a function's runtime or its loggers, in order; the first that recognises a text decides.
static TEXT_SHAPES: [TextShape; 10] = [
    invoke::SHAPE,
    node::SHAPE,
    dotnet::SHAPE,
    python::SHAPE,
    ruby::SHAPE,
    go::SHAPE,
    java::SHAPE,
    swift::SHAPE,
    rust_runtime::SHAPE,
    crash::SHAPE,
];

/// Parses one message.
#[must_use]
pub fn parse(message: &str) -> Statement<'_> {
    platform_json::parse(message)
        .or_else(|| platform_text::parse(message))
        .or_else(|| emulator::parse(text::trim_front(message)))
        .unwrap_or_else(|| of_function(text::trim_front(message)))
}

fn of_function(text: &str) -> Statement<'static> {
    if let Some(reading) = insights_reading(text) {
        return Statement::Insights(Box::new(reading));
    }
    if text.starts_with('{')
        && let Some(object) = error_object::first_object(text)
    {
        if let Some(timed_out) = structured::answer_of_timeout(&object) {
            return timed_out;
        }
        return match foreign::of_object(&object) {
            Some(name) => Statement::Foreign(name),
            None => invoke::with_title(unwrapped(&object), text),
        };
    }
    if let Some(name) = foreign::of_text(text) {
        return Statement::Foreign(name);
    }
    let plain = text::without_colour(text);
    let line = TEXT_SHAPES.iter().find_map(|shape| (shape.parse)(&plain)).unwrap_or_else(|| generic::parse(&plain));
    Statement::App(Box::new(line))
}

/// Parses the line in an object. Forwarders of the Telemetry API wrap it as `{"time","type":"function","record"}`.
fn unwrapped(object: &error_object::Object<'_>) -> Statement<'static> {
    let wrapped = matches!(error_object::text_at(object, &["type"]), Some("function" | "extension"))
        && object.contains_key("time");
    let line = match error_object::member(object, "record").filter(|_| wrapped) {
        Some(Value::Str(inner)) => match of_function(text::trim_front(inner)) {
            Statement::App(line) => *line,
            other => return other,
        },
        Some(Value::Object(inner)) => structured::of_object(inner),
        _ => structured::of_object(object),
    };
    Statement::App(Box::new(line))
}
