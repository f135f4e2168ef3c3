//! Two requests share a key if and only if they are the same request.
#![allow(clippy::unwrap_used)]

#[path = "keys/explain.rs"]
mod explain;
#[path = "keys/properties.rs"]
mod properties;
#[path = "keys/request.rs"]
mod request;

use std::collections::BTreeSet;

use cache_core::{
    EmbedOptions, FieldValue, InputKind, KeyFields, KeyKind, KeyProfile, KeySpace, ModelIdentity,
    Namespace, Scope,
};
use request::{Request, STRINGS};

/// Whatever people join strings with, and what a separator could be escaped with.
const SEPARATORS: [&str; 12] =
    [":", "::", "\0", " ", "", "|", ",", "\n", "\u{1f}", "\\", "\"", "=\u{0}"];

fn assert_all_differ(requests: &[Request], what: &str) {
    let keys: BTreeSet<String> = requests.iter().map(|r| r.key().to_string()).collect();
    assert_eq!(keys.len(), requests.len(), "{what}: two of them share a key");
}

fn with_options(options: EmbedOptions) -> Request {
    Request { options, ..Request::default() }
}

fn with_model(change: impl FnOnce(&mut ModelIdentity)) -> Request {
    let mut request = Request::default();
    change(&mut request.model);
    request
}

#[test]
fn joined_strings_do_not_collide() {
    for (first, name) in STRINGS.iter().enumerate() {
        for second in (0..STRINGS.len()).filter(|&second| second != first) {
            for separator in SEPARATORS {
                let request = |one: &str, two: &str| {
                    let request = Request::default().with_string(first, one);
                    request.with_string(second, two).key()
                };
                let (head, tail) = (format!("a{separator}b"), format!("b{separator}c"));
                let places = format!("{name} and {}, joined by {separator:?}", STRINGS[second]);
                assert_ne!(request(&head, "c"), request("a", &tail), "{places}");
                assert_ne!(request(&head, "c"), request("c", &head), "{places}, swapped");
            }
        }
    }
}

#[test]
fn scopes_do_not_collide() {
    let scopes = [
        Scope::shared(),
        Scope::shared().with("", ""),
        Scope::tenant(""),
        Scope::tenant("1"),
        Scope::tenant("1 u2"),
        Scope::tenant("1").with("u", "2"),
        Scope::tenant("1").with("u", ""),
        Scope::tenant("1").with("u2", ""),
        Scope::tenant("2").with("u", "1"),
        Scope::tenant("1,u:2"),
        Scope::tenant("1\", \"u\": \"2"),
        Scope::tenant("1:u:2"),
        Scope::tenant("1\0u\u{0}2"),
        Scope::shared().with("tenant1", "u2"),
        Scope::shared().with("tenant:1 u", "2"),
        Scope::shared().with("tenan", "t1"),
        Scope::shared().with("Tenant", "1"),
        Scope::tenant("1").with("user", "2"),
        Scope::tenant("1").with("u", "2").with("v", "3"),
    ];
    let requests = scopes.map(|scope| Request { scope, ..Request::default() });
    assert_all_differ(&requests, "scopes");
}

#[test]
fn nothing_given_differs_from_every_default() {
    let optional: [fn(&mut ModelIdentity) -> &mut Option<String>; 3] =
        [|m| &mut m.endpoint, |m| &mut m.deployment, |m| &mut m.version];
    for slot in optional {
        let values = [None, Some(""), Some(" "), Some("None"), Some("null"), Some("(absent)")];
        let set = |value: Option<&str>| with_model(|m| *slot(m) = value.map(str::to_owned));
        assert_all_differ(&values.map(set), "an optional text of the model");
    }
    let normalizers = [None, Some(""), Some("none"), Some("lowercase")]
        .map(|n| Request { normalizer: n.map(str::to_owned), ..Request::default() });
    assert_all_differ(&normalizers, "normalizers");
    let normalized = [None, Some(false), Some(true)].map(|n| with_model(|m| m.normalized = n));
    assert_all_differ(&normalized, "normalisation");
    let kinds = [None, Some(InputKind::Query), Some(InputKind::Document)].map(|input_kind| {
        let mut options = EmbedOptions::default();
        options.input_kind = input_kind;
        with_options(options)
    });
    assert_all_differ(&kinds, "input kinds");
}

