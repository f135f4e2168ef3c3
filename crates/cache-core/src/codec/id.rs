use std::fmt;

/// How the numbers of a stored vector are laid out.
///
/// The ids are part of the stored format and never change; a store may mix codecs. See the
/// [module's table](crate::codec#codecs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Codec {
    /// Plain 32-bit floats.
    F32 = 0,
    /// Half-precision floats and the one scale that makes them the original.
    Grid16 = 1,
    /// As [`Codec::Grid16`], in 15 bits per value.
    Grid15 = 2,
    /// 32-bit floats with their exponents packed.
    Split = 3,
    /// Half-precision floats.
    F16 = 4,
    /// 8-bit integers, and the eight largest values as they are.
    I8o8 = 5,
    /// 4-bit integers in blocks of 32 with a scale each.
    Q4b32 = 6,
}

impl Codec {
    /// Every codec, ordered by id.
    pub const ALL: [Self; 7] =
        [Self::F32, Self::Grid16, Self::Grid15, Self::Split, Self::F16, Self::I8o8, Self::Q4b32];

    /// The number stored in a frame.
    #[must_use]
    pub fn id(self) -> u8 {
        self as u8
    }

    /// The codec of this number, if this version knows it.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// A short, stable name for tables, logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Grid16 => "grid16",
            Self::Grid15 => "grid15",
            Self::Split => "split",
            Self::F16 => "f16",
            Self::I8o8 => "i8o8",
            Self::Q4b32 => "q4b32",
        }
    }

    /// Whether decoding gives back every bit of the original.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::F32 | Self::Grid16 | Self::Grid15 | Self::Split)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_fixed() {
        let table: Vec<_> = Codec::ALL.iter().map(|c| (c.id(), c.name(), c.is_exact())).collect();
        assert_eq!(
            table,
            [
                (0, "f32", true),
                (1, "grid16", true),
                (2, "grid15", true),
                (3, "split", true),
                (4, "f16", false),
                (5, "i8o8", false),
                (6, "q4b32", false),
            ]
        );
        for id in 0..=u8::MAX {
            assert_eq!(Codec::from_id(id).map(Codec::id), (id < 7).then_some(id));
        }
    }
}
