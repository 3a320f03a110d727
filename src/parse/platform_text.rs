//! Lines of the platform in the text format. They are read by label, not by position, as fields change over the years.
//!
//! A line of the function may begin with the same word, so each shape requires its first label, too.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::spoilt_report;
use super::spoilt_sentence;
use super::text::{BLANKS, after_any_time, after_word, first_line, request_id, thousandths, trim_front, uuid, word};
use crate::lambda::platform;
use crate::model::{CrashLine, InitPhase, InitReport, InitStart, Metrics, Report, RequestId, Statement, Status};

/// Parses a line of the platform; `None` if it is none.
pub(super) fn parse(message: &str) -> Option<Statement<'_>> {
    let text = trim_front(message);
    of_first_byte(text).or_else(|| spoilt_report(text)).or_else(|| of_request_without_head(text)).or_else(|| {
        let is_spoilt = spoilt_sentence::is_one(text) || spoilt_report::is_rest(text);
        is_spoilt.then_some(Statement::Unrecognized)
    })
}

/// Parses a line that names a request behind the rest of its label: the beginning stands in another file.
fn of_request_without_head(text: &str) -> Option<Statement<'_>> {
    let at = text.bytes().take(platform::REQUEST_ID.len()).position(|byte| byte == b':')? + 1;
    let head = text.get(..at).filter(|head| platform::REQUEST_ID.ends_with(head))?;
    uuid(text.get(head.len()..)?.trim_start_matches(BLANKS))?;
    match of_label(text.get(head.len()..)?)? {
        told @ (Statement::TimedOut { .. } | Statement::Crash(_) | Statement::ExitedEarly { .. }) => Some(told),
        _ => None,
    }
}

fn of_first_byte(text: &str) -> Option<Statement<'_>> {
    match text.as_bytes().first()? {
        b'S' => start(text).or_else(|| image(after_word(text, platform::SUPERNOVA)?)),
        b'E' => end(text).or_else(|| extension(text)).or_else(|| crash_without_id(text)),
        b'R' => report(text).or_else(|| restore(text)).or_else(|| of_request(text)).or_else(|| crash_without_id(text)),
        b'I' => init(text).or_else(|| image(after_word(text, platform::IMAGE)?)),
        b'T' => timed_out_alone(text).or_else(|| subscription(after_word(text, platform::TELEMETRY)?)),
        b'L' => subscription(after_word(text, platform::LOGS)?),
        b'X' => after_word(text, platform::XRAY)?.starts_with("TraceId:").then_some(Statement::Informational),
        b'U' => unknown_error(text),
        b'0'..=b'9' | b'a'..=b'f' => timed_out(text),
        first if SIGNS_AROUND.contains(first) => {
            quoted_report(text).or_else(|| bare_code(text)).or_else(|| timed_out(text))
        }
        _ => bare_code(text).or_else(|| timed_out(text)),
    }
}

fn start(text: &str) -> Option<Statement<'_>> {
    let rest = request(text, platform::START.word)?;
    // Without a UUID, it may be prose.
    let goes_on = |rest: &str| rest.trim().is_empty() || rest.trim_start().starts_with("Version:");
    let Some((id, rest)) = request_id(rest).filter(|(id, rest)| !id.is_token() || goes_on(rest)) else {
        return Some(Statement::Unrecognized);
    };
    let version = labels(rest).find(|(label, _)| *label == Label::Version).map(|(_, value)| value);
    Some(Statement::Start { id, version, function_arn: None, tenant_id: None, xray_trace_id: None, json: false })
}

fn end(text: &str) -> Option<Statement<'_>> {
    let rest = request(text, platform::END.word)?;
    let id = request_id(rest).filter(|(id, rest)| !id.is_token() || rest.trim().is_empty());
    Some(id.map_or(Statement::Unrecognized, |(id, _)| Statement::End { id }))
}

/// Returns what follows `WORD RequestId:`.
fn request<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    Some(after_word(text, begin)?.strip_prefix(platform::REQUEST_ID)?.trim_start())
}

