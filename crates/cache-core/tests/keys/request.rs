//! A request for an embedding with everything that belongs into its key.

use cache_core::{
    CacheKey, EmbedOptions, InputKind, KeyExplanation, KeyKind, KeyProfile, KeySecret, KeySpace,
    ModelIdentity, Namespace, Scope,
};
use proptest::prelude::*;

/// The fields by the names that an explanation gives them.
pub(crate) const FIELDS: [&str; 13] = [
    "key space",
    "scope",
    "provider",
    "endpoint",
    "deployment",
    "model",
    "version",
    "model dimensions",
    "requested dimensions",
    "normalized",
    "input kind",
    "text normalizer",
    "input",
];

/// The places of a request that hold a string.
pub(crate) const STRINGS: [&str; 9] = [
    "scope part's name",
    "scope part's value",
    "provider",
    "endpoint",
    "deployment",
    "model",
    "version",
    "text normalizer",
    "text",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) generation: u32,
    pub(crate) scope: Scope,
    pub(crate) model: ModelIdentity,
    pub(crate) options: EmbedOptions,
    pub(crate) normalizer: Option<String>,
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) text: String,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            generation: 0,
            scope: Scope::shared(),
            model: ModelIdentity::new("p", "m"),
            options: EmbedOptions::default(),
            normalizer: None,
            secret: None,
            text: "t".to_owned(),
        }
    }
}

impl Request {
    pub(crate) fn profile(&self) -> KeyProfile {
        let space = KeySpace::new(Namespace::default(), KeyKind::Embedding, self.generation);
        let secret = self.secret.as_deref().map(KeySecret::new);
        let (model, options) = (&self.model, &self.options);
        let normalizer = self.normalizer.as_deref();
        KeyProfile::embedding(space, &self.scope, model, options, normalizer, None, secret.as_ref())
    }

    pub(crate) fn key(&self) -> CacheKey {
        self.profile().key(&self.text)
    }

    pub(crate) fn explain(&self) -> KeyExplanation {
        self.profile().explain(&self.text)
    }

    /// This request with the fields of [`FIELDS`] whose bit is set, and with bit 13 the secret,
    /// taken from the other.
    pub(crate) fn with_fields_of(&self, other: &Self, fields: u16) -> Self {
        let pick = |bit: usize| {
            if fields & (1 << bit) == 0 { self } else { other }
        };
        let mut options = EmbedOptions::default();
        options.dimensions = pick(8).options.dimensions;
        options.input_kind = pick(10).options.input_kind;
        Self {
            generation: pick(0).generation,
            scope: pick(1).scope.clone(),
            model: ModelIdentity {
                provider: pick(2).model.provider.clone(),
                endpoint: pick(3).model.endpoint.clone(),
                deployment: pick(4).model.deployment.clone(),
                model: pick(5).model.model.clone(),
                version: pick(6).model.version.clone(),
                dimensions: pick(7).model.dimensions,
                normalized: pick(9).model.normalized,
            },
            options,
            normalizer: pick(11).normalizer.clone(),
            text: pick(12).text.clone(),
            secret: pick(13).secret.clone(),
        }
    }

    /// This request with a string in a place of [`STRINGS`]. The two places of a scope part keep
    /// each other's string.
    pub(crate) fn with_string(mut self, place: usize, string: &str) -> Self {
        let string = string.to_owned();
        let part = self.scope.parts().next().map(|(n, v)| (n.to_owned(), v.to_owned()));
        let (name, value) = part.unwrap_or_default();
        match STRINGS[place] {
            "scope part's name" => self.scope = Scope::shared().with(string, value),
            "scope part's value" => self.scope = Scope::shared().with(name, string),
            "provider" => self.model.provider = string,
            "endpoint" => self.model.endpoint = Some(string),
            "deployment" => self.model.deployment = Some(string),
            "model" => self.model.model = string,
            "version" => self.model.version = Some(string),
            "text normalizer" => self.normalizer = Some(string),
            "text" => self.text = string,
            other => unreachable!("no place {other}"),
        }
        self
    }
}

/// Short strings of pieces that joined keys stumble over, so that equal ones and shifted ones are
/// frequent.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a", "b", ":", "::", "\0", " ", "1", "u2", "tenant", "\"", "\\", "{", "}", ",", "\n", "é",
        "e\u{301}", "한", "None",
    ]);
    prop::collection::vec(pieces, 0..4).prop_map(|pieces| pieces.concat())
}

fn optional() -> impl Strategy<Value = Option<String>> {
    prop::option::of(hostile())
}

fn dimensions() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(prop::sample::select(vec![0, 1, 4, 8, u32::MAX]))
}

fn scope() -> impl Strategy<Value = Scope> {
    prop::collection::vec((hostile(), hostile()), 0..3).prop_map(|parts| {
        parts.into_iter().fold(Scope::shared(), |scope, (name, value)| scope.with(name, value))
    })
}

fn model() -> impl Strategy<Value = ModelIdentity> {
    let texts = (hostile(), optional(), optional(), hostile(), optional());
    (texts, dimensions(), any::<Option<bool>>()).prop_map(|(texts, dimensions, normalized)| {
        let (provider, endpoint, deployment, model, version) = texts;
        ModelIdentity { provider, endpoint, deployment, model, version, dimensions, normalized }
    })
}

fn options() -> impl Strategy<Value = EmbedOptions> {
    let kinds = vec![None, Some(InputKind::Query), Some(InputKind::Document)];
    (prop::sample::select(kinds), dimensions()).prop_map(|(input_kind, dimensions)| {
        let mut options = EmbedOptions::default();
        (options.input_kind, options.dimensions) = (input_kind, dimensions);
        options
    })
}

/// Any request.
pub(crate) fn request() -> impl Strategy<Value = Request> {
    let secrets = vec![None, Some(vec![]), Some(vec![1]), Some(vec![1, 2])];
    let rest = (optional(), prop::sample::select(secrets), hostile());
    (0u32..3, scope(), model(), options(), rest).prop_map(
        |(generation, scope, model, options, (normalizer, secret, text))| Request {
            generation,
            scope,
            model,
            options,
            normalizer,
            secret,
            text,
        },
    )
}

/// A request with every field set.
pub(crate) fn pinned() -> Request {
    Request {
        generation: 7,
        scope: Scope::tenant("acme").with("user", "42"),
        model: ModelIdentity {
            provider: "azure-openai".to_owned(),
            endpoint: Some("https://example.openai.azure.com".to_owned()),
            deployment: Some("embeddings".to_owned()),
            model: "text-embedding-3-small".to_owned(),
            version: Some("1".to_owned()),
            dimensions: Some(1536),
            normalized: Some(true),
        },
        options: EmbedOptions::default().with_dimensions(512).with_input_kind(InputKind::Query),
        normalizer: Some("nfc".to_owned()),
        secret: None,
        text: "안녕하세요, Redis 임베딩 캐시입니다!".to_owned(),
    }
}
