//! What the program says of itself: completions, manual pages, pages of the documentation.

pub(crate) mod metrics;
mod reference;

use clap::Command;

use crate::args::{self, About};
use crate::failure::Failure;
use crate::output::Output;

/// Whose manual it is, as the foot of every page says.
const PROGRAM: &str = concat!("cache-cli ", env!("CARGO_PKG_VERSION"));

pub(super) fn run(about: &About, output: Output) -> Result<(), Failure> {
    let mut command = args::command(output.language);
    let page = match about {
        About::Completions(wanted) => {
            let mut script = Vec::new();
            let name = command.get_name().to_owned();
            clap_complete::generate(wanted.shell, &mut command, name, &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
        About::Man(wanted) => manual(command, &wanted.verb, output)?,
        About::Reference(wanted) => reference::page(command, wanted.page, output.language),
    };
    output.text(&page)
}

/// The manual page of a verb, which may be one below another; of the program, where none is named.
fn manual(mut command: Command, verb: &[String], output: Output) -> Result<String, Failure> {
    command.build();
    let mut found = &command;
    for name in verb {
        let below = found.find_subcommand(name);
        found = below.ok_or_else(|| Failure::Usage(output.language.unknown_verb(name)))?;
    }
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(found.clone()).source(PROGRAM).manual("cache-cli");
    manual.render(&mut page).map_err(|error| output.unwritable(&error))?;
    let page = String::from_utf8_lossy(&page).into_owned();
    Ok(args::usage_in(&with_empty_date(&page), output.language))
}

/// No page knows its date. The renderer writes nothing in its place, so that readers take the next word
/// for it.
fn with_empty_date(page: &str) -> String {
    page.replacen(&format!(" 1  \"{PROGRAM}\""), &format!(" 1 \"\" \"{PROGRAM}\""), 1)
}
