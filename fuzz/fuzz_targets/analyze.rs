//! The whole analysis, with its laws: threads change nothing, numbers add up, every format is valid and inert.
#![no_main]

#[path = "../laws/analyze.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
