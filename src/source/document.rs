//! Files of a directory that quote Lambda's lines and are no logs: source code, documents, tickets.

use std::path::Path;

/// Extensions of source code and documents.
const EXTENSIONS: [&str; 45] = [
    "adoc", "c", "cc", "cfg", "cjs", "clj", "cpp", "cs", "css", "csproj", "diff", "eml", "ex", "fs", "go", "gradle",
    "h", "hcl", "html", "ipynb", "java", "js", "jsx", "kt", "lua", "md", "mdx", "mjs", "patch", "php", "pl", "ps1",
    "py", "rb", "rs", "rst", "scala", "sh", "sql", "swift", "tf", "tfvars", "toml", "ts", "tsx",
];

/// Words before a sentence from which on it stands in prose.
const WORDS_OF_PROSE: usize = 3;

/// Returns whether a file is known by its name as source code or a document.
pub(crate) fn is_document(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Returns whether what stands before a sentence is prose rather than what a tool puts before every line.
pub(crate) fn is_prose(before: &str) -> bool {
    let is_word = |word: &&str| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    before.split(|char: char| char.is_whitespace() || matches!(char, ',' | '.' | ';')).filter(is_word).count()
        >= WORDS_OF_PROSE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_told_from_prefixes() {
        for text in ["Yesterday we saw the line `", "on retry there was still "] {
            assert!(is_prose(text), "{text}");
        }
        for text in
            ["", "2026-10-01 00:00:00.123 ", "[handler] 17:35:21 ", "Oct 1, 12:00:00 AM: ", "pod/orders-7f: ", "> "]
        {
            assert!(!is_prose(text), "{text}");
        }
    }
}
