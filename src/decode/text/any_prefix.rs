//! Lines with anything before them that is not known by name: a quote mark, a clock, the prefix of a logger. What it is
//! like is learned from the lines of the platform.

use std::borrow::Cow;

use super::ansi::without_colours;
use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Naming, Prefix};
use super::line_form::{LineForm, RowForm};
use super::own_time::own_time;
use super::squeezed;
use super::written_time::written_time;
use crate::decode::delivery::Delivery;
use crate::decode::head::without_return;
use crate::decode::json::nesting::LineObject;
use crate::decode::json::scan::unescape;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::{END, REPORT, REQUEST_ID, START, is_crash, is_platform};
use crate::lambda::runtimes::{INVOKE_ERROR, PYTHON_ERROR, TRACEBACK, UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION};
use crate::lambda::sentences::{is_prose, message_start};
use crate::model::{RequestId, Timestamp, stream_parts};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "any-prefix",
    about: "lines behind anything that repeats: a clock, a date, quote marks, the prefix of a logger or a terminal",
    sniff: |head| !head.of_stream && !LineForms::learn(head.bytes).forms.is_empty(),
    decode: Decode::Events(|feed, delivery| {
        let forms = LineForms::learn(feed.head());
        delivery.watch_order();
        delivery.lines_only();
        let is_table = forms.forms.iter().any(|form| form.row().is_some());
        engine::decode(
            &mut AnyPrefix { forms, is_table, begun: false, ended: false, told: Vec::new() },
            feed,
            delivery,
        );
        Ok(())
    }),
    samples: &[
        "> START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n> END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "api-1  | START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\napi-1  | END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "2026-10-01T00:00:00.123456789Z stdout F REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tDuration: 1.00 ms\n",
        "// RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Error: Runtime exited with error: exit status 1\n// Runtime.ExitError\n",
        "12:00:01 [pay] START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\n12:00:01 [pay] END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

/// Lines looked at, at most.
const LINES: usize = 2_000;
/// Forms in one input, at most.
const MOST_FORMS: usize = 8;

/// Lines of one attempt, at most: if its end is missing, what comes later is not quoted in it.
const LONGEST_ATTEMPT: usize = 300;

/// Bytes of a line of the platform that is compared with the next one, at most.
const LONGEST_SENTENCE: usize = 1_000;

/// Forms of the lines of an input.
struct LineForms {
    /// The longest first.
    forms: Vec<LineForm>,
    /// Where the message is in the objects that stand in its place.
    object: Option<LineObject>,
    /// Whether the lines are the records of `psql`: a column on each line.
    records: bool,
}

/// Line between the records of `psql`.
const RECORD: &[u8] = b"-[ RECORD ";

/// What one form has of attempts.
#[derive(Clone, Copy, Default)]
struct FormCount {
    starts: usize,
    ends: usize,
}

/// Requests that ran side by side, and the names on their lines: where several pods or containers write to one log, a name
/// before the lines tells whose they are.
#[derive(Default)]
struct Writers {
    requests: Vec<RequestLines>,
}

struct RequestLines {
    id: RequestId,
    form: usize,
    /// Names that all lines of the request have, by the number of their token.
    names: Vec<(usize, Box<[u8]>)>,
    lines: usize,
    ended: bool,
    /// Requests that ran when it started.
    beside: Vec<usize>,
}

/// Requests whose names are remembered.
const MOST_REQUESTS: usize = 64;

impl Writers {
    fn see(&mut self, form: usize, message: &[u8], line: &LineForm) {
        let words = [START.begin, END.begin, REPORT.begin];
        let Some((number, id)) = words.iter().enumerate().find_map(|(number, word)| {
            Some((number, RequestId::parse_prefix(message.strip_prefix(word.as_bytes())?.trim_ascii_start())?))
        }) else {
            return;
        };
        match self.requests.iter().position(|request| request.id == id) {
            Some(known) => {
                let request = &mut self.requests[known];
                request.lines += 1;
                request.ended |= number > 0;
                if request.form == form {
                    request.names.retain(|(token, text)| line.names().any(|name| name == (*token, &**text)));
                } else {
                    request.names.clear();
                }
            }
            None if self.requests.len() < MOST_REQUESTS && number == 0 => {
                let running = self.requests.iter().enumerate().filter(|(_, request)| !request.ended);
                let beside = running.map(|(number, _)| number).collect();
                let names = line.names().map(|(token, text)| (token, text.into())).collect();
                self.requests.push(RequestLines { id, form, names, lines: 1, ended: false, beside });
            }
            None => {}
        }
    }

    /// Returns the forms of which a token tells requests apart that ran side by side.
    fn tokens(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let whole = |request: &RequestLines| request.lines > 1 && request.ended;
        for request in self.requests.iter().filter(|request| whole(request)) {
            for other in request.beside.iter().map(|beside| &self.requests[*beside]).filter(|other| whole(other)) {
                let differs = |(token, text): &&(usize, Box<[u8]>)| {
                    other.form == request.form && other.names.iter().any(|(at, name)| at == token && name != text)
                };
                if let Some((token, _)) = request.names.iter().find(differs) {
                    found.push((request.form, *token));
                }
            }
        }
        // The same token must do so for all requests.
        found.retain(|(form, token)| {
            self.requests
                .iter()
                .filter(|request| request.form == *form)
                .all(|request| request.names.iter().any(|(at, _)| at == token))
        });
        found
    }
}

impl LineForms {
    /// Learns the forms from the sentences of the platform; from what people copy without any only where there is none.
    fn learn(head: &[u8]) -> Self {
        // A member of an answer that stands over several lines is no line of its own.
        let is_member = |line: &[u8]| line.trim_ascii_start().starts_with(b"\"errorMessage\"");
        let sentence = |line: &[u8], _: &[u8]| match is_platform(line) {
            true => Some(0),
            false => message_start(line).filter(|at| *at == 0 || !is_member(line)),
        };
        let learned = Self::learn_by(head, sentence).or_else(|| Self::learn_by(head, told_alone));
        learned.unwrap_or_else(|| Self { forms: Vec::new(), object: None, records: false })
    }

    /// Learns the forms by what `start_of` finds in a line, before the next one; `None` if it finds nothing. A sentence within an
    /// attempt of another form is quoted. If messages stand at the start of lines too, a form must have whole attempts, or more
    /// sentences than stand there.
    fn learn_by(head: &[u8], start_of: impl Fn(&[u8], &[u8]) -> Option<usize>) -> Option<Self> {
        let mut forms: Vec<(LineForm, FormCount)> = Vec::new();
        let mut alone = 0;
        let mut writers = Writers::default();
        let mut object = None;
        // The form of the attempt that is running, `None` for lines with nothing before them, and the lines since START.
        let mut running: Option<(Option<usize>, usize)> = None;
        let mut lines = head.split(|byte| *byte == b'\n').take(LINES).map(without_return).peekable();
        while let Some(line) = lines.next() {
            running = running.filter(|(_, lines)| *lines < LONGEST_ATTEMPT).map(|(form, lines)| (form, lines + 1));
            let next = lines.peek().copied().unwrap_or_default();
            let Some(mut start) = start_of(line, next) else { continue };
            let message = &line[start..];
            if let Some((begins, found)) = LineObject::around(line, start) {
                start = begins;
                object.get_or_insert(found);
            }
            let Some(form) = LineForm::of(line, start) else { continue };
            let known = forms.iter().position(|(known, _)| known.is_like(&form));
            let number = if form.is_empty() { None } else { Some(known.unwrap_or(forms.len())) };
            if running.is_some_and(|(of, _)| of != number) {
                continue;
            }
            let begins = |word: &str| message.starts_with(word.as_bytes());
            let (is_start, is_end) = (begins(START.begin), begins(END.begin) || begins(REPORT.begin));
            running = if is_end { None } else { running.or(is_start.then_some((number, 0))) };
            let Some(number) = number else {
                alone += 1;
                continue;
            };
            if known.is_none() {
                // Words behind a time are those of a tool.
                let prose = || !form.marks_events() && is_prose(&String::from_utf8_lossy(&line[..start]));
                if forms.len() == MOST_FORMS || prose() {
                    running = running.filter(|(of, _)| *of != Some(number));
                    continue;
                }
                writers.see(number, message, &form);
                forms.push((form, FormCount::default()));
            } else {
                writers.see(number, message, &form);
                forms[number].0.merge(&form);
            }
            forms[number].1.starts += usize::from(is_start);
            forms[number].1.ends += usize::from(is_end);
        }
        if alone == 0 && forms.is_empty() {
            return None;
        }
        let is_real = |(form, count): &(LineForm, FormCount)| {
            alone == 0 || count.starts > 0 && count.ends > 0 || form.lines() > alone
        };
        for (form, token) in writers.tokens() {
            if let Some((form, _)) = forms.get_mut(form) {
                form.tell_apart_by(token);
            }
        }
        let mut forms: Vec<LineForm> = forms.into_iter().filter(is_real).map(|(form, _)| form).collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.tokens()));
        Some(Self { forms, object, records: memchr::memmem::find(head, RECORD).is_some() })
    }

    fn prefix(&self, line: &[u8]) -> Option<(&LineForm, Prefix<NamePlaces>)> {
        self.forms.iter().find_map(|form| Some((form, form.prefix(line)?)))
    }
}