fn report(text: &str) -> Option<Statement<'_>> {
    let Some(rest) = request(text, platform::REPORT.word) else {
        return spoilt_report::is_begun(text).then_some(Statement::ReportBegun);
    };
    // Copies have masked ids and short ones, but none that ends the line.
    let names_one = |id: RequestId, behind: &str| {
        !id.is_token() || !behind.trim().is_empty() && !spoilt_report::has_spoilt_id(rest)
    };
    let id = request_id(rest).filter(|(id, behind)| names_one(*id, behind));
    let Some((id, rest)) = id else {
        return spoilt_report(text).or(Some(Statement::UnreadableReport { id: None, quoted: false }));
    };
    Some(read_report(id, rest).map_or(Statement::UnreadableReport { id: Some(id), quoted: false }, Statement::Report))
}

/// Reads a REPORT with a spoilt head.
fn spoilt_report(text: &str) -> Option<Statement<'_>> {
    let spoilt_report::Spoilt { id, figures, as_written } = spoilt_report::find(text)?;
    let report = if as_written { read_report(id, figures) } else { None };
    Some(report.map_or(Statement::UnreadableReport { id: Some(id), quoted: !as_written }, Statement::Report))
}

/// Signs that tools put around the first word of a line, or around the line.
pub(super) const SIGNS_AROUND: &[u8] = b"\"'`[(<{*>|-#";

/// Reads a REPORT with signs around its first word. Its figures may be those of a line that something quotes, so the attempt
/// it names, if it is one of this log, has an end that is not known.
fn quoted_report(text: &str) -> Option<Statement<'_>> {
    const MOST: usize = 8;
    let is_sign = |c: char| c == ' ' || u8::try_from(c).is_ok_and(|byte| b"\"'`[](){}<>*|-#:".contains(&byte));
    let signs = text.chars().take(MOST).take_while(|c| is_sign(*c)).count();
    let rest = text.get(signs..)?.strip_prefix(platform::REPORT.word)?;
    let rest = rest.trim_start_matches(is_sign).trim_start().strip_prefix(platform::REQUEST_ID)?;
    let (id, _) = request_id(rest.trim_start())?;
    Some(Statement::UnreadableReport { id: Some(id), quoted: true })
}

/// Reads what stands behind the id of a REPORT; `None` if that tells nothing.
fn read_report(id: RequestId, rest: &str) -> Option<Report<'_>> {
    let mut fields = ReportFields::read(rest);
    // A status is only written where something went wrong, so its label alone tells that.
    let last = rest.trim_end().rsplit(BLANKS).next().unwrap_or_default();
    let is_field =
        last.len() > 2 || fields.reached_the_end && rest.trim_end().strip_suffix(last).is_some_and(ends_in_unit);
    if fields.status.is_none() && is_field && !last.is_empty() && "Status:".starts_with(last) {
        fields.status = Some(Status::Unknown);
    }
    let tells_a_failure = fields.status.is_some() || fields.error_type.is_some();
    // Cut within its second figure, it tells nothing, unless the first one alone tells that the limit was reached.
    let first_alone = fields.metrics.billed_ms.is_none() && fields.metrics.max_memory_used_mb.is_none();
    let is_at_a_limit = fields.metrics.duration_us.is_some_and(|us| us > 0 && us.is_multiple_of(1_000_000));
    let cut_at_once =
        first_alone && !is_at_a_limit && rest.trim_end().ends_with(|last: char| last.is_ascii_digit() || last == '.');
    let is_shortened = rest.trim_end().ends_with("..");
    if !tells_a_failure
        && (fields.metrics == Metrics::default() || fields.duration_misread || cut_at_once && !is_shortened)
    {
        return None;
    }
    Some(Report {
        id,
        metrics: fields.metrics,
        status: fields.status,
        error_type: fields.error_type,
        xray_trace_id: fields.trace_id,
        tenant_id: None,
        extension_overhead_us: None,
        emulated: fields.init_before_duration,
        json: false,
        whole: fields.reached_the_end && !fields.lost,
    })
}

