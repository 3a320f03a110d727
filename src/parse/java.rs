//! Lines of the Java client: framed stacks without time, level or id, and the Log4j layout of its appender.

use super::TextShape;
use super::exception::{self, described};
use super::text::{
    BLANKS, after_timestamp, first_line, has_log_head, is_type_name, lines, message_and_class, split_at_first,
    trim_indent, uuid, word,
};
use crate::lambda::levels::level_of_word;
use crate::lambda::loaders::{
    CLASS_NOT_FOUND, ERROR_LOADING_CLASS, ERROR_LOADING_METHOD, INVALID_HANDLER, NO_HANDLER_INTERFACE, NO_PUBLIC_METHOD,
};
use crate::lambda::runtimes::QUARKUS_FAILED;
use crate::model::{AppError, AppLine, ErrorForm, Level};

pub(super) const SHAPE: TextShape =
    TextShape { begins: &["Class ", "Error", "Invalid handler", "No public method"], parse };

/// Parses a line of a Java function.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if let Some(error) = framed(text).or_else(|| not_loaded(text)) {
        return Some(AppLine::of_error(error));
    }
    by_quarkus(text).or_else(|| log4j(text))
}

/// Parses the line of Quarkus' client about a failed handler, behind the head of its logger.
fn by_quarkus(text: &str) -> Option<AppLine<'static>> {
    let (head, said) = split_at_first(text, QUARKUS_FAILED)?;
    let by_client = first_line(text).0.len() > head.len() && head.contains("LambdaPollLoop");
    let said = said.trim_start_matches([':', ' ']);
    let error = exception::typed(ErrorForm::Unhandled, said, is_type_name)
        .unwrap_or_else(|| described(ErrorForm::Unhandled, "", said, ""));
    by_client.then(|| AppLine::of_error(error))
}

/// Parses `<message>: <class>` and the stack trace, which begins with `<class>: <message>`, or with `<class>` alone if
/// the message is `null`. Loggers, too, end a line with a class and print its stack, but do not repeat their own text.
///
/// The message may have several lines, so for each of the first lines, the class at its end is compared with the start
/// of the next.
pub(super) fn framed(text: &str) -> Option<AppError<'static>> {
    let mut start = 0;
    // Some events have carriage returns inside, where a line end would end them.
    for line in text.split_inclusive(['\n', '\r']).take(24) {
        let end = start + line.len();
        let next = text.get(end..)?;
        // Some copies have a blank before every line.
        let stack = trim_indent(next.strip_prefix('\n').unwrap_or(next));
        let head = line.trim_end();
        if let Some((last, name)) = message_and_class(head)
            && let Some(rest) = stack.strip_prefix(name)
            && (rest.starts_with([':', '\n', '\r']) || rest.is_empty())
            && let Some(form) = form_of_stack(text, start, last, name, rest)
        {
            return Some(of_stack(form, text, stack, name, start + head.len() - name.len()));
        }
        start = end;
    }
    None
}

/// Decides from a stack whether the line before it, which begins at `start` and has `last` before the class `name`, is
/// that of a failed handler.
fn form_of_stack(text: &str, start: usize, last: &str, name: &str, stack: &str) -> Option<ErrorForm> {
    if is_load_sentence(text) {
        return Some(ErrorForm::Init);
    }
    let message = text.get(..start + last.len())?;
    let (said, further) = first_line(stack);
    if says_again(said, message, name) || says_again(said, last, name) {
        return Some(ErrorForm::Unhandled);
    }
    if !is_class(name) || has_log_head(text) || has_log_head(last) {
        return None;
    }
    // If each line is an event of its own, only the last line of a longer message is here. The stack begins with the
    // first line; the others follow in the same event, or in later events with the frames.
    let mut further = lines(further).map(str::trim).filter(|line| !line.is_empty()).peekable();
    let longer =
        start == 0 && !said.is_empty() && (further.peek().is_none() || further.any(|line| line == last.trim()));
    longer.then_some(ErrorForm::Unhandled)
}

fn of_stack(form: ErrorForm, text: &str, stack: &str, name: &str, name_at: usize) -> AppError<'static> {
    let message = text.get(..name_at).unwrap_or("").trim_end_matches([' ', ':']);
    let message = if message == name { "" } else { message };
    described(form, name, message, stack)
}

/// Returns whether the first line of a stack, after its class, repeats the message. Some classes append to theirs.
fn says_again(said: &str, message: &str, name: &str) -> bool {
    let first = first_line(message).0.trim();
    match said.strip_prefix(':') {
        Some(again) => {
            let again = again.trim();
            again == first || !first.is_empty() && again.starts_with(first)
        }
        None => message.trim() == "null" || message.trim() == name,
    }
}

fn is_class(name: &str) -> bool {
    name.contains('.') && is_type_name(name) && !name.contains("::")
}

/// Returns whether a text begins with `sentence`, followed by `then`.
fn begins(text: &str, sentence: &str, then: &str) -> bool {
    text.strip_prefix(sentence).is_some_and(|rest| rest.starts_with(then))
}

fn is_load_sentence(text: &str) -> bool {
    [CLASS_NOT_FOUND, ERROR_LOADING_CLASS, ERROR_LOADING_METHOD].iter().any(|begin| begins(text, begin, " "))
}

/// Parses a fault of the handler's name or class; most have no stack.
fn not_loaded(text: &str) -> Option<AppError<'static>> {
    let known = is_load_sentence(text)
        || begins(text, NO_PUBLIC_METHOD, " ")
        || begins(text, NO_HANDLER_INTERFACE, " interface")
        || begins(text, INVALID_HANDLER, " `")
        || text.starts_with("Runtime interface client initialization failed");
    if !known {
        return None;
    }
    let (name, _) = exception::shown(text).map_or(("", ""), |(name, _)| (name, ""));
    Some(described(ErrorForm::Init, name, first_line(text).0, text))
}

/// Parses the Log4j layout: `yyyy-MM-dd HH:mm:ss <id> LEVEL <class>:<line> - <text>`, in either order of id and level.
fn log4j(text: &str) -> Option<AppLine<'static>> {
    let rest = after_timestamp(text)?.trim_start_matches(BLANKS);
    let (first, after_first) = word(rest);
    let (id, level, rest) = match uuid(first) {
        Some((id, _)) => {
            let (level, rest) = word(after_first);
            (id, level, rest)
        }
        None => {
            let (id, rest) = uuid(after_first.trim_start_matches(BLANKS))?;
            (id, first, rest)
        }
    };
    let mut line = AppLine { id: Some(id), level: level_of_word(level.trim_matches(['[', ']'])), ..AppLine::default() };
    if line.level >= Level::Error {
        line.error = Some(exception::logged(rest.trim_start()));
    }
    Some(line)
}

/// Parses the text of a JSON line of the client: framed, or a bare stack trace.
pub(super) fn of_json(message: &str) -> Option<AppError<'static>> {
    framed(message).or_else(|| not_loaded(message)).or_else(|| {
        let has_frames = lines(message).any(|line| line.starts_with("\tat "));
        has_frames.then(|| exception::typed(ErrorForm::Unhandled, message, is_class)).flatten()
    })
}
