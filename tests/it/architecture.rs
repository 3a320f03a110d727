//! The architecture of the source: which layer may import which, no two files import each other, the map names every
//! layer, and every file says what it owns.
//!
//! Sources are read as tokens, so comments and strings are ignored, and code compiled for tests only is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Layers, each with the layers that it may import. A layer may always import itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("lambda", &["model"]),
    ("catalogue", &["model", "lambda"]),
    ("wire", &["model"]),
    ("account", &["model", "catalogue", "wire"]),
    ("decode", &["model", "lambda"]),
    ("parse", &["model", "lambda"]),
    ("assemble", &["model"]),
    ("effects", &["model"]),
    ("stats", &[]),
    ("rules", &["model", "catalogue", "lambda"]),
    ("summary", &["model", "catalogue", "wire", "stats", "account"]),
    ("compare", &["model", "wire", "stats"]),
    ("render", &["model", "catalogue", "wire", "lambda"]),
    ("source", &["account", "model", "wire", "lambda"]),
    (
        "pipeline",
        &[
            "account",
            "model",
            "catalogue",
            "wire",
            "decode",
            "parse",
            "assemble",
            "effects",
            "rules",
            "summary",
            "source",
            "lambda",
        ],
    ),
    ("api", &["model", "wire", "pipeline"]),
    (
        "cli",
        &[
            "account",
            "model",
            "catalogue",
            "wire",
            "decode",
            "effects",
            "rules",
            "summary",
            "render",
            "source",
            "pipeline",
            "compare",
        ],
    ),
];

/// Path in the source, from the root of the crate: `["decode", "json", "scan", "Value"]`.
type ModulePath = Vec<String>;

/// Source file.
struct Source {
    /// Name below `src`, with slashes.
    name: String,
    text: String,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned() }
    }

    /// Returns the module of the file.
    fn module(&self) -> ModulePath {
        let path = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        let parts = path.split('/').map(str::to_owned);
        parts.filter(|part| !matches!(part.as_str(), "mod" | "lib" | "main")).collect()
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with("mod.rs")
    }

    fn layer(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap_or_default()
    }
}

/// References of a file outside of its tests.
#[derive(Default)]
struct References {
    paths: BTreeSet<ModulePath>,
    /// Modules that are compiled for tests only.
    test_modules: BTreeSet<ModulePath>,
}

impl References {
    fn of(source: &Source) -> Self {
        let tokens = TokenStream::from_str(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.name));
        let mut found = Self::default();
        found.read(tokens, &source.module());
        found
    }

    fn read(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_test_attribute(&tokens[at..]) {
                at += 2;
                let end = tokens[at..].iter().position(ends_item).map_or(tokens.len(), |end| at + end);
                if let [TokenTree::Ident(word), TokenTree::Ident(name), ..] = &tokens[at..]
                    && word == "mod"
                {
                    self.test_modules.insert(child(module, &name.to_string()));
                }
                at = end + 1;
                continue;
            }
            if let Some(base) = base(&tokens[at], module)
                && !at.checked_sub(2).is_some_and(|before| is_path(&tokens[before..at]))
                && is_path(&tokens[at + 1..])
            {
                at = self.path(&tokens, at + 1, base, module);
                continue;
            }
            // `super` and `self` in an inline module would be relative to it, but there is none outside of tests.
            if let TokenTree::Group(group) = &tokens[at] {
                self.read(group.stream(), module);
            }
            at += 1;
        }
    }

    /// Reads on from the colons behind `base`. Returns the position after the path.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize, mut base: ModulePath, module: &[String]) -> usize {
        while is_path(&tokens[at..]) {
            at += 2;
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) if word == "super" => {
                    base.pop();
                }
                Some(TokenTree::Ident(word)) => base.push(word.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.branches(group.stream(), &base, module);
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
        }
        self.paths.insert(base);
        at
    }

    /// Reads the branches of an import: `{a, b::{c, d}, super::e}`.
    fn branches(&mut self, tokens: TokenStream, base: &[String], module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let TokenTree::Ident(word) = &tokens[at] else {
                at += 1;
                continue;
            };
            let branch = match word.to_string().as_str() {
                "self" => base.to_vec(),
                "super" => base[..base.len().saturating_sub(1)].to_vec(),
                name => child(base, name),
            };
            at = self.path(&tokens, at + 1, branch, module);
            // Skips a renaming `as`.
            while at < tokens.len() && !matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == ',') {
                at += 1;
            }
        }
    }
}

