//! Error types of languages that determine a code by themselves: memory, code that cannot be loaded, sandbox limits.

use super::text::last_segment;
use super::words::Words;
use crate::lambda::emulator::NOT_STARTED;
use crate::lambda::loaders::{
    HANDLER_NOT_FOUND, HANDLER_OF_MODULE, IMPORT_FAILED, MISSING_ON_MODULE, is_bad_handler, may_be_bad_handler,
};
use crate::model::{AppError, ErrorForm};

/// Types that mean "no memory", by the last part of their name.
static OUT_OF_MEMORY: &[&str] = &[
    "OutOfMemoryError",
    "MemoryError",
    "NoMemoryError",
    "OutOfMemoryException",
    "_ArrayMemoryError",
    "InsufficientMemoryException",
];

/// Returns whether an error of this type and message means that memory ran out.
///
/// `unable to create native thread` is an `OutOfMemoryError` by name and a thread limit by cause; Redis answers with the
/// same name when its own memory is full.
#[must_use]
pub(crate) fn is_out_of_memory_type(error_type: &str, message: &str) -> bool {
    let name = last_segment(error_type);
    let other = ["native thread", "new native", "not allowed when used memory"];
    OUT_OF_MEMORY.contains(&name) && !other.iter().any(|words| message.contains(words))
        || name == "RangeError" && message.starts_with("Array buffer allocation failed")
}

/// Returns whether a message says that the program of the function itself could not be started.
#[must_use]
pub(crate) fn is_entrypoint(message: &str) -> bool {
    let program = message.split_once(NOT_STARTED).map(|(_, program)| program);
    program.is_some_and(|program| program.starts_with("/var/task/") || program.starts_with("/var/runtime/bootstrap"))
}

