//! Percentiles of durations in bounded memory, independent of the order of the samples.
//!
//! Computed by HdrHistogram with three significant digits: a percentile is within 0.1 % of the exact one.

use std::sync::LazyLock;

use hdrhistogram::Histogram;

use crate::wire::{InitPercentiles, Percentiles};

/// Fewest samples for which a 95th and a 99th percentile are meaningful.
const SAMPLES_FOR_P95: u64 = 20;
const SAMPLES_FOR_P99: u64 = 100;
const SIGNIFICANT_DIGITS: u8 = 3;

/// Most samples that are kept one by one: there may be very many functions with few attempts, and a histogram takes
/// tens of kilobytes.
const FEW: usize = 256;

/// Distribution of durations, in hundredths of a millisecond.
#[derive(Debug, Default)]
pub(super) struct Distribution {
    samples: Samples,
    max: Option<u32>,
}

#[derive(Debug)]
enum Samples {
    Few(Vec<u32>),
    Many(Histogram<u64>),
}

impl Default for Samples {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Samples {
    fn add(&mut self, sample: u32) {
        match self {
            Self::Few(few) if few.len() < FEW => few.push(sample),
            Self::Few(few) => {
                let few = std::mem::take(few);
                *self = histogram().map_or_else(Self::default, Self::Many);
                few.into_iter().chain([sample]).for_each(|sample| self.add(sample));
            }
            Self::Many(histogram) => {
                // The histogram grows as needed (`saturating_record` would not), so a value of 32 bits is never
                // refused.
                let recorded = histogram.record(u64::from(sample));
                debug_assert!(recorded.is_ok());
            }
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::Few(few) => few.len() as u64,
            Self::Many(histogram) => histogram.len(),
        }
    }

    /// Returns the smallest sample that at least this share of all do not exceed, rounded as histograms round.
    fn quantile(&self, quantile: f64) -> Option<u64> {
        let few = match self {
            Self::Few(few) => few,
            Self::Many(histogram) => return Some(histogram.value_at_quantile(quantile)),
        };
        let rank = ((quantile * few.len() as f64).ceil() as usize).max(1);
        let mut few = few.clone();
        let (_, sample, _) = (rank <= few.len()).then(|| few.select_nth_unstable(rank - 1))?;
        static SCALE: LazyLock<Option<Histogram<u64>>> = LazyLock::new(histogram);
        SCALE.as_ref().map(|scale| scale.highest_equivalent(u64::from(*sample)))
    }
}

/// Creates a histogram that grows with the largest sample. Only a precision outside of 0 to 5 would be refused.
fn histogram() -> Option<Histogram<u64>> {
    Histogram::new(SIGNIFICANT_DIGITS).ok()
}

impl Distribution {
    pub(super) fn add(&mut self, hundredths: u32) {
        self.samples.add(hundredths);
        self.max = self.max.max(Some(hundredths));
    }

    /// Adds so many samples of about this value.
    pub(super) fn add_about(&mut self, hundredths: u32, count: u64) {
        let few = FEW as u64;
        for _ in 0..count.min(few + 1) {
            self.samples.add(hundredths);
        }
        if let Samples::Many(histogram) = &mut self.samples {
            let recorded = histogram.record_n(u64::from(hundredths), count.saturating_sub(few + 1));
            debug_assert!(recorded.is_ok());
        }
        self.max = self.max.max(Some(hundredths));
    }

    /// Sets the largest of all samples, which is known otherwise.
    pub(super) fn set_max(&mut self, hundredths: u32) {
        self.max = Some(hundredths);
    }

    /// Adds the samples of another distribution.
    pub(super) fn absorb(&mut self, other: &Self) {
        match (&mut self.samples, &other.samples) {
            (samples, Samples::Few(few)) => few.iter().for_each(|sample| samples.add(*sample)),
            (Samples::Few(few), Samples::Many(others)) => {
                let few = std::mem::take(few);
                self.samples = Samples::Many(others.clone());
                few.into_iter().for_each(|sample| self.samples.add(sample));
            }
            (Samples::Many(histogram), Samples::Many(others)) => {
                // The histogram grows as needed, so the values of another one are never refused.
                let added = histogram.add(others);
                debug_assert!(added.is_ok());
            }
        }
        self.max = self.max.max(other.max);
    }

