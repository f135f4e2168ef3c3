//! Any vector comes back under any policy: bit by bit, or within the policy's bound.
//!
//! The first byte picks how the rest is read: as floats, or as halves divided by a float, which
//! is what the grid codecs look for.

#![no_main]

use cache_core::Embedding;
use cache_core::codec::{EntryMeta, VectorPolicy, decode, encode};
use libfuzzer_sys::fuzz_target;

const KEY: [u8; 32] = [0xa5; 32];

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let values = if kind % 2 == 0 { floats(data) } else { halves_over_a_float(data) };
    let Ok(embedding) = Embedding::new(values) else {
        return;
    };
    for policy in VectorPolicy::ALL {
        check(&embedding, policy);
    }
});

fn check(embedding: &Embedding, policy: VectorPolicy) {
    let stored = encode(&KEY, &EntryMeta::default(), embedding, policy);
    let entry = decode(&KEY, &stored.bytes).expect("what was encoded decodes");
    assert_eq!(entry.codec, stored.codec);
    if stored.codec.is_exact() {
        let bits = |e: &Embedding| e.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&entry.embedding), bits(embedding));
        return;
    }
    assert!(!policy.is_exact());
    match entry.embedding.cosine_similarity(embedding) {
        Some(cosine) => assert!(cosine >= policy.cosine_bound() - 1e-12),
        None => assert_eq!(entry.embedding, *embedding),
    }
}

fn floats(data: &[u8]) -> Vec<f32> {
    data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn halves_over_a_float(data: &[u8]) -> Vec<f32> {
    let Some((norm, halves)) = data.split_first_chunk::<4>() else {
        return Vec::new();
    };
    let norm = f32::from_le_bytes(*norm);
    let values = halves.as_chunks::<2>().0.iter().map(|b| {
        let half = u16::from_le_bytes(*b);
        // Only finite normal halves, and zeros: more is not needed to reach the grid.
        let (exponent, mantissa) = (half >> 10 & 31, f32::from(half & 1023) / 1024.0);
        let magnitude = match exponent {
            0 | 31 => 0.0,
            _ => (1.0 + mantissa) * 2f32.powi(i32::from(exponent) - 15),
        };
        if half >> 15 == 1 { -magnitude / norm } else { magnitude / norm }
    });
    values.collect()
}
