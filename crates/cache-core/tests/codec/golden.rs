//! The stored format, byte by byte: what was written by one version is read by all.

use std::fmt::Write;
use std::time::Duration;

use cache_core::Embedding;
use cache_core::codec::{Codec, EntryMeta, VectorPolicy, decode, encode};

use crate::vectors::KEY;

const META: EntryMeta = EntryMeta {
    created_at_ms: 0x0102_0304_0506,
    fresh_for: Some(Duration::from_secs(3600)),
    compute_time: Duration::from_micros(81_234),
    tokens: 513,
};

/// Halves divided by 3, with a zero of either sign and a value too small for a nibble.
fn on_the_grid() -> Vec<f32> {
    let mut values: Vec<f32> = (0..39u16).map(|i| (f32::from(i * 7 % 39) - 16.5) / 3.0).collect();
    values[4] = 0.0;
    values[9] = -0.0;
    values[31] = 2f32.powi(-20) / 3.0;
    values
}

/// The same scale of values, with more bits than a half has.
fn off_the_grid() -> Vec<f32> {
    let mut values: Vec<f32> = (0..39u16).map(|i| 1.0 / (f32::from(i * 7 % 39) - 16.3)).collect();
    values[4] = 1e-7;
    values
}

#[test]
fn the_format_does_not_change() {
    let expected = [
        (Codec::F32, VectorPolicy::Fast, off_the_grid(), F32),
        (Codec::Grid16, VectorPolicy::Fast, on_the_grid(), GRID16),
        (Codec::Grid15, VectorPolicy::Lossless, on_the_grid(), GRID15),
        (Codec::Split, VectorPolicy::Lossless, off_the_grid(), SPLIT),
        (Codec::F16, VectorPolicy::NearLossless, off_the_grid(), F16),
        (Codec::I8o8, VectorPolicy::Compact, off_the_grid(), I8O8),
        (Codec::Q4b32, VectorPolicy::Tiny, on_the_grid(), Q4B32),
    ];
    for (codec, policy, values, golden) in expected {
        let embedding = Embedding::new(values).unwrap();
        let stored = encode(&KEY, &META, &embedding, policy);
        assert_eq!(stored.codec, codec);
        assert_eq!(hex(&stored.bytes), golden.replace(char::is_whitespace, ""), "{codec}");
        assert_eq!(decode(&KEY, &stored.bytes).unwrap().meta, META);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

const F32: &str = "
    e776010027000000b74eff208185402306050403020180ee3600523d01000102
    d2497bbd0f37dcbdd89bdebe4fdf593e95bfd63395095b3d27fc99bd2a8a22be61dbb63facfc043ed9518b3d79c1
    3c3dc0d5c6bdcc269bbedc608a3ee066bf3d9469673d80378fbd24460cbe795555c0f7d5183e327d953dd8df453d
    2c3db5bdbb236ebe2ca1bd3e4e22d33dfb44753d31db85bd3cbff6bd56ec44bf2ba6333e8442a13d35eb4f3d0b81
    a6bd243541be9296163ffc66eb3d2372823d";

const GRID16: &str = "
    e776010127000000a152df05f1ee33bf06050403020180ee3600523d01000102
    1cc7711cc7712c3f30f620f380ebc06e0000f07610f5e0f00062008070750878e0f340ed406de073907670f5a0f1
    00e2e0701075b07750f4c0ee806b20733076d0f560f280e80016b0745077b0f420f080686072d075";

const GRID15: &str = "
    e776010227000000a38727c970ca295c06050403020180ee3600523d01000102
    1cc7711cc7712c3f302080c000f010e000007008e04040e09070a000e010b050c0802030d0608000b050b0208060
    d0eeeddb9c00deefeddc9cbddeeeeedcdbb0deee0eda87735a900c2d8b740ac1030f3c7a000005";

const SPLIT: &str = "
    e77601032700000069d571fcbd0810ea06050403020180ee3600523d01000102
    71d2490f37d89b4fdf95bf950927fc2a8a61dbacfcd95179c1c0d5cc26dc60e0669469803724467955f7d5327dd8
    df2c3dbb232ca14e22fb4431db3cbf56ec2ba6844235eb0b8124359296fc662372fbdcde59565b99a236040b3cc6
    9b0a3f678f8cd5181545b5ee3d537585f6c433214fa6c1166b02b9aa9cabb0c9aa9baeabdab9aa9cacbad9aaab0f
    67";

const F16: &str = "
    e77601042700000026a3a5af31a4ca8206050403020180ee3600523d01000102
    daabe2aef5b6cf320200d82ad0ac14b1b73d28305b2ce62937aed9b45334fb2d3b2b7aac62b0abc2c730ac2c2f2a
    aaad71b3ed35992eaa2b2facb6af27ba9d310a2d7f2a34ad0ab2b5385b2f142c";

const I8O8: &str = "
    e7760105270000000a9708e942b4f0a806050403020180ee3600523d01000102
    c303f03a0200d89bdebe080061dbb63f0d00cc269bbe0e00dc608a3e1300795555c019002ca1bd3e1e0056ec44bf
    24009296163fdec50074001dd7a900472519cb0000331fdab50052281ad081003821dcbe00602b1cd499003f23";

const Q4B32: &str = "
    e7760106270000002ca7e8f9755bf0dd06050403020180ee3600523d01000102
    2bbb1edcb98668310dcaa8784320ecb9978480ba73502d0a";
