//! Two summaries held against each other: which causes and functions are new, worse, better or gone, chance left out.
//!
//! A pure function of two summaries. What is counted stands in `counted`, whether it differs in `judged`.
//!
//! **What is tested are events, not attempts.** Lambda retries an event that failed with the same payload, so its three
//! failed attempts are one fact, and a changed number of retries is no change of what fails. Tested as attempts they would
//! look like three times the evidence. Attempts and their rates are what is shown.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod counted;
mod judged;
mod scattered;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use counted::{FunctionPlace, SideRows, cause_counts, function_counts, trial};
use judged::{Judged, Trend, judge};

use crate::wire::{
    Cause, CauseChange, Change, ChangeCounts, ComparedSide, Comparison, DIFF_SCHEMA_VERSION, FunctionChange,
    FunctionSummary, SideCounts, Summary,
};

/// A summary, and what was named to get it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedSummary<'a> {
    pub(crate) input: Option<&'a str>,
    pub(crate) summary: &'a Summary,
}

/// Compares two summaries.
#[must_use]
pub(crate) fn compare(base: NamedSummary<'_>, head: NamedSummary<'_>) -> Comparison {
    let rows = [SideRows::of(base.summary), SideRows::of(head.summary)];
    let causes = paired_causes(base.summary, head.summary);
    let functions = paired_functions(base.summary, head.summary);
    let cause_sides: Vec<[SideCounts; 2]> = causes.iter().map(|pair| cause_counts(pair, &rows)).collect();
    let function_sides: Vec<[SideCounts; 2]> = functions.iter().map(|(_, pair)| function_counts(*pair)).collect();
    // All of them are one family: none of them may be told by chance.
    let of_causes = causes.iter().zip(&cause_sides).map(|(pair, sides)| trial(*sides, &rows, pair));
    let of_functions =
        functions.iter().zip(&function_sides).map(|((_, pair), sides)| counted::trial_of_function(*sides, *pair));
    let trials: Vec<_> = of_causes.chain(of_functions).collect();
    let mut judged = judge(&trials).into_iter();

    let listed = [base.summary, head.summary].map(|side| side.causes_total <= side.causes.len() as u64);
    let mut causes: Vec<CauseChange> = causes
        .iter()
        .zip(cause_sides)
        .zip(judged.by_ref())
        .map(|((pair, sides), judged)| cause_change(*pair, sides, judged, listed))
        .collect();
    causes.sort_by(|a, b| {
        let most = |one: &CauseChange| one.base.failed.max(one.head.failed);
        (a.change, most(b), &a.id).cmp(&(b.change, most(a), &b.id))
    });
    let mut functions: Vec<FunctionChange> = functions
        .into_iter()
        .zip(function_sides)
        .zip(judged)
        .map(|(((place, _), sides), judged)| function_change(&place, sides, judged))
        .collect();
    functions.sort_by_key(|one| (one.change, std::cmp::Reverse(one.base.failed.max(one.head.failed))));

    let shared = functions.iter().any(|one| one.p_value.is_some());
    let counts = if shared { counts(&causes, &functions) } else { ChangeCounts::default() };
    Comparison {
        schema: DIFF_SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        base: side(base),
        head: side(head),
        counts,
        causes,
        functions,
        notes: notes(base, head, listed, shared),
        gate: None,
    }
}

/// A cause on either side, or both.
type CausePair<'a> = [Option<&'a Cause>; 2];
/// A function on either side, or both.
type RowPair<'a> = [Option<&'a FunctionSummary>; 2];

fn paired_causes<'a>(base: &'a Summary, head: &'a Summary) -> Vec<CausePair<'a>> {
    let mut pairs: BTreeMap<&str, CausePair<'a>> = BTreeMap::new();
    for (at, summary) in [base, head].into_iter().enumerate() {
        for cause in &summary.causes {
            pairs.entry(&cause.id).or_default()[at] = Some(cause);
        }
    }
    pairs.into_values().collect()
}

/// Pairs functions by account, region and name. Those without a name are known by their log groups; where several of a side
/// are not told apart even so, which is which cannot be known, and none is paired.
fn paired_functions<'a>(base: &'a Summary, head: &'a Summary) -> Vec<(FunctionPlace<'a>, RowPair<'a>)> {
    let sides = [base, head].map(|summary| {
        let mut rows: BTreeMap<FunctionPlace<'a>, Vec<&'a FunctionSummary>> = BTreeMap::new();
        for row in &summary.functions {
            rows.entry(FunctionPlace::of(row)).or_default().push(row);
        }
        rows
    });
    let places: BTreeSet<&FunctionPlace<'a>> = sides.iter().flat_map(BTreeMap::keys).collect();
    let mut pairs = Vec::new();
    for place in places {
        let [base, head] = [0, 1].map(|at| sides[at].get(place).map_or(&[][..], Vec::as_slice));
        if base.len().max(head.len()) < 2 {
            pairs.push((place.clone(), [base.first().copied(), head.first().copied()]));
            continue;
        }
        let alone = base.iter().map(|row| [Some(*row), None]).chain(head.iter().map(|row| [None, Some(*row)]));
        pairs.extend(alone.map(|pair| (place.clone(), pair)));
    }
    pairs
}

