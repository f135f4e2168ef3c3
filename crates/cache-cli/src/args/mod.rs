//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use caching_with_redis::core::InputKind;
use caching_with_redis::settings::{BackendChoice, ProviderChoice};
use caching_with_redis::{ByteSize, Span};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::language::Language;

mod about;
mod import;
mod index;
mod localized;
mod refusal;
mod session;

pub(crate) use about::{About, Page};
pub(crate) use import::{FromLangchain, FromRedisvl, ImportCache, KeyEncoder, OldCache, TakeOver};
pub(crate) use index::{
    AddToIndex, CreateIndex, DropIndex, Index, IndexInfo, IndexVerb, KeptAs, SearchIndex,
};
pub(crate) use refusal::{Refusal, usage_in};
pub(crate) use session::{
    Append, Chat, Export, Import, List, Remove, Session, SessionVerb, Show, Trim, Whose,
};

/// What the user asked for.
#[derive(Debug, Parser)]
#[command(name = "cache-cli", version, subcommand_required = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

// Help texts are in the catalogue of `language`, under the names of these fields.

#[derive(Debug, Args)]
pub(crate) struct Common {
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) backend: Option<BackendChoice>,
    #[arg(long, global = true, value_name = "PROVIDER")]
    pub(crate) provider: Option<ProviderChoice>,
    #[arg(long, global = true, value_name = "URL", conflicts_with = "file")]
    pub(crate) redis_url: Option<String>,
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    #[arg(long, global = true, value_name = "TIME")]
    pub(crate) ttl: Option<Span>,
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "en|ko", value_parser = ["en", "ko"])]
    pub(crate) lang: Option<String>,
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<WhenColor>,
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenColor {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Setup(Setup),
    Status(Status),
    Test(Test),
    Stats,
    Clear(Clear),
    Get(Get),
    Explain(Explain),
    Warm(Warm),
    Import(ImportCache),
    Index(Index),
    Monitor(Monitor),
    Session(Session),
    Chat(Chat),
    Doctor(Doctor),
    Acl(Acl),
    #[command(flatten)]
    About(About),
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<ByteSize>,
    #[arg(long, default_value_t = 6379, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub(crate) using: Using,
    #[arg(long, conflicts_with = "memory")]
    pub(crate) stop: bool,
}

/// What starts the Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Using {
    Auto,
    Docker,
    Local,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[arg(long)]
    pub(crate) provider_check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) text: String,
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) question: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Clear {
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) text: String,
    #[arg(long)]
    pub(crate) vector: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) text: String,
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) text2: Option<String>,
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    #[arg(long, value_name = "ID")]
    pub(crate) tenant2: Option<String>,
    #[arg(long, value_name = "query|document")]
    pub(crate) input: Option<Input>,
    #[arg(long, value_name = "query|document")]
    pub(crate) input2: Option<Input>,
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Input {
    Query,
    Document,
}

impl Input {
    /// What the library calls it.
    pub(crate) fn kind(self) -> InputKind {
        match self {
            Self::Query => InputKind::Query,
            Self::Document => InputKind::Document,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Warm {
    #[command(flatten)]
    pub(crate) feed: Feed,
}

/// A file that is worked through line by line.
#[derive(Debug, Args)]
pub(crate) struct Feed {
    // Not `file`: that is the embedded file, an option of every command.
    #[arg(value_name = "FILE")]
    pub(crate) source: PathBuf,
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) batch: Batch,
}

/// How much goes together.
#[derive(Debug, Args)]
pub(crate) struct Batch {
    #[arg(
        id = "batch",
        long = "batch",
        value_name = "COUNT",
        default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub(crate) size: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Monitor {
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub(crate) every: Span,
    #[arg(long, conflicts_with = "listen")]
    pub(crate) once: bool,
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub(crate) sample: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Acl {
    #[arg(long, value_name = "NAME", default_value = "cache", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: String,
    #[arg(long, value_name = "cache|logs|all", default_value = "all")]
    pub(crate) rights: Rights,
    #[arg(long)]
    pub(crate) cluster: bool,
    #[arg(long, value_name = "search|sets|plain")]
    pub(crate) vectors: Option<Searches>,
    #[arg(long, conflicts_with_all = ["rights", "cluster", "vectors", "apply"])]
    pub(crate) sentinel: bool,
    #[arg(long, requires = "password_file")]
    pub(crate) apply: bool,
    #[arg(long, value_name = "PATH", requires = "apply")]
    pub(crate) password_file: Option<PathBuf>,
}

/// What a user of Redis may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rights {
    Cache,
    Logs,
    All,
}

/// What of Redis searches vectors for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Searches {
    Search,
    Sets,
    Plain,
}

/// How texts are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Auto,
    Lines,
    Jsonl,
}

/// What must be known of the command line before it can be read: how to say that it is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) language: Language,
    pub(crate) color: WhenColor,
    pub(crate) json: bool,
}

impl Manner {
    /// Looks for the flags themselves; an unknown value is refused by the parser later.
    pub(crate) fn of(arguments: &[OsString], locale: Language) -> Self {
        let before_texts = arguments.iter().take_while(|argument| *argument != "--");
        let arguments: Vec<_> = before_texts.filter_map(|argument| argument.to_str()).collect();
        let value = |flag: &str| {
            let next = arguments.iter().position(|a| *a == flag).and_then(|i| arguments.get(i + 1));
            let joined = || arguments.iter().find_map(|a| a.strip_prefix(flag)?.strip_prefix('='));
            next.copied().or_else(joined)
        };
        Self {
            language: value("--lang").and_then(Language::from_code).unwrap_or(locale),
            color: value("--color")
                .and_then(|color| WhenColor::from_str(color, false).ok())
                .unwrap_or_default(),
            json: arguments.contains(&"--json"),
        }
    }
}

/// The command line with its help.
pub(crate) fn command(language: Language) -> Command {
    localized::localized(Arguments::command(), language)
}

/// Reads the command line.
pub(crate) fn parse(arguments: &[OsString], language: Language) -> Result<Arguments, Refusal> {
    let matches = command(language).try_get_matches_from(arguments);
    matches.and_then(|found| Arguments::from_arg_matches(&found)).map_err(Refusal)
}
