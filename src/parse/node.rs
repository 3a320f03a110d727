//! Lines of the Node.js client: `<time> TAB <id> TAB <LEVEL> TAB <text>`; failures have a label and a JSON payload.

use std::borrow::Cow;

use super::TextShape;
use super::client_payload::{form_of, is_payload};
use super::error_object::{self, first_object};
use super::exception;
use super::text::{
    after_any_time, after_timestamp, first_line, is_error_name, is_word_of_time, lines, masked_id, request_id,
    type_and_message, uuid, word,
};
use crate::lambda::levels::{is_line_level, level_of_word};
use crate::lambda::runtimes::{INVOKE_ERROR, NO_ID, UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION};
use crate::model::{AppError, AppLine, ErrorForm, Level, RequestId};

/// Fields before the text, common to the clients of Node.js and .NET.
pub(super) struct LineHead<'a> {
    /// The request id, if there is one; Node prints `undefined` during init.
    pub(super) id: Option<RequestId>,
    /// Whether another word stands in the place of the id.
    pub(super) has_other_id: bool,
    /// The word of the level; empty for Node 8 and older, which print none.
    pub(super) level: &'a str,
    /// The text of the function or the client.
    pub(super) rest: &'a str,
}

/// Parses `<time> <id> <level> <rest>` with tabs or, in copies, spaces.
pub(super) fn head(text: &str) -> Option<LineHead<'_>> {
    let rest = after_timestamp(text).and_then(after_blank);
    let is_id = |rest: &&str| uuid(rest).is_some() || !is_word_of_time(word(rest).0) || is_before_level(rest);
    if let Some(head) = rest.filter(is_id).and_then(fields) {
        return Some(head);
    }
    // A tool may have rewritten the time. Then the id must follow, as any line may begin with a time.
    let rest = after_any_time(text).and_then(after_blank)?;
    (uuid(rest).is_some() || no_id(rest).is_some()).then(|| fields(rest))?
}

/// Returns whether a word stands before a level and tabs as the client writes them, whatever the word is.
fn is_before_level(rest: &str) -> bool {
    let mut fields = rest.splitn(3, '\t').skip(1);
    fields.next().is_some_and(is_line_level) && fields.next().is_some()
}

/// Parses the fields behind the time.
fn fields(rest: &str) -> Option<LineHead<'_>> {
    if let Some(rest) = no_id(rest) {
        let (level, rest) = word(rest);
        return Some(LineHead { id: None, has_other_id: true, level, rest: rest.trim_start_matches(['\t', ' ']) });
    }
    let undefined = rest.strip_prefix("undefined").or_else(|| rest.starts_with('\t').then_some(rest));
    let (id, has_other_id, rest) = match uuid(rest).or_else(|| masked_id(rest)) {
        Some((id, rest)) => (Some(id), false, rest),
        None => match undefined {
            Some(rest) => (None, false, rest),
            // Any other word must be followed by a level, as the client writes them.
            None => {
                let (_, rest) = request_id(rest)?;
                let (level, said) = word(rest.strip_prefix(['\t', ' '])?);
                // Where a copy has lost the tab, a label must follow.
                let is_head = if rest.starts_with('\t') {
                    said.starts_with('\t') || said.is_empty()
                } else {
                    labelled(said.trim_start()).is_some()
                };
                (is_head && is_line_level(level)).then_some((None, true, rest))?
            }
        },
    };
    if !rest.starts_with(['\t', ' ']) {
        return None;
    }
    let rest = rest.trim_start_matches(['\t', ' ']);
    let (first, after) = word(rest);
    let (level, rest) = if is_line_level(first) { (first, after.trim_start_matches(['\t', ' '])) } else { ("", rest) };
    Some(LineHead { id, has_other_id, level, rest })
}

/// Strips the blanks behind a field.
fn after_blank(rest: &str) -> Option<&str> {
    Some(rest.strip_prefix(['\t', ' '])?.trim_start_matches(' '))
}

