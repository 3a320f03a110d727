//! Errors as text: `Type: message`, stack lines, causes. Every language prints the same four parts in another order.

use std::borrow::Cow;

use super::text::{
    first_line, is_error_name, is_type_name, lines, split_at_first, split_at_traceback, trim_indent, type_and_message,
};
use super::{frame, loading};
use crate::model::{AppError, ErrorForm, cut_text};

/// Most bytes of message kept of one error.
const MESSAGE_LIMIT: usize = 4_096;

/// Copies a text, up to a limit; `None` if it is empty.
pub(super) fn owned(text: &str) -> Option<Cow<'static, str>> {
    let text = cut_text(text.trim(), MESSAGE_LIMIT);
    (!text.is_empty()).then(|| Cow::Owned(text.to_owned()))
}

/// Parses an error whose text begins with `Type: message`, as runtime clients print it, and any stack after it.
pub(super) fn typed(form: ErrorForm, text: &str, accept: fn(&str) -> bool) -> Option<AppError<'static>> {
    let (line, rest) = first_line(text);
    let (name, message) = type_and_message(line.trim(), accept)?;
    Some(described(form, name, &with_further_lines(message, rest), text))
}

/// Creates an error of known type and message; frame, cause and codes are searched for in `text`.
pub(super) fn described(form: ErrorForm, name: &str, message: &str, text: &str) -> AppError<'static> {
    AppError {
        error_type: owned(name),
        message: owned(message),
        frame: frame::innermost(text).map(Cow::Owned),
        is_of_loading: loading::in_text(text),
        cause: cause(text),
        code: inspected(text, "code: '"),
        http_status: http_status(text),
        reason: quoted_reason(message),
        ..AppError::of(form)
    }
}

/// Creates the error of a logger's line: the one that it shows, or else its first line as the message.
pub(super) fn logged(text: &str) -> AppError<'static> {
    let (line, _) = first_line(text.trim_start());
    match shown(text) {
        Some((name, message)) => described(ErrorForm::Logged, name, &message, text),
        None => described(ErrorForm::Logged, "", line, text),
    }
}

/// Finds a type and message anywhere in a text: after a Python stack, at the start of a line, or after other words.
pub(super) fn shown(text: &str) -> Option<(&str, Cow<'_, str>)> {
    if let Some((_, stack)) = split_at_traceback(text)
        && let Some((name, message)) = after_python_stack(stack)
    {
        return Some((name, Cow::Borrowed(message)));
    }
    let mut rest = text;
    for _ in 0..64 {
        let (line, next) = first_line(rest);
        if let Some((name, message)) = on_line(line) {
            return Some((name, Cow::Owned(with_further_lines(message, next))));
        }
        if next.is_empty() {
            break;
        }
        rest = next;
    }
    None
}

/// Returns the type and message after a Python stack: from the last line without indent that has them.
pub(super) fn after_python_stack(stack: &str) -> Option<(&str, &str)> {
    lines(stack)
        .filter(|line| !line.starts_with([' ', '\t', '\u{a0}', '(']))
        .filter_map(|line| type_and_message(line, is_type_name))
        .last()
}

fn on_line(line: &str) -> Option<(&str, &str)> {
    let line = trim_indent(line);
    if line.starts_with("Caused by:") || line.starts_with("at ") {
        return None;
    }
    let mut from = 0;
    while let Some(rest) = line.get(from..) {
        if let Some(found) = type_and_message(rest, is_error_name) {
            return Some(found);
        }
        from += rest.find(char::is_whitespace)?;
        from += line.get(from..)?.len() - line.get(from..)?.trim_start().len();
    }
    None
}

/// Appends further lines to a message, up to the beginning of the stack.
fn with_further_lines(message: &str, rest: &str) -> String {
    let mut whole = message.to_owned();
    for line in lines(rest).take_while(|line| !is_stack_line(line)) {
        if whole.len() > MESSAGE_LIMIT {
            break;
        }
        whole.push('\n');
        whole.push_str(line);
    }
    whole.trim_end_matches(['\n', ' ', '{']).to_owned()
}

/// Returns whether a line belongs to a stack and not to a message.
pub(super) fn is_stack_line(line: &str) -> bool {
    const BEGINS: [&str; 8] = [
        "File \"",
        "Caused by: ",
        "---> ",
        "--- End of ",
        "Suppressed: ",
        "Traceback (most",
        "goroutine ",
        "Require stack",
    ];
    let trimmed = trim_indent(line);
    let indented = trimmed.len() < line.len();
    indented && trimmed.starts_with("at ")
        || BEGINS.iter().any(|begin| trimmed.starts_with(begin))
        || trimmed.starts_with("... ") && trimmed.ends_with(" more")
        || line.starts_with("Node.js v")
}

/// Returns the innermost cause: `Caused by: …` of the JVM, ` ---> …` of .NET, `[cause]: …` of Node.
fn cause(text: &str) -> Option<Cow<'static, str>> {
    ["Caused by: ", "---> ", "[cause]: "].iter().find_map(|mark| {
        let (_, first) = split_at_first(text, mark)?;
        let last = first.rsplit_once(mark).map_or(first, |(_, last)| last);
        owned(first_line(last).0)
    })
}

/// Returns a property that Node's inspector prints after the stack.
fn inspected(text: &str, name: &str) -> Option<Cow<'static, str>> {
    let (_, rest) = split_at_first(text, name)?;
    let (value, _) = rest.split_once('\'')?;
    (value.len() < 80).then(|| owned(value)).flatten()
}

/// Returns the `Reason` of a throttle, if a message quotes the answer of the service.
fn quoted_reason(message: &str) -> Option<Cow<'static, str>> {
    let (_, rest) = split_at_first(message, "\"Reason\":")?;
    let (reason, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    owned(reason)
}

fn http_status(text: &str) -> Option<u16> {
    ["httpStatusCode: ", "statusCode: "].iter().find_map(|name| {
        let (_, rest) = split_at_first(text, name)?;
        rest.get(..3)?.parse().ok().filter(|status| (100..600).contains(status))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_logger_shows() {
        for (text, name, message) in [
            ("sync failed Error: socket hang up\n    at f (/var/task/a.js:1:2)", "Error", "socket hang up"),
            (
                "boom\nTraceback (most recent call last):\n  File \"a\"\n    x\nbotocore.exceptions.ClientError: no",
                "botocore.exceptions.ClientError",
                "no",
            ),
            (
                "App:3 - failed\ncom.x.OrderException: closed\n\tat com.x.A.b(A.java:1)",
                "com.x.OrderException",
                "closed",
            ),
            ("nothing here", "", "nothing here"),
        ] {
            let error = logged(text);
            assert_eq!(
                (error.error_type.as_deref().unwrap_or(""), error.message.as_deref().unwrap_or("")),
                (name, message),
                "{text}"
            );
        }
    }

    #[test]
    fn takes_the_innermost_cause_and_codes() {
        let error = logged("X.AException: a\n ---> X.BException: b\n ---> X.CException: c\n   at S.T.U()");
        assert_eq!(error.cause.as_deref(), Some("X.CException: c"));
        assert_eq!(error.message.as_deref(), Some("a"));
        let error = logged("Error: a\n    at f (/var/task/a.js:1:2) {\n  code: 'ECONNRESET',\n  statusCode: 503\n}");
        assert_eq!((error.code.as_deref(), error.http_status), (Some("ECONNRESET"), Some(503)));
        let error = logged("SlowDownError: answered {\"Reason\": \"Rate\"}");
        assert_eq!(error.reason.as_deref(), Some("Rate"));
    }
}
