//! Headline of the table: how much failed and was lost, when, and whether the answer is whole.

use super::cloudwatch;
use super::escape::one_line;
use super::sentence::SourcedSentence;
use super::style::{Ink, Style};
use super::time_axis::{Axis, bars};
use super::words::{cell, count, percent, shorten_end, thousands, width};
use crate::model::LocalTime;
use crate::wire::{Coverage, Summary, Window};

/// Most cells of the failures over time.
const MOST_CELLS: usize = 60;
/// Fewest, below which they get a line of their own.
const FEWEST_CELLS: usize = 10;

/// What the answer is without any attempt.
const NOTHING_FOUND: &str = "No Lambda invocation found";
/// The same where there may be some.
const NOTHING_READ: &str = "No Lambda invocation found, but not all was read";

/// Returns the lines of the headline: the numbers, the window with the failures over time, and what is missing.
pub(super) fn lines(summary: &Summary, style: &Style) -> Vec<String> {
    if summary.functions.is_empty() {
        let Some(why) = gap(&summary.coverage).filter(|_| !summary.coverage.complete) else {
            return vec![style.paint(Ink::Strong, NOTHING_FOUND)];
        };
        return vec![style.paint(Ink::Strong, NOTHING_READ), partial(&why, style)];
    }
    let mut out = Vec::new();
    let complete = summary.coverage.complete;
    let whole = if complete { "complete" } else { "partial" };
    let painted = style.paint(if complete { Ink::Good } else { Ink::Warn }, whole);
    let (sentences, inks) = numbers(summary);
    let texts = sentences.map(|sentence| sentence.text());
    let plain = texts.concat();
    let mut line: String = texts.iter().zip(inks).map(|(text, ink)| style.paint(ink, text)).collect();
    match style.width.checked_sub(width(&plain) + width(whole)).filter(|room| *room >= 2) {
        Some(room) => line.push_str(&format!("{}{painted}", " ".repeat(room))),
        None => line = format!("{line}\n{painted}"),
    }
    out.extend(line.lines().map(str::to_owned));
    out.extend(course(summary, style));
    out.extend(gap(&summary.coverage).filter(|_| !complete).map(|why| partial(&why, style)));
    out
}

/// Returns the line that says what is missing.
fn partial(why: &str, style: &Style) -> String {
    let room = style.width.saturating_sub(9);
    format!("{}: {}", style.paint(Ink::Warn, "Partial"), shorten_end(&one_line(why), room))
}

/// Returns `1,840 of 18,667 attempts failed (9.9%)` and `, 173 events lost`, each with its colour.
fn numbers(summary: &Summary) -> ([SourcedSentence; 2], [Ink; 2]) {
    let totals = &summary.totals;
    let (failed, lost) = (totals.failed, totals.lost);
    let attempts = |so_far: SourcedSentence| so_far.count("/totals/attempts", totals.attempts, "attempt", "attempts");
    let inits = |so_far: SourcedSentence| {
        so_far.count("/totals/environment_failures", totals.environment_failures, "init", "inits")
    };
    let start = SourcedSentence::default;
    let first = match totals.failure_rate {
        _ if failed == 0 && totals.environment_failures > 0 => {
            attempts(inits(start()).words(" and no attempt of ")).words(" failed")
        }
        _ if failed == 0 && totals.attempts == 0 => start().words("No attempt seen"),
        _ if failed == 0 && totals.attempts == 1 => start().words("The only attempt did not fail"),
        _ if failed == 0 && totals.incomplete == totals.attempts => attempts(start().words("No end seen of ")),
        _ if failed == 0 && totals.incomplete > 0 => attempts(start().words("None of "))
            .words(" failed, ")
            .number("/totals/incomplete", totals.incomplete, thousands(totals.incomplete))
            .words(" without an end"),
        _ if failed == 0 => attempts(start().words("None of ")).words(" failed"),
        Some(rate) => attempts(start().number("/totals/failed", failed, thousands(failed)).words(" of "))
            .words(" failed (")
            .number("/totals/failure_rate", rate, percent(rate))
            .words(")"),
        None => start().count("/totals/failed", failed, "attempt", "attempts").words(" failed (rate unknown)"),
    };
    let second = match failed == 0 && lost == 0 {
        true => start(),
        false => start().words(", ").count("/totals/lost", lost, "event", "events").words(" lost"),
    };
    let second = match totals.caught.filter(|caught| *caught > 0) {
        Some(caught) => second.words(", ").number("/totals/caught", caught, thousands(caught)).words(" caught"),
        None => second,
    };
    let never_ran = totals.never_ran.unwrap_or(0);
    let second = match never_ran {
        0 => second,
        // "3 lost" has said that these are events.
        _ if failed > 0 || lost > 0 => {
            second.words(", ").number("/totals/never_ran", never_ran, thousands(never_ran)).words(" never ran")
        }
        _ => second.words(", ").count("/totals/never_ran", never_ran, "event", "events").words(" never ran"),
    };
    let undelivered = failed == 0 && lost == 0 && cloudwatch::has_undelivered(summary);
    let second =
        if undelivered { second.words(", but events were dropped or not delivered (CloudWatch)") } else { second };
    let first_ink = match failed > 0 || totals.environment_failures > 0 {
        true => Ink::Bad,
        false if undelivered || never_ran > 0 => Ink::Warn,
        false => Ink::Good,
    };
    let second_ink = if lost > 0 || undelivered { Ink::Bad } else { Ink::Strong };
    ([first, second], [first_ink, second_ink])
}

