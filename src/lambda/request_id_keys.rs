//! Keys of lines in JSON: those of Lambda's request id, and those that only lines of a function have.

/// Keys under which loggers put the request id, the usual ones first.
pub(crate) const REQUEST_ID_KEYS: [&str; 17] = [
    "requestId",
    "AWSRequestId",
    "AWSrequestId",
    "awsrequestid",
    "function_request_id",
    "FunctionRequestId",
    "functionRequestId",
    "aws_request_id",
    "awsRequestId",
    "request_id",
    "lambda_request_id",
    "faas.invocation_id",
    "span.requestId",
    "record.requestId",
    "lambdaRequestId",
    "RequestId",
    "fields.requestId",
];

/// Matches the keys that mark an object as a line of a function: request ids as the runtimes and Powertools write them,
/// levels, types of errors. A pattern, so that it is part of one comparison with all other keys.
macro_rules! key_of_function_line {
    () => {
        b"requestId"
            | b"AWSRequestId"
            | b"AWSrequestId"
            | b"function_request_id"
            | b"level"
            | b"log_level"
            | b"errorType"
    };
}
pub(crate) use key_of_function_line;
