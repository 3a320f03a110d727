//! Failures of the Lambda API itself, as a caller sees them: which exception or status gets which code.

use super::signatures::Trouble;
use super::words::Words;
use crate::model::Confidence::{self, High, Medium};

/// One exception of the Lambda API.
struct ApiException {
    name: &'static str,
    code: &'static str,
    /// No other service has it, so the name alone tells that the Lambda API answered.
    only_lambda: bool,
}

const fn only(name: &'static str, code: &'static str) -> ApiException {
    ApiException { name, code, only_lambda: true }
}

const fn shared(name: &'static str, code: &'static str) -> ApiException {
    ApiException { name, code, only_lambda: false }
}

/// Source: the service model of Lambda, 2015-03-31.
#[rustfmt::skip]
static FAULTS: &[ApiException] = &[
    shared("ServiceException", "service_error.internal"),
    only("EC2ThrottledException", "service_error.not_ready"),
    only("EC2UnexpectedException", "service_error.not_ready"),
    only("ENINotReadyException", "service_error.not_ready"),
    only("ResourceNotReadyException", "service_error.not_ready"),
    only("EC2AccessDeniedException", "service_error.configuration"),
    only("ENILimitReachedException", "service_error.configuration"),
    only("SubnetIPAddressLimitReachedException", "service_error.configuration"),
    only("InvalidSubnetIDException", "service_error.configuration"),
    only("InvalidSecurityGroupIDException", "service_error.configuration"),
    shared("KMSAccessDeniedException", "service_error.configuration"),
    shared("KMSDisabledException", "service_error.configuration"),
    shared("KMSInvalidStateException", "service_error.configuration"),
    shared("KMSNotFoundException", "service_error.configuration"),
    only("InvalidRuntimeException", "service_error.configuration"),
    only("InvalidZipFileException", "service_error.configuration"),
    only("EFSIOException", "invalid_request.conflict"),
    only("EFSMountConnectivityException", "invalid_request.conflict"),
    only("EFSMountFailureException", "invalid_request.conflict"),
    only("EFSMountTimeoutException", "invalid_request.conflict"),
    only("S3FilesMountConnectivityException", "invalid_request.conflict"),
    only("S3FilesMountFailureException", "invalid_request.conflict"),
    only("S3FilesMountTimeoutException", "invalid_request.conflict"),
    shared("ResourceConflictException", "invalid_request.conflict"),
    shared("PreconditionFailedException", "invalid_request.conflict"),
    only("SnapStartException", "invalid_request.conflict"),
    only("SnapStartNotReadyException", "invalid_request.conflict"),
    only("SnapStartTimeoutException", "invalid_request.conflict"),
    only("SnapStartRegenerationFailureException", "invalid_request.conflict"),
    only("CodeArtifactUserPendingException", "invalid_request.conflict"),
    only("CodeArtifactUserDeletedException", "invalid_request.conflict"),
    only("CodeArtifactUserFailedException", "invalid_request.conflict"),
    only("RequestTooLargeException", "invalid_request.payload_too_large"),
    only("RequestEntityTooLargeException", "invalid_request.payload_too_large"),
    only("SerializedRequestEntityTooLargeException", "invalid_request.payload_too_large"),
    only("InvalidRequestContentException", "invalid_request.content"),
    shared("UnsupportedMediaTypeException", "invalid_request.content"),
    shared("SerializationException", "invalid_request.content"),
    shared("ResourceNotFoundException", "invalid_request.not_found"),
    only("NoPublishedVersionException", "invalid_request.not_found"),
    shared("AccessDeniedException", "invalid_request.access_denied"),
    shared("AccessDenied", "invalid_request.access_denied"),
    shared("ExpiredTokenException", "invalid_request.access_denied"),
    shared("ExpiredToken", "invalid_request.access_denied"),
    shared("InvalidSignatureException", "invalid_request.access_denied"),
    shared("UnrecognizedClientException", "invalid_request.access_denied"),
    shared("MissingAuthenticationTokenException", "invalid_request.access_denied"),
    shared("InvalidParameterValueException", "invalid_request.parameter"),
    shared("ValidationException", "invalid_request.parameter"),
    only("ModeNotSupportedException", "invalid_request.parameter"),
    only("PolicyLengthExceededException", "invalid_request.parameter"),
    only("CodeStorageExceededException", "invalid_request.parameter"),
    only("CodeVerificationFailedException", "invalid_request.parameter"),
    only("InvalidCodeSignatureException", "invalid_request.parameter"),
    only("ProvisionedConcurrencyConfigNotFoundException", "invalid_request.not_found"),
    only("RecursiveInvocationException", "invalid_request.recursion"),
    only("DurableExecutionAlreadyStartedException", "invalid_request.parameter"),
    shared("TooManyRequestsException", "throttling.unspecified"),
    shared("ThrottlingException", "throttling.rate"),
    shared("Throttling", "throttling.rate"),
    shared("ThrottledException", "throttling.rate"),
    shared("RequestLimitExceeded", "throttling.rate"),
];

