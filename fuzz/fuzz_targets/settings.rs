//! Conditions of the gate, the configuration file and its markers: any text is taken or refused with a reason.
#![no_main]

use lambda_triage::internal::{check_condition, check_configuration};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for outcome in [check_condition(text), check_configuration(text)] {
        assert!(outcome.err().is_none_or(|reason| !reason.trim().is_empty()), "refused without a reason");
    }
});
