//! Classification of AWS failures: those that end a pull, those that cost one log group, and those worth a retry.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatchlogs::config::http::HttpResponse;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};

/// A failure that ends a pull. Each message is one sentence with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PullError {
    /// No source supplied credentials.
    #[error(
        "found no AWS credentials: run `aws sso login` or `aws configure`, name a profile with --profile, or set \
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoCredentials,
    /// A provider of credentials failed.
    #[error("could not get AWS credentials ({0}): check the profile, or log in again with `aws sso login`")]
    Credentials(String),
    /// The credentials have expired.
    #[error("the AWS credentials have expired: log in again (`aws sso login`) and repeat the command")]
    Expired,
    /// AWS rejects the credentials.
    #[error("AWS refuses the credentials ({0}): check that they are complete, still valid and for this partition")]
    Refused(String),
    /// No source supplied a region.
    #[error("no AWS region: name one with --region, set AWS_REGION, or choose a profile that has one")]
    NoRegion,
    /// No connection to the service could be made.
    #[error("cannot reach CloudWatch Logs in {region} ({detail}): check the region's name, the network and the proxy")]
    Unreachable {
        region: String,
        /// Cause given by the network.
        detail: String,
    },
    /// Log groups cannot be listed, and nothing else names them.
    #[error("may not list log groups in {0}: allow logs:DescribeLogGroups, or name the functions in full")]
    ListDenied(String),
    /// Another error of AWS for a request that the whole pull depends on.
    #[error("CloudWatch Logs in {region} refuses the request ({detail})")]
    Other {
        region: String,
        /// Message from AWS.
        detail: String,
    },
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
    /// A temporary failure, worth a retry.
    Passing(String),
    /// No connection could be made.
    NoConnection(String),
    /// The page token is invalid or expired.
    Token(String),
    /// A failure that ends the whole pull.
    Fatal(PullError),
    /// Access is denied.
    Denied,
    /// The log group or function does not exist.
    Missing,
    /// The group's class cannot be read with this API.
    Class(String),
    /// Any other error, which a retry would repeat.
    Other(String),
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
const EXPIRED: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "RequestExpired"];
const REFUSED: [&str; 7] = [
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
];
const DENIED: [&str; 3] = ["AccessDeniedException", "AccessDenied", "UnauthorizedOperation"];
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
            fault_of_answer(status, said.code().unwrap_or_default(), said.message().unwrap_or_default())
        }
        SdkError::TimeoutError(_) => RequestError::Passing("no answer in time".to_owned()),
        SdkError::ResponseError(answer) => {
            RequestError::Passing(format!("an answer with status {}", answer.raw().status()))
        }
        SdkError::DispatchFailure(failure) => {
            if let Some(failure) = credentials_failure(error) {
                return RequestError::Fatal(failure);
            }
            let text = root_cause(error);
            // A broken connection is temporary; an unresolved name or a closed port is not.
            match failure.is_timeout() || text.contains("reset") || text.contains("closed") {
                true => RequestError::Passing(text),
                false => RequestError::NoConnection(text),
            }
        }
        _ => match credentials_failure(error) {
            Some(failure) => RequestError::Fatal(failure),
            None => RequestError::Other(root_cause(error)),
        },
    }
}

fn fault_of_answer(status: u16, code: &str, message: &str) -> RequestError {
    let one_of = |codes: &[&str]| codes.contains(&code);
    let told = || match (code, message) {
        ("", "") => format!("status {status}"),
        ("", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    };
    let lower = message.to_lowercase();
    if status == 429 || one_of(&THROTTLES) {
        RequestError::Throttled
    } else if one_of(&EXPIRED) {
        RequestError::Fatal(PullError::Expired)
    } else if one_of(&REFUSED) {
        RequestError::Fatal(PullError::Refused(code.to_owned()))
    } else if one_of(&DENIED) {
        RequestError::Denied
    } else if one_of(&MISSING) {
        RequestError::Missing
    } else if status >= 500 || code == "ServiceUnavailableException" || code == "RequestTimeoutException" {
        RequestError::Passing(told())
    } else if lower.contains("infrequent") || lower.contains("log class") || lower.contains("log group class") {
        RequestError::Class(if lower.contains("delivery") { "DELIVERY" } else { "INFREQUENT_ACCESS" }.to_owned())
    } else if code.starts_with("InvalidParameter") && lower.contains("token") {
        RequestError::Token(told())
    } else {
        RequestError::Other(told())
    }
}

/// Finds a failure of the credentials provider anywhere in the chain of causes.
fn credentials_failure(error: &(dyn Error + 'static)) -> Option<PullError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<CredentialsError>() {
            return Some(failure_of_credentials(error));
        }
        cause = error.source();
    }
    None
}

/// Translates an error of the credentials provider.
pub(super) fn failure_of_credentials(error: &CredentialsError) -> PullError {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => PullError::NoCredentials,
        error => {
            let cause = root_cause(error);
            let says = |word: &str| cause.to_lowercase().contains(word);
            // The instance metadata service (IMDS) is the last place to look, so its failure means that there are none.
            match (says("expired"), says("imds")) {
                (true, _) => PullError::Expired,
                (_, true) => PullError::NoCredentials,
                _ => PullError::Credentials(cause),
            }
        }
    }
}

/// Returns the innermost cause, which is the most specific.
pub(super) fn root_cause(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let deeper = error.to_string();
        if !deeper.is_empty() {
            text = deeper;
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_answers_of_aws() {
        assert_eq!(fault_of_answer(400, "ThrottlingException", "Rate exceeded"), RequestError::Throttled);
        assert_eq!(fault_of_answer(400, "ExpiredTokenException", "x"), RequestError::Fatal(PullError::Expired));
        assert_eq!(fault_of_answer(400, "AccessDeniedException", "x"), RequestError::Denied);
        assert_eq!(fault_of_answer(400, "ResourceNotFoundException", "x"), RequestError::Missing);
        assert!(matches!(fault_of_answer(503, "", ""), RequestError::Passing(_)));
        assert!(matches!(
            fault_of_answer(400, "InvalidParameterException", "The specified nextToken is invalid."),
            RequestError::Token(_)
        ));
        assert_eq!(
            fault_of_answer(400, "InvalidOperationException", "not supported for Infrequent Access log class"),
            RequestError::Class("INFREQUENT_ACCESS".to_owned())
        );
        assert!(matches!(fault_of_answer(400, "InvalidParameterException", "bad limit"), RequestError::Other(_)));
    }
}
