//! Confidence of a proportion.

/// The exact interval of Clopper and Pearson for a proportion of which `successes` of `trials` were
/// observed: the true one is within it at least as often as `confidence` says (0 to 1, two-sided).
///
/// C. J. Clopper, E. S. Pearson: *The use of confidence or fiducial limits illustrated in the case of
/// the binomial*, Biometrika 26 (1934), 404-413. The bounds are quantiles of the beta distribution,
/// found here by bisection of the regularized incomplete beta function. Without trials it is `(0, 1)`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^52")]
pub fn clopper_pearson(successes: u64, trials: u64, confidence: f64) -> (f64, f64) {
    let successes = successes.min(trials);
    let failures = trials - successes;
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    let (x, y) = (successes as f64, failures as f64);
    let low = if successes == 0 { 0.0 } else { quantile(tail, x, y + 1.0) };
    let high = if failures == 0 { 1.0 } else { quantile(1.0 - tail, x + 1.0, y) };
    (low, high)
}

/// Whether the lower bound of a proportion is this or more, where `tail` is the probability below
/// it. One evaluation of what [`clopper_pearson`] bisects.
#[expect(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^52")]
pub(super) fn is_at_least(bound: f64, successes: u64, trials: u64, tail: f64) -> bool {
    let failures = trials - successes.min(trials);
    successes > 0 && beta(bound, successes as f64, failures as f64 + 1.0) <= tail
}

/// Where the beta distribution of `a` and `b` reaches this probability.
fn quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if beta(middle, a, b) < probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The regularized incomplete beta function: its continued fraction (Abramowitz and Stegun 26.5.8),
/// which converges fast below the mean; above it, by symmetry.
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(1.0 - x, b, a);
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    front.exp() / (a * fraction(x, a, b))
}

/// The continued fraction, by Lentz's method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    for step in 1..10_000u32 {
        let m = f64::from(step / 2);
        let term = if step % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        let away = |value: f64| if value.abs() < TINY { TINY } else { value };
        d = 1.0 / away(1.0 + term * d);
        c = away(1.0 + term / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-14 {
            break;
        }
    }
    value
}

/// The logarithm of the gamma function, by Stirling's series, for arguments from 1.
fn ln_gamma(mut z: f64) -> f64 {
    let mut shift = 0.0;
    while z < 16.0 {
        shift -= z.ln();
        z += 1.0;
    }
    let (i, i2) = (1.0 / z, 1.0 / (z * z));
    let series = i / 12.0 - i * i2 / 360.0 + i * i2 * i2 / 1_260.0;
    shift + (z - 0.5) * z.ln() - z + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_of_the_tables() {
        // R: binom.test(x, n)$conf.int
        let known = [
            (0, 10, 0.0, 0.308_497_1),
            (10, 10, 0.691_502_9, 1.0),
            (5, 10, 0.187_086_0, 0.812_914_0),
            (98, 100, 0.929_616_1, 0.997_568_5),
            (368, 368, 0.990_025_8, 1.0),
        ];
        for (successes, trials, low, high) in known {
            let found = clopper_pearson(successes, trials, 0.95);
            assert!((found.0 - low).abs() < 1e-5, "{successes}/{trials}: {found:?}");
            assert!((found.1 - high).abs() < 1e-5, "{successes}/{trials}: {found:?}");
            for (bound, reached) in [(low - 1e-4, successes > 0), (low + 1e-4, false)] {
                let found = is_at_least(bound, successes, trials, 0.025);
                assert_eq!(found, reached, "{successes}/{trials}: {bound}");
            }
        }
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
    }
}
