//! Records: what is written is read back to the same answer, and bytes that look like records break nothing.

use lambda_triage::{AnalyzeOptions, analyze_bytes};

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let mut options = AnalyzeOptions::default();
    options.records = true;
    let Ok(mut first) = analyze_bytes(&[("log", bytes)], &options) else { return };
    let mut records = Vec::new();
    first.write_records(&mut records).expect("the spool is there");
    for line in records.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let record: serde_json::Value = serde_json::from_slice(line).expect("a record is JSON");
        assert!(record["id"].is_string());
    }
    // Records have each attempt once; which functions have it in common, they no longer tell.
    if first.summary.coverage.notes.iter().any(|note| note.contains("have attempts in common")) {
        return;
    }
    let Ok(mut second) = analyze_bytes(&[("records", &records)], &options) else { return };
    let numbers = |summary: &lambda_triage::wire::Summary| {
        let totals = &summary.totals;
        (totals.attempts, totals.events, totals.ok, totals.incomplete, totals.failures, totals.outcomes)
    };
    assert_eq!(numbers(&second.summary), numbers(&first.summary), "records read back give another answer");
    let mut again = Vec::new();
    second.write_records(&mut again).expect("the spool is there");
    assert!(again == records, "records read back are other records");
}