/// Finds what people copy without a sentence of the platform: the line about a process that ended, the answer about an
/// error, the line of a runtime's client about one. Loggers quote them all, so nothing but marks and a time may stand before,
/// or the name of a member before a string.
fn told_alone(line: &[u8], next: &[u8]) -> Option<usize> {
    let crash = |line: &[u8]| memchr::memmem::find(line, REQUEST_ID.as_bytes()).filter(|at| is_crash(&line[*at..]));
    let answer = |line: &[u8]| ANSWERS.iter().find_map(|begin| memchr::memmem::find(line, begin));
    let stands_alone = |at: usize, fits: &dyn Fn(&LineForm) -> bool| {
        at == 0 || LineForm::of(line, at).is_some_and(|form| form.is_of_marks() && fits(&form) || form.is_of_member())
    };
    // Go's logger writes a time before whatever a function logs.
    let answer = answer(line).filter(|at| stands_alone(*at, &|form| !form.marks_events()));
    let mut told = [error_of_node(line), crash(line), error_of_java(line, next)].into_iter().flatten();
    let told = told.find(|at| stands_alone(*at, &|_| true));
    // Its stack tells it from what loggers write, also behind the name that a tool gives a stream.
    let of_tool = |at: usize| LineForm::of(line, at).is_some_and(|form| form.marks_events() || form.is_of_marks());
    told.or(answer).or_else(|| error_of_python(line, next).filter(|at| *at == 0 || of_tool(*at)))
}

