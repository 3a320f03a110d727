//! Idle log groups: a pull of everything leaves out those that took no log event in its time, as far as CloudWatch's
//! metrics are sure of it. One request tells of 500 groups what would else take 500 requests.

use std::collections::BTreeMap;

use super::PullWatch;
use super::metrics::MetricCaller;
use super::select::{Searched, Selection};
use crate::account::{IncomingEvents, cost_to_name, incoming_calls};
use crate::model::{Note, Timestamp};
use crate::source::now;

/// Leaves out idle groups. Groups of other accounts stay, as do all where CloudWatch does not answer.
pub(super) async fn leave_out(
    selection: &mut Selection,
    searched: &[Searched],
    window: (Timestamp, Timestamp),
    watch: &dyn PullWatch,
) {
    let Some(now) = now() else { return };
    let mut by_seat: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for target in selection.targets.iter().filter(|target| target.group.arn.is_none()) {
        by_seat.entry(target.seat).or_default().push(&target.group.name);
    }
    let asked = by_seat.values().map(Vec::len).sum();
    let mut idle: BTreeMap<usize, IncomingEvents> = BTreeMap::new();
    let mut notes = Vec::new();
    for (seat, groups) in by_seat {
        let Some(one) = searched.get(seat) else { continue };
        let calls = incoming_calls(groups, window, now);
        if calls.is_empty() {
            // What arrives late may still come.
            return;
        }
        if let Some(usd) = cost_to_name(asked).filter(|_| idle.is_empty()) {
            watch.costs(usd, "the metrics of the log groups");
        }
        let metrics = MetricCaller::new(&one.place);
        let events = idle.entry(seat).or_default();
        for call in calls {
            if let Err(fault) = metrics.ask(&call, |page| events.read(&page)).await {
                let (place, why) = (one.place.label(one.account()), metrics.told(&fault).await);
                notes.push(format!("idle log groups of {place} were read, too: {why}"));
                break;
            }
        }
    }
    let before = selection.targets.len();
    let is_idle = |seat: &usize, group: &str| idle.get(seat).is_some_and(|events| events.is_idle(group));
    selection.targets.retain(|target| target.group.arn.is_some() || !is_idle(&target.seat, &target.group.name));
    let left_out = before - selection.targets.len();
    if left_out > 0 {
        notes.push(format!(
            "left out {left_out} of {before} log groups, which took no log event in this time (CloudWatch metric \
             IncomingLogEvents)"
        ));
    }
    selection.told.notes.extend(notes.into_iter().map(|text| Note { incomplete: false, text }));
}
