//! Conditions of the gate, the configuration file and its markers: any text is taken or refused with a reason.

use lambda_triage::internal::{check_condition, check_configuration};

/// Holds the law to any bytes.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for outcome in [check_condition(text), check_configuration(text)] {
        assert!(outcome.err().is_none_or(|reason| !reason.trim().is_empty()), "refused without a reason");
    }
}
