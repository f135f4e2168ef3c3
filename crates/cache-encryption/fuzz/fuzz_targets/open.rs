//! No bytes open that were not sealed here, and what was sealed comes back.

#![no_main]

use cache_core::{CacheKey, KeyKind, KeySpace, Namespace};
use cache_encryption::{Binding, DataKey, Keyring, OVERHEAD_BYTES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes: Vec<u8> = (0..32).collect();
    let ring = Keyring::new(DataKey::from_bytes(&bytes).expect("a key"));
    let key = CacheKey::new(KeySpace::new(Namespace::default(), KeyKind::Response, 0), [7; 32]);
    let place = Binding::Value(&key);
    assert!(ring.open(&place, data).is_err());

    let sealed = ring.seal(&place, data).expect("random numbers");
    assert_eq!(sealed.len(), data.len() + OVERHEAD_BYTES);
    assert_eq!(ring.open(&place, &sealed).expect("what was sealed"), data);

    // Hardly any bytes have our magic and key: once more with a header of ours.
    let mut forged = sealed[..12].to_vec();
    forged.extend_from_slice(data);
    assert!(ring.open(&place, &forged).is_err());
    // One byte that the data chooses is another.
    if let [first, second, change, ..] = *data
        && change > 0
    {
        let at = usize::from(u16::from_le_bytes([first, second])) % sealed.len();
        let mut damaged = sealed;
        damaged[at] ^= change;
        assert!(ring.open(&place, &damaged).is_err());
    }
});
