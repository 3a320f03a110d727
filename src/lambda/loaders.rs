//! Sentences of the runtimes about code or a handler that they cannot load, by their first words.

pub(crate) const UNABLE_TO_IMPORT: &str = "Unable to import module";
pub(crate) const CLASS_NOT_FOUND: &str = "Class not found:";
pub(crate) const ERROR_LOADING_CLASS: &str = "Error loading class";
pub(crate) const ERROR_LOADING_METHOD: &str = "Error loading method";
pub(crate) const INVALID_HANDLER: &str = "Invalid handler:";
pub(crate) const NO_PUBLIC_METHOD: &str = "No public method named";
pub(crate) const NO_HANDLER_INTERFACE: &str = "Class does not implement an appropriate handler";
/// Words of that sentence by which it is known where the rest was cut off.
const DOES_NOT_IMPLEMENT: &str = "Class does not implement";

/// Beginning of Node.js' sentence about a missing handler module.
pub(crate) const MISSING_MODULE_OF_RUNTIME: &str = "Cannot find module '/var/";

/// Beginning of the sentence about any module.
pub(crate) const MISSING_MODULE: &str = "Cannot find module";

/// Sentences about code that could not be loaded.
pub(crate) const IMPORT_FAILED: [&str; 8] = [
    UNABLE_TO_IMPORT,
    MISSING_MODULE,
    "Cannot find package",
    "cannot load such file",
    "Module not found",
    "Could not find the specified handler assembly",
    CLASS_NOT_FOUND,
    ERROR_LOADING_CLASS,
];

/// Words before the name of what is not there.
pub(crate) const BEFORE_MISSING: [&str; 6] = [
    "No module named '",
    "Cannot find module '",
    "Cannot find package '",
    "cannot load such file -- ",
    "ClassNotFoundException: ",
    "Could not load file or assembly '",
];

/// Sentences about a missing handler.
pub(crate) const HANDLER_NOT_FOUND: [&str; 8] = [
    ERROR_LOADING_METHOD,
    INVALID_HANDLER,
    NO_PUBLIC_METHOD,
    NO_HANDLER_INTERFACE,
    "Unable to find type",
    "Unable to load type",
    "Unable to find method",
    "Invalid lambda function handler",
];

/// Sentences that only a runtime's client writes, unlike those about an import in the handler itself.
pub(crate) const OF_CLIENTS: [&str; 7] = [
    CLASS_NOT_FOUND,
    ERROR_LOADING_CLASS,
    ERROR_LOADING_METHOD,
    INVALID_HANDLER,
    NO_PUBLIC_METHOD,
    DOES_NOT_IMPLEMENT,
    UNABLE_TO_IMPORT,
];
