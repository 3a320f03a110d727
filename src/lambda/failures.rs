//! Words of which a log has at least one wherever an attempt failed: what may be a failure is looked for by them.
//!
//! Too many hits cost time, a missing one hides a failure. So the words are short, and what they find is judged like any
//! other line.

use super::emulator::NOT_STARTED;
use super::loaders::{
    BAD_HANDLER, CLASS_NOT_FOUND, INVALID_HANDLER, MISSING_ON_MODULE, MODULE_INIT_ERROR, NO_HANDLER_INTERFACE,
    NO_PUBLIC_METHOD, SYNTAX_ERROR, UNABLE_TO_IMPORT,
};
use super::platform::{PROCESS_EXITED, RUNTIME_EXITED_WORDS, TIMED_OUT_WORDS, UNKNOWN_ERROR};
use super::runtimes::{
    EVENT_NOT_READ, FAULT_HANDLER, GO_PANIC, GO1_STACKS, INVOCATION_FAILED, INVOKE_ERROR, JVM_THREAD, LAMBDA_WARNING,
    LOOP_FAILED, PANICKED, PYTHON_ERROR, RESULT_NOT_WRITTEN, RESULT_SENT, RESULT_TOO_LARGE, SWIFT_FAILED, TRACEBACK,
    UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION,
};

/// Words of failures with who writes them.
pub(crate) const FAILURE_WORDS: [(&str, &[&str]); 14] = [
    ("platform, status", &["\tStatus: "]),
    (
        "platform, sentences",
        &[
            TIMED_OUT_WORDS,
            RUNTIME_EXITED_WORDS,
            PROCESS_EXITED,
            UNKNOWN_ERROR,
            "Launch error",
            "SUPERNOVA",
            "IMAGE\t",
            "platform.logsDropped",
        ],
    ),
    ("any runtime, answers", &["errorType", "errorMessage"]),
    // Classes of all languages that print one, .NET and Java first, and levels.
    ("any runtime, names", &["Error", "Exception", "ERROR", "FATAL", "Fatal", "CRITICAL"]),
    // Classes may have any name, so stacks are looked for, and the level that .NET writes.
    ("Java and .NET, stacks", &["\tat ", "   at ", "\tfail\t"]),
    ("Swift", &[SWIFT_FAILED]),
    ("Java, handlers", &[CLASS_NOT_FOUND, INVALID_HANDLER, NO_HANDLER_INTERFACE, NO_PUBLIC_METHOD]),
    (
        "Python and Node.js, old loaders",
        &[UNABLE_TO_IMPORT, MISSING_ON_MODULE, MODULE_INIT_ERROR, SYNTAX_ERROR, BAD_HANDLER],
    ),
    ("Node.js", &[INVOKE_ERROR, UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION, "FATAL ERROR", RESULT_NOT_WRITTEN[0]]),
    ("Python", &[PYTHON_ERROR, TRACEBACK, LAMBDA_WARNING, FAULT_HANDLER]),
    (
        "Go and Rust",
        &["errorString", NOT_STARTED, GO1_STACKS[1], GO_PANIC, PANICKED, "panic", EVENT_NOT_READ, "fatal error"],
    ),
    ("Java, .NET and PHP", &[JVM_THREAD, "Unhandled ", RESULT_NOT_WRITTEN[3]]),
    ("Micronaut", &[INVOCATION_FAILED.0, LOOP_FAILED]),
    ("results", &[RESULT_TOO_LARGE[0], RESULT_TOO_LARGE[1], RESULT_SENT]),
];

/// Lists the words that are needed: those that hold no other one.
pub(crate) fn failure_words() -> impl Iterator<Item = &'static str> {
    let all = || FAILURE_WORDS.iter().flat_map(|(_, words)| words.iter().copied());
    all().filter(move |word| !all().any(|other| other != *word && word.contains(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_those_that_are_needed() {
        let needed: Vec<&str> = failure_words().collect();
        for word in FAILURE_WORDS.iter().flat_map(|(_, words)| *words) {
            assert!(needed.iter().any(|one| word.contains(one)), "{word}");
        }
        assert!(needed.iter().all(|word| !needed.iter().any(|other| other != word && word.contains(other))));
    }
}
