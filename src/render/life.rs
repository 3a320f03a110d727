//! Output of `show`, the life of one event: its attempts in order, each with its lines, its verdict and its writes.

use super::escape::{one_line, without_commands};
use super::links::{self, LinkedPlace};
use super::style::{Ink, Links, Style};
use super::words::{count, duration, replay, shorten_end, thousands, wrap};
use crate::wire::{LambdaInsights, Record, ShownAttempt, ShownEvent, ShownLine, SideEffectLine};

/// Shortest pause between two lines that is shown, in milliseconds.
pub(super) const SILENCE_MS: i64 = 1_000;
/// Most lines shown of one message, since a stack trace has many.
const MOST_LINES: usize = 40;

/// What is said of an attempt whose lines show no write.
pub(super) const NO_WRITES: &str = "writes: none seen in its log, which means unknown";
/// What is said of records.
pub(super) const NO_LINES: &str = "The input contains records, not log lines: there are no lines to show.";

/// Formats the event as text.
#[must_use]
pub(crate) fn life(event: &ShownEvent, style: &Style) -> String {
    let mut out = Vec::new();
    head(event, style, &mut out);
    let mut last_end: Option<i64> = None;
    let mut number = 0;
    for attempt in &event.attempts {
        let record = &attempt.record;
        // What is kept of a pull may lack attempts that succeeded.
        let missing = missing(number, record.attempt);
        out.extend(missing.into_iter().flat_map(|text| [String::new(), style.paint(Ink::Faint, &text)]));
        number = record.attempt;
        out.push(String::new());
        out.extend(pause(last_end, record.started_at_ms).map(|text| style.paint(Ink::Faint, &text)));
        one_attempt(attempt, style, &mut out);
        last_end = record.ended_at_ms;
    }
    if event.attempts.iter().all(|attempt| attempt.lines.is_empty()) {
        out.push(String::new());
        out.push(NO_LINES.to_owned());
    }
    let linked = |attempt: &ShownAttempt| !links::lines(&place_of(&attempt.record), style).is_empty();
    if style.links != Links::None && !event.attempts.iter().any(linked) {
        out.extend([String::new(), links::NONE.to_owned()]);
    }
    out.iter().map(|line| format!("{}\n", without_commands(line.trim_end()))).collect()
}

fn head(event: &ShownEvent, style: &Style, out: &mut Vec<String>) {
    let id = event.request_id.as_deref().unwrap_or("?");
    let function = event.function.as_deref().unwrap_or("(no name)");
    out.push(style.paint(Ink::Strong, &format!("{} {}", one_line(function), one_line(id))));
    let ink = match event.outcome.as_deref() {
        Some("succeeded" | "recovered") => Ink::Good,
        Some("open") => Ink::Warn,
        _ => Ink::Bad,
    };
    out.push(style.paint(ink, &outcome(event)));
    if let Some(word) = &event.retry_guidance {
        let reason = event.retry_reason.as_deref().unwrap_or("");
        let text = format!("replay: {} ({reason})", replay(word));
        out.extend(wrap(&one_line(&text), style.width));
    }
}

/// Returns which attempts between two of these numbers are not shown: `Attempt 2 is not kept`.
pub(super) fn missing(before: u32, next: u32) -> Option<String> {
    match (before.saturating_add(1), next.saturating_sub(1)) {
        (first, last) if first > last => None,
        (first, last) if first == last => Some(format!("Attempt {first} is not kept")),
        (first, last) => Some(format!("Attempts {first} to {last} are not kept")),
    }
}

/// Returns how the event ended: `lost after 3 attempts`.
pub(super) fn outcome(event: &ShownEvent) -> String {
    let outcome = one_line(event.outcome.as_deref().unwrap_or("unknown")).replace('_', " ");
    let last = event.attempts.last().map_or(0, |attempt| u64::from(attempt.record.attempt));
    let attempts = count(last.max(event.attempts.len() as u64), "attempt", "attempts");
    match (&event.caught_by, outcome.as_str()) {
        (Some(caught_by), _) => {
            format!("failed after {attempts}, caught by its {}", one_line(&caught_by.kind).replace('_', " "))
        }
        (None, "exhausted") => format!("lost after {attempts}"),
        (None, _) => format!("{outcome}, {attempts}"),
    }
}

/// Returns the pause between the end of an attempt and the start of the next.
pub(super) fn pause(before: Option<i64>, start: Option<i64>) -> Option<String> {
    let ms = before.zip(start).map(|(before, start)| start - before)?;
    Some(if ms < 0 {
        format!("began {} before the last one had ended", duration(-ms as f64))
    } else {
        format!("{} later", duration(ms as f64))
    })
}

pub(super) fn place_of(record: &Record) -> LinkedPlace<'_> {
    LinkedPlace {
        region: record.region.as_deref(),
        log_group: record.log_group.as_deref(),
        log_stream: record.log_stream.as_deref(),
        request_id: record.request_id.as_deref(),
        trace_id: record.xray_trace_id.as_deref(),
        started_at: record.started_at.as_deref(),
        ended_at: record.ended_at.as_deref(),
    }
}

