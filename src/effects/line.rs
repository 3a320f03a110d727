//! Analysis of one line: whether it shows a write, to what, with which id, and whether it was done.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::table::{Operation, Saying, TARGET_KEYS};
use super::{Hint, Told, WriteEvidence, hints};
use crate::model::{EffectState, WorkShown};

/// Suffixes that an operation's name may have, as part of a class name in an SDK.
const SUFFIXES: [&str; 5] = ["Command", "Request", "Input", "Output", "Async"];
/// Bytes before an operation in which the name of its service makes an ambiguous word certain.
const BESIDE: usize = 24;
/// Keys whose value identifies the run, the caller or the code, and not what was written.
const OTHER_IDS: [&str; 9] =
    ["requestid", "awsrequestid", "traceid", "spanid", "tenantid", "accountid", "xrayid", "threadid", "processid"];

/// Compiles a constant byte regex, without Unicode for speed; a test checks that all compile.
fn pattern(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).unicode(false).build().ok()
}

/// Returns a group of a match. The patterns delimit groups by ASCII, so the range is valid in the text.
fn group<'t>(text: &'t str, found: &Captures<'_>, number: usize) -> Option<&'t str> {
    text.get(found.get(number)?.range())
}

static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r#"\b(POST|PUT|PATCH|DELETE)\b.{0,80}?(?:[a-z][\w.]*://)(?:[^\s"'/@]*@)?([^\s"'<>?#\\,;)]+)"#)
});
/// Log format of urllib3: `https://api.example.com:443 "POST /v2/charges HTTP/1.1" 201 88`.
static URLLIB: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"https?://([^\s"'/]+) "(POST|PUT|PATCH|DELETE) (/[^\s"?#]*)"#));
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:(?:->|=>|→)\s?|status(?:_?code)?["']?\s?[=: ]\s?|http/\d(?:\.\d)?"?\s|returned\s|response\s|\[AWS [\w-]+ )["']?([1-5]\d\d)\b"#,
    )
});
static FAILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:error|failed|failure|time[d-]?\s?out|exception|ETIMEDOUT|ECONNRESET|refused|aborted)")
});
static NOTHING_DONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"AccessDenied|not authorized to perform|UnauthorizedOperation|InvalidSignature|ExpiredToken|ValidationException|ThrottlingException|TooManyRequests|ThroughputExceeded|SlowDown|NoSuchBucket|NonExistentQueue|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|[Cc]onnection refused|no such host|getaddrinfo",
    )
});
static KEYED_ID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r#"(?i)\b([a-z_-]{0,24}id|key|idempotency[_-]?key)["']?\s?[=:]\s?["']?([A-Z0-9][\w.:/@+-]{1,120})"#)
});
static UUID: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"));
static TOKEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\b(?:[a-z]{2,10}|[A-Z]{2,10})[-_][A-Za-z0-9_-]*\d[A-Za-z0-9_-]*\b"));
static TARGET: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(&format!(r#"(?i)\b(?:{TARGET_KEYS})["']?\s?[=: ]\s?["']?([A-Z0-9][\w.:/-]*)"#)));
static OBJECT: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\bs3://([^\s,;)]+)"));

/// Returns the spellings of an operation in logs: as in the API, in camel case, and in snake case (Python).
pub(super) fn spellings(name: &str) -> [String; 3] {
    let mut snake = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    let mut method = name.to_owned();
    if let Some(first) = method.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    [name.to_owned(), method, snake]
}

/// Returns the write or the step that a line shows.
pub(super) fn tell(text: &str) -> Option<Told> {
    let plain = without_escapes(text);
    let text = &*plain;
    let (hint, range) = shown_in(text)?;
    match hint {
        Hint::Saying(words) => saying(text, words, range.end).map(Told::Write),
        Hint::Method => call(text).map(Told::Write),
        Hint::Operation(named) => operation(text, named).map(Told::Write),
        Hint::Step => step_at(text, &range).map(|step| Told::Step(step.into())),
    }
}

/// Returns what a line shows of the work.
pub(super) fn shows(text: &str) -> WorkShown {
    let plain = without_escapes(text);
    match shown_in(&plain) {
        None => WorkShown::Nothing,
        Some((Hint::Step, range)) => {
            step_at(&plain, &range).map_or(WorkShown::Nothing, |step| WorkShown::Progress(step.into()))
        }
        Some(_) => WorkShown::Write,
    }
}

/// Returns the fragment that shows a write, or else a step, with its position.
fn shown_in(text: &str) -> Option<(Hint, Range<usize>)> {
    let found = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(text.as_bytes()));
    let mut step = None;
    for (hint, range) in hints(text) {
        let shows = match hint {
            Hint::Saying(_) => true,
            Hint::Method => (found(&URLLIB) || found(&CALL)) && !is_refused(text),
            Hint::Operation(named) => is_named(text, named, range.clone()) && !is_refused(text),
            Hint::Step => {
                step = step_at(text, &range).map(|_| range.clone()).or(step);
                false
            }
        };
        if shows {
            return Some((hint, range));
        }
    }
    step.map(|range| (Hint::Step, range))
}

fn without_escapes(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_some() && text.contains("\\\"") {
        return Cow::Owned(text.replace("\\\"", "\""));
    }
    Cow::Borrowed(text)
}

/// Returns the write of an idempotency layer, with the key.
fn saying(text: &str, saying: &Saying, end: usize) -> Option<WriteEvidence> {
    let rest = text.get(end..)?.trim_start_matches([':', ' ']);
    let key: String = rest.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '"' | ',' | '\'')).collect();
    Some(WriteEvidence {
        operation: saying.operation.to_owned(),
        target: None,
        id: (!key.is_empty()).then_some(key),
        state: if saying.confirmed { EffectState::Confirmed } else { EffectState::Started },
    })
}

