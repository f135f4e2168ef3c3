//! `index create`: an index for the vectors of a model.

use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, GraphOptions, IndexMethod, IndexSchema, Precision,
};
use caching_with_redis::{OpenedBackend, OpenedVectors};
use serde::Serialize;

use super::described::{self, Described};
use super::{MODEL, TEXT, name_of};
use crate::args::{self, KeptAs};
use crate::context::{Context, Opened};
use crate::failure::Failure;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    index: &'a str,
    /// Whether it was missing.
    created: bool,
    engine: &'static str,
    location: String,
    #[serde(flatten)]
    schema: Described,
}

pub(super) async fn run(context: &Context, create: &args::CreateIndex) -> Result<(), Failure> {
    let name = name_of(context, &create.name)?;
    let attributes = attributes(context, create)?;
    let (store, dimensions) = match create.dimensions {
        Some(dimensions) => (context.open_store().await?, dimensions as usize),
        None => of_the_provider(context).await?,
    };
    let schema = IndexSchema::new(dimensions)?;
    let schema = schema.with_method(method(create)).with_precision(match create.precision {
        KeptAs::F32 => Precision::Float32,
        KeptAs::F16 => Precision::Float16,
        KeptAs::I8 => Precision::Int8,
        KeptAs::B1 => Precision::Binary,
    });
    let add = |schema: IndexSchema, (name, kind)| schema.with_attribute(name, kind);
    let schema = attributes.into_iter().fold(schema, add);
    let vectors = context.vectors(&store).await?;
    vectors.store.check_schema(&schema)?;
    warn_of_memory(context, &store);
    let created = vectors.store.open(&name, &schema).create().await?;
    answer(context, create, &vectors, &schema, created)
}

/// Memory ends with this program: nothing is ever found in it.
fn warn_of_memory(context: &Context, store: &OpenedBackend) {
    if store.backend.info().kind == "memory" {
        context.output.warning(&context.language().gone_with_the_program());
    }
}

/// The dimensions of the provider's vectors. One that does not know them is asked for a vector.
async fn of_the_provider(context: &Context) -> Result<(OpenedBackend, usize), Failure> {
    let Opened { cache, model, store, .. } = context.open().await?;
    if let Some(dimensions) = model.identity().dimensions {
        return Ok((store, dimensions as usize));
    }
    let dimensions = model.embed("dimensions").await?.dimensions();
    cache.flush().await?;
    Ok((store, dimensions))
}

fn method(create: &args::CreateIndex) -> IndexMethod {
    if !create.approximate {
        return IndexMethod::Exact;
    }
    let usual = GraphOptions::new();
    let graph = usual
        .with_links(create.links.unwrap_or(usual.links))
        .with_build_effort(create.build_effort.unwrap_or(usual.build_effort))
        .with_search_effort(create.search_effort.unwrap_or(usual.search_effort));
    IndexMethod::Approximate(graph)
}

/// Those that are asked for, and those that have a meaning here.
fn attributes(
    context: &Context,
    create: &args::CreateIndex,
) -> Result<Vec<(AttributeName, AttributeKind)>, Failure> {
    let of_ours = [(MODEL, AttributeKind::Tags), (TEXT, AttributeKind::Stored)];
    let of_ours = of_ours.into_iter().filter(|(name, _)| *name != TEXT || !create.without_text);
    let mut all = Vec::new();
    for (name, kind) in of_ours {
        all.push((AttributeName::new(name)?, kind));
    }
    for text in &create.attribute {
        let wrong = || Failure::Usage(context.language().bad_attribute(text));
        let (name, kind) = text.split_once(':').ok_or_else(wrong)?;
        let kind = kind_of(kind).ok_or_else(wrong)?;
        let name = AttributeName::new(name).map_err(|_| wrong())?;
        match all.iter_mut().find(|(known, _)| *known == name) {
            None => all.push((name, kind)),
            // The text of an entry can be asked for its words.
            Some(known) if name.as_str() == TEXT && kind == AttributeKind::Text => known.1 = kind,
            Some(known) if known.1 == kind => {}
            Some(_) => {
                return Err(Failure::Usage(context.language().attribute_twice(name.as_str())));
            }
        }
    }
    Ok(all)
}

/// A kind by its name; of tags an entry often has one.
fn kind_of(name: &str) -> Option<AttributeKind> {
    if name == "tag" { Some(AttributeKind::Tags) } else { AttributeKind::parse(name) }
}

fn answer(
    context: &Context,
    create: &args::CreateIndex,
    vectors: &OpenedVectors,
    schema: &IndexSchema,
    created: bool,
) -> Result<(), Failure> {
    let (language, output) = (context.language(), &context.output);
    let info = vectors.store.vector_store_info();
    let engine = vectors.engine.as_str();
    if output.json {
        let schema = Described::of(schema);
        let location = info.location;
        return output.object(&Answer { index: &create.name, created, engine, location, schema });
    }
    let dimensions = schema.dimensions.to_string();
    let made = match created {
        true => language.index_created(&create.name, &dimensions),
        false => language.index_there(&create.name, &dimensions),
    };
    output.line(&made)?;
    output.rows(&[
        (language.label_method(), described::method(schema, language)),
        (language.label_attributes(), described::attributes(schema)),
        (language.label_engine(), described::engine(vectors, language)),
    ])
}
