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
        /// The region.
        region: String,
        /// What the network says.
        detail: String,
    },
    /// Log groups cannot be listed and nothing else names them.
    #[error("may not list log groups in {0}: allow logs:DescribeLogGroups, or name the functions in full")]
    ListDenied(String),
    /// Something else that AWS says about a request that everything depends on.
    #[error("CloudWatch Logs in {region} refuses the request ({detail})")]
    Other {
        /// The region.
        region: String,
        /// What AWS says.
        detail: String,
    },
    /// No function, no group.
    #[error("{0}")]
    Usage(String),
    /// The machine.
    #[error("this machine failed: {0}")]
    Machine(String),
}

/// What one request that failed means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// Too many requests.
    Throttled,
    /// May work the next time.
    Passing(String),
    /// There was no connection at all.
    NoConnection(String),
    /// The token is not known any more.
    Token(String),
    /// Everything ends.
    Fatal(PullError),
    /// Not allowed.
    Denied,
    /// No such log group or function.
    Missing,
    /// The group is of a class that cannot be read so.
    Class(String),
    /// Anything else, which would fail again.
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

/// What a failed request means.
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
            // A name that cannot be resolved or a port that is closed; a connection cut in the middle is passing.
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

/// The failure of a provider of credentials, wherever it stands in the chain of causes.
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

/// What it means that there are no credentials.
pub(super) fn failure_of_credentials(error: &CredentialsError) -> PullError {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => PullError::NoCredentials,
        error => {
            let cause = root_cause(error);
            let says = |word: &str| cause.to_lowercase().contains(word);
            // The metadata service of a machine is the last place to look, and there is none.
            match (says("expired"), says("imds")) {
                (true, _) => PullError::Expired,
                (_, true) => PullError::NoCredentials,
                _ => PullError::Credentials(cause),
            }
        }
    }
}

/// The innermost cause, which says most.
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
