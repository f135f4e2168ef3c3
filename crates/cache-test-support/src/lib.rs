#![doc = include_str!("../README.md")]
#![allow(missing_docs, reason = "for tests, whose authors read it")]
#![allow(clippy::unwrap_used, reason = "for tests: what fails is to be seen")]

mod process;
mod spans;
mod store;
mod watched;

pub use process::{Log, Process, Role, say, wait_for_go};
pub use spans::Spans;
pub use store::Store;
pub use watched::{Calls, Operation, Watched};

/// Makes four tests of each function: one in memory, one on a file, one on a Redis server, and one there
/// as a user who may do nothing that the caches do not need.
#[macro_export]
macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::Store::memory()).await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::Store::embedded().await).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::Store::redis().await).await;
            })*
        }
        mod redis_with_the_least_rights {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::Store::restricted_redis().await).await;
            })*
        }
    };
}
