//! Format `github`: annotations for GitHub Actions, as workflow commands: what failed the gate, what
//! CloudWatch counts that no log shows, grave checks, and the top causes.
//!
//! The commands are ours: this is the one format whose lines a runner is to obey. What comes from a log stands in a title or a
//! message, where no character of it can end the line or the title, or begin another command.

use std::io::{self, Write};

use super::Answer;
use super::causes::{IGNORED, state_word};
use super::escape::{one_line, without_commands};
use super::gate::{GateState, GateVerdict, gate_verdicts, ignored};
use super::matrix;
use super::style::Style;
use super::time_axis::Times;
use super::words::{count, thousands};
use super::{checks, cloudwatch, headline};
use crate::wire::{Cause, Check, CheckSeverity, FindingState, Gate, Summary};

/// Most annotations in all. GitHub shows ten of a kind for a step.
const MOST: usize = 10;
/// Most for conditions of the gate, as long as there are causes to tell.
const MOST_CONDITIONS: usize = 5;
/// Annotations that are left for causes, as long as there are any.
const LEFT_FOR_CAUSES: usize = 2;
/// Most characters of a title and of a message.
const LONGEST_TITLE: usize = 120;
const LONGEST_MESSAGE: usize = 600;

/// One annotation.
struct Annotation {
    level: &'static str,
    title: String,
    message: String,
}

pub(super) fn render(answer: &mut Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for annotation in annotations(answer.summary, style) {
        writeln!(out, "{}", annotation.command())?;
    }
    Ok(())
}

fn annotations(summary: &Summary, style: &Style) -> Vec<Annotation> {
    let mut out = Vec::new();
    let causes: Vec<Annotation> = summary.causes.iter().map(|cause| of_cause(cause, summary, style)).collect();
    if let Some(gate) = &summary.gate {
        let is_all = causes.is_empty() && summary.checks_high == 0;
        let room = if is_all { MOST - 3 } else { MOST_CONDITIONS };
        out.extend(of_gate(gate, room));
    }
    if !summary.coverage.complete {
        let why = headline::gap(&summary.coverage).unwrap_or_else(|| "something was left out".to_owned());
        out.push(Annotation { level: "warning", title: "This answer is partial".to_owned(), message: why });
    }
    out.extend(of_counted(summary));
    let left = if causes.is_empty() { 1 } else { LEFT_FOR_CAUSES };
    out.extend(of_checks(summary, MOST.saturating_sub(out.len() + left)));
    if causes.is_empty() {
        let message = headline::text(summary);
        out.push(Annotation { level: "notice", title: "lambda-triage".to_owned(), message });
    }
    let more = (summary.causes_total as usize).max(causes.len());
    let room = MOST - out.len();
    let shown = if more > room { room - 1 } else { room };
    let listed: u64 = summary.causes.iter().take(shown).map(|cause| cause.attempts).sum();
    out.extend(causes.into_iter().take(shown));
    if more > shown && more > 0 {
        let rest = summary.totals.failed.saturating_sub(listed);
        let title = count((more - shown) as u64, "more cause", "more causes");
        let message =
            format!("{}; in all {}", count(rest, "failed attempt", "failed attempts"), headline::text(summary));
        out.push(Annotation { level: "notice", title, message });
    }
    out
}

/// Returns an error for each condition that failed or could not be evaluated, a warning for one that warns, or a notice
/// that all hold.
fn of_gate(gate: &Gate, room: usize) -> Vec<Annotation> {
    let verdicts = gate_verdicts(gate);
    let all = count(verdicts.len() as u64, "condition", "conditions");
    let mut wrong: Vec<&GateVerdict> = verdicts.iter().filter(|one| one.state != GateState::Passed).collect();
    wrong.sort_by_key(|one| one.state);
    if wrong.is_empty() {
        return vec![match gate.passed {
            true => {
                let ignored = ignored(gate).map(|text| format!(", {text}")).unwrap_or_default();
                let message = format!("{all} evaluated{ignored}");
                Annotation { level: "notice", title: "Gate passed".to_owned(), message }
            }
            false => Annotation {
                level: "error",
                title: "Gate not evaluable".to_owned(),
                message: "a part of the log that it depends on was not understood".to_owned(),
            },
        }];
    }
    let shown = if wrong.len() > room { room - 1 } else { wrong.len() };
    let mut out: Vec<Annotation> = wrong.iter().take(shown).map(|one| of_verdict(one)).collect();
    if wrong.len() > shown {
        let more = count((wrong.len() - shown) as u64, "more condition", "more conditions");
        let failed = wrong.iter().filter(|one| one.state == GateState::Failed).count();
        let message = format!("{} of {all} failed", thousands(failed as u64));
        out.push(Annotation { level: "error", title: format!("Gate: {more}"), message });
    }
    out
}

