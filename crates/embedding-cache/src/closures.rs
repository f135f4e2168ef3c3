//! Callers' closures, in the one form that the engine runs.

use std::future::Future;

use cache_core::BoxError;

use crate::engine::Once;

pub(crate) fn one<'a, F, Fut, E>(compute: F) -> Once<'a>
where
    F: FnOnce(String) -> Fut + Send + 'a,
    Fut: Future<Output = Result<Vec<f32>, E>> + Send + 'a,
    E: Into<BoxError>,
{
    Box::new(move |texts| {
        Box::pin(async move {
            let text = texts.into_iter().next().unwrap_or_default();
            compute(text).await.map(|vector| vec![vector]).map_err(Into::into)
        })
    })
}

pub(crate) fn many<'a, F, Fut, E>(compute: F) -> Once<'a>
where
    F: FnOnce(Vec<String>) -> Fut + Send + 'a,
    Fut: Future<Output = Result<Vec<Vec<f32>>, E>> + Send + 'a,
    E: Into<BoxError>,
{
    Box::new(move |texts| Box::pin(async move { compute(texts).await.map_err(Into::into) }))
}
