//! Korean and English, by flag and by locale.

use crate::support::{User, has_hangul};
use redis_test_server::TestServer;

#[test]
fn the_locale_chooses_and_the_flag_overrides() {
    let korean = User::new().with("LANG", "ko_KR.UTF-8");
    assert!(has_hangul(&korean.run(["status"]).expect_code(0).stdout));
    assert!(!has_hangul(&korean.run(["status", "--lang", "en"]).expect_code(0).stdout));
    assert!(!has_hangul(&korean.run(["--lang=en", "--help"]).expect_code(0).stdout));
    let english = User::new().with("LANG", "en_US.UTF-8");
    assert!(!has_hangul(&english.run(["status"]).expect_code(0).stdout));
    assert!(has_hangul(&english.run(["status", "--lang", "ko"]).expect_code(0).stdout));
    // What stands behind `--` is a text.
    assert!(!has_hangul(&english.run(["get", "--", "--lang=ko"]).expect_code(1).stdout));
}

#[test]
fn every_verb_speaks_korean() {
    let user = User::new().with("LC_ALL", "ko_KR.UTF-8");
    let file = user.file("texts.txt", "하나\n둘\n");
    let warm = ["warm", file.to_str().unwrap()];
    let verbs: &[&[&str]] = &[
        &["test", "--text", "x"],
        &["status"],
        &["stats"],
        &["monitor", "--once"],
        &["get", "x"],
        &["explain", "x"],
        &["explain", "x", "y"],
        &warm,
        &["clear", "--yes"],
        &["--help"],
    ];
    for arguments in verbs {
        let run = user.run(*arguments).expect_code(0);
        assert!(has_hangul(&run.stdout), "{arguments:?}: {}", run.stdout);
    }
    for verb in [
        "setup", "status", "test", "stats", "clear", "get", "explain", "warm", "import", "index",
        "monitor", "session", "chat",
    ] {
        let help = user.run([verb, "--help"]).expect_code(0).stdout;
        assert!(help.contains("사용법:") && help.contains("종료 코드:"), "{help}");
        assert!(!help.contains("Usage") && !help.contains("[OPTIONS]"), "{help}");
    }
}

#[test]
fn errors_and_warnings_are_korean() {
    let user = User::of_redis("redis://127.0.0.1:1").with("LANG", "ko");
    for (arguments, code) in [
        (&["status"][..], 3),
        (&["frobnicate"], 2),
        (&["status", "--nope"], 2),
        (&["warm", "nowhere.txt"], 5),
        (&["status", "--ttl", "0"], 2),
    ] {
        let run = user.run(arguments).expect_code(code);
        assert!(run.complaint().starts_with("오류: "), "{run:#?}");
        assert!(has_hangul(&run.complaint()["오류: ".len()..]), "{run:#?}");
    }
    let redis = TestServer::start();
    let user = User::of_redis(&redis.url()).with("LANG", "ko").with("CACHE_TTLL", "5");
    let status = user.run(["status"]).expect_code(0).stdout;
    assert!(status.contains("메모리 제한이 없어") && status.contains("CACHE_TTLL"), "{status}");
    let warnings = user.run(["test", "--text", "x"]).expect_code(0);
    assert!(warnings.complaint().starts_with("경고: "), "{warnings:#?}");
}

#[test]
fn json_is_the_same_in_both_languages() {
    let user = User::new();
    let keys = |language: &str| {
        let answer = user.json(&["status", "--lang", language]);
        answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("en"), keys("ko"));
}
