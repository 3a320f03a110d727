//! The attempts of the invocation event that the user wants to see, with all their lines.

use std::collections::BinaryHeap;

use crate::model::{Lines, Place, RequestId};
use crate::summary::Patches;
use crate::wire::{Record, Redaction};

/// Number of attempts whose lines are kept, those that stand first in the inputs: a short beginning of an id may fit any
/// number of attempts.
const MOST: usize = 64;

/// One attempt to show.
#[derive(Clone, Debug)]
pub struct ShownAttempt {
    /// Its record, including what is only known at the end of the run.
    pub record: Record,
    /// Its lines, in order.
    pub lines: Vec<ShownLine>,
    /// Number of lines left out of the middle.
    pub left_out: u32,
    place: Place,
    function: u32,
}

/// One line of an attempt.
#[derive(Clone, Debug)]
pub struct ShownLine {
    /// Time at which it was written.
    pub at: Option<String>,
    /// Time in milliseconds since the epoch.
    pub at_ms: Option<i64>,
    /// Its line number in the decoded input.
    pub line_number: u64,
    /// Its text, with secrets masked.
    pub text: String,
    /// Whether the function wrote it while it ran; otherwise the platform did, or it came late.
    pub own: bool,
}

/// The attempts whose request id begins with the requested prefix.
#[derive(Debug)]
pub(super) struct Shown {
    prefix: Option<String>,
    attempts: Vec<ShownAttempt>,
    /// Places and indexes of the attempts whose lines are held.
    with_lines: BinaryHeap<(Place, usize)>,
}

impl Shown {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.map(str::to_owned), attempts: Vec::new(), with_lines: BinaryHeap::new() }
    }

    pub(super) fn wants(&self, request: Option<RequestId>) -> bool {
        self.prefix.as_ref().is_some_and(|prefix| request.is_some_and(|id| id.to_string().starts_with(prefix)))
    }

    pub(super) fn take(&mut self, record: &Record, place: Place, function: u32, lines: &Lines, redaction: &Redaction) {
        let fits = |prefix: &String| record.request_id.as_ref().is_some_and(|id| id.starts_with(prefix));
        if !self.prefix.as_ref().is_some_and(fits) {
            return;
        }
        let lines_shown = lines.iter().map(|line| ShownLine {
            at: line.at.map(|at| at.to_string()),
            at_ms: line.at.map(crate::model::Timestamp::ms),
            line_number: line.place.line,
            text: redaction.apply(line.to_text().trim_end()),
            own: line.own,
        });
        let lines_shown = lines_shown.collect();
        self.push(ShownAttempt {
            record: record.clone(),
            lines: lines_shown,
            left_out: lines.left_out(),
            place,
            function,
        });
    }

    /// Adds an attempt. If too many have lines, the last one in the order of the inputs loses them, whenever it was read.
    fn push(&mut self, shown: ShownAttempt) {
        self.with_lines.push((shown.place, self.attempts.len()));
        self.attempts.push(shown);
        if self.with_lines.len() <= MOST {
            return;
        }
        if let Some(shown) = self.with_lines.pop().and_then(|(_, last)| self.attempts.get_mut(last)) {
            let dropped = std::mem::take(&mut shown.lines).len();
            shown.left_out = shown.left_out.saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        other.attempts.into_iter().for_each(|shown| self.push(shown));
    }

    /// Returns the attempts in order of request id, function and time, without those that were read twice.
    pub(super) fn finish(self, patches: &Patches) -> Vec<ShownAttempt> {
        let mut attempts = self.attempts;
        attempts.retain_mut(|shown| {
            let Some(patch) = patches.of(shown.place) else { return false };
            let record = &mut shown.record;
            record.attempt = patch.number;
            record.outcome = patch.outcome.map(|outcome| outcome.as_str().to_owned());
            record.retry_guidance = patch.advice.map(|advice| advice.word.to_owned());
            record.retry_reason = patch.advice.map(|advice| advice.reason.to_owned());
            record.timeout_ms = patches.timeout_ms(shown.function);
            record.function = record.function.take().or_else(|| patches.name(shown.function).map(str::to_owned));
            record.timeout_source = record.timeout_ms.map(|_| "observed".to_owned());
            true
        });
        attempts.sort_by(|a, b| order(a).cmp(&order(b)));
        for at in 1..attempts.len() {
            let (earlier, later) = attempts.split_at_mut(at);
            compare(&mut earlier[at - 1..], later);
        }
        attempts
    }
}

fn order(shown: &ShownAttempt) -> (&Option<String>, &Option<String>, Option<i64>, Place) {
    (&shown.record.request_id, &shown.record.function, shown.record.started_at_ms, shown.place)
}

/// Sets for each side effect of an attempt whether a later attempt of the same invocation event repeated it.
fn compare(earlier: &mut [ShownAttempt], later: &[ShownAttempt]) {
    let Some(attempt) = earlier.last_mut() else { return };
    let same = |other: &&ShownAttempt| {
        other.record.request_id == attempt.record.request_id
            && other.record.function == attempt.record.function
            && other.record.attempt > attempt.record.attempt
    };
    let later: Vec<&ShownAttempt> = later.iter().filter(same).collect();
    if later.is_empty() {
        return;
    }
    for effect in &mut attempt.record.side_effects {
        let again = later.iter().flat_map(|other| &other.record.side_effects).any(|other| other.is_repeat_of(effect));
        effect.repeated = Some(again);
    }
}
