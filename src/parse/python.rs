//! Lines of the Python client: of its logger, with tabs and a time, and of a failed handler, with neither.

use super::TextShape;
use super::client_payload::is_load_error;
use super::exception::{self, after_python_stack, described};
use super::text::{
    BLANKS, after_timestamp, first_line, has_log_head, is_class_name, is_error_name, is_type_name, lines, masked_id,
    split_at_first, split_at_traceback, trim_indent, type_and_message, uuid,
};
use crate::lambda::levels::level_of_word;
use crate::lambda::loaders::{
    HANDLER_OF_MODULE, MISSING_ON_MODULE, MODULE_INIT_ERROR, SYNTAX_ERROR, UNABLE_TO_IMPORT, is_bad_handler,
    may_be_bad_handler,
};
use crate::lambda::runtimes::{LAMBDA_WARNING, TRACEBACK};
use crate::model::{AppError, AppLine, ErrorForm, Level};

pub(super) const SHAPE: TextShape =
    TextShape { begins: &["Unable to import", "module init", HANDLER_OF_MODULE, "Syntax error", "Bad handler"], parse };

/// Parses a line of the Python client.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    if text.starts_with(LAMBDA_WARNING) || text.starts_with('[') && first_line(text).0.contains(LAMBDA_WARNING) {
        return Some(after_warning(text));
    }
    let Some((word, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return legacy(text);
    };
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return legacy(text);
    }
    let level = level_of_word(word);
    let rest = rest.trim_start_matches(BLANKS);
    match after_timestamp(rest) {
        Some(rest) => Some(logger(level, rest)),
        None => Some(AppLine { level, error: without_time(level, word, rest), ..AppLine::default() }),
    }
}

/// Parses the client's warning. The error itself may follow in the same event, after a carriage return.
fn after_warning(text: &str) -> AppLine<'static> {
    let mut rest = text;
    while let Some((_, next)) = rest.split_once(['\n', '\r']) {
        let next = next.trim_start();
        if next.starts_with("[ERROR]") {
            return parse(next).unwrap_or_default();
        }
        if next.starts_with('{') {
            return super::structured::parse(next).unwrap_or_default();
        }
        rest = next;
    }
    AppLine { level: Level::Warn, ..AppLine::default() }
}

/// Parses the rest of a line of the logger: `[LEVEL] TAB <time> TAB <id or nothing> TAB <text>`.
fn logger(level: Level, rest: &str) -> AppLine<'static> {
    let rest = rest.trim_start_matches(BLANKS);
    let masked = || masked_id(rest).filter(|(_, after)| after.starts_with('\t'));
    let (id, rest) = uuid(rest).or_else(masked).map_or((None, rest), |(id, rest)| (Some(id), rest));
    let mut line = AppLine { id, level, ..AppLine::default() };
    let rest = rest.trim_start_matches(BLANKS);
    super::structured::look_inside(rest, &mut line);
    if line.error.is_none() && line.level >= Level::Error {
        line.error = Some(exception::logged(rest));
    }
    line
}

fn without_time(level: Level, word: &str, rest: &str) -> Option<AppError<'static>> {
    if level < Level::Error {
        return None;
    }
    if word == "ERROR"
        && let Some(error) = unhandled(rest)
    {
        return Some(error);
    }
    if level == Level::Fatal && rest.starts_with("failed to allocate memory") {
        return super::crash::parse(rest).and_then(|line| line.error);
    }
    super::crash::native_client(rest).or_else(|| Some(exception::logged(rest)))
}

/// Parses the error of a failed handler; the client prints its class without the module.
///
/// Loggers with the format `[%(levelname)s] %(message)s` write the same first line. But their stacks end with the
/// exception, at the margin; the client prints frames alone, indented by no-break spaces, and always a stack.
fn unhandled(rest: &str) -> Option<AppError<'static>> {
    if let Some(error) = unhandled_folded(rest) {
        return Some(error);
    }
    let (line, after) = first_line(rest);
    let framed = || lines(after).any(|line| trim_indent(line).starts_with("File \""));
    let stack = split_at_traceback(after).map(|(_, stack)| stack).or_else(|| framed().then_some(after));
    let with_stack = stack.is_some();
    if stack.is_some_and(|stack| !has_frame_of_client(stack) && has_exception(stack)) {
        return None;
    }
    let (name, message) = match type_and_message(line.trim_end(), is_type_name) {
        Some(found) => found,
        None if with_stack => {
            return Some(
                exception::typed(ErrorForm::Unhandled, rest, may_be_class)
                    .unwrap_or_else(|| described(ErrorForm::Unhandled, "", line, rest)),
            );
        }
        None => return None,
    };
    let of_client = name.starts_with("Runtime.");
    if !with_stack && !of_client && (name.contains('.') || !is_error_name(name)) {
        return None;
    }
    let form = match () {
        () if is_load_error(name) => ErrorForm::Init,
        // A copy may have lost the stack, or the function has logged an exception.
        () if !with_stack && !of_client => ErrorForm::MaybeUnhandled,
        () => ErrorForm::Unhandled,
    };
    exception::typed(form, rest, is_type_name).or_else(|| Some(described(form, name, message, rest)))
}