fn restore(text: &str) -> Option<Statement<'_>> {
    if let Some(rest) = after_label_word(text, platform::RESTORE_START) {
        return Some(read_init_start(rest).map_or(Statement::Unrecognized, Statement::RestoreStart));
    }
    let fields = ReportFields::read(after_label_word(text, platform::RESTORE_REPORT)?);
    let report = fields.into_init_report(|metrics| metrics.restore_us);
    Some(report.map_or(Statement::Unrecognized, Statement::RestoreReport))
}

fn init(text: &str) -> Option<Statement<'_>> {
    if let Some(rest) = after_label_word(text, platform::INIT_START) {
        return Some(read_init_start(rest).map_or(Statement::Unrecognized, Statement::InitStart));
    }
    let fields = ReportFields::read(after_label_word(text, platform::INIT_REPORT)?);
    let report = fields.into_init_report(|metrics| metrics.init_us);
    Some(report.map_or(Statement::Unrecognized, Statement::InitReport))
}

/// Returns what follows a word that only the platform writes; the word may end the line.
fn after_label_word<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(begin)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

/// Reads the rest of a start of an init. Container images have no runtime version, so the rest may be empty.
fn read_init_start(rest: &str) -> Option<InitStart<'_>> {
    // Some exporters lose the version or its ARN, or put a dash before the labels.
    let of_runtime = |label| matches!(label, Label::RuntimeVersion | Label::Version);
    let version = labels(rest).find(|(label, _)| of_runtime(*label)).map(|(_, value)| value);
    let version = version.filter(|value| !matches!(*value, "" | "Runtime") && !value.ends_with(':'));
    (version.is_some()
        || rest.trim().is_empty()
        || rest.trim_start().starts_with("Runtime") && rest.contains("Version"))
    .then(|| InitStart { runtime_version: version.filter(|word| *word != "?"), ..InitStart::default() })
}

fn extension(text: &str) -> Option<Statement<'_>> {
    let rest = after_word(text, platform::EXTENSION)?.strip_prefix("Name:")?;
    let Some((name, rest)) = rest.split_once("State:") else { return Some(Statement::Unrecognized) };
    let (state, rest) = word(rest);
    let error_type = labels(rest).find(|(label, _)| *label == Label::ErrorType).map(|(_, value)| value);
    Some(Statement::Extension { name: Cow::Borrowed(name.trim()), state: Cow::Borrowed(state), error_type })
}

fn subscription(rest: &str) -> Option<Statement<'_>> {
    rest.starts_with("Name:").then_some(Statement::Informational)
}

fn image(rest: &str) -> Option<Statement<'_>> {
    let message = rest.strip_prefix("Launch error:").or_else(|| rest.strip_prefix("Invalid task config:"))?;
    let (line, _) = first_line(message);
    let message = line.split_once("Entrypoint:").map_or(line, |(message, _)| message).trim();
    Some(Statement::ImageError { message })
}

/// Parses a line that begins with `RequestId: <id>`. Functions print that, too, so an unknown rest makes it theirs.
fn of_request(text: &str) -> Option<Statement<'_>> {
    of_label(text.strip_prefix(platform::REQUEST_ID)?)
}

/// Parses what follows the label of a request id.
fn of_label(text: &str) -> Option<Statement<'_>> {
    let (id, rest) = request_id(text.trim_start())?;
    let rest = rest.trim_start();
    if let Some(message) = rest.strip_prefix("Error:") {
        let message = message.trim_start();
        if tells_timeout(message) {
            return Some(Statement::TimedOut { id: Some(id) });
        }
        let (message, error_type) = message_and_code(message);
        return Some(Statement::Crash(CrashLine { id: Some(id), message, error_type }));
    }
    if begins_with_words(rest, platform::PROCESS_EXITED) {
        return Some(Statement::ExitedEarly { id });
    }
    if !rest.starts_with("Status:") {
        return None;
    }
    // Functions write `RequestId: … Status: 200`, too, so the status must be one of the platform's words.
    let known = |(label, word)| if label == Label::Status { Status::parse(word) } else { None };
    let Some(status) = labels(rest).find_map(known) else {
        let word = rest.strip_prefix("Status:")?.trim();
        let is_cut = word.len() >= 4 && ["timeout", "error", "failure"].iter().any(|status| status.starts_with(word));
        return is_cut.then_some(Statement::Unrecognized);
    };
    Some(Statement::RuntimeDone { id, status, error_type: ReportFields::read(rest).error_type, xray_trace_id: None })
}

