//! Masking: twice is once, and lines stay lines.
#![no_main]

use lambda_triage::internal::{Redaction, SecretPattern};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let patterns = [r"e", r"[a-z]+\[?", r"x(?P<secret>..)"].map(|pattern| SecretPattern::parse(pattern).expect("valid"));
    let own = patterns.map(|pattern| Redaction::on().with_patterns([pattern]));
    for redaction in [Redaction::on(), Redaction::on().with_personal(true)].iter().chain(&own) {
        let once = redaction.apply(text);
        assert_eq!(redaction.apply(&once), once, "masking what is masked changed it");
    }
    assert_eq!(Redaction::off().apply(text), text);
});
