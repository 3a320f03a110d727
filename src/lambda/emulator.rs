//! Lines of the runtime interface emulator, in local container images, `sam local` and LocalStack.
//!
//! It prints START, END and a REPORT that never has a status; that a process ended stands only in lines of its logger.

/// Name of the logger, before every sentence of today's emulator.
pub(crate) const LOGGER: &str = "(rapid) ";
/// Key of the sentence in lines of the emulator of 2020 and 2021, and of LocalStack.
pub(crate) const MESSAGE: &str = " msg=\"";

pub(crate) const INIT_FAILED: &str = "Init failed";
pub(crate) const INVOKE_FAILED: &str = "Invoke failed";
/// Beginning of the sentence with the error type of a failed init or request.
pub(crate) const DONE_FAILED: [&str; 2] = ["Invoke DONE failed: ", "INIT DONE failed: "];
pub(crate) const FIRST_FATAL: &str = "First fatal error stored in appctx: ";
/// Beginning of the sentence about a process that ended, and what follows its name.
pub(crate) const PROCESS: (&str, &str) = ("Process ", " exited: ");

/// Keys of the fields behind a sentence.
pub(crate) const ERROR_KEY: &str = "error=";
pub(crate) const INVOKE_ID_KEY: &str = "InvokeID=";

/// Error of an emulator that was reset, as it is after a timeout.
pub(crate) const RESET: &str = "errResetReceived";
/// Folder of extensions.
pub(crate) const EXTENSIONS: &str = "/opt/extensions/";
/// Beginning of the error of a program that could not be started.
pub(crate) const NOT_STARTED: &str = "fork/exec ";

/// What `sam local` prints of a request that it ended: `Function 'NAME' timed out after 3 seconds`.
pub(crate) const FUNCTION: &str = "Function '";
/// What follows the name in it.
pub(crate) const FUNCTION_TIMED_OUT: &str = "' timed out after ";
