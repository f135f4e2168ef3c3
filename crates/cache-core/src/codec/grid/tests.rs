use ::half::f16;
use proptest::collection::vec;
use proptest::prelude::*;

use super::Grid;
use crate::codec::frame::HEADER_BYTES;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Whether the vector is found on the grid, and comes back by both codecs.
fn is_on_grid(values: &[f32]) -> bool {
    let Some(grid) = Grid::find(values) else {
        return false;
    };
    let mut out = vec![0.0; values.len()];
    super::decode16(&super::encode16(&grid)[HEADER_BYTES..], &mut out).unwrap();
    let mut out15 = vec![0.0; values.len()];
    let frame15 = super::encode15(&grid);
    assert_eq!(frame15.len(), HEADER_BYTES + super::len15(&grid));
    super::decode15(&frame15[HEADER_BYTES..], &mut out15).unwrap();
    assert_eq!(bits(&out), bits(&out15));
    bits(&out) == bits(values)
}

/// As a service does it: halves, divided by their norm as a float.
fn normalised(halves: &[f16]) -> Vec<f32> {
    let floats = halves.iter().map(|h| h.to_f32());
    let squares: f64 = floats.clone().map(|v| f64::from(v) * f64::from(v)).sum();
    #[allow(clippy::cast_possible_truncation)]
    let norm = squares.sqrt() as f32;
    floats.map(|v| if norm > 0.0 { v / norm } else { v }).collect()
}

/// Halves between 2^-17 and 1, as a model's are, and now and then a zero.
fn half() -> impl Strategy<Value = f16> {
    prop_oneof![
        40 => (any::<bool>(), -17i8..0, 0u16..1024).prop_map(|(minus, exponent, mantissa)| {
            let magnitude = (f32::from(mantissa) / 1024.0 + 1.0) * 2f32.powi(exponent.into());
            f16::from_f32(if minus { -magnitude } else { magnitude })
        }),
        1 => prop_oneof![Just(f16::ZERO), Just(f16::NEG_ZERO)],
    ]
}

proptest! {
    #[test]
    fn halves_divided_by_their_norm_are_found(halves in vec(half(), 1..700)) {
        prop_assert!(is_on_grid(&normalised(&halves)));
    }

    #[test]
    fn halves_divided_by_any_float_are_found(
        halves in vec(half(), 1..200),
        norm in 1e-3f32..1e5,
    ) {
        let values: Vec<f32> = halves.iter().map(|h| h.to_f32() / norm).collect();
        prop_assert!(is_on_grid(&values));
    }

    #[test]
    fn halves_times_any_float_are_found(halves in vec(half(), 1..700), factor in 1e-5f32..1e3) {
        let values: Vec<f32> = halves.iter().map(|h| h.to_f32() * factor).collect();
        prop_assert!(is_on_grid(&values));
    }

    #[test]
    fn plain_halves_are_found(halves in vec(half(), 1..700)) {
        let values: Vec<f32> = halves.iter().map(|h| h.to_f32()).collect();
        prop_assert!(is_on_grid(&values));
    }

    /// The search may say yes or no; what it says yes to comes back by both codecs alike.
    #[test]
    fn whatever_is_searched_nothing_panics(values in vec(any::<u32>(), 1..100)) {
        let finite = |b: u32| if b & 0x7f80_0000 == 0x7f80_0000 { b & 0xbfff_ffff } else { b };
        let values: Vec<f32> = values.into_iter().map(|b| f32::from_bits(finite(b))).collect();
        is_on_grid(&values);
    }
}

#[test]
fn full_floats_are_not_on_the_grid() {
    let mut found = 0;
    for seed in 1u32..500 {
        let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
        let values: Vec<f32> = (0..384)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state.cast_signed() as f32 / 2f32.powi(36)
            })
            .collect();
        found += u32::from(Grid::find(&values).is_some());
    }
    assert_eq!(found, 0);
}

#[test]
fn vectors_with_little_to_go_by_are_found() {
    assert!(is_on_grid(&[1.0 / 3.0]));
    assert!(is_on_grid(&[-0.1, 0.1]));
    assert!(is_on_grid(&[0.0; 9]));
    assert!(is_on_grid(&[-0.0; 8]));
    assert!(is_on_grid(&vec![0.025_515_518; 1536]));
    assert!(is_on_grid(&[1e6, -0.0, 5e5]));
    // All alike but one: any mantissa passes the first probes, only one the last value.
    let mut alike = vec![f16::from_f32(0.7); 1000];
    alike[777] = f16::from_f32(0.011_19);
    assert!(is_on_grid(&normalised(&alike)));
}

#[test]
fn values_down_to_subnormal_halves_are_found() {
    // Next to the largest, values keep all their bits down to 2^-29 and some down to 2^-39.
    let mut values: Vec<f32> = (0..30).map(|i| 1.5 * 2f32.powi(-i)).collect();
    values.extend([1537.0 / 2048.0, 1031.0 / 2048.0]);
    values.extend([2f32.powi(-39), -3.0 * 2f32.powi(-39), 0.0]);
    assert!(is_on_grid(&values));
    values.push(2f32.powi(-41));
    assert!(!is_on_grid(&values));
}

#[test]
fn vectors_far_from_any_model_are_left_alone() {
    for far in [1e-30, 2e6, f32::MAX, 1e-45] {
        assert!(Grid::find(&[far, far / 2.0]).is_none(), "{far:e}");
    }
}
