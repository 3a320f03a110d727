//! Metrics of log groups before they are read: a pull of everything leaves out those that took no log event in its time,
//! as far as CloudWatch is sure of it, and what queries will scan is told by the bytes that CloudWatch counted. One request
//! tells of 500 groups what would else take 500 requests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::PullWatch;
use super::metrics::MetricCaller;
use super::select::{Searched, Selection};
use crate::account::{Incoming, IncomingEvents, cost_to_name, incoming_bytes, incoming_calls};
use crate::model::{Note, Timestamp};
use crate::source::now;

/// Leaves out idle groups. Groups of other accounts stay, as do all where CloudWatch does not answer.
pub(super) async fn leave_out(
    selection: &mut Selection,
    searched: &[Searched],
    window: (Timestamp, Timestamp),
    watch: &dyn PullWatch,
) {
    let Some((pages, notes)) = ask(Incoming::Events, selection, searched, window, watch).await else { return };
    let mut idle: BTreeMap<usize, IncomingEvents> = BTreeMap::new();
    for (seat, page) in &pages {
        idle.entry(*seat).or_default().read(page);
    }
    let mut notes: Vec<String> =
        notes.into_iter().map(|(place, why)| format!("idle log groups of {place} were read, too: {why}")).collect();
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

/// Estimates groups by the bytes that they took. Those of which CloudWatch does not tell keep their estimates.
pub(super) async fn measure(
    selection: &mut Selection,
    searched: &[Searched],
    window: (Timestamp, Timestamp),
    watch: &dyn PullWatch,
) {
    let Some((pages, _)) = ask(Incoming::Bytes, selection, searched, window, watch).await else { return };
    let mut bytes: BTreeMap<usize, BTreeMap<String, u64>> = BTreeMap::new();
    for (seat, page) in &pages {
        bytes.entry(*seat).or_default().extend(incoming_bytes(page));
    }
    for target in selection.targets.iter_mut().filter(|target| target.group.arn.is_none()) {
        if let Some(bytes) = bytes.get(&target.seat).and_then(|bytes| bytes.get(&target.group.name)) {
            (target.estimate, target.is_measured) = (*bytes, true);
        }
    }
}

/// Answers by place, and places that did not answer, with the reason.
type Answers = (Vec<(usize, Value)>, Vec<(String, String)>);

/// Asks for a metric of all groups of the own accounts; `None` if the time has not settled.
async fn ask(
    metric: Incoming,
    selection: &Selection,
    searched: &[Searched],
    window: (Timestamp, Timestamp),
    watch: &dyn PullWatch,
) -> Option<Answers> {
    let now = now()?;
    let mut by_seat: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for target in selection.targets.iter().filter(|target| target.group.arn.is_none()) {
        by_seat.entry(target.seat).or_default().push(&target.group.name);
    }
    let asked = by_seat.values().map(Vec::len).sum();
    let (mut pages, mut notes, mut is_named) = (Vec::new(), Vec::new(), false);
    for (seat, groups) in by_seat {
        let Some(one) = searched.get(seat) else { continue };
        let calls = incoming_calls(metric, groups, window, now);
        if calls.is_empty() {
            // What arrives late may still come.
            return None;
        }
        if let Some(usd) = cost_to_name(asked).filter(|_| !is_named) {
            watch.costs(usd, "the metrics of the log groups");
            is_named = true;
        }
        let metrics = MetricCaller::new(&one.place);
        for call in calls {
            if let Err(fault) = metrics.ask(&call, |page| pages.push((seat, page))).await {
                notes.push((one.place.label(one.account()), metrics.told(&fault).await));
                break;
            }
        }
    }
    Some((pages, notes))
}
