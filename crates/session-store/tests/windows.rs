//! Windows against a naive model of what they promise.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;

use common::{Store, sessions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use session_store::{ChatMessage, Message, NewMessage, Session, SessionStore};

/// A part of a conversation that belongs together.
#[derive(Debug, Clone)]
enum Turn {
    Says {
        role: &'static str,
        tokens: u32,
        pinned: Option<bool>,
    },
    /// A call of so many tools; as many results as there are numbers, which are their tokens.
    Calls {
        tools: usize,
        tokens: u32,
        results: Vec<u32>,
        pinned: bool,
    },
}

fn turn() -> impl Strategy<Value = Turn> {
    let role = prop_oneof![Just("user"), Just("assistant"), Just("system")];
    let pinned = prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(Some)];
    let says = (role, 0..20u32, pinned).prop_map(|(role, tokens, pinned)| Turn::Says {
        role,
        tokens,
        pinned,
    });
    let calls = (1..4usize, 0..20u32, prop::bool::weighted(0.15)).prop_flat_map(
        |(tools, tokens, pinned)| {
            prop::collection::vec(0..20u32, tools).prop_map(move |results| Turn::Calls {
                tools,
                tokens,
                results,
                pinned,
            })
        },
    );
    prop_oneof![2 => says, 1 => calls]
}

/// The messages of the turns; of the last one, if it is a call, only some results have come.
fn messages(turns: &[Turn], answered: usize) -> Vec<NewMessage> {
    let mut messages = Vec::new();
    for (number, turn) in turns.iter().enumerate() {
        match turn {
            Turn::Says { role, tokens, pinned } => {
                let mut message =
                    NewMessage::from(ChatMessage::new(*role, "text")).with_tokens(*tokens);
                if let Some(pinned) = pinned {
                    message = message.pinned(*pinned);
                }
                messages.push(message);
            }
            Turn::Calls { tools, tokens, results, pinned } => {
                let calls: Vec<_> =
                    (0..*tools).map(|tool| json!({ "id": format!("{number}/{tool}") })).collect();
                let call = ChatMessage::new("assistant", Value::Null).with("tool_calls", calls);
                messages.push(NewMessage::from(call).with_tokens(*tokens).pinned(*pinned));
                let there = if number + 1 == turns.len() { answered.min(*tools) } else { *tools };
                for (tool, tokens) in results.iter().enumerate().take(there) {
                    let result = ChatMessage::tool(format!("{number}/{tool}"), "result");
                    messages.push(NewMessage::from(result).with_tokens(*tokens));
                }
            }
        }
    }
    messages
}

/// What the budget lets in, and of it only what is whole.
fn expected(all: &[Message], budget: u64) -> Vec<u64> {
    let mut tokens: u64 = all.iter().filter(|m| m.pinned).map(|m| u64::from(m.tokens)).sum();
    let mut inside: HashSet<u64> = all.iter().filter(|m| m.pinned).map(|m| m.seq).collect();
    for message in all.iter().rev().filter(|message| !message.pinned) {
        tokens += u64::from(message.tokens);
        if tokens > budget {
            break;
        }
        inside.insert(message.seq);
    }
    let results_of = |call: &Message| {
        let ids: Vec<_> = call.chat.tool_call_ids().collect();
        all.iter()
            .filter(|m| m.chat.tool_call_id().is_some_and(|id| ids.contains(&id)))
            .map(|m| m.seq)
            .collect::<Vec<_>>()
    };
    for call in all.iter().filter(|message| !message.chat.tool_calls().is_empty()) {
        let mut group = results_of(call);
        group.push(call.seq);
        if !group.iter().all(|seq| inside.contains(seq)) {
            inside.retain(|seq| !group.contains(seq));
        }
    }
    all.iter().map(|message| message.seq).filter(|seq| inside.contains(seq)).collect()
}

async fn check(session: &Session, turns: &[Turn], answered: usize, budgets: &[u64]) {
    session.append_all(messages(turns, answered)).await.unwrap();
    let all = session.last(usize::MAX).await.unwrap();
    for &budget in budgets {
        let window = session.window(budget).await.unwrap();
        let found: Vec<_> = window.messages.iter().map(|message| message.seq).collect();
        assert_eq!(found, expected(&all, budget), "budget {budget} of {turns:?}");
        let tokens: u64 = window.messages.iter().map(|m| u64::from(m.tokens)).sum();
        let pinned: u64 = all.iter().filter(|m| m.pinned).map(|m| u64::from(m.tokens)).sum();
        assert!(window.tokens == tokens && tokens <= budget.max(pinned));
        assert_eq!(window.omitted, (all.len() - found.len()) as u64);
    }
}

fn compare_with_the_model(sessions: &SessionStore, cases: u32) {
    let runtime = tokio::runtime::Handle::current();
    let input =
        (prop::collection::vec(turn(), 0..30), 0..4usize, prop::collection::vec(0..400u64, 1..8));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&input, |(turns, answered, budgets)| {
            runtime.block_on(check(&sessions.create("owner"), &turns, answered, &budgets));
            Ok(())
        })
        .unwrap();
}

async fn windows_are_the_models(store: Store, cases: u32) {
    let sessions = sessions(&store);
    let compared = tokio::task::spawn_blocking(move || compare_with_the_model(&sessions, cases));
    compared.await.unwrap();
    drop(store); // A server lives until here.
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_memory() {
    windows_are_the_models(Store::memory(), 1_500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_file() {
    windows_are_the_models(Store::embedded().await, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server() {
    windows_are_the_models(Store::redis().await, 200).await;
}
