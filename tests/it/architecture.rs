//! Holds the order of the layers: which module may import which, and that every file says what it owns.

use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules of ours that it may import. A module may always import itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("catalogue", &["model"]),
    ("wire", &["model"]),
    ("decode", &["model"]),
    ("parse", &["model"]),
    ("assemble", &["model"]),
    ("effects", &["model"]),
    ("rules", &["model", "catalogue"]),
    ("summary", &["model", "catalogue", "wire"]),
    ("render", &["model", "catalogue", "wire"]),
    ("source", &["model", "decode"]),
    (
        "pipeline",
        &["model", "catalogue", "wire", "decode", "parse", "assemble", "effects", "rules", "summary", "source"],
    ),
    ("cli", &["model", "catalogue", "wire", "decode", "effects", "rules", "summary", "render", "source", "pipeline"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&path).expect("UTF-8"))
        })
        .collect()
}

#[test]
fn layers_import_only_what_lies_below() {
    let mut wrong = Vec::new();
    for (name, text) in all_sources() {
        let module = name.split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == module) else {
            assert!(matches!(module, "lib" | "main"), "{name}: a module without a place in the layers");
            continue;
        };
        // Tests at the end of a file may reach further.
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for part in code.split("crate::").skip(1) {
            let imported: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let known = LAYERS.iter().any(|(layer, _)| *layer == imported);
            if known && imported != module && !allowed.contains(&imported.as_str()) {
                wrong.push(format!("{name} imports {imported}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_owns() {
    let silent: Vec<String> =
        all_sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(name, _)| name).collect();
    assert!(silent.is_empty(), "files without a module comment: {silent:#?}");
}

#[test]
fn only_the_command_line_prints_or_exits() {
    let wrong: Vec<String> = all_sources()
        .into_iter()
        .filter(|(name, _)| !name.starts_with("cli/") && name != "main.rs")
        .filter(|(_, text)| ["println!(", "eprintln!(", "process::exit("].iter().any(|call| text.contains(call)))
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