/// Parses a crash line whose id was lost in a copy (`Error Runtime exited with error: …`), or its second line alone.
fn crash_without_id(text: &str) -> Option<Statement<'_>> {
    let rest = text.strip_prefix("Error").map_or(text, |rest| rest.trim_start_matches([':', ' ', '\t']));
    if !rest.starts_with(platform::RUNTIME_EXITED) {
        return bare_code(text);
    }
    let (message, error_type) = message_and_code(rest);
    Some(Statement::Crash(CrashLine { id: None, message, error_type }))
}

/// Parses the code of a crash as a message of its own.
fn bare_code(text: &str) -> Option<Statement<'_>> {
    let code = text.trim_end();
    is_code(code).then_some(Statement::Crash(CrashLine { id: None, message: "", error_type: Some(code) }))
}

fn unknown_error(text: &str) -> Option<Statement<'_>> {
    let rest = text.strip_prefix(platform::UNKNOWN_ERROR)?;
    let (code, after) = word(rest);
    let error_type = (!code.is_empty() && after.trim().is_empty()).then_some(code);
    (rest.trim().is_empty() || error_type.is_some()).then_some(Statement::Crash(CrashLine {
        id: None,
        message: platform::UNKNOWN_ERROR,
        error_type,
    }))
}

/// Splits off the code of a crash: on the second line, or after a space where a copy joined the two.
fn message_and_code(text: &str) -> (&str, Option<&str>) {
    let text = text.trim_end();
    let last = text.rfind(char::is_whitespace).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let (before, code) = text.split_at(last);
    let own_line = before.ends_with(['\n', '\r']);
    if last > 0 && (is_code(code) || own_line && super::text::is_type_name(code)) {
        return (before.trim_end(), Some(code));
    }
    (first_line(text).0.trim_end(), None)
}

/// Returns whether a word is a code of a crash: `Runtime.ExitError`, `Extension.Crash`, …
pub(super) fn is_code(word: &str) -> bool {
    word.split_once('.').is_some_and(|(family, name)| {
        platform::ERROR_TYPE_FAMILIES.contains(&family)
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn timed_out(text: &str) -> Option<Statement<'_>> {
    // Lines of most runtimes begin with a time and an id, too, so the cheap search for a word of the sentence comes first.
    static WORD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("imed"));
    WORD.find(text.as_bytes())?;
    // A copy may have lost the time. Then nothing else may stand before and behind.
    if let Some((id, rest)) = uuid(text) {
        timed_out_alone(rest.trim_start_matches(BLANKS))?;
        return Some(Statement::TimedOut { id: Some(id) });
    }
    let Some(rest) = after_any_time(text).map(|rest| rest.trim_start_matches(BLANKS)) else {
        return timed_out_behind_rest(text);
    };
    if let Some(timed_out) = timed_out_alone(rest) {
        return Some(timed_out);
    }
    let (id, rest) = request_id(rest)?;
    let rest = rest.trim_start_matches(is_spoilt_blank);
    (tells_timeout(rest) || tells_spoilt_timeout(rest)).then_some(Statement::TimedOut { id: Some(id) })
}

/// Parses the sentence behind what is left of its time and id, of which the beginning stands in another file.
fn timed_out_behind_rest(text: &str) -> Option<Statement<'_>> {
    let at = memchr::memmem::find(text.as_bytes(), platform::TASK_TIMED_OUT.as_bytes())?;
    let (before, sentence) = (text.get(..at)?, text.get(at..)?);
    let is_rest = before.len() <= "2026-01-02T03:04:05.678Z  ".len() + RequestId::LENGTH
        && before.bytes().all(|byte| byte.is_ascii_hexdigit() || b"TZ:.- ".contains(&byte));
    timed_out_alone(sentence).filter(|_| is_rest)?;
    let id = before.trim_end().rsplit(' ').next().and_then(|id| RequestId::parse(id.as_bytes()));
    Some(Statement::TimedOut { id })
}

