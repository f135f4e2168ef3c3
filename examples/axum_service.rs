//! A web service whose handlers share one cache, with metrics for Prometheus and an orderly end.
//!
//! `cargo run --example axum_service`, then
//! `curl -d '{"texts":["hello","world"]}' -H 'content-type: application/json' localhost:8080/embed`
//! and `curl localhost:8080/metrics`. `-- 127.0.0.1:0 --once` asks itself and ends.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use caching_with_redis::embedding::EmbeddingCache;
use caching_with_redis::{Observed, Settings, builder, open_backend, open_provider};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone)]
struct App {
    cache: EmbeddingCache, // a handle: cloning is cheap, and all clones share one cache
    metrics: PrometheusHandle,
}

#[derive(Deserialize)]
struct Texts {
    texts: Vec<String>,
}

#[derive(Serialize)]
struct Vectors {
    vectors: Vec<Vec<f32>>,
}

async fn embed(
    State(app): State<App>,
    Json(asked): Json<Texts>,
) -> Result<Json<Vectors>, (StatusCode, String)> {
    // Errors carry no text of the caller's and no secret: they may be shown.
    let failed = |error| (StatusCode::BAD_GATEWAY, format!("{error}\n"));
    let vectors = app.cache.embed_batch(&asked.texts).await.map_err(failed)?;
    Ok(Json(Vectors { vectors: vectors.into_iter().map(Into::into).collect() }))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let once = arguments.next().is_some_and(|argument| argument == "--once");

    let metrics = PrometheusBuilder::new().install_recorder()?;
    // `CACHE_METRICS=true` measures every call of store and provider, too.
    let settings = Settings::load()?;
    let store = open_backend(&settings).await?;
    let provider = open_provider(&settings).await?.provider;
    let cache = builder(&settings, Arc::clone(&store.backend))?.provider(provider).build()?;
    let publishing = Observed::new(&store).with_embeddings(&cache).every(Duration::from_secs(1));

    let app = Router::new()
        .route("/embed", post(embed))
        .route("/metrics", get(|State(app): State<App>| async move { app.metrics.render() }))
        .with_state(App { cache: cache.clone(), metrics });
    let listener = TcpListener::bind(&address).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");

    let end = async move {
        if once {
            println!("{}", ask(address).await.unwrap_or_else(|error| error.to_string()));
        } else if let Err(error) = tokio::signal::ctrl_c().await {
            println!("no signal can be waited for: {error}");
        }
    };
    axum::serve(listener, app).with_graceful_shutdown(end).await?;

    publishing.abort();
    cache.flush().await?; // writes and statistics on their way
    store.close(Duration::from_secs(5)).await?; // and what write-behind still holds
    println!("ended in order");
    Ok(())
}

/// One request to itself, by hand.
async fn ask(address: std::net::SocketAddr) -> std::io::Result<String> {
    let body = r#"{"texts":["hello","world","hello"]}"#;
    let request = format!(
        "POST /embed HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, vectors) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok(format!("{}: {} bytes of vectors", head.lines().next().unwrap_or_default(), vectors.len()))
}
