//! What stands in the place of what this program was built without: an error that names the feature,
//! where a setting asks for it.

#[cfg(not(feature = "azure"))]
pub(crate) mod azure;
#[cfg(not(feature = "embedded"))]
pub(crate) mod embedded;
#[cfg(not(feature = "local"))]
pub(crate) mod local;
#[cfg(not(feature = "metrics"))]
pub(crate) mod metered;
#[cfg(not(feature = "local-model"))]
pub(crate) mod model;
#[cfg(not(feature = "redis"))]
pub(crate) mod redis;
#[cfg(not(feature = "encryption"))]
pub(crate) mod sealed;

/// What is missing, and how to get it.
pub(crate) fn built_without(what: &str, feature: &str) -> String {
    format!(
        "this program was built without {what}: build it with the feature `{feature}` of \
         caching_with_redis"
    )
}