/// Returns a warning of what CloudWatch counts that no log shows: the worst function, and how many there are besides.
fn of_counted(summary: &Summary) -> Option<Annotation> {
    let found = cloudwatch::found(summary);
    let worst = found.first()?;
    let mut message = format!("{}: {}", matrix::name(worst.function, summary), worst.told().text());
    if found.len() > 1 {
        message.push_str(&format!("; and {}", count(found.len() as u64 - 1, "more function", "more functions")));
    }
    Some(Annotation { level: "warning", title: "CloudWatch counts what no log shows".to_owned(), message })
}

/// Returns a warning for each check that is grave, as many as there is room for; the last one tells how many more there are.
fn of_checks(summary: &Summary, room: usize) -> Vec<Annotation> {
    let mut high = summary.checks.iter().filter(|check| check.severity == CheckSeverity::High);
    let all = (summary.checks_high as usize).max(high.clone().count());
    let shown = if all > room { room.saturating_sub(1) } else { all };
    let title = |check: &Check| format!("Check: {}: {}", checks::function_of(check, summary), check.id);
    let told = |check: &Check| {
        let source = check.source.as_deref().map_or(String::new(), |source| format!(" ({source})"));
        Annotation { level: "warning", title: title(check), message: format!("{}{source}", check.evidence) }
    };
    let mut out: Vec<Annotation> = high.by_ref().take(shown).map(told).collect();
    if all > shown && room > 0 {
        let more = count((all - shown) as u64, "more check", "more checks");
        let message = high.next().map_or_else(
            || "see the other formats".to_owned(),
            |next| format!("such as {}: {}: {}", checks::function_of(next, summary), next.id, next.evidence),
        );
        out.push(Annotation { level: "warning", title: format!("{more} with severity high"), message });
    }
    out
}

fn of_verdict(verdict: &GateVerdict) -> Annotation {
    let (level, word) = match verdict.state {
        GateState::Failed => ("error", "Gate failed"),
        GateState::NotEvaluable => ("error", "Gate not evaluable"),
        GateState::Warned => ("warning", "Gate warning"),
        GateState::NotEvaluableWarning => ("warning", "Gate warning not evaluable"),
        GateState::Passed => ("notice", "Gate passed"),
    };
    Annotation { level, title: format!("{word}: {}", verdict.expression), message: verdict.text.clone() }
}

fn of_cause(cause: &Cause, summary: &Summary, style: &Style) -> Annotation {
    let functions = match &cause.functions[..] {
        [name] => name.clone().unwrap_or_else(|| "a function without a name".to_owned()),
        names => count(names.len() as u64, "function", "functions"),
    };
    let mut message = match (cause.attempts, cause.environments) {
        (0, inits) if inits > 0 => count(inits, "failed init", "failed inits"),
        (attempts, _) => count(attempts, "failed attempt", "failed attempts"),
    };
    message.push_str(&format!(" in {functions}"));
    if cause.lost > 0 {
        message.push_str(&format!(", {} lost", count(cause.lost, "event", "events")));
    }
    let times = Times::of(&summary.window, style);
    let time = |moment: &Option<String>| moment.as_deref().and_then(|at| times.text(at));
    if let Some((first, last)) = time(&cause.first_seen).zip(time(&cause.last_seen)) {
        let since = if cause.since_before_window { "before " } else { "" };
        message.push_str(&format!(", since {since}{first}, last {last}"));
    }
    if cause.state != FindingState::Unknown {
        message.push_str(&format!(", {}", state_word(cause.state)));
    }
    if !cause.owners.is_empty() {
        message.push_str(&format!(", owned by {}", cause.owners.join(", ")));
    }
    if cause.ignored {
        message.push_str(&format!(", {IGNORED}"));
    }
    message.push_str(&format!(". {}: {}", cause.code, cause.hint));
    // What lost nothing and is over needs nobody now.
    let is_over = cause.lost == 0 && !matches!(cause.state, FindingState::Ongoing);
    Annotation {
        level: if is_over || cause.ignored { "notice" } else { "warning" },
        title: cause.title.clone(),
        message,
    }
}

impl Annotation {
    /// Returns the workflow command.
    fn command(&self) -> String {
        let title = property(&safe(&self.title, LONGEST_TITLE));
        format!("::{} title={title}::{}", self.level, data(&safe(&self.message, LONGEST_MESSAGE)))
    }
}

