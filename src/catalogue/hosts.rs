//! The host that an error names: in a URL, or after words with which clients name their target. The port is no part of
//! it, and a link to documentation names no target.

use std::ops::Range;

use super::text::leading;
use super::words::Words;

/// Texts after which clients name their target, as a bare host.
static MARKS: Words<()> = Words::new(&[
    ("ENOTFOUND ", ()),
    ("EAI_AGAIN ", ()),
    ("EAI_FAIL ", ()),
    ("ECONNREFUSED ", ()),
    ("ECONNRESET ", ()),
    ("ETIMEDOUT ", ()),
    ("EHOSTUNREACH ", ()),
    ("ENETUNREACH ", ()),
    ("dial tcp ", ()),
    ("dial tcp: lookup ", ()),
    ("Connect to ", ()),
    ("lookup ", ()),
    ("host='", ()),
    ("server at \"", ()),
    ("server at `", ()),
    ("on host \"", ()),
    ("UnknownHostException: ", ()),
    ("NoHttpResponseException: ", ()),
    ("translate host name \"", ()),
    ("MySQL server on '", ()),
    ("tcp connect error\", ", ()),
    ("Connection refused - connect(2) for ", ()),
    ("connect(2) for \"", ()),
    ("TCP connection to ", ()),
    ("connecting to ", ()),
    ("Cannot connect to host ", ()),
    ("connect to host ", ()),
    ("onnection to host ", ()),
    ("nable to connect to ", ()),
    ("ailed to connect to ", ()),
    ("ould not connect to ", ()),
    ("attempted address: ", ()),
    ("attempted addresses: ", ()),
    ("Inaccessible host: `", ()),
    ("hostname '", ()),
    ("hostname \"", ()),
    ("resolve host: ", ()),
    ("resolve host '", ()),
    ("resolve '", ()),
    ("connect to DB: ", ()),
    ("onnection refused (", ()),
    ("onnection timed out (", ()),
    ("service not known (", ()),
    ("does not resolve (", ()),
    ("temporarily unavailable (", ()),
    ("failed to resolve ", ()),
]);

/// Words directly before a URL that make it the target, whatever it looks like.
const BEFORE_TARGETS: [&str; 12] = [
    "for url: ",
    "for url '",
    "for url (",
    "URL: \"",
    "equest to ",
    "equesting ",
    "etching from ",
    "\" on \"",
    "url: \"",
    "GET ",
    "POST ",
    "url: '",
];

/// Words that stand shortly before links for the reader.
const BEFORE_LINKS: [&str; 16] = [
    "see ",
    "See ",
    "see: ",
    "SEE ",
    "isit ",
    "ead more",
    "earn more",
    "ore info",
    "ore details",
    "ocumentation",
    "ackground on this error",
    "efer to ",
    "elp at",
    "ind your API key at",
    "roubleshoot",
    "report this",
];

/// Hosts that answer readers, not programs.
const HOSTS_OF_LINKS: [&str; 34] = [
    "pris.ly",
    "www.prisma.io",
    "sqlalche.me",
    "errors.pydantic.dev",
    "a.co",
    "aka.ms",
    "git.io",
    "bit.ly",
    "goo.gl",
    "t.co",
    "rfr.bz",
    "dbus.freedesktop.org",
    "github.com",
    "gist.github.com",
    "stackoverflow.com",
    "curl.haxx.se",
    "curl.se",
    "platform.openai.com",
    "console.anthropic.com",
    "console.aws.amazon.com",
    "nodejs.org",
    "mongoosejs.com",
    "dochub.mongodb.org",
    "axios-http.com",
    "go.microsoft.com",
    "www.npmjs.com",
    "pypi.org",
    "www.postgresql.org",
    "dev.mysql.com",
    "redis.io",
    "playwright.dev",
    "pptr.dev",
    "json-schema.org",
    "www.w3.org",
];

/// First labels of hosts of documentation.
const LABELS_OF_LINKS: [&str; 10] =
    ["docs", "doc", "help", "support", "developer", "developers", "learn", "wiki", "community", "schemas"];

