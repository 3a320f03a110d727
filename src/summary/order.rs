//! The order of the functions: the worst first.

use std::cmp::Ordering;

use crate::stats::RateBounds;
use crate::wire::{FindingState, FunctionSummary};

/// Brings items into an order that names for each place the item that comes there. Nothing is copied: there may be many,
/// and large ones.
pub(super) fn bring_into_order<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..order.len() {
        let mut at = start;
        while order[at] != start {
            let from = std::mem::replace(&mut order[at], at);
            items.swap(at, from);
            at = from;
        }
        order[at] = at;
    }
}

/// Orders rows by lost events, then those with a finding that goes on, then by the failure rate that is certain, then by
/// failures and attempts, most first. A high rate of few attempts is less certain than one of many.
pub(super) fn worst_first(a: &FunctionSummary, b: &FunctionSummary) -> Ordering {
    let goes_on = |row: &FunctionSummary| row.findings.iter().any(|finding| finding.state == FindingState::Ongoing);
    let harm = |row: &FunctionSummary| (row.lost, goes_on(row));
    let number = |row: &FunctionSummary| (row.failed, row.environment_failures, row.attempts);
    let rate = certain_rate(b).total_cmp(&certain_rate(a));
    harm(b).cmp(&harm(a)).then(rate).then_with(|| number(b).cmp(&number(a)))
}

/// Returns the failure rate that is certain. Zero where the log hides successes.
fn certain_rate(row: &FunctionSummary) -> f64 {
    row.failure_rate.map_or(0.0, |_| RateBounds::of(row.failed, row.attempts - row.incomplete).least)
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy;

    use super::*;
    use crate::wire::Finding;

    fn row(name: &str, failed: u64, attempts: u64, lost: u64, state: FindingState) -> FunctionSummary {
        FunctionSummary {
            function: Some(name.to_owned()),
            attempts,
            failed,
            failure_rate: Some(failed as f64 / attempts as f64),
            lost,
            findings: vec![Finding { state, ..Finding::default() }],
            ..FunctionSummary::default()
        }
    }

    #[test]
    fn the_worst_function_is_the_one_that_loses_events_then_the_one_that_is_down() {
        use FindingState::{Ongoing, Stopped};
        let mut rows = [
            row("busy", 10_000, 5_000_000, 0, Ongoing),
            row("one of one", 1, 1, 0, Ongoing),
            row("over", 50, 50, 0, Stopped),
            row("down", 9, 9, 0, Ongoing),
            row("loses", 3, 30_000, 1, Stopped),
            row("half", 500, 1_000, 0, Ongoing),
        ];
        rows.sort_by(worst_first);
        let names: Vec<&str> = rows.iter().filter_map(|row| row.function.as_deref()).collect();
        assert_eq!(names, ["loses", "down", "half", "one of one", "busy", "over"]);
    }

    proptest::proptest! {
        #[test]
        fn items_come_into_the_order_that_is_named(order in (0..40usize).prop_flat_map(|count| {
            proptest::prelude::Just((0..count).collect::<Vec<_>>()).prop_shuffle()
        })) {
            let mut items: Vec<usize> = (0..order.len()).collect();
            bring_into_order(&mut items, order.clone());
            proptest::prop_assert_eq!(items, order);
        }
    }
}