/// Finds where the line begins in which Python's client reports an error: a level and a class, above a stack.
fn error_of_python(line: &[u8], next: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(line, PYTHON_ERROR.as_bytes())?;
    let said = line[at + PYTHON_ERROR.len()..].trim_ascii_start();
    let name = said.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')).count();
    let is_class = name > 0 && said.get(name).is_none_or(|byte| *byte == b':');
    let has_stack = || memchr::memmem::find(next, TRACEBACK.as_bytes()).is_some();
    (is_class && (said.starts_with(b"Runtime.") || has_stack())).then_some(at)
}

/// Finds where the line begins in which Java's client reports an error: a class at its end, with which the next one begins.
fn error_of_java(line: &[u8], next: &[u8]) -> Option<usize> {
    let class = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next()?;
    let is_class = class.contains(&b'.')
        && class.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'));
    let before = line.trim_ascii_end().strip_suffix(class).filter(|before| is_class && before.ends_with(b": "))?;
    let at = memchr::memmem::find(next, class)?;
    let again = next[at + class.len()..].first().is_none_or(|byte| *byte == b':');
    match at {
        _ if !again => None,
        0 => {
            let brackets = usize::from(line.first() == Some(&b'['));
            let time = written_time(&line[brackets..])?.length + 2 * brackets;
            let start = time + line.get(time..)?.iter().take_while(|byte| **byte == b' ').count();
            (start < before.len()).then_some(start)
        }
        _ => before.starts_with(&next[..at]).then_some(at),
    }
}

