//! Files of a directory that quote Lambda's lines and are no logs: source code, documents, tickets.

use std::path::Path;

/// Extensions of source code and documents.
const EXTENSIONS: [&str; 45] = [
    "adoc", "c", "cc", "cfg", "cjs", "clj", "cpp", "cs", "css", "csproj", "diff", "eml", "ex", "fs", "go", "gradle",
    "h", "hcl", "html", "ipynb", "java", "js", "jsx", "kt", "lua", "md", "mdx", "mjs", "patch", "php", "pl", "ps1",
    "py", "rb", "rs", "rst", "scala", "sh", "sql", "swift", "tf", "tfvars", "toml", "ts", "tsx",
];

/// Returns whether a file is known by its name as source code or a document.
pub(crate) fn is_document(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}
