//! What the lexical model promises of its vectors.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use cache_core::conformance::provider::TEXTS;
use cache_core::{
    EmbedOptions, Embedding, EmbeddingProvider, EmbeddingProviderExt, ProviderErrorKind,
};
use embed_local::Lexical;

async fn embed(text: &str) -> Embedding {
    Lexical::default().embed_one(text).await.unwrap()
}

async fn similarity(a: &str, b: &str) -> f64 {
    embed(a).await.cosine_similarity(&embed(b).await).unwrap()
}

/// `like` is nearer to `text` than `unlike` is, and that by far.
async fn assert_nearer(text: &str, like: &str, unlike: &str) {
    let (near, far) = (similarity(text, like).await, similarity(text, unlike).await);
    assert!(near > far + 0.15, "{text:?} is {near:.3} like {like:?} and {far:.3} like {unlike:?}");
}

#[tokio::test]
async fn vectors_have_length_one() {
    for text in TEXTS.into_iter().chain([" ", "\n", "…", "!", "!!", "\u{0}", "\u{301}", "·"]) {
        for dimensions in [16, 384, 4096] {
            let vector = Lexical::new(dimensions).unwrap().embed_one(text).await.unwrap();
            let norm: f64 = vector.iter().map(|v| f64::from(*v).powi(2)).sum();
            assert!((norm - 1.0).abs() < 1e-6, "{text:?}: {norm}");
        }
    }
}

#[tokio::test]
async fn like_texts_are_near_in_english() {
    for (text, like, unlike) in [
        ("the cat sat on the mat", "a cat is sitting on the mat", "the board met on a Monday"),
        (
            "How do I reset my password?",
            "I want to reset the password of my account",
            "How do I bake sourdough bread?",
        ),
        ("embedding cache", "caches for embeddings", "garden furniture"),
        ("connection refused by server", "server refused the connections", "a walk in the park"),
    ] {
        assert_nearer(text, like, unlike).await;
    }
}

#[tokio::test]
async fn like_texts_are_near_in_korean() {
    for (text, like, unlike) in [
        ("먹었다", "먹는다", "달린다"),
        ("서버에 연결할 수 없습니다", "서버 연결이 되지 않습니다", "오늘은 날씨가 참 좋네요"),
        ("비밀번호를 잊어버렸어요", "비밀번호를 변경하고 싶어요", "점심으로 김치찌개를 끓였다"),
        ("임베딩 캐시", "캐시된 임베딩들", "정원용 가구"),
        ("Redis는 빠르다", "Redis가 빠릅니다", "고양이가 잔다"),
    ] {
        assert_nearer(text, like, unlike).await;
    }
}

#[tokio::test]
async fn like_texts_are_near_in_other_scripts() {
    assert_nearer("東京都の天気", "東京の天気予報", "料理のレシピ").await;
    assert_nearer("быстрая лиса", "быстрые лисы", "налоговый отчёт").await;
    assert_nearer("thanks 🎉🎉", "🎉", "🚗").await;
}

#[tokio::test]
async fn one_text_written_in_two_ways_is_one() {
    for (composed, decomposed) in [
        ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ("Café", "Cafe\u{301}"),
        ("API", "ＡＰＩ"),
        ("Straße ÉCLAIR", "STRAßE éclair"),
    ] {
        assert_eq!(embed(composed).await, embed(decomposed).await, "{composed}");
    }
}

#[tokio::test]
async fn texts_without_words_differ() {
    let texts = [" ", "  ", "\n", ".", "..", "…", "?!", "\u{301}", "\u{0}"];
    for (i, a) in texts.iter().enumerate() {
        assert_eq!(embed(a).await, embed(a).await);
        for b in &texts[i + 1..] {
            let likeness = similarity(a, b).await;
            assert!(likeness.abs() < 0.3, "{a:?} and {b:?}: {likeness}");
        }
    }
}

#[tokio::test]
async fn unlike_texts_are_strangers_on_average() {
    let words = ["apple", "river", "한국", "пианино", "zeitung", "quantum", "guitare", "도서관"];
    let mut total = 0.0;
    let mut pairs = 0.0;
    for (i, a) in words.iter().enumerate() {
        for b in &words[i + 1..] {
            let likeness = similarity(a, b).await;
            assert!(likeness < 0.35, "{a} and {b}: {likeness}");
            total += likeness;
            pairs += 1.0;
        }
    }
    assert!((total / pairs).abs() < 0.05, "{}", total / pairs);
}

