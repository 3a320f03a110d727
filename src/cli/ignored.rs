//! The ignore list of the configuration file: failures that the gate leaves out for a while, for a reason. They are shown
//! like all others; the answer says how many they are, which entries fit nothing, and which are over.

use std::collections::BTreeSet;

use globset::{Glob, GlobMatcher};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::gate::{self, GateRule};
use crate::catalogue;
use crate::compare::{NamedSummary, compare};
use crate::model::{Category, nearest, suggestion};
use crate::render::one_line;
use crate::wire::{Cause, Finding, FunctionSummary, Gate, IgnoreState, IgnoredFailures, Summary};

/// An entry of the list. At least one of function, code and fingerprint says which failures it is about.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "IgnoreForm")]
#[schemars(with = "IgnoreForm")]
pub(super) struct IgnoreEntry {
    function: Option<FunctionGlob>,
    code: Option<CodeOrCategory>,
    fingerprint: Option<String>,
    until: Option<Date>,
    reason: String,
}

/// Failures that the gate leaves out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IgnoreForm {
    /// Glob for names of functions.
    function: Option<FunctionGlob>,
    /// Code (downstream.dns) or category (downstream) of the failures.
    code: Option<CodeOrCategory>,
    /// Fingerprint of the failures, as in the JSON summary.
    fingerprint: Option<String>,
    /// Last day on which it holds, by the end of the log in UTC: 2026-03-01.
    until: Option<LastDay>,
    /// Why they are left out.
    reason: String,
}

impl TryFrom<IgnoreForm> for IgnoreEntry {
    type Error = &'static str;

    fn try_from(form: IgnoreForm) -> Result<Self, Self::Error> {
        let IgnoreForm { function, code, fingerprint, until, reason } = form;
        if function.is_none() && code.is_none() && fingerprint.is_none() {
            return Err("it needs a function, code or fingerprint");
        }
        if fingerprint.as_deref() == Some("") {
            return Err("it needs a fingerprint between the quotes");
        }
        if reason.trim().is_empty() {
            return Err("it needs a reason");
        }
        Ok(Self { function, code, fingerprint, until: until.map(|LastDay(day)| day), reason })
    }
}

/// Glob for names of functions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct FunctionGlob(GlobMatcher);

impl TryFrom<String> for FunctionGlob {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it needs a name, or a glob for names".to_owned());
        }
        Glob::new(&text).map(|glob| Self(glob.compile_matcher())).map_err(|error| error.to_string())
    }
}

/// A code, or a category with all of its codes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct CodeOrCategory(String);

impl TryFrom<String> for CodeOrCategory {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let categories = || Category::FAILURES.into_iter().chain([Category::Unknown]).map(Category::id);
        if [Category::Ok, Category::Incomplete].iter().any(|one| text.split('.').next() == Some(one.id())) {
            return Err(format!("an attempt with '{text}' did not fail"));
        }
        if catalogue::code(&text).is_some() || categories().any(|category| category == text) {
            return Ok(Self(text));
        }
        let names: BTreeSet<&str> = categories().chain(catalogue::CODES.iter().map(|code| code.id)).collect();
        let near = nearest(&text, names);
        Err(format!("there is no code or category '{text}'{}", suggestion(&near)))
    }
}

/// A day, as a date of TOML or in quotes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "DayText")]
#[schemars(with = "String", extend("format" = "date"))]
struct LastDay(Date);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a day is written 2026-03-01")]
enum DayText {
    Toml(toml::value::Datetime),
    Quoted(String),
}

impl TryFrom<DayText> for LastDay {
    type Error = String;

    fn try_from(day: DayText) -> Result<Self, String> {
        let text = match day {
            DayText::Toml(date) => date.to_string(),
            DayText::Quoted(text) => text,
        };
        // A time of day may follow for the parser, not for us.
        let day = if text.len() == "2026-03-01".len() { text.parse().ok() } else { None };
        day.map(Self).ok_or_else(|| format!("'{text}' is no day; write 2026-03-01"))
    }
}

/// The entries of the configuration file, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct IgnoreList(Vec<IgnoreEntry>);

impl IgnoreList {
    pub(super) fn of(entries: Vec<IgnoreEntry>) -> Self {
        Self(entries)
    }

    /// Returns the entries that hold for a log; `None` if there are no entries at all.
    pub(super) fn for_log(&self, summary: &Summary) -> Option<IgnoredNow<'_>> {
        (!self.0.is_empty()).then(|| IgnoredNow { entries: &self.0, day: last_day(summary) })
    }
}

