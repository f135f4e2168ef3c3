//! Any bytes decode to a sound vector or to an error.
//!
//! As they come, hardly any get past the checksum. So they are tried a second time with a header
//! of ours: magic, version and checksum put right.

#![no_main]

use cache_core::Embedding;
use cache_core::codec::{EntryMeta, VectorPolicy, decode, encode, inspect, reseal};
use libfuzzer_sys::fuzz_target;

const KEY: [u8; 32] = [0x5a; 32];

fuzz_target!(|data: &[u8]| {
    check(data);

    let mut frame = data.to_vec();
    let [magic0, magic1, version] = our_start();
    if let [m0, m1, v, ..] = &mut frame[..] {
        (*m0, *m1, *v) = (magic0, magic1, version);
        reseal(&KEY, &mut frame);
        check(&frame);
    }
});

fn check(frame: &[u8]) {
    let Ok(entry) = decode(&KEY, frame) else {
        return;
    };
    let info = inspect(frame).expect("a frame that decodes has a header");
    assert_eq!(info.dimensions, entry.embedding.dimensions());
    assert_eq!((info.codec, info.meta), (entry.codec, entry.meta));
    assert!(entry.embedding.iter().all(|v| v.is_finite()));

    let again = encode(&KEY, &entry.meta, &entry.embedding, VectorPolicy::Lossless);
    let again = decode(&KEY, &again.bytes).expect("what was encoded decodes");
    let bits = |e: &Embedding| e.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&again.embedding), bits(&entry.embedding));
    assert_eq!(again.meta, entry.meta);
}

fn our_start() -> [u8; 3] {
    let one = Embedding::new([1.0]).expect("a vector");
    let frame = encode(&KEY, &EntryMeta::default(), &one, VectorPolicy::Fast).bytes;
    [frame[0], frame[1], frame[2]]
}
