//! Examples are run with `cargo run --example NAME`; see README.md beside this file.
//!
//! The programs in the project's front pages and in its documentation are compiled, and run, here.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../README.ko.md")]
mod readme_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/getting-started.md")]
mod getting_started {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/getting-started.md")]
mod getting_started_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/concepts.md")]
mod concepts {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/concepts.md")]
mod concepts_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/extending.md")]
mod extending {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/extending.md")]
mod extending_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/azure-openai.md")]
mod azure_openai {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/azure-openai.md")]
mod azure_openai_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/redis-in-production.md")]
mod redis_in_production {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/redis-in-production.md")]
mod redis_in_production_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/migration.md")]
mod migration {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/migration.md")]
mod migration_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/responses.md")]
mod responses {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/responses.md")]
mod responses_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/sessions.md")]
mod sessions {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/sessions.md")]
mod sessions_ko {}

#[cfg(doctest)]
#[doc = include_str!("../docs/faq.md")]
mod faq {}

#[cfg(doctest)]
#[doc = include_str!("../docs/ko/faq.md")]
mod faq_ko {}
