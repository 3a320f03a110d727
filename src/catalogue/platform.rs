//! Error types of the Lambda platform, from REPORT, INIT_REPORT, crash lines and extensions: the meaning of each, and
//! the code it leads to.

use crate::lambda::runtimes::RESULT_TOO_LARGE;
use crate::model::Confidence::{self, High, Low, Medium};

/// Phase in the lifecycle of an execution environment in which an error type occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The Init phase. If a request has such an error, its handler never ran.
    Init,
    /// The Restore phase of SnapStart.
    Restore,
    /// The Invoke phase.
    Invoke,
    /// Any phase; the phase in which the error occurred decides.
    Any,
}

/// Error type of the platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlatformError {
    /// Name, such as `Runtime.ExitError`; one that ends in `*` stands for every name with that prefix.
    pub id: &'static str,
    /// Phase in which it occurs.
    pub stage: Stage,
    /// Code it leads to, unless the log has more specific evidence.
    pub code: &'static str,
    /// Confidence in that code.
    pub confidence: Confidence,
    /// Meaning, in one sentence.
    pub meaning: &'static str,
}

const fn row(
    id: &'static str,
    stage: Stage,
    code: &'static str,
    confidence: Confidence,
    meaning: &'static str,
) -> PlatformError {
    PlatformError { id, stage, code, confidence, meaning }
}

use Stage::{Any, Init, Invoke, Restore};

