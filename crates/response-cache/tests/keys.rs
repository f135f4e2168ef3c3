//! Two requests share a key if and only if they must have the same answer.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use cache_core::{ChatRequest, KeySecret, MemoryBackend, Namespace, Scope};
use common::{Script, builder, cache, request};
use proptest::prelude::*;
use response_cache::{CallOptions, ResponseCache};
use serde_json::{Map, Value, json};

fn any_cache() -> ResponseCache {
    cache(&Arc::new(MemoryBackend::new(1 << 20)), &Script::new([]))
}

fn key(cache: &ResponseCache, request: &ChatRequest) -> String {
    cache.key(request, &CallOptions::new()).to_string()
}

/// Every documented field that may change the answer, with two values.
fn fields() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("model", json!("another"), json!("a third")),
        ("temperature", json!(0), json!(0.1)),
        ("top_p", json!(1), json!(0.9)),
        ("n", json!(1), json!(2)),
        ("stop", json!("a"), json!(["a"])),
        ("max_tokens", json!(1), json!(2)),
        ("max_completion_tokens", json!(1), json!(2)),
        ("presence_penalty", json!(0), json!(1)),
        ("frequency_penalty", json!(0), json!(1)),
        ("logit_bias", json!({ "1": 1 }), json!({ "1": 2 })),
        ("logprobs", json!(true), json!(false)),
        ("top_logprobs", json!(1), json!(2)),
        ("seed", json!(1), json!(2)),
        ("response_format", json!({ "type": "text" }), json!({ "type": "json_object" })),
        ("tools", json!([]), json!([{ "type": "function" }])),
        ("tool_choice", json!("auto"), json!("none")),
        ("parallel_tool_calls", json!(true), json!(false)),
        ("functions", json!([]), json!([{ "name": "f" }])),
        ("function_call", json!("auto"), json!({ "name": "f" })),
        ("data_sources", json!([]), json!([{}])),
        ("modalities", json!(["text"]), json!(["text", "audio"])),
        ("audio", json!({ "voice": "a" }), json!({ "voice": "b" })),
        ("prediction", json!({ "content": "a" }), json!({ "content": "b" })),
        ("reasoning_effort", json!("low"), json!("high")),
        ("verbosity", json!("low"), json!("high")),
        ("web_search_options", json!({}), json!({ "a": 1 })),
        ("service_tier", json!("auto"), json!("flex")),
        ("moderation", json!("a"), json!("b")),
        ("x_of_tomorrow", json!("a"), json!("b")),
        ("messages", json!([{ "role": "user" }]), json!([{ "role": "system" }])),
    ]
}

const WITHOUT_EFFECT: [(&str, &str); 10] = [
    ("user", "someone"),
    ("metadata", "m"),
    ("store", "s"),
    ("safety_identifier", "i"),
    ("user_security_context", "c"),
    ("prompt_cache_key", "k"),
    ("prompt_cache_retention", "24h"),
    ("stream", "true"),
    ("stream_options", "o"),
    ("model", "gpt-4o-mini"),
];

#[test]
fn each_field_changes_the_key() {
    let (cache, plain) = (any_cache(), ChatRequest::user("hi"));
    let mut keys = BTreeSet::from([key(&cache, &plain)]);
    let mut requests = 1;
    for (name, one, other) in fields() {
        keys.insert(key(&cache, &plain.clone().with(name, one)));
        keys.insert(key(&cache, &plain.clone().with(name, other)));
        requests += 2;
    }
    assert_eq!(keys.len(), requests);
}

#[test]
fn what_does_not_change_the_answer_does_not_change_the_key() {
    let (cache, plain) = (any_cache(), ChatRequest::user("hi"));
    for (name, value) in WITHOUT_EFFECT {
        assert_eq!(key(&cache, &plain), key(&cache, &plain.clone().with(name, value)), "{name}");
    }
    for flag in [true, false] {
        assert_eq!(key(&cache, &plain), key(&cache, &plain.clone().with("stream", flag)));
    }
    assert_eq!(key(&cache, &plain), key(&cache, &plain.clone().with("model", "chat")));
    for (name, ..) in fields().iter().filter(|(name, ..)| *name != "messages") {
        let null = plain.clone().with(*name, Value::Null);
        assert_eq!(key(&cache, &plain), key(&cache, &null), "{name}");
    }
}

#[test]
fn null_within_a_value_is_not_absence() {
    let cache = any_cache();
    let format = |schema: Value| ChatRequest::user("hi").with("response_format", schema);
    assert_ne!(key(&cache, &format(json!({ "a": null }))), key(&cache, &format(json!({}))));
}

