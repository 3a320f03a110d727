//! Format `csv`: one rectangular table for spreadsheets and SQL, with a row for the totals, each function, each cause,
//! each check and each condition of the gate. The first column says which.

use std::io::{self, Write};

use super::checks::severity_word;
use super::csv_line::write_cells;
use super::numbers::{numbers, paths};
use super::{Answer, Style};
use crate::wire::{Cause, Check, Condition, FunctionSummary};

/// Columns before the numbers. A cell has one value: what is a list in JSON is counted.
const HEADINGS: [&str; 28] = [
    "kind",
    "function",
    "owner",
    "account_id",
    "region",
    "runtime",
    "cause",
    "code",
    "title",
    "target",
    "fingerprint",
    "state",
    "first_seen",
    "last_seen",
    "since_before_window",
    "functions",
    "failed_events",
    "recovered",
    "share_within",
    "brief",
    "hint",
    "ignored",
    "condition",
    "level",
    "value",
    "unit",
    "threshold",
    "result",
];

/// A row; what does not apply to its kind is empty.
#[derive(Default)]
struct CsvRow {
    named: Vec<(&'static str, String)>,
    numbers: Vec<(&'static str, String)>,
}

pub(super) fn render(answer: &mut Answer<'_>, _style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = answer.summary;
    // A dot in the name of a column would have to be quoted in SQL.
    write_cells(HEADINGS.iter().map(|name| (*name).to_owned()).chain(paths().map(|path| path.replace('.', "_"))), out)?;
    let mut rows = vec![of_function("total", &summary.totals)];
    rows[0].named.push(("functions", summary.functions.len().to_string()));
    let functions = summary.functions.iter().map(|function| of_function("function", function));
    let conditions = summary.gate.iter().flat_map(|gate| &gate.conditions).map(of_condition);
    rows.into_iter()
        .chain(functions)
        .chain(summary.causes.iter().map(of_cause))
        .chain(summary.checks.iter().map(of_check))
        .chain(conditions)
        .try_for_each(|row| row.write(out))
}

impl CsvRow {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let cell = |cells: &[(&str, String)], name: &str| {
            cells.iter().find(|(named, _)| *named == name).map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let named = HEADINGS.iter().map(|name| cell(&self.named, name));
        write_cells(named.chain(paths().map(|path| cell(&self.numbers, path))), out)
    }
}

fn of_function(kind: &'static str, function: &FunctionSummary) -> CsvRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let named = vec![
        ("kind", kind.to_owned()),
        ("function", text(&function.function)),
        ("owner", text(&function.owner)),
        ("account_id", text(&function.account_id)),
        ("region", text(&function.region)),
        ("runtime", text(&function.runtime)),
        ("recovered", function.outcomes.recovered.to_string()),
    ];
    CsvRow { named, numbers: numbers(function).collect() }
}

/// Returns the row of a cause. Its attempts all failed, so they stand where failed attempts of functions do; its events
/// are only those with such an attempt, which is another number than the events of a function.
fn of_cause(cause: &Cause) -> CsvRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let function = match &cause.functions[..] {
        [Some(name)] => name.clone(),
        _ => String::new(),
    };
    let state = serde_json::to_value(cause.state).ok();
    let named = vec![
        ("kind", "cause".to_owned()),
        ("function", function),
        ("owner", cause.owners.join(", ")),
        ("cause", cause.id.clone()),
        ("code", cause.code.clone()),
        ("title", cause.title.clone()),
        ("target", text(&cause.target)),
        ("fingerprint", text(&cause.fingerprint)),
        ("state", state.as_ref().and_then(|state| state.as_str()).unwrap_or_default().to_owned()),
        ("first_seen", text(&cause.first_seen)),
        ("last_seen", text(&cause.last_seen)),
        ("since_before_window", cause.since_before_window.to_string()),
        ("functions", cause.functions.len().to_string()),
        ("failed_events", cause.events.to_string()),
        ("recovered", cause.recovered.to_string()),
        ("share_within", cause.share_within.map(json).unwrap_or_default()),
        ("brief", cause.brief.clone()),
        ("hint", cause.hint.clone()),
        ("ignored", cause.ignored.to_string()),
    ];
    let numbers = vec![
        ("failed", cause.attempts.to_string()),
        ("environment_failures", cause.environments.to_string()),
        ("lost", cause.lost.to_string()),
    ];
    CsvRow { named, numbers }
}

/// Returns the row of a check: its id stands where codes of causes do, its evidence where their titles do.
fn of_check(check: &Check) -> CsvRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let named = vec![
        ("kind", "check".to_owned()),
        ("function", text(&check.function)),
        ("account_id", text(&check.account_id)),
        ("region", text(&check.region)),
        ("code", check.id.clone()),
        ("title", check.evidence.clone()),
        ("level", severity_word(check.severity).to_owned()),
    ];
    CsvRow { named, numbers: Vec::new() }
}

fn of_condition(condition: &Condition) -> CsvRow {
    let named = vec![
        ("kind", "condition".to_owned()),
        ("function", condition.scope.clone().unwrap_or_default()),
        ("condition", condition.expression.clone()),
        ("level", condition.level.clone()),
        ("value", condition.value.map(json).unwrap_or_default()),
        ("unit", condition.unit.clone()),
        ("threshold", condition.threshold.map(json).unwrap_or_default()),
        ("result", condition.result.clone()),
    ];
    CsvRow { named, numbers: Vec::new() }
}

/// Formats a number as in JSON.
fn json(number: f64) -> String {
    serde_json::Value::from(number).to_string()
}
