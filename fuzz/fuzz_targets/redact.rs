//! Masking: twice is once, and lines stay lines.
#![no_main]

#[path = "../laws/redact.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
