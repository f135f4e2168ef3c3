//! Vectors that follow from their text.

pub const DIMENSIONS: usize = 48;

/// Different texts: English, Korean, emoji and combining marks.
pub fn texts(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("text {i} 한국어 {} e\u{301} 🦀", i % 7)).collect()
}

/// The one right vector of a text: every bit follows from the text, and uses the full mantissa.
pub fn vector(text: &str) -> Vec<f32> {
    let mut random = Random::of(text);
    (0..DIMENSIONS).map(|_| random.unit()).collect()
}

/// A vector as OpenAI's service makes them: half-precision numbers divided by their norm.
pub fn on_grid(text: &str, dimensions: usize) -> Vec<f32> {
    let mut random = Random::of(text);
    let halves: Vec<f32> = (0..dimensions).map(|_| (random.unit() * 1000.0).round()).collect();
    let norm = halves.iter().map(|h| h * h).sum::<f32>().sqrt();
    halves.iter().map(|h| h / norm).collect()
}

pub fn bits(vector: &[f32]) -> Vec<u32> {
    vector.iter().map(|v| v.to_bits()).collect()
}

/// SplitMix64, seeded with FNV-1a of a text.
struct Random(u64);

impl Random {
    fn of(text: &str) -> Self {
        let fnv = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, fnv))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From -1 to 1.
    fn unit(&mut self) -> f32 {
        let mantissa = u32::try_from(self.next() >> 41).unwrap();
        2.0 * f32::from_bits(1f32.to_bits() | mantissa) - 3.0
    }
}
