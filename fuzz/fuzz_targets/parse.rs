//! Messages: whatever a line says is parsed; what the sieve dismisses is no line of the platform.
#![no_main]

#[path = "../laws/parse.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
