//! Causes behind a verdict: circumstances that made the end likely, without being what ended the attempt.

use super::Ruling;
use super::facts::{Facts, error_of, form};
use crate::catalogue::{Diagnosis, diagnose, diagnose_outgoing_call, load_failure_code};
use crate::model::{AppError, Category, Confidence, ErrorForm, Phase, SignKind, Status};

/// Divisor of the duration: silence before the end that is at least this part counts as waiting.
const SILENT_SHARE: u64 = 2;

/// Peak of earlier attempts in percent of the memory size: from the first figure on, memory had grown over time; up to
/// the second, it was filled at once.
const GROWN_PERCENT: u64 = 85;
const SUDDEN_PERCENT: u64 = 60;

/// Returns the causes behind a failure, each code once.
pub(super) fn causes(facts: &Facts<'_>, ruling: &Ruling<'_>) -> Vec<(&'static str, Confidence)> {
    let mut causes = Vec::new();
    let mut add = |code: &'static str, confidence| {
        if code != ruling.code && !causes.iter().any(|(known, _)| *known == code) {
            causes.push((code, confidence));
        }
    };
    let category = crate::catalogue::code(ruling.code).and_then(|info| info.category);
    if category != Some(Category::OutOfMemory) && facts.memory_newly_at_limit() {
        add("memory_at_limit", Confidence::Medium);
    }
    if category == Some(Category::OutOfMemory)
        && let Some(code) = memory_before(facts)
    {
        add(code, Confidence::Medium);
    }
    if category == Some(Category::Timeout) {
        if facts.inner_init_failed().is_some() || facts.outer_init_failed() == Some(Status::Timeout) {
            add(
                "init_failure.timeout",
                if facts.inner_init_failed().is_some() { Confidence::High } else { Confidence::Medium },
            );
        }
        if facts.outer_init_failed().is_some_and(|status| status != Status::Timeout)
            && facts.inner_init_failed().is_none()
        {
            let known = facts
                .init_error()
                .and_then(error_of)
                .map(|error| load_failure_code(error).unwrap_or("init_failure.exception"));
            add(known.unwrap_or("init_failure.exit"), Confidence::Medium);
        }
        if facts.handler_done {
            add("extension_overhead", Confidence::High);
        } else if let Some((code, confidence)) = waited_for(facts) {
            add(code, confidence);
        }
    }
    if category == Some(Category::InitFailure)
        && let Some(found) = ruling.proof.and_then(|sign| diagnose(error_of(sign)?, &sign.line.text))
    {
        add(found.code, found.confidence.min(Confidence::Medium));
    }
    if category != Some(Category::InitFailure)
        && facts.sign(|kind| matches!(kind, SignKind::ExtensionFailed { .. })).is_some()
    {
        add("extension_failed", Confidence::Low);
    }
    causes
}

/// Returns the code for memory that filled up over the life of the environment, or at once.
fn memory_before(facts: &Facts<'_>) -> Option<&'static str> {
    let (peak, size) = (facts.attempt.earlier_peak_mb?, facts.attempt.metrics.memory_size_mb?);
    match u64::from(peak) * 100 / u64::from(size).max(1) {
        GROWN_PERCENT.. => Some("memory_grown"),
        ..=SUDDEN_PERCENT => Some("memory_sudden"),
        _ => None,
    }
}

/// Finds the dependency that a timed-out attempt was probably waiting for: from the last failed call, or from the call
/// before silence.
fn waited_for(facts: &Facts<'_>) -> Option<(&'static str, Confidence)> {
    let logged =
        facts.attempt.signs.iter().rfind(|sign| sign.phase == Phase::Invoke && form(sign) == Some(ErrorForm::Logged));
    let told =
        logged.and_then(|sign| diagnose(error_of(sign)?, &sign.line.text).or_else(|| diagnose_line(&sign.line.text)));
    let last = || diagnose_line(&facts.attempt.last_line.as_ref()?.text);
    if let Some(found) = told.or_else(last) {
        return Some((found.code, found.confidence.min(Confidence::Medium)));
    }
    let line = facts.attempt.last_line.as_ref()?;
    let (silent, total) = (silence_ms(facts)?, facts.attempt.metrics.duration_us? / 1_000);
    diagnose_outgoing_call(&line.text).filter(|_| silent * SILENT_SHARE >= total)?;
    let most = silent * 10 >= total * 9;
    Some(("downstream.timeout", if most { Confidence::Medium } else { Confidence::Low }))
}

/// Diagnoses a failed call from a whole line, because loggers print errors in fields of their own or at level INFO.
fn diagnose_line(text: &str) -> Option<Diagnosis> {
    let error = AppError { message: Some(text.into()), ..AppError::of(ErrorForm::Logged) };
    diagnose(&error, "").filter(|found| found.confidence == Confidence::High)
}

/// Returns the milliseconds from the last line of the function to the end.
fn silence_ms(facts: &Facts<'_>) -> Option<u64> {
    let (last, end) = (facts.attempt.last_line.as_ref()?.at?, facts.attempt.ended_at?);
    u64::try_from(end.ms() - last.ms()).ok()
}
