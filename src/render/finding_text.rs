//! What a finding is, in words: how often, since when, in which versions, what became of its events, what it said.

use super::escape::one_line;
use super::sentence::SourcedSentence;
use super::time_axis::Times;
use super::words::{cell, count};
use crate::model::LocalTime;
use crate::wire::{Example, Finding, FindingState, FunctionSummary};

/// Returns `3 attempts`, or `2 inits without a request`, which are no attempts. `path` leads to the finding in the summary.
pub(super) fn attempts(finding: &Finding, path: &str) -> SourcedSentence {
    let inits = finding.environments;
    let ran = finding.count.saturating_sub(inits);
    let start = SourcedSentence::default;
    let inits_told = |so_far: SourcedSentence| {
        let path = format!("{path}/environments");
        so_far.count(path, inits, "init without a request", "inits without a request")
    };
    match (ran, inits) {
        (_, 0) => start().count(format!("{path}/count"), ran, "attempt", "attempts"),
        (0, _) => inits_told(start()),
        _ => inits_told(start().words(count(ran, "attempt", "attempts")).words(", ")),
    }
}

/// Returns `since 03:11, last 03:29, ongoing`, or what came after the last sighting.
pub(super) fn when(finding: &Finding, path: &str, times: &Times<'_>) -> Option<SourcedSentence> {
    let first = times.local(finding.first_seen.as_deref()?)?;
    let last = finding.last_seen.as_deref().and_then(|at| times.local(at)).unwrap_or_else(|| first.clone());
    let since =
        |so_far: SourcedSentence, number: u64| so_far.number(format!("{path}/attempts_since"), number, cell(number));
    let start = SourcedSentence::default;
    let after = match (finding.state, finding.attempts_since) {
        (FindingState::Ongoing, _) => start().words(", ongoing"),
        (FindingState::Stopped, Some(number)) => since(start().words(", stopped: "), number).words(" attempts since"),
        (FindingState::NoTraffic, _) => start().words(", no attempt since"),
        (FindingState::Unknown, Some(number)) => {
            start().words(", ").count(format!("{path}/attempts_since"), number, "attempt", "attempts").words(" since")
        }
        (FindingState::Stopped | FindingState::Unknown, None) => start(),
    };
    let clock = |at: &LocalTime, part: fn(&LocalTime) -> String| times.dated(at, part(at), &at.date);
    if first == last {
        return Some(start().words(format!("at {}", clock(&first, LocalTime::seconds))).then(after));
    }
    let precise = first.minutes() == last.minutes() && first.date == last.date;
    let part = if precise { LocalTime::seconds } else { LocalTime::minutes };
    let since = clock(&first, part);
    let until = if first.date == last.date { part(&last) } else { clock(&last, part) };
    // Where the log begins with it, it may have begun before.
    let since = if finding.since_before_window { format!("{since} or before") } else { since };
    Some(match finding.state {
        FindingState::Ongoing => start().words(format!("since {since}, last {until}")).then(after),
        _ => start().words(format!("from {since} to {until}")).then(after),
    })
}

/// Returns which versions have the finding, such as `version 42 only`; `None` if the function has only one version.
pub(super) fn versions(function: &FunctionSummary, finding: &Finding) -> Option<String> {
    if function.versions.len() < 2 || finding.versions.is_empty() {
        return None;
    }
    let list = one_line(&finding.versions.join(", ")).into_owned();
    Some(match (finding.versions.len(), function.versions.len()) {
        (2, 2) => "both versions".to_owned(),
        (all, of) if all >= of => format!("all {of} versions"),
        (1, _) => format!("version {list} only"),
        _ => format!("versions {list}"),
    })
}

/// Returns `KeyError: 'price'`, as far as known.
pub(super) fn error(finding: &Finding) -> Option<String> {
    Some(match (finding.error_type.as_deref(), finding.message.as_deref()) {
        (Some(kind), Some(message)) if !message.starts_with(kind) => format!("{kind}: {message}"),
        (_, Some(message)) => message.to_owned(),
        (Some(kind), None) => kind.to_owned(),
        (None, None) => return None,
    })
}

/// Returns the last line and the silence after it, if that is long enough to be significant.
pub(super) fn silent_end(example: &Example) -> Option<(&str, f64)> {
    let silence = example.silence_before_end_ms.filter(|ms| *ms >= 1_000)?;
    Some((example.last_line_before_end.as_deref()?, silence as f64))
}

/// Returns what to know before anything is tried again: retry, partial work, compensation, each with its value.
pub(super) fn care(finding: &Finding) -> [(&'static str, String); 3] {
    [
        ("retry", one_line(&finding.retryable).replace('_', " ")),
        ("partial work", one_line(&finding.partial_work).into_owned()),
        ("compensation", one_line(&finding.compensation).into_owned()),
    ]
}
