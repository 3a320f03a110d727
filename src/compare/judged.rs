//! Whether two shares differ beyond chance, with all that are compared taken together.

use crate::stats::{RateBounds, Share, chance_of_appearance, chance_of_rise};
use crate::wire::RateRatio;

/// Chance that any of the pairs is told to rise though none does; the same for those that fall.
const CHANCE: f64 = 0.005;
/// Fewest events that the base would have at the rate of the head, for their absence to mean anything.
const EXPECTED: f64 = 3.0;

/// Two shares, and how many times the variance of independent events they have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    base: Share,
    head: Share,
    scatter: f64,
}

/// Where a rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trend {
    Up,
    Down,
    /// Nowhere that chance does not explain.
    None,
    /// It cannot be tested.
    Unknown,
}

/// What a test says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) trend: Trend,
    pub(super) ratio: RateRatio,
    pub(super) expected_in_base: Option<f64>,
    pub(super) p_value: Option<f64>,
}

impl Judged {
    /// Creates what is known of a pair that cannot be tested.
    fn unknown() -> Self {
        Self { trend: Trend::Unknown, ratio: RateRatio::default(), expected_in_base: None, p_value: None }
    }
}

/// Chances of one trial.
#[derive(Clone, Copy, Debug)]
struct Chances {
    up: f64,
    down: f64,
    /// Least chances that the same number of events could have had, all of them on one side.
    least_up: f64,
    least_down: f64,
}

/// Judges all trials as one family.
pub(super) fn judge(trials: &[Option<Trial>]) -> Vec<Judged> {
    let chances: Vec<Option<Chances>> = trials.iter().map(|trial| trial.as_ref().map(Trial::chances)).collect();
    let least = |get: fn(&Chances) -> f64| comparisons(chances.iter().flatten().map(get).collect());
    let (ups, downs) = (least(|one| one.least_up), least(|one| one.least_down));
    trials
        .iter()
        .zip(&chances)
        .map(|(trial, chances)| match trial.as_ref().zip(*chances) {
            Some((trial, chances)) => trial.judged(chances, ups, downs),
            None => Judged::unknown(),
        })
        .collect()
}

/// Returns by how many comparisons the chance is shared: those that could be told at all at that share (Tarone 1990). What
/// is too rare to be told, as most of a long list of causes is, does not make the others less certain.
fn comparisons(least: Vec<f64>) -> f64 {
    let able = |count: usize| least.iter().filter(|one| **one <= CHANCE / count as f64).count();
    (1..=least.len()).find(|count| able(*count) <= *count).unwrap_or(1) as f64
}

impl Trial {
    /// Creates the test of two shares. What the base never had is new however it comes, so its scatter does not count.
    pub(super) fn new(base: Share, head: Share, scatter: f64) -> Self {
        Self { base, head, scatter: if base.hits == 0 { 1.0 } else { scatter } }
    }

    /// Returns the shares with the weight that independent events would have.
    fn weighed(&self) -> [Share; 2] {
        let weigh = |count: u64| (count as f64 / self.scatter).round() as u64;
        [self.base, self.head].map(|share| Share { hits: weigh(share.hits), of: weigh(share.of).max(1) })
    }

    fn chances(&self) -> Chances {
        let [base, head] = self.weighed();
        let hits = base.hits + head.hits;
        let all_in = |from: Share, to: Share| {
            let most = hits.min(to.of);
            (Share { hits: hits - most, of: from.of }, Share { hits: most, of: to.of })
        };
        let least_up = {
            let (from, to) = all_in(base, head);
            chance(from, to)
        };
        let least_down = {
            let (from, to) = all_in(head, base);
            chance(from, to)
        };
        Chances { up: chance(base, head), down: chance(head, base), least_up, least_down }
    }

    fn judged(&self, chances: Chances, ups: f64, downs: f64) -> Judged {
        let [base, head] = [self.base, self.head];
        let expected = head.hits as f64 / head.of as f64 * base.of as f64;
        let expected_in_head = base.hits as f64 / base.of as f64 * head.of as f64;
        let trend = match () {
            () if chances.up * ups <= CHANCE && (base.hits > 0 || expected >= EXPECTED) => Trend::Up,
            () if chances.down * downs <= CHANCE && (head.hits > 0 || expected_in_head >= EXPECTED) => Trend::Down,
            () => Trend::None,
        };
        Judged {
            trend,
            ratio: self.ratio(),
            expected_in_base: Some(expected),
            p_value: Some((2.0 * (chances.up * ups).min(chances.down * downs)).min(1.0)),
        }
    }

    /// Returns how many times the rate of the base that of the head is: the bounds of the share that the head has of all
    /// events, in units of traffic.
    fn ratio(&self) -> RateRatio {
        let [base, head] = [self.base, self.head];
        if base.hits + head.hits == 0 {
            return RateRatio::default();
        }
        let traffic = base.of as f64 / head.of as f64;
        let ratio = |share: f64| (share < 1.0).then(|| share / (1.0 - share) * traffic);
        let (mine, all) = (head.hits as f64 / self.scatter, (base.hits + head.hits) as f64 / self.scatter);
        let bounds = RateBounds::of_weights(mine, all);
        let most = if base.hits == 0 { None } else { ratio(bounds.most) };
        RateRatio { ratio: ratio(mine / all), least: ratio(bounds.least), most }
    }
}

/// Returns the chance that the second share is so much larger.
fn chance(first: Share, second: Share) -> f64 {
    let given_all = chance_of_rise(first, second);
    if first.hits > 0 || second.hits == 0 {
        return given_all;
    }
    given_all.min(chance_of_appearance(second.hits, first.of as f64 / second.of as f64))
}
