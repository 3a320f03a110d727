//! Last words of a process in any language, without the prefix of a runtime client: what its loader, its runtime or its
//! program printed before it ended. Read only where the process is known to have ended.

use std::borrow::Cow;

use super::text::{after, last_segment, leading, leading_type};
use super::words::Words;
use crate::lambda::loaders::IMPORT_FAILED;
use crate::model::{AppError, ErrorForm};

/// Words before the error itself.
const PREFIXES: [&str; 15] = [
    "error: Uncaught (in promise) ",
    "error: Uncaught ",
    "Uncaught (in promise) ",
    "PHP Fatal error:  Uncaught ",
    "PHP Fatal error: Uncaught ",
    "Fatal error: Uncaught ",
    "Fatal error: exception ",
    "Unhandled exception. ",
    "Unhandled exception: ",
    "Uncaught Kotlin exception: ",
    "Uncaught ",
    "error: ",
    "Error: unhandled exception: ",
    "ERROR: LoadError: ",
    "*** ",
];

/// Texts of a process that gives up, wherever they stand in a line. Source: the runtimes of the languages named.
#[rustfmt::skip]
static WORDS: Words<()> = Words::new(&[
    // Swift, OCaml, Graal, PHP
    ("Fatal error: ", ()), ("fatal error: ", ()), ("Program crashed", ()), ("PHP Parse error", ()), ("Parse error: ", ()),
    // the loader, shells, libc
    ("symbol lookup error", ()), ("undefined symbol", ()), ("command not found", ()), ("No such file or directory", ()), ("Permission denied", ()), ("Exec format error", ()), ("exec format error", ()), ("cannot open shared object file", ()), ("not found (required by", ()), (": not found", ()),
    ("invalid pointer", ()), ("double free", ()), ("corrupted ", ()), ("stack smashing", ()), ("Segmentation fault", ()), ("Aborted", ()),
    // Perl, Haskell, Elixir, R, .NET, Crystal, Nim, Zig, Rust, Dart, Erlang, Julia
    ("Can't locate ", ()), ("CallStack (from HasCallStack)", ()), ("** (", ()), ("Execution halted", ()), ("Error in ", ()), ("Process terminated", ()), ("Stack overflow", ()), ("stack overflow", ()), ("panicked", ()), ("panic: ", ()), ("Unhandled exception", ()), ("unhandled exception", ()), ("Uncaught ", ()), ("init terminating", ()),
    // any language that has no memory
    ("ut of memory", ()), ("utOfMemory", ()), ("Out_of_memory", ()), ("not enough memory", ()), ("insufficient memory", ()), ("Exhausted heap", ()), ("eap exhausted", ()), ("cannot allocate", ()),
    // programs in their own words
    ("rror:", ()), ("ERROR", ()), ("rror ", ()), ("xception", ()), ("fatal", ()), ("FATAL", ()), ("Fatal", ()), ("failed", ()), ("Failed", ()), ("failure", ()), ("cannot ", ()), ("Cannot ", ()), ("can't ", ()), ("Can't ", ()), ("could not", ()), ("Could not", ()), ("unable to", ()), ("Unable to", ()), ("not found", ()), ("missing", ()), ("Missing", ()), ("invalid", ()), ("Invalid", ()), ("undefined", ()), ("refused", ()), ("denied", ()), ("closed", ()), ("level=error", ()), ("no such", ()), ("No exports found", ()), ("not correctly", ()),
]);

/// Sentences about code that is not there, in languages whose types do not say so.
static NOT_THERE: Words<()> = Words::new(&[
    ("No module named", ()),
    ("Can't locate ", ()),
    ("there is no package called", ()),
    ("symbol lookup error", ()),
    ("undefined symbol", ()),
    ("cannot open shared object file", ()),
    ("not found (required by", ()),
    ("command not found", ()),
    ("Failed opening required", ()),
    ("failed to open stream: No such file", ()),
    ("can't be found", ()),
]);

/// Sentences about memory that is used up, in languages whose types do not say so. Source: Perl's `Perl_croak_no_mem`, R's
/// `memory.c`, the allocators of Erlang, Dart's `exceptions.cc`, OCaml, GHC, Lua, V8's `Fatal JavaScript OOM`, .NET's host.
static NO_MEMORY: Words<()> = Words::new(&[
    ("Out of memory", ()),
    ("out of memory", ()),
    ("OutOfMemory", ()),
    ("Out_of_memory", ()),
    ("not enough memory", ()),
    ("insufficient memory for the Java Runtime", ()),
    ("cannot allocate vector of size", ()),
    ("_alloc: Cannot allocate ", ()),
    ("Exhausted heap space", ()),
    ("eap exhausted", ()),
    ("JavaScript OOM", ()),
    ("HRESULT: 0x8007000E", ()),
]);

