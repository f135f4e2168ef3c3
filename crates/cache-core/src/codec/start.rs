//! Telling entries of this version from others by their first bytes.

use super::{FORMAT_VERSION, frame, text};

/// What sealed values start with, see the crate `cache-encryption`: magic and version.
const SEALED: [u8; 3] = [0xe7, b'x', 1];

/// Whether a stored vector or text starts as those of this version do, sealed or not. The first three
/// bytes are enough; what comes after them is not looked at.
#[must_use]
pub fn is_current(start: &[u8]) -> bool {
    let [vector_1, vector_2] = frame::MAGIC;
    let [text_1, text_2] = text::MAGIC;
    let ours = [[vector_1, vector_2, FORMAT_VERSION], [text_1, text_2, text::VERSION], SEALED];
    ours.iter().any(|begin| start.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_and_others_values_are_told_apart() {
        let text = text::pack(&[1; 32], b"a text").expect("short enough");
        assert!(is_current(&text) && is_current(&text[..3]) && is_current(&SEALED));
        for other in [&b""[..], &text[..2], b"plain", &[0xe7, b't', 2], &[0xe7, b'y', 1]] {
            assert!(!is_current(other), "{other:?}");
        }
    }
}