/// Returns whether a character may stand for a blank of the sentence: copies make of it what they have. Quotes, brackets and
/// words are of functions, which quote the sentence.
fn is_spoilt_blank(char: char) -> bool {
    BLANKS.contains(&char)
        || char.is_control()
        || matches!(char, '_' | '.' | ':' | '-')
        || !char.is_ascii() && !char.is_alphanumeric()
}

/// Parses the sentence without an id: with nothing behind it, and seconds with two decimals as only the platform writes.
fn timed_out_alone(text: &str) -> Option<Statement<'_>> {
    let (seconds, unit) = word(text.strip_prefix(platform::TASK_TIMED_OUT)?);
    let decimals = seconds.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 2);
    let fits = decimals && thousandths(seconds).is_some() && matches!(unit.trim(), "seconds" | "second");
    fits.then_some(Statement::TimedOut { id: None })
}

/// Returns whether the sentence stands at the start of a text.
fn tells_timeout(text: &str) -> bool {
    let Some((seconds, rest)) = text.strip_prefix(platform::TASK_TIMED_OUT).map(word) else { return false };
    rest.trim_start().starts_with("second") && thousandths(seconds).is_some()
}

/// Returns whether a text is the sentence with other blanks or letters, a figure that a copy spoilt, or cut. Behind its own time
/// and id it is the platform's.
fn tells_spoilt_timeout(text: &str) -> bool {
    let mut rest = text.trim_end_matches(|char| is_spoilt_blank(char) || char == '…');
    for (at, word) in platform::TIMED_OUT_WORDS.split(' ').enumerate() {
        if rest.len() < word.len() {
            // Of a sentence that was cut, enough must be there to be no other.
            return at >= 2 && !rest.is_empty() && starts_with_letters(word, rest);
        }
        if !starts_with_letters(rest, word) {
            return false;
        }
        let behind = &rest[word.len()..];
        rest = behind.trim_start_matches(is_spoilt_blank);
        if rest.len() == behind.len() && !rest.is_empty() {
            return false;
        }
    }
    let unit = rest.trim_start_matches(|char: char| !char.is_ascii_alphabetic());
    let is_figure = unit.len() < rest.len() || rest.is_empty();
    is_figure && (starts_with_letters(unit, "second") || starts_with_letters("seconds", unit))
}

/// Returns whether a text begins with the words of a sentence, or ends after at least two of them.
fn begins_with_words(text: &str, sentence: &str) -> bool {
    let mut words = text.split_whitespace();
    let mut same = 0;
    for wanted in sentence.split(' ') {
        match words.next() {
            Some(word) if word == wanted => same += 1,
            Some(cut) => {
                return same >= 2 && words.next().is_none() && wanted.starts_with(cut.trim_end_matches(['.', '…']));
            }
            None => return same >= 2,
        }
    }
    true
}

/// Returns whether a text begins with a word, whatever the case of its letters.
fn starts_with_letters(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

/// Labels of the platform's lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Duration,
    Billed,
    Init,
    Restore,
    MemorySize,
    MaxMemory,
    Phase,
    Status,
    ErrorType,
    TraceId,
    Version,
    RuntimeVersion,
}

impl Label {
    /// Returns whether the word after the label is a figure with a unit.
    fn is_figure(self) -> bool {
        use Label::{Billed, Duration, Init, MaxMemory, MemorySize, Restore};
        matches!(self, Duration | Billed | Init | Restore | MemorySize | MaxMemory)
    }
}

