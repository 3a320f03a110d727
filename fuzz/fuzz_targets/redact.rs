//! Masking: twice is once, and lines stay lines.
#![no_main]

use lambda_triage::internal::Redaction;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let redaction = Redaction::on();
    let once = redaction.apply(text);
    assert_eq!(redaction.apply(&once), once, "masking what is masked changed it");
    assert_eq!(Redaction::off().apply(text), text);
});
