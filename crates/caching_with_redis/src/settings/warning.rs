//! What looks like a mistake in the settings, though it stops nothing.

use std::fmt;

use super::{ProviderChoice, Settings};

/// What looks like a mistake, though it stops nothing. `Display` is a full sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsWarning {
    /// A variable of our family that nothing reads: it may be misspelt.
    UnknownVariable {
        /// Its name.
        name: String,
        /// One of ours that is nearly the same.
        meant: Option<&'static str>,
    },
    /// Azure OpenAI is set up in part, so that `auto` does not take it for embeddings.
    IncompleteAzure {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is missing.
        missing: &'static str,
    },
}

impl fmt::Display for SettingsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable { name, meant: None } => {
                write!(f, "the environment variable {name} is not one of ours")
            }
            Self::UnknownVariable { name, meant: Some(meant) } => {
                write!(f, "the environment variable {name} is not one of ours; {meant} is")
            }
            Self::IncompleteAzure { set, missing } => write!(
                f,
                "{set} is set and {missing} is not: Azure OpenAI is not used for embeddings"
            ),
        }
    }
}

/// What of Azure OpenAI is set up in vain, where nobody has chosen another provider.
pub(super) fn incomplete_azure(settings: &Settings) -> Option<SettingsWarning> {
    const ENDPOINT: &str = "AZURE_OPENAI_ENDPOINT";
    const DEPLOYMENT: &str = "AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT";
    if settings.provider != ProviderChoice::Auto {
        return None;
    }
    let others = [
        (DEPLOYMENT, settings.azure_openai_embeddings_deployment.is_some()),
        ("AZURE_OPENAI_CHAT_DEPLOYMENT", settings.azure_openai_chat_deployment.is_some()),
        ("AZURE_OPENAI_API_KEY", settings.azure_openai_api_key.is_some()),
        ("AZURE_OPENAI_AD_TOKEN", settings.azure_openai_ad_token.is_some()),
    ];
    let has_deployment = settings.azure_openai_embeddings_deployment.is_some();
    let (set, missing) = match &settings.azure_openai_endpoint {
        Some(_) if has_deployment => return None,
        Some(_) => (ENDPOINT, DEPLOYMENT),
        None => (others.iter().find(|(_, is_set)| *is_set)?.0, ENDPOINT),
    };
    Some(SettingsWarning::IncompleteAzure { set, missing })
}
