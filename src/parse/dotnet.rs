//! Lines of the .NET client: the fields of Node's, with levels of four letters. Failed handlers have no text of their
//! own.

use super::TextShape;
use super::exception;
use super::node::{LineHead, head};
use super::text::{first_line, is_error_name, is_type_name, lines, trim_indent, type_and_message};
use crate::lambda::levels::level_of_word;
use crate::model::{AppError, AppLine, ErrorForm, Level};

pub(super) const SHAPE: TextShape = TextShape { begins: &[], parse };

/// Parses a line of the .NET client.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if let Some(error) = legacy(text) {
        return Some(AppLine::of_error(error));
    }
    let LineHead { id, level, rest, .. } =
        head(text).filter(|head| head.level.starts_with(|c: char| c.is_ascii_lowercase()))?;
    let mut line = AppLine { id, level: level_of_word(level), ..AppLine::default() };
    if line.level >= Level::Error {
        line.error = unhandled(rest);
    }
    if line.error.is_none() {
        super::structured::look_inside(rest, &mut line);
    }
    if line.error.is_none() && line.level >= Level::Error {
        line.error = Some(exception::logged(rest));
    }
    Some(line)
}

/// Parses an error of clients before .NET 6: `<message>: <Type>` and the stack, without any prefix.
fn legacy(text: &str) -> Option<AppError<'static>> {
    let (line, rest) = first_line(text);
    let (message, name) = line.trim_end().rsplit_once(": ")?;
    // The client's own exception about a handler that it cannot load may come without a stack.
    let of_client = name == "LambdaException";
    let framed = of_client || is_error_name(name) && rest.trim_start_matches('\n').starts_with("   at ");
    let typed_first = type_and_message(line, is_error_name).is_some() || line.starts_with("Unhandled ");
    let form = if of_client { ErrorForm::Init } else { ErrorForm::Unhandled };
    (framed && !typed_first).then(|| exception::described(form, name, message, text))
}

/// Parses an unhandled exception, which is the whole text: full type name first, then its stack. A function that logs an
/// exception writes the same line, so what it writes after it decides.
fn unhandled(rest: &str) -> Option<AppError<'static>> {
    let (line, after) = first_line(rest);
    let (name, message) = type_and_message(line.trim_end(), is_type_name)?;
    let stack = lines(after).any(|line| {
        let line = trim_indent(line);
        line.starts_with("at ") || line.starts_with("---> ")
    });
    let error_name = is_error_name(name);
    // Loggers print their category before an exception: `Shop.OrderController: System.FormatException: …`.
    let category = name.starts_with("Amazon.")
        || name.starts_with("Microsoft.")
        || type_and_message(message, is_error_name).is_some();
    let is_whole = match (error_name, stack) {
        (true, true) => true,
        (true, false) => name.ends_with("Exception") && name.contains('.'),
        (false, true) => name.contains('.') && !category,
        (false, false) => false,
    };
    if !is_whole {
        return None;
    }
    exception::typed(ErrorForm::MaybeUnhandled, rest, is_type_name)
}
