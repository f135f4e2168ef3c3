use crate::MAX_DIMENSIONS;

/// Why stored bytes are not a vector or a text of ours. To a cache each of them is a miss: compute
/// the value again and overwrite the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Shorter than a frame's header.
    #[error("the stored value ends before a frame's header does")]
    Truncated,
    /// It does not begin as our frames do: another program's value. Holds its first two bytes.
    #[error("the stored value is not a frame of ours (it begins with {:02x} {:02x})", .0[0], .0[1])]
    NotOurs([u8; 2]),
    /// A frame of another version of the format, most likely a later one.
    #[error("the frame is of format version {0}, which this version of the library cannot read")]
    FutureVersion(u8),
    /// A sound frame with a codec that a later version of the library added.
    #[error("the frame's codec {0} is unknown to this version of the library")]
    UnknownCodec(u8),
    /// The checksum does not match: the value is cut off, damaged, or another key's.
    #[error("the frame is damaged or belongs to another key (checksum mismatch)")]
    Checksum,
    /// The header says zero dimensions, or too many.
    #[error("the frame's number of dimensions is not in 1 to {MAX_DIMENSIONS}")]
    Dimensions,
    /// The body is not what the codec writes for that many dimensions, or that long a text.
    #[error("the frame's body does not fit its header")]
    Body,
}

impl FrameError {
    /// A short, stable, low-cardinality label for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::NotOurs(_) => "not_ours",
            Self::FutureVersion(_) => "future_version",
            Self::UnknownCodec(_) => "unknown_codec",
            Self::Checksum => "checksum",
            Self::Dimensions => "dimensions",
            Self::Body => "body",
        }
    }
}
