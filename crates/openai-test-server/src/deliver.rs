//! From an answer and a fault to what is sent.

use bytes::Bytes;
use hyper::Response;
use hyper::header::CONTENT_LENGTH;

use crate::answer::{Answer, Payload};
use crate::delivery::{Delivery, Step};
use crate::fault::Fault;
use crate::sse;
use crate::state::Settings;

/// The answer as this fault will have it.
pub(crate) fn deliver(answer: Answer, fault: &Fault, settings: &Settings) -> Response<Delivery> {
    let answer = if answer.status == 200 { spoiled(answer, fault) } else { answer };
    let (steps, length) = match answer.payload {
        // A stream does not say its length.
        Payload::Events(events) => (sse::steps(events, fault, settings.chunk_delay), None),
        Payload::Embeddings(list) => whole(list.to_json().into()),
        Payload::Text(text) => whole(text),
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    if let Some(length) = length {
        response = response.header(CONTENT_LENGTH, length);
    }
    let delivery = Delivery::new(transported(steps, fault));
    response.body(delivery).expect("a test gives only headers and statuses that HTTP has")
}

fn whole(body: Bytes) -> (Vec<Step>, Option<usize>) {
    let length = body.len();
    (vec![Step::Send(body)], Some(length))
}

/// The answer with another content, where this is a fault of contents.
fn spoiled(mut answer: Answer, fault: &Fault) -> Answer {
    match fault {
        Fault::EmptyBody => answer.payload = Payload::Text(Bytes::new()),
        Fault::NotJson => answer.payload = Payload::Text("This is not JSON.".into()),
        _ if fault.is_of_embeddings() => match &mut answer.payload {
            Payload::Embeddings(list) => fault.spoil(list),
            _ => return misuse(fault, "embeddings"),
        },
        _ if fault.is_of_streams() && !matches!(answer.payload, Payload::Events(_)) => {
            return misuse(fault, "a stream");
        }
        _ => {}
    }
    answer
}

/// What happens to the bytes on their way.
fn transported(steps: Vec<Step>, fault: &Fault) -> Vec<Step> {
    match fault {
        Fault::HangBody => vec![Step::Stall],
        Fault::TruncatedBody | Fault::ResetInBody => {
            let bytes = bytes(&steps);
            vec![Step::Send(bytes.slice(..bytes.len() / 2)), Step::Break]
        }
        Fault::SlowDrip { bytes: size, interval } => bytes(&steps)
            .chunks((*size).max(1))
            .flat_map(|piece| [Step::Wait(*interval), Step::Send(Bytes::copy_from_slice(piece))])
            .collect(),
        _ => steps,
    }
}

/// All bytes of the steps.
fn bytes(steps: &[Step]) -> Bytes {
    let sent = steps.iter().filter_map(|step| match step {
        Step::Send(bytes) => Some(bytes.as_ref()),
        _ => None,
    });
    sent.collect::<Vec<_>>().concat().into()
}

/// A test gave a fault to a request that cannot have it.
fn misuse(fault: &Fault, wanted: &str) -> Answer {
    let message =
        format!("The test server cannot give {fault:?} to a request whose answer is not {wanted}.");
    Answer::json(400, &serde_json::json!({"error": {"code": "test_misuse", "message": message}}))
}