#[tokio::test]
async fn the_algorithm_is_the_one_of_this_version() {
    // Computed by a second implementation, in Python.
    // Changed numbers here mean other vectors under the same keys: raise the model's version.
    let golden: [(&str, [f32; 16]); 3] = [
        (
            "hello world",
            [
                0.0,
                0.18860458,
                -0.32332215,
                0.17513283,
                0.0,
                0.2424916,
                0.2424916,
                -0.37720916,
                -0.37720916,
                -0.08083054,
                0.08083054,
                0.18860458,
                -0.22901985,
                -0.5658137,
                0.053887025,
                -0.053887025,
            ],
        ),
        (
            "안녕하세요, 임베딩 캐시입니다!",
            [
                -0.32796,
                -0.100055605,
                -0.36687055,
                0.40578106,
                -0.15564205,
                0.077821024,
                0.36687055,
                0.0,
                0.21122849,
                -0.3724292,
                -0.100055605,
                0.23346306,
                -0.3891051,
                -0.077821024,
                0.077821024,
                0.08337967,
            ],
        ),
        (
            " ",
            [
                -0.16934359,
                -0.30421498,
                -0.0023803988,
                -0.013605152,
                0.42639983,
                -0.2162542,
                0.35093784,
                0.16050594,
                0.12951382,
                -0.2736654,
                0.07581738,
                -0.088463664,
                -0.38941312,
                0.35811257,
                -0.11631768,
                -0.3200396,
            ],
        ),
    ];
    let lexical = Lexical::new(16).unwrap();
    for (text, expected) in golden {
        assert_eq!(lexical.embed_one(text).await.unwrap().as_slice(), expected, "{text:?}");
    }
    assert_eq!(lexical.identity().version.as_deref(), Some("1"));
}

#[tokio::test]
async fn dimensions_are_chosen_or_refused() {
    for bad in [0, 15, 4097, u32::MAX] {
        assert!(Lexical::new(bad).is_err());
        let options = EmbedOptions::default().with_dimensions(bad);
        let error = Lexical::default().embed(&["x"], &options).await.unwrap_err();
        assert_eq!(error.kind(), ProviderErrorKind::WrongModel);
    }
    let options = EmbedOptions::default().with_dimensions(100);
    let response = Lexical::default().embed(&["x"], &options).await.unwrap();
    let own = Lexical::new(100).unwrap().embed_one("x").await.unwrap();
    assert_eq!(response.embeddings[0].as_ref().unwrap(), &own);
    assert_ne!(Lexical::new(100).unwrap().identity(), Lexical::default().identity());
}

#[tokio::test]
async fn words_are_reported_as_tokens() {
    let response = Lexical::default()
        .embed(&["one two", "", "세 단어 여기"], &EmbedOptions::default())
        .await
        .unwrap();
    assert_eq!(response.tokens, Some(5));
    let kinds: Vec<bool> = response.embeddings.iter().map(Result::is_ok).collect();
    assert_eq!(kinds, [true, false, true]);
    let error = response.embeddings[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.input()), (ProviderErrorKind::InvalidInput, Some(1)));
}

#[tokio::test]
async fn large_inputs_leave_the_runtime_free() {
    let no_spaces = "가나다xyz".repeat(900_000); // more than 10 MB
    let many = vec!["a short text among many others of its kind"; 20_000];
    let huge = [no_spaces.as_str()];
    let lexical = Lexical::default();
    let options = EmbedOptions::default();
    let work = async {
        let (a, b) = tokio::join!(lexical.embed(&huge, &options), lexical.embed(&many, &options));
        (a.unwrap(), b.unwrap())
    };
    let mut longest = Duration::ZERO;
    let ticking = async {
        loop {
            let start = Instant::now();
            tokio::time::sleep(Duration::from_millis(1)).await;
            longest = longest.max(start.elapsed());
        }
    };
    let (huge, many) = tokio::select! {
        done = work => done,
        () = ticking => unreachable!("invariant: it ticks for ever"),
    };
    assert!(longest < Duration::from_millis(500), "the runtime stood still for {longest:?}");
    assert!(huge.embeddings[0].is_ok());
    let first = many.embeddings[0].as_ref().unwrap();
    assert_eq!(many.embeddings.len(), 20_000);
    assert!(many.embeddings.iter().all(|e| e.as_ref().unwrap() == first));
    assert_eq!(first, &embed("a short text among many others of its kind").await);
}
