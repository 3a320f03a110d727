//! Conversion of attempts to records, and of records of an earlier run back to attempts.

use xxhash_rust::xxh3::Xxh3;

use super::cause_key::target_of;
use super::entry::{COUNTED_OBSERVATIONS, START_NOT_LOGGED};
use crate::catalogue::code;
use crate::model::{
    Attempt, Category, Compensation, Confidence, Contributing, Downstream, Line, Metrics, Origin, PartialWork, Place,
    RequestId, Retryable, Subject, Timestamp, Verdict, WindowCut, WorkShown,
};
use crate::wire::{
    ContributingCause, CutEnds, DownstreamCall, EvidenceLine, ObservationCount, Record, RecordKind, Redaction,
    SCHEMA_VERSION, SideEffectLine,
};

/// Creates the record of an attempt. `attempt`, the timeout, the outcome and the advice are known only after the last
/// input: they start as 1 and null.
#[must_use]
pub(crate) fn record_of(
    origin: &Origin<String>,
    attempt: &Attempt,
    verdict: &Verdict,
    input_name: &dyn Fn(u32) -> String,
    redaction: &Redaction,
) -> Record {
    let text = |text: &str| redaction.apply(text);
    let cut = verdict.category.is_failure() || !attempt.report_seen;
    // The line of the error has its message in another form.
    let secrets = verdict.error_message.as_deref().map_or_else(Vec::new, |message| redaction.secrets_in(message));
    // What a line is may be told by those above it.
    let told = |place: Place, text: &str| {
        let above = attempt.lines.above(place, Redaction::lines_above(text));
        let above = above.skip_while(|line| !Redaction::may_name(line.text));
        Redaction::without(redaction.apply_below(above.map(|line| line.to_text()), text), &secrets)
    };
    let evidence: Vec<_> = verdict
        .evidence
        .iter()
        .map(|line| evidence_line(line, told(line.place, line.text.trim_end()), input_name, redaction))
        .collect();
    // It is evidence as a rule.
    let last_line = |last: &Line| {
        let same = verdict.evidence.iter().position(|line| line.place == last.place && line.text == last.text);
        let known = same.filter(|_| last.text.trim_end().len() == last.text.len()).and_then(|at| evidence.get(at));
        known.map_or_else(|| told(last.place, &last.text), |known| known.message.clone())
    };
    let last_line = attempt.last_line.as_ref().filter(|_| cut).map(last_line);
    let silence = attempt
        .last_line
        .as_ref()
        .and_then(|line| line.at)
        .zip(attempt.ended_at)
        .map(|(last, end)| end.ms_since(last).max(0));
    Record {
        schema: SCHEMA_VERSION,
        id: format!("{:032x}", record_id(origin, attempt.request_id, attempt.started_at, attempt.place.line)),
        kind: match attempt.subject {
            Subject::Attempt => RecordKind::Attempt,
            Subject::Environment => RecordKind::Environment,
        },
        account_id: origin.account_id.clone(),
        region: origin.region.clone(),
        log_group: origin.log_group.clone(),
        log_stream: origin.log_stream.clone(),
        stream_key: None,
        function: origin.function.clone(),
        input: None,
        understood: true,
        successes_left_out: false,
        version: attempt.version.as_deref().map(text),
        runtime: attempt.runtime.as_deref().map(text),
        architecture: None,
        tenant_id: attempt.tenant_id.as_deref().map(text),
        execution_arn: attempt.execution_arn.as_deref().map(text),
        request_id: attempt.request_id.map(|id| text(&id.to_string())),
        attempt: 1,
        started_at: attempt.started_at.map(|at| at.to_string()),
        started_at_ms: attempt.started_at.map(Timestamp::ms),
        ended_at: attempt.ended_at.map(|at| at.to_string()),
        ended_at_ms: attempt.ended_at.map(Timestamp::ms),
        window_cut: match attempt.window_cut {
            WindowCut::None => CutEnds::None,
            WindowCut::Start => CutEnds::Start,
            WindowCut::End => CutEnds::End,
            WindowCut::Both => CutEnds::Both,
        },
        category: verdict.category.id().to_owned(),
        code: verdict.code.to_owned(),
        confidence: verdict.confidence.as_str().to_owned(),
        platform_status: attempt.platform_status.map(|status| status.as_str().to_owned()),
        platform_error_type: verdict
            .platform_error_type
            .as_deref()
            .or(attempt.platform_error_type.as_deref())
            .map(text),
        error_type: verdict.error_type.as_deref().map(text),
        error_message: (verdict.error_message.as_deref())
            .map(|message| redaction.apply_to_message(verdict.error_type.as_deref(), message)),
        fingerprint: verdict.fingerprint.clone(),
        retryable: verdict.retryable.as_str().to_owned(),
        partial_work: verdict.partial_work.as_str().to_owned(),
        compensation: verdict.compensation.as_str().to_owned(),
        cold_start: attempt.metrics.init_us.is_some() || attempt.metrics.restore_us.is_some(),
        duration_ms: attempt.metrics.duration_us.map(us_to_ms),
        billed_ms: attempt.metrics.billed_ms,
        init_ms: attempt.metrics.init_us.map(us_to_ms),
        restore_ms: attempt.metrics.restore_us.map(us_to_ms),
        timeout_ms: None,
        timeout_source: None,
        memory_size_mb: attempt.metrics.memory_size_mb,
        max_memory_used_mb: attempt.metrics.max_memory_used_mb,
        downstream: verdict.downstream.as_ref().map(|call| downstream_call(call, redaction)),
        contributing: verdict
            .contributing
            .iter()
            .map(|cause| ContributingCause {
                code: cause.code.to_owned(),
                confidence: cause.confidence.as_str().to_owned(),
                target: cause.call.as_ref().and_then(|call| target_of(call, redaction)),
            })
            .collect(),
        observations: verdict
            .observations
            .iter()
            .map(|(code, count)| ObservationCount { code: (*code).to_owned(), count: *count })
            .collect(),
        evidence,
        last_line_before_end: last_line,
        silence_before_end_ms: silence.filter(|_| cut),
        xray_trace_id: attempt.xray_trace_id.as_deref().map(text),
        side_effects: attempt.side_effects.iter().map(|effect| SideEffectLine::new(effect, redaction)).collect(),
        frame: verdict.frame.as_deref().map(text),
        progress: match &attempt.work_shown {
            WorkShown::Progress(step) => Some(step.to_string()),
            WorkShown::Nothing | WorkShown::Write => None,
        },
        emulated: attempt.emulated,
        outcome: None,
        retry_guidance: None,
        retry_reason: None,
        caught_by: None,
        lambda_insights: None,
    }
}

