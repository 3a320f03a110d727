//! Sentences of runtimes that are no clients of AWS, each printed by the code that then reports the error: they are as good as
//! those of the clients.

use super::TextShape;
use super::error_object::{self, first_object};
use super::exception::{self, described};
use super::text::{first_line, is_error_name, is_type_name, split_at_first, uuid};
use crate::lambda::runtimes::{
    BUN_ERROR, ERROR_ADDRESS, ERROR_WAS_SENT, FPM_FAILED, INVOCATION_FAILED, LOOP_FAILED, LOOPS, QUARKUS_FAILED,
};
use crate::model::{AppError, AppLine, ErrorForm, Level};

/// Bytes of the head of a logger, at most.
const LONGEST_HEAD: usize = 200;

pub(super) const SHAPE: TextShape =
    TextShape { begins: &[INVOCATION_FAILED.0, LOOP_FAILED, FPM_FAILED, BUN_ERROR], parse };

fn parse(text: &str) -> Option<AppLine<'static>> {
    by_sentence(text).or_else(|| of_address(text)).or_else(|| of_fpm(text)).or_else(|| of_bun(text))
}

/// Parses a sentence that stands alone, or behind the head of a logger that names the class of the loop.
fn by_sentence(text: &str) -> Option<AppLine<'static>> {
    let line = first_line(text).0;
    let behind = |words: &str| {
        let (head, _) = split_at_first(line, words)?;
        let by_loop = head.len() <= LONGEST_HEAD && LOOPS.iter().any(|name| head.contains(name));
        (head.is_empty() || by_loop).then_some((head, text.get(head.len() + words.len()..)?))
    };
    if let Some((_, rest)) = behind(INVOCATION_FAILED.0) {
        let (id, rest) = uuid(rest)?;
        let said = rest.strip_prefix(INVOCATION_FAILED.1)?;
        return Some(AppLine { id: Some(id), ..AppLine::of_error(thrown(ErrorForm::Unhandled, said)) });
    }
    if let Some((_, said)) = behind(LOOP_FAILED) {
        return Some(AppLine::of_error(described(ErrorForm::Init, "", first_line(said).0, said)));
    }
    // The function could print it alone.
    behind(ERROR_WAS_SENT).filter(|(head, _)| !head.is_empty())?;
    Some(AppLine::of_error(AppError::of(ErrorForm::Unhandled)))
}

/// Reads what a logger of objects tells of a loop.
pub(super) fn of_logger(logger: &str, said: &str) -> Option<AppError<'static>> {
    if !LOOPS.iter().any(|name| logger.contains(name)) {
        return None;
    }
    if said.starts_with(ERROR_WAS_SENT) || said.starts_with(QUARKUS_FAILED) {
        return Some(AppError::of(ErrorForm::Unhandled));
    }
    if let Some(said) = said.strip_prefix(LOOP_FAILED) {
        return Some(described(ErrorForm::Init, "", said, ""));
    }
    let (_, rest) = uuid(said.strip_prefix(INVOCATION_FAILED.0)?)?;
    rest.strip_prefix(INVOCATION_FAILED.1).map(|said| thrown(ErrorForm::Unhandled, said))
}

/// Reads a message with the class, the message again and the stack directly behind it: `no stockcom.acme.OutOfStock: no stock`.
fn thrown(form: ErrorForm, said: &str) -> AppError<'static> {
    let line = first_line(said).0.trim_end();
    let is_class = |name: &str| name.contains('.') && is_type_name(name);
    let twice = line.match_indices(": ").take(16).find_map(|(at, _)| {
        let (before, message) = (line.get(..at)?, line.get(at + 2..)?);
        before.strip_prefix(message).filter(|name| is_class(name)).map(|name| (name, message))
    });
    let found = twice.or_else(|| line.strip_prefix("null").filter(|name| is_class(name)).map(|name| (name, "")));
    match found {
        Some((name, message)) => described(form, name, message, said),
        None => exception::typed(form, said, is_error_name).unwrap_or_else(|| described(form, "", line, said)),
    }
}

/// Parses a line about the address to which the error of a request is sent, with the error behind it if it is there.
fn of_address(text: &str) -> Option<AppLine<'static>> {
    let (before, rest) = split_at_first(first_line(text).0, ERROR_ADDRESS.0)?;
    let (id, rest) = uuid(rest)?;
    rest.strip_prefix(ERROR_ADDRESS.1)?;
    let sends = ["Posting", "POST ", "post ", "Sending", "sending"].iter().any(|word| before.contains(word));
    if before.len() > LONGEST_HEAD || !sends {
        return None;
    }
    let object = text.find('{').and_then(|at| first_object(text.get(at..)?));
    let error = object.filter(|object| object.contains_key("errorMessage"));
    let error = error.map_or_else(
        || AppError::of(ErrorForm::MaybeUnhandled),
        |object| error_object::error(ErrorForm::Unhandled, &object),
    );
    Some(AppLine { id: Some(id), ..AppLine::of_error(error) })
}

/// Parses the sentence of Bref about its server, which hung or ended: its process is the function's own. The cause is told by
/// the lines of the server.
fn of_fpm(text: &str) -> Option<AppLine<'static>> {
    text.starts_with(FPM_FAILED).then(|| AppLine::of_error(described(ErrorForm::MaybeUnhandled, "", FPM_FAILED, "")))
}

/// Parses a line that Bun's runtime writes of a failed handler, and for `console.error`.
fn of_bun(text: &str) -> Option<AppLine<'static>> {
    let (id, said) = uuid(text.strip_prefix(BUN_ERROR)?)?;
    let said = said.strip_prefix(' ')?;
    let error = Some(exception::logged(said));
    Some(AppLine { id: Some(id), level: Level::Error, error, in_doubt: true, ..AppLine::default() })
}
