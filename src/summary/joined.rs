//! Records of attempts of which several files hold a piece each.

use super::decision::{Decision, confidence_of_joined, work_of_joined};
use super::entry::{START_NOT_LOGGED, is_cut};
use super::record::record_id_of;
use crate::model::{Category, Compensation, Confidence, PartialWork};
use crate::wire::{CutEnds, ObservationCount, Record};

fn decision(record: &Record) -> Decision {
    let category = category(record);
    let confidence = Confidence::parse(&record.confidence).unwrap_or(Confidence::Low);
    Decision::of(category, confidence, is_cut(category, &record.code))
}

fn category(record: &Record) -> Category {
    Category::from_id(&record.category).unwrap_or(Category::Unknown)
}

fn start_cut(record: &Record) -> bool {
    matches!(record.window_cut, CutEnds::Start | CutEnds::Both)
}

fn end_cut(record: &Record) -> bool {
    matches!(record.window_cut, CutEnds::End | CutEnds::Both)
}

/// Joins the records of two pieces of one attempt as [`super::Entry::joined`] joins their entries.
#[must_use]
pub(crate) fn record(first: Record, then: Record) -> Record {
    let is_cut = start_cut(&first) && start_cut(&then);
    let start_of_first = match (start_cut(&first), start_cut(&then)) {
        (false, true) => true,
        (true, false) => false,
        _ => match (first.started_at_ms, then.started_at_ms) {
            (Some(one), Some(other)) => one <= other,
            (one, _) => one.is_some(),
        },
    };
    let end_of_first = first.ended_at_ms > then.ended_at_ms;
    let (started_at, started_at_ms) = if start_of_first {
        (first.started_at.clone(), first.started_at_ms)
    } else {
        (then.started_at.clone(), then.started_at_ms)
    };
    let (ended_at, ended_at_ms) = if end_of_first {
        (first.ended_at.clone(), first.ended_at_ms)
    } else {
        (then.ended_at.clone(), then.ended_at_ms)
    };
    let is_reported = first.duration_ms.is_some() || then.duration_ms.is_some();
    let of_then = decision(&then) >= decision(&first);
    let last_line = match then.last_line_before_end.clone() {
        Some(line) => (Some(line), then.silence_before_end_ms),
        // How long it was silent after that depends on lines that no piece tells.
        None => (first.last_line_before_end.clone(), None),
    };
    let has_init = then.init_ms.is_some() || then.restore_ms.is_some();
    let (init_ms, restore_ms) =
        if has_init { (then.init_ms, then.restore_ms) } else { (first.init_ms, first.restore_ms) };
    let mut side_effects = first.side_effects.clone();
    side_effects.extend(then.side_effects.iter().cloned());
    let observations = observations(&first, &then, is_cut);
    let cold_start = first.cold_start || then.cold_start;
    let window_cut = match (is_cut, end_cut(&first) && end_cut(&then)) {
        (true, true) => CutEnds::Both,
        (true, false) => CutEnds::Start,
        (false, true) => CutEnds::End,
        (false, false) => CutEnds::None,
    };
    let (telling, other) = if of_then { (then, first) } else { (first, then) };
    // Of what is told of the whole, the one has what the other one lacks; figures are those of the REPORT.
    let (reported, begun) = if of_then { (telling.clone(), other) } else { (other, telling.clone()) };
    let verdict = category(&telling);
    let is_told = verdict.is_failure() || !is_reported;
    let (last_line_before_end, silence_before_end_ms) = last_line;
    let mut joined = Record {
        account_id: begun.account_id.or(reported.account_id),
        region: begun.region.or(reported.region),
        log_group: begun.log_group.or(reported.log_group),
        log_stream: begun.log_stream.or(reported.log_stream),
        stream_key: begun.stream_key.or(reported.stream_key),
        function: begun.function.or(reported.function),
        version: begun.version.or(reported.version),
        runtime: begun.runtime.or(reported.runtime),
        architecture: begun.architecture.or(reported.architecture),
        tenant_id: begun.tenant_id.or(reported.tenant_id),
        execution_arn: begun.execution_arn.or(reported.execution_arn),
        started_at,
        started_at_ms,
        ended_at,
        ended_at_ms,
        window_cut,
        platform_status: reported.platform_status.or(begun.platform_status),
        platform_error_type: reported.platform_error_type.or(begun.platform_error_type),
        cold_start,
        duration_ms: reported.duration_ms.or(begun.duration_ms),
        billed_ms: reported.billed_ms.or(begun.billed_ms),
        init_ms,
        restore_ms,
        memory_size_mb: reported.memory_size_mb.or(begun.memory_size_mb),
        max_memory_used_mb: reported.max_memory_used_mb.or(begun.max_memory_used_mb),
        observations,
        last_line_before_end: last_line_before_end.filter(|_| is_told),
        silence_before_end_ms: silence_before_end_ms.filter(|_| is_told),
        xray_trace_id: begun.xray_trace_id.or(reported.xray_trace_id),
        progress: reported.progress.or(begun.progress).filter(|_| side_effects.is_empty()),
        side_effects,
        emulated: begun.emulated || reported.emulated,
        ..telling
    };
    let told = Confidence::parse(&joined.confidence).unwrap_or(Confidence::Low);
    confidence_of_joined(verdict, told, (is_cut, is_reported)).as_str().clone_into(&mut joined.confidence);
    if let Some(told) = PartialWork::parse(&joined.partial_work) {
        let work = work_of_joined(verdict, told, !joined.side_effects.is_empty());
        if work != told {
            let known = Compensation::parse(&joined.compensation).unwrap_or(Compensation::Depends);
            work.as_str().clone_into(&mut joined.partial_work);
            known.max(work.compensation()).as_str().clone_into(&mut joined.compensation);
        }
    }
    if let Some(id) = record_id_of(&joined) {
        joined.id = id;
    }
    joined
}

