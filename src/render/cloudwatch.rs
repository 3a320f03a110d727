//! What CloudWatch counts that no log shows: events that were given up or not delivered, and requests that were throttled.
//! One sentence for a function, for every format that people read.

use std::cmp::Reverse;

use super::escape::one_line;
use super::matrix;
use super::sentence::SourcedSentence;
use super::style::{Ink, Style};
use super::view::View;
use super::words::{count, fold, shorten_end, shorten_middle, width};
use crate::wire::{FunctionSummary, Summary};

/// Label of the lines.
pub(super) const LABEL: &str = "CloudWatch";
/// Most lines on the first screen, and the height from which on there is room for more than one.
const MOST_LINES: usize = 3;
const ROOMY: usize = 28;
/// Most functions in the block.
const MOST_FUNCTIONS: usize = 20;
/// Fewest columns of a function's name.
const NAME: usize = 14;

/// A function of which CloudWatch counts what its log does not show.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountedFunction<'a> {
    pub(super) function: &'a FunctionSummary,
    /// Place in the summary.
    pub(super) row: usize,
}

/// Numbers of a function: where they stand, and their nouns.
fn numbers(function: &FunctionSummary) -> [(u64, &'static str, &'static str, &'static str); 5] {
    let counted = function.cloudwatch_metrics.as_deref();
    let of = |number: Option<u64>| number.unwrap_or(0);
    let event = |get: fn(&crate::wire::CloudwatchMetrics) -> Option<u64>| of(counted.and_then(get));
    [
        (
            event(|counted| counted.async_events_dropped),
            "cloudwatch_metrics/async_events_dropped",
            "asynchronous event dropped",
            "asynchronous events dropped",
        ),
        (
            event(|counted| counted.destination_delivery_failures),
            "cloudwatch_metrics/destination_delivery_failures",
            "event not delivered to a destination",
            "events not delivered to a destination",
        ),
        (
            event(|counted| counted.dead_letter_errors),
            "cloudwatch_metrics/dead_letter_errors",
            "event not sent to the dead-letter queue",
            "events not sent to the dead-letter queue",
        ),
        (
            event(|counted| counted.async_balance.map(|balance| balance.unexplained)),
            "cloudwatch_metrics/async_balance/unexplained",
            "event received and not accounted for",
            "events received and not accounted for",
        ),
        (of(function.own_throttles), "own_throttles", "request throttled", "requests throttled"),
    ]
}

/// Returns how many events were dropped or not delivered: the most of the three, since one event may be among all.
fn undelivered(function: &FunctionSummary) -> u64 {
    numbers(function)[..3].iter().map(|(number, ..)| *number).max().unwrap_or(0)
}

impl CountedFunction<'_> {
    /// Returns `400 asynchronous events dropped, 30 events not delivered to a destination`.
    pub(super) fn told(&self) -> SourcedSentence {
        let told = numbers(self.function).into_iter().filter(|(number, ..)| *number > 0);
        told.enumerate().fold(SourcedSentence::default(), |so_far, (at, (number, key, one, many))| {
            let so_far = if at > 0 { so_far.words(", ") } else { so_far };
            so_far.count(format!("/functions/{}/{key}", self.row), number, one, many)
        })
    }
}

/// Returns the functions of which there is something to tell, those with the most events dropped first.
pub(super) fn found(summary: &Summary) -> Vec<CountedFunction<'_>> {
    let rows = summary.functions.iter().enumerate();
    let all = rows.map(|(row, function)| CountedFunction { function, row });
    let mut found: Vec<CountedFunction<'_>> =
        all.filter(|one| numbers(one.function).iter().any(|(number, ..)| *number > 0)).collect();
    // Equals stay in the order of functions.
    found.sort_by_key(|one| Reverse(numbers(one.function).map(|(number, ..)| number)));
    found
}

