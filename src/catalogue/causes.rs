//! What tells causes of failures apart across functions (the target of a call, the module that is missing, the names in
//! a message), and causes in words.
//!
//! To join what does not belong together is worse than to list it twice: where a text does not tell, the answer is none.

use super::code;
use super::particular::{ErrorTold, hint, missing_name};
use super::text::last_segment;
use crate::model::Category;

/// Longest target, in bytes: a name of a host has at most 253.
const TARGET_BYTES: usize = 256;
/// Longest part of a message that can be a name in a program, in bytes.
const NAME_BYTES: usize = 80;
/// Words that a message needs so that it tells one error from another.
const LEAST_WORDS: usize = 2;
/// Bytes of a message that are looked at: what tells errors apart stands at its beginning.
const MESSAGE_BYTES: usize = 1_200;
/// Longest title, in characters.
const TITLE_CHARS: usize = 120;

/// Services of which everybody has servers of their own, so that the host tells one from another.
#[rustfmt::skip]
static OWN_SERVERS: &[&str] = &[
    "PostgreSQL", "MySQL", "SQL Server", "Oracle", "MongoDB", "Cassandra", "Redis", "Memcached", "Elasticsearch", "OpenSearch",
    "Kafka", "RabbitMQ", "NATS", "SMTP", "LDAP", "Snowflake", "API Gateway", "RDS", "ElastiCache", "Redshift", "HTTP", "gRPC", "GraphQL",
];

/// Hosts of the execution environment itself: every function has its own.
static OWN_HOSTS: &[&str] = &["localhost", "::1", "0.0.0.0", "sandbox", "sandbox.localdomain"];
static OWN_NETWORKS: &[&str] = &["127.", "169.254."];

/// Error types, by the last part of their name, whose quoted words are names in the program: other types quote data.
#[rustfmt::skip]
static NAMING_TYPES: &[&str] = &[
    "KeyError", "AttributeError", "NameError", "UnboundLocalError", "TypeError", "ImportError", "ModuleNotFoundError", "ImportModuleError",
    "ReferenceError", "NoMethodError", "NoSuchMethodError", "NoSuchFieldError", "NullPointerException", "NoClassDefFoundError",
    "ClassNotFoundException", "LoadError", "HandlerNotFound", "MissingMethodException", "MissingFieldException", "TypeLoadException",
];

/// Returns the target of a call: the service, else the host without its port. `None` if nothing outside of the execution
/// environment is named.
#[must_use]
pub(crate) fn target(service: Option<&str>, host: Option<&str>) -> Option<String> {
    let host = host.map(without_port).filter(|host| !host.is_empty());
    if host.as_deref().is_some_and(is_own_host) {
        return None;
    }
    let is_name = |host: &String| host.bytes().any(|byte| byte.is_ascii_alphabetic()) && !host.contains(':');
    match (service.filter(|service| !service.is_empty()), host) {
        (Some(service), Some(host)) if OWN_SERVERS.contains(&service) && is_name(&host) => Some(host),
        (Some(service), _) => Some(service[..service.floor_char_boundary(TARGET_BYTES)].to_owned()),
        (None, host) => host,
    }
}

fn without_port(host: &str) -> String {
    let host = host[..host.floor_char_boundary(TARGET_BYTES)].trim();
    let bare = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => match host.split_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        },
    };
    bare.trim_end_matches('.').to_ascii_lowercase()
}

fn is_own_host(host: &str) -> bool {
    OWN_HOSTS.contains(&host) || OWN_NETWORKS.iter().any(|network| host.starts_with(network))
}

/// Returns the module, package, class or library that an error says is missing.
#[must_use]
pub(crate) fn missing_module(message: &str) -> Option<&str> {
    missing_name(&ErrorTold { message: Some(message), ..ErrorTold::default() })
}

/// How far the message of an error tells it from errors of other functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    /// It says enough, and nothing of it is masked but figures.
    Plain,
    /// It says enough together with these names.
    Names(String),
    /// It says little, or its masked parts may be what matters.
    Vague,
}

