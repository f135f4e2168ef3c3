//! `warm`: real text, twice; inputs that are not as they should be.

use std::fs;
use std::path::Path;

use caching_with_redis::core::{EmbedOptions, EmbeddingProvider};
use caching_with_redis::local::Lexical;
use caching_with_redis::{EmbeddingCache, embedding};
use redis_test_server::TestServer;
use serde_json::Value;

use crate::support::User;

/// From the Universal Declaration of Human Rights.
const KOREAN: &str = "\
모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.
인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.
모든 사람은 생명과 신체의 자유와 안전에 대한 권리를 가진다.
어느 누구도 노예상태 또는 예속상태에 놓여지지 아니한다.
모든 사람은 교육을 받을 권리를 가진다. 교육은 최소한 초등 및 기초단계에서는 무상이어야 한다.";

/// A few thousand lines: the licences that are on a Debian, or made-up ones, and Korean ones.
fn real_text() -> String {
    let folder = Path::new("/usr/share/common-licenses");
    let mut paths: Vec<_> = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => Vec::new(),
    };
    paths.sort();
    let mut text: String = paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    if text.lines().count() < 2_000 {
        text =
            (0..3_000).map(|n| format!("Line {n} of a text about {} matters.\n", n * n)).collect();
    }
    text.push('\n');
    for article in 1..=40 {
        text.extend(KOREAN.lines().map(|line| format!("제{article}조. {line}\n")));
    }
    text
}