/// Returns what follows the dash that Node 24 writes in the place of the id, where a level of the client follows. Loggers
/// put dashes between their fields, too, so where a copy has lost the tabs a label must follow the level.
fn no_id(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix(NO_ID)?.strip_prefix(['\t', ' '])?;
    let (level, said) = word(rest);
    let of_client = said.starts_with('\t') || labelled(said.trim_start()).is_some();
    (is_line_level(level) && of_client).then_some(rest)
}

pub(super) const SHAPE: TextShape = TextShape { begins: &[INVOKE_ERROR, UNHANDLED_REJECTION, "undefined"], parse };

/// Parses a line of the Node.js client.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    // Custom runtimes (Bref) print the label after the id alone.
    let own = uuid(text).map(|(id, rest)| (Some(id), rest.trim_start())).filter(|(_, rest)| labelled(rest).is_some());
    if own.is_none()
        && let Some(line) = by_hand(text)
    {
        return Some(line);
    }
    let (id, text) = own.unwrap_or((None, text));
    let undefined = text.strip_prefix("undefined").filter(|rest| rest.starts_with(['\t', ' ']));
    let said = undefined.map_or(text, str::trim_start);
    if let Some(payload) = labelled(said).filter(|(_, payload)| !payload.is_empty()) {
        let error = Some(failure(payload, undefined.is_some()));
        return Some(AppLine { level: Level::Error, id, error, ..AppLine::default() });
    }
    let head = head(text).filter(|head| !head.level.starts_with(|c: char| c.is_ascii_lowercase()))?;
    let mut line = AppLine { id: head.id, level: level_of_word(head.level), ..AppLine::default() };
    line.error = match labelled(head.rest) {
        Some(payload) if head.level.is_empty() || line.level >= Level::Error => {
            Some(failure(payload, head.id.is_none() && !head.has_other_id))
        }
        _ if head.level.is_empty() => legacy_failure(head.rest),
        _ => None,
    };
    if line.error.is_none() {
        super::structured::look_inside(head.rest, &mut line);
    }
    if line.error.is_none() && line.level >= Level::Error {
        line.error = Some(exception::logged(head.rest));
    }
    if line.error.as_ref().is_some_and(|error| error.form != ErrorForm::Logged) {
        line.level = line.level.max(Level::Error);
    }
    Some(line)
}

/// Parses what runtimes for JavaScript that somebody wrote by hand print: the id, a level, a label of the client, and the stack.
fn by_hand(text: &str) -> Option<AppLine<'static>> {
    let (id, rest) = uuid(text)?;
    let rest = rest.strip_prefix('\t')?;
    let rest = rest.strip_prefix("ERROR\t").unwrap_or(rest);
    let (form, said) =
        LABELS.iter().find_map(|(label, form)| Some((form, rest.strip_prefix(label)?.strip_prefix('\t')?)))?;
    let error = exception::typed(*form, said, is_error_name)?;
    Some(AppLine { id: Some(id), level: Level::Error, error: Some(error), ..AppLine::default() })
}

/// Labels of the client. Tracers put a tag in brackets before them.
const LABELS: [(&str, ErrorForm); 3] = [
    (INVOKE_ERROR, ErrorForm::Unhandled),
    (UNCAUGHT_EXCEPTION, ErrorForm::Uncaught),
    (UNHANDLED_REJECTION, ErrorForm::UnhandledRejection),
];

fn labelled(text: &str) -> Option<(ErrorForm, &str)> {
    let text = match text.strip_prefix('[') {
        Some(tagged) => tagged.split_once(']')?.1.trim_start(),
        None => text,
    };
    let text = text.strip_prefix("ERROR").map_or(text, str::trim_start);
    LABELS.iter().find_map(|(label, form)| {
        let behind = text.strip_prefix(label)?;
        let payload = behind.trim_start();
        // Only the client has a tab before its payload, whatever a copy made of that.
        let by_client = behind.trim_start_matches(' ').starts_with('\t') && payload.starts_with('{');
        // The function's own lines have what Node's inspector prints: `{ errorType: 'Error' }`.
        let object = payload.strip_prefix('{').is_some_and(|rest| {
            let rest = rest.trim_start();
            // A copy may have left the quotes escaped.
            rest.is_empty()
                || rest.starts_with(['"', '}'])
                || ["\\\"", "&quot;"].iter().any(|quote| rest.starts_with(quote))
        });
        (payload.is_empty() || object || by_client).then_some((*form, payload))
    })
}

