//! One line: does it show a write, on what, with which id, and was it done?

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::Told;
use super::table::{OPERATIONS, Operation, SAYINGS, TARGET_KEYS};
use crate::model::EffectState;

/// What an operation's name may go on with: the class of an SDK that carries it.
const SUFFIXES: [&str; 5] = ["Command", "Request", "Input", "Output", "Async"];
/// Columns before an operation in which the name of its service makes a plain word certain.
const BESIDE: usize = 24;
/// Keys whose value names the run, the caller or the code and not what was written.
const OTHER_IDS: [&str; 9] =
    ["requestid", "awsrequestid", "traceid", "spanid", "tenantid", "accountid", "xrayid", "threadid", "processid"];

/// A pattern of ours; none of them is wrong, which a test holds.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r#"\b(POST|PUT|PATCH|DELETE)\b.{0,80}?(?:[a-z][\w.]*://)(?:[^\s"'/@]*@)?([^\s"'<>?#\\,;)]+)"#)
});
/// urllib3: `https://api.example.com:443 "POST /v2/charges HTTP/1.1" 201 88`
static URLLIB: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"https?://([^\s"'/]+) "(POST|PUT|PATCH|DELETE) (/[^\s"?#]*)"#));
static STEP: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"(?i)\bstep (\d{1,4})\s?(?:/|of)\s?(\d{1,4})\b"));
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:(?:->|=>|→)\s?|status(?:_?code)?["']?\s?[=: ]\s?|http/\d(?:\.\d)?"?\s|returned\s|response\s|\[AWS [\w-]+ )["']?([1-5]\d\d)\b"#,
    )
});
static FAILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:error|failed|failure|time[d-]?\s?out|exception|ETIMEDOUT|ECONNRESET|refused|aborted)")
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

/// How a name is written in logs: as the API has it, as a method, as a method of Python.
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

/// What a line tells of a write.
pub(super) fn tell(text: &str) -> Option<Told> {
    let plain: Cow<'_, str> =
        if text.contains("\\\"") { Cow::Owned(text.replace("\\\"", "\"")) } else { Cow::Borrowed(text) };
    let text = &*plain;
    saying(text).or_else(|| call(text)).or_else(|| operation(text)).or_else(|| step(text))
}

/// The words of an idempotency layer, with the key.
fn saying(text: &str) -> Option<Told> {
    let (saying, at) = SAYINGS.iter().find_map(|saying| Some((saying, text.find(saying.text)?)))?;
    let rest = text.get(at + saying.text.len()..)?.trim_start_matches([':', ' ']);
    let key: String = rest.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '"' | ',' | '\'')).collect();
    Some(Told {
        operation: saying.operation.to_owned(),
        target: None,
        id: (!key.is_empty()).then_some(key),
        state: if saying.confirmed { EffectState::Confirmed } else { EffectState::Started },
    })
}

/// A call that changes something, with its URL. A path alone may be the request that the function itself answers.
fn call(text: &str) -> Option<Told> {
    let (method, target) = if let Some(found) = URLLIB.as_ref()?.captures(text) {
        (found.get(2)?.as_str(), format!("{}{}", found.get(1)?.as_str(), found.get(3)?.as_str()))
    } else {
        let found = CALL.as_ref()?.captures(text)?;
        (found.get(1)?.as_str(), found.get(2)?.as_str().trim_end_matches(['.', ':']).to_owned())
    };
    let last = target.rsplit('/').next().filter(|last| is_id(last)).map(str::to_owned);
    Some(Told {
        operation: method.to_owned(),
        id: last.or_else(|| id(text)),
        target: Some(target),
        state: state(text)?,
    })
}

/// A write operation of an AWS service.
fn operation(text: &str) -> Option<Told> {
    let found = OPERATIONS.iter().find(|operation| is_named(text, operation))?;
    let target = TARGET.as_ref()?.captures(text).and_then(|found| found.get(1)).map(|part| part.as_str());
    let object = || OBJECT.as_ref()?.captures(text)?.get(1).map(|part| part.as_str());
    let target = target.or_else(object).map(|target| target.trim_end_matches(['.', ':']).to_owned());
    let id = id(text).filter(|id| Some(id) != target.as_ref());
    Some(Told { operation: format!("{} {}", found.service, found.name), target, id, state: state(text)? })
}