/// Returns `24 functions, 2026-01-02 00:00-00:49 UTC` with the failures over time at the right, or below.
fn course(summary: &Summary, style: &Style) -> Vec<String> {
    let totals = &summary.totals;
    let mut text = count(summary.functions.len() as u64, "function", "functions");
    if let Some(window) = window(&summary.window, style) {
        text.push_str(&format!(", {window}"));
    }
    let drawn = |room: usize| {
        let axes = (2..=MOST_CELLS).rev().filter_map(|most| Axis::over(&summary.window, &totals.timeline, most));
        axes.map(|axis| (axis.len(), format!("failures/{}", axis.unit()), bars(&axis.cells(&totals.timeline))))
            .find(|(cells, unit, _)| width(unit) + 1 + cells <= room)
    };
    if totals.failed == 0 {
        return vec![text];
    }
    let beside = style.width.saturating_sub(width(&text) + 2);
    let (lead, drawn) = match drawn(beside).filter(|(cells, ..)| *cells >= FEWEST_CELLS) {
        None => (format!("{text}\n"), drawn(style.width)),
        Some((cells, unit, bars)) => {
            let blanks = style.width - width(&text) - width(&unit) - 1 - cells;
            (format!("{text}{}", " ".repeat(blanks)), Some((cells, unit, bars)))
        }
    };
    let Some((_, unit, bars)) = drawn else { return vec![text] };
    let lines = format!("{lead}{} {}", style.paint(Ink::Faint, &unit), style.paint(Ink::Bad, bars.trim_end()));
    lines.lines().map(str::to_owned).collect()
}

/// Returns the numbers in words: `1,840 of 18,667 attempts failed (9.9%), 173 events lost`.
pub(super) fn text(summary: &Summary) -> String {
    sentence(summary).text()
}

/// Returns the same, with the places of its numbers.
pub(super) fn sentence(summary: &Summary) -> SourcedSentence {
    if summary.functions.is_empty() {
        return SourcedSentence::default().words(NOTHING_FOUND);
    }
    let [first, second] = numbers(summary).0;
    first.then(second)
}

/// Returns `2026-01-02 00:00-06:00 UTC`, with seconds if the window is within one minute.
pub(super) fn window(window: &Window, style: &Style) -> Option<String> {
    let (start, end) = (style.local(window.start.as_deref()?)?, style.local(window.end.as_deref()?)?);
    let same_day = start.date == end.date;
    let part = if same_day && start.minutes() == end.minutes() { LocalTime::seconds } else { LocalTime::minutes };
    // Clocks may be set within the window.
    let (from, to) = (start.with_zone(part(&start), Some(&end.zone)), part(&end));
    Some(match (same_day, from == to) {
        (true, true) => format!("{} {}", start.date, end.zoned(to)),
        (true, false) => format!("{} {from}-{}", start.date, end.zoned(to)),
        (false, _) => format!("{} {from} - {} {}", start.date, end.date, end.zoned(to)),
    })
}

/// Returns what makes the answer partial, the gravest first.
pub(super) fn gap(coverage: &Coverage) -> Option<String> {
    let unread = coverage.inputs_unreadable.len();
    let (first, rest) = match coverage.inputs_unreadable.first() {
        Some(first) => (format!("{}: {}", first.input, first.reason), unread - 1 + coverage.notes.len()),
        None => (coverage.notes.first()?.clone(), coverage.notes.len() - 1),
    };
    // The number of others stands in front, where nothing is cut off.
    Some(if rest == 0 { first } else { format!("({} more below) {first}", cell(rest as u64)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_names_its_zone_once_or_both() {
        let berlin = crate::model::Zone::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
        let style = Style { zone: berlin, ..Style::PLAIN };
        for (start, end, want) in [
            ("2026-01-02T00:00", "2026-01-02T01:00", "2026-01-02 01:00-02:00 CET"),
            ("2026-10-24T22:30", "2026-10-25T03:00", "2026-10-25 00:30 CEST-04:00 CET"),
            ("2026-10-25T00:30", "2026-10-25T01:10", "2026-10-25 02:30 CEST-02:10 CET"),
            ("2026-10-23T22:00", "2026-10-25T01:10", "2026-10-24 00:00 CEST - 2026-10-25 02:10 CET"),
            ("2026-10-25T03:00", "2026-10-25T03:00", "2026-10-25 04:00:00 CET"),
        ] {
            let at = |text: &str| Some(format!("{text}:00.000Z"));
            let given = Window { start: at(start), end: at(end), source: "observed".to_owned() };
            assert_eq!(window(&given, &style).as_deref(), Some(want));
        }
    }
}
