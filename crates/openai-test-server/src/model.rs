//! The models of the service.

/// A model by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) kind: ModelKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelKind {
    /// Gives vectors of this many dimensions, or fewer where it shortens them.
    Embedding {
        dimensions: usize,
        shortens: bool,
    },
    Chat,
}

const MODELS: [Model; 5] = [
    embedding("text-embedding-3-small", 1536, true),
    embedding("text-embedding-3-large", 3072, true),
    embedding("text-embedding-ada-002", 1536, false),
    Model { name: "gpt-4o-mini", kind: ModelKind::Chat },
    Model { name: "gpt-5-mini", kind: ModelKind::Chat },
];

const fn embedding(name: &'static str, dimensions: usize, shortens: bool) -> Model {
    Model { name, kind: ModelKind::Embedding { dimensions, shortens } }
}

impl Model {
    /// The model of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        MODELS.into_iter().find(|model| model.name == name)
    }

    /// The model of this name, for tests that set the server up.
    ///
    /// # Panics
    /// When there is none; the message names those that there are.
    pub(crate) fn expect(name: &str) -> Self {
        Self::find(name).unwrap_or_else(|| {
            let known = MODELS.map(|model| model.name).join(", ");
            panic!("the test server has no model {name:?}; it has {known}")
        })
    }
}