fn one_attempt(attempt: &ShownAttempt, style: &Style, out: &mut Vec<String>) {
    let record = &attempt.record;
    let mut text = format!("Attempt {}", record.attempt);
    let started_at = record.started_at.as_deref().and_then(|at| style.local(at));
    let started_at = started_at.map(|at| format!("{} {} {}", at.date, at.millis(), at.zone));
    for (word, value) in [("", &started_at), ("version ", &record.version), ("in ", &record.log_stream)] {
        if let Some(value) = value {
            text.push_str(&format!("  {word}{}", one_line(value)));
        }
    }
    out.push(style.paint(Ink::Strong, &text));
    lines(attempt, style, out);
    verdict(record, style, out);
    out.extend(links::lines(&place_of(record), style).iter().map(|line| format!("     {line}")));
    if let Some(step) = &record.progress {
        out.push(format!("     progress: step {}", one_line(step)));
    }
    effects(&record.side_effects, style, out);
}

/// Appends the lines of an attempt, with the pauses between them.
pub(super) fn lines(attempt: &ShownAttempt, style: &Style, out: &mut Vec<String>) {
    let mut last: Option<i64> = None;
    let half = attempt.lines.len().div_ceil(3);
    let left_out = (attempt.lines_left_out > 0).then(|| {
        let more = count(u64::from(attempt.lines_left_out), "line", "lines");
        style.paint(Ink::Warn, &format!("  … {more} not shown"))
    });
    if attempt.lines.is_empty() {
        out.extend(left_out.clone());
    }
    for (at, line) in attempt.lines.iter().enumerate() {
        if let Some(text) = left_out.as_ref().filter(|_| at == half) {
            out.push(text.clone());
        } else if let Some(silence) = last.zip(line.at_ms).map(|(last, at)| at - last).filter(|ms| *ms >= SILENCE_MS) {
            out.push(style.paint(Ink::Warn, &format!("  … {} of silence", duration(silence as f64))));
        }
        last = line.at_ms.or(last);
        message(line, style, out);
    }
}

fn message(line: &ShownLine, style: &Style, out: &mut Vec<String>) {
    let clock =
        line.at.as_deref().and_then(|at| style.local(at)).map_or(String::new(), |at| format!("{}  ", at.millis()));
    let indent = " ".repeat(clock.len());
    let all = line.text.lines().count();
    for (at, text) in line.text.lines().take(MOST_LINES).enumerate() {
        let front = if at == 0 { &clock } else { &indent };
        let text = format!("  {front}{}", one_line(text));
        out.push(if line.own { text } else { style.paint(Ink::Faint, &text) });
    }
    if all > MOST_LINES {
        out.push(style.paint(Ink::Warn, &format!("  {indent}… {} more lines", all - MOST_LINES)));
    }
}

fn verdict(record: &Record, style: &Style, out: &mut Vec<String>) {
    let ink = match record.category.as_str() {
        "ok" => Ink::Good,
        "incomplete" => Ink::Warn,
        _ => Ink::Bad,
    };
    let mut text = format!("  => {}", style.paint(ink, &one_line(&record.code)));
    if record.category != "ok" {
        text.push_str(&format!("  ({} confidence)", one_line(&record.confidence)));
    }
    if let Some(ms) = record.duration_ms {
        text.push_str(&format!("  after {}", duration(ms)));
    }
    out.push(text);
    if let Some(error) = record.error_message.as_deref().or(record.error_type.as_deref()) {
        out.push(format!("     {}", shorten_end(&one_line(error), style.width.saturating_sub(5))));
    }
    if let Some(ms) = record.silence_before_end_ms.filter(|ms| *ms >= SILENCE_MS) {
        out.push(format!("     silent for {} before the end", duration(ms as f64)));
    }
    if let Some(told) = record.lambda_insights.as_ref().and_then(measured) {
        out.extend(
            wrap(&format!("Lambda Insights: {told}"), style.width.saturating_sub(5))
                .iter()
                .map(|line| format!("     {line}")),
        );
    }
    if !matches!(record.category.as_str(), "ok" | "incomplete") {
        out.push(format!(
            "     retry: {}   partial work: {}   compensation: {}",
            one_line(&record.retryable).replace('_', " "),
            one_line(&record.partial_work),
            one_line(&record.compensation)
        ));
    }
}

/// Returns what Lambda Insights measured: `CPU time 90 ms, memory 129 of 256 MB`.
pub(super) fn measured(told: &LambdaInsights) -> Option<String> {
    let part = |used: Option<u16>, most: Option<u16>| {
        let used = thousands(u64::from(used?));
        Some(most.map_or_else(|| used.clone(), |most| format!("{used} of {}", thousands(u64::from(most)))))
    };
    let parts = [
        told.cpu_ms.map(|ms| format!("CPU time {}", duration(f64::from(ms)))),
        part(told.memory_used_mb, told.memory_size_mb).map(|memory| format!("memory {memory} MB")),
        part(told.tmp_used_mb, told.tmp_size_mb).map(|tmp| format!("/tmp {tmp} MB")),
        part(told.open_files, told.open_files_limit).map(|files| format!("open files {files}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn effects(effects: &[SideEffectLine], style: &Style, out: &mut Vec<String>) {
    if effects.is_empty() {
        out.push(style.paint(Ink::Faint, &format!("     {NO_WRITES}")));
        return;
    }
    out.push("     writes in its log:".to_owned());
    for effect in effects {
        let mut text = format!("       {}  {}", one_line(&effect.state), one_line(&effect.operation));
        for part in [&effect.target, &effect.id].into_iter().flatten() {
            text.push_str(&format!("  {}", one_line(part)));
        }
        text.push_str(&repeated(effect).map_or_else(String::new, |words| format!("  ({words})")));
        out.push(text);
    }
}

/// Returns whether a later attempt did a write again, if that is known.
pub(super) fn repeated(effect: &SideEffectLine) -> Option<&'static str> {
    effect.repeated.map(|again| if again { "done again by a later attempt" } else { "not repeated later" })
}
