//! Settings: sources and their order, units, mistakes.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::time::Duration;

use caching_with_redis::core::codec::VectorPolicy;
use caching_with_redis::embedded::EmbeddedConfig;
use caching_with_redis::embedding::ModelChange;
use caching_with_redis::guard::{Budgets, WriteBehind};
use caching_with_redis::redis::{NearConfig, VectorOptions};
use caching_with_redis::settings::{
    BackendChoice, ProviderChoice, SettingsWarning, TrackingChoice, VARIABLES,
};
use caching_with_redis::{Settings, WhyBackend, open_backend, session_builder};
use redis_test_server::TestServer;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = Settings::from_sources(None, &[], []).unwrap();
    assert_eq!(settings.backend, BackendChoice::Auto);
    assert!(settings.redis_url.is_none());
    assert_eq!(settings.ttl.0, Duration::from_secs(3_600));
    assert_eq!(settings.redis_max_memory.to_string(), "512mb");
    assert_eq!(settings.vectors, VectorPolicy::Lossless);
    assert_eq!(settings.namespace, "cache");
    assert_eq!((settings.provider, settings.dimensions), (ProviderChoice::Auto, None));
    assert_eq!(settings.openai_embeddings_model, "text-embedding-3-small");
    assert_eq!(settings.model_change, ModelChange::Follow);
    assert_eq!((settings.near_memory, settings.near_tracking), (None, TrackingChoice::Broadcast));
    assert!(!settings.strict && !settings.write_behind && !settings.metrics);
}

/// The settings leave it to guard, near cache and vector search to choose, and say what they choose.
#[test]
fn defaults_of_others_are_documented_as_they_are() {
    let (budgets, queue, options) = (Budgets::new(), WriteBehind::new(), VectorOptions::new());
    let file = EmbeddedConfig::new("cache.db");
    let millis = |budget: Duration| format!("({}ms)", budget.as_millis());
    for (name, default) in [
        ("CACHE_READ_BUDGET", millis(budgets.read)),
        ("CACHE_LEASE_BUDGET", millis(budgets.lease)),
        ("CACHE_WRITE_BUDGET", millis(budgets.write)),
        ("CACHE_INDEX_SIZE", format!("({}mb)", options.max_stored_bytes >> 20)),
        ("CACHE_INDEX_MEMORY", format!("({}mb)", file.vector_memory_bytes >> 20)),
        ("CACHE_WRITE_BEHIND_ENTRIES", format!("({})", queue.max_entries)),
        ("CACHE_WRITE_BEHIND_MEMORY", format!("({}mb)", queue.max_bytes >> 20)),
        ("CACHE_NEAR_STALENESS", format!("({}s)", NearConfig::DEFAULT_MAX_STALENESS.as_secs())),
    ] {
        let known = VARIABLES.iter().find(|known| known.variable == name).unwrap();
        assert!(known.meaning.ends_with(&default), "{name}: {} is not {default}", known.meaning);
    }
    let memory = VARIABLES.iter().find(|known| known.variable == "CACHE_INDEX_MEMORY").unwrap();
    let of_redis = format!("({}gb)", options.max_local_bytes >> 30);
    assert!(memory.meaning.contains(&of_redis), "{}", memory.meaning);
}

#[test]
fn flags_beat_the_environment_and_the_environment_the_file() {
    let file =
        file("ttl = 10\nnamespace = \"file\"\nmax_memory = \"1gb\"\nvectors = \"compact\"\n");
    let environment =
        environment(&[("CACHE_TTL", "20"), ("CACHE_NAMESPACE", "environment"), ("REDIS_URL", "")]);
    let flags = [("ttl", "30s".to_owned())];
    let settings = Settings::from_sources(Some(file.path()), &environment, flags).unwrap();
    assert_eq!(settings.ttl.0, Duration::from_secs(30));
    assert_eq!(settings.namespace, "environment");
    assert_eq!(settings.max_memory.0, 1 << 30);
    assert_eq!(settings.vectors, VectorPolicy::Compact);
    assert!(settings.redis_url.is_none(), "an empty variable is an absent one");
}

