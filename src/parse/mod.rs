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
mod custom_runtime;
mod cut_object;
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
pub(crate) use cut_object::lacks_end as is_cut_object;
pub(crate) use filter::Sieve;
pub use filter::may_matter;
pub(crate) use insights::insights_reading;
pub(crate) use joiner::{JoinedMessage, Joiner};
pub(crate) use restore::restored;

use serde_json_borrow::Value;

use crate::model::{AppLine, ErrorForm, Statement};

/// Shape in which a runtime, its client or its loggers write a line.
struct TextShape {
    /// Beginnings of lines that have none of the fragments and levels that [`filter`] searches for: without them the
    /// pre-filter would dismiss such lines.
    begins: &'static [&'static str],
    parse: fn(&str) -> Option<AppLine<'static>>,
}

/// Text shapes of a function's runtime or its loggers, in order; the first that recognises a text decides.
static TEXT_SHAPES: [TextShape; 11] = [
    invoke::SHAPE,
    custom_runtime::SHAPE,
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
        && let Some((object, behind)) = error_object::split_object(text)
    {
        if let Some(glued) = error_behind(behind) {
            return glued;
        }
        if let Some(timed_out) = structured::answer_of_timeout(&object) {
            return timed_out;
        }
        return match foreign::of_object(&object) {
            Some(name) => Statement::Foreign(name),
            None => invoke::with_title(unwrapped(&object), text),
        };
    }
    if let Some(cut) = cut_object::parse(text) {
        return error_below(text).unwrap_or(cut);
    }
    if let Some(name) = foreign::of_text(text) {
        return Statement::Foreign(name);
    }
    let plain = text::without_colour(text);
    let line = TEXT_SHAPES.iter().find_map(|shape| (shape.parse)(&plain)).unwrap_or_else(|| generic::parse(&plain));
    Statement::App(Box::new(line))
}

/// Values in a row on one line, at most.
const MOST_IN_ROW: usize = 4;

/// Returns the error that a runtime wrote directly behind an object, which a logger wrote without a line end.
fn error_behind(mut behind: &str) -> Option<Statement<'static>> {
    for _ in 0..MOST_IN_ROW {
        behind = behind.trim_start_matches(' ');
        let Some((object, rest)) = behind.strip_prefix('{').and_then(|_| error_object::split_object(behind)) else {
            break;
        };
        let line = structured::of_object(&object);
        if line.error.as_ref().is_some_and(|error| error.form != ErrorForm::Logged) {
            return Some(Statement::App(Box::new(line)));
        }
        behind = rest;
    }
    if behind.is_empty() || behind.starts_with(['{', '\n', '\r']) {
        return None;
    }
    let plain = text::without_colour(behind);
    let line = TEXT_SHAPES.iter().find_map(|shape| (shape.parse)(&plain))?;
    let ends = line.error.as_ref().is_some_and(|error| error.form != ErrorForm::Logged);
    ends.then(|| Statement::App(Box::new(line)))
}

/// Returns the first error that ends an attempt in the lines behind an object that was cut, which were taken for the rest of it.
fn error_below(text: &str) -> Option<Statement<'static>> {
    let ends = |line: &AppLine<'_>| line.error.as_ref().is_some_and(|error| error.form != ErrorForm::Logged);
    let mut rest = text;
    while let Some((_, below)) = rest.split_once('\n') {
        if joiner::may_open(text::first_line(below).0)
            && let Statement::App(line) = of_function(text::trim_front(below))
            && ends(&line)
        {
            return Some(Statement::App(line));
        }
        rest = below;
    }
    None
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
