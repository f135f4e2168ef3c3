//! Server-sent events and their faults.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::delivery::Step;
use crate::fault::Fault;

const DONE: &str = "[DONE]";

/// The steps that send these events, and `[DONE]` after them.
pub(crate) fn steps(mut events: Vec<String>, fault: &Fault, delay: Duration) -> Vec<Step> {
    let mut last = None;
    match fault {
        Fault::ErrorEventAfter(count) => {
            events.truncate(*count);
            events.push(error_event());
        }
        Fault::CutAfter(count) => {
            events.truncate(*count);
            last = Some(Step::Break);
        }
        Fault::EndAfter(count) => events.truncate(*count),
        Fault::StallAfter(count) => {
            events.truncate(*count);
            last = Some(Step::Stall);
        }
        Fault::EmptyStream => events.clear(),
        Fault::FinishWithoutDone => {}
        Fault::DoneWithoutFinish => {
            events.retain(|event| !finishes(event));
            events.push(DONE.to_owned());
        }
        Fault::GarbledChunk => {
            let middle = events.len() / 2;
            events[middle] = half(&events[middle]);
            events.push(DONE.to_owned());
        }
        _ => events.push(DONE.to_owned()),
    }
    let framed: Vec<Vec<u8>> = events.iter().map(|event| frame(event, fault)).collect();
    let mut steps = match fault {
        Fault::OddSplits(size) => pieces(&framed.concat(), *size),
        _ => paced(framed, delay),
    };
    steps.extend(last);
    steps
}

/// One event as it is written.
fn frame(data: &str, fault: &Fault) -> Vec<u8> {
    let text = match fault {
        Fault::CrlfLines => format!("data: {data}\r\n\r\n"),
        Fault::CommentLines => {
            format!(": keep-alive\n\nretry: 3000\n\n:\nid: 1\ndata:{data}\n: after\n\n\n")
        }
        Fault::SplitData => match serde_json::from_str::<Value>(data) {
            Ok(json) => format!("data: {}\n\n", format!("{json:#}").replace('\n', "\ndata: ")),
            Err(_) => format!("data: {data}\n\n"),
        },
        _ => format!("data: {data}\n\n"),
    };
    text.into_bytes()
}

fn paced(framed: Vec<Vec<u8>>, delay: Duration) -> Vec<Step> {
    let wait = (!delay.is_zero()).then_some(Step::Wait(delay));
    let event = |bytes: Vec<u8>| wait.clone().into_iter().chain([Step::Send(bytes.into())]);
    framed.into_iter().flat_map(event).collect()
}

fn pieces(bytes: &[u8], size: usize) -> Vec<Step> {
    bytes.chunks(size.max(1)).map(|piece| Step::Send(Bytes::copy_from_slice(piece))).collect()
}

fn error_event() -> String {
    let error = json!({
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": null,
        "code": null,
    });
    json!({"error": error}).to_string()
}

/// Whether a chunk has a finish reason.
fn finishes(event: &str) -> bool {
    let chunk: Value = serde_json::from_str(event).unwrap_or_default();
    let mut choices = chunk["choices"].as_array().into_iter().flatten();
    choices.any(|choice| choice["finish_reason"].is_string())
}

fn half(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}