/// `Reason` of a `TooManyRequestsException`.
static REASONS: &[(&str, &str)] = &[
    // The longer name first: the shorter one is a part of it.
    ("ReservedFunctionConcurrentInvocationLimitExceeded", "throttling.reserved"),
    ("ConcurrentInvocationLimitExceeded", "throttling.concurrency"),
    ("ReservedFunctionInvocationRateLimitExceeded", "throttling.rate"),
    ("FunctionInvocationRateLimitExceeded", "throttling.rate"),
    ("CallerRateLimitExceeded", "throttling.rate"),
    ("ConcurrentSnapshotCreateLimitExceeded", "throttling.snapshot"),
];

/// The code of an exception or throttle reason by its exact name, and whether only Lambda has it.
pub(super) fn code_of_name(name: &str) -> Option<(&'static str, bool)> {
    let reason = REASONS.iter().find(|(reason, _)| *reason == name).map(|(_, code)| (*code, true));
    reason.or_else(|| FAULTS.iter().find(|fault| fault.name == name).map(|fault| (fault.code, fault.only_lambda)))
}

/// Every name of an exception or throttle reason.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    REASONS.iter().map(|(reason, _)| *reason).chain(FAULTS.iter().map(|fault| fault.name))
}

/// Operations of the Lambda API whose names no other service shares.
static OPERATIONS: &[&str] = &[
    "Invoke",
    "InvokeAsync",
    "InvokeWithResponseStream",
    "InvokeFunction",
    "CreateEventSourceMapping",
    "UpdateEventSourceMapping",
    "GetEventSourceMapping",
    "DeleteEventSourceMapping",
    "ListEventSourceMappings",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
    "GetFunctionConfiguration",
    "GetFunctionConcurrency",
    "PutFunctionConcurrency",
    "DeleteFunctionConcurrency",
    "PublishVersion",
    "ListVersionsByFunction",
    "GetAccountSettings",
    "PutProvisionedConcurrencyConfig",
    "GetProvisionedConcurrencyConfig",
    "PutFunctionEventInvokeConfig",
    "GetFunctionEventInvokeConfig",
    "GetFunctionUrlConfig",
    "CreateFunctionUrlConfig",
    "PublishLayerVersion",
    "GetLayerVersion",
    "ListLayerVersions",
    "GetRuntimeManagementConfig",
    "PutRuntimeManagementConfig",
    "GetAlias",
    "ListLayers",
    "GetLayerVersionByArn",
    "GetLayerVersionPolicy",
    "DeleteLayerVersion",
    "AddLayerVersionPermission",
    "RemoveLayerVersionPermission",
    "UpdateFunctionEventInvokeConfig",
    "DeleteFunctionEventInvokeConfig",
    "ListFunctionEventInvokeConfigs",
    "UpdateFunctionUrlConfig",
    "DeleteFunctionUrlConfig",
    "ListFunctionUrlConfigs",
    "DeleteProvisionedConcurrencyConfig",
    "ListProvisionedConcurrencyConfigs",
    "GetFunctionCodeSigningConfig",
    "PutFunctionCodeSigningConfig",
    "DeleteFunctionCodeSigningConfig",
    "GetFunctionRecursionConfig",
    "PutFunctionRecursionConfig",
    "ListFunctionsByCodeSigningConfig",
];

/// Operation whose name other services have, too.
struct SharedOperation {
    name: &'static str,
    /// As programs call it.
    method: &'static str,
    /// Words in a message or stack by which it is one of another service.
    others: &'static [&'static str],
    /// Most calls of this name are those of Lambda.
    mostly_lambda: bool,
}

const fn operation(
    name: &'static str,
    method: &'static str,
    others: &'static [&'static str],
    mostly_lambda: bool,
) -> SharedOperation {
    SharedOperation { name, method, others, mostly_lambda }
}

const OF_EDGES: &[&str] = &["appsync", "AppSync", "cloudfront", "CloudFront", "cf."];
const OF_QUEUES: &[&str] = &["sqs", "SQS", "sns", "SNS", "queue", "Queue", "topic", "Topic", "vent bus", "EventBus"];
const OF_KEYS: &[&str] = &["kms", "KMS", "gamelift", "GameLift", "irectory"];
const OF_POLICIES: &[&str] = &["iam", "IAM", "rganizations", "acm-pca"];

