//! Records: what is written is read back to the same answer, and bytes that look like records break nothing.
#![no_main]

#[path = "../laws/records.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