/// Lists every known label with the word after it. A copy may have broken a label over two lines, so labels are
/// compared word by word.
fn labels(text: &str) -> impl Iterator<Item = (Label, &str)> {
    values(text).map(|(label, value, _)| (label, value))
}

/// Lists every known label with the word after it and the rest of the text.
fn values(text: &str) -> impl Iterator<Item = (Label, &str, &str)> {
    memchr::memchr_iter(b':', text.as_bytes()).filter_map(|colon| {
        let label = label_before(text.get(..colon)?)?;
        let (value, rest) = word(text.get(colon + 1..)?);
        Some((label, value, rest))
    })
}

/// Returns whether a figure is in another unit than Lambda's milliseconds and megabytes. Copies may lose the unit.
fn is_in_other_unit(rest: &str) -> bool {
    const OTHERS: [&str; 20] = [
        "s", "sec", "secs", "second", "seconds", "m", "min", "minutes", "h", "us", "µs", "ns", "B", "bytes", "KB",
        "kB", "GB", "KiB", "MiB", "GiB",
    ];
    let (unit, _) = word(rest.trim_start_matches(BLANKS));
    OTHERS.contains(&unit.trim_end_matches([',', ';', '.']))
}

/// Returns whether a figure may lack some of its digits: the text ends before its unit, or one of them became a blank.
fn is_cut_figure(value: &str, rest: &str) -> bool {
    let is_digit = |char: char| char.is_ascii_digit() || char == '.';
    let lacks_first =
        value.strip_prefix('0').is_some_and(|behind| behind.starts_with(|char: char| char.is_ascii_digit()));
    let lacks_last = || {
        rest.trim().is_empty()
            || rest.starts_with("\t ")
            || rest.starts_with(" \t")
            || word(rest).0.starts_with(is_digit)
    };
    lacks_first || value.ends_with(is_digit) && lacks_last()
}

/// Returns whether a text ends in a figure with its unit and a blank.
fn ends_in_unit(text: &str) -> bool {
    let figure = text.trim_end_matches(BLANKS);
    figure.len() < text.len() && (figure.ends_with(" MB") || figure.ends_with(" ms"))
}

fn label_before(text: &str) -> Option<Label> {
    // No label is longer; without the bound a line of colons would take quadratic time.
    let from = (text.len().saturating_sub(48)..text.len()).find(|at| text.is_char_boundary(*at))?;
    let text = text.get(from..)?;
    let mut words = text.rsplit(char::is_whitespace).filter(|word| !word.is_empty()).map(without_unit);
    let last = words.next()?;
    Some(match (last, words.next().unwrap_or(""), words.next().unwrap_or("")) {
        ("Duration", "Billed", _) => Label::Billed,
        ("Duration", "Init", _) => Label::Init,
        ("Duration", "Restore", "Billed") | ("Duration", "Runtime" | "Extensions", _) => return None,
        ("Duration", "Restore", _) => Label::Restore,
        ("Duration", ..) => Label::Duration,
        ("Size", "Memory", _) => Label::MemorySize,
        ("Used", "Memory", _) => Label::MaxMemory,
        ("Phase", ..) => Label::Phase,
        (status, ..) if status.eq_ignore_ascii_case("status") => Label::Status,
        ("Type", "Error", _) | ("ErrorType", ..) => Label::ErrorType,
        ("TraceId", ..) => Label::TraceId,
        ("Version", "Runtime", _) => Label::RuntimeVersion,
        ("Version", ..) => Label::Version,
        _ => return None,
    })
}

/// Strips the unit of the value before, where a copy has lost the tab between them (`msBilled`, `MBMax`) or has written
/// something else in its place (`MB&#9;Status`).
fn without_unit(word: &str) -> &str {
    let separator = word.bytes().rposition(|byte| !byte.is_ascii_alphabetic());
    let word = separator.map_or(word, |at| &word[at + 1..]);
    let rest = word.strip_prefix("ms").or_else(|| word.strip_prefix("MB"));
    rest.filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase())).unwrap_or(word)
}

