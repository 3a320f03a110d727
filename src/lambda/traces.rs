//! Traces of Lambda in a text: any of them shows that an input holds a log of Lambda, whatever its shape.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::platform::{INIT_REPORT, INIT_START, PLATFORM_TYPE, RESTORE_REPORT, RESTORE_START};
use super::runtimes::{LAMBDA_WARNING, TRACEBACK};
use crate::model::RequestId;

/// Parts of lines of the platform, of runtimes, and of loggers for Lambda.
const TRACES: [&str; 44] = [
    "RequestId: ",
    "START RequestId",
    "REPORT RequestId",
    INIT_START,
    INIT_REPORT,
    RESTORE_START,
    RESTORE_REPORT,
    "EXTENSION\t",
    "EXTENSION Name",
    "IMAGE\t",
    "IMAGE Launch",
    "Task timed out",
    "timed out after",
    "errorType",
    "errorMessage",
    TRACEBACK,
    "Runtime.",
    "/var/task",
    "/var/runtime",
    LAMBDA_WARNING,
    PLATFORM_TYPE,
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
    "Lambda runtime invoke{",
    "Invocation with requestId [",
    "Exception in thread",
    // Logs of other kinds, recognised so that they can be counted and left out.
    "\"LambdaInsights\"",
    // The same in a string of a document.
    "\"LambdaInsights\\\"",
    "\"eventSourceArn\"",
    "\"execution_arn\"",
    "\"resourcePath\"",
    "apacityProvider",
    ") Starting execution for request",
];

/// Returns whether a text has a trace of Lambda anywhere.
pub(crate) fn has_trace(bytes: &[u8]) -> bool {
    // The kind that takes least to build: most inputs need it for a few lines.
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).prefilter(false).build(TRACES).ok()
    });
    // Most logs have the first one soon.
    memchr::memmem::find(bytes, TRACES[0].as_bytes()).is_some()
        || WORDS.as_ref().is_some_and(|words| words.is_match(bytes))
        || bytes.split(|byte| *byte == b'\n').any(has_request_id)
}

/// Traces that tools name as well when they say what they do.
const PLACES: [&str; 5] = ["/var/task", "/var/runtime", "aws-lambda", "AWS_LAMBDA", "lambda_function"];

/// Returns whether a short text has a trace of what Lambda or a function wrote, unlike a tool.
pub(crate) fn tells_of_run(bytes: &[u8]) -> bool {
    let mut words = TRACES.iter().filter(|trace| !PLACES.contains(trace));
    words.any(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some())
        || bytes.split(|byte| *byte == b'\n').any(has_request_id)
}

/// Returns whether a text begins as the runtimes of languages report an error: all that people copy of many failures.
pub(crate) fn begins_with_error(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "panic: ",
        "fatal error: ",
        "thread '",
        "Unhandled exception",
        "Uncaught ",
        "PHP Fatal error: ",
        "Segmentation fault",
        "<--- Last few GCs",
        "terminate called ",
    ];
    let text = bytes.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    // The class of an error stands behind its message, or before it with frames below.
    let last = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let is_class = |word: &[u8]| {
        let name = word.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        name.first().is_some_and(u8::is_ascii_uppercase)
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'$')
            && (name.ends_with(b"Exception") || name.ends_with(b"Error"))
    };
    let behind = line.strip_suffix(last).is_some_and(|message| message.ends_with(b": ")) && is_class(last);
    let before = line.iter().position(|byte| *byte == b':').is_some_and(|end| is_class(&line[..end]))
        && text[line.len()..].trim_ascii_start().starts_with(b"at ");
    behind || before || BEGINNINGS.iter().any(|begin| text.starts_with(begin.as_bytes()))
}

/// Returns whether a line has a request id after a tab or a blank, as runtimes print it.
fn has_request_id(line: &[u8]) -> bool {
    memchr::memchr2_iter(b'\t', b' ', line).any(|at| RequestId::parse_prefix(&line[at + 1..]).is_some())
}