/// Restores the last line, of which only the time is needed, and that there is one.
fn last_line(record: &Record, place: Place) -> Option<Line> {
    record.last_line_before_end.as_ref()?;
    let times = record.ended_at_ms.zip(record.silence_before_end_ms);
    let at = times.and_then(|(end, silence)| Timestamp::from_ms(end - silence));
    Some(Line { at, place, ..Line::default() })
}

/// Returns whether the START of an attempt was seen, as far as its record tells it.
fn starts(record: &Record) -> bool {
    let is_cut = matches!(record.window_cut, CutEnds::Start | CutEnds::Both);
    let lacks_start = record.observations.iter().any(|seen| seen.code == START_NOT_LOGGED);
    // A success of which all was seen is sure.
    let is_sure = record.category != Category::Ok.id() || record.confidence == Confidence::High.as_str();
    // Of what has no end, nothing depends on it.
    record.duration_ms.is_some() && record.started_at_ms.is_some() && !is_cut && !lacks_start && is_sure
}

/// Reads the parts of an attempt that an entry needs from the record of an earlier run; `None` if a word is unknown.
pub(super) fn attempt_of(record: &Record, place: Place) -> Option<(Attempt, Verdict)> {
    let us = |ms: Option<f64>| ms.filter(|ms| *ms >= 0.0).map(|ms| (ms * 1_000.0).round() as u64);
    let moment = |ms: Option<i64>| ms.and_then(Timestamp::from_ms);
    let category = Category::from_id(&record.category)?;
    let attempt = Attempt {
        subject: match record.kind {
            RecordKind::Attempt => Subject::Attempt,
            RecordKind::Environment => Subject::Environment,
        },
        request_id: record.request_id.as_deref().and_then(RequestId::read),
        place,
        started_at: moment(record.started_at_ms),
        ended_at: moment(record.ended_at_ms),
        start_seen: starts(record),
        report_seen: record.duration_ms.is_some(),
        last_line: last_line(record, place),
        window_cut: match record.window_cut {
            CutEnds::None => WindowCut::None,
            CutEnds::Start => WindowCut::Start,
            CutEnds::End => WindowCut::End,
            CutEnds::Both => WindowCut::Both,
        },
        version: record.version.as_deref().map(Into::into),
        metrics: Metrics {
            duration_us: us(record.duration_ms),
            billed_ms: record.billed_ms,
            memory_size_mb: record.memory_size_mb,
            max_memory_used_mb: record.max_memory_used_mb,
            init_us: us(record.init_ms),
            restore_us: us(record.restore_ms),
        },
        emulated: record.emulated,
        work_shown: match &record.progress {
            _ if !record.side_effects.is_empty() => WorkShown::Write,
            Some(step) => WorkShown::Progress(step.as_str().into()),
            None => WorkShown::Nothing,
        },
        side_effects: record.side_effects.iter().filter_map(SideEffectLine::read).collect(),
        ..Attempt::default()
    };
    let observation =
        |code: &'static str| record.observations.iter().find(|seen| seen.code == code).map(|seen| (code, seen.count));
    let verdict = Verdict {
        retryable: Retryable::parse(&record.retryable)?,
        partial_work: PartialWork::parse(&record.partial_work)?,
        compensation: Compensation::parse(&record.compensation)?,
        contributing: record
            .contributing
            .iter()
            .filter_map(|cause| Some(Contributing::new(code(&cause.code)?.id, Confidence::parse(&cause.confidence)?)))
            .collect(),
        observations: COUNTED_OBSERVATIONS.into_iter().filter_map(observation).collect(),
        ..Verdict::bare(category, "", Confidence::parse(&record.confidence)?)
    };
    Some((attempt, verdict))
}