/// Returns whether last words say that memory was used up.
#[must_use]
pub(crate) fn lacks_memory(error: &AppError<'_>) -> bool {
    error.message.as_deref().is_some_and(|text| NO_MEMORY.stand_in(text) && !text.contains("native thread"))
}

/// Returns the error that a line tells of, if it reads like the last words of a process.
#[must_use]
pub(crate) fn last_words(text: &str) -> Option<AppError<'static>> {
    let first = text.lines().find(|line| WORDS.stand_in(line))?;
    let said = without_head(first.trim());
    let said = PREFIXES.iter().find_map(|prefix| said.strip_prefix(prefix)).unwrap_or(said).trim();
    let (name, message) = named_first(said).or_else(|| named_last(said)).unwrap_or(("", said));
    let owned = |text: &str| (!text.is_empty()).then(|| Cow::Owned(text.to_owned()));
    Some(AppError { error_type: owned(name), message: owned(message), ..AppError::of(ErrorForm::Crash) })
}

/// Returns whether last words say that code is not there.
#[must_use]
pub(crate) fn names_missing_code(error: &AppError<'_>) -> bool {
    let told = |text: &str| NOT_THERE.stand_in(text) || IMPORT_FAILED.iter().any(|sentence| text.contains(sentence));
    error.message.as_deref().is_some_and(told)
}

/// Strips what loggers put first: a time and the like is left, a level in brackets goes.
fn without_head(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| !c.is_ascii() || c == ' ');
    match line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((word, rest)) if word.len() <= 8 && word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            rest.trim_start()
        }
        _ => line,
    }
}

/// `Type: message`, `** (Type) message`.
fn named_first(said: &str) -> Option<(&str, &str)> {
    if let Some((name, message)) =
        said.strip_prefix("(").or_else(|| said.strip_prefix("** (")).and_then(|rest| rest.split_once(") "))
    {
        return Some((name, message)).filter(|(name, _)| is_error(name));
    }
    let name = leading_type(said).filter(|name| is_error(name))?;
    let message = said.get(name.len()..)?.trim_start_matches(':').trim();
    // PHP prints the place behind the message.
    let message = message.split_once(" in /").map_or(message, |(message, _)| message);
    Some((name, message))
}

/// `place: message (Type)` of Ruby and Crystal, `message [Type]` of Nim.
fn named_last(said: &str) -> Option<(&str, &str)> {
    let inner = said.strip_suffix(')').and_then(|said| said.rsplit_once(" ("));
    let (before, name) = inner.or_else(|| said.strip_suffix(']').and_then(|said| said.rsplit_once(" [")))?;
    let message = after(before, "': ").or_else(|| after(before, "`: ")).unwrap_or(before);
    (is_error(name) && leading(name, |c| c.is_ascii_alphanumeric() || c == ':' || c == '_') == Some(name))
        .then_some((name, message))
}

