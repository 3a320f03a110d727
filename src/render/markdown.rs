//! Format `markdown`: the answer for the summary of a CI step or a comment, as GFM: the gate, the headline, the causes, the
//! events to check, the functions (folded), and what was read.

use std::io::{self, Write};

use super::causes::{IGNORED, state_word};
use super::checks::{function_of, severity_word};
use super::cloudwatch;
use super::gate::{GateState, gate_verdicts, ignored, not_tested};
use super::headline;
use super::markdown_text::{MarkdownColumn, MarkdownPage, code, prose};
use super::matrix;
use super::needs::{CAVEAT, is_known_to_be_lost, need_word};
use super::style::Style;
use super::time_axis::Times;
use super::words::{cell, count, replay, thousands};
use super::{Answer, coverage};
use crate::wire::{Cause, Check, Condition, EventToCheck, FunctionSummary, Gate, Summary};

/// Most rows of a table, unless the user wants another number.
const MOST_CONDITIONS: usize = 20;
const MOST_CAUSES: usize = 20;
const MOST_EVENTS: usize = 20;
const MOST_CHECKS: usize = 20;
const MOST_COUNTED: usize = 20;

pub(super) fn render(answer: &mut Answer<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let text = document(answer, style);
    if text.is_empty() {
        return Err(io::Error::other("there is no room left for it: GitHub takes 1 MiB"));
    }
    out.write_all(text.as_bytes())
}

fn document(answer: &Answer<'_>, style: &Style) -> String {
    let (summary, view) = (answer.summary, answer.view);
    let end = coverage_of(summary);
    let mut page = MarkdownPage::new(style.bytes, &end);
    if let Some(gate) = &summary.gate {
        gate_of(gate, &mut page);
    }
    head(summary, style, &mut page);
    counted(summary, view.most(MOST_COUNTED), &mut page);
    causes(summary, view.most(MOST_CAUSES), style, &mut page);
    checks(summary, view.most(MOST_CHECKS), &mut page);
    events(summary, view.most(MOST_EVENTS), style, &mut page);
    functions(answer, &mut page);
    page.finish(&end)
}

