//! Error codes of AWS services other than Lambda: the kind of failure that each one means.

use super::signatures::Trouble::{
    self, Auth, Conflict, Contention, Database, NotFound, Throttled, Timeout, Unavailable, Validation,
};
use super::words::Words;

/// Codes whose meaning cannot be derived correctly from a part of the name or from the HTTP status.
#[rustfmt::skip]
static CODES: &[(&str, Trouble)] = &[
    ("SlowDown", Throttled), ("EC2ThrottledException", Throttled), ("BandwidthLimitExceeded", Throttled),
    ("KMSThrottlingException", Throttled), ("BandwidthLimitExceededException", Throttled), ("RequestThrottled", Throttled),
    ("RequestThrottledException", Throttled), ("ThrottlingException", Throttled), ("ThrottledException", Throttled), ("TooManyRequestsException", Throttled), ("Throttling", Throttled), ("Throttling.User", Throttled), ("RequestLimitExceeded", Throttled),
    ("ProvisionedThroughputExceededException", Throttled), ("ProvisionedThroughputExceeded", Throttled), ("LimitExceededException", Throttled), ("429", Throttled),
    ("ModelNotReadyException", Unavailable), ("ModelTimeoutException", Timeout), ("RequestTimeout", Timeout), ("RequestTimeoutException", Timeout),
    ("InternalServerError", Unavailable), ("InternalFailure", Unavailable), ("InternalError", Unavailable), ("InternalServerException", Unavailable),
    ("InternalServiceException", Unavailable), ("InternalServiceError", Unavailable), ("InternalServiceErrorException", Unavailable), ("InternalErrorException", Unavailable),
    ("ServiceUnavailable", Unavailable), ("ServiceUnavailableException", Unavailable), ("ServiceException", Unavailable), ("ModelErrorException", Unavailable),
    ("AccessDenied", Auth), ("AccessDeniedException", Auth), ("AuthorizationError", Auth), ("AuthorizationErrorException", Auth), ("NotAuthorizedException", Auth), ("AllAccessDisabled", Auth), ("AuthorizationHeaderMalformed", Auth),
    ("UnauthorizedOperation", Auth), ("UnauthorizedException", Auth), ("ForbiddenException", Auth), ("403", Auth), ("401", Auth), ("KMSAccessDeniedException", Auth),
    ("ExpiredToken", Auth), ("ExpiredTokenException", Auth), ("RequestExpired", Auth), ("TokenRefreshRequired", Auth), ("InvalidClientTokenId", Auth),
    ("InvalidAccessKeyId", Auth), ("SignatureDoesNotMatch", Auth), ("InvalidSignatureException", Auth), ("UnrecognizedClientException", Auth), ("AuthFailure", Auth),
    ("MissingAuthenticationToken", Auth), ("MissingAuthenticationTokenException", Auth), ("IncompleteSignature", Auth), ("OptInRequired", Auth), ("CredentialsError", Auth),
    ("CredentialsProviderError", Auth), ("RequestTimeTooSkewed", Auth),
    ("NoSuchKey", NotFound), ("NoSuchBucket", NotFound), ("NoSuchUpload", NotFound), ("NoSuchEntity", NotFound), ("ResourceNotFoundException", NotFound), ("404", NotFound), ("NotFound", NotFound),
    ("ParameterNotFound", NotFound), ("AWS.SimpleQueueService.NonExistentQueue", NotFound), ("QueueDoesNotExist", NotFound), ("GoneException", NotFound), ("410", NotFound),
    ("ConditionalCheckFailedException", Conflict), ("TransactionCanceledException", Conflict), ("ExecutionAlreadyExists", Conflict),
    ("PreconditionFailed", Conflict), ("ConflictException", Conflict), ("ResourceInUseException", Conflict), ("EntityAlreadyExists", Conflict), ("BucketAlreadyExists", Conflict),
    ("IdempotentParameterMismatchException", Conflict), ("ResourceAlreadyExistsException", Conflict), ("UsernameExistsException", Conflict), ("AliasExistsException", Conflict), ("BucketAlreadyOwnedByYou", Conflict),
    // Another change was under way: S3 and DynamoDB ask for another try in their error references.
    ("OperationAborted", Contention), ("ConditionalRequestConflict", Contention), ("TransactionConflictException", Contention), ("TransactionInProgressException", Contention), ("ReplicatedWriteConflictException", Contention),
    ("PriorRequestNotComplete", Contention), ("ConcurrentModificationException", Contention), ("ConcurrentModification", Contention), ("ConcurrentUpdateException", Contention), ("TooManyUpdates", Contention), ("ConcurrentAccessException", Contention), ("PurgeQueueInProgress", Contention), ("ConcurrentRunsExceededException", Throttled),
    ("modelStreamErrorException", Unavailable), ("ModelStreamErrorException", Unavailable), ("internalServerException", Unavailable), ("serviceUnavailableException", Unavailable), ("throttlingException", Throttled), ("validationException", Validation),
    ("NoCredentialProviders", Auth), ("MissingCredentialsError", Auth), ("UnknownEndpoint", Trouble::Dns), ("EndpointDisabled", NotFound), ("StateMachineDoesNotExist", NotFound), ("ExpiredIteratorException", Validation), ("StatementTimeoutException", Timeout),
    // The data interfaces of databases, and clients that wait for a state
    ("DatabaseResumingException", Database), ("DatabaseErrorException", Database), ("DatabaseConnectionException", Database), ("ExecuteStatementException", Database), ("BatchExecuteStatementException", Database), ("SecretsErrorException", Auth), ("InvalidSecretException", Auth),
    ("ActiveStatementsExceededException", Throttled), ("ActiveSessionsExceededException", Throttled), ("InvalidResourceStateException", Unavailable), ("ResourceNotReady", Timeout),
    ("400", Validation), ("BadRequestException", Validation), ("MessageRejected", Validation), ("SerializationException", Validation),
    ("UnsupportedOperation", Validation), ("MalformedQueryString", Validation), ("EntityTooLarge", Validation), ("PermanentRedirect", Validation), ("MethodNotAllowed", Validation),
];