/// Returns how far a message tells an error of one function from those of others. A fingerprint leaves out what a message
/// quotes: within a function that is mostly data, between functions it may be all that differs.
#[must_use]
pub(crate) fn wording(error_type: Option<&str>, message: &str) -> Wording {
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    // A mark that nothing closes costs a look at all that follows.
    let line = &line[..line.floor_char_boundary(MESSAGE_BYTES)];
    let (mut words, mut enclosed) = (0, Vec::new());
    let (mut at, mut before) = (0, ' ');
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at + c.len_utf8()..];
        if let Some(inner) = inside(before, c, rest) {
            enclosed.push(inner);
            at += 2 * c.len_utf8() + inner.len();
            before = c;
            continue;
        }
        words += usize::from(c.is_alphabetic() && !before.is_alphanumeric());
        at += c.len_utf8();
        before = c;
    }
    enclosed.retain(|inner| inner.chars().any(char::is_alphabetic));
    if enclosed.is_empty() {
        return if words >= LEAST_WORDS { Wording::Plain } else { Wording::Vague };
    }
    if !NAMING_TYPES.contains(&last_segment(error_type.unwrap_or("")))
        || enclosed.iter().any(|inner| inner.len() > NAME_BYTES)
    {
        return Wording::Vague;
    }
    Wording::Names(enclosed.join("\n").chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect())
}

/// Returns what stands in quotes or brackets that open here; both marks have the same length.
fn inside(before: char, open: char, rest: &str) -> Option<&str> {
    let close = match open {
        // An apostrophe inside a word opens nothing.
        '\'' if before.is_alphanumeric() => return None,
        '\'' | '"' => open,
        // Ruby quotes `so'.
        '`' => return rest.find(['`', '\'']).map(|at| &rest[..at]),
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '<' => '>',
        _ => return None,
    };
    rest.find(close).map(|at| &rest[..at])
}

/// Causes that have a target, in words; `{}` stands for the target.
#[rustfmt::skip]
static WITH_TARGET: &[(&str, &str)] = &[
    ("downstream.throttled", "{} throttled"),
    ("downstream.connection", "No connection to {}"),
    ("downstream.dns", "Name {} not resolved"),
    ("downstream.tls", "No TLS session with {}"),
    ("downstream.timeout", "{} does not answer"),
    ("downstream.unavailable", "{} answers 5xx"),
    ("downstream.auth", "{} refuses access"),
    ("downstream.not_found", "Resource not found in {}"),
    ("downstream.validation", "{} refuses the request as invalid"),
    ("downstream.conflict", "Conflict with existing state in {}"),
    ("downstream.contention", "Change under way in {}"),
    ("downstream.error", "{} failed"),
    ("throttling.concurrency", "Account concurrency used up"),
    ("throttling.reserved", "Callee's reserved concurrency used up"),
    ("throttling.rate", "Request rate of {} too high"),
    ("throttling.unspecified", "{} throttled"),
    ("timeout.invoke", "No answer from {}"),
    ("init_failure.import", "Module {} not found"),
];

/// Returns a cause with a target in words: `DynamoDB throttled`.
#[must_use]
pub(crate) fn title_with_target(id: &str, target: &str) -> String {
    let words = WITH_TARGET.iter().find(|(code, _)| *code == id).map(|(_, words)| words.replacen("{}", target, 1));
    words.unwrap_or_else(|| format!("{target}: {}", title_of_code(id)))
}

/// Returns the cause of one function in words: `Timed out in orders-api`.
#[must_use]
pub(crate) fn title_in_function(id: &str, function: Option<&str>) -> String {
    let title = title_of_code(id);
    function.map_or_else(|| title.to_owned(), |function| format!("{title} in {function}"))
}

/// Returns an error in words: its type and the first line of its message, shortened.
#[must_use]
pub(crate) fn title_of_error(error_type: Option<&str>, message: Option<&str>) -> Option<String> {
    let line = message.and_then(|message| message.lines().map(str::trim).find(|line| !line.is_empty()));
    let title = match (error_type.filter(|name| !name.is_empty()), line) {
        (Some(name), Some(line)) if !line.starts_with(name) => format!("{name}: {line}"),
        (_, Some(line)) => line.to_owned(),
        (name, None) => name?.to_owned(),
    };
    let cut = title.char_indices().nth(TITLE_CHARS).map(|(at, _)| format!("{}…", title[..at].trim_end()));
    Some(cut.unwrap_or(title))
}

fn title_of_code(id: &str) -> &str {
    code(id).map_or(id, |code| code.title)
}

/// What to do about timeouts before which the processor was busy.
const BRIEF_OF_COMPUTING: &str = "raise memory, shorten work";

/// Returns in a few words what to do about a code. `computing` is whether most attempts are known to have waited for nothing.
#[must_use]
pub(crate) fn brief(id: &str, computing: bool) -> &'static str {
    match code(id) {
        Some(code) if computing && code.category == Some(Category::Timeout) => BRIEF_OF_COMPUTING,
        code => code.map_or("", |code| code.brief),
    }
}

