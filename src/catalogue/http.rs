//! HTTP statuses as a caller sees them: the codes that a status leads to, whether given as a number or as a phrase.

use super::diagnosis::downstream_code;
use super::{aws_codes, lambda_api};

/// HTTP status with the codes it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HttpStatus {
    /// Number of the status.
    pub status: u16,
    /// Code if the Lambda API returned it.
    pub of_lambda: &'static str,
    /// Code if any other service returned it.
    pub of_others: &'static str,
    /// What else it may mean if a service in front of the function, such as API Gateway, returned it. One sentence.
    pub in_front: Option<&'static str>,
}

/// Statuses that a service in front of a function returns for reasons of its own. Source: "Handle Lambda errors in API
/// Gateway", and the quotas of REST and HTTP APIs.
static IN_FRONT: [(u16, &str); 3] = [
    (500, "API Gateway also answers it where Lambda refused the call, as throttled or not permitted."),
    (
        502,
        "API Gateway and function URLs also answer it where the function failed, or responded in a form that is not theirs: the function's own log tells which.",
    ),
    (
        504,
        "API Gateway also answers it where it stopped waiting, after 29 s unless raised (REST) or 30 s (HTTP API); the function keeps running.",
    ),
];

/// Phrases that gateways and load balancers return instead of the number.
static PHRASES: [(&str, u16); 9] = [
    ("internal server error", 502),
    ("bad gateway", 502),
    ("service unavailable", 503),
    ("endpoint request timed out", 504),
    ("gateway timeout", 504),
    ("gateway time out", 504),
    ("too many requests", 429),
    ("forbidden", 403),
    ("missing authentication token", 403),
];

/// Words that may stand next to the number of a status.
static BESIDE: [&str; 19] = [
    "http",
    "https",
    "status",
    "code",
    "error",
    "response",
    "bad",
    "gateway",
    "timeout",
    "time",
    "out",
    "internal",
    "server",
    "service",
    "unavailable",
    "too",
    "many",
    "requests",
    "forbidden",
];

impl HttpStatus {
    /// Parses a text that names a status: `502`, `HTTP 502 Bad Gateway`, `{"message": "Internal server error"}`.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let words: Vec<&str> =
            lower.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut numbers = words.iter().filter_map(|word| word.parse::<u16>().ok());
        let phrase = words.iter().copied().filter(|word| *word != "message").collect::<Vec<_>>().join(" ");
        let status = match (numbers.next(), numbers.next()) {
            (Some(status), None) if words.iter().all(|word| BESIDE.contains(word) || word.parse() == Ok(status)) => {
                status
            }
            _ => PHRASES.iter().find(|(known, _)| *known == phrase)?.1,
        };
        Some(Self {
            status,
            of_lambda: lambda_api::by_status(status, false)?,
            of_others: downstream_code(aws_codes::by_status(status)?),
            in_front: IN_FRONT.iter().find(|(known, _)| *known == status).map(|(_, text)| *text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_the_words_for_them() {
        for (text, want) in [
            ("502", Some(502)),
            ("HTTP 502", Some(502)),
            ("HTTP/2 504 Gateway Timeout", None),
            ("504 Gateway Timeout", Some(504)),
            ("status code: 429", Some(429)),
            ("{\"message\": \"Internal server error\"}", Some(502)),
            ("Endpoint request timed out", Some(504)),
            ("200", None),
            ("404", Some(404)),
            ("order 502", None),
            ("", None),
        ] {
            assert_eq!(HttpStatus::read(text).map(|found| found.status), want, "{text:?}");
        }
    }

    #[test]
    fn every_error_status_leads_to_two_codes() {
        for status in 400..600 {
            let found = HttpStatus::read(&status.to_string()).unwrap_or_else(|| panic!("{status}"));
            assert!(super::super::code(found.of_lambda).is_some() && super::super::code(found.of_others).is_some());
        }
    }
}