/// Parts of names, for codes that are not in the table; the first match wins.
#[rustfmt::skip]
static PARTS: &[(&str, Trouble)] = &[
    ("Throttl", Throttled), ("TooManyRequests", Throttled), ("LimitExceeded", Throttled), ("QuotaExceeded", Throttled), ("RateExceeded", Throttled),
    ("AccessDenied", Auth), ("Unauthorized", Auth), ("NotAuthorized", Auth), ("ExpiredToken", Auth), ("Forbidden", Auth), ("InvalidToken", Auth),
    ("Concurrent", Contention), ("AlreadyExist", Conflict), ("Conflict", Conflict), ("InUse", Conflict), ("ConditionalCheck", Conflict), ("Duplicate", Conflict), ("Mismatch", Conflict),
    ("NotFound", NotFound), ("NoSuch", NotFound), ("NonExistent", NotFound), ("DoesNotExist", NotFound),
    ("Timeout", Timeout), ("TimedOut", Timeout),
    ("Unavailable", Unavailable), ("Internal", Unavailable), ("ServiceFailure", Unavailable),
    ("Validation", Validation), ("Invalid", Validation), ("Malformed", Validation), ("Missing", Validation), ("TooLarge", Validation), ("TooLong", Validation), ("BadRequest", Validation),
];

/// Returns what an error code of an AWS service means: by the table, then by parts of the name, then by the HTTP
/// status.
pub(super) fn trouble(code: Option<&str>, status: Option<u16>) -> Option<Trouble> {
    let code = code.unwrap_or("");
    let exact = || CODES.iter().find(|(known, _)| *known == code).map(|(_, trouble)| *trouble);
    let part = || PARTS.iter().find(|(part, _)| code.contains(part)).map(|(_, trouble)| *trouble);
    exact().or_else(part).or_else(|| status.and_then(by_status))
}