/// Returns the text on one line, without what drives a terminal or, on another runner, is a command.
fn safe(text: &str, most: usize) -> String {
    let line = one_line(text);
    let cut = match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.into_owned(),
    };
    without_commands(&cut).into_owned()
}

/// Escapes the message of a workflow command, as the toolkit of GitHub Actions does.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Condition;

    /// Reads a command as the runner does.
    fn read(line: &str) -> (String, String, String) {
        let rest = line.strip_prefix("::").unwrap();
        let (head, data) = rest.split_once("::").unwrap();
        let (level, properties) = head.split_once(' ').unwrap();
        assert_eq!(properties.split(',').count(), 1, "{line}");
        let plain = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            text.replace("%25", "%")
        };
        let (name, title) = properties.split_once('=').unwrap();
        assert_eq!(name, "title");
        (level.to_owned(), plain(title), plain(data))
    }

    proptest::proptest! {
        #[test]
        fn a_runner_reads_what_was_said(title in "(?s).{0,60}", message in "(?s)[:%,\r\n#\\[\\]0-9A-F a=]{0,60}") {
            let annotation = Annotation { level: "error", title: title.clone(), message: message.clone() };
            let line = annotation.command();
            proptest::prop_assert!(!line.contains(['\n', '\r']) && !line.contains("##["));
            let want = ("error".to_owned(), safe(&title, LONGEST_TITLE), safe(&message, LONGEST_MESSAGE));
            proptest::prop_assert_eq!(read(&line), want);
        }
    }

    #[test]
    fn there_are_never_more_than_ten_and_the_rest_is_counted() {
        let mut summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        let cause = summary.causes[0].clone();
        let condition = |at: usize, result: &str| Condition {
            expression: format!("failed > {at}"),
            scope: None,
            level: "fail".to_owned(),
            unit: "count".to_owned(),
            value: Some(1.0),
            threshold: Some(0.0),
            result: result.to_owned(),
            reason: None,
        };
        summary.functions[0].own_throttles = Some(4);
        let check = Check {
            id: "reserved_concurrency_zero".to_owned(),
            function: summary.functions[0].function.clone(),
            account_id: None,
            region: None,
            severity: CheckSeverity::High,
            evidence: "reserved concurrency is 0".to_owned(),
            source: Some("config.json".to_owned()),
        };
        let drawn =
            [0, 1, 4, 5, 9, 10, 11, 400].into_iter().flat_map(|causes| [0, 1, 2, 3, 9].map(|high| (causes, high)));
        for (causes, high) in drawn {
            summary.checks = vec![check.clone(); high];
            summary.checks.push(Check { severity: CheckSeverity::Low, ..check.clone() });
            (summary.checks_high, summary.checks_total) = (high as u64, high as u64 + 1);
            for failed in [0, 1, 5, 6, 9, 10, 651] {
                summary.causes = vec![cause.clone(); causes];
                summary.causes_total = causes as u64;
                let conditions =
                    (0..failed).map(|at| condition(at, "fail")).chain([condition(failed, "pass")]).collect();
                summary.gate = Some(Gate { passed: failed == 0, conditions, ignored: 0 });
                for complete in [true, false] {
                    summary.coverage.complete = complete;
                    let all = annotations(&summary, &Style::PLAIN);
                    assert!(all.len() <= MOST, "{causes} causes, {failed} conditions: {}", all.len());
                    let told = |word: &str| all.iter().filter(|one| one.title.starts_with(word)).count();
                    let more = all.iter().filter_map(|one| one.title.strip_prefix("Gate: ")?.split(' ').next());
                    let more: usize = more.map(|number| number.parse::<usize>().unwrap()).sum();
                    assert_eq!(told("Gate failed") + more, failed);
                    let more = all.iter().filter_map(|one| one.title.strip_suffix(" more causes"));
                    let more: usize = more.map(|number| number.parse::<usize>().unwrap()).sum();
                    let one_more = all.iter().filter(|one| one.title == "1 more cause").count();
                    assert_eq!(told(&cause.title) + more + one_more, causes);
                    assert_eq!(told("This answer is partial"), usize::from(!complete));
                    assert_eq!(told("CloudWatch counts"), 1);
                    let more =
                        all.iter().filter_map(|one| one.title.strip_suffix(" with severity high")?.split(' ').next());
                    let more: usize = more.map(|number| number.parse::<usize>().unwrap()).sum();
                    assert_eq!(told("Check: ") + more, high, "{causes} causes, {failed} conditions");
                }
            }
        }
    }
}