/// The entries, as they hold on the day on which a log ends.
#[derive(Debug)]
pub(super) struct IgnoredNow<'a> {
    entries: &'a [IgnoreEntry],
    day: Option<Date>,
}

impl IgnoredNow<'_> {
    /// Says in the summary what is left out, and marks the causes all of which is.
    pub(super) fn tell(&self, summary: &mut Summary) {
        let mut told: Vec<IgnoredFailures> = self.entries.iter().map(|entry| entry.told(self.day)).collect();
        for row in &mut summary.functions {
            for finding in &mut row.findings {
                let taken = self.position(row.function.as_deref(), finding);
                finding.ignored = taken.is_some();
                if let Some(at) = taken {
                    told[at].state = IgnoreState::Used;
                    told[at].attempts += finding.count.saturating_sub(finding.environments);
                    told[at].environments += finding.environments;
                }
            }
        }
        summary.ignored = told;
        for cause in &mut summary.causes {
            cause.ignored = self.takes_all_of(cause);
        }
    }

    /// Returns the summary as the gate sees it: without these failures, wherever findings tell how many they are. What
    /// findings do not tell (durations, costs, recovered events) stays as it is.
    pub(super) fn without(&self, summary: &Summary) -> Summary {
        let mut rest = summary.clone();
        let mut gone = Removed::default();
        for row in &mut rest.functions {
            let name = row.function.clone();
            let (ignored, kept): (Vec<Finding>, Vec<Finding>) = std::mem::take(&mut row.findings)
                .into_iter()
                .partition(|finding| self.position(name.as_deref(), finding).is_some());
            row.findings = kept;
            if !ignored.is_empty() {
                let removed = Removed::of(&ignored, row);
                removed.take_from(row);
                gone.add(&removed);
            }
        }
        gone.take_from(&mut rest.totals);
        rest.causes.retain(|cause| !self.takes_all_of(cause));
        rest.causes_total -= ((summary.causes.len() - rest.causes.len()) as u64).min(rest.causes_total);
        rest
    }

    /// Returns the place of the first entry that takes a finding.
    fn position(&self, function: Option<&str>, finding: &Finding) -> Option<usize> {
        let takes = |entry: &IgnoreEntry| {
            entry.holds(self.day) && entry.fits(function, &finding.code, finding.fingerprint.as_deref())
        };
        self.entries.iter().position(takes)
    }

    /// Returns whether entries take a cause in all of its functions. One that is joined by a target has no fingerprint of
    /// its own, so an entry with a fingerprint takes none of it.
    fn takes_all_of(&self, cause: &Cause) -> bool {
        let fits = |name: &Option<String>| {
            let mut entries = self.entries.iter().filter(|entry| entry.holds(self.day));
            entries.any(|entry| entry.fits(name.as_deref(), &cause.code, cause.fingerprint.as_deref()))
        };
        !cause.functions.is_empty() && cause.functions.iter().all(fits)
    }
}

/// Evaluates the rules that fail a run and those that warn over what the ignore list leaves, and tells in the summary what
/// it does not.
pub(super) fn judged(
    summary: &mut Summary,
    base: Option<NamedSummary<'_>>,
    ignore: &IgnoreList,
    [fail, warn]: [&[GateRule]; 2],
) -> Option<Gate> {
    let Some(ignored) = ignore.for_log(summary) else { return gate::evaluate(fail, warn, summary, 0) };
    ignored.tell(summary);
    let mut rest = ignored.without(summary);
    if let Some(base) = base {
        let base = ignored.without(base.summary);
        let [base, head] = [&base, &rest].map(|summary| NamedSummary { input: None, summary });
        rest.comparison = Some(compare(base, head));
    }
    gate::evaluate(fail, warn, &rest, number_ignored(summary))
}

/// Returns how many failures an answer says that its gate leaves out.
fn number_ignored(summary: &Summary) -> u64 {
    summary.ignored.iter().map(|entry| entry.attempts + entry.environments).sum()
}