    /// Calls a function with every sample, or the least of those that a sketch does not tell apart, and their number.
    pub(super) fn for_each(&self, mut call: impl FnMut(u64, u64)) {
        match &self.samples {
            Samples::Few(few) => few.iter().for_each(|sample| call(u64::from(*sample), 1)),
            Samples::Many(histogram) => histogram.iter_recorded().for_each(|bucket| {
                call(histogram.lowest_equivalent(bucket.value_iterated_to()), bucket.count_at_value());
            }),
        }
    }

    /// Returns the number of samples.
    pub(super) fn len(&self) -> u64 {
        self.samples.len()
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        Percentiles {
            p50: self.quantile(0.50, 1),
            p95: self.quantile(0.95, SAMPLES_FOR_P95),
            p99: self.quantile(0.99, SAMPLES_FOR_P99),
            max: self.max.map(ms),
        }
    }

    pub(super) fn init_percentiles(&self) -> InitPercentiles {
        let Percentiles { p50, p95, max, .. } = self.percentiles();
        InitPercentiles { p50, p95, max }
    }

    fn quantile(&self, quantile: f64, samples: u64) -> Option<f64> {
        let value = (self.samples.len() >= samples).then(|| self.samples.quantile(quantile)).flatten()?;
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        // The upper end of a bucket can lie above the largest sample.
        Some(ms(value.min(self.max?)))
    }
}

fn ms(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_nothing_on_few_samples() {
        let mut durations = Distribution::default();
        for value in 1..=19 {
            durations.add(value * 100);
        }
        let few = durations.percentiles();
        assert_eq!((few.p50, few.p95, few.p99, few.max), (Some(10.0), None, None, Some(19.0)));
        durations.add(2_000);
        assert_eq!(durations.percentiles().p95, Some(19.0));
    }

    proptest::proptest! {
        #[test]
        fn order_does_not_matter(mut values in proptest::collection::vec(0u32..9_000_000, 1..300)) {
            let of = |values: &[u32]| {
                let mut durations = Distribution::default();
                values.iter().for_each(|value| durations.add(*value));
                durations.percentiles()
            };
            let forward = of(&values);
            values.reverse();
            proptest::prop_assert_eq!(forward, of(&values));
        }

        #[test]
        fn few_are_as_many(values in proptest::collection::vec(0u32.., 1..FEW), cut in 0..FEW, quantile in 0.0f64..1.0) {
            let (mut few, mut many) = (Distribution::default(), histogram().expect("a histogram"));
            values.iter().for_each(|value| few.add(*value));
            values.iter().for_each(|value| many.record(u64::from(*value)).expect("room"));
            proptest::prop_assert_eq!(few.samples.quantile(quantile.max(0.01)), Some(many.value_at_quantile(quantile.max(0.01))));

            // The result does not depend on how parts are merged.
            let values: Vec<u32> = values.iter().cycle().take(FEW + cut).copied().collect();
            let of = |values: &[u32]| values.iter().fold(Distribution::default(), |mut all, value| { all.add(*value); all });
            let (before, behind) = values.split_at(cut);
            let mut parts = of(before);
            parts.absorb(&of(behind));
            proptest::prop_assert_eq!(parts.percentiles(), of(&values).percentiles());
        }

        #[test]
        fn median_is_within_a_thousandth(mut values in proptest::collection::vec(1u32..90_000_000, 1..300)) {
            let mut durations = Distribution::default();
            values.iter().for_each(|value| durations.add(*value));
            values.sort_unstable();
            let exact = ms(values[(values.len() - 1) / 2]);
            let found = durations.percentiles().p50.expect("a median");
            proptest::prop_assert!((found - exact).abs() <= exact * 0.001 + 0.01, "{} for {}", found, exact);
        }
    }
}
