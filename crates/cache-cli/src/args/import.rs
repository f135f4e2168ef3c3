//! The commands that take over another library's cache.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::{Batch, Feed, Input};

#[derive(Debug, Args)]
#[command(subcommand_required = true)]
pub(crate) struct ImportCache {
    #[command(subcommand)]
    pub(crate) old: OldCache,
}

/// Whose cache it is.
#[derive(Debug, Subcommand)]
pub(crate) enum OldCache {
    Redisvl(FromRedisvl),
    Langchain(FromLangchain),
}

#[derive(Debug, Args)]
pub(crate) struct FromRedisvl {
    #[arg(
        long,
        value_name = "NAME",
        default_value = "embedcache",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub(crate) name: String,
    #[arg(long, value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) batch: Batch,
    #[command(flatten)]
    pub(crate) take_over: TakeOver,
}

#[derive(Debug, Args)]
pub(crate) struct FromLangchain {
    #[command(flatten)]
    pub(crate) feed: Feed,
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: String,
    #[arg(long, value_name = "HASH", default_value = "auto")]
    pub(crate) key_encoder: KeyEncoder,
    #[command(flatten)]
    pub(crate) take_over: TakeOver,
}

/// How a text became a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyEncoder {
    Auto,
    Sha1,
    Blake2b,
    Sha256,
    Sha512,
}

/// Where from, and what becomes of the entries.
#[derive(Debug, Args)]
pub(crate) struct TakeOver {
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    #[arg(
        long,
        value_name = "MODEL",
        conflicts_with = "provider",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub(crate) as_model: Option<String>,
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) dimensions: Option<u32>,
    #[arg(long, value_name = "query|document")]
    pub(crate) input: Option<Input>,
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[arg(long)]
    pub(crate) dry_run: bool,
}
