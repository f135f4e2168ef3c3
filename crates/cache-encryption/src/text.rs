//! Keys as people write them.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::KeyError;
use crate::key::KEY_BYTES;

/// Padding is a matter of taste.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longer texts are not looked at.
const LONGEST_TEXT: usize = 1_024;

/// A key of hexadecimal digits, of base64 or of its form for URLs.
pub(crate) fn parse(text: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let text = text.trim().as_bytes();
    if text.len() > LONGEST_TEXT {
        return Err(KeyError::NotText);
    }
    let is_hex = text.len() == 2 * KEY_BYTES && text.iter().all(u8::is_ascii_hexdigit);
    if is_hex { Ok(of_hex(text)) } else { of_base64(text) }
}

fn of_hex(text: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => c - b'0',
        letter => (letter | 0x20) - b'a' + 10,
    };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    for (byte, [high, low]) in key.iter_mut().zip(text.as_chunks().0) {
        *byte = digit(*high) << 4 | digit(*low);
    }
    key
}

fn of_base64(text: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let mut standard = Zeroizing::new(text.to_vec());
    for c in standard.iter_mut() {
        *c = match *c {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
    }
    let mut bytes = Zeroizing::new([0; LONGEST_TEXT]);
    let decoded = BASE64.decode_slice(&standard[..], &mut bytes[..]);
    let length = decoded.map_err(|_| KeyError::NotText)?;
    let key = bytes[..length].first_chunk().filter(|_| length == KEY_BYTES);
    key.map(|key| Zeroizing::new(*key)).ok_or(KeyError::Length(length))
}
