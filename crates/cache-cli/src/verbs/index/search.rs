//! `index search`: what is like a text, or near to a vector.

use caching_with_redis::OpenedVectors;
use caching_with_redis::core::vector::{
    AttributeKind, Filter, IndexSchema, Similarity, VectorIndex, VectorMatch, VectorQuery,
};
use caching_with_redis::core::{EmbedOptions, Embedding, InputKind};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{GIVEN, MODEL, TEXT, attribute, described, existing, model_tag, refuse_dimensions};
use crate::args;
use crate::context::{Context, Opened};
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    index: &'a str,
    engine: &'static str,
    /// Whether nothing can have been missed.
    exact: bool,
    matches: Vec<Match>,
    /// Entries of other models, which were not looked at; null where that was not asked.
    of_other_models: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Match {
    id: String,
    similarity: f32,
    text: Option<String>,
    model: Option<String>,
    attributes: Map<String, Value>,
}

/// What is looked for.
struct Sought {
    vector: Embedding,
    filter: Filter,
    /// Whose vectors are looked at, where not all of them are.
    of_model: Filter,
}

pub(super) async fn run(context: &Context, search: &args::SearchIndex) -> Result<(), Failure> {
    let at_least = search.at_least.map(|least| {
        Similarity::new(least).map_err(|_| Failure::Usage(context.language().bad_similarity()))
    });
    let at_least = at_least.transpose()?;
    match &search.vector {
        Some(vector) => {
            let store = context.open_store().await?;
            let vectors = context.vectors(&store).await?;
            let (index, info) = existing(context, &vectors, &search.name).await?;
            let filter = filter(context, search, &info.schema)?;
            let vector = given(context, vector)?;
            let sought = Sought { vector, filter, of_model: Filter::All };
            answer(context, search, &vectors, &*index, sought, at_least).await
        }
        None => {
            let opened = context.open().await?;
            let vectors = context.vectors(&opened.store).await?;
            let (index, info) = existing(context, &vectors, &search.name).await?;
            let filter = filter(context, search, &info.schema)?;
            let text = search.text.as_deref().unwrap_or_default();
            let (vector, of_model) = embedded(context, &opened, text, &info.schema).await?;
            opened.cache.flush().await?;
            let sought = Sought { vector, filter, of_model };
            answer(context, search, &vectors, &*index, sought, at_least).await
        }
    }
}

fn filter(
    context: &Context,
    search: &args::SearchIndex,
    schema: &IndexSchema,
) -> Result<Filter, Failure> {
    let Some(text) = &search.filter else { return Ok(Filter::All) };
    let wrong = |wrong| Failure::Usage(context.language().bad_filter(&wrong));
    Filter::parse(text, schema).map_err(wrong)
}

/// A vector as it is written in JSON.
fn given(context: &Context, text: &str) -> Result<Embedding, Failure> {
    let wrong = || Failure::Usage(context.language().line_bad_vector());
    let numbers: Vec<f32> = serde_json::from_str(text).map_err(|_| wrong())?;
    Embedding::new(numbers).map_err(|_| Failure::Usage(context.language().line_not_finite()))
}

/// The vector of a question, and the filter that leaves out vectors of other models.
async fn embedded(
    context: &Context,
    opened: &Opened,
    text: &str,
    schema: &IndexSchema,
) -> Result<(Embedding, Filter), Failure> {
    if let Some(dimensions) = opened.model.identity().dimensions {
        refuse_dimensions(context.language(), schema, dimensions as usize)?;
    }
    let question = EmbedOptions::default().with_input_kind(InputKind::Query);
    let model = opened.model.clone().with_options(question);
    let vector = model.embed(text).await?;
    refuse_dimensions(context.language(), schema, vector.dimensions())?;
    let of_model = match attribute(schema, MODEL, &[AttributeKind::Tags]) {
        Some(name) => Filter::Tags(name, vec![model_tag(&model).await?, GIVEN.to_owned()]),
        None => Filter::All,
    };
    Ok((vector, of_model))
}

async fn answer(
    context: &Context,
    search: &args::SearchIndex,
    vectors: &OpenedVectors,
    index: &dyn VectorIndex,
    sought: Sought,
    at_least: Option<Similarity>,
) -> Result<(), Failure> {
    let most = usize::try_from(search.most).unwrap_or(usize::MAX);
    let filter = sought.filter.clone().and(sought.of_model.clone());
    let query = VectorQuery::nearest(sought.vector.clone(), most).with_filter(filter);
    let mut query = query.with_attributes();
    query.at_least = at_least;
    let found = index.search_many(&[query]).await?.pop().unwrap_or_default();
    let of_other_models = match found.len() < most && !sought.of_model.is_all() {
        true => Some(index.count(&sought.filter.and(sought.of_model.not())).await?),
        false => None,
    };
    let is_empty = found.is_empty();
    let matches: Vec<_> = found.iter().map(Match::of).collect();
    if context.output.json {
        let (engine, exact) = (vectors.engine.as_str(), index.vector_capabilities().exact);
        let index = search.name.as_str();
        context.output.object(&Answer { index, engine, exact, matches, of_other_models })?;
    } else {
        show(context, &matches, of_other_models)?;
    }
    if is_empty { Err(Failure::Negative) } else { Ok(()) }
}

fn show(context: &Context, matches: &[Match], of_others: Option<u64>) -> Result<(), Failure> {
    let (language, output) = (context.language(), &context.output);
    if matches.is_empty() {
        output.line(&language.nothing_like_it())?;
    }
    output.rows(&matches.iter().map(Match::row).collect::<Vec<_>>())?;
    if let Some(others @ 1..) = of_others {
        output.note(&language.others_left_out(&figures::count(others)));
    }
    Ok(())
}

impl Match {
    fn of(found: &VectorMatch) -> Self {
        let text = |wanted: &str| {
            let value = found.attributes.iter().find(|(name, _)| name.as_str() == wanted);
            value.and_then(|(_, value)| described::text(value)).map(str::to_owned)
        };
        Self {
            id: found.id.as_str().to_owned(),
            similarity: found.similarity.get(),
            text: text(TEXT),
            model: text(MODEL),
            attributes: described::values(&found.attributes, &[TEXT, MODEL]),
        }
    }

    fn row(&self) -> (String, String) {
        // A hash tells people nothing.
        let id = match self.id.len() {
            0..=48 => figures::one_line(&self.id),
            _ => figures::excerpt(&self.id, 12),
        };
        let text = self.text.as_deref().map(|text| figures::excerpt(text, 160));
        let parts = [Some(id), text, Some(described::shown(&self.attributes))];
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        (format!("{:.4}", self.similarity), parts.join("  "))
    }
}
