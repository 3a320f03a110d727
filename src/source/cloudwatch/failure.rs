//! Classification of AWS failures: those that end a region's pull, those that cost one log group, and those worth a
//! retry.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatchlogs::config::http::HttpResponse;
use aws_sdk_cloudwatchlogs::error::{ConnectorError, ErrorMetadata, ProvideErrorMetadata, SdkError};

/// A failure that ends the pull from a region. Each message is one sentence with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PullError {
    /// No source supplied credentials.
    #[error(
        "found no AWS credentials: run `aws sso login` or `aws configure`, name a profile with --profile, or set \
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoCredentials,
    /// The source of the credentials failed.
    #[error("could not get AWS credentials ({detail}): {advice}")]
    Credentials { detail: String, advice: String },
    /// The source of the credentials needs what cannot be given here.
    #[error("{0}")]
    Hurdle(String),
    /// The credentials have expired.
    #[error("the AWS credentials have expired: {0}")]
    Expired(String),
    /// AWS rejects the credentials.
    #[error("AWS refuses the credentials ({code}): {advice}")]
    Refused { code: String, advice: String },
    /// AWS rejects the credentials, in this region only.
    #[error("not enabled for this account, or the credentials are not valid there ({code})")]
    NotEnabled {
        /// Code of AWS's error.
        code: String,
    },
    /// The clock of this machine is wrong.
    #[error("{0}; set the clock")]
    Clock(String),
    /// No source supplied a region.
    #[error("no AWS region: name one with --region, set AWS_REGION, or choose a profile that has one")]
    NoRegion,
    /// No connection to the service could be made.
    #[error("cannot reach CloudWatch Logs in {region} at {host} ({detail}): {advice}")]
    Unreachable {
        region: String,
        /// Host and port that were asked.
        host: String,
        /// Cause given by the network.
        detail: String,
        advice: &'static str,
    },
    /// Log groups cannot be listed, and nothing else names them.
    #[error("may not list log groups in {region}: {said}; allow logs:DescribeLogGroups, or name the functions in full")]
    ListDenied {
        region: String,
        /// Sentence of AWS.
        said: String,
    },
    /// Another error of AWS for a request that the whole pull depends on.
    #[error("CloudWatch Logs in {region} {detail}")]
    Other {
        region: String,
        /// Predicate, with what to do.
        detail: String,
    },
    /// The configuration of AWS on this machine is wrong.
    #[error("{0}")]
    Configuration(String),
    /// The user's arguments are wrong.
    #[error("{0}")]
    Usage(String),
    /// The local machine failed (runtime, temporary file).
    #[error("this machine failed: {0}")]
    Machine(String),
}

/// Classification of one failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// Too many requests.
    Throttled,
    /// A temporary failure that AWS answered.
    Passing(String),
    /// A broken connection, or no answer in time.
    NoAnswer(String),
    /// No connection could be made.
    NoConnection(String),
    /// The connection to the region was lost for good.
    Lost(String),
    /// The page token is invalid or expired.
    Token(String),
    /// The credentials are the reason.
    Credentials(CredentialFault),
    /// Access is denied, in AWS's own sentence.
    Denied(String),
    /// The log group or function does not exist.
    Missing,
    /// The group's class cannot be read with this API, in AWS's own sentence.
    Class(String),
    /// The answer is not one of AWS.
    NotAws(String),
    /// Any other error, which a retry would repeat.
    Other(String),
}

/// What is wrong with the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CredentialFault {
    Expired,
    /// Code of AWS's error.
    Refused(String),
    /// AWS's sentence on a signature that is too old or too new.
    Skewed(String),
    /// Their source failed.
    Source(SourceFault),
}

/// Failure of the source of the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SourceFault {
    /// It has none.
    None,
    /// It has some that are no longer valid.
    Expired,
    /// It failed with this cause.
    Failed(String),
}

