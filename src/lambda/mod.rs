//! What Lambda and its runtimes write, and what CloudWatch calls it: names, sentences and line heads, each in one place.
//!
//! The bottom layer. It finds and names; what a line means for an attempt is for the layers above.

mod log_groups;

pub(crate) use log_groups::foreign_group;
