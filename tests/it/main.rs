//! The integration tests: the built program, its fixtures and the shape of its source, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
mod cli;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
mod corpus;
mod gate;
mod generate;
mod harness;
mod hostile;
mod order;
mod readme;
mod registry;
mod selection;
mod shards;
mod truth;
