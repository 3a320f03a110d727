//! The sample logs of `demo`: five invented functions that show every kind of failure, in the older and the newer
//! style of text lines and in JSON. A log's path tells its function, as in a directory of exports.

/// Name and content of each sample.
pub(super) static SAMPLES: &[(&str, &[u8])] = &[
    ("demo/aws/lambda/order-router/sample.log", include_bytes!("demo/order-router.log")),
    ("demo/aws/lambda/orders-api/version-42.log", include_bytes!("demo/orders-api.log")),
    ("demo/aws/lambda/orders-api/version-43.log", include_bytes!("demo/orders-api-43.log")),
    ("demo/aws/lambda/payments-worker/sample.log", include_bytes!("demo/payments-worker.log")),
    ("demo/aws/lambda/reports/sample.jsonl", include_bytes!("demo/reports.jsonl")),
    ("demo/aws/lambda/thumbnails/sample.log", include_bytes!("demo/thumbnails.log")),
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
