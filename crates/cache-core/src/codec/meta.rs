use std::time::Duration;

/// What is known of an entry besides its vector. Takes 16 bytes of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EntryMeta {
    /// When the vector was computed, in milliseconds since the Unix epoch. 48 bits are kept,
    /// enough until the year 10889; anything later becomes the last of them.
    pub created_at_ms: u64,
    /// How long after its creation the entry counts as fresh; `None` means always. Kept in
    /// milliseconds below 2^31 ms (24.8 days) and in seconds above, rounded down, at most
    /// 2^31 - 2 s (68 years).
    pub fresh_for: Option<Duration>,
    /// How long computing the vector took. Kept in microseconds, at most 2^32 - 1 (71 minutes).
    pub compute_time: Duration,
    /// How many tokens the provider charged for, at most 65,535; 0 when unknown.
    pub tokens: u16,
}

/// Bytes of a stored [`EntryMeta`].
pub(super) const META_BYTES: usize = 16;

const MAX_CREATED_AT: u64 = (1 << 48) - 1;
const IN_SECONDS: u32 = 1 << 31;
const ALWAYS_FRESH: u32 = u32::MAX;
const MAX_FRESH_SECONDS: u32 = ALWAYS_FRESH - 1 - IN_SECONDS;

impl EntryMeta {
    pub(super) fn to_bytes(self) -> [u8; META_BYTES] {
        let created = self.created_at_ms.min(MAX_CREATED_AT).to_le_bytes();
        let fresh = fresh_for_to_bits(self.fresh_for).to_le_bytes();
        let micros = saturate(self.compute_time.as_micros()).to_le_bytes();
        let mut bytes = [0; META_BYTES];
        bytes[..6].copy_from_slice(&created[..6]);
        bytes[6..10].copy_from_slice(&fresh);
        bytes[10..14].copy_from_slice(&micros);
        bytes[14..].copy_from_slice(&self.tokens.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; META_BYTES]) -> Self {
        let [c0, c1, c2, c3, c4, c5, f0, f1, f2, f3, m0, m1, m2, m3, t0, t1] = bytes;
        Self {
            created_at_ms: u64::from_le_bytes([c0, c1, c2, c3, c4, c5, 0, 0]),
            fresh_for: fresh_for_from_bits(u32::from_le_bytes([f0, f1, f2, f3])),
            compute_time: Duration::from_micros(u32::from_le_bytes([m0, m1, m2, m3]).into()),
            tokens: u16::from_le_bytes([t0, t1]),
        }
    }
}

fn fresh_for_to_bits(fresh_for: Option<Duration>) -> u32 {
    let Some(duration) = fresh_for else {
        return ALWAYS_FRESH;
    };
    match u32::try_from(duration.as_millis()) {
        Ok(millis) if millis < IN_SECONDS => millis,
        _ => IN_SECONDS | saturate(duration.as_secs().into()).min(MAX_FRESH_SECONDS),
    }
}

fn fresh_for_from_bits(bits: u32) -> Option<Duration> {
    match bits {
        ALWAYS_FRESH => None,
        _ if bits < IN_SECONDS => Some(Duration::from_millis(bits.into())),
        _ => Some(Duration::from_secs((bits - IN_SECONDS).into())),
    }
}

fn saturate(n: u128) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(meta: EntryMeta) -> EntryMeta {
        EntryMeta::from_bytes(meta.to_bytes())
    }

    #[test]
    fn ordinary_values_come_back() {
        let meta = EntryMeta {
            created_at_ms: 1_795_000_000_123,
            fresh_for: Some(Duration::from_millis(3_600_001)),
            compute_time: Duration::from_micros(123_456),
            tokens: 8191,
        };
        assert_eq!(stored(meta), meta);
        assert_eq!(stored(EntryMeta::default()), EntryMeta::default());
    }

    #[test]
    fn extremes_saturate() {
        let meta = stored(EntryMeta {
            created_at_ms: u64::MAX,
            fresh_for: Some(Duration::MAX),
            compute_time: Duration::MAX,
            tokens: u16::MAX,
        });
        assert_eq!(meta.created_at_ms, (1 << 48) - 1);
        assert_eq!(meta.fresh_for, Some(Duration::from_secs((1 << 31) - 2)));
        assert_eq!(meta.compute_time, Duration::from_micros(u32::MAX.into()));
        assert_eq!(meta.tokens, u16::MAX);
    }

    #[test]
    fn freshness_rounds_down_and_zero_is_not_for_ever() {
        let fresh = |d| stored(EntryMeta { fresh_for: d, ..EntryMeta::default() }).fresh_for;
        let ms = Duration::from_millis;
        assert_eq!(fresh(None), None);
        assert_eq!(fresh(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(fresh(Some(Duration::from_micros(1_999))), Some(ms(1)));
        assert_eq!(fresh(Some(ms((1 << 31) - 1))), Some(ms((1 << 31) - 1)));
        assert_eq!(fresh(Some(ms(1 << 31))), Some(Duration::from_secs(2_147_483)));
        assert_eq!(fresh(Some(Duration::from_secs(u64::MAX))), fresh(Some(Duration::MAX)));
    }
}
