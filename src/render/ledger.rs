//! Output of the ledger as a file: CSV for spreadsheets, or JSON.

use std::io::{self, Write};

use super::csv_line::write_cells;
use super::escape::JsonOut;
use crate::wire::{EventLedger, LedgerEffect, LedgerRow};

/// A source that passes the rows on one by one, and may fail.
pub(crate) type LedgerRows<'a> = dyn FnMut(&mut dyn FnMut(LedgerRow) -> io::Result<()>) -> io::Result<()> + 'a;

/// Columns. Each cell has one value; what is a list in JSON is counted, or its worst or last value stands for it.
const HEADINGS: [&str; 30] = [
    "function",
    "account_id",
    "region",
    "request_id",
    "need",
    "outcome",
    "attempts",
    "first_started_at",
    "last_ended_at",
    "category",
    "code",
    "confidence",
    "error_type",
    "error_message",
    "evidence",
    "input",
    "line_number",
    "partial_work",
    "compensation",
    "confirmed_writes",
    "started_writes",
    "last_write",
    "retry_guidance",
    "retry_reason",
    "longest_gap_ms",
    "schedule",
    "unknown",
    "caught_by",
    "caught_at",
    "caught_condition",
];

/// Writes the rows as CSV (RFC 4180), below a header line.
///
/// # Errors
/// When a row cannot be made or `out` cannot be written.
pub(crate) fn ledger_csv(rows: &mut LedgerRows<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_cells(HEADINGS.iter().map(|heading| (*heading).to_owned()), out)?;
    rows(&mut |row| write_cells(cells(&row).into_iter(), out))
}

/// Writes the rows as a JSON document. `head` is the document without them.
///
/// # Errors
/// When a row cannot be made or `out` cannot be written.
pub(crate) fn ledger_json(head: &EventLedger, rows: &mut LedgerRows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut JsonOut::new(out);
    let head = EventLedger { events: Vec::new(), ..head.clone() };
    let text = serde_json::to_string_pretty(&head).map_err(io::Error::from)?;
    // The rows go into the empty list at the end of the document.
    let open = text.strip_suffix("]\n}").unwrap_or(&text);
    out.write_all(open.as_bytes())?;
    let mut first = true;
    rows(&mut |row| {
        let text = serde_json::to_string_pretty(&row).map_err(io::Error::from)?;
        out.write_all(if std::mem::take(&mut first) { b"\n    " } else { b",\n    " })?;
        out.write_all(text.replace('\n', "\n    ").as_bytes())
    })?;
    out.write_all(if first { b"]\n}\n" } else { b"\n  ]\n}\n" })
}

fn cells(row: &LedgerRow) -> [String; HEADINGS.len()] {
    let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
    let longest = row.gaps_ms.iter().flatten().max().map(i64::to_string);
    [
        text(&row.function),
        text(&row.account_id),
        text(&row.region),
        text(&row.request_id),
        row.need.clone(),
        row.outcome.clone(),
        row.attempts.to_string(),
        text(&row.first_started_at),
        text(&row.last_ended_at),
        text(&row.category),
        text(&row.code),
        text(&row.confidence),
        text(&row.error_type),
        text(&row.error_message),
        text(&row.evidence),
        text(&row.input),
        row.line_number.map(|line| line.to_string()).unwrap_or_default(),
        text(&row.partial_work),
        text(&row.compensation),
        row.confirmed_writes.to_string(),
        row.started_writes.to_string(),
        row.side_effects.last().map(write).unwrap_or_default(),
        text(&row.retry_guidance),
        text(&row.retry_reason),
        longest.unwrap_or_default(),
        worst(&row.schedule).to_owned(),
        row.unknown.clone(),
        row.caught_by.as_ref().map(|by| by.kind.clone()).unwrap_or_default(),
        row.caught_by.as_ref().and_then(|by| by.at.clone()).unwrap_or_default(),
        row.caught_by.as_ref().and_then(|by| by.condition.clone()).unwrap_or_default(),
    ]
}

/// Formats a write, such as `dynamodb PutItem orders ord-7`.
fn write(LedgerEffect { effect, .. }: &LedgerEffect) -> String {
    let parts = [Some(&effect.operation), effect.target.as_ref(), effect.id.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns the word for the gap that is the furthest from Lambda's schedule.
fn worst(schedule: &[String]) -> &str {
    const WORST_FIRST: [&str; 5] = ["overlapping", "irregular", "delayed", "unknown", "on_schedule"];
    WORST_FIRST.into_iter().find(|word| schedule.iter().any(|gap| gap == word)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{SideEffectLine, Window};

    fn row() -> LedgerRow {
        let effect = SideEffectLine {
            at: Some("2026-01-02T03:04:05.678Z".to_owned()),
            operation: "POST".to_owned(),
            target: Some("api.example.com/v2/charges".to_owned()),
            id: Some("ord-7".to_owned()),
            state: "started".to_owned(),
            repeated: Some(true),
            line_number: 3,
        };
        LedgerRow {
            function: Some("payments".to_owned()),
            account_id: None,
            region: None,
            request_id: Some("8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11".to_owned()),
            need: "exhausted".to_owned(),
            outcome: "exhausted".to_owned(),
            attempts: 3,
            first_started_at: None,
            last_ended_at: None,
            category: Some("timeout".to_owned()),
            code: Some("timeout.invoke".to_owned()),
            confidence: Some("high".to_owned()),
            error_type: Some("Error".to_owned()),
            error_message: None,
            evidence: Some("=HYPERLINK(\"http://x\")".to_owned()),
            input: Some("a.log".to_owned()),
            line_number: Some(7),
            partial_work: Some("likely".to_owned()),
            compensation: Some("yes".to_owned()),
            confirmed_writes: 0,
            started_writes: 1,
            side_effects: vec![LedgerEffect { attempt: 1, effect }],
            retry_guidance: Some("only_idempotent".to_owned()),
            retry_reason: None,
            gaps_ms: vec![Some(-60_000), None],
            schedule: vec!["overlapping".to_owned(), "unknown".to_owned()],
            unknown: "whether".to_owned(),
            caught_by: None,
        }
    }

    #[test]
    fn csv_is_safe_in_a_spreadsheet() {
        let mut out = Vec::new();
        ledger_csv(&mut |take| take(row()), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].contains(",\"'=HYPERLINK(\"\"http://x\"\")\","), "{text}");
        assert!(lines[1].contains(",0,1,POST api.example.com/v2/charges ord-7,only_idempotent,"), "{text}");
        assert!(lines[1].contains(",-60000,overlapping,"), "{text}");
    }

    #[test]
    fn json_fits_its_schema() {
        let head =
            EventLedger { schema: 1, tool_version: "0".to_owned(), window: Window::default(), events: Vec::new() };
        let schema = schemars::schema_for!(EventLedger).to_value();
        for rows in 0..3 {
            let mut out = Vec::new();
            ledger_json(&head, &mut |take| (0..rows).try_for_each(|_| take(row())), &mut out).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            jsonschema::validator_for(&schema).unwrap().validate(&value).unwrap();
            let read: EventLedger = serde_json::from_value(value).unwrap();
            assert_eq!(read.events, vec![row(); rows]);
        }
    }
}