/// Finds where the line begins in which Node's client reports an error: a time, an id, a level, a label.
fn error_of_node(line: &[u8]) -> Option<usize> {
    const LEVEL: &[u8] = b"\tERROR\t";
    const TIME: usize = "2026-10-01T00:00:00.123Z".len();
    let labels = [INVOKE_ERROR, UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION];
    let at = labels.iter().find_map(|label| memchr::memmem::find(line, label.as_bytes()))?;
    let head = line[..at].strip_suffix(LEVEL)?;
    let id = head.len().checked_sub(RequestId::LENGTH)?;
    let start = head[..id].strip_suffix(b"\t")?.len().checked_sub(TIME)?;
    let fits = RequestId::parse(&head[id..]).is_some()
        && Timestamp::parse_prefix(&head[start..]).is_some_and(|(_, used)| used == TIME);
    fits.then_some(start)
}

/// Beginnings of answers about an error, also escaped as the inside of a string.
const ANSWERS: [&[u8]; 4] =
    [b"{\"errorMessage\":", b"{\"errorType\":", b"{\\\"errorMessage\\\":", b"{\\\"errorType\\\":"];

struct AnyPrefix {
    forms: LineForms,
    /// Whether any of the forms is that of the rows of a table.
    is_table: bool,
    /// Whether a line had one of the forms.
    begun: bool,
    /// The last event was a line of the platform, which no other line continues.
    ended: bool,
    /// That line, where only blank lines came since and its form has a time: below it, a console shows it once more.
    told: Vec<u8>,
}

impl AnyPrefix {
    /// Returns where the rest of a value begins on a line of a record below its first: `    | more`.
    fn below_in_record(&self, line: &[u8]) -> Option<usize> {
        let bar =
            line.iter().position(|byte| *byte != b' ').filter(|bar| *bar > 0 && line[*bar..].starts_with(b"|"))?;
        self.forms.records.then_some((bar + 2).min(line.len()))
    }

    fn rows(&self) -> impl Iterator<Item = RowForm> + '_ {
        self.forms.forms.iter().filter_map(LineForm::row)
    }
}

impl Family for AnyPrefix {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        let Some((form, prefix)) = self.forms.prefix(line) else {
            let is_header = || !self.begun && self.rows().any(|row| row.has_as_many(line));
            if self.is_table && (RowForm::is_rule(line) || is_header()) {
                return Some(Prefix { message: usize::MAX, ..Prefix::default() });
            }
            if let Some(message) = self.below_in_record(line) {
                return Some(Prefix { message, ..Prefix::default() });
            }
            if !line.trim_ascii().is_empty() && !self.told.is_empty() {
                let is_copy = squeezed(line).eq(squeezed(&self.told));
                self.told.clear();
                if is_copy {
                    return Some(Prefix { message: usize::MAX, ..Prefix::default() });
                }
            }
            // Lines without the form continue an event, if its form shows where one begins.
            let is_own = std::mem::take(&mut self.ended)
                || is_platform(line)
                || !self.forms.forms.iter().any(LineForm::marks_events);
            return (is_own && !line.trim_ascii().is_empty()).then(Prefix::default);
        };
        let message = &line[prefix.message.min(line.len())..];
        self.begun = true;
        self.told.clear();
        let is_sentence = is_platform(message);
        if is_sentence && form.marks_events() && message.len() <= LONGEST_SENTENCE {
            self.told.extend_from_slice(message);
        }
        self.ended = !form.marks_events() || is_sentence;
        Some(prefix)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let text = without_colours(message);
        if let Some(object) = self.forms.object.as_ref().and_then(|object| object.event(&text)) {
            object.or_at(event.at).deliver(&text, event.line, delivery);
            return;
        }
        let first_line = event.text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let form = self.forms.prefix(without_return(first_line));
        let mut event = event;
        let text = match form {
            Some((form, prefix)) => match form.row() {
                Some(row) => {
                    event = with_cells_behind(event, prefix.message, row);
                    Cow::Owned(message_of_rows(row, &text))
                }
                None if self.forms.records => Cow::Borrowed(without_plus(&text)),
                None => unwrapped(form, &text),
            },
            None if self.below_in_record(event.text).is_some() => Cow::Borrowed(without_plus(&text)),
            None => Cow::Borrowed(&*text),
        };
        let at = event.at.or_else(|| own_time(&text));
        FoundEvent { at, ..event }.deliver(&text, delivery);
    }
}