/// `step 3/9`
fn step(text: &str) -> Option<Told> {
    let found = STEP.as_ref()?.captures(text)?;
    let (number, all) = (found.get(1)?.as_str(), found.get(2)?.as_str());
    Some(Told {
        operation: "step".to_owned(),
        target: Some(format!("{number}/{all}")),
        id: id(text),
        state: EffectState::Started,
    })
}

fn is_named(text: &str, operation: &Operation) -> bool {
    spellings(operation.name).iter().any(|name| {
        text.match_indices(name.as_str()).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + name.len()..]);
            let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let carried = SUFFIXES.iter().any(|suffix| after.starts_with(suffix));
            let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            let certain = !operation.plain || carried || beside(before, operation.service);
            begins && (ends || carried) && certain
        })
    })
}

/// The name of the service stands right before, or as a value of its own in the same object.
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

/// What the line says about the result; `None` where the other side refused, so that nothing was written.
fn state(text: &str) -> Option<EffectState> {
    let status = STATUS.as_ref()?.captures(text).and_then(|found| found.get(1)?.as_str().parse::<u16>().ok());
    match status {
        Some(200..300) => Some(EffectState::Confirmed),
        Some(400..500) => None,
        Some(_) => Some(EffectState::Unknown),
        None if FAILED.as_ref()?.is_match(text) => Some(EffectState::Unknown),
        None => Some(EffectState::Started),
    }
}

/// An id in the line that is not the run's own.
fn id(text: &str) -> Option<String> {
    let keyed = KEYED_ID.as_ref()?.captures_iter(text).find_map(|found| {
        let key: String = found.get(1)?.as_str().chars().filter(char::is_ascii_alphabetic).collect();
        let value = found.get(2)?.as_str().trim_end_matches(['.', ':', '-', '/']);
        let names_the_work = !OTHER_IDS.contains(&key.to_lowercase().as_str());
        (names_the_work && value.bytes().any(|byte| byte.is_ascii_digit())).then(|| value.to_owned())
    });
    keyed.or_else(|| uuid(text)).or_else(|| TOKEN.as_ref()?.find(text).map(|found| found.as_str().to_owned()))
}

/// A UUID that is not the request id of the line's own prefix, which stands between tabs.
fn uuid(text: &str) -> Option<String> {
    let found = UUID.as_ref()?.find_iter(text).find(|found| {
        let (before, after) = (&text[..found.start()], &text[found.end()..]);
        let prefix = before.ends_with(['\t']) || before.ends_with("\\t") || after.starts_with(['\t']);
        let named = before.to_lowercase();
        let named = named.trim_end_matches([' ', ':', '=', '"', '\'']);
        !prefix && !named.ends_with("requestid") && !named.ends_with("request_id") && !named.ends_with("request id")
    })?;
    Some(found.as_str().to_owned())
}

/// The last part of a URL that looks like an id and not like a word or a version.
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
        let told = tell(text).unwrap_or_else(|| panic!("nothing told: {text}"));
        let got = (told.operation.as_str(), told.target.as_deref(), told.id.as_deref(), told.state);
        assert_eq!(got, (operation, target, id, state), "{text}");
    }

    #[test]
    fn patterns_are_right() {
        let all = [&CALL, &URLLIB, &STEP, &STATUS, &FAILED, &KEYED_ID, &UUID, &TOKEN, &TARGET, &OBJECT]
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
    fn steps_and_idempotency() {
        case("Step 3/9 validate order-17", "step", Some("3/9"), Some("order-17"), Started);
        case("step 2 of 5", "step", Some("2/5"), None, Started);
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
        ] {
            assert_eq!(tell(text), None, "{text}");
        }
    }
}
