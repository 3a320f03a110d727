//! The failure rate that so many attempts show: between which bounds it lies, chance left out.

/// Quantile of the normal distribution for two-sided bounds at 95 %.
const Z: f64 = 1.96;

/// Bounds of a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RateBounds {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl RateBounds {
    /// Returns Wilson's interval at 95 %, which also holds for few attempts; everything is possible without any.
    pub(super) fn of(failed: u64, attempts: u64) -> Self {
        if attempts == 0 {
            return Self { least: 0.0, most: 1.0 };
        }
        let (rate, n) = (failed as f64 / attempts as f64, attempts as f64);
        let centre = rate + Z * Z / (2.0 * n);
        let spread = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        let bound = |at: f64| (at / (1.0 + Z * Z / n)).clamp(0.0, 1.0);
        Self { least: bound(centre - spread), most: bound(centre + spread) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_close_in_on_the_rate() {
        assert_eq!(RateBounds::of(0, 0), RateBounds { least: 0.0, most: 1.0 });
        for (failed, attempts, least, most) in
            [(0, 10, 0.0, 0.278), (1, 1, 0.206, 1.0), (5, 10, 0.237, 0.763), (500, 1_000, 0.469, 0.531)]
        {
            let bounds = RateBounds::of(failed, attempts);
            assert!((bounds.least - least).abs() < 0.001 && (bounds.most - most).abs() < 0.001, "{bounds:?}");
        }
    }
}
