//! JSON in a form that is the same for the same meaning, and for no other.

use std::fmt;

use serde_json::{Number, Value};

use super::KeySecret;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const WHOLE: u8 = 3;
const BROKEN: u8 = 4;
const STRING: u8 = 5;
const ARRAY: u8 = 6;
const OBJECT: u8 = 7;

/// The canonical encoding of a JSON value: what a request's key is made of.
///
/// Two values share an encoding if and only if they are the same JSON: the order of an object's
/// members does not count, that of an array's elements does, and numbers count by their value (1 is
/// 1.0, and -0.0 is 0). Everything has a type tag and a length, so that no value can be read as
/// another, nor can two values run into each other. A member that is null differs from one that is
/// absent.
///
/// ```
/// use cache_core::CanonicalJson;
/// use serde_json::json;
///
/// let one = CanonicalJson::of(&json!({ "a": 1, "b": [1, 2] }));
/// assert_eq!(one, CanonicalJson::of(&json!({ "b": [1.0, 2], "a": 1 })));
/// assert_ne!(one, CanonicalJson::of(&json!({ "a": 1, "b": [2, 1] })));
/// ```
///
/// `Debug` shows a digest.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalJson(Vec<u8>);

impl CanonicalJson {
    /// The encoding of this value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let mut out = Vec::with_capacity(64);
        encode(value, &mut out);
        Self(out)
    }

    /// The encoding of the object of these members. Of a name that occurs twice, both count.
    #[must_use]
    pub fn object<'v>(members: impl IntoIterator<Item = (&'v str, &'v Value)>) -> Self {
        let mut out = Vec::with_capacity(1_024);
        encode_object(members, &mut out);
        Self(out)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// 64 bits of BLAKE3 in hexadecimal, to compare values without showing them. With a secret they
    /// cannot be probed for guessed values, and can be compared to others of the same secret.
    #[must_use]
    pub fn digest(&self, secret: Option<&KeySecret>) -> String {
        let digest = match secret {
            None => blake3::hash(&self.0),
            Some(secret) => blake3::keyed_hash(secret.bytes(), &self.0),
        };
        digest.to_hex()[..16].to_owned()
    }
}

impl fmt::Debug for CanonicalJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalJson({} bytes, {})", self.0.len(), self.digest(None))
    }
}

fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Number(number) => encode_number(number, out),
        Value::String(text) => {
            out.push(STRING);
            encode_bytes(text.as_bytes(), out);
        }
        Value::Array(elements) => {
            out.push(ARRAY);
            encode_length(elements.len(), out);
            elements.iter().for_each(|element| encode(element, out));
        }
        Value::Object(members) => {
            encode_object(members.iter().map(|(name, value)| (name.as_str(), value)), out);
        }
    }
}

fn encode_object<'v>(members: impl IntoIterator<Item = (&'v str, &'v Value)>, out: &mut Vec<u8>) {
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_key(|(name, _)| *name);
    out.push(OBJECT);
    encode_length(members.len(), out);
    for (name, value) in members {
        encode_bytes(name.as_bytes(), out);
        encode(value, out);
    }
}

fn encode_number(number: &Number, out: &mut Vec<u8>) {
    let float = number.as_f64().unwrap_or(0.0);
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match whole.or_else(|| whole_float(float)) {
        Some(whole) => {
            out.push(WHOLE);
            out.extend_from_slice(&whole.to_le_bytes());
        }
        None => {
            out.push(BROKEN);
            out.extend_from_slice(&float.to_bits().to_le_bytes());
        }
    }
}

/// The whole number that a float is, within the range of those that JSON's integers are read as.
#[expect(clippy::cast_possible_truncation, reason = "the float is whole and within the range")]
fn whole_float(float: f64) -> Option<i128> {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0; // 2^64
    (float.fract() == 0.0 && float.abs() <= LIMIT).then_some(float as i128)
}

fn encode_length(length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    encode_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_same_is_encoded_alike() {
        let same = [
            (
                json!({ "a": 1, "b": { "d": [], "c": "" } }),
                json!({ "b": { "c": "", "d": [] }, "a": 1 }),
            ),
            (json!(1), json!(1.0)),
            (json!(-0.0), json!(0)),
            (json!(10_000_000_000_000_000_000_u64), json!(1e19)),
            (json!(-9_223_372_036_854_775_808_i64), json!(-9_223_372_036_854_775_808.0)),
        ];
        for (one, other) in same {
            assert_eq!(CanonicalJson::of(&one), CanonicalJson::of(&other), "{one} {other}");
        }
    }

    #[test]
    fn what_differs_is_encoded_differently() {
        let all = [
            json!(null),
            json!(false),
            json!(true),
            json!(0),
            json!(1),
            json!(-1),
            json!(0.5),
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992_u64),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("0"),
            json!("null"),
            json!([]),
            json!([[]]),
            json!([null]),
            json!([1, 2]),
            json!([2, 1]),
            json!([12]),
            json!(["ab", "c"]),
            json!(["a", "bc"]),
            json!({}),
            json!({ "a": null }),
            json!({ "a": { "b": 1 } }),
            json!({ "a": {}, "b": 1 }),
            json!([{ "a": 1 }, { "b": 2 }]),
            json!([{ "a": 1, "b": 2 }, {}]),
        ];
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(CanonicalJson::of(one), CanonicalJson::of(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn digests_show_nothing_and_depend_on_the_secret() {
        let value = CanonicalJson::of(&json!("a secret text"));
        let (one, other) = (KeySecret::new(b"one"), KeySecret::new(b"other"));
        let digests = [None, Some(&one), Some(&other)].map(|secret| value.digest(secret));
        assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
        assert!(!format!("{value:?}").contains("secret"));
    }
}
