//! `table`: the answer for people. First line the answer, then a row per function, what went wrong, and coverage.

use std::io::{self, Write};

use super::style::{Ink, Style};
use super::words::{Clock, count};
use super::{Answer, coverage, findings, matrix};
use crate::wire::{Summary, Window};

pub(super) fn render(answer: &mut Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = answer.summary;
    let mut lines = vec![headline(summary, style)];
    if !summary.functions.is_empty() {
        lines.push(String::new());
        lines.extend(matrix::lines(summary, style));
        lines.extend(findings::lines(summary, style));
    }
    lines.push(String::new());
    lines.extend(coverage::lines(&summary.coverage, style));
    for line in lines {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// `24 functions, 1,203,442 attempts, 2026-01-02 00:00 to 06:00 UTC: 14 functions failed`
fn headline(summary: &Summary, style: &Style) -> String {
    if summary.functions.is_empty() {
        return style.paint(Ink::Strong, "No Lambda invocation found");
    }
    let failed = summary.functions.iter().filter(|function| matrix::has_failure(function)).count();
    let mut text = format!(
        "{}, {}",
        count(summary.functions.len() as u64, "function", "functions"),
        count(summary.totals.attempts, "attempt", "attempts")
    );
    if let Some(window) = window(&summary.window) {
        text.push_str(", ");
        text.push_str(&window);
    }
    let (ink, verdict) = match failed {
        0 => (Ink::Good, "no function failed".to_owned()),
        _ => (Ink::Bad, format!("{} failed", count(failed as u64, "function", "functions"))),
    };
    format!("{} {}", style.paint(Ink::Strong, &format!("{text}:")), style.paint(ink, &verdict))
}

/// `2026-01-02 00:00 to 06:00 UTC`; with seconds where the window is within a minute.
fn window(window: &Window) -> Option<String> {
    let (start, end) = (Clock::read(window.start.as_deref()?)?, Clock::read(window.end.as_deref()?)?);
    let same_day = start.date == end.date;
    let part = if same_day && start.minutes() == end.minutes() { Clock::seconds } else { Clock::minutes };
    let (from, to) = (part(start), part(end));
    Some(if same_day {
        format!("{} {from} to {to} UTC", start.date)
    } else {
        format!("{} {from} to {} {to} UTC", start.date, end.date)
    })
}
