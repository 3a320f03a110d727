//! Conditions of the gate, the configuration file and its markers: any text is taken or refused with a reason.
#![no_main]

#[path = "../laws/settings.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