fn cause_change(pair: CausePair<'_>, sides: [SideCounts; 2], judged: Judged, listed: [bool; 2]) -> CauseChange {
    let [base, head] = pair;
    let change = match (judged.trend, base.is_some(), head.is_some()) {
        // It may be among those that the summary left out.
        (_, false, _) if !listed[0] => Change::Undecided,
        (_, _, false) if !listed[1] => Change::Undecided,
        (Trend::Up, false, _) => Change::New,
        (Trend::Down, _, false) => Change::Gone,
        (Trend::Up, ..) => Change::Worse,
        (Trend::Down, ..) => Change::Better,
        (Trend::None, true, true) => Change::Same,
        (Trend::None | Trend::Unknown, ..) => Change::Undecided,
    };
    let told = head.or(base);
    let text = |get: fn(&Cause) -> &str| told.map_or_else(String::new, |cause| get(cause).to_owned());
    let names: BTreeSet<Option<String>> =
        pair.into_iter().flatten().flat_map(|cause| cause.functions.iter().cloned()).collect();
    CauseChange {
        change,
        id: text(|cause| &cause.id),
        code: text(|cause| &cause.code),
        target: told.and_then(|cause| cause.target.clone()),
        title: text(|cause| &cause.title),
        brief: text(|cause| &cause.brief),
        functions: names.into_iter().collect(),
        base: sides[0],
        head: sides[1],
        ratio: judged.ratio,
        expected_in_base: judged.expected_in_base,
        p_value: judged.p_value,
    }
}

fn function_change(place: &FunctionPlace<'_>, sides: [SideCounts; 2], judged: Judged) -> FunctionChange {
    let change = match judged.trend {
        Trend::Up => Change::Worse,
        Trend::Down => Change::Better,
        Trend::None => Change::Same,
        Trend::Unknown => Change::Undecided,
    };
    let owned = |name: Option<&str>| name.map(str::to_owned);
    FunctionChange {
        change,
        function: owned(place.name),
        account_id: owned(place.account),
        region: owned(place.region),
        base: sides[0],
        head: sides[1],
        ratio: judged.ratio,
        p_value: judged.p_value,
    }
}

fn counts(causes: &[CauseChange], functions: &[FunctionChange]) -> ChangeCounts {
    let of_causes = |change| Some(causes.iter().filter(|one| one.change == change).count() as u64);
    let of_functions = |change| Some(functions.iter().filter(|one| one.change == change).count() as u64);
    ChangeCounts {
        new_causes: of_causes(Change::New),
        worse_causes: of_causes(Change::Worse),
        better_causes: of_causes(Change::Better),
        gone_causes: of_causes(Change::Gone),
        worse_functions: of_functions(Change::Worse),
        better_functions: of_functions(Change::Better),
    }
}

fn side(NamedSummary { input, summary }: NamedSummary<'_>) -> ComparedSide {
    let totals = &summary.totals;
    ComparedSide {
        input: input.map(str::to_owned),
        window: summary.window.clone(),
        functions: summary.functions.len() as u64,
        attempts: totals.attempts,
        failed: totals.failed,
        failure_rate: totals.failure_rate,
        lost: totals.lost,
        own_throttles: totals.own_throttles,
        caught: totals.caught,
        never_ran: totals.never_ran,
        complete: summary.coverage.complete,
    }
}

/// Returns what may make one side look different without being so.
fn notes(base: NamedSummary<'_>, head: NamedSummary<'_>, listed: [bool; 2], shared: bool) -> Vec<String> {
    let mut out = Vec::new();
    if !shared {
        out.push(
            "no function with a name has attempts on both sides whose rates are known, so nothing can be compared"
                .to_owned(),
        );
    }
    for (word, side, listed) in [("base", base, listed[0]), ("head", head, listed[1])] {
        let summary = side.summary;
        if summary.totals.attempts == 0 && summary.totals.environment_failures == 0 {
            out.push(format!("the {word} has no attempt"));
        } else if !summary.coverage.complete {
            out.push(format!("the {word} is partial: what was not read may be what is missing"));
        }
        let hiding = summary.functions.iter().filter(|row| !counted::knows_traffic(row)).count();
        if hiding > 0 {
            out.push(format!("the {word} hides the successes of {hiding} functions, so their rates are not known"));
        }
        if !listed {
            out.push(format!("the {word} lists {} of {} causes", summary.causes.len(), summary.causes_total));
        }
    }
    out.extend(told_of_one_side(base.summary, head.summary));
    let versions = [base, head].map(|side| (&side.summary.catalogue_version, &side.summary.tool_version));
    if versions[0] != versions[1] {
        let [old, new] = versions.map(|(catalogue, tool)| format!("{tool} (catalogue {catalogue})"));
        out.push(format!("made by different programs, {old} and {new}: a code or a cause may have another name"));
    }
    out
}

/// Says which numbers beside the log only one side has, so that they tell no change.
fn told_of_one_side(base: &Summary, head: &Summary) -> Vec<String> {
    let of = |summary: &Summary| [summary.totals.own_throttles.is_some(), summary.totals.caught.is_some()];
    let whats = ["throttles, from CloudWatch metrics", "caught events, from records of destinations"];
    let both = of(base).into_iter().zip(of(head)).zip(whats);
    both.filter(|((base, head), _)| base != head)
        .map(|((in_base, _), what)| {
            let side = if in_base { "base" } else { "head" };
            format!("only the {side} has {what}: they are not compared")
        })
        .collect()
}
