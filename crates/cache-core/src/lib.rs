#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod chat;
pub mod codec;
#[cfg(feature = "conformance")]
pub mod conformance;
mod embedding;
mod error;
mod flight;
mod key;
mod log;
mod prices;
mod provider;
mod scope;
pub mod stats;
pub mod trace;
mod ttl;
pub mod vector;

#[cfg(feature = "memory")]
pub use backend::memory::{LocalTable, MemoryBackend};
#[cfg(feature = "memory")]
pub use log::memory::MemoryLog;

pub use backend::{
    BackendInfo, BackendStatus, CacheBackend, CacheBackendExt, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, Finding, FindingCode, FindingValue, GetOptions,
    LeaseOutcome, LeaseRequest, LeaseToken, Leases, PutEntry, PutOptions, Severity, StoredValue,
    Usage, WaitPace, Wakeup,
};
pub use chat::{
    ChatChunk, ChatProvider, ChatProviderExt, ChatRequest, ChatResponse, ChatStream,
    InvalidChatRequest, TokenUsage,
};
pub use embedding::{Embedding, InvalidEmbedding, MAX_DIMENSIONS};
pub use error::{BoxError, CacheError, ErrorDetail, ErrorKind, ProviderError, ProviderErrorKind};
pub use flight::{Abandoned, Flights, Follower, Joined, LeaderGuard, Ticket};
pub use key::{
    CacheKey, CanonicalJson, FieldDifference, FieldValue, InvalidNamespace, KeyExplanation,
    KeyFields, KeyKind, KeyProfile, KeySecret, KeySpace, Namespace,
};
pub use log::{
    AppendOptions, Appended, Compaction, LogBackend, LogCapabilities, LogGroup, LogHead, LogKey,
    LogLimits, LogPage, LogRead, LogRefusal, LogUsage, NewRecord, Record, WhenFull,
};
pub use prices::{Price, PriceTable};
pub use provider::{
    EmbedOptions, EmbedResponse, EmbeddingProvider, EmbeddingProviderExt, InputKind, ModelChange,
    ModelIdentity, Part, ProviderCheck, ProviderLimits, estimate_tokens, split_by_limits,
};
pub use scope::Scope;
pub use ttl::{InvalidTtl, Ttl};