/// Returns what a code of the table means, without guessing by parts of the name.
pub(super) fn known(code: &str) -> Option<Trouble> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, trouble)| *trouble)
}

/// Codes that are no name for an error of a program's own, besides those that one service has and those that end in the
/// word for an exception and mean that a service throttles.
const ONLY_OF_AWS: [&str; 5] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
    "MissingAuthenticationTokenException",
];

/// Returns a code of the table with its meaning if programs have no errors of that name.
pub(super) fn only_of_aws(code: &str) -> Option<(&'static str, Trouble)> {
    let (known, trouble) = *CODES.iter().find(|(known, _)| *known == code)?;
    let throttles = trouble == Throttled && code.ends_with("Exception");
    let only = throttles || ONLY_OF_AWS.contains(&known) || super::services::service_of_error(known).is_some();
    only.then_some((known, trouble))
}

/// Sentences of answers that tell the kind where neither code nor status is printed: .NET prints only the base class
/// of most services. Source: the services' answers in issues and their API references.
#[rustfmt::skip]
static SENTENCES: Words<Trouble> = Words::new(&[
    ("is not authorized to perform", Auth), ("not authorized to access", Auth), ("security token included in the request is", Auth), ("Signature expired", Auth), ("Signature not yet current", Auth), ("The request signature we calculated", Auth), ("Access Key Id you provided does not exist", Auth), ("Access Denied", Auth), ("Access denied", Auth), ("Unable to get IAM security credentials", Auth),
    ("The specified key does not exist", NotFound), ("The specified bucket does not exist", NotFound), ("The specified queue does not exist", NotFound), ("Requested resource not found", NotFound), ("can't find the specified secret", NotFound), ("can't find the specified secret value", NotFound),
    ("Rate exceeded", Throttled), ("Rate Exceeded", Throttled), ("reduce your request rate", Throttled), ("provisioned throughput", Throttled), ("Too many requests", Throttled), ("Throughput exceeds the current capacity", Throttled),
    ("The conditional request failed", Conflict), ("already exists", Conflict), ("Transaction is ongoing for the item", Contention), ("conflicting conditional operation is currently in progress", Contention),
    ("One or more parameter values were invalid", Validation), ("does not match the schema", Validation), ("ValidationException", Validation),
    ("Internal Server Error", Unavailable), ("Service Unavailable", Unavailable), ("Bad Gateway", Unavailable), ("Gateway Timeout", Timeout), ("Gateway Time-out", Timeout), ("Too Many Requests", Throttled), ("Forbidden", Auth), ("Unauthorized", Auth),
    ("is currently unavailable", Unavailable), ("encountered an internal error", Unavailable), ("Internal server error", Unavailable), ("try again later", Unavailable),
]);

/// Returns what the sentence of an AWS service means.
pub(super) fn by_sentence(message: &str) -> Option<Trouble> {
    SENTENCES.first_in(message).map(|(_, trouble)| trouble)
}

/// Lists the codes of the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|(known, _)| *known)
}

/// Returns what an HTTP status of any service means.
pub(super) fn by_status(status: u16) -> Option<Trouble> {
    Some(match status {
        429 => Throttled,
        401 | 403 | 407 => Auth,
        404 | 410 => NotFound,
        408 | 504 => Timeout,
        409 | 412 => Conflict,
        400..=499 => Validation,
        500..=599 => Unavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_beats_the_status() {
        assert_eq!(trouble(Some("SlowDown"), Some(503)), Some(Throttled));
        assert_eq!(trouble(Some("ProvisionedThroughputExceededException"), Some(400)), Some(Throttled));
        assert_eq!(trouble(Some("SomethingNotFoundException"), None), Some(NotFound));
        assert_eq!(trouble(Some("Weird"), Some(503)), Some(Unavailable));
        assert_eq!(trouble(Some("Weird"), None), None);
    }
}
