//! Choice of the engine, and what Logs Insights may scan: estimated before, by the bytes that CloudWatch counted, or by the
//! age and the compressed size of the log groups.

use super::super::failure::PullError;
use super::super::limiter::default_rate;
use super::super::select::{Searched, Selection};
use super::super::target::Target;
use super::super::{Request, SearchEngine};
use super::queries::{SCANS, SCANS_WITH_LINES};
use crate::wire::InputProblem;

/// Price of scanning a gigabyte, in USD (us-east-1, autumn 2026).
const USD_PER_GB: f64 = 0.005;
/// Seconds that a pull by FilterLogEvents must take for the other engine to pay, which takes about half a minute.
const WORTH_S: f64 = 120.0;
/// Bytes of a page of FilterLogEvents.
const PAGE: f64 = 1_000_000.0;

/// Which engine reads what.
#[derive(Debug, Default)]
pub(in super::super) struct EngineChoice {
    /// Whether Logs Insights reads log groups that FilterLogEvents could read.
    others: bool,
    /// Whether it reads those that nothing else can.
    infrequent: bool,
    /// What is said about it before it begins.
    pub(in super::super) remark: Option<String>,
}

impl EngineChoice {
    /// Returns whether Logs Insights reads a log group.
    pub(in super::super) fn takes(&self, target: &Target) -> bool {
        can_read(target) && if target.is_infrequent() { self.infrequent } else { self.others }
    }

    /// Returns whether Logs Insights reads anything.
    pub(in super::super) fn insights(&self) -> bool {
        self.infrequent || self.others
    }
}

/// Returns whether Logs Insights can read a log group: it is that of one function.
fn can_read(target: &Target) -> bool {
    target.class.is_none() && target.is_of_one_function()
}

/// What Logs Insights would scan.
#[derive(Clone, Copy, Default)]
struct ScanEstimate {
    groups: usize,
    /// Log groups whose bytes CloudWatch counted.
    measured: usize,
    /// Bytes of the log.
    log: u64,
    /// Bytes that the queries scan of it.
    all: u64,
}

impl ScanEstimate {
    fn of<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Self {
        targets.into_iter().fold(Self::default(), |scan, target| {
            let scans = if target.is_infrequent() { SCANS_WITH_LINES } else { SCANS };
            Self {
                groups: scan.groups + 1,
                measured: scan.measured + usize::from(target.is_measured),
                log: scan.log.saturating_add(target.estimate),
                all: scan.all.saturating_add(target.estimate.saturating_mul(scans)),
            }
        })
    }

    /// Says what is scanned; `infrequent` is the part of it that is scanned for lines, too.
    fn told(self, infrequent: Self) -> String {
        let queries = match infrequent.groups {
            0 => format!("{SCANS} queries"),
            groups if groups == self.groups => {
                format!("{SCANS_WITH_LINES} queries, {} of them for lines,", SCANS_WITH_LINES - SCANS)
            }
            _ => format!("{SCANS} queries, {SCANS_WITH_LINES} where they tell the lines, too,"),
        };
        format!("{} ({queries} over {}), {}", size(self.all), size(self.log), usd(self.all))
    }
}