#[test]
fn dimensions_are_part_of_the_key() {
    let requested = |d| with_options(EmbedOptions::default().with_dimensions(d));
    let of_model = |d| with_model(|m| m.dimensions = Some(d));
    let mut both = requested(4);
    both.model.dimensions = Some(8);
    let mut crossed = requested(8);
    crossed.model.dimensions = Some(4);
    assert_all_differ(
        &[
            Request::default(),
            requested(0),
            requested(4),
            requested(8),
            requested(u32::MAX),
            of_model(0),
            of_model(4),
            of_model(8),
            both,
            crossed,
        ],
        "dimensions",
    );
}

#[test]
fn every_part_of_the_model_is_part_of_the_key() {
    let texts: [fn(&mut ModelIdentity, String); 5] = [
        |m, v| m.provider = v,
        |m, v| m.endpoint = Some(v),
        |m, v| m.deployment = Some(v),
        |m, v| m.model = v,
        |m, v| m.version = Some(v),
    ];
    let mut requests = vec![Request::default()];
    for set in texts {
        // The same value in another place counts as another request too.
        for value in ["one", "One", "two"] {
            requests.push(with_model(|m| set(m, value.to_owned())));
        }
    }
    assert_all_differ(&requests, "models");
}

#[test]
fn texts_are_taken_exactly_as_they_are() {
    let texts = [
        "",
        " ",
        "  ",
        "\0",
        "hello",
        "Hello",
        "HELLO",
        " hello",
        "hello ",
        "hello\n",
        "hello\r\n",
        "hel lo",
        "hel\u{a0}lo",
        "hello\u{200b}",
        "\u{feff}hello",
        "한글",
        "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", // 한글, decomposed
        "é",
        "e\u{301}",
        "ﬁ",
        "fi",
        "Å",
        "\u{212b}",
        "A\u{30a}",
        "ＡＢＣ",
        "ABC",
        "👩‍💻",
        "👩💻",
        "İ",
        "i̇",
        "I",
        "ı",
        "ß",
        "ss",
        "ẞ",
        "Σ",
        "σ",
        "ς",
    ];
    let requests = texts.map(|text| Request { text: text.to_owned(), ..Request::default() });
    assert_all_differ(&requests, "texts");
}

#[test]
fn namespace_kind_and_generation_separate() {
    let mut keys = BTreeSet::new();
    let mut count = 0;
    for namespace in ["a", "A", "a.emb", "a-0", "emb", "ab"] {
        for kind in [KeyKind::Embedding, KeyKind::Response] {
            for generation in [0, 1, 10, u32::MAX] {
                let space = KeySpace::new(Namespace::new(namespace).unwrap(), kind, generation);
                let profile = KeyProfile::new(space.clone(), KeyFields::new(kind), None);
                let key = profile.key("text").to_string();
                assert!(
                    key.starts_with(space.prefix()) && key.starts_with(&format!("{namespace}:"))
                );
                keys.insert(key);
                count += 1;
            }
        }
    }
    assert_eq!(keys.len(), count);
    // The kind is in the hash as well: not only the readable prefix tells them apart.
    let hash = |kind| {
        let space = KeySpace::new(Namespace::default(), kind, 0);
        *KeyProfile::new(space, KeyFields::new(kind), None).key("text").hash()
    };
    assert_ne!(hash(KeyKind::Embedding), hash(KeyKind::Response));
}

