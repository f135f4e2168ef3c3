//! Any bytes unpack to a text within the limit or to an error; what was packed comes back.

#![no_main]

use cache_core::codec::text::{HEADER_BYTES, pack, reseal, unpack};
use libfuzzer_sys::fuzz_target;

const KEY: [u8; 32] = [0x5a; 32];
const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let packed = pack(&KEY, data).expect("short enough");
    assert_eq!(*unpack(&KEY, &packed, data.len()).expect("what was packed"), *data);

    check(data);
    // Hardly any bytes get past the checksum as they come: once more with a header of ours.
    if data.len() >= HEADER_BYTES {
        let mut frame = data.to_vec();
        frame[..3].copy_from_slice(&packed[..3]);
        reseal(&KEY, &mut frame);
        check(&frame);
    }
});

fn check(frame: &[u8]) {
    if let Ok(text) = unpack(&KEY, frame, LIMIT) {
        assert!(text.len() <= LIMIT);
        let again = pack(&KEY, &text).expect("short enough");
        assert_eq!(*unpack(&KEY, &again, LIMIT).expect("what was packed"), *text);
    }
}
