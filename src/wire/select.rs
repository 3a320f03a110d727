//! Selection of functions in a finished summary: rows stay as they are, and of the totals what can be added up.

use std::collections::BTreeMap;

use super::{
    CheckSeverity, DurationCell, Durations, FunctionSummary, InitPercentiles, Memory, MemoryCell, NeedsPerson,
    Percentiles, Summary, TimelineBucket,
};

/// What stands where the log does not name a function.
pub(crate) const NO_NAME: &str = "(no name)";

impl FunctionSummary {
    /// Returns what stands for a missing name: the log group, or the input that shows the first example of a failure.
    pub(crate) fn place(&self) -> Option<&str> {
        let examples = self.findings.iter().flat_map(|finding| &finding.examples);
        let input = examples.flat_map(|example| &example.evidence).map(|line| &line.input).next();
        self.log_groups.first().or(input).map(String::as_str)
    }

    /// Returns whether the row is wanted, by its name or by what stands for it.
    pub(crate) fn is_wanted(
        &self,
        wanted: impl Fn(Option<&str>) -> bool,
        wanted_place: impl Fn(Option<&str>) -> bool,
    ) -> bool {
        wanted(self.function.as_deref()) || self.function.is_none() && wanted_place(self.place())
    }
}

impl Summary {
    /// Returns the answer for some of the functions. Percentiles and costs of several rows cannot be had from them: they
    /// are null. A cause that other functions have as well is left out, since its share in these is not known; a note
    /// says how many.
    #[must_use]
    pub fn of_functions(
        mut self,
        wanted: impl Fn(Option<&str>) -> bool,
        wanted_place: impl Fn(Option<&str>) -> bool,
    ) -> Self {
        let (some, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.functions).into_iter().partition(|row| row.is_wanted(&wanted, &wanted_place));
        self.functions = some;
        if others.is_empty() {
            return self;
        }
        // What has no name is of these only if no other row is without one.
        let has_nameless = |rows: &[FunctionSummary]| rows.iter().any(|row| row.function.is_none());
        let all_nameless = has_nameless(&self.functions) && !has_nameless(&others);
        let is_wanted = |name: &Option<String>| wanted(name.as_deref()) || name.is_none() && all_nameless;
        let of_others = self.causes.len();
        self.causes.retain(|cause| cause.functions.iter().any(is_wanted));
        let some = self.causes.len();
        self.causes.retain(|cause| cause.functions.iter().all(is_wanted));
        let (listed, shared) = (self.causes.len(), some - self.causes.len());
        // Of causes and events that are not listed, nobody knows whose they are.
        self.causes_total = listed as u64;
        let unlisted = self.events_to_check_total > self.events_to_check.len() as u64;
        self.events_to_check.retain(|event| is_wanted(&event.function));
        let unlisted = unlisted || self.checks_total > self.checks.len() as u64;
        self.checks.retain(|check| is_wanted(&check.function));
        self.checks_total = self.checks.len() as u64;
        self.checks_high = self.checks.iter().filter(|check| check.severity == CheckSeverity::High).count() as u64;
        self.totals = total_of(&self.functions);
        self.events_to_check_total = self.totals.needs_person.events;
        let mut note = "some functions of a saved summary: no percentiles and costs of all together".to_owned();
        if shared > 0 {
            note.push_str(&format!(", and {shared} causes are left out that others have as well"));
        }
        if unlisted || of_others == LISTED {
            note.push_str(", and not every cause, event and check is listed");
        }
        self.coverage.notes.push(note);
        self
    }
}

/// Most causes that a summary lists, and examples of events to check.
const LISTED: usize = 1_000;
const EXAMPLES: usize = 5;

