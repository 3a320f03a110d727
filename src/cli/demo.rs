//! The sample logs of `demo`: five invented functions that show every kind of failure, in the older and the newer
//! style of text lines and in JSON. A log's path tells its function, as in a directory of exports. They are fixtures of the
//! tests as well, which say what is expected of each.

/// Name and content of a log of the fixtures.
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
