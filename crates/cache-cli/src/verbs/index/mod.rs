//! `index`: vectors, found by their likeness.
//!
//! Of the attributes of an index two have a meaning here: `text` keeps the text of an entry, and `model`
//! names the model whose vector it is, so that a text is compared with vectors of its own model only.
//! `create` adds both. An index of another program may have neither.

mod add;
mod create;
mod described;
mod info;
mod list;
mod remove;
mod search;

use std::sync::Arc;

use caching_with_redis::OpenedVectors;
use caching_with_redis::core::Namespace;
use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, IndexInfo, IndexName, IndexSchema, VectorIndex,
};
use caching_with_redis::embedding::ModelCache;

use crate::args::{self, IndexVerb};
use crate::context::{Context, model_name};
use crate::failure::Failure;
use crate::language::Language;

/// The attribute that keeps the text of an entry.
const TEXT: &str = "text";
/// The attribute that names the model whose vector it is.
const MODEL: &str = "model";
/// What stands there for a vector that came with its entry, and is taken for one of any model.
const GIVEN: &str = "given";

pub(super) async fn run(context: &Context, index: &args::Index) -> Result<(), Failure> {
    match &index.verb {
        IndexVerb::List => list::run(context).await,
        IndexVerb::Create(create) => create::run(context, create).await,
        IndexVerb::Add(add) => add::run(context, add).await,
        IndexVerb::Search(search) => search::run(context, search).await,
        IndexVerb::Info(info) => info::run(context, info).await,
        IndexVerb::Drop(drop) => remove::run(context, drop).await,
    }
}

fn name_of(context: &Context, name: &str) -> Result<IndexName, Failure> {
    let namespace = Namespace::new(&context.settings.namespace);
    let namespace = namespace.map_err(caching_with_redis::Error::from)?;
    let wrong = |_| Failure::Usage(context.language().bad_index_name(name));
    IndexName::new(namespace, name).map_err(wrong)
}

/// What the store has under a name, whatever its schema.
async fn look_up(vectors: &OpenedVectors, name: &IndexName) -> Result<Option<IndexInfo>, Failure> {
    // The schema that is expected does not matter to what is told.
    let any = IndexSchema::new(1)?;
    Ok(vectors.store.open(name, &any).info().await?)
}

/// An index that has to be there.
async fn existing(
    context: &Context,
    vectors: &OpenedVectors,
    name: &str,
) -> Result<(Arc<dyn VectorIndex>, IndexInfo), Failure> {
    let found = name_of(context, name)?;
    match look_up(vectors, &found).await? {
        Some(info) => Ok((vectors.store.open(&found, &info.schema), info)),
        None => Err(missing(context, name)),
    }
}

/// Says that there is no such index.
fn missing(context: &Context, name: &str) -> Failure {
    let namespace = &context.settings.namespace;
    context.output.note(&context.language().no_such_index(name, namespace));
    Failure::Negative
}

/// The name and kind of an attribute that the schema has, if it is of one of these kinds.
fn attribute(schema: &IndexSchema, name: &str, kinds: &[AttributeKind]) -> Option<AttributeName> {
    let found = schema.attributes.iter().find(|(known, _)| known.as_str() == name);
    found.filter(|(_, kind)| kinds.contains(kind)).map(|(name, _)| name.clone())
}

/// How the entries of an index name the model that answers, with its version where that is known.
async fn model_tag(model: &ModelCache) -> Result<String, Failure> {
    let name = model_name(model).await?;
    Ok(match &model.identity().version {
        Some(version) => format!("{name}@{version}"),
        None => name,
    })
}

/// Vectors of another size cannot be in the index.
fn refuse_dimensions(
    language: Language,
    schema: &IndexSchema,
    of_model: usize,
) -> Result<(), Failure> {
    match schema.dimensions {
        expected if expected == of_model => Ok(()),
        expected => Err(Failure::Usage(language.other_dimensions(of_model, expected))),
    }
}