fn is_error(name: &str) -> bool {
    let last = last_segment(name);
    ["Error", "Exception", "Failure", "Fault", "Defect"].iter().any(|end| last.ends_with(end)) && !last.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts with which processes end, of every language that runs on Lambda in a custom runtime or an image: line,
    /// type, message, whether it says that code is not there.
    #[rustfmt::skip]
    const TEXTS: [(&str, &str, &str, bool); 40] = [
        ("main/main.swift:3: Fatal error: Index out of range", "", "main/main.swift:3: Fatal error: Index out of range", false),
        ("💣 Program crashed: Bad pointer dereference at 0x0000000000000000", "", "Program crashed: Bad pointer dereference at 0x0000000000000000", false),
        ("*** Program crashed: System trap at 0x1", "", "Program crashed: System trap at 0x1", false),
        ("error: Uncaught (in promise) TypeError: x is not a function", "TypeError", "x is not a function", false),
        ("error: Module not found \"file:///var/task/a.ts\".", "", "Module not found \"file:///var/task/a.ts\".", true),
        ("error: Cannot find package 'aws4fetch' from '/var/task/index.ts'", "", "Cannot find package 'aws4fetch' from '/var/task/index.ts'", true),
        ("Fatal error: Uncaught Exception: no table in /var/task/a.php:3", "Exception", "no table", false),
        ("PHP Fatal error:  Uncaught Error: Class \"Shop\" not found in /var/task/a.php:3", "Error", "Class \"Shop\" not found", false),
        ("PHP Parse error:  syntax error, unexpected token \"}\" in /var/task/a.php on line 3", "", "PHP Parse error:  syntax error, unexpected token \"}\" in /var/task/a.php on line 3", false),
        ("Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module)", "", "Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module)", true),
        ("shop: Prelude.head: empty list\nCallStack (from HasCallStack):", "", "CallStack (from HasCallStack):", false),
        ("** (RuntimeError) no table", "RuntimeError", "no table", false),
        ("Error in library(jsonlite) : there is no package called 'jsonlite'\nExecution halted", "", "Error in library(jsonlite) : there is no package called 'jsonlite'", true),
        ("Process terminated. Couldn't find a valid ICU package installed on the system.", "", "Process terminated. Couldn't find a valid ICU package installed on the system.", false),
        ("Stack overflow.", "", "Stack overflow.", false),
        ("Fatal error: Failed to create the main Isolate. (code 8)", "", "Fatal error: Failed to create the main Isolate. (code 8)", false),
        ("/var/task/shop: symbol lookup error: /opt/lib/x.so: undefined symbol: y", "", "/var/task/shop: symbol lookup error: /opt/lib/x.so: undefined symbol: y", true),
        ("/var/task/bootstrap: line 3: shop: command not found", "", "/var/task/bootstrap: line 3: shop: command not found", true),
        ("/var/task/app.rb:3:in `handler': undefined method 'x' for nil (NoMethodError)", "NoMethodError", "undefined method 'x' for nil", false),
        ("<internal:kernel>:37:in `require': cannot load such file -- pg (LoadError)", "LoadError", "cannot load such file -- pg", true),
        ("Unhandled exception: no table (KeyError)", "KeyError", "no table", false),
        ("Error: unhandled exception: no table [ValueError]", "ValueError", "no table", false),
        ("thread 8 panic: reached unreachable code", "", "thread 8 panic: reached unreachable code", false),
        ("free(): invalid pointer", "", "free(): invalid pointer", false),
        ("malloc(): corrupted top size", "", "malloc(): corrupted top size", false),
        ("*** stack smashing detected ***: terminated", "", "stack smashing detected ***: terminated", false),
        ("Error: MissingVariable(\"TABLE\")", "Error", "MissingVariable(\"TABLE\")", false),
        ("ModuleNotFoundError: No module named 'yaml'", "ModuleNotFoundError", "No module named 'yaml'", true),
        ("Fatal error: exception Failure(\"no table\")", "", "Failure(\"no table\")", false),
        ("ERROR: LoadError: ArgumentError: Package HTTP not found in current path", "ArgumentError", "Package HTTP not found in current path", false),
        ("Uncaught Kotlin exception: kotlin.IllegalStateException: no table", "kotlin.IllegalStateException", "no table", false),
        ("[FATAL] Secrets Manager can't find the specified secret.", "", "Secrets Manager can't find the specified secret.", false),
        ("/var/task/shop: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by /var/task/shop)", "", "/var/task/shop: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by /var/task/shop)", true),
        ("TypeError: Cannot convert undefined or null to object", "TypeError", "Cannot convert undefined or null to object", false),
        ("ERROR: handler functions.parity can't be found", "", "ERROR: handler functions.parity can't be found", true),
        ("Unhandled rejection: MongooseError: uri must be a string", "", "Unhandled rejection: MongooseError: uri must be a string", false),
        ("env: can't execute 'python3': No such file or directory", "", "env: can't execute 'python3': No such file or directory", false),
        ("2026/01/02 03:04:05 Error: otelcol state is Closed", "", "2026/01/02 03:04:05 Error: otelcol state is Closed", false),
        ("lua: handler.lua:3: attempt to call a nil value (global 'x') failed", "", "lua: handler.lua:3: attempt to call a nil value (global 'x') failed", false),
        ("Unhandled exception. System.IO.FileNotFoundException: Could not load file or assembly", "System.IO.FileNotFoundException", "Could not load file or assembly", false),
    ];

    #[test]
    fn the_last_words_of_every_language_are_read() {
        for (text, name, message, missing) in TEXTS {
            let error = last_words(text).unwrap_or_else(|| panic!("{text}"));
            let got = (error.error_type.as_deref().unwrap_or(""), error.message.as_deref().unwrap_or(""));
            assert_eq!(got, (name, message), "{text}");
            assert_eq!(names_missing_code(&error), missing, "{text}");
        }
        for (text, full) in [
            ("Out of memory!", true),
            ("eheap_alloc: Cannot allocate 1048576 bytes of memory (of type \"heap\").", true),
            ("Error: cannot allocate vector of size 1.5 Gb", true),
            ("Fatal error: exception Out_of_memory", true),
            ("Failed to create CoreCLR, HRESULT: 0x8007000E", true),
            ("Exhausted heap space, trying to allocate 80 bytes.", true),
            ("java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory", false),
            ("Failed to read memory.json", false),
        ] {
            assert_eq!(last_words(text).is_some_and(|error| lacks_memory(&error)), full, "{text}");
        }
        for text in ["order 17 was stored", "Loading the handler", "listening on port 8080", ""] {
            assert_eq!(last_words(text), None, "{text}");
        }
    }
}