#[test]
fn mistakes_are_named() {
    let message = |environment_pairs: &[(&str, &str)]| {
        Settings::from_sources(None, &environment(environment_pairs), []).unwrap_err().to_string()
    };
    assert!(message(&[("CACHE_TTL", "soon")]).contains("CACHE_TTL"));
    assert!(message(&[("CACHE_TTL", "0")]).contains("CACHE_TTL"));
    assert!(message(&[("CACHE_TTL_JITTER", "1.5")]).contains("CACHE_TTL_JITTER"));
    assert!(message(&[("CACHE_NAMESPACE", "a:b")]).contains("CACHE_NAMESPACE"));
    assert!(message(&[("CACHE_VECTORS", "best")]).contains("CACHE_VECTORS"));
    let backend = message(&[("CACHE_BACKEND", "memcached")]);
    assert!(backend.contains("CACHE_BACKEND") || backend.contains("embedded"), "{backend}");
    for (variable, choices) in [
        ("CACHE_PROVIDER", "auto, azure, openai, local, lexical"),
        ("CACHE_MODEL_CHANGE", "follow, warn, refuse"),
        ("CACHE_PROVIDER_TIMEOUT", "span of time"),
        ("CACHE_DIMENSIONS", "CACHE_DIMENSIONS"),
    ] {
        let message = message(&[(variable, "perhaps")]);
        assert!(message.contains(variable) && message.contains(choices), "{message}");
    }
    assert!(message(&[("CACHE_PROVIDER_TIMEOUT", "0")]).contains("CACHE_PROVIDER_TIMEOUT"));
    assert!(message(&[("CACHE_CONFIG", "/no/such/file")]).contains("/no/such/file"));

    let unknown = file("tll = 10\n");
    let error = Settings::from_sources(Some(unknown.path()), &[], []).unwrap_err().to_string();
    assert!(error.contains("tll") && error.contains("ttl_jitter"), "{error}");
    let broken = file("ttl = = 1\n");
    assert!(Settings::from_sources(Some(broken.path()), &[], []).is_err());

    let odd = environment(&[("CACHE_TLL", "1")]);
    let settings = Settings::from_sources(None, &odd, []).unwrap();
    let misspelt = SettingsWarning::UnknownVariable { name: "CACHE_TLL".to_owned() };
    assert_eq!(settings.warnings, [misspelt]);
}

#[test]
fn secrets_stay_secret() {
    let secrets = environment(&[
        ("REDIS_URL", "redis://u:hunter2@localhost"),
        ("AZURE_OPENAI_API_KEY", "hunter2"),
        ("AZURE_OPENAI_AD_TOKEN", "hunter2"),
        ("OPENAI_API_KEY", "1e5"),
    ]);
    let settings = Settings::from_sources(None, &secrets, []).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let key = settings.openai_api_key.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&key), "1e5", "kept as it is written");
}

#[test]
fn every_variable_has_a_place_in_the_file() {
    for known in VARIABLES {
        let value = match known.key {
            "backend" => "memory",
            "vectors" => "tiny",
            "provider" => "azure",
            "model_change" => "warn",
            "ttl_jitter" => "0.5",
            "responses" => "all",
            "key_secret" => "0123456789abcdef",
            "near_tracking" => "per-key",
            "index_engine" => "plain",
            "metrics" if !cfg!(feature = "metrics") => "false",
            _ => "1",
        };
        let environment = environment(&[(known.variable, value)]);
        let result = Settings::from_sources(None, &environment, []);
        assert!(result.is_ok(), "{}: {}", known.variable, result.unwrap_err());
    }
}

