//! The command `cloudwatch-query`: prints the calls of `GetMetricData` whose answers `--cloudwatch-metrics` reads, for the
//! functions and the time of an answer.

use std::collections::BTreeSet;
use std::io;

use super::answers::NamedAnswer;
use super::args::CloudwatchQueryArgs;
use super::exit::{ExitStatus, RunError};
use super::options::Terminal;
use super::{complain, print_text};
use crate::account::{METRICS_OF_A_FUNCTION, MetricPlace, MetricWindow, calls, cost_to_name};
use crate::model::Timestamp;
use crate::pipeline::{self, NameFilter};
use crate::source::now;
use crate::wire::{FunctionSummary, Summary};

/// Prints one call a line.
pub(super) fn run(args: &CloudwatchQueryArgs, terminal: &Terminal) -> Result<ExitStatus, RunError> {
    let summary = match NamedAnswer::open(&args.file, &terminal.stop)? {
        NamedAnswer::Summary(summary) => *summary,
        NamedAnswer::Logs(logs) => {
            let options = pipeline::Options { stop: terminal.stop.clone(), ..pipeline::Options::default() };
            logs.analyze(&options).map_err(RunError::from)?.summary
        }
    };
    let filter = NameFilter::new(&args.only).map_err(RunError::from)?;
    let in_region = |row: &&FunctionSummary| args.region.is_none() || row.region == args.region;
    let rows: Vec<&FunctionSummary> =
        summary.functions.iter().filter(|row| filter.wants(row.function.as_deref())).filter(in_region).collect();
    let places: BTreeSet<_> = rows.iter().map(|row| (row.account_id.as_deref(), row.region.as_deref())).collect();
    if places.len() > 1 {
        let regions: BTreeSet<&str> = rows.iter().filter_map(|row| row.region.as_deref()).collect();
        let regions = regions.into_iter().collect::<Vec<_>>().join(", ");
        return Err(RunError::usage(format!(
            "a call asks one region of one account, and the functions are in several ({regions}): name one with --region, \
             and functions with --only"
        )));
    }
    let place = places.first().map(|(account_id, region)| MetricPlace::new(*account_id, *region)).unwrap_or_default();
    let names: BTreeSet<&str> = rows.iter().filter_map(|row| row.function.as_deref()).collect();
    if names.is_empty() {
        return Err(RunError::usage(
            "no function to ask for: the answer names none that is selected; name the file of another one".to_owned(),
        ));
    }
    let window = window(&summary)
        .ok_or_else(|| RunError::usage("the answer has no time to ask for: its log has no times".to_owned()))?;
    if let Some(usd) = cost_to_name(names.len() * METRICS_OF_A_FUNCTION) {
        complain(&format!("CloudWatch charges about {usd:.2} USD for the answer"));
    }
    let mut lines = String::new();
    // Metrics are kept in fewer data points the older they are.
    let now = now().ok_or_else(|| RunError::usage("the clock of this machine is wrong"))?;
    for call in calls(names, &place, window, now) {
        let line = serde_json::to_string(&call).map_err(|error| RunError::io(io::Error::from(error).to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    print_text(&lines)
}

/// Returns the time of an answer, in whole minutes.
fn window(summary: &Summary) -> Option<MetricWindow> {
    let at = |text: &Option<String>| Timestamp::parse_prefix(text.as_deref()?.as_bytes()).map(|(at, _)| at);
    let window = &summary.window;
    MetricWindow::of_log(at(&window.start)?, at(&window.end)?, window.source == "given")
}
