//! Clients of other services, by their packages: an error that one of them threw tells of a failed call, whatever its
//! words. Clients of HTTP in general throw as often for a wrong argument: there, the status or the words must tell.

use super::aws_codes;
use super::signatures::{Hit, Trouble};
use super::text::{error_status, last_segment};
use crate::model::AppError;
use crate::model::Confidence::Medium;

use Trouble::{Connection, Database, Dns, Failed, Timeout, Tls};

/// Packages by the folder that stands in the paths of their frames, with the service behind them, and the kind of a
/// failure whose words tell none.
#[rustfmt::skip]
const PACKAGES: [(&str, &str, Trouble); 47] = [
    // npm
    ("node_modules/pg/", "PostgreSQL", Database), ("node_modules/pg-pool/", "PostgreSQL", Database), ("node_modules/pg-protocol/", "PostgreSQL", Database), ("node_modules/postgres/", "PostgreSQL", Database),
    ("node_modules/mysql2/", "MySQL", Database), ("node_modules/mysql/", "MySQL", Database), ("node_modules/mariadb/", "MySQL", Database), ("node_modules/tedious/", "SQL Server", Database), ("node_modules/oracledb/", "Oracle", Database),
    ("node_modules/ioredis/", "Redis", Database), ("node_modules/@redis/", "Redis", Database), ("node_modules/redis/", "Redis", Database), ("node_modules/mongodb/", "MongoDB", Database), ("node_modules/cassandra-driver/", "Cassandra", Database), ("node_modules/snowflake-sdk/", "Snowflake", Database),
    ("node_modules/@elastic/", "Elasticsearch", Failed), ("node_modules/@opensearch-project/", "OpenSearch", Failed), ("node_modules/kafkajs/", "Kafka", Failed), ("node_modules/amqplib/", "RabbitMQ", Connection), ("node_modules/nodemailer/", "SMTP", Failed), ("node_modules/ldapjs/", "LDAP", Failed),
    ("node_modules/openai/", "OpenAI", Failed), ("node_modules/@anthropic-ai/", "Anthropic", Failed), ("node_modules/stripe/", "Stripe", Failed), ("node_modules/twilio/", "Twilio", Failed), ("node_modules/@sendgrid/", "SendGrid", Failed), ("node_modules/@slack/", "Slack", Failed),
    // PyPI
    ("/psycopg/", "PostgreSQL", Database), ("/asyncpg/", "PostgreSQL", Database), ("/pymysql/", "MySQL", Database), ("/mysql/connector/", "MySQL", Database), ("/oracledb/", "Oracle", Database), ("/redis/", "Redis", Database), ("/pymongo/", "MongoDB", Database), ("/cassandra/", "Cassandra", Database), ("/snowflake/connector/", "Snowflake", Database),
    ("/elastic_transport/", "Elasticsearch", Failed), ("/elasticsearch/", "Elasticsearch", Failed), ("/opensearchpy/", "OpenSearch", Failed), ("/kafka/", "Kafka", Failed), ("/pika/", "RabbitMQ", Connection), ("/ldap3/", "LDAP", Failed),
    ("/openai/", "OpenAI", Failed), ("/anthropic/", "Anthropic", Failed), ("/stripe/", "Stripe", Failed), ("/twilio/", "Twilio", Failed), ("/slack_sdk/", "Slack", Failed),
];

/// Packages of clients of HTTP in general.
const HTTP_PACKAGES: [&str; 12] = [
    "node_modules/axios/",
    "node_modules/got/",
    "node_modules/superagent/",
    "node_modules/node-fetch/",
    "node_modules/undici/",
    "node_modules/needle/",
    "node_modules/request/",
    "node_modules/follow-redirects/",
    "/requests/",
    "/httpx/",
    "/urllib3/",
    "/aiohttp/",
];

/// Types that a language has for mistakes of a program, by the last part of their name.
const OF_PROGRAMS: [&str; 24] = [
    "TypeError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "URIError",
    "EvalError",
    "AssertionError",
    "ValueError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "NameError",
    "UnboundLocalError",
    "NotImplementedError",
    "ImportError",
    "ModuleNotFoundError",
    "RecursionError",
    "ZeroDivisionError",
    "RuntimeError",
    "MemoryError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "JSONDecodeError",
    "StopIteration",
];

/// Those of them that name what a program has not, whatever object their message names: no answer of a service becomes one.
const OF_NAMES: [&str; 8] = [
    "TypeError",
    "ReferenceError",
    "SyntaxError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "NameError",
    "UnboundLocalError",
];

/// Returns whether an error is the program's own mistake, although its words name a driver. `TypeError: fetch failed` is the
/// type for a call without an answer.
pub(super) fn is_own_mistake(error: &AppError<'_>, trouble: Trouble) -> bool {
    let without_answer = matches!(trouble, Connection | Timeout | Tls | Dns);
    !without_answer && names_own_mistake(error)
}

