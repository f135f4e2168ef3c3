//! What servers lose, and what comes of it.

use cache_core::vector::{Filter, VectorStore};
use cache_redis::{VectorEngine, VectorOptions};

use crate::failovers::until_it_answers;
use crate::{ENGINES, entry, name, nearest, schema, server, store};

#[tokio::test]
async fn after_a_flush_and_after_a_restart_an_index_is_empty_and_takes_entries() {
    for engine in ENGINES {
        let Some(mut server) = server(engine) else { continue };
        let store = store(&server.url(), VectorOptions::new().with_engine(engine)).await;
        let index = store.open(&name("lost"), &schema());
        for loss in 0..3 {
            let entries = [entry("a", [1.0, 0.0, 0.0]), entry("b", [0.0, 1.0, 0.0])];
            index.upsert_many(&entries).await.unwrap();
            assert_eq!(nearest(&*index).await, ["a", "b"], "{engine:?}, loss {loss}");
            match loss {
                0 => drop(server.command(&["FLUSHALL"])),
                1 => drop(server.command(&["FLUSHDB", "ASYNC"])),
                _ => server.restart(),
            }
            until_it_answers(&*index).await;
            assert!(nearest(&*index).await.is_empty(), "{engine:?}, loss {loss}");
            assert_eq!(index.count(&Filter::All).await.unwrap(), 0);
            assert!(index.info().await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn a_lost_definition_is_made_anew_over_the_entries_that_are_there() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let store = store(&server.url(), VectorOptions::new()).await;
    let index = store.open(&name("lost"), &schema());
    let entries: Vec<_> =
        (0..=255u8).map(|i| entry(&i.to_string(), [1.0, f32::from(i), 0.0])).collect();
    index.upsert_many(&entries).await.unwrap();
    let definition = server.command(&["EVAL", "return redis.call('FT._LIST')[1]", "0"]);
    server.command(&["FT.DROPINDEX", &definition]);
    assert_eq!(nearest(&*index).await[..3], ["0", "1", "2"]);
    assert_eq!(index.count(&Filter::All).await.unwrap(), 256);
    server.command(&["FT.DROPINDEX", &definition]);
    assert!(index.drop_index().await.unwrap());
    assert_eq!(server.command(&["DBSIZE"]), "0", "entries without a definition are dropped, too");
}

#[tokio::test]
async fn keys_are_in_the_namespace_and_go_with_the_index() {
    for engine in ENGINES {
        let Some(server) = server(engine) else { continue };
        let store = store(&server.url(), VectorOptions::new().with_engine(engine)).await;
        let index = store.open(&name("kept"), &schema());
        index.upsert_many(&[entry("a", [1.0, 0.0, 0.0])]).await.unwrap();
        let foreign = "local n = 0 for _, k in ipairs(redis.call('KEYS', '*')) do \
                       if string.sub(k, 1, 8) ~= 'app:vec:' then n = n + 1 end end return n";
        assert_eq!(server.command(&["EVAL", foreign, "0"]), "0");
        assert_eq!(store.indexes(name("kept").namespace()).await.unwrap(), [name("kept")]);
        assert!(index.drop_index().await.unwrap() && !index.drop_index().await.unwrap());
        assert_eq!(server.command(&["DBSIZE"]), "0");
    }
}
