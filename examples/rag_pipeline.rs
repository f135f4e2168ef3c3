//! Questions answered from this project's own documentation: it is cut, embedded through the cache,
//! indexed, searched and cited; the answer comes through the response cache, the conversation is kept.
//!
//! `cargo run --release --example rag_pipeline -- "How are vectors stored?"`
//!
//! Without a chat model in the settings it asks a server of its own that echoes the question.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use caching_with_redis::azure::{HttpOptions, OpenAi};
use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, AttributeValue, IndexName, IndexSchema, VectorEntry, VectorId,
    VectorQuery,
};
use caching_with_redis::core::{ChatProvider, Namespace, Ttl};
use caching_with_redis::session::ChatMessage;
use caching_with_redis::{
    Settings, builder, open_backend, open_chat, open_provider, open_responses, open_vectors,
    session_builder,
};
use openai_test_server::TestServer;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let question = std::env::args().nth(1).unwrap_or("How are vectors stored?".into());
    let settings = Settings::load()?;
    let store = open_backend(&settings).await?;
    let vectors = open_vectors(&settings, &store).await?;
    let provider = open_provider(&settings).await?.provider;
    println!("store: {}; search: {}", store.why, vectors.why);

    // 1. Cut and embed. What was embedded by an earlier run is a hit, and costs nothing.
    let parts = parts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs"))?;
    let cache = builder(&settings, Arc::clone(&store.backend))?.provider(provider).build()?;
    let texts = parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>();
    let embeddings = cache.embed_batch(&texts).await?;
    println!("{} parts, {} of them hits\n{question}", parts.len(), cache.statistics().hits);

    // 2. Index, under the places that are cited. It is made anew: a page may have lost a part since.
    let text = AttributeName::new("text")?;
    let schema = IndexSchema::new(embeddings[0].dimensions())?
        .with_attribute(text.clone(), AttributeKind::Stored);
    let name = IndexName::new(Namespace::new(&settings.namespace)?, "rag-pipeline")?;
    let index = vectors.store.open(&name, &schema);
    index.drop_index().await?;
    let mut entries = Vec::new();
    for ((place, part), vector) in parts.iter().zip(embeddings) {
        let stored = AttributeValue::Stored(part.clone().into());
        let entry = VectorEntry::new(VectorId::new(place)?, vector, Ttl::FOREVER);
        entries.push(entry.with_attributes([(text.clone(), stored)].into()));
    }
    index.upsert_many(&entries).await?;

    // 3. Search: the parts that are most like the question.
    let query = VectorQuery::nearest(cache.embed(&question).await?, 4).with_attributes();
    let found = index.search_many(&[query]).await?.remove(0);
    let mut context = "Answer from these excerpts only, and cite their numbers.".to_owned();
    for (number, part) in (1..).zip(&found) {
        let place = part.id.as_str();
        println!("  [{number}] {:.2}  {place}", part.similarity.get());
        if let Some(AttributeValue::Stored(text)) = part.attributes.get(&text) {
            let text = String::from_utf8_lossy(text);
            context.push_str(&format!("\n\n[{number}] {place}\n{text}"));
        }
    }

    // 4. Answer, in the conversations of two readers. The second is answered from the cache.
    let (model, _server) = chat_model(&settings).await?;
    let responses = open_responses(&settings, &store, model).await?.build()?;
    let sessions = session_builder(&settings, store.logs)?.build();
    for reader in ["ana", "bo"] {
        let session = sessions.create(reader);
        let asked = [ChatMessage::system(context.as_str()), ChatMessage::user(question.as_str())];
        session.append_all(asked).await?;
        let request = session.window(8_000).await?.to_request()?.with("temperature", 0);
        let answer = responses.complete_with(&request, &Default::default()).await?;
        session.append(ChatMessage::from_response(&answer.response)?).await?;
        let said = answer.response.content().unwrap_or_default();
        println!("{reader} is told ({}): {said}", answer.source.as_str());
    }
    responses.flush().await?;
    Ok(cache.flush().await?)
}

/// The paragraphs of all pages, each with its place, and under its heading: that says what it is of.
fn parts(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut parts = Vec::new();
    for page in fs::read_dir(folder)? {
        let page = page?.path();
        let file = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !file.ends_with(".md") {
            continue;
        }
        for section in fs::read_to_string(&page)?.split("\n## ").skip(1) {
            let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
            let paragraphs = text.split("\n\n").filter(|paragraph| paragraph.len() > 100);
            for (number, text) in (1..).zip(paragraphs) {
                parts.push((format!("{file}: {heading} ¶{number}"), format!("{heading}: {text}")));
            }
        }
    }
    Ok(parts)
}

/// The chat model of the settings, or one that comes with this example.
async fn chat_model(
    settings: &Settings,
) -> anyhow::Result<(Arc<dyn ChatProvider>, Option<TestServer>)> {
    if let Some(model) = open_chat(settings)? {
        return Ok((model, None));
    }
    let server = TestServer::builder().start().await;
    let client = OpenAi::builder().base_url(format!("{}/v1", server.url())).api_key("test-key");
    let client = client.http(HttpOptions::default().without_proxy()).build()?;
    Ok((Arc::new(client.chat("gpt-4o-mini")), Some(server)))
}
