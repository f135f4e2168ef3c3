//! Sizes and spans of time as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A number of bytes. Written as Redis writes it: `512mb`, `1gb`, `64kb` in powers of 1024, `1g`,
/// `1m`, `1k` in powers of 1000, or plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A span of time. Written as `500ms`, `30s`, `5m`, `2h`, `7d`, or plain seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// The text is no number with a known unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ParseUnitError {
    text: String,
    expected: &'static str,
}

/// The number, and the factor of the unit behind it.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

impl FromStr for ByteSize {
    type Err = ParseUnitError;
    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        const UNITS: [(&str, u64); 8] = [
            ("", 1),
            ("b", 1),
            ("k", 1_000),
            ("kb", 1 << 10),
            ("m", 1_000_000),
            ("mb", 1 << 20),
            ("g", 1_000_000_000),
            ("gb", 1 << 30),
        ];
        let expected = "a size like 512mb, 2gb or 1048576";
        parse(text, &UNITS).map(Self).ok_or_else(|| ParseUnitError { text: text.into(), expected })
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, size) in [("gb", 1u64 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] {
            if self.0 >= size && self.0.is_multiple_of(size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl FromStr for Span {
    type Err = ParseUnitError;
    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        const UNITS: [(&str, u64); 6] = [
            ("ms", 1),
            ("", 1_000),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ];
        let expected = "a span of time like 3600, 500ms, 30s, 5m, 2h or 7d";
        parse(text, &UNITS)
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| ParseUnitError { text: text.into(), expected })
    }
}

/// Settings files hold numbers or texts, the environment only texts.
fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err = ParseUnitError>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_redis_reads_them() {
        for (text, bytes) in [
            ("512mb", 512 << 20),
            ("1gb", 1 << 30),
            ("1g", 1_000_000_000),
            ("64KB", 65_536),
            ("7", 7),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "mb", "-1mb", "1.5gb", "1tb", "99999999999gb"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        assert_eq!(ByteSize(512 << 20).to_string(), "512mb");
        assert_eq!(ByteSize(1_500).to_string(), "1500");
    }

    #[test]
    fn spans_default_to_seconds() {
        for (text, millis) in
            [("3600", 3_600_000), ("500ms", 500), ("2h", 7_200_000), ("5 m", 300_000)]
        {
            assert_eq!(text.parse(), Ok(Span(Duration::from_millis(millis))), "{text}");
        }
        assert!("soon".parse::<Span>().is_err());
    }
}