#[test]
fn half_of_azure_is_said() {
    let warnings = |pairs: &[(&str, &str)]| {
        let settings = Settings::from_sources(None, &environment(pairs), []).unwrap();
        settings.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let endpoint = ("AZURE_OPENAI_ENDPOINT", "https://name.openai.azure.com");
    let deployment = ("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", "d");
    let key = ("AZURE_OPENAI_API_KEY", "k");
    let one = warnings(&[endpoint, key]);
    assert!(one.len() == 1 && one[0].contains(deployment.0), "{one:?}");
    let other = warnings(&[deployment, key]);
    assert!(other.len() == 1 && other[0].contains(endpoint.0), "{other:?}");
    assert!(warnings(&[key])[0].contains(key.0));
    assert!(warnings(&[endpoint, deployment]).is_empty());
    assert!(warnings(&[endpoint, ("CACHE_PROVIDER", "lexical")]).is_empty());
}

#[tokio::test]
async fn auto_uses_redis_when_its_address_is_set() {
    let server = TestServer::start();
    let url = server.url();
    let settings = Settings::from_sources(None, &environment(&[("REDIS_URL", &url)]), []).unwrap();
    let opened = open_backend(&settings).await.unwrap();
    assert_eq!(opened.why, WhyBackend::UrlIsSet);
    assert_eq!(opened.backend.info().kind, "redis");

    let dead =
        Settings::from_sources(None, &environment(&[("REDIS_URL", "redis://127.0.0.1:1")]), []);
    let error = open_backend(&dead.unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn the_named_backend_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/cache.db");
    let path = path.to_str().unwrap();
    for (name, kind) in [("memory", "memory"), ("embedded", "embedded")] {
        let environment = environment(&[("CACHE_BACKEND", name), ("CACHE_FILE", path)]);
        let settings = Settings::from_sources(None, &environment, []).unwrap();
        let opened = open_backend(&settings).await.unwrap();
        assert_eq!((opened.backend.info().kind, opened.why), (kind, WhyBackend::Chosen));
    }
    assert!(std::path::Path::new(path).is_file());
}

#[tokio::test]
async fn a_password_in_a_file_rotates_without_a_restart() {
    let server = TestServer::builder().user("app", &["on", ">first", "~*", "+@all"]).start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "first\n").unwrap();
    let environment = [
        ("REDIS_URL", server.url()),
        ("REDIS_USERNAME", "app".to_owned()),
        ("REDIS_PASSWORD_FILE", file.display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let settings = Settings::from_sources(None, &environment, []).unwrap();
    let opened = open_backend(&settings).await.unwrap();
    opened.backend.status().await.unwrap();
    std::fs::write(&file, "second").unwrap();
    server.command(&["ACL", "SETUSER", "app", "resetpass", ">second"]);
    // Whoever is cut off authenticates with what the file holds now.
    server.command(&["CLIENT", "KILL", "USER", "app"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while let Err(error) = opened.backend.status().await {
        assert!(std::time::Instant::now() < deadline, "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_is_stored_is_sealed_with_the_keys_of_a_file() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, format!("{}\n", "0123456789abcdef".repeat(4))).unwrap();
    let settings = |keys: &str| {
        let environment = [
            ("REDIS_URL", server.url()),
            ("CACHE_ENCRYPTION_KEYS", keys.to_owned()),
            ("CACHE_KEY_SECRET", "a secret of the keys".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        Settings::from_sources(None, &environment, []).unwrap()
    };
    let sealed = open_backend(&settings(&file.display().to_string())).await.unwrap();
    assert!(sealed.keys.is_some());
    let sessions = session_builder(&settings(""), sealed.logs).unwrap().build();
    let session = sessions.create("ana");
    let message = caching_with_redis::session::ChatMessage::user("my private words");
    session.append(message).await.unwrap();
    assert_eq!(session.last(1).await.unwrap()[0].chat.text().unwrap(), "my private words");
    let plain = open_backend(&settings("")).await.unwrap();
    let plain = session_builder(&settings(""), plain.logs).unwrap().build();
    plain.session("ana", session.id()).last(1).await.unwrap_err();

    std::fs::write(&file, "hunter2hunter2\n").unwrap();
    let error = open_backend(&settings(&file.display().to_string())).await.unwrap_err().to_string();
    assert!(error.contains("CACHE_ENCRYPTION_KEYS") && !error.contains("hunter2"), "{error}");
    let short = [("CACHE_KEY_SECRET".to_owned(), "short".to_owned())];
    let error = Settings::from_sources(None, &short, []).unwrap_err().to_string();
    assert!(error.contains("16 bytes") && !error.contains("short\""), "{error}");
}
