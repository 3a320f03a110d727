//! Labels and sentences of the runtimes and their clients that tell of an error.

/// Label of Node's client before the payload of a handler that failed.
pub(crate) const INVOKE_ERROR: &str = "Invoke Error";
/// The same for an exception that nothing caught.
pub(crate) const UNCAUGHT_EXCEPTION: &str = "Uncaught Exception";
/// The same for a promise.
pub(crate) const UNHANDLED_REJECTION: &str = "Unhandled Promise Rejection";
/// First line of a stack of Python.
pub(crate) const TRACEBACK: &str = "Traceback (most recent call last)";
/// First words of the JVM about a thread that ended.
pub(crate) const JVM_THREAD: &str = "Exception in thread ";
/// First words of Go's client about a handler that panicked.
pub(crate) const GO_PANIC: &str = "calling the handler function resulted in a panic";
/// Word before a warning of Python's client.
pub(crate) const LAMBDA_WARNING: &str = "LAMBDA_WARNING";
