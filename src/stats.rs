//! Rates and what so few or so many cases say about them: bounds of one rate, and tests of two rates or of scattered
//! counts against chance. Pure functions of numbers, with closed forms or sums of their own.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

/// Quantile of the normal distribution for two-sided bounds at 95 %.
const Z: f64 = 1.96;
/// Share of a sum below which further terms are left out.
const NEGLIGIBLE: f64 = 1e-14;
/// Most terms of a series that converges sooner for all that it is asked.
const TERMS: usize = 100_000;

/// Bounds of a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RateBounds {
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl RateBounds {
    /// Returns Wilson's interval at 95 %, which also holds for few attempts; everything is possible without any.
    pub(crate) fn of(failed: u64, attempts: u64) -> Self {
        Self::of_weights(failed as f64, attempts as f64)
    }

    /// Returns the same for counts that were weighted and are no whole numbers.
    pub(crate) fn of_weights(failed: f64, attempts: f64) -> Self {
        if attempts <= 0.0 {
            return Self { least: 0.0, most: 1.0 };
        }
        let (rate, n) = (failed / attempts, attempts);
        let centre = rate + Z * Z / (2.0 * n);
        let spread = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        let bound = |at: f64| (at / (1.0 + Z * Z / n)).clamp(0.0, 1.0);
        Self { least: bound(centre - spread), most: bound(centre + spread) }
    }
}

/// Cases out of so many that were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) hits: u64,
    pub(crate) of: u64,
}

/// Returns how likely the second of two shares is as large as it is, or larger, if both have one rate: Fisher's exact
/// test, given all hits, with half the weight of what was seen (mid-p), since whole steps would make it too careful.
pub(crate) fn chance_of_rise(first: Share, second: Share) -> f64 {
    let (hits, all) = (first.hits + second.hits, first.of + second.of);
    let most = hits.min(second.of);
    if second.hits > most {
        return 1.0;
    }
    let one = |count: u64| {
        let rest = (hits - count) as f64;
        (ln_choose(second.of as f64, count as f64) + ln_choose(first.of as f64, rest)
            - ln_choose(all as f64, hits as f64))
        .exp()
    };
    let at = one(second.hits);
    // Far below what is expected, the sum has many terms and says only that there is no rise.
    if (second.hits as f64) * (all as f64) < (hits as f64) * (second.of as f64) {
        return 1.0 - tail_down(first, second, at);
    }
    at / 2.0 + (tail_up(first, second, at) - at).max(0.0)
}

/// Sums the chances of the second share and of larger ones.
fn tail_up(first: Share, second: Share, at: f64) -> f64 {
    let (hits, most) = (first.hits + second.hits, (first.hits + second.hits).min(second.of));
    let (mut term, mut sum) = (at, at);
    for count in second.hits..most {
        let (count, hits) = (count as f64, hits as f64);
        let outside = first.of as f64 - hits + count + 1.0;
        term *= (second.of as f64 - count) * (hits - count) / ((count + 1.0) * outside);
        sum += term;
        if term <= sum * NEGLIGIBLE {
            break;
        }
    }
    sum
}

/// Sums the chances of smaller second shares, and half of that of itself.
fn tail_down(first: Share, second: Share, at: f64) -> f64 {
    // A smaller second share is a larger first one.
    (at / 2.0 + (tail_up(second, first, at) - at).max(0.0)).min(1.0)
}

/// Returns how likely it is, whatever the rate, that a first part shows nothing and a second one so many hits or more. The
/// parts are as large as their ratio says. For few hits this is less careful than Fisher's test and just as right, since
/// it does not take for granted how many hits there are in all.
pub(crate) fn chance_of_appearance(hits: u64, first_by_second: f64) -> f64 {
    let chance = |expected: f64| (-expected * first_by_second).exp() * poisson_tail(hits, expected);
    // The logarithm is concave, so there is one maximum, and thirds close in on it.
    let (mut low, mut high) = (0.0, (hits as f64 + 1.0) * (1.0 + 1.0 / first_by_second.max(1e-6)));
    for _ in 0..80 {
        let third = (high - low) / 3.0;
        if chance(low + third) < chance(high - third) { low += third } else { high -= third }
    }
    chance((low + high) / 2.0)
}

/// Returns the chance of so many or more of a Poisson distribution.
fn poisson_tail(hits: u64, expected: f64) -> f64 {
    if hits == 0 { 1.0 } else { 1.0 - upper_gamma(hits as f64, expected) }
}

/// Returns how likely a sum of so many squares of normal numbers is as large as this, or larger.
pub(crate) fn chance_of_squares(sum: f64, count: usize) -> f64 {
    upper_gamma(count as f64 / 2.0, sum / 2.0)
}