/// Returns a record without the fields that only a whole run knows.
#[must_use]
pub(crate) fn reset(record: &Record) -> Record {
    let mut record = Record {
        attempt: 1,
        input: None,
        understood: true,
        successes_left_out: false,
        timeout_ms: None,
        timeout_source: None,
        outcome: None,
        retry_guidance: None,
        retry_reason: None,
        caught_by: None,
        lambda_insights: None,
        ..record.clone()
    };
    record.side_effects.iter_mut().for_each(|effect| effect.repeated = None);
    record
}

fn downstream_call(call: &Downstream, redaction: &Redaction) -> DownstreamCall {
    let text = |part: &Option<String>| part.as_deref().map(|part| redaction.apply(part));
    DownstreamCall {
        service: text(&call.service),
        operation: text(&call.operation),
        host: text(&call.host),
        error_code: text(&call.error_code),
        http_status: call.http_status,
    }
}

fn evidence_line(
    line: &Line,
    message: String,
    input_name: &dyn Fn(u32) -> String,
    redaction: &Redaction,
) -> EvidenceLine {
    EvidenceLine {
        at: line.at.map(|at| at.to_string()),
        message,
        input: redaction.apply(&input_name(line.place.input)),
        line_number: line.place.line,
    }
}

/// Returns the id of an attempt: equal for the same attempt in overlapping exports.
///
/// If the log has no clock or masks its ids, the place of the first line replaces the start, so that two attempts stay distinct.
fn record_id(origin: &Origin<String>, request: Option<RequestId>, start: Option<Timestamp>, line: u64) -> u128 {
    let mut hash = Xxh3::new();
    for part in [&origin.function, &origin.log_stream] {
        hash.update(part.as_deref().unwrap_or("").as_bytes());
        hash.update(&[0xff]);
    }
    hash.update(&request.map_or(0, RequestId::bits).to_le_bytes());
    match start.filter(|_| !request.is_some_and(RequestId::is_anonymous)) {
        Some(at) => hash.update(&at.ms().to_le_bytes()),
        None => {
            hash.update(&[0xfe]);
            hash.update(&line.to_le_bytes());
        }
    }
    hash.digest128()
}

/// Returns the id of the attempt of a record, as [`record_of`] makes it; `None` where the record lacks what it is made of.
pub(super) fn record_id_of(record: &Record) -> Option<String> {
    let request = record.request_id.as_deref().and_then(RequestId::read).filter(|id| !id.is_anonymous())?;
    let start = record.started_at_ms.and_then(Timestamp::from_ms)?;
    if record.stream_key.is_some() {
        return None;
    }
    let (function, log_stream) = (record.function.clone(), record.log_stream.clone());
    let origin = Origin { function, log_stream, ..Origin::default() };
    Some(format!("{:032x}", record_id(&origin, Some(request), Some(start), 0)))
}