/// Returns an HTTP call that changes something, with its URL. A path alone does not count: it may be the request that
/// the function itself answers.
fn call(text: &str) -> Option<WriteEvidence> {
    let (method, target) = if let Some(found) = URLLIB.as_ref()?.captures(text.as_bytes()) {
        (group(text, &found, 2)?, format!("{}{}", group(text, &found, 1)?, group(text, &found, 3)?))
    } else {
        let found = CALL.as_ref()?.captures(text.as_bytes())?;
        (group(text, &found, 1)?, group(text, &found, 2)?.trim_end_matches(['.', ':']).to_owned())
    };
    let last = target.rsplit('/').next().filter(|last| is_id(last)).map(str::to_owned);
    Some(WriteEvidence {
        operation: method.to_owned(),
        id: last.or_else(|| id(text)),
        target: Some(target),
        state: state(text)?,
    })
}

/// Returns a write operation of an AWS service.
fn operation(text: &str, named: &Operation) -> Option<WriteEvidence> {
    let first = |pattern: &Option<Regex>| group(text, &pattern.as_ref()?.captures(text.as_bytes())?, 1);
    let target = first(&TARGET).or_else(|| first(&OBJECT)).map(|target| target.trim_end_matches(['.', ':']).to_owned());
    let id = id(text).filter(|id| Some(id) != target.as_ref());
    Some(WriteEvidence { operation: format!("{} {}", named.service, named.name), target, id, state: state(text)? })
}

/// Returns the number of a step and of all steps, `3/9` or `3 of 9`, behind the word at a place.
fn step_at<'t>(text: &'t str, word: &Range<usize>) -> Option<&'t str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let digits = |text: &str| text.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let counted = text.get(word.end..).filter(|_| !text[..word.start].ends_with(is_word))?;
    let number = Some(digits(counted)).filter(|digits| (1..5).contains(digits))?;
    let rest = counted[number..].trim_start();
    let rest = rest.strip_prefix('/').or_else(|| rest.strip_prefix("of"))?.trim_start();
    let all = Some(digits(rest)).filter(|digits| (1..5).contains(digits) && !rest[*digits..].starts_with(is_word))?;
    counted.get(..counted.len() - rest.len() + all)
}

/// Returns whether an operation's name stands alone or in a class name of an SDK. An ambiguous word must also stand
/// beside the name of its service, or in such a class name.
fn is_named(text: &str, operation: &Operation, range: Range<usize>) -> bool {
    let (Some(before), Some(after)) = (text.get(..range.start), text.get(range.end..)) else { return false };
    let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let carried = SUFFIXES.iter().any(|suffix| after.starts_with(suffix));
    let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let certain = !operation.plain || carried || beside(before, operation.service);
    begins && (ends || carried) && certain
}