fn columns<const N: usize>(columns: [(&'static str, bool); N]) -> [MarkdownColumn<'static>; N] {
    columns.map(|(heading, numbers)| MarkdownColumn { heading, numbers })
}

/// Says what a table leaves out.
fn left_out(page: &mut MarkdownPage, left_out: u64, one: &str, many: &str) {
    if left_out > 0 {
        page.remark(&format!("and {} left out", count(left_out, one, many)));
    }
}

fn gate_of(gate: &Gate, page: &mut MarkdownPage) {
    let with =
        |result: &'static str| gate.conditions.iter().filter(move |one| one.result == result && one.level == "fail");
    let (failed, open) = (with("fail").count() as u64, with("not_evaluable").count() as u64);
    let all = gate.conditions.iter().filter(|one| one.level == "fail").count();
    let all = count(all as u64, "condition", "conditions");
    let words = match (gate.passed, failed, open) {
        (true, ..) => match not_tested(gate) {
            0 => format!("passed ({all})"),
            few => format!("passed ({all}, {} not tested: too few attempts)", thousands(few as u64)),
        },
        (false, 0, 0) => "not evaluable: a part of the log was not understood".to_owned(),
        (false, 0, open) => format!("not evaluable ({} of {all})", thousands(open)),
        (false, failed, 0) => format!("failed ({} of {all})", thousands(failed)),
        (false, failed, open) => {
            format!("failed ({} of {all}, {} not evaluable)", thousands(failed), thousands(open))
        }
    };
    let ignored = ignored(gate).map(|text| format!(", {text}")).unwrap_or_default();
    page.block(&format!("**Gate {words}**{ignored}"));
    let told = gate_verdicts(gate);
    let told = told.iter().filter(|verdict| verdict.state != GateState::Passed);
    let lines: Vec<String> = told
        .take(MOST_CONDITIONS)
        .map(|one| format!("- {}: {}: {}", one.state.words(), code(&one.expression), prose(&one.text)))
        .collect();
    if !lines.is_empty() {
        page.block(&lines.join("\n"));
    }
    let mut ordered: Vec<&Condition> = with("fail").chain(with("not_evaluable")).collect();
    let is_other = |one: &&Condition| one.level != "fail" || !matches!(one.result.as_str(), "fail" | "not_evaluable");
    ordered.extend(gate.conditions.iter().filter(is_other));
    let row = |one: &&Condition| {
        let scope = one.scope.as_deref().map_or_else(|| "all functions".to_owned(), code);
        let value = one.value.map_or_else(|| "n/a".to_owned(), |value| value.to_string());
        let warns = if one.level == "fail" { "" } else { " (warning)" };
        vec![format!("{}{warns}", prose(&one.result.replace('_', " "))), code(&one.expression), scope, value]
    };
    let columns = columns([("RESULT", false), ("CONDITION", false), ("FUNCTION", false), ("VALUE", true)]);
    let shown = page.table(&columns, ordered.iter().take(MOST_CONDITIONS).map(row));
    left_out(page, (ordered.len() - shown) as u64, "condition", "conditions");
}

fn head(summary: &Summary, style: &Style, page: &mut MarkdownPage) {
    page.block(&format!("## {}", headline::text(summary)));
    if summary.functions.is_empty() {
        return;
    }
    let mut text = count(summary.functions.len() as u64, "function", "functions");
    if let Some(window) = headline::window(&summary.window, style) {
        text.push_str(&format!(", {window}"));
    }
    text.push_str(if summary.coverage.complete { ", complete" } else { ", **partial**" });
    page.block(&text);
}

/// Says what CloudWatch counts that no log shows.
fn counted(summary: &Summary, most: usize, page: &mut MarkdownPage) {
    let found = cloudwatch::found(summary);
    let item = |one: &cloudwatch::CountedFunction<'_>| {
        format!("- {}: {}", code(&matrix::name(one.function, summary)), one.told().text())
    };
    if found.is_empty() {
        return;
    }
    page.block("**CloudWatch** counts what no log shows:");
    let shown: Vec<String> = found.iter().take(most).map(item).collect();
    let told = if page.block(&shown.join("\n")) { shown.len() } else { 0 };
    left_out(page, (found.len() - told) as u64, "function", "functions");
}

/// Returns whose a cause is, and whether it fails no gate.
fn aside(cause: &Cause) -> Option<String> {
    let owners = (!cause.owners.is_empty()).then(|| format!("owned by {}", prose(&cause.owners.join(", "))));
    let told: Vec<String> = owners.into_iter().chain(cause.ignored.then(|| IGNORED.to_owned())).collect();
    (!told.is_empty()).then(|| format!("({})", told.join("; ")))
}

fn causes(summary: &Summary, most: usize, style: &Style, page: &mut MarkdownPage) {
    if summary.causes.is_empty() {
        return;
    }
    let times = Times::of(&summary.window, style);
    let time = |moment: &Option<String>| moment.as_deref().and_then(|at| times.text(at)).unwrap_or("-".to_owned());
    let row = |cause: &Cause| {
        let failed = match (cause.attempts, cause.environments) {
            (0, inits) if inits > 0 => count(inits, "init", "inits"),
            (attempts, _) => thousands(attempts),
        };
        // A time before the first is not known; `<` would be the beginning of a tag.
        let since = if cause.since_before_window { "before " } else { "" };
        let brief = Some(prose(&cause.brief)).filter(|brief| !brief.is_empty());
        let to_do: Vec<String> = brief
            .map(|brief| format!("**{brief}**"))
            .into_iter()
            .chain([prose(&cause.hint)])
            .chain(aside(cause))
            .collect();
        vec![
            prose(&cause.title),
            failed,
            place(cause),
            cell(cause.lost),
            format!("{since}{}", time(&cause.first_seen)),
            time(&cause.last_seen),
            state_word(cause.state).to_owned(),
            to_do.join("<br>"),
        ]
    };
    let columns = columns([
        ("CAUSE", false),
        ("FAILED", true),
        ("FUNCTIONS", false),
        ("LOST", true),
        ("SINCE", true),
        ("LAST", true),
        ("STATE", false),
        ("WHAT TO DO", false),
    ]);
    let shown = page.table(&columns, summary.causes.iter().take(most).map(row));
    let all = summary.causes_total.max(summary.causes.len() as u64);
    left_out(page, all - shown as u64, "cause", "causes");
}

/// Returns the name of the one function of a cause, or the number of its functions.
fn place(cause: &Cause) -> String {
    match &cause.functions[..] {
        [Some(name)] => code(name),
        names => thousands(names.len() as u64),
    }
}

fn events(summary: &Summary, most: usize, style: &Style, page: &mut MarkdownPage) {
    if summary.events_to_check_total == 0 {
        return;
    }
    page.block(&format!("### {} to check", count(summary.events_to_check_total, "event", "events")));
    let times = Times::of(&summary.window, style);
    let row = |event: &EventToCheck| {
        let text = |text: &Option<String>| text.as_deref().map(code).unwrap_or_default();
        let writes = if event.side_effects { ", writes logged" } else { "" };
        vec![
            text(&event.function),
            text(&event.request_id),
            format!("{}{writes}", need_word(&event.need)),
            thousands(u64::from(event.attempts)),
            event.first_started_at.as_deref().and_then(|at| times.text(at)).unwrap_or_default(),
            text(&event.code),
            prose(replay(event.retry_guidance.as_deref().unwrap_or(""))),
        ]
    };
    let columns = columns([
        ("FUNCTION", false),
        ("REQUEST ID", false),
        ("IT IS", false),
        ("ATTEMPTS", true),
        ("FIRST", true),
        ("CODE", false),
        ("REPLAY", false),
    ]);
    let shown = page.table(&columns, summary.events_to_check.iter().take(most).map(row));
    left_out(page, summary.events_to_check_total - shown as u64, "event", "events");
    if !is_known_to_be_lost(summary) {
        page.block(CAVEAT);
    }
}

fn checks(summary: &Summary, most: usize, page: &mut MarkdownPage) {
    if summary.checks_total == 0 {
        return;
    }
    page.block(&format!("### {} of the configuration", count(summary.checks_total, "check", "checks")));
    let row = |check: &Check| {
        vec![
            severity_word(check.severity).to_owned(),
            code(&function_of(check, summary)),
            code(&check.id),
            prose(&check.evidence),
            check.source.as_deref().map(code).unwrap_or_default(),
        ]
    };
    let columns =
        columns([("SEVERITY", false), ("FUNCTION", false), ("CHECK", false), ("EVIDENCE", false), ("SOURCE", false)]);
    let shown = page.table(&columns, summary.checks.iter().take(most).map(row));
    left_out(page, summary.checks_total - shown as u64, "check", "checks");
}

/// Appends how the functions are invoked, where that is known.
fn invokers(rows: &[&FunctionSummary], summary: &Summary, page: &mut MarkdownPage) {
    let known = || rows.iter().flat_map(|row| row.invokers.iter().map(move |one| (row, one)));
    let all = known().count();
    if all == 0 {
        return;
    }
    let cells = known().map(|(row, one)| {
        vec![code(&matrix::name(row, summary)), one.kind.clone(), prose(&one.evidence), code(&one.source)]
    });
    let columns = columns([("FUNCTION", false), ("INVOKED BY", false), ("EVIDENCE", false), ("SOURCE", false)]);
    let shown = page.table(&columns, cells);
    left_out(page, (all - shown) as u64, "invoker", "invokers");
}

/// Appends the matrix of functions, folded. As many rows as there is room for.
fn functions(answer: &Answer<'_>, page: &mut MarkdownPage) {
    let summary = answer.summary;
    let (rows, grid) = matrix::in_full(summary, answer.view);
    if rows.is_empty() {
        return;
    }
    // Tags of ours need lines of their own, with empty lines around what is Markdown.
    let all = count(summary.functions.len() as u64, "function", "functions");
    if !page.block(&format!("<details>\n<summary>{all}</summary>")) {
        page.remark(&format!("{all} left out"));
        return;
    }
    let mut columns = vec![MarkdownColumn { heading: "FUNCTION", numbers: false }];
    columns.extend(grid.iter().map(|column| MarkdownColumn { heading: &column.heading, numbers: true }));
    let most = answer.view.most(usize::MAX);
    let cells = rows.iter().take(most).enumerate().map(|(at, function)| {
        let cells = grid.iter().map(|column| column.cells.get(at).map(|cell| prose(&cell.text)).unwrap_or_default());
        std::iter::once(code(&matrix::name(function, summary))).chain(cells).collect()
    });
    let shown = page.table(&columns, cells);
    left_out(page, (rows.len() - shown) as u64, "function", "functions");
    if rows.len() < summary.functions.len() {
        page.remark(&format!("{} without failures", thousands((summary.functions.len() - rows.len()) as u64)));
    }
    invokers(&rows, summary, page);
    page.remark("</details>");
}

/// Returns what was read and what was not.
fn coverage_of(summary: &Summary) -> String {
    let read = &summary.coverage;
    let mut out = Vec::new();
    out.extend(coverage::not_in_the_log(summary).iter().map(|text| format!("- {}", prose(&text.text()))));
    let problems = read.inputs_unreadable.iter().map(|one| ("Not read", coverage::named(one)));
    let notes = read.notes.iter().map(|note| ("Note", note.clone()));
    for (kind, all) in [("inputs not read", problems.collect::<Vec<_>>()), ("notes", notes.collect())] {
        out.extend(all.iter().take(coverage::MOST_PROBLEMS).map(|(label, text)| format!("- {label}: {}", prose(text))));
        if let Some(more) = all.len().checked_sub(coverage::MOST_PROBLEMS).filter(|more| *more > 0) {
            out.push(format!("- {} more {kind}", thousands(more as u64)));
        }
    }
    if let Some(skipped) = coverage::skipped(read) {
        out.push(format!("- Skipped: {}", prose(&skipped)));
    }
    if let Some(file) = &summary.config_file {
        out.push(format!("- Settings of {}", code(file)));
    }
    if read.inputs > 0 {
        out.push(format!("- {}", coverage::read(read).text()));
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Commands, View};

    #[track_caller]
    fn text(summary: &Summary, view: &View, bytes: usize) -> String {
        let answer = Answer { summary, commands: &Commands::default(), view, records: None };
        document(&answer, &Style { bytes, ..Style::PLAIN })
    }

    /// Adds up the rows of tables whose headings begin with this, and what is said to be left out behind them.
    fn told(text: &str, heading: &str, noun: &str) -> (usize, usize) {
        let rows = text.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
        let rows = rows.take_while(|line| line.starts_with("| ")).count();
        let left_out = text.lines().filter_map(|line| {
            let (number, what) = line.strip_prefix("and ")?.strip_suffix(" left out")?.split_once(' ')?;
            what.starts_with(noun).then(|| number.replace(',', "").parse::<usize>().unwrap())
        });
        (rows, left_out.sum())
    }

    #[test]
    fn whatever_the_input_it_is_below_its_bound_and_counts_what_it_leaves_out() {
        let mut summary: Summary = serde_json::from_str(include_str!("testdata/summary.json")).unwrap();
        let worst = format!("{}{}", "`|\u{10ffff}".repeat(200), "e\u{301}".repeat(4_000));
        let mut function = summary.functions[0].clone();
        function.function = Some(worst.clone());
        summary.functions = vec![function; 2_500];
        let mut cause = summary.causes[0].clone();
        cause.functions = vec![Some(worst.clone())];
        [&mut cause.title, &mut cause.hint, &mut cause.brief].into_iter().for_each(|text| text.clone_from(&worst));
        summary.causes = vec![cause; 1_000];
        summary.causes_total = 1_300;
        let condition = Condition {
            expression: worst.clone(),
            scope: Some(worst.clone()),
            level: "fail".to_owned(),
            unit: "share".to_owned(),
            threshold: Some(0.01),
            value: Some(0.1),
            result: "fail".to_owned(),
            reason: None,
        };
        summary.gate = Some(Gate { passed: false, conditions: vec![condition; 651], ignored: 0 });
        summary.coverage.notes = vec![worst; 400];
        for (top, bytes) in [(None, Style::PLAIN.bytes), (Some(0), Style::PLAIN.bytes), (Some(0), 400_000)] {
            let text = text(&summary, &View { top, ..View::default() }, bytes);
            assert!(text.len() <= bytes && text.len() > bytes / 2, "{}", text.len());
            let (causes, no_causes) = told(&text, "| CAUSE", "cause");
            assert_eq!(causes + no_causes, 1_300, "{top:?}");
            let (conditions, no_conditions) = told(&text, "| RESULT", "condition");
            assert_eq!(conditions + no_conditions, 651, "{top:?}");
            let (functions, no_functions) = told(&text, "| FUNCTION | FAILED", "function");
            assert_eq!(functions + no_functions, 2_500, "{top:?}");
            assert!(text.contains("390 more notes"), "what was read stands at the end");
        }
        let none = (0..3_000).step_by(97).map(|bytes| text(&summary, &View::default(), bytes).len());
        assert!(none.zip((0..3_000).step_by(97)).all(|(length, bytes)| length <= bytes));
    }
}