const THROTTLES: [&str; 8] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];
const EXPIRED: [&str; 2] = ["ExpiredTokenException", "ExpiredToken"];
const SKEWED: [&str; 3] = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"];
/// Parts of AWS's sentences on signatures that are too old or too new.
const SKEWED_WORDS: [&str; 3] = ["signature expired", "signature not yet current", "is now earlier than"];
const REFUSED: [&str; 7] = [
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
];
/// Codes of [`REFUSED`] that a region answers which is not enabled for the account.
pub(super) const NOT_ENABLED: [&str; 2] = ["UnrecognizedClientException", "InvalidClientTokenId"];
const DENIED: [&str; 4] = ["AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "OptInRequired"];
const MISSING: [&str; 2] = ["ResourceNotFoundException", "ResourceNotFound"];

/// Classifies the SDK's error.
pub(super) fn fault_of<E>(error: &SdkError<E, HttpResponse>) -> RequestError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let said = answer.err();
            let code = said.code().unwrap_or_default();
            match page_of(answer.raw()) {
                Some(what) if code.is_empty() => RequestError::NotAws(what),
                _ => fault_of_answer(status, code, said.message().unwrap_or_default()),
            }
        }
        SdkError::TimeoutError(_) => RequestError::NoAnswer("no answer in time".to_owned()),
        SdkError::ResponseError(answer) => match page_of(answer.raw()) {
            Some(what) => RequestError::NotAws(what),
            None => RequestError::Passing(format!("an answer with status {} that was cut", answer.raw().status())),
        },
        SdkError::DispatchFailure(failure) => {
            if let Some(fault) = credentials_failure(error) {
                return RequestError::Credentials(fault);
            }
            no_answer(root_cause(error), failure.is_timeout())
        }
        _ => match credentials_failure(error) {
            Some(fault) => RequestError::Credentials(fault),
            None => RequestError::Other(root_cause(error)),
        },
    }
}

/// Classifies the error of a request that got no answer.
pub(super) fn fault_of_connection(error: &ConnectorError) -> RequestError {
    no_answer(root_cause(error), error.is_timeout())
}

fn no_answer(text: String, is_timeout: bool) -> RequestError {
    // A broken connection is temporary; an unresolved name or a closed port is not.
    match is_timeout || text.contains("reset") || text.contains("closed") {
        true => RequestError::NoAnswer(text),
        false => RequestError::NoConnection(text),
    }
}

/// Returns what answered the SDK instead of AWS.
fn page_of(answer: &HttpResponse) -> Option<String> {
    let body = answer.body().bytes().unwrap_or_default();
    not_aws(answer.status().as_u16(), answer.headers().get("content-type"), body)
}

/// Returns what answered instead of AWS: a proxy or a captive portal, which send pages.
pub(super) fn not_aws(status: u16, kind: Option<&str>, body: &[u8]) -> Option<String> {
    let is_page = kind.is_some_and(|kind| kind.contains("html"));
    let begins = body.trim_ascii_start().starts_with(b"<");
    (is_page || begins || status == 407).then(|| match status {
        407 => "the answer is not from AWS: the proxy asks for a login (status 407); put user and password into HTTPS_PROXY"
            .to_owned(),
        status => format!(
            "the answer is not from AWS but a web page (status {status}) of a proxy or a portal of the network; log in \
             there, or check HTTPS_PROXY"
        ),
    })
}

pub(super) fn fault_of_answer(status: u16, code: &str, message: &str) -> RequestError {
    let one_of = |codes: &[&str]| codes.contains(&code);
    let told = || match (code, brief(message)) {
        ("", message) if message.is_empty() => format!("status {status}"),
        ("", message) => message,
        (code, message) if message.is_empty() => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    };
    let lower = message.to_lowercase();
    if status == 429 || one_of(&THROTTLES) {
        RequestError::Throttled
    } else if one_of(&EXPIRED) {
        RequestError::Credentials(CredentialFault::Expired)
    } else if one_of(&SKEWED) || one_of(&REFUSED) && SKEWED_WORDS.iter().any(|words| lower.contains(words)) {
        RequestError::Credentials(CredentialFault::Skewed(message.to_owned()))
    } else if one_of(&REFUSED) {
        RequestError::Credentials(CredentialFault::Refused(code.to_owned()))
    } else if one_of(&DENIED) {
        RequestError::Denied(told())
    } else if one_of(&MISSING) {
        RequestError::Missing
    } else if status == 501 {
        RequestError::Other(told())
    } else if status >= 500 || code == "ServiceUnavailableException" || code == "RequestTimeoutException" {
        RequestError::Passing(told())
    } else if lower.contains("infrequent") || lower.contains("log class") || lower.contains("log group class") {
        RequestError::Class(told())
    } else if code.starts_with("InvalidParameter") && lower.contains("token") {
        RequestError::Token(told())
    } else {
        RequestError::Other(told())
    }
}

/// Longest sentence of AWS that is repeated, in characters.
const SENTENCE: usize = 600;

