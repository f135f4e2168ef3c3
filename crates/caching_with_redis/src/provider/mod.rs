//! From settings to who embeds and who answers chats.

#[cfg(feature = "azure")]
mod azure;
mod local;

use std::fmt;
use std::sync::Arc;

use cache_core::{ChatProvider, EmbeddingProvider};

use crate::settings::{ProviderChoice, SettingsError};
use crate::{Error, Settings};

/// A provider, and why it is this one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedProvider {
    /// The provider.
    pub provider: Arc<dyn EmbeddingProvider>,
    /// Which one it is; never [`ProviderChoice::Auto`].
    pub choice: ProviderChoice,
    /// Why it was taken.
    pub why: WhyProvider,
}

/// Why a provider was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyProvider {
    /// The settings name it.
    Chosen,
    /// Endpoint and embeddings deployment of Azure OpenAI are set.
    AzureIsSet,
    /// A key of OpenAI, or the address of a server that speaks its API, is set.
    OpenAiIsSet,
    /// The folder of a local model is set.
    ModelIsSet,
    /// Nothing of the kind is set.
    NothingIsSet,
}

impl fmt::Display for WhyProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chosen => "chosen by the settings",
            Self::AzureIsSet => {
                "AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT are set"
            }
            Self::OpenAiIsSet => "OPENAI_API_KEY or OPENAI_BASE_URL is set",
            Self::ModelIsSet => "CACHE_MODEL_DIR is set",
            Self::NothingIsSet => {
                "no service is set up; set AZURE_OPENAI_ENDPOINT, OPENAI_API_KEY or CACHE_MODEL_DIR \
                 for a real model"
            }
        })
    }
}

/// Makes the provider that the settings choose; see [`ProviderChoice`]. No service is connected or
/// called. A local model's files are read, off the runtime's threads.
///
/// # Errors
/// When a setting that the provider needs is missing or makes no sense, naming it; when a local
/// model cannot be opened; when this program was built without the provider.
pub async fn open_provider(settings: &Settings) -> Result<OpenedProvider, Error> {
    let (choice, why) = chosen(settings);
    let provider = match choice {
        ProviderChoice::Azure => azure_embeddings(settings)?,
        ProviderChoice::OpenAi => openai_embeddings(settings)?,
        ProviderChoice::Local => local::model(settings).await?,
        ProviderChoice::Lexical | ProviderChoice::Auto => local::lexical(settings)?,
    };
    let provider = metered(provider, settings);
    Ok(OpenedProvider { provider, choice, why })
}

/// Makes the chat model that the settings name, if they do: with [`ProviderChoice::Azure`] the
/// deployment `AZURE_OPENAI_CHAT_DEPLOYMENT`, with [`ProviderChoice::OpenAi`] the model
/// `OPENAI_CHAT_MODEL`, with [`ProviderChoice::Auto`] the first of them that is set, with the
/// providers of this process none. Nothing is connected or called.
///
/// # Errors
/// As [`open_provider`].
pub fn open_chat(settings: &Settings) -> Result<Option<Arc<dyn ChatProvider>>, Error> {
    Ok(plain_chat(settings)?.map(|chat| metered_chat(chat, settings)))
}

fn plain_chat(settings: &Settings) -> Result<Option<Arc<dyn ChatProvider>>, Error> {
    let azure = settings.azure_openai_chat_deployment.as_deref();
    let openai = settings.openai_chat_model.as_deref();
    let has_endpoint = settings.azure_openai_endpoint.is_some();
    match (settings.provider, azure, openai) {
        (ProviderChoice::Azure, Some(deployment), _) => azure_chat(settings, deployment).map(Some),
        (ProviderChoice::Auto, Some(deployment), _) if has_endpoint => {
            azure_chat(settings, deployment).map(Some)
        }
        (ProviderChoice::OpenAi | ProviderChoice::Auto, _, Some(model)) => {
            openai_chat(settings, model).map(Some)
        }
        _ => Ok(None),
    }
}

#[cfg(feature = "metrics")]
fn metered(
    provider: Arc<dyn EmbeddingProvider>,
    settings: &Settings,
) -> Arc<dyn EmbeddingProvider> {
    match settings.metrics {
        true => Arc::new(cache_metrics::MeteredProvider::new(provider)),
        false => provider,
    }
}

#[cfg(not(feature = "metrics"))]
fn metered(provider: Arc<dyn EmbeddingProvider>, _: &Settings) -> Arc<dyn EmbeddingProvider> {
    provider
}

#[cfg(feature = "metrics")]
fn metered_chat(chat: Arc<dyn ChatProvider>, settings: &Settings) -> Arc<dyn ChatProvider> {
    match settings.metrics {
        true => Arc::new(cache_metrics::MeteredChat::new(chat)),
        false => chat,
    }
}

#[cfg(not(feature = "metrics"))]
fn metered_chat(chat: Arc<dyn ChatProvider>, _: &Settings) -> Arc<dyn ChatProvider> {
    chat
}

fn chosen(settings: &Settings) -> (ProviderChoice, WhyProvider) {
    let azure = settings.azure_openai_endpoint.is_some()
        && settings.azure_openai_embeddings_deployment.is_some();
    let openai = settings.openai_api_key.is_some() || settings.openai_base_url.is_some();
    match settings.provider {
        ProviderChoice::Auto if azure => (ProviderChoice::Azure, WhyProvider::AzureIsSet),
        ProviderChoice::Auto if openai => (ProviderChoice::OpenAi, WhyProvider::OpenAiIsSet),
        ProviderChoice::Auto if settings.model_dir.is_some() => {
            (ProviderChoice::Local, WhyProvider::ModelIsSet)
        }
        ProviderChoice::Auto => (ProviderChoice::Lexical, WhyProvider::NothingIsSet),
        choice => (choice, WhyProvider::Chosen),
    }
}

/// A setting that the provider needs.
fn needed<'s, T>(value: Option<&'s T>, key: &str, provider: &str) -> Result<&'s T, SettingsError> {
    value.ok_or_else(|| SettingsError::of(key, format!("{provider} needs it, and it is not set")))
}

#[cfg(feature = "azure")]
use azure::{azure_chat, azure_embeddings, openai_chat, openai_embeddings};

#[cfg(not(feature = "azure"))]
use without_azure::{azure_chat, azure_embeddings, openai_chat, openai_embeddings};

/// What a program says that was built without services.
#[cfg(not(feature = "azure"))]
mod without_azure {
    use super::*;

    fn missing<T>() -> Result<T, Error> {
        let message = "this program was built without Azure OpenAI and OpenAI: build it with the \
                       feature `azure` of caching_with_redis";
        Err(SettingsError::of("provider", message).into())
    }

    pub(super) fn azure_embeddings(_: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
        missing()
    }

    pub(super) fn openai_embeddings(_: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
        missing()
    }

    pub(super) fn azure_chat(_: &Settings, _: &str) -> Result<Arc<dyn ChatProvider>, Error> {
        missing()
    }

    pub(super) fn openai_chat(_: &Settings, _: &str) -> Result<Arc<dyn ChatProvider>, Error> {
        missing()
    }
}