/// Returns whether a word before a colon may be a class, whatever its name: a piece of JSON or an assignment is not.
fn may_be_class(word: &str) -> bool {
    !word.contains(['"', '\'', '{', '}', '[', ']', '=', '/', '\\'])
}

/// Parses the same error with its stack on the same line, as tables, chats and consoles that take line ends for blanks have
/// it. The stack tells that it is the client's, so the class may have any name.
fn unhandled_folded(rest: &str) -> Option<AppError<'static>> {
    let (head, after) = split_at_traceback(first_line(rest).0)?;
    let stack = trim_indent(after.trim_start_matches(':'));
    let (name, message) = type_and_message(head.trim_end(), is_type_name)?;
    let of_client = has_frame_of_client(after) || after.contains("\u{a0}File \"");
    if !head.ends_with(char::is_whitespace) || !stack.starts_with("File \"") || !of_client && ends_in_exception(stack) {
        return None;
    }
    let form = if is_load_error(name) { ErrorForm::Init } else { ErrorForm::Unhandled };
    Some(described(form, name, message, &unfolded(stack)))
}

/// Puts the frames of a stack, and the source below each, on lines of their own again.
fn unfolded(stack: &str) -> String {
    let mut lines = String::with_capacity(stack.len() + 64);
    for (at, frame) in stack.split("File \"").enumerate() {
        let frame = frame.trim();
        let name_at = frame.find(", in ").map_or(frame.len(), |at| at + 5);
        let (place, rest) = frame.split_at(name_at);
        let (name, source) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if at > 0 {
            lines.extend(["\n  File \"", place, name, "\n    "]);
            lines.push_str(source.trim_start());
        }
    }
    lines
}

/// Returns whether an exception follows the last frame of a stack on one line: then a logger wrote it. Words of source
/// stand between the two, so what stands in quotes is none.
fn ends_in_exception(stack: &str) -> bool {
    let last = stack.rsplit_once("File \"").map_or(stack, |(_, frame)| frame);
    let source = last.split_once('"').map_or(last, |(_, rest)| rest);
    let (mut quoted, mut before) = (false, "");
    for word in source.split_whitespace() {
        let class = word.strip_suffix(':');
        if !quoted && (class.is_some_and(is_class_name) || before != "raise" && is_error_name(word)) {
            return true;
        }
        quoted ^= word.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
        before = word;
    }
    false
}

/// Returns whether an exception stands at the margin of a stack. In copies that lost the indent, lines of source stand
/// there, too: a single word is an exception only if it is named like one.
fn has_exception(stack: &str) -> bool {
    let at_margin = lines(stack).filter(|line| !line.starts_with([' ', '\t', '\u{a0}']));
    at_margin
        .filter_map(|line| type_and_message(line.trim_end(), is_class_name))
        .any(|(name, message)| is_error_name(name) || !message.is_empty())
}

/// Returns whether a line is indented as only the client does.
fn has_frame_of_client(stack: &str) -> bool {
    lines(stack).any(|line| line.starts_with('\u{a0}'))
}

/// Parses an error of clients before 2019: `<message>: <Type>` and the stack, or a sentence for code that did not load.
fn legacy(text: &str) -> Option<AppLine<'static>> {
    // Some builds of 2021 and 2023 write the sentence behind the heading of a stack that they do not have.
    let text = text.strip_prefix(TRACEBACK).and_then(|rest| rest.strip_prefix(": ")).map_or(text, str::trim_start);
    let line = first_line(text).0;
    let unable = text.strip_prefix(UNABLE_TO_IMPORT).is_some_and(|rest| rest.starts_with(" '"));
    let missing = text.starts_with(HANDLER_OF_MODULE) && line.contains(MISSING_ON_MODULE);
    let alone = || is_bad_handler(line) || may_be_bad_handler(text);
    let sentence =
        unable || missing || text.starts_with(MODULE_INIT_ERROR) || text.starts_with(SYNTAX_ERROR) || alone();
    let error = if sentence {
        let message = line.split_once(": ").map_or(line, |(_, message)| message);
        let name = message.split([':', ' ']).next().filter(|name| is_error_name(name)).unwrap_or("");
        described(ErrorForm::Init, name, line, text)
    } else {
        before_stack(text).or_else(|| before_folded_stack(text))?
    };
    Some(AppLine::of_error(error))
}