/// Known error types: exact names first, prefixes last.
///
/// Sources: the fault names in aws-lambda-runtime-interface-emulator, the runtime interface clients, the Developer
/// Guide pages "Troubleshoot execution issues" and "Lambda execution environment lifecycle".
#[rustfmt::skip]
pub(crate) static PLATFORM_ERRORS: &[PlatformError] = &[
    row("Runtime.ExitError", Any, "runtime_exception.exit", Medium, "The runtime process ended: exit call, fatal error, abort, crash in native code; in older logs also a kill for memory."),
    row("Runtime.OutOfMemory", Any, "out_of_memory.killed", High, "The kernel killed a process of the function because the memory was used up."),
    row("Sandbox.Timedout", Any, "timeout.invoke", High, "The request or the init ran over its time limit."),
    row("Sandbox.Timeout", Any, "timeout.invoke", High, "The request or the init ran over its time limit (name inside the emulator)."),
    row("Runtime.InvokeTimeout", Invoke, "timeout.invoke", High, "Managed Instances: the request ran over its time limit; its code keeps running."),
    row("Sandbox.TimeoutResponseTrailer", Invoke, "timeout.invoke", High, "Managed Instances: the time limit cut a response that was being streamed."),
    row("Sandbox.Failure", Any, "service_error.sandbox", High, "The platform itself failed."),
    row("Runtime.ImportModuleError", Init, "init_failure.import", High, "The handler's module, or something it imports, could not be loaded."),
    row("Runtime.HandlerNotFound", Init, "init_failure.handler_not_found", High, "The module was loaded and has no function of the handler's name."),
    row("Runtime.MalformedHandlerName", Init, "init_failure.handler_not_found", High, "The handler setting has not the form that the runtime expects."),
    row("Runtime.UserCodeSyntaxError", Init, "init_failure.syntax", High, "The handler's file does not parse."),
    row("Runtime.BuiltInModuleConflict", Init, "init_failure.import", High, "The handler's file has the name of a module that is part of Python."),
    row("Runtime.MalformedStreamingHandler", Init, "init_failure.handler_not_found", High, "The streaming handler was not made with awslambda.streamifyResponse as it should."),
    row("Runtime.InvalidStreamingOperation", Invoke, "runtime_exception.streaming", High, "The code misused the response stream."),
    row("Runtime.InvalidEntrypoint", Init, "init_failure.entrypoint", High, "Bootstrap or entry point is missing, not executable, or built for another architecture."),
    row("Runtime.InvalidWorkingDir", Init, "init_failure.entrypoint", High, "The working directory of the image does not exist or is not absolute."),
    row("Runtime.InvalidTaskConfig", Init, "init_failure.entrypoint", High, "The configuration of the image is invalid."),
    row("Runtime.InitError", Init, "init_failure.exception", High, "The runtime reported that its init failed."),
    row("Runtime.BadFunctionCode", Init, "init_failure.import", High, "Java could not load or create the handler class."),
    row("Runtime.Unknown", Any, "runtime_exception.unhandled", Low, "An error without a label; in older Python runtimes every failed init."),
    row("Runtime.UserException", Invoke, "runtime_exception.unhandled", High, "Java: the handler threw."),
    row("Runtime.MarshalError", Invoke, "runtime_exception.response_format", High, "The return value cannot be written as JSON."),
    row("Runtime.SerializationError", Invoke, "runtime_exception.response_format", High, "The return value cannot be written as JSON."),
    row("Runtime.UnmarshalError", Invoke, "runtime_exception.event_format", Medium, "The event could not be read as JSON."),
    row("Runtime.LambdaContextUnmarshalError", Invoke, "runtime_exception.event_format", Medium, "Client context or identity could not be read as JSON."),
    row("Runtime.LambdaRuntimeClientError", Any, "service_error.sandbox", Low, "A call of the runtime to the Runtime API failed."),
    row("Runtime.UnhandledPromiseRejection", Any, "runtime_exception.unhandled_rejection", High, "A promise was rejected and nobody handled it; Node.js then exits with 128."),
    row("Runtime.NodeJsExit", Invoke, "runtime_exception.unsettled", High, "The event loop ran empty before the handler's promise was settled."),
    row("Runtime.NodejsExit", Invoke, "runtime_exception.unsettled", High, "The event loop ran empty before the handler's promise was settled."),
    row("Runtime.BeforeCheckpointError", Init, "init_failure.restore", High, "A hook before the SnapStart snapshot failed (Java)."),
    row("Runtime.BeforeSnapshotError", Init, "init_failure.restore", High, "A hook before the SnapStart snapshot failed (Python)."),
    row("Runtime.AfterRestoreError", Restore, "init_failure.restore", High, "A hook after the SnapStart restore failed."),
    row("Runtime.RestoreHookUserTimeout", Restore, "init_failure.timeout", High, "Restore and its hooks took more than 10 s."),
    row("Runtime.TruncatedResponse", Invoke, "runtime_exception.streaming", Medium, "The response stream ended before it was complete, often because the process crashed."),
    row("Runtime.InvalidResponseModeHeader", Invoke, "runtime_exception.streaming", Medium, "The runtime announced a response mode that does not exist."),
    row("Function.ResponseSizeTooLarge", Invoke, "runtime_exception.response_too_large", High, "The response is over 6 MB (200 MB when streamed)."),
    row("RequestEntityTooLarge", Invoke, "runtime_exception.response_too_large", High, "The Runtime API refused the response for its size."),
    row("Function.Unknown", Invoke, "runtime_exception.unhandled", Low, "The function reported an error without a label."),
    row("Extension.Crash", Any, "runtime_exception.extension", Medium, "An extension's process ended unexpectedly; the exit code says nothing (0 is a crash, too)."),
    row("Extension.ExitError", Any, "runtime_exception.extension", Medium, "An extension reported that it failed."),
    row("Extension.InitError", Init, "init_failure.extension", High, "An extension reported that its init failed."),
    row("Extension.LaunchError", Init, "init_failure.extension", High, "An extension could not be started: file mode, architecture or missing interpreter."),
    row("PermissionDenied", Init, "init_failure.extension", High, "An extension's file is not executable."),
    row("TooManyExtensions", Init, "init_failure.extension", High, "More extensions were found than an environment may have."),
    row("UnknownError", Init, "init_failure.extension", Medium, "An extension could not be started."),
    row("Runtime.Unavailable", Invoke, "throttling.capacity", Medium, "Managed Instances: no worker was free."),
    row("Runtime.InvokeResponseInProgress", Invoke, "runtime_exception.unhandled", Low, "The runtime answered while it was already answering."),
    row("Runtime.ErrorResponseInProgress", Invoke, "runtime_exception.unhandled", Low, "The runtime answered while it was already reporting an error."),
    row("Runtime.InvokeResponseWasSent", Invoke, "runtime_exception.unhandled", Low, "The runtime answered a second time."),
    row("Runtime.InvalidInvokeId", Invoke, "runtime_exception.unhandled", Low, "The runtime answered a request that is not open."),
    row("Runtime.TooManyIdleRuntimes", Invoke, "runtime_exception.unhandled", Low, "More runtime loops asked for work than the environment allows."),
    row("Runtime.ReadyFailed", Init, "init_failure.exception", Medium, "Managed Instances: the runtime could not tell that it is ready."),
    row("Runtime.RegistrationFailed", Init, "init_failure.exception", Medium, "Managed Instances: the runtime could not register."),
    row("RuntimeExecFailure", Init, "init_failure.entrypoint", Medium, "Managed Instances: the runtime process could not be started."),
    row("ExtensionExecFailure", Init, "init_failure.extension", Medium, "Managed Instances: an extension process could not be started."),
    row("Extension.CountRegistrationFailed", Init, "init_failure.extension", Medium, "Managed Instances: extensions could not be registered."),
    row("Extension.CreationFailed", Init, "init_failure.extension", Medium, "Managed Instances: an extension could not be created."),
    row("Extension.RegistrationFailed", Init, "init_failure.extension", Medium, "Managed Instances: an extension could not register."),
    row("Extension.ReadyFailed", Init, "init_failure.extension", Medium, "Managed Instances: an extension did not become ready."),
    row("Extension.GateCreationFailed", Init, "init_failure.extension", Medium, "Managed Instances: extensions could not be waited for."),
    row("InvalidRequest", Invoke, "invalid_request.parameter", Low, "Managed Instances: the request was rejected."),
    row("ErrMalformedRequest", Invoke, "invalid_request.content", Low, "Managed Instances: the request is malformed."),
    row("ErrInvalidFunctionVersion", Invoke, "invalid_request.not_found", Low, "Managed Instances: the request names another function version."),
    row("ErrInvalidMaxPayloadSize", Invoke, "invalid_request.parameter", Low, "Managed Instances: the request's payload limit is invalid."),
    row("ErrInvalidResponseBandwidthRate", Invoke, "invalid_request.parameter", Low, "Managed Instances: the request's bandwidth is invalid."),
    row("ErrInvalidResponseBandwidthBurstSize", Invoke, "invalid_request.parameter", Low, "Managed Instances: the request's burst size is invalid."),
    row("Sandbox.*", Any, "service_error.sandbox", Medium, "A fault of the platform."),
    row("Client.*", Any, "service_error.sandbox", Low, "A fault between the service and the environment (Managed Instances)."),
    row("Extension.*", Any, "runtime_exception.extension", Medium, "An extension failed."),
    row("Init<*", Init, "init_failure.exception", High, "Ruby: the handler's file could not be loaded."),
    row("Function<*", Invoke, "runtime_exception.unhandled", Medium, "Ruby: the handler raised."),
    row("Function.*", Invoke, "runtime_exception.unhandled", Low, "The function reported an error under a name of its own."),
    row("Runtime.*", Any, "runtime_exception.unhandled", Low, "The runtime reported an error under a name that we do not know."),
];