/// Returns whether events were dropped or not delivered, whatever the logs show.
pub(super) fn has_undelivered(summary: &Summary) -> bool {
    summary.functions.iter().any(|function| undelivered(function) > 0)
}

/// Returns the lines of the first screen: the worst function, and how many there are besides; none without any.
pub(super) fn first_lines(summary: &Summary, style: &Style) -> Vec<String> {
    let found = found(summary);
    let Some(worst) = found.first() else { return Vec::new() };
    let others = match found.len() as u64 - 1 {
        0 => String::new(),
        more => format!("({} below) ", count(more, "more function", "more functions")),
    };
    let ink = if undelivered(worst.function) > 0 { Ink::Bad } else { Ink::Warn };
    let room = style.width.saturating_sub(width(LABEL) + 2).max(20);
    let name =
        shorten_middle(&matrix::name(worst.function, summary), room.saturating_sub(width(&others) + 2).max(NAME));
    let text = format!("{others}{name}: {}", worst.told().text());
    let most = if style.height < ROOMY { 1 } else { MOST_LINES };
    let mut lines = fold(&one_line(&text), room);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(shorten_end(&rest, room));
    }
    let label = |at: usize| if at == 0 { style.paint(ink, LABEL) } else { " ".repeat(width(LABEL)) };
    lines.iter().enumerate().map(|(at, line)| format!("{}  {line}", label(at))).collect()
}