/// Adds up rows.
fn total_of(rows: &[FunctionSummary]) -> FunctionSummary {
    let nameless = |row: &FunctionSummary| FunctionSummary {
        function: None,
        owner: None,
        account_id: None,
        region: None,
        runtime: None,
        versions: Vec::new(),
        log_groups: Vec::new(),
        invokers: Vec::new(),
        early_warnings: Vec::new(),
        findings: Vec::new(),
        ..row.clone()
    };
    let [first, others @ ..] = rows else {
        return FunctionSummary { handled_errors: Some(0), ..FunctionSummary::default() };
    };
    if others.is_empty() {
        return nameless(first);
    }
    let mut total = nameless(first);
    for row in others {
        total += row;
        total.failed += row.failed;
        total.needs_person = added(&total.needs_person, &row.needs_person);
        total.handled_errors = total.handled_errors.zip(row.handled_errors).map(|(one, other)| one + other);
        total.ok_counted = [total.ok_counted, row.ok_counted].into_iter().flatten().reduce(|one, other| one + other);
        total.near_timeout = total.near_timeout.zip(row.near_timeout).map(|(one, other)| one + other);
    }
    let finished = total.attempts - total.incomplete;
    let rates_known = rows.iter().all(|row| row.failure_rate.is_some() || row.attempts == row.incomplete);
    total.failure_rate = (finished > 0 && rates_known).then(|| total.failed as f64 / finished as f64);
    total.duration_ms = durations_of(rows);
    let longest_init = rows.iter().filter_map(|row| row.init_ms.max).reduce(f64::max);
    total.init_ms = InitPercentiles { max: longest_init, ..InitPercentiles::default() };
    total.memory = memory_of(rows);
    (total.timeout_ms, total.timeout_source) = (None, None);
    total.waste = None;
    total.timeline = course_of(rows);
    total
}

fn added(one: &NeedsPerson, other: &NeedsPerson) -> NeedsPerson {
    let mut examples: Vec<_> = one.examples.iter().chain(&other.examples).cloned().collect();
    examples.sort_by(|a, b| a.first_started_at.cmp(&b.first_started_at));
    examples.truncate(EXAMPLES);
    NeedsPerson {
        events: one.events + other.events,
        possibly_half_done: one.possibly_half_done + other.possibly_half_done,
        groups: Vec::new(),
        examples,
    }
}

/// Returns what is known of the durations of all rows: the longest, and how many there are of each length.
fn durations_of(rows: &[FunctionSummary]) -> Durations {
    let longest = |of: fn(&Durations) -> Option<f64>| {
        let max = rows.iter().filter_map(|row| of(&row.duration_ms)).reduce(f64::max);
        Percentiles { max, ..Percentiles::default() }
    };
    let mut histogram: Vec<DurationCell> = Vec::new();
    for cell in rows.iter().flat_map(|row| &row.duration_ms.histogram) {
        match histogram.iter_mut().find(|known| known.from_ms == cell.from_ms) {
            Some(known) => known.attempts += cell.attempts,
            None => histogram.push(cell.clone()),
        }
    }
    histogram.sort_by_key(|cell| cell.from_ms);
    Durations { all: longest(|of| of.all.max), ok: longest(|of| of.ok.max), histogram }
}

/// Returns what is known of the memory of all rows.
fn memory_of(rows: &[FunctionSummary]) -> Memory {
    let mut histogram: Vec<MemoryCell> = Vec::new();
    for cell in rows.iter().flat_map(|row| &row.memory.histogram) {
        match histogram.iter_mut().find(|known| known.from_mb == cell.from_mb) {
            Some(known) => known.attempts += cell.attempts,
            None => histogram.push(cell.clone()),
        }
    }
    histogram.sort_by_key(|cell| cell.from_mb);
    Memory {
        size_mb: None,
        max_used_mb: rows.iter().filter_map(|row| row.memory.max_used_mb).max(),
        near_limit: rows.iter().map(|row| row.memory.near_limit).sum(),
        histogram,
    }
}

/// Adds up the course of rows.
fn course_of(rows: &[FunctionSummary]) -> Vec<TimelineBucket> {
    let mut buckets: BTreeMap<&str, TimelineBucket> = BTreeMap::new();
    for bucket in rows.iter().flat_map(|row| &row.timeline) {
        match buckets.get_mut(bucket.start.as_str()) {
            Some(sum) => {
                sum.attempts += bucket.attempts;
                sum.failed += bucket.failed;
                sum.failures += &bucket.failures;
            }
            None => drop(buckets.insert(&bucket.start, bucket.clone())),
        }
    }
    buckets.into_values().collect()
}