/// Takes off what a rendering put behind the last value: the quote or the bracket around the message, a tag, the sign of a
/// line end. No type of an error has such a character in it.
fn without_wrapping(value: &str) -> &str {
    let is_of_type =
        |char: char| char.is_alphanumeric() || matches!(char, '.' | '_' | ':' | '$' | '-' | '/' | '#' | '`');
    let end = value.find(|char| !is_of_type(char)).filter(|end| *end > 0).unwrap_or(value.len());
    // Types of some languages have parameters.
    if value[end..].starts_with(['<', '['])
        && value.ends_with(['>', ']'])
        && !value.contains("</")
        && !value.contains("<br")
    {
        return value;
    }
    &value[..end]
}

/// Fields of a report of any kind. Each is read on its own: an odd value does not invalidate the others.
#[derive(Default)]
struct ReportFields<'a> {
    metrics: Metrics,
    phase: Option<InitPhase>,
    status: Option<Status>,
    error_type: Option<&'a str>,
    trace_id: Option<&'a str>,
    init_before_duration: bool,
    /// Whether the last field that every REPORT has is there; a status comes after it.
    reached_the_end: bool,
    /// Whether a value was not understood.
    lost: bool,
    /// Whether that of the duration was not, so that the line may not mean what it seems to.
    duration_misread: bool,
}

impl<'a> ReportFields<'a> {
    fn read(text: &'a str) -> Self {
        let mut fields = Self::default();
        for (label, value, rest) in values(text) {
            fields.reached_the_end |= label == Label::MaxMemory;
            let is_in_other_unit = label.is_figure() && is_in_other_unit(rest);
            let lost = is_in_other_unit
                || label.is_figure() && is_cut_figure(value, rest)
                || fields.take(label, value).is_none();
            fields.lost |= lost;
            fields.duration_misread |= lost && !is_in_other_unit && label == Label::Duration;
        }
        let text = without_lines_behind(text);
        fields.lost |= ends_midway(text) || is_wrapped(text);
        if fields.status.is_none() && tells_of_failure(text) {
            fields.status = Some(Status::Unknown);
        }
        fields
    }

    /// Stores a value; `None` if it does not fit its label.
    fn take(&mut self, label: Label, value: &'a str) -> Option<()> {
        let metrics = &mut self.metrics;
        match label {
            Label::Duration => metrics.duration_us = Some(figure(value)?),
            Label::Billed => metrics.billed_ms = Some(figure(value)? / 1_000),
            Label::Init => {
                self.init_before_duration = metrics.duration_us.is_none();
                metrics.init_us = Some(figure(value)?);
            }
            Label::Restore => metrics.restore_us = Some(figure(value)?),
            Label::MemorySize => metrics.memory_size_mb = Some(megabytes(value)?),
            Label::MaxMemory => metrics.max_memory_used_mb = Some(megabytes(value)?),
            Label::Phase => self.phase = Some(phase(value)?),
            Label::Status => self.status = self.status.max(Some(Status::read(value))),
            Label::ErrorType => self.error_type = Some(without_wrapping(value)).filter(|value| !value.is_empty()),
            Label::TraceId => self.trace_id = Some(value),
            Label::Version | Label::RuntimeVersion => {}
        }
        Some(())
    }

    /// Converts the fields into an init report. The short form (a duration alone) means success.
    fn into_init_report(self, duration: fn(&Metrics) -> Option<u64>) -> Option<InitReport<'a>> {
        let duration_us = duration(&self.metrics);
        (duration_us.is_some() || self.status.is_some()).then_some(InitReport {
            duration_us,
            phase: self.phase,
            status: self.status.unwrap_or(Status::Success),
            error_type: self.error_type,
            init_type: None,
            emulated: false,
            runtime_done: false,
        })
    }
}

/// Returns whether a field of any name has a word for its value with which the platform tells of a failure.
fn tells_of_failure(text: &str) -> bool {
    let words = [Status::Timeout, Status::Error, Status::Failure].map(Status::as_str);
    memchr::memchr_iter(b':', text.as_bytes()).any(|colon| {
        let value = &text.as_bytes()[colon + 1..];
        let value = value.strip_prefix(b" ").unwrap_or(value);
        words.iter().any(|word| {
            let is_word = value.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()));
            is_word && !value.get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
        })
    })
}

