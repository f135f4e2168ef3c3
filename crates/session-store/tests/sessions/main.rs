//! The whole service on every store, and on every way to reach a server.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod changing;
mod compacting;
mod listing;
mod messages;
mod topologies;
mod transfer;

/// Makes of each function that takes a store a test on each of the three, and one function of all of
/// them for a server that is emptied before each.
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

        pub(crate) async fn all(store: &Store) {
            $(
                store.flush();
                $property(store).await;
            )*
        }
    };
}
pub(crate) use on_all_stores;
