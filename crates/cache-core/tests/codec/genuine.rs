//! Vectors as services and models gave them, read from the folder that the environment variable
//! `TEST_VECTORS_DIR` names: files `{model}_{dims}.f32` of little-endian floats, row after row.
//! Vectors of the same two kinds are made here and go through the same checks, folder or not.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use cache_core::Embedding;
use cache_core::codec::{Codec, VectorPolicy};

use crate::vectors::{keeps_its_promise, of_a_local_model, of_a_service};

/// Models whose service computes in half precision.
const ON_THE_GRID: [&str; 5] = ["ada002", "te3small", "te3large", "te3", "cohere"];

struct Sample {
    model: String,
    on_the_grid: bool,
    vectors: Vec<Embedding>,
}

#[test]
fn stored_vectors_are_the_vectors() {
    let genuine = env::var_os("TEST_VECTORS_DIR").map(|dir| read_all(Path::new(&dir)));
    match &genuine {
        Some(samples) => assert!(!samples.is_empty(), "TEST_VECTORS_DIR holds no .f32 files"),
        None => println!("TEST_VECTORS_DIR is not set: only vectors made here are checked"),
    }
    for sample in genuine.into_iter().flatten().chain(made_here()) {
        for policy in VectorPolicy::ALL {
            check(&sample, policy);
        }
    }
}

fn check(sample: &Sample, policy: VectorPolicy) {
    let mut codecs = BTreeMap::<Codec, (usize, usize, usize)>::new();
    for vector in &sample.vectors {
        let (codec, len) = keeps_its_promise(vector, policy);
        let dims = vector.dimensions();
        let expected = expected_codec(sample.on_the_grid, policy);
        assert_eq!(codec, expected, "{} {policy}", sample.model);
        assert!(len <= most_bytes(codec, dims), "{} {codec}: {len}", sample.model);
        let (count, least, most) = codecs.entry(codec).or_insert((0, usize::MAX, 0));
        (*count, *least, *most) = (*count + 1, len.min(*least), len.max(*most));
    }
    for (codec, (count, least, most)) in codecs {
        println!("{} {policy}: {count} × {codec}, {least} to {most} bytes", sample.model);
    }
}

fn expected_codec(on_the_grid: bool, policy: VectorPolicy) -> Codec {
    match (policy, on_the_grid) {
        (VectorPolicy::Fast, true) => Codec::Grid16,
        (VectorPolicy::Fast, false) => Codec::F32,
        (VectorPolicy::Lossless | VectorPolicy::NearLossless, true) => Codec::Grid15,
        (VectorPolicy::NearLossless, false) => Codec::F16,
        (VectorPolicy::Compact, _) => Codec::I8o8,
        (VectorPolicy::Tiny, _) => Codec::Q4b32,
        _ => Codec::Split,
    }
}

/// The size class of Redis's allocator that a frame must fit, less the 6 bytes Redis adds.
fn most_bytes(codec: Codec, dims: usize) -> usize {
    let class = match (codec, dims) {
        (Codec::Grid15, 384) => 768,
        (Codec::Grid15, 1536) => 3072,
        (Codec::Split, 384) => 1536,
        (Codec::Split, 768) => 3072,
        (Codec::Q4b32, 384) => 256,
        (Codec::I8o8, 384) => 512,
        (Codec::I8o8, 1536) => 1792,
        _ => usize::MAX,
    };
    class - 6
}

fn made_here() -> [Sample; 2] {
    let sizes = [256, 384, 768, 1024, 1536, 3072].into_iter();
    let make = |of: fn(usize, u64) -> Embedding| {
        sizes.clone().flat_map(|dims| (0..20).map(move |seed| of(dims, seed))).collect()
    };
    [
        Sample {
            model: "made like a service's".to_owned(),
            on_the_grid: true,
            vectors: make(of_a_service),
        },
        Sample {
            model: "made like a local model's".to_owned(),
            on_the_grid: false,
            vectors: make(of_a_local_model),
        },
    ]
}

fn read_all(dir: &Path) -> Vec<Sample> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|e| e == "f32")).map(|p| read(&p)).collect()
}

fn read(path: &Path) -> Sample {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let (model, dims) = stem.rsplit_once('_').unwrap();
    let dims: usize = dims.parse().unwrap();
    let bytes = fs::read(path).unwrap();
    assert_eq!(bytes.len() % (4 * dims), 0, "{} holds a part of a row", path.display());
    let row = |row: &[u8]| {
        let floats = row.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
        Embedding::new(floats.collect::<Vec<_>>()).unwrap()
    };
    Sample {
        model: stem.to_owned(),
        on_the_grid: ON_THE_GRID.contains(&model),
        vectors: bytes.chunks(4 * dims).map(row).collect(),
    }
}
