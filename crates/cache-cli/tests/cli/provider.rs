//! Azure OpenAI and OpenAI, spoken to over a real socket.

use openai_test_server::{Builder, Fault, RetryAfter, TestServer};
use serde_json::Value;

use crate::support::{User, has_hangul};

const DEPLOYMENT: &str = "our-embeddings";

fn service() -> Builder {
    TestServer::builder()
        .deployment(DEPLOYMENT, "text-embedding-3-small")
        .deployment("our-chat", "gpt-4o-mini")
}

/// A user of Azure OpenAI's classic URLs.
fn azure(server: &TestServer) -> User {
    User::new()
        .with("AZURE_OPENAI_ENDPOINT", server.url())
        .with("AZURE_OPENAI_API_KEY", "test-key")
        .with("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", DEPLOYMENT)
}

fn openai(server: &TestServer) -> User {
    let url = format!("{}/v1", server.url());
    User::new().with("OPENAI_BASE_URL", &url).with("OPENAI_API_KEY", "test-key")
}

/// The built-in price of text-embedding-3-small, in US dollars a token.
const PRICE: f64 = 0.022e-6;

#[test]
fn test_shows_model_tokens_and_money_and_asks_once() {
    let server = service().start_blocking();
    let v1 = |server: &TestServer| {
        azure(server).with("AZURE_OPENAI_ENDPOINT", &format!("{}/openai/v1/", server.url()))
    };
    let cases = [
        (azure(&server), "azure-openai", "azure_is_set", Some(DEPLOYMENT)),
        (v1(&server), "azure-openai", "azure_is_set", Some(DEPLOYMENT)),
        (openai(&server), "openai", "openai_is_set", None),
    ];
    let text = "안녕하세요, a text of some length";
    for (user, provider, why, deployment) in cases {
        server.clear_requests();
        let first = user.json(&["test", "--text", text]);
        assert_eq!(server.requests().len(), 1, "{provider}: one call for both lookups");
        assert_eq!(first["provider"], provider);
        assert_eq!(first["provider_why"], why);
        assert_eq!(first["deployment"], deployment.map_or(Value::Null, Value::from));
        assert_eq!(first["model"], "text-embedding-3-small");
        assert_eq!((&first["dimensions"], &first["exact"]), (&1536.into(), &true.into()));
        assert_eq!(
            (&first["first"]["hit"], &first["second"]["hit"]),
            (&false.into(), &true.into())
        );
        let tokens = first["tokens"].as_u64().unwrap();
        assert!(tokens > 0);
        let usd = first["cost"]["usd"].as_f64().unwrap();
        assert!((usd - tokens as f64 * PRICE).abs() < 1e-15, "{usd}");
        assert_eq!(first["cost"]["date"], "2026-11");
        assert_eq!(first["response"]["bundled"], true);

        let second = user.json(&["test", "--text", text]);
        assert_eq!(server.requests().len(), 1, "{provider}: the second run calls nobody");
        assert_eq!((&second["first"]["hit"], &second["exact"]), (&true.into(), &Value::Null));
        assert_eq!((&second["tokens"], &second["cost"]), (&first["tokens"], &first["cost"]));
        assert_eq!((&second["model"], &second["key"]), (&first["model"], &first["key"]));

        let shown = user.run(["test", "--text", text]).expect_code(0).stdout;
        for part in ["text-embedding-3-small", "a million tokens, as of 2026-11", "not compared"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let stats = user.json(&["stats"]);
        let saved = stats["saved_usd"].as_f64().unwrap();
        assert!((saved - 5.0 * usd).abs() < 1e-15, "five hits: {saved}");
        assert!((stats["spent_usd"].as_f64().unwrap() - usd).abs() < 1e-15, "{stats}");
        assert_eq!(stats["tokens_saved"], 5 * tokens);
        assert!(user.run(["stats"]).expect_code(0).stdout.contains("saved, $0.0000"));
    }
}

#[test]
fn prices_of_one_s_own_go_first() {
    let server = service().start_blocking();
    let user = azure(&server);
    let path = user.file(
        "prices.toml",
        "date = \"2027-03\"\n[prices.\"contract\"]\ninput = 1000\n[deployments]\nour-embeddings = \"contract\"\n",
    );
    let user = user.with("CACHE_PRICES", path.to_str().unwrap());
    let answer = user.json(&["test", "--text", "some text"]);
    let (tokens, cost) = (answer["tokens"].as_f64().unwrap(), &answer["cost"]);
    assert!((cost["usd"].as_f64().unwrap() - tokens * 1e-3).abs() < 1e-9, "{cost}");
    assert_eq!(cost["date"], "2027-03");
    user.file("prices.toml", "date = \"2027-03\"\n[prices.\"contract\"]\nimput = 1\n");
    let run = user.run(["test", "--text", "x"]).expect_code(2);
    assert!(run.complaint().contains("imput") && run.complaint().contains("CACHE_PRICES"));
    user.file("prices.toml", "built_in = false\n");
    let unknown = user.run(["test", "--text", "some text"]).expect_code(0).stdout;
    assert!(unknown.contains("CACHE_PRICES"), "{unknown}");
    assert_eq!(user.json(&["test", "--text", "some text"])["cost"], Value::Null);
}

#[test]
fn a_wrong_key_is_said_and_not_shown() {
    let server = service().start_blocking();
    let text = "a private sentence";
    for (user, name) in
        [(azure(&server), "AZURE_OPENAI_API_KEY"), (openai(&server), "OPENAI_API_KEY")]
    {
        let user = user.with(name, "hunter2-hunter2");
        for arguments in [
            &["test", "--text", text, "-vv"][..],
            &["status", "--provider-check", "-vv"],
            &["test", "--text", text, "--lang", "ko"],
        ] {
            let run = user.run(arguments).expect_code(4);
            assert!(run.stderr.contains("401"), "{run:#?}");
            for secret in ["hunter2", text] {
                assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{run:#?}");
            }
        }
        let run = user.run(["test", "--text", text, "--json"]).expect_code(4);
        let error: Value = serde_json::from_str(run.complaint()).unwrap();
        assert_eq!(error["error"]["kind"], "provider");
        assert_eq!(error["error"]["reason"], "unauthorized");
        let korean = user.run(["test", "--text", text, "--lang", "ko"]).expect_code(4);
        assert!(korean.complaint().contains("인증"), "{korean:#?}");
    }
}

#[test]
fn an_unknown_deployment_is_named() {
    let server = service().start_blocking();
    let user = azure(&server).with("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", "nobodys");
    let run = user.run(["test", "--text", "x", "--json"]).expect_code(4);
    let error: Value = serde_json::from_str(run.complaint()).unwrap();
    assert_eq!(error["error"]["reason"], "not_found");
    assert!(error["error"]["message"].as_str().unwrap().contains("nobodys"), "{error}");
    let run = user.run(["test", "--text", "x"]).expect_code(4);
    assert!(run.complaint().starts_with("error: the provider failed: "));
}

#[test]
fn the_provider_is_chosen_and_what_is_missing_is_named() {
    let server = service().start_blocking();
    let user = azure(&server).with("OPENAI_API_KEY", "test-key");
    let lexical = user.json(&["test", "--text", "x", "--provider", "lexical"]);
    assert_eq!(
        (&lexical["provider"], &lexical["provider_why"]),
        (&"lexical".into(), &"chosen".into())
    );
    assert_eq!(user.json(&["status"])["provider"], "azure-openai");
    assert_eq!(user.json(&["status", "--provider", "openai"])["provider"], "openai");
    assert_eq!(user.json(&["status", "--provider", "auto"])["provider_why"], "azure_is_set");
    assert!(server.requests().is_empty(), "nobody asked for a check");
    let shown = user.run(["status"]).expect_code(0).stdout;
    assert!(shown.contains("AZURE_OPENAI_ENDPOINT and") && shown.contains(server.url()), "{shown}");

    let cases = [
        ("azure", "AZURE_OPENAI_ENDPOINT"),
        ("openai", "OPENAI_API_KEY"),
        ("local", "CACHE_MODEL_DIR"),
    ];
    for (provider, variable) in cases {
        let run = User::new().run(["test", "--text", "x", "--provider", provider]).expect_code(2);
        assert!(run.complaint().contains(variable), "{run:#?}");
    }
    let run = User::new().run(["status", "--provider", "bing"]).expect_code(2);
    assert!(run.complaint().contains("--provider"), "{run:#?}");
    let keyless = azure(&server).with("AZURE_OPENAI_API_KEY", "");
    let run = keyless.run(["test", "--text", "x"]).expect_code(2);
    assert!(run.complaint().contains("AZURE_OPENAI_API_KEY"), "{run:#?}");
    // What needs no provider works without one.
    keyless.json(&["stats"]);

    let half = azure(&server).with("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", "");
    let run = half.run(["test", "--text", "x"]).expect_code(0);
    assert!(run.complaint().contains("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT"), "{run:#?}");
    let status = half.json(&["status", "--lang", "ko"]);
    assert_eq!(status["provider"], "lexical");
    let warning = status["warnings"][0].as_str().unwrap();
    assert!(warning.contains("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT") && has_hangul(warning));
}

#[test]
fn status_asks_the_provider_when_told_to() {
    let server = service().start_blocking();
    for user in [azure(&server), openai(&server)] {
        let status = user.json(&["status"]);
        assert_eq!(status["provider_check"], Value::Null);
        let status = user.json(&["status", "--provider-check"]);
        let check = &status["provider_check"];
        assert_eq!(
            (&check["model"], &check["dimensions"]),
            (&"text-embedding-3-small".into(), &1536.into())
        );
        assert!(check["tokens"].as_u64().unwrap() > 0 && check["micros"].as_u64().unwrap() > 0);
        let shown = user.run(["status", "--provider-check"]).expect_code(0).stdout;
        assert!(shown.contains("text-embedding-3-small, 1536 dimensions, in "), "{shown}");
    }
    let lexical = User::new().json(&["status", "--provider-check"]);
    assert_eq!(lexical["provider_check"]["dimensions"], 384);

    server.always(Fault::Reset);
    let run = azure(&server).run(["status", "--provider-check", "--json"]).expect_code(4);
    assert_eq!(run.json()["backend"], "embedded", "the store is told all the same");
    let error: Value = serde_json::from_str(run.complaint()).unwrap();
    assert_eq!(error["error"]["reason"], "unreachable", "{error}");
}

#[test]
fn a_chat_model_is_asked_where_there_is_one() {
    let server = service().start_blocking();
    let cases = [
        (azure(&server).with("AZURE_OPENAI_CHAT_DEPLOYMENT", "our-chat"), "azure-openai"),
        (openai(&server).with("OPENAI_CHAT_MODEL", "gpt-4o-mini"), "openai"),
    ];
    for (user, provider) in cases {
        let test = ["test", "--text", "x", "--question", "How far is the moon?"];
        let first = &user.json(&test);
        let chat = &first["response"];
        assert_eq!((&chat["provider"], &chat["bundled"]), (&provider.into(), &false.into()));
        assert_eq!((&chat["first"]["hit"], &chat["second"]["hit"]), (&false.into(), &true.into()));
        let session = &first["session"];
        assert_eq!((&session["messages"], &session["same"]), (&2.into(), &true.into()));
        assert!(chat["model"].as_str().unwrap().starts_with("gpt-4o-mini"), "{chat}");
        assert!(chat["answer"].as_str().unwrap().contains("How far is the moon?"), "{chat}");
        let tokens = |name: &str| chat[name].as_f64().unwrap();
        assert!(tokens("prompt_tokens") > 0.0 && tokens("completion_tokens") > 0.0, "{chat}");
        let usd = chat["cost"]["usd"].as_f64().unwrap();
        let most = tokens("prompt_tokens") * 0.15e-6 + tokens("completion_tokens") * 0.6e-6;
        assert!(usd > 0.0 && usd <= most + 1e-15, "{chat}");
        let shown = user.run(["test", "--text", "x"]).expect_code(0).stdout;
        assert!(shown.contains("What is an embedding cache good for?"), "{shown}");
        assert!(shown.contains("a million tokens read, $0.6 written"), "{shown}");
        let korean = user.run(["test", "--text", "x", "--lang", "ko"]).expect_code(0).stdout;
        assert!(korean.contains("임베딩 캐시는 어디에 쓰나요?"), "{korean}");
    }
    let bundled = azure(&server).json(&["test", "--text", "x", "--question", "Is it far?"]);
    assert_eq!(bundled["response"]["bundled"], true, "no chat model is set up");
    assert_eq!(bundled["response"]["cost"], Value::Null);
    assert!(bundled["response"]["answer"].as_str().unwrap().contains("Is it far?"), "{bundled}");
    let broken = azure(&server).with("AZURE_OPENAI_CHAT_DEPLOYMENT", "nobodys");
    let run = broken.run(["test", "--text", "x", "--json"]).expect_code(4);
    assert_eq!(
        (&run.json()["response"], &run.json()["second"]["hit"]),
        (&Value::Null, &true.into())
    );
    assert_eq!(run.json()["session"]["messages"], 1, "the question alone is remembered");
}

#[test]
fn explain_and_get_know_when_a_key_is_not_known_yet() {
    let server = service().start_blocking();
    let user = azure(&server);
    let before = user.json(&["explain", "a text"]);
    assert_eq!((&before["key"], &before["answering_model"]), (&Value::Null, &Value::Null));
    assert_eq!(before["fields"]["deployment"], DEPLOYMENT);
    assert!(user.run(["explain", "a text"]).expect_code(0).stdout.contains("not known yet"));
    let missing = user.run(["get", "a text", "--json"]).expect_code(1).json();
    assert_eq!((&missing["hit"], &missing["key"]), (&false.into(), &Value::Null));
    assert!(server.requests().is_empty());

    let stored = user.json(&["test", "--text", "a text"]);
    let after = user.json(&["explain", "a text"]);
    assert_eq!(
        (&after["key"], &after["answering_model"]),
        (&stored["key"], &"text-embedding-3-small".into())
    );
    let found = user.json(&["get", "a text"]);
    assert_eq!((&found["hit"], &found["key"]), (&true.into(), &stored["key"]));
    let keys = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&after));
    assert_eq!(keys(&before), keys(&User::new().json(&["explain", "a text"])));
    let other = user.json(&["explain", "a text", "--provider", "lexical"]);
    assert_ne!(other["key"], after["key"]);
}

