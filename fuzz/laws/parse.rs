//! Messages: whatever a line says is parsed; what the sieve dismisses is no line of the platform.

use lambda_triage::internal::{may_matter, parse, platform_line};

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let platform = platform_line(bytes).is_some();
    assert!(!platform || may_matter(bytes), "a line of the platform was dismissed");
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = parse(text);
    }
}
