//! Errors as JSON objects, as written by the runtime clients of Node, Go and Ruby and by JSON loggers.

use std::borrow::Cow;

use serde_json_borrow::{ObjectAsVec, Value};

use super::exception::owned;
use super::text::{is_type_name, lines};
use super::{frame, loading};
use crate::model::{AppError, ErrorForm};

/// Members of an object, borrowed from the text. There are few, so a linear search is cheaper than a map.
pub(super) type Object<'t> = ObjectAsVec<'t>;

/// Parses the first JSON value in `text`, if it is an object; the rest is ignored.
pub(super) fn first_object(text: &str) -> Option<Object<'_>> {
    let mut values = serde_json::Deserializer::from_str(text.trim_start()).into_iter::<Value<'_>>();
    match values.next()? {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Splits a text into the object with which it begins, and what stands behind it.
pub(super) fn split_object(text: &str) -> Option<(Object<'_>, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value<'_>>();
    match values.next()? {
        Ok(Value::Object(object)) => Some((object, text.get(values.byte_offset()..)?)),
        _ => None,
    }
}

/// Returns the member of a name; the last one of duplicates, like every JSON reader that loggers were written for.
pub(super) fn member<'a, 't>(object: &'a Object<'t>, name: &str) -> Option<&'a Value<'t>> {
    object.as_vec().iter().rfind(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Returns the string at the first of `names` that has one. A dot leads into an inner object.
pub(super) fn text_at<'a>(object: &'a Object<'_>, names: &[&str]) -> Option<&'a str> {
    all_at(object, names).find_map(|value| value.as_str().filter(|text| !text.is_empty()))
}

/// Returns the values at those paths that exist. Few objects have keys with dots or objects inside; in the others the
/// paths are only compared as keys.
pub(super) fn all_at<'a, 't>(object: &'a Object<'t>, paths: &[&str]) -> impl Iterator<Item = &'a Value<'t>> {
    let nested = object.as_vec().iter().any(|(key, value)| value.is_object() || key.contains('.'));
    paths.iter().filter_map(move |path| if nested { at(object, path) } else { member(object, path) })
}

/// Returns the member at a path with dots.
pub(super) fn at<'a, 't>(object: &'a Object<'t>, path: &str) -> Option<&'a Value<'t>> {
    if let Some(value) = member(object, path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at(member(object, first)?.as_object()?, rest)
}

const TYPES: [&str; 10] = [
    "errorType",
    "error.name",
    "exception_name",
    "exception.type",
    "error.type",
    "exception.class",
    "err.type",
    "err.name",
    "error.errorType",
    "exception.exceptionType",
];
const MESSAGES: [&str; 5] = ["errorMessage", "error.message", "exception.message", "err.message", "error.errorMessage"];
const STACKS: [&str; 10] = [
    "stackTrace",
    "stack",
    "trace",
    "error.stack",
    "stack_trace",
    "stack_trace.frames",
    "exception.stack_trace",
    "exception",
    "err.stack",
    "error.stackTrace",
];

/// Reads the error that an object describes; members that it lacks stay empty.
pub(super) fn error(form: ErrorForm, object: &Object<'_>) -> AppError<'static> {
    let reason = member(object, "reason").and_then(Value::as_object);
    AppError {
        error_type: text_at(object, &TYPES).and_then(owned),
        message: text_at(object, &MESSAGES).and_then(owned),
        frame: reason.and_then(frame_of).or_else(|| frame_of(object)).map(Cow::Owned),
        is_of_loading: all_at(object, &STACKS).any(is_of_loading),
        code: reason.and_then(code).or_else(|| code(object)),
        http_status: http_status(object)
            .or_else(|| reason.and_then(own_status))
            .or_else(|| thrown_status(form, object)),
        reason: text_at(object, &["Reason", "error.Reason", "err.Reason", "reason.Reason"]).and_then(owned),
        cause: cause(object),
        url: reason.and_then(request_url).or_else(|| host_url(object)).or_else(|| answer_url(object)),
        ..AppError::of(form)
    }
}

/// Reads the error that an object describes by its own `toJSON`, which `JSON.stringify` calls before the client can add
/// `errorType` and `errorMessage`: axios (with the request), mongoose and other libraries define one.
pub(super) fn self_described(form: ErrorForm, object: &Object<'_>) -> AppError<'static> {
    let text = |name| member(object, name).and_then(Value::as_str).and_then(owned);
    let known = error(form, object);
    AppError {
        error_type: known.error_type.or_else(|| text("name")),
        message: known.message.or_else(|| text("message")),
        url: request_url(object).or(known.url),
        ..known
    }
}

/// Returns whether an object describes itself as an error. Any object may have a message, and names that end like those
/// of errors need not be errors (`SoftTimeout`): so either the stack must begin with the name, or the name must end in
/// `Error` or `Exception`. An object with a key of a logger was written by one.
pub(super) fn describes_itself(object: &Object<'_>) -> bool {
    let text = |name| member(object, name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let begins_stack = |name| {
        let rest = text("stack").and_then(|stack| stack.strip_prefix(name));
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
    };
    // The language's own errors have no such method, so an object that has the name of one was made by the function.
    const OF_LANGUAGE: [&str; 7] =
        ["TypeError", "RangeError", "ReferenceError", "SyntaxError", "EvalError", "URIError", "AggregateError"];
    if text("name").is_some_and(|name| OF_LANGUAGE.contains(&name)) {
        return false;
    }
    let named = |name: &str| is_type_name(name) && (name.ends_with("Error") || name.ends_with("Exception"));
    member(object, "message").is_some_and(Value::is_string)
        && text("name").is_some_and(|name| named(name) || begins_stack(name))
        && is_of_error_alone(object)
}

/// Returns whether an object has no key of a logger.
pub(super) fn is_of_error_alone(object: &Object<'_>) -> bool {
    const OF_LOGGERS: [&str; 9] =
        ["level", "severity", "timestamp", "@timestamp", "time", "service", "logger", "logger_name", "hostname"];
    !object.keys().any(|key| OF_LOGGERS.contains(&key))
}

/// Returns the HTTP status of an object that is known to be an error; the `status` of a logger's object can be
/// anything.
fn own_status(object: &Object<'_>) -> Option<u16> {
    http_status(object).or_else(|| valid_status(member(object, "status")?))
}

/// Returns the HTTP status of an error that the runtime's client writes, which is no object of a logger.
fn thrown_status(form: ErrorForm, object: &Object<'_>) -> Option<u16> {
    use ErrorForm::{Init, MaybeUnhandled, Uncaught, Unhandled, UnhandledRejection};
    let is_thrown = matches!(form, Unhandled | MaybeUnhandled | Uncaught | UnhandledRejection | Init);
    member(object, "status").filter(|_| is_thrown).and_then(valid_status)
}

/// Returns the URL of axios' request, joined with its base URL if it is relative.
fn request_url(object: &Object<'_>) -> Option<Cow<'static, str>> {
    let request = member(object, "config")?.as_object()?;
    let text = |name| member(request, name).and_then(Value::as_str).unwrap_or("");
    let (url, base) = (text("url"), text("baseURL"));
    let whole = if url.contains("://") { url.to_owned() } else { [base, url].concat() };
    owned(&whole)
}

/// Returns the URL that was asked, where the error of a client has the answer or the request beside its own members: those of
/// Octokit, got, request, superagent and ky.
fn answer_url(object: &Object<'_>) -> Option<Cow<'static, str>> {
    const NAMES: [&str; 8] = [
        "response.url",
        "request.url",
        "response.config.url",
        "config.url",
        "options.url",
        "options.uri",
        "response.request.url",
        "response.error.path",
    ];
    text_at(object, &NAMES).filter(|url| url.contains("://")).and_then(owned)
}

/// Returns the URL of the host that an error of Node.js or of the SDK for JavaScript names in a member of its own.
fn host_url(object: &Object<'_>) -> Option<Cow<'static, str>> {
    let called = ["syscall", "retryable", "errno"].iter().any(|key| object.contains_key(key));
    let host = text_at(object, &["hostname"]).filter(|_| called)?;
    owned(&["https://", host, "/"].concat())
}

/// Returns the code of an error. For answers of AWS the SDK for JavaScript v3 has the code as the name, and the name of a
/// base class as the type if its models lack the code; its `TimeoutError` stands for errors of the system, too.
fn code(object: &Object<'_>) -> Option<Cow<'static, str>> {
    const NAMES: [&str; 10] = [
        "code",
        "Code",
        "errorCode",
        "errno",
        "error.code",
        "error.Code",
        "err.code",
        "cause.code",
        "error.errno",
        "sqlState",
    ];
    let answered = member(object, "$fault").is_some() || member(object, "$metadata").is_some();
    let coded = text_at(object, &NAMES);
    let of_system =
        coded.is_some_and(|code| code.starts_with('E') && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    let named = text_at(object, &["name"]).filter(|name| answered && !of_system && *name != "Error");
    named.or(coded).and_then(owned)
}

fn http_status(object: &Object<'_>) -> Option<u16> {
    const NAMES: [&str; 9] = [
        "$metadata.httpStatusCode",
        "statusCode",
        "error.$metadata.httpStatusCode",
        "error.statusCode",
        "err.statusCode",
        "err.$metadata.httpStatusCode",
        "meta.statusCode",
        "response.status",
        "response.statusCode",
    ];
    all_at(object, &NAMES).find(|value| value.as_u64().is_some()).and_then(valid_status)
}

fn valid_status(value: &Value<'_>) -> Option<u16> {
    u16::try_from(value.as_u64()?).ok().filter(|status| (100..600).contains(status))
}

/// Returns the innermost of nested causes.
fn cause(object: &Object<'_>) -> Option<Cow<'static, str>> {
    // Of the SDK v2 for JavaScript the fifth, of Stripe's client the sixth.
    const CAUSES: [&str; 6] = ["reason", "cause", "error.cause", "err.cause", "originalError", "detail.errorMessage"];
    let mut inner = all_at(object, &CAUSES).find(|value| value.is_object() || value.is_string())?;
    while let Some(next) = inner.as_object().and_then(|object| member(object, "cause")).filter(|next| !next.is_null()) {
        inner = next;
    }
    match inner {
        Value::Str(text) => owned(text),
        Value::Object(object) => {
            let name = text_at(object, &["errorType", "name", "type", "code"]).unwrap_or("");
            let message = text_at(object, &["errorMessage", "message"]).unwrap_or("");
            owned(format!("{name}: {message}").trim_matches([':', ' ']))
        }
        _ => None,
    }
}

/// Returns the innermost frame of the function's own code in an object's stack, in any of its forms.
pub(super) fn frame_of(object: &Object<'_>) -> Option<String> {
    all_at(object, &STACKS).find_map(stack_frame)
}

fn stack_frame(stack: &Value<'_>) -> Option<String> {
    match stack {
        Value::Str(text) => frame::innermost(text),
        Value::Array(items) if items.iter().any(Value::is_string) => {
            frame::innermost_of(items.iter().filter_map(Value::as_str).flat_map(lines))
        }
        Value::Array(items) => items.iter().filter_map(Value::as_object).find_map(object_frame),
        _ => None,
    }
}

/// Returns whether a stack is that of an error that came while the code was being loaded.
fn is_of_loading(stack: &Value<'_>) -> bool {
    match stack {
        Value::Str(text) => loading::in_text(text),
        Value::Array(items) => loading::in_lines(items.iter().filter_map(Value::as_str).flat_map(lines)),
        _ => false,
    }
}

/// Returns the frame of a stack entry of Go (`{"path","line","label"}`) or Log4j (`{"className","methodName"}`).
fn object_frame(object: &Object<'_>) -> Option<String> {
    if let Some(label) = text_at(object, &["label"]) {
        return frame::go_payload_frame(text_at(object, &["path"]).unwrap_or(""), label);
    }
    let class = text_at(object, &["className", "class"])?;
    let method = text_at(object, &["methodName", "method"])?;
    frame::innermost(&format!("\tat {class}.{method}(X)"))
}

/// Reads type, message and codes by their keys from an object that does not parse because it was cut off or folded.
pub(super) fn torn(form: ErrorForm, text: &str) -> AppError<'static> {
    let value = |key: &str| {
        let (_, rest) = text.split_once(key)?;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let raw = rest.get(..end.unwrap_or(rest.len()))?;
        let folded = raw.replace(['\n', '\r'], " ");
        owned(&serde_json::from_str::<String>(&format!("\"{folded}\"")).unwrap_or(folded))
    };
    AppError {
        error_type: value("\"errorType\"").or_else(|| value("\"name\"")),
        message: value("\"errorMessage\"").or_else(|| value("\"message\"")),
        code: value("\"code\""),
        reason: value("\"Reason\""),
        ..AppError::of(form)
    }
}
