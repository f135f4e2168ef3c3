//! The whole service, on memory, on an embedded file and on a server.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod changing;
mod compacting;
mod listing;
mod messages;
mod transfer;

/// Makes of each function that takes a store a test on each of the three.
macro_rules! on_all_stores {
    ($($property:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                super::$property(&crate::common::Store::memory()).await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                super::$property(&crate::common::Store::embedded().await).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                super::$property(&crate::common::Store::redis().await).await;
            })*
        }
    };
}
pub(crate) use on_all_stores;
