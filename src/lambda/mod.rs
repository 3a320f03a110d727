//! The texts that Lambda, its runtimes and CloudWatch write: words, sentences, labels, keys and names, each in one
//! place.
//!
//! The bottom layer: it knows the spelling of texts and finds them; their meaning for an attempt belongs to higher
//! layers.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub(crate) mod aws_cli;
pub(crate) mod emulator;
#[cfg(any(feature = "cloudwatch", test))]
pub(crate) mod failures;
pub(crate) mod invoke;
pub(crate) mod levels;
pub(crate) mod loaders;
mod log_groups;
pub(crate) mod platform;
#[cfg(feature = "cloudwatch")]
pub(crate) mod reports;
mod request_id_keys;
pub(crate) mod runtimes;
pub(crate) mod sentences;
mod time;
mod traces;

pub(crate) use log_groups::{LAMBDA_INSIGHTS, foreign_group};
pub(crate) use request_id_keys::{REQUEST_ID_KEYS, key_of_function_line};
pub(crate) use time::{after_go_date, go_date};
pub(crate) use traces::{begins_with_error, has_trace, tells_of_run};
