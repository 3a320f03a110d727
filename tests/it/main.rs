//! The integration tests: the built program and the shape of its source, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
