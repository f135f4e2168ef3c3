//! The contestant: what a careful programmer writes on the raw `redis` crate in an afternoon.
//! float32 values in plain strings, one multiplexed connection, no delay, one round trip a batch.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, Pipeline};

/// One connection of the raw crate.
#[derive(Clone)]
pub struct Raw(MultiplexedConnection);

impl Raw {
    /// Connects with the settings that make the crate fast.
    pub async fn connect(url: &str) -> Self {
        let info = redis::IntoConnectionInfo::into_connection_info(url).unwrap();
        let info = info.set_tcp_settings(redis::io::tcp::TcpSettings::default().set_nodelay(true));
        let config = redis::AsyncConnectionConfig::new()
            .set_response_timeout(Some(Duration::from_secs(10)))
            .set_connection_timeout(Some(Duration::from_secs(5)));
        let client = Client::open(info).unwrap();
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        Self(connection.unwrap())
    }

    /// Reads one vector.
    pub async fn get(&self, key: &str) -> Option<Vec<f32>> {
        let bytes: Option<Vec<u8>> = Cmd::get(key).query_async(&mut self.0.clone()).await.unwrap();
        bytes.map(|bytes| decode(&bytes))
    }

    /// Reads a value as it is.
    pub async fn get_bytes(&self, key: &str) -> Option<Vec<u8>> {
        Cmd::get(key).query_async(&mut self.0.clone()).await.unwrap()
    }

    /// Reads vectors in one round trip.
    pub async fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<f32>>> {
        let all: Vec<Option<Vec<u8>>> =
            Cmd::mget(keys).query_async(&mut self.0.clone()).await.unwrap();
        all.into_iter().map(|bytes| bytes.map(|bytes| decode(&bytes))).collect()
    }

    /// Writes vectors with a TTL in one round trip.
    pub async fn put_many(&self, entries: &[(String, Vec<f32>)], ttl_ms: u64) {
        let mut pipeline = Pipeline::with_capacity(entries.len());
        for (key, vector) in entries {
            pipeline.pset_ex(key, encode(vector), ttl_ms).ignore();
        }
        let () = pipeline.query_async(&mut self.0.clone()).await.unwrap();
    }

    /// Any other command.
    pub async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut self.0.clone()).await.unwrap()
    }

    /// Sends commands in one round trip.
    pub async fn send(&self, pipeline: &Pipeline) {
        let () = pipeline.query_async(&mut self.0.clone()).await.unwrap();
    }

    /// Memory in use, as the server's allocator sees it.
    pub async fn used_memory(&self) -> u64 {
        let info: String =
            redis::cmd("INFO").arg("memory").query_async(&mut self.0.clone()).await.unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
        line.trim().parse().unwrap()
    }

    /// Empties the bench's own server.
    pub async fn flush(&self) {
        let () = redis::cmd("FLUSHALL").query_async(&mut self.0.clone()).await.unwrap();
    }
}

fn encode(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn decode(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}
