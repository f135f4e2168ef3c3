//! A chat that remembers: each turn appends to a conversation, asks with as much of it as fits, and takes the answer
//! from the response cache where the same was asked before.
//!
//! `cargo run --example chat_with_memory`. Without a key it asks a server of its own, which echoes.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::time::Duration;

use anyhow::Context;
use caching_with_redis::response::CallOptions;
use caching_with_redis::session::ChatMessage;
use caching_with_redis::settings::ProviderChoice;
use caching_with_redis::{Settings, open_backend, open_chat, open_responses, session_builder};
use openai_test_server::TestServer;

const OWNER: &str = "user-42";
/// Of the model's context, for what was said before.
const WINDOW: u64 = 2_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (settings, _server) = settings().await?;
    let store = open_backend(&settings).await?;
    let model = open_chat(&settings)?.context("no chat model is named")?;
    let answers = open_responses(&settings, &store, model).await?.build()?;
    let sessions = session_builder(&settings, store.logs.clone())?.build();

    // The same conversation twice, as two users would have it: the second is all hits.
    for round in ["first", "second"] {
        println!("{round} conversation");
        let session = sessions.create(OWNER);
        session.append(ChatMessage::system("You answer in one sentence.")).await?;
        for question in ["What is a cache?", "And what is a stampede?", "How is it prevented?"] {
            session.append(ChatMessage::user(question)).await?;
            // The system message, and as many of the last messages as fit; a tool call is never
            // parted from its results.
            let request = session.window(WINDOW).await?.to_request()?.with("temperature", 0);
            let answer = answers.complete_with(&request, &CallOptions::new()).await?;
            let message = ChatMessage::from_response(&answer.response)?;
            let from = if answer.is_hit() { "cache" } else { "model" };
            println!("  {question}\n    [{from}] {}", message.text().unwrap_or_default());
            session.append(message).await?;
        }
    }
    println!("{} conversations of {OWNER}", sessions.count(OWNER).await?);
    println!("{} of them removed", sessions.delete_all(OWNER).await?);
    answers.flush().await?;
    store.close(Duration::from_secs(5)).await?;
    Ok(())
}

/// The user's settings where they name a chat model; else those of a server that this program starts.
async fn settings() -> anyhow::Result<(Settings, Option<TestServer>)> {
    let settings = Settings::load()?;
    if open_chat(&settings)?.is_some() {
        return Ok((settings, None));
    }
    println!("No chat model is set up: this asks a server of its own.\n");
    let server = TestServer::start().await;
    let overrides = [
        ("provider", ProviderChoice::OpenAi.to_string()),
        ("openai_base_url", format!("{}/v1", server.url())),
        ("openai_api_key", "test-key".to_owned()),
        ("openai_chat_model", "gpt-4o-mini".to_owned()),
    ];
    Ok((Settings::load_with(overrides)?, Some(server)))
}
