#![doc = include_str!("../README.md")]

mod args;
mod chat_model;
mod context;
mod failure;
mod figures;
mod language;
mod lines;
mod logging;
mod output;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Arguments, Manner};
use failure::Failure;
use language::Language;
use output::Output;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let locale = Language::from_locale(|name| std::env::var(name).ok());
    let output = Output::new(Manner::of(&arguments, locale));
    match run(&arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message(output.language) {
                output.error(&failure, &message);
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &[OsString], output: Output) -> Result<(), Failure> {
    match args::parse(arguments, output.language) {
        Ok(arguments) => run_verb(&arguments, output),
        Err(refusal) => match refusal.wanted(output.language, output.color) {
            Some(help) => output.line(help.trim_end()),
            None => Err(Failure::Usage(refusal.message(output.language))),
        },
    }
}

fn run_verb(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    logging::start(arguments.common.verbose, output.color_of_errors);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::Machine(output.language.cannot_start_runtime(&error.to_string()))
    })?;
    runtime.block_on(verbs::run(arguments, output))
}