#[test]
fn joined_texts_do_not_collide() {
    let cache = any_cache();
    let two = |a: &str, b: &str| key(&cache, &ChatRequest::user(a).with_user(b));
    assert_ne!(two("a:b", "c"), two("a", "b:c"));
    assert_ne!(two("ab", ""), two("a", "b"));
    assert_ne!(key(&cache, &ChatRequest::user("Hi")), key(&cache, &ChatRequest::user("hi")));
    let (asked, told) =
        (ChatRequest::user("a").with_user("b"), ChatRequest::user("a").with_assistant("b"));
    assert_ne!(key(&cache, &asked), key(&cache, &told));
}

#[test]
fn variants_secrets_namespaces_and_generations_have_their_own_keys() {
    let (store, provider) = (Arc::new(MemoryBackend::new(1 << 20)), Script::new([]));
    let request = request("hi");
    let of = |builder: response_cache::Builder| key(&builder.build().unwrap(), &request);
    let keys = [
        of(builder(&store, &provider)),
        of(builder(&store, &provider).namespace(Namespace::new("other").unwrap())),
        of(builder(&store, &provider).generation(1)),
        of(builder(&store, &provider).key_secret(KeySecret::new(b"one"))),
        of(builder(&store, &provider).key_secret(KeySecret::new(b"two"))),
    ];
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
}

#[test]
fn explanations_name_what_differs_and_show_no_text() {
    let cache = any_cache();
    let explain = |request: &ChatRequest| cache.explain(request, &CallOptions::new());
    let one = ChatRequest::user("my password is hunter2")
        .with("temperature", 0)
        .with("user", "secret user")
        .with("tools", json!([{ "name": "f", "a.b": 1 }]));
    let other =
        one.clone().with("temperature", 1).with("tools", json!([{ "name": "g", "a": { "b": 1 } }]));
    let (first, second) = (explain(&one), explain(&other));
    let parts: Vec<_> = first.differences(&second).into_iter().map(|d| d.part).collect();
    let expected = ["$.temperature", "$.tools[0].a.b", "$.tools[0].name", "$.tools[0][\"a.b\"]"];
    assert_eq!(parts, expected);
    assert!(first.differences(&first).is_empty());
    assert_eq!(first.ignored, ["user"]);
    assert!(first.cacheable && !second.cacheable);
    assert_eq!(first.key, key(&cache, &one));
    let shown = format!("{first:?} {:?}", first.differences(&second));
    assert!(!shown.contains("hunter2") && !shown.contains("secret"), "{shown}");
    let scoped = cache.explain(&one, &CallOptions::new().with_scope(Scope::tenant("acme")));
    let parts: Vec<_> = first.differences(&scoped).into_iter().map(|d| d.part).collect();
    assert_eq!(parts, ["scope"]);
}

#[test]
fn with_a_secret_digests_cannot_be_probed() {
    let (store, provider) = (Arc::new(MemoryBackend::new(1 << 20)), Script::new([]));
    let digest = |cache: &ResponseCache| {
        let explanation = cache.explain(&request("yes"), &CallOptions::new());
        explanation.parts.iter().find(|part| part.path.ends_with("content")).unwrap().digest.clone()
    };
    let secret = builder(&store, &provider).key_secret(KeySecret::new(b"one")).build().unwrap();
    assert_ne!(digest(&cache(&store, &provider)), digest(&secret));
}

/// Any JSON of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[a-c:\"한]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]{0,2}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The same JSON, its objects' members the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev().map(|(name, value)| (name.clone(), reversed(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.iter().map(reversed).collect(),
        _ => value.clone(),
    }
}

proptest! {
    #[test]
    fn the_order_of_members_does_not_count(value in any_json()) {
        let cache = any_cache();
        let body = json!({ "z": value, "messages": [{ "role": "user", "content": "hi" }], "a": 1 });
        let request = |body: &Value| ChatRequest::from_json(body.clone()).unwrap();
        prop_assert_eq!(key(&cache, &request(&body)), key(&cache, &request(&reversed(&body))));
    }

    #[test]
    fn whatever_differs_has_another_key(one in any_json(), other in any_json()) {
        let cache = any_cache();
        let of = |value: &Value| key(&cache, &ChatRequest::user("hi").with("x", json!([value])));
        // Numbers of one value are equal only in the canonical form: 1 and 1.0.
        prop_assume!(one != other);
        let canonical = cache_core::CanonicalJson::of;
        prop_assert_eq!(of(&one) == of(&other), canonical(&one) == canonical(&other));
    }

    #[test]
    fn no_two_scopes_share(one in prop::collection::btree_map("[ab:]{0,2}", "[ab:]{0,2}", 0..3),
                           other in prop::collection::btree_map("[ab:]{0,2}", "[ab:]{0,2}", 0..3)) {
        let cache = any_cache();
        let scope = |parts: &std::collections::BTreeMap<String, String>| {
            parts.iter().fold(Scope::shared(), |scope, (name, value)| scope.with(name, value))
        };
        let of = |parts| cache.key(&request("hi"), &CallOptions::new().with_scope(scope(parts)));
        prop_assert_eq!(one == other, of(&one) == of(&other));
    }
}
