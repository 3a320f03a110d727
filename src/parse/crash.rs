//! Last words of a process on standard error, without any prefix: panics, fatal errors, unhandled exceptions.
//!
//! They are recognised only at the start of a message: inside other text the same words are a mention.

use super::TextShape;
use super::exception::{self, after_python_stack, described};
use super::frame;
use super::text::{first_line, is_error_name, is_type_name, lines, type_and_message};
use crate::lambda::runtimes::{FAULT_HANDLER, JVM_THREAD, TRACEBACK};
use crate::model::{AppError, AppLine, ErrorForm};

/// Shapes, in order; the first that recognises the text decides.
const SHAPES: [fn(&str) -> Option<AppError<'static>>; 11] =
    [native_client, out_of_memory, go, rust, dotnet, php, fixed_words, loader, python, node, java];

pub(super) const SHAPE: TextShape = TextShape {
    begins: &[
        "Aborted (core",
        "Aborting due",
        "Bus error",
        "Exec",
        "Fatal ",
        "Failed to init",
        "Illegal instr",
        "Out of memory",
        "OpenJDK",
        "PHP Fatal",
        "Segmentation",
        "Terminating due",
        "Unhandled ",
        "Uncaught ",
        "Unexpected Top",
        "bootstrap",
        "fatal error",
        "failed to alloc",
        "memory alloc",
        "thread '",
        "terminate called",
        "# There is insufficient memory",
        "#\n# There is insufficient memory",
        "<--- ",
        "file://",
        "internal/",
        "java.lang.OutOfMemoryError",
        "node:internal/",
    ],
    parse,
};

/// Parses the last words of a process.
pub(super) fn parse(text: &str) -> Option<AppLine<'static>> {
    let error = SHAPES.iter().find_map(|shape| shape(text))?;
    Some(AppLine::of_error(error))
}

/// Parses a line of the native client: `[ERROR] [<ms>] LAMBDA_RUNTIME Failed to post handler success response. Http
/// response code: 413. {…}`
pub(super) fn native_client(text: &str) -> Option<AppError<'static>> {
    let (line, _) = first_line(text);
    let (before, said) = line.split_once("LAMBDA_RUNTIME ")?;
    if before.len() > 40 || !(before.is_empty() || before.starts_with('[')) {
        return None;
    }
    let status = said.split_once("Http response code: ").map(|(_, rest)| rest);
    let digits = status.map_or("", |rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(""));
    let object = said.find('{').and_then(|at| super::error_object::first_object(said.get(at..)?));
    // A second answer, or one after the time limit: an artefact of freezing that ends nothing.
    let artefact = digits == "403" || said.contains("InvalidStateTransition") || said.contains("State transition");
    let success = said.contains("success response");
    let form = if artefact || !success { ErrorForm::Logged } else { ErrorForm::Response };
    let mut error = object.map_or_else(|| AppError::of(form), |object| super::error_object::error(form, &object));
    error.http_status = digits.parse().ok().filter(|status| *status != 0);
    error.message = error.message.or_else(|| exception::owned(said));
    Some(error)
}

/// Lines of a message in which the JVM says that it gives up for want of memory, at most.
const MOST_LINES_OF_JVM: usize = 12;

fn out_of_memory(text: &str) -> Option<AppError<'static>> {
    const BEGINS: [&str; 11] = [
        "Terminating due to java.lang.OutOfMemoryError",
        "Aborting due to java.lang.OutOfMemoryError",
        "#  fatal error: OutOfMemory encountered: ",
        "fatal error: runtime: out of memory",
        "fatal error: runtime: cannot allocate memory",
        "failed to allocate memory (NoMemoryError)",
        "[FATAL] failed to allocate memory (NoMemoryError)",
        "Out of memory.",
        "# There is insufficient memory for the Java Runtime Environment",
        "OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory",
        "Java HotSpot(TM) 64-Bit Server VM warning: INFO: os::commit_memory",
    ];
    let gives_up = |line: &&str| BEGINS.iter().any(|begin| line.starts_with(begin));
    // The JVM's words may be one message: below a frame of `#`, or below the error that it ends for.
    let of_jvm = ["#\n", "#\r\n", "java.lang.OutOfMemoryError"].iter().any(|begin| text.starts_with(begin));
    let below = || lines(text).take(MOST_LINES_OF_JVM).find(gives_up).filter(|_| of_jvm);
    let line = lines(text).find(|line| v8_line(line)).or_else(below).unwrap_or_else(|| first_line(text).0.trim());
    let allocation = line.starts_with("memory allocation of ") && line.contains(" bytes failed");
    let ruby = line.ends_with(": failed to allocate memory (NoMemoryError)") && line.starts_with('/');
    let heap = v8_line(line) && v8_opens(text);
    let php = php_fatal(line).is_some_and(|said| said.starts_with("Allowed memory size of "));
    if !(allocation || ruby || heap || php || gives_up(&line)) {
        return None;
    }
    let name = ["java.lang.OutOfMemoryError", "NoMemoryError"].into_iter().find(|name| line.contains(name));
    Some(described(ErrorForm::OutOfMemory, name.unwrap_or(""), line, text))
}

