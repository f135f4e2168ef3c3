//! The names of settings.

/// A setting's names and meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// In the environment.
    pub variable: &'static str,
    /// In the settings file.
    pub key: &'static str,
    /// What it does, with unit and default.
    pub meaning: &'static str,
}

const fn variable(variable: &'static str, key: &'static str, meaning: &'static str) -> Variable {
    Variable { variable, key, meaning }
}

/// All settings. The environment also knows `CACHE_CONFIG`, the path of the settings file. Proxies
/// of services are set by the usual `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
pub const VARIABLES: &[Variable] = &[
    variable("CACHE_BACKEND", "backend", "auto, redis, embedded or memory (auto)"),
    variable(
        "REDIS_URL",
        "redis_url",
        "redis://, rediss:// or unix:// address (redis://127.0.0.1:6379)",
    ),
    variable("REDIS_USERNAME", "redis_username", "user of Redis, in place of the URL's"),
    variable("REDIS_PASSWORD", "redis_password", "the user's password (secret)"),
    variable(
        "REDIS_PASSWORD_FILE",
        "redis_password_file",
        "a file with the password, which may change while the program runs",
    ),
    variable(
        "REDIS_CA_FILE",
        "redis_ca_file",
        "PEM file of the only authorities that may vouch for a rediss:// server (the system's)",
    ),
    variable("REDIS_CERT_FILE", "redis_cert_file", "PEM file of our own certificate"),
    variable("REDIS_KEY_FILE", "redis_key_file", "PEM file of its private key"),
    variable(
        "REDIS_SERVER_NAME",
        "redis_server_name",
        "the name that servers' certificates must be valid for (the host)",
    ),
    variable(
        "CACHE_ENCRYPTION_KEYS",
        "encryption_keys",
        "a file with the keys that everything stored is encrypted with, the active one first (none)",
    ),
    variable(
        "CACHE_KEY_SECRET",
        "key_secret",
        "a secret, of 16 bytes or more, that entries' keys depend on: nobody can test guesses (none)",
    ),
    variable("CACHE_TTL", "ttl", "how long an entry is fresh, in seconds or with a unit (3600)"),
    variable(
        "CACHE_TTL_JITTER",
        "ttl_jitter",
        "part of the TTL by which lives are spread, 0 to below 1 (0.1)",
    ),
    variable(
        "CACHE_STALE_WHILE_REVALIDATE",
        "stale_while_revalidate",
        "span after the TTL in which an entry is served while it is refreshed (0)",
    ),
    variable(
        "CACHE_STALE_IF_ERROR",
        "stale_if_error",
        "span after the TTL in which an entry is served when computing fails (0)",
    ),
    variable(
        "CACHE_RESPONSES",
        "responses",
        "chat requests whose answers are cached: deterministic (temperature 0, or a seed) or all \
         (deterministic)",
    ),
    variable("CACHE_RESPONSE_TTL", "response_ttl", "how long an answer is fresh (CACHE_TTL)"),
    variable(
        "CACHE_SEMANTIC",
        "semantic",
        "whether questions that mean the same share an answer: off, shadow (decided, counted and logged \
         only) or on (off)",
    ),
    variable(
        "CACHE_SEMANTIC_THRESHOLD",
        "semantic_threshold",
        "similarity that they need, 0.5 to 1, of the model's and the questions' own: 0.83, or by namespace \
         shop=0.9,faq=0.8 (none)",
    ),
    variable(
        "CACHE_SEMANTIC_GUARDS",
        "semantic_guards",
        "what else must agree: all, none, names of guards, or -name for all but that one (all)",
    ),
    variable(
        "CACHE_SEMANTIC_CANDIDATES",
        "semantic_candidates",
        "nearest questions that are looked at, 1 to 100 (4)",
    ),
    variable(
        "CACHE_SEMANTIC_BUDGET",
        "semantic_budget",
        "longest time of embedding a question and searching for its like (500ms)",
    ),
    variable(
        "CACHE_SEMANTIC_INDEX",
        "semantic_index",
        "vector index of the questions; the number of dimensions is put behind it (questions)",
    ),
    variable(
        "CACHE_SESSION_TTL",
        "session_ttl",
        "how long a conversation lives after its last message (30d)",
    ),
    variable("CACHE_NAMESPACE", "namespace", "the application's part of the store (cache)"),
    variable(
        "CACHE_VECTORS",
        "vectors",
        "lossless, fast, near-lossless, compact or tiny (lossless)",
    ),
    variable(
        "CACHE_FILE",
        "file",
        "the embedded file (caching_with_redis/cache.db in the user's cache folder)",
    ),
    variable(
        "CACHE_MAX_MEMORY",
        "max_memory",
        "bound of the embedded file and of the memory backend (512mb)",
    ),
    variable(
        "CACHE_NEAR_MEMORY",
        "near_memory",
        "memory of this process in which entries of Redis are kept near, coherently (none)",
    ),
    variable(
        "CACHE_NEAR_STALENESS",
        "near_staleness",
        "the oldest that something near may be, whatever happens (1s)",
    ),
    variable(
        "CACHE_NEAR_TRACKING",
        "near_tracking",
        "changes that Redis tells the near cache of: broadcast (all) or per-key (of what was read) \
         (broadcast)",
    ),
    variable(
        "CACHE_INDEX_ENGINE",
        "index_engine",
        "what of Redis searches vector indexes: auto (what the server has), search (a search module), \
         sets (vector sets) or plain (nothing: the process has the vectors in its memory, too) (auto)",
    ),
    variable(
        "CACHE_INDEX_PARTS",
        "index_parts",
        "vector sets into which an index is divided, 1 to 1024; some for each primary of a cluster (1)",
    ),
    variable(
        "CACHE_INDEX_SIZE",
        "index_size",
        "most that an index takes on a plain Redis; what was written first goes (512mb)",
    ),
    variable(
        "CACHE_INDEX_MEMORY",
        "index_memory",
        "most memory of this process for what it searches itself: for an index on a plain Redis, beyond \
         which it is refused (1gb), or for all of the embedded file, beyond which they are read from \
         it for every search (256mb)",
    ),
    variable(
        "CACHE_INDEX_GRAPHS",
        "index_graphs",
        "whether approximate indexes use a search module's graphs, which lose entries among many that are \
         nearly alike: true or false; belongs to an index (false)",
    ),
    variable(
        "CACHE_INDEX_STALENESS",
        "index_staleness",
        "how long searches of a plain Redis may miss what other processes have written; above 0 they need \
         no round trip while nothing changes (0)",
    ),
    variable("CACHE_READ_BUDGET", "read_budget", "longest time of a read of the store (50ms)"),
    variable("CACHE_LEASE_BUDGET", "lease_budget", "longest time of taking a lease (50ms)"),
    variable("CACHE_WRITE_BUDGET", "write_budget", "longest time of a write to the store (100ms)"),
    variable(
        "CACHE_STRICT",
        "strict",
        "whether a failing store is an error rather than a miss: true or false (false)",
    ),
    variable(
        "CACHE_WRITE_BEHIND",
        "write_behind",
        "whether writes are queued rather than waited for: true or false (false)",
    ),
    variable("CACHE_WRITE_BEHIND_ENTRIES", "write_behind_entries", "most entries queued (10000)"),
    variable("CACHE_WRITE_BEHIND_MEMORY", "write_behind_memory", "most memory of the queue (64mb)"),
    variable(
        "CACHE_METRICS",
        "metrics",
        "whether the store and the provider are measured: true or false (false)",
    ),
    variable(
        "REDIS_MAX_MEMORY",
        "redis_max_memory",
        "memory limit of a Redis that setup starts (512mb)",
    ),
    variable("CACHE_PROVIDER", "provider", "auto, azure, openai, local or lexical (auto)"),
    variable(
        "CACHE_PROVIDER_TIMEOUT",
        "provider_timeout",
        "longest time of one call of a service, retries and waiting included (120)",
    ),
    variable(
        "CACHE_DIMENSIONS",
        "dimensions",
        "dimensions to ask the model for (the model's own; 384 of the lexical provider)",
    ),
    variable(
        "CACHE_MODEL_DIR",
        "model_dir",
        "folder of a sentence-transformers model, for the local provider",
    ),
    variable(
        "CACHE_MODEL_CHANGE",
        "model_change",
        "what to do when a deployment gets another model: follow, warn or refuse (follow)",
    ),
    variable("CACHE_PRICES", "prices", "a file with prices of your own (the built-in ones)"),
    variable(
        "AZURE_OPENAI_ENDPOINT",
        "azure_openai_endpoint",
        "endpoint of the Azure OpenAI resource; one that ends in /openai/v1 means the v1 API",
    ),
    variable("AZURE_OPENAI_API_KEY", "azure_openai_api_key", "its API key (secret)"),
    variable(
        "AZURE_OPENAI_AD_TOKEN",
        "azure_openai_ad_token",
        "a token of Entra ID in place of the key (secret)",
    ),
    variable(
        "AZURE_OPENAI_API_VERSION",
        "azure_openai_api_version",
        "dated version of the classic API, or v1 (2024-10-21, or what the endpoint says)",
    ),
    variable(
        "AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT",
        "azure_openai_embeddings_deployment",
        "deployment of an embeddings model",
    ),
    variable(
        "AZURE_OPENAI_CHAT_DEPLOYMENT",
        "azure_openai_chat_deployment",
        "deployment of a chat model",
    ),
    variable("OPENAI_API_KEY", "openai_api_key", "API key of OpenAI (secret)"),
    variable(
        "OPENAI_BASE_URL",
        "openai_base_url",
        "address of a server that speaks OpenAI's API (https://api.openai.com/v1)",
    ),
    variable(
        "OPENAI_EMBEDDINGS_MODEL",
        "openai_embeddings_model",
        "embeddings model of OpenAI (text-embedding-3-small)",
    ),
    variable("OPENAI_CHAT_MODEL", "openai_chat_model", "chat model of OpenAI (none)"),
];

/// The name in the environment of a setting, by its key in the file.
pub(super) fn variable_of(key: &str) -> Option<&'static str> {
    VARIABLES.iter().find(|known| known.key == key).map(|known| known.variable)
}