fn child(module: &[String], name: &str) -> ModulePath {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    path
}

/// Returns the base of a path that begins with `crate`, `self` or `super`.
fn base(token: &TokenTree, module: &[String]) -> Option<ModulePath> {
    let TokenTree::Ident(word) = token else { return None };
    match word.to_string().as_str() {
        "crate" => Some(Vec::new()),
        "self" => Some(module.to_vec()),
        "super" => Some(module[..module.len().saturating_sub(1)].to_vec()),
        _ => None,
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}

fn is_path(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [first, second, ..] if is_colon(first) && is_colon(second))
}

/// Returns whether the tokens begin with `#[cfg(test)]`.
fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(punct), TokenTree::Group(group), ..] = tokens else { return false };
    punct.as_char() == '#' && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Returns whether a token is the last one of an item, a field or an entry of a list.
fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// Describes the violations of the architecture.
fn violations(sources: &[Source], layers: &[(&str, &[&str])], map: &str) -> Vec<String> {
    let references: Vec<References> = sources.iter().map(References::of).collect();
    let for_tests: BTreeSet<&ModulePath> = references.iter().flat_map(|found| &found.test_modules).collect();
    let product = || {
        let all = sources.iter().zip(&references);
        all.filter(|(source, _)| !for_tests.iter().any(|module| source.module().starts_with(module)))
    };
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (source, found) in product() {
        let layer = source.layer();
        let Some((_, allowed)) = layers.iter().find(|(name, _)| *name == layer) else {
            if !matches!(layer, "lib" | "main") {
                wrong.push(format!("{}: a module without a place in the layers", source.name));
            }
            continue;
        };
        let imports: BTreeSet<&String> = found.paths.iter().filter_map(|path| path.first()).collect();
        for imported in imports {
            if imported == layer || !layers.iter().any(|(name, _)| name == imported) {
                continue;
            }
            used.insert((layer.to_owned(), imported.clone()));
            if !allowed.contains(&imported.as_str()) {
                wrong.push(format!("{} imports {imported}", source.name));
            }
        }
    }
    for (layer, allowed) in layers {
        for imported in *allowed {
            if !used.contains(&((*layer).to_owned(), (*imported).to_owned())) {
                wrong.push(format!("{layer} may import {imported}, which it does not"));
            }
        }
        if !map.contains(&format!("| `{layer}` |")) {
            wrong.push(format!("{layer}: a layer that is not on the map"));
        }
    }
    wrong.extend(circles(&product().collect::<Vec<_>>()));
    wrong
}

/// Collects the literals of the source outside of its tests and samples.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let is_samples = matches!(&tokens[at], TokenTree::Ident(word) if word == "samples");
        if is_test_attribute(&tokens[at..]) || is_samples {
            at += tokens[at..].iter().position(ends_item).map_or(tokens.len(), |end| end + 1);
            continue;
        }
        match &tokens[at] {
            // Doc comments are attributes here.
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let inner = matches!(tokens.get(at + 1), Some(TokenTree::Punct(next)) if next.as_char() == '!');
                at += 1 + usize::from(inner);
            }
            TokenTree::Literal(literal) => found.push(literal.to_string().replace("\\\"", "\"").replace("\\t", "\t")),
            TokenTree::Group(group) => literals(group.stream(), found),
            _ => {}
        }
        at += 1;
    }
}

fn literals_of(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    literals(TokenStream::from_str(&source.text).expect("Rust"), &mut found);
    found
}

