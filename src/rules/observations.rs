//! Observations about an attempt: worth knowing, but not a failure.

use super::Ruling;
use super::facts::{Facts, error_of, form, memory_percent};
use crate::catalogue::diagnose;
use crate::model::{Attempt, Category, ErrorForm, Phase, Sign, SignKind, Status};

/// Percent of the memory size from which on an attempt is close to the limit.
const NEAR_LIMIT_PERCENT: u32 = 95;

/// Number of logged errors per attempt that are searched for failed calls.
const MOST_LOOKED_AT: usize = 8;

type Observations = Vec<(&'static str, u32)>;

/// Returns the observations from figures and counts, which are all there are for a plain success.
pub(super) fn of_figures(attempt: &Attempt) -> Observations {
    let mut found = Vec::new();
    if attempt.metrics.init_us.is_some() || attempt.metrics.restore_us.is_some() {
        found.push(("cold_start", 1));
    }
    if memory_percent(attempt).is_some_and(|percent| percent >= NEAR_LIMIT_PERCENT) {
        found.push(("near_memory_limit", 1));
    }
    if attempt.logged_errors > 0 {
        found.push(("handled_error", attempt.logged_errors));
    }
    if attempt.json && attempt.report_seen && !attempt.start_seen {
        found.push(("start_not_logged", 1));
    }
    found
}

/// Returns all observations of an attempt that was judged by the rules.
pub(super) fn all(facts: &Facts<'_>, ruling: &Ruling<'_>, failed: bool) -> Observations {
    let attempt = facts.attempt;
    let mut found = of_figures(attempt);
    // Near the limit is no news for an attempt that ran out of memory.
    let out_of_memory = ruling.code.starts_with(Category::OutOfMemory.id());
    found.retain(|(code, _)| *code != "handled_error" && !(out_of_memory && *code == "near_memory_limit"));
    let mut add = |code, count: u32| {
        if count > 0 {
            found.push((code, count));
        }
    };
    add("handled_error", handled_errors(facts, ruling, failed));
    add("handled_downstream_error", handled_calls(facts, ruling));
    if !failed {
        survived(facts, &mut add);
    }
    let is_proof = |sign: &Sign| ruling.rests_on(sign);
    let late = attempt
        .signs
        .iter()
        .filter(|sign| sign.phase == Phase::Late && form(sign).is_some() && !is_proof(sign))
        .count();
    add("late_line", count(late));
    let refused =
        attempt.signs.iter().filter(|sign| form(sign) == Some(ErrorForm::Response) && !is_proof(sign)).count();
    add("response_not_accepted", count(refused));
    found
}

/// Counts errors of the code that did not end the attempt.
fn handled_errors(facts: &Facts<'_>, ruling: &Ruling<'_>, failed: bool) -> u32 {
    let signs = &facts.attempt.signs;
    let is_proof = |sign: &Sign| ruling.rests_on(sign);
    let is_logged = |sign: &&Sign| matches!(form(sign), Some(ErrorForm::Logged | ErrorForm::MaybeUnhandled));
    let logged = signs.iter().filter(|sign| is_logged(sign) && !is_proof(sign)).count();
    // Lines at level ERROR include the runtime client's own, which are not handled errors.
    let of_runtime =
        signs.iter().filter(|sign| form(sign).is_some() && !is_logged(sign) || failed && is_proof(sign)).count();
    count(logged).max(facts.attempt.logged_errors.saturating_sub(count(of_runtime)))
}

/// Counts logged errors that were failed calls, among the first few.
fn handled_calls(facts: &Facts<'_>, ruling: &Ruling<'_>) -> u32 {
    let is_proof = |sign: &Sign| ruling.rests_on(sign);
    let logged = facts.attempt.signs.iter().filter(|sign| form(sign) == Some(ErrorForm::Logged) && !is_proof(sign));
    let calls = logged.take(MOST_LOOKED_AT).filter_map(|sign| diagnose(error_of(sign)?, &sign.line.text)).count();
    count(calls)
}

/// Adds what a successful attempt survived.
fn survived(facts: &Facts<'_>, add: &mut impl FnMut(&'static str, u32)) {
    let with = |wanted: ErrorForm| {
        count(facts.attempt.signs.iter().filter(|sign| form(sign) == Some(wanted) && sign.phase != Phase::Late).count())
    };
    match facts.outer_init_failed() {
        Some(Status::Timeout) => add("init_timeout_recovered", 1),
        Some(_) => add("init_error_recovered", 1),
        None if facts.attempt.report_seen && facts.error_before_start().is_some() => add("init_error_recovered", 1),
        None => {}
    }
    add("unhandled_rejection", with(ErrorForm::UnhandledRejection));
    add("crash_text", with(ErrorForm::Crash));
    add("out_of_memory_text", with(ErrorForm::OutOfMemory));
    let extensions =
        facts.attempt.signs.iter().filter(|sign| matches!(sign.kind, SignKind::ExtensionFailed { .. })).count();
    add("extension_failed", count(extensions));
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
