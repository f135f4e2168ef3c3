//! What a hit gives of the vector that was computed.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;

use cache_core::codec::{Codec, VectorPolicy};
use cache_core::{EmbedResponse, Embedding};
use common::{Store, TestProvider, bits, builder, on_grid, texts, vector};

on_every_store!(exact_policies_keep_every_bit, lossy_policies_keep_their_bound);

type Kind = fn(&str) -> Vec<f32>;

/// What models give: plain floats, and half-precision numbers divided by their norm.
const KINDS: [(&str, Kind); 2] = [("full floats", vector), ("OpenAI-like", |t| on_grid(t, 1536))];

/// Computed vectors, what the next lookup gives of them, and how they were stored.
async fn there_and_back(
    store: &Store,
    generation: u32,
    policy: VectorPolicy,
    kind: Kind,
) -> Vec<(Embedding, Embedding, Codec)> {
    let script = move |inputs: &[&str]| {
        let vectors = inputs.iter().map(|text| Embedding::new(kind(text)).unwrap());
        Some(Ok(EmbedResponse::new(vectors.collect())))
    };
    let provider = Arc::new(TestProvider::new().with_script(script));
    let cache = builder(&store.watched(), &provider)
        .vectors(policy)
        .generation(generation)
        .build()
        .unwrap();
    let texts = texts(40);
    let computed = cache.embed_batch(&texts).await.unwrap();
    let hits = cache.provider().unwrap().embed_each(&texts).await.unwrap();
    assert_eq!(provider.call_count(), 1);
    let pair = |(computed, hit): (Embedding, Result<embedding_cache::Lookup, _>)| {
        let hit = hit.unwrap();
        assert!(hit.is_hit());
        (computed, hit.embedding, hit.codec.unwrap())
    };
    computed.into_iter().zip(hits).map(pair).collect()
}

async fn exact_policies_keep_every_bit(store: Store) {
    let mut generation = 0;
    for policy in VectorPolicy::ALL.into_iter().filter(|policy| policy.is_exact()) {
        for (name, kind) in KINDS {
            generation += 1;
            for (computed, hit, codec) in there_and_back(&store, generation, policy, kind).await {
                assert_eq!(bits(&hit), bits(&computed), "{policy}, {name}");
                let compact = matches!(codec, Codec::Grid15 | Codec::Grid16);
                assert_eq!(compact, name == "OpenAI-like", "{policy}: {codec:?}");
            }
        }
    }
}

async fn lossy_policies_keep_their_bound(store: Store) {
    let (mut generation, mut lossy) = (0, 0);
    for policy in VectorPolicy::ALL.into_iter().filter(|policy| !policy.is_exact()) {
        for (name, kind) in KINDS {
            generation += 1;
            for (computed, hit, _) in there_and_back(&store, generation, policy, kind).await {
                let cosine = computed.cosine_similarity(&hit).unwrap();
                assert!(cosine >= policy.cosine_bound() - 1e-9, "{policy}, {name}: {cosine}");
                lossy += u32::from(bits(&hit) != bits(&computed));
            }
        }
    }
    assert!(lossy > 100, "lossy policies were used");
}