/// Returns text of AWS as one line without secrets.
pub(super) fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(SENTENCE).collect();
    crate::wire::Redaction::on().apply(line.trim_end_matches('.'))
}

/// Finds a failure of the credentials provider anywhere in the chain of causes.
fn credentials_failure(error: &(dyn Error + 'static)) -> Option<CredentialFault> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<CredentialsError>() {
            return Some(CredentialFault::Source(source_fault(error)));
        }
        cause = error.source();
    }
    None
}

/// Translates an error of the credentials provider.
pub(super) fn source_fault(error: &CredentialsError) -> SourceFault {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return SourceFault::None;
    }
    let cause = root_cause(error);
    let says = |word: &str| cause.to_lowercase().contains(word);
    // The instance metadata service (IMDS) is the last place to look, so its failure means that there are none.
    match (says("expired"), says("imds")) {
        (true, _) => SourceFault::Expired,
        (_, true) => SourceFault::None,
        _ => SourceFault::Failed(cause),
    }
}

/// Returns the innermost cause, which is the most specific, in words for a user.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = Some(error);
    while let Some(error) = cause {
        // These two print as Rust values or with codes of the operating system.
        if let Some(told) = error.downcast_ref::<ErrorMetadata>() {
            let (code, message) = (told.code().unwrap_or_default(), told.message().unwrap_or_default());
            if !code.is_empty() || !message.is_empty() {
                text = if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") };
            }
        } else if let Some(error) = error.downcast_ref::<io::Error>().filter(|error| error.get_ref().is_none()) {
            text = plain_io(error);
        } else {
            let deeper = error.to_string();
            if !deeper.is_empty() && !deeper.contains(" { ") {
                text = deeper;
            }
        }
        cause = error.source();
    }
    plain(&brief(&text))
}

/// Words of libraries, and what they mean to a user.
const PLAIN: [(&str, &str); 3] = [
    ("invalid HTTP version parsed", "what answers does not speak HTTP"),
    ("Error retrieving credentials: external process exited with code exit status: ", "it ended with status "),
    (". Stderr: ", ": "),
];

/// Puts a cause into the words of a user.
fn plain(cause: &str) -> String {
    PLAIN.iter().fold(cause.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

/// Returns what to do about a network that failed in this way.
pub(super) fn network_advice(detail: &str) -> &'static str {
    if detail.contains("UnknownIssuer") || detail.contains("certificate") {
        "if a proxy of your company signs the connection, set AWS_CA_BUNDLE to the file of its root certificates"
    } else {
        "check the region's name, the network and the proxy"
    }
}

/// Returns an error of the operating system without its number.
pub(crate) fn plain_io(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_answers_of_aws() {
        use CredentialFault::{Expired, Refused, Skewed};
        let refused = |code: &str| RequestError::Credentials(Refused(code.to_owned()));
        let late =
            "Signature expired: 20261127T225000Z is now earlier than 20261127T230500Z (20261127T231000Z - 5 min.)";
        for (status, code, message, want) in [
            (400, "ThrottlingException", "Rate exceeded", RequestError::Throttled),
            (429, "", "", RequestError::Throttled),
            (400, "ExpiredTokenException", "x", RequestError::Credentials(Expired)),
            (403, "InvalidSignatureException", "x", refused("InvalidSignatureException")),
            (403, "InvalidSignatureException", late, RequestError::Credentials(Skewed(late.to_owned()))),
            (403, "RequestExpired", "", RequestError::Credentials(Skewed(String::new()))),
            (
                400,
                "AccessDeniedException",
                "User: x\nis not",
                RequestError::Denied("AccessDeniedException: User: x is not".to_owned()),
            ),
            (400, "ResourceNotFoundException", "x", RequestError::Missing),
            (503, "", "", RequestError::Passing("status 503".to_owned())),
            (501, "", "", RequestError::Other("status 501".to_owned())),
            (
                400,
                "InvalidParameterException",
                "The specified nextToken is invalid.",
                RequestError::Token("InvalidParameterException: The specified nextToken is invalid".to_owned()),
            ),
            (
                400,
                "InvalidOperationException",
                "not for the Infrequent Access log class",
                RequestError::Class("InvalidOperationException: not for the Infrequent Access log class".to_owned()),
            ),
            (
                400,
                "InvalidParameterException",
                "bad limit",
                RequestError::Other("InvalidParameterException: bad limit".to_owned()),
            ),
        ] {
            assert_eq!(fault_of_answer(status, code, message), want, "{status} {code} {message}");
        }
    }
}
