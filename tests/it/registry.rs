//! The program's registries: unique names, a description for each entry, and a place in the README.

use std::collections::BTreeSet;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use lambda_triage::internal::CODES;
use lambda_triage::internal::RENDERERS;
use lambda_triage::internal::RULES;
use lambda_triage::internal::SHAPES;

use super::architecture::facts_of_catalogue;
use super::harness::{LOGS, Run};

#[track_caller]
fn unique<'a>(what: &str, names: impl IntoIterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(!name.trim().is_empty(), "{what}: an empty name");
        assert!(seen.insert(name), "{what}: {name} twice");
    }
    assert!(!seen.is_empty(), "{what}: none");
}

#[test]
fn names_are_unique() {
    unique("formats", RENDERERS.iter().map(|one| one.name));
    unique("shapes", SHAPES.iter().map(|one| one.name));
    unique("rules", RULES.iter().map(|one| one.id));
    unique("codes", CODES.iter().map(|one| one.id));
}

#[test]
fn each_says_what_it_is() {
    assert!(RENDERERS.iter().all(|one| one.description.len() > 10));
    assert!(SHAPES.iter().all(|one| one.about.len() > 10 && !one.samples().is_empty()));
    assert!(RULES.iter().all(|one| one.explanation.len() > 10));
    assert!(CODES.iter().all(|one| one.title.len() > 5 && one.page(None).len() > 100));
}

/// The table has 28 columns for what to do.
#[test]
fn every_code_says_in_a_few_words_what_to_do() {
    for code in CODES {
        assert!((5..=28).contains(&code.brief.len()) && code.brief.is_ascii(), "{}: {:?}", code.id, code.brief);
        assert!(!code.brief.ends_with('.') && !code.brief.starts_with(char::is_uppercase), "{}", code.id);
    }
}

#[test]
fn every_shape_reads_its_samples() {
    for shape in SHAPES {
        for sample in shape.samples() {
            let done = Run::analyze(["-"]).input(*sample).done();
            // Some samples are cut off on purpose.
            assert!([0, 3, 4].contains(&done.status), "{}: {}", shape.name, done.stderr);
        }
    }
}

#[test]
fn every_code_has_a_page_and_is_in_the_list() {
    let list = Run::new(["explain"]).stdout();
    for code in CODES {
        assert!(list.contains(code.id), "{} is not in the list", code.id);
        assert!(Run::new(["explain", code.id]).stdout().len() > 100, "{}", code.id);
    }
    let done = Run::new(["explain", "timeout.invok"]).status(2);
    assert!(done.stderr.contains("timeout.invoke"), "{}", done.stderr);
}

#[test]
fn every_code_of_the_fixtures_is_in_the_catalogue() {
    for record in Run::analyze([LOGS]).records() {
        let mut codes = vec![record["code"].as_str().unwrap().to_owned()];
        for list in ["contributing", "observations"] {
            codes.extend(record[list].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()));
        }
        for code in codes {
            assert!(CODES.iter().any(|known| known.id == code), "{code} has no page");
        }
    }
}

#[test]
fn the_documentation_names_every_format_and_category() {
    let readme = super::harness::documentation();
    for renderer in RENDERERS {
        assert!(readme.contains(&format!("| `{}` |", renderer.name)), "format {}", renderer.name);
    }
    for category in lambda_triage::internal::Category::FAILURES {
        assert!(readme.contains(&format!("`{}`", category.id())), "category {}", category.id());
    }
}

/// Reduces a schema to what scripts rely on: names and types, not descriptions.
fn without_words(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|key, _| !matches!(key.as_str(), "description" | "title" | "$id"));
            members.values_mut().for_each(without_words);
        }
        Value::Array(items) => items.iter_mut().for_each(without_words),
        _ => {}
    }
}

/// An added field changes the version of the format, and this hash.
#[test]
fn the_schema_is_that_of_its_version() {
    const RECORDED: (u64, u64) = (5, 8_592_333_454_693_786_901);
    let mut text = String::new();
    for name in ["summary", "record", "ledger", "show", "diff", "explain"] {
        let mut schema: Value = serde_json::from_str(&Run::new(["schema", name]).stdout()).unwrap();
        without_words(&mut schema);
        text += &schema.to_string();
    }
    let summary: Value = serde_json::from_str(&Run::new(["demo", "--format", "json"]).stdout()).unwrap();
    let now = (summary["schema"].as_u64().unwrap(), xxh3_64(text.as_bytes()));
    assert_eq!(now, RECORDED, "raise SCHEMA_VERSION in src/wire/mod.rs, and record both here");
}

/// A changed code, signature or sentence of advice also changes the version of the catalogue, and this hash.
#[test]
fn the_catalogue_is_that_of_its_version() {
    const RECORDED: (&str, u64) = ("6", 14_312_266_748_365_485_702);
    let hash = xxh3_64(facts_of_catalogue().as_bytes());
    let summary: Value = serde_json::from_str(&Run::new(["demo", "--format", "json"]).stdout()).unwrap();
    let now = (summary["catalogue_version"].as_str().unwrap(), hash);
    assert_eq!(now, RECORDED, "raise CATALOGUE_VERSION in src/catalogue/mod.rs, and record both here");
}