#[test]
fn fields_of_other_types_and_names_do_not_collide() {
    let values = [
        FieldValue::Absent,
        false.into(),
        true.into(),
        0u64.into(),
        1u64.into(),
        u64::MAX.into(),
        "".into(),
        "1".into(),
        "true".into(),
        "\u{1}".into(),
        FieldValue::Map([].into()),
        FieldValue::Map([(String::new(), String::new())].into()),
        FieldValue::Map([("1".to_owned(), String::new())].into()),
    ];
    let mut keys = BTreeSet::new();
    let space = KeySpace::new(Namespace::default(), KeyKind::Response, 0);
    let mut add = |fields: KeyFields| {
        keys.insert(KeyProfile::new(space.clone(), fields, None).key("text").to_string())
    };
    let empty = KeyFields::new(KeyKind::Response);
    assert!(add(empty.clone()));
    for value in values {
        assert!(add(empty.clone().with("a", value.clone())), "{value:?} as a");
        assert!(add(empty.clone().with("ab", value.clone())), "{value:?} as ab");
        assert!(add(empty.clone().with("a", value.clone()).with("b", false)), "{value:?} and b");
        assert!(add(empty.clone().with("b", false).with("a", value.clone())), "{value:?} after b");
    }
}

#[test]
fn secrets_separate() {
    let secrets: [Option<&[u8]>; 6] =
        [None, Some(b""), Some(b"a"), Some(b"b"), Some(b"a\0"), Some(&[0xff; 100])];
    let requests = secrets.map(|s| Request { secret: s.map(<[u8]>::to_vec), ..Request::default() });
    assert_all_differ(&requests, "secrets");
    assert_eq!(requests[2].key(), requests[2].key(), "one secret gives one key");
}

/// Every bit of the 256 is in use, and the stored form holds all of them.
#[test]
fn keys_have_256_bits() {
    let profile = Request::default().profile();
    let first = *profile.key("0").hash();
    let mut changed = [0u8; 32];
    let mut stored = BTreeSet::new();
    for i in 0..64 {
        let key = profile.key(&i.to_string());
        changed.iter_mut().zip(key.hash().iter().zip(&first)).for_each(|(c, (a, b))| *c |= a ^ b);
        let form = key.to_string();
        assert_eq!(form.len() - key.space().prefix().len(), 43, "256 bits in base64");
        stored.insert(form);
    }
    assert_eq!(changed, [0xff; 32]);
    assert_eq!(stored.len(), 64);
}

/// The scheme is stable: a store outlives the program. If one of these changes, the version in
/// the scheme's context strings must change too. Computed by an implementation of its own, in
/// Python with the `blake3` package.
#[test]
fn the_scheme_is_pinned() {
    let request = request::pinned();
    assert_eq!(
        request.key().to_string(),
        "cache:emb:7:afnH8mLFevruV7qSdAaTgmi2iOVpp0rbo9LDOljIpM0"
    );
    let keyed = Request { secret: Some(b"correct horse battery staple".to_vec()), ..request };
    assert_eq!(keyed.key().to_string(), "cache:emb:7:hCianWgMKM7QYp7LtEpYN3Oc7_GDvpVunaBa0dyC6j0");
    assert_eq!(
        Request::default().profile().key_of_bytes(b"\x00\x01\xff").to_string(),
        "cache:emb:0:423hLUru-WTDs7oIEuEAm-OKs1tc211ageMOFkdZ4us"
    );
}

/// Who wants exact vectors is not given the rounded ones of somebody else.
#[test]
fn the_loss_of_a_store_changes_the_key() {
    let request = Request::default();
    let profile = |loss| {
        let space = KeySpace::new(Namespace::default(), KeyKind::Embedding, 0);
        let (scope, model, options) = (&request.scope, &request.model, &request.options);
        KeyProfile::embedding(space, scope, model, options, None, loss, None).explain("t")
    };
    let (exact, compact, tiny) = (profile(None), profile(Some("compact")), profile(Some("tiny")));
    for (first, second) in [(&exact, &compact), (&compact, &tiny), (&tiny, &exact)] {
        assert_ne!(first.key, second.key);
        let differences = first.differences(second);
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].field, "loss");
    }
}