/// Returns the contents of the catalogue: its tables word by word, all its other literals, and the pages.
pub(super) fn facts_of_catalogue() -> String {
    let mut facts = String::new();
    for source in
        all_sources().iter().filter(|source| source.layer() == "catalogue" && !source.name.ends_with("tests.rs"))
    {
        let tokens: Vec<TokenTree> = TokenStream::from_str(&source.text).expect("Rust").into_iter().collect();
        for item in tokens.split_inclusive(ends_item) {
            // Attributes, which include doc comments, hold no facts.
            let is_attribute =
                |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket);
            let start =
                item.iter().rposition(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#'));
            let start = start.filter(|at| item.get(at + 1).is_some_and(is_attribute)).map_or(0, |at| at + 2);
            let item = &item[start..];
            let words: Vec<String> = item.iter().map(ToString::to_string).collect();
            let is_table = words.iter().take(6).any(|word| word == "static" || word == "const");
            if is_table && !words.iter().any(|word| word == "fn") {
                facts += &words.concat();
            } else {
                let mut found = Vec::new();
                literals(item.iter().cloned().collect(), &mut found);
                facts += &found.concat();
            }
        }
    }
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root().join("src/catalogue/pages")).expect("pages").flatten().map(|entry| entry.path()).collect();
    pages.sort();
    pages.iter().for_each(|page| facts += &fs::read_to_string(page).expect("a page"));
    facts.split_whitespace().collect()
}

/// Returns the sentences of Lambda and its runtimes: the literals of the layer `lambda` with two words or more.
fn sentences(source: &Source) -> Vec<String> {
    let inside =
        |literal: &String| literal.split_once('"').and_then(|(_, rest)| rest.strip_suffix('"')).map(str::to_owned);
    let is_sentence = |text: &String| text.trim().len() > 12 && text.trim().contains(' ') && !text.contains('{');
    literals_of(source).iter().filter_map(inside).filter(is_sentence).map(|text| text.trim().to_owned()).collect()
}

/// Returns the files of other layers that contain a sentence of the layer `lambda`.
fn sentences_elsewhere(sources: &[Source]) -> Vec<String> {
    let (lambda, others): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| source.layer() == "lambda");
    let others: Vec<(&Source, Vec<String>)> = others
        .into_iter()
        .filter(|source| !["tests.rs", "samples.rs"].iter().any(|end| source.name.ends_with(end)))
        .map(|source| (source, literals_of(source)))
        .collect();
    let mut wrong = Vec::new();
    // Names of other services are no sentences, nor are fragments by which a text is recognised.
    let lambda = lambda
        .into_iter()
        .filter(|source| !source.name.ends_with("log_groups.rs") && !source.name.ends_with("traces.rs"));
    for sentence in lambda.flat_map(sentences) {
        for (source, literals) in &others {
            if literals.iter().any(|literal| literal.contains(&sentence)) {
                wrong.push(format!("{}: {sentence:?} belongs to `lambda`", source.name));
            }
        }
    }
    wrong
}

