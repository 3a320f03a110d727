//! Sentences of the platform about a request that runs, in lines of its own function. They are quotations, if the platform's own
//! REPORT tells as much; else they may be lines of the platform behind something that was not understood.

use memchr::memmem;

use crate::lambda::platform::TASK_TIMED_OUT;
use crate::model::{Report, RequestId, Sighting};

/// The first sentence about the request that was quoted last.
#[derive(Debug, Default)]
pub(super) struct OwnSentences(Option<Box<OwnSentence>>);

#[derive(Debug)]
struct OwnSentence {
    id: RequestId,
    sighting: Sighting,
    /// Time limit into which the request ran, by the sentence.
    limit_us: Option<u64>,
}

impl OwnSentences {
    /// Notes a sentence. Returns one about another request whose REPORT was not read so far.
    pub(super) fn note(&mut self, id: RequestId, text: &[u8], sighting: Sighting) -> Option<Sighting> {
        let limit_us = limit_us(text);
        if let Some(known) = self.0.as_mut().filter(|known| known.id == id) {
            known.limit_us = known.limit_us.into_iter().chain(limit_us).min();
            return None;
        }
        let before = self.0.replace(Box::new(OwnSentence { id, sighting, limit_us }));
        before.map(|before| before.sighting)
    }

    /// Settles what was quoted of a request by its REPORT. Returns the sentence if REPORT tells less: nothing of an end at the
    /// time limit, although the request ran that long.
    pub(super) fn settle(&mut self, report: &Report<'_>) -> Option<Sighting> {
        let quoted = self.0.take_if(|quoted| quoted.id == report.id)?;
        let ended_before = |limit: u64| report.metrics.duration_us.is_some_and(|us| us < limit / 10 * 9);
        let tells = report.whole && (report.status.is_some() || quoted.limit_us.is_none_or(ended_before));
        (!tells).then_some(quoted.sighting)
    }

    /// Takes out a sentence about a request whose REPORT was not read.
    pub(super) fn take(&mut self) -> Option<Sighting> {
        self.0.take().map(|quoted| quoted.sighting)
    }
}

/// Reads the time limit that a sentence names; 0 if it cannot be read.
fn limit_us(text: &[u8]) -> Option<u64> {
    let behind = &text[memmem::find(text, TASK_TIMED_OUT.as_bytes())? + TASK_TIMED_OUT.len()..];
    let figure: Vec<u8> = behind
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .take(12)
        .collect();
    let seconds: f64 = std::str::from_utf8(&figure).ok().and_then(|figure| figure.parse().ok()).unwrap_or(0.0);
    Some((seconds * 1_000_000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Metrics, Status};

    #[test]
    fn a_report_that_tells_as_much_makes_it_a_quotation() {
        let id = RequestId::from_bits(7);
        for (text, duration_ms, status, whole, told) in [
            ("note: REPORT RequestId: x", 100, None, true, false),
            ("note: REPORT RequestId: x", 100, None, false, true),
            ("note: x Task timed out after 3.00 seconds", 100, None, true, false),
            ("note: x Task timed out after 3.00 seconds", 3_000, None, true, true),
            ("note: x Task timed out after 3.00 seconds", 3_000, Some(Status::Timeout), true, false),
        ] {
            let mut sentences = OwnSentences::default();
            let sighting = Sighting { line: 3, sentence: "Task timed out", before: "note: ".into(), refused: true };
            assert_eq!(sentences.note(id, text.as_bytes(), sighting), None);
            let metrics = Metrics { duration_us: Some(duration_ms * 1_000), ..Metrics::default() };
            let report = Report {
                id,
                metrics,
                status,
                error_type: None,
                xray_trace_id: None,
                tenant_id: None,
                extension_overhead_us: None,
                emulated: false,
                json: false,
                whole,
            };
            assert_eq!(sentences.settle(&report).is_some(), told, "{text}, {duration_ms} ms, {status:?}");
            assert_eq!(sentences.take(), None, "{text}");
        }
    }
}
