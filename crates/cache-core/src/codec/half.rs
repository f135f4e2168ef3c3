//! Half-precision numbers as their 16 bits, converted without branches and without arithmetic on
//! subnormal floats (which costs a hundred cycles each), so that loops over them vectorise on any
//! processor.
#![allow(clippy::cast_possible_truncation, reason = "the low 16 bits are what is wanted")]

/// The exponent bits of a half; all ones in an infinity or a NaN.
pub(super) const EXPONENT: u16 = 0x7c00;

/// Magnitudes from here on round to infinity.
pub(super) const OVERFLOW: f32 = 65_520.0;

/// Between the exponent biases of a float (127) and a half (15), in place.
const REBIAS: u32 = (127 - 15) << 23;

/// The smallest normal half, 2^-14, as bits of a float.
const SMALLEST_NORMAL: u32 = REBIAS + (1 << 23);

/// The half's value. The half must be finite.
#[inline(always)]
pub(super) fn widen(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let magnitude = u32::from(half & 0x7fff) << 13;
    let normal = magnitude + REBIAS;
    // A subnormal half with its exponent set to that of 2^-14 is too large by 2^-14.
    let subnormal = f32::from_bits(magnitude + SMALLEST_NORMAL) - f32::from_bits(SMALLEST_NORMAL);
    let bits = if magnitude < 1 << 23 { subnormal.to_bits() } else { normal };
    f32::from_bits(sign | bits)
}

/// The nearest half, ties to even. The value must be below [`OVERFLOW`] in magnitude.
#[inline(always)]
pub(super) fn narrow(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    let to_even = (magnitude >> 13) & 1;
    let normal = magnitude.wrapping_add(0xfff + to_even).wrapping_sub(REBIAS) >> 13;
    // Floats around 1/2 are as far apart as subnormal halves: the addition does the rounding.
    let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    (sign | if magnitude < SMALLEST_NORMAL { subnormal } else { normal }) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::half::f16;

    fn finite_halves() -> impl Iterator<Item = u16> {
        (0..=u16::MAX).filter(|h| h & EXPONENT != EXPONENT)
    }

    #[test]
    fn every_half_widens_as_the_standard_says() {
        for h in finite_halves() {
            assert_eq!(widen(h).to_bits(), f16::from_bits(h).to_f32().to_bits(), "{h:#06x}");
        }
    }

    #[test]
    fn floats_at_and_around_every_half_and_midpoint_narrow_as_the_standard_says() {
        for h in finite_halves() {
            let at = f16::from_bits(h).to_f32();
            let next = if h & 0x7fff == 0x7bff { 65_536.0 } else { f16::from_bits(h + 1).to_f32() };
            let middle = (at.abs() + next.abs()) / 2.0 * 1.0f32.copysign(at);
            for v in [at, middle] {
                for v in [v, v.next_up(), v.next_down()] {
                    if v.abs() < OVERFLOW {
                        assert_eq!(narrow(v), f16::from_f32(v).to_bits(), "{v:e}");
                    }
                }
            }
        }
        for v in [1e-45f32, -1e-45, f32::MIN_POSITIVE, -1e-30, 2.98e-8, 65_519.996] {
            assert_eq!(narrow(v), f16::from_f32(v).to_bits(), "{v:e}");
        }
    }
}