/// Returns the code of an error whose type or message says that code could not be loaded.
#[must_use]
pub(crate) fn load_failure_code(error: &AppError<'_>) -> Option<&'static str> {
    let error_type = error.error_type.as_deref().unwrap_or("");
    let message = error.message.as_deref().unwrap_or("");
    if let Some(platform) = super::platform_error(error_type)
        && platform.stage == super::Stage::Init
        && !platform.id.ends_with('*')
    {
        return Some(platform.code);
    }
    let name = last_segment(error_type);
    // The class was found; its own initialisation failed.
    if name == "ExceptionInInitializerError" {
        return None;
    }
    let code = error.code.as_deref().unwrap_or("");
    let import = ["ModuleNotFoundError", "ImportError", "ImportModuleError", "ClassNotFoundException", "LoadError"]
        .contains(&name)
        || name == "NoClassDefFoundError"
        || ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ERR_REQUIRE_ESM", "ERR_DLOPEN_FAILED"].contains(&code)
        || IMPORT_FAILED.iter().any(|begin| message.starts_with(begin));
    // The dynamic loader's messages about a binary built for another system.
    let library = message.contains("GLIBC") && message.contains("not found")
        || message.contains("error while loading shared libraries")
        || message.contains("cannot open shared object file");
    if library {
        return Some("init_failure.import");
    }
    if import {
        return Some("init_failure.import");
    }
    if is_entrypoint(message) {
        return Some("init_failure.entrypoint");
    }
    let handler = ["HandlerNotFound", "MalformedHandlerName", "LambdaValidationException"].contains(&name)
        || HANDLER_NOT_FOUND.iter().any(|begin| message.starts_with(begin))
        || message.starts_with(HANDLER_OF_MODULE) && message.contains(MISSING_ON_MODULE)
        || is_bad_handler(message)
        || error.form == ErrorForm::Init && may_be_bad_handler(message);
    if handler {
        return Some("init_failure.handler_not_found");
    }
    ["SyntaxError", "UserCodeSyntaxError", "IndentationError", "TabError", "UnsupportedClassVersionError"]
        .contains(&name)
        .then_some("init_failure.syntax")
}

/// Returns the code of an error that ran into a limit of the sandbox other than time and memory.
#[must_use]
pub(crate) fn resource_limit_code(error: &AppError<'_>) -> Option<&'static str> {
    let texts = [&error.code, &error.message, &error.cause, &error.error_type];
    texts.iter().filter_map(|text| LIMITS.first_in(text.as_deref()?)).min_by_key(|(row, _)| *row).map(|(_, code)| code)
}

/// Texts of errors that ran into a limit; the errno names also occur as error codes.
static LIMITS: Words<&str> = Words::new(&[
    ("No space left on device", "runtime_exception.disk_full"),
    ("no space left on device", "runtime_exception.disk_full"),
    ("ENOSPC", "runtime_exception.disk_full"),
    ("not enough space on the disk", "runtime_exception.disk_full"),
    ("Read-only file system", "runtime_exception.read_only"),
    ("read-only file system", "runtime_exception.read_only"),
    ("EROFS", "runtime_exception.read_only"),
    // SQLite, whose file must lie where the function may write.
    ("attempt to write a readonly database", "runtime_exception.read_only"),
    ("unable to open database file", "runtime_exception.read_only"),
    ("database or disk is full", "runtime_exception.disk_full"),
    ("Too many open files", "runtime_exception.file_descriptors"),
    ("too many open files", "runtime_exception.file_descriptors"),
    ("EMFILE", "runtime_exception.file_descriptors"),
    ("unable to create native thread", "runtime_exception.threads"),
    ("unable to create new native thread", "runtime_exception.threads"),
    ("can't start new thread", "runtime_exception.threads"),
    ("failed to create new OS thread", "runtime_exception.threads"),
    ("pthread_create failed", "runtime_exception.threads"),
    ("newosproc", "runtime_exception.threads"),
    ("xec format error", "runtime_exception.package"),
    ("error while loading shared libraries", "runtime_exception.package"),
    ("cannot open shared object file", "runtime_exception.package"),
    ("' not found (required by ", "runtime_exception.package"),
    ("could not locate the Query Engine", "runtime_exception.package"),
    ("Query engine library for current platform", "runtime_exception.package"),
    ("Could not find Chrome", "runtime_exception.package"),
    ("Could not find Chromium", "runtime_exception.package"),
    ("ETXTBSY", "runtime_exception.package"),
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_errors_are_told_by_type_not_by_text() {
        assert!(is_out_of_memory_type("java.lang.OutOfMemoryError", "Java heap space"));
        assert!(is_out_of_memory_type("numpy.core._exceptions._ArrayMemoryError", "Unable to allocate 2 GiB"));
        assert!(is_out_of_memory_type("Function<NoMemoryError>", "failed to allocate memory"));
        assert!(!is_out_of_memory_type(
            "java.lang.OutOfMemoryError",
            "unable to create native thread: possibly out of memory"
        ));
        assert!(!is_out_of_memory_type("OutOfMemoryError", "command not allowed when used memory > 'maxmemory'."));
        assert!(!is_out_of_memory_type("ValueError", "MemoryError in row 3"));
    }

    #[test]
    fn limits_and_load_failures_have_codes() {
        let error = |error_type: &'static str, message: &'static str| AppError {
            error_type: Some(error_type.into()),
            message: Some(message.into()),
            ..AppError::of(ErrorForm::Unhandled)
        };
        assert_eq!(
            resource_limit_code(&error("OSError", "[Errno 28] No space left on device")),
            Some("runtime_exception.disk_full")
        );
        assert_eq!(resource_limit_code(&error("ValueError", "no space in name")), None);
        assert_eq!(
            load_failure_code(&error("Init<LoadError>", "cannot load such file -- pg")),
            Some("init_failure.import")
        );
        assert_eq!(
            load_failure_code(&error("Runtime.HandlerNotFound", "app.run is undefined")),
            Some("init_failure.handler_not_found")
        );
        let unquoted = |form| {
            let message = Some("Bad handler index".into());
            load_failure_code(&AppError { message, ..AppError::of(form) })
        };
        assert_eq!(unquoted(ErrorForm::Init), Some("init_failure.handler_not_found"));
        assert_eq!(unquoted(ErrorForm::Unhandled), None);
        assert_eq!(load_failure_code(&error("KeyError", "'TABLE'")), None);
        assert_eq!(
            load_failure_code(&error("java.lang.ExceptionInInitializerError", "Error loading class a.H: no TABLE")),
            None
        );
    }
}
