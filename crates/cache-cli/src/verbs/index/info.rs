//! `index info`: what an index is and what it comes to.

use caching_with_redis::core::vector::{GraphInfo, IndexMethod};
use serde::Serialize;

use super::described::{self, Described};
use super::existing;
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    index: &'a str,
    namespace: &'a str,
    entries: u64,
    bytes: u64,
    #[serde(flatten)]
    schema: Described,
    engine: &'static str,
    engine_why: &'static str,
    /// What the store says of its engine; null where there is nothing to say.
    engine_note: Option<&'a str>,
    location: String,
    /// Whether searches miss nothing.
    exact: bool,
    similarity_error: f32,
    /// What this process has of a graph that it builds itself; null where it never builds one.
    graph: Option<Graph>,
}

#[derive(Debug, Serialize)]
struct Graph {
    above: u64,
    entries: u64,
    pending: u64,
    building: bool,
}

impl Graph {
    fn of(graph: GraphInfo) -> Self {
        let GraphInfo { above, entries, pending, building, .. } = graph;
        Self { above, entries, pending, building }
    }
}

pub(super) async fn run(context: &Context, info: &args::IndexInfo) -> Result<(), Failure> {
    let store = context.open_store().await?;
    let vectors = context.vectors(&store).await?;
    let (index, found) = existing(context, &vectors, &info.name).await?;
    // Only the index that is open with the schema knows of a graph in this process.
    let graph = index.info().await?.and_then(|info| info.graph);
    let (language, output) = (context.language(), &context.output);
    let (place, can) = (vectors.store.vector_store_info(), index.vector_capabilities());
    let namespace = context.settings.namespace.as_str();
    if output.json {
        return output.object(&Answer {
            index: &info.name,
            namespace,
            entries: found.entries,
            bytes: found.bytes,
            schema: Described::of(&found.schema),
            engine: vectors.engine.as_str(),
            engine_why: described::why(vectors.why, language).0,
            engine_note: vectors.redis.as_ref().map(|redis| redis.reason()),
            location: place.location,
            exact: can.exact,
            similarity_error: can.similarity_error,
            graph: graph.map(Graph::of),
        });
    }
    let mut method = described::method(&found.schema, language);
    if let Some(graph) = graph {
        method = described::by_graph(&method, graph, language);
    } else if can.exact && found.schema.method != IndexMethod::Exact {
        method = language.searched_exactly(&method);
    }
    let location = if place.location.is_empty() { place.kind.to_owned() } else { place.location };
    let entries = figures::count(found.entries);
    output.rows(&[
        (language.label_index(), info.name.clone()),
        (language.label_namespace(), namespace.to_owned()),
        (
            language.label_entries(),
            language.entries_and_bytes(&entries, &figures::bytes(found.bytes)),
        ),
        (language.label_dimensions(), found.schema.dimensions.to_string()),
        (language.label_attributes(), described::attributes(&found.schema)),
        (language.label_method(), method),
        (language.label_engine(), described::engine(&vectors, language)),
        (language.label_location(), location),
    ])
}
