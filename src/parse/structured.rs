//! Lines of the function in JSON: of the runtime clients, Powertools, pino, Serilog and any other logger of objects.

use std::borrow::Cow;

use serde_json_borrow::Value;

use super::client_payload::{form_of, is_load_error, is_payload, said_by_client};
use super::error_object::{
    Object, all_at, describes_itself, error, first_object, frame_of, is_of_error_alone, member, self_described, text_at,
};
use super::exception;
use super::level;
use super::text::is_type_name;
use super::{java, ruby, rust_runtime};
use crate::lambda::REQUEST_ID_KEYS;
use crate::lambda::runtimes::{DURABLE_EXECUTION, GO_PLACE, NO_ID};
use crate::model::{AppError, AppLine, ErrorForm, JsonShape, Level, RequestId, Statement};

/// Parses a JSON line of the function; `None` if the text is no object.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    let object = first_object(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    Some(of_object(&object))
}

/// Reads the fields of a line from its object.
pub(super) fn of_object(object: &Object<'_>) -> AppLine<'static> {
    let mut line = AppLine {
        id: request_id(object),
        level: level::of_object(object).unwrap_or_default(),
        error: None,
        function: text_at(object, &["function_name", "functionName", "FunctionName"]).and_then(exception::owned),
        execution_arn: text_at(object, &["executionArn"])
            .filter(|arn| arn.contains(DURABLE_EXECUTION))
            .and_then(exception::owned),
        in_doubt: false,
    };
    line.error = CLIENTS.iter().find_map(|(client, shape)| {
        let error = client(object, line.level)?;
        Some(AppError { shape_of: error.shape_of.or(*shape), ..error })
    });
    if line.error.is_some() {
        line.level = line.level.max(Level::Error);
        return line;
    }
    if let Some(error) = answer(object) {
        line.level = line.level.max(Level::Error);
        line.error = Some(error);
        return line;
    }
    if let Some(inner) = message_text(object) {
        look_inside(inner, &mut line);
    }
    if line.error.is_none() && line.level >= Level::Error {
        line.error = Some(logged(object));
    }
    line
}

/// Shapes of the runtime clients, in order; the first that recognises the object decides.
const CLIENTS: [(ReadClient, Option<JsonShape>); 8] = [
    (node_client, Some(JsonShape::Nested)),
    (node_printed, Some(JsonShape::Nested)),
    (python_client, Some(JsonShape::Flat)),
    (java_client, Some(JsonShape::Framed)),
    (ruby_client, Some(JsonShape::Labelled)),
    (go_client, None),
    (rust_client, None),
    (runtime_loop, None),
];

/// Reads an error of one client.
type ReadClient = fn(&Object<'_>, Level) -> Option<AppError<'static>>;

/// Adds the fields of a JSON object inside a line that has an id and a level of its own: the higher level counts.
pub(super) fn look_inside(text: &str, line: &mut AppLine<'static>) {
    let text = text.trim_start();
    if !text.starts_with('{') || text.len() < 8 {
        return;
    }
    let Some(object) = first_object(text) else { return };
    line.level = line.level.max(level::of_object(&object).unwrap_or_default());
    line.id = line.id.or_else(|| request_id(&object));
    if line.function.is_none() {
        line.function = text_at(&object, &["function_name", "functionName"]).and_then(exception::owned);
    }
    if line.level >= Level::Error && line.error.is_none() {
        line.error = Some(logged(&object));
    }
}

/// Parses the answer of an invocation that failed: nothing but what a runtime client puts into it, with a type.
fn answer(object: &Object<'_>) -> Option<AppError<'static>> {
    const KEYS: [&str; 7] = ["errorMessage", "errorType", "requestId", "stackTrace", "stack", "trace", "cause"];
    let is_text = |key: &str| member(object, key).is_some_and(Value::is_string);
    let is_stack = |key: &str| {
        member(object, key).and_then(Value::as_array).is_some_and(|stack| stack.iter().all(Value::is_string))
    };
    // Node.js' client copies the members of an error that was thrown; loggers have keys of their own.
    let of_node = || ["stack", "trace"].into_iter().any(is_stack) && is_of_error_alone(object);
    let only_of_clients = || object.keys().all(|key| KEYS.contains(&key));
    let fits = is_text("errorMessage") && is_text("errorType") && (only_of_clients() || of_node());
    fits.then(|| super::error_object::error(ErrorForm::Answer, object))
}

/// Parses the answer of an invocation that ran into its time limit.
pub(super) fn answer_of_timeout(object: &Object<'_>) -> Option<Statement<'static>> {
    let fits = object.keys().all(|key| matches!(key, "errorMessage" | "errorType" | "requestId"));
    match super::platform_text::parse(text_at(object, &["errorMessage"]).filter(|_| fits)?)? {
        Statement::TimedOut { id } => Some(Statement::TimedOut { id }),
        _ => None,
    }
}

fn message_text<'a>(object: &'a Object<'_>) -> Option<&'a str> {
    member(object, "message").or_else(|| member(object, "msg")).and_then(Value::as_str)
}

/// Returns Lambda's request id from the keys that loggers use. Only a UUID counts, or one that is masked; the one inside `$metadata` belongs
/// to another service.
pub(super) fn request_id(object: &Object<'_>) -> Option<RequestId> {
    let masked = |text: &str| RequestId::read_masked_prefix(text.as_bytes()).filter(|(_, used)| *used == text.len());
    let uuid =
        |value: &Value<'_>| RequestId::parse(value.as_str()?.as_bytes()).or_else(|| Some(masked(value.as_str()?)?.0));
    all_at(object, &REQUEST_ID_KEYS).find_map(uuid).or_else(|| {
        let spans = member(object, "spans")?.as_array()?;
        spans.iter().find_map(|span| uuid(member(span.as_object()?, "requestId")?))
    })
}

/// Returns whether the client of Node.js had a request when it wrote a line: with its id, or with the dash that Node 24 writes
/// in its place.
fn names_request(object: &Object<'_>) -> bool {
    request_id(object).is_some() || member(object, "requestId").and_then(Value::as_str) == Some(NO_ID)
}

/// Reads an error of Node.js' client: an object under `message`. `console.error(error)` looks the same.
fn node_client(object: &Object<'_>, level: Level) -> Option<AppError<'static>> {
    let inner = member(object, "message")?.as_object()?;
    if level < Level::Error {
        return None;
    }
    if !inner.contains_key("errorType") || !inner.contains_key("errorMessage") {
        let thrown = describes_itself(inner) && has_only_keys_of_node(object) && names_request(object);
        return thrown.then(|| self_described(ErrorForm::MaybeUnhandled, inner));
    }
    let mut error = error(ErrorForm::Unhandled, inner);
    let name = error.error_type.as_deref().unwrap_or("");
    error.form = match name {
        "UnhandledPromiseRejection" | "Runtime.UnhandledPromiseRejection" => ErrorForm::UnhandledRejection,
        _ if !names_request(object) => form_of(ErrorForm::Uncaught, name, true),
        "NodeJsExit" | "Runtime.NodeJsExit" => ErrorForm::Unhandled,
        _ => form_of(ErrorForm::MaybeUnhandled, name, false),
    };
    Some(error)
}

/// Reads an error of Node.js that JSON cannot hold and so is printed as text: it refers to itself, as those of HTTP
/// clients do, which hold their sockets, or a getter of it throws. Such a text has the members of the error in braces
/// behind the stack.
fn node_printed(object: &Object<'_>, level: Level) -> Option<AppError<'static>> {
    let with_members =
        |text: &str| text.contains("\n    at ") && text.trim_end().ends_with("\n}") && text.contains(" {\n");
    let text = member(object, "message")?.as_str().filter(|text| text.contains("[Circular *") || with_members(text))?;
    if level < Level::Error || !has_only_keys_of_node(object) || !names_request(object) {
        return None;
    }
    let text = text.strip_prefix("<ref *").and_then(|rest| rest.split_once("> ")).map_or(text, |(_, rest)| rest);
    exception::typed(ErrorForm::MaybeUnhandled, text, is_type_name)
}

/// Returns whether only Node.js' client can have written an object: it writes these keys and its level in capitals,
/// while loggers in the function add keys of their own, or write the level in small letters or as a number.
fn has_only_keys_of_node(object: &Object<'_>) -> bool {
    const KEYS: [&str; 5] = ["timestamp", "level", "requestId", "tenantId", "message"];
    let level = member(object, "level").and_then(Value::as_str);
    matches!(level, Some("ERROR" | "FATAL"))
        && object.contains_key("timestamp")
        && object.keys().all(|key| KEYS.contains(&key))
}

/// Reads an error of the clients of Python and .NET: time, request id, type, message and stack at the top, and no message
/// of a logger. Python leaves the id empty during init. Functions print the answers of others, which lack time or id; with a
/// member that no client writes, or without a stack, an object may be of a logger of theirs.
fn python_client(object: &Object<'_>, level: Level) -> Option<AppError<'static>> {
    let silent = match member(object, "message") {
        None => !object.contains_key("msg"),
        Some(message) => message.is_null() || message.as_str() == Some(""),
    };
    let named = ["errorType", "errorMessage"].iter().all(|key| member(object, key).is_some_and(Value::is_string));
    let headed = ["timestamp", "requestId"].iter().all(|key| object.contains_key(key));
    if level < Level::Error || !silent || !named || !headed || object.contains_key("logger") {
        return None;
    }
    const KEYS: [&str; 11] = [
        "timestamp",
        "log_level",
        "level",
        "requestId",
        "errorType",
        "errorMessage",
        "stackTrace",
        "location",
        "message",
        "tenantId",
        "traceId",
    ];
    let is_exact = object.contains_key("stackTrace") && object.keys().all(|key| KEYS.contains(&key));
    let mut error = error(if is_exact { ErrorForm::Unhandled } else { ErrorForm::MaybeUnhandled }, object);
    let in_init = is_exact && member(object, "requestId").and_then(Value::as_str) == Some("");
    if in_init || is_load_error(error.error_type.as_deref().unwrap_or("")) {
        error.form = ErrorForm::Init;
    }
    let stack = member(object, "stackTrace").and_then(Value::as_array);
    let lines: Vec<&str> = stack.into_iter().flatten().filter_map(Value::as_str).collect();
    if !lines.is_empty() && error.cause.is_none() {
        error.cause = exception::described(error.form, "", "", &lines.join("\n")).cause;
    }
    Some(error)
}

/// Reads an error of Java's client: the framed text under `message`, and no key that a logging library would add.
fn java_client(object: &Object<'_>, level: Level) -> Option<AppError<'static>> {
    const KEYS: [&str; 6] = ["timestamp", "message", "level", "awsrequestid", "tenantid", "requestid"];
    if level < Level::Error || !object.keys().all(|key| KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))) {
        return None;
    }
    java::of_json(message_text(object)?)
}

/// Reads an error of Go's client: the payload as a string under `msg` or `message`, at any level, as Go's `log` package
/// may lead into any other logger; or the payload alone, if it prints no date.
fn go_client(object: &Object<'_>, level: Level) -> Option<AppError<'static>> {
    if let Some(text) = message_text(object) {
        // Clients of other languages write time and id under these keys, and an answer that the function logs at this level.
        let of_others = ["timestamp", "requestId"].iter().all(|key| object.contains_key(key));
        if level < Level::Error && of_others {
            return None;
        }
        let by_caller = || text_at(object, &["caller", "source.file"]).is_some_and(|place| place.contains(GO_PLACE));
        return said_by_client(text, level >= Level::Error || by_caller());
    }
    let mut keys = object.keys();
    let bare = keys.next() == Some("errorMessage") && keys.next() == Some("errorType") && is_payload(object);
    let error = bare.then(|| error(ErrorForm::MaybeUnhandled, object))?;
    Some(AppError { shape_of: Some(JsonShape::Payload), ..error })
}

/// Reads an error of Ruby's client: the payload without its label.
fn ruby_client(object: &Object<'_>, _: Level) -> Option<AppError<'static>> {
    let name = member(object, "errorType")?.as_str()?;
    let form = ruby::form_of_payload(name)?;
    object.contains_key("errorMessage").then(|| error(form, object))
}

/// Reads an error of Rust's client: directly in the client's span, with the client or nothing as its target. A line that was
/// broken may have lost a blank in the name of the span.
fn rust_client(object: &Object<'_>, level: Level) -> Option<AppError<'static>> {
    let span = text_at(object, &["span.name"])?;
    let target = text_at(object, &["target"]);
    if level < Level::Error
        || !span.split(' ').flat_map(str::chars).eq(rust_runtime::SPAN.split(' ').flat_map(str::chars))
        || target.is_some_and(|name| !name.starts_with("lambda_runtime"))
    {
        return None;
    }
    let fields = member(object, "fields").and_then(Value::as_object);
    let more = fields.is_some_and(|fields| fields.keys().any(|key| key != "message"));
    let message = text_at(object, &["fields.message", "message"]).unwrap_or("");
    let told = text_at(object, &["fields.error"]);
    rust_runtime::by_client(message, told, target.is_some(), more)
}

/// Reads what the loop of a runtime says of a failed handler through a logger, completed by the members that describe the error.
fn runtime_loop(object: &Object<'_>, _: Level) -> Option<AppError<'static>> {
    let logger = text_at(object, &["loggerName", "logger_name", "logger", "log.logger"])?;
    let told = super::custom_runtime::of_logger(logger, message_text(object)?)?;
    let members = logged(object);
    let own = member(object, "exception").and_then(Value::as_object).and_then(|inner| text_at(inner, &["message"]));
    let message = own.or_else(|| text_at(object, &["error.message"])).and_then(exception::owned);
    Some(AppError {
        form: told.form,
        error_type: told.error_type.or(members.error_type),
        message: told.message.or(message),
        frame: told.frame.or(members.frame),
        cause: told.cause.or(members.cause),
        ..members
    })
}

/// Reads the error that a logger wrote: the members of the object, completed from its text.
fn logged(object: &Object<'_>) -> AppError<'static> {
    let mut found = error(ErrorForm::Logged, object);
    let text = message_text(object).or_else(|| text_at(object, &["fields.message", "@m", "error"]));
    let shown = text.map(exception::logged);
    if found.error_type.is_none() {
        found.error_type = shown.as_ref().and_then(|shown| shown.error_type.clone()).or_else(|| named_by_text(object));
    }
    if let Some(shown) = shown {
        found.message = found.message.or(shown.message);
        found.frame = found.frame.or(shown.frame);
        found.cause = found.cause.or(shown.cause);
        found.code = found.code.or(shown.code);
        found.http_status = found.http_status.or(shown.http_status);
    }
    let inner = member(object, "message").and_then(Value::as_object);
    if let Some(inner) = inner.filter(|_| found.message.is_none()) {
        let id_of_inner = error(ErrorForm::Logged, inner);
        found.error_type = found.error_type.or(id_of_inner.error_type);
        found.message = id_of_inner.message.or_else(|| message_text(inner).and_then(exception::owned));
        found.frame = found.frame.or_else(|| frame_of(inner).map(Cow::Owned));
    }
    found
}

/// Returns the error type from a text: `"error":"SomeError"` or `"exception":"Type: message\n…"`.
fn named_by_text(object: &Object<'_>) -> Option<Cow<'static, str>> {
    let text = text_at(object, &["exception", "error", "err", "errorName", "@x"])?;
    let (name, _) = exception::shown(text)?;
    is_type_name(name).then(|| exception::owned(name)).flatten()
}
