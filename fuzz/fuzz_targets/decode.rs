//! Containers and shapes: any bytes are decoded, and every decoded byte is in one bucket.
#![no_main]

#[path = "../laws/decode.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
