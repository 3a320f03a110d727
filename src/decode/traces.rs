//! What a text has in it that comes from Lambda: how its platform begins lines, and words of its runtimes.

/// What only Lambda writes at the start of a line, in text logs.
const PLATFORM_STARTS: [&[u8]; 13] = [
    b"START RequestId:",
    b"END RequestId:",
    b"REPORT RequestId:",
    b"INIT_START ",
    b"INIT_REPORT ",
    b"RESTORE_START ",
    b"RESTORE_REPORT ",
    b"EXTENSION\tName:",
    b"EXTENSION Name:",
    b"TELEMETRY\tName:",
    b"LOGS\tName:",
    b"IMAGE\t",
    b"IMAGE Launch error",
];

/// The text begins as a line of the platform does.
pub(super) fn is_platform(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'S' | b'E' | b'R' | b'I' | b'T' | b'L'))
        && PLATFORM_STARTS.iter().any(|start| text.starts_with(start))
}

/// What a text that comes from Lambda has somewhere in it.
const TRACES: [&str; 41] = [
    "RequestId: ",
    "START RequestId",
    "REPORT RequestId",
    "INIT_START",
    "INIT_REPORT",
    "RESTORE_START",
    "RESTORE_REPORT",
    "EXTENSION\t",
    "EXTENSION Name",
    "IMAGE\t",
    "IMAGE Launch",
    "Task timed out",
    "timed out after",
    "errorType",
    "errorMessage",
    "Traceback (most recent call last)",
    "Runtime.",
    "/var/task",
    "/var/runtime",
    "LAMBDA_WARNING",
    "\"platform.",
    "requestId\"",
    "RequestId\"",
    "\"log_level\"",
    "\tERROR\t",
    "\tINFO\t",
    "\tWARN\t",
    "\tDEBUG\t",
    "[ERROR]",
    "aws-lambda",
    "AWS_LAMBDA",
    "lambda_function",
    "Unhandled",
    "function_request_id",
    "Exception in thread",
    // Logs of other kinds, which are recognised so that they can be counted and left out.
    "\"LambdaInsights\"",
    "\"eventSourceArn\"",
    "\"execution_arn\"",
    "\"resourcePath\"",
    "apacityProvider",
    ") Starting execution for request",
];

/// Somewhere in the head there is a trace of Lambda.
pub(super) fn has_trace(bytes: &[u8]) -> bool {
    TRACES.iter().any(|trace| memchr::memmem::find(bytes, trace.as_bytes()).is_some())
        || bytes.split(|byte| *byte == b'\n').any(has_request_id)
}

/// A request id after a tab or a blank, as runtimes print it.
fn has_request_id(line: &[u8]) -> bool {
    memchr::memchr2_iter(b'\t', b' ', line).any(|at| crate::model::RequestId::parse_prefix(&line[at + 1..]).is_some())
}