/// Source: the service models of Lambda, AppSync, CloudFront, SQS, SNS, EventBridge, KMS, GameLift and IAM.
static SHARED_OPERATIONS: &[SharedOperation] = &[
    operation("GetFunction", "get_function", OF_EDGES, true),
    operation("ListFunctions", "list_functions", OF_EDGES, true),
    operation("CreateFunction", "create_function", OF_EDGES, true),
    operation("DeleteFunction", "delete_function", OF_EDGES, true),
    operation("AddPermission", "add_permission", OF_QUEUES, true),
    operation("RemovePermission", "remove_permission", OF_QUEUES, true),
    operation("CreateAlias", "create_alias", OF_KEYS, false),
    operation("UpdateAlias", "update_alias", OF_KEYS, false),
    operation("DeleteAlias", "delete_alias", OF_KEYS, false),
    operation("ListAliases", "list_aliases", OF_KEYS, false),
    operation("GetPolicy", "get_policy", OF_POLICIES, false),
];

/// Exceptions that Lambda alone declares for operations of these names.
const OF_SHARED_OPERATIONS: [&str; 5] = [
    "ServiceException",
    "TooManyRequestsException",
    "ResourceConflictException",
    "InvalidParameterValueException",
    "PreconditionFailedException",
];

/// Codes that other services alone answer for operations of these names.
const OF_OTHERS: [&str; 13] = [
    "NoSuchFunctionExists",
    "FunctionAlreadyExists",
    "FunctionInUse",
    "FunctionSizeLimitExceeded",
    "TooManyFunctions",
    "InvalidIfMatchVersion",
    "UnsupportedOperation",
    "NotFoundException",
    "BadRequestException",
    "LimitExceededException",
    "ConcurrentModificationException",
    "OverLimit",
    "NoSuchEntity",
];

/// Returns how certain it is that a call by an operation's name that services share went to Lambda: `exception` is the
/// code of the answer, `line` the message with its stack.
pub(super) fn of_shared_operation(name: &str, exception: &str, line: &str) -> Option<Confidence> {
    let known = SHARED_OPERATIONS.iter().find(|known| known.name == name)?;
    if OF_OTHERS.contains(&exception) || known.others.iter().any(|word| line.contains(word)) {
        return None;
    }
    // `lambda_client.get_function(…)`, `lambda_client.get_paginator("list_functions")`
    let called = line.lines().flat_map(|line| line.split("\\n")).any(|line| {
        let before = line.split_once(known.method).map_or("", |(before, _)| before);
        before.contains("lambda") || before.contains("Lambda")
    });
    let certain = called || OF_SHARED_OPERATIONS.contains(&exception);
    (certain || known.mostly_lambda).then_some(if certain { High } else { Medium })
}

/// Texts that only the Lambda API writes.
static TEXTS: Words<()> = Words::new(&[
    ("AWS Lambda service failed", ()),
    ("for the InvokeFunction operation", ()),
    ("for the InvokeAsync operation", ()),
    ("perform: lambda:", ()),
    ("Function not found: arn:", ()),
    ("Could not parse request body into json", ()),
    ("The function is currently in the following state", ()),
    ("@aws-sdk/client-lambda", ()),
    ("aws-sdk/clients/lambda", ()),
    ("Aws::Lambda::Errors::", ()),
    ("aws_sdk_lambda::", ()),
    ("lambda.model.", ()),
    ("Lambda.Model.", ()),
    ("ConcurrentInvocationLimitExceeded", ()),
    ("CallerRateLimitExceeded", ()),
    ("FunctionInvocationRateLimitExceeded", ()),
    ("ConcurrentSnapshotCreateLimitExceeded", ()),
    // `LambdaServiceException`, the base class of the SDK for JavaScript v3.
    ("LambdaServiceException", ()),
    ("was unable to configure your environment variables because the KMS key", ()),
    ("Lambda was unable to decrypt the environment variables", ()),
    ("Lambda was unable to configure access to your", ()),
]);

/// The code for a failure of the Lambda API: by `Reason`, else by exception, else by HTTP status.
pub(super) fn code_for(
    name: Option<&str>,
    reason: &str,
    operation: Option<&str>,
    status: Option<u16>,
) -> Option<&'static str> {
    if let Some((_, code)) = REASONS.iter().find(|(word, _)| reason.contains(word)) {
        return Some(code);
    }
    let control_plane = is_control_plane(operation);
    match name.and_then(|name| FAULTS.iter().find(|fault| fault.name == name)) {
        Some(fault) if fault.code == "throttling.unspecified" && control_plane => Some("throttling.rate"),
        Some(fault) => Some(fault.code),
        None => status.and_then(|status| by_status(status, control_plane)),
    }
}

