//! Checks: what the configuration of a function says against what the function did.
//!
//! A pure function of a summary and the configuration. A check is an entry in one of the lists: an id, how grave it is, what
//! it says, and a test that returns the evidence.

mod events;
mod limits;
mod runtime;
mod settings;
mod sources;
#[cfg(test)]
mod tests;

use super::config::{AskedFunction, AwsConfig, Described, FunctionConfig, ToldFact};
use crate::model::{Timestamp, count};
use crate::wire::{Check, CheckSeverity, FunctionSummary, Summary, Window};

/// Most checks that are listed.
const LISTED: usize = 1_000;

/// A check.
#[derive(Debug)]
pub(crate) struct CheckInfo {
    /// Its id in the summary.
    pub id: &'static str,
    /// How grave it is.
    pub severity: CheckSeverity,
    /// What it finds and what to do, in one or two sentences.
    pub about: &'static str,
    /// Test that finds it.
    test: fn(&CheckedFunction<'_>) -> Vec<CheckHit>,
}

/// Lists of all checks.
const LISTS: [&[CheckInfo]; 5] = [limits::CHECKS, sources::CHECKS, events::CHECKS, settings::CHECKS, runtime::CHECKS];

/// Returns every check.
pub(crate) fn all_checks() -> impl Iterator<Item = &'static CheckInfo> {
    LISTS.into_iter().flatten()
}

/// A function and its configuration.
struct CheckedFunction<'a> {
    row: &'a FunctionSummary,
    window: &'a Window,
    config: Option<&'a FunctionConfig<'a>>,
    /// The version that was seen first last: what is configured is held against this one.
    version: Option<&'a str>,
}

/// What a check found.
struct CheckHit {
    evidence: String,
    /// Input that tells the configuration.
    source: Option<String>,
}

impl CheckHit {
    /// Returns what was found by the facts of one input.
    fn by(input: &str, evidence: String) -> Vec<Self> {
        vec![Self { evidence, source: Some(input.to_owned()) }]
    }
}

/// What the configuration tells of the version that ran.
struct ToldSetting<'a, T> {
    value: T,
    input: &'a str,
    /// What must be added where another version is described.
    caveat: String,
}

impl<'a> CheckedFunction<'a> {
    /// Returns a setting of the version that ran, else of `$LATEST`, which is said then.
    fn setting<T>(
        &self,
        of: impl Fn(&FunctionConfig<'a>, Option<&str>) -> Option<ToldFact<'a, T>>,
    ) -> Option<ToldSetting<'a, T>> {
        let (ToldFact { value, input }, described) = self.config?.nearest(self.version, of)?;
        let caveat = match (described, self.version) {
            (Described::Latest, Some(version)) if version != "$LATEST" => {
                format!(" (of $LATEST; version {version} ran, which may have another)")
            }
            _ => String::new(),
        };
        Some(ToldSetting { value, input, caveat })
    }

    /// Returns when the function was changed within the time of the log.
    fn changed_at(&self) -> Option<ToldSetting<'a, Timestamp>> {
        let time = |text: &Option<String>| Some(Timestamp::parse_prefix(text.as_deref()?.as_bytes())?.0);
        let (start, end) = time(&self.window.start).zip(time(&self.window.end))?;
        self.setting(FunctionConfig::last_modified).filter(|changed| start < changed.value && changed.value <= end)
    }

    /// Returns a setting that attempts may have had another of, before a change within the time of the log.
    fn limit<T>(
        &self,
        of: impl Fn(&FunctionConfig<'a>, Option<&str>) -> Option<ToldFact<'a, T>>,
    ) -> Option<ToldSetting<'a, T>> {
        let mut setting = self.setting(of)?;
        if let Some(changed) = self.changed_at() {
            setting.caveat.push_str(&format!(" (changed at {}: earlier attempts may have had another)", changed.value));
        }
        Some(setting)
    }

    /// Returns whether an attempt or an init failed.
    fn failed(&self) -> bool {
        self.row.failed > 0 || self.row.environment_failures > 0
    }
}

/// Checks that were found.
#[derive(Debug, Default)]
pub(crate) struct FoundChecks {
    /// The gravest, in order.
    pub listed: Vec<Check>,
    /// Number of all, and of those with severity high.
    pub all: u64,
    pub high: u64,
}

/// Finds what is wrong in the configuration of the functions of a summary. A check without a failure behind it counts only
/// if it is grave or the function has findings.
pub(crate) fn checks(summary: &Summary, config: Option<&AwsConfig>) -> FoundChecks {
    let mut listed: Vec<Check> =
        summary.functions.iter().flat_map(|row| checks_of(row, &summary.window, config)).collect();
    listed.sort_by(|a, b| key(a).cmp(&key(b)));
    listed.dedup();
    let all = listed.len() as u64;
    let high = listed.iter().filter(|check| check.severity == CheckSeverity::High).count() as u64;
    listed.truncate(LISTED);
    FoundChecks { listed, all, high }
}

type CheckKey<'a> = (CheckSeverity, &'a Option<String>, &'a Option<String>, &'a Option<String>, &'a str, &'a str);

fn key(check: &Check) -> CheckKey<'_> {
    let Check { severity, function, account_id, region, id, evidence, .. } = check;
    (*severity, function, account_id, region, id, evidence)
}

fn checks_of(row: &FunctionSummary, window: &Window, config: Option<&AwsConfig>) -> Vec<Check> {
    let config = config.zip(row.function.as_deref()).and_then(|(config, name)| {
        let (account_id, region) = (row.account_id.as_deref(), row.region.as_deref());
        config.function(AskedFunction { name, account_id, region })
    });
    let version = row.versions.last().map(|version| version.version.as_str());
    let now = CheckedFunction { row, window, config: config.as_ref(), version };
    let counts = |info: &&CheckInfo| info.severity == CheckSeverity::High || !row.findings.is_empty();
    let check = |info: &CheckInfo, found: CheckHit| Check {
        id: info.id.to_owned(),
        function: row.function.clone(),
        account_id: row.account_id.clone(),
        region: row.region.clone(),
        severity: info.severity,
        evidence: found.evidence,
        source: found.source,
    };
    let wanted = all_checks().filter(counts);
    wanted.flat_map(|info| (info.test)(&now).into_iter().map(move |found| check(info, found))).collect()
}

/// Writes a span of time: `850 ms`, `25.1 s`.
fn span(ms: f64) -> String {
    match ms {
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if (ms / 1_000.0).fract() == 0.0 => format!("{:.0} s", ms / 1_000.0),
        ms => format!("{:.1} s", ms / 1_000.0),
    }
}