/// Returns whether V8 gives up in this line.
fn v8_line(line: &str) -> bool {
    (line.starts_with("FATAL ERROR: ") || line.starts_with("[") && line.contains("] FATAL ERROR: "))
        && (line.contains("out of memory") || line.contains("Allocation failed"))
}

/// Returns whether a text begins like V8's dump: with the line itself or with a list of collections.
fn v8_opens(text: &str) -> bool {
    let text = text.trim_start();
    v8_line(first_line(text).0) || text.starts_with("<--- ") || text.starts_with("# Fatal")
}

fn go(text: &str) -> Option<AppError<'static>> {
    let (name, rest) =
        ["panic", "fatal error"].iter().find_map(|name| Some((*name, text.strip_prefix(name)?.strip_prefix(": ")?)))?;
    let (message, _) = first_line(rest);
    let message = message.split(" [recovered").next().unwrap_or(message);
    Some(described(ErrorForm::Crash, name, message, text))
}

/// Parses a panic of Rust: `thread 'main' panicked at src/main.rs:10:5:` + message, or the older `panicked at
/// 'message', src/main.rs:10:5`.
fn rust(text: &str) -> Option<AppError<'static>> {
    let (line, rest) = first_line(text.strip_prefix("thread '")?);
    let (_, said) = line.split_once("' ")?;
    let (_, said) = said.split_once("panicked at ")?;
    let (message, place) = match said.strip_prefix('\'').and_then(|said| said.rsplit_once("', ")) {
        Some((message, place)) => (message, place),
        None => (first_line(rest.trim_start()).0, said.trim_end().trim_end_matches(':')),
    };
    let mut error = described(ErrorForm::Crash, "panic", message, "");
    error.frame = frame::rust_place(place).map(Into::into);
    Some(error)
}

/// Parses an unhandled exception of .NET: `Unhandled exception. <Type>: <message>` on .NET Core 3 and later, `Unhandled
/// Exception: …` before.
fn dotnet(text: &str) -> Option<AppError<'static>> {
    let rest = text.strip_prefix("Unhandled exception. ").or_else(|| text.strip_prefix("Unhandled Exception: "))?;
    let (name, _) = type_and_message(first_line(rest).0, is_type_name)?;
    let full = name == "System.OutOfMemoryException";
    let form = if full { ErrorForm::OutOfMemory } else { ErrorForm::Crash };
    let mut error = exception::typed(form, rest, is_type_name)?;
    // Older runtimes put the causes on the same line.
    if let Some(message) = error.message.take() {
        error.message = exception::owned(message.split(" ---> ").next().unwrap_or(""));
    }
    Some(error)
}

/// Parses an exception that PHP did not catch, on standard output or, with a prefix, on standard error:
/// `Fatal error: Uncaught <Class>: <message> in <file>:<line>`. A message of several lines has its place on another one.
fn php(text: &str) -> Option<AppError<'static>> {
    let is_class = |word: &str| word.split('\\').all(is_type_name);
    let thrown = php_fatal(text)?.strip_prefix("Uncaught ")?;
    let (name, message) = type_and_message(first_line(thrown).0.trim_end(), is_class)?;
    let (message, place) = message.rsplit_once(" in /").map_or((message, None), |(said, place)| (said, Some(place)));
    let mut error = described(ErrorForm::Crash, name, message, "");
    error.frame = place.map(|place| format!("/{place}").into());
    Some(error)
}

/// Returns what PHP says of its end.
fn php_fatal(text: &str) -> Option<&str> {
    text.strip_prefix("PHP ").unwrap_or(text).strip_prefix("Fatal error: ").map(str::trim_start)
}

