//! Vectors like those that services give.

use half::f16;

/// Dimensions of most of OpenAI's vectors.
pub const DIMENSIONS: usize = 1_536;

/// As OpenAI's are: half-precision numbers divided by one single-precision norm. Genuine ones are
/// taken from the folder that `TEST_VECTORS_DIR` names, where it is set.
pub fn openai_like(count: usize) -> Vec<Vec<f32>> {
    let genuine = genuine();
    if genuine.is_empty() {
        return (0..count as u64).map(|seed| on_the_grid(&full(seed))).collect();
    }
    genuine.iter().cycle().take(count).cloned().collect()
}

/// Whether [`openai_like`] gives genuine vectors.
pub fn source() -> &'static str {
    if genuine().is_empty() { "generated vectors" } else { "genuine vectors" }
}

fn genuine() -> Vec<Vec<f32>> {
    let Some(folder) = std::env::var_os("TEST_VECTORS_DIR") else { return Vec::new() };
    let path = std::path::Path::new(&folder).join("ada002_1536.f32");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let values: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    values.chunks_exact(DIMENSIONS).map(<[f32]>::to_vec).collect()
}

/// As local models' are: all bits of the mantissa in use, unit length.
pub fn full(seed: u64) -> Vec<f32> {
    full_of(DIMENSIONS, seed)
}

/// The same of so many dimensions.
pub fn full_of(dimensions: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    // A sum of uniforms is near enough to a normal distribution.
    let values: Vec<f32> = (0..dimensions).map(|_| (0..6).map(|_| uniform()).sum()).collect();
    let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    values.into_iter().map(|v| v / norm).collect()
}

/// As services give them that keep half-precision numbers: those, divided by one norm.
pub fn on_the_grid(values: &[f32]) -> Vec<f32> {
    let halves: Vec<f32> = values.iter().map(|v| f16::from_f32(*v).to_f32()).collect();
    let norm = halves.iter().map(|v| v * v).sum::<f32>().sqrt();
    halves.into_iter().map(|v| v / norm).collect()
}
