//! Masking: twice is once, and lines stay lines.

use lambda_triage::internal::{Redaction, SecretPattern};

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let patterns =
        [r"e", r"[a-z]+\[?", r"x(?P<secret>..)"].map(|pattern| SecretPattern::parse(pattern).expect("valid"));
    let own = patterns.map(|pattern| Redaction::on().with_patterns([pattern]));
    for redaction in [Redaction::on(), Redaction::on().with_personal(true)].iter().chain(&own) {
        let once = redaction.apply(text);
        assert_eq!(redaction.apply(&once), once, "masking what is masked changed it");
    }
    assert_eq!(Redaction::off().apply(text), text);
}
