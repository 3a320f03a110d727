//! Labels and sentences of errors, as the runtimes and their clients write them.

/// Label of Node's client before the payload of a handler that failed.
pub(crate) const INVOKE_ERROR: &str = "Invoke Error";
/// Label of Node's client before the payload of an uncaught exception.
pub(crate) const UNCAUGHT_EXCEPTION: &str = "Uncaught Exception";
/// Label of Node's client before the payload of an unhandled rejection of a promise.
pub(crate) const UNHANDLED_REJECTION: &str = "Unhandled Promise Rejection";
/// Part of the versions of runtimes of durable functions (`nodejs:22.DurableFunction.v36`).
pub(crate) const DURABLE_RUNTIME: &str = "DurableFunction";
/// Part of the ARN of an execution, which the loggers of the SDK for durable functions write into every line.
pub(crate) const DURABLE_EXECUTION: &str = "/durable-execution/";
/// What Node 24 writes in the place of the request id.
pub(crate) const NO_ID: &str = "-";
/// First line of a Python stack.
pub(crate) const TRACEBACK: &str = "Traceback (most recent call last)";
/// Beginning of the JVM's sentence about a thread that ended.
pub(crate) const JVM_THREAD: &str = "Exception in thread ";
/// Beginning of the sentence of Go's client about a handler that panicked.
pub(crate) const GO_PANIC: &str = "calling the handler function resulted in a panic";
/// Word before a warning of Python's client.
pub(crate) const LAMBDA_WARNING: &str = "LAMBDA_WARNING";
/// Returns what Python's client says behind its warning, which is the same for every error; the warning alone stays.
pub(crate) fn said_after_warning(text: &str) -> &str {
    // Behind a level and a time, at most.
    let head = text.get(..text.floor_char_boundary(64)).unwrap_or(text);
    let warns = head.starts_with(LAMBDA_WARNING) || head.starts_with('[') && head.contains(LAMBDA_WARNING);
    if !warns {
        return text;
    }
    let said = memchr::memchr2(b'\r', b'\n', text.as_bytes()).and_then(|end| text.get(end..)).map(str::trim_start);
    said.filter(|said| !said.is_empty()).unwrap_or(text)
}

/// Sentence of Rust's client about an event that does not fit the handler's type, up to its advice.
pub(crate) const EVENT_NOT_READ: &str = "Request payload deserialization into LambdaEvent<T> failed";
/// Beginning of the sentence of Rust's first clients about a failed handler, before the id.
pub(crate) const HANDLER_RETURNED: &str = "Handler returned an error for ";
/// Beginnings of the sentences of the clients of Node.js, Java, .NET and PHP (Bref) about a result that cannot be written
/// as JSON.
pub(crate) const RESULT_NOT_WRITTEN: [&str; 4] = [
    "Unable to stringify response body",
    "An error occurred during JSON serialization of response",
    "Error converting the response object of type ",
    "The Lambda response cannot be encoded to JSON",
];
/// Sentences about a result that the Runtime API refuses: its own, and that of PHP's client (Bref).
pub(crate) const RESULT_TOO_LARGE: [&str; 2] =
    ["xceeded maximum allowed payload size", "The Lambda response is too big"];
/// State in which the Runtime API takes no error any more: the result was sent, and may have been refused.
pub(crate) const RESULT_SENT: &str = "RuntimeResponseSentState";
/// Error type with which Rust's client answers for a handler that panicked.
pub(crate) const PANICKED: &str = "Lambda panicked";
/// Beginning of Rust's words about a panic in the thread that runs the handler, unless the program asks for several.
pub(crate) const MAIN_THREAD: &str = "thread 'main'";
/// Beginning of the identifiers of runtimes that run a program of the function's own.
pub(crate) const PROVIDED: &str = "provided";
/// Words of Python's `faulthandler`, which its client enables, before the name of a signal.
pub(crate) const FAULT_HANDLER: &str = "Fatal Python error: ";
/// Level with which Python's client begins the line of a failed handler.
pub(crate) const PYTHON_ERROR: &str = "[ERROR]";
/// File of Go's client that logs failures, which loggers print if asked for the place of a call.
pub(crate) const GO_PLACE: &str = "invoke_loop.go";
/// Stack that the runtime go1.x prints below an error: none, or that of a panic.
pub(crate) const GO1_STACKS: [&str; 2] = ["null", "[{\"path\":\""];
/// What runtimes that are no clients of AWS write of a failed handler: the words before and behind the id of the request.
/// That of Micronaut.
pub(crate) const INVOCATION_FAILED: (&str, &str) = ("Invocation with requestId [", "] failed: ");
/// The address to which a runtime sends the error of a request, before and behind the id; those of Zig and others log it.
pub(crate) const ERROR_ADDRESS: (&str, &str) = ("/runtime/invocation/", "/error");
/// Sentence of the loops of Spring about an error that they sent, behind the name of their class.
pub(crate) const ERROR_WAS_SENT: &str = "Result ERROR status: ";
/// Beginning of the sentence of Micronaut about a loop that ended, as it does where the application does not start.
pub(crate) const LOOP_FAILED: &str = "Request loop failed with: ";
/// Beginning of the sentence of Bref about a server for PHP that did not answer.
pub(crate) const FPM_FAILED: &str = "Error communicating with PHP-FPM to read the HTTP response.";
/// Ends of names of classes that ask for requests in a loop, as loggers write them.
pub(crate) const LOOPS: [&str; 3] = ["LambdaRuntime", "EventLoop", "PollLoop"];
/// Word with which the runtime of Bun, as `console.error` there, begins a line, before the id.
pub(crate) const BUN_ERROR: &str = "ERROR RequestId: ";
/// Words of Quarkus' client about a failed handler.
pub(crate) const QUARKUS_FAILED: &str = "Failed to run lambda";
/// The same of Swift's client.
pub(crate) const SWIFT_FAILED: &str = "lambda handler returned an error";
