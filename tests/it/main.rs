//! The integration tests: the built program, its fixtures and the shape of its source, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "the modules of one binary")]

#[cfg(feature = "cloudwatch")]
mod account;
mod advice;
mod architecture;
mod aws_config;
mod beside_the_log;
mod broken_json;
mod causes;
mod cli;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
mod codes;
mod commands;
mod compact;
mod config;
mod containers;
mod copies;
mod corpus;
mod cut_attempts;
mod cut_errors;
mod diff;
mod downstream;
mod early;
mod early_deaths;
mod emulators;
mod environments;
mod errors_alone;
#[cfg(feature = "cloudwatch")]
mod estate;
mod events;
#[cfg(unix)]
mod examples;
mod explain;
mod figures;
mod finds;
#[cfg(feature = "cloudwatch")]
mod follow;
mod formats;
#[cfg(target_os = "linux")]
mod full_disk;
mod gate;
mod generate;
mod glued;
mod harness;
mod hostile;
mod html;
mod imitations;
#[cfg(feature = "cloudwatch")]
mod insights;
#[cfg(feature = "cloudwatch")]
mod insights_corpus;
#[cfg(feature = "cloudwatch")]
mod insights_doubt;
#[cfg(feature = "cloudwatch")]
mod insights_lines;
#[cfg(all(unix, feature = "cloudwatch"))]
mod kept;
mod lambda_insights;
mod late_names;
mod line_by_line;
mod line_forms;
mod masked_ids;
mod merged;
mod nestings;
mod newest_first;
mod odd_times;
mod order;
#[cfg(unix)]
mod outputs;
mod own_errors;
mod pasted;
mod picked;
mod printed_in_a_log;
#[cfg(feature = "cloudwatch")]
mod pull_config;
#[cfg(feature = "cloudwatch")]
mod pull_errors;
#[cfg(feature = "cloudwatch")]
mod pull_metrics;
mod rare_forms;
mod readme;
mod registry;
mod renderings;
#[cfg(feature = "cloudwatch")]
mod resume;
#[cfg(unix)]
mod runners;
mod runtimes;
mod secrets;
mod selection;
mod serverless_framework;
mod shapes;
mod shards;
#[cfg(target_os = "linux")]
mod signals;
mod sparse_lines;
#[cfg(unix)]
mod special_files;
mod spoilt;
mod stores;
#[cfg(target_os = "linux")]
mod threads;
mod told_of_more;
mod truth;
mod unread;
mod verdicts;
mod view;