/// The regularised incomplete gamma function, from `x` up: by its power series, or by its continued fraction.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..TERMS {
            term *= x / (a + step as f64);
            sum += term;
            if term <= sum * NEGLIGIBLE {
                break;
            }
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    // Evaluated from the front (Lentz).
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / f64::MIN_POSITIVE.sqrt(), 1.0 / b);
    let mut value = d;
    for step in 1..TERMS {
        let step = step as f64;
        let factor = -step * (step - a);
        b += 2.0;
        d = 1.0 / (factor * d + b);
        c = b + factor / c;
        value *= c * d;
        if (c * d - 1.0).abs() <= NEGLIGIBLE {
            break;
        }
    }
    (scale * value).clamp(0.0, 1.0)
}

fn ln_choose(n: f64, k: f64) -> f64 {
    if k < 0.0 || k > n {
        return f64::NEG_INFINITY;
    }
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// The logarithm of the gamma function: Stirling's series, for small numbers shifted to where it is exact.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 12.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1_260.0 - 1.0 / (1_680.0 * square)) / square) / square) / x;
    (x - 0.5) * x.ln() - x + (2.0 * std::f64::consts::PI).ln() / 2.0 + series - shift
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

    #[track_caller]
    fn near(found: f64, want: f64) {
        assert!((found - want).abs() <= 1e-9 + want.abs() * 1e-6, "{found}, not {want}");
    }

    #[test]
    fn special_functions_have_their_known_values() {
        for (x, want) in [(1.0, 0.0), (0.5, 0.572_364_943), (5.0, 24f64.ln()), (21.0, 42.335_616_461)] {
            near(ln_gamma(x), want);
        }
        // One degree of freedom, two, and many.
        for (sum, count, want) in [(3.841_458_8, 1, 0.05), (4.0, 2, (-2f64).exp()), (124.342_113, 100, 0.05)] {
            assert!((chance_of_squares(sum, count) - want).abs() < 1e-7, "{sum} {count}");
        }
        near(poisson_tail(1, 2.0), 1.0 - (-2f64).exp());
        near(poisson_tail(2, 2.0), 1.0 - 3.0 * (-2f64).exp());
    }

    /// Counts the ways one by one.
    fn counted(first: Share, second: Share) -> f64 {
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64);
        let (hits, all) = (first.hits + second.hits, first.of + second.of);
        let weight = |count: u64| if count == second.hits { 0.5 } else { 1.0 };
        let from = second.hits.max(hits.saturating_sub(first.of));
        let ways = (from..=hits.min(second.of))
            .map(|count| weight(count) * choose(second.of, count) * choose(first.of, hits - count));
        ways.sum::<f64>() / choose(all, hits)
    }

    proptest::proptest! {
        #[test]
        fn the_test_of_two_rates_counts_the_ways(a in 0u64..=20, b in 0u64..=20, more in 0u64..15, yet in 0u64..15) {
            let (first, second) = (Share { hits: a, of: a + more }, Share { hits: b, of: b + yet });
            let found = chance_of_rise(first, second);
            proptest::prop_assert!((found - counted(first, second)).abs() < 1e-9, "{found} {}", counted(first, second));
            // What is no rise from here to there is a rise from there to here.
            let back = chance_of_rise(second, first);
            proptest::prop_assert!((found + back - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn large_numbers_take_no_time_and_few_are_not_certain() {
        let million = |hits| Share { hits, of: 1_000_000 };
        assert!(chance_of_rise(million(500), million(1_000)) < 1e-30);
        assert!(chance_of_rise(million(1_000), million(500)) > 0.999);
        assert!((chance_of_rise(million(500_000), million(500_000)) - 0.5).abs() < 1e-3);
        near(chance_of_rise(million(0), million(1)), 0.25);
        // Half of one in 2^10, as good as.
        assert!((chance_of_rise(million(0), million(10)) - 0.5f64.powi(11)).abs() < 1e-7);
    }

    #[test]
    fn an_appearance_is_as_likely_as_the_worst_rate_makes_it() {
        let tried = |hits: u64, ratio: f64| {
            let rates = (1..4_000).map(|step| f64::from(step) / 100.0);
            rates.map(|rate| (-rate * ratio).exp() * poisson_tail(hits, rate)).fold(0.0, f64::max)
        };
        for (hits, ratio) in [(1, 1.0), (3, 1.0), (10, 1.0), (10, 0.3), (10, 4.0)] {
            assert!((chance_of_appearance(hits, ratio) - tried(hits, ratio)).abs() < 1e-5, "{hits} {ratio}");
        }
        assert!(chance_of_appearance(10, 1.0) < 0.000_25);
        assert!(chance_of_appearance(1_000, 0.000_1) > 0.5, "the first part is too small to show it");
    }
}
