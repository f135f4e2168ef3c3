//! Replies that are not what was asked for store nothing.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;

use cache_core::{EmbedResponse, Embedding, ProviderErrorKind, ProviderLimits};
use common::{DIMENSIONS, Operation, Reply, Store, TestProvider, bits, cache, closures, vector};
use embedding_cache::Error;

on_every_store!(
    a_wrong_reply_of_the_provider_stores_nothing,
    a_wrong_reply_of_a_closure_stores_nothing,
    hits_tell_the_dimensions,
    parts_of_different_dimensions_do_not_mix,
    a_vector_that_is_not_finite_is_not_stored,
    only_sound_vectors_can_be_put,
);

type Script = fn(&[&str]) -> Reply;

fn is_bad_reply(error: &Error) -> bool {
    matches!(error, Error::Provider(e) if e.kind() == ProviderErrorKind::BadReply)
}

fn of_dimensions(dimensions: impl IntoIterator<Item = usize>) -> Reply {
    let vectors = dimensions.into_iter().map(|d| Embedding::new(vec![1.0; d]).unwrap());
    Some(Ok(EmbedResponse::new(vectors.collect())))
}

async fn a_wrong_reply_of_the_provider_stores_nothing(store: Store) {
    let backend = store.watched();
    let wrong: [(&str, Script); 5] = [
        ("none", |_| of_dimensions([])),
        ("too few", |inputs| of_dimensions(vec![DIMENSIONS; inputs.len() - 1])),
        ("too many", |inputs| of_dimensions(vec![DIMENSIONS; inputs.len() + 1])),
        ("wrong dimensions", |inputs| of_dimensions(vec![DIMENSIONS / 2; inputs.len()])),
        ("mixed dimensions", |inputs| of_dimensions((0..inputs.len()).map(|i| DIMENSIONS + i))),
    ];
    for (name, reply) in wrong {
        let dimensions = u32::try_from(DIMENSIONS).unwrap();
        let provider = TestProvider::new().with_dimensions(dimensions).with_script(reply);
        let cache = cache(&backend, &Arc::new(provider));
        let texts = ["a", "b", "c"];
        let error = cache.embed_batch(&texts).await.unwrap_err();
        assert!(is_bad_reply(&error), "{name}: {error}");
        for result in cache.provider().unwrap().embed_each(&texts).await.unwrap() {
            assert!(is_bad_reply(&result.unwrap_err()), "{name}");
        }
        assert_eq!(cache.usage().await.unwrap().entries, 0, "{name}");
        assert_eq!(cache.statistics().writes, 0, "{name}");
    }
    assert_eq!(backend.count(Operation::Put), 0);
}

async fn a_wrong_reply_of_a_closure_stores_nothing(store: Store) {
    let backend = store.watched();
    let cache = closures(&backend);
    let wrong: [(&str, Vec<usize>); 5] = [
        ("none", vec![]),
        ("too few", vec![3; 2]),
        ("too many", vec![3; 4]),
        ("mixed dimensions", vec![3, 3, 4]),
        ("an empty vector among others", vec![3, 0, 4]),
    ];
    for (name, dimensions) in wrong {
        let reply = dimensions.iter().map(|d| vec![0.5; *d]).collect();
        let compute = |_| async { Ok::<Vec<Vec<f32>>, anyhow::Error>(reply) };
        let error = cache.get_or_compute_batch(&["a", "b", "c"], "m", compute).await.unwrap_err();
        assert!(is_bad_reply(&error), "{name}: {error}");
    }
    assert_eq!(backend.count(Operation::Put), 0);
    assert_eq!(cache.usage().await.unwrap().entries, 0);
}

async fn hits_tell_the_dimensions(store: Store) {
    let cache = closures(&store.watched());
    cache.model("m").put("known", vec![1.0; 8]).await.unwrap();
    let compute = |_| async { Ok::<_, anyhow::Error>(vec![vec![1.0; 9]]) };
    let error = cache.get_or_compute_batch(&["new", "known"], "m", compute).await.unwrap_err();
    assert!(is_bad_reply(&error), "{error}");
    assert!(!cache.model("m").contains("new").await.unwrap());
}

async fn parts_of_different_dimensions_do_not_mix(store: Store) {
    let limits = ProviderLimits::default().with_max_inputs(1).with_max_concurrency(1);
    let script = |inputs: &[&str]| of_dimensions([inputs[0].len()]);
    let provider = Arc::new(TestProvider::new().with_limits(limits).with_script(script));
    let cache = cache(&store.watched(), &provider);
    let results = cache.provider().unwrap().embed_each(&["aa", "bbb", "cc"]).await.unwrap();
    assert!(is_bad_reply(results[1].as_ref().unwrap_err()));
    assert_eq!(results[0].as_ref().unwrap().embedding.dimensions(), 2);
    assert_eq!(results[2].as_ref().unwrap().embedding.dimensions(), 2);
    assert!(!cache.provider().unwrap().contains("bbb").await.unwrap());
}

async fn a_vector_that_is_not_finite_is_not_stored(store: Store) {
    let cache = closures(&store.watched());
    let model = cache.model("m");
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let compute = move |_| async move {
            let mut vectors = vec![vector("a"), vector("b"), vector("c")];
            vectors[1][7] = bad;
            Ok::<_, anyhow::Error>(vectors)
        };
        let results = model.get_or_compute_each(&["a", "b", "c"], compute).await;
        let error = results[1].as_ref().unwrap_err();
        assert!(is_bad_reply(error));
        assert_eq!(error.to_string(), "input 1: the computed vector cannot be used");
        assert_eq!(bits(&results[2].as_ref().unwrap().embedding), bits(&vector("c")));
        assert_eq!(
            model.contains_batch(&["a", "b", "c"]).await.unwrap(),
            [true, false, true],
            "what is sound of a reply is kept"
        );
        let one = move |_| async move { Ok::<_, anyhow::Error>(vec![bad]) };
        assert!(is_bad_reply(&model.get_or_compute("b", one).await.unwrap_err()));
        model.remove_batch(&["a", "c"]).await.unwrap();
    }
}

async fn only_sound_vectors_can_be_put(store: Store) {
    let backend = store.watched();
    let provider = Arc::new(TestProvider::new().with_dimensions(3));
    let cache = cache(&backend, &provider);
    let model = cache.provider().unwrap();
    let put = async |vector: Vec<f32>| {
        model.put_batch([("good", vec![1.0; 3]), ("x", vector)]).await.unwrap_err()
    };
    assert!(matches!(put(vec![]).await, Error::InvalidVector { index: 1, .. }));
    assert!(matches!(put(vec![0.0, f32::NAN, 0.0]).await, Error::InvalidVector { index: 1, .. }));
    let error = put(vec![1.0; 4]).await;
    assert!(matches!(error, Error::WrongDimensions { index: 1, expected: 3, got: 4 }));
    assert!(matches!(model.put("", vec![1.0; 3]).await, Err(Error::EmptyText(0))));
    assert_eq!(backend.count(Operation::Put), 0, "not even the sound ones of the batch");

    model.put_batch([("a", vec![1.0; 3]), ("b", vec![2.0; 3])]).await.unwrap();
    let found = model.get_batch(&["b", "nothing", "a"]).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|f| f.map(|f| f.embedding.to_vec())).collect();
    assert_eq!(found, [Some(vec![2.0; 3]), None, Some(vec![1.0; 3])]);
    assert_eq!(model.remove_batch(&["a", "nothing"]).await.unwrap(), [true, false]);
    assert_eq!(model.contains_batch(&["a", "b"]).await.unwrap(), [false, true]);
}
