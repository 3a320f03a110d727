//! Evidence of a verdict: a few lines in the order of the log.

use super::Ruling;
use super::facts::Facts;
use crate::lambda::runtimes::said_after_warning;
use crate::model::Line;

/// Number of lines beyond which evidence explains less.
const MOST_LINES: usize = 4;

/// Returns the proof itself, what the platform says, and the last line of the function where the end came without an
/// error.
pub(super) fn lines(facts: &Facts<'_>, ruling: &Ruling<'_>) -> Vec<Line> {
    let attempt = facts.attempt;
    let signs =
        [ruling.proof, facts.timed_out, facts.crash, facts.init_sign(None).filter(|_| ruling.code.contains("init"))];
    let silent_end = ruling.proof.is_none_or(|sign| super::facts::error_of(sign).is_none());
    // The platform's own lines are many where an init was repeated; the words before them tell more.
    let candidates = signs
        .into_iter()
        .flatten()
        .map(|sign| &sign.line)
        .chain(attempt.report_line.as_ref())
        .chain(facts.ended.map(|sign| &sign.line))
        .chain(ruling.words.as_deref().map(|words| &words.line))
        .chain(attempt.last_line.as_ref().filter(|_| silent_end));
    let mut lines: Vec<Line> = Vec::new();
    for line in candidates {
        if lines.len() < MOST_LINES && !line.text.is_empty() && !lines.iter().any(|known| known.place == line.place) {
            lines.push(Line { at: line.at, place: line.place, text: said_after_warning(&line.text).into() });
        }
    }
    // The files of one stream may be given in any order, so their numbers say nothing: time decides, and REPORT is last.
    let is_report = |line: &Line| attempt.report_line.as_ref().is_some_and(|report| report.place == line.place);
    lines.sort_by_key(|line| (line.at, is_report(line), line.place.line, line.place.event));
    lines
}
