//! A row of the ledger: what the final pass knows of an invocation event, with details from the records of its
//! attempts.

use std::io;

use super::Records;
use crate::account::CaughtEvent;
use crate::model::{Category, Compensation, EffectState, PartialWork};
use crate::summary::{LedgerEvent, Outcome};
use crate::wire::{LedgerEffect, LedgerRow, Record};

/// Maximum length of the line of evidence, in bytes.
const EVIDENCE: usize = 400;
/// Maximum number of side effects in a row.
const MOST_EFFECTS: usize = 32;

/// Builds the row of an invocation event.
///
/// # Errors
/// When the records cannot be read back.
pub(crate) fn ledger_row(event: &LedgerEvent, records: &mut Records) -> io::Result<LedgerRow> {
    if let (None, Some(caught)) = (event.outcome, &event.caught) {
        return Ok(never_ran(event, caught));
    }
    let mut attempts = Vec::with_capacity(event.places.len());
    for place in &event.places {
        attempts.extend(records.get(*place)?);
    }
    let has_failed = |record: &&Record| Category::from_id(&record.category).is_some_and(Category::is_failure);
    let failed = attempts.iter().rev().find(has_failed);
    // Work of an earlier attempt remains done, however the last one failed.
    let all_failed = || attempts.iter().filter(has_failed);
    let work = all_failed().filter_map(|record| PartialWork::parse(&record.partial_work));
    let compensation = all_failed().filter_map(|record| Compensation::parse(&record.compensation));
    let proof = failed.and_then(|record| record.evidence.first());
    let told = |get: fn(&Record) -> &Option<String>| attempts.iter().find_map(|record| get(record).clone());
    let effects = attempts.iter().flat_map(|record| {
        record.side_effects.iter().map(|effect| LedgerEffect { attempt: record.attempt, effect: effect.clone() })
    });
    let confirmed = EffectState::Confirmed.as_str();
    let writes = attempts.iter().flat_map(|record| &record.side_effects);
    let (confirmed_writes, started_writes) = writes.fold((0, 0), |(confirmed_writes, started_writes), write| {
        let is_confirmed = write.state == confirmed;
        (confirmed_writes + u64::from(is_confirmed), started_writes + u64::from(!is_confirmed))
    });
    Ok(LedgerRow {
        function: told(|record| &record.function),
        account_id: told(|record| &record.account_id),
        region: told(|record| &record.region),
        request_id: told(|record| &record.request_id),
        need: event.need.as_str().to_owned(),
        outcome: event.outcome.map_or(event.need.as_str(), Outcome::as_str).to_owned(),
        attempts: u32::try_from(event.places.len()).unwrap_or(u32::MAX),
        first_started_at: attempts.first().and_then(|record| record.started_at.clone()),
        last_ended_at: attempts.iter().filter_map(|record| record.ended_at.clone()).max(),
        category: failed.map(|record| record.category.clone()),
        code: failed.map(|record| record.code.clone()),
        confidence: failed.map(|record| record.confidence.clone()),
        error_type: failed.and_then(|record| record.error_type.clone()),
        error_message: failed.and_then(|record| record.error_message.as_deref()).map(one_line),
        evidence: proof.map(|line| one_line(&line.message)),
        input: proof.map(|line| line.input.clone()),
        line_number: proof.map(|line| line.line_number),
        partial_work: work.max_by_key(|work| work.rank()).map(|work| work.as_str().to_owned()),
        compensation: compensation.max().map(|compensation| compensation.as_str().to_owned()),
        confirmed_writes,
        started_writes,
        side_effects: effects.take(MOST_EFFECTS).collect(),
        retry_guidance: event.advice.map(|advice| advice.word.to_owned()),
        retry_reason: event.advice.map(|advice| advice.reason.to_owned()),
        gaps_ms: event.gaps.iter().map(|(_, ms)| *ms).collect(),
        schedule: event.gaps.iter().map(|(word, _)| (*word).to_owned()).collect(),
        unknown: event.need.unknowable().to_owned(),
        caught_by: event.caught.as_ref().map(CaughtEvent::caught_by),
    })
}

/// Builds the row of an event that was given up before it ran: only the record of what caught it tells of it.
fn never_ran(event: &LedgerEvent, caught: &CaughtEvent) -> LedgerRow {
    LedgerRow {
        function: caught.function.clone(),
        account_id: caught.account_id.clone(),
        region: caught.region.clone(),
        request_id: Some(caught.request_id.to_string()),
        need: event.need.as_str().to_owned(),
        outcome: event.need.as_str().to_owned(),
        partial_work: Some(PartialWork::None.as_str().to_owned()),
        compensation: Some(Compensation::No.as_str().to_owned()),
        retry_guidance: event.advice.map(|advice| advice.word.to_owned()),
        retry_reason: event.advice.map(|advice| advice.reason.to_owned()),
        unknown: event.need.unknowable().to_owned(),
        caught_by: Some(caught.caught_by()),
        ..LedgerRow::default()
    }
}

/// Returns the first line of a message that is not blank, cut to a bound.
fn one_line(message: &str) -> String {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let end = line.floor_char_boundary(EVIDENCE);
    if end < line.len() { format!("{}…", &line[..end]) } else { line.to_owned() }
}