/// Returns whether a text was cut off: it ends in a figure without its unit, or in words without a colon.
fn ends_midway(text: &str) -> bool {
    let (_, last) = text.trim_end().rsplit_once(':').unwrap_or(("", text));
    let mut words = last.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(value), None, _) => {
            value.ends_with(|char: char| char.is_ascii_digit() || char == '.') && !last.contains('-')
        }
        (Some(_), Some(unit), None) => !is_unit(unit),
        // Signs behind the last figure are those of what the line was copied out of.
        (Some(_), Some(unit), Some(behind)) => {
            let is_bare = matches!(unit, "ms" | "MB");
            !is_unit(unit) || is_bare && !is_sign_of_copy(behind)
        }
        (None, ..) => true,
    }
}

/// Takes off lines that no field is on, behind one that has the fields of every REPORT: other text that the line was copied
/// with.
fn without_lines_behind(text: &str) -> &str {
    let Some((line, behind)) = text.split_once('\n').filter(|(_, behind)| !behind.trim().is_empty()) else {
        return text;
    };
    let has_all = !ends_midway(line) && labels(line).any(|(label, _)| label == Label::MaxMemory);
    if has_all && labels(behind).next().is_none() && !behind.contains(platform::XRAY) { line } else { text }
}

/// Returns whether a word is a unit of the platform, perhaps with what closes a string, a tag or a line behind it.
fn is_unit(word: &str) -> bool {
    let behind = ["ms", "MB"].iter().find_map(|unit| word.strip_prefix(unit));
    behind.is_some_and(|behind| behind.is_empty() || is_sign_of_copy(behind))
}

/// Returns whether a text begins with what closes a string, a tag or a comment, or with a key that somebody pressed. Marks that
/// may stand at the end of every line are none of these: they make other lines unreadable.
fn is_sign_of_copy(text: &str) -> bool {
    text.strip_prefix("\\n").unwrap_or(text).starts_with(['`', '"', '\'', ')', '<', '*', '^'])
}

/// Returns whether a REPORT was broken by the width of a window rather than between all of its fields: then other lines were
/// broken as well, and what tells of a failure in them may not be known any more.
fn is_wrapped(text: &str) -> bool {
    let fields = text.split_once(platform::XRAY).map_or(text, |(fields, _)| fields).trim();
    if memchr::memchr2(b'\n', b'\r', fields.as_bytes()).is_none() {
        return false;
    }
    fields.lines().any(|line| values(line).nth(1).is_some())
}

/// Parses a figure as thousandths, with or without its unit behind it (`9830ms`) and with or without commas between
/// thousands (`3,000.00`), as copies and spreadsheets write them.
fn figure(value: &str) -> Option<u64> {
    let end = value.find(|char: char| !matches!(char, '0'..='9' | '.' | ',')).unwrap_or(value.len());
    let (digits, unit) = value.split_at(end);
    if !unit.is_empty() && !unit.starts_with("ms") && !unit.starts_with("MB") {
        return None;
    }
    let mut groups = digits.split(',');
    let first = groups.next()?;
    if first.len() == digits.len() {
        return thousandths(digits);
    }
    let thousands = |group: &str| group.split('.').next().is_some_and(|whole| whole.len() == 3);
    let grouped = !first.contains('.') && first.len() <= 3 && groups.all(thousands);
    if grouped { thousandths(&digits.replace(',', "")) } else { None }
}

fn megabytes(value: &str) -> Option<u32> {
    u32::try_from(figure(value)? / 1_000).ok()
}

/// Parses the platform's word for the phase of an init.
pub(super) fn phase(word: &str) -> Option<InitPhase> {
    match word {
        "init" => Some(InitPhase::Init),
        "invoke" => Some(InitPhase::Invoke),
        "snap-start" => Some(InitPhase::SnapStart),
        _ => None,
    }
}