/// Parts of paths of documentation.
const PATHS_OF_LINKS: [&str; 10] = [
    "/docs/",
    "/doc/",
    "/documentation",
    "/errors/",
    "/error-codes",
    "/error_codes",
    "/troubleshoot",
    "/wiki/",
    "/faq",
    "/issues/",
];

/// Schemes of addresses that a program calls over the network.
const SCHEMES: [&str; 17] = [
    "http",
    "https",
    "ws",
    "wss",
    "grpc",
    "grpcs",
    "amqp",
    "amqps",
    "redis",
    "rediss",
    "postgres",
    "postgresql",
    "mysql",
    "mongodb",
    "mongodb+srv",
    "ldap",
    "ldaps",
];

/// Finds the host in a text, without its port: that of the first URL that is no link for readers, or the one behind the
/// first of [`MARKS`], whichever comes first.
pub(super) fn host_in(text: &str) -> Option<String> {
    let marked = MARKS.places(text).filter_map(|(_, mark)| marked(text, &mark)).min_by_key(|(at, _)| *at);
    let by_url = in_url(text, marked.map_or(text.len(), |(at, _)| at));
    by_url.or(marked.map(|(_, host)| host)).or_else(|| first_word(text)).map(|host| without_port(host).to_owned())
}

/// Returns the host and port with which a text begins, as drivers that try several servers print them: `HOST:PORT: …`.
fn first_word(text: &str) -> Option<&str> {
    let word = leading(text, is_of_host)?;
    let (name, port) = word.strip_suffix(':')?.rsplit_once(':')?;
    let shaped = name.contains('.') && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (shaped && name.bytes().any(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}

/// Returns the host that an error is about by its type alone: `UnknownHostException` has nothing else for a message.
pub(super) fn host_as_message(message: &str) -> Option<String> {
    let host = leading(message, is_of_host)?.trim_end_matches([':', '.']);
    host.contains('.').then(|| without_port(host).to_owned())
}

fn is_of_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-_:".contains(c)
}

/// Returns the host behind a mark, and where the mark stands.
fn marked<'a>(text: &'a str, mark: &Range<usize>) -> Option<(usize, &'a str)> {
    // The JDK and Node.js print an address as `name/10.0.0.1:443` or `/10.0.0.1:443`.
    let rest = text.get(mark.end..)?.trim_start_matches(['/', '[']);
    let host = leading(rest, is_of_host)?.trim_end_matches([':', '.', '-']);
    is_host(host).then_some((mark.start, host))
}

fn is_host(host: &str) -> bool {
    let named = host.contains('.') && host.bytes().any(|byte| byte.is_ascii_alphanumeric());
    named || host == "localhost" || host.contains(':')
}

/// Returns the host of the first URL before `end` that is no link for readers.
fn in_url(text: &str, end: usize) -> Option<&str> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find("://").map(|at| from + at) {
        from = at + 3;
        let before = text.get(..at)?;
        let scheme_at = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(0, |at| at + 1);
        // The blank before a scheme is one byte long where it is ASCII; anything else leaves the scheme unknown.
        let Some((before, scheme)) = before.split_at_checked(scheme_at) else { continue };
        if scheme_at > end || !SCHEMES.contains(&scheme) {
            continue;
        }
        let url = text.get(from..)?;
        let url = url.split(['"', '\'', '`', ' ', ')', '>', '\n', '\\', ',']).next().unwrap_or(url);
        let (authority, path) = url.find(['/', '?', '#']).map_or((url, ""), |at| url.split_at(at));
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let Some(host) = leading(authority, is_of_host) else { continue };
        let host = host.trim_end_matches([':', '.']);
        if is_host(host) && (is_target(before) || !is_link(before, without_port(host), path)) {
            return Some(host);
        }
    }
    None
}

fn is_target(before: &str) -> bool {
    BEFORE_TARGETS.iter().any(|words| before.ends_with(words))
}