/// Parses fixed sentences, after which nothing more is known.
fn fixed_words(text: &str) -> Option<AppError<'static>> {
    const BEGINS: [(&str, ErrorForm); 12] = [
        (FAULT_HANDLER, ErrorForm::Crash),
        ("Segmentation fault", ErrorForm::Crash),
        ("PHP Fatal error: ", ErrorForm::Crash),
        ("FATAL ERROR: ", ErrorForm::Crash),
        ("Bus error", ErrorForm::Crash),
        ("Illegal instruction", ErrorForm::Crash),
        ("Aborted (core dumped)", ErrorForm::Crash),
        ("# A fatal error has been detected by the Java Runtime Environment", ErrorForm::Crash),
        ("#\n# A fatal error has been detected by the Java Runtime Environment", ErrorForm::Crash),
        ("terminate called ", ErrorForm::Crash),
        ("Failed to initialize CoreCLR", ErrorForm::Crash),
        ("Unexpected Top Level Error:", ErrorForm::Uncaught),
    ];
    let (_, form) = BEGINS.iter().find(|(begin, _)| text.starts_with(begin))?;
    let thrown = text.strip_prefix("terminate called after throwing an instance of '");
    let name = thrown.and_then(|rest| rest.split_once('\'')).map_or("", |(name, _)| name);
    let form = if name == "std::bad_alloc" { ErrorForm::OutOfMemory } else { *form };
    let line = lines(text).find(|line| line.len() > 1).unwrap_or("");
    let what = text.split_once("what():").map_or(line, |(_, what)| first_line(what).0);
    Some(described(form, name, what, text))
}

/// Parses an error of the loader or a shell: `<program>: <what>`, with a program and no spaces before the colon.
fn loader(text: &str) -> Option<AppError<'static>> {
    const WORDS: [&str; 6] = [
        "exec format error",
        "Exec format error",
        "cannot execute binary file",
        "cannot open shared object file",
        "Segmentation fault",
        "not found (required by ",
    ];
    let (line, _) = first_line(text);
    let (program, _) = line.split_once(": ")?;
    let of_program = program.starts_with(['/', '.', 'b']) && !program.contains([' ', '{', '\t']);
    let killed = line.contains(": line ") && line.contains(" Killed ");
    let known = killed || WORDS.iter().any(|word| line.contains(word));
    (of_program && known).then(|| described(ErrorForm::Crash, "", line, ""))
}

/// Parses a Python stack without the client's prefix: printed by the function, or by the interpreter as it ends.
fn python(text: &str) -> Option<AppError<'static>> {
    if !text.starts_with(TRACEBACK) && !text.starts_with(JVM_THREAD) {
        return None;
    }
    let (_, stack) = text.split_once(TRACEBACK)?;
    let (name, message) = after_python_stack(stack).unwrap_or(("", ""));
    Some(described(ErrorForm::Crash, name, message, text))
}

/// Parses a Node stack without the client's prefix: `Error: …` and its frames, possibly after the line of source that
/// threw and before the version that Node prints as it ends.
fn node(text: &str) -> Option<AppError<'static>> {
    let at_source =
        ["file:///", "node:internal/", "/var/task/", "internal/"].iter().any(|begin| text.starts_with(begin));
    let ended = text.contains("\nNode.js v") || text.contains("triggerUncaughtException");
    let body = if at_source && (ended || text.contains("\n    at ")) {
        let line = lines(text).find(|line| type_and_message(line, is_error_name).is_some())?;
        text.get(text.find(line)?..)?
    } else {
        text.strip_prefix("Uncaught ").unwrap_or(text)
    };
    let (line, rest) = first_line(body);
    let first = type_and_message(line.trim_end(), is_error_name)?;
    let has_frames = lines(rest).any(|line| line.starts_with("    at ") || line.starts_with("   at "));
    let jvm = first.0.contains('.') && rest.contains("\tat ");
    (has_frames || ended || jvm).then(|| exception::typed(ErrorForm::Crash, body, is_error_name)).flatten()
}

/// Parses the end of a thread of the JVM: `Exception in thread "main" <class>: <message>`.
fn java(text: &str) -> Option<AppError<'static>> {
    let rest = text.strip_prefix(JVM_THREAD)?.strip_prefix('"')?;
    let (_, rest) = rest.split_once("\" ")?;
    let (name, _) = type_and_message(first_line(rest).0.trim_end(), is_type_name)?;
    let full = name == "java.lang.OutOfMemoryError";
    exception::typed(if full { ErrorForm::OutOfMemory } else { ErrorForm::Crash }, rest, is_type_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jvm_tells_of_memory_below_other_lines_of_its_own() {
        let form = |text: &str| parse(text).and_then(|line| line.error).map(|error| error.form);
        for text in [
            "#\n# There is insufficient memory for the Java Runtime Environment to continue.\n# Native memory allocation (mmap) failed\n",
            "java.lang.OutOfMemoryError: Metaspace\nDumping heap to /tmp/java_pid8.hprof ...\nTerminating due to java.lang.OutOfMemoryError: Metaspace\n",
        ] {
            assert_eq!(form(text), Some(ErrorForm::OutOfMemory), "{text}");
        }
        for text in [
            "#\n# The list of orders\n",
            "java.lang.OutOfMemoryError: Metaspace\nDumping heap to /tmp/java_pid8.hprof ...\n",
            "orders\nTerminating due to java.lang.OutOfMemoryError: Metaspace\n",
        ] {
            assert_ne!(form(text), Some(ErrorForm::OutOfMemory), "{text}");
        }
    }
}
