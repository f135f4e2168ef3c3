//! The commands about the program itself. They need no settings.

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

#[derive(Debug, Subcommand)]
pub(crate) enum About {
    Completions(Completions),
    Man(Man),
    /// For those who write the documentation.
    #[command(hide = true)]
    Reference(Reference),
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    #[arg(value_name = "VERB")]
    pub(crate) verb: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Reference {
    pub(crate) page: Page,
}

/// A page of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    Cli,
    Configuration,
    Metrics,
}
