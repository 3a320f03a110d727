//! Rule: the log does not show how the attempt ended.

use super::facts::Facts;
use super::{Rule, Ruling};
use crate::model::{Confidence, WindowCut};

pub(super) const RULE: Rule = Rule {
    id: "incomplete",
    explanation: "Neither REPORT nor END was seen, and nothing says that it failed: cut by the window, or lost. The same where \
                  the only REPORT could not be read, or where the window ends between END and REPORT.",
    check,
    #[cfg(test)]
    samples: samples::all,
};

fn check<'a>(facts: &Facts<'a>) -> Option<Ruling<'a>> {
    let attempt = facts.attempt;
    if attempt.report_seen {
        return None;
    }
    if attempt.report_in_doubt {
        return Some(Ruling::new("incomplete.no_report", Confidence::Medium, None));
    }
    let cut = matches!(attempt.window_cut, WindowCut::End | WindowCut::Both);
    // A status stands on REPORT, and a timeout behind END: END says nothing where the window ends before them.
    if attempt.end_seen && !cut || facts.handler_done {
        return None;
    }
    Some(Ruling::new(if cut { "incomplete.window" } else { "incomplete.no_report" }, Confidence::High, None))
}

#[cfg(test)]
mod samples {
    use super::super::samples::{Build, Sample, failing};
    use crate::model::{ErrorForm, Phase, WindowCut};

    pub(super) fn all() -> Vec<Sample> {
        vec![
            failing("cut by the window", Build::new().app_lines(2).cut(WindowCut::End), "incomplete.window"),
            failing(
                "a process died, and the attempt went on until the cut",
                Build::new().said(ErrorForm::Crash, "panic", "panic: no table").line("stored").cut(WindowCut::End),
                "incomplete.window",
            ),
            failing(
                "an error that was caught, last before the cut",
                Build::new()
                    .said(ErrorForm::Crash, "KeyError", "Traceback (most recent call last):\nKeyError: 'a'")
                    .cut(WindowCut::End),
                "incomplete.window",
            ),
            failing(
                "a process died, and the stream goes on",
                Build::new().said(ErrorForm::Crash, "panic", "panic: no table"),
                "incomplete.no_report",
            ),
            Sample::near_miss(
                "a process died, and nothing follows",
                Build::new()
                    .said(ErrorForm::Crash, "panic", "panic: no table")
                    .line("exit status 2")
                    .cut(WindowCut::End),
            ),
            failing("the stream goes on", Build::new().app_lines(2), "incomplete.no_report"),
            failing(
                "a REPORT that cannot be read",
                Build::new().app_lines(1).ended().report_in_doubt(),
                "incomplete.no_report",
            ),
            Sample::near_miss(
                "it failed before the cut",
                Build::new().error(Phase::Invoke, ErrorForm::Unhandled, "E", "m").cut(WindowCut::End),
            ),
            failing(
                "the window ends behind END",
                Build::new().app_lines(1).ended().cut(WindowCut::End),
                "incomplete.window",
            ),
            Sample::near_miss("END without REPORT", Build::new().app_lines(1).ended()),
            Sample::healthy("success", Build::new().report()),
        ]
    }
}