/// Returns the import cycles between files, of any length. Re-exports by the file of a folder do not count.
fn circles(product: &[(&Source, &References)]) -> Vec<String> {
    let files: BTreeMap<ModulePath, &Source> = product.iter().map(|(source, _)| (source.module(), *source)).collect();
    let file_of = |path: &ModulePath| {
        let known = |end: &usize| files.get(&path[..*end]).copied();
        (1..=path.len()).rev().find_map(|end| known(&end))
    };
    let edges: BTreeMap<&str, BTreeSet<&str>> = product
        .iter()
        .map(|(source, found)| {
            let targets = found.paths.iter().filter_map(file_of);
            let others = targets.filter(|target| !target.is_folder() && target.name != source.name);
            (source.name.as_str(), others.map(|target| target.name.as_str()).collect())
        })
        .collect();
    let mut rings = BTreeSet::new();
    for start in edges.keys() {
        // Breadth-first paths from a file to all files that it reaches.
        let mut ways: Vec<Vec<&str>> = vec![vec![start]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in way.last().and_then(|last| edges.get(last)).into_iter().flatten() {
                if next == start {
                    let least = way.iter().min().map_or("", |least| *least);
                    let at = way.iter().position(|file| *file == least).unwrap_or_default();
                    let ring: Vec<&str> = way[at..].iter().chain(&way[..at]).copied().collect();
                    rings.insert(format!("a circle of imports: {}", ring.join(" -> ")));
                } else if seen.insert(*next) {
                    ways.push([way.as_slice(), &[next]].concat());
                }
            }
        }
    }
    rings.into_iter().collect()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn all_sources() -> Vec<Source> {
    let root = root().join("src");
    let mut found = Vec::new();
    files_below(&root, &mut found);
    found.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        Source { name, text: fs::read_to_string(path).expect("UTF-8") }
    };
    found.iter().map(read).collect()
}

#[test]
fn the_house_keeps_its_order() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map");
    let wrong = violations(&all_sources(), LAYERS, &map);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Checks two layers in order, with this text planted in one of them.
#[track_caller]
fn planted(name: &str, text: &str, want: &[&str]) {
    let layers: [(&str, &[&str]); 2] = [("low", &[]), ("high", &["low"])];
    let mut sources = vec![
        Source::new("low/mod.rs", "pub mod a; pub mod b; pub struct Low;"),
        Source::new("low/a.rs", "pub struct A;"),
        Source::new("low/b.rs", "use super::a::A; pub struct B(A);"),
        Source::new("high.rs", "use crate::low::Low; pub struct High(Low);"),
    ];
    sources.retain(|source| source.name != name);
    sources.push(Source::new(name, text));
    assert_eq!(violations(&sources, &layers, "| `low` | x |\n| `high` | y |"), want, "{name}: {text}");
}

#[test]
fn the_guard_sees_what_breaks_the_order() {
    let forbidden = ["low/a.rs imports high"];
    planted("low/a.rs", "pub struct A;", &[]);
    for text in [
        "use crate::high::High;",
        "use crate::{high as h};",
        "use crate::{low::b, high::{High, self}};",
        "use super::super::high::High;",
        "use super::{super::high::High};",
        "fn f() { crate::high::f(); }",
        "fn f() { println!(\"{}\", crate::high::f()); }",
        "#[cfg(test)]\nmod tests;\n\nuse crate::high::High;",
        "#[cfg(test)]\nmod tests { use super::*; }\n\nuse crate::high::High;",
        "struct S { #[cfg(test)] samples: u8, high: crate::high::High }",
        "pub use crate::high as _x;",
    ] {
        planted("low/a.rs", &text.replace("low::b, ", ""), &forbidden);
    }
    for text in [
        "// use crate::high::High;",
        "const S: &str = \"crate::high::High\";",
        "#[cfg(test)]\nmod tests { use crate::high::High; }",
        "#[cfg(test)]\nuse crate::high::High;",
        "fn f() { other::high::f(); }",
    ] {
        planted("low/a.rs", text, &[]);
    }
}

#[test]
fn the_guard_sees_circles_unused_edges_and_layers_off_the_map() {
    let circle = ["a circle of imports: low/a.rs -> low/b.rs"];
    for text in ["use super::b::B;", "use crate::low::b;", "fn f() { super::b::f(); }", "use super::{b::{B}};"] {
        planted("low/a.rs", text, &circle);
    }
    planted("low/tests.rs", "use super::b::B;", &[]);
    planted("high.rs", "pub struct High;", &["high may import low, which it does not"]);
    planted("third.rs", "", &["third.rs: a module without a place in the layers"]);
    let off_the_map = violations(&[Source::new("low.rs", "")], &[("low", &[])], "| `high` | y |");
    assert_eq!(off_the_map, ["low: a layer that is not on the map"]);
    let long = ["x", "y", "z"].map(|name| {
        let next = match name {
            "x" => "y",
            "y" => "z",
            _ => "x",
        };
        Source::new(&format!("low/{name}.rs"), &format!("use super::{next}::T;"))
    });
    let ring = violations(&long, &[("low", &[])], "| `low` | x |");
    assert_eq!(ring, ["a circle of imports: low/x.rs -> low/y.rs -> low/z.rs"]);
}

