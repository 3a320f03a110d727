//! What Lambda, its runtimes and CloudWatch write: words, sentences, labels, keys and names, each in one place.
//!
//! The bottom layer. It says how something is written and finds it in text; what it means for an attempt is for the layers
//! above.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub(crate) mod levels;
pub(crate) mod loaders;
mod log_groups;
pub(crate) mod platform;
mod request_id_keys;
pub(crate) mod runtimes;
mod time;
mod traces;

pub(crate) use log_groups::foreign_group;
pub(crate) use request_id_keys::{REQUEST_ID_KEYS, marks_function_line};
pub(crate) use time::{after_go_date, go_date};
pub(crate) use traces::has_trace;
