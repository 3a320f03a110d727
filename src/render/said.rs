//! The text of a log line without the moment, request id and level that runtimes put in front of it.

use serde_json::Value;

use crate::lambda::levels::is_any_line_level;
use crate::lambda::platform::REPORT;
use crate::model::Timestamp;

/// Parts of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Moment in the line, if any.
    pub(super) at: Option<String>,
    pub(super) text: String,
}

impl Said {
    pub(super) fn read(line: &str) -> Self {
        let line = line.trim();
        json(line).unwrap_or_else(|| text(line))
    }
}

/// Reads the message of a line in the JSON log format.
fn json(line: &str) -> Option<Said> {
    let object = line.starts_with('{').then(|| serde_json::from_str::<Value>(line).ok())??;
    let first = |keys: &[&str]| keys.iter().find_map(|key| object.get(key)?.as_str());
    let message = first(&["message", "msg", "errorMessage"])?;
    let at = first(&["timestamp", "time"]).and_then(|time| Timestamp::parse_prefix(time.as_bytes()));
    Some(Said { at: at.map(|(at, _)| at.to_string()), text: message.to_owned() })
}

fn text(line: &str) -> Said {
    let (mut at, mut rest) = (None, line);
    loop {
        if let Some((moment, used)) = Timestamp::parse_prefix(rest.as_bytes()) {
            at = Some(moment.to_string());
            rest = rest.get(used..).unwrap_or_default().trim_start();
        } else if let Some(after) = after_label(rest, at.is_some()) {
            rest = after.trim_start();
        } else {
            return Said { at, text: shown(rest) };
        }
    }
}

/// Returns what follows a request id or a level. Between blanks they count only in a line that began with a moment:
/// elsewhere they may be words of a sentence.
fn after_label(text: &str, stamped: bool) -> Option<&str> {
    if let Some((_, after)) = text.split_once('\t').filter(|(field, _)| is_id(field) || is_level(field)) {
        return Some(after);
    }
    if let Some((_, after)) = text.split_once("}: ").filter(|(span, _)| span.contains("{requestId=")) {
        return Some(after);
    }
    let (word, after) = text.split_once(' ')?;
    (stamped && (is_id(word) || is_level(word))).then_some(after)
}

/// Shortens a REPORT to its end, which is the reason why it is shown.
fn shown(text: &str) -> String {
    let status = text.find("Status:").filter(|_| text.starts_with(REPORT.begin));
    status.map_or(text.to_owned(), |at| format!("REPORT … {}", &text[at..]))
}

fn is_id(field: &str) -> bool {
    let field = field.trim_matches(['[', ']', ' ']);
    field == "undefined" || field.len() == 36 && field.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn is_level(field: &str) -> bool {
    is_any_line_level(field.trim_matches(['[', ']', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_front_is_left_out() {
        const ID: &str = "0fb1ab10-5b50-4f1e-8b5c-0d0b9f3c2a11";
        const AT: &str = "2026-01-02T03:04:05.678Z";
        let case = |line: &str, at: Option<&str>, text: &str| {
            let line = line.replace("ID", ID).replace("AT", AT);
            assert_eq!(Said::read(&line), Said { at: at.map(str::to_owned), text: text.to_owned() }, "{line}");
        };
        case("[INFO]\tAT\tID\tGET /x", Some(AT), "GET /x");
        case("AT\tID\tINFO\tGET /x", Some(AT), "GET /x");
        case("AT ID INFO com.example.App:3 - GET /x", Some(AT), "com.example.App:3 - GET /x");
        case(" INFO Lambda runtime invoke{requestId=\"ID\" x=\"1\"}: GET /x", None, "GET /x");
        case(r#"{"timestamp":"AT","level":"INFO","message":"GET /x"}"#, Some(AT), "GET /x");
        case(r#"{"level":3}"#, None, r#"{"level":3}"#);
        case("ERROR is what it said", None, "ERROR is what it said");
        case("REPORT RequestId: ID\tDuration: 3 ms\tStatus: failure", None, "REPORT … Status: failure");
        case("", None, "");
    }
}
