//! Which mantissas may the largest half have had?

/// The half behind the largest value is `m · 2^k` with `m` in 1024..=2047. Every other value must
/// then be, next to the largest, an 11-bit multiple too: of the 1024 candidates `m`, a few values
/// ("probes") leave one, or none.
pub(super) struct Sieve {
    largest: f64,
    probes: [Probe; MAX_PROBES],
    count: usize,
    next: u32,
}

/// More probes than a vector on the grid ever needs.
const MAX_PROBES: usize = 16;

const LANES: u32 = 16;

/// How far from the grid a probe may be, in 2^-32. Both values were rounded to 24 bits, so the
/// probe's multiple of up to 4096 is off by at most 2^12 · 2^-23, doubled here for other rounding.
const TOLERANCE: u32 = 1 << (32 - 12 + 2);

/// The probe divided by the largest value, brought to 1..2 by a power of two, its fraction in
/// 2^-32; and the first multiples of that.
#[derive(Clone, Copy)]
struct Probe {
    ratio: u32,
    multiples: [u32; LANES as usize],
}

impl Sieve {
    /// `largest` is the largest magnitude of the vector, positive; `peaks` are first probes.
    pub(super) fn new(largest: f32, peaks: &[f32]) -> Self {
        let unused = Probe { ratio: 0, multiples: [0; LANES as usize] };
        let mut sieve =
            Self { largest: largest.into(), probes: [unused; MAX_PROBES], count: 0, next: 1024 };
        for &peak in peaks {
            let _ = sieve.add_probe(peak);
        }
        sieve
    }

    /// Lets a further magnitude decide. `None` when there have been too many.
    pub(super) fn add_probe(&mut self, magnitude: f32) -> Option<()> {
        if magnitude > 0.0 {
            let ratio = fraction(f64::from(magnitude) / self.largest);
            // Powers of two of the largest fit any mantissa.
            if ratio != 0 {
                let mut multiples = [0; LANES as usize];
                for (multiple, i) in multiples.iter_mut().zip(0u32..) {
                    *multiple = ratio.wrapping_mul(i);
                }
                *self.probes.get_mut(self.count)? = Probe { ratio, multiples };
                self.count += 1;
            }
        }
        Some(())
    }

    /// The next mantissa that no probe excludes, ascending.
    #[inline(always)]
    pub(super) fn next_fit(&mut self) -> Option<u32> {
        while self.next < 2048 {
            let base = self.next;
            if let Some(lane) = self.first_fit(base) {
                self.next = base + lane + 1;
                return (base + lane < 2048).then_some(base + lane);
            }
            self.next = base + LANES;
        }
        None
    }

    /// The first of the mantissas from `base` on, one per lane, that all probes let pass.
    #[inline(always)]
    fn first_fit(&self, base: u32) -> Option<u32> {
        let mut fits = [u32::MAX; LANES as usize];
        for probe in &self.probes[..self.count] {
            let offset = probe.ratio.wrapping_mul(base).wrapping_add(TOLERANCE);
            for (fit, multiple) in fits.iter_mut().zip(&probe.multiples) {
                // Within the tolerance of a multiple of 2^32, on either side.
                let near = multiple.wrapping_add(offset) <= 2 * TOLERANCE;
                *fit &= u32::from(near).wrapping_neg();
            }
            if fits.iter().fold(0, |any, fit| any | fit) == 0 {
                return None;
            }
        }
        (0u32..).zip(fits).find(|(_, fit)| *fit != 0).map(|(lane, _)| lane)
    }
}

/// The first 32 bits of the mantissa, the leading one left out.
#[allow(clippy::cast_possible_truncation, reason = "32 bits remain")]
fn fraction(x: f64) -> u32 {
    (x.to_bits() << 12 >> 32) as u32
}
