//! Confidence of a proportion.

/// The exact interval of Clopper and Pearson for a proportion of which `successes` of `trials` were
/// observed: the true one is within it at least as often as `confidence` says (0 to 1, two-sided).
///
/// C. J. Clopper, E. S. Pearson: *The use of confidence or fiducial limits illustrated in the case of
/// the binomial*, Biometrika 26 (1934), 404-413. The bounds are quantiles of the beta distribution,
/// found here by bisection of the binomial tail. Without trials it is `(0, 1)`.
#[must_use]
pub fn clopper_pearson(successes: u64, trials: u64, confidence: f64) -> (f64, f64) {
    let successes = successes.min(trials);
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    let low = if successes == 0 {
        0.0
    } else {
        // P(X >= successes | p) grows with p.
        bisect(|p| 1.0 - cumulative(successes - 1, trials, p) < tail)
    };
    let high =
        if successes == trials { 1.0 } else { bisect(|p| cumulative(successes, trials, p) > tail) };
    (low, high)
}

/// Where the condition, which holds for small numbers, ceases to hold.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if holds(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// P(X <= k) of n trials of probability p, summed in logarithms from the likelier end.
#[expect(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^52")]
fn cumulative(k: u64, n: u64, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return if k >= n { 1.0 } else { 0.0 };
    }
    let (ln_p, ln_q) = (p.ln(), (-p).ln_1p());
    let mut ln_term = n as f64 * ln_q; // Of X = 0.
    let mut sum = ln_term.exp();
    for x in 1..=k {
        ln_term += ((n - x + 1) as f64 / x as f64).ln() + ln_p - ln_q;
        sum += ln_term.exp();
    }
    sum.min(1.0)
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
        }
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
    }
}
