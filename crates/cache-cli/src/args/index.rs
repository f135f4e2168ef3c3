//! The commands about vector indexes.

use caching_with_redis::Span;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::Feed;

#[derive(Debug, Args)]
#[command(subcommand_required = true)]
pub(crate) struct Index {
    #[command(subcommand)]
    pub(crate) verb: IndexVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndexVerb {
    List,
    Create(CreateIndex),
    Add(AddToIndex),
    Search(SearchIndex),
    Info(IndexInfo),
    Drop(DropIndex),
}

#[derive(Debug, Args)]
pub(crate) struct CreateIndex {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) dimensions: Option<u32>,
    #[arg(long, value_name = "NAME:KIND")]
    pub(crate) attribute: Vec<String>,
    #[arg(long)]
    pub(crate) without_text: bool,
    #[arg(long)]
    pub(crate) approximate: bool,
    #[arg(
        long,
        value_name = "COUNT",
        requires = "approximate",
        value_parser = clap::value_parser!(u16).range(2..)
    )]
    pub(crate) links: Option<u16>,
    #[arg(
        long,
        value_name = "COUNT",
        requires = "approximate",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub(crate) build_effort: Option<u16>,
    #[arg(
        long,
        value_name = "COUNT",
        requires = "approximate",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub(crate) search_effort: Option<u16>,
    #[arg(long, value_name = "f32|f16|i8|b1", default_value = "f32")]
    pub(crate) precision: KeptAs,
}

/// How exactly vectors are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeptAs {
    F32,
    F16,
    I8,
    B1,
}

#[derive(Debug, Args)]
pub(crate) struct AddToIndex {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) feed: Feed,
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_in: Option<Span>,
}

#[derive(Debug, Args)]
pub(crate) struct SearchIndex {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    #[arg(required_unless_present = "vector", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) text: Option<String>,
    #[arg(long, value_name = "JSON", conflicts_with = "text")]
    pub(crate) vector: Option<String>,
    #[arg(
        long,
        short = 'k',
        value_name = "COUNT",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub(crate) most: u32,
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    #[arg(long, value_name = "SIMILARITY", allow_negative_numbers = true)]
    pub(crate) at_least: Option<f32>,
}

#[derive(Debug, Args)]
pub(crate) struct IndexInfo {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct DropIndex {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    #[arg(long, short)]
    pub(crate) yes: bool,
}
