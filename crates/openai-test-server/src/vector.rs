//! Vectors as the genuine service makes them.

use half::f16;

/// The vector of an input: the same for the same model, input and number of dimensions.
///
/// The services' float32 vectors are float16 vectors divided by one float32 norm; so are these.
/// Fewer dimensions are a prefix of the halves, divided by the prefix's own norm.
pub(crate) fn vector(model: &str, input: &[u8], dimensions: usize) -> Vec<f32> {
    let halves = halves(model, input, dimensions);
    let squares: f64 = halves.iter().map(|half| half.to_f64().powi(2)).sum();
    let norm = float32_norm(squares);
    halves.into_iter().map(|half| half.to_f32() / norm).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the norm is meant to be a float32")]
fn float32_norm(squares: f64) -> f32 {
    squares.sqrt() as f32
}

/// Bell-shaped values between -2 and 2.
fn halves(model: &str, input: &[u8], dimensions: usize) -> Vec<f16> {
    const DRAWS: usize = 4;
    let mut hasher = blake3::Hasher::new();
    // Lengths keep apart what joined texts would mix up.
    hasher.update(&model.len().to_le_bytes()).update(model.as_bytes()).update(input);
    let mut bytes = vec![0; dimensions * DRAWS * 2];
    hasher.finalize_xof().fill(&mut bytes);
    let value = |draws: &[u8]| {
        let sum: f32 =
            draws.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]]))).sum();
        f16::from_f32(sum / 65536.0)
    };
    bytes.chunks_exact(DRAWS * 2).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_of_unit_length_and_of_their_input_only() {
        let vector =
            |model, text: &str, dimensions| super::vector(model, text.as_bytes(), dimensions);
        let one = vector("m", "text", 1536);
        let length: f64 = one.iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-6, "{length}");
        assert_eq!(one, vector("m", "text", 1536));
        assert_ne!(one, vector("m", "texs", 1536));
        assert_ne!(one, vector("mt", "ext", 1536));
    }

    #[test]
    fn fewer_dimensions_are_a_prefix_made_of_unit_length_again() {
        let (long, short) = (vector("m", b"text", 1536), vector("m", b"text", 256));
        let factor = short[0] / long[0];
        assert!(factor > 1.5);
        for (long, short) in long.iter().zip(&short) {
            assert!((long * factor - short).abs() < 1e-6);
        }
    }
}