/// Returns the row for an error type of the platform; for unknown names, the row of their prefix.
#[must_use]
pub(crate) fn platform_error(id: &str) -> Option<&'static PlatformError> {
    let (exact, prefixes) = PLATFORM_ERRORS.split_at(PLATFORM_ERRORS.partition_point(|error| !error.id.ends_with('*')));
    let begins = |error: &&PlatformError| error.id.strip_suffix('*').is_some_and(|prefix| id.starts_with(prefix));
    exact.iter().find(|error| error.id == id).or_else(|| prefixes.iter().find(begins))
}

/// Sentences that services and clients print instead of a failure's name, in lower case.
const PHRASES: [(&str, &str); 9] = [
    ("rate exceeded", "TooManyRequestsException"),
    ("is not authorized to perform", "AccessDeniedException"),
    ("security token included in the request is expired", "ExpiredTokenException"),
    ("the conditional request failed", "ConditionalCheckFailedException"),
    ("the specified key does not exist", "NoSuchKey"),
    ("function not found: arn:", "ResourceNotFoundException"),
    ("could not parse request body into json", "InvalidRequestContentException"),
    ("unable to marshal response", "Runtime.MarshalError"),
    ("bad handler '", "Runtime.MalformedHandlerName"),
];

/// Returns the name that a sentence of a service stands for, where it is printed instead.
#[must_use]
pub(crate) fn name_of_phrase(text: &str) -> Option<&'static str> {
    if let Some((_, name)) = PHRASES.iter().find(|(phrase, _)| text.contains(phrase)) {
        return Some(name);
    }
    RESULT_TOO_LARGE.iter().any(|words| text.contains(words)).then_some("Function.ResponseSizeTooLarge")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_leads_to_a_code_and_ids_are_unique() {
        for (index, error) in PLATFORM_ERRORS.iter().enumerate() {
            assert!(super::super::code(error.code).is_some(), "{} leads to {}", error.id, error.code);
            assert!(error.meaning.ends_with('.'), "{}", error.id);
            assert!(PLATFORM_ERRORS[..index].iter().all(|other| other.id != error.id), "{} twice", error.id);
            let before = index.checked_sub(1).is_some_and(|before| PLATFORM_ERRORS[before].id.ends_with('*'));
            assert!(!before || error.id.ends_with('*'), "{} is behind a prefix", error.id);
        }
    }

    #[test]
    fn unknown_types_are_taken_by_prefix() {
        assert_eq!(platform_error("Sandbox.LogSocketsUnavailable").map(|e| e.code), Some("service_error.sandbox"));
        assert_eq!(platform_error("Init<NameError>").map(|e| e.code), Some("init_failure.exception"));
        assert_eq!(platform_error("Runtime.Brandnew").map(|e| e.code), Some("runtime_exception.unhandled"));
        assert!(platform_error("TypeError").is_none());
    }
}
