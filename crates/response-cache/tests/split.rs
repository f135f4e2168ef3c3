//! A whole answer that is split into chunks and assembled again is the same answer.
#![allow(clippy::unwrap_used)]

use proptest::option;
use proptest::prelude::*;
use response_cache::{assemble, split};
use serde_json::{Map, Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z 한글😀\n]{0,200}", Just(String::new())]
}

/// A text, null, or nothing.
fn maybe_text() -> impl Strategy<Value = Option<Value>> {
    option::of(prop_oneof![text().prop_map(Value::from), Just(Value::Null)])
}

fn tool_call() -> impl Strategy<Value = Value> {
    ("[a-z]{1,8}", "[a-z_]{1,8}", text()).prop_map(|(id, name, arguments)| {
        json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
    })
}

fn logprobs() -> impl Strategy<Value = Value> {
    let token = ("[a-z]{1,3}", -20.0..0.0_f64).prop_map(
        |(token, logprob)| json!({ "token": token, "logprob": logprob, "top_logprobs": [] }),
    );
    let tokens = prop::collection::vec(token, 0..4);
    prop_oneof![
        Just(Value::Null),
        tokens.prop_map(|tokens| json!({ "content": tokens, "refusal": null })),
    ]
}

fn message() -> impl Strategy<Value = Value> {
    (
        maybe_text(),
        maybe_text(),
        maybe_text(),
        option::of(prop::collection::vec(tool_call(), 0..3)),
        option::of(("[a-z]{1,8}", text())),
        option::of(Just(json!([{ "type": "url_citation", "url_citation": { "start_index": 1 } }]))),
        option::of(Just(json!({ "id": "audio_1", "data": "AAAA", "transcript": "t" }))),
    )
        .prop_map(|(content, refusal, reasoning, calls, function, annotations, audio)| {
            let function = function.map(|(name, a)| json!({ "name": name, "arguments": a }));
            let members = [
                ("role", Some(json!("assistant"))),
                ("content", content),
                ("refusal", refusal),
                ("reasoning_content", reasoning),
                ("tool_calls", calls.map(Value::from)),
                ("function_call", function),
                ("annotations", annotations),
                ("audio", audio),
            ];
            object(members)
        })
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn filtered() -> impl Strategy<Value = Option<Value>> {
    option::of(Just(json!({ "hate": { "filtered": false, "severity": "safe" } })))
}

fn choice() -> impl Strategy<Value = Value> {
    let reason = prop::sample::select(vec!["stop", "length", "tool_calls", "content_filter"]);
    (message(), option::of(logprobs()), reason, filtered()).prop_map(
        |(message, logprobs, reason, filter)| {
            object([
                ("message", Some(message)),
                ("logprobs", logprobs),
                ("finish_reason", Some(json!(reason))),
                ("content_filter_results", filter),
            ])
        },
    )
}

fn answer() -> impl Strategy<Value = Value> {
    let fingerprint = option::of(prop_oneof![Just(json!("fp_1")), Just(Value::Null)]);
    let usage = option::of(Just(json!({ "prompt_tokens": 3, "completion_tokens": 5 })));
    let tier = option::of(Just(json!("default")));
    let choices = prop::collection::vec(choice(), 0..4);
    (choices, fingerprint, usage, tier, filtered()).prop_map(
        |(choices, fp, usage, tier, prompt)| {
            let indexed = choices.into_iter().enumerate().map(|(index, mut choice)| {
                choice["index"] = index.into();
                choice
            });
            object([
                ("id", Some(json!("chatcmpl-1"))),
                ("object", Some(json!("chat.completion"))),
                ("created", Some(json!(1_763_000_000))),
                ("model", Some(json!("gpt-4o-mini"))),
                ("system_fingerprint", fp),
                ("service_tier", tier),
                ("prompt_filter_results", prompt.map(|results| json!([results]))),
                ("choices", Some(indexed.collect())),
                ("usage", usage),
            ])
        },
    )
}

proptest! {
    #[test]
    fn nothing_is_lost(answer in answer()) {
        // Without choices there is no chunk that could say anything.
        prop_assume!(answer["choices"].as_array().is_some_and(|choices| !choices.is_empty()));
        let chunks = split(&answer, true);
        prop_assert_eq!(&assemble(&chunks), &answer);
        let mut without = answer;
        without.as_object_mut().unwrap().remove("usage");
        let chunks = split(&without, false);
        prop_assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
        prop_assert_eq!(assemble(&chunks), without);
    }

    #[test]
    fn every_chunk_has_the_documented_form(answer in answer()) {
        for chunk in split(&answer, true) {
            let choices = chunk["choices"].as_array().unwrap();
            prop_assert!(choices.len() <= 1);
            for choice in choices {
                prop_assert!(choice["index"].is_u64() && choice["delta"].is_object());
                let ends = choice["delta"].as_object().unwrap().is_empty();
                prop_assert!(ends || choice["finish_reason"].is_null());
                prop_assert_eq!(&chunk["object"], "chat.completion.chunk");
            }
        }
    }

    #[test]
    fn nothing_is_too_odd(answer in prop_oneof![
        Just(json!(null)), Just(json!([])), Just(json!({ "choices": [1, {}, { "message": 3 }] })),
        Just(json!({ "choices": [{ "message": { "tool_calls": [1, { "function": 2 }], "content": [] } }] })),
    ]) {
        prop_assert!(assemble(&split(&answer, true)).is_object());
    }
}
