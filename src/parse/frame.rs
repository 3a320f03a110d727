//! Stack frames: the innermost one in the function's own code, without line numbers, so that it is stable over deploys.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::text::{lines, split_at_first, trim_indent};

/// Parts of paths and packages of runtimes, runtime clients and libraries.
const FOREIGN_PATHS: [&str; 22] = [
    "/var/runtime",
    "/var/lang",
    "/opt/",
    "node_modules/",
    "node:",
    "internal/",
    "site-packages",
    "dist-packages",
    "/usr/",
    "<frozen",
    "<string>",
    "<anonymous>",
    "native",
    "/gems/",
    "/rustc/",
    ".cargo/",
    "/go/pkg/mod/",
    "runtime/",
    "github.com/aws/",
    "awslambdaric",
    "lib/python",
    "webpack:/node_modules",
];

/// Libraries that a deployment package carries beside the function's own code.
const BUNDLED: [&str; 26] = [
    "boto3",
    "botocore",
    "urllib3",
    "requests",
    "s3transfer",
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "ddtrace",
    "datadog_lambda",
    "sentry_sdk",
    "psycopg2",
    "psycopg",
    "pymysql",
    "sqlalchemy",
    "redis",
    "numpy",
    "pandas",
    "jinja2",
    "pydantic",
    "httpx",
    "aiohttp",
    "mangum",
    "fastapi",
    "starlette",
    "flask",
    "werkzeug",
];

/// Packages of the JVM and .NET that are not the function's own.
const FOREIGN_NAMES: [&str; 41] = [
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "lambdainternal.",
    "com.amazonaws.",
    "software.amazon.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.postgresql.",
    "org.slf4j.",
    "com.mysql.",
    "com.zaxxer.",
    "com.fasterxml.",
    "com.google.",
    "io.netty.",
    "io.micronaut.",
    "io.quarkus.",
    "okhttp3.",
    "reactor.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "clojure.",
    "System.",
    "Microsoft.",
    "Amazon.",
    "AWSSDK",
    "Npgsql.",
    "MySql.",
    "MySqlConnector.",
    "Newtonsoft.",
    "StackExchange.",
    "lambda_method",
    "Interop.",
    "runtime.",
    "reflect.",
    "net/http.",
];

/// Returns the innermost frame of the function's own code in a text with stack lines.
pub(super) fn innermost(text: &str) -> Option<String> {
    innermost_of(lines(text))
}

/// Returns the innermost frame of the function's own code among the lines of a stack.
pub(super) fn innermost_of<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    // Only Python prints the innermost call last.
    let python = lines.clone().filter_map(python_frame).last();
    python.or_else(|| lines.clone().find_map(line_frame))
}

fn line_frame(line: &str) -> Option<String> {
    let trimmed = trim_indent(line);
    match trimmed.strip_prefix("at ") {
        Some(call) => call_frame(call),
        None => ruby_frame(trimmed).or_else(|| go_frame(line)),
    }
}

/// Parses a frame of Node (`fn (path:1:2)`, `path:1:2`) or of the JVM and .NET (`a.b.C.m(…)`).
fn call_frame(call: &str) -> Option<String> {
    let call = without(without(call, "async "), "new ").trim_end();
    if let Some((name, place)) = split_at_first(call, " (") {
        let place = place.trim_end_matches([')', ',', ' ', '{']);
        if place.contains(['/', ':']) {
            return own_path(place)
                .map(|path| called(split_at_first(name, " [as").map_or(name, |(name, _)| name), path));
        }
    }
    if let Some((name, _)) = call.split_once('(') {
        return own_name(name);
    }
    own_path(call).map(str::to_owned)
}

/// Strips a word from the start as often as it stands there.
fn without<'a>(mut text: &'a str, word: &str) -> &'a str {
    while let Some(rest) = text.strip_prefix(word) {
        text = rest;
    }
    text
}

/// Returns the path of a place in the function's own code, without line and column.
fn own_path(place: &str) -> Option<&str> {
    let place = without(place, "file://");
    let path = place.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    let own = path.contains('/') && !is_foreign_path(path);
    own.then_some(path)
}

fn is_foreign_path(path: &str) -> bool {
    let task = path.strip_prefix("/var/task/").unwrap_or(path);
    let first = task.split('/').next().unwrap_or(task);
    BUNDLED.contains(&first) || !path.starts_with("/var/task/internal") && has_foreign_part(path)
}

fn has_foreign_part(path: &str) -> bool {
    static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(FOREIGN_PATHS).ok());
    match &*SEARCH {
        Some(search) => search.is_match(path),
        // Building fails only for far more patterns than this list has.
        None => FOREIGN_PATHS.iter().any(|foreign| path.contains(foreign)),
    }
}

/// Formats a function and its place. Every error has a frame, and `format!` takes five times as long.
fn called(name: &str, path: &str) -> String {
    [name, " (", path, ")"].concat()
}

fn own_name(name: &str) -> Option<String> {
    let name = name.rsplit_once("//").map_or(name, |(_, name)| name);
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name).trim();
    if !name.contains('.') || name.contains(' ') || FOREIGN_NAMES.iter().any(|foreign| name.starts_with(foreign)) {
        return None;
    }
    // .NET's compiler names asynchronous methods like this: `T.<Run>d__4.MoveNext`.
    let plain = name.split_once('<').and_then(|(before, rest)| {
        let (method, _) = rest.split_once('>')?;
        name.ends_with(".MoveNext").then(|| format!("{before}{method}"))
    });
    Some(plain.unwrap_or_else(|| name.to_owned()))
}

