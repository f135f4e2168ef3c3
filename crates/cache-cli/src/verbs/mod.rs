//! The commands, a file each.

mod about;
mod acl;
mod chat;
mod clear;
mod doctor;
mod explain;
mod feed;
mod finding;
mod get;
mod import;
mod index;
pub(crate) mod monitor;
mod near;
mod provider;
mod session;
mod setup;
mod stats;
mod status;
mod test;
mod warm;

#[cfg(test)]
pub(crate) use about::metrics::descriptions as descriptions_of_metrics;
use caching_with_redis::WhyBackend;

use crate::args::{Arguments, Verb};
use crate::context::Context;
use crate::failure::Failure;
use crate::language::Language;
use crate::output::Output;

/// Runs one command. Settings are read by those that need any.
pub(crate) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let context = || Context::new(&arguments.common, output);
    match &arguments.verb {
        // It waits for processes; nothing else runs that it could hold up.
        Verb::Setup(setup) => setup::run(&context()?, setup),
        Verb::Status(status) => status::run(&context()?, status).await,
        Verb::Test(test) => test::run(&context()?, test).await,
        Verb::Stats => stats::run(&context()?).await,
        Verb::Clear(clear) => clear::run(&context()?, clear).await,
        Verb::Get(get) => get::run(&context()?, get).await,
        Verb::Explain(explain) => explain::run(&context()?, explain).await,
        Verb::Warm(warm) => warm::run(&context()?, warm).await,
        Verb::Import(old) => import::run(&context()?, old, arguments.common.ttl).await,
        Verb::Index(index) => index::run(&context()?, index).await,
        Verb::Monitor(monitor) => monitor::run(&context()?, monitor).await,
        Verb::Session(session) => session::run(&context()?, session).await,
        Verb::Chat(chat) => chat::run(&context()?, chat).await,
        Verb::Doctor(doctor) => doctor::run(&context()?, doctor).await,
        Verb::Acl(acl) => acl::run(&context()?, acl).await,
        Verb::About(about) => about::run(about, output),
    }
}

/// Why a store was taken: a stable name for programs, and a text for people.
fn why(why: &WhyBackend, language: Language) -> (&'static str, String) {
    match why {
        WhyBackend::Chosen => ("chosen", language.why_chosen()),
        WhyBackend::UrlIsSet => ("url_is_set", language.why_url()),
        WhyBackend::FoundRedis => ("found_redis", language.why_found()),
        WhyBackend::NoRedis { reason } => ("no_redis", language.why_none(reason)),
        _ => ("other", language.why_unknown()),
    }
}
