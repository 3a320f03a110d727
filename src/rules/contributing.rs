//! Causes behind a verdict: circumstances that made the end likely, without being what ended the attempt.

use super::Ruling;
use super::facts::{Facts, error_of, form};
use crate::catalogue::{Diagnosis, diagnose, diagnose_outgoing_call, load_failure_code};
use crate::model::{AppError, Category, Confidence, Contributing, ErrorForm, Phase, SignKind, Status};

/// Divisor of the duration: silence before the end that is at least this part counts as waiting.
const SILENT_SHARE: u64 = 2;

/// Peak of earlier attempts in percent of the memory size: from the first figure on, memory had grown over time; up to
/// the second, it was filled at once.
const GROWN_PERCENT: u64 = 85;
const SUDDEN_PERCENT: u64 = 60;

/// Returns the causes behind a failure, each code once.
pub(super) fn causes(facts: &Facts<'_>, ruling: &Ruling<'_>) -> Vec<Contributing> {
    let mut causes: Vec<Contributing> = Vec::new();
    let mut add = |cause: Contributing| {
        if cause.code != ruling.code && !causes.iter().any(|known| known.code == cause.code) {
            causes.push(cause);
        }
    };
    let category = crate::catalogue::code(ruling.code).and_then(|info| info.category);
    if category != Some(Category::OutOfMemory) && facts.memory_newly_at_limit() {
        add(Contributing::new("memory_at_limit", Confidence::Medium));
    }
    if category == Some(Category::OutOfMemory)
        && let Some(code) = memory_before(facts)
    {
        add(Contributing::new(code, Confidence::Medium));
    }
    if category == Some(Category::Timeout) {
        if facts.inner_init_failed().is_some() || facts.outer_init_failed() == Some(Status::Timeout) {
            let confidence = if facts.inner_init_failed().is_some() { Confidence::High } else { Confidence::Medium };
            add(Contributing::new("init_failure.timeout", confidence));
        }
        if facts.outer_init_failed().is_some_and(|status| status != Status::Timeout)
            && facts.inner_init_failed().is_none()
        {
            let known = facts
                .init_error()
                .and_then(error_of)
                .map(|error| load_failure_code(error).unwrap_or("init_failure.exception"));
            add(Contributing::new(known.unwrap_or("init_failure.exit"), Confidence::Medium));
        }
        if facts.handler_done {
            add(Contributing::new("extension_overhead", Confidence::High));
        } else if let Some(cause) = waited_for(facts) {
            add(cause);
        }
    }
    if category == Some(Category::InitFailure)
        && let Some(found) = ruling.proof.and_then(|sign| diagnose(error_of(sign)?, &sign.line.text))
    {
        add(of_call(found));
    }
    if category != Some(Category::InitFailure)
        && facts.sign(|kind| matches!(kind, SignKind::ExtensionFailed { .. })).is_some()
    {
        add(Contributing::new("extension_failed", Confidence::Low));
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
fn waited_for(facts: &Facts<'_>) -> Option<Contributing> {
    let logged =
        facts.attempt.signs.iter().rfind(|sign| sign.phase == Phase::Invoke && form(sign) == Some(ErrorForm::Logged));
    let told =
        logged.and_then(|sign| diagnose(error_of(sign)?, &sign.line.text).or_else(|| diagnose_line(&sign.line.text)));
    let last = || diagnose_line(&facts.attempt.last_line.as_ref()?.text);
    if let Some(found) = told.or_else(last) {
        return Some(of_call(found));
    }
    let line = facts.attempt.last_line.as_ref()?;
    let (silent, total) = (silence_ms(facts)?, facts.attempt.metrics.duration_us? / 1_000);
    let call = diagnose_outgoing_call(&line.text).filter(|_| silent * SILENT_SHARE >= total)?;
    let confidence = if silent * 10 >= total * 9 { Confidence::Medium } else { Confidence::Low };
    Some(Contributing { code: "downstream.timeout", confidence, call: Some(call) })
}

/// Turns a failed call into a cause: that it led to the end is a conclusion.
fn of_call(found: Diagnosis) -> Contributing {
    let confidence = found.confidence.min(Confidence::Medium);
    Contributing { code: found.code, confidence, call: Some(found.downstream) }
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