/// Returns whether a URL is there for readers of the message.
fn is_link(before: &str, host: &str, path: &str) -> bool {
    let near = before.char_indices().rev().nth(40).map_or(before, |(at, _)| &before[at..]);
    let label = host.split('.').next().unwrap_or(host);
    HOSTS_OF_LINKS.contains(&host)
        || LABELS_OF_LINKS.contains(&label)
        || host.contains("readthedocs")
        || BEFORE_LINKS.iter().any(|words| near.contains(words))
        || PATHS_OF_LINKS.iter().any(|part| path.contains(part))
}

/// Strips the port: one target must have one name.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            name.trim_end_matches(':')
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_target_and_no_link() {
        for (text, want) in [
            ("connect ECONNREFUSED 10.9.8.7:8443", "10.9.8.7"),
            ("connect ECONNREFUSED ::1:5432", "::1"),
            ("getaddrinfo ENOTFOUND pay.example.com", "pay.example.com"),
            ("getaddrinfo ENOTFOUND pay.example.com pay.example.com:443", "pay.example.com"),
            (
                "HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: /v1",
                "api.example.com",
            ),
            ("Get \"https://user:secret@api.example.com:8080/x?token=1\": EOF", "api.example.com"),
            (
                "Get \"https://api.example.com/x\": dial tcp 10.0.0.1:443: connect: connection refused",
                "api.example.com",
            ),
            ("dial tcp: lookup api.example.com on 169.254.78.1:53: no such host", "api.example.com"),
            ("connection to server at \"db.example.com\" (10.0.0.1), port 5432 failed: timeout", "db.example.com"),
            (
                "connection to server at \"10.0.3.1\", port 5432 failed\n\n(Background on this error at: https://sqlalche.me/e/20/e3q8)",
                "10.0.3.1",
            ),
            (
                "cURL error 28: timed out (see https://curl.haxx.se/libcurl/c/libcurl-errors.html) for https://api.example.com/v1",
                "api.example.com",
            ),
            ("Connect to s3.example.com:443 [s3.example.com/10.0.0.1] failed: connect timed out", "s3.example.com"),
            ("Connect Timeout Error (attempted address: api.example.com:443, timeout: 10000ms)", "api.example.com"),
            (
                "Failed to open TCP connection to api.example.com:443 (getaddrinfo: Name or service not known)",
                "api.example.com",
            ),
            (
                "java.net.UnknownHostException: rates.example.com: Temporary failure in name resolution",
                "rates.example.com",
            ),
            ("Inaccessible host: `sqs.eu-west-9.amazonaws.com' at port `undefined'", "sqs.eu-west-9.amazonaws.com"),
            ("503 Server Error for url: https://docs.googleapis.com/v1/documents/1", "docs.googleapis.com"),
            ("cluster0.example.net:27017: timed out, Timeout: 30s", "cluster0.example.net"),
            ("getaddrinfo for mongodb+srv://u:p@cluster0.example.net/shop", "cluster0.example.net"),
        ] {
            assert_eq!(host_in(text).as_deref(), Some(want), "{text}");
        }
        for link in [
            "words: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ProvisionedThroughput.html",
            "More information: https://pris.ly/d/client-constructor",
            "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/503",
            "For further information visit https://errors.pydantic.dev/2.5/v/missing",
            "You can find your API key at https://platform.openai.com/account/api-keys.",
            "at file:///var/task/index.mjs:3:4",
            "s3://bucket.with.dots/key",
            "12.30: no host",
            "no host here",
        ] {
            assert_eq!(host_in(link), None, "{link}");
        }
        assert_eq!(
            host_as_message("rates.example.com: Name or service not known").as_deref(),
            Some("rates.example.com")
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics_nor_keeps_a_port(text in "(ENOTFOUND |https?://|see |é|[a-z0-9.:/@ ]{0,12}){0,8}") {
            if let Some(host) = host_in(&text) {
                proptest::prop_assert!(!host.contains('/') && !host.contains('@'));
            }
        }
    }
}
