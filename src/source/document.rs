//! Files of a directory that quote Lambda's lines and are no logs: source code, documents, tickets.

use std::path::Path;

/// Extensions of source code and documents.
const EXTENSIONS: [&str; 53] = [
    "adoc",
    "c",
    "cc",
    "cfg",
    "cjs",
    "clj",
    "cpp",
    "cs",
    "css",
    "csproj",
    "diff",
    "eml",
    "ex",
    "fs",
    "go",
    "gradle",
    "h",
    "hcl",
    "html",
    "ini",
    "ipynb",
    "java",
    "js",
    "jsx",
    "kt",
    "lua",
    "md",
    "mdx",
    "mjs",
    "patch",
    "php",
    "pl",
    "properties",
    "proto",
    "ps1",
    "py",
    "rb",
    "rs",
    "rst",
    "scala",
    "sh",
    "snap",
    "sql",
    "svelte",
    "svg",
    "swift",
    "tex",
    "tf",
    "tfvars",
    "toml",
    "ts",
    "tsx",
    "vue",
];

/// Names of such files without an extension.
const NAMES: [&str; 9] =
    ["CHANGELOG", "CONTRIBUTING", "Dockerfile", "Gemfile", "Jenkinsfile", "LICENSE", "Makefile", "README", "Rakefile"];

/// Returns whether a file is known by its name as source code or a document.
pub(crate) fn is_document(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let name = path.file_name().and_then(|name| name.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
        || name.is_some_and(|name| NAMES.contains(&name))
}
