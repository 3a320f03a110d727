//! Successes that were counted where the log is and not read: rows of functions, and what they do not tell.

use std::collections::BTreeSet;

use super::cloudwatch::by_name;
use super::entries::SharedTables;
use super::names::FunctionKey;
use crate::account::{AllCounted, CountedSuccesses};
use crate::wire::{FindingState, FunctionSummary};

/// Gives functions an id of which no attempt was read.
pub(super) fn name_functions(counted: &AllCounted, shared: &SharedTables) {
    if counted.is_empty() {
        return;
    }
    let keys = shared.functions.keys();
    let known = by_name(&keys, |key| key.name.as_deref());
    let is_known = |one: &&CountedSuccesses| {
        known.get(one.function.as_str()).into_iter().flatten().any(|(_, key)| is_of(one, key))
    };
    for one in counted.all().filter(|one| !is_known(one)) {
        shared.functions.id(&FunctionKey {
            name: Some(one.function.clone()),
            account_id: one.account_id.clone(),
            region: one.region.clone(),
            ..FunctionKey::default()
        });
    }
}

fn is_of(one: &CountedSuccesses, key: &FunctionKey) -> bool {
    let same = |ours: &Option<String>, theirs: &Option<String>| ours.is_none() || theirs.is_none() || ours == theirs;
    key.name.as_deref() == Some(one.function.as_str())
        && same(&one.account_id, &key.account_id)
        && same(&one.region, &key.region)
}

/// Returns the functions that have counted successes and no row.
pub(super) fn not_read(counted: &AllCounted, keys: &[FunctionKey], canonical: &[u32], rows: &[u32]) -> BTreeSet<u32> {
    let rows: BTreeSet<u32> = rows.iter().copied().collect();
    let known = by_name(keys, |key| key.name.as_deref());
    let ids = |one: &CountedSuccesses| -> Vec<u32> {
        let its = known.get(one.function.as_str()).into_iter().flatten().filter(|(_, key)| is_of(one, key));
        its.filter_map(|(at, _)| canonical.get(*at).copied()).collect()
    };
    let without_row = counted.all().map(ids).filter(|ids| !ids.iter().any(|id| rows.contains(id)));
    without_row.filter_map(|ids| ids.first().copied()).collect()
}

/// Returns the log groups of a function in which successes were counted.
pub(super) fn log_groups(counted: &AllCounted, key: &FunctionKey) -> Vec<String> {
    let its = counted.all().filter(|one| is_of(one, key)).filter_map(|one| one.log_group.clone());
    its.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Takes from a row what the attempts that were read do not tell of all: whether a finding goes on, since what attempts, and
/// in which versions.
pub(super) fn leave_what_is_known(row: &mut FunctionSummary) {
    row.versions.clear();
    row.early_warnings.clear();
    for finding in &mut row.findings {
        (finding.state, finding.ongoing) = (FindingState::Unknown, None);
        (finding.attempts_since, finding.share) = (None, None);
    }
}

/// Takes from a row what depends on successes that nobody knows.
pub(super) fn leave_out_rates(row: &mut FunctionSummary) {
    row.failure_rate = None;
    row.duration_ms = Default::default();
    row.init_ms = Default::default();
    (row.memory.size_mb, row.memory.max_used_mb) = (None, None);
    row.memory.histogram.clear();
    (row.handled_errors, row.near_timeout) = (None, None);
}
