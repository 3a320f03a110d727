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

/// Beginning of the sentence of the clients of Python and old Node.js about a file without the handler's function.
pub(crate) const HANDLER_OF_MODULE: &str = "Handler '";
/// Words of that sentence behind the name.
pub(crate) const MISSING_ON_MODULE: &str = "missing on module";
/// Beginning of the sentence of old clients about code that failed while it was loaded.
pub(crate) const MODULE_INIT_ERROR: &str = "module initialization error";
/// Beginning of the sentence about a file that does not parse.
pub(crate) const SYNTAX_ERROR: &str = "Syntax error in module '";
/// Beginning of the sentence of the clients of Python and old Node.js about a handler setting that names no function.
pub(crate) const BAD_HANDLER: &str = "Bad handler ";
/// Words of Python about a name that has too few parts.
const TOO_FEW_PARTS: &str = " to unpack";

/// Returns whether a line is the sentence about a handler setting that names no function: with the setting in quotes and
/// nothing behind it, or what Python says of its parts.
#[must_use]
pub(crate) fn is_bad_handler(line: &str) -> bool {
    let quoted = line.strip_prefix(BAD_HANDLER).and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
    quoted.is_some_and(|(name, said)| {
        let said = said.trim_end();
        is_setting(name) && (said.is_empty() || said.starts_with(": ") && said.contains(TOO_FEW_PARTS))
    })
}

/// Returns whether a line may be the same sentence without quotes, as old Node.js prints it. Two words and a third are easily
/// said by others, too.
#[must_use]
pub(crate) fn may_be_bad_handler(line: &str) -> bool {
    line.strip_prefix(BAD_HANDLER).is_some_and(|rest| is_setting(rest.trim_end()))
}

/// Returns whether a word may be the setting of a handler.
fn is_setting(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./$".contains(&byte))
}

/// Functions with which the client of Python imports the code, by the end of their file.
pub(crate) const PYTHON_IMPORTS: [(&str, &str); 3] =
    [("importlib/__init__.py", "import_module"), ("/imp.py", "load_module"), ("/imp.py", "load_source")];
/// Parts of the paths of Python's client.
pub(crate) const PYTHON_CLIENT: [&str; 3] = ["/var/runtime/bootstrap.py", "/var/runtime/awslambda/", "/awslambdaric/"];
/// Beginning of the names of its functions that call a handler.
pub(crate) const PYTHON_CLIENT_CALLS: &str = "handle_";
/// Functions with which the client of Node.js loads the code, by the end of their name.
pub(crate) const NODE_LOADERS: [&str; 7] = [
    "_tryRequireFile",
    "_tryRequire",
    "_tryAwaitImport",
    "_loadUserApp",
    "module.exports.load",
    "loadModule",
    "UserFunctionLoader.load",
];

/// End of the name of the exception with which .NET's client refuses a handler.
pub(crate) const VALIDATION_OF_DOTNET: &str = "RuntimeSupport.ExceptionHandling.LambdaValidationException";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_handler_is_a_sentence_of_its_own() {
        for line in [
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
            "Bad handler 'src/app': need more than 1 value to unpack\n",
            "Bad handler 'index'",
        ] {
            assert!(is_bad_handler(line), "{line}");
        }
        for line in [
            "Bad handler 'on order'",
            "Bad handler 'on_order': KeyError: 'id'",
            "Bad handler 'index' was skipped",
            "Bad handler ''",
            "Bad handler index",
            "A Bad handler 'index'",
        ] {
            assert!(!is_bad_handler(line), "{line}");
        }
        assert!(may_be_bad_handler("Bad handler src/index\n") && may_be_bad_handler("Bad handler index"));
        for line in ["Bad handler for orders", "Bad handler: index", "Bad handler ", "Bad handler"] {
            assert!(!may_be_bad_handler(line), "{line}");
        }
    }
}