/// Returns what to do about an error of a code, whatever the function.
#[must_use]
pub(crate) fn hint_of_error(id: &str, error: &ErrorTold<'_>) -> String {
    hint(id, error).unwrap_or_else(|| code(id).map_or(String::new(), |code| code.hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CODES;

    #[test]
    fn a_target_is_what_functions_share() {
        for (service, host, want) in [
            (Some("DynamoDB"), None, Some("DynamoDB")),
            (Some("DynamoDB"), Some("dynamodb.eu-west-1.amazonaws.com:443"), Some("DynamoDB")),
            (None, Some("API.crm.example.com:8443"), Some("api.crm.example.com")),
            (None, Some("10.0.4.17:5432"), Some("10.0.4.17")),
            (None, Some("[2001:db8::1]:443"), Some("2001:db8::1")),
            (None, Some("2001:db8::1"), Some("2001:db8::1")),
            // Everybody has a database, and its host tells whose.
            (Some("PostgreSQL"), Some("orders.db.example.com:5432"), Some("orders.db.example.com")),
            (Some("PostgreSQL"), Some("10.0.4.17"), Some("PostgreSQL")),
            (Some("PostgreSQL"), None, Some("PostgreSQL")),
            (
                Some("API Gateway"),
                Some("a1b2.execute-api.eu-west-1.amazonaws.com"),
                Some("a1b2.execute-api.eu-west-1.amazonaws.com"),
            ),
            // The execution environment is nobody else's.
            (None, Some("127.0.0.1:2772"), None),
            (None, Some("localhost"), None),
            (Some("Redis"), Some("localhost:6379"), None),
            (None, Some("169.254.169.254"), None),
            (Some(""), Some(""), None),
            (None, None, None),
        ] {
            assert_eq!(target(service, host).as_deref(), want, "{service:?} {host:?}");
        }
    }

    #[test]
    fn a_message_tells_an_error_apart_or_not() {
        let names = |text: &str| Wording::Names(text.to_owned());
        for (error_type, message, want) in [
            ("Error", "Rate Exceeded.", Wording::Plain),
            ("boundsError", "runtime error: index out of range [3] with length 3", Wording::Plain),
            ("java.lang.IllegalArgumentException", "term must be positive", Wording::Plain),
            ("Error", "can't read it", Wording::Plain),
            ("KeyError", "'customer_id'", names("customer_id")),
            ("KeyError", "'order7'", names("order#")),
            ("TypeError", "Cannot read properties of undefined (reading 'amount')", names("reading 'amount'")),
            ("Function<NoMethodError>", "undefined method `amount' for nil", names("amount")),
            (
                "java.lang.NullPointerException",
                "Cannot invoke \"Order.total()\" because \"<local1>\" is null",
                names("Order.total()\n<local#>"),
            ),
            // What these quote is data.
            ("ValueError", "unknown currency 'XXQ'", Wording::Vague),
            ("ValueError", "no such user <bob>", Wording::Vague),
            ("Error", "boom", Wording::Vague),
            ("Exception", "", Wording::Vague),
            ("Exception", "42", Wording::Vague),
            ("Exception", &format!("no such thing{}'a'", "(".repeat(1_000_000)), Wording::Plain),
        ] {
            assert_eq!(wording(Some(error_type), message), want, "{error_type}: {message}");
        }
    }

    #[test]
    fn a_title_is_made_of_words() {
        assert_eq!(title_with_target("downstream.throttled", "DynamoDB"), "DynamoDB throttled");
        assert_eq!(title_with_target("downstream.timeout", "api.example.com"), "api.example.com does not answer");
        assert_eq!(title_with_target("downstream.connection", "DynamoDB"), "No connection to DynamoDB");
        assert_eq!(
            title_with_target("downstream.billing", "OpenAI"),
            format!("OpenAI: {}", title_of_code("downstream.billing"))
        );
        assert_eq!(title_in_function("timeout.invoke", Some("orders-api")), "Timed out in orders-api");
        assert_eq!(title_of_error(Some("KeyError"), Some("'x'\nmore")).as_deref(), Some("KeyError: 'x'"));
        assert_eq!(title_of_error(None, None), None);
        for (id, words) in WITH_TARGET {
            assert!(CODES.iter().any(|code| code.id == *id), "{id} is no code");
            assert!(words.matches("{}").count() <= 1, "{words}");
        }
        for service in OWN_SERVERS {
            assert!(!service.trim().is_empty());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,120}", name in "\\PC{0,40}") {
            let _ = (wording(Some(&name), &text), target(Some(&name), Some(&text)), missing_module(&text));
            let title = title_of_error(Some(&name), Some(&text));
            proptest::prop_assert!(title.is_none_or(|title| title.chars().count() <= TITLE_CHARS + 1));
        }
    }
}
