//! `index list`: the indexes of the namespace.

use caching_with_redis::core::Namespace;
use serde::Serialize;

use super::look_up;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    namespace: &'a str,
    engine: &'static str,
    location: String,
    indexes: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    index: String,
    dimensions: usize,
    entries: u64,
    bytes: u64,
}

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let store = context.open_store().await?;
    let vectors = context.vectors(&store).await?;
    let namespace = Namespace::new(&context.settings.namespace);
    let namespace = namespace.map_err(caching_with_redis::Error::from)?;
    let mut indexes = Vec::new();
    for name in vectors.store.indexes(&namespace).await? {
        // One that was dropped meanwhile is none any more.
        if let Some(info) = look_up(&vectors, &name).await? {
            indexes.push(Listed {
                index: name.as_str().to_owned(),
                dimensions: info.schema.dimensions,
                entries: info.entries,
                bytes: info.bytes,
            });
        }
    }
    let (language, output) = (context.language(), &context.output);
    if output.json {
        let namespace = namespace.as_str();
        let (engine, info) = (vectors.engine.as_str(), vectors.store.vector_store_info());
        return output.object(&Answer { namespace, engine, location: info.location, indexes });
    }
    if indexes.is_empty() {
        return output.line(&language.no_indexes(namespace.as_str()));
    }
    let row = |listed: &Listed| {
        let entries = figures::count(listed.entries);
        let bytes = figures::bytes(listed.bytes);
        let dimensions = listed.dimensions.to_string();
        (listed.index.clone(), language.index_line(&entries, &dimensions, &bytes))
    };
    output.rows(&indexes.iter().map(row).collect::<Vec<_>>())
}