/// Chooses the engine. What it leaves unread is taken out of the selection, and named in it.
///
/// # Errors
/// If Logs Insights was asked for and would scan more than it may.
pub(in super::super) fn choose(
    request: &Request,
    selection: &mut Selection,
    searched: &[Searched],
) -> Result<EngineChoice, PullError> {
    let targets = || selection.targets.iter().filter(|target| can_read(target));
    let infrequent = ScanEstimate::of(targets().filter(|target| target.is_infrequent()));
    let scan = ScanEstimate::of(targets());
    if request.engine == SearchEngine::Filter || scan.groups == 0 {
        return Ok(EngineChoice::default());
    }
    let most = request.max_scan;
    let allow = |scan: ScanEstimate| size(scan.all.saturating_add(scan.all / 10)).replace(' ', "");
    if request.engine == SearchEngine::Insights {
        return match scan.all > most {
            true => Err(PullError::Usage(format!(
                "Logs Insights would scan about {}, and --max-scan allows {}: shorten the time, name fewer functions, or \
                 allow --max-scan {}",
                scan.told(infrequent),
                exactly(most),
                allow(scan)
            ))),
            false => Ok(reading(selection, scan, infrequent, most, true)),
        };
    }
    let filter_s = targets().filter(|target| !target.is_infrequent()).map(|target| {
        let rate = searched.get(target.seat).map_or(1, |one| default_rate(&one.place.region));
        target.estimate as f64 / PAGE / f64::from(request.max_rate.unwrap_or(rate))
    });
    let filter_s: f64 = filter_s.sum();
    let others = ScanEstimate::of(targets().filter(|target| !target.is_infrequent()));
    if infrequent.groups == 0 {
        let why = match others {
            _ if scan.all > most => format!(
                "Logs Insights would scan about {}, and --max-scan allows {}",
                scan.told(infrequent),
                exactly(most)
            ),
            _ if filter_s < WORTH_S => format!("this is little, about {} to read", size(scan.log)),
            _ => return Ok(reading(selection, scan, infrequent, most, true)),
        };
        return Ok(EngineChoice { remark: Some(format!("engine filter: {why}")), ..EngineChoice::default() });
    }
    if infrequent.all > most {
        let why = format!(
            "the log group has the class INFREQUENT_ACCESS, which only Logs Insights reads, and for all of this class it \
             would scan about {}, where --max-scan allows {}: shorten the time, name fewer functions, or allow --max-scan {}",
            infrequent.told(infrequent),
            exactly(most),
            allow(infrequent)
        );
        leave_out(selection, &why);
        let remark = format!("engine filter: of {} it is said why they are not read", groups(infrequent.groups));
        return Ok(EngineChoice { remark: Some(remark), ..EngineChoice::default() });
    }
    let pays = filter_s >= WORTH_S && scan.all <= most;
    Ok(match pays {
        true => reading(selection, scan, infrequent, most, true),
        false => reading(selection, infrequent, infrequent, most, false),
    })
}

/// Returns the choice by which Logs Insights reads what it can, or only what nothing else can.
fn reading(
    selection: &Selection,
    scan: ScanEstimate,
    infrequent: ScanEstimate,
    most: u64,
    others: bool,
) -> EngineChoice {
    let rest = match selection.targets.len() - scan.groups {
        0 => String::new(),
        1 => "; 1 log group of other kinds is read by FilterLogEvents".to_owned(),
        rest => format!("; {rest} log groups of other kinds are read by FilterLogEvents"),
    };
    let told = scan.told(infrequent);
    let stops = exactly(most);
    let by = match scan.measured {
        0 => "estimated by age and compressed size of the log groups (--cloudwatch-metrics tells their bytes)",
        measured if measured == scan.groups => "by the bytes that CloudWatch counted",
        _ => "by the bytes that CloudWatch counted, or estimated by age and compressed size of the log groups",
    };
    EngineChoice {
        others,
        infrequent: infrequent.groups > 0,
        remark: Some(format!("engine insights: scans about {told}, {by}; it stops at {stops}{rest}")),
    }
}

/// Takes the log groups of the class INFREQUENT_ACCESS out of a selection.
fn leave_out(selection: &mut Selection, why: &str) {
    let Selection { targets, told } = selection;
    for target in targets.iter().filter(|target| target.is_infrequent()) {
        told.unread.push(InputProblem { input: target.group.label(), reason: why.to_owned() });
        told.groups.retain(|chosen| chosen.group != target.group);
    }
    targets.retain(|target| !target.is_infrequent());
}

fn groups(count: usize) -> String {
    match count {
        1 => "1 log group".to_owned(),
        count => format!("{count} log groups"),
    }
}

/// Returns what was scanned, in words.
pub(in super::super) fn scanned(bytes: u64) -> String {
    format!("{:.3} GB ({})", bytes as f64 / 1e9, usd(bytes))
}

fn usd(bytes: u64) -> String {
    format!("about {:.2} USD", (bytes as f64 / 1e9 * USD_PER_GB).max(0.01))
}

/// Returns a limit as it was given: rounded, it could look like what exceeds it.
fn exactly(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        _ => size(bytes),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        bytes => format!("{:.1} GB", bytes as f64 / 1e9).replace(".0 GB", " GB"),
    }
}
