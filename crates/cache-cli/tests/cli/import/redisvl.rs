//! RedisVL's `EmbeddingsCache`.

use caching_with_redis::core::{EmbedOptions, EmbeddingProvider};
use caching_with_redis::local::Lexical;
use redis_test_server::TestServer;
use serde_json::{Value, json};

use super::{Golden, MODEL, as_model, assert_cached, golden, left_by, numbers, user_of};
use crate::support::has_hangul;

const NEWEST: &str = "redisvl 0.28.0";
const OLDEST: &str = "redisvl 0.6.0";

#[tokio::test]
async fn what_it_left_is_taken_over_bit_for_bit_and_stays() {
    for library in [NEWEST, OLDEST] {
        let (old, golden) = left_by(library);
        let new = TestServer::start();
        let user = user_of(&new);
        let url = old.url();
        let import = as_model(&["redisvl"], &url);
        let count = golden.len() as u64;
        let answer = user.json(&import);
        assert_eq!(numbers(&answer), [count, 0, 0, 0], "{library}: {answer}");
        assert_eq!(answer["dimensions"], json!({"4": count}));
        assert_cached(&new.url(), &golden).await;

        // The vectors of what is here already are not even read.
        let read = old.command_calls("hmget");
        assert_eq!(read, 2 * count, "the texts, then the vectors");
        assert_eq!(numbers(&user.json(&import)), [0, count, 0, 0], "{library}");
        assert_eq!(old.command_calls("hmget"), read + count, "the texts alone");
        assert_eq!(old.command(&["DBSIZE"]), count.to_string());
        assert_eq!(old.command_calls("hset"), count, "nothing was written there");
    }
}