/// Converts microseconds to milliseconds with up to three decimals.
fn us_to_ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{EffectState, SideEffect};
    use crate::summary::Entry;
    use crate::summary::entry::EntryNames;

    pub(in super::super) fn attempt() -> impl Strategy<Value = Attempt> {
        let metrics = (
            proptest::option::of(0u64..2_000_000_000),
            proptest::option::of(0u64..900_000),
            proptest::option::of(128u32..10_241),
            proptest::option::of(1u32..10_241),
            proptest::option::of(0u64..20_000_000),
            proptest::option::of(0u64..20_000_000),
        );
        let time = || proptest::option::of(1_700_000_000_000i64..1_700_000_900_000);
        let cuts = proptest::sample::select(vec![WindowCut::None, WindowCut::Start, WindowCut::End, WindowCut::Both]);
        let flags = (any::<bool>(), any::<bool>(), any::<bool>());
        let silence = proptest::option::of(0i64..900_000);
        (metrics, time(), time(), silence, proptest::option::of(any::<u128>()), cuts, flags).prop_map(
            |(metrics, started, ended, silence, id, window_cut, (environment, emulated, effect))| {
                let (duration_us, billed_ms, memory_size_mb, max_memory_used_mb, init_us, restore_us) = metrics;
                let at = |ms: Option<i64>| ms.and_then(Timestamp::from_ms);
                let place = Place::at(3, 17);
                let effect = effect.then(|| SideEffect {
                    operation: "POST".to_owned(),
                    target: None,
                    id: None,
                    at: None,
                    state: EffectState::Confirmed,
                    place,
                });
                Attempt {
                    subject: if environment { Subject::Environment } else { Subject::Attempt },
                    request_id: id.map(RequestId::from_bits),
                    place,
                    started_at: at(started),
                    ended_at: at(ended),
                    // `attempt_of` recognises a REPORT by its duration.
                    report_seen: duration_us.is_some(),
                    last_line: at(ended.zip(silence).map(|(end, silence)| end - silence)).map(|at| Line {
                        at: Some(at),
                        place,
                        ..Line::default()
                    }),
                    window_cut,
                    version: Some("7".into()),
                    metrics: Metrics {
                        duration_us,
                        billed_ms,
                        memory_size_mb,
                        max_memory_used_mb,
                        init_us,
                        restore_us,
                    },
                    emulated,
                    work_shown: if effect.is_some() { WorkShown::Write } else { WorkShown::Nothing },
                    side_effects: effect.into_iter().collect(),
                    ..Attempt::default()
                }
            },
        )
    }

    pub(in super::super) fn verdict() -> impl Strategy<Value = Verdict> {
        let select = |all: &'static [&'static str]| proptest::sample::subsequence(all, 0..=all.len());
        (
            proptest::sample::select(Category::ALL.to_vec()),
            proptest::sample::select(Confidence::ALL.to_vec()),
            proptest::sample::select(Retryable::ALL.to_vec()),
            proptest::sample::select(PartialWork::ALL.to_vec()),
            select(&["memory_at_limit", "memory_grown", "memory_sudden", "init_failure.timeout"]),
            select(&COUNTED_OBSERVATIONS),
            1u32..9,
        )
            .prop_map(|(category, confidence, retryable, partial_work, causes, observations, count)| Verdict {
                retryable,
                partial_work,
                contributing: causes.into_iter().map(|code| Contributing::new(code, Confidence::Medium)).collect(),
                observations: observations.into_iter().map(|code| (code, count)).collect(),
                ..Verdict::bare(category, "", confidence)
            })
    }

    proptest! {
        /// A record read back gives the same entry as its attempt.
        #[test]
        fn a_record_read_back_is_counted_like_its_attempt(attempt in attempt(), verdict in verdict()) {
            // Records have the silence before the end only for attempts that failed or were cut; it is not needed for
            // others.
            let told = verdict.category.is_failure() || !attempt.report_seen;
            let attempt = Attempt { last_line: attempt.last_line.clone().filter(|_| told), ..attempt };
            let names = EntryNames { stream: 1, function: 2, version: 3, failure: 4, cut: false };
            let input = |_: u32| "input".to_owned();
            let record = record_of(&Origin::default(), &attempt, &verdict, &input, &Redaction::on());
            let json = serde_json::to_string(&reset(&record)).expect("a record is JSON");
            let record: Record = serde_json::from_str(&json).expect("JSON is a record");
            // Whether START was seen, records tell by other fields.
            let attempt = Attempt { start_seen: starts(&record), ..attempt };
            let (read, judged) = attempt_of(&record, attempt.place).expect("every word is known");
            prop_assert_eq!(Entry::new(&read, &judged, names), Entry::new(&attempt, &verdict, names));
        }
    }
}