/// Returns the lines of the block: every function, with all that is counted; none without any, or where the first screen has
/// told it all.
pub(super) fn lines(summary: &Summary, view: &View, style: &Style) -> Vec<String> {
    let found = found(summary);
    let is_cut = || first_lines(summary, style).iter().any(|line| line.ends_with('…'));
    if found.is_empty() || found.len() == 1 && !view.details && !is_cut() {
        return Vec::new();
    }
    let mut out = vec![String::new(), style.paint(Ink::Strong, "CloudWatch counts what no log shows")];
    let most = if view.details { view.most(usize::MAX) } else { view.most(MOST_FUNCTIONS) };
    for one in found.iter().take(most) {
        let text = format!("{}: {}", matrix::name(one.function, summary), one.told().text());
        let lines = fold(&one_line(&text), style.width.saturating_sub(4).max(20));
        out.extend(lines.iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { "  " } else { "    " })));
    }
    if let Some(more) = found.len().checked_sub(most).filter(|more| *more > 0) {
        let how = if view.details { "--format json" } else { "--details" };
        let more = count(more as u64, "more function", "more functions");
        out.push(style.paint(Ink::Faint, &format!("  and {more}: {how}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Answer, Commands, RENDERERS};
    use crate::wire::{AsyncBalance, CloudwatchMetrics};

    /// Returns an answer in which nothing failed, but CloudWatch counts this of one function.
    fn summary(tell: impl FnOnce(&mut FunctionSummary, &mut CloudwatchMetrics)) -> Summary {
        let mut summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        summary.functions.truncate(1);
        let mut row =
            FunctionSummary { function: Some("quiet".to_owned()), attempts: 60, ok: 60, ..Default::default() };
        let mut metrics = CloudwatchMetrics::default();
        tell(&mut row, &mut metrics);
        row.cloudwatch_metrics = Some(Box::new(metrics));
        summary.totals = FunctionSummary { attempts: 60, ok: 60, failure_rate: Some(0.0), ..Default::default() };
        summary.functions = vec![row];
        (summary.causes, summary.causes_total) = (Vec::new(), 0);
        (summary.events_to_check, summary.events_to_check_total) = (Vec::new(), 0);
        summary.coverage.complete = true;
        summary
    }

    fn text(summary: &Summary, format: &str, view: &View) -> String {
        let renderer = RENDERERS.iter().find(|one| one.name == format).unwrap();
        let mut out = Vec::new();
        let commands = Commands::default();
        (renderer.render)(&mut Answer { summary, commands: &commands, view, records: None }, &Style::PLAIN, &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_format_for_people_tells_each_of_the_numbers() {
        type Tell = fn(&mut FunctionSummary, &mut CloudwatchMetrics);
        let cases: [(Tell, &str, bool); 5] = [
            (|_, counted| counted.async_events_dropped = Some(4321), "asynchronous events dropped", true),
            (|_, counted| counted.destination_delivery_failures = Some(4321), "events not delivered", true),
            (|_, counted| counted.dead_letter_errors = Some(4321), "events not sent to the dead-letter queue", true),
            (
                |_, counted| {
                    counted.async_balance = Some(AsyncBalance { unexplained: 4321, ..Default::default() });
                },
                "events received and not accounted for",
                false,
            ),
            (|row, _| row.own_throttles = Some(4321), "requests throttled", false),
        ];
        for (tell, words, is_undelivered) in cases {
            let summary = summary(tell);
            for format in ["table", "markdown", "html", "github"] {
                for details in [false, true] {
                    let text = text(&summary, format, &View { details, ..View::default() });
                    assert!(text.contains("4,321") && text.contains(words), "{format}: {words}: {text}");
                    assert!(text.contains("quiet"), "{format}");
                    // The first words do not sound as if all were well.
                    let told = text.contains(", but events were dropped or not delivered");
                    assert_eq!(told, is_undelivered, "{format}: {words}: {text}");
                }
            }
        }
        let none = summary(|row, counted| {
            row.own_throttles = Some(0);
            counted.async_events_dropped = Some(0);
        });
        for format in ["table", "markdown", "html", "github"] {
            let text = text(&none, format, &View::default());
            assert!(!text.contains("CloudWatch counts") && !text.contains("CloudWatch  "), "{format}: {text}");
        }
    }

    #[test]
    fn what_the_first_screen_cuts_is_below_it() {
        let summary = summary(|row, counted| {
            row.own_throttles = Some(500);
            counted.async_events_dropped = Some(400);
            counted.destination_delivery_failures = Some(30);
            counted.dead_letter_errors = Some(5);
        });
        for (width, height) in [(60, 24), (80, 24), (80, 50), (200, 24)] {
            let style = Style { width, height, ..Style::PLAIN };
            let first = first_lines(&summary, &style);
            let rest = lines(&summary, &View::default(), &style);
            assert!(first.len() == 1 || height >= ROOMY, "{first:?}");
            let has_all = |lines: &[String]| {
                let text = lines.join(" ");
                text.split_whitespace().collect::<Vec<_>>().join(" ").contains("500 requests throttled")
            };
            assert!(has_all(&first) || has_all(&rest), "{width}: {first:?} {rest:?}");
            assert!(!has_all(&first) || rest.is_empty(), "{width}: {first:?} {rest:?}");
        }
    }

    #[test]
    fn every_function_is_told_or_counted() {
        let mut summary = summary(|_, counted| counted.async_events_dropped = Some(7));
        summary.functions = (0..30)
            .map(|at| FunctionSummary { function: Some(format!("worker-{at:02}")), ..summary.functions[0].clone() })
            .collect();
        let first = first_lines(&summary, &Style::PLAIN);
        assert!(first[0].starts_with("CloudWatch  (29 more functions below) worker-00: 7 asynchronous"), "{first:?}");
        assert!(first.iter().all(|line| width(line) <= Style::PLAIN.width));
        for (format, left_out) in [("table", "and 10 more functions"), ("markdown", "10 functions left out")] {
            let text = text(&summary, format, &View::default());
            assert!(text.contains("worker-19: 7") || text.contains("`worker-19`: 7"), "{format}: {text}");
            assert!(text.contains(left_out), "{format}: {text}");
        }
        let all = text(&summary, "table", &View { details: true, ..View::default() });
        assert!(all.contains("worker-29: 7 asynchronous events dropped"), "{all}");
    }
}