/// Adds up what was seen in each piece. Of a joined attempt it is known whether a START was logged.
fn observations(first: &Record, then: &Record, start_cut: bool) -> Vec<ObservationCount> {
    let mut all: Vec<ObservationCount> = Vec::with_capacity(first.observations.len() + then.observations.len());
    let seen = first.observations.iter().chain(&then.observations);
    for ObservationCount { code, count } in seen.filter(|seen| start_cut || seen.code != START_NOT_LOGGED) {
        match all.iter_mut().find(|known| known.code == *code) {
            Some(known) => known.count = known.count.saturating_add(*count),
            None => all.push(ObservationCount { code: code.clone(), count: *count }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Entry;
    use super::super::entry::EntryNames;
    use super::super::record::tests::{attempt, verdict};
    use super::super::record::{attempt_of, record_of, reset};
    use super::record;
    use crate::model::{Attempt, Origin, RequestId, Subject, Timestamp, Verdict};
    use crate::wire::{Record, Redaction};

    fn read(record: &Record) -> Entry {
        let cut = super::is_cut(super::category(record), &record.code);
        let names = EntryNames { stream: 1, function: 2, version: 3, failure: 4, cut };
        let (attempt, verdict) = attempt_of(record, crate::model::Place::at(3, 17)).expect("every word is known");
        Entry::new(&attempt, &verdict, names)
    }

    proptest! {
        /// The record of a joined attempt, read back, is counted like the entry that was made of its pieces.
        #[test]
        fn joined_records_are_counted_like_joined_entries(pieces in proptest::collection::vec((attempt(), verdict()), 2..4)) {
            let last = pieces.len() - 1;
            let piece = |(at, (attempt, verdict)): (usize, &(Attempt, Verdict))| {
                // Only the last one has a REPORT, and all have times and one request.
                let mut attempt = Attempt { request_id: Some(RequestId::from_bits(9)), subject: Subject::Attempt, ..attempt.clone() };
                attempt.metrics.duration_us = if at == last { attempt.metrics.duration_us.or(Some(9)) } else { None };
                attempt.report_seen = attempt.metrics.duration_us.is_some();
                attempt.started_at = attempt.started_at.or(Timestamp::from_ms(1_700_000_000_000));
                attempt.ended_at = attempt.ended_at.max(attempt.started_at);
                // As in records.
                let record = record_of(&Origin::default(), &attempt, verdict, &|_| String::new(), &Redaction::on());
                reset(&record)
            };
            let records: Vec<Record> = pieces.iter().enumerate().map(piece).collect();
            let entries = records.iter().map(read);
            let entry = entries.reduce(|first, then| first.joined(&then)).expect("a piece");
            let whole = records.into_iter().reduce(record).expect("a piece");
            prop_assert_eq!(read(&whole), entry);
        }
    }
}
