//! The laws that the fuzzers attack, each a function of any bytes. `tests/it/finds.rs` holds them to what was found.

pub mod analyze;
pub mod assemble;
pub mod decode;
pub mod parse;
pub mod records;
pub mod redact;
pub mod settings;
