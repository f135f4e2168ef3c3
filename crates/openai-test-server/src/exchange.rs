//! One request and what becomes of it.

use std::future::pending;
use std::sync::Arc;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Response;
use hyper::body::Incoming;
use tokio::time::sleep;

use crate::answer::Answer;
use crate::api::Api;
use crate::deliver::deliver;
use crate::delivery::{Broken, Delivery, Line};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::service;
use crate::state::State;

/// The largest body that is taken, in bytes.
const MAX_BODY: usize = 256 << 20;

/// Receives a request, takes it down and answers it as its fault will have it.
pub(crate) async fn exchange(
    state: Arc<State>,
    line: Arc<Line>,
    incoming: hyper::Request<Incoming>,
) -> Result<Response<Delivery>, Broken> {
    let (head, body) = incoming.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) if error.is::<LengthLimitError>() => {
            let refusal = Refusal::new(413, "The request is larger than 256 MB.");
            return Ok(deliver(refusal.into_answer(Api::OpenAi), &Fault::Nothing, &state.settings));
        }
        // The client went away.
        Err(_) => return Err(Broken),
    };
    let request = Arc::new(Request::new(&head, body));
    let fault = state.receive(&request);
    sleep(state.settings.latency).await;
    let answer = match &fault {
        Fault::Hang => pending().await,
        Fault::Close => return Err(Broken),
        Fault::Reset => {
            line.reset();
            return Err(Broken);
        }
        Fault::Status { status, headers, body } => Answer::verbatim(*status, headers, body),
        Fault::Delay(time) => {
            sleep(*time).await;
            service::answer(&state, &request)
        }
        _ => service::answer(&state, &request),
    };
    if fault == Fault::ResetInBody {
        line.reset();
    }
    Ok(deliver(answer, &fault, &state.settings))
}
