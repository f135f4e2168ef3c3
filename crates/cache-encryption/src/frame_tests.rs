//! The layout of sealed values, and that nothing else opens.

use std::sync::Arc;

use cache_core::{CacheKey, KeyKind, KeySpace, LogGroup, LogKey, Namespace, Scope};

use super::*;

fn key(first: u8) -> DataKey {
    let bytes: Vec<u8> = (first..first + 32).collect();
    DataKey::from_bytes(&bytes).unwrap()
}

fn ring() -> Keyring {
    Keyring::new(key(0))
}

fn cache_key(namespace: &str, kind: KeyKind, generation: u32, hash: u8) -> CacheKey {
    let space: Arc<_> = KeySpace::new(Namespace::new(namespace).unwrap(), kind, generation);
    CacheKey::new(space, [hash; 32])
}

fn log(namespace: &str, owner: &str, id: &str) -> LogKey {
    let namespace = Namespace::new(namespace).unwrap();
    LogGroup::new(namespace, &Scope::shared(), owner, None).log(id)
}

fn record<'a>(log: &'a LogKey, id: &'a str, weight: u32, pinned: bool) -> Binding<'a> {
    Binding::Record { log, id, weight, pinned }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const NONCE: Nonce = *b"a nonce of 24 bytes.....";

/// Whoever changes one of these has changed what is stored: raise the version in the header.
#[test]
fn what_is_stored_stays_as_it_is() {
    let (value, log) = (cache_key("app", KeyKind::Embedding, 3, 7), log("app", "owner", "log"));
    let places =
        [Binding::Value(&value), record(&log, "id", 5, true), Binding::Attributes(log.group())];
    let sealed = places.map(|place| hex(&seal(&key(0), &NONCE, &place, b"a value")));
    assert_eq!(sealed, GOLDEN);
}

/// The first was also computed by another implementation of both BLAKE3 and XChaCha20-Poly1305, from
/// their papers.
const GOLDEN: [&str; 3] = [
    "e77801013623b64b77387f6d61206e6f6e6365206f662032342062797465732e2e2e2e2ee279dea54eda574093b4e3cc1a757683e5faf29b121b93",
    "e77801013623b64b77387f6d61206e6f6e6365206f662032342062797465732e2e2e2e2ee279dea54eda578770866a140cf7c001056088698ea113",
    "e77801013623b64b77387f6d61206e6f6e6365206f662032342062797465732e2e2e2e2ee279dea54eda57c68d75d82d5a353b2c3bde8944f1039b",
];

#[test]
fn values_open_with_any_key_of_the_ring_and_with_no_other() {
    let value = cache_key("app", KeyKind::Embedding, 0, 1);
    let place = Binding::Value(&value);
    let texts = [vec![], vec![0], b"a value".to_vec(), vec![0xe7; 5_000]];
    for text in texts {
        let sealed = ring().seal(&place, &text).unwrap();
        assert_eq!(sealed.len(), text.len() + OVERHEAD_BYTES);
        assert_ne!(sealed, ring().seal(&place, &text).unwrap(), "never twice the same");
        assert!(text.len() < 4 || !sealed.windows(text.len()).any(|part| part == text));
        let later = Keyring::new(key(9)).with_older(key(0)).unwrap();
        assert_eq!(ring().open(&place, &sealed), Ok(text.clone()));
        assert_eq!(later.open(&place, &sealed), Ok(text));
        let other = Keyring::new(key(9)).open(&place, &sealed);
        assert_eq!(other, Err(Unopened::UnknownKey(key(0).id())));
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let value = cache_key("app", KeyKind::Response, 0, 1);
    let place = Binding::Value(&value);
    let sealed = seal(&key(0), &NONCE, &place, b"the text of an answer");
    for at in 0..sealed.len() {
        assert!(ring().open(&place, &sealed[..at]).is_err(), "cut at {at}");
        assert!(ring().open(&place, &sealed[at + 1..]).is_err(), "cut after {at}");
        for bit in 0..8 {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1 << bit;
            let why = ring().open(&place, &damaged).expect_err("a flipped bit");
            let expected = match at {
                0 | 1 => why == Unopened::Plain,
                2 | 3 => why == Unopened::Newer,
                4..12 => matches!(why, Unopened::UnknownKey(_)),
                _ => why == Unopened::Damaged,
            };
            assert!(expected, "byte {at}: {why:?}");
        }
    }
    let longer = [&sealed[..], b"x"].concat();
    assert_eq!(ring().open(&place, &longer), Err(Unopened::Damaged));
}

#[test]
fn a_value_opens_in_its_place_and_in_no_other() {
    use KeyKind::{Embedding, Response};
    let values = [
        cache_key("app", Embedding, 0, 1),
        cache_key("app", Embedding, 0, 2),
        cache_key("app", Embedding, 1, 1),
        cache_key("app", Response, 0, 1),
        cache_key("app2", Embedding, 0, 1),
    ];
    let logs = [log("app", "a", "x"), log("app", "b", "x"), log("app2", "a", "x")];
    let mut places: Vec<_> = values.iter().map(Binding::Value).collect();
    for log in &logs {
        places.push(Binding::Attributes(log.group()));
        places.push(record(log, "id", 1, false));
    }
    for (id, weight, pinned) in
        [("i", 1, false), ("id2", 1, false), ("id", 2, false), ("id", 1, true)]
    {
        places.push(record(&logs[0], id, weight, pinned));
    }
    for (i, place) in places.iter().enumerate() {
        let sealed = seal(&key(0), &NONCE, place, b"a value");
        for (j, other) in places.iter().enumerate() {
            assert_eq!(ring().open(other, &sealed).is_ok(), i == j, "{place:?} and {other:?}");
        }
    }
    let fork = log("app", "a", "fork");
    let sealed = seal(&key(0), &NONCE, &record(&logs[0], "id", 1, false), b"a value");
    assert!(ring().open(&record(&fork, "id", 1, false), &sealed).is_ok(), "a fork shares records");
}

#[test]
fn what_was_never_sealed_is_told_apart() {
    let value = cache_key("app", KeyKind::Embedding, 0, 1);
    let place = Binding::Value(&value);
    for plain in [&b""[..], b"a", b"plain text", &[0xe7], &[0xe7, b't', 1, 1]] {
        assert_eq!(ring().open(&place, plain), Err(Unopened::Plain));
    }
    for ours in [&MAGIC[..], &[0xe7, b'x', 1, 1], &[0xe7, b'x', 9, 9]] {
        assert_eq!(ring().open(&place, ours), Err(Unopened::Damaged));
    }
}