/// Takes the time and the names in the cells behind the message of a row, which begins at `start`.
fn with_cells_behind<'e>(event: FoundEvent<'e>, start: usize, row: RowForm) -> FoundEvent<'e> {
    let mut event = event;
    let mut names = event.names.unwrap_or_default();
    let message = event.text.get(start..).unwrap_or_default();
    let first = message.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Without quotes, the columns stand behind the last line of the message.
    let message = if row.ends_in(first) { first } else { message.trim_ascii_end() };
    for (from, to) in row.split(message).1 {
        let (from, to) = (start + from, start + to);
        let cell = &event.text[from..to];
        let text = std::str::from_utf8(cell).unwrap_or_default();
        // Logs Insights writes the account before the group.
        let group = text.trim_start_matches(|char: char| char.is_ascii_digit() || char == ':');
        if stream_parts(text).is_some() {
            names.stream = Column::new(from, to);
        } else if group.starts_with("/aws/lambda/") {
            names.group = Column::new(to - group.len(), to);
        } else if event.at.is_none() {
            event.at = written_time(cell).filter(|time| time.length == cell.len()).and_then(|time| time.at);
        }
    }
    event.names = names.places();
    event
}

/// Joins the message of a row with what stands below it in rows that continue it.
fn message_of_rows(row: RowForm, text: &[u8]) -> Vec<u8> {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !row.ends_in(first) {
        let text = text.trim_ascii_end();
        return text[..row.split(text).0].to_vec();
    }
    let mut message = Vec::with_capacity(text.len());
    for (number, line) in text.split(|byte| *byte == b'\n').map(without_return).enumerate() {
        let part =
            if number == 0 { line[..row.split(line).0].trim_ascii_end() } else { row.below(line).unwrap_or(line) };
        if number > 0 {
            message.push(b'\n');
        }
        // Markdown escapes the bars in a cell.
        let mut rest = part;
        while let Some(at) = memchr::memmem::find(rest, b"\\|") {
            message.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
        }
        message.extend_from_slice(rest);
    }
    message
}

/// Takes off the plus with which `psql` ends a line that goes on in the next one.
fn without_plus(text: &[u8]) -> &[u8] {
    text.trim_ascii_end().strip_suffix(b"+").unwrap_or(text)
}

/// Takes off what closes a line that something opens before the message: a quote, a back-tick.
fn unwrapped<'t>(form: &LineForm, text: &'t [u8]) -> Cow<'t, [u8]> {
    let trimmed = text.trim_ascii_end();
    match form.last_mark() {
        Some(b'"') => {
            let inside = trimmed.strip_suffix(b",").unwrap_or(trimmed);
            match inside.strip_suffix(b"\"") {
                // What is no text stays as it is: signs in its place would be more bytes than were read.
                Some(inside) if str::from_utf8(inside).is_err() => Cow::Borrowed(inside.trim_ascii_end()),
                Some(inside) => Cow::Owned(unescape(inside).trim_end().as_bytes().to_vec()),
                None => Cow::Borrowed(text),
            }
        }
        Some(quote @ (b'`' | b'\'')) => Cow::Borrowed(trimmed.strip_suffix(&[quote]).unwrap_or(text)),
        _ => Cow::Borrowed(text),
    }
}
