//! Choice of the engine, and what Logs Insights may scan: estimated before, by the size and age of the log groups.

use super::super::failure::PullError;
use super::super::limiter::default_rate;
use super::super::select::{Searched, Selection};
use super::super::target::Target;
use super::super::{Request, SearchEngine};
use super::queries::SCANS;
use crate::model::function_from_group;

/// Price of scanning a gigabyte, in USD (us-east-1, autumn 2026).
const USD_PER_GB: f64 = 0.005;
/// Seconds that a pull by FilterLogEvents must take for the other engine to pay, which takes about half a minute.
const WORTH_S: f64 = 120.0;
/// Bytes of a page of FilterLogEvents.
const PAGE: f64 = 1_000_000.0;

/// Which engine reads what.
#[derive(Debug, Default)]
pub(in super::super) struct EngineChoice {
    /// Whether any log group is read by Logs Insights.
    pub(in super::super) insights: bool,
    /// What is said about it before it begins.
    pub(in super::super) remark: Option<String>,
}

/// Returns whether Logs Insights can read a log group: it is that of one function.
pub(in super::super) fn can_read(target: &Target) -> bool {
    target.only.is_none() && target.class.is_none() && function_from_group(&target.group.name).is_some()
}

/// Chooses the engine.
///
/// # Errors
/// If Logs Insights was asked for and would scan more than it may.
pub(in super::super) fn choose(
    request: &Request,
    selection: &Selection,
    searched: &[Searched],
) -> Result<EngineChoice, PullError> {
    let targets: Vec<&Target> = selection.targets.iter().filter(|target| can_read(target)).collect();
    if request.engine == SearchEngine::Filter || targets.is_empty() {
        return Ok(EngineChoice::default());
    }
    let bytes: u64 = targets.iter().map(|target| target.estimate).sum();
    let scan = bytes.saturating_mul(SCANS);
    let told = format!("{} ({SCANS} queries over {}), {}", size(scan), size(bytes), usd(scan));
    let filter_s = targets.iter().map(|target| {
        let rate = searched.get(target.seat).map_or(1, |one| default_rate(&one.place.region));
        target.estimate as f64 / PAGE / f64::from(request.max_rate.unwrap_or(rate))
    });
    let filter_s: f64 = filter_s.sum();
    match request.engine {
        SearchEngine::Auto if scan > request.max_scan => Ok(EngineChoice {
            insights: false,
            remark: Some(format!(
                "engine filter: Logs Insights would scan about {told}, and --max-scan allows {}",
                size(request.max_scan)
            )),
        }),
        SearchEngine::Auto if filter_s < WORTH_S => Ok(EngineChoice {
            insights: false,
            remark: Some(format!("engine filter: this is little, about {} to read", size(bytes))),
        }),
        _ if scan > request.max_scan => Err(PullError::Usage(format!(
            "Logs Insights would scan about {told}, and --max-scan allows {}: shorten the time, name fewer functions, or \
             allow --max-scan {}",
            size(request.max_scan),
            size(scan.saturating_add(scan / 10)).replace(' ', "")
        ))),
        _ => {
            let others = selection.targets.len() - targets.len();
            let others = match others {
                0 => String::new(),
                1 => "; 1 log group of other kinds is read by FilterLogEvents".to_owned(),
                others => format!("; {others} log groups of other kinds are read by FilterLogEvents"),
            };
            Ok(EngineChoice {
                insights: true,
                remark: Some(format!(
                    "engine insights: scans about {told}, by size and age of the log groups; it stops at {}{others}",
                    size(request.max_scan)
                )),
            })
        }
    }
}

fn usd(bytes: u64) -> String {
    format!("about {:.2} USD", (bytes as f64 / 1e9 * USD_PER_GB).max(0.01))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        bytes => format!("{:.1} GB", bytes as f64 / 1e9).replace(".0 GB", " GB"),
    }
}
