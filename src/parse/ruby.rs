//! Lines of the Ruby client: a label, then pretty-printed JSON (joined from two events or more); and Ruby's logger.

use super::TextShape;
use super::error_object::{self, first_object};
use super::exception;
use super::text::{first_line, uuid};
use crate::lambda::levels::level_of_word;
use crate::model::{AppError, AppLine, ErrorForm, Level};

const LABELS: [(&str, ErrorForm); 3] = [
    ("Error raised from handler method", ErrorForm::Unhandled),
    ("Critical exception from handler", ErrorForm::Uncaught),
    ("Init error when loading handler", ErrorForm::Init),
];

/// Returns the form of error that a label announces.
pub(super) fn label(text: &str) -> Option<ErrorForm> {
    LABELS.iter().find(|(label, _)| text.starts_with(label)).map(|(_, form)| *form)
}

pub(super) const SHAPE: TextShape = TextShape { begins: &["Critical exception", "Init error"], parse };

/// Parses a line of the Ruby client or of Ruby's logger.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if let Some(form) = label(text) {
        let error = failure(form, text);
        return Some(AppLine::of_error(error));
    }
    logger(text)
}

fn failure(form: ErrorForm, text: &str) -> AppError<'static> {
    let Some(at) = text.find('{') else {
        return AppError::of(form);
    };
    let payload = text.get(at..).unwrap_or("");
    let mut error = match first_object(payload) {
        Some(object) => error_object::error(form, &object),
        None => error_object::torn(form, payload),
    };
    // The client prints the same label if it is ended while it waits for work, as happens to each environment.
    if error.error_type.as_deref() == Some("Init<SignalException>") {
        error.form = ErrorForm::Logged;
    }
    error
}

/// Parses a line of Ruby's logger: `E, [<time> #<pid>] ERROR <id> -- <program>: <text>`.
fn logger(text: &str) -> Option<AppLine<'static>> {
    let (letter, rest) = text.split_once(", [")?;
    if !matches!(letter, "D" | "I" | "W" | "E" | "F" | "A") {
        return None;
    }
    let (_, rest) = rest.split_once(']')?;
    let (severity, rest) = super::text::word(rest);
    let rest = rest.trim_start();
    let (id, rest) = uuid(rest).map_or((None, rest), |(id, rest)| (Some(id), rest));
    let level = level_of_word(severity);
    let error = (level >= Level::Error).then(|| {
        let (line, _) = first_line(rest);
        let said = line.find(": ").and_then(|at| rest.get(at + 2..)).unwrap_or(rest);
        let mut error = exception::logged(said);
        // Ruby prints an exception as `<message> (<Class>)`.
        let class = line.trim_end().strip_suffix(')').and_then(|line| line.rsplit_once(" (")).map(|(_, class)| class);
        if error.error_type.is_none()
            && let Some(class) = class.filter(|class| super::text::is_type_name(class))
        {
            error.error_type = exception::owned(class);
        }
        error
    });
    Some(AppLine { id, level, error, ..AppLine::default() })
}

/// Returns the form of a payload whose label came as another message: its type names the class of failure.
pub(super) fn form_of_payload(error_type: &str) -> Option<ErrorForm> {
    let (family, _) = error_type.split_once('<')?;
    match family {
        "Function" | "Runtime" if error_type.ends_with('>') => Some(ErrorForm::Unhandled),
        "Init" if error_type == "Init<SignalException>" => Some(ErrorForm::Logged),
        "Init" if error_type.ends_with('>') => Some(ErrorForm::Init),
        _ => None,
    }
}
