//! The 64-bit hash of the features. Part of the algorithm's version: never change it alone.

/// Takes in numbers one by one, in the manner of FNV-1a with a stronger step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash64(u64);

impl Hash64 {
    /// Hashes of different `kind`s have nothing to do with each other.
    pub(crate) fn new(kind: u64) -> Self {
        Self(mix(0x6c65_7869_6361_6c31 ^ kind))
    }

    pub(crate) fn with(self, number: u64) -> Self {
        Self((self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
    }

    pub(crate) fn of_chars(self, chars: &[char]) -> Self {
        chars.iter().fold(self, |hash, c| hash.with(u64::from(u32::from(*c))))
    }

    pub(crate) fn finish(self) -> u64 {
        mix(self.0)
    }
}

/// The `step`th number of the SplitMix64 sequence that starts at `seed`.
pub(crate) fn sequence(seed: u64, step: u64) -> u64 {
    mix(seed.wrapping_add(step.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// SplitMix64's finisher: every bit of the input changes about half of the output.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_splitmix64() {
        // The published test vector for seed 1234567.
        let expected: [u64; 5] = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ];
        for (step, expected) in (0u64..).zip(expected) {
            assert_eq!(sequence(1234567, step), expected);
        }
    }

    #[test]
    fn order_kind_and_length_matter() {
        let hash = |kind, chars: &[char]| Hash64::new(kind).of_chars(chars).finish();
        let all =
            [hash(0, &['a', 'b']), hash(0, &['b', 'a']), hash(1, &['a', 'b']), hash(0, &['a'])];
        for (i, a) in all.iter().enumerate() {
            assert!(!all[i + 1..].contains(a));
        }
    }
}
