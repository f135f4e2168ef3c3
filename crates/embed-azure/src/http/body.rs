//! Reading a body that may be of any size.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::failure::{Failure, bad_reply};

/// The largest body that is read. The largest honest answer, 2,048 vectors of 3,072 dimensions as
/// arrays of decimals, has about 130 MB.
const MOST: usize = 256 << 20;
/// What a length header is believed for before the bytes are there.
const BELIEVED: u64 = 32 << 20;

/// All of the body.
pub(super) async fn read(mut response: Response, place: &str) -> Result<Bytes, Failure> {
    let announced = response.content_length().unwrap_or(0).min(BELIEVED);
    let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) =
        response.chunk().await.map_err(|error| Failure::of_transport(error, place))?
    {
        if body.len() + chunk.len() > MOST {
            let what = "sent a body of more than 256 MB";
            return Err(Failure::last(bad_reply(place, what, None)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The beginning of an error's body, as far as it comes in time: the status has been read, and what
/// breaks here hides nothing.
pub(super) async fn read_leniently(
    mut response: Response,
    most: usize,
    longest: Duration,
) -> Vec<u8> {
    let until = Instant::now() + longest;
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await {
        body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
        if body.len() >= most {
            break;
        }
    }
    body
}
