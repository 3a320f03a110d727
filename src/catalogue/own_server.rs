//! Errors of a server that runs inside the function's own environment, to which a layer or a wrapper hands each request: PHP-FPM
//! behind Bref, the app behind the Lambda Web Adapter. Its connection breaks in the words of a client, but no network lies
//! between, and no other service is at fault.

use super::words::Words;
use crate::model::AppError;

/// Words that only clients of such a server write.
static WORDS: Words<()> = Words::new(&[
    // Bref: `FpmHandler`, and the client that it uses
    ("communicating with PHP-FPM", ()),
    ("FastCgiCommunicationFailed", ()),
    ("hollodotme\\FastCGI\\", ()),
    // aws-serverless-express and its heirs: the name of their socket
    ("connect ECONNREFUSED /tmp/server-", ()),
    ("connect ENOENT /tmp/server-", ()),
    ("connect EPIPE /tmp/server-", ()),
]);

/// Beginnings of messages of hyper's own client, which the Lambda Web Adapter passes on: clients of other services are built on
/// top of it, and put their own words in front.
const BARE_CLIENTS: [&str; 3] = [
    "hyper_util::client::legacy::Error(",
    "Error { kind: SendRequest, source: Some(hyper::Error(",
    "Error { kind: Connect, source: Some(hyper::Error(",
];

/// Returns whether an error tells of a server inside the function's own environment.
pub(crate) fn is_of_own_server(error_type: Option<&str>, message: Option<&str>) -> bool {
    let bare = |text: &str| BARE_CLIENTS.iter().any(|begin| text.starts_with(begin)) && !names_other_address(text);
    message.is_some_and(bare) || [error_type, message].into_iter().flatten().any(|text| WORDS.stand_in(text))
}

/// Returns whether an error of the client names an address or a host that is not the environment's own.
fn names_other_address(text: &str) -> bool {
    const OWN: [&str; 3] = ["127.", "[::1]", "0.0.0.0"];
    let dns = text.contains("dns error");
    let address = text.split_once("connect error\", ").map(|(_, rest)| rest.trim_start_matches('"'));
    let is_address = |rest: &&str| rest.starts_with(|first: char| first.is_ascii_digit() || first == '[');
    dns || text.contains("://")
        || address.filter(is_address).is_some_and(|rest| !OWN.iter().any(|own| rest.starts_with(own)))
}

/// Returns whether an error that is diagnosed is one of such a server.
pub(super) fn is_its_error(error: &AppError<'_>) -> bool {
    is_of_own_server(error.error_type.as_deref(), error.message.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_server_is_told_from_other_services() {
        for (error_type, message, want) in [
            (
                "Bref\\Event\\Http\\FastCgi\\FastCgiCommunicationFailed",
                "Error communicating with PHP-FPM to read the HTTP response.",
                true,
            ),
            ("Bref\\Event\\Http\\FastCgi\\Timeout", "The request timed out after 28000 ms.", false),
            (
                "hyper_util::client::legacy::Error",
                "hyper_util::client::legacy::Error(Connect, ConnectError(\"tcp connect error\", Os { code: 111 }))",
                true,
            ),
            (
                "hyper_util::client::legacy::Error",
                "hyper_util::client::legacy::Error(Connect, ConnectError(\"tcp connect error\", 127.0.0.1:8080, Os { code: 111 }))",
                true,
            ),
            (
                "hyper_util::client::legacy::Error",
                "hyper_util::client::legacy::Error(Connect, ConnectError(\"tcp connect error\", 203.0.113.9:443, Os { code: 111 }))",
                false,
            ),
            (
                "hyper_util::client::legacy::Error",
                "hyper_util::client::legacy::Error(Connect, ConnectError(\"dns error\", Custom { }))",
                false,
            ),
            ("Error", "Error { kind: SendRequest, source: Some(hyper::Error(IncompleteMessage)) }", true),
            (
                "reqwest::Error",
                "reqwest::Error { kind: Request, source: hyper_util::client::legacy::Error(Connect) }",
                false,
            ),
            ("Error", "connect ECONNREFUSED /tmp/server-abc123.sock", true),
            ("Error", "connect ECONNREFUSED 127.0.0.1:6379", false),
        ] {
            assert_eq!(is_of_own_server(Some(error_type), Some(message)), want, "{error_type}: {message}");
        }
    }
}
