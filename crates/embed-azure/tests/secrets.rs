//! No key, token, password, prompt or vector in any log line (of this crate, reqwest, hyper, h2,
//! rustls), error or `Debug`. A test of its own process: it listens to everything.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use cache_core::EmbeddingProvider;
use embed_azure::{AzureApi, AzureOpenAi, Credential, OpenAi};
use openai_test_server::{Fault, RetryAfter, TestServer};
use support::{MODEL, embed, quick};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const KEY: &str = "kkk-api-key-kkk";
const TOKEN: &str = "ttt-token-ttt";
const HEADER: &str = "hhh-header-hhh";
const PASSWORD: &str = "ppp-password-ppp";
const PROMPT: &str = "qqq prompt of a user qqq";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn assert_clean(text: &str, what: &str) {
    // The password as it travels: `user:ppp-password-ppp` in base64.
    for secret in [KEY, TOKEN, HEADER, PASSWORD, "qqq", "cHBwLXBhc3N3b3Jk"] {
        if let Some(at) = text.find(secret) {
            let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
            panic!("{what} holds {secret}: {}", &text[from..at + secret.len()]);
        }
    }
}

#[tokio::test]
async fn nothing_leaks() {
    let log = Log::default();
    let writer = log.clone();
    let layer =
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    tracing_subscriber::registry().with(layer).init();

    let builder = TestServer::builder().api_key(KEY).bearer_token(TOKEN);
    let plain = builder.clone().start().await;
    let tls = builder.tls().start().await;
    let http = || quick().with_header("x-secret", HEADER);
    let ca = tls.ca_pem().unwrap();
    let key = || Credential::api_key(KEY);
    let azure = |endpoint: &str, credential, http| {
        AzureOpenAi::builder(endpoint).credential(credential).http(http).build().unwrap()
    };
    let proxy = plain.url().replace("http://", &format!("http://user:{PASSWORD}@"));
    let clients = [
        azure(plain.url(), key(), http()),
        azure(plain.url(), Credential::token(TOKEN), http()),
        azure(tls.url(), key(), http().with_ca_pem(ca)),
        azure("http://nowhere.invalid", key(), http().with_proxy(proxy)),
        azure("http://127.0.0.1:1", key(), http().with_max_attempts(1)),
    ];
    let openai = OpenAi::builder().base_url(format!("{}/v1", plain.url())).api_key(KEY);
    let openai = openai.http(http()).build().unwrap();
    assert_clean(&format!("{clients:?} {openai:?} {:?} {:?}", key(), http()), "Debug");

    let echo = format!("your input {PROMPT} with the key {KEY}");
    let faults = || {
        [
            Fault::error(400, "bad", &echo),
            Fault::error(400, PROMPT, &echo).with_header("x-request-id", PROMPT),
            Fault::null_code(429, &echo).with_header("retry-after-ms", "1"),
            Fault::rate_limited(RetryAfter::Millis(1)),
            Fault::error(401, "401", &echo),
            Fault::Reset,
            Fault::TruncatedBody,
            Fault::NotJson,
            Fault::json(200, &serde_json::json!({ "data": PROMPT })),
            Fault::json(200, &serde_json::json!({ "data": [{ "index": 0, "embedding": PROMPT }] })),
            Fault::json(200, &serde_json::json!({ "error": { "code": 500, "message": PROMPT } })),
            Fault::redirect("/else?where=1", 302),
        ]
    };
    let mut models: Vec<_> = clients.iter().map(|client| client.embeddings(MODEL)).collect();
    models.push(openai.embeddings(MODEL).with_user("qqq user"));
    let v1 = AzureOpenAi::builder(plain.url()).credential(key()).api(AzureApi::v1()).http(http());
    models.push(v1.build().unwrap().embeddings(MODEL));
    for model in &models {
        for server in [&plain, &tls] {
            server.script(faults());
        }
        for _ in 0..14 {
            let result = embed(model, &[PROMPT]).await;
            if let Err(error) = &result {
                let mut source: Option<&dyn std::error::Error> = Some(error);
                while let Some(error) = source {
                    assert_clean(&format!("{error} {error:?}"), "an error");
                    source = error.source();
                }
            }
            assert_clean(&format!("{result:?} {model:?} {:?}", model.identity()), "Debug");
        }
        plain.behave();
        tls.behave();
    }
    let seen = plain.requests().len() + tls.requests().len();
    assert!(seen > 80, "{seen} requests");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("answered") && log.contains("hyper"), "the log listens");
    assert_clean(&log, "the log");
}