fn failure((form, payload): (ErrorForm, &str), no_id: bool) -> AppError<'static> {
    let payload = &*plain_quotes(payload);
    let object = first_object(payload);
    let mut error = match &object {
        Some(object) if object.contains_key("errorType") => error_object::error(form, object),
        Some(object) => error_object::self_described(form, object),
        None => error_object::torn(form, payload),
    };
    error.form = form_of(form, error.error_type.as_deref().unwrap_or(""), no_id);
    error
}

/// Returns a payload with the quotes that a copy left escaped as in a string, in CSV or in HTML.
fn plain_quotes(payload: &str) -> Cow<'_, str> {
    let inside = payload.strip_prefix('{').unwrap_or("").trim_start();
    let escaped =
        [("\\\"", "\""), ("&quot;", "\""), ("\"\"", "\"")].into_iter().find(|(quote, _)| inside.starts_with(quote));
    match escaped {
        Some(("\\\"", _)) => Cow::Owned(super::restore::without_backslashes(payload)),
        Some((quote, plain)) => Cow::Owned(payload.replace(quote, plain)),
        None => Cow::Borrowed(payload),
    }
}

/// Returns whether a line is an error of Node 8 and older, of which the stack may follow.
pub(super) fn is_error_without_level(line: &str) -> bool {
    let head = head(line).filter(|head| head.id.is_some() && head.level.is_empty());
    head.is_some_and(|head| type_and_message(head.rest, is_error_name).is_some())
}

/// Returns whether a line begins the payload of Node 8 and older, and does not end it.
pub(super) fn begins_payload_without_level(line: &str) -> bool {
    let of_payload = |rest: &str| rest.starts_with("{\"errorMessage\":") && !rest.trim_end().ends_with('}');
    line.contains("{\"errorMessage\":")
        && head(line).is_some_and(|head| head.id.is_some() && head.level.is_empty() && of_payload(head.rest))
}

/// Returns whether a line is what stands before the payload of Node 8 and older where that was written over many lines:
/// the time and the id, and perhaps the first brace.
pub(super) fn is_above_payload(line: &str) -> bool {
    const LONGEST: usize = 80;
    let id = || after_timestamp(line).and_then(after_blank).and_then(uuid);
    line.len() <= LONGEST && id().is_some_and(|(_, rest)| matches!(rest.trim(), "" | "{"))
}

/// Joins a payload that was broken over lines: behind a dash or a slash in the middle of a word, else between two.
fn in_one_line(payload: &str) -> String {
    let mut joined = String::with_capacity(payload.len());
    for line in lines(payload).map(str::trim).filter(|line| !line.is_empty()) {
        if !joined.is_empty() && !joined.ends_with(['-', '/', '"', ',', ':']) {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    joined
}

/// Parses an error of Node 8 and older, without a label or level: the payload, or an error that nobody caught as Node.js
/// prints it. The function may print one as well, so it counts only where the process then ended.
fn legacy_failure(rest: &str) -> Option<AppError<'static>> {
    if rest.starts_with('{') {
        let broken = rest.trim_end().contains(['\n', '\r']).then(|| in_one_line(rest));
        let object = first_object(rest).or_else(|| first_object(broken.as_deref()?))?;
        // A string that was given back as the error has no type.
        let is_text = object.keys().eq(["errorMessage"]);
        return (is_text || is_payload(&object)).then(|| error_object::error(ErrorForm::Unhandled, &object));
    }
    let (_, stack) = first_line(rest);
    lines(stack).next().filter(|line| line.trim_start().starts_with("at "))?;
    exception::typed(ErrorForm::Crash, rest, is_error_name)
}