/// Returns whether the name of the service stands shortly before, or as a value of its own in the same JSON object.
fn beside(before: &str, service: &str) -> bool {
    let near = before.get(before.floor_char_boundary(before.len().saturating_sub(BESIDE))..).unwrap_or(before);
    let is_word = |text: &str| {
        let text = text.to_lowercase();
        text.match_indices(service).any(|(at, _)| {
            let word = |c: char| c.is_alphanumeric();
            !text[..at].ends_with(word)
                && (!text[at + service.len()..].starts_with(word) || text[at + service.len()..].starts_with("client"))
        })
    };
    is_word(near) || (before.ends_with('"') && is_word(before))
}

/// Returns the result that the line states; `None` if the other side refused, so that nothing was written.
fn state(text: &str) -> Option<EffectState> {
    match status(text) {
        Some(200..300) => Some(EffectState::Confirmed),
        Some(400..500) => None,
        Some(_) => Some(EffectState::Unknown),
        None if FAILED.as_ref()?.is_match(text.as_bytes()) => Some(EffectState::Unknown),
        None => Some(EffectState::Started),
    }
}

/// Returns whether the other side refused the call, or was never reached.
fn is_refused(text: &str) -> bool {
    let refused = has_number_of_refusal(text.as_bytes()) && matches!(status(text), Some(400..500));
    // What is said of an earlier try does not undo a success.
    refused || did_nothing(text) && !matches!(status(text), Some(200..300))
}

/// Returns whether the words of a line say that a call did nothing: it was denied, throttled or invalid, or no connection
/// was made.
fn did_nothing(text: &str) -> bool {
    NOTHING_DONE.as_ref().is_some_and(|pattern| pattern.is_match(text.as_bytes()))
}

/// Returns whether a number from 400 to 499 occurs. Few lines have one, so the costlier pattern is rarely needed.
fn has_number_of_refusal(text: &[u8]) -> bool {
    memchr::memchr_iter(b'4', text).any(|at| {
        let digits = text.get(at + 1..at + 3).is_some_and(|rest| rest.iter().all(u8::is_ascii_digit));
        let joined = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        digits && !joined(text.get(at + 3)) && !joined(at.checked_sub(1).and_then(|before| text.get(before)))
    })
}

/// Returns the HTTP status in the line.
fn status(text: &str) -> Option<u16> {
    let found = STATUS.as_ref()?.captures(text.as_bytes())?;
    group(text, &found, 1)?.parse().ok()
}

/// Returns an id in the line that is not the run's own.
fn id(text: &str) -> Option<String> {
    let keyed = KEYED_ID.as_ref()?.captures_iter(text.as_bytes()).find_map(|found| {
        let key: String = group(text, &found, 1)?.chars().filter(char::is_ascii_alphabetic).collect();
        let value = group(text, &found, 2)?.trim_end_matches(['.', ':', '-', '/']);
        let names_the_work = !OTHER_IDS.contains(&key.to_lowercase().as_str());
        (names_the_work && value.bytes().any(|byte| byte.is_ascii_digit())).then(|| value.to_owned())
    });
    keyed.or_else(|| uuid(text)).or_else(|| text.get(TOKEN.as_ref()?.find(text.as_bytes())?.range()).map(str::to_owned))
}

/// Returns a UUID that is not the request id in the line's own prefix, which stands beside a tab.
fn uuid(text: &str) -> Option<String> {
    let found = UUID.as_ref()?.find_iter(text.as_bytes()).find(|found| {
        let (before, after) = (&text[..found.start()], &text[found.end()..]);
        let prefix = before.ends_with(['\t']) || before.ends_with("\\t") || after.starts_with(['\t']);
        let named = before.to_lowercase();
        let named = named.trim_end_matches([' ', ':', '=', '"', '\'']);
        !prefix && !named.ends_with("requestid") && !named.ends_with("request_id") && !named.ends_with("request id")
    })?;
    text.get(found.range()).map(str::to_owned)
}

