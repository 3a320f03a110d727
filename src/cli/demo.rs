//! Sample logs of `demo`: five invented functions that show every kind of failure, as older and newer text lines and as
//! JSON. A log's path gives its function, as in a directory of exports. The tests use the same files as fixtures and
//! state what is expected of each.

/// Expands to the name and content of one fixture log.
macro_rules! sample {
    ($path:literal) => {
        (concat!("demo/aws/lambda/", $path), include_bytes!(concat!("../../fixtures/logs/aws/lambda/", $path)))
    };
}

/// Name and content of each sample.
pub(super) static SAMPLES: &[(&str, &[u8])] = &[
    sample!("order-router/sample.log"),
    sample!("orders-api/version-42.log"),
    sample!("orders-api/version-43.log"),
    sample!("payments-worker/sample.log"),
    sample!("reports/sample.jsonl"),
    sample!("thumbnails/sample.log"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_readable_text_with_reports() {
        for (name, bytes) in SAMPLES {
            let text = std::str::from_utf8(bytes).unwrap();
            let reports = text.lines().filter(|line| line.contains(" REPORT ") || line.contains("platform.report"));
            assert!(reports.count() >= 1, "{name}");
        }
    }
}
