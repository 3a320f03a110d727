//! Stacks of an error that came while a runtime was loading the function's code: its handler was never called.

use super::text::{lines, split_at_first, trim_indent};
use crate::lambda::loaders::{NODE_LOADERS, PYTHON_CLIENT, PYTHON_CLIENT_CALLS, PYTHON_IMPORTS};
use crate::lambda::runtimes::TRACEBACK;

/// Returns whether a text has the stack of an error that came while the code was being loaded.
pub(super) fn in_text(text: &str) -> bool {
    let stack = after_last_heading(text);
    in_lines(lines(stack))
}

/// Returns what follows the last heading of a Python stack, else the whole text: a message may quote other stacks, and the
/// client prints its own behind it.
fn after_last_heading(text: &str) -> &str {
    text.rsplit_once(TRACEBACK).map_or(text, |(_, stack)| stack)
}

/// Returns whether the lines of a stack are those of an error that came while the code was being loaded.
pub(super) fn in_lines<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> bool {
    let mut python = lines.clone().filter_map(python_frame).peekable();
    if python.peek().is_some() { of_python(python) } else { lines.clone().any(is_loader_of_node) }
}

/// Looks at the outermost frame that is not the client's own: that of an import, or the top level of a file. Python prints
/// the outermost call first.
fn of_python<'a>(frames: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    let mut last = "";
    for (path, name) in frames {
        last = name;
        if PYTHON_CLIENT.iter().any(|part| path.contains(part)) {
            if name.starts_with(PYTHON_CLIENT_CALLS) {
                return false;
            }
            continue;
        }
        let imports = PYTHON_IMPORTS.iter().any(|(file, function)| path.ends_with(file) && name == *function);
        return imports || name == "<module>" || path.starts_with("<frozen importlib");
    }
    // The client itself could not be loaded.
    last == "<module>"
}

/// Splits a frame of Python into its path and the name of the function: `File "/var/task/app.py", line 3, in handler`.
fn python_frame(line: &str) -> Option<(&str, &str)> {
    let rest = trim_indent(line).strip_prefix("File \"")?;
    let (path, rest) = rest.split_once('"')?;
    let (_, name) = split_at_first(rest, ", in ")?;
    Some((path, name.trim().trim_end_matches('\\')))
}

/// Returns whether a line is the frame of the client's loader in Node.js: nothing but the loading of the code is below it.
fn is_loader_of_node(line: &str) -> bool {
    let Some(call) = trim_indent(line).strip_prefix("at ") else { return false };
    let Some((name, place)) = call.split_once(" (") else { return false };
    let name = name.strip_prefix("async ").unwrap_or(name);
    let of_client = place.contains("/var/runtime/") || place.contains("aws-lambda-ric");
    of_client && NODE_LOADERS.iter().any(|loader| name.ends_with(loader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_where_the_handler_was_never_called() {
        for stack in [
            "  File \"/var/lang/lib/python3.9/importlib/__init__.py\", line 127, in import_module\n    return x\n  File \"<frozen importlib._bootstrap>\", line 9, in _gcd_import\n  File \"/var/task/app.py\", line 3, in <module>\n    shop.load()\n  File \"/var/task/shop.py\", line 9, in load",
            "\u{a0}\u{a0}File \"/var/lang/lib/python3.7/imp.py\", line 234, in load_module\n\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in <module>",
            "  File \"/var/runtime/bootstrap.py\", line 480, in main\n  File \"/var/lang/lib/python3.9/imp.py\", line 171, in load_source\n",
            "  File \"/var/task/app.py\", line 3, in <module>\n    shop.load()\n  File \"/var/task/shop.py\", line 9, in load",
            "  File \"<frozen importlib._bootstrap>\", line 9, in _gcd_import\n  File \"/var/task/app.py\", line 3, in <module>",
            "Error: no\n    at Object.<anonymous> (/var/task/app.js:3:9)\n    at _tryRequireFile (file:///var/runtime/index.mjs:1002:86)\n    at start (file:///var/runtime/index.mjs:9:1)",
            "Error: no\n    at file:///var/task/app.mjs:3:9\n    at async _tryAwaitImport (file:///var/runtime/index.mjs:1002:86)",
            "Error: no\n    at load (/var/task/shop.js:3:9)\n    at Object.module.exports.load (/var/runtime/UserFunction.js:140:25)",
            "Error: no\n    at load (/function/shop.js:3:9)\n    at async UserFunctionLoader.load (file:///function/node_modules/aws-lambda-ric/index.mjs:140:25)",
            "  File \"/var/runtime/bootstrap.py\", line 5, in <module>\n    import awslambdaric",
            "failed\nTraceback (most recent call last):\n  File \"/var/task/job.py\", line 3, in run\n\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in <module>",
        ] {
            assert!(in_text(stack), "{stack}");
        }
        for stack in [
            "",
            "File \"",
            "  File \"/var/task/app.py\", line 3, in handler\n  File \"/var/lang/lib/python3.9/importlib/__init__.py\", line 127, in import_module\n  File \"/var/task/shop.py\", line 3, in <module>",
            "  File \"/var/runtime/bootstrap.py\", line 480, in <module>\n  File \"/var/runtime/bootstrap.py\", line 131, in handle_event_request\n  File \"/var/lang/lib/python3.9/importlib/__init__.py\", line 127, in import_module",
            "  File \"/var/lang/lib/python3.9/threading.py\", line 980, in _bootstrap_inner\n  File \"/var/task/app.py\", line 3, in <module>",
            "Error: no\n    at Object.<anonymous> (/var/task/app.js:3:9)\n    at Module._load (node:internal/modules/cjs/loader:1023:12)\n    at Runtime.handler (/var/task/app.js:9:1)",
            "Error: no\n    at _tryRequireFile (/var/task/app.js:3:9)\n    at Runtime.handleOnceNonStreaming (file:///var/runtime/index.mjs:1173:29)",
            "failed in _tryRequireFile (file:///var/runtime/index.mjs:1002:86)",
            "failed\nTraceback (most recent call last):\n  File \"/var/task/job.py\", line 3, in <module>\n\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler",
        ] {
            assert!(!in_text(stack), "{stack}");
        }
    }
}
