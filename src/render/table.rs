//! Format `table`: the answer for people. The first line is the answer; a row per function, what went wrong, and the
//! coverage follow.

use std::io::{self, Write};

use super::escape::without_commands;
use super::style::{Ink, Style};
use super::words::{Clock, count};
use super::{Answer, coverage, findings, matrix, needs};
use crate::wire::{Summary, Window};

pub(super) fn render(answer: &mut Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = answer.summary;
    let mut lines = vec![headline(summary, style)];
    if !summary.functions.is_empty() {
        lines.push(String::new());
        lines.extend(matrix::lines(summary, style));
        lines.extend(findings::lines(summary, style));
        lines.extend(needs::lines(summary, style));
        lines.extend(needs::price(summary, style));
    }
    lines.push(String::new());
    lines.extend(coverage::lines(&summary.coverage, style));
    for line in lines {
        writeln!(out, "{}", without_commands(line.trim_end()))?;
    }
    Ok(())
}

/// Returns `24 functions, 1,203,442 attempts, 2026-01-02 00:00 to 06:00 UTC: 14 functions had failures`.
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
    if summary.totals.events != summary.totals.attempts {
        text.push_str(&format!(" of {}", count(summary.totals.events, "event", "events")));
    }
    if let Some(window) = window(&summary.window) {
        text.push_str(", ");
        text.push_str(&window);
    }
    let (ink, verdict) = match failed {
        0 => (Ink::Good, "no failures".to_owned()),
        _ => (Ink::Bad, format!("{} had failures", count(failed as u64, "function", "functions"))),
    };
    format!("{} {}", style.paint(Ink::Strong, &format!("{text}:")), style.paint(ink, &verdict))
}

/// Returns `2026-01-02 00:00 to 06:00 UTC`, with seconds if the window is within one minute.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Coverage, FunctionSummary};

    fn fixture() -> Summary {
        serde_json::from_str(include_str!("testdata/summary.json")).unwrap()
    }

    fn text(summary: &Summary, style: &Style) -> String {
        let mut out = Vec::new();
        render(&mut Answer { summary, records: None }, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Compares with a file beside the fixture; `UPDATE_EXPECTED=1` rewrites it.
    #[track_caller]
    fn golden(name: &str, text: &str) {
        let path = format!("{}/src/render/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let want = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, want, "{name}: run with UPDATE_EXPECTED=1 and review the difference");
    }

    #[test]
    fn reads_well() {
        let summary = fixture();
        for width in [80, 120] {
            let text = text(&summary, &Style { width, color: false });
            golden(&format!("table-{width}.txt"), &text);
            // The headline is one sentence, which the terminal wraps.
            let long = text.lines().skip(1).find(|line| crate::render::words::width(line) > width);
            assert_eq!(long, None);
        }
    }

    #[test]
    fn colours_change_nothing_else() {
        let summary = fixture();
        let mut painted = text(&summary, &Style { width: 80, color: true });
        for code in ["1", "31", "33", "32", "2", "0"] {
            painted = painted.replace(&format!("\x1b[{code}m"), "");
        }
        let trim = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(trim(&painted), trim(&text(&summary, &Style::PLAIN)));
    }

    #[test]
    fn nothing_and_no_failure_and_very_many_are_answers() {
        let mut summary = fixture();
        summary.functions.retain(|function| function.failed == 0);
        summary.coverage.complete = true;
        let fine = text(&summary, &Style::PLAIN);
        assert!(fine.starts_with("10 functions, "), "{fine}");
        assert!(fine.contains("no failures") && fine.contains("10 functions without a failure"), "{fine}");
        summary.functions.clear();
        summary.coverage = Coverage { complete: true, ..Coverage::default() };
        assert_eq!(
            text(&summary, &Style::PLAIN),
            "No Lambda invocation found\n\nRead 0 inputs, 0 bytes, 0 log events\n"
        );
        summary.functions = (0..300)
            .map(|n| FunctionSummary { function: Some(format!("f{n}")), attempts: 9, failed: 9, ..Default::default() })
            .collect();
        let many = text(&summary, &Style::PLAIN);
        assert!(many.contains("200 more functions with failures"), "{many}");
    }
}
