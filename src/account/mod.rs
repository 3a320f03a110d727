//! What an AWS account tells beside its logs: CloudWatch metrics, the configuration of functions, and records of events
//! that a destination or a dead-letter queue caught.
//!
//! Reads the documents that the AWS CLI, deployment tools and queues hand out; knows neither files nor logs.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod checks;
mod cloudwatch_metrics;
mod config;
mod counted;
mod destinations;
mod documents;
#[cfg(feature = "cloudwatch")]
mod log_group_metrics;
#[cfg(test)]
mod tests;

use crate::wire::InputProblem;

pub(crate) use checks::{all_checks, checks};
#[allow(unreachable_pub, reason = "what the options of a run hold is as public as they are")]
pub use cloudwatch_metrics::FunctionMetrics;
#[cfg(feature = "cloudwatch")]
pub(crate) use cloudwatch_metrics::MetricDataCall;
pub(crate) use cloudwatch_metrics::{METRICS_OF_A_FUNCTION, MetricFit, MetricPlace, MetricWindow, calls, cost_to_name};
pub(crate) use config::{AskedFunction, FunctionConfig};
pub(crate) use counted::{AllCounted, CountedSuccesses, OfFunction, bucket_width_ms, duration_of_cell};
#[cfg(feature = "cloudwatch")]
pub(crate) use counted::{CELLS_PER_E, LEAST_MS, cell_of};
pub(crate) use destinations::{CaughtFunction, LoggedEvent, UnseenEvent};
#[cfg(feature = "cloudwatch")]
pub(crate) use log_group_metrics::{Incoming, IncomingEvents, incoming_bytes, incoming_calls};
#[allow(unreachable_pub, reason = "what the options of a run hold is as public as they are")]
pub use {
    config::AwsConfig,
    destinations::{CaughtEvent, Destinations},
};

/// What is known of the account, each part only if it was given.
#[derive(Debug, Default)]
pub struct AccountFacts {
    /// Events that something caught.
    pub destinations: Option<Destinations>,
    /// CloudWatch metrics of functions.
    pub cloudwatch_metrics: Option<FunctionMetrics>,
    /// Configuration of functions, queues and mappings.
    pub aws_config: Option<AwsConfig>,
    /// Whether no configuration is to be used, not even one that a saved pull has with it.
    pub aws_config_off: bool,
    /// Inputs of these that could not be read.
    pub problems: Vec<InputProblem>,
    /// What was found in a directory and is nothing of the kind.
    pub skipped: Vec<InputProblem>,
}

impl AccountFacts {
    /// Returns what must be known about these inputs besides the problems, and about the metrics and configuration of
    /// the run.
    pub(crate) fn notes(&self, metrics: Option<&FunctionMetrics>, config: Option<&AwsConfig>) -> Vec<String> {
        let destinations = self.destinations.iter().flat_map(Destinations::notes);
        let metrics = metrics.into_iter().flat_map(FunctionMetrics::notes);
        destinations.chain(metrics).chain(config.into_iter().flat_map(AwsConfig::notes)).collect()
    }
}
