//! What holds of all requests.

use std::collections::BTreeSet;

use cache_core::Scope;
use proptest::prelude::*;

use super::request::{Request, STRINGS, hostile, request};

proptest! {
    /// `b` is `a` with some of its fields taken from a third request.
    #[test]
    fn keys_are_equal_if_and_only_if_requests_are(
        a in request(), other in request(), fields in any::<u16>(),
    ) {
        let b = a.with_fields_of(&other, fields);
        let same = a == b;
        prop_assert_eq!(a.key() == b.key(), same);
        prop_assert_eq!(a.key().to_string() == b.key().to_string(), same);
        prop_assert_eq!(a.explain().differences(&b.explain()).is_empty(), same);
    }

    /// Nothing of one string runs over into another, wherever it is cut.
    #[test]
    fn a_string_cut_in_two_places_gives_two_keys(
        string in hostile(), first in 0..STRINGS.len(), second in 0..STRINGS.len(),
    ) {
        prop_assume!(first != second);
        let cuts: Vec<usize> = (0..=string.len()).filter(|&i| string.is_char_boundary(i)).collect();
        let requests: Vec<Request> = cuts
            .iter()
            .map(|&cut| {
                let request = Request::default().with_string(first, &string[..cut]);
                request.with_string(second, &string[cut..])
            })
            .collect();
        let keys: BTreeSet<String> = requests.iter().map(|r| r.key().to_string()).collect();
        prop_assert_eq!(keys.len(), requests.len());
    }

    #[test]
    fn bytes_differ_from_their_hex_and_from_the_same_text(bytes in any::<Vec<u8>>(), s in hostile()) {
        let profile = Request::default().profile();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let key = profile.key_of_bytes(&bytes);
        prop_assert_ne!(&key, &profile.key(&hex));
        prop_assert_ne!(&key, &profile.key(&hex.to_uppercase()));
        prop_assert_eq!(key == profile.key_of_bytes(hex.as_bytes()), bytes.is_empty());
        prop_assert_ne!(profile.key(&s), profile.key_of_bytes(s.as_bytes()));
        prop_assert_eq!(key, profile.key_of_bytes(&bytes));
    }

    #[test]
    fn the_order_of_scope_parts_does_not_matter(
        parts in prop::collection::btree_map(hostile(), hostile(), 0..6), rotation in 0usize..6,
    ) {
        let build = |parts: &[(String, String)]| {
            parts.iter().fold(Scope::shared(), |scope, (name, value)| scope.with(name, value))
        };
        let mut parts: Vec<_> = parts.into_iter().collect();
        let scope = build(&parts);
        parts.reverse();
        let middle = if parts.is_empty() { 0 } else { rotation % parts.len() };
        parts.rotate_left(middle);
        let key = |scope| Request { scope, ..Request::default() }.key();
        prop_assert_eq!(key(scope), key(build(&parts)));
    }
}
