//! `import`: caches that RedisVL and LangChain have left, as they left them.

mod langchain;
mod places;
mod redisvl;

use std::collections::BTreeMap;

use caching_with_redis::EmbeddingCache;
use redis_test_server::TestServer;
use serde::Deserialize;
use serde_json::Value;

use crate::support::User;

/// What the libraries themselves have written; `write_golden.py` beside it makes it.
const GOLDEN: &str = include_str!("golden.jsonl");
/// What they called the model.
const MODEL: &str = "text-embedding-3-small";

/// A key that a library has left.
#[derive(Debug, Clone, Deserialize)]
struct Golden {
    library: String,
    key: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    value: Option<String>,
    text: String,
    /// Eight hexadecimal digits for each float32 of the vector.
    #[serde(default)]
    bits: String,
}

impl Golden {
    fn put(&self, server: &TestServer) {
        match &self.value {
            Some(value) => server.command(&["SET", &self.key, value]),
            None => {
                let fields = self.fields.iter().flat_map(|(name, value)| [&**name, &**value]);
                let command: Vec<&str> = ["HSET", &self.key].into_iter().chain(fields).collect();
                server.command(&command)
            }
        };
    }
}

/// What this library has left.
fn golden(library: &str) -> Vec<Golden> {
    let lines = GOLDEN.lines().map(|line| serde_json::from_str::<Golden>(line).unwrap());
    let own: Vec<_> = lines.filter(|golden| golden.library == library).collect();
    assert!(!own.is_empty(), "{library}");
    own
}

/// A server with what this library has left, and nothing else.
fn left_by(library: &str) -> (TestServer, Vec<Golden>) {
    let (server, golden) = (TestServer::start(), golden(library));
    golden.iter().for_each(|golden| golden.put(&server));
    (server, golden)
}

/// The texts as lines of JSON.
fn lines_of(golden: &[Golden]) -> String {
    golden.iter().map(|golden| format!("{}\n", Value::from(&*golden.text))).collect()
}

/// Asserts that programs which call the model by its name find every vector, bit for bit.
async fn assert_cached(url: &str, golden: &[Golden]) {
    let cache = EmbeddingCache::new(url, 60).await.unwrap();
    let texts: Vec<&str> = golden.iter().map(|golden| &*golden.text).collect();
    let found = cache.inner().model(MODEL).get_batch(&texts).await.unwrap();
    for (golden, found) in golden.iter().zip(found) {
        let found = found.unwrap_or_else(|| panic!("{} is not cached", golden.key));
        let bits = found.embedding.iter().map(|value| format!("{:08x}", value.to_bits()));
        assert_eq!(bits.collect::<String>(), golden.bits, "{}", golden.key);
    }
}

/// `imported`, `present`, `absent`, `failed`.
fn numbers(answer: &Value) -> [u64; 4] {
    ["imported", "present", "absent", "failed"].map(|name| answer[name].as_u64().unwrap())
}

/// The arguments for programs that call the model by its name, from this server.
fn as_model<'a>(verb: &[&'a str], from: &'a str) -> Vec<&'a str> {
    let rest = ["--as-model", MODEL, "--dimensions", "4", "--from", from];
    [&["import"], verb, &rest[..]].concat()
}

fn user_of(server: &TestServer) -> User {
    User::of_redis(&server.url())
}
