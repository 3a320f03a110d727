//! What people paste into `explain` leads to the right page, in text and in JSON, or to the answer that nothing matches.

use serde_json::Value;

use super::harness::{Run, root};

/// Iterates over what is pasted, with the code that must be in the answer.
fn pasted() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("fixtures/explain.txt")).expect("the table");
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|row| row.rsplit_once('\t').map(|(text, code)| (text.to_owned(), code.to_owned())).expect("a tab"))
        .collect()
}

#[test]
fn whatever_is_pasted_leads_to_its_page() {
    let rows = pasted();
    let mut wrong = Vec::new();
    for (text, code) in &rows {
        let done = Run::new(["explain", text]).done();
        let status = done.status;
        let answer = &done.stdout;
        let has = |begin: String| answer.lines().any(|line| line.starts_with(&begin));
        let right = if code == "-" {
            status == 1 && done.stderr.contains("nothing in the catalogue matches")
        } else {
            status == 0 && (has(format!("{code}: ")) || has(format!("  {code} ")))
        };
        if !right {
            wrong.push(format!("{text:?}: {code}, not {}", answer.lines().next().unwrap_or("nothing")));
        }
    }
    assert!(rows.len() >= 150 && wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), rows.len());
}

#[test]
fn the_same_is_a_document_that_fits_its_schema() {
    let schema: Value = serde_json::from_str(&Run::new(["schema", "explain"]).stdout()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let all: Value = serde_json::from_str(&Run::new(["explain", "--format", "json"]).stdout()).unwrap();
    validator.validate(&all).unwrap();
    assert!(all["codes"].as_array().unwrap().len() > 80 && all["codes"][0]["page"].is_null());
    for (text, code) in pasted().into_iter().filter(|(_, code)| code != "-").step_by(5) {
        let found: Value = serde_json::from_str(&Run::new(["explain", &text, "--format", "json"]).stdout()).unwrap();
        validator.validate(&found).unwrap();
        let codes = found["codes"].as_array().unwrap();
        assert!(codes.iter().any(|one| one["code"] == code.as_str()), "{text}: {found:#}");
    }
    let rules: Value = serde_json::from_str(&Run::new(["explain", "rules", "--format", "json"]).stdout()).unwrap();
    assert!(rules["glossary"].as_array().unwrap().len() > 5);
}

#[test]
fn a_page_tells_of_one_invoker() {
    let page = Run::new(["explain", "timeout.invoke", "--invoker", "sqs"]).stdout();
    assert!(page.contains("SQS: the whole batch") && !page.contains("Step Functions: only"), "{page}");
}
