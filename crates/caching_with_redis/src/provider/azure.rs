//! Azure OpenAI and OpenAI as the settings have them.

use std::sync::Arc;

use cache_core::{ChatProvider, EmbeddingProvider};
use embed_azure::{
    AzureApi, AzureOpenAi, BuildError, Credential, EmbeddingModel, HttpOptions, OpenAi,
};

use super::needed::needed;
use crate::settings::SettingsError;
use crate::{Error, Settings};

const AZURE: &str = "Azure OpenAI";

pub(super) fn azure_embeddings(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let client = azure(settings)?;
    let deployment = settings.azure_openai_embeddings_deployment.as_ref();
    let deployment = needed(deployment, "azure_openai_embeddings_deployment", AZURE)?;
    Ok(sized(client.embeddings(deployment), settings))
}

pub(super) fn azure_chat(
    settings: &Settings,
    deployment: &str,
) -> Result<Arc<dyn ChatProvider>, Error> {
    Ok(Arc::new(azure(settings)?.chat(deployment)))
}

pub(super) fn openai_embeddings(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let client = openai(settings)?;
    Ok(sized(client.embeddings(&settings.openai_embeddings_model), settings))
}

pub(super) fn openai_chat(
    settings: &Settings,
    model: &str,
) -> Result<Arc<dyn ChatProvider>, Error> {
    Ok(Arc::new(openai(settings)?.chat(model)))
}

fn azure(settings: &Settings) -> Result<AzureOpenAi, Error> {
    let endpoint = settings.azure_openai_endpoint.as_ref();
    let endpoint = needed(endpoint, "azure_openai_endpoint", AZURE)?;
    let mut builder =
        AzureOpenAi::builder(endpoint).credential(azure_credential(settings)?).http(http(settings));
    if let Some(version) = &settings.azure_openai_api_version {
        builder = builder.api(api(version)?);
    }
    Ok(builder.build().map_err(|error| {
        let key = match error {
            BuildError::Credential if settings.azure_openai_ad_token.is_some() => {
                "azure_openai_ad_token"
            }
            BuildError::Credential => "azure_openai_api_key",
            _ => "azure_openai_endpoint",
        };
        unusable(key, &error)
    })?)
}

fn azure_credential(settings: &Settings) -> Result<Credential, SettingsError> {
    match (&settings.azure_openai_api_key, &settings.azure_openai_ad_token) {
        (Some(key), None) => Ok(Credential::api_key(key.clone())),
        (None, Some(token)) => Ok(Credential::token(token.clone())),
        (None, None) => Err(SettingsError::of(
            "azure_openai_api_key",
            "Azure OpenAI needs a key, or a token in AZURE_OPENAI_AD_TOKEN, and neither is set",
        )),
        (Some(_), Some(_)) => Err(SettingsError::of(
            "azure_openai_ad_token",
            "a key and a token are set, and only one can be used: unset it or \
             AZURE_OPENAI_API_KEY",
        )),
    }
}

/// `v1`; the names that the v1 API's versions have; else a date.
fn api(version: &str) -> Result<AzureApi, SettingsError> {
    match version {
        "v1" => Ok(AzureApi::v1()),
        "preview" | "latest" => Ok(AzureApi::V1 { version: Some(version.to_owned()) }),
        _ if is_dated(version) => Ok(AzureApi::Classic { version: version.to_owned() }),
        _ => Err(SettingsError::of(
            "azure_openai_api_version",
            format!("{version:?} is no version: give a date such as 2024-10-21, or v1"),
        )),
    }
}

/// `2024-10-21`, `2025-04-01-preview`.
fn is_dated(version: &str) -> bool {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = date.split('-').collect();
    matches!(parts[..], [year, month, day]
        if [year, month, day].map(str::len) == [4, 2, 2] && parts.iter().all(|part| digits(part)))
}

fn openai(settings: &Settings) -> Result<OpenAi, Error> {
    let mut builder = OpenAi::builder().http(http(settings));
    if let Some(url) = &settings.openai_base_url {
        builder = builder.base_url(url);
    } else {
        needed(settings.openai_api_key.as_ref(), "openai_api_key", "OpenAI")?;
    }
    if let Some(key) = &settings.openai_api_key {
        builder = builder.api_key(key.clone());
    }
    Ok(builder.build().map_err(|error| {
        let key = match error {
            BuildError::Credential => "openai_api_key",
            _ => "openai_base_url",
        };
        unusable(key, &error)
    })?)
}

fn http(settings: &Settings) -> HttpOptions {
    let options = HttpOptions::default();
    match settings.provider_timeout {
        Some(deadline) => options.with_deadline(deadline.0),
        None => options,
    }
}

fn sized(model: EmbeddingModel, settings: &Settings) -> Arc<dyn EmbeddingProvider> {
    match settings.dimensions {
        Some(dimensions) => Arc::new(model.with_dimensions(dimensions)),
        None => Arc::new(model),
    }
}

/// A client that cannot be made, by the setting that is most likely at fault.
fn unusable(key: &str, error: &BuildError) -> SettingsError {
    match std::error::Error::source(error) {
        Some(cause) => SettingsError::of(key, format!("{error}: {cause}")),
        None => SettingsError::of(key, error),
    }
}
