//! Streams: one that is cut into two inputs gives the attempts of the whole.
#![no_main]

#[path = "../laws/assemble.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