/// An entry as RedisVL writes it; `content` and `model` make the key.
fn entry(content: &str, model: &str, embedding: &str) -> Golden {
    use sha2::{Digest, Sha256};
    let id = format!("{:x}", Sha256::digest(format!("{content}:{model}")));
    let fields = [("content", content), ("model_name", model), ("embedding", embedding)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Golden {
        library: NEWEST.to_owned(),
        key: format!("embedcache:{id}"),
        fields: fields.into(),
        value: None,
        text: content.to_owned(),
        bits: String::new(),
    }
}

#[tokio::test]
async fn the_provider_of_the_settings_hits_afterwards() {
    let (old, new) = (TestServer::start(), TestServer::start());
    let texts: Vec<String> = (0..700).map(|n| format!("문장 {n}: a sentence of its own")).collect();
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let lexical = Lexical::default();
    let model = lexical.identity().model;
    let vectors = lexical.embed(&borrowed, &EmbedOptions::default()).await.unwrap().embeddings;
    for (text, vector) in texts.iter().zip(&vectors) {
        let vector: Vec<f64> = vector.as_ref().unwrap().iter().map(|v| f64::from(*v)).collect();
        entry(text, &model, &format!("{vector:?}")).put(&old);
    }
    let user = user_of(&new);
    let import = ["import", "redisvl", "--from", &old.url(), "--batch", "64"];
    assert_eq!(numbers(&user.json(&import)), [700, 0, 0, 0]);
    let file = user.file("texts.txt", texts.join("\n"));
    let warm = user.json(&["warm", file.to_str().unwrap()]);
    assert_eq!((&warm["hits"], &warm["computed"]), (&700.into(), &0.into()), "{warm}");
    let got = user.json(&["get", "--vector", &texts[7]]);
    let got: Vec<f32> = serde_json::from_value(got["entry"]["vector"].clone()).unwrap();
    assert_eq!(got, vectors[7].as_ref().unwrap().as_slice());

    // Keys of texts that are for something are of their own.
    let documents = [&import[..], &["--input", "document"]].concat();
    assert_eq!(numbers(&user.json(&documents)), [700, 0, 0, 0]);
    assert_eq!(numbers(&user.json(&documents)), [0, 700, 0, 0]);
}

#[test]
fn what_cannot_be_taken_over_is_counted_and_the_rest_goes_on() {
    let (old, own) = left_by(NEWEST);
    let secret = "a secret sentence";
    for (number, embedding) in
        ["[0.1, NaN, 0.1, 0.1]", "[1e39, 0, 0, 0]", "[0.1, 0.2", "", "[1, 2, 3]", "AAAAAA"]
            .into_iter()
            .enumerate()
    {
        entry(&format!("{secret} {number}"), MODEL, embedding).put(&old);
    }
    entry(&format!("{secret} of length"), MODEL, &"1".repeat((2 << 20) + 1)).put(&old);
    entry(" ", MODEL, "[1, 2, 3, 4]").put(&old);
    entry("x", "another-model", "[1, 2, 3, 4]").put(&old);
    let mut moved = entry(secret, MODEL, "[1, 2, 3, 4]");
    moved.fields.insert("content".to_owned(), format!("{secret} that was changed"));
    moved.put(&old);
    golden("redisvl 0.28.0 bytes").iter().for_each(|golden| golden.put(&old));
    let no_text = entry("no text", MODEL, "[1, 2, 3, 4]");
    let script = "return redis.call('HSET', KEYS[1], 'content', '\\255\\254', 'model_name', 'm', \
                  'embedding', '[1]')";
    old.command(&["EVAL", script, "1", &no_text.key]);
    old.command(&["HSET", &no_text.key.replace("embedcache:", "embedcache:of:"), "a", "b"]);
    old.command(&["SET", &entry("a string", MODEL, "").key, "[1, 2, 3, 4]"]);
    old.command(&["SET", "embedcache", "of another program"]);

    let new = TestServer::start();
    let (user, url) = (user_of(&new), old.url());
    let import = as_model(&["redisvl"], &url);
    let run = user.run([&import[..], &["--json", "-vv"]].concat()).expect_code(1);
    let answer: Value = serde_json::from_str(run.stdout.trim()).unwrap();
    let causes = json!({"foreign": 2, "mismatched": 4, "damaged": 3, "not_finite": 2,
        "wrong_dimensions": 1, "too_long": 1});
    assert_eq!(answer["causes"], causes, "{answer}");
    assert_eq!(numbers(&answer), [own.len() as u64, 0, 0, 13]);
    assert_eq!(answer["other_models"], json!({"another-model": 1}));
    assert_eq!(answer["entries"], own.len() + 14);
    let shown = user.run(&import).expect_code(1);
    for run in [&run, &shown] {
        assert!(!format!("{run:?}").contains(secret), "texts are not told: {run:#?}");
    }
    for part in ["already here", "left out", "not finite: 2", "another-model: 1"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let korean = user.run([&import[..], &["--lang", "ko"]].concat()).expect_code(1).stdout;
    assert!(has_hangul(&korean) && korean.contains("유한하지 않은 숫자"), "{korean}");
}

/// Milliseconds that the entries of the new cache have, the shortest first; -1 for those that stay.
fn lives(server: &TestServer) -> Vec<i64> {
    let keys = server.command(&["KEYS", "cache:emb:*"]);
    let life = |key: &str| server.command(&["PTTL", key]).parse().unwrap();
    let mut lives: Vec<i64> = keys.lines().map(life).collect();
    lives.sort_unstable();
    lives
}

#[test]
fn times_to_live_are_kept_unless_another_is_given() {
    let (old, golden) = left_by(NEWEST);
    old.command(&["PEXPIRE", &golden[0].key, "600000"]);
    old.command(&["PEXPIRE", &golden[1].key, "86400000"]);
    for (ttl, expected) in [
        (&[][..], [(-1, -1), (-1, -1), (-1, -1), (500_000, 600_000), (70_000_000, 86_400_000)]),
        (&["--ttl", "1h"], [(3_200_000, 3_600_000); 5]),
    ] {
        let new = TestServer::start();
        let url = old.url();
        user_of(&new).json(&[&as_model(&["redisvl"], &url), ttl].concat());
        for (life, (least, most)) in lives(&new).into_iter().zip(expected) {
            assert!(life >= least && life <= most, "{life}, {expected:?}");
        }
        assert_eq!(lives(&new).len(), 5);
    }
}

#[tokio::test]
async fn what_is_cached_here_is_not_written_over_unless_asked() {
    let (old, golden) = left_by(NEWEST);
    let new = TestServer::start();
    let cache = caching_with_redis::EmbeddingCache::new(&new.url(), 60).await.unwrap();
    let model = cache.inner().model(MODEL);
    let own = vec![9.0f32, 8.0, 7.0, 6.0];
    model.put(&golden[0].text, own.clone()).await.unwrap();
    let (user, url) = (user_of(&new), old.url());
    let import = as_model(&["redisvl"], &url);
    assert_eq!(numbers(&user.json(&import)), [4, 1, 0, 0]);
    let found = model.get(&golden[0].text).await.unwrap().unwrap();
    assert_eq!(found.embedding.as_slice(), own);
    assert_eq!(numbers(&user.json(&[&import[..], &["--overwrite"]].concat())), [5, 0, 0, 0]);
    assert_cached(&new.url(), &golden).await;
}

#[test]
fn a_dry_run_shows_what_there_is_and_writes_nothing() {
    let (old, _) = left_by(NEWEST);
    entry("x", MODEL, "[1, 2]").put(&old);
    let new = TestServer::start();
    let (user, url) = (user_of(&new), old.url());
    let import = ["import", "redisvl", "--as-model", MODEL, "--from", &url];
    let run = user.run(import).expect_code(2);
    assert!(run.complaint().contains("--dimensions"), "{run:#?}");
    let answer = user.json(&[&import[..], &["--dry-run"]].concat());
    assert_eq!(numbers(&answer), [6, 0, 0, 0]);
    assert_eq!(answer["dimensions"], json!({"2": 1, "4": 5}));
    let shown = user.run([&import[..], &["--dry-run"]].concat()).expect_code(0).stdout;
    assert!(shown.starts_with("would be imported"), "{shown}");
    assert_eq!(new.command(&["DBSIZE"]), "0");

    // Names of models are told, so that the right one can be chosen.
    let other = ["import", "redisvl", "--as-model", "ada", "--from", &url, "--dry-run"];
    let run = user.run(other).expect_code(1);
    assert!(run.stdout.contains(&format!("{MODEL}: 6")), "{run:#?}");
    assert!(run.complaint().contains("--model"), "{run:#?}");
    let mapped = user.json(&[&other[..], &["--model", MODEL]].concat());
    assert_eq!(numbers(&mapped), [6, 0, 0, 0]);
    let nobody = user.run([&import[..], &["--dry-run", "--name", "nobody*"]].concat());
    let nobody = nobody.expect_code(1);
    assert!(nobody.complaint().contains("\"nobody*:\""), "{nobody:#?}");
}