/// Names of the types that a file defines outside of its tests; those that belong to a trait are no names of their own.
fn type_names(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at += tokens[at..].iter().position(ends_item).map_or(tokens.len(), |end| end + 1);
            continue;
        }
        match &tokens[at..] {
            [TokenTree::Ident(word), TokenTree::Ident(name), ..]
                if ["struct", "enum", "trait", "union", "type"].iter().any(|kind| word == kind) =>
            {
                found.push(name.to_string());
                at += if word == "trait" { tokens[at..].iter().position(ends_item).unwrap_or_default() } else { 1 };
            }
            [TokenTree::Ident(word), ..] if word == "impl" || word == "macro_rules" => {
                // Behind commas between its parameters.
                let body = tokens[at..].iter().position(
                    |token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
                );
                at += body.unwrap_or_default();
            }
            [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => type_names(group.stream(), found),
            _ => {}
        }
        at += 1;
    }
}

/// Type names that two files define, or one file twice.
fn names_used_twice(sources: &[Source]) -> Vec<String> {
    let mut files: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.name.ends_with("tests.rs")) {
        let mut names = Vec::new();
        type_names(TokenStream::from_str(&source.text).expect("Rust"), &mut names);
        names.into_iter().for_each(|name| files.entry(name).or_default().push(&source.name));
    }
    files.into_iter().filter(|(_, files)| files.len() > 1).map(|(name, files)| format!("{name}: {files:?}")).collect()
}

/// Whoever reads `Record` or `Head` knows which one is meant.
#[test]
fn a_type_name_has_one_meaning() {
    let twice = names_used_twice(&all_sources());
    assert!(twice.is_empty(), "{twice:#?}");
    let planted =
        |text: &str| names_used_twice(&[Source::new("a.rs", "struct A; enum B {}"), Source::new("b.rs", text)]).len();
    assert_eq!(planted("pub(crate) struct A { x: u8 }"), 1);
    assert_eq!(planted("type B = u8;"), 1);
    assert_eq!(planted("fn f() { struct A; }"), 1);
    assert_eq!(planted("impl T for U { type A = u8; } #[cfg(test)] mod tests { struct A; }"), 0);
}

#[test]
fn a_sentence_of_lambda_stands_in_one_file() {
    let wrong = sentences_elsewhere(&all_sources());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let planted = |text: &str| {
        let lambda = Source::new("lambda/a.rs", "const A: &str = \"Task timed out after \";");
        sentences_elsewhere(&[lambda, Source::new("parse/b.rs", text)]).len()
    };
    assert_eq!(planted("const B: &[u8] = b\"x Task timed out after 3\";"), 1);
    assert_eq!(planted("const B: S = S { samples: &[\"Task timed out after 3\"], x: 1 };"), 0);
    assert_eq!(planted("#[cfg(test)] mod tests { const B: &str = \"Task timed out after 3\"; }"), 0);
}

#[test]
fn every_file_says_what_it_owns() {
    let sources = all_sources().into_iter();
    let silent: Vec<String> =
        sources.filter(|source| !source.text.starts_with("//! ")).map(|source| source.name).collect();
    assert!(silent.is_empty(), "files without a module comment: {silent:#?}");
}

#[test]
fn only_the_command_line_prints_or_exits() {
    let wrong: Vec<String> = all_sources()
        .into_iter()
        .filter(|source| !source.name.starts_with("cli/") && source.name != "main.rs")
        .filter(|source| ["println!(", "eprintln!(", "process::exit("].iter().any(|call| source.text.contains(call)))
        .map(|source| source.name)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
