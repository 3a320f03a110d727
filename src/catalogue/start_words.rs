//! Words of loaders, shells, virtual machines and entrypoints about a program that they could not start: where that program
//! is the runtime itself, no handler was called.

use super::words::Words;
use crate::lambda::runtimes::FAULT_HANDLER;

const ENTRYPOINT: &str = "init_failure.entrypoint";
const IMPORT: &str = "init_failure.import";
const NOT_FOUND: &str = "init_failure.handler_not_found";

/// Words with the code that they lead to, wherever they stand in a line. Source: the programs named.
static ANYWHERE: Words<&str> = Words::new(&[
    // Lambda's images: lambda-entrypoint.sh
    ("entrypoint requires the handler name to be the first argument", ENTRYPOINT),
    // java
    ("Unable to access jarfile ", ENTRYPOINT),
    ("Error occurred during initialization of VM", ENTRYPOINT),
    ("Could not create the Java Virtual Machine", ENTRYPOINT),
    ("at lambdainternal.AWSLambda.<clinit>", "init_failure.exception"),
    // dotnet
    ("You must install or update .NET to run this application", ENTRYPOINT),
    // python
    (": No module named awslambdaric", IMPORT),
]);

/// Beginnings of lines of programs that start others: of the runtime where its file follows.
const STARTERS: [&str; 4] = ["/var/task/bootstrap: ", "/var/runtime/bootstrap: ", "/opt/bootstrap: ", "/usr/bin/env: "];

/// Returns the code of a line that says that the program of a runtime could not be started.
#[must_use]
pub(crate) fn start_failure_code(line: &str) -> Option<&'static str> {
    if let Some((_, code)) = ANYWHERE.first_in(line) {
        return Some(code);
    }
    let line = line.trim_start();
    if line.strip_prefix(FAULT_HANDLER).is_some_and(|rest| rest.starts_with("init_") || rest.starts_with("Py_Init")) {
        return Some(ENTRYPOINT);
    }
    // Bref.
    if line.strip_prefix("Handler `").is_some_and(|rest| rest.trim_end().ends_with("` doesn't exist")) {
        return Some(NOT_FOUND);
    }
    let said = STARTERS.iter().find_map(|starter| line.strip_prefix(starter))?;
    let library = said.starts_with("error while loading shared libraries") || said.contains("not found (required by ");
    match () {
        () if library => Some(IMPORT),
        () if said.contains("No such file or directory") || said.contains("ermission denied") => Some(ENTRYPOINT),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_program_of_a_runtime_counts() {
        for (line, code) in [
            ("entrypoint requires the handler name to be the first argument\n", ENTRYPOINT),
            ("Error: Unable to access jarfile /var/task/cart.jar", ENTRYPOINT),
            ("/usr/bin/env: 'python3': No such file or directory", ENTRYPOINT),
            (
                "/var/task/bootstrap: /lib64/libc.so.6: version `GLIBC_2.38' not found (required by /var/task/bootstrap)",
                IMPORT,
            ),
            (
                "/opt/bootstrap: error while loading shared libraries: libssl.so.3: cannot open shared object file",
                IMPORT,
            ),
            ("/usr/local/bin/python: No module named awslambdaric", IMPORT),
            ("Fatal Python error: init_fs_encoding: failed to get the Python codec", ENTRYPOINT),
            ("Handler `/var/task/index.php` doesn't exist", NOT_FOUND),
        ] {
            assert_eq!(start_failure_code(line), Some(code), "{line}");
        }
        for line in [
            "/var/task/bin/convert: error while loading shared libraries: libpng.so: cannot open shared object file",
            "/var/task/bootstrap: line 7: cart: command not found",
            "No module named cart",
            "Handler `cart` ran",
            "",
        ] {
            assert_eq!(start_failure_code(line), None, "{line}");
        }
    }
}
