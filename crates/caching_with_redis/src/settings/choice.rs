//! Settings that are a choice among names.

use std::fmt;
use std::str::FromStr;

use embedding_cache::ModelChange;
use serde::de::{Deserialize, Deserializer, Error as _};

use super::SettingsError;

/// An enum whose values are written by their names.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident is $what:literal:
        $($(#[$variant_doc:meta])* $variant:ident $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// As written in settings.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = SettingsError;
            fn from_str(text: &str) -> Result<Self, SettingsError> {
                find(text, $what, &[$(($text, Self::$variant)),+])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

choice! {
    /// Which store to use.
    BackendChoice is "backend":
    /// Redis where one is named or answers at the default address, else the embedded file.
    #[default]
    Auto "auto",
    /// Redis.
    Redis "redis",
    /// One SQLite file.
    Embedded "embedded",
    /// This process's memory.
    Memory "memory",
}

choice! {
    /// Who embeds, and who answers chats.
    ProviderChoice is "provider":
    /// Azure OpenAI where its endpoint and an embeddings deployment are set, else OpenAI where its
    /// key or another server's address is set, else a local model where its folder is set, else the
    /// lexical provider.
    #[default]
    Auto "auto",
    /// Azure OpenAI.
    Azure "azure",
    /// OpenAI, or a server that speaks its API.
    OpenAi "openai",
    /// A sentence-transformers model in this process.
    Local "local",
    /// The lexical provider in this process: it knows spelling, not meaning.
    Lexical "lexical",
}

choice! {
    /// Which chat requests' answers are cached.
    ResponseChoice is "choice of responses":
    /// Those that ask for the same answer every time: of temperature 0, or with a seed.
    #[default]
    Deterministic "deterministic",
    /// All of them.
    All "all",
}

choice! {
    /// Whether questions that mean the same share an answer.
    SemanticChoice is "choice of the semantic stage":
    /// They do not.
    #[default]
    Off "off",
    /// They do not; what would be answered is decided, counted and logged.
    Shadow "shadow",
    /// They do.
    On "on",
}

choice! {
    /// Of which changes Redis is asked to tell the near cache.
    TrackingChoice is "kind of tracking":
    /// Of all changes of the kinds of keys that are in use.
    #[default]
    Broadcast "broadcast",
    /// Of changes of the keys that this process has read.
    PerKey "per-key",
}

choice! {
    /// What of Redis searches vectors.
    EngineChoice is "engine":
    /// What the server has: a search module, else vector sets, else nothing but itself.
    #[default]
    Auto "auto",
    /// A search module.
    Search "search",
    /// The vector sets of Redis 8.
    Sets "sets",
    /// Any server: every process that searches has the vectors in its memory, too.
    Plain "plain",
}

impl ProviderChoice {
    /// Whether it is a service: calls leave the process, and may cost money.
    #[must_use]
    pub fn is_remote(self) -> bool {
        matches!(self, Self::Azure | Self::OpenAi)
    }
}

pub(super) fn model_change<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<ModelChange, D::Error> {
    const POLICIES: &[(&str, ModelChange)] = &[
        ("follow", ModelChange::Follow),
        ("warn", ModelChange::Warn),
        ("refuse", ModelChange::Refuse),
    ];
    let text = String::deserialize(deserializer)?;
    find(&text, "policy for another model", POLICIES).map_err(D::Error::custom)
}

fn find<T: Copy>(text: &str, what: &str, choices: &[(&str, T)]) -> Result<T, SettingsError> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        SettingsError::new(format!("{text:?} is no {what}: choose from {}", names.join(", ")))
    })
}
