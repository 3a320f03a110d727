//! Containers and shapes: any bytes are decoded, and every decoded byte is in one bucket.

use lambda_triage::{AnalyzeOptions, analyze_bytes};

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let _ = lambda_triage::internal::shape_of(bytes);
    let Ok(analysis) = analyze_bytes(&[("input", bytes)], &AnalyzeOptions::default()) else { return };
    let coverage = &analysis.summary.coverage;
    assert!(coverage.bytes_read <= bytes.len() as u64, "more bytes were read than there are");
    assert!(!coverage.complete || coverage.inputs_unreadable.is_empty(), "complete, and an input was not read");
    // What is no log may be left out of an archive.
    assert!(!coverage.complete || coverage.bytes.unrecognized == 0, "complete, and something was not understood");
}