const PYTHON_FRAME: &str = "File \"";

/// Parses a frame of Python: `File "/var/task/app.py", line 3, in handler`.
fn python_frame(line: &str) -> Option<String> {
    let rest = trim_indent(line).strip_prefix(PYTHON_FRAME)?;
    let (path, rest) = rest.split_once('"')?;
    if is_foreign_path(path) {
        return None;
    }
    let name = rest.split_once(", in ").map_or("", |(_, name)| name.trim());
    Some(if name.is_empty() { path.to_owned() } else { called(name, path) })
}

/// Parses a frame of Ruby: ``/var/task/app.rb:3:in `handler'``.
pub(super) fn ruby_frame(line: &str) -> Option<String> {
    let (place, name) = split_at_first(without(line, "from "), ":in ")?;
    let path = place.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    if !path.starts_with('/') || is_foreign_path(path) {
        return None;
    }
    let name = name.trim_start_matches(['`', '\'', ' ']);
    Some(called(name.split('\'').next().unwrap_or(name).trim_end(), path))
}

/// Parses a frame of a goroutine dump: `main.handler(0xc000…, …)`.
fn go_frame(line: &str) -> Option<String> {
    let (name, rest) = line.rsplit_once('(')?;
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/*()-".contains(&b));
    let called = plain && rest.trim_end().ends_with(')') && name.contains('.') && !name.starts_with(['/', '-', '.']);
    (called && !is_foreign_go(name)).then(|| name.to_owned())
}

/// Returns whether a Go function is not the function's own code.
pub(super) fn is_foreign_go(name: &str) -> bool {
    ["runtime.", "runtime/", "reflect.", "net/", "github.com/aws/", "testing.", "panic", "created by", "lambda."]
        .iter()
        .any(|foreign| name.starts_with(foreign))
}

/// Returns the frame of a Go payload's `path` and `label`, if it is the function's own code.
pub(super) fn go_payload_frame(path: &str, label: &str) -> Option<String> {
    (!is_foreign_go(label) && !is_foreign_path(path) && !label.is_empty()).then(|| called(label, path))
}

/// Returns the place of a Rust panic (`src/main.rs:10:5`) without line and column, if it is in the function's own code.
pub(super) fn rust_place(place: &str) -> Option<String> {
    let path = place.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    (path.ends_with(".rs") && !path.contains("/registry/") && !is_foreign_path(path)).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_innermost_own_frame() {
        for (stack, want) in [
            (
                "    at load (/var/task/src/db.js:3:9)\n    at Runtime.handler (/var/task/a.js:1:1)",
                "load (/var/task/src/db.js)",
            ),
            (
                "    at get (/var/task/node_modules/ax/i.js:3:9)\n    at async h (file:///var/task/a.mjs:1:1)",
                "h (/var/task/a.mjs)",
            ),
            ("    at node:internal/x:1:2\n    at file:///var/task/index.mjs:3:11", "/var/task/index.mjs"),
            ("    at Object.go [as run] (/var/task/a.js:1:1) {", "Object.go (/var/task/a.js)"),
            (
                "  File \"/var/task/a.py\", line 3, in handler\n    x()\n  File \"/var/task/b.py\", line 4, in x",
                "x (/var/task/b.py)",
            ),
            (
                "\u{a0}\u{a0}File \"/var/task/a.py\", line 3, in h\n  File \"/var/task/botocore/client.py\", line 4, in x",
                "h (/var/task/a.py)",
            ),
            (
                "\tat java.base/java.lang.X.y(Unknown Source)\n\tat com.example.H.handleRequest(H.java:3)",
                "com.example.H.handleRequest",
            ),
            ("\tat app//com.example.H.run(H.java:3)", "com.example.H.run"),
            (
                "\tat first(sight)\n\tat the office of com.example.H(x)\n\tat com.example.H.run(H.java:3)",
                "com.example.H.run",
            ),
            (
                "   at System.IO.F.Open(String p)\n   at Shop.Fn.Run(String a, Int32 b) in /src/Fn.cs:line 3",
                "Shop.Fn.Run",
            ),
            ("   at Shop.Fn.<Run>d__4.MoveNext()", "Shop.Fn.Run"),
            ("/var/runtime/gems/x/a.rb:1:in `y'\n/var/task/app.rb:3:in `handler'", "handler (/var/task/app.rb)"),
            (
                "goroutine 1 [running]:\nruntime.panic(0x1)\nmain.handler({0xc0, 0x1})\n\t/build/main.go:29 +0x1d",
                "main.handler",
            ),
        ] {
            assert_eq!(innermost(stack).as_deref(), Some(want), "{stack}");
        }
    }

    #[test]
    fn finds_none_where_all_is_foreign() {
        for stack in [
            "",
            "    at afterConnect (node:net:1:2)",
            "    at connResetException (events.js:1:2)",
            "\tat sun.x.Y.z(Native Method)",
        ] {
            assert_eq!(innermost(stack), None, "{stack}");
        }
    }
}