/// The code for an HTTP status of the Lambda API.
pub(super) fn by_status(status: u16, control_plane: bool) -> Option<&'static str> {
    match status {
        429 if control_plane => Some("throttling.rate"),
        429 => Some("throttling.unspecified"),
        500..=599 => Some("service_error.internal"),
        413 => Some("invalid_request.payload_too_large"),
        401 | 403 => Some("invalid_request.access_denied"),
        404 => Some("invalid_request.not_found"),
        408..=410 => Some("invalid_request.conflict"),
        415 => Some("invalid_request.content"),
        400..=499 => Some("invalid_request.parameter"),
        _ => None,
    }
}

/// Returns the code for an answer of the Lambda API that is none of its model, such as the codes that all services share.
pub(super) fn code_of_trouble(trouble: Trouble, control_plane: bool) -> Option<&'static str> {
    match trouble {
        Trouble::Throttled if control_plane => Some("throttling.rate"),
        Trouble::Throttled => Some("throttling.unspecified"),
        Trouble::Unavailable | Trouble::Timeout => Some("service_error.internal"),
        Trouble::Auth => Some("invalid_request.access_denied"),
        Trouble::NotFound => Some("invalid_request.not_found"),
        Trouble::Conflict | Trouble::Contention => Some("invalid_request.conflict"),
        Trouble::Validation => Some("invalid_request.parameter"),
        _ => None,
    }
}

/// Returns whether an operation is one of the control plane, which has a request rate; the others are throttled by
/// concurrency.
pub(super) fn is_control_plane(operation: Option<&str>) -> bool {
    operation.is_some_and(|operation| !operation.starts_with("Invoke"))
}

/// Whether the exception's name alone tells that the Lambda API answered.
pub(super) fn is_only_lambda(name: &str) -> bool {
    FAULTS.iter().any(|fault| fault.only_lambda && fault.name == name)
}

/// Whether the name is one of the Lambda API's exceptions at all.
pub(super) fn is_fault(name: &str) -> bool {
    FAULTS.iter().any(|fault| fault.name == name)
}

/// Whether the operation's name alone tells that it is one of Lambda.
pub(super) fn is_only_operation(operation: &str) -> bool {
    OPERATIONS.contains(&operation)
}

/// Whether a text holds words that only the Lambda API and its clients use.
pub(super) fn speaks_lambda(text: &str) -> bool {
    TEXTS.stand_in(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_beats_the_status() {
        let reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
        assert_eq!(code_for(Some("TooManyRequestsException"), reason, None, Some(429)), Some("throttling.reserved"));
        assert_eq!(code_for(None, "", Some("ListFunctions"), Some(429)), Some("throttling.rate"));
        assert_eq!(code_for(None, "", None, Some(502)), Some("service_error.internal"));
        assert_eq!(
            code_for(Some("ENILimitReachedException"), "", None, Some(502)),
            Some("service_error.configuration")
        );
    }

    /// Operation, code of the answer, a line of the stack, and how certain it is that Lambda was called.
    #[test]
    fn operations_that_services_share_are_told_apart() {
        let throttled = "TooManyRequestsException";
        for (name, exception, line, want) in [
            ("GetFunction", throttled, "    get()", Some(High)),
            ("GetFunction", "ThrottlingException", "    lambda_client.get_function(FunctionName=f)", Some(High)),
            ("ListFunctions", "Throttling", "    lambda_.get_paginator(\"list_functions\")", Some(High)),
            ("ListFunctions", "Throttling", "    pages()", Some(Medium)),
            ("ListFunctions", "Throttling", "  File \"/var/task/lambda_function.py\", line 3", Some(Medium)),
            ("GetFunction", "AccessDenied", "    cloudfront.get_function(Name=n)", None),
            ("AddPermission", "ResourceConflictException", "    allow()", Some(High)),
            ("AddPermission", "OverLimit", "    sqs.add_permission(QueueUrl=u)", None),
            ("DeleteFunction", "NoSuchFunctionExists", "    drop()", None),
            ("ListAliases", "ThrottlingException", "    aliases()", None),
            ("ListAliases", throttled, "    aliases()", Some(High)),
            ("Publish", throttled, "    sns.publish()", None),
        ] {
            assert_eq!(of_shared_operation(name, exception, line), want, "{name} {exception} {line}");
        }
    }

    #[test]
    fn every_fault_leads_to_a_code() {
        for fault in FAULTS {
            assert!(super::super::code(fault.code).is_some(), "{}", fault.name);
        }
    }
}
