//! Keys from texts, from files and from a key service.
#![allow(clippy::unwrap_used)]

mod support;

use std::error::Error;

use async_trait::async_trait;
use cache_core::{CacheKey, KeyKind, KeySpace, Namespace};
use cache_encryption::{
    Binding, DataKey, KeyError, KeyService, KeyServiceError, Keyring, SharedKeyring, WrappedKey,
};
use support::{data_key, ring};
use zeroize::Zeroizing;

const HEX: &str = "05060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324";
const BASE64: &str = "BQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQ=";

#[test]
fn a_key_is_written_in_several_ways() {
    for text in [HEX, BASE64, &BASE64[..43], &HEX.to_uppercase(), &format!("\t {HEX}\r\n")] {
        assert_eq!(DataKey::from_text(text).unwrap().id(), data_key(5).id(), "{text:?}");
    }
    let standard = "+/".repeat(21) + "8=";
    let for_urls = "-_".repeat(21) + "8";
    let ids = [standard, for_urls].map(|text| DataKey::from_text(&text).unwrap().id());
    assert_eq!(ids[0], ids[1], "both alphabets");
    assert_ne!(data_key(5).id(), data_key(6).id());
    assert_ne!(DataKey::generate().unwrap().id(), DataKey::generate().unwrap().id());
}

#[test]
fn what_is_no_key_is_refused_without_being_shown() {
    let cases = [
        ("", "32 bytes and this has 0"),
        ("secret words", "neither base64 nor hexadecimal"),
        ("c2VjcmV0", "32 bytes and this has 6"),
        (&HEX[..60], "32 bytes and this has 45"),
        (&format!("{HEX}0a"), "neither base64 nor hexadecimal"),
        (&"A".repeat(43), "placeholder"),
        (&"0".repeat(64), "placeholder"),
        (&"c2Vj".repeat(300), "neither base64 nor hexadecimal"),
    ];
    for (text, words) in cases {
        let error = DataKey::from_text(text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(words), "{shown}");
        assert!(text.len() < 2 || !shown.contains(text), "{shown} shows {text}");
    }
}

#[test]
fn a_list_of_keys_has_the_active_one_first() {
    let other = data_key(9);
    let text = format!("# November\n{HEX}\n\n  # October\n{}\n", hex(9));
    let keyring = Keyring::from_text(&text).unwrap();
    assert_eq!(keyring.active().id(), data_key(5).id());
    let ids: Vec<_> = keyring.keys().map(DataKey::id).collect();
    assert_eq!(ids, [data_key(5).id(), other.id()]);
    assert!(keyring.get(data_key(1).id()).is_none());
    let error = |text: &str| Keyring::from_text(text).unwrap_err().to_string();
    assert!(error("# nothing\n\n").contains("no key"));
    assert!(error(&format!("{HEX}\n\nwrong\n")).starts_with("line 3: this is no key"));
    assert!(error(&format!("{HEX}\n{BASE64}\n")).contains("twice"));
}

fn hex(first: u8) -> String {
    (first..first + 32).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let missing = Keyring::from_file(&path).unwrap_err();
    assert!(missing.to_string().contains(&path.display().to_string()));
    assert!(missing.source().is_some());
    std::fs::write(&path, format!("{BASE64}\n")).unwrap();
    assert_eq!(Keyring::from_file(&path).unwrap().active().id(), data_key(5).id());
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(Keyring::from_file(&path), Err(KeyError::File { .. })));
}

#[test]
fn nothing_shows_a_key() {
    let keyring = ring(&[5, 9]);
    let shared = SharedKeyring::new(keyring.clone());
    let shown = format!("{:?} {:?} {:?} {}", data_key(5), keyring, shared, data_key(5).id());
    for form in [HEX, BASE64, "5, 6, 7", "05060708"] {
        assert!(!shown.contains(form), "{shown}");
    }
    assert!(shown.contains(&data_key(5).id().to_string()) && shown.len() < 400, "{shown}");
}

/// A key vault: a key of its own, that only it knows, and the power to refuse.
#[derive(Debug)]
struct Vault {
    master: Keyring,
    open: bool,
}

impl Vault {
    fn new(first: u8) -> Self {
        Self { master: ring(&[first]), open: true }
    }

    fn place() -> CacheKey {
        CacheKey::new(KeySpace::new(Namespace::default(), KeyKind::Model, 0), [0; 32])
    }
}

#[async_trait]
impl KeyService for Vault {
    async fn wrap(&self, key: &[u8]) -> Result<Vec<u8>, KeyServiceError> {
        if !self.open {
            return Err("the vault is closed".into());
        }
        Ok(self.master.seal(&Binding::Value(&Self::place()), key)?)
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        Ok(Zeroizing::new(self.master.open(&Binding::Value(&Self::place()), wrapped)?))
    }
}

#[tokio::test]
async fn keys_are_kept_wrapped() {
    let vault = Vault::new(100);
    let (active, older) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    let mut texts = Vec::new();
    for key in [&active, &older] {
        let wrapped = key.wrap(&vault).await.unwrap();
        assert_eq!(wrapped.id(), key.id());
        assert!(!format!("{wrapped:?}").contains("wrapped:"));
        texts.push(wrapped.to_string());
    }
    let stored: Vec<WrappedKey> = texts.iter().map(|text| text.parse().unwrap()).collect();
    let keyring = Keyring::unwrap(&vault, &stored).await.unwrap();
    let ids: Vec<_> = keyring.keys().map(DataKey::id).collect();
    assert_eq!(ids, [active.id(), older.id()]);
    assert!(matches!(Keyring::unwrap(&vault, &[]).await, Err(KeyError::Empty)));
    for bad in ["", "text", "0011:AAAA", "0011223344556677:*", "001122334455667z:AAAA"] {
        assert!(matches!(bad.parse::<WrappedKey>(), Err(KeyError::NotWrapped)), "{bad}");
    }
}

#[tokio::test]
async fn a_key_service_that_fails_or_lies_is_an_error() {
    let (vault, other) = (Vault::new(100), Vault::new(150));
    let key = DataKey::generate().unwrap();
    let wrapped = key.wrap(&vault).await.unwrap();
    let refused = wrapped.unwrap(&other).await.unwrap_err();
    assert!(refused.to_string().contains("did not unwrap the key"), "{refused}");
    assert!(refused.source().is_some(), "its reason is kept");
    let closed = Vault { open: false, ..Vault::new(100) };
    let refused = key.wrap(&closed).await.unwrap_err();
    assert_eq!(refused.source().unwrap().to_string(), "the vault is closed");
    // The wrapped key of one under the id of another.
    let another = DataKey::generate().unwrap().wrap(&vault).await.unwrap().to_string();
    let swapped = format!("{}:{}", key.id(), another.split_once(':').unwrap().1);
    let swapped: WrappedKey = swapped.parse().unwrap();
    assert!(matches!(swapped.unwrap(&vault).await, Err(KeyError::OtherKey(id)) if id == key.id()));
}