#[test]
fn a_redeployed_model_is_followed_or_refused() {
    let server = service().start_blocking();
    let user = azure(&server);
    assert_eq!(user.json(&["test", "--text", "before"])["dimensions"], 1536);
    server.redeploy(DEPLOYMENT, "text-embedding-3-large");
    let refusing = azure(&server).with("CACHE_MODEL_CHANGE", "refuse");
    let file = user.home().join("cache/caching_with_redis/cache.db");
    let refusing = refusing.with("CACHE_FILE", file.to_str().unwrap());
    let run = refusing.run(["test", "--text", "after", "--json"]).expect_code(4);
    assert!(run.complaint().contains("wrong_model"), "{run:#?}");
    let followed = user.json(&["test", "--text", "after"]);
    assert_eq!(
        (&followed["model"], &followed["dimensions"]),
        (&"text-embedding-3-large".into(), &3072.into())
    );
    assert!(user.run(["stats"]).expect_code(0).stdout.contains("model changes"));
}

/// What there is to warm: this many lines of some fifty bytes, all different.
fn lines(count: usize) -> String {
    (0..count)
        .map(|n| format!("line {n} of a long document about matter number {}\n", n * 7))
        .collect()
}

#[test]
fn warm_goes_on_at_the_pace_that_the_service_allows() {
    let server = service().requests_per_second(3.0).request_burst(1.0).start_blocking();
    let user = azure(&server);
    let path = user.file("lines.txt", lines(5_000));
    let run = user.run(["warm", path.to_str().unwrap(), "--json"]).expect_code(0);
    let done = run.json();
    assert_eq!(
        (&done["texts"], &done["computed"], &done["failed"]),
        (&5_000.into(), &5_000.into(), &0.into())
    );
    let tokens = done["tokens"].as_u64().unwrap();
    let usd = done["spent_usd"].as_f64().unwrap();
    assert!(tokens > 5_000 && (usd - tokens as f64 * PRICE).abs() < 1e-9, "{done}");
    let progress: Vec<_> = run.stderr.lines().collect();
    assert!(!progress.is_empty(), "progress is told without a terminal");
    for line in progress {
        assert!(line.contains("texts") && line.contains("tokens, $0.0"), "{line}");
    }
    // Batches of 256, and one text to find out which model answers.
    let least = 5_000usize.div_ceil(256) + 1;
    let requests = server.requests().len();
    assert!(requests * 10 <= least * 12, "{requests} requests, {least} would do");
    let again = user.json(&["warm", path.to_str().unwrap()]);
    assert_eq!((&again["hits"], &again["tokens"]), (&5_000.into(), &0.into()));
    assert_eq!(server.requests().len(), requests, "cached texts are asked of nobody");
    // A call's tokens are shared out among its texts in whole numbers.
    let saved = user.json(&["stats"])["saved_usd"].as_f64().unwrap();
    assert!((saved - usd).abs() < usd / 100.0, "{saved} of {usd}");
}

#[test]
fn warm_waits_out_a_refusal_and_ends_where_going_on_is_no_use() {
    let server = service().start_blocking();
    let user = azure(&server);
    server.script([Fault::rate_limited(RetryAfter::Millis(300))]);
    let path = user.file("lines.txt", lines(600));
    let run = user.run(["warm", path.to_str().unwrap()]).expect_code(0);
    assert!(
        run.stdout.contains("600 computed, 0 failed") && run.stdout.contains("tokens, $"),
        "{run:#?}"
    );

    server.clear_requests();
    let path = user.file("more.txt", lines(3_000).replace("line", "row"));
    let wrong = azure(&server).with("AZURE_OPENAI_API_KEY", "hunter2-hunter2");
    let run = wrong.run(["warm", path.to_str().unwrap(), "--json"]).expect_code(4);
    assert!(server.requests().len() <= 2, "{} requests", server.requests().len());
    assert!(run.stderr.contains("unauthorized") && !run.stderr.contains("hunter2"), "{run:#?}");
}