/// Returns whether the type of an error is one for what a program has not.
pub(super) fn names_own_mistake(error: &AppError<'_>) -> bool {
    error.error_type.as_deref().is_some_and(|name| OF_NAMES.contains(&last_segment(name)))
}

/// Frames in which runtimes and event loops stand above the package that threw, at most.
const MOST_ABOVE: usize = 3;

/// Finds a failed call by the package that threw the error.
pub(super) fn thrown_by(error: &AppError<'_>, line: &str) -> Option<Hit> {
    let name = error.error_type.as_deref().map_or("", last_segment);
    if OF_PROGRAMS.contains(&name) {
        return None;
    }
    let (service, usual) = thrower(line)?;
    let texts = [error.message.as_deref(), error.cause.as_deref()];
    let status = error.http_status.or_else(|| error_status(texts[0]?));
    let told = |words: &[&str]| texts.iter().flatten().any(|text| words.iter().any(|word| text.contains(word)));
    let trouble = if let Some(trouble) = status.and_then(aws_codes::by_status) {
        trouble
    } else if told(&["timed out", "imeout"]) {
        Timeout
    } else if told(&["refused", "reset", "closed", "hang up", "onnection error", "isconnected"]) {
        Connection
    } else {
        usual?
    };
    Some(Hit { trouble, confidence: Medium, service, status, errno: None })
}

/// Returns the service behind the client that threw an error.
pub(super) fn service_behind(line: &str) -> Option<&'static str> {
    thrower(line)?.0
}

/// Returns the service behind the package in the frame nearest to where the error was thrown, and the kind of its failures
/// whose words tell none.
fn thrower(line: &str) -> Option<(Option<&'static str>, Option<Trouble>)> {
    let package = |frame: &str| {
        let known = PACKAGES.into_iter().find(|(folder, ..)| frame.contains(folder));
        let of_http = || HTTP_PACKAGES.iter().any(|folder| frame.contains(folder)).then_some((None, None));
        known.map(|(_, service, usual)| (Some(service), Some(usual))).or_else(of_http)
    };
    // Python prints the innermost frame last, the others first.
    if let Some((_, last)) = line.rsplit_once("File ") {
        let path = last.trim_start_matches(['\\', '"']);
        return package(path.split(['"', '\\', '\n']).next()?);
    }
    let frames = line.split("    at ").skip(1).map(|rest| rest.split(['\n', '"']).next().unwrap_or(rest));
    frames.take(MOST_ABOVE).find(|frame| !frame.contains("node:") && frame.contains('/')).and_then(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ErrorForm;

    /// Type, message, stack, and the service and kind that are told.
    #[test]
    fn who_threw_tells_who_failed() {
        let node = "Error: x\n    at new Promise (<anonymous>)\n    at A.b (/var/task/node_modules/ioredis/built/a.js:1:2)\n    at handler (/var/task/i.js:3:4)";
        let json = "{\"stack\":[\"error: x\",\"    at /var/task/node_modules/pg/lib/client.js:1:2\",\"    at run (/var/task/i.js:3:4)\"]}";
        let python = "Traceback\n  File \"/var/task/a.py\", line 3, in f\n    g()\n  File \"/var/task/pymongo/b.py\", line 7, in g\n    raise X";
        let own =
            "Error: x\n    at run (/var/task/i.js:3:4)\n    at A.b (/var/task/node_modules/ioredis/built/a.js:1:2)";
        let callback = "Traceback\n  File \"/var/task/redis/b.py\", line 7, in g\n    f()\n  File \"/var/task/a.py\", line 3, in f\n    raise X";
        for (error_type, message, line, want) in [
            ("Error", "Command timed out", node, Some(("Redis", Timeout))),
            ("error", "relation \"orders\" does not exist", json, Some(("PostgreSQL", Database))),
            ("Mishap", "gone", python, Some(("MongoDB", Database))),
            ("Error", "429 slow down", &node.replace("ioredis", "openai"), Some(("OpenAI", Trouble::Throttled))),
            ("Error", "Connection error.", &node.replace("ioredis", "openai"), Some(("OpenAI", Connection))),
            ("Error", "Service Unavailable 503", &node.replace("ioredis", "superagent"), None),
            (
                "Error",
                "503 Service Unavailable",
                &node.replace("ioredis", "superagent"),
                Some(("", Trouble::Unavailable)),
            ),
            ("Error", "no such option", &node.replace("ioredis", "got"), None),
            ("TypeError", "x is not a function", node, None),
            ("KeyError", "'a'", python, None),
            ("Error", "no stock", own, None),
            ("NoStock", "no stock", callback, None),
            ("Error", "no stack", "", None),
        ] {
            let error = AppError {
                error_type: Some(error_type.into()),
                message: Some(message.into()),
                ..AppError::of(ErrorForm::Unhandled)
            };
            let hit = thrown_by(&error, line).map(|hit| (hit.service.unwrap_or(""), hit.trouble));
            assert_eq!(hit, want, "{error_type}: {message}\n{line}");
        }
    }
}
