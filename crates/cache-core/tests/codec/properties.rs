//! Any vector at all, under any policy.

use cache_core::codec::{Codec, VectorPolicy};
use cache_core::{Embedding, MAX_DIMENSIONS};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::vectors::{keeps_its_promise, of_a_local_model, of_a_service};

/// Finite floats of any bits: subnormal ones, zeros of both signs and huge ones too.
fn finite() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |v| v.is_finite()),
        2 => -1f32..1.0,
        1 => prop::sample::select(vec![
            0.0, -0.0, 1e-45, -1e-45, f32::MIN_POSITIVE, f32::MAX, f32::MIN, 65_504.0, 65_520.0,
            6.1e-5, 5.96e-8, 2.9e-8, 1.0, -1.0, 0.1,
        ]),
    ]
}

fn check_all(values: Vec<f32>) {
    let embedding = Embedding::new(values).unwrap();
    for policy in VectorPolicy::ALL {
        keeps_its_promise(&embedding, policy);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_finite_vector(values in vec(finite(), 1..300)) {
        check_all(values);
    }

    #[test]
    fn vectors_of_one_magnitude(value in finite(), signs in vec(any::<bool>(), 1..100)) {
        check_all(signs.into_iter().map(|minus| if minus { -value } else { value }).collect());
    }

    #[test]
    fn sparse_vectors(dims in 1usize..400, some in vec((any::<u16>(), finite()), 0..5)) {
        let mut values = vec![0.0; dims];
        for (at, value) in some {
            values[usize::from(at) % dims] = value;
        }
        check_all(values);
    }

    #[test]
    fn vectors_of_services_use_a_grid(dims in 5usize..2000, seed in any::<u64>()) {
        let embedding = of_a_service(dims, seed);
        let (lossless, len) = keeps_its_promise(&embedding, VectorPolicy::Lossless);
        let (fast, fast_len) = keeps_its_promise(&embedding, VectorPolicy::Fast);
        prop_assert!(matches!(lossless, Codec::Grid15 | Codec::Grid16), "{}", lossless);
        prop_assert_eq!(fast, Codec::Grid16);
        prop_assert!(len <= fast_len);
        for policy in VectorPolicy::ALL {
            keeps_its_promise(&embedding, policy);
        }
    }

    #[test]
    fn vectors_of_local_models(dims in 1usize..2000, seed in any::<u64>()) {
        let embedding = of_a_local_model(dims, seed);
        for policy in VectorPolicy::ALL {
            keeps_its_promise(&embedding, policy);
        }
    }
}

#[test]
fn the_largest_vectors() {
    for embedding in [of_a_service(MAX_DIMENSIONS, 5), of_a_local_model(MAX_DIMENSIONS, 6)] {
        for policy in VectorPolicy::ALL {
            keeps_its_promise(&embedding, policy);
        }
    }
}

#[test]
fn one_odd_dimension_each_way() {
    for dims in 1..70 {
        check_all((0..dims).map(|i| if i % 3 == 0 { -0.0 } else { 1.0 / i as f32 }).collect());
        check_all(vec![0.0; dims]);
        check_all(vec![-0.0; dims]);
        check_all(vec![f32::MAX; dims]);
        check_all(vec![1e-45; dims]);
        check_all(vec![1.0 / 3.0; dims]);
    }
}
