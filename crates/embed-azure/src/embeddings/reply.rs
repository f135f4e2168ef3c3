//! A reply, read and checked.

use std::borrow::Cow;

use bytes::Bytes;
use cache_core::{BoxError, Embedding};
use serde::Deserialize;

use super::vector::Numbers;

/// From this size on a reply is read off the runtime's threads.
const LARGE: usize = 256 << 10;

/// A reply that is what it should be.
#[derive(Debug)]
pub(super) struct Reply {
    /// One per input of the request, in its order, all of one size.
    pub(super) vectors: Vec<Embedding>,
    pub(super) tokens: Option<u64>,
    pub(super) model: Option<String>,
}

/// What is wrong with a reply.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) source: Option<BoxError>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    data: Vec<Item>,
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    index: Option<i64>,
    embedding: Numbers,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    total_tokens: Option<u64>,
}

impl Reply {
    /// Reads the reply to a request with this many inputs.
    pub(super) async fn read(
        body: Bytes,
        inputs: usize,
        dimensions: Option<u32>,
    ) -> Result<Self, Fault> {
        if body.len() < LARGE {
            return Self::parse(&body, inputs, dimensions);
        }
        let parsing = tokio::task::spawn_blocking(move || Self::parse(&body, inputs, dimensions));
        parsing.await.unwrap_or_else(|error| Err(fault("could not be read", Some(error.into()))))
    }

    fn parse(body: &[u8], inputs: usize, dimensions: Option<u32>) -> Result<Self, Fault> {
        let wire: Wire<'_> = serde_json::from_slice(body).map_err(|error| {
            // Its text could quote the reply: only the place is kept.
            let (line, column) = (error.line(), error.column());
            fault(
                &format!(
                    "sent a body of {} bytes that is no list of embeddings (line {line}, column \
                     {column})",
                    body.len()
                ),
                None,
            )
        })?;
        let vectors = place(wire.data, inputs)?;
        check_sizes(&vectors, dimensions)?;
        Ok(Self {
            vectors,
            tokens: wire.usage.and_then(|usage| usage.total_tokens.or(usage.prompt_tokens)),
            model: wire.model.filter(|model| !model.is_empty()).map(Cow::into_owned),
        })
    }
}

/// Puts every vector where its index says.
fn place(items: Vec<Item>, inputs: usize) -> Result<Vec<Embedding>, Fault> {
    if items.len() != inputs {
        let what = format!("sent {} vectors for {inputs} inputs", items.len());
        return Err(fault(&what, None));
    }
    let mut places: Vec<Option<Embedding>> = vec![None; inputs];
    for item in items {
        let Some(index) = item.index else {
            return Err(fault("sent a vector without an index", None));
        };
        let place = usize::try_from(index).ok().and_then(|index| places.get_mut(index));
        let Some(place) = place else {
            let what = format!("sent a vector with the index {index} for {inputs} inputs");
            return Err(fault(&what, None));
        };
        if place.is_some() {
            return Err(fault(&format!("sent two vectors with the index {index}"), None));
        }
        let numbers = item.embedding.0.map_err(|what| fault(what, None))?;
        let vector = Embedding::new(numbers)
            .map_err(|error| fault("sent an unusable vector", Some(error.into())))?;
        *place = Some(vector);
    }
    // As many vectors as places, and no place was taken twice.
    Ok(places.into_iter().flatten().collect())
}

fn check_sizes(vectors: &[Embedding], dimensions: Option<u32>) -> Result<(), Fault> {
    let Some(first) = vectors.first() else { return Ok(()) };
    let wanted = match dimensions {
        Some(dimensions) => dimensions as usize,
        None => first.dimensions(),
    };
    match vectors.iter().find(|vector| vector.dimensions() != wanted) {
        None => Ok(()),
        Some(other) => {
            let got = other.dimensions();
            Err(fault(&format!("sent a vector of {got} dimensions instead of {wanted}"), None))
        }
    }
}

fn fault(what: &str, source: Option<BoxError>) -> Fault {
    Fault { what: what.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str, inputs: usize) -> Result<Reply, String> {
        Reply::parse(json.as_bytes(), inputs, None).map_err(|fault| fault.what)
    }

    #[test]
    fn vectors_are_placed_by_index() {
        let json = r#"{"object":"list","model":"m","data":[
            {"index":1,"embedding":[2.0]},{"index":0,"embedding":[1.0]}],
            "usage":{"prompt_tokens":3,"total_tokens":4}}"#;
        let reply = parse(json, 2).unwrap();
        assert_eq!((reply.vectors[0][0], reply.vectors[1][0]), (1.0, 2.0));
        assert_eq!((reply.tokens, reply.model.as_deref()), (Some(4), Some("m")));
    }

    #[test]
    fn replies_may_say_little() {
        let reply = parse(r#"{"data":[{"index":0,"embedding":[1.0]}],"usage":null}"#, 1).unwrap();
        assert_eq!((reply.tokens, reply.model), (None, None));
    }

    #[test]
    fn every_fault_has_its_name() {
        for (data, said) in [
            (r#"[]"#, "0 vectors for 2"),
            (r#"[{"index":0,"embedding":[1]}]"#, "1 vectors for 2"),
            (r#"[{"embedding":[1]},{"index":1,"embedding":[1]}]"#, "without an index"),
            (r#"[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]"#, "two vectors"),
            (r#"[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]"#, "index 2 for 2"),
            (r#"[{"index":0,"embedding":[1]},{"index":-1,"embedding":[1]}]"#, "index -1"),
            (r#"[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]"#, "2 dimensions"),
            (r#"[{"index":0,"embedding":[]},{"index":1,"embedding":[1]}]"#, "unusable"),
            (r#"[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":[1]}]"#, "unusable"),
            (r#"[{"index":0,"embedding":"?!"},{"index":1,"embedding":[1]}]"#, "no base64"),
            (r#"[{"index":0,"embedding":null},{"index":1,"embedding":[1]}]"#, "no list"),
        ] {
            let error = parse(&format!(r#"{{"data":{data}}}"#), 2).unwrap_err();
            assert!(error.contains(said), "{data}: {error}");
        }
    }
}
