//! Percentiles of durations in bounded memory, whatever the order of the samples.
//!
//! HdrHistogram with three significant digits: a percentile is within 0.1 % of the exact one.

use hdrhistogram::Histogram;

use crate::wire::{InitPercentiles, Percentiles};

/// Samples below which a 95th and a 99th percentile say nothing.
const SAMPLES_FOR_P95: u64 = 20;
const SAMPLES_FOR_P99: u64 = 100;
const SIGNIFICANT_DIGITS: u8 = 3;

/// Durations in hundredths of a millisecond.
#[derive(Debug)]
pub(super) struct Distribution {
    histogram: Option<Histogram<u64>>,
    max: Option<u32>,
}

impl Distribution {
    pub(super) fn new() -> Self {
        // It grows with the largest sample. Only a precision outside 0 to 5 could be refused.
        Self { histogram: Histogram::new(SIGNIFICANT_DIGITS).ok(), max: None }
    }

    pub(super) fn add(&mut self, hundredths: u32) {
        if let Some(histogram) = &mut self.histogram {
            // It grows as needed (`saturating_record` would not), so a value of 32 bits is never refused.
            let recorded = histogram.record(u64::from(hundredths));
            debug_assert!(recorded.is_ok());
        }
        self.max = self.max.max(Some(hundredths));
    }

    /// Adds the samples of another one.
    pub(super) fn absorb(&mut self, other: &Self) {
        if let (Some(histogram), Some(others)) = (&mut self.histogram, &other.histogram) {
            // It grows as needed, so what another one holds is never refused.
            let added = histogram.add(others);
            debug_assert!(added.is_ok());
        }
        self.max = self.max.max(other.max);
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
        let histogram = self.histogram.as_ref().filter(|histogram| histogram.len() >= samples)?;
        let value = u32::try_from(histogram.value_at_quantile(quantile)).unwrap_or(u32::MAX);
        // A bucket's upper end can lie above the largest sample.
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
        let mut durations = Distribution::new();
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
                let mut durations = Distribution::new();
                values.iter().for_each(|value| durations.add(*value));
                durations.percentiles()
            };
            let forward = of(&values);
            values.reverse();
            proptest::prop_assert_eq!(forward, of(&values));
        }

        #[test]
        fn median_is_within_a_thousandth(mut values in proptest::collection::vec(1u32..90_000_000, 1..300)) {
            let mut durations = Distribution::new();
            values.iter().for_each(|value| durations.add(*value));
            values.sort_unstable();
            let exact = ms(values[(values.len() - 1) / 2]);
            let found = durations.percentiles().p50.expect("a median");
            proptest::prop_assert!((found - exact).abs() <= exact * 0.001 + 0.01, "{} for {}", found, exact);
        }
    }
}
