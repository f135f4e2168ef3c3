//! The commands about conversations.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

/// Whose conversations.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    #[arg(long, value_name = "NAME", default_value = "cli", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) owner: String,
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) tenant: Option<String>,
}

#[derive(Debug, Args)]
#[command(subcommand_required = true)]
pub(crate) struct Session {
    #[command(subcommand)]
    pub(crate) verb: SessionVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionVerb {
    List(List),
    Show(Show),
    Append(Append),
    Trim(Trim),
    Export(Export),
    Import(Import),
    Rm(Remove),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) skip: usize,
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) most: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) last: usize,
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["last", "role"])]
    pub(crate) tokens: Option<u64>,
    #[arg(long, value_name = "ROLE", conflicts_with = "last", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) role: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Append {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) text: String,
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[arg(long, value_name = "ROLE", default_value = "user", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) role: String,
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) message_id: Option<String>,
    #[arg(long, value_name = "COUNT")]
    pub(crate) expected_len: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Trim {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[arg(long, value_name = "COUNT", required_unless_present = "tokens")]
    pub(crate) keep: Option<usize>,
    #[arg(long, value_name = "COUNT", conflicts_with = "keep")]
    pub(crate) tokens: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    // Not `file`: that is the embedded file, an option of every command.
    #[arg(value_name = "FILE")]
    pub(crate) source: PathBuf,
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[arg(required_unless_present = "all", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: Option<String>,
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Chat {
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) session: Option<String>,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) system: Option<String>,
    #[arg(long, value_name = "COUNT", default_value_t = 4_000)]
    pub(crate) window: u64,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) temperature: Option<f64>,
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[arg(long)]
    pub(crate) echo: bool,
}