/// Returns a line for each entry that leaves nothing out.
pub(super) fn warnings(summary: &Summary) -> Vec<String> {
    let file = one_line(summary.config_file.as_deref().unwrap_or("the configuration file"));
    let warning = |(at, entry): (usize, &IgnoredFailures)| {
        let about = [&entry.function, &entry.code, &entry.fingerprint];
        let about: Vec<_> = about.into_iter().flatten().map(|text| one_line(text)).collect();
        let about = format!("{file}: ignore entry {} ({})", at + 1, about.join(" "));
        match (entry.state, &entry.until) {
            (IgnoreState::Used, _) => None,
            (IgnoreState::Unused, _) => Some(format!("{about} fits no failure of this log")),
            (IgnoreState::Expired, Some(until)) if summary.window.end.is_some() => {
                Some(format!("{about} held until {until}; its failures count again"))
            }
            (IgnoreState::Expired, _) => {
                Some(format!("{about} has a last day, and the log tells no time: it is not used"))
            }
        }
    };
    let mut warnings: Vec<String> = summary.ignored.iter().enumerate().filter_map(warning).collect();
    if let Some(more) = warnings.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        warnings.truncate(MOST_WARNINGS);
        warnings.push(format!("{file}: {more} more ignore entries leave nothing out"));
    }
    warnings
}

/// Most entries that are warned of one by one.
const MOST_WARNINGS: usize = 20;

impl IgnoreEntry {
    fn fits(&self, function: Option<&str>, code: &str, fingerprint: Option<&str>) -> bool {
        let of_code = |wanted: &CodeOrCategory| {
            code == wanted.0 || code.strip_prefix(&wanted.0).is_some_and(|rest| rest.starts_with('.'))
        };
        self.function.as_ref().is_none_or(|glob| function.is_some_and(|name| glob.0.is_match(name)))
            && self.code.as_ref().is_none_or(of_code)
            && self.fingerprint.as_deref().is_none_or(|wanted| fingerprint == Some(wanted))
    }

    /// Returns whether it holds on a day; a log without any time is of no day.
    fn holds(&self, day: Option<Date>) -> bool {
        match (self.until, day) {
            (Some(until), Some(day)) => day <= until,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }

    fn told(&self, day: Option<Date>) -> IgnoredFailures {
        IgnoredFailures {
            function: self.function.as_ref().map(|glob| glob.0.glob().to_string()),
            code: self.code.as_ref().map(|code| code.0.clone()),
            fingerprint: self.fingerprint.clone(),
            until: self.until.map(|day| day.to_string()),
            reason: self.reason.clone(),
            state: if self.holds(day) { IgnoreState::Unused } else { IgnoreState::Expired },
            attempts: 0,
            environments: 0,
        }
    }
}

/// Returns the day on which the log ends, in UTC. The clock of this machine would judge the same log differently tomorrow.
fn last_day(summary: &Summary) -> Option<Date> {
    summary.window.end.as_deref()?.get(.."2026-03-01".len())?.parse().ok()
}

/// What ignored findings take from the numbers of a function or of the totals.
#[derive(Debug, Default)]
struct Removed {
    failures: Vec<(String, u64)>,
    environments: u64,
    lost: u64,
}

impl Removed {
    fn of(ignored: &[Finding], row: &FunctionSummary) -> Self {
        let failures =
            ignored.iter().map(|one| (one.category.clone(), one.count.saturating_sub(one.environments))).collect();
        // An event that failed in several ways stands in each of their findings. It counts as lost as long as one of
        // them is not ignored, so as many stay as the others tell, and as many as they cannot tell.
        let lost = |findings: &[Finding]| findings.iter().map(|one| one.lost).sum::<u64>();
        let all = row.lost;
        let stay = lost(&row.findings).max(all.saturating_sub(lost(ignored))).min(all);
        Self { failures, environments: ignored.iter().map(|one| one.environments).sum(), lost: all - stay }
    }

    fn add(&mut self, other: &Self) {
        self.failures.extend(other.failures.iter().cloned());
        self.environments += other.environments;
        self.lost += other.lost;
    }

    fn take_from(&self, row: &mut FunctionSummary) {
        for (category, attempts) in &self.failures {
            row.failed = row.failed.saturating_sub(*attempts);
            let of_kind = Category::FAILURES.into_iter().find(|kind| kind.id() == category);
            match of_kind.and_then(|kind| row.failures.get_mut(kind)) {
                Some(number) => *number = number.saturating_sub(*attempts),
                None => row.unknown = row.unknown.saturating_sub(*attempts),
            }
        }
        let finished = row.attempts.saturating_sub(row.incomplete);
        row.failure_rate = row.failure_rate.filter(|_| finished > 0).map(|_| row.failed as f64 / finished as f64);
        row.environment_failures = row.environment_failures.saturating_sub(self.environments);
        row.outcomes.exhausted = row.outcomes.exhausted.saturating_sub(self.lost);
        row.lost = row.lost.saturating_sub(self.lost);
    }
}
