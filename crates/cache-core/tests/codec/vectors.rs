//! Vectors to store, and what to check of them.

use cache_core::Embedding;
use cache_core::codec::{Codec, EntryMeta, VectorPolicy, decode, encode};
use half::f16;

pub(crate) const KEY: [u8; 32] = *b"an entry's key: 256 bits of hash";

/// SplitMix64: the same numbers on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// About normally distributed around 0 with a deviation of 1.
    fn normal(&mut self) -> f32 {
        let sum: u64 = (0..12).map(|_| self.next() >> 40).sum();
        sum as f32 / (1u64 << 24) as f32 - 6.0
    }
}

/// As a service makes them: in half precision, then divided by their norm as 32-bit floats.
pub(crate) fn of_a_service(dims: usize, seed: u64) -> Embedding {
    let mut random = Random(seed);
    let halves: Vec<f32> = (0..dims).map(|_| f16::from_f32(random.normal()).to_f32()).collect();
    let norm = norm(&halves);
    Embedding::new(halves.iter().map(|v| v / norm).collect::<Vec<_>>()).unwrap()
}

/// As a local model makes them: all in 32-bit floats.
pub(crate) fn of_a_local_model(dims: usize, seed: u64) -> Embedding {
    let mut random = Random(seed);
    let floats: Vec<f32> = (0..dims).map(|_| random.normal()).collect();
    let norm = norm(&floats);
    Embedding::new(floats.iter().map(|v| v / norm).collect::<Vec<_>>()).unwrap()
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|v| v * v).sum::<f32>().sqrt()
}

pub(crate) fn bits(embedding: &Embedding) -> Vec<u32> {
    embedding.iter().map(|v| v.to_bits()).collect()
}

/// Stores and reads the vector back, and checks the policy's promise. Gives the codec and the
/// frame's length.
pub(crate) fn keeps_its_promise(embedding: &Embedding, policy: VectorPolicy) -> (Codec, usize) {
    let meta = EntryMeta { created_at_ms: 1_795_000_000_000, tokens: 3, ..EntryMeta::default() };
    let stored = encode(&KEY, &meta, embedding, policy);
    let entry = decode(&KEY, &stored.bytes).unwrap();
    assert_eq!(entry.meta, meta);
    assert_eq!(entry.codec, stored.codec);
    if stored.codec.is_exact() {
        assert_eq!(bits(&entry.embedding), bits(embedding), "{policy} {}", stored.codec);
    } else {
        assert!(!policy.is_exact(), "{policy} gave {}", stored.codec);
        match entry.embedding.cosine_similarity(embedding) {
            // The bound is on exact numbers; this cosine is computed in floating point.
            Some(cosine) => assert!(cosine >= policy.cosine_bound() - 1e-12, "{policy}: {cosine}"),
            None => assert_eq!(entry.embedding, *embedding, "all zeros"),
        }
    }
    let raw = 32 + 4 * embedding.dimensions();
    assert!(stored.bytes.len() <= raw, "{policy} {}", stored.codec);
    (stored.codec, stored.bytes.len())
}