fn numbers(answer: &Value) -> [u64; 4] {
    ["texts", "hits", "computed", "failed"].map(|name| answer[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_second_run_hits_everything_and_vectors_are_exact() {
    let redis = TestServer::start();
    let embedded = User::new();
    let file = embedded.home().join("cache/caching_with_redis/cache.db");
    let stores = [
        (User::of_redis(&redis.url()), redis.url()),
        (embedded, format!("file:{}", file.display())),
    ];
    let text = real_text();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let distinct: std::collections::HashSet<_> = lines.iter().collect();
    let count = lines.len() as u64;
    assert!(count > 2_000);
    let fresh =
        Lexical::default().embed(&lines, &EmbedOptions::default()).await.unwrap().embeddings;
    for (user, url) in stores {
        let path = user.file("real.txt", &text);
        let warm = ["warm", path.to_str().unwrap()];
        let first = numbers(&user.json(&warm));
        let computed = distinct.len() as u64;
        assert_eq!(first, [count, count - computed, computed, 0], "duplicates are computed once");
        assert_eq!(numbers(&user.json(&warm)), [count, count, 0, 0]);
        assert_eq!(user.json(&["stats"])["entries"], computed);

        let cache = EmbeddingCache::new(&url, 60).await.unwrap();
        let model = cache.inner().model_of(Lexical::default().identity());
        let stored: Vec<Option<embedding::Lookup>> = model.get_batch(&lines).await.unwrap();
        for (stored, fresh) in stored.iter().zip(&fresh) {
            let (stored, fresh) = (&stored.as_ref().unwrap().embedding, fresh.as_ref().unwrap());
            assert!(stored.iter().zip(fresh.iter()).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}

#[test]
fn json_lines_are_known_by_their_first_line() {
    let user = User::new();
    let jsonl = concat!(
        "\n{\"text\": \"하나\", \"id\": 1}\n",
        "{\"id\": 2, \"text\": \"two\\nlines\"}\n",
        "\"three\"\n",
        "{\"text\": 4}\n",
        "not json\n",
        "{\"text\": \"하나\"}\n",
    );
    let run = user.run_with_input(&["warm", "-", "--json"], jsonl.as_bytes()).expect_code(1);
    assert_eq!(numbers(&run.json()), [6, 1, 3, 2]);
    assert!(run.stderr.contains("line 5: ") && run.stderr.contains("line 6: "), "{}", run.stderr);
    assert!(!run.stderr.contains("not json"), "texts are not told");
    for text in ["하나", "two\nlines", "three"] {
        assert_eq!(user.json(&["get", text])["hit"], true);
    }
    let lines =
        user.run_with_input(&["warm", "-", "--json", "--format", "lines"], jsonl.as_bytes());
    assert_eq!(numbers(&lines.expect_code(0).json()), [6, 0, 6, 0]);
}

#[test]
fn bad_lines_are_named_and_the_rest_is_done() {
    let user = User::new();
    let mut input = b"\xef\xbb\xbffirst\r\n\xff\xfe broken\n\n   \n".to_vec();
    input.extend(vec![b'x'; (10 << 20) + 1]);
    input.extend_from_slice(b"\nlast");
    let path = user.file("mixed.txt", &input);
    let run = user.run(["warm", path.to_str().unwrap(), "--json"]).expect_code(1);
    assert_eq!(numbers(&run.json()), [4, 0, 2, 2]);
    let said: Vec<_> = run.stderr.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("line 2: ") && said[0].contains("UTF-8"));
    assert!(said[1].starts_with("line 5: ") && said[1].contains("10 MiB"));
    assert_eq!(user.json(&["get", "first"])["hit"], true, "without mark and line end");
    assert_eq!(user.json(&["get", "last"])["hit"], true);
}

#[test]
fn the_longest_line_is_taken() {
    let user = User::new();
    let path = user.file("long.txt", "가나다 ".repeat((10 << 20) / 10));
    assert_eq!(numbers(&user.json(&["warm", path.to_str().unwrap()])), [1, 0, 1, 0]);
}

#[test]
fn many_bad_lines_do_not_flood_the_terminal() {
    let user = User::new();
    let path = user.file("bad.jsonl", "no json\n".repeat(5_000));
    let run = user.run(["warm", path.to_str().unwrap(), "--json"]).expect_code(1);
    assert_eq!(numbers(&run.json()), [5_000, 0, 0, 5_000]);
    assert_eq!(run.stderr.lines().count(), 21);
    assert_eq!(run.stderr.lines().last(), Some("and 4,980 more"));
}

#[test]
fn empty_inputs_are_no_error_and_missing_ones_are() {
    let user = User::new();
    let empty = user.file("empty.txt", "");
    assert_eq!(numbers(&user.json(&["warm", empty.to_str().unwrap()])), [0; 4]);
    let blank = user.run_with_input(&["warm", "-", "--json"], b"\n \n\r\n").expect_code(0);
    assert_eq!(numbers(&blank.json()), [0; 4]);
    let missing = user.run(["warm", "nowhere.txt"]).expect_code(5);
    assert!(missing.complaint().contains("nowhere.txt"));
    let folder = user.run(["warm", user.home().to_str().unwrap()]).expect_code(5);
    assert!(folder.complaint().starts_with("error: "));
}

#[test]
fn a_store_that_fails_ends_the_run() {
    let mut redis = TestServer::builder().max_memory("3mb", "noeviction").start();
    let user = User::of_redis(&redis.url());
    let texts: String = (0..20_000).map(|n| format!("text {n}\n")).collect();
    let path = user.file("many.txt", texts);
    let run = user.run(["warm", path.to_str().unwrap(), "--json"]).expect_code(3);
    let [done, _, computed, failed] = numbers(&run.json());
    assert!(done < 20_000 && computed == done && failed == 0, "{run:#?}");
    assert!(run.complaint().contains("\"full\""), "{}", run.stderr);
    redis.kill();
    user.run(["warm", path.to_str().unwrap()]).expect_code(3).complaint();
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_and_the_next_goes_on() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let user = User::new();
    let mut child = user
        .command()
        .args(["warm", "-", "--batch", "100", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let texts: String = (0..500).map(|n| format!("text {n}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(texts.as_bytes()).unwrap();
    // Its input stays open: it waits for more.
    while user.json(&["stats"])["entries"] != 500 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let interrupt = format!("kill -s INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("finishing"), "{said}");
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(numbers(&serde_json::from_str(&answer).unwrap()), [500, 0, 500, 0]);
    drop(stdin);

    let more = format!("{texts}one more\n");
    let again = user.run_with_input(&["warm", "-", "--json"], more.as_bytes()).expect_code(0);
    assert_eq!(numbers(&again.json()), [501, 500, 1, 0]);
}