/// Parses `<message>: <Type>` and the stack, all on one line: copies lose the line ends.
fn before_folded_stack(text: &str) -> Option<AppError<'static>> {
    const HEADING: (&str, &str) = ("Traceback (most recent call", "last):");
    let text = text.trim_end();
    if text.contains(['\n', '\r']) {
        return None;
    }
    let (head, rest) = split_at_first(text, HEADING.0)?;
    let stack = rest.trim_start().strip_prefix(HEADING.1)?.trim_start();
    let (message, name) = message_and_type(head)?;
    let (_, said) = stack.rsplit_once(&format!("{name}: "))?;
    let repeated = stack.starts_with("File \"") && !said.is_empty() && message.ends_with(said);
    let unfolded = unfolded(stack);
    (repeated && !is_of_later_python(&unfolded)).then(|| described(ErrorForm::Unhandled, name, said, &unfolded))
}

/// Parses `<message>: <Type>` and the stack, whose last line repeats the two the other way round: `<Type>: <message>`.
/// If it does not, the head is another line of the function and the stack was printed by the function. The clients that
/// wrote this ended with Python 3.7, so a stack of a later version was printed by the function, too.
fn before_stack(text: &str) -> Option<AppError<'static>> {
    let (head, stack) = split_at_traceback(text)?;
    let (message, name) = message_and_type(head.strip_suffix(['\n', '\r'])?)?;
    let of_same_type =
        |line| type_and_message(line, is_type_name).filter(|(last, _)| last.rsplit('.').next() == Some(name));
    let repeated = lines(stack).filter_map(of_same_type).find_map(|(_, said)| whole_message(said, message));
    let cut_off = || (after_python_stack(stack).is_none() && is_error_name(name)).then_some(message);
    if let Some(message) = repeated.or_else(cut_off)
        && !is_of_later_python(stack)
    {
        return Some(described(ErrorForm::Unhandled, name, message, text));
    }
    super::crash::parse(text.get(head.len()..)?)?.error
}

/// Splits a line `<message>: <Type>` with any name for a type: the stack tells whether it is one.
fn message_and_type(head: &str) -> Option<(&str, &str)> {
    head.trim_end().rsplit_once(": ").filter(|(_, name)| is_type_name(name))
}

/// Returns the message if the last line of a stack (`said`) agrees with the head. Beyond it, the head may have the
/// place of a syntax error behind the message, and letters that Python 2 escapes in stacks. If each line is an event of
/// its own, the head is the last line of a longer message, whose first line is the one in the stack.
fn whole_message<'a>(said: &'a str, message: &'a str) -> Option<&'a str> {
    let (first, further) = first_line(message);
    let first = first.trim();
    let place = || first.strip_prefix(said).is_some_and(|rest| rest.starts_with(" (") && rest.ends_with(')'));
    if said == first || !said.is_empty() && place() || is_escaped(said, first) {
        return Some(message);
    }
    let last_of_longer = further.is_empty() && (first.is_empty() || said.ends_with(':')) && !has_log_head(first);
    last_of_longer.then_some(said)
}

/// Returns whether `escaped` is `plain` with every non-ASCII letter escaped (`\xe9`, `\u20ac`, `\U0001f600`).
fn is_escaped(escaped: &str, plain: &str) -> bool {
    if plain.is_ascii() || !escaped.is_ascii() {
        return false;
    }
    let mut rest = escaped;
    for letter in plain.chars() {
        let next = if letter.is_ascii() {
            rest.strip_prefix(letter)
        } else {
            // UTF-8 that was never decoded is escaped byte by byte.
            let code = u32::from(letter);
            let mut buffer = [0; 4];
            let bytes: String = letter.encode_utf8(&mut buffer).bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            [format!("\\x{code:02x}"), format!("\\u{code:04x}"), format!("\\U{code:08x}"), bytes]
                .iter()
                .find_map(|escape| rest.strip_prefix(escape.as_str()))
        };
        let Some(next) = next else { return false };
        rest = next;
    }
    rest.is_empty()
}

/// Returns whether a stack has a library path of Python 3.8 or later, or marks columns as 3.11 and later do.
fn is_of_later_python(stack: &str) -> bool {
    lines(stack).any(|line| {
        let marks = line.trim();
        let minor = line.split("/python3.").nth(1).and_then(|rest| rest.split('/').next());
        minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= 8)
            || marks.len() > 1 && marks.bytes().all(|byte| matches!(byte, b'^' | b'~'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_in_front_of_a_colon_is_a_part_of_the_message() {
        let stack = "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler";
        for (head, want) in [
            ("CardRefused: 51", ("CardRefused", "51")),
            ("card-refused: 51", ("card-refused", "51")),
            ("{\"apiKey\": \"x\"}: refused", ("", "{\"apiKey\": \"x\"}: refused")),
            ("key=x: refused", ("", "key=x: refused")),
            ("/orders/7: refused", ("", "/orders/7: refused")),
        ] {
            let error = unhandled(&format!("{head}\n{stack}")).expect("an error");
            let (name, message) = (error.error_type.as_deref(), error.message.as_deref());
            assert_eq!((name.unwrap_or_default(), message.unwrap_or_default()), want);
            assert_eq!(error.form, ErrorForm::Unhandled);
        }
    }
}
