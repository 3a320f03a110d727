//! Attempts that are held until the end of the run tells their number and outcome, and the events that they make.

use crate::model::Place;
use crate::summary::{FunctionOrigin, Patch, Patches, TimeoutSource};
use crate::wire::{CaughtBy, LambdaInsights, Record, ShownAttempt, ShownEvent};

/// An attempt whose number and outcome are not known yet.
#[derive(Debug)]
pub(super) struct HeldAttempt {
    pub(super) shown: ShownAttempt,
    pub(super) place: Place,
    pub(super) function: u32,
}

/// What only the end of a run tells of an attempt.
#[derive(Clone, Debug)]
pub(super) struct EndTold {
    patch: Patch,
    timeout: Option<(u64, TimeoutSource)>,
    function: Option<FunctionOrigin>,
    caught_by: Option<CaughtBy>,
    lambda_insights: Option<LambdaInsights>,
}

impl EndTold {
    /// Returns what is told; `None` of an attempt that was read twice.
    pub(super) fn of(place: Place, function: u32, patches: &Patches) -> Option<Self> {
        Some(Self {
            patch: patches.of(place)?,
            timeout: patches.timeout_ms(function),
            function: patches.function(function).cloned(),
            caught_by: patches.caught_by(place).cloned(),
            lambda_insights: patches.lambda_insights(place),
        })
    }

    pub(super) fn fill_in(&self, record: &mut Record) {
        let Self { patch, timeout, function, caught_by, lambda_insights } = self;
        record.attempt = patch.number;
        record.outcome = patch.outcome.map(|outcome| outcome.as_str().to_owned());
        record.retry_guidance = patch.advice.map(|advice| advice.word.to_owned());
        record.retry_reason = patch.advice.map(|advice| advice.reason.to_owned());
        record.timeout_ms = timeout.map(|(ms, _)| ms);
        record.timeout_source = timeout.map(|(_, source)| source.as_str().to_owned());
        record.caught_by.clone_from(caught_by);
        record.lambda_insights.clone_from(lambda_insights);
        if let Some(FunctionOrigin { name, account_id, region }) = function {
            record.function.get_or_insert_with(|| name.clone());
            record.account_id = record.account_id.take().or_else(|| account_id.clone());
            record.region = record.region.take().or_else(|| region.clone());
        }
    }
}

impl HeldAttempt {
    pub(super) fn finish(mut self, patches: &Patches) -> Option<ShownAttempt> {
        EndTold::of(self.place, self.function, patches)?.fill_in(&mut self.shown.record);
        Some(self.shown)
    }
}

/// Creates an event, in which each attempt says what later ones repeated.
pub(super) fn event_of(mut attempts: Vec<ShownAttempt>) -> Option<ShownEvent> {
    for at in 1..attempts.len() {
        let (earlier, later) = attempts.split_at_mut(at);
        compare(&mut earlier[at - 1], later);
    }
    ShownEvent::of(attempts)
}

/// Sets for each side effect of an attempt whether a later attempt of the same event repeated it.
fn compare(attempt: &mut ShownAttempt, later: &[ShownAttempt]) {
    let number = attempt.record.attempt;
    let later: Vec<&Record> = later.iter().map(|other| &other.record).filter(|other| other.attempt > number).collect();
    if later.is_empty() {
        return;
    }
    for effect in &mut attempt.record.side_effects {
        let again = later.iter().flat_map(|other| &other.side_effects).any(|other| other.is_repeat_of(effect));
        effect.repeated = Some(again);
    }
}