/// Returns whether the last part of a URL looks like an id, rather than like a word or a version.
fn is_id(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use EffectState::{Confirmed, Started, Unknown};

    #[track_caller]
    fn case(text: &str, operation: &str, target: Option<&str>, id: Option<&str>, state: EffectState) {
        let Some(Told::Write(told)) = tell(text) else { panic!("no write is told: {text}") };
        assert_eq!(shows(text), WorkShown::Write, "{text}");
        let got = (told.operation.as_str(), told.target.as_deref(), told.id.as_deref(), told.state);
        assert_eq!(got, (operation, target, id, state), "{text}");
    }

    #[test]
    fn patterns_are_right() {
        let all = [&CALL, &URLLIB, &STATUS, &FAILED, &NOTHING_DONE, &KEYED_ID, &UUID, &TOKEN, &TARGET, &OBJECT]
            .map(|one| one.is_some());
        assert_eq!(all, [true; 10]);
    }

    #[test]
    fn calls_that_change_something() {
        case("POST https://api.example.com/v2/charges", "POST", Some("api.example.com/v2/charges"), None, Started);
        case(
            "HTTP PUT https://u:p@h.example.com/o/ord-71?x=1 -> 204 in 12 ms",
            "PUT",
            Some("h.example.com/o/ord-71"),
            Some("ord-71"),
            Confirmed,
        );
        case("POST https://a.example.com/x failed: ETIMEDOUT", "POST", Some("a.example.com/x"), None, Unknown);
        case(
            "POST https://a.example.com/x -> 201 after ECONNREFUSED on the first try",
            "POST",
            Some("a.example.com/x"),
            None,
            Confirmed,
        );
        case("DELETE https://a.example.com/x -> 503", "DELETE", Some("a.example.com/x"), None, Unknown);
        case(
            r#"https://api.example.com:443 "POST /v2/charges HTTP/1.1" 201 88"#,
            "POST",
            Some("api.example.com:443/v2/charges"),
            None,
            Confirmed,
        );
        case(
            r#"{\"method\":\"POST\",\"url\":\"https://a.example.com/pay\",\"status\":200,\"orderId\":\"o-77\"}"#,
            "POST",
            Some("a.example.com/pay"),
            Some("o-77"),
            Confirmed,
        );
    }

    #[test]
    fn operations_of_services() {
        case("PutItem table=orders id=ord-1", "dynamodb PutItem", Some("orders"), Some("ord-1"), Started);
        case(
            "[AWS dynamodb 200 0.063s 0 retries] putItem({ TableName: 'orders', Item: { id: { S: 'x' } } })",
            "dynamodb PutItem",
            Some("orders"),
            None,
            Confirmed,
        );
        case(
            "{ clientName: 'SNSClient', commandName: 'PublishCommand', metadata: { httpStatusCode: 200 } }",
            "sns Publish",
            None,
            None,
            Confirmed,
        );
        case(
            "sqs.send_message queue=mail MessageId: m-123456",
            "sqs SendMessage",
            Some("mail"),
            Some("m-123456"),
            Started,
        );
        case("S3 PutObject s3://bucket/a/b.json", "s3 PutObject", Some("bucket/a/b.json"), None, Started);
        case(r#"{"service":"sns","operation":"Publish","topic":"news"}"#, "sns Publish", Some("news"), None, Started);
        case(
            "2026-01-02T03:04:05Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\tlambda Invoke",
            "lambda Invoke",
            None,
            None,
            Started,
        );
    }

    #[test]
    fn steps_are_no_writes() {
        for (text, step) in [("Step 3/9 validate order-17", "3/9"), ("step 2 of 5", "2 of 5"), ("STEP 2 / 5", "2 / 5")]
        {
            assert_eq!(tell(text), Some(Told::Step(step.into())), "{text}");
            assert_eq!(shows(text), WorkShown::Progress(step.into()), "{text}");
        }
        case("Step 3/9 PutItem table=orders", "dynamodb PutItem", Some("orders"), None, Started);
    }

    #[test]
    fn idempotency_layers_name_the_key() {
        case(
            "Putting record for idempotency key: f.handler#a1b2",
            "idempotency begun",
            None,
            Some("f.handler#a1b2"),
            Started,
        );
        case("Updating record for idempotency key: k", "idempotency completed", None, Some("k"), Confirmed);
    }

    #[test]
    fn prose_and_reads_and_refusals_prove_nothing() {
        for text in [
            "order created and charged",
            "GET https://api.example.com/v2/charges -> 200",
            "Received POST /orders",
            "will publish the results and invoke the next one",
            "Publish date: today",
            "GetItem table=orders",
            "step by step",
            "An output of PutItems",
            "POST https://api.example.com/v2/charges -> 429",
            "the POSTER https://example.com",
            "PutItem table=orders failed: AccessDeniedException: User is not authorized to perform: dynamodb:PutItem",
            "PutItem table=orders: ThrottlingException, will try again",
            "POST https://a.example.com/x failed: connect ECONNREFUSED 10.0.0.1:443",
        ] {
            assert_eq!(tell(text), None, "{text}");
            assert_eq!(shows(text), WorkShown::Nothing, "{text}");
        }
    }
}
