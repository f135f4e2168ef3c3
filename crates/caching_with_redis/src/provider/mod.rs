//! From settings to who embeds and who answers chats.

#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "local-model")]
mod model;
#[cfg(any(feature = "azure", feature = "local-model"))]
mod needed;

use std::fmt;
use std::sync::Arc;

use cache_core::{ChatProvider, EmbeddingProvider};

use crate::metered::{metered_chat, metered_provider};
use crate::settings::ProviderChoice;
#[cfg(not(feature = "azure"))]
use crate::without::azure;
#[cfg(not(feature = "local"))]
use crate::without::local;
#[cfg(not(feature = "local-model"))]
use crate::without::model;
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
/// model cannot be opened; when this program was built without the provider, naming the feature.
pub async fn open_provider(settings: &Settings) -> Result<OpenedProvider, Error> {
    let (choice, why) = chosen(settings);
    let provider = match choice {
        ProviderChoice::Azure => azure::azure_embeddings(settings)?,
        ProviderChoice::OpenAi => azure::openai_embeddings(settings)?,
        ProviderChoice::Local => model::open(settings).await?,
        ProviderChoice::Lexical | ProviderChoice::Auto => local::lexical(settings)?,
    };
    let provider = metered_provider(provider, settings);
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
        (ProviderChoice::Azure, Some(deployment), _) => {
            azure::azure_chat(settings, deployment).map(Some)
        }
        (ProviderChoice::Auto, Some(deployment), _) if has_endpoint => {
            azure::azure_chat(settings, deployment).map(Some)
        }
        (ProviderChoice::OpenAi | ProviderChoice::Auto, _, Some(model)) => {
            azure::openai_chat(settings, model).map(Some)
        }
        _ => Ok(None),
    }
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
