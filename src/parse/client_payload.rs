//! The error object that runtime clients write, in any surroundings, and the phase that its type implies.

use serde_json_borrow::Value;

use super::error_object::{self, Object, first_object, member};
use super::exception;
use crate::lambda::runtimes::GO_PANIC;
use crate::model::{AppError, ErrorForm};

/// Reads what the client says of a failed handler: its payload, or the sentence about a panic. Unless it is known that
/// nobody else says so, the function may have logged the answer of another.
pub(super) fn said_by_client(said: &str, certain: bool) -> Option<AppError<'static>> {
    let mut error = payload(said).or_else(|| panic_sentence(said))?;
    if !certain && error.form == ErrorForm::Unhandled {
        error.form = ErrorForm::MaybeUnhandled;
    }
    Some(error)
}

fn panic_sentence(rest: &str) -> Option<AppError<'static>> {
    let sentence = rest.starts_with(GO_PANIC);
    sentence.then(|| exception::described(ErrorForm::Uncaught, "panic", rest, ""))
}

/// Parses `{"errorMessage","errorType"}`. With a stack it was a panic, after which the process exits.
fn payload(text: &str) -> Option<AppError<'static>> {
    if !text.starts_with('{') {
        return None;
    }
    let Some(object) = first_object(text) else {
        return text.starts_with("{\"errorMessage\"").then(|| error_object::torn(ErrorForm::Unhandled, text));
    };
    if !is_payload(&object) {
        return None;
    }
    let panicked = member(&object, "stackTrace").and_then(Value::as_array).is_some_and(|stack| !stack.is_empty());
    let form = if panicked { ErrorForm::Uncaught } else { ErrorForm::Unhandled };
    Some(error_object::error(form, &object))
}

/// Returns whether an object is a client's payload: `errorMessage` and one of the other two keys that a client writes,
/// and none that a logger would add.
pub(super) fn is_payload(object: &Object<'_>) -> bool {
    member(object, "errorMessage").is_some_and(Value::is_string)
        && (object.contains_key("errorType") || object.contains_key("stackTrace"))
        && object.keys().all(|key| matches!(key, "errorMessage" | "errorType" | "stackTrace" | "trace" | "cause"))
}

/// Returns the form of an error. Uncaught or unhandled before the first request, or of a type that means that the code did not load,
/// it is an error of init.
pub(super) fn form_of(form: ErrorForm, name: &str, no_id: bool) -> ErrorForm {
    let before_requests = no_id && matches!(form, ErrorForm::Uncaught | ErrorForm::UnhandledRejection);
    if is_load_error(name) || before_requests { ErrorForm::Init } else { form }
}

/// Returns whether clients give this type to code that could not be loaded; the JSON format drops the prefix.
pub(super) fn is_load_error(name: &str) -> bool {
    matches!(
        name.strip_prefix("Runtime.").unwrap_or(name),
        "ImportModuleError"
            | "HandlerNotFound"
            | "UserCodeSyntaxError"
            | "MalformedHandlerName"
            | "MalformedStreamingHandler"
            | "BuiltInModuleConflict"
            | "BadFunctionCode"
            | "BeforeCheckpointError"
            | "BeforeSnapshotError"
            | "AfterRestoreError"
            | "RestoreHookUserTimeout"
    )
}
